//! Pre-printed certificate stock and the printers that print on it.
//!
//! Owns the keys of `[stocks.…]` and `[printers.…]`, the check that every field lies on its sheet, and the value that
//! templates see as `phoi`. Breaking lines and shrinking to fit is the page's work.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::FILE_NAME;
use super::organisation::read_picture;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::say;
use crate::template::Files;
use crate::typeset::Standard;

/// A kind of stock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// The name it is declared under.
    #[serde(skip)]
    pub key: String,
    /// Name for people.
    #[serde(default)]
    pub title: String,
    /// Width of the sheet.
    pub width_mm: f64,
    /// Height of the sheet.
    pub height_mm: f64,
    /// What the stock carries already.
    #[serde(default = "frame_only")]
    pub preprinted: Vec<String>,
    /// Picture of the stock, for the full document.
    pub background: Option<String>,
    /// Fields by name; what is not given follows the template's own layout.
    #[serde(default)]
    pub fields: BTreeMap<String, StockField>,
}

/// Where a field stands on the stock, in millimetres from the top left corner, and how it looks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StockField {
    /// Left edge.
    pub x: Option<f64>,
    /// Top edge.
    pub y: Option<f64>,
    /// Width.
    pub width: Option<f64>,
    /// Height.
    pub height: Option<f64>,
    /// `left`, `center` or `right`.
    pub align: Option<String>,
    /// Size of the text in points.
    pub size: Option<f64>,
    /// Size below which the text is an error instead of smaller.
    pub min_size: Option<f64>,
    /// Font family.
    pub font: Option<String>,
    /// Colour, `#rrggbb`.
    pub colour: Option<String>,
    /// `regular`, `bold`, `italic` or `bold-italic`.
    pub style: Option<String>,
    /// Is it printed at all?
    pub visible: Option<bool>,
}

/// A printer and how far it misses.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Printer {
    /// To the right, in steps of 0.1 mm.
    pub offset_x_mm: f64,
    /// Downwards, in steps of 0.1 mm.
    pub offset_y_mm: f64,
}

/// What a stock may carry already.
pub const PREPRINTED: [&str; 5] = ["khung", "bieu_trung", "quoc_hieu", "co_quan", "tieu_de"];
/// Fields that may have a place of their own.
pub const FIELDS: [&str; 19] = [
    "bieu_trung",
    "quoc_hieu",
    "co_quan",
    "tang",
    "tieu_de",
    "kinh_tang",
    "ho_ten",
    "noi_cong_tac",
    "dat_danh_hieu",
    "thanh_tich",
    "dia_danh_thoi_gian",
    "quyen_han",
    "chu_ky",
    "nguoi_ky",
    "qr",
    "quyet_dinh",
    "vao_so",
    "qr_chu",
    "ghi_chu",
];
/// Alignments, with what templates call them.
pub const ALIGNMENTS: [(&str, &str); 3] = [("left", "trai"), ("center", "giua"), ("right", "phai")];
/// Styles of text, with what templates call them.
pub const TEXT_STYLES: [(&str, &str); 4] = [("regular", "thuong"), ("bold", "dam"), ("italic", "nghieng"), ("bold-italic", "dam-nghieng")];

/// Smallest and largest sheet side.
const SHEET_MM: std::ops::RangeInclusive<f64> = 50.0..=600.0;
/// Farthest a printer may be corrected.
const OFFSET_MM_MAX: f64 = 20.0;

fn frame_only() -> Vec<String> {
    vec!["khung".into()]
}

impl Stock {
    pub(super) fn problems(&self, key: &str) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, diagnostic: Diagnostic| {
            let at =
                if field.is_empty() { format!("{FILE_NAME} [stocks.{key}]") } else { format!("{FILE_NAME} [stocks.{key}.fields.{field}]") };
            problems.push(diagnostic.at(Place::File { file: at }));
        };
        if !SHEET_MM.contains(&self.width_mm) || !SHEET_MM.contains(&self.height_mm) {
            wrong("", Diagnostic::error("stock-size", say!("khổ phôi phải từ 50 đến 600 mm", "a stock's sides are 50 to 600 mm")));
        }
        for name in self.preprinted.iter().filter(|name| !PREPRINTED.contains(&name.as_str())) {
            let known = PREPRINTED.join(", ");
            wrong(
                "",
                Diagnostic::error("stock-preprinted", say!("“preprinted” không nhận “{name}”", "`preprinted` does not take `{name}`"))
                    .remedy(say!("các giá trị: {known}", "values: {known}")),
            );
        }
        for (name, field) in &self.fields {
            for problem in field.problems(name, self) {
                wrong(name, problem);
            }
        }
        problems
    }

    /// What templates see as `phoi`, and the background as a file of the page's world.
    pub fn for_templates(
        &self,
        workspace: Option<&Path>,
        printer: Printer,
        overprint: bool,
        standard: Standard,
    ) -> Result<(Value, Files), Vec<Diagnostic>> {
        let mut files = Files::new();
        let background = match &self.background {
            Some(name) if !overprint => {
                let (bytes, extension) = read_picture(workspace, name, &format!("[stocks.{}] background", self.key), standard)
                    .map_err(|problem| vec![*problem])?;
                let path = format!("/to-chuc/phoi.{extension}");
                files.insert(path.clone(), Cow::Owned(bytes));
                Value::String(path)
            }
            _ => Value::Null,
        };
        let fields: serde_json::Map<String, Value> =
            self.fields.iter().map(|(name, field)| (name.clone(), field.for_templates())).collect();
        let value = json!({
            "ten": self.title,
            "rong": self.width_mm,
            "cao": self.height_mm,
            "da_in": self.preprinted,
            "nen": background,
            "ban": if overprint { "in-phoi" } else { "day-du" },
            "lech_x": printer.offset_x_mm,
            "lech_y": printer.offset_y_mm,
            "truong": fields,
        });
        Ok((value, files))
    }

    /// Font families that the fields ask for, by field.
    pub fn families(&self) -> BTreeMap<String, Vec<String>> {
        self.fields.iter().filter_map(|(name, field)| Some((name.clone(), vec![field.font.clone()?]))).collect()
    }
}

