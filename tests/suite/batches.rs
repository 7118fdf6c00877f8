//! Batches after their acceptance: watched, held, given up, tried again, made again; and workers that share them.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::postgres::Postgres;
use crate::support::{Office, award_run, people, text_of};

fn json(office: &Office, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.push("--json");
    let said = office.run(&all);
    serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", said.stdout, said.stderr))
}

fn submitted(office: &Office, list: usize, more: &[&str]) -> String {
    office.write("d.csv", people(list));
    let mut arguments = award_run("d.csv", "o", more);
    arguments.push("--submit");
    let accepted = json(office, &arguments);
    assert_eq!(accepted["ok"], true, "{accepted}");
    assert!(office.documents("o").is_empty(), "only accepted");
    accepted["batch"].as_str().expect("an id").to_owned()
}

#[test]
fn a_submitted_batch_is_made_by_a_worker_with_everything_beside_it() {
    let office = Office::with_workspace();
    let id = submitted(&office, 7, &["--merge", "--zip"]);
    office.must(&["worker", "--until-idle"]);
    assert_eq!(office.documents("o").len(), 7);
    for beside in ["_tat-ca.pdf", "_tat-ca.zip", "_danh-muc.json", "_bao-cao.xlsx"] {
        assert!(office.path.join("o").join(beside).is_file(), "{beside}");
    }
    let shown = json(&office, &["batch", "show", "last"]);
    assert_eq!((&shown["id"], &shown["state"]), (&id.as_str().into(), &"finished".into()));
    assert!(shown["completed_at"].is_string(), "{shown}");
    assert_eq!(office.json("o/_danh-muc.json")["made"], 7);
    // The same made by `run` has the same bytes: workers and `run` share one way.
    office.must(&award_run("d.csv", "p", &["--merge", "--zip"]));
    for name in office.documents("o").iter().map(String::as_str).chain(["_tat-ca.pdf", "_tat-ca.zip", "_danh-muc.json"]) {
        assert!(office.read(&format!("o/{name}")) == office.read(&format!("p/{name}")), "{name} differs");
    }
}

#[test]
fn the_same_key_is_one_batch_and_another_request_under_it_is_refused() {
    let office = Office::with_workspace();
    let first = submitted(&office, 3, &["--key", "le-2026"]);
    assert_eq!(submitted(&office, 3, &["--key", "le-2026"]), first);
    assert_eq!(json(&office, &["batch", "list"])["batches"].as_array().expect("batches").len(), 1);
    office.write("d.csv", people(4));
    let said = office.run(&award_run("d.csv", "o", &["--submit", "--key", "le-2026"]));
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr,
        "lỗi[key-reused] “le-2026” khóa này đã dùng cho một yêu cầu khác\n    cách sửa: chọn khóa khác, hoặc gửi đúng yêu cầu cũ\n"
    );
}

#[test]
fn a_paused_batch_is_made_by_nobody_until_it_is_resumed() {
    let office = Office::with_workspace();
    let id = submitted(&office, 3, &[]);
    let paused = office.must(&["batch", "pause", &id[..20], "--reason", "chờ Chủ tịch duyệt"]);
    assert!(paused.stdout.starts_with(&format!("Lô {id}: tạm dừng (chờ Chủ tịch duyệt)\n")), "{}", paused.stdout);
    office.must(&["worker", "--until-idle"]);
    let said = office.run(&award_run("d.csv", "o", &[]));
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains(&format!("Lô {id} đang tạm dừng (chờ Chủ tịch duyệt).")), "{}", said.stdout);
    assert!(office.documents("o").is_empty());
    let again = office.run(&["batch", "pause", "last"]);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (1, format!("lỗi[batch-state] “{id}” lô này đang ở trạng thái “tạm dừng”, không làm việc đó được\n").as_str())
    );
    office.must(&["batch", "resume", "last"]);
    office.must(&award_run("d.csv", "o", &[]));
    assert_eq!(office.documents("o").len(), 3);
    assert_eq!(office.run(&["batch", "resume", "last"]).code, 1, "a finished batch is not resumed");
}

#[test]
fn a_run_stops_when_its_batch_is_paused_beside_it() {
    let office = Office::with_workspace();
    office.write("d.csv", people(600));
    let run = office.command(&award_run("d.csv", "o", &[])).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a run");
    wait_for("documents", || office.documents("o").len() > 20);
    office.must(&["batch", "pause", "last"]);
    let output = run.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("đang tạm dừng. Làm tiếp: vanthu batch resume"), "{said}");
    assert_eq!(output.status.code(), Some(1));
    let made = office.documents("o").len();
    assert!((20..600).contains(&made), "{made}");
    office.must(&["batch", "resume", "last"]);
    office.must(&award_run("d.csv", "o", &[]));
    assert_eq!(office.documents("o").len(), 600);
}

