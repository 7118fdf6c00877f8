//! Whether a string can be a Vietnamese syllable: an onset, a rime that exists,
//! letters chosen as the spelling rules demand (c/k/q, g/gh, ng/ngh), and a tone
//! the ending allows, marked on the right vowel.
//!
//! It knows the shape of syllables, not a dictionary: `đoách` passes although no
//! word uses it. That is what telling encodings apart and proofing marks needs.

use super::tone::{self, Tone};

/// The longest syllable, nghiêng, has seven letters.
const LETTERS_MAX: usize = 7;

const OPEN: u16 = 1;
const C: u16 = 1 << 1;
const CH: u16 = 1 << 2;
const M: u16 = 1 << 3;
const N: u16 = 1 << 4;
const NG: u16 = 1 << 5;
const NH: u16 = 1 << 6;
const P: u16 = 1 << 7;
const T: u16 = 1 << 8;
/// Endings that stop the voice carry only sắc or nặng.
const STOPS: u16 = C | CH | P | T;

/// Whether `word` is one legal Vietnamese syllable. Any case; NFC; both hòa and
/// hoà. A single vowel letter (à, ô) counts, a single consonant does not.
///
/// One spelling outside the rules is accepted because the name is official:
/// Kạn (of Bắc Kạn). Names from minority languages (Đắk, Pleiku) are not.
#[must_use]
pub fn is_syllable(word: &str) -> bool {
    let mut buffer = [' '; LETTERS_MAX];
    let mut count = 0;
    let mut mark = None;
    for c in word.chars() {
        if count == LETTERS_MAX {
            return false;
        }
        let (bare, tone) = tone::separate(tone::lower_one(c));
        if !(bare.is_ascii_lowercase() || matches!(bare, 'ă' | 'â' | 'đ' | 'ê' | 'ô' | 'ơ' | 'ư')) {
            return false;
        }
        if tone != Tone::Ngang && mark.replace((count, tone)).is_some() {
            return false;
        }
        buffer[count] = bare;
        count += 1;
    }
    Shape::of(&buffer[..count]).is_some_and(|shape| shape.allows(mark))
}

/// The nucleus and the ending of a syllable whose letters are in order.
struct Shape<'a> {
    /// Vowel letters that can carry the mark.
    nucleus: &'a [char],
    /// Index of the first of them in the whole syllable.
    start: usize,
    /// One bit, the ending.
    ending: u16,
}

impl<'a> Shape<'a> {
    fn of(letters: &'a [char]) -> Option<Self> {
        let onset = onset_length(letters);
        let start = match letters {
            // The i of giêng, gìn and gì is the vowel too; in gia it is not.
            ['g', 'i'] | ['g', 'i', 'ê', ..] => 1,
            ['g', 'i', next, ..] if !is_vowel(*next) => 1,
            _ => onset,
        };
        let vowels = letters[start..].iter().take_while(|c| is_vowel(**c)).count();
        let nucleus = &letters[start..start + vowels];
        let ending = ending_of(&letters[start + vowels..])?;
        let allowed = match &letters[..onset] {
            ['q', 'u'] => endings_after_qu(nucleus),
            _ => endings(nucleus),
        };
        let fits = spelling_fits(&letters[..onset], nucleus) || is_kan(letters);
        (fits && allowed & ending != 0).then_some(Shape { nucleus, start, ending })
    }

    fn allows(&self, mark: Option<(usize, Tone)>) -> bool {
        let Some((at, tone)) = mark else {
            return self.ending & STOPS == 0;
        };
        if self.ending & STOPS != 0 && !matches!(tone, Tone::Sac | Tone::Nang) {
            return false;
        }
        let Some(at) = at.checked_sub(self.start) else {
            return false;
        };
        // A letter with its own sign (ê, ơ …) takes the mark; the last of two.
        if let Some(signed) = self.nucleus.iter().rposition(|c| !c.is_ascii()) {
            return at == signed;
        }
        match self.nucleus {
            ['o', 'a' | 'e'] | ['u', 'y'] if self.ending == OPEN => at <= 1,
            ['o', 'a' | 'e' | 'o'] | ['u', 'y'] | [_, _, _] => at == 1,
            _ => at == 0,
        }
    }
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'ă' | 'â' | 'e' | 'ê' | 'i' | 'o' | 'ô' | 'ơ' | 'u' | 'ư' | 'y')
}

fn is_kan(letters: &[char]) -> bool {
    letters == ['k', 'a', 'n']
}

