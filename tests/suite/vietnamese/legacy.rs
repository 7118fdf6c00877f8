//! Old encodings, both directions. The byte fixtures were made with glibc's
//! iconv (TCVN5712-1, VISCII) and, for VPS, from the vietunicode chart; the give-away strings are what clerks see.

use proptest::prelude::*;
use vanthu::vietnamese::legacy::{Confidence, Encoding, Guess, by_font, decode, detect, encode};
use vanthu::vietnamese::letters::LETTERS;

const MOTTO: &str = "Cộng hòa xã hội chủ nghĩa Việt Nam\nĐộc lập - Tự do - Hạnh phúc";

/// [`MOTTO`] as it looks undecoded.
const GIVEAWAYS: [(Encoding, &str); 6] = [
    (Encoding::Tcvn3, "Céng hßa x· héi chñ nghÜa ViÖt Nam\n§éc lËp - Tù do - H¹nh phóc"),
    (Encoding::Vni, "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam\nÑoäc laäp - Töï do - Haïnh phuùc"),
    (Encoding::Viscii, "Cµng hòa xã hµi chü nghîa Vi®t Nam\nÐµc l§p - Tñ do - HÕnh phúc"),
    (Encoding::Vps, "C¶ng hòa xã h¶i chû nghïa ViŒt Nam\nñ¶c lÆp - T¿ do - Hånh phúc"),
    (Encoding::Windows1258, "Côòng hoÌa xaÞ hôòi chuÒ nghiÞa Viêòt Nam\nÐôòc lâòp - Týò do - Haònh phuìc"),
    (Encoding::Utf8AsWindows1252, "Cá»™ng hÃ²a xÃ£ há»™i chá»§ nghÄ©a Viá»‡t Nam\nÄá»™c láº\u{ad}p - Tá»± do - Háº¡nh phÃºc"),
];

const SMALL_LETTERS: &str = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ";

fn from_hex(hex: &str) -> String {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("ASCII");
            char::from(u8::from_str_radix(pair, 16).expect("hexadecimal"))
        })
        .collect()
}

#[test]
fn the_motto_is_decoded_from_every_encoding() {
    for (encoding, shown) in GIVEAWAYS {
        let shown = shown.replace("Äá»™c", "Ä\u{90}á»™c");
        assert_eq!(decode(&shown, encoding).as_deref(), Some(MOTTO), "{encoding:?}");
    }
}

#[test]
fn the_motto_is_encoded_as_clerks_see_it() {
    for (encoding, shown) in GIVEAWAYS {
        let shown = shown.replace("Äá»™c", "Ä\u{90}á»™c");
        if encoding == Encoding::Windows1258 {
            // à, á, é, ê, ó, ù and ú have bytes of their own there; keyboards
            // send letter and tone, we the one byte.
            let again = encode(MOTTO, encoding).expect("every letter has a place");
            assert_eq!(decode(&again, encoding).as_deref(), Some(MOTTO));
            assert!(again.starts_with("Côòng hoÌa xaÞ hôòi chuÒ nghiÞa Viêòt Nam"));
            continue;
        }
        assert_eq!(encode(MOTTO, encoding).as_deref(), Some(shown.as_str()), "{encoding:?}");
    }
}

#[test]
fn all_134_letters_survive_every_encoding() {
    for encoding in Encoding::ALL {
        for letter in LETTERS {
            let text = letter.to_string();
            let shown = encode(&text, encoding).unwrap_or_else(|| panic!("{encoding:?} {letter}"));
            assert_ne!(shown, "", "{encoding:?} {letter}");
            let back = decode(&shown, encoding);
            let expected = if encoding == Encoding::Tcvn3Capitals { text.to_uppercase() } else { text };
            assert_eq!(back, Some(expected), "{encoding:?} {letter} as {shown:?}");
        }
    }
}

#[test]
fn small_letters_have_the_bytes_iconv_gives_them() {
    for (encoding, hex) in [
        (
            Encoding::Tcvn3,
            "B5B8B6B7B9A8BBBEBCBDC6A9C7CAC8C9CBAECCD0CECFD1AAD2D5D3D4D6D7DDD8DCDEDFE3E1E2E4ABE5E8E6E7E9ACEAEDEBECEEEFF3F1F2F4ADF5F8F6F7F9FAFDFBFCFE",
        ),
        (
            Encoding::Viscii,
            "E0E1E4E3D5E5A2A1C6C7A3E2A5A4A6E7A7F0E8E9EBA8A9EAABAAACADAEECEDEFEEB8F2F3F6F5F7F4B0AFB1B2B5BDB6BEB7DEFEF9FAFCFBF8DFD7D1D8E6F1CFFDD6DBDC",
        ),
    ] {
        assert_eq!(decode(&from_hex(hex), encoding).as_deref(), Some(SMALL_LETTERS));
    }
}

