//! What a handler gives back, and the frame around it: layout, navigation, headers.
//!
//! Owns [`Page`] and the headers of every answer. A handler names a view and its data; language, token, navigation and the
//! policy of what a browser may load are added here.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::caller::Caller;
use super::fault::Fault;
use super::routes::Door;
use super::site::Site;
use super::words;
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::say;

/// What a browser may load and do on any page: only what comes from here, no inline script or style.
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; \
    img-src 'self' data: blob:; frame-src 'self'";

/// A page: a view with its data.
#[derive(Debug, Clone)]
pub struct Page {
    view: &'static str,
    data: Value,
    status: StatusCode,
    problems: Vec<Diagnostic>,
    headers: Vec<(HeaderName, HeaderValue)>,
    once: bool,
}

impl Page {
    /// The view `view`, such as `documents/list`, over `data`, an object.
    pub fn of(view: &'static str, data: Value) -> Self {
        Self { view, data, status: StatusCode::OK, problems: Vec::new(), headers: Vec::new(), once: false }
    }

    /// With another status than 200.
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With what is wrong in the form that was sent, shown above it; the status is 422 unless it was set to another.
    pub fn problems(self, problems: Vec<Diagnostic>) -> Self {
        let status = if self.status == StatusCode::OK && !problems.is_empty() { StatusCode::UNPROCESSABLE_ENTITY } else { self.status };
        Self { status, problems, ..self }
    }

    /// It holds what is shown only once: nothing on it asks for the page anew.
    pub fn shown_once(self) -> Self {
        Self { once: true, ..self }
    }

    /// With a header, such as a cookie.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What a handler gave back and [`show`] has not yet written.
#[derive(Clone)]
pub(super) enum Unshown {
    Page(Arc<Page>),
    Fault(Arc<Fault>),
}

impl From<Fault> for Unshown {
    fn from(fault: Fault) -> Self {
        Self::Fault(Arc::new(fault))
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        for (name, value) in &self.headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
        response.extensions_mut().insert(Unshown::Page(Arc::new(self)));
        response
    }
}

/// Sends the browser on to `path` of this site, after something was done: a reload does not do it again.
pub fn to(path: &str) -> impl IntoResponse + use<> {
    let location = HeaderValue::from_str(path).unwrap_or_else(|_| HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)])
}

