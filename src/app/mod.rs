//! The use-cases of the program, and the place where its parts are put together.
//!
//! Owns what happens for “check this list”, “make these documents”, “show me this template”. The command line calls one
//! use-case and shows what it returns; a page or an API will call the same.

pub mod accounts;
pub mod agenda;
mod alerts;
pub mod api_keys;
mod awaited;
pub mod backup;
pub mod batches;
pub mod bounces;
mod collection;
mod complete;
pub mod configure;
pub mod demo;
pub mod doctor;
pub mod documents;
pub mod drafts;
pub mod error;
pub mod fields;
mod fit;
pub mod gallery;
mod issued;
pub mod letters;
pub mod links;
pub mod lint;
pub mod make;
pub mod marks;
pub mod messages;
mod metrics;
pub mod numbers;
pub mod office;
pub mod overview;
pub mod post;
pub mod printing;
mod record;
pub mod registers;
pub mod render;
pub mod reproduce;
pub mod restore;
pub mod schedule_form;
pub mod schedules;
mod sending_domain;
pub mod service;
mod shelved;
pub mod stock;
pub mod submissions;
mod supplement;
mod suppressions;
pub mod templates;
mod turns;
pub mod verdict;
pub mod verification;
pub mod views;
pub mod watch;
pub mod webhooks;
pub mod work;
pub mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use error::AppError;
pub use make::Ran;

use crate::access::Principal;
use crate::batch::entry::Entry;
use crate::batch::numbering::Known;
use crate::batch::order::{NameOrder, Order};
use crate::batch::proven::Proven;
use crate::batch::{Planned, Request};
use crate::catalog::Catalog;
use crate::config::effective::Effective;
use crate::config::{Register, Workspace};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::Language;
use crate::message::letter::{Addressed, MailTerms};
use crate::proof::Issuer;
use crate::qr;
use crate::render_pool::{Pool, Settings, Verdict};
use crate::say;
use crate::template::manifest::TextArea;
use crate::template::{BUILT_IN_WORDS, Files, Template, hex};
use crate::typeset::checks::in_users_file;
use crate::typeset::fonts::{Coverages, Face, FontFile, examine};
use crate::typeset::{Job, Standard, Typeset};
use crate::vietnamese::tone;

/// The program, put together.
#[derive(Clone)]
pub struct App {
    workspace: Workspace,
    catalog: Catalog,
    program: PathBuf,
    language: Language,
    shelved: shelved::Shelved,
}

/// A template and everything around it, ready to plan or render with.
struct Prepared {
    template: Template,
    organisation: Value,
    organisation_key: Option<String>,
    warnings: Vec<Diagnostic>,
    options: BTreeMap<String, String>,
    stock: Value,
    order: Option<NameOrder>,
    mail: Option<MailTerms>,
    register: Option<Register>,
    issuer: Option<Issuer>,
    fonts: Vec<FontFile>,
    coverages: Coverages,
    /// Records that are known not to fit their pages.
    unfit: BTreeMap<u64, Vec<Diagnostic>>,
}

impl App {
    /// Puts the program together. `program` is the binary that render workers are started from.
    pub fn new(workspace: Workspace, program: PathBuf, language: Language) -> Self {
        let catalog = Catalog::new(workspace.folder.as_deref());
        Self { workspace, catalog, program, language, shelved: shelved::Shelved::default() }
    }

    /// Every key of the configuration with its value and where it comes from; and variables of the environment that mean
    /// nothing.
    pub fn effective_config(&self) -> (Vec<Effective>, Vec<Diagnostic>) {
        (self.workspace.effective(), self.workspace.unknown_variables())
    }

    /// Templates and fonts.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Checks the data of a batch and sets its pages (of a long list the longest); writes nothing.
    pub async fn check(&self, request: &Request) -> Result<Planned, AppError> {
        Ok(self.rehearse(request).await?.0)
    }

    /// Checks a batch as [`Self::check`] does; beside it how many messages it would send, and the first of them.
    pub async fn rehearse(&self, request: &Request) -> Result<(Planned, u64, Option<Addressed>), AppError> {
        let mut prepared = self.prepare(request)?;
        let (mut samples, mut identities) = (fit::Samples::default(), issued::Identities::default());
        let mut rehearsed = self.rehearsed(request, &prepared, &mut |entry| {
            identities.take(&prepared, &entry);
            samples.take(entry.content.to_string().len(), entry);
        })?;
        prepared.unfit = self.fitted(&prepared, request.standard, samples).await?.unfit;
        if !prepared.unfit.is_empty() {
            rehearsed = self.rehearsed(request, &prepared, &mut |_| {})?;
        }
        let issued = self.issued_before(request, &prepared, &identities).await;
        rehearsed.0.diagnostics.splice(..0, issued);
        Ok(rehearsed)
    }

