//! Registers: what they hold, what a person does to them by hand, and how they are printed.
//!
//! Owns the use-cases of `vanthu register` and the choice of a batch's register. Every act by hand leaves a line in the
//! audit log. The ten columns are those of Decree 30/2020, phụ lục IV.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::agenda::with_reason;
use super::batches::ACTOR;
use super::complete::stored;
use super::numbers::particulars_problems;
use super::office::Office;
use super::{App, AppError, Prepared, close, views};
use crate::batch::Request;
use crate::batch::numbering::{Known, Numbering, two_digits};
use crate::config::Register;
use crate::config::register::RegisterKind;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::Text;
use crate::render_pool::{Pool, Verdict};
use crate::schedule::recurrence::ZONE_DEFAULT;
use crate::spreadsheet;
use crate::store::StoreError;
use crate::store::registers::{Entry, EntryState, Particulars};
use crate::template::{Template, hex};
use crate::typeset::{Job, Standard};
use crate::{qr, say};

/// Lines read at once.
const PAGE: u32 = 1_000;
/// The longest note that a line of the award book takes, in characters.
const NOTE_MAX: usize = 80;
/// Numbers reserved at a time, at most.
pub const RESERVED_MAX: u32 = 1_000;

/// A register and one period of it.
#[derive(Debug)]
pub struct Series {
    /// The register.
    pub register: Register,
    /// The period: a year, a term.
    pub period: String,
    /// The last number; 0 when there is none.
    pub last: i64,
    /// Lines taken, reserved, void.
    pub counts: [u64; 3],
}

impl App {
    /// The register in which the documents of `request` take their numbers.
    pub(super) fn register_for(&self, request: &Request, template: &Template, organisation: &str) -> Result<Option<Register>, AppError> {
        let problems = self.unknown_templates();
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let register = match request.register.as_deref() {
            Some("") => None,
            Some(name) => Some(self.workspace.register(name)?),
            None => self.workspace.register_of(&request.template, organisation),
        };
        if let Some(register) = &register {
            // Said before anything is read or kept: a template without a field for the number.
            Numbering::new(register, &template.manifest.name, &template.contract, "", &|_| Ok(Known::default()))
                .map_err(|problem| vec![problem])?;
        }
        Ok(register)
    }

