//! The coordinator's end of one child process.
//!
//! Owns its pipes, its clock and its death. A child that misses a deadline is killed; what it said last on stderr
//! explains a crash.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::protocol::{self, Answer};
use super::{PoolError, Settings, WORKER_ARGUMENT};
use crate::diagnostic::Diagnostic;
use crate::failpoint::pass;
use crate::typeset::{Job, Typeset};

/// Time for a child to load its template and fonts.
const START_MAX: Duration = Duration::from_secs(30);

/// What is kept of a child's stderr.
const SAID_BYTES_MAX: usize = 4 * 1024;

/// A running child.
pub(super) struct Child {
    process: tokio::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    said: Arc<Mutex<Vec<u8>>>,
    documents: u32,
}

/// Why a child is gone.
#[derive(Debug)]
pub(super) enum Death {
    /// It missed the deadline and was killed.
    Deadline,
    /// It ran into its memory limit.
    Memory,
    /// It ended by itself; its last words.
    Crash(String),
}

impl Death {
    /// The name in metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Crash(_) => "crash",
        }
    }
}

/// A child's answer to one record.
pub(super) struct Reply {
    pub result: Result<Typeset, Vec<Diagnostic>>,
    /// It panicked on the way, so its state is not to be trusted.
    pub panicked: bool,
}

impl Child {
    /// Starts a child and waits until it has loaded its template.
    pub(super) async fn start(settings: &Settings, setup: &[u8]) -> Result<Self, PoolError> {
        let mut process = Command::new(&settings.program)
            .arg(WORKER_ARGUMENT)
            .arg(settings.memory_bytes.to_string())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .and_then(|process| pass("worker.spawned").map(|()| process))
            .map_err(|source| PoolError::Start { program: settings.program.clone(), source })?;
        let (Some(input), Some(output), Some(mut stderr)) = (process.stdin.take(), process.stdout.take(), process.stderr.take()) else {
            return Err(PoolError::NotReady { reason: "no pipes".into() });
        };
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
                if let Ok(mut said) = heard.lock()
                    && said.len() < SAID_BYTES_MAX
                {
                    said.extend_from_slice(&buffer[..read]);
                }
            }
        });
        let mut child = Self { process, input, output: BufReader::new(output), said, documents: 0 };
        let not_ready = |reason: String| PoolError::NotReady { reason };
        match timeout(START_MAX, child.exchange(setup)).await {
            Ok(Ok((Answer::Ready, _))) => Ok(child),
            Ok(Ok((Answer::NotReady(reason), _))) => Err(not_ready(reason)),
            Ok(Ok(_)) => Err(not_ready("unexpected answer".into())),
            Ok(Err(_)) => Err(not_ready(child.last_words().await)),
            Err(_) => Err(not_ready("no answer in time".into())),
        }
    }

    /// Renders one record within `deadline`.
    pub(super) async fn render(&mut self, job: &Job, deadline: Duration) -> Result<Reply, Death> {
        self.documents += 1;
        let frame = protocol::encode(job, &[&job.record]);
        match timeout(deadline, self.exchange(&frame)).await {
            Err(_) => {
                let _ = self.process.kill().await;
                Err(Death::Deadline)
            }
            Ok(Err(_)) => Err(self.post_mortem().await),
            Ok(Ok((Answer::Done { pages, compile_us, export_us, pdf, images, warnings }, payload))) => {
                match protocol::unpack_done(pages, (compile_us, export_us), (pdf, &images), warnings, payload) {
                    Some(typeset) => Ok(Reply { result: Ok(typeset), panicked: false }),
                    None => Err(Death::Crash("garbled answer".into())),
                }
            }
            Ok(Ok((Answer::Failed { diagnostics, panicked }, _))) => Ok(Reply { result: Err(diagnostics), panicked }),
            Ok(Ok(_)) => Err(Death::Crash("unexpected answer".into())),
        }
    }

    /// Is it time for a fresh one?
    pub(super) fn is_worn(&self, settings: &Settings) -> bool {
        const PAGE_BYTES: u64 = 4096;
        if self.documents >= settings.recycle_documents {
            return true;
        }
        if !self.documents.is_multiple_of(64) {
            return false;
        }
        let resident = self.process.id().and_then(|id| std::fs::read_to_string(format!("/proc/{id}/statm")).ok());
        let pages = resident.and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
        pages.is_some_and(|pages| pages * PAGE_BYTES > settings.recycle_bytes)
    }

    /// Closes its input and waits until it is gone.
    pub(super) async fn stop(self) {
        let Self { mut process, input, .. } = self;
        drop(input);
        if timeout(Duration::from_secs(2), process.wait()).await.is_err() {
            let _ = process.kill().await;
        }
    }

    async fn exchange(&mut self, frame: &[u8]) -> std::io::Result<(Answer, Vec<u8>)> {
        self.input.write_all(frame).await?;
        self.input.flush().await?;
        let mut head = [0; 8];
        self.output.read_exact(&mut head).await?;
        let (header_length, payload_length) = protocol::lengths(head)?;
        let mut header = vec![0; header_length];
        self.output.read_exact(&mut header).await?;
        let mut payload = vec![0; payload_length];
        self.output.read_exact(&mut payload).await?;
        Ok((serde_json::from_slice(&header)?, payload))
    }

    async fn post_mortem(&mut self) -> Death {
        let last_words = self.last_words().await;
        let said = self.said();
        // The allocator's line before it aborts, and what a failed thread or mapping says.
        if said.contains("memory allocation of") || said.contains("Cannot allocate memory") {
            Death::Memory
        } else {
            Death::Crash(last_words)
        }
    }

    fn said(&self) -> String {
        self.said.lock().map(|said| String::from_utf8_lossy(&said).into_owned()).unwrap_or_default()
    }

    /// How it ended, and the last line it wrote.
    async fn last_words(&mut self) -> String {
        let status = timeout(Duration::from_secs(5), self.process.wait()).await;
        let ended = match status {
            Ok(Ok(status)) => status.to_string(),
            _ => {
                let _ = self.process.kill().await;
                "killed".to_owned()
            }
        };
        match self.said().lines().rfind(|line| !line.trim().is_empty() && !line.starts_with("note:")) {
            Some(line) => format!("{ended}: {line}"),
            None => ended,
        }
    }
}
