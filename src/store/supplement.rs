//! A batch that completes an earlier one: the records of the earlier batch, taken over as they were accepted.
//!
//! Owns what such a batch reads of the earlier one and takes from it. A document that stands is found by its digest as ever, so
//! nothing is made twice.

use super::batches::Planning;
use super::connection::{Tx, values};
use super::{Store, StoreError};

/// A record as a batch that completes its list needs it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// One-based number in the list.
    pub number: u64,
    /// File name with extension.
    pub file: String,
    /// What makes it the same record in another list.
    pub identity: Option<String>,
    /// Data and filled words as JSON.
    pub content: String,
}

impl Store {
    /// Accepted records of a batch from number `from` on, in the order of the list.
    pub async fn listed(&self, batch: &str, from: u64, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT number, file, identity, content FROM record WHERE batch_id = $1 AND number >= $2 ORDER BY number LIMIT $3",
                &values![batch, from, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let (number, file) = (row.count("number")?, row.text("file")?);
                Ok(Listed { number, file, identity: row.text_or_none("identity")?, content: row.text("content")? })
            })
            .collect()
    }
}

impl Planning {
    /// Takes over the records of a finished batch as they were accepted; before any other is added.
    pub async fn adopt(&mut self, batch: &str) -> Result<(), StoreError> {
        let mut tx = self.store.database.begin().await?;
        self.added += tx
            .execute(
                "INSERT INTO record (batch_id, number, position, state, label, file, title, date, qr, digest, content, places, mail, identity, next_at)
                 SELECT $1, number, position, 'accepted', label, file, title, date, qr, digest, content, places, mail, identity, {now}
                 FROM record WHERE batch_id = $2",
                &values![&self.id, batch],
            )
            .await?;
        super::proofs::adopt(&mut tx, &self.id, batch).await?;
        tx.commit().await?;
        self.adopted = Some(batch.to_owned());
        Ok(())
    }
}

/// The numbers that `earlier` took in registers go with its records; those of records that are tried again count again.
pub(super) async fn take_entries(tx: &mut Tx, batch: &str, earlier: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE entry SET state = 'taken', reason = '' WHERE batch_id = $1 AND state = 'void' AND record IN
             (SELECT number FROM record WHERE batch_id = $1 AND state IN ('failed', 'quarantined'))",
        &values![earlier],
    )
    .await?;
    tx.execute("UPDATE entry SET batch_id = $1 WHERE batch_id = $2", &values![batch, earlier]).await?;
    Ok(())
}
