//! Schedules: `/lich`. What goes out by itself and when; pausing, running now, what became of each time; a new one by form,
//! with its next five dates before it is saved.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Right;
use crate::app::AppError;
use crate::app::schedule_form::{PLANS, ScheduleForm};
use crate::app::schedules::{Slot, Standing, reason_of};
use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::scheduler::instant;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, query_value, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::schedules::Occurrence;

const READ: Rule = Rule::Needs(Right::Read);
const SCHEDULE: Rule = Rule::Needs(Right::Schedule);
/// Slots that are told of.
const NEXT: usize = 5;
/// Batches that its history links to.
const BATCHES: u32 = 200;
/// Past times that are shown.
const HISTORY: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/lich", READ, list),
        Route::get("/lich/moi", SCHEDULE, ask),
        Route::post("/lich/moi", SCHEDULE, create),
        Route::get("/lich/{name}", READ, show),
        Route::post("/lich/{name}/tam-dung", SCHEDULE, pause),
        Route::post("/lich/{name}/tiep", SCHEDULE, resume),
        Route::post("/lich/{name}/chay", SCHEDULE, run),
        Route::post("/lich/{name}/xoa", SCHEDULE, remove),
    ]
}

/// A time in its schedule's zone: weekday, day, hour.
fn local(at: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> Text {
    const WEEKDAYS: [(&str, &str); 7] = [
        ("Thứ Hai", "Monday"),
        ("Thứ Ba", "Tuesday"),
        ("Thứ Tư", "Wednesday"),
        ("Thứ Năm", "Thursday"),
        ("Thứ Sáu", "Friday"),
        ("Thứ Bảy", "Saturday"),
        ("Chủ nhật", "Sunday"),
    ];
    let local = zone.to_datetime(at);
    let (vi, en) = WEEKDAYS[usize::from(local.weekday().to_monday_zero_offset().unsigned_abs())];
    let rest = local.strftime("%d/%m/%Y %H:%M");
    Text { vi: format!("{vi}, {rest}"), en: format!("{en}, {rest}") }
}

fn slot_json(slot: &Slot, zone: &jiff::tz::TimeZone) -> Value {
    json!({ "at": local(slot.at, zone), "moved_from": slot.moved_from.map(|date| date.strftime("%d/%m/%Y").to_string()) })
}

fn standing_json(site: &Site, standing: &Standing) -> Value {
    json!({
        "name": standing.name, "template": standing.template, "template_title": site.titles.of(site, &standing.template),
        "when": standing.when, "source": standing.source, "enabled": standing.enabled, "paused": standing.paused,
        "made": standing.made, "next": standing.next.iter().map(|slot| slot_json(slot, &standing.zone)).collect::<Value>(),
        "last": standing.history.first().map(|last| past_json(last, &standing.zone)),
    })
}

fn past_json(occurrence: &Occurrence, zone: &jiff::tz::TimeZone) -> Value {
    json!({
        "at": local(instant(occurrence.scheduled_for), zone), "state": occurrence.state, "slots": occurrence.slots,
        "several": occurrence.slots > 1, "reason": reason_of(occurrence),
    })
}

async fn list(State(site): State<Arc<Site>>, caller: Caller) -> Result<Page, Fault> {
    let all = site.app.schedules_seen(&site.office, &caller.principal, 1).await?;
    let schedules: Value = all.iter().map(|standing| standing_json(&site, standing)).collect();
    Ok(Page::of("schedules/list", json!({ "schedules": schedules, "may_schedule": caller.principal.may(Right::Schedule) })))
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(name): Path<String>) -> Result<Page, Fault> {
    one(&site, &caller, &name, Vec::new()).await
}

async fn one(site: &Site, caller: &Caller, name: &str, problems: Vec<Diagnostic>) -> Result<Page, Fault> {
    let standing = site.app.schedule_seen(&site.office, &caller.principal, name, NEXT).await?;
    let history = site.app.occurrences(&site.office, &standing.name, HISTORY).await?;
    let batches = site.app.batches_of_schedule(&site.office, &caller.principal, &standing.name, BATCHES).await?;
    let history: Value = history
        .iter()
        .map(|occurrence| {
            let mut past = past_json(occurrence, &standing.zone);
            let own = batches.iter().filter(|(slot, _)| *slot == occurrence.scheduled_for);
            past["batches"] = own.map(|(_, batch)| json!(batch)).collect();
            past
        })
        .collect();
    let data = json!({
        "schedule": standing_json(site, &standing), "history": history, "may_schedule": caller.principal.may(Right::Schedule),
        "zone": standing.zone.iana_name().unwrap_or("UTC"),
    });
    Ok(Page::of("schedules/schedule", data).problems(problems))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pausing {
    reason: String,
}

async fn pause(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Form(form): Form<Pausing>,
) -> Result<Response, Fault> {
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    match site.app.pause_schedule_in(&site.office, &name, Some(&form.reason), &caller.principal.name).await {
        Ok(()) => Ok(to(&format!("/lich/{}?xong=tam-dung", query_value(&name))).into_response()),
        Err(AppError::Input(problems)) => Ok(one(&site, &caller, &name, problems).await?.into_response()),
        Err(error) => Err(error.into()),
    }
}

async fn resume(State(site): State<Arc<Site>>, caller: Caller, Path(name): Path<String>) -> Result<Response, Fault> {
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    site.app.pause_schedule_in(&site.office, &name, None, &caller.principal.name).await?;
    Ok(to(&format!("/lich/{}?xong=tiep", query_value(&name))).into_response())
}

async fn run(State(site): State<Arc<Site>>, caller: Caller, Path(name): Path<String>) -> Result<Response, Fault> {
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    site.app.run_schedule_in(&site.office, &name, &caller.principal.name).await?;
    Ok(to(&format!("/lich/{}?xong=chay", query_value(&name))).into_response())
}

async fn remove(State(site): State<Arc<Site>>, caller: Caller, Path(name): Path<String>) -> Result<Response, Fault> {
    site.app.schedule_seen(&site.office, &caller.principal, &name, 0).await?;
    site.app.remove_schedule(&site.office, &name, &caller.principal.name).await?;
    Ok(to("/lich?xong=xoa").into_response())
}

async fn ask(State(site): State<Arc<Site>>) -> Page {
    form_page(&site, &ScheduleForm::fresh(), Value::Null)
}

fn form_page(site: &Site, form: &ScheduleForm, dates: Value) -> Page {
    let templates: Value = site
        .titles
        .all(site)
        .iter()
        .map(|(name, title)| json!({ "chosen": *name == form.template, "name": name, "heading": title }))
        .collect();
    let chosen = |own: &[(&str, Text)], value: &str| -> Value {
        own.iter().map(|(name, text)| json!({ "name": name, "text": text, "chosen": *name == value })).collect()
    };
    let weekdays: Vec<(&str, Text)> = ["1", "2", "3", "4", "5", "6", "0"]
        .into_iter()
        .zip([
            ("Thứ Hai", "Monday"),
            ("Thứ Ba", "Tuesday"),
            ("Thứ Tư", "Wednesday"),
            ("Thứ Năm", "Thursday"),
            ("Thứ Sáu", "Friday"),
            ("Thứ Bảy", "Saturday"),
            ("Chủ nhật", "Sunday"),
        ])
        .map(|(name, (vi, en))| (name, Text { vi: vi.into(), en: en.into() }))
        .collect();
    let text = |vi: &str, en: &str| Text { vi: vi.into(), en: en.into() };
    let plans: Vec<(&str, Text)> = PLANS.iter().map(|(name, vi, en)| (*name, text(vi, en))).collect();
    let working = [
        ("same", text("vẫn chạy đúng ngày đó", "fire on that day all the same")),
        ("next", text("chuyển sang ngày làm việc kế tiếp", "move to the next working day")),
        ("previous", text("chuyển lên ngày làm việc trước đó", "move to the working day before")),
        ("only", text("bỏ lần đó", "leave that time out")),
    ];
    let picks = [
        ("newest", text("tệp mới nhất", "the newest file")),
        ("all", text("mọi tệp", "every file")),
        ("only", text("chỉ nhận khi có đúng một tệp", "only when there is exactly one")),
    ];
    Page::of(
        "schedules/new",
        json!({
            "form": form, "templates": templates, "plans": chosen(&plans, &form.plan), "weekdays": chosen(&weekdays, &form.weekday),
            "working": chosen(&working, &form.working_day), "picks": chosen(&picks, &form.pick), "dates": dates,
            "mail": form.mail.is_some(), "merge": form.merge.is_some(), "only_new": form.only_new.is_some(),
        }),
    )
}

async fn create(State(site): State<Arc<Site>>, caller: Caller, Form(form): Form<ScheduleForm>) -> Result<Response, Fault> {
    let dates = match site.app.try_schedule(&site.office, &caller.principal, &form, NEXT).await {
        Ok((when, zone, slots)) => {
            json!({ "when": when, "slots": slots.iter().map(|slot| slot_json(slot, &zone)).collect::<Value>() })
        }
        Err(AppError::Input(problems)) => return Ok(form_page(&site, &form, Value::Null).problems(problems).into_response()),
        Err(error) => return Err(error.into()),
    };
    // Saved only by the button that stands beside the dates.
    if !form.is_final() {
        return Ok(form_page(&site, &form, dates).into_response());
    }
    match site.app.create_schedule(&site.office, &caller.principal, &form).await {
        Ok(name) => Ok(to(&format!("/lich/{}?xong=tao", query_value(&name))).into_response()),
        Err(AppError::Input(problems)) => Ok(form_page(&site, &form, dates).problems(problems).into_response()),
        Err(error) => Err(error.into()),
    }
}
