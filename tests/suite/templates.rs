//! Every template with its sample, found by existing, read by programs that are not ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use unicode_normalization::is_nfc;

use crate::support::{Office, assert_sound, foreign, info_of, pages_of, python, text_of};

/// Names of all templates.
fn names() -> Vec<String> {
    let list: Value = serde_json::from_str(&Office::new().must(&["template", "list", "--json"]).stdout).expect("JSON");
    list["templates"].as_array().expect("templates").iter().map(|template| template["name"].as_str().expect("a name").to_owned()).collect()
}

/// The sample of a template in a standard: documents with their pages as PNG beside them.
fn preview(office: &Office, template: &str, standard: &str) -> Vec<PathBuf> {
    let out = format!("{template}-{standard}");
    let said = office.must(&["preview", template, "--out", &out, "--standard", standard, "--ppi", "40"]);
    said.stdout.lines().filter(|line| line.ends_with(".pdf")).map(|line| office.path.join(line)).collect()
}

#[test]
fn every_sample_renders_in_every_standard_and_is_sound() {
    let office = Office::with_workspace();
    for template in names() {
        for standard in ["a-2b", "ua-1", "a-2u", "a-3b", "a-4", "1.7"] {
            let documents = preview(&office, &template, standard);
            assert!(!documents.is_empty(), "{template} has no sample");
            for document in documents {
                assert_sound(&document);
            }
        }
    }
}

#[test]
fn every_page_has_the_size_of_office_paper_and_embedded_fonts_only() {
    let office = Office::with_workspace();
    for template in names() {
        for document in preview(&office, &template, "a-2b") {
            let size = info_of(&document, "Page size");
            assert!(
                ["595.276 x 841.89 pts (A4)", "841.89 x 595.276 pts (A4)", "1190.55 x 841.89 pts (A3)"].contains(&size.as_str()),
                "{}: {size}",
                document.display()
            );
            for line in foreign("pdffonts", &[&document]).lines().skip(2) {
                assert!(line.contains("yes yes yes"), "{}: {line}", document.display());
            }
        }
    }
}

#[test]
fn the_text_of_every_page_is_composed_and_has_no_foreign_letter() {
    let office = Office::with_workspace();
    for template in names() {
        for document in preview(&office, &template, "a-2b") {
            let text = text_of(&document);
            assert!(text.chars().count() > 100, "{}", document.display());
            assert!(is_nfc(&text), "{}", document.display());
            for forbidden in ['\u{D0}', '\u{F0}', '\u{AD}', '\u{FFFD}', '\u{200B}'] {
                assert!(!text.contains(forbidden), "{}: U+{:04X}", document.display(), forbidden as u32);
            }
        }
    }
}

#[test]
fn a_page_number_stands_on_every_page_but_the_first() {
    let office = Office::with_workspace();
    for template in ["bao-cao-tong-ket", "bien-ban-giao-ban"] {
        for document in preview(&office, template, "a-2b") {
            for page in 1..=pages_of(&document) {
                let number = page.to_string();
                let text = foreign("pdftotext", &["-f", &number, "-l", &number, "-layout", document.to_str().expect("a path"), "-"]);
                let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
                assert_eq!(first == number, page > 1, "{} page {page}: {first}", document.display());
            }
        }
    }
}

#[test]
fn the_accessible_standard_has_structure_language_and_title() {
    let office = Office::with_workspace();
    for template in names() {
        let document = preview(&office, &template, "ua-1").remove(0);
        assert_eq!(info_of(&document, "Tagged"), "yes", "{template}");
        let pdf = String::from_utf8_lossy(&std::fs::read(&document).expect("a PDF")).into_owned();
        assert!(pdf.contains("/Lang(vi-VN)") || pdf.contains("/Lang (vi-VN)"), "{template}");
        assert!(pdf.contains("<pdfuaid:part>1</pdfuaid:part>"), "{template}");
        assert!(!info_of(&document, "Title").is_empty(), "{template}");
    }
}

