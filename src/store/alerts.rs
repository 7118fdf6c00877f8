//! What an operator must hear of, and what they have heard: each matter once until it changes.
//!
//! Owns the conditions that can be read from the rows, so that none is lost with the process that saw it come about, and the
//! book of what was told. How it is said and sent is the application's.

use super::connection::values;
use super::{Store, StoreError};

/// How long a claim on untold alerts holds: longer than one attempt to send them.
const CLAIM_MILLISECONDS: i64 = 15 * 60 * 1_000;
/// Between two tries to tell.
const AGAIN_MILLISECONDS: i64 = 60 * 1_000;
/// A batch that is finished but not completed for this long stands still.
const COMPLETION_MILLISECONDS: i64 = 10 * 60 * 1_000;
/// Missed slots, and failures that others followed, are told of for this long.
const PAST_MILLISECONDS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// A matter that holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Its name: the same name is the same matter.
    pub key: String,
    /// What it is like: another digest, later, is worth another telling.
    pub digest: String,
    /// Since when, milliseconds since 1970.
    pub since: i64,
    /// What is said of it, as JSON.
    pub summary: String,
}

/// A run that failed: the latest of its schedule, or one of which nobody was told before another followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRun {
    /// The schedule.
    pub schedule: String,
    /// The slot, milliseconds since 1970.
    pub scheduled_for: i64,
    /// Why.
    pub reason: String,
    /// What it had read, as JSON.
    pub snapshot: Option<String>,
    /// When it failed, milliseconds since 1970.
    pub at: i64,
    /// Does a matter of it stand already?
    pub is_noted: bool,
    /// Is it the latest that its schedule has done?
    pub is_latest: bool,
    /// When the schedule last did well before it, milliseconds since 1970; 0 when it never did.
    pub well_at: i64,
}

/// A schedule some of whose slots did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedRuns {
    /// The schedule.
    pub schedule: String,
    /// How many slots in the last seven days.
    pub slots: u64,
    /// The latest of them, milliseconds since 1970.
    pub latest: i64,
    /// When that was found, milliseconds since 1970.
    pub at: i64,
}

/// A batch that stands still until a person looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standstill {
    /// The batch.
    pub batch: String,
    /// Its template.
    pub template: String,
    /// Is it held, or finished and not completed?
    pub held: bool,
    /// Since when, milliseconds since 1970.
    pub at: i64,
}

