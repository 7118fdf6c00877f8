//! A file of several documents, as printing and archives merge them, parted into its documents.
//!
//! Owns where the next document begins. A page opens one when it bears the Quốc hiệu (or the Party's head) near its
//! top, shows no page number and is no appendix or form of the document before. Each part counts its pages from 1.

use super::components::folio;
use super::components::{key, sequence};
use super::ink::{Area, Document, Page};

/// The head begins in this share of the page's height: an emblem may stand above it.
const HEAD_SHARE: f64 = 0.4;

/// The documents of the file, in order.
pub fn part(mut document: Document) -> Vec<Document> {
    let starts: Vec<usize> = (1..document.pages.len()).filter(|at| opens(&document.pages[*at])).collect();
    if starts.is_empty() {
        return vec![document];
    }
    let mut parts = Vec::new();
    for at in starts.into_iter().rev() {
        parts.push((at, document.pages.split_off(at)));
    }
    parts.push((0, std::mem::take(&mut document.pages)));
    parts.reverse();
    parts
        .into_iter()
        .map(|(before, mut pages)| {
            pages.iter_mut().enumerate().for_each(|(index, page)| page.renumber(index + 1));
            let mut fonts = document.fonts.clone();
            for font in &mut fonts {
                let is_here = (before + 1..=before + pages.len()).contains(&font.first.page);
                font.first = if is_here { Area { page: font.first.page - before, ..font.first } } else { Area::default() };
            }
            Document { pages, fonts }
        })
        .collect()
}

fn opens(page: &Page) -> bool {
    const QUOC_HIEU: [&str; 8] = ["cong", "hoa", "xa", "hoi", "chu", "nghia", "viet", "nam"];
    let top = || page.rows.iter().take_while(|row| row.whole.baseline < HEAD_SHARE * page.height_mm);
    let is_headed = top().any(|row| {
        sequence(&row.words, &QUOC_HIEU, 6).is_some()
            || row.lines.iter().any(|line| key(&line.text) == "dang cong san viet nam" && line.centre() > page.width_mm / 2.0)
    });
    // A form in an appendix may bear a head of its own.
    let is_form = || top().take(3).any(|row| ["mau ", "bieu mau", "phu luc"].iter().any(|word| key(&row.whole.text).starts_with(word)));
    is_headed && !is_form() && !folio::starts_appendix(page) && folio::shown(page).is_none_or(|number| number == 1)
}
