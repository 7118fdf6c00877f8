//! The second phase: render what was accepted, make each document last, then say so in the store.
//!
//! Owns the flow of one process through one batch: claim, render, sync, commit, show. Any number of processes may do so at
//! once on a shared store; any of them may die at any moment. What a record came to is `outcome`'s, the files' safety
//! `storage`'s. Memory stays flat: a bounded number of documents is under way at any time.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::outcome::{Counts, in_the_way};
use super::setting::Setting;
use super::shelf::{Notes, Shelf, ShelfError, Standing};
use crate::diagnostic::{Diagnostic, Place};
use crate::failpoint;
use crate::lifecycle::BatchState;
use crate::metrics;
use crate::qr;
use crate::render_pool::{Pool, PoolError, Verdict};
use crate::storage::{Objects, StagedObject, StorageError, hash_bytes};
use crate::store::documents::{NewDocument, Placed};
use crate::store::records::{Claimed, End};
use crate::store::{Store, StoreError};
use crate::typeset::Job;
use crate::typeset::checks::in_users_file;

/// Documents between rendering and publishing.
const UNDER_WAY_MAX: usize = 96;

/// Records claimed at once: enough that a commit is shared, few enough that another process finds work.
const CLAIM: u32 = 64;

/// Documents that share a commit, and how long the first of them waits for the others.
const GROUP: usize = 24;
const GATHER: Duration = Duration::from_millis(40);

/// Longest wait before looking again whether there is work.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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

/// Told of every step; shows it to a person.
pub trait Progress: Send + Sync {
    /// Called when counts have changed.
    fn update(&self, counts: &Counts);
}

/// The run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The objects or the output folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
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
            Self::Store(error) => error.is_transient(),
            Self::Pool(error) => error.is_transient(),
            Self::Task => false,
        }
    }
}

impl From<ShelfError> for RunError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Storage(error) => Self::Storage(error),
            ShelfError::Store(error) => Self::Store(error),
        }
    }
}

/// Everything that a process works on a batch with.
pub struct Run<'a> {
    /// The office's memory.
    pub store: &'a Store,
    /// The documents' bytes.
    pub objects: &'a Arc<Objects>,
    /// The batch.
    pub batch: &'a str,
    /// What its records share.
    pub setting: &'a Arc<Setting>,
    /// The workers.
    pub pool: &'a Arc<Pool>,
    /// The output folder.
    pub output: Output<'a>,
    /// When others are to have their turn; none for a process that is there for this batch alone.
    pub turn: Option<Turn<'a>>,
    /// This process, as the owner of leases.
    pub owner: &'a str,
    /// How many records were accepted, and how many of them are stored already.
    pub counts: Counts,
    /// Told of every step.
    pub progress: &'a dyn Progress,
    /// Ends the run early when it turns true, with everything under way brought home.
    pub stop: &'a tokio::sync::watch::Receiver<bool>,
}

/// How a process knows the output folder of its batch.
pub enum Output<'a> {
    /// It holds the folder, and puts the documents there as they are made.
    Held(&'a mut Shelf),
    /// It only looks: the documents are put there when the batch is completed.
    Seen(Notes),
}

/// A stretch of work on one batch, which ends when it was long enough and another batch has work.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// How long it goes on although others wait.
    pub length: Duration,
    /// Batches that are not to be waited for now.
    pub put_off: &'a HashSet<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// Stopped by the user before the end.
    pub stopped: bool,
    /// Left for another batch before the end.
    pub yielded: bool,
    /// Where the time went.
    pub times: StageTimes,
}

/// A record on its way to the store.
struct Finished {
    record: Claimed,
    end: End,
    staged: Option<StagedObject>,
    times: StageTimes,
}

/// Works on a batch until no record of it waits any longer, it is held or given up, or the user stops.
pub async fn run(batch: Run<'_>) -> Result<Ended, RunError> {
    let (store, owner) = (batch.store.clone(), batch.owner.to_owned());
    let beating = Beating::start(&store, &owner);
    let result = work(batch).await;
    drop(beating);
    if matches!(&result, Err(error) if !matches!(error, RunError::Store(_))) {
        // Whoever comes next need not wait for the leases to run out.
        let _ = store.give_back(&owner).await;
    }
    result
}

/// Renews the leases of an owner for as long as it lives. Should the store be away for longer than a lease, the work is
/// somebody else's, and the store refuses what this process made of it.
pub struct Beating(tokio::task::JoinHandle<()>);

