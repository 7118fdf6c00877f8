//! Which piece of the page is which component of an official document.
//!
//! Owns the recognition of the cells of annex I's map: [`head`] (Quốc hiệu to the V/v line), [`title`] (tên loại,
//! trích yếu, kính gửi), [`body`] (paragraphs, căn cứ), [`end`] (signature, nơi nhận), [`folio`]. Recognition goes by
//! place and by words without their diacritics, so that a component with a mistake is still found — and the mistake
//! is left to [`super::rules`].

pub mod body;
pub mod end;
pub mod folio;
pub mod head;
pub mod title;

use crate::vietnamese::letters;

use super::ink::{Document, Line, Page, Word};

/// What the rules of the head apply to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// An administrative document (văn bản hành chính): all rules.
    #[default]
    Administrative,
    /// A document in the Party's style (Hướng dẫn 05-HD/VPTW): page, margins, page numbers, characters and fonts are
    /// checked; for head, title and end the digests of that text disagree too much to judge by them.
    Party,
    /// A certificate (giấy khen, bằng khen, giấy chứng nhận): the decree's page does not bind it, only characters
    /// and fonts are checked.
    Certificate,
}

impl Kind {
    /// Name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrative => "administrative",
            Self::Party => "party",
            Self::Certificate => "certificate",
        }
    }
}

/// The components of one document.
#[derive(Debug, Clone, Default)]
pub struct Components {
    /// Cells 1–4, 5b, 10, 11.
    pub head: head::Head,
    /// Cells 5a and 9a.
    pub title: title::Title,
    /// Cell 6.
    pub body: body::Body,
    /// Cells 7 and 9b.
    pub end: end::End,
    /// The page numbers, one entry a page.
    pub folios: Vec<folio::Folio>,
    /// Zero-based page of the first appendix, or the number of pages.
    pub main_pages: usize,
}

impl Components {
    /// Finds the components of `document`.
    pub fn recognise(document: &Document) -> Self {
        let Some(first) = document.pages.first() else {
            return Self::default();
        };
        let folios = folio::find(document);
        let appendix = |page: &&Page| folio::starts_appendix(page);
        let main_pages = document.pages.iter().skip(1).position(|page| appendix(&page)).map_or(document.pages.len(), |index| index + 1);
        let head = head::find(first);
        let title = title::find(first, &head);
        let end = end::find(&document.pages[..main_pages], &title);
        let body = body::find(&document.pages[..main_pages], &title, &end, &folios);
        Self { head, title, body, end, folios, main_pages }
    }
}

/// What the document is. A certificate is known by its name in large type, or by a landscape page without a type; a
/// Party document by what stands in place of the Quốc hiệu.
pub fn kind(document: &Document) -> Kind {
    let Some(page) = document.pages.first() else {
        return Kind::Administrative;
    };
    const NAMES: [&str; 6] = ["giay khen", "bang khen", "giay chung nhan", "chung nhan", "bang chung nhan", "ky niem chuong"];
    let named = page.rows.iter().any(|row| row.whole.size >= 20.0 && NAMES.iter().any(|name| key(&row.whole.text).starts_with(name)));
    let landscape = page.width_mm > page.height_mm;
    let typed = landscape && title::find(page, &head::find(page)).line.is_some();
    let is_party = |line: &Line| key(&line.text) == "dang cong san viet nam" && line.centre() > page.width_mm / 2.0;
    if named || (landscape && !typed) {
        Kind::Certificate
    } else if page.rows.iter().take(6).flat_map(|row| &row.lines).any(is_party) {
        Kind::Party
    } else {
        Kind::Administrative
    }
}

/// A key for finding words: no diacritics, lower case, all dashes alike.
pub fn key(text: &str) -> String {
    letters::fold(text).replace(['–', '—', '−', '‐', '‑'], "-")
}

/// Where in `words` the words of `wanted` (keys) begin, and how many of them stand there in a row; at least `least`.
pub fn sequence(words: &[Word], wanted: &[&str], least: usize) -> Option<(usize, usize)> {
    let keys: Vec<String> = words.iter().map(|word| key(&word.text)).collect();
    (0..keys.len()).find_map(|from| {
        let length = keys[from..].iter().zip(wanted).take_while(|(word, wanted)| *word == *wanted).count();
        (length >= least).then_some((from, length))
    })
}

/// Is `line` centred on `centre`, give or take `tolerance`?
pub fn is_centred(line: &Line, centre: f64, tolerance: f64) -> bool {
    (line.centre() - centre).abs() <= tolerance
}
