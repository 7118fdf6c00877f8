//! `/api/v1/drafts/{id}/file`, `/rows`, `/cells`: the list of a draft, handed in, read with every fault at its cell, corrected.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::batches::LIST_BYTES;
use super::body::{self, Asker, Json, Path, Query};
use super::drafts::{Seen, asker, draft_json};
use super::parts::{self, Came};
use super::{JSON_BYTES, limit};
use crate::access::Right;
use crate::app::drafts::{Correction, Page, Row, Shown};
use crate::language::Language;
use crate::server::caller::Caller;
use crate::server::fault::{Fault, with_sentences};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const MAKE: Rule = Rule::Needs(Right::Make);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::put("/api/v1/drafts/{id}/file", MAKE, upload).body(LIST_BYTES),
        Route::get("/api/v1/drafts/{id}/rows", MAKE, rows),
        Route::patch("/api/v1/drafts/{id}/cells", MAKE, correct).body(JSON_BYTES),
        Route::post("/api/v1/drafts/{id}/leave-out", MAKE, leave_out).body(JSON_BYTES),
    ]
}

/// Takes a file in as the list of a draft, instead of the one before.
async fn upload(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>, request: Request) -> Result<Response, Fault> {
    let asker = asker(&caller.principal);
    site.app.draft(&site.office, asker, &id).await?;
    let (request, Came { file, name, .. }) = parts::request_and_file(&site, request).await?;
    let seen: Seen = body::read(request.as_bytes())?;
    let draft = site.app.upload(&site.office, asker, &id, seen.revision, &file.0, &name).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    sheet: Option<u32>,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    problems: bool,
    limit: Option<u32>,
}

async fn rows(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let shown = if wanted.problems { Shown::Problems(wanted.from) } else { Shown::From(wanted.from) };
    let asker = asker(&caller.principal);
    let page = site.app.table_page(&site.office, asker, &id, wanted.sheet, shown, limit(wanted.limit)).await?;
    Ok(axum::Json(page_json(&page, caller.language)).into_response())
}

fn page_json(page: &Page, language: Language) -> Value {
    let sheets: Vec<Value> = page
        .sheets
        .iter()
        .map(|sheet| json!({ "index": sheet.index, "name": sheet.name, "hidden": sheet.hidden, "rows": sheet.rows }))
        .collect();
    let columns: Vec<Value> =
        page.columns.iter().map(|column| json!({ "name": column.name, "heading": column.heading, "label": column.is_label })).collect();
    let wrong: Vec<Value> = page
        .wrong
        .iter()
        .map(|one| json!({ "row": one.row, "column": one.column, "problem": with_sentences(std::slice::from_ref(&one.problem), language)[0] }))
        .collect();
    let next = page.rows.last().filter(|_| page.more.1).map(|last| last.number + 1);
    json!({
        "sheets": sheets, "sheet": page.sheet, "read": page.read, "columns": columns, "beyond": page.beyond,
        "rows": page.rows.iter().map(|row| row_json(row, language)).collect::<Value>(), "wrong": wrong,
        "elsewhere": with_sentences(&page.elsewhere, language), "next": next,
    })
}

fn row_json(row: &Row, language: Language) -> Value {
    let cells: Vec<Value> = row
        .cells
        .iter()
        .map(|cell| {
            json!({
                "text": cell.text, "corrected": cell.corrected, "editable": cell.editable,
                "problems": with_sentences(&cell.problems, language),
            })
        })
        .collect();
    json!({
        "row": row.number, "heading": row.heading, "left_out": row.left_out, "cells": cells,
        "problems": with_sentences(&row.problems, language),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    revision: u64,
    sheet: u32,
    row: u64,
    column: u32,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Omission {
    revision: u64,
    sheet: u32,
    row: u64,
}

async fn correct(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(change): Json<Change>,
) -> Result<Response, Fault> {
    let Change { revision, sheet, row, column, text } = change;
    changed(&site, &caller, &id, revision, Correction { sheet, row, cells: Some(vec![(column, text.trim().to_owned())]) }).await
}

async fn leave_out(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(omission): Json<Omission>,
) -> Result<Response, Fault> {
    let Omission { revision, sheet, row } = omission;
    changed(&site, &caller, &id, revision, Correction { sheet, row, cells: None }).await
}

async fn changed(site: &Arc<Site>, caller: &Caller, id: &str, revision: u64, correction: Correction) -> Result<Response, Fault> {
    let draft = site.app.correct(&site.office, asker(&caller.principal), id, revision, &correction).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}
