//! `/api/v1/registers`: the books of numbers, their lines, and what is done to them by hand.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path, Query};
use super::{JSON_BYTES, limit, list as list_of, once, time};
use crate::access::Right;
use crate::app::registers::{RESERVED_MAX, Series};
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::registers::{Entry, EntryState, Particulars};

const READ: Rule = Rule::Needs(Right::Read);
const NUMBER: Rule = Rule::Needs(Right::Number);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/registers", READ, list),
        Route::get("/api/v1/registers/{name}", READ, one),
        Route::get("/api/v1/registers/{name}/entries", READ, entries),
        Route::get("/api/v1/registers/{name}/export", READ, export),
        Route::post("/api/v1/registers/{name}/reservations", NUMBER, reserve).body(JSON_BYTES),
        Route::put("/api/v1/registers/{name}/entries/{number}", NUMBER, enter).body(JSON_BYTES),
        Route::post("/api/v1/registers/{name}/entries/{number}/void", NUMBER, void).body(JSON_BYTES),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Period {
    period: Option<String>,
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker) -> Result<Response, Fault> {
    let all = site.app.registers_seen(&site.office, &caller.principal).await?;
    Ok(axum::Json(json!({ "registers": all.iter().map(series_json).collect::<Vec<_>>() })).into_response())
}

fn series_json(series: &Series) -> Value {
    let Series { register, period, last, counts: [taken, reserved, void] } = series;
    json!({
        "name": register.key, "title": register.title, "kind": register.kind, "period": period, "last": last, "taken": taken,
        "reserved": reserved, "void": void, "templates": register.templates, "organisation": register.organisation,
    })
}

pub(super) fn entry_json(entry: &Entry) -> Value {
    let Particulars { code, date, subject, signatory, recipient, keeper, copies, note } = &entry.particulars;
    json!({
        "number": entry.number, "period": entry.period, "state": entry.state.name(), "code": code, "date": date, "subject": subject,
        "signatory": signatory, "recipient": recipient, "keeper": keeper, "copies": copies, "note": note, "reason": entry.reason,
        "batch": entry.batch, "record": entry.record, "created_at": time(entry.created_at),
    })
}

async fn one(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(name): Path<String>,
    Query(wanted): Query<Period>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, wanted.period.as_deref()).await?;
    let mut value = series_json(&series);
    value["periods"] = site.app.periods(&site.office, &series).await?.into();
    Ok(axum::Json(value).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    period: Option<String>,
    q: Option<String>,
    state: Option<String>,
    below: Option<i64>,
    limit: Option<u32>,
}

async fn entries(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, wanted.period.as_deref()).await?;
    let state = wanted.state.as_deref().map(state_of).transpose()?;
    let most = limit(wanted.limit);
    let found = site.app.find_entries(&site.office, &series, wanted.q.as_deref().unwrap_or_default(), state, wanted.below, most).await?;
    let next = found.last().filter(|_| found.len() == most as usize).map(|last| last.number.to_string());
    Ok(axum::Json(list_of("entries", found.iter().map(entry_json).collect(), next)).into_response())
}

fn state_of(name: &str) -> Result<EntryState, Fault> {
    EntryState::from_name(name).map_err(|_| {
        let remedy = say!("một trong: taken, reserved, void", "one of taken, reserved, void");
        Fault::invalid(vec![
            Diagnostic::error("state-unknown", say!("không có trạng thái này", "there is no such state")).with_value(name).remedy(remedy),
        ])
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    period: Option<String>,
    format: Format,
    organisation: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Format {
    Xlsx,
    Pdf,
}

async fn export(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(name): Path<String>,
    Query(wanted): Query<Export>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, wanted.period.as_deref()).await?;
    let organisation = site.app.own_organisation(wanted.organisation.as_deref(), &caller.principal)?;
    let (ending, kind) = match wanted.format {
        Format::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Format::Pdf => ("pdf", "application/pdf"),
    };
    let place = site.limits.render().await?;
    let bytes = site.app.exported(&site.office, &series, organisation.as_deref(), ending, &caller.principal.name).await?;
    drop(place);
    Ok(download::file(bytes, kind, &format!("{}-{}.{ending}", series.register.key, series.period), false))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reservation {
    count: u32,
    reason: String,
    period: Option<String>,
}

async fn reserve(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(wanted): Json<Reservation>,
) -> Result<Response, Fault> {
    let key = once::key(&headers)?;
    let series = site.app.series_seen(&site.office, &caller.principal, &name, wanted.period.as_deref()).await?;
    let request = json!([name, wanted.period, wanted.count, wanted.reason]).to_string();
    once::once(&site, &caller, "reserve", key.as_deref(), &request, async {
        let first = site.app.reserve(&site.office, &series, wanted.count, &wanted.reason, &caller.principal.name).await?;
        let last = first + i64::from(wanted.count) - 1;
        debug_assert!(wanted.count <= RESERVED_MAX);
        Ok((StatusCode::CREATED, json!({ "register": name, "period": series.period, "first": first, "last": last })))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Voiding {
    reason: String,
    period: Option<String>,
}

async fn void(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((name, number)): Path<(String, i64)>,
    Json(wanted): Json<Voiding>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, wanted.period.as_deref()).await?;
    site.app.void(&site.office, &series, number, &wanted.reason, &caller.principal.name).await?;
    shown(&site, &series, number).await
}

async fn shown(site: &Site, series: &Series, number: i64) -> Result<Response, Fault> {
    let found = site.app.find_entries(&site.office, series, "", None, number.checked_add(1), 1).await?;
    let entry = found.into_iter().find(|entry| entry.number == number).ok_or_else(Fault::not_found)?;
    Ok(axum::Json(entry_json(&entry)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Late {
    reason: String,
    period: Option<String>,
    #[serde(default)]
    code: String,
    date: String,
    subject: String,
    #[serde(default)]
    signatory: String,
    #[serde(default)]
    recipient: String,
    #[serde(default)]
    keeper: String,
    #[serde(default = "one_copy")]
    copies: u32,
    #[serde(default)]
    note: String,
}

fn one_copy() -> u32 {
    1
}

async fn enter(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((name, number)): Path<(String, i64)>,
    Json(late): Json<Late>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, late.period.as_deref()).await?;
    let Late { reason, period: _, code, date, subject, signatory, recipient, keeper, copies, note } = late;
    let particulars = Particulars { code, date, subject, signatory, recipient, keeper, copies, note };
    site.app.enter(&site.office, &series, number, &particulars, &reason, &caller.principal.name).await?;
    shown(&site, &series, number).await
}
