//! The outbox on both databases: claimed once, sent under an intent, never in other hands after it.

use std::collections::BTreeMap;

use vanthu::delivery::state::{Event, FailReason, OnUncertain};
use vanthu::store::attempts::Answer;
use vanthu::store::batches::{NewBatch, Post, ToPost};
use vanthu::store::deliveries::{Filter, Leased, NewDelivery, Note, state_name};
use vanthu::store::rates::{Limits, Rate};
use vanthu::store::records::End;
use vanthu::store::{Location, Store};

use super::{Place, accepted, new_batch, record, run, stored};
use crate::support::postgres::Postgres;
use crate::support::python;

macro_rules! on_both_databases {
    ($($name:ident)+) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::run(super::$name(super::Place::file(stringify!($name)))); })+
        }
        mod on_postgresql {
            $(#[test] fn $name() { super::run(super::$name(super::Place::server())); })+
        }
    };
}

on_both_databases! {
    a_message_is_queued_once_and_handed_out_once
    the_intent_belongs_to_the_holder_of_the_lease_alone
    a_sender_that_died_before_its_intent_costs_nothing_and_after_it_leaves_an_uncertain_message
    an_uncertain_message_goes_once_more_and_then_to_a_person
    a_suppressed_address_is_not_claimed_and_not_intended
    a_paused_relay_hands_out_nothing_until_its_time
    rates_count_over_senders_and_restarts
    all_sending_stops_with_a_reason
    a_bounce_counts_once_and_confirms_what_was_uncertain
    a_person_cannot_take_back_what_was_sent
    more_than_five_in_a_hundred_failures_hold_a_batch_and_five_do_not
    what_a_held_batch_had_handed_out_is_not_intended
    an_address_that_is_refused_is_suppressed_with_the_failure
    no_minute_holds_more_than_the_rate_and_the_next_one_opens_within_a_second
    the_rate_of_a_sender_holds_over_its_relays
    what_never_reached_its_body_is_given_back_to_the_rates
    a_day_s_quota_costs_no_message_its_life
    only_the_waits_of_its_own_schedule_are_of_a_message_s_life
    what_a_person_sends_again_begins_a_new_life
    a_message_taken_back_between_claim_and_intent_is_not_sent
    a_bounce_that_comes_while_it_is_sent_again_counts_when_that_has_ended
    each_attempt_keeps_the_server_s_own_words
    what_is_queued_for_a_relay_that_is_no_more_waits
    messages_of_records_made_after_a_retry_are_not_forgotten
}

/// Moves every time of the outbox back: as if so many milliseconds had passed.
fn put_on(place: &Place, milliseconds: i64) {
    let tell = |sql: &str| match &place.location {
        Location::File(path) => {
            let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=30)\nc.execute(sys.argv[2])\nc.commit()";
            drop(python(script, &[path.as_path(), sql.as_ref()]));
        }
        Location::Server(url) => drop(Postgres::start().query(url.rsplit('/').next().expect("a name"), sql)),
    };
    tell(&format!("UPDATE delivery SET next_at = next_at - {milliseconds}, lease_until = lease_until - {milliseconds}"));
    tell(&format!("UPDATE relay SET paused_until = paused_until - {milliseconds}"));
    // By way of numbers below zero: no piece may stand on the place of the next one, even for a moment.
    tell(&format!("UPDATE sent_window SET started_at = {milliseconds} - started_at"));
    tell("UPDATE sent_window SET started_at = -started_at");
}

/// A store with `count` queued messages, to a1@x.example, a2@x.example, …
async fn queued(place: &Place, count: u64) -> Store {
    let store = place.open().await;
    let batch = accepted(&store, count).await;
    let mut messages = Vec::new();
    for record in store.claim(&batch, "worker", u32::try_from(count).unwrap_or(1)).await.expect("records") {
        let number = record.number;
        let end = stored(&store, &record).await;
        let vanthu::store::records::End::Stored { document, .. } = &end else { panic!("stored") };
        let documents = vec![(document.id.clone(), format!("{number}.pdf"))];
        store.end(vec![(record, end)]).await.expect("ended");
        messages.push(NewDelivery {
            batch: batch.clone(),
            record: number,
            recipient: format!("a{number}@x.example"),
            recipient_key: format!("a{number}@x.example"),
            domain: "x.example".into(),
            purpose: "document".into(),
            generation: 1,
            sender: "van-thu@hoi.example".into(),
            relay: "may".into(),
            message: "{}".into(),
            documents,
            life: 86_400_000,
        });
    }
    assert_eq!(store.queue(&messages).await.expect("queued"), count);
    assert_eq!(store.queue(&messages).await.expect("queued"), 0, "once");
    store
}

