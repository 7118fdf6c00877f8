//! Renders in child processes of this binary, so that a deadline and a memory limit can be enforced.
//!
//! Owns the processes: starting, feeding, killing, recycling, and setting a record apart that kills two of them. What a
//! child does with a record is `typeset`'s; what is done with the result is `batch`'s.

mod child;
mod protocol;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::say;
use crate::template::Page;
use crate::typeset::fonts::FontFile;
use crate::typeset::{Job, Typeset};

pub use worker::run as run_worker;

/// The argument that makes the binary a worker instead of a command line.
pub const WORKER_ARGUMENT: &str = "render-worker";

/// Limits of the pool.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The binary to start; normally this one.
    pub program: PathBuf,
    /// Child processes.
    pub workers: usize,
    /// Wall-clock time for one document.
    pub deadline: Duration,
    /// Address space of one child, in bytes.
    pub memory_bytes: u64,
    /// Documents after which a child is replaced.
    pub recycle_documents: u32,
    /// Resident memory after which a child is replaced, in bytes.
    pub recycle_bytes: u64,
}

impl Settings {
    /// Defaults for this machine.
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            deadline: Duration::from_secs(60),
            memory_bytes: 1 << 30,
            recycle_documents: 5_000,
            recycle_bytes: 512 << 20,
        }
    }
}

/// What became of a record.
#[derive(Debug)]
pub enum Verdict {
    /// The finished document.
    Done(Box<Typeset>),
    /// The page or its checks refuse it.
    Failed(Vec<Diagnostic>),
    /// It killed two workers.
    Quarantined(Box<Diagnostic>),
}

/// The pool cannot work at all.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The child process does not start.
    #[error("cannot start a render worker from `{program}`")]
    Start {
        /// The binary.
        program: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The child starts but does not become ready.
    #[error("the render worker does not become ready: {reason}")]
    NotReady {
        /// What it said last.
        reason: String,
    },
    /// The pool is shutting down.
    #[error("the render pool is closed")]
    Closed,
}

impl PoolError {
    /// Is it worth trying again?
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Start { .. })
    }
}

struct Task {
    job: Job,
    answer: oneshot::Sender<Result<Verdict, PoolError>>,
}

/// Child processes that render one template.
pub struct Pool {
    tasks: mpsc::Sender<Task>,
    children: JoinSet<()>,
}

impl Pool {
    /// Starts the children for `page` with the fonts of the catalog. Needs a tokio runtime.
    pub fn start(settings: &Settings, page: &Page, fonts: &[FontFile]) -> Self {
        let setup = Arc::new(protocol::setup_frame(page, fonts));
        let (sender, receiver) = mpsc::channel::<Task>(settings.workers.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let mut children = JoinSet::new();
        for _ in 0..settings.workers.max(1) {
            children.spawn(serve(settings.clone(), Arc::clone(&setup), Arc::clone(&receiver)));
        }
        Self { tasks: sender, children }
    }

    /// Renders one record.
    pub async fn render(&self, job: Job) -> Result<Verdict, PoolError> {
        let (answer, result) = oneshot::channel();
        self.tasks.send(Task { job, answer }).await.map_err(|_| PoolError::Closed)?;
        result.await.map_err(|_| PoolError::Closed)?
    }

    /// Lets the children finish and waits until they are gone.
    pub async fn close(self) {
        let Self { tasks, mut children } = self;
        drop(tasks);
        while children.join_next().await.is_some() {}
    }
}

/// One child after another, fed from the common queue.
async fn serve(settings: Settings, setup: Arc<Vec<u8>>, tasks: Arc<Mutex<mpsc::Receiver<Task>>>) {
    // Started before the first task arrives: loading fonts and template overlaps with reading the data.
    let mut child = child::Child::start(&settings, &setup).await.ok();
    loop {
        let task = { tasks.lock().await.recv().await };
        let Some(Task { job, answer }) = task else { break };
        let result = render_with_retry(&settings, &setup, &mut child, &job).await;
        let _ = answer.send(result);
        if let Some(running) = &child
            && running.is_worn(&settings)
        {
            child.take();
        }
    }
    if let Some(child) = child {
        child.stop().await;
    }
}

/// A death of the child is charged to the record; a second one sets it apart.
async fn render_with_retry(settings: &Settings, setup: &[u8], child: &mut Option<child::Child>, job: &Job) -> Result<Verdict, PoolError> {
    let mut deaths = Vec::new();
    while deaths.len() < 2 {
        let mut running = match child.take() {
            Some(running) => running,
            None => child::Child::start(settings, setup).await?,
        };
        match running.render(job, settings.deadline).await {
            Ok(answer) => {
                if !answer.panicked {
                    *child = Some(running);
                }
                return Ok(match answer.result {
                    Ok(typeset) => Verdict::Done(Box::new(typeset)),
                    Err(diagnostics) => Verdict::Failed(diagnostics),
                });
            }
            Err(death) => {
                crate::metrics::WORKER_DEATHS.count(death.name());
                deaths.push(death);
            }
        }
    }
    let reason = match deaths.pop() {
        Some(child::Death::Deadline) => {
            let seconds = settings.deadline.as_secs_f64();
            say!("dàn trang quá {seconds} giây", "setting the page took more than {seconds} s")
        }
        Some(child::Death::Memory) => {
            let mib = settings.memory_bytes >> 20;
            say!("dàn trang cần hơn {mib} MiB bộ nhớ", "setting the page needs more than {mib} MiB of memory")
        }
        Some(child::Death::Crash(said)) => say!("tiến trình dàn trang bị dừng: {said}", "the render worker died: {said}"),
        None => say!("tiến trình dàn trang bị dừng", "the render worker died"),
    };
    let message = Text {
        vi: format!("bị tách riêng sau hai lần làm dừng tiến trình: {}", reason.vi),
        en: format!("set apart after it stopped two workers: {}", reason.en),
    };
    let diagnostic = Diagnostic::error("quarantined", message)
        .remedy(say!("kiểm tra dữ liệu của bản ghi này và trang mẫu", "check this record's data and the template's page"));
    Ok(Verdict::Quarantined(Box::new(diagnostic)))
}
