//! The list of a draft as the sheet shows it, each fault at its cell, to be corrected there or handed in again.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::upload::Sent;
use super::{asker, asks_sheet, columns, head, stale};
use crate::app::AppError;
use crate::app::drafts::{Cell, Correction, Draft, Page as Rows, Row, Shown, Wrong};
use crate::batch::Request;
use crate::data::{COMMON_SHEET, GUIDE_SHEET};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::language::Language;
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{self, Page, to};
use crate::server::site::Site;

/// Rows of a page.
const ROWS: u32 = 150;

/// Characters of a cell beyond which its text is broken into lines.
const WIDE: usize = 40;

/// Findings about the whole file that are shown.
const FOREMOST: usize = 30;

/// What of the table is shown.
#[derive(Deserialize, Default, Clone)]
pub(super) struct View {
    /// Sheet.
    trang: Option<u32>,
    /// From this row on.
    tu: Option<u64>,
    /// The rows before this one.
    truoc: Option<u64>,
    /// Only rows with something to look at, when present.
    loi: Option<String>,
    /// This row is being corrected.
    sua: Option<u64>,
}

impl View {
    fn shown(&self) -> Shown {
        match (self.truoc, &self.loi) {
            (_, Some(_)) => Shown::Problems(self.tu.unwrap_or_default()),
            (Some(before), None) => Shown::Before(before),
            (None, None) => Shown::From(self.tu.unwrap_or_default()),
        }
    }

    /// Nothing was chosen: whoever comes sees what is to be corrected first.
    fn is_first_look(&self) -> bool {
        matches!(self, Self { trang: None, tu: None, truoc: None, loi: None, sua: None })
    }

    /// The same view as a query, for going back to it.
    fn query(&self) -> String {
        let pairs = [
            self.trang.map(|sheet| format!("trang={sheet}")),
            self.tu.map(|row| format!("tu={row}")),
            self.truoc.map(|row| format!("truoc={row}")),
            self.loi.as_ref().map(|_| "loi=1".to_owned()),
        ];
        pairs.into_iter().flatten().collect::<Vec<_>>().join("&")
    }
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(view): Query<View>,
) -> Result<Page, Fault> {
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    drawn(&site, &caller, &draft, &view).await
}

