//! The instants of a rule, against an oracle that steps a clock minute by minute.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::{Date, DateTime, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use vanthu::schedule::holidays::Calendar;
use vanthu::schedule::recurrence::{Recurrence, WorkingDay};

use super::{instant, next, rule, rule_in};

/// A cron rule read by the tests' own hand: which numbers each field holds, and which days of the month count from its end.
#[derive(Debug, Clone)]
struct Fields {
    text: String,
    minutes: Vec<i8>,
    hours: Vec<i8>,
    days: Option<Vec<i8>>,
    last_day: bool,
    months: Option<Vec<i8>>,
    weekdays: Option<Vec<i8>>,
    nth: Option<(i8, i8)>,
}

impl Fields {
    fn chooses(&self, day: Date) -> bool {
        if self.months.as_ref().is_some_and(|months| !months.contains(&day.month())) {
            return false;
        }
        let weekday = day.weekday().to_sunday_zero_offset();
        let of_month = self.days.as_ref().is_some_and(|days| days.contains(&day.day())) || (self.last_day && day == day.last_of_month());
        let of_week = self.weekdays.as_ref().is_some_and(|days| days.contains(&weekday))
            || self.nth.is_some_and(|(wanted, place)| {
                wanted == weekday && if place == 0 { day.day() + 7 > day.days_in_month() } else { (day.day() - 1) / 7 + 1 == place }
            });
        let (month_is_given, week_is_given) = (self.days.is_some() || self.last_day, self.weekdays.is_some() || self.nth.is_some());
        match (month_is_given, week_is_given) {
            (false, false) => true,
            (true, false) => of_month,
            (false, true) => of_week,
            (true, true) => of_month || of_week,
        }
    }

    /// Is a slot of the rule at this civil minute, once days off are looked at? Found from the day itself: a worked day
    /// fires for itself and for every chosen day off whose way to a worked day ends on it.
    fn fires(&self, civil: DateTime, working_day: WorkingDay, calendar: &Calendar) -> bool {
        if !self.minutes.contains(&civil.minute()) || !self.hours.contains(&civil.hour()) {
            return false;
        }
        let day = civil.date();
        let step = match working_day {
            WorkingDay::Same => return self.chooses(day),
            WorkingDay::Only => return self.chooses(day) && calendar.is_working_day(day),
            WorkingDay::Next => -1,
            WorkingDay::Previous => 1,
        };
        if !calendar.is_working_day(day) {
            return false;
        }
        let mut origin = day;
        loop {
            if self.chooses(origin) {
                return true;
            }
            origin = origin.saturating_add(step.days());
            if calendar.is_working_day(origin) {
                return false;
            }
        }
    }
}

/// Walks the instants from `from` minute by minute with a clock that never goes back, and reports those at which it reaches
/// a minute of the rule.
fn stepped(fields: &Fields, working_day: WorkingDay, zone: &TimeZone, from: Timestamp, minutes: i64) -> Vec<Timestamp> {
    let calendar = Calendar::default();
    let mut found = Vec::new();
    let mut now = from.saturating_sub(180.minutes()).unwrap();
    let mut reached = zone.to_datetime(now);
    while now < from.saturating_add(minutes.minutes()).unwrap() {
        now = now.saturating_add(1.minute()).unwrap();
        let local = zone.to_datetime(now);
        let mut fires = false;
        while reached < local {
            reached = reached.saturating_add(1.minute());
            fires |= fields.fires(reached, working_day, &calendar);
        }
        if fires && now > from {
            found.push(now);
        }
    }
    found
}

const ZONES: [&str; 6] =
    ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"];

/// Hours at which something happens: changes of clock, ends of months and years, leap days, Tết, a day that Samoa left out.
const MOMENTS: [&str; 16] = [
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-03-08T07:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
    "2026-02-15T02:00:00Z",
    "2026-03-22T02:00:00Z",
    "2011-12-30T10:00:00Z",
    "2024-02-29T00:00:00Z",
    "2026-02-28T17:00:00Z",
    "2026-12-31T17:00:00Z",
    "2026-02-16T00:00:00Z",
    "2026-04-30T17:00:00Z",
    "2025-08-31T17:00:00Z",
    "2028-02-29T12:00:00Z",
];

