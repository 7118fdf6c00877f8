//! The checker for annex II: what it finds, and above all what it lets pass.

use proptest::prelude::*;
use vanthu::vietnamese::capitals::{Rule, check};

/// The text with every suggestion put in, and the rules in order.
fn corrected(text: &str) -> (String, Vec<Rule>) {
    let mut result = String::new();
    let mut from = 0;
    let findings = check(text);
    for finding in &findings {
        result.push_str(&text[from..finding.range.start]);
        result.push_str(&finding.suggestion);
        from = finding.range.end;
    }
    result.push_str(&text[from..]);
    (result, findings.iter().map(|f| f.rule).collect())
}

#[test]
fn wrong_capitals_are_found_with_the_right_suggestion() {
    for (text, right, rule) in [
        ("Kính gửi Ủy Ban Nhân Dân tỉnh", "Kính gửi Ủy ban nhân dân tỉnh", Rule::SetName),
        ("Thường trực uỷ ban nhân dân", "Thường trực Uỷ ban nhân dân", Rule::SetName),
        ("Độc Lập - Tự Do - Hạnh Phúc", "Độc lập - Tự do - Hạnh phúc", Rule::SetName),
        ("Kính gửi Hội Khuyến học việt Nam", "Kính gửi Hội Khuyến học Việt Nam", Rule::SetName),
        ("Mừng Tết Nguyên Đán", "Mừng tết Nguyên đán", Rule::SetName),
        ("tết Nguyên đán", "Tết Nguyên đán", Rule::SetName),
        ("Theo điều 5 của Luật", "Theo Điều 5 của Luật", Rule::CitedPart),
        ("Theo chương II", "Theo Chương II", Rule::CitedPart),
        ("Theo Khoản 2 Điều 5", "Theo khoản 2 Điều 5", Rule::CitedPart),
        ("Theo Điểm đ khoản 2", "Theo điểm đ khoản 2", Rule::CitedPart),
        ("Họp tại quận 10", "Họp tại Quận 10", Rule::UnitWithNumber),
        ("Họp thứ hai, ngày 05", "Họp thứ Hai, ngày 05", Rule::Weekday),
        ("Hội họp xong. mọi người về.", "Hội họp xong. Mọi người về.", Rule::SentenceStart),
        ("Một\nhai dòng", "Một\nHai dòng", Rule::SentenceStart),
    ] {
        assert_eq!(corrected(text), (right.to_owned(), vec![rule]), "{text}");
    }
}

#[test]
fn right_capitals_and_doubtful_ones_pass() {
    for text in [
        "",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Cộng hòa xã hội chủ nghĩa Việt Nam",
        "Căn cứ điểm a khoản 2 Điều 103 Mục 5 Chương XII;",
        "Khoản 2 Điều 5 nêu rõ.",
        "Được điểm 10 môn Văn",
        "Ủy ban nhân dân quận Phú Nhuận, Quận 1",
        "Lần thứ hai họp",
        "Họp thứ Hai, ngày 05",
        "Tại TP. Hồ Chí Minh v.v. và các nơi",
        "Tổ 5 và tổ 6",
        "Gồm:\na) một;\n- hai",
        "Tăng 1.5 lần",
        "Mức điều chỉnh 5",
        "Tết Nguyên đán đã đến",
        "Hội Khuyến học các quận 1, 3 và 5",
    ] {
        assert_eq!(corrected(text), (text.to_owned(), Vec::new()), "{text}");
    }
}

proptest! {
    #[test]
    fn suggestions_satisfy_the_checker(
        text in "(Hội|hội|khuyến|học|Học|ủy|Ủy|Ban|ban|nhân|dân|điều|Điều|5|II|khoản|quận|Quận|thứ|hai|ngày|\\.|,|\n| ){0,16}"
    ) {
        let (once, _) = corrected(&text);
        let (twice, rules) = corrected(&once);
        prop_assert_eq!(once, twice, "{:?}", rules);
    }

    #[test]
    fn no_text_makes_the_checker_panic(text in "\\PC{0,40}") {
        let _ = corrected(&text);
    }
}
