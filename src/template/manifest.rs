//! What a template says about itself: `template.toml`.
//!
//! Owns the manifest's shape and the check of its keys. What its words and page may refer to is checked where those
//! are compiled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::contract::source_place;
use crate::diagnostic::{Diagnostic, nearest};
use crate::language::Text;
use crate::say;

/// A template's manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The folder's name, ASCII kebab-case.
    pub name: String,
    /// Version of the template, for the record kept with each document.
    pub version: String,
    /// Type code of Decree 30/2020, Phụ lục III (`BC`, `QĐ`); none for certificates.
    pub code: Option<String>,
    /// Name for people.
    pub title: Text,
    /// One sentence for people.
    pub description: Text,
    /// Font families that the page uses.
    pub fonts: Fonts,
    /// Names, limits and QR code of the documents.
    pub output: Output,
    /// Can it print on pre-printed stock?
    #[serde(default)]
    pub stock: bool,
    /// Text outside this area is reported as overflow.
    #[serde(default)]
    pub text_area: TextArea,
    /// Choices a user may make, with their defaults.
    #[serde(default)]
    pub options: BTreeMap<String, ChoiceOption>,
}

/// Font families, for the check of every character before anything renders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fonts {
    /// A character of any field or word must be covered by one of these families,
    pub text: Vec<String>,
    /// except in the fields and words named here, which have their own.
    #[serde(default)]
    pub fields: BTreeMap<String, Vec<String>>,
}

/// How the documents are named and limited.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Default file-name pattern (Handlebars, without extension).
    pub file: String,
    /// Title inside the PDF (Handlebars).
    pub title: String,
    /// Most pages a document may have.
    #[serde(default = "pages_max")]
    pub pages_max: u32,
    /// Text of the QR code (Handlebars), if the page shows one.
    pub qr: Option<String>,
    /// What an organisation signs of a document whose QR code can be verified; without it, the contract's title, the field
    /// `so` and the record's name.
    pub statement: Option<StatementWords>,
}

/// What is signed of a document (Handlebars). Date and issuer are the document's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementWords {
    /// What it is.
    pub title: String,
    /// Its number, as it can be compared with the page.
    pub number: String,
    /// Whose it is.
    pub holder: String,
}

fn pages_max() -> u32 {
    2_000
}

/// Distances from the page's edges in millimetres.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TextArea {
    /// From the left edge.
    pub left: f64,
    /// From the right edge.
    pub right: f64,
    /// From the top edge.
    pub top: f64,
    /// From the bottom edge.
    pub bottom: f64,
}

impl Default for TextArea {
    /// The page itself, less what an office printer cannot reach.
    fn default() -> Self {
        Self { left: 5.0, right: 5.0, top: 4.0, bottom: 4.0 }
    }
}

/// One enumerated option.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceOption {
    /// Name for people.
    pub title: Text,
    /// What may be chosen.
    pub values: Vec<String>,
    /// Names of the values for people; a value without one is its own.
    #[serde(default)]
    pub labels: BTreeMap<String, Text>,
    /// What holds when nothing is chosen.
    pub default: String,
}

impl ChoiceOption {
    /// The name of a value for people.
    pub fn label(&self, value: &str) -> Text {
        self.labels.get(value).cloned().unwrap_or_else(|| say!("{value}", "{value}"))
    }
}

impl TextArea {
    /// The whole page: a field on stock may stand anywhere.
    pub const PAGE: Self = Self { left: 0.0, right: 0.0, top: 0.0, bottom: 0.0 };
}

impl Manifest {
    /// Reads a manifest; `file` names it in diagnostics.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        toml::from_str(text).map_err(|error| vec![toml_problem("manifest", file, text, &error)])
    }

    /// The options with `chosen` laid over the defaults; every unknown name or value is a diagnostic.
    pub fn choose(&self, chosen: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for (name, value) in chosen {
            match self.options.get(name) {
                None => {
                    let known = self.options.keys().cloned().collect::<Vec<_>>().join(", ");
                    let remedy = match nearest(name, self.options.keys().map(String::as_str)) {
                        Some(near) => say!("có phải “{near}”? Các tùy chọn: {known}", "did you mean `{near}`? Options: {known}"),
                        None if known.is_empty() => say!("mẫu này không có tùy chọn nào", "this template has no options"),
                        None => say!("tùy chọn có thể dùng: {known}", "options: {known}"),
                    };
                    let own = &self.name;
                    problems.push(
                        Diagnostic::error(
                            "option-unknown",
                            say!("mẫu “{own}” không có tùy chọn “{name}”", "template `{own}` has no option `{name}`"),
                        )
                        .remedy(remedy),
                    );
                }
                Some(option) if !option.values.contains(value) => {
                    let values = option.values.join(", ");
                    let remedy = match nearest(value, option.values.iter().map(String::as_str)) {
                        Some(near) => say!("có phải “{near}”? Chọn một trong: {values}", "did you mean `{near}`? Choose one of: {values}"),
                        None => say!("chọn một trong: {values}", "choose one of: {values}"),
                    };
                    problems.push(
                        Diagnostic::error(
                            "option-value",
                            say!("“{value}” không phải giá trị của tùy chọn “{name}”", "`{value}` is not a value of option `{name}`"),
                        )
                        .remedy(remedy),
                    );
                }
                Some(_) => {}
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(self.options.iter().map(|(name, option)| (name.clone(), chosen.get(name).unwrap_or(&option.default).clone())).collect())
    }
}

/// A TOML error as a diagnostic with its line.
pub(crate) fn toml_problem(what: &'static str, file: &str, text: &str, error: &toml::de::Error) -> Diagnostic {
    let offset = error.span().map_or(0, |span| span.start);
    let (line, column) = line_and_column(text, offset);
    let code = if what == "manifest" { "manifest-syntax" } else { "toml-syntax" };
    let reason = error.message().trim();
    let quoted: Vec<&str> = reason.split('`').skip(1).step_by(2).collect();
    let diagnostic = if reason.starts_with("unknown field") {
        let (unknown, known) = quoted.split_first().map_or(("", &[][..]), |(unknown, known)| (*unknown, known));
        let list = known.join(", ");
        let problem = Diagnostic::error(code, say!("không có khóa “{unknown}” ở đây", "there is no key `{unknown}` here"));
        match nearest(unknown, known.iter().copied()) {
            Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
            None => problem.remedy(say!("các khóa: {list}", "keys: {list}")),
        }
    } else if let (true, Some(missing)) = (reason.starts_with("missing field"), quoted.first()) {
        Diagnostic::error(code, say!("thiếu khóa “{missing}”", "the key `{missing}` is missing"))
    } else if reason.starts_with("invalid type") || reason.starts_with("invalid value") {
        Diagnostic::error(code, say!("giá trị không đúng kiểu ({reason})", "{reason}"))
    } else {
        Diagnostic::error(code, say!("sai cú pháp TOML ({reason})", "{reason}"))
            .remedy(say!("mỗi dòng là khóa = giá trị; chữ để trong ngoặc kép", "each line is key = value; text stands in quotes"))
    };
    diagnostic.at(source_place(file, text, line, column))
}

/// One-based line and column (in characters) of a byte offset.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
