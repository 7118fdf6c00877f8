//! Batches: one request each, with its counts and its state.
//!
//! Owns acceptance (all records of a batch become visible in one commit, with their numbers), pausing, giving up, finishing
//! when the counts reconcile, and running again what failed. Single records are [`super::records`]' affair.

use super::connection::{Row, Tx, pass, values};
use super::mail_pauses::{MailPause, mail_pause};
use super::planning::forget_planning;
pub use super::planning::{Acceptance, Planning};
pub use super::posting::{Post, ToPost};
use super::proofs::NewProof;
use super::records::milliseconds;
use super::registers::Claim;
use super::{Store, StoreError, audit, webhooks};
use crate::lifecycle::{BatchState, RecordState};

/// A batch that is about to be planned.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// The submitter's key: the same key is the same batch.
    pub key: Option<String>,
    /// SHA-256 of everything that was asked for: template, data, options.
    pub request_digest: String,
    /// The request as JSON.
    pub request: String,
    /// What all its records share, as JSON: organisation, options, template and font digests.
    pub setting: String,
    /// Template.
    pub template: String,
    /// Folder of the documents, relative to the office where it lies inside.
    pub output: String,
    /// Who asked: `cli`, `schedule:NAME`, an account.
    pub origin: String,
    /// What is to become of its messages.
    pub post: Post,
    /// The account whose it is.
    pub owner: Option<String>,
    /// The organisation in whose name it is made.
    pub organisation: Option<String>,
}

/// A record that planning accepted.
#[derive(Debug, Clone, Default)]
pub struct NewRecord {
    /// One-based number in the list.
    pub number: u64,
    /// A name a person recognises it by.
    pub label: String,
    /// File name with extension.
    pub file: String,
    /// Title inside the PDF.
    pub title: String,
    /// The document's own date, ISO.
    pub date: Option<String>,
    /// Text of the QR code.
    pub qr: Option<String>,
    /// SHA-256 of everything that decides the document's bytes.
    pub digest: String,
    /// Data and filled words as JSON.
    pub content: String,
    /// Where its fields stand in the data file, as JSON.
    pub places: String,
    /// Recipient and filled message as JSON.
    pub mail: Option<String>,
    /// What makes it the same record in a later list.
    pub identity: Option<String>,
    /// What its register is to say, when it takes a number there.
    pub claim: Option<Claim>,
    /// What its document will bear, when it can be verified.
    pub proof: Option<NewProof>,
}

/// A batch as it stands.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its id.
    pub id: String,
    /// The submitter's key.
    pub key: Option<String>,
    /// SHA-256 of what was asked for.
    pub request_digest: String,
    /// The request as JSON.
    pub request: String,
    /// What all its records share, as JSON.
    pub setting: String,
    /// What planning found, as JSON.
    pub plan: String,
    /// Template.
    pub template: String,
    /// Folder of the documents.
    pub output: String,
    /// Who asked.
    pub origin: String,
    /// What it is doing.
    pub state: BatchState,
    /// Why it was paused or given up.
    pub reason: Option<String>,
    /// What is to become of its messages.
    pub post: Post,
    /// Records accepted.
    pub accepted: u64,
    /// Records refused by planning.
    pub rejected: u64,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub finished_at: Option<i64>,
    /// When everything stood in the output folder, milliseconds since 1970.
    pub completed_at: Option<i64>,
    /// The account whose it is.
    pub owner: Option<String>,
    /// The organisation in whose name it is made.
    pub organisation: Option<String>,
    /// Its messages wait: too many of them could not be delivered.
    pub mail_pause: Option<MailPause>,
}

/// How many records of a batch are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Waiting.
    pub accepted: u64,
    /// Under way.
    pub rendering: u64,
    /// Made.
    pub stored: u64,
    /// Of those, found made by an earlier batch.
    pub kept: u64,
    /// Failed.
    pub failed: u64,
    /// Set apart.
    pub quarantined: u64,
    /// Given up.
    pub cancelled: u64,
}

impl Tally {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.accepted + self.rendering + self.ended()
    }

    /// Those that have come to an end.
    pub fn ended(&self) -> u64 {
        self.stored + self.failed + self.quarantined + self.cancelled
    }
}

pub(super) const COLUMNS: &str = "id, idempotency_key, request_digest, request, setting, plan, template, output, origin, state, reason, post, \
    accepted, rejected, created_at, finished_at, completed_at, owner, organisation, \
    (SELECT p.paused_at FROM mail_pause AS p WHERE p.batch_id = batch.id) AS mail_paused_at, \
    (SELECT p.failed FROM mail_pause AS p WHERE p.batch_id = batch.id) AS mail_failed, \
    (SELECT p.tried FROM mail_pause AS p WHERE p.batch_id = batch.id) AS mail_tried";

