//! Templates as a person chooses them: a picture of each, the workbook to fill.
//!
//! Owns the pictures, which are drawn once for each state of a template and an organisation and kept in the office.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::office::Office;
use super::turns::Turns;
use super::{App, AppError, close};
use crate::batch::Request;
use crate::batch::numbering::number_field;
use crate::batch::order::NameOrder;
use crate::config::mail::FOLDER_RELAY;
use crate::language::Text;
use crate::message::letter::Attach;
use crate::render_pool::{Pool, Verdict};
use crate::spreadsheet;
use crate::storage::{STATE_FOLDER, StorageError};
use crate::template::contract::Shape;
use crate::template::hex;

/// Folder of the pictures, in the office's own state.
const PICTURES_FOLDER: &str = "anh-mau";
/// Size of a picture.
const PIXELS_PER_INCH: f64 = 54.0;
/// Templates that the program itself prints: books of registers, the sheet that calibrates a printer.
const INTERNAL: [&str; 3] = ["so-dang-ky-van-ban", "so-khen-thuong", "to-can-chinh"];

/// How long a file of a request may lie, at most.
const SCRATCH_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Pictures drawn at a time. A page asks for all of them at once, so that some wait for the others.
static TURNS: Turns = Turns::new(1, 64, Duration::from_secs(30));

/// A template to choose.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: Text,
    /// One sentence for people.
    pub description: Text,
    /// Is each row of a list a document? Otherwise a whole workbook is one.
    pub is_list: bool,
    /// Can its documents be sent by mail?
    pub has_mail: bool,
    /// Can it print on pre-printed stock?
    pub has_stock: bool,
}

/// What the options of a draft may name, each with its key and its name for people.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// Pre-printed stock.
    pub stocks: Vec<(String, String)>,
    /// Printers.
    pub printers: Vec<(String, String)>,
    /// Registers.
    pub registers: Vec<(String, String)>,
    /// The register that the template's documents are entered in unless said otherwise.
    pub register: Option<String>,
    /// Relays, and the folder in the place of one.
    pub relays: Vec<(String, String)>,
    /// The relay that is used unless said otherwise.
    pub relay: Option<String>,
    /// Can messages carry links in the place of files?
    pub can_link: bool,
    /// Do they, unless said otherwise?
    pub links: bool,
    /// Can its documents be put into the order of names?
    pub can_order: bool,
    /// Can its documents take numbers of a register?
    pub can_number: bool,
}

impl App {
    /// What the options of a draft of a template, in the name of an organisation or of the default one, may name.
    pub fn draft_offer(&self, template: &str, organisation: Option<&str>) -> Offer {
        let config = self.workspace.current();
        let titled = |key: &String, title: &str| (key.clone(), if title.is_empty() { key.clone() } else { title.to_owned() });
        let known = self.template(template).ok();
        let contract = known.as_ref().map(|template| &template.contract);
        let tones = self.workspace.organisation(None).map(|organisation| organisation.language).unwrap_or_default().tone_order();
        let folder = (FOLDER_RELAY.to_owned(), FOLDER_RELAY.to_owned());
        let organisation = organisation.map(str::to_owned).or_else(|| self.default_organisation()).unwrap_or_default();
        Offer {
            stocks: config.stocks.iter().map(|(key, stock)| titled(key, &stock.title)).collect(),
            printers: config.printers.keys().map(|key| titled(key, "")).collect(),
            registers: config.registers.iter().map(|(key, register)| titled(key, &register.title)).collect(),
            register: self.workspace.register_of(template, &organisation).map(|register| register.key),
            relays: config.mail.relays.keys().map(|key| titled(key, "")).chain([folder]).collect(),
            relay: config.mail.relay_name(None).ok(),
            can_link: self.links().is_some(),
            links: config.mail.attach == Attach::Link,
            can_order: contract.is_some_and(|contract| NameOrder::of(template, contract, tones).is_ok()),
            can_number: contract.is_some_and(|contract| number_field(contract).is_some()),
        }
    }

    /// The key of the organisation in whose name documents are made unless said otherwise.
    pub fn default_organisation(&self) -> Option<String> {
        self.workspace.organisation(None).ok().map(|organisation| organisation.key)
    }