async fn drawn(site: &Site, caller: &Caller, draft: &Draft, view: &View) -> Result<Page, Fault> {
    let asker = asker(&caller.principal);
    let mut rows = site.app.table_page(&site.office, asker, &draft.id, view.trang, view.shown(), ROWS).await?;
    if let Some(first) = rows.wrong.first().filter(|first| view.is_first_look() && !rows.rows.iter().any(|row| row.number == first.row)) {
        let from = Shown::From(before(first.row));
        rows = site.app.table_page(&site.office, asker, &draft.id, view.trang, from, ROWS).await?;
    }
    let language = caller.language;
    let check = draft.checked.as_ref();
    let count = |severity| check.map_or(0, |check| check.diagnostics.iter().filter(|one| one.severity == severity).count());
    let (mut grave, mut slight): (Vec<Diagnostic>, Vec<Diagnostic>) =
        rows.elsewhere.iter().map(without_file).partition(Diagnostic::is_error);
    let all_grave = grave.len();
    let grave_more = all_grave.saturating_sub(FOREMOST);
    // What many rows share is said once here, whichever page is shown.
    grave.truncate(FOREMOST);
    slight.truncate(FOREMOST);
    let sheets: Vec<Value> = rows
        .sheets
        .iter()
        .filter(|sheet| !sheet.hidden && sheet.rows > 0 && sheet.name != GUIDE_SHEET)
        .map(|sheet| json!({ "index": sheet.index, "name": sheet.name, "rows": sheet.rows, "here": sheet.index == rows.sheet }))
        .collect();
    let first = rows.rows.iter().find(|row| !row.heading).map(|row| row.number);
    let last = rows.rows.last().map(|row| row.number);
    let only_problems = view.loi.is_some();
    let template = site.app.template(&draft.template)?;
    let contract = &template.contract;
    let alike: Vec<Value> = rows
        .sheets
        .iter()
        .filter(|sheet| asks_sheet(draft) && check.is_some_and(|check| check.alike.contains(&sheet.name)))
        .map(|sheet| json!({ "name": sheet.name, "rows": sheet.rows.saturating_sub(1) }))
        .collect();
    let name = rows.sheets.iter().find(|sheet| sheet.index == rows.sheet).map(|sheet| sheet.name.as_str());
    Ok(Page::of(
        "make/table",
        json!({
            "draft": head(&site.app, draft, 1, language), "errors": count(Severity::Error), "warnings": count(Severity::Warning),
            "unshown": check.map_or(0, |check| check.unshown),
            "grave_more": grave_more, "grave": linked(&grave, &rows, &draft.id, language),
            "more_wrong": count(Severity::Error).saturating_sub(all_grave + rows.missing.len() + rows.wrong.len()),
            "wrong": wrong(&rows, &draft.id, language), "slight": page::problems(&slight, language),
            "cells_wrong": count(Severity::Error) > all_grave + rows.missing.len(),
            "numbers_given": check.is_some_and(|check| check.diagnostics.iter().any(|one| one.code == "number-given")),
            "read": rows.read, "unread": draft.is_open() && rows.read.is_some_and(|read| read != rows.sheet) && name != Some(COMMON_SHEET),
            "sheet_name": name, "alike": alike, "missing": columns::missing(&rows), "chosen": columns::chosen(draft, contract),
            "other_forms": check.map_or(0, |check| check.other_forms), "own_form": draft.request.own_form, "form": contract.title,
            "missing_common": grave.iter().any(|one| one.code == "common-missing"),
            "sheets": sheets, "several": sheets.len() > 1, "sheet": rows.sheet, "view": view.query(), "only_problems": only_problems,
            "beyond": rows.beyond.join(", "), "shown_columns": rows.columns.len(),
            "columns": rows.columns.iter().map(|column| json!({
                "name": column.name, "heading": column.heading, "label": column.is_label,
            })).collect::<Value>(),
            "rows": rows.rows.iter().map(|own| row(own, &rows, draft, view, language)).collect::<Value>(),
            "before": first.filter(|_| rows.more.0), "after": last.filter(|_| rows.more.1).map(|last| last + 1),
            "numbers": check.map(|check| check.numbers.iter().map(|(register, _, first, last)| json!({
                "register": register, "first": first, "last": last,
            })).collect::<Vec<_>>()).unwrap_or_default(),
        }),
    ))
}

/// The row from which a page begins so that `row` does not stand at its very edge.
fn before(row: u64) -> u64 {
    row.saturating_sub(2)
}

/// Where a cell is found: on this page, or on the page that begins a little above it.
fn way_to(draft: &str, rows: &Rows, sheet: u32, row: u64, column: Option<u32>) -> String {
    let cell = column.map_or_else(|| format!("#d{row}"), |column| format!("#o{row}-{column}"));
    if sheet == rows.sheet && rows.rows.iter().any(|shown| shown.number == row) {
        return cell;
    }
    format!("/tao/{draft}?trang={sheet}&tu={}{cell}", before(row))
}

/// The first errors of the sheet, each with the way to its cell.
fn wrong(rows: &Rows, draft: &str, language: Language) -> Value {
    let name = |column: &Option<u32>| column.and_then(|column| Some(rows.columns.get(column as usize)?.name.clone())).unwrap_or_default();
    let of = |Wrong { row, column, problem }: &Wrong| {
        json!({
            "cell": format!("{}{row}", name(column)), "way": way_to(draft, rows, rows.sheet, *row, *column), "value": problem.value,
            "message": problem.message.in_language(language), "whose": problem.record.as_ref().map(|(_, label)| label.clone()),
        })
    };
    rows.wrong.iter().map(of).collect()
}