async fn claim(store: &Store, owner: &str, count: u32) -> Vec<Leased> {
    claim_within(store, owner, count, Rate::default()).await
}

/// One relay with this rate.
fn limits(rate: Rate) -> Limits {
    Limits { relays: BTreeMap::from([("may".to_owned(), rate)]), ..Limits::default() }
}

async fn claim_within(store: &Store, owner: &str, count: u32, rate: Rate) -> Vec<Leased> {
    store.claim_deliveries(owner, count, &limits(rate)).await.expect("deliveries").deliveries
}

async fn states(store: &Store) -> BTreeMap<String, u64> {
    store.delivery_tally(None).await.expect("a tally").into_iter().collect()
}

async fn state_of(store: &Store, id: &str) -> &'static str {
    state_name(store.delivery(id).await.expect("a delivery").delivery.state)
}

async fn a_message_is_queued_once_and_handed_out_once(place: Place) {
    let store = queued(&place, 5).await;
    let first = claim(&store, "a", 3).await;
    let second = claim(&place.open().await, "b", 9).await;
    assert_eq!((first.len(), second.len()), (3, 2));
    let enclosed = store.enclosed(&first[0].id).await.expect("documents");
    assert_eq!(enclosed[0].1, format!("{}.pdf", first[0].recipient.trim_start_matches('a').split('@').next().unwrap_or_default()));
    let listed = store.deliveries(&Filter::default(), "", 10).await.expect("a list");
    assert_eq!(listed.len(), 5);
}

async fn the_intent_belongs_to_the_holder_of_the_lease_alone(place: Place) {
    let store = queued(&place, 1).await;
    let late = claim(&store, "late", 1).await.remove(0);
    assert_eq!(store.rescue_deliveries(true, 0).await.expect("rescued"), (1, 0));
    let next = claim(&store, "next", 1).await.remove(0);
    assert!(!store.intend(&late.id, late.epoch).await.expect("an answer"), "not a byte may be sent");
    assert!(store.intend(&next.id, next.epoch).await.expect("an answer"));
    assert!(!store.intend(&next.id, next.epoch).await.expect("an answer"), "once");
    assert!(!store.step_delivery(&late.id, late.epoch, Event::Accept, Note::default()).await.expect("an answer"));
    let note = Note { reply: "250 2.0.0 Ok: queued as 4AB", ..Note::default() };
    assert!(store.step_delivery(&next.id, next.epoch, Event::Accept, note).await.expect("an answer"));
    let posted = store.delivery(&next.id).await.expect("a delivery");
    assert_eq!((state_name(posted.delivery.state), posted.reply.as_str()), ("sent", "250 2.0.0 Ok: queued as 4AB"));
}

async fn a_sender_that_died_before_its_intent_costs_nothing_and_after_it_leaves_an_uncertain_message(place: Place) {
    let store = queued(&place, 2).await;
    let held = claim(&store, "dead", 2).await;
    assert!(store.intend(&held[1].id, held[1].epoch).await.expect("an answer"));
    assert_eq!(store.rescue_deliveries(false, 0).await.expect("rescued"), (0, 0), "the lease and the hold are not over");
    let until = store.now().await.expect("a time") + 60_000;
    assert_eq!(store.rescue_deliveries(true, until).await.expect("rescued"), (1, 1));
    assert_eq!((state_of(&store, &held[0].id).await, state_of(&store, &held[1].id).await), ("queued", "uncertain"));
    let again = claim(&store, "next", 9).await;
    assert_eq!(again.iter().map(|leased| (leased.id.as_str(), leased.attempts)).collect::<Vec<_>>(), [(held[0].id.as_str(), 1)]);
    assert_eq!(store.settle(OnUncertain::RetryOnce).await.expect("settled"), 0, "its wait is not over");
}

