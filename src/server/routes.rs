//! Every route with its rule: the only way into the router.
//!
//! Owns [`Route`] and [`all`]. A route cannot be made without saying who may take it and how large its body may be; the test
//! of authorisation walks this table.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{self, MethodRouter};

use super::caller::{self, Gate};
use super::site::Site;
use super::{api, assets, health, page, pages};
use crate::access::{Principal, Right};

/// Largest body of a form.
const FORM_BYTES: usize = 256 << 10;

/// Who may take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anybody.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever has this right.
    Needs(Right),
}

impl Rule {
    /// May this principal take it?
    pub fn admits(self, principal: &Principal) -> bool {
        match self {
            Self::Public => true,
            Self::SignedIn => principal.is_known(),
            Self::Needs(right) => principal.may(right),
        }
    }
}

/// How a route looks from outside: what its faults look like, and which proofs of identity count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// For people: HTML, the cookie of a login.
    Page,
    /// For programs: problems of RFC 9457, a key, or the cookie with the token against forged requests in a header.
    Api,
}

/// One route.
pub struct Route {
    /// The method. GET answers HEAD too.
    pub method: Method,
    /// The path as the router writes it: `/lo/{id}`.
    pub path: &'static str,
    /// Who may take it.
    pub rule: Rule,
    /// How it looks from outside.
    pub door: Door,
    /// Bytes that its body may have.
    pub body: usize,
    /// What answers.
    pub handler: MethodRouter<Arc<Site>>,
}

impl Route {
    fn new(method: Method, path: &'static str, rule: Rule, handler: MethodRouter<Arc<Site>>) -> Self {
        Self { method, path, rule, door: Door::Page, body: FORM_BYTES, handler }
    }

    /// A page.
    pub fn get<H: Handler<T, Arc<Site>>, T: 'static>(path: &'static str, rule: Rule, handler: H) -> Self {
        Self::new(Method::GET, path, rule, routing::get(handler))
    }

    /// A form that was sent.
    pub fn post<H: Handler<T, Arc<Site>>, T: 'static>(path: &'static str, rule: Rule, handler: H) -> Self {
        Self::new(Method::POST, path, rule, routing::post(handler))
    }

    /// A thing that is put in place of another.
    pub fn put<H: Handler<T, Arc<Site>>, T: 'static>(path: &'static str, rule: Rule, handler: H) -> Self {
        Self::new(Method::PUT, path, rule, routing::put(handler))
    }

    /// A part that is changed.
    pub fn patch<H: Handler<T, Arc<Site>>, T: 'static>(path: &'static str, rule: Rule, handler: H) -> Self {
        Self::new(Method::PATCH, path, rule, routing::patch(handler))
    }

    /// A thing that is taken away.
    pub fn delete<H: Handler<T, Arc<Site>>, T: 'static>(path: &'static str, rule: Rule, handler: H) -> Self {
        Self::new(Method::DELETE, path, rule, routing::delete(handler))
    }

    /// With a body of at most so many bytes.
    pub fn body(self, bytes: usize) -> Self {
        Self { body: bytes, ..self }
    }

    /// For programs.
    pub fn api(self) -> Self {
        Self { door: Door::Api, ..self }
    }
}

/// Every route of the service.
pub fn all() -> Vec<Route> {
    [health::routes(), assets::routes(), pages::routes(), api::routes()].into_iter().flatten().collect()
}

/// The router over [`all`]: each route behind its rule.
pub fn router(site: Arc<Site>) -> Router {
    let mut router = Router::new();
    for route in all() {
        let gate = Gate { site: Arc::clone(&site), rule: route.rule, door: route.door, body: route.body, path: route.path };
        // The gate counts the bytes of every body, whoever reads it.
        let guarded = route.handler.layer(DefaultBodyLimit::disable()).layer(from_fn_with_state(gate, caller::guard));
        router = router.route(route.path, guarded);
    }
    router
        .fallback(caller::lost)
        .method_not_allowed_fallback(caller::not_so)
        .layer(from_fn_with_state(Arc::clone(&site), page::with_headers))
        .with_state(site)
}

/// The router of `metrics_listen`: the counts, and nothing else.
pub fn metrics(site: Arc<Site>) -> Router {
    Router::new().route("/metrics", routing::get(health::counts)).with_state(site)
}
