//! VNI for Windows: a base letter, then a mark that stands for a tone, a sign
//! (circumflex, breve) or both. Marks of capitals are the capital characters,
//! 0x20 lower.
//!
//! The scheme agrees with GNU recode and with the counts of the Python package
//! `viparse`, including ẳ (`aú`), which the latter lacks.

use super::super::tone::{self, Tone, lower_one, upper_one};

/// Letters written as one character, without a mark of their own.
const SINGLE: [(char, char); 9] =
    [('đ', 'ñ'), ('ơ', 'ô'), ('ư', 'ö'), ('ì', 'ì'), ('í', 'í'), ('ỉ', 'æ'), ('ĩ', 'ó'), ('ị', 'ò'), ('ỵ', 'î')];

/// The mark for a bare tone, in the order of [`Tone::ALL`] after ngang.
const TONES: [(Tone, char); 5] = [(Tone::Huyen, 'ø'), (Tone::Sac, 'ù'), (Tone::Hoi, 'û'), (Tone::Nga, 'õ'), (Tone::Nang, 'ï')];

const CIRCUMFLEX: [(Tone, char); 6] =
    [(Tone::Ngang, 'â'), (Tone::Huyen, 'à'), (Tone::Sac, 'á'), (Tone::Hoi, 'å'), (Tone::Nga, 'ã'), (Tone::Nang, 'ä')];

const BREVE: [(Tone, char); 6] =
    [(Tone::Ngang, 'ê'), (Tone::Huyen, 'è'), (Tone::Sac, 'é'), (Tone::Hoi, 'ú'), (Tone::Nga, 'ü'), (Tone::Nang, 'ë')];

/// Replaces every letter with a mark; whatever follows no rule stays. The case
/// is the base letter's: `Aø` is À though the mark is small.
pub(super) fn decode(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let base = single(lower_one(c));
        let marked = characters.peek().and_then(|mark| marked(base, lower_one(*mark)));
        let letter = match marked {
            Some(letter) => {
                characters.next();
                letter
            }
            None => base,
        };
        result.push(if letter == lower_one(c) {
            c
        } else if c.is_uppercase() {
            upper_one(letter)
        } else {
            letter
        });
    }
    result
}

/// `text` in NFC; `None` when a character is in no VNI font.
pub(super) fn encode(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        let small = lower_one(c);
        let (toneless, tone) = tone::separate(small);
        let single = SINGLE.iter().find(|(letter, _)| *letter == small);
        let (base, mark) = match (single, toneless) {
            (Some((_, shown)), _) => (*shown, None),
            (None, 'ă') => ('a', Some(mark(&BREVE, tone)?)),
            (None, 'â') => ('a', Some(mark(&CIRCUMFLEX, tone)?)),
            (None, 'ê') => ('e', Some(mark(&CIRCUMFLEX, tone)?)),
            (None, 'ô') => ('o', Some(mark(&CIRCUMFLEX, tone)?)),
            (None, _) if tone == Tone::Ngang => {
                result.push(c);
                // Signs outside Latin-1 are in the fonts, accented letters are
                // taken by the marks.
                if super::tables::byte_of(c)? >= 0xC0 {
                    return None;
                }
                continue;
            }
            (None, vowel) => (single_shown(vowel), Some(mark(&TONES, tone)?)),
        };
        let cased = |shown: char| {
            if c == small { shown } else { upper_one(shown) }
        };
        result.push(cased(base));
        result.extend(mark.map(cased));
    }
    Some(result)
}

/// The letter that `shown` stands for when no mark follows.
fn single(shown: char) -> char {
    SINGLE.iter().find(|(_, s)| *s == shown).map_or(shown, |(letter, _)| *letter)
}

/// How a bare vowel is shown: ơ as ô, ư as ö.
fn single_shown(bare: char) -> char {
    SINGLE.iter().find(|(letter, _)| *letter == bare).map_or(bare, |(_, shown)| *shown)
}

/// The letter made of `base` (already as Unicode) and the following `mark`.
fn marked(base: char, mark: char) -> Option<char> {
    let find = |marks: &[(Tone, char)]| marks.iter().find(|(_, shown)| *shown == mark).map(|(tone, _)| *tone);
    // ì … ị have characters of their own, yet some converters wrote i + mark.
    if matches!(base, 'a' | 'e' | 'i' | 'o' | 'ơ' | 'u' | 'ư' | 'y')
        && let Some(tone) = find(&TONES)
    {
        return tone::carry(base, tone);
    }
    let signed = match base {
        'a' => 'â',
        'e' => 'ê',
        'o' => 'ô',
        _ => return None,
    };
    if let Some(tone) = find(&CIRCUMFLEX) {
        return tone::carry(signed, tone);
    }
    match (base, find(&BREVE)) {
        ('a', Some(tone)) => tone::carry('ă', tone),
        _ => None,
    }
}

fn mark(marks: &[(Tone, char)], tone: Tone) -> Option<char> {
    marks.iter().find(|(t, _)| *t == tone).map(|(_, shown)| *shown)
}
