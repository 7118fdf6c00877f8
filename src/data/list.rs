//! Lists: each row of a sheet or text file is a record.
//!
//! Owns [`read`] for rows from anywhere and [`read_text`] for delimited text, which may also fill the one table of a
//! form. Headings and cells are [`super::table`]'s work.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::cell::{Cell, Flow, SourceRow};
use super::common::Common;
use super::csv::{self, Malformed, Records};
use super::encoding::{self, TextEncoding};
use super::form;
use super::head::Purpose;
use super::headings;
use super::limits::Limits;
use super::notices::Notices;
use super::ods_extent::Area;
use super::places::Places;
use super::table::{Item, Table};
use super::{Context, Emit, Outcome, Row, unreadable};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::template::contract::{Contract, Field, Kind, Scope};
use crate::vietnamese::legacy::Encoding;

/// Bytes of text by which the delimiter is chosen.
const SAMPLE_BYTES: u64 = 65_536;

/// A sink of rows, and a function that pours rows into one.
pub(super) type Sink<'a> = &'a mut dyn FnMut(SourceRow) -> Flow;
pub(super) type Pour<'a> = &'a mut dyn FnMut(Sink<'_>) -> Result<(), Diagnostic>;

/// Where the rows of a table come from.
pub(super) struct Source<'a> {
    /// The sheet, for a workbook.
    pub(super) sheet: Option<Arc<str>>,
    /// Its merged ranges.
    pub(super) merged: Vec<Area>,
    /// The 8-bit encoding of a text file that is not Unicode.
    pub(super) encoding: Option<Encoding>,
    /// Hands over the rows from the top until the sink has enough.
    pub(super) pour: Pour<'a>,
}