    fn rehearsed(
        &self,
        request: &Request,
        prepared: &Prepared,
        sink: &mut dyn FnMut(Entry),
    ) -> Result<(Planned, u64, Option<Addressed>), AppError> {
        let (mut count, mut first) = (0, None);
        // Nothing is taken: the numbers shown to the page are those of an empty register.
        let load = |_: &str| Ok(Known::default());
        let mut numbering = self.numbering(prepared, "", &load)?;
        let planned = self.plan(request, prepared, None, numbering.as_mut(), &mut |entry| {
            if let Some(mail) = &entry.mail {
                count += mail.to.len() as u64;
                first.get_or_insert_with(|| mail.clone());
            }
            sink(entry);
            Ok(())
        })?;
        Ok((planned, count, first))
    }

    /// Renders the sample of the request's template: each record with its pages as PNG.
    pub async fn preview(&self, request: &Request, pixels_per_inch: f64) -> Result<Vec<(String, Typeset)>, AppError> {
        let prepared = self.prepare(request)?;
        let jobs = self.sample_jobs(&prepared, request.standard, pixels_per_inch)?;
        let pool = Arc::new(Pool::start(&self.pool_settings(), &prepared.template.page(), &prepared.fonts));
        let mut made = Vec::new();
        let mut problems = Vec::new();
        let sample = format!("{}/sample.json", prepared.template.manifest.name);
        let of_sample = |field: &str| {
            let pointer = if field.is_empty() { String::new() } else { format!("/{}", prepared.template.contract.field(field)?.name) };
            Some(Place::Pointer { file: sample.clone(), pointer })
        };
        for (number, (name, job)) in (1..).zip(jobs) {
            match pool.render(job).await? {
                Verdict::Done(typeset) => made.push((name, *typeset)),
                Verdict::Failed(found) => {
                    problems.extend(found.into_iter().map(|problem| in_users_file(problem, &of_sample).of_record(number, &name)));
                }
                Verdict::Quarantined(problem) => problems.push((*problem).of_record(number, &name)),
            }
        }
        close(pool).await;
        if problems.is_empty() { Ok(made) } else { Err(problems.into()) }
    }

    /// The organisation in whose name `asker` may act: the wanted one, or the only one that is theirs.
    pub fn own_organisation(&self, wanted: Option<&str>, asker: &Principal) -> Result<Option<String>, AppError> {
        let chosen = wanted.or(asker.organisation.as_deref());
        match chosen {
            Some(name) if !asker.sees(Some(name)) => Err(AppError::Input(vec![
                Diagnostic::error("organisation-unknown", say!("không có tổ chức này", "there is no such organisation")).with_value(name),
            ])),
            _ => Ok(chosen.map(str::to_owned)),
        }
    }

    /// Examines every font.
    pub fn fonts(&self) -> Result<Vec<Face>, AppError> {
        Ok(self.catalog.fonts()?.iter().flat_map(examine).collect())
    }

    /// The files whose change makes a new preview worth while.
    pub fn watched_folder(&self, template: &str) -> Option<PathBuf> {
        self.workspace.folder.as_ref().map(|folder| folder.join(crate::catalog::TEMPLATES_FOLDER).join(template))
    }

    /// Everything to look at a request with; what is made of it proves nothing.
    fn prepare(&self, request: &Request) -> Result<Prepared, AppError> {
        let prepared = self.prepare_to_issue(request)?;
        Ok(Prepared { issuer: prepared.issuer.map(Issuer::specimen), ..prepared })
    }

