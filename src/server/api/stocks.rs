//! `/api/v1/stocks`: pre-printed sheets, what they carry, where each field stands.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Json, Office, Path, Query};
use super::{JSON_BYTES, Version, counted};
use crate::access::Right;
use crate::app::stock::SheetForm;
use crate::config::stock::{FIELDS, PREPRINTED, Stock, StockField};
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Configure);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/stocks", RULE, list),
        Route::get("/api/v1/stocks/{name}", RULE, one),
        Route::put("/api/v1/stocks/{name}", RULE, save).body(JSON_BYTES),
        Route::delete("/api/v1/stocks/{name}", RULE, remove),
        Route::put("/api/v1/stocks/{name}/fields/{field}", RULE, save_field).body(JSON_BYTES),
        Route::delete("/api/v1/stocks/{name}/fields/{field}", RULE, remove_field),
    ]
}

fn stock_json(name: &str, stock: &Stock) -> Value {
    json!({
        "name": name, "title": stock.title, "width_mm": stock.width_mm, "height_mm": stock.height_mm, "preprinted": stock.preprinted,
        "background": stock.background.is_some(), "fields": stock.fields,
    })
}

fn known(site: &Site, name: &str) -> Result<(), Fault> {
    if site.app.configuration().stocks.contains_key(name) { Ok(()) } else { Err(Fault::not_found()) }
}

fn shown(site: &Site, name: &str) -> Result<Response, Fault> {
    let config = site.app.configuration();
    let mut value = stock_json(name, config.stocks.get(name).ok_or_else(Fault::not_found)?);
    value["version"] = site.app.configuration_version().into();
    Ok(axum::Json(value).into_response())
}

async fn list(State(site): State<Arc<Site>>, _: Office) -> Response {
    let config = site.app.configuration();
    let all: Vec<Value> = config.stocks.iter().map(|(name, stock)| stock_json(name, stock)).collect();
    let version = site.app.configuration_version();
    axum::Json(json!({ "stocks": all, "parts": PREPRINTED, "fields": FIELDS, "version": version })).into_response()
}

async fn one(State(site): State<Arc<Site>>, _: Office, Path(name): Path<String>) -> Result<Response, Fault> {
    shown(&site, &name)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    version: String,
    #[serde(default)]
    title: String,
    width_mm: f64,
    height_mm: f64,
    preprinted: Vec<String>,
}

async fn save(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Json(own): Json<Sheet>,
) -> Result<Response, Fault> {
    let form = SheetForm { title: own.title, width_mm: own.width_mm, height_mm: own.height_mm, preprinted: own.preprinted };
    counted(site.app.save_stock(&site.office, &own.version, &name, &form, &caller.principal).await?)?;
    shown(&site, &name)
}

async fn remove(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Query(seen): Query<Version>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    counted(site.app.remove_stock(&site.office, &seen.version, &name, &caller.principal).await?)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Placed {
    version: String,
    field: StockField,
}

async fn save_field(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path((name, field)): Path<(String, String)>,
    Json(own): Json<Placed>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    if !FIELDS.contains(&field.as_str()) {
        return Err(Fault::not_found());
    }
    counted(site.app.save_stock_field(&site.office, &own.version, &name, &field, &own.field, &caller.principal).await?)?;
    shown(&site, &name)
}

/// Lets the field follow the template again.
async fn remove_field(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path((name, field)): Path<(String, String)>,
    Query(seen): Query<Version>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    counted(site.app.remove_stock_field(&site.office, &seen.version, &name, &field, &caller.principal).await?)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