impl Beating {
    /// Begins to renew.
    pub fn start(store: &Store, owner: &str) -> Self {
        let (store, owner) = (store.clone(), owner.to_owned());
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(store.beat_every()).await;
                let _ = store.beat(&owner).await;
            }
        }))
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn work(mut run: Run<'_>) -> Result<Ended, RunError> {
    run.objects.prepare(run.batch)?;
    let began = Instant::now();
    let mut ended = Ended { stopped: false, yielded: false, times: StageTimes::default() };
    let mut claimed: VecDeque<Claimed> = VecDeque::new();
    let mut tasks = JoinSet::new();
    let mut group: Vec<Finished> = Vec::new();
    run.progress.update(&run.counts);
    loop {
        ended.stopped |= *run.stop.borrow();
        if claimed.is_empty() && !ended.stopped && !ended.yielded {
            let over = run.turn.is_some_and(|turn| began.elapsed() >= turn.length);
            ended.yielded = over && others_wait(&run).await?;
            if !ended.yielded {
                claimed = run.store.claim(run.batch, run.owner, CLAIM).await?.into();
            }
        }
        while !ended.stopped && tasks.len() < UNDER_WAY_MAX {
            let Some(record) = claimed.pop_front() else { break };
            match decide(&run, &record)? {
                Some(end) => group.push(Finished { record, end, staged: None, times: StageTimes::default() }),
                None => {
                    let (pool, objects, setting) = (Arc::clone(run.pool), Arc::clone(run.objects), Arc::clone(run.setting));
                    let id = run.store.id_at(record.claimed_at)?;
                    tasks.spawn(async move { render(record, id, &pool, &objects, &setting).await });
                }
            }
        }
        if group.is_empty()
            && let Some(finished) = tasks.join_next().await
        {
            group.push(finished.map_err(|_| RunError::Task)??);
        }
        // A commit and two syncs are shared by what finishes close together; the workers have enough to do meanwhile.
        let until = tokio::time::Instant::now() + GATHER;
        while !group.is_empty() && group.len() < GROUP {
            let Ok(Some(finished)) = tokio::time::timeout_at(until, tasks.join_next()).await else { break };
            group.push(finished.map_err(|_| RunError::Task)??);
        }
        if !group.is_empty() {
            publish(std::mem::take(&mut group), &mut run, &mut ended.times).await?;
            run.progress.update(&run.counts);
        } else if ended.stopped {
            run.store.give_back(run.owner).await?;
            return Ok(ended);
        } else if ended.yielded {
            return Ok(ended);
        } else if claimed.is_empty() {
            // Its last records may be in other hands for a while.
            ended.yielded = others_wait(&run).await?;
            if ended.yielded || !wait_for_more(&run).await? {
                return Ok(ended);
            }
        }
    }
}

/// Does another batch have work, and is this process there for it as well?
async fn others_wait(run: &Run<'_>) -> Result<bool, StoreError> {
    let Some(turn) = run.turn else { return Ok(false) };
    let due = run.store.due_batches().await?;
    Ok(due.iter().any(|batch| batch != run.batch && !turn.put_off.contains(batch)))
}

/// Waits while records of the batch are not yet due or in other hands; false when nothing is left to wait for.
async fn wait_for_more(run: &Run<'_>) -> Result<bool, RunError> {
    let tally = run.store.tally(run.batch).await?;
    if tally.accepted + tally.rendering == 0 || run.store.batch(run.batch).await?.state != BatchState::Running {
        return Ok(false);
    }
    let mut stop = run.stop.clone();
    let _ = tokio::time::timeout(LOOK_AGAIN, stop.wait_for(|stop| *stop)).await;
    Ok(true)
}

/// What needs no rendering: the very document stands there, or something that must not be touched.
fn decide(run: &Run<'_>, record: &Claimed) -> Result<Option<End>, RunError> {
    let (standing, is_held) = match &run.output {
        Output::Held(shelf) => (shelf.standing(&record.file, &record.digest)?, true),
        Output::Seen(notes) => (notes.standing(&record.file, &record.digest)?, false),
    };
    Ok(match standing {
        Standing::Same(Placed { document: Some(document), .. }) => Some(End::Kept { document }),
        // Who only looks makes it: what is in the way may be gone when the documents are put there, or is said then.
        Standing::Foreign if is_held => Some(End::Failed { reasons: reasons(&[in_the_way(&record.file)]) }),
        Standing::Same(_) | Standing::Foreign | Standing::Free | Standing::Ours => None,
    })
}