async fn an_uncertain_message_goes_once_more_and_then_to_a_person(place: Place) {
    let store = queued(&place, 1).await;
    for round in ["first", "second"] {
        let leased = claim(&store, round, 1).await.remove(0);
        assert!(store.intend(&leased.id, leased.epoch).await.expect("an answer"));
        assert!(store.lose_answer(&leased.id, leased.epoch, 0, Note::default()).await.expect("an answer"));
        assert_eq!(store.settle(OnUncertain::RetryOnce).await.expect("settled"), 1);
    }
    assert_eq!(states(&store).await, BTreeMap::from([("needs_operator".to_owned(), 1)]));
    let posted = store.deliveries(&Filter::default(), "", 1).await.expect("a list").remove(0);
    assert_eq!(posted.delivery.possible_copies(), 2);
    store.decide_delivery(&posted.id, Event::ConfirmSent, "clerk", "đã hỏi").await.expect("decided");
    assert_eq!(state_of(&store, &posted.id).await, "sent");
    assert_eq!(store.audit_lines(0, 9).await.expect("lines")[0].action, "delivery.decide");
}

async fn a_suppressed_address_is_not_claimed_and_not_intended(place: Place) {
    let store = queued(&place, 2).await;
    store.suppress("a1@x.example", "không tồn tại", None, None).await.expect("suppressed");
    let held = claim(&store, "a", 9).await;
    assert_eq!(held.iter().map(|leased| leased.recipient.as_str()).collect::<Vec<_>>(), ["a2@x.example"]);
    store.suppress("a2@x.example", "phàn nàn", None, None).await.expect("suppressed");
    assert!(!store.intend(&held[0].id, held[0].epoch).await.expect("an answer"), "suppressed after the claim");
    assert_eq!(states(&store).await, BTreeMap::from([("suppressed".to_owned(), 2)]), "in nobody's hands any more");
    assert!(store.release("a1@x.example", "", "clerk").await.expect("released"));
    assert_eq!(store.suppressions().await.expect("a list").len(), 1);
}

async fn a_paused_relay_hands_out_nothing_until_its_time(place: Place) {
    let store = queued(&place, 1).await;
    assert_eq!(store.pause_relay("may", 60_000, "relay", "421").await.expect("paused"), 1);
    assert_eq!(store.pause_relay("may", 30_000, "relay", "421").await.expect("paused"), 1, "begun before the pause: the same outage");
    assert!(claim(&store, "a", 1).await.is_empty());
    store.relay_works("may").await.expect("works");
    assert_eq!(store.pauses().await.expect("a list")[0].failures, 1, "what was begun before the pause does not end it");
    for failures in 2..5 {
        put_on(&place, 61_000);
        assert_eq!(store.back_off("may", "relay", "421", |failures| i64::from(failures) * 10_000).await.expect("paused"), failures);
    }
    assert!(store.resume_relay("may").await.expect("resumed"));
    assert_eq!(claim(&store, "a", 1).await.len(), 1);
    assert_eq!(store.pause_relay("may", 60_000, "relay", "421").await.expect("paused"), 1, "it had worked");
}

async fn rates_count_over_senders_and_restarts(place: Place) {
    let store = queued(&place, 5).await;
    let limits = Limits {
        relays: BTreeMap::from([("may".to_owned(), Rate { per_minute: None, per_day: Some(4) })]),
        domains: BTreeMap::from([(("may".to_owned(), "example".to_owned()), Rate { per_minute: None, per_day: Some(3) })]),
        sender: Rate::default(),
    };
    let first = store.claim_deliveries("a", 2, &limits).await.expect("deliveries").deliveries;
    let rest = place.open().await.claim_deliveries("b", 9, &limits).await.expect("deliveries");
    assert_eq!((first.len(), rest.deliveries.len(), rest.passed_over), (2, 1, 2), "the narrower limit holds");
    assert!(store.claim_deliveries("a", 9, &limits).await.expect("deliveries").deliveries.is_empty(), "what is left waits for its window");
    assert_eq!(states(&store).await.get("queued"), Some(&2));
}

async fn all_sending_stops_with_a_reason(place: Place) {
    let store = queued(&place, 1).await;
    store.pause_sending(Some("khôi phục từ bản sao lưu"), "operator").await.expect("paused");
    assert!(claim(&store, "a", 1).await.is_empty());
    assert_eq!(store.sending_paused().await.expect("an answer").as_deref(), Some("khôi phục từ bản sao lưu"));
    store.pause_sending(None, "operator").await.expect("resumed");
    assert_eq!(claim(&store, "a", 1).await.len(), 1);
}

