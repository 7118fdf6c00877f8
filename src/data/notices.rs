//! What a person should know about the file as a whole, each kind said once.
//!
//! Owns [`Notices`]: the first place of each kind of notice with the number of further ones, and the cap on errors.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::say;

/// Gathers notices while rows stream by.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// In the order of their first appearance.
    kinds: Vec<(Diagnostic, u64)>,
    index: BTreeMap<(&'static str, String), usize>,
    errors: usize,
    suppressed: u64,
}

impl Notices {
    /// Adds a notice that stands for itself.
    pub(super) fn add(&mut self, diagnostic: Diagnostic) {
        self.kinds.push((diagnostic, 0));
    }

    /// Adds `notice` if it is the first of its code and `subject`; counts it otherwise.
    pub(super) fn once(&mut self, subject: &str, code: &'static str, notice: impl FnOnce() -> Diagnostic) {
        match self.index.get(&(code, subject.to_owned())) {
            Some(&known) => self.kinds[known].1 += 1,
            None => {
                self.index.insert((code, subject.to_owned()), self.kinds.len());
                self.kinds.push((notice(), 0));
            }
        }
    }

    /// Counts the errors of one row and, past `errors_max`, leaves only the first of them, which marks the row as bad.
    pub(super) fn cap(&mut self, diagnostics: &mut Vec<Diagnostic>, errors_max: usize) {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        if self.errors >= errors_max && errors > 1 {
            let mut kept = false;
            diagnostics.retain(|diagnostic| !diagnostic.is_error() || !std::mem::replace(&mut kept, true));
            self.suppressed += errors as u64 - 1;
        }
        self.errors += errors;
    }

    /// All notices, each with the number of further places.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> = self.kinds.into_iter().map(|(diagnostic, more)| with_count(diagnostic, more)).collect();
        if self.suppressed > 0 {
            let more = self.suppressed;
            diagnostics.push(Diagnostic::warning(
                "errors-too-many",
                say!("còn {more} lỗi nữa không kể hết ra đây", "{more} further errors are not listed"),
            ));
        }
        diagnostics
    }
}

fn with_count(mut diagnostic: Diagnostic, more: u64) -> Diagnostic {
    if more > 0 {
        let Text { vi, en } = &diagnostic.message;
        let places = if more == 1 { "place" } else { "places" };
        diagnostic.message = say!("{vi} (và {more} chỗ khác)", "{en} (and {more} more {places})");
    }
    diagnostic
}
