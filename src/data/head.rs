//! What the row of headings says: which columns are used, how many cells a row must have.
//!
//! Owns [`Head`] and [`Purpose`], and what is wrong with the headings. Finding the row is [`super::table`]'s work,
//! matching one heading with one field [`super::headings`]'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::{Cell, SourceRow};
use super::headings::{self, Column};
use super::legacy_text;
use super::merged::{self, Merged};
use super::notices::Notices;
use super::ods_extent::Area;
use super::places::Layout;
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::template::contract::Field;
use crate::vietnamese::legacy::Encoding;

/// Merged ranges among the headings that are named one by one.
const MERGED_SHOWN_MAX: usize = 20;

/// What a table is read for.
pub(super) struct Purpose<'a> {
    /// The fields that columns may carry.
    pub(super) fields: &'a [Field],
    /// Headings chosen by the user.
    pub(super) chosen: &'a BTreeMap<String, String>,
    /// Must the field have a column?
    pub(super) needed: &'a dyn Fn(&Field) -> bool,
    /// Names of the fields that tell a record from other rows, beside the needed ones; none for a table in which every
    /// row counts.
    pub(super) key: Option<&'a [String]>,
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
        row.map_or(0, |row| self.named(row).len())
    }

    /// How well one of `rows` serves as headings: needed fields named, then all fields named.
    pub(super) fn likeness(&self, rows: &[SourceRow]) -> (usize, usize) {
        let of_row = |row: &SourceRow| {
            let named = self.named(row);
            (named.iter().filter(|field| (self.needed)(&self.fields[**field])).count(), named.len())
        };
        rows.iter().map(of_row).max().unwrap_or_default()
    }

    /// The fields that the cells of `row` name, each once.
    fn named(&self, row: &SourceRow) -> Vec<usize> {
        let named = row.cells.iter().enumerate().filter_map(|(index, cell)| match cell {
            Cell::Text(_) => self.field_of(&self.heading(row, index)),
            _ => None,
        });
        let mut fields: Vec<usize> = named.collect();
        fields.sort_unstable();
        fields.dedup();
        fields
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
    /// The headings of all columns, without those that a correction workbook adds.
    pub(super) headings: Vec<String>,
    /// The used columns with their fields.
    pub(super) columns: Vec<Column>,
    /// All cells of the heading row, to count against.
    pub(super) width: usize,
    /// Columns that belong to the original list.
    pub(super) original: Vec<usize>,
    /// The column in which a correction workbook keeps the number of each row.
    pub(super) number: Option<usize>,
    /// Columns that tell a record from other rows, the needed ones first; empty when every row counts.
    pub(super) key: Vec<usize>,
    /// How many of them a record must have.
    pub(super) needed: usize,
    row: u64,
    /// Rows up to this one belong to headings of several rows.
    last_row: u64,
}

/// What came of reading the headings.
pub(super) struct Settled {
    pub(super) head: Head,
    /// Names of the fields that no row can give.
    pub(super) unreadable: Vec<String>,
    /// Merged ranges over the used columns below the headings.
    pub(super) merged: Merged,
    /// What is wrong with the headings; the rows can be checked all the same.
    pub(super) problems: Vec<Diagnostic>,
}

impl Head {
    /// Reads `row` as the headings of `table`, `above` rows having been skipped. Without one known heading nothing can be
    /// read below, and that is all there is to say.
    pub(super) fn settle(
        purpose: &Purpose<'_>,
        table: &Layout,
        row: &SourceRow,
        above: usize,
        notices: &mut Notices,
    ) -> Result<Settled, Diagnostic> {
        let headings: Vec<String> = (0..row.cells.len()).map(|index| purpose.heading(row, index)).collect();
        let place = |column: usize| table.place(row.number, Some((column as u32, headings[column].as_str())));
        let matched =
            headings::match_headings(&headings, purpose.fields, purpose.chosen, purpose.needed, &place, table.place(row.number, None));
        let (errors, warnings): (Vec<_>, Vec<_>) = matched.diagnostics.into_iter().partition(Diagnostic::is_error);
        if matched.columns.is_empty() && !purpose.fields.is_empty() {
            return Err(not_found(purpose, table, row));
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
        let columns = matched.columns;
        let used = |area: &&Area| merged::touches(area, columns.iter().map(|column| column.index)) && area.0 != area.1;
        let (beside, below): (Vec<Area>, Vec<Area>) = purpose
            .merged
            .iter()
            .filter(|area| merged::last_row(area) >= row.number)
            .filter(used)
            .partition(|area| merged::first_row(area) <= row.number);
        for area in beside.iter().take(MERGED_SHOWN_MAX) {
            problems.push(merged::problem(&[*area], table.place(merged::first_row(area), Some((area.0.1, "")))));
        }
        let mut unreadable: Vec<String> = matched.unreadable.iter().map(|field| purpose.fields[*field].name.clone()).collect();
        unreadable.dedup();
        let key = |needed: bool| {
            let wanted = move |field: &Field| (purpose.needed)(field) == needed;
            let names = purpose.key;
            columns.iter().filter(move |column| {
                let field = &purpose.fields[column.field];
                names.is_some_and(|names| (needed || names.contains(&field.name)) && wanted(field))
            })
        };
        let needed: Vec<usize> = key(true).map(|column| column.index).collect();
        let key: Vec<usize> = needed.iter().copied().chain(key(false).map(|column| column.index)).collect();
        let named = |column: &Column| (purpose.fields[column.field].name.clone(), column.index as u32, column.heading.clone());
        let layout = Layout { columns: columns.iter().map(named).collect(), ..table.clone() };
        let is = |index: usize, name: &str| headings::key(&headings[index]) == headings::key(name);
        let number = (0..headings.len()).find(|index| is(*index, headings::NUMBER_HEADING));
        let original: Vec<usize> =
            (0..headings.len()).filter(|index| !is(*index, headings::ERRORS_HEADING) && !is(*index, headings::NUMBER_HEADING)).collect();
        let head = Self {
            layout: Arc::new(layout),
            headings: original.iter().map(|index| headings[*index].clone()).collect(),
            columns,
            width: headings.len(),
            original,
            number,
            key,
            needed: needed.len(),
            row: row.number,
            last_row: beside.iter().map(merged::last_row).max().unwrap_or_default().max(row.number),
        };
        Ok(Settled { head, unreadable, merged: Merged::new(below), problems })
    }

    /// The row of the headings.
    pub(super) fn row_number(&self) -> u64 {
        self.row
    }

    /// Does `row` belong to headings of several rows?
    pub(super) fn covers(&self, row: &SourceRow) -> bool {
        row.number <= self.last_row
    }

    /// Has `row` all that tells a record?
    pub(super) fn is_complete(&self, row: &SourceRow) -> bool {
        let filled = |columns: &[usize]| columns.iter().filter(|column| !row.cell(**column).is_empty()).count();
        filled(&self.key[..self.needed]) == self.needed && filled(&self.key) > 0
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
