//! Registers: the numbers that lists take, what a person does by hand, and the book that is printed.

use std::collections::BTreeSet;

use expect_test::expect;
use serde_json::Value;

use crate::support::{AWARD, Office, python, text_of};

const REGISTERS: &str = r#"
[registers.khen]
title = "Sổ khen thưởng"
kind = "khen-thuong"
templates = ["giay-khen"]
keeper = "Văn thư"

[registers.di]
title = "Sổ đăng ký văn bản đi"
kind = "van-ban-di"
templates = ["cong-van"]
first = 12
keeper = "Văn phòng Hội"
"#;

fn office(registers: &str) -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("UTF-8");
    office.write("vanthu.toml", format!("{config}\n{registers}"));
    office
}

fn list(names: &[&str]) -> String {
    let mut text = String::from("Đối tượng,Danh xưng,Họ và tên,Đơn vị\n");
    names.iter().for_each(|name| text.push_str(&format!("Cá nhân,Ông,{name},Chi hội 1\n")));
    text
}

fn awards<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["run", "-t", "giay-khen", "-d", "d.csv", "--out", out];
    arguments.extend(AWARD);
    arguments.extend(more);
    arguments
}

fn shown(office: &Office, register: &str) -> Vec<(i64, String, String)> {
    let said = office.must(&["register", "show", register, "--year", "2019", "--json"]);
    let value: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entries = value["entries"].as_array().expect("entries");
    entries.iter().map(|entry| (entry["number"].as_i64().expect("a number"), text(&entry["state"]), text(&entry["recipient"]))).collect()
}

fn line(number: i64, state: &str, recipient: &str) -> (i64, String, String) {
    (number, state.to_owned(), recipient.to_owned())
}

#[test]
fn a_list_takes_the_next_numbers_and_words_file_names_and_pages_see_them() {
    let office = office(REGISTERS);
    office.write("d.csv", list(&["Lê Văn Yên", "Trần Văn An"]));
    office.must(&awards("o", &[]));
    assert_eq!(office.documents("o"), ["01-Lê Văn Yên.pdf", "02-Trần Văn An.pdf"]);
    assert!(text_of(&office.path.join("o/02-Trần Văn An.pdf")).contains("Vào sổ khen thưởng số: 02"));
    office.write("d.csv", list(&["Phạm Thị Hà"]));
    office.must(&awards("p", &[]));
    assert_eq!(office.documents("p"), ["03-Phạm Thị Hà.pdf"]);
    assert_eq!(
        shown(&office, "khen"),
        [line(1, "taken", "Lê Văn Yên, Chi hội 1"), line(2, "taken", "Trần Văn An, Chi hội 1"), line(3, "taken", "Phạm Thị Hà, Chi hội 1")]
    );
}

#[test]
fn numbers_follow_the_order_of_the_names_when_the_batch_does() {
    let office = office(REGISTERS);
    office.write("d.csv", list(&["Lê Văn Yên", "Trần Văn An", "Phạm Thị Hà"]));
    office.must(&awards("o", &["--order", "ten"]));
    assert_eq!(office.documents("o"), ["01-Trần Văn An.pdf", "02-Phạm Thị Hà.pdf", "03-Lê Văn Yên.pdf"]);
}

#[test]
fn a_corrected_list_keeps_the_numbers_of_the_same_people() {
    let office = office(REGISTERS);
    office.write("d.csv", list(&["Lê Văn Yên", "Trần Văn An"]));
    office.must(&awards("o", &[]));
    office.write("d.csv", list(&["Phạm Thị Hà", "Trần Văn An", "Lê Văn Yên"]));
    office.must(&awards("o", &[]));
    assert_eq!(office.documents("o"), ["01-Lê Văn Yên.pdf", "02-Trần Văn An.pdf", "03-Phạm Thị Hà.pdf"]);
    office.must(&awards("o", &[]));
    assert_eq!(shown(&office, "khen").len(), 3, "the same list again takes nothing");
}

