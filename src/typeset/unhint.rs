//! TrueType fonts without their hinting programs.
//!
//! Hints steer low-resolution screens; on paper and in a PDF they are ballast that every document would embed anew: a
//! third of a one-page certificate. Outlines, metrics and shaping stay exactly as they are. Owns that one rewriting;
//! a file that is not plain TrueType comes back unchanged.

use std::borrow::Cow;

/// Tables that only hinting uses.
const HINTING: [&[u8; 4]; 8] = [b"fpgm", b"prep", b"cvt ", b"hdmx", b"VDMX", b"LTSH", b"gasp", b"cvar"];

/// Flags of a composite glyph's component (OpenType, `glyf`).
const ARGUMENTS_ARE_WORDS: u16 = 0x0001;
const HAS_SCALE: u16 = 0x0008;
const MORE_COMPONENTS: u16 = 0x0020;
const HAS_TWO_SCALES: u16 = 0x0040;
const HAS_MATRIX: u16 = 0x0080;
const HAS_INSTRUCTIONS: u16 = 0x0100;

/// The font without hinting; `bytes` itself when it cannot be done.
pub(super) fn unhint(bytes: Cow<'static, [u8]>) -> Cow<'static, [u8]> {
    match rewrite(&bytes) {
        Some(smaller) => Cow::Owned(smaller),
        None => bytes,
    }
}

struct Table<'a> {
    tag: [u8; 4],
    bytes: Cow<'a, [u8]>,
}

fn rewrite(font: &[u8]) -> Option<Vec<u8>> {
    if !matches!(font.get(..4)?, [0, 1, 0, 0] | b"true") {
        return None;
    }
    let mut tables = Vec::new();
    for index in 0..usize::from(word(font, 4)?) {
        let entry = font.get(12 + index * 16..28 + index * 16)?;
        let tag: [u8; 4] = entry.get(..4)?.try_into().ok()?;
        let offset = long(entry, 8)? as usize;
        let bytes = font.get(offset..offset.checked_add(long(entry, 12)? as usize)?)?;
        if !HINTING.contains(&&tag) {
            tables.push(Table { tag, bytes: Cow::Borrowed(bytes) });
        }
    }
    let find = |tag: &[u8; 4]| tables.iter().position(|table| &table.tag == tag);
    let (head, loca, glyf) = (find(b"head")?, find(b"loca")?, find(b"glyf")?);
    let long_offsets = word(&tables[head].bytes, 50)? != 0;
    let (new_glyf, new_loca) = strip_glyphs(&tables[glyf].bytes, &tables[loca].bytes, long_offsets)?;
    tables[glyf].bytes = Cow::Owned(new_glyf);
    tables[loca].bytes = Cow::Owned(new_loca);
    // The new `loca` always has long offsets.
    let mut head_bytes = tables[head].bytes.to_vec();
    head_bytes.get_mut(50..52)?.copy_from_slice(&1u16.to_be_bytes());
    tables[head].bytes = Cow::Owned(head_bytes);
    Some(assemble(&tables))
}

fn strip_glyphs(glyf: &[u8], loca: &[u8], long_offsets: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    let offset = |index: usize| -> Option<usize> {
        if long_offsets { Some(long(loca, index * 4)? as usize) } else { Some(usize::from(word(loca, index * 2)?) * 2) }
    };
    let glyphs = loca.len() / if long_offsets { 4 } else { 2 };
    let mut out = Vec::with_capacity(glyf.len());
    let mut offsets = Vec::with_capacity(glyphs * 4);
    for index in 0..glyphs.checked_sub(1)? {
        offsets.extend_from_slice(&(out.len() as u32).to_be_bytes());
        let glyph = glyf.get(offset(index)?..offset(index + 1)?)?;
        if !glyph.is_empty() {
            strip_glyph(glyph, &mut out)?;
            while !out.len().is_multiple_of(4) {
                out.push(0);
            }
        }
    }
    offsets.extend_from_slice(&(out.len() as u32).to_be_bytes());
    Some((out, offsets))
}

fn strip_glyph(glyph: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let contours = word(glyph, 0)?.cast_signed();
    if contours >= 0 {
        let after_ends = 10 + usize::from(contours.unsigned_abs()) * 2;
        let length = usize::from(word(glyph, after_ends)?);
        out.extend_from_slice(glyph.get(..after_ends)?);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(glyph.get(after_ends + 2 + length..)?);
        return Some(());
    }
    out.extend_from_slice(glyph.get(..10)?);
    let mut position = 10;
    loop {
        let flags = word(glyph, position)?;
        let mut length = if flags & ARGUMENTS_ARE_WORDS != 0 { 8 } else { 6 };
        length += match () {
            () if flags & HAS_SCALE != 0 => 2,
            () if flags & HAS_TWO_SCALES != 0 => 4,
            () if flags & HAS_MATRIX != 0 => 8,
            () => 0,
        };
        out.extend_from_slice(&(flags & !HAS_INSTRUCTIONS).to_be_bytes());
        out.extend_from_slice(glyph.get(position + 2..position + length)?);
        position += length;
        if flags & MORE_COMPONENTS == 0 {
            return Some(());
        }
    }
}

/// The font file again. Checksums are left at zero: readers of embedded fonts do not use them.
fn assemble(tables: &[Table<'_>]) -> Vec<u8> {
    let count = tables.len() as u16;
    let selector = count.checked_ilog2().unwrap_or(0) as u16;
    let range = 16u16 << selector;
    let mut out = vec![0, 1, 0, 0];
    for value in [count, range, selector, count * 16 - range] {
        out.extend_from_slice(&value.to_be_bytes());
    }
    let mut offset = 12 + tables.len() * 16;
    for table in tables {
        out.extend_from_slice(&table.tag);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&(offset as u32).to_be_bytes());
        out.extend_from_slice(&(table.bytes.len() as u32).to_be_bytes());
        offset += table.bytes.len().next_multiple_of(4);
    }
    for table in tables {
        out.extend_from_slice(&table.bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
