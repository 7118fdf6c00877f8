//! `vanthu lint`: correct documents pass, each mistake is found exactly once, damaged files are refused by name.

mod documents;
mod foreign;
mod law;
mod office_document;
mod sheet;

use documents::{
    Layout, certificate, decision, furnished_letter, letter, plan, report, report_with, report_with_appendices, rules_of_order,
};
use sheet::{Anchor, Face, Sheet, Under, width};
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
    let documents = [
        ("report", report()),
        ("decision", decision()),
        ("letter", letter()),
        ("furnished letter", furnished_letter()),
        ("rules of order", rules_of_order()),
        ("plan", plan()),
        ("report with appendices", report_with_appendices()),
        ("certificate", certificate()),
    ];
    let said: String = documents.iter().map(|(name, sheet)| format!("{name}:\n{}", describe(sheet))).collect();
    let names: String = documents.iter().map(|(name, _)| format!("{name}:\n")).collect();
    assert_eq!(said, names);
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
    assert_eq!(broken(&report_with_appendices().replace("folio-2", "2", "4")), ["folio-number"]);
    // An attached text bears its own title, and says to what it belongs.
    let attached = report_with_appendices().without("phu-luc").without("phu-luc-2");
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
        ("stamp-colour", letter().edit("khan", |text| text.colour = [0.0; 3])),
        ("stamp-place", furnished_letter().edit("mat", |text| text.y += 13.0)),
        ("ky-so-style", furnished_letter().edit("ky-so", |text| text.face = Face::Italic)),
        ("nguoi-soan-style", furnished_letter().edit("nguoi-soan", |text| text.size = 13.0)),
        ("dia-chi-style", furnished_letter().edit("dia-chi", |text| text.face = Face::Italic)),
        ("dia-chi-rule", furnished_letter().edit("dia-chi", |text| text.under = None)),
        ("dia-chi-page", {
            let mut sheet = report();
            let address = "Địa chỉ: số 1 đường A, phường B";
            let share = 160.0 / width(address, 11.0, Face::Regular);
            sheet.put("dia-chi", Anchor::Centre, 110.0, 270.0, 11.0, Face::Regular, address).under =
                Some(Under { share, gap: -5.0, dashed: false });
            sheet
        }),
        ("signature-colour", furnished_letter().edit_picture("signature", |picture| picture.colour = [0, 0, 0])),
        ("seal-colour", furnished_letter().edit_picture("seal", |picture| picture.colour = [20, 40, 160])),
        ("seal-place", furnished_letter().edit_picture("seal", |picture| picture.area[0] += 14.0)),
        ("de-muc-style", rules_of_order().edit("chuong", |text| text.face = Face::Regular)),
        ("de-muc-centre", rules_of_order().edit("muc", |text| text.x -= 9.0)),
        ("de-muc-caps", rules_of_order().edit("chuong-title", |text| text.text = "Tổ chức của Hội".into())),
        ("de-muc-number", rules_of_order().replace("muc", "Mục 1", "Mục I")),
        ("dieu-style", rules_of_order().edit("dieu", |text| text.face = Face::Regular)),
        ("dieu-form", rules_of_order().replace("dieu", "Điều 1.", "Điều 1:")),
        ("khoan-style", plan().edit("khoan", |text| text.face = Face::Regular)),
        ("muc-la-ma-style", plan().edit("la-ma", |text| text.text = "I. Mục đích, yêu cầu".into())),
        ("diem-style", rules_of_order().edit("diem-b", |text| text.face = Face::Italic)),
        ("diem-order", rules_of_order().replace("diem-dd", "đ)", "e)").replace("diem-e", "e)", "f)")),
        ("de-muc-indent", rules_of_order().edit("diem-c", |text| text.x += 8.0)),
        ("phu-luc-style", report_with_appendices().edit("phu-luc", |text| text.text = "PHỤ LỤC I".into())),
        ("phu-luc-number", report_with_appendices().edit("phu-luc-2", |text| text.text = "Phụ lục 2".into())),
        ("phu-luc-title", report_with_appendices().edit("ten-phu-luc", |text| text.face = Face::Regular)),
        ("phu-luc-kem-theo", report_with_appendices().edit("kem-theo", |text| text.face = Face::Regular)),
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
        ("trich-yeu-cong-van-gap", letter().edit("v-v", |text| text.y += 3.0)),
        ("trich-yeu-cong-van-centre", letter().edit("v-v", |text| text.x -= 6.0)),
        ("kinh-gui-dashes", letter().edit("kinh-gui-1", |text| text.x -= 8.0)),
        ("kinh-gui-style", letter().edit("kinh-gui-1", |text| text.face = Face::Italic)),
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
        ("noi-nhan-nhu-tren", letter().edit("noi-nhan-1", |text| text.text = "- Trung ương Hội;".into())),
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
    let report = lint::lint(&certificate().to_pdf(), &Options::default()).expect("a readable PDF");
    assert_eq!(report.documents[0].kind, Kind::Certificate);
    assert_eq!(broken(&certificate().replace("name", "Đỗ", "Ðỗ")), ["char-eth"]);
    let told = Options { kind: Some(Kind::Certificate), ..Options::default() };
    let report = lint::lint(&documents::report().without("quoc-hieu").to_pdf(), &told).expect("a readable PDF");
    assert!(report.findings.is_empty());
}

