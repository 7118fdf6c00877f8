//! `POST /api/v1/render`: one record in, its PDF out, while the program waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::JSON_BYTES;
use super::body::{Asker, Json};
use crate::access::Right;
use crate::batch::Request;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::typeset::Standard;

const PAGES: HeaderName = HeaderName::from_static("vanthu-pages");
const NOTICES: HeaderName = HeaderName::from_static("vanthu-notices");

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/render", Rule::Needs(Right::Make), render).body(JSON_BYTES)]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    template: String,
    record: Map<String, Value>,
    organisation: Option<String>,
    #[serde(default)]
    options: BTreeMap<String, String>,
    standard: Option<String>,
}

async fn render(State(site): State<Arc<Site>>, Asker(caller): Asker, Json(wanted): Json<Wanted>) -> Result<Response, Fault> {
    let standard = wanted.standard.as_deref().map(Standard::parse).transpose().map_err(|problem| Fault::invalid(vec![problem]))?;
    let request = Request {
        template: wanted.template,
        organisation: site.app.own_organisation(wanted.organisation.as_deref(), &caller.principal)?,
        options: wanted.options,
        standard: standard.unwrap_or_default(),
        ..Request::default()
    };
    let _place = site.limits.render().await?;
    let id = site.office.store.new_id().await?;
    let made = site.app.render_one(&request, &wanted.record, &id).await?;
    let mut response = download::file(made.typeset.pdf, "application/pdf", &made.file, false);
    response.headers_mut().insert(PAGES, HeaderValue::from(made.typeset.pages));
    response.headers_mut().insert(NOTICES, HeaderValue::from(made.notices.len()));
    Ok(response)
}
