//! Coming in and going out: `/dang-nhap`, its one-time code, `/dang-xuat`.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::accounts::Begun;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::server::caller::{Caller, LOGIN_COOKIE, login_token};
use crate::server::fault::Fault;
use crate::server::page::{Page, own_path, query_value, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::logins::{CODE_MAX, LIFE_MAX, LoginState};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/dang-nhap", Rule::Public, ask),
        Route::post("/dang-nhap", Rule::Public, come_in),
        Route::get("/dang-nhap/ma", Rule::Public, ask_code),
        Route::post("/dang-nhap/ma", Rule::Public, confirm),
        Route::post("/dang-xuat", Rule::SignedIn, go_out),
    ]
}

#[derive(Deserialize)]
struct Onward {
    tiep: Option<String>,
}

/// Sends the browser on with the cookie of a login.
pub(super) fn with_login(begun: &Begun, path: &str) -> Response {
    // As long as the login lives at most; the store knows when it ends.
    let life = if begun.state == LoginState::Code { CODE_MAX } else { LIFE_MAX } / 1_000;
    cookie_and_on(&format!("{LOGIN_COOKIE}={}; Path=/; Max-Age={life}; Secure; HttpOnly; SameSite=Strict", begun.token), path)
}

fn cookie_and_on(cookie: &str, path: &str) -> Response {
    let mut response = to(path).into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn form(caller: &Caller, name: &str, onward: &str) -> Page {
    Page::of("login/login", form_data(caller, name, onward, None))
}

/// What the form shows; `entry` is the address under which the browser remembers it, when that is not its own.
fn form_data(caller: &Caller, name: &str, onward: &str, entry: Option<String>) -> Value {
    json!({ "name": name, "onward": onward, "insecure": is_insecure(caller), "base": caller.base, "entry": entry })
}

/// What a form gets whose login has ended: the way in, and back to its page, where the browser still has what was typed.
pub(in crate::server) fn again(caller: &Caller) -> Page {
    let ended = Diagnostic::error(
        "login-ended",
        say!("phiên làm việc đã hết, nên việc vừa bấm chưa được làm", "the login has ended, so what you pressed was not done"),
    )
    .remedy(say!(
        "đăng nhập lại; muốn lấy lại những gì đã gõ, bấm nút Quay lại (Back) của trình duyệt tới trang đó rồi gửi lần nữa",
        "sign in again; to get back what you typed, go back with the browser's own button to that page and send it once more"
    ));
    let entry = format!("/dang-nhap?tiep={}", query_value(&caller.page));
    let page = Page::of("login/login", form_data(caller, "", &caller.page, Some(entry)));
    page.status(StatusCode::UNAUTHORIZED).problems(vec![ended])
}

/// Browsers keep the cookie of a login only over HTTPS, or on the machine itself.
fn is_insecure(caller: &Caller) -> bool {
    let Some(host) = caller.base.strip_prefix("http://") else { return false };
    let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(host, _)| host);
    !(host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]")
}

async fn ask(State(site): State<Arc<Site>>, caller: Caller, Query(onward): Query<Onward>) -> Result<Response, Fault> {
    let path = own_path(onward.tiep.as_deref());
    if caller.principal.is_known() {
        return Ok(to(path).into_response());
    }
    if site.office.store.is_fresh().await? {
        return Ok(Page::of("login/fresh", json!({})).into_response());
    }
    Ok(form(&caller, "", path).into_response())
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    tiep: Option<String>,
}

async fn come_in(State(site): State<Arc<Site>>, caller: Caller, headers: HeaderMap, Form(given): Form<Given>) -> Result<Response, Fault> {
    let name = given.name.trim().to_lowercase();
    let path = own_path(given.tiep.as_deref());
    site.attempt(&name, caller.address).map_err(Fault::too_many)?;
    let Some(begun) = site.app.log_in(&site.office, &name, &given.password).await? else {
        tracing::warn!(event = "login.refused", address = caller.address.to_string());
        let wrong = Diagnostic::error("login", say!("tên đăng nhập hoặc mật khẩu không đúng", "name or password is wrong"));
        return Ok(form(&caller, &given.name, path).status(StatusCode::UNAUTHORIZED).problems(vec![wrong]).into_response());
    };
    // What this browser held before is nobody's any more.
    if let Some(before) = login_token(&headers) {
        site.app.log_out(&site.office, before).await?;
    }
    if begun.state == LoginState::Code {
        return Ok(with_login(&begun, &format!("/dang-nhap/ma?tiep={}", query_value(path))));
    }
    site.came_in(&name);
    Ok(with_login(&begun, path))
}

async fn ask_code(State(site): State<Arc<Site>>, headers: HeaderMap, Query(onward): Query<Onward>) -> Result<Response, Fault> {
    let token = login_token(&headers).unwrap_or_default();
    if site.app.awaiting_code(&site.office, token).await?.is_none() {
        return Ok(to("/dang-nhap").into_response());
    }
    Ok(Page::of("login/code", json!({ "onward": own_path(onward.tiep.as_deref()) })).into_response())
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
    tiep: Option<String>,
}

async fn confirm(State(site): State<Arc<Site>>, caller: Caller, headers: HeaderMap, Form(given): Form<Code>) -> Result<Response, Fault> {
    let path = own_path(given.tiep.as_deref());
    let token = login_token(&headers).unwrap_or_default();
    let Some(name) = site.app.awaiting_code(&site.office, token).await? else { return Ok(to("/dang-nhap").into_response()) };
    site.attempt(&name, caller.address).map_err(Fault::too_many)?;
    match site.app.confirm_login(&site.office, token, &given.code).await? {
        Some(begun) => {
            site.came_in(&name);
            Ok(with_login(&begun, path))
        }
        None => {
            let wrong = Diagnostic::error("code", say!("mã không đúng hoặc đã dùng rồi", "the code is wrong or was used already"))
                .remedy(say!("chờ ứng dụng hiện mã mới rồi nhập lại", "wait for the next code and type that one"));
            Ok(Page::of("login/code", json!({ "onward": path })).status(StatusCode::UNAUTHORIZED).problems(vec![wrong]).into_response())
        }
    }
}

async fn go_out(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Response, Fault> {
    if let Some(token) = login_token(&headers) {
        site.app.log_out(&site.office, token).await?;
    }
    Ok(cookie_and_on(&format!("{LOGIN_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"), "/dang-nhap?xong=ra"))
}
