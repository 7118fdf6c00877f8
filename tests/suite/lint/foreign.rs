//! Files that other programs made: LibreOffice from its own form and from DOCX, ReportLab, and PDFs that write their text
//! in uncommon ways.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use vanthu::language::Language;
use vanthu::lint::{self, LintError, Options};

use super::documents::{certificate, letter, report};
use super::office_document::{CORRECT, FAULTY};
use super::sheet::{MM, Picture, Sheet};
use crate::support::{Office, award_run, foreign, people, python};

/// The findings of a file, one a line, without its name.
fn findings(bytes: &[u8]) -> String {
    let report = lint::lint(bytes, &Options::default()).expect("a readable PDF");
    report.to_diagnostics("").iter().map(|one| one.describe(Language::Vietnamese) + "\n").collect()
}

fn refused(bytes: &[u8]) -> LintError {
    lint::lint(bytes, &Options::default()).map(|_| ()).expect_err("refused")
}

/// LibreOffice with a profile and fonts of its own: those of this project, not what the machine happens to have.
fn convert(office: &Office, to: &str, files: &[&Path]) {
    let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
    let config = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig><dir>{}</dir><cachedir>{}</cachedir></fontconfig>",
        fonts.display(),
        office.path.join("font-cache").display()
    );
    let config = office.write("fonts.conf", config);
    let output = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", office.path.join("profile").display()))
        .args(["--headless", "--convert-to", to, "--outdir"])
        .arg(&office.path)
        .args(files)
        .env("FONTCONFIG_FILE", config)
        .env("HOME", &office.path)
        .output()
        .expect("soffice is needed by the tests (tests/run installs it)");
    assert!(output.status.success(), "soffice: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_correct_document_of_a_word_processor_passes_and_its_hurried_twin_does_not() {
    let office = Office::new();
    let correct = office.write("correct.fodt", CORRECT.to_fodt());
    let faulty = office.write("faulty.fodt", FAULTY.to_fodt());
    convert(&office, "pdf", &[&correct, &faulty]);
    assert_eq!(findings(&office.read("correct.pdf")), "");
    let expected = expect_test::expect![[r#"
        lỗi[folio-first-page] , trang 1, cách trái 106 mm, cách trên 10 mm: Trang thứ nhất không hiển thị số trang. Ở đây: “1”; cần: không có (NĐ 30/2020, PL I, I.7)
        lỗi[tieu-ngu-text] , trang 1, cách trái 110 mm, cách trên 26 mm: Tiêu ngữ: chữ cái đầu của các cụm từ viết hoa, giữa các cụm từ có gạch nối (-), có cách chữ. Ở đây: “Độc lập – Tự do – Hạnh phúc” (U+2013); cần: “Độc lập - Tự do - Hạnh phúc” (NĐ 30/2020, PL I, II.1b)
        lỗi[tieu-ngu-rule] , trang 1, cách trái 100 mm, cách trên 31 mm: Dưới Tiêu ngữ có đường kẻ nét liền dài bằng dòng chữ. Ở đây: 82 mm; cần: 62 mm (NĐ 30/2020, PL I, II.1b)
        lỗi[thang-padding] , trang 1, cách trái 107 mm, cách trên 33 mm: Chỉ tháng 1 và tháng 2 ghi thêm số 0 phía trước. Ở đây: “tháng 06”; cần: “tháng 6” (NĐ 30/2020, PL I, II.4b)
        lỗi[margin-left] , trang 1, cách trái 24 mm, cách trên 59 mm: Lề trái 30–35 mm. Ở đây: 25 mm; cần: 30–35 mm (NĐ 30/2020, PL I, I.3)
        lỗi[font-family] , trang 1, cách trái 25 mm, cách trên 104 mm: Phông chữ là Times New Roman (hoặc phông cùng kích thước chữ). Ở đây: “LiberationSans”; cần: “Times New Roman” (NĐ 30/2020, PL I, I.4)
        lỗi[noi-nhan-marks] , trang 2, cách trái 25 mm, cách trên 140 mm: Mỗi nơi nhận một dòng, đầu dòng có dấu “-”, cuối dòng có dấu “;”, dòng cuối cùng có dấu “.”. Ở đây: “- Trung ương Hội,”; cần: “- Trung ương Hội;” (NĐ 30/2020, PL I, II.9d)
        lỗi[ho-ten-title] , trang 2, cách trái 117 mm, cách trên 169 mm: Trước họ tên người ký không ghi học hàm, học vị và các danh hiệu danh dự khác. Ở đây: “ThS. Nguyễn Văn Ánh”; cần: “Nguyễn Văn Ánh” (NĐ 30/2020, PL I, II.7c)
    "#]];
    expected.assert_eq(&findings(&office.read("faulty.pdf")));
    // The same by way of Word's format.
    convert(&office, "docx", &[&correct, &faulty]);
    let rename = |name: &str| -> PathBuf {
        let to = office.path.join(format!("word-{name}.docx"));
        std::fs::rename(office.path.join(format!("{name}.docx")), &to).expect("a DOCX");
        to
    };
    let (correct, faulty) = (rename("correct"), rename("faulty"));
    convert(&office, "pdf", &[&correct, &faulty]);
    assert_eq!(findings(&office.read("word-correct.pdf")), "");
    let rules = |bytes: &[u8]| -> Vec<&'static str> {
        lint::lint(bytes, &Options::default()).expect("a readable PDF").findings.iter().map(|finding| finding.rule).collect()
    };
    assert_eq!(rules(&office.read("word-faulty.pdf")), rules(&office.read("faulty.pdf")));
}

/// A công văn by ReportLab: fonts in subsets of 256 codes, text by other operators than a word processor's.
const REPORTLAB: &str = r#"
import sys
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph

fonts, out, faulty = sys.argv[1], sys.argv[2], sys.argv[3] == "faulty"
for name in ("Regular", "Bold", "Italic", "BoldItalic"):
    pdfmetrics.registerFont(TTFont(name, f"{fonts}/liberation/LiberationSerif-{name}.ttf"))
page = canvas.Canvas(out, pagesize=(210 * mm, 297 * mm))

def centre(x, y, font, size, text):
    page.setFont(font, size)
    page.drawCentredString(x * mm, (297 - y) * mm, text)
    return pdfmetrics.stringWidth(text, font, size)

def left(x, y, font, size, text):
    page.setFont(font, size)
    page.drawString(x * mm, (297 - y) * mm, text)

def rule(x, y, width):
    page.setLineWidth(0.6)
    page.line(x * mm - width / 2, (297 - y) * mm, x * mm + width / 2, (297 - y) * mm)

centre(61, 24.1, "Regular", 13, "TRUNG ƯƠNG HỘI")
width = centre(61, 29.4, "Bold", 13, "HỘI KHUYẾN HỌC TỈNH A")
rule(61, 30.9, (0.9 if faulty else 0.4) * width)
centre(142, 24.1, "Bold", 13, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
rule(142, 31.1, centre(142, 29.7, "Bold", 14, "Độc lập - Tự do - Hạnh phúc"))
centre(61, 37.1, "Regular", 13, "Số: 7/HKH-VP" if faulty else "Số: 07/HKH-VP")
centre(142, 39.1 if faulty else 37.1, "Italic", 13, "Yên Bái, ngày 02 tháng 01 năm 2026")
centre(61, 44.0, "Regular", 12, "V/v chuẩn bị hội nghị tổng kết")
left(65, 60, "Regular", 14, "Kính gửi: Các chi hội trực thuộc.")
style = ParagraphStyle("body", fontName="Regular", fontSize=14, leading=17.7, alignment=TA_JUSTIFY, firstLineIndent=(8 if faulty else 10) * mm)
y = 297 - 68
for _ in range(4):
    text = Paragraph("Hội Khuyến học tỉnh Yên Bái đề nghị các chi hội trực thuộc chuẩn bị báo cáo kết quả công tác khuyến học, khuyến "
        "tài, xây dựng xã hội học tập của đơn vị, kèm theo số liệu và phương hướng nhiệm vụ của năm tiếp theo, gửi về Văn "
        "phòng Hội để tổng hợp, trình Ban Thường vụ xem xét, chỉ đạo thực hiện.", style)
    _, height = text.wrap(160 * mm, 200 * mm)
    text.drawOn(page, 30 * mm, y * mm - height)
    y -= height / mm + 6 / 72 * 25.4
y = 297 - y + 8
left(30, y, "BoldItalic", 12, "Nơi nhận:")
left(30, y + 4.9, "Regular", 11, "- Như trên;")
left(30, y + 9.4, "Regular", 11, "- Lưu VP." if faulty else "- Lưu: VT, VP (2).")
centre(142, y, "Bold", 14, "CHÁNH VĂN PHÒNG")
centre(142, y + 36, "Bold", 14, "NGUYỄN VĂN ÁNH" if faulty else "Nguyễn Văn Ánh")
page.save()
"#;

#[test]
fn a_third_producer_is_read_as_well() {
    let office = Office::new();
    let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
    for twin in ["correct", "faulty"] {
        python(REPORTLAB, &[&fonts, &office.path.join(format!("{twin}.pdf")), Path::new(twin)]);
    }
    assert_eq!(findings(&office.read("correct.pdf")), "");
    let expected = expect_test::expect![[r#"
        lỗi[co-quan-rule] , trang 1, cách trái 34 mm, cách trên 30 mm: Dưới tên cơ quan có đường kẻ nét liền dài 1/3–1/2 dòng chữ, đặt cân đối. Ở đây: 53,2 mm; cần: 19,7 mm – 29,6 mm (NĐ 30/2020, PL I, II.2b)
        lỗi[so-padding] , trang 1, cách trái 47 mm, cách trên 33 mm: Số nhỏ hơn 10 ghi thêm một số 0 phía trước. Ở đây: “7”; cần: “07” (NĐ 30/2020, PL I, II.3c)
        lỗi[dia-danh-baseline] , trang 1, cách trái 108 mm, cách trên 35 mm: Địa danh, thời gian cùng một dòng với số, ký hiệu. Ở đây: lệch 2 mm; cần: cùng một dòng (NĐ 30/2020, PL I, II.4c)
        lỗi[body-indent] , trang 1, cách trái 30 mm, cách trên 69 mm: Chữ đầu dòng lùi vào 1 cm hoặc 1,27 cm. Ở đây: 8 mm; cần: 10 mm hoặc 12,7 mm (NĐ 30/2020, PL I, II.6e)
        lỗi[noi-nhan-luu] , trang 1, cách trái 30 mm, cách trên 190 mm: Dòng cuối cùng là “- Lưu: VT, …”. Ở đây: “- Lưu VP.”; cần: “- Lưu: VT, …” (NĐ 30/2020, PL I, II.9d)
        lỗi[ho-ten-style] , trang 1, cách trái 119 mm, cách trên 216 mm: Họ tên người ký: chữ in thường, đứng, đậm, cỡ chữ 13–14. Ở đây: “NGUYỄN VĂN ÁNH”; cần: chữ in thường (NĐ 30/2020, PL I, II.7đ)
    "#]];
    expected.assert_eq(&findings(&office.read("faulty.pdf")));
}

#[test]
fn the_merged_file_of_a_batch_is_judged_document_by_document() {
    let office = Office::with_workspace();
    office.write("people.csv", people(3));
    office.must(&award_run("people.csv", "out", &["--merge"]));
    let merged = std::fs::read_dir(office.path.join("out")).expect("a folder").flatten().map(|entry| entry.path());
    let merged =
        merged.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("_tat-ca"))).expect("merged");
    let report = lint::lint(&std::fs::read(merged).expect("a PDF"), &Options::default()).expect("a readable PDF");
    assert_eq!((report.documents.len(), report.findings.len()), (3, 0));
}

/// The report, its first page changed by `change`, which gets the page's dictionary and content.
fn changed(sheet: &Sheet, change: impl Fn(&mut Document, ObjectId, Vec<u8>)) -> Vec<u8> {
    let mut document = Document::load_mem(&sheet.to_pdf()).expect("a PDF");
    let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
    for page in pages {
        let content = document.get_page_content(page);
        change(&mut document, page, content);
    }
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("a PDF in memory");
    bytes
}

fn page_of(document: &mut Document, page: ObjectId) -> &mut Dictionary {
    document.get_object_mut(page).and_then(Object::as_dict_mut).expect("a page")
}

fn set_content(document: &mut Document, page: ObjectId, content: Vec<u8>) {
    let stream = document.add_object(Stream::new(dictionary! {}, content));
    page_of(document, page).set("Contents", stream);
}

fn box_of(numbers: [f64; 4]) -> Vec<Object> {
    numbers.iter().map(|number| Object::Real((number * MM) as f32)).collect()
}

#[test]
fn text_in_a_form_on_a_turned_page_and_in_a_crop_box_stands_where_a_reader_sees_it() {
    let in_form = changed(&report(), |document, page, content| {
        let resources = page_of(document, page).get(b"Resources").expect("resources").clone();
        let form = Stream::new(
            dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => box_of([0.0, 0.0, 210.0, 297.0]), "Resources" => resources },
            content,
        );
        let form = document.add_object(form);
        page_of(document, page).set("Resources", dictionary! { "XObject" => dictionary! { "F" => form } });
        set_content(document, page, b"q /F Do Q".to_vec());
    });
    assert_eq!(findings(&in_form), "");
    // Drawn lying on its side and turned upright for the reader.
    let turned = changed(&report(), |document, page, content| {
        let shift = 297.0 * MM;
        let mut lying = format!("q 0 1 -1 0 {shift:.4} 0 cm\n").into_bytes();
        lying.extend(content);
        lying.extend(b"\nQ");
        page_of(document, page).set("MediaBox", box_of([0.0, 0.0, 297.0, 210.0]));
        page_of(document, page).set("Rotate", 90);
        set_content(document, page, lying);
    });
    assert_eq!(findings(&turned), "");
    // A4 cut out of a larger sheet, as print shops send it.
    let cropped = changed(&report(), |document, page, content| {
        let mut moved = format!("q 1 0 0 1 {:.4} {:.4} cm\n", 40.0 * MM, 60.0 * MM).into_bytes();
        moved.extend(content);
        moved.extend(b"\nQ");
        page_of(document, page).set("MediaBox", box_of([0.0, 0.0, 297.0, 420.0]));
        page_of(document, page).set("CropBox", box_of([40.0, 60.0, 250.0, 357.0]));
        set_content(document, page, moved);
    });
    assert_eq!(findings(&cropped), "");
}

#[test]
fn object_streams_and_an_empty_password_hide_nothing() {
    let office = Office::new();
    let whole = office.write("whole.pdf", letter().replace("so", "12/", "012/").to_pdf());
    for (name, arguments) in [
        ("streams.pdf", &["--object-streams=generate", "--linearize", "--compress-streams=y"][..]),
        ("locked.pdf", &["--encrypt", "", "owner", "256", "--"][..]),
    ] {
        let to = office.path.join(name);
        let mut all: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        all.extend([whole.as_os_str(), to.as_os_str()]);
        foreign("qpdf", &all);
        assert_eq!(findings(&office.read(name)), findings(&office.read("whole.pdf")), "{name}");
    }
    assert!(findings(&office.read("whole.pdf")).contains("so-padding"));
}

#[test]
fn text_whose_letters_the_file_does_not_tell_is_refused_as_such() {
    // CID fonts without ToUnicode.
    let mut mute = report();
    mute.unmapped = "*";
    assert_eq!(refused(&mute.to_pdf()), LintError::Unreadable);
    let text = LintError::Unreadable.to_diagnostic("x.pdf").describe(Language::Vietnamese);
    assert!(text.contains("hình vẽ") && text.contains("cách sửa"), "{text}");
    // Type 3: letters drawn by instructions, even with their codes told.
    let type3 = changed(&report(), |document, page, _| {
        let glyph = document.add_object(Stream::new(dictionary! {}, b"600 0 0 0 500 700 d1 0 0 500 700 re f".to_vec()));
        let map = b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <61> <7A> <0061> endbfrange".to_vec();
        let map = document.add_object(Stream::new(dictionary! {}, map));
        let names: Vec<Object> = (b'a'..=b'z').map(|letter| Object::Name(vec![letter])).collect();
        let procedures: Dictionary = (b'a'..=b'z').map(|letter| (vec![letter], Object::Reference(glyph))).collect();
        let mut differences = vec![Object::Integer(97)];
        differences.extend(names);
        let font = document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "Type3", "FontBBox" => vec![0.into(), 0.into(), 600.into(), 700.into()],
            "FontMatrix" => vec![Object::Real(0.001), 0.into(), 0.into(), Object::Real(0.001), 0.into(), 0.into()],
            "CharProcs" => procedures, "Encoding" => dictionary! { "Type" => "Encoding", "Differences" => differences },
            "FirstChar" => 97, "LastChar" => 122, "Widths" => vec![Object::Integer(600); 26], "ToUnicode" => map,
        });
        page_of(document, page).set("Resources", dictionary! { "Font" => dictionary! { "T" => font } });
        set_content(document, page, b"BT /T 14 Tf 100 700 Td (vanban) Tj ET".to_vec());
    });
    assert_eq!(refused(&type3), LintError::Unreadable);
}

#[test]
fn a_scanned_page_is_refused_with_its_reason() {
    let mut scan = Sheet::new(2);
    for page in 1..=2 {
        scan.pictures.push(Picture { label: "scan", page, area: [0.0, 0.0, 210.0, 297.0], colour: [250, 250, 245] });
    }
    assert_eq!(refused(&scan.to_pdf()), LintError::NoText { scanned: true });
    // One scanned page among readable ones is judged for what it shows: nothing.
    let mut mixed = certificate();
    mixed.pages.push((297.0, 210.0));
    mixed.pictures.push(Picture { label: "scan", page: 2, area: [0.0, 0.0, 297.0, 210.0], colour: [250, 250, 245] });
    assert_eq!(findings(&mixed.to_pdf()), "");
}
