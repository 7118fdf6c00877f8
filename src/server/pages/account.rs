//! The own account: `/tai-khoan`. Password, one-time codes.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::login::with_login;
use super::setup::differ;
use crate::access::password::LENGTH_MIN;
use crate::access::totp;
use crate::app::AppError;
use crate::diagnostic::Diagnostic;
use crate::qr;
use crate::say;
use crate::server::caller::{Caller, login_token};
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

/// What an authenticator calls the office.
const ISSUER: &str = "vanthu";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/tai-khoan", Rule::SignedIn, show),
        Route::post("/tai-khoan/mat-khau", Rule::SignedIn, change_password),
        Route::post("/tai-khoan/ma", Rule::SignedIn, begin_code),
        Route::post("/tai-khoan/ma/xac-nhan", Rule::SignedIn, confirm_code),
        Route::post("/tai-khoan/ma/bo", Rule::SignedIn, end_code),
    ]
}

async fn page(site: &Site, caller: &Caller) -> Result<Page, Fault> {
    let account = site.app.account(&site.office, caller.account()?).await?;
    let organisation = site.app.organisation_names().into_iter().find(|(key, _)| Some(key) == account.organisation.as_ref());
    Ok(Page::of(
        "account/account",
        json!({
            "account": {
                "name": account.name, "full_name": account.full_name, "role": account.role.name(), "has_totp": account.totp.is_some(),
                "organisation": organisation.map(|(_, name)| name),
            },
            "rights": caller.principal.rights.iter().map(|right| json!(right.text())).collect::<Value>(),
            "least": LENGTH_MIN,
        }),
    ))
}

async fn show(State(site): State<Arc<Site>>, caller: Caller) -> Result<Page, Fault> {
    page(&site, &caller).await
}

#[derive(Deserialize)]
struct Passwords {
    #[serde(default)]
    old: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

fn wrong_password() -> Diagnostic {
    Diagnostic::error("password-wrong", say!("mật khẩu hiện tại không đúng", "the present password is wrong"))
}

async fn change_password(State(site): State<Arc<Site>>, caller: Caller, Form(given): Form<Passwords>) -> Result<Response, Fault> {
    site.attempt(&caller.principal.name, caller.address).map_err(Fault::too_many)?;
    let problems = if given.password == given.again {
        match site.app.change_password(&site.office, caller.account()?, &given.old, &given.password).await {
            Ok(Some(begun)) => return Ok(with_login(&begun, "/tai-khoan?xong=mat-khau")),
            Ok(None) => vec![wrong_password()],
            Err(AppError::Input(problems)) => problems,
            Err(error) => return Err(error.into()),
        }
    } else {
        vec![differ()]
    };
    Ok(page(&site, &caller).await?.problems(problems).into_response())
}

#[derive(Deserialize)]
struct Password {
    #[serde(default)]
    password: String,
}

/// The password is asked for again: whoever finds an open browser must not take the account over.
async fn again(site: &Site, caller: &Caller, password: &str) -> Result<Result<(), Page>, Fault> {
    site.attempt(&caller.principal.name, caller.address).map_err(Fault::too_many)?;
    if site.app.is_password(&site.office, caller.account()?, password).await? {
        site.came_in(&caller.principal.name);
        return Ok(Ok(()));
    }
    Ok(Err(page(site, caller).await?.problems(vec![wrong_password()])))
}

async fn begin_code(
    State(site): State<Arc<Site>>,
    caller: Caller,
    headers: HeaderMap,
    Form(given): Form<Password>,
) -> Result<Response, Fault> {
    if let Err(page) = again(&site, &caller, &given.password).await? {
        return Ok(page.into_response());
    }
    let secret = site.app.offer_totp(&site.office, login_token(&headers).unwrap_or_default()).await?;
    Ok(enrolment(&caller, &secret).into_response())
}

/// The secret is kept with the login that typed its password; the form sends only the code.
fn enrolment(caller: &Caller, secret: &str) -> Page {
    let address = totp::address(secret, &caller.principal.name, ISSUER);
    let picture = qr::encode(&address).ok().and_then(|code| drawn(&code));
    let groups: Vec<String> = secret.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    Page::of("account/code", json!({ "groups": groups.join(" "), "qr": picture })).shown_once()
}

/// A QR code as the path of an SVG picture, one unit a module, with its side.
fn drawn(code: &Value) -> Option<Value> {
    let side = usize::try_from(code["canh"].as_u64()?).ok()?;
    let black = code["diem"].as_array()?.iter().enumerate().filter(|(_, pixel)| pixel.as_u64() == Some(0));
    let path: String = black.map(|(at, _)| format!("M{} {}h1v1h-1z", at % side + 4, at / side + 4)).collect();
    Some(json!({ "side": side + 8, "path": path }))
}

#[derive(Deserialize)]
struct Confirmed {
    #[serde(default)]
    code: String,
}

async fn confirm_code(
    State(site): State<Arc<Site>>,
    caller: Caller,
    headers: HeaderMap,
    Form(given): Form<Confirmed>,
) -> Result<Response, Fault> {
    site.attempt(&caller.principal.name, caller.address).map_err(Fault::too_many)?;
    let Some(secret) = site.app.offered_totp(&site.office, login_token(&headers).unwrap_or_default()).await? else {
        let lapsed = Diagnostic::error("code-lapsed", say!("khóa đã hiện không còn dùng được", "the secret that was shown has lapsed"))
            .remedy(say!("nhập mật khẩu để lấy khóa mới", "type your password to get another"));
        return Ok(page(&site, &caller).await?.problems(vec![lapsed]).into_response());
    };
    if site.app.confirm_totp(&site.office, caller.account()?, &secret, &given.code).await? {
        site.came_in(&caller.principal.name);
        return Ok(to("/tai-khoan?xong=ma").into_response());
    }
    let wrong = Diagnostic::error("code", say!("mã không đúng", "the code is wrong")).remedy(say!(
        "kiểm tra đồng hồ của điện thoại, rồi nhập mã đang hiện",
        "check the clock of the phone, then type the code it shows"
    ));
    Ok(enrolment(&caller, &secret).problems(vec![wrong]).into_response())
}

async fn end_code(State(site): State<Arc<Site>>, caller: Caller, Form(given): Form<Password>) -> Result<Response, Fault> {
    if let Err(page) = again(&site, &caller, &given.password).await? {
        return Ok(page.into_response());
    }
    site.app.end_totp(&site.office, caller.account()?, &caller.principal).await?;
    Ok(to("/tai-khoan?xong=bo-ma").into_response())
}
