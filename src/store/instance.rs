//! The database as a thing to look after: is it writable, how much is in it, when was it copied, what a copy must not do.
//!
//! Owns what only operators see. A restored copy starts in safe mode: the original may have sent what the copy believes
//! unsent, so nothing is sent and nothing fires before a person has looked.

use super::connection::{Row, pass, values};
use super::senders::Pause;
use super::{Store, StoreError, audit};

/// How many of something are in which state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// `batch`, `record`, `delivery` or `occurrence`.
    pub kind: &'static str,
    /// The state.
    pub state: String,
    /// How many.
    pub count: u64,
}

/// The whole office in numbers; nothing in it names a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// By kind and state.
    pub states: Vec<StateCount>,
    /// Documents stored.
    pub documents: u64,
    /// Addresses to which nothing is sent.
    pub suppressed: u64,
    /// Relays left alone now.
    pub relays: Vec<Pause>,
    /// Outcomes of attempts that nobody knows, all deliveries together.
    pub uncertain: u64,
    /// Reports that came back, by what they say.
    pub bounces: Vec<(String, u64)>,
    /// Milliseconds that the latest slot of each schedule was found late.
    pub lag: Vec<(String, i64)>,
    /// Alerts that nobody was told yet.
    pub alerts_waiting: u64,
    /// Milliseconds that the oldest due thing has waited, by kind.
    pub oldest: Vec<(&'static str, i64)>,
    /// Milliseconds since the last backup.
    pub backup_age: Option<i64>,
    /// All sending is stopped.
    pub sending_paused: bool,
    /// All schedules are paused.
    pub schedules_paused: bool,
}

/// What a copy must not go on with by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// The id of the restored database.
    pub instance: String,
    /// Batches that were running, and are held now.
    pub batches: Vec<String>,
    /// Batches whose messages were to go out, and are held now.
    pub messages: Vec<String>,
}

const KINDS: [&str; 4] = ["batch", "record", "delivery", "occurrence"];

const OLDEST: [(&str, &str); 3] = [
    ("record", "SELECT MIN(next_at) AS at FROM record WHERE state = 'accepted'"),
    ("delivery", "SELECT MIN(next_at) AS at FROM delivery WHERE state = 'queued'"),
    ("occurrence", "SELECT MIN(scheduled_for) AS at FROM occurrence WHERE state = 'due'"),
];

impl Store {
    /// Writes a row as any work would, and gives back the database's clock.
    pub async fn probe_write(&self) -> Result<i64, StoreError> {
        self.database.execute("UPDATE instance SET id = id", &[]).await?;
        self.now().await
    }

