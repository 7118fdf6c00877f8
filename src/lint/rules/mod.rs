//! The rules: what each asks for, by which clause, and how it is measured.
//!
//! Owns the table and its running. A rule is a row of data with one small function; the files beside this one hold
//! them by the part of the document that they look at. A rule that cannot measure its subject stays silent: that the
//! subject is missing is another rule's finding, so that one mistake is reported once.

mod appendix;
mod body;
mod characters;
mod end;
mod foot;
mod head;
mod heading;
mod number;
mod page;
mod seal;
mod stamp;
mod title;

use crate::diagnostic::Severity;
use crate::language::Text;
use crate::say;

use super::Options;
use super::components::{Components, Kind};
use super::finding::{Finding, PLACES_MAX};
use super::ink::{Area, Document, Line};
use super::law::{Law, Range};

/// Sizes in points may be off by this much: Word writes 13.98 for 14, some drivers 14.04.
const SIZE_TOLERANCE_PT: f64 = 0.2;
/// One rule reports at most so many different departures; more tell nothing new.
const FINDINGS_MAX: usize = 20;

/// One rule.
pub struct Rule {
    /// Stable name for programs.
    pub id: &'static str,
    /// The clause of the decree, or the standard, that asks for it.
    pub clause: &'static str,
    /// What it asks for, as a sentence.
    pub vi: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// The kinds of document that it holds for.
    pub kinds: &'static [Kind],
    check: fn(&Facts<'_>, &mut Places),
}

/// What a rule may look at.
pub struct Facts<'a> {
    /// What stands on the pages.
    pub document: &'a Document,
    /// What it is.
    pub parts: &'a Components,
    /// What it should be.
    pub law: &'static Law,
    /// What the caller allows.
    pub options: &'a Options,
}

/// Does `range` hold for the size of `line`?
fn size_is(line: &Line, range: Range) -> bool {
    range.holds(line.size, SIZE_TOLERANCE_PT)
}

/// One way in which a rule is broken: what is there, what should be, and where.
struct Departure {
    found: Text,
    wanted: Text,
    areas: Vec<Area>,
    count: usize,
}

/// The places where a rule is broken.
#[derive(Default)]
pub struct Places(Vec<Departure>);

impl Places {
    fn add(&mut self, area: Area, found: Text, wanted: Text) {
        self.add_all(&[area], 1, found, wanted);
    }

    /// `count` places, of which `areas` are the first.
    fn add_all(&mut self, areas: &[Area], count: usize, found: Text, wanted: Text) {
        if let Some(one) = self.0.iter_mut().find(|one| one.found == found && one.wanted == wanted) {
            one.count += count;
            let room = PLACES_MAX.saturating_sub(one.areas.len());
            one.areas.extend(areas.iter().take(room));
        } else if self.0.len() < FINDINGS_MAX {
            self.0.push(Departure { found, wanted, areas: areas.to_vec(), count });
        }
    }

    /// `line` must have a size in `range`.
    fn size(&mut self, line: &Line, range: Range) {
        if !size_is(line, range) {
            self.add(line.area(), super::finding::measure(line.size, "pt"), range.show("pt"));
        }
    }
}

/// All rules, in the order of annex I.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let parts = [
        page::RULES,
        head::RULES,
        number::RULES,
        title::RULES,
        body::RULES,
        heading::RULES,
        end::RULES,
        seal::RULES,
        appendix::RULES,
        stamp::RULES,
        foot::RULES,
        characters::RULES,
    ];
    parts.into_iter().flatten()
}

/// Runs the rules that hold for `kind`.
pub fn run(facts: &Facts<'_>, kind: Kind) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in all().filter(|rule| rule.kinds.contains(&kind)) {
        let mut places = Places::default();
        (rule.check)(facts, &mut places);
        findings.extend(places.0.into_iter().map(|departure| finding(rule, departure)));
    }
    findings
}

fn finding(rule: &Rule, departure: Departure) -> Finding {
    let Departure { found, wanted, areas, count } = departure;
    let (vi, en) = (rule.vi, rule.en);
    let message = Text {
        vi: format!("{vi}. Ở đây: {}; cần: {}", found.vi, wanted.vi),
        en: format!("{en}. Here: {}; wanted: {}", found.en, wanted.en),
    };
    let area = areas.first().copied().unwrap_or_default();
    Finding { rule: rule.id, clause: rule.clause, area, places: areas, count, found, wanted, message, severity: rule.severity }
}

/// What a document is, for the rules that hold for several kinds.
const DOCUMENT: &[Kind] = &[Kind::Administrative];
const HEADED: &[Kind] = &[Kind::Administrative, Kind::Register];
const PAGED: &[Kind] = &[Kind::Administrative, Kind::Register, Kind::Party];

/// A rule of the head, the title or the signature, which a register borrows from the documents.
const fn of_head(id: &'static str, clause: &'static str, vi: &'static str, en: &'static str, check: fn(&Facts<'_>, &mut Places)) -> Rule {
    Rule { id, clause, vi, en, severity: Severity::Error, kinds: HEADED, check }
}

/// A rule of the decree for administrative documents.
const fn rule(id: &'static str, clause: &'static str, vi: &'static str, en: &'static str, check: fn(&Facts<'_>, &mut Places)) -> Rule {
    Rule { id, clause, vi, en, severity: Severity::Error, kinds: DOCUMENT, check }
}

/// A custom, or a matter of judgement.
const fn custom(id: &'static str, clause: &'static str, vi: &'static str, en: &'static str, check: fn(&Facts<'_>, &mut Places)) -> Rule {
    Rule { id, clause, vi, en, severity: Severity::Warning, kinds: DOCUMENT, check }
}

/// A rule of the page, which registers and the Party's style share.
const fn of_page(id: &'static str, clause: &'static str, vi: &'static str, en: &'static str, check: fn(&Facts<'_>, &mut Places)) -> Rule {
    Rule { id, clause, vi, en, severity: Severity::Error, kinds: PAGED, check }
}

/// A rule of characters and fonts, for any document.
const fn of_text(
    id: &'static str,
    clause: &'static str,
    vi: &'static str,
    en: &'static str,
    severity: Severity,
    check: fn(&Facts<'_>, &mut Places),
) -> Rule {
    Rule { id, clause, vi, en, severity, kinds: &Kind::ALL, check }
}

/// The style of a line in words.
fn style(line: &Line) -> Text {
    let bold = match line.bold {
        share if share >= 0.9 => say!("đậm", "bold"),
        share if share > 0.1 => say!("đậm một phần", "partly bold"),
        _ => say!("không đậm", "not bold"),
    };
    let italic = match line.italic {
        share if share >= 0.9 => say!("nghiêng", "italic"),
        share if share > 0.1 => say!("nghiêng một phần", "partly italic"),
        _ => say!("đứng", "upright"),
    };
    Text { vi: format!("chữ {}, {}", italic.vi, bold.vi), en: format!("{}, {}", italic.en, bold.en) }
}
