//! Page numbers, and where appendices begin to count anew.
//!
//! Owns telling a folio from the text: a line of its own in the upper or lower margin that is a number.

use crate::lint::ink::{Document, Line, Page};

use super::key;

/// What stands for the number of one page.
#[derive(Debug, Clone, Default)]
pub struct Folio {
    /// The line, where there is one.
    pub line: Option<Line>,
    /// The number it shows.
    pub shown: Option<u32>,
    /// Does it stand in the upper margin?
    pub at_top: bool,
    /// The number the page should show: counted from 1, in each appendix anew.
    pub expected: u32,
}

/// Folios of all pages.
pub fn find(document: &Document) -> Vec<Folio> {
    let mut expected = 0;
    let mut folios = Vec::new();
    for (index, page) in document.pages.iter().enumerate() {
        let mut folio = on_page(page);
        expected = if index > 0 && starts_appendix(page) { 1 } else { expected + 1 };
        folio.expected = expected;
        folios.push(folio);
    }
    folios
}

/// The number that `page` shows.
pub fn shown(page: &Page) -> Option<u32> {
    on_page(page).shown
}

fn on_page(page: &Page) -> Folio {
    let margin = |line: &&Line| line.baseline < 21.0 || line.baseline > page.height_mm - 17.0;
    let lines = page.rows.iter().filter(|row| row.lines.len() == 1).map(|row| &row.whole);
    lines
        .filter(margin)
        .find_map(|line| {
            let shown = number(&line.text)?;
            let at_top = line.baseline < page.height_mm / 2.0;
            Some(Folio { line: Some(line.clone()), shown: Some(shown), at_top, expected: 0 })
        })
        .unwrap_or_default()
}

/// `2`, `- 2 -`, `Trang 2`, `2/5`, `Trang 2/5`.
fn number(text: &str) -> Option<u32> {
    let text = key(text);
    let text = text.strip_prefix("trang").unwrap_or(&text).trim_matches([' ', '-', '.', '|']);
    let text = text.split('/').next().unwrap_or(text).trim();
    (text.len() <= 4).then(|| text.parse().ok()).flatten()
}

/// Does an appendix begin on `page`: "Phụ lục", alone and in the middle, as its first line, or under a title the words
/// "(Kèm theo …)" or "(Ban hành kèm theo …)"?
pub fn starts_appendix(page: &Page) -> bool {
    const WITH: [&str; 4] = ["(kem theo", "(ban hanh kem", "(dinh kem", "(phe duyet kem"];
    let lines = || page.rows.iter().map(|row| &row.whole).filter(|line| number(&line.text).is_none());
    let in_middle = |line: &&Line| line.x0 > 45.0;
    let named =
        lines().next().filter(in_middle).is_some_and(|line| key(&line.text).starts_with("phu luc") && line.text.chars().count() < 30);
    // Two lines of the head of an attached text may stand above.
    named || lines().take(8).filter(in_middle).any(|line| WITH.iter().any(|words| key(&line.text).starts_with(words)))
}