#[test]
fn a_merged_file_is_judged_document_by_document() {
    let merged = report().followed_by(report_with_appendices()).followed_by(letter()).followed_by(certificate());
    let report = lint::lint(&merged.to_pdf(), &Options::default()).expect("a readable PDF");
    assert_eq!(describe(&merged), "");
    let parts: Vec<_> = report.documents.iter().map(|one| (one.first_page, one.pages, one.kind, one.type_name)).collect();
    assert_eq!(
        parts,
        [
            (1, 2, Kind::Administrative, Some("Báo cáo")),
            (3, 5, Kind::Administrative, Some("Báo cáo")),
            (8, 1, Kind::Administrative, None),
            (9, 1, Kind::Certificate, None),
        ]
    );
    // The page is that of the file; the same mistake in two documents is one finding.
    let wrong = |sheet: Sheet| sheet.replace("dia-danh", "tháng 3", "tháng 03");
    let merged = wrong(documents::report()).followed_by(letter()).followed_by(wrong(documents::report()).without("folio"));
    let report = lint::lint(&merged.to_pdf(), &Options::default()).expect("a readable PDF");
    let found: Vec<_> = report.findings.iter().map(|one| (one.rule, one.area.page, one.count, one.places.len())).collect();
    assert_eq!(found, [("thang-padding", 1, 2, 2), ("folio-missing", 5, 1, 1)]);
}

#[test]
fn the_same_mistake_many_times_is_one_finding_with_its_count() {
    let sheet = report().edit("body", |text| text.text = text.text.replace("của", "củ会"));
    let report = lint::lint(&sheet.to_pdf(), &Options::default()).expect("a readable PDF");
    let count = sheet.texts.iter().map(|text| text.text.matches('会').count()).sum::<usize>();
    let notdef: Vec<_> = report.findings.iter().filter(|finding| finding.rule == "char-notdef").collect();
    assert_eq!((notdef.len(), notdef[0].count), (1, count));
    expect_test::expect!["lỗi[char-notdef] x.pdf, trang 1, cách trái 106 mm, cách trên 69 mm: Phông chữ có đủ ký tự của văn bản. Ở đây: “会”; cần: một ký tự của phông chữ; 30 chỗ như vậy, ở trang 1, 2, … (NĐ 30/2020, PL I, I.4; TCVN 6909:2001)"].assert_eq(&notdef[0].to_diagnostic("x.pdf").describe(Language::Vietnamese));
}

#[test]
fn a_page_that_ends_too_early_has_a_bottom_margin_too_large() {
    // The paragraph goes on on page 2, though half a hand of page 1 is free.
    let mut sheet = report();
    let full = sheet.texts.iter().filter(|text| text.page == 1 && text.y < 225.0 && matches!(text.anchor, Anchor::Justify(_)));
    let last = full.map(|text| text.y).fold(0.0, f64::max);
    sheet.texts.retain(|text| text.page != 1 || text.y < last + 1.0);
    let next = sheet.texts.iter_mut().find(|text| text.page == 2 && text.label == "body").expect("a line");
    next.x -= 10.0;
    assert_eq!(broken(&sheet), ["margin-bottom"]);
}

#[test]
fn a_register_and_a_sheet_are_known_and_judged_by_their_own_rules() {
    let mut register = report();
    register.pages = vec![(297.0, 210.0)];
    register.texts.retain(|text| text.page == 1 && text.y < 60.0);
    let register =
        register.without("so").without("dia-danh").edit("ten-loai", |text| (text.text, text.x) = ("SỔ KHEN THƯỞNG".into(), 153.5));
    let mut register =
        register.edit("trich-yeu", |text| text.x = 153.5).edit("quoc-hieu", |text| text.x = 220.0).edit("tieu-ngu", |text| text.x = 220.0);
    // No list knows this post; the one beside it shows what it is.
    register.put("left-post", Anchor::Centre, 80.0, 150.0, 14.0, Face::Bold, "VĂN THƯ");
    register.put("post", Anchor::Centre, 220.0, 150.0, 14.0, Face::Bold, "THỦ QUỸ");
    register.put("name", Anchor::Centre, 220.0, 185.0, 14.0, Face::Bold, "Nguyễn Văn Ánh");
    let report = lint::lint(&register.to_pdf(), &Options::default()).expect("a readable PDF");
    assert_eq!((report.documents[0].kind, describe(&register).as_str()), (Kind::Register, ""));
    assert_eq!(broken(&register.clone().replace("tieu-ngu", "-", "–")), ["tieu-ngu-text"]);
    let mut sheet = Sheet::new(1);
    sheet.pages = vec![(297.0, 210.0)];
    sheet.put("title", Anchor::Centre, 148.5, 100.0, 13.0, Face::Bold, "Căn chỉnh máy in");
    let report = lint::lint(&sheet.to_pdf(), &Options::default()).expect("a readable PDF");
    assert_eq!((report.documents[0].kind, report.findings.len()), (Kind::Sheet, 0));
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
    assert_eq!(finding["clause"], "NĐ 30/2020, PL I, II.4b");
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
