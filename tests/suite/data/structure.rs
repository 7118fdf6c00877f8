//! Faults of a list as a whole are told together with those of its rows, each once; rows that are no records are told
//! from records.

use expect_test::{Expect, expect};
use rust_xlsxwriter::Format;
use serde_json::json;
use vanthu::data::{Limits, Selection};
use vanthu::diagnostic::{Diagnostic, Place};
use vanthu::language::Language;
use vanthu::template::contract::Contract;

use super::workbooks::{sheet, texts, workbook};
use super::{FORM, LIST, Outcome, read, read_text, read_with};

fn check(text: &str, expected: Expect) -> Outcome {
    let outcome = read_text("danh-sach.csv", text);
    expected.assert_eq(&outcome.told());
    outcome
}

#[test]
fn a_missing_column_does_not_hide_the_faults_of_the_rows() {
    let outcome = check(
        "Họ và tên,Ngày sinh\nAn,31/02/1960\nBình,x\n",
        expect![[r#"
        lỗi[date-not-real] danh-sach.csv, dòng 2, cột “Ngày sinh”: “31/02/1960” không phải ngày có thật
            cách sửa: tháng 02 năm 1960 chỉ có 29 ngày; ghi ngày/tháng/năm
        lỗi[date-not-a-date] danh-sach.csv, dòng 3, cột “Ngày sinh”: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[column-missing] danh-sach.csv, dòng 1: thiếu cột bắt buộc “Đơn vị”
            cách sửa: thêm cột có tiêu đề “Đơn vị”
    "#]],
    );
    assert!(outcome.result.is_err());
    assert!(outcome.rows.iter().all(|row| row.refused.contains(&"/don_vi".to_owned())), "the column is missed once");
}

#[test]
fn of_two_columns_that_are_the_same_neither_is_read_and_the_others_are_checked() {
    let outcome = check(
        "Họ và tên,Đơn vị,Họ tên,Ngày sinh\nAn,Quận 1,Bình,x\n",
        expect![[r#"
        lỗi[date-not-a-date] danh-sach.csv, dòng 2, cột “Ngày sinh”: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[heading-duplicate] danh-sach.csv, dòng 1, cột “Họ tên”: cột A (“Họ và tên”) và cột C (“Họ tên”) cùng là “Họ và tên”
            cách sửa: xoá hoặc đổi tên một trong hai cột
    "#]],
    );
    assert_eq!(outcome.rows[0].refused, ["/ho_ten", "/ngay_sinh"]);
}

#[test]
fn an_unclosed_quote_does_not_hide_the_rows_before_it() {
    check(
        "Họ và tên,Đơn vị,Ngày sinh\nAn,Quận 1,x\nBình,\"Quận 2,1/1/1960\nCúc,Quận 3,y\n",
        expect![[r#"
        lỗi[date-not-a-date] danh-sach.csv, dòng 2, cột “Ngày sinh”: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[quote-unclosed] danh-sach.csv, dòng 3: dấu nháy kép mở ở dòng này không được đóng
            cách sửa: thêm dấu nháy đóng; dấu nháy nằm trong ô phải viết hai lần ("")
    "#]],
    );
}

#[test]
fn doubtful_old_text_does_not_hide_the_faults_of_other_columns() {
    check(
        "Họ và tên,Đơn vị,Ngày sinh\nAn,n¨m,x\n",
        expect![[r#"
        lỗi[date-not-a-date] danh-sach.csv, dòng 2, cột “Ngày sinh”: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[legacy-text-unclear] danh-sach.csv, dòng 2, cột “Đơn vị”: cột “Đơn vị” có thể viết bằng bảng mã cũ TCVN3 (ABC): “n¨m” sẽ là “năm”
            cách sửa: nếu đúng vậy, đổi tệp sang Unicode (ví dụ bằng UniKey, Ctrl+Shift+F6) rồi nộp lại
    "#]],
    );
}

#[test]
fn a_missing_common_value_is_told_once_with_the_faults_of_the_rows() {
    let path = super::file("danh-sach.csv", "Họ và tên,Đơn vị,Ngày sinh\nAn,Quận 1,x\nBình,Quận 2,\n");
    let outcome = read_with(&path, LIST, &Selection::default(), &Limits::default());
    expect![[r#"
        lỗi[date-not-a-date] danh-sach.csv, dòng 2, cột “Ngày sinh”: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[common-missing] danh-sach.csv: thiếu giá trị chung “Số quyết định”
            cách sửa: ghi thêm khi chạy, hoặc thêm cột “Số quyết định”
    "#]]
    .assert_eq(&outcome.told());
    assert_eq!(outcome.rows[1].refused, ["/so_quyet_dinh"]);
}

#[test]
fn a_bad_common_value_is_told_once_and_not_missed_too() {
    let path = workbook(|workbook| {
        texts(workbook.add_worksheet(), &[&["Họ và tên", "Đơn vị", "Ngày sinh"], &["An", "Quận 1", "x"], &["Bình", "Quận 2", ""]])?;
        texts(workbook.add_worksheet().set_name("Chung")?, &[&["Số quyết định", "#N/A"], &["Ngày quyết định", "31/02/2026"]])
    });
    let outcome = read_with(&path, LIST, &Selection::default(), &Limits::default());
    expect![[r#"
        lỗi[date-not-a-date] danh-sach.xlsx, Sheet1!C2: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[cell-error] danh-sach.xlsx, Chung!B1: “#N/A” là lỗi của công thức, không phải dữ liệu
            cách sửa: sửa công thức, hoặc ghi thẳng giá trị vào ô
        lỗi[date-not-real] danh-sach.xlsx, Chung!B2: “31/02/2026” không phải ngày có thật
            cách sửa: tháng 02 năm 2026 chỉ có 28 ngày; ghi ngày/tháng/năm
    "#]]
    .assert_eq(&outcome.told());
}

#[test]
fn merged_headings_do_not_hide_the_faults_of_the_rows() {
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Ngày sinh"], &["", "", "ngày/tháng/năm"], &["An", "Quận 1", "x"]])?;
        sheet.merge_range(0, 0, 1, 0, "Họ và tên", &Format::new())?;
        sheet.merge_range(0, 1, 1, 1, "Đơn vị", &Format::new())?;
        Ok(())
    }));
    expect![[r#"
        lỗi[date-not-a-date] danh-sach.xlsx, Sheet1!C3: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[cells-merged] danh-sach.xlsx, Sheet1!A1: các ô A1:A2 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
        lỗi[cells-merged] danh-sach.xlsx, Sheet1!B1: các ô B1:B2 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
    "#]]
    .assert_eq(&outcome.told());
    assert_eq!(outcome.rows.len(), 1, "the second row of the headings is no record");
}

#[test]
fn a_row_under_several_merged_ranges_is_refused_once_and_its_other_cells_are_checked() {
    let outcome = read(&sheet(|sheet| {
        texts(
            sheet,
            &[
                &["Họ và tên", "Đơn vị", "Mã số", "Ngày sinh", "Ghi chú"],
                &["An", "", "", "x"],
                &["Bình", "", "", ""],
                &["Cúc", "Quận 3"],
                &["Dung", "Quận 4"],
            ],
        )?;
        sheet.merge_range(1, 1, 2, 1, "Quận 1", &Format::new())?;
        sheet.merge_range(1, 2, 2, 2, "7", &Format::new())?;
        sheet.merge_range(3, 4, 4, 4, "như trên", &Format::new())?;
        Ok(())
    }));
    expect![[r#"
        lỗi[cells-merged] danh-sach.xlsx, Sheet1!B2: các ô B2:B3, C2:C3 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
        lỗi[date-not-a-date] danh-sach.xlsx, Sheet1!D2: “x” không phải ngày
            cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020
        lỗi[cells-merged] danh-sach.xlsx, Sheet1!B3: các ô B2:B3, C2:C3 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
        cảnh báo[heading-unknown] danh-sach.xlsx, Sheet1!E1: “Ghi chú” là tiêu đề cột mà mẫu không dùng; cột bị bỏ qua
    "#]]
    .assert_eq(&outcome.told());
    assert!(outcome.result.is_ok(), "the rows alone are refused");
    assert_eq!(outcome.rows[1].refused, ["/don_vi", "/ma_so"]);
    assert_eq!(outcome.values("ho_ten"), [json!("An"), json!("Bình"), json!("Cúc"), json!("Dung")]);
}

#[test]
fn totals_and_signatures_under_the_list_are_left_out_with_one_warning() {
    let outcome = check(
        "STT,Họ và tên,Đơn vị,Số năm\n1,An,Quận 1,2\n2,Bình,Quận 2,3\n,Tổng cộng,,5\n,,\"TP. Hồ Chí Minh, ngày 5 tháng 3 năm 2026\",\n,Người lập biểu,,Chủ tịch\n,Nguyễn Văn Lập,,\n",
        expect![[r#"
            cảnh báo[rows-left-out] danh-sach.csv, dòng 4: “Tổng cộng | 5 / TP. Hồ Chí Minh, ngày 5 tháng 3 năm 2026 / N…” dòng 4–7 không phải bản ghi; bỏ qua
                cách sửa: nếu là bản ghi, điền đủ các cột bắt buộc
        "#]],
    );
    assert_eq!(outcome.values("ho_ten"), [json!("An"), json!("Bình")]);
}

#[test]
fn rows_numbered_in_advance_are_left_out_with_one_warning() {
    let outcome = check(
        "STT,Họ và tên,Đơn vị\n1,An,Quận 1\n2,,\n3,,\n4,,\n5,,\n",
        expect![[r#"
        cảnh báo[rows-left-out] danh-sach.csv, dòng 3: “2 / 3 / 4 / …” dòng 3–6 không phải bản ghi; bỏ qua
            cách sửa: nếu là bản ghi, điền đủ các cột bắt buộc
    "#]],
    );
    assert_eq!(outcome.rows.len(), 1);
}

#[test]
fn what_is_no_record_among_the_records_is_one_error_and_never_left_out() {
    let outcome = check(
        "STT,Họ và tên,Đơn vị,Số năm\nI. Khối quận,,,\n1,An,Quận 1,2\n,Cộng:,,2\n2,Bình,,3\n3,Cúc,Quận 3,3\n",
        expect![[r#"
            lỗi[row-not-a-record] danh-sach.csv, dòng 2: “I. Khối quận” không phải bản ghi mà nằm giữa danh sách
                cách sửa: xóa dòng này; nếu là bản ghi, điền đủ các cột bắt buộc
            lỗi[row-not-a-record] danh-sach.csv, dòng 4: “Cộng: | 2” không phải bản ghi mà nằm giữa danh sách
                cách sửa: xóa dòng này; nếu là bản ghi, điền đủ các cột bắt buộc
        "#]],
    );
    assert_eq!(outcome.rows.len(), 5);
}

#[test]
fn a_last_row_that_has_a_key_or_much_else_is_a_record_with_its_faults() {
    let outcome = check(
        "Họ và tên,Đơn vị,Mã số,Số năm,Điểm\nAn,Quận 1,,,\n,Quận 2,,,\n,,7,8,9\nTổng cộng,2 đơn vị,,,\n",
        expect![[r#"
        lỗi[row-doubtful] danh-sach.csv, dòng 5: “Tổng cộng | 2 đơn vị” có vẻ là dòng tổng cộng, không phải bản ghi
            cách sửa: xóa dòng này; nếu là bản ghi, sửa lại ô đầu của dòng
    "#]],
    );
    assert_eq!(outcome.rows.len(), 4);
}

#[test]
fn names_that_only_begin_like_totals_are_records() {
    let outcome = check("Họ và tên,Đơn vị\nTổng công ty Điện lực,Quận 1\nCộng Hòa,Quận 2\nTổng hội,\n", expect![[""]]);
    assert_eq!(outcome.rows.len(), 3);
}

#[test]
fn the_sheet_whose_headings_fit_best_is_read() {
    let outcome = read(&workbook(|workbook| {
        texts(workbook.add_worksheet().set_name("Ghi chú")?, &[&["Đơn vị", "Ý kiến"], &["Quận 1", "đã gửi"]])?;
        texts(workbook.add_worksheet().set_name("Đợt 1")?, &[&["DANH SÁCH"], &["Họ và tên", "Đơn vị"], &["An", "Quận 1"]])?;
        texts(workbook.add_worksheet().set_name("Đợt 2")?, &[&["Họ và tên", "Đơn vị"], &["Bình", "Quận 2"]])
    }));
    assert_eq!(outcome.values("ho_ten"), [json!("An")]);
    expect![[r#"
        ghi chú[sheets-unread] danh-sach.xlsx: đọc trang tính “Đợt 1”; không đọc “Ghi chú”, “Đợt 2”
            cách sửa: nếu cần trang khác, chọn bằng --sheet
        ghi chú[rows-above-headings] danh-sach.xlsx, 'Đợt 1'!A2: dòng 2 là dòng tiêu đề; bỏ qua 1 dòng phía trên
    "#]]
    .assert_eq(&outcome.told());
}

#[test]
fn the_chosen_sheet_fills_the_table_of_a_form_that_it_fits() {
    let path = workbook(|workbook| {
        texts(workbook.add_worksheet().set_name("Chung")?, &[&["Kỳ báo cáo", "Quý 2"]])?;
        texts(workbook.add_worksheet().set_name("Quý 1")?, &[&["Chỉ tiêu", "Năm nay"], &["Hội viên", "100"]])?;
        texts(workbook.add_worksheet().set_name("Quý 2")?, &[&["Chỉ tiêu", "Năm nay"], &["Hội viên", "120"]])?;
        texts(workbook.add_worksheet().set_name("Nháp")?, &[&["gì đó"]])
    });
    let chosen = |sheet: &str| {
        let selection = Selection { sheet: Some(sheet.into()), ..Selection::default() };
        read_with(&path, FORM, &selection, &Limits::default())
    };
    let outcome = chosen("quý 2");
    assert_eq!(outcome.rows[0].record["chi_tieu"], json!([{"ten": "Hội viên", "nam_nay": 120, "nam_truoc": null}]));
    expect![[r#"
        cảnh báo[sheet-unknown] danh-sach.xlsx: mẫu không dùng trang tính “Quý 1”; bị bỏ qua
            cách sửa: các trang được dùng: “Chung”, “Các chỉ tiêu chính trong năm kế”, “Kiến nghị”
        cảnh báo[sheet-unknown] danh-sach.xlsx: mẫu không dùng trang tính “Nháp”; bị bỏ qua
            cách sửa: các trang được dùng: “Chung”, “Các chỉ tiêu chính trong năm kế”, “Kiến nghị”
    "#]]
    .assert_eq(&outcome.told());
    expect![[r#"
        lỗi[sheet-unfit] danh-sach.xlsx: trang tính “Nháp” không có cột nào của mẫu
            cách sửa: chọn trang tính khác với --sheet, hoặc bỏ --sheet
    "#]]
    .assert_eq(&chosen("Nháp").told());
    expect![[r#"
        lỗi[sheet-missing] danh-sach.xlsx: không có trang tính “Quý 3”
            cách sửa: có phải “Quý 2”? tệp có: “Quý 1”, “Quý 2”, “Nháp”
    "#]]
    .assert_eq(&chosen("Quý 3").told());
}

/// A contract with a period of years, one of days in a table, and an end that `not_before` names.
fn periods(not_before: &str) -> Result<Contract, Vec<Diagnostic>> {
    let year = |title: &str| json!({"title": title, "type": "integer"});
    let day = |title: &str| json!({"title": title, "type": "string", "format": "date"});
    let with = |mut field: serde_json::Value, start: &str| {
        field["x-not-before"] = start.into();
        field
    };
    let contract = json!({"title": "x", "type": "object", "properties": {
        "tu_nam": year("Từ năm"), "den_nam": with(year("Đến năm"), not_before),
        "dot": {"title": "Đợt", "type": "array", "items": {"type": "object", "properties": {
            "tu": day("Từ ngày"), "den": with(day("Đến ngày"), "tu")}}}}});
    Contract::parse("contract.json", &contract.to_string())
}

fn told(problems: &[Diagnostic]) -> String {
    problems.iter().map(|problem| problem.describe(Language::Vietnamese) + "\n").collect()
}

#[test]
fn a_period_may_not_end_before_it_begins() {
    let contract = periods("tu_nam").unwrap();
    let place = |pointer: &str| Place::Pointer { file: "x.json".into(), pointer: pointer.into() };
    let problems = |record: serde_json::Value| told(&contract.problems(record.as_object().unwrap(), &[], &place));
    expect![[r#"
        lỗi[period-reversed] x.json#/den_nam: “2024” của “Đến năm” đứng trước “Từ năm” (2026)
            cách sửa: sửa một trong hai; có thể đã ghi ngược
        lỗi[period-reversed] x.json#/dot/1/den: “28/02/2026” của “Đến ngày” đứng trước “Từ ngày” (05/3/2026)
            cách sửa: sửa một trong hai; có thể đã ghi ngược
    "#]]
    .assert_eq(&problems(json!({
        "tu_nam": 2026, "den_nam": 2024,
        "dot": [{"tu": "2026-03-05", "den": "2026-03-05"}, {"tu": "2026-03-05", "den": "2026-02-28"}],
    })));
    assert_eq!(problems(json!({"tu_nam": 2024, "den_nam": 2024, "dot": [{"tu": "2026-03-05", "den": null}]})), "");
}

#[test]
fn an_order_with_what_is_no_date_or_number_is_a_fault_of_the_contract() {
    expect![[r#"
        lỗi[contract-order] contract.json#/properties/den_nam: “x-not-before” của “den_nam” phải nêu một trường ngày hoặc số nguyên cùng kiểu, không phải “dot”
    "#]].assert_eq(&told(&periods("dot").unwrap_err()));
    expect![[r#"
        lỗi[contract-order] contract.json#/properties/den_nam: “x-not-before” của “den_nam” phải nêu một trường ngày hoặc số nguyên cùng kiểu, không phải “tu_name”
    "#]].assert_eq(&told(&periods("tu_name").unwrap_err()));
}
