//! Which cells and pieces of text of an Office Open XML workbook are in a font of before Unicode.
//!
//! Owns [`Fonts`]: the fonts of the cell formats from the styles, the runs of the shared strings, and the door to the
//! fonts of one sheet ([`super::sheet_fonts`]). calamine tells none of this together with formulas. The parts were
//! inflated and counted by [`super::archive`] before, which also saw whether any such font is named: without one,
//! nothing here runs. What the fonts mean for the text is [`super::font_text`]'s.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::rich_text::{FontId, FontNames, Run, RunReader, UNICODE, legacy_font};
use super::sheet_fonts::SheetFonts;
use super::xml_tags::{Event, Tag, TagScanner};
use super::{broken, unreadable};
use crate::diagnostic::Diagnostic;

/// The part with the fonts and formats of cells, in lower case.
pub(super) const STYLES_PART: &str = "xl/styles.xml";
/// The part with the texts of cells, in lower case.
pub(super) const STRINGS_PART: &str = "xl/sharedstrings.xml";

/// Most fonts and cell formats that are looked at; Excel allows 65,490 formats.
const FORMATS_MAX: usize = 100_000;
/// Most runs of shared strings kept, at 8 bytes each; a list of 99,000 rows with three of them in every cell stays below.
const RUNS_MAX: usize = 4_000_000;

/// Where in the archive the fonts are told, by number of the part.
#[derive(Debug)]
pub(super) struct FontParts {
    pub(super) styles: Option<usize>,
    pub(super) strings: Option<usize>,
    pub(super) sheets: BTreeMap<String, usize>,
}

/// Does the tag of a font name one of before Unicode?
pub(super) fn names_legacy(tag: Tag<'_>) -> bool {
    tag.attribute("val").is_some_and(|name| legacy_font(name).is_some())
}

/// The fonts of a workbook that names some of before Unicode.
pub(super) struct Fonts {
    archive: ZipArchive<BufReader<File>>,
    sheets: BTreeMap<String, usize>,
    names: FontNames,
    /// The font of each cell format.
    formats: Vec<FontId>,
    strings: SharedRuns,
}

impl Fonts {
    /// Reads the styles and the shared strings.
    pub(super) fn open(path: &Path, parts: FontParts) -> Result<Self, Diagnostic> {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
        let mut names = FontNames::default();
        let mut styles = Styles::default();
        if let Some(part) = parts.styles {
            each_event(&mut archive, part, &mut |event| {
                if let Event::Tag(tag) = event {
                    styles.see(tag, &mut names);
                }
            })?;
        }
        let mut strings = SharedRuns::default();
        let mut reader = StringsReader::default();
        if let Some(part) = parts.strings {
            each_event(&mut archive, part, &mut |event| reader.see(event, &mut strings, &mut names))?;
        }
        Ok(Self { archive, sheets: parts.sheets, names, formats: styles.formats, strings })
    }

    /// The fonts of the cells of one sheet, from the top.
    pub(super) fn sheet(&mut self, sheet: &str) -> Result<Option<SheetFonts<'_>>, Diagnostic> {
        let Self { archive, sheets, names, formats, strings } = self;
        let Some(&part) = sheets.get(sheet) else { return Ok(None) };
        let part = archive.by_index(part).map_err(|error| broken(&error))?;
        Ok(Some(SheetFonts::new(Box::new(part), names, formats, strings)))
    }
}

fn each_event(archive: &mut ZipArchive<BufReader<File>>, part: usize, see: &mut dyn FnMut(Event<'_>)) -> Result<(), Diagnostic> {
    let mut part = archive.by_index(part).map_err(|error| broken(&error))?;
    let mut scanner = TagScanner::default();
    let mut buffer = [0_u8; 65_536];
    loop {
        let count = part.read(&mut buffer).map_err(|error| broken(&error))?;
        if count == 0 {
            return Ok(());
        }
        scanner.feed_events(&buffer[..count], &mut |event| see(event)).map_err(|_| broken(&"unusual XML"))?;
    }
}

/// The styles while they are read: `<fonts>` in their order, then `<cellXfs>`, which refer to them.
#[derive(Default)]
struct Styles {
    section: Section,
    fonts: Vec<FontId>,
    formats: Vec<FontId>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Section {
    #[default]
    Other,
    Fonts,
    Formats,
}

impl Styles {
    fn see(&mut self, tag: Tag<'_>, names: &mut FontNames) {
        let starts = !tag.is_end();
        match (tag.element(), self.section) {
            (b"fonts", _) if starts => self.section = Section::Fonts,
            (b"cellXfs", _) if starts => self.section = Section::Formats,
            (b"fonts" | b"cellXfs", _) => self.section = Section::Other,
            (b"font", Section::Fonts) if starts && self.fonts.len() < FORMATS_MAX => self.fonts.push(UNICODE),
            (b"name", Section::Fonts) if starts => {
                if let (Some(font), Some(name)) = (self.fonts.last_mut(), tag.attribute("val")) {
                    *font = names.id(name);
                }
            }
            (b"xf", Section::Formats) if starts && self.formats.len() < FORMATS_MAX => {
                let font = tag.attribute("fontId").and_then(|id| id.parse::<usize>().ok()).and_then(|id| self.fonts.get(id));
                self.formats.push(font.copied().unwrap_or(UNICODE));
            }
            _ => {}
        }
    }
}

/// The runs of the shared strings that have fonts of their own.
#[derive(Debug, Default)]
pub(super) struct SharedRuns {
    runs: Vec<Run>,
    /// Number of each such string, and where its runs begin.
    starts: Vec<(u32, u32)>,
}

impl SharedRuns {
    /// The runs of the shared string with this number; none when it is all in the cell's font.
    pub(super) fn of(&self, string: u32) -> &[Run] {
        let Ok(at) = self.starts.binary_search_by_key(&string, |(string, _)| *string) else { return &[] };
        let end = self.starts.get(at + 1).map_or(self.runs.len(), |(_, start)| *start as usize);
        self.runs.get(self.starts[at].1 as usize..end).unwrap_or_default()
    }

    fn add(&mut self, string: u32, runs: &[Run]) {
        if let Ok(start) = u32::try_from(self.runs.len())
            && self.runs.len() + runs.len() <= RUNS_MAX
        {
            self.starts.push((string, start));
            self.runs.extend_from_slice(runs);
        }
    }

    /// Has no shared string a font of its own?
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

/// Follows the shared strings.
#[derive(Default)]
struct StringsReader {
    string: u32,
    reader: RunReader,
}

impl StringsReader {
    fn see(&mut self, event: Event<'_>, strings: &mut SharedRuns, names: &mut FontNames) {
        match event {
            Event::Text(text) => self.reader.text(text),
            Event::Tag(tag) if tag.element() == b"si" => {
                if tag.is_end() || tag.is_empty() {
                    if let Some(runs) = self.reader.finish() {
                        strings.add(self.string, &runs);
                    }
                    self.string = self.string.saturating_add(1);
                }
            }
            Event::Tag(tag) => self.reader.tag(tag, names),
        }
    }
}
