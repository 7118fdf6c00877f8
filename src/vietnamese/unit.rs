//! Abbreviated names of administrative units and bodies, written out with the
//! capitals of Decree 30, annex II.
//!
//! A generic noun (quận, phường …) is small before a proper name and a capital
//! before a number, a person or an event: quận Phú Nhuận, Quận 10, Phường Điện
//! Biên Phủ. The district level ended on 1 July 2025; its words are expanded
//! because older data has them, and none is ever added.

use super::{letters, syllable};

/// Bodies and set phrases, matched as whole words in exactly this case.
const BODIES: [(&str, &str); 20] = [
    ("HKH", "Hội Khuyến học"),
    ("UBND", "Ủy ban nhân dân"),
    ("HĐND", "Hội đồng nhân dân"),
    ("UBMTTQ", "Ủy ban Mặt trận Tổ quốc"),
    ("MTTQ", "Mặt trận Tổ quốc"),
    ("BCH", "Ban Chấp hành"),
    ("BTV", "Ban Thường vụ"),
    ("BCĐ", "Ban Chỉ đạo"),
    ("BTC", "Ban Tổ chức"),
    ("TƯ", "Trung ương"),
    ("TW", "Trung ương"),
    ("GDĐT", "Giáo dục và Đào tạo"),
    ("GD&ĐT", "Giáo dục và Đào tạo"),
    ("THCS", "Trung học cơ sở"),
    ("THPT", "Trung học phổ thông"),
    ("CLB", "Câu lạc bộ"),
    ("TTHTCĐ", "Trung tâm học tập cộng đồng"),
    ("CCB", "Cựu chiến binh"),
    ("LHPN", "Liên hiệp Phụ nữ"),
    ("TPHCM", CITY),
];

/// Named after a person, so its generic noun has a capital; it alone is known by
/// an abbreviation of its proper name.
const CITY: &str = "Thành phố Hồ Chí Minh";

/// Abbreviated generic nouns, and before what they are understood otherwise than
/// with a dot and a proper name.
const NOUNS: [(&str, &str, Bare); 9] = [
    ("Q", "quận", Bare::BeforeNumber),
    ("P", "phường", Bare::BeforeNumber),
    ("KP", "khu phố", Bare::BeforeNumber),
    ("X", "xã", Bare::Never),
    ("H", "huyện", Bare::Never),
    ("T", "tỉnh", Bare::Never),
    ("TT", "thị trấn", Bare::Never),
    ("TX", "thị xã", Bare::BeforeName),
    ("TP", "thành phố", Bare::BeforeName),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    Never,
    /// Q10, q.10: units with numbers. T.10 is a month.
    BeforeNumber,
    /// TP Thủ Đức.
    BeforeName,
}

/// First syllables of three-syllable names that make them a person's.
const SURNAMES: [&str; 23] = [
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Hoàng", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Trương",
    "Đinh", "Lương", "Đoàn", "Mạc", "Tôn", "Trịnh",
];

/// Places whose names look like persons'.
const PLACES: [&str; 2] = ["Hoàng Su Phì", "Phan Rí Cửa"];

/// Persons and events of which the shape of the name does not tell.
const PERSONS_AND_EVENTS: [&str; 34] = [
    "Điện Biên Phủ",
    "Cách mạng Tháng Tám",
    "Nam Kỳ Khởi Nghĩa",
    "Hai Bà Trưng",
    "Bà Triệu",
    "Trưng Vương",
    "Hùng Vương",
    "An Dương Vương",
    "Quang Trung",
    "Gia Long",
    "Minh Mạng",
    "Hàm Nghi",
    "Duy Tân",
    "Nguyễn Trãi",
    "Nguyễn Du",
    "Nguyễn Huệ",
    "Nguyễn Huân",
    "Nguyễn Phích",
    "Trần Phú",
    "Trần Hợi",
    "Trần Phán",
    "Trần Thới",
    "Lê Lợi",
    "Lê Lai",
    "Lê Lư",
    "Lê Duẩn",
    "Lê Chân",
    "Ngô Quyền",
    "Trương Định",
    "Tô Hiệu",
    "Tô Hiến Thành",
    "Yết Kiêu",
    "Châu Văn Liêm",
    "Phù Đổng Thiên Vương",
];

