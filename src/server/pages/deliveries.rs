//! Messages: `/thu`. Each with its state and the server's reply in plain words, its text, and what a person decides.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Right;
use crate::app::AppError;
use crate::app::overview::this_month;
use crate::app::post::Decision;
use crate::config::mail::FOLDER_RELAY;
use crate::delivery::cause::Cause;
use crate::delivery::state::{FailReason, State as DeliveryState};
use crate::language::Text;
use crate::message::letter::Frozen;
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::server::words;
use crate::store::attempts::{Answer, Attempt};
use crate::store::batches::Post;
use crate::store::deliveries::{Filter, Posted, state_name};

/// Messages of a page.
const ROWS: u32 = 100;
/// Other messages with the same document that are named beside one.
const BESIDE: u32 = 10;
/// States by which a list can be narrowed, in the order in which a person asks for them.
const STATES: [&str; 8] = ["needs_operator", "uncertain", "failed", "bounced", "queued", "sent", "suppressed", "cancelled"];

/// What the overview tells of: a name, its states, its words.
const GROUPS: [(&str, &str, (&str, &str)); 2] = [
    ("undecided", "uncertain needs_operator", ("chờ bạn quyết định", "for you to decide")),
    ("refused", "failed bounced complained", ("không tới người nhận", "did not arrive")),
];

fn group(name: &str) -> Option<&'static (&'static str, &'static str, (&'static str, &'static str))> {
    GROUPS.iter().find(|(own, ..)| *own == name)
}

const READ: Rule = Rule::Needs(Right::Read);
const SEND: Rule = Rule::Needs(Right::Send);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/thu", READ, list),
        Route::get("/thu/{id}", READ, show),
        Route::get("/thu/{id}/thu.eml", READ, message),
        Route::post("/thu/{id}/quyet-dinh", SEND, decide),
        Route::post("/thu/{id}/dia-chi", SEND, readdress),
    ]
}

/// Which messages are shown.
#[derive(Deserialize, Default)]
struct View {
    #[serde(default)]
    lo: String,
    #[serde(default)]
    tt: String,
    #[serde(default)]
    sau: String,
    /// Not empty: those of this month.
    #[serde(default)]
    thang: String,
    /// So many were just handed over.
    giao: Option<u64>,
}

async fn list(State(site): State<Arc<Site>>, caller: Caller, Query(view): Query<View>) -> Result<Page, Fault> {
    let (asker, office) = (&caller.principal, &site.office);
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let batch = match text(&view.lo) {
        Some(id) => Some(site.app.batch_seen(office, asker, &id).await?.batch),
        None => None,
    };
    let state = text(&view.tt).filter(|state| group(state).is_some() || words::state("delivery", state).is_some());
    let states = state.as_deref().map(|state| group(state).map_or(state, |(_, states, _)| states).to_owned());
    let filter = Filter {
        batch: batch.as_ref().map(|batch| batch.id.clone()),
        state: states,
        since: if view.thang.is_empty() { 0 } else { this_month() },
    };
    let mut found = site.app.deliveries_seen(office, asker, &filter, text(&view.sau).as_deref(), ROWS + 1).await?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let tally = match &batch {
        Some(batch) => site.app.mail_tally(office, &batch.id).await?,
        None => Vec::new(),
    };
    let held = match &batch {
        Some(batch) if batch.post == Post::Held => site.app.held_messages(office, batch).await?.0,
        _ => 0,
    };
    let single = STATES.iter().filter_map(|name| Some((*name, words::state("delivery", name)?.0)));
    let states: Vec<Value> = GROUPS
        .iter()
        .map(|(name, _, (vi, en))| (*name, Text { vi: (*vi).to_owned(), en: (*en).to_owned() }))
        .chain(single)
        .map(|(name, words)| json!({ "name": name, "words": words, "chosen": state.as_deref() == Some(name) }))
        .collect();
    Ok(Page::of(
        "deliveries/list",
        json!({
            "messages": found.iter().map(line).collect::<Value>(), "states": states, "state": state, "batch": filter.batch,
            "held": held, "handed_over": view.giao, "month": view.thang, "dropped": batch.as_ref().is_some_and(|batch| batch.post == Post::Dropped),
            "mail": counted(&tally), "tally": tally.iter().map(|(state, count)| json!({ "state": state, "count": count })).collect::<Value>(),
            "next": found.last().filter(|_| more).map(|last| last.id.clone()), "later": !view.sau.is_empty(),
        }),
    ))
}

