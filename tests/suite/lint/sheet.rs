//! Pages made by hand: text, rules and boxes at given places, written as PDF with the bundled Liberation faces.
//!
//! Owns the writing of the file. What an official document looks like is `documents`' affair; a test takes one of
//! those, changes one item by its label, and writes it. Every character gets a code of its own, so that a file can
//! hold text (a soft hyphen, a decomposed letter) that no typesetter would write.

use std::collections::BTreeMap;

use lopdf::{Document, Object, Stream, StringFormat, dictionary};

pub const MM: f64 = 72.0 / 25.4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    Regular,
    Bold,
    Italic,
    BoldItalic,
}

impl Face {
    const ALL: [Self; 4] = [Self::Regular, Self::Bold, Self::Italic, Self::BoldItalic];

    fn suffix(self) -> &'static str {
        match self {
            Self::Regular => "-Regular",
            Self::Bold => "-Bold",
            Self::Italic => "-Italic",
            Self::BoldItalic => "-BoldItalic",
        }
    }

    fn bytes(self) -> Vec<u8> {
        let path = format!("{}/fonts/liberation/LiberationSerif{}.ttf", env!("CARGO_MANIFEST_DIR"), self.suffix());
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    Left,
    Centre,
    /// Words spread to this width, mm.
    Justify(f64),
}

/// A rule under a text.
#[derive(Debug, Clone, Copy)]
pub struct Under {
    /// Length as a share of the text.
    pub share: f64,
    /// Distance below the baseline, mm.
    pub gap: f64,
    pub dashed: bool,
}

#[derive(Debug, Clone)]
pub struct Text {
    pub label: &'static str,
    pub page: usize,
    pub x: f64,
    pub y: f64,
    pub anchor: Anchor,
    pub size: f64,
    pub face: Face,
    pub colour: [f32; 3],
    pub text: String,
    pub under: Option<Under>,
    /// A box around it, mm.
    pub frame: Option<(f64, f64)>,
}

/// A picture of one colour.
#[derive(Debug, Clone)]
pub struct Picture {
    pub label: &'static str,
    pub page: usize,
    /// Left, upper edge, width, height, mm.
    pub area: [f64; 4],
    pub colour: [u8; 3],
}

/// A file in the making.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Width and height of each page, mm.
    pub pages: Vec<(f64, f64)>,
    pub texts: Vec<Text>,
    pub pictures: Vec<Picture>,
    pub embed: bool,
    /// Family name in the file.
    pub family: String,
    /// Characters that the file does not tell; `*` for all.
    pub unmapped: &'static str,
    /// Draw all text invisibly, as the layer of a scan.
    pub invisible: bool,
}

