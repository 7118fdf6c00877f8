//! Old encodings, both directions. TCVN3, VISCII and Windows-1258 are compared
//! with the machine's `iconv`, letter by letter and byte by byte; VPS, which it
//! lacks, with the vietunicode chart; the give-away strings are what clerks see.

use std::io::Write as _;
use std::process::{Command, Stdio};

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

/// The encodings that `iconv` has, and its names for them.
const OF_ICONV: [(Encoding, &str); 3] = [(Encoding::Tcvn3, "TCVN5712-1"), (Encoding::Viscii, "VISCII"), (Encoding::Windows1258, "CP1258")];

/// What `iconv` makes of `bytes`. `-c` drops what has no place in the other table.
fn iconv(from: &str, to: &str, bytes: &[u8]) -> Vec<u8> {
    let missing = "iconv is needed (Debian: packages libc-bin and libc6)";
    let mut child = Command::new("iconv")
        .args(["-c", "-f", from, "-t", to])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect(missing);
    child.stdin.take().expect("a pipe").write_all(bytes).expect(missing);
    let output = child.wait_with_output().expect(missing);
    assert!(!output.stdout.is_empty(), "{missing}, with {from} and {to}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What `iconv` makes of each of `pieces`.
fn iconv_each(from: &str, to: &str, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let converted = iconv(from, to, &pieces.join(&b'\n'));
    let converted: Vec<Vec<u8>> = converted.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    assert_eq!(converted.len(), pieces.len(), "{from} to {to}");
    converted
}

/// Bytes as Latin-1 shows them.
fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes behind what [`encode`] gives: Windows-1252, or Latin-1 where that has a gap.
fn bytes_of(shown: &str) -> Vec<u8> {
    shown
        .chars()
        .flat_map(|c| match u8::try_from(u32::from(c)) {
            Ok(byte) => vec![byte],
            Err(_) => iconv("UTF-8", "CP1252", c.to_string().as_bytes()),
        })
        .collect()
}

#[test]
fn every_letter_gets_the_bytes_that_iconv_gives_it() {
    let letters: Vec<Vec<u8>> = LETTERS.iter().map(|letter| letter.to_string().into_bytes()).collect();
    for (encoding, name) in OF_ICONV {
        let mut compared = 0;
        for (letter, expected) in LETTERS.iter().zip(iconv_each("UTF-8", name, &letters)) {
            // No font shows the toned capitals of VN1, so ours are written as two bytes: the capital, the small letter.
            let in_fonts = letter.is_lowercase() || "ĂÂÊÔƠƯĐ".contains(*letter);
            if encoding == Encoding::Tcvn3 && !in_fonts {
                continue;
            }
            let shown = encode(&letter.to_string(), encoding).unwrap_or_else(|| panic!("{name} {letter}"));
            assert_eq!(bytes_of(&shown), expected, "{name} {letter}");
            compared += 1;
        }
        assert_eq!(compared, if encoding == Encoding::Tcvn3 { 67 + 7 } else { 134 }, "{name}");
    }
}

#[test]
fn every_byte_is_the_letter_that_iconv_reads() {
    let bytes: Vec<Vec<u8>> = (1..=0xff_u8).filter(|byte| *byte != b'\n').map(|byte| vec![byte]).collect();
    for (encoding, name) in OF_ICONV {
        let mut letters = Vec::new();
        for (byte, read) in bytes.iter().zip(iconv_each(name, "UTF-8", &bytes)) {
            let read = String::from_utf8(read).expect("UTF-8");
            let ours = decode(&latin_1(byte), encoding).expect("every byte is in the view");
            match read.chars().next().filter(|c| LETTERS.contains(c)) {
                Some(letter) => {
                    assert_eq!(ours, read, "{name} {byte:02X?}");
                    letters.push(letter);
                }
                // Windows-1258 has its own signs; in the others, what is no letter stays as it looks.
                None if encoding != Encoding::Windows1258 => assert_eq!(ours, latin_1(byte), "{name} {byte:02X?}"),
                None if !read.is_empty() => assert_eq!(ours, read, "{name} {byte:02X?}"),
                None => {}
            }
        }
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), if encoding == Encoding::Windows1258 { 30 } else { 134 }, "{name}");
    }
}

#[test]
fn texts_go_through_iconv_and_back() {
    let text = format!("{MOTTO}\n{}\n{SMALL_LETTERS}", SMALL_LETTERS.to_uppercase());
    for (encoding, name) in OF_ICONV {
        let theirs = iconv("UTF-8", name, text.as_bytes());
        for (line, expected) in theirs.split(|byte| *byte == b'\n').zip(text.lines()) {
            assert_eq!(decode(&latin_1(line), encoding).as_deref(), Some(expected), "{name}");
        }
        // TCVN3 writes toned capitals its own way, which iconv does not read.
        let ours: Vec<u8> =
            [MOTTO, SMALL_LETTERS].iter().flat_map(|text| bytes_of(&encode(text, encoding).expect("in every table"))).collect();
        assert_eq!(String::from_utf8(iconv(name, "UTF-8", &ours)).expect("UTF-8"), format!("{MOTTO}{SMALL_LETTERS}"), "{name}");
    }
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
