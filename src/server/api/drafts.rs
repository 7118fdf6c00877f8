//! `/api/v1/drafts`: lists on their way to a batch: begun, given options, checked, planned, started, approved.
//!
//! The list itself is [`super::tables`]', a look at a record [`super::previews`]'.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body::{Asker, Json, Path, Query};
use super::{JSON_BYTES, limit, list as list_of, once, time};
use crate::access::{Principal, Right};
use crate::app::drafts::{self, Draft, NewDraft, Submitted};
use crate::app::submissions::Submission;
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::lifecycle::DraftState;
use crate::say;
use crate::server::fault::{Fault, with_sentences};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const READ: Rule = Rule::Needs(Right::Read);
const MAKE: Rule = Rule::Needs(Right::Make);
const APPROVE: Rule = Rule::Needs(Right::Approve);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/drafts", READ, list),
        Route::post("/api/v1/drafts", MAKE, create).body(JSON_BYTES),
        Route::get("/api/v1/drafts/{id}", READ, one),
        Route::delete("/api/v1/drafts/{id}", MAKE, delete),
        Route::put("/api/v1/drafts/{id}/options", MAKE, options).body(JSON_BYTES),
        Route::post("/api/v1/drafts/{id}/check", MAKE, check),
        Route::get("/api/v1/drafts/{id}/plan", MAKE, plan),
        Route::post("/api/v1/drafts/{id}/submit", MAKE, submit).body(JSON_BYTES),
        Route::post("/api/v1/drafts/{id}/withdraw", MAKE, withdraw).body(JSON_BYTES),
        Route::post("/api/v1/drafts/{id}/approve", APPROVE, approve).body(JSON_BYTES),
        Route::post("/api/v1/drafts/{id}/reject", APPROVE, reject).body(JSON_BYTES),
    ]
}

pub(super) fn asker(principal: &Principal) -> drafts::Asker<'_> {
    drafts::Asker { name: &principal.name, organisation: principal.organisation.as_deref() }
}

