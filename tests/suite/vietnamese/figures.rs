//! Numbers and money: read aloud, shown, computed, and read back as typed.

use std::cmp::Ordering;

use proptest::prelude::*;
use vanthu::vietnamese::money;
use vanthu::vietnamese::number::{self, Billion, Four, NumberError, Reading, Thousand, ZeroTen};

const SOUTHERN: Reading = Reading { linh_le: ZeroTen::Le, nghin_ngan: Thousand::Ngan, tu_bon: Four::Bon, ty_ti: Billion::Ti };

fn read(canonical: &str) -> String {
    number::in_words(canonical, Reading::default()).expect("a canonical number")
}

#[test]
fn integers_are_read_as_in_the_table() {
    for (figures, words) in [
        ("0", "không"),
        ("1", "một"),
        ("4", "bốn"),
        ("5", "năm"),
        ("10", "mười"),
        ("11", "mười một"),
        ("14", "mười bốn"),
        ("15", "mười lăm"),
        ("20", "hai mươi"),
        ("21", "hai mươi mốt"),
        ("24", "hai mươi tư"),
        ("25", "hai mươi lăm"),
        ("55", "năm mươi lăm"),
        ("91", "chín mươi mốt"),
        ("100", "một trăm"),
        ("101", "một trăm linh một"),
        ("104", "một trăm linh bốn"),
        ("105", "một trăm linh năm"),
        ("110", "một trăm mười"),
        ("111", "một trăm mười một"),
        ("115", "một trăm mười lăm"),
        ("121", "một trăm hai mươi mốt"),
        ("124", "một trăm hai mươi tư"),
        ("999", "chín trăm chín mươi chín"),
        ("1000", "một nghìn"),
        ("1001", "một nghìn không trăm linh một"),
        ("1005", "một nghìn không trăm linh năm"),
        ("1010", "một nghìn không trăm mười"),
        ("1021", "một nghìn không trăm hai mươi mốt"),
        ("2026", "hai nghìn không trăm hai mươi sáu"),
        ("21000", "hai mươi mốt nghìn"),
        ("105000", "một trăm linh năm nghìn"),
        ("1000001", "một triệu không trăm linh một"),
        ("1001000", "một triệu không trăm linh một nghìn"),
        ("1234567", "một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy"),
        ("2500000000", "hai tỷ năm trăm triệu"),
        ("1000000000000", "một nghìn tỷ"),
        ("1001000000000", "một nghìn không trăm linh một tỷ"),
        ("1000000000000000", "một triệu tỷ"),
        ("1000000000000000000", "một tỷ tỷ"),
        ("1000000005000000000", "một tỷ tỷ không trăm linh năm tỷ"),
    ] {
        assert_eq!(read(figures), words, "{figures}");
    }
}

#[test]
fn negatives_and_decimals_are_read() {
    assert_eq!(read("-5"), "âm năm");
    assert_eq!(read("12.5"), "mười hai phẩy năm");
    assert_eq!(read("3.05"), "ba phẩy không năm");
    assert_eq!(read("0.25"), "không phẩy hai năm");
}

#[test]
fn the_southern_manner_changes_four_words() {
    let read = |n| number::in_words(n, SOUTHERN);
    assert_eq!(read("105").as_deref(), Some("một trăm lẻ năm"));
    assert_eq!(read("21000").as_deref(), Some("hai mươi mốt ngàn"));
    assert_eq!(read("24").as_deref(), Some("hai mươi bốn"));
    assert_eq!(read("3000000000").as_deref(), Some("ba tỉ"));
}

#[test]
fn thirty_six_digits_are_read_and_thirty_seven_are_not() {
    let widest = format!("1{}", "0".repeat(35));
    assert_eq!(read(&widest), "một trăm triệu tỷ tỷ tỷ");
    assert_eq!(number::in_words(&format!("{widest}0"), Reading::default()), None);
}

#[test]
fn what_is_no_canonical_number_is_not_read() {
    for text in ["", "-", "1.", ".5", "1,5", "1e5", "a", "1.2.3", " 1", "--1"] {
        assert_eq!(number::in_words(text, Reading::default()), None, "{text}");
    }
}

