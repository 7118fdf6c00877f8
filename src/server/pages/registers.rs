//! Registers: `/so`. Browsing and searching the books, keeping numbers free, striking them out, entering what comes late,
//! printing.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::documents::day;
use crate::access::Right;
use crate::app::AppError;
use crate::app::registers::{RESERVED_MAX, Series};
use crate::diagnostic::Diagnostic;
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::page::{Page, query_value, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::registers::{Entry, EntryState, Particulars};

const READ: Rule = Rule::Needs(Right::Read);
const NUMBER: Rule = Rule::Needs(Right::Number);
/// Lines of a page.
const SHOWN: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/so", READ, list),
        Route::get("/so/{name}", READ, show),
        Route::get("/so/{name}/in", READ, print),
        Route::post("/so/{name}/giu-so", NUMBER, reserve),
        Route::get("/so/{name}/so/{number}", READ, line),
        Route::post("/so/{name}/so/{number}/huy", NUMBER, void),
        Route::post("/so/{name}/so/{number}/ghi", NUMBER, enter),
    ]
}

async fn list(State(site): State<Arc<Site>>, caller: Caller) -> Result<Page, Fault> {
    let all = site.app.registers_seen(&site.office, &caller.principal).await?;
    Ok(Page::of("registers/list", json!({ "registers": all.iter().map(series_json).collect::<Value>() })))
}

fn series_json(series: &Series) -> Value {
    let Series { register, period, last, counts: [taken, reserved, void] } = series;
    let title = if register.title.is_empty() { &register.key } else { &register.title };
    json!({
        "name": register.key, "heading": title, "period": period, "last": last, "taken": taken, "reserved": reserved, "void": void,
        "awards": register.kind() == crate::config::register::RegisterKind::Awards,
    })
}

fn entry_json(entry: &Entry) -> Value {
    let Particulars { code, date, subject, signatory, recipient, keeper, copies, note } = &entry.particulars;
    json!({
        "number": entry.number, "state": entry.state.name(), "code": code, "date": day(Some(date).filter(|date| !date.is_empty()).map(String::as_str)),
        "subject": subject, "signatory": signatory, "recipient": recipient, "keeper": keeper, "copies": copies, "note": note,
        "reason": entry.reason, "batch": entry.batch, "record": entry.record, "created_at": entry.created_at,
        "is_reserved": entry.state == EntryState::Reserved, "is_void": entry.state == EntryState::Void,
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    /// The period.
    ky: String,
    /// Words.
    tim: String,
    tinh_trang: String,
    /// Lines below this number.
    duoi: Option<i64>,
}

fn period(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Page, Fault> {
    book(&site, &caller, &name, &wanted, json!({ "count": 1, "reason": "" })).await
}

async fn book(site: &Site, caller: &Caller, name: &str, wanted: &Wanted, form: Value) -> Result<Page, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, name, period(&wanted.ky)).await?;
    let state = EntryState::from_name(&wanted.tinh_trang).ok();
    let found = site.app.find_entries(&site.office, &series, &wanted.tim, state, wanted.duoi, SHOWN).await?;
    let filter =
        format!("ky={}&tim={}&tinh_trang={}", query_value(&series.period), query_value(&wanted.tim), query_value(&wanted.tinh_trang));
    let older = found.last().filter(|last| found.len() == SHOWN as usize && last.number > 1);
    let periods: Value = site
        .app
        .periods(&site.office, &series)
        .await?
        .into_iter()
        .map(|own| json!({ "chosen": own == series.period, "name": own }))
        .collect();
    let states: Value =
        ["taken", "reserved", "void"].iter().map(|own| json!({ "name": own, "chosen": wanted.tinh_trang == *own })).collect();
    Ok(Page::of(
        "registers/register",
        json!({
            "register": series_json(&series), "periods": periods, "states": states, "words": wanted.tim,
            "entries": found.iter().map(entry_json).collect::<Value>(),
            "older": older.map(|last| format!("/so/{name}?{filter}&duoi={}", last.number)),
            "filtered": !wanted.tim.is_empty() || !wanted.tinh_trang.is_empty(), "later": wanted.duoi.is_some(),
            "may_number": caller.principal.may(Right::Number), "form": form, "most": RESERVED_MAX,
        }),
    ))
}

#[derive(Deserialize)]
struct Printing {
    #[serde(default)]
    ky: String,
    dang: String,
}

async fn print(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Query(wanted): Query<Printing>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, period(&wanted.ky)).await?;
    let organisation = site.app.own_organisation(series.register.organisation.as_deref(), &caller.principal)?;
    let kind = match wanted.dang.as_str() {
        "pdf" => "application/pdf",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => return Err(Fault::not_found()),
    };
    let _place = site.limits.render().await?;
    let bytes = site.app.exported(&site.office, &series, organisation.as_deref(), &wanted.dang, &caller.principal.name).await?;
    let title = if series.register.title.is_empty() { &series.register.key } else { &series.register.title };
    Ok(download::file(bytes, kind, &format!("{title} {}.{}", series.period, wanted.dang), false))
}

