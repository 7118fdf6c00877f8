//! From a finished batch to its messages in the outbox.
//!
//! Owns who gets what: each recipient a message of their own; several documents of one recipient in one message when the batch
//! says so; nothing for a document that was sent to that recipient before. Doing it again adds nothing.

use std::collections::BTreeMap;

use crate::message::address::Address;
use crate::message::letter::{Addressed, Frozen, MailTerms};
use crate::store::batches::{Batch, Post};
use crate::store::deliveries::NewDelivery;
use crate::store::records::Standing;
use crate::store::{Store, StoreError};

/// Records read, and messages queued, at once.
const GROUP: u32 = 500;

/// Queues the messages of every batch that waits for it; how many are new.
pub async fn queue_pending(store: &Store) -> Result<u64, StoreError> {
    let mut queued = 0;
    for to_post in store.batches_to_post().await? {
        let batch = &to_post.batch;
        let Ok(Some(terms)) = serde_json::from_str::<serde_json::Value>(&to_post.setting).map(|setting| terms_of(&setting)) else {
            return Err(StoreError::Unexpected { what: format!("mail terms of batch {batch}") });
        };
        queued += queue_batch(store, batch, &terms).await?;
        // One whose failed records are being made again comes back when they are done.
        store.mark_queued(&to_post).await?;
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
    // One message for each recipient: what it carries is gathered over the whole batch before any is queued. The messages
    // themselves, with all their words, are made a page at a time.
    let mut gathered = if terms.together { Some(gather(store, batch).await?) } else { None };
    let date = store.now().await?;
    let mut from = 0;
    loop {
        let page = store.standings(batch, from, GROUP).await?;
        let Some(last) = page.last() else { break };
        from = last.position + 1;
        let mut messages = Vec::new();
        for standing in page {
            for (to, address) in unposted(store, batch, &standing).await? {
                let Some((document, addressed)) = made(&standing)? else { continue };
                let documents = match &mut gathered {
                    None => vec![document],
                    // They are gone with the first of the recipient's records.
                    Some(gathered) => match gathered.remove(&address.key()) {
                        Some(documents) => documents,
                        None => continue,
                    },
                };
                let frozen = Frozen::of(terms, &addressed, &to, date);
                messages.push(NewDelivery {
                    batch: batch.to_owned(),
                    record: standing.number,
                    recipient: to,
                    recipient_key: address.key(),
                    domain: address.domain().to_owned(),
                    purpose: "document".to_owned(),
                    generation: 1,
                    sender: frozen.from.clone(),
                    relay: terms.relay.clone(),
                    message: serde_json::to_string(&frozen).expect("a message is plain data"),
                    documents,
                    life: terms.life,
                });
            }
        }
        queued += store.queue(&messages).await?;
    }
    Ok(queued)
}

/// What each recipient of a batch is to be sent, by the addresses' keys: ids and names of documents.
async fn gather(store: &Store, batch: &str) -> Result<BTreeMap<String, Vec<(String, String)>>, StoreError> {
    let mut gathered: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut from = 0;
    loop {
        let page = store.standings(batch, from, GROUP).await?;
        let Some(last) = page.last() else { break };
        from = last.position + 1;
        for standing in page {
            for (_, address) in unposted(store, batch, &standing).await? {
                let Some((document, _)) = made(&standing)? else { continue };
                gathered.entry(address.key()).or_default().push(document);
            }
        }
    }
    Ok(gathered)
}

/// A document that goes with a message, as id and name.
type Enclosed = (String, String);

/// A record's document and its message; nothing when it has not both.
fn made(standing: &Standing) -> Result<Option<(Enclosed, Addressed)>, StoreError> {
    let (Some(document), Some(mail)) = (&standing.document, &standing.mail) else { return Ok(None) };
    let addressed =
        serde_json::from_str(mail).map_err(|_| StoreError::Unexpected { what: format!("mail of record {}", standing.number) })?;
    Ok(Some(((document.id.clone(), standing.file.clone()), addressed)))
}

/// The recipients of a record to whom its document was not sent before.
async fn unposted(store: &Store, batch: &str, standing: &Standing) -> Result<Vec<(String, Address)>, StoreError> {
    let Some(((document, _), addressed)) = made(standing)? else { return Ok(Vec::new()) };
    let mut recipients = Vec::new();
    for to in addressed.to {
        let Ok(address) = Address::parse(&to) else { continue };
        if !store.was_posted(batch, &document, &address.key()).await? {
            recipients.push((to, address));
        }
    }
    Ok(recipients)
}
