//! Reads files that people hand in, in child processes of this binary: what they hold is not to be trusted.
//!
//! Owns the child: its limits, its clock and its death. It opens the one file, gives its transcript
//! ([`crate::data::transcript`]) line by line, and has no connection and no other descriptor.

mod worker;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::{Instant, timeout_at};

use crate::data::Limits;
use crate::data::transcript::Line;
use crate::diagnostic::{Diagnostic, Place};
use crate::say;

pub use worker::run as run_worker;

/// The argument that makes the binary such a child.
pub const WORKER_ARGUMENT: &str = "intake-worker";

/// What is kept of a child's stderr.
const SAID_BYTES_MAX: u64 = 4 * 1024;

/// Limits of a child.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The binary to start; normally this one.
    pub program: PathBuf,
    /// Wall-clock time for one file; the child's processor time has the same limit.
    pub deadline: Duration,
    /// Its address space, in bytes.
    pub memory_bytes: u64,
}

impl Settings {
    /// Defaults: a list of 100,000 rows takes about 5 s and 300 MiB.
    pub fn new(program: PathBuf) -> Self {
        Self { program, deadline: Duration::from_secs(120), memory_bytes: 1 << 30 }
    }
}

/// The file cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The child process does not start.
    #[error("cannot start a process from `{program}` to read the file")]
    Start {
        /// The binary.
        program: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is none that can be read: what is wrong with it.
    #[error("the file cannot be read")]
    Refused(Box<Diagnostic>),
}

impl IntakeError {
    /// Is it worth trying again, without changing anything?
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Start { .. })
    }
}

/// What the child is told.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    /// The name that its owner gives the file.
    name: String,
    /// Names by which columns may be known.
    headings: Vec<String>,
    limits: Limits,
}

/// What ends a child's answer.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    /// What is wrong with the file, if it is.
    end: Option<Diagnostic>,
}

/// The beginning of the last line of an answer.
const END: &str = "{\"end\"";

/// A file that is being read.
pub struct Intake {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    stderr: ChildStderr,
    until: Instant,
    settings: Settings,
    name: String,
    ended: bool,
}

impl Intake {
    /// Begins to read the file at `path`, which its owner calls `name`. `headings` are those to expect.
    pub async fn start(settings: &Settings, path: &Path, name: &str, headings: Vec<String>, limits: Limits) -> Result<Self, IntakeError> {
        let failed = |source| IntakeError::Start { program: settings.program.clone(), source };
        let mut child = Command::new(&settings.program)
            .arg(WORKER_ARGUMENT)
            .arg(settings.memory_bytes.to_string())
            .arg(settings.deadline.as_secs().max(1).to_string())
            .arg(std::path::absolute(path).map_err(failed)?)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let order = Order { name: name.to_owned(), headings, limits };
        let order = serde_json::to_vec(&order).expect("an order is plain data");
        let (Some(mut input), Some(output), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err(failed(std::io::Error::other("no pipes")));
        };
        // A child that dies at once says so through its answer.
        let _ = input.write_all(&order).await;
        drop(input);
        Ok(Self {
            child,
            lines: BufReader::new(output).lines(),
            stderr,
            until: Instant::now() + settings.deadline,
            settings: settings.clone(),
            name: name.to_owned(),
            ended: false,
        })
    }

    /// The next line; none when the file was read to its end.
    pub async fn next(&mut self) -> Result<Option<Line>, IntakeError> {
        if self.ended {
            return Ok(None);
        }
        let line = match timeout_at(self.until, self.lines.next_line()).await {
            Err(_) => {
                let _ = self.child.kill().await;
                return Err(self.too_slow());
            }
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None) | Err(_)) => return Err(self.post_mortem().await),
        };
        if line.starts_with(END) {
            self.ended = true;
            let _ = self.child.wait().await;
            return match serde_json::from_str::<End>(&line) {
                Ok(End { end: None }) => Ok(None),
                Ok(End { end: Some(problem) }) => Err(IntakeError::Refused(Box::new(problem))),
                Err(_) => Err(self.broken("garbled end")),
            };
        }
        Line::parse(&line).map(Some).ok_or_else(|| self.broken("garbled line"))
    }

    fn too_slow(&self) -> IntakeError {
        let seconds = self.settings.deadline.as_secs_f64();
        self.refuse(
            Diagnostic::error("file-too-slow", say!("đọc quá {seconds} giây chưa xong", "takes more than {seconds} s to read"))
                .remedy(say!("chia danh sách thành nhiều tệp", "split the list into several files")),
        )
    }

    async fn post_mortem(&mut self) -> IntakeError {
        let mut said = Vec::new();
        let _ = (&mut self.stderr).take(SAID_BYTES_MAX).read_to_end(&mut said).await;
        let said = String::from_utf8_lossy(&said).into_owned();
        let status = self.child.wait().await.map(|status| status.to_string()).unwrap_or_default();
        if said.contains("memory allocation of") || said.contains("Cannot allocate memory") {
            let mib = self.settings.memory_bytes >> 20;
            return self.refuse(
                Diagnostic::error(
                    "file-too-heavy",
                    say!("cần hơn {mib} MiB bộ nhớ để đọc", "needs more than {mib} MiB of memory to be read"),
                )
                .remedy(say!(
                    "chép vùng dữ liệu sang một tệp .xlsx mới rồi nộp tệp đó",
                    "copy the data into a new .xlsx file and hand that in"
                )),
            );
        }
        if Instant::now() >= self.until || status.contains("SIGXCPU") {
            return self.too_slow();
        }
        self.broken(said.lines().next_back().unwrap_or(&status))
    }

    fn broken(&self, cause: &str) -> IntakeError {
        self.refuse(
            Diagnostic::error(
                "file-broken",
                say!("tệp hỏng, không đọc được (chi tiết: {cause})", "the file is damaged and cannot be read (detail: {cause})"),
            )
            .remedy(say!(
                "mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc",
                "open it in Excel and save it as a new .xlsx file; if Excel finds it damaged too, get the original again"
            )),
        )
    }

    fn refuse(&self, problem: Diagnostic) -> IntakeError {
        IntakeError::Refused(Box::new(problem.at(Place::File { file: self.name.clone() })))
    }
}
