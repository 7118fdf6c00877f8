//! The service: every loop of the office in one process, how it feels, and how it stops.
//!
//! Owns starting and draining the loops, and [`Vitals`]: what health pages and metrics tell. Checks run by themselves every
//! few seconds; a page shows the last ones, so that no probe waits behind work.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::office::{Office, Opening};
use super::schedules::{Clerk, Unwatched};
use super::work::{Event, Work};
use super::{App, AppError};
use crate::config::ServiceConfig;
use crate::scheduler::{Alert, Scheduler};
use crate::storage::Disk;
use crate::store::instance::Figures;

/// Between two looks for schedules that were made by form.
const LEARN_EVERY: Duration = Duration::from_secs(2);
/// Between two checks.
const CHECK_EVERY: Duration = Duration::from_secs(10);
/// Between two checks of the storage.
const STORAGE_EVERY: Duration = Duration::from_secs(60);
/// A database that takes longer to write is not ready.
const WRITE_MAX: Duration = Duration::from_secs(1);
/// A storage that takes longer is not ready.
const STORAGE_MAX: Duration = Duration::from_secs(5);
/// The database's clock and the machine's may differ by so many milliseconds.
const DRIFT_MAX: i64 = 5_000;
/// Closing the store.
const CLOSE_MAX: Duration = Duration::from_secs(10);

/// The running service.
pub struct Service {
    office: Arc<Office>,
    vitals: Arc<Vitals>,
    loops: JoinSet<()>,
    stop: Sender<bool>,
    drain: Duration,
}

/// How the office feels.
pub struct Vitals {
    pub(super) office: Arc<Office>,
    stopping: AtomicBool,
    bounces_unread: AtomicBool,
    last: Mutex<Checked>,
    pub(super) counted: Mutex<Option<(Instant, Figures)>>,
}

/// What the last checks found.
#[derive(Debug, Clone, Default)]
struct Checked {
    at: Option<Instant>,
    problems: Vec<&'static str>,
    storage_at: Option<Instant>,
    storage_well: bool,
}

impl App {
    /// Opens the office to work and starts its loops.
    pub async fn start_service(&self) -> Result<Service, AppError> {
        let office = Arc::new(self.office(None, Opening::ToWork).await?);
        let (entries, calendar) = self.schedule_entries(&self.known_schedules(&office).await?)?;
        let store = office.store.clone();
        if store.is_file() {
            // Alone on the file: whoever held an occurrence is gone.
            store.release_occurrences(None).await?;
        }
        let (stop, stopped) = watch::channel(false);
        let clerk = Arc::new(Clerk {
            app: self.clone(),
            office: Arc::clone(&office),
            stop: stopped.clone(),
            beside_workers: true,
            turns: Arc::default(),
        });
        let scheduler = Arc::new(Scheduler { owner: store.new_owner().await?, store, entries: entries.into(), calendar, work: clerk });
        // What is wrong with a relay is said now, not when the first message is due.
        self.sender(&office)?;
        let vitals = Arc::new(Vitals::new(Arc::clone(&office)));
        vitals.check().await;
        let mut loops = JoinSet::new();
        let (watching, until) = (Arc::clone(&scheduler), stopped.clone());
        loops.spawn(async move { watching.watch(until).await });
        let (app, hearing, learning, until) = (self.clone(), Arc::clone(&office), Arc::clone(&scheduler), stopped.clone());
        loops.spawn(async move { app.keep_learning(&hearing, &learning, until).await });
        let until = stopped.clone();
        loops.spawn(async move { scheduler.serve(until).await });
        let (app, sending, until) = (self.clone(), Arc::clone(&office), stopped.clone());
        loops.spawn(async move { app.keep_sending(&sending, until).await });
        let (app, working, until) = (self.clone(), Arc::clone(&office), stopped.clone());
        loops.spawn(async move { app.keep_working(working, until).await });
        // What is wrong with the mailbox of bounces is said now, too.
        self.bounce_mailbox(&office)?;
        let (app, reading, feeling, until) = (self.clone(), Arc::clone(&office), Arc::clone(&vitals), stopped.clone());
        loops.spawn(async move { app.keep_reading_bounces(&reading, &feeling, until).await });
        let (app, telling, feeling, until) = (self.clone(), Arc::clone(&office), Arc::clone(&vitals), stopped.clone());
        loops.spawn(async move { app.keep_alerting(&telling, &feeling, until).await });
        let (app, telling, until) = (self.clone(), Arc::clone(&office), stopped.clone());
        loops.spawn(async move { app.keep_telling(telling, until).await });
        let (app, clearing, until) = (self.clone(), Arc::clone(&office), stopped.clone());
        loops.spawn(async move { app.keep_clearing(&clearing, until).await });
        let checking = Arc::clone(&vitals);
        loops.spawn(async move { checking.watch(stopped).await });
        Ok(Service { office, vitals, loops, stop, drain: self.workspace.config.service.drain() })
    }

