//! Text in the fonts of before Unicode: recognised by the font, cell by cell and run by run.

use std::path::PathBuf;

use expect_test::expect;
use rust_xlsxwriter::{Format, Worksheet, XlsxError};
use serde_json::json;
use vanthu::data::{Limits, Selection};
use vanthu::vietnamese::legacy::{Encoding, encode};

use super::hostile::workbook_with;
use super::workbooks::{sheet, texts, workbook};
use super::{FORM, read, read_with};

fn font(name: &str) -> Format {
    Format::new().set_font_name(name)
}

/// Writes rows of texts in one font, from `first_row` on.
fn texts_in(sheet: &mut Worksheet, font_name: &str, first_row: u32, rows: &[&[&str]]) -> Result<(), XlsxError> {
    for (row, cells) in (first_row..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            sheet.write_string_with_format(row, column, *cell, &font(font_name))?;
        }
    }
    Ok(())
}

/// A list with headings in Unicode and these rows in one font.
fn list_in(font_name: &str, rows: &[&[&str]]) -> PathBuf {
    sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị"]])?;
        texts_in(sheet, font_name, 1, rows)
    })
}

#[test]
fn the_font_tells_what_statistics_cannot() {
    // Legal as they stand and legal in TCVN3: nothing but the font can tell.
    let rows: &[&[&str]] = &[&["Tó", "Céng t¸c"], &["Phó", "Céng"]];
    let outcome = read(&list_in(".VnTime", rows));
    assert_eq!(outcome.values("ho_ten"), [json!("Tú"), json!("Phú")]);
    assert_eq!(outcome.values("don_vi"), [json!("Cộng tác"), json!("Cộng")]);
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!A2: cột “Họ và tên” gõ bằng phông .VnTime (bảng mã cũ TCVN3 (ABC)), đã đổi sang Unicode: “Tó” → “Tú”; xin xem lại
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!B2: cột “Đơn vị” gõ bằng phông .VnTime (bảng mã cũ TCVN3 (ABC)), đã đổi sang Unicode: “Céng t¸c” → “Cộng tác”; xin xem lại
    "#]].assert_eq(&outcome.told());
    assert_eq!(read(&list_in("Times New Roman", rows)).values("ho_ten"), [json!("Tó"), json!("Phó")]);
}

#[test]
fn a_capitals_face_shows_small_bytes_as_capitals() {
    let path = sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Thư điện tử"]])?;
        texts_in(sheet, ".VnTimeH", 1, &[&["NguyÔn V¨n An", "Héi KhuyÕn häc", "an@example.vn"], &["Lan Anh", "hµ néi", ""]])
    });
    let outcome = read(&path);
    assert_eq!(outcome.values("ho_ten"), [json!("NGUYỄN VĂN AN"), json!("LAN ANH")]);
    assert_eq!(outcome.values("don_vi"), [json!("HỘI KHUYẾN HỌC"), json!("HÀ NỘI")]);
    assert_eq!(outcome.values("email")[0], json!("an@example.vn"), "an address keeps its case");
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!A2: cột “Họ và tên” gõ bằng phông .VnTimeH (bảng mã cũ TCVN3 (ABC), chữ hoa), đã đổi sang Unicode: “NguyÔn V¨n An” → “NGUYỄN VĂN AN”; xin xem lại
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!B2: cột “Đơn vị” gõ bằng phông .VnTimeH (bảng mã cũ TCVN3 (ABC), chữ hoa), đã đổi sang Unicode: “Héi KhuyÕn häc” → “HỘI KHUYẾN HỌC”; xin xem lại
    "#]].assert_eq(&outcome.told());
}

#[test]
fn vni_and_vps_are_told_by_their_fonts() {
    for (name, encoding) in [("VNI-Times", Encoding::Vni), ("VPS Times", Encoding::Vps), (".VnArial", Encoding::Tcvn3)] {
        let old = |text: &str| encode(text, encoding).unwrap();
        let outcome = read(&list_in(name, &[&[&old("Bé"), &old("Tổ dân phố số 5")]]));
        assert_eq!(outcome.values("ho_ten"), [json!("Bé")], "{name}");
        assert_eq!(outcome.values("don_vi"), [json!("Tổ dân phố số 5")], "{name}");
    }
}

