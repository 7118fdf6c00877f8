//! What stands beside the documents: the merged file, the archive, the manifest, the report, the rows to correct.
//!
//! Owns their names and contents. Each is written whole or not at all, and reads the documents back from the storage.

use std::io::{BufWriter, Write};

use serde::Serialize;

use super::merge::{Merge, MergeError};
use super::outcome::{Document, Outcome, SET_ASIDE_FOLDER};
use super::planned::Planned;
use super::setting::{DataFile, Setting};
use super::shelf::{Shelf, ShelfError};
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Language;
use crate::say;
use crate::spreadsheet::{self, RejectedRow, SpreadsheetError};
use crate::storage::{Objects, StorageError};
use crate::store::{Store, StoreError};

/// Names of the files, chosen so that they sort apart from the documents.
pub const MERGED: &str = "_tat-ca.pdf";
/// The archive.
pub const ARCHIVE: &str = "_tat-ca.zip";
/// The manifest.
pub const MANIFEST: &str = "_danh-muc.json";
/// The report.
pub const REPORT: &str = "_bao-cao.xlsx";
/// The rows to correct.
pub const REJECTED: &str = "_can-sua.xlsx";

/// All of them.
const ALL: [&str; 5] = [MERGED, ARCHIVE, MANIFEST, REPORT, REJECTED];

/// The files beside the documents that this and earlier runs made.
pub struct Extras<'a> {
    shelf: &'a mut Shelf,
    store: &'a Store,
    objects: &'a Objects,
    made: Vec<&'static str>,
}

/// Files of somebody else's under the names of those beside the documents: a diagnostic for each. `corrected` tells that the
/// correction workbook is the data of the run: then it is the clerk's on purpose.
pub fn foreign(shelf: &Shelf, corrected: bool) -> Result<Vec<Diagnostic>, StorageError> {
    let mut problems = Vec::new();
    for file in ALL.into_iter().filter(|file| !(corrected && *file == REJECTED)) {
        if shelf.is_foreign(file)? {
            problems.push(
                Diagnostic::error(
                    "file-in-the-way",
                    say!("đã có tệp “{file}” không do vanthu tạo ra", "there is a file “{file}” that vanthu did not make"),
                )
                .at(Place::File { file: shelf.folder().path().join(file).display().to_string() })
                .remedy(say!("đổi tên hoặc chuyển tệp đó đi rồi chạy lại", "rename or move that file and run again")),
            );
        }
    }
    Ok(problems)
}

impl<'a> Extras<'a> {
    /// Begins them on a shelf that [`foreign`] has looked at.
    pub fn new(shelf: &'a mut Shelf, store: &'a Store, objects: &'a Objects) -> Self {
        Self { shelf, store, objects, made: Vec::new() }
    }

    /// As [`Self::new`], with what this run has made already.
    pub fn going_on(shelf: &'a mut Shelf, store: &'a Store, objects: &'a Objects, made: Vec<&'static str>) -> Self {
        Self { shelf, store, objects, made }
    }

    async fn publish(&mut self, name: &'static str, path: std::path::PathBuf) -> Result<(), OutputError> {
        self.publish_for(name, path, "").await
    }

    async fn publish_for(&mut self, name: &'static str, path: std::path::PathBuf, batch: &str) -> Result<(), OutputError> {
        self.shelf.publish(self.store, name, path, batch).await?;
        self.made.push(name);
        Ok(())
    }

    /// Moves the workbook that the clerk corrected, and that was read, beside the documents that are no longer current.
    pub async fn set_corrected_aside(&mut self) -> Result<(), OutputError> {
        Ok(self.shelf.yield_up(self.store, REJECTED, SET_ASIDE_FOLDER).await?)
    }

    /// What this run has made so far.
    pub fn made(self) -> Vec<&'static str> {
        self.made
    }

    /// Moves what only an earlier run made out of the way, and gives what this run made.
    pub async fn finish(self) -> Result<Vec<&'static str>, OutputError> {
        let Self { shelf, store, made, .. } = self;
        shelf.clear(store, SET_ASIDE_FOLDER, &|placed| placed.document.is_some() || made.contains(&placed.file.as_str())).await?;
        Ok(made)
    }
}

/// An output cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The merged file.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The archive.
    #[error("the archive cannot be written")]
    Archive(#[from] zip::result::ZipError),
    /// A workbook.
    #[error(transparent)]
    Spreadsheet(#[from] SpreadsheetError),
    /// A piece of a file.
    #[error("an output file cannot be written")]
    Write(#[from] std::io::Error),
}

impl OutputError {
    /// Is it worth trying again later?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Store(error) => error.is_transient(),
            _ => false,
        }
    }
}

impl From<ShelfError> for OutputError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Storage(error) => Self::Storage(error),
            ShelfError::Store(error) => Self::Store(error),
        }
    }
}

/// All made documents in one PDF, in the order of the list.
pub async fn merged(extras: &mut Extras<'_>, outcomes: &[Outcome]) -> Result<(), OutputError> {
    let (file, path) = extras.shelf.folder().create_unfinished()?;
    let mut merge = Merge::new(BufWriter::new(&file))?;
    for document in made(outcomes) {
        merge.add(&document.file, &read(extras.objects, document)?)?;
    }
    merge.finish()?;
    extras.publish(MERGED, path).await
}

