//! Schedules: when they fire, what they say of themselves, what becomes of a slot that was missed.

mod calendar;
mod occurrence;
mod recurrence;
mod rules;

use std::sync::Arc;

use jiff::Timestamp;
use vanthu::schedule::holidays::{Calendar, CalendarSettings};
use vanthu::schedule::recurrence::{Recurrence, WorkingDay, ZONE_DEFAULT};

/// A rule in a zone, with Viet Nam's calendar.
fn rule_in(cron: &str, zone: &str, working_day: WorkingDay) -> Recurrence {
    Recurrence::new(cron, zone, working_day, Arc::new(Calendar::new(&CalendarSettings::default()))).unwrap()
}

/// A rule in Viet Nam.
fn rule(cron: &str, working_day: WorkingDay) -> Recurrence {
    rule_in(cron, ZONE_DEFAULT, working_day)
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The next `count` slots after `from`, as local times of the rule's zone.
fn next(rule: &Recurrence, from: &str, count: usize) -> Vec<String> {
    rule.after(instant(from))
        .take(count)
        .map(|slot| slot.to_zoned(rule.zone().clone()).strftime("%a %Y-%m-%d %H:%M %z").to_string())
        .collect()
}
