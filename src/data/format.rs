//! What a data file is, told from its first bytes rather than from its name; but a name that no list has is believed.
//!
//! Owns [`Format`] and the refusals of files that are something else (PDF, Word, archives, encrypted workbooks). Text
//! encodings are [`super::encoding`]'s work, the inside of a zip [`super::archive`]'s.

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::say;

/// A readable kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A zip archive: `.xlsx`, `.xlsm` or `.ods`, told apart by its parts.
    Archive,
    /// Excel 97–2003.
    Xls,
    /// Delimited text.
    Csv,
    /// One JSON document.
    Json,
    /// One JSON document on each line.
    JsonLines,
    /// A file of ours that tells what another one held.
    Transcript,
}

/// Tells the format from the bytes at the head of the file and, for text, from its extension. An OLE container names
/// its streams anywhere, so `ole_names` looks for UTF-16 names in the whole file.
pub(super) fn detect(path: &Path, head: &[u8], ole_names: impl Fn(&str) -> bool) -> Result<Format, Diagnostic> {
    if head.starts_with(super::transcript::MAGIC) {
        return Ok(Format::Transcript);
    }
    if let Some(what) = foreign_name(path) {
        return Err(not_a_table(&what));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Format::Archive);
    }
    if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        return detect_ole(ole_names);
    }
    if let Some(what) = foreign(head) {
        return Err(not_a_table(&what));
    }
    Ok(detect_text(path, head))
}

/// Is it a binary Excel workbook, an encrypted one, or a Word document?
fn detect_ole(names: impl Fn(&str) -> bool) -> Result<Format, Diagnostic> {
    if names("EncryptedPackage") {
        return Err(encrypted());
    }
    if names("Workbook") || names("Book") {
        return Ok(Format::Xls);
    }
    if names("WordDocument") {
        return Err(not_a_table(&say!("tài liệu Word", "a Word document")));
    }
    Err(not_a_table(&say!("tệp Office không rõ loại", "an Office file of an unknown kind")))
}

/// The refusal of a workbook with a password.
pub(super) fn encrypted() -> Diagnostic {
    Diagnostic::error("file-encrypted", say!("tệp đặt mật khẩu nên không đọc được", "has a password and cannot be read")).remedy(say!(
        "mở tệp bằng Excel, vào Tệp > Thông tin > Bảo vệ sổ làm việc, bỏ mật khẩu rồi lưu lại",
        "open it in Excel, File > Info > Protect Workbook, take the password away and save it again"
    ))
}

/// The refusal of a file that holds no table.
pub(super) fn not_a_table(what: &Text) -> Diagnostic {
    let (vi, en) = (&what.vi, &what.en);
    Diagnostic::error("file-format", say!("không phải bảng dữ liệu mà là {vi}", "is not a table of data but {en}")).remedy(say!(
        "lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó",
        "save the list as an Excel workbook (.xlsx) or as CSV UTF-8 and choose that file"
    ))
}

/// What a file calls itself by an ending under which no list is kept: its content is not even guessed.
fn foreign_name(path: &Path) -> Option<Text> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    Some(match extension.as_str() {
        "docx" | "docm" | "doc" | "dotx" | "odt" => say!("tài liệu Word", "a Word document"),
        "pdf" => say!("tệp PDF", "a PDF file"),
        "rtf" => say!("tài liệu RTF", "an RTF document"),
        "pptx" | "ppt" | "odp" => say!("bài trình chiếu", "a presentation"),
        "htm" | "html" => say!("trang web (HTML)", "a web page (HTML)"),
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "heic" => say!("tệp ảnh", "an image"),
        "zip" | "rar" | "7z" | "gz" => say!("tệp nén", "an archive"),
        _ => return None,
    })
}

/// Kinds of file that get here under a wrong name.
fn foreign(head: &[u8]) -> Option<Text> {
    let kinds: [(&[u8], Text); 9] = [
        (b"%PDF-", say!("tệp PDF", "a PDF file")),
        (b"\x1f\x8b", say!("tệp nén gzip", "a gzip archive")),
        (b"BZh", say!("tệp nén bzip2", "a bzip2 archive")),
        (b"Rar!", say!("tệp nén RAR", "a RAR archive")),
        (b"7z\xBC\xAF\x27\x1C", say!("tệp nén 7-Zip", "a 7-Zip archive")),
        (b"\x89PNG", say!("tệp ảnh PNG", "a PNG image")),
        (b"\xFF\xD8\xFF", say!("tệp ảnh JPEG", "a JPEG image")),
        (b"{\\rtf", say!("tài liệu RTF", "an RTF document")),
        (b"SQLite format 3", say!("cơ sở dữ liệu SQLite", "an SQLite database")),
    ];
    if let Some((_, what)) = kinds.into_iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(what);
    }
    // Web sites hand out HTML tables and "XML Spreadsheet 2003" under the name of .xls.
    let start: Vec<u8> = without_bom(head).iter().copied().skip_while(u8::is_ascii_whitespace).take(15).collect();
    let start = start.to_ascii_lowercase();
    if start.starts_with(b"<?xml") {
        return Some(say!("tệp XML", "an XML file"));
    }
    [&b"<html"[..], b"<!doctype html", b"<table"]
        .iter()
        .any(|tag| start.starts_with(tag))
        .then(|| say!("trang web (HTML)", "a web page (HTML)"))
}

/// JSON by its first character, JSON Lines by its name or by a second line that begins like the first; all else is
/// delimited text.
fn detect_text(path: &Path, head: &[u8]) -> Format {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "jsonl" | "ndjson" => return Format::JsonLines,
        "csv" | "tsv" | "txt" => return Format::Csv,
        _ => {}
    }
    let text = without_bom(head);
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).map_or(&[][..], |at| &text[at..]);
    match start.first() {
        Some(b'{') => {
            let mut lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
            let first_is_whole = lines.next().is_some_and(|line| line.ends_with(b"}"));
            if first_is_whole && lines.next().is_some_and(|line| line.starts_with(b"{")) { Format::JsonLines } else { Format::Json }
        }
        Some(b'[') => Format::Json,
        _ if extension == "json" => Format::Json,
        _ => Format::Csv,
    }
}

fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}
