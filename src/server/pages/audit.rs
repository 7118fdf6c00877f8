//! The audit log: `/nhat-ky`. Newest first; whether the chain holds is asked for by a button, since it reads every line.

use std::sync::Arc;

use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Right;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::Page;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

/// Lines of a page.
const LINES: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/nhat-ky", Rule::Needs(Right::Administer), list),
        Route::post("/nhat-ky/kiem-tra", Rule::Needs(Right::Administer), check),
    ]
}

#[derive(Deserialize, Default)]
struct Wanted {
    /// Lines before this one.
    truoc: Option<i64>,
    /// Of whom.
    #[serde(default)]
    ai: String,
}

async fn page(site: &Site, wanted: &Wanted, checked: Value) -> Result<Page, Fault> {
    let who = wanted.ai.trim();
    let lines = site.app.audit_before(&site.office, wanted.truoc, who, LINES).await?;
    let next = lines.last().filter(|last| last.sequence > 1 && lines.len() == LINES as usize).map(|last| last.sequence);
    let shown: Value = lines
        .iter()
        .map(|line| {
            json!({ "sequence": line.sequence, "at": line.at, "actor": line.actor, "action": line.action, "subject": line.subject, "detail": line.detail })
        })
        .collect();
    Ok(Page::of("audit/list", json!({ "lines": shown, "next": next, "who": who, "checked": checked })))
}

async fn list(State(site): State<Arc<Site>>, _: Caller, Query(wanted): Query<Wanted>) -> Result<Page, Fault> {
    page(&site, &wanted, Value::Null).await
}

async fn check(State(site): State<Arc<Site>>) -> Result<Page, Fault> {
    let broken = site.app.broken_audit_line(&site.office).await?;
    page(&site, &Wanted::default(), json!({ "broken": broken })).await
}
