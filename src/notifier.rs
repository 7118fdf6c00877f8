//! The loop that tells webhooks: takes calls that are due, makes them, and notes how they went.
//!
//! Owns what a call says, when it is tried again and when it is given up. A call may reach its receiver twice, always with the
//! same id and the same body: a receiver that has seen the id leaves it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use crate::access::signature;
use crate::failpoint;
use crate::language::Language;
use crate::scheduler::instant;
use crate::source::post::post;
use crate::source::{SystemResolver, Web};
use crate::store::webhooks::{ClaimedCall, Tried};
use crate::store::{Store, StoreError};

/// Waits between tries, in milliseconds: eight tries within 24 hours.
const WAITS: [i64; 7] = [60_000, 5 * 60_000, 15 * 60_000, 3_600_000, 3 * 3_600_000, 6 * 3_600_000, 13 * 3_600_000];
/// Calls made at once.
const CALLS: u32 = 8;
/// Between two looks for calls that are due.
const LOOK: Duration = Duration::from_millis(500);
/// Between two clearings of calls that ended long ago.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// Everything that calls are made with.
#[derive(Debug)]
pub struct Notifier {
    /// The office's memory.
    pub store: Store,
    /// `[fetch]`: the hosts that may be called.
    pub web: Web,
    /// Language of the reasons noted with a call.
    pub language: Language,
}

impl Notifier {
    /// Calls until `stop` turns true. A store that is away is asked again.
    pub async fn serve(self: Arc<Self>, mut stop: Receiver<bool>) {
        let mut forgotten: Option<tokio::time::Instant> = None;
        while !*stop.borrow() {
            let made = self.call_what_is_due(&stop).await;
            if let Err(error) = &made {
                tracing::error!(event = "webhook.store", transient = error.is_transient());
            }
            if forgotten.is_none_or(|at| at.elapsed() >= FORGET_EVERY) && self.store.forget_calls().await.is_ok() {
                forgotten = Some(tokio::time::Instant::now());
            }
            if !matches!(made, Ok(1..)) {
                let _ = tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await;
            }
        }
    }

    /// Makes the calls that are due now; how many there were.
    async fn call_what_is_due(self: &Arc<Self>, stop: &Receiver<bool>) -> Result<usize, StoreError> {
        let claimed = self.store.claim_calls(CALLS).await?;
        let count = claimed.len();
        let mut calls = JoinSet::new();
        for call in claimed {
            if *stop.borrow() {
                self.store.give_back_call(&call).await?;
                continue;
            }
            let notifier = Arc::clone(self);
            calls.spawn(async move { notifier.call(&call).await });
        }
        let mut noted = Ok(count);
        while let Some(ended) = calls.join_next().await {
            // A call whose task panicked runs out of its hold and is made again; one that was made is brought home.
            if let Ok(Err(error)) = ended {
                noted = Err(error);
            }
        }
        noted
    }

    async fn call(&self, call: &ClaimedCall) -> Result<(), StoreError> {
        let body = body_of(call);
        let time = call.now / 1_000;
        let headers = [
            ("webhook-id", call.id.clone()),
            ("webhook-timestamp", time.to_string()),
            ("webhook-signature", signature::sign(&call.webhook.secret, &call.id, time, &body)),
        ];
        failpoint::pass("webhook.call").map_err(|source| StoreError::File { path: "webhook.call".into(), source })?;
        let again = WAITS.get(usize::try_from(call.attempts).unwrap_or(usize::MAX).saturating_sub(1)).copied();
        match post(&call.webhook.url, &headers, body, &self.web, &SystemResolver).await {
            Ok(status @ 200..300) => self.store.end_call(call, Tried::Done { status }).await,
            Ok(status) => self.store.end_call(call, Tried::Failed { status: Some(status), reason: "", again }).await,
            Err(error) => {
                let said = error.describe();
                self.store.end_call(call, Tried::Failed { status: None, reason: said.in_language(self.language), again }).await
            }
        }
    }
}

/// What a call says, the same at every try.
fn body_of(call: &ClaimedCall) -> Vec<u8> {
    let data: Value = serde_json::from_str(&call.data).unwrap_or_default();
    json!({ "id": call.id, "type": call.event, "time": instant(call.created_at).to_string(), "data": data }).to_string().into_bytes()
}
