//! Telling the operator by mail what must not go unnoticed: runs that failed or were missed, relays that refuse, batches that
//! stand still, messages in doubt, an office that is not ready.
//!
//! Owns the wording, without a name from anyone's data, and the loop. What holds is read from the store each time, so that
//! it is told also when the process that saw it is gone; each matter is told once until it changes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::watch::Receiver;

use super::office::Office;
use super::post::held_mailing;
use super::service::Vitals;
use super::{App, AppError};
use crate::config::mail::FOLDER_RELAY;
use crate::language::Text;
use crate::message::letter::{Attach, Frozen};
use crate::say;
use crate::schedule::recurrence::ZONE_DEFAULT;
use crate::store::alerts::{FailedRun, Matter};
use crate::store::senders::Pause;
use crate::template::hex;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// What comes and goes by itself is not told: an office must be unready for so long.
const UNREADY_FOR: Duration = Duration::from_secs(20);
/// Failures in a row after which a relay that cannot be reached is told of.
const RELAY_FAILURES: u32 = 5;
/// Told again while the store, which would remember, is away.
const AWAY_GAP: Duration = Duration::from_secs(24 * 60 * 60);

/// How keys of what one machine feels begin.
const UNREADY: &str = "unready:";

/// What the loop remembers between two looks.
#[derive(Default)]
struct Memory {
    unready: BTreeMap<&'static str, Instant>,
    told_away: Option<Instant>,
}

/// A file that an occurrence read.
#[derive(Deserialize)]
struct ReadFile {
    sha256: String,
}

impl App {
    /// Tells the operators until `stop` turns true. Without addresses nothing is told, and the log has it all.
    pub(super) async fn keep_alerting(&self, office: &Office, vitals: &Vitals, mut stop: Receiver<bool>) {
        if self.workspace.config.alerts.to.is_empty() {
            return;
        }
        let mut memory = Memory::default();
        while !*stop.borrow() {
            let _ = tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await;
            if let Err(error) = self.alert_once(office, vitals, &mut memory).await {
                tracing::error!(event = "alert.away", transient = error.is_transient());
            }
        }
    }

    async fn alert_once(&self, office: &Office, vitals: &Vitals, memory: &mut Memory) -> Result<(), AppError> {
        let now = Instant::now();
        let problems = vitals.lasting_problems();
        memory.unready.retain(|name, _| problems.contains(name));
        for name in problems {
            memory.unready.entry(name).or_insert(now);
        }
        let unready: Vec<&'static str> =
            memory.unready.iter().filter(|(_, since)| since.elapsed() >= UNREADY_FOR).map(|(name, _)| *name).collect();
        // Told while nothing could be written down: the book does not tell it again once the database is back.
        let told_away = memory.told_away.is_some_and(|at| at.elapsed() < AWAY_GAP);
        let noted: Vec<&'static str> = unready.iter().copied().filter(|name| *name != "database" || !told_away).collect();
        match self.tell(office, &noted).await {
            Err(AppError::Store(error)) if unready.contains(&"database") => {
                // Nothing can be written down: told once by this process.
                if memory.told_away.is_none_or(|at| at.elapsed() >= AWAY_GAP) {
                    self.send_alert(office, &[unready_text("database")], None).await?;
                    memory.told_away = Some(now);
                }
                Err(error.into())
            }
            other => other,
        }
    }