async fn a_bounce_counts_once_and_confirms_what_was_uncertain(place: Place) {
    let store = queued(&place, 1).await;
    let leased = claim(&store, "a", 1).await.remove(0);
    assert!(store.intend(&leased.id, leased.epoch).await.expect("an answer"));
    assert!(store.lose_answer(&leased.id, leased.epoch, 0, Note::default()).await.expect("an answer"));
    let told = ("failed", "5.1.1", "không có người này");
    assert!(store.note_bounce("<1@mta>", &leased.id, Some(Event::Bounce), told, Some("không có")).await.expect("noted"));
    assert!(!store.note_bounce("<1@mta>", &leased.id, Some(Event::Bounce), told, None).await.expect("an answer"), "once");
    assert!(!store.note_bounce("<2@mta>", "khong-co", Some(Event::Bounce), told, None).await.expect("an answer"), "no such delivery");
    assert_eq!(state_of(&store, &leased.id).await, "bounced");
    assert_eq!(store.suppression_of("a1@x.example").await.expect("an answer").map(|one| one.reason).as_deref(), Some("không có"));
}

async fn a_person_cannot_take_back_what_was_sent(place: Place) {
    let store = queued(&place, 2).await;
    let held = claim(&store, "a", 1).await.remove(0);
    assert!(store.intend(&held.id, held.epoch).await.expect("an answer"));
    assert!(store.step_delivery(&held.id, held.epoch, Event::Accept, Note::default()).await.expect("an answer"));
    let refused = store.decide_delivery(&held.id, Event::Cancel, "clerk", "").await.expect_err("refused");
    assert_eq!(refused.to_string(), format!("delivery {} is sent", held.id));
    let other = store.deliveries(&Filter { state: Some("queued".into()), ..Filter::default() }, "", 1).await.expect("a list").remove(0);
    store.decide_delivery(&other.id, Event::Cancel, "clerk", "nhầm").await.expect("cancelled");
    let failed = Event::Fail { reason: FailReason::Permanent };
    assert!(!store.step_delivery(&other.id, 0, failed, Note::default()).await.expect("an answer"), "it is over");
}

const FAIL: Event = Event::Fail { reason: FailReason::Permanent };

async fn ends(store: &Store, leased: &Leased, event: Event) {
    if event == Event::Accept {
        assert!(store.intend(&leased.id, leased.epoch).await.expect("an answer"));
    }
    assert!(store.step_delivery(&leased.id, leased.epoch, event, Note::default()).await.expect("an answer"));
}

async fn more_than_five_in_a_hundred_failures_hold_a_batch_and_five_do_not(place: Place) {
    let store = queued(&place, 102).await;
    let held = async || store.mail_pauses().await.expect("an answer").len();
    for (index, leased) in claim(&store, "a", 101).await.iter().enumerate() {
        assert_eq!(held().await, 0, "after {index}");
        ends(&store, leased, if index < 95 { Event::Accept } else { FAIL }).await;
    }
    let [(batch, _, pause)] = store.mail_pauses().await.expect("an answer").try_into().expect("one");
    assert_eq!((pause.failed, pause.tried), (6, 101));
    assert!(claim(&store, "a", 9).await.is_empty(), "the last one waits");
    assert!(store.resume_mailing(&batch, "an").await.expect("an answer"));
    assert!(!store.resume_mailing(&batch, "an").await.expect("an answer"), "it goes on already");
    let last = claim(&store, "a", 9).await.remove(0);
    ends(&store, &last, FAIL).await;
    assert_eq!(held().await, 0, "what failed before does not count again");
}

async fn what_a_held_batch_had_handed_out_is_not_intended(place: Place) {
    let store = queued(&place, 6).await;
    let leased = claim(&store, "a", 6).await;
    for one in &leased[..5] {
        assert!(!store.is_mail_held(&one.id).await.expect("an answer"));
        ends(&store, one, FAIL).await;
    }
    let last = &leased[5];
    assert!(store.is_mail_held(&last.id).await.expect("an answer"));
    assert!(!store.intend(&last.id, last.epoch).await.expect("an answer"));
    // Never: that is what a hundred means.
    let never = queued(&Place::file("never"), 6).await.holding_mail_over(100);
    for one in claim(&never, "a", 6).await {
        ends(&never, &one, FAIL).await;
    }
    assert!(never.mail_pauses().await.expect("an answer").is_empty());
}