/// All made documents in one ZIP. They are compressed already, so they are stored.
pub async fn archive(extras: &mut Extras<'_>, outcomes: &[Outcome]) -> Result<(), OutputError> {
    let (file, path) = extras.shelf.folder().create_unfinished()?;
    let mut archive = zip::ZipWriter::new(BufWriter::new(&file));
    // A fixed time: the archive of the same documents has the same bytes.
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .large_file(false);
    for document in made(outcomes) {
        archive.start_file(document.file.as_str(), options)?;
        archive.write_all(&read(extras.objects, document)?)?;
    }
    archive.finish()?.flush()?;
    extras.publish(ARCHIVE, path).await
}

#[derive(Serialize)]
struct ManifestFile<'a> {
    program: &'static str,
    version: &'static str,
    template: &'a str,
    template_version: &'a str,
    template_digest: &'a str,
    data_file: &'a str,
    data_sha256: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    corrections: &'a [DataFile],
    standard: &'a str,
    made: u64,
    failed: u64,
    quarantined: u64,
    rejected: u64,
    documents: Vec<ManifestDocument<'a>>,
}

#[derive(Serialize)]
struct ManifestDocument<'a> {
    record: u64,
    name: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
    record_digest: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<serde_json::Value>,
}

/// The manifest: every record, what became of it, and the hashes that prove it.
pub async fn manifest(extras: &mut Extras<'_>, setting: &Setting, outcomes: &[Outcome]) -> Result<(), OutputError> {
    let count = |state: &str| outcomes.iter().filter(|outcome| outcome.state() == state).count() as u64;
    let file = ManifestFile {
        program: "vanthu",
        version: env!("CARGO_PKG_VERSION"),
        template: &setting.template,
        template_version: &setting.template_version,
        template_digest: &setting.template_digest,
        data_file: &setting.data_file,
        data_sha256: &setting.data_sha256,
        corrections: &setting.corrections,
        standard: setting.standard.name(),
        made: count("made"),
        failed: count("failed"),
        quarantined: count("quarantined"),
        rejected: count("rejected"),
        documents: outcomes
            .iter()
            .map(|outcome| ManifestDocument {
                record: outcome.number,
                name: &outcome.label,
                state: outcome.state(),
                file: outcome.made.as_ref().map(|document| document.file.as_str()),
                pages: outcome.made.as_ref().map(|document| document.pages),
                bytes: outcome.made.as_ref().map(|document| document.bytes),
                sha256: outcome.made.as_ref().map(|document| document.sha256.as_str()),
                record_digest: &outcome.digest,
                reasons: outcome.reasons.iter().map(|reason| reason.to_json(Language::Vietnamese)).collect(),
            })
            .collect(),
    };
    let (handle, path) = extras.shelf.folder().create_unfinished()?;
    let mut writer = BufWriter::new(&handle);
    serde_json::to_writer_pretty(&mut writer, &file).map_err(std::io::Error::from)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    drop(writer);
    extras.publish(MANIFEST, path).await
}

/// The report for the clerk: a row for each record.
pub async fn report(extras: &mut Extras<'_>, outcomes: &[Outcome], language: Language) -> Result<(), OutputError> {
    let (_, path) = extras.shelf.folder().create_unfinished()?;
    write_report(&path, outcomes, language)?;
    extras.publish(REPORT, path).await
}

/// Writes the report to `path`.
pub fn write_report(path: &std::path::Path, outcomes: &[Outcome], language: Language) -> Result<(), OutputError> {
    let text = |text: crate::language::Text| text.in_language(language).to_owned();
    let headings = [
        text(say!("STT", "No.")),
        text(say!("Tên", "Name")),
        text(say!("Kết quả", "Result")),
        text(say!("Tệp", "File")),
        text(say!("Số trang", "Pages")),
        text(say!("Lý do", "Reason")),
        "SHA-256".to_owned(),
    ];
    let rows = outcomes.iter().map(|outcome| {
        let made = outcome.made.as_ref();
        vec![
            outcome.number.to_string(),
            outcome.label.clone(),
            text(outcome.state_text()),
            made.map(|document| document.file.clone()).unwrap_or_default(),
            made.map(|document| document.pages.to_string()).unwrap_or_default(),
            outcome.reasons.iter().map(|reason| reason.message.in_language(language)).collect::<Vec<_>>().join("; "),
            made.map(|document| document.sha256.clone()).unwrap_or_default(),
        ]
    });
    Ok(spreadsheet::table(path, &text(say!("Báo cáo", "Report")), &headings, rows)?)
}

/// The refused rows of `batch`, to be corrected and fed back; without a batch none of the rows was accepted.
pub async fn rejected(extras: &mut Extras<'_>, planned: &Planned, batch: Option<&str>) -> Result<(), OutputError> {
    let (_, path) = extras.shelf.folder().create_unfinished()?;
    let rows = planned.rejected_rows.iter().filter(|row| !row.original.is_empty()).map(|row| RejectedRow {
        number: row.number,
        original: &row.original,
        diagnostics: &row.diagnostics,
    });
    // Under the name that the user may have chosen it by.
    let sheet = planned.sheet.as_deref().unwrap_or("Danh sách");
    spreadsheet::rejected(&path, sheet, &planned.headings, &planned.common, rows)?;
    extras.publish_for(REJECTED, path, batch.unwrap_or_default()).await
}

/// The documents that stand, in the order of printing.
fn made(outcomes: &[Outcome]) -> Vec<&Document> {
    let mut printed: Vec<(u64, &Document)> = outcomes.iter().filter_map(|outcome| Some((outcome.position, outcome.standing()?))).collect();
    printed.sort_by_key(|(position, _)| *position);
    printed.into_iter().map(|(_, document)| document).collect()
}

fn read(objects: &Objects, document: &Document) -> Result<Vec<u8>, StorageError> {
    let path = objects.path(&document.object);
    std::fs::read(&path).map_err(StorageError::read(&path))
}