    /// Lets the scheduler know what was made or taken away by form, until `stop` turns true.
    async fn keep_learning(&self, office: &Office, scheduler: &Scheduler, mut stop: Receiver<bool>) {
        let mut known = None;
        while !*stop.borrow() {
            match office.store.made_schedules_mark().await {
                Ok(mark) if known.as_ref() != Some(&mark) => {
                    if let Ok(schedules) = self.known_schedules(office).await
                        && let Ok((entries, _)) = self.schedule_entries(&schedules)
                    {
                        scheduler.entries.replace(entries);
                        known = Some(mark);
                    }
                }
                // A store that is away is away for the scheduler too, which says so.
                Ok(_) | Err(_) => {}
            }
            let _ = tokio::time::timeout(LEARN_EVERY, stop.wait_for(|stop| *stop)).await;
        }
    }

    /// Works on whatever batch has work until `stop` turns true; what was away is tried again.
    async fn keep_working(&self, office: Arc<Office>, mut stop: Receiver<bool>) {
        let runtime = tokio::runtime::Handle::current();
        while !*stop.borrow() {
            let (app, office, runtime, until) = (self.clone(), Arc::clone(&office), runtime.clone(), stop.clone());
            let (tell, ended) = tokio::sync::oneshot::channel();
            // On a thread of its own: a panic there ends that try only.
            std::thread::spawn(move || {
                let work = Work { until_idle: false, progress: &Unwatched, on_event: &log_batch, stop: &until };
                let _ = tell.send(runtime.block_on(app.work(&office, work)).is_ok());
            });
            if !matches!(ended.await, Ok(true)) {
                tracing::error!(event = "worker.ended");
                let _ = tokio::time::timeout(CHECK_EVERY, stop.wait_for(|stop| *stop)).await;
            }
        }
    }

    /// Sends what is due until `stop` turns true; what was away is tried again. When a page changes the configuration, what is
    /// under way is brought home, and the sender begins anew with other relays.
    async fn keep_sending(&self, office: &Office, mut stop: Receiver<bool>) {
        let mut changes = self.workspace.changes();
        while !*stop.borrow() {
            changes.mark_unchanged();
            let (pause, paused) = watch::channel(false);
            let sending = self.send(office, &paused, false);
            tokio::pin!(sending);
            let ended = tokio::select! {
                ended = &mut sending => ended,
                _ = async { tokio::select! { _ = stop.wait_for(|stop| *stop) => {}, _ = changes.changed() => {} } } => {
                    let _ = pause.send(true);
                    sending.await
                }
            };
            if let Err(error) = ended {
                tracing::error!(event = "sender.ended", transient = error.is_transient());
                let _ = tokio::time::timeout(CHECK_EVERY, stop.wait_for(|stop| *stop)).await;
            }
        }
    }

    /// `[service]`.
    pub fn service_config(&self) -> &ServiceConfig {
        &self.workspace.config.service
    }

    /// Must another person say yes before numbers are taken and messages go out?
    pub fn needs_approval(&self) -> bool {
        self.workspace.config.approval.required
    }

    /// Logs what an operator must hear of; [`super::alerts`] finds it in the store and tells them.
    pub(super) fn alert(&self, alert: Alert<'_>) {
        // Reasons may hold names from the data: they stay in the store.
        match alert {
            Alert::Missed { schedule, slots } => tracing::error!(event = "schedule.missed", schedule, slots),
            Alert::Failed { schedule, scheduled_for, .. } => tracing::error!(event = "occurrence.failed", schedule, slot = scheduled_for),
        }
    }
}

/// Reasons may hold what the data say: they stay in the store.
fn log_batch(batch: &str, event: &Event) {
    match event {
        Event::Begun => tracing::info!(event = "batch.begun", batch),
        Event::Completed => tracing::info!(event = "batch.completed", batch),
        Event::Held(_) => tracing::error!(event = "batch.held", batch),
        Event::Away(_) => tracing::warn!(event = "batch.away", batch),
    }
}

