//! The encoding of a text file, and the file as UTF-8.
//!
//! Owns [`survey`], one pass over the whole file before anything is read, and [`open`]. A file in an 8-bit encoding is
//! handed on as Windows-1252 shows it; which Vietnamese encoding that is, is for [`super::legacy_text`] to apply.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258};

use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::vietnamese::legacy::{self, Confidence, Encoding};

/// Bytes at the head of the file by which an 8-bit encoding is guessed.
const SAMPLE_BYTES: usize = 262_144;

/// How the bytes of a text file are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextEncoding {
    /// UTF-8, with or without a mark.
    Utf8,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// One byte a letter.
    EightBit(Encoding),
}

/// What the pass over the bytes has seen.
#[derive(Default)]
struct Tally {
    bytes: u64,
    line: u64,
    multibyte: u64,
    invalid: u64,
    first_invalid: Option<(u64, u64, u8)>,
    nul_line: Option<u64>,
}

/// Reads the file once and tells its encoding.
pub(super) fn survey(path: &Path, name: &str) -> Result<TextEncoding, Diagnostic> {
    let mut file = File::open(path).map_err(|error| super::unreadable(&error))?;
    let mut head = Vec::new();
    let mut tally = Tally { line: 1, ..Tally::default() };
    let mut pending: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 65_536];
    loop {
        let count = file.read(&mut buffer).map_err(|error| super::unreadable(&error))?;
        let read = &buffer[..count];
        if head.is_empty() {
            if read.starts_with(b"\xFF\xFE") {
                return Ok(TextEncoding::Utf16Le);
            }
            if read.starts_with(b"\xFE\xFF") {
                return Ok(TextEncoding::Utf16Be);
            }
        }
        head.extend(read.iter().take(SAMPLE_BYTES.saturating_sub(head.len())));
        pending.extend(read);
        let used = tally.see(&pending, count == 0);
        pending.drain(..used);
        if count == 0 {
            return tally.decide(&head, name);
        }
    }
}

impl Tally {
    /// Counts what `bytes` hold; a character cut at the end waits for more unless this is the `last` piece.
    fn see(&mut self, bytes: &[u8], last: bool) -> usize {
        let mut used = 0;
        for chunk in bytes.utf8_chunks() {
            let invalid = chunk.invalid();
            let cut = !invalid.is_empty() && used + chunk.valid().len() + invalid.len() == bytes.len();
            self.see_valid(chunk.valid());
            used += chunk.valid().len();
            if cut && !last {
                break;
            }
            if let Some(&byte) = invalid.first() {
                self.invalid += invalid.len() as u64;
                self.first_invalid.get_or_insert((self.line, self.bytes + 1, byte));
                self.bytes += invalid.len() as u64;
                used += invalid.len();
            }
        }
        used
    }

    fn see_valid(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            match byte {
                b'\n' => self.line += 1,
                0 => {
                    self.nul_line.get_or_insert(self.line);
                }
                0xC0.. => self.multibyte += 1,
                _ => {}
            }
        }
        self.bytes += text.len() as u64;
    }

    fn decide(self, head: &[u8], name: &str) -> Result<TextEncoding, Diagnostic> {
        let at = |line| Place::Line { file: name.to_owned(), line, column: None };
        if let Some(line) = self.nul_line {
            return Err(nul(at(line)));
        }
        let Some((line, position, byte)) = self.first_invalid else { return Ok(TextEncoding::Utf8) };
        // Mostly well-formed characters outside ASCII, or words that only UTF-8 gives: UTF-8 with an injury, not another
        // encoding.
        let guess = guess(head);
        if self.multibyte > 3 * self.invalid || guess == Some(TextEncoding::EightBit(Encoding::Utf8AsWindows1252)) {
            let message = if position + 3 > self.bytes {
                say!("tệp bị cắt ở giữa một chữ (byte thứ {position})", "the file is cut in the middle of a letter (byte {position})")
            } else {
                say!(
                    "byte thứ {position} của tệp (0x{byte:02X}) không phải UTF-8",
                    "byte {position} of the file (0x{byte:02X}) is not UTF-8"
                )
            };
            return Err(Diagnostic::error("utf8-invalid", message).at(at(line)).remedy(save_as_utf8()));
        }
        guess.ok_or_else(|| {
            Diagnostic::error(
                "encoding-unknown",
                say!("không phải Unicode và không đoán chắc được bảng mã", "is not Unicode, and its encoding cannot be guessed safely"),
            )
            .at(at(line))
            .remedy(save_as_utf8())
        })
    }
}

/// The 8-bit encoding of a file, by the words it gives; where they are too few, chardetng's opinion decides for
/// Windows-1258, the only Vietnamese encoding it knows.
fn guess(head: &[u8]) -> Option<TextEncoding> {
    let (shown, _) = WINDOWS_1252.decode_without_bom_handling(head);
    let guess = legacy::detect(&shown)?;
    if guess.confidence == Confidence::Sure {
        return Some(TextEncoding::EightBit(guess.encoding));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, true);
    let opinion = detector.guess(Some(b"vn"), Utf8Detection::Deny);
    (guess.encoding == Encoding::Windows1258 && opinion == WINDOWS_1258).then_some(TextEncoding::EightBit(guess.encoding))
}

/// The refusal of text with NUL characters.
pub(super) fn nul(place: Place) -> Diagnostic {
    Diagnostic::error(
        "text-nul",
        say!("có ký tự NUL, không phải tệp văn bản bình thường", "holds NUL characters and is no ordinary text file"),
    )
    .at(place)
    .remedy(save_as_utf8())
}

fn save_as_utf8() -> crate::language::Text {
    say!(
        "mở tệp gốc bằng Excel, chọn Lưu thành > CSV UTF-8 (hoặc lưu thẳng .xlsx)",
        "open the original in Excel and choose Save As > CSV UTF-8 (or save it as .xlsx)"
    )
}

/// The text of a file as UTF-8 bytes, without its byte order mark.
pub(super) struct Utf8Text {
    file: File,
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    text_start: usize,
    text_end: usize,
    ended: bool,
}

/// Opens the file as UTF-8 from its beginning.
pub(super) fn open(path: &Path, encoding: TextEncoding) -> io::Result<Utf8Text> {
    let file = File::open(path)?;
    let decoder = match encoding {
        TextEncoding::Utf8 => UTF_8.new_decoder_with_bom_removal(),
        TextEncoding::Utf16Le => UTF_16LE.new_decoder_with_bom_removal(),
        TextEncoding::Utf16Be => UTF_16BE.new_decoder_with_bom_removal(),
        TextEncoding::EightBit(_) => WINDOWS_1252.new_decoder_without_bom_handling(),
    };
    Ok(Utf8Text { file, decoder, raw: vec![0; 32_768], text: vec![0; 131_072], text_start: 0, text_end: 0, ended: false })
}

impl Read for Utf8Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.text_start == self.text_end {
            if self.ended {
                return Ok(0);
            }
            let count = self.file.read(&mut self.raw)?;
            self.ended = count == 0;
            // The buffer for text holds four times the raw bytes, more than any of these encodings expands to.
            let (result, _, written, _) = self.decoder.decode_to_utf8(&self.raw[..count], &mut self.text, self.ended);
            debug_assert_eq!(result, CoderResult::InputEmpty);
            (self.text_start, self.text_end) = (0, written);
        }
        let count = out.len().min(self.text_end - self.text_start);
        out[..count].copy_from_slice(&self.text[self.text_start..self.text_start + count]);
        self.text_start += count;
        Ok(count)
    }
}
