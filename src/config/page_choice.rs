//! What an organisation chooses of the page within the ranges of Decree 30/2020.
//!
//! Owns the keys of `[organisations.….page]` and their check against the decree's numbers, which are `lint`'s data. The
//! Party's style has fixed values of its own, which the page itself checks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place};
use crate::lint::DECREE_30;
use crate::say;

/// Choices; an absent one keeps the template's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageChoice {
    /// Top margin, 20–25 mm.
    pub margin_top_mm: Option<f64>,
    /// Bottom margin, 20–25 mm.
    pub margin_bottom_mm: Option<f64>,
    /// Left margin, 30–35 mm.
    pub margin_left_mm: Option<f64>,
    /// Right margin, 15–20 mm.
    pub margin_right_mm: Option<f64>,
    /// Size of the body, 13–14 pt.
    pub body_pt: Option<f64>,
    /// Size of the Quốc hiệu, 12–13 pt.
    pub quoc_hieu_pt: Option<f64>,
    /// Size of the Tiêu ngữ, 13–14 pt.
    pub tieu_ngu_pt: Option<f64>,
    /// Size of the names of the bodies, 12–13 pt.
    pub body_name_pt: Option<f64>,
    /// Line spacing, 1 to 1.5 lines.
    pub line_spacing: Option<f64>,
    /// First-line indent, 10 or 12.7 mm.
    pub indent_mm: Option<f64>,
    /// Gap between paragraphs, 6 pt or more.
    pub paragraph_gap_pt: Option<f64>,
}

/// Widest gap between paragraphs that is still one text.
const PARAGRAPH_GAP_PT_MAX: f64 = 24.0;

/// Key of the configuration, key of the page, value, range, unit.
type Entry = (&'static str, &'static str, Option<f64>, (f64, f64), &'static str);

impl PageChoice {
    fn entries(&self) -> [Entry; 11] {
        let law = DECREE_30;
        let range = |range: crate::lint::law::Range| (range.from, range.to);
        [
            ("margin_top_mm", "le_tren", self.margin_top_mm, range(law.margin_top), "mm"),
            ("margin_bottom_mm", "le_duoi", self.margin_bottom_mm, range(law.margin_bottom), "mm"),
            ("margin_left_mm", "le_trai", self.margin_left_mm, range(law.margin_left), "mm"),
            ("margin_right_mm", "le_phai", self.margin_right_mm, range(law.margin_right), "mm"),
            ("body_pt", "co_chu", self.body_pt, range(law.noi_dung), "pt"),
            ("quoc_hieu_pt", "co_quoc_hieu", self.quoc_hieu_pt, range(law.quoc_hieu), "pt"),
            ("tieu_ngu_pt", "co_tieu_ngu", self.tieu_ngu_pt, range(law.tieu_ngu), "pt"),
            ("body_name_pt", "co_co_quan", self.body_name_pt, range(law.co_quan), "pt"),
            ("line_spacing", "gian_dong", self.line_spacing, (1.0, 1.5), ""),
            ("indent_mm", "thut_dau_dong", self.indent_mm, (law.indents[0], law.indents[1]), "mm"),
            ("paragraph_gap_pt", "cach_doan", self.paragraph_gap_pt, (law.paragraph_gap, PARAGRAPH_GAP_PT_MAX), "pt"),
        ]
    }

    pub(super) fn problems(&self, organisation: &str) -> Vec<Diagnostic> {
        self.entries()
            .into_iter()
            .filter_map(|(key, _, value, (from, to), unit)| {
                let value = value?;
                let allowed = if key == "indent_mm" { DECREE_30.indents.contains(&value) } else { value >= from && value <= to };
                (!allowed).then(|| {
                    let decree = DECREE_30.name;
                    let wanted = if key == "indent_mm" {
                        say!("{from} hoặc {to} {unit}", "{from} or {to} {unit}")
                    } else {
                        say!("từ {from} đến {to} {unit}", "from {from} to {to} {unit}")
                    };
                    Diagnostic::error(
                        "page-choice",
                        crate::language::Text {
                            vi: format!("{key} = {value} trái quy định: phải {} ({decree}, Phụ lục I)", wanted.vi.trim_end()),
                            en: format!("{key} = {value} breaks the decree: it must be {} ({decree}, annex I)", wanted.en.trim_end()),
                        },
                    )
                    .at(Place::File { file: format!("{FILE_NAME} [organisations.{organisation}.page]") })
                })
            })
            .collect()
    }

    /// What templates see as `to_chuc.trang`; null when nothing was chosen.
    pub(super) fn for_templates(&self) -> Value {
        let chosen: Map<String, Value> =
            self.entries().into_iter().filter_map(|(_, name, value, ..)| Some((name.to_owned(), value?.into()))).collect();
        if chosen.is_empty() { Value::Null } else { Value::Object(chosen) }
    }
}
