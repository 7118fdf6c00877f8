//! Checking finished PDFs: from a file to a report, and pictures beside it.
//!
//! Owns the reading and writing of files around [`crate::lint`], which knows bytes only.

use std::path::{Path, PathBuf};

use super::{App, AppError, views};
use crate::diagnostic::{Diagnostic, Place};
use crate::lint::{self, Options, Report, picture};

/// A checked file.
#[derive(Debug)]
pub struct Linted {
    /// What was found.
    pub report: Report,
    /// The pictures written.
    pub pictures: Vec<PathBuf>,
}

impl App {
    /// Checks the PDF at `file`; pages with findings are drawn into `pictures`, when there is such a folder.
    pub fn lint(file: &Path, options: &Options, pictures: Option<&Path>) -> Result<Linted, AppError> {
        let shown = file.display().to_string();
        let bytes = std::fs::read(file).map_err(|error| {
            vec![
                Diagnostic::error("file-unreadable", crate::diagnostic::because(&error, "không đọc được:", "cannot be read:"))
                    .at(Place::File { file: shown.clone() }),
            ]
        })?;
        let report = lint::lint(&bytes, options).map_err(|error| vec![error.to_diagnostic(&shown)])?;
        let mut written = Vec::new();
        if let Some(folder) = pictures {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let drawn = picture::draw(&bytes, &report).into_iter();
            let drawn: Vec<_> = drawn.map(|picture| (format!("{stem}-{}.png", picture.page), picture.png)).collect();
            written = views::write(folder, &drawn)?;
        }
        Ok(Linted { report, pictures: written })
    }
}
