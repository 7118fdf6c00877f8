//! Operators are told what must not go unnoticed, once until it changes, and nothing of what the data say.

use super::{ask, configure, messages, tell};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, people};

const SCHEDULE: &str = r#"
[alerts]
to = ["quan-tri@hoi.example"]
every_minutes = 1
[schedules.khen]
cron = "0 8 1 1 *"
template = "giay-khen"
source = { file = "d.csv" }
[schedules.khen.common]
so_quyet_dinh = "12/QĐ-HKH"
ngay = "27/12/2019"
phong_trao = "công tác khuyến học"
"#;

fn failures(office: &Office) -> usize {
    ask(office, "SELECT COUNT(*) FROM occurrence WHERE state = 'failed'").parse().unwrap_or(0)
}

#[test]
fn a_refused_list_is_told_once_until_it_changes_and_without_a_name_of_it() {
    let office = Office::with_workspace();
    configure(&office, SCHEDULE);
    office.write("d.csv", people(2).replace("Ông", "Ôngg"));
    let service = Running::start(&office);
    office.must(&["schedule", "run", "khen"]);
    let [message] = messages(&office, "quan-tri@hoi.example", 1).try_into().unwrap();
    assert!(message.contains("quan-tri@hoi.example"), "{message}");
    assert!(message.contains("vanthu: 1 việc cần xem (1 to look at), Hội Khuyến học Phường Thí Điểm"), "{message}");
    assert!(
        message.contains("• Lịch “khen”: lần chạy ") && message.contains("không thành. Xem lý do: vanthu schedule show khen"),
        "{message}"
    );
    assert!(message.contains("  Schedule `khen`: the run of ") && message.contains(" failed. For the reason: "), "{message}");
    assert!(!message.contains("Nguyễn") && !message.contains("Ôngg"), "{message}");
    // The same list at the next slot is no news; another one is, and waits for the minute.
    office.must(&["schedule", "run", "khen"]);
    await_some("the second failure", || (failures(&office) == 2).then_some(()));
    office.write("d.csv", people(3).replace("Ông", "Ôngg"));
    office.must(&["schedule", "run", "khen"]);
    await_some("the third failure", || (failures(&office) == 3).then_some(()));
    await_some("news", || {
        (ask(&office, "SELECT COUNT(*) FROM alert WHERE told_at IS NULL AND key LIKE 'failed:khen:%'") == "1").then_some(())
    });
    assert_eq!(messages(&office, "quan-tri@hoi.example", 1).len(), 1, "the minute is not over");
    tell(&office, "UPDATE instance SET alerted_at = alerted_at - 60000");
    assert_eq!(messages(&office, "quan-tri@hoi.example", 2).len(), 2);
    // A run that goes well ends the matter.
    office.write("d.csv", people(1));
    office.must(&["schedule", "run", "khen"]);
    await_some("the end of the matter", || ask(&office, "SELECT key FROM alert").is_empty().then_some(()));
    service.signal("TERM");
    let (code, log) = service.ended(std::time::Duration::from_secs(20));
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("alert.told") && !log.contains("quan-tri"), "{log}");
}

#[test]
fn a_run_that_failed_while_nobody_looked_is_told_also_when_the_next_one_went_well() {
    let office = Office::with_workspace();
    configure(&office, SCHEDULE);
    office.write("d.csv", people(1));
    office.must(&["schedule", "pause", "khen", "--reason", "x"]);
    let row = |slot: i64, state: &str| {
        let at = format!("CAST((julianday('now') - 2440587.5) * 86400000 AS BIGINT) - 3600000 + {slot}");
        format!(
            "INSERT INTO occurrence (schedule, scheduled_for, state, reason, created_at, changed_at)
             VALUES ('khen', {slot}, '{state}', 'không đọc được {slot}', 0, {at})"
        )
    };
    for (slot, state) in [(1_000, "failed"), (2_000, "done"), (3_000, "failed"), (4_000, "done")] {
        tell(&office, &row(slot, state));
    }
    let service = Running::start(&office);
    let [message] = messages(&office, "quan-tri@hoi.example", 1).try_into().unwrap();
    assert!(message.contains("vanthu: 2 việc cần xem"), "{message}");
    await_some("the end of the matters", || ask(&office, "SELECT key FROM alert").is_empty().then_some(()));
    assert_eq!(ask(&office, "SELECT scheduled_for FROM occurrence WHERE noted = 1"), "1000\n3000", "once");
    drop(service);
}

