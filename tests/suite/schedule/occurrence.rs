//! What becomes of slots that were missed, met during a run, or met twice by a clock that moves.

use std::collections::BTreeMap;

use expect_test::expect;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use vanthu::schedule::occurrence::{Decision, Misfire, Overlap, Policy, ROWS_MAX, Skip, State, UNFINISHED_MAX, decide};
use vanthu::schedule::recurrence::{Recurrence, WorkingDay};

use super::{instant, rule, rule_in};

fn told(decision: &Decision) -> String {
    let rows = decision.occurrences.iter().map(|row| {
        let more = if row.count > 1 { format!(" and {} more to {}", row.count - 1, row.last) } else { String::new() };
        format!("{} {:?}{more}\n", row.scheduled_for, row.state)
    });
    rows.chain([format!("considered {}\n", decision.considered)]).collect()
}

fn decided(rule: &Recurrence, policy: Policy, considered: &str, now: &str, unfinished: usize) -> String {
    told(&decide(rule, policy, instant(considered), instant(now), unfinished))
}

const POLICY: Policy = Policy { misfire: Misfire::RunLatest, overlap: Overlap::Skip, max_lateness: None };

#[test]
fn a_slot_met_within_the_grace_is_due_whatever_the_misfire_policy() {
    let daily = rule("0 8 * * *", WorkingDay::Same);
    for misfire in [Misfire::RunLatest, Misfire::Skip, Misfire::RunAll(3)] {
        let decision = decide(&daily, Policy { misfire, ..POLICY }, instant("2026-11-22T00:59:30Z"), instant("2026-11-22T01:01:00Z"), 0);
        assert_eq!(told(&decision), "2026-11-22T01:00:00Z Due\nconsidered 2026-11-22T01:01:00Z\n");
    }
}