    /// The templates that documents are made with: first those for lists.
    pub fn template_choices(&self) -> Vec<Choice> {
        let mut choices: Vec<Choice> = self
            .catalog
            .entries()
            .into_iter()
            .filter(|entry| !INTERNAL.contains(&entry.name.as_str()))
            // A template of the workspace that is being changed, and does not load, is not to choose now.
            .filter_map(|entry| self.template(&entry.name).ok())
            .map(|template| Choice {
                is_list: template.contract.shape() == Shape::List,
                has_mail: template.mail.is_some(),
                has_stock: template.manifest.stock,
                name: template.manifest.name.clone(),
                title: template.manifest.title.clone(),
                description: template.manifest.description.clone(),
            })
            .collect();
        choices.sort_by_key(|choice| !choice.is_list);
        choices
    }

    /// What a template's picture shows: the same as long as it does.
    pub fn picture_state(&self, name: &str, organisation: Option<&str>) -> Result<String, AppError> {
        let digest = &self.template(name)?.digest;
        let mut hash = Sha256::new();
        for part in [env!("CARGO_PKG_VERSION"), digest, organisation.unwrap_or_default(), &self.configuration_version()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Ok(hex(&hash.finalize())[..16].to_owned())
    }

    /// The first page of a template's sample as PNG.
    pub async fn template_picture(&self, office: &Office, name: &str, organisation: Option<&str>) -> Result<Vec<u8>, AppError> {
        let request = Request { template: name.to_owned(), organisation: organisation.map(str::to_owned), ..Request::default() };
        let prepared = self.prepare(&request)?;
        let mut hash = Sha256::new();
        for part in [env!("CARGO_PKG_VERSION"), &prepared.template.digest, &prepared.organisation.to_string()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let folder = office.root().join(STATE_FOLDER).join(PICTURES_FOLDER);
        let path = folder.join(format!("{name}-{}.png", &hex(&hash.finalize())[..16]));
        if let Ok(bytes) = std::fs::read(&path) {
            return Ok(bytes);
        }
        let _turn = TURNS.take().await?;
        if let Ok(bytes) = std::fs::read(&path) {
            return Ok(bytes);
        }
        let Some((_, job)) = self.sample_jobs(&prepared, request.standard, PIXELS_PER_INCH)?.into_iter().next() else {
            return Err(AppError::Damaged { what: "sample" });
        };
        let mut settings = self.pool_settings();
        settings.workers = 1;
        let pool = Arc::new(Pool::start(&settings, &prepared.template.page(), &prepared.fonts));
        let verdict = pool.render(job).await;
        close(pool).await;
        let image = match verdict? {
            Verdict::Done(typeset) => typeset.images.into_iter().next().ok_or(AppError::Damaged { what: "sample" })?,
            Verdict::Failed(problems) => return Err(problems.into()),
            Verdict::Quarantined(problem) => return Err(vec![*problem].into()),
        };
        std::fs::create_dir_all(&folder).map_err(StorageError::write(&folder))?;
        let temporary = folder.join(office.store.new_id().await?);
        std::fs::write(&temporary, &image).map_err(StorageError::write(&temporary))?;
        std::fs::rename(&temporary, &path).map_err(StorageError::write(&path))?;
        Ok(image)
    }

    /// The workbook that a clerk fills for a template.
    pub async fn blank_workbook(&self, office: &Office, name: &str) -> Result<Vec<u8>, AppError> {
        let template = self.template(name)?;
        let path = self.scratch(office, "xlsx").await?;
        let written = spreadsheet::blank(&template.contract, &template.manifest.title.vi, &path);
        let bytes = written.map_err(AppError::from).and_then(|()| Ok(std::fs::read(&path).map_err(StorageError::read(&path))?));
        let _ = std::fs::remove_file(&path);
        bytes
    }

    /// Do certificates get codes that anybody can check?
    pub fn verifies(&self) -> bool {
        self.workspace.current().verify.is_some()
    }

    /// A fresh key for a form: sent twice, it does its work once.
    pub async fn fresh_key(&self, office: &Office) -> Result<String, AppError> {
        Ok(office.store.new_id().await?)
    }

    /// A path for a file that lives as long as a request; the caller removes it.
    pub async fn scratch(&self, office: &Office, extension: &str) -> Result<PathBuf, AppError> {
        let folder = office.root().join(STATE_FOLDER).join("tam");
        std::fs::create_dir_all(&folder).map_err(StorageError::write(&folder))?;
        // What a process that was killed left lying.
        for entry in std::fs::read_dir(&folder).map_err(StorageError::read(&folder))?.flatten() {
            let age = entry.metadata().and_then(|file| file.modified()).ok().and_then(|modified| modified.elapsed().ok());
            if age.is_some_and(|age| age > SCRATCH_LIFE) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(folder.join(format!("{}.{extension}", office.store.new_id().await?)))
    }
}