#[test]
fn a_number_in_the_list_is_an_error_at_its_cell_and_nothing_is_taken() {
    let office = office(REGISTERS);
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Số vào sổ\nCá nhân,Ông,Lê Văn Yên,\nCá nhân,Ông,Trần Văn An,07\n");
    let said = office.run(&awards("o", &[]));
    assert_eq!(said.code, 1);
    expect![[r#"
        lỗi[number-given] d.csv, dòng 3, cột “Số vào sổ”: bản ghi 2 (Trần Văn An): “07” số do sổ “khen” cấp, danh sách không được ghi sẵn
            cách sửa: xóa ô này; giữ số riêng thì chạy với --register ""
    "#]]
    .assert_eq(&said.stderr);
    assert_eq!(shown(&office, "khen"), []);
    office.must(&awards("o", &["--register", ""]));
    assert_eq!(office.documents("o"), ["07-Trần Văn An.pdf", "Lê Văn Yên.pdf"]);
    assert_eq!(shown(&office, "khen"), []);
}

#[test]
fn a_refused_row_takes_no_number() {
    let office = office(REGISTERS);
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên\nCá nhân,Ông,Lê Văn Yên\nCá nhân,,Trần Văn An\nCá nhân,Bà,Phạm Thị Hà\n");
    assert_eq!(office.run(&awards("o", &["--only-valid"])).code, 1);
    assert_eq!(office.documents("o"), ["01-Lê Văn Yên.pdf", "02-Phạm Thị Hà.pdf"]);
}

#[test]
fn the_number_of_a_document_that_cannot_be_made_is_void_and_counts_again_when_it_can() {
    let office = office(REGISTERS);
    office.write("d.csv", list(&["Lê Văn Yên", "Trần Văn An"]));
    office.write("o/02-Trần Văn An.pdf", "của người khác");
    assert_eq!(office.run(&awards("o", &[])).code, 1);
    assert_eq!(shown(&office, "khen")[1], line(2, "void", "Trần Văn An, Chi hội 1"));
    std::fs::remove_file(office.path.join("o/02-Trần Văn An.pdf")).expect("moved away");
    office.must(&awards("o", &[]));
    assert_eq!(shown(&office, "khen")[1], line(2, "taken", "Trần Văn An, Chi hội 1"));
}

fn letter(office: &Office, out: &str, subject: &str, date: &str) -> crate::support::Said {
    let head = "Trích yếu,Kính gửi,Nội dung,Ngày ban hành";
    office.write("cv.csv", format!("{head}\n{subject},Hội Khuyến học Thành phố,Nội dung công văn.,{date}\n"));
    office.run(&["run", "-t", "cong-van", "-d", "cv.csv", "--out", out])
}

#[test]
fn outgoing_documents_begin_at_the_first_number_and_another_year_is_another_series() {
    let office = office(REGISTERS);
    for (out, date) in [("a", "20/12/2019"), ("b", "03/01/2020"), ("c", "27/12/2019")] {
        let said = letter(&office, out, "cử đại biểu dự hội nghị", date);
        assert_eq!(said.code, 0, "{}", said.stderr);
    }
    assert!(text_of(&office.path.join("c").join(&office.documents("c")[0])).contains("Số: 13/HKH-VP"));
    assert!(text_of(&office.path.join("b").join(&office.documents("b")[0])).contains("Số: 12/HKH-VP"));
    let said = letter(&office, "d", "cử đại biểu", "");
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("lỗi[register-date] cv.csv, dòng 2"), "{}", said.stderr);
}

#[test]
fn numbers_are_reserved_entered_late_and_struck_out_with_a_reason_that_is_kept() {
    let office = office(REGISTERS);
    let said = office.must(&["register", "reserve", "di", "2", "--year", "2019", "--reason", "văn bản ký muộn"]);
    assert_eq!(said.stdout, "Đã giữ số 12 đến 13, kỳ 2019.\n");
    assert_eq!(letter(&office, "a", "cử đại biểu dự hội nghị", "27/12/2019").code, 0);
    let late = ["register", "enter", "di", "12", "--year", "2019", "--reason", "đã ký ngày 20"];
    let late = [&late[..], &["--date", "20/12/2019", "--subject", "Báo cáo tổng kết", "--code", "12/BC-HKH"]].concat();
    assert_eq!(office.must(&late).stdout, "Đã ghi số 12.\n");
    let again = office.run(&late);
    assert_eq!((again.code, again.stderr.as_str()), (1, "lỗi[number-state] “12” số này đã cấp, không làm việc đó được\n"));
    office.must(&["register", "void", "di", "13", "--year", "2019", "--reason", "không phát hành"]);
    let none = office.run(&["register", "void", "di", "99", "--year", "2019", "--reason", "x"]);
    assert_eq!((none.code, none.stderr.as_str()), (1, "lỗi[number-unknown] “99” sổ “di” kỳ 2019 không có số này\n"));
    let states: Vec<String> = shown(&office, "di").into_iter().map(|(number, state, _)| format!("{number} {state}")).collect();
    assert_eq!(states, ["12 taken", "13 void", "14 taken"]);
    let list = office.must(&["register", "list"]);
    assert!(list.stdout.contains("Sổ đăng ký văn bản đi (di), kỳ 2019: số cuối 14; đã cấp 2, đang giữ 0, đã hủy 1"), "{}", list.stdout);
}

#[test]
fn the_exported_books_say_what_the_documents_say() {
    let office = office(REGISTERS);
    office.write("d.csv", list(&["Lê Văn Yên", "Trần Văn An", "Phạm Thị Hà"]));
    office.must(&awards("o", &[]));
    for (out, subject) in [("a", "cử đại biểu dự hội nghị"), ("b", "báo cáo số liệu")] {
        assert_eq!(letter(&office, out, subject, "27/12/2019").code, 0);
    }
    office.must(&["register", "void", "di", "13", "--year", "2019", "--reason", "ghi nhầm nơi nhận"]);
    office.must(&["register", "export", "di", "--year", "2019", "--out", "so.xlsx"]);
    let read = "import sys,openpyxl\nfor row in openpyxl.load_workbook(sys.argv[1]).active.iter_rows(values_only=True): print(' | '.join(str(cell or '') for cell in row))";
    expect![[r#"
        Số, ký hiệu văn bản | Ngày tháng văn bản | Tên loại và trích yếu nội dung văn bản | Người ký | Nơi nhận văn bản | Đơn vị, người nhận bản lưu | Số lượng bản | Ngày chuyển | Ký nhận | Ghi chú
        12/HKH-VP | 27/12/2019 | Công văn V/v cử đại biểu dự hội nghị | Trần Thị Bình | Hội Khuyến học Thành phố | Văn phòng Hội | 1 |  |  | 
        13/HKH-VP | 27/12/2019 | Công văn V/v báo cáo số liệu | Trần Thị Bình | Hội Khuyến học Thành phố | Văn phòng Hội |  |  |  | Hủy: ghi nhầm nơi nhận
    "#]]
    .assert_eq(&python(read, &[&office.path.join("so.xlsx")]));
    office.must(&["register", "export", "di", "--year", "2019", "--out", "so.pdf"]);
    let book = text_of(&office.path.join("so.pdf"));
    for text in ["12/HKH-VP", "13/HKH-VP", "Hủy: ghi", "SỔ ĐĂNG KÝ VĂN BẢN ĐI", "Năm 2019"] {
        assert!(book.contains(text), "{text}: {book}");
    }
    // The award book: the numbers of the certificates, and each beside its name.
    office.must(&["register", "export", "khen", "--year", "2019", "--out", "khen.pdf"]);
    let book = text_of(&office.path.join("khen.pdf"));
    let certificates: BTreeSet<(String, String)> = office
        .documents("o")
        .iter()
        .map(|file| {
            let text = text_of(&office.path.join("o").join(file));
            let number = text.split("số: ").filter_map(|rest| rest.get(..2)).find(|two| two.parse::<u8>().is_ok()).expect("a number");
            (number.to_owned(), file[3..].trim_end_matches(".pdf").to_owned())
        })
        .collect();
    let lines: BTreeSet<(String, String)> = certificates
        .iter()
        .filter(|(number, name)| book.lines().any(|line| line.trim_start().starts_with(number.as_str()) && line.contains(name.as_str())))
        .cloned()
        .collect();
    assert_eq!(lines, certificates, "{book}");
}

#[test]
fn wrong_keys_of_a_register_are_named_with_what_was_perhaps_meant() {
    let office = office("[registers.a]\nkind = \"khen-thuon\"\nrestart = \"term\"\nfirst = 0\n");
    expect![[r#"
        lỗi[config-value] vanthu.toml: “khen-thuon” registers.a.kind không nhận giá trị này
            cách sửa: có phải “khen-thuong”?
        lỗi[config-value] vanthu.toml: registers.a: restart = “term” cần term
            cách sửa: ghi term = "2025-2030"
        lỗi[config-value] vanthu.toml: registers.a.first phải từ 1 đến 999999
    "#]]
    .assert_eq(&office.run(&["register", "list"]).stderr);
    let office = super::registers::office("[registers.a]\nkind = \"khen-thuong\"\ntemplates = [\"giay-khenn\"]\n");
    office.write("d.csv", list(&["Lê Văn Yên"]));
    expect![[r#"
        lỗi[template-unknown] vanthu.toml: “giay-khenn” registers.a.templates: không có mẫu này
            cách sửa: có phải “giay-khen”?
    "#]]
    .assert_eq(&office.run(&awards("o", &[])).stderr);
    let office = super::registers::office("[registers.a]\nkind = \"van-ban-di\"\n");
    let said = office.run(&["preview", "quyet-dinh-khen-thuong", "--out", "x"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn each_organisation_numbers_the_same_kind_of_document_in_its_own_book() {
    let own = "[organisations.doi]\nname = \"Đội Thiếu niên\"\nabbreviation = \"ĐTN\"\nplace = \"Phường Thí Điểm\"\n\
        [[organisations.doi.signatories]]\nauthority = [\"ĐỘI TRƯỞNG\"]\nname = \"Lê Văn Cường\"\n\
        [registers.hoi]\nkind = \"khen-thuong\"\norganisation = \"hoi\"\ntemplates = [\"giay-khen\"]\n\
        [registers.doi]\nkind = \"khen-thuong\"\norganisation = \"doi\"\ntemplates = [\"giay-khen\"]\nfirst = 40\n";
    let office = office(&format!("{own}[registers.chung]\nkind = \"van-ban-di\"\ntemplates = [\"cong-van\"]\n"));
    for (out, organisation, names) in [("o", "hoi", ["Lê Văn Yên", "Trần Văn An"]), ("p", "doi", ["Phạm Thị Hà", "Bùi Văn Minh"])]
    {
        office.write("d.csv", list(&names));
        office.must(&awards(out, &["--organisation", organisation]));
    }
    assert_eq!(office.documents("o"), ["01-Lê Văn Yên.pdf", "02-Trần Văn An.pdf"]);
    assert_eq!(office.documents("p"), ["40-Phạm Thị Hà.pdf", "41-Bùi Văn Minh.pdf"]);
    // Two books of one organisation, or two of everybody, would leave the choice open.
    let office = super::registers::office(&own.replace("organisation = \"doi\"", "organisation = \"hoi\""));
    expect![[r#"
        lỗi[config-value] vanthu.toml: mẫu “giay-khen” lấy số ở cả hai sổ “doi” và “hoi”
    "#]]
    .assert_eq(&office.run(&["register", "list"]).stderr);
}

#[test]
fn two_lists_that_are_numbered_at_once_share_no_number_and_leave_no_gap() {
    let office = office(REGISTERS);
    let postgres = crate::support::postgres::Postgres::start();
    let url = postgres.create_database("registers_at_once");
    let mut running = Vec::new();
    for list in 0..4 {
        let names: Vec<String> = (0..40).map(|index| format!("Người {list} Số {index}")).collect();
        office.write(&format!("{list}.csv"), self::list(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        let (data, out) = (format!("{list}.csv"), format!("o{list}"));
        let mut arguments = vec!["run", "-t", "giay-khen", "-d", &data, "--out", &out, "--submit"];
        arguments.extend(AWARD);
        let mut command = office.command(&arguments);
        running.push(command.env("VANTHU_STORE_URL", &url).stdout(std::process::Stdio::null()).spawn().expect("a process"));
    }
    for mut process in running {
        assert!(process.wait().expect("an end").success());
    }
    let said = postgres.query("registers_at_once", "SELECT COUNT(*), MIN(number), MAX(number) FROM entry");
    assert_eq!(said, "160|1|160");
    let runs = postgres.query("registers_at_once", "SELECT COUNT(*) FROM batch WHERE state = 'planning'");
    assert_eq!(runs, "0", "a batch that had to plan again left nothing");
}
