//! Workbooks made to harm or badly damaged (x01–x12, x17, x18): refused in words, without cost.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use serde_json::json;
use vanthu::data::Limits;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{LIST, file, read, read_text, read_with, selection};

const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;

const MANIFEST: &[u8] = br#"<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;

/// A zip of these parts.
fn archive(name: &str, parts: &[(&str, &[u8])]) -> PathBuf {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (part, bytes) in parts {
        zip.start_file(*part, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    file(name, zip.finish().unwrap().into_inner())
}

/// A workbook whose only sheet holds this XML between `<worksheet>` tags.
fn workbook(sheet: &str) -> PathBuf {
    workbook_with(sheet, &[])
}

pub(super) fn workbook_with(sheet: &str, more: &[(&str, &[u8])]) -> PathBuf {
    let sheet =
        format!(r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{sheet}</worksheet>"#);
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend(more);
    archive("danh-sach.xlsx", &parts)
}

/// A row with the headings of the required columns.
const HEADINGS: &str =
    r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Họ và tên</t></is></c><c r="B1" t="inlineStr"><is><t>Đơn vị</t></is></c></row>"#;
const ROW: &str = r#"<row r="2"><c r="A2" t="inlineStr"><is><t>An</t></is></c><c r="B2" t="inlineStr"><is><t>Quận 1</t></is></c></row>"#;

fn check(path: PathBuf, expected: Expect) {
    let start = Instant::now();
    expected.assert_eq(&read(&path).told());
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_hand_made_workbook_is_read() {
    let outcome = read(&workbook(&format!(r#"<dimension ref="A1:XFD1048576"/><sheetData>{HEADINGS}{ROW}</sheetData>"#)));
    assert_eq!(outcome.values("don_vi"), [json!("Quận 1")]);
}

#[test]
fn corners_cost_nothing_and_are_named() {
    let sheet = format!(r#"<sheetData>{HEADINGS}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>"#);
    check(
        workbook(&sheet),
        expect![[r#"
        lỗi[cell-out-of-range] danh-sach.xlsx, Sheet1!XFD1048576: có dữ liệu ở quá xa: chỉ đọc 512 cột và 100.000 dòng
            cách sửa: xoá ô đó nếu ghi nhầm; danh sách dài hơn thì chia thành nhiều tệp
    "#]],
    );
    let sheet = format!(r#"<sheetData>{HEADINGS}{ROW}<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>"#);
    check(
        workbook(&sheet),
        expect![[r#"
        lỗi[cell-out-of-range] danh-sach.xlsx, Sheet1!A1048576: có dữ liệu ở quá xa: chỉ đọc 512 cột và 100.000 dòng
            cách sửa: xoá ô đó nếu ghi nhầm; danh sách dài hơn thì chia thành nhiều tệp
    "#]],
    );
}

#[test]
fn cells_outside_the_grid_are_refused() {
    for cell in ["XFE2", "A16777217", "AAAAAAAAAAAAAA1", "A99999999999999", "2", "", "Ấ1"] {
        let outcome = read(&workbook(&format!(r#"<sheetData>{HEADINGS}<row r="2"><c r="{cell}"><v>1</v></c></row></sheetData>"#)));
        assert!(outcome.result.is_err(), "{cell}: {}", outcome.told());
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_opened() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "0".repeat(60_000_000));
    check(
        workbook_with(&format!("<sheetData>{HEADINGS}{ROW}</sheetData>"), &[("xl/sharedStrings.xml", strings.as_bytes())]),
        expect![[r#"
        lỗi[workbook-too-large] danh-sach.xlsx: tệp 60 kB bung ra hơn 60 MB, nén bất thường nên không được mở
            cách sửa: tạo sổ làm việc mới, chép riêng vùng dữ liệu sang (Dán đặc biệt > Giá trị) rồi lưu
    "#]],
    );
}

#[test]
fn a_lying_size_is_found_by_counting() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "0".repeat(3_000_000));
    let honest = workbook_with(&format!("<sheetData>{HEADINGS}{ROW}</sheetData>"), &[("xl/sharedStrings.xml", strings.as_bytes())]);
    let mut bytes = std::fs::read(honest).unwrap();
    let (true_size, lie) = ((strings.len() as u32).to_le_bytes(), 1_000_u32.to_le_bytes());
    let mut patched = 0;
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == true_size {
            bytes[at..at + 4].copy_from_slice(&lie);
            patched += 1;
        }
    }
    assert!(patched >= 1);
    let limits = Limits { uncompressed_bytes_max: 2_000_000, ..Limits::default() };
    let outcome = read_with(&file("danh-sach.xlsx", bytes), LIST, &selection(), &limits);
    expect![[r#"
        lỗi[file-broken] danh-sach.xlsx: tệp hỏng, không đọc được (chi tiết: File is larger than its declared uncompressed size)
            cách sửa: mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc
    "#]]
    .assert_eq(&outcome.told());
}

/// Entries that would land outside a folder, if anything were unpacked into one.
#[test]
fn entries_with_paths_go_nowhere() {
    let sheet = format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{HEADINGS}{ROW}</sheetData></worksheet>"#
    );
    let outside = std::env::temp_dir().join(format!("vanthu-slip-{}", std::process::id()));
    let absolute = outside.display().to_string();
    let climbing = format!("../../../../../../../../../..{absolute}");
    let parts: [(&str, &[u8]); 8] = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        (&absolute, b"x"),
        (&climbing, b"x"),
        ("..\\..\\x", b"x"),
    ];
    let path = archive("danh-sach.xlsx", &parts);
    let folder = path.parent().unwrap().to_owned();
    let before = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(read(&path).values("don_vi"), [json!("Quận 1")]);
    assert!(!outside.exists());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), before, "nothing was unpacked beside it");
    // A sheet that the relations look for outside the archive is not there.
    let relations = WORKBOOK_RELATIONS.replace("worksheets/sheet1.xml", "../../../../../../../../etc/passwd");
    let mut parts = parts;
    parts[3].1 = relations.as_bytes();
    let told = read(&archive("danh-sach.xlsx", &parts)).told();
    assert!(told.starts_with("lỗi[") && !told.contains("root:"), "{told}");
}

#[test]
fn a_workbook_with_a_password_is_refused_with_the_way_out() {
    // An OLE container with a directory entry of that name, as Excel writes an encrypted workbook.
    let mut bytes = vec![0; 2048];
    bytes[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes[1024 + 128..1024 + 128 + name.len()].copy_from_slice(&name);
    check(
        file("danh-sach.xlsx", bytes),
        expect![[r#"
        lỗi[file-encrypted] danh-sach.xlsx: tệp đặt mật khẩu nên không đọc được
            cách sửa: mở tệp bằng Excel, vào Tệp > Thông tin > Bảo vệ sổ làm việc, bỏ mật khẩu rồi lưu lại
    "#]],
    );
}

#[test]
fn other_files_under_the_name_of_a_workbook_are_refused() {
    check(
        archive("danh-sach.xlsx", &[("word/document.xml", b"<w/>")]),
        expect![[r#"
        lỗi[file-format] danh-sach.xlsx: không phải bảng dữ liệu mà là tài liệu Word
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    check(
        archive("danh-sach.xlsx", &[("xl/workbook.bin", b"x")]),
        expect![[r#"
        lỗi[file-format] danh-sach.xlsx: là sổ Excel nhị phân (.xlsb), không đọc được
            cách sửa: mở bằng Excel, chọn Lưu thành > Excel Workbook (.xlsx)
    "#]],
    );
    check(
        archive("danh-sach.xlsx", &[("ghi-chu.txt", b"x")]),
        expect![[r#"
        lỗi[file-format] danh-sach.xlsx: không phải bảng dữ liệu mà là tệp nén ZIP
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    check(
        archive("danh-sach.xlsx", &[("trong.zip", b"PK\x03\x04"), ("mimetype", b"application/zip")]),
        expect![[r#"
        lỗi[file-format] danh-sach.xlsx: không phải bảng dữ liệu mà là tệp nén ZIP
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    check(
        archive("danh-sach.ods", &[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")]),
        expect![[r#"
        lỗi[file-format] danh-sach.ods: không phải bảng dữ liệu mà là tài liệu OpenDocument loại khác
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    let mut word = vec![0; 1024];
    word[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    let name: Vec<u8> = "WordDocument".encode_utf16().flat_map(u16::to_le_bytes).collect();
    word[512..512 + name.len()].copy_from_slice(&name);
    check(
        file("danh-sach.xls", word),
        expect![[r#"
        lỗi[file-format] danh-sach.xls: không phải bảng dữ liệu mà là tài liệu Word
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
}

#[test]
fn a_text_file_under_the_name_of_a_workbook_is_read() {
    assert_eq!(read_text("danh-sach.xlsx", "Họ và tên,Đơn vị\nAn,Quận 1\n").values("ho_ten"), [json!("An")]);
}

#[test]
fn damaged_archives_are_refused() {
    let whole = std::fs::read(workbook(&format!("<sheetData>{HEADINGS}{ROW}</sheetData>"))).unwrap();
    let mut cut = whole.clone();
    cut.truncate(whole.len() / 2);
    assert!(read(&file("danh-sach.xlsx", cut)).told().contains("file-broken"));
    // A changed byte in the packed sheet shows in its check sum or its structure.
    for at in (200..whole.len() - 200).step_by(37) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let _ = read(&file("danh-sach.xlsx", damaged)).told();
    }
}

#[test]
fn hostile_xml_is_refused() {
    let sheet = |xml: &str| workbook(xml);
    check(
        archive(
            "danh-sach.xlsx",
            &[
                ("_rels/.rels", RELATIONS.as_bytes()),
                ("xl/workbook.xml", br#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">]><workbook/>"#),
            ],
        ),
        expect![[r#"
            lỗi[file-broken] danh-sach.xlsx: tệp hỏng, không đọc được (chi tiết: document type definition)
                cách sửa: mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc
        "#]],
    );
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"1\"")).collect();
    check(
        sheet(&format!("<sheetData><row{attributes}/></sheetData>")),
        expect![[r#"
        lỗi[file-broken] danh-sach.xlsx: tệp hỏng, không đọc được (chi tiết: oversized XML tag)
            cách sửa: mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc
    "#]],
    );
    check(
        sheet(&format!("<sheetData>{HEADINGS}<row r=\"2\"><c r=\"A2\" t=\"s\"><v>7</v></c></row></sheetData>")),
        expect![[r#"
        lỗi[file-broken] danh-sach.xlsx: tệp hỏng, không đọc được (chi tiết: Cell string index not found in shared strings table)
            cách sửa: mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc
    "#]],
    );
    check(
        sheet(&format!("<sheetData>{HEADINGS}<row r=\"2\"><c r=\"A2\" t=\"zz\"><v>7</v></c></row></sheetData>")),
        expect![[r#"
        lỗi[file-broken] danh-sach.xlsx: tệp hỏng, không đọc được (chi tiết: Unknown cell 't' attribute: "zz")
            cách sửa: mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc
    "#]],
    );
    check(
        sheet(&format!("<sheetData>{HEADINGS}<row r=\"2\"><c r=\"A2\"><v>7</v>")),
        expect![[r#"
        lỗi[file-broken] danh-sach.xlsx: tệp hỏng, không đọc được (chi tiết: Unexpected end of xml, expecting '</c>')
            cách sửa: mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc
    "#]],
    );
    check(
        sheet("<sheetData/>"),
        expect![[r#"
        lỗi[data-empty] danh-sach.xlsx: không có trang tính nào (không ẩn) có dữ liệu
    "#]],
    );
}

#[test]
fn a_formula_never_calculated_is_named() {
    let row = r#"<row r="2"><c r="A2"><f>B2&amp;"x"</f></c><c r="B2" t="str"><f>""</f><v></v></c><c r="C2" t="inlineStr"><is><t>y</t></is></c></row>"#;
    check(
        workbook(&format!("<sheetData>{HEADINGS}{row}</sheetData>")),
        expect![[r#"
        lỗi[formula-uncalculated] danh-sach.xlsx, Sheet1!A2: ô “Họ và tên” là công thức chưa được tính nên không có giá trị
            cách sửa: mở tệp bằng Excel rồi lưu lại
        cảnh báo[column-without-heading] danh-sach.xlsx, Sheet1!C2: “y” cột C có dữ liệu nhưng không có tiêu đề; cột bị bỏ qua
    "#]],
    );
}

#[test]
fn dates_of_the_1904_system_are_the_same_days() {
    let styles = r#"<styleSheet><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    let relations = WORKBOOK_RELATIONS.replace("</Relationships>", r#"<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#);
    let sheet = format!(
        r#"<worksheet><sheetData>{}<row r="2"><c r="A2" t="inlineStr"><is><t>An</t></is></c><c r="B2" t="inlineStr"><is><t>Quận 1</t></is></c><c r="C2" s="1"><v>{}</v></c></row></sheetData></worksheet>"#,
        HEADINGS.replace("</row>", r#"<c r="C1" t="inlineStr"><is><t>Ngày sinh</t></is></c></row>"#),
        21_980 - 1_462
    );
    let path = archive(
        "danh-sach.xlsx",
        &[
            ("_rels/.rels", RELATIONS.as_bytes()),
            ("xl/workbook.xml", WORKBOOK.replace("<sheets>", r#"<workbookPr date1904="1"/><sheets>"#).as_bytes()),
            ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
            ("xl/styles.xml", styles.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ],
    );
    assert_eq!(read(&path).values("ngay_sinh"), [json!("1960-03-05")]);
}

#[test]
fn opendocument_spreadsheets_are_read_and_their_bombs_refused() {
    let content = |rows: &str| {
        format!(
            r#"<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="Trang 1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
        )
    };
    let cell = |text: &str| format!(r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#);
    let ods = |rows: &str| {
        archive(
            "danh-sach.ods",
            &[
                ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
                ("META-INF/manifest.xml", MANIFEST),
                ("content.xml", content(rows).as_bytes()),
            ],
        )
    };
    let headings = format!("<table:table-row>{}{}{}</table:table-row>", cell("Họ và tên"), cell("Đơn vị"), cell("Ngày sinh"));
    let date = r#"<table:table-cell office:value-type="date" office:date-value="1960-03-05"/>"#;
    let row = format!("<table:table-row>{}{}{date}</table:table-row>", cell("An"), cell("Quận 1"));
    let rest = r#"<table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>"#;
    let outcome = read(&ods(&format!("{headings}{row}{rest}")));
    assert_eq!(outcome.values("ngay_sinh"), [json!("1960-03-05")], "{}", outcome.told());
    assert_eq!(outcome.rows[0].places.of("/ho_ten").describe(vanthu::language::Language::Vietnamese), "danh-sach.ods, 'Trang 1'!A2");

    let bomb = r#"<table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="300" office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>"#;
    check(
        ods(&format!("{headings}{bomb}")),
        expect![[r#"
            lỗi[workbook-too-large] danh-sach.ods: bảng trải quá rộng: 300 cột, 314.572.500 ô (giới hạn 512 cột, 5.000.000 ô)
                cách sửa: xoá các ô nằm xa vùng dữ liệu, hoặc chép vùng dữ liệu sang tệp .xlsx mới
        "#]],
    );
    let merged = format!(
        r#"<table:table-row>{}<table:table-cell table:number-rows-spanned="2" table:number-columns-spanned="1" office:value-type="string"><text:p>Quận 1</text:p></table:table-cell></table:table-row>"#,
        cell("An")
    );
    check(
        ods(&format!("{headings}{merged}")),
        expect![[r#"
        lỗi[cells-merged] danh-sach.ods, 'Trang 1'!B2: các ô B2:B3 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
    "#]],
    );
}

#[test]
fn an_xls_container_without_a_workbook_is_refused() {
    let mut bytes = vec![0; 4096];
    bytes[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    check(
        file("danh-sach.xls", &bytes),
        expect![[r#"
        lỗi[file-format] danh-sach.xls: không phải bảng dữ liệu mà là tệp Office không rõ loại
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    let name: Vec<u8> = "Workbook".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes[1024..1024 + name.len()].copy_from_slice(&name);
    check(
        file("danh-sach.xls", &bytes),
        expect![[r#"
        lỗi[file-broken] danh-sach.xls: tệp hỏng, không đọc được (chi tiết: no workbook stream)
            cách sửa: mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc
    "#]],
    );
}

/// An Excel 97–2003 workbook with one sheet: cells of text, and a number far out when `corner` is set.
fn xls(cells: &[(u16, u16, &str)], corner: Option<(u16, u16)>) -> Vec<u8> {
    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }
    fn text(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }
    let bof = |kind: u16| record(0x0809, &[&0x0600_u16.to_le_bytes()[..], &kind.to_le_bytes(), &[0; 12]].concat());
    let sheet_name = text("Sheet1");
    let globals_length = bof(5).len() + 4 + 8 + sheet_name.len() + 4;
    let mut stream = bof(5);
    let bound = [&(globals_length as u32).to_le_bytes()[..], &[0, 0, 6, 1], &sheet_name].concat();
    stream.extend(record(0x0085, &bound));
    stream.extend(record(0x000A, &[]));
    assert_eq!(stream.len(), globals_length);
    stream.extend(bof(0x10));
    for (row, column, cell) in cells {
        let head = [row.to_le_bytes(), column.to_le_bytes(), [0, 0], (cell.encode_utf16().count() as u16).to_le_bytes()].concat();
        stream.extend(record(0x0204, &[&head[..], &[1], &text(cell)].concat()));
    }
    if let Some((row, column)) = corner {
        let head = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
        stream.extend(record(0x0203, &[&head[..], &1.0_f64.to_le_bytes()].concat()));
    }
    stream.extend(record(0x000A, &[]));
    // Streams shorter than 4,096 bytes would lie in the small sectors.
    stream.resize(4096, 0);

    // Header, sector 0: allocation table, sector 1: directory, sectors 2 to 9: the stream.
    let mut header = vec![0_u8; 512];
    header[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(24, &[0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0]);
    put(44, &1_u32.to_le_bytes());
    put(48, &1_u32.to_le_bytes());
    put(56, &4096_u32.to_le_bytes());
    put(60, &0xFFFF_FFFE_u32.to_le_bytes());
    put(68, &0xFFFF_FFFE_u32.to_le_bytes());
    put(76, &0_u32.to_le_bytes());
    put(80, &[0xFF; 432]);
    let mut table = vec![0xFFFF_FFFD_u32, 0xFFFF_FFFE];
    table.extend(3..10);
    table.push(0xFFFF_FFFE);
    table.resize(128, 0xFFFF_FFFF);
    let entry = |name: &str, kind: u8, child: u32, start: u32, size: u32| {
        let mut entry = vec![0_u8; 128];
        let name = text(name);
        entry[..name.len()].copy_from_slice(&name);
        entry[64..66].copy_from_slice(&(name.len() as u16 + 2).to_le_bytes());
        entry[66..68].copy_from_slice(&[kind, 1]);
        entry[68..76].copy_from_slice(&[0xFF; 8]);
        entry[76..80].copy_from_slice(&child.to_le_bytes());
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&size.to_le_bytes());
        entry
    };
    let mut directory = entry("Root Entry", 5, 1, 0xFFFF_FFFE, 0);
    directory.extend(entry("Workbook", 2, 0xFFFF_FFFF, 2, 4096));
    directory.resize(512, 0);
    [header, table.into_iter().flat_map(u32::to_le_bytes).collect(), directory, stream].concat()
}

#[test]
fn workbooks_of_excel_97_are_read_and_their_corners_refused() {
    let cells = [(0, 0, "Họ và tên"), (0, 1, "Đơn vị"), (1, 0, "An"), (1, 1, "Quận 1")];
    let outcome = read(&file("danh-sach.xls", xls(&cells, None)));
    assert_eq!(outcome.values("don_vi"), [json!("Quận 1")], "{}", outcome.told());
    assert_eq!(outcome.rows[0].places.of("/don_vi").describe(vanthu::language::Language::Vietnamese), "danh-sach.xls, Sheet1!B2");
    check(
        file("danh-sach.xls", xls(&cells, Some((65_535, 255)))),
        expect![[r#"
            lỗi[workbook-too-large] danh-sach.xls: bảng trải quá rộng: 16.777.216 ô (giới hạn 5.000.000 ô)
                cách sửa: xoá các ô nằm xa vùng dữ liệu, hoặc chép vùng dữ liệu sang tệp .xlsx mới
        "#]],
    );
    let whole = xls(&cells, None);
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xFF;
        let _ = read(&file("danh-sach.xls", damaged)).told();
    }
}

#[test]
fn long_cells_and_lines_are_read_in_linear_time() {
    let start = Instant::now();
    let quoted = format!("Họ và tên,Đơn vị\nAn,\"{}\"\n", "x".repeat(20_000_000));
    assert!(read_text("danh-sach.csv", quoted).told().contains("cell-too-long"));
    let plain = format!("Họ và tên,Đơn vị\n{},Quận 1\n", "ệ".repeat(5_000_000));
    assert!(read_text("danh-sach.csv", plain).told().contains("cell-too-long"));
    assert!(read_text("danh-sach.csv", "x".repeat(20_000_000)).told().contains("headings-not-found"));
    let object = format!(r#"{{"ho_ten": "{}", "don_vi": "Quận 1"}}"#, "\\u1ec7".repeat(3_000_000));
    assert!(read_text("du-lieu.json", object).told().contains("cell-too-long"));
    assert!(start.elapsed() < Duration::from_secs(30));
}