impl Store {
    /// Runs that failed: the latest of each schedule, and what else in the last seven days was not noted yet.
    pub async fn failed_runs(&self) -> Result<Vec<FailedRun>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT o.schedule, o.scheduled_for, o.reason, o.snapshot, o.changed_at, o.noted,
                     CAST(CASE WHEN o.changed_at = l.latest THEN 1 ELSE 0 END AS BIGINT) AS is_latest,
                     COALESCE((SELECT MAX(w.changed_at) FROM occurrence AS w WHERE w.schedule = o.schedule AND w.state = 'done'
                         AND w.changed_at <= o.changed_at), 0) AS well_at
                 FROM occurrence AS o JOIN (SELECT schedule, MAX(changed_at) AS latest FROM occurrence WHERE state IN ('done', 'failed')
                     GROUP BY schedule) AS l ON l.schedule = o.schedule
                 WHERE o.state = 'failed' AND (o.changed_at = l.latest OR (o.noted = 0 AND o.changed_at > {now} - $1))
                 ORDER BY o.schedule, o.changed_at",
                &values![PAST_MILLISECONDS],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(FailedRun {
                    schedule: row.text("schedule")?,
                    scheduled_for: row.int("scheduled_for")?,
                    reason: row.text("reason")?,
                    snapshot: row.text_or_none("snapshot")?,
                    at: row.int("changed_at")?,
                    is_noted: row.int("noted")? == 1,
                    is_latest: row.int("is_latest")? == 1,
                    well_at: row.int("well_at")?,
                })
            })
            .collect()
    }

    /// Schedules that missed slots in the last seven days.
    pub async fn missed_runs(&self) -> Result<Vec<MissedRuns>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT schedule, CAST(SUM(slots) AS BIGINT) AS slots, MAX(scheduled_for) AS latest, MAX(created_at) AS at FROM occurrence
                 WHERE state = 'skipped' AND reason IN ('misfire', 'late') AND created_at > {now} - $1 GROUP BY schedule ORDER BY schedule",
                &values![PAST_MILLISECONDS],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let (slots, latest, at) = (row.count("slots")?, row.int("latest")?, row.int("at")?);
                Ok(MissedRuns { schedule: row.text("schedule")?, slots, latest, at })
            })
            .collect()
    }

    /// Batches that the program holds, and finished ones that nobody can complete.
    pub async fn standstills(&self) -> Result<Vec<Standstill>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT id, template, held, CASE WHEN state = 'paused' THEN changed_at ELSE finished_at END AS at FROM batch
                 WHERE (state = 'paused' AND held = 1) OR (state = 'finished' AND completed_at IS NULL AND finished_at < {now} - $1)
                 ORDER BY id",
                &values![COMPLETION_MILLISECONDS],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Standstill { batch: row.text("id")?, template: row.text("template")?, held: row.int("held")? == 1, at: row.int("at")? })
            })
            .collect()
    }

    /// The ids of batches that the program holds, oldest first.
    pub async fn held_batches(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM batch WHERE state = 'paused' AND held = 1 ORDER BY created_at, id";
        self.database.fetch(sql, &[]).await?.iter().map(|row| row.text("id")).collect()
    }

    /// How many deliveries have an outcome that nobody knows, and when the latest of them came to it.
    pub async fn doubtful_deliveries(&self) -> Result<(u64, i64), StoreError> {
        let row = self
            .database
            .fetch_one(
                "SELECT COUNT(*) AS deliveries, COALESCE(MAX(changed_at), 0) AS at FROM delivery WHERE state IN ('uncertain', 'needs_operator')",
                &[],
            )
            .await?;
        row.map_or(Ok((0, 0)), |row| Ok((row.count("deliveries")?, row.int("at")?)))
    }

    /// Notes which matters hold now: a new one, or one that has changed, waits to be told; one that was told and holds no
    /// longer is forgotten, when its key is one of `is_ours`. The runs that they tell of are noted with them.
    pub async fn note_matters(&self, matters: &[Matter], runs: &[FailedRun], is_ours: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let known = self.database.fetch("SELECT key, digest, since, told_at FROM alert", &[]).await?;
        let mut kept = Vec::new();
        let mut gone = Vec::new();
        for row in &known {
            let (key, digest, since) = (row.text("key")?, row.text("digest")?, row.int("since")?);
            if is_ours(&key) && row.int_or_none("told_at")?.is_some() && matters.iter().all(|matter| matter.key != key) {
                gone.push(key);
            } else {
                kept.push((key, digest, since));
            }
        }
        let is_news = |matter: &&Matter| match kept.iter().find(|(key, ..)| *key == matter.key) {
            None => true,
            Some((_, digest, since)) => *digest != matter.digest && matter.since > *since,
        };
        let news: Vec<&Matter> = matters.iter().filter(is_news).collect();
        let unnoted: Vec<&FailedRun> = runs.iter().filter(|run| !run.is_noted).collect();
        if news.is_empty() && gone.is_empty() && unnoted.is_empty() {
            return Ok(());
        }
        let mut tx = self.database.begin().await?;
        for key in gone {
            tx.execute("DELETE FROM alert WHERE key = $1 AND told_at IS NOT NULL", &values![key]).await?;
        }
        for Matter { key, digest, since, summary } in news {
            tx.execute(
                "INSERT INTO alert (key, digest, since, summary) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, since = excluded.since, summary = excluded.summary,
                     told_at = NULL, claimed_until = NULL
                 WHERE alert.digest <> excluded.digest",
                &values![key, digest, *since, summary],
            )
            .await?;
        }
        for FailedRun { schedule, scheduled_for, at, .. } in unnoted {
            tx.execute(
                "UPDATE occurrence SET noted = 1 WHERE schedule = $1 AND scheduled_for = $2 AND changed_at = $3 AND state = 'failed'",
                &values![schedule, *scheduled_for, *at],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Takes what is untold, unless something was told within the last `gap` milliseconds; key, digest and what is said.
    pub async fn claim_alerts(&self, gap: i64) -> Result<Vec<Matter>, StoreError> {
        let mut tx = self.database.begin().await?;
        let rows = tx
            .fetch(
                // What lies ahead was noted before the clock was set back.
                "UPDATE alert SET claimed_until = {now} + $1
                 WHERE told_at IS NULL AND (claimed_until IS NULL OR claimed_until < {now} OR claimed_until > {now} + $1)
                     AND NOT EXISTS (SELECT 1 FROM instance WHERE alerted_at > {now} - $2 AND alerted_at <= {now})
                 RETURNING key, digest, since, summary",
                &values![CLAIM_MILLISECONDS, gap],
            )
            .await?;
        tx.commit().await?;
        rows.iter()
            .map(|row| {
                let (key, digest) = (row.text("key")?, row.text("digest")?);
                Ok(Matter { key, digest, since: row.int("since")?, summary: row.text("summary")? })
            })
            .collect()
    }

    /// Notes that `matters` were told, or could not be and are tried again in a minute.
    pub async fn alerts_told(&self, matters: &[Matter], told: bool) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for Matter { key, digest, .. } in matters {
            tx.execute(
                "UPDATE alert SET claimed_until = {now} + $4, told_at = CASE WHEN $3 = 1 THEN {now} END WHERE key = $1 AND digest = $2",
                &values![key, digest, told, AGAIN_MILLISECONDS],
            )
            .await?;
        }
        if told {
            tx.execute("UPDATE instance SET alerted_at = {now}", &[]).await?;
        }
        tx.commit().await
    }
}
