//! A transcript as the file that it is of.
//!
//! Owns [`Kept`], whose sheets are read like those of any workbook.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::{Form, Head, Line, MAGIC, Row, Sheet, TEXT_BYTES_MAX};
use crate::data::cell::Flow;
use crate::data::common::Common;
use crate::data::limits::Limits;
use crate::data::list::{self, Sink, Source};
use crate::data::notices::Notices;
use crate::data::ods_extent::Area;
use crate::data::workbook::{self, SheetInfo, Sheets};
use crate::data::{Context, Emit, Outcome, broken, form, json, open, unreadable};
use crate::diagnostic::Diagnostic;

/// Longest line that is taken for the first.
const HEAD_BYTES_MAX: u64 = 4096;

/// What the transcript at `path` is of; none for any other file.
pub(in crate::data) fn head_of(path: &Path) -> Option<Head> {
    let mut line = Vec::new();
    BufReader::new(File::open(path).ok()?.take(HEAD_BYTES_MAX)).read_until(b'\n', &mut line).ok()?;
    if !line.starts_with(MAGIC) {
        return None;
    }
    match Line::parse(std::str::from_utf8(&line).ok()?)? {
        Line::Head(head) => Some(head),
        _ => None,
    }
}

/// An opened transcript.
pub(in crate::data) struct Kept {
    input: BufReader<File>,
    head: Head,
    /// Each with the offset of its first row.
    sheets: Vec<(Sheet, u64)>,
}

impl Kept {
    /// Opens the transcript at `path`, which begins with `head`.
    pub(in crate::data) fn open(path: &Path, head: Head) -> Result<Self, Diagnostic> {
        let file = open(path)?;
        if file.metadata().map_err(|error| unreadable(&error))?.len() > 2 * TEXT_BYTES_MAX {
            return Err(broken(&"too long"));
        }
        let mut kept = Self { input: BufReader::new(file), head, sheets: Vec::new() };
        let (mut at, mut text) = (0, String::new());
        while kept.next_line(&mut text)? {
            at += text.len() as u64;
            if text.starts_with("{\"sheet\"") {
                let Some(Line::Sheet(sheet)) = Line::parse(&text) else { return Err(broken(&"sheet")) };
                kept.sheets.push((sheet, at));
            }
        }
        Ok(kept)
    }

    /// Reads it as the file that it is of.
    pub(in crate::data) fn read(
        mut self,
        context: &Context<'_>,
        common: &mut Common,
        notices: &mut Notices,
        emit: Emit<'_>,
    ) -> Result<Outcome, Vec<Diagnostic>> {
        let form = self.head.form;
        if form == Form::Workbook {
            return workbook::read(context, &mut self, common, notices, emit);
        }
        if form == Form::Text {
            let encoding = self.head.encoding;
            let mut pour = |sink: Sink<'_>| self.pour(0, &mut |row| sink(row.into_source()));
            let source = Source { sheet: None, merged: Vec::new(), encoding, pour: &mut pour };
            return if context.is_form() {
                form::read_single_table(context, source, common, notices, emit)
            } else {
                list::read(context, source, common, notices, emit)
            };
        }
        let mut records = json::Kept { context, form, common, notices, emit, number: 0 };
        let poured = self.pour(0, &mut |row| match &row.json {
            Some(text) => records.take(row.number, text),
            None => Flow::Continue(()),
        });
        let rows = records.end()?;
        poured.map_err(|problem| vec![problem])?;
        Ok(Outcome { rows, ..Outcome::default() })
    }

    fn pour(&mut self, sheet: usize, sink: &mut dyn FnMut(Row) -> Flow) -> Result<(), Diagnostic> {
        let Some((_, at)) = self.sheets.get(sheet) else { return Ok(()) };
        self.input.seek(SeekFrom::Start(*at)).map_err(|error| unreadable(&error))?;
        let mut text = String::new();
        while self.next_line(&mut text)? {
            match Line::parse(&text) {
                Some(Line::Row(row)) if row.is_cleared() => {}
                Some(Line::Row(row)) => {
                    if sink(row).is_break() {
                        break;
                    }
                }
                Some(Line::Fault(problem)) => return Err(*problem),
                Some(Line::Sheet(_)) => break,
                Some(Line::Head(_)) | None => return Err(broken(&"row")),
            }
        }
        Ok(())
    }

    fn next_line(&mut self, text: &mut String) -> Result<bool, Diagnostic> {
        text.clear();
        Ok(self.input.read_line(text).map_err(|error| unreadable(&error))? > 0)
    }

    fn position(&self, sheet: &str) -> Option<usize> {
        self.sheets.iter().position(|(own, _)| own.name == sheet)
    }
}

impl Sheets for Kept {
    fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.iter().map(|(sheet, _)| SheetInfo { name: sheet.name.clone(), hidden: sheet.hidden }).collect()
    }

    fn merged(&mut self, sheet: &str) -> Result<Vec<Area>, Diagnostic> {
        Ok(self.position(sheet).map(|index| self.sheets[index].0.merged.clone()).unwrap_or_default())
    }

    fn hidden_rows(&self, sheet: &str) -> u64 {
        self.position(sheet).map_or(0, |index| self.sheets[index].0.hidden_rows)
    }

    fn rows(&mut self, _: &str, sheet: &str, _: &Limits, sink: Sink<'_>) -> Result<(), Diagnostic> {
        let Some(index) = self.position(sheet) else { return Ok(()) };
        self.pour(index, &mut |row| sink(row.into_source()))
    }
}

/// The name that places and messages give the file at `path`.
pub(in crate::data) fn shown_name(path: &Path, head: Option<&Head>) -> Arc<str> {
    match head {
        Some(head) => head.file.as_str().into(),
        None => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().as_ref().into(),
    }
}
