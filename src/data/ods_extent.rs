//! How large the tables of an OpenDocument spreadsheet are, and where cells are merged, before it is loaded.
//!
//! Owns [`OdsExtent`]. A kilobyte of XML may say "this cell, 16,384 times, in 1,048,576 rows", and calamine keeps a
//! dense grid of it; so the extent is worked out from the tags first and refused when it is too large.

use std::collections::BTreeMap;

use super::limits::Limits;
use super::xml_tags::{Tag, unescape};
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::vietnamese::number;

/// Most cells of one document; calamine holds about 60 bytes for each.
const CELLS_MAX: u64 = 5_000_000;
/// Merged ranges remembered for one table.
const MERGED_MAX: usize = 100;

/// A range of cells: first and last, each zero-based row and column.
pub(super) type Area = ((u32, u32), (u32, u32));

/// Works out the extent of each table from the tags of `content.xml`.
#[derive(Debug, Default)]
pub(super) struct OdsExtent {
    /// Merged ranges by table.
    pub(super) merged: BTreeMap<String, Vec<Area>>,
    /// Hidden rows with content, by table.
    pub(super) hidden_rows: BTreeMap<String, u64>,
    table: String,
    /// First row not yet counted, and the repetition of the row being read.
    row: u64,
    row_repeat: u64,
    row_hidden: bool,
    row_filled: bool,
    column: u64,
    last_row: u64,
    last_column: u64,
    cells: u64,
    past_columns: Option<u64>,
}

impl OdsExtent {
    /// Takes the next tag into account.
    pub(super) fn see(&mut self, tag: Tag<'_>) {
        match tag.name() {
            b"table:table" => {
                self.close_table();
                self.table = tag.attribute("table:name").map(unescape).unwrap_or_default();
            }
            b"/table:table" => self.close_table(),
            b"table:table-row" => {
                self.row_repeat = tag.count("table:number-rows-repeated");
                self.row_hidden = matches!(tag.attribute("table:visibility"), Some("collapse" | "filter"));
                self.row_filled = false;
                self.column = 0;
                if tag.is_empty() {
                    self.row = self.row.saturating_add(self.row_repeat);
                }
            }
            b"/table:table-row" => {
                if self.row_filled && self.row_hidden {
                    *self.hidden_rows.entry(self.table.clone()).or_default() += self.row_repeat;
                }
                self.row = self.row.saturating_add(self.row_repeat);
            }
            b"table:table-cell" | b"table:covered-table-cell" => self.see_cell(tag),
            _ => {}
        }
    }

    fn see_cell(&mut self, tag: Tag<'_>) {
        let repeat = tag.count("table:number-columns-repeated");
        let first = self.column;
        self.column = self.column.saturating_add(repeat);
        let filled = ["office:value-type", "office:value", "office:string-value", "office:date-value", "table:formula"]
            .iter()
            .any(|name| tag.attribute(name).is_some());
        if !filled {
            return;
        }
        self.row_filled = true;
        self.last_row = self.last_row.max(self.row.saturating_add(self.row_repeat));
        self.last_column = self.last_column.max(self.column);
        let spans = (tag.count("table:number-rows-spanned"), tag.count("table:number-columns-spanned"));
        if spans != (1, 1) {
            let known = self.merged.entry(self.table.clone()).or_default();
            if known.len() < MERGED_MAX {
                let at = |row: u64, column: u64| (u32::try_from(row).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX));
                known.push((
                    at(self.row, first),
                    at(self.row.saturating_add(spans.0.saturating_sub(1)), first.saturating_add(spans.1.saturating_sub(1))),
                ));
            }
        }
    }

    fn close_table(&mut self) {
        self.cells = self.cells.saturating_add(self.last_row.saturating_mul(self.last_column));
        self.past_columns = self.past_columns.max(Some(self.last_column));
        (self.row, self.row_repeat, self.column, self.last_row, self.last_column) = (0, 1, 0, 0, 0);
    }

    /// Refuses a document that would not fit.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), Diagnostic> {
        let columns = self.past_columns.unwrap_or_default();
        if self.cells <= CELLS_MAX && columns <= u64::from(limits.columns_max) {
            return Ok(());
        }
        let (columns_max, cells_max) = (limits.columns_max, number::group(&CELLS_MAX.to_string()));
        let cells = number::group(&self.cells.to_string());
        Err(Diagnostic::error(
            "workbook-too-large",
            say!(
                "bảng trải quá rộng: {columns} cột, {cells} ô (giới hạn {columns_max} cột, {cells_max} ô)",
                "the tables spread too far: {columns} columns, {cells} cells (limit {columns_max} columns, {cells_max} cells)"
            ),
        )
        .remedy(say!(
            "xoá các ô nằm xa vùng dữ liệu, hoặc chép vùng dữ liệu sang tệp .xlsx mới",
            "delete the cells far from the data, or copy the data into a new .xlsx file"
        )))
    }
}
