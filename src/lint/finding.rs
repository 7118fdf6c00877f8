//! What the linter found, for people and for programs.
//!
//! Owns [`Finding`] and [`Report`] with their wordings. What is wrong is said by the rules, where it is drawn by
//! [`super::picture`].

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::language::{Language, Text};
use crate::say;

use super::components::Kind;
use super::ink::Area;
use super::law::Law;

/// One departure from the decree.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule's name for programs, such as `quoc-hieu-size`.
    pub rule: &'static str,
    /// The clause that asks for it.
    pub clause: &'static str,
    /// Where it stands: page and rectangle.
    pub area: Area,
    /// What is there.
    pub found: Text,
    /// What should be there.
    pub wanted: Text,
    /// The rule in one sentence, then what is there and what should be.
    pub message: Text,
    /// An error breaks the decree; a warning breaks a custom, or is a judgement.
    pub severity: Severity,
}

impl Finding {
    /// The finding as the program's diagnostics show it.
    pub fn to_diagnostic(&self, file: &str) -> Diagnostic {
        let place = self.place();
        let (clause, message) = (self.clause, &self.message);
        let text = Text { vi: format!("{}: {} ({clause})", place.vi, message.vi), en: format!("{}: {} ({clause})", place.en, message.en) };
        Diagnostic {
            code: self.rule.into(),
            severity: self.severity,
            place: Some(Place::File { file: file.to_owned() }),
            record: None,
            value: None,
            message: text,
            remedy: None,
        }
    }

    /// `trang 1, cách trái 30 mm, cách trên 20 mm`.
    pub fn place(&self) -> Text {
        let (page, x, y) = (self.area.page, number(self.area.x_mm), number(self.area.y_mm));
        say!("trang {page}, cách trái {x} mm, cách trên {y} mm", "page {page}, {x} mm from the left, {y} mm from the top")
    }

    /// For programs: stable keys, sentences in `language`.
    pub fn to_json(&self, language: Language) -> Value {
        json!({
            "rule": self.rule,
            "severity": self.severity,
            "clause": self.clause,
            "page": self.area.page,
            "x_mm": rounded(self.area.x_mm),
            "y_mm": rounded(self.area.y_mm),
            "w_mm": rounded(self.area.w_mm),
            "h_mm": rounded(self.area.h_mm),
            "found": self.found.in_language(language),
            "wanted": self.wanted.in_language(language),
            "message": self.message.in_language(language),
        })
    }
}

/// What is known of a file after the check.
#[derive(Debug, Clone)]
pub struct Report {
    /// The rules it was checked against.
    pub law: &'static Law,
    /// What it was taken for.
    pub kind: Kind,
    /// Its type (tên loại), where one was recognised.
    pub type_name: Option<&'static str>,
    /// Size of each page in mm.
    pub pages: Vec<(f64, f64)>,
    /// All findings, by page and from top to bottom.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Is the document free of errors? Warnings do not count.
    pub fn passes(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// The findings as diagnostics about `file`.
    pub fn to_diagnostics(&self, file: &str) -> Vec<Diagnostic> {
        self.findings.iter().map(|finding| finding.to_diagnostic(file)).collect()
    }

    /// The report for programs.
    pub fn to_json(&self, language: Language) -> Value {
        let mut object = Map::new();
        object.insert(
            "law".into(),
            json!({
                "id": self.law.id, "name": self.law.name,
                "valid_from": self.law.valid_from, "valid_to": self.law.valid_to,
            }),
        );
        object.insert("kind".into(), self.kind.name().into());
        object.insert("type".into(), json!(self.type_name));
        object.insert("pages".into(), self.pages.len().into());
        object.insert("passes".into(), self.passes().into());
        let findings = self.findings.iter().map(|finding| finding.to_json(language)).collect::<Vec<_>>();
        object.insert("findings".into(), findings.into());
        object.into()
    }
}

/// A measure with its unit: `12,5 pt` in Vietnamese, `12.5 pt` in English.
pub fn measure(value: f64, unit: &str) -> Text {
    let en = format!("{} {unit}", number(value));
    Text { vi: en.replace('.', ","), en }
}

/// Words that are the same in both languages: a quotation from the page.
pub fn quoted(text: &str) -> Text {
    Text { vi: format!("“{text}”"), en: format!("“{text}”") }
}

/// Nothing is there.
pub fn absent() -> Text {
    say!("không có", "none")
}

/// At most one decimal, none where it is zero.
pub fn number(value: f64) -> String {
    let value = rounded(value);
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn rounded(value: f64) -> f64 {
    // Adding zero turns −0 into 0.
    (value * 10.0).round() / 10.0 + 0.0
}