#[test]
fn capitals_of_viscii_have_the_bytes_iconv_gives_them() {
    assert_eq!(
        decode(
            &from_hex(
                "C0C1C4C380C58281020583C28584860687D0C8C9CB8889CA8B8A8C8D8ECCCD9BCE98D2D399A09AD4908F919293B4969597B394D9DA9C9D9EBFBBBABCFFB99FDD14191E"
            ),
            Encoding::Viscii
        ),
        Some(SMALL_LETTERS.to_uppercase())
    );
}

#[test]
fn letters_of_vps_have_the_bytes_of_the_vietunicode_chart() {
    for (hex, text) in [
        (
            "E0E1E4E3E5E6A2A1A3A4A5E2C0C3C4C5C6C7E8E9C8EBCBEA8A898BCD8CECEDCCEFCEF2F3D5F586F4D2D3B087B6D6A9A7AAABAEF9FAFBDBF8DCD8D9BABBBFFF9A9BCF9C",
            SMALL_LETTERS.to_owned(),
        ),
        (
            "80C1818202888E8D8FF004C28483851C03F1D7C9DEFE05CA9390949506B5B4B7B810BCB9BDBE11D49796989912F79E9D9FA613A8DAD1AC14D0AFADB11D15B2DDFDB319",
            SMALL_LETTERS.to_uppercase(),
        ),
    ] {
        assert_eq!(decode(&from_hex(hex), Encoding::Vps), Some(text));
    }
}

#[test]
fn capitals_of_vn1_are_read_where_they_cannot_be_punctuation() {
    // As raw controls, they can be nothing else.
    assert_eq!(
        decode(
            &from_hex(
                "8083818284A1AFC0BABF85A2C1C4C2C386A7878A88898BA3C5DACDD98C8D908E8F919295939496A4DBFFE0F097A5989B999A9C9D019E9F02A604110506121316141517"
            ),
            Encoding::Tcvn3
        ),
        Some(SMALL_LETTERS.to_uppercase())
    );
    // As Windows-1252 shows them, 0x96 is a dash.
    assert_eq!(decode("H–C – “HéI”", Encoding::Tcvn3).as_deref(), Some("HỌC – “HỘI”"));
}

#[test]
fn the_marks_of_vni_follow_their_rules() {
    for (shown, text) in [
        ("aú", "ẳ"),
        ("AÚ", "Ẳ"),
        ("yû", "ỷ"),
        ("yõ", "ỹ"),
        ("î", "ỵ"),
        ("yï", "ỵ"),
        ("iø", "ì"),
        ("ì", "ì"),
        ("Aø", "À"),
        ("ÖÔÙNG", "ƯỚNG"),
        ("Ñöôøng", "Đường"),
        ("Nguyeãn", "Nguyễn"),
    ] {
        assert_eq!(decode(shown, Encoding::Vni).as_deref(), Some(text), "{shown}");
    }
    assert_eq!(encode("ỷ ỹ Ỵ", Encoding::Vni).as_deref(), Some("yû yõ Î"));
}

#[test]
fn u_horn_of_tcvn3_is_the_soft_hyphen() {
    assert_eq!(decode("Tr\u{ad}êng Phæ th«ng", Encoding::Tcvn3).as_deref(), Some("Trường Phổ thông"));
}

