//! The second phase: render what was accepted, publish each document whole, reconcile the counts.
//!
//! Owns the flow from spool to folder and the outcome of each record. Rendering is `render_pool`'s, the files' safety
//! `storage`'s. Memory stays flat: a bounded number of documents is under way at any time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::journal::{Journal, Line, Standing, hash_bytes};
use super::plan::Rejected;
use super::spool::{self, Entry};
use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::qr;
use crate::render_pool::{Pool, PoolError, Verdict};
use crate::say;
use crate::storage::{OutputFolder, Staged, StorageError};
use crate::typeset::{Job, Standard};

/// Documents between rendering and publishing.
const UNDER_WAY_MAX: usize = 64;

/// Folder for documents of earlier runs that are no longer in the list.
pub const SET_ASIDE_FOLDER: &str = "_cu";

/// What became of one record.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its number in the list.
    pub number: u64,
    /// Zero-based place in the order of printing; after all others for a refused row.
    pub position: u64,
    /// A name a person recognises.
    pub label: String,
    /// SHA-256 of what decides its bytes.
    pub digest: String,
    /// The document, when it was made.
    pub made: Option<Line>,
    /// It was there already, from an earlier run.
    pub kept: bool,
    /// It killed two workers.
    pub quarantined: bool,
    /// It was refused before anything rendered.
    pub rejected: bool,
    /// Why it was not made; or warnings.
    pub reasons: Vec<Diagnostic>,
}

impl Outcome {
    /// `made`, `failed`, `quarantined` or `rejected`.
    pub fn state(&self) -> &'static str {
        match &self.made {
            Some(_) => "made",
            None if self.rejected => "rejected",
            None if self.quarantined => "quarantined",
            None => "failed",
        }
    }

    /// The outcome of a row that planning refused.
    pub fn of_rejected(row: &Rejected) -> Self {
        Self {
            number: row.number,
            position: u64::MAX,
            label: row.label.clone(),
            digest: String::new(),
            made: None,
            kept: false,
            quarantined: false,
            rejected: true,
            reasons: row.diagnostics.clone(),
        }
    }

    /// The state for people.
    pub fn state_text(&self) -> Text {
        match self.state() {
            "made" => say!("đã tạo", "made"),
            "quarantined" => say!("tách riêng", "quarantined"),
            "rejected" => say!("dữ liệu sai", "invalid data"),
            _ => say!("không tạo được", "failed"),
        }
    }
}

/// How many records came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Accepted into the run.
    pub accepted: u64,
    /// Made now.
    pub made: u64,
    /// Found made by an earlier run, unchanged.
    pub kept: u64,
    /// Refused by the page or its checks.
    pub failed: u64,
    /// Set apart.
    pub quarantined: u64,
}

impl Counts {
    /// Has every accepted record come to exactly one end?
    pub fn reconcile(&self) -> bool {
        self.accepted == self.made + self.kept + self.failed + self.quarantined
    }

    /// Records that have come to an end.
    pub fn ended(&self) -> u64 {
        self.made + self.kept + self.failed + self.quarantined
    }
}

/// Time spent by the workers, all documents together.
#[derive(Debug, Clone, Copy, Default)]
pub struct StageTimes {
    /// Layout and checks.
    pub compile: Duration,
    /// PDF.
    pub export: Duration,
    /// Hashing, writing and syncing.
    pub publish: Duration,
}

/// The end of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// The counts.
    pub counts: Counts,
    /// Each record, in the order of the list.
    pub outcomes: Vec<Outcome>,
    /// Documents of earlier runs that were set aside.
    pub set_aside: Vec<String>,
    /// Stopped by the user before the end.
    pub stopped: bool,
    /// Where the time went.
    pub times: StageTimes,
}

/// Told of every step; shows it to a person.
pub trait Progress: Send + Sync {
    /// Called when counts have changed.
    fn update(&self, counts: &Counts);
}

/// The run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The output folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The workers.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A task of the run panicked: a bug.
    #[error("a task of the run ended unexpectedly")]
    Task,
}

impl RunError {
    /// Is it worth trying again later?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Pool(error) => error.is_transient(),
            Self::Task => false,
        }
    }
}

/// A rendered document on its way to the folder.
struct Finished {
    outcome: Outcome,
    staged: Option<Staged>,
    times: StageTimes,
}

