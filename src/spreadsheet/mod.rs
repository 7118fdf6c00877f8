//! Workbooks that people fill in or correct, written with rust_xlsxwriter.
//!
//! Owns [`blank()`] (the workbook to fill in), [`filled`] (one that holds records), [`rejected()`] (rows to correct and hand in again), [`table()`] (a plain
//! table for reports) and [`SpreadsheetError`]. Nothing from data is ever written as a formula or a link, and as a number or a date only
//! what a workbook held as one.
//! Reading workbooks is [`crate::data`]'s work.

mod blank;
pub mod filled;
mod rejected;
mod style;

use std::io;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

pub use blank::blank;
pub use rejected::{RejectedRow, rejected};

/// Why a workbook was not written.
#[derive(Debug, thiserror::Error)]
pub enum SpreadsheetError {
    /// The contents do not fit a workbook: too many rows or columns, or a sheet's name used twice.
    #[error("cannot lay out the workbook `{path}`")]
    Layout {
        /// The workbook.
        path: PathBuf,
        /// What rust_xlsxwriter says.
        source: XlsxError,
    },
    /// The file could not be written.
    #[error("cannot write the workbook `{path}`")]
    Write {
        /// The workbook.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl SpreadsheetError {
    /// May the same call succeed later, without a person doing anything?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Layout { .. } => false,
            Self::Write { source, .. } => {
                matches!(source.kind(), io::ErrorKind::Interrupted | io::ErrorKind::TimedOut | io::ErrorKind::ResourceBusy)
            }
        }
    }
}

/// Writes a table of texts as the only sheet of a workbook.
///
/// # Errors
///
/// See [`SpreadsheetError`].
pub fn table(
    path: &Path,
    sheet_name: &str,
    headings: &[String],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), SpreadsheetError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    fill_table(sheet, sheet_name, headings, rows).map_err(|source| SpreadsheetError::Layout { path: path.to_owned(), source })?;
    save(workbook, path)
}

fn fill_table(
    sheet: &mut Worksheet,
    sheet_name: &str,
    headings: &[String],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), XlsxError> {
    sheet.set_name(crate::data::sheet_name(sheet_name))?;
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    style::headings(sheet, headings.iter().map(String::as_str))?;
    let text = style::text();
    let mut last_row = 0;
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(&cells) {
            if let Some(width) = widths.get_mut(usize::from(column)) {
                *width = (*width).max(cell.chars().count());
            }
            sheet.write_string_with_format(row, column, style::fitted(cell), &text)?;
        }
        last_row = row;
    }
    style::columns(sheet, &widths)?;
    style::frozen(sheet, last_row, headings.len())
}

/// Saves through a neighbouring file, so that nobody ever opens half a workbook.
fn save(mut workbook: Workbook, path: &Path) -> Result<(), SpreadsheetError> {
    let failed = |source| SpreadsheetError::Write { path: path.to_owned(), source };
    // A fixed creation time: the same rows give the same bytes.
    if let Ok(epoch) = ExcelDateTime::from_ymd(2000, 1, 1) {
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&epoch));
    }
    let bytes = workbook.save_to_buffer().map_err(|error| match error {
        XlsxError::IoError(source) => failed(source),
        source => SpreadsheetError::Layout { path: path.to_owned(), source },
    })?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    std::fs::write(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, path)).map_err(|error| {
        let _ = std::fs::remove_file(&unfinished);
        failed(error)
    })
}
