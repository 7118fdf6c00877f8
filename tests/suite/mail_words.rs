//! The wording of the messages that carry documents.

use std::collections::BTreeMap;

use vanthu::catalog::Catalog;
use vanthu::config::Organisation;
use vanthu::language::Language;
use vanthu::template::contract::Contract;
use vanthu::template::mail_words::{FilledMail, MailWords};

const CONTRACT: &str = r#"{"type":"object","properties":{"ten":{"type":"string","title":"Tên"}},"required":["ten"]}"#;

fn parsed(text: &str) -> Result<MailWords, String> {
    let contract = Contract::parse("thu/contract.json", CONTRACT).unwrap_or_else(|_| panic!("the contract"));
    MailWords::parse("thu", text, &contract)
        .map_err(|problems| problems.iter().map(|problem| problem.describe(Language::Vietnamese)).collect::<Vec<_>>().join("\n"))
}

fn filled(text: &str, name: &str) -> FilledMail {
    let words = parsed(text).unwrap_or_else(|said| panic!("{said}"));
    words.fill(&serde_json::json!({ "ten": name })).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn each_template_that_is_sent_fills_subject_and_both_bodies_from_its_sample() {
    let organisation = Organisation {
        name: "Hội Khuyến học Phường Thí Điểm".into(),
        abbreviation: "HKH".into(),
        place: "Thí Điểm".into(),
        ..Organisation::default()
    };
    let (to_chuc, _) = organisation.for_templates(None, vanthu::typeset::Standard::default()).expect("an organisation");
    for name in ["bang-khen", "bao-cao-tong-ket", "bien-ban-giao-ban", "giay-chung-nhan", "giay-khen", "giay-moi"] {
        let template = Catalog::new(None).template(name).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let mail = template.mail.as_ref().unwrap_or_else(|| panic!("{name} has no mail.toml"));
        for record in &template.sample {
            let context = template.context(&template.contract.complete(record), &to_chuc, &BTreeMap::new());
            let FilledMail { subject, plain, html } = mail.fill(&context).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
            let html = html.expect("an HTML body");
            assert!(!subject.is_empty() && !subject.contains('\n'), "{name}: {subject}");
            assert!(plain.starts_with("Kính gửi: ") && plain.ends_with("Trân trọng,\nHội Khuyến học Phường Thí Điểm"), "{name}: {plain}");
            assert!(html.starts_with("<p>Kính gửi: ") && html.ends_with("<br>\nHội Khuyến học Phường Thí Điểm</p>"), "{name}: {html}");
            assert!(!plain.contains("  ") && !plain.contains(" ,") && !plain.contains(" ."), "{name}: {plain}");
        }
    }
}

#[test]
fn values_are_escaped_for_html_alone_and_a_subject_is_one_line() {
    let mail =
        filled("[mail]\nsubject = \"Gửi {{ten}}\"\nplain = \"Gửi {{ten}}\"\nhtml = \"<p>{{ten}}</p>\"\n", "A & <b>\r\nBcc: x@y.vn {{ten}}");
    assert_eq!(mail.subject, "Gửi A & <b> Bcc: x@y.vn {{ten}}");
    assert_eq!(mail.plain, "Gửi A & <b>\r\nBcc: x@y.vn {{ten}}");
    assert_eq!(mail.html.as_deref(), Some("<p>A &amp; &lt;b&gt;\r\nBcc: x@y.vn {{ten}}</p>"));
}

#[test]
fn mistakes_in_the_wording_are_shown_at_their_place() {
    assert_eq!(
        parsed("[mail]\nsubject = \"{{tenn}}\"\nplain = \"{{{ten}}}\"\n").err().expect("two mistakes"),
        "lỗi[words-field] thu/mail.toml:2:12: không có trường “tenn” trong mẫu\n    | subject = \"{{tenn}}\"\n    |            ^\n    cách sửa: có phải “ten”?\n\
         lỗi[words-forbidden] thu/mail.toml:3:10: câu chữ không được dùng {{{ }}}, {{> }} hay {{* }}\n    | plain = \"{{{ten}}}\"\n    |          ^\n    cách sửa: chỉ dùng {{tên_trường}} và các hàm có sẵn"
    );
    assert!(parsed("[mail]\nsubject = \"a\"\n").err().expect("a missing body").contains("thiếu khóa “plain”"));
    assert!(parsed("[mail]\nsubject = \"a\"\nplain = \"b\"\nhtlm = \"c\"\n").err().expect("an unknown key").contains("có phải “html”?"));
}
