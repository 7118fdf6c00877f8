//! Pages for machines: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Peer;
use super::fault::Fault;
use super::routes::{Route, Rule};
use super::site::Site;

/// Time for counting.
const METRICS_MAX: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/healthz", Rule::Public, || async { "ok\n" }),
        Route::get("/readyz", Rule::Public, ready),
        Route::get("/metrics", Rule::Public, metrics),
    ]
}

async fn ready(State(site): State<Arc<Site>>) -> Response {
    let problems = site.vitals.problems();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(serde_json::json!({ "ready": problems.is_empty(), "problems": problems }))).into_response()
}

/// What servers in front add to a request that they pass on.
const PASSED_ON: [&str; 6] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Counts are for who looks after this machine. The same listener serves the whole world, so that they are told only to this
/// machine itself, and to nothing that a server in front passed on.
async fn metrics(State(site): State<Arc<Site>>, Extension(Peer(peer)): Extension<Peer>, headers: HeaderMap) -> Response {
    let own = peer.ip().to_canonical().is_loopback() && !site.app.service_config().proxies.contains(&peer.ip());
    if !own || PASSED_ON.iter().any(|name| headers.contains_key(*name)) {
        return Fault::not_found().into_response();
    }
    counts(State(site)).await
}

/// The page of counts, for a listener of its own.
pub(super) async fn counts(State(site): State<Arc<Site>>) -> Response {
    match tokio::time::timeout(METRICS_MAX, site.vitals.metrics()).await {
        Ok(Ok(page)) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response(),
        Ok(Err(_)) | Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