    /// The numbering of a batch whose template takes numbers.
    pub(super) fn numbering<'a>(
        &self,
        prepared: &'a Prepared,
        output: &str,
        load: &'a dyn Fn(&str) -> Result<Known, StoreError>,
    ) -> Result<Option<Numbering<'a>>, AppError> {
        let Some(register) = &prepared.register else { return Ok(None) };
        let template = &prepared.template;
        Ok(Some(Numbering::new(register, &template.manifest.name, &template.contract, output, load).map_err(|problem| vec![problem])?))
    }

    fn unknown_templates(&self) -> Vec<Diagnostic> {
        let known: Vec<String> = self.catalog.entries().into_iter().map(|entry| entry.name).collect();
        let mut problems = Vec::new();
        for (name, register) in &self.workspace.config.registers {
            for template in register.templates.iter().filter(|template| !known.contains(template)) {
                let message = say!("registers.{name}.templates: không có mẫu này", "registers.{name}.templates: there is no such template");
                let problem = Diagnostic::error("template-unknown", message)
                    .at(Place::File { file: crate::config::FILE_NAME.into() })
                    .with_value(template);
                problems.push(match nearest(template, known.iter().map(String::as_str)) {
                    Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                    None => problem.remedy(say!("xem “vanthu template list”", "see `vanthu template list`")),
                });
            }
        }
        problems
    }

    /// Every register with its periods, the latest first; one without any number has the period of today.
    pub async fn registers(&self, office: &Office) -> Result<Vec<Series>, AppError> {
        let mut all = Vec::new();
        for name in self.workspace.config.registers.keys() {
            let mut periods: Vec<String> = office.store.periods(name).await?.into_iter().map(|(period, _)| period).collect();
            if periods.is_empty() {
                periods.push(self.period(office, &self.workspace.register(name)?, None).await?);
            }
            for period in periods {
                all.push(self.series_of(office, name, period).await?);
            }
        }
        Ok(all)
    }

    /// One period of a register: that of `year`, or of today.
    pub async fn series(&self, office: &Office, name: &str, year: Option<i16>) -> Result<Series, AppError> {
        let register = self.workspace.register(name)?;
        let period = self.period(office, &register, year).await?;
        self.series_of(office, name, period).await
    }

    async fn series_of(&self, office: &Office, name: &str, period: String) -> Result<Series, AppError> {
        let register = self.workspace.register(name)?;
        let last = office.store.last_number(name, &period).await?;
        let counts = office.store.count_entries(name, &period).await?;
        Ok(Series { register, period, last, counts })
    }

    async fn period(&self, office: &Office, register: &Register, year: Option<i16>) -> Result<String, AppError> {
        let now = jiff::Timestamp::from_millisecond(office.store.now().await?).ok();
        let today = now.and_then(|now| now.in_tz(ZONE_DEFAULT).ok()).map(|now| now.year());
        Ok(register.period(year.or(today).unwrap_or_default()))
    }

    /// The lines of a series, in order.
    pub async fn entries(&self, office: &Office, series: &Series) -> Result<Vec<Entry>, AppError> {
        let mut all: Vec<Entry> = Vec::new();
        loop {
            let from = all.last().map_or(0, |entry| entry.number + 1);
            let page = office.store.entries(&series.register.key, &series.period, from, PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// Keeps the next `count` numbers free for documents that come late; the first of them.
    pub async fn reserve(&self, office: &Office, series: &Series, count: u32, reason: &str, actor: &str) -> Result<i64, AppError> {
        let Series { register, period, .. } = series;
        with_reason(reason)?;
        if !(1..=RESERVED_MAX).contains(&count) {
            let message = say!("mỗi lần giữ được từ 1 đến {RESERVED_MAX} số", "from 1 to {RESERVED_MAX} numbers are reserved at a time");
            return Err(AppError::Input(vec![Diagnostic::error("reserve-count", message).with_value(count.to_string())]));
        }
        Ok(office.store.reserve(&register.key, period, register.first, count, reason.trim(), actor).await?)
    }

    /// Strikes a number out, with the reason.
    pub async fn void(&self, office: &Office, series: &Series, number: i64, reason: &str, actor: &str) -> Result<(), AppError> {
        with_reason(reason)?;
        let done = office.store.void_number(&series.register.key, &series.period, number, reason.trim(), actor).await;
        done.map_err(|error| refused(error, series, number))
    }

    /// Enters a document that comes late under a reserved number.
    pub async fn enter(
        &self,
        office: &Office,
        series: &Series,
        number: i64,
        particulars: &Particulars,
        reason: &str,
        actor: &str,
    ) -> Result<(), AppError> {
        let Series { register, period, .. } = series;
        with_reason(reason)?;
        let problems = particulars_problems(particulars);
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let keeper = if particulars.keeper.is_empty() { register.keeper.clone() } else { particulars.keeper.clone() };
        let code = if particulars.code.is_empty() { two_digits(number) } else { particulars.code.clone() };
        let particulars = Particulars { keeper, code, ..particulars.clone() };
        let done = office.store.enter_late(&register.key, period, number, &particulars, reason.trim(), actor).await;
        done.map_err(|error| refused(error, series, number))
    }

    /// Writes a series as XLSX or PDF, by the file's ending; where it is.
    pub async fn export(&self, office: &Office, series: &Series, organisation: Option<&str>, file: &Path) -> Result<PathBuf, AppError> {
        let ending = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let bytes = self.print(office, series, organisation, ending, &file.display().to_string()).await?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        views::write(folder, &[(name, bytes)])?;
        self.note_export(office, series, &file.display().to_string(), ACTOR).await?;
        Ok(file.to_owned())
    }

    /// A series as the bytes of an XLSX or PDF file, for `actor`.
    pub async fn exported(
        &self,
        office: &Office,
        series: &Series,
        organisation: Option<&str>,
        ending: &str,
        actor: &str,
    ) -> Result<Vec<u8>, AppError> {
        let bytes = self.print(office, series, organisation, ending, ending).await?;
        self.note_export(office, series, ending, actor).await?;
        Ok(bytes)
    }

    async fn note_export(&self, office: &Office, series: &Series, file: &str, actor: &str) -> Result<(), AppError> {
        let subject = format!("{}/{}", series.register.key, series.period);
        Ok(office.store.audit(actor, "register.export", &subject, file).await?)
    }

    async fn print(
        &self,
        office: &Office,
        series: &Series,
        organisation: Option<&str>,
        ending: &str,
        file: &str,
    ) -> Result<Vec<u8>, AppError> {
        let entries = self.entries(office, series).await?;
        match ending {
            "xlsx" => self.workbook(office, series, &entries).await,
            "pdf" if entries.is_empty() => Err(AppError::Input(vec![empty(series)])),
            "pdf" => {
                let (template, record) = match series.register.kind() {
                    RegisterKind::Outgoing => ("so-dang-ky-van-ban", outgoing(series, &entries)),
                    RegisterKind::Awards => ("so-khen-thuong", self.awards(office, series, &entries).await?),
                };
                self.typeset_one(template, organisation, record).await
            }
            _ => Err(AppError::Input(vec![
                Diagnostic::error("file-kind", say!("tệp phải là .xlsx hoặc .pdf", "the file must be .xlsx or .pdf")).with_value(file),
            ])),
        }
    }

    async fn workbook(&self, office: &Office, series: &Series, entries: &[Entry]) -> Result<Vec<u8>, AppError> {
        // Its own name: two may print the same register at once.
        let path = std::env::temp_dir().join(format!("vanthu-{}.xlsx", office.store.new_id().await?));
        let title = if series.register.title.is_empty() { &series.register.key } else { &series.register.title };
        let headings = headings(series.register.kind()).map(str::to_owned);
        spreadsheet::table(&path, title, &headings, entries.iter().map(|entry| columns(entry).to_vec()))?;
        let bytes = std::fs::read(&path).map_err(|source| AppError::Write { path: path.clone(), source })?;
        let _ = std::fs::remove_file(&path);
        Ok(bytes)
    }

    /// One document of a built-in template, outside any batch.
    async fn typeset_one(&self, template: &str, organisation: Option<&str>, record: Map<String, Value>) -> Result<Vec<u8>, AppError> {
        let request = Request {
            template: template.to_owned(),
            organisation: organisation.map(str::to_owned),
            register: Some(String::new()),
            ..Request::default()
        };
        let prepared = self.prepare(&request)?;
        let Prepared { template, organisation, options, .. } = &prepared;
        let place = |pointer: &str| Place::Pointer { file: "register".into(), pointer: pointer.to_owned() };
        let problems = template.contract.problems(&record, &[], &place);
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let record = template.contract.complete(&record);
        let filled = template.words.fill(&template.context(&record, organisation, options))?;
        let code = filled.qr.as_deref().map(qr::encode).transpose().map_err(|problem| vec![problem])?;
        let value = json!({
            "du_lieu": record, "loi_van": filled.words, "to_chuc": organisation, "tuy_chon": options, "phoi": null, "qr": code,
        });
        let bytes = serde_json::to_vec(&value).map_err(|_| AppError::Damaged { what: "register" })?;
        let job = Job {
            identity: hex(&<sha2::Sha256 as sha2::Digest>::digest(&bytes)),
            record: bytes,
            title: filled.title,
            author: organisation["ten"].as_str().unwrap_or_default().to_owned(),
            date: None,
            standard: Standard::default(),
            pixels_per_inch: None,
        };
        let pool = Arc::new(Pool::start(&self.pool_settings(), &template.page(), &prepared.fonts));
        let verdict = pool.render(job).await;
        close(pool).await;
        match verdict? {
            Verdict::Done(typeset) => Ok(typeset.pdf),
            Verdict::Failed(problems) => Err(problems.into()),
            Verdict::Quarantined(problem) => Err(vec![*problem].into()),
        }
    }

    /// The award book's own lines, from the certificates' data where they are known.
    async fn awards(&self, office: &Office, series: &Series, entries: &[Entry]) -> Result<Map<String, Value>, AppError> {
        let contract = &self.template("so-khen-thuong")?.contract;
        let known = contract.schema["properties"]["danh_sach"]["items"]["properties"].as_object().cloned().unwrap_or_default();
        let mut templates: HashMap<String, String> = HashMap::new();
        let mut lines = Vec::new();
        for entry in entries {
            let mut line = Map::new();
            if let (Some(batch), Some(record)) = (&entry.batch, entry.record) {
                if !templates.contains_key(batch) {
                    templates.insert(batch.clone(), office.store.batch(batch).await?.template);
                }
                let kept = office.store.record(batch, u64::try_from(record).unwrap_or_default()).await?;
                let content: Value = stored(&kept.content, "record")?;
                let given = content["du_lieu"].as_object().cloned().unwrap_or_default();
                line.extend(given.into_iter().filter(|(name, value)| known.contains_key(name) && !value.is_null()));
                match templates.get(batch).map(String::as_str) {
                    Some("bang-khen") => line.insert("hinh_thuc".into(), "Bằng khen".into()),
                    Some("giay-khen") => line.insert("hinh_thuc".into(), "Giấy khen".into()),
                    _ => None,
                };
            } else {
                let Particulars { recipient, subject, date, .. } = &entry.particulars;
                let who = [recipient, subject].into_iter().find(|text| !text.is_empty()).cloned().unwrap_or_else(|| "…".to_owned());
                line.insert("doi_tuong".into(), "Tập thể".into());
                line.insert("ho_ten".into(), who.into());
                if !date.is_empty() {
                    line.insert("ngay".into(), date.clone().into());
                }
            }
            line.insert("so".into(), two_digits(entry.number).into());
            let note: String = note_of(entry).chars().take(NOTE_MAX).collect();
            line.remove("ghi_chu");
            if !note.is_empty() {
                line.insert("ghi_chu".into(), note.into());
            }
            lines.push(Value::Object(line));
        }
        let mut record = Map::new();
        if !series.register.title.is_empty() {
            record.insert("ten_so".into(), series.register.title.clone().into());
        }
        record.insert("danh_sach".into(), lines.into());
        Ok(record)
    }
}

/// The record of the template `so-dang-ky-van-ban`.
fn outgoing(series: &Series, entries: &[Entry]) -> Map<String, Value> {
    let lines: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let Particulars { code, date, subject, signatory, recipient, keeper, copies, .. } = &entry.particulars;
            let code = if code.is_empty() { two_digits(entry.number) } else { code.clone() };
            let mut line = Map::new();
            for (name, text) in [
                ("so_ky_hieu", &code),
                ("ngay", date),
                ("trich_yeu", subject),
                ("nguoi_ky", signatory),
                ("noi_nhan", recipient),
                ("ban_luu", keeper),
                ("ghi_chu", &note_of(entry)),
            ] {
                if !text.is_empty() {
                    line.insert(name.into(), text.clone().into());
                }
            }
            if entry.state == EntryState::Taken {
                line.insert("so_ban".into(), (*copies).into());
            }
            line.insert("huy".into(), (entry.state == EntryState::Void).into());
            Value::Object(line)
        })
        .collect();
    let mut record = Map::new();
    if !series.register.title.is_empty() {
        record.insert("ten_so".into(), series.register.title.clone().into());
    }
    record.insert("ky".into(), series.period.clone().into());
    record.insert("danh_sach".into(), lines.into());
    record
}

