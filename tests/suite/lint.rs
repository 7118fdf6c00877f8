//! `vanthu lint`: correct documents pass, each mistake is found exactly once, damaged files are refused by name.

mod documents;
mod sheet;

use documents::{Layout, certificate, decision, letter, report, report_with};
use sheet::{Anchor, Face, Sheet};
use vanthu::language::Language;
use vanthu::lint::{self, Kind, Limits, LintError, Options, picture, rules};

/// The rules that `sheet` breaks, in order of rule name.
fn broken(sheet: &Sheet) -> Vec<&'static str> {
    let report = lint::lint(&sheet.to_pdf(), &Options::default()).expect("a readable PDF");
    let mut rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn describe(sheet: &Sheet) -> String {
    let report = lint::lint(&sheet.to_pdf(), &Options::default()).expect("a readable PDF");
    report.to_diagnostics("x.pdf").iter().map(|one| one.describe(Language::English) + "\n").collect()
}

#[test]
fn correct_documents_pass() {
    for (name, sheet) in [("report", report()), ("decision", decision()), ("letter", letter()), ("certificate", certificate())] {
        assert_eq!(describe(&sheet), "", "{name}");
    }
}

#[test]
fn what_the_decree_leaves_open_passes() {
    let wide = Layout { top: 25.0, left: 35.0, right: 15.0, indent: 12.7, size: 13.0, pitch: 1.725, gap: 12.0, ..Layout::default() };
    assert_eq!(describe(&report_with(wide)), "");
    let old_tone = report().replace("quoc-hieu", "HÒA", "HOÀ");
    assert_eq!(describe(&old_tone), "");
    let no_number = report().replace("so", "05/", "        /");
    assert_eq!(describe(&no_number), "");
    let no_date = report().replace("dia-danh", "ngày 05 tháng 3 năm 2026", "ngày …… tháng …… năm ……");
    assert_eq!(describe(&no_date), "");
    let small = report().edit("quoc-hieu", |text| text.size = 12.0).edit("tieu-ngu", |text| text.size = 13.0);
    assert_eq!(describe(&small), "");
}

#[test]
fn an_appendix_counts_its_pages_anew() {
    let mut sheet = report();
    for number in [1, 2] {
        sheet.pages.push((210.0, 297.0));
        if number == 1 {
            sheet.put("phu-luc", Anchor::Centre, 110.0, 25.0, 14.0, Face::Bold, "Phụ lục I");
        } else {
            sheet.put("folio-2", Anchor::Centre, 110.0, 14.0, 14.0, Face::Regular, "2");
        }
        sheet.put("text", Anchor::Left, 40.0, 40.0, 14.0, Face::Regular, "Danh sách các đơn vị.");
    }
    assert_eq!(describe(&sheet), "");
    assert_eq!(broken(&sheet.clone().replace("folio-2", "2", "4")), ["folio-number"]);
    let attached = sheet.edit("phu-luc", |text| (text.text, text.face) = ("(Kèm theo Báo cáo số 05/BC-HKH)".into(), Face::Italic));
    assert_eq!(describe(&attached), "");
}

#[test]
fn the_code_of_the_drafter_is_no_recipient() {
    let mut sheet = report();
    let (x, y) = sheet.texts.iter().find(|text| text.label == "noi-nhan-luu").map(|text| (text.x, text.y + 6.0)).expect("labelled");
    sheet.put("drafter", Anchor::Left, x, y, 11.0, Face::Regular, "PL.(300)");
    assert_eq!(describe(&sheet), "");
}

#[test]
fn a_party_document_is_checked_for_its_page_only() {
    let party = report().edit("quoc-hieu", |text| text.text = "ĐẢNG CỘNG SẢN VIỆT NAM".into()).without("tieu-ngu");
    let party = party.edit("so", |text| text.text = "Số 05-BC/ĐU".into()).edit("ten-loai", |text| text.size = 16.0);
    assert_eq!(describe(&party), "");
    assert_eq!(broken(&party.without("folio")), ["folio-missing"]);
}