#[test]
fn a_cancelled_batch_stays_cancelled_and_the_next_run_is_another() {
    let office = Office::with_workspace();
    let id = submitted(&office, 2, &[]);
    office.must(&["batch", "cancel", "last", "--reason", "nhầm danh sách"]);
    let shown = json(&office, &["batch", "show", &id]);
    assert_eq!(
        (&shown["state"], &shown["reason"], &shown["records"]["cancelled"]),
        (&"cancelled".into(), &"nhầm danh sách".into(), &2.into())
    );
    office.must(&award_run("d.csv", "o", &[]));
    assert_ne!(json(&office, &["batch", "show", "last"])["id"], id.as_str());
}

#[test]
fn exactly_the_failed_records_are_tried_again() {
    let office = Office::with_workspace();
    office.write("d.csv", people(3));
    office.write("o/002-Trần Văn An.pdf", "của người khác");
    assert_eq!(office.run(&award_run("d.csv", "o", &[])).code, 1);
    let failed = json(&office, &["batch", "show", "last"]);
    assert_eq!((&failed["records"]["stored"], &failed["records"]["failed"]), (&2.into(), &1.into()));
    std::fs::remove_file(office.path.join("o/002-Trần Văn An.pdf")).expect("moved away");
    let said = office.must(&["batch", "retry", "last", "--now"]);
    assert!(said.stdout.starts_with("1 bản ghi được làm lại.\n"), "{}", said.stdout);
    assert_eq!(office.documents("o").len(), 3);
    assert!(text_of(&office.path.join("o/002-Trần Văn An.pdf")).contains("Trần Văn An"));
    assert_eq!(office.json("o/_danh-muc.json")["made"], 3);
}

#[test]
fn an_old_document_is_made_again_with_equal_bytes_whatever_the_workspace_says_today() {
    let office = Office::with_workspace();
    office.must(&["template", "new", "giay-khen", "--from", "giay-khen"]);
    office.write("d.csv", people(3));
    office.must(&award_run("d.csv", "o", &[]));
    let page = String::from_utf8(office.read("mau/giay-khen/page.typ")).expect("UTF-8");
    office.write("mau/giay-khen/page.typ", format!("{page}\n#let thua = 1\n"));
    let words = String::from_utf8(office.read("mau/giay-khen/words.toml")).expect("UTF-8");
    office.write("mau/giay-khen/words.toml", words.replace("Vào sổ khen thưởng số", "Số sổ vàng"));
    let config = String::from_utf8(office.read("vanthu.toml")).expect("UTF-8");
    office.write("vanthu.toml", config.replace("THÍ ĐIỂM", "ĐÃ ĐỔI TÊN").replace("Thí Điểm", "Đã Đổi Tên"));
    let said = office.must(&["batch", "reproduce", "last", "--out", "lai"]);
    assert!(said.stdout.ends_with("Làm lại 3 văn bản, 3 giống từng byte.\n"), "{}", said.stdout);
    for name in office.documents("o") {
        assert!(office.read(&format!("o/{name}")) == office.read(&format!("lai/{name}")), "{name}");
    }
    let one = json(&office, &["batch", "reproduce", "last", "--record", "2"]);
    assert_eq!((&one["documents"][0]["name"], &one["documents"][0]["equal"]), (&"Trần Văn An".into(), &true.into()));
    let none = office.run(&["batch", "reproduce", "last", "--record", "9"]);
    assert_eq!((none.code, none.stderr.as_str()), (1, "lỗi[document-unknown] bản ghi 9 của lô này không có văn bản\n"));
    // Today's workspace makes another document.
    office.must(&award_run("d.csv", "p", &[]));
    assert!(office.read("o/001-Nguyễn Văn An.pdf") != office.read("p/001-Nguyễn Văn An.pdf"));
}

#[test]
fn a_font_that_changed_since_refuses_the_old_document_and_is_named() {
    let office = Office::with_workspace();
    let font = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
    let found = std::fs::read_dir(&font).expect("fonts").flatten().map(|entry| entry.path());
    let (mut ttf, mut waiting) = (None, found.collect::<Vec<_>>());
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|extension| extension == "ttf") {
            ttf = Some(path);
        }
    }
    let bytes = std::fs::read(ttf.expect("a font")).expect("a font");
    office.write("phong-chu/rieng.ttf", &bytes);
    office.write("d.csv", people(1));
    office.must(&award_run("d.csv", "o", &[]));
    std::fs::remove_file(office.path.join("phong-chu/rieng.ttf")).expect("gone");
    let said = office.run(&["batch", "reproduce", "last"]);
    assert_eq!(said.code, 1, "{}", said.stdout);
    assert!(said.stderr.contains("lỗi[font-changed] phông “"), "{}", said.stderr);
    assert!(said.stderr.contains("rieng.ttf” không còn như khi lập lô này"), "{}", said.stderr);
}