/// The ten columns of the decree, by its titles; those of the award book call the same things by its own.
pub fn headings(kind: RegisterKind) -> [&'static str; 10] {
    match kind {
        RegisterKind::Outgoing => [
            "Số, ký hiệu văn bản",
            "Ngày tháng văn bản",
            "Tên loại và trích yếu nội dung văn bản",
            "Người ký",
            "Nơi nhận văn bản",
            "Đơn vị, người nhận bản lưu",
            "Số lượng bản",
            "Ngày chuyển",
            "Ký nhận",
            "Ghi chú",
        ],
        RegisterKind::Awards => [
            "Số vào sổ",
            "Ngày tháng",
            "Hình thức, nội dung khen thưởng",
            "Người ký",
            "Người, tập thể được khen",
            "Nơi lưu",
            "Số lượng bản",
            "Ngày trao",
            "Ký nhận",
            "Ghi chú",
        ],
    }
}

/// A line in the decree's columns.
pub fn columns(entry: &Entry) -> [String; 10] {
    let Particulars { code, date, subject, signatory, recipient, keeper, copies, .. } = &entry.particulars;
    let code = if code.is_empty() { two_digits(entry.number) } else { code.clone() };
    let date = date.parse::<jiff::civil::Date>().map_or_else(|_| date.clone(), |date| date.strftime("%d/%m/%Y").to_string());
    let copies = if entry.state == EntryState::Taken { copies.to_string() } else { String::new() };
    let [subject, signatory, recipient, keeper] = [subject, signatory, recipient, keeper].map(String::clone);
    [code, date, subject, signatory, recipient, keeper, copies, String::new(), String::new(), note_of(entry)]
}

