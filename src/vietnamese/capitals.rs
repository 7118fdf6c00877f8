//! A checker for the rules on capital letters (Decree 30, annex II) that can be
//! checked without a dictionary of names. It suggests and never rewrites.
//!
//! Checked: set names of bodies and the like, cited parts of a text, units named
//! by numbers, weekdays in words, the first letter of sentences and lines. Not
//! checked, because a program cannot know: whether other words are names, posts
//! and degrees beside names, months in words (a setting, see
//! [`super::date::in_words`]).

use std::ops::Range;
use std::sync::LazyLock;

use super::{letters, tone};

/// Which rule of annex II a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A sentence or a line begins with a capital (I).
    SentenceStart,
    /// A name whose capitals are fixed: bodies, orders, feasts (III, IV, V).
    SetName,
    /// Units named by a number have a capital at the generic noun too (III.1b).
    UnitWithNumber,
    /// Phần, Chương, Mục, Tiểu mục, Điều have a capital when cited with their
    /// number; khoản and điểm do not (V.7).
    CitedPart,
    /// The syllable that counts the day has a capital: thứ Hai (V.8c).
    Weekday,
}

/// A place where the capitals look wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the text checked, on character boundaries.
    pub range: Range<usize>,
    /// What to write there instead.
    pub suggestion: String,
    /// Why.
    pub rule: Rule,
}

/// Names with their capitals. Those that begin with a small letter may begin
/// with a capital where a sentence does.
const SET_NAMES: [&str; 24] = [
    "Cộng hòa xã hội chủ nghĩa Việt Nam",
    "Độc lập - Tự do - Hạnh phúc",
    "Đảng Cộng sản Việt Nam",
    "Ủy ban nhân dân",
    "Hội đồng nhân dân",
    "Ủy ban Mặt trận Tổ quốc Việt Nam",
    "Mặt trận Tổ quốc Việt Nam",
    "Hội Khuyến học Việt Nam",
    "Hội Khuyến học",
    "Hội Cựu chiến binh",
    "Hội Liên hiệp Phụ nữ",
    "Sở Giáo dục và Đào tạo",
    "Bộ Giáo dục và Đào tạo",
    "Sở Tài chính",
    "Bộ Nội vụ",
    "Thành phố Hồ Chí Minh",
    "Thủ đô Hà Nội",
    "Huân chương Sao vàng",
    "Anh hùng Lao động",
    "tết Nguyên đán",
    "tết Trung thu",
    "ngày Quốc khánh",
    "ngày Phụ nữ Việt Nam",
    "ngày Nhà giáo Việt Nam",
];

const PARTS_WITH_CAPITAL: [&str; 5] = ["phần", "chương", "mục", "tiểu mục", "điều"];
/// Of the units that still exist or are in old texts, those with numbers.
const UNITS: [&str; 2] = ["quận", "phường"];
const WEEKDAYS: [&str; 6] = ["hai", "ba", "tư", "năm", "sáu", "bảy"];

/// What in `text`, prose in NFC, goes against the rules, in reading order and
/// without overlaps. Words wholly in capitals are headings and left alone.
#[must_use]
pub fn check(text: &str) -> Vec<Finding> {
    let words = words(text);
    let mut findings = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let found = set_name(text, &words, at).or_else(|| part_or_unit(text, &words, at)).or_else(|| weekday(text, &words, at));
        if let Some((length, finding)) = found {
            findings.extend(finding);
            at += length;
        } else {
            findings.extend(sentence_start(text, &words, at));
            at += 1;
        }
    }
    findings
}

/// A run of letters or digits and its key for comparing.
struct Word {
    range: Range<usize>,
    key: String,
}

impl Word {
    fn of(text: &str, range: Range<usize>) -> Self {
        let key = tone::normalise_for_key(&letters::lower(&text[range.clone()]));
        Self { range, key }
    }
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(Word::of(text, from..at));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push(Word::of(text, from..text.len()));
    }
    words
}

