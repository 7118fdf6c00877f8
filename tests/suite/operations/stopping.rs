//! Stopping: what has passed its intent is waited for, and a second word means now.

use std::time::{Duration, Instant};

use super::{ask, configure};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, award_run};

/// The office and its service in the middle of a message whose final dot is not answered.
fn sending<F: FnOnce(&Office, Running) + Send + 'static>(body: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let server = SmtpServer::start(Script::default().on(".", [Say::Silence])).await;
        let port = server.port;
        tokio::task::spawn_blocking(move || {
            let office = Office::with_workspace();
            configure(
                &office,
                &format!("[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n[service]\ndrain_seconds = 60\n"),
            );
            office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
            let service = Running::start(&office);
            office.must(&award_run("d.csv", "ra", &["--mail", "--submit"]));
            await_some("the intent", || (ask(&office, "SELECT state FROM delivery") == "committing").then_some(()));
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
