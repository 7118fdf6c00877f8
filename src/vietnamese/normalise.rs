//! Text from outside, made clean: NFC, no invisible characters, plain spaces and
//! line ends, and Đ where a look-alike was typed. What was done is reported, so
//! that the caller may tell the clerk.
//!
//! Text in an old encoding must be decoded first ([`super::legacy`]): its bytes
//! look like the characters removed here (ư of TCVN3 is the soft hyphen).

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{letters, syllable};

/// Combining marks in a row that are still taken for writing. Vietnamese in NFC
/// needs none; other scripts need a few.
const MARKS_MAX: usize = 8;

/// What invisible or unusable character was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Removed {
    /// U+00AD. In numbers, a sign that TCVN3 text was pasted undecoded.
    SoftHyphen,
    /// Zero-width spaces, joiners, word joiners and byte-order marks.
    ZeroWidth,
    /// Controls of writing direction, which can show a text other than it is.
    BidiControl,
    /// C0 and C1 controls other than tab and line ends.
    Control,
    /// Code points that are never characters, such as U+FFFE.
    Noncharacter,
}

/// One kind of thing found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// Characters taken out.
    Removed {
        /// Which kind.
        what: Removed,
        /// How many.
        count: usize,
    },
    /// No-break and other unusual spaces made plain spaces.
    Spaces {
        /// How many.
        count: usize,
    },
    /// The text was not in NFC.
    Recomposed,
    /// Ð, ð or Ɖ replaced by Đ or đ.
    Eth {
        /// How many.
        count: usize,
    },
    /// U+FFFD is in the text, left there: a character was lost before we saw it.
    Lost {
        /// How many.
        count: usize,
    },
    /// More than eight combining marks in a row, left there. Refuse such text:
    /// it is no writing, and fonts stack the marks over their neighbours.
    TooManyMarks {
        /// The longest run.
        max_run: usize,
    },
}

/// Clean text and what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// In NFC, see [`clean`].
    pub text: String,
    /// At most one note of each kind; empty when nothing but ordinary white
    /// space was changed.
    pub notes: Vec<Note>,
}

/// Cleans `text`:
///
/// - NFC;
/// - every kind of space, and tab, becomes U+0020; runs of spaces become one;
/// - CRLF, CR, vertical tab, form feed, NEL, U+2028, U+2029 become a line feed;
/// - invisible characters, controls and noncharacters are removed;
/// - Ð, ð, Ɖ become Đ, đ in Vietnamese company ([`Note::Eth`]);
/// - spaces and line feeds at both ends are trimmed.
///
/// Cleaning clean text changes nothing and costs one pass.
#[must_use]
pub fn clean(text: &str) -> Cleaned {
    if is_clean(text) {
        return Cleaned { text: text.to_owned(), notes: Vec::new() };
    }
    let mut tally = Tally::default();
    let visible = tally.keep_visible(text);
    let composed = if is_nfc_quick(visible.chars()) == IsNormalized::Yes {
        visible
    } else {
        let composed: String = visible.nfc().collect();
        tally.recomposed = composed != visible;
        composed
    };
    let (text, eths) = replace_eths(&single_spaced(&composed));
    tally.eths = eths;
    tally.lost = text.matches(char::REPLACEMENT_CHARACTER).count();
    tally.longest_marks = longest_run_of_marks(&text);
    Cleaned { text, notes: tally.notes() }
}

/// Whether [`clean`] would return `text` itself without a note.
fn is_clean(text: &str) -> bool {
    let mut previous = ' ';
    for c in text.chars() {
        let plain = match c {
            ' ' => previous != ' ',
            '\n' | '\u{20}'..='\u{7e}' => true,
            'Ð' | 'ð' | 'Ɖ' | char::REPLACEMENT_CHARACTER => false,
            c => treatment(c) == Treatment::Keep && !is_combining_mark(c),
        };
        if !plain {
            return false;
        }
        previous = c;
    }
    !text.starts_with([' ', '\n']) && !text.ends_with([' ', '\n']) && is_nfc_quick(text.chars()) == IsNormalized::Yes
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Keep,
    Space,
    ExoticSpace,
    Line,
    Remove(Removed),
}

fn treatment(c: char) -> Treatment {
    match c {
        '\t' => Treatment::Space,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Treatment::Line,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Treatment::Remove(Removed::Control),
        '\u{20}'..='\u{7e}' => Treatment::Keep,
        '\u{ad}' => Treatment::Remove(Removed::SoftHyphen),
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Treatment::ExoticSpace,
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{34f}' | '\u{180e}' => Treatment::Remove(Removed::ZeroWidth),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' => Treatment::Remove(Removed::BidiControl),
        '\u{fdd0}'..='\u{fdef}' => Treatment::Remove(Removed::Noncharacter),
        c if u32::from(c) & 0xfffe == 0xfffe => Treatment::Remove(Removed::Noncharacter),
        _ => Treatment::Keep,
    }
}

