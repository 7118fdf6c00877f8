//! A data file as it was read, cell by cell, kept so that cells can be corrected on a page.
//!
//! Owns the lines of a transcript: one for the file, one for each sheet, one for each row, as JSON. Every cell keeps its
//! kind and its place, so that a file of these lines is read as the original would have been, and a corrected cell moves
//! nothing else. `write` makes the lines of an original, `read` hands them to the readers of this module.

mod read;
mod write;

use serde::{Deserialize, Serialize};

pub(super) use read::{Kept, head_of, shown_name};
pub use write::{TEXT_BYTES_MAX, transcribe};

use super::cell::{Cell, SourceRow};
use super::font_text::FontText;
use super::headings;
use super::json_text::{Json, Parser};
use super::ods_extent::Area;
use super::rich_text::Font;
use crate::diagnostic::Diagnostic;
use crate::template::contract::{Field, Kind};
use crate::vietnamese::legacy::Encoding;

/// The beginning of every transcript.
pub(super) const MAGIC: &[u8] = b"{\"vanthu-transcript\":";
/// The version of the lines.
const VERSION: u32 = 1;
/// Deepest nesting of a record that was read before.
const DEPTH_MAX: usize = 256;

/// What kind of file it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Sheets of rows.
    Workbook,
    /// Delimited text.
    Text,
    /// A JSON array of records.
    Records,
    /// One JSON record.
    Record,
    /// A JSON record on each line.
    Lines,
}

impl Form {
    /// Are its rows JSON records, whose columns are the fields of the contract?
    pub fn is_json(self) -> bool {
        matches!(self, Self::Records | Self::Record | Self::Lines)
    }
}

/// The first line: the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    #[serde(rename = "vanthu-transcript")]
    version: u32,
    /// Its name, as the person who handed it in knows it.
    pub file: String,
    /// Its kind.
    pub form: Form,
    /// The 8-bit encoding of a text file that is not Unicode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
}

/// The line before the rows of a sheet; a file without sheets has one without a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Its name.
    #[serde(rename = "sheet")]
    pub name: String,
    /// Is it hidden?
    pub hidden: bool,
    /// Its merged ranges: zero-based row and column of the first and the last cell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Area>,
    /// Rows that a filter hides.
    #[serde(default)]
    pub hidden_rows: u64,
}

/// A row that holds something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Row of the sheet, or line of the file, or one-based number of the record.
    #[serde(rename = "row")]
    pub number: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cells: Vec<Cell>,
    #[serde(default, skip_serializing_if = "is_false")]
    counted: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fonts: Vec<Typed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    corrected: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<String>,
}

/// A [`FontText`] on paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Typed {
    column: usize,
    name: String,
    encoding: Encoding,
    before: Option<String>,
    doubtful: bool,
}

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The file.
    Head(Head),
    /// A sheet begins.
    Sheet(Sheet),
    /// A row of it.
    Row(Row),
    /// The rest of the sheet cannot be read.
    Fault(Box<Diagnostic>),
}

#[derive(Serialize, Deserialize)]
struct FaultLine {
    fault: Diagnostic,
}

impl Line {
    /// The line of `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end();
        if text.starts_with("{\"row\"") {
            Row::parse(text).map(Self::Row)
        } else if text.starts_with("{\"sheet\"") {
            serde_json::from_str(text).ok().map(Self::Sheet)
        } else if text.starts_with("{\"fault\"") {
            serde_json::from_str::<FaultLine>(text).ok().map(|line| Self::Fault(Box::new(line.fault)))
        } else {
            serde_json::from_str::<Head>(text).ok().filter(|head| head.version == VERSION).map(Self::Head)
        }
    }

    /// The line as text, without its end.
    pub fn to_text(&self) -> String {
        let text = match self {
            Self::Head(head) => serde_json::to_string(head),
            Self::Sheet(sheet) => serde_json::to_string(sheet),
            Self::Row(row) => serde_json::to_string(row),
            Self::Fault(fault) => serde_json::to_string(&FaultLine { fault: fault.as_ref().clone() }),
        };
        text.expect("a line is plain data")
    }
}

