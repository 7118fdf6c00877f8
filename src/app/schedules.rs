//! What schedules do, and what people ask about them.
//!
//! Owns the use-cases of `vanthu schedule`, and `Clerk`, who carries out one occurrence: read the source into a snapshot
//! of its own, and submit each file as a batch under a key of schedule, slot and file, so that whoever takes the occurrence
//! over goes on with the same batch.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio::sync::watch::Receiver;
use tokio::sync::{Mutex, Semaphore};

use super::make::{Ran, Submission, Watcher};
use super::office::{Office, Opening};
use super::{App, AppError};
use crate::access::Principal;
use crate::batch::outcome::{Counts, Summary};
use crate::batch::request::MailRequest;
use crate::batch::{Progress, Request};
use crate::config::{FILE_NAME, ScheduleConfig, variable};
use crate::diagnostic::{Diagnostic, describe_all, nearest};
use crate::language::{Language, Text};
use crate::say;
use crate::schedule::holidays::Calendar;
use crate::scheduler::{Alert, Ending, Entry, Scheduler, Work, Working, instant};
use crate::source::{Access, Fetched, Limits, SourceError, SystemResolver};
use crate::storage::{StorageError, hash_file};
use crate::store::StoreError;
use crate::store::schedules::{ClaimedOccurrence, Occurrence};

/// Folder of the snapshots, one for each schedule and slot.
const SNAPSHOTS_FOLDER: &str = "du-lieu/lich";

/// Waits before a source that is not ready is asked again.
const WAITS: [Duration; 3] = [Duration::from_secs(3), Duration::from_secs(15), Duration::from_secs(45)];

/// Sources read at once.
const READING_MAX: usize = 8;

/// How long another's work in the output folder is waited for, and how often it is looked again.
const BUSY_MAX: Duration = Duration::from_secs(120);
const BUSY_AGAIN: Duration = Duration::from_millis(200);

/// Findings that are kept with a failed occurrence.
const REASONS_MAX: usize = 5;

/// A schedule and how it stands.
#[derive(Debug)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Its template.
    pub template: String,
    /// Whose it is, when the office knows any organisation.
    pub organisation: Option<String>,
    /// Was it made by form? Otherwise the configuration declares it.
    pub made: bool,
    /// When it fires, as a sentence.
    pub when: Text,
    /// Where its data comes from.
    pub source: Text,
    /// Does it fire?
    pub enabled: bool,
    /// Why it is paused.
    pub paused: Option<String>,
    /// The slots to come.
    pub next: Vec<Slot>,
    /// Its latest occurrences, newest first.
    pub history: Vec<Occurrence>,
    /// The zone that its slots are told in.
    pub zone: TimeZone,
}

/// A slot to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When.
    pub at: Timestamp,
    /// The day off that it was moved from.
    pub moved_from: Option<jiff::civil::Date>,
}

/// A file of a snapshot as the store keeps it; the path is the workspace's.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    path: PathBuf,
    name: String,
    sha256: String,
}

/// Who carries out occurrences.
#[derive(Clone)]
pub(super) struct Clerk {
    pub app: App,
    pub office: Arc<Office>,
    pub stop: Receiver<bool>,
    /// Workers run beside: they make what is submitted here.
    pub beside_workers: bool,
    /// What occurrences share that are under way at once.
    pub turns: Arc<Turns>,
}

/// Sources may be slow, and are read side by side; what they gave is made one after the other.
pub(super) struct Turns {
    /// Sources read at once; one that is waited for is not being read.
    reading: Semaphore,
    /// Planning and making: rendering fills the machine anyway, and two lists must not plan the same numbers.
    making: Mutex<()>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { reading: Semaphore::new(READING_MAX), making: Mutex::default() }
    }
}

pub(super) struct Unwatched;

impl Progress for Unwatched {
    fn update(&self, _: &Counts) {}
}