#[test]
fn words_typed_for_a_capitals_face_become_capitals() {
    for (shown, text) in [
        ("CéNG HßA X· HéI CHñ NGHÜA VIÖT NAM", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("§éC LËP - Tù DO - H¹NH PHóC", "ĐỘC LẬP - TỰ DO - HẠNH PHÚC"),
        ("Hµ Néi", "Hà Nội"),
        ("TP Hµ Néi", "TP Hà Nội"),
        ("§ç Hµ", "Đỗ Hà"),
        ("UBND x· Hµ An", "UBND xã Hà An"),
        ("HéI Hµ TÜnh", "HỘI Hà Tĩnh"),
        ("Aµ, ¢Ê", "À, Ấ"),
        ("£ª", "Êê"),
    ] {
        assert_eq!(decode(shown, Encoding::Tcvn3).as_deref(), Some(text), "{shown}");
    }
    assert_eq!(decode("giÊy khen", Encoding::Tcvn3Capitals).as_deref(), Some("GIẤY KHEN"));
}

#[test]
fn text_that_is_unicode_already_is_not_decoded() {
    for encoding in Encoding::ALL {
        assert_eq!(decode("Hội Khuyến học", encoding), None, "{encoding:?}");
    }
    assert_eq!(decode("Céng hßa", Encoding::Utf8AsWindows1252), None);
}

#[test]
fn letters_an_encoding_lacks_are_not_encoded() {
    for encoding in [Encoding::Tcvn3, Encoding::Vni, Encoding::Viscii, Encoding::Vps] {
        assert_eq!(encode("中", encoding), None, "{encoding:?}");
    }
    // The byte of ß is ò in TCVN3; it must not come back as another letter.
    assert_eq!(encode("ß", Encoding::Tcvn3), None);
    assert_eq!(encode("ß", Encoding::Viscii), None);
}

#[test]
fn fonts_tell_the_encoding() {
    for (font, encoding) in [
        (".VnTime", Some(Encoding::Tcvn3)),
        (".VnTimeH", Some(Encoding::Tcvn3Capitals)),
        (".vntimeh", Some(Encoding::Tcvn3Capitals)),
        (".VnArial NarrowH", Some(Encoding::Tcvn3Capitals)),
        (".VnShelley Allegro", Some(Encoding::Tcvn3)),
        ("VnTime", Some(Encoding::Tcvn3)),
        ("VNI-Times", Some(Encoding::Vni)),
        ("VPS Times", Some(Encoding::Vps)),
        ("Times New Roman", None),
        ("Arial", None),
        ("VNtimes new roman", None),
    ] {
        assert_eq!(by_font(font), encoding, "{font}");
    }
}

#[test]
fn each_encoding_is_recognised_from_the_motto() {
    for (encoding, shown) in GIVEAWAYS {
        let shown = shown.replace("Äá»™c", "Ä\u{90}á»™c");
        assert_eq!(detect(&shown), Some(Guess { encoding, confidence: Confidence::Sure }), "{encoding:?}");
    }
}

#[test]
fn a_column_of_names_is_enough() {
    let names = "Nguyễn Văn An\nTrần Thị Bích\nLê Hoàng Dũng\nPhạm Thu Hằng\nVũ Đức Thắng";
    for (encoding, _) in GIVEAWAYS {
        let shown = encode(names, encoding).expect("every letter has a place");
        let guess = detect(&shown).unwrap_or_else(|| panic!("{encoding:?} is not recognised"));
        assert_eq!(guess.encoding, encoding);
        assert_eq!(guess.confidence, Confidence::Sure, "{encoding:?}");
    }
}

#[test]
fn a_single_telling_word_is_sure_and_another_is_not() {
    assert_eq!(detect("NguyÔn"), Some(Guess { encoding: Encoding::Tcvn3, confidence: Confidence::Sure }));
    // Read as it stands, a capital in mid-word makes it no Vietnamese.
    assert_eq!(detect("bÊn").map(|guess| guess.encoding), Some(Encoding::Tcvn3));
    for word in ["b¶n", "®Êt"] {
        assert_eq!(detect(word).map(|guess| guess.confidence), Some(Confidence::Ambiguous), "{word}");
    }
}

#[test]
fn text_that_needs_no_decoding_is_left_alone() {
    for text in [
        "",
        "12 345",
        "The quick brown fox",
        "Hội Khuyến học Việt Nam",
        "Nguyễn Văn An\nTrần Thị Bích",
        "bà Lý, ông Cao: hòa",
        "Lê Văn Hùng\nHà",
        "L'école est fermée à Noël; où sont les élèves? Ça y est, très bien, déjà vu, tête-à-tête.",
        "Größe, Straße, für, Müller, schön, Äpfel",
        "© 2026 Acme™ – «naïve» café, résumé",
        "25 °C – 5 × 3 ± 2 µm",
    ] {
        assert_eq!(detect(text), None, "{text}");
    }
}

#[test]
fn lines_that_are_unicode_do_not_hide_lines_that_are_not() {
    let mixed = format!("Hội Khuyến học\n{}", GIVEAWAYS[0].1);
    assert_eq!(detect(&mixed), detect(GIVEAWAYS[0].1));
}

proptest! {
    #[test]
    fn nothing_makes_the_decoders_panic(text in "\\PC{0,40}|[\\x00-\\u{ff}]{0,40}") {
        for encoding in Encoding::ALL {
            let _ = decode(&text, encoding);
            let _ = encode(&text, encoding);
        }
        let _ = detect(&text);
    }
}
