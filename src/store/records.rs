//! Records: the unit of work, one document each.
//!
//! Owns claiming under a lease, renewing, and every end a record can come to. A step that names an epoch which is no longer
//! the row's changes nothing and says so: the work was given to somebody else.

use super::connection::{Row, Tx, pass, values};
use super::documents::{NewDocument, Placed};
use super::{Store, StoreError};
use crate::lifecycle::RecordState;

/// No record waits longer than this, in milliseconds: one that is due later was put off before the clock was set back.
const WAIT_MAX: i64 = 60_000;

/// A record in the hands of a worker.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its batch.
    pub batch: String,
    /// Its number in the list.
    pub number: u64,
    /// Its place in the order of printing, from 0.
    pub position: u64,
    /// The lease's epoch, which every later step names.
    pub epoch: i64,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// When it was handed out, milliseconds since 1970 by the database's clock.
    pub claimed_at: i64,
    /// A name a person recognises.
    pub label: String,
    /// File name with extension.
    pub file: String,
    /// Title inside the PDF.
    pub title: String,
    /// The document's own date, ISO.
    pub date: Option<String>,
    /// Text of the QR code.
    pub qr: Option<String>,
    /// SHA-256 of everything that decides its bytes.
    pub digest: String,
    /// Data and filled words as JSON.
    pub content: String,
    /// Where its fields stand in the data file, as JSON.
    pub places: String,
}

/// A record as it stands, for lists and reports.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its number in the list.
    pub number: u64,
    /// Its place in the order of printing, from 0.
    pub position: u64,
    /// Its state.
    pub state: RecordState,
    /// A name a person recognises.
    pub label: String,
    /// File name with extension.
    pub file: String,
    /// SHA-256 of everything that decides its bytes.
    pub digest: String,
    /// Why it failed, or warnings, as JSON.
    pub reasons: String,
    /// Its document was found made by an earlier batch.
    pub kept: bool,
    /// Recipients and filled message, as JSON.
    pub mail: Option<String>,
    /// Its document.
    pub document: Option<Made>,
    /// The state of its document: `stored`, `superseded`, `revoked`, `erased`; empty when it has none.
    pub document_state: String,
}

impl Standing {
    /// Does it have a document that was neither revoked nor replaced nor erased?
    pub fn stands(&self) -> bool {
        self.document_state == "stored"
    }
}

/// What is known of a stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// Its object in the storage.
    pub object: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Pages.
    pub pages: u32,
}

/// How a claimed record ended.
#[derive(Debug)]
pub enum End {
    /// Its document is in the storage, synced under its name.
    Stored {
        /// The document.
        document: NewDocument,
        /// Warnings, as JSON.
        reasons: String,
        /// The output folder in which it is about to appear.
        placed_in: Option<String>,
    },
    /// An earlier batch made the very document.
    Kept {
        /// Its id.
        document: String,
    },
    /// It cannot be made.
    Failed {
        /// Why, as JSON.
        reasons: String,
    },
    /// It killed its workers.
    Quarantined {
        /// Why, as JSON.
        reasons: String,
    },
}

