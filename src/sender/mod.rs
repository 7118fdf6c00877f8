//! The loop that sends: from the outbox to a relay or a folder, one recipient at a time.
//!
//! Owns the loop: claiming, how many go at once, and bringing home what is under way. One message is `attempt`'s, what follows a
//! refusal is `verdict`'s. A sender may die at any moment: before the intent its messages wait again; after it they are
//! uncertain, and shown so.

mod attempt;
pub mod bounce;
pub mod link;
pub mod notice;
pub mod queue;
mod verdict;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinSet;

use crate::delivery::backoff::uncertain_wait;
use crate::delivery::state::OnUncertain;
use crate::diagnostic::Diagnostic;
use crate::failpoint;
use crate::language::Language;
use crate::mail::conversation::{Conversation, Deadlines};
use crate::mail::folder::MailFolder;
use crate::mail::relay::{Endpoint, Relay};
use crate::message::return_path::ReturnPaths;
use crate::metrics;
use crate::storage::{Objects, StorageError};
use crate::store::rates::Limits;
use crate::store::waking::Topic;
use crate::store::{Store, StoreError};

/// Deliveries claimed at once.
const CLAIM: u32 = 32;
/// Connections to one relay at once.
const CONNECTIONS: usize = 4;
/// Longest wait before looking again whether there is work.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// A quota's window opens within a day; looked at again by the hour.
const QUOTA_PAUSE: i64 = 60 * 60 * 1_000;
/// A refused account waits for an operator; tried again by the day in case nobody comes.
const ACCOUNT_PAUSE: i64 = 24 * 60 * 60 * 1_000;

/// Where messages go.
#[derive(Debug)]
pub enum Transport {
    /// A server.
    Relay(Box<Server>),
    /// A folder of `.eml` files.
    Folder(MailFolder),
}

/// A relay as the configuration declares it. Its secret and its certificates are read whenever a connection opens, so that a
/// corrected password counts from the next one on.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name in the configuration.
    pub name: String,
    /// What the configuration says.
    pub relay: Relay,
    /// The folder that its files are relative to.
    pub folder: PathBuf,
    /// Looks up a variable of the environment.
    pub environment: fn(&str) -> Option<String>,
}

impl Server {
    /// How it is reached now; what is wrong with its keys, its secret or its certificates otherwise.
    pub fn endpoint(&self) -> Result<Endpoint, Vec<Diagnostic>> {
        self.relay.endpoint(&self.name, &self.folder, self.environment)
    }
}

/// Everything that a process sends with.
#[derive(Debug)]
pub struct Sender {
    /// The office's memory.
    pub store: Store,
    /// The documents' bytes.
    pub objects: Arc<Objects>,
    /// Transports by name.
    pub transports: BTreeMap<String, Transport>,
    /// Rates.
    pub limits: Limits,
    /// What follows an uncertain outcome.
    pub on_uncertain: OnUncertain,
    /// Return paths that say whose a bounce is; the sender's own address when there are none.
    pub return_paths: Option<ReturnPaths>,
    /// Where links lead that stand in the place of large files; files only when there are none.
    pub links: Option<link::Links>,
    /// Name of this machine in EHLO, when a relay's configuration gives none.
    pub helo: String,
    /// How long each step of a conversation may take.
    pub deadlines: Deadlines,
    /// Domains that may be written to; all when it is empty.
    pub allow_domains: Vec<String>,
    /// Language of the reasons noted with a delivery.
    pub language: Language,
}

/// The sender cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document's bytes.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers")]
    Random,
    /// A task panicked: a bug.
    #[error("a task of the sender ended unexpectedly")]
    Task,
}

impl SenderError {
    /// Is it worth trying again later?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Storage(error) => error.is_transient(),
            Self::Random | Self::Task => false,
        }
    }
}