impl Sheet {
    pub fn new(pages: usize) -> Self {
        Self {
            pages: vec![(210.0, 297.0); pages],
            texts: Vec::new(),
            pictures: Vec::new(),
            embed: true,
            family: "LiberationSerif".into(),
            unmapped: "",
            invisible: false,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a text is its place, its size, its face and its words")]
    pub fn put(&mut self, label: &'static str, anchor: Anchor, x: f64, y: f64, size: f64, face: Face, text: &str) -> &mut Text {
        let page = self.pages.len();
        self.texts.push(Text { label, page, x, y, anchor, size, face, colour: [0.0; 3], text: text.to_owned(), under: None, frame: None });
        self.texts.last_mut().expect("just pushed")
    }

    /// Changes every text with this label; there must be one.
    pub fn edit(mut self, label: &str, change: impl Fn(&mut Text)) -> Self {
        let mut count = 0;
        for text in self.texts.iter_mut().filter(|text| text.label == label) {
            change(text);
            count += 1;
        }
        assert!(count > 0, "no text is labelled {label}");
        self
    }

    /// Changes the picture with this label.
    pub fn edit_picture(mut self, label: &str, change: impl Fn(&mut Picture)) -> Self {
        change(self.pictures.iter_mut().find(|picture| picture.label == label).expect("labelled"));
        self
    }

    /// The documents one after the other, as a merged file has them.
    pub fn followed_by(mut self, other: Self) -> Self {
        let before = self.pages.len();
        self.pages.extend(other.pages);
        self.texts.extend(other.texts.into_iter().map(|text| Text { page: text.page + before, ..text }));
        self.pictures.extend(other.pictures.into_iter().map(|picture| Picture { page: picture.page + before, ..picture }));
        self
    }

    /// Leaves out every text with this label.
    pub fn without(mut self, label: &str) -> Self {
        let before = self.texts.len();
        self.texts.retain(|text| text.label != label);
        assert!(self.texts.len() < before, "no text is labelled {label}");
        self
    }

    /// Replaces words in the texts with this label; one of them must hold them.
    pub fn replace(mut self, label: &str, from: &str, to: &str) -> Self {
        let mut count = 0;
        for text in self.texts.iter_mut().filter(|text| text.label == label && text.text.contains(from)) {
            text.text = text.text.replace(from, to);
            count += 1;
        }
        assert!(count > 0, "no text labelled {label} holds {from}");
        self
    }

    pub fn to_pdf(&self) -> Vec<u8> {
        let faces: BTreeMap<Face, FaceCodes> = Face::ALL.into_iter().map(|face| (face, FaceCodes::new(face, &self.texts))).collect();
        let mut document = Document::with_version("1.7");
        let pages_id = document.new_object_id();
        let mut fonts = lopdf::Dictionary::new();
        for (face, codes) in &faces {
            let id = codes.write(&mut document, self);
            fonts.set(format!("F{}", *face as u8), id);
        }
        let mut images = lopdf::Dictionary::new();
        for (index, picture) in self.pictures.iter().enumerate() {
            let dict = dictionary! {
                "Type" => "XObject", "Subtype" => "Image", "Width" => 1, "Height" => 1, "ColorSpace" => "DeviceRGB", "BitsPerComponent" => 8,
            };
            images.set(format!("I{index}"), document.add_object(Stream::new(dict, picture.colour.to_vec())));
        }
        let resources = document.add_object(dictionary! { "Font" => fonts, "XObject" => images });
        let mut kids: Vec<Object> = Vec::new();
        for (index, (width, height)) in self.pages.iter().enumerate() {
            let mut content = String::new();
            if self.invisible {
                content.push_str("3 Tr\n");
            }
            for text in self.texts.iter().filter(|text| text.page == index + 1) {
                draw(&mut content, text, &faces[&text.face], *height);
            }
            for (at, picture) in self.pictures.iter().enumerate().filter(|(_, picture)| picture.page == index + 1) {
                let [x, y, w, h] = picture.area.map(|mm| mm * MM);
                content.push_str(&format!("q {w:.4} 0 0 {h:.4} {x:.4} {:.4} cm /I{at} Do Q\n", height * MM - y - h));
            }
            let stream = document.add_object(Stream::new(dictionary! {}, content.into_bytes()));
            let page = document.add_object(dictionary! {
                "Type" => "Page", "Parent" => pages_id, "Contents" => stream, "Resources" => resources,
                "MediaBox" => vec![0.into(), 0.into(), Object::Real((width * MM) as f32), Object::Real((height * MM) as f32)],
            });
            kids.push(page.into());
        }
        let count = kids.len() as i64;
        document.objects.insert(pages_id, dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }.into());
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages_id });
        document.trailer.set("Root", catalog);
        let id = Object::String(b"0123456789abcdef".to_vec(), StringFormat::Literal);
        document.trailer.set("ID", vec![id.clone(), id]);
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).expect("a PDF in memory");
        bytes
    }
}

/// Characters of one face and their codes.
struct FaceCodes {
    face: Face,
    bytes: Vec<u8>,
    /// Character → (code, glyph, advance in 1/1000 em).
    codes: BTreeMap<char, (u16, u16, f64)>,
}

impl FaceCodes {
    fn new(face: Face, texts: &[Text]) -> Self {
        let bytes = face.bytes();
        let font = ttf_parser::Face::parse(&bytes, 0).expect("a bundled font");
        let upem = f64::from(font.units_per_em());
        let mut codes = BTreeMap::new();
        for c in texts.iter().filter(|text| text.face == face).flat_map(|text| text.text.chars()) {
            let next = codes.len() as u16 + 1;
            let glyph = font.glyph_index(c).unwrap_or(ttf_parser::GlyphId(0));
            let advance = f64::from(font.glyph_hor_advance(glyph).unwrap_or(0)) * 1000.0 / upem;
            codes.entry(c).or_insert((next, glyph.0, advance));
        }
        Self { face, bytes, codes }
    }

    fn width(&self, text: &str, size: f64) -> f64 {
        text.chars().map(|c| self.codes[&c].2).sum::<f64>() * size / 1000.0 / MM
    }

    fn hex(&self, text: &str) -> String {
        text.chars().map(|c| format!("{:04X}", self.codes[&c].0)).collect()
    }

