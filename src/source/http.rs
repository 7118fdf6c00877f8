//! Web addresses as a source: resolved once, checked, and dialled at exactly the address that was checked.
//!
//! Owns the request with its redirects, each held against `[fetch]` like the first, and the bounds on time and bytes.
//! Nothing of an answer but its bytes is used: no cookies, no referrer, no compression, no credentials, no proxy; and
//! nothing of it is repeated in an error, for an attacker may be the one who reads it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::dns::{Addrs, Name};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, LOCATION};
use reqwest::{Client, Response, Url};
use rustls::{ClientConfig, RootCertStore};

use super::allow::{Refusal, Web, parse};
use super::snapshot::Snapshot;
use super::{Access, Fetched, Limits, SourceError, blocking};

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 3;

/// The addresses of a host, to come.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of a host.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`, in the order of preference.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Answers with the checked address, and for its host only.
struct Pinned {
    host: String,
    address: IpAddr,
}

impl reqwest::dns::Resolve for Pinned {
    fn resolve(&self, name: Name) -> reqwest::dns::Resolving {
        let answer = if name.as_str() == self.host {
            Ok(Box::new(std::iter::once(SocketAddr::new(self.address, 0))) as Addrs)
        } else {
            Err(io::Error::from(io::ErrorKind::PermissionDenied).into())
        };
        Box::pin(std::future::ready(answer))
    }
}

/// Downloads `url` as a snapshot in `into`.
pub(super) async fn fetch(url: &str, access: &Access<'_>, into: &Path) -> Result<Fetched, SourceError> {
    let first = access.web.check(url)?;
    let name = name_of(&first);
    let host = first.host_str().unwrap_or_default().to_owned();
    let limits = access.limits;
    let snapshot = tokio::time::timeout(limits.download, async {
        let answer = follow(first, access).await?;
        download(answer, Snapshot::create(into, &name, limits.download_bytes_max)?, &limits).await
    })
    .await
    .map_err(|_| SourceError::TimedOut { place: host, seconds: limits.download.as_secs_f64() })??;
    blocking(move || snapshot.publish()).await
}

/// Sends the request and follows redirects until there is an answer to read.
async fn follow(first: Url, access: &Access<'_>) -> Result<Response, SourceError> {
    let mut url = first;
    for _ in 0..=REDIRECTS_MAX {
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = client(&url, access.web, access.resolver, access.limits.connect).await?;
        let answer = client
            .get(url.clone())
            .header(ACCEPT_ENCODING, "identity")
            .send()
            .await
            .map_err(|error| SourceError::unanswered(&host, error))?;
        let status = answer.status();
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return if status.as_u16() == 200 { Ok(answer) } else { Err(SourceError::Status { host, status: status.as_u16() }) };
        }
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).ok_or(Refusal::Malformed)?;
        url = next(&url, location, access)?;
    }
    Err(Refusal::Redirects(REDIRECTS_MAX).into())
}

/// The target of a redirect, checked like a first address.
fn next(from: &Url, location: &str, access: &Access<'_>) -> Result<Url, Refusal> {
    // A relative target is checked as text too, before it is joined.
    if location.chars().any(|c| c == '\\' || c.is_whitespace() || c.is_control()) {
        return Err(Refusal::Malformed);
    }
    let absolute = match parse(location) {
        Ok(url) => url,
        Err(Refusal::Malformed) => from.join(location).map_err(|_| Refusal::Malformed)?,
        Err(refusal) => return Err(refusal),
    };
    let to = access.web.check(absolute.as_str())?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Refusal::Downgrade(to.host_str().unwrap_or_default().to_owned()));
    }
    Ok(to)
}

/// A client that can reach the host of `url` at one checked address and nothing else.
pub(super) async fn client(url: &Url, web: &Web, resolver: &dyn Resolve, connect: Duration) -> Result<Client, SourceError> {
    let host = url.host_str().ok_or(Refusal::Malformed)?;
    let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let addresses = match literal {
        Some(address) => vec![address],
        None => resolver.resolve(host).await.map_err(|source| SourceError::Unresolved { host: host.to_owned(), source })?,
    };
    // One address that is refused refuses the host: an honest one does not mix them.
    for address in &addresses {
        web.check_address(host, *address)?;
    }
    let address =
        *addresses.first().ok_or_else(|| SourceError::Unresolved { host: host.to_owned(), source: io::ErrorKind::NotFound.into() })?;
    Client::builder()
        .user_agent(concat!("vanthu/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Pinned { host: host.to_owned(), address })
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .http1_only()
        .pool_max_idle_per_host(0)
        .connect_timeout(connect)
        .tls_backend_preconfigured(tls())
        .build()
        .map_err(|error| SourceError::unanswered(host, error))
}

/// The public certificate authorities, and the provider of this client only: the process as a whole keeps its choice.
fn tls() -> ClientConfig {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers the versions that rustls asks for")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn download(answer: Response, mut snapshot: Snapshot, limits: &Limits) -> Result<Snapshot, SourceError> {
    let host = answer.url().host_str().unwrap_or_default().to_owned();
    // None was asked for, and what unpacks to a thousand times its size is not unpacked.
    if answer.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding.as_bytes() != b"identity") {
        return Err(SourceError::Compressed { host });
    }
    if answer.content_length().is_some_and(|length| length > limits.download_bytes_max) {
        return Err(SourceError::TooLarge { name: host, bytes_max: limits.download_bytes_max });
    }
    let mut body = answer.bytes_stream();
    while let Some(piece) = body.next().await {
        snapshot.write(&piece.map_err(|error| SourceError::unanswered(&host, error))?)?;
    }
    Ok(snapshot)
}

/// The last part of the path for people, or the host where there is none.
fn name_of(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let name = decoded(last);
    if name.is_empty() { url.host_str().unwrap_or_default().to_owned() } else { name }
}

/// `%C3%AA` as the letter it stands for.
fn decoded(text: &str) -> String {
    let hex = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let mut rest = text.as_bytes();
    let mut bytes = Vec::new();
    while let [first, after @ ..] = rest {
        match (first, after.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
