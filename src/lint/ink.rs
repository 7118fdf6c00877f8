//! What stands on a page, as facts: words and rows of text, rules, frames, pictures, in millimetres from the top-left.
//!
//! Owns the plain types that every later step reads. How they are read from the file is `device`'s and
//! `page`'s affair; what they mean in an official document is [`super::components`]'s.

/// Millimetres in one PDF point.
pub const MM_PER_PT: f64 = 25.4 / 72.0;

/// A rectangle on a page, for a person to find and for the picture to draw.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Area {
    /// One-based page.
    pub page: usize,
    /// Left edge, mm from the left of the page.
    pub x_mm: f64,
    /// Upper edge, mm from the top of the page.
    pub y_mm: f64,
    /// Width in mm.
    pub w_mm: f64,
    /// Height in mm.
    pub h_mm: f64,
}

impl Area {
    /// A whole page.
    pub fn of_page(page: &Page) -> Self {
        Self { page: page.number, x_mm: 0.0, y_mm: 0.0, w_mm: page.width_mm, h_mm: page.height_mm }
    }

    /// The smallest rectangle around both, on the page of the first.
    pub fn join(self, other: Self) -> Self {
        if other.page != self.page {
            return self;
        }
        let (x, y) = (self.x_mm.min(other.x_mm), self.y_mm.min(other.y_mm));
        let right = (self.x_mm + self.w_mm).max(other.x_mm + other.w_mm);
        let bottom = (self.y_mm + self.h_mm).max(other.y_mm + other.h_mm);
        Self { page: self.page, x_mm: x, y_mm: y, w_mm: right - x, h_mm: bottom - y }
    }
}

/// One glyph as it was drawn.
#[derive(Debug, Clone)]
pub struct Glyph {
    /// What it stands for; empty where the file does not say.
    pub text: String,
    /// Left edge, mm.
    pub x: f64,
    /// Advance width, mm.
    pub width: f64,
    /// Baseline, mm from the top.
    pub baseline: f64,
    /// Font size in points, after every scaling.
    pub size: f64,
    /// Index into [`Document::fonts`].
    pub font: usize,
    /// Fill colour.
    pub colour: [u8; 3],
    /// Drawn bold: by its font, by an added stroke or by drawing it twice.
    pub bold: bool,
    /// Drawn slanted: by its font or by a skewed matrix.
    pub italic: bool,
    /// The font's "no such character" box.
    pub notdef: bool,
}

/// Glyphs without white space between them.
#[derive(Debug, Clone, Default)]
pub struct Word {
    /// The characters in NFC.
    pub text: String,
    /// Left edge, mm.
    pub x0: f64,
    /// Right edge, mm.
    pub x1: f64,
    /// Baseline, mm from the top.
    pub baseline: f64,
    /// Size of most of its letters, in points.
    pub size: f64,
    /// Index into [`Document::fonts`].
    pub font: usize,
    /// Fill colour.
    pub colour: [u8; 3],
    /// Letters and digits.
    pub letters: usize,
    /// How many of them are bold.
    pub bold: usize,
    /// How many of them are italic.
    pub italic: usize,
}

/// Words on one baseline that belong together: a cell of the head, a line of a column, a line of a paragraph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// One-based page.
    pub page: usize,
    /// The words, one space between them.
    pub text: String,
    /// Left edge, mm.
    pub x0: f64,
    /// Right edge, mm.
    pub x1: f64,
    /// Baseline, mm from the top.
    pub baseline: f64,
    /// Size of most letters, in points.
    pub size: f64,
    /// Index into [`Document::fonts`].
    pub font: usize,
    /// Fill colour.
    pub colour: [u8; 3],
    /// Share of bold letters, 0–1.
    pub bold: f64,
    /// Share of italic letters, 0–1.
    pub italic: f64,
}

impl Line {
    /// The line made of `words`, which are in reading order.
    pub fn from_words(page: usize, words: &[Word]) -> Option<Self> {
        let main = words.iter().max_by_key(|word| word.letters)?;
        let letters: usize = words.iter().map(|word| word.letters).sum();
        let share = |part: fn(&Word) -> usize| words.iter().map(part).sum::<usize>() as f64 / letters.max(1) as f64;
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        Some(Self {
            page,
            text: texts.join(" "),
            x0: words.iter().map(|word| word.x0).fold(f64::INFINITY, f64::min),
            x1: words.iter().map(|word| word.x1).fold(f64::NEG_INFINITY, f64::max),
            baseline: main.baseline,
            size: main.size,
            font: main.font,
            colour: main.colour,
            bold: share(|word| word.bold),
            italic: share(|word| word.italic),
        })
    }

    /// Width in mm.
    pub fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    /// Middle, mm from the left.
    pub fn centre(&self) -> f64 {
        (self.x0 + self.x1) / 2.0
    }

    /// Upper edge of its line box, with the ascent of Times New Roman.
    pub fn top(&self) -> f64 {
        self.baseline - 0.891 * self.size * MM_PER_PT
    }

    /// Lower edge of its line box, with the descent of Times New Roman.
    pub fn bottom(&self) -> f64 {
        self.baseline + 0.216 * self.size * MM_PER_PT
    }

    /// Is it set in bold, apart from a stray character?
    pub fn is_bold(&self) -> bool {
        self.bold >= 0.9
    }

    /// Is it set in italics, apart from a stray character?
    pub fn is_italic(&self) -> bool {
        self.italic >= 0.9
    }

    /// Is none of it bold, apart from a stray character?
    pub fn is_light(&self) -> bool {
        self.bold <= 0.1
    }

