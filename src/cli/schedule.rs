//! `vanthu schedule …`: the commands over what goes out by itself.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::show::Show;
use super::stop_signal;
use crate::app::schedules::{Slot, Standing, reason_of};
use crate::app::{App, AppError};
use crate::language::Language;
use crate::say;
use crate::scheduler::instant;
use crate::store::schedules::Occurrence;

/// Occurrences that `show` tells of.
const HISTORY: u32 = 20;
/// Slots that `show` tells of.
const NEXT: usize = 5;

/// `schedule …`
#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// List the schedules with their next slots.
    List,
    /// Show a schedule: its rule, the next five slots, what became of the latest.
    Show {
        /// Schedule.
        schedule: String,
    },
    /// The next slots of a schedule.
    Next {
        /// Schedule.
        schedule: String,
        /// How many.
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
        count: u32,
    },
    /// Run a schedule now, beside its slots.
    Run {
        /// Schedule.
        schedule: String,
    },
    /// Pause a schedule, or all; slots get their rows as skipped.
    Pause(PauseArgs),
    /// Let a paused schedule go on, or all.
    Resume {
        /// Schedule (default: the pause of all).
        schedule: Option<String>,
    },
}

/// `schedule pause`
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Schedule (default: all of them).
    pub schedule: Option<String>,
    /// Why, for those who ask later.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

