//! Schedules that run: on a moved clock with the store of either database, and the three jobs of an office end to end.

use std::fs::File;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use expect_test::expect;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use vanthu::schedule::Schedule;
use vanthu::schedule::holidays::Calendar;
use vanthu::scheduler::{Alert, Ending, Entry, Scheduler, Work, Working};
use vanthu::store::schedules::ClaimedOccurrence;
use vanthu::store::{Location, Store};

use crate::support::postgres::Postgres;
use crate::support::{Office, python, text_of};

/// Work that only remembers.
struct Recorder {
    ran: Mutex<Vec<i64>>,
    alerts: Mutex<Vec<String>>,
    ending: Ending,
}

impl Recorder {
    fn new(ending: Ending) -> Arc<Self> {
        Arc::new(Self { ran: Mutex::default(), alerts: Mutex::default(), ending })
    }

    fn well() -> Arc<Self> {
        Self::new(Ending::Done { reason: String::new(), reported: Vec::new() })
    }

    fn ran(&self) -> Vec<String> {
        self.ran.lock().unwrap().iter().map(|slot| Timestamp::from_millisecond(*slot).unwrap().to_string()).collect()
    }
}

impl Work for Recorder {
    fn carry_out<'a>(&'a self, occurrence: &'a ClaimedOccurrence) -> Working<'a> {
        self.ran.lock().unwrap().push(occurrence.scheduled_for);
        Box::pin(async { Ok(self.ending.clone()) })
    }

    fn alert(&self, alert: Alert<'_>) {
        self.alerts.lock().unwrap().push(format!("{alert:?}"));
    }
}

/// A store that a test opens as often as there are processes in it.
struct Place {
    location: Location,
    _folder: Office,
}

impl Place {
    /// One on each database.
    fn both(name: &str) -> [Self; 2] {
        let folder = Office::new();
        let file = Location::File(folder.path.join("van-thu.db"));
        let server = Location::Server(Postgres::start().create_database(&format!("schedules_{name}")));
        [Self { location: file, _folder: folder }, Self { location: server, _folder: Office::new() }]
    }

    async fn store(&self) -> Store {
        Store::open_beside(&self.location).await.expect("a store")
    }

    async fn scheduler(&self, schedule: &str, work: &Arc<Recorder>) -> Scheduler {
        let store = self.store().await;
        let owner = store.new_owner().await.expect("an owner");
        let work: Arc<dyn Work> = work.clone();
        Scheduler { store, entries: vec![entry(schedule)].into(), calendar: Arc::new(Calendar::default()), work, owner }
    }
}

