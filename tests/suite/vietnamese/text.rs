//! Letters, syllables, tones, and text from outside made clean.

use proptest::prelude::*;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use vanthu::vietnamese::letters::{LETTERS, capitalise, fold, lower, point_letter, roman, upper};
use vanthu::vietnamese::normalise::{Note, Removed, clean};
use vanthu::vietnamese::syllable::is_syllable;
use vanthu::vietnamese::tone::{Tone, carry, normalise_for_key, separate, to_new, to_old};

#[test]
fn there_are_134_different_letters_in_nfc_and_in_pairs_of_case() {
    let mut sorted = LETTERS;
    sorted.sort_unstable();
    assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
    for (small, capital) in LETTERS[..67].iter().zip(&LETTERS[67..]) {
        assert_eq!(upper(&small.to_string()), capital.to_string());
        assert_eq!(lower(&capital.to_string()), small.to_string());
        assert!(is_nfc(&small.to_string()));
    }
}

#[test]
fn points_are_lettered_with_đ_and_without_f_j_w_z() {
    let first: String = (1..=23).map(point_letter).collect();
    assert_eq!(first, "abcdđeghiklmnopqrstuvxy");
    assert_eq!(point_letter(24), "aa");
    assert_eq!(point_letter(25), "ab");
    assert_eq!(point_letter(23 + 23 * 23), "yy");
    assert_eq!(point_letter(24 + 23 * 23), "aaa");
    assert_eq!(point_letter(0), "");
}

#[test]
fn roman_numerals_follow_the_subtractive_rule() {
    for (n, numeral) in [(1, "I"), (4, "IV"), (9, "IX"), (14, "XIV"), (40, "XL"), (1994, "MCMXCIV"), (3999, "MMMCMXCIX")] {
        assert_eq!(roman(n).as_deref(), Some(numeral));
    }
    assert_eq!(roman(0), None);
    assert_eq!(roman(4000), None);
}

#[test]
fn only_the_first_letter_is_capitalised() {
    for (text, written) in [("đồng chí", "Đồng chí"), ("“ủy ban”", "“Ủy ban”"), ("5 đồng", "5 đồng"), ("", ""), ("...", "...")]
    {
        assert_eq!(capitalise(text), written);
    }
}

#[test]
fn folding_drops_diacritics_case_and_spare_spaces() {
    for (text, key) in [
        ("  Họ và   TÊN ", "ho va ten"),
        ("Đường", "duong"),
        ("\u{110}\u{1b0}\u{1a1}\u{300}ng", "duong"),
        ("Ðức", "duc"),
        ("Ngày\u{a0}sinh\n", "ngay sinh"),
        ("e\u{323}\u{302}", "e"),
        ("İ", "i"),
        ("", ""),
    ] {
        assert_eq!(fold(text), key);
    }
    for letter in LETTERS {
        assert!(fold(&letter.to_string()).is_ascii(), "{letter}");
    }
}

#[test]
fn syllables_of_vietnamese_are_legal() {
    let words = "\
        a à ạ ai anh ách ăn ấm âu ây em éc êm ếch ỉa ít im ơi ở ợt ồn ốc ủ úp ưa ức ướt yêu yến ý ỷ \
        nghiêng nghề ngã nguyễn khuyến khuya khuỷu khuých quốc quyết quý quỷ quả quang quạ quên \
        quýt quơ quét quắp quẫy quây què gì gìn giêng giếng giết già giữ giỏi giặt giường ghế ghi \
        gà gượng kẻ kính kỹ kéo kiến cá cổ cưỡng hoà hòa hoàn hoạch hoẵng khỏe khoẻ thủy thuỷ thuý \
        thúy tuần tuệ thuở huơ tuyệt tuynh xoong moóc loằng ngoằn ngoèo hươu rượu tiếu liễu diều \
        uống uỳnh ủy uỷ uỵch uyên đoái ngoáy xoáy toan toét phở pin trăng chuối trường nhà nhật \
        thưởng Hội HỌC Đức ĐỖ Ước Ỷ kạn bướu cừu sữa mía múa mưa tua";
    for word in words.split_whitespace() {
        assert!(is_syllable(word), "{word}");
    }
}

