//! Schedules on their way: which slots have come, and carrying them out.
//!
//! Owns the loop. Each schedule has at most one occurrence under way, and none waits for that of another. Each slot becomes a row, run or not, in the transaction that moves the considered instant on; a due one is
//! claimed under a lease, so that any number of schedulers may run on one database and any of them may die. What an
//! occurrence does is its [`Work`]'s; time is the database's, or a test's.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::watch::Receiver;

use crate::failpoint;
use crate::schedule::Schedule;
use crate::schedule::holidays::Calendar;
use crate::schedule::occurrence::{Policy, Skip, State, decide};
use crate::schedule::recurrence::Recurrence;
use crate::store::schedules::{ClaimedOccurrence, Considered, Considering, NewOccurrence};
use crate::store::{Store, StoreError};

/// How often it is looked whether a slot has come.
const LOOK: Duration = Duration::from_secs(1);

/// Why a slot was skipped, beside the reasons of [`Skip`].
const PAUSED: &str = "paused";
const DISABLED: &str = "disabled";

/// One schedule, ready to be asked.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its rule as the configuration has it.
    pub timing: Schedule,
    /// Its rule.
    pub rule: Recurrence,
    /// How it meets pauses.
    pub policy: Policy,
    /// Does it fire? Its slots get their rows anyhow.
    pub enabled: bool,
}

/// How carrying out an occurrence ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Done {
        /// What came of it, for the list.
        reason: String,
        /// The files, by hash, that were reported.
        reported: Vec<String>,
    },
    /// Badly.
    Failed {
        /// Why, for the list.
        reason: String,
        /// The files, by hash, that were reported all the same.
        reported: Vec<String>,
    },
    /// The process is stopping; whoever comes next goes on with it.
    Stopped,
}

/// What an operator must hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert<'a> {
    /// Slots did not run.
    Missed {
        /// The schedule.
        schedule: &'a str,
        /// How many slots.
        slots: u64,
    },
    /// A run failed.
    Failed {
        /// The schedule.
        schedule: &'a str,
        /// The slot, milliseconds since 1970.
        scheduled_for: i64,
        /// Why.
        reason: &'a str,
    },
}

/// A future of [`Work`].
pub type Working<'a> = Pin<Box<dyn Future<Output = Result<Ending, StoreError>> + Send + 'a>>;

/// What occurrences do.
pub trait Work: Send + Sync {
    /// Carries out an occurrence; called again for the same one when an earlier holder died at it.
    fn carry_out<'a>(&'a self, occurrence: &'a ClaimedOccurrence) -> Working<'a>;
    /// Tells the operator.
    fn alert(&self, alert: Alert<'_>);
}

/// The schedules of a scheduler, which may be changed under it.
#[derive(Debug, Default)]
pub struct Entries(RwLock<Vec<Entry>>);

impl From<Vec<Entry>> for Entries {
    fn from(entries: Vec<Entry>) -> Self {
        Self(RwLock::new(entries))
    }
}

impl Entries {
    /// As they are now.
    pub fn now(&self) -> Vec<Entry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts others in their place, from the next look on.
    pub fn replace(&self, entries: Vec<Entry>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = entries;
    }
}

/// A scheduler at work on a store.
pub struct Scheduler {
    /// The office's memory.
    pub store: Store,
    /// Every schedule. They may change while it works.
    pub entries: Entries,
    /// The days off by which an edited rule is read back.
    pub calendar: Arc<Calendar>,
    /// What occurrences do.
    pub work: Arc<dyn Work>,
    /// This process, as the owner of leases.
    pub owner: String,
}

impl Entry {
    /// The rule as it is kept with the slots that were considered by it.
    pub fn definition(&self) -> String {
        serde_json::to_string(&self.timing).expect("a rule is plain data")
    }
}

impl Scheduler {
    /// Writes a row for every slot that has come since the last time; gives the rows by schedule.
    pub async fn consider(&self, now: Timestamp) -> Result<Vec<(String, Vec<NewOccurrence>)>, StoreError> {
        let known: HashMap<String, _> = self.store.schedules().await?.into_iter().map(|row| (row.name.clone(), row)).collect();
        let mut made = Vec::new();
        for entry in &self.entries.now() {
            let definition = entry.definition();
            let Some(row) = known.get(&entry.name) else {
                self.store.know_schedule(&entry.name, &definition, now.as_millisecond()).await?;
                continue;
            };
            let considered = instant(row.considered_until);
            if row.definition == definition && entry.rule.next_after(considered).is_none_or(|slot| slot > now) {
                continue;
            }
            let slots = self.store.consider(&entry.name, |state| self.decided(entry, definition, state, now)).await?;
            failpoint_passed("schedule.considered")?;
            let missed: u64 = slots.iter().filter(|slot| matches!(slot.skipped, Some("misfire" | "late"))).map(|slot| slot.slots).sum();
            if missed > 0 {
                self.work.alert(Alert::Missed { schedule: &entry.name, slots: missed });
            }
            if !slots.is_empty() {
                made.push((entry.name.clone(), slots));
            }
        }
        Ok(made)
    }

