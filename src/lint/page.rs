//! From glyphs to words, rows and pieces of rows.
//!
//! Owns the grouping: which glyphs make a word, which words stand on one height, where a wide gap parts two cells. It
//! knows nothing of documents. A row of the head holds two cells; a row of the body is one line of a paragraph.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::device::{self, Listener};
use super::ink::{Area, Glyph, Line, MM_PER_PT, OddityKind, Page, Row, Stroke, Word};

/// A gap wider than this share of the font size parts two words (a space of Times is 0.25 em).
const WORD_GAP_EM: f64 = 0.16;
/// A gap wider than this parts two cells.
const CELL_GAP_EM: f64 = 0.6;
/// Baselines nearer than this share of the font size stand on one height.
const HEIGHT_EM: f64 = 0.3;

/// The page made of what the listener heard.
pub fn assemble(number: usize, width_mm: f64, height_mm: f64, heard: Listener<'_>) -> Page {
    let Listener { glyphs, strokes, uprights, frames, images, hidden, .. } = heard;
    let on_page = |glyph: &Glyph| {
        glyph.x > -1.0 && glyph.x < width_mm + 1.0 && glyph.baseline > -1.0 && glyph.baseline < height_mm + 1.0 && glyph.size > 0.5
    };
    let mut page = Page { number, width_mm, height_mm, frames, images, hidden, ..Page::default() };
    let glyphs: Vec<Glyph> = glyphs.into_iter().filter(on_page).collect();
    page.printed = glyphs.iter().filter(|glyph| !is_space(glyph)).count();
    page.strokes = joined(strokes);
    page.tables = table_heights(&uprights);
    for glyphs in heights(glyphs) {
        let words = words(glyphs, &mut page);
        if let Some(row) = row(number, words) {
            page.rows.push(row);
        }
    }
    page
}

/// The row of `words`, which stand from left to right.
fn row(page: usize, words: Vec<Word>) -> Option<Row> {
    let whole = Line::from_words(page, &words)?;
    let mut lines = Vec::new();
    let mut from = 0;
    for at in 1..=words.len() {
        let parts = at == words.len() || {
            let size = words[at].size.min(words[at - 1].size) * MM_PER_PT;
            words[at].x0 - words[at - 1].x1 > CELL_GAP_EM * size
        };
        if parts {
            lines.extend(Line::from_words(page, &words[from..at]));
            from = at;
        }
    }
    Some(Row { words, lines, whole })
}

/// The glyphs by height, from the top.
fn heights(mut glyphs: Vec<Glyph>) -> Vec<Vec<Glyph>> {
    glyphs.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut groups: Vec<Vec<Glyph>> = Vec::new();
    for glyph in glyphs {
        match groups.last_mut() {
            // Measured from the first glyph, so that two columns of different pitch do not chain together.
            Some(group) if glyph.baseline - group[0].baseline <= HEIGHT_EM * MM_PER_PT * glyph.size.max(group[0].size) => {
                group.push(glyph);
            }
            _ => groups.push(vec![glyph]),
        }
    }
    groups
}

fn words(mut glyphs: Vec<Glyph>, page: &mut Page) -> Vec<Word> {
    glyphs.sort_by(|a, b| a.x.total_cmp(&b.x));
    let mut words = Vec::new();
    let mut open: Vec<Glyph> = Vec::new();
    for glyph in glyphs {
        note_oddities(&glyph, page);
        if is_space(&glyph) {
            close(page, &mut open, &mut words);
            continue;
        }
        if let Some(last) = open.last_mut() {
            let em = last.size * MM_PER_PT;
            // Drawn twice, a hair apart: how some programs imitate bold.
            if last.text == glyph.text && (glyph.x - last.x).abs() < 0.08 * em {
                last.bold = true;
                continue;
            }
            if glyph.x - (last.x + last.width) > WORD_GAP_EM * em {
                close(page, &mut open, &mut words);
            }
        }
        open.push(glyph);
    }
    close(page, &mut open, &mut words);
    words
}