impl Store {
    /// Hands out up to `count` waiting records of a running batch, in the order of the list.
    pub async fn claim(&self, batch: &str, owner: &str, count: u32) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.database.begin().await?;
        let rows = tx
            .fetch(
                // Materialised: PostgreSQL may otherwise choose anew for each row, and hand out more than the limit.
                "WITH chosen AS MATERIALIZED (
                     SELECT number FROM record {by_waiting} WHERE batch_id = $1 AND state = 'accepted' AND (next_at <= {now} OR next_at > {now} + $5)
                     ORDER BY position LIMIT $4 {skip_locked})
                 UPDATE record SET state = 'rendering', lease_owner = $2, lease_epoch = lease_epoch + 1, lease_until = {now} + $3,
                     attempts = attempts + 1
                 WHERE batch_id = $1 AND number IN (SELECT number FROM chosen)
                   AND (SELECT state FROM batch WHERE id = $1) = 'running'
                 RETURNING batch_id, number, position, lease_epoch, attempts, lease_until - $3 AS claimed_at, label, file, title, date, qr, digest, content, places",
                &values![batch, owner, milliseconds(self.lease), count, WAIT_MAX],
            )
            .await?;
        let mut claimed: Vec<Claimed> = rows.iter().map(claimed).collect::<Result<_, _>>()?;
        pass("record.claim")?;
        tx.commit().await?;
        pass("record.claimed")?;
        claimed.sort_by_key(|record| record.position);
        Ok(claimed)
    }

    /// Renews every lease of `owner`, on records and on the completion of batches; how many records it holds.
    pub async fn beat(&self, owner: &str) -> Result<u64, StoreError> {
        pass("lease.beat")?;
        self.renew_completions(owner).await?;
        self.database
            .execute(
                "UPDATE record SET lease_until = {now} + $2 WHERE lease_owner = $1 AND state = 'rendering'",
                &values![owner, milliseconds(self.lease)],
            )
            .await
    }

    /// Ends claimed records, all in one commit. Gives the numbers of those that were no longer the caller's: for them
    /// nothing was changed, and what was made of them must not be shown.
    pub async fn end(&self, ended: Vec<(Claimed, End)>) -> Result<Vec<u64>, StoreError> {
        let mut lost = Vec::new();
        let mut tx = self.database.begin().await?;
        for (record, end) in ended {
            if !end_one(&mut tx, &record, end).await? {
                lost.push(record.number);
            }
        }
        tx.notify("record").await?;
        pass("document.commit")?;
        tx.commit().await?;
        pass("document.committed")?;
        Ok(lost)
    }

    /// Gives claimed records back untried, and claimed completions undone, as at an orderly stop.
    pub async fn give_back(&self, owner: &str) -> Result<u64, StoreError> {
        self.give_back_completions(owner).await?;
        let mut tx = self.database.begin().await?;
        let given = tx
            .execute(
                "UPDATE record SET state = 'accepted', lease_owner = NULL, lease_until = NULL, attempts = attempts - 1
                 WHERE lease_owner = $1 AND state = 'rendering'",
                &values![owner],
            )
            .await?;
        cancel_the_rest(&mut tx).await?;
        pass("lease.give_back")?;
        tx.commit().await?;
        Ok(given)
    }

    /// Frees records whose holder has not renewed its lease; with `all`, every lease: only for the process that alone works on
    /// the store, at its start. The try that was cut short is not charged to the record: a record that kills what renders it
    /// is found by `render_pool`, in a process of its own.
    pub async fn rescue(&self, all: bool) -> Result<u64, StoreError> {
        self.rescue_completions(all).await?;
        let mut tx = self.database.begin().await?;
        let freed = tx
            .execute(
                // A lease that ends later than any that is given now was given before the clock was set back.
                "UPDATE record SET state = 'accepted', lease_owner = NULL, lease_until = NULL, lease_epoch = lease_epoch + 1,
                     attempts = attempts - 1, next_at = {now}
                 WHERE state = 'rendering' AND (lease_until < {now} OR lease_until > {now} + $2 OR $1 = 1)",
                &values![all, milliseconds(self.lease.max(super::LEASE))],
            )
            .await?;
        if freed > 0 {
            cancel_the_rest(&mut tx).await?;
        }
        pass("lease.rescue")?;
        tx.commit().await?;
        pass("lease.rescued")?;
        Ok(freed)
    }

    /// Records of a batch from position `from` on, in the order of printing.
    pub async fn standings(&self, batch: &str, from: u64, limit: u32) -> Result<Vec<Standing>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT r.number, r.position, r.state, r.label, r.file, r.digest, r.reasons, r.kept, r.mail, d.id, d.object, d.sha256, d.bytes, d.pages,
                     COALESCE(d.state, '') AS document_state
                 FROM record AS r LEFT JOIN document AS d ON d.id = r.document_id
                 WHERE r.batch_id = $1 AND r.position >= $2 ORDER BY r.position LIMIT $3",
                &values![batch, from, limit],
            )
            .await?;
        rows.iter().map(standing).collect()
    }

    /// Records of a batch that could not be made, from position `from` on, in the order of printing.
    pub async fn failed_standings(&self, batch: &str, from: u64, limit: u32) -> Result<Vec<Standing>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT r.number, r.position, r.state, r.label, r.file, r.digest, r.reasons, r.kept, r.mail, d.id, d.object, d.sha256, d.bytes, d.pages,
                     COALESCE(d.state, '') AS document_state
                 FROM record AS r LEFT JOIN document AS d ON d.id = r.document_id
                 WHERE r.batch_id = $1 AND r.position >= $2 AND r.state IN ('failed', 'quarantined') ORDER BY r.position LIMIT $3",
                &values![batch, from, limit],
            )
            .await?;
        rows.iter().map(standing).collect()
    }

    /// The position of a record in the order of printing.
    pub async fn position(&self, batch: &str, number: u64) -> Result<u64, StoreError> {
        let row =
            self.database.fetch_one("SELECT position FROM record WHERE batch_id = $1 AND number = $2", &values![batch, number]).await?;
        row.ok_or_else(|| StoreError::unknown(format!("record {number} of batch {batch}")))?.count("position")
    }

    /// One record as it was accepted, to make its document again.
    pub async fn record(&self, batch: &str, number: u64) -> Result<Claimed, StoreError> {
        let row = self
            .database
            .fetch_one(
                "SELECT batch_id, number, position, lease_epoch, attempts, next_at AS claimed_at, label, file, title, date, qr, digest, content, places FROM record
                 WHERE batch_id = $1 AND number = $2",
                &values![batch, number],
            )
            .await?;
        claimed(&row.ok_or_else(|| StoreError::unknown(format!("record {number} of batch {batch}")))?)
    }
}

