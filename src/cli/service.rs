//! `vanthu serve`, `doctor`, `backup`, `restore`: looking after the office.
//!
//! Owns the order of a stop, the log's form, and the unit for systemd.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::show::Show;
use crate::app::doctor::Level;
use crate::app::restore::Waiting;
use crate::app::service::Supervisor;
use crate::app::{App, AppError};
use crate::config::service::notify_socket;
use crate::say;
use crate::server::site::Site;
use crate::server::{self, routes};

/// The unit for systemd.
const UNIT: &str = include_str!("vanthu.service");

/// Signs of life for systemd; its unit waits 30 s for one.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Print the unit for systemd, and do nothing else.
    #[arg(long)]
    pub print_unit: bool,
}

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// DNS server that is asked of the sending domain; those of the system when absent.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub dns: Option<SocketAddr>,
}

/// `backup`
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The copy (ZIP), which must not exist.
    #[arg(value_name = "FILE")]
    pub copy: PathBuf,
}

/// `restore`
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The copy.
    #[arg(value_name = "FILE")]
    pub copy: PathBuf,
    /// Folder of the restored office, which must be missing or empty.
    #[arg(long, value_name = "FOLDER")]
    pub into: PathBuf,
    /// File with the URL of an empty PostgreSQL database that takes the rows.
    #[arg(long, value_name = "FILE")]
    pub server: Option<PathBuf>,
}

