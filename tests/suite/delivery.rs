//! Replies, what they mean, schedules, and the states of a delivery.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use vanthu::delivery::backoff::{Next, Route, Schedule, relay_pause, uncertain_wait};
use vanthu::delivery::classify::{Action, Fault, Scope, Seen, Verdict, classify};
use vanthu::delivery::reply::{Phase, Reply, ReplyError, TEXT_CHARS_MAX};
use vanthu::delivery::state::{Delivery, Event, FailReason, OnUncertain, State};

#[test]
fn a_reply_keeps_its_codes_and_its_words() {
    let reply = Reply::parse(b"550-5.1.1 The email account that you tried to reach\r\n550 5.1.1 does not exist.\r\n").unwrap();
    assert_eq!(reply.code, 550);
    assert_eq!(reply.enhanced.unwrap().to_string(), "5.1.1");
    assert_eq!(reply.text, "5.1.1 The email account that you tried to reach 5.1.1 does not exist.");
    assert_eq!(Reply::parse(b"250\r\n").unwrap(), Reply { code: 250, enhanced: None, text: String::new() });
}

#[test]
fn an_enhanced_code_of_another_class_is_not_believed() {
    assert_eq!(Reply::parse(b"550 2.1.5 fine\r\n").unwrap().enhanced, None);
    assert_eq!(Reply::parse(b"550 5.1.1000 no\r\n").unwrap().enhanced, None);
    assert_eq!(Reply::parse(b"550 5.1 no\r\n").unwrap().enhanced, None);
}