/// How many messages are in which state, as one text that changes when they do.
pub(super) fn counted(tally: &[(String, u64)]) -> String {
    tally.iter().map(|(state, count)| format!("{state} {count}")).collect::<Vec<_>>().join(", ")
}

fn line(posted: &Posted) -> Value {
    let subject = serde_json::from_str::<Frozen>(&posted.message).map(|message| message.subject).unwrap_or_default();
    let state = state_name(posted.delivery.state);
    json!({
        "id": posted.id, "batch": posted.batch, "record": posted.record, "recipient": posted.recipient, "subject": subject,
        "state": state, "reason": posted.reason, "reply": posted.reply, "changed_at": posted.changed_at, "plain": plain(posted),
    })
}

/// What the state means for the person who sends, in one sentence.
fn plain(posted: &Posted) -> Value {
    let cause = posted.cause.map(Cause::describe);
    let told = |vi: &str, en: &str| {
        let cause = cause.clone().unwrap_or_else(|| crate::say!("không rõ lý do", "nobody knows why"));
        Text { vi: cause.vi + vi, en: cause.en + en }
    };
    let text = match posted.delivery.state {
        DeliveryState::Sent if posted.relay == FOLDER_RELAY => {
            crate::say!("đã để thành tệp trong thư mục thư đi", "left as a file in the folder of outgoing mail")
        }
        DeliveryState::Sent => crate::say!("đã chuyển cho máy chủ thư", "handed to the mail server"),
        DeliveryState::Queued { .. } if cause.is_some() => told("; chương trình sẽ tự gửi lại", "; it is tried again by itself"),
        DeliveryState::Queued { .. } if posted.delivery.attempts > 0 => {
            crate::say!("máy chủ hẹn gửi lại; sẽ tự gửi tiếp", "the server asked to come back; it is tried again by itself")
        }
        DeliveryState::Queued { .. } => crate::say!("đang chờ tới lượt", "waiting for its turn"),
        DeliveryState::Leased | DeliveryState::Committing => crate::say!("đang gửi", "being sent"),
        DeliveryState::Uncertain | DeliveryState::NeedsOperator => crate::say!(
            "mất liên lạc đúng lúc máy chủ nhận thư: có thể đã tới, có thể chưa",
            "the connection broke just when the server was taking it: it may have arrived or not"
        ),
        DeliveryState::Failed { reason: FailReason::Expired } if cause.is_some() => {
            told(", và đã quá hạn gửi lại; thư không tới", ", and it waited too long; it did not arrive")
        }
        DeliveryState::Failed { .. } if cause.is_some() => told("; thư không tới", "; it did not arrive"),
        DeliveryState::Failed { .. } => crate::say!("máy chủ từ chối, không gửi được", "refused; it cannot be sent"),
        DeliveryState::Bounced if cause.is_some() => told("; thư bị trả lại sau khi gửi", "; it came back after it was sent"),
        DeliveryState::Bounced => crate::say!("thư bị trả lại sau khi gửi", "it came back after it was sent"),
        DeliveryState::Complained => crate::say!("người nhận báo là thư rác", "the recipient reported it as spam"),
        DeliveryState::Suppressed => {
            crate::say!(
                "địa chỉ này trước đó hỏng hoặc từ chối nhận, nên không gửi nữa",
                "the address failed or refused before, so nothing is sent"
            )
        }
        DeliveryState::Cancelled => crate::say!("đã bỏ, không gửi", "given up, not sent"),
    };
    json!(text)
}

