//! `/api/v1/batches`: handing a list in, watching what becomes of it, holding it, giving it up, trying again.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequest as _, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::body::{self, Asker, Json, Path, Query};
use super::parts::{self, Came, Passing, broken, unfit};
use super::{JSON_BYTES, limit, list as list_of, once, time, time_or_none};
use crate::access::Right;
use crate::app::AppError;
use crate::app::batches::Listed;
use crate::app::drafts::Submitted;
use crate::app::submissions::{Handed, Submission};
use crate::app::watch::BatchFile;
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::say;
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::{Fault, with_sentences};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::batches::{Batch, Post, Tally};
use crate::store::records::Standing;
use crate::store::search::BatchFilter;
use crate::template::hex;

const READ: Rule = Rule::Needs(Right::Read);
const MAKE: Rule = Rule::Needs(Right::Make);
const SEND: Rule = Rule::Needs(Right::Send);
/// Largest list that is handed in, in bytes: what a data file may have, with room for the other parts.
pub(super) const LIST_BYTES: usize = 104 << 20;
/// Largest list as JSON, in bytes: it is held in memory.
const ROWS_BYTES: usize = 16 << 20;
/// The name of a list that came as JSON.
const ROWS_NAME: &str = "records.json";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/batches", READ, list),
        Route::post("/api/v1/batches", MAKE, submit).body(LIST_BYTES),
        Route::get("/api/v1/batches/{id}", READ, one),
        Route::get("/api/v1/batches/{id}/records", READ, records),
        Route::get("/api/v1/batches/{id}/events", READ, super::watch::events),
        Route::post("/api/v1/batches/{id}/pause", MAKE, pause).body(JSON_BYTES),
        Route::post("/api/v1/batches/{id}/resume", MAKE, resume),
        Route::post("/api/v1/batches/{id}/cancel", MAKE, cancel).body(JSON_BYTES),
        Route::post("/api/v1/batches/{id}/retry", MAKE, retry),
        Route::get("/api/v1/batches/{id}/files/{file}", READ, file),
        Route::post("/api/v1/batches/{id}/release", SEND, release),
        Route::post("/api/v1/batches/{id}/drop-mail", SEND, drop_mail),
        Route::post("/api/v1/batches/{id}/test-message", SEND, test).body(JSON_BYTES),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<String>,
    template: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

async fn list(State(site): State<Arc<Site>>, Asker(caller): Asker, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let most = limit(wanted.limit);
    let filter = BatchFilter { state: wanted.state.as_deref(), template: wanted.template.as_deref(), ..BatchFilter::default() };
    let found = site.app.find_batches(&site.office, &caller.principal, filter, wanted.after.as_deref(), most).await?;
    let next = found.last().filter(|_| found.len() == most as usize).map(|(batch, _)| batch.id.clone());
    let rows = found.iter().map(|(batch, tally)| batch_json(batch, tally)).collect();
    Ok(axum::Json(list_of("batches", rows, next)).into_response())
}

pub(super) fn batch_json(batch: &Batch, tally: &Tally) -> Value {
    json!({
        "id": batch.id, "template": batch.template, "organisation": batch.organisation, "owner": batch.owner, "origin": batch.origin,
        "state": batch.state.name(), "reason": batch.reason, "post": batch.post.name(), "accepted": batch.accepted,
        "rejected": batch.rejected, "records": tally, "created_at": time(batch.created_at),
        "finished_at": time_or_none(batch.finished_at), "completed_at": time_or_none(batch.completed_at),
        "mail_paused": batch.mail_pause.map(|pause| json!({ "at": time(pause.at), "failed": pause.failed, "tried": pause.tried })),
    })
}

/// The batch that a path names, for whoever may see it.
pub(super) struct Seen {
    pub caller: Caller,
    pub listed: Listed,
}

impl FromRequestParts<Arc<Site>> for Seen {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Fault> {
        let Asker(caller) = Asker::from_request_parts(parts, site).await?;
        let Path(places) = Path::<HashMap<String, String>>::from_request_parts(parts, site).await?;
        let id = places.get("id").ok_or_else(Fault::not_found)?;
        let listed = site.app.batch_seen(&site.office, &caller.principal, id).await?;
        Ok(Self { caller, listed })
    }
}

impl Seen {
    pub fn batch(&self) -> &Batch {
        &self.listed.batch
    }

    pub fn actor(&self) -> &str {
        &self.caller.principal.name
    }

