//! Batches: `/lo`. How they stand, live; holding, going on, giving up, trying again; their documents and files.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::deliveries::counted;
use crate::access::Right;
use crate::app::AppError;
use crate::app::batches::Listed;
use crate::app::overview::this_month;
use crate::app::post::held_mailing;
use crate::app::watch::{BatchFile, HandedOut, Pick};
use crate::batch::Request;
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::lifecycle::{BatchState, RecordState};
use crate::say;
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::page::{self, Page, query_value, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::server::words;
use crate::store::batches::{Batch, Post, Tally};
use crate::store::records::Standing;
use crate::store::search::BatchFilter;

/// Batches of a page.
const LISTED: u32 = 50;
/// Records of a page.
const ROWS: u32 = 100;
/// Documents that do not stand any more, named on top.
const NAMED: usize = 10;
/// Records that could not be made, shown before the others.
const FAILED_FIRST: u32 = 20;
/// Time between two looks at a batch that is watched.
const LOOK_AGAIN: Duration = Duration::from_millis(700);
/// The same once only its messages are on their way.
const LOOK_AGAIN_FOR_MAIL: Duration = Duration::from_secs(2);
/// Looks after which a watcher connects anew.
const LOOKS_MAX: u32 = 2_500;

const READ: Rule = Rule::Needs(Right::Read);
const MAKE: Rule = Rule::Needs(Right::Make);
const SEND: Rule = Rule::Needs(Right::Send);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/lo", READ, list),
        Route::get("/lo/{id}", READ, show),
        Route::get("/lo/{id}/tien-do", READ, progress),
        Route::get("/lo/{id}/theo-doi", READ, watch),
        Route::get("/lo/{id}/van-ban/{number}", READ, document),
        Route::get("/lo/{id}/tat-ca.pdf", READ, merged),
        Route::get("/lo/{id}/tat-ca.zip", READ, archive),
        Route::get("/lo/{id}/in-phoi.pdf", READ, overprint),
        Route::get("/lo/{id}/day-du.pdf", READ, full),
        Route::get("/lo/{id}/bao-cao.xlsx", READ, report),
        Route::get("/lo/{id}/danh-muc.json", READ, manifest),
        Route::get("/lo/{id}/can-sua.xlsx", READ, rejected),
        Route::post("/lo/{id}/tam-dung", MAKE, pause),
        Route::post("/lo/{id}/tiep", MAKE, resume),
        Route::post("/lo/{id}/huy", MAKE, cancel),
        Route::post("/lo/{id}/lam-lai", MAKE, retry),
        Route::post("/lo/{id}/gui", SEND, release),
        Route::post("/lo/{id}/khong-gui", SEND, drop_mail),
        Route::post("/lo/{id}/thu-nghiem", SEND, test),
    ]
}

pub(super) fn title(site: &Site, template: &str, language: Language) -> String {
    let title = site.app.template(template).map(|template| template.manifest.title.in_language(language).to_owned());
    title.unwrap_or_else(|_| template.to_owned())
}

fn counts(tally: &Tally) -> Value {
    json!({
        "total": tally.total(), "ended": tally.ended(), "stored": tally.stored, "kept": tally.kept, "waiting": tally.accepted,
        "rendering": tally.rendering, "failed": tally.failed + tally.quarantined, "cancelled": tally.cancelled,
    })
}

/// Which batches are listed.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    /// `toi`: only one's own.
    loc: String,
    /// A state, or `loi`: with records that could not be made, or `giu`: with messages that are held.
    tt: String,
    /// Not empty: those of this month.
    thang: String,
    mau: String,
    /// Those before this one.
    sau: String,
}

/// States by which the list can be narrowed.
const STATES: [BatchState; 4] = [BatchState::Running, BatchState::Paused, BatchState::Finished, BatchState::Cancelled];

