//! The table of a draft: taking a file in, correcting a cell.
//!
//! Owns the way from an upload to rows in the store and from there to the file that checks and the batch read. Places are
//! those of the file that was handed in, whatever was corrected. How a page shows its rows is `shown`.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Asker, Draft, TABLES_FOLDER};
use crate::app::office::Office;
use crate::app::{App, AppError};
use crate::data::transcript::{self, Line};
use crate::diagnostic::Diagnostic;
use crate::intake::{Intake, Settings};
use crate::say;
use crate::storage::{StorageError, hash_file};
use crate::store::StoreError;
use crate::store::draft_rows::{DraftRow, DraftSheet, Window};

/// Rows that are written to the store at once.
const GROUP: usize = 1_000;
/// The file of a table.
const TABLE_FILE: &str = "bang.jsonl";
/// Longest correction, in characters: Excel's own limit.
const TEXT_MAX: usize = 32_767;

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The sheet's place in the file.
    pub sheet: u32,
    /// The row's number.
    pub row: u64,
    /// Columns, from 0, with what their cells are to hold; none leaves the whole row out.
    pub cells: Option<Vec<(u32, String)>>,
}

impl App {
    /// Takes the file at `path`, which its owner calls `name`, in as the table of a draft, instead of the one before.
    pub async fn upload(
        &self,
        office: &Arc<Office>,
        asker: Asker<'_>,
        id: &str,
        revision: u64,
        path: &Path,
        name: &str,
    ) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        if !draft.is_open() {
            return Err(StoreError::Refused { what: format!("draft {id}"), state: draft.state.to_string() }.into());
        }
        if draft.revision != revision {
            return Err(StoreError::Stale { what: format!("draft {id}") }.into());
        }
        let upload = office.store.begin_upload(id).await?;
        let taken = self.take_in(office, &draft, upload, path, name).await;
        let adopted = match taken {
            Ok(head) => {
                let sha256 = hash_file(path)?.unwrap_or_default();
                let act = draft.act(asker, revision, "draft.upload");
                office.store.adopt_upload(act, upload, &head, &sha256).await.map_err(AppError::from)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = adopted {
            office.store.abandon_upload(id, upload).await?;
            return Err(error);
        }
        self.settled(office, asker, id).await
    }

    /// SHA-256 of a file that was handed in, as a draft tells it of its own.
    pub async fn digest_of(path: &Path) -> Result<String, AppError> {
        let path = path.to_owned();
        super::aside(move || Ok(hash_file(&path)?.unwrap_or_default())).await
    }

    /// Reads a file in a child process into the rows of an upload; the line of its head.
    async fn take_in(&self, office: &Office, draft: &Draft, upload: i64, path: &Path, name: &str) -> Result<String, AppError> {
        let template = self.template(&draft.template)?;
        let contract = &template.contract;
        let limits = self.workspace.config.limits.to_limits();
        let settings = Settings::new(self.program.clone());
        let mut intake = Intake::start(&settings, path, name, crate::data::column_names(contract), limits).await?;
        let (mut head, mut sheets, mut rows) = (None, Vec::<DraftSheet>::new(), Vec::new());
        while let Some(line) = intake.next().await? {
            let text = line.to_text();
            match line {
                Line::Head(_) => head = Some(text),
                Line::Sheet(_) => {
                    sheets.push(DraftSheet { sheet: sheets.len() as i64, content: text, fault: None, rows: 0 });
                }
                Line::Row(row) => {
                    let Some(sheet) = sheets.last_mut() else { continue };
                    sheet.rows += 1;
                    rows.push(DraftRow { sheet: sheet.sheet, number: row.number, content: text });
                }
                Line::Fault(_) => {
                    if let Some(sheet) = sheets.last_mut() {
                        sheet.fault = Some(text);
                    }
                }
            }
            if rows.len() >= GROUP {
                office.store.add_to_upload(&draft.id, upload, &[], &rows).await?;
                rows.clear();
            }
        }
        office.store.add_to_upload(&draft.id, upload, &sheets, &rows).await?;
        head.ok_or(AppError::Damaged { what: "table" })
    }

    /// Corrects cells of a row, or leaves it out. A cell that holds the very text already is left alone, with its kind.
    pub async fn correct(
        &self,
        office: &Arc<Office>,
        asker: Asker<'_>,
        id: &str,
        revision: u64,
        correction: &Correction,
    ) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        let Correction { sheet, row, cells } = correction;
        let window = Window::At(std::slice::from_ref(row));
        let found = office.store.draft_rows(id, draft.upload, i64::from(*sheet), window, 1).await?;
        let Some(before) = found.into_iter().next() else {
            return Err(StoreError::Unknown { what: format!("row {row} of draft {id}") }.into());
        };
        let mut after = transcript::Row::parse(&before.content).ok_or(AppError::Damaged { what: "table" })?;
        match cells {
            None => after.clear(),
            Some(cells) => {
                let template = self.template(&draft.template)?;
                let contract = &template.contract;
                let is_json = draft.file.as_ref().is_some_and(|file| file.form.is_json());
                let columns_max = self.workspace.config.limits.columns;
                let mut changed = false;
                for (column, text) in cells {
                    let unknown = || StoreError::Unknown { what: format!("cell {column} of row {row}") };
                    if text.chars().count() > TEXT_MAX || *column >= columns_max {
                        return Err(too_long(text).into());
                    }
                    let index = *column as usize;
                    if is_json && index >= contract.fields.len() {
                        return Err(unknown().into());
                    }
                    let shown = if is_json { after.shown_field(&contract.fields, index).0 } else { after.shown(index) };
                    if shown.trim() == text.trim() {
                        continue;
                    }
                    changed = true;
                    if !is_json {
                        after.correct(index, text);
                    } else if !after.correct_field(&contract.fields, index, text) {
                        return Err(unknown().into());
                    }
                }
                if !changed {
                    return Ok(draft);
                }
            }
        }
        let action = if cells.is_some() { "draft.correct" } else { "draft.leave-out" };
        office.store.correct_draft_row(draft.act(asker, revision, action), draft.upload, &before, &after.to_text()).await?;
        self.settled(office, asker, id).await
    }

