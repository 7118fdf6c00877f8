//! `/api/v1/drafts`: lists that wait for an approver, or that were begun on a page and not yet started.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path, Query};
use super::{JSON_BYTES, limit, time};
use crate::access::{Principal, Right};
use crate::app::drafts::{self, Draft};
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
        Route::get("/api/v1/drafts/{id}", READ, one),
        Route::post("/api/v1/drafts/{id}/withdraw", MAKE, withdraw).body(JSON_BYTES),
        Route::post("/api/v1/drafts/{id}/approve", APPROVE, approve).body(JSON_BYTES),
        Route::post("/api/v1/drafts/{id}/reject", APPROVE, reject).body(JSON_BYTES),
    ]
}

fn asker(principal: &Principal) -> drafts::Asker<'_> {
    drafts::Asker { name: &principal.name, organisation: principal.organisation.as_deref() }
}

fn draft_json(draft: &Draft, language: Language) -> Value {
    // What waits is what was checked, though asking for approval was a revision of its own.
    let check = draft.current_check().or_else(|| draft.checked.as_ref().filter(|_| !draft.is_open()));
    json!({
        "id": draft.id, "template": draft.template, "organisation": draft.organisation, "owner": draft.owner, "state": draft.state.name(),
        "revision": draft.revision, "file": draft.file.as_ref().map(|file| &file.name), "ready": check.is_some_and(|check| check.is_ready(draft.request.only_valid)), "batch": draft.batch,
        "decided_by": draft.decided_by, "reason": draft.reason,
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
    let found =
        site.app.drafts(&site.office, asker(&caller.principal), (false, &states), wanted.after.as_deref(), limit(wanted.limit)).await?;
    let found: Vec<Value> = found.iter().map(|draft| draft_json(draft, caller.language)).collect();
    Ok(axum::Json(json!({ "drafts": found })).into_response())
}

async fn one(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    Ok(axum::Json(draft_json(&draft, caller.language)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    revision: u64,
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
