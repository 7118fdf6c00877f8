//! Workbooks the program writes: the blank one filled and read back, the correction workbook fed back.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{DataType, Reader, Xlsx};
use expect_test::expect;
use rust_xlsxwriter::Workbook;
use serde_json::json;
use vanthu::data::{Limits, Original, Selection};
use vanthu::language::Language;
use vanthu::spreadsheet::{self, RejectedRow};
use vanthu::template::contract::Contract;

use super::workbooks::{texts, workbook};
use super::{FORM, LIST, Outcome, path, read, read_text, read_with};

/// The texts of every sheet of a small workbook.
fn contents(path: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut workbook: Xlsx<_> = calamine::open_workbook(path).unwrap();
    let sheets = workbook.worksheets();
    let text = |cell: &calamine::Data| cell.as_string().unwrap_or_default();
    sheets.into_iter().map(|(name, range)| (name, range.rows().map(|row| row.iter().map(text).collect()).collect())).collect()
}

/// Reads a workbook written by the program, with `more` rows of text put below the headings of each sheet.
fn fill(path: &Path, contract: &str, more: &[(&str, &[&[&str]])]) -> Outcome {
    let written = contents(path);
    let filled = workbook(|workbook: &mut Workbook| {
        for (name, rows) in &written {
            let sheet = workbook.add_worksheet().set_name(name)?;
            let mut rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            if let Some((_, more)) = more.iter().find(|(sheet, _)| sheet == name) {
                if name == "Chung" {
                    for (row, cells) in rows.iter_mut().skip(1).zip(*more) {
                        row[1] = cells[0];
                    }
                } else {
                    rows.extend(more.iter().map(|row| row.to_vec()));
                }
            }
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            texts(sheet, &rows)?;
        }
        Ok(())
    });
    read_with(&filled, contract, &Selection::default(), &Limits::default())
}