pub(super) fn batch(row: &Row) -> Result<Batch, StoreError> {
    let state = row.text("state")?;
    Ok(Batch {
        id: row.text("id")?,
        key: row.text_or_none("idempotency_key")?,
        request_digest: row.text("request_digest")?,
        request: row.text("request")?,
        setting: row.text("setting")?,
        plan: row.text("plan")?,
        template: row.text("template")?,
        output: row.text("output")?,
        origin: row.text("origin")?,
        state: BatchState::from_name(&state).ok_or_else(|| StoreError::unexpected(state))?,
        reason: row.text_or_none("reason")?,
        post: Post::from_name(&row.text("post")?)?,
        accepted: row.count("accepted")?,
        rejected: row.count("rejected")?,
        created_at: row.int("created_at")?,
        finished_at: row.int_or_none("finished_at")?,
        completed_at: row.int_or_none("completed_at")?,
        owner: row.text_or_none("owner")?,
        organisation: row.text_or_none("organisation")?,
        mail_pause: mail_pause(row)?,
    })
}

impl Store {
    /// Opens a batch for planning, or gives the batch that this key already stands for.
    pub async fn plan(&self, new: NewBatch) -> Result<Result<Planning, Batch>, StoreError> {
        let id = self.new_id().await?;
        let mut tx = self.database.begin().await?;
        if let Some(key) = &new.key {
            // What was cut short while planning never counted.
            forget_planning(&mut tx, "idempotency_key = $1", key).await?;
            if let Some(row) = tx.fetch_one(&format!("SELECT {COLUMNS} FROM batch WHERE idempotency_key = $1"), &values![key]).await? {
                let found = batch(&row)?;
                if found.request_digest != new.request_digest {
                    return Err(StoreError::KeyReused { key: key.clone() });
                }
                return Ok(Err(found));
            }
        }
        tx.execute(
            "INSERT INTO batch (id, idempotency_key, request_digest, request, setting, plan, template, output, origin, state,
                 post, accepted, rejected, created_at, changed_at, owner, organisation, completing_until)
             VALUES ($1, $2, $3, $4, $5, '{}', $6, $7, $8, 'planning', $9, 0, 0,
                 (SELECT CASE WHEN COALESCE(MAX(created_at), 0) >= {now} THEN MAX(created_at) + 1 ELSE {now} END FROM batch WHERE output = $7),
                 {now}, $10, $11, {now} + $12)",
            // Later than every batch of its folder, even when the clock was set back: the latest is the one that counts.
            &values![
                &id,
                new.key,
                new.request_digest,
                new.request,
                new.setting,
                new.template,
                new.output,
                new.origin,
                new.post.name(),
                new.owner,
                new.organisation,
                milliseconds(self.lease)
            ],
        )
        .await?;
        pass("batch.plan")?;
        tx.commit().await?;
        pass("batch.planned")?;
        Ok(Ok(Planning::new(self, id)))
    }

    /// Clears what dead processes left in planning; who submits beside says every so often that they still plan.
    pub async fn forget_planning(&self) -> Result<(), StoreError> {
        let lease = milliseconds(self.lease.max(super::LEASE));
        let mut tx = self.database.begin().await?;
        // Said to go on for longer than anybody says now, it was said before the clock was set back.
        let dead = format!("id <> $1 AND (completing_until IS NULL OR completing_until < {{now}} OR completing_until > {{now}} + {lease})");
        forget_planning(&mut tx, &dead, "").await?;
        pass("planning.forget")?;
        tx.commit().await
    }

    /// Clears what an earlier process left in planning for the folder `output`. Only for the process that holds the folder.
    pub async fn forget_planning_of(&self, output: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        forget_planning(&mut tx, "output = $1", output).await?;
        tx.commit().await
    }

    /// One batch.
    pub async fn batch(&self, id: &str) -> Result<Batch, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM batch WHERE id = $1 AND state <> 'planning'");
        let row = self.database.fetch_one(&sql, &values![id]).await?;
        batch(&row.ok_or_else(|| StoreError::unknown(format!("batch {id}")))?)
    }

    /// The latest batches, newest first.
    pub async fn batches(&self, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM batch WHERE state <> 'planning' ORDER BY created_at DESC, id DESC LIMIT $1");
        self.database.fetch(&sql, &values![limit]).await?.iter().map(batch).collect()
    }

    /// The latest batches of `organisation`, or of all, newest first.
    pub async fn batches_of(&self, organisation: Option<&str>, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM batch WHERE state <> 'planning' AND ($1 = '' OR organisation = $1)
             ORDER BY created_at DESC, id DESC LIMIT $2"
        );
        self.database.fetch(&sql, &values![organisation.unwrap_or_default(), limit]).await?.iter().map(batch).collect()
    }

    /// The latest batches whose id begins with `prefix`, newest first.
    pub async fn batches_like(&self, prefix: &str, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM batch WHERE state <> 'planning' AND SUBSTR(id, 1, $3) = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
        );
        let length = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
        self.database.fetch(&sql, &values![prefix, limit, length]).await?.iter().map(batch).collect()
    }

    /// The latest batch of an output folder that was not given up.
    pub async fn latest_batch_of(&self, output: &str) -> Result<Option<Batch>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM batch WHERE output = $1 AND state NOT IN ('planning', 'cancelled')
             ORDER BY created_at DESC, id DESC LIMIT 1"
        );
        self.database.fetch_one(&sql, &values![output]).await?.as_ref().map(batch).transpose()
    }

    /// Batches that have work, oldest first.
    pub async fn running_batches(&self) -> Result<Vec<Batch>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM batch WHERE state = 'running' ORDER BY created_at, id");
        self.database.fetch(&sql, &[]).await?.iter().map(batch).collect()
    }

    /// The ids of running batches some of whose records are due.
    pub async fn due_batches(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT b.id FROM batch AS b WHERE b.state = 'running' AND EXISTS
            (SELECT 1 FROM record AS r {by_waiting} WHERE r.batch_id = b.id AND r.state = 'accepted' AND r.next_at <= {now})";
        self.database.fetch(sql, &[]).await?.iter().map(|row| row.text("id")).collect()
    }

    /// The ids of all batches, or of those that have not finished, oldest first.
    pub async fn batch_ids(&self, unfinished: bool) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM batch WHERE state <> 'planning' AND ($1 = 0 OR state <> 'finished') ORDER BY created_at, id";
        self.database.fetch(sql, &values![unfinished]).await?.iter().map(|row| row.text("id")).collect()
    }

    /// The counts of a batch.
    pub async fn tally(&self, id: &str) -> Result<Tally, StoreError> {
        let rows = self.database.fetch(TALLY, &values![id]).await?;
        tally(&rows)
    }

    /// Holds a running batch.
    pub async fn pause(&self, id: &str, reason: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        step(&mut tx, id, BatchState::Paused, Some(reason)).await?;
        audit::note(&mut tx, actor, "batch.pause", id, reason).await?;
        tx.notify("batch").await?;
        tx.commit().await
    }

    /// As [`Self::pause`], by the program itself: the batch cannot be worked on, and operators are told.
    pub async fn hold(&self, id: &str, reason: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        step(&mut tx, id, BatchState::Paused, Some(reason)).await?;
        tx.execute("UPDATE batch SET held = 1 WHERE id = $1", &values![id]).await?;
        tx.notify("batch").await?;
        tx.commit().await
    }

    /// Lets a held batch go on.
    pub async fn resume(&self, id: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let now = state(&mut tx, id).await?;
        // From its end a batch goes on only with what failed: that is a retry.
        if now != BatchState::Paused {
            return Err(StoreError::refused(format!("batch {id}"), now.name()));
        }
        step(&mut tx, id, BatchState::Running, None).await?;
        audit::note(&mut tx, actor, "batch.resume", id, "").await?;
        tx.notify("batch").await?;
        tx.commit().await
    }

    /// Gives a batch up: what waits is cancelled, what was made stays, numbers that were taken for nothing are void.
    pub async fn cancel(&self, id: &str, reason: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        step(&mut tx, id, BatchState::Cancelled, Some(reason)).await?;
        cancel_waiting(&mut tx, id, reason).await?;
        audit::note(&mut tx, actor, "batch.cancel", id, reason).await?;
        tx.notify("batch").await?;
        tx.commit().await
    }

    /// Makes exactly the failed and quarantined records wait again; how many there are. One whose number a person has struck
    /// out meanwhile stays as it is: its document would bear a number that stands for nothing.
    pub async fn retry(&self, id: &str, actor: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let again = tx
            .execute(
                "UPDATE record SET state = 'accepted', attempts = 0, reasons = '[]', next_at = {now}
                 WHERE batch_id = $1 AND state IN ('failed', 'quarantined') AND NOT EXISTS
                     (SELECT 1 FROM entry AS e WHERE e.batch_id = $1 AND e.record = record.number AND e.struck = 1)",
                &values![id],
            )
            .await?;
        if again > 0 {
            audit::note(&mut tx, actor, "batch.retry", id, &again.to_string()).await?;
            // A number that was given up with its failure counts again with its record.
            let revived = tx
                .fetch(
                    "UPDATE entry SET state = 'taken', reason = '' WHERE batch_id = $1 AND state = 'void' AND struck = 0 AND record IN
                         (SELECT number FROM record WHERE batch_id = $1 AND state = 'accepted')
                     RETURNING register, period, number",
                    &values![id],
                )
                .await?;
            super::registers::note_revived(&mut tx, actor, id, &revived).await?;
            tx.execute("UPDATE batch SET post = 'pending' WHERE id = $1 AND post = 'queued'", &values![id]).await?;
            if state(&mut tx, id).await? != BatchState::Running {
                step(&mut tx, id, BatchState::Running, None).await?;
            }
            tx.execute(
                "UPDATE batch SET finished_at = NULL, completed_at = NULL, completer = NULL, completing_until = NULL WHERE id = $1",
                &values![id],
            )
            .await?;
        }
        tx.notify("batch").await?;
        pass("batch.retry")?;
        tx.commit().await?;
        pass("batch.retried")?;
        Ok(again)
    }

    /// Ends a batch when every record has come to one end; false while some have not.
    ///
    /// The number of a record that cannot be made is kept and marked void with the reason.
    pub async fn finish(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let counts = tally(&tx.fetch(TALLY, &values![id]).await?)?;
        let row = tx.fetch_one("SELECT accepted, state FROM batch WHERE id = $1", &values![id]).await?;
        let row = row.ok_or_else(|| StoreError::unknown(format!("batch {id}")))?;
        let accepted = row.count("accepted")?;
        if counts.total() != accepted {
            return Err(StoreError::unexpected(format!("batch {id} accepted {accepted} records and has {}", counts.total())));
        }
        if row.text("state")? != BatchState::Running.name() || counts.ended() != accepted {
            return Ok(false);
        }
        step(&mut tx, id, BatchState::Finished, None).await?;
        let row = tx.fetch_one("UPDATE batch SET finished_at = {now} WHERE id = $1 RETURNING finished_at", &values![id]).await?;
        let finished_at = row.map_or(Ok(0), |row| row.int("finished_at"))?;
        // A batch whose failed records are tried again finishes again, and that is another event.
        webhooks::notice(&mut tx, "batch.finished", &format!("{id}-{finished_at}"), id, &serde_json::json!({ "batch": id })).await?;
        tx.execute(
            "UPDATE entry SET state = 'void', reason = 'không tạo được văn bản' WHERE batch_id = $1 AND state = 'taken' AND record IN
                 (SELECT number FROM record WHERE batch_id = $1 AND state IN ('failed', 'quarantined'))",
            &values![id],
        )
        .await?;
        tx.notify("batch").await?;
        pass("batch.finish")?;
        tx.commit().await?;
        pass("batch.finished")?;
        Ok(true)
    }
}

