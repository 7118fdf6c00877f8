//! `/api/v1/mail-settings`: who messages are from, the relay that they go by, and a test of it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::body::{Json, Office};
use super::{JSON_BYTES, counted};
use crate::access::Right;
use crate::app::configure::MailForm;
use crate::delivery::classify::classify;
use crate::mail::relay::Security;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Configure);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/mail-settings", RULE, read),
        Route::put("/api/v1/mail-settings", RULE, save).body(JSON_BYTES),
        Route::post("/api/v1/mail-settings/test", RULE, test),
    ]
}

fn security_name(security: Security) -> &'static str {
    match security {
        Security::Tls => "tls",
        Security::None => "none",
        _ => "starttls",
    }
}

/// What stands there, without any secret.
fn shown(site: &Site) -> Response {
    let config = site.app.configuration();
    let mail = &config.mail;
    let relay = mail.relay.as_ref().and_then(|name| mail.relays.get(name));
    axum::Json(json!({
        "from": mail.from, "from_name": mail.from_name, "reply_to": mail.reply_to, "relay": mail.relay,
        "host": relay.map(|relay| &relay.host), "port": relay.and_then(|relay| relay.port),
        "security": relay.map(|relay| security_name(relay.security)), "account": relay.and_then(|relay| relay.account.as_ref()),
        "has_password": relay.is_some_and(|relay| relay.password_file.is_some() || relay.password_env.is_some()),
        "bounces": mail.bounces.is_some(), "version": site.app.configuration_version(),
    }))
    .into_response()
}

async fn read(State(site): State<Arc<Site>>, _: Office) -> Response {
    shown(&site)
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
enum Protection {
    #[default]
    Starttls,
    Tls,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    version: String,
    from: String,
    #[serde(default)]
    from_name: String,
    #[serde(default)]
    reply_to: String,
    /// None leaves messages as files.
    relay: Option<Relay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Relay {
    name: String,
    host: String,
    port: Option<std::num::NonZeroU16>,
    #[serde(default)]
    security: Protection,
    #[serde(default)]
    account: String,
    #[serde(default)]
    password: String,
}

async fn save(State(site): State<Arc<Site>>, Office(caller): Office, Json(own): Json<Settings>) -> Result<Response, Fault> {
    let Settings { version, from, from_name, reply_to, relay } = own;
    let form = MailForm { from, from_name, reply_to, ..MailForm::default() };
    let form = match relay {
        None => form,
        Some(relay) => MailForm {
            relay: relay.name,
            host: relay.host,
            port: relay.port.map(Into::into),
            security: match relay.security {
                Protection::Starttls => "starttls",
                Protection::Tls => "tls",
                Protection::None => "none",
            }
            .to_owned(),
            account: relay.account,
            password: relay.password,
            ..form
        },
    };
    counted(site.app.save_mail(&site.office, &version, &form, &caller.principal).await?)?;
    Ok(shown(&site))
}

/// Reaches the relay, signs in and asks what it takes; sends nothing.
async fn test(State(site): State<Arc<Site>>, _: Office) -> Result<Response, Fault> {
    let (relay, found, _) = site.app.probe_relay(None).await?;
    let value = match found {
        Ok(probe) => json!({
            "reached": true, "relay": relay, "account": probe.account, "message_bytes_max": probe.message_bytes_max, "reason": null,
            "reply": null,
        }),
        Err(seen) => json!({
            "reached": false, "relay": relay, "account": null, "message_bytes_max": null, "reason": classify(&seen, false).describe(),
            "reply": seen.describe(),
        }),
    };
    Ok(axum::Json(value).into_response())
}