pub(super) async fn serve(args: &ServeArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    if args.print_unit {
        if show.json {
            show.document(&json!({ "ok": true, "unit": UNIT }));
        } else {
            show.line(UNIT.trim_end());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let config = app.service_config();
    let (address, level) = (config.address()?, config.level()?);
    let (listener, address) = bound(address).await?;
    let counts = match config.metrics_address()? {
        Some(address) => Some(bound(address).await?),
        None => None,
    };
    let mut ends = Ends::new()?;
    log(&level);
    server::make_room();
    let service = app.start_service().await?;
    let (close, closed) = watch::channel(false);
    let office = service.office();
    let setup = app.begin_setup(&office).await?;
    let site = Arc::new(Site::new(app.clone(), office, service.vitals()));
    if let Some((listener, address)) = counts {
        tokio::spawn(server::serve(listener, routes::metrics(Arc::clone(&site)), Vec::new(), closed.clone()));
        tracing::info!(event = "service.metrics", listen = address.to_string());
    }
    let pages = tokio::spawn(server::serve(listener, routes::router(site), config.proxies.clone(), closed));
    let supervisor = Supervisor::new(notify_socket());
    supervisor.tell("READY=1");
    tracing::info!(event = "service.ready", listen = address.to_string());
    let base = config.url.as_ref().map_or_else(|| format!("http://{address}"), |url| url.trim_end_matches('/').to_owned());
    show.say(&say!("Đang phục vụ: {base}/; Ctrl-C để dừng.", "Serving: {base}/; Ctrl-C to stop."));
    if let Some(token) = setup {
        show.say(&say!(
            "Chưa có người quản trị. Mở liên kết này một lần để tạo: {base}/thiet-lap?ma={token}",
            "There is no administrator yet. Open this link once to make one: {base}/thiet-lap?ma={token}"
        ));
    }
    while tokio::time::timeout(ALIVE_EVERY, ends.next()).await.is_err() {
        supervisor.tell("WATCHDOG=1");
    }
    supervisor.tell("STOPPING=1");
    tokio::spawn(async move {
        ends.next().await;
        // Now means now: a process may be killed at any moment, and this is one.
        std::process::exit(1);
    });
    // The pages answer “not ready” until the work is home.
    let in_time = service.stop().await;
    let _ = close.send(true);
    let _ = pages.await;
    Ok(if in_time { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn bound(address: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let failed = |source| AppError::Write { path: address.to_string().into(), source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The signals that end a service.
struct Ends {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Ends {
    fn new() -> Result<Self, AppError> {
        let of = |kind| signal(kind).map_err(|source| AppError::Write { path: "signal".into(), source });
        Ok(Self { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// JSON lines on stderr, of this program only: what libraries log may quote data.
fn log(level: &str) {
    let filter = tracing_subscriber::EnvFilter::new(format!("off,vanthu={level}"));
    let logging = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(std::io::stderr);
    let _ = logging.try_init();
    // A panic's words may quote data too; where it happened does not.
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map_or(("", 0), |location| (location.file(), location.line()));
        tracing::error!(event = "panic", file, line);
    }));
}

pub(super) async fn doctor(args: &DoctorArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let checks = app.doctor(args.dns).await?;
    let well = checks.iter().all(|check| check.level != Level::Fail);
    if show.json {
        let list: Value = checks
            .iter()
            .map(|check| {
                json!({
                    "name": check.name,
                    "level": check.level.name(),
                    "found": check.found.in_language(show.language),
                    "remedy": check.remedy.as_ref().map(|remedy| remedy.in_language(show.language)),
                })
            })
            .collect();
        show.document(&json!({ "ok": well, "checks": list }));
    } else {
        for check in &checks {
            let mark = match check.level {
                Level::Ok => say!("tốt", "ok"),
                Level::Warn => say!("lưu ý", "warn"),
                Level::Fail => say!("HỎNG", "FAIL"),
            };
            show.line(&format!("{:<6} {:<12} {}", mark.in_language(show.language), check.name, check.found.in_language(show.language)));
            if let Some(remedy) = &check.remedy {
                show.line(&format!("{:<19} → {}", "", remedy.in_language(show.language)));
            }
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub(super) async fn backup(args: &BackupArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let made = app.backup(&args.copy).await?;
    let whole = made.missing.is_empty();
    if show.json {
        show.document(&json!({ "ok": whole, "file": args.copy, "documents": made.documents, "missing": made.missing, "database": true }));
    } else {
        let (file, documents) = (args.copy.display(), made.documents);
        show.say(&say!("Đã sao lưu {documents} văn bản vào {file}", "Copied {documents} documents to {file}"));
        if !whole {
            let missing = made.missing.len();
            show.say(&say!("Thiếu hoặc hỏng {missing} văn bản trong kho.", "{missing} documents are missing or damaged in the storage."));
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub(super) async fn resume(app: &App, show: Show) -> Result<ExitCode, AppError> {
    let waiting = app.leave_safe_mode().await?;
    if show.json {
        let mut document = waiting_json(&waiting);
        document["ok"] = true.into();
        show.document(&document);
    } else {
        show.say(&say!("Việc gửi thư, gọi webhook và lịch chạy tiếp.", "Sending, webhooks and schedules go on."));
        say_waiting(&waiting, "", show);
    }
    Ok(ExitCode::SUCCESS)
}

fn waiting_json(waiting: &Waiting) -> Value {
    let series: Value =
        waiting.series.iter().map(|(register, period, last)| json!({ "register": register, "period": period, "last": last })).collect();
    json!({ "held_batches": waiting.batches, "held_messages": waiting.messages, "registers": series })
}

/// What a person must decide by name, and what a person must compare with the book on paper. `chosen` names the workspace.
fn say_waiting(waiting: &Waiting, chosen: &str, show: Show) {
    for id in &waiting.batches {
        show.say(&say!(
            "Lô {id} còn dở; bản gốc có thể đã làm tiếp. Làm tiếp ở đây: vanthu{chosen} batch resume {id}",
            "Batch {id} was under way; the original may have gone on with it. To go on here: vanthu{chosen} batch resume {id}"
        ));
    }
    for id in &waiting.messages {
        show.say(&say!(
            "Thư của lô {id} được giữ lại; bản gốc có thể đã gửi. Gửi ở đây: vanthu{chosen} outbox release {id}",
            "The messages of batch {id} are held; the original may have sent them. To send them here: vanthu{chosen} outbox release {id}"
        ));
    }
    for (register, period, last) in &waiting.series {
        show.say(&say!(
            "Sổ {register} ({period}) đang ở số {last}. Nếu đã cấp quá số đó, giữ chỗ: vanthu{chosen} register reserve {register} N --reason \"…\"",
            "Register {register} ({period}) stands at {last}. If more were given out, keep them: vanthu{chosen} register reserve {register} N --reason \"…\""
        ));
    }
}

pub(super) async fn restore(args: &RestoreArgs, show: Show) -> Result<ExitCode, AppError> {
    let restored = App::restore(&args.copy, &args.into, args.server.as_deref()).await?;
    let whole = restored.missing.is_empty();
    if show.json {
        let mut document = waiting_json(&restored.waiting);
        document["ok"] = whole.into();
        document["folder"] = json!(args.into);
        document["documents"] = restored.manifest.documents.into();
        document["missing"] = json!(restored.missing);
        document["database"] = true.into();
        show.document(&document);
    } else {
        let (folder, documents) = (args.into.display(), restored.manifest.documents);
        show.say(&say!("Đã khôi phục {documents} văn bản vào {folder}", "Restored {documents} documents into {folder}"));
        show.say(&say!(
            "Việc gửi thư, gọi webhook và lịch đang tạm dừng; kiểm tra xong, chạy: vanthu -C {folder} resume",
            "Sending, webhooks and schedules are paused; once you have looked it over, run: vanthu -C {folder} resume"
        ));
        say_waiting(&restored.waiting, &format!(" -C {folder}"), show);
        if !whole {
            let missing = restored.missing.len();
            show.say(&say!("Thiếu hoặc hỏng {missing} văn bản.", "{missing} documents are missing or damaged."));
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
