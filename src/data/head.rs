//! What the row of headings says: which columns are used, how many cells a row must have.
//!
//! Owns [`Head`] and [`Purpose`], and the refusal of tables whose headings or merged cells leave a doubt. Finding the row
//! is [`super::table`]'s work, matching one heading with one field [`super::headings`]'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::{Cell, SourceRow};
use super::headings::{self, Column};
use super::legacy_text;
use super::notices::Notices;
use super::ods_extent::Area;
use super::places::Layout;
use crate::diagnostic::{Diagnostic, Place, column_letters};
use crate::say;
use crate::template::contract::Field;
use crate::vietnamese::legacy::Encoding;

/// Merged ranges named one by one.
const MERGED_SHOWN_MAX: usize = 20;

/// What a table is read for.
pub(super) struct Purpose<'a> {
    /// The fields that columns may carry.
    pub(super) fields: &'a [Field],
    /// Headings chosen by the user.
    pub(super) chosen: &'a BTreeMap<String, String>,
    /// Must the field have a column?
    pub(super) needed: &'a dyn Fn(&Field) -> bool,
    /// Merged ranges of the sheet.
    pub(super) merged: Vec<Area>,
    /// The 8-bit encoding of the whole file, for a text file that is not Unicode.
    pub(super) encoding: Option<Encoding>,
}

impl Purpose<'_> {
    /// As many fields as a row must name to be taken for the headings at once.
    pub(super) fn matches_wanted(&self) -> usize {
        self.fields.len().clamp(1, 2)
    }

    /// Different fields that the cells of `row` name.
    pub(super) fn matches(&self, row: Option<&SourceRow>) -> usize {
        let Some(row) = row else { return 0 };
        let named = row.cells.iter().enumerate().filter_map(|(index, cell)| match cell {
            Cell::Text(_) => self.field_of(&self.heading(row, index)),
            _ => None,
        });
        let mut fields: Vec<usize> = named.collect();
        fields.sort_unstable();
        fields.dedup();
        fields.len()
    }

    /// The heading in the cell at `index`.
    fn heading(&self, row: &SourceRow, index: usize) -> String {
        legacy_text::heading_of(row, index, self.encoding, |text| self.field_of(text).is_some())
    }

    fn field_of(&self, heading: &str) -> Option<usize> {
        let chosen = self.chosen.iter().find(|(_, chosen)| headings::key(chosen) == headings::key(heading));
        match chosen {
            Some((name, _)) => self.fields.iter().position(|field| field.name == *name),
            None => headings::find_field(heading, self.fields),
        }
    }
}

/// What is known once the headings are.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// The used columns.
    pub(super) layout: Arc<Layout>,
    /// The headings of all columns, without that of a correction workbook's errors.
    pub(super) headings: Vec<String>,
    /// The used columns with their fields.
    pub(super) columns: Vec<Column>,
    /// All cells of the heading row, to count against.
    pub(super) width: usize,
    /// Columns that belong to the original list.
    pub(super) original: Vec<usize>,
    row: u64,
}

impl Head {
    /// Reads `row` as the headings of `table`, `above` rows having been skipped.
    pub(super) fn settle(
        purpose: &Purpose<'_>,
        table: &Layout,
        row: &SourceRow,
        above: usize,
        notices: &mut Notices,
    ) -> Result<Self, Vec<Diagnostic>> {
        let headings: Vec<String> = (0..row.cells.len()).map(|index| purpose.heading(row, index)).collect();
        let place = |column: usize| table.place(row.number, Some((column as u32, headings[column].as_str())));
        let matched =
            headings::match_headings(&headings, purpose.fields, purpose.chosen, purpose.needed, &place, table.place(row.number, None));
        let (errors, warnings): (Vec<_>, Vec<_>) = matched.diagnostics.into_iter().partition(Diagnostic::is_error);
        if matched.columns.is_empty() && !purpose.fields.is_empty() {
            return Err(vec![not_found(purpose, table, row)]);
        }
        if above > 0 {
            let first = row.number;
            notices.add(
                Diagnostic::notice(
                    "rows-above-headings",
                    say!(
                        "dòng {first} là dòng tiêu đề; bỏ qua {above} dòng phía trên",
                        "row {first} holds the headings; {above} rows above it are skipped"
                    ),
                )
                .at(table.place(row.number, None)),
            );
        }
        warnings.into_iter().for_each(|warning| notices.add(warning));
        let mut problems = errors;
        problems.extend(merged(purpose, table, row.number));
        if !problems.is_empty() {
            return Err(problems);
        }
        let columns = matched.columns;
        let named = |column: &Column| (purpose.fields[column.field].name.clone(), column.index as u32, column.heading.clone());
        let layout = Layout { columns: columns.iter().map(named).collect(), ..table.clone() };
        let original: Vec<usize> =
            (0..headings.len()).filter(|index| headings::key(&headings[*index]) != headings::key(headings::ERRORS_HEADING)).collect();
        Ok(Self {
            layout: Arc::new(layout),
            headings: original.iter().map(|index| headings[*index].clone()).collect(),
            columns,
            width: headings.len(),
            original,
            row: row.number,
        })
    }

