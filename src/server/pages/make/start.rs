//! The last step: what it comes to, and the start; where approval is required, asking for it and deciding.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{asker, asks_sheet, foremost, head, stale};
use crate::access::Right;
use crate::app::AppError;
use crate::app::drafts::{Checked, Draft, Estimate, Submitted};
use crate::diagnostic::{Diagnostic, Severity};
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{self, Page, to};
use crate::server::site::Site;

#[derive(Deserialize)]
pub(super) struct Seen {
    revision: u64,
    #[serde(default)]
    ly_do: String,
    /// It was seen that documents stand already, when present.
    van_lam: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// Find out what it comes to now.
    ve: Option<String>,
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Page, Fault> {
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    drawn(&site, &caller, draft, asked.ve.is_some()).await
}

/// With `now`, what it comes to is found out however long that takes; else the page has it fetched.
async fn drawn(site: &Arc<Site>, caller: &Caller, draft: Draft, now: bool) -> Result<Page, Fault> {
    let asker = asker(&caller.principal);
    let submitted = draft.batch.is_some();
    let later = !now && !submitted && draft.is_ready() && draft.current_check().is_some_and(|check| check.estimate.is_none());
    let (estimate, problems) = if submitted || draft.file.is_none() {
        (Estimate::default(), Vec::new())
    } else if later {
        let known = |check: &Checked| Estimate { documents: check.accepted, messages: check.mails.values().sum(), ..Estimate::default() };
        (draft.current_check().map(known).unwrap_or_default(), Vec::new())
    } else {
        match site.app.estimate(&site.office, asker, &draft.id).await {
            Ok(estimate) => (estimate, Vec::new()),
            Err(AppError::Input(problems)) => (Estimate::default(), foremost(problems)),
            Err(error) => return Err(error.into()),
        }
    };
    let draft = site.app.draft(&site.office, asker, &draft.id).await?;
    let check = draft.current_check();
    let domains: Vec<Value> = check
        .map(|check| check.mails.iter().map(|(domain, count)| json!({ "domain": domain, "count": count })).collect())
        .unwrap_or_default();
    let numbers: Vec<Value> = check
        .map(|check| {
            check
                .numbers
                .iter()
                .map(|(register, period, first, last)| json!({ "register": register, "period": period, "first": first, "last": last }))
                .collect()
        })
        .unwrap_or_default();
    let quota = estimate.quota.as_ref().map(|quota| {
        json!({ "relay": quota.relay, "per_minute": quota.per_minute, "per_day": quota.per_day, "sent": quota.sent, "minutes": quota.minutes })
    });
    let own = draft.owner == caller.principal.name;
    let decides = site.app.may_decide(&site.office, asker, &draft).await?;
    let page = Page::of(
        "make/start",
        json!({
            "draft": head(&site.app, &draft, 4, caller.language),
            "estimate": { "documents": estimate.documents, "pages": estimate.pages, "bytes": estimate.bytes,
                "seconds": estimate.seconds.ceil() as u64, "minutes": (estimate.seconds / 60.0).ceil() as u64,
                "long": estimate.seconds > 90.0, "messages": estimate.messages },
            "later": later.then(|| format!("/tao/{}/bat-dau?ve=1", draft.id)), "domains": domains, "numbers": numbers, "quota": quota, "sends": draft.request.mail.is_some(),
            "held": draft.request.mail.as_ref().is_some_and(|mail| mail.hold), "only_valid": draft.request.only_valid,
            "unaddressed": check.map_or(0, |check| check.unaddressed), "merge": draft.request.merge, "zip": draft.request.zip,
            "overprint": draft.request.overprint, "stock": draft.request.stock,
            "errors": check.map_or(0, |check| check.errors()), "own": own, "involved": !decides,
            "may_approve": caller.principal.may(Right::Approve) && decides,
            "can_start": problems.is_empty(), "asks_sheet": asks_sheet(&draft),
            "issued": page::problems(check.and_then(|check| check.already_issued()).map(std::slice::from_ref).unwrap_or_default(), caller.language),
            "problems": page::problems(&problems, caller.language),
        }),
    );
    Ok(page)
}

/// Shows the step again with why it was not taken.
async fn again(site: &Arc<Site>, caller: &Caller, id: &str, error: AppError) -> Result<Response, Fault> {
    let (problems, status) = match stale(&error, None) {
        Some(problem) => (vec![problem], StatusCode::CONFLICT),
        None => match error {
            AppError::Input(problems) => (foremost(problems), StatusCode::UNPROCESSABLE_ENTITY),
            error => return Err(error.into()),
        },
    };
    let draft = site.app.draft(&site.office, asker(&caller.principal), id).await?;
    Ok(drawn(site, caller, draft, true).await?.status(status).problems(problems).into_response())
}

/// What a person must settle before the start and has not.
fn unseen(draft: &Draft, seen: &Seen) -> Option<Diagnostic> {
    if asks_sheet(draft) {
        let problem = Diagnostic::error("sheet-unchosen", say!("chưa chọn trang tính nào là danh sách", "no sheet was chosen as the list"));
        return Some(problem.remedy(say!("về bước 1 và chọn trang", "go back to step 1 and choose one")));
    }
    let issued = draft.current_check().filter(|_| draft.is_open() && seen.van_lam.is_none())?.already_issued()?;
    Some(Diagnostic {
        remedy: Some(say!("đánh dấu “Vẫn làm” nếu đúng là muốn cấp lần nữa", "tick the box if they really are to be made once more")),
        severity: Severity::Error,
        ..issued.clone()
    })
}

pub(super) async fn submit(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, Fault> {
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    if let Some(problem) = unseen(&draft, &seen) {
        return again(&site, &caller, &id, AppError::Input(vec![problem])).await;
    }
    match site.app.submit_draft(&site.office, asker(&caller.principal), &id, seen.revision).await {
        Ok(Submitted::Batch(batch)) => Ok(to(&format!("/lo/{batch}")).into_response()),
        Ok(Submitted::Waiting) => Ok(to(&format!("/tao/{id}/bat-dau?xong=xin-duyet")).into_response()),
        Err(error) => again(&site, &caller, &id, error).await,
    }
}

pub(super) async fn approve(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, Fault> {
    match site.app.approve_draft(&site.office, asker(&caller.principal), &id, seen.revision).await {
        Ok(batch) => Ok(to(&format!("/lo/{batch}?xong=duyet")).into_response()),
        Err(error) => again(&site, &caller, &id, error).await,
    }
}

pub(super) async fn reject(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, Fault> {
    match site.app.reject_draft(&site.office, asker(&caller.principal), &id, seen.revision, &seen.ly_do).await {
        Ok(_) => Ok(to("/tao?xong=tu-choi").into_response()),
        Err(error) => again(&site, &caller, &id, error).await,
    }
}

pub(super) async fn withdraw(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, Fault> {
    match site.app.withdraw_draft(&site.office, asker(&caller.principal), &id, seen.revision).await {
        Ok(_) => Ok(to(&format!("/tao/{id}")).into_response()),
        Err(error) => again(&site, &caller, &id, error).await,
    }
}
