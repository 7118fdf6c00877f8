//! Workbooks that clerks make: sheets, dates, long numbers, formulas, merged cells (x13–x16, x19, x20).

use std::path::PathBuf;

use expect_test::expect;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};
use serde_json::json;
use vanthu::data::{Limits, Original, Selection};
use vanthu::language::Language;

use super::{FORM, LIST, path, read, read_with, selection};

/// Saves a workbook whose sheets are written by `fill`.
pub(super) fn workbook(fill: impl FnOnce(&mut Workbook) -> Result<(), XlsxError>) -> PathBuf {
    let path = path("danh-sach.xlsx");
    let mut workbook = Workbook::new();
    fill(&mut workbook).unwrap();
    workbook.save(&path).unwrap();
    path
}

/// A workbook with one sheet.
pub(super) fn sheet(fill: impl FnOnce(&mut Worksheet) -> Result<(), XlsxError>) -> PathBuf {
    workbook(|workbook| fill(workbook.add_worksheet()))
}

/// Writes rows of texts from the first row on.
pub(super) fn texts(sheet: &mut Worksheet, rows: &[&[&str]]) -> Result<(), XlsxError> {
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            sheet.write_string(row, column, *cell)?;
        }
    }
    Ok(())
}

#[test]
fn rows_of_a_sheet_are_records_with_their_cells() {
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["STT", "Họ và tên", "Đơn vị", "Mã số"], &["1", "An", "Quận 1", "00123"], &[], &["2", "Bình", "", "7"]])
    }));
    assert_eq!(outcome.values("ma_so"), [json!("00123"), json!("7")]);
    assert_eq!(outcome.rows[1].places.of("/ma_so").describe(Language::Vietnamese), "danh-sach.xlsx, Sheet1!D4");
    assert_eq!(outcome.rows[1].original, ["2", "Bình", "", "7"].map(|text| Original::Text(text.into())));
    assert_eq!(outcome.summary().headings, ["STT", "Họ và tên", "Đơn vị", "Mã số"]);
    assert_eq!(outcome.summary().sheet.as_deref(), Some("Sheet1"));
    assert_eq!(outcome.told(), "");
}