pub(super) fn draft_json(draft: &Draft, language: Language) -> Value {
    // What waits is what was checked, though asking for approval was a revision of its own.
    let check = draft.current_check().or_else(|| draft.checked.as_ref().filter(|_| !draft.is_open()));
    json!({
        "id": draft.id, "template": draft.template, "organisation": draft.organisation, "owner": draft.owner, "state": draft.state.name(),
        "revision": draft.revision, "file": draft.file.as_ref().map(|file| &file.name), "ready": check.is_some_and(|check| check.is_ready(draft.request.only_valid)), "batch": draft.batch,
        "decided_by": draft.decided_by, "reason": draft.reason, "options": Submission::of(&draft.request),
        "diagnostics": check.map(|check| with_sentences(&check.diagnostics, language)),
        "documents": check.map(|check| check.accepted), "messages": check.map(|check| check.mails.values().sum::<u64>()),
        "created_at": time(draft.created_at), "changed_at": time(draft.changed_at),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let states = match wanted.state.as_deref() {
        None => DraftState::ALL.to_vec(),
        Some(name) => vec![DraftState::from_name(name).ok_or_else(|| {
            let remedy = say!("một trong: open, waiting, submitted, rejected", "one of open, waiting, submitted, rejected");
            let unknown = Diagnostic::error("state-unknown", say!("không có trạng thái này", "there is no such state"));
            Fault::invalid(vec![unknown.with_value(name).remedy(remedy)])
        })?],
    };
    let most = limit(wanted.limit);
    let found = site.app.drafts(&site.office, asker(&caller.principal), (false, &states), wanted.after.as_deref(), most).await?;
    let next = found.last().filter(|_| found.len() == most as usize).map(|last| last.id.clone());
    let found: Vec<Value> = found.iter().map(|draft| draft_json(draft, caller.language)).collect();
    Ok(axum::Json(list_of("drafts", found, next)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    template: String,
    organisation: Option<String>,
}

/// Begins a draft; the same `Idempotency-Key` is the same draft.
async fn create(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    headers: HeaderMap,
    Json(begun): Json<Begun>,
) -> Result<Response, Fault> {
    let key = once::key(&headers)?;
    let digest = once::digest([begun.template.as_bytes(), begun.organisation.as_deref().unwrap_or_default().as_bytes()]);
    once::once(&site, &caller, "drafts", key.as_deref(), &digest, async {
        let (own_key, key_digest) = key.as_ref().map(|key| (format!("api:{}:{key}", caller.principal.name), digest.clone())).unzip();
        let organisation = site.app.own_organisation(begun.organisation.as_deref(), &caller.principal)?;
        let new = NewDraft { template: begun.template, organisation, key: own_key, key_digest };
        let draft = site.app.create_draft(&site.office, asker(&caller.principal), new).await?;
        Ok((StatusCode::CREATED, draft_json(&draft, caller.language)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    revision: u64,
    options: Map<String, Value>,
}

/// Puts other options in the place of those of the draft; its template and its organisation stay.
async fn options(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(given): Json<Options>,
) -> Result<Response, Fault> {
    let draft = site.app.set_options(&site.office, asker(&caller.principal), &id, given.revision, given.options).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}

/// Checks every row now; a long list is not checked after each change by itself.
async fn check(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let draft = site.app.check_draft(&site.office, asker(&caller.principal), &id).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}

/// What the draft would come to.
async fn plan(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let by = asker(&caller.principal);
    let estimate = site.app.estimate(&site.office, by, &id).await?;
    let draft = site.app.draft(&site.office, by, &id).await?;
    let check = draft.current_check();
    let numbers: Vec<Value> = check
        .iter()
        .flat_map(|check| &check.numbers)
        .map(|(register, period, first, last)| json!({ "register": register, "period": period, "first": first, "last": last }))
        .collect();
    Ok(axum::Json(json!({
        "revision": draft.revision, "documents": estimate.documents, "pages": estimate.pages, "bytes": estimate.bytes,
        "seconds": estimate.seconds, "messages": estimate.messages, "quota": estimate.quota,
        "domains": check.map(|check| &check.mails), "unaddressed": check.map(|check| check.unaddressed),
        "rejected": check.map(|check| check.rejected), "numbers": numbers, "ready": draft.is_ready(),
        "needs_approval": site.app.needs_approval(),
    }))
    .into_response())
}

/// Makes the draft a batch, or asks for approval where that is required.
async fn submit(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(seen): Json<Seen>,
) -> Result<Response, Fault> {
    let (state, batch) = match site.app.submit_draft(&site.office, asker(&caller.principal), &id, seen.revision).await? {
        Submitted::Batch(batch) => ("accepted", Some(batch)),
        Submitted::Waiting => ("waiting", None),
    };
    Ok((StatusCode::ACCEPTED, axum::Json(json!({ "draft": id, "state": state, "batch": batch }))).into_response())
}

async fn one(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}

async fn delete(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    site.app.delete_draft(&site.office, asker(&caller.principal), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    pub revision: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    revision: u64,
    reason: String,
}

async fn withdraw(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(seen): Json<Seen>,
) -> Result<Response, Fault> {
    let draft = site.app.withdraw_draft(&site.office, asker(&caller.principal), &id, seen.revision).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}

async fn approve(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(seen): Json<Seen>,
) -> Result<Response, Fault> {
    let batch = site.app.approve_draft(&site.office, asker(&caller.principal), &id, seen.revision).await?;
    Ok(axum::Json(json!({ "draft": id, "batch": batch })).into_response())
}

async fn reject(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(refusal): Json<Refusal>,
) -> Result<Response, Fault> {
    let by = asker(&caller.principal);
    let draft = site.app.reject_draft(&site.office, by, &id, refusal.revision, &refusal.reason).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}
