//! Batches on their pages: live progress, holding, giving up, trying again, documents and files.

use std::time::{Duration, Instant};

use serde_json::Value;

use vanthu::diagnostic::Diagnostic;
use vanthu::say;

use super::make::{draft, onward, value};
use crate::support::site::{Browser, Site};
use crate::support::{Office, assert_sound, pages_of, people, python, text_of};
use crate::verification::verifying;

/// Begins the draft at `path`; the batch's path.
pub(super) fn begun(browser: &mut Browser, path: &str) -> String {
    let revision = value(&browser.get(&format!("{path}/bat-dau")), "revision");
    onward(&browser.post(&format!("{path}/bat-dau"), &[("revision", &revision)]))
}

/// Asks how a batch stands until it is over; how it stands then.
pub(super) fn until_over(browser: &mut Browser, path: &str) -> Value {
    let begun = Instant::now();
    loop {
        let now: Value = serde_json::from_slice(&browser.get(&format!("{path}/tien-do")).body).expect("JSON");
        if now["over"] == true {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{now}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_batch_is_watched_to_its_end_and_its_files_are_handed_out() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = draft(&mut lan, &people(30));
    let path = begun(&mut lan, &list);
    // The events end when the batch is over, and the last tells so.
    let events = lan.get(&format!("{path}/theo-doi"));
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    let text = events.text();
    let last = text.trim_end().rsplit("data: ").next().unwrap();
    let last: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((last["over"].as_bool(), last["count"]["stored"].as_u64()), (Some(true), Some(30)), "{text}");
    let page = lan.get(&path);
    assert!(page.text().contains("đã xong") && page.text().contains("Nguyễn Văn An"), "{}", page.text());
    assert!(lan.get("/lo").text().contains(&path));
    for (file, kind, start) in [
        ("tat-ca.pdf", "application/pdf", &b"%PDF-"[..]),
        ("tat-ca.zip", "application/zip", b"PK"),
        ("bao-cao.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("danh-muc.json", "application/json", b"{"),
        ("van-ban/7", "application/pdf", b"%PDF-"),
    ] {
        let answer = lan.get(&format!("{path}/{file}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{file}");
        assert!(answer.body.starts_with(start), "{file}");
        office.write("tai-ve", &answer.body);
        if file == "tat-ca.pdf" {
            assert_eq!(pages_of(&office.path.join("tai-ve")), 30);
        }
        if kind == "application/pdf" {
            assert_sound(&office.path.join("tai-ve"));
        }
    }
    assert_eq!(lan.get(&format!("{path}/van-ban/99")).status, 404);
    assert_eq!(lan.get(&format!("{path}/can-sua.xlsx")).status, 404);
    assert!(lan.get(&format!("{path}/van-ban/7?tai=1")).header("content-disposition").unwrap().starts_with("attachment"));
}

#[test]
fn a_batch_is_held_goes_on_and_is_given_up_and_says_when_it_cannot() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let list = draft(&mut lan, &people(600));
    let path = begun(&mut lan, &list);
    onward(&lan.post(&format!("{path}/tam-dung"), &[("ly_do", "chờ sếp")]));
    let held = lan.get(&path);
    assert!(held.text().contains("tạm dừng") && held.text().contains("chờ sếp"), "{}", held.text());
    let twice = lan.post(&format!("{path}/tam-dung"), &[]);
    assert_eq!(twice.status, 409);
    assert!(twice.text().contains("đang ở trạng thái “tạm dừng”"), "{}", twice.text());
    onward(&lan.post(&format!("{path}/tiep"), &[]));
    onward(&lan.post(&format!("{path}/huy"), &[("ly_do", "nhầm danh sách")]));
    let over = until_over(&mut lan, &path);
    assert_eq!(over["state"], "cancelled");
    let log = quantri.get("/nhat-ky").text();
    assert!(log.contains("hủy lô") && log.contains("nhầm danh sách"), "{log}");
}

#[test]
fn what_failed_says_why_and_is_tried_again() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = people(3).replace("Chi hội 1,001", &format!("{},001", "Chi hội rất dài ".repeat(9)));
    let path = draft(&mut lan, &list);
    let look = lan.get(&format!("{path}/xem?ve=1"));
    let path = begun(&mut lan, &path);
    let over = until_over(&mut lan, &path);
    let failed = over["count"]["failed"].as_u64().unwrap();
    assert_eq!(look.text().contains("notice bad problems"), failed > 0, "the look tells what the batch will");
    if failed > 0 {
        assert!(lan.get(&format!("{path}?loi=1")).text().contains("không tạo được"));
        onward(&lan.post(&format!("{path}/lam-lai"), &[]));
        until_over(&mut lan, &path);
    }
    assert_eq!(over["count"]["ended"], 3);
}

/// What the database says, a line for each row.
fn ask(office: &Office, sql: &str) -> String {
    let script = "import sqlite3, sys
for row in sqlite3.connect(sys.argv[1], timeout=30).execute(sys.argv[2]):
    print('|'.join('' if value is None else str(value) for value in row))";
    python(script, &[&office.path.join("van-thu.db"), sql.as_ref()]).trim_end().to_owned()
}

#[test]
fn what_was_taken_back_is_in_no_file_of_all_and_the_page_says_so() {
    let office = verifying("");
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = draft(&mut lan, &people(3));
    let path = begun(&mut lan, &list);
    until_over(&mut lan, &path);
    let id = ask(&office, "SELECT document_id FROM record WHERE number = 2");
    onward(&lan.post(&format!("/van-ban/{id}/thu-hoi"), &[("reason", "kê khai sai")]));
    let page = lan.get(&path).text();
    assert!(page.contains("1 văn bản không còn hiệu lực") && page.contains("đã thu hồi"), "{page}");
    office.write("tat-ca.pdf", lan.get(&format!("{path}/tat-ca.pdf")).body);
    assert_eq!(pages_of(&office.path.join("tat-ca.pdf")), 2, "the file in the folder still has three");
    office.write("tat-ca.zip", lan.get(&format!("{path}/tat-ca.zip")).body);
    let script = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nprint(*sorted(z.namelist()), sep='\\n')\nprint(z.read('_khong-co.txt').decode())";
    let archive = python(script, &[&office.path.join("tat-ca.zip")]);
    assert!(archive.contains("Nguyễn Văn An.pdf\n") && archive.contains("Trần Văn An.pdf: đã thu hồi / revoked"), "{archive}");
    assert_eq!(archive.matches("Trần Văn An.pdf").count(), 1, "{archive}");
    for number in [1, 3] {
        let id = ask(&office, &format!("SELECT document_id FROM record WHERE number = {number}"));
        onward(&lan.post(&format!("/van-ban/{id}/thu-hoi"), &[("reason", "kê khai sai")]));
    }
    let none = lan.get(&format!("{path}/tat-ca.zip"));
    assert_eq!(none.status, 422);
    assert!(none.text().contains("mọi văn bản của lô đã bị thu hồi, thay thế hoặc xóa"), "{}", none.text());
}

#[test]
fn every_file_that_is_fetched_stands_in_the_audit_log_and_a_damaged_one_is_not_given_out() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = draft(&mut lan, &people(2));
    let path = begun(&mut lan, &list);
    until_over(&mut lan, &path);
    for file in ["van-ban/1", "tat-ca.pdf", "tat-ca.zip", "bao-cao.xlsx"] {
        assert_eq!(lan.get(&format!("{path}/{file}")).status, 200, "{file}");
    }
    let (batch, document) = (ask(&office, "SELECT id FROM batch"), ask(&office, "SELECT document_id FROM record WHERE number = 1"));
    assert_eq!(
        ask(&office, "SELECT actor, action, subject, detail FROM audit WHERE action LIKE '%.fetch' ORDER BY sequence"),
        format!(
            "quantri|document.fetch|{document}|\nquantri|batch.fetch|{batch}|_tat-ca.pdf\nquantri|batch.fetch|{batch}|_tat-ca.zip\nquantri|batch.fetch|{batch}|_bao-cao.xlsx"
        )
    );
    let object = ask(&office, "SELECT object FROM document WHERE number = 1");
    let script = "import pathlib,sys\nfor p in pathlib.Path(sys.argv[1]).rglob('*'):\n  if p.is_file() and str(p).endswith(sys.argv[2]):\n    b=bytearray(p.read_bytes()); b[200]^=1; p.chmod(0o600); p.write_bytes(b); print(1)";
    assert_eq!(python(script, &[&office.path.join("kho"), object.as_ref()]).trim(), "1");
    assert_eq!(lan.get(&format!("{path}/van-ban/1")).status, 500, "what is not what was made is not given out");
    assert_eq!(lan.get(&format!("{path}/van-ban/2")).status, 200);
}

#[test]
fn a_batch_that_was_given_up_has_its_report_and_lets_go_the_mail_of_what_was_made() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list: String = people(1_500)
        .lines()
        .enumerate()
        .map(|(row, line)| format!("{line},{}\n", if row == 0 { "Thư điện tử".into() } else { format!("a{row}@vi-du.vn") }))
        .collect();
    let path = draft(&mut lan, &list);
    let revision = value(&lan.get(&format!("{path}/tuy-chon")), "revision");
    let fields = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
        ("thu", "1"),
    ];
    onward(&lan.post(&format!("{path}/tuy-chon"), &fields));
    let path = begun(&mut lan, &path);
    let batch = path.trim_start_matches("/lo/").to_owned();
    let some = Instant::now();
    while ask(&office, "SELECT COUNT(*) FROM document") == "0" {
        assert!(some.elapsed() < Duration::from_secs(60));
    }
    onward(&lan.post(&format!("{path}/tam-dung"), &[]));
    let early = lan.post(&format!("{path}/gui"), &[]);
    assert_eq!(early.status, 409, "{}", early.text());
    assert_eq!(ask(&office, "SELECT post FROM batch"), "pending", "a press too early changes nothing");
    onward(&lan.post(&format!("{path}/huy"), &[("ly_do", "nhầm danh sách")]));
    // What was under way is brought home.
    while ask(&office, "SELECT COUNT(*) FROM record WHERE state IN ('accepted', 'rendering')") != "0" {
        assert!(some.elapsed() < Duration::from_secs(120));
    }
    let made: u64 = ask(&office, "SELECT COUNT(*) FROM record WHERE state = 'stored'").parse().unwrap();
    assert!((1..1_500).contains(&made), "{made}");
    assert_eq!(ask(&office, "SELECT COUNT(*) FROM delivery"), "0", "nothing goes out by itself");
    let page = lan.get(&path).text();
    assert!(page.contains("Gửi thư cho mọi người") && page.contains("Chỉ gửi được thư của những văn bản đã tạo"), "{page}");
    let report = lan.get(&format!("{path}/bao-cao.xlsx"));
    assert_eq!(report.status, 200, "{}", report.text());
    office.write("bao-cao.xlsx", &report.body);
    let script = "import sys,openpyxl,collections\nrows=list(openpyxl.load_workbook(sys.argv[1]).active.iter_rows(values_only=True))\nfor k,v in sorted(collections.Counter(r[2] for r in rows[1:]).items()): print(k, v)";
    let told = python(script, &[&office.path.join("bao-cao.xlsx")]);
    assert!(told.contains(&format!("đã tạo {made}\n")) && told.contains(&format!("đã hủy {}", 1_500 - made)), "{told}");
    let sent = lan.post(&format!("{path}/gui"), &[]);
    assert_eq!(sent.header("location"), Some(format!("/thu?lo={batch}&giao={made}").as_str()), "{}", sent.text());
    assert_eq!(ask(&office, "SELECT COUNT(*) FROM delivery"), made.to_string());
    assert_eq!(ask(&office, "SELECT detail FROM audit WHERE action = 'batch.release'"), made.to_string());
    let again = lan.post(&format!("{path}/gui"), &[]);
    assert_eq!(again.header("location"), Some(format!("/thu?lo={batch}&xong=da-gui").as_str()));
}

