//! Stopping: what has passed its intent is waited for, and a second word means now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::{ask, configure};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, award_run};

/// The office and its service in the middle of a message whose final dot is not answered.
fn sending<F: FnOnce(&Office, Running) + Send + 'static>(body: F) {
    speaking(Script::default().on(".", [Say::Silence]), 60, "committing", body);
}

/// The office and its service with one message, which has come to `state`.
fn speaking<F: FnOnce(&Office, Running) + Send + 'static>(script: Script, drain: u32, state: &'static str, body: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let server = SmtpServer::start(script).await;
        let port = server.port;
        tokio::task::spawn_blocking(move || {
            let office = Office::with_workspace();
            configure(
                &office,
                &format!("[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n[service]\ndrain_seconds = {drain}\n"),
            );
            office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
            let service = Running::start(&office);
            office.must(&award_run("d.csv", "ra", &["--mail", "--submit"]));
            await_some(state, || (ask(&office, "SELECT state FROM delivery") == state).then_some(()));
            // It is held where the script holds it.
            await_some("the conversation", || server.heard(|heard| !heard.commands.is_empty()).then_some(()));
            body(&office, service);
            drop(server);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_second_signal_means_now_and_what_was_under_way_is_uncertain_then() {
    sending(|office, service| {
        service.signal("TERM");
        await_some("the first signal", || service.get("/readyz").contains("stopping").then_some(()));
        let begun = Instant::now();
        service.signal("TERM");
        let (code, _) = service.ended(Duration::from_secs(10));
        assert_eq!(code, Some(1));
        assert!(begun.elapsed() < Duration::from_secs(10), "the drain of a minute is not waited for");
        assert_eq!(ask(office, "SELECT state FROM delivery"), "committing");
        // The next sender on the file knows that nobody knows.
        office.run(&["outbox", "send"]);
        assert_eq!(ask(office, "SELECT state, uncertain FROM delivery"), "uncertain|1");
    });
}

#[test]
fn an_answer_that_comes_while_the_office_stops_is_heard() {
    let word = Arc::new(Notify::new());
    let script = Script::default().on(".", [Say::Later(Arc::clone(&word), "250 2.0.0 Ok: queued as 4F1A2B3C")]);
    speaking(script, 60, "committing", move |office, service| {
        service.signal("TERM");
        await_some("the signal", || service.get("/readyz").contains("stopping").then_some(()));
        word.notify_one();
        let (code, log) = service.ended(Duration::from_secs(30));
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(ask(office, "SELECT state, reply FROM delivery"), "sent|250 2.0.0 Ok: queued as 4F1A2B3C");
    });
}

#[test]
fn a_stop_waits_no_longer_than_its_drain() {
    speaking(Script::default().on(".", [Say::Silence]), 1, "committing", |office, service| {
        service.signal("TERM");
        let (_, log) = service.ended(Duration::from_secs(15));
        assert!(log.contains("\"in_time\":false"), "{log}");
        assert_eq!(ask(office, "SELECT state FROM delivery"), "committing");
    });
}

#[test]
fn a_stop_does_not_wait_for_what_has_not_begun_its_body() {
    speaking(Script::default().on("MAIL", [Say::Silence]), 60, "leased", |office, service| {
        let begun = Instant::now();
        service.signal("TERM");
        let (code, log) = service.ended(Duration::from_secs(30));
        assert_eq!(code, Some(0), "{log}");
        assert!(begun.elapsed() < Duration::from_secs(30), "the drain of a minute is not waited for");
        assert_eq!(ask(office, "SELECT state, attempts, tries, lease_owner FROM delivery"), "queued|0|0|");
    });
}

#[test]
fn a_restored_office_sends_and_fires_nothing_before_a_person_says_so() {
    let office = Office::with_workspace();
    configure(&office, "[schedules.khen]\ncron = \"* * * * *\"\ntemplate = \"giay-khen\"\nsource = { file = \"d.csv\" }\n");
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
    office.must(&award_run("d.csv", "ra", &["--mail", "--hold"]));
    let batch = ask(&office, "SELECT id FROM batch");
    office.must(&["schedule", "pause", "khen", "--reason", "x"]);
    office.must(&["schedule", "resume", "khen"]);
    office.must(&["backup", "sao.zip"]);
    office.must(&["restore", "sao.zip", "--into", "moi"]);
    fs_copy(&office, "d.csv", "moi/d.csv");
    let restored = Office { path: office.path.join("moi") };
    restored.must(&["outbox", "release", &batch]);
    super::tell(&restored, "UPDATE schedule SET considered_until = considered_until - 120000");
    let service = Running::start(&restored);
    await_some("the slot's row", || (ask(&restored, "SELECT DISTINCT state, reason FROM occurrence") == "skipped|paused").then_some(()));
    assert_eq!(ask(&restored, "SELECT state FROM delivery"), "queued");
    assert!(service.get("/metrics").contains("vanthu_sending_paused 1\n"));
    restored.must(&["resume"]);
    await_some("the message", || (ask(&restored, "SELECT state FROM delivery") == "sent").then_some(()));
    service.signal("TERM");
    assert_eq!(service.ended(Duration::from_secs(20)).0, Some(0));
}

fn fs_copy(office: &Office, from: &str, to: &str) {
    std::fs::copy(office.path.join(from), office.path.join(to)).unwrap();
}
