//! What becomes of each slot: run, or skipped with its reason; and the states of an occurrence.
//!
//! Owns the decision after a pause of any length, as a pure function of the rule, the policy, the instant up to which slots
//! were considered, and now. Storing the rows, and running them, is left to the loop. A slot at or before the instant that
//! was considered is never considered again, so a clock that goes back, a second scheduler or a repeated call makes no
//! second occurrence; the row's key is the schedule and [`Occurrence::scheduled_for`].

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::recurrence::Recurrence;

/// Lateness below which a slot counts as met: loops wake a little late.
pub const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Slots that get a row of their own in one decision; older ones share a row that counts them.
pub const ROWS_MAX: usize = 1_000;

/// Occurrences of one schedule that may wait or run at a time when overlapping ones are queued.
pub const UNFINISHED_MAX: usize = 100;

/// What happens to slots that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfire {
    /// The latest runs once, unless a slot is due now anyway; the others are skipped.
    #[default]
    RunLatest,
    /// All are skipped.
    Skip,
    /// The latest so many run, in order; earlier ones are skipped. 1 to [`UNFINISHED_MAX`].
    RunAll(u32),
}

/// What happens to a slot while an earlier occurrence waits or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is skipped.
    #[default]
    Skip,
    /// It waits its turn.
    Queue,
}

/// How a schedule meets pauses and long runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// For missed slots.
    pub misfire: Misfire,
    /// For slots during a run.
    pub overlap: Overlap,
    /// Lateness above which a slot no longer runs; none: however late.
    pub max_lateness: Option<SignedDuration>,
}

/// Why a slot did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// Missed, and the policy runs another or none.
    Misfire,
    /// An earlier occurrence was not finished.
    Overlap,
    /// Later than the schedule allows.
    Late,
}

/// The states of an occurrence: `due → running → done | failed`, or `skipped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be run.
    Due,
    /// Claimed by a worker.
    Running,
    /// Ended well.
    Done,
    /// Ended badly.
    Failed,
    /// Never run, with the reason; decided when the row is made.
    Skipped(Skip),
}

/// A change of state that the graph does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an occurrence cannot go from `{from:?}` to `{to:?}`")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: State,
    /// The state that was asked for.
    pub to: State,
}

impl IllegalTransition {
    /// Never: it is a bug of the caller, or a row that another worker has taken on.
    pub fn is_transient(&self) -> bool {
        false
    }
}

impl State {
    /// This state, changed to `to`.
    pub fn change(self, to: Self) -> Result<Self, IllegalTransition> {
        match (self, to) {
            (Self::Due, Self::Running) | (Self::Running, Self::Done | Self::Failed) => Ok(to),
            (from, to) => Err(IllegalTransition { from, to }),
        }
    }

    /// Does nothing follow?
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Skipped(_))
    }
}

/// One slot and what was decided; with the schedule's name its instant is the row's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The slot; of a row that stands for several, the first.
    pub scheduled_for: Timestamp,
    /// `Due` or `Skipped`.
    pub state: State,
    /// Slots that the row stands for: 1, but for the oldest of more than [`ROWS_MAX`].
    pub count: u64,
    /// The last of those slots.
    pub last: Timestamp,
}

impl Occurrence {
    fn new(slot: Timestamp, state: State) -> Self {
        Self { scheduled_for: slot, state, count: 1, last: slot }
    }
}

/// What to store in one transaction: the rows and the instant up to which slots have been considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// One for each slot, ascending; empty when none has come.
    pub occurrences: Vec<Occurrence>,
    /// The next call's `considered`. Never earlier than this call's.
    pub considered: Timestamp,
}

/// Decides every slot after `considered` and not after `now`. `unfinished` is how many occurrences of this schedule are
/// `due` or `running`. After a schedule is edited, first decide with the old rule up to the edit, then with the new one:
/// slots that the new rule would have had before are not missed.
pub fn decide(rule: &Recurrence, policy: Policy, considered: Timestamp, now: Timestamp, unfinished: usize) -> Decision {
    if now <= considered {
        return Decision { occurrences: Vec::new(), considered };
    }
    let mut summary: Option<Occurrence> = None;
    let mut slots = VecDeque::new();
    for slot in rule.after(considered).take_while(|slot| *slot <= now) {
        slots.push_back(slot);
        if slots.len() > ROWS_MAX
            && let Some(oldest) = slots.pop_front()
        {
            let row = summary.get_or_insert(Occurrence { count: 0, ..Occurrence::new(oldest, State::Skipped(Skip::Misfire)) });
            row.count += 1;
            row.last = oldest;
        }
    }
    let late_by = |slot: Timestamp| now.duration_since(slot);
    let missed = slots.iter().filter(|slot| late_by(**slot) > GRACE).count();
    let runs = match policy.misfire {
        Misfire::Skip => 0,
        Misfire::RunLatest => usize::from(missed == slots.len()),
        Misfire::RunAll(most) => (most as usize).min(UNFINISHED_MAX),
    };
    let first_run = missed.saturating_sub(runs);
    let mut waiting = unfinished;
    let mut occurrences: Vec<Occurrence> = summary.into_iter().collect();
    for (index, slot) in slots.into_iter().enumerate() {
        let state = if index < first_run {
            State::Skipped(Skip::Misfire)
        } else if policy.max_lateness.is_some_and(|most| late_by(slot) > most.max(GRACE)) {
            State::Skipped(Skip::Late)
        } else if waiting >= UNFINISHED_MAX || (policy.overlap == Overlap::Skip && unfinished > 0) {
            State::Skipped(Skip::Overlap)
        } else {
            waiting += 1;
            State::Due
        };
        occurrences.push(Occurrence::new(slot, state));
    }
    Decision { occurrences, considered: now }
}
