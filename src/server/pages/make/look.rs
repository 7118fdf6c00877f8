//! A record of a draft as it will print, and what its recipients will read.
//!
//! The page answers before anything is drawn and has the rest fetched; its pictures are answers of their own.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{asker, foremost, head};
use crate::app::AppError;
use crate::app::drafts::{Chosen, Draft, Preview};
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Language;
use crate::server::caller::Caller;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::looks;
use crate::server::page::{self, Page};
use crate::server::site::Site;

/// Pages that are shown as pictures; the rest is in the PDF.
const PAGES_SHOWN: usize = 6;

/// Which record.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(rename = "ban-ghi")]
    record: Option<u64>,
    dong: Option<u64>,
    dai: Option<String>,
    /// Draw it now, however long that takes.
    ve: Option<String>,
    /// Which of its pages, from 1.
    to: Option<usize>,
    /// The state that a picture was promised for.
    s: Option<String>,
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

    fn query(&self) -> String {
        match self.chosen() {
            Chosen::First => "ve=1".to_owned(),
            Chosen::Longest => "dai=1&ve=1".to_owned(),
            Chosen::Record(number) => format!("ban-ghi={number}&ve=1"),
            Chosen::Row(row) => format!("dong={row}&ve=1"),
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
    let check = draft.current_check();
    let total = check.map_or(0, |check| check.accepted + check.rejected);
    let chosen = which.chosen();
    let page = |shown: Value, later: Option<String>, faults: Value| {
        let number = shown.get("number").cloned().unwrap_or_else(|| which.record.into());
        Page::of(
            "make/look",
            json!({
                "draft": head(&site.app, &draft, 3, caller.language), "shown": shown, "later": later, "faults": faults, "total": total,
                "number": number, "is_first": chosen == Chosen::First, "is_longest": chosen == Chosen::Longest,
            }),
        )
    };
    if draft.file.is_none() {
        return Ok(page(Value::Null, None, json!([])));
    }
    let state = looks::state(&site, &draft)?;
    let has_any = check.is_none_or(|check| check.accepted > 0);
    if has_any && which.ve.is_none() && site.looks.kept(&draft, &state, &chosen).is_none() {
        return Ok(page(Value::Null, Some(format!("/tao/{id}/xem?{}", which.query())), json!([])));
    }
    match site.looks.of(&site, asker, &draft, chosen.clone()).await {
        Ok(preview) => Ok(page(shown(&site, &draft, &preview, &state, caller.language), None, json!([]))),
        Err(AppError::Input(problems)) => {
            let faults = faults(&foremost(problems), &id, caller.language);
            Ok(page(Value::Null, None, faults))
        }
        Err(error) => Err(error.into()),
    }
}

fn shown(site: &Site, draft: &Draft, preview: &Preview, state: &str, language: Language) -> Value {
    let images: Vec<Value> = (1..)
        .zip(preview.images.iter().take(PAGES_SHOWN))
        .map(|(page, image)| {
            let (width, height) = size(image).unwrap_or((827, 1169));
            let src = format!("/tao/{}/xem/trang.png?ban-ghi={}&to={page}&s={state}", draft.id, preview.number);
            json!({ "page": page, "src": src, "width": width, "height": height, "lazy": page > 1 })
        })
        .collect();
    let mail = preview
        .mail
        .as_ref()
        .map(|mail| json!({ "to": mail.to.join(", "), "name": mail.to_name, "subject": mail.subject, "plain": mail.plain }));
    json!({
        "number": preview.number, "label": preview.label, "file": preview.file, "pages": preview.pages_drawn,
        "more": preview.pages_drawn > images.len() as u64, "images": images, "bytes": preview.pdf.len(), "mail": mail,
        "sends": draft.request.mail.is_some(), "verifies": site.app.verifies(),
        "warnings": page::problems(&preview.warnings, language), "has_warnings": !preview.warnings.is_empty(),
        "before": preview.beside.0, "after": preview.beside.1,
    })
}

/// Width and height of a PNG, which stand first in it.
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

/// One page as a picture.
pub(super) async fn picture(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Fault> {
    let asker = asker(&caller.principal);
    let draft = site.app.draft(&site.office, asker, &id).await?;
    let preview = site.looks.of(&site, asker, &draft, which.chosen()).await?;
    let page = which.to.unwrap_or(1);
    let image = page.checked_sub(1).and_then(|index| preview.images.get(index)).ok_or_else(Fault::not_found)?;
    // Another state has another address.
    let is_promised = which.s.as_deref() == Some(&looks::state(&site, &draft)?);
    let caching = if is_promised { "private, max-age=86400, immutable" } else { "no-store" };
    Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, caching)], image.clone()).into_response())
}

/// Why a record cannot be shown, each with the way to its row.
fn faults(problems: &[Diagnostic], draft: &str, language: Language) -> Value {
    let row = |problem: &Diagnostic| match &problem.place {
        Some(Place::Cell { row, column, .. }) => Some((u64::from(*row), format!("#o{row}-{column}"))),
        Some(Place::Line { line, .. }) => Some((*line, format!("#d{line}"))),
        _ => None,
    };
    let mut shown = page::problems(problems, language);
    for (shown, problem) in shown.as_array_mut().into_iter().flatten().zip(problems) {
        shown["whose"] = problem.record.as_ref().map(|(number, label)| format!("{number}. {label}")).into();
        shown["way"] = row(problem).map(|(row, at)| format!("/tao/{draft}?tu={}{at}", row.saturating_sub(2))).into();
    }
    shown
}

pub(super) async fn pdf(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Fault> {
    let asker = asker(&caller.principal);
    let draft = site.app.draft(&site.office, asker, &id).await?;
    let preview = site.looks.of(&site, asker, &draft, which.chosen()).await?;
    Ok(download::file(preview.pdf.clone(), "application/pdf", &preview.file, true))
}
