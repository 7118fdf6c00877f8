//! The fonts of the cells of one sheet, read beside calamine's cells and in step with them.
//!
//! Owns [`SheetFonts`]. Cells are matched by their order in the sheet, and by their reference where they carry one; only
//! the cells with something to tell wait in a queue, those of one piece of the part.

use std::collections::VecDeque;
use std::io::Read;

use super::broken;
use super::fonts::SharedRuns;
use super::rich_text::{FontId, FontNames, Run, RunReader, UNICODE};
use super::xml_tags::{Event, Tag, TagScanner};
use crate::diagnostic::Diagnostic;

/// The fonts of the text of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CellFonts {
    /// The font of the cell.
    pub(super) font: FontId,
    /// The runs of its text; none when all of it is in the cell's font.
    pub(super) runs: Vec<Run>,
}

/// Reads the fonts of a sheet.
pub(super) struct SheetFonts<'a> {
    part: Box<dyn Read + 'a>,
    scanner: TagScanner,
    cells: Cells<'a>,
    asked: u64,
    ended: bool,
}

impl<'a> SheetFonts<'a> {
    pub(super) fn new(part: Box<dyn Read + 'a>, names: &'a mut FontNames, formats: &'a [FontId], strings: &'a SharedRuns) -> Self {
        let cells = Cells {
            names,
            formats,
            strings,
            in_data: false,
            seen: 0,
            cell: None,
            index: None,
            in_value: false,
            reader: RunReader::default(),
            found: VecDeque::new(),
        };
        Self { part, scanner: TagScanner::default(), cells, asked: 0, ended: false }
    }

    /// The fonts of the next cell, which stands at `position` (row and column); `None` when they say nothing. To be
    /// called for each cell of the sheet, empty ones too.
    pub(super) fn next(&mut self, position: (u32, u32)) -> Result<Option<CellFonts>, Diagnostic> {
        self.asked += 1;
        while self.cells.seen < self.asked && !self.ended {
            let mut buffer = [0_u8; 65_536];
            let count = self.part.read(&mut buffer).map_err(|error| broken(&error))?;
            self.ended = count == 0;
            let cells = &mut self.cells;
            self.scanner.feed_events(&buffer[..count], &mut |event| cells.see(event)).map_err(|_| broken(&"unusual XML"))?;
        }
        match self.cells.found.front() {
            Some(found) if found.number == self.asked => {
                let found = self.cells.found.pop_front();
                Ok(found.filter(|found| found.position.is_none_or(|own| own == position)).map(|found| found.fonts))
            }
            _ => Ok(None),
        }
    }

    /// The fonts by their numbers.
    pub(super) fn names(&self) -> &FontNames {
        self.cells.names
    }
}

/// A cell whose fonts tell something.
struct Found {
    /// Its place in the order of cells, from 1.
    number: u64,
    position: Option<(u32, u32)>,
    fonts: CellFonts,
}

/// Follows the cells of a sheet.
struct Cells<'a> {
    names: &'a mut FontNames,
    formats: &'a [FontId],
    strings: &'a SharedRuns,
    in_data: bool,
    /// Cells that have ended.
    seen: u64,
    cell: Option<OpenCell>,
    /// The number of its shared string.
    index: Option<u32>,
    in_value: bool,
    reader: RunReader,
    found: VecDeque<Found>,
}

/// A cell with text.
struct OpenCell {
    position: Option<(u32, u32)>,
    font: FontId,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shared,
    Inline,
    Result,
}

impl Cells<'_> {
    fn see(&mut self, event: Event<'_>) {
        match event {
            Event::Tag(tag) => self.tag(tag),
            Event::Text(text) if self.in_value => self.digits(text),
            Event::Text(text) => self.reader.text(text),
        }
    }

    fn tag(&mut self, tag: Tag<'_>) {
        let ends = tag.is_end();
        match tag.element() {
            b"sheetData" => self.in_data = !ends,
            _ if !self.in_data => {}
            b"c" if ends => self.close(),
            b"c" => {
                self.cell = self.open(tag);
                if tag.is_empty() {
                    self.close();
                }
            }
            b"v" => {
                self.in_value = !ends && !tag.is_empty() && self.cell.as_ref().is_some_and(|cell| cell.kind == Kind::Shared);
            }
            _ if self.cell.as_ref().is_some_and(|cell| cell.kind == Kind::Inline) => self.reader.tag(tag, self.names),
            _ => {}
        }
    }

    /// The cell, if it holds text whose fonts may tell something.
    fn open(&self, tag: Tag<'_>) -> Option<OpenCell> {
        let kind = match tag.attribute("t")? {
            "s" => Kind::Shared,
            "inlineStr" | "is" => Kind::Inline,
            "str" => Kind::Result,
            _ => return None,
        };
        let format = tag.attribute("s").and_then(|format| format.parse::<usize>().ok()).unwrap_or_default();
        let font = self.formats.get(format).copied().unwrap_or(UNICODE);
        let may_tell = font != UNICODE || kind == Kind::Inline || (kind == Kind::Shared && !self.strings.is_empty());
        may_tell.then(|| OpenCell { position: tag.attribute("r").and_then(position), font, kind })
    }

    fn digits(&mut self, text: &[u8]) {
        for digit in text.iter().filter(|byte| byte.is_ascii_digit()) {
            let index = self.index.unwrap_or_default();
            self.index = Some(index.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
        }
    }

    fn close(&mut self) {
        self.seen += 1;
        let index = self.index.take();
        let own = self.reader.finish();
        let Some(OpenCell { position, font, kind }) = self.cell.take() else { return };
        let runs = match (kind, index) {
            (Kind::Shared, Some(index)) => self.strings.of(index).to_vec(),
            _ => own.unwrap_or_default(),
        };
        if font != UNICODE || runs.iter().any(|run| run.font.is_some_and(|font| font != UNICODE)) {
            self.found.push_back(Found { number: self.seen, position, fonts: CellFonts { font, runs } });
        }
    }
}

/// Zero-based row and column of a reference such as `B12`.
fn position(reference: &str) -> Option<(u32, u32)> {
    let digits = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = reference.split_at(digits);
    let column = letters.bytes().try_fold(0_u32, |column, letter| {
        let letter = letter.to_ascii_uppercase();
        let value = letter.is_ascii_uppercase().then(|| u32::from(letter - b'A') + 1)?;
        column.checked_mul(26)?.checked_add(value)
    })?;
    Some((digits.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}