    /// Everything to accept a request with: what is made of it is signed.
    fn prepare_to_issue(&self, request: &Request) -> Result<Prepared, AppError> {
        let (profile, mut warnings) = self.workspace.organisation(request.organisation.as_deref())?.on(date_of(request));
        let mut files = self.catalog.files(&request.template)?;
        if profile.language.is_new_tone() {
            place_tones(&request.template, &mut files);
        }
        let mut template = Template::load(&request.template, &files)?;
        if let Some(pattern) = &request.name {
            let pattern = pattern.strip_suffix(".pdf").unwrap_or(pattern);
            template.words.set_file_pattern(pattern, &template.contract)?;
        }
        let unknown = unknown_fields(request, &template);
        if !unknown.is_empty() {
            return Err(unknown.into());
        }
        let options = template.manifest.choose(&request.options)?;
        let (organisation, pictures) = profile.for_templates(self.workspace.folder.as_deref(), request.standard)?;
        template.files.extend(pictures);
        let stock = self.prepare_stock(request, &mut template)?;
        let order = match request.order {
            Order::List => None,
            Order::Name => {
                Some(NameOrder::of(&request.template, &template.contract, profile.language.tone_order()).map_err(|problem| vec![problem])?)
            }
        };
        let fonts = self.catalog.fonts()?;
        let families: BTreeSet<&String> =
            template.manifest.fonts.text.iter().chain(template.manifest.fonts.fields.values().flatten()).collect();
        let faults = faulty(&fonts, &families);
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let coverages = Coverages::read(&fonts);
        warnings.extend(profile.warnings());
        let mail = request.mail.as_ref().map(|mail| self.mail_terms(mail, &template, &organisation)).transpose()?;
        let register = self.register_for(request, &template, &profile.key)?;
        let organisation_key = Some(profile.key.clone()).filter(|key| !key.is_empty());
        let issuer = self.issuer_for(&template)?;
        Ok(Prepared {
            template,
            organisation,
            organisation_key,
            warnings,
            options,
            stock,
            order,
            mail,
            register,
            issuer,
            fonts,
            coverages,
            unfit: BTreeMap::new(),
        })
    }

    /// The stock as templates see it; null when the certificate is printed on plain paper.
    fn prepare_stock(&self, request: &Request, template: &mut Template) -> Result<Value, AppError> {
        let Some(name) = &request.stock else {
            if request.overprint || request.printer.is_some() {
                return Err(AppError::Input(vec![
                    Diagnostic::error("stock-missing", say!("in lên phôi cần tên phôi", "overprinting needs the name of the stock"))
                        .remedy(say!(
                            "thêm --stock TÊN, khai báo [stocks.TÊN] trong vanthu.toml",
                            "add --stock NAME, declare [stocks.NAME] in vanthu.toml"
                        )),
                ]));
            }
            return Ok(Value::Null);
        };
        if !template.manifest.stock {
            let own = &template.manifest.name;
            return Err(AppError::Input(vec![Diagnostic::error(
                "stock-template",
                say!("mẫu “{own}” không in lên phôi", "template `{own}` does not print on stock"),
            )]));
        }
        let stock = self.workspace.stock(name)?;
        let printer = request.printer.as_deref().map(|name| self.workspace.printer(name)).transpose()?.unwrap_or_default();
        let (value, files) = stock.for_templates(self.workspace.folder.as_deref(), printer, request.overprint, request.standard)?;
        template.files.extend(files);
        template.manifest.text_area = TextArea::PAGE;
        template.manifest.fonts.fields.extend(stock.families());
        Ok(value)
    }

    fn sample_jobs(&self, prepared: &Prepared, standard: Standard, pixels_per_inch: f64) -> Result<Vec<(String, Job)>, AppError> {
        let Prepared { template, organisation, options, stock, .. } = prepared;
        let mut jobs = Vec::new();
        let mut problems = Vec::new();
        for (index, record) in template.sample.iter().enumerate() {
            let file = format!("{}/sample.json", template.manifest.name);
            let found = template.contract.problems(record, &[], &|pointer| crate::diagnostic::Place::Pointer {
                file: file.clone(),
                pointer: if template.sample.len() > 1 { format!("/{index}{pointer}") } else { pointer.to_owned() },
            });
            if !found.is_empty() {
                problems.extend(found);
                continue;
            }
            let record = template.contract.complete(record);
            let context = template.context(&record, organisation, options);
            let (filled, name) = match (template.words.fill(&context), template.words.file_name(&context)) {
                (Ok(filled), Ok(name)) => (filled, name),
                (Err(found), _) | (_, Err(found)) => {
                    problems.extend(found);
                    continue;
                }
            };
            let content = serde_json::json!({ "du_lieu": record, "loi_van": filled.words });
            let proven = Proven { template, organisation, record: &record, filled: &filled, label: &name, content: &content };
            let proof = prepared.issuer.as_ref().and_then(|issuer| proven.proof(issuer));
            let text = proof.as_ref().map(|proof| proof.qr.as_str()).or(filled.qr.as_deref());
            let code = text.map(qr::encode).transpose().map_err(|problem| vec![problem])?;
            let mut value = serde_json::json!({
                "du_lieu": record, "loi_van": filled.words, "to_chuc": organisation, "tuy_chon": options, "phoi": stock, "qr": code,
            });
            if let Some(proof) = &proof {
                value["kiem_tra"] = proof.on_page();
            }
            let record_bytes = serde_json::to_vec(&value).expect("a JSON value serialises");
            let job = Job {
                identity: hex(&<sha2::Sha256 as sha2::Digest>::digest(&record_bytes)),
                record: record_bytes,
                title: filled.title,
                author: organisation["ten"].as_str().unwrap_or_default().to_owned(),
                date: record.get("ngay").and_then(Value::as_str).and_then(|text| text.parse().ok()),
                standard,
                pixels_per_inch: Some(pixels_per_inch),
            };
            jobs.push((name, job));
        }
        if problems.is_empty() { Ok(jobs) } else { Err(problems.into()) }
    }