#[test]
fn slots_missed_while_the_office_was_closed_are_told() {
    let office = Office::with_workspace();
    configure(&office, &SCHEDULE.replace("cron = \"0 8 1 1 *\"", "cron = \"0 8 * * *\"\nmisfire = \"skip\""));
    office.write("d.csv", people(1));
    office.must(&["schedule", "pause", "khen", "--reason", "x"]);
    office.must(&["schedule", "resume", "khen"]);
    tell(&office, "UPDATE schedule SET considered_until = considered_until - 3 * 86400000");
    // The clock was set back since something was told.
    tell(&office, "UPDATE instance SET alerted_at = 99999999999999");
    let _service = Running::start(&office);
    let [message] = messages(&office, "quan-tri@hoi.example", 1).try_into().unwrap();
    assert!(message.contains("Lịch “khen”: 3 lần đã lỡ trong 7 ngày qua") || message.contains("Lịch “khen”: 2 lần đã lỡ"), "{message}");
}

#[test]
fn a_batch_that_cannot_be_worked_on_is_told() {
    let office = Office::with_workspace();
    configure(&office, SCHEDULE);
    office.write("d.csv", people(2));
    let submitted = office.must(&crate::support::award_run("d.csv", "ra", &["--submit", "--json"]));
    let submitted: serde_json::Value = serde_json::from_str(&submitted.stdout).unwrap();
    // Another program's fonts: the pages would not be what was accepted.
    tell(&office, "UPDATE batch SET setting = '{}'");
    let _service = Running::start(&office);
    let [message] = messages(&office, "quan-tri@hoi.example", 1).try_into().unwrap();
    let batch = submitted["batch"].as_str().unwrap();
    assert!(message.contains(&format!("Lô {batch} (mẫu giay-khen) bị giữ lại")), "{message}");
    // One that a person holds is no news to them.
    office.must(&["batch", "cancel", batch, "--reason", "thử"]);
    await_some("the end of the matter", || ask(&office, "SELECT key FROM alert").is_empty().then_some(()));
}