#[test]
fn numbers_keep_their_digits_and_long_ones_are_refused() {
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Mã số", "Số tiền thưởng", "Điểm", "Số năm"]])?;
        for (row, number) in (1..).zip([123.0, 12_345_678_901.0, 0.1 + 0.2, 8.5, 1_234_567_890_123_456.0]) {
            texts_at(sheet, row, &["An", "Quận 1"])?;
            sheet.write_number(row, 2, number)?;
            sheet.write_number(row, 4, number)?;
        }
        sheet.write_number(1, 3, 425_000_000)?;
        sheet.write_number(1, 5, 12)?;
        sheet.write_number(2, 5, 1.5)?;
        Ok(())
    }));
    assert_eq!(outcome.values("ma_so"), [json!("123"), json!("12345678901"), json!("0,3"), json!("8,5"), json!(null)]);
    assert_eq!(outcome.values("diem"), [json!("123"), json!("12345678901"), json!("0.3"), json!("8.5"), json!(null)]);
    assert_eq!(outcome.values("so_tien")[0], json!("425000000"));
    assert_eq!(outcome.values("so_nam")[0], json!(12));
    expect![[r#"
        lỗi[integer-expected] danh-sach.xlsx, Sheet1!F3: “1,5” không phải số nguyên
            cách sửa: ghi số không có phần lẻ
        lỗi[number-digits-lost] danh-sach.xlsx, Sheet1!C6: “1234567890123460” được lưu dạng số nên các chữ số cuối đã mất (Excel chỉ giữ 15 chữ số)
            cách sửa: đổi ô sang kiểu Văn bản (Text) rồi ghi lại đầy đủ
        lỗi[number-digits-lost] danh-sach.xlsx, Sheet1!E6: “1234567890123460” được lưu dạng số nên các chữ số cuối đã mất (Excel chỉ giữ 15 chữ số)
            cách sửa: đổi ô sang kiểu Văn bản (Text) rồi ghi lại đầy đủ
    "#]].assert_eq(&outcome.told());
}

fn texts_at(sheet: &mut Worksheet, row: u32, cells: &[&str]) -> Result<(), XlsxError> {
    for (column, cell) in (0..).zip(cells) {
        sheet.write_string(row, column, *cell)?;
    }
    Ok(())
}

#[test]
fn dates_come_as_serials_texts_and_bare_numbers() {
    let format = Format::new().set_num_format("dd/mm/yyyy");
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Ngày sinh", "Mã số"]])?;
        for row in 1..8 {
            texts_at(sheet, row, &["An", "Quận 1"])?;
        }
        let date = ExcelDateTime::from_ymd(1960, 3, 5)?;
        sheet.write_datetime_with_format(1, 2, &date, &format)?;
        sheet.write_string(2, 2, "5/3/1960")?;
        sheet.write_number(3, 2, 21980)?;
        sheet.write_number_with_format(4, 2, 60, &format)?;
        sheet.write_number_with_format(5, 2, 21980.75, &format)?;
        sheet.write_number_with_format(6, 2, 5_000_000, &format)?;
        sheet.write_datetime_with_format(7, 3, &ExcelDateTime::from_ymd(2026, 12, 5)?, &format)?;
        Ok(())
    }));
    let date = json!("1960-03-05");
    assert_eq!(
        outcome.values("ngay_sinh"),
        [date.clone(), date.clone(), json!(null), json!(null), json!("1960-03-05"), json!(null), json!(null)]
    );
    assert_eq!(outcome.values("ma_so")[6], json!("05/12/2026"));
    expect![[r#"
        lỗi[date-is-number] danh-sach.xlsx, Sheet1!C4: “21980” là một số, không phải ngày
            cách sửa: có phải ngày 05/3/1960? định dạng ô kiểu Ngày (Date), hoặc ghi ngày/tháng/năm
        lỗi[date-not-real] danh-sach.xlsx, Sheet1!C5: “29/02/1900” không phải ngày có thật
            cách sửa: tháng 02 năm 1900 chỉ có 28 ngày; ghi ngày/tháng/năm
        lỗi[date-is-number] danh-sach.xlsx, Sheet1!C7: “5000000” là một số, không phải ngày
            cách sửa: định dạng ô kiểu Ngày (Date), hoặc ghi ngày/tháng/năm, ví dụ 05/3/2020
        cảnh báo[text-is-date] danh-sach.xlsx, Sheet1!D8: “05/12/2026” là ô kiểu ngày trong cột chữ “Mã số”; đọc đúng như hiện ra
            cách sửa: nếu không phải ngày (ví dụ số 5/12), đổi ô sang kiểu Văn bản (Text) rồi ghi lại
    "#]]
    .assert_eq(&outcome.told());
}

#[test]
fn times_in_text_columns_read_as_shown() {
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Mã số"], &["An", "Quận 1"]])?;
        sheet.write_number_with_format(1, 2, 8.5 / 24.0, &Format::new().set_num_format("hh:mm"))?;
        Ok(())
    }));
    assert_eq!(outcome.values("ma_so"), [json!("08:30")]);
}