/// What is wrong elsewhere; what stands in a cell of another sheet has the way there.
fn linked(problems: &[Diagnostic], rows: &Rows, draft: &str, language: Language) -> Value {
    let way = |problem: &Diagnostic| match &problem.place {
        Some(Place::Cell { sheet, column, row, .. }) => {
            let own = rows.sheets.iter().find(|own| own.name == *sheet && !own.hidden)?;
            Some(way_to(draft, rows, own.index, u64::from(*row), Some(*column)))
        }
        _ => None,
    };
    let mut shown = page::problems(problems, language);
    for (shown, problem) in shown.as_array_mut().into_iter().flatten().zip(problems) {
        shown["way"] = way(problem).into();
    }
    shown
}

/// A finding whose place is more than the file, which stands above anyway.
fn without_file(diagnostic: &Diagnostic) -> Diagnostic {
    let place = diagnostic.place.clone().filter(|place| !matches!(place, Place::File { .. }));
    Diagnostic { place, ..diagnostic.clone() }
}

fn row(row: &Row, rows: &Rows, draft: &Draft, view: &View, language: Language) -> Value {
    let being_corrected = view.sua == Some(row.number) && draft.is_open();
    let cells: Vec<Value> = row.cells.iter().zip(0_u32..).map(|(own, index)| cell(own, index, rows, being_corrected, language)).collect();
    // All the fields of a row are one form: saving one never forgets what was typed into another.
    let editing = cells.iter().any(|cell| cell["form"] == true);
    json!({
        "number": row.number, "heading": row.heading, "left_out": row.left_out, "cells": cells, "being_corrected": being_corrected, "editing": editing,
        "problems": page::problems(&row.problems, language), "has_problems": !row.problems.is_empty(),
        "bad": row.problems.iter().chain(row.cells.iter().flat_map(|cell| &cell.problems)).any(Diagnostic::is_error),
    })
}

fn cell(cell: &Cell, index: u32, rows: &Rows, being_corrected: bool, language: Language) -> Value {
    let worst = cell.problems.iter().map(|problem| problem.severity).max();
    let column = rows.columns.get(index as usize);
    json!({
        "index": index, "column": column.map(|column| column.name.clone()), "label": column.is_some_and(|column| column.is_label),
        "wide": cell.text.chars().count() > WIDE, "text": cell.text, "corrected": cell.corrected, "editable": cell.editable,
        "form": cell.editable && (being_corrected || worst == Some(Severity::Error)),
        "mark": match worst { Some(Severity::Error) => "bad", Some(Severity::Warning) => "wait", Some(Severity::Notice) => "note", None => "" },
        "long": cell.text.chars().count() > 60 || cell.text.contains('\n'), "problems": page::problems(&cell.problems, language),
    })
}

/// The fields of a correction: the cells of a row are `o0`, `o1`, … by their columns.
struct Change {
    revision: u64,
    sheet: u32,
    row: u64,
    cells: Vec<(u32, String)>,
    /// The view that it came from.
    xem: String,
}

impl Change {
    fn of(fields: Vec<(String, String)>) -> Result<Self, Fault> {
        let field = |name: &str| fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        let number = |name: &str| field(name).parse::<u64>().map_err(|_| Fault::invalid(Vec::new()));
        let cell = |(name, text): &(String, String)| {
            let column = name.strip_prefix('o')?.parse::<u32>().ok()?;
            // Browsers send lines as the network writes them.
            Some((column, text.replace("\r\n", "\n").trim().to_owned()))
        };
        let sheet = u32::try_from(number("sheet")?).map_err(|_| Fault::invalid(Vec::new()))?;
        let cells = fields.iter().filter_map(cell).collect();
        Ok(Self { revision: number("revision")?, sheet, row: number("row")?, cells, xem: field("xem").to_owned() })
    }
}

