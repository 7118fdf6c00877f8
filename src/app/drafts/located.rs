//! What a check found, by the cells of the sheet that is shown.
//!
//! Owns the way from a diagnostic's place to a row and a column. What stands elsewhere is told apart.

use std::collections::BTreeMap;

use super::Draft;
use super::shown::Sheet;
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::template::contract::Contract;

/// An error of the sheet that is shown, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The row's number.
    pub row: u64,
    /// The column, from 0; none for the row as a whole.
    pub column: Option<u32>,
    /// What is wrong.
    pub problem: Diagnostic,
}

/// The findings of a check by the cell of one sheet.
pub(super) struct Located {
    cells: BTreeMap<(u64, Option<u32>), Vec<Diagnostic>>,
    /// What stands in none of its cells.
    pub(super) elsewhere: Vec<Diagnostic>,
    /// Its required columns that are missing: no cell is wrong, and none can be corrected.
    pub(super) missing: Vec<Diagnostic>,
}

impl Located {
    /// Those of `sheet`.
    pub(super) fn of(draft: &Draft, sheet: &Sheet, contract: &Contract, first_line: &[(String, u32)]) -> Self {
        let mut located = Self { cells: BTreeMap::new(), elsewhere: Vec::new(), missing: Vec::new() };
        let Some(checked) = &draft.checked else { return located };
        let field = |name: &str| contract.fields.iter().position(|field| field.name == name).and_then(|index| u32::try_from(index).ok());
        for diagnostic in &checked.diagnostics {
            let at = match &diagnostic.place {
                Some(Place::Cell { sheet: name, column, row, .. }) if *name == sheet.name => Some((u64::from(*row), Some(*column))),
                Some(Place::Line { line, column, .. }) if sheet.name.is_empty() => {
                    let headings = || checked.columns.iter().chain(first_line);
                    let named = |name: &String| headings().find(|(heading, _)| heading == name).map(|(_, index)| *index);
                    Some((*line, column.as_ref().and_then(|name| named(name).or_else(|| field(name)))))
                }
                Some(Place::Pointer { pointer, .. }) if sheet.name.is_empty() => {
                    let mut tokens = pointer.split('/').skip(1);
                    match tokens.next().map(|token| (token, token.parse::<u64>())) {
                        Some((_, Ok(index))) => Some((index + 1, tokens.next().and_then(field))),
                        Some((token, Err(_))) => field(token).map(|field| (1, Some(field))),
                        None => None,
                    }
                }
                _ => None,
            };
            match at {
                Some(_) if diagnostic.code == "column-missing" => located.missing.push(diagnostic.clone()),
                Some(at) => located.cells.entry(at).or_default().push(diagnostic.clone()),
                None => located.elsewhere.push(diagnostic.clone()),
            }
        }
        located
    }

    /// What is said of a cell, or of a row as a whole.
    pub(super) fn at(&self, row: u64, column: Option<u32>) -> Vec<Diagnostic> {
        self.cells.get(&(row, column)).cloned().unwrap_or_default()
    }

    /// Rows in which something needs a person, in order.
    pub(super) fn rows(&self) -> Vec<u64> {
        let serious = |found: &&Vec<Diagnostic>| found.iter().any(|diagnostic| diagnostic.severity != Severity::Notice);
        let mut rows: Vec<u64> = self.cells.iter().filter(|(_, found)| serious(found)).map(|((row, _), _)| *row).collect();
        rows.dedup();
        rows
    }

    /// Errors in the order of the sheet.
    pub(super) fn errors(&self) -> impl Iterator<Item = Wrong> {
        self.cells.iter().flat_map(|((row, column), found)| {
            found.iter().filter(|one| one.is_error()).map(|one| Wrong { row: *row, column: *column, problem: one.clone() })
        })
    }

    /// Columns from `first` on in which something is wrong.
    pub(super) fn columns_from(&self, first: u32) -> std::collections::BTreeSet<u32> {
        let wrong = self.cells.iter().filter(|(_, found)| found.iter().any(Diagnostic::is_error));
        wrong.filter_map(|((_, column), _)| *column).filter(|column| *column >= first).collect()
    }

    /// Columns up to the last that something is said of.
    pub(super) fn width(&self) -> usize {
        self.cells.keys().filter_map(|(_, column)| *column).max().map_or(0, |column| column as usize + 1)
    }
}
