//! Calling a web address with news, guarded like fetching from one: only a host that `[fetch]` names, only at the address that
//! was checked, and never further by a redirect.
//!
//! Owns [`post`]. Nothing of the answer is read but its status.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::allow::Web;
use super::http::{Resolve, client};
use super::{Refusal, SourceError};

/// Time for finding and reaching the host.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for the whole call.
const WHOLE: Duration = Duration::from_secs(10);

/// May `url` be called? The address that its host leads to is checked when it is dialled.
///
/// # Errors
/// Why not.
pub fn check(url: &str, web: &Web) -> Result<Url, Refusal> {
    web.check(url)
}

/// Sends `body` as JSON to `url` with `headers`; the status of the answer, whatever it is.
///
/// # Errors
/// The address is refused, nobody answers, or not in time.
pub async fn post(
    url: &str,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
    web: &Web,
    resolver: &dyn Resolve,
) -> Result<u16, SourceError> {
    let url = web.check(url)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let called = async {
        let client = client(&url, web, resolver, CONNECT).await?;
        let mut all = HeaderMap::new();
        all.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| Refusal::Malformed)?;
            all.insert(HeaderName::from_static(name), value);
        }
        let sent = client.post(url.clone()).headers(all).body(body).send().await;
        Ok(sent.map_err(|error| SourceError::unanswered(&host, error))?.status().as_u16())
    };
    match tokio::time::timeout(WHOLE, called).await {
        Ok(status) => status,
        Err(_) => Err(SourceError::TimedOut { place: host, seconds: WHOLE.as_secs_f64() }),
    }
}