#[test]
fn messages_in_doubt_are_told_and_told_again_when_there_are_more() {
    let office = Office::with_workspace();
    configure(&office, SCHEDULE);
    let row = |name: &str| format!("Cá nhân,Ông,{name},Hội A,{}@example.com\n", name.len());
    office.write("d.csv", format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\n{}{}", row("Nguyễn An"), row("Nguyễn Văn An")));
    office.must(&crate::support::award_run("d.csv", "ra", &["--mail"]));
    tell(&office, "UPDATE delivery SET state = 'needs_operator', changed_at = 1 WHERE id = (SELECT MIN(id) FROM delivery)");
    let _service = Running::start(&office);
    let [message] = messages(&office, "quan-tri@hoi.example", 1).try_into().unwrap();
    assert!(message.contains("• 1 thư chưa rõ đã đến hay chưa. Xem: vanthu outbox list --state needs_operator"), "{message}");
    tell(&office, "UPDATE delivery SET state = 'uncertain', changed_at = 2, next_at = next_at * 2 WHERE state = 'sent'");
    tell(&office, "UPDATE instance SET alerted_at = 0");
    let found = messages(&office, "quan-tri@hoi.example", 2);
    assert!(found.iter().any(|message| message.contains("• 2 thư chưa rõ")), "{found:?}");
    assert!(found.iter().all(|message| !message.contains("example.com") && !message.contains("Nguyễn")), "{found:?}");
}

#[test]
fn an_account_that_is_refused_is_told_by_another_relay() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let refusing = SmtpServer::start(Script::default().on("MAIL", [Say::Line("530 5.7.0 authentication required")])).await;
        let working = SmtpServer::start(Script::default()).await;
        let (first, second) = (refusing.port, working.port);
        tokio::task::spawn_blocking(move || {
            let office = Office::with_workspace();
            let relay = |name: &str, port: u16| format!("[mail.relays.{name}]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n");
            configure(&office, SCHEDULE);
            let mail = format!("[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n{}{}", relay("may", first), relay("phu", second));
            configure(&office, &mail);
            office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
            office.run(&crate::support::award_run("d.csv", "ra", &["--mail"]));
            let _service = Running::start(&office);
            let heard = await_some("the alert", || {
                working.heard(|heard| heard.messages.iter().find(|message| message.to.contains("quan-tri@")).cloned())
            });
            let path = office.write("a.eml", heard.bytes);
            let text = super::text_of(&path);
            assert!(text.contains("Máy chủ thư “may” từ chối tài khoản gửi; việc gửi tạm dừng."), "{text}");
            assert!(text.contains("vanthu mail test --relay may"), "{text}");
            // The password is corrected: a test that goes well lets everything go on.
            assert_eq!(ask(&office, "SELECT scope FROM relay WHERE name = 'may'"), "account");
            let said = office.must(&["mail", "test", "--relay", "may"]);
            assert!(said.stdout.ends_with("Việc gửi qua “may” đang tạm dừng, nay chạy tiếp.\n"), "{}", said.stdout);
            drop(refusing);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_mailing_that_is_held_is_told_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let refusing = SmtpServer::start(Script::default().on("RCPT", [Say::Line("550 5.1.1 no such user")])).await;
        let working = SmtpServer::start(Script::default()).await;
        let (first, second) = (refusing.port, working.port);
        tokio::task::spawn_blocking(move || {
            let office = Office::with_workspace();
            let relay = |name: &str, port: u16| format!("[mail.relays.{name}]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n");
            configure(&office, SCHEDULE);
            configure(
                &office,
                &format!("[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n{}{}", relay("may", first), relay("phu", second)),
            );
            let rows: String = (0..12).map(|index| format!("Cá nhân,Ông,Nguyễn Văn An,Hội {index},an-{index}@example.com\n")).collect();
            office.write("d.csv", format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\n{rows}"));
            office.run(&crate::support::award_run("d.csv", "ra", &["--mail"]));
            let _service = Running::start(&office);
            let heard = await_some("the alert", || {
                working.heard(|heard| heard.messages.iter().find(|message| message.to.contains("quan-tri@")).cloned())
            });
            let text = super::text_of(&office.write("a.eml", heard.bytes));
            let batch = ask(&office, "SELECT batch_id FROM mail_pause");
            assert!(
                text.contains(&format!(
                    "• Lô {batch} (mẫu giay-khen): tạm dừng gửi thư của lô: 5 trong 5 thư đã thử không gửi được. \
                     Xem: vanthu outbox list --of {batch} --state failed; gửi tiếp: vanthu batch resume {batch}"
                )),
                "{text}"
            );
            assert!(!text.contains("example.com"), "{text}");
            drop(refusing);
        })
        .await
        .unwrap();
    });
}

#[test]
fn mistakes_in_alerts_are_told_at_the_start() {
    let office = Office::with_workspace();
    configure(
        &office,
        "[mail]\nallow_domains = [\"hoi.example\"]\n[alerts]\nto = [\"a@b.vn, c@d.vn\", \"a@khac.example\"]\nevery_minutes = 0\nrelay = \"mai\"\n",
    );
    expect_test::expect![[r#"
        lỗi[address-list] vanthu.toml [alerts] to: “a@b.vn, c@d.vn” ô này có nhiều hơn một địa chỉ
            cách sửa: mỗi ô một địa chỉ; thêm dòng cho người tiếp theo
        lỗi[alerts-domain] vanthu.toml [alerts] to: “a@khac.example” tên miền này không nằm trong mail.allow_domains
            cách sửa: thêm tên miền ấy vào allow_domains
        lỗi[relay-unknown] vanthu.toml [mail]: “mai” vanthu.toml không có máy chủ thư này
            cách sửa: thêm [mail.relays.mai]
        lỗi[config-value] vanthu.toml [alerts] every_minutes: alerts.every_minutes phải từ 1 đến 1440
    "#]]
    .assert_eq(&office.run(&["doctor"]).stderr);
}