#[test]
fn fonts_change_inside_a_cell() {
    let path = sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Mã số"]])?;
        let (old, capitals, new, default) = (font(".VnTime"), font(".VnTimeH"), font("Times New Roman"), Format::new());
        sheet.write_rich_string(1, 0, &[(&capitals, "Lª "), (&old, "V¨n "), (&new, "Tó")])?;
        sheet.write_rich_string(1, 1, &[(&old, " Héi <1> & "), (&new, "Khuyến học "), (&font("VNI-Times"), "quaän 10")])?;
        // A run without a font of its own is in that of the cell; one letter may be cut in two.
        sheet.write_rich_string_with_format(1, 2, &[(&default, "Toå da"), (&font("VNI-Helve"), "ân")], &font("VNI-Times"))?;
        Ok(())
    });
    let outcome = read(&path);
    assert_eq!(outcome.values("ho_ten"), [json!("LÊ Văn Tó")]);
    assert_eq!(outcome.values("don_vi"), [json!("Hội <1> & Khuyến học quận 10")]);
    assert_eq!(outcome.values("ma_so"), [json!("Tổ dân")]);
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!A2: cột “Họ và tên” gõ bằng phông .VnTimeH (bảng mã cũ TCVN3 (ABC), chữ hoa), đã đổi sang Unicode: “Lª V¨n Tó” → “LÊ Văn Tó”; xin xem lại
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!B2: cột “Đơn vị” gõ bằng phông .VnTime (bảng mã cũ TCVN3 (ABC)), đã đổi sang Unicode: “ Héi <1> & Khuyến học quaän 10” → “ Hội <1> & Khuyến học quận 10”; xin xem lại
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!C2: cột “Mã số” gõ bằng phông VNI-Times (bảng mã cũ VNI Windows), đã đổi sang Unicode: “Toå daân” → “Tổ dân”; xin xem lại
    "#]].assert_eq(&outcome.told());
}

#[test]
fn unicode_pasted_under_an_old_font_stays() {
    // Each in a file of its own, so that nothing else can tell.
    for (name, unit) in [
        ("Nguyễn Văn An", "Quận 1"),
        ("Hoàng Thanh Hà", "Hà Nam"),
        ("Lê Thái", "Hội Khuyến học"),
        ("Lê Thái", "Phường Bến Thành"),
        ("Ngo\u{302}", "Đội 3"),
    ] {
        for font_name in [".VnTime", ".VnTimeH", "VNI-Times"] {
            let outcome = read(&list_in(font_name, &[&[name, unit]]));
            let expected = if name.contains('\u{302}') { "Ngô" } else { name };
            assert_eq!(outcome.values("ho_ten"), [json!(expected)], "{font_name}");
            assert_eq!(outcome.values("don_vi"), [json!(unit)], "{font_name}");
            assert_eq!(outcome.told(), "", "{font_name}");
        }
    }
}

#[test]
fn a_column_tells_where_a_cell_cannot() {
    // The sure ones come last: rows are judged by those behind them too.
    let outcome = read(&list_in(".VnTime", &[&["Lê Thái", ""], &["Phan Công", ""], &["Trần Văn Đức", ""]]));
    assert_eq!(outcome.values("ho_ten"), [json!("Lê Thái"), json!("Phan Công"), json!("Trần Văn Đức")]);
    let outcome = read(&list_in(".VnTime", &[&["Lª Tó", ""], &["Phó", ""], &["TrÇn V¨n §øc", ""]]));
    assert_eq!(outcome.values("ho_ten"), [json!("Lê Tú"), json!("Phú"), json!("Trần Văn Đức")]);
}

