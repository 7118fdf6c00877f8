//! Looking the office over before it is needed: fonts, a page, database, storage, clock, disk, schedules, relays.
//!
//! Owns the checks of `vanthu doctor`. Each says what it found in one line, and what to do where it is not well; the checks
//! of a relay are here too, for those that the configuration names; those of the sending domain are `sending_domain`'s.

use std::net::SocketAddr;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use super::office::{Office, Opening};
use super::{App, AppError};
use crate::batch::Request;
use crate::config::variable;
use crate::language::Text;
use crate::mail::conversation::Deadlines;
use crate::mail::dns::Resolver;
use crate::mail::probe::probe;
use crate::mail::relay::Endpoint;
use crate::say;
use crate::schedule::recurrence::ZONE_DEFAULT;
use crate::storage::Disk;

/// The database's clock and the machine's may differ by so many milliseconds before it is said.
const DRIFT_NOTED: i64 = 1_000;
const DRIFT_MAX: i64 = 60_000;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Well.
    Ok,
    /// It works, and something should be known.
    Warn,
    /// It does not work.
    Fail,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: a stable name for programs.
    pub name: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found.
    pub found: Text,
    /// What to do.
    pub remedy: Option<Text>,
}

impl Level {
    /// The name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Check {
    pub(super) fn new(name: &'static str, level: Level, found: Text) -> Self {
        Self { name, level, found, remedy: None }
    }

    pub(super) fn ok(name: &'static str, found: Text) -> Self {
        Self::new(name, Level::Ok, found)
    }

    pub(super) fn fail(name: &'static str, found: Text) -> Self {
        Self::new(name, Level::Fail, found)
    }

    pub(super) fn remedy(self, remedy: Text) -> Self {
        Self { remedy: Some(remedy), ..self }
    }
}

impl App {
    /// Looks everything over. `dns` is asked of the sending domain in the place of the system's servers.
    pub async fn doctor(&self, dns: Option<SocketAddr>) -> Result<Vec<Check>, AppError> {
        let mut checks = vec![self.check_fonts()?, self.check_page().await];
        match self.office(None, Opening::Beside).await {
            Ok(office) => {
                checks.extend(check_office(&office).await);
                office.store.close().await;
            }
            Err(AppError::Input(diagnostics)) => return Err(diagnostics.into()),
            Err(error) => checks.push(Check::fail("database", error.describe())),
        }
        checks.extend(self.check_key());
        checks.push(check_zones());
        checks.push(self.check_schedules());
        let base = self.workspace.folder.clone().unwrap_or_default();
        for (name, relay) in &self.workspace.config.mail.relays {
            let helo = self.workspace.config.mail.from_address(name).map_or("localhost".to_owned(), |from| from.domain().to_owned());
            match relay.endpoint(name, &base, variable) {
                Ok(endpoint) => checks.extend(check_relay(name, &endpoint, &helo).await),
                // One password that cannot be read is no reason to say nothing of all the rest.
                Err(problems) => checks.extend(problems.into_iter().map(|problem| Check {
                    remedy: problem.remedy,
                    ..Check::fail(
                        "relay",
                        Text {
                            vi: format!("[mail.relays.{name}] {}", problem.message.vi),
                            en: format!("[mail.relays.{name}] {}", problem.message.en),
                        },
                    )
                })),
            }
        }
        checks.extend(self.check_sending_domain(dns.map(Resolver::from)).await);
        Ok(checks)
    }

    fn check_fonts(&self) -> Result<Check, AppError> {
        let faces = self.fonts()?;
        let (all, unfit) = (faces.len(), faces.iter().filter(|face| !face.faults.is_empty()).count());
        Ok(if unfit == 0 {
            Check::ok("fonts", say!("{all} phông đều vẽ đủ chữ Việt", "all {all} fonts draw every Vietnamese letter"))
        } else {
            let found =
                say!("{unfit} trong {all} phông không vẽ đủ chữ Việt", "{unfit} of {all} fonts do not draw every Vietnamese letter");
            Check::new("fonts", Level::Warn, found).remedy(say!("xem: vanthu fonts", "see: vanthu fonts"))
        })
    }

