//! Fonts: loading, proof of their Vietnamese letters, and which characters a family covers.
//!
//! Owns the vetting of a font by its outlines (a character map alone is no proof: some fonts map `Ơ` to an empty
//! glyph). The bytes come from `catalog`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use typst::foundations::Bytes;
use typst::text::{Coverage, Font, FontBook, FontInfo};
use typst::utils::LazyHash;

use super::unhint::unhint;
use crate::language::Text;
use crate::say;
use crate::vietnamese::letters::LETTERS;

/// A font file as it was found.
#[derive(Debug, Clone)]
pub struct FontFile {
    /// Its path, for people.
    pub name: String,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
}

/// Fonts ready for setting.
pub struct Fonts {
    pub(super) fonts: Vec<Font>,
    pub(super) book: LazyHash<FontBook>,
}

/// Families that Typst itself falls back to for raw text; given our own faces, nothing is dropped in silence when a
/// page forgets to set one.
const STAND_INS: [(&str, &str); 2] = [("DejaVu Sans Mono", "Liberation Mono"), ("Libertinus Serif", "Liberation Serif")];

impl Fonts {
    /// Loads the faces of `files` whose family is in `families`; all of them when it is `None`.
    pub fn load(files: &[FontFile], families: Option<&BTreeSet<String>>) -> Self {
        let wanted = |family: &str| families.is_none_or(|families| families.iter().any(|name| name.eq_ignore_ascii_case(family)));
        let mut fonts = Vec::new();
        let mut book = FontBook::new();
        for file in files {
            // Families are known only once parsed, so the unwanted are parsed too but not rewritten.
            let is_wanted = Font::iter(typst_bytes(&file.bytes)).any(|font| wanted(&font.info().family));
            if !is_wanted {
                continue;
            }
            for font in Font::iter(typst_bytes(&unhint(file.bytes.clone()))) {
                if wanted(&font.info().family) {
                    book.push(font.info().clone());
                    fonts.push(font);
                }
            }
        }
        for (stand_in, family) in STAND_INS {
            let faces: Vec<Font> = fonts.iter().filter(|font| font.info().family == family).cloned().collect();
            for face in faces {
                let mut info: FontInfo = face.info().clone();
                info.family = stand_in.to_owned();
                book.push(info);
                fonts.push(face);
            }
        }
        Self { fonts, book: LazyHash::new(book) }
    }
}

#[expect(clippy::ptr_arg, reason = "a borrowed face is shared with the binary, an owned one is copied")]
fn typst_bytes(bytes: &Cow<'static, [u8]>) -> Bytes {
    match bytes {
        Cow::Borrowed(bytes) => Bytes::new(*bytes),
        Cow::Owned(bytes) => Bytes::new(bytes.clone()),
    }
}

/// What the families of the catalog cover: asked for every character before a batch renders.
pub struct Coverages {
    families: BTreeMap<String, Vec<Coverage>>,
}

impl Coverages {
    /// Reads the coverage of every face.
    pub fn read(files: &[FontFile]) -> Self {
        let mut families: BTreeMap<String, Vec<Coverage>> = BTreeMap::new();
        for file in files {
            for font in Font::iter(typst_bytes(&file.bytes)) {
                let info = font.info();
                families.entry(info.family.to_lowercase()).or_default().push(info.coverage.clone());
            }
        }
        Self { families }
    }

    /// Is there such a family?
    pub fn has_family(&self, family: &str) -> bool {
        self.families.contains_key(&family.to_lowercase())
    }

    /// The first character of `text` that no family of `families` has in all its faces.
    pub fn first_missing(&self, text: &str, families: &[String]) -> Option<char> {
        text.chars().find(|&c| {
            !c.is_control()
                && !c.is_ascii_alphanumeric()
                && !families.iter().any(|family| {
                    self.families.get(&family.to_lowercase()).is_some_and(|faces| faces.iter().all(|coverage| coverage.contains(c as u32)))
                })
        })
    }
}

/// One face, as `vanthu fonts` shows it.
#[derive(Debug, Clone)]
pub struct Face {
    /// File.
    pub file: String,
    /// Family.
    pub family: String,
    /// Weight and slant, such as `700 italic`.
    pub style: String,
    /// Size of the file in bytes.
    pub bytes: usize,
    /// How many of the 134 Vietnamese letters are drawn rightly.
    pub letters: usize,
    /// Has it the đồng sign?
    pub dong_sign: bool,
    /// What is wrong with it.
    pub faults: Vec<Text>,
}

/// Examines a font file: every Vietnamese letter must be mapped, drawn, and drawn unlike every other.
pub fn examine(file: &FontFile) -> Vec<Face> {
    let faces: Vec<Face> = Font::iter(typst_bytes(&file.bytes)).filter_map(|font| examine_face(file, &font)).collect();
    if !faces.is_empty() {
        return faces;
    }
    vec![Face {
        file: file.name.clone(),
        family: "?".into(),
        style: String::new(),
        bytes: file.bytes.len(),
        letters: 0,
        dong_sign: false,
        faults: vec![say!("không phải tệp phông đọc được", "is not a font that can be read")],
    }]
}

fn examine_face(file: &FontFile, font: &Font) -> Option<Face> {
    let info = font.info();
    let face = ttf_parser::Face::parse(font.data(), font.index()).ok()?;
    let mut faults = Vec::new();
    let mut letters = 0;
    let mut drawings: HashMap<Vec<u8>, char> = HashMap::new();
    for letter in LETTERS {
        let Some(glyph) = face.glyph_index(letter) else {
            faults.push(say!("thiếu chữ “{letter}”", "letter “{letter}” is missing"));
            continue;
        };
        let mut drawing = Drawing::default();
        face.outline_glyph(glyph, &mut drawing);
        if drawing.0.is_empty() {
            faults.push(say!("chữ “{letter}” không có nét vẽ", "letter “{letter}” has no outline"));
        } else if let Some(twin) = drawings.insert(drawing.0, letter) {
            faults.push(say!("chữ “{letter}” vẽ giống hệt “{twin}”", "letter “{letter}” is drawn exactly like “{twin}”"));
        } else {
            letters += 1;
        }
    }
    let slant = match info.variant.style {
        typst::text::FontStyle::Normal => "",
        typst::text::FontStyle::Italic => " italic",
        typst::text::FontStyle::Oblique => " oblique",
    };
    Some(Face {
        file: file.name.clone(),
        family: info.family.clone(),
        style: format!("{}{slant}", info.variant.weight.to_number()),
        bytes: file.bytes.len(),
        letters,
        dong_sign: face.glyph_index('₫').is_some(),
        faults,
    })
}

/// An outline as bytes, to compare two letters.
#[derive(Default)]
struct Drawing(Vec<u8>);

impl Drawing {
    fn note(&mut self, kind: u8, coordinates: &[f32]) {
        self.0.push(kind);
        for coordinate in coordinates {
            self.0.extend_from_slice(&coordinate.to_le_bytes());
        }
    }
}

impl ttf_parser::OutlineBuilder for Drawing {
    fn move_to(&mut self, x: f32, y: f32) {
        self.note(b'M', &[x, y]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.note(b'L', &[x, y]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.note(b'Q', &[x1, y1, x, y]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.note(b'C', &[x1, y1, x2, y2, x, y]);
    }

    fn close(&mut self) {
        self.0.push(b'Z');
    }
}
