//! `Idempotency-Key`: the same request sent twice has one effect and one answer.
//!
//! Owns the header and the way of an answer into the store and back. What the machine failed at is not kept: the same request
//! may then succeed.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::site::Site;
use crate::store::answers::{Answer, Begun};
use crate::template::hex;

const KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in characters.
const KEY_MAX: usize = 200;

/// The key of a request, if it has one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(text.to_owned())),
        _ => Err(Fault::new(
            StatusCode::BAD_REQUEST,
            "idempotency-key",
            say!(
                "Idempotency-Key phải gồm 1 đến {KEY_MAX} ký tự ASCII nhìn thấy được, không có khoảng trắng",
                "Idempotency-Key must be 1 to {KEY_MAX} visible ASCII characters without blanks"
            ),
        )),
    }
}

/// SHA-256 over the parts of a request.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Carries `work` out, once for each key of a caller; without a key, whenever it is asked.
pub(super) async fn once(
    site: &Site,
    caller: &Caller,
    route: &str,
    key: Option<&str>,
    request: &str,
    work: impl Future<Output = Result<(StatusCode, Value), Fault>>,
) -> Result<Response, Fault> {
    let Some(key) = key else {
        return work.await.map(|(status, value)| (status, axum::Json(value)).into_response());
    };
    let (store, name) = (&site.office.store, caller.principal.name.as_str());
    let request = digest([route.as_bytes(), request.as_bytes()]);
    match store.begin_answer(name, key, &request).await? {
        Begun::Fresh => {}
        Begun::Answered(answer) => return Ok(replayed(answer)),
        Begun::UnderWay => {
            let text = say!("yêu cầu cùng khóa này đang được xử lý", "a request with this key is being carried out");
            return Err(Fault { retry_after: Some(1), ..Fault::new(StatusCode::CONFLICT, "key-in-use", text).again() });
        }
        Begun::Other => {
            return Err(Fault::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-reused",
                say!("khóa này đã dùng cho một yêu cầu khác", "the key was used for another request"),
            ));
        }
    }
    let ended = work.await;
    let answer = match &ended {
        Ok((status, value)) => {
            Some(Answer { status: status.as_u16(), content_type: "application/json".into(), body: value.to_string().into_bytes() })
        }
        // A key that is another request's stays that one's, whose answer was forgotten meanwhile.
        Err(fault) if fault.status.is_server_error() || fault.retryable || fault.code == "key-reused" => None,
        Err(fault) => Some(Answer {
            status: fault.status.as_u16(),
            content_type: "application/problem+json".into(),
            body: fault.problem_value(caller.language).to_string().into_bytes(),
        }),
    };
    store.end_answer(name, key, answer.as_ref()).await?;
    ended.map(|(status, value)| (status, axum::Json(value)).into_response())
}

fn replayed(answer: Answer) -> Response {
    let mut response = answer.body.into_response();
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = HeaderValue::from_str(&answer.content_type).unwrap_or(HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
