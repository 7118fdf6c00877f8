//! What may become of a draft, a batch and a record: the states and every step that is allowed between them.
//!
//! Owns the three graphs. A step that is not here is a bug, and the store refuses it. Deliveries and occurrences have graphs of
//! their own beside what they mean (`delivery::state`, `schedule::occurrence`).

use std::fmt;

use crate::language::Text;
use crate::say;

/// How far a draft has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DraftState {
    /// Its owner works on it.
    Open,
    /// It waits for an approver, and nobody changes it.
    Waiting,
    /// It is a batch.
    Submitted,
    /// The approver said no; its owner may change it and ask again.
    Rejected,
}

/// What a batch is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BatchState {
    /// Its rows are being read; it does not count yet and is forgotten if this is cut short.
    Planning,
    /// Its records are being made.
    Running,
    /// Held by a person; what was under way is brought home.
    Paused,
    /// Given up by a person; what was made stays.
    Cancelled,
    /// Every record has come to one end.
    Finished,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordState {
    /// Waiting.
    Accepted,
    /// Held by a worker under a lease.
    Rendering,
    /// Its document is in the store.
    Stored,
    /// It cannot be made; the reason says why.
    Failed,
    /// It killed two workers.
    Quarantined,
    /// Its batch was given up before its turn.
    Cancelled,
}

macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal, $vi:literal, $en:literal;)+ }) => {
        impl $type {
            /// Every state.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in the store and for programs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The state of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// The state for people.
            pub fn text(self) -> Text {
                match self { $(Self::$variant => say!($vi, $en)),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

names!(DraftState {
    Open = "open", "đang soạn", "open";
    Waiting = "waiting", "chờ duyệt", "awaiting approval";
    Submitted = "submitted", "đã giao làm", "submitted";
    Rejected = "rejected", "bị trả lại", "rejected";
});

names!(BatchState {
    Planning = "planning", "đang đọc", "reading";
    Running = "running", "đang làm", "running";
    Paused = "paused", "tạm dừng", "paused";
    Cancelled = "cancelled", "đã hủy", "cancelled";
    Finished = "finished", "đã xong", "finished";
});

names!(RecordState {
    Accepted = "accepted", "chờ làm", "waiting";
    Rendering = "rendering", "đang làm", "being made";
    Stored = "stored", "đã tạo", "made";
    Failed = "failed", "không tạo được", "failed";
    Quarantined = "quarantined", "tách riêng", "quarantined";
    Cancelled = "cancelled", "đã hủy", "cancelled";
});

impl DraftState {
    /// May a draft go from this state to `next`?
    pub fn may_become(self, next: Self) -> bool {
        use DraftState::{Open, Rejected, Submitted, Waiting};
        matches!(
            (self, next),
            (Open, Open | Waiting | Submitted)
                // Taken back by its owner.
                | (Waiting, Open | Submitted | Rejected)
                | (Rejected, Open)
        )
    }
}

impl BatchState {
    /// May a batch go from this state to `next`?
    pub fn may_become(self, next: Self) -> bool {
        use BatchState::{Cancelled, Finished, Paused, Planning, Running};
        matches!(
            (self, next),
            (Planning, Running)
                | (Running, Paused | Cancelled | Finished)
                | (Paused, Running | Cancelled)
                // Re-run for exactly the failed records.
                | (Finished, Running)
        )
    }

    /// Has it come to an end?
    pub fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Finished)
    }
}

impl RecordState {
    /// May a record go from this state to `next`?
    pub fn may_become(self, next: Self) -> bool {
        use RecordState::{Accepted, Cancelled, Failed, Quarantined, Rendering, Stored};
        matches!(
            (self, next),
            (Accepted, Rendering | Cancelled)
                // Back to waiting: its worker died or lost its lease.
                | (Rendering, Stored | Failed | Quarantined | Accepted)
                | (Failed | Quarantined, Accepted)
        )
    }

    /// Has it come to an end?
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Accepted | Self::Rendering)
    }
}
