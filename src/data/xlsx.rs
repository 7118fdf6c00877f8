//! Office Open XML workbooks, row by row.
//!
//! Owns the door to calamine's cell reader. `worksheet_range` is never called: it builds a dense grid over the corners
//! of a sheet, and a file of 1.4 kB with cells in A1 and XFD1048576 aborts the process (calamine#693). The archive has
//! been looked through by [`super::archive`] before; text in fonts of before Unicode is converted on the way out by
//! [`super::font_text`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::cell::{Cell, SourceRow};
use super::font_text::Reader as FontReader;
use super::fonts::{FontParts, Fonts};
use super::limits::Limits;
use super::list::Sink;
use super::ods_extent::Area;
use super::workbook::{SheetInfo, Sheets};
use super::{broken, format, unreadable};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::vietnamese::number;

struct Workbook {
    xlsx: Xlsx<BufReader<File>>,
    hidden_rows: BTreeMap<String, u64>,
    fonts: Option<Fonts>,
}

/// Opens a workbook that was inspected before.
pub(super) fn open(path: &Path, hidden_rows: BTreeMap<String, u64>, fonts: Option<FontParts>) -> Result<Box<dyn Sheets>, Diagnostic> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let xlsx = guarded(|| Xlsx::new(BufReader::new(file)))?;
    let fonts = fonts.map(|parts| Fonts::open(path, parts)).transpose()?;
    Ok(Box::new(Workbook { xlsx, hidden_rows, fonts }))
}

impl Sheets for Workbook {
    fn sheets(&self) -> Vec<SheetInfo> {
        sheet_infos(self.xlsx.sheets_metadata())
    }

    fn merged(&mut self, sheet: &str) -> Result<Vec<Area>, Diagnostic> {
        let merged = guarded(|| self.xlsx.merge_cells_by_sheet_name(sheet))?;
        Ok(merged.into_iter().map(|range| (range.start, range.end)).collect())
    }

    fn hidden_rows(&self, sheet: &str) -> u64 {
        self.hidden_rows.get(sheet).copied().unwrap_or_default()
    }

    fn rows(&mut self, file: &str, sheet: &str, limits: &Limits, sink: Sink<'_>) -> Result<(), Diagnostic> {
        let mut reader = FontReader::new(sink, self.fonts.is_some());
        let read = self.pour(file, sheet, limits, &mut reader);
        // Rows wait for the fonts of those behind them; a fault there must not matter to who wants only the first.
        if reader.finish().is_break() { Ok(()) } else { read }
    }
}

impl Workbook {
    fn pour(&mut self, file: &str, sheet: &str, limits: &Limits, out: &mut FontReader<'_>) -> Result<(), Diagnostic> {
        let mut fonts = self.fonts.as_mut().map(|fonts| fonts.sheet(sheet)).transpose()?.flatten();
        let mut reader = guarded(|| self.xlsx.worksheet_cells_reader(sheet))?;
        let mut row: Option<SourceRow> = None;
        while let Some(record) = guarded(|| reader.next_cell_with_formula_metadata())? {
            let (row_index, column) = record.pos;
            let font = fonts.as_mut().map(|fonts| fonts.next(record.pos)).transpose()?.flatten();
            let cell = match Data::from(record.value) {
                // An empty text is the result of a formula, too; only no result at all is none.
                Data::Empty if record.formula.is_some() => Cell::Uncalculated,
                data => cell_of(data),
            };
            if cell.is_empty() {
                continue;
            }
            check_position(file, sheet, row_index, column, limits)?;
            let number = u64::from(row_index) + 1;
            if row.as_ref().is_some_and(|row| row.number != number)
                && let Some(complete) = row.take()
                && out.accept(complete).is_break()
            {
                return Ok(());
            }
            let row = row.get_or_insert_with(|| SourceRow {
                number,
                cells: Vec::new(),
                counted: false,
                fonts: Vec::new(),
                corrected: Vec::new(),
            });
            let column = column as usize;
            if let (Some(font), Some(fonts)) = (&font, &fonts) {
                out.note(column, &cell, font, fonts.names());
            }
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Empty);
            }
            row.cells[column] = cell;
        }
        if let Some(last) = row {
            let _ = out.accept(last);
        }
        Ok(())
    }
}

/// The worksheets among the sheets of a workbook.
pub(super) fn sheet_infos(sheets: &[calamine::Sheet]) -> Vec<SheetInfo> {
    sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| SheetInfo { name: sheet.name.clone(), hidden: sheet.visible != SheetVisible::Visible })
        .collect()
}

