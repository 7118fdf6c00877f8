//! Bodies of requests: how large, how slow, and the token that a form carries.
//!
//! Owns the count of bytes and the patience with a slow client, whoever reads the body; and finding the token without reading a
//! whole upload: it is the first field of every form.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use futures_util::{StreamExt as _, stream};

use super::caller::text;
use super::fault::Fault;
use crate::say;

/// Time without a byte after which a client is given up.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Time for a body that is only read to be thrown away.
const DISCARD_MAX: Duration = Duration::from_secs(120);
/// Bytes at the beginning of an upload among which the token must stand.
const TOKEN_WITHIN: usize = 4 << 10;
/// The field of the token.
const FIELD: &str = "csrf";

const TOO_LARGE: u8 = 1;
const TOO_SLOW: u8 = 2;

/// What became of a body while it was read.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<AtomicU8>);

impl Watched {
    /// The fault to answer with, when the body was not taken whole.
    pub fn verdict(&self) -> Option<Fault> {
        match self.0.load(Ordering::Relaxed) {
            TOO_LARGE => Some(too_large()),
            TOO_SLOW => Some(
                Fault::new(StatusCode::REQUEST_TIMEOUT, "body-slow", say!("dữ liệu gửi lên quá chậm", "the data came too slowly")).again(),
            ),
            _ => None,
        }
    }
}

fn too_large() -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", say!("tệp hay dữ liệu gửi lên quá lớn", "what was sent is too large"))
}

/// Puts the limit and the patience around the body. What says beforehand that it is too large is read and thrown away, since
/// a browser shows the answer only once it was let finish.
pub(super) async fn watch(request: Request, limit: usize) -> Result<(Request, Watched), Fault> {
    let watched = Watched::default();
    if request.body().is_end_stream() {
        return Ok((request, watched));
    }
    let (parts, body) = request.into_parts();
    let length = text(&parts.headers, header::CONTENT_LENGTH.as_str()).and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        if !parts.headers.contains_key(header::EXPECT) {
            let mut rest = body.into_data_stream();
            let _ = tokio::time::timeout(DISCARD_MAX, async { while let Some(Ok(_)) = rest.next().await {} }).await;
        }
        return Err(too_large());
    }
    let marks = watched.clone();
    let body = stream::unfold(Some((body.into_data_stream(), 0_usize)), move |state| {
        let marks = marks.clone();
        async move {
            let (mut stream, read) = state?;
            let stop = |mark: u8| {
                marks.0.store(mark, Ordering::Relaxed);
                Some((Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::InvalidData))), None))
            };
            match tokio::time::timeout(IDLE_MAX, stream.next()).await {
                Ok(Some(Ok(chunk))) if read + chunk.len() > limit => stop(TOO_LARGE),
                Ok(Some(Ok(chunk))) => {
                    let read = read + chunk.len();
                    Some((Ok(chunk), Some((stream, read))))
                }
                Ok(Some(Err(error))) => Some((Err(error), None)),
                Ok(None) => None,
                Err(_) => stop(TOO_SLOW),
            }
        }
    });
    Ok((Request::from_parts(parts, Body::from_stream(body)), watched))
}

/// The token in a form, and the request as it was.
pub(super) async fn form_token(request: Request, limit: usize) -> Result<(Request, Option<String>), ()> {
    let (parts, body) = request.into_parts();
    let kind = text(&parts.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let bytes = axum::body::to_bytes(body, limit).await.map_err(drop)?;
        let token = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|form| form.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == FIELD))
            .map(|(_, value)| value.to_owned());
        return Ok((Request::from_parts(parts, Body::from(bytes)), token));
    }
    if !kind.starts_with("multipart/form-data") {
        return Ok((Request::from_parts(parts, body), None));
    }
    let mut rest = body.into_data_stream();
    let (mut held, mut seen): (Vec<Bytes>, Vec<u8>) = (Vec::new(), Vec::new());
    let mut token = None;
    while token.is_none() && seen.len() < TOKEN_WITHIN {
        let Some(chunk) = rest.next().await else { break };
        let chunk = chunk.map_err(drop)?;
        seen.extend_from_slice(&chunk[..chunk.len().min(TOKEN_WITHIN)]);
        held.push(chunk);
        token = first_field(&seen);
    }
    let body = Body::from_stream(stream::iter(held.into_iter().map(Ok)).chain(rest));
    Ok((Request::from_parts(parts, body), token))
}

/// The value of the token's field, when it has come whole.
fn first_field(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (_, after) = text.split_once(&format!("name=\"{FIELD}\""))?;
    let (_, value) = after.split_once("\r\n\r\n")?;
    value.split_once("\r\n").map(|(value, _)| value.to_owned())
}
