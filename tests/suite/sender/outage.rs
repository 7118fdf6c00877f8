//! When the relay is away, full or wrongly told who we are: the relay waits, and no message pays for it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::relay::{messages, states, with};
use super::{LIST, mailed};
use crate::operations::{ask, configure};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, python};

/// Moves every time of the outbox back: as if so many milliseconds had passed.
pub(super) fn put_on(office: &Office, milliseconds: i64) {
    // Pieces of windows go by way of numbers below zero: none may stand on the place of the next one, even for a moment.
    let script = "import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=30).executescript('''BEGIN IMMEDIATE;
UPDATE delivery SET next_at = next_at - {0}, lease_until = lease_until - {0};
UPDATE relay SET paused_until = paused_until - {0};
UPDATE sent_window SET started_at = {0} - started_at;
UPDATE sent_window SET started_at = -started_at;
COMMIT;'''.format(sys.argv[2]))";
    python(script, &[&office.path.join("van-thu.db"), milliseconds.to_string().as_ref()]);
}

/// A list with one address.
fn one(office: &Office) {
    let rows: Vec<&str> = LIST.lines().take(2).collect();
    office.write("d.csv", rows.join("\n"));
}

const HOUR: i64 = 3_600_000;

#[test]
fn days_without_a_quota_make_no_message_too_old_for_a_server_that_asks_to_come_back() {
    let quota = Say::Line("550 5.4.5 Daily user sending quota exceeded");
    let script = Script::default().on("MAIL", [quota, Say::Line("250 Ok")]).on("RCPT", [Say::Line("450 4.7.1 greylisted")]);
    with(script, "", |office, server| {
        one(office);
        office.run(&mailed("d.csv", &[]));
        assert_eq!(ask(office, "SELECT scope, failures FROM relay"), "quota|1", "the relay is left alone");
        assert_eq!(ask(office, "SELECT DISTINCT state, attempts FROM delivery"), "queued|0");
        office.run(&["outbox", "send"]);
        assert_eq!(server.commands("MAIL").len(), 1, "nobody asks again before its window opens");
        // For five days, when a message may wait for one.
        put_on(office, 120 * HOUR);
        office.run(&["outbox", "send"]);
        assert_eq!(ask(office, "SELECT DISTINCT state, attempts FROM delivery"), "queued|1", "the first try that counts is not the last");
        let mut tries = 1;
        while ask(office, "SELECT state FROM delivery") == "queued" && tries < 60 {
            put_on(office, 2 * HOUR);
            office.run(&["outbox", "send"]);
            tries += 1;
        }
        assert!(tries > 20, "{tries}");
        assert_eq!(ask(office, "SELECT DISTINCT state, fail_reason FROM delivery"), "failed|expired", "after a day of tries of its own");
        assert_eq!(messages(server).len(), 0);
        // A person sends it again: with a whole life before it.
        let id = ask(office, "SELECT MIN(id) FROM delivery");
        office.must(&["outbox", "retry", &id]);
        office.run(&["outbox", "send"]);
        assert_eq!(ask(office, &format!("SELECT state, attempts FROM delivery WHERE id = '{id}'")), "queued|1");
    });
}

#[test]
fn a_relay_that_is_away_is_left_alone_longer_each_time_and_eats_no_quota() {
    let gone = Script::default().on("greeting", [Say::LineAndClose("421 4.3.2 going down")]);
    with(gone, "per_day = 5", |office, _| {
        office.run(&mailed("d.csv", &[]));
        let mut pauses = Vec::new();
        for failures in 1..=4 {
            assert_eq!(ask(office, "SELECT failures FROM relay"), failures.to_string());
            let rest = ask(office, "SELECT paused_until - (julianday('now') - 2440587.5) * 86400000 FROM relay");
            pauses.push(rest.parse::<f64>().expect("a number") / 1_000.0);
            put_on(office, HOUR);
            office.run(&["outbox", "send"]);
        }
        for (pause, most) in pauses.iter().zip([36.0, 72.0, 144.0, 288.0]) {
            assert!(*pause <= most && *pause > most / 2.0, "{pauses:?}");
        }
        assert_eq!(ask(office, "SELECT SUM(sent) FROM sent_window"), "0");
        assert_eq!(ask(office, "SELECT DISTINCT state, attempts, waited FROM delivery"), "queued|0|0");
    });
}

#[test]
fn a_corrected_password_counts_from_the_next_connection_on() {
    let script = Script::offering(&["AUTH PLAIN"]).on("AUTH", [Say::Line("535 5.7.8 no"), Say::Line("235 2.7.0 welcome")]);
    with(script, "account = \"hoi\"\npassword_file = \"mat-khau\"", |office, server| {
        one(office);
        let secret = office.write("mat-khau", "cu");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("a mode");
        let service = Running::start(office);
        let mut submitted = mailed("d.csv", &[]);
        submitted.push("--submit");
        office.must(&submitted);
        await_some("the refusal", || (ask(office, "SELECT scope FROM relay") == "account").then_some(()));
        office.write("mat-khau", "moi");
        office.must(&["mail", "test"]);
        await_some("the message", || (messages(server).len() == 1).then_some(()));
        let said: Vec<String> = server.commands("AUTH");
        let plain = |password: &str| format!("AUTH PLAIN {}", STANDARD.encode(format!("\0hoi\0{password}")));
        assert_eq!(said.first(), Some(&plain("cu")));
        assert!(said[1..].iter().all(|said| *said == plain("moi")), "{said:?}");
        drop(service);
    });
}

#[test]
fn an_uncertain_message_goes_to_a_person_at_once_where_the_office_wants_it_so() {
    with(Script::default().on(".", [Say::Close]), "", |office, server| {
        let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
        office.write("vanthu.toml", config.replace("[mail]\n", "[mail]\non_uncertain = \"hold\"\n"));
        office.run(&mailed("d.csv", &[]));
        assert_eq!(states(office), ["uncertain", "uncertain"]);
        put_on(office, HOUR);
        office.run(&["outbox", "send"]);
        assert_eq!(states(office), ["needs_operator", "needs_operator"]);
        assert_eq!(messages(server).len(), 2, "nothing goes twice unasked");
    });
}

#[test]
fn messages_of_a_relay_that_is_declared_no_more_wait_and_the_operator_is_told() {
    with(Script::default(), "", |office, server| {
        let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
        office.must(&mailed("d.csv", &["--hold"]));
        let without = config.split("[mail]").next().expect("the rest");
        office.write("vanthu.toml", format!("{without}[alerts]\nto = [\"quan-tri@hoi.example\"]\n"));
        office.must(&["outbox", "release", &ask(office, "SELECT id FROM batch")]);
        office.run(&["outbox", "send"]);
        assert_eq!(states(office), ["queued", "queued"]);
        let service = Running::start(office);
        let [told] = crate::operations::messages(office, "quan-tri@hoi.example", 1).try_into().expect("one message");
        assert!(told.contains("vanthu.toml không còn máy chủ thư “may” mà còn thư chờ gửi qua đó"), "{told}");
        drop(service);
        office.write("vanthu.toml", config);
        office.run(&["outbox", "send"]);
        assert_eq!((states(office), messages(server).len()), (vec!["sent".to_owned(), "sent".to_owned()], 2));
    });
}

#[test]
fn all_messages_of_the_office_together_keep_to_its_own_rate() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let server = runtime.block_on(SmtpServer::start(Script::default()));
    let office = Office::with_workspace();
    let relay = format!("[mail.relays.may]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n", server.port);
    configure(&office, &format!("[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\nper_day = 1\n{relay}"));
    office.write("d.csv", LIST);
    office.run(&mailed("d.csv", &[]));
    assert_eq!(messages(&server).len(), 1);
    put_on(&office, 24 * HOUR + 15 * 60_000);
    office.run(&["outbox", "send"]);
    assert_eq!(messages(&server).len(), 2);
}