#[test]
fn numbers_are_shown_with_dots_and_a_comma() {
    for (canonical, shown) in
        [("0", "0"), ("999", "999"), ("1000", "1.000"), ("1234567.89", "1.234.567,89"), ("-1234.5", "-1.234,5"), ("100000", "100.000")]
    {
        assert_eq!(number::group(canonical), shown);
    }
    assert_eq!(number::group("05/BC-HKH"), "05/BC-HKH");
}

#[test]
fn one_digit_is_padded_and_nothing_else() {
    for (plain, padded) in [("5", "05"), ("0", "00"), ("10", "10"), ("1234", "1234"), ("05", "05"), ("-5", "-5"), ("a", "a")] {
        assert_eq!(number::pad_two(plain), padded);
    }
}

#[test]
fn numbers_are_read_as_clerks_type_them() {
    for (typed, canonical) in [
        ("1.234.567", "1234567"),
        ("1.234.567,89", "1234567.89"),
        ("1 234 567", "1234567"),
        ("1\u{a0}234\u{202f}567,5", "1234567.5"),
        ("1,234,567.89", "1234567.89"),
        ("1,234,567", "1234567"),
        ("12,5", "12.5"),
        ("1234", "1234"),
        ("1.5", "1.5"),
        ("1.234", "1234"),
        ("0.125", "0.125"),
        ("0,125", "0.125"),
        ("1234.567", "1234.567"),
        ("05", "5"),
        ("1,50", "1.5"),
        ("-0", "0"),
        (" -1.000 ", "-1000"),
        ("\u{2212}7", "-7"),
        ("12.34", "12.34"),
    ] {
        assert_eq!(number::parse(typed).as_deref(), Ok(canonical), "{typed}");
    }
}

#[test]
fn numbers_typed_wrongly_are_refused_for_the_right_reason() {
    let not_a_number = |found| Err(NumberError::NotANumber { found });
    for (typed, answer) in [
        ("", Err(NumberError::Empty)),
        ("  ", Err(NumberError::Empty)),
        ("1.23.456", Err(NumberError::Malformed)),
        ("1.234,567,8", Err(NumberError::Malformed)),
        ("1234.567,8", Err(NumberError::Malformed)),
        ("1 234.567", Err(NumberError::Malformed)),
        ("1.", Err(NumberError::Malformed)),
        (",5", Err(NumberError::Malformed)),
        ("-", Err(NumberError::Malformed)),
        ("1 23", Err(NumberError::Malformed)),
        ("1.234 567", Err(NumberError::Malformed)),
        ("١", not_a_number('١')),
        ("1e5", not_a_number('e')),
        ("5%", not_a_number('%')),
        ("--5", not_a_number('-')),
        ("1,234", Err(NumberError::Ambiguous { thousands: "1234".into(), decimal: "1.234".into() })),
        ("1234567890123456789012345", Err(NumberError::TooLong)),
        ("0.1234567890123", Err(NumberError::TooLong)),
    ] {
        assert_eq!(number::parse(typed), answer, "{typed}");
    }
}

#[test]
fn an_ambiguous_number_is_explained_with_two_spellings_that_parse() {
    let error = number::parse("-1,234").expect_err("ambiguous");
    assert_eq!(error.to_string(), "the comma may group thousands or mark decimals; write `-1.234` or `-1,2340`");
    assert_eq!(number::parse("-1.234").as_deref(), Ok("-1234"));
    assert_eq!(number::parse("-1,2340").as_deref(), Ok("-1.234"));
}

#[test]
fn arithmetic_is_exact_where_floats_are_not() {
    assert_eq!(number::add("0.1", "0.2").as_deref(), Some("0.3"));
    assert_eq!(number::subtract("1", "0.9").as_deref(), Some("0.1"));
    assert_eq!(number::subtract("5", "5.000").as_deref(), Some("0"));
    assert_eq!(number::add("999999999999999999999998", "1").as_deref(), Some("999999999999999999999999"));
    assert_eq!(number::add("999999999999999999999999", "1"), None);
    assert_eq!(number::sum(["1000000", "2500000.5", "-0.5"]).as_deref(), Some("3500000"));
    assert_eq!(number::sum([]).as_deref(), Some("0"));
    assert_eq!(number::sum(["1", "một"]), None);
    assert_eq!(number::compare("10", "9.99"), Some(Ordering::Greater));
    assert_eq!(number::compare("-1", "-1.0"), Some(Ordering::Equal));
    assert_eq!(number::compare("-2", "1"), Some(Ordering::Less));
}