    async fn check_page(&self) -> Check {
        let request = Request { template: "giay-khen".to_owned(), ..Request::default() };
        match self.preview(&request, 36.0).await {
            Ok(made) => Check::ok("render", say!("dàn được {} trang mẫu", "{} sample pages were set", made.len())),
            Err(AppError::Input(diagnostics)) => {
                let first = diagnostics.into_iter().next().map(|diagnostic| diagnostic.message);
                Check::fail("render", first.unwrap_or_else(|| say!("không dàn được trang mẫu", "the sample cannot be set")))
                    .remedy(say!("thử: vanthu preview giay-khen", "try: vanthu preview giay-khen"))
            }
            Err(error) => Check::fail("render", error.describe()),
        }
    }

    /// The key that signs certificates, where they are signed.
    fn check_key(&self) -> Option<Check> {
        self.verify_config()?;
        Some(match self.public_key() {
            Ok(key) => {
                let id = key.key.id();
                Check::ok("key", say!("đọc được khóa ký {id}", "the signing key {id} can be read"))
            }
            Err(AppError::Input(diagnostics)) => match diagnostics.into_iter().next() {
                Some(problem) => Check { remedy: problem.remedy, ..Check::fail("key", problem.message) },
                None => Check::fail("key", say!("không đọc được khóa ký", "the signing key cannot be read")),
            },
            Err(error) => Check::fail("key", error.describe()),
        })
    }

    fn check_schedules(&self) -> Check {
        let all = self.workspace.config.schedules.len();
        let disabled = self.workspace.config.schedules.values().filter(|schedule| !schedule.enabled).count();
        Check::ok("schedules", say!("{all} lịch, {disabled} đang tắt", "{all} schedules, {disabled} switched off"))
    }
}

async fn check_office(office: &Office) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.push(match office.store.integrity().await {
        Ok(faults) if faults.is_empty() => match office.store.probe_write().await {
            Ok(_) if office.store.is_file() => {
                Check::ok("database", say!("SQLite nguyên vẹn, ghi được", "SQLite is whole and can be written"))
            }
            Ok(_) => Check::ok("database", say!("PostgreSQL ghi được", "PostgreSQL can be written")),
            Err(error) => Check::fail("database", AppError::from(error).describe()),
        },
        Ok(faults) => {
            let first = faults.into_iter().next().unwrap_or_default();
            Check::fail("database", say!("cơ sở dữ liệu bị hỏng: {first}", "the database is damaged: {first}"))
                .remedy(say!("khôi phục từ bản sao lưu: vanthu restore", "restore a backup: vanthu restore"))
        }
        Err(error) => Check::fail("database", AppError::from(error).describe()),
    });
    match (office.store.sending_paused().await, office.store.schedules_paused().await) {
        (Ok(None), Ok(None)) => {}
        (Ok(sending), Ok(schedules)) => {
            let reason = sending.or(schedules).unwrap_or_default();
            checks.push(
                Check::new(
                    "paused",
                    Level::Warn,
                    say!("việc gửi thư hoặc lịch đang tạm dừng: {reason}", "sending or schedules are paused: {reason}"),
                )
                .remedy(say!("khi đã kiểm tra xong: vanthu resume", "once all was looked over: vanthu resume")),
            );
        }
        (Err(error), _) | (_, Err(error)) => checks.push(Check::fail("paused", AppError::from(error).describe())),
    }
    checks.push(match office.store.broken_audit_line().await {
        Ok(None) => Check::ok("audit", say!("nhật ký kiểm tra liền mạch", "the audit log holds")),
        Ok(Some(line)) => Check::fail("audit", say!("nhật ký kiểm tra đứt ở dòng {line}", "the audit log breaks at line {line}")),
        Err(error) => Check::fail("audit", AppError::from(error).describe()),
    });
    checks.push(check_clock(office).await);
    checks.push(match office.objects.probe() {
        Ok(()) => Check::ok("storage", say!("kho văn bản ghi, đọc và xóa được", "the documents' storage can be written, read and cleared")),
        Err(error) => Check::fail("storage", AppError::from(error).describe()),
    });
    checks.push(match Disk::of(office.objects.root()) {
        Ok(disk) => {
            let free = disk.free / 1_000_000_000;
            let found = say!("còn trống {free} GB", "{free} GB are free");
            if disk.has_room() {
                Check::ok("disk", found)
            } else {
                Check::fail("disk", found).remedy(say!("cần ít nhất 1 GB và 5 % ổ đĩa", "1 GB and a twentieth of the disk are needed"))
            }
        }
        Err(error) => Check::fail("disk", AppError::from(error).describe()),
    });
    checks
}