#[test]
fn a_cell_that_nothing_tells_in_a_mixed_column_is_named() {
    let outcome = read(&list_in(
        ".VnTime",
        &[&["TrÇn V¨n §øc", "a"], &["NguyÔn V¨n An", "a"], &["Phạm Thị Bích", "a"], &["Phó", "a"], &["Lê", "Quận 1"]],
    ));
    assert_eq!(outcome.values("ho_ten")[2..], [json!("Phạm Thị Bích"), json!("Phú"), json!("Lê")]);
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.xlsx, Sheet1!A2: cột “Họ và tên” gõ bằng phông .VnTime (bảng mã cũ TCVN3 (ABC)), đã đổi sang Unicode: “TrÇn V¨n §øc” → “Trần Văn Đức”; xin xem lại
        cảnh báo[legacy-text-unclear] danh-sach.xlsx, Sheet1!A5: cột có cả Unicode lẫn bảng mã cũ dưới phông .VnTime; ô này đọc là “Phú”, cũng có thể là “Phó”
            cách sửa: nếu đọc sai, ghi lại ô này bằng phông Unicode như Times New Roman
    "#]].assert_eq(&outcome.told());
}

#[test]
fn headings_in_old_fonts_are_found() {
    let path = sheet(|sheet| {
        texts_in(sheet, ".VnTimeH", 0, &[&["danh s¸ch khen th\u{ad}ëng"], &["Hä vµ tªn", "§¬n vÞ", "Ghi chó"]])?;
        texts_in(sheet, ".VnTime", 2, &[&["NguyÔn V¨n An", "QuËn 1", "x"]])
    });
    let outcome = read(&path);
    assert_eq!(outcome.summary().headings, ["HỌ VÀ TÊN", "ĐƠN VỊ", "GHI CHÚ"]);
    assert_eq!(outcome.values("ho_ten"), [json!("Nguyễn Văn An")]);
    assert_eq!(
        outcome.rows[0].original.iter().map(vanthu::data::Original::shown).collect::<Vec<_>>(),
        ["Nguyễn Văn An", "Quận 1", "x"],
        "a correction workbook has no such font"
    );
    // Unicode under the font, of which every word would be legal in TCVN3 too.
    let path = sheet(|sheet| {
        texts_in(sheet, ".VnTimeH", 0, &[&["Tên"]])?;
        texts(sheet, &[&[], &["An"]])?;
        sheet.write_string(0, 1, "don_vi")?;
        sheet.write_string(1, 1, "Quận 1")?;
        Ok(())
    });
    assert_eq!(read(&path).values("ho_ten"), [json!("An")]);
}

#[test]
fn common_values_and_forms_are_converted_too() {
    let path = workbook(|workbook| {
        texts_in(workbook.add_worksheet().set_name("Chung")?, ".VnTime", 0, &[&["Kú b¸o c¸o", "Quý Tó 2026"]])?;
        let table = workbook.add_worksheet().set_name("Các chỉ tiêu chính trong năm kế")?;
        texts_in(table, "VNI-Times", 0, &[&["Chæ tieâu", "Naêm nay"], &["Hoäi vieân", "12"]])?;
        Ok(())
    });
    let outcome = read_with(&path, FORM, &Selection::default(), &Limits::default());
    assert_eq!(outcome.values("ky"), [json!("Quý Tú 2026")], "{}", outcome.told());
    assert_eq!(outcome.rows[0].record["chi_tieu"], json!([{"ten": "Hội viên", "nam_nay": 12, "nam_truoc": null}]));
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.xlsx, Chung!B1: giá trị chung “Kỳ báo cáo” gõ bằng phông .VnTime (bảng mã cũ TCVN3 (ABC)), đã đổi sang Unicode: “Quý Tó 2026” → “Quý Tú 2026”; xin xem lại
        ghi chú[legacy-text-converted] danh-sach.xlsx, 'Các chỉ tiêu chính trong năm kế'!A2: cột “Chỉ tiêu” gõ bằng phông VNI-Times (bảng mã cũ VNI Windows), đã đổi sang Unicode: “Hoäi vieân” → “Hội viên”; xin xem lại
    "#]].assert_eq(&outcome.told());
}

