//! File names made from data: safe on Windows, Linux and in a ZIP, at most 200 bytes, never a path.
//!
//! Owns the cleaning of a name and the numbering of collisions. The pattern that makes the raw name is `template`'s.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// Longest file name in bytes, extension included.
pub const FILE_NAME_BYTES_MAX: usize = 200;

/// Room kept for a collision number and the extension.
const STEM_BYTES_MAX: usize = FILE_NAME_BYTES_MAX - 16;

/// Names that Windows keeps for devices, whatever their extension.
const RESERVED: [&str; 24] = [
    "con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt0", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A value put into a file-name pattern: what would separate folders or is forbidden becomes `-`.
pub fn escape_part(value: &str) -> String {
    value.chars().map(|c| if is_forbidden(c) { '-' } else { c }).collect()
}

/// A file's stem from the filled pattern: NFC, no forbidden or invisible characters, no reserved name, bounded.
pub fn file_stem(raw: &str) -> String {
    let cleaned: String = raw.nfc().filter(|c| !is_invisible(*c)).map(|c| if is_forbidden(c) { '-' } else { c }).collect();
    let spaced = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut stem = spaced.trim_matches(['.', ' ', '-']).to_owned();
    if stem.len() > STEM_BYTES_MAX {
        let mut end = STEM_BYTES_MAX;
        while !stem.is_char_boundary(end) {
            end -= 1;
        }
        stem.truncate(end);
        stem = stem.trim_end_matches(['.', ' ', '-']).to_owned();
    }
    if stem.is_empty() {
        return "khong-ten".to_owned();
    }
    let device = stem.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    if RESERVED.contains(&device.as_str()) {
        stem.insert(0, '_');
    }
    stem
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') || c.is_control()
}

/// Zero-width marks, soft hyphen and direction controls: they make two different names look the same.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// The names given so far in one folder; equal ones (by letter case or not) are numbered.
#[derive(Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// The stem itself the first time, then `stem-2`, `stem-3` …
    pub fn claim(&mut self, stem: &str) -> String {
        if self.taken.insert(stem.to_lowercase()) {
            return stem.to_owned();
        }
        let mut n: u64 = 2;
        loop {
            let numbered = format!("{stem}-{n}");
            if self.taken.insert(numbered.to_lowercase()) {
                return numbered;
            }
            n += 1;
        }
    }
}