#[test]
fn an_id_that_fits_none_or_several_is_an_error_that_helps() {
    let office = Office::with_workspace();
    submitted(&office, 1, &[]);
    let said = office.run(&["batch", "show", "zz"]);
    assert_eq!((said.code, said.stderr.as_str()), (1, "lỗi[batch-unknown] “zz” không có lô này\n    cách sửa: xem “vanthu batch list”\n"));
    office.must(&["batch", "cancel", "last", "--reason", "x"]);
    office.write("d.csv", people(2));
    office.must(&award_run("d.csv", "o", &[]));
    let said = office.run(&["batch", "show", "0"]);
    assert!(said.stderr.starts_with("lỗi[batch-ambiguous] “0” nhiều lô có mã bắt đầu như vậy\n"), "{}", said.stderr);
}

#[test]
fn workers_that_share_a_batch_make_each_document_once_though_one_is_killed() {
    const RECORDS: usize = 60;
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("UTF-8");
    office.write("vanthu.toml", format!("{config}\n[store]\nlease_seconds = 4\n[render]\nworkers = 1\n"));
    let postgres = Postgres::start();
    let url = postgres.create_database("batches_workers");
    let sql = |query: &str| postgres.query("batches_workers", query);
    office.write("d.csv", people(RECORDS));
    let mut submit = award_run("d.csv", "o", &["--zip"]);
    submit.push("--submit");
    let start = |arguments: &[&str]| {
        office.command(arguments).env("VANTHU_STORE_URL", &url).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a process")
    };
    assert!(start(&submit).wait().expect("an end").success());
    // Held while they start, so that all three find work.
    sql("UPDATE record SET next_at = next_at + 3600000");
    let mut workers: Vec<Child> = (0..3).map(|_| start(&["worker", "--until-idle"])).collect();
    // The victim holds its records when it dies: it alone is let at the first ten.
    sql("UPDATE record SET next_at = 0 WHERE number <= 10");
    wait_for("a claim", || sql("SELECT COUNT(*) FROM record WHERE state = 'rendering'") != "0");
    let mut victim = workers.swap_remove(0);
    victim.kill().expect("killed");
    victim.wait().expect("gone");
    sql("UPDATE record SET next_at = 0 WHERE state = 'accepted'");
    for mut worker in workers {
        assert!(worker.wait().expect("an end").success());
    }
    assert_eq!(sql("SELECT state, completed_at IS NOT NULL FROM batch"), "finished|t");
    assert_eq!(
        sql("SELECT state, COUNT(*), COUNT(DISTINCT document_id) FROM record GROUP BY state"),
        format!("stored|{RECORDS}|{RECORDS}")
    );
    assert_eq!(sql("SELECT COUNT(*) FROM document"), RECORDS.to_string(), "no document without a record");
    assert_eq!(sql("SELECT COUNT(*) FROM record WHERE lease_owner IS NOT NULL"), "0");
    assert_eq!(office.documents("o").len(), RECORDS);
    assert_eq!(office.json("o/_danh-muc.json")["made"], RECORDS);
    assert!(office.path.join("o/_tat-ca.zip").is_file());
    for (index, name) in office.documents("o").iter().enumerate() {
        assert!(name.starts_with(&format!("{:03}-", index + 1)), "{name}");
    }
    // Whoever dies between the last record and the last file is followed by the next worker.
    sql("UPDATE batch SET completed_at = NULL, completer = 'dead', completing_until = 0");
    for gone in ["_danh-muc.json", "_tat-ca.zip", &office.documents("o")[7]] {
        std::fs::remove_file(office.path.join("o").join(gone)).expect("gone");
    }
    assert!(start(&["worker", "--until-idle"]).wait().expect("an end").success());
    assert_eq!(office.documents("o").len(), RECORDS);
    assert!(office.path.join("o/_tat-ca.zip").is_file());
    assert_eq!(office.json("o/_danh-muc.json")["made"], RECORDS);
    assert_eq!(sql("SELECT completed_at IS NOT NULL, completer IS NULL FROM batch"), "t|t");
}

#[test]
fn a_lease_too_short_for_its_beat_is_refused_at_the_start() {
    let office = Office::new();
    office.write("vanthu.toml", "[store]\nlease_seconds = 3\n");
    let said = office.run(&["batch", "list"]);
    assert_eq!((said.code, said.stderr.as_str()), (1, "lỗi[config-value] vanthu.toml: store.lease_seconds phải từ 4 đến 3600\n"));
}

#[test]
fn a_watched_batch_says_how_it_ended() {
    let office = Office::with_workspace();
    submitted(&office, 2, &[]);
    let watch = office.command(&["batch", "watch", "last"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a watch");
    office.must(&["worker", "--until-idle"]);
    let output = watch.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Đã tạo 2, còn chờ 0, không tạo được 0, tách riêng 0, đã hủy 0; dòng sai bị bỏ qua 0."), "{said}");
    assert_eq!(output.status.code(), Some(0));
}

fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "{what} never came");
        std::thread::yield_now();
    }
}
