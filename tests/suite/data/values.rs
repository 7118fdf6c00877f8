//! What cells mean: dates, numbers, choices, text with hidden or broken characters (v03–v09, v16–v18).

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Outcome, read_text};

/// Reads one column besides the required ones; cells are quoted as needed.
fn column(heading: &str, cells: &[&str]) -> Outcome {
    let mut text = format!("Họ và tên,Đơn vị,{heading}\n");
    for cell in cells {
        text.push_str(&format!("An,Quận 1,\"{}\"\n", cell.replace('"', "\"\"")));
    }
    read_text("danh-sach.csv", text)
}

fn values(field: &str, heading: &str, cells: &[&str]) -> Vec<Value> {
    let outcome = column(heading, cells);
    assert_eq!(outcome.told(), "");
    outcome.values(field)
}

fn check(heading: &str, cells: &[&str], expected: Expect) {
    let outcome = column(heading, cells);
    assert!(outcome.rows.iter().all(|row| row.refused.len() == 1), "{}", outcome.told());
    expected.assert_eq(&outcome.told());
}

#[test]
fn dates_are_read_day_first() {
    assert_eq!(
        values("ngay_sinh", "Ngày sinh", &["5/3/1960", "05-03-1960", "1960-03-05", "ngày 05 tháng 3 năm 1960", ""]),
        [json!("1960-03-05"), json!("1960-03-05"), json!("1960-03-05"), json!("1960-03-05"), json!(null)]
    );
}

#[test]
fn wrong_dates_are_explained() {
    check(
        "Ngày sinh",
        &["31/02/2026", "29/02/2025", "31/04/2026", "5/13/2026", "13/13/2026", "5/3/60", "5/3/2569", "5/3/1660", "hôm qua", "00/01/2026"],
        expect![[""]],
    );
}

#[test]
fn numbers_keep_their_digits() {
    assert_eq!(values("so_tien", "Số tiền thưởng", &["1.000.000", "425000000", "1 234 567"]), [json!("1000000"), json!("425000000"), json!("1234567")]);
    assert_eq!(values("diem", "Điểm", &["9,5", "9.5", "1.000.000,50", "-0,5", "123456789012345678,25"]), [json!("9.5"), json!("9.5"), json!("1000000.5"), json!("-0.5"), json!("123456789012345678.25")]);
    assert_eq!(values("so_nam", "Số năm", &["12", "1.200", "-3"]), [json!(12), json!(1200), json!(-3)]);
    assert_eq!(values("ma_so", "Mã số", &["00123", "1234567890123456", "12/3", "1E5"]), [json!("00123"), json!("1234567890123456"), json!("12/3"), json!("1E5")]);
}

#[test]
fn wrong_numbers_are_explained() {
    check("Điểm", &["1,234", "chín", "1.23.456", "٣", "1e5", "1000000000000000000000000000000"], expect![[""]]);
    check("Số năm", &["1,5", "99999999999999999999"], expect![[""]]);
    check("Số tiền thưởng", &["100,5", "một triệu"], expect![[""]]);
}

#[test]
fn choices_and_yes_or_no_are_found_without_case_and_diacritics() {
    assert_eq!(values("doi_tuong", "Đối tượng", &["Cá nhân", "CÁ NHÂN", "tap the", " Tập  thể "]), [json!("Cá nhân"), json!("Cá nhân"), json!("Tập thể"), json!("Tập thể")]);
    assert_eq!(values("da_nhan", "Đã nhận", &["Có", "không", "x", "1", "0", "TRUE", "sai", "đúng"]), [json!(true), json!(false), json!(true), json!(true), json!(false), json!(true), json!(false), json!(true)]);
    check("Đối tượng", &["Cá nhan tiêu biểu", "Cá nhânn", "Hội"], expect![[""]]);
    check("Đã nhận", &["có lẽ"], expect![[""]]);
}

#[test]
fn lists_are_separated_by_semicolons_or_lines() {
    assert_eq!(values("linh_vuc", "Lĩnh vực", &["Khuyến học; Khuyến tài;", "Khuyến học\nKhuyến tài"]), [json!(["Khuyến học", "Khuyến tài"]), json!(["Khuyến học", "Khuyến tài"])]);
}

#[test]
fn addresses_are_one_and_plain() {
    assert_eq!(values("email", "Thư điện tử", &["an@example.vn", "a.b+c@hkh.edu.vn"]), [json!("an@example.vn"), json!("a.b+c@hkh.edu.vn")]);
    let long = format!("{}@example.vn", "a".repeat(300));
    let bad = ["a@b,c@d", "\"x\"@y.vn", "x@[127.0.0.1]", "đ@ví-dụ.vn", "a@b", "a@b.vn.", "a b@c.vn", "a@b.vn\r\nBcc: x@y.vn", "@b.vn", "a..b@c.vn"];
    for address in bad {
        let outcome = column("Thư điện tử", &[address]);
        assert_eq!(outcome.rows[0].refused, ["/email"], "{address}");
    }
    assert_eq!(column("Thư điện tử", &[&long]).rows[0].refused, ["/email"]);
    check("Thư điện tử", &["a@b,c@d"], expect![[""]]);
}

#[test]
fn text_is_composed_and_hidden_characters_are_reported_once() {
    let outcome = column("Mã số", &["a\u{200b}b", "c\u{200b}d", "e\u{ad}f", "g\u{202e}h", "x\u{7}y"]);
    assert_eq!(outcome.values("ma_so"), [json!("ab"), json!("cd"), json!("ef"), json!("gh"), json!("xy")]);
    expect![[""]].assert_eq(&outcome.told());
    assert_eq!(values("ma_so", "Mã số", &["Nguye\u{302}\u{303}n", "a\u{a0}\u{a0}b"]), [json!("Nguyễn"), json!("a b")]);
}

#[test]
fn text_that_is_no_writing_is_refused() {
    check("Mã số", &[&format!("a{}", "\u{301}".repeat(100_000))], expect![[""]]);
    check("Mã số", &[&format!("a{}", "\u{301}".repeat(20))], expect![[""]]);
    check("Mã số", &[&"x".repeat(2_000_000)], expect![[""]]);
    check("Mã số", &["Nguy\u{fffd}n"], expect![[""]]);
    check("Mã số", &["mã số dài hơn hai mươi ký tự"], expect![[""]]);
}

#[test]
fn two_hundred_thousand_joiners_vanish_or_are_refused() {
    check("Mã số", &[&"\u{200d}".repeat(200_000)], expect![[""]]);
    let outcome = column("Mã số", &[&format!("a{}", "\u{200d}".repeat(20_000))]);
    assert_eq!(outcome.values("ma_so"), [json!("a")]);
}

#[test]
fn text_of_typst_and_handlebars_passes_untouched() {
    let cells = ["#read(\"/etc\")", "]*_$<a>@b//c", "{{x}}{{{y}}}", "a\\b"];
    assert_eq!(values("ma_so", "Mã số", &cells), cells.map(Value::from));
}

#[test]
fn errors_of_formulas_in_text_are_errors() {
    check("Mã số", &["#REF!"], expect![[""]]);
}
