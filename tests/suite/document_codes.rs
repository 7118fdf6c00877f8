//! Codes that a clerk types by hand, held against their type (Decree 30/2020, Phụ lục III).

use crate::support::{Office, award_run, people};

/// What is said of `ky_hieu` in a document of `template`.
fn said(template: &str, code: &str) -> String {
    let office = Office::with_workspace();
    let sample: serde_json::Value = {
        let path = format!("{}/report-templates/{template}/sample.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).expect("a sample")).expect("JSON")
    };
    let mut record = sample.get(0).unwrap_or(&sample).clone();
    record["ky_hieu"] = code.into();
    office.write("d.json", record.to_string());
    office.run(&["check", "--template", template, "--data", "d.json"]).stderr
}

#[test]
fn the_right_code_passes_in_its_mixed_case() {
    for (template, code) in [("bao-cao", "BC-HKH"), ("to-trinh", "TTr-HKH"), ("bao-cao", "BC/ĐU"), ("cong-van", "HKH-VP")] {
        assert_eq!(said(template, code), "", "{template} {code}");
    }
}

#[test]
fn an_unknown_code_is_an_error_with_the_one_that_was_meant() {
    let text = said("to-trinh", "TTR-HKH");
    assert!(
        text.contains("lỗi[code-unknown] d.json#/ky_hieu:")
            && text.contains("“TTR-HKH” “TTR” không phải mã loại văn bản nào của Nghị định 30/2020\n    cách sửa: có phải “TTr”?"),
        "{text}"
    );
}

#[test]
fn a_code_of_another_type_is_an_error() {
    let text = said("bao-cao", "QĐ-HKH");
    assert!(text.contains("“QĐ” là mã của Quyết định, văn bản này mang mã BC\n    cách sửa: bắt đầu ký hiệu bằng BC-"), "{text}");
    let text = said("cong-van", "CV-HKH");
    assert_eq!(text, "", "CV is no code of the decree, and may be a body's abbreviation");
    let text = said("cong-van", "BC-HKH");
    assert!(text.contains("công văn không mang mã loại; “BC” là mã của Báo cáo"), "{text}");
}

#[test]
fn a_code_with_spaces_is_an_error() {
    assert!(said("bao-cao", "BC - HKH").contains("lỗi[code-spaces]"));
}

#[test]
fn the_decision_of_an_award_must_name_a_type_that_exists() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    let mut arguments = award_run("d.csv", "o", &[]);
    let position = arguments.iter().position(|argument| argument.starts_with("so_quyet_dinh")).expect("a decision");
    arguments[position] = "so_quyet_dinh=12/QD-HKH";
    let text = office.run(&arguments).stderr;
    assert!(text.contains("“QD” không phải mã loại văn bản nào của Nghị định 30/2020\n    cách sửa: có phải “QĐ”?"), "{text}");
}

#[test]
fn a_decision_bears_its_own_code_in_either_form_and_a_wrong_one_stops_its_record_only() {
    let office = Office::with_workspace();
    let record = |name: &str, decision: &str| serde_json::json!({ "doi_tuong": "Cá nhân", "danh_xung": "Ông", "ho_ten": name, "so_quyet_dinh": decision, "ngay": "2019-12-27", "phong_trao": "công tác khuyến học" });
    let list = [
        record("Lê Văn An", "12/QĐ-HKH"),
        record("Lê Văn Bình", "12-QĐ/ĐU"),
        record("Lê Văn Cử", "12/BC-HKH"),
        record("Lê Văn Danh", "12"),
    ];
    office.write("d.json", serde_json::json!(list).to_string());
    let said = office.run(&["run", "-t", "giay-khen", "-d", "d.json", "-o", "o", "--name", "{{ho_ten}}", "--only-valid"]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[code-of-another-type] d.json#/2/so_quyet_dinh: bản ghi 3 (Lê Văn Cử): “12/BC-HKH” “BC” là mã của Báo cáo, quyết định mang mã QĐ
            cách sửa: ghi số và ký hiệu của quyết định, ví dụ 12/QĐ-HKH
    "#]]
    .assert_eq(&said.stderr);
    assert_eq!(office.documents("o"), ["Lê Văn An.pdf", "Lê Văn Bình.pdf", "Lê Văn Danh.pdf"]);
}
