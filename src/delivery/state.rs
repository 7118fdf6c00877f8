//! The states of one delivery and the only ways between them.
//!
//! Owns the graph as a pure function of state and event. The store runs each change through [`Delivery::apply`] inside the
//! transaction that writes it; an event that does not belong is an error value, never a quiet change.
//!
//! ```text
//! queued ─claim─▶ leased ─intent─▶ committing ─accepted─▶ sent ─▶ bounced | complained
//!    ▲  ◀─release──┘ │  ◀──retry──────┘ │ └─unknown─▶ uncertain ─settle─▶ queued | needs_operator
//!    └───────────────┴──────────────────┘                └─confirm─▶ sent
//! ```

use serde::{Deserialize, Serialize};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Waits for its time.
    Queued {
        /// Milliseconds since the epoch, by the database's clock.
        next_at: i64,
    },
    /// A worker has it; nothing of the body was sent.
    Leased,
    /// The intent to send the body is committed; from here on a loss is uncertain.
    Committing,
    /// Perhaps accepted, perhaps not.
    Uncertain,
    /// A person must decide.
    NeedsOperator,
    /// Accepted by the next server.
    Sent,
    /// Given up.
    Failed {
        /// Why.
        reason: FailReason,
    },
    /// The address is on the suppression list.
    Suppressed,
    /// Taken back before it was sent.
    Cancelled,
    /// Came back after it was sent.
    Bounced,
    /// The recipient complained.
    Complained,
}

/// Why a delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// The server will never take it.
    Permanent,
    /// It waited longer than its life.
    Expired,
}

/// What is done about an uncertain outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUncertain {
    /// The identical bytes once more; after a second uncertain outcome a person decides.
    #[default]
    RetryOnce,
    /// A person decides at once.
    Hold,
    /// The identical bytes until an answer comes.
    Retry,
}

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// T1: a worker takes it.
    Claim {
        /// The database's time.
        now: i64,
    },
    /// Before T2 its worker gave it back or died: certainly not accepted, and not charged.
    Release {
        /// When to try again.
        next_at: i64,
    },
    /// T2: the body is about to be sent.
    Intend,
    /// T3: the server accepted it.
    Accept,
    /// The server, or a loss before the final dot, left it certainly not accepted.
    Retry {
        /// When to try again.
        next_at: i64,
        /// Does the attempt count?
        charged: bool,
    },
    /// It will never be accepted, or is too old.
    Fail {
        /// Why.
        reason: FailReason,
    },
    /// The answer to the final dot is lost, or the worker died after T2.
    LoseAnswer,
    /// The wait after an uncertain outcome is over; what follows is the policy's.
    Settle {
        /// What the configuration says.
        policy: OnUncertain,
        /// When to send again, if that is what follows.
        next_at: i64,
    },
    /// A person, or a bounce that came back, says that it was accepted after all.
    ConfirmSent,
    /// A person wants it sent again, knowing that it may arrive twice.
    Resend {
        /// When.
        next_at: i64,
    },
    /// A person takes it back.
    Cancel,
    /// Its address was put on the suppression list.
    Suppress,
    /// A bounce came for it.
    Bounce,
    /// A complaint came for it.
    Complain,
}

/// An event that does not belong to the state: a bug of the caller, or a row that another worker has changed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{event:?} does not belong to a delivery that is {state:?}")]
pub struct Forbidden {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

impl Forbidden {
    /// Never: the same event would be refused again.
    pub fn is_transient(&self) -> bool {
        false
    }
}

/// A delivery as far as its state goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Delivery {
    /// Where it stands.
    pub state: State,
    /// Attempts that count against it.
    pub attempts: u32,
    /// Outcomes that nobody knows.
    pub uncertain: u32,
    /// Did a server say that it accepted a copy?
    pub accepted: bool,
}

impl Delivery {
    /// A new delivery, due at `next_at`.
    pub fn queued(next_at: i64) -> Self {
        Self { state: State::Queued { next_at }, attempts: 0, uncertain: 0, accepted: false }
    }

    /// The most copies that the recipient can have.
    pub fn possible_copies(&self) -> u32 {
        self.uncertain + u32::from(self.accepted)
    }

    /// Is it at an end that only a person or a bounce can change?
    pub fn is_at_rest(&self) -> bool {
        !matches!(self.state, State::Queued { .. } | State::Leased | State::Committing | State::Uncertain)
    }

    /// The delivery after `event`.
    pub fn apply(mut self, event: Event) -> Result<Self, Forbidden> {
        let state = self.state;
        self.state = match (state, event) {
            (State::Queued { next_at }, Event::Claim { now }) if next_at <= now => {
                self.attempts += 1;
                State::Leased
            }
            (State::Leased, Event::Release { next_at }) => {
                self.attempts = self.attempts.saturating_sub(1);
                State::Queued { next_at }
            }
            (State::Leased, Event::Intend) => State::Committing,
            (State::Committing, Event::Accept) => {
                self.accepted = true;
                State::Sent
            }
            (State::Leased | State::Committing, Event::Retry { next_at, charged }) => {
                self.attempts = self.attempts.saturating_sub(u32::from(!charged));
                State::Queued { next_at }
            }
            (State::Leased | State::Committing, Event::Fail { reason })
            | (State::Queued { .. }, Event::Fail { reason: reason @ FailReason::Expired }) => State::Failed { reason },
            (State::Committing, Event::LoseAnswer) => {
                self.uncertain += 1;
                State::Uncertain
            }
            (State::Uncertain, Event::Settle { policy, next_at }) => match policy {
                OnUncertain::RetryOnce if self.uncertain < 2 => State::Queued { next_at },
                OnUncertain::Retry => State::Queued { next_at },
                OnUncertain::RetryOnce | OnUncertain::Hold => State::NeedsOperator,
            },
            (State::Uncertain | State::NeedsOperator, Event::ConfirmSent) => State::Sent,
            (State::Queued { .. }, Event::ConfirmSent) if self.uncertain > 0 => State::Sent,
            (State::NeedsOperator | State::Failed { .. } | State::Suppressed | State::Bounced, Event::Resend { next_at }) => {
                // A new life: what failed before the person looked is not held against it.
                self.attempts = 0;
                State::Queued { next_at }
            }
            (State::Queued { .. } | State::Leased | State::Uncertain | State::NeedsOperator, Event::Cancel) => State::Cancelled,
            (State::Queued { .. } | State::Leased, Event::Suppress) => State::Suppressed,
            (State::Sent, Event::Bounce) => State::Bounced,
            (State::Sent | State::Bounced, Event::Complain) => State::Complained,
            _ => return Err(Forbidden { state, event }),
        };
        Ok(self)
    }
}
