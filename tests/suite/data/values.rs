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
        expect![[r#"
            lỗi[date-not-real] danh-sach.csv, dòng 2, cột “Ngày sinh”: “31/02/2026” không phải ngày có thật
                cách sửa: tháng 02 năm 2026 chỉ có 28 ngày; ghi ngày/tháng/năm
            lỗi[date-not-real] danh-sach.csv, dòng 3, cột “Ngày sinh”: “29/02/2025” không phải ngày có thật
                cách sửa: tháng 02 năm 2025 chỉ có 28 ngày; ghi ngày/tháng/năm
            lỗi[date-not-real] danh-sach.csv, dòng 4, cột “Ngày sinh”: “31/04/2026” không phải ngày có thật
                cách sửa: tháng 04 năm 2026 chỉ có 30 ngày; ghi ngày/tháng/năm
            lỗi[date-month-first] danh-sach.csv, dòng 5, cột “Ngày sinh”: “5/13/2026” có vẻ ghi tháng trước ngày
                cách sửa: nếu là ngày 13/5/2026, ghi lại đúng như vậy
            lỗi[date-not-real] danh-sach.csv, dòng 6, cột “Ngày sinh”: “13/13/2026” không phải ngày có thật
                cách sửa: một năm chỉ có 12 tháng; ghi ngày/tháng/năm
            lỗi[date-two-digit-year] danh-sach.csv, dòng 7, cột “Ngày sinh”: “5/3/60” ghi năm chỉ có hai chữ số
                cách sửa: ghi đủ bốn chữ số của năm, ví dụ 05/3/2020
            lỗi[date-year-out-of-range] danh-sach.csv, dòng 8, cột “Ngày sinh”: “5/3/2569” có năm 2569 nằm ngoài khoảng 1900–2199
                cách sửa: nếu là Phật lịch, ghi dương lịch: 05/3/2026
            lỗi[date-year-out-of-range] danh-sach.csv, dòng 9, cột “Ngày sinh”: “5/3/1660” có năm 1660 nằm ngoài khoảng 1900–2199
                cách sửa: kiểm tra lại năm; ghi ngày/tháng/năm
            lỗi[date-not-a-date] danh-sach.csv, dòng 10, cột “Ngày sinh”: “hôm qua” không phải ngày
                cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
            lỗi[date-not-real] danh-sach.csv, dòng 11, cột “Ngày sinh”: “00/01/2026” không phải ngày có thật
                cách sửa: ngày bắt đầu từ 01; ghi ngày/tháng/năm
        "#]],
    );
}

#[test]
fn numbers_keep_their_digits() {
    assert_eq!(
        values("so_tien", "Số tiền thưởng", &["1.000.000", "425000000", "1 234 567"]),
        [json!("1000000"), json!("425000000"), json!("1234567")]
    );
    assert_eq!(
        values("diem", "Điểm", &["9,5", "9.5", "1.000.000,50", "-0,5", "123456789012345678,25"]),
        [json!("9.5"), json!("9.5"), json!("1000000.5"), json!("-0.5"), json!("123456789012345678.25")]
    );
    assert_eq!(values("so_nam", "Số năm", &["12", "1.200", "-3"]), [json!(12), json!(1200), json!(-3)]);
    assert_eq!(
        values("ma_so", "Mã số", &["00123", "1234567890123456", "12/3", "1E5"]),
        [json!("00123"), json!("1234567890123456"), json!("12/3"), json!("1E5")]
    );
}