/// One document for each rule, wrong in that alone.
fn mistakes() -> Vec<(&'static str, Sheet)> {
    let size = |label: &'static str, size: f64| report().edit(label, move |text| text.size = size);
    let face = |label: &'static str, face: Face| report().edit(label, move |text| text.face = face);
    let moved = |label: &'static str, x: f64, y: f64| report().edit(label, move |text| (text.x, text.y) = (text.x + x, text.y + y));
    let layout = Layout::default();
    let mut letter_format = report();
    letter_format.pages = vec![(210.0, 297.0), (215.9, 279.4)];
    let mut not_embedded = report();
    not_embedded.embed = false;
    let mut arial = report();
    arial.family = "Arial".into();
    let mut legacy = report();
    legacy.family = ".VnTime".into();
    let mut blank = report();
    blank.pages.push((210.0, 297.0));
    blank.put("folio", Anchor::Centre, 110.0, 14.0, 14.0, Face::Regular, "3");
    let mut landscape = report();
    landscape.pages[1] = (297.0, 210.0);
    for text in landscape.texts.iter_mut().filter(|text| text.page == 2) {
        text.x += match text.label {
            "folio" => 38.5,
            "quyen-han" | "chuc-vu" | "ho-ten" => 80.0,
            _ => 0.0,
        };
    }
    let mut alone = report();
    alone.texts.retain(|text| text.page == 1 || (text.label != "body" && text.label != "ending"));
    let mut swapped = report();
    for text in swapped.texts.iter_mut().filter(|text| text.y < 30.0 && text.page == 1) {
        text.x = if matches!(text.label, "quoc-hieu" | "tieu-ngu") { 70.0 } else { 160.0 };
    }
    let mut unmapped = report();
    unmapped.unmapped = "kvx";
    vec![
        ("paper-size", letter_format),
        ("orientation", landscape),
        ("margin-top", report_with(Layout { top: 12.0, ..layout })),
        (
            "margin-bottom",
            report()
                .edit("ho-ten", |text| text.y = 282.0)
                .edit("chuc-vu", |text| text.y = 240.0)
                .edit("quyen-han", |text| text.y = 234.0)
                .edit("noi-nhan", |text| text.y = 234.0)
                .edit("noi-nhan-1", |text| text.y = 239.0)
                .edit("noi-nhan-2", |text| text.y = 243.5)
                .edit("noi-nhan-luu", |text| text.y = 248.0),
        ),
        (
            "margin-left",
            report_with(Layout { left: 25.0, ..layout })
                .edit("noi-nhan", |text| text.x = 25.0)
                .edit("noi-nhan-1", |text| text.x = 25.0)
                .edit("noi-nhan-2", |text| text.x = 25.0)
                .edit("noi-nhan-luu", |text| text.x = 25.0),
        ),
        ("margin-right", report_with(Layout { right: 12.0, ..layout })),
        ("font-family", arial),
        ("text-colour", report().edit("ending", |text| text.colour = [0.0, 0.0, 1.0])),
        ("folio-first-page", {
            let mut sheet = report();
            sheet.put("one", Anchor::Centre, 110.0, 14.0, 14.0, Face::Regular, "1").page = 1;
            sheet
        }),
        ("folio-missing", report().without("folio")),
        ("folio-number", report().replace("folio", "2", "3")),
        ("folio-place", moved("folio", 0.0, 270.0)),
        ("folio-size", size("folio", 11.0)),
        ("page-blank", blank),
        ("quoc-hieu-present", report().without("quoc-hieu")),
        ("quoc-hieu-wrap", {
            let mut sheet = report().replace("quoc-hieu", " VIỆT NAM", "");
            let line = sheet.texts.iter().find(|text| text.label == "quoc-hieu").expect("labelled").clone();
            sheet.put("rest", Anchor::Centre, line.x, line.y + 5.3, 13.0, Face::Bold, "VIỆT NAM").page = 1;
            sheet.edit("tieu-ngu", |text| text.y += 5.6).edit("so", |text| text.y += 5.0).edit("dia-danh", |text| text.y += 5.0)
        }),
        ("quoc-hieu-text", report().edit("quoc-hieu", |text| text.text = "Cộng hòa xã hội chủ nghĩa Việt Nam".into())),
        ("quoc-hieu-size", report().edit("quoc-hieu", |text| text.size = 11.0)),
        ("quoc-hieu-style", face("quoc-hieu", Face::Regular)),
        ("quoc-hieu-place", swapped),
        ("tieu-ngu-present", report().without("tieu-ngu")),
        ("tieu-ngu-text", report().replace("tieu-ngu", "-", "–")),
        ("tieu-ngu-size", size("tieu-ngu", 12.0)),
        ("tieu-ngu-style", face("tieu-ngu", Face::BoldItalic)),
        ("tieu-ngu-place", moved("tieu-ngu", 8.0, 0.0)),
        ("tieu-ngu-rule", report().edit("tieu-ngu", |text| text.under.as_mut().expect("a rule").share = 1.1)),
        ("co-quan-present", report().without("superior").without("co-quan")),
        ("co-quan-caps", report().edit("superior", |text| text.text = "Trung ương Hội".into())),
        ("co-quan-size", size("co-quan", 11.0)),
        ("co-quan-style", face("co-quan", Face::Regular)),
        ("co-quan-superior", face("superior", Face::Bold).edit("superior", |text| text.text = "SỞ GIÁO DỤC TỈNH A".into())),
        ("co-quan-rule", report().edit("co-quan", |text| text.under.as_mut().expect("a rule").share = 0.8)),
        ("stamp-style", letter().edit("khan", |text| text.face = Face::Regular)),
        ("stamp-box", letter().edit("khan", |text| text.frame = Some((30.0, 10.0)))),
        ("so-present", report().without("so")),
        ("so-form", report().replace("so", "05/BC-HKH", "05 / BC-HKH")),
        ("so-padding", report().replace("so", "05/", "5/")),
        ("so-style", size("so", 14.0)),
        ("so-code", letter().replace("so", "HKH-VP", "CV-HKH")),
        ("dia-danh-present", report().without("dia-danh")),
        ("dia-danh-baseline", moved("dia-danh", 0.0, 1.2)),
        ("dia-danh-form", report().replace("dia-danh", "Bái,", "Bái")),
        ("ngay-padding", report().replace("dia-danh", "ngày 05", "ngày 5")),
        ("thang-padding", report().replace("dia-danh", "tháng 3", "tháng 03")),
        ("dia-danh-style", face("dia-danh", Face::Regular)),
        ("dia-danh-size", size("dia-danh", 12.0)),
        ("date-in-text", report().replace("ending", "tháng 01", "tháng 1")),
        ("ten-loai-present", report().without("ten-loai").without("trich-yeu")),
        ("ten-loai-style", report().edit("ten-loai", |text| text.text = "Báo cáo".into())),
        ("ten-loai-size", size("ten-loai", 16.0)),
        ("ten-loai-centre", moved("ten-loai", -7.0, 0.0).edit("trich-yeu", |text| text.x -= 7.0)),
        ("trich-yeu-style", face("trich-yeu", Face::Regular)),
        ("trich-yeu-size", size("trich-yeu", 12.0)),
        ("trich-yeu-rule", report().edit("trich-yeu", |text| text.under = None)),
        ("trich-yeu-cong-van", letter().edit("v-v", |text| text.face = Face::Italic)),
        ("kinh-gui-style", letter().edit("kinh-gui", |text| text.size = 12.0)),
        ("kinh-gui-marks", letter().replace("kinh-gui-2", "thuộc.", "thuộc;")),
        ("body-size", report_with(Layout { size: 12.0, ..layout })),
        ("body-style", report_with(Layout { face: Face::Italic, ..layout })),
        ("body-indent", report_with(Layout { indent: 7.0, ..layout })),
        ("body-justified", report_with(Layout { justify: false, ..layout })),
        ("body-line-spacing", report_with(Layout { pitch: 2.0, ..layout })),
        ("body-paragraph-gap", report_with(Layout { gap: 0.0, ..layout })),
        ("can-cu-style", decision().edit("can-cu-1", |text| text.face = Face::Regular)),
        ("can-cu-marks", decision().replace("can-cu-1", "Nam;", "Nam.")),
        ("chuc-vu-present", report().without("quyen-han").without("chuc-vu").without("ho-ten")),
        ("chuc-vu-style", report().edit("chuc-vu", |text| text.text = "Chủ tịch".into())),
        ("chuc-vu-size", size("chuc-vu", 12.0)),
        ("quyen-han-form", report().replace("quyen-han", "TM.", "T/M")),
        ("ho-ten-style", face("ho-ten", Face::Regular)),
        ("ho-ten-title", report().replace("ho-ten", "Nguyễn", "TS. Nguyễn")),
        ("signature-alone", alone),
        ("noi-nhan-present", report().without("noi-nhan").without("noi-nhan-1").without("noi-nhan-2").without("noi-nhan-luu")),
        ("noi-nhan-style", face("noi-nhan", Face::Bold)),
        ("noi-nhan-size", size("noi-nhan-2", 12.0)),
        ("noi-nhan-marks", report().replace("noi-nhan-2", ";", ",")),
        ("noi-nhan-luu", report().replace("noi-nhan-luu", "Lưu: VT, VP (2)", "Ban Thường vụ")),
        (
            "noi-nhan-level",
            report()
                .edit("noi-nhan", |text| text.y += 20.0)
                .edit("noi-nhan-1", |text| text.y += 20.0)
                .edit("noi-nhan-2", |text| text.y += 20.0)
                .edit("noi-nhan-luu", |text| text.y += 20.0),
        ),
        ("char-eth", report().replace("tieu-ngu", "Độc", "Ðộc")),
        ("char-soft-hyphen", report().replace("ending", "kết họp", "kết\u{ad} họp")),
        ("char-invisible", report().replace("ending", "kết họp", "kết\u{200b} họp")),
        ("char-nfc", report().replace("ending", "Hội nghị", "Hội nghi\u{323}")),
        ("char-notdef", report().replace("ending", "kết họp", "kết 会 họp")),
        ("char-unmapped", unmapped),
        ("font-embedded", not_embedded),
        ("font-legacy", legacy),
    ]
}

