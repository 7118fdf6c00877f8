//! One cell as its file holds it, before it is known what it should mean.
//!
//! Owns [`Cell`], [`SourceRow`] and the text by which a cell is shown back to the clerk. What a cell means for a field
//! of the contract is [`super::convert`]'s work.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::font_text::FontText;
use super::legacy_text::Decoder;

/// A value in a spreadsheet, a text file or a JSON document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Cell {
    /// Nothing, or only blanks.
    #[serde(rename = "-")]
    Empty,
    /// Text as written.
    #[serde(rename = "t")]
    Text(String),
    /// A number that a spreadsheet holds in binary.
    #[serde(rename = "n", with = "exact")]
    Number(f64),
    /// A number as its digits stand in a JSON document.
    #[serde(rename = "d")]
    Digits(String),
    /// A spreadsheet's date, possibly with a time: year, month, day, seconds of the day.
    #[serde(rename = "y")]
    Date { year: i16, month: i8, day: i8, seconds: u32 },
    /// A spreadsheet's time of the day or duration, in seconds.
    #[serde(rename = "h")]
    Time(u32),
    /// True or false.
    #[serde(rename = "b")]
    Bool(bool),
    /// `#REF!` and its kin.
    #[serde(rename = "e")]
    Error(String),
    /// A formula whose result was never stored.
    #[serde(rename = "u")]
    Uncalculated,
}

/// A binary number as its shortest decimal digits, which give the very same number back.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Cell {
    /// Text as a cell; blank text is an empty cell.
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        match text.trim() {
            // A correction workbook holds the errors of formulas as text.
            "#DIV/0!" | "#N/A" | "#NAME?" | "#NULL!" | "#NUM!" | "#REF!" | "#VALUE!" | "#SPILL!" => Self::Error(text),
            _ if text.chars().all(is_blank) => Self::Empty,
            _ => Self::Text(text),
        }
    }

    /// The cell with its text taken out of an old encoding.
    pub(super) fn decoded(&self, decoder: Decoder) -> Self {
        match self {
            Self::Text(text) => Self::text(decoder.decode(text)),
            other => other.clone(),
        }
    }

    /// Does the cell hold nothing?
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The cell as the spreadsheet shows it, near enough to be recognised.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Uncalculated => UNCALCULATED.to_owned(),
            Self::Text(text) | Self::Digits(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => with_comma(&digits_of(*number)),
            Self::Date { year, month, day, seconds: 0 } => format!("{day:02}/{month:02}/{year:04}"),
            Self::Date { year, month, day, seconds } => {
                format!("{day:02}/{month:02}/{year:04} {}", clock(*seconds))
            }
            Self::Time(seconds) => clock(*seconds),
            Self::Bool(true) => "TRUE".to_owned(),
            Self::Bool(false) => "FALSE".to_owned(),
        }
    }
}

/// How a formula without a value stands in a correction workbook: seen by the clerk, and refused when it comes back
/// unchanged, so that nothing is made from a value that was never there.
pub(super) const UNCALCULATED: &str = "#CHƯA TÍNH!";

/// One row of a sheet or one record of a text file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SourceRow {
    /// One-based row of the sheet, or the line where the record begins.
    pub(super) number: u64,
    /// Its cells from the first column; trailing empty ones may be missing.
    pub(super) cells: Vec<Cell>,
    /// Does the source fix the number of cells (a text file), so that a wrong count is an error?
    pub(super) counted: bool,
    /// What the fonts have told of its texts, from the left; text they have settled is in Unicode already.
    pub(super) fonts: Vec<FontText>,
    /// Columns whose cell was corrected on our page, where all text is Unicode.
    pub(super) corrected: Vec<usize>,
}

impl SourceRow {
    /// Has it no value at all?
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }

    /// The cell at `index`; cells that are not there are empty.
    pub(super) fn cell(&self, index: usize) -> &Cell {
        self.cells.get(index).unwrap_or(&Cell::Empty)
    }

    /// What the font of the cell at `index` has told of its text.
    pub(super) fn font(&self, index: usize) -> Option<&FontText> {
        self.fonts.iter().find(|font| font.column == index)
    }

    /// Is it known what the text of the cell at `index` is written in, so that its column must not decide?
    pub(super) fn is_settled(&self, index: usize) -> bool {
        self.font(index).is_some() || self.corrected.contains(&index)
    }
}

/// Whether a reader of rows wants more of them.
pub(super) type Flow = ControlFlow<()>;

/// White space as spreadsheets produce it; the byte order mark is there because files are pasted together.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// The decimal digits of a spreadsheet number: at most 15 of them, because Excel keeps no more, so that the noise of
/// binary arithmetic (`0.1 + 0.2`) does not reach a document. Never an exponent.
pub(super) fn digits_of(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return "0".to_owned();
    }
    // 14 decimals after the first digit are 15 significant digits; parsing them back and printing gives the plain form.
    format!("{number:.14e}").parse::<f64>().map_or_else(|_| "0".to_owned(), |rounded| rounded.to_string())
}

/// Digits with the comma of Vietnamese decimals. Three decimals get a fourth, for `1,234` may be read as thousands.
fn with_comma(digits: &str) -> String {
    match digits.split_once('.') {
        Some((whole, fraction)) if fraction.len() == 3 => format!("{whole},{fraction}0"),
        Some((whole, fraction)) => format!("{whole},{fraction}"),
        None => digits.to_owned(),
    }
}

fn clock(seconds: u32) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { format!("{hours:02}:{minutes:02}") } else { format!("{hours:02}:{minutes:02}:{rest:02}") }
}