    fn pool_settings(&self) -> Settings {
        let config = &self.workspace.config.render;
        let mut settings = Settings::new(self.program.clone());
        if config.workers > 0 {
            settings.workers = config.workers;
        }
        settings.deadline = Duration::from_secs_f64(config.deadline_seconds);
        settings.memory_bytes = config.memory_mib << 20;
        settings.recycle_documents = config.recycle_documents.max(1);
        settings
    }
}

/// The day that the documents of `request` bear: that of its common values, or today in Viet Nam. A list may give each document
/// a day of its own; who signs is chosen for the list as a whole.
fn date_of(request: &Request) -> jiff::civil::Date {
    let given = request.common.get("ngay").and_then(Value::as_str).and_then(|text| {
        let parts: Vec<i16> = text.split(['/', '-', '.']).map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
        let [day, month, year] = parts[..] else { return None };
        let (year, day) = if day > 31 { (day, year) } else { (year, day) };
        jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    });
    given.unwrap_or_else(|| {
        let zone = jiff::tz::TimeZone::get(crate::schedule::recurrence::ZONE_DEFAULT).unwrap_or(jiff::tz::TimeZone::UTC);
        jiff::Timestamp::now().to_zoned(zone).date()
    })
}

/// Names of `--column` and `--set` that the template does not have.
fn unknown_fields(request: &Request, template: &Template) -> Vec<Diagnostic> {
    let known: Vec<&str> = template.contract.fields.iter().map(|field| field.name.as_str()).collect();
    let named = request.columns.keys().chain(request.common.keys());
    named
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| {
            let problem =
                Diagnostic::error("field-unknown", say!("mẫu không có trường này", "the template has no such field")).with_value(name);
            match nearest(name, known.iter().copied()) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem.remedy(say!("các trường: {}", "fields: {}", known.join(", "))),
            }
        })
        .collect()
}

/// Places the tones of a template's wording anew. Data are not touched: names keep the spelling of their bearers.
fn place_tones(template: &str, files: &mut Files) {
    for file in ["words.toml", BUILT_IN_WORDS] {
        if let Some(words) = files.get_mut(&format!("/{template}/{file}"))
            && let Ok(text) = std::str::from_utf8(words)
        {
            *words = tone::to_new(text).into_bytes().into();
        }
    }
}

/// Faces of the wanted families that do not draw every Vietnamese letter. The bundle's own are proven by the tests.
fn faulty(fonts: &[FontFile], families: &BTreeSet<&String>) -> Vec<Diagnostic> {
    fonts
        .iter()
        .filter(|font| matches!(font.bytes, std::borrow::Cow::Owned(_)))
        .flat_map(examine)
        .filter(|face| !face.faults.is_empty() && families.iter().any(|family| family.eq_ignore_ascii_case(&face.family)))
        .map(|face| {
            let (family, letters, file) = (&face.family, face.letters, &face.file);
            Diagnostic::error(
                "font-unfit",
                say!(
                    "phông “{family}” ({file}) chỉ vẽ đúng {letters}/134 chữ Việt",
                    "font “{family}” ({file}) draws only {letters} of the 134 Vietnamese letters"
                ),
            )
            .remedy(say!("dùng phông khác; xem “vanthu fonts”", "use another font; see `vanthu fonts`"))
        })
        .collect()
}

async fn close(pool: Arc<Pool>) {
    if let Some(pool) = Arc::into_inner(pool) {
        pool.close().await;
    }
}
