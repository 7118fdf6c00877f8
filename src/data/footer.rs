//! What stands in and under a list and is no record: totals, dates of place, signatures, rows numbered in advance.
//!
//! Owns [`Footer`]: such rows wait until it is known whether a record follows. Under the last record they are left out,
//! and one warning says so; above a record they are errors, one a row. A row that holds all that a record needs is never
//! left out.

use super::cell::{Cell, SourceRow};
use super::head::Head;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::vietnamese::letters;

/// Rows that wait; a list of more of them is no footer, and they are reported one by one.
const WAITING_MAX: usize = 1_000;
/// Used cells that a row without any key may have and still be left out.
const CELLS_MAX: usize = 2;
/// Rows whose content the warning shows.
const SHOWN_MAX: usize = 3;

/// Beginnings that no record has, followed by a blank, a colon, digits or nothing.
const TOTALS: [&str; 4] = ["tổng cộng", "tổng số", "tổng", "cộng"];
/// Beginnings of what closes a list.
const CLOSINGS: [&str; 13] = [
    "người lập",
    "lập biểu",
    "lập bảng",
    "ký tên",
    "(ký",
    "danh sách này",
    "danh sách có",
    "danh sách gồm",
    "ấn định danh sách",
    "tm.",
    "kt.",
    "tl.",
    "tuq.",
];

/// What a row is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A record, with faults or without.
    Record,
    /// All that a record needs, but it begins as a total does.
    Doubtful,
    /// No key, and hardly anything else.
    Bare,
    /// It begins as a total or a closing does.
    Closing,
}

/// The kind of `row`, by the columns that `head` found.
fn kind(head: &Head, row: &SourceRow) -> Kind {
    if head.key.is_empty() {
        return Kind::Record;
    }
    let filled = |columns: &[usize]| columns.iter().filter(|column| !row.cell(**column).is_empty()).count();
    let first = row.cells.iter().find(|cell| !cell.is_empty()).map(Cell::shown).unwrap_or_default();
    let first = letters::lower(first.trim_start());
    let is_total = TOTALS.iter().any(|word| is_total(&first, word));
    if head.is_complete(row) {
        return if is_total { Kind::Doubtful } else { Kind::Record };
    }
    if is_total || CLOSINGS.iter().any(|word| first.starts_with(word)) || is_date_of_place(&first) {
        return Kind::Closing;
    }
    let used = head.columns.iter().filter(|column| !row.cell(column.index).is_empty()).count();
    if filled(&head.key) == 0 && used <= CELLS_MAX && head.ragged(row).is_none() { Kind::Bare } else { Kind::Record }
}

/// “Tổng cộng: 61 người” is a total, “Tổng công ty” is not; the short words must stand alone or before figures.
fn is_total(text: &str, word: &str) -> bool {
    let Some(rest) = text.strip_prefix(word) else { return false };
    if word.contains(' ') { !rest.starts_with(char::is_alphanumeric) } else { !rest.contains(char::is_alphabetic) }
}

/// “Thành phố Hồ Chí Minh, ngày 5 tháng 3 năm 2026”.
fn is_date_of_place(text: &str) -> bool {
    let after = |text: &str, word: &str| text.split_once(word).map(|(_, rest)| rest.to_owned());
    after(text, "ngày").and_then(|rest| after(&rest, "tháng")).and_then(|rest| after(&rest, "năm")).is_some()
}

/// A row that is decided: a record to read or, with a problem, none, though records follow or it may be one.
#[derive(Debug)]
pub(super) struct Ruled {
    pub(super) row: SourceRow,
    pub(super) problem: Option<Diagnostic>,
}

/// Rows that are no records and may be the end of the list.
#[derive(Debug, Default)]
pub(super) struct Footer {
    waiting: Vec<(SourceRow, Kind)>,
}

impl Footer {
    /// Takes the next row and gives back those that are decided.
    pub(super) fn rule(&mut self, head: &Head, row: SourceRow) -> Vec<Ruled> {
        let kind = kind(head, &row);
        let is_under = self.waiting.iter().any(|(_, kind)| *kind == Kind::Closing) && !head.is_complete(&row);
        if matches!(kind, Kind::Bare | Kind::Closing) || is_under {
            self.waiting.push((row, kind));
            return if self.waiting.len() > WAITING_MAX { self.release(head) } else { Vec::new() };
        }
        let mut ruled = self.release(head);
        ruled.push(Ruled { problem: (kind == Kind::Doubtful).then(|| doubtful(head, &row)), row });
        ruled
    }

    /// The waiting rows, which turned out to stand among the records.
    fn release(&mut self, head: &Head) -> Vec<Ruled> {
        let ruled = |(row, kind)| Ruled { problem: (kind != Kind::Record).then(|| not_a_record(head, &row)), row };
        self.waiting.drain(..).map(ruled).collect()
    }

    /// The warning that the rows under the last record are left out.
    pub(super) fn left_out(&mut self, head: &Head) -> Option<Diagnostic> {
        let (first, last) = (self.waiting.first()?.0.number, self.waiting.last()?.0.number);
        let shown: Vec<String> = self.waiting.iter().take(SHOWN_MAX).map(|(row, _)| content(row)).collect();
        let mut shown = shown.join(" / ");
        if self.waiting.len() > SHOWN_MAX {
            shown.push_str(" / …");
        }
        self.waiting.clear();
        let message = if first == last {
            say!("dòng {first} không phải bản ghi; bỏ qua", "row {first} is no record; left out")
        } else {
            say!("dòng {first}–{last} không phải bản ghi; bỏ qua", "rows {first}–{last} are no records; left out")
        };
        Some(
            Diagnostic::warning("rows-left-out", message)
                .at(head.layout.place(first, None))
                .with_value(shown)
                .remedy(say!("nếu là bản ghi, điền đủ các cột bắt buộc", "if it is one, fill in the required columns")),
        )
    }
}

fn not_a_record(head: &Head, row: &SourceRow) -> Diagnostic {
    Diagnostic::error(
        "row-not-a-record",
        say!("không phải bản ghi mà nằm giữa danh sách", "is no record and stands in the middle of the list"),
    )
    .at(head.layout.place(row.number, None))
    .with_value(content(row))
    .remedy(say!(
        "xóa dòng này; nếu là bản ghi, điền đủ các cột bắt buộc",
        "delete the row; if it is a record, fill in the required columns"
    ))
}

fn doubtful(head: &Head, row: &SourceRow) -> Diagnostic {
    Diagnostic::error("row-doubtful", say!("có vẻ là dòng tổng cộng, không phải bản ghi", "seems to be a total, not a record"))
        .at(head.layout.place(row.number, None))
        .with_value(content(row))
        .remedy(say!("xóa dòng này; nếu là bản ghi, sửa lại ô đầu của dòng", "delete the row; if it is a record, correct its first cell"))
}

/// The filled cells of a row.
fn content(row: &SourceRow) -> String {
    row.cells.iter().map(Cell::shown).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" | ")
}
