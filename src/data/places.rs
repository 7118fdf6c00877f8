//! Where each value of a record stood in its file.
//!
//! Owns [`Places`], which turns a JSON pointer into a record back into the cell, line or pointer that a clerk can find.
//! Wording a place is [`crate::diagnostic`]'s work.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Place;

/// The columns of one sheet or text file, shared by all of its rows.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The file's name.
    pub(super) file: Arc<str>,
    /// The sheet, for a workbook.
    pub(super) sheet: Option<Arc<str>>,
    /// Field name, zero-based column, heading as written.
    pub(super) columns: Vec<(String, u32, String)>,
}

impl Layout {
    /// A cell of the table, or the place of its row when the column is not known.
    pub(super) fn place(&self, row: u64, column: Option<(u32, &str)>) -> Place {
        match &self.sheet {
            Some(sheet) => Place::Cell {
                file: self.file.to_string(),
                sheet: sheet.to_string(),
                column: column.map_or(0, |(index, _)| index),
                row: u32::try_from(row).unwrap_or(u32::MAX),
            },
            None => Place::Line { file: self.file.to_string(), line: row, column: column.map(|(_, heading)| heading.to_owned()) },
        }
    }

    fn column(&self, field: &str) -> Option<(u32, &str)> {
        self.columns.iter().find(|(name, ..)| name == field).map(|(_, index, heading)| (*index, heading.as_str()))
    }
}

/// For each table of a form, its layout and the row number of each of its items.
pub(super) type Tables = BTreeMap<String, (Arc<Layout>, Vec<u64>)>;

/// Places of the values of one record.
#[derive(Debug, Clone)]
pub struct Places {
    origin: Origin,
    /// Fields without a column of their own, whose value stands in the sheet of common values.
    elsewhere: Arc<BTreeMap<String, Place>>,
}

#[derive(Debug, Clone)]
enum Origin {
    /// A row of a table.
    Row { layout: Arc<Layout>, row: u64 },
    /// A value inside a JSON document.
    Json { file: Arc<str>, prefix: String },
    /// A line of a JSON Lines file.
    JsonLine { file: Arc<str>, line: u64 },
    /// A workbook that is one record.
    Form { file: Arc<str>, tables: Arc<Tables> },
}

impl Places {
    pub(super) fn row(layout: Arc<Layout>, row: u64, elsewhere: Arc<BTreeMap<String, Place>>) -> Self {
        Self { origin: Origin::Row { layout, row }, elsewhere }
    }

    pub(super) fn json(file: Arc<str>, prefix: String) -> Self {
        Self { origin: Origin::Json { file, prefix }, elsewhere: Arc::default() }
    }

    pub(super) fn json_line(file: Arc<str>, line: u64) -> Self {
        Self { origin: Origin::JsonLine { file, line }, elsewhere: Arc::default() }
    }

    pub(super) fn form(file: Arc<str>, tables: Tables, elsewhere: Arc<BTreeMap<String, Place>>) -> Self {
        Self { origin: Origin::Form { file, tables: Arc::new(tables) }, elsewhere }
    }

    /// Does `place` hold a value that is the same for every record?
    pub fn is_common(&self, place: &Place) -> bool {
        self.elsewhere.values().any(|common| common == place)
    }

    /// The place of the value at `pointer` (RFC 6901) into the record: `/ho_ten`, `/chi_tieu/3/nam_nay`. An empty or
    /// unknown pointer gives the place of the record as a whole.
    pub fn of(&self, pointer: &str) -> Place {
        let mut tokens = pointer.split('/').skip(1);
        let field = tokens.next().unwrap_or_default();
        if let Origin::Row { layout, row } = &self.origin
            && let Some(column) = layout.column(field)
        {
            return layout.place(*row, Some(column));
        }
        if let Some(place) = self.elsewhere.get(field) {
            return place.clone();
        }
        match &self.origin {
            Origin::Row { layout, row } => layout.place(*row, None),
            Origin::Json { file, prefix } => Place::Pointer { file: file.to_string(), pointer: format!("{prefix}{pointer}") },
            Origin::JsonLine { file, line } => Place::Line {
                file: file.to_string(),
                line: *line,
                column: (!pointer.is_empty()).then(|| pointer.trim_start_matches('/').to_owned()),
            },
            Origin::Form { file, tables } => {
                let item = tokens.next().and_then(|index| index.parse::<usize>().ok());
                let table = tables.get(field);
                match (table, item.zip(table).and_then(|(item, (_, rows))| rows.get(item))) {
                    (Some((layout, _)), Some(row)) => layout.place(*row, layout.column(tokens.next().unwrap_or_default())),
                    (Some((layout, _)), None) => layout.place(1, None),
                    (None, _) => Place::File { file: file.to_string() },
                }
            }
        }
    }
}

/// One token of a JSON pointer, escaped (RFC 6901 §3).
pub(super) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}
