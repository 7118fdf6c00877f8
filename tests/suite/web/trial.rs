//! What a clerk's own list brings that no sample has: text that no page holds, sheets side by side, rows of another form, a
//! column that is not there, people who have their certificate already.

use super::batches::until_over;
use super::make::{draft, onward, upload, value};
use crate::support::site::{Browser, Site};
use crate::support::{Office, people, python};

/// A draft of a template with this file; its path.
fn handed_in(browser: &mut Browser, template: &str, name: &str, bytes: &[u8]) -> String {
    let page = format!("/tao/mau/{template}");
    let key = value(&browser.get(&page), "khoa");
    onward(&upload(browser, &page, &[("khoa", &key)], name, bytes))
}

/// Sets the options that every list here needs, and some more.
fn options(browser: &mut Browser, path: &str, more: &[(&str, &str)]) {
    let revision = value(&browser.get(&format!("{path}/tuy-chon")), "revision");
    let own = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
    ];
    onward(&browser.post(&format!("{path}/tuy-chon"), &[&own, more].concat()));
}

/// A workbook of these sheets, each with its rows.
fn workbook(office: &Office, sheets: &str) -> Vec<u8> {
    office.write("trang.json", sheets);
    python(
        r#"
import sys, json, openpyxl
book = openpyxl.Workbook()
book.remove(book.active)
for name, rows in json.load(open(sys.argv[1], encoding="utf-8")):
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)
book.save(sys.argv[2])
"#,
        &[&office.path.join("trang.json"), &office.path.join("trang.xlsx")],
    );
    office.read("trang.xlsx")
}

const HEADINGS: &str = r#"["Đối tượng", "Danh xưng", "Họ và tên"]"#;

/// Three people, the second with a text that no certificate holds.
fn overlong() -> String {
    let long = "đã có nhiều đóng góp ".repeat(16);
    let more = ["Thành tích", "", long.trim(), ""];
    people(3).lines().zip(more).map(|(line, more)| format!("{line},{more}\n")).collect()
}

#[test]
fn a_text_that_no_page_holds_is_a_red_cell_before_anything_is_numbered() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let path = draft(&mut lan, &overlong());
    let table = lan.get(&path).text();
    assert!(table.contains("1 chỗ cần sửa.") && table.contains("id=\"o3-5\""), "{table}");
    assert!(table.contains("không vừa"), "{table}");
    let start = lan.get(&format!("{path}/bat-dau"));
    assert!(start.text().contains("còn 1 chỗ cần sửa") && !start.text().contains("Bắt đầu tạo"), "{}", start.text());
    let revision = value(&lan.get(&format!("{path}/tuy-chon")), "revision");
    assert_eq!(lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]).status, 422, "nor by a form of one's own");
    let look = lan.get(&format!("{path}/xem?ban-ghi=2&ve=1"));
    let way = format!("<a href=\"{path}?tu&#x3D;1#d3\">");
    assert!(look.status == 200 && look.text().contains("Văn bản này chưa in được"), "{}", look.text());
    assert!(look.text().contains(&way) || look.text().contains(&way.replace("&#x3D;", "=")), "{}", look.text());
    let longest = lan.get(&format!("{path}/xem?dai=1&ve=1"));
    assert!(longest.status == 200 && longest.text().contains("/xem/trang.png?"), "the longest of those that can be printed");
    options(&mut lan, &path, &[("bo-loi", "1")]);
    let start = lan.get(&format!("{path}/bat-dau?ve=1"));
    let text = start.text();
    assert!(text.contains("Bắt đầu tạo 2 văn bản") && text.contains("Bỏ qua 1 dòng sai") && text.contains("<dd>2</dd>"), "{text}");
    let revision = value(&start, "revision");
    let batch = onward(&lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]));
    let done = until_over(&mut lan, &batch);
    assert_eq!((done["count"]["stored"].as_u64(), done["count"]["failed"].as_u64()), (Some(2), Some(0)), "{done}");
}

#[test]
fn a_cell_that_is_made_shorter_is_good_at_once() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let path = draft(&mut lan, &overlong());
    let revision = value(&lan.get(&path), "revision");
    let cell = [("revision", revision.as_str()), ("sheet", "0"), ("row", "3"), ("o5", "đã đóng góp"), ("xem", "")];
    onward(&lan.post(&format!("{path}/o"), &cell));
    assert!(lan.get(&path).text().contains("Danh sách hợp lệ: 3 văn bản."));
}