impl App {
    /// Schedules ready to be asked, and the days off.
    pub(super) fn schedule_entries(&self, known: &BTreeMap<String, ScheduleConfig>) -> Result<(Vec<Entry>, Arc<Calendar>), AppError> {
        let calendar = self.calendar();
        let mut entries = Vec::new();
        for (name, schedule) in known {
            let timing = schedule.timing();
            let (rule, policy) = timing.read(FILE_NAME, name, &calendar)?;
            entries.push(Entry { name: name.clone(), timing, rule, policy, enabled: schedule.enabled });
        }
        Ok((entries, calendar))
    }

    /// The days off.
    pub(super) fn calendar(&self) -> Arc<Calendar> {
        Arc::new(Calendar::new(&self.workspace.config.calendar))
    }

    /// Every schedule with its next slot, or one with five of them and its history.
    pub async fn schedule_standings(&self, only: Option<&str>, next: usize, history: u32) -> Result<Vec<Standing>, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        if let Some(name) = only {
            self.schedule(&office, name).await?;
        }
        let standings = self.standings_in(&office, only, next, history).await;
        office.store.close().await;
        standings
    }

    /// Batches that a schedule has made and `asker` sees, each with its slot.
    pub async fn batches_of_schedule(
        &self,
        office: &Office,
        asker: &Principal,
        name: &str,
        limit: u32,
    ) -> Result<Vec<(i64, String)>, AppError> {
        Ok(office.store.batches_of_schedule(name, asker.organisation.as_deref(), limit).await?)
    }

    /// Pauses a schedule, or all of them, with a reason; or lets it go on.
    pub async fn pause_schedule(&self, name: Option<&str>, reason: Option<&str>) -> Result<(), AppError> {
        let office = self.office(None, Opening::Beside).await?;
        match name {
            Some(name) => {
                let definition = serde_json::to_string(&self.schedule(&office, name).await?.timing())
                    .map_err(|_| AppError::Damaged { what: "schedule" })?;
                office.store.pause_schedule(name, &definition, reason, "cli").await?;
            }
            None => office.store.pause_schedules(reason, "cli").await?,
        }
        office.store.close().await;
        Ok(())
    }

    /// Runs a schedule now, beside its slots; where a service works on the office, it is left to that. Gives the occurrence
    /// once it has ended, or none when it was left.
    pub async fn run_schedule(&self, name: &str, stop: &Receiver<bool>) -> Result<Option<Occurrence>, AppError> {
        let office = match self.office(None, Opening::ToWork).await {
            Err(AppError::Store(StoreError::Busy { .. })) => self.office(None, Opening::Beside).await.map(|office| (office, false)),
            other => other.map(|office| (office, true)),
        };
        let (office, alone) = office?;
        let office = Arc::new(office);
        let store = office.store.clone();
        let config = self.schedule(&office, name).await?;
        let (entries, calendar) = self.schedule_entries(&BTreeMap::from([(name.to_owned(), config.clone())]))?;
        let entry = entries.into_iter().next().ok_or(AppError::Damaged { what: "schedule" })?;
        let now = store.now().await?;
        store.know_schedule(name, &entry.definition(), now).await?;
        let paused = store.schedules().await?.into_iter().find(|row| row.name == name).and_then(|row| row.paused);
        if let Some(reason) = paused.or(store.schedules_paused().await?) {
            return Err(paused_problem(name, &reason).into());
        }
        if alone && store.is_file() {
            store.release_occurrences(None).await?;
        }
        let slot = store.run_schedule_now(name, "cli").await?;
        if !alone {
            store.close().await;
            return Ok(None);
        }
        let clerk = Arc::new(Clerk {
            app: self.clone(),
            office: Arc::clone(&office),
            stop: stop.clone(),
            beside_workers: false,
            turns: Arc::default(),
        });
        let owner = store.new_owner().await?;
        let scheduler = Scheduler { store: store.clone(), entries: vec![entry].into(), calendar, work: clerk, owner };
        // Older ones that wait go first.
        while scheduler.work_off(stop).await? > 0 {}
        drop(scheduler);
        if config.mail {
            self.send(&office, stop, true).await?;
        }
        let ended = store.occurrences(name, 100).await?.into_iter().find(|occurrence| occurrence.scheduled_for == slot);
        store.close().await;
        Ok(ended)
    }

    pub(super) async fn schedule(&self, office: &Office, name: &str) -> Result<ScheduleConfig, AppError> {
        let mut known = self.known_schedules(office).await?;
        known.remove(name).ok_or_else(|| {
            let problem = Diagnostic::error("schedule-unknown", say!("{FILE_NAME} không có lịch này", "{FILE_NAME} has no such schedule"))
                .with_value(name);
            AppError::Input(vec![match nearest(name, known.keys().map(String::as_str)) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem.remedy(say!("khai báo [schedules.{name}]", "declare [schedules.{name}]")),
            }])
        })
    }
}

