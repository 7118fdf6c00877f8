//! From an original file to the lines of its transcript.
//!
//! Owns what is transcribed of a file that is too large, and where a sheet breaks off. What a heading or a value means is
//! not looked at: that is found anew at each reading.

use std::io::Read;
use std::path::Path;

use super::{Form, Head, Line, Row, Sheet};
use crate::data::cell::Flow;
use crate::data::encoding::{self, TextEncoding};
use crate::data::format::{self, Format};
use crate::data::headings;
use crate::data::json;
use crate::data::limits::Limits;
use crate::data::list::{self, Sink};
use crate::data::workbook::Sheets;
use crate::data::{check_file, ole_directory_names, open, open_workbook, unreadable};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;

/// Most bytes of a transcript: one text may stand in many cells, so that the size of the file says little.
pub const TEXT_BYTES_MAX: u64 = 256 << 20;
/// Rows transcribed beyond those that a list may have, for the lines above its headings.
const ROWS_BESIDE: u64 = 1_000;

/// Takes a line; breaks when no more of them are wanted.
type Emit<'a> = &'a mut dyn FnMut(Line) -> Flow;

/// Transcribes the file at `path`, which its owner calls `name`. `headings` are the names by which columns may be known: they
/// tell the delimiter of a text file.
///
/// # Errors
///
/// The file holds no table that can be read. What is wrong with one sheet only is a line of that sheet.
pub fn transcribe(path: &Path, name: &str, headings: &[String], limits: &Limits, emit: Emit<'_>) -> Result<(), Diagnostic> {
    let mut writer = Writer { name, limits, rows: 0, bytes: 0, emit, fault: None };
    let result = writer.file(path, headings);
    let result = writer.fault.take().map_or(result, Err);
    result.map_err(|mut problem| {
        problem.place.get_or_insert_with(|| Place::File { file: name.to_owned() });
        problem
    })
}

struct Writer<'a> {
    name: &'a str,
    limits: &'a Limits,
    rows: u64,
    bytes: u64,
    emit: Emit<'a>,
    /// Why nothing more is taken.
    fault: Option<Diagnostic>,
}

impl Writer<'_> {
    fn file(&mut self, path: &Path, headings: &[String]) -> Result<(), Diagnostic> {
        let bytes = check_file(path, self.limits)?;
        let mut head = Vec::new();
        open(path).and_then(|file| file.take(4096).read_to_end(&mut head).map_err(|error| unreadable(&error)))?;
        let known: Vec<String> = headings.iter().map(|heading| headings::loose_key(heading)).collect();
        match format::detect(Path::new(self.name), &head, |stream| ole_directory_names(path, stream))? {
            format @ (Format::Xls | Format::Archive) => self.workbook(&mut *open_workbook(path, format, bytes, self.limits)?),
            Format::Csv | Format::Transcript => self.text(path, &known),
            Format::Json => self.document(path),
            Format::JsonLines => self.lines(path),
        }
    }

    fn workbook(&mut self, workbook: &mut dyn Sheets) -> Result<(), Diagnostic> {
        self.head(Line::Head(Head::new(self.name, Form::Workbook, None)));
        for info in workbook.sheets() {
            let merged = workbook.merged(&info.name);
            let hidden_rows = workbook.hidden_rows(&info.name);
            let (merged, fault) = match merged {
                Ok(merged) => (merged, None),
                Err(problem) => (Vec::new(), Some(problem)),
            };
            self.head(Line::Sheet(Sheet { name: info.name.clone(), hidden: info.hidden, merged, hidden_rows }));
            let mut rows = 0;
            let (file, limits) = (self.name, self.limits);
            let poured = workbook.rows(file, &info.name, limits, &mut |row| {
                rows += 1;
                self.row(Row::of(row), rows)
            });
            if let Some(problem) = fault.or(poured.err()) {
                self.head(Line::Fault(Box::new(problem)));
            }
            if self.fault.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn text(&mut self, path: &Path, known: &[String]) -> Result<(), Diagnostic> {
        let encoding = encoding::survey(path, self.name)?;
        let (delimiter, skipped) = list::delimiter(path, encoding, self.limits, known)?;
        let eight_bit = match encoding {
            TextEncoding::EightBit(encoding) => Some(encoding),
            _ => None,
        };
        self.head(Line::Head(Head::new(self.name, Form::Text, eight_bit)));
        self.only_sheet();
        let (file, limits) = (self.name, self.limits);
        let mut rows = 0;
        let sink: Sink<'_> = &mut |row| {
            rows += 1;
            self.row(Row::of(row), rows)
        };
        if let Err(problem) = list::pour_text(path, file, limits, encoding, (delimiter, skipped), sink) {
            self.head(Line::Fault(Box::new(problem)));
        }
        Ok(())
    }

    fn document(&mut self, path: &Path) -> Result<(), Diagnostic> {
        let mut is_first = true;
        let (file, limits) = (self.name, self.limits);
        json::each_record(path, file, limits, &mut |number, record| {
            if std::mem::take(&mut is_first) {
                let form = if number.is_some() { Form::Records } else { Form::Record };
                self.head(Line::Head(Head::new(file, form, None)));
                self.only_sheet();
            }
            let number = number.unwrap_or(1);
            self.row(Row::of_json(number, record.to_string()), number)
        })
    }

    fn lines(&mut self, path: &Path) -> Result<(), Diagnostic> {
        self.head(Line::Head(Head::new(self.name, Form::Lines, None)));
        self.only_sheet();
        let (file, limits) = (self.name, self.limits);
        let mut rows = 0;
        json::each_line(path, file, limits, &mut |line, text| {
            rows += 1;
            self.row(Row::of_json(line, text.to_owned()), rows)
        })
    }

    fn only_sheet(&mut self) {
        self.head(Line::Sheet(Sheet { name: String::new(), hidden: false, merged: Vec::new(), hidden_rows: 0 }));
    }

    /// Takes the row that is the `nth` of its sheet, unless that is more than any list has.
    fn row(&mut self, row: Row, nth: u64) -> Flow {
        if nth > self.limits.rows_max + ROWS_BESIDE {
            return Flow::Break(());
        }
        self.rows += 1;
        self.line(Line::Row(row))
    }

    /// Hands a line on. Whoever breaks has a reason, and the next row will meet it too.
    fn head(&mut self, line: Line) {
        let _ = self.line(line);
    }

    fn line(&mut self, line: Line) -> Flow {
        self.bytes += line.to_text().len() as u64;
        if self.fault.is_none() && (self.bytes > TEXT_BYTES_MAX || self.rows > 3 * (self.limits.rows_max + ROWS_BESIDE)) {
            self.fault = Some(Diagnostic::error("table-too-large", say!("chứa quá nhiều dữ liệu", "holds too much")).remedy(say!(
                "chỉ để lại trang tính và các cột cần dùng, hoặc chia thành nhiều tệp",
                "leave only the sheet and the columns that are needed, or split it into several files"
            )));
        }
        if self.fault.is_some() {
            return Flow::Break(());
        }
        (self.emit)(line)
    }
}