pub(super) async fn carry_out(command: ScheduleCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    match command {
        ScheduleCommand::List => {
            let standings = app.schedule_standings(None, 1, 0).await?;
            if show.json {
                show.document(
                    &json!({ "ok": true, "schedules": standings.iter().map(|standing| to_json(standing, show)).collect::<Value>() }),
                );
            } else {
                standings.iter().for_each(|standing| line(standing, show));
                if standings.is_empty() {
                    show.say(&say!(
                        "Chưa có lịch nào: thêm [schedules.TÊN] vào vanthu.toml.",
                        "There are no schedules: add [schedules.NAME] to vanthu.toml."
                    ));
                }
            }
        }
        ScheduleCommand::Show { schedule } => {
            let standing = only(app.schedule_standings(Some(&schedule), NEXT, HISTORY).await?)?;
            if show.json {
                show.document(&json!({ "ok": true, "schedule": to_json(&standing, show) }));
            } else {
                line(&standing, show);
                let Standing { template, source, when, .. } = &standing;
                show.say(when);
                show.say(&say!("Mẫu {template}, dữ liệu: {}", "Template {template}, data: {}", source.in_language(show.language)));
                slots(&standing.next, &standing.zone, show);
                for occurrence in &standing.history {
                    show.line(&past(occurrence, &standing.zone, show.language));
                }
            }
        }
        ScheduleCommand::Next { schedule, count } => {
            let standing = only(app.schedule_standings(Some(&schedule), count as usize, 0).await?)?;
            if show.json {
                show.document(&json!({ "ok": true, "next": to_json(&standing, show)["next"] }));
            } else {
                slots(&standing.next, &standing.zone, show);
            }
        }
        ScheduleCommand::Run { schedule } => return run(&schedule, app, show).await,
        ScheduleCommand::Pause(PauseArgs { schedule, reason }) => {
            app.pause_schedule(schedule.as_deref(), Some(&reason)).await?;
            changed(show, &say!("Đã tạm dừng.", "Paused."));
        }
        ScheduleCommand::Resume { schedule } => {
            app.pause_schedule(schedule.as_deref(), None).await?;
            changed(show, &say!("Đã cho chạy tiếp.", "Goes on."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn run(schedule: &str, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let ended = app.run_schedule(schedule, &stop_signal()).await?;
    let zone = only(app.schedule_standings(Some(schedule), 0, 0).await?)?.zone;
    let well = ended.as_ref().is_none_or(|occurrence| occurrence.state == "done");
    if show.json {
        show.document(&json!({ "ok": well, "occurrence": ended.as_ref().map(|occurrence| past_json(occurrence, show)) }));
    } else {
        match &ended {
            Some(occurrence) => show.line(&past(occurrence, &zone, show.language)),
            None => show.say(&say!("Đã giao cho dịch vụ đang chạy.", "Left to the running service.")),
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn changed(show: Show, text: &crate::language::Text) {
    if show.json {
        show.document(&json!({ "ok": true }));
    } else {
        show.say(text);
    }
}

fn only(standings: Vec<Standing>) -> Result<Standing, AppError> {
    standings.into_iter().next().ok_or(AppError::Damaged { what: "schedule" })
}

fn line(standing: &Standing, show: Show) {
    let next = match (&standing.paused, standing.enabled, standing.next.first()) {
        (Some(reason), ..) => say!("tạm dừng: {reason}", "paused: {reason}"),
        (None, false, _) => say!("đang tắt", "switched off"),
        (None, true, Some(slot)) => {
            let (vi, en) = (
                day(slot.at.as_millisecond(), &standing.zone, Language::Vietnamese),
                day(slot.at.as_millisecond(), &standing.zone, Language::English),
            );
            say!("lần tới {vi}", "next {en}")
        }
        (None, true, None) => say!("không có lần tới", "no next slot"),
    };
    show.line(&format!("{:<24} {:<24} {}", standing.name, standing.template, next.in_language(show.language)));
}

fn slots(next: &[Slot], zone: &TimeZone, show: Show) {
    for slot in next {
        let moved = slot.moved_from.map(|from| {
            let date = from.strftime("%d/%m/%Y");
            say!(", dời từ ngày nghỉ {date}", ", moved from the day off {date}")
        });
        let moved = moved.as_ref().map_or("", |moved| moved.in_language(show.language));
        show.line(&format!("{}{moved}", day(slot.at.as_millisecond(), zone, show.language)));
    }
}

/// `thứ Hai 21/12/2026 08:00`.
fn day(at: i64, zone: &TimeZone, language: Language) -> String {
    const WEEKDAYS: [(&str, &str); 7] = [
        ("thứ Hai", "Monday"),
        ("thứ Ba", "Tuesday"),
        ("thứ Tư", "Wednesday"),
        ("thứ Năm", "Thursday"),
        ("thứ Sáu", "Friday"),
        ("thứ Bảy", "Saturday"),
        ("Chủ nhật", "Sunday"),
    ];
    let local = zone.to_datetime(instant(at));
    let (vi, en) = WEEKDAYS[usize::from(local.weekday().to_monday_zero_offset().unsigned_abs())];
    let weekday = if language == Language::Vietnamese { vi } else { en };
    format!("{weekday} {}", local.strftime("%d/%m/%Y %H:%M"))
}

fn past(occurrence: &Occurrence, zone: &TimeZone, language: Language) -> String {
    let state = match occurrence.state.as_str() {
        "due" => say!("chờ", "waiting"),
        "running" => say!("đang chạy", "running"),
        "done" => say!("xong", "done"),
        "failed" => say!("hỏng", "failed"),
        _ => say!("bỏ qua", "skipped"),
    };
    let more = if occurrence.slots > 1 { format!(" (×{})", occurrence.slots) } else { String::new() };
    let reason = reason_of(occurrence);
    let reason = reason.in_language(language);
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{}  {}{more}{because}", day(occurrence.scheduled_for, zone, language), state.in_language(language))
}

fn past_json(occurrence: &Occurrence, show: Show) -> Value {
    json!({
        "scheduled_for": instant(occurrence.scheduled_for).to_string(),
        "state": occurrence.state,
        "slots": occurrence.slots,
        "reason": reason_of(occurrence).in_language(show.language),
        "changed_at": instant(occurrence.changed_at).to_string(),
    })
}

fn to_json(standing: &Standing, show: Show) -> Value {
    json!({
        "name": standing.name,
        "template": standing.template,
        "when": standing.when.in_language(show.language),
        "source": standing.source.in_language(show.language),
        "enabled": standing.enabled,
        "paused": standing.paused,
        "next": standing.next.iter().map(|slot| json!({
            "at": slot.at.to_string(),
            "local": day(slot.at.as_millisecond(), &standing.zone, show.language),
            "moved_from": slot.moved_from.map(|date| date.to_string()),
        })).collect::<Value>(),
        "history": standing.history.iter().map(|occurrence| past_json(occurrence, show)).collect::<Value>(),
    })
}