/// Everything that a run works with.
pub struct Run<'a> {
    /// The accepted records.
    pub spool_path: &'a Path,
    /// How many there are.
    pub accepted: u64,
    /// The workers.
    pub pool: &'a Arc<Pool>,
    /// Where the documents go.
    pub folder: &'a Arc<OutputFolder>,
    /// Author inside the PDFs.
    pub author: &'a str,
    /// Standard of the PDFs.
    pub standard: Standard,
    /// Told of every step.
    pub progress: &'a dyn Progress,
    /// Ends the run early when it turns true, with everything under way brought home.
    pub stop: &'a tokio::sync::watch::Receiver<bool>,
}

/// Renders the accepted records into the folder.
pub async fn run(batch: Run<'_>) -> Result<Summary, RunError> {
    let Run { spool_path, accepted, pool, folder, author, standard, progress, stop } = batch;
    let mut journal = Journal::open(&folder.state_path("journal.jsonl"))?;
    let mut summary = Summary { counts: Counts { accepted, ..Counts::default() }, ..Summary::default() };
    summary.set_aside = set_aside(spool_path, &mut journal, folder)?;
    let mut entries = spool::Reader::open(spool_path)?;
    let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let (sender, mut finished) = mpsc::channel::<Result<Finished, RunError>>(UNDER_WAY_MAX);
    let mut tasks = JoinSet::new();
    let mut exhausted = false;
    while !exhausted || !tasks.is_empty() {
        if !exhausted && *stop.borrow() {
            summary.stopped = true;
            exhausted = true;
        }
        tokio::select! {
            biased;
            arrived = finished.recv(), if !tasks.is_empty() => {
                let mut group = Vec::new();
                group.extend(arrived);
                while let Ok(more) = finished.try_recv() {
                    group.push(more);
                }
                publish(group, &mut journal, folder, &mut summary)?;
                progress.update(&summary.counts);
            }
            ended = tasks.join_next(), if !tasks.is_empty() => {
                if matches!(ended, Some(Err(_))) {
                    return Err(RunError::Task);
                }
            }
            permit = Arc::clone(&under_way).acquire_owned(), if !exhausted => {
                let Ok(permit) = permit else { break };
                match entries.next_entry()? {
                    None => exhausted = true,
                    Some(entry) => match journal.standing(folder.path(), &entry.file, &entry.digest)? {
                        Standing::Same(line) => {
                            summary.counts.kept += 1;
                            summary.outcomes.push(Outcome { made: Some(line), kept: true, ..outcome(&entry) });
                            progress.update(&summary.counts);
                        }
                        Standing::Foreign => {
                            summary.counts.failed += 1;
                            summary.outcomes.push(Outcome { reasons: vec![in_the_way(&entry)], ..outcome(&entry) });
                            progress.update(&summary.counts);
                        }
                        Standing::Free | Standing::Ours => {
                            let (pool, folder, sender) = (Arc::clone(pool), Arc::clone(folder), sender.clone());
                            let author = author.to_owned();
                            tasks.spawn(async move {
                                let result = render(entry, &pool, &folder, author, standard).await;
                                let _ = sender.send(result).await;
                                drop(permit);
                            });
                        }
                    },
                }
            }
        }
    }
    let mut group = Vec::new();
    while let Ok(more) = finished.try_recv() {
        group.push(more);
    }
    publish(group, &mut journal, folder, &mut summary)?;
    progress.update(&summary.counts);
    summary.outcomes.sort_by_key(|outcome| outcome.position);
    assert!(summary.stopped || summary.counts.reconcile(), "the counts of a finished run reconcile: {:?}", summary.counts);
    Ok(summary)
}

/// Renders one record and stages its file.
async fn render(entry: Entry, pool: &Pool, folder: &Arc<OutputFolder>, author: String, standard: Standard) -> Result<Finished, RunError> {
    let mut outcome = outcome(&entry);
    let file = entry.file.clone();
    let job = match job(entry, author, standard) {
        Ok(job) => job,
        Err(problem) => {
            outcome.reasons.push(problem);
            return Ok(Finished { outcome, staged: None, times: StageTimes::default() });
        }
    };
    let typeset = match pool.render(job).await? {
        Verdict::Done(typeset) => typeset,
        Verdict::Failed(reasons) => {
            outcome.reasons = reasons;
            return Ok(Finished { outcome, staged: None, times: StageTimes::default() });
        }
        Verdict::Quarantined(reason) => {
            outcome.reasons.push(*reason);
            outcome.quarantined = true;
            return Ok(Finished { outcome, staged: None, times: StageTimes::default() });
        }
    };
    let folder = Arc::clone(folder);
    tokio::task::spawn_blocking(move || {
        let started = std::time::Instant::now();
        let line = Line {
            file,
            digest: outcome.digest.clone(),
            sha256: hash_bytes(&typeset.pdf),
            bytes: typeset.pdf.len() as u64,
            pages: typeset.pages,
        };
        let staged = folder.stage(&line.file, &typeset.pdf)?;
        outcome.made = Some(line);
        outcome.reasons = typeset.warnings;
        let times = StageTimes { compile: typeset.compile, export: typeset.export, publish: started.elapsed() };
        Ok(Finished { outcome, staged: Some(staged), times })
    })
    .await
    .map_err(|_| RunError::Task)?
}

