//! Text typed with the fonts of before Unicode, found in columns and headings and converted for all to see.
//!
//! Owns when to convert where no font tells ([`super::font_text`] has the texts whose font does), when to ask, and what
//! the clerk is told of both. The encodings and the guessing are [`crate::vietnamese::legacy`]'s.

use std::sync::Arc;

use super::cell::{Cell, SourceRow};
use super::font_text::{self, FontText};
use super::head::Head;
use super::headings::HEADING_BYTES_MAX;
use super::notices::Notices;
use super::rich_text::Font;
use crate::diagnostic::Diagnostic;
use crate::language::Text;
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

/// The heading in the cell at `index`. What its font made of it is undone if that, and only that, makes it `known`.
pub(super) fn heading_of(row: &SourceRow, index: usize, file: Option<Encoding>, known: impl Fn(&str) -> bool) -> String {
    let text = row.cell(index).shown();
    match row.font(index).and_then(|told| told.before.as_ref()) {
        Some(before) if !known(&text) && known(before) => before.clone(),
        _ => heading(&text, file, known),
    }
}

/// `text` as a heading: decoded if that, and only that, makes it `known`; else by the encoding of the whole `file`.
fn heading(text: &str, file: Option<Encoding>, known: impl Fn(&str) -> bool) -> String {
    if text.is_ascii() || text.len() > HEADING_BYTES_MAX || known(text) {
        return text.to_owned();
    }
    let decoded = Encoding::ALL.into_iter().filter_map(|encoding| legacy::decode(text, encoding)).find(|text| known(text));
    decoded.or_else(|| legacy::decode(text, file?)).unwrap_or_else(|| text.to_owned())
}

/// The texts of one column of which no font has told anything.
pub(super) fn samples(rows: &[SourceRow], column: usize) -> Vec<&str> {
    rows.iter()
        .filter(|row| !row.is_settled(column))
        .filter_map(|row| match row.cell(column) {
            Cell::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// Did a font show that some text was in `encoding`?
pub(super) fn is_in_a_font(rows: &[SourceRow], encoding: Encoding) -> bool {
    rows.iter().flat_map(|row| &row.fonts).any(|told| told.before.is_some() && told.font.encoding == encoding)
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

/// Columns and fonts of which was told that their text was converted.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<(usize, Arc<Font>)>);

impl Told {
    /// Tells what the fonts made of the texts of `row`, once for each column and font, and of the cells in doubt.
    pub(super) fn tell(&mut self, head: &Head, row: &SourceRow, notices: &mut Notices) {
        for told in &row.fonts {
            let Some(column) = head.columns.iter().find(|column| column.index == told.column) else { continue };
            let (heading, after) = (&column.heading, row.cell(told.column).shown());
            let place = || head.layout.place(row.number, Some((column.index as u32, heading)));
            if told.doubtful {
                notices.once(heading, "legacy-text-unclear", || doubtful(told, &after).at(place()));
            }
            if self.0.iter().any(|(index, font)| *index == told.column && *font == told.font) {
                continue;
            }
            let what = say!("cột “{heading}”", "the column “{heading}”");
            if let Some(notice) = converted_by_font(&what, told, &after) {
                notices.add(notice.at(place()));
                self.0.push((told.column, told.font.clone()));
            }
        }
    }
}

/// The notice that `what` was converted because of its font, `after` being its text now; `None` when it was not.
pub(super) fn converted_by_font(what: &Text, told: &FontText, after: &str) -> Option<Diagnostic> {
    let (before, after) = (short(told.before.as_deref()?), short(after));
    let (Text { vi, en }, font, name) = (what, &told.font.name, told.font.encoding.name());
    Some(Diagnostic::notice(
        "legacy-text-converted",
        say!(
            "{vi} gõ bằng phông {font} (bảng mã cũ {name}), đã đổi sang Unicode: “{before}” → “{after}”; xin xem lại",
            "{en} was typed in the font {font} (old encoding {name}) and was converted to Unicode: “{before}” → “{after}”; please check"
        ),
    ))
}

/// The warning that only the font, or the rest of the column, told how to read a text; `after` is what was read.
pub(super) fn doubtful(told: &FontText, after: &str) -> Diagnostic {
    let font = &told.font.name;
    let other = match &told.before {
        Some(before) => short(before),
        None => short(&font_text::decode(after, told.font.encoding)),
    };
    let after = short(after);
    Diagnostic::warning(
        "legacy-text-unclear",
        say!(
            "cột có cả Unicode lẫn bảng mã cũ dưới phông {font}; ô này đọc là “{after}”, cũng có thể là “{other}”",
            "the column has both Unicode and old text in the font {font}; this cell is read as “{after}”, it may also be “{other}”"
        ),
    )
    .remedy(say!(
        "nếu đọc sai, ghi lại ô này bằng phông Unicode như Times New Roman",
        "if that is wrong, type the cell again in a Unicode font such as Times New Roman"
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

/// As much of a text as a message shows.
fn short(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    text.chars().take(SHOWN_MAX).collect()
}

fn example(samples: &[&str], encoding: Encoding) -> Option<(String, String)> {
    samples.iter().find_map(|text| {
        let text = &start(text);
        let after = Decoder(encoding).decode(text);
        (after != **text).then(|| (short(text), short(&after)))
    })
}