#[test]
fn what_breaks_a_rule_of_spelling_is_no_syllable() {
    for word in [
        "",
        "b",
        "ng",
        "đ",
        "1",
        "a1",
        "Hà Nội",
        "fa",
        "wa",
        "zô",
        "ja",
        // Consonants before the wrong vowels.
        "ce",
        "ci",
        "ka",
        "ko",
        "ge",
        "ghà",
        "nge",
        "nghà",
        "qa",
        "q",
        // Rimes that do not exist.
        "ưn",
        "ơng",
        "êng",
        "iên",
        "bă",
        "bâ",
        "bya",
        "lươ",
        "băi",
        "oang2",
        "uyê",
        "lyêu",
        "aa",
        "eê",
        // A stop needs sắc or nặng.
        "cac",
        "càt",
        "hỏc",
        "hõp",
        "hôch",
        // Two tones, or the mark on the wrong letter.
        "hóá",
        "tiêú",
        "nguỹên",
        "hòan",
        "muá",
        "míên",
        "qúy",
        "gía",
        "haì",
        // Legacy text and other languages.
        "NguyÔn",
        "Céng",
        "Vieät",
        "café",
        "école",
        "straße",
        "nghieengs",
    ] {
        assert!(!is_syllable(word), "{word}");
    }
}

#[test]
fn tones_come_off_and_go_back_on() {
    assert_eq!(separate('ệ'), ('ê', Tone::Nang));
    assert_eq!(separate('Ữ'), ('Ư', Tone::Nga));
    assert_eq!(separate('đ'), ('đ', Tone::Ngang));
    assert_eq!(carry('Ơ', Tone::Huyen), Some('Ờ'));
    assert_eq!(carry('á', Tone::Hoi), Some('ả'));
    assert_eq!(carry('đ', Tone::Sac), None);
    for letter in LETTERS {
        let (bare, tone) = separate(letter);
        if !matches!(letter, 'đ' | 'Đ') {
            assert_eq!(carry(bare, tone), Some(letter));
        }
    }
}

#[test]
fn prose_follows_either_placement_of_tones() {
    let old = "ỦY BAN, hòa khỏe thủy Hóa tòa lóe – hoàn quý toán khuỷu của mía";
    let new = "UỶ BAN, hoà khoẻ thuỷ Hoá toà loé – hoàn quý toán khuỷu của mía";
    assert_eq!(to_new(old), new);
    assert_eq!(to_old(new), old);
    assert_eq!(to_old(old), old);
    assert_eq!(normalise_for_key("Hòa"), normalise_for_key("Hoà"));
    assert_ne!(normalise_for_key("Hòa"), normalise_for_key("Hóa"));
}

fn note_removed(what: Removed, count: usize) -> Note {
    Note::Removed { what, count }
}

#[test]
fn clean_text_is_returned_as_it_is() {
    for text in ["", "Hội Khuyến học", "a\nb", "“Gia đình học tập” – 5.000 ₫"] {
        let cleaned = clean(text);
        assert_eq!(cleaned.text, text);
        assert_eq!(cleaned.notes, []);
    }
}

#[test]
fn spaces_and_line_ends_are_made_plain_without_a_note() {
    assert_eq!(clean("  a \t b \n").text, "a b");
    assert_eq!(clean("a  b").text, "a b");
    assert_eq!(clean("a\r\nb\rc\u{2028}d\u{b}e").text, "a\nb\nc\nd\ne");
    assert_eq!(clean("a\r\nb").notes, []);
    assert_eq!(clean("a\n\nb").text, "a\n\nb");
}

#[test]
fn decomposed_text_is_recomposed_with_a_note() {
    let cleaned = clean("Nguye\u{302}\u{303}n");
    assert_eq!(cleaned.text, "Nguyễn");
    assert_eq!(cleaned.notes, [Note::Recomposed]);
}