async fn an_address_that_is_refused_is_suppressed_with_the_failure(place: Place) {
    let store = queued(&place, 1).await;
    let leased = claim(&store, "a", 1).await.remove(0);
    let note = Note { reply: "550 5.1.1", reason: "không có người này", ..Note::default() };
    assert!(!store.fail_and_suppress(&leased.id, leased.epoch + 1, note).await.expect("an answer"), "it is not the caller's");
    assert!(store.suppressions().await.expect("a list").is_empty());
    assert!(store.fail_and_suppress(&leased.id, leased.epoch, note).await.expect("an answer"));
    let [suppressed] = store.suppressions().await.expect("a list").try_into().expect("one");
    assert_eq!((suppressed.recipient_key.as_str(), suppressed.reason.as_str()), ("a1@x.example", "không có người này"));
    assert_eq!(state_of(&store, &leased.id).await, "failed");
}

async fn no_minute_holds_more_than_the_rate_and_the_next_one_opens_within_a_second(place: Place) {
    let store = queued(&place, 9).await;
    let rate = Rate { per_minute: Some(2), per_day: None };
    assert_eq!(claim_within(&store, "a", 9, rate).await.len(), 2);
    put_on(&place, 30_000);
    assert_eq!(claim_within(&store, "a", 9, rate).await.len(), 0, "in whichever minute of the clock they went");
    put_on(&place, 20_000);
    assert_eq!(claim_within(&place.open().await, "a", 9, rate).await.len(), 0, "another process has not forgotten");
    put_on(&place, 12_000);
    assert_eq!(claim_within(&place.open().await, "a", 9, rate).await.len(), 2, "sixty-one seconds after the first two");
    assert_eq!(claim(&store, "a", 9).await.len(), 5, "without a rate nothing is held back");
}

async fn the_rate_of_a_sender_holds_over_its_relays(place: Place) {
    let store = queued(&place, 4).await;
    let mut other = store.deliveries(&Filter::default(), "", 1).await.expect("a list").remove(0);
    other.relay = "phu".into();
    let more: Vec<NewDelivery> = (2..5)
        .map(|generation| NewDelivery {
            batch: other.batch.clone(),
            record: other.record,
            recipient: other.recipient.clone(),
            recipient_key: other.recipient.clone(),
            domain: "x.example".into(),
            purpose: "document".into(),
            generation,
            sender: "van-thu@hoi.example".into(),
            relay: other.relay.clone(),
            message: "{}".into(),
            documents: Vec::new(),
            life: 1,
        })
        .collect();
    assert_eq!(store.queue(&more).await.expect("queued"), 3);
    let relays = BTreeMap::from([("may".to_owned(), Rate::default()), ("phu".to_owned(), Rate::default())]);
    let limits = Limits { relays, sender: Rate { per_minute: None, per_day: Some(5) }, ..Limits::default() };
    let claim = store.claim_deliveries("a", 9, &limits).await.expect("deliveries");
    assert_eq!(claim.deliveries.len(), 5);
    assert!(claim.deliveries.iter().any(|leased| leased.relay == "phu"), "each relay has its share of a claim");
    assert_eq!(states(&store).await.get("queued"), Some(&2));
}

async fn what_never_reached_its_body_is_given_back_to_the_rates(place: Place) {
    let store = queued(&place, 3).await;
    let rate = Rate { per_minute: None, per_day: Some(2) };
    let held = claim_within(&store, "a", 9, rate).await;
    assert_eq!((held.len(), store.sent_in_a_day("may").await.expect("a count")), (2, 2));
    let away = Event::Retry { next_at: held[0].now, charged: false };
    assert!(store.step_delivery(&held[0].id, held[0].epoch, away, Note::default()).await.expect("an answer"));
    assert_eq!(store.sent_in_a_day("may").await.expect("a count"), 1);
    assert_eq!(store.give_back_deliveries("a").await.expect("given back"), 1);
    assert_eq!(store.sent_in_a_day("may").await.expect("a count"), 0);
    let again = claim_within(&store, "a", 9, rate).await;
    assert_eq!(again.len(), 2);
    assert!(store.intend(&again[0].id, again[0].epoch).await.expect("an answer"));
    assert!(store.step_delivery(&again[0].id, again[0].epoch, away, Note::default()).await.expect("an answer"));
    assert_eq!(store.sent_in_a_day("may").await.expect("a count"), 2, "the relay has counted it");
}