/// Reads a list.
pub(super) fn read(
    context: &Context<'_>,
    source: Source<'_>,
    common: &Common,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<Outcome, Vec<Diagnostic>> {
    let fields = &context.contract.fields;
    let has_sheets = source.sheet.is_some();
    let sheet = source.sheet.as_ref().map(ToString::to_string);
    let needed = |field: &Field| needs_column(field, common);
    let purpose = Purpose {
        fields,
        chosen: &context.selection.columns,
        needed: &needed,
        key: Some(&context.contract.duplicate_key),
        merged: source.merged,
        encoding: source.encoding,
    };
    let mut table = Table::new(context.file.clone(), source.sheet, purpose, context.limits);
    let mut number = 0;
    let mut absent = None;
    let mut emit_item = |item: Item| {
        number += 1;
        let Item { row, listed, values, mut refused, diagnostics, original, layout } = item;
        refused.extend(absent.get_or_insert_with(|| common.absent(fields, &layout.columns)).iter().cloned());
        let record = common.complete(fields, values, &refused);
        let places = Places::row(layout, row, common.places.clone());
        emit(Row { number, listed, record, places, diagnostics, refused, original });
    };
    let poured = (source.pour)(&mut |row| table.accept(row, notices, &mut emit_item));
    let whole = poured.is_ok();
    let (head, mut problems) = table.end(poured, notices, &mut emit_item);
    let Some(head) = head else { return Err(problems) };
    problems.extend(common.missing(fields, &head.layout.columns, &context.file, has_sheets));
    if whole && number == 0 {
        problems.push(
            Diagnostic::error("data-empty", say!("chỉ có dòng tiêu đề, chưa có bản ghi nào", "has headings but no record"))
                .at(head.place())
                .remedy(say!("ghi mỗi bản ghi một dòng dưới dòng tiêu đề", "write one record in each row below the headings")),
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Outcome {
        rows: number,
        heading_row: Some(head.row_number()),
        headings: head.headings,
        sheet,
        common: common.written.clone(),
        ..Outcome::default()
    })
}

/// Must a list have a column for `field`?
pub(super) fn needs_column(field: &Field, common: &Common) -> bool {
    field.required && field.scope == Scope::Record && !common.has(field)
}

/// Reads delimited text.
pub(super) fn read_text(
    context: &Context<'_>,
    path: &Path,
    common: &Common,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<Outcome, Vec<Diagnostic>> {
    let encoding = encoding::survey(path, &context.file).map_err(|problem| vec![problem])?;
    let chosen = context.selection.columns.values().map(|heading| headings::loose_key(heading));
    let known: Vec<String> = column_names(context.contract).map(headings::loose_key).chain(chosen).collect();
    let delimited = delimiter(path, encoding, context.limits, &known).map_err(|problem| vec![problem])?;
    let mut pour = |sink: Sink<'_>| pour_text(path, &context.file, context.limits, encoding, delimited, sink);
    let source = Source {
        sheet: None,
        merged: Vec::new(),
        encoding: match encoding {
            TextEncoding::EightBit(encoding) => Some(encoding),
            _ => None,
        },
        pour: &mut pour,
    };
    if context.is_form() {
        return form::read_single_table(context, source, common, notices, emit);
    }
    read(context, source, common, notices, emit)
}

/// Every name by which a column of a file may be known.
pub(super) fn column_names(contract: &Contract) -> impl Iterator<Item = &str> {
    let columns = contract.fields.iter().flat_map(|field| match &field.kind {
        Kind::Table(inner) => inner.as_slice(),
        _ => std::slice::from_ref(field),
    });
    columns.flat_map(headings::names)
}

/// The delimiter, and the bytes of Excel's own line that names it. `known` are the loose keys of the headings to expect.
pub(super) fn delimiter(path: &Path, encoding: TextEncoding, limits: &Limits, known: &[String]) -> Result<(u8, u64), Diagnostic> {
    let mut sample = Vec::new();
    encoding::open(path, encoding).and_then(|text| text.take(SAMPLE_BYTES).read_to_end(&mut sample)).map_err(|error| unreadable(&error))?;
    let sample = String::from_utf8_lossy(&sample);
    if let Some((delimiter, bytes)) = csv::declared_delimiter(&sample) {
        return Ok((delimiter, bytes as u64));
    }
    let is_known = |text: &str| {
        if text.len() > headings::HEADING_BYTES_MAX {
            return false;
        }
        let key = headings::loose_key(text);
        !key.is_empty() && known.contains(&key)
    };
    Ok((csv::choose_delimiter(&sample, limits, &is_known), 0))
}

/// Hands over the rows of a text file.
pub(super) fn pour_text(
    path: &Path,
    file: &str,
    limits: &Limits,
    encoding: TextEncoding,
    (delimiter, skipped): (u8, u64),
    sink: Sink<'_>,
) -> Result<(), Diagnostic> {
    let mut text = encoding::open(path, encoding).map_err(|error| unreadable(&error))?;
    std::io::copy(&mut text.by_ref().take(skipped), &mut std::io::sink()).map_err(|error| unreadable(&error))?;
    let first_line = if skipped > 0 { 2 } else { 1 };
    let mut records = Records::new(text, delimiter, first_line, limits);
    while let Some((number, cells)) = records.next().map_err(|fault| malformed(fault, file, limits.columns_max))? {
        let cells = cells.into_iter().map(Cell::text).collect();
        if sink(SourceRow { number, cells, counted: true, fonts: Vec::new(), corrected: Vec::new() }).is_break() {
            break;
        }
    }
    Ok(())
}

fn malformed(fault: Malformed, file: &str, columns_max: u32) -> Diagnostic {
    let at = |line| Place::Line { file: file.to_owned(), line, column: None };
    match fault {
        Malformed::UnclosedQuote { line } => Diagnostic::error(
            "quote-unclosed",
            say!("dấu nháy kép mở ở dòng này không được đóng", "the double quote opened on this line is never closed"),
        )
        .at(at(line))
        .remedy(say!(
            "thêm dấu nháy đóng; dấu nháy nằm trong ô phải viết hai lần (\"\")",
            "add the closing quote; a quote inside a cell is written twice (\"\")"
        )),
        Malformed::TooManyCells { line } => {
            Diagnostic::error("columns-too-many", say!("dòng có hơn {columns_max} ô", "the line has more than {columns_max} cells"))
                .at(at(line))
                .remedy(say!("bỏ bớt cột không dùng", "leave out columns that are not used"))
        }
        Malformed::Nul { line } => encoding::nul(at(line)),
        Malformed::Io(error) => unreadable(&error),
    }
}
