//! The command line: parse, call one use-case, show what it returns, say how it went with the exit code.
//!
//! Exit code 0: all made. 1: the input is wrong, or some records were not made. 2: the program or the machine failed. 78: the
//! database is of a later version (`EX_CONFIG`), which no restart mends.

pub mod apikey;
pub mod args;
pub mod batch;
mod commands;
pub mod config;
pub mod help;
mod outbox;
mod progress;
pub mod register;
pub mod schedule;
pub mod service;
mod show;
pub mod suppression;
mod usage;
pub mod verification;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::app::{App, AppError};
use crate::config::{FAILPOINTS_VARIABLE, Workspace, failpoints_of_environment, language_of_environment};
use crate::diagnostic::Diagnostic;
use crate::failpoint;
use crate::language::Language;
use crate::say;
use crate::store::StoreError;
use args::Cli;
use show::Show;

/// Runs the command line with `arguments`, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let language = language_of(&arguments);
    let grammar = grammar(language);
    let cli = match grammar.try_get_matches_from(&arguments).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            let wants_json = arguments.iter().any(|argument| argument == "--json");
            if wants_json && error.use_stderr() {
                let message = usage::explain(&error).filter(|_| language == Language::Vietnamese).unwrap_or_else(|| error.to_string());
                let show = Show { language, json: true };
                show.document(&serde_json::json!({ "ok": false, "diagnostics": [{ "code": "usage", "severity": "error", "message": message.trim() }] }));
                return ExitCode::from(1);
            }
            match usage::explain(&error).filter(|_| language == Language::Vietnamese) {
                Some(explained) => eprint!("{explained}"),
                None => {
                    let _ = error.print();
                }
            }
            return if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS };
        }
    };
    let show = Show { language, json: cli.json };
    if let Err(error) = arm_failpoints() {
        show.error(&error);
        return ExitCode::from(1);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("vanthu: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(carry_out(cli, show)) {
        Ok(code) => code,
        Err(error) => {
            show.error(&error);
            ExitCode::from(match error {
                AppError::Store(StoreError::Newer) => 78,
                error if error.is_input() => 1,
                _ => 2,
            })
        }
    }
}

/// The grammar with help in `language`.
pub fn grammar(language: Language) -> clap::Command {
    match language {
        Language::English => Cli::command(),
        Language::Vietnamese => help::in_vietnamese(Cli::command()),
    }
}

/// `--lang` wherever it stands, else the environment: help is needed before the grammar is.
fn language_of(arguments: &[OsString]) -> Language {
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(word) = words.next() {
        let value = if word == "--lang" { words.next() } else { word.strip_prefix("--lang=") };
        if let Some(language) = value.and_then(Language::from_tag) {
            return language;
        }
    }
    language_of_environment()
}

/// Turns true at Ctrl-C and at SIGTERM: what is under way is brought home, the rest is left for the next run.
fn stop_signal() -> tokio::sync::watch::Receiver<bool> {
    let (sender, receiver) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => signal.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
        }
        let _ = sender.send(true);
        // Kept until the process ends: a dropped sender would look like a signal to some readers.
        std::future::pending::<()>().await;
    });
    receiver
}

fn arm_failpoints() -> Result<(), AppError> {
    let Some(specification) = failpoints_of_environment() else { return Ok(()) };
    if failpoint::arm(&specification) {
        return Ok(());
    }
    let problem = Diagnostic::error(
        "failpoints",
        say!("không hiểu biến {FAILPOINTS_VARIABLE}", "the variable {FAILPOINTS_VARIABLE} cannot be understood"),
    )
    .with_value(specification)
    .remedy(say!(
        "viết tên=kill, tên=fail hoặc tên=delay:MILI_GIÂY, thêm @LẦN nếu cần, cách nhau bằng dấu chấm phẩy",
        "write name=kill, name=fail or name=delay:MILLISECONDS, with @PASSAGE where needed, separated by semicolons"
    ));
    Err(vec![problem].into())
}

async fn carry_out(cli: Cli, show: Show) -> Result<ExitCode, AppError> {
    let program = std::env::current_exe().map_err(|source| AppError::Write { path: "vanthu".into(), source })?;
    let workspace = match &cli.workspace {
        Some(folder) => Workspace::open(folder)?,
        None => Workspace::find(&std::env::current_dir().unwrap_or_default())?,
    };
    let app = App::new(workspace, program, show.language);
    if !show.json {
        show.diagnostics(&app.effective_config().1);
    }
    commands::carry_out(cli.command, &app, show).await
}