async fn list(State(site): State<Arc<Site>>, caller: Caller, Query(wanted): Query<Wanted>) -> Result<Page, Fault> {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (failed, held, own) = (wanted.tt == "loi", wanted.tt == "giu", wanted.loc == "toi");
    let (template, after) = (text(&wanted.mau), text(&wanted.sau));
    let state = BatchState::from_name(&wanted.tt).map(BatchState::name);
    let owner = own.then_some(caller.principal.name.as_str());
    let filter = BatchFilter {
        state,
        template: template.as_deref(),
        owner,
        failed,
        held,
        since: (!wanted.thang.is_empty()).then(this_month),
        ..BatchFilter::default()
    };
    let mut batches = site.app.find_batches(&site.office, &caller.principal, filter, after.as_deref(), LISTED + 1).await?;
    let more = batches.len() > LISTED as usize;
    batches.truncate(LISTED as usize);
    let query: String = [("loc", &wanted.loc), ("tt", &wanted.tt), ("mau", &wanted.mau), ("thang", &wanted.thang)]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("&{name}={}", query_value(value)))
        .collect();
    let next = batches.last().filter(|_| more).map(|(last, _)| format!("/lo?sau={}{query}", last.id));
    let states: Vec<Value> = STATES
        .iter()
        .map(|state| json!({ "name": state.name(), "text": state.text(), "chosen": wanted.tt == state.name() }))
        .chain([
            json!({ "name": "loi", "text": say!("có mục không tạo được", "with failures"), "chosen": failed }),
            json!({ "name": "giu", "text": say!("thư đang giữ lại", "mail held"), "chosen": held }),
        ])
        .collect();
    let templates: Value = site
        .titles
        .all(&site)
        .iter()
        .map(|(name, title)| json!({ "chosen": *name == wanted.mau, "name": name, "heading": title }))
        .collect();
    let people = site.app.people(&site.office, &caller.principal).await?;
    let mut listed = Vec::new();
    for (batch, tally) in &batches {
        let mail = if batch.post == Post::Queued { site.app.mail_tally(&site.office, &batch.id).await? } else { Vec::new() };
        listed.push(json!({
            "id": batch.id, "called": site.titles.of(&site, &batch.template), "told": site.app.told(&site.office, batch).await?.text(),
            "state": batch.state.name(), "post": words::post_state(batch.post.name(), &mail), "sends": batch.post != Post::None,
            "created_at": batch.created_at, "by": words::maker(&batch.origin, batch.owner.as_deref(), &people), "count": counts(tally),
        }));
    }
    Ok(Page::of(
        "batches/list",
        json!({
            "batches": listed, "may_make": caller.principal.may(Right::Make), "own": own, "states": states, "templates": templates,
            "next": next, "later": after.is_some(), "first": format!("/lo?{}", query.trim_start_matches('&')),
            "filtered": !query.is_empty(), "loc": wanted.loc, "month": wanted.thang,
        }),
    ))
}

/// Which records are shown.
#[derive(Deserialize, Default)]
struct View {
    tu: Option<u64>,
    loi: Option<String>,
    /// So many records were tried again, as the page that follows the form says.
    #[serde(rename = "lam-lai")]
    again: Option<u64>,
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>, Query(view): Query<View>) -> Result<Page, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    drawn(&site, &caller, listed, &view).await
}

