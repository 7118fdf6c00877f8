//! What a font of before Unicode means for the text in it: old bytes, or Unicode that was pasted over them.
//!
//! Owns [`FontText`] and [`Reader`], which converts the rows of a sheet on their way to the table. The font is the best
//! evidence there is, but a cell keeps its font when Unicode text is pasted into it, so each piece is judged: by its own
//! letters, else by the rest of its cell, of its row, of its column, and only then by the font. The encodings are
//! [`crate::vietnamese::legacy`]'s, what the clerk is told is [`super::legacy_text`]'s.

use std::sync::Arc;

use super::cell::{Cell, Flow, SourceRow};
use super::list::Sink;
use super::rich_text::{Font, FontNames};
use super::sheet_fonts::CellFonts;
use crate::vietnamese::legacy::{self, Encoding};
use crate::vietnamese::syllable;

/// Rows that a column is judged by before the first of them is converted.
const ROWS_AHEAD: usize = 200;
/// Most bytes of one text that are judged.
const JUDGED_BYTES: usize = 1_000;

/// What the font has told of one cell's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FontText {
    /// Zero-based column of the cell.
    pub(super) column: usize,
    /// The font of before Unicode, the first of several.
    pub(super) font: Arc<Font>,
    /// The text before it was converted; `None` when it is in Unicode already or would not change.
    pub(super) before: Option<String>,
    /// Was there nothing to tell by but the font, in a column that has Unicode under such fonts too?
    pub(super) doubtful: bool,
}

/// What a piece of text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Unicode,
    Legacy,
}

/// How many pieces were found to be what.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    unicode: u32,
    legacy: u32,
}

impl Tally {
    fn add(&mut self, verdict: Option<Verdict>) {
        match verdict {
            Some(Verdict::Unicode) => self.unicode = self.unicode.saturating_add(1),
            Some(Verdict::Legacy) => self.legacy = self.legacy.saturating_add(1),
            None => {}
        }
    }

    fn verdict(self) -> Option<Verdict> {
        match self.unicode.cmp(&self.legacy) {
            std::cmp::Ordering::Greater => Some(Verdict::Unicode),
            std::cmp::Ordering::Less => Some(Verdict::Legacy),
            std::cmp::Ordering::Equal => None,
        }
    }
}

/// A stretch of a text under one encoding, or under a font that says nothing.
#[derive(Debug)]
struct Piece {
    end: usize,
    font: Option<Arc<Font>>,
    verdict: Option<Verdict>,
}

/// A text with fonts of before Unicode in it.
#[derive(Debug)]
struct Typed {
    column: usize,
    pieces: Vec<Piece>,
}

/// Takes rows with the fonts of their texts and hands them on in Unicode.
pub(super) struct Reader<'a> {
    sink: Sink<'a>,
    /// The first rows, while the columns are still to be judged; none are kept for a workbook without such fonts.
    ahead: Option<Vec<(SourceRow, Vec<Typed>)>>,
    columns: Vec<Tally>,
    typed: Vec<Typed>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sink: Sink<'a>, has_fonts: bool) -> Self {
        Self { sink, ahead: has_fonts.then(Vec::new), columns: Vec::new(), typed: Vec::new() }
    }

    /// Notes the fonts of a cell of the row that comes next.
    pub(super) fn note(&mut self, column: usize, cell: &Cell, fonts: &CellFonts, names: &FontNames) {
        if let Cell::Text(text) = cell
            && let Some(pieces) = pieces(text, fonts, names)
        {
            self.typed.retain(|typed| typed.column != column);
            self.typed.push(Typed { column, pieces });
        }
    }

    /// Takes the row whose fonts were noted.
    pub(super) fn accept(&mut self, row: SourceRow) -> Flow {
        let typed = std::mem::take(&mut self.typed);
        for Typed { column, pieces } in &typed {
            if self.columns.len() <= *column {
                self.columns.resize(column + 1, Tally::default());
            }
            pieces.iter().for_each(|piece| self.columns[*column].add(piece.verdict));
        }
        match &mut self.ahead {
            Some(rows) => {
                rows.push((row, typed));
                if rows.len() >= ROWS_AHEAD { self.finish() } else { Flow::Continue(()) }
            }
            None => self.hand_on(row, &typed),
        }
    }

    /// Hands on the rows that wait.
    pub(super) fn finish(&mut self) -> Flow {
        for (row, typed) in self.ahead.take().unwrap_or_default() {
            self.hand_on(row, &typed)?;
        }
        Flow::Continue(())
    }

    fn hand_on(&mut self, mut row: SourceRow, typed: &[Typed]) -> Flow {
        let mut of_row = Tally::default();
        typed.iter().flat_map(|typed| &typed.pieces).for_each(|piece| of_row.add(piece.verdict));
        for typed in typed {
            let of_column = self.columns.get(typed.column).copied().unwrap_or_default();
            if let Some(text) = row.cells.get_mut(typed.column).and_then(|cell| settle(cell, typed, of_row, of_column)) {
                row.fonts.push(text);
            }
        }
        (self.sink)(row)
    }
}

