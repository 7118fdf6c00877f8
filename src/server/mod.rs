//! HTTP for machines: `/healthz`, `/readyz`, `/metrics`.
//!
//! Owns the connections: how many, how long, and that none of them holds up a stop. A client that sends half a header is
//! sent away after ten seconds, or at once when the service stops.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use crate::app::service::Vitals;

/// Connections at a time; more are closed at once.
const CONNECTIONS_MAX: usize = 256;
/// Time for a request's header.
const HEADER_MAX: Duration = Duration::from_secs(10);
/// Life of a connection. Pages are short, and none is kept open for another.
const CONNECTION_MAX: Duration = Duration::from_secs(30);
/// Time for answers under way when the service stops.
const DRAIN: Duration = Duration::from_secs(2);
/// Time for counting.
const METRICS_MAX: Duration = Duration::from_secs(10);
/// Rest after a connection could not be accepted, as when descriptors are used up.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// The pages.
pub fn router(vitals: Arc<Vitals>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(vitals)
}

async fn ready(State(vitals): State<Arc<Vitals>>) -> Response {
    let problems = vitals.problems();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(serde_json::json!({ "ready": problems.is_empty(), "problems": problems }))).into_response()
}

async fn metrics(State(vitals): State<Arc<Vitals>>) -> Response {
    match tokio::time::timeout(METRICS_MAX, vitals.metrics()).await {
        Ok(Ok(page)) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response(),
        Ok(Err(_)) | Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Answers on `listener` until `stop` turns true.
pub async fn serve(listener: TcpListener, router: Router, mut stop: Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            tracing::warn!(event = "http.accept");
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(event = "http.full");
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADER_MAX).keep_alive(false);
            let _ = tokio::time::timeout(CONNECTION_MAX, server.serve_connection(TokioIo::new(stream), service)).await;
            drop(place);
        });
    }
    let _ = tokio::time::timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}
