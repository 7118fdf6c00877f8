//! Documents: `/van-ban`, found by number, name, date or template; one with its history; and the page of a link to one.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Right;
use crate::app::AppError;
use crate::app::documents::{COUNTED_MAX, day_problem};
use crate::app::links::Opened;
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::page::{Page, query_value, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::server::words;
use crate::store::deliveries::state_name;
use crate::store::search::{DocumentFilter, Found, Page as Which};

const READ: Rule = Rule::Needs(Right::Read);
const SEND: Rule = Rule::Needs(Right::Send);
/// Documents of a page.
const SHOWN: u32 = 50;
const DAY: i64 = 24 * 60 * 60;
/// Lives of links that the form offers, in days.
const LIVES: [i64; 3] = [1, 3, 7];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/van-ban", READ, list),
        Route::get("/van-ban/{id}", READ, show),
        Route::get("/van-ban/{id}/tep", READ, file),
        Route::post("/van-ban/{id}/lien-ket", SEND, lend),
        Route::post("/van-ban/{id}/lien-ket/{link}/thu-hoi", SEND, take_back),
        Route::get("/l/{link}", Rule::Public, look),
        Route::post("/l/{link}", Rule::Public, fetch),
    ]
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    /// Words.
    tim: String,
    mau: String,
    tinh_trang: String,
    lo: String,
    tu: String,
    den: String,
    /// Documents older than this one.
    sau: String,
    /// Documents newer than this one.
    truoc: String,
}

fn given(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Wanted {
    /// The filter as the query of another page of the same list.
    fn query(&self) -> String {
        let fields = [
            ("tim", &self.tim),
            ("mau", &self.mau),
            ("tinh_trang", &self.tinh_trang),
            ("lo", &self.lo),
            ("tu", &self.tu),
            ("den", &self.den),
        ];
        fields.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("&{name}={}", query_value(value))).collect()
    }
}

async fn list(State(site): State<Arc<Site>>, caller: Caller, Query(wanted): Query<Wanted>) -> Result<Page, Fault> {
    let problems: Vec<_> = [("tu", &wanted.tu), ("den", &wanted.den)]
        .into_iter()
        .filter(|(_, day)| !day.is_empty())
        .filter_map(|(name, day)| day_problem(name, day))
        .collect();
    let filter = DocumentFilter {
        words: wanted.tim.clone(),
        organisation: None,
        template: given(&wanted.mau),
        state: given(&wanted.tinh_trang),
        batch: given(&wanted.lo),
        from: given(&wanted.tu).filter(|_| problems.is_empty()),
        until: given(&wanted.den).filter(|_| problems.is_empty()),
    };
    let which = match (given(&wanted.sau), given(&wanted.truoc)) {
        (Some(after), _) => Which::After(after),
        (None, Some(before)) => Which::Before(before),
        (None, None) => Which::First,
    };
    let found = site.app.find_documents(&site.office, &caller.principal, &filter, &which, SHOWN).await?;
    let query = wanted.query();
    let link = |key: &str, document: Option<&Found>| document.map(|document| format!("/van-ban?{key}={}{query}", document.id));
    let templates: Value = site
        .titles
        .all(&site)
        .iter()
        .map(|(name, title)| json!({ "chosen": *name == wanted.mau, "name": name, "heading": title }))
        .collect();
    let states: Value =
        ["stored", "superseded", "revoked"].iter().map(|state| json!({ "name": state, "chosen": wanted.tinh_trang == *state })).collect();
    Ok(Page::of(
        "documents/list",
        json!({
            "documents": found.documents.iter().map(|document| shown(&site, document)).collect::<Value>(),
            "older": link("sau", found.documents.last().filter(|_| found.older)),
            "newer": link("truoc", found.documents.first().filter(|_| found.newer)),
            "count": found.count.min(u64::from(COUNTED_MAX)),
            "many": found.count > u64::from(COUNTED_MAX),
            "filtered": !query.is_empty(),
            "words": wanted.tim, "from": wanted.tu, "until": wanted.den, "batch": wanted.lo,
            "templates": templates, "states": states,
        }),
    )
    .problems(problems)
    .status(StatusCode::OK))
}

fn shown(site: &Site, found: &Found) -> Value {
    let title = site.titles.of(site, &found.template);
    json!({
        "id": found.id, "code": found.code, "name": found.name, "heading": found.title, "date": day(found.date.as_deref()),
        "template": found.template, "template_title": title, "state": found.state, "file": found.file, "pages": found.pages,
        "bytes": found.bytes, "sha256": found.sha256, "batch": found.batch, "record": found.record, "created_at": found.created_at,
    })
}

