//! API keys: `/khoa`. Made, shown once, replaced with an overlap, taken back.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Right;
use crate::app::AppError;
use crate::app::api_keys::KeyForm;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Administer);
/// Hours that a replaced key lives on.
const OVERLAP: u32 = 24;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/khoa", RULE, list),
        Route::post("/khoa", RULE, create),
        Route::post("/khoa/{id}/thay", RULE, rotate),
        Route::post("/khoa/{id}/thu-hoi", RULE, revoke),
    ]
}

/// The fields of the form; a scope is a field of its own, since a form says nothing of a box that is not ticked.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields {
    name: String,
    organisation: String,
    days: String,
    read: Option<String>,
    make: Option<String>,
    approve: Option<String>,
    send: Option<String>,
    number: Option<String>,
    schedule: Option<String>,
    configure: Option<String>,
    administer: Option<String>,
}

impl Fields {
    fn has(&self, right: Right) -> bool {
        match right {
            Right::Read => &self.read,
            Right::Make => &self.make,
            Right::Approve => &self.approve,
            Right::Send => &self.send,
            Right::Number => &self.number,
            Right::Schedule => &self.schedule,
            Right::Configure => &self.configure,
            Right::Administer => &self.administer,
        }
        .is_some()
    }

    fn form(&self) -> KeyForm {
        KeyForm {
            name: self.name.clone(),
            scopes: Right::ALL.into_iter().filter(|right| self.has(*right)).map(|right| right.name().to_owned()).collect(),
            organisation: Some(self.organisation.clone()).filter(|own| !own.is_empty()),
            // What is no number is no life, and that is said.
            days: Some(self.days.trim()).filter(|days| !days.is_empty()).map(|days| days.parse().unwrap_or(0)),
            replaces: None,
        }
    }
}

async fn page(site: &Site, caller: &Caller, fields: &Fields, made: Value) -> Result<Page, Fault> {
    let now = site.office.store.now().await?;
    let keys: Value = site
        .app
        .api_keys(&site.office, &caller.principal)
        .await?
        .iter()
        .map(|key| {
            let state = match (key.revoked_at.is_some(), key.is_live(now)) {
                (true, _) => "revoked",
                (false, false) => "expired",
                (false, true) => "open",
            };
            let scopes: Vec<Value> =
                key.scopes.iter().filter_map(|scope| Right::from_name(scope)).map(|right| json!(right.text())).collect();
            json!({
                "id": key.id, "name": key.name, "scopes": scopes, "organisation": key.organisation, "expires_at": key.expires_at,
                "last_used_at": key.last_used_at, "state": state, "is_open": state == "open",
            })
        })
        .collect();
    let rights: Value =
        Right::ALL.into_iter().map(|right| json!({ "name": right.name(), "text": right.text(), "chosen": fields.has(right) })).collect();
    let organisations: Value = site
        .app
        .organisation_names()
        .into_iter()
        .map(|(key, name)| json!({ "chosen": key == fields.organisation, "key": key, "name": name }))
        .collect();
    let data = json!({
        "keys": keys, "rights": rights, "organisations": organisations, "name": fields.name, "days": fields.days, "made": made,
    });
    Ok(Page::of("keys/list", data))
}

async fn list(State(site): State<Arc<Site>>, caller: Caller) -> Result<Page, Fault> {
    let fields = Fields { read: Some(String::new()), days: "365".to_owned(), ..Fields::default() };
    page(&site, &caller, &fields, Value::Null).await
}

async fn create(State(site): State<Arc<Site>>, caller: Caller, Form(fields): Form<Fields>) -> Result<Page, Fault> {
    match site.app.new_api_key(&site.office, &fields.form(), &caller.principal).await {
        // Shown once: the store has only its digest.
        Ok((key, text)) => page(&site, &caller, &Fields::default(), json!({ "name": key.name, "text": text })).await.map(Page::shown_once),
        Err(AppError::Input(problems)) => Ok(page(&site, &caller, &fields, Value::Null).await?.problems(problems)),
        Err(error) => Err(error.into()),
    }
}

async fn rotate(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Page, Fault> {
    let form = KeyForm { replaces: Some((id, OVERLAP)), ..KeyForm::default() };
    match site.app.new_api_key(&site.office, &form, &caller.principal).await {
        Ok((key, text)) => page(&site, &caller, &Fields::default(), json!({ "name": key.name, "text": text })).await.map(Page::shown_once),
        Err(AppError::Input(problems)) => Ok(page(&site, &caller, &Fields::default(), Value::Null).await?.problems(problems)),
        Err(error) => Err(error.into()),
    }
}

async fn revoke(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    site.app.revoke_api_key(&site.office, &id, &caller.principal).await?;
    Ok(to("/khoa?xong=huy").into_response())
}
