//! What follows a message that was certainly not accepted.
//!
//! Owns the pauses that a reply asks for, which are the relay's and cost no message its life, and when a message is tried again
//! or given up.

use std::time::Duration;

use super::{ACCOUNT_PAUSE, QUOTA_PAUSE, Sender, SenderError, link, milliseconds};
use crate::delivery::backoff::{Next, Route, Schedule, relay_pause};
use crate::delivery::cause::Cause;
use crate::delivery::classify::{Action, Scope, Seen, classify};
use crate::delivery::state::{Event, FailReason};
use crate::diagnostic::Diagnostic;
use crate::mail::conversation::Peer;
use crate::message::letter::{Attach, Frozen};
use crate::metrics;
use crate::store::attempts::Answer;
use crate::store::deliveries::{Leased, Note};

/// What is kept of an answer.
pub(super) fn answer(reply: String, peer: Option<&Peer>) -> Answer {
    let tls = peer.and_then(|peer| peer.tls.clone());
    Answer {
        reply,
        peer: peer.map(|peer| peer.address.to_string()).unwrap_or_default(),
        tls: tls.as_ref().map(|tls| tls.version.clone()).unwrap_or_default(),
        certificate: tls.map(|tls| tls.certificate_sha256).unwrap_or_default(),
    }
}

impl Sender {
    /// What follows a message that was certainly not accepted.
    pub(super) async fn refused(&self, leased: &Leased, route: Route, seen: &Seen, peer: Option<&Peer>) -> Result<(), SenderError> {
        let verdict = classify(seen, leased.link_until.is_some());
        metrics::DELIVERY_ATTEMPTS.count(verdict.scope.name());
        let reply = seen.describe().in_language(self.language).to_owned();
        let reason = verdict.describe().in_language(self.language).to_owned();
        let verbatim = if let Seen::Refused { reply, .. } = seen { reply.to_string() } else { reply.clone() };
        let answer = answer(verbatim, peer);
        let note = Note { reply: &reply, reason: &reason, cause: Some(Cause::of(seen, verdict)), answer: Some(&answer) };
        // The relay's troubles are no attempt of the message: it is due again as soon as the relay is.
        let waits = Event::Retry { next_at: leased.now, charged: false };
        let event = match verdict.action {
            Action::SendLink => return self.too_large(leased, note).await,
            Action::Retry | Action::RetryThreeDays => {
                let full = verdict.scope == Scope::Recipient && verdict.action == Action::RetryThreeDays;
                self.next_try(leased, route, full).await?
            }
            Action::BackOffRelay => {
                self.back_off(&leased.relay, verdict.scope.name(), &reason).await?;
                waits
            }
            Action::PauseUntilWindow => {
                self.store.pause_relay(&leased.relay, QUOTA_PAUSE, verdict.scope.name(), &reason).await?;
                waits
            }
            Action::PauseSender => {
                self.store.pause_relay(&leased.relay, ACCOUNT_PAUSE, verdict.scope.name(), &reason).await?;
                waits
            }
            Action::FailAndSuppress => {
                self.store.fail_and_suppress(&leased.id, leased.epoch, note).await?;
                return Ok(());
            }
            Action::Fail | Action::Uncertain => Event::Fail { reason: FailReason::Permanent },
        };
        self.store.step_delivery(&leased.id, leased.epoch, event, note).await?;
        Ok(())
    }

    /// Leaves a relay alone, the longer the more often it has failed in a row.
    pub(super) async fn back_off(&self, relay: &str, scope: &str, reason: &str) -> Result<(), SenderError> {
        let chance = self.chance()?;
        self.store.back_off(relay, scope, reason, |failures| milliseconds(relay_pause(failures, chance))).await?;
        Ok(())
    }

    /// The relay's secret or certificates cannot be read: nothing is sent by it until somebody has looked.
    pub(super) async fn unfit(&self, leased: &Leased, problems: &[Diagnostic]) -> Result<(), SenderError> {
        metrics::DELIVERY_ATTEMPTS.count(Scope::Account.name());
        let reason = problems.iter().map(|problem| problem.message.in_language(self.language)).collect::<Vec<_>>().join("; ");
        self.store.pause_relay(&leased.relay, ACCOUNT_PAUSE, Scope::Account.name(), &reason).await?;
        let event = Event::Retry { next_at: leased.now, charged: false };
        self.store
            .step_delivery(&leased.id, leased.epoch, event, Note { reason: &reason, cause: Some(Cause::SignIn), ..Note::default() })
            .await?;
        Ok(())
    }

    /// A message that is too large for the relay goes again at once with a link, when there is a place that links lead to.
    async fn too_large(&self, leased: &Leased, note: Note<'_>) -> Result<(), SenderError> {
        let may_link = serde_json::from_str::<Frozen>(&leased.message).is_ok_and(|frozen| frozen.attach != Attach::Attach);
        if !may_link || self.links.is_none() {
            let reason = "thư quá lớn; để gửi liên kết thay tệp: khai báo [service] url = \"https://…\", [mail] attach = \"auto\"";
            return self.end(leased, Note { reason, ..note }).await;
        }
        if self.store.carry_links(&leased.id, leased.epoch, link::end_of_links(leased.now)).await? {
            let event = Event::Retry { next_at: leased.now, charged: false };
            self.store.step_delivery(&leased.id, leased.epoch, event, note).await?;
        }
        Ok(())
    }

    /// Counts a failure that may pass, and waits as the schedule says.
    pub(super) async fn try_again(&self, leased: &Leased, route: Route, note: Note<'_>) -> Result<(), SenderError> {
        let event = self.next_try(leased, route, false).await?;
        self.store.step_delivery(&leased.id, leased.epoch, event, note).await?;
        Ok(())
    }

    /// What follows a failure that counts. Only the waits of the message's own schedule are of its life: neither a day's quota
    /// nor a relay that is away makes it old.
    async fn next_try(&self, leased: &Leased, route: Route, full_mailbox: bool) -> Result<Event, SenderError> {
        let milliseconds_of = |time: i64| Duration::from_millis(u64::try_from(time).unwrap_or(0));
        let schedule = Schedule::of(route).expiring_after(milliseconds_of(leased.life));
        let schedule = if full_mailbox { schedule.for_full_mailbox() } else { schedule };
        Ok(match schedule.next(leased.attempts, milliseconds_of(leased.waited), self.chance()?) {
            Next::After(wait) => Event::Retry { next_at: self.store.now().await? + milliseconds(wait), charged: true },
            Next::Expired => Event::Fail { reason: FailReason::Expired },
        })
    }

    pub(super) async fn fail(&self, leased: &Leased, cause: Cause, reason: &str) -> Result<(), SenderError> {
        self.end(leased, Note { reason, cause: Some(cause), ..Note::default() }).await
    }

    async fn end(&self, leased: &Leased, note: Note<'_>) -> Result<(), SenderError> {
        let event = Event::Fail { reason: FailReason::Permanent };
        self.store.step_delivery(&leased.id, leased.epoch, event, note).await?;
        Ok(())
    }
}