impl StockField {
    fn problems(&self, name: &str, stock: &Stock) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if !FIELDS.contains(&name) {
            let problem = Diagnostic::error("stock-field", say!("phôi không có trường “{name}”", "stock has no field `{name}`"));
            problems.push(match nearest(name, FIELDS) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem.remedy(say!("các trường: {}", "fields: {}", FIELDS.join(", "))),
            });
        }
        let outside = |start: Option<f64>, length: Option<f64>, side: f64| {
            start.is_some_and(|start| start < 0.0 || start > side)
                || length.is_some_and(|length| length <= 0.0 || start.unwrap_or(0.0) + length > side + 1e-9)
        };
        if outside(self.x, self.width, stock.width_mm) || outside(self.y, self.height, stock.height_mm) {
            let (width, height) = (stock.width_mm, stock.height_mm);
            problems.push(
                Diagnostic::error(
                    "stock-field-outside",
                    say!(
                        "trường “{name}” nằm ngoài phôi {width} × {height} mm",
                        "field `{name}` lies outside the stock of {width} × {height} mm"
                    ),
                )
                .remedy(say!(
                    "sửa x, y, width, height (mm, tính từ góc trên bên trái)",
                    "correct x, y, width, height (mm from the top left corner)"
                )),
            );
        }
        if let (Some(size), Some(least)) = (self.size, self.min_size)
            && least > size
        {
            problems.push(Diagnostic::error("stock-field-size", say!("min_size lớn hơn size", "min_size is larger than size")));
        }
        for (key, value, known) in [("align", &self.align, &ALIGNMENTS[..]), ("style", &self.style, &TEXT_STYLES[..])] {
            if let Some(value) = value
                && !known.iter().any(|(word, _)| word == value)
            {
                let words = known.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                problems.push(
                    Diagnostic::error("stock-field-value", say!("{key} = “{value}” không hợp lệ", "{key} = `{value}` is not valid"))
                        .remedy(say!("chọn một trong: {words}", "choose one of: {words}")),
                );
            }
        }
        if let Some(colour) = &self.colour
            && !(colour.len() == 7 && colour.starts_with('#') && colour[1..].bytes().all(|b| b.is_ascii_hexdigit()))
        {
            problems.push(
                Diagnostic::error("stock-field-colour", say!("colour phải có dạng #rrggbb", "colour must look like #rrggbb"))
                    .with_value(colour),
            );
        }
        problems
    }

    fn for_templates(&self) -> Value {
        let word = |value: &Option<String>, known: &[(&str, &'static str)]| -> Option<&'static str> {
            value.as_ref().and_then(|value| known.iter().find(|(word, _)| word == value)).map(|(_, vietnamese)| *vietnamese)
        };
        json!({
            "x": self.x, "y": self.y, "rong": self.width, "cao": self.height,
            "can": word(&self.align, &ALIGNMENTS),
            "co": self.size, "co_min": self.min_size,
            "phong": self.font, "mau": self.colour,
            "kieu": word(&self.style, &TEXT_STYLES),
            "hien": self.visible,
        })
    }
}

impl Printer {
    pub(super) fn problems(&self, key: &str) -> Vec<Diagnostic> {
        if self.offset_x_mm.abs() <= OFFSET_MM_MAX && self.offset_y_mm.abs() <= OFFSET_MM_MAX {
            return Vec::new();
        }
        vec![
            Diagnostic::error("printer-offset", say!("độ lệch máy in quá 20 mm", "a printer's offset is at most 20 mm"))
                .at(Place::File { file: format!("{FILE_NAME} [printers.{key}]") })
                .remedy(say!("in tờ căn chỉnh: vanthu preview to-can-chinh", "print the calibration sheet: vanthu preview to-can-chinh")),
        ]
    }
}
