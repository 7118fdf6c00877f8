//! The first administrator (`/thiet-lap`), and the password that a person chooses through a one-time link (`/moi`).

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::login::with_login;
use crate::access::password::LENGTH_MIN;
use crate::app::AppError;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::server::caller::{Caller, login_token};
use crate::server::fault::Fault;
use crate::server::page::Page;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::logins::LoginState;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/thiet-lap", Rule::Public, ask_first),
        Route::post("/thiet-lap", Rule::Public, make_first),
        Route::get("/moi", Rule::Public, ask),
        Route::post("/moi", Rule::Public, accept),
    ]
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    ma: String,
}

#[derive(Deserialize)]
struct First {
    #[serde(default)]
    ma: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

fn lapsed() -> Fault {
    let text = say!(
        "liên kết này đã dùng rồi hoặc đã hết hạn; xin người quản trị một liên kết mới",
        "the link was used already, or has lapsed; ask the administrator for another"
    );
    Fault::new(StatusCode::GONE, "link-lapsed", text)
}

pub(super) fn differ() -> Diagnostic {
    Diagnostic::error("password-again", say!("hai lần nhập mật khẩu không giống nhau", "the two passwords differ"))
}

fn first_form(token: &str, full_name: &str, name: &str) -> Page {
    Page::of("login/setup", json!({ "token": token, "full_name": full_name, "name": name, "least": LENGTH_MIN }))
}

async fn ask_first(State(site): State<Arc<Site>>, Query(link): Query<Link>) -> Result<Page, Fault> {
    if !site.app.may_set_up(&site.office, &link.ma).await? {
        return Err(lapsed());
    }
    Ok(first_form(&link.ma, "", ""))
}

async fn make_first(State(site): State<Arc<Site>>, caller: Caller, Form(first): Form<First>) -> Result<Response, Fault> {
    site.attempt(&first.ma, caller.address).map_err(Fault::too_many)?;
    let again = |problems| Ok(first_form(&first.ma, &first.full_name, &first.name).problems(problems).into_response());
    if first.password != first.again {
        return again(vec![differ()]);
    }
    match site.app.set_up(&site.office, &first.ma, &first.name, &first.full_name, &first.password).await {
        Ok(begun) => Ok(with_login(&begun, "/")),
        Err(AppError::Input(problems)) if problems.iter().all(|problem| problem.code != "link-lapsed") => again(problems),
        Err(AppError::Input(_)) => Err(lapsed()),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    ma: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

async fn ask(State(site): State<Arc<Site>>, Query(link): Query<Link>) -> Result<Page, Fault> {
    let account = site.app.invited(&site.office, &link.ma).await?.ok_or_else(lapsed)?;
    Ok(choosing(&link.ma, &account.full_name, &account.name))
}

fn choosing(token: &str, full_name: &str, name: &str) -> Page {
    Page::of("login/choose", json!({ "token": token, "full_name": full_name, "name": name, "least": LENGTH_MIN }))
}

async fn accept(State(site): State<Arc<Site>>, caller: Caller, headers: HeaderMap, Form(chosen): Form<Chosen>) -> Result<Response, Fault> {
    site.attempt(&chosen.ma, caller.address).map_err(Fault::too_many)?;
    let account = site.app.invited(&site.office, &chosen.ma).await?.ok_or_else(lapsed)?;
    let again = |problems| Ok(choosing(&chosen.ma, &account.full_name, &account.name).problems(problems).into_response());
    if chosen.password != chosen.again {
        return again(vec![differ()]);
    }
    match site.app.accept_invitation(&site.office, &chosen.ma, &chosen.password).await {
        Ok(begun) => {
            // What this browser held before is nobody's any more.
            if let Some(before) = login_token(&headers) {
                site.app.log_out(&site.office, before).await?;
            }
            Ok(with_login(&begun, if begun.state == LoginState::Code { "/dang-nhap/ma" } else { "/?xong=chao" }))
        }
        Err(AppError::Input(problems)) => again(problems),
        Err(error) => Err(error.into()),
    }
}