#[test]
fn old_text_beside_the_fonts_is_still_found_by_statistics() {
    let path = sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị"]])?;
        for row in 1..6 {
            sheet.write_string(row, 0, "NguyÔn ThÞ Thñy")?;
            sheet.write_string_with_format(row, 1, "Tó", &font(".VnTime"))?;
        }
        sheet.write_string_with_format(6, 0, "Lª Tó", &font(".VnTime"))?;
        sheet.write_string_with_format(7, 0, "Lê Thị Hà", &font(".VnTime"))?;
        Ok(())
    });
    let outcome = read(&path);
    // What a font has settled is not decoded again: Lê would become Lờ.
    assert_eq!(outcome.values("ho_ten")[4..], [json!("Nguyễn Thị Thủy"), json!("Lê Tú"), json!("Lê Thị Hà")]);
    assert_eq!(outcome.values("don_vi")[0], json!("Tú"));
}

#[test]
fn fonts_stay_in_step_with_the_cells_of_a_long_sheet() {
    let path = sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị", "Mã số"]])?;
        let (old, new) = (font(".VnTime"), font("Arial"));
        for row in 1..=4_000 {
            let format = if row % 3 == 0 { &old } else { &new };
            sheet.write_string_with_format(row, 0, "Tó", format)?;
            sheet.write_blank(row, 1, &old)?;
            sheet.write_string_with_format(row, 2, format!("Phó {row}"), if row % 2 == 0 { &old } else { &new })?;
            if row % 5 == 0 {
                sheet.write_rich_string(row, 1, &[(&new, "Tó "), (&old, "Tó")])?;
            }
        }
        Ok(())
    });
    let outcome = read(&path);
    for (row, (name, unit, code)) in (1..).zip(names_units_codes(&outcome)) {
        assert_eq!(name, if row % 3 == 0 { "Tú" } else { "Tó" }, "row {row}");
        assert_eq!(unit, if row % 5 == 0 { "Tó Tú" } else { "" }, "row {row}");
        assert_eq!(code, format!("{} {row}", if row % 2 == 0 { "Phú" } else { "Phó" }));
    }
    assert_eq!(outcome.told().matches("legacy-text-converted").count(), 3, "one notice for each column: {}", outcome.told());
}

/// Name, unit and code of each record; empty where there is none.
fn names_units_codes(outcome: &super::Outcome) -> Vec<(String, String, String)> {
    let field =
        |field: &str| -> Vec<String> { outcome.values(field).iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect() };
    let (names, units, codes) = (field("ho_ten"), field("don_vi"), field("ma_so"));
    assert_eq!(names.len(), 4_000);
    names.into_iter().zip(units).zip(codes).map(|((name, unit), code)| (name, unit, code)).collect()
}

const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><name val="Calibri"/></font><font><sz val="11"/><name val=".VnTime"/></font></fonts><dxfs><dxf><font><name val=".VnTime"/></font></dxf></dxfs><cellXfs count="3"><xf fontId="0"/><xf fontId="1"/><xf fontId="2"/></cellXfs></styleSheet>"#;