#[test]
fn what_is_no_reply_is_never_guessed_at() {
    for (bytes, error) in [
        (&b"hello\r\n"[..], ReplyError::Garbage),
        (b"25\r\n", ReplyError::Garbage),
        (b"250-one\r\n550 two\r\n", ReplyError::Garbage),
        (b"999 what\r\n", ReplyError::Garbage),
        (b"250_one\r\n", ReplyError::Garbage),
        (b"", ReplyError::Incomplete),
        (b"25", ReplyError::Incomplete),
        (b"250-one\r\n", ReplyError::Incomplete),
        (b"250 one\r\n250 two\r\n", ReplyError::OutOfStep),
    ] {
        assert_eq!(Reply::parse(bytes), Err(error), "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(Reply::parse(&b"250-x\r\n".repeat(101)), Err(ReplyError::TooLong));
    assert_eq!(Reply::parse(&[b'2'; 70_000]), Err(ReplyError::TooLong));
}

#[test]
fn long_and_strange_words_are_cut_and_made_visible() {
    let long = format!("250 {}\r\n", "x".repeat(2_000));
    assert_eq!(Reply::parse(long.as_bytes()).unwrap().text.len(), TEXT_CHARS_MAX);
    assert_eq!(Reply::parse(b"250 a\x1b[31mb\r\n").unwrap().text, "a␣[31mb");
    assert_eq!(Reply::parse(b"250 \xc4\x91\xe3 nh\xff\r\n").unwrap().text, "đ\u{fffd} nh\u{fffd}");
}

#[test]
fn the_queue_id_is_found_in_the_words_of_the_usual_servers() {
    for (words, id) in [
        ("2.0.0 Ok: queued as 4F1A2B3C4D", Some("4F1A2B3C4D")),
        ("2.0.0 6d8f1c2a Message accepted for delivery", Some("6d8f1c2a")),
        ("OK id=1rABcd-0001Xy-2z", Some("1rABcd-0001Xy-2z")),
        ("2.0.0 OK  1700000000 d9443c01a7336-1cc5c2 - gsmtp", Some("d9443c01a7336-1cc5c2")),
        ("Message queued with id 10a2b3c4", Some("10a2b3c4")),
        ("2.0.0 Ok", None),
    ] {
        assert_eq!(Reply::new(250, words).queue_id(), id, "{words}");
    }
}

fn refused(phase: Phase, code: u16, words: &str) -> Seen {
    Seen::Refused { phase, reply: Reply::new(code, words) }
}

fn broken(phase: Phase, fault: Fault) -> Seen {
    Seen::broken(phase, fault, "")
}

/// Every row of the table of scopes, with the step where it matters.
#[test]
fn each_answer_has_its_scope_and_its_action() {
    use Action::*;
    use Phase::*;
    let rows = [
        // Relay: nobody's attempt is charged.
        (broken(Connect, Fault::Unreachable), Scope::Relay, BackOffRelay),
        (broken(Connect, Fault::TimedOut), Scope::Relay, BackOffRelay),
        (broken(StartTls, Fault::Tls), Scope::Relay, BackOffRelay),
        (broken(Greeting, Fault::Protocol(ReplyError::Garbage)), Scope::Relay, BackOffRelay),
        (broken(MailFrom, Fault::Closed), Scope::Relay, BackOffRelay),
        (broken(Body, Fault::Closed), Scope::Relay, BackOffRelay),
        (refused(Greeting, 554, "No service"), Scope::Relay, BackOffRelay),
        (refused(StartTls, 454, "TLS not available"), Scope::Relay, BackOffRelay),
        (refused(Ehlo, 502, "5.5.1 unknown"), Scope::Relay, BackOffRelay),
        (refused(RcptTo, 421, "4.7.0 going away"), Scope::Relay, BackOffRelay),
        (refused(Dot, 421, "closing"), Scope::Relay, BackOffRelay),
        (refused(Data, 451, "4.3.2 not accepting messages"), Scope::Relay, BackOffRelay),
        (refused(RcptTo, 450, "4.4.1 no answer from host"), Scope::Relay, BackOffRelay),
        // Account: a wrong password is never tried again.
        (refused(Auth, 454, "4.7.0 Temporary authentication failure"), Scope::Account, PauseSender),
        (refused(MailFrom, 530, "5.7.0 Authentication required"), Scope::Account, PauseSender),
        (refused(Auth, 534, "5.7.9 Application-specific password required"), Scope::Account, PauseSender),
        (refused(Auth, 535, "5.7.8 Username and Password not accepted"), Scope::Account, PauseSender),
        (refused(MailFrom, 550, "5.7.30 Basic authentication is not supported"), Scope::Account, PauseSender),
        (refused(RcptTo, 554, "5.7.1 <x@y.vn>: Relay access denied"), Scope::Account, PauseSender),
        (broken(Auth, Fault::NoSignIn), Scope::Account, PauseSender),
        // Quota: 5xx, and yet not permanent.
        (refused(MailFrom, 550, "5.4.5 Daily user sending limit exceeded"), Scope::Quota, PauseUntilWindow),
        (refused(Dot, 550, "5.7.1 Daily SMTP relay limit exceeded for user"), Scope::Quota, PauseUntilWindow),
        (refused(MailFrom, 450, "4.2.1 Peak SMTP relay limit exceeded for customer"), Scope::Quota, PauseUntilWindow),
        (refused(MailFrom, 452, "4.3.1 Insufficient system storage"), Scope::Quota, PauseUntilWindow),
        (refused(MailFrom, 550, "5.1.8 Access denied, bad outbound sender"), Scope::Quota, PauseUntilWindow),
        // Recipient, for now.
        (refused(RcptTo, 450, "4.2.0 Greylisted, try again"), Scope::Recipient, Retry),
        (refused(RcptTo, 451, "4.7.1 Please try again later"), Scope::Recipient, Retry),
        (refused(RcptTo, 452, "4.2.2 Mailbox full"), Scope::Recipient, Retry),
        (refused(RcptTo, 450, "4.2.1 The user is receiving mail too quickly"), Scope::Recipient, Retry),
        (refused(Dot, 451, "Local error"), Scope::Recipient, Retry),
        // Recipient, for good.
        (refused(RcptTo, 550, "5.1.1 No such user"), Scope::Recipient, FailAndSuppress),
        (refused(RcptTo, 550, "5.1.2 Bad destination system"), Scope::Recipient, FailAndSuppress),
        (refused(RcptTo, 501, "5.1.3 Bad address syntax"), Scope::Recipient, FailAndSuppress),
        (refused(RcptTo, 551, "5.1.6 Mailbox has moved"), Scope::Recipient, FailAndSuppress),
        (refused(RcptTo, 553, "Mailbox name not allowed"), Scope::Recipient, FailAndSuppress),
        (refused(RcptTo, 550, "5.4.4 Unable to route"), Scope::Recipient, FailAndSuppress),
        (refused(RcptTo, 550, "no"), Scope::Recipient, Fail),
        // Mailbox full.
        (refused(RcptTo, 552, "Requested mail action aborted: exceeded storage allocation"), Scope::Recipient, RetryThreeDays),
        (refused(Dot, 552, "5.2.2 Mailbox full"), Scope::Recipient, RetryThreeDays),
        (refused(RcptTo, 550, "5.2.2 Over quota"), Scope::Recipient, RetryThreeDays),
        // Size.
        (refused(MailFrom, 552, "5.3.4 Message size exceeds fixed limit"), Scope::Size, SendLink),
        (refused(MailFrom, 552, "exceeds"), Scope::Size, SendLink),
        (refused(Dot, 554, "5.2.3 Message too large"), Scope::Size, SendLink),
        (refused(Dot, 523, "too long"), Scope::Size, SendLink),
        (Seen::TooLarge { size: 11, limit: 10 }, Scope::Size, SendLink),
        // Address.
        (refused(RcptTo, 550, "5.6.7 Non-ASCII addresses not permitted"), Scope::Address, Fail),
        (Seen::NeedsSmtpUtf8, Scope::Address, Fail),
        // The domain that we send from.
        (refused(Dot, 550, "5.7.1 Message rejected due to policy"), Scope::SendingDomain, PauseSender),
        (refused(Dot, 550, "5.7.26 Unauthenticated email is not accepted due to DMARC"), Scope::SendingDomain, PauseSender),
        (refused(Dot, 550, "5.7.515 Access denied, domain does not meet the level"), Scope::SendingDomain, PauseSender),
        // The message.
        (refused(Dot, 554, "5.6.0 Rejected as spam"), Scope::Message, Fail),
        (refused(MailFrom, 501, "Syntax error"), Scope::Message, Fail),
        (refused(Dot, 554, "Transaction failed"), Scope::Message, Fail),
        // Protocol: before the body it is safe to try again, after the dot it is not.
        (broken(RcptTo, Fault::Protocol(ReplyError::Garbage)), Scope::Protocol, Retry),
        (broken(Data, Fault::Protocol(ReplyError::TooLong)), Scope::Protocol, Retry),
        (broken(Dot, Fault::Protocol(ReplyError::Garbage)), Scope::Protocol, Uncertain),
        (broken(Dot, Fault::Protocol(ReplyError::TooLong)), Scope::Protocol, Uncertain),
        (broken(Dot, Fault::Closed), Scope::Relay, Uncertain),
        (broken(Dot, Fault::TimedOut), Scope::Relay, Uncertain),
    ];
    for (seen, scope, action) in rows {
        let verdict = classify(&seen, false);
        assert_eq!(verdict, Verdict { scope, action }, "{}", seen.describe().en);
        assert!(!verdict.describe().vi.is_empty() && !verdict.describe().en.is_empty());
    }
}

#[test]
fn a_link_that_is_too_large_still_fails_for_good() {
    assert_eq!(classify(&Seen::TooLarge { size: 11, limit: 10 }, true).action, Action::Fail);
    assert_eq!(classify(&refused(Phase::MailFrom, 552, "5.3.4 no"), true).action, Action::Fail);
}

#[test]
fn faults_of_relay_account_and_quota_are_not_charged_to_people() {
    for action in [Action::BackOffRelay, Action::PauseSender, Action::PauseUntilWindow] {
        assert!(!Verdict { scope: Scope::Relay, action }.is_charged());
    }
    for action in [Action::Retry, Action::RetryThreeDays, Action::SendLink, Action::Fail, Action::FailAndSuppress, Action::Uncertain] {
        assert!(Verdict { scope: Scope::Recipient, action }.is_charged());
    }
}

#[test]
fn what_was_seen_is_told_in_both_languages() {
    let seen = refused(Phase::RcptTo, 550, "5.1.1 No such user");
    assert_eq!(seen.describe().vi, "máy chủ từ chối ở lệnh RCPT TO: 550 5.1.1 No such user");
    assert_eq!(seen.describe().en, "refused at RCPT TO: 550 5.1.1 No such user");
    let seen = Seen::broken(Phase::Dot, Fault::TimedOut, "");
    assert_eq!(seen.describe().vi, "dấu chấm cuối: máy chủ không trả lời kịp");
    assert_eq!(classify(&seen, false).describe().vi, "có thể đã gửi: kết nối mất sau dấu chấm cuối");
}

/// Waits in minutes until the end, without scatter.
fn waits(schedule: &Schedule) -> Vec<u64> {
    let (mut waits, mut age) = (Vec::new(), Duration::ZERO);
    for failures in 1.. {
        match schedule.next(failures, age, 0.5) {
            Next::After(wait) => {
                waits.push(wait.as_secs() / 60);
                age += wait;
            }
            Next::Expired => break,
        }
    }
    waits
}

#[test]
fn the_direct_schedule_ends_after_five_days_and_more_than_twenty_tries() {
    let waits = waits(&Schedule::of(Route::Direct));
    assert_eq!(waits[..12], [1, 5, 15, 30, 60, 120, 120, 240, 240, 360, 360, 360]);
    assert!(waits.len() >= 20, "{}", waits.len());
    assert_eq!(waits.iter().sum::<u64>(), 5 * 24 * 60);
}

#[test]
fn the_schedule_to_a_smarthost_ends_after_a_day() {
    let waits = waits(&Schedule::of(Route::Smarthost));
    assert_eq!(waits[..6], [1, 5, 15, 30, 60, 60]);
    assert_eq!(waits.iter().sum::<u64>(), 24 * 60);
    assert_eq!(self::waits(&Schedule::of(Route::Smarthost).for_full_mailbox()).iter().sum::<u64>(), 3 * 24 * 60);
}

#[test]
fn waits_are_scattered_by_a_fifth_and_relays_wait_a_quarter_of_an_hour_at_most() {
    let schedule = Schedule::of(Route::Direct);
    assert_eq!(schedule.next(4, Duration::ZERO, 0.0), Next::After(Duration::from_secs(24 * 60)));
    assert_eq!(schedule.next(4, Duration::ZERO, 1.0), Next::After(Duration::from_secs(36 * 60)));
    let pauses: Vec<u64> = (1..9).map(|failures| relay_pause(failures, 0.5).as_secs()).collect();
    assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
    assert_eq!((uncertain_wait(0.0).as_secs(), uncertain_wait(1.0).as_secs()), (15 * 60, 60 * 60));
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Queued { .. } => "queued",
        State::Leased => "leased",
        State::Committing => "committing",
        State::Uncertain => "uncertain",
        State::NeedsOperator => "needs_operator",
        State::Sent => "sent",
        State::Failed { .. } => "failed",
        State::Suppressed => "suppressed",
        State::Cancelled => "cancelled",
        State::Bounced => "bounced",
        State::Complained => "complained",
    }
}

/// The graph as a list of its arrows, written down apart from the code that it judges.
const ARROWS: [(&str, &str); 27] = [
    ("queued", "leased"),
    ("queued", "suppressed"),
    ("queued", "cancelled"),
    ("queued", "failed"),
    ("queued", "sent"),
    ("leased", "queued"),
    ("leased", "committing"),
    ("leased", "failed"),
    ("leased", "suppressed"),
    ("leased", "cancelled"),
    ("committing", "sent"),
    ("committing", "queued"),
    ("committing", "failed"),
    ("committing", "uncertain"),
    ("uncertain", "queued"),
    ("uncertain", "needs_operator"),
    ("uncertain", "sent"),
    ("uncertain", "cancelled"),
    ("needs_operator", "sent"),
    ("needs_operator", "queued"),
    ("needs_operator", "cancelled"),
    ("failed", "queued"),
    ("suppressed", "queued"),
    ("bounced", "queued"),
    ("bounced", "complained"),
    ("sent", "bounced"),
    ("sent", "complained"),
];

fn events() -> impl Strategy<Value = Event> {
    let time = 0_i64..50;
    let policy = prop_oneof![Just(OnUncertain::RetryOnce), Just(OnUncertain::Hold), Just(OnUncertain::Retry)];
    prop_oneof![
        4 => time.clone().prop_map(|now| Event::Claim { now: now + 25 }),
        1 => time.clone().prop_map(|next_at| Event::Release { next_at }),
        4 => Just(Event::Intend),
        2 => Just(Event::Accept),
        2 => (time.clone(), any::<bool>()).prop_map(|(next_at, charged)| Event::Retry { next_at, charged }),
        1 => prop_oneof![Just(FailReason::Permanent), Just(FailReason::Expired)].prop_map(|reason| Event::Fail { reason }),
        3 => Just(Event::LoseAnswer),
        3 => (policy, time.clone()).prop_map(|(policy, next_at)| Event::Settle { policy, next_at }),
        1 => Just(Event::ConfirmSent),
        1 => time.prop_map(|next_at| Event::Resend { next_at }),
        1 => Just(Event::Cancel),
        1 => Just(Event::Suppress),
        1 => Just(Event::Bounce),
        1 => Just(Event::Complain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_delivery_moves_along_the_arrows_only_and_counts_every_copy(history in prop::collection::vec(events(), 1..60)) {
        let arrows: BTreeSet<(&str, &str)> = ARROWS.into_iter().collect();
        let mut delivery = Delivery::queued(0);
        // The oracle's own books: what a server may hold, and what a worker was charged.
        let (mut bodies_without_answer, mut accepted, mut attempts) = (0, false, 0_u32);
        for event in history {
            let before = delivery;
            match delivery.apply(event) {
                Err(forbidden) => {
                    prop_assert_eq!(forbidden.state, before.state);
                    prop_assert_eq!(forbidden.event, event);
                }
                Ok(after) => {
                    prop_assert!(arrows.contains(&(state_name(before.state), state_name(after.state))), "{:?} by {:?}", before, event);
                    match event {
                        Event::Claim { .. } => attempts += 1,
                        Event::Release { .. } | Event::Retry { charged: false, .. } => attempts -= 1,
                        Event::Resend { .. } => attempts = 0,
                        Event::LoseAnswer => bodies_without_answer += 1,
                        Event::Accept => accepted = true,
                        _ => {}
                    }
                    // The body is sent in `committing` only, and nothing but a fenced commit leads there.
                    if after.state == State::Committing {
                        prop_assert_eq!(before.state, State::Leased);
                    }
                    if let (State::Uncertain, State::Queued { .. }, Event::Settle { policy, .. }) = (before.state, after.state, event) {
                        prop_assert!(policy == OnUncertain::Retry || (policy == OnUncertain::RetryOnce && bodies_without_answer == 1));
                    }
                    delivery = after;
                }
            }
            prop_assert_eq!(delivery.attempts, attempts);
            prop_assert_eq!(delivery.possible_copies(), bodies_without_answer + u32::from(accepted));
        }
    }
}

#[test]
fn nothing_is_claimed_before_its_time() {
    let delivery = Delivery::queued(100);
    let refused = delivery.apply(Event::Claim { now: 99 }).unwrap_err();
    assert_eq!(refused.to_string(), "Claim { now: 99 } does not belong to a delivery that is Queued { next_at: 100 }");
    assert_eq!(delivery.apply(Event::Claim { now: 100 }).unwrap().state, State::Leased);
}

#[test]
fn a_second_uncertain_outcome_waits_for_a_person() {
    let settle = |policy| Event::Settle { policy, next_at: 5 };
    let lose = |delivery: Delivery| {
        [Event::Claim { now: 9 }, Event::Intend, Event::LoseAnswer].into_iter().try_fold(delivery, Delivery::apply).unwrap()
    };
    let once = lose(Delivery::queued(0));
    assert_eq!(once.possible_copies(), 1);
    assert_eq!(once.apply(settle(OnUncertain::Hold)).unwrap().state, State::NeedsOperator);
    let again = once.apply(settle(OnUncertain::RetryOnce)).unwrap();
    assert_eq!(again.state, State::Queued { next_at: 5 });
    let twice = lose(again);
    assert_eq!(twice.possible_copies(), 2);
    assert_eq!(twice.apply(settle(OnUncertain::RetryOnce)).unwrap().state, State::NeedsOperator);
    assert_eq!(twice.apply(settle(OnUncertain::Retry)).unwrap().state, State::Queued { next_at: 5 });
    let told = twice.apply(settle(OnUncertain::RetryOnce)).unwrap().apply(Event::ConfirmSent).unwrap();
    assert_eq!((told.state, told.possible_copies()), (State::Sent, 2));
}
