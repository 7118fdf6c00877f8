//! Excel 97–2003 and OpenDocument workbooks, which calamine can only load whole.
//!
//! Owns opening them after their extent was checked ([`super::xls_extent`], [`super::ods_extent`]): calamine keeps a
//! dense grid of every sheet.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use calamine::{Data, Ods, OdsError, Range, Reader, Xls, XlsError};

use super::cell::SourceRow;
use super::limits::Limits;
use super::list::Sink;
use super::ods_extent::{Area, OdsExtent};
use super::workbook::{SheetInfo, Sheets};
use super::xlsx::{CalamineError, cell_of, check_position, guarded, sheet_infos};
use super::{broken, format, unreadable, xls_extent};
use crate::diagnostic::Diagnostic;

/// A workbook that is in memory.
struct Loaded {
    infos: Vec<SheetInfo>,
    ranges: BTreeMap<String, Range<Data>>,
    merged: BTreeMap<String, Vec<Area>>,
    hidden_rows: BTreeMap<String, u64>,
}

/// Opens an Excel 97–2003 workbook.
pub(super) fn open_xls(path: &Path, limits: &Limits) -> Result<Box<dyn Sheets>, Diagnostic> {
    xls_extent::check(path, limits)?;
    let mut xls: Xls<_> = guarded(|| Xls::new(reader(path)?))?;
    let infos = sheet_infos(xls.sheets_metadata());
    let mut merged = BTreeMap::new();
    for info in &infos {
        let ranges = guarded(|| xls.merge_cells_by_sheet_name(&info.name))?;
        merged.insert(info.name.clone(), ranges.into_iter().map(|range| (range.start, range.end)).collect());
    }
    let ranges = load(&mut xls, &infos)?;
    Ok(Box::new(Loaded { infos, ranges, merged, hidden_rows: BTreeMap::new() }))
}

/// Opens an OpenDocument spreadsheet.
pub(super) fn open_ods(path: &Path, extent: OdsExtent) -> Result<Box<dyn Sheets>, Diagnostic> {
    let mut ods: Ods<_> = guarded(|| Ods::new(reader(path)?))?;
    let infos = sheet_infos(ods.sheets_metadata());
    let ranges = load(&mut ods, &infos)?;
    Ok(Box::new(Loaded { infos, ranges, merged: extent.merged, hidden_rows: extent.hidden_rows }))
}

fn reader(path: &Path) -> std::io::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path)?))
}

fn load<RS: Read + Seek, R: Reader<RS>>(workbook: &mut R, infos: &[SheetInfo]) -> Result<BTreeMap<String, Range<Data>>, Diagnostic>
where
    R::Error: CalamineError,
{
    infos.iter().map(|info| Ok((info.name.clone(), guarded(|| workbook.worksheet_range(&info.name))?))).collect()
}

impl Sheets for Loaded {
    fn sheets(&self) -> Vec<SheetInfo> {
        self.infos.clone()
    }

    fn merged(&mut self, sheet: &str) -> Result<Vec<Area>, Diagnostic> {
        Ok(self.merged.get(sheet).cloned().unwrap_or_default())
    }

    fn hidden_rows(&self, sheet: &str) -> u64 {
        self.hidden_rows.get(sheet).copied().unwrap_or_default()
    }

    fn rows(&mut self, file: &str, sheet: &str, limits: &Limits, sink: Sink<'_>) -> Result<(), Diagnostic> {
        let Some(range) = self.ranges.get(sheet) else { return Ok(()) };
        let Some((first_row, first_column)) = range.start() else { return Ok(()) };
        for (offset, data) in range.rows().enumerate() {
            let row_index = first_row.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
            let mut cells = vec![super::cell::Cell::Empty; first_column as usize];
            cells.extend(data.iter().cloned().map(cell_of));
            let row = SourceRow { number: u64::from(row_index) + 1, cells, counted: false, fonts: Vec::new(), corrected: Vec::new() };
            if row.is_blank() {
                continue;
            }
            let last = row.cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or_default();
            check_position(file, sheet, row_index, u32::try_from(last).unwrap_or(u32::MAX), limits)?;
            if sink(row).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl CalamineError for XlsError {
    fn diagnostic(self) -> Diagnostic {
        match self {
            Self::Password => format::encrypted(),
            Self::Io(error) => unreadable(&error),
            other => broken(&other),
        }
    }
}

impl CalamineError for OdsError {
    fn diagnostic(self) -> Diagnostic {
        match self {
            Self::Password => format::encrypted(),
            Self::Io(error) => unreadable(&error),
            other => broken(&other),
        }
    }
}