fn paused_problem(name: &str, reason: &str) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("schedule-paused", say!("lịch đang tạm dừng: {reason}", "the schedule is paused: {reason}"))
            .with_value(name)
            .remedy(say!("chạy: vanthu schedule resume {name}", "run: vanthu schedule resume {name}")),
    ]
}

impl Work for Clerk {
    fn carry_out<'a>(&'a self, occurrence: &'a ClaimedOccurrence) -> Working<'a> {
        let (clerk, occurrence) = (self.clone(), occurrence.clone());
        let runtime = tokio::runtime::Handle::current();
        let (tell, told_by) = tokio::sync::oneshot::channel();
        // On a thread of its own: planning blocks for minutes, and a panic there is this occurrence's failure only.
        std::thread::spawn(move || {
            let _ = tell.send(runtime.block_on(clerk.work(&occurrence)));
        });
        Box::pin(async move {
            match told_by.await {
                Ok(Ok(ending)) => Ok(ending),
                // The store is the scheduler's affair; everything else is the occurrence's.
                Ok(Err(AppError::Store(error))) if error.is_transient() => Err(error),
                Ok(Err(AppError::Input(diagnostics))) => Ok(failed(&findings(&diagnostics))),
                Ok(Err(error)) => Ok(failed(&error.describe())),
                Err(_) => Ok(failed(&AppError::Run(crate::batch::RunError::Task).describe())),
            }
        })
    }

    fn alert(&self, alert: Alert<'_>) {
        self.app.alert(alert);
    }
}

