//! The description of the API, served as it is checked in.

use axum::http::header;
use axum::response::IntoResponse;

use crate::server::routes::{Route, Rule};

/// OpenAPI 3.1.
pub const DOCUMENT: &str = include_str!("openapi.json");

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/openapi.json", Rule::Public, document)]
}

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