/// Makes a word of the glyphs in `open`.
fn close(page: &mut Page, open: &mut Vec<Glyph>, words: &mut Vec<Word>) {
    let glyphs = std::mem::take(open);
    let (Some(first), Some(last)) = (glyphs.first(), glyphs.last()) else {
        return;
    };
    let raw: String = glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
    let is_letter = |glyph: &&Glyph| glyph.text.chars().any(char::is_alphanumeric);
    let count = |test: fn(&Glyph) -> bool| glyphs.iter().filter(is_letter).filter(|glyph| test(glyph)).count();
    // The size of most glyphs; a raised figure does not change its word.
    let main =
        glyphs.iter().max_by_key(|glyph| glyphs.iter().filter(|other| (other.size - glyph.size).abs() < 0.05).count()).unwrap_or(first);
    let word = Word {
        text: raw.nfc().filter(|c| !c.is_control()).collect(),
        x0: first.x,
        x1: last.x + last.width,
        baseline: main.baseline,
        size: main.size,
        font: main.font,
        colour: main.colour,
        letters: count(|_| true),
        bold: count(|glyph| glyph.bold),
        italic: count(|glyph| glyph.italic),
    };
    if !is_nfc(&raw) {
        let area = glyphs.iter().map(|glyph| area(page.number, glyph)).reduce(Area::join).unwrap_or_default();
        page.note(OddityKind::Decomposed, &word.text, area);
    }
    words.push(word);
}

fn note_oddities(glyph: &Glyph, page: &mut Page) {
    let kind = if glyph.notdef && !is_space(glyph) {
        Some(OddityKind::Notdef)
    } else if glyph.text.is_empty() || glyph.text.contains('\u{fffd}') {
        Some(OddityKind::Unmapped)
    } else {
        glyph.text.chars().find_map(|c| match c {
            'Ð' | 'ð' | 'Ɖ' | 'ɖ' => Some(OddityKind::Eth),
            '\u{ad}' => Some(OddityKind::SoftHyphen),
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => Some(OddityKind::ZeroWidth),
            _ => None,
        })
    };
    if let Some(kind) = kind {
        page.note(kind, &glyph.text, area(page.number, glyph));
    }
}

fn area(page: usize, glyph: &Glyph) -> Area {
    device::area(page, glyph.x, glyph.baseline, glyph.width, glyph.size)
}

fn is_space(glyph: &Glyph) -> bool {
    !glyph.text.is_empty() && glyph.text.chars().all(|c| c.is_whitespace() || c.is_control())
}

/// Word and LibreOffice cut one rule into pieces, cell by cell.
fn joined(mut strokes: Vec<Stroke>) -> Vec<Stroke> {
    strokes.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x0.total_cmp(&b.x0)));
    let mut whole: Vec<Stroke> = Vec::new();
    for stroke in strokes {
        match whole.last_mut() {
            Some(last) if (stroke.y - last.y).abs() < 0.1 && stroke.x0 - last.x1 < 0.2 => {
                last.x1 = last.x1.max(stroke.x1);
            }
            _ => whole.push(stroke),
        }
    }
    whole
}

/// The heights at which at least two upright lines stand: tables and charts.
fn table_heights(uprights: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
    let mut heights: Vec<(f64, f64, f64)> = uprights.to_vec();
    heights.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut tables: Vec<(f64, f64, f64, f64)> = Vec::new();
    for (x, from, to) in heights {
        match tables.last_mut() {
            Some(table) if from <= table.1 + 1.0 => {
                table.1 = table.1.max(to);
                table.2 = table.2.min(x);
                table.3 = table.3.max(x);
            }
            _ => tables.push((from, to, x, x)),
        }
    }
    tables.retain(|(_, _, left, right)| right - left > 5.0);
    tables.into_iter().map(|(from, to, _, _)| (from, to)).collect()
}
