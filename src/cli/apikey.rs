//! `vanthu apikey …`: keys for programs.
//!
//! Owns their grammar and how they look. The text of a key is shown once, when it is made.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::show::Show;
use crate::app::api_keys::{KeyForm, operator};
use crate::app::{App, AppError};
use crate::say;
use crate::scheduler::instant;
use crate::store::api_keys::ApiKey;

/// `apikey …`
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key; its text is shown once.
    New(NewArgs),
    /// List the keys.
    List,
    /// End a key at once.
    Revoke {
        /// Id of the key.
        #[arg(value_name = "ID")]
        api_key: String,
    },
}

/// `apikey new`
#[derive(Debug, Args)]
pub struct NewArgs {
    /// What the key is for.
    #[arg(value_name = "NAME", required_unless_present = "replaces")]
    pub purpose: Option<String>,
    /// What it may do: read, make, approve, send, number, schedule, configure, administer.
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', required_unless_present = "replaces")]
    pub scope: Vec<String>,
    /// Organisation whose things it sees (default: every one).
    #[arg(short = 'O', long, value_name = "NAME")]
    pub organisation: Option<String>,
    /// Days until it ends (default: never).
    #[arg(long, value_name = "N")]
    pub days: Option<u32>,
    /// The key whose place it takes.
    #[arg(long, value_name = "ID")]
    pub replaces: Option<String>,
    /// Hours that the replaced key still works.
    #[arg(long, value_name = "N", default_value_t = 24, requires = "replaces")]
    pub overlap_hours: u32,
}

pub(super) async fn carry_out(command: ApiKeyCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let office = app.office_beside().await?;
    match command {
        ApiKeyCommand::New(NewArgs { purpose, scope, organisation, days, replaces, overlap_hours }) => {
            let form = KeyForm {
                name: purpose.unwrap_or_default(),
                scopes: scope,
                organisation,
                days,
                replaces: replaces.map(|old| (old, overlap_hours)),
            };
            let (key, text) = app.new_api_key(&office, &form, &operator()).await?;
            if show.json {
                let mut value = to_json(&key);
                value["ok"] = true.into();
                value["key"] = text.into();
                show.document(&value);
            } else {
                show.line(&text);
                show.progress(&say!("Giữ kín khóa này: nó không hiện lại lần nào nữa.", "Keep this key secret: it is never shown again."));
            }
        }
        ApiKeyCommand::List => {
            let keys = app.api_keys(&office, &operator()).await?;
            let now = office.store.now().await?;
            if show.json {
                show.document(&json!({ "ok": true, "keys": keys.iter().map(to_json).collect::<Value>() }));
            } else if keys.is_empty() {
                show.say(&say!("Chưa có khóa nào.", "There are no keys."));
            } else {
                for key in &keys {
                    let state = match (key.revoked_at.is_some(), key.is_live(now)) {
                        (true, _) => say!("đã thu hồi", "revoked"),
                        (false, false) => say!("hết hạn", "ended"),
                        (false, true) => say!("đang dùng", "live"),
                    };
                    let state = state.in_language(show.language);
                    show.line(&format!("{}  {:<10} {:<24} {}", key.id, state, key.name, key.scopes.join(",")));
                }
            }
        }
        ApiKeyCommand::Revoke { api_key } => {
            let ended = app.revoke_api_key(&office, &api_key, &operator()).await?;
            if show.json {
                show.document(&json!({ "ok": true, "id": api_key, "revoked": ended }));
            } else if ended {
                show.say(&say!("Đã thu hồi khóa.", "Revoked."));
            } else {
                show.say(&say!("Khóa đã được thu hồi từ trước.", "It had been revoked before."));
            }
        }
    }
    office.store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn to_json(key: &ApiKey) -> Value {
    let time = |at: Option<i64>| at.map(|at| instant(at).to_string());
    json!({
        "id": key.id, "name": key.name, "scopes": key.scopes, "organisation": key.organisation, "created_by": key.created_by,
        "created_at": time(Some(key.created_at)), "expires_at": time(key.expires_at), "last_used_at": time(key.last_used_at),
        "revoked_at": time(key.revoked_at), "replaced_by": key.replaced_by,
    })
}
