//! Text typed with the fonts of before Unicode, found in columns and headings and converted for all to see.
//!
//! Owns when to convert, when to ask and what the clerk is told. The encodings and the guessing are
//! [`crate::vietnamese::legacy`]'s.

use super::headings::HEADING_BYTES_MAX;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::vietnamese::legacy::{self, Confidence, Encoding};

/// Converts the text of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoder(pub(super) Encoding);

impl Decoder {
    /// `text` in Unicode. A cell that holds letters beyond the old encoding is Unicode already and stays.
    pub(super) fn decode(self, text: &str) -> String {
        if text.is_ascii() {
            return text.to_owned();
        }
        legacy::decode(text, self.0).unwrap_or_else(|| text.to_owned())
    }
}

/// `text` as a heading: decoded if that, and only that, makes it `known`; else by the encoding of the whole `file`.
pub(super) fn heading(text: &str, file: Option<Encoding>, known: impl Fn(&str) -> bool) -> String {
    if text.is_ascii() || text.len() > HEADING_BYTES_MAX || known(text) {
        return text.to_owned();
    }
    let decoded = Encoding::ALL.into_iter().filter_map(|encoding| legacy::decode(text, encoding)).find(|text| known(text));
    decoded.or_else(|| legacy::decode(text, file?)).unwrap_or_else(|| text.to_owned())
}

/// What the cells of a column are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Unicode, or nothing to tell by.
    Unicode,
    /// Surely this encoding.
    Legacy(Encoding),
    /// Perhaps this encoding.
    Perhaps(Encoding),
}

/// Looks at the texts of a column.
pub(super) fn examine(samples: &[&str]) -> Finding {
    let starts: Vec<&str> = samples.iter().map(|text| start(text)).collect();
    match legacy::detect(&starts.join("\n")) {
        None => Finding::Unicode,
        Some(guess) if guess.confidence == Confidence::Sure => Finding::Legacy(guess.encoding),
        Some(guess) => Finding::Perhaps(guess.encoding),
    }
}

/// The notice of a conversion, with the first text that it changed; `None` when it changes nothing.
pub(super) fn converted(heading: &str, samples: &[&str], encoding: Encoding) -> Option<Diagnostic> {
    let (before, after) = example(samples, encoding)?;
    let name = encoding.name();
    Some(Diagnostic::notice(
        "legacy-text-converted",
        say!(
            "cột “{heading}” viết bằng bảng mã cũ {name}, đã đổi sang Unicode: “{before}” → “{after}”; xin xem lại",
            "the column “{heading}” was in the old encoding {name} and was converted to Unicode: “{before}” → “{after}”; please check"
        ),
    ))
}

/// What to say about a column that is perhaps in `encoding`. Signs inside words, as in `Céng hoµ`, are no writing in any
/// language and stop the work; letters only, as in `Müller`, may be a foreign name and are kept with a warning.
pub(super) fn perhaps(heading: &str, samples: &[&str], encoding: Encoding) -> Option<Diagnostic> {
    let (before, after) = example(samples, encoding)?;
    let name = encoding.name();
    let message = say!(
        "cột “{heading}” có thể viết bằng bảng mã cũ {name}: “{before}” sẽ là “{after}”",
        "the column “{heading}” may be in the old encoding {name}: “{before}” would be “{after}”"
    );
    let is_word = |c: char| c.is_alphanumeric() || c.is_whitespace() || c.is_ascii_punctuation();
    let diagnostic = if samples.iter().any(|text| !text.chars().all(is_word)) {
        Diagnostic::error("legacy-text-unclear", message)
    } else {
        Diagnostic::warning("legacy-text-unclear", message)
    };
    Some(diagnostic.remedy(say!(
        "nếu đúng vậy, đổi tệp sang Unicode (ví dụ bằng UniKey, Ctrl+Shift+F6) rồi nộp lại",
        "if so, convert the file to Unicode (with UniKey, Ctrl+Shift+F6, for example) and hand it in again"
    )))
}

/// The beginning of a text, which tells its encoding as well as the whole.
fn start(text: &str) -> &str {
    const SAMPLE_BYTES: usize = 300;
    &text[..text.floor_char_boundary(SAMPLE_BYTES)]
}

fn example(samples: &[&str], encoding: Encoding) -> Option<(String, String)> {
    const SHOWN_MAX: usize = 40;
    samples.iter().find_map(|text| {
        let text = &start(text);
        let after = Decoder(encoding).decode(text);
        let short = |text: &str| text.chars().take(SHOWN_MAX).collect::<String>();
        (after != **text).then(|| (short(text), short(&after)))
    })
}