    /// The batch as it stands once `done`. A step that its state does not allow is a conflict, not a wrong request.
    async fn after<T>(&self, site: &Site, done: Result<T, AppError>) -> Result<Response, Fault> {
        done.map_err(of_state)?;
        let Listed { batch, tally } = site.app.batch_seen(&site.office, &self.caller.principal, &self.batch().id).await?;
        Ok(axum::Json(batch_json(&batch, &tally)).into_response())
    }
}

async fn one(seen: Seen) -> Response {
    axum::Json(batch_json(&seen.listed.batch, &seen.listed.tally)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stretch {
    #[serde(default)]
    from: u64,
    limit: Option<u32>,
}

async fn records(State(site): State<Arc<Site>>, seen: Seen, Query(wanted): Query<Stretch>) -> Result<Response, Fault> {
    let most = limit(wanted.limit);
    let found = site.app.standings(&site.office, seen.batch(), wanted.from, most).await?;
    let next = found.last().filter(|_| found.len() == most as usize).map(|last| (last.position + 1).to_string());
    let language = seen.caller.language;
    Ok(axum::Json(list_of("records", found.iter().map(|record| record_json(record, language)).collect(), next)).into_response())
}

fn record_json(standing: &Standing, language: Language) -> Value {
    let reasons: Vec<Diagnostic> = serde_json::from_str(&standing.reasons).unwrap_or_default();
    json!({
        "record": standing.number, "position": standing.position, "state": standing.state.name(), "name": standing.label,
        "file": standing.file, "kept": standing.kept, "document": standing.document.as_ref().map(|document| &document.id),
        "reasons": with_sentences(&reasons, language),
    })
}

/// A request with its list beside it.
struct Rows {
    submission: Map<String, Value>,
    records: Vec<Value>,
}

impl Rows {
    fn of(mut body: Map<String, Value>) -> Result<Self, Fault> {
        match body.remove("records") {
            Some(Value::Array(records)) if records.iter().all(Value::is_object) => Ok(Self { submission: body, records }),
            _ => Err(unfit(
                StatusCode::UNPROCESSABLE_ENTITY,
                "json-field",
                say!("“records” phải là mảng các bản ghi", "`records` must be an array of records"),
            )),
        }
    }
}

/// What was handed in: the request, the file, its name and the digest of its bytes.
struct Received {
    submission: Submission,
    request: String,
    file: Passing,
    name: String,
    sha256: String,
}

async fn receive(site: &Arc<Site>, request: Request) -> Result<Received, Fault> {
    if parts::is_multipart(&request) {
        let (request, Came { file, name, sha256 }) = parts::request_and_file(site, request).await?;
        let submission = Submission::read(body::read(request.as_bytes())?).map_err(Fault::invalid)?;
        return Ok(Received { submission, request, file, name, sha256 });
    }
    if request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok()).unwrap_or(0)
        > ROWS_BYTES
    {
        return Err(too_long());
    }
    let Json(body) = Json::<Map<String, Value>>::from_request(request, site).await?;
    let rows = Rows::of(body)?;
    let submission = Submission::read(Value::Object(rows.submission.clone())).map_err(Fault::invalid)?;
    let bytes = serde_json::to_vec(&rows.records).map_err(|_| broken())?;
    if bytes.len() > ROWS_BYTES {
        return Err(too_long());
    }
    let file = Passing(site.app.scratch(&site.office, "json").await?);
    tokio::fs::write(&file.0, &bytes).await.map_err(|source| AppError::Write { path: file.0.clone(), source })?;
    let (request, sha256) = (Value::Object(rows.submission).to_string(), hex(&Sha256::digest(&bytes)));
    Ok(Received { submission, request, file, name: ROWS_NAME.into(), sha256 })
}

fn too_long() -> Fault {
    let most = ROWS_BYTES >> 20;
    unfit(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        say!(
            "JSON lớn hơn {most} MiB; gửi danh sách dài bằng tệp (multipart)",
            "the JSON is larger than {most} MiB; send a long list as a file (multipart)"
        ),
    )
}

async fn submit(State(site): State<Arc<Site>>, Asker(caller): Asker, headers: HeaderMap, request: Request) -> Result<Response, Fault> {
    let key = once::key(&headers)?;
    let Received { submission, request, file, name, sha256 } = receive(&site, request).await?;
    let digest = once::digest([request.as_bytes(), sha256.as_bytes()]);
    once::once(&site, &caller, "batches", key.as_deref(), &digest, async {
        // The draft knows the key too: a process that dies in the middle goes on with the same draft, and long after the answer
        // was forgotten the key still stands for this request alone.
        let draft_key = key.as_ref().map(|key| (format!("api:{}:{key}", caller.principal.name), digest.clone()));
        let handed = Handed { submission: &submission, path: &file.0, name: &name, key: draft_key };
        let (draft, submitted) = site.app.hand_in(&site.office, &caller.principal, handed).await?;
        let (state, batch) = match submitted {
            Submitted::Batch(batch) => ("accepted", Some(batch)),
            Submitted::Waiting => ("waiting", None),
        };
        Ok((StatusCode::ACCEPTED, json!({ "draft": draft, "state": state, "batch": batch })))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

async fn pause(State(site): State<Arc<Site>>, seen: Seen, Json(body): Json<Reason>) -> Result<Response, Fault> {
    let done = site.app.pause(&site.office, seen.batch(), &body.reason, seen.actor()).await;
    seen.after(&site, done).await
}

async fn resume(State(site): State<Arc<Site>>, seen: Seen) -> Result<Response, Fault> {
    let done = site.app.resume(&site.office, seen.batch(), seen.actor()).await;
    seen.after(&site, done).await
}

async fn cancel(State(site): State<Arc<Site>>, seen: Seen, Json(body): Json<Reason>) -> Result<Response, Fault> {
    let done = site.app.cancel(&site.office, seen.batch(), &body.reason, seen.actor()).await;
    seen.after(&site, done).await
}

async fn retry(State(site): State<Arc<Site>>, seen: Seen) -> Result<Response, Fault> {
    let done = site.app.retry(&site.office, seen.batch(), seen.actor()).await;
    seen.after(&site, done).await
}

/// Lets the mail of a batch go: what was held from the start begins, what was held because too much of it failed goes on.
async fn release(State(site): State<Arc<Site>>, seen: Seen) -> Result<Response, Fault> {
    let (batch, actor) = (seen.batch(), seen.actor());
    let resumed = site.app.resume_mailing(&site.office, batch, actor).await?;
    let queued = match resumed && batch.post == Post::Queued {
        true => 0,
        false => site.app.release_in(&site.office, batch, actor).await.map_err(of_state)?,
    };
    Ok(axum::Json(json!({ "batch": batch.id, "queued": queued })).into_response())
}

async fn drop_mail(State(site): State<Arc<Site>>, seen: Seen) -> Result<Response, Fault> {
    let done = site.app.drop_held(&site.office, seen.batch(), seen.actor()).await;
    seen.after(&site, done).await
}

/// A step that the batch's state does not allow is a conflict, not a wrong request.
fn of_state(error: AppError) -> Fault {
    let fault = Fault::from(error);
    if matches!(fault.code.as_str(), "batch-state" | "post-state") { Fault { status: StatusCode::CONFLICT, ..fault } } else { fault }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trial {
    record: u64,
    to: String,
}

/// The message of one record, to an address that is given, marked as a test.
async fn test(State(site): State<Arc<Site>>, seen: Seen, Json(trial): Json<Trial>) -> Result<Response, Fault> {
    site.app.send_test(&site.office, seen.batch(), trial.record, trial.to.trim(), seen.actor()).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(json!({ "batch": seen.batch().id, "record": trial.record }))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Printer {
    printer: Option<String>,
}

/// A file beside the documents, piece by piece.
async fn file(
    State(site): State<Arc<Site>>,
    seen: Seen,
    Path((_, name)): Path<(String, String)>,
    Query(printing): Query<Printer>,
) -> Result<Response, Fault> {
    const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let (app, batch, asker) = (&site.app, seen.batch(), &seen.caller.principal);
    let (handed, kind) = match name.as_str() {
        "merged.pdf" => (app.batch_file(&site.office, asker, batch, BatchFile::Merged).await?, "application/pdf"),
        "documents.zip" => (app.batch_file(&site.office, asker, batch, BatchFile::Archive).await?, "application/zip"),
        "report.xlsx" => (app.batch_file(&site.office, asker, batch, BatchFile::Report).await?, WORKBOOK),
        "rejected.xlsx" => (app.batch_file(&site.office, asker, batch, BatchFile::Rejected).await?, WORKBOOK),
        "manifest.json" => (app.batch_file(&site.office, asker, batch, BatchFile::Manifest).await?, "application/json"),
        "overprint.pdf" => (app.printed(&site.office, asker, batch, true, printing.printer.as_deref()).await?, "application/pdf"),
        "full.pdf" => (app.printed(&site.office, asker, batch, false, None).await?, "application/pdf"),
        _ => return Err(Fault::not_found()),
    };
    Ok(download::opened(handed, kind, &name))
}
