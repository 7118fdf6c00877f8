//! Schedules and their occurrences: one row for every slot, also for those that did not run.
//!
//! Owns the instant up to which slots were considered, which moves in the transaction that writes their rows, so that two
//! schedulers or a killed one never make a slot twice; claiming an occurrence under a lease, taking over that of a dead
//! scheduler; what was fetched and what was reported. Which slots there are is `schedule`'s to say.

use super::connection::{Row, Tx, pass, values};
use super::{Store, StoreError, audit};

/// A schedule as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Its name.
    pub name: String,
    /// The rule that its slots were considered by, as JSON.
    pub definition: String,
    /// Slots up to here have their rows; milliseconds since 1970.
    pub considered_until: i64,
    /// Why it is paused.
    pub paused: Option<String>,
}

/// A schedule that was made by form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeSchedule {
    /// Its name.
    pub name: String,
    /// The keys of `[schedules.NAME]` as JSON.
    pub config: String,
    /// Who made it.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// What deciding over the slots of a schedule starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considering {
    /// The schedule.
    pub schedule: ScheduleRow,
    /// Occurrences that wait or run.
    pub unfinished: usize,
    /// It is paused, or all are.
    pub paused: bool,
}

/// What deciding came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Rows to write.
    pub slots: Vec<NewOccurrence>,
    /// Slots up to here have their rows now.
    pub until: i64,
    /// The rule that later slots are considered by.
    pub definition: String,
}

/// A slot that gets its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOccurrence {
    /// The slot, milliseconds since 1970.
    pub scheduled_for: i64,
    /// Why it does not run; none when it is due.
    pub skipped: Option<&'static str>,
    /// Slots that the row stands for.
    pub slots: u64,
}

/// An occurrence as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The schedule.
    pub schedule: String,
    /// The slot, milliseconds since 1970.
    pub scheduled_for: i64,
    /// `due`, `running`, `done`, `failed` or `skipped`.
    pub state: String,
    /// Why it was skipped, what it made, or why it failed.
    pub reason: String,
    /// Slots that the row stands for.
    pub slots: u64,
    /// When it last changed, milliseconds since 1970.
    pub changed_at: i64,
}

/// An occurrence in the hands of a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedOccurrence {
    /// The schedule.
    pub schedule: String,
    /// The slot, milliseconds since 1970.
    pub scheduled_for: i64,
    /// The lease's epoch, which every later step names.
    pub epoch: i64,
    /// What an earlier holder fetched for it, as JSON.
    pub snapshot: Option<String>,
}

const COLUMNS: &str = "schedule, scheduled_for, state, reason, slots, changed_at";

fn occurrence(row: &Row) -> Result<Occurrence, StoreError> {
    Ok(Occurrence {
        schedule: row.text("schedule")?,
        scheduled_for: row.int("scheduled_for")?,
        state: row.text("state")?,
        reason: row.text("reason")?,
        slots: row.count("slots")?,
        changed_at: row.int("changed_at")?,
    })
}

fn schedule(row: &Row) -> Result<ScheduleRow, StoreError> {
    Ok(ScheduleRow {
        name: row.text("name")?,
        definition: row.text("definition")?,
        considered_until: row.int("considered_until")?,
        paused: row.text_or_none("paused")?,
    })
}

impl Store {
    /// Batches that a schedule has made, with the slot of each, milliseconds since 1970; the newest first.
    pub async fn batches_of_schedule(
        &self,
        schedule: &str,
        organisation: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        // The key of such a batch is `schedule:NAME:SLOT:FILE`.
        let prefix = format!("schedule:{schedule}:");
        let length = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
        let sql = "SELECT id, idempotency_key FROM batch WHERE SUBSTR(idempotency_key, 1, $2) = $1 AND state <> 'planning'
             AND ($4 = '' OR organisation = $4) ORDER BY created_at DESC, id DESC LIMIT $3";
        let rows = self.database.fetch(sql, &values![&prefix, length, limit, organisation.unwrap_or_default()]).await?;
        let slot = |key: &str| key[prefix.len()..].split(':').next().and_then(|slot| slot.parse().ok());
        let mut found = Vec::new();
        for row in &rows {
            if let Some(slot) = slot(&row.text("idempotency_key")?) {
                found.push((slot, row.text("id")?));
            }
        }
        Ok(found)
    }