#[test]
fn every_sample_keeps_to_the_decree() {
    let office = Office::with_workspace();
    for template in names() {
        for document in preview(&office, &template, "a-2b") {
            let said = office.run(&["lint", "--json", document.to_str().expect("a path")]);
            let kind = match template.as_str() {
                "so-khen-thuong" | "so-dang-ky-van-ban" => "register",
                "to-can-chinh" => "sheet",
                "giay-khen" | "bang-khen" | "giay-chung-nhan" => "certificate",
                _ => "administrative",
            };
            let report: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
            let file = &report["files"][0];
            assert_eq!(
                (&file["findings"], &file["documents"][0]["kind"]),
                (&serde_json::json!([]), &kind.into()),
                "{}",
                document.display()
            );
            assert_eq!(said.code, 0, "{}", document.display());
        }
    }
}

/// PDFBox preflight reads the destination of a bookmark without following its reference, and then says of each bookmark
/// of our exporter's files that it is none. Any value may be a reference (ISO 32000-1, 7.3.10), so this one error is false;
/// it is accepted only as often as the file has bookmarks, and only when another program follows each to its page.
const FALSE_ERROR: &str = "1.2.3 : Body Syntax error, Error: can't convert to Destination COSObject{";

/// Bookmarks of a document whose destination is a page, and all of them.
fn bookmarks(document: &Path) -> (usize, usize) {
    let counts = python(
        r#"
import sys
from pdfminer.pdfparser import PDFParser
from pdfminer.pdfdocument import PDFDocument, PDFNoOutlines
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import resolve1
document = PDFDocument(PDFParser(open(sys.argv[1], "rb")))
pages = {page.pageid for page in PDFPage.create_pages(document)}
try:
    targets = [resolve1(dest) for _, _, dest, _, _ in document.get_outlines()]
except PDFNoOutlines:
    targets = []
print(sum(isinstance(target, list) and target[0].objid in pages for target in targets), len(targets))
"#,
        &[document],
    );
    let (good, all) = counts.trim().split_once(' ').expect("two counts");
    (good.parse().expect("a count"), all.parse().expect("a count"))
}

#[test]
fn an_independent_validator_accepts_the_archive_standard_of_every_sample() {
    // Apache PDFBox preflight knows PDF/A-1b; no package of the registries validates the later parts.
    let office = Office::with_workspace();
    let mut documents = BTreeMap::new();
    std::fs::create_dir_all(office.path.join("pdf")).expect("a folder");
    for template in names() {
        for document in preview(&office, &template, "a-1b") {
            let name = format!("{:03}.pdf", documents.len());
            std::fs::copy(&document, office.path.join("pdf").join(&name)).expect("a copy");
            documents.insert(name, document);
        }
    }
    let jars = std::env::var("VANTHU_TEST_PREFLIGHT").expect("VANTHU_TEST_PREFLIGHT: the class path of PDFBox preflight, set by tests/run");
    let output = Command::new("java")
        .args(["-cp", &jars, "org.apache.pdfbox.preflight.Validator_A1b", "batch"])
        .arg(office.path.join("pdf"))
        .output()
        .expect("java is needed by the tests");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut judged = 0;
    for verdict in said.split("The file ").skip(1) {
        let (name, rest) = verdict.split_once(".pdf is ").expect("a verdict");
        let document = &documents[&format!("{name}.pdf")];
        judged += 1;
        if rest.starts_with("a valid PDF/A-1b file") {
            continue;
        }
        let errors: Vec<&str> = rest.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
        let others: Vec<&&str> = errors.iter().filter(|line| !line.starts_with(FALSE_ERROR)).collect();
        assert!(others.is_empty(), "{}: {others:?}", document.display());
        assert_eq!(bookmarks(document), (errors.len(), errors.len()), "{}", document.display());
    }
    assert_eq!(judged, documents.len(), "every document was judged: {said}");
}

