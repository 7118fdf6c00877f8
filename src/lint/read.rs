//! Opening a PDF of unknown origin and reading its pages.
//!
//! Owns the limits and the failures: what is no PDF, what is encrypted or damaged, what is too large. The reading runs
//! on a thread of its own with its own stack; a panic of the reader is a damaged file, and when the time is up the
//! thread is left to itself. It measures a span, it never asks for the date.

use std::io::Read;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::read::ZlibDecoder;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{Context, InterpreterCache, InterpreterSettings, interpret_page};
use hayro::hayro_syntax::object::{Dict, Name, Object};
use hayro::hayro_syntax::page::Page as PdfPage;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::kurbo::{Affine, Rect};

use super::device::{Listener, TooManyInstructions};
use super::font::{FontTable, TYPE3};
use super::ink::{Document, MM_PER_PT, OddityKind, Page};
use super::page;

/// How much is read before the linter gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file. Default 64 MiB.
    pub bytes_max: usize,
    /// Pages. Default 2,000: more is no document that a person signs.
    pub pages_max: usize,
    /// Objects in the file. Default 1,000,000.
    pub objects_max: usize,
    /// Drawing instructions on one page. Default 400,000.
    pub instructions_max: usize,
    /// Size of all streams that are no pictures, unpacked. Default 512 MiB: packing can hide a thousand times its size.
    pub unpacked_max: u64,
    /// Time for the whole file. Default 60 s.
    pub time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 64 << 20,
            pages_max: 2_000,
            objects_max: 1_000_000,
            instructions_max: 400_000,
            unpacked_max: 512 << 20,
            time_max: Duration::from_mins(1),
        }
    }
}

/// Why a file cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// The bytes are no PDF.
    #[error("not a PDF file")]
    NotPdf,
    /// The file is larger than the limit.
    #[error("the file has {bytes} bytes, more than {max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A password is needed to read it.
    #[error("the file is encrypted")]
    Encrypted,
    /// Cut off or broken.
    #[error("the file is damaged")]
    Damaged,
    /// A PDF without pages.
    #[error("the file has no pages")]
    NoPages,
    /// More pages than the limit.
    #[error("the file has {pages} pages, more than {max}")]
    TooManyPages {
        /// Its pages.
        pages: usize,
        /// The limit.
        max: usize,
    },
    /// No page has text: a scanned picture, or empty paper.
    #[error("the file has no text")]
    NoText {
        /// Does it have pictures, as a scan has?
        scanned: bool,
    },
    /// Most characters are drawings, or codes of which the file does not tell the letter.
    #[error("the file does not tell which letters its text is made of")]
    Unreadable,
    /// More objects, instructions or packed data than the limits allow.
    #[error("the file is too complex")]
    TooComplex,
    /// The time was up.
    #[error("the file could not be read within {seconds} s")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
}

impl LintError {
    /// Can the same file pass at another time?
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }
}

/// Stack of the reading thread: nested arrays and forms of a hostile file recurse.
const STACK_BYTES: usize = 64 << 20;

/// The facts of the file `bytes`.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Document, LintError> {
    if bytes.len() > limits.bytes_max {
        return Err(LintError::TooLarge { bytes: bytes.len(), max: limits.bytes_max });
    }
    // The mark may stand after rubbish, as mail programs leave it (ISO 32000-1, annex H.3.4.1).
    let head = &bytes[..bytes.len().min(1024)];
    if !head.windows(5).any(|window| window == b"%PDF-") {
        return Err(LintError::NotPdf);
    }
    let bytes = bytes.to_vec();
    let (send, receive) = mpsc::channel();
    let reading = thread::Builder::new().name("lint".into()).stack_size(STACK_BYTES).spawn(move || {
        let document = panic::catch_unwind(AssertUnwindSafe(|| open(bytes, limits)));
        // The receiver is gone when the time was up.
        let _ = send.send(document.unwrap_or_else(|payload| Err(by_payload(payload.as_ref()))));
    });
    if reading.is_err() {
        return Err(LintError::TooComplex);
    }
    receive.recv_timeout(limits.time_max).unwrap_or(Err(LintError::TimedOut { seconds: limits.time_max.as_secs() }))
}

fn by_payload(payload: &(dyn std::any::Any + Send)) -> LintError {
    if payload.is::<TooManyInstructions>() { LintError::TooComplex } else { LintError::Damaged }
}