async fn a_day_s_quota_costs_no_message_its_life(place: Place) {
    let store = queued(&place, 50).await;
    let rate = Rate { per_minute: None, per_day: Some(10) };
    for day in 1..=5 {
        let held = claim_within(&store, "a", 50, rate).await;
        assert_eq!(held.len(), 10, "day {day}");
        for leased in &held {
            assert_eq!((leased.waited, leased.life), (0, 86_400_000), "day {day}");
            assert!(store.intend(&leased.id, leased.epoch).await.expect("an answer"));
            assert!(store.step_delivery(&leased.id, leased.epoch, Event::Accept, Note::default()).await.expect("an answer"));
        }
        put_on(&place, 24 * 3_600_000 + 16 * 60_000);
    }
    assert_eq!(states(&store).await, BTreeMap::from([("sent".to_owned(), 50)]));
}

async fn only_the_waits_of_its_own_schedule_are_of_a_message_s_life(place: Place) {
    let store = queued(&place, 1).await;
    let leased = claim(&store, "a", 1).await.remove(0);
    let later = Event::Retry { next_at: store.now().await.expect("a time") + 60_000, charged: true };
    assert!(store.step_delivery(&leased.id, leased.epoch, later, Note::default()).await.expect("an answer"));
    put_on(&place, 3 * 86_400_000);
    let leased = claim(&store, "a", 1).await.remove(0);
    assert!((50_000..=60_000).contains(&leased.waited), "{}", leased.waited);
    assert_eq!(leased.attempts, 2);
}

async fn what_a_person_sends_again_begins_a_new_life(place: Place) {
    let store = queued(&place, 1).await;
    let leased = claim(&store, "a", 1).await.remove(0);
    let later = Event::Retry { next_at: store.now().await.expect("a time") + 60_000, charged: true };
    assert!(store.step_delivery(&leased.id, leased.epoch, later, Note::default()).await.expect("an answer"));
    put_on(&place, 61_000);
    let leased = claim(&store, "a", 1).await.remove(0);
    let expired = Event::Fail { reason: FailReason::Expired };
    assert!(store.step_delivery(&leased.id, leased.epoch, expired, Note::default()).await.expect("an answer"));
    store.decide_delivery(&leased.id, Event::Resend { next_at: 0 }, "clerk", "").await.expect("decided");
    let leased = claim(&store, "a", 1).await.remove(0);
    assert_eq!((leased.attempts, leased.waited), (1, 0));
}

async fn a_message_taken_back_between_claim_and_intent_is_not_sent(place: Place) {
    let store = queued(&place, 2).await;
    let held = claim(&store, "a", 2).await;
    store.decide_delivery(&held[0].id, Event::Cancel, "clerk", "nhầm").await.expect("cancelled");
    assert!(!store.intend(&held[0].id, held[0].epoch).await.expect("an answer"));
    assert_eq!(state_of(&store, &held[0].id).await, "cancelled");
    put_on(&place, 61_000);
    assert!(!store.intend(&held[1].id, held[1].epoch).await.expect("an answer"), "its lease is over");
    assert_eq!(state_of(&store, &held[1].id).await, "queued");
    assert_eq!(claim(&store, "b", 2).await.len(), 1);
}

async fn a_bounce_that_comes_while_it_is_sent_again_counts_when_that_has_ended(place: Place) {
    let store = queued(&place, 2).await;
    let told = ("failed", "5.1.1", "không có người này");
    let first = claim(&store, "a", 2).await;
    for leased in &first {
        assert!(store.intend(&leased.id, leased.epoch).await.expect("an answer"));
        assert!(store.lose_answer(&leased.id, leased.epoch, 0, Note::default()).await.expect("an answer"));
    }
    assert_eq!(store.settle(OnUncertain::RetryOnce).await.expect("settled"), 2);
    let again = claim(&store, "b", 2).await;
    assert!(store.intend(&again[0].id, again[0].epoch).await.expect("an answer"));
    for (index, leased) in again.iter().enumerate() {
        assert!(store.note_bounce(&format!("<{index}@mta>"), &leased.id, Some(Event::Bounce), told, None).await.expect("noted"));
    }
    assert_eq!((state_of(&store, &again[0].id).await, state_of(&store, &again[1].id).await), ("committing", "leased"));
    assert!(store.step_delivery(&again[0].id, again[0].epoch, Event::Accept, Note::default()).await.expect("an answer"));
    assert_eq!(store.give_back_deliveries("b").await.expect("given back"), 1);
    assert_eq!(states(&store).await, BTreeMap::from([("bounced".to_owned(), 2)]));
}

