//! The fonts of a file: names, weight and slant, embedded or not.
//!
//! Owns the reading of font dictionaries. The interpreter hands over a glyph with a key of its font's dictionary; the
//! table made here turns that key into facts, also for fonts of which the file holds only the name.

use std::collections::HashMap;

use hayro::hayro_interpret::CacheKey;
use hayro::hayro_interpret::font::OutlineGlyph;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Array, Dict, Name, Object};

use super::ink::Font;

const ITALIC_FLAG: u32 = 1 << 6;
const FORCE_BOLD_FLAG: u32 = 1 << 18;

/// Name of all Type 3 fonts together.
pub const TYPE3: &str = "Type3";

/// Fonts by the key of their dictionary.
pub struct FontTable {
    index_by_key: HashMap<u128, usize>,
    /// The facts, in the order of first use.
    pub fonts: Vec<Font>,
    known: HashMap<u128, Font>,
}

impl FontTable {
    /// Reads every font dictionary of `pdf`.
    pub fn read(pdf: &Pdf) -> Self {
        let mut known = HashMap::new();
        for object in pdf.objects() {
            if let Object::Dict(dict) = object {
                learn(&dict, &mut known);
            }
        }
        // Resources may hold font dictionaries directly instead of by reference.
        for page in pdf.pages().iter() {
            for (_, value) in page.resources().fonts.entries() {
                if let hayro::hayro_syntax::object::MaybeRef::NotRef(Object::Dict(dict)) = value {
                    learn(&dict, &mut known);
                }
            }
        }
        Self { index_by_key: HashMap::new(), fonts: Vec::new(), known }
    }

    /// The index of the font of `glyph`.
    pub fn index(&mut self, glyph: &OutlineGlyph) -> usize {
        let key = glyph.font_cache_key();
        if let Some(index) = self.index_by_key.get(&key) {
            return *index;
        }
        let facts = self.known.get(&key).cloned().unwrap_or_else(|| by_program(glyph));
        self.add(key, facts)
    }

    /// The index that stands for all Type 3 fonts: drawings that are in the file by their nature.
    pub fn type3(&mut self) -> usize {
        let key = 0;
        match self.index_by_key.get(&key) {
            Some(index) => *index,
            None => self.add(key, Font { name: TYPE3.into(), embedded: true, ..Font::default() }),
        }
    }

    fn add(&mut self, key: u128, font: Font) -> usize {
        // One face is often embedded several times, as subsets: for the reader it is one font.
        let same = |other: &Font| other.name == font.name && other.embedded == font.embedded;
        let index = self.fonts.iter().position(same).unwrap_or_else(|| {
            self.fonts.push(font.clone());
            self.fonts.len() - 1
        });
        self.index_by_key.insert(key, index);
        index
    }
}

fn learn(dict: &Dict<'_>, known: &mut HashMap<u128, Font>) {
    let is_font = dict.get::<Name<'_>>(b"Type").is_some_and(|name| name.as_str() == "Font");
    let kind = dict.get::<Name<'_>>(b"Subtype");
    let is_part = kind.as_ref().is_some_and(|kind| kind.as_str().starts_with("CIDFont"));
    if is_font && !is_part {
        known.insert(dict.cache_key(), facts(dict));
    }
}

fn facts(dict: &Dict<'_>) -> Font {
    let descendant = dict.get::<Array<'_>>(b"DescendantFonts").and_then(|fonts| fonts.iter::<Dict<'_>>().next());
    let descriptor = descendant.as_ref().unwrap_or(dict).get::<Dict<'_>>(b"FontDescriptor").unwrap_or_default();
    let name = dict.get::<Name<'_>>(b"BaseFont").map(|name| without_prefix(name.as_str()).to_owned()).unwrap_or_default();
    let flags = descriptor.get::<u32>(b"Flags").unwrap_or(0);
    let is_type3 = dict.get::<Name<'_>>(b"Subtype").is_some_and(|kind| kind.as_str() == "Type3");
    let lower = name.to_lowercase();
    Font {
        embedded: is_type3 || [&b"FontFile"[..], b"FontFile2", b"FontFile3"].iter().any(|key| descriptor.contains_key(*key)),
        bold: says_bold(&lower)
            || flags & FORCE_BOLD_FLAG != 0
            || descriptor.get::<f32>(b"FontWeight").is_some_and(|weight| weight >= 600.0),
        italic: says_italic(&lower)
            || flags & ITALIC_FLAG != 0
            || descriptor.get::<f32>(b"ItalicAngle").is_some_and(|angle| angle.abs() > 2.0),
        name,
        ..Font::default()
    }
}

/// What the font program itself says, where its dictionary was not found.
fn by_program(glyph: &OutlineGlyph) -> Font {
    let Some(data) = glyph.font_data() else {
        return Font { embedded: true, ..Font::default() };
    };
    let name = without_prefix(data.postscript_name.as_deref().unwrap_or_default()).to_owned();
    let lower = name.to_lowercase();
    Font {
        embedded: true,
        bold: says_bold(&lower) || data.weight.is_some_and(|weight| weight >= 600),
        italic: says_italic(&lower) || data.is_italic,
        name,
        ..Font::default()
    }
}

fn says_bold(lower: &str) -> bool {
    ["bold", "black", "heavy"].iter().any(|word| lower.contains(word))
}

fn says_italic(lower: &str) -> bool {
    ["italic", "oblique"].iter().any(|word| lower.contains(word))
}

/// `ABCDEF+Times` → `Times`.
fn without_prefix(name: &str) -> &str {
    match name.split_once('+') {
        Some((prefix, rest)) if prefix.len() == 6 => rest,
        _ => name,
    }
}
