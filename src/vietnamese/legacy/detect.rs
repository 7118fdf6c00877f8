//! Guessing the encoding of text without fonts, by the share of legal Vietnamese
//! syllables each reading gives.

use super::super::syllable;
use super::{Encoding, decode, tables};

/// Of 100 words with letters outside ASCII, so many must be legal syllables for
/// a guess to be sure. Foreign names and slips of the keyboard fill the rest.
const SURE_SHARE: usize = 85;

/// Below this share there is no guess at all.
const GUESS_SHARE: usize = 60;

/// A sure guess beats the next best reading, and the text as it stands, by so
/// many points.
const MARGIN: usize = 15;

/// Evidence a sure guess needs: a legal word counts one, a word from
/// [`TELLING`] two. Thus a lone `NguyÔn` suffices, a lone `n¨m` does not.
const SURE_EVIDENCE: usize = 2;

/// Words so frequent in names, headings and lists of an association that one of
/// them, spelled out by a decoding, is as good as two others. Each has a letter
/// outside Latin-1, or text could spell it without being decoded.
const TELLING: [&str; 36] = [
    "nguyễn",
    "trần",
    "phạm",
    "huỳnh",
    "vũ",
    "đặng",
    "đỗ",
    "thị",
    "hội",
    "đồng",
    "học",
    "khuyến",
    "việt",
    "phường",
    "quận",
    "huyện",
    "tỉnh",
    "trường",
    "phố",
    "người",
    "số",
    "lập",
    "tự",
    "hạnh",
    "cộng",
    "nghĩa",
    "chủ",
    "được",
    "của",
    "những",
    "điểm",
    "tặng",
    "thưởng",
    "quyết",
    "định",
    "đã",
];

/// How far a [`Guess`] may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// At least 85 % of the words in question are legal syllables, 15 points
    /// more than in any other reading, on evidence of two words or one telling
    /// word.
    Sure,
    /// The best reading is Vietnamese, but short, or hardly better than another:
    /// show it and ask.
    Ambiguous,
}

/// The likeliest encoding of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Guess {
    /// Never [`Encoding::Tcvn3Capitals`], which only a font can tell.
    pub encoding: Encoding,
    /// Whether to convert on this guess or to ask.
    pub confidence: Confidence,
}

/// Guesses the encoding of `sample`, text as a spreadsheet shows it, best a
/// whole column or file joined with line feeds.
///
/// Lines with characters outside Windows-1252 and Latin-1 are Unicode already
/// and take no part. Of the others, only words of two characters or more, one
/// of them outside ASCII, count. `None` when these words are legal Vietnamese as they stand, when no
/// reading makes 60 % of them legal, or when there are none: for plain ASCII,
/// for valid Vietnamese, for French.
#[must_use]
pub fn detect(sample: &str) -> Option<Guess> {
    let lines: Vec<&str> = sample.split(['\n', '\r']).filter(|line| !line.is_ascii() && tables::bytes_of(line).is_some()).collect();
    if lines.is_empty() {
        return None;
    }
    let words = words(&lines);
    let as_it_stands = Score::of(words.iter().map(|word| Some((*word).to_owned())));
    let mut best: Option<(Encoding, Score)> = None;
    let mut runner_up = as_it_stands.share();
    for encoding in Encoding::ALL {
        if encoding == Encoding::Tcvn3Capitals {
            continue;
        }
        let score = Score::of(words.iter().map(|word| decode(word, encoding)));
        match &best {
            Some((_, leader)) if leader.share() >= score.share() => {
                runner_up = runner_up.max(score.share());
            }
            _ => {
                if let Some((_, leader)) = best {
                    runner_up = runner_up.max(leader.share());
                }
                best = Some((encoding, score));
            }
        }
    }
    let (encoding, score) = best?;
    if score.share() < GUESS_SHARE || as_it_stands.share() >= score.share() {
        return None;
    }
    let sure = score.share() >= SURE_SHARE && score.share() >= runner_up + MARGIN && score.evidence >= SURE_EVIDENCE;
    Some(Guess { encoding, confidence: if sure { Confidence::Sure } else { Confidence::Ambiguous } })
}

/// The words of `lines` with a character outside ASCII, without the ASCII
/// punctuation and digits around and inside them.
fn words<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines
        .iter()
        // NBSP is no break here: it is a byte of à in misread UTF-8.
        .flat_map(|line| line.split(separates))
        // A lone sign (×, ±) is some letter in every encoding.
        .filter(|word| !word.is_ascii() && word.chars().nth(1).is_some())
        .collect()
}

/// Controls other than tab are letters in VISCII and VPS.
fn separates(c: char) -> bool {
    c == '\t' || (c.is_ascii() && !c.is_ascii_alphabetic() && !c.is_ascii_control())
}

/// What one reading makes of the words.
#[derive(Clone, Copy, Default)]
struct Score {
    words: usize,
    legal: usize,
    evidence: usize,
}

impl Score {
    fn of(readings: impl Iterator<Item = Option<String>>) -> Self {
        let mut score = Score::default();
        for reading in readings {
            score.words += 1;
            let Some(reading) = reading else { continue };
            let bare = reading.trim_matches(is_punctuation);
            if bare.is_empty() {
                // A lone dash or quotation mark says nothing either way.
                score.words -= 1;
                continue;
            }
            if !is_written(bare) {
                continue;
            }
            score.legal += 1;
            let telling = TELLING.contains(&bare.to_lowercase().as_str());
            score.evidence += if telling { 2 } else { 1 };
        }
        score
    }

    /// Legal words of 100.
    fn share(&self) -> usize {
        (self.legal * 100).checked_div(self.words).unwrap_or(0)
    }
}

/// Signs outside ASCII that stand between or around words in any encoding.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{2013}'..='\u{2026}' | '«' | '»' | '°' | '\u{a0}')
}

/// A legal syllable in a case people write: hội, Hội, HỘI; not hỘi.
fn is_written(word: &str) -> bool {
    let tail_small = word.chars().skip(1).all(|c| !c.is_uppercase());
    let all_capital = word.chars().all(|c| !c.is_lowercase());
    (tail_small || all_capital) && syllable::is_syllable(word)
}