/// The number of words matched, and what is wrong with them if anything is.
type Match = (usize, Option<Finding>);

/// A phrase to look for, cut into words once: every word of a text is held
/// against all of them.
struct Phrase {
    text: &'static str,
    words: Vec<Word>,
}

fn phrases(texts: &[&'static str]) -> Vec<Phrase> {
    texts.iter().map(|text| Phrase { text, words: words(text) }).collect()
}

static SET: LazyLock<Vec<Phrase>> = LazyLock::new(|| phrases(&SET_NAMES));
static PARTS: LazyLock<Vec<Phrase>> = LazyLock::new(|| phrases(&PARTS_WITH_CAPITAL));
static NUMBERED_UNITS: LazyLock<Vec<Phrase>> = LazyLock::new(|| phrases(&UNITS));
static KHOAN: LazyLock<Vec<Phrase>> = LazyLock::new(|| phrases(&["khoản"]));
static DIEM: LazyLock<Vec<Phrase>> = LazyLock::new(|| phrases(&["điểm"]));

/// How many words `phrase` has if the words from `at` spell it, in any case and
/// with the same signs between them.
fn spells(text: &str, words: &[Word], at: usize, phrase: &Phrase) -> Option<usize> {
    let wanted = &phrase.words;
    let there = words.get(at..at + wanted.len())?;
    if wanted.iter().zip(there).any(|(a, b)| a.key != b.key) {
        return None;
    }
    let gap = |text: &str, pair: &[Word]| -> String {
        let between = &text[pair[0].range.end..pair[1].range.start];
        between.split_whitespace().collect()
    };
    let same_gaps = wanted.windows(2).zip(there.windows(2)).all(|(a, b)| gap(phrase.text, a) == gap(text, b));
    same_gaps.then_some(wanted.len())
}

fn set_name(text: &str, words: &[Word], at: usize) -> Option<Match> {
    let (name, length) =
        SET.iter().filter_map(|name| Some((name.text, spells(text, words, at, name)?))).max_by_key(|(_, length)| *length)?;
    let name = if opens_sentence(text, words, at) { letters::capitalise(name) } else { name.to_owned() };
    let wanted = self::words(&name);
    let there = &words[at..at + length];
    // Word by word, so that the writer's spaces and placing of tones stay.
    let cased: Vec<String> = there
        .iter()
        .zip(&wanted)
        .map(|(word, model)| {
            let capital = name[model.range.clone()].starts_with(char::is_uppercase);
            let small = letters::lower(&text[word.range.clone()]);
            if capital { letters::capitalise(&small) } else { small }
        })
        .collect();
    let range = there[0].range.start..there[length - 1].range.end;
    let found = &text[range.clone()];
    let mut suggestion = String::with_capacity(found.len());
    for (position, word) in cased.iter().enumerate() {
        if position > 0 {
            suggestion.push_str(&text[there[position - 1].range.end..there[position].range.start]);
        }
        suggestion.push_str(word);
    }
    let right = suggestion == found || is_shouted(found);
    let finding = (!right).then_some(Finding { range, suggestion, rule: Rule::SetName });
    Some((length, finding))
}

fn part_or_unit(text: &str, words: &[Word], at: usize) -> Option<Match> {
    let spelled = |phrases: &[Phrase]| phrases.iter().filter_map(|phrase| spells(text, words, at, phrase)).max();
    let follows = |length: usize| {
        let next = words.get(at + length)?;
        let between = &text[words[at + length - 1].range.end..next.range.start];
        (between == " " || between == "\u{a0}").then(|| &text[next.range.clone()])
    };
    let numbered = |next: &str| next.starts_with(|c: char| c.is_ascii_digit());
    let (length, capital, rule) = if let Some(length) = spelled(&PARTS)
        && follows(length).is_some_and(|next| numbered(next) || is_roman(next))
    {
        (length, true, Rule::CitedPart)
    } else if let Some(length) = spelled(&NUMBERED_UNITS)
        && follows(length).is_some_and(numbered)
        // các quận 1, 3 và 5: the noun stands for several units.
        && at.checked_sub(1).is_none_or(|before| words[before].key != "các")
    {
        (length, true, Rule::UnitWithNumber)
    } else if let Some(length) = spelled(&KHOAN)
        && follows(length).is_some_and(numbered)
    {
        (length, false, Rule::CitedPart)
    } else if let Some(length) = spelled(&DIEM)
        // Điểm 10 is a mark; a cited điểm has a letter.
        && follows(length).is_some_and(|next| next.chars().count() == 1 && !numbered(next))
    {
        (length, false, Rule::CitedPart)
    } else {
        return None;
    };
    let range = words[at].range.start..words[at + length - 1].range.end;
    let found = &text[range.clone()];
    let capital = capital || opens_sentence(text, words, at);
    let suggestion = if capital { letters::capitalise(&letters::lower(found)) } else { letters::lower(found) };
    let right = suggestion == found || is_shouted(found);
    let finding = (!right).then_some(Finding { range, suggestion, rule });
    Some((length, finding))
}

/// thứ hai is also "second": only before a comma, ngày or a figure is it surely
/// a day.
fn weekday(text: &str, words: &[Word], at: usize) -> Option<Match> {
    let [thu, day] = words.get(at..at + 2)? else {
        return None;
    };
    if thu.key != "thứ" || !WEEKDAYS.contains(&day.key.as_str()) {
        return None;
    }
    let after = text[day.range.end..].trim_start();
    let is_day = after.starts_with("ngày")
        || after.strip_prefix([',', '(']).is_some_and(|rest| rest.trim_start().starts_with("ngày"))
        || after.trim_start_matches([',', '(']).trim_start().starts_with(|c: char| c.is_ascii_digit());
    let found = &text[day.range.clone()];
    if !is_day || found.starts_with(char::is_uppercase) {
        return None;
    }
    let finding = Finding { range: day.range.clone(), suggestion: letters::capitalise(found), rule: Rule::Weekday };
    Some((2, Some(finding)))
}

fn sentence_start(text: &str, words: &[Word], at: usize) -> Option<Finding> {
    let word = &words[at];
    let found = &text[word.range.clone()];
    // A single letter may number a điểm.
    let small = found.chars().count() > 1 && found.chars().all(char::is_lowercase);
    (small && opens_sentence(text, words, at)).then(|| Finding {
        range: word.range.clone(),
        suggestion: letters::capitalise(found),
        rule: Rule::SentenceStart,
    })
}

/// Whether the word at `at` comes first in the text, in a line, or after . ? !
/// The full stop of an abbreviation (TP. or v.v.) ends no sentence, and what
/// follows a dash or a number at the head of a line is an item of a list.
fn opens_sentence(text: &str, words: &[Word], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|b| &words[b]) else {
        return text[..words[at].range.start].trim().is_empty();
    };
    let gap = &text[before.range.end..words[at].range.start];
    if let Some(line) = gap.rfind('\n') {
        return gap[line..].trim().is_empty();
    }
    let mark = gap.trim_end().chars().next_back();
    let spaced = gap.ends_with(char::is_whitespace);
    match mark {
        Some('?' | '!') => spaced,
        Some('.') => {
            let last = &text[before.range.clone()];
            let whole_word = last.chars().count() > 1 && last.chars().all(char::is_lowercase);
            spaced && gap.trim() == "." && whole_word
        }
        _ => false,
    }
}

fn is_shouted(found: &str) -> bool {
    found.chars().all(|c| !c.is_lowercase())
}

fn is_roman(word: &str) -> bool {
    word.bytes().all(|b| matches!(b, b'I' | b'V' | b'X' | b'L' | b'C'))
}
