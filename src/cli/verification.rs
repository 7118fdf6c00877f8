//! `vanthu verify`, `vanthu key …`, `vanthu document …`: certificates that anybody can check.
//!
//! Owns their grammar and how an answer looks. Exit code 1 for anything but a certificate that holds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::show::Show;
use crate::app::office::Office;
use crate::app::verdict::{Outcome, Signature, Verdict};
use crate::app::{App, AppError, views};
use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::proof::{Code, Facts, PublishedKey};
use crate::say;

/// Who is written into the audit log.
const ACTOR: &str = "cli";

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A PDF, the text of a QR code in quotes, or the printed code.
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// Published keys of the issuer, as its page …/v/khoa gives them.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// `key …`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make the key that signs certificates.
    New {
        /// File of the secret key (default: the one in vanthu.toml, else khoa-ky.bi-mat).
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show the public key.
    Show,
    /// Enter the public key in the list that everybody sees, and give the list.
    Publish {
        /// A file for the list.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// `document …`
#[derive(Debug, Subcommand)]
pub enum DocumentCommand {
    /// Take a certificate back; it stays so.
    Revoke {
        /// Its code, its document's id, or its PDF.
        #[arg(value_name = "DOCUMENT")]
        document: String,
        /// Why; whoever checks it reads this.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say that another certificate stands for one.
    Replace {
        /// Its code, its document's id, or its PDF.
        #[arg(value_name = "DOCUMENT")]
        document: String,
        /// The other, by code, id or PDF.
        #[arg(value_name = "BY")]
        by: String,
        /// Why; whoever checks it reads this.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(super) async fn verify(args: &VerifyArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let verdict = app.verify(&args.what, args.key.as_deref()).await?;
    if show.json {
        show.document(&verdict_json(&verdict, show));
    } else {
        told(&verdict, show);
    }
    Ok(if verdict.outcome == Outcome::Valid { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub(super) async fn key(command: KeyCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    match command {
        KeyCommand::New { out } => {
            let (file, key) = app.new_key(out.as_deref())?;
            let (id, shown) = (key.key.id(), file.display());
            if show.json {
                show.document(&json!({ "ok": true, "file": file, "id": id.to_string(), "key": key.line() }));
            } else {
                show.say(&say!(
                    "Đã tạo khóa ký {id} trong {shown}. Ai đọc được tệp này thì ký được như đơn vị: cất một bản ở nơi khóa kín.",
                    "Made the signing key {id} in {shown}. Whoever reads this file can sign as the organisation: keep a copy under lock."
                ));
                if app.verify_config().is_none() {
                    show.say(&say!("Thêm vào vanthu.toml:", "Add to vanthu.toml:"));
                    show.line(&format!("[verify]\nurl = \"https://…\"\nkey_file = \"{shown}\""));
                }
            }
        }
        KeyCommand::Show => {
            let key = app.public_key()?;
            if show.json {
                show.document(&json!({ "ok": true, "id": key.key.id().to_string(), "key": key.line() }));
            } else {
                show.line(&key.line());
            }
        }
        KeyCommand::Publish { out } => {
            let office = app.office_beside().await?;
            let keys = app.publish_key(&office, ACTOR).await;
            office.store.close().await;
            listed(&keys?, out.as_deref(), show)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(keys: &[PublishedKey], out: Option<&Path>, show: Show) -> Result<(), AppError> {
    let lines: Vec<String> = keys.iter().map(PublishedKey::line).collect();
    let written = match out {
        None => None,
        Some(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            views::write(folder, &[(name, (lines.join("\n") + "\n").into_bytes())])?;
            Some(path)
        }
    };
    if show.json {
        show.document(&json!({ "ok": true, "keys": lines, "file": written }));
    } else if let Some(path) = written {
        show.line(&path.display().to_string());
    } else {
        lines.iter().for_each(|line| show.line(line));
    }
    Ok(())
}

pub(super) async fn document(command: DocumentCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let office = app.office_beside().await?;
    let done = decide(&command, app, &office).await;
    office.store.close().await;
    let (code, by, sentence) = done?;
    if show.json {
        show.document(&json!({ "ok": true, "code": code.to_string(), "replaced_by": by.map(|by| by.to_string()) }));
    } else {
        show.say(&sentence);
    }
    Ok(ExitCode::SUCCESS)
}

async fn decide(command: &DocumentCommand, app: &App, office: &Office) -> Result<(Code, Option<Code>, Text), AppError> {
    match command {
        DocumentCommand::Revoke { document, reason } => {
            let code = app.code_of_any(office, document).await?;
            app.revoke(office, code, reason, ACTOR).await?;
            Ok((code, None, say!("Đã thu hồi giấy {code}.", "{code} is revoked.")))
        }
        DocumentCommand::Replace { document, by, reason } => {
            let (code, by) = (app.code_of_any(office, document).await?, app.code_of_any(office, by).await?);
            app.replace(office, code, by, reason, ACTOR).await?;
            Ok((code, Some(by), say!("Giấy {code} đã được thay bằng {by}.", "{code} is replaced by {by}.")))
        }
    }
}

fn told(verdict: &Verdict, show: Show) {
    let Verdict { outcome, sentence, code, facts, signature, .. } = verdict;
    show.line(&format!("{}. {}", outcome.text().in_language(show.language), sentence.in_language(show.language)));
    let line = |vi: &str, en: &str, value: &str| {
        if !value.is_empty() {
            show.say(&say!("  {vi:<10} {value}", "  {en:<10} {value}"));
        }
    };
    if let Some(code) = code {
        line("mã", "code", &code.to_string());
    }
    if let Some(Facts { title, number, date, issuer, holder }) = facts {
        line("loại", "title", title);
        line("số", "number", number);
        line("ngày", "date", &date.map(|date| date.strftime("%d/%m/%Y").to_string()).unwrap_or_default());
        line("nơi cấp", "issuer", issuer);
        line("cấp cho", "holder", holder);
    }
    match signature {
        Some(Signature::Good(name)) => line("chữ ký", "signature", name),
        Some(Signature::Wrong | Signature::UnknownKey(_)) | None => {}
    }
    if matches!(outcome, Outcome::Valid) {
        show.say(&say!("So lại tên, số và ngày với tờ giấy trước mặt.", "Compare name, number and date with the paper before you."));
    }
}

fn verdict_json(verdict: &Verdict, show: Show) -> Value {
    let Verdict { outcome, sentence, code, facts, signature, register } = verdict;
    let mut value = json!({
        "ok": *outcome == Outcome::Valid,
        "outcome": outcome.name(),
        "sentence": sentence.in_language(show.language),
        "code": code.map(|code| code.to_string()),
        "in_register": register.is_some(),
    });
    if let Some(Facts { title, number, date, issuer, holder }) = facts {
        value["certificate"] = json!({ "title": title, "number": number, "date": date, "issuer": issuer, "holder": holder });
    }
    if let Some(signature) = signature {
        value["signature"] = match signature {
            Signature::Good(name) => json!({ "state": "good", "name": name }),
            Signature::Wrong => json!({ "state": "wrong" }),
            Signature::UnknownKey(id) => json!({ "state": "unknown-key", "key": id }),
        };
    }
    if *outcome != Outcome::Valid {
        let problem = Diagnostic::error("not-genuine", sentence.clone());
        value["diagnostics"] = show.diagnostics_json(&[problem]);
    }
    value
}