#[test]
fn after_three_hours_the_latest_missed_slot_runs_once() {
    let hourly = rule("0 * * * *", WorkingDay::Same);
    expect![[r#"
        2026-11-22T02:00:00Z Skipped(Misfire)
        2026-11-22T03:00:00Z Skipped(Misfire)
        2026-11-22T04:00:00Z Due
        considered 2026-11-22T04:30:00Z
    "#]]
    .assert_eq(&decided(&hourly, POLICY, "2026-11-22T01:00:00Z", "2026-11-22T04:30:00Z", 0));
}

#[test]
fn a_slot_due_now_stands_for_those_that_were_missed() {
    let hourly = rule("0 * * * *", WorkingDay::Same);
    expect![[r#"
        2026-11-22T02:00:00Z Skipped(Misfire)
        2026-11-22T03:00:00Z Skipped(Misfire)
        2026-11-22T04:00:00Z Due
        considered 2026-11-22T04:00:10Z
    "#]]
    .assert_eq(&decided(&hourly, POLICY, "2026-11-22T01:00:00Z", "2026-11-22T04:00:10Z", 0));
}

#[test]
fn after_forty_days_each_policy_leaves_a_row_for_every_slot() {
    let weekly = rule("0 8 * * 1", WorkingDay::Same);
    for (misfire, expected) in [
        (
            Misfire::RunLatest,
            expect![[r#"
            2026-10-19T01:00:00Z Skipped(Misfire)
            2026-10-26T01:00:00Z Skipped(Misfire)
            2026-11-02T01:00:00Z Skipped(Misfire)
            2026-11-09T01:00:00Z Skipped(Misfire)
            2026-11-16T01:00:00Z Due
            considered 2026-11-22T00:00:00Z
        "#]],
        ),
        (
            Misfire::Skip,
            expect![[r#"
            2026-10-19T01:00:00Z Skipped(Misfire)
            2026-10-26T01:00:00Z Skipped(Misfire)
            2026-11-02T01:00:00Z Skipped(Misfire)
            2026-11-09T01:00:00Z Skipped(Misfire)
            2026-11-16T01:00:00Z Skipped(Misfire)
            considered 2026-11-22T00:00:00Z
        "#]],
        ),
        (
            Misfire::RunAll(2),
            expect![[r#"
            2026-10-19T01:00:00Z Skipped(Misfire)
            2026-10-26T01:00:00Z Skipped(Misfire)
            2026-11-02T01:00:00Z Skipped(Misfire)
            2026-11-09T01:00:00Z Due
            2026-11-16T01:00:00Z Due
            considered 2026-11-22T00:00:00Z
        "#]],
        ),
    ] {
        let policy = Policy { misfire, ..POLICY };
        expected.assert_eq(&decided(&weekly, policy, "2026-10-13T00:00:00Z", "2026-11-22T00:00:00Z", 0));
    }
}

#[test]
fn a_slot_that_would_run_but_too_late_says_so() {
    let daily = rule("0 8 * * *", WorkingDay::Same);
    let policy = Policy { misfire: Misfire::RunAll(3), max_lateness: Some(SignedDuration::from_hours(30)), ..POLICY };
    expect![[r#"
        2026-11-18T01:00:00Z Skipped(Misfire)
        2026-11-19T01:00:00Z Skipped(Misfire)
        2026-11-20T01:00:00Z Skipped(Late)
        2026-11-21T01:00:00Z Due
        2026-11-22T01:00:00Z Due
        considered 2026-11-22T03:00:00Z
    "#]]
    .assert_eq(&decided(&daily, policy, "2026-11-18T00:00:00Z", "2026-11-22T03:00:00Z", 0));
}

#[test]
fn a_slot_during_a_run_is_skipped_or_queued_as_the_policy_says() {
    let daily = rule("0 8 * * *", WorkingDay::Same);
    let at =
        |overlap, unfinished| decided(&daily, Policy { overlap, ..POLICY }, "2026-11-22T00:00:00Z", "2026-11-22T01:00:05Z", unfinished);
    assert_eq!(at(Overlap::Skip, 1), "2026-11-22T01:00:00Z Skipped(Overlap)\nconsidered 2026-11-22T01:00:05Z\n");
    assert_eq!(at(Overlap::Queue, 1), "2026-11-22T01:00:00Z Due\nconsidered 2026-11-22T01:00:05Z\n");
    assert_eq!(at(Overlap::Queue, UNFINISHED_MAX), "2026-11-22T01:00:00Z Skipped(Overlap)\nconsidered 2026-11-22T01:00:05Z\n");
}

#[test]
fn a_year_of_missed_minutes_is_a_thousand_rows_and_one_that_counts_the_rest() {
    let decision =
        decide(&rule("* * * * *", WorkingDay::Same), POLICY, instant("2025-11-22T00:00:00Z"), instant("2026-11-22T00:00:30Z"), 0);
    assert_eq!(decision.occurrences.len(), ROWS_MAX + 1);
    assert_eq!(decision.occurrences.iter().map(|row| row.count).sum::<u64>(), 365 * 1440);
    let oldest = &decision.occurrences[0];
    assert_eq!((oldest.scheduled_for, oldest.last), (instant("2025-11-22T00:01:00Z"), instant("2026-11-21T07:20:00Z")));
    assert_eq!(oldest.state, State::Skipped(Skip::Misfire));
}

#[test]
fn a_clock_that_goes_back_an_hour_again_and_again_runs_no_slot_twice() {
    let often = rule("*/10 * * * *", WorkingDay::Same);
    let mut considered = instant("2026-11-22T00:00:00Z");
    let mut runs: BTreeMap<Timestamp, u32> = BTreeMap::new();
    let mut now = considered;
    for step in 0..600 {
        now = now.checked_add(SignedDuration::from_mins(if step % 25 == 24 { -60 } else { 5 })).unwrap();
        let decision = decide(&often, POLICY, considered, now, 0);
        assert!(decision.considered >= considered);
        considered = decision.considered;
        for row in decision.occurrences {
            *runs.entry(row.scheduled_for).or_default() += 1;
        }
    }
    assert!(runs.len() > 140, "the clock still gets on by a day");
    assert!(runs.values().all(|times| *times == 1));
}

#[test]
fn a_schedule_edited_while_firing_runs_no_slot_twice_and_misses_none_it_never_had() {
    let (old, new) = (rule("0 8 * * *", WorkingDay::Same), rule("0 6,8,9 * * *", WorkingDay::Same));
    let edited_at = instant("2026-11-22T01:00:20Z");
    let before = decide(&old, POLICY, instant("2026-11-21T12:00:00Z"), edited_at, 0);
    let after = decide(&new, POLICY, before.considered, instant("2026-11-22T02:00:10Z"), 0);
    expect![[r#"
        2026-11-22T01:00:00Z Due
        considered 2026-11-22T01:00:20Z
        2026-11-22T02:00:00Z Due
        considered 2026-11-22T02:00:10Z
    "#]]
    .assert_eq(&format!("{}{}", told(&before), told(&after)));
}

#[test]
fn an_occurrence_goes_from_due_to_its_end_and_no_other_way() {
    let states = [State::Due, State::Running, State::Done, State::Failed, State::Skipped(Skip::Late)];
    let legal: Vec<(State, State)> =
        states.iter().flat_map(|from| states.iter().map(move |to| (*from, *to))).filter(|(from, to)| from.change(*to).is_ok()).collect();
    assert_eq!(legal, [(State::Due, State::Running), (State::Running, State::Done), (State::Running, State::Failed)]);
    assert!(states.iter().all(|state| state.is_final() == states.iter().all(|to| state.change(*to).is_err())));
    assert_eq!(State::Done.change(State::Running).unwrap_err().to_string(), "an occurrence cannot go from `Done` to `Running`");
}

/// The reasons, slot by slot from the newest back, without looking at positions: the oracle of `decide`.
fn expected(slots: &[Timestamp], policy: Policy, now: Timestamp, unfinished: usize) -> Vec<State> {
    let late = |slot: &Timestamp| now.as_second() - slot.as_second();
    let met_now = slots.iter().any(|slot| late(slot) <= 60);
    let mut chances = match policy.misfire {
        Misfire::Skip => 0,
        Misfire::RunLatest => u32::from(!met_now),
        Misfire::RunAll(most) => most,
    };
    let mut states: Vec<State> = Vec::new();
    for slot in slots.iter().rev() {
        let chosen = late(slot) <= 60 || chances > 0;
        if late(slot) > 60 {
            chances = chances.saturating_sub(1);
        }
        let too_late = policy.max_lateness.is_some_and(|most| late(slot) > most.as_secs().max(60));
        states.push(match (chosen, too_late) {
            (false, _) => State::Skipped(Skip::Misfire),
            (true, true) => State::Skipped(Skip::Late),
            (true, false) if policy.overlap == Overlap::Skip && unfinished > 0 => State::Skipped(Skip::Overlap),
            (true, false) => State::Due,
        });
    }
    states.reverse();
    states
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_slot_of_any_pause_becomes_one_row_with_its_reason(
        cron in proptest::sample::select(&["*/7 * * * *", "0 * * * *", "0 2,14 * * *", "30 1,2 * * *", "0 8 L * *"][..]),
        zone in proptest::sample::select(&["Asia/Ho_Chi_Minh", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"][..]),
        misfire in prop_oneof![Just(Misfire::RunLatest), Just(Misfire::Skip), (1_u32..5).prop_map(Misfire::RunAll)],
        overlap in prop_oneof![Just(Overlap::Skip), Just(Overlap::Queue)],
        lateness_minutes in proptest::option::of(1_i64..5000),
        unfinished in 0_usize..3,
        // Wake-ups: a minute, three hours, forty days, a clock set back, anything.
        pauses in proptest::collection::vec(prop_oneof![
            Just(60_i64), Just(3 * 3600), Just(40 * 86_400), Just(-3600), -90_000_i64..90_000
        ], 1..12),
        start in 1_760_000_000_i64..1_800_000_000,
    ) {
        let rule = rule_in(cron, zone, WorkingDay::Same);
        let policy = Policy { misfire, overlap, max_lateness: lateness_minutes.map(SignedDuration::from_mins) };
        let start = Timestamp::from_second(start).unwrap();
        let (mut considered, mut now, mut covered) = (start, start, 0_u64);
        let mut last_slot = start;
        for pause in pauses {
            now = now.checked_add(SignedDuration::from_secs(pause)).unwrap();
            let decision = decide(&rule, policy, considered, now, unfinished);
            prop_assert_eq!(&decision, &decide(&rule, policy, considered, now, unfinished));
            let slots: Vec<Timestamp> = rule.after(considered).take_while(|slot| *slot <= now).collect();
            prop_assert_eq!(decision.considered, considered.max(now));
            for row in &decision.occurrences {
                prop_assert!(row.scheduled_for > last_slot && row.last >= row.scheduled_for, "each slot belongs to one row");
                last_slot = row.last;
                covered += row.count;
            }
            let own_rows = slots.len().min(ROWS_MAX);
            let newest = slots.len() - own_rows;
            let states: Vec<State> = decision.occurrences.iter().skip(usize::from(newest > 0)).map(|row| row.state).collect();
            prop_assert_eq!(states, expected(&slots[newest..], policy, now, unfinished));
            prop_assert!(decision.occurrences.len() == own_rows + usize::from(newest > 0));
            considered = decision.considered;
        }
        prop_assert_eq!(covered, rule.after(start).take_while(|slot| *slot <= considered).count() as u64);
    }
}
