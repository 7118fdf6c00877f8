//! `/api/v1/documents`: finding, looking at, fetching and lending documents.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path, Query};
use super::deliveries::delivery_json;
use super::registers::entry_json;
use super::{JSON_BYTES, limit, time, time_or_none};
use crate::access::Right;
use crate::app::documents::{COUNTED_MAX, day_problem};
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::links::LinkRow;
use crate::store::search::{DocumentFilter, Found, Page};

const READ: Rule = Rule::Needs(Right::Read);
const APPROVE: Rule = Rule::Needs(Right::Approve);
const SEND: Rule = Rule::Needs(Right::Send);
/// The life of a link that says none, in seconds.
const LINK_LIFE: i64 = 24 * 60 * 60;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/documents", READ, list),
        Route::get("/api/v1/documents/{id}", READ, one),
        Route::get("/api/v1/documents/{id}/content", READ, content),
        Route::get("/api/v1/documents/{id}/links", READ, links),
        Route::post("/api/v1/documents/{id}/links", SEND, lend).body(JSON_BYTES),
        Route::delete("/api/v1/documents/{id}/links/{link}", SEND, take_back),
        Route::post("/api/v1/documents/{id}/revoke", APPROVE, revoke).body(JSON_BYTES),
        Route::post("/api/v1/documents/{id}/replace", APPROVE, replace).body(JSON_BYTES),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    q: Option<String>,
    template: Option<String>,
    organisation: Option<String>,
    state: Option<String>,
    batch: Option<String>,
    from: Option<String>,
    until: Option<String>,
    after: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let page = match (wanted.after, wanted.before) {
        (Some(after), _) => Page::After(after),
        (None, Some(before)) => Page::Before(before),
        (None, None) => Page::First,
    };
    let problems: Vec<_> = [("from", &wanted.from), ("until", &wanted.until)]
        .into_iter()
        .filter_map(|(name, day)| day.as_deref().and_then(|day| day_problem(name, day)))
        .collect();
    if !problems.is_empty() {
        return Err(Fault::invalid(problems));
    }
    let filter = DocumentFilter {
        words: wanted.q.unwrap_or_default(),
        organisation: wanted.organisation,
        template: wanted.template,
        state: wanted.state,
        batch: wanted.batch,
        from: wanted.from,
        until: wanted.until,
    };
    let found = site.app.find_documents(&site.office, &caller.principal, &filter, &page, limit(wanted.limit)).await?;
    let next = found.documents.last().filter(|_| found.older).map(|last| &last.id);
    let previous = found.documents.first().filter(|_| found.newer).map(|first| &first.id);
    Ok(axum::Json(json!({
        "documents": found.documents.iter().map(document_json).collect::<Vec<_>>(),
        "next": next,
        "previous": previous,
        "count": found.count.min(u64::from(COUNTED_MAX)),
        "count_is_exact": found.count <= u64::from(COUNTED_MAX),
    }))
    .into_response())
}

pub(super) fn document_json(found: &Found) -> Value {
    json!({
        "id": found.id, "code": found.code, "name": found.name, "title": found.title, "date": found.date, "template": found.template,
        "organisation": found.organisation, "state": found.state, "file": found.file, "pages": found.pages, "bytes": found.bytes,
        "sha256": found.sha256, "batch": found.batch, "record": found.record, "created_at": time(found.created_at),
    })
}

async fn one(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let dossier = site.app.dossier(&site.office, &caller.principal, &id).await?;
    let mut value = document_json(&dossier.document);
    value["register"] = dossier.entry.as_ref().map_or(Value::Null, |(register, entry)| {
        let mut line = entry_json(entry);
        line["register"] = register.as_str().into();
        line
    });
    value["deliveries"] = dossier.deliveries.iter().map(delivery_json).collect();
    value["links"] = dossier.links.iter().map(link_json).collect();
    value["history"] = dossier
        .acts
        .iter()
        .map(|line| json!({ "at": time(line.at), "actor": line.actor, "action": line.action, "detail": line.detail }))
        .collect();
    Ok(axum::Json(value).into_response())
}

async fn content(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let found = site.app.document(&site.office, &caller.principal, &id).await?;
    let bytes = site.app.fetch_document(&site.office, &caller.principal, &found).await?;
    Ok(download::file(bytes, "application/pdf", &found.file, false))
}

fn link_json(link: &LinkRow) -> Value {
    json!({
        "id": link.id, "created_by": link.created_by, "created_at": time(link.created_at), "expires_at": time(link.expires_at),
        "revoked_at": time_or_none(link.revoked_at), "opened": link.opened,
    })
}

async fn links(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let found = site.app.document(&site.office, &caller.principal, &id).await?;
    let links = site.app.links_of(&site.office, &found.id).await?;
    Ok(axum::Json(json!({ "links": links.iter().map(link_json).collect::<Vec<_>>() })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lending {
    seconds: Option<i64>,
}

async fn lend(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(lending): Json<Lending>,
) -> Result<Response, Fault> {
    let found = site.app.document(&site.office, &caller.principal, &id).await?;
    let given = site.app.give_link(&site.office, &found.id, lending.seconds.unwrap_or(LINK_LIFE), &caller.principal.name).await?;
    let value = json!({ "id": given.id, "url": format!("{}{}", caller.base, given.path), "expires_at": time(given.expires_at) });
    Ok((StatusCode::CREATED, axum::Json(value)).into_response())
}

async fn take_back(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((id, link)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let found = site.app.document(&site.office, &caller.principal, &id).await?;
    let links = site.app.links_of(&site.office, &found.id).await?;
    if !links.iter().any(|own| own.id == link) {
        return Err(Fault::not_found());
    }
    site.app.revoke_links(&site.office, &found.id, Some(&link), &caller.principal.name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    reason: String,
}

async fn revoke(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(wanted): Json<Revocation>,
) -> Result<Response, Fault> {
    site.app.document(&site.office, &caller.principal, &id).await?;
    let code = site.app.code_of(&site.office, &id, caller.principal.organisation.as_deref()).await?;
    site.app.revoke(&site.office, code, &wanted.reason, &caller.principal.name).await?;
    one(State(site), Asker(caller), Path(id)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    by: String,
    reason: String,
}

async fn replace(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(wanted): Json<Replacement>,
) -> Result<Response, Fault> {
    site.app.document(&site.office, &caller.principal, &id).await?;
    let own = caller.principal.organisation.as_deref();
    let code = site.app.code_of(&site.office, &id, own).await?;
    let by = site.app.code_of(&site.office, &wanted.by, own).await?;
    site.app.replace(&site.office, code, by, &wanted.reason, &caller.principal.name).await?;
    one(State(site), Asker(caller), Path(id)).await
}