    /// The file of a draft's table as it stands, written when it is not there yet. It is kept for the batch.
    pub(super) async fn table_file(&self, office: &Office, draft: &Draft) -> Result<PathBuf, AppError> {
        let folder = office.root().join(TABLES_FOLDER).join(&draft.id);
        let own = folder.join(draft.table_revision.to_string());
        let path = own.join(TABLE_FILE);
        if path.exists() {
            return Ok(path);
        }
        std::fs::create_dir_all(&own).map_err(StorageError::write(&own))?;
        // Two may write it at once: each its own, and the last one stays.
        let temporary = own.join(format!("{}.tmp", office.store.new_id().await?));
        let kept = office.store.draft(&draft.id).await?;
        let mut file = BufWriter::new(std::fs::File::create(&temporary).map_err(StorageError::write(&temporary))?);
        let mut line = |text: &str| writeln!(file, "{text}").map_err(StorageError::write(&temporary));
        line(kept.head.as_deref().unwrap_or_default())?;
        for sheet in office.store.draft_sheets(&draft.id, draft.upload).await? {
            line(&sheet.content)?;
            let mut from = 0;
            loop {
                let rows = office.store.draft_rows(&draft.id, draft.upload, sheet.sheet, Window::From(from), GROUP as u32).await?;
                let Some(last) = rows.last() else { break };
                from = last.number + 1;
                for row in &rows {
                    line(&row.content)?;
                }
            }
            if let Some(fault) = &sheet.fault {
                line(fault)?;
            }
        }
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(StorageError::write(&temporary))?;
        drop(file);
        // Somebody may have corrected a cell between two pages of rows.
        if office.store.draft(&draft.id).await?.table_revision != draft.table_revision {
            std::fs::remove_file(&temporary).map_err(StorageError::write(&temporary))?;
            return Err(StoreError::Stale { what: format!("draft {}", draft.id) }.into());
        }
        std::fs::rename(&temporary, &path).map_err(StorageError::write(&path))?;
        crate::storage::sync_folder(&own)?;
        for entry in std::fs::read_dir(&folder).map_err(StorageError::read(&folder))?.flatten() {
            if entry.path() != own {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        Ok(path)
    }
}

fn too_long(text: &str) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("cell-too-long", say!("một ô không chứa được chừng này chữ", "a cell does not hold as much text"))
            .with_value(text)
            .remedy(say!("viết ngắn lại", "make it shorter")),
    ]
}
