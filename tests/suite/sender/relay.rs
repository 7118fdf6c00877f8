//! Through a server that answers as real ones do on bad days: what becomes of each message is said, and nothing is sent twice.

use serde_json::Value;

use super::outage::put_on;
use super::{LIST, mailed};
use crate::support::smtp::{Received, Say, Script, SmtpServer};
use crate::support::{Office, python};

/// An office whose relay is a server of this script.
async fn office(script: Script, more: &str) -> (Office, SmtpServer) {
    let server = SmtpServer::start(script).await;
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    let mail = format!(
        "{config}\n[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\nbounce_address = \"bounce@hoi.example\"\n\
         [mail.relays.may]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n{more}\n",
        server.port
    );
    office.write("vanthu.toml", mail);
    office.write("d.csv", LIST);
    (office, server)
}

/// Runs the test's body while the server answers.
pub(super) fn with<F: FnOnce(&Office, &SmtpServer) + Send + 'static>(script: Script, more: &'static str, body: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let (office, server) = office(script, more).await;
        tokio::task::spawn_blocking(move || body(&office, &server)).await.expect("the test");
    });
}

pub(super) fn messages(server: &SmtpServer) -> Vec<Received> {
    server.heard(|heard| heard.messages.clone())
}

/// Recipient, state and possible copies of every delivery.
pub(super) fn deliveries(office: &Office) -> Vec<(String, String, u64)> {
    let said = office.must(&["outbox", "list", "--json"]);
    let found: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let mut found: Vec<_> = found["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            (text("recipient"), text("state"), one["possible_copies"].as_u64().unwrap_or_default())
        })
        .collect();
    found.sort();
    found
}

pub(super) fn states(office: &Office) -> Vec<String> {
    deliveries(office).into_iter().map(|(_, state, _)| state).collect()
}

/// The name on the certificate that a message carries, and the address it went to.
fn papers(messages: &[Received]) -> Vec<(String, bool)> {
    messages
        .iter()
        .map(|message| {
            let folder = Office::new();
            let path = folder.write("m.eml", &message.bytes);
            let script = "import sys,email,email.policy,subprocess\n\
                m=email.message_from_bytes(open(sys.argv[1],'rb').read(),policy=email.policy.default)\n\
                pdf=next(m.iter_attachments()).get_content()\n\
                print(subprocess.run(['pdftotext','-','-'],input=pdf,capture_output=True).stdout.decode())";
            let text = python(script, &[&path]);
            let of = |name: &str, address: &str| text.contains(name) && message.to.contains(address);
            (message.to.clone(), of("Nguyễn Văn An", "an@example.com") || of("Lê Thị Bình", "Binh.Le@example.com"))
        })
        .collect()
}

#[test]
fn everyone_gets_their_own_paper_and_a_bounce_would_say_whose() {
    with(Script::default(), "", |office, server| {
        let said = office.must(&mailed("d.csv", &[]));
        assert!(said.stdout.contains("Thư đã chuyển cho máy chủ thư: 2"), "{}", said.stdout);
        let messages = messages(server);
        assert_eq!(messages.len(), 2);
        assert!(papers(&messages).iter().all(|(_, is_own)| *is_own), "{:?}", papers(&messages));
        assert!(messages.iter().all(|message| message.from.contains("bounce+")), "{:?}", messages[0].from);
        assert_ne!(messages[0].from, messages[1].from);
        // What the server said is kept as it said it.
        let listed = office.must(&["outbox", "list"]).stdout;
        let id = listed.split_whitespace().next().expect("an id");
        let shown: Value = serde_json::from_str(&office.must(&["outbox", "show", id, "--json"]).stdout).expect("JSON");
        assert_eq!(shown["reply"], "250 2.0.0 Ok: queued as 4F1A2B3C");
        let attempt = &shown["history"][0];
        assert_eq!((attempt["attempt"].as_u64(), attempt["outcome"].as_str()), (Some(1), Some("accepted")));
        assert_eq!((attempt["reply"].as_str(), attempt["peer"].as_str()), (Some("250 2.0.0 Ok: queued as 4F1A2B3C"), Some("127.0.0.1")));
        let text = office.must(&["outbox", "show", id]).stdout;
        assert!(text.contains("  đã nhận: 250 2.0.0 Ok: queued as 4F1A2B3C (127.0.0.1)\n"), "{text}");
    });
}

#[test]
fn a_connection_lost_after_the_dot_is_uncertain_and_not_sent_again_at_once() {
    with(Script::default().on(".", [Say::Close]), "", |office, server| {
        office.run(&mailed("d.csv", &[]));
        assert_eq!(states(office), ["uncertain", "uncertain"]);
        office.run(&["outbox", "send"]);
        assert_eq!(messages(server).len(), 2, "the wait of at least a quarter of an hour holds");
        let listed = office.must(&["outbox", "list"]).stdout;
        assert!(listed.contains("chưa rõ, có thể đã gửi"), "{listed}");
        let id = listed.split_whitespace().next().expect("an id").to_owned();
        office.must(&["outbox", "resolve", &id, "--sent", "--reason", "người nhận báo đã có"]);
        assert_eq!(states(office).iter().filter(|state| *state == "sent").count(), 1);
        let again = office.run(&["outbox", "resolve", &id, "--resend"]);
        assert_eq!((again.code, again.stderr.contains("đang ở trạng thái “sent”")), (2, true), "{}", again.stderr);
    });
}

