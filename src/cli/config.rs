//! `vanthu config …`: what holds, and where it comes from.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::show::Show;
use crate::app::{App, AppError};
use crate::config::effective::Origin;

/// `config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every key with its value and where it comes from; secrets are masked.
    Show,
}

pub(super) fn carry_out(command: ConfigCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let ConfigCommand::Show = command;
    let (keys, unknown) = app.effective_config();
    if show.json {
        let list: Value = keys
            .iter()
            .map(|one| {
                let origin = match &one.origin {
                    Origin::Default => "default".to_owned(),
                    Origin::File => "file".to_owned(),
                    Origin::Environment(name) => format!("environment:{name}"),
                };
                json!({ "key": one.key, "value": one.value, "origin": origin })
            })
            .collect();
        show.document(&json!({ "ok": unknown.is_empty(), "keys": list, "diagnostics": show.diagnostics_json(&unknown) }));
    } else {
        for one in &keys {
            let origin = one.origin.text();
            let line = format!("{} = {}", one.key, one.value.as_deref().unwrap_or("–"));
            show.line(&format!("{line:<56} # {}", origin.in_language(show.language)));
        }
    }
    Ok(if unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
