//! The loop that sends: from the outbox to a relay or a folder, one recipient at a time.
//!
//! Owns the order of the three commits around the conversation (claim, intent, result), the pauses that a reply asks for, and
//! what follows an outcome that nobody can know. A sender may die at any moment: before the intent its messages wait again;
//! after it they are uncertain, and shown so.

pub mod bounce;
pub mod link;
pub mod notice;
pub mod queue;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinSet;

use crate::delivery::backoff::{Next, Route, Schedule, relay_pause, uncertain_wait};
use crate::delivery::cause::Cause;
use crate::delivery::classify::{Action, Scope, Seen, Verdict, classify};
use crate::delivery::state::{Event, FailReason, OnUncertain};
use crate::failpoint;
use crate::language::Language;
use crate::mail::conversation::{Conversation, Deadlines, Outcome, Outgoing};
use crate::mail::folder::MailFolder;
use crate::mail::relay::Endpoint;
use crate::message::address::Address;
use crate::message::letter::{Attach, Carried, Frozen};
use crate::message::return_path::ReturnPaths;
use crate::metrics;
use crate::storage::{Objects, StorageError, hash_bytes};
use crate::store::deliveries::{Leased, Note};
use crate::store::senders::Limits;
use crate::store::waking::Topic;
use crate::store::{Store, StoreError};

/// Deliveries claimed at once.
const CLAIM: u32 = 32;
/// Connections to one relay at once.
const CONNECTIONS: usize = 4;
/// Messages by one connection; many servers close after a hundred.
const MESSAGES_A_CONNECTION: u32 = 90;
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
    Relay {
        /// How it is reached.
        endpoint: Box<Endpoint>,
        /// Who owns the days of retrying.
        route: Route,
    },
    /// A folder of `.eml` files.
    Folder(MailFolder),
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

/// Idle connections by relay.
type Idle = Arc<Mutex<BTreeMap<String, Vec<Conversation>>>>;