/// Cuts a text where its encoding changes; `None` when no font says anything about it.
fn pieces(text: &str, fonts: &CellFonts, names: &FontNames) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let whole = [(text.len(), names.get(fonts.font))];
    let runs = fonts.runs.iter().map(|run| (run.bytes as usize, names.get(run.font.unwrap_or(fonts.font))));
    let mut end = 0_usize;
    for (bytes, font) in runs.chain(whole.into_iter().filter(|_| fonts.runs.is_empty())) {
        end = end.checked_add(bytes)?;
        if !text.is_char_boundary(end) {
            return None;
        }
        match pieces.last_mut() {
            // A letter and its mark may stand in two runs.
            Some(last) if last.font.as_ref().map(|font| font.encoding) == font.map(|font| font.encoding) => last.end = end,
            _ => pieces.push(Piece { end, font: font.cloned(), verdict: None }),
        }
    }
    if end != text.len() {
        return None;
    }
    let mut start = 0;
    for piece in &mut pieces {
        let part = &text[start..piece.end];
        start = piece.end;
        match &piece.font {
            Some(font) if can_change(part, font.encoding) => piece.verdict = judge(part, font.encoding),
            _ => piece.font = None,
        }
    }
    pieces.iter().any(|piece| piece.font.is_some()).then_some(pieces)
}

/// Plain letters are the same in all encodings, except under a capitals face; addresses are not written in capitals.
fn can_change(text: &str, encoding: Encoding) -> bool {
    !text.is_ascii() || (encoding == Encoding::Tcvn3Capitals && !text.contains('@') && !text.contains("://"))
}

/// Converts the pieces of a cell that are in an old encoding.
fn settle(cell: &mut Cell, typed: &Typed, of_row: Tally, of_column: Tally) -> Option<FontText> {
    let Cell::Text(text) = cell else { return None };
    let mut of_cell = Tally::default();
    typed.pieces.iter().for_each(|piece| of_cell.add(piece.verdict));
    let around = of_cell.verdict().or(of_row.verdict());
    let is_mixed = of_column.unicode > 0 && of_column.legacy > 0;
    let (mut result, mut start, mut doubtful) = (String::with_capacity(text.len() * 2), 0, false);
    for piece in &typed.pieces {
        // A damaged sheet may hold a cell twice; then the pieces are not those of this text.
        let part = text.get(start..piece.end)?;
        start = piece.end;
        let verdict = piece.verdict.or(around).or(of_column.verdict()).unwrap_or(Verdict::Legacy);
        let decoded = piece.font.as_ref().map(|font| decode(part, font.encoding));
        let changed = decoded.filter(|decoded| decoded != part);
        doubtful |= is_mixed && changed.is_some() && piece.verdict.or(around).is_none() && !part.is_ascii();
        result.push_str(changed.as_deref().filter(|_| verdict == Verdict::Legacy).unwrap_or(part));
    }
    if start != text.len() {
        return None;
    }
    let font = typed.pieces.iter().find_map(|piece| piece.font.clone())?;
    let before = (result != *text).then(|| std::mem::take(text));
    if before.is_some() {
        *cell = Cell::text(result);
    }
    Some(FontText { column: typed.column, font, before, doubtful })
}

/// `text` in Unicode. Signs that no old encoding has, such as arrows, are kept, and what is around them is converted.
pub(super) fn decode(text: &str, encoding: Encoding) -> String {
    if let Some(decoded) = legacy::decode(text, encoding) {
        return decoded;
    }
    let is_foreign = |c: char| c > '\u{ff}' && legacy::decode(c.encode_utf8(&mut [0; 4]), encoding).is_none();
    let convert = |part: &str| legacy::decode(part, encoding).unwrap_or_else(|| part.to_owned());
    text.split_inclusive(is_foreign)
        .map(|part| match part.char_indices().next_back().filter(|(_, last)| is_foreign(*last)) {
            Some((at, last)) => convert(&part[..at]) + last.encode_utf8(&mut [0; 4]),
            None => convert(part),
        })
        .collect()
}

/// What the letters of `text` tell by themselves; `None` when they are legal both ways, like `Công` and `Tó`.
fn judge(text: &str, encoding: Encoding) -> Option<Verdict> {
    if text.chars().any(is_beyond_old_encodings) {
        return Some(Verdict::Unicode);
    }
    let start = &text[..text.floor_char_boundary(JUDGED_BYTES)];
    let separates = |c: char| c.is_whitespace() && c.is_ascii() || c.is_ascii_punctuation() || c.is_ascii_digit();
    let words = start.split(separates).filter(|word| !word.is_ascii());
    let (mut as_it_stands, mut decoded) = (0, 0);
    for word in words {
        as_it_stands += u32::from(is_written(word));
        let reading = decode(word, encoding);
        // Letters that a decoder leaves alone are Unicode (Hà for VNI), unless the encoding has them so (Bình).
        let is_reading = reading != word || legacy::encode(word, encoding).is_some_and(|same| same == word);
        decoded += u32::from(is_reading && is_written(&reading));
    }
    Tally { unicode: as_it_stands, legacy: decoded }.verdict()
}

/// A letter or mark that text seen through Windows-1252 cannot have.
fn is_beyond_old_encodings(c: char) -> bool {
    let is_letter = c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c);
    c > '\u{ff}' && is_letter && !matches!(c, 'Œ' | 'œ' | 'Š' | 'š' | 'Ž' | 'ž' | 'Ÿ' | 'ƒ' | 'ˆ')
}

/// A legal syllable in a case people write: hội, Hội, HỘI; not hỘi.
fn is_written(word: &str) -> bool {
    let word = word.trim_matches(|c: char| matches!(c, '\u{2013}'..='\u{2026}' | '«' | '»' | '°' | '\u{a0}'));
    let tail_small = word.chars().skip(1).all(|c| !c.is_uppercase());
    let all_capital = word.chars().all(|c| !c.is_lowercase());
    (tail_small || all_capital) && syllable::is_syllable(word)
}
