//! The three jobs of an office in the running service, on a clock that was moved to their hour, with their mail.

use std::fs::File;
use std::time::{Duration, SystemTime};

use super::{ask, configure, messages, tell};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::{Office, people, python};

const CERTIFICATES: &str = r#"
[schedules.giay-khen]
cron = "*/15 7-17 * * mon-fri"
template = "giay-khen"
output = "ket-qua/{{lich}}/{{tep}}"
only_when_new = true
mail = true
source = { file = "den/*.csv", pick = "all" }
[schedules.giay-khen.common]
so_quyet_dinh = "12/QĐ-HKH"
ngay = "27/12/2026"
phong_trao = "công tác khuyến học"
"#;

const SUMMARY: &str = r#"
[databases.so-lieu]
sqlite = "so-lieu.db"

[schedules.tong-ket]
cron = "0 8 LW 12 *"
template = "bao-cao-tong-ket"
mail = true
source = { database = "so-lieu", query = "SELECT * FROM tong_ket" }
"#;

const MINUTES: &str = r#"
[schedules.giao-ban]
cron = "0 17 * * *"
template = "bien-ban-giao-ban"
only_when_new = true
mail = true
source = { file = "hop/*.json", pick = "newest" }
[schedules.giao-ban.common]
email = "cum-truong@hoi.example"
"#;

/// The variables that give a program another clock, which then goes on as ever.
fn clock(at: &str) -> Vec<(String, String)> {
    let libraries = std::fs::read_dir("/usr/lib").expect("a folder").flatten();
    let library = libraries.map(|folder| folder.path().join("faketime/libfaketime.so.1")).find(|path| path.exists());
    let library = library.expect("faketime is needed by the tests (tests/run installs it)").display().to_string();
    [("LD_PRELOAD", library.as_str()), ("FAKETIME", &format!("@{at}")), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("TZ", "UTC")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// The service with its clock at `at` (UTC), which it last looked at `before`.
fn at(office: &Office, schedule: &str, before: &str, at: &str) -> Running {
    for arguments in [&["schedule", "pause", schedule, "--reason", "x"][..], &["schedule", "resume", schedule]] {
        let mut command = office.command(arguments);
        command.envs(clock(before));
        assert!(command.status().unwrap().success());
    }
    let clock = clock(at);
    let environment: Vec<(&str, &str)> = clock.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Running::start_with(office, &environment)
}

fn ended(office: &Office, schedule: &str) -> String {
    let sql = format!(
        "SELECT state, reason FROM occurrence WHERE schedule = '{schedule}' AND state NOT IN ('due', 'running') ORDER BY scheduled_for DESC LIMIT 1"
    );
    await_some(schedule, || Some(ask(office, &sql)).filter(|row| !row.is_empty()))
}

fn arrived(office: &Office, name: &str, content: impl AsRef<[u8]>) {
    let path = office.write(name, content);
    // Before the moved clock, too: a file that has been left alone for a while.
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn certificates_go_to_their_people_at_the_quarter_of_an_hour_after_their_list_arrived() {
    let office = Office::with_workspace();
    configure(&office, CERTIFICATES);
    let list = people(2)
        .replace("Số vào sổ\n", "Số vào sổ,Email\n")
        .replace(",001\n", ",001,an@example.com\n")
        .replace(",002\n", ",002,anh@example.com\n");
    arrived(&office, "den/dot-1.csv", list);
    // A Wednesday, 09:15 in Viet Nam.
    let service = at(&office, "giay-khen", "2026-12-30 02:10:00", "2026-12-30 02:15:02");
    assert!(ended(&office, "giay-khen").starts_with("done|"), "{}", ended(&office, "giay-khen"));
    let messages = messages(&office, "@example.com", 2);
    assert!(messages.iter().all(|message| message.contains("Giấy khen tặng") && message.contains(".pdf")), "{messages:?}");
    assert_eq!(office.documents("ket-qua/giay-khen/dot-1").len(), 2);
    // Rendered by the workers of the service, under one batch.
    assert_eq!(ask(&office, "SELECT COUNT(*), MIN(state), MIN(post) FROM batch"), "1|finished|queued");
    drop(service);
    // The next day nothing is new.
    let _service = at(&office, "giay-khen", "2026-12-31 02:10:00", "2026-12-31 02:15:02");
    await_some("the next day's run", || {
        let rows = ask(&office, "SELECT scheduled_for, state, reason FROM occurrence WHERE state <> 'skipped' ORDER BY scheduled_for");
        (rows.matches("|done|").count() == 2).then_some(())
    });
    assert!(ended(&office, "giay-khen").contains("không có gì mới để báo cáo"));
}

#[test]
fn the_annual_summary_goes_out_on_the_last_working_day_of_december() {
    let office = Office::with_workspace();
    configure(&office, SUMMARY);
    let script = "import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute('CREATE TABLE tong_ket (ten_ky TEXT, ve_viec TEXT, ngay TEXT, email TEXT)')
c.execute('INSERT INTO tong_ket VALUES (?, ?, ?, ?)', ('năm 2026', 'Tổng kết công tác khuyến học năm 2026', '2026-12-31', 'cap-tren@hoi.example'))
c.commit()";
    python(script, &[&office.path.join("so-lieu.db")]);
    // Last looked in November; the 31st of December 2026 is a Thursday.
    let _service = at(&office, "tong-ket", "2026-11-22 01:00:00", "2026-12-31 01:00:02");
    assert!(ended(&office, "tong-ket").starts_with("done|"), "{}", ended(&office, "tong-ket"));
    let [message] = messages(&office, "cap-tren@hoi.example", 1).try_into().unwrap();
    assert!(message.contains(".pdf"), "{message}");
    assert_eq!(ask(&office, "SELECT COUNT(*) FROM occurrence WHERE schedule = 'tong-ket'"), "1", "once in the year");
}

#[test]
fn the_minutes_of_the_cluster_go_out_in_the_evening_after_the_meeting() {
    let office = Office::with_workspace();
    configure(&office, MINUTES);
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("report-templates/bien-ban-giao-ban/sample.json");
    arrived(&office, "hop/lan-1.json", std::fs::read(sample).unwrap());
    let _service = at(&office, "giao-ban", "2026-03-09 09:00:00", "2026-03-09 10:00:02");
    assert!(ended(&office, "giao-ban").starts_with("done|"), "{}", ended(&office, "giao-ban"));
    // The file holds the minutes of two clusters.
    let messages = messages(&office, "cum-truong@hoi.example", 2);
    assert!(messages.iter().all(|message| message.contains("Biên bản Hội nghị giao ban") && message.contains(".pdf")), "{messages:?}");
}

#[test]
fn an_alert_of_a_december_that_was_slept_through_comes_in_january() {
    let office = Office::with_workspace();
    let once = "cron = \"0 8 LW 12 *\"\nmax_lateness = \"3d\"";
    configure(&office, &SUMMARY.replace("cron = \"0 8 LW 12 *\"", once));
    configure(&office, "[alerts]\nto = [\"quan-tri@hoi.example\"]\n");
    let _service = at(&office, "tong-ket", "2026-12-01 01:00:00", "2027-01-20 01:00:00");
    let [message] = messages(&office, "quan-tri@hoi.example", 1).try_into().unwrap();
    assert!(message.contains("Lịch “tong-ket”: 1 lần đã lỡ trong 7 ngày qua, gần nhất là 08:00 31/12/2026"), "{message}");
    tell(&office, "DELETE FROM alert");
}