/// Counts what is found on the way, in the order of [`Removed`].
#[derive(Default)]
struct Tally {
    removed: [usize; 5],
    spaces: usize,
    recomposed: bool,
    eths: usize,
    lost: usize,
    longest_marks: usize,
}

impl Tally {
    const KINDS: [Removed; 5] = [Removed::SoftHyphen, Removed::ZeroWidth, Removed::BidiControl, Removed::Control, Removed::Noncharacter];

    fn keep_visible(&mut self, text: &str) -> String {
        let mut kept = String::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match treatment(c) {
                Treatment::Keep => kept.push(c),
                Treatment::Space => kept.push(' '),
                Treatment::ExoticSpace => {
                    self.spaces += 1;
                    kept.push(' ');
                }
                Treatment::Line => {
                    if c == '\r' {
                        characters.next_if_eq(&'\n');
                    }
                    kept.push('\n');
                }
                Treatment::Remove(what) => {
                    for (count, kind) in self.removed.iter_mut().zip(Self::KINDS) {
                        *count += usize::from(kind == what);
                    }
                }
            }
        }
        kept
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        for (count, what) in self.removed.into_iter().zip(Self::KINDS) {
            if count > 0 {
                notes.push(Note::Removed { what, count });
            }
        }
        if self.spaces > 0 {
            notes.push(Note::Spaces { count: self.spaces });
        }
        if self.recomposed {
            notes.push(Note::Recomposed);
        }
        if self.eths > 0 {
            notes.push(Note::Eth { count: self.eths });
        }
        if self.lost > 0 {
            notes.push(Note::Lost { count: self.lost });
        }
        if self.longest_marks > MARKS_MAX {
            notes.push(Note::TooManyMarks { max_run: self.longest_marks });
        }
        notes
    }
}

fn single_spaced(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.trim_matches([' ', '\n']).chars() {
        if c != ' ' || !result.ends_with(' ') {
            result.push(c);
        }
    }
    result
}

fn longest_run_of_marks(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if is_combining_mark(c) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn is_eth(c: char) -> bool {
    matches!(c, 'Ð' | 'ð' | 'Ɖ')
}

fn as_d(c: char) -> char {
    match c {
        'Ð' | 'Ɖ' => 'Đ',
        'ð' => 'đ',
        other => other,
    }
}

/// Replaces Ð, ð, Ɖ in words that are Vietnamese with đ in their place: legal
/// syllables, and abbreviations in capitals (QÐ, HÐND). Alone, as in a list of
/// điểm or behind an amount, they are replaced in texts that are Vietnamese
/// otherwise. Icelandic words keep theirs.
fn replace_eths(text: &str) -> (String, usize) {
    if !text.contains(is_eth) {
        return (text.to_owned(), 0);
    }
    let mut count = 0;
    let mut in_words = String::with_capacity(text.len());
    for piece in words_and_gaps(text) {
        let replaced: String = piece.chars().map(as_d).collect();
        let several = piece.chars().nth(1).is_some();
        let abbreviation = replaced.chars().all(|c| letters::is_letter(c) && c.is_uppercase());
        if several && (abbreviation || syllable::is_syllable(&replaced)) {
            count += piece.chars().filter(|c| is_eth(*c)).count();
            in_words.push_str(&replaced);
        } else {
            in_words.push_str(piece);
        }
    }
    // Whether the lone ones follow is decided once for the whole text, so that
    // cleaning twice gives the same as cleaning once.
    let is_lone = |piece: &str| piece.chars().all(is_eth) && piece.chars().nth(1).is_none();
    let mut after_digit = false;
    let mut behind_amount = false;
    for piece in words_and_gaps(&in_words) {
        behind_amount |= after_digit && is_lone(piece);
        after_digit = piece.trim_end().ends_with(|c: char| c.is_ascii_digit());
    }
    if !behind_amount && !in_words.contains(letters::is_accented) {
        return (in_words, count);
    }
    let mut result = String::with_capacity(in_words.len());
    for piece in words_and_gaps(&in_words) {
        if is_lone(piece) {
            count += 1;
            result.extend(piece.chars().map(as_d));
        } else {
            result.push_str(piece);
        }
    }
    (result, count)
}

/// `text` cut where letters begin and end; joined, the pieces are `text` again.
fn words_and_gaps(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let in_word = rest.chars().next()?.is_alphabetic();
        let end = rest.find(|c: char| c.is_alphabetic() != in_word).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}
