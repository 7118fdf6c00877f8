//! `vanthu outbox` and `vanthu mail`: what was sent, what waits, what a person decides.
//!
//! Owns their grammar and how deliveries are shown.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::show::Show;
use crate::app::post::{Decision, Looked, held_mailing};
use crate::app::{App, AppError};
use crate::delivery::state::{FailReason, State};
use crate::language::Text;
use crate::message::letter::Addressed;
use crate::say;
use crate::store::attempts::{Answer, Attempt};
use crate::store::deliveries::{Filter, Posted, state_name};
use crate::store::mail_pauses::MailPause;

/// `outbox …`
#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// List messages: to whom, in which state, with which answer.
    List(ListArgs),
    /// Show a message as it is sent, with its state.
    Show {
        /// Delivery.
        delivery: String,
    },
    /// Send what waits, now, and end when nothing is due any more.
    Send,
    /// Let the held messages of a batch go to the outbox.
    Release {
        /// Batch.
        batch: String,
    },
    /// Send a message again that failed, bounced or was suppressed; it may arrive twice.
    Retry(DecideArgs),
    /// Do not send a message that still waits.
    Cancel(DecideArgs),
    /// Read the mailbox of bounces once.
    Bounces,
    /// Say what became of a message whose outcome nobody knows.
    Resolve {
        /// Delivery.
        delivery: String,
        /// It arrived.
        #[arg(long, conflicts_with = "resend", required_unless_present = "resend")]
        sent: bool,
        /// Send it again, although it may arrive twice.
        #[arg(long)]
        resend: bool,
        /// Why, for the audit log.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

/// `outbox list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Of this batch only.
    #[arg(long, value_name = "BATCH")]
    pub of: Option<String>,
    /// In this state only: queued, leased, committing, uncertain, needs_operator, sent, failed, suppressed, cancelled, bounced.
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// Most messages listed.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub limit: u32,
}

/// A decision about one delivery.
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// Delivery.
    pub delivery: String,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
}

/// `mail …`
#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Reach the relay, sign in and say what it takes; nothing is sent.
    Test {
        /// Relay of the workspace.
        #[arg(long, value_name = "NAME")]
        relay: Option<String>,
    },
}

/// A message that is due within so many milliseconds is not said to wait.
const SOON: i64 = 2_000;

const INPUT_WRONG: u8 = 1;
const MACHINE_FAILED: u8 = 2;

