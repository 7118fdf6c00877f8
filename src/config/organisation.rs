//! An organisation's profile: how its name, place and signatories appear on a page.
//!
//! Owns the keys of `[organisations.…]` and the value that templates see as `to_chuc`. Its pictures become files of the
//! page's world.

use std::borrow::Cow;
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::FILE_NAME;
use super::language_choice::LanguageChoice;
use super::page_choice::PageChoice;
use crate::diagnostic::{Diagnostic, Place, because};
use crate::language::Text;
use crate::say;
use crate::template::Files;
use crate::typeset::{Standard, picture};
use crate::vietnamese::letters;

/// A profile.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Organisation {
    /// The name it is declared under; empty when the workspace declares none.
    #[serde(skip)]
    pub key: String,
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// First day on which the person signs, `2026-01-31`; from ever when absent.
    pub from: Option<Date>,
    /// Last day on which the person signs; for ever when absent.
    pub until: Option<Date>,
}

impl Signatory {
    /// Does the person sign on `date`?
    pub fn signs_on(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }
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

    /// Only those who sign on `date`. Where nobody does, all stay, with a warning.
    pub fn on(mut self, date: Date) -> (Self, Vec<Diagnostic>) {
        if self.signatories.iter().any(|signatory| signatory.signs_on(date)) || self.signatories.is_empty() {
            self.signatories.retain(|signatory| signatory.signs_on(date));
            return (self, Vec::new());
        }
        let (key, day) = (&self.key, date.strftime("%d/%m/%Y"));
        let warning = Diagnostic::warning(
            "signatory-term",
            say!("không có người ký nào còn hiệu lực vào ngày {day}", "no signatory is in office on {day}"),
        )
        .at(Place::File { file: format!("{FILE_NAME} [[organisations.{key}.signatories]]") })
        .remedy(say!("sửa thời hạn của người ký, hoặc thêm người ký mới", "correct a signatory's term, or add another"));
        (self, vec![warning])
    }

    /// What a document of it will lack.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let key = &self.key;
        if key.is_empty() {
            return vec![
                Diagnostic::warning(
                    "organisation-missing",
                    say!(
                        "chưa khai báo tổ chức nào; tên, địa danh và người ký sẽ để trống hoặc có dấu chấm",
                        "no organisation is declared; its name, place and signatory will be blank or dotted"
                    ),
                )
                .remedy(say!(
                    "tạo nơi làm việc bằng “vanthu init” rồi khai [organisations.…] trong {FILE_NAME}",
                    "make a workspace with `vanthu init` and declare [organisations.…] in {FILE_NAME}"
                )),
            ];
        }
        self.signatories
            .iter()
            .filter(|signatory| signatory.name.trim().is_empty())
            .map(|signatory| {
                let title = signatory.authority.last().map(String::as_str).unwrap_or_default();
                Diagnostic::warning(
                    "signatory-name",
                    say!(
                        "người ký “{title}” chưa có tên; chỗ ghi tên sẽ để trống",
                        "signatory `{title}` has no name; its line stays blank"
                    ),
                )
                .at(Place::File { file: format!("{FILE_NAME} [[organisations.{key}.signatories]]") })
                .remedy(say!("điền name = \"Họ và tên\"", "fill in name = \"Full name\""))
            })
            .collect()
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
            if let (Some(from), Some(until)) = (signatory.from, signatory.until)
                && until < from
            {
                let name = &signatory.name;
                let message =
                    say!("thời hạn của người ký “{name}” kết thúc trước khi bắt đầu", "the term of `{name}` ends before it begins");
                let place = Place::File { file: format!("{FILE_NAME} [organisations.{key}]") };
                problems.push(Diagnostic::error("signatory-term", message).at(place));
            }
            if signatory.authority.iter().all(|line| line.trim().is_empty()) {
                let name = &signatory.name;
                problems.push(
                    Diagnostic::error(
                        "signatory-title",
                        say!("người ký “{name}” chưa có chức vụ (authority)", "signatory `{name}` has no `authority`"),
                    )
                    .at(Place::File { file: format!("{FILE_NAME} [organisations.{key}]") })
                    .remedy(say!(
                        "thêm authority = [\"TM. BAN THƯỜNG VỤ\", \"CHỦ TỊCH\"]",
                        "add authority = [\"TM. BAN THƯỜNG VỤ\", \"CHỦ TỊCH\"]"
                    )),
                );
            }
        }
        problems
    }

    /// What templates see, and the pictures as files of the page's world. Pictures are read from `workspace`.
    pub fn for_templates(&self, workspace: Option<&Path>, standard: Standard) -> Result<(Value, Files), Vec<Diagnostic>> {
        let mut files = Files::new();
        let mut problems = Vec::new();
        let key = &self.key;
        let mut picture = |role: &str, name: &Option<String>, declared: &str| -> Value {
            let Some(name) = name else { return Value::Null };
            match read_picture(workspace, name, declared, standard) {
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
        let emblem = picture("bieu-trung", &self.emblem, &format!("[organisations.{key}] emblem"));
        let signatories: Vec<Value> = self
            .signatories
            .iter()
            .enumerate()
            .map(|(index, signatory)| {
                let of = |field: &str| format!("[[organisations.{key}.signatories]] {field}");
                json!({
                    "quyen_han": signatory.authority,
                    "ho_ten": signatory.name,
                    "chu_ky": picture(&format!("chu-ky-{index}"), &signatory.signature, &of("signature")),
                    "con_dau": picture(&format!("con-dau-{index}"), &signatory.seal, &of("seal")),
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

/// The bytes of the picture `name`, which `declared` names, and its extension. Everything that would stop a page later is
/// found here.
pub(super) fn read_picture(
    workspace: Option<&Path>,
    name: &str,
    declared: &str,
    standard: Standard,
) -> Result<(Vec<u8>, &'static str), Box<Diagnostic>> {
    let path = workspace.unwrap_or(Path::new(".")).join(name);
    let problem = |code: &'static str, message: Text| {
        let message = Text {
            vi: format!("{} (khai ở {FILE_NAME}, {declared})", message.vi),
            en: format!("{} (declared in {FILE_NAME}, {declared})", message.en),
        };
        Box::new(Diagnostic::error(code, message).at(Place::File { file: name.to_owned() }))
    };
    let unreadable = |error: std::io::Error| {
        Box::new(problem("picture-unreadable", because(&error, "không đọc được hình:", "the picture cannot be read:")).remedy(say!(
            "đặt tệp hình cạnh {FILE_NAME}, hoặc sửa tên ở đó",
            "put the picture beside {FILE_NAME}, or correct its name there"
        )))
    };
    let size = std::fs::metadata(&path).map_err(unreadable)?.len();
    if size > PICTURE_BYTES_MAX {
        return Err(problem("picture-too-large", say!("hình lớn hơn 5 MiB", "the picture is larger than 5 MiB")));
    }
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    let picture = picture::inspect(&bytes).map_err(|fault| Box::new(problem(fault.code, fault.message).remedy(fault.remedy)))?;
    if picture.transparent && !standard.allows_transparency() {
        let standard = standard.name();
        let message =
            say!("hình có nền trong suốt, chuẩn {standard} không cho phép", "the picture is transparent, which {standard} forbids");
        return Err(Box::new(problem("picture-transparent", message).remedy(say!(
            "chọn chuẩn a-2b (--standard a-2b), hoặc lưu hình trên nền trắng dạng JPEG",
            "choose standard a-2b (--standard a-2b), or save the picture on white ground as JPEG"
        ))));
    }
    Ok((bytes, picture.extension))
}
