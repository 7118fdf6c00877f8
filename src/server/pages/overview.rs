//! The first page: what waits for a person, what was made this month, the latest batches.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use crate::access::Right;
use crate::app::batches::Listed;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::Page;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::server::words::maker;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/", Rule::SignedIn, show)]
}

async fn show(State(site): State<Arc<Site>>, caller: Caller) -> Result<Page, Fault> {
    let overview = site.app.overview(&site.office, &caller.principal).await?;
    let glance = overview.glance;
    let troubled = glance.paused + glance.failed + glance.undecided + glance.refused + glance.held > 0;
    let to_approve = if caller.principal.may(Right::Approve) { glance.to_approve } else { 0 };
    let people = site.app.people(&site.office, &caller.principal).await?;
    let mut latest = Vec::new();
    for listed in &overview.latest {
        let Listed { batch, tally } = listed;
        latest.push(json!({
            "id": batch.id, "template": site.titles.of(&site, &batch.template), "told": site.app.told(&site.office, batch).await?.text(),
            "state": batch.state.name(), "created_at": batch.created_at, "by": maker(&batch.origin, batch.owner.as_deref(), &people),
            "total": tally.total(), "stored": tally.stored, "failed": tally.failed + tally.quarantined,
        }));
    }
    Ok(Page::of(
        "overview/overview",
        json!({
            "glance": glance, "to_approve": to_approve, "troubled": to_approve > 0 || troubled || overview.sending_paused || overview.schedules_paused,
            "sending_paused": overview.sending_paused, "schedules_paused": overview.schedules_paused,
            "latest": latest,
            "may_make": caller.principal.may(Right::Make),
            "has_make": site.has_page("/tao"), "has_batch": site.has_page("/lo/{id}"), "has_mail": site.has_page("/thu"),
        }),
    ))
}
