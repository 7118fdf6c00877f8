//! Files that go out: bytes with a name that every browser understands and none can misread.
//!
//! Owns the headers of a download: RFC 6266 with a plain name beside the fair one, no guessing of the type, no copy kept on
//! the way.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio_util::io::ReaderStream;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::app::watch::HandedOut;

/// Longest plain name, in characters.
const PLAIN_MAX: usize = 100;

/// `bytes` of type `kind`, to be saved as `name`; with `inline`, to be shown where the browser can.
pub(super) fn file(bytes: Vec<u8>, kind: &'static str, name: &str, inline: bool) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&disposition(name, inline)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// An open file, piece by piece, to be saved as `name`.
pub(super) fn opened(handed: HandedOut, kind: &'static str, name: &str) -> Response {
    let mut response = file(Vec::new(), kind, name, false);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(handed.bytes));
    *response.body_mut() = Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(handed.file)));
    response
}

/// RFC 6266: a name in ASCII for old readers, the name itself in UTF-8 for all others.
pub(super) fn disposition(name: &str, inline: bool) -> String {
    let plain: String = name
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| match c {
            'đ' => 'd',
            'Đ' => 'D',
            c => c,
        })
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
        .take(PLAIN_MAX)
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        // The letters that RFC 8187 lets stand.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    let how = if inline { "inline" } else { "attachment" };
    format!("{how}; filename=\"{}\"; filename*=UTF-8''{encoded}", plain.trim())
}
