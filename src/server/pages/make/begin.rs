//! The first step: a template by its picture, its workbook, the file that was filled.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::upload::Sent;
use super::{asker, stale};
use crate::app::drafts::{Draft, NewDraft};
use crate::app::gallery::Choice;
use crate::app::{App, AppError};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::lifecycle::DraftState;
use crate::say;
use crate::server::caller::{Caller, text};
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::site::Site;
use crate::server::words;

/// Drafts of a page.
const DRAFTS: u32 = 8;

fn choice(choice: &Choice, language: Language) -> Value {
    json!({
        "name": choice.name, "called": choice.title.in_language(language), "description": choice.description.in_language(language),
        "is_list": choice.is_list, "has_mail": choice.has_mail, "has_stock": choice.has_stock,
    })
}

fn draft(site: &Site, draft: &Draft, people: &BTreeMap<String, String>, language: Language) -> Value {
    let title = site.app.template(&draft.template).map(|template| template.manifest.title.in_language(language).to_owned());
    json!({
        "id": draft.id, "called": title.unwrap_or_else(|_| draft.template.clone()), "state_text": draft.state.text(),
        "owner": words::person(people, &draft.owner), "open": draft.is_open(),
        "name": draft.file.as_ref().map_or_else(|| draft.template.clone(), |file| file.name.clone()),
        "file": draft.file.as_ref().map(|file| file.name.clone()), "changed_at": draft.changed_at,
        "waiting": draft.state == DraftState::Waiting, "rejected": draft.state == DraftState::Rejected,
    })
}

/// Which drafts are listed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    /// `toi`: one's own; `cho-duyet`: those that wait for approval; `tat-ca`: all.
    loc: String,
    /// Those before this one.
    sau: String,
}

pub(super) async fn choose(State(site): State<Arc<Site>>, caller: Caller, Query(wanted): Query<Wanted>) -> Result<Page, Fault> {
    let all = [DraftState::Open, DraftState::Waiting, DraftState::Rejected];
    let listed = match wanted.loc.as_str() {
        "cho-duyet" => (false, &all[1..2]),
        "tat-ca" => (false, &all[..]),
        _ => (true, &all[..]),
    };
    let before = Some(wanted.sau.as_str()).filter(|id| !id.is_empty());
    let mut drafts = site.app.drafts(&site.office, asker(&caller.principal), listed, before, DRAFTS + 1).await?;
    let more = drafts.len() > DRAFTS as usize;
    drafts.truncate(DRAFTS as usize);
    let next = drafts.last().filter(|_| more).map(|last| last.id.clone());
    let choices = site.app.template_choices();
    let people = site.app.people(&site.office, &caller.principal).await?;
    let of = |is_list: bool| choices.iter().filter(|own| own.is_list == is_list).map(|own| choice(own, caller.language)).collect::<Value>();
    Ok(Page::of(
        "make/choose",
        json!({
            "lists": of(true), "forms": of(false), "own": listed.0, "to_approve": wanted.loc == "cho-duyet",
            "all": wanted.loc == "tat-ca", "loc": if listed.0 { "toi" } else { wanted.loc.as_str() }, "next": next, "later": before.is_some(),
            "drafts": drafts.iter().map(|own| draft(&site, own, &people, caller.language)).collect::<Value>(),
        }),
    ))
}

fn one(site: &Site, name: &str) -> Result<Choice, Fault> {
    site.app.template_choices().into_iter().find(|choice| choice.name == name).ok_or_else(Fault::not_found)
}

async fn page(site: &Site, caller: &Caller, name: &str, key: Option<String>) -> Result<Page, Fault> {
    let found = one(site, name)?;
    let template = site.app.template(name)?;
    let bound = caller.principal.organisation.as_deref();
    let usual = site.app.default_organisation();
    let organisations: Vec<Value> = site
        .app
        .organisation_names()
        .into_iter()
        .filter(|(key, _)| bound.is_none_or(|bound| bound == key))
        .map(|(key, name)| json!({ "chosen": usual.as_ref() == Some(&key), "key": key, "name": name }))
        .collect();
    let fields: Vec<Value> = template
        .contract
        .fields
        .iter()
        .map(|field| {
            json!({
                "called": field.title, "description": field.description, "required": field.required,
                "common": field.scope == crate::template::contract::Scope::Common,
            })
        })
        .collect();
    let key = match key {
        Some(key) => key,
        None => site.app.fresh_key(&site.office).await?,
    };
    Ok(Page::of(
        "make/begin",
        json!({
            "template": choice(&found, caller.language), "fields": fields, "organisations": organisations,
            "several": organisations.len() > 1, "key": key,
        }),
    ))
}

