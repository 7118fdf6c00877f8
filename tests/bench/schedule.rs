//! What the next slot of a schedule costs, in microseconds on one core.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use vanthu::schedule::recurrence::{Recurrence, WorkingDay, ZONE_DEFAULT};

fn main() {
    next_slot("every minute", "* * * * *", WorkingDay::Same);
    next_slot("every working day", "0 8 * * *", WorkingDay::Only);
    next_slot("last working day of the year", "0 8 LW 12 *", WorkingDay::Same);
    next_slot("29 February", "0 8 29 2 *", WorkingDay::Same);
}

fn next_slot(what: &str, cron: &str, working_day: WorkingDay) {
    const ROUNDS: u32 = 2_000;
    let rule = Recurrence::new(cron, ZONE_DEFAULT, working_day, Arc::default()).expect("a good rule");
    let from = Timestamp::from_second(1_798_761_600).expect("1 January 2027");
    let started = Instant::now();
    for _ in 0..ROUNDS {
        black_box(rule.next_after(black_box(from)));
    }
    println!("{what:<30} {:>8.1} µs   target ≤ 1000", started.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
}