    /// The office in numbers.
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        let mut figures = Figures::default();
        for kind in KINDS {
            let rows =
                self.database.fetch(&format!("SELECT state, COUNT(*) AS amount FROM {kind} GROUP BY state ORDER BY state"), &[]).await?;
            for row in rows {
                figures.states.push(StateCount { kind, state: row.text("state")?, count: row.count("amount")? });
            }
        }
        let now = self.now().await?;
        for (kind, sql) in OLDEST {
            let row = self.database.fetch_one(sql, &[]).await?;
            if let Some(at) = row.map_or(Ok(None), |row| row.int_or_none("at"))? {
                figures.oldest.push((kind, (now - at).max(0)));
            }
        }
        let row = self
            .database
            .fetch_one(
                "SELECT (SELECT COUNT(*) FROM document WHERE state = 'stored') AS documents, (SELECT COUNT(*) FROM suppression) AS suppressed,
                     (SELECT COUNT(*) FROM alert WHERE told_at IS NULL) AS alerts,
                     (SELECT CAST(COALESCE(SUM(uncertain), 0) AS BIGINT) FROM delivery) AS uncertain,
                     backed_up_at, sending_paused, schedules_paused
                 FROM instance",
                &[],
            )
            .await?;
        let row = row.ok_or_else(|| StoreError::unexpected("instance"))?;
        figures.documents = row.count("documents")?;
        figures.suppressed = row.count("suppressed")?;
        figures.alerts_waiting = row.count("alerts")?;
        figures.uncertain = row.count("uncertain")?;
        figures.relays = self.pauses().await?;
        figures.bounces = self.bounce_tally().await?;
        let lag = "SELECT schedule, created_at - scheduled_for AS lag FROM occurrence AS o WHERE scheduled_for =
            (SELECT MAX(scheduled_for) FROM occurrence WHERE schedule = o.schedule AND state <> 'skipped') ORDER BY schedule";
        for row in self.database.fetch(lag, &[]).await? {
            figures.lag.push((row.text("schedule")?, row.int("lag")?.max(0)));
        }
        figures.backup_age = row.int_or_none("backed_up_at")?.map(|at| (now - at).max(0));
        figures.sending_paused = row.text_or_none("sending_paused")?.is_some();
        figures.schedules_paused = row.text_or_none("schedules_paused")?.is_some();
        Ok(figures)
    }

    /// Notes that a whole copy was made.
    pub async fn note_backup(&self, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE instance SET backed_up_at = {now}", &[]).await?;
        audit::note(&mut tx, actor, "backup", "", "").await?;
        pass("backup.note")?;
        tx.commit().await
    }

    /// Makes a restored copy safe: another id; sending and schedules paused with `reason`; every lease void; every login ended;
    /// deliveries whose end is not known left to the operator, and so are batches that ran or were to be sent: the original may
    /// have made and sent all of it; counters at least at their entries. All in one commit.
    pub async fn enter_safe_mode(&self, reason: &str, actor: &str) -> Result<Settled, StoreError> {
        let id = self.new_id().await?;
        let mut tx = self.database.begin().await?;
        tx.execute(
            "UPDATE instance SET return_key = COALESCE(return_key, id), id = $1, sending_paused = $2, schedules_paused = $2",
            &values![&id, reason],
        )
        .await?;
        let ids = |rows: Vec<Row>| rows.iter().map(|row| row.text("id")).collect::<Result<Vec<_>, _>>();
        let messages =
            ids(tx.fetch("UPDATE batch SET post = 'held' WHERE post = 'pending' AND state <> 'cancelled' RETURNING id", &[]).await?)?;
        let hold = "UPDATE batch SET state = 'paused', held = 1, reason = $1, changed_at = {now} WHERE state = 'running' RETURNING id";
        let batches = ids(tx.fetch(hold, &values![reason]).await?)?;
        tx.execute("UPDATE record SET state = 'accepted', next_at = {now} WHERE state = 'rendering'", &[]).await?;
        for table in ["record", "delivery", "occurrence"] {
            tx.execute(&format!("UPDATE {table} SET lease_epoch = lease_epoch + 1, lease_owner = NULL, lease_until = NULL"), &[]).await?;
        }
        tx.execute("UPDATE occurrence SET lease_until = 0 WHERE state = 'running'", &[]).await?;
        tx.execute(
            "UPDATE delivery SET state = 'needs_operator', reason = $1, changed_at = {now}
             WHERE state IN ('queued', 'leased', 'committing', 'uncertain')",
            &values![reason],
        )
        .await?;
        tx.execute(
            "UPDATE series SET last = (SELECT MAX(number) FROM entry WHERE entry.register = series.register AND entry.period = series.period)
             WHERE last < (SELECT MAX(number) FROM entry WHERE entry.register = series.register AND entry.period = series.period)",
            &[],
        )
        .await?;
        // Whoever was signed in to the original is not signed in here.
        for table in ["login", "invitation"] {
            tx.execute(&format!("DELETE FROM {table}"), &[]).await?;
        }
        audit::note(&mut tx, actor, "restore", "", reason).await?;
        pass("restore.settle")?;
        tx.commit().await?;
        Ok(Settled { instance: id, batches, messages })
    }
}