#[test]
fn a_certificate_carries_a_code_that_a_scanner_reads() {
    let office = Office::with_workspace();
    let document = preview(&office, "giay-khen", "a-2b").remove(0);
    let picture = office.path.join("trang");
    foreign("pdftoppm", &["-r", "200", "-png", "-singlefile", document.to_str().expect("a path"), picture.to_str().expect("a path")]);
    let read = foreign("zbarimg", &["-q", "--raw", &format!("{}.png", picture.display())]);
    assert!(read.starts_with("GIẤY KHEN"), "{read}");
}

#[test]
fn a_certificate_is_at_most_40_kilobytes() {
    let office = Office::with_workspace();
    office.write("d.csv", crate::support::people(20));
    office.must(&crate::support::award_run("d.csv", "o", &[]));
    for document in office.documents("o") {
        let bytes = office.read(&format!("o/{document}")).len();
        assert!(bytes <= 40_000, "{document}: {bytes} bytes");
    }
}

#[test]
fn a_long_table_breaks_over_pages_with_its_heading_and_draws_a_line_chart() {
    let office = Office::with_workspace();
    let units: Vec<Value> = (1..=120)
        .map(|n| serde_json::json!({ "ten": format!("Hội Khuyến học xã Minh Họa {n}"), "don_vi_tinh": "người", "ky_truoc": n.to_string(), "ky_nay": (n + 3).to_string() }))
        .collect();
    let years: Vec<Value> = (2014..=2018)
        .map(|year| serde_json::json!({ "ky": year.to_string(), "chi_so": "Hội viên", "gia_tri": ((year - 2000) * 100).to_string(), "don_vi_tinh": "người" }))
        .collect();
    let record = serde_json::json!({
        "ten_ky": "năm 2018", "ten_ky_truoc": "năm 2017",
        "muc": [{ "cap": 1, "tieu_de": "Kết quả", "noi_dung": "Số liệu minh họa.", "kem": "Chỉ tiêu" }, { "cap": 1, "tieu_de": "Diễn biến", "noi_dung": "Qua các năm.", "kem": "Diễn biến" }],
        "chi_tieu": units, "dien_bien": years,
    });
    office.write("d.json", record.to_string());
    office.must(&["run", "--template", "bao-cao-tong-ket", "--data", "d.json", "--out", "o", "--name", "tong-ket"]);
    let document = office.path.join("o/tong-ket.pdf");
    let text = text_of(&document);
    assert!(pages_of(&document) > 3);
    assert!(text.matches("Đơn vị").count() > 2, "the heading of the table repeats");
    assert!(text.contains("Hội Khuyến học xã Minh Họa 120"));
    assert!(text.contains("Hình 1."), "the chart has its caption");
    // Vectors, not pixels.
    assert_eq!(foreign("pdfimages", &["-list", document.to_str().expect("a path")]).lines().count(), 2, "no raster image");
}

#[test]
fn no_sample_raises_a_false_alarm_over_capitals() {
    let office = Office::new();
    for template in names() {
        let sample = std::fs::read(format!("{}/report-templates/{template}/sample.json", env!("CARGO_MANIFEST_DIR"))).expect("a sample");
        office.write("d.json", sample);
        let said = office.run(&["check", "-t", &template, "-d", "d.json"]);
        assert!(!said.stderr.contains("capitals"), "{template}: {}", said.stderr);
    }
}