#[test]
fn merged_cells_among_the_data_are_refused() {
    let outcome = read(&sheet(|sheet| {
        sheet.merge_range(0, 0, 0, 2, "DANH SÁCH KHEN THƯỞNG", &Format::new())?;
        texts(sheet, &[&[], &["Họ và tên", "Đơn vị", "Mã số"], &["An", "", "1"], &["Bình", "", "2"]])?;
        sheet.merge_range(2, 1, 3, 1, "Quận 1", &Format::new())?;
        Ok(())
    }));
    expect![[r#"
        lỗi[cells-merged] danh-sach.xlsx, Sheet1!B3: các ô B3:B4 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
        lỗi[cells-merged] danh-sach.xlsx, Sheet1!B4: các ô B3:B4 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
        ghi chú[rows-above-headings] danh-sach.xlsx, Sheet1!A2: dòng 2 là dòng tiêu đề; bỏ qua 1 dòng phía trên
    "#]]
    .assert_eq(&outcome.told());
}

#[test]
fn formulas_are_their_stored_results() {
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Mã số", "Số năm"], &["An", "Quận 1"], &["Bình", "Quận 2"], &["Cúc", "Quận 3"]])?;
        sheet.write_formula(1, 2, Formula::new("=A2&B2").set_result("AnQuận 1"))?;
        sheet.write_formula(1, 3, Formula::new("=6*2").set_result("12"))?;
        sheet.write_formula(2, 2, Formula::new("=VLOOKUP(1,Z1:Z2,1)").set_result("#N/A"))?;
        sheet.write_formula(3, 3, Formula::new("=1/0").set_result("#DIV/0!"))?;
        Ok(())
    }));
    assert_eq!(outcome.values("ma_so")[0], json!("AnQuận 1"));
    assert_eq!(outcome.values("so_nam")[0], json!(12));
    expect![[r#"
        lỗi[cell-error] danh-sach.xlsx, Sheet1!C3: “#N/A” là lỗi của công thức, không phải dữ liệu
            cách sửa: sửa công thức, hoặc ghi thẳng giá trị vào ô
        lỗi[cell-error] danh-sach.xlsx, Sheet1!D4: “#DIV/0!” là lỗi của công thức, không phải dữ liệu
            cách sửa: sửa công thức, hoặc ghi thẳng giá trị vào ô
    "#]]
    .assert_eq(&outcome.told());
}

#[test]
fn the_first_visible_sheet_with_data_is_read() {
    let path = workbook(|workbook| {
        workbook.add_worksheet().set_name("Trống")?;
        texts(workbook.add_worksheet().set_name("Ẩn")?.set_hidden(true), &[&["Họ và tên", "Đơn vị"], &["Ẩn", "Quận 0"]])?;
        texts(
            workbook.add_worksheet().set_name("Đợt 1 'a' 🎉")?,
            &[&["Họ và tên", "Đơn vị"], &["An", "Quận 1"], &["Bình", ""], &["", "Quận 3"]],
        )?;
        texts(workbook.add_worksheet().set_name("Đợt 2")?, &[&["Họ và tên", "Đơn vị"], &["Cúc", "Quận 2"]])
    });
    let outcome = read(&path);
    assert_eq!(outcome.values("ho_ten"), [json!("An"), json!("Bình"), json!(null)]);
    assert_eq!(outcome.rows[0].places.of("/ho_ten").describe(Language::Vietnamese), "danh-sach.xlsx, 'Đợt 1 ''a'' 🎉'!A2");
    expect![[r#"
        ghi chú[sheets-unread] danh-sach.xlsx: đọc trang tính “Đợt 1 'a' 🎉”; không đọc “Đợt 2”
            cách sửa: nếu cần trang khác, chọn bằng --sheet
    "#]]
    .assert_eq(&outcome.told());
    let chosen = |sheet: &str| read_with(&path, LIST, &Selection { sheet: Some(sheet.into()), ..selection() }, &Limits::default());
    assert_eq!(chosen("đợt 2").values("ho_ten"), [json!("Cúc")]);
    assert_eq!(chosen("Ẩn").values("ho_ten"), [json!("Ẩn")]);
    expect![[r#"
        lỗi[sheet-missing] danh-sach.xlsx: không có trang tính “Đợt 3”
            cách sửa: có phải “Đợt 2”? tệp có: “Trống”, “Ẩn”, “Đợt 1 'a' 🎉”, “Đợt 2”
    "#]]
    .assert_eq(&chosen("Đợt 3").told());
}

#[test]
fn hidden_rows_are_read_and_told_of() {
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị"], &["An", "Quận 1"], &["Bình", "Quận 2"], &["Cúc", "Quận 3"]])?;
        sheet.set_row_hidden(2)?;
        sheet.set_row_hidden(3)?;
        Ok(())
    }));
    assert_eq!(outcome.summary().rows, 3);
    expect![[r#"
        cảnh báo[rows-hidden] danh-sach.xlsx: trang tính “Sheet1” có 2 dòng đang ẩn (do lọc hoặc giấu); các dòng đó vẫn được đọc
            cách sửa: nếu không muốn in các dòng đó, xoá hẳn khỏi danh sách
    "#]]
    .assert_eq(&outcome.told());
}

#[test]
fn common_values_come_from_their_sheet() {
    let path = workbook(|workbook| {
        texts(workbook.add_worksheet(), &[&["Họ và tên", "Đơn vị"], &["An", "Quận 1"]])?;
        texts(
            workbook.add_worksheet().set_name("CHUNG")?,
            &[
                &["Mục", "Giá trị", "Giải thích"],
                &["Số quyết định *", "15/QĐ-HKH", "số"],
                &["Ngày quyết định", "5/3/2026"],
                &["Nơi ký", "TP. Hồ Chí Minh"],
            ],
        )
    });
    let outcome = read_with(&path, LIST, &Selection::default(), &Limits::default());
    assert_eq!(outcome.values("so_quyet_dinh"), [json!("15/QĐ-HKH")]);
    assert_eq!(outcome.values("ngay_quyet_dinh"), [json!("2026-03-05")]);
    assert_eq!(outcome.rows[0].places.of("/ngay_quyet_dinh").describe(Language::Vietnamese), "danh-sach.xlsx, CHUNG!B3");
    expect![[r#"
        cảnh báo[heading-unknown] danh-sach.xlsx, CHUNG!A4: “Nơi ký” là mục mà mẫu không dùng; bị bỏ qua
    "#]]
    .assert_eq(&outcome.told());
    assert_eq!(outcome.summary().common[0], ("Số quyết định *".to_owned(), Original::Text("15/QĐ-HKH".to_owned())));
    assert_eq!(read(&path).values("so_quyet_dinh"), [json!("12/QĐ-HKH")], "the request wins over the sheet");
}

#[test]
fn faults_of_the_common_sheet_concern_the_whole_file() {
    let path = workbook(|workbook| {
        texts(workbook.add_worksheet(), &[&["Họ và tên"], &["An"]])?;
        texts(
            workbook.add_worksheet().set_name("Chung")?,
            &[&["Số quyết định", ""], &["Ngày quyết định", "31/02/2026"], &["Ngày quyết định", "5/3/2026"]],
        )
    });
    expect![[r#"
        lỗi[date-not-real] danh-sach.xlsx, Chung!B2: “31/02/2026” không phải ngày có thật
            cách sửa: tháng 02 năm 2026 chỉ có 28 ngày; ghi ngày/tháng/năm
        lỗi[heading-duplicate] danh-sach.xlsx, Chung!A3: “Ngày quyết định” đã được ghi ở danh-sach.xlsx, Chung!B2
            cách sửa: xoá một trong hai dòng
        lỗi[column-missing] danh-sach.xlsx, Sheet1!A1: thiếu cột bắt buộc “Đơn vị”
            cách sửa: thêm cột có tiêu đề “Đơn vị”
        lỗi[common-missing] danh-sach.xlsx, Chung!B1: thiếu giá trị chung “Số quyết định”
            cách sửa: ghi giá trị vào ô này
    "#]]
    .assert_eq(&read_with(&path, LIST, &Selection::default(), &Limits::default()).told());
}

#[test]
fn old_text_in_a_workbook_is_converted() {
    use vanthu::vietnamese::legacy::{Encoding, encode};
    let old = |text: &str| encode(text, Encoding::Vni).unwrap();
    let outcome = read(&sheet(|sheet| {
        let (name, unit) = (old("Nguyễn Thị Hạnh"), old("Hội Khuyến học quận Bình Thạnh"));
        texts(sheet, &[&[&old("Họ và tên"), &old("Đơn vị")], &[&name, &unit], &[&old("Trần Văn Đức"), &unit]])
    }));
    assert_eq!(outcome.values("ho_ten"), [json!("Nguyễn Thị Hạnh"), json!("Trần Văn Đức")]);
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!A2: cột “Họ và tên” viết bằng bảng mã cũ VNI Windows, đã đổi sang Unicode: “Nguyeãn Thò Haïnh” → “Nguyễn Thị Hạnh”; xin xem lại
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!B2: cột “Đơn vị” viết bằng bảng mã cũ VNI Windows, đã đổi sang Unicode: “Hoäi Khuyeán hoïc quaän Bình Thaïnh” → “Hội Khuyến học quận Bình Thạnh”; xin xem lại
    "#]].assert_eq(&outcome.told());
}

#[test]
fn a_form_is_a_workbook_with_one_sheet_for_each_table() {
    let path = workbook(|workbook| {
        texts(workbook.add_worksheet().set_name("Chung")?, &[&["Kỳ báo cáo", "Năm 2026"], &["Tổng kinh phí", "1.000.000"]])?;
        let table = workbook.add_worksheet().set_name("Các chỉ tiêu chính trong năm kế")?;
        texts(table, &[&["Chỉ tiêu", "Năm nay", "Năm trước"], &["Hội viên", "120", "100"], &["Quỹ", "nhiều", "7"]])?;
        texts(workbook.add_worksheet().set_name("Kiến nghị")?, &[&["Kiến nghị"], &["Tăng kinh phí"], &["Thêm người"]])?;
        texts(workbook.add_worksheet().set_name("Nháp")?, &[&["x"]])
    });
    let outcome = read_with(&path, FORM, &Selection::default(), &Limits::default());
    expect![[r#"{"ky":"Năm 2026","tong":"1000000","chi_tieu":[{"ten":"Hội viên","nam_nay":120,"nam_truoc":100},{"ten":"Quỹ","nam_nay":null,"nam_truoc":7}],"kien_nghi":["Tăng kinh phí","Thêm người"]}"#]].assert_eq(&serde_json::to_string(&outcome.rows[0].record).unwrap());
    expect![[r#"
        lỗi[number-malformed] danh-sach.xlsx, 'Các chỉ tiêu chính trong năm kế'!B3: “nhiều” không phải số
            cách sửa: ghi số, ví dụ 1.234.567 hoặc 12,5
        cảnh báo[sheet-unknown] danh-sach.xlsx: mẫu không dùng trang tính “Nháp”; bị bỏ qua
            cách sửa: các trang được dùng: “Chung”, “Các chỉ tiêu chính trong năm kế”, “Kiến nghị”
    "#]]
    .assert_eq(&outcome.told());
    assert_eq!(outcome.rows[0].refused, ["/chi_tieu/1/nam_nay"]);
    let place = |pointer: &str| outcome.rows[0].places.of(pointer).describe(Language::Vietnamese);
    assert_eq!(place("/chi_tieu/0/nam_truoc"), "danh-sach.xlsx, 'Các chỉ tiêu chính trong năm kế'!C2");
    assert_eq!(place("/ky"), "danh-sach.xlsx, Chung!B1");
    assert_eq!(place("/kien_nghi/1"), "danh-sach.xlsx, 'Kiến nghị'!A3");
}

#[test]
fn a_form_without_its_sheets_is_refused() {
    let path = workbook(|workbook| {
        texts(workbook.add_worksheet().set_name("Chung")?, &[&["Tổng kinh phí", "1.000.000"]])?;
        texts(workbook.add_worksheet().set_name("Cac chi tieu chinh cua nam")?, &[&["Chỉ tiêu", "Năm nay"]])?;
        texts(workbook.add_worksheet().set_name("Kiến nghị")?, &[&["Kiến nghị"]])
    });
    expect![[r#"
        lỗi[sheet-missing] danh-sach.xlsx: thiếu trang tính “Các chỉ tiêu chính trong năm kế”
            cách sửa: có phải “Cac chi tieu chinh cua nam”? nếu phải, đổi tên thành “Các chỉ tiêu chính trong năm kế” hoặc chọn bằng --sheet
        lỗi[common-missing] danh-sach.xlsx: thiếu giá trị chung “Kỳ báo cáo”
            cách sửa: thêm trang tính “Chung” có dòng “Kỳ báo cáo” và giá trị ở ô bên cạnh
        cảnh báo[sheet-unknown] danh-sach.xlsx: mẫu không dùng trang tính “Cac chi tieu chinh cua nam”; bị bỏ qua
            cách sửa: các trang được dùng: “Chung”, “Các chỉ tiêu chính trong năm kế”, “Kiến nghị”
    "#]]
    .assert_eq(&read_with(&path, FORM, &Selection::default(), &Limits::default()).told());
}

#[test]
fn a_text_file_fills_the_only_table_of_a_form() {
    let path = super::file("chi-tieu.csv", "Chỉ tiêu;Năm nay\nHội viên;120\nQuỹ;7\n");
    let mut selection = Selection::default();
    expect![[r#"
        lỗi[common-missing] chi-tieu.csv: thiếu giá trị chung “Kỳ báo cáo”
            cách sửa: cho giá trị này khi chạy, hoặc dùng sổ Excel có trang tính “Chung”
    "#]]
    .assert_eq(&read_with(&path, FORM, &selection, &Limits::default()).told());
    selection.common.insert("ky".into(), "Năm 2026".into());
    let outcome = read_with(&path, FORM, &selection, &Limits::default());
    assert_eq!(outcome.rows[0].record["chi_tieu"][1], json!({"ten": "Quỹ", "nam_nay": 7, "nam_truoc": null}));
    assert_eq!(outcome.rows[0].places.of("/chi_tieu/1/ten").describe(Language::Vietnamese), "chi-tieu.csv, dòng 3, cột “Chỉ tiêu”");
}