pub(super) async fn template(State(site): State<Arc<Site>>, caller: Caller, Path(name): Path<String>) -> Result<Page, Fault> {
    page(&site, &caller, &name, None).await
}

pub(super) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    form: Multipart,
) -> Result<Response, Fault> {
    one(&site, &name)?;
    let sent = Sent::read(&site, form).await?;
    let key = sent.field("khoa").to_owned();
    let Some(file) = &sent.file else {
        let problem = Diagnostic::error("file-missing", say!("chưa chọn tệp", "no file was chosen"))
            .remedy(say!("bấm vào ô chọn tệp, hoặc kéo tệp thả vào đó", "press the box for the file, or drop the file there"));
        return Ok(page(&site, &caller, &name, Some(key)).await?.problems(vec![problem]).into_response());
    };
    let asker = asker(&caller.principal);
    let organisation = Some(sent.field("don-vi").to_owned()).filter(|key| !key.is_empty());
    // A form that is sent twice is one draft.
    let own_key = (!key.is_empty()).then(|| format!("{}:{key}", asker.name));
    let new = NewDraft { template: name.clone(), organisation, key: own_key, key_digest: None };
    let mut draft = site.app.create_draft(&site.office, asker, new.clone()).await?;
    let sha256 = App::digest_of(&file.path).await?;
    let is_other = |draft: &Draft| draft.file.as_ref().is_some_and(|own| own.sha256 != sha256);
    // Back, and another file: what was begun with the first one and has gone its way meanwhile stays as it is.
    if is_other(&draft) && !draft.is_open() {
        let key = new.key.as_ref().map(|key| format!("{key}:{sha256}"));
        draft = site.app.create_draft(&site.office, asker, NewDraft { key, ..new }).await?;
    }
    let done = if is_other(&draft) { "?xong=tep-khac" } else { "" };
    if draft.file.is_some() && done.is_empty() {
        return Ok(to(&format!("/tao/{}", draft.id)).into_response());
    }
    match site.app.upload(&site.office, asker, &draft.id, draft.revision, &file.path, &file.name).await {
        Ok(draft) => Ok(to(&format!("/tao/{}{done}", draft.id)).into_response()),
        Err(AppError::Input(problems)) => {
            // A file that was refused leaves nothing behind.
            if draft.file.is_none() {
                site.app.discard_draft(&site.office, &draft.id).await?;
            }
            Ok(page(&site, &caller, &name, Some(key)).await?.problems(problems).into_response())
        }
        Err(error) if stale(&error, None).is_some() => Ok(to(&format!("/tao/{}", draft.id)).into_response()),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn delete(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    match site.app.delete_draft(&site.office, asker(&caller.principal), &id).await {
        Ok(()) => Ok(to("/tao?xong=xoa-soan").into_response()),
        // Its page says how it stands.
        Err(error) if stale(&error, None).is_some() => Ok(to(&format!("/tao/{id}")).into_response()),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct Whose {
    #[serde(default, rename = "don-vi")]
    organisation: Option<String>,
}

pub(super) async fn picture(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Query(whose): Query<Whose>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    one(&site, &name)?;
    let organisation = caller.principal.organisation.clone().or(whose.organisation);
    let tag = format!("\"{}\"", site.app.picture_state(&name, organisation.as_deref())?);
    let caching = [(header::CACHE_CONTROL, "private, max-age=300"), (header::ETAG, tag.as_str())];
    if text(&headers, header::IF_NONE_MATCH.as_str()).is_some_and(|known| known == tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let image = site.app.template_picture(&site.office, &name, organisation.as_deref()).await?;
    Ok((caching, [(header::CONTENT_TYPE, "image/png")], image).into_response())
}

pub(super) async fn workbook(State(site): State<Arc<Site>>, Path(name): Path<String>) -> Result<Response, Fault> {
    one(&site, &name)?;
    let bytes = site.app.blank_workbook(&site.office, &name).await?;
    Ok(download::file(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &format!("{name}.xlsx"), false))
}