/// Once a stop was asked for; never, when nobody can ask any more.
async fn stopped(stop: &watch::Receiver<bool>) {
    if stop.clone().wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Idle connections by relay.
type Idle = Arc<Mutex<BTreeMap<String, Vec<Conversation>>>>;

impl Sender {
    /// Sends until `stop`; with `until_idle`, until nothing is due any more.
    pub async fn run(self: &Arc<Self>, stop: &watch::Receiver<bool>, until_idle: bool) -> Result<(), SenderError> {
        let owner = self.store.new_owner().await?;
        // Ends with this run, also when that is cut short.
        let mut beat = JoinSet::new();
        beat.spawn({
            let (sender, owner) = (Arc::clone(self), owner.clone());
            async move {
                loop {
                    tokio::time::sleep(sender.store.beat_every()).await;
                    // A store that is away is away for the loop too, which says so.
                    let _ = sender.store.beat_deliveries(&owner).await;
                    let _ = sender.rescue(false).await;
                }
            }
        });
        let result = self.work(&owner, stop, until_idle).await;
        beat.shutdown().await;
        self.store.give_back_deliveries(&owner).await?;
        result
    }

    /// Ends what senders that died left behind. `alone`: no other process works on the store.
    pub async fn rescue(&self, alone: bool) -> Result<(), SenderError> {
        let now = self.store.now().await?;
        let wait = milliseconds(uncertain_wait(self.chance()?));
        let (released, lost) = self.store.rescue_deliveries(alone, now + wait).await?;
        metrics::LEASES_LOST.add("delivery", released + lost);
        Ok(())
    }

    async fn work(self: &Arc<Self>, owner: &str, stop: &watch::Receiver<bool>, until_idle: bool) -> Result<(), SenderError> {
        let idle: Idle = Arc::default();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut tasks: JoinSet<Result<(), SenderError>> = JoinSet::new();
        let sent = self.send_what_is_due(owner, stop, until_idle, &idle, &places, &mut tasks).await;
        // What has passed its intent is always brought home, also when another message failed.
        let mut home = Ok(());
        while let Some(done) = tasks.join_next().await {
            home = home.and(done.map_err(|_| SenderError::Task).flatten());
        }
        for conversation in std::mem::take(&mut *idle.lock().await).into_values().flatten() {
            conversation.close().await;
        }
        sent.and(home)
    }

    async fn send_what_is_due(
        self: &Arc<Self>,
        owner: &str,
        stop: &watch::Receiver<bool>,
        until_idle: bool,
        idle: &Idle,
        places: &Arc<Semaphore>,
        tasks: &mut JoinSet<Result<(), SenderError>>,
    ) -> Result<(), SenderError> {
        let mut waiting = self.store.waiting(&[Topic::Delivery, Topic::Batch]);
        while !*stop.borrow() {
            queue::queue_pending(&self.store).await?;
            self.store.settle(self.on_uncertain).await?;
            let claimed = self.store.claim_deliveries(owner, CLAIM, &self.limits).await?;
            let none = claimed.deliveries.is_empty();
            for leased in claimed.deliveries {
                let permit = tokio::select! {
                    permit = Arc::clone(places).acquire_owned() => permit.map_err(|_| SenderError::Task)?,
                    // What is left of the claim is given back.
                    () = stopped(stop) => break,
                };
                let (sender, idle, stop) = (Arc::clone(self), Arc::clone(idle), stop.clone());
                tasks.spawn(async move {
                    let result = sender.deliver(&leased, &idle, &stop).await;
                    drop(permit);
                    result
                });
                while let Some(done) = tasks.try_join_next() {
                    done.map_err(|_| SenderError::Task)??;
                }
            }
            if none {
                // What comes home may be due again at once, such as with a link.
                let mut came_home = false;
                while let Some(done) = tasks.join_next().await {
                    done.map_err(|_| SenderError::Task)??;
                    came_home = true;
                }
                if came_home {
                    continue;
                }
                if until_idle && claimed.passed_over == 0 {
                    break;
                }
                if until_idle {
                    continue;
                }
                waiting.rest(&mut stop.clone(), LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    fn allows(&self, domain: &str) -> bool {
        let below = |allowed: &String| domain == allowed || domain.strip_suffix(allowed.as_str()).is_some_and(|rest| rest.ends_with('.'));
        self.allow_domains.is_empty() || self.allow_domains.iter().any(below)
    }

    /// A number between 0 and 1, to scatter what would otherwise happen all at once.
    fn chance(&self) -> Result<f64, SenderError> {
        let mut bytes = [0; 4];
        SystemRandom::new().fill(&mut bytes).map_err(|_| SenderError::Random)?;
        Ok(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
    }
}

/// A place at which a test makes the sender fail as a disk does.
fn passed(name: &'static str) -> Result<(), StorageError> {
    failpoint::pass(name).map_err(|source| StorageError::Write { path: PathBuf::from(name), source })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
