//! What this process has counted since its start, for `/metrics`: no label names a person.
//!
//! Owns the counters and the text format of Prometheus. What stands in the store is counted there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A counter for each value of one label.
#[derive(Debug)]
pub struct Counter {
    counts: Mutex<BTreeMap<String, u64>>,
}

/// Durations in buckets.
#[derive(Debug)]
pub struct Histogram {
    counts: Mutex<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    counts: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

/// Upper bounds of the buckets, in seconds.
const BOUNDS: [f64; 9] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0];

/// Seconds from handing a record to a render worker to its answer.
pub static RENDER_SECONDS: Histogram = Histogram::new();
/// Records that were not made, by the code of what was found.
pub static RENDER_FAILURES: Counter = Counter::new();
/// Render workers that died or were killed, by reason.
pub static WORKER_DEATHS: Counter = Counter::new();
/// Attempts to deliver a message, by what they came to.
pub static DELIVERY_ATTEMPTS: Counter = Counter::new();
/// Leases that ran out and were given to others, by kind.
pub static LEASES_LOST: Counter = Counter::new();
/// Writes that were refused because the row was somebody else's by then, by kind.
pub static FENCED_WRITES: Counter = Counter::new();

impl Counter {
    const fn new() -> Self {
        Self { counts: Mutex::new(BTreeMap::new()) }
    }

    /// Counts one more under `label`.
    pub fn count(&self, label: &str) {
        self.add(label, 1);
    }

    /// Counts `more` under `label`.
    pub fn add(&self, label: &str, more: u64) {
        if more > 0 {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(label.to_owned()).or_default() += more;
        }
    }

    fn read(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Histogram {
    const fn new() -> Self {
        Self { counts: Mutex::new(Buckets { counts: [0; BOUNDS.len()], count: 0, sum: 0.0 }) }
    }

    /// Notes one duration.
    pub fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let mut buckets = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.count += 1;
        buckets.sum += seconds;
        for (bound, count) in BOUNDS.iter().zip(&mut buckets.counts) {
            *count += u64::from(seconds <= *bound);
        }
    }
}

/// A page in the text format of Prometheus.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// A value, or one for each labelled line.
    pub fn gauge(&mut self, name: &str, help: &str, lines: &[(String, f64)]) {
        self.head(name, help, "gauge");
        for (labels, value) in lines {
            let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }

    /// What a counter has counted, by its one label.
    pub fn counter(&mut self, name: &str, help: &str, label: &str, counter: &Counter) {
        self.head(name, help, "counter");
        for (value, count) in counter.read() {
            let _ = writeln!(self.text, "{name}{{{label}=\"{}\"}} {count}", escaped(&value));
        }
    }

    /// A histogram in seconds.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, help, "histogram");
        let buckets = histogram.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (bound, count) in BOUNDS.iter().zip(buckets.counts) {
            let _ = writeln!(self.text, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let (count, sum) = (buckets.count, buckets.sum);
        let _ = writeln!(self.text, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}");
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
}

/// A label's value between its quotes.
pub fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
