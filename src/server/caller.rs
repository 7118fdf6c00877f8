//! Who asks: the gate that every request passes before its handler.
//!
//! Owns finding the principal (the cookie of a login, the key of a program), the rule of the route, the defence against forged
//! requests, the limit of the body, and turning what a handler gives back into an answer.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;

use super::body::{self, Watched};
use super::fault::Fault;
use super::pages::login;
use super::routes::{Door, Rule};
use super::site::Site;
use super::{Peer, page};
use crate::access::{Principal, Role, token};
use crate::language::Language;
use crate::say;

/// The cookie of a login. Its prefix makes browsers hold it to this host, this path and an encrypted way.
pub const LOGIN_COOKIE: &str = "__Host-vanthu";
/// The cookie of the language that a person chose.
pub const LANGUAGE_COOKIE: &str = "vanthu-lang";
/// The header in which scripts send the token against forged requests.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Who asks, in which language, and what a form must send back.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who, and what may be done.
    pub principal: Principal,
    /// The token that every form sends back.
    pub csrf: String,
    /// The language of the answer.
    pub language: Language,
    /// The person behind a login; none for programs and for nobody.
    pub person: Option<Person>,
    /// The client's address.
    pub address: IpAddr,
    /// Scheme and host by which the client came: what a link in a message begins with.
    pub base: String,
    /// Path and query of the request.
    pub path: String,
    /// Path and query of a page to go back to: of the request itself, or of the page that its form stood on.
    pub page: String,
}

/// The person behind a login.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name for people.
    pub full_name: String,
    /// What the person is.
    pub role: Role,
    /// Is a one-time code asked for?
    pub has_totp: bool,
}

impl Caller {
    /// The id of the account; a program has none.
    pub fn account(&self) -> Result<&str, Fault> {
        self.principal.account.as_deref().ok_or_else(|| Fault::forbidden(say!("chỉ dành cho người dùng", "only for people")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Fault::internal)
    }
}

/// What stands before a route's handler.
#[derive(Clone)]
pub(super) struct Gate {
    pub site: Arc<Site>,
    pub rule: Rule,
    pub door: Door,
    pub body: usize,
    pub path: &'static str,
}

/// Lets through what the rule admits, and shows what comes back.
pub(super) async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let mut caller = stranger(&gate.site, &request);
    let door = if wants_json(request.headers()) { Door::Api } else { gate.door };
    let answer = AssertUnwindSafe(admit(&gate, &mut caller, request, next)).catch_unwind().await;
    let response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) => fault.into_response(),
        Err(_) => Fault::internal().into_response(),
    };
    let response = page::show(&gate.site, &caller, door, response);
    let (status, milliseconds) = (response.status().as_u16(), begun.elapsed().as_millis());
    // The path's pattern, not what stands in it: addresses hold tokens and names.
    if response.status().is_server_error() {
        tracing::warn!(event = "http.answered", method = method.as_str(), route = gate.path, status, milliseconds);
    } else {
        tracing::debug!(event = "http.answered", method = method.as_str(), route = gate.path, status, milliseconds);
    }
    response
}

async fn admit(gate: &Gate, caller: &mut Caller, request: Request, next: Next) -> Result<Response, Fault> {
    let (request, watched) = body::watch(request, gate.body).await?;
    let by_cookie = identify(&gate.site, gate.door, caller, request.headers()).await?;
    if !gate.rule.admits(&caller.principal) {
        return Ok(refuse(gate, caller, &request));
    }
    let mut request = defend(gate, caller, request, by_cookie, &watched).await?;
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    watched.verdict().map_or(Ok(response), Err)
}

/// Who asks, before anything was proven.
fn stranger(site: &Site, request: &Request) -> Caller {
    let headers = request.headers();
    let config = site.app.service_config();
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let in_front = config.proxies.contains(&peer);
    let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|_| in_front);
    // The last entry is what the server in front saw itself; those before it may be anybody's.
    let address = told("x-forwarded-for").and_then(|list| list.rsplit(',').next()?.trim().parse().ok()).unwrap_or(peer);
    let host = text(headers, header::HOST.as_str()).unwrap_or("localhost");
    let scheme = if told("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    let base = config.url.as_ref().map_or_else(|| format!("{scheme}://{host}"), |url| url.trim_end_matches('/').to_owned());
    let chosen = cookie(headers, LANGUAGE_COOKIE).and_then(Language::from_tag);
    Caller {
        principal: Principal::anonymous(),
        csrf: String::new(),
        language: chosen.unwrap_or_default(),
        person: None,
        address,
        base,
        path: request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        page: page_of(site, request),
    }
}

