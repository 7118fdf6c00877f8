//! People's names: họ, đệm, tên; case; and the order of name lists.
//!
//! Sex cannot be told from a name (Thị and Văn are hints at most), and names are
//! never respelled: only sorting keys ignore where a tone is written.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::locale;

use super::tone::{self, Tone};
use super::{letters, syllable};

/// Surnames of several syllables, longest first. Nguyễn Phúc and double parental
/// surnames look like họ and đệm, and are taken so.
const COMPOUND_SURNAMES: [&str; 9] =
    ["công tằng tôn nữ", "công huyền tôn nữ", "huyền tôn nữ", "công tôn nữ", "tôn thất", "tôn nữ", "âu dương", "tư mã", "công tằng"];

/// A name in its three parts, each possibly of several syllables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name {
    /// Surname; empty for a name of one syllable.
    pub ho: String,
    /// What stands between; often empty.
    pub dem: String,
    /// Given name: the last syllable. Names felt as two (Thảo Mai) are split
    /// all the same, as lists are sorted by the last.
    pub ten: String,
}

/// Splits at white space: first họ, last tên, the rest đệm. Compound surnames
/// (Tôn Thất, Công Tằng Tôn Nữ, Âu Dương …) stay together when a name follows
/// them. Names of other traditions (Y Moan Ênuôl, Thích Minh Tuệ) are split
/// alike; a list that needs another order needs a column of its own.
#[must_use]
pub fn split(text: &str) -> Name {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let Some((ten, before)) = parts.split_last() else {
        return Name::default();
    };
    let surname = surname_length(before);
    Name { ho: before[..surname].join(" "), dem: before[surname..].join(" "), ten: (*ten).to_owned() }
}

/// How many of the syllables before the tên are the surname.
fn surname_length(before: &[&str]) -> usize {
    let joined = letters::lower(&before.join(" "));
    COMPOUND_SURNAMES
        .iter()
        .find(|surname| joined.strip_prefix(**surname).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
        .map_or(before.len().min(1), |surname| surname.split(' ').count())
}

/// A name with a capital at every syllable (Decree 30, annex II), spaces
/// single: `NGUYỄN  VĂN an` → Nguyễn Văn An.
///
/// After a hyphen letters are small, as in transcribed names (Vla-đi-mia); after
/// an apostrophe a letter is a capital (H'Hen). A foreign word in mixed case
/// (`McDonald`) is left alone.
#[must_use]
pub fn title_case(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(title_word).collect();
    words.join(" ")
}

fn title_word(word: &str) -> String {
    let mut cased = word.chars().filter(|c| c.is_alphabetic());
    let first_capital = cased.next().is_some_and(char::is_uppercase);
    let (mut small, mut capital) = (false, false);
    for c in cased {
        small |= c.is_lowercase();
        capital |= c.is_uppercase();
    }
    let plain = !word.contains(['-', '\'', '’']);
    if plain && first_capital && small && capital && !syllable::is_syllable(word) {
        return word.to_owned();
    }
    let mut result = String::with_capacity(word.len());
    let mut starts = true;
    for c in word.chars() {
        if !c.is_alphabetic() {
            starts |= matches!(c, '\'' | '’');
            result.push(c);
        } else if starts {
            result.extend(c.to_uppercase());
            starts = false;
        } else {
            result.extend(c.to_lowercase());
        }
    }
    result
}

/// The order of the tones in a sorted list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ToneOrder {
    /// ngang, huyền, hỏi, ngã, sắc, nặng: dictionaries, CLDR, spreadsheets.
    #[default]
    Dictionary,
    /// ngang, huyền, sắc, hỏi, ngã, nặng: as recited at school; some clerks.
    School,
}

/// The collator of CLDR for Vietnamese, from data compiled into the program.
static COLLATOR: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(locale!("vi").into(), CollatorOptions::default()).expect("collation data for Vietnamese is compiled in")
});

/// A key that sorts names: by tên, then đệm, then họ, each syllable by syllable
/// with letters before tones. Case and the placing of tones do not matter,
/// except that among equal tên those spelled alike (Hoà, Hòa) stay together.
///
/// Keys of different [`ToneOrder`] do not compare. Do not store them: a new
/// version of the collation data may change them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey(Vec<u8>);

impl SortKey {
    /// The key of a whole name, split by [`split`].
    #[must_use]
    pub fn new(name: &str, order: ToneOrder) -> Self {
        let name = split(name);
        let mut key = Vec::new();
        push_component(&mut key, &tone::normalise_for_key(&name.ten), order);
        push_component(&mut key, &name.ten, order);
        for component in [&name.dem, &name.ho] {
            push_component(&mut key, &tone::normalise_for_key(component), order);
        }
        push_component(&mut key, &name.dem, order);
        push_component(&mut key, &name.ho, order);
        Self(key)
    }

    /// A key for any other text, such as the name of a unit: word by word, not
    /// by tên.
    #[must_use]
    pub fn of_text(text: &str, order: ToneOrder) -> Self {
        let mut key = Vec::new();
        push_component(&mut key, &tone::normalise_for_key(text), order);
        push_component(&mut key, text, order);
        Self(key)
    }
}

/// Compares two names as [`SortKey`] does, and by their characters where the
/// keys are equal, so that equal means identical. For a list, compute the keys
/// once (`sort_by_cached_key`).
#[must_use]
pub fn compare(a: &str, b: &str, order: ToneOrder) -> Ordering {
    SortKey::new(a, order).cmp(&SortKey::new(b, order)).then_with(|| a.cmp(b))
}

/// Word keys kept by a thread: Vietnamese has some seven thousand syllables, and a list asks for the same few again and
/// again. Beyond it the thread starts anew.
const KEPT_WORDS_MAX: usize = 8_192;

thread_local! {
    static KEPT_WORDS: [RefCell<HashMap<String, Box<[u8]>>>; 2] = Default::default();
}

/// Appends the words of `component`, each ended by a zero, and a zero. The
/// collator's keys contain none, so a shorter component sorts first.
fn push_component(key: &mut Vec<u8>, component: &str, order: ToneOrder) {
    KEPT_WORDS.with(|kept| {
        let mut kept = kept[order as usize].borrow_mut();
        for word in component.split_whitespace() {
            match kept.get(word) {
                Some(known) => key.extend_from_slice(known),
                None => {
                    let made = word_key(word, order);
                    key.extend_from_slice(&made);
                    if kept.len() >= KEPT_WORDS_MAX {
                        kept.clear();
                    }
                    kept.insert(word.to_owned(), made);
                }
            }
        }
    });
    key.push(0);
}

/// The collator's key of one word, ended by a zero.
fn word_key(word: &str, order: ToneOrder) -> Box<[u8]> {
    let word = letters::lower(word);
    let word = match order {
        ToneOrder::Dictionary => word,
        ToneOrder::School => word.chars().map(as_dictionary_tone).collect(),
    };
    let mut key = Vec::new();
    // Writing to a vector cannot fail, and the error type says so.
    let Ok(()) = COLLATOR.write_sort_key_to(&word, &mut key);
    key.push(0);
    key.into()
}

/// Puts each tone where the dictionary order has the tone of the same rank, so
/// that one collator serves both orders.
fn as_dictionary_tone(c: char) -> char {
    let (bare, tone) = tone::separate(c);
    let rank = match tone {
        Tone::Sac => Tone::Hoi,
        Tone::Hoi => Tone::Nga,
        Tone::Nga => Tone::Sac,
        Tone::Ngang | Tone::Huyen | Tone::Nang => return c,
    };
    tone::carry(bare, rank).unwrap_or(c)
}