impl Clerk {
    async fn work(&self, occurrence: &ClaimedOccurrence) -> Result<Ending, AppError> {
        let (name, slot) = (occurrence.schedule.as_str(), instant(occurrence.scheduled_for));
        let schedule = &self.app.schedule(&self.office, name).await?;
        let zone = schedule.timing().read(FILE_NAME, name, &self.app.calendar())?.0.zone().clone();
        let Some(mut files) = self.snapshot(occurrence, schedule, &zone).await? else { return Ok(Ending::Stopped) };
        let fetched = files.len();
        if schedule.only_when_new {
            let mut new = Vec::new();
            for file in files {
                if !self.office.store.has_reported(name, &file.sha256).await? {
                    new.push(file);
                }
            }
            files = new;
        }
        if files.is_empty() {
            let nothing = if fetched > 0 {
                say!("không có gì mới để báo cáo", "there is nothing new to report")
            } else {
                say!("không có dữ liệu để báo cáo", "there is no data to report")
            };
            let well = schedule.only_when_data || fetched > 0;
            return Ok(if well { Ending::Done { reason: told(&nothing), reported: Vec::new() } } else { failed(&nothing) });
        }
        let mut stop = self.stop.clone();
        let _turn = tokio::select! {
            turn = self.turns.making.lock() => turn,
            _ = stop.wait_for(|stop| *stop) => return Ok(Ending::Stopped),
        };
        let (mut made, mut unmade, mut found, mut reported) = (0, 0, Vec::new(), Vec::new());
        for file in &files {
            let request = self.request(name, schedule, slot, &zone, file);
            let key = format!("schedule:{name}:{}:{}", occurrence.scheduled_for, file.name);
            let origin = format!("schedule:{name}");
            let submission =
                Submission { key: Some(&key), origin: Some(&origin), unsent: true, only: self.beside_workers, ..Submission::default() };
            let watcher = Watcher { progress: &Unwatched, on_plan: &|_| {}, stop: &self.stop };
            // One file's failure is no reason to leave the others undone.
            let ran = match self.submit(&request, submission, watcher).await {
                Ok(ran) => self.awaited(ran).await?,
                Err(AppError::Store(error)) if error.is_transient() => return Err(error.into()),
                Err(AppError::Input(diagnostics)) => {
                    unmade += 1;
                    found.extend(diagnostics);
                    continue;
                }
                Err(error) => {
                    unmade += 1;
                    found.push(Diagnostic::error("occurrence", error.describe()));
                    continue;
                }
            };
            unmade += ran.planned.rejected;
            match &ran.summary {
                Some(summary) if summary.stopped => return Ok(Ending::Stopped),
                Some(Summary { held: Some(held), .. }) => {
                    unmade += 1;
                    let (state, why) = (held.state.name(), &held.reason);
                    let message = say!("lô đang ở trạng thái “{state}”: {why}", "the batch is {state}: {why}");
                    found.push(Diagnostic::error("batch-held", message));
                    reported.push(file.sha256.clone());
                }
                Some(summary) => {
                    made += summary.counts.made + summary.counts.kept;
                    unmade += summary.counts.failed + summary.counts.quarantined;
                    found.extend(summary.outcomes.iter().flat_map(|outcome| outcome.reasons.clone()));
                    // What failed of an accepted batch is tried again as that batch, not as another.
                    reported.push(file.sha256.clone());
                }
                None => {
                    unmade += u64::from(ran.planned.rejected == 0);
                    found.extend(ran.planned.diagnostics.clone());
                }
            }
        }
        if unmade == 0 {
            return Ok(Ending::Done { reason: told(&say!("đã tạo {made} văn bản", "made {made} documents")), reported });
        }
        let because = findings(&found);
        let reason = Text {
            vi: format!("tạo được {made} văn bản, không tạo được {unmade}: {}", because.vi),
            en: format!("made {made} documents, {unmade} not: {}", because.en),
        };
        Ok(Ending::Failed { reason: told(&reason), reported })
    }

    /// Submits a batch, once no worker of this or another process is completing an earlier one in its folder.
    async fn submit(&self, request: &Request, submission: Submission<'_>, watcher: Watcher<'_>) -> Result<Ran, AppError> {
        let begun = std::time::Instant::now();
        loop {
            match self.app.submit_in(&self.office, request, submission, watcher).await {
                Err(AppError::Storage(StorageError::Busy { .. })) if begun.elapsed() < BUSY_MAX => tokio::time::sleep(BUSY_AGAIN).await,
                other => return other,
            }
        }
    }