impl Service {
    /// The office that it works in.
    pub fn office(&self) -> Arc<Office> {
        Arc::clone(&self.office)
    }

    /// How it feels.
    pub fn vitals(&self) -> Arc<Vitals> {
        Arc::clone(&self.vitals)
    }

    /// Turns unready, claims nothing more, brings home what is under way within the limit, gives leases back, folds the
    /// log into the database. False when the limit cut something short; its leases run out by themselves.
    pub async fn stop(mut self) -> bool {
        self.vitals.stopping.store(true, Ordering::Relaxed);
        let _ = self.stop.send(true);
        tracing::info!(event = "service.stopping");
        let ended = tokio::time::timeout(self.drain, async { while self.loops.join_next().await.is_some() {} }).await;
        self.loops.shutdown().await;
        let closed = tokio::time::timeout(CLOSE_MAX, self.office.store.clone().close()).await;
        tracing::info!(event = "service.stopped", in_time = ended.is_ok());
        ended.is_ok() && closed.is_ok()
    }
}

impl Vitals {
    fn new(office: Arc<Office>) -> Self {
        Self {
            office,
            stopping: AtomicBool::new(false),
            bounces_unread: AtomicBool::new(false),
            last: Mutex::default(),
            counted: Mutex::default(),
        }
    }

    /// What keeps the office from working; empty when nothing does.
    pub fn problems(&self) -> Vec<&'static str> {
        if self.stopping.load(Ordering::Relaxed) {
            return vec!["stopping"];
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match last.at {
            // The loop of checks itself may be stuck.
            Some(at) if at.elapsed() < 3 * CHECK_EVERY => last.problems.clone(),
            _ => vec!["checks"],
        }
    }

    /// What an operator should hear of when it lasts.
    pub(super) fn lasting_problems(&self) -> Vec<&'static str> {
        let mut problems = self.problems();
        if self.bounces_unread.load(Ordering::Relaxed) {
            problems.push("bounces");
        }
        problems.retain(|problem| *problem != "stopping");
        problems
    }

    /// Notes whether the mailbox of bounces can be read. The office works without it.
    pub(super) fn bounces_unread(&self, unread: bool) {
        self.bounces_unread.store(unread, Ordering::Relaxed);
    }

    async fn watch(&self, mut stop: Receiver<bool>) {
        while !*stop.borrow() {
            let _ = tokio::time::timeout(CHECK_EVERY, stop.wait_for(|stop| *stop)).await;
            self.check().await;
        }
    }

    async fn check(&self) {
        let mut problems = Vec::new();
        match tokio::time::timeout(WRITE_MAX, self.office.store.probe_write()).await {
            Ok(Ok(now)) => {
                if (now - Timestamp::now().as_millisecond()).abs() > DRIFT_MAX {
                    problems.push("clock");
                }
            }
            Ok(Err(_)) | Err(_) => problems.push("database"),
        }
        if !Disk::of(self.office.objects.root()).is_ok_and(Disk::has_room) {
            problems.push("disk");
        }
        let mut checked = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if checked.storage_at.is_none_or(|at| at.elapsed() >= STORAGE_EVERY) || !checked.storage_well {
            let objects = Arc::clone(&self.office.objects);
            let probe = tokio::task::spawn_blocking(move || objects.probe().is_ok());
            checked.storage_well = matches!(tokio::time::timeout(STORAGE_MAX, probe).await, Ok(Ok(true)));
            checked.storage_at = Some(Instant::now());
        }
        if !checked.storage_well {
            problems.push("storage");
        }
        if !problems.is_empty() {
            tracing::warn!(event = "service.unready", problems = problems.join(","));
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Checked { at: Some(Instant::now()), problems, ..checked };
    }
}

/// Tells systemd how the service stands; where nobody asked, nobody is told.
pub struct Supervisor {
    socket: Option<(UnixDatagram, PathBuf)>,
}

impl Supervisor {
    /// `path` is what the environment names.
    pub fn new(path: Option<String>) -> Self {
        Self { socket: path.and_then(|path| Some((UnixDatagram::unbound().ok()?, path.into()))) }
    }

    /// `READY=1`, `WATCHDOG=1`, `STOPPING=1`.
    pub fn tell(&self, state: &str) {
        if let Some((socket, path)) = &self.socket {
            let _ = socket.send_to(state.as_bytes(), path);
        }
    }
}