#[test]
fn certificates_on_stock_are_printed_with_its_picture_or_without() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    let stock = "\n[stocks.phoi]\ntitle = \"Phôi A4\"\nwidth_mm = 280\nheight_mm = 200\npreprinted = [\"khung\", \"quoc_hieu\", \"co_quan\", \"tieu_de\"]\n\n[printers.may]\noffset_x_mm = 2.0\n";
    office.write("vanthu.toml", config + stock);
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = draft(&mut lan, &people(3));
    let options = lan.get(&format!("{list}/tuy-chon"));
    let revision = value(&options, "revision");
    let fields = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
        ("phoi", "phoi"),
        ("in", "du"),
    ];
    onward(&lan.post(&format!("{list}/tuy-chon"), &fields));
    let path = begun(&mut lan, &list);
    until_over(&mut lan, &path);
    let mut printed = |file: &str| {
        let answer = lan.get(&format!("{path}/{file}"));
        assert_eq!(answer.status, 200, "{file}: {}", answer.text());
        office.write("in.pdf", &answer.body);
        assert_eq!(pages_of(&office.path.join("in.pdf")), 3, "{file}");
        text_of(&office.path.join("in.pdf"))
    };
    let (full, overprint) = (printed("day-du.pdf"), printed("in-phoi.pdf?may-in=may"));
    assert!(full.contains("GIẤY KHEN") && full.contains("Trần Văn An"), "{full}");
    assert!(!overprint.contains("GIẤY KHEN") && overprint.contains("Trần Văn An"), "{overprint}");
    assert!(lan.get(&format!("{path}/in-phoi.pdf?may-in=khac")).text().contains("printers.khac"));
}