/// What the last column says: the note, and why a number is void, reserved or late.
fn note_of(entry: &Entry) -> String {
    let reason = match entry.state {
        EntryState::Void => format!("Hủy: {}", entry.reason),
        EntryState::Reserved => format!("Giữ số: {}", entry.reason),
        EntryState::Taken if entry.reason.is_empty() => String::new(),
        EntryState::Taken => format!("Vào sau: {}", entry.reason),
    };
    [entry.particulars.note.clone(), reason].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn empty(series: &Series) -> Diagnostic {
    let (name, period) = (&series.register.key, &series.period);
    Diagnostic::error("register-empty", say!("sổ “{name}” kỳ {period} chưa có số nào", "the register `{name}` has no number in {period}"))
}

/// A step that a line's state does not allow is the asker's affair, not the machine's.
fn refused(error: StoreError, series: &Series, number: i64) -> AppError {
    let (name, period) = (&series.register.key, &series.period);
    match error {
        StoreError::Unknown { .. } => AppError::Input(vec![
            Diagnostic::error("number-unknown", say!("sổ “{name}” kỳ {period} không có số này", "`{name}` has no such number in {period}"))
                .with_value(number.to_string()),
        ]),
        StoreError::Refused { state, .. } => {
            let state = state_text(&state);
            AppError::Input(vec![
                Diagnostic::error(
                    "number-state",
                    Text {
                        vi: format!("số này {}, không làm việc đó được", state.vi),
                        en: format!("the number is {}; that cannot be done", state.en),
                    },
                )
                .with_value(number.to_string()),
            ])
        }
        other => other.into(),
    }
}

/// The state of a number for people.
pub fn state_text(name: &str) -> Text {
    match name {
        "taken" => say!("đã cấp", "taken"),
        "reserved" => say!("đang giữ", "reserved"),
        _ => say!("đã hủy", "void"),
    }
}
