//! Appendices (annex I, III.1): "Phụ lục" with its number, the title below, the words "(Kèm theo …)".
//!
//! Owns the heads of the pages on which an appendix begins; where that is, [`super::folio`] knows.

use crate::lint::ink::{Document, Line};

use super::folio::{Folio, starts_appendix};
use super::key;

/// The head of one appendix.
#[derive(Debug, Clone, Default)]
pub struct Appendix {
    /// One-based page on which it begins.
    pub page: usize,
    /// "Phụ lục II"; an attached text that bears its own type has none.
    pub heading: Option<Line>,
    /// The title, its lines.
    pub title: Vec<Line>,
    /// "(Kèm theo …)", its lines.
    pub reference: Vec<Line>,
}

impl Appendix {
    /// What stands behind the word "Phụ lục".
    pub fn number(&self) -> Option<&str> {
        let rest: Vec<&str> = self.heading.as_ref()?.text.split_whitespace().skip(2).collect();
        rest.first().copied()
    }
}

/// Finds the appendices of `document`.
pub fn find(document: &Document, folios: &[Folio]) -> Vec<Appendix> {
    let begins = document.pages.iter().zip(folios).skip(1).filter(|(page, _)| starts_appendix(page));
    begins
        .map(|(page, folio)| {
            let number = folio.line.as_ref().map(|line| line.baseline);
            let middle = page.width_mm / 2.0 + 5.0;
            let mut appendix = Appendix { page: page.number, ..Appendix::default() };
            // A signing line stands in the corner above.
            let lines = page.rows.iter().map(|row| &row.whole).filter(|line| Some(line.baseline) != number && line.size > 10.5);
            for line in lines.take(10) {
                let is_open = appendix.reference.last().is_some_and(|last| !last.text.ends_with(')'));
                if key(&line.text).starts_with("phu luc") && appendix.heading.is_none() && appendix.title.is_empty() {
                    appendix.heading = Some(line.clone());
                } else if is_open || (line.text.starts_with('(') && appendix.reference.is_empty()) {
                    appendix.reference.push(line.clone());
                } else if appendix.reference.is_empty()
                    && ((line.centre() - middle).abs() < 12.0 || line.is_capitals())
                    && appendix.title.len() < 4
                    && (appendix.title.is_empty() || line.is_bold() || line.is_capitals())
                    && line.width() < page.width_mm - 55.0 + 5.0
                {
                    appendix.title.push(line.clone());
                } else {
                    break;
                }
            }
            appendix
        })
        .collect()
}
