//! An organisation's profile: how its name, place and signatories appear on a page.
//!
//! Owns the keys of `[organisations.…]` and the value that templates see as `to_chuc`. Its pictures become files of the
//! page's world.

use std::borrow::Cow;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::FILE_NAME;
use super::language_choice::LanguageChoice;
use super::page_choice::PageChoice;
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::template::Files;
use crate::vietnamese::letters;

/// A profile.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Organisation {
    /// Full name: “Hội Khuyến học Thành phố Hồ Chí Minh”.
    pub name: String,
    /// The name in capitals as the head of a page breaks it; made from `name` when absent.
    pub name_lines: Vec<String>,
    /// Direct superior in capitals, line by line; none for most.
    pub superior_lines: Vec<String>,
    /// Abbreviation in document codes: `HKH`.
    pub abbreviation: String,
    /// Place in the line of place and date.
    pub place: String,
    /// Style of the page: `nd30` is Decree 30/2020, `dang` the Party's Hướng dẫn 05-HD/VPTW.
    pub style: Option<String>,
    /// Address for the foot of a page.
    pub address: Option<String>,
    /// Picture of the emblem, relative to the workspace.
    pub emblem: Option<String>,
    /// How numbers are read and tones placed.
    pub language: LanguageChoice,
    /// Choices within the decree's ranges.
    pub page: PageChoice,
    /// Those who sign; the first is the default.
    pub signatories: Vec<Signatory>,
}

/// One who signs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signatory {
    /// Authority and title, line by line: `TM. BAN THƯỜNG VỤ`, `CHỦ TỊCH`.
    pub authority: Vec<String>,
    /// Full name, without rank or degree.
    pub name: String,
    /// Picture of the signature, blue on transparent ground.
    pub signature: Option<String>,
    /// Picture of the seal, red on transparent ground.
    pub seal: Option<String>,
    /// Diameter of the seal in millimetres; 34 when absent.
    pub seal_mm: Option<f64>,
}

/// Styles of pages.
const STYLES: [&str; 2] = ["nd30", "dang"];

/// Diameter of an ordinary round seal.
const SEAL_MM: f64 = 34.0;

/// Largest picture.
const PICTURE_BYTES_MAX: u64 = 5 << 20;

impl Organisation {
    /// Stands in where a workspace declares none: dots to be filled by hand.
    pub fn unnamed() -> Self {
        Self {
            name: "Tên tổ chức".into(),
            abbreviation: "…".into(),
            place: "…".into(),
            signatories: vec![Signatory { authority: vec!["CHỨC VỤ NGƯỜI KÝ".into()], ..Signatory::default() }],
            ..Self::default()
        }
    }

