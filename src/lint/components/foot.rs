//! Cells 12, 13 and 14: the drafter's code, the address at the foot of page 1, the line of the organisation's digital
//! signature in the corner.
//!
//! Owns telling them from the body: an address by its words or by the long rule above it, a signing line by its hour.

use crate::lint::ink::{Document, Line, Page, Stroke};

use super::end::End;
use super::key;

/// The address stands in this strip above the lower edge of the page (mm).
const STRIP_MM: f64 = 45.0;
/// A rule over the whole width of the text is longer than this (mm).
const LONG_RULE_MM: f64 = 120.0;
/// The signing line stands in the top margin (mm).
const CORNER_MM: f64 = 20.0;

/// Small components outside the text.
#[derive(Debug, Clone, Default)]
pub struct Foot {
    /// Cell 12, `PL.(300)`.
    pub drafter: Option<Line>,
    /// Cell 13, its lines.
    pub address: Vec<Line>,
    /// The rule above it.
    pub address_rule: Option<Stroke>,
    /// Cell 14, wherever a page has one.
    pub signing: Vec<Line>,
}

impl Foot {
    /// The height at which the address begins on `page`.
    pub fn top_on(&self, page: usize) -> Option<f64> {
        let first = self.address.first().filter(|line| line.page == page)?;
        Some(self.address_rule.map_or(first.top(), |rule| rule.y.min(first.top())))
    }
}

/// Finds them in `document`, of which `main` are the pages before the appendices.
pub fn find(document: &Document, main: &[Page], end: &End) -> Foot {
    let mut foot = Foot { drafter: end.drafter.clone(), ..Foot::default() };
    for page in main {
        let strip = page.height_mm - STRIP_MM;
        let rule = page.strokes.iter().rfind(|rule| rule.length() > LONG_RULE_MM && rule.y > strip && !page.in_table(rule.y));
        let lines = || page.rows.iter().map(|row| &row.whole).filter(|line| line.baseline > strip && !page.in_table(line.baseline));
        // Under a rule anything small is the address; without one only its words tell.
        let from = match rule {
            Some(rule) => Some(rule.y)
                .filter(|y| lines().any(|line| line.baseline > *y) && lines().all(|line| line.baseline < *y || line.size < 12.5)),
            None => lines().find(|line| is_address(&line.text)).map(|line| line.top()),
        };
        if let Some(from) = from {
            foot.address = lines().filter(|line| line.baseline > from).cloned().collect();
            foot.address_rule = rule.copied();
            break;
        }
    }
    for page in &document.pages {
        let corner =
            page.rows.iter().flat_map(|row| &row.lines).filter(|line| line.baseline < CORNER_MM && line.centre() > page.width_mm / 2.0);
        foot.signing.extend(corner.filter(|line| has_hour(&line.text)).cloned());
    }
    foot
}

fn is_address(text: &str) -> bool {
    let words = key(text);
    let marks = ["dien thoai:", "dt:", "email:", "e-mail:", "website:", "fax:", "thu dien tu:"];
    words.starts_with("dia chi:") || marks.iter().filter(|mark| words.contains(*mark)).count() >= 2
}

/// `14:05:09` or `14:05`.
fn has_hour(text: &str) -> bool {
    let is_hour = |word: &str| {
        let parts: Vec<&str> = word.trim_matches([',', ';', '.']).split(':').collect();
        (2..=3).contains(&parts.len()) && parts.iter().all(|part| part.len() == 2 && part.chars().all(|c| c.is_ascii_digit()))
    };
    text.split_whitespace().any(is_hour)
}
