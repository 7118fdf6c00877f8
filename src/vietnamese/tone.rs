//! The six tones, taken off and put on single letters, and the two manners of
//! placing the mark in open oa, oe, uy.
//!
//! The decree itself mixes hòa and hoà. Which one prose follows is an
//! organisation's setting; names are never rewritten. Only keys for sorting and
//! matching may ignore the difference, through [`normalise_for_key`].

use super::syllable;

/// A tone, in the order huyền, sắc, hỏi, ngã, nặng after the unmarked one. That
/// is the order of the letter tables, not a sorting order: see
/// [`super::name::ToneOrder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// No mark.
    Ngang,
    /// Grave.
    Huyen,
    /// Acute.
    Sac,
    /// Hook above.
    Hoi,
    /// Tilde.
    Nga,
    /// Dot below.
    Nang,
}

impl Tone {
    /// All six, in the order of the columns of the vowel table.
    pub const ALL: [Tone; 6] = [Tone::Ngang, Tone::Huyen, Tone::Sac, Tone::Hoi, Tone::Nga, Tone::Nang];

    const fn column(self) -> usize {
        match self {
            Tone::Ngang => 0,
            Tone::Huyen => 1,
            Tone::Sac => 2,
            Tone::Hoi => 3,
            Tone::Nga => 4,
            Tone::Nang => 5,
        }
    }
}

/// Each vowel letter with its six tones, columns as in [`Tone::ALL`].
#[rustfmt::skip]
const VOWELS: [[char; 6]; 12] = [
    ['a', 'à', 'á', 'ả', 'ã', 'ạ'],
    ['ă', 'ằ', 'ắ', 'ẳ', 'ẵ', 'ặ'],
    ['â', 'ầ', 'ấ', 'ẩ', 'ẫ', 'ậ'],
    ['e', 'è', 'é', 'ẻ', 'ẽ', 'ẹ'],
    ['ê', 'ề', 'ế', 'ể', 'ễ', 'ệ'],
    ['i', 'ì', 'í', 'ỉ', 'ĩ', 'ị'],
    ['o', 'ò', 'ó', 'ỏ', 'õ', 'ọ'],
    ['ô', 'ồ', 'ố', 'ổ', 'ỗ', 'ộ'],
    ['ơ', 'ờ', 'ớ', 'ở', 'ỡ', 'ợ'],
    ['u', 'ù', 'ú', 'ủ', 'ũ', 'ụ'],
    ['ư', 'ừ', 'ứ', 'ử', 'ữ', 'ự'],
    ['y', 'ỳ', 'ý', 'ỷ', 'ỹ', 'ỵ'],
];

/// The lower case of `c` when it is a single character; otherwise `c`, which
/// then is no Vietnamese letter anyway.
pub(super) fn lower_one(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The capital of `c` when it is a single character; otherwise `c`.
pub(super) fn upper_one(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// `c` without its tone, and the tone: ệ → (ê, nặng), H → (H, ngang). Case is
/// kept. Anything that is no Vietnamese vowel comes back unchanged.
#[must_use]
pub fn separate(c: char) -> (char, Tone) {
    if c.is_ascii() {
        return (c, Tone::Ngang);
    }
    let small = lower_one(c);
    for row in &VOWELS {
        if let Some(column) = row.iter().position(|v| *v == small) {
            let bare = if c == small { row[0] } else { upper_one(row[0]) };
            return (bare, Tone::ALL[column]);
        }
    }
    (c, Tone::Ngang)
}

/// `c` carrying `tone` in place of any tone it had; case is kept. `None` when
/// `c` is no Vietnamese vowel.
#[must_use]
pub fn carry(c: char, tone: Tone) -> Option<char> {
    let small = lower_one(c);
    let row = VOWELS.iter().find(|row| row.contains(&small))?;
    let toned = row[tone.column()];
    Some(if c == small { toned } else { upper_one(toned) })
}

/// Where the mark of open oa, oe, uy is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Placement {
    /// On the first vowel: hòa, khỏe, thủy. Usual in the press, in school books
    /// and in most of the decree.
    #[default]
    Old,
    /// On the second vowel: hoà, khoẻ, thuỷ.
    New,
}

/// `text` with hoà, khoẻ, thuỷ written hòa, khỏe, thủy. For prose, not names.
#[must_use]
pub fn to_old(text: &str) -> String {
    place(text, Placement::Old)
}

/// `text` with hòa, khỏe, thủy written hoà, khoẻ, thuỷ. For prose, not names.
#[must_use]
pub fn to_new(text: &str) -> String {
    place(text, Placement::New)
}

/// One spelling for keys that sort or match, so that Hòa and Hoà meet. Today it
/// is the new placement, under which sắc and huyền of open oa fall on the same
/// letter as in closed oan and ICU keeps the tones of one name together.
#[must_use]
pub fn normalise_for_key(text: &str) -> String {
    to_new(text)
}

/// `text` with every syllable in open oa, oe, uy marked as `placement` says.
/// Closed syllables, quý and words that are not Vietnamese stay as they are.
#[must_use]
pub fn place(text: &str, placement: Placement) -> String {
    let mut result = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        push_placed(&mut result, &word, placement);
        word.clear();
        result.push(c);
    }
    push_placed(&mut result, &word, placement);
    result
}

fn push_placed(result: &mut String, word: &str, placement: Placement) {
    match placed_ending(word, placement) {
        Some((stem, first, second)) => {
            result.push_str(stem);
            result.push(first);
            result.push(second);
        }
        None => result.push_str(word),
    }
}

/// The part of `word` before its last two vowels, and those two re-marked;
/// `None` when nothing has to move.
fn placed_ending(word: &str, placement: Placement) -> Option<(&str, char, char)> {
    let mut backwards = word.char_indices().rev();
    let (_, last) = backwards.next()?;
    let (at, before) = backwards.next()?;
    let (first, first_tone) = separate(before);
    let (second, second_tone) = separate(last);
    if !matches!((lower_one(first), lower_one(second)), ('o', 'a' | 'e') | ('u', 'y')) {
        return None;
    }
    let stem = &word[..at];
    // In quý the u belongs to the consonant.
    if stem.ends_with(['q', 'Q']) {
        return None;
    }
    let ((Tone::Ngang, tone, Placement::Old) | (tone, Tone::Ngang, Placement::New)) = (first_tone, second_tone, placement) else {
        return None;
    };
    if tone == Tone::Ngang || !syllable::is_syllable(word) {
        return None;
    }
    match placement {
        Placement::Old => Some((stem, carry(first, tone)?, second)),
        Placement::New => Some((stem, first, carry(second, tone)?)),
    }
}
