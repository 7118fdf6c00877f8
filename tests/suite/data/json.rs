//! JSON and JSON Lines (j01–j12 of the named bad inputs).

use expect_test::{Expect, expect};
use serde_json::json;
use vanthu::data::{Limits, Selection};
use vanthu::language::Language;

use super::{FORM, LIST, file, read_text, read_with, selection};

fn check(text: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&read_text("du-lieu.json", text).told());
}

/// A record with the required fields and `more`.
fn record(more: &str) -> String {
    format!(r#"{{"ho_ten": "An", "don_vi": "Quận 1"{more}}}"#)
}

#[test]
fn an_array_gives_records_and_an_object_one() {
    let outcome = read_text("du-lieu.json", format!("\u{feff}[{}, {}]", record(""), record(r#", "Mã số": "007""#)));
    assert_eq!(outcome.values("ma_so"), [json!(null), json!("007")]);
    assert_eq!(outcome.values("so_quyet_dinh"), [json!("12/QĐ-HKH"), json!("12/QĐ-HKH")]);
    assert_eq!(outcome.rows[1].places.of("/ma_so").describe(Language::English), "du-lieu.json#/1/ma_so");
    assert_eq!(read_text("du-lieu.json", record("")).summary().rows, 1);
}

#[test]
fn numbers_are_exact() {
    let number = |field: &str, token: &str| read_text("du-lieu.json", record(&format!(r#", "{field}": {token}"#)));
    for (token, digits) in [
        ("425000000", "425000000"),
        ("12345678901234567.89", "12345678901234567.89"),
        ("1.50e2", "150"),
        ("5E-3", "0.005"),
        ("-0", "0"),
        ("-0.50", "-0.5"),
        ("0.1", "0.1"),
    ] {
        assert_eq!(number("diem", token).values("diem"), [json!(digits)], "{token}");
    }
    assert_eq!(number("so_nam", "9223372036854775807").values("so_nam"), [json!(i64::MAX)]);
    assert_eq!(number("so_nam", "12.0").values("so_nam"), [json!(12)]);
    expect![[r#"
        lỗi[number-too-large] du-lieu.json#/so_nam: “9223372036854775808” là số quá lớn hoặc quá nhiều chữ số
            cách sửa: kiểm tra lại số
    "#]]
    .assert_eq(&number("so_nam", "9223372036854775808").told());
    expect![[r#"
        lỗi[number-too-large] du-lieu.json#/diem: “1e400” là số quá lớn hoặc quá nhiều chữ số
            cách sửa: kiểm tra lại số
    "#]]
    .assert_eq(&number("diem", "1e400").told());
    expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:46: gặp “NaN” trong khi cần một giá trị
            | {"ho_ten": "An", "don_vi": "Quận 1", "diem": NaN}
            |                                              ^
    "#]]
    .assert_eq(&number("diem", "NaN").told());
}

#[test]
fn nesting_of_a_hundred_thousand_is_refused() {
    check(
        "[".repeat(100_000),
        expect![[r#"
            lỗi[json-too-deep] du-lieu.json, dòng 1: lồng nhau quá nhiều tầng
                cách sửa: ghi mỗi bản ghi là một đối tượng { … } có các trường của mẫu; xem “vanthu template show”
        "#]],
    );
    check(
        "{\"a\":".repeat(100_000),
        expect![[r#"
            lỗi[json-too-deep] du-lieu.json, dòng 1: lồng nhau quá nhiều tầng
                cách sửa: ghi mỗi bản ghi là một đối tượng { … } có các trường của mẫu; xem “vanthu template show”
        "#]],
    );
}

#[test]
fn equal_keys_are_refused() {
    check(
        format!("[{}, {}]", record(""), record(r#", "ma_so": "1", "ma_so": "2""#)),
        expect![[r#"
        lỗi[json-duplicate-key] du-lieu.json#/1/ma_so: trường “ma_so” được ghi hai lần
    "#]],
    );
    check(
        record(r#", "ma_so": "1", "Mã số": "2""#),
        expect![[r#"
        lỗi[key-duplicate] du-lieu.json#/ma_so: “Mã số” được ghi hai lần dưới hai tên
    "#]],
    );
}

#[test]
fn faults_of_writing_are_shown_where_they_are() {
    check(
        "[\n  {\"ho_ten\": \"An\",}\n]",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:2:19: thừa dấu phẩy trước dấu đóng ngoặc
            |   {"ho_ten": "An",}
            |                   ^
    "#]],
    );
    check(
        "[1, 2,]",
        expect![[r#"
        lỗi[record-not-object] du-lieu.json#/0: bản ghi không phải đối tượng {…}
        lỗi[record-not-object] du-lieu.json#/1: bản ghi không phải đối tượng {…}
        lỗi[json-syntax] du-lieu.json:1:7: thừa dấu phẩy trước dấu đóng ngoặc
            | [1, 2,]
            |       ^
    "#]],
    );
    check(
        "{\"a\": 1} // ghi chú",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:10: còn chữ thừa sau khi tài liệu đã hết
            | {"a": 1} // ghi chú
            |          ^
    "#]],
    );
    check(
        "/* ghi chú */ {}",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:1: có chú thích; JSON không cho phép
            | /* ghi chú */ {}
            | ^
    "#]],
    );
    check(
        "{'a': 1}",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:2: có dấu nháy đơn; JSON dùng dấu nháy kép
            | {'a': 1}
            |  ^
    "#]],
    );
    check(
        "{\"a\": \"\\ud800\"}",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:8: mã sau dấu \ không hợp lệ
            | {"a": "\ud800"}
            |        ^
    "#]],
    );
    check(
        "{\"a\": \"b",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:7: dấu nháy mở ở đây không được đóng
            | {"a": "b
            |       ^
    "#]],
    );
    check(
        "{\"a\": 01}",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:7: “01” không phải số theo JSON
            | {"a": 01}
            |       ^
    "#]],
    );
    check(
        "{\"a\" 1}",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:6: gặp “1” trong khi cần dấu hai chấm
            | {"a" 1}
            |      ^
    "#]],
    );
    check(
        "[{}",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:4: tài liệu bị cắt: còn thiếu dấu phẩy hoặc dấu đóng ngoặc
            | [{}
            |    ^
    "#]],
    );
    check(
        "{\"a\": \"b\nc\"}",
        expect![[r#"
        lỗi[json-syntax] du-lieu.json:1:9: có ký tự xuống dòng hoặc điều khiển trong chuỗi; ghi \n
            | {"a": "b
            |         ^
    "#]],
    );
    check(
        "",
        expect![[r#"
            lỗi[data-empty] du-lieu.json: tệp rỗng
                cách sửa: kiểm tra xem có chọn nhầm tệp không
        "#]],
    );
    check(
        "[]",
        expect![[r#"
        lỗi[data-empty] du-lieu.json: không có bản ghi nào
    "#]],
    );
}

#[test]
fn wrong_types_are_errors_of_their_fields() {
    let outcome = read_text(
        "du-lieu.json",
        record(
            r#", "ma_so": ["x"], "ngay_sinh": 1960, "so_nam": true, "da_nhan": 5, "linh_vuc": [{"a": 1}], "email": {"a": 1}, "diem": "9,5""#,
        ),
    );
    expect![[r#"
        lỗi[json-type] du-lieu.json#/ma_so: “Mã số” phải là một chuỗi "…"
        lỗi[json-type] du-lieu.json#/ngay_sinh: “Ngày sinh” phải là một ngày, ví dụ "2020-03-05"
        lỗi[json-type] du-lieu.json#/so_nam: “Số năm” phải là một số
        lỗi[boolean-unclear] du-lieu.json#/da_nhan: “5” không rõ là có hay không
            cách sửa: ghi “Có” hoặc “Không”
        lỗi[json-type] du-lieu.json#/linh_vuc/0: “Lĩnh vực” phải là một chuỗi "…"
        lỗi[json-type] du-lieu.json#/email: “Thư điện tử” phải là một chuỗi "…"
    "#]]
    .assert_eq(&outcome.told());
    assert_eq!(outcome.rows[0].refused, ["/ma_so", "/ngay_sinh", "/so_nam", "/da_nhan", "/linh_vuc/0", "/email"]);
    check(
        "[1, null, \"x\"]",
        expect![[r#"
        lỗi[record-not-object] du-lieu.json#/0: bản ghi không phải đối tượng {…}
        lỗi[record-not-object] du-lieu.json#/1: bản ghi không phải đối tượng {…}
        lỗi[record-not-object] du-lieu.json#/2: bản ghi không phải đối tượng {…}
    "#]],
    );
}

#[test]
fn null_and_absent_are_the_same_and_common_values_fill_them() {
    let outcome = read_text("du-lieu.json", record(r#", "so_quyet_dinh": null, "linh_vuc": null"#));
    assert_eq!(outcome.values("so_quyet_dinh"), [json!("12/QĐ-HKH")]);
    assert_eq!(outcome.values("linh_vuc"), [json!(null)]);
}

#[test]
fn odd_keys_are_only_unknown() {
    check(
        record(r#", "__proto__": {"x": 1}, "a.b[0]/~": 1, "ma_s": "1""#),
        expect![[r#"
        cảnh báo[key-unknown] du-lieu.json#/__proto__: “__proto__” là trường mà mẫu không dùng; bị bỏ qua
        cảnh báo[key-unknown] du-lieu.json#/a.b[0]~1~0: “a.b[0]/~” là trường mà mẫu không dùng; bị bỏ qua
        cảnh báo[key-unknown] du-lieu.json#/ma_s: “ma_s” là trường mà mẫu không dùng; bị bỏ qua
            cách sửa: có phải “ma_so”?
    "#]],
    );
}

#[test]
fn json_lines_are_read_line_by_line() {
    let text = format!("{}\n\n{}\n{{\"ho_ten\": \"Cúc\", \"don\n", record(""), record(r#", "ngay_sinh": "31/02/2026""#));
    for name in ["du-lieu.jsonl", "du-lieu.ndjson", "du-lieu"] {
        let outcome = read_text(name, &text);
        assert_eq!(outcome.summary().rows, 3, "{name}");
        assert_eq!(outcome.rows[2].refused, [""]);
    }
    expect![[r#"
        lỗi[date-not-real] du-lieu.jsonl, dòng 3, cột “ngay_sinh”: “31/02/2026” không phải ngày có thật
            cách sửa: tháng 02 năm 2026 chỉ có 28 ngày; ghi ngày/tháng/năm
        lỗi[json-syntax] du-lieu.jsonl, dòng 4: dấu nháy mở ở đây không được đóng
            cách sửa: sửa dòng này thành một đối tượng JSON trọn vẹn
    "#]]
    .assert_eq(&read_text("du-lieu.jsonl", text).told());
}

#[test]
fn large_arrays_and_strings_meet_the_limits() {
    let limits = Limits { rows_max: 2, ..Limits::default() };
    let path = file("du-lieu.json", format!("[{0},{0},{0}]", record("")));
    expect![[r#"
        lỗi[rows-too-many] du-lieu.json: có hơn 2 bản ghi
            cách sửa: chia thành nhiều tệp
    "#]]
    .assert_eq(&read_with(&path, LIST, &selection(), &limits).told());
    check(
        record(&format!(r#", "ma_so": "{}""#, "x".repeat(5_000_000))),
        expect![[r#"
        lỗi[cell-too-long] du-lieu.json#/ma_so: “xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…” dài quá 32767 ký tự, giới hạn của một ô
            cách sửa: kiểm tra xem có dán nhầm vào ô này không
    "#]],
    );
}

#[test]
fn a_form_is_one_object_with_its_tables() {
    let text = r#"{"ky": "Năm 2026", "chi_tieu": [{"ten": "Hội viên", "nam_nay": 120}, {"ten": "Quỹ", "nam_nay": "1,5", "nam_truoc": 7}], "kien_nghi": ["Tăng kinh phí"]}"#;
    let outcome = read_with(&file("bao-cao.json", text), FORM, &Selection::default(), &Limits::default());
    expect![[r#"
        lỗi[integer-expected] bao-cao.json#/chi_tieu/1/nam_nay: “1,5” không phải số nguyên
            cách sửa: ghi số không có phần lẻ
    "#]]
    .assert_eq(&outcome.told());
    expect![[r#"{"ky":"Năm 2026","tong":null,"chi_tieu":[{"ten":"Hội viên","nam_nay":120,"nam_truoc":null},{"ten":"Quỹ","nam_nay":null,"nam_truoc":7}],"kien_nghi":["Tăng kinh phí"]}"#]].assert_eq(&serde_json::to_string(&outcome.rows[0].record).unwrap());
    assert_eq!(outcome.rows[0].refused, ["/chi_tieu/1/nam_nay"]);
}