async fn drawn(site: &Site, caller: &Caller, listed: Listed, view: &View) -> Result<Page, Fault> {
    let Listed { batch, tally } = listed;
    let (office, language) = (&site.office, caller.language);
    let pick = if view.loi.is_some() { Pick::Failed } else { Pick::All };
    let from = view.tu.unwrap_or_default();
    let mut records = site.app.record_page(office, &batch.id, pick, from, ROWS + 1).await?;
    let next = (records.len() > ROWS as usize).then(|| records.pop().map(|last| last.position)).flatten();
    let failed = tally.failed + tally.quarantined;
    // What failed comes first, with its reason.
    let mut first = Vec::new();
    if failed > 0 && pick == Pick::All && from == 0 {
        first = site.app.record_page(office, &batch.id, Pick::Failed, 0, FAILED_FIRST).await?;
        records.retain(|record| !first.iter().any(|failed| failed.number == record.number));
    }
    let records: Vec<Standing> = first.into_iter().chain(records).collect();
    let request: Option<Request> = serde_json::from_str(&batch.request).ok();
    let planned = site.app.planned_of(&batch)?;
    let mail = site.app.mail_tally(office, &batch.id).await?;
    let taken_back = site.app.taken_back(office, &batch.id).await?;
    let first_sendable = records.iter().find(|record| record.stands() && record.mail.is_some()).map(|record| record.number);
    let held =
        (batch.post == Post::Held && batch.state.is_final()) || (batch.post == Post::Pending && batch.state == BatchState::Cancelled);
    let (to_send, together) = if batch.post == Post::None { (0, false) } else { site.app.held_messages(office, &batch).await? };
    let told = site.app.told(office, &batch).await?;
    let people = site.app.people(office, &caller.principal).await?;
    let again = view.again.filter(|again| *again > 0).map(|again| {
        let still = failed.min(again);
        json!({ "of": again, "made": again - still, "still": still })
    });
    let (is_done, cancelled) = (batch.state == BatchState::Finished, batch.state == BatchState::Cancelled);
    let may = |right| caller.principal.may(right);
    Ok(Page::of(
        "batches/batch",
        json!({
            "batch": {
                "id": batch.id, "title": title(site, &batch.template, language), "state": batch.state.name(), "reason": batch.reason,
                "created_at": batch.created_at, "finished_at": batch.finished_at, "by": words::maker(&batch.origin, batch.owner.as_deref(), &people),
                "told": told.text(), "output": batch.output, "rejected": batch.rejected, "draft": batch.key.as_deref().and_then(|key| key.strip_prefix("draft:")), "post": words::post_state(batch.post.name(), &mail),
            },
            "count": counts(&tally), "done": is_done, "completed": batch.completed_at.is_some(), "over": is_over(&batch), "settled": is_over(&batch) && !is_mailing(&batch, &mail), "mail_counts": counted(&mail),
            "running": batch.state == BatchState::Running, "paused": batch.state == BatchState::Paused,
            "cancelled": cancelled, "any": tally.stored > 0,
            "troubled": failed > 0, "to_send": to_send, "together": together, "again": again, "correctable": planned.can_be_corrected(),
            "may_make": may(Right::Make), "may_send": may(Right::Send),
            "sends": batch.post != Post::None, "held": held, "dropped": batch.post == Post::Dropped,
            "report": batch.completed_at.is_some() || cancelled,
            "taken_back": taken_back.len(),
            "taken_back_first": taken_back.iter().take(NAMED).map(|(label, state)| json!({ "label": label, "state": state })).collect::<Value>(),
            "mail": mail.iter().map(|(state, count)| json!({ "state": state, "count": count })).collect::<Value>(),
            "mailing": batch.mail_pause.as_ref().map(|pause| json!(held_mailing(pause))),
            "has_mail": !mail.is_empty(), "test_record": first_sendable,
            "overprint": request.as_ref().is_some_and(|request| request.overprint),
            "stock": request.as_ref().and_then(|request| request.stock.clone()),
            "printers": site.app.draft_offer(&batch.template, batch.organisation.as_deref()).printers.into_iter().map(|(key, _)| json!({ "key": key })).collect::<Vec<_>>(),
            "records": records.iter().map(|one| record(one, language)).collect::<Value>(),
            "only_failed": view.loi.is_some(), "next": next, "later": from > 0,
        }),
    ))
}

fn record(standing: &Standing, language: Language) -> Value {
    let reasons: Vec<Diagnostic> = serde_json::from_str(&standing.reasons).unwrap_or_default();
    json!({
        "number": standing.number, "label": standing.label, "mailed": standing.mail.is_some(), "state": standing.state.name(), "file": standing.file,
        "made": standing.state == RecordState::Stored && standing.document.is_some(),
        "withdrawn": Some(&standing.document_state).filter(|_| standing.document.is_some() && !standing.stands()), "kept": standing.kept,
        "pages": standing.document.as_ref().map(|document| document.pages),
        "bytes": standing.document.as_ref().map(|document| document.bytes),
        "reasons": page::problems(&reasons, language), "has_reasons": !reasons.is_empty(),
    })
}

