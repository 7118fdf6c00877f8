//! What the first page shows: how much is waiting for a person, and what was made.
//!
//! Owns these counts, for one organisation or for all. Each is answered by an index.

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
    /// Messages that wait for a person to let them go.
    pub held: u64,
    /// Drafts that wait for an approver.
    pub to_approve: u64,
    /// Messages that came back or were refused since `since`.
    pub refused: u64,
}

/// `{of}` stands for the organisation's batches, and is nothing for all of them; `$1` is the time, `$2` the organisation.
const SQL: &str = "SELECT
    (SELECT COUNT(*) FROM batch WHERE state = 'running' {own}) AS running,
    (SELECT COUNT(*) FROM batch WHERE state = 'paused' {own}) AS paused,
    (SELECT COUNT(*) FROM record WHERE state IN ('failed', 'quarantined') AND batch_id IN
        (SELECT id FROM batch WHERE state IN ('running', 'paused', 'finished') AND created_at >= $1 {own})) AS failed,
    (SELECT COUNT(*) FROM document WHERE state = 'stored' AND created_at >= $1 {of}) AS made,
    (SELECT COUNT(*) FROM document WHERE state = 'stored' {of}) AS documents,
    (SELECT COUNT(*) FROM delivery WHERE state IN ('queued', 'leased', 'committing') {of}) AS queued,
    (SELECT COUNT(*) FROM delivery WHERE state = 'sent' AND changed_at >= $1 {of}) AS sent,
    (SELECT COUNT(*) FROM delivery WHERE state IN ('uncertain', 'needs_operator') {of}) AS undecided,
    (SELECT COUNT(*) FROM record WHERE state = 'stored' AND mail IS NOT NULL AND batch_id IN
        (SELECT id FROM batch WHERE post = 'held' AND state IN ('finished', 'cancelled') {own})) AS held,
    (SELECT COUNT(*) FROM draft WHERE state = 'waiting' {own}) AS to_approve,
    (SELECT COUNT(*) FROM delivery WHERE state IN ('failed', 'bounced', 'complained') AND changed_at >= $1 {of}) AS refused";

impl Store {
    /// The office at a glance; only what is `organisation`'s when one is given. `since` in milliseconds since 1970.
    pub async fn glance(&self, organisation: Option<&str>, since: i64) -> Result<Glance, StoreError> {
        let row = match organisation {
            None => self.database.fetch_one(&SQL.replace("{own}", "").replace("{of}", ""), &values![since]).await?,
            Some(organisation) => {
                let sql = SQL
                    .replace("{own}", "AND organisation = $2")
                    .replace("{of}", "AND batch_id IN (SELECT id FROM batch WHERE organisation = $2)");
                self.database.fetch_one(&sql, &values![since, organisation]).await?
            }
        };
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
            held: row.count("held")?,
            to_approve: row.count("to_approve")?,
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
