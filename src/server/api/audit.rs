//! `/api/v1/audit`: who did what, and whether the log is whole.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Office, Query};
use super::{limit, list as list_of, time};
use crate::access::Right;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Administer);

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/audit", RULE, list), Route::post("/api/v1/audit/check", RULE, check)]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    before: Option<i64>,
    actor: Option<String>,
    limit: Option<u32>,
}

async fn list(State(site): State<Arc<Site>>, _: Office, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let most = limit(wanted.limit);
    let lines = site.app.audit_before(&site.office, wanted.before, wanted.actor.as_deref().unwrap_or_default().trim(), most).await?;
    let next = lines.last().filter(|last| last.sequence > 1 && lines.len() == most as usize).map(|last| last.sequence.to_string());
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "sequence": line.sequence, "at": time(line.at), "actor": line.actor, "action": line.action, "subject": line.subject,
                "detail": line.detail, "hash": line.hash,
            })
        })
        .collect();
    Ok(axum::Json(list_of("lines", lines, next)).into_response())
}

async fn check(State(site): State<Arc<Site>>, _: Office) -> Result<Response, Fault> {
    let broken = site.app.broken_audit_line(&site.office).await?;
    Ok(axum::Json(json!({ "whole": broken.is_none(), "broken_at": broken })).into_response())
}