/// The page that can be asked for again: a form's answer stands under an address that has none, or something else.
fn page_of(site: &Site, request: &Request) -> String {
    let own = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return own.to_owned();
    }
    let path = request.uri().path();
    // The page of the form, when it is of this site and not itself the answer to one.
    let from = text(request.headers(), header::REFERER.as_str()).and_then(|url| url.split_once("://")?.1.split_once('/'));
    let host = text(request.headers(), header::HOST.as_str()).unwrap_or_default();
    if let Some((_, rest)) = from.filter(|(from, _)| from.eq_ignore_ascii_case(host)) {
        let given = format!("/{}", rest.split('#').next().unwrap_or_default());
        if site.shows(given.split('?').next().unwrap_or_default()) && page::own_path(Some(&given)) == given {
            return given;
        }
    }
    let above = std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above));
    above.into_iter().find(|path| site.shows(path)).unwrap_or("/").to_owned()
}

/// Finds the principal; true when it is a login's cookie that says so, which a browser sends by itself.
async fn identify(site: &Site, door: Door, caller: &mut Caller, headers: &HeaderMap) -> Result<bool, Fault> {
    if door == Door::Api
        && let Some(given) = text(headers, header::AUTHORIZATION.as_str())
    {
        let key = given.strip_prefix("Bearer ").map(str::trim).unwrap_or_default();
        caller.principal = site.app.principal_of_key(&site.office, key).await?.ok_or_else(Fault::unauthorised)?;
        return Ok(false);
    }
    let Some(login) = login_token(headers) else { return Ok(false) };
    let Some((account, principal)) = site.app.signed_in(&site.office, login).await? else { return Ok(false) };
    caller.principal = principal;
    // Of the account, not of the login: a form that outlived a login is still the person's own after the next one. Whoever
    // chooses another password makes the tokens of before worthless.
    caller.csrf = token::csrf(site.office.store.return_key(), &account.id, account.password.as_deref().unwrap_or_default());
    caller.person = Some(Person { full_name: account.full_name, role: account.role, has_totp: account.totp.is_some() });
    Ok(true)
}

/// What is said to somebody whom the rule does not admit.
fn refuse(gate: &Gate, caller: &Caller, request: &Request) -> Response {
    if caller.principal.is_known() {
        return Fault::forbidden(say!("tài khoản này không có quyền làm việc đó", "this account may not do that")).into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if gate.door == Door::Page && reads && !wants_json(request.headers()) {
        return page::to(&format!("/dang-nhap?tiep={}", page::query_value(&caller.path))).into_response();
    }
    if gate.door == Door::Page && !wants_json(request.headers()) {
        return login::again(caller).into_response();
    }
    Fault::unauthorised().into_response()
}

/// A request that changes something must come from a page of this site: the browser says from where, and the page sends the
/// token that only it was given.
async fn defend(gate: &Gate, caller: &Caller, request: Request, by_cookie: bool, watched: &Watched) -> Result<Request, Fault> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(request);
    }
    let headers = request.headers();
    let with_key = caller.principal.is_known() && !by_cookie;
    if !with_key && !is_own(headers, &caller.base) {
        return Err(Fault::forged());
    }
    if !by_cookie {
        return Ok(request);
    }
    if let Some(given) = text(headers, CSRF_HEADER) {
        return if token::equal(given.as_bytes(), caller.csrf.as_bytes()) { Ok(request) } else { Err(Fault::forged()) };
    }
    if gate.door == Door::Api {
        return Err(Fault::forged());
    }
    let (request, given) = body::form_token(request, gate.body).await.map_err(|()| watched.verdict().unwrap_or_else(Fault::cut_short))?;
    if given.is_some_and(|given| token::equal(given.as_bytes(), caller.csrf.as_bytes())) { Ok(request) } else { Err(Fault::forged()) }
}

/// Does the browser say that the request comes from this site? Programs that are no browsers say nothing.
fn is_own(headers: &HeaderMap, base: &str) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(headers, header::ORIGIN.as_str()) else { return true };
    let host_of = |url: &str| url.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    let own = [Some(base.to_owned()), text(headers, header::HOST.as_str()).map(|host| format!("http://{host}"))];
    host_of(origin).is_some_and(|host| own.iter().flatten().any(|own| host_of(own).as_ref() == Some(&host)))
}

/// The token of the browser's login, whether it still holds or not.
pub(super) fn login_token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, LOGIN_COOKIE).filter(|token| token::is_token(token))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(own, _)| *own == name).map(|(_, value)| value)
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Scripts of the pages ask for JSON, and get faults as such.
fn wants_json(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT.as_str()).is_some_and(|accept| accept.starts_with("application/json"))
}

/// What no route stands for.
pub(super) async fn lost(State(site): State<Arc<Site>>, request: Request) -> Response {
    outside(&site, request, Fault::not_found()).await
}

/// A route, but not with this method.
pub(super) async fn not_so(State(site): State<Arc<Site>>, request: Request) -> Response {
    let fault = Fault::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", say!("không dùng được cách này ở đây", "not this way"));
    outside(&site, request, fault).await
}

async fn outside(site: &Arc<Site>, request: Request, fault: Fault) -> Response {
    let mut caller = stranger(site, &request);
    let door = if request.uri().path().starts_with("/api/") || wants_json(request.headers()) { Door::Api } else { Door::Page };
    // Only for the navigation around the page.
    let _ = identify(site, Door::Page, &mut caller, request.headers()).await;
    page::show(site, &caller, door, fault.into_response())
}
