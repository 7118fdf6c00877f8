//! `/api/v1/deliveries`: messages, how they stand, and what a person or program decides about them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path, Query};
use super::{JSON_BYTES, limit, list as list_of, time};
use crate::access::Right;
use crate::app::post::Decision;
use crate::delivery::cause::Cause;
use crate::delivery::state::State as DeliveryState;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::deliveries::{Filter, Posted, state_name};

const READ: Rule = Rule::Needs(Right::Read);
const SEND: Rule = Rule::Needs(Right::Send);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/deliveries", READ, list),
        Route::get("/api/v1/deliveries/{id}", READ, one),
        Route::get("/api/v1/deliveries/{id}/message", READ, message),
        Route::post("/api/v1/deliveries/{id}/retry", SEND, retry).body(JSON_BYTES),
        Route::post("/api/v1/deliveries/{id}/cancel", SEND, cancel).body(JSON_BYTES),
        Route::post("/api/v1/deliveries/{id}/resolve", SEND, resolve).body(JSON_BYTES),
        Route::post("/api/v1/deliveries/{id}/readdress", SEND, readdress).body(JSON_BYTES),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    batch: Option<String>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let most = limit(wanted.limit);
    let filter = Filter { batch: wanted.batch, state: wanted.state, since: 0 };
    let found = site.app.deliveries_seen(&site.office, &caller.principal, &filter, wanted.after.as_deref(), most).await?;
    let next = found.last().filter(|_| found.len() == most as usize).map(|last| last.id.clone());
    Ok(axum::Json(list_of("deliveries", found.iter().map(delivery_json).collect(), next)).into_response())
}

pub(super) fn delivery_json(posted: &Posted) -> Value {
    let next_at = match posted.delivery.state {
        DeliveryState::Queued { next_at } => time(next_at),
        _ => Value::Null,
    };
    json!({
        "id": posted.id, "batch": posted.batch, "record": posted.record, "recipient": posted.recipient, "relay": posted.relay,
        "state": state_name(posted.delivery.state), "attempts": posted.delivery.attempts, "uncertain": posted.delivery.uncertain,
        "next_at": next_at, "cause": posted.cause.map(Cause::name), "explanation": posted.cause.map(Cause::describe),
        "reply": posted.reply, "reason": posted.reason, "created_at": time(posted.created_at),
        "changed_at": time(posted.changed_at),
    })
}

async fn one(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let posted = site.app.delivery_seen(&site.office, &caller.principal, &id).await?;
    Ok(axum::Json(delivery_json(&posted)).into_response())
}

async fn message(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(id): Path<String>) -> Result<Response, Fault> {
    let posted = site.app.delivery_seen(&site.office, &caller.principal, &id).await?;
    let bytes = site.app.message_of(&site.office, &posted).await?;
    Ok(download::file(bytes, "message/rfc822", &format!("{id}.eml"), false))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolution {
    outcome: Outcome,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Sent,
    Resend,
}

async fn decide(site: &Site, asker: &crate::access::Principal, id: &str, decision: Decision, reason: &str) -> Result<Response, Fault> {
    site.app.delivery_seen(&site.office, asker, id).await?;
    let posted = site.app.decide_in(&site.office, id, decision, &asker.name, reason).await?;
    Ok(axum::Json(delivery_json(&posted)).into_response())
}

async fn retry(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Response, Fault> {
    decide(&site, &caller.principal, &id, Decision::Resend, &body.reason).await
}

async fn cancel(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Response, Fault> {
    decide(&site, &caller.principal, &id, Decision::Cancel, &body.reason).await
}

async fn resolve(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(body): Json<Resolution>,
) -> Result<Response, Fault> {
    let decision = match body.outcome {
        Outcome::Sent => Decision::Sent,
        Outcome::Resend => Decision::Resend,
    };
    decide(&site, &caller.principal, &id, decision, &body.reason).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Readdressed {
    address: String,
}

async fn readdress(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Json(body): Json<Readdressed>,
) -> Result<Response, Fault> {
    let next = site.app.readdress(&site.office, &caller.principal, &id, body.address.trim()).await?;
    Ok((axum::http::StatusCode::CREATED, axum::Json(delivery_json(&next))).into_response())
}
