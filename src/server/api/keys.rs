//! `/api/v1/keys`: keys for programs, made, replaced and taken back.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path};
use super::{JSON_BYTES, time, time_or_none};
use crate::access::Right;
use crate::app::api_keys::KeyForm;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::api_keys::ApiKey;

const RULE: Rule = Rule::Needs(Right::Administer);
/// Hours that a replaced key lives on unless it is said otherwise.
const OVERLAP: u32 = 24;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/keys", RULE, list),
        Route::post("/api/v1/keys", RULE, create).body(JSON_BYTES),
        Route::post("/api/v1/keys/{id}/rotate", RULE, rotate).body(JSON_BYTES),
        Route::delete("/api/v1/keys/{id}", RULE, revoke),
    ]
}

fn key_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id, "name": key.name, "scopes": key.scopes, "organisation": key.organisation, "created_by": key.created_by,
        "created_at": time(key.created_at), "expires_at": time_or_none(key.expires_at), "last_used_at": time_or_none(key.last_used_at),
        "revoked_at": time_or_none(key.revoked_at), "replaced_by": key.replaced_by,
    })
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker) -> Result<Response, Fault> {
    let keys = site.app.api_keys(&site.office, &caller.principal).await?;
    Ok(axum::Json(json!({ "keys": keys.iter().map(key_json).collect::<Vec<_>>() })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    scopes: Vec<String>,
    organisation: Option<String>,
    days: Option<u32>,
}

async fn create(State(site): State<Arc<Site>>, Asker(caller): Asker, Json(wanted): Json<Wanted>) -> Result<Response, Fault> {
    let Wanted { name, scopes, organisation, days } = wanted;
    made(&site, &caller, KeyForm { name, scopes, organisation, days, replaces: None }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default = "overlap")]
    overlap_hours: u32,
    days: Option<u32>,
}

fn overlap() -> u32 {
    OVERLAP
}

async fn rotate(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(wanted): Json<Rotation>,
) -> Result<Response, Fault> {
    let form = KeyForm { days: wanted.days, replaces: Some((id, wanted.overlap_hours)), ..KeyForm::default() };
    made(&site, &caller, form).await
}

async fn made(site: &Site, caller: &crate::server::caller::Caller, form: KeyForm) -> Result<Response, Fault> {
    let (key, text) = site.app.new_api_key(&site.office, &form, &caller.principal).await?;
    let mut value = key_json(&key);
    // Shown once: the store has only its digest.
    value["key"] = text.into();
    Ok((StatusCode::CREATED, axum::Json(value)).into_response())
}

async fn revoke(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    site.app.revoke_api_key(&site.office, &id, &caller.principal).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