#[test]
fn check_finds_the_text_that_no_page_holds() {
    let office = Office::with_workspace();
    office.write("d.csv", overlong());
    let arguments = [
        "check",
        "--template",
        "giay-khen",
        "--data",
        "d.csv",
        "--set",
        "so_quyet_dinh=12/QĐ-HKH",
        "--set",
        "ngay=27/12/2019",
        "--set",
        "phong_trao=khuyến học",
    ];
    let said = office.run(&arguments);
    let told = format!("{}{}", said.stdout, said.stderr);
    assert_eq!(said.code, 1, "{told}");
    assert!(told.contains("[overflow] d.csv, dòng 3, cột “Thành tích”: bản ghi 2"), "{told}");
    assert!(!office.path.join("van-thu.db").exists(), "nothing is written");
}

#[test]
fn the_sheet_that_bears_the_name_of_the_template_is_read() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let sheet = |name: &str, person: &str| format!(r#"["{name}", [{HEADINGS}, ["Cá nhân", "Ông", "{person}"]]]"#);
    let sheets = format!("[{}, {}]", sheet("Giấy khen", "Lê Văn Khen"), sheet("BANG KHEN ", "Lê Văn Bằng"));
    let path = handed_in(&mut lan, "bang-khen", "Khen thưởng.xlsx", &workbook(&office, &sheets));
    options(&mut lan, &path, &[]);
    let table = lan.get(&path).text();
    assert!(table.contains("Lê Văn Bằng") && !table.contains("Lê Văn Khen") && !table.contains("đọc được như nhau"), "{table}");
}

#[test]
fn where_two_sheets_fit_alike_the_page_asks_which_one_is_meant() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let sheets = format!(
        r#"[["Đợt 1", [{HEADINGS}, ["Cá nhân", "Ông", "Lê Văn Một"]]],
            ["Đợt 2", [{HEADINGS}, ["Cá nhân", "Ông", "Lê Văn Hai"], ["Cá nhân", "Bà", "Lê Thị Ba"]]]]"#
    );
    let path = handed_in(&mut lan, "giay-khen", "Khen thưởng.xlsx", &workbook(&office, &sheets));
    options(&mut lan, &path, &[]);
    let table = lan.get(&path);
    let text = table.text();
    assert!(text.contains("Tệp có 2 trang tính đọc được như nhau. Làm từ trang nào?"), "{text}");
    assert!(text.contains("value=\"Đợt 2\">Đợt 2 <small>2 dòng</small>") && !text.contains("Danh sách hợp lệ"), "{text}");
    let start = lan.get(&format!("{path}/bat-dau")).text();
    assert!(start.contains("chưa chọn trang tính") && !start.contains("Bắt đầu tạo"), "{start}");
    let revision = value(&table, "revision");
    assert_eq!(lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]).status, 422);
    onward(&lan.post(&format!("{path}/trang"), &[("revision", &revision), ("ten", "Đợt 2")]));
    let text = lan.get(&path).text();
    assert!(text.contains("Danh sách hợp lệ: 2 văn bản.") && !text.contains("đọc được như nhau"), "{text}");
}

#[test]
fn rows_of_another_form_are_told_and_can_be_left_out_at_once() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let forms = ["Hình thức khen thưởng", "Giấy khen", "Bằng khen", "Giấy khen"];
    let list: String = people(3).lines().zip(forms).map(|(line, form)| format!("{line},{form}\n")).collect();
    let path = draft(&mut lan, &list);
    let table = lan.get(&path);
    let text = table.text();
    assert!(text.contains("dòng này ghi Bằng khen, mẫu đang làm là Giấy khen") && text.contains("Danh sách hợp lệ: 3 văn bản."), "{text}");
    let revision = value(&table, "revision");
    onward(&lan.post(&format!("{path}/hinh-thuc"), &[("revision", &revision), ("chi_lay", "1")]));
    let table = lan.get(&path);
    assert!(table.text().contains("Danh sách hợp lệ: 2 văn bản.") && table.text().contains("Đã bỏ qua 1 dòng"), "{}", table.text());
    let revision = value(&table, "revision");
    onward(&lan.post(&format!("{path}/hinh-thuc"), &[("revision", &revision)]));
    assert!(lan.get(&path).text().contains("Danh sách hợp lệ: 3 văn bản."));
}

