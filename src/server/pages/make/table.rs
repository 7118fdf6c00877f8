//! The list of a draft as the sheet shows it, each fault at its cell, to be corrected there or handed in again.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::upload::Sent;
use super::{asker, head, stale};
use crate::app::AppError;
use crate::app::drafts::{Cell, Correction, Draft, Page as Rows, Row, Shown};
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
    let rows = site.app.table_page(&site.office, asker, &draft.id, view.trang, view.shown(), ROWS).await?;
    let language = caller.language;
    let check = draft.checked.as_ref();
    let count = |severity| check.map_or(0, |check| check.diagnostics.iter().filter(|one| one.severity == severity).count());
    let (mut grave, mut slight): (Vec<Diagnostic>, Vec<Diagnostic>) =
        rows.elsewhere.iter().map(without_file).partition(Diagnostic::is_error);
    let all_grave = grave.len();
    // What many rows share is said once here, whichever page is shown.
    grave.truncate(30);
    slight.truncate(30);
    let sheets: Vec<Value> = rows
        .sheets
        .iter()
        .filter(|sheet| !sheet.hidden && sheet.rows > 0 && sheet.name != GUIDE_SHEET)
        .map(|sheet| json!({ "index": sheet.index, "name": sheet.name, "rows": sheet.rows, "here": sheet.index == rows.sheet }))
        .collect();
    let first = rows.rows.iter().find(|row| !row.heading).map(|row| row.number);
    let last = rows.rows.last().map(|row| row.number);
    let only_problems = view.loi.is_some();
    let name = rows.sheets.iter().find(|sheet| sheet.index == rows.sheet).map(|sheet| sheet.name.as_str());
    Ok(Page::of(
        "make/table",
        json!({
            "draft": head(&site.app, draft, 1, language), "errors": count(Severity::Error), "warnings": count(Severity::Warning),
            "unshown": check.map_or(0, |check| check.unshown),
            "grave": page::problems(&grave, language), "slight": page::problems(&slight, language),
            "cells_wrong": count(Severity::Error) > all_grave,
            "numbers_given": check.is_some_and(|check| check.diagnostics.iter().any(|one| one.code == "number-given")),
            "read": rows.read, "unread": draft.is_open() && rows.read.is_some_and(|read| read != rows.sheet) && name != Some(COMMON_SHEET),
            "sheet_name": name,
            "missing_common": grave.iter().any(|one| one.code == "common-missing"),
            "sheets": sheets, "several": sheets.len() > 1, "sheet": rows.sheet, "view": view.query(), "only_problems": only_problems,
            "columns": rows.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>(),
            "rows": rows.rows.iter().map(|own| row(own, &rows, draft, view, language)).collect::<Value>(),
            "before": first.filter(|_| rows.more.0), "after": last.filter(|_| rows.more.1).map(|last| last + 1),
            "numbers": check.map(|check| check.numbers.iter().map(|(register, _, first, last)| json!({
                "register": register, "first": first, "last": last,
            })).collect::<Vec<_>>()).unwrap_or_default(),
        }),
    ))
}

/// A finding whose place is more than the file, which stands above anyway.
fn without_file(diagnostic: &Diagnostic) -> Diagnostic {
    let place = diagnostic.place.clone().filter(|place| !matches!(place, Place::File { .. }));
    Diagnostic { place, ..diagnostic.clone() }
}

fn row(row: &Row, rows: &Rows, draft: &Draft, view: &View, language: Language) -> Value {
    let being_corrected = view.sua == Some(row.number) && draft.is_open();
    let cells: Vec<Value> = row.cells.iter().zip(0_u32..).map(|(own, index)| cell(own, index, rows, being_corrected, language)).collect();
    json!({
        "number": row.number, "heading": row.heading, "left_out": row.left_out, "cells": cells, "being_corrected": being_corrected,
        "problems": page::problems(&row.problems, language), "has_problems": !row.problems.is_empty(),
        "bad": row.problems.iter().chain(row.cells.iter().flat_map(|cell| &cell.problems)).any(Diagnostic::is_error),
    })
}

fn cell(cell: &Cell, index: u32, rows: &Rows, being_corrected: bool, language: Language) -> Value {
    let worst = cell.problems.iter().map(|problem| problem.severity).max();
    let column = rows.columns.get(index as usize).map(|column| column.name.clone()).unwrap_or_default();
    json!({
        "index": index, "column": column, "text": cell.text, "corrected": cell.corrected, "editable": cell.editable,
        "form": cell.editable && (being_corrected || worst == Some(Severity::Error)),
        "mark": match worst { Some(Severity::Error) => "bad", Some(Severity::Warning) => "wait", Some(Severity::Notice) => "note", None => "" },
        "long": cell.text.chars().count() > 60, "problems": page::problems(&cell.problems, language),
    })
}

/// The fields of a correction.
#[derive(Deserialize)]
pub(super) struct Change {
    revision: u64,
    sheet: u32,
    row: u64,
    #[serde(default)]
    column: Option<u32>,
    #[serde(default)]
    text: String,
    /// The view that it came from.
    #[serde(default)]
    xem: String,
}

pub(super) async fn correct(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(change): Form<Change>,
) -> Result<Response, Fault> {
    changed(&site, &caller, &id, change).await
}

pub(super) async fn leave_out(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(change): Form<Change>,
) -> Result<Response, Fault> {
    changed(&site, &caller, &id, Change { column: None, ..change }).await
}

async fn changed(site: &Arc<Site>, caller: &Caller, id: &str, change: Change) -> Result<Response, Fault> {
    let Change { revision, sheet, row, column, text, xem } = change;
    let correction = Correction { sheet, row, column, text: text.trim().to_owned() };
    let asker = asker(&caller.principal);
    match site.app.correct(&site.office, asker, id, revision, &correction).await {
        Ok(_) => {
            let query = xem.chars().filter(|c| c.is_ascii_alphanumeric() || "=&".contains(*c)).collect::<String>();
            Ok(to(&format!("/tao/{id}?{query}#d{row}")).into_response())
        }
        Err(error) => again(site, caller, id, error, Some(&text)).await,
    }
}

/// The page as it stands now, with why the change was not taken and what had been written.
async fn again(site: &Arc<Site>, caller: &Caller, id: &str, error: AppError, written: Option<&str>) -> Result<Response, Fault> {
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