#[test]
fn percentages_have_one_decimal_rounded_half_up() {
    for (part, whole, shown) in [
        ("274", "1000", "27,4%"),
        ("1", "8", "12,5%"),
        ("1", "3", "33,3%"),
        ("2", "3", "66,7%"),
        ("1", "1", "100%"),
        ("0", "7", "0%"),
        ("5", "10000", "0,1%"),
        ("49", "100000", "0%"),
        ("12345", "1", "1.234.500%"),
        ("-1", "4", "-25%"),
    ] {
        assert_eq!(number::percent(part, whole).as_deref(), Some(shown), "{part}/{whole}");
    }
    assert_eq!(number::percent("1", "0"), None);
    let widest = "9".repeat(24);
    assert_eq!(number::percent(&widest, &widest).as_deref(), Some("100%"));
}

#[test]
fn changes_are_told_in_words() {
    for (now, before, words) in [
        ("112.5", "100", "tăng 12,5%"),
        ("97", "100", "giảm 3%"),
        ("100", "100.0", "không thay đổi"),
        ("1000001", "1000000", "tăng dưới 0,1%"),
        ("0", "100", "giảm 100%"),
    ] {
        assert_eq!(number::change_in_words(now, before).as_deref(), Some(words), "{now} after {before}");
    }
    assert_eq!(number::change_in_words("0", "0").as_deref(), Some("không thay đổi"));
    assert_eq!(number::change_in_words("5", "0"), None);
    assert_eq!(number::change_in_words("5", "-1"), None);
}

#[test]
fn money_is_written_as_on_a_receipt() {
    let reading = Reading::default();
    let words = |n, chan| money::in_words(n, &reading, chan);
    assert_eq!(words("500000", false).as_deref(), Some("Năm trăm nghìn đồng"));
    assert_eq!(words("500000", true).as_deref(), Some("Năm trăm nghìn đồng chẵn"));
    assert_eq!(words("1234567", true).as_deref(), Some("Một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy đồng"));
    assert_eq!(words("0", true).as_deref(), Some("Không đồng"));
    assert_eq!(words("0.5", false), None);
    assert_eq!(money::display("425000000"), "425.000.000 đồng");
}

#[test]
fn money_is_read_with_its_unit() {
    for typed in ["500.000đ", "500.000 đồng", "500.000 ₫", "500 000 VNĐ", "500000"] {
        assert_eq!(money::parse(typed).as_deref(), Ok("500000"), "{typed}");
    }
    assert!(money::parse("đồng").is_err());
}

fn any_canonical() -> impl Strategy<Value = String> {
    ("-?(0|[1-9][0-9]{0,23})", "([0-9]{0,11}[1-9])?").prop_map(|(integer, fraction)| {
        let integer = if fraction.is_empty() && integer == "-0" { "0".to_owned() } else { integer };
        if fraction.is_empty() { integer } else { format!("{integer}.{fraction}") }
    })
}

proptest! {
    #[test]
    fn what_is_grouped_parses_back(canonical in any_canonical()) {
        // Three decimals behind a short integer are refused as ambiguous.
        match number::parse(&number::group(&canonical)) {
            Err(NumberError::Ambiguous { decimal, .. }) => prop_assert_eq!(decimal, canonical),
            parsed => prop_assert_eq!(parsed, Ok(canonical)),
        }
    }

    #[test]
    fn adding_and_taking_away_gives_back(a in any_canonical(), b in any_canonical()) {
        if let Some(total) = number::add(&a, &b) {
            prop_assert_eq!(number::subtract(&total, &b), Some(a));
        }
    }

    #[test]
    fn different_integers_are_read_differently(a in 0_u64.., b in 0_u64..) {
        prop_assume!(a != b);
        prop_assert_ne!(read(&a.to_string()), read(&b.to_string()));
    }

    #[test]
    fn parsing_never_panics(text in "[0-9., \\-a-zđ]{0,12}") {
        let _ = number::parse(&text);
        let _ = money::parse(&text);
    }
}
