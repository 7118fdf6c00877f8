//! What programs send: JSON within bounds, queries and paths; and who may send how much.
//!
//! Owns the extractors of the API. Each turns what it refuses into a problem, never into a line of text.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::fields;
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::site::Site;

/// Levels of a JSON document.
const DEPTH_MAX: usize = 64;
/// Members of an array.
const ARRAY_MAX: usize = 100_000;
/// What the body is called in diagnostics.
const BODY: &str = "body";
/// And the query of an address.
const QUERY: &str = "query";

/// Who asks, counted against what a program may ask in a minute.
pub(super) struct Asker(pub Caller);

impl FromRequestParts<Arc<Site>> for Asker {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Fault> {
        let caller = Caller::from_request_parts(parts, site).await?;
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        site.limits.take(route, changes, &caller.principal.name, site.clock()).map_err(Fault::too_many)?;
        Ok(Self(caller))
    }
}

/// Who asks about what all organisations share. A key that is bound to one has no say in it.
pub(super) struct Office(pub Caller);

impl FromRequestParts<Arc<Site>> for Office {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Fault> {
        let Asker(caller) = Asker::from_request_parts(parts, site).await?;
        if caller.principal.organisation.is_none() {
            return Ok(Self(caller));
        }
        Err(Fault::forbidden(say!(
            "khóa này chỉ dùng cho một tổ chức, còn mục này là chung của cả cơ quan",
            "this key is of one organisation, and this belongs to all of them"
        )))
    }
}

/// A JSON body.
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for Json<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Fault> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence != "application/json" {
            return Err(Fault::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type",
                say!("phần thân phải là application/json", "the body must be application/json"),
            ));
        }
        let bytes = Bytes::from_request(request, site).await.map_err(|_| Fault::cut_short())?;
        read(&bytes).map(Self)
    }
}

/// A JSON text as a value of the API.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    // Looked at before it is read: what nests too deeply is not to be followed, what is too long not to be kept.
    bounds(bytes)?;
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let place = Place::Line { file: BODY.into(), line: error.line() as u64, column: None };
        wrong(StatusCode::BAD_REQUEST, "json-syntax", say!("không phải JSON đúng cú pháp", "is not well-formed JSON")).at(place)
    })?;
    fields::read(value, BODY).map_err(|problem| Fault::invalid(vec![problem]))
}

/// A fault with the one diagnostic that explains it.
struct Wrong {
    status: StatusCode,
    diagnostic: Diagnostic,
}

fn wrong(status: StatusCode, code: &'static str, message: crate::language::Text) -> Wrong {
    Wrong { status, diagnostic: Diagnostic::error(code, message) }
}

impl Wrong {
    fn at(self, place: Place) -> Fault {
        let Self { status, diagnostic } = self;
        Fault { status, ..Fault::invalid(vec![diagnostic.at(place)]) }
    }
}

fn bounds(bytes: &[u8]) -> Result<(), Fault> {
    let place = || Place::File { file: BODY.into() };
    let (mut quoted, mut escaped) = (false, false);
    // For each open bracket: commas in it, when it is an array.
    let mut open: Vec<Option<usize>> = Vec::new();
    for byte in bytes {
        if quoted {
            (quoted, escaped) = match byte {
                b'\\' if !escaped => (true, true),
                b'"' if !escaped => (false, false),
                _ => (true, false),
            };
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                if open.len() == DEPTH_MAX {
                    let message = say!("JSON lồng sâu quá {DEPTH_MAX} cấp", "the JSON nests deeper than {DEPTH_MAX} levels");
                    return Err(wrong(StatusCode::UNPROCESSABLE_ENTITY, "json-deep", message).at(place()));
                }
                open.push((*byte == b'[').then_some(0));
            }
            b']' | b'}' => {
                open.pop();
            }
            b',' => {
                if let Some(Some(commas)) = open.last_mut() {
                    *commas += 1;
                    if *commas >= ARRAY_MAX {
                        let message = say!(
                            "mảng có quá {ARRAY_MAX} phần tử; gửi danh sách dài bằng tệp JSON Lines hoặc CSV",
                            "an array has more than {ARRAY_MAX} members; send a long list as a file of JSON Lines or CSV"
                        );
                        return Err(wrong(StatusCode::UNPROCESSABLE_ENTITY, "json-array", message).at(place()));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The query of an address.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Site>> for Query<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Fault> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|error| {
            let said = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            // What was wrong stands behind the parameter's name, unless one is missing.
            let (name, reason) = said.split_once(": ").filter(|(name, _)| !name.contains([' ', '`'])).unwrap_or(("", &said));
            let file = if name.is_empty() { QUERY.to_owned() } else { format!("{QUERY}?{name}") };
            Fault::invalid(vec![fields::problem("query", reason).at(Place::File { file })])
        })
    }
}

/// The parts of a path.
pub(super) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Site>> for Path<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Fault> {
        // What is no text, or no number, names nothing.
        axum::extract::Path::<T>::from_request_parts(parts, site).await.map(|path| Self(path.0)).map_err(|_| Fault::not_found())
    }
}
