//! `/api/v1/users`: accounts of people: made with a one-time link, changed, signed out everywhere, freed of a lost phone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Json, Office, Path};
use super::{JSON_BYTES, counted, time, time_or_none};
use crate::access::{Right, Role};
use crate::app::accounts::{AccountForm, INVITATION_LIFE};
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::accounts::Account;

const RULE: Rule = Rule::Needs(Right::Administer);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/users", RULE, list),
        Route::post("/api/v1/users", RULE, create).body(JSON_BYTES),
        Route::get("/api/v1/users/{id}", RULE, one),
        Route::put("/api/v1/users/{id}", RULE, change).body(JSON_BYTES),
        Route::post("/api/v1/users/{id}/invitations", RULE, invite),
        Route::delete("/api/v1/users/{id}/logins", RULE, end_logins),
        Route::delete("/api/v1/users/{id}/one-time-codes", RULE, end_codes),
    ]
}

fn user_json(own: &Account) -> Value {
    json!({
        "id": own.id, "name": own.name, "full_name": own.full_name, "role": own.role.name(), "organisation": own.organisation,
        "disabled": own.disabled, "has_password": own.password.is_some(), "has_one_time_codes": own.totp.is_some(),
        "version": own.version, "created_at": time(own.created_at), "seen_at": time_or_none(own.seen_at),
    })
}

/// A user with the link by which the person chooses a password. Shown once: the store has only its digest.
fn invited(caller: &Caller, account: &Account, token: &str) -> Value {
    let mut value = user_json(account);
    value["link"] = format!("{}/moi?ma={token}", caller.base).into();
    value["link_seconds"] = (INVITATION_LIFE / 1_000).into();
    value
}

async fn shown(site: &Site, id: &str) -> Result<Response, Fault> {
    Ok(axum::Json(user_json(&site.app.account(&site.office, id).await?)).into_response())
}

async fn list(State(site): State<Arc<Site>>, _: Office) -> Result<Response, Fault> {
    let all = site.app.accounts(&site.office).await?;
    Ok(axum::Json(json!({ "users": all.iter().map(user_json).collect::<Value>() })).into_response())
}

async fn one(State(site): State<Arc<Site>>, _: Office, Path(id): Path<String>) -> Result<Response, Fault> {
    shown(&site, &id).await
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    Clerk,
    Approver,
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Clerk => Self::Clerk,
            RoleName::Approver => Self::Approver,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    name: String,
    full_name: String,
    role: RoleName,
    organisation: Option<String>,
}

async fn create(State(site): State<Arc<Site>>, Office(caller): Office, Json(own): Json<NewUser>) -> Result<Response, Fault> {
    let form = AccountForm {
        name: own.name,
        full_name: own.full_name,
        role: own.role.into(),
        organisation: own.organisation.unwrap_or_default(),
        disabled: false,
    };
    let (id, token) = site.app.create_account(&site.office, &form, &caller.principal).await?;
    let account = site.app.account(&site.office, &id).await?;
    Ok((StatusCode::CREATED, axum::Json(invited(&caller, &account, &token))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    version: i64,
    full_name: String,
    role: RoleName,
    organisation: Option<String>,
    #[serde(default)]
    disabled: bool,
}

async fn change(
    State(site): State<Arc<Site>>,
    Office(caller): Office,
    Path(id): Path<String>,
    Json(own): Json<Changed>,
) -> Result<Response, Fault> {
    let account = site.app.account(&site.office, &id).await?;
    let form = AccountForm {
        name: account.name,
        full_name: own.full_name,
        role: own.role.into(),
        organisation: own.organisation.unwrap_or_default(),
        disabled: own.disabled,
    };
    counted(site.app.change_account(&site.office, &id, own.version, &form, &caller.principal).await?)?;
    shown(&site, &id).await
}

async fn invite(State(site): State<Arc<Site>>, Office(caller): Office, Path(id): Path<String>) -> Result<Response, Fault> {
    let account = site.app.account(&site.office, &id).await?;
    let token = site.app.invite(&site.office, &id, &caller.principal).await?;
    Ok((StatusCode::CREATED, axum::Json(invited(&caller, &account, &token))).into_response())
}

async fn end_logins(State(site): State<Arc<Site>>, Office(caller): Office, Path(id): Path<String>) -> Result<Response, Fault> {
    let ended = site.app.end_logins(&site.office, &id, &caller.principal).await?;
    Ok(axum::Json(json!({ "user": id, "ended": ended })).into_response())
}

async fn end_codes(State(site): State<Arc<Site>>, Office(caller): Office, Path(id): Path<String>) -> Result<Response, Fault> {
    site.app.account(&site.office, &id).await?;
    site.app.end_totp(&site.office, &id, &caller.principal).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
