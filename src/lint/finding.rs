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

/// A finding remembers so many places.
pub const PLACES_MAX: usize = 20;
/// A sentence names so many pages.
const PAGES_SHOWN: usize = 5;

/// One departure from the decree.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule's name for programs, such as `quoc-hieu-size`.
    pub rule: &'static str,
    /// The clause that asks for it.
    pub clause: &'static str,
    /// Where it stands first: page and rectangle.
    pub area: Area,
    /// The first places of the same departure, `area` among them.
    pub places: Vec<Area>,
    /// How often the file departs in just this way.
    pub count: usize,
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
        let (clause, message, more) = (self.clause, &self.message, self.more());
        let message = Text { vi: format!("{}{} ({clause})", message.vi, more.vi), en: format!("{}{} ({clause})", message.en, more.en) };
        let whole = |mm: f64| mm.round().max(0.0) as u32;
        let place = Place::Page { file: file.to_owned(), page: self.area.page, x_mm: whole(self.area.x_mm), y_mm: whole(self.area.y_mm) };
        Diagnostic { code: self.rule.into(), severity: self.severity, place: Some(place), record: None, value: None, message, remedy: None }
    }

    /// `; 12 chỗ như vậy, ở trang 1, 2, 3, …`, where there is more than one.
    fn more(&self) -> Text {
        if self.count < 2 {
            return Text::default();
        }
        let mut pages: Vec<usize> = self.places.iter().map(|area| area.page).collect();
        pages.sort_unstable();
        pages.dedup();
        let mut list: Vec<String> = pages.iter().take(PAGES_SHOWN).map(usize::to_string).collect();
        if pages.len() > PAGES_SHOWN || self.count > self.places.len() {
            list.push("…".to_owned());
        }
        let (count, list) = (self.count, list.join(", "));
        say!("; {count} chỗ như vậy, ở trang {list}", "; {count} such places, on page {list}")
    }

    /// The finding, its document standing behind `pages` others in the file.
    pub fn after(mut self, pages: usize) -> Self {
        self.area.page += pages;
        self.places.iter_mut().for_each(|area| area.page += pages);
        self
    }

    /// Is `other` the same departure at another place?
    fn is_like(&self, other: &Self) -> bool {
        self.rule == other.rule && self.found == other.found && self.wanted == other.wanted
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
            "count": self.count,
            "places": self.places.iter().map(|area| json!({
                "page": area.page, "x_mm": rounded(area.x_mm), "y_mm": rounded(area.y_mm),
                "w_mm": rounded(area.w_mm), "h_mm": rounded(area.h_mm),
            })).collect::<Vec<_>>(),
            "found": self.found.in_language(language),
            "wanted": self.wanted.in_language(language),
            "message": self.message.in_language(language),
        })
    }
}

/// Findings by page and from top to bottom; the same departure at several places is one finding with all of them.
pub fn grouped(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: Vec<Finding> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| group.is_like(&finding)) {
            Some(group) => {
                group.count += finding.count;
                let room = PLACES_MAX.saturating_sub(group.places.len());
                group.places.extend(finding.places.into_iter().take(room));
            }
            None => groups.push(finding),
        }
    }
    let order = |a: &Area, b: &Area| a.page.cmp(&b.page).then(a.y_mm.total_cmp(&b.y_mm)).then(a.x_mm.total_cmp(&b.x_mm));
    for group in &mut groups {
        group.places.sort_by(order);
        group.area = group.places.first().copied().unwrap_or(group.area);
    }
    groups.sort_by(|a, b| order(&a.area, &b.area));
    groups
}

/// One document of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Its first page, one-based, in the file.
    pub first_page: usize,
    /// How many pages it has.
    pub pages: usize,
    /// What it was taken for.
    pub kind: Kind,
    /// Its type (tên loại), where one was recognised.
    pub type_name: Option<&'static str>,
}

/// What is known of a file after the check.
#[derive(Debug, Clone)]
pub struct Report {
    /// The rules it was checked against.
    pub law: &'static Law,
    /// The documents in it: one, or those of a merged file.
    pub documents: Vec<Judged>,
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
        let documents = self
            .documents
            .iter()
            .map(|one| json!({ "first_page": one.first_page, "pages": one.pages, "kind": one.kind.name(), "type": one.type_name }));
        object.insert("documents".into(), documents.collect::<Vec<_>>().into());
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

/// Width and height: `20 × 8 mm`.
pub fn size(width: f64, height: f64) -> Text {
    let (width, height) = (number(width), measure(height, "mm"));
    Text { vi: format!("{} × {}", width.replace('.', ","), height.vi), en: format!("{width} × {}", height.en) }
}

/// Words that are the same in both languages: a quotation from the page.
pub fn quoted(text: &str) -> Text {
    Text { vi: format!("“{text}”"), en: format!("“{text}”") }
}

/// Nothing is there.
pub fn absent() -> Text {
    say!("không có", "none")
}

/// At most one decimal, none where it is zero; with a point.
pub fn number(value: f64) -> String {
    let value = rounded(value);
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn rounded(value: f64) -> f64 {
    // Adding zero turns −0 into 0.
    (value * 10.0).round() / 10.0 + 0.0
}
