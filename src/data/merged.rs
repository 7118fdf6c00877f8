//! Merged cells below the headings, row by row.
//!
//! Owns [`Merged`]: which ranges cover a row, asked once for each row from the top. A value in a merged range belongs to
//! no one row and column, so the rows that it covers are refused, and only those.

use super::ods_extent::Area;
use crate::diagnostic::{Diagnostic, Place, column_letters};
use crate::say;

/// Ranges over one row that are named. Those dropped beyond it end above those kept, so that no covered row is missed.
const OVER_MAX: usize = 8;

/// Merged ranges, in the order in which the rows meet them.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// Not met yet; the uppermost last.
    waiting: Vec<Area>,
    /// Over the row asked for last.
    over: Vec<Area>,
}

impl Merged {
    /// The ranges `areas`, in any order.
    pub(super) fn new(mut areas: Vec<Area>) -> Self {
        areas.sort_unstable_by(|a, b| b.cmp(a));
        Self { waiting: areas, over: Vec::new() }
    }

    /// The ranges that cover `row` (one-based); rows are asked for from the top.
    pub(super) fn over(&mut self, row: u64) -> &[Area] {
        self.over.retain(|area| last_row(area) >= row);
        while self.waiting.last().is_some_and(|area| first_row(area) <= row) {
            let Some(area) = self.waiting.pop() else { break };
            if last_row(&area) < row {
                continue;
            }
            self.over.push(area);
            if self.over.len() > OVER_MAX
                && let Some(least) = (0..self.over.len()).min_by_key(|index| last_row(&self.over[*index]))
            {
                self.over.remove(least);
            }
        }
        &self.over
    }
}

/// One-based first row of a range.
pub(super) fn first_row(area: &Area) -> u64 {
    u64::from(area.0.0) + 1
}

/// One-based last row of a range.
pub(super) fn last_row(area: &Area) -> u64 {
    u64::from(area.1.0) + 1
}

/// Does the range hold cells of one of `columns`?
pub(super) fn touches(area: &Area, mut columns: impl Iterator<Item = usize>) -> bool {
    columns.any(|column| (area.0.1 as usize..=area.1.1 as usize).contains(&column))
}

/// The error that `areas` cover what stands at `place`.
pub(super) fn problem(areas: &[Area], place: Place) -> Diagnostic {
    let named = |&((first_row, first_column), (last_row, last_column)): &Area| {
        let (first_row, last_row) = (u64::from(first_row) + 1, u64::from(last_row) + 1);
        format!("{}{first_row}:{}{last_row}", column_letters(first_column), column_letters(last_column))
    };
    let ranges = areas.iter().map(named).collect::<Vec<_>>().join(", ");
    Diagnostic::error(
        "cells-merged",
        say!(
            "các ô {ranges} bị gộp nên không biết giá trị thuộc dòng nào, cột nào",
            "the cells {ranges} are merged, so it is not known which row and column the value belongs to"
        ),
    )
    .at(place)
    .remedy(say!(
        "chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô",
        "select the range, unmerge it (Merge & Center) and write the value into each cell"
    ))
}