impl Sender {
    /// Sends until `stop`; with `until_idle`, until nothing is due any more.
    pub async fn run(self: &Arc<Self>, stop: &watch::Receiver<bool>, until_idle: bool) -> Result<(), SenderError> {
        let owner = self.store.new_owner().await?;
        let beat = tokio::spawn({
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
        beat.abort();
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
            let none = claimed.is_empty();
            for leased in claimed {
                let permit = Arc::clone(places).acquire_owned().await.map_err(|_| SenderError::Task)?;
                let (sender, idle) = (Arc::clone(self), Arc::clone(idle));
                tasks.spawn(async move {
                    let result = sender.deliver(&leased, &idle).await;
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
                if until_idle {
                    break;
                }
                waiting.rest(&mut stop.clone(), LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    async fn deliver(&self, leased: &Leased, idle: &Idle) -> Result<(), SenderError> {
        // Failures of those before it may have held its batch since it was claimed.
        if self.store.is_mail_held(&leased.id).await? {
            return self.give_back(leased).await;
        }
        let Ok(frozen) = serde_json::from_str::<Frozen>(&leased.message) else {
            return self.fail(leased, Cause::Damaged, "nội dung thư trong sổ bị hỏng").await;
        };
        let Ok(recipient) = Address::parse(&leased.recipient) else {
            return self.fail(leased, Cause::AddressForm, "địa chỉ không dùng được").await;
        };
        if !self.allows(recipient.domain()) {
            return self.fail(leased, Cause::Settings, "tên miền người nhận không nằm trong allow_domains").await;
        }
        let enclosed = self.store.enclosed(&leased.id).await?;
        let mut link_until = leased.link_until;
        if link_until.is_none() && frozen.attach == Attach::Link && self.links.is_some() {
            let until = link::end_of_links(leased.now);
            if !self.store.carry_links(&leased.id, leased.epoch, until).await? {
                return Ok(());
            }
            link_until = Some(until);
        }
        let links = match (link_until, &self.links) {
            (Some(until), Some(links)) => Some((links.of(&self.store, &leased.id, &enclosed, until).await?, link::last_day(until))),
            (None, _) if frozen.attach != Attach::Link => None,
            _ => return self.fail(leased, Cause::Settings, "thiếu [service] url để gửi liên kết thay tệp").await,
        };
        let mut files = Vec::new();
        for (document, name) in enclosed.iter().filter(|_| links.is_none()) {
            let path = self.objects.path(&document.object);
            let bytes = std::fs::read(&path).map_err(|source| StorageError::Read { path, source })?;
            // A document that is not what was stored is nobody's: it must not reach anyone.
            if hash_bytes(&bytes) != document.sha256 {
                return self.fail(leased, Cause::Damaged, "tệp văn bản trong kho không còn nguyên vẹn").await;
            }
            files.push((name.clone(), bytes));
        }
        let carried = match &links {
            Some((links, last_day)) => Carried::Links(links, *last_day),
            None => Carried::Files(&files),
        };
        let composed = match frozen.compose(&leased.id, &carried) {
            Ok(composed) => composed,
            Err(problems) => {
                let reason = problems.iter().map(|problem| problem.message.in_language(self.language)).collect::<Vec<_>>().join("; ");
                return self.fail(leased, Cause::Content, &reason).await;
            }
        };
        match self.transports.get(&leased.relay) {
            None => self.fail(leased, Cause::Settings, &format!("vanthu.toml không còn máy chủ thư “{}”", leased.relay)).await,
            Some(Transport::Folder(folder)) => self.leave(leased, folder, &recipient, &composed.bytes).await,
            Some(Transport::Relay { endpoint, route }) => {
                let from = Address::parse(&frozen.from).ok();
                let return_path = self.return_paths.as_ref().and_then(|paths| paths.of(&leased.id)).or(from);
                let Some(return_path) = return_path else {
                    return self.fail(leased, Cause::Settings, "địa chỉ người gửi không dùng được").await;
                };
                let outgoing = Outgoing { return_path: &return_path, recipient: &recipient, bytes: &composed.bytes };
                self.send(leased, endpoint, *route, outgoing, idle).await
            }
        }
    }

    /// A folder keeps one file for each delivery, so that a second attempt makes no second copy.
    async fn leave(&self, leased: &Leased, folder: &MailFolder, recipient: &Address, bytes: &[u8]) -> Result<(), SenderError> {
        if !self.store.intend(&leased.id, leased.epoch).await? {
            return self.give_back(leased).await;
        }
        passed("folder.intended")?;
        let left = tokio::task::block_in_place(|| folder.leave(&leased.id, recipient, bytes));
        let (event, reply) = match left {
            Ok(path) => {
                metrics::DELIVERY_ATTEMPTS.count("accepted");
                (Event::Accept, path.display().to_string())
            }
            Err(error) => {
                metrics::DELIVERY_ATTEMPTS.count("folder");
                let next_at = leased.now + milliseconds(relay_pause(leased.attempts, self.chance()?));
                (Event::Retry { next_at, charged: false }, crate::diagnostic::chain(&error))
            }
        };
        passed("folder.left")?;
        self.store.step_delivery(&leased.id, leased.epoch, event, Note { reply: &reply, ..Note::default() }).await?;
        Ok(())
    }

    async fn send(
        &self,
        leased: &Leased,
        endpoint: &Endpoint,
        route: Route,
        outgoing: Outgoing<'_>,
        idle: &Idle,
    ) -> Result<(), SenderError> {
        let kept = idle.lock().await.get_mut(&leased.relay).and_then(Vec::pop);
        let opened = match kept.filter(Conversation::is_usable) {
            Some(conversation) => Ok(conversation),
            None => Conversation::open(endpoint, &self.helo, self.deadlines).await,
        };
        let mut conversation = match opened {
            Ok(conversation) => conversation,
            Err(seen) => return self.refused(leased, route, &seen).await,
        };
        passed("sender.before_intent")?;
        let outcome = conversation
            .send(outgoing, || async {
                let intended = self.store.intend(&leased.id, leased.epoch).await?;
                passed("sender.intended")?;
                Ok::<bool, SenderError>(intended)
            })
            .await?;
        passed("sender.before_result")?;
        match outcome {
            Outcome::Accepted { reply, peer } => {
                let shown = format!("{reply:?} {peer:?}");
                metrics::DELIVERY_ATTEMPTS.count("accepted");
                self.store.step_delivery(&leased.id, leased.epoch, Event::Accept, Note { reply: &shown, ..Note::default() }).await?;
                self.store.relay_works(&leased.relay).await?;
            }
            Outcome::NotAccepted { seen, intended: _ } => self.refused(leased, route, &seen).await?,
            Outcome::Uncertain { seen } => {
                metrics::DELIVERY_ATTEMPTS.count("uncertain");
                let until = leased.now + milliseconds(uncertain_wait(self.chance()?));
                let reply = seen.describe().in_language(self.language).to_owned();
                let note = Note { reply: &reply, reason: "có thể đã gửi", cause: Some(Cause::AnswerLost) };
                self.store.lose_answer(&leased.id, leased.epoch, until, note).await?;
            }
            Outcome::Withheld => {
                metrics::FENCED_WRITES.count("delivery");
                self.give_back(leased).await?;
            }
        }
        passed("sender.result")?;
        if conversation.is_usable() && conversation.messages() < MESSAGES_A_CONNECTION {
            idle.lock().await.entry(leased.relay.clone()).or_default().push(conversation);
        } else {
            conversation.close().await;
        }
        Ok(())
    }

    /// What follows a message that was certainly not accepted.
    async fn refused(&self, leased: &Leased, route: Route, seen: &Seen) -> Result<(), SenderError> {
        let verdict = classify(seen, leased.link_until.is_some());
        metrics::DELIVERY_ATTEMPTS.count(verdict.scope.name());
        let reply = seen.describe().in_language(self.language).to_owned();
        let reason = verdict.describe().in_language(self.language).to_owned();
        let note = Note { reply: &reply, reason: &reason, cause: Some(Cause::of(seen, verdict)) };
        if verdict.action == Action::SendLink {
            return self.too_large(leased, note).await;
        }
        let pause = self.pause_for(leased, verdict)?;
        if let Some(pause) = pause {
            self.store.pause_relay(&leased.relay, pause, verdict.scope.name(), &reason).await?;
        }
        if verdict.action == Action::FailAndSuppress {
            self.store.fail_and_suppress(&leased.id, leased.epoch, note).await?;
        } else {
            let event = self.event_for(leased, route, verdict, pause)?;
            self.store.step_delivery(&leased.id, leased.epoch, event, note).await?;
        }
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

    fn pause_for(&self, leased: &Leased, verdict: Verdict) -> Result<Option<i64>, SenderError> {
        Ok(match verdict.action {
            Action::BackOffRelay => Some(milliseconds(relay_pause(leased.attempts, self.chance()?))),
            Action::PauseUntilWindow => Some(QUOTA_PAUSE),
            Action::PauseSender => Some(ACCOUNT_PAUSE),
            _ => None,
        })
    }

    fn event_for(&self, leased: &Leased, route: Route, verdict: Verdict, pause: Option<i64>) -> Result<Event, SenderError> {
        let age = Duration::from_millis(u64::try_from(leased.now - leased.created_at).unwrap_or(0));
        let life = Duration::from_millis(u64::try_from(leased.expires_at - leased.created_at).unwrap_or(0));
        let schedule = Schedule::of(route).expiring_after(life);
        Ok(match verdict.action {
            Action::BackOffRelay | Action::PauseSender | Action::PauseUntilWindow if leased.now < leased.expires_at => {
                Event::Retry { next_at: leased.now + pause.unwrap_or_default(), charged: false }
            }
            Action::Retry | Action::RetryThreeDays => {
                let schedule = if verdict.scope == Scope::Recipient && verdict.action == Action::RetryThreeDays {
                    schedule.for_full_mailbox()
                } else {
                    schedule
                };
                match schedule.next(leased.attempts, age, self.chance()?) {
                    Next::After(wait) => Event::Retry { next_at: leased.now + milliseconds(wait), charged: true },
                    Next::Expired => Event::Fail { reason: FailReason::Expired },
                }
            }
            Action::BackOffRelay | Action::PauseSender | Action::PauseUntilWindow => Event::Fail { reason: FailReason::Expired },
            Action::SendLink | Action::Fail | Action::FailAndSuppress | Action::Uncertain => Event::Fail { reason: FailReason::Permanent },
        })
    }

    /// What may not be sent after all waits again, where it is still this sender's: its next claim says why.
    async fn give_back(&self, leased: &Leased) -> Result<(), SenderError> {
        let event = Event::Release { next_at: leased.now };
        self.store.step_delivery(&leased.id, leased.epoch, event, Note::default()).await?;
        Ok(())
    }

    async fn fail(&self, leased: &Leased, cause: Cause, reason: &str) -> Result<(), SenderError> {
        self.end(leased, Note { reply: "", reason, cause: Some(cause) }).await
    }

    async fn end(&self, leased: &Leased, note: Note<'_>) -> Result<(), SenderError> {
        let event = Event::Fail { reason: FailReason::Permanent };
        self.store.step_delivery(&leased.id, leased.epoch, event, note).await?;
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