    fn write(&self, document: &mut Document, sheet: &Sheet) -> lopdf::ObjectId {
        let name = format!("ABCDEF+{}{}", sheet.family, self.face.suffix());
        let slanted = matches!(self.face, Face::Italic | Face::BoldItalic);
        let mut descriptor = dictionary! {
            "Type" => "FontDescriptor", "FontName" => name.clone(), "Flags" => if slanted { 70 } else { 6 },
            "ItalicAngle" => if slanted { -16 } else { 0 }, "Ascent" => 891, "Descent" => -216, "CapHeight" => 662,
            "StemV" => 80, "FontBBox" => vec![(-200).into(), (-300).into(), 1200.into(), 1000.into()],
        };
        if sheet.embed {
            let length = self.bytes.len() as i64;
            let file = document.add_object(Stream::new(dictionary! { "Length1" => length }, self.bytes.clone()));
            descriptor.set("FontFile2", file);
        }
        let descriptor = document.add_object(descriptor);
        let mut glyphs = vec![0_u8; 2 * (self.codes.len() + 1)];
        let mut widths: Vec<Object> = Vec::new();
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Test def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange\n",
        );
        for (c, (code, glyph, advance)) in &self.codes {
            glyphs[2 * usize::from(*code)..][..2].copy_from_slice(&glyph.to_be_bytes());
            widths.extend([Object::from(i64::from(*code)), vec![Object::Real(*advance as f32)].into()]);
            if sheet.unmapped == "*" || sheet.unmapped.contains(*c) {
                continue;
            }
            let utf16: String = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("{unit:04X}")).collect();
            map.push_str(&format!("1 beginbfchar <{code:04X}> <{utf16}> endbfchar\n"));
        }
        map.push_str("endcmap end end");
        let glyphs = document.add_object(Stream::new(dictionary! {}, glyphs));
        let descendant = document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => name.clone(), "FontDescriptor" => descriptor,
            "CIDSystemInfo" => dictionary! {
                "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal("Identity"), "Supplement" => 0,
            },
            "CIDToGIDMap" => glyphs, "W" => widths, "DW" => 500,
        });
        let to_unicode = document.add_object(Stream::new(dictionary! {}, map.into_bytes()));
        document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "Type0", "BaseFont" => name, "Encoding" => "Identity-H",
            "DescendantFonts" => vec![descendant.into()], "ToUnicode" => to_unicode,
        })
    }
}

fn draw(content: &mut String, text: &Text, codes: &FaceCodes, height: f64) {
    use std::fmt::Write as _;
    let width = codes.width(&text.text, text.size);
    let left = match text.anchor {
        Anchor::Left | Anchor::Justify(_) => text.x,
        Anchor::Centre => text.x - width / 2.0,
    };
    let y = height - text.y;
    let [r, g, b] = text.colour;
    let mut word = |x: f64, string: &str| {
        let _ = writeln!(
            content,
            "{r} {g} {b} rg BT /F{} {} Tf 1 0 0 1 {:.4} {:.4} Tm <{}> Tj ET",
            text.face as u8,
            text.size,
            x * MM,
            y * MM,
            codes.hex(string)
        );
    };
    match text.anchor {
        Anchor::Justify(to) => {
            let words: Vec<&str> = text.text.split(' ').collect();
            let gap = (to - words.iter().map(|word| codes.width(word, text.size)).sum::<f64>()) / (words.len() as f64 - 1.0).max(1.0);
            let mut x = left;
            for string in words {
                word(x, string);
                x += codes.width(string, text.size) + gap;
            }
        }
        _ => word(left, &text.text),
    }
    if let Some(under) = text.under {
        let length = width * under.share;
        let from = left + (width - length) / 2.0;
        let dash = if under.dashed { "[2 2] 0 d" } else { "[] 0 d" };
        let y = (y - under.gap) * MM;
        let _ = writeln!(content, "{dash} 0.6 w 0 0 0 RG {:.4} {y:.4} m {:.4} {y:.4} l S [] 0 d", from * MM, (from + length) * MM);
    }
    if let Some((w, h)) = text.frame {
        let (x, y) = (left + width / 2.0 - w / 2.0, y + 1.6 - h / 2.0);
        let _ = writeln!(content, "0.8 w {r} {g} {b} RG {:.4} {:.4} {:.4} {:.4} re S", x * MM, y * MM, w * MM, h * MM);
    }
}

/// Width of `text` in mm.
pub fn width(text: &str, size: f64, face: Face) -> f64 {
    use std::sync::OnceLock;
    static BYTES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let bytes = &BYTES.get_or_init(|| Face::ALL.into_iter().map(Face::bytes).collect())[face as usize];
    let font = ttf_parser::Face::parse(bytes, 0).expect("a bundled font");
    let advance = |c| font.glyph_index(c).and_then(|glyph| font.glyph_hor_advance(glyph)).map_or(0.0, f64::from);
    text.chars().map(advance).sum::<f64>() / f64::from(font.units_per_em()) * size / MM
}