    /// Every schedule that the store knows.
    pub async fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        let rows = self.database.fetch("SELECT name, definition, considered_until, paused FROM schedule ORDER BY name", &[]).await?;
        rows.iter().map(schedule).collect()
    }

    /// Makes a schedule known: slots after `now` are its first. One that is known already stays as it is.
    pub async fn know_schedule(&self, name: &str, definition: &str, now: i64) -> Result<(), StoreError> {
        self.database.execute(KNOW, &values![name, definition, now]).await?;
        Ok(())
    }

    /// Writes the rows of the slots that `decide` finds, in the transaction that moves the instant on; how many there are.
    /// Two who do so at once do it one after the other.
    pub async fn consider(
        &self,
        name: &str,
        decide: impl FnOnce(&Considering) -> Considered + Send,
    ) -> Result<Vec<NewOccurrence>, StoreError> {
        let mut tx = self.database.begin().await?;
        let row = tx
            .fetch_one(
                "UPDATE schedule SET changed_at = {now} WHERE name = $1 RETURNING name, definition, considered_until, paused",
                &values![name],
            )
            .await?;
        let schedule = schedule(&row.ok_or_else(|| StoreError::unknown(format!("schedule {name}")))?)?;
        let unfinished = tx
            .fetch_one("SELECT COUNT(*) AS waiting FROM occurrence WHERE schedule = $1 AND state IN ('due', 'running')", &values![name])
            .await?;
        let unfinished = usize::try_from(unfinished.map_or(Ok(0), |row| row.count("waiting"))?).unwrap_or(usize::MAX);
        let all = tx.fetch_one("SELECT schedules_paused FROM instance", &[]).await?;
        let all = all.map_or(Ok(None), |row| row.text_or_none("schedules_paused"))?;
        let paused = schedule.paused.is_some() || all.is_some();
        let considered = decide(&Considering { schedule, unfinished, paused });
        for slot in &considered.slots {
            insert(&mut tx, name, slot).await?;
        }
        tx.execute(
            "UPDATE schedule SET considered_until = $2, definition = $3 WHERE name = $1",
            &values![name, considered.until, considered.definition],
        )
        .await?;
        tx.notify("occurrence").await?;
        pass("schedule.consider")?;
        tx.commit().await?;
        Ok(considered.slots)
    }

    /// Makes a schedule due now, beside its slots; the occurrence's key.
    pub async fn run_schedule_now(&self, name: &str, actor: &str) -> Result<i64, StoreError> {
        let now = self.now().await?;
        let mut tx = self.database.begin().await?;
        insert(&mut tx, name, &NewOccurrence { scheduled_for: now, skipped: None, slots: 1 }).await?;
        audit::note(&mut tx, actor, "schedule.run", name, "").await?;
        tx.notify("occurrence").await?;
        tx.commit().await?;
        Ok(now)
    }

    /// Hands out the oldest occurrence of a schedule that is due, or whose holder is gone; none while another one of the
    /// schedule runs, or while it is paused.
    pub async fn claim_occurrence(&self, name: &str, owner: &str) -> Result<Option<ClaimedOccurrence>, StoreError> {
        let waiting = self
            .database
            .fetch_one(
                // A lease that ends later than any that is given now was given before the clock was set back.
                "SELECT scheduled_for FROM occurrence
                 WHERE schedule = $1 AND (state = 'due' OR (state = 'running' AND (lease_until < {now} OR lease_until > {now} + $2)))
                 LIMIT 1",
                &values![name, milliseconds(self.lease)],
            )
            .await?;
        if waiting.is_none() {
            return Ok(None);
        }
        let mut tx = self.database.begin().await?;
        // Locks the schedule: two schedulers would otherwise each take another occurrence of it.
        tx.execute("UPDATE schedule SET changed_at = {now} WHERE name = $1", &values![name]).await?;
        let row = tx
            .fetch_one(
                "UPDATE occurrence SET state = 'running', lease_owner = $2, lease_epoch = lease_epoch + 1, lease_until = {now} + $3,
                     changed_at = {now}
                 WHERE schedule = $1 AND scheduled_for =
                     (SELECT MIN(scheduled_for) FROM occurrence
                      WHERE schedule = $1 AND (state = 'due' OR (state = 'running' AND (lease_until < {now} OR lease_until > {now} + $3))))
                   AND NOT EXISTS (SELECT 1 FROM occurrence WHERE schedule = $1 AND state = 'running'
                       AND lease_until >= {now} AND lease_until <= {now} + $3)
                   AND NOT EXISTS (SELECT 1 FROM schedule WHERE name = $1 AND paused IS NOT NULL)
                   AND NOT EXISTS (SELECT 1 FROM instance WHERE schedules_paused IS NOT NULL)
                 RETURNING schedule, scheduled_for, lease_epoch, snapshot",
                &values![name, owner, milliseconds(self.lease)],
            )
            .await?;
        pass("occurrence.claim")?;
        tx.commit().await?;
        row.map(|row| {
            Ok(ClaimedOccurrence {
                schedule: row.text("schedule")?,
                scheduled_for: row.int("scheduled_for")?,
                epoch: row.int("lease_epoch")?,
                snapshot: row.text_or_none("snapshot")?,
            })
        })
        .transpose()
    }

    /// Renews the lease of an occurrence; false when it is no longer the caller's.
    pub async fn beat_occurrence(&self, claimed: &ClaimedOccurrence) -> Result<bool, StoreError> {
        let changed = self
            .database
            .execute(
                "UPDATE occurrence SET lease_until = {now} + $4
                 WHERE schedule = $1 AND scheduled_for = $2 AND lease_epoch = $3 AND state = 'running'",
                &values![&claimed.schedule, claimed.scheduled_for, claimed.epoch, milliseconds(self.lease)],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Lets others go on with an occurrence, as at an orderly stop.
    pub async fn give_back_occurrence(&self, claimed: &ClaimedOccurrence) -> Result<(), StoreError> {
        self.database
            .execute(
                "UPDATE occurrence SET lease_until = 0, lease_owner = NULL, lease_epoch = lease_epoch + 1
                 WHERE schedule = $1 AND scheduled_for = $2 AND lease_epoch = $3 AND state = 'running'",
                &values![&claimed.schedule, claimed.scheduled_for, claimed.epoch],
            )
            .await?;
        Ok(())
    }

    /// Lets others take over what `owner` holds, as at an orderly stop; with none, what anybody holds: only for the process
    /// that alone works on the store, at its start.
    pub async fn release_occurrences(&self, owner: Option<&str>) -> Result<u64, StoreError> {
        self.database
            .execute(
                "UPDATE occurrence SET lease_until = 0, lease_owner = NULL, lease_epoch = lease_epoch + 1
                 WHERE state = 'running' AND (lease_owner = $1 OR $2 = 1)",
                &values![owner.unwrap_or_default(), owner.is_none()],
            )
            .await
    }

    /// Keeps what was fetched for an occurrence, so that whoever takes it over reads the same.
    pub async fn keep_snapshot(&self, claimed: &ClaimedOccurrence, snapshot: &str) -> Result<(), StoreError> {
        let changed = self
            .database
            .execute(
                "UPDATE occurrence SET snapshot = $4 WHERE schedule = $1 AND scheduled_for = $2 AND lease_epoch = $3 AND state = 'running'",
                &values![&claimed.schedule, claimed.scheduled_for, claimed.epoch, snapshot],
            )
            .await?;
        pass("occurrence.snapshot")?;
        held(changed, claimed)
    }

    /// Ends an occurrence; `reported` are the files, by hash, that it has told of.
    pub async fn end_occurrence(
        &self,
        claimed: &ClaimedOccurrence,
        failed: bool,
        reason: &str,
        reported: &[String],
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let state = if failed { "failed" } else { "done" };
        let changed = tx
            .execute(
                "UPDATE occurrence SET state = $4, reason = $5, lease_owner = NULL, lease_until = NULL, changed_at = {now}
                 WHERE schedule = $1 AND scheduled_for = $2 AND lease_epoch = $3 AND state = 'running'",
                &values![&claimed.schedule, claimed.scheduled_for, claimed.epoch, state, reason],
            )
            .await?;
        held(changed, claimed)?;
        for sha256 in reported {
            tx.execute(
                "INSERT INTO reported (schedule, sha256, scheduled_for) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &values![&claimed.schedule, sha256, claimed.scheduled_for],
            )
            .await?;
        }
        pass("occurrence.end")?;
        tx.commit().await?;
        pass("occurrence.ended")
    }

    /// Has an occurrence of the schedule told of a file with this hash?
    pub async fn has_reported(&self, schedule: &str, sha256: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS one FROM reported WHERE schedule = $1 AND sha256 = $2";
        Ok(self.database.fetch_one(sql, &values![schedule, sha256]).await?.is_some())
    }

    /// The latest occurrences of a schedule, newest first.
    pub async fn occurrences(&self, name: &str, limit: u32) -> Result<Vec<Occurrence>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM occurrence WHERE schedule = $1 ORDER BY scheduled_for DESC LIMIT $2");
        self.database.fetch(&sql, &values![name, limit]).await?.iter().map(occurrence).collect()
    }

    /// Pauses a schedule with a reason, or lets it go on. Its slots get their rows meanwhile, as skipped.
    pub async fn pause_schedule(&self, name: &str, definition: &str, reason: Option<&str>, actor: &str) -> Result<(), StoreError> {
        let now = self.now().await?;
        let mut tx = self.database.begin().await?;
        tx.execute(KNOW, &values![name, definition, now]).await?;
        tx.execute("UPDATE schedule SET paused = $2, changed_at = {now} WHERE name = $1", &values![name, reason.map(str::to_owned)])
            .await?;
        let action = if reason.is_some() { "schedule.pause" } else { "schedule.resume" };
        audit::note(&mut tx, actor, action, name, reason.unwrap_or_default()).await?;
        tx.commit().await
    }

    /// Pauses all schedules with a reason, or lets them go on.
    pub async fn pause_schedules(&self, reason: Option<&str>, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE instance SET schedules_paused = $1", &values![reason.map(str::to_owned)]).await?;
        let action = if reason.is_some() { "schedule.pause" } else { "schedule.resume" };
        audit::note(&mut tx, actor, action, "", reason.unwrap_or_default()).await?;
        tx.commit().await
    }

    /// Every schedule that was made by form, by name.
    pub async fn made_schedules(&self) -> Result<Vec<MadeSchedule>, StoreError> {
        let rows = self.database.fetch("SELECT name, config, created_by, created_at FROM made_schedule ORDER BY name", &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(MadeSchedule {
                    name: row.text("name")?,
                    config: row.text("config")?,
                    created_by: row.text("created_by")?,
                    created_at: row.int("created_at")?,
                })
            })
            .collect()
    }

    /// What changes whenever one is made or taken away.
    pub async fn made_schedules_mark(&self) -> Result<(u64, i64), StoreError> {
        let sql = "SELECT COUNT(*) AS made, COALESCE(MAX(created_at), 0) AS latest FROM made_schedule";
        let row = self.database.fetch_one(sql, &[]).await?.ok_or_else(|| StoreError::unexpected("schedules"))?;
        Ok((row.count("made")?, row.int("latest")?))
    }

    /// Keeps a schedule made by form; false when there is one of the name.
    pub async fn make_schedule(&self, name: &str, config: &str, actor: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let added = tx
            .execute(
                "INSERT INTO made_schedule (name, config, created_by, created_at) VALUES ($1, $2, $3, {now}) ON CONFLICT (name) DO NOTHING",
                &values![name, config, actor],
            )
            .await?;
        if added == 1 {
            audit::note(&mut tx, actor, "schedule.new", name, config).await?;
        }
        tx.commit().await?;
        Ok(added == 1)
    }

    /// Takes a schedule away that was made by form. What waits of it is skipped.
    pub async fn unmake_schedule(&self, name: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        if tx.execute("DELETE FROM made_schedule WHERE name = $1", &values![name]).await? == 0 {
            return Err(StoreError::unknown(format!("schedule {name}")));
        }
        tx.execute(
            "UPDATE occurrence SET state = 'skipped', reason = 'disabled', changed_at = {now} WHERE schedule = $1 AND state = 'due'",
            &values![name],
        )
        .await?;
        tx.execute("DELETE FROM schedule WHERE name = $1", &values![name]).await?;
        audit::note(&mut tx, actor, "schedule.remove", name, "").await?;
        tx.commit().await
    }

    /// Why all schedules are paused, if they are.
    pub async fn schedules_paused(&self) -> Result<Option<String>, StoreError> {
        let row = self.database.fetch_one("SELECT schedules_paused FROM instance", &[]).await?;
        row.map_or(Ok(None), |row| row.text_or_none("schedules_paused"))
    }
}

const KNOW: &str = "INSERT INTO schedule (name, definition, considered_until, changed_at) VALUES ($1, $2, $3, {now})
     ON CONFLICT (name) DO NOTHING";

async fn insert(tx: &mut Tx, schedule: &str, slot: &NewOccurrence) -> Result<(), StoreError> {
    let state = if slot.skipped.is_some() { "skipped" } else { "due" };
    tx.execute(
        "INSERT INTO occurrence (schedule, scheduled_for, state, reason, slots, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, {now}, {now}) ON CONFLICT (schedule, scheduled_for) DO NOTHING",
        &values![schedule, slot.scheduled_for, state, slot.skipped.unwrap_or_default(), slot.slots],
    )
    .await?;
    Ok(())
}

fn held(changed: u64, claimed: &ClaimedOccurrence) -> Result<(), StoreError> {
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::refused(format!("occurrence {} of {}", claimed.scheduled_for, claimed.schedule), "another scheduler's"))
}

fn milliseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