#[test]
fn the_blank_list_is_filled_and_read_back() {
    let contract = Contract::parse("contract.json", LIST).unwrap();
    let path = path("giay-khen.xlsx");
    spreadsheet::blank(&contract, "Giấy khen", &path).unwrap();
    let written = contents(&path);
    expect![[r#"
        [
            [
                "Họ và tên *",
                "Đơn vị *",
                "Mã số",
                "Ngày sinh",
                "Số năm",
                "Điểm",
                "Số tiền thưởng",
                "Đối tượng",
                "Đã nhận",
                "Thư điện tử",
                "Lĩnh vực",
            ],
        ]"#]]
    .assert_eq(&format!("{:#?}", written["Danh sách"]));
    expect![[r#"
        [
            [
                "Mục",
                "Giá trị",
                "Giải thích",
                "Ví dụ",
            ],
            [
                "Số quyết định *",
                "",
                "Số của quyết định.",
                "12/QĐ-HKH",
            ],
            [
                "Ngày quyết định",
                "",
                "Ngày ký. Ghi ngày/tháng/năm.",
                "05/3/2026",
            ],
        ]"#]]
    .assert_eq(&format!("{:#?}", written["Chung"]));
    expect![[r#"
        Trang tính | Cột hoặc mục | Bắt buộc | Cách ghi | Ví dụ | Giá trị cho phép
        Danh sách | Họ và tên | Có | Họ và tên người được khen. | Nguyễn Văn An | 
        Danh sách | Đơn vị | Có | Nơi công tác. | Hội Khuyến học Quận 10 | 
        Danh sách | Mã số |  | Mã hội viên. | 00123 | 
        Danh sách | Ngày sinh |  | Ngày sinh. Ghi ngày/tháng/năm. | 05/3/1960 | 
        Danh sách | Số năm |  | Số năm công tác. Ghi số nguyên. | 12 | 
        Danh sách | Điểm |  | Điểm thi đua. Ghi số; phần lẻ sau dấu phẩy. | 9,5 | 
        Danh sách | Số tiền thưởng |  | Tiền thưởng. Ghi số tiền bằng đồng, không ghi chữ “đồng”. | 425.000.000 | 
        Danh sách | Đối tượng |  | Loại. | Cá nhân | Cá nhân; Tập thể
        Danh sách | Đã nhận |  | Đã nhận tiền chưa. Ghi Có hoặc Không. | Có | 
        Danh sách | Thư điện tử |  | Nơi gửi. Ghi một địa chỉ thư điện tử. | an@example.vn | 
        Danh sách | Lĩnh vực |  | Các lĩnh vực. Nhiều mục thì cách nhau bằng dấu chấm phẩy, hoặc mỗi mục một dòng. | Khuyến học; Khuyến tài | 
        Chung | Số quyết định | Có | Số của quyết định. | 12/QĐ-HKH | 
        Chung | Ngày quyết định |  | Ngày ký. Ghi ngày/tháng/năm. | 05/3/2026 | 
         |  |  |  |  | 
         |  |  | Giấy khen. Ô có dấu * hoặc nền vàng là bắt buộc. Không gộp ô, không đổi tiêu đề; thêm cột khác cũng được, cột lạ bị bỏ qua. |  | 
    "#]].assert_eq(&written["Hướng dẫn"].iter().map(|row| row.join(" | ") + "\n").collect::<String>());

    let row: &[&str] = &[
        "Nguyễn Văn An",
        "Quận 1",
        "00123",
        "5/3/1960",
        "12",
        "9,5",
        "425.000.000",
        "cá nhân",
        "Có",
        "an@example.vn",
        "Khuyến học; Khuyến tài",
    ];
    let outcome = fill(&path, LIST, &[("Danh sách", &[row]), ("Chung", &[&["12/QĐ-HKH"], &["5/3/2026"]])]);
    assert_eq!(outcome.told(), "");
    expect![[r#"{"ho_ten":"Nguyễn Văn An","don_vi":"Quận 1","ma_so":"00123","ngay_sinh":"1960-03-05","so_nam":12,"diem":"9.5","so_tien":"425000000","doi_tuong":"Cá nhân","da_nhan":true,"email":"an@example.vn","linh_vuc":["Khuyến học","Khuyến tài"],"so_quyet_dinh":"12/QĐ-HKH","ngay_quyet_dinh":"2026-03-05"}"#]].assert_eq(&serde_json::to_string(&outcome.rows[0].record).unwrap());
}

#[test]
fn the_blank_list_itself_has_no_record() {
    let contract = Contract::parse("contract.json", LIST).unwrap();
    let path = path("giay-khen.xlsx");
    spreadsheet::blank(&contract, "Giấy khen", &path).unwrap();
    expect![[r#"
        lỗi[data-empty] giay-khen.xlsx, 'Danh sách'!A1: chỉ có dòng tiêu đề, chưa có bản ghi nào
            cách sửa: ghi mỗi bản ghi một dòng dưới dòng tiêu đề
    "#]]
    .assert_eq(&read(&path).told());
}

#[test]
fn the_blank_form_is_filled_and_read_back() {
    let contract = Contract::parse("contract.json", FORM).unwrap();
    let path = path("bao-cao.xlsx");
    spreadsheet::blank(&contract, "Báo cáo", &path).unwrap();
    let name = "Các chỉ tiêu chính trong năm kế";
    assert_eq!(
        contents(&path).keys().map(String::as_str).collect::<Vec<_>>(),
        ["Chung", "Các chỉ tiêu chính trong năm kế", "Hướng dẫn", "Kiến nghị"]
    );
    let outcome = fill(
        &path,
        FORM,
        &[("Chung", &[&["Năm 2026"], &["1.000.000"]]), (name, &[&["Hội viên", "120", ""]]), ("Kiến nghị", &[&["Tăng kinh phí"]])],
    );
    assert_eq!(outcome.told(), "");
    assert_eq!(
        serde_json::to_value(&outcome.rows[0].record).unwrap(),
        json!({"ky": "Năm 2026", "tong": "1000000", "chi_tieu": [{"ten": "Hội viên", "nam_nay": 120, "nam_truoc": null}], "kien_nghi": ["Tăng kinh phí"]})
    );
}

#[test]
fn long_and_many_choices_still_make_a_drop_down() {
    let choices: Vec<String> = (1..=60).map(|n| format!("Đơn vị số {n}, thành phố")).collect();
    let contract = json!({"title": "x", "type": "object", "properties": {"a": {"title": "Đơn vị", "type": "string", "enum": choices, "description": "", "examples": []}}});
    let contract = Contract::parse("contract.json", &contract.to_string()).unwrap();
    let path = path("x.xlsx");
    spreadsheet::blank(&contract, "x", &path).unwrap();
    assert_eq!(contents(&path)["Hướng dẫn"][60][8], "Đơn vị số 60, thành phố");
}

#[test]
fn the_correction_workbook_is_mended_and_fed_back() {
    let text = "STT,Họ và tên,Đơn vị,Ngày sinh,Mã số,Điểm\n1,An,Quận 1,31/02/1960,007,\"9,5\"\n2,Bình,Quận 2,5/3/1960,008,8\n3,Cúc,Quận 3,x,=1+1,y\n";
    let first = read_text("danh-sach.csv", text);
    let bad: Vec<_> = first.rows.iter().filter(|row| !row.diagnostics.is_empty()).collect();
    assert_eq!(bad.len(), 2);
    let path = path("can-sua.xlsx");
    let rows = bad.iter().map(|row| RejectedRow { number: row.number, original: &row.original, diagnostics: &row.diagnostics });
    let common = [("Số quyết định".to_owned(), Original::Text("12/QĐ-HKH".to_owned()))];
    spreadsheet::rejected(&path, "Danh sách", &first.summary().headings, &common, rows).unwrap();
    expect![[r#"
        [
            [
                "STT",
                "Họ và tên",
                "Đơn vị",
                "Ngày sinh",
                "Mã số",
                "Điểm",
                "Bản ghi số (giữ nguyên)",
                "Lỗi cần sửa",
            ],
            [
                "1",
                "An",
                "Quận 1",
                "31/02/1960",
                "007",
                "9,5",
                "1",
                "Ngày sinh: “31/02/1960” không phải ngày có thật; cách sửa: tháng 02 năm 1960 chỉ có 29 ngày; ghi ngày/tháng/năm",
            ],
            [
                "3",
                "Cúc",
                "Quận 3",
                "x",
                "=1+1",
                "y",
                "3",
                "Ngày sinh: “x” không phải ngày; cách sửa: ghi ngày/tháng/năm, ví dụ 05/3/2020\nĐiểm: “y” không phải số; cách sửa: ghi số, ví dụ 1.234.567 hoặc 12,5",
            ],
        ]"#]].assert_eq(&format!("{:#?}", contents(&path)["Danh sách"]));

    let again = read_with(&path, LIST, &Selection::default(), &Limits::default());
    assert_eq!(again.summary().headings, first.summary().headings, "the column of errors is not part of the list");
    assert_eq!(again.values("ma_so"), [json!("007"), json!("=1+1")]);
    assert_eq!(again.values("diem"), [json!("9.5"), json!(null)]);
    assert_eq!(again.values("so_quyet_dinh"), [json!("12/QĐ-HKH"), json!("12/QĐ-HKH")]);
    assert_eq!(again.rows[0].refused, ["/ngay_sinh"]);
    assert_eq!(again.rows[0].diagnostics[0].place.as_ref().unwrap().describe(Language::Vietnamese), "can-sua.xlsx, 'Danh sách'!D2");
}

#[test]
fn a_table_holds_texts_only() {
    let path = path("bao-cao.xlsx");
    let rows = [vec!["=1+1".to_owned(), "0012".to_owned()], vec!["x".repeat(40_000), String::new()]];
    spreadsheet::table(&path, "Kết quả: đợt 1/2026", &["Tên".to_owned(), "Số".to_owned()], rows).unwrap();
    let written = contents(&path);
    let sheet = &written["Kết quả đợt 1 2026"];
    assert_eq!(sheet[1], ["=1+1", "0012"]);
    assert_eq!(sheet[2][0].len(), 32_767);
    let missing = path.parent().unwrap().join("khong-co").join("x.xlsx");
    let error = spreadsheet::table(&missing, "x", &[], []).unwrap_err();
    assert!(!error.is_transient());
}