async fn each_attempt_keeps_the_server_s_own_words(place: Place) {
    let store = queued(&place, 1).await;
    let leased = claim(&store, "a", 1).await.remove(0);
    let reply = "450 4.7.1 greylisted";
    let answer = Answer { reply: reply.into(), peer: "192.0.2.1".into(), tls: "TLS 1.3".into(), certificate: "ab".into() };
    let note = Note { reply: "máy chủ từ chối", answer: Some(&answer), ..Note::default() };
    let again = Event::Retry { next_at: 0, charged: true };
    assert!(store.step_delivery(&leased.id, leased.epoch, again, note).await.expect("an answer"));
    let leased = claim(&store, "a", 1).await.remove(0);
    assert_eq!(store.give_back_deliveries("a").await.expect("given back"), 1, "which is no attempt");
    drop(leased);
    let leased = claim(&store, "a", 1).await.remove(0);
    assert!(store.intend(&leased.id, leased.epoch).await.expect("an answer"));
    let note = Note { reply: "250 2.0.0 Ok: queued as 4AB", ..Note::default() };
    assert!(store.step_delivery(&leased.id, leased.epoch, Event::Accept, note).await.expect("an answer"));
    let attempts = store.attempts(&leased.id).await.expect("a list");
    let shown: Vec<(u64, &str, &str)> = attempts.iter().map(|one| (one.number, one.outcome.as_str(), one.answer.reply.as_str())).collect();
    assert_eq!(shown, [(1, "retry", reply), (2, "accepted", "250 2.0.0 Ok: queued as 4AB")]);
    assert_eq!(attempts[0].answer, answer);
    assert!(attempts[0].started_at <= attempts[0].ended_at && attempts[0].ended_at <= attempts[1].started_at);
}

async fn what_is_queued_for_a_relay_that_is_no_more_waits(place: Place) {
    let store = queued(&place, 2).await;
    let claim = store.claim_deliveries("a", 9, &Limits::default()).await.expect("deliveries");
    assert!(claim.deliveries.is_empty() && claim.passed_over == 0);
    assert_eq!(store.queued_relays().await.expect("a list"), ["may"]);
    assert_eq!(states(&store).await.get("queued"), Some(&2));
}

async fn messages_of_records_made_after_a_retry_are_not_forgotten(place: Place) {
    let store = place.open().await;
    let mut planning = store.plan(NewBatch { post: Post::Pending, ..new_batch(None) }).await.expect("a plan").expect("a new batch");
    planning.add(record(1)).await.expect("a record");
    let batch = planning.id().to_owned();
    planning.accept("{}", 0, &[]).await.expect("accepted");
    let failed = |record| vec![(record, End::Failed { reasons: "[]".into() })];
    let held = store.claim(&batch, "worker", 1).await.expect("records").remove(0);
    store.end(failed(held)).await.expect("ended");
    assert!(store.finish(&batch).await.expect("finished"));
    let read = store.batches_to_post().await.expect("a list").remove(0);
    // Between the reading of its records and the mark, its failed record is made again.
    assert_eq!(store.retry(&batch, "test").await.expect("tried again"), 1);
    assert!(!store.mark_queued(&read).await.expect("an answer"));
    let held = store.claim(&batch, "worker", 1).await.expect("records").remove(0);
    let end = stored(&store, &held).await;
    store.end(vec![(held, end)]).await.expect("ended");
    assert!(store.finish(&batch).await.expect("finished"));
    let read = store.batches_to_post().await.expect("a list").remove(0);
    let before = ToPost { finished_at: read.finished_at - 1, ..read.clone() };
    assert!(!store.mark_queued(&before).await.expect("an answer"), "it has finished again since");
    assert!(store.mark_queued(&read).await.expect("an answer"));
    assert!(store.batches_to_post().await.expect("a list").is_empty());
}