/// A cell far out costs nothing here, but it is a slip that the clerk should know of, or an attack.
pub(super) fn check_position(file: &str, sheet: &str, row: u32, column: u32, limits: &Limits) -> Result<(), Diagnostic> {
    // Headings and lines above them do not count as records.
    const ROWS_ABOVE: u64 = 100;
    if column < limits.columns_max && u64::from(row) <= limits.rows_max + ROWS_ABOVE {
        return Ok(());
    }
    let (rows_max, columns_max) = (number::group(&limits.rows_max.to_string()), limits.columns_max);
    Err(Diagnostic::error(
        "cell-out-of-range",
        say!(
            "có dữ liệu ở quá xa: chỉ đọc {columns_max} cột và {rows_max} dòng",
            "holds data too far out: {columns_max} columns and {rows_max} rows are read"
        ),
    )
    .at(Place::Cell { file: file.to_owned(), sheet: sheet.to_owned(), column, row: row.saturating_add(1) })
    .remedy(say!(
        "xoá ô đó nếu ghi nhầm; danh sách dài hơn thì chia thành nhiều tệp",
        "delete the cell if it is there by mistake; split a longer list into several files"
    )))
}

/// Calls calamine. It overflows or slices out of range on some damaged files; such a panic is the file's fault.
pub(super) fn guarded<T, E: CalamineError>(call: impl FnOnce() -> Result<T, E>) -> Result<T, Diagnostic> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(E::diagnostic),
        Err(_) => Err(broken(&"unreadable structure")),
    }
}

/// An error of one of calamine's readers.
pub(super) trait CalamineError {
    fn diagnostic(self) -> Diagnostic;
}

impl CalamineError for XlsxError {
    fn diagnostic(self) -> Diagnostic {
        match self {
            Self::Password => format::encrypted(),
            Self::Io(error) => broken(&error),
            other => broken(&other),
        }
    }
}

/// A cell in calamine's terms as ours.
pub(super) fn cell_of(data: Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::String(text) => Cell::text(text),
        Data::Int(number) => Cell::Digits(number.to_string()),
        Data::Float(number) => Cell::Number(number),
        Data::Bool(value) => Cell::Bool(value),
        Data::Error(error) => Cell::Error(error.to_string()),
        Data::DateTime(serial) => cell_of_serial(serial),
        Data::DateTimeIso(text) => iso_date(&text).unwrap_or(Cell::Text(text)),
        Data::DurationIso(text) => iso_duration(&text).unwrap_or(Cell::Text(text)),
    }
}

/// A serial number of days. The date may be one that no calendar has: Excel counts a 29 February 1900.
fn cell_of_serial(serial: ExcelDateTime) -> Cell {
    /// Excel's last day is 31/12/9999.
    const SERIAL_END: f64 = 2_958_466.0;
    let value = serial.as_f64();
    if !(0.0..SERIAL_END).contains(&value) {
        return Cell::Number(value);
    }
    if serial.is_duration() || value < 1.0 {
        return Cell::Time((value * 86_400.0).round() as u32);
    }
    let (year, month, day, hour, minute, second, milli) = serial.to_ymd_hms_milli();
    let seconds = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second) + u32::from(milli >= 500);
    match (i16::try_from(year), i8::try_from(month), i8::try_from(day)) {
        (Ok(year), Ok(month), Ok(day)) => Cell::Date { year, month, day, seconds },
        _ => Cell::Number(value),
    }
}

/// `2026-03-05` or `2026-03-05T08:30:00`.
fn iso_date(text: &str) -> Option<Cell> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let date: jiff::civil::Date = date.parse().ok()?;
    let seconds = match time {
        "" => 0,
        time => seconds_of(time.parse().ok()?),
    };
    Some(Cell::Date { year: date.year(), month: date.month(), day: date.day(), seconds })
}

fn seconds_of(time: jiff::civil::Time) -> u32 {
    let part = |part: i8| u32::try_from(part).unwrap_or_default();
    part(time.hour()) * 3600 + part(time.minute()) * 60 + part(time.second())
}

/// `PT08H30M00S`.
fn iso_duration(text: &str) -> Option<Cell> {
    let duration: jiff::SignedDuration = text.parse().ok()?;
    u32::try_from(duration.as_secs()).ok().map(Cell::Time)
}