    /// The files of an occurrence: those that an earlier holder kept, or freshly read. None when the process stops.
    async fn snapshot(
        &self,
        occurrence: &ClaimedOccurrence,
        schedule: &ScheduleConfig,
        zone: &TimeZone,
    ) -> Result<Option<Vec<Kept>>, AppError> {
        let root = self.app.workspace.folder.as_deref().ok_or_else(super::error::no_workspace)?;
        if let Some(kept) = occurrence.snapshot.as_deref().and_then(|json| serde_json::from_str::<Vec<Kept>>(json).ok()) {
            let whole = kept.iter().all(|file| hash_file(&root.join(&file.path)).is_ok_and(|found| found.as_deref() == Some(&file.sha256)));
            if whole {
                return Ok(Some(kept));
            }
        }
        let slot = zone.to_datetime(instant(occurrence.scheduled_for)).strftime("%Y-%m-%dT%H%M%S").to_string();
        let folder = PathBuf::from(SNAPSHOTS_FOLDER).join(&occurrence.schedule).join(slot);
        let config = &self.app.workspace.config;
        let access = Access {
            workspace: root,
            web: &config.fetch,
            databases: &config.databases,
            environment: &variable,
            resolver: &SystemResolver,
            limits: Limits::default(),
        };
        let mut stop = self.stop.clone();
        let mut waits = WAITS.iter();
        let fetched: Vec<Fetched> = loop {
            let turn = self.turns.reading.acquire().await;
            let read = schedule.source.fetch(&access, &root.join(&folder)).await;
            drop(turn);
            match read {
                Ok(fetched) => break fetched,
                Err(SourceError::Stopping) => return Ok(None),
                Err(error) if error.is_transient() => match waits.next() {
                    Some(wait) => {
                        tracing::warn!(event = "source.wait", schedule = occurrence.schedule);
                        if tokio::time::timeout(*wait, stop.wait_for(|stop| *stop)).await.is_ok() {
                            return Ok(None);
                        }
                    }
                    None => return Err(source_problem(&error).into()),
                },
                Err(error) => return Err(source_problem(&error).into()),
            }
        };
        let kept: Vec<Kept> =
            fetched.into_iter().map(|file| Kept { path: folder.join(&file.name), name: file.name, sha256: file.sha256 }).collect();
        let json = serde_json::to_string(&kept).map_err(|_| AppError::Damaged { what: "snapshot" })?;
        self.office.store.keep_snapshot(occurrence, &json).await?;
        Ok(Some(kept))
    }

    fn request(&self, name: &str, schedule: &ScheduleConfig, slot: Timestamp, zone: &TimeZone, file: &Kept) -> Request {
        let root = self.app.workspace.folder.clone().unwrap_or_default();
        Request {
            template: schedule.template.clone(),
            data: root.join(&file.path),
            sheet: schedule.sheet.clone(),
            organisation: schedule.organisation.clone(),
            columns: schedule.columns.clone(),
            common: schedule.common.clone(),
            options: schedule.options.clone(),
            output: root.join(schedule.output_folder(name, slot, zone, &file.name)),
            name: schedule.name.clone(),
            merge: schedule.merge,
            zip: schedule.zip,
            only_valid: schedule.only_valid,
            register: schedule.register.clone(),
            mail: schedule.mail.then(MailRequest::default),
            ..Request::default()
        }
    }
}

/// An ending before anything was made.
fn failed(why: &Text) -> Ending {
    Ending::Failed { reason: told(why), reported: Vec::new() }
}

fn source_problem(error: &SourceError) -> Vec<Diagnostic> {
    vec![Diagnostic::error("source", error.describe())]
}

/// The first findings in both languages, on one line.
fn findings(diagnostics: &[Diagnostic]) -> Text {
    let line = |language| {
        let (lines, more) = describe_all(diagnostics, language, REASONS_MAX);
        let line = lines.iter().map(|one| one.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("; ");
        if more > 0 { format!("{line}; … (+{more})") } else { line }
    };
    Text { vi: line(Language::Vietnamese), en: line(Language::English) }
}

/// A sentence as the store keeps it, in both languages.
fn told(text: &Text) -> String {
    serde_json::to_string(text).expect("a text is plain data")
}

/// The reason of an occurrence for people.
pub fn reason_of(occurrence: &Occurrence) -> Text {
    match occurrence.reason.as_str() {
        "misfire" => say!("lỡ giờ", "missed"),
        "overlap" => say!("lần trước chưa xong", "the one before was not finished"),
        "late" => say!("trễ quá hạn", "later than allowed"),
        "paused" => say!("lịch đang tạm dừng", "paused"),
        "disabled" => say!("lịch đang tắt", "switched off"),
        other => serde_json::from_str(other).unwrap_or_else(|_| Text { vi: other.to_owned(), en: other.to_owned() }),
    }
}
