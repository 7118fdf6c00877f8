//! `/api/v1/webhooks`: who wants to be told of what, and how telling them went.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path};
use super::{JSON_BYTES, time};
use crate::access::Right;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::webhooks::{Call, Webhook};

const RULE: Rule = Rule::Needs(Right::Configure);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/webhooks", RULE, list),
        Route::post("/api/v1/webhooks", RULE, create).body(JSON_BYTES),
        Route::get("/api/v1/webhooks/{id}", RULE, one),
        Route::delete("/api/v1/webhooks/{id}", RULE, remove),
    ]
}

fn webhook_json(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id, "url": webhook.url, "events": webhook.events, "organisation": webhook.organisation,
        "created_by": webhook.created_by, "created_at": time(webhook.created_at),
    })
}

fn call_json(call: &Call) -> Value {
    let next_at = if call.state == "queued" { time(call.next_at) } else { Value::Null };
    json!({
        "id": call.id, "event": call.event, "state": call.state, "attempts": call.attempts, "next_at": next_at, "status": call.status,
        "reason": call.reason, "created_at": time(call.created_at),
    })
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker) -> Result<Response, Fault> {
    let all = site.app.webhooks(&site.office, &caller.principal).await?;
    Ok(axum::Json(json!({ "webhooks": all.iter().map(webhook_json).collect::<Vec<_>>() })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscription {
    url: String,
    events: Vec<String>,
}

async fn create(State(site): State<Arc<Site>>, Asker(caller): Asker, Json(wanted): Json<Subscription>) -> Result<Response, Fault> {
    let (webhook, secret) = site.app.new_webhook(&site.office, &wanted.url, &wanted.events, &caller.principal).await?;
    let mut value = webhook_json(&webhook);
    // Shown once.
    value["secret"] = secret.into();
    Ok((StatusCode::CREATED, axum::Json(value)).into_response())
}

async fn one(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let (webhook, calls) = site.app.webhook(&site.office, &id, &caller.principal).await?;
    let mut value = webhook_json(&webhook);
    value["calls"] = calls.iter().map(call_json).collect();
    Ok(axum::Json(value).into_response())
}

async fn remove(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    site.app.remove_webhook(&site.office, &id, &caller.principal).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
