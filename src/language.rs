//! The two languages of the program and a sentence that exists in both.
//!
//! Owns [`Language`], [`Text`] and the [`say!`](crate::say) macro. Which language a person reads is decided at the
//! edge (locale, `--lang`); everything below it carries both sentences and never asks.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The language a message is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Tiếng Việt, the language of the clerks.
    #[default]
    Vietnamese,
    /// English, beside it.
    English,
}

impl Language {
    /// Reads `vi`, `en`, or a locale such as `vi_VN.UTF-8`; `None` for any other language.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['_', '-', '.', '@']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "vi" => Some(Self::Vietnamese),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Vietnamese wording.
    pub vi: String,
    /// English wording.
    pub en: String,
}

impl Text {
    /// The wording in `language`.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.vi,
            Language::English => &self.en,
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// Builds a [`Text`] from two format strings that capture the same variables.
#[macro_export]
macro_rules! say {
    ($vi:literal, $en:literal $(, $($args:tt)*)?) => {
        $crate::language::Text {
            vi: format!($vi $(, $($args)*)?),
            en: format!($en $(, $($args)*)?),
        }
    };
}