impl Head {
    fn new(file: &str, form: Form, encoding: Option<Encoding>) -> Self {
        Self { version: VERSION, file: file.to_owned(), form, encoding }
    }
}

impl Row {
    /// The row of a line that the store kept.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The row as a line.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a row is plain data")
    }

    /// Cells that it has.
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    /// The cell as the sheet shows it, near enough to be recognised.
    pub fn shown(&self, column: usize) -> String {
        self.cells.get(column).map(Cell::shown).unwrap_or_default()
    }

    /// Was the cell corrected?
    pub fn is_corrected(&self, column: usize) -> bool {
        self.corrected.contains(&column)
    }

    /// Writes `text` into the cell.
    pub fn correct(&mut self, column: usize, text: &str) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Empty);
        }
        self.cells[column] = Cell::text(text);
        self.fonts.retain(|font| font.column != column);
        self.mark(column);
    }

    /// Leaves the row out: no cell holds anything any more.
    pub fn clear(&mut self) {
        self.cells.clear();
        self.fonts.clear();
        self.corrected.clear();
        self.json = None;
    }

    /// Was it left out?
    pub fn is_cleared(&self) -> bool {
        self.json.is_none() && self.cells.iter().all(Cell::is_empty)
    }

    /// The value of `field` in a JSON record as text, and whether it is one that a line of text can replace.
    pub fn shown_field(&self, fields: &[Field], field: usize) -> (String, bool) {
        let Some(Json::Object(members)) = self.record() else { return (String::new(), false) };
        let can_be_text = !matches!(fields[field].kind, Kind::Table(_) | Kind::List);
        match members.into_iter().find(|(name, _)| headings::find_field(name, fields) == Some(field)) {
            None | Some((_, Json::Null)) => (String::new(), can_be_text),
            Some((_, Json::Text(text))) => (text, can_be_text),
            Some((_, value @ (Json::Array(_) | Json::Object(_)))) => (value.to_string(), false),
            Some((_, value)) => (value.to_string(), can_be_text),
        }
    }

    /// Writes `text` as the value of `field` into a JSON record; false when it has none to write into.
    pub fn correct_field(&mut self, fields: &[Field], field: usize, text: &str) -> bool {
        let Some(Json::Object(mut members)) = self.record() else { return false };
        if !self.shown_field(fields, field).1 {
            return false;
        }
        let value = if text.trim().is_empty() { Json::Null } else { Json::Text(text.to_owned()) };
        match members.iter_mut().find(|(name, _)| headings::find_field(name, fields) == Some(field)) {
            Some((_, old)) => *old = value,
            None => members.push((fields[field].name.clone(), value)),
        }
        self.json = Some(Json::Object(members).to_string());
        self.mark(field);
        true
    }

    fn record(&self) -> Option<Json> {
        Parser::new(self.json.as_deref()?, DEPTH_MAX).value().ok()
    }

    fn mark(&mut self, column: usize) {
        if !self.corrected.contains(&column) {
            self.corrected.push(column);
        }
    }

    fn of(row: SourceRow) -> Self {
        let SourceRow { number, cells, counted, fonts, corrected } = row;
        let typed = |text: FontText| {
            let FontText { column, font, before, doubtful } = text;
            Typed { column, name: font.name.clone(), encoding: font.encoding, before, doubtful }
        };
        Self { number, cells, counted, fonts: fonts.into_iter().map(typed).collect(), corrected, json: None }
    }

    fn of_json(number: u64, json: String) -> Self {
        Self { number, cells: Vec::new(), counted: false, fonts: Vec::new(), corrected: Vec::new(), json: Some(json) }
    }

    fn into_source(self) -> SourceRow {
        let Self { number, cells, counted, fonts, corrected, .. } = self;
        let text = |typed: Typed| {
            let Typed { column, name, encoding, before, doubtful } = typed;
            FontText { column, font: Font { name, encoding }.into(), before, doubtful }
        };
        SourceRow { number, cells, counted, fonts: fonts.into_iter().map(text).collect(), corrected }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}