#[test]
fn capitals_of_prose_are_warned_of_once_with_a_suggestion_and_names_are_left_alone() {
    let office = Office::with_workspace();
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích\nCá nhân,Ông,lê văn an,ủy Ban nhân dân,\nCá nhân,Ông,Lê Văn Bình,Chi hội 1,xuất sắc theo khoản 2 điều 5\n");
    let arguments = ["check", "-t", "giay-khen", "-d", "d.csv", "--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019"];
    let said = office.run(&[&arguments[..], &["--set", "phong_trao=mừng tết Nguyên Đán"]].concat());
    expect_test::expect![[r#"
        cảnh báo[name-capitals] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (lê văn an): “lê văn an” viết hoa chưa đúng cách
            cách sửa: nếu là tên riêng, ghi “Lê Văn An”
        cảnh báo[capitals] d.csv: “tết Nguyên Đán” chữ hoa chưa đúng Phụ lục II Nghị định 30/2020/NĐ-CP (các mục III–V)
            cách sửa: viết “tết Nguyên đán”
        cảnh báo[capitals] d.csv, dòng 3, cột “Thành tích”: bản ghi 2 (Lê Văn Bình): “điều” chữ hoa chưa đúng Phụ lục II Nghị định 30/2020/NĐ-CP (mục V.7)
            cách sửa: viết “Điều”
    "#]].assert_eq(&said.stderr);
    assert_eq!(said.code, 0, "a warning refuses nothing");
}

#[test]
fn capitals_in_the_wording_of_an_own_template_are_warned_of_at_their_place() {
    let office = Office::with_workspace();
    office.must(&["template", "new", "thu", "--from", "giay-moi"]);
    let words = String::from_utf8(office.read("mau/thu/words.toml")).expect("text");
    office.write("mau/thu/words.toml", words.replace("trân trọng kính mời:", "và hội khuyến học phường trân trọng kính mời:"));
    let sample: Value = serde_json::from_slice(&office.read("mau/thu/sample.json")).expect("JSON");
    office.write("d.json", serde_json::json!([sample[0]]).to_string());
    let said = office.run(&["check", "-t", "thu", "-d", "d.json"]);
    expect_test::expect![[r#"
        cảnh báo[capitals] thu/words.toml:8:32: “hội khuyến học” chữ hoa chưa đúng Phụ lục II Nghị định 30/2020/NĐ-CP (các mục III–V)
            | kinh_moi = "{{to_chuc.ten}} và hội khuyến học phường trân trọng kính mời:"
            |                                ^
            cách sửa: viết “Hội Khuyến học”
    "#]]
    .assert_eq(&said.stderr);
    assert_eq!(said.code, 0);
}

#[test]
fn a_report_bears_stamps_the_drafters_code_and_an_appendix() {
    let office = Office::with_workspace();
    let sample = std::fs::read(format!("{}/report-templates/bao-cao/sample.json", env!("CARGO_MANIFEST_DIR"))).expect("a sample");
    let mut record: Value = serde_json::from_slice(&sample).expect("JSON");
    if record.is_array() {
        record = record[0].take();
    }
    for (name, value) in [("do_khan", "HỎA TỐC"), ("do_mat", "MẬT"), ("luu_hanh", "LƯU HÀNH NỘI BỘ"), ("nguoi_soan", "nth.(05)")]
    {
        record[name] = value.into();
    }
    record["phu_luc"] = serde_json::json!([{ "cap": 1, "tieu_de": "Số liệu", "noi_dung": "Một dòng." }]);
    office.write("d.json", record.to_string());
    office.must(&["run", "-t", "bao-cao", "-d", "d.json", "-o", "o", "--name", "mot"]);
    let document = office.path.join("o/mot.pdf");
    let text = text_of(&document);
    for part in [
        "HỎA TỐC",
        "MẬT",
        "LƯU HÀNH NỘI BỘ",
        "NTH.(05)",
        "Phụ lục",
        "NỘI DUNG KÈM THEO BÁO CÁO",
        "(Kèm theo Báo cáo số",
        "I. SỐ LIỆU",
        "Một dòng./.",
    ] {
        assert!(text.replace('\u{a0}', " ").contains(part), "{part} is not in\n{text}");
    }
    let said = office.run(&["lint", document.to_str().expect("a path")]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
}
