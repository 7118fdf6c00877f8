//! `vanthu batch …` and `vanthu worker`: batches after their acceptance.
//!
//! Owns their grammar and how batches look, for people and for programs.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::progress::Meter;
use super::show::Show;
use super::stop_signal;
use crate::app::batches::{ACTOR, Listed};
use crate::app::office::{Office, Opening};
use crate::app::work::{Event, Work};
use crate::app::{App, AppError};
use crate::batch::{Counts, Progress};
use crate::language::Text;
use crate::lifecycle::BatchState;
use crate::say;
use crate::schedule::recurrence::ZONE_DEFAULT;

/// Time between two looks of `watch`.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// `batch …`
#[derive(Debug, Subcommand)]
pub enum BatchCommand {
    /// List the latest batches.
    List,
    /// Show a batch: its counts, what failed and why, its documents.
    Show(OneBatch),
    /// Follow a batch until it ends or is held.
    Watch(OneBatch),
    /// Hold a batch: what is under way is brought home, nothing more is begun.
    Pause {
        /// The batch.
        #[command(flatten)]
        batch: OneBatch,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Let a held batch go on, or its mailing that too many failures have held.
    Resume(OneBatch),
    /// Give a batch up: what was made stays, the numbers of the rest are void.
    Cancel {
        /// The batch.
        #[command(flatten)]
        batch: OneBatch,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Try exactly the failed records again.
    Retry {
        /// The batch.
        #[command(flatten)]
        batch: OneBatch,
        /// Make them in this process, without waiting for a worker.
        #[arg(long)]
        now: bool,
    },
    /// Make old documents again and compare their bytes.
    Reproduce {
        /// The batch.
        #[command(flatten)]
        batch: OneBatch,
        /// Only the record of this number in the list.
        #[arg(long, value_name = "N")]
        record: Option<u64>,
        /// Folder for the documents made again.
        #[arg(short, long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

/// Which batch.
#[derive(Debug, Args)]
pub struct OneBatch {
    /// Id of the batch, or how it begins; `last` is the newest.
    #[arg(value_name = "ID")]
    pub id: String,
}

/// `worker`: makes documents. Sending is left to one place, which has the relays' secrets and keeps their rates.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// End when nothing waits any more.
    #[arg(long)]
    pub until_idle: bool,
}

pub(super) async fn carry_out(command: BatchCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let opening = if matches!(command, BatchCommand::Retry { now: true, .. }) { Opening::ToWork } else { Opening::Beside };
    let office = app.office(None, opening).await?;
    let code = match command {
        BatchCommand::List => list(app, &office, show).await,
        BatchCommand::Show(one) => describe(&app.batch(&office, &one.id).await?, app, &office, show).await,
        BatchCommand::Watch(one) => watch(&one.id, app, &office, show).await,
        BatchCommand::Pause { batch, reason } => {
            let found = app.batch(&office, &batch.id).await?;
            app.pause(&office, &found.batch, &reason, ACTOR).await?;
            stands(&found.batch.id, app, &office, show).await
        }
        BatchCommand::Resume(batch) => {
            let found = app.batch(&office, &batch.id).await?;
            let mailing = app.resume_mailing(&office, &found.batch, ACTOR).await?;
            if !mailing || found.batch.state == BatchState::Paused {
                app.resume(&office, &found.batch, ACTOR).await?;
            }
            stands(&found.batch.id, app, &office, show).await
        }
        BatchCommand::Cancel { batch, reason } => {
            let found = app.batch(&office, &batch.id).await?;
            app.cancel(&office, &found.batch, &reason, ACTOR).await?;
            stands(&found.batch.id, app, &office, show).await
        }
        BatchCommand::Retry { batch, now } => retry(&batch.id, now, app, &office, show).await,
        BatchCommand::Reproduce { batch, record, out } => {
            let found = app.batch(&office, &batch.id).await?;
            let (made, warnings) = app.reproduce(&office, &found.batch, record, out.as_deref()).await?;
            Ok(reproduced(&found, &made, &warnings, show))
        }
    };
    office.store.close().await;
    code
}

pub(super) async fn worker(args: &WorkerArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let office = app.office(None, Opening::ToWork).await?;
    let meter = Meter::new(show.language, show.json);
    let done = std::sync::Mutex::new(Vec::new());
    let on_event = |batch: &str, event: &Event| {
        if let (Event::Completed, Ok(mut done)) = (event, done.lock()) {
            done.push(batch.to_owned());
        }
        show.progress(&said_of(batch, event));
    };
    show.progress(&say!("Đang chờ việc; Ctrl-C để dừng.", "Waiting for work; Ctrl-C to stop."));
    let stop = stop_signal();
    let result = app.work(&office, Work { until_idle: args.until_idle, progress: &meter, on_event: &on_event, stop: &stop }).await;
    meter.finish();
    let mail = match &result {
        Ok(()) => app.has_mail_waiting(&office).await?,
        Err(_) => false,
    };
    office.store.close().await;
    result?;
    if show.json {
        let done = done.into_inner().unwrap_or_default();
        show.document(&json!({ "ok": true, "stopped": *stop.borrow(), "completed": done, "mail_waiting": mail }));
    } else if mail {
        show.say(&say!(
            "Có thư chờ gửi: “vanthu serve” gửi, hoặc chạy “vanthu outbox send”.",
            "Messages wait: `vanthu serve` sends them, or run `vanthu outbox send`."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn said_of(batch: &str, event: &Event) -> Text {
    match event {
        Event::Begun => say!("Lô {batch}: bắt đầu làm.", "Batch {batch}: begun."),
        Event::Completed => say!("Lô {batch}: đã xong.", "Batch {batch}: completed."),
        Event::Held(why) => {
            Text { vi: format!("Lô {batch}: không làm được ở đây: {}", why.vi), en: format!("Batch {batch}: held: {}", why.en) }
        }
        Event::Away(why) => Text { vi: format!("Thử lại sau: {}", why.vi), en: format!("Trying again later: {}", why.en) },
    }
}

async fn list(app: &App, office: &Office, show: Show) -> Result<ExitCode, AppError> {
    let listed = app.batches(office).await?;
    if show.json {
        let batches: Vec<Value> = listed.iter().map(|one| batch_json(one, show)).collect();
        show.document(&json!({ "ok": true, "batches": batches }));
        return Ok(ExitCode::SUCCESS);
    }
    if listed.is_empty() {
        show.say(&say!("Chưa có lô nào.", "There is no batch yet."));
    }
    for one in &listed {
        let state = one.batch.state.text();
        show.line(&format!(
            "{}  {}  {:<12} {:>5}/{:<5} {:<22} {}",
            one.batch.id,
            time_of(one.batch.created_at),
            state.in_language(show.language),
            one.tally.stored,
            one.batch.accepted,
            one.batch.template,
            one.batch.output,
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn describe(one: &Listed, app: &App, office: &Office, show: Show) -> Result<ExitCode, AppError> {
    let records = app.records(office, &one.batch.id).await?;
    if show.json {
        let mut value = batch_json(one, show);
        value["ok"] = true.into();
        value["documents"] = records
            .iter()
            .map(|record| {
                json!({
                    "record": record.number,
                    "name": record.label,
                    "file": record.made.as_ref().map(|made| &made.file),
                    "sha256": record.made.as_ref().map(|made| &made.sha256),
                    "pages": record.made.as_ref().map(|made| made.pages),
                    "reasons": show.diagnostics_json(&record.reasons),
                })
            })
            .collect();
        show.document(&value);
        return Ok(ExitCode::SUCCESS);
    }
    summary(one, show);
    for record in &records {
        if let Some(made) = &record.made {
            show.line(&format!("  {:>5}  {}", record.number, made.file));
        }
    }
    let reasons: Vec<_> = records.into_iter().flat_map(|record| record.reasons).collect();
    show.diagnostics(&reasons);
    Ok(ExitCode::SUCCESS)
}

fn summary(one: &Listed, show: Show) {
    let (batch, tally) = (&one.batch, &one.tally);
    let state = batch.state.text();
    let reason = batch.reason.as_deref().filter(|reason| !reason.is_empty()).map(|reason| format!(" ({reason})")).unwrap_or_default();
    show.say(&Text { vi: format!("Lô {}: {}{reason}", batch.id, state.vi), en: format!("Batch {}: {}{reason}", batch.id, state.en) });
    let (template, output, at) = (&batch.template, &batch.output, time_of(batch.created_at));
    show.say(&say!("Mẫu {template}, lập lúc {at}, vào {output}", "Template {template}, planned at {at}, into {output}"));
    let (waiting, made, failed) = (tally.accepted + tally.rendering, tally.stored, tally.failed);
    let (apart, cancelled, rejected) = (tally.quarantined, tally.cancelled, batch.rejected);
    show.say(&say!(
        "Đã tạo {made}, còn chờ {waiting}, không tạo được {failed}, tách riêng {apart}, đã hủy {cancelled}; dòng sai bị bỏ qua {rejected}.",
        "Made {made}, waiting {waiting}, failed {failed}, quarantined {apart}, cancelled {cancelled}; invalid rows left out {rejected}."
    ));
    if let Some(pause) = &batch.mail_pause {
        show.say(&super::outbox::held(&batch.id, pause));
    }
}

/// The state after a change, for people and programs.
async fn stands(id: &str, app: &App, office: &Office, show: Show) -> Result<ExitCode, AppError> {
    let one = app.batch(office, id).await?;
    if show.json {
        let mut value = batch_json(&one, show);
        value["ok"] = true.into();
        show.document(&value);
    } else {
        summary(&one, show);
    }
    Ok(ExitCode::SUCCESS)
}

async fn watch(name: &str, app: &App, office: &Office, show: Show) -> Result<ExitCode, AppError> {
    let meter = Meter::new(show.language, show.json);
    let stop = stop_signal();
    // `last` is the batch that was the newest when it was asked for.
    let id = app.batch(office, name).await?.batch.id;
    let one = loop {
        let one = app.batch(office, &id).await?;
        let tally = one.tally;
        meter.update(&Counts {
            accepted: one.batch.accepted,
            made: tally.stored - tally.kept,
            kept: tally.kept,
            failed: tally.failed,
            quarantined: tally.quarantined,
        });
        if one.batch.state != BatchState::Running || *stop.borrow() {
            break one;
        }
        let mut stopped = stop.clone();
        let _ = tokio::time::timeout(LOOK_EVERY, stopped.wait_for(|stop| *stop)).await;
    };
    meter.finish();
    let code = stands(&id, app, office, show).await?;
    let all_made = one.batch.state == BatchState::Finished && one.tally.stored == one.batch.accepted;
    Ok(if all_made { code } else { ExitCode::from(1) })
}

async fn retry(name: &str, now: bool, app: &App, office: &Office, show: Show) -> Result<ExitCode, AppError> {
    let found = app.batch(office, name).await?;
    let again = app.retry(office, &found.batch, ACTOR).await?;
    if !show.json {
        show.say(&say!("{again} bản ghi được làm lại.", "{again} records are tried again."));
    }
    if now {
        let meter = Meter::new(show.language, show.json);
        let on_event = |batch: &str, event: &Event| show.progress(&said_of(batch, event));
        let stop = stop_signal();
        let work = Work { until_idle: true, progress: &meter, on_event: &on_event, stop: &stop };
        let done = app.work_on_one(office, &found.batch, work).await;
        meter.finish();
        done?;
    }
    let one = app.batch(office, &found.batch.id).await?;
    let code = stands(&one.batch.id, app, office, show).await?;
    Ok(if now && one.tally.stored != one.batch.accepted { ExitCode::from(1) } else { code })
}

fn reproduced(
    one: &Listed,
    made: &[crate::app::reproduce::Reproduced],
    warnings: &[crate::diagnostic::Diagnostic],
    show: Show,
) -> ExitCode {
    let equal = made.iter().filter(|one| one.is_equal()).count();
    let ok = equal == made.len();
    if show.json {
        let documents: Vec<Value> = made
            .iter()
            .map(|one| {
                json!({
                    "record": one.number, "name": one.label, "sha256": one.sha256, "again": one.again, "equal": one.is_equal(),
                    "file": one.file, "reasons": show.diagnostics_json(&one.reasons),
                })
            })
            .collect();
        let warnings = show.diagnostics_json(warnings);
        show.document(&json!({ "ok": ok, "batch": one.batch.id, "documents": documents, "diagnostics": warnings }));
    } else {
        show.diagnostics(warnings);
        for one in made {
            let verdict = match (&one.again, one.is_equal()) {
                (Some(_), true) => say!("giống từng byte", "equal bytes"),
                (Some(_), false) => say!("KHÁC", "DIFFERENT"),
                (None, _) => say!("không làm lại được", "cannot be made"),
            };
            let verdict = verdict.in_language(show.language);
            show.line(&format!("{:>5}  {:<32} {verdict}  {}", one.number, one.label, one.sha256));
            show.diagnostics(&one.reasons);
        }
        let all = made.len();
        show.say(&say!("Làm lại {all} văn bản, {equal} giống từng byte.", "Made {all} documents again, {equal} with equal bytes."));
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn batch_json(one: &Listed, show: Show) -> Value {
    let (batch, tally) = (&one.batch, &one.tally);
    json!({
        "id": batch.id,
        "key": batch.key,
        "state": batch.state.name(),
        "state_text": batch.state.text().in_language(show.language),
        "reason": batch.reason,
        "template": batch.template,
        "output": batch.output,
        "origin": batch.origin,
        "accepted": batch.accepted,
        "rejected": batch.rejected,
        "records": tally,
        "mail_paused": batch.mail_pause.map(|pause| json!({ "at": instant(pause.at), "failed": pause.failed, "tried": pause.tried })),
        "created_at": instant(batch.created_at),
        "finished_at": batch.finished_at.map(instant),
        "completed_at": batch.completed_at.map(instant),
    })
}

/// Milliseconds since 1970 as a moment in UTC, for programs.
fn instant(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map(|at| at.to_string()).unwrap_or_default()
}

/// Milliseconds since 1970 as people in Viet Nam write them.
pub(super) fn time_of(milliseconds: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(milliseconds).and_then(|at| at.in_tz(ZONE_DEFAULT));
    at.map(|at| at.strftime("%d/%m/%Y %H:%M").to_string()).unwrap_or_default()
}
