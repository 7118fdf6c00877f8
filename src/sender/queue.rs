//! From a finished batch to its messages in the outbox.
//!
//! Owns who gets what: each recipient a message of their own; several documents of one recipient in one message when the batch
//! says so; nothing for a document that was sent to that recipient before. Doing it again adds nothing.

use std::collections::BTreeMap;

use crate::message::address::Address;
use crate::message::letter::{Addressed, Frozen, MailTerms};
use crate::store::batches::{Batch, Post};
use crate::store::deliveries::NewDelivery;
use crate::store::{Store, StoreError};

/// Records read, and messages queued, at once.
const GROUP: u32 = 500;

/// Queues the messages of every batch that waits for it; how many are new.
pub async fn queue_pending(store: &Store) -> Result<u64, StoreError> {
    let mut queued = 0;
    for (batch, terms) in store.batches_to_post().await? {
        let Ok(Some(terms)) = serde_json::from_str::<serde_json::Value>(&terms).map(|setting| terms_of(&setting)) else {
            return Err(StoreError::Unexpected { what: format!("mail terms of batch {batch}") });
        };
        queued += queue_batch(store, &batch, &terms).await?;
        store.mark_posted(&batch, Post::Queued).await?;
    }
    Ok(queued)
}

/// Queues the messages of a batch that a person lets go; how many are new. Noted last: what dies in between is let go again.
pub async fn queue_released(store: &Store, batch: &Batch) -> Result<u64, StoreError> {
    let terms = serde_json::from_str(&batch.setting).ok().and_then(|setting| terms_of(&setting));
    let terms = terms.ok_or_else(|| StoreError::Unexpected { what: format!("mail terms of batch {}", batch.id) })?;
    let queued = queue_batch(store, &batch.id, &terms).await?;
    store.mark_posted(&batch.id, Post::Queued).await?;
    Ok(queued)
}

fn terms_of(setting: &serde_json::Value) -> Option<MailTerms> {
    serde_json::from_value(setting["mail"].clone()).ok()
}

async fn queue_batch(store: &Store, batch: &str, terms: &MailTerms) -> Result<u64, StoreError> {
    let mut queued = 0;
    let mut from = 0;
    // One message for each recipient: gathered over the whole batch before any is queued.
    let mut together: BTreeMap<String, NewDelivery> = BTreeMap::new();
    let date = store.now().await?;
    loop {
        let page = store.standings(batch, from, GROUP).await?;
        let Some(last) = page.last() else { break };
        from = last.position + 1;
        let mut messages = Vec::new();
        for standing in page {
            let (Some(document), Some(mail)) = (standing.document, standing.mail) else { continue };
            let addressed: Addressed =
                serde_json::from_str(&mail).map_err(|_| StoreError::Unexpected { what: format!("mail of record {}", standing.number) })?;
            for to in &addressed.to {
                let Ok(address) = Address::parse(to) else { continue };
                let key = address.key();
                if store.was_posted(batch, &document.id, &key).await? {
                    continue;
                }
                let enclosed = (document.id.clone(), standing.file.clone());
                if terms.together
                    && let Some(message) = together.get_mut(&key)
                {
                    message.documents.push(enclosed);
                    continue;
                }
                let frozen = Frozen::of(terms, &addressed, to, date);
                let message = NewDelivery {
                    batch: batch.to_owned(),
                    record: standing.number,
                    recipient: to.clone(),
                    recipient_key: key.clone(),
                    domain: address.domain().to_owned(),
                    purpose: "document".to_owned(),
                    generation: 1,
                    relay: terms.relay.clone(),
                    message: serde_json::to_string(&frozen).expect("a message is plain data"),
                    documents: vec![enclosed],
                    life: terms.life,
                };
                if terms.together {
                    together.insert(key, message);
                } else {
                    messages.push(message);
                }
            }
        }
        queued += store.queue(&messages).await?;
    }
    let together: Vec<NewDelivery> = together.into_values().collect();
    for group in together.chunks(GROUP as usize) {
        queued += store.queue(group).await?;
    }
    Ok(queued)
}