/// Notes a group in the journal, then makes its files visible.
fn publish(
    group: Vec<Result<Finished, RunError>>,
    journal: &mut Journal,
    folder: &OutputFolder,
    summary: &mut Summary,
) -> Result<(), RunError> {
    let mut lines = Vec::new();
    let mut staged = Vec::new();
    let mut outcomes = Vec::new();
    let mut failure = None;
    for finished in group {
        match finished {
            Ok(finished) => {
                lines.extend(finished.outcome.made.clone());
                staged.extend(finished.staged);
                summary.times.compile += finished.times.compile;
                summary.times.export += finished.times.export;
                summary.times.publish += finished.times.publish;
                outcomes.push(finished.outcome);
            }
            Err(error) => failure = Some(error),
        }
    }
    if !staged.is_empty() {
        let started = std::time::Instant::now();
        journal.note(lines)?;
        folder.publish(staged)?;
        summary.times.publish += started.elapsed();
    }
    for mut outcome in outcomes {
        match outcome.state() {
            "made" => summary.counts.made += 1,
            "quarantined" => summary.counts.quarantined += 1,
            _ => summary.counts.failed += 1,
        }
        for reason in &mut outcome.reasons {
            reason.record = Some((outcome.number, outcome.label.clone()));
        }
        summary.outcomes.push(outcome);
    }
    failure.map_or(Ok(()), Err)
}

/// Documents that an earlier run made and this list no longer names go into a folder of their own: nothing is lost, and
/// nothing outdated is printed with the rest.
fn set_aside(spool_path: &Path, journal: &mut Journal, folder: &OutputFolder) -> Result<Vec<String>, StorageError> {
    let mut planned = std::collections::HashSet::new();
    let mut entries = spool::Reader::open(spool_path)?;
    while let Some(entry) = entries.next_entry()? {
        planned.insert(entry.file);
    }
    let left_over: Vec<Line> = journal.left_over(&|file| planned.contains(file)).cloned().collect();
    let mut moved = Vec::new();
    for line in left_over {
        let is_ours = super::journal::hash_file(&folder.path().join(&line.file))?.is_some_and(|hash| hash == line.sha256);
        if is_ours {
            folder.set_aside(&line.file, SET_ASIDE_FOLDER)?;
            moved.push(line.file.clone());
        }
        journal.forget(&line.file);
    }
    moved.sort();
    Ok(moved)
}

fn outcome(entry: &Entry) -> Outcome {
    Outcome {
        number: entry.number,
        position: entry.position,
        label: entry.label.clone(),
        digest: entry.digest.clone(),
        made: None,
        kept: false,
        quarantined: false,
        rejected: false,
        reasons: Vec::new(),
    }
}

fn job(entry: Entry, author: String, standard: Standard) -> Result<Job, Diagnostic> {
    let mut record = entry.record;
    record["qr"] = match &entry.qr {
        Some(text) => qr::encode(text)?,
        None => serde_json::Value::Null,
    };
    Ok(Job {
        record: serde_json::to_vec(&record).expect("a JSON value serialises"),
        title: entry.title,
        author,
        identity: entry.digest,
        date: entry.date,
        standard,
        pixels_per_inch: None,
    })
}

fn in_the_way(entry: &Entry) -> Diagnostic {
    let file = &entry.file;
    Diagnostic::error(
        "file-in-the-way",
        say!("đã có tệp “{file}” không do lần chạy trước tạo ra", "there is a file “{file}” that no earlier run made"),
    )
    .of_record(entry.number, &entry.label)
    .remedy(say!(
        "đổi tên hoặc chuyển tệp đó đi rồi chạy lại; tệp có sẵn không bao giờ bị ghi đè",
        "rename or move that file and run again; existing files are never overwritten"
    ))
}