#[test]
fn each_mistake_has_its_finding_and_no_other() {
    let mut wrong = Vec::new();
    for (rule, sheet) in mistakes() {
        let found = broken(&sheet);
        if found != [rule] {
            wrong.push(format!("{rule}: found {found:?}\n{}", describe(&sheet)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_mistake() {
    let made: Vec<&str> = mistakes().iter().map(|(rule, _)| *rule).collect();
    let missing: Vec<&str> = rules::all().map(|rule| rule.id).filter(|id| !made.contains(id)).collect();
    assert!(missing.is_empty(), "no document breaks {missing:?}");
    assert_eq!(made.len(), rules::all().count(), "a rule has two documents, or a document no rule");
}

#[test]
fn rules_name_a_clause_and_have_unique_names() {
    let mut ids: Vec<&str> = rules::all().map(|rule| rule.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    assert!(rules::all().all(|rule| rule.clause.starts_with("NĐ 30/2020, PL I") && !rule.vi.is_empty() && !rule.en.is_empty()));
}

#[test]
fn a_certificate_is_only_checked_for_characters_and_fonts() {
    assert_eq!(lint::lint(&certificate().to_pdf(), &Options::default()).expect("a readable PDF").kind, Kind::Certificate);
    assert_eq!(broken(&certificate().replace("name", "Đỗ", "Ðỗ")), ["char-eth"]);
    let told = Options { kind: Some(Kind::Certificate), ..Options::default() };
    let report = lint::lint(&report().without("quoc-hieu").to_pdf(), &told).expect("a readable PDF");
    assert!(report.findings.is_empty());
}

#[test]
fn a_degree_before_the_name_can_be_allowed() {
    let sheet = report().replace("ho-ten", "Nguyễn", "TS. Nguyễn");
    let options = Options { academic_title_allowed: true, ..Options::default() };
    assert!(lint::lint(&sheet.to_pdf(), &options).expect("a readable PDF").findings.is_empty());
}

#[test]
fn a_finding_tells_clause_place_and_both_values() {
    let sheet = report().replace("dia-danh", "tháng 3", "tháng 03");
    let report = lint::lint(&sheet.to_pdf(), &Options::default()).expect("a readable PDF");
    let json = report.to_json(Language::Vietnamese);
    let finding = &json["findings"][0];
    assert_eq!(json["passes"], false);
    assert_eq!(finding["rule"], "thang-padding");
    assert_eq!(finding["clause"], "NĐ 30/2020, PL I, II.4c");
    assert_eq!((&finding["page"], &finding["found"], &finding["wanted"]), (&1.into(), &"“tháng 03”".into(), &"“tháng 3”".into()));
    let x = finding["x_mm"].as_f64().expect("a number");
    assert!((100.0..120.0).contains(&x), "{x}");
    let text = report.findings[0].to_diagnostic("van-ban.pdf").describe(Language::Vietnamese);
    assert!(text.contains("trang 1") && text.contains("NĐ 30/2020"), "{text}");
}

#[test]
fn findings_are_drawn_on_their_page() {
    let bytes = report().replace("noi-nhan-2", ";", ",").to_pdf();
    let report = lint::lint(&bytes, &Options::default()).expect("a readable PDF");
    let pictures = picture::draw(&bytes, &report);
    assert_eq!(pictures.iter().map(|picture| picture.page).collect::<Vec<_>>(), [2]);
    let png = tiny_skia::Pixmap::decode_png(&pictures[0].png).expect("a PNG");
    assert_eq!((png.width(), png.height()), (840, 1188));
    let red = png.pixels().iter().filter(|pixel| pixel.red() > 200 && pixel.green() < 60 && pixel.blue() < 60).count();
    assert!(red > 200, "{red} red pixels");
}

#[test]
fn files_that_cannot_be_checked_are_refused_by_name() {
    let refused = |bytes: &[u8]| lint::lint(bytes, &Options::default()).map(|_| ()).expect_err("refused");
    assert_eq!(refused(b""), LintError::NotPdf);
    assert_eq!(refused(b"PK\x03\x04 a docx"), LintError::NotPdf);
    assert_eq!(refused(b"%PDF-1.7\nnothing follows"), LintError::Damaged);
    let whole = report().to_pdf();
    assert!(matches!(refused(&whole[..2000]), LintError::Damaged | LintError::NoPages | LintError::NoText { .. }));
    assert_eq!(refused(&Sheet::new(0).to_pdf()), LintError::NoPages);
    assert_eq!(refused(&Sheet::new(1).to_pdf()), LintError::NoText { scanned: false });
    let mut scan = report();
    scan.invisible = true;
    assert_eq!(refused(&scan.to_pdf()), LintError::NoText { scanned: true });
    assert_eq!(refused(&encrypted()), LintError::Encrypted);
    assert_eq!(refused(&Sheet::new(10_000).to_pdf()), LintError::TooManyPages { pages: 10_000, max: Limits::default().pages_max });
    for error in [LintError::NotPdf, LintError::Encrypted, LintError::TooComplex, LintError::TimedOut { seconds: 1 }] {
        let diagnostic = error.to_diagnostic("x.pdf");
        assert!(diagnostic.is_error() && diagnostic.remedy.is_some());
    }
}

#[test]
fn limits_end_the_reading() {
    let limited =
        |limits: Limits| lint::lint(&report().to_pdf(), &Options { limits, ..Options::default() }).map(|_| ()).expect_err("refused");
    let limits = Limits::default();
    assert_eq!(limited(Limits { instructions_max: 100, ..limits }), LintError::TooComplex);
    assert_eq!(limited(Limits { objects_max: 3, ..limits }), LintError::TooComplex);
    assert!(matches!(limited(Limits { bytes_max: 100, ..limits }), LintError::TooLarge { .. }));
    assert_eq!(limited(Limits { pages_max: 1, ..limits }), LintError::TooManyPages { pages: 2, max: 1 });
}

#[test]
fn damaged_bytes_never_panic() {
    // Every outcome is fine but a panic or a hang; the seed is fixed, so a failure repeats.
    let whole = decision().to_pdf();
    let limits = Limits { time_max: std::time::Duration::from_secs(20), ..Limits::default() };
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..40 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = seed as usize % bytes.len();
            bytes[at] = (seed >> 32) as u8;
        }
        bytes.truncate(whole.len() - (seed as usize % 3) * (seed as usize >> 8) % whole.len() / 2);
        let _ = lint::lint(&bytes, &Options { limits, ..Options::default() });
    }
}

fn encrypted() -> Vec<u8> {
    use lopdf::{EncryptionState, EncryptionVersion, Permissions};
    let mut document = lopdf::Document::load_mem(&report().to_pdf()).expect("a PDF");
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "user",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).expect("an encryption");
    document.encrypt(&state).expect("encrypted");
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("a PDF in memory");
    bytes
}