    /// Is none of it italic, apart from a stray character?
    pub fn is_upright(&self) -> bool {
        self.italic <= 0.1
    }

    /// Has it letters, and all of them capitals?
    pub fn is_capitals(&self) -> bool {
        let mut letters = self.text.chars().filter(|c| c.is_alphabetic()).peekable();
        letters.peek().is_some() && letters.all(|c| !c.is_lowercase())
    }

    /// Where it stands.
    pub fn area(&self) -> Area {
        let top = self.top();
        Area { page: self.page, x_mm: self.x0, y_mm: top, w_mm: self.width(), h_mm: self.bottom() - top }
    }
}

/// All words of a page at one height, from left to right.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The words.
    pub words: Vec<Word>,
    /// The words as pieces with wide gaps between them: cells, columns.
    pub lines: Vec<Line>,
    /// The whole height as one line.
    pub whole: Line,
}

/// A horizontal line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Left end, mm.
    pub x0: f64,
    /// Right end, mm.
    pub x1: f64,
    /// Height, mm from the top.
    pub y: f64,
    /// In mm.
    pub thickness: f64,
    /// Is it broken?
    pub dashed: bool,
}

impl Stroke {
    /// Length in mm.
    pub fn length(&self) -> f64 {
        self.x1 - self.x0
    }

    /// Middle, mm from the left.
    pub fn centre(&self) -> f64 {
        (self.x0 + self.x1) / 2.0
    }

    /// Where it stands.
    pub fn area(&self, page: usize) -> Area {
        Area { page, x_mm: self.x0, y_mm: self.y - 0.5, w_mm: self.length(), h_mm: 1.0 }
    }
}

/// A rectangle drawn as a frame, or the box around a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left edge, mm.
    pub x: f64,
    /// Upper edge, mm.
    pub y: f64,
    /// Width, mm.
    pub w: f64,
    /// Height, mm.
    pub h: f64,
}

/// A picture on a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// Its box.
    pub frame: Frame,
    /// The mean of what is not white or transparent, where it could be read: of small pictures only.
    pub colour: Option<[u8; 3]>,
}

/// One page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// One-based.
    pub number: usize,
    /// Width as shown, mm.
    pub width_mm: f64,
    /// Height as shown, mm.
    pub height_mm: f64,
    /// The text, from top to bottom.
    pub rows: Vec<Row>,
    /// Horizontal lines, from top to bottom.
    pub strokes: Vec<Stroke>,
    /// Rectangles drawn by one path.
    pub frames: Vec<Frame>,
    /// The pictures.
    pub images: Vec<Picture>,
    /// Heights (from, to) that a table or a chart takes.
    pub tables: Vec<(f64, f64)>,
    /// Characters that no text should hold.
    pub oddities: Vec<Oddity>,
    /// Characters that are printed.
    pub printed: usize,
    /// Characters that are there only for searching: a scan's OCR layer.
    pub hidden: usize,
}

impl Page {
    /// Gives the page, and everything that stands on it, another number.
    pub fn renumber(&mut self, number: usize) {
        self.number = number;
        for row in &mut self.rows {
            row.whole.page = number;
            row.lines.iter_mut().for_each(|line| line.page = number);
        }
        self.oddities.iter_mut().flat_map(|oddity| &mut oddity.areas).for_each(|area| area.page = number);
    }

    /// Is the height `y` inside a table?
    pub fn in_table(&self, y: f64) -> bool {
        self.tables.iter().any(|(from, to)| (*from..=*to).contains(&y))
    }
}

/// A character or a piece of text that is wrong wherever it stands.
#[derive(Debug, Clone)]
pub struct Oddity {
    /// What is odd.
    pub kind: OddityKind,
    /// The character, or the word it stands in, as the file has it.
    pub text: String,
    /// The first places where it stands on the page.
    pub areas: Vec<Area>,
    /// How often it stands there.
    pub count: usize,
}

/// So many places of one oddity are remembered on a page; more tell nothing new.
const ODDITY_PLACES_MAX: usize = 5;
/// So many different oddities are remembered on a page.
const ODDITIES_MAX: usize = 50;

impl Page {
    /// Notes an oddity; equal ones are counted together.
    pub fn note(&mut self, kind: OddityKind, text: &str, area: Area) {
        if let Some(oddity) = self.oddities.iter_mut().find(|oddity| oddity.kind == kind && oddity.text == text) {
            oddity.count += 1;
            if oddity.areas.len() < ODDITY_PLACES_MAX {
                oddity.areas.push(area);
            }
        } else if self.oddities.len() < ODDITIES_MAX {
            self.oddities.push(Oddity { kind, text: text.to_owned(), areas: vec![area], count: 1 });
        }
    }
}

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OddityKind {
    /// Ð ð Ɖ ɖ, look-alikes of Đ đ.
    Eth,
    /// U+00AD.
    SoftHyphen,
    /// A character without width or a byte order mark.
    ZeroWidth,
    /// Text that is not in NFC.
    Decomposed,
    /// The box of a missing glyph.
    Notdef,
    /// A glyph of which the file does not tell the character.
    Unmapped,
}

/// One font of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Font {
    /// PostScript name without the subset's prefix.
    pub name: String,
    /// Is its program in the file?
    pub embedded: bool,
    /// Is it a bold face?
    pub bold: bool,
    /// Is it a slanted face?
    pub italic: bool,
    /// Letters and digits printed in it.
    pub letters: usize,
    /// Where it is first used; page 0 where that is in another document of the file.
    pub first: Area,
}

/// The whole file.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The pages in order.
    pub pages: Vec<Page>,
    /// The fonts in order of first use.
    pub fonts: Vec<Font>,
}