fn open(bytes: Vec<u8>, limits: Limits) -> Result<Document, LintError> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(_) => LintError::Encrypted,
        LoadPdfError::Invalid => LintError::Damaged,
    })?;
    if pdf.len() > limits.objects_max {
        return Err(LintError::TooComplex);
    }
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(LintError::NoPages);
    }
    if pages.len() > limits.pages_max {
        return Err(LintError::TooManyPages { pages: pages.len(), max: limits.pages_max });
    }
    check_streams(&pdf, limits)?;
    let mut fonts = FontTable::read(&pdf);
    let cache = InterpreterCache::new();
    let settings = InterpreterSettings::default();
    let mut document = Document::default();
    for (index, page) in pages.iter().enumerate() {
        document.pages.push(read_page(index + 1, page, &cache, &settings, &mut fonts, limits));
    }
    document.fonts = fonts.fonts;
    if document.pages.iter().all(|page| page.printed == 0) {
        let scanned = document.pages.iter().any(|page| !page.images.is_empty() || page.hidden > 0);
        return Err(LintError::NoText { scanned });
    }
    if !is_readable(&document) {
        return Err(LintError::Unreadable);
    }
    Ok(document)
}

/// Does the file tell the letters of most of its text, and their sizes? Of Type 3 fonts, which are drawings, no size is
/// known.
fn is_readable(document: &Document) -> bool {
    let printed: usize = document.pages.iter().map(|page| page.printed).sum();
    let unmapped = document.pages.iter().flat_map(|page| &page.oddities).filter(|oddity| oddity.kind == OddityKind::Unmapped);
    let unmapped: usize = unmapped.map(|oddity| oddity.count).sum();
    let drawn: usize = document.fonts.iter().filter(|font| font.name == TYPE3).map(|font| font.letters).sum();
    2 * (unmapped + drawn) <= printed
}

/// Refuses files whose streams unpack to more than the limit. The reader itself unpacks without one. Pictures are
/// never unpacked here; object streams were already, when the file was opened.
fn check_streams(pdf: &Pdf, limits: Limits) -> Result<(), LintError> {
    let mut left = limits.unpacked_max;
    for object in pdf.objects() {
        let Object::Stream(stream) = object else {
            continue;
        };
        if stream.dict().get::<Name<'_>>(b"Subtype").is_some_and(|kind| kind.as_str() == "Image") {
            continue;
        }
        let raw = stream.raw_data();
        let filters = filters(stream.dict());
        let size = match filters.iter().filter(|name| is_packed(name)).count() {
            0 => raw.len() as u64,
            1 if filters.first().is_some_and(|name| name == "FlateDecode" || name == "Fl") => unpacked(&raw, left),
            // Packed by an old method, or behind a text encoding: at most this many times its size.
            1 => (raw.len() as u64).saturating_mul(2_000),
            // Packed twice: no program does that but to hide something.
            _ => return Err(LintError::TooComplex),
        };
        left = left.checked_sub(size).ok_or(LintError::TooComplex)?;
    }
    Ok(())
}

/// How much `raw` unpacks to, counted no further than beyond `most`; of damaged data, as far as it can be read.
pub fn unpacked(raw: &[u8], most: u64) -> u64 {
    let mut decoder = ZlibDecoder::new(raw);
    let mut piece = [0; 1 << 14];
    let mut size = 0;
    while size <= most {
        match decoder.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => size += read as u64,
        }
    }
    size.max(raw.len() as u64)
}

/// The filters of a stream, outermost first.
pub fn filters(dict: &Dict<'_>) -> Vec<String> {
    match dict.get::<Object<'_>>(b"Filter") {
        Some(Object::Name(name)) => vec![name.as_str().to_owned()],
        Some(Object::Array(names)) => names.iter::<Name<'_>>().map(|name| name.as_str().to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn is_packed(filter: &str) -> bool {
    matches!(filter, "FlateDecode" | "Fl" | "LZWDecode" | "LZW" | "RunLengthDecode" | "RL")
}

fn read_page<'a>(
    number: usize,
    page: &PdfPage<'a>,
    cache: &InterpreterCache<'a>,
    settings: &InterpreterSettings,
    fonts: &mut FontTable,
    limits: Limits,
) -> Page {
    let (width, height) = page.render_dimensions();
    let (width_mm, height_mm) = (f64::from(width) * MM_PER_PT, f64::from(height) * MM_PER_PT);
    let to_mm = Affine::scale(MM_PER_PT) * page.initial_transform(true).to_kurbo();
    let paper = Rect::new(0.0, 0.0, width_mm, height_mm);
    let mut context = Context::new(to_mm, paper, cache, page.xref(), settings.clone());
    let mut listener = Listener::new(fonts, number, limits.instructions_max);
    interpret_page(page, &mut context, &mut listener);
    page::assemble(number, width_mm, height_mm, listener)
}