fn entry(schedule: &str) -> Entry {
    let timing: Schedule = toml::from_str(schedule).expect("a schedule");
    let (rule, policy) = timing.read("vanthu.toml", "lich", &Arc::new(Calendar::default())).expect("a rule");
    Entry { name: "lich".into(), timing, rule, policy, enabled: true }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Every row, oldest first.
async fn rows(store: &Store) -> String {
    let mut rows = store.occurrences("lich", 10_000).await.unwrap();
    rows.reverse();
    rows.iter()
        .map(|row| {
            let slot = Timestamp::from_millisecond(row.scheduled_for).unwrap();
            let more = if row.slots > 1 { format!(" ×{}", row.slots) } else { String::new() };
            format!("{slot} {} {}{more}", row.state, row.reason).trim_end().to_owned() + "\n"
        })
        .collect()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime").block_on(test);
}

/// A scheduler that was up at every instant of `times` and carried out what was due.
async fn lived(scheduler: &Scheduler, times: impl IntoIterator<Item = Timestamp>) {
    let (_keep, stop) = tokio::sync::watch::channel(false);
    for now in times {
        scheduler.consider(now).await.unwrap();
        while scheduler.work_off(&stop).await.unwrap() > 0 {}
    }
}

fn each(step: SignedDuration, from: &str, to: &str) -> impl Iterator<Item = Timestamp> {
    let (from, to) = (at(from), at(to));
    std::iter::successors(Some(from), move |now| Some(*now + step)).take_while(move |now| *now <= to)
}

#[test]
fn after_three_hours_of_downtime_the_latest_slot_runs_and_each_missed_one_is_a_row() {
    run(async {
        for place in Place::both("hours") {
            let work = Recorder::well();
            let scheduler = place.scheduler("cron = '0 * * * *'", &work).await;
            lived(&scheduler, [at("2026-11-22T01:30:00Z"), at("2026-11-22T02:00:10Z"), at("2026-11-22T05:30:00Z")]).await;
            expect![[r#"
                2026-11-22T02:00:00Z done
                2026-11-22T03:00:00Z skipped misfire
                2026-11-22T04:00:00Z skipped misfire
                2026-11-22T05:00:00Z done
            "#]]
            .assert_eq(&rows(&scheduler.store).await);
            assert_eq!(work.ran(), ["2026-11-22T02:00:00Z", "2026-11-22T05:00:00Z"]);
            assert_eq!(*work.alerts.lock().unwrap(), [r#"Missed { schedule: "lich", slots: 2 }"#]);
        }
    });
}

#[test]
fn after_forty_days_each_policy_runs_what_it_says() {
    run(async {
        for (name, policy, ran) in [
            ("latest", "", vec!["2026-11-16T01:00:00Z"]),
            ("skip", "misfire = 'skip'", vec![]),
            ("all", "misfire = { run_all = 2 }\noverlap = 'queue'", vec!["2026-11-09T01:00:00Z", "2026-11-16T01:00:00Z"]),
            ("late", "max_lateness = '2d'", vec![]),
        ] {
            for place in Place::both(&format!("days_{name}")) {
                let work = Recorder::well();
                let scheduler = place.scheduler(&format!("cron = '0 8 * * 1'\n{policy}"), &work).await;
                lived(&scheduler, [at("2026-10-13T00:00:00Z"), at("2026-11-22T00:00:00Z")]).await;
                assert_eq!(work.ran(), ran, "{name}");
                let rows = rows(&scheduler.store).await;
                assert_eq!(rows.lines().count(), 5, "{rows}");
                assert_eq!(rows.contains("2026-11-16T01:00:00Z skipped late"), name == "late", "{rows}");
            }
        }
    });
}

#[test]
fn month_ends_leap_days_and_changes_of_the_clock_fire_once_each() {
    run(async {
        for (name, schedule, from, to, ran) in [
            (
                "month",
                "cron = '0 8 L * *'",
                "2028-01-25T00:00:00Z",
                "2028-04-02T00:00:00Z",
                vec!["2028-01-31T01:00:00Z", "2028-02-29T01:00:00Z", "2028-03-31T01:00:00Z"],
            ),
            ("leap", "cron = '0 8 29 2 *'", "2028-02-25T00:00:00Z", "2028-03-05T00:00:00Z", vec!["2028-02-29T01:00:00Z"]),
            (
                "gap",
                "cron = '30 2 * * *'\nzone = 'Europe/Berlin'",
                "2026-03-28T12:00:00Z",
                "2026-03-30T12:00:00Z",
                vec!["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
            ),
            (
                "fold",
                "cron = '30 2 * * *'\nzone = 'Europe/Berlin'",
                "2026-10-24T12:00:00Z",
                "2026-10-26T12:00:00Z",
                vec!["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
            ),
        ] {
            for place in Place::both(name) {
                let work = Recorder::well();
                let scheduler = place.scheduler(schedule, &work).await;
                lived(&scheduler, each(SignedDuration::from_mins(30), from, to)).await;
                assert_eq!(work.ran(), ran, "{name}");
            }
        }
    });
}

#[test]
fn a_slot_during_a_run_is_skipped_or_waits_its_turn() {
    run(async {
        for (name, policy, second) in [("skip", "", "skipped overlap"), ("queue", "overlap = 'queue'", "due")] {
            for place in Place::both(&format!("overlap_{name}")) {
                let scheduler = place.scheduler(&format!("cron = '0 * * * *'\n{policy}"), &Recorder::well()).await;
                scheduler.consider(at("2026-11-22T01:30:00Z")).await.unwrap();
                scheduler.consider(at("2026-11-22T02:00:01Z")).await.unwrap();
                let held = scheduler.store.claim_occurrence("lich", "another").await.unwrap().expect("one is due");
                scheduler.consider(at("2026-11-22T03:00:01Z")).await.unwrap();
                let expected = format!("2026-11-22T02:00:00Z running\n2026-11-22T03:00:00Z {second}\n");
                assert_eq!(rows(&scheduler.store).await, expected);
                assert_eq!(scheduler.store.claim_occurrence("lich", "me").await.unwrap(), None, "one runs at a time");
                scheduler.store.end_occurrence(&held, false, "", &[]).await.unwrap();
                let next = scheduler.store.claim_occurrence("lich", "me").await.unwrap();
                assert_eq!(next.is_some(), name == "queue");
            }
        }
    });
}

#[test]
fn a_clock_that_goes_back_and_a_second_look_make_no_second_row() {
    run(async {
        for place in Place::both("back") {
            let work = Recorder::well();
            let scheduler = place.scheduler("cron = '0 8 * * *'", &work).await;
            let times =
                ["2026-11-21T00:00:00Z", "2026-11-21T01:00:05Z", "2026-11-21T00:10:00Z", "2026-11-21T01:00:06Z", "2026-11-20T01:00:00Z"];
            lived(&scheduler, times.map(at)).await;
            assert_eq!(work.ran(), ["2026-11-21T01:00:00Z"]);
        }
    });
}

#[test]
fn two_schedulers_on_one_database_run_a_slot_once() {
    run(async {
        for place in Place::both("two") {
            let work = Recorder::well();
            let schedule = "cron = '* * * * *'\noverlap = 'queue'";
            let (one, other) = (place.scheduler(schedule, &work).await, place.scheduler(schedule, &work).await);
            let times: Vec<_> = each(SignedDuration::from_secs(20), "2026-11-22T01:00:30Z", "2026-11-22T01:10:30Z").collect();
            tokio::join!(lived(&one, times.clone()), lived(&other, times.clone()));
            // What one left while the other had an occurrence in its hands.
            lived(&one, times.last().copied()).await;
            let mut ran = work.ran();
            let count = ran.len();
            ran.sort();
            ran.dedup();
            assert_eq!((count, ran.len()), (10, 10));
            assert_eq!(rows(&one.store).await.lines().count(), 10);
        }
    });
}

#[test]
fn an_occurrence_of_a_killed_scheduler_is_taken_over_with_what_it_had_read() {
    run(async {
        for place in Place::both("killed") {
            let work = Recorder::well();
            let scheduler = place.scheduler("cron = '0 8 * * *'", &work).await;
            scheduler.consider(at("2026-11-22T00:00:00Z")).await.unwrap();
            scheduler.consider(at("2026-11-22T01:00:01Z")).await.unwrap();
            let dead = scheduler.store.claim_occurrence("lich", "dead").await.unwrap().expect("one is due");
            scheduler.store.keep_snapshot(&dead, "[]").await.unwrap();
            assert_eq!(scheduler.store.claim_occurrence("lich", "me").await.unwrap(), None, "its lease holds");
            scheduler.store.release_occurrences(None).await.unwrap();
            let mine = scheduler.store.claim_occurrence("lich", "me").await.unwrap().expect("it is free");
            assert_eq!((mine.scheduled_for, mine.snapshot.as_deref()), (dead.scheduled_for, Some("[]")));
            assert!(scheduler.store.end_occurrence(&dead, false, "", &[]).await.is_err(), "the dead one changes nothing");
            scheduler.store.end_occurrence(&mine, false, "", &["h".into()]).await.unwrap();
            assert!(scheduler.store.has_reported("lich", "h").await.unwrap());
        }
    });
}

#[test]
fn slots_of_a_paused_schedule_are_rows_and_nothing_runs() {
    run(async {
        for place in Place::both("paused") {
            let work = Recorder::well();
            let scheduler = place.scheduler("cron = '0 * * * *'", &work).await;
            let definition = scheduler.entries.now()[0].definition();
            lived(&scheduler, [at("2026-11-22T01:30:00Z")]).await;
            scheduler.store.pause_schedule("lich", &definition, Some("nghỉ Tết"), "cli").await.unwrap();
            lived(&scheduler, [at("2026-11-22T02:00:01Z")]).await;
            scheduler.store.pause_schedule("lich", &definition, None, "cli").await.unwrap();
            lived(&scheduler, [at("2026-11-22T03:00:01Z")]).await;
            assert_eq!(rows(&scheduler.store).await, "2026-11-22T02:00:00Z skipped paused\n2026-11-22T03:00:00Z done\n");
            scheduler.store.pause_schedules(Some("khôi phục"), "cli").await.unwrap();
            lived(&scheduler, [at("2026-11-22T04:00:01Z")]).await;
            assert_eq!(work.ran(), ["2026-11-22T03:00:00Z"]);
        }
    });
}

#[test]
fn an_edited_rule_holds_from_the_edit_on() {
    run(async {
        for place in Place::both("edited") {
            let work = Recorder::well();
            lived(&place.scheduler("cron = '0 8 * * *'", &work).await, [at("2026-11-20T00:00:00Z")]).await;
            // Down over the slot of the old rule; the new one has many slots in that time, which nobody promised.
            let edited = place.scheduler("cron = '0 * * * *'", &work).await;
            lived(&edited, [at("2026-11-20T03:30:00Z"), at("2026-11-20T04:00:01Z")]).await;
            assert_eq!(work.ran(), ["2026-11-20T01:00:00Z", "2026-11-20T04:00:00Z"]);
        }
    });
}

#[test]
fn a_failed_run_is_told_to_the_operator() {
    run(async {
        let [place, _] = Place::both("failed");
        let work = Recorder::new(Ending::Failed { reason: "hỏng".into(), reported: Vec::new() });
        let scheduler = place.scheduler("cron = '0 8 * * *'", &work).await;
        lived(&scheduler, [at("2026-11-22T00:00:00Z"), at("2026-11-22T01:00:01Z")]).await;
        assert_eq!(rows(&scheduler.store).await, "2026-11-22T01:00:00Z failed hỏng\n");
        assert_eq!(*work.alerts.lock().unwrap(), [r#"Failed { schedule: "lich", scheduled_for: 1795309200000, reason: "hỏng" }"#]);
    });
}

/// An office with the three jobs: certificates when a list arrives, the annual summary, the minutes of each meeting.
fn office_of_three_jobs() -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    let jobs = r#"
[databases.so-lieu]
sqlite = "so-lieu.db"

[schedules.giay-khen]
cron = "*/15 7-17 * * mon-fri"
template = "giay-khen"
output = "ket-qua/{{lich}}/{{tep}}"
only_when_new = true
source = { file = "den/*.csv", pick = "all" }
[schedules.giay-khen.common]
so_quyet_dinh = "12/QĐ-HKH"
ngay = "27/12/2019"
phong_trao = "công tác khuyến học"

[schedules.tong-ket]
cron = "0 8 LW 12 *"
template = "bao-cao-tong-ket"
source = { database = "so-lieu", query = "SELECT * FROM tong_ket" }

[schedules.giao-ban]
cron = "0 17 * * *"
template = "bien-ban-giao-ban"
only_when_new = true
source = { file = "hop/*.json", pick = "newest" }
"#;
    office.write("vanthu.toml", config + jobs);
    office
}

/// Writes a file that has been left alone for a while, as one that has arrived whole.
fn arrived(office: &Office, name: &str, content: impl AsRef<[u8]>) {
    let path = office.write(name, content);
    File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
}

fn sample(template: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("report-templates").join(template).join("sample.json")).unwrap()
}

#[test]
fn certificates_go_out_when_a_list_arrives_and_not_again() {
    let office = office_of_three_jobs();
    std::fs::create_dir(office.path.join("den")).unwrap();
    let reason = |office: &Office| {
        let said = office.must(&["schedule", "run", "giay-khen", "--json"]);
        let said: Value = serde_json::from_str(&said.stdout).unwrap();
        said["occurrence"]["reason"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(reason(&office), "không có dữ liệu để báo cáo");
    arrived(&office, "den/dot-1.csv", crate::support::people(3));
    assert_eq!(reason(&office), "đã tạo 3 văn bản");
    assert_eq!(office.documents("ket-qua/giay-khen/dot-1").len(), 3);
    assert_eq!(reason(&office), "không có gì mới để báo cáo");
    arrived(&office, "den/dot-2.csv", crate::support::people(2));
    assert_eq!(reason(&office), "đã tạo 2 văn bản");
    assert_eq!(office.documents("ket-qua/giay-khen/dot-2").len(), 2);
    assert_eq!(office.documents("ket-qua/giay-khen/dot-1").len(), 3, "the first list's certificates stay");
}

#[test]
fn the_annual_summary_is_made_of_what_the_database_says_in_december() {
    let office = office_of_three_jobs();
    let script = "import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute('CREATE TABLE tong_ket (ten_ky TEXT, ve_viec TEXT, ngay TEXT)')
c.execute('INSERT INTO tong_ket (ten_ky, ve_viec, ngay) VALUES (?, ?, ?)', ('năm 2026', 'Tổng kết công tác khuyến học năm 2026', '2026-12-31'))
c.commit()";
    python(script, &[&office.path.join("so-lieu.db")]);
    let said = office.run(&["schedule", "run", "tong-ket"]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let folders: Vec<_> = std::fs::read_dir(office.path.join("ket-qua")).unwrap().flatten().map(|entry| entry.path()).collect();
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    let [document] = office.documents(&format!("ket-qua/{name}")).try_into().unwrap();
    assert!(text_of(&folder.join(document)).contains("khuyến học năm 2026"));
}

#[test]
fn minutes_are_made_after_each_meeting() {
    let office = office_of_three_jobs();
    arrived(&office, "hop/lan-1.json", sample("bien-ban-giao-ban"));
    let said = office.must(&["schedule", "run", "giao-ban"]);
    assert!(said.stdout.contains("xong: đã tạo "), "{}", said.stdout);
    let shown = office.must(&["schedule", "show", "giao-ban"]).stdout;
    assert!(shown.contains("17:00") && shown.contains("xong: đã tạo "), "{shown}");
    // What was read is kept beside.
    assert!(office.path.join("du-lieu/lich/giao-ban").read_dir().unwrap().next().is_some());
}

#[test]
fn a_run_with_wrong_rows_fails_with_their_places() {
    let office = office_of_three_jobs();
    arrived(&office, "den/dot-1.csv", crate::support::people(2).replace("Ông", "Ôngg"));
    let said = office.run(&["schedule", "run", "giay-khen"]);
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains("hỏng: tạo được 0 văn bản, không tạo được 2: "), "{}", said.stdout);
    assert!(said.stdout.contains("dòng 2"), "{}", said.stdout);
}

#[test]
fn the_next_slots_say_which_were_moved_off_a_holiday() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    let schedule =
        "[schedules.dau-nam]\ncron = \"0 8 1 1 *\"\nworking_day = \"next\"\ntemplate = \"bao-cao\"\nsource = { file = \"d.csv\" }\n";
    office.write("vanthu.toml", config + schedule);
    let said = office.must(&["schedule", "next", "dau-nam", "-n", "3"]).stdout;
    assert_eq!(said.lines().count(), 3, "{said}");
    // The first of January is never worked.
    assert!(said.lines().all(|line| line.contains(" 08:00, dời từ ngày nghỉ 01/01/")), "{said}");
}

#[test]
fn a_paused_schedule_does_not_run_by_hand_either() {
    let office = office_of_three_jobs();
    office.must(&["schedule", "pause", "giao-ban", "--reason", "chưa họp"]);
    let said = office.run(&["schedule", "run", "giao-ban"]);
    expect![[r#"
        lỗi[schedule-paused] “giao-ban” lịch đang tạm dừng: chưa họp
            cách sửa: chạy: vanthu schedule resume giao-ban
    "#]]
    .assert_eq(&said.stderr);
    assert!(office.must(&["schedule", "list"]).stdout.contains("tạm dừng: chưa họp"));
    office.must(&["schedule", "resume", "giao-ban"]);
    assert!(!office.must(&["schedule", "list"]).stdout.contains("tạm dừng"));
}

#[test]
fn mistakes_of_a_schedule_are_told_at_the_start() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    let source = "template = \"bao-cao\"\nsource = { file = \"d.csv\" }\n";
    office.write("vanthu.toml", format!("{config}[schedules.a]\ncron = \"0 8 * * *\"\n{source}only_when_dat = true\n"));
    let unknown_key = office.run(&["schedule", "list"]).stderr;
    office.write(
        "vanthu.toml",
        format!(
            "{config}[schedules.Sai]\ncron = \"0 25 * * *\"\nzone = \"Asia/Saigo\"\noutput = \"../{{{{ngya}}}}\"\norganisation = \"hoii\"\n{source}\n[service]\nlisten = \"localhost\"\n"
        ),
    );
    let values = office.run(&["schedule", "list"]).stderr;
    expect![[r#"
        lỗi[toml-syntax] vanthu.toml:15:1: không có khóa “only_when_dat” ở đây
            | only_when_dat = true
            | ^
            cách sửa: có phải “only_when_data”?
        lỗi[schedule-name] vanthu.toml [schedules.Sai]: “Sai” tên lịch chỉ gồm chữ thường không dấu, số và gạch nối
        lỗi[cron-field] vanthu.toml [schedules.Sai]: “25” trường thứ 2 (giờ) của cron sai: chỉ nhận 0–23, và *, a-b, a,b, */n
            cách sửa: ví dụ: 8
        lỗi[zone-unknown] vanthu.toml [schedules.Sai]: “Asia/Saigo” không có múi giờ này
            cách sửa: có phải “Asia/Saigon”?
        lỗi[schedule-output] vanthu.toml [schedules.Sai]: “{{ngya}}” output không có chỗ điền này
            cách sửa: có phải “{{ngay}}”?
        lỗi[schedule-output] vanthu.toml [schedules.Sai]: “../{{ngya}}” output phải là thư mục bên trong nơi làm việc
        lỗi[organisation-unknown] vanthu.toml [schedules.Sai]: “hoii” không có tổ chức này
            cách sửa: có phải “hoi”?
        lỗi[service-listen] vanthu.toml [service] listen: “localhost” không phải địa chỉ IP và cổng
            cách sửa: ví dụ: 127.0.0.1:8710
    "#]]
    .assert_eq(&(unknown_key + &values));
}
