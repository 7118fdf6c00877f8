//! A template's page, cut loose from the template: what setting a record needs beside the record and the fonts.
//!
//! Owns the value that travels to a render worker and is kept with a batch, so that an old document can be made again when
//! the template has long changed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::manifest::TextArea;
use super::{Files, Template};

/// A page ready to set records on.
#[derive(Debug, Clone)]
pub struct Page {
    /// Every file that it may read.
    pub files: Files,
    /// What it says about itself.
    pub terms: Terms,
}

/// What a page says about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Terms {
    /// Families for text without a font of its own.
    pub text_families: Vec<String>,
    /// Font families to load.
    pub families: BTreeSet<String>,
    /// The main source: constant, so that nothing of a record is ever source.
    pub main_source: String,
    /// Where text may stand.
    pub text_area: TextArea,
    /// Most pages of a document.
    pub pages_max: u32,
}

impl Template {
    /// The page of this template.
    pub fn page(&self) -> Page {
        Page {
            files: self.files.clone(),
            terms: Terms {
                text_families: self.manifest.fonts.text.clone(),
                families: self.families(),
                main_source: self.main_source(),
                text_area: self.manifest.text_area,
                pages_max: self.manifest.output.pages_max,
            },
        }
    }
}
