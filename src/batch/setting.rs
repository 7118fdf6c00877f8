//! What all records of a batch share, kept with it: organisation, options, page, fonts.
//!
//! Owns freezing a prepared template into a value and its files by hash, and thawing it again, so that every process that
//! works on the batch, today or in ten years, sets the very same page.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::letter::MailTerms;
use crate::proof::Issuer;
use crate::storage::hash_bytes;
use crate::store::{Store, StoreError};
use crate::template::page::{Page, Terms};
use crate::template::{Files, Template};
use crate::typeset::Standard;
use crate::typeset::fonts::FontFile;

/// The frozen surroundings of a batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setting {
    /// Version of the program that planned it.
    pub program: String,
    /// Template name.
    pub template: String,
    /// Template version.
    pub template_version: String,
    /// SHA-256 of the template's files.
    pub template_digest: String,
    /// The organisation as templates see it.
    pub organisation: Value,
    /// The template's options, complete.
    pub options: BTreeMap<String, String>,
    /// The pre-printed stock as templates see it, or null.
    pub stock: Value,
    /// Standard of the PDFs.
    pub standard: Standard,
    /// What the page says about itself.
    pub terms: Terms,
    /// SHA-256 of each file of the page, by path.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of each font file that the page's families come from, by name.
    pub fonts: BTreeMap<String, String>,
    /// Data file as given.
    pub data_file: String,
    /// SHA-256 of the data file.
    pub data_sha256: String,
    /// How its documents are sent, when they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailTerms>,
    /// How its documents are verified, when they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyTerms>,
    /// Correction workbooks that completed the list, oldest first.
    #[serde(default)]
    pub corrections: Vec<DataFile>,
}

/// What decides the proofs of a batch, beside its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyTerms {
    /// Where the public asks.
    pub url: String,
    /// Id of the key that signs.
    pub key: String,
}

impl From<&Issuer> for VerifyTerms {
    fn from(issuer: &Issuer) -> Self {
        Self { url: issuer.url().to_owned(), key: issuer.public_key().id().to_string() }
    }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// As given.
    pub data_file: String,
    /// SHA-256 of its bytes.
    pub data_sha256: String,
}

/// What is frozen.
pub struct Surroundings<'a> {
    /// The template, with pictures and stock among its files.
    pub template: &'a Template,
    /// The organisation as templates see it.
    pub organisation: &'a Value,
    /// The template's options, complete.
    pub options: &'a BTreeMap<String, String>,
    /// The stock, or null.
    pub stock: &'a Value,
    /// Standard of the PDFs.
    pub standard: Standard,
    /// All fonts.
    pub fonts: &'a [FontFile],
    /// Data file as given.
    pub data_file: String,
    /// SHA-256 of the data file.
    pub data_sha256: String,
    /// How its documents are sent, when they are.
    pub mail: Option<MailTerms>,
    /// How its documents are verified, when they are.
    pub verify: Option<VerifyTerms>,
}

impl Setting {
    /// The value, and the contents that it names by hash.
    pub fn freeze(surroundings: Surroundings<'_>) -> (Self, Vec<(String, Vec<u8>)>) {
        let Surroundings { template, organisation, options, stock, standard, fonts, data_file, data_sha256, mail, verify } = surroundings;
        let page = template.page();
        let mut files = BTreeMap::new();
        let mut contents = Vec::new();
        for (path, bytes) in &page.files {
            let sha256 = hash_bytes(bytes);
            files.insert(path.clone(), sha256.clone());
            contents.push((sha256, bytes.to_vec()));
        }
        let setting = Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            template: template.manifest.name.clone(),
            template_version: template.manifest.version.clone(),
            template_digest: template.digest.clone(),
            organisation: organisation.clone(),
            options: options.clone(),
            stock: stock.clone(),
            standard,
            fonts: font_digests(fonts),
            terms: page.terms,
            files,
            data_file,
            data_sha256,
            mail,
            verify,
            corrections: Vec::new(),
        };
        (setting, contents)
    }

    /// Do both set the same page from the same data?
    pub fn is_same_page(&self, other: &Self) -> bool {
        let page = |setting: &Self| {
            let setting = Self { data_file: String::new(), data_sha256: String::new(), corrections: Vec::new(), ..setting.clone() };
            serde_json::to_value(setting).ok()
        };
        page(self) == page(other)
    }

    /// The setting of `earlier`, completed by the data of this one.
    pub fn completing(self, earlier: Self) -> Self {
        let Self { data_file, data_sha256, .. } = self;
        let mut corrections = earlier.corrections;
        corrections.push(DataFile { data_file, data_sha256 });
        Self { corrections, ..earlier }
    }

    /// The page, its files read back by their hashes.
    pub async fn page(&self, store: &Store) -> Result<Page, StoreError> {
        let mut files = Files::new();
        for (path, sha256) in &self.files {
            files.insert(path.clone(), Cow::Owned(store.content(sha256).await?));
        }
        Ok(Page { files, terms: self.terms.clone() })
    }

    /// Font files that are gone or changed since; a document made without them could have other bytes.
    pub fn changed_fonts(&self, fonts: &[FontFile]) -> Vec<String> {
        let now = font_digests(fonts);
        self.fonts.iter().filter(|(name, sha256)| now.get(*name) != Some(sha256)).map(|(name, _)| name.clone()).collect()
    }

    /// Name of the organisation, for the PDF's author.
    pub fn author(&self) -> &str {
        self.organisation["ten"].as_str().unwrap_or_default()
    }

    /// The virtual JSON file of a record: its own part and the batch's.
    pub fn record(&self, content: Value) -> Value {
        let mut record = content;
        record["to_chuc"] = self.organisation.clone();
        record["tuy_chon"] = serde_json::json!(self.options);
        record["phoi"] = self.stock.clone();
        record
    }
}

fn font_digests(fonts: &[FontFile]) -> BTreeMap<String, String> {
    fonts.iter().map(|font| (font.name.clone(), hash_bytes(&font.bytes))).collect()
}