/// Renders one record and stages its object.
async fn render(record: Claimed, id: String, pool: &Pool, objects: &Arc<Objects>, setting: &Setting) -> Result<Finished, RunError> {
    let ended = |record, end| Ok(Finished { record, end, staged: None, times: StageTimes::default() });
    let in_data_file = places_of(&record);
    let job = match job(&record, setting) {
        Ok(job) => job,
        Err(problem) => return ended(record, End::Failed { reasons: reasons(&[problem]) }),
    };
    passed("render.start")?;
    let verdict = pool.render(job).await?;
    passed("render.done")?;
    let typeset = match verdict {
        Verdict::Done(typeset) => typeset,
        Verdict::Failed(problems) => {
            metrics::RENDER_FAILURES.count(problems.first().map_or("unknown", |problem| problem.code.as_ref()));
            return ended(record, End::Failed { reasons: reasons(&in_data_file(problems)) });
        }
        Verdict::Quarantined(problem) => {
            metrics::RENDER_FAILURES.count(&problem.code);
            return ended(record, End::Quarantined { reasons: reasons(&[*problem]) });
        }
    };
    metrics::RENDER_SECONDS.observe(typeset.compile + typeset.export);
    let objects = Arc::clone(objects);
    tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        let sha256 = hash_bytes(&typeset.pdf);
        let staged = objects.stage(&record.batch, &id, &typeset.pdf)?;
        let document = NewDocument { id, object: staged.name.clone(), sha256, bytes: typeset.pdf.len() as u64, pages: typeset.pages };
        let times = StageTimes { compile: typeset.compile, export: typeset.export, publish: started.elapsed() };
        let end = End::Stored { document, reasons: reasons(&in_data_file(typeset.warnings)), placed_in: None };
        Ok(Finished { record, end, staged: Some(staged), times })
    })
    .await
    .map_err(|_| RunError::Task)?
}

/// A place at which a test makes the workers fail.
fn passed(name: &str) -> Result<(), RunError> {
    failpoint::pass(name).map_err(|error| RunError::Pool(PoolError::NotReady { reason: error.to_string() }))
}

/// Makes a group of documents last, commits what its records came to, then shows the documents in the output folder.
async fn publish(group: Vec<Finished>, run: &mut Run<'_>, times: &mut StageTimes) -> Result<(), RunError> {
    let started = Instant::now();
    let mut staged = Vec::new();
    let mut made = Vec::new();
    let mut ended = Vec::new();
    let mut shown = Vec::new();
    let mut tally = Counts::default();
    for Finished { record, mut end, staged: object, times: own } in group {
        times.compile += own.compile;
        times.export += own.export;
        times.publish += own.publish;
        made.extend(object.iter().map(|object| (record.number, object.name.clone())));
        staged.extend(object);
        match &mut end {
            End::Stored { document, placed_in, .. } => {
                if let Output::Held(shelf) = &run.output {
                    *placed_in = Some(shelf.key().to_owned());
                    let placed = Placed {
                        file: record.file.clone(),
                        document: Some(document.id.clone()),
                        digest: record.digest.clone(),
                        sha256: document.sha256.clone(),
                        before: String::new(),
                    };
                    shown.push((record.number, document.object.clone(), placed));
                }
                tally.made += 1;
            }
            End::Kept { .. } => tally.kept += 1,
            End::Failed { .. } => tally.failed += 1,
            End::Quarantined { .. } => tally.quarantined += 1,
        }
        ended.push((record, end));
    }
    run.objects.publish(&staged)?;
    let lost = run.store.end(ended).await?;
    metrics::FENCED_WRITES.add("record", lost.len() as u64);
    for (_, object) in made.iter().filter(|(number, _)| lost.contains(number)) {
        run.objects.remove(object)?;
    }
    if let Output::Held(shelf) = &mut run.output {
        for (number, object, placed) in shown {
            if !lost.contains(&number) {
                shelf.put(run.objects, &object, placed)?;
            }
        }
    }
    times.publish += started.elapsed();
    run.counts.add(&tally);
    Ok(())
}

/// What a worker renders of a record, and what makes the same bytes of it again.
pub fn job(record: &Claimed, setting: &Setting) -> Result<Job, Diagnostic> {
    let content = serde_json::from_str(&record.content).expect("the store gives back the JSON that planning wrote");
    let mut value = setting.record(content);
    value["qr"] = match &record.qr {
        Some(text) => qr::encode(text)?,
        None => serde_json::Value::Null,
    };
    Ok(Job {
        record: serde_json::to_vec(&value).expect("a JSON value serialises"),
        title: record.title.clone(),
        author: setting.author().to_owned(),
        identity: record.digest.clone(),
        date: record.date.as_deref().and_then(|date| date.parse().ok()),
        standard: setting.standard,
        pixels_per_inch: None,
    })
}

/// Puts what the page found about a field where its value stands in the data file.
fn places_of(record: &Claimed) -> impl Fn(Vec<Diagnostic>) -> Vec<Diagnostic> + use<> {
    let places: BTreeMap<String, Place> = serde_json::from_str(&record.places).unwrap_or_default();
    move |found| found.into_iter().map(|one| in_users_file(one, &|field| places.get(field).cloned())).collect()
}

/// Diagnostics as the store keeps them.
fn reasons(diagnostics: &[Diagnostic]) -> String {
    serde_json::to_string(diagnostics).expect("diagnostics are plain data")
}