#[test]
fn a_missing_column_is_chosen_or_given_one_value_for_all_rows() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list: String = people(2).lines().map(|line| line.replace("Đối tượng,", "Diện khen,") + "\n").collect();
    let path = draft(&mut lan, &list);
    let table = lan.get(&path);
    let text = table.text();
    assert!(text.contains("Thiếu cột bắt buộc “Đối tượng”."), "{text}");
    assert!(text.contains("<option value=\"Diện khen\">") && text.contains("<option value=\"Cá nhân\" selected>"), "{text}");
    assert!(!text.contains("id=\"o1-0\" name=\"o0\""), "no cell invites to type a value over a heading");
    let revision = value(&table, "revision");
    let none = lan.post(&format!("{path}/cot"), &[("revision", &revision), ("truong", "doi_tuong"), ("cot", "")]);
    assert!(none.status == 422 && none.text().contains("chưa chọn cột hay giá trị nào"));
    onward(&lan.post(&format!("{path}/cot"), &[("revision", &revision), ("truong", "doi_tuong"), ("cot", "Diện khen")]));
    let table = lan.get(&path);
    assert!(table.text().contains("Danh sách hợp lệ: 2 văn bản.") && table.text().contains("lấy từ cột “Diện khen”"), "{}", table.text());
    let revision = value(&table, "revision");
    onward(&lan.post(&format!("{path}/cot"), &[("revision", &revision), ("truong", "doi_tuong"), ("bo", "1")]));
    let table = lan.get(&path);
    assert!(table.text().contains("Thiếu cột bắt buộc “Đối tượng”."));
    let revision = value(&table, "revision");
    onward(&lan.post(&format!("{path}/cot"), &[("revision", &revision), ("truong", "doi_tuong"), ("gia_tri", "Cá nhân")]));
    let text = lan.get(&path).text();
    assert!(text.contains("Danh sách hợp lệ: 2 văn bản.") && text.contains("của mọi dòng là “Cá nhân”"), "{text}");
}

#[test]
fn who_has_a_certificate_already_is_named_before_a_second_is_made() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let begin = |browser: &mut Browser| {
        let path = draft(browser, &people(3));
        let start = browser.get(&format!("{path}/bat-dau"));
        (path, value(&start, "revision"), start.text())
    };
    let (path, revision, start) = begin(&mut lan);
    assert!(!start.contains("van_lam"), "{start}");
    let batch = onward(&lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]));
    until_over(&mut lan, &batch);
    let (path, revision, start) = begin(&mut lan);
    assert!(start.contains("3 người đã có Giấy khen còn hiệu lực theo số quyết định 12/QĐ-HKH"), "{start}");
    assert!(start.contains("name=\"van_lam\" value=\"1\" required"), "{start}");
    let unticked = lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]);
    assert!(unticked.status == 422 && unticked.text().contains("Vẫn làm"), "{}", unticked.text());
    let batch = onward(&lan.post(&format!("{path}/bat-dau"), &[("revision", &revision), ("van_lam", "1")]));
    assert!(batch.starts_with("/lo/"), "{batch}");
    until_over(&mut lan, &batch);
}

#[test]
fn run_notes_who_has_a_certificate_already() {
    let office = Office::with_workspace();
    office.write("d.csv", people(2));
    office.must(&crate::support::award_run("d.csv", "a", &[]));
    let again = office.must(&crate::support::award_run("d.csv", "a", &[]));
    assert!(!format!("{}{}", again.stdout, again.stderr).contains("already-issued"), "the same folder is the same batch");
    let other = office.must(&crate::support::award_run("d.csv", "b", &[]));
    let told = format!("{}{}", other.stdout, other.stderr);
    assert!(told.contains("ghi chú[already-issued] 2 người đã có Giấy khen còn hiệu lực theo số quyết định 12/QĐ-HKH"), "{told}");
}

#[test]
fn a_file_that_calls_itself_a_document_is_refused_under_its_own_name() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let key = value(&lan.get("/tao/mau/giay-khen"), "khoa");
    for (name, what) in [("danh-sach.docx", "tài liệu Word"), ("danh-sach.pdf", "tệp PDF")] {
        let answer = upload(&mut lan, "/tao/mau/giay-khen", &[("khoa", &key)], name, people(2).as_bytes());
        let text = answer.text();
        assert_eq!(answer.status, 422, "{text}");
        assert!(text.contains(&format!("không phải bảng dữ liệu mà là {what}")), "{text}");
        assert!(text.contains(&format!("<li class=\"named\"><code>{name}</code>")), "a name keeps its letters: {text}");
    }
    let css = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/assets/vanthu.css")).unwrap();
    assert!(css.contains(".problems li:not(.named)::first-letter"));
}
