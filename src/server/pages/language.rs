//! The switch between Vietnamese and English.

use axum::Form;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::language::Language;
use crate::server::caller::LANGUAGE_COOKIE;
use crate::server::page::{own_path, to};
use crate::server::routes::{Route, Rule};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/ngon-ngu", Rule::Public, choose)]
}

#[derive(Deserialize)]
struct Chosen {
    lang: String,
    tiep: Option<String>,
}

async fn choose(Form(chosen): Form<Chosen>) -> Response {
    let tag = if Language::from_tag(&chosen.lang) == Some(Language::English) { "en" } else { "vi" };
    let cookie = format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    let mut response = to(own_path(chosen.tiep.as_deref())).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