#[test]
fn invisible_characters_are_removed_and_counted_by_kind() {
    let cleaned = clean("H\u{ad}o\u{200b}\u{feff}a\u{202e}\u{7}\u{fffe}\u{a0}x\u{2009}y\u{fffd}");
    assert_eq!(cleaned.text, "Hoa x y\u{fffd}");
    assert_eq!(
        cleaned.notes,
        [
            note_removed(Removed::SoftHyphen, 1),
            note_removed(Removed::ZeroWidth, 2),
            note_removed(Removed::BidiControl, 1),
            note_removed(Removed::Control, 1),
            note_removed(Removed::Noncharacter, 1),
            Note::Spaces { count: 2 },
            Note::Lost { count: 1 },
        ]
    );
}

#[test]
fn a_mark_parted_from_its_letter_by_nothing_visible_finds_it_again() {
    assert_eq!(clean("Hoa\u{200d}\u{300}").text, "Hoà");
}

#[test]
fn eth_becomes_đ_in_vietnamese_company_only() {
    for (text, cleaned, count) in [
        ("Ðỗ Ðức Ðạt", "Đỗ Đức Đạt", 3),
        ("05/QÐ-HÐND", "05/QĐ-HĐND", 2),
        ("500.000ð", "500.000đ", 1),
        ("500.000 ð", "500.000 đ", 1),
        ("điểm ð khoản 2", "điểm đ khoản 2", 1),
        ("Ɖường", "Đường", 1),
        ("Guðrún Þórðardóttir", "Guðrún Þórðardóttir", 0),
        ("Það", "Það", 0),
        ("ð", "ð", 0),
    ] {
        let result = clean(text);
        assert_eq!(result.text, cleaned);
        let expected: &[Note] = if count == 0 { &[] } else { &[Note::Eth { count }] };
        assert_eq!(result.notes, expected, "{text}");
    }
}

#[test]
fn stacked_marks_are_reported_and_not_hidden() {
    let stacked = format!("Z{}", "\u{334}".repeat(9));
    let cleaned = clean(&stacked);
    assert_eq!(cleaned.text, stacked);
    assert_eq!(cleaned.notes, [Note::TooManyMarks { max_run: 9 }]);
    assert_eq!(clean(&stacked[..stacked.len() - 2]).notes, []);
}

proptest! {
    #[test]
    fn cleaning_twice_is_cleaning_once(text in "\\PC{0,20}|[\\x00-\\x20\\u{a0}\\u{ad}aeÐðđQ0\\u{300}\\u{302}\\u{323}\\u{200b}\\u{2028}\\u{feff} ]{0,20}") {
        let once = clean(&text);
        prop_assert!(is_nfc(&once.text));
        prop_assert!(!once.text.contains("  "));
        let twice = clean(&once.text);
        prop_assert_eq!(&twice.text, &once.text);
        prop_assert!(
            !twice.notes.iter().any(|n| !matches!(n, Note::Lost { .. } | Note::TooManyMarks { .. })),
            "{:?}", twice.notes
        );
    }

    #[test]
    fn decomposed_text_cleans_to_the_composed(text in "[a-zàáảãạăằâậđêễôộơợưựỳỵ]{1,8}( [A-ZĐÊÔƠƯẠỆ]{1,8}){0,3}") {
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(clean(&decomposed).text, text.clone());
        prop_assert_eq!(fold(&decomposed), fold(&text));
    }

    #[test]
    fn legal_syllables_stay_legal_in_either_placement(word in "[bchklmnqt]?h?(oà|òa|uỷ|ủy|oẹ|ọe|oan|uyên|ương)") {
        if is_syllable(&word) {
            prop_assert!(is_syllable(&to_old(&word)), "{}", to_old(&word));
            prop_assert!(is_syllable(&to_new(&word)), "{}", to_new(&word));
            prop_assert_eq!(to_new(&to_old(&word)), to_new(&word));
        }
    }
}