/// An ISO date as people read it.
pub(super) fn day(date: Option<&str>) -> Option<String> {
    let date = date?;
    Some(date.parse::<jiff::civil::Date>().map_or_else(|_| date.to_owned(), |date| date.strftime("%d/%m/%Y").to_string()))
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Page, Fault> {
    dossier(&site, &caller, &id, Value::Null, Value::Null).await
}

/// The page of a document; with a link that was just made, and what was typed to revoke or replace it in vain.
pub(super) async fn dossier(site: &Site, caller: &Caller, id: &str, link: Value, typed: Value) -> Result<Page, Fault> {
    let dossier = site.app.dossier(&site.office, &caller.principal, id).await?;
    let now = site.office.store.now().await?;
    let people = site.app.people(&site.office, &caller.principal).await?;
    let batch = site.app.batch_seen(&site.office, &caller.principal, &dossier.document.batch).await?.batch;
    let told = site.app.told(&site.office, &batch).await?.text();
    let deliveries: Value = dossier
        .deliveries
        .iter()
        .map(|posted| {
            json!({
                "id": posted.id, "recipient": posted.recipient, "state": state_name(posted.delivery.state),
                "changed_at": posted.changed_at,
            })
        })
        .collect();
    let links: Value = dossier
        .links
        .iter()
        .map(|link| {
            let state = match (link.revoked_at.is_some(), link.expires_at <= now) {
                (true, _) => "revoked",
                (false, true) => "expired",
                (false, false) => "open",
            };
            json!({
                "id": link.id, "created_by": words::person(&people, &link.created_by), "created_at": link.created_at, "expires_at": link.expires_at,
                "opened": link.opened, "state": state, "is_open": state == "open",
            })
        })
        .collect();
    let acts: Value = dossier
        .acts
        .iter()
        .map(|line| json!({ "at": line.at, "actor": words::person(&people, &line.actor), "action": line.action, "detail": line.detail }))
        .collect();
    let entry = dossier.entry.as_ref().map(
        |(register, entry)| json!({ "register": register, "period": entry.period, "number": entry.number, "code": entry.particulars.code }),
    );
    let has_code = site.app.code_of(&site.office, id, caller.principal.organisation.as_deref()).await.is_ok();
    let lives: Value = LIVES.iter().map(|days| json!({ "days": days, "chosen": *days == 3 })).collect();
    Ok(Page::of(
        "documents/document",
        json!({
            "document": shown(site, &dossier.document), "entry": entry, "deliveries": deliveries, "links": links, "acts": acts,
            "lives": lives, "link": link, "batch_told": told.in_language(caller.language),
            "made_by": words::maker(&batch.origin, batch.owner.as_deref(), &people),
            "typed": if typed.is_null() { json!({ "why": "", "by": "", "because": "" }) } else { typed }, "has_code": has_code, "stands": dossier.document.state == "stored",
            "may_send": caller.principal.may(Right::Send), "may_approve": caller.principal.may(Right::Approve),
            "has_batches": site.has_page("/lo/{id}"), "has_mail": site.has_page("/thu/{id}"),
        }),
    ))
}

#[derive(Deserialize)]
struct Look {
    /// Look at it in the browser instead of saving it.
    xem: Option<String>,
}

async fn file(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>, Query(look): Query<Look>) -> Result<Response, Fault> {
    let found = site.app.document(&site.office, &caller.principal, &id).await?;
    let bytes = site.app.fetch_document(&site.office, &caller.principal, &found).await?;
    Ok(download::file(bytes, "application/pdf", &found.file, look.xem.is_some()))
}

#[derive(Deserialize)]
struct Lending {
    days: i64,
}

async fn lend(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>, Form(lending): Form<Lending>) -> Result<Page, Fault> {
    let found = site.app.document(&site.office, &caller.principal, &id).await?;
    let seconds = lending.days.saturating_mul(DAY);
    match site.app.give_link(&site.office, &found.id, seconds, &caller.principal.name).await {
        // The signed text is kept nowhere: it is shown now or never.
        Ok(given) => {
            let link = json!({ "url": format!("{}{}", caller.base, given.path), "expires_at": given.expires_at });
            Ok(dossier(&site, &caller, &id, link, Value::Null).await?.shown_once())
        }
        Err(AppError::Input(problems)) => Ok(dossier(&site, &caller, &id, Value::Null, Value::Null).await?.problems(problems)),
        Err(error) => Err(error.into()),
    }
}

async fn take_back(State(site): State<Arc<Site>>, caller: Caller, Path((id, link)): Path<(String, String)>) -> Result<Response, Fault> {
    let found = site.app.document(&site.office, &caller.principal, &id).await?;
    site.app.revoke_links(&site.office, &found.id, Some(&link), &caller.principal.name).await?;
    Ok(to(&format!("/van-ban/{}?xong=huy", found.id)).into_response())
}

/// A link that opens nothing any more: said so, without saying what it opened.
fn over() -> Page {
    Page::of("documents/over", json!({})).status(StatusCode::GONE)
}

async fn look(State(site): State<Arc<Site>>, Path(link): Path<String>) -> Result<Page, Fault> {
    match site.app.look_at_link(&site.office, &link).await? {
        Opened::Document { link: read, document } => {
            Ok(Page::of("documents/link", json!({ "document": shown(&site, &document), "expires_at": read.expires * 1_000, "link": link })))
        }
        Opened::Over => Ok(over()),
        Opened::Unknown => Err(Fault::not_found()),
    }
}

async fn fetch(State(site): State<Arc<Site>>, Path(link): Path<String>) -> Result<Response, Fault> {
    match site.app.open_link(&site.office, &link).await? {
        Some((found, bytes)) => Ok(download::file(bytes, "application/pdf", &found.file, false)),
        None => Ok(look(State(site), Path(link)).await.into_response()),
    }
}