/// Will its records and files change no more by themselves? One that was given up before its end completes no files.
fn is_over(batch: &Batch) -> bool {
    batch.state.is_final() && (batch.completed_at.is_some() || batch.state == BatchState::Cancelled)
}

/// How a batch stands, for the script that watches it.
async fn standing(site: &Site, listed: &Listed, language: Language) -> Result<Value, Fault> {
    let Listed { batch, tally } = listed;
    let mail = if batch.post == Post::None { Vec::new() } else { site.app.mail_tally(&site.office, &batch.id).await? };
    let over = is_over(batch);
    Ok(json!({
        "state": batch.state.name(), "words": words::batch_state(batch.state.name(), tally.failed + tally.quarantined).map_or(batch.state.text(), |(words, _)| words).in_language(language), "count": counts(tally),
        "over": over, "mail": counted(&mail), "settled": over && !is_mailing(batch, &mail),
    }))
}

/// Are messages of it on their way, or about to be?
fn is_mailing(batch: &Batch, mail: &[(String, u64)]) -> bool {
    let under_way = |state: &str| matches!(state, "queued" | "leased" | "committing" | "uncertain");
    (batch.post == Post::Pending && batch.state == BatchState::Finished) || mail.iter().any(|(state, count)| *count > 0 && under_way(state))
}

async fn progress(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    Ok(axum::Json(standing(&site, &listed, caller.language).await?).into_response())
}

/// Server-sent events: how the batch stands, whenever that changed, until it is over and its messages are at rest.
async fn watch(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let events = stream::unfold(Some((String::new(), 0_u32, LOOK_AGAIN)), move |state| {
        let (site, caller, id) = (Arc::clone(&site), caller.clone(), id.clone());
        async move {
            let (mut last, mut looks, mut wait) = state?;
            loop {
                if looks > 0 {
                    tokio::time::sleep(wait).await;
                }
                looks += 1;
                let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await.ok()?;
                let now = standing(&site, &listed, caller.language).await.ok()?;
                wait = if now["over"] == true { LOOK_AGAIN_FOR_MAIL } else { LOOK_AGAIN };
                let text = now.to_string();
                let over = now["settled"] == true || looks > LOOKS_MAX;
                if text != last || over {
                    last.clone_from(&text);
                    return Some((Ok::<_, Infallible>(format!("data: {text}\n\n")), (!over).then_some((last, looks, wait))));
                }
                // A comment now and then tells both ends that the other is there.
                if looks.is_multiple_of(20) {
                    return Some((Ok(":\n\n".to_owned()), Some((last, looks, wait))));
                }
            }
        }
    });
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response())
}

async fn document(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, number)): Path<(String, u64)>,
    Query(how): Query<How>,
) -> Result<Response, Fault> {
    site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let (name, bytes) = site.app.document_of(&site.office, &caller.principal, &id, number).await?;
    Ok(download::file(bytes, "application/pdf", &name, how.tai.is_none()))
}

/// Is it to be saved rather than shown?
#[derive(Deserialize)]
struct How {
    tai: Option<String>,
}

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn merged(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    beside(&site, &caller, &id, BatchFile::Merged, "application/pdf", "pdf").await
}

async fn archive(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    beside(&site, &caller, &id, BatchFile::Archive, "application/zip", "zip").await
}

async fn report(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    beside(&site, &caller, &id, BatchFile::Report, WORKBOOK, "bao-cao.xlsx").await
}

async fn manifest(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    beside(&site, &caller, &id, BatchFile::Manifest, "application/json", "danh-muc.json").await
}

async fn rejected(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    beside(&site, &caller, &id, BatchFile::Rejected, WORKBOOK, "can-sua.xlsx").await
}

/// A file beside the documents, piece by piece.
async fn beside(
    site: &Arc<Site>,
    caller: &Caller,
    id: &str,
    file: BatchFile,
    kind: &'static str,
    extension: &str,
) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, id).await?;
    let handed = site.app.batch_file(&site.office, &caller.principal, &listed.batch, file).await?;
    Ok(poured(handed, &listed, kind, extension))
}

