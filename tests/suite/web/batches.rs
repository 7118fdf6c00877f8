//! Batches on their pages: live progress, holding, giving up, trying again, documents and files.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::make::{draft, onward, value};
use crate::support::site::{Browser, Site};
use crate::support::{Office, assert_sound, pages_of, people, python, text_of};

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