    fn decided(&self, entry: &Entry, definition: String, state: &Considering, now: Timestamp) -> Considered {
        // Slots up to an edit are those of the rule that promised them.
        let before = (state.schedule.definition != definition)
            .then(|| serde_json::from_str::<Schedule>(&state.schedule.definition).ok()?.read("", &entry.name, &self.calendar).ok())
            .flatten();
        let (rule, policy) = before.as_ref().map_or((&entry.rule, entry.policy), |(rule, policy)| (rule, *policy));
        let decision = decide(rule, policy, instant(state.schedule.considered_until), now, state.unfinished);
        let slots = decision.occurrences.iter().map(|occurrence| NewOccurrence {
            scheduled_for: occurrence.scheduled_for.as_millisecond(),
            skipped: match occurrence.state {
                _ if !entry.enabled => Some(DISABLED),
                _ if state.paused => Some(PAUSED),
                State::Skipped(Skip::Misfire) => Some("misfire"),
                State::Skipped(Skip::Overlap) => Some("overlap"),
                State::Skipped(Skip::Late) => Some("late"),
                State::Due | State::Running | State::Done | State::Failed => None,
            },
            slots: occurrence.count,
        });
        Considered { slots: slots.collect(), until: decision.considered.as_millisecond(), definition }
    }

    /// Carries out everything that is due, one after the other, the schedules in turn; how many there were.
    pub async fn work_off(&self, stop: &Receiver<bool>) -> Result<u64, StoreError> {
        let mut carried_out = 0;
        for entry in &self.entries.now() {
            if *stop.borrow() {
                break;
            }
            if let Some(claimed) = self.claim(entry).await? {
                self.carry_out(claimed).await?;
                carried_out += 1;
            }
        }
        Ok(carried_out)
    }

    /// What is due of a schedule, unless something of it is under way.
    async fn claim(&self, entry: &Entry) -> Result<Option<ClaimedOccurrence>, StoreError> {
        let claimed = self.store.claim_occurrence(&entry.name, &self.owner).await?;
        if claimed.is_some() {
            failpoint_passed("occurrence.claimed")?;
        }
        Ok(claimed)
    }

    async fn carry_out(&self, claimed: ClaimedOccurrence) -> Result<(), StoreError> {
        let claimed = &claimed;
        let beat = tokio::spawn(beat(self.store.clone(), claimed.clone()));
        let (schedule, slot) = (claimed.schedule.as_str(), claimed.scheduled_for);
        tracing::info!(event = "occurrence.run", schedule, slot);
        let ending = self.work.carry_out(claimed).await;
        beat.abort();
        failpoint_passed("occurrence.ending")?;
        match ending? {
            Ending::Done { reason, reported } => {
                self.store.end_occurrence(claimed, false, &reason, &reported).await?;
                tracing::info!(event = "occurrence.done", schedule, slot);
            }
            Ending::Failed { reason, reported } => {
                self.store.end_occurrence(claimed, true, &reason, &reported).await?;
                self.work.alert(Alert::Failed { schedule, scheduled_for: slot, reason: &reason });
            }
            Ending::Stopped => {
                self.store.give_back_occurrence(claimed).await?;
            }
        }
        Ok(())
    }

    /// Looks for slots that have come until `stop` turns true. A store that is away is asked again.
    pub async fn watch(&self, mut stop: Receiver<bool>) {
        while !*stop.borrow() {
            let seen = match self.store.now().await {
                Ok(now) => self.consider(instant(now)).await.map(|_| ()),
                Err(error) => Err(error),
            };
            if let Err(error) = seen {
                tracing::error!(event = "schedule.store", transient = error.is_transient());
            }
            rest(&mut stop).await;
        }
    }

    /// Carries out what is due until `stop` turns true, brings home what is under way, and gives back what it then holds.
    /// A schedule whose source is slow or missing holds up only itself.
    pub async fn serve(&self, mut stop: Receiver<bool>) {
        let mut under_way = FuturesUnordered::new();
        while !*stop.borrow() {
            for entry in &self.entries.now() {
                match self.claim(entry).await {
                    Ok(Some(claimed)) => under_way.push(self.carry_out(claimed)),
                    Ok(None) => {}
                    Err(error) => {
                        away(&error);
                        break;
                    }
                }
            }
            tokio::select! {
                Some(ended) = under_way.next() => {
                    if let Err(error) = ended {
                        away(&error);
                        rest(&mut stop).await;
                    }
                }
                () = rest(&mut stop) => {}
            }
        }
        while let Some(ended) = under_way.next().await {
            if let Err(error) = ended {
                away(&error);
            }
        }
        if self.store.release_occurrences(Some(&self.owner)).await.is_err() {
            tracing::warn!(event = "occurrence.held");
        }
    }
}

/// Renews the lease of an occurrence; a store that is away for longer than a lease gives it to another.
async fn beat(store: Store, claimed: ClaimedOccurrence) {
    loop {
        tokio::time::sleep(store.beat_every()).await;
        let _ = store.beat_occurrence(&claimed).await;
    }
}

fn away(error: &StoreError) {
    tracing::error!(event = "occurrence.store", transient = error.is_transient());
}

async fn rest(stop: &mut Receiver<bool>) {
    let _ = tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await;
}

/// An instant from the store; outside what the calendar knows, its first or last.
pub fn instant(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(if milliseconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn failpoint_passed(name: &str) -> Result<(), StoreError> {
    failpoint::pass(name).map_err(|source| StoreError::File { path: name.into(), source })
}
