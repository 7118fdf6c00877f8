//! Webhooks: programs that want to be told.
//!
//! Owns subscribing and the loop's place in the service. Where a webhook may lead is `[fetch]`'s to say, as for sources.

use std::sync::Arc;

use tokio::sync::watch::Receiver;

use super::office::Office;
use super::{App, AppError};
use crate::access::{Principal, signature};
use crate::diagnostic::{Diagnostic, nearest};
use crate::language::{Language, Text};
use crate::notifier::Notifier;
use crate::say;
use crate::source::{Refusal, post};
use crate::store::StoreError;
use crate::store::webhooks::{Call, EVENTS, Webhook};

/// Subscriptions in all.
const WEBHOOKS_MAX: usize = 50;
/// Calls shown of one.
const CALLS_SHOWN: u32 = 100;

impl App {
    /// Subscribes `url` to `events`; the subscription, and the secret that its calls are signed with, which is not shown again.
    /// `delivery.*` stands for every event of deliveries.
    pub async fn new_webhook(
        &self,
        office: &Office,
        url: &str,
        events: &[String],
        maker: &Principal,
    ) -> Result<(Webhook, String), AppError> {
        let mut problems = Vec::new();
        if let Err(refusal) = post::check(url, &self.workspace.config.fetch) {
            let problem = Diagnostic::error("webhook-url", said_of(&refusal));
            problems.push(match refusal.remedy() {
                Some(remedy) => problem.remedy(remedy),
                None => problem,
            });
        }
        let mut wanted: Vec<String> = Vec::new();
        for event in events {
            let group = event.strip_suffix('*');
            let chosen: Vec<&str> = EVENTS
                .into_iter()
                .filter(|known| known == event || group.is_some_and(|group| group.ends_with('.') && known.starts_with(group)))
                .collect();
            if chosen.is_empty() {
                let problem = Diagnostic::error("webhook-event", say!("không có sự kiện này", "there is no such event")).with_value(event);
                let list = EVENTS.join(", ");
                problems.push(match nearest(event, EVENTS) {
                    Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                    None => problem.remedy(say!("các sự kiện: {list}", "events: {list}")),
                });
            }
            wanted.extend(chosen.into_iter().map(str::to_owned));
        }
        wanted.sort();
        wanted.dedup();
        if events.is_empty() {
            problems.push(Diagnostic::error("webhook-event", say!("chưa chọn sự kiện nào", "no event is chosen")));
        }
        if office.store.webhooks().await?.len() >= WEBHOOKS_MAX {
            problems.push(Diagnostic::error(
                "webhook-count",
                say!("đã có {WEBHOOKS_MAX} webhook, không thêm được nữa", "there are {WEBHOOKS_MAX} webhooks, and no more are taken"),
            ));
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let secret = office.store.random_bytes::<32>()?.to_vec();
        let new = Webhook {
            id: office.store.new_id().await?,
            url: url.to_owned(),
            events: wanted,
            secret,
            organisation: maker.organisation.clone(),
            created_by: maker.name.clone(),
            created_at: 0,
        };
        office.store.add_webhook(&new).await?;
        let text = signature::secret_text(&new.secret);
        Ok((office.store.webhook(&new.id).await?, text))
    }

    /// Subscriptions that `asker` sees, the oldest first.
    pub async fn webhooks(&self, office: &Office, asker: &Principal) -> Result<Vec<Webhook>, AppError> {
        let mut all = office.store.webhooks().await?;
        all.retain(|webhook| asker.sees(webhook.organisation.as_deref()));
        Ok(all)
    }

    /// One subscription that `asker` sees, with its latest calls.
    pub async fn webhook(&self, office: &Office, id: &str, asker: &Principal) -> Result<(Webhook, Vec<Call>), AppError> {
        match office.store.webhook(id).await {
            Ok(webhook) if asker.sees(webhook.organisation.as_deref()) => Ok((webhook, office.store.webhook_calls(id, CALLS_SHOWN).await?)),
            Ok(_) => Err(StoreError::Unknown { what: format!("webhook {id}") }.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a subscription that `asker` sees, with the calls that it still waits for.
    pub async fn remove_webhook(&self, office: &Office, id: &str, asker: &Principal) -> Result<(), AppError> {
        self.webhook(office, id, asker).await?;
        Ok(office.store.remove_webhook(id, &asker.name).await?)
    }

    /// Tells webhooks until `stop` turns true.
    pub(super) async fn keep_telling(&self, office: Arc<Office>, stop: Receiver<bool>) {
        let web = self.workspace.config.fetch.clone();
        Arc::new(Notifier { store: office.store.clone(), web, language: Language::Vietnamese }).serve(stop).await;
    }
}

/// What is wrong with an address; the words for fetching do not fit calling.
fn said_of(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::Host(host) => say!("chưa được phép gọi “{host}”", "calling `{host}` is not allowed"),
        other => other.describe(),
    }
}
