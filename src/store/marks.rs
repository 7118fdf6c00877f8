//! What tells one batch from another: its first and its last record, their numbers, the draft that it was.
//!
//! Owns one short look at each batch, which does not grow with its length.

use super::connection::values;
use super::{Store, StoreError};

/// What tells a batch from others of its template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// What the table of its draft is a transcript of, as a line of the transcript.
    pub head: Option<String>,
    /// Numbers of its first and of its last record in the order of printing.
    pub numbers: Option<(i64, i64)>,
    /// The first record, as JSON.
    pub content: Option<String>,
}

impl Store {
    /// The marks of a batch which the draft `draft` became.
    pub async fn batch_marks(&self, batch: &str, draft: &str) -> Result<Marks, StoreError> {
        let row = self
            .database
            .fetch_one(
                "SELECT (SELECT head FROM draft WHERE id = $2) AS head,
                     (SELECT e.number FROM entry AS e WHERE e.batch_id = $1 AND e.record =
                         (SELECT number FROM record WHERE batch_id = $1 ORDER BY position LIMIT 1) LIMIT 1) AS first,
                     (SELECT e.number FROM entry AS e WHERE e.batch_id = $1 AND e.record =
                         (SELECT number FROM record WHERE batch_id = $1 ORDER BY position DESC LIMIT 1) LIMIT 1) AS last,
                     (SELECT content FROM record WHERE batch_id = $1 ORDER BY position LIMIT 1) AS content",
                &values![batch, draft],
            )
            .await?
            .ok_or_else(|| StoreError::unexpected("marks"))?;
        let ends = row.int_or_none("first")?.zip(row.int_or_none("last")?);
        let numbers = ends.map(|(first, last)| (first.min(last), first.max(last)));
        Ok(Marks { head: row.text_or_none("head")?, numbers, content: row.text_or_none("content")? })
    }
}