fn hand_made(cells: &str, strings: &str) -> PathBuf {
    let head = r#"<c t="inlineStr"><is><t>Họ và tên</t></is></c><c t="inlineStr"><is><t>Đơn vị</t></is></c>"#;
    let sheet = format!(r#"<sheetData><row r="1">{head}</row><row r="2">{cells}</row></sheetData>"#);
    workbook_with(&sheet, &[("xl/styles.xml", STYLES.as_bytes()), ("xl/sharedStrings.xml", strings.as_bytes())])
}

#[test]
fn inline_and_shared_strings_of_other_programs_are_followed() {
    for (cells, strings, expected) in [
        // Without references, in the cell's own font.
        (r#"<c s="1" t="inlineStr"><is><t>Tó</t></is></c><c s="0" t="inlineStr"><is><t>Tó</t></is></c>"#, "<sst/>", ["Tú", "Tó"]),
        // Runs of an inline string; a reading is no part of the text.
        (
            r#"<c r="A2" t="inlineStr"><is><r><rPr><rFont val=".VnTime"/></rPr><t xml:space="preserve">Tó </t></r><r><t>Tó</t></r><rPh sb="0" eb="1"><t>Tó</t></rPh></is></c><c r="B2" s="9" t="inlineStr"><is><t>Tó</t></is></c>"#,
            "<sst/>",
            ["Tú Tó", "Tó"],
        ),
        // Shared strings with prefixes, empty ones before, numeric references, escapes and lost spaces.
        (
            r#"<c t="s"><v>2</v></c><c s="1" t="s"><v>1</v></c>"#,
            r#"<x:sst xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:si/><x:si><x:t>T&#243;</x:t></x:si><x:si><x:r><x:rPr><x:rFont val=".VnTime"/></x:rPr><x:t> T&#xF3;_x000D_</x:t></x:r><x:r><x:t>Tó</x:t></x:r></x:si></x:sst>"#,
            ["Tú\nTó", "Tú"],
        ),
        // A result of a formula.
        (r#"<c s="1" t="str"><f>B2</f><v>Tó</v></c><c s="2" t="str"><v>Tó</v></c>"#, "<sst/>", ["Tú", "Tó"]),
    ] {
        let outcome = read(&hand_made(cells, strings));
        assert_eq!(
            [outcome.values("ho_ten"), outcome.values("don_vi")].concat(),
            expected.map(|text| json!(text)),
            "{cells} {}",
            outcome.told()
        );
    }
}

#[test]
fn a_font_named_only_inside_a_sheet_is_seen() {
    let unit = r#"<c t="inlineStr"><is><t>Tó</t></is></c>"#;
    let name = r#"<c t="inlineStr"><is><r><rPr><rFont val=".VnTime"/></rPr><t>Tó</t></r></is></c>"#;
    let head = r#"<c t="inlineStr"><is><t>Họ và tên</t></is></c><c t="inlineStr"><is><t>Đơn vị</t></is></c>"#;
    let outcome = read(&workbook_with(&format!("<sheetData><row>{head}</row><row>{name}{unit}</row></sheetData>"), &[]));
    assert_eq!([outcome.values("ho_ten"), outcome.values("don_vi")].concat(), [json!("Tú"), json!("Tó")]);
}

#[test]
fn runs_that_do_not_add_up_say_nothing() {
    // Our scanner does not see into a CDATA section, calamine does.
    let strings = r#"<sst><si><r><rPr><rFont val=".VnTime"/></rPr><t>Tó<![CDATA[x]]></t></r><r><t>Tó</t></r></si></sst>"#;
    let outcome = read(&hand_made(r#"<c t="s"><v>0</v></c><c t="s"><v>0</v></c>"#, strings));
    assert_eq!(outcome.values("ho_ten"), [json!("TóxTó")]);
    assert_eq!(outcome.told(), "");
}

#[test]
fn a_cell_that_stands_twice_is_no_danger() {
    for (first, second) in [("Nguyªn V¨n Tó", "ệ"), ("Tó", "TrÇn V¨n §øc"), ("Tóó", "Aệ"), ("Tóó", "Tóó")] {
        let cell = |style: u8, text: &str| format!(r#"<c r="A2" s="{style}" t="inlineStr"><is><t>{text}</t></is></c>"#);
        for (one, two) in [(1, 1), (1, 0), (0, 1)] {
            let cells = format!(r#"{}{}<c r="B2" t="inlineStr"><is><t>x</t></is></c>"#, cell(one, first), cell(two, second));
            assert_eq!(read(&hand_made(&cells, "<sst/>")).rows.len(), 1);
        }
    }
}

#[test]
fn a_fault_among_the_rows_ahead_is_told() {
    let outcome = read(&sheet(|sheet| {
        texts(sheet, &[&["Họ và tên", "Đơn vị"]])?;
        texts_in(sheet, ".VnTime", 1, &[&["Tó", "x"]])?;
        sheet.write_string_with_format(2, 1_000, "Tó", &font(".VnTime"))?;
        Ok(())
    }));
    expect![[r#"
        lỗi[cell-out-of-range] danh-sach.xlsx, Sheet1!ALM3: có dữ liệu ở quá xa: chỉ đọc 512 cột và 100.000 dòng
            cách sửa: xoá ô đó nếu ghi nhầm; danh sách dài hơn thì chia thành nhiều tệp
    "#]]
    .assert_eq(&outcome.told());
}