/// `text` as the value of a query's parameter.
pub fn query_value(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The path of this site that `given` names, for going on after a login; the first page when it names anything else.
pub fn own_path(given: Option<&str>) -> &str {
    given
        .filter(|path| {
            path.starts_with('/') && !path.starts_with("//") && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        })
        .unwrap_or("/")
}

/// Writes what a handler gave back, in the caller's language and for the door it came through.
pub(super) fn show(site: &Site, caller: &Caller, door: Door, mut response: Response) -> Response {
    let unshown = response.extensions_mut().remove::<Unshown>();
    let (head, body) = response.into_parts();
    let plain = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    match unshown {
        Some(Unshown::Page(page)) => {
            let shown = render(site, caller, &page).unwrap_or_else(|()| fault(site, caller, &Fault::internal(), door));
            with(shown, head.headers)
        }
        Some(Unshown::Fault(found)) => with(fault(site, caller, &found, door), head.headers),
        // What the readers of forms and paths say is for programmers.
        None if plain && head.status.is_client_error() => fault(site, caller, &Fault::of_reader(head.status), door),
        None => Response::from_parts(head, body),
    }
}

impl Fault {
    /// A form, path or query that could not be read at all.
    fn of_reader(status: StatusCode) -> Self {
        let text = match status {
            StatusCode::NOT_FOUND => return Self::not_found(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => say!("không nhận loại dữ liệu này", "data of this kind are not taken"),
            _ => say!("không đọc được những gì đã gửi", "what was sent cannot be read"),
        };
        Self::new(status, "unreadable", text)
    }
}

fn with(mut response: Response, headers: HeaderMap) -> Response {
    for (name, value) in headers {
        // The kind and length of what is shown are its own.
        if let Some(name) = name.filter(|name| *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn fault(site: &Site, caller: &Caller, fault: &Fault, door: Door) -> Response {
    if door == Door::Api {
        return fault.problem(caller);
    }
    let data = json!({
        "status": fault.status.as_u16(), "text": fault.text, "retryable": fault.retryable,
        "sign_in": fault.status == StatusCode::UNAUTHORIZED,
    });
    let page = Page::of("fault/fault", data).status(fault.status).problems(fault.diagnostics.clone());
    // A view that does not fill is a bug; a plain sentence is left.
    render(site, caller, &page).unwrap_or_else(|()| (fault.status, fault.text.in_language(caller.language).to_owned()).into_response())
}

fn render(site: &Site, caller: &Caller, page: &Page) -> Result<Response, ()> {
    let mut data = page.data.clone();
    let Value::Object(members) = &mut data else { return Err(()) };
    members.insert("frame".to_owned(), frame(site, caller, page));
    match site.views.render(page.view, &data) {
        Ok(html) => Ok((page.status, Html(html)).into_response()),
        Err(error) => {
            // What does not fill is named by the view's own words, never by the data.
            tracing::error!(event = "view.failed", view = page.view, line = error.line, field = error.field);
            Err(())
        }
    }
}

fn frame(site: &Site, caller: &Caller, page: &Page) -> Value {
    let here = caller.path.split('?').next().unwrap_or("/");
    let is_open = |path: &str| site.pages.iter().any(|(own, rule)| *own == path && rule.admits(&caller.principal));
    let navigation: Vec<Value> = words::NAVIGATION
        .iter()
        .filter(|entry| is_open(entry.path))
        .map(|entry| {
            let below = entry.path != "/" && here.strip_prefix(entry.path).is_some_and(|rest| rest.starts_with('/'));
            json!({ "path": entry.path, "vi": entry.vi, "en": entry.en, "icon": entry.icon, "group": entry.group, "here": here == entry.path || below })
        })
        .collect();
    let done = caller.path.split_once('?').and_then(|(_, query)| {
        let code = query.split('&').find_map(|pair| pair.strip_prefix("xong="))?;
        words::done(code)
    });
    let english = caller.language == Language::English;
    json!({
        "lang": if english { "en" } else { "vi" },
        "english": english,
        "csrf": caller.csrf,
        "path": caller.page,
        "once": page.once,
        "person": caller.person.as_ref().map(|person| json!({
            "name": caller.principal.name, "full_name": person.full_name, "role": person.role.text(),
        })),
        // Urged where the day begins, not on every page.
        "urge_totp": here == "/" && caller.person.as_ref().is_some_and(|person| person.role == crate::access::Role::Administrator && !person.has_totp),
        "navigation": navigation,
        "done": done,
        "view": page.view,
        "problems": self::problems(&page.problems, caller.language),
    })
}

/// Diagnostics as the view `problems` shows them; what one does not have is null.
pub fn problems(problems: &[Diagnostic], language: Language) -> Value {
    let of = |text: &Option<crate::language::Text>| text.as_ref().map(|text| text.in_language(language).to_owned());
    problems
        .iter()
        .map(|problem| {
            json!({
                "at": problem.place.as_ref().map(|place| place.describe(language)), "value": problem.value,
                "message": problem.message.in_language(language), "remedy": of(&problem.remedy), "severity": problem.severity,
            })
        })
        .collect()
}

/// The headers of every answer, unless its handler set its own.
pub(super) async fn with_headers(State(site): State<Arc<Site>>, request: Request<Body>, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // With `no-referrer` browsers send `Origin: null` with forms, and the defence against forged ones could not tell.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    if site.app.service_config().url.as_ref().is_some_and(|url| url.starts_with("https://")) {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}