/// `text` with its abbreviations written out: `HKH Q.10` → Hội Khuyến học Quận
/// 10, `UBND Q. Phú Nhuận` → Ủy ban nhân dân quận Phú Nhuận.
///
/// A generic noun that opens the text has a capital, as text that opens a line
/// has; for text put inside a sentence use [`expand_inside`]. Both are for
/// columns of units and bodies: in running prose `H. Lan` may be a person.
/// `TT. GDTX` may be a centre and stays as it is.
#[must_use]
pub fn expand(text: &str) -> String {
    let expanded = expand_inside(text);
    match expand_first(text.trim_start()) {
        Some(_) => letters::capitalise(&expanded),
        None => expanded,
    }
}

/// [`expand`] for text that does not open a line: `X. Tân Phú` → xã Tân Phú.
#[must_use]
pub fn expand_inside(text: &str) -> String {
    let mut result = String::with_capacity(text.len() * 2);
    let mut rest = text;
    let mut after_word = false;
    while let Some(c) = rest.chars().next() {
        let opens_word = c.is_alphabetic() && !after_word;
        if opens_word && let Some((words, after)) = expand_first(rest) {
            result.push_str(&words);
            rest = after;
            after_word = false;
            continue;
        }
        result.push(c);
        after_word = c.is_alphanumeric();
        rest = &rest[c.len_utf8()..];
    }
    result
}

/// Writes out the abbreviation `text` starts with, and gives what follows it.
fn expand_first(text: &str) -> Option<(String, &str)> {
    let run = |allowed: fn(char) -> bool| {
        let end = text.find(|c| !allowed(c)).unwrap_or(text.len());
        (&text[..end], &text[end..])
    };
    let (joined, after_joined) = run(|c| c.is_alphanumeric() || c == '&');
    if let Some((_, words)) = BODIES.iter().find(|(short, _)| *short == joined) {
        return Some(((*words).to_owned(), after_joined));
    }
    let (word, after) = run(char::is_alphabetic);
    if word == "T"
        && let Some(after) = after.strip_prefix(".Ư").or(after.strip_prefix(".W"))
        && !after.starts_with(char::is_alphanumeric)
    {
        return Some(("Trung ương".to_owned(), after));
    }
    let (_, noun, bare) = NOUNS.iter().find(|(short, _, _)| is_short(word, short))?;
    let (dotted, after_dot) = match after.strip_prefix('.') {
        Some(after_dot) => (true, after_dot),
        None => (false, after),
    };
    let name = after_dot.trim_start_matches([' ', '\u{a0}']);
    let spaced = name.len() < after_dot.len();
    let first = name.chars().next()?;
    if first.is_ascii_digit() {
        let numbered = *bare == Bare::BeforeNumber;
        return numbered.then(|| (format!("{} ", letters::capitalise(noun)), name));
    }
    let understood = dotted || (*bare == Bare::BeforeName && spaced);
    if !understood || !first.is_uppercase() || word.starts_with(char::is_lowercase) {
        return None;
    }
    if *noun == "thành phố"
        && let Some(after) = name.strip_prefix("HCM")
        && !after.starts_with(char::is_alphanumeric)
    {
        return Some((CITY.to_owned(), after));
    }
    let proper = proper_name(name);
    // TT. is Trung tâm at least as often, and then an abbreviation follows.
    if *noun == "thị trấn" && !proper.first().is_some_and(|w| syllable::is_syllable(w)) {
        return None;
    }
    let noun = if is_person_or_event(&proper) { letters::capitalise(noun) } else { (*noun).to_owned() };
    Some((format!("{noun} "), name))
}

/// Tp and tp are written as often as TP, q. and p. before numbers too.
fn is_short(word: &str, short: &str) -> bool {
    letters::upper(word) == short
}

/// The leading words of `text` that have capitals, up to any punctuation.
fn proper_name(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        if !bare.starts_with(char::is_uppercase) || !bare.chars().all(char::is_alphabetic) {
            break;
        }
        words.push(bare);
        if bare.len() < word.len() {
            break;
        }
    }
    words
}

fn is_person_or_event(words: &[&str]) -> bool {
    let joined = letters::lower(&words.join(" "));
    // Another unit may follow the name without a comma.
    let opens = |names: &[&str]| {
        names.iter().any(|name| joined.strip_prefix(&letters::lower(name)).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
    };
    let surname = words.first().is_some_and(|w| SURNAMES.contains(w));
    opens(&PERSONS_AND_EVENTS) || (surname && words.len() >= 3 && !opens(&PLACES))
}