#[test]
fn an_address_that_does_not_exist_fails_for_good_and_is_not_written_to_again() {
    with(Script::default().on("RCPT", [Say::Line("550 5.1.1 no such user")]), "", |office, server| {
        office.run(&mailed("d.csv", &[]));
        assert_eq!(states(office), ["failed", "failed"]);
        office.write("e.csv", LIST.replace("Đã có nhiều đóng góp,an@", "Có thành tích,an@"));
        let mut second = mailed("e.csv", &[]);
        second[6] = "o2";
        office.run(&second);
        assert_eq!(states(office).iter().filter(|state| *state == "suppressed").count(), 2, "{:?}", deliveries(office));
        assert_eq!(messages(server).len(), 0);
    });
}

#[test]
fn a_refused_password_pauses_the_relay_and_costs_no_message_its_tries() {
    with(Script::default().on("MAIL", [Say::Line("530 5.7.0 authentication required")]), "", |office, _| {
        office.run(&mailed("d.csv", &[]));
        assert_eq!(states(office), ["queued", "queued"]);
        let listed = office.must(&["outbox", "list", "--json"]).stdout;
        assert!(!listed.contains("\"attempts\": 1"), "{listed}");
    });
}

#[test]
fn greylisting_waits_and_a_server_that_goes_away_is_left_alone() {
    with(Script::default().on("RCPT", [Say::Line("450 4.7.1 greylisted")]), "", |office, server| {
        office.run(&mailed("d.csv", &[]));
        assert_eq!(states(office), ["queued", "queued"]);
        office.run(&["outbox", "send"]);
        assert_eq!(messages(server).len(), 0);
    });
    with(Script::default().on("MAIL", [Say::LineAndClose("421 4.3.2 going down")]), "", |office, server| {
        office.run(&mailed("d.csv", &[]));
        assert_eq!(states(office), ["queued", "queued"]);
        assert!(server.heard(|heard| heard.connections) <= 2);
    });
}

#[test]
fn a_rate_holds_the_rest_back_until_its_window_opens() {
    with(Script::default(), "per_minute = 1", |office, server| {
        office.run(&mailed("d.csv", &[]));
        assert_eq!((messages(server).len(), states(office)), (1, vec!["queued".to_owned(), "sent".to_owned()]));
        let listed = office.must(&["outbox", "list"]).stdout;
        assert!(listed.contains("“may” đã hết hạn mức gửi, gửi tiếp lúc "), "{listed}");
        put_on(office, 30_000);
        office.run(&["outbox", "send"]);
        assert_eq!(messages(server).len(), 1, "the minute is not over, for another process either");
        put_on(office, 31_000);
        office.run(&["outbox", "send"]);
        assert_eq!((messages(server).len(), states(office)), (2, vec!["sent".to_owned(), "sent".to_owned()]));
    });
}

#[test]
fn what_was_counted_before_the_clock_was_set_back_holds_nothing_up() {
    with(Script::default(), "per_minute = 1\nper_day = 5", |office, server| {
        office.must(&["batch", "list"]);
        let script = "import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1])
c.executemany('INSERT INTO sent_window VALUES (?, ?, 9)', [('may ' + w, int(time.time() * 1000) + 86400000) for w in ('minute', 'day')])
c.commit()";
        python(script, &[&office.path.join("van-thu.db")]);
        office.run(&mailed("d.csv", &[]));
        assert!(!messages(server).is_empty(), "{:?}", states(office));
    });
}

#[test]
fn a_message_that_the_server_finds_too_large_is_told_with_its_size() {
    with(Script::offering(&["SIZE 1000"]), "", |office, server| {
        office.run(&mailed("d.csv", &[]));
        assert_eq!(states(office), ["failed", "failed"]);
        assert_eq!(messages(server).len(), 0);
        assert!(office.must(&["outbox", "list"]).stdout.contains("quá lớn"), "{}", office.must(&["outbox", "list"]).stdout);
    });
}

#[test]
fn a_relay_is_tested_without_sending_anything() {
    with(Script::offering(&["SIZE 20000000", "8BITMIME"]), "", |office, server| {
        let said = office.must(&["mail", "test"]);
        assert_eq!(said.stdout, "Đăng nhập được vào “may”.\n    kich.ban\n    SIZE 20000000\n    8BITMIME\nThư lớn nhất: 20000000 byte.\n");
        assert_eq!(messages(server).len(), 0);
    });
}