pub(super) async fn correct(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Fault> {
    let change = Change::of(fields)?;
    let cells = Some(change.cells.clone()).filter(|cells| !cells.is_empty()).ok_or_else(|| Fault::invalid(Vec::new()))?;
    changed(&site, &caller, &id, change, Some(cells)).await
}

pub(super) async fn leave_out(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Fault> {
    changed(&site, &caller, &id, Change::of(fields)?, None).await
}

async fn changed(
    site: &Arc<Site>,
    caller: &Caller,
    id: &str,
    change: Change,
    cells: Option<Vec<(u32, String)>>,
) -> Result<Response, Fault> {
    let Change { revision, sheet, row, cells: written, xem } = change;
    let correction = Correction { sheet, row, cells };
    let asker = asker(&caller.principal);
    match site.app.correct(&site.office, asker, id, revision, &correction).await {
        Ok(_) => {
            let query = xem.chars().filter(|c| c.is_ascii_alphanumeric() || "=&".contains(*c)).collect::<String>();
            Ok(to(&format!("/tao/{id}?{query}#d{row}")).into_response())
        }
        Err(error) => {
            let stands = unlike(site, caller, id, (sheet, row), &written).await?;
            again(site, caller, id, error, Some(&stands).filter(|text| !text.is_empty()).map(String::as_str)).await
        }
    }
}

/// What was written that the row does not hold now.
async fn unlike(site: &Site, caller: &Caller, id: &str, (sheet, row): (u32, u64), written: &[(u32, String)]) -> Result<String, Fault> {
    let page = site.app.table_page(&site.office, asker(&caller.principal), id, Some(sheet), Shown::From(row), 1).await?;
    let now = page.rows.first().filter(|own| own.number == row);
    let holds = |column: u32| now.and_then(|row| row.cells.get(column as usize)).map_or("", |cell| cell.text.trim());
    let other = written.iter().filter(|(column, text)| holds(*column) != text).map(|(_, text)| text.as_str());
    Ok(other.collect::<Vec<_>>().join(" · "))
}

/// The page as it stands now, with why the change was not taken and what had been written.
pub(super) async fn again(site: &Arc<Site>, caller: &Caller, id: &str, error: AppError, written: Option<&str>) -> Result<Response, Fault> {
    let (problems, status) = match stale(&error, written) {
        Some(problem) => (vec![problem], StatusCode::CONFLICT),
        None => match error {
            AppError::Input(problems) => (problems, StatusCode::UNPROCESSABLE_ENTITY),
            error => return Err(error.into()),
        },
    };
    let draft = site.app.draft(&site.office, asker(&caller.principal), id).await?;
    Ok(drawn(site, caller, &draft, &View::default()).await?.status(status).problems(problems).into_response())
}

pub(super) async fn replace(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, Fault> {
    let sent = Sent::read(&site, form).await?;
    let Some(file) = &sent.file else {
        let problem = Diagnostic::error("file-missing", say!("chưa chọn tệp", "no file was chosen"));
        return again(&site, &caller, &id, AppError::Input(vec![problem]), None).await;
    };
    match site.app.upload(&site.office, asker(&caller.principal), &id, sent.revision(), &file.path, &file.name).await {
        Ok(_) => Ok(to(&format!("/tao/{id}?xong=tep")).into_response()),
        Err(error) => again(&site, &caller, &id, error, None).await,
    }
}

/// The fields of the choice of a sheet.
#[derive(Deserialize)]
pub(super) struct Chosen {
    revision: u64,
    ten: String,
}

pub(super) async fn choose_sheet(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Fault> {
    let asker = asker(&caller.principal);
    let draft = site.app.draft(&site.office, asker, &id).await?;
    let request = Request { sheet: Some(chosen.ten), ..draft.request };
    match site.app.set_request(&site.office, asker, &id, chosen.revision, request).await {
        Ok(_) => Ok(to(&format!("/tao/{id}")).into_response()),
        Err(error) => again(&site, &caller, &id, error, None).await,
    }
}

pub(super) async fn check(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    site.app.check_draft(&site.office, asker(&caller.principal), &id).await?;
    Ok(to(&format!("/tao/{id}")).into_response())
}
