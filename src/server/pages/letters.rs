//! `/lo/{id}/thu`: the message of any record of a batch before it goes, a test of it to oneself, file or link.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::batches::title;
use crate::access::Right;
use crate::app::AppError;
use crate::diagnostic::Diagnostic;
use crate::message::letter::Attach;
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::batches::{Batch, Post};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/lo/{id}/thu", Rule::Needs(Right::Read), show), Route::post("/lo/{id}/kem", Rule::Needs(Right::Send), attach)]
}

#[derive(Deserialize, Default)]
struct Which {
    #[serde(rename = "ban-ghi")]
    record: Option<u64>,
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>, Query(which): Query<Which>) -> Result<Page, Fault> {
    let batch = site.app.batch_seen(&site.office, &caller.principal, &id).await?.batch;
    drawn(&site, &caller, &batch, which.record).await
}

async fn drawn(site: &Site, caller: &Caller, batch: &Batch, record: Option<u64>) -> Result<Page, Fault> {
    let (found, problems) = match site.app.letter(&site.office, batch, record).await {
        Ok(found) => (Some(found), Vec::new()),
        Err(AppError::Input(problems)) => (None, problems),
        Err(error) => return Err(error.into()),
    };
    let terms = found.as_ref().map(|(_, terms)| terms);
    let letter: Option<Value> = found.as_ref().map(|(letter, terms)| {
        json!({
            "number": letter.number, "label": letter.label, "file": letter.file, "made": letter.made, "to": letter.addressed.to.join(", "),
            "subject": letter.addressed.subject, "plain": letter.addressed.plain, "from": format!("{} <{}>", terms.from_name, terms.from),
            "before": letter.beside.0, "after": letter.beside.1,
        })
    });
    Ok(Page::of(
        "batches/letter",
        json!({
            "batch": { "id": batch.id, "title": title(site, &batch.template, caller.language), "post": batch.post.name() },
            "letter": letter, "wanted": record, "held": batch.post == Post::Held, "may_send": caller.principal.may(Right::Send),
            "link": terms.is_some_and(|terms| terms.attach == Attach::Link), "can_link": site.app.draft_offer(&batch.template, batch.organisation.as_deref()).can_link,
        }),
    )
    .problems(problems))
}

#[derive(Deserialize)]
struct How {
    #[serde(default)]
    kem: String,
    #[serde(default)]
    ban_ghi: Option<u64>,
}

async fn attach(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>, Form(how): Form<How>) -> Result<Response, Fault> {
    let batch = site.app.batch_seen(&site.office, &caller.principal, &id).await?.batch;
    let attach = if how.kem == "lien-ket" { Attach::Link } else { Attach::Auto };
    let record = how.ban_ghi.map(|number| format!("&ban-ghi={number}")).unwrap_or_default();
    match site.app.set_attach(&site.office, &batch, attach, &caller.principal.name).await {
        Ok(true) => Ok(to(&format!("/lo/{id}/thu?xong=luu{record}")).into_response()),
        Ok(false) => {
            let text = say!(
                "thư của lô này không còn được giữ lại, nên không đổi được nữa",
                "the messages are not held any more, so this cannot be changed"
            );
            Err(Fault::conflict(text))
        }
        Err(AppError::Input(problems)) => shown_again(&site, &caller, &batch, how.ban_ghi, problems).await,
        Err(error) => Err(error.into()),
    }
}

async fn shown_again(
    site: &Site,
    caller: &Caller,
    batch: &Batch,
    record: Option<u64>,
    problems: Vec<Diagnostic>,
) -> Result<Response, Fault> {
    Ok(drawn(site, caller, batch, record).await?.problems(problems).into_response())
}