#[derive(Deserialize)]
struct Reservation {
    ky: String,
    #[serde(default)]
    count: String,
    #[serde(default)]
    reason: String,
}

async fn reserve(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Form(form): Form<Reservation>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, period(&form.ky)).await?;
    // What is no number keeps nothing free, and that is said.
    let count = form.count.trim().parse().unwrap_or(0);
    match site.app.reserve(&site.office, &series, count, &form.reason, &caller.principal.name).await {
        Ok(_) => Ok(to(&format!("/so/{name}?ky={}&xong=giu-so", query_value(&series.period))).into_response()),
        Err(AppError::Input(problems)) => {
            let wanted = Wanted { ky: form.ky, ..Wanted::default() };
            let page = book(&site, &caller, &name, &wanted, json!({ "count": form.count, "reason": form.reason })).await?;
            Ok(page.problems(problems).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OfPeriod {
    ky: String,
}

async fn line(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((name, number)): Path<(String, i64)>,
    Query(wanted): Query<OfPeriod>,
) -> Result<Page, Fault> {
    one(&site, &caller, &name, &wanted.ky, number, &Late::default(), Vec::new()).await
}

async fn one(
    site: &Site,
    caller: &Caller,
    name: &str,
    of: &str,
    number: i64,
    late: &Late,
    problems: Vec<Diagnostic>,
) -> Result<Page, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, name, period(of)).await?;
    let above = number.checked_add(1).ok_or_else(Fault::not_found)?;
    let found = site.app.find_entries(&site.office, &series, "", None, Some(above), 1).await?;
    let entry = found.into_iter().find(|entry| entry.number == number).ok_or_else(Fault::not_found)?;
    let document = match (&entry.batch, entry.record) {
        (Some(batch), Some(record)) => {
            site.app.document_of_record(&site.office, &caller.principal, batch, u64::try_from(record).unwrap_or(0)).await?
        }
        _ => None,
    };
    Ok(Page::of(
        "registers/line",
        json!({
            "register": series_json(&series), "entry": entry_json(&entry), "document": document.map(|document| document.id),
            "may_number": caller.principal.may(Right::Number), "form": late.shown(),
        }),
    )
    .problems(problems))
}

#[derive(Deserialize)]
struct Voiding {
    ky: String,
    #[serde(default)]
    reason: String,
}

async fn void(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((name, number)): Path<(String, i64)>,
    Form(form): Form<Voiding>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, period(&form.ky)).await?;
    match site.app.void(&site.office, &series, number, &form.reason, &caller.principal.name).await {
        Ok(()) => Ok(to(&format!("/so/{name}?ky={}&xong=huy-so", query_value(&series.period))).into_response()),
        Err(AppError::Input(problems)) => {
            Ok(one(&site, &caller, &name, &form.ky, number, &Late::default(), problems).await?.into_response())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Late {
    ky: String,
    reason: String,
    code: String,
    date: String,
    subject: String,
    signatory: String,
    recipient: String,
    keeper: String,
    copies: String,
    note: String,
}

impl Late {
    fn shown(&self) -> Value {
        json!({
            "reason": self.reason, "code": self.code, "date": self.date, "subject": self.subject, "signatory": self.signatory,
            "recipient": self.recipient, "keeper": self.keeper, "copies": if self.copies.is_empty() { "1" } else { &self.copies },
            "note": self.note,
        })
    }
}

async fn enter(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((name, number)): Path<(String, i64)>,
    Form(late): Form<Late>,
) -> Result<Response, Fault> {
    let series = site.app.series_seen(&site.office, &caller.principal, &name, period(&late.ky)).await?;
    // A person writes 27/12/2019; a date field sends 2019-12-27.
    let date = crate::vietnamese::date::parse(&late.date).map_or_else(|_| late.date.clone(), |date| date.to_string());
    let particulars = Particulars {
        code: late.code.trim().to_owned(),
        date,
        subject: late.subject.trim().to_owned(),
        signatory: late.signatory.trim().to_owned(),
        recipient: late.recipient.trim().to_owned(),
        keeper: late.keeper.trim().to_owned(),
        copies: late.copies.trim().parse().unwrap_or(0),
        note: late.note.trim().to_owned(),
    };
    match site.app.enter(&site.office, &series, number, &particulars, &late.reason, &caller.principal.name).await {
        Ok(()) => Ok(to(&format!("/so/{name}?ky={}&xong=vao-so", query_value(&series.period))).into_response()),
        Err(AppError::Input(problems)) => Ok(one(&site, &caller, &name, &late.ky, number, &late, problems).await?.into_response()),
        Err(error) => Err(error.into()),
    }
}
