//! Every template with its sample, found by existing, read by programs that are not ours.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use unicode_normalization::is_nfc;

use crate::support::{Office, assert_sound, foreign, info_of, pages_of, text_of};

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
                "so-khen-thuong" => "register",
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

#[test]
fn an_independent_validator_accepts_the_archive_standard() {
    // Apache PDFBox preflight knows PDF/A-1b; no package of the registries validates the later parts.
    let office = Office::with_workspace();
    let documents = preview(&office, "giay-khen", "a-1b");
    let jars = std::env::var("VANTHU_TEST_PREFLIGHT").expect("VANTHU_TEST_PREFLIGHT: the class path of PDFBox preflight, set by tests/run");
    for document in documents {
        let output = Command::new("java")
            .args(["-cp", &jars, "org.apache.pdfbox.preflight.Validator_A1b"])
            .arg(&document)
            .output()
            .expect("java is needed by the tests");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("is a valid PDF/A-1b file"), "{}: {said}", document.display());
    }
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
