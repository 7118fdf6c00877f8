//! The public check: `/v` to type a code, `/v/{code}` what may be shown, `/v/khoa` the published keys; and taking back or replacing
//! what a document's page shows.
//!
//! A code that is none and a code that nobody has get the very same answer, at the same cost. The fragment of a scanned address
//! stays in the browser, where the page's script checks the signature.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::documents;
use crate::access::Right;
use crate::app::AppError;
use crate::proof::{Code, PublishedKey};
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, query_value, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::proofs::{Proof, ProofState};

/// Longest text that is taken for a code.
const TYPED_MAX: usize = 400;
/// What stands above the published keys.
const KEYS_HEAD: &str = "# Khóa công khai để kiểm tra chữ ký trên mã QR: vanthu verify \"NỘI DUNG MÃ QR\" --key TỆP NÀY\n\
    # Public keys to check the signatures of QR codes with: vanthu verify \"QR TEXT\" --key THIS FILE\n";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v", Rule::Public, ask),
        Route::get("/v/khoa", Rule::Public, keys),
        Route::get("/v/{code}", Rule::Public, show),
        Route::post("/van-ban/{id}/thu-hoi", Rule::Needs(Right::Approve), revoke),
        Route::post("/van-ban/{id}/thay-the", Rule::Needs(Right::Approve), replace),
    ]
}

/// A page that no search engine keeps.
fn unlisted(page: Page) -> Page {
    page.header(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"))
}

/// What every page of the check shows; nothing is checked here without `[verify]`.
fn base(site: &Site) -> Result<Value, Fault> {
    let config = site.app.verify_config().ok_or_else(Fault::not_found)?;
    let bare = config.url.split_once("://").map_or(config.url.as_str(), |(_, rest)| rest);
    let host = bare.split('/').next().unwrap_or_default();
    Ok(json!({ "office": site.app.office_name(), "host": host, "here": "/v", "outcome": "", "files": "", "keys": "" }))
}

#[derive(Deserialize, Default)]
struct Typed {
    #[serde(default)]
    ma: String,
}

async fn ask(State(site): State<Arc<Site>>, Query(typed): Query<Typed>) -> Result<Response, Fault> {
    let data = base(&site)?;
    let typed: String = typed.ma.trim().chars().take(TYPED_MAX).collect();
    if typed.is_empty() {
        return Ok(unlisted(Page::of("check/ask", data)).into_response());
    }
    // Whoever pastes the whole address means the last part of its path.
    let code = typed.split('#').next().and_then(|address| address.rsplit('/').next()).unwrap_or_default();
    let code = Code::parse(code).map_or_else(|| query_value(code).replace('/', ""), |code| code.compact());
    Ok(to(&format!("/v/{}", if code.is_empty() { "-" } else { &code })).into_response())
}

async fn keys(State(site): State<Arc<Site>>) -> Result<Response, Fault> {
    base(&site)?;
    let keys = site.app.published_keys(&site.office).await?;
    let lines: String = keys.iter().map(|key: &PublishedKey| key.line() + "\n").collect();
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let caching = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(([kind, caching], format!("{KEYS_HEAD}{lines}")).into_response())
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, typed: Result<Path<String>, PathRejection>) -> Result<Page, Fault> {
    let mut data = base(&site)?;
    // What is not even text is no code either.
    let typed = typed.map(|Path(typed)| typed).unwrap_or_default();
    site.question(caller.address).map_err(Fault::too_many)?;
    // The page has all that its script needs: the signature and a dropped file are checked without another request.
    let keys = site.app.published_keys(&site.office).await?;
    data["keys"] = keys.iter().map(PublishedKey::line).collect::<Vec<_>>().join("\n").into();
    let proof = site.app.certificate(&site.office, &typed).await?;
    let Some(proof) = proof else {
        data["outcome"] = "unknown".into();
        return Ok(unlisted(Page::of("check/unknown", data)).status(StatusCode::NOT_FOUND));
    };
    let shown = certificate(&site, &proof);
    data["here"] = format!("/v/{}", proof.proof.code).into();
    data["outcome"] = proof.state.name().into();
    data["files"] = proof.files.join(" ").into();
    data["certificate"] = shown;
    Ok(unlisted(Page::of("check/certificate", data)))
}

/// What may be shown of a certificate.
fn certificate(site: &Site, proof: &Proof) -> Value {
    let own = &proof.proof;
    let show_holder = site.app.verify_config().map(|config| config.show_holder).unwrap_or_default();
    let grouped = |code: &str| Code::parse(code).map(|code| code.to_string()).unwrap_or_default();
    let date = own.date.as_deref().and_then(|date| date.parse::<jiff::civil::Date>().ok());
    json!({
        "code": grouped(&own.code),
        "title": own.title,
        "number": own.number,
        "date": date.map(|date| date.strftime("%d/%m/%Y").to_string()).unwrap_or_default(),
        "issuer": own.issuer,
        "holder": show_holder.show(&own.holder),
        "valid": proof.state == ProofState::Valid,
        "revoked": proof.state == ProofState::Revoked,
        "replaced": proof.state == ProofState::Replaced,
        "reason": proof.reason,
        "changed_at": proof.changed_at,
        "by": proof.replaced_by,
        "by_shown": proof.replaced_by.as_deref().map(grouped),
    })
}

#[derive(Deserialize, Default)]
struct Decision {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    by: String,
}

/// The certificate that a document's page shows; a document without one, or of another organisation, is as if it were not there.
async fn own_code(site: &Site, caller: &Caller, id: &str) -> Result<Code, Fault> {
    match site.app.code_of(&site.office, id, caller.principal.organisation.as_deref()).await {
        Err(AppError::Input(_)) => Err(Fault::not_found()),
        found => Ok(found?),
    }
}

/// The document's page again, with why it was not done and what was typed.
async fn again(site: &Site, caller: &Caller, id: &str, typed: Value, error: AppError) -> Result<Response, Fault> {
    match error {
        AppError::Input(problems) => Ok(documents::dossier(site, caller, id, Value::Null, typed).await?.problems(problems).into_response()),
        error => Err(error.into()),
    }
}

async fn revoke(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(decision): Form<Decision>,
) -> Result<Response, Fault> {
    let code = own_code(&site, &caller, &id).await?;
    match site.app.revoke(&site.office, code, &decision.reason, &caller.principal.name).await {
        Ok(_) => Ok(to(&format!("/van-ban/{}?xong=thu-hoi", query_value(&id))).into_response()),
        Err(error) => again(&site, &caller, &id, json!({ "why": decision.reason, "by": "", "because": "" }), error).await,
    }
}

async fn replace(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(decision): Form<Decision>,
) -> Result<Response, Fault> {
    let code = own_code(&site, &caller, &id).await?;
    let replaced = match site.app.code_of(&site.office, &decision.by, caller.principal.organisation.as_deref()).await {
        Ok(by) => site.app.replace(&site.office, code, by, &decision.reason, &caller.principal.name).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match replaced {
        Ok(()) => Ok(to(&format!("/van-ban/{}?xong=thay-the", query_value(&id))).into_response()),
        Err(error) => again(&site, &caller, &id, json!({ "why": "", "by": decision.by, "because": decision.reason }), error).await,
    }
}