    /// The place of the row of headings.
    pub(super) fn place(&self) -> Place {
        self.layout.place(self.row, None)
    }

    /// A record of a text file with more or fewer cells than headings: its values cannot be told apart safely.
    pub(super) fn ragged(&self, row: &SourceRow) -> Option<Diagnostic> {
        let (found, expected) = (row.cells.len(), self.width);
        let surplus_is_blank = row.cells.iter().skip(expected).all(Cell::is_empty);
        if !row.counted || found == expected || (found > expected && surplus_is_blank) {
            return None;
        }
        let (cells, columns) = (if found == 1 { "cell" } else { "cells" }, if expected == 1 { "column" } else { "columns" });
        let problem = Diagnostic::error(
            "row-ragged",
            say!("dòng có {found} ô, tiêu đề có {expected} cột", "the row has {found} {cells}, the headings {expected} {columns}"),
        )
        .at(self.layout.place(row.number, None));
        Some(problem.remedy(if found > expected {
            say!(
                "nếu trong một ô có dấu phân cách, đặt cả ô đó trong dấu nháy kép \"…\"",
                "if a cell contains the separator, put the whole cell in double quotes \"…\""
            )
        } else {
            say!("bổ sung ô còn thiếu; ô trống cũng phải có dấu phân cách", "add the missing cells; an empty cell needs its separator too")
        }))
    }
}

/// Merged ranges among the headings and the data, the first few of them.
fn merged(purpose: &Purpose<'_>, table: &Layout, heading_row: u64) -> Vec<Diagnostic> {
    let Some(sheet) = &table.sheet else { return Vec::new() };
    let among_data = |area: &&Area| u64::from(area.1.0) + 1 >= heading_row && area.0 != area.1;
    let areas = purpose.merged.iter().filter(among_data).take(MERGED_SHOWN_MAX);
    areas
        .map(|&((first_row, first_column), (last_row, last_column))| {
            let range = format!(
                "{}{}:{}{}",
                column_letters(first_column),
                u64::from(first_row) + 1,
                column_letters(last_column),
                u64::from(last_row) + 1
            );
            Diagnostic::error(
                "cells-merged",
                say!(
                    "các ô {range} bị gộp nên không biết giá trị thuộc dòng nào, cột nào",
                    "the cells {range} are merged, so it is not known which row and column the value belongs to"
                ),
            )
            .at(Place::Cell {
                file: table.file.to_string(),
                sheet: sheet.to_string(),
                column: first_column,
                row: first_row.saturating_add(1),
            })
            .remedy(say!(
                "chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô",
                "select the range, unmerge it (Merge & Center) and write the value into each cell"
            ))
        })
        .collect()
}

/// The refusal of a table without headings, which may also be the wrong file.
fn not_found(purpose: &Purpose<'_>, table: &Layout, row: &SourceRow) -> Diagnostic {
    let wanted: Vec<&str> = purpose.fields.iter().map(|field| field.title.as_str()).take(8).collect();
    let wanted = wanted.join("”, “");
    let found: Vec<String> = row.cells.iter().map(Cell::shown).filter(|text| !text.is_empty()).take(8).collect();
    Diagnostic::error(
        "headings-not-found",
        say!("không phải dòng tiêu đề: không ô nào là tên cột của mẫu", "is no row of headings: no cell names a column of the template"),
    )
    .at(table.place(row.number, None))
    .with_value(found.join(" | "))
    .remedy(say!("dòng đầu phải là tiêu đề cột, ví dụ: “{wanted}”", "the first row must hold the column headings, such as “{wanted}”"))
}
