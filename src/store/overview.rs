//! What the first page shows: how much is waiting for a person, and what was made.
//!
//! Owns these counts, for one organisation or for all. Each is answered by an index or a small scan.

use super::connection::values;
use super::{Store, StoreError};

/// The office at a glance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Glance {
    /// Batches that are being made.
    pub running: u64,
    /// Batches that a person holds.
    pub paused: u64,
    /// Records that could not be made, in batches that were not given up.
    pub failed: u64,
    /// Documents made since `since`.
    pub made: u64,
    /// Documents in all.
    pub documents: u64,
    /// Messages waiting to go.
    pub queued: u64,
    /// Messages sent since `since`.
    pub sent: u64,
    /// Messages about which a person must decide.
    pub undecided: u64,
    /// Messages that came back or were refused since `since`.
    pub refused: u64,
}

const SQL: &str = "SELECT
    (SELECT COUNT(*) FROM batch WHERE state = 'running' AND ($1 = '' OR organisation = $1)) AS running,
    (SELECT COUNT(*) FROM batch WHERE state = 'paused' AND ($1 = '' OR organisation = $1)) AS paused,
    (SELECT COUNT(*) FROM record JOIN batch ON batch.id = record.batch_id WHERE record.state IN ('failed', 'quarantined')
        AND batch.state IN ('running', 'paused', 'finished') AND batch.created_at >= $2 AND ($1 = '' OR batch.organisation = $1)) AS failed,
    (SELECT COUNT(*) FROM document JOIN batch ON batch.id = document.batch_id
        WHERE document.created_at >= $2 AND ($1 = '' OR batch.organisation = $1)) AS made,
    (SELECT COUNT(*) FROM document JOIN batch ON batch.id = document.batch_id
        WHERE document.state = 'stored' AND ($1 = '' OR batch.organisation = $1)) AS documents,
    (SELECT COUNT(*) FROM delivery JOIN batch ON batch.id = delivery.batch_id
        WHERE delivery.state IN ('queued', 'leased', 'committing') AND ($1 = '' OR batch.organisation = $1)) AS queued,
    (SELECT COUNT(*) FROM delivery JOIN batch ON batch.id = delivery.batch_id
        WHERE delivery.state = 'sent' AND delivery.changed_at >= $2 AND ($1 = '' OR batch.organisation = $1)) AS sent,
    (SELECT COUNT(*) FROM delivery JOIN batch ON batch.id = delivery.batch_id
        WHERE delivery.state IN ('uncertain', 'needs_operator') AND ($1 = '' OR batch.organisation = $1)) AS undecided,
    (SELECT COUNT(*) FROM delivery JOIN batch ON batch.id = delivery.batch_id
        WHERE delivery.state IN ('failed', 'bounced', 'complained') AND delivery.changed_at >= $2
        AND ($1 = '' OR batch.organisation = $1)) AS refused";

impl Store {
    /// The office at a glance; only what is `organisation`'s when one is given. `since` in milliseconds since 1970.
    pub async fn glance(&self, organisation: Option<&str>, since: i64) -> Result<Glance, StoreError> {
        let row = self.database.fetch_one(SQL, &values![organisation.unwrap_or_default(), since]).await?;
        let row = row.ok_or_else(|| StoreError::unexpected("glance"))?;
        Ok(Glance {
            running: row.count("running")?,
            paused: row.count("paused")?,
            failed: row.count("failed")?,
            made: row.count("made")?,
            documents: row.count("documents")?,
            queued: row.count("queued")?,
            sent: row.count("sent")?,
            undecided: row.count("undecided")?,
            refused: row.count("refused")?,
        })
    }

    /// Is all sending stopped, are all schedules paused?
    pub async fn is_paused(&self) -> Result<(bool, bool), StoreError> {
        let row = self.database.fetch_one("SELECT sending_paused, schedules_paused FROM instance", &[]).await?;
        let row = row.ok_or_else(|| StoreError::unexpected("instance"))?;
        Ok((row.text_or_none("sending_paused")?.is_some(), row.text_or_none("schedules_paused")?.is_some()))
    }
}
