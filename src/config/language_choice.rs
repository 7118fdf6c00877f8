//! How an organisation reads numbers, places tones and sorts names.
//!
//! Owns the keys of `[organisations.….language]`. Tones are changed in the wording of templates only, never in data: a
//! name keeps the spelling of its bearer.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::vietnamese::name::ToneOrder;

/// Choices; an absent one keeps the formal form.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageChoice {
    /// `old` (hòa, thủy; as templates are written) or `new` (hoà, thuỷ).
    pub tone: Option<String>,
    /// Tones in sorted lists of names: `dictionary` (ngang, huyền, hỏi, ngã, sắc, nặng) or `school` (ngang, huyền, sắc, hỏi, ngã,
    /// nặng).
    pub tone_order: Option<String>,
    /// `linh` or `lẻ`: một trăm … năm.
    pub linh: Option<String>,
    /// `nghìn` or `ngàn`.
    pub nghin: Option<String>,
    /// `tư` or `bốn` after mươi.
    pub tu: Option<String>,
    /// `tỷ` or `tỉ`.
    pub ty: Option<String>,
}

impl LanguageChoice {
    fn entries(&self) -> [(&'static str, &Option<String>, [&'static str; 2]); 6] {
        [
            ("tone", &self.tone, ["old", "new"]),
            ("tone_order", &self.tone_order, ["dictionary", "school"]),
            ("linh", &self.linh, ["linh", "lẻ"]),
            ("nghin", &self.nghin, ["nghìn", "ngàn"]),
            ("tu", &self.tu, ["tư", "bốn"]),
            ("ty", &self.ty, ["tỷ", "tỉ"]),
        ]
    }

    pub(super) fn problems(&self, organisation: &str) -> Vec<Diagnostic> {
        self.entries()
            .into_iter()
            .filter_map(|(key, value, [first, second])| {
                let value = value.as_ref().filter(|value| *value != first && *value != second)?;
                Some(
                    Diagnostic::error("language-choice", say!("{key} = “{value}” không hợp lệ", "{key} = `{value}` is not valid"))
                        .at(Place::File { file: format!("{FILE_NAME} [organisations.{organisation}.language]") })
                        .remedy(say!("chọn “{first}” hoặc “{second}”", "choose `{first}` or `{second}`")),
                )
            })
            .collect()
    }

    /// Are the tones of the wording to be placed anew?
    pub fn is_new_tone(&self) -> bool {
        self.tone.as_deref() == Some("new")
    }

    /// The order of the tones in lists of names.
    pub fn tone_order(&self) -> ToneOrder {
        if self.tone_order.as_deref() == Some("school") { ToneOrder::School } else { ToneOrder::Dictionary }
    }

    /// What the functions of the wording take as their defaults: true for the second form.
    pub(super) fn for_templates(&self) -> Value {
        let second = |value: &Option<String>, form: &str| value.as_deref() == Some(form);
        json!({
            "le": second(&self.linh, "lẻ"), "ngan": second(&self.nghin, "ngàn"),
            "bon": second(&self.tu, "bốn"), "ti": second(&self.ty, "tỉ"),
        })
    }
}
