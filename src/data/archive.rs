//! The look into a zipped workbook before calamine opens it: what it is, and whether it may be unpacked at all.
//!
//! Owns [`inspect`]. calamine loads the shared strings of a workbook, and all of an `.ods`, without a bound, and a zip
//! header may lie about sizes, so every part is inflated here once and its bytes are counted. On the way the tags are
//! scanned for what calamine does not tell. Reading cells is [`super::xlsx`]'s and [`super::legacy_workbook`]'s work.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;

use super::fonts::{self, FontParts};
use super::limits::Limits;
use super::ods_extent::OdsExtent;
use super::xml_tags::{Hostile, Tag, TagScanner, unescape};
use super::{broken, format};
use crate::diagnostic::Diagnostic;
use crate::say;

/// Most parts in one archive; a workbook with a thousand pictures stays below.
const PARTS_MAX: usize = 10_000;
/// Below this size the ratio says nothing: a small table of equal rows packs very well.
const RATIO_FROM_BYTES: u64 = 50_000_000;
/// Highest ratio of unpacked to packed size; a list of 99,000 rows has 10 (measured), a bomb about 1,000.
const RATIO_MAX: u64 = 200;

/// Which workbook an archive holds.
#[derive(Debug)]
pub(super) enum Workbook {
    /// Office Open XML.
    Xlsx {
        /// Hidden rows of each sheet that has some.
        hidden_rows: BTreeMap<String, u64>,
        /// The parts that tell the fonts of cells, when one of them names a font of before Unicode.
        fonts: Option<FontParts>,
    },
    /// OpenDocument.
    Ods(OdsExtent),
}

/// Tells what the archive is and that it stays within `limits`.
pub(super) fn inspect(file: File, packed_bytes: u64, limits: &Limits) -> Result<Workbook, Diagnostic> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    if archive.has_duplicate_names() || archive.len() > PARTS_MAX {
        return Err(broken(&"unusual archive: duplicate or too many parts"));
    }
    let mut names = Vec::new();
    let mut declared = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|error| broken(&error))?;
        if entry.encrypted() {
            return Err(format::encrypted());
        }
        declared = declared.saturating_add(entry.size());
        names.push(String::from_utf8_lossy(entry.name_raw()).replace('\\', "/").to_lowercase());
    }
    check_size(declared, packed_bytes, limits)?;
    let has = |part: &str| names.iter().any(|name| name == part);
    let is_xlsx = has("xl/workbook.xml");
    if !is_xlsx && !has("content.xml") {
        return Err(foreign_archive(&names));
    }
    let mut survey = Survey::default();
    let mut unpacked = 0_u64;
    for (index, name) in names.iter().enumerate() {
        survey.begin(name);
        let mut part = archive.by_index(index).map_err(|error| broken(&error))?;
        let mut buffer = [0_u8; 65_536];
        loop {
            let count = part.read(&mut buffer).map_err(|error| broken(&error))?;
            if count == 0 {
                break;
            }
            unpacked += count as u64;
            check_size(unpacked, packed_bytes, limits)?;
            survey.feed(name, &buffer[..count]).map_err(|hostile| match hostile {
                Hostile::Doctype => broken(&"document type definition"),
                Hostile::LongTag => broken(&"oversized XML tag"),
            })?;
        }
    }
    if is_xlsx { Ok(survey.into_xlsx(&names)) } else { survey.into_ods(limits) }
}

/// Sizes are checked twice, as declared and as counted, so that an honest bomb costs nothing and a lying one little.
fn check_size(unpacked: u64, packed: u64, limits: &Limits) -> Result<(), Diagnostic> {
    let ratio_passed = unpacked > RATIO_FROM_BYTES && unpacked / packed.max(1) > RATIO_MAX;
    if unpacked <= limits.uncompressed_bytes_max && !ratio_passed {
        return Ok(());
    }
    let (packed, unpacked, most) = (packed.div_ceil(1000), unpacked / 1_000_000, limits.uncompressed_bytes_max >> 20);
    let message = if ratio_passed {
        say!(
            "tệp {packed} kB bung ra hơn {unpacked} MB, nén bất thường nên không được mở",
            "a file of {packed} kB unpacks to more than {unpacked} MB, which is unusual; it was not opened"
        )
    } else {
        say!("tệp bung ra quá {most} MiB nên không được mở", "the file unpacks to more than {most} MiB and was not opened")
    };
    Err(Diagnostic::error("workbook-too-large", message).remedy(say!(
        "tạo sổ làm việc mới, chép riêng vùng dữ liệu sang (Dán đặc biệt > Giá trị) rồi lưu",
        "make a new workbook, paste only the data into it (Paste Special > Values) and save it"
    )))
}

