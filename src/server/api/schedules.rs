//! `/api/v1/schedules`: what goes out by itself, when next, what became of it, and making it stop or go.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Asker, Json, Path, Query};
use super::{JSON_BYTES, limit, once, time};
use crate::access::Right;
use crate::app::schedule_form::ScheduleForm;
use crate::app::schedules::{Standing, reason_of};
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::schedules::Occurrence;

const READ: Rule = Rule::Needs(Right::Read);
const SCHEDULE: Rule = Rule::Needs(Right::Schedule);
/// Slots that are told of.
const NEXT: usize = 5;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/schedules", READ, list),
        Route::post("/api/v1/schedules", SCHEDULE, create).body(JSON_BYTES),
        Route::get("/api/v1/schedules/{name}", READ, one),
        Route::delete("/api/v1/schedules/{name}", SCHEDULE, remove),
        Route::get("/api/v1/schedules/{name}/occurrences", READ, occurrences),
        Route::post("/api/v1/schedules/{name}/pause", SCHEDULE, pause).body(JSON_BYTES),
        Route::post("/api/v1/schedules/{name}/resume", SCHEDULE, resume),
        Route::post("/api/v1/schedules/{name}/run", SCHEDULE, run),
    ]
}

fn standing_json(standing: &Standing) -> Value {
    json!({
        "name": standing.name, "template": standing.template, "organisation": standing.organisation, "when": standing.when,
        "source": standing.source, "enabled": standing.enabled, "paused": standing.paused,
        "next": standing.next.iter().map(|slot| json!({
            "at": slot.at.to_string(), "moved_from": slot.moved_from.map(|date| date.to_string()),
        })).collect::<Vec<_>>(),
    })
}

fn occurrence_json(occurrence: &Occurrence) -> Value {
    json!({
        "scheduled_for": time(occurrence.scheduled_for), "state": occurrence.state, "slots": occurrence.slots,
        "reason": reason_of(occurrence), "changed_at": time(occurrence.changed_at),
    })
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker) -> Result<Response, Fault> {
    let all = site.app.schedules_seen(&site.office, &caller.principal, NEXT).await?;
    Ok(axum::Json(json!({ "schedules": all.iter().map(standing_json).collect::<Vec<_>>() })).into_response())
}

async fn one(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(name): Path<String>) -> Result<Response, Fault> {
    let standing = site.app.schedule_seen(&site.office, &caller.principal, &name, NEXT).await?;
    Ok(axum::Json(standing_json(&standing)).into_response())
}

/// A schedule that is about to be made: what the page's form asks for, with the rule as a cron expression.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    template: String,
    file: String,
    cron: String,
    #[serde(default = "newest")]
    pick: String,
    #[serde(default = "next")]
    working_day: String,
    #[serde(default)]
    common: BTreeMap<String, String>,
    #[serde(default)]
    mail: bool,
    #[serde(default)]
    merge: bool,
    #[serde(default)]
    only_new: bool,
}

fn newest() -> String {
    "newest".to_owned()
}

fn next() -> String {
    "next".to_owned()
}

async fn create(State(site): State<Arc<Site>>, Asker(caller): Asker, Json(new): Json<New>) -> Result<Response, Fault> {
    let on = |ticked: bool| ticked.then(|| "on".to_owned());
    // The form has a line for each value.
    let common = new.common.iter().map(|(field, value)| format!("{field} = {}\n", value.replace(['\r', '\n'], " "))).collect();
    let form = ScheduleForm {
        name: new.name,
        template: new.template,
        file: new.file,
        plan: "cron".to_owned(),
        cron: new.cron,
        pick: new.pick,
        working_day: new.working_day,
        common,
        mail: on(new.mail),
        merge: on(new.merge),
        only_new: on(new.only_new),
        ..ScheduleForm::default()
    };
    let name = site.app.create_schedule(&site.office, &caller.principal, &form).await?;
    let standing = site.app.schedule_seen(&site.office, &caller.principal, &name, NEXT).await?;
    Ok((StatusCode::CREATED, axum::Json(standing_json(&standing))).into_response())
}

async fn remove(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(name): Path<String>) -> Result<Response, Fault> {
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    site.app.remove_schedule(&site.office, &name, &caller.principal.name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    limit: Option<u32>,
}

async fn occurrences(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let standing = site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    let found = site.app.occurrences(&site.office, &standing.name, limit(wanted.limit)).await?;
    Ok(axum::Json(json!({ "occurrences": found.iter().map(occurrence_json).collect::<Vec<_>>() })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pausing {
    reason: String,
}

async fn pause(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(name): Path<String>,
    Json(body): Json<Pausing>,
) -> Result<Response, Fault> {
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    site.app.pause_schedule_in(&site.office, &name, Some(&body.reason), &caller.principal.name).await?;
    one(State(site), Asker(caller), Path(name)).await
}

async fn resume(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(name): Path<String>) -> Result<Response, Fault> {
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    site.app.pause_schedule_in(&site.office, &name, None, &caller.principal.name).await?;
    one(State(site), Asker(caller), Path(name)).await
}

async fn run(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let key = once::key(&headers)?;
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    once::once(&site, &caller, "run", key.as_deref(), &name, async {
        let slot = site.app.run_schedule_in(&site.office, &name, &caller.principal.name).await?;
        Ok((StatusCode::ACCEPTED, json!({ "schedule": name, "scheduled_for": time(slot) })))
    })
    .await
}
