//! The service as systemd and an operator meet it: ready, asked, stopped; copied and restored; looked over.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::running::Running;
use crate::support::{Office, award_run, people};

/// A name that no log may hold.
const CANARY: &str = "Trần Thị Chim Hoàng Yến";

fn office_with_a_schedule() -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    let schedule = r#"
[schedules.khen]
cron = "0 8 1 1 *"
template = "giay-khen"
source = { file = "d.csv" }
[schedules.khen.common]
so_quyet_dinh = "12/QĐ-HKH"
ngay = "27/12/2019"
phong_trao = "công tác khuyến học"
"#;
    office.write("vanthu.toml", config + schedule);
    office.write("d.csv", people(3).replace("Nguyễn Văn An", CANARY));
    office
}

/// Waits until the schedule's latest occurrence has ended; what became of it.
fn ending(office: &Office) -> Value {
    let begun = Instant::now();
    loop {
        let shown: Value = serde_json::from_str(&office.must(&["schedule", "show", "khen", "--json"]).stdout).unwrap();
        let latest = &shown["schedule"]["history"][0];
        if !["due", "running"].contains(&latest["state"].as_str().unwrap_or("due")) {
            return latest.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{latest}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_service_says_when_it_is_ready_runs_schedules_and_stops_when_told() {
    let office = office_with_a_schedule();
    let service = Running::start(&office);
    assert!(service.get("/healthz").starts_with("HTTP/1.1 200 OK"));
    let ready = service.get("/readyz");
    assert!(ready.starts_with("HTTP/1.1 200 OK") && ready.ends_with(r#"{"ready":true,"problems":[]}"#), "{ready}");
    assert!(service.get("/khong-co").starts_with("HTTP/1.1 404"));
    let busy = office.run(&award_run("d.csv", "khac", &[]));
    assert_eq!(busy.code, 2, "the file is the service's: {}", busy.stderr);
    let left = office.must(&["schedule", "run", "khen"]);
    assert_eq!(left.stdout.trim(), "Đã giao cho dịch vụ đang chạy.");
    assert_eq!(ending(&office)["reason"], "đã tạo 3 văn bản");
    let metrics = service.get("/metrics");
    for line in ["vanthu_occurrences{state=\"done\"} 1", "vanthu_records{state=\"stored\"} 3", "vanthu_documents 3", "vanthu_ready 1"] {
        assert!(metrics.lines().any(|own| own == line), "{line} is not in\n{metrics}");
    }
    // A client that never ends its header does not hold the stop up.
    let mut half = TcpStream::connect(&service.address).unwrap();
    half.write_all(b"GET /readyz HT").unwrap();
    service.signal("TERM");
    let (code, log) = service.ended(Duration::from_secs(20));
    assert_eq!(code, Some(0), "{log}");
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(event["event"].is_string(), "{line}");
    }
    assert!(log.contains("occurrence.done") && log.contains("service.stopped"), "{log}");
    for secret in [CANARY, "Hoàng Yến", "Trần Thị"] {
        assert!(!log.contains(secret) && !metrics.contains(secret), "{log}{metrics}");
    }
    assert!(!office.path.join("van-thu.db-wal").exists(), "the log is folded into the database");
}

#[test]
fn a_failed_run_is_logged_without_what_the_data_say() {
    let office = office_with_a_schedule();
    office.write("d.csv", people(2).replace("Nguyễn Văn An", CANARY).replace("Ông", "Ôngg"));
    let service = Running::start(&office);
    office.must(&["schedule", "run", "khen"]);
    assert_eq!(ending(&office)["state"], "failed");
    service.signal("INT");
    let (code, log) = service.ended(Duration::from_secs(20));
    assert_eq!(code, Some(0));
    assert!(log.contains("occurrence.failed") && !log.contains("Hoàng Yến"), "{log}");
}

#[test]
fn a_killed_service_leaves_an_office_that_goes_on() {
    let office = office_with_a_schedule();
    office.write("d.csv", people(60));
    let mut service = Running::start(&office);
    office.must(&["schedule", "run", "khen"]);
    let begun = Instant::now();
    while fs::read_dir(office.path.join("kho")).map_or(0, |entries| entries.count()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "rendering begins");
        std::thread::sleep(Duration::from_millis(5));
    }
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    fs::remove_file(office.path.join("notify")).unwrap();
    let service = Running::start(&office);
    assert_eq!(ending(&office)["reason"], "đã tạo 60 văn bản");
    service.signal("TERM");
    assert_eq!(service.ended(Duration::from_secs(20)).0, Some(0));
    let batches = crate::support::python(
        "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT COUNT(*) FROM batch').fetchone()[0])",
        &[&office.path.join("van-thu.db")],
    );
    assert_eq!(batches.trim(), "1", "the same occurrence is the same batch");
}

#[test]
fn an_office_copied_during_a_run_is_whole_elsewhere_and_waits_for_a_person() {
    let office = office_with_a_schedule();
    office.write("d.csv", people(80));
    let mut run = office.command(&award_run("d.csv", "ra", &[])).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while fs::read_dir(office.path.join("ra"))
        .map_or(0, |entries| entries.flatten().filter(|entry| entry.path().extension().is_some()).count())
        == 0
    {
        assert!(begun.elapsed() < Duration::from_secs(60), "documents appear");
        std::thread::sleep(Duration::from_millis(5));
    }
    let copied: Value = serde_json::from_str(&office.must(&["backup", "sao.zip", "--json"]).stdout).unwrap();
    assert!(run.wait().unwrap().success());
    assert_eq!(copied["missing"], serde_json::json!([]));
    assert_eq!(office.run(&["backup", "sao.zip"]).code, 1, "a copy is never overwritten");
    let restored: Value = serde_json::from_str(&office.must(&["restore", "sao.zip", "--into", "moi", "--json"]).stdout).unwrap();
    assert_eq!((&restored["missing"], &restored["documents"]), (&serde_json::json!([]), &copied["documents"]));
    let state = crate::support::python(
        "import sqlite3, sys
old, new = (sqlite3.connect(path) for path in sys.argv[1:3])
one = lambda c, sql: c.execute(sql).fetchone()
print(one(old, 'SELECT id FROM instance') != one(new, 'SELECT id FROM instance'),
      one(new, 'SELECT sending_paused IS NOT NULL AND schedules_paused IS NOT NULL FROM instance')[0],
      one(new, \"SELECT COUNT(*) FROM record WHERE state = 'rendering' OR lease_owner IS NOT NULL\")[0],
      one(new, 'SELECT COUNT(*) FROM record')[0])",
        &[&office.path.join("van-thu.db"), &office.path.join("moi/van-thu.db")],
    );
    assert_eq!(state.trim(), "True 1 0 80");
    let refused = office.run(&["-C", "moi", "schedule", "run", "khen"]);
    assert!(refused.stderr.contains("lỗi[schedule-paused]"), "{}", refused.stderr);
    assert!(office.run(&["-C", "moi", "doctor"]).stdout.contains("vanthu resume"));
    office.must(&["-C", "moi", "resume"]);
    // The unfinished batch goes on in the restored office, once a person has said so.
    office.must(&["-C", "moi", "batch", "resume", "last"]);
    office.must(&[&["-C", "moi"][..], &award_run("d.csv", "moi/ra", &[])[..]].concat());
    assert_eq!(office.documents("moi/ra"), office.documents("ra"));
}

#[test]
fn a_damaged_copy_and_a_folder_in_use_are_refused() {
    let office = office_with_a_schedule();
    office.must(&award_run("d.csv", "ra", &[]));
    office.must(&["backup", "sao.zip"]);
    assert!(office.run(&["restore", "sao.zip", "--into", "ra"]).stderr.contains("lỗi[restore-folder]"));
    assert!(office.run(&["restore", "d.csv", "--into", "moi"]).stderr.contains("lỗi[restore-file]"));
    let mut bytes = office.read("sao.zip");
    let at = bytes.windows(15).position(|window| window == b"SQLite format 3").expect("the database lies in it");
    bytes[at + 5_000] ^= 0x55;
    office.write("hong.zip", bytes);
    assert!(office.run(&["restore", "hong.zip", "--into", "moi"]).stderr.contains("lỗi[restore-damaged]"));
    assert!(!office.path.join("moi").exists(), "a restored office is whole or absent");
}

#[test]
fn a_missing_document_is_named_by_the_copy() {
    let office = office_with_a_schedule();
    office.must(&award_run("d.csv", "ra", &[]));
    let batch = fs::read_dir(office.path.join("kho")).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap().path();
    let document = fs::read_dir(&batch).unwrap().flatten().next().unwrap().path();
    fs::remove_file(&document).unwrap();
    let said = office.run(&["backup", "sao.zip", "--json"]);
    let said_json: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, said_json["missing"].as_array().map(Vec::len)), (1, Some(1)));
}

#[test]
fn the_doctor_looks_at_everything_and_says_what_is_wrong() {
    let office = office_with_a_schedule();
    let said: Value = serde_json::from_str(&office.must(&["doctor", "--json"]).stdout).unwrap();
    let names: Vec<_> = said["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["fonts", "render", "database", "audit", "clock", "storage", "disk", "time-zones", "schedules", "dns"]);
    let database = office.path.join("van-thu.db");
    crate::support::python(
        "import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute(\"INSERT INTO audit (sequence, at, actor, action, subject, detail, hash) VALUES (1, 0, 'x', 'y', '', '', 'z')\")
c.commit()",
        &[&database],
    );
    let said = office.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains("HỎNG   audit        nhật ký kiểm tra đứt ở dòng 1"), "{}", said.stdout);
}

#[test]
fn the_doctor_looks_at_the_rest_when_one_password_is_missing() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    let relays = "[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n\
        [mail.relays.khac]\nhost = \"127.0.0.1\"\naccount = \"van-thu\"\npassword_file = \"khong-co\"\n";
    office.write("vanthu.toml", config + relays);
    let said = office.run(&["doctor"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    for line in
        ["HỎNG   relay        [mail.relays.khac] ", "tốt    database", "tốt    relay-address [mail.relays.may] 127.0.0.1: 127.0.0.1"]
    {
        assert!(said.stdout.contains(line), "{line}: {}{}", said.stdout, said.stderr);
    }
}

#[test]
fn the_unit_is_printed_for_systemd() {
    let unit = Office::new().must(&["serve", "--print-unit"]).stdout;
    for line in ["Type=notify", "WatchdogSec=30", "TimeoutStopSec=120", "[Install]"] {
        assert!(unit.lines().any(|own| own == line), "{unit}");
    }
}