fn poured(handed: HandedOut, listed: &Listed, kind: &'static str, extension: &str) -> Response {
    let name = listed.batch.output.rsplit('/').next().unwrap_or("lo");
    download::opened(handed, kind, &format!("{name}.{extension}"))
}

/// For which printer.
#[derive(Deserialize)]
struct Printer {
    #[serde(rename = "may-in", default)]
    name: String,
}

async fn overprint(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(printer): Query<Printer>,
) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let printer = Some(printer.name.as_str()).filter(|name| !name.is_empty());
    let handed = site.app.printed(&site.office, &caller.principal, &listed.batch, true, printer).await?;
    Ok(poured(handed, &listed, "application/pdf", "in-phoi.pdf"))
}

async fn full(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let handed = site.app.printed(&site.office, &caller.principal, &listed.batch, false, None).await?;
    Ok(poured(handed, &listed, "application/pdf", "day-du.pdf"))
}

/// What a form of a batch sends.
#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    ly_do: String,
    #[serde(default)]
    dia_chi: String,
    #[serde(default)]
    ban_ghi: u64,
}

/// Back to the batch, or its page with why that was not possible.
async fn after(site: &Arc<Site>, caller: &Caller, id: &str, done: Result<&str, AppError>) -> Result<Response, Fault> {
    match done {
        Ok(code) => Ok(to(&format!("/lo/{id}?xong={code}")).into_response()),
        Err(AppError::Input(problems)) => {
            let listed = site.app.batch_seen(&site.office, &caller.principal, id).await?;
            let is_state = problems.first().is_some_and(|problem| problem.code == "batch-state" || problem.code == "post-state");
            let status = if is_state { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok(drawn(site, caller, listed, &View::default()).await?.status(status).problems(problems).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn pause(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>, Form(asked): Form<Asked>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let done = site.app.pause(&site.office, &listed.batch, asked.ly_do.trim(), &caller.principal.name).await;
    after(&site, &caller, &id, done.map(|()| "tam-dung")).await
}

async fn resume(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let done = site.app.resume(&site.office, &listed.batch, &caller.principal.name).await;
    after(&site, &caller, &id, done.map(|()| "tiep")).await
}

async fn cancel(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(asked): Form<Asked>,
) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let done = site.app.cancel(&site.office, &listed.batch, asked.ly_do.trim(), &caller.principal.name).await;
    after(&site, &caller, &id, done.map(|()| "huy")).await
}

async fn retry(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let done = site.app.retry(&site.office, &listed.batch, &caller.principal.name).await;
    match done {
        Ok(again) => Ok(to(&format!("/lo/{id}?lam-lai={again}")).into_response()),
        Err(error) => after(&site, &caller, &id, Err(error)).await,
    }
}

async fn release(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let resumed = site.app.resume_mailing(&site.office, &listed.batch, &caller.principal.name).await?;
    // Sent again, the form finds nothing held, which is no fault of its sender's.
    if listed.batch.post == Post::Queued {
        return Ok(to(&format!("/thu?lo={id}&xong={}", if resumed { "gui" } else { "da-gui" })).into_response());
    }
    match site.app.release_in(&site.office, &listed.batch, &caller.principal.name).await {
        Ok(queued) => {
            Ok(to(&format!("/thu?lo={id}&{}", if queued > 0 { format!("giao={queued}") } else { "xong=da-gui".to_owned() }))
                .into_response())
        }
        Err(error) => after(&site, &caller, &id, Err(error)).await,
    }
}

async fn drop_mail(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let done = site.app.drop_held(&site.office, &listed.batch, &caller.principal.name).await;
    after(&site, &caller, &id, done.map(|()| "thoi-gui")).await
}

async fn test(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>, Form(asked): Form<Asked>) -> Result<Response, Fault> {
    let listed = site.app.batch_seen(&site.office, &caller.principal, &id).await?;
    let address = asked.dia_chi.trim();
    let done = site.app.send_test(&site.office, &listed.batch, asked.ban_ghi, address, &caller.principal.name).await;
    after(&site, &caller, &id, done.map(|()| "thu")).await
}