const TALLY: &str = "SELECT state, COUNT(*) AS records, CAST(SUM(kept) AS BIGINT) AS kept FROM record WHERE batch_id = $1 GROUP BY state";

fn tally(rows: &[Row]) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    for row in rows {
        let name = row.text("state")?;
        let count = row.count("records")?;
        match RecordState::from_name(&name).ok_or_else(|| StoreError::unexpected(name))? {
            RecordState::Accepted => tally.accepted = count,
            RecordState::Rendering => tally.rendering = count,
            RecordState::Stored => (tally.stored, tally.kept) = (count, row.count("kept")?),
            RecordState::Failed => tally.failed = count,
            RecordState::Quarantined => tally.quarantined = count,
            RecordState::Cancelled => tally.cancelled = count,
        }
    }
    Ok(tally)
}

/// Cancels the records of a batch that wait; the numbers that they took are void.
pub(super) async fn cancel_waiting(tx: &mut Tx, id: &str, reason: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE record SET state = 'cancelled', lease_owner = NULL, lease_until = NULL WHERE batch_id = $1 AND state = 'accepted'",
        &values![id],
    )
    .await?;
    tx.execute(
        "UPDATE entry SET state = 'void', reason = $2 WHERE batch_id = $1 AND state = 'taken' AND record IN
             (SELECT number FROM record WHERE batch_id = $1 AND state = 'cancelled')",
        &values![id, reason],
    )
    .await?;
    Ok(())
}

async fn state(tx: &mut Tx, id: &str) -> Result<BatchState, StoreError> {
    let row = tx.fetch_one("SELECT state FROM batch WHERE id = $1", &values![id]).await?;
    let name = row.ok_or_else(|| StoreError::unknown(format!("batch {id}")))?.text("state")?;
    BatchState::from_name(&name).ok_or_else(|| StoreError::unexpected(name))
}

/// Takes a batch to its next state, if the graph allows it.
async fn step(tx: &mut Tx, id: &str, next: BatchState, reason: Option<&str>) -> Result<(), StoreError> {
    let now = state(tx, id).await?;
    if !now.may_become(next) {
        return Err(StoreError::refused(format!("batch {id}"), now.name()));
    }
    let changed = tx
        .execute(
            "UPDATE batch SET state = $2, reason = $3, held = 0, changed_at = {now} WHERE id = $1 AND state = $4",
            &values![id, next.name(), reason, now.name()],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::refused(format!("batch {id}"), "changing")) }
}
