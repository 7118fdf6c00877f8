//! Where the font changes inside one text of a workbook.
//!
//! Owns [`RunReader`], which follows the tags of one shared or inline string, and [`FontNames`]. Only lengths are kept:
//! the text itself is calamine's, and whoever cuts it by these lengths first makes sure that they add up.

use std::sync::Arc;

use super::xml_tags::{Tag, unescape};
use crate::vietnamese::legacy::{self, Encoding};

/// Longest text followed; Excel has 32,767 characters in a cell.
const TEXT_BYTES_MAX: usize = 1_000_000;
/// Longest name of a font; Windows has 31 characters.
const NAME_BYTES_MAX: usize = 64;
/// Most fonts of before Unicode in one workbook; there are a few hundred in all.
const FONTS_MAX: usize = FontId::MAX as usize;

/// A font of before Unicode.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Font {
    /// Its name, as the workbook spells it.
    pub(super) name: String,
    /// What text in it is written in.
    pub(super) encoding: Encoding,
}

/// A number for each font of before Unicode that a workbook names.
#[derive(Debug, Default)]
pub(super) struct FontNames(Vec<Arc<Font>>);

/// The number of a font; [`UNICODE`] for all that say nothing about the encoding.
pub(super) type FontId = u8;

/// Any font that is not of before Unicode.
pub(super) const UNICODE: FontId = 0;

impl FontNames {
    /// The number of the font called `name`; fonts past the most that are counted say nothing.
    pub(super) fn id(&mut self, name: &str) -> FontId {
        let known = self.0.iter().position(|font| font.name == name);
        let position = known.or_else(|| {
            let encoding = legacy_font(name).filter(|_| self.0.len() < FONTS_MAX)?;
            self.0.push(Arc::new(Font { name: name.to_owned(), encoding }));
            Some(self.0.len() - 1)
        });
        position.and_then(|position| FontId::try_from(position + 1).ok()).unwrap_or(UNICODE)
    }

    /// The font with this number.
    pub(super) fn get(&self, id: FontId) -> Option<&Arc<Font>> {
        self.0.get(usize::from(id).checked_sub(1)?)
    }
}

/// The encoding that the font called `name` stands for.
pub(super) fn legacy_font(name: &str) -> Option<Encoding> {
    // Most fonts are none of them; ask for the first letter before anything is copied.
    let may_be = name.len() <= NAME_BYTES_MAX && name.trim_start().starts_with(['.', 'v', 'V']);
    if may_be { legacy::by_font(name) } else { None }
}

/// A stretch of text in one font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Its length in UTF-8.
    pub(super) bytes: u32,
    /// Its font; the cell's own when absent.
    pub(super) font: Option<FontId>,
}

/// Follows the tags and text of one string.
#[derive(Debug, Default)]
pub(super) struct RunReader {
    runs: Vec<Run>,
    font: Option<FontId>,
    text: Vec<u8>,
    inside: bool,
    keeps_space: bool,
    phonetic: bool,
}

impl RunReader {
    /// Takes a tag inside the string.
    pub(super) fn tag(&mut self, tag: Tag<'_>, names: &mut FontNames) {
        match (tag.element(), tag.is_end()) {
            (b"r", _) => self.font = None,
            (b"rFont", false) => self.font = Some(names.id(tag.attribute("val").unwrap_or_default())),
            // Readings of East Asian characters are no part of the text.
            (b"rPh", end) => self.phonetic = !end && !tag.is_empty(),
            (b"t", false) if !self.phonetic && !tag.is_empty() => {
                self.inside = true;
                self.keeps_space = tag.attribute("xml:space") == Some("preserve");
                self.text.clear();
            }
            (b"t", true) if self.inside => {
                self.inside = false;
                let bytes = u32::try_from(read_text(&self.text, self.keeps_space).len()).unwrap_or(u32::MAX);
                self.runs.push(Run { bytes, font: self.font });
            }
            _ => {}
        }
    }

    /// Takes text inside the string.
    pub(super) fn text(&mut self, text: &[u8]) {
        if self.inside && self.text.len() + text.len() <= TEXT_BYTES_MAX {
            self.text.extend_from_slice(text);
        }
    }

    /// The runs of the string that has ended, if one of them has a font of its own.
    pub(super) fn finish(&mut self) -> Option<Vec<Run>> {
        let runs = std::mem::take(&mut self.runs);
        (self.font, self.inside, self.phonetic) = (None, false, false);
        runs.iter().any(|run| run.font.is_some()).then_some(runs)
    }
}

/// Text as calamine reads it: line ends, entities, outer white space, Excel's own escapes.
fn read_text(raw: &[u8], keeps_space: bool) -> String {
    let text = String::from_utf8_lossy(raw);
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text };
    let text = unescape(&text);
    let text = if keeps_space { text.as_str() } else { text.trim_matches([' ', '\t', '\r', '\n']) };
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        match excel_escape(rest) {
            Some(c) => {
                result.push(c);
                rest = &rest[EXCEL_ESCAPE_BYTES..];
            }
            None => {
                result.push('_');
                rest = &rest[1..];
            }
        }
    }
    result + rest
}

const EXCEL_ESCAPE_BYTES: usize = 7;

/// `_x000D_` at the start of `text`; such controls are rare capitals in the old encodings.
fn excel_escape(text: &str) -> Option<char> {
    let digits = text.get(..EXCEL_ESCAPE_BYTES)?.strip_prefix("_x")?.strip_suffix('_')?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}
