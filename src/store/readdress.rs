//! What did not arrive, sent to another address.
//!
//! Owns the new delivery, which carries the same documents, and its line in the audit log. The old one stays as it ended.

use super::connection::values;
use super::{Store, StoreError, audit};

/// Where a message goes.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// The address as given.
    pub address: &'a str,
    /// The address for comparing.
    pub key: &'a str,
    /// Its domain in A-labels.
    pub domain: &'a str,
}

impl Store {
    /// Queues what an ended delivery carried for another address, as a delivery of its own; its id. None: there is one to that
    /// address already. The old one keeps its story.
    pub async fn readdress(&self, id: &str, to: Recipient<'_>, message: &str, actor: &str) -> Result<Option<String>, StoreError> {
        let next = self.id_at(self.now().await?)?;
        let mut tx = self.database.begin().await?;
        let row = tx.fetch_one("SELECT state FROM delivery WHERE id = $1", &values![id]).await?;
        let state = row.ok_or_else(|| StoreError::unknown(format!("delivery {id}")))?.text("state")?;
        if !["failed", "bounced", "suppressed", "cancelled"].contains(&state.as_str()) {
            return Err(StoreError::refused(format!("delivery {id}"), state));
        }
        let added = tx
            .execute(
                "INSERT INTO delivery (id, batch_id, record, recipient, recipient_key, domain, purpose, generation, sender, relay, message,
                     state, next_at, life, created_at, changed_at)
                 SELECT $2, batch_id, record, $3, $4, $5, purpose, 1, sender, relay, $6, 'queued', {now}, life, {now}, {now}
                 FROM delivery WHERE id = $1
                 ON CONFLICT (batch_id, record, recipient_key, purpose, generation) DO NOTHING",
                &values![id, &next, to.address, to.key, to.domain, message],
            )
            .await?;
        if added == 0 {
            return Ok(None);
        }
        tx.execute(
            "INSERT INTO delivery_document (delivery_id, position, document_id, name)
             SELECT $2, position, document_id, name FROM delivery_document WHERE delivery_id = $1",
            &values![id, &next],
        )
        .await?;
        audit::note(&mut tx, actor, "delivery.readdress", id, &next).await?;
        tx.notify("delivery").await?;
        tx.commit().await?;
        Ok(Some(next))
    }
}
