//! Forms: a whole workbook is one record, with one sheet for each of its tables.
//!
//! Owns the assembly of that record. Single values come from the sheet of common values ([`super::common`]), the rows of
//! a table are converted by [`super::table`].

use serde_json::{Map, Value};

use super::common::{COMMON_SHEET, Common};
use super::head::Purpose;
use super::headings;
use super::json::complete;
use super::list::{Sink, Source};
use super::notices::Notices;
use super::places::{Places, Tables};
use super::table::{HEADING_ROWS_MAX, Item, Table};
use super::workbook::{self, SheetInfo, Sheets, hidden_rows_notice, is_reserved, sheet_name};
use super::{Context, Emit, Outcome, Row};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::template::contract::{Field, Kind, Scope};

/// The record while its tables are read.
#[derive(Default)]
struct Assembly {
    values: Map<String, Value>,
    tables: Tables,
    refused: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

/// Reads a workbook that is one record.
pub(super) fn read_workbook(
    context: &Context<'_>,
    sheets: &mut dyn Sheets,
    common: &Common,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<Outcome, Vec<Diagnostic>> {
    let infos: Vec<SheetInfo> = sheets.sheets().into_iter().filter(|info| !is_reserved(&info.name)).collect();
    let tables: Vec<&Field> = context.contract.fields.iter().filter(|field| is_table(field)).collect();
    let mut owner: Vec<Option<&Field>> =
        infos.iter().map(|info| tables.iter().find(|field| names_sheet(field, &info.name)).copied()).collect();
    if let Some(wanted) = &context.selection.sheet {
        choose(context, sheets, wanted, &infos, &tables, &mut owner)?;
    }
    // One table and one sheet can only mean each other.
    else if let ([table], [sheet]) = (tables.as_slice(), infos.as_slice())
        && matches!(table.kind, Kind::Table(_))
        && !sheet.hidden
    {
        owner[0] = Some(table);
    }
    let mut problems = Vec::new();
    let mut assembly = Assembly::default();
    for field in &tables {
        let mut own = infos.iter().zip(&owner).filter(|(_, owner)| owner.is_some_and(|owner| owner.name == field.name));
        match (own.next(), own.next()) {
            (Some((sheet, _)), None) => {
                problems.extend(read_sheet(context, sheets, &sheet.name, field, &mut assembly, notices));
            }
            (Some((first, _)), Some((second, _))) => {
                problems.push(two_sheets(field, &first.name, &second.name));
                assembly.refused.push(format!("/{}", field.name));
            }
            (None, _) if field.required && !common.has(field) => {
                problems.push(no_sheet(field, &infos, &owner));
                assembly.refused.push(format!("/{}", field.name));
            }
            (None, _) => {}
        }
    }
    for (sheet, _) in infos.iter().zip(&owner).filter(|(sheet, owner)| owner.is_none() && !sheet.hidden) {
        notices.add(unknown_sheet(&sheet.name, &context.file, &tables));
    }
    problems.extend(missing_values(context, common, true));
    assembly.refused.extend(absent_values(context, common));
    finish(context, common, assembly, problems, notices, emit)
}

/// Gives the sheet that the user chose to the table whose headings it bears, instead of any other sheet.
fn choose<'a>(
    context: &Context<'_>,
    sheets: &mut dyn Sheets,
    wanted: &str,
    infos: &[SheetInfo],
    tables: &[&'a Field],
    owner: &mut [Option<&'a Field>],
) -> Result<(), Vec<Diagnostic>> {
    let one = |problem| vec![problem];
    let chosen = workbook::find_sheet(wanted, infos).map_err(one)?;
    if owner[chosen].is_some() {
        return Ok(());
    }
    let rows = workbook::first_rows(context, sheets, &infos[chosen].name, HEADING_ROWS_MAX).map_err(one)?;
    let likeness = |field: &Field| match &field.kind {
        Kind::Table(fields) => {
            let needed = |inner: &Field| inner.required;
            let columns = &context.selection.columns;
            Purpose { fields, chosen: columns, needed: &needed, key: None, merged: Vec::new(), encoding: None }.likeness(&rows)
        }
        _ => (0, 0),
    };
    let best =
        tables.iter().map(|field| (likeness(field), *field)).filter(|((_, all), _)| *all > 0).rev().max_by_key(|(likeness, _)| *likeness);
    let Some((_, table)) = best else {
        let name = &infos[chosen].name;
        return Err(one(Diagnostic::error(
            "sheet-unfit",
            say!("trang tính “{name}” không có cột nào của mẫu", "the sheet “{name}” has no column of the template"),
        )
        .remedy(say!("chọn trang tính khác với --sheet, hoặc bỏ --sheet", "choose another sheet with --sheet, or leave it out"))));
    };
    for other in owner.iter_mut().filter(|owner| owner.is_some_and(|owner| owner.name == table.name)) {
        *other = None;
    }
    owner[chosen] = Some(table);
    Ok(())
}

/// Reads delimited text into the only table of a form; its single values can only come with the request.
pub(super) fn read_single_table(
    context: &Context<'_>,
    source: Source<'_>,
    common: &Common,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<Outcome, Vec<Diagnostic>> {
    let mut tables = context.contract.fields.iter().filter(|field| matches!(field.kind, Kind::Table(_)));
    let (Some(field), None) = (tables.next(), tables.next()) else {
        return Err(vec![
            Diagnostic::error(
                "form-needs-workbook",
                say!(
                    "mẫu này có nhiều bảng, một tệp CSV không chứa đủ",
                    "this template has several tables, which one CSV file cannot hold"
                ),
            )
            .remedy(say!("dùng sổ Excel (.xlsx) có mỗi bảng một trang tính", "use a workbook (.xlsx) with one sheet for each table")),
        ]);
    };
    let mut assembly = Assembly::default();
    let mut problems = read_table(context, source, field, &mut assembly, notices);
    // A column for a single value is no way out here, unlike in a list.
    problems.extend(missing_values(context, common, false).into_iter().map(|problem| {
        problem.remedy(say!(
            "cho giá trị này khi chạy, hoặc dùng sổ Excel có trang tính “{COMMON_SHEET}”",
            "give the value with the request, or use a workbook with a sheet “{COMMON_SHEET}”"
        ))
    }));
    assembly.refused.extend(absent_values(context, common));
    finish(context, common, assembly, problems, notices, emit)
}

fn finish(
    context: &Context<'_>,
    common: &Common,
    assembly: Assembly,
    problems: Vec<Diagnostic>,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<Outcome, Vec<Diagnostic>> {
    let Assembly { values, tables, refused, mut diagnostics } = assembly;
    notices.cap(&mut diagnostics, context.limits.errors_max);
    let record = common.complete(&context.contract.fields, values, &refused);
    let places = Places::form(context.file.clone(), tables, common.places.clone());
    emit(Row { number: 1, listed: None, record, places, diagnostics, refused, original: Vec::new() });
    if problems.is_empty() { Ok(Outcome { rows: 1, ..Outcome::default() }) } else { Err(problems) }
}

fn read_sheet(
    context: &Context<'_>,
    sheets: &mut dyn Sheets,
    sheet: &str,
    field: &Field,
    assembly: &mut Assembly,
    notices: &mut Notices,
) -> Vec<Diagnostic> {
    hidden_rows_notice(context, sheets, sheet, notices);
    let merged = match sheets.merged(sheet) {
        Ok(merged) => merged,
        Err(problem) => return vec![problem],
    };
    let mut pour = |sink: Sink<'_>| sheets.rows(&context.file, sheet, context.limits, sink);
    let source = Source { sheet: Some(sheet.into()), merged, encoding: None, pour: &mut pour };
    read_table(context, source, field, assembly, notices)
}

/// Reads the rows of one table, or of a plain list, into the record, and returns what is wrong with it as a whole.
fn read_table(context: &Context<'_>, source: Source<'_>, field: &Field, assembly: &mut Assembly, notices: &mut Notices) -> Vec<Diagnostic> {
    let column;
    let fields = match &field.kind {
        Kind::Table(fields) => fields.as_slice(),
        _ => {
            column = [Field { kind: Kind::Text, ..field.clone() }];
            &column[..]
        }
    };
    let is_table = matches!(field.kind, Kind::Table(_));
    let needed = |inner: &Field| is_table && inner.required;
    let purpose = Purpose {
        fields,
        chosen: &context.selection.columns,
        needed: &needed,
        key: None,
        merged: source.merged,
        encoding: source.encoding,
    };
    let mut table = Table::new(context.file.clone(), source.sheet, purpose, context.limits);
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    let Assembly { refused, diagnostics, .. } = assembly;
    let mut take = |item: Item| {
        let at = format!("/{}/{}", field.name, items.len());
        refused.extend(item.refused.iter().map(|pointer| format!("{at}{pointer}")));
        diagnostics.extend(item.diagnostics);
        rows.push(item.row);
        let values = complete(fields, item.values);
        items.push(if is_table { Value::Object(values) } else { values.into_values().next().unwrap_or_default() });
    };
    let poured = (source.pour)(&mut |row| table.accept(row, notices, &mut take));
    // A sheet left blank is a table without rows; whether it may be is the schema's to say.
    let (head, problems) = match poured {
        Ok(()) if table.is_blank() => (None, Vec::new()),
        poured => table.end(poured, notices, &mut take),
    };
    if head.is_none() && !problems.is_empty() {
        refused.push(format!("/{}", field.name));
    }
    assembly.values.insert(field.name.clone(), Value::Array(items));
    if let Some(head) = head {
        assembly.tables.insert(field.name.clone(), (head.layout, rows));
    }
    problems
}

/// Required single values that are nowhere, record scope and common alike: a form is one record.
fn missing_values(context: &Context<'_>, common: &Common, has_sheets: bool) -> Vec<Diagnostic> {
    common.missing(&scalars(context), &[], &context.file, has_sheets)
}

/// Pointers of the single values that were said to be missing or refused.
fn absent_values(context: &Context<'_>, common: &Common) -> Vec<String> {
    common.absent(&scalars(context), &[])
}

fn scalars(context: &Context<'_>) -> Vec<Field> {
    let fields = context.contract.fields.iter().filter(|field| !is_table(field));
    fields.map(|field| Field { scope: Scope::Common, ..field.clone() }).collect()
}

/// Fields that have a sheet of their own.
fn is_table(field: &Field) -> bool {
    matches!(field.kind, Kind::Table(_) | Kind::List)
}

/// Does the sheet bear one of the field's names, cut to the length that Excel allows?
fn names_sheet(field: &Field, sheet: &str) -> bool {
    headings::names(field).any(|name| headings::loose_key(&sheet_name(name)) == headings::loose_key(sheet))
}

fn two_sheets(field: &Field, first: &str, second: &str) -> Diagnostic {
    let title = &field.title;
    Diagnostic::error(
        "sheet-duplicate",
        say!(
            "hai trang tính cùng là bảng “{title}”: “{first}” và “{second}”",
            "two sheets are both the table “{title}”: “{first}” and “{second}”"
        ),
    )
    .remedy(say!("xoá hoặc đổi tên một trang", "delete or rename one of them"))
}

fn no_sheet(field: &Field, infos: &[SheetInfo], owner: &[Option<&Field>]) -> Diagnostic {
    let name = workbook::sheet_name(&field.title);
    let free = infos.iter().zip(owner).filter(|(_, owner)| owner.is_none()).map(|(info, _)| info.name.as_str());
    let problem = Diagnostic::error("sheet-missing", say!("thiếu trang tính “{name}”", "the sheet “{name}” is missing"));
    problem.remedy(match headings::nearest_folded(&name, free) {
        Some(near) => {
            say!(
                "có phải “{near}”? nếu phải, đổi tên thành “{name}” hoặc chọn bằng --sheet",
                "is it “{near}”? if so, rename it to “{name}” or choose it with --sheet"
            )
        }
        None => say!("thêm trang tính tên “{name}”", "add a sheet called “{name}”"),
    })
}

fn unknown_sheet(sheet: &str, file: &str, tables: &[&Field]) -> Diagnostic {
    let wanted: Vec<String> = std::iter::once(COMMON_SHEET.to_owned()).chain(tables.iter().map(|field| sheet_name(&field.title))).collect();
    let wanted = wanted.join("”, “");
    Diagnostic::warning(
        "sheet-unknown",
        say!("mẫu không dùng trang tính “{sheet}”; bị bỏ qua", "the template does not use the sheet “{sheet}”; it is ignored"),
    )
    .at(Place::File { file: file.to_owned() })
    .remedy(say!("các trang được dùng: “{wanted}”", "the sheets used are “{wanted}”"))
}
