//! `/api/v1/templates/{name}/words`: what a template says, on paper and in its messages: read, tried, kept, published, taken back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Json, Office, Path, Query};
use super::templates::known;
use super::{JSON_BYTES, counted, time};
use crate::access::Right;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::template::function_help;

const RULE: Rule = Rule::Needs(Right::Configure);
/// Fineness of pictures that nobody looks at.
const PIXELS_PER_INCH: f64 = 36.0;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/templates/{name}/words", RULE, read),
        Route::post("/api/v1/templates/{name}/words/preview", RULE, preview).body(JSON_BYTES),
        Route::put("/api/v1/templates/{name}/words/draft", RULE, keep).body(JSON_BYTES),
        Route::delete("/api/v1/templates/{name}/words/draft", RULE, drop_draft),
        Route::post("/api/v1/templates/{name}/words/publish", RULE, publish).body(JSON_BYTES),
        Route::get("/api/v1/templates/{name}/words/versions", RULE, versions),
        Route::post("/api/v1/templates/{name}/words/roll-back", RULE, roll_back).body(JSON_BYTES),
    ]
}

/// Texts by the wording's name; what is not named stays.
type Texts = BTreeMap<String, String>;

async fn shown(site: &Site, name: &str) -> Result<Value, Fault> {
    let words = site.app.words_of(name)?;
    let draft = site.app.template_draft(&site.office, name).await?;
    let wordings: Vec<Value> = words
        .wordings
        .iter()
        .map(|own| json!({ "name": own.name, "text": own.text, "note": own.note, "built_in": own.built_in }))
        .collect();
    let draft = draft.map(
        |(draft, words)| json!({ "words": words, "actor": draft.actor, "changed_at": time(draft.changed_at), "seen": draft.changed_at }),
    );
    let functions: Vec<_> = function_help::all().collect();
    Ok(json!({ "template": name, "digest": words.digest, "wordings": wordings, "draft": draft, "functions": functions }))
}

async fn read(State(site): State<Arc<Site>>, _: Office, Path(name): Path<String>) -> Result<Response, Fault> {
    known(&site, &name)?;
    Ok(axum::Json(shown(&site, &name).await?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    words: Texts,
}

/// The sample with these words, as a PDF.
async fn preview(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Json(tried): Json<Tried>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    let _place = site.limits.render().await?;
    let words = site.app.words_of(&name)?;
    let text = site.app.written_words(&name, &words, &tried.words)?;
    let made = site.app.try_words(&name, &text, caller.principal.organisation.as_deref(), PIXELS_PER_INCH).await?;
    let (_, typeset) = made.into_iter().next().ok_or_else(Fault::not_found)?;
    Ok(download::file(typeset.pdf, "application/pdf", &format!("{name}.pdf"), true))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    words: Texts,
    seen: Option<i64>,
}

async fn keep(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Json(kept): Json<Kept>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    site.app.keep_template_draft(&site.office, &name, kept.seen, Some(&kept.words), &caller.principal).await?;
    Ok(axum::Json(shown(&site, &name).await?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    seen: Option<i64>,
}

async fn drop_draft(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    site.app.keep_template_draft(&site.office, &name, seen.seen, None, &caller.principal).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publication {
    digest: String,
    words: Texts,
    #[serde(default)]
    note: String,
    seen: Option<i64>,
}

async fn publish(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Json(own): Json<Publication>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    let text = site.app.written_words(&name, &site.app.words_of(&name)?, &own.words)?;
    counted(site.app.publish_words(&site.office, &name, &own.digest, &text, own.seen, &own.note, &caller.principal).await?)?;
    Ok(axum::Json(shown(&site, &name).await?).into_response())
}

async fn versions(State(site): State<Arc<Site>>, _: Office, Path(name): Path<String>) -> Result<Response, Fault> {
    known(&site, &name)?;
    let versions: Vec<Value> = site
        .app
        .template_versions(&site.office, &name)
        .await?
        .iter()
        .map(|own| {
            json!({ "version": own.version, "words": own.words, "note": own.note, "actor": own.actor, "created_at": time(own.created_at) })
        })
        .collect();
    Ok(axum::Json(json!({ "versions": versions })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Back {
    digest: String,
    version: i64,
}

async fn roll_back(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(name): Path<String>,
    Json(back): Json<Back>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    counted(site.app.roll_back_words(&site.office, &name, &back.digest, back.version, &caller.principal).await?)?;
    Ok(axum::Json(shown(&site, &name).await?).into_response())
}
