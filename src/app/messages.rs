//! Messages as pages and programs see them: only those of one's own batches, as they will be sent, and what is decided.

use super::office::Office;
use super::post::Decision;
use super::{App, AppError};
use crate::access::Principal;
use crate::delivery::state::Event;
use crate::diagnostic::Diagnostic;
use crate::message::address::Address;
use crate::message::letter::{Carried, Frozen};
use crate::say;
use crate::sender::link::last_day;
use crate::storage::StorageError;
use crate::store::StoreError;
use crate::store::attempts::Attempt;
use crate::store::deliveries::{Filter, Posted};
use crate::store::readdress::Recipient;

impl App {
    /// Deliveries that `asker` sees, after the id `after`, the oldest first.
    pub async fn deliveries_seen(
        &self,
        office: &Office,
        asker: &Principal,
        filter: &Filter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Posted>, AppError> {
        Ok(office.store.deliveries_of(asker.organisation.as_deref(), filter, after.unwrap_or_default(), limit).await?)
    }

    /// A delivery that `asker` sees.
    pub async fn delivery_seen(&self, office: &Office, asker: &Principal, id: &str) -> Result<Posted, AppError> {
        let posted = office.store.delivery(id).await?;
        let batch = office.store.batch(&posted.batch).await?;
        if asker.sees(batch.organisation.as_deref()) {
            return Ok(posted);
        }
        Err(StoreError::Unknown { what: format!("delivery {id}") }.into())
    }

    /// What came of each attempt to send a delivery.
    pub async fn attempts_of(&self, office: &Office, id: &str) -> Result<Vec<Attempt>, AppError> {
        Ok(office.store.attempts(id).await?)
    }

    /// A message as it will be sent, or was.
    pub async fn message_of(&self, office: &Office, posted: &Posted) -> Result<Vec<u8>, AppError> {
        let frozen: Frozen = serde_json::from_str(&posted.message).map_err(|_| AppError::Damaged { what: "message" })?;
        let enclosed = office.store.enclosed(&posted.id).await?;
        let composed = if let (Some(until), Some(links)) = (posted.link_until, self.links()) {
            let links = links.of(&office.store, &posted.id, &enclosed, until).await?;
            frozen.compose(&posted.id, &Carried::Links(&links, last_day(until)))?
        } else {
            let mut files = Vec::new();
            for (document, name) in enclosed {
                let path = office.objects.path(&document.object);
                files.push((name, std::fs::read(&path).map_err(|source| StorageError::Read { path, source })?));
            }
            frozen.compose(&posted.id, &Carried::Files(&files))?
        };
        Ok(composed.bytes)
    }

    /// Sends what a delivery carried that did not arrive to another address; the new delivery.
    pub async fn readdress(&self, office: &Office, asker: &Principal, id: &str, to: &str) -> Result<Posted, AppError> {
        let posted = self.delivery_seen(office, asker, id).await?;
        let address = Address::parse(to).map_err(|problem| vec![*problem])?;
        let frozen: Frozen = serde_json::from_str(&posted.message).map_err(|_| AppError::Damaged { what: "message" })?;
        let frozen = Frozen { to: to.to_owned(), date: office.store.now().await?, ..frozen };
        let message = serde_json::to_string(&frozen).map_err(|_| AppError::Damaged { what: "message" })?;
        let recipient = Recipient { address: to, key: &address.key(), domain: address.domain() };
        let Some(next) = office.store.readdress(id, recipient, &message, &asker.name).await? else {
            let known = say!("văn bản này đã có thư gửi tới địa chỉ đó", "there is a message with this document to that address already");
            let remedy = say!("mở thư đó để xem đã tới chưa hoặc gửi lại", "open that one to see whether it arrived, or to send it again");
            return Err(Diagnostic::error("address-known", known).with_value(to).remedy(remedy).into());
        };
        Ok(office.store.delivery(&next).await?)
    }

    /// The host of a relay of the configuration.
    pub fn relay_host(&self, relay: &str) -> Option<String> {
        self.workspace.current().mail.relays.get(relay).map(|relay| relay.host.clone())
    }

    /// Other deliveries of a document that one carries, the newest first: id, address and state.
    pub async fn siblings(&self, office: &Office, posted: &Posted, limit: u32) -> Result<Vec<Posted>, AppError> {
        let Some((document, _)) = office.store.enclosed(&posted.id).await?.into_iter().next() else { return Ok(Vec::new()) };
        let mut all = office.store.deliveries_with(&document.id, limit).await?;
        all.retain(|other| other.id != posted.id);
        Ok(all)
    }

    /// Does with a delivery what `actor` decided.
    pub async fn decide_in(&self, office: &Office, id: &str, decision: Decision, actor: &str, reason: &str) -> Result<Posted, AppError> {
        let event = match decision {
            Decision::Sent => Event::ConfirmSent,
            Decision::Resend => Event::Resend { next_at: office.store.now().await? },
            Decision::Cancel => Event::Cancel,
        };
        office.store.decide_delivery(id, event, actor, reason).await?;
        Ok(office.store.delivery(id).await?)
    }
}