    pub(super) fn problems(&self, key: &str) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut wrong = |code, message| {
            problems.push(Diagnostic::error(code, message).at(Place::File { file: format!("{FILE_NAME} [organisations.{key}]") }));
        };
        if self.name.trim().is_empty() {
            wrong("organisation-name", say!("thiếu “name”", "`name` is missing"));
        }
        problems.extend(self.language.problems(key));
        // The Party's page has fixed values, which the page itself holds the choices against.
        if self.style.as_deref() != Some("dang") {
            problems.extend(self.page.problems(key));
        }
        let mut wrong = |code, message| {
            problems.push(Diagnostic::error(code, message).at(Place::File { file: format!("{FILE_NAME} [organisations.{key}]") }));
        };
        if let Some(style) = &self.style
            && !STYLES.contains(&style.as_str())
        {
            wrong("organisation-style", say!("“style” phải là: {}", "`style` must be one of: {}", STYLES.join(", ")));
        }
        for signatory in &self.signatories {
            if signatory.authority.iter().all(|line| line.trim().is_empty()) {
                let name = &signatory.name;
                wrong("signatory-title", say!("người ký “{name}” chưa có chức vụ (authority)", "signatory `{name}` has no `authority`"));
            }
        }
        problems
    }

    /// What templates see, and the pictures as files of the page's world. Pictures are read from `workspace`.
    pub fn for_templates(&self, workspace: Option<&Path>) -> Result<(Value, Files), Vec<Diagnostic>> {
        let mut files = Files::new();
        let mut problems = Vec::new();
        let mut picture = |role: &str, name: &Option<String>| -> Value {
            let Some(name) = name else { return Value::Null };
            match read_picture(workspace, name) {
                Ok((bytes, extension)) => {
                    let path = format!("/to-chuc/{role}.{extension}");
                    files.insert(path.clone(), Cow::Owned(bytes));
                    Value::String(path)
                }
                Err(problem) => {
                    problems.push(*problem);
                    Value::Null
                }
            }
        };
        let emblem = picture("bieu-trung", &self.emblem);
        let signatories: Vec<Value> = self
            .signatories
            .iter()
            .enumerate()
            .map(|(index, signatory)| {
                json!({
                    "quyen_han": signatory.authority,
                    "ho_ten": signatory.name,
                    "chu_ky": picture(&format!("chu-ky-{index}"), &signatory.signature),
                    "con_dau": picture(&format!("con-dau-{index}"), &signatory.seal),
                    "con_dau_mm": signatory.seal_mm.unwrap_or(SEAL_MM),
                })
            })
            .collect();
        let name_lines = if self.name_lines.is_empty() { vec![letters::upper(&self.name)] } else { self.name_lines.clone() };
        let value = json!({
            "ten": self.name,
            "ten_dong": name_lines,
            "cap_tren_dong": self.superior_lines,
            "viet_tat": self.abbreviation,
            "dia_danh": self.place,
            "kieu": self.style.as_deref().unwrap_or("nd30"),
            "dia_chi": self.address,
            "trang": self.page.for_templates(),
            "cach_doc": self.language.for_templates(),
            "bieu_trung": emblem,
            "nguoi_ky": signatories,
        });
        if problems.is_empty() { Ok((value, files)) } else { Err(problems) }
    }
}

pub(super) fn read_picture(workspace: Option<&Path>, name: &str) -> Result<(Vec<u8>, &'static str), Box<Diagnostic>> {
    let path = workspace.unwrap_or(Path::new(".")).join(name);
    let problem = |code: &'static str, message| Box::new(Diagnostic::error(code, message).at(Place::File { file: name.to_owned() }));
    let size = std::fs::metadata(&path)
        .map_err(|error| {
            problem("picture-unreadable", crate::diagnostic::because(&error, "không đọc được hình:", "the picture cannot be read:"))
        })?
        .len();
    if size > PICTURE_BYTES_MAX {
        return Err(problem("picture-too-large", say!("hình lớn hơn 5 MiB", "the picture is larger than 5 MiB")));
    }
    let bytes = std::fs::read(&path).map_err(|error| {
        problem("picture-unreadable", crate::diagnostic::because(&error, "không đọc được hình:", "the picture cannot be read:"))
    })?;
    let extension = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        "png"
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        "jpg"
    } else if bytes.starts_with(b"<svg") || (bytes.starts_with(b"<?xml") && bytes.windows(4).take(4096).any(|window| window == b"<svg")) {
        "svg"
    } else {
        return Err(problem("picture-kind", say!("không phải hình PNG, JPEG hay SVG", "is not a PNG, JPEG or SVG picture")));
    };
    if !is_whole(&bytes, extension) {
        let message = say!("tệp hình bị cụt, không có phần cuối", "the picture is cut off: its end is missing");
        return Err(Box::new(problem("picture-cut", message).remedy(say!("chép lại tệp gốc", "copy the original again"))));
    }
    Ok((bytes, extension))
}

/// Does the picture end as its kind ends? A half-copied file would fail on every page.
fn is_whole(bytes: &[u8], extension: &str) -> bool {
    let end: &[u8] = match extension {
        "png" => b"IEND\xAE\x42\x60\x82",
        "jpg" => &[0xFF, 0xD9],
        _ => b"</svg>",
    };
    // Some programs write a few bytes of their own after it; an empty SVG element closes itself.
    bytes.windows(end.len()).any(|window| window == end) || (extension == "svg" && bytes.trim_ascii_end().ends_with(b"/>"))
}
