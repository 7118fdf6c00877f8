//! The workspace and its `vanthu.toml`: organisations, limits, rendering; and the few environment variables.
//!
//! Owns finding the file, reading it with every key checked, and what holds without one. The only module that reads the
//! environment.

pub mod alerts;
pub mod approval;
pub mod effective;
mod environment;
pub mod language_choice;
pub mod mail;
pub mod organisation;
pub mod page_choice;
pub mod register;
pub mod rewrite;
pub mod schedules;
pub mod service;
pub mod stock;
pub mod store;
pub mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::data::Limits;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::Language;
use crate::message::letter::Attach;
use crate::say;
use crate::schedule::holidays::CalendarSettings;
use crate::source::{Database, Web};
use crate::template::manifest::toml_problem;
pub use alerts::AlertsConfig;
pub use approval::ApprovalConfig;
pub use mail::MailConfig;
pub use organisation::Organisation;
pub use register::Register;
pub use schedules::ScheduleConfig;
pub use service::ServiceConfig;
pub use stock::{Printer, Stock};
pub use store::StoreConfig;
pub use verify::VerifyConfig;

/// The file that makes a folder a workspace.
pub const FILE_NAME: &str = "vanthu.toml";

/// A workspace, or the defaults where there is none.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// Its folder; none when no `vanthu.toml` was found.
    pub folder: Option<PathBuf>,
    /// What the file said when it was opened.
    pub config: Config,
    /// What it says now: pages change organisations, stock, printers and mail while the service runs.
    current: Current,
}

/// The configuration as it was last read or written, for all who share a workspace.
#[derive(Debug, Clone)]
struct Current(Arc<watch::Sender<Arc<Config>>>);

impl Default for Current {
    fn default() -> Self {
        Self::of(Config::default())
    }
}

impl Current {
    fn of(config: Config) -> Self {
        Self(Arc::new(watch::Sender::new(Arc::new(config))))
    }
}

/// The contents of `vanthu.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of the organisation that batches use unless they say otherwise.
    pub organisation: Option<String>,
    /// Profiles by name.
    pub organisations: BTreeMap<String, Organisation>,
    /// Pre-printed certificate stock by name.
    pub stocks: BTreeMap<String, Stock>,
    /// Printers by name.
    pub printers: BTreeMap<String, Printer>,
    /// Registers by name.
    pub registers: BTreeMap<String, Register>,
    /// Rendering.
    pub render: RenderConfig,
    /// Limits on data files.
    pub limits: LimitsConfig,
    /// The office's memory.
    pub store: StoreConfig,
    /// Mail.
    pub mail: MailConfig,
    /// What goes out by itself, by name.
    pub schedules: BTreeMap<String, ScheduleConfig>,
    /// Days off.
    pub calendar: CalendarSettings,
    /// Hosts that schedules may fetch from.
    pub fetch: Web,
    /// Databases that schedules may ask, by name.
    pub databases: BTreeMap<String, Database>,
    /// `vanthu serve`.
    pub service: ServiceConfig,
    /// What needs another person's yes.
    pub approval: ApprovalConfig,
    /// Verification of certificates, when the organisation offers it.
    pub verify: Option<VerifyConfig>,
    /// Whom the service tells what must not go unnoticed.
    pub alerts: AlertsConfig,
}

/// `[render]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RenderConfig {
    /// Child processes; 0 takes one for each core.
    pub workers: usize,
    /// Seconds that one document may take.
    pub deadline_seconds: f64,
    /// Memory of one child, in MiB.
    pub memory_mib: u64,
    /// Documents after which a child is replaced.
    pub recycle_documents: u32,
}

impl Default for RenderConfig {
    fn default() -> Self {
        Self { workers: 0, deadline_seconds: 60.0, memory_mib: 1024, recycle_documents: 5_000 }
    }
}

/// `[limits]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Rows of a data file.
    pub rows: u64,
    /// Columns of a data file.
    pub columns: u32,
    /// Characters of a cell.
    pub cell_characters: usize,
    /// Size of a data file, in MiB.
    pub file_mib: u64,
    /// Size of a workbook once unpacked, in MiB.
    pub uncompressed_mib: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            rows: limits.rows_max,
            columns: limits.columns_max,
            cell_characters: limits.cell_chars_max,
            file_mib: limits.file_bytes_max >> 20,
            uncompressed_mib: limits.uncompressed_bytes_max >> 20,
        }
    }
}

