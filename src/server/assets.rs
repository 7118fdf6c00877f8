//! Style, scripts, pictures and type of the pages, from the binary.
//!
//! Owns their addresses. One digest over all of them stands in every address, so that a browser may keep them for ever and a
//! module finds the others beside it.

use std::borrow::Cow;
use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use super::caller::text;
use super::fault::Fault;
use super::routes::{Route, Rule};
use crate::catalog::built_in_font;

#[derive(Embed)]
#[folder = "src/server/assets/"]
struct Files;

/// Faces of the bundle that pages use.
const FACES: [&str; 3] = ["BeVietnamPro_400Regular.ttf", "BeVietnamPro_600SemiBold.ttf", "BeVietnamPro_700Bold.ttf"];

/// Hexadecimal digits of the digest in an address.
const DIGEST_SHOWN: usize = 16;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/tep/{digest}/{*name}", Rule::Public, serve), Route::get("/favicon.ico", Rule::Public, icon)]
}

fn bytes_of(name: &str) -> Option<Cow<'static, [u8]>> {
    if FACES.contains(&name) {
        return built_in_font(&format!("be-vietnam-pro/{name}"));
    }
    Files::get(name).map(|file| file.data)
}

fn digest() -> &'static str {
    static DIGEST: OnceLock<String> = OnceLock::new();
    DIGEST.get_or_init(|| {
        let mut names: Vec<Cow<'static, str>> = Files::iter().chain(FACES.map(Cow::Borrowed)).collect();
        names.sort();
        let mut hash = Sha256::new();
        for name in names {
            hash.update(name.as_bytes());
            hash.update(Sha256::digest(bytes_of(&name).unwrap_or_default()));
        }
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        hex[..DIGEST_SHOWN].to_owned()
    })
}

/// The address of an asset.
pub(super) fn address(name: &str) -> String {
    format!("/tep/{}/{name}", digest())
}

async fn serve(Path((asked, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, Fault> {
    if asked != digest() {
        return Err(Fault::not_found());
    }
    let bytes = bytes_of(&name).ok_or_else(Fault::not_found)?;
    let tag = format!("\"{asked}\"");
    let caching = [(header::CACHE_CONTROL, "public, max-age=31536000, immutable"), (header::ETAG, tag.as_str())];
    if text(&headers, header::IF_NONE_MATCH.as_str()).is_some_and(|known| known == tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, [(header::CONTENT_TYPE, kind_of(&name))], bytes).into_response())
}

async fn icon() -> Response {
    let picture = bytes_of("dau.svg").unwrap_or_default();
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")], picture).into_response()
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ttf") => "font/ttf",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
