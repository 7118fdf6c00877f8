//! `/api/v1/printers`: how far each printer misses, and the sheet to measure that on.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Json, Office, Path, Query};
use super::{JSON_BYTES, Version, counted};
use crate::access::Right;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Configure);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/printers", RULE, list),
        Route::put("/api/v1/printers/{name}", RULE, save).body(JSON_BYTES),
        Route::delete("/api/v1/printers/{name}", RULE, remove),
        Route::get("/api/v1/calibration-sheet", RULE, sheet),
    ]
}

fn shown(site: &Site) -> Response {
    let config = site.app.configuration();
    let printers: Vec<Value> = config
        .printers
        .iter()
        .map(|(name, own)| json!({ "name": name, "offset_x_mm": own.offset_x_mm, "offset_y_mm": own.offset_y_mm }))
        .collect();
    axum::Json(json!({ "printers": printers, "version": site.app.configuration_version() })).into_response()
}

async fn list(State(site): State<Arc<Site>>, _: Office) -> Response {
    shown(&site)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    version: String,
    offset_x_mm: f64,
    offset_y_mm: f64,
}

async fn save(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Json(own): Json<Measured>,
) -> Result<Response, Fault> {
    let offset = (own.offset_x_mm, own.offset_y_mm);
    counted(site.app.save_printer(&site.office, &own.version, &name, offset, &caller.principal).await?)?;
    Ok(shown(&site))
}

async fn remove(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Query(seen): Query<Version>,
) -> Result<Response, Fault> {
    if !site.app.configuration().printers.contains_key(&name) {
        return Err(Fault::not_found());
    }
    counted(site.app.remove_printer(&site.office, &seen.version, &name, &caller.principal).await?)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// To be printed at full size.
async fn sheet(State(site): State<Arc<Site>>, _: Office) -> Result<Response, Fault> {
    let _place = site.limits.render().await?;
    let pdf = site.app.calibration_sheet().await?;
    Ok(download::file(pdf, "application/pdf", "to-can-chinh.pdf", true))
}