impl LimitsConfig {
    /// As the readers take them.
    pub fn to_limits(&self) -> Limits {
        Limits {
            rows_max: self.rows,
            columns_max: self.columns,
            cell_chars_max: self.cell_characters,
            file_bytes_max: self.file_mib << 20,
            uncompressed_bytes_max: self.uncompressed_mib << 20,
            ..Limits::default()
        }
    }
}

impl Workspace {
    /// The workspace that holds `start`: the nearest folder upwards with a `vanthu.toml`.
    pub fn find(start: &Path) -> Result<Self, Vec<Diagnostic>> {
        match start.ancestors().find(|folder| folder.join(FILE_NAME).is_file()) {
            Some(folder) => Self::open(folder),
            None => {
                let config = Config::parse("")?;
                Ok(Self { folder: None, current: Current::of(config.clone()), config })
            }
        }
    }

    /// Reads the `vanthu.toml` of `folder`.
    pub fn open(folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        let path = folder.join(FILE_NAME);
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            vec![
                Diagnostic::error("config-unreadable", crate::diagnostic::because(&error, "không đọc được:", "cannot be read:"))
                    .at(Place::File { file: shown.clone() }),
            ]
        })?;
        let config = Config::parse(&text)?;
        Ok(Self { folder: Some(folder.to_owned()), current: Current::of(config.clone()), config })
    }

    /// What the file says now.
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.current.0.borrow())
    }

    /// Hears of every change of the file through a page.
    pub fn changes(&self) -> watch::Receiver<Arc<Config>> {
        self.current.0.subscribe()
    }

    /// The organisation called `name`, or the default one, or a blank one when the workspace has none at all.
    pub fn organisation(&self, name: Option<&str>) -> Result<Organisation, Vec<Diagnostic>> {
        let config = self.current();
        let organisations = &config.organisations;
        let Some(wanted) = name.or(config.organisation.as_deref()).or_else(|| organisations.keys().next().map(String::as_str)) else {
            return Ok(Organisation::unnamed());
        };
        let found = organisations.get(wanted).map(|organisation| Organisation { key: wanted.to_owned(), ..organisation.clone() });
        found.ok_or_else(|| {
            let known = organisations.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let problem =
                Diagnostic::error("organisation-unknown", say!("{FILE_NAME} không có tổ chức này", "{FILE_NAME} has no such organisation"))
                    .with_value(wanted);
            vec![match nearest(wanted, organisations.keys().map(String::as_str)) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None if known.is_empty() => problem.remedy(say!("khai báo [organisations.{wanted}]", "declare [organisations.{wanted}]")),
                None => problem.remedy(say!("các tổ chức: {known}", "organisations: {known}")),
            }]
        })
    }

    /// The stock called `name`.
    pub fn stock(&self, name: &str) -> Result<Stock, Vec<Diagnostic>> {
        self.declared("stocks", &self.current().stocks, name).map(|stock| Stock { key: name.to_owned(), ..stock })
    }

    /// The printer called `name`.
    pub fn printer(&self, name: &str) -> Result<Printer, Vec<Diagnostic>> {
        self.declared("printers", &self.current().printers, name)
    }

    /// The register called `name`.
    pub fn register(&self, name: &str) -> Result<Register, Vec<Diagnostic>> {
        self.declared("registers", &self.current().registers, name).map(|register| Register { key: name.to_owned(), ..register })
    }

    /// The register in which documents of `template` take their numbers when they are made in the name of `organisation`: its
    /// own, or one that is everybody's.
    pub fn register_of(&self, template: &str, organisation: &str) -> Option<Register> {
        let config = self.current();
        let of = |owner: Option<&str>| {
            config
                .registers
                .iter()
                .find(|(_, register)| register.organisation.as_deref() == owner && register.templates.iter().any(|own| own == template))
        };
        let (name, register) = of(Some(organisation)).or_else(|| of(None))?;
        Some(Register { key: name.clone(), ..register.clone() })
    }

    fn declared<T: Clone>(&self, section: &str, declared: &BTreeMap<String, T>, name: &str) -> Result<T, Vec<Diagnostic>> {
        declared.get(name).cloned().ok_or_else(|| {
            let problem = Diagnostic::error("not-declared", say!("chưa khai báo trong {FILE_NAME}", "is not declared in {FILE_NAME}"))
                .with_value(name);
            vec![match nearest(name, declared.keys().map(String::as_str)) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem.remedy(say!("thêm [{section}.{name}]", "add [{section}.{name}]")),
            }]
        })
    }
}

