//! What planning found: the counts, everything to tell, the rows that were refused.
//!
//! Owns the value that is shown, kept with its batch as JSON, and made into the correction workbook.

use serde::{Deserialize, Serialize};

use crate::data::Original;
use crate::diagnostic::Diagnostic;
use crate::say;

/// Diagnostics kept for show; beyond it they are counted.
const DIAGNOSTICS_MAX: usize = 1_000;

/// The outcome of planning.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Planned {
    /// Records accepted.
    pub accepted: u64,
    /// Records refused.
    pub rejected: u64,
    /// Everything found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there were.
    pub unshown: u64,
    /// Headings of the data file.
    pub headings: Vec<String>,
    /// Row of those headings, for a list.
    #[serde(default)]
    pub heading_row: Option<u64>,
    /// Names and values of its sheet of common values.
    pub common: Vec<(String, Original)>,
    /// The sheet read, for a workbook that is a list.
    pub sheet: Option<String>,
    /// The sheets that fit as well as the one that was read, itself among them; empty when it was clear which one to read.
    #[serde(default)]
    pub alike: Vec<String>,
    /// Rows that name another form of document than the template's, whether they were left out or not.
    #[serde(default)]
    pub other_forms: u64,
    /// The refused rows.
    pub rejected_rows: Vec<Rejected>,
    /// Accepted records in the order of printing, when it is not that in which they were read.
    #[serde(skip)]
    pub order: Vec<u64>,
}

/// A row that was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rejected {
    /// Its number in the list.
    pub number: u64,
    /// A name a person recognises.
    pub label: String,
    /// The cells as read; empty for JSON and for a workbook that is one record.
    pub original: Vec<Original>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Planned {
    /// Are there refused rows that a workbook can give back?
    pub fn can_be_corrected(&self) -> bool {
        self.rejected_rows.iter().any(|row| !row.original.is_empty())
    }

    pub(super) fn note(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            if self.diagnostics.len() < DIAGNOSTICS_MAX {
                self.diagnostics.push(diagnostic);
            } else {
                self.unshown += 1;
            }
        }
    }

    /// The diagnostics as all that is left of a batch which cannot be.
    pub(super) fn everything(self) -> Vec<Diagnostic> {
        let Self { mut diagnostics, unshown, .. } = self;
        if unshown > 0 {
            let more = say!("còn {unshown} thông báo nữa không kể hết ra đây", "{unshown} further messages are not listed");
            diagnostics.push(Diagnostic::warning("errors-too-many", more));
        }
        diagnostics
    }
}
