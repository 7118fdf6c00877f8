//! `/api/v1/batches/{id}/letter`: the message of a record before it goes, and how its document goes with it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::JSON_BYTES;
use super::batches::Seen;
use super::body::{Json, Query};
use crate::access::Right;
use crate::message::letter::Attach;
use crate::say;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/batches/{id}/letter", Rule::Needs(Right::Read), one),
        Route::post("/api/v1/batches/{id}/attach", Rule::Needs(Right::Send), attach).body(JSON_BYTES),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    record: Option<u64>,
}

async fn one(State(site): State<Arc<Site>>, seen: Seen, Query(which): Query<Which>) -> Result<Response, Fault> {
    let (letter, terms) = site.app.letter(&site.office, seen.batch(), which.record).await?;
    let own = &letter.addressed;
    Ok(axum::Json(json!({
        "record": letter.number, "name": letter.label, "file": letter.file, "made": letter.made, "to": own.to, "to_name": own.to_name,
        "subject": own.subject, "plain": own.plain, "html": own.html, "from": terms.from, "from_name": terms.from_name,
        "reply_to": terms.reply_to, "attach": terms.attach, "before": letter.beside.0, "after": letter.beside.1,
    }))
    .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct How {
    attach: Attach,
}

async fn attach(State(site): State<Arc<Site>>, seen: Seen, Json(how): Json<How>) -> Result<Response, Fault> {
    if site.app.set_attach(&site.office, seen.batch(), how.attach, seen.actor()).await? {
        return Ok(axum::Json(json!({ "batch": seen.batch().id, "attach": how.attach })).into_response());
    }
    Err(Fault::conflict(say!(
        "thư của lô này không còn được giữ lại, nên không đổi được nữa",
        "the messages are not held any more, so this cannot be changed"
    )))
}
