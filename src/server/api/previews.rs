//! `/api/v1/drafts/{id}/preview`: a record of a draft as it will print, and what its recipients will read.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::body::{Asker, Path, Query};
use super::drafts::asker;
use crate::access::Right;
use crate::app::drafts::{Chosen, Preview};
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::{Fault, with_sentences};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const MAKE: Rule = Rule::Needs(Right::Make);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/drafts/{id}/preview", MAKE, show),
        Route::get("/api/v1/drafts/{id}/preview/document", MAKE, document),
        Route::get("/api/v1/drafts/{id}/preview/pages/{page}", MAKE, picture),
    ]
}

/// Which record; the first unless it is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    record: Option<u64>,
    row: Option<u64>,
    #[serde(default)]
    longest: bool,
}

impl Which {
    fn chosen(&self) -> Chosen {
        match (self.record, self.row, self.longest) {
            (Some(number), ..) => Chosen::Record(number),
            (None, Some(row), _) => Chosen::Row(row),
            (None, None, true) => Chosen::Longest,
            (None, None, false) => Chosen::First,
        }
    }
}

async fn drawn(site: &Site, caller: &Caller, id: &str, which: &Which) -> Result<Arc<Preview>, Fault> {
    let asker = asker(&caller.principal);
    let draft = site.app.draft(&site.office, asker, id).await?;
    Ok(site.looks.of(site, asker, &draft, which.chosen()).await?)
}

async fn show(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Fault> {
    let preview = drawn(&site, &caller, &id, &which).await?;
    let mail = preview
        .mail
        .as_ref()
        .map(|mail| json!({ "to": mail.to, "to_name": mail.to_name, "subject": mail.subject, "plain": mail.plain, "html": mail.html }));
    Ok(axum::Json(json!({
        "record": preview.number, "name": preview.label, "file": preview.file, "pages": preview.pages_drawn, "bytes": preview.pdf.len(),
        "before": preview.beside.0, "after": preview.beside.1, "warnings": with_sentences(&preview.warnings, caller.language), "mail": mail,
    }))
    .into_response())
}

async fn document(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Fault> {
    let preview = drawn(&site, &caller, &id, &which).await?;
    Ok(download::file(preview.pdf.clone(), "application/pdf", &preview.file, true))
}

/// One page as a picture, from 1.
async fn picture(
    State(site): State<Arc<Site>>,
    Asker(caller): Asker,
    Path((id, page)): Path<(String, usize)>,
    Query(which): Query<Which>,
) -> Result<Response, Fault> {
    let preview = drawn(&site, &caller, &id, &which).await?;
    let image = page.checked_sub(1).and_then(|index| preview.images.get(index)).ok_or_else(Fault::not_found)?;
    Ok(download::file(image.clone(), "image/png", &format!("{page}.png"), true))
}
