//! A record of a draft as it will print, and what its recipients will read.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{asker, foremost, head};
use crate::app::AppError;
use crate::app::drafts::Chosen;
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::page::{self, Page};
use crate::server::site::Site;

/// Sharp enough to read on a screen.
const PIXELS_PER_INCH: f64 = 100.0;
/// Pages that are shown as pictures; the rest is in the PDF.
const PAGES_SHOWN: usize = 6;

/// Which record.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(rename = "ban-ghi")]
    record: Option<u64>,
    dong: Option<u64>,
    dai: Option<String>,
}

impl Which {
    fn chosen(&self) -> Chosen {
        match (self.record, self.dong, &self.dai) {
            (Some(number), ..) => Chosen::Record(number),
            (None, Some(row), _) => Chosen::Row(row),
            (None, None, Some(_)) => Chosen::Longest,
            (None, None, None) => Chosen::First,
        }
    }
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Page, Fault> {
    let asker = asker(&caller.principal);
    let draft = site.app.draft(&site.office, asker, &id).await?;
    let head = head(&site.app, &draft, 3, caller.language);
    let check = draft.current_check();
    let total = check.map_or(0, |check| check.accepted + check.rejected);
    if draft.file.is_none() {
        return Ok(Page::of("make/look", json!({ "draft": head, "shown": Value::Null, "total": total })));
    }
    let chosen = which.chosen();
    let preview = match site.app.draft_preview(&site.office, asker, &id, chosen.clone(), Some(PIXELS_PER_INCH)).await {
        Ok(preview) => preview,
        Err(AppError::Input(problems)) => {
            return Ok(Page::of("make/look", json!({ "draft": head, "shown": Value::Null, "total": total })).problems(foremost(problems)));
        }
        Err(error) => return Err(error.into()),
    };
    let images: Vec<Value> = (1..)
        .zip(preview.images.iter().take(PAGES_SHOWN))
        .map(|(page, image)| json!({ "page": page, "src": format!("data:image/png;base64,{}", STANDARD.encode(image)) }))
        .collect();
    let mail = preview
        .mail
        .as_ref()
        .map(|mail| json!({ "to": mail.to.join(", "), "name": mail.to_name, "subject": mail.subject, "plain": mail.plain }));
    let shown = json!({
        "number": preview.number, "label": preview.label, "file": preview.file, "pages": preview.pages_drawn, "images": images,
        "more": preview.pages_drawn > images.len() as u64, "bytes": preview.pdf.len(), "mail": mail, "sends": draft.request.mail.is_some(),
        "verifies": site.app.verifies(),
        "warnings": page::problems(&preview.warnings, caller.language), "has_warnings": !preview.warnings.is_empty(),
        "is_first": chosen == Chosen::First, "is_longest": chosen == Chosen::Longest,
        "before": preview.beside.0, "after": preview.beside.1,
    });
    Ok(Page::of("make/look", json!({ "draft": head, "shown": shown, "total": total })))
}

pub(super) async fn pdf(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Fault> {
    let preview = site.app.draft_preview(&site.office, asker(&caller.principal), &id, which.chosen(), None).await?;
    Ok(download::file(preview.pdf, "application/pdf", &preview.file, true))
}