#[test]
fn what_failed_in_a_long_list_is_found_without_reading_the_list() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    site.administrator();
    let plan = python(
        r#"
import sqlite3, sys
sql = "EXPLAIN QUERY PLAN SELECT number FROM record WHERE batch_id = 'x' AND position >= 0 AND state IN ('failed', 'quarantined') ORDER BY position LIMIT 101"
print([row[3] for row in sqlite3.connect(sys.argv[1]).execute(sql)])
"#,
        &[&office.path.join("van-thu.db")],
    );
    assert_eq!(plan.trim(), "['SEARCH record USING INDEX record_failed (batch_id=? AND position>?)']");
}

#[test]
fn a_batch_with_failures_says_so_beside_everything_it_hands_out() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = draft(&mut lan, &people(130));
    let path = begun(&mut lan, &list);
    until_over(&mut lan, &path);
    assert!(lan.get(&path).text().contains("badge good\">đã xong"));
    let why = Diagnostic::error("too-long", say!("Thành tích dài quá khung", "the achievement is too long for its box"));
    let why = serde_json::to_string(&[why]).unwrap();
    let batch = path.trim_start_matches("/lo/");
    python(
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=30)\nc.execute(\"UPDATE record SET state = 'failed', document_id = NULL, reasons = ? WHERE batch_id = ? AND number = 120\", sys.argv[2:])\nc.commit()",
        &[&office.path.join("van-thu.db"), why.as_ref(), batch.as_ref()],
    );
    let page = lan.get(&path).text();
    let now: Value = serde_json::from_slice(&lan.get(&format!("{path}/tien-do")).body).expect("JSON");
    assert_eq!(now["words"], "xong, 1 không làm được");
    for said in [
        "badge wait\">xong, 1 không làm được",
        "Một PDF để in <small>(thiếu 1)",
        "Tệp nén ZIP <small>(thiếu 1)",
        "Thiếu 1 văn bản không làm được",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let first = page.split("<tbody>").nth(1).and_then(|rows| rows.split("</tr>").next()).unwrap();
    assert!(first.contains(">120</td>") && first.contains("Thành tích dài quá khung"), "what failed comes first: {first}");
    assert!(lan.get("/lo").text().contains("xong, 1 không làm được") && lan.get("/").text().contains("xong, 1 không làm được"));
    assert!(lan.get("/").text().contains("href=\"/lo?tt=loi&amp;thang=1\"") && lan.get("/lo?tt=loi&thang=1").text().contains(&path));
    // What became of another try is told once it is over.
    let failed_again = lan.get(&format!("{path}?lam-lai=1")).text();
    assert!(failed_again.contains("Đã làm lại 1 mục: 0 làm được, 1 vẫn không làm được."), "{failed_again}");
    let onto = onward(&lan.post(&format!("{path}/lam-lai"), &[]));
    assert_eq!(onto, format!("{path}?lam-lai=1"));
    until_over(&mut lan, &path);
    let page = lan.get(&onto).text();
    assert!(page.contains("Đã làm lại 1 mục: 1 làm được, 0 vẫn không làm được."), "{page}");
    assert!(page.contains("badge good\">đã xong") && !page.contains("thiếu 1"), "{page}");
}

#[test]
fn batches_of_one_template_are_told_apart_and_their_people_have_names() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let list = draft(&mut lan, &people(4));
    let path = begun(&mut lan, &list);
    until_over(&mut lan, &path);
    for page in [lan.get("/lo").text(), lan.get("/").text(), lan.get(&path).text()] {
        let told = page.contains(".csv · ") && page.contains("quyết định ");
        assert!(told && page.contains("Người lan"), "{page}");
    }
}
