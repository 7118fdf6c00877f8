//! What an office prints and sends with: `/don-vi/may-in`, `/don-vi/thu`.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::organisation::{millimetres, stale};
use crate::access::Right;
use crate::app::AppError;
use crate::app::configure::{MailForm, offset_problem};
use crate::diagnostic::Diagnostic;
use crate::mail::relay::Security;
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Configure);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/don-vi/may-in", RULE, printers),
        Route::post("/don-vi/may-in", RULE, save_printer),
        Route::post("/don-vi/may-in/xoa", RULE, remove_printer),
        Route::get("/don-vi/to-can-chinh.pdf", RULE, sheet),
        Route::get("/don-vi/thu", RULE, mail),
        Route::post("/don-vi/thu", RULE, save_mail),
        Route::post("/don-vi/thu/thu-ket-noi", RULE, probe),
    ]
}

fn printers_page(site: &Site, form: Value) -> Page {
    let config = site.app.configuration();
    let printers: Value = config
        .printers
        .iter()
        .map(|(key, printer)| json!({ "key": key, "x": millimetres(printer.offset_x_mm), "y": millimetres(printer.offset_y_mm) }))
        .collect();
    Page::of("organisation/printers", json!({ "printers": printers, "version": site.app.configuration_version(), "form": form }))
}

async fn printers(State(site): State<Arc<Site>>) -> Page {
    printers_page(&site, json!({ "name": "", "x": "0,0", "y": "0,0" }))
}

#[derive(Deserialize)]
struct PrinterForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    version: String,
}

async fn save_printer(State(site): State<Arc<Site>>, caller: Caller, Form(form): Form<PrinterForm>) -> Result<Response, Fault> {
    let again = |problems| {
        let page = printers_page(&site, json!({ "name": form.name, "x": form.x, "y": form.y }));
        Ok(page.problems(problems).into_response())
    };
    let offset = |text: &str| text.trim().replace(',', ".").parse::<f64>().ok();
    let (Some(x), Some(y)) = (offset(&form.x), offset(&form.y)) else {
        return again(vec![offset_problem()]);
    };
    match site.app.save_printer(&site.office, &form.version, form.name.trim(), (x, y), &caller.principal).await {
        Ok(true) => Ok(to("/don-vi/may-in?xong=luu").into_response()),
        Ok(false) => Err(stale()),
        Err(AppError::Input(problems)) => again(problems),
        Err(error) => Err(error.into()),
    }
}

async fn remove_printer(State(site): State<Arc<Site>>, caller: Caller, Form(form): Form<PrinterForm>) -> Result<Response, Fault> {
    match site.app.remove_printer(&site.office, &form.version, &form.name, &caller.principal).await? {
        true => Ok(to("/don-vi/may-in?xong=xoa").into_response()),
        false => Err(stale()),
    }
}

/// The calibration sheet, to be printed at full size.
async fn sheet(State(site): State<Arc<Site>>) -> Result<Response, Fault> {
    let pdf = site.app.calibration_sheet().await?;
    let headers = [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, "inline; filename=\"to-can-chinh.pdf\"")];
    Ok((headers, pdf).into_response())
}

fn mail_page(site: &Site, form: &MailFields, version: &str, found: Value) -> Page {
    let config = site.app.configuration();
    let relay = config.mail.relays.get(&form.relay);
    Page::of(
        "organisation/mail",
        json!({
            "version": version, "found": found, "has_password": relay.is_some_and(|relay| relay.password_file.is_some() || relay.password_env.is_some()),
            "bounces": config.mail.bounces.is_some(),
            "form": {
                "from": form.from, "from_name": form.from_name, "reply_to": form.reply_to, "relay": form.relay, "host": form.host,
                "port": form.port, "account": form.account, "security": if form.security.is_empty() { "starttls" } else { form.security.as_str() },
            },
        }),
    )
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MailFields {
    from: String,
    from_name: String,
    reply_to: String,
    relay: String,
    host: String,
    port: String,
    security: String,
    account: String,
    password: String,
    version: String,
}

fn fields(site: &Site) -> MailFields {
    let config = site.app.configuration();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let relay = config.mail.relay.clone().unwrap_or_default();
    let server = config.mail.relays.get(&relay);
    MailFields {
        from: text(&config.mail.from),
        from_name: text(&config.mail.from_name),
        reply_to: text(&config.mail.reply_to),
        host: server.map(|server| server.host.clone()).unwrap_or_default(),
        port: server.and_then(|server| server.port).map(|port| port.to_string()).unwrap_or_default(),
        security: match server.map(|server| server.security) {
            Some(Security::Tls) => "tls",
            Some(Security::None) => "none",
            _ => "starttls",
        }
        .to_owned(),
        account: server.map(|server| text(&server.account)).unwrap_or_default(),
        relay,
        ..MailFields::default()
    }
}

async fn mail(State(site): State<Arc<Site>>) -> Page {
    mail_page(&site, &fields(&site), &site.app.configuration_version(), Value::Null)
}

async fn save_mail(State(site): State<Arc<Site>>, caller: Caller, Form(form): Form<MailFields>) -> Result<Response, Fault> {
    let again = |problems| Ok(mail_page(&site, &form, &form.version, Value::Null).problems(problems).into_response());
    let port = form.port.trim();
    let given = MailForm {
        from: form.from.clone(),
        from_name: form.from_name.clone(),
        reply_to: form.reply_to.clone(),
        // A server needs a name in the file; most offices have one.
        relay: if form.host.trim().is_empty() {
            String::new()
        } else if form.relay.is_empty() {
            "may-chu".to_owned()
        } else {
            form.relay.clone()
        },
        host: form.host.clone(),
        port: port.parse().ok().filter(|port| *port > 0),
        security: form.security.clone(),
        account: form.account.clone(),
        password: form.password.clone(),
    };
    if given.port.is_none() && !port.is_empty() {
        return again(vec![Diagnostic::error("mail-port", say!("cổng phải từ 1 đến 65535", "a port is 1 to 65535")).with_value(port)]);
    }
    match site.app.save_mail(&site.office, &form.version, &given, &caller.principal).await {
        Ok(true) => Ok(to("/don-vi/thu?xong=luu").into_response()),
        Ok(false) => Err(stale()),
        Err(AppError::Input(problems)) => again(problems),
        Err(error) => Err(error.into()),
    }
}

/// Reaches the server, signs in and asks what it takes; sends nothing.
async fn probe(State(site): State<Arc<Site>>, caller: Caller) -> Result<Page, Fault> {
    let shown = fields(&site);
    let version = site.app.configuration_version();
    let found = match site.app.probe_relay(None).await {
        Ok(report) => report,
        Err(AppError::Input(problems)) => return Ok(mail_page(&site, &shown, &version, Value::Null).problems(problems)),
        Err(error) => return Err(error.into()),
    };
    let texts = match &found.1 {
        Ok(probe) => {
            let mut texts = vec![say!("Kết nối và đăng nhập được vào “{}”.", "Reached `{}` and signed in.", found.0)];
            texts.extend(probe.offer.size.map(|size| {
                let size = size / 1_000_000;
                say!("Máy chủ nhận thư tới {size} MB.", "The server takes messages of up to {size} MB.")
            }));
            texts
        }
        Err(seen) => vec![crate::delivery::classify::classify(seen, false).describe(), seen.describe()],
    };
    let lines: Vec<&str> = texts.iter().map(|text| text.in_language(caller.language)).collect();
    Ok(mail_page(&site, &shown, &version, json!({ "good": found.1.is_ok(), "lines": lines })))
}