/// What comes back from its worker after its batch was given up is given up with it, and so is its number.
async fn cancel_the_rest(tx: &mut Tx) -> Result<(), StoreError> {
    let given_up = "SELECT id FROM batch WHERE state = 'cancelled'";
    let sql = format!("UPDATE record SET state = 'cancelled' WHERE state = 'accepted' AND batch_id IN ({given_up})");
    if tx.execute(&sql, &[]).await? > 0 {
        tx.execute(
            "UPDATE entry SET state = 'void', reason = (SELECT COALESCE(reason, '') FROM batch WHERE id = entry.batch_id)
             WHERE state = 'taken' AND EXISTS (SELECT 1 FROM record AS r WHERE r.batch_id = entry.batch_id AND r.number = entry.record
                 AND r.state = 'cancelled')",
            &[],
        )
        .await?;
    }
    Ok(())
}

async fn end_one(tx: &mut Tx, record: &Claimed, end: End) -> Result<bool, StoreError> {
    let mut placed = None;
    let mut made = None;
    let (state, reasons, document, kept) = match end {
        End::Stored { document, reasons, placed_in } => {
            let id = document.id.clone();
            super::documents::insert(tx, &document, record).await?;
            made = Some(id.clone());
            placed = placed_in.map(|folder| (folder, document));
            (RecordState::Stored, reasons, Some(id), false)
        }
        End::Kept { document } => (RecordState::Stored, "[]".to_owned(), Some(document), true),
        End::Failed { reasons } => (RecordState::Failed, reasons, None, false),
        End::Quarantined { reasons } => (RecordState::Quarantined, reasons, None, false),
    };
    let changed = tx
        .execute(
            "UPDATE record SET state = $4, reasons = $5, document_id = $6, kept = $7, lease_owner = NULL, lease_until = NULL
             WHERE batch_id = $1 AND number = $2 AND lease_epoch = $3 AND state = 'rendering'",
            &values![&record.batch, record.number, record.epoch, state.name(), reasons, document.clone(), kept],
        )
        .await?;
    if changed == 1
        && let Some(document) = &made
    {
        super::proofs::issue(tx, document, &record.batch, record.number).await?;
    }
    if changed == 1
        && let Some((folder, document)) = placed
    {
        let NewDocument { id, sha256, .. } = document;
        let placed = Placed { file: record.file.clone(), document: Some(id), digest: record.digest.clone(), sha256, before: String::new() };
        super::documents::place(tx, &folder, &placed).await?;
    } else if changed == 0
        && let Some(id) = document
        && !kept
    {
        tx.execute("DELETE FROM document WHERE id = $1", &values![id]).await?;
    }
    Ok(changed == 1)
}

fn claimed(row: &Row) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        batch: row.text("batch_id")?,
        number: row.count("number")?,
        position: row.count("position")?,
        epoch: row.int("lease_epoch")?,
        attempts: row.int("attempts")?,
        claimed_at: row.int("claimed_at")?,
        label: row.text("label")?,
        file: row.text("file")?,
        title: row.text("title")?,
        date: row.text_or_none("date")?,
        qr: row.text_or_none("qr")?,
        digest: row.text("digest")?,
        content: row.text("content")?,
        places: row.text("places")?,
    })
}

fn standing(row: &Row) -> Result<Standing, StoreError> {
    let state = row.text("state")?;
    let document = match row.text_or_none("id")? {
        None => None,
        Some(id) => Some(Made {
            id,
            object: row.text("object")?,
            sha256: row.text("sha256")?,
            bytes: row.count("bytes")?,
            pages: u32::try_from(row.int("pages")?).unwrap_or(0),
        }),
    };
    Ok(Standing {
        number: row.count("number")?,
        position: row.count("position")?,
        state: RecordState::from_name(&state).ok_or_else(|| StoreError::unexpected(state))?,
        label: row.text("label")?,
        file: row.text("file")?,
        digest: row.text("digest")?,
        reasons: row.text("reasons")?,
        kept: row.int("kept")? == 1,
        mail: row.text_or_none("mail")?,
        document,
        document_state: row.text("document_state")?,
    })
}

pub(super) fn milliseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
