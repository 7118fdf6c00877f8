//! Whose turn it is among the batches that run, and how long one that the machine fails is left alone.
//!
//! Owns the order: whoever has never had a turn before whoever has, the smaller list first, so that one certificate does not
//! wait behind a hundred thousand; and the waits of §3 of the reliability reference. Time is an argument.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Waits after each failure of the workers that set pages.
const RENDER_WAITS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];
/// Waits after each failure of a disk: eight tries within ten minutes.
const STORAGE_WAITS: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(180),
    Duration::from_secs(210),
];
/// Failures that lie so far back have nothing to do with the next.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);

/// What the machine failed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Setting pages: workers that do not start, or a task that ended.
    Render,
    /// Reading or writing files.
    Storage,
}

impl Fault {
    /// How long to wait after the `nth` failure, from 1; none when the tries are used up.
    pub fn wait(self, nth: usize) -> Option<Duration> {
        let waits: &[Duration] = match self {
            Self::Render => &RENDER_WAITS,
            Self::Storage => &STORAGE_WAITS,
        };
        waits.get(nth.checked_sub(1)?).copied()
    }
}

/// The turns of one worker.
#[derive(Debug, Default)]
pub struct Turns {
    given: u64,
    batches: HashMap<String, Had>,
}

#[derive(Debug, Default)]
struct Had {
    last: u64,
    failures: usize,
    failed_at: Option<Instant>,
    not_before: Option<Instant>,
}

impl Turns {
    /// The batch whose turn it is, of ids with the length of their lists; none when all of them are put off.
    pub fn next<'a>(&mut self, running: impl IntoIterator<Item = (&'a str, u64)>, now: Instant) -> Option<&'a str> {
        let of = |id: &str| self.batches.get(id).map_or(0, |had| had.last);
        let free = running.into_iter().filter(|(id, _)| !self.is_put_off(id, now));
        let (chosen, _) = free.min_by_key(|(id, length)| (of(id), *length))?;
        self.given += 1;
        self.batches.entry(chosen.to_owned()).or_default().last = self.given;
        Some(chosen)
    }

    /// Is a batch left alone for a while?
    pub fn is_put_off(&self, id: &str, now: Instant) -> bool {
        self.batches.get(id).and_then(|had| had.not_before).is_some_and(|until| now < until)
    }

    /// Those that are.
    pub fn put_off(&self, now: Instant) -> HashSet<String> {
        self.batches.keys().filter(|id| self.is_put_off(id, now)).cloned().collect()
    }

    /// Work on a batch ended as it should.
    pub fn worked(&mut self, id: &str) {
        if let Some(had) = self.batches.get_mut(id) {
            (had.failures, had.not_before) = (0, None);
        }
    }

    /// The machine failed a batch, which is put off; for how long, or none when the tries are used up.
    pub fn failed(&mut self, id: &str, fault: Fault, now: Instant) -> Option<Duration> {
        let had = self.batches.entry(id.to_owned()).or_default();
        if had.failed_at.is_some_and(|at| now.saturating_duration_since(at) > FORGOTTEN) {
            had.failures = 0;
        }
        had.failures += 1;
        had.failed_at = Some(now);
        let wait = fault.wait(had.failures);
        had.not_before = wait.map(|wait| now + wait);
        wait
    }

    /// Is a batch tried again soon, because the machine failed it?
    pub fn is_tried_again(&self, id: &str) -> bool {
        self.batches.get(id).is_some_and(|had| had.failures > 0)
    }

    /// Leaves a batch alone for `wait`; what failed before is forgotten.
    pub fn leave(&mut self, id: &str, wait: Duration, now: Instant) {
        let had = self.batches.entry(id.to_owned()).or_default();
        (had.failures, had.not_before) = (0, Some(now + wait));
    }

    /// Forgets every batch that is not among `known`.
    pub fn keep(&mut self, known: &HashSet<&str>) {
        self.batches.retain(|id, _| known.contains(id.as_str()));
    }
}
