//! The correction workbook: rows that could not be used, each with what is wrong, to be mended and handed in again.
//!
//! Owns [`rejected()`]. The reader ignores the column of errors; a hidden one tells the number of the row in its list. Dates and numbers stay what they were, so the corrected
//! workbook is read like the first one; the common values go with it, for it may be handed in alone.

use std::collections::BTreeMap;
use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{SpreadsheetError, save, style};
use crate::data::{COMMON_SHEET, ERRORS_HEADING, NUMBER_HEADING, Original};
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Language;

/// The language of the clerks, who are the only readers of this workbook.
const LANGUAGE: Language = Language::Vietnamese;

/// Most cells with a note; beyond, the colour and the last column say enough, and Excel grows slow with notes.
const NOTES_MAX: usize = 2_000;

/// One row to correct.
#[derive(Debug, Clone, Copy)]
pub struct RejectedRow<'a> {
    /// Its number in the list.
    pub number: u64,
    /// The cells as read, beside the headings.
    pub original: &'a [Original],
    /// What is wrong; notices and warnings are left out.
    pub diagnostics: &'a [Diagnostic],
}

/// Writes the correction workbook with the rows on a sheet called `sheet`. `common` holds the names and values of the sheet of common values, if the list had
/// one.
///
/// # Errors
///
/// See [`SpreadsheetError`].
pub fn rejected<'a>(
    path: &Path,
    sheet: &str,
    headings: &[String],
    common: &[(String, Original)],
    rows: impl IntoIterator<Item = RejectedRow<'a>>,
) -> Result<(), SpreadsheetError> {
    let mut workbook = Workbook::new();
    fill(&mut workbook, sheet, headings, common, rows).map_err(|source| SpreadsheetError::Layout { path: path.to_owned(), source })?;
    save(workbook, path)
}

fn fill<'a>(
    workbook: &mut Workbook,
    name: &str,
    headings: &[String],
    common: &[(String, Original)],
    rows: impl IntoIterator<Item = RejectedRow<'a>>,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    style::headings(sheet, headings.iter().map(String::as_str).chain([NUMBER_HEADING, ERRORS_HEADING]))?;
    let number_column = u16::try_from(headings.len()).map_err(|_| XlsxError::RowColumnLimitError)?;
    let errors_column = number_column + 1;
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    let wrapped = style::wrapped();
    let (mut last_row, mut notes) = (0, 0);
    for (row, rejected) in (1..).zip(rows) {
        let faults = faults_by_column(rejected.diagnostics, headings);
        for (column, (heading, cell)) in (0..).zip(headings.iter().zip(rejected.original)) {
            if let Some(width) = widths.get_mut(usize::from(column)) {
                *width = (*width).max(cell.shown().chars().count());
            }
            let faults = faults.get(heading.as_str());
            let format = if faults.is_some() { style::wrong() } else { style::text() };
            write(sheet, row, column, cell, format)?;
            if let Some(faults) = faults.filter(|_| notes < NOTES_MAX) {
                notes += 1;
                sheet.insert_note(row, column, &style::note(&faults.join("\n")))?;
            }
        }
        sheet.write_number(row, number_column, rejected.number as f64)?;
        let all: Vec<String> =
            rejected.diagnostics.iter().filter(|fault| fault.is_error()).map(|fault| sentence(fault, headings)).collect();
        sheet.write_string_with_format(row, errors_column, style::fitted(&all.join("\n")), &wrapped)?;
        last_row = row;
    }
    style::columns(sheet, &widths)?;
    sheet.set_column_hidden(number_column)?;
    sheet.set_column_width(errors_column, 70)?;
    style::frozen(sheet, last_row, headings.len() + 2)?;
    if common.is_empty() {
        return Ok(());
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name(COMMON_SHEET)?;
    style::headings(sheet, ["Mục", "Giá trị"].into_iter())?;
    for (row, (name, value)) in (1..).zip(common) {
        sheet.write_string_with_format(row, 0, style::fitted(name), &style::text())?;
        write(sheet, row, 1, value, style::text())?;
    }
    style::columns(sheet, &[30, 50])
}

/// Writes a cell as it was, in a format that is one of text.
fn write(sheet: &mut Worksheet, row: u32, column: u16, cell: &Original, format: Format) -> Result<(), XlsxError> {
    match cell {
        Original::Text(text) => sheet.write_string_with_format(row, column, style::fitted(text), &format)?,
        Original::Number(number) => sheet.write_number_with_format(row, column, *number, &format.set_num_format("General"))?,
        Original::Date { day, seconds } => {
            let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            let date = ExcelDateTime::from_ymd(day.year().unsigned_abs(), day.month().unsigned_abs(), day.day().unsigned_abs())?;
            let date = date.and_hms(hour as u16, minute as u8, f64::from(second))?;
            let shown = if *seconds == 0 { style::DATE } else { style::DATE_AND_TIME };
            sheet.write_datetime_with_format(row, column, &date, &format.set_num_format(shown))?
        }
    };
    Ok(())
}

/// The errors of a row by the heading of their column.
fn faults_by_column<'a>(diagnostics: &[Diagnostic], headings: &'a [String]) -> BTreeMap<&'a str, Vec<String>> {
    let mut faults: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
        if let Some(heading) = heading_of(diagnostic, headings) {
            faults.entry(heading).or_default().push(sentence(diagnostic, &[]));
        }
    }
    faults
}

/// The heading of the column where a diagnostic stands.
fn heading_of<'a>(diagnostic: &Diagnostic, headings: &'a [String]) -> Option<&'a str> {
    match diagnostic.place.as_ref()? {
        Place::Cell { column, .. } => headings.get(*column as usize),
        Place::Line { column: Some(column), .. } => headings.iter().find(|heading| *heading == column),
        _ => None,
    }
    .map(String::as_str)
}

/// An error as one sentence with its remedy, led by the column's heading where `headings` tells it. The place is left
/// out: it is that of the first file, and the row is here.
fn sentence(diagnostic: &Diagnostic, headings: &[String]) -> String {
    let mut text = String::new();
    if let Some(heading) = heading_of(diagnostic, headings) {
        text.push_str(heading);
        text.push_str(": ");
    }
    if let Some(value) = &diagnostic.value {
        text.push_str(&format!("“{value}” "));
    }
    text.push_str(diagnostic.message.in_language(LANGUAGE));
    if let Some(remedy) = &diagnostic.remedy {
        text.push_str("; cách sửa: ");
        text.push_str(remedy.in_language(LANGUAGE));
    }
    text
}
