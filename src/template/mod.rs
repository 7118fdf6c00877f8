//! A template: manifest, contract, words, mail, page and sample, read from the files of its folder.
//!
//! Owns loading a complete template from bytes, with every problem of every file reported at once, and its digest.
//! Where the bytes come from is `catalog`'s affair; compiling the page is `typeset`'s.

pub mod capitals;
pub mod contract;
pub mod document_code;
pub mod function_help;
pub mod functions;
pub mod mail_words;
pub mod manifest;
mod order;
pub mod page;
pub mod validate;
pub mod words;
mod words_fault;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use contract::Contract;
use mail_words::MailWords;
use manifest::Manifest;
pub use page::Page;
use words::Words;

/// Files by virtual path (`/giay-khen/page.typ`), as the page sees them.
pub type Files = BTreeMap<String, Cow<'static, [u8]>>;

/// The family for raw text, which every world has.
const RAW_FAMILY: &str = "Liberation Mono";

/// The words of a built-in template, beside those that a workspace lays over them.
pub const BUILT_IN_WORDS: &str = "words.built-in.toml";

/// The folder of the shared Typst library.
pub const SHARED_FOLDER: &str = "the-thuc";

/// A loaded template.
pub struct Template {
    /// What it says about itself.
    pub manifest: Manifest,
    /// What its records hold.
    pub contract: Contract,
    /// Its wording.
    pub words: Words,
    /// The wording of the message that carries its documents, if it has one.
    pub mail: Option<MailWords>,
    /// The files that its page may read: its own and the shared library's.
    pub files: Files,
    /// Its sample records.
    pub sample: Vec<Map<String, Value>>,
    /// SHA-256 over all files that can change a document, in hexadecimal.
    pub digest: String,
}

impl Template {
    /// Reads the template `name` out of `files`, which also hold the shared library.
    pub fn load(name: &str, files: &Files) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let text = |file: &str, problems: &mut Vec<Diagnostic>| -> Option<String> {
            let path = format!("/{name}/{file}");
            let place = Place::File { file: format!("{name}/{file}") };
            match files.get(&path) {
                None => {
                    problems.push(Diagnostic::error("template-file", say!("mẫu thiếu tệp này", "the template lacks this file")).at(place));
                    None
                }
                Some(bytes) => match std::str::from_utf8(bytes) {
                    Ok(text) => Some(text.to_owned()),
                    Err(error) => {
                        let offset = error.valid_up_to();
                        problems.push(
                            Diagnostic::error(
                                "template-encoding",
                                say!("không phải UTF-8 (từ byte {offset})", "is not UTF-8 (from byte {offset})"),
                            )
                            .at(place),
                        );
                        None
                    }
                },
            }
        };
        let manifest = text("template.toml", &mut problems)
            .and_then(|text| keep(Manifest::parse(&format!("{name}/template.toml"), &text), &mut problems));
        let contract = text("contract.json", &mut problems)
            .and_then(|text| keep(Contract::parse(&format!("{name}/contract.json"), &text), &mut problems));
        let words_text = text("words.toml", &mut problems);
        let built_in_words = files.get(&format!("/{name}/{BUILT_IN_WORDS}")).and_then(|bytes| std::str::from_utf8(bytes).ok());
        text("page.typ", &mut problems);
        let sample =
            text("sample.json", &mut problems).and_then(|text| keep(parse_sample(&format!("{name}/sample.json"), &text), &mut problems));
        let words = match (&manifest, &contract, words_text) {
            (Some(manifest), Some(contract), Some(text)) => {
                keep(Words::parse(name, &text, built_in_words, manifest, contract), &mut problems)
            }
            _ => None,
        };
        let has_mail = files.contains_key(&format!("/{name}/{}", mail_words::FILE_NAME));
        let mail_text = if has_mail { text(mail_words::FILE_NAME, &mut problems) } else { None };
        let mail = match (&contract, mail_text) {
            (Some(contract), Some(text)) => keep(MailWords::parse(name, &text, contract), &mut problems),
            _ => None,
        };
        if let (Some(manifest), Some(contract)) = (&manifest, &contract) {
            problems.extend(check_names(name, manifest, contract));
        }
        match (manifest, contract, words, sample) {
            (Some(manifest), Some(contract), Some(words), Some(sample)) if problems.is_empty() => {
                let own = [format!("/{name}/"), format!("/{SHARED_FOLDER}/")];
                let files: Files = files
                    .iter()
                    .filter(|(path, _)| own.iter().any(|folder| path.starts_with(folder)))
                    .map(|(path, bytes)| (path.clone(), bytes.clone()))
                    .collect();
                let digest = digest(&files);
                Ok(Self { manifest, contract, words, mail, files, sample, digest })
            }
            _ => Err(problems),
        }
    }

    /// Every font family that its pages may use.
    pub fn families(&self) -> BTreeSet<String> {
        let fonts = &self.manifest.fonts;
        let mut families: BTreeSet<String> = fonts.text.iter().chain(fonts.fields.values().flatten()).cloned().collect();
        families.insert(RAW_FAMILY.to_owned());
        families
    }

    /// The page's main source: constant, so that nothing of a record is ever source.
    pub fn main_source(&self) -> String {
        format!("#import \"/{}/page.typ\": render\n#render(json(\"/record.json\"))\n", self.manifest.name)
    }

    /// The context for the words of `record`, which must be complete.
    pub fn context(&self, record: &Map<String, Value>, organisation: &Value, options: &BTreeMap<String, String>) -> Value {
        let mut context = record.clone();
        context.insert("to_chuc".into(), organisation.clone());
        context.insert("tuy_chon".into(), serde_json::json!(options));
        Value::Object(context)
    }
}

