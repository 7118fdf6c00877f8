//! One document at once, for a program that waits for it: checked like any record, drawn in a worker, kept nowhere.
//!
//! Owns the use-case of `POST /api/v1/render`. What comes back has no place in the office: no batch, no number of a register,
//! no code by which it could be verified.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{App, AppError, close};
use crate::batch::Request;
use crate::batch::entry::Entry;
use crate::diagnostic::{Diagnostic, Place, any_error};
use crate::qr;
use crate::render_pool::{Pool, Verdict};
use crate::say;
use crate::typeset::checks::in_users_file;
use crate::typeset::{Job, Typeset};

/// What the record is called in diagnostics.
const RECORD: &str = "record";

/// A document that was made at once.
#[derive(Debug)]
pub struct Rendered {
    /// PDF, pages, warnings.
    pub typeset: Typeset,
    /// File name with extension.
    pub file: String,
    /// What a person should look at.
    pub notices: Vec<Diagnostic>,
}

/// A file that is gone with the value.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Passing {
    fn write(record: &Map<String, Value>, id: &str) -> Result<Self, AppError> {
        let path = std::env::temp_dir().join(format!("vanthu-{id}.json"));
        let failed = |source| AppError::Write { path: path.clone(), source };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        let passing = Self(path.clone());
        file.write_all(&serde_json::to_vec(record).map_err(|_| AppError::Damaged { what: "record" })?).map_err(failed)?;
        Ok(passing)
    }
}

impl App {
    /// Makes the document of one record; `id` is the caller's own for what is written aside meanwhile. The request's data,
    /// output, register and mail do not count.
    pub async fn render_one(&self, request: &Request, record: &Map<String, Value>, id: &str) -> Result<Rendered, AppError> {
        let passing = Passing::write(record, id)?;
        let request = Request { data: passing.0.clone(), register: Some(String::new()), mail: None, only_valid: false, ..request.clone() };
        let prepared = self.prepare(&request)?;
        let mut entries: Vec<Entry> = Vec::new();
        let planned = tokio::task::block_in_place(|| {
            self.plan(&request, &prepared, None, None, &mut |entry| {
                entries.push(entry);
                Ok(())
            })
        });
        let planned = planned.map_err(|error| called_record(error.into(), &passing.0))?;
        let entry = match entries.pop() {
            Some(entry) if !any_error(&planned.diagnostics) => entry,
            _ => {
                let mut found = planned.diagnostics;
                if !any_error(&found) {
                    found.push(Diagnostic::error("record-missing", say!("không có bản ghi nào", "there is no record")));
                }
                return Err(called_record(found.into(), &passing.0));
            }
        };
        let code = entry.qr.as_deref().map(qr::encode).transpose().map_err(|problem| vec![problem])?;
        let value = json!({
            "du_lieu": entry.content["du_lieu"], "loi_van": entry.content["loi_van"], "to_chuc": prepared.organisation,
            "tuy_chon": prepared.options, "phoi": prepared.stock, "qr": code,
        });
        let job = Job {
            record: serde_json::to_vec(&value).map_err(|_| AppError::Damaged { what: "record" })?,
            identity: entry.digest.clone(),
            title: entry.title.clone(),
            author: prepared.organisation["ten"].as_str().unwrap_or_default().to_owned(),
            date: entry.date,
            standard: request.standard,
            pixels_per_inch: None,
        };
        let mut settings = self.pool_settings();
        settings.workers = 1;
        let pool = Arc::new(Pool::start(&settings, &prepared.template.page(), &prepared.fonts));
        let verdict = pool.render(job).await;
        close(pool).await;
        let placed = |found: Vec<Diagnostic>| -> Vec<Diagnostic> {
            let named = found.into_iter().map(|one| in_users_file(one, &|field| entry.places.get(field).cloned()));
            named.map(|one| of_record(one, &passing.0)).collect()
        };
        match verdict? {
            Verdict::Done(mut typeset) => {
                let mut notices: Vec<Diagnostic> = planned.diagnostics.into_iter().map(|one| of_record(one, &passing.0)).collect();
                notices.extend(placed(std::mem::take(&mut typeset.warnings)));
                Ok(Rendered { typeset: *typeset, file: entry.file.clone(), notices })
            }
            Verdict::Failed(found) => Err(placed(found).into()),
            Verdict::Quarantined(problem) => Err(vec![*problem].into()),
        }
    }
}

fn called_record(error: AppError, path: &Path) -> AppError {
    match error {
        AppError::Input(found) => AppError::Input(found.into_iter().map(|one| of_record(one, path)).collect()),
        other => other,
    }
}

/// The file that was written aside is nobody's concern: its record is the caller's.
fn of_record(mut problem: Diagnostic, path: &Path) -> Diagnostic {
    let own = |file: &str| path.to_str().is_some_and(|path| path == file) || path.file_name().is_some_and(|name| name == file);
    match &mut problem.place {
        Some(Place::File { file } | Place::Pointer { file, .. } | Place::Line { file, .. } | Place::Cell { file, .. }) if own(file) => {
            RECORD.clone_into(file);
        }
        _ => {}
    }
    problem
}
