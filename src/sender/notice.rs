//! A message of the program itself to an operator, beside the outbox: it must go when the outbox stands still.
//!
//! Owns one attempt by one transport. Whoever calls it keeps what could not be sent and tries again.

use std::convert::Infallible;

use super::{ACCOUNT_PAUSE, QUOTA_PAUSE, Sender, SenderError, Transport};
use crate::delivery::classify::{Action, Seen, classify};
use crate::mail::conversation::{Conversation, Outcome, Outgoing};
use crate::message::address::Address;
use crate::message::letter::{Carried, Frozen};

/// The message did not go.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// There is no such relay, or the message cannot be made.
    #[error("the message cannot be made")]
    Unfit,
    /// The folder of `.eml` files.
    #[error(transparent)]
    Folder(#[from] crate::mail::folder::FolderError),
    /// The relay did not take it.
    #[error("the relay does not take the message")]
    Relay(Seen),
}

impl NoticeError {
    /// Is it worth trying again later?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unfit => false,
            Self::Folder(error) => error.is_transient(),
            Self::Relay(_) => true,
        }
    }
}

impl Sender {
    /// Sends `message` under `id` by the transport `relay`. An answer that is lost counts as sent: a second copy to an
    /// operator says nothing new.
    pub async fn notify(&self, relay: &str, id: &str, message: &Frozen) -> Result<(), NoticeError> {
        let composed = message.compose(id, &Carried::Files(&[])).map_err(|_| NoticeError::Unfit)?;
        let address = |text: &str| Address::parse(text).map_err(|_| NoticeError::Unfit);
        let (from, to) = (address(&message.from)?, address(&message.to)?);
        match self.transports.get(relay).ok_or(NoticeError::Unfit)? {
            Transport::Folder(folder) => Ok(folder.leave(id, &to, &composed.bytes).map(|_| ())?),
            Transport::Relay(server) => {
                let endpoint = server.endpoint().map_err(|_| NoticeError::Unfit)?;
                let mut conversation = match Conversation::open(&endpoint, &self.helo, self.deadlines).await {
                    Ok(conversation) => conversation,
                    Err(seen) => return Err(self.refused_notice(relay, seen).await),
                };
                let outgoing = Outgoing { return_path: &from, recipient: &to, bytes: &composed.bytes };
                let Ok(outcome) = conversation.send(outgoing, || async { Ok::<_, Infallible>(true) }).await;
                conversation.close().await;
                match outcome {
                    Outcome::NotAccepted { seen, .. } => Err(self.refused_notice(relay, seen).await),
                    Outcome::Accepted { .. } | Outcome::Uncertain { .. } | Outcome::Withheld => Ok(()),
                }
            }
        }
    }

    /// A password that was refused is not tried again for an alert either.
    async fn refused_notice(&self, relay: &str, seen: Seen) -> NoticeError {
        let verdict = classify(&seen, true);
        let pause = match verdict.action {
            Action::PauseSender => Some(ACCOUNT_PAUSE),
            Action::PauseUntilWindow => Some(QUOTA_PAUSE),
            _ => None,
        };
        if let Some(pause) = pause {
            // Should the store be away, the next try is a minute from now.
            let _ = self.store.pause_relay(relay, pause, verdict.scope.name(), verdict.describe().in_language(self.language)).await;
        }
        NoticeError::Relay(seen)
    }

    /// Transports in the order in which a message of the program tries them: `first`, the other relays, then the folder when
    /// it was asked for; none that is being left alone now.
    pub async fn notice_routes(&self, first: &str) -> Result<Vec<String>, SenderError> {
        let paused: Vec<String> = self.store.pauses().await?.into_iter().map(|pause| pause.relay).collect();
        let mut routes = vec![first.to_owned()];
        let relays = self.transports.iter().filter(|(_, transport)| matches!(transport, Transport::Relay(_)));
        routes.extend(relays.map(|(name, _)| name.clone()).filter(|name| name != first));
        routes.retain(|name| !paused.contains(name));
        Ok(routes)
    }
}