async fn check_clock(office: &Office) -> Check {
    match office.store.now().await {
        Ok(now) => {
            let drift = (now - Timestamp::now().as_millisecond()).abs();
            let seconds = drift / 1_000;
            let level = if drift > DRIFT_MAX {
                Level::Fail
            } else if drift > DRIFT_NOTED {
                Level::Warn
            } else {
                return Check::ok(
                    "clock",
                    say!("đồng hồ của máy và cơ sở dữ liệu trùng nhau", "the machine's and the database's clock agree"),
                );
            };
            let found = say!(
                "đồng hồ của máy và cơ sở dữ liệu lệch {seconds} giây",
                "the machine's and the database's clock differ by {seconds} s"
            );
            Check::new("clock", level, found).remedy(say!("đồng bộ giờ của hai máy (NTP)", "synchronise both machines (NTP)"))
        }
        Err(error) => Check::fail("clock", AppError::from(error).describe()),
    }
}

fn check_zones() -> Check {
    let zones = TimeZoneDatabase::bundled();
    let hour = zones
        .get(ZONE_DEFAULT)
        .ok()
        .map(|zone| zone.to_offset(Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 50)).seconds());
    match hour {
        Some(25_200) => Check::ok(
            "time-zones",
            say!("dữ liệu múi giờ trong chương trình: {} múi", "time zone data inside the program: {} zones", zones.available().count()),
        ),
        _ => Check::fail("time-zones", say!("dữ liệu múi giờ sai", "the time zone data is wrong")),
    }
}

/// What a relay says: its addresses, protection, login, size. Nothing is sent.
async fn check_relay(name: &str, endpoint: &Endpoint, helo: &str) -> Vec<Check> {
    let (host, port) = (&endpoint.host, endpoint.port);
    let mut checks = vec![match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(addresses) => {
            let list = addresses.map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
            Check::ok("relay-address", say!("[mail.relays.{name}] {host}: {list}", "[mail.relays.{name}] {host}: {list}"))
        }
        Err(_) => Check::fail(
            "relay-address",
            say!("[mail.relays.{name}] không tìm thấy máy {host}", "[mail.relays.{name}] host {host} is not found"),
        ),
    }];
    if checks[0].level == Level::Ok {
        checks.push(match probe(endpoint, helo, Deadlines::default()).await {
            Ok(found) => {
                let lines = found.describe(endpoint);
                let join = |text: fn(&Text) -> &str| lines.iter().map(text).collect::<Vec<_>>().join("; ");
                Check::ok("relay", Text { vi: join(|text| &text.vi), en: join(|text| &text.en) })
            }
            Err(_) => Check::fail(
                "relay",
                say!("[mail.relays.{name}] không kết nối hoặc đăng nhập được", "[mail.relays.{name}] cannot be reached or signed in to"),
            )
            .remedy(say!("thử: vanthu mail test", "try: vanthu mail test")),
        });
    }
    checks
}
