//! The Vietnamese letters: the accented ones, case, folding for search, and the
//! letters and Roman numerals that number the parts of a document.
//!
//! Tones are taken apart in [`super::tone`]; whether letters make a syllable is
//! decided in [`super::syllable`].

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The 134 precomposed letters outside ASCII: 67 lower case, then their 67
/// capitals in the same order, so `LETTERS[i + 67]` is the capital of
/// `LETTERS[i]`. Within a vowel the tones follow as huyền, sắc, hỏi, ngã, nặng.
///
/// The byte tables of [`super::legacy`] are aligned with this array.
#[rustfmt::skip]
pub const LETTERS: [char; 134] = [
    'à', 'á', 'ả', 'ã', 'ạ', 'ă', 'ằ', 'ắ', 'ẳ', 'ẵ', 'ặ', 'â', 'ầ', 'ấ', 'ẩ', 'ẫ', 'ậ',
    'đ',
    'è', 'é', 'ẻ', 'ẽ', 'ẹ', 'ê', 'ề', 'ế', 'ể', 'ễ', 'ệ',
    'ì', 'í', 'ỉ', 'ĩ', 'ị',
    'ò', 'ó', 'ỏ', 'õ', 'ọ', 'ô', 'ồ', 'ố', 'ổ', 'ỗ', 'ộ', 'ơ', 'ờ', 'ớ', 'ở', 'ỡ', 'ợ',
    'ù', 'ú', 'ủ', 'ũ', 'ụ', 'ư', 'ừ', 'ứ', 'ử', 'ữ', 'ự',
    'ỳ', 'ý', 'ỷ', 'ỹ', 'ỵ',
    'À', 'Á', 'Ả', 'Ã', 'Ạ', 'Ă', 'Ằ', 'Ắ', 'Ẳ', 'Ẵ', 'Ặ', 'Â', 'Ầ', 'Ấ', 'Ẩ', 'Ẫ', 'Ậ',
    'Đ',
    'È', 'É', 'Ẻ', 'Ẽ', 'Ẹ', 'Ê', 'Ề', 'Ế', 'Ể', 'Ễ', 'Ệ',
    'Ì', 'Í', 'Ỉ', 'Ĩ', 'Ị',
    'Ò', 'Ó', 'Ỏ', 'Õ', 'Ọ', 'Ô', 'Ồ', 'Ố', 'Ổ', 'Ỗ', 'Ộ', 'Ơ', 'Ờ', 'Ớ', 'Ở', 'Ỡ', 'Ợ',
    'Ù', 'Ú', 'Ủ', 'Ũ', 'Ụ', 'Ư', 'Ừ', 'Ứ', 'Ử', 'Ữ', 'Ự',
    'Ỳ', 'Ý', 'Ỷ', 'Ỹ', 'Ỵ',
];

/// Letters that number the điểm of a khoản: đ has its own place, and f, j, w, z
/// and the letters with ă, â, ê, ô, ơ, ư are not used (Decree 30, annex II).
const POINT_LETTERS: [char; 23] =
    ['a', 'b', 'c', 'd', 'đ', 'e', 'g', 'h', 'i', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'x', 'y'];

/// Whether `c` is one of the 134 accented Vietnamese letters in its precomposed
/// form. Plain ASCII letters are not.
#[must_use]
pub fn is_accented(c: char) -> bool {
    !c.is_ascii() && LETTERS.contains(&c)
}

/// Whether `c` can stand in a Vietnamese word: an accented letter, or an ASCII
/// letter other than f, j, w, z.
#[must_use]
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() && !matches!(c.to_ascii_lowercase(), 'f' | 'j' | 'w' | 'z') } else { is_accented(c) }
}

/// The letter of the `n`-th điểm, counted from 1: a, b, c, d, đ, e, g … y, then
/// aa, ab and so on. Zero, which no điểm has, gives the empty string.
#[must_use]
pub fn point_letter(n: usize) -> String {
    let base = POINT_LETTERS.len();
    let mut reversed = Vec::new();
    let mut rest = n;
    while rest > 0 {
        rest -= 1;
        reversed.push(POINT_LETTERS[rest % base]);
        rest /= base;
    }
    reversed.into_iter().rev().collect()
}

/// `n` in Roman numerals, as used for Phần, Chương and two or more phụ lục
/// (Decree 30, annex I). `None` outside 1..=3999.
#[must_use]
pub fn roman(n: u32) -> Option<String> {
    const STEPS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..=3999).contains(&n) {
        return None;
    }
    let mut rest = n;
    let mut numeral = String::new();
    for (value, symbol) in STEPS {
        while rest >= value {
            numeral.push_str(symbol);
            rest -= value;
        }
    }
    Some(numeral)
}

/// `text` in capitals. Vietnamese needs no tailoring of Unicode's case mapping.
#[must_use]
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// `text` in lower case.
#[must_use]
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// `text` with its first letter a capital and the rest untouched. Quotation
/// marks and the like before the first letter are passed over; a text that
/// starts with a digit stays as it is, since its sentence starts there.
#[must_use]
pub fn capitalise(text: &str) -> String {
    let first = text.char_indices().find(|(_, c)| c.is_alphanumeric());
    let Some((at, c)) = first else {
        return text.to_owned();
    };
    let mut result = String::with_capacity(text.len() + 2);
    result.push_str(&text[..at]);
    result.extend(c.to_uppercase());
    result.push_str(&text[at + c.len_utf8()..]);
    result
}

/// A key for search and for matching column headings: no diacritics, đ as d,
/// lower case, runs of white space as one space, none at the ends.
///
/// Accepts NFC and NFD alike. Different words may share a key (bán, bạn), so it
/// finds candidates and never proves that two texts are equal.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.nfd() {
        if is_combining_mark(c) {
            continue;
        }
        if c.is_whitespace() {
            if !key.is_empty() && !key.ends_with(' ') {
                key.push(' ');
            }
            continue;
        }
        // đ does not decompose; ð and ɖ are what some keyboards and fonts gave
        // in its place.
        match c {
            'đ' | 'Đ' | 'ð' | 'Ð' | 'ɖ' | 'Ɖ' => key.push('d'),
            c if c.is_ascii() => key.push(c.to_ascii_lowercase()),
            // Some lower-case mappings bring a mark of their own (İ → i + dot).
            c => key.extend(c.to_lowercase().filter(|l| !is_combining_mark(*l))),
        }
    }
    if key.ends_with(' ') {
        key.pop();
    }
    key
}
