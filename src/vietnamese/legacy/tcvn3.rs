//! TCVN3, where capitals are the difficulty: fonts have capitals only without a
//! tone, so a toned capital is a lower-case byte under a capitals face, or the
//! capital with the lower-case byte behind it, or a byte of the superset VN1.
//!
//! All three are read. Where the font is unknown, the case of a word and of its
//! neighbours decides.

use super::super::letters::LETTERS;
use super::super::syllable;
use super::super::tone;
use super::tables;

/// Unicode for `text` under an ordinary face; `None` when a character is in
/// neither view.
pub(super) fn decode(text: &str) -> Option<String> {
    let shown: Vec<char> = text.chars().collect();
    let mut letters: Vec<char> = Vec::with_capacity(shown.len());
    for (at, c) in shown.iter().enumerate() {
        let byte = tables::byte_of(*c)?;
        let letter = letter_of(byte).unwrap_or(*c);
        let punctuation = matches!(*c, '\u{2013}'..='\u{2026}' | '\u{2039}' | '\u{203a}');
        if punctuation && !inside_capitals(&shown, at) {
            letters.push(*c);
            continue;
        }
        // A capital and its own lower-case toned byte are one letter: "Aµ" is À.
        let doubled = letters.last().is_some_and(|capital| {
            capital.is_uppercase()
                && letter.is_lowercase()
                && letter != tone::lower_one(*capital)
                && tone::separate(letter).0 == tone::lower_one(*capital)
        });
        if doubled {
            letters.pop();
            letters.push(tone::upper_one(letter));
        } else {
            letters.push(letter);
        }
    }
    Some(restore_capitals(&letters.into_iter().collect::<String>()))
}

/// `text` in NFC, for an ordinary face.
pub(super) fn encode(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        let (bare, _) = tone::separate(c);
        if c.is_uppercase() && bare != c {
            result.push(shown(bare)?);
            result.push(shown(tone::lower_one(c))?);
        } else {
            result.push(shown(c)?);
        }
    }
    Some(result)
}

/// `text` in NFC, for a capitals face: toned letters as lower-case bytes, the
/// rest in capitals, so that the text survives a change of font at its best.
pub(super) fn encode_for_capitals_face(text: &str) -> Option<String> {
    text.to_uppercase()
        .chars()
        .map(|c| {
            let (bare, _) = tone::separate(c);
            shown(if bare == c { c } else { tone::lower_one(c) })
        })
        .collect()
}

fn letter_of(byte: u8) -> Option<char> {
    let at = tables::TCVN3.iter().position(|b| *b == byte)?;
    Some(LETTERS[at])
}

/// The character shown for `c`, which has no tone or is lower case.
fn shown(c: char) -> Option<char> {
    match LETTERS.iter().position(|l| *l == c) {
        Some(at) => Some(tables::shown(tables::TCVN3[at])),
        None => tables::byte_of(c).filter(|byte| letter_of(*byte).is_none()).map(|_| c),
    }
}

/// Whether the dash or quotation mark at `at` stands inside a word of capitals,
/// where it must be a letter of VN1 (`H–C` is HỌC). The `.Vn` fonts keep the
/// punctuation of Windows, and quoted text is far commoner than VN1.
fn inside_capitals(shown: &[char], at: usize) -> bool {
    let capital = |c: &char| c.is_ascii_uppercase();
    let before = at.checked_sub(1).and_then(|b| shown.get(b));
    if !(before.is_some_and(capital) && shown.get(at + 1).is_some_and(capital)) {
        return false;
    }
    let ends = |c: &char| c.is_whitespace() || c.is_ascii_punctuation();
    let start = shown[..at].iter().rposition(ends).map_or(0, |s| s + 1);
    let end = shown[at..].iter().position(ends).map_or(shown.len(), |e| at + e);
    let word: Option<String> = shown[start..end].iter().map(|c| Some(letter_of(tables::byte_of(*c)?).unwrap_or(*c))).collect();
    word.is_some_and(|word| syllable::is_syllable(&word))
}

/// How a word stands with respect to capitals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// Small letters, or no Vietnamese word; its neighbours stay as they are.
    Settled,
    /// Several capitals and no letter meant small, CỘNG or HOA.
    Capitals,
    /// Says nothing: one capital and toned letters (Hà or HÀ), or no letter.
    Open,
}

/// Capitals for the toned letters of words otherwise in capitals: `CéNG HßA X·
/// HéI` was typed for a capitals face, decodes to `CộNG HòA Xã HộI`, and becomes
/// CỘNG HÒA XÃ HỘI. A word like Xã follows if all its neighbours are so.
fn restore_capitals(text: &str) -> String {
    let pieces: Vec<&str> = text.split_inclusive(' ').collect();
    let cases: Vec<Case> = pieces.iter().map(|piece| case_of(piece)).collect();
    let mut result = String::with_capacity(text.len());
    for (at, piece) in pieces.iter().enumerate() {
        let neighbours = || {
            let before = at.checked_sub(1).map(|b| cases[b]);
            [before, cases.get(at + 1).copied()].into_iter().flatten()
        };
        let shouted = match cases[at] {
            Case::Settled => false,
            Case::Capitals => true,
            Case::Open => neighbours().any(|case| case == Case::Capitals) && neighbours().all(|case| case != Case::Settled),
        };
        if shouted {
            result.push_str(&piece.to_uppercase());
        } else {
            result.push_str(piece);
        }
    }
    result
}

fn case_of(piece: &str) -> Case {
    let word = piece.trim_matches(|c: char| !c.is_alphabetic());
    if word.is_empty() {
        return Case::Open;
    }
    // A small letter of ASCII, or one whose capital every font has, was meant
    // small; only a toned letter had no choice.
    let meant_small = word.chars().any(|c| c.is_lowercase() && tone::separate(c).0 == c);
    if meant_small || !syllable::is_syllable(word) {
        return Case::Settled;
    }
    match word.chars().filter(|c| c.is_uppercase()).count() {
        0 => Case::Settled,
        1 => Case::Open,
        _ => Case::Capitals,
    }
}