pub(super) async fn outbox(command: OutboxCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    match command {
        OutboxCommand::List(args) => {
            let found = app.outbox(&Filter { batch: args.of, state: args.state, since: 0 }, args.limit).await?;
            if show.json {
                let messages: Vec<Value> = found.iter().map(|posted| to_json(posted, show)).collect();
                show.document(&json!({ "ok": true, "messages": messages }));
            } else {
                found.iter().for_each(|posted| show.line(&line(posted, show)));
                tell_pauses(app, show).await?;
                let count = found.len();
                show.say(&say!("{count} thư.", "{count} messages."));
            }
        }
        OutboxCommand::Show { delivery } => {
            let Looked { posted, message, suppressed, attempts } = app.posted(&delivery).await?;
            if show.json {
                let mut value = to_json(&posted, show);
                value["message"] = String::from_utf8_lossy(&message).into_owned().into();
                value["history"] = attempts.iter().map(attempt_json).collect();
                value["suppressed"] = suppressed.map(|one| one.reason).into();
                show.document(&value);
            } else {
                show.line(&line(&posted, show));
                for attempt in &attempts {
                    show.line(&attempt_line(attempt, show));
                }
                if let Some(one) = suppressed {
                    let (reason, since) = (&one.reason, super::batch::time_of(one.created_at));
                    show.say(&say!(
                        "Địa chỉ này bị chặn từ {since}: {reason}. Bỏ chặn: vanthu suppression remove {}",
                        "The address is suppressed since {since}: {reason}. To undo: vanthu suppression remove {}",
                        posted.recipient
                    ));
                }
                show.line("");
                show.line(head(&String::from_utf8_lossy(&message)));
            }
        }
        OutboxCommand::Send => {
            let (before, after) = app.send_outbox(&super::stop_signal()).await?;
            tell_tally(&after, show);
            if !show.json {
                tell_pauses(app, show).await?;
            }
            let open = |tally: &[(String, u64)]| -> u64 {
                tally
                    .iter()
                    .filter(|(state, _)| matches!(state.as_str(), "failed" | "needs_operator" | "uncertain"))
                    .map(|(_, count)| count)
                    .sum()
            };
            return Ok(if open(&after) > open(&before) { ExitCode::from(INPUT_WRONG) } else { ExitCode::SUCCESS });
        }
        OutboxCommand::Release { batch } => {
            let queued = app.release_batch(&batch).await?;
            if show.json {
                show.document(&json!({ "ok": true, "queued": queued }));
            } else {
                show.say(&say!("{queued} thư đã vào hàng gửi.", "{queued} messages are queued."));
            }
        }
        OutboxCommand::Bounces => {
            let collected = app.collect_bounces().await?;
            if show.json {
                let reports: serde_json::Map<String, Value> =
                    collected.reports.iter().map(|(action, count)| (action.clone(), (*count).into())).collect();
                show.document(&json!({ "ok": true, "read": collected.read, "reports": reports }));
            } else {
                let read = collected.read;
                show.say(&say!("Đã đọc {read} thư báo lỗi.", "Read {read} messages of the mailbox of bounces."));
                for (action, count) in &collected.reports {
                    let text = report_text(action);
                    show.line(&format!("{count:>5}  {}", text.in_language(show.language)));
                }
            }
        }
        OutboxCommand::Retry(args) => decided(app, &args.delivery, Decision::Resend, &args.reason, show).await?,
        OutboxCommand::Cancel(args) => decided(app, &args.delivery, Decision::Cancel, &args.reason, show).await?,
        OutboxCommand::Resolve { delivery, resend, reason, .. } => {
            let decision = if resend { Decision::Resend } else { Decision::Sent };
            decided(app, &delivery, decision, &reason, show).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn mail(command: MailCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let MailCommand::Test { relay } = command;
    let (name, found, resumed) = app.probe_relay(relay.as_deref()).await?;
    match found {
        Ok(probe) => {
            let size = probe.offer.size;
            if show.json {
                show.document(&json!({ "ok": true, "relay": name, "size": size, "offer": probe.offer.lines, "resumed": resumed }));
            } else {
                show.say(&say!("Đăng nhập được vào “{name}”.", "Signed in at `{name}`."));
                probe.offer.lines.iter().for_each(|line| show.line(&format!("    {line}")));
                if let Some(size) = size {
                    show.say(&say!("Thư lớn nhất: {size} byte.", "Largest message: {size} bytes."));
                }
                if resumed {
                    show.say(&say!("Việc gửi qua “{name}” đang tạm dừng, nay chạy tiếp.", "Sending by `{name}` was paused and goes on."));
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(seen) => {
            let verdict = crate::delivery::classify::classify(&seen, false).describe();
            let detail = seen.describe();
            if show.json {
                let text = |text: &Text| text.in_language(show.language).to_owned();
                show.document(&json!({ "ok": false, "relay": name, "error": text(&verdict), "detail": text(&detail) }));
            } else {
                show.say(&say!("“{name}”: {}", "`{name}`: {}", verdict.in_language(show.language)));
                show.say(&detail);
            }
            Ok(ExitCode::from(MACHINE_FAILED))
        }
    }
}

/// Why sending stands still.
async fn tell_pauses(app: &App, show: Show) -> Result<(), AppError> {
    let pauses = app.sending_pauses().await?;
    if let Some(reason) = pauses.all {
        show.say(&say!(
            "Mọi việc gửi đang tạm dừng ({reason}); chạy tiếp: vanthu resume.",
            "All sending is paused ({reason}); to go on: vanthu resume."
        ));
    }
    for (batch, pause) in &pauses.mailings {
        show.say(&held(batch, pause));
    }
    for pause in pauses.relays {
        let (relay, reason, until) = (&pause.relay, &pause.reason, super::batch::time_of(pause.until));
        show.say(&say!("Tạm không gửi qua “{relay}” đến {until}: {reason}", "Nothing is sent by `{relay}` until {until}: {reason}"));
    }
    for (relay, open_at) in pauses.full {
        let until = super::batch::time_of(open_at);
        show.say(&say!("“{relay}” đã hết hạn mức gửi, gửi tiếp lúc {until}.", "The rate of `{relay}` is used up; more goes at {until}."));
    }
    Ok(())
}

/// Why the messages of a batch wait, and what to do.
pub(super) fn held(batch: &str, pause: &MailPause) -> Text {
    let held = held_mailing(pause);
    Text {
        vi: format!("Lô {batch}: {}. Xem: vanthu outbox list --of {batch} --state failed; gửi tiếp: vanthu batch resume {batch}", held.vi),
        en: format!(
            "Batch {batch}: {}. See: vanthu outbox list --of {batch} --state failed; to go on: vanthu batch resume {batch}",
            held.en
        ),
    }
}

/// What `run --dry-run` would send.
pub(super) fn rehearsed(count: u64, first: Option<&Addressed>, show: Show) {
    let Some(first) = first else {
        return show.say(&say!("Không có thư nào để gửi.", "There is nothing to send."));
    };
    show.say(&say!("Sẽ gửi {count} thư. Thư đầu tiên:", "{count} messages would be sent. The first one:"));
    let to = first.to.join(", ");
    show.say(&say!("Đến: {to}", "To: {to}"));
    let subject = &first.subject;
    show.say(&say!("Chủ đề: {subject}", "Subject: {subject}"));
    show.line("");
    show.line(first.plain.trim());
    show.line("");
}

/// How many messages are in which state.
fn tell_tally(tally: &[(String, u64)], show: Show) {
    if show.json {
        let counts: serde_json::Map<String, Value> = tally.iter().map(|(state, count)| (state.clone(), (*count).into())).collect();
        return show.document(&json!({ "ok": true, "messages": counts }));
    }
    tell_posted(tally, show);
}

/// A line for each state.
pub(super) fn tell_posted(tally: &[(String, u64)], show: Show) {
    for (state, count) in tally {
        let text = state_text(state);
        show.say(&say!("Thư {}: {count}", "Messages {}: {count}", text.in_language(show.language)));
    }
}

async fn decided(app: &App, id: &str, decision: Decision, reason: &str, show: Show) -> Result<(), AppError> {
    let posted = app.decide(id, decision, reason).await?;
    if show.json {
        show.document(&to_json(&posted, show));
    } else {
        show.line(&line(&posted, show));
    }
    Ok(())
}

/// The headers and the words of a message, without its attachments.
fn head(message: &str) -> &str {
    message.find("Content-Disposition: attachment").map_or(message, |end| &message[..end])
}

fn line(posted: &Posted, show: Show) -> String {
    let state = state_text(state_name(posted.delivery.state));
    let mut text = format!("{}  {}  {}", posted.id, posted.recipient, state.in_language(show.language));
    if posted.delivery.possible_copies() > 1 {
        let copies = posted.delivery.possible_copies();
        let twice = say!(" (có thể đã gửi {copies} lần)", " (perhaps sent {copies} times)");
        text.push_str(twice.in_language(show.language));
    }
    if let State::Queued { next_at } = posted.delivery.state
        && next_at > jiff::Timestamp::now().as_millisecond() + SOON
    {
        let until = super::batch::time_of(next_at);
        // One that was never tried waits for its turn within the rates.
        let why = if posted.delivery.attempts == 0 && posted.reason.is_empty() {
            say!(" (đến {until}, theo hạn mức gửi)", " (until {until}, by the sending rate)")
        } else {
            say!(" (thử lại lúc {until})", " (tried again at {until})")
        };
        text.push_str(why.in_language(show.language));
    }
    for more in [&posted.reason, &posted.reply] {
        if !more.is_empty() {
            text.push_str("  ");
            text.push_str(more);
        }
    }
    text
}

fn to_json(posted: &Posted, show: Show) -> Value {
    let state = state_name(posted.delivery.state);
    let expired = matches!(posted.delivery.state, State::Failed { reason: FailReason::Expired });
    json!({
        "ok": true,
        "id": posted.id,
        "batch": posted.batch,
        "record": posted.record,
        "recipient": posted.recipient,
        "relay": posted.relay,
        "state": state,
        "state_text": state_text(state).in_language(show.language),
        "expired": expired,
        "attempts": posted.delivery.attempts,
        "possible_copies": posted.delivery.possible_copies(),
        "next_at": if let State::Queued { next_at } = posted.delivery.state { Some(next_at) } else { None },
        "reason": posted.reason,
        "reply": posted.reply,
        "created_at": posted.created_at,
        "changed_at": posted.changed_at,
    })
}

/// `  1. 18:57 22/11/2026  máy chủ nhận: 250 2.0.0 Ok (192.0.2.1, TLS 1.3)`
fn attempt_line(attempt: &Attempt, show: Show) -> String {
    let Answer { reply, peer, tls, .. } = &attempt.answer;
    let outcome = outcome_text(&attempt.outcome);
    let by = [peer, tls].map(String::as_str).into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let by = if by.is_empty() { String::new() } else { format!(" ({by})") };
    let (number, at) = (attempt.number, super::batch::time_of(attempt.ended_at));
    format!("  {number}. {at}  {}: {reply}{by}", outcome.in_language(show.language))
}

fn attempt_json(attempt: &Attempt) -> Value {
    let Answer { reply, peer, tls, certificate } = &attempt.answer;
    json!({
        "attempt": attempt.number, "started_at": attempt.started_at, "ended_at": attempt.ended_at, "outcome": attempt.outcome,
        "reply": reply, "peer": peer, "tls": tls, "certificate_sha256": certificate,
    })
}

/// What came of an attempt, in plain words.
fn outcome_text(outcome: &str) -> Text {
    match outcome {
        "accepted" => say!("đã nhận", "accepted"),
        "retry" => say!("gửi lại sau", "to be tried again"),
        "failed" => say!("không gửi được", "failed"),
        _ => say!("chưa rõ", "in doubt"),
    }
}

/// What a report says, in plain words.
fn report_text(action: &str) -> Text {
    match action {
        "failed" => say!("thư bị trả lại", "returned"),
        "complaint" => say!("người nhận báo thư rác", "complaints"),
        "delayed" => say!("còn chờ ở máy chủ trên đường", "waiting at a server on the way"),
        "delivered" => say!("đã giao", "delivered"),
        "auto_reply" => say!("máy tự động trả lời", "automatic answers"),
        _ => say!("cần người đọc", "to be read by a person"),
    }
}

/// A state in plain words. `sent` is what is known: the next server has it.
fn state_text(state: &str) -> Text {
    match state {
        "queued" => say!("chờ gửi", "waiting"),
        "leased" | "committing" => say!("đang gửi", "being sent"),
        "uncertain" => say!("chưa rõ, có thể đã gửi", "uncertain, perhaps sent"),
        "needs_operator" => say!("cần người xem xét", "in need of a decision"),
        "sent" => say!("đã chuyển cho máy chủ thư", "handed to the mail server"),
        "failed" => say!("không gửi được", "failed"),
        "suppressed" => say!("không gửi: địa chỉ bị chặn", "suppressed"),
        "cancelled" => say!("đã hủy", "cancelled"),
        "bounced" => say!("bị trả lại", "returned"),
        "complained" => say!("người nhận báo thư rác", "complained about"),
        other => say!("{other}", "{other}"),
    }
}