fn numbers(low: i8, high: i8) -> impl Strategy<Value = Vec<i8>> {
    prop_oneof![
        3 => (low..=high).prop_map(|number| vec![number]),
        2 => proptest::collection::btree_set(low..=high, 1..4).prop_map(|set| set.into_iter().collect()),
        1 => (low..=high, low..=high).prop_map(|(a, b)| (a.min(b)..=a.max(b)).collect()),
        1 => Just((low..=high).collect()),
    ]
}

fn written(numbers: &[i8]) -> String {
    numbers.iter().map(i8::to_string).collect::<Vec<_>>().join(",")
}

prop_compose! {
    fn any_fields()(
        minutes in numbers(0, 59),
        hours in numbers(0, 23),
        days in proptest::option::weighted(0.4, numbers(1, 31)),
        last_day in proptest::bool::weighted(0.2),
        months in proptest::option::weighted(0.2, numbers(1, 12)),
        weekdays in proptest::option::weighted(0.3, numbers(0, 6)),
        nth in proptest::option::weighted(0.2, (0_i8..7, 0_i8..=5)),
    ) -> Fields {
        let last = last_day.then(|| "L".to_owned());
        let day = days.as_deref().map(written).into_iter().chain(last).reduce(|a, b| format!("{a},{b}")).unwrap_or_else(|| "*".into());
        let place = nth.map(|(day, place)| if place == 0 { format!("{day}L") } else { format!("{day}#{place}") });
        let week = weekdays.as_deref().map(written).into_iter().chain(place).reduce(|a, b| format!("{a},{b}")).unwrap_or_else(|| "*".into());
        let month = months.as_deref().map_or_else(|| "*".into(), written);
        let text = format!("{} {} {day} {month} {week}", written(&minutes), written(&hours));
        Fields { text, minutes, hours, days, last_day, months, weekdays, nth }
    }
}

