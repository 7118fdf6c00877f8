//! How large the sheets of an Excel 97–2003 workbook are, before calamine loads them as dense grids.
//!
//! Owns [`check`]: just enough of the OLE container ([MS-CFB]) to find the workbook's stream, and just enough of its
//! records ([MS-XLS]) to see where cells stand and whether they are encrypted. A kilobyte with cells in A1 and IV65536
//! would take half a gigabyte, and each further sheet as much again.

use std::path::Path;

use super::limits::Limits;
use super::{broken, format, unreadable};
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::vietnamese::number;

/// Most cells of all sheets together; calamine holds about 60 bytes for each.
const CELLS_MAX: u64 = 5_000_000;

/// Refuses a workbook that would not fit, is encrypted or cannot be followed.
pub(super) fn check(path: &Path, limits: &Limits) -> Result<(), Diagnostic> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    let stream = Container::new(&bytes).and_then(|container| container.stream(&["Workbook", "Book"]));
    let Some(stream) = stream else { return Err(broken(&"no workbook stream")) };
    let cells = count_cells(&stream)?;
    if cells <= CELLS_MAX.min(limits.rows_max.saturating_mul(u64::from(limits.columns_max))) {
        return Ok(());
    }
    let (cells, most) = (number::group(&cells.to_string()), number::group(&CELLS_MAX.to_string()));
    Err(Diagnostic::error(
        "workbook-too-large",
        say!("bảng trải quá rộng: {cells} ô (giới hạn {most} ô)", "the tables spread too far: {cells} cells (limit {most} cells)"),
    )
    .remedy(say!(
        "xoá các ô nằm xa vùng dữ liệu, hoặc chép vùng dữ liệu sang tệp .xlsx mới",
        "delete the cells far from the data, or copy the data into a new .xlsx file"
    )))
}

/// The area of a sheet so far.
#[derive(Default)]
struct Extent {
    rows: Option<(u16, u16)>,
    columns: Option<(u16, u16)>,
}

impl Extent {
    fn add(&mut self, row: u16, column: u16) {
        let widen = |range: Option<(u16, u16)>, at: u16| Some(range.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        self.rows = widen(self.rows, row);
        self.columns = widen(self.columns, column);
    }

    fn cells(&self) -> u64 {
        let span = |range: Option<(u16, u16)>| range.map_or(0, |(first, last)| u64::from(last - first) + 1);
        span(self.rows) * span(self.columns)
    }
}

/// Adds up the areas of the sheets in a stream of records: type, length, data.
fn count_cells(stream: &[u8]) -> Result<u64, Diagnostic> {
    let (mut total, mut extent) = (0_u64, Extent::default());
    let mut rest = stream;
    while let (Some(kind), Some(length)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let end = (4 + usize::from(length)).min(rest.len());
        let data = &rest[4..end];
        match kind {
            // FILEPASS
            0x002F => return Err(format::encrypted()),
            // BOF and EOF of a substream: a sheet is complete
            0x0809 | 0x000A => {
                total = total.saturating_add(std::mem::take(&mut extent).cells());
            }
            // FORMULA, MULRK, LABELSST, RSTRING, NUMBER, LABEL, BOOLERR, RK: row, then column
            0x0006 | 0x00BD | 0x00D6 | 0x00FD | 0x0203 | 0x0204 | 0x0205 | 0x027E | 0x0206 | 0x0406 => {
                if let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) {
                    extent.add(row, column);
                    if kind == 0x00BD
                        && let Some(last) = data.len().checked_sub(2).and_then(|at| u16_at(data, at))
                    {
                        extent.add(row, last);
                    }
                }
            }
            _ => {}
        }
        rest = &rest[end..];
    }
    Ok(total.saturating_add(extent.cells()))
}

/// An OLE container: sectors chained by an allocation table.
struct Container<'a> {
    bytes: &'a [u8],
    sector_bytes: usize,
    table: Vec<u32>,
}

/// Sector numbers from here on are marks, not sectors.
const SECTOR_END: u32 = 0xFFFF_FFFA;

impl<'a> Container<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let sector_bytes = match u16_at(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut container = Self { bytes, sector_bytes, table: Vec::new() };
        // The sectors of the table are listed in the header, then in sectors whose last entry leads to the next.
        let mut listed: Vec<u32> = (0..109).filter_map(|index| u32_at(bytes, 76 + 4 * index)).collect();
        let mut next = u32_at(bytes, 68)?;
        let sectors = bytes.len() / sector_bytes;
        for _ in 0..sectors {
            if next >= SECTOR_END {
                break;
            }
            let sector = container.sector(next)?;
            let entries = sector_bytes / 4 - 1;
            listed.extend((0..entries).filter_map(|index| u32_at(sector, 4 * index)));
            next = u32_at(sector, 4 * entries)?;
        }
        for sector in listed.into_iter().filter(|sector| *sector < SECTOR_END).take(sectors) {
            let sector = container.sector(sector)?;
            container.table.extend((0..sector_bytes / 4).filter_map(|index| u32_at(sector, 4 * index)));
        }
        Some(container)
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector_bytes)?;
        self.bytes.get(start..self.bytes.len().min(start + self.sector_bytes))
    }

    /// The sectors from `first` on, joined. A chain that runs in a circle ends after as many sectors as there are.
    fn chain(&self, first: u32) -> Option<Vec<u8>> {
        let mut joined = Vec::new();
        let mut next = first;
        for _ in 0..=self.table.len() {
            if next >= SECTOR_END {
                return Some(joined);
            }
            joined.extend(self.sector(next)?);
            next = *self.table.get(next as usize)?;
        }
        None
    }

    /// The stream with the first of `names` that is there.
    fn stream(&self, names: &[&str]) -> Option<Vec<u8>> {
        let directory = self.chain(u32_at(self.bytes, 48)?)?;
        let entry = |name: &str| {
            let wanted: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
            directory.chunks_exact(128).find(|entry| entry.starts_with(&wanted))
        };
        let entry = names.iter().find_map(|name| entry(name))?;
        let (first, size) = (u32_at(entry, 116)?, u32_at(entry, 120)?);
        let mut stream = if size >= u32_at(self.bytes, 56)? { self.chain(first)? } else { self.small_stream(&directory, first)? };
        stream.truncate(size as usize);
        Some(stream)
    }

    /// Short streams lie in 64-byte pieces of the root entry's stream, with a table of their own.
    fn small_stream(&self, directory: &[u8], first: u32) -> Option<Vec<u8>> {
        let pieces = self.chain(u32_at(directory, 116)?)?;
        let table = self.chain(u32_at(self.bytes, 60)?)?;
        let mut joined = Vec::new();
        let mut next = first;
        for _ in 0..=table.len() / 4 {
            if next >= SECTOR_END {
                return Some(joined);
            }
            let start = (next as usize).checked_mul(64)?;
            joined.extend(pieces.get(start..pieces.len().min(start + 64))?);
            next = u32_at(&table, 4 * next as usize)?;
        }
        None
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