#[test]
fn wrong_numbers_are_explained() {
    check(
        "Điểm",
        &["1,234", "chín", "1.23.456", "٣", "1e5", "1000000000000000000000000000000"],
        expect![[r#"
        lỗi[number-ambiguous] danh-sach.csv, dòng 2, cột “Điểm”: “1,234” dấu phẩy ở đây có thể là hàng nghìn hoặc phần lẻ
            cách sửa: nếu là hàng nghìn, ghi 1.234; nếu là phần lẻ, ghi 1,2340
        lỗi[number-malformed] danh-sach.csv, dòng 3, cột “Điểm”: “chín” không phải số
            cách sửa: ghi số, ví dụ 1.234.567 hoặc 12,5
        lỗi[number-malformed] danh-sach.csv, dòng 4, cột “Điểm”: “1.23.456” không phải số
            cách sửa: ghi số, ví dụ 1.234.567 hoặc 12,5
        lỗi[number-malformed] danh-sach.csv, dòng 5, cột “Điểm”: “٣” không phải số
            cách sửa: ghi số, ví dụ 1.234.567 hoặc 12,5
        lỗi[number-malformed] danh-sach.csv, dòng 6, cột “Điểm”: “1e5” không phải số vì có “e”
            cách sửa: chỉ ghi chữ số, ví dụ 1.234.567 hoặc 12,5
        lỗi[number-too-large] danh-sach.csv, dòng 7, cột “Điểm”: “1000000000000000000000000000000” là số quá lớn hoặc quá nhiều chữ số
            cách sửa: kiểm tra lại số
    "#]],
    );
    check(
        "Số năm",
        &["1,5", "99999999999999999999"],
        expect![[r#"
        lỗi[integer-expected] danh-sach.csv, dòng 2, cột “Số năm”: “1,5” không phải số nguyên
            cách sửa: ghi số không có phần lẻ
        lỗi[number-too-large] danh-sach.csv, dòng 3, cột “Số năm”: “99999999999999999999” là số quá lớn hoặc quá nhiều chữ số
            cách sửa: kiểm tra lại số
    "#]],
    );
    check(
        "Số tiền thưởng",
        &["100,5", "một triệu"],
        expect![[r#"
        lỗi[money-fraction] danh-sach.csv, dòng 2, cột “Số tiền thưởng”: “100,5” là số tiền có phần lẻ của đồng
            cách sửa: làm tròn đến đồng
        lỗi[number-malformed] danh-sach.csv, dòng 3, cột “Số tiền thưởng”: “một triệu” không phải số
            cách sửa: ghi số, ví dụ 1.234.567 hoặc 12,5
    "#]],
    );
}

#[test]
fn choices_and_yes_or_no_are_found_without_case_and_diacritics() {
    assert_eq!(
        values("doi_tuong", "Đối tượng", &["Cá nhân", "CÁ NHÂN", "tap the", " Tập  thể "]),
        [json!("Cá nhân"), json!("Cá nhân"), json!("Tập thể"), json!("Tập thể")]
    );
    assert_eq!(
        values("da_nhan", "Đã nhận", &["Có", "không", "x", "1", "0", "TRUE", "sai", "đúng"]),
        [json!(true), json!(false), json!(true), json!(true), json!(false), json!(true), json!(false), json!(true)]
    );
    check(
        "Đối tượng",
        &["Cá nhan tiêu biểu", "Cá nhânn", "Hội"],
        expect![[r#"
        lỗi[choice-unknown] danh-sach.csv, dòng 2, cột “Đối tượng”: “Cá nhan tiêu biểu” không nằm trong các giá trị cho phép của “Đối tượng”
            cách sửa: chỉ được ghi: “Cá nhân”, “Tập thể”
        lỗi[choice-unknown] danh-sach.csv, dòng 3, cột “Đối tượng”: “Cá nhânn” không nằm trong các giá trị cho phép của “Đối tượng”
            cách sửa: có phải “Cá nhân”? chỉ được ghi: “Cá nhân”, “Tập thể”
        lỗi[choice-unknown] danh-sach.csv, dòng 4, cột “Đối tượng”: “Hội” không nằm trong các giá trị cho phép của “Đối tượng”
            cách sửa: chỉ được ghi: “Cá nhân”, “Tập thể”
    "#]],
    );
    check(
        "Đã nhận",
        &["có lẽ"],
        expect![[r#"
        lỗi[boolean-unclear] danh-sach.csv, dòng 2, cột “Đã nhận”: “có lẽ” không rõ là có hay không
            cách sửa: ghi “Có” hoặc “Không”
    "#]],
    );
}

#[test]
fn lists_are_separated_by_semicolons_or_lines() {
    assert_eq!(
        values("linh_vuc", "Lĩnh vực", &["Khuyến học; Khuyến tài;", "Khuyến học\nKhuyến tài"]),
        [json!(["Khuyến học", "Khuyến tài"]), json!(["Khuyến học", "Khuyến tài"])]
    );
}

#[test]
fn addresses_are_one_and_plain() {
    assert_eq!(values("email", "Thư điện tử", &["an@example.vn", "a.b+c@hkh.edu.vn"]), [json!("an@example.vn"), json!("a.b+c@hkh.edu.vn")]);
    let long = format!("{}@example.vn", "a".repeat(300));
    let bad = [
        "a@b,c@d",
        "\"x\"@y.vn",
        "x@[127.0.0.1]",
        "đ@ví-dụ.vn",
        "a@b",
        "a@b.vn.",
        "a b@c.vn",
        "a@b.vn\r\nBcc: x@y.vn",
        "@b.vn",
        "a..b@c.vn",
    ];
    for address in bad {
        let outcome = column("Thư điện tử", &[address]);
        assert_eq!(outcome.rows[0].refused, ["/email"], "{address}");
    }
    assert_eq!(column("Thư điện tử", &[&long]).rows[0].refused, ["/email"]);
    check(
        "Thư điện tử",
        &["a@b,c@d"],
        expect![[r#"
        lỗi[email-malformed] danh-sach.csv, dòng 2, cột “Thư điện tử”: “a@b,c@d” không phải một địa chỉ thư điện tử
            cách sửa: ghi đúng một địa chỉ, chữ không dấu, ví dụ nguyenvana@example.vn
    "#]],
    );
}

#[test]
fn text_is_composed_and_hidden_characters_are_reported_once() {
    let outcome = column("Mã số", &["a\u{200b}b", "c\u{200b}d", "e\u{ad}f", "g\u{202e}h", "x\u{7}y"]);
    assert_eq!(outcome.values("ma_so"), [json!("ab"), json!("cd"), json!("ef"), json!("gh"), json!("xy")]);
    expect![[r#"
        ghi chú[characters-removed] danh-sach.csv, dòng 2, cột “Mã số”: có ký tự rộng bằng không, không nhìn thấy; đã bỏ (và 1 chỗ khác)
        ghi chú[characters-removed] danh-sach.csv, dòng 4, cột “Mã số”: có dấu nối mềm không nhìn thấy; đã bỏ
        ghi chú[characters-removed] danh-sach.csv, dòng 5, cột “Mã số”: có ký tự đảo chiều viết, không nhìn thấy; đã bỏ
        ghi chú[characters-removed] danh-sach.csv, dòng 6, cột “Mã số”: có ký tự điều khiển; đã bỏ
    "#]]
    .assert_eq(&outcome.told());
    assert_eq!(values("ma_so", "Mã số", &["Nguye\u{302}\u{303}n", "a\u{a0}\u{a0}b"]), [json!("Nguyễn"), json!("a b")]);
}

#[test]
fn text_that_is_no_writing_is_refused() {
    check(
        "Mã số",
        &[&format!("a{}", "\u{301}".repeat(100_000))],
        expect![[r#"
        lỗi[marks-too-many] danh-sach.csv, dòng 2, cột “Mã số”: “á” có hơn 8 dấu chồng lên một chữ, không phải chữ viết
            cách sửa: xoá ô và gõ lại
    "#]],
    );
    check(
        "Mã số",
        &[&format!("a{}", "\u{301}".repeat(20))],
        expect![[r#"
        lỗi[marks-too-many] danh-sach.csv, dòng 2, cột “Mã số”: “á” có hơn 8 dấu chồng lên một chữ, không phải chữ viết
            cách sửa: xoá ô và gõ lại
    "#]],
    );
    check(
        "Mã số",
        &[&"x".repeat(2_000_000)],
        expect![[r#"
        lỗi[cell-too-long] danh-sach.csv, dòng 2, cột “Mã số”: “xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…” dài quá 32767 ký tự, giới hạn của một ô
            cách sửa: kiểm tra xem có dán nhầm vào ô này không
    "#]],
    );
    check(
        "Mã số",
        &["Nguy\u{fffd}n"],
        expect![[r#"
        lỗi[character-lost] danh-sach.csv, dòng 2, cột “Mã số”: “Nguy�n” có ký tự � : chữ ở đó đã mất trước khi tệp đến đây
            cách sửa: gõ lại ô này theo bản gốc
    "#]],
    );
    check(
        "Mã số",
        &["mã số dài hơn hai mươi ký tự"],
        expect![[r#"
        lỗi[text-too-long] danh-sach.csv, dòng 2, cột “Mã số”: “mã số dài hơn hai mươi ký tự” dài 28 ký tự, “Mã số” chỉ được 20
            cách sửa: viết ngắn lại
    "#]],
    );
}

#[test]
fn two_hundred_thousand_joiners_vanish_or_are_refused() {
    check(
        "Mã số",
        &[&"\u{200d}".repeat(200_000)],
        expect![[r#"
        lỗi[cell-too-long] danh-sach.csv, dòng 2, cột “Mã số”: dài quá 32767 ký tự, giới hạn của một ô
            cách sửa: kiểm tra xem có dán nhầm vào ô này không
    "#]],
    );
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
    check(
        "Mã số",
        &["#REF!"],
        expect![[r#"
        lỗi[cell-error] danh-sach.csv, dòng 2, cột “Mã số”: “#REF!” là lỗi của công thức, không phải dữ liệu
            cách sửa: sửa công thức, hoặc ghi thẳng giá trị vào ô
    "#]],
    );
}
