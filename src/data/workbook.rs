//! Which sheets of a workbook are read, and as what.
//!
//! Owns the choice of the sheet and the names of sheets; [`Sheets`] is what the readers of the file formats give.

use std::sync::Arc;

use super::cell::{Flow, SourceRow};
use super::common::{COMMON_SHEET, Common};
use super::head::Purpose;
use super::headings;
use super::limits::Limits;
use super::list::{self, Sink, Source};
use super::notices::Notices;
use super::ods_extent::Area;
use super::table::HEADING_ROWS_MAX;
use super::{Context, Emit, Outcome, form};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::template::contract::Field;

/// Name of the sheet of explanations; it is never read.
pub const GUIDE_SHEET: &str = "Hướng dẫn";

/// Most rows of the sheet of common values.
const COMMON_ROWS_MAX: usize = 1_000;

/// A sheet by name.
#[derive(Debug, Clone)]
pub(super) struct SheetInfo {
    pub(super) name: String,
    pub(super) hidden: bool,
}

/// An opened workbook.
pub(super) trait Sheets {
    /// Its worksheets in their order.
    fn sheets(&self) -> Vec<SheetInfo>;
    /// The merged ranges of a sheet.
    fn merged(&mut self, sheet: &str) -> Result<Vec<Area>, Diagnostic>;
    /// How many rows of a sheet are hidden, where that is known.
    fn hidden_rows(&self, sheet: &str) -> u64;
    /// Hands over the rows of a sheet from the top until the sink has enough.
    fn rows(&mut self, file: &str, sheet: &str, limits: &Limits, sink: Sink<'_>) -> Result<(), Diagnostic>;
}

/// The name of the sheet for a table called `title`, within Excel's rules: no `[]:*?/\`, at most 31 characters.
pub fn sheet_name(title: &str) -> String {
    const LENGTH_MAX: usize = 31;
    let plain: String = title.chars().map(|c| if "[]:*?/\\".contains(c) { ' ' } else { c }).collect();
    let mut name = String::new();
    let mut length = 0;
    for c in plain.split_whitespace().collect::<Vec<_>>().join(" ").trim_matches('\'').chars() {
        length += c.len_utf16();
        if length > LENGTH_MAX {
            break;
        }
        name.push(c);
    }
    name.trim_end().to_owned()
}

/// Reads a workbook as the contract's shape wants.
pub(super) fn read(
    context: &Context<'_>,
    sheets: &mut dyn Sheets,
    common: &mut Common,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<Outcome, Vec<Diagnostic>> {
    let one = |problem| vec![problem];
    let infos = sheets.sheets();
    if let Some(sheet) = infos.iter().find(|info| headings::key(&info.name) == headings::key(COMMON_SHEET)) {
        let rows = first_rows(context, sheets, &sheet.name, COMMON_ROWS_MAX).map_err(one)?;
        common.add_sheet(context, &sheet.name, &rows, notices);
    }
    let common = &*common;
    if context.is_form() {
        return form::read_workbook(context, sheets, common, notices, emit);
    }
    let (sheet, alike) = choose_sheet(context, sheets, common, notices).map_err(one)?;
    hidden_rows_notice(context, sheets, &sheet, notices);
    let merged = sheets.merged(&sheet).map_err(one)?;
    let mut pour = |sink: Sink<'_>| sheets.rows(&context.file, &sheet, context.limits, sink);
    let source = Source { sheet: Some(Arc::from(sheet.as_str())), merged, encoding: None, pour: &mut pour };
    list::read(context, source, common, notices, emit).map(|outcome| Outcome { alike, ..outcome })
}

/// Tells of rows that a filter hides: they are read all the same, which may not be what was meant.
pub(super) fn hidden_rows_notice(context: &Context<'_>, sheets: &dyn Sheets, sheet: &str, notices: &mut Notices) {
    let count = sheets.hidden_rows(sheet);
    if count > 0 {
        let rows = if count == 1 { "row is" } else { "rows are" };
        notices.add(
            Diagnostic::warning(
                "rows-hidden",
                say!(
                    "trang tính “{sheet}” có {count} dòng đang ẩn (do lọc hoặc giấu); các dòng đó vẫn được đọc",
                    "in the sheet “{sheet}” {count} {rows} hidden (filtered or hidden) and read all the same"
                ),
            )
            .at(Place::File { file: context.file.to_string() })
            .remedy(say!("nếu không muốn in các dòng đó, xoá hẳn khỏi danh sách", "if they are not wanted, delete them from the list")),
        );
    }
}

/// Is the sheet one that no list stands in?
pub(super) fn is_reserved(sheet: &str) -> bool {
    let key = headings::loose_key(sheet);
    key == headings::loose_key(COMMON_SHEET) || key == headings::loose_key(GUIDE_SHEET)
}

/// The index of the sheet called `wanted`.
pub(super) fn find_sheet(wanted: &str, infos: &[SheetInfo]) -> Result<usize, Diagnostic> {
    let exact = infos.iter().position(|info| info.name == wanted);
    exact
        .or_else(|| infos.iter().position(|info| headings::key(&info.name) == headings::key(wanted)))
        .ok_or_else(|| no_such_sheet(wanted, infos))
}

/// The sheet that the user chose, else the one that bears the name of what is made, else the one whose headings serve the
/// contract best, the first of equals. Beside it those equals, when nothing but their order told them apart.
fn choose_sheet(
    context: &Context<'_>,
    sheets: &mut dyn Sheets,
    common: &Common,
    notices: &mut Notices,
) -> Result<(String, Vec<String>), Diagnostic> {
    let infos = sheets.sheets();
    if let Some(wanted) = &context.selection.sheet {
        return find_sheet(wanted, &infos).map(|index| (infos[index].name.clone(), Vec::new()));
    }
    let needed = |field: &Field| list::needs_column(field, common);
    let fields = &context.contract.fields;
    let purpose = Purpose { fields, chosen: &context.selection.columns, needed: &needed, key: None, merged: Vec::new(), encoding: None };
    let mut filled = Vec::new();
    for info in infos.iter().filter(|info| !info.hidden && !is_reserved(&info.name)) {
        let rows = first_rows(context, sheets, &info.name, HEADING_ROWS_MAX)?;
        if !rows.is_empty() {
            filled.push((purpose.likeness(&rows), info.name.as_str()));
        }
    }
    let title = headings::loose_key(&context.contract.title);
    let named = |(likeness, name): &&((usize, usize), &str)| likeness.1 >= purpose.matches_wanted() && headings::loose_key(name) == title;
    let own = filled.iter().find(named);
    // `max_by_key` keeps the last of equals; reversed, the first sheet wins.
    let Some((likeness, best)) = own.or_else(|| filled.iter().rev().max_by_key(|(likeness, _)| *likeness)) else {
        return Err(Diagnostic::error(
            "data-empty",
            say!("không có trang tính nào (không ẩn) có dữ liệu", "has no visible sheet with data"),
        ));
    };
    let is_alike = |(other, _): &&((usize, usize), &str)| own.is_none() && likeness.1 >= purpose.matches_wanted() && other == likeness;
    let alike: Vec<String> = filled.iter().filter(is_alike).map(|(_, name)| (*name).to_owned()).collect();
    let others: Vec<&str> = filled.iter().map(|(_, name)| *name).filter(|name| name != best).collect();
    if !others.is_empty() {
        let others = others.join("”, “");
        notices.add(
            Diagnostic::notice(
                "sheets-unread",
                say!("đọc trang tính “{best}”; không đọc “{others}”", "the sheet “{best}” is read; “{others}” not"),
            )
            .at(Place::File { file: context.file.to_string() })
            .remedy(say!("nếu cần trang khác, chọn bằng --sheet", "if another one is meant, choose it with --sheet")),
        );
    }
    Ok(((*best).to_owned(), if alike.len() > 1 { alike } else { Vec::new() }))
}

/// The first `most` rows of a sheet that hold something.
pub(super) fn first_rows(context: &Context<'_>, sheets: &mut dyn Sheets, sheet: &str, most: usize) -> Result<Vec<SourceRow>, Diagnostic> {
    let mut rows = Vec::new();
    sheets.rows(&context.file, sheet, context.limits, &mut |row| {
        if !row.is_blank() {
            rows.push(row);
        }
        if rows.len() >= most { Flow::Break(()) } else { Flow::Continue(()) }
    })?;
    Ok(rows)
}

fn no_such_sheet(wanted: &str, infos: &[SheetInfo]) -> Diagnostic {
    let names: Vec<&str> = infos.iter().map(|info| info.name.as_str()).collect();
    let list = names.join("”, “");
    let problem = Diagnostic::error("sheet-missing", say!("không có trang tính “{wanted}”", "there is no sheet “{wanted}”"));
    problem.remedy(match headings::nearest_folded(wanted, names.iter().copied()) {
        Some(near) => say!("có phải “{near}”? tệp có: “{list}”", "is it “{near}”? the file has “{list}”"),
        None => say!("tệp có các trang tính: “{list}”", "the file has the sheets “{list}”"),
    })
}
