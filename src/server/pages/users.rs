//! Users: `/nguoi-dung`. Making an account with its one-time link, role, organisation, disabling.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::{Right, Role};
use crate::app::AppError;
use crate::app::accounts::{AccountForm, INVITATION_LIFE};
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::accounts::Account;

const RULE: Rule = Rule::Needs(Right::Administer);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/nguoi-dung", RULE, list),
        Route::get("/nguoi-dung/moi", RULE, ask),
        Route::post("/nguoi-dung/moi", RULE, create),
        Route::get("/nguoi-dung/{id}", RULE, show),
        Route::post("/nguoi-dung/{id}", RULE, change),
        Route::post("/nguoi-dung/{id}/lien-ket", RULE, invite),
        Route::post("/nguoi-dung/{id}/bo-ma", RULE, end_code),
    ]
}

fn shown(site: &Site, account: &Account) -> Value {
    let organisation = site.app.organisation_names().into_iter().find(|(key, _)| Some(key) == account.organisation.as_ref());
    json!({
        "id": account.id, "name": account.name, "full_name": account.full_name, "role": account.role.name(),
        "organisation": account.organisation, "organisation_name": organisation.map(|(_, name)| name), "disabled": account.disabled,
        "has_password": account.password.is_some(), "has_totp": account.totp.is_some(), "seen_at": account.seen_at,
        "version": account.version,
    })
}

async fn list(State(site): State<Arc<Site>>) -> Result<Page, Fault> {
    let accounts = site.app.accounts(&site.office).await?;
    Ok(Page::of("users/list", json!({ "accounts": accounts.iter().map(|account| shown(&site, account)).collect::<Value>() })))
}

/// What stands in the fields of the form.
#[derive(Deserialize, Default)]
struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    organisation: String,
    disabled: Option<String>,
    #[serde(default)]
    version: i64,
}

impl Fields {
    fn form(&self) -> AccountForm {
        AccountForm {
            name: self.name.clone(),
            full_name: self.full_name.clone(),
            role: Role::from_name(&self.role).unwrap_or(Role::Clerk),
            organisation: self.organisation.clone(),
            disabled: self.disabled.is_some(),
        }
    }
}

fn choices(site: &Site, fields: &Fields) -> Value {
    let roles: Value = Role::ALL
        .iter()
        .map(|role| {
            let rights: Vec<Value> = role.rights().iter().map(|right| json!(right.text())).collect();
            json!({ "name": role.name(), "text": role.text(), "rights": rights, "chosen": fields.form().role == *role })
        })
        .collect();
    let organisations: Value = site
        .app
        .organisation_names()
        .into_iter()
        .map(|(key, name)| json!({ "chosen": key == fields.organisation, "key": key, "name": name }))
        .collect();
    json!({
        "name": fields.name, "full_name": fields.full_name, "disabled": fields.disabled.is_some(), "version": fields.version,
        "roles": roles, "organisations": organisations,
    })
}

async fn ask(State(site): State<Arc<Site>>) -> Page {
    Page::of("users/new", json!({ "form": choices(&site, &Fields::default()) }))
}

fn link(caller: &Caller, account: &Account, token: &str) -> Page {
    let days = INVITATION_LIFE / (24 * 60 * 60 * 1_000);
    let link = format!("{}/moi?ma={token}", caller.base);
    Page::of("users/link", json!({ "id": account.id, "full_name": account.full_name, "name": account.name, "link": link, "days": days }))
        .shown_once()
}

async fn create(State(site): State<Arc<Site>>, caller: Caller, Form(fields): Form<Fields>) -> Result<Page, Fault> {
    match site.app.create_account(&site.office, &fields.form(), &caller.principal).await {
        // Shown once: the store has only its digest.
        Ok((id, token)) => Ok(link(&caller, &site.app.account(&site.office, &id).await?, &token)),
        Err(AppError::Input(problems)) => Ok(Page::of("users/new", json!({ "form": choices(&site, &fields) })).problems(problems)),
        Err(error) => Err(error.into()),
    }
}

fn editor(site: &Site, account: &Account, fields: &Fields) -> Page {
    Page::of("users/user", json!({ "account": shown(site, account), "form": choices(site, fields) }))
}

async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Result<Page, Fault> {
    let account = site.app.account(&site.office, &id).await?;
    let fields = Fields {
        name: account.name.clone(),
        full_name: account.full_name.clone(),
        role: account.role.name().to_owned(),
        organisation: account.organisation.clone().unwrap_or_default(),
        disabled: account.disabled.then(String::new),
        version: account.version,
    };
    Ok(editor(&site, &account, &fields))
}

async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    let account = site.app.account(&site.office, &id).await?;
    match site.app.change_account(&site.office, &id, fields.version, &fields.form(), &caller.principal).await {
        Ok(true) => Ok(to("/nguoi-dung?xong=luu").into_response()),
        Ok(false) => Err(Fault::conflict(say!(
            "tài khoản này vừa được người khác sửa; mở lại rồi sửa tiếp",
            "somebody else has just changed this account; open it again"
        ))),
        Err(AppError::Input(problems)) => Ok(editor(&site, &account, &fields).problems(problems).into_response()),
        Err(error) => Err(error.into()),
    }
}

async fn invite(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Page, Fault> {
    let account = site.app.account(&site.office, &id).await?;
    let token = site.app.invite(&site.office, &id, &caller.principal).await?;
    Ok(link(&caller, &account, &token))
}

async fn end_code(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    site.app.end_totp(&site.office, &id, &caller.principal).await?;
    Ok(to(&format!("/nguoi-dung/{id}?xong=bo-ma")).into_response())
}