/// Which other thing a zip is, for the refusal.
fn foreign_archive(names: &[String]) -> Diagnostic {
    let has = |part: &str| names.iter().any(|name| name == part);
    if has("xl/workbook.bin") {
        return Diagnostic::error(
            "file-format",
            say!("là sổ Excel nhị phân (.xlsb), không đọc được", "is a binary workbook (.xlsb), which cannot be read"),
        )
        .remedy(say!(
            "mở bằng Excel, chọn Lưu thành > Excel Workbook (.xlsx)",
            "open it in Excel and choose Save As > Excel Workbook (.xlsx)"
        ));
    }
    format::not_a_table(&if has("word/document.xml") {
        say!("tài liệu Word", "a Word document")
    } else if has("ppt/presentation.xml") {
        say!("bản trình chiếu PowerPoint", "a PowerPoint presentation")
    } else {
        say!("tệp nén ZIP", "a ZIP archive")
    })
}

/// What the tags of all parts tell.
#[derive(Default)]
struct Survey {
    scanner: TagScanner,
    /// Hidden rows by part.
    hidden: BTreeMap<String, u64>,
    /// Sheet name and relation id, from the workbook part.
    sheets: Vec<(String, String)>,
    /// Relation id to part.
    relations: BTreeMap<String, String>,
    mimetype: Vec<u8>,
    encrypted: bool,
    legacy_fonts: bool,
    ods: OdsExtent,
}

impl Survey {
    fn begin(&mut self, name: &str) {
        self.scanner = TagScanner::default();
        if name == "content.xml" {
            self.ods = OdsExtent::default();
        }
    }

    fn feed(&mut self, name: &str, bytes: &[u8]) -> Result<(), Hostile> {
        if name == "mimetype" {
            self.mimetype.extend(bytes.iter().take(100));
        }
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            return Ok(());
        }
        let Self { scanner, hidden, sheets, relations, encrypted, legacy_fonts, ods, .. } = self;
        scanner.feed(bytes, &mut |tag| match name {
            "content.xml" => ods.see(tag),
            "meta-inf/manifest.xml" => *encrypted |= tag.local_name() == b"encryption-data",
            "xl/workbook.xml" => sheets.extend(sheet(tag)),
            "xl/_rels/workbook.xml.rels" => relations.extend(relation(tag)),
            fonts::STYLES_PART => *legacy_fonts |= tag.local_name() == b"name" && fonts::names_legacy(tag),
            fonts::STRINGS_PART => *legacy_fonts |= tag.local_name() == b"rFont" && fonts::names_legacy(tag),
            _ if name.starts_with("xl/worksheets/") => match tag.local_name() {
                b"row" if is_hidden(tag) => *hidden.entry(name.to_owned()).or_default() += 1,
                b"rFont" => *legacy_fonts |= fonts::names_legacy(tag),
                _ => {}
            },
            _ => {}
        })
    }

    /// `names` are those of all parts.
    fn into_xlsx(self, names: &[String]) -> Workbook {
        let Self { hidden, sheets, relations, legacy_fonts, .. } = self;
        let part = |name: &str| names.iter().position(|part| part == name);
        let fonts = legacy_fonts.then(|| FontParts {
            styles: part(fonts::STYLES_PART),
            strings: part(fonts::STRINGS_PART),
            sheets: sheets.iter().filter_map(|(name, id)| Some((name.clone(), part(relations.get(id)?)?))).collect(),
        });
        let hidden_rows = sheets.into_iter().filter_map(|(name, id)| Some((name, *hidden.get(relations.get(&id)?)?))).collect();
        Workbook::Xlsx { hidden_rows, fonts }
    }

    fn into_ods(self, limits: &Limits) -> Result<Workbook, Diagnostic> {
        if self.encrypted {
            return Err(format::encrypted());
        }
        if !self.mimetype.is_empty() && !self.mimetype.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
            return Err(format::not_a_table(&say!("tài liệu OpenDocument loại khác", "another kind of OpenDocument file")));
        }
        self.ods.check(limits)?;
        Ok(Workbook::Ods(self.ods))
    }
}

fn is_hidden(row: Tag<'_>) -> bool {
    matches!(row.attribute("hidden"), Some("1" | "true"))
}

fn sheet(tag: Tag<'_>) -> Option<(String, String)> {
    (tag.local_name() == b"sheet").then(|| Some((unescape(tag.attribute("name")?), tag.attribute("r:id")?.to_owned())))?
}

fn relation(tag: Tag<'_>) -> Option<(String, String)> {
    if tag.local_name() != b"Relationship" {
        return None;
    }
    let target = tag.attribute("Target")?.to_lowercase();
    let part = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
    Some((tag.attribute("Id")?.to_owned(), part))
}