impl Config {
    /// Reads the text of a `vanthu.toml`, and what the environment says in its place; every key is checked.
    fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let in_file = |error| vec![toml_problem("config", FILE_NAME, text, &error)];
        let mut table: toml::Table = toml::from_str(text).map_err(in_file)?;
        let heard = environment::overlay(&mut table, variable)?;
        let config = if heard.is_empty() {
            toml::from_str(text).map_err(in_file)?
        } else {
            Self::deserialized(table).map_err(|error| match toml::from_str::<Self>(text) {
                Err(error) => in_file(error),
                Ok(_) => environment::wrong(&heard, &error),
            })?
        };
        let problems = config.problems();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn deserialized(table: toml::Table) -> Result<Self, toml::de::Error> {
        table.try_into()
    }

    /// Pictures that the file names: emblems, signatures, seals, backgrounds of stock; each once.
    pub fn pictures(&self) -> BTreeSet<&str> {
        let of_people = self.organisations.values().flat_map(|organisation| {
            let signatories = organisation.signatories.iter().flat_map(|person| [&person.signature, &person.seal]);
            std::iter::once(&organisation.emblem).chain(signatories)
        });
        let of_stock = self.stocks.values().map(|stock| &stock.background);
        of_people.chain(of_stock).filter_map(|name| name.as_deref()).collect()
    }

    fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let place = || Place::File { file: FILE_NAME.into() };
        if let Some(name) = &self.organisation
            && !self.organisations.contains_key(name)
        {
            problems.push(
                Diagnostic::error(
                    "organisation-unknown",
                    say!("organisation = “{name}” không được khai báo", "organisation = `{name}` is not declared"),
                )
                .at(place()),
            );
        }
        if !(self.render.deadline_seconds > 0.0 && self.render.deadline_seconds <= 3600.0) {
            problems.push(
                Diagnostic::error(
                    "config-value",
                    say!(
                        "render.deadline_seconds phải lớn hơn 0 và không quá 3600",
                        "render.deadline_seconds must be above 0 and at most 3600"
                    ),
                )
                .at(place()),
            );
        }
        if self.render.memory_mib < 256 {
            problems.push(
                Diagnostic::error("config-value", say!("render.memory_mib phải từ 256", "render.memory_mib must be at least 256"))
                    .at(place()),
            );
        }
        problems.extend(self.store.problems());
        problems.extend(register::problems(&self.registers));
        for (name, register) in &self.registers {
            if let Some(organisation) = register.organisation.as_ref().filter(|own| !self.organisations.contains_key(*own)) {
                let message = say!(
                    "registers.{name}.organisation: không có tổ chức này",
                    "registers.{name}.organisation: there is no such organisation"
                );
                problems.push(Diagnostic::error("organisation-unknown", message).with_value(organisation).at(place()));
            }
        }
        for (name, organisation) in &self.organisations {
            problems.extend(organisation.problems(name));
        }
        for (name, stock) in &self.stocks {
            problems.extend(stock.problems(name));
        }
        problems.extend(self.mail.problems());
        for (name, printer) in &self.printers {
            problems.extend(printer.problems(name));
        }
        problems.extend(self.schedule_problems());
        problems.extend(self.service.problems());
        problems.extend(self.verify.iter().flat_map(VerifyConfig::problems));
        problems.extend(self.alerts.problems(&self.mail));
        if self.mail.attach == Attach::Link && self.service.public_url().is_none() {
            let message = say!("mail.attach = “link” cần địa chỉ của trang", "mail.attach = `link` needs the site's address");
            let remedy = say!("thêm [service] url = \"https://vanthu.tenmien.vn\"", "add [service] url = \"https://vanthu.domain.vn\"");
            problems.push(Diagnostic::error("mail-attach", message).at(place()).remedy(remedy));
        }
        problems
    }
}

/// The value of an environment variable, for secrets that the configuration names.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The variable that names the places at which a test makes the program fail.
pub const FAILPOINTS_VARIABLE: &str = "VANTHU_FAILPOINTS";

/// Where the environment wants the program to die, wait or fail; see [`crate::failpoint`].
pub fn failpoints_of_environment() -> Option<String> {
    std::env::var(FAILPOINTS_VARIABLE).ok().filter(|value| !value.trim().is_empty())
}

/// The language from the environment: `VANTHU_LANG`, then the locale. Vietnamese when nothing says otherwise.
pub fn language_of_environment() -> Language {
    ["VANTHU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .filter(|value| !value.is_empty())
        .find_map(|value| Language::from_tag(&value))
        .unwrap_or_default()
}
