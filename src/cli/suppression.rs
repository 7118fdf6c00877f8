//! `vanthu suppression …`: addresses to which nothing is sent.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::batch::time_of;
use super::show::Show;
use crate::app::{App, AppError};
use crate::say;

/// `suppression …`
#[derive(Debug, Subcommand)]
pub enum SuppressionCommand {
    /// List the addresses, why and until when.
    List,
    /// Send nothing to an address any more.
    Add(AddArgs),
    /// Let an address be written to again.
    Remove {
        /// The address.
        address: String,
        /// Why, for the audit log.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

/// `suppression add`
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The address.
    pub address: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// For so many days (default: for ever).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: Option<u32>,
}

pub(super) async fn carry_out(command: SuppressionCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let done = match command {
        SuppressionCommand::List => return list(app, show).await,
        SuppressionCommand::Add(args) => {
            app.suppress(&args.address, &args.reason, args.days).await?;
            say!("Không gửi thư đến địa chỉ này nữa.", "Nothing is sent to the address any more.")
        }
        SuppressionCommand::Remove { address, reason } => {
            app.unsuppress(&address, &reason).await?;
            say!(
                "Địa chỉ này nhận thư trở lại; thư đã bị chặn: vanthu outbox list --state suppressed, rồi outbox retry.",
                "The address is written to again; what was suppressed: vanthu outbox list --state suppressed, then outbox retry."
            )
        }
    };
    if show.json {
        show.document(&json!({ "ok": true }));
    } else {
        show.say(&done);
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(app: &App, show: Show) -> Result<ExitCode, AppError> {
    let found = app.suppressions().await?;
    if show.json {
        let list: Value = found
            .iter()
            .map(|one| json!({ "address": one.recipient_key, "reason": one.reason, "since": one.created_at, "until": one.expires_at }))
            .collect();
        show.document(&json!({ "ok": true, "suppressed": list }));
        return Ok(ExitCode::SUCCESS);
    }
    for one in &found {
        let until = match one.expires_at {
            Some(at) => time_of(at),
            None => say!("mãi mãi", "for ever").in_language(show.language).to_owned(),
        };
        let until = say!("đến {until}", "until {until}");
        show.line(&format!("{}  {}  {}  {}", one.recipient_key, time_of(one.created_at), until.in_language(show.language), one.reason));
    }
    let count = found.len();
    show.say(&say!("{count} địa chỉ.", "{count} addresses."));
    Ok(ExitCode::SUCCESS)
}
