//! The frames between coordinator and worker: a JSON header and raw bytes, each with its length before it.
//!
//! Owns their encoding. Both ends are this binary, so the format may change with any release.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::template::page::Terms;
use crate::template::{Files, Page};
use crate::typeset::Typeset;
use crate::typeset::fonts::FontFile;

/// Longest header or payload taken from the other end: no document is larger.
pub(super) const FRAME_BYTES_MAX: u32 = 256 << 20;

/// First frame to a worker: everything that it may ever read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    /// What the page says about itself.
    pub terms: Terms,
    /// Virtual paths with lengths, in the order of the payload.
    pub files: Vec<(String, u64)>,
    /// Fonts that are not in the binary, with lengths, after the files.
    pub fonts: Vec<(String, u64)>,
}

/// Header of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The worker has loaded its template.
    Ready,
    /// The worker cannot load its template.
    NotReady(String),
    /// A document follows, then its pictures.
    Done { pages: u32, compile_us: u64, export_us: u64, pdf: u64, images: Vec<u64>, warnings: Vec<Diagnostic> },
    /// The record is refused.
    Failed { diagnostics: Vec<Diagnostic>, panicked: bool },
}

/// Header and payload as one frame.
pub(super) fn encode<T: Serialize>(header: &T, payload: &[&[u8]]) -> Vec<u8> {
    let header = serde_json::to_vec(header).expect("headers are plain data");
    let length: usize = payload.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(8 + header.len() + length);
    frame.extend_from_slice(&(header.len() as u32).to_le_bytes());
    frame.extend_from_slice(&(length as u32).to_le_bytes());
    frame.extend_from_slice(&header);
    for part in payload {
        frame.extend_from_slice(part);
    }
    frame
}

/// The lengths of header and payload at the head of a frame.
pub(super) fn lengths(head: [u8; 8]) -> io::Result<(usize, usize)> {
    let [a, b, c, d, e, f, g, h] = head;
    let header = u32::from_le_bytes([a, b, c, d]);
    let payload = u32::from_le_bytes([e, f, g, h]);
    if header > FRAME_BYTES_MAX || payload > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    Ok((header as usize, payload as usize))
}

/// Reads one frame; `None` at the end of the stream.
pub(super) fn read<T: for<'a> Deserialize<'a>>(input: &mut impl Read) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut head = [0; 8];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let (header_length, payload_length) = lengths(head)?;
    let mut header = vec![0; header_length];
    input.read_exact(&mut header)?;
    let mut payload = vec![0; payload_length];
    input.read_exact(&mut payload)?;
    Ok(Some((serde_json::from_slice(&header)?, payload)))
}

/// Writes one frame.
pub(super) fn write<T: Serialize>(output: &mut impl Write, header: &T, payload: &[&[u8]]) -> io::Result<()> {
    output.write_all(&encode(header, payload))?;
    output.flush()
}

/// The first frame for `page`. Fonts of the binary are not sent: the worker has them.
pub(super) fn setup_frame(page: &Page, fonts: &[FontFile]) -> Vec<u8> {
    let sent: Vec<&FontFile> = fonts.iter().filter(|font| matches!(font.bytes, Cow::Owned(_))).collect();
    let setup = Setup {
        terms: page.terms.clone(),
        files: page.files.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64)).collect(),
        fonts: sent.iter().map(|font| (font.name.clone(), font.bytes.len() as u64)).collect(),
    };
    let payload: Vec<&[u8]> = page.files.values().map(|bytes| &**bytes).chain(sent.iter().map(|font| &*font.bytes)).collect();
    encode(&setup, &payload)
}

/// Files and fonts back out of the first frame; `None` when the lengths do not fit.
pub(super) fn unpack_setup(setup: &Setup, payload: &[u8]) -> Option<(Files, Vec<FontFile>)> {
    let mut rest = payload;
    let mut take = |length: u64| {
        let (taken, left) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        rest = left;
        Some(Cow::Owned(taken.to_vec()))
    };
    let mut files = Files::new();
    for (path, length) in &setup.files {
        files.insert(path.clone(), take(*length)?);
    }
    let mut fonts = Vec::new();
    for (name, length) in &setup.fonts {
        fonts.push(FontFile { name: name.clone(), bytes: take(*length)? });
    }
    Some((files, fonts))
}

/// A finished document as header and payload.
pub(super) fn done(typeset: &Typeset) -> (Answer, Vec<&[u8]>) {
    let answer = Answer::Done {
        pages: typeset.pages,
        compile_us: typeset.compile.as_micros() as u64,
        export_us: typeset.export.as_micros() as u64,
        pdf: typeset.pdf.len() as u64,
        images: typeset.images.iter().map(|image| image.len() as u64).collect(),
        warnings: typeset.warnings.clone(),
    };
    let payload = std::iter::once(typeset.pdf.as_slice()).chain(typeset.images.iter().map(Vec::as_slice)).collect();
    (answer, payload)
}

/// The document out of an answer's payload; `None` when the lengths do not fit.
pub(super) fn unpack_done(
    pages: u32,
    times_us: (u64, u64),
    lengths: (u64, &[u64]),
    warnings: Vec<Diagnostic>,
    mut payload: Vec<u8>,
) -> Option<Typeset> {
    let mut images = Vec::new();
    let pdf_length = usize::try_from(lengths.0).ok()?;
    if pdf_length > payload.len() {
        return None;
    }
    let rest = payload.split_off(pdf_length);
    let mut rest = rest.as_slice();
    for length in lengths.1 {
        let (image, left) = rest.split_at_checked(usize::try_from(*length).ok()?)?;
        images.push(image.to_vec());
        rest = left;
    }
    Some(Typeset {
        pdf: payload,
        images,
        pages,
        compile: Duration::from_micros(times_us.0),
        export: Duration::from_micros(times_us.1),
        warnings,
    })
}