fn any_working_day() -> impl Strategy<Value = WorkingDay> {
    prop_oneof![Just(WorkingDay::Same), Just(WorkingDay::Next), Just(WorkingDay::Previous), Just(WorkingDay::Only)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_slots_of_any_rule_are_those_of_a_clock_stepped_minute_by_minute(
        fields in any_fields(),
        working_day in any_working_day(),
        zone in proptest::sample::select(&ZONES),
        moment in proptest::sample::select(&MOMENTS),
        before_minutes in 0_i64..3 * 1440,
    ) {
        const SPAN_MINUTES: i64 = 6 * 1440;
        let Ok(rule) = Recurrence::new(&fields.text, zone, working_day, Arc::default()) else { return Ok(()) };
        let from = instant(moment).saturating_sub(before_minutes.minutes()).unwrap();
        let end = from.saturating_add(SPAN_MINUTES.minutes()).unwrap();
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let slots: Vec<Timestamp> = rule.after(from).take_while(|slot| *slot <= end).collect();
        prop_assert_eq!(slots, stepped(&fields, working_day, &zone, from, SPAN_MINUTES), "{}", &fields.text);
    }

    #[test]
    fn asking_again_from_each_slot_gives_the_same_slots_as_one_walk(
        fields in any_fields(),
        zone in proptest::sample::select(&ZONES),
        moment in proptest::sample::select(&MOMENTS),
    ) {
        let Ok(rule) = Recurrence::new(&fields.text, zone, WorkingDay::Same, Arc::default()) else { return Ok(()) };
        let mut from = instant(moment);
        for slot in rule.after(from).take(50) {
            prop_assert_eq!(rule.next_after(from), Some(slot));
            from = slot;
        }
    }
}

#[test]
fn the_annual_summary_goes_out_on_the_last_working_day_of_december() {
    assert_eq!(
        next(&rule("0 8 LW 12 *", WorkingDay::Same), "2026-01-01T00:00:00Z", 7),
        [
            "Thu 2026-12-31 08:00 +0700",
            "Fri 2027-12-31 08:00 +0700",
            "Fri 2028-12-29 08:00 +0700",
            "Mon 2029-12-31 08:00 +0700",
            "Tue 2030-12-31 08:00 +0700",
            "Wed 2031-12-31 08:00 +0700",
            "Fri 2032-12-31 08:00 +0700"
        ]
    );
}

#[test]
fn the_first_working_day_of_a_month_passes_over_holidays() {
    assert_eq!(
        next(&rule("30 7 1W 1,2,5,9 *", WorkingDay::Same), "2025-12-31T00:00:00Z", 8),
        [
            "Fri 2026-01-02 07:30 +0700",
            "Mon 2026-02-02 07:30 +0700",
            "Mon 2026-05-04 07:30 +0700",
            "Thu 2026-09-03 07:30 +0700",
            "Mon 2027-01-04 07:30 +0700",
            "Mon 2027-02-01 07:30 +0700",
            "Tue 2027-05-04 07:30 +0700",
            "Wed 2027-09-01 07:30 +0700"
        ]
    );
}

#[test]
fn two_days_that_move_to_the_same_working_day_fire_once() {
    assert_eq!(
        next(&rule("0 8 * * *", WorkingDay::Next), "2026-02-12T17:00:00Z", 3),
        ["Fri 2026-02-13 08:00 +0700", "Mon 2026-02-23 08:00 +0700", "Tue 2026-02-24 08:00 +0700"]
    );
}

#[test]
fn a_leap_day_waits_eight_years_across_2100() {
    assert_eq!(
        next(&rule("0 0 29 2 *", WorkingDay::Same), "2090-01-01T00:00:00Z", 3),
        ["Fri 2092-02-29 00:00 +0700", "Wed 2096-02-29 00:00 +0700", "Fri 2104-02-29 00:00 +0700"]
    );
}

#[test]
fn months_without_a_thirty_first_are_passed_over_and_the_last_day_is_not() {
    let slots = next(&rule("59 23 31 * *", WorkingDay::Same), "2026-01-31T23:00:00Z", 3);
    assert_eq!(slots, ["Tue 2026-03-31 23:59 +0700", "Sun 2026-05-31 23:59 +0700", "Fri 2026-07-31 23:59 +0700"]);
    let slots = next(&rule("59 23 L * *", WorkingDay::Same), "2027-12-31T00:00:00Z", 4);
    assert_eq!(
        slots,
        ["Fri 2027-12-31 23:59 +0700", "Mon 2028-01-31 23:59 +0700", "Tue 2028-02-29 23:59 +0700", "Fri 2028-03-31 23:59 +0700"]
    );
}

#[test]
fn slots_in_a_skipped_hour_fire_once_right_after_it() {
    let berlin = rule_in("*/20 2 * * *", "Europe/Berlin", WorkingDay::Same);
    assert_eq!(next(&berlin, "2026-03-28T12:00:00Z", 2), ["Sun 2026-03-29 03:00 +0200", "Mon 2026-03-30 02:00 +0200"]);
    let lord_howe = rule_in("15 2 * * *", "Australia/Lord_Howe", WorkingDay::Same);
    assert_eq!(next(&lord_howe, "2026-10-03T12:00:00Z", 2), ["Sun 2026-10-04 02:30 +1100", "Mon 2026-10-05 02:15 +1100"]);
}

#[test]
fn slots_in_a_repeated_hour_fire_the_first_time_only() {
    let new_york = rule_in("30 1 * * *", "America/New_York", WorkingDay::Same);
    assert_eq!(next(&new_york, "2026-10-31T12:00:00Z", 2), ["Sun 2026-11-01 01:30 -0400", "Mon 2026-11-02 01:30 -0500"]);
    let every_half_hour = rule_in("*/30 * * * *", "America/New_York", WorkingDay::Same);
    assert_eq!(
        next(&every_half_hour, "2026-11-01T04:45:00Z", 4),
        ["Sun 2026-11-01 01:00 -0400", "Sun 2026-11-01 01:30 -0400", "Sun 2026-11-01 02:00 -0500", "Sun 2026-11-01 02:30 -0500"]
    );
}

#[test]
fn the_next_slot_of_a_yearly_working_day_rule_takes_under_a_millisecond() {
    let rule = rule("0 8 LW 12 *", WorkingDay::Same);
    let from = date(2027, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let fastest = (0..20).map(|_| {
        let start = Instant::now();
        assert!(rule.next_after(from).is_some());
        start.elapsed()
    });
    assert!(fastest.min().unwrap() <= Duration::from_millis(1));
}
