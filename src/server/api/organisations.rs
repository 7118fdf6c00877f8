//! `/api/v1/organisations`: profiles, and those who sign with the pictures of their signatures and seals.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path, Query};
use super::parts::Filled;
use super::{JSON_BYTES, Version, counted};
use crate::access::{Principal, Right};
use crate::app::configure::{Profile, SignatoryForm};
use crate::config::Organisation;
use crate::config::organisation::Signatory;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Configure);
/// Two pictures and some words.
const BODY: usize = 11 << 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/organisations", RULE, list),
        Route::get("/api/v1/organisations/{key}", RULE, one),
        Route::put("/api/v1/organisations/{key}", RULE, save).body(BODY),
        Route::get("/api/v1/organisations/{key}/pictures/{picture}", RULE, picture),
        Route::put("/api/v1/organisations/{key}/signatories/{index}", RULE, save_signatory).body(BODY),
        Route::delete("/api/v1/organisations/{key}/signatories/{index}", RULE, remove_signatory),
        Route::post("/api/v1/organisations/{key}/signatories/{index}/first", RULE, put_first).body(JSON_BYTES),
    ]
}

fn signatory_json((index, own): (usize, &Signatory)) -> Value {
    json!({
        "index": index, "name": own.name, "authority": own.authority, "seal_mm": own.seal_mm, "from": own.from, "until": own.until,
        "signature": own.signature.is_some(), "seal": own.seal.is_some(),
    })
}

fn organisation_json(own: &Organisation) -> Value {
    json!({
        "key": own.key, "name": own.name, "name_lines": own.name_lines, "superior_lines": own.superior_lines,
        "abbreviation": own.abbreviation, "place": own.place, "address": own.address, "style": own.style, "emblem": own.emblem.is_some(),
        "signatories": own.signatories.iter().enumerate().map(signatory_json).collect::<Value>(),
    })
}

/// The organisation, when there is one and the asker sees it.
fn seen(site: &Site, asker: &Principal, key: &str) -> Result<Organisation, Fault> {
    site.app.organisation(key).filter(|_| asker.sees(Some(key))).ok_or_else(Fault::not_found)
}

/// An organisation with the version that a change names.
fn shown(site: &Site, asker: &Principal, key: &str) -> Result<Response, Fault> {
    let mut value = organisation_json(&seen(site, asker, key)?);
    value["version"] = site.app.configuration_version().into();
    Ok(axum::Json(value).into_response())
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker) -> Response {
    let keys = site.app.organisation_names();
    let all: Vec<Value> =
        keys.iter().filter_map(|(key, _)| seen(&site, &caller.principal, key).ok()).map(|own| organisation_json(&own)).collect();
    axum::Json(json!({ "organisations": all, "version": site.app.configuration_version() })).into_response()
}

async fn one(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(key): Path<String>) -> Result<Response, Fault> {
    shown(&site, &caller.principal, &key)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewProfile {
    version: String,
    name: String,
    #[serde(default)]
    name_lines: Vec<String>,
    #[serde(default)]
    superior_lines: Vec<String>,
    #[serde(default)]
    abbreviation: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    style: Option<String>,
    #[serde(default)]
    remove_emblem: bool,
}

async fn save(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(key): Path<String>,
    mut form: Filled<NewProfile>,
) -> Result<Response, Fault> {
    seen(&site, &caller.principal, &key)?;
    let emblem = form.picture("emblem", form.value.remove_emblem);
    let own = form.value;
    let profile = Profile {
        name: own.name,
        name_lines: own.name_lines.join("\n"),
        superior_lines: own.superior_lines.join("\n"),
        abbreviation: own.abbreviation,
        place: own.place,
        address: own.address.unwrap_or_default(),
        style: own.style.unwrap_or_default(),
    };
    counted(site.app.save_profile(&site.office, &own.version, &key, &profile, &emblem, &caller.principal).await?)?;
    shown(&site, &caller.principal, &key)
}

/// `emblem`, `signature.0`, `seal.0`.
async fn picture(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((key, picture)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let own = seen(&site, &caller.principal, &key)?;
    let of = |index: &str| index.parse::<usize>().ok().and_then(|index| own.signatories.get(index));
    let name = match picture.split_once('.') {
        None if picture == "emblem" => own.emblem.clone(),
        Some(("signature", index)) => of(index).and_then(|signatory| signatory.signature.clone()),
        Some(("seal", index)) => of(index).and_then(|signatory| signatory.seal.clone()),
        _ => None,
    };
    let name = name.ok_or_else(Fault::not_found)?;
    let (bytes, kind) = site.app.picture(&name).map_err(|_| Fault::not_found())?;
    Ok(download::file(bytes, kind, name.rsplit('/').next().unwrap_or_default(), false))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSignatory {
    version: String,
    name: String,
    authority: Vec<String>,
    seal_mm: Option<f64>,
    from: Option<Date>,
    until: Option<Date>,
    #[serde(default)]
    remove_signature: bool,
    #[serde(default)]
    remove_seal: bool,
}

/// Changes a signatory; the index after the last one adds another.
async fn save_signatory(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((key, index)): Path<(String, usize)>,
    mut form: Filled<NewSignatory>,
) -> Result<Response, Fault> {
    if index > seen(&site, &caller.principal, &key)?.signatories.len() {
        return Err(Fault::not_found());
    }
    let signature = form.picture("signature", form.value.remove_signature);
    let seal = form.picture("seal", form.value.remove_seal);
    let own = form.value;
    let given = SignatoryForm {
        authority: own.authority.join("\n"),
        name: own.name,
        seal_mm: own.seal_mm,
        from: own.from,
        until: own.until,
        signature,
        seal,
    };
    counted(site.app.save_signatory(&site.office, &own.version, &key, index, &given, &caller.principal).await?)?;
    shown(&site, &caller.principal, &key)
}

async fn moved(site: &Site, asker: &Principal, (key, index): (&str, usize), version: &str, first: bool) -> Result<(), Fault> {
    if index >= seen(site, asker, key)?.signatories.len() {
        return Err(Fault::not_found());
    }
    counted(site.app.move_signatory(&site.office, version, key, index, first, asker).await?)
}

async fn remove_signatory(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((key, index)): Path<(String, usize)>,
    Query(seen): Query<Version>,
) -> Result<Response, Fault> {
    moved(&site, &caller.principal, (key.as_str(), index), &seen.version, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn put_first(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((key, index)): Path<(String, usize)>,
    Json(seen): Json<Version>,
) -> Result<Response, Fault> {
    moved(&site, &caller.principal, (key.as_str(), index), &seen.version, true).await?;
    shown(&site, &caller.principal, &key)
}