/// An attempt, with what the server said.
fn attempt(attempt: &Attempt) -> Value {
    let Answer { reply, peer, tls, .. } = &attempt.answer;
    let by = [peer, tls].map(String::as_str).into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    json!({ "number": attempt.number, "at": attempt.ended_at, "reply": reply, "by": by })
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Page, Fault> {
    let posted = site.app.delivery_seen(&site.office, &caller.principal, &id).await?;
    drawn(&site, &caller, &posted, None).await
}

async fn drawn(site: &Site, caller: &Caller, posted: &Posted, given: Option<&str>) -> Result<Page, Fault> {
    let beside = site.app.siblings(&site.office, posted, BESIDE).await?;
    let history: Value = site.app.attempts_of(&site.office, &posted.id).await?.iter().map(attempt).collect();
    let message: Option<Frozen> = serde_json::from_str(&posted.message).ok();
    let undecided = matches!(posted.delivery.state, DeliveryState::Uncertain | DeliveryState::NeedsOperator);
    let waiting = matches!(posted.delivery.state, DeliveryState::Queued { .. });
    let ended = matches!(
        posted.delivery.state,
        DeliveryState::Failed { .. } | DeliveryState::Bounced | DeliveryState::Cancelled | DeliveryState::Suppressed
    );
    let next_at = match posted.delivery.state {
        DeliveryState::Queued { next_at } => Some(next_at),
        _ => None,
    };
    Ok(Page::of(
        "deliveries/delivery",
        json!({
            "message": line(posted), "relay": relay(site, posted), "given": given.unwrap_or(&posted.recipient),
            "readdressable": !matches!(posted.delivery.state, DeliveryState::Complained) && ended,
            "others": beside.iter().map(line).collect::<Value>(), "attempts": posted.delivery.attempts, "created_at": posted.created_at,
            "history": history, "next_at": next_at, "from": message.as_ref().map(|message| format!("{} <{}>", message.from_name, message.from)),
            "text": message.as_ref().map(|message| message.plain.clone()),
            "undecided": undecided, "may_resend": posted.delivery.state == DeliveryState::NeedsOperator, "waiting": waiting, "ended": ended, "may_send": caller.principal.may(Right::Send),
        }),
    ))
}

async fn message(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let posted = site.app.delivery_seen(&site.office, &caller.principal, &id).await?;
    let bytes = site.app.message_of(&site.office, &posted).await?;
    Ok(download::file(bytes, "message/rfc822", &format!("{id}.eml"), false))
}

/// What a relay is called: its host, or that there is none.
fn relay(site: &Site, posted: &Posted) -> Value {
    json!(match site.app.relay_host(&posted.relay) {
        _ if posted.relay == FOLDER_RELAY => {
            crate::say!("thư mục thư đi (chưa có máy chủ thư)", "the folder of outgoing mail (no relay)")
        }
        Some(host) => crate::say!("Máy chủ thư {host}", "Mail server {host}"),
        None => crate::say!("Máy chủ thư “{}”", "Mail server “{}”", posted.relay),
    })
}

/// Another address for the same.
#[derive(Deserialize)]
struct Readdressed {
    #[serde(default)]
    dia_chi: String,
}

async fn readdress(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(given): Form<Readdressed>,
) -> Result<Response, Fault> {
    let address = given.dia_chi.trim();
    match site.app.readdress(&site.office, &caller.principal, &id, address).await {
        Ok(next) => Ok(to(&format!("/thu/{}?xong=dia-chi", next.id)).into_response()),
        Err(AppError::Input(problems)) => {
            let posted = site.app.delivery_seen(&site.office, &caller.principal, &id).await?;
            let page = drawn(&site, &caller, &posted, Some(address)).await?;
            Ok(page.status(StatusCode::UNPROCESSABLE_ENTITY).problems(problems).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// What a person decides.
#[derive(Deserialize)]
struct Decided {
    viec: String,
    #[serde(default)]
    ly_do: String,
}

async fn decide(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(decided): Form<Decided>,
) -> Result<Response, Fault> {
    site.app.delivery_seen(&site.office, &caller.principal, &id).await?;
    let decision = match decided.viec.as_str() {
        "da-toi" => Decision::Sent,
        "gui-lai" => Decision::Resend,
        "huy" => Decision::Cancel,
        _ => return Err(Fault::invalid(Vec::new())),
    };
    site.app.decide_in(&site.office, &id, decision, &caller.principal.name, decided.ly_do.trim()).await?;
    Ok(to(&format!("/thu/{id}?xong=luu")).into_response())
}