fn onset_length(letters: &[char]) -> usize {
    match letters {
        ['n', 'g', 'h', ..] => 3,
        ['n', 'g' | 'h', ..] | ['g', 'h' | 'i', ..] | ['c' | 'k' | 'p', 'h', ..] | ['t', 'h' | 'r', ..] | ['q', 'u', ..] => 2,
        [first, ..] if !is_vowel(*first) => 1,
        _ => 0,
    }
}

/// Which consonant letters may stand before which vowel letters.
fn spelling_fits(onset: &[char], nucleus: &[char]) -> bool {
    let Some(first) = nucleus.first() else {
        return false;
    };
    let front = matches!(first, 'e' | 'ê' | 'i' | 'y');
    let opens_with_ye = matches!(nucleus, ['y', 'ê', ..]);
    match onset {
        // yên, not iên; but ỉa.
        [] => !matches!(nucleus, ['i', 'ê', ..]),
        ['q', 'u'] => true,
        _ if opens_with_ye => false,
        ['k'] => front,
        ['g', 'h'] | ['n', 'g', 'h'] => front && *first != 'y',
        ['c' | 'g'] | ['n', 'g'] => !front,
        ['b' | 'd' | 'đ' | 'h' | 'l' | 'm' | 'n' | 'p' | 'r' | 's' | 't' | 'v' | 'x'] | [_, _] => true,
        _ => false,
    }
}

fn ending_of(letters: &[char]) -> Option<u16> {
    Some(match letters {
        [] => OPEN,
        ['c'] => C,
        ['c', 'h'] => CH,
        ['m'] => M,
        ['n'] => N,
        ['n', 'g'] => NG,
        ['n', 'h'] => NH,
        ['p'] => P,
        ['t'] => T,
        _ => return None,
    })
}

/// The endings each nucleus takes; none for vowels that do not stand together.
fn endings(nucleus: &[char]) -> u16 {
    match nucleus {
        ['a'] | ['o', 'a'] => OPEN | C | CH | M | N | NG | NH | P | T,
        ['ă' | 'â'] | ['i', 'ê'] | ['ư', 'ơ'] => C | M | N | NG | P | T,
        ['e' | 'o' | 'ô' | 'u'] => OPEN | C | M | N | NG | P | T,
        ['ê' | 'i'] => OPEN | CH | M | N | NH | P | T,
        ['ơ'] => OPEN | M | N | P | T,
        ['ư'] => OPEN | C | M | NG | T,
        ['y', 'ê'] => M | N | NG | T,
        ['u', 'ô'] | ['o', 'ă'] => C | M | N | NG | T,
        ['o', 'e'] => OPEN | M | N | T,
        ['o', 'o'] => C | NG,
        ['u', 'â'] => N | NG | T,
        ['u', 'ê'] => OPEN | CH | NH,
        ['u', 'y'] => OPEN | CH | NH | P | T,
        ['u', 'y', 'ê'] => N | T,
        ['y']
        | ['a', 'i' | 'o' | 'u' | 'y']
        | ['â', 'u' | 'y']
        | ['e', 'o']
        | ['ê', 'u']
        | ['i' | 'ư', 'a' | 'u']
        | ['o' | 'ô' | 'ơ' | 'ư', 'i']
        | ['u', 'a' | 'i' | 'ơ']
        | ['i' | 'y', 'ê', 'u']
        | ['o', 'a', 'i' | 'o' | 'y']
        | ['o', 'e', 'o']
        | ['u', 'â', 'y']
        | ['u', 'ô', 'i']
        | ['ư', 'ơ', 'i' | 'u']
        | ['u', 'y', 'a' | 'u'] => OPEN,
        _ => 0,
    }
}

fn endings_after_qu(nucleus: &[char]) -> u16 {
    match nucleus {
        ['a'] => OPEN | C | CH | M | N | NG | NH | P | T,
        ['ă'] => C | M | N | NG | P | T,
        ['â'] => N | NG | T,
        ['e'] => OPEN | N | T,
        ['ê'] => OPEN | CH | N | NH | T,
        ['i' | 'y'] => OPEN | CH | NH | P | T,
        ['ô'] => C,
        ['y', 'ê'] => N | T,
        ['ơ'] | ['a', 'i' | 'o' | 'u' | 'y'] | ['â', 'y'] | ['e', 'o'] | ['ê', 'u'] => OPEN,
        _ => 0,
    }
}
