//! `vanthu register …`: the books of numbers.
//!
//! Owns their grammar and how registers look, for people and for programs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::show::Show;
use crate::app::batches::ACTOR;
use crate::app::registers::{Series, columns, state_text};
use crate::app::{App, AppError};
use crate::say;
use crate::store::registers::Particulars;

/// `register …`
#[derive(Debug, Subcommand)]
pub enum RegisterCommand {
    /// List the registers with their last numbers.
    List,
    /// Show the lines of a register.
    Show(OneRegister),
    /// Keep the next numbers free for documents that come late.
    Reserve {
        /// The register.
        #[command(flatten)]
        register: OneRegister,
        /// How many numbers.
        #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
        count: u32,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Strike a number out; it is never used again.
    Void {
        /// The register.
        #[command(flatten)]
        register: OneRegister,
        /// The number.
        #[arg(value_name = "NUMBER")]
        number: i64,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Enter a document that comes late under a reserved number.
    Enter(EnterArgs),
    /// Write a register as XLSX or PDF, to be printed and bound.
    Export {
        /// The register.
        #[command(flatten)]
        register: OneRegister,
        /// The file: .xlsx or .pdf.
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
        /// Organisation of the workspace.
        #[arg(short = 'O', long, value_name = "NAME")]
        organisation: Option<String>,
    },
}

/// Which register, and which year of it.
#[derive(Debug, Args)]
pub struct OneRegister {
    /// Register of the workspace.
    #[arg(value_name = "NAME")]
    pub register: String,
    /// The year (default: this one).
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(1945..=2100))]
    pub year: Option<i16>,
}

/// `register enter`
#[derive(Debug, Args)]
pub struct EnterArgs {
    /// The register.
    #[command(flatten)]
    pub register: OneRegister,
    /// The number.
    #[arg(value_name = "NUMBER")]
    pub number: i64,
    /// Why it comes late.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Number and sign, such as 05/QĐ-HKH.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub code: String,
    /// Date of the document, such as 27/12/2019.
    #[arg(long, value_name = "DATE")]
    pub date: String,
    /// Kind and summary of the document.
    #[arg(long, value_name = "TEXT")]
    pub subject: String,
    /// Who signs.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub signatory: String,
    /// To whom it goes.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub recipient: String,
    /// Who keeps the original.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub keeper: String,
    /// How many copies.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub copies: u32,
    /// Note.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
}

pub(super) async fn carry_out(command: RegisterCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let office = app.office_beside().await?;
    let series = async |one: &OneRegister| app.series(&office, &one.register, one.year).await;
    match command {
        RegisterCommand::List => {
            let all = app.registers(&office).await?;
            if show.json {
                let registers: Vec<Value> = all.iter().map(series_json).collect();
                show.document(&json!({ "ok": true, "registers": registers }));
            } else if all.is_empty() {
                show.say(&say!("vanthu.toml chưa khai báo [registers.TÊN] nào.", "vanthu.toml declares no [registers.NAME]."));
            }
            for one in all.iter().filter(|_| !show.json) {
                counted(one, show);
            }
        }
        RegisterCommand::Show(one) => {
            let series = series(&one).await?;
            let entries = app.entries(&office, &series).await?;
            if show.json {
                let mut value = series_json(&series);
                value["ok"] = true.into();
                value["entries"] = entries.iter().map(entry_json).collect();
                show.document(&value);
            } else {
                counted(&series, show);
                for entry in &entries {
                    let state = state_text(entry.state.name());
                    let [code, date, subject, _, recipient, .., note] = columns(entry);
                    let state = state.in_language(show.language);
                    show.line(&format!("{:>5}  {state:<9} {code:<16} {date:<10}  {subject}  {recipient}  {note}", entry.number));
                }
            }
        }
        RegisterCommand::Reserve { register, count, reason } => {
            let series = series(&register).await?;
            let first = app.reserve(&office, &series, count, &reason, ACTOR).await?;
            let last = first + i64::from(count) - 1;
            if show.json {
                show.document(&json!({ "ok": true, "period": series.period, "first": first, "last": last }));
            } else {
                show.say(&say!("Đã giữ số {first} đến {last}, kỳ {}.", "Numbers {first} to {last} of {} are kept free.", series.period));
            }
        }
        RegisterCommand::Void { register, number, reason } => {
            let series = series(&register).await?;
            app.void(&office, &series, number, &reason, ACTOR).await?;
            done(&series, number, show, &say!("Đã hủy số {number}.", "Number {number} is void."));
        }
        RegisterCommand::Enter(args) => {
            let EnterArgs { register, number, reason, code, date, subject, signatory, recipient, keeper, copies, note } = args;
            let date = read_date(&date)?;
            let series = series(&register).await?;
            let particulars = Particulars { code, date, subject, signatory, recipient, keeper, copies, note };
            app.enter(&office, &series, number, &particulars, &reason, ACTOR).await?;
            done(&series, number, show, &say!("Đã ghi số {number}.", "Number {number} is entered."));
        }
        RegisterCommand::Export { register, out, organisation } => {
            let series = series(&register).await?;
            let file = app.export(&office, &series, organisation.as_deref(), &out).await?;
            if show.json {
                show.document(&json!({ "ok": true, "file": file }));
            } else {
                show.line(&file.display().to_string());
            }
        }
    }
    office.store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn read_date(text: &str) -> Result<String, AppError> {
    let date = crate::vietnamese::date::parse(text).map_err(|_| {
        AppError::Input(vec![
            crate::diagnostic::Diagnostic::error("date-not-real", say!("không phải ngày có thật", "is not a real date"))
                .with_value(text)
                .remedy(say!("ghi ngày/tháng/năm, ví dụ 27/12/2019", "write day/month/year, such as 27/12/2019")),
        ])
    })?;
    Ok(date.to_string())
}

fn done(series: &Series, number: i64, show: Show, text: &crate::language::Text) {
    if show.json {
        show.document(&json!({ "ok": true, "register": series.register.key, "period": series.period, "number": number }));
    } else {
        show.say(text);
    }
}

fn counted(series: &Series, show: Show) {
    let Series { register, period, last, counts: [taken, reserved, void] } = series;
    let name = if register.title.is_empty() { &register.key } else { &register.title };
    show.say(&say!(
        "{name} ({}), kỳ {period}: số cuối {last}; đã cấp {taken}, đang giữ {reserved}, đã hủy {void}",
        "{name} ({}), {period}: last number {last}; taken {taken}, reserved {reserved}, void {void}",
        register.key
    ));
}

fn series_json(series: &Series) -> Value {
    let Series { register, period, last, counts: [taken, reserved, void] } = series;
    json!({
        "name": register.key, "title": register.title, "kind": register.kind, "period": period, "last": last,
        "taken": taken, "reserved": reserved, "void": void,
    })
}

fn entry_json(entry: &crate::store::registers::Entry) -> Value {
    let Particulars { code, date, subject, signatory, recipient, keeper, copies, note } = &entry.particulars;
    json!({
        "number": entry.number, "state": entry.state.name(), "code": code, "date": date, "subject": subject, "signatory": signatory,
        "recipient": recipient, "keeper": keeper, "copies": copies, "note": note, "reason": entry.reason, "batch": entry.batch,
        "record": entry.record,
    })
}