    async fn tell(&self, office: &Office, unready: &[&'static str]) -> Result<(), AppError> {
        let store = &office.store;
        let own = format!("{UNREADY}{}:", machine());
        // Another machine's troubles are its own to take back.
        let is_ours = |key: &str| !key.starts_with(UNREADY) || key.starts_with(&own);
        let runs = store.failed_runs().await?;
        let mut matters = matters(office, &own, unready).await?;
        matters.extend(failures(&runs));
        matters.extend(self.relays_missing(office).await?);
        store.note_matters(&matters, &runs, is_ours).await?;
        let gap = i64::try_from(self.workspace.config.alerts.gap().as_millis()).unwrap_or(i64::MAX);
        let untold = store.claim_alerts(gap).await?;
        if untold.is_empty() {
            return Ok(());
        }
        let texts: Vec<Text> = untold.iter().filter_map(|matter| serde_json::from_str(&matter.summary).ok()).collect();
        let sent = self.send_alert(office, &texts, Some(store.now().await?)).await;
        store.alerts_told(&untold, sent.is_ok()).await?;
        if sent.is_ok() {
            tracing::info!(event = "alert.told", matters = untold.len());
        }
        sent
    }

    /// Sends one message to each operator, by the first relay that takes it. `now` is the database's clock, when it answers.
    async fn send_alert(&self, office: &Office, texts: &[Text], now: Option<i64>) -> Result<(), AppError> {
        let config = &self.workspace.config;
        let mail = &config.mail;
        let sender = self.sender(office)?;
        let first = mail.relay_name(config.alerts.relay.as_deref())?;
        let routes = match now {
            Some(_) => sender.notice_routes(&first).await?,
            None => vec![first],
        };
        let date = now.unwrap_or_else(|| Timestamp::now().as_millisecond());
        let count = texts.len();
        let place = config.organisations.values().next().map_or("vanthu", |organisation| organisation.name.as_str());
        let mut told = false;
        for to in &config.alerts.to {
            let id = office.store.id_at(date)?;
            let mut sent = false;
            for relay in &routes {
                let message = Frozen {
                    date,
                    from: mail.from_address(relay)?.to_string(),
                    from_name: "vanthu".to_owned(),
                    reply_to: None,
                    to: to.clone(),
                    to_name: None,
                    subject: format!("vanthu: {count} việc cần xem ({count} to look at), {place}"),
                    plain: body(texts),
                    html: None,
                    attach: Attach::Attach,
                };
                sent = sender.notify(relay, &id, &message).await.is_ok();
                if sent {
                    break;
                }
            }
            told |= sent;
            if !sent {
                tracing::error!(event = "alert.unsent", routes = routes.len());
            }
        }
        // One who knows is enough: the others would otherwise be the reason to tell that one again and again.
        if told { Ok(()) } else { Err(AppError::AlertUnsent) }
    }
}

fn body(texts: &[Text]) -> String {
    let mut body = String::from("Kính gửi người quản trị,\n(To the operator.)\n\n");
    for text in texts {
        body.push_str(&format!("• {}\n  {}\n\n", text.vi, text.en));
    }
    body.push_str(
        "Mỗi việc được báo một lần, cho đến khi thay đổi.\nEach matter is told once until it changes.\n\nvanthu · vanthu doctor\n",
    );
    body
}

impl App {
    /// Relays that messages wait for and that `vanthu.toml` has no longer.
    async fn relays_missing(&self, office: &Office) -> Result<Vec<Matter>, AppError> {
        let mut missing = office.store.queued_relays().await?;
        let current = self.workspace.current();
        missing.retain(|relay| relay != FOLDER_RELAY && !current.mail.relays.contains_key(relay));
        let text = |relay: &str| {
            say!(
                "vanthu.toml không còn máy chủ thư “{relay}” mà còn thư chờ gửi qua đó. Khai báo lại [mail.relays.{relay}], hoặc hủy các thư ấy: vanthu outbox list --state queued",
                "vanthu.toml no longer has the relay `{relay}`, and messages wait for it. Declare [mail.relays.{relay}] again, or cancel them: vanthu outbox list --state queued"
            )
        };
        Ok(missing.iter().map(|relay| matter(format!("relay-missing:{relay}"), "", 0, &text(relay))).collect())
    }
}

/// A schedule that fails is one matter until it fails otherwise or does well; what failed unnoticed before that is told, too.
fn failures(runs: &[FailedRun]) -> Vec<Matter> {
    let text = |run: &FailedRun| {
        let (schedule, at) = (&run.schedule, time_of(run.scheduled_for));
        say!(
            "Lịch “{schedule}”: lần chạy {at} không thành. Xem lý do: vanthu schedule show {schedule}",
            "Schedule `{schedule}`: the run of {at} failed. For the reason: vanthu schedule show {schedule}"
        )
    };
    let mut matters: Vec<Matter> = Vec::new();
    for run in runs.iter().filter(|run| run.is_latest || !run.is_noted) {
        let digest = digest_of(run);
        // By its digest: a failure of another kind must not take the place of one that was not told yet.
        let key = format!("failed:{}:{digest}", run.schedule);
        if matters.iter().all(|matter| matter.key != key) {
            matters.push(matter(key, &digest, run.at, &text(run)));
        }
    }
    matters
}

/// Everything else that holds now.
async fn matters(office: &Office, own: &str, unready: &[&'static str]) -> Result<Vec<Matter>, AppError> {
    let store = &office.store;
    let mut matters: Vec<Matter> = unready.iter().map(|name| matter(format!("{own}{name}"), "", 0, &unready_text(name))).collect();
    for missed in store.missed_runs().await? {
        let (schedule, slots, at) = (&missed.schedule, missed.slots, time_of(missed.latest));
        let text = say!(
            "Lịch “{schedule}”: {slots} lần đã lỡ trong 7 ngày qua, gần nhất là {at}. Chạy bù: vanthu schedule run {schedule}",
            "Schedule `{schedule}`: {slots} slots were missed in the last 7 days, the latest that of {at}. To run it now: vanthu schedule run {schedule}"
        );
        matters.push(matter(format!("missed:{schedule}"), &missed.latest.to_string(), missed.at, &text));
    }
    for stands in store.standstills().await? {
        let (batch, template) = (&stands.batch, &stands.template);
        let text = if stands.held {
            say!(
                "Lô {batch} (mẫu {template}) bị giữ lại vì không làm tiếp được. Xem: vanthu batch show {batch}",
                "Batch {batch} (template {template}) is held, it could not go on. See: vanthu batch show {batch}"
            )
        } else {
            say!(
                "Lô {batch} (mẫu {template}) đã làm xong nhưng chưa đưa được vào thư mục kết quả. Xem: vanthu batch show {batch}",
                "Batch {batch} (template {template}) is made but cannot be put into its output folder. See: vanthu batch show {batch}"
            )
        };
        matters.push(matter(format!("batch:{batch}"), if stands.held { "held" } else { "uncompleted" }, stands.at, &text));
    }
    for (batch, template, pause) in store.mail_pauses().await? {
        let held = held_mailing(&pause);
        let text = Text {
            vi: format!(
                "Lô {batch} (mẫu {template}): {}. Xem: vanthu outbox list --of {batch} --state failed; gửi tiếp: vanthu batch resume {batch}",
                held.vi
            ),
            en: format!(
                "Batch {batch} (template {template}): {}. See: vanthu outbox list --of {batch} --state failed; to go on: vanthu batch resume {batch}",
                held.en
            ),
        };
        matters.push(matter(format!("mailing:{batch}"), &pause.at.to_string(), pause.at, &text));
    }
    let (doubtful, at) = store.doubtful_deliveries().await?;
    if doubtful > 0 {
        let text = say!(
            "{doubtful} thư chưa rõ đã đến hay chưa. Xem: vanthu outbox list --state needs_operator, rồi --state uncertain",
            "{doubtful} messages may or may not have arrived. See: vanthu outbox list --state needs_operator, then --state uncertain"
        );
        matters.push(matter("deliveries".to_owned(), &at.to_string(), at, &text));
    }
    for pause in store.pauses().await? {
        if let Some(text) = pause_text(&pause) {
            matters.push(matter(format!("relay:{}", pause.relay), &pause.scope, pause.at, &text));
        }
    }
    Ok(matters)
}

fn matter(key: String, digest: &str, since: i64, text: &Text) -> Matter {
    Matter { key, digest: digest.to_owned(), since, summary: serde_json::to_string(text).expect("a text is plain data") }
}

/// The same list that is refused for the same reasons at every slot is one matter: what was read, and the codes of what was
/// found. Names of snapshots and of people differ or must not count.
fn digest_of(run: &FailedRun) -> String {
    let files: Vec<ReadFile> = run.snapshot.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let mut parts: Vec<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
    parts.sort_unstable();
    let mut codes: Vec<&str> = run.reason.split("lỗi[").skip(1).filter_map(|rest| rest.split(']').next()).collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.is_empty() {
        codes.push(&run.reason);
    }
    parts.extend(codes);
    // The same failure after a run that went well is another.
    let well_at = run.well_at.to_string();
    parts.push(&well_at);
    hex(&Sha256::digest(parts.join("\n").as_bytes()))
}

fn pause_text(pause: &Pause) -> Option<Text> {
    let relay = &pause.relay;
    let until = time_of(pause.until);
    match pause.scope.as_str() {
        "account" => Some(say!(
            "Máy chủ thư “{relay}” từ chối tài khoản gửi; việc gửi tạm dừng. Sửa mật khẩu hoặc quyền, rồi: vanthu mail test --relay {relay}",
            "Relay `{relay}` refuses the account; sending is paused. Correct password or rights, then: vanthu mail test --relay {relay}"
        )),
        "sending_domain" => Some(say!(
            "Máy chủ thư “{relay}” từ chối tên miền gửi; việc gửi tạm dừng. Kiểm tra SPF, DKIM, DMARC, rồi: vanthu mail test --relay {relay}",
            "Relay `{relay}` refuses the sending domain; sending is paused. Check SPF, DKIM, DMARC, then: vanthu mail test --relay {relay}"
        )),
        "quota" => Some(say!(
            "Máy chủ thư “{relay}” báo hết hạn mức gửi; thử lại lúc {until}.",
            "Relay `{relay}` says that its sending limit is reached; trying again at {until}."
        )),
        _ if pause.failures >= RELAY_FAILURES => Some(say!(
            "Máy chủ thư “{relay}” không nhận thư đã nhiều lần liền; vẫn thử lại. Xem: vanthu mail test --relay {relay}",
            "Relay `{relay}` has taken no mail for several tries; it is still tried. See: vanthu mail test --relay {relay}"
        )),
        _ => None,
    }
}

fn machine() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}

fn unready_text(problem: &str) -> Text {
    let machine = machine();
    let found = match problem {
        "database" => say!("Cơ sở dữ liệu không ghi được.", "The database cannot be written."),
        "disk" => say!("Ổ đĩa sắp đầy: cần ít nhất 1 GB và 5 %.", "The disk is nearly full: 1 GB and 5 % are needed."),
        "storage" => say!("Kho văn bản không ghi hoặc đọc được.", "The documents' storage cannot be written or read."),
        "clock" => say!("Đồng hồ của máy và của cơ sở dữ liệu lệch nhau.", "The clocks of machine and database differ."),
        "bounces" => say!(
            "Không đọc được hộp thư báo lỗi. Thử: vanthu outbox bounces",
            "The mailbox of bounces cannot be read. Try: vanthu outbox bounces"
        ),
        other => say!("Dịch vụ chưa sẵn sàng: {other}.", "The service is not ready: {other}."),
    };
    Text { vi: format!("Máy {machine}: {}", found.vi), en: format!("Machine {machine}: {}", found.en) }
}

/// A moment as people in Viet Nam write it.
fn time_of(milliseconds: i64) -> String {
    let at = Timestamp::from_millisecond(milliseconds).and_then(|at| at.in_tz(ZONE_DEFAULT));
    at.map(|at| at.strftime("%H:%M %d/%m/%Y").to_string()).unwrap_or_default()
}
