//! Pages for machines: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

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

async fn metrics(State(site): State<Arc<Site>>) -> Response {
    match tokio::time::timeout(METRICS_MAX, site.vitals.metrics()).await {
        Ok(Ok(page)) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response(),
        Ok(Err(_)) | Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