fn keep<T>(result: Result<T, Vec<Diagnostic>>, problems: &mut Vec<Diagnostic>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

fn parse_sample(file: &str, text: &str) -> Result<Vec<Map<String, Value>>, Vec<Diagnostic>> {
    let wrong = |en: String, vi: String, line, column| {
        vec![Diagnostic::error("sample", say!("{vi}", "{en}")).at(contract::source_place(file, text, line, column))]
    };
    let value: Value = serde_json::from_str(text)
        .map_err(|error| wrong(error.to_string(), format!("không phải JSON hợp lệ: {error}"), error.line(), error.column()))?;
    let items = match value {
        Value::Array(items) => items,
        one => vec![one],
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::Object(record) => Ok(record),
            _ => Err(wrong("a sample record must be an object".into(), "mỗi bản ghi mẫu phải là một đối tượng".into(), 1, 1)),
        })
        .collect()
}

/// The manifest must agree with the folder and may only name fields that exist.
fn check_names(name: &str, manifest: &Manifest, contract: &Contract) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let place = Place::File { file: format!("{name}/template.toml") };
    if manifest.name != name {
        let own = &manifest.name;
        problems.push(
            Diagnostic::error("manifest-name", say!("“name” là “{own}”, thư mục là “{name}”", "`name` is `{own}`, the folder is `{name}`"))
                .at(place.clone()),
        );
    }
    if let Some(code) = &manifest.code
        && crate::vietnamese::type_code::by_code(code).is_none()
    {
        problems.push(
            Diagnostic::error(
                "manifest-code",
                say!("“code” không phải mã loại văn bản của Nghị định 30/2020", "`code` is no type code of Decree 30/2020"),
            )
            .at(place.clone())
            .with_value(code),
        );
    }
    for key in &contract.duplicate_key {
        if contract.field(key).is_none() {
            problems.push(
                Diagnostic::error(
                    "contract-key",
                    say!("“x-duplicate-key” nêu “{key}” không có", "`x-duplicate-key` names `{key}`, which does not exist"),
                )
                .at(Place::File { file: format!("{name}/contract.json") }),
            );
        }
    }
    for (option, choice) in &manifest.options {
        if !choice.values.contains(&choice.default) {
            problems.push(
                Diagnostic::error(
                    "manifest-option",
                    say!("mặc định của “{option}” không nằm trong “values”", "the default of `{option}` is not in `values`"),
                )
                .at(place.clone()),
            );
        }
    }
    problems
}

/// SHA-256 over paths and contents, in the order of the paths.
fn digest(files: &Files) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        if path.ends_with("/sample.json") || path.ends_with("/mail.toml") {
            continue;
        }
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(path.as_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
