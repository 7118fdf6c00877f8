//! Which piece of the page is which component of an official document.
//!
//! Owns the recognition of the cells of annex I's map: [`head`] (Quốc hiệu to the V/v line), [`title`] (tên loại,
//! trích yếu, kính gửi), [`body`] (paragraphs, căn cứ), [`heading`] (phần to điểm), [`end`] (signature, nơi nhận),
//! [`seal`], [`appendix`], [`foot`] (cells 12 to 14), [`folio`]. Recognition goes by place and by words without their diacritics, so that a component with a mistake is still found — and the mistake
//! is left to [`super::rules`].

pub mod appendix;
pub mod body;
pub mod end;
pub mod folio;
pub mod foot;
pub mod head;
pub mod heading;
pub mod seal;
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
    /// A register (sổ khen thưởng): a table in landscape under the head of a document. Page, head, title and signature
    /// are checked; it has no number, place and date, text or recipients.
    Register,
    /// A certificate (giấy khen, bằng khen, giấy chứng nhận): the decree's page does not bind it, only characters
    /// and fonts are checked.
    Certificate,
    /// No document at all, such as the overprint of a certificate or the calibration sheet of a printer: only
    /// characters and fonts are checked.
    Sheet,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Administrative, Self::Party, Self::Register, Self::Certificate, Self::Sheet];

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrative => "administrative",
            Self::Party => "party",
            Self::Register => "register",
            Self::Certificate => "certificate",
            Self::Sheet => "sheet",
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
    /// The headings of the body.
    pub headings: Vec<heading::Heading>,
    /// Cells 7 and 9b.
    pub end: end::End,
    /// Cells 7c and 8: the pictures of signature and seal.
    pub marks: Vec<seal::Mark>,
    /// The appendices.
    pub appendices: Vec<appendix::Appendix>,
    /// Cells 12 to 14.
    pub foot: foot::Foot,
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
        let main = &document.pages[..main_pages];
        let foot = foot::find(document, main, &end);
        let body = body::find(main, &title, &end, &folios, &foot);
        let headings = heading::find(&body);
        let marks = seal::find(main, &end);
        let appendices = appendix::find(document, &folios);
        Self { head, title, body, headings, end, marks, appendices, foot, folios, main_pages }
    }
}

/// What the document is. A certificate is known by its name in large type; a register by its title, “SỔ …”; a sheet by
/// being landscape without a title; a Party document by what stands in place of the Quốc hiệu.
pub fn kind(document: &Document) -> Kind {
    let Some(page) = document.pages.first() else {
        return Kind::Administrative;
    };
    const NAMES: [&str; 6] = ["giay khen", "bang khen", "giay chung nhan", "chung nhan", "bang chung nhan", "ky niem chuong"];
    let named = page.rows.iter().any(|row| row.whole.size >= 20.0 && NAMES.iter().any(|name| key(&row.whole.text).starts_with(name)));
    let landscape = page.width_mm > page.height_mm;
    let head = head::find(page);
    let title = title::find(page, &head).line;
    // With its accent: "SO SÁNH …" is no register. What has a number is a document.
    let is_register = title.as_ref().is_some_and(|line| line.text.to_uppercase().starts_with("SỔ ")) && head.so_ky_hieu.is_none();
    let is_party = |line: &Line| key(&line.text) == "dang cong san viet nam" && line.centre() > page.width_mm / 2.0;
    if named || (landscape && title.is_none() && head.quoc_hieu.is_some()) {
        Kind::Certificate
    } else if is_register {
        Kind::Register
    } else if landscape && title.is_none() {
        Kind::Sheet
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
