//! Batches after their acceptance: which there are, how they stand, holding them, giving them up, trying again.
//!
//! Owns the use-cases of `vanthu batch`. Workers are [`super::work`], making an old document again [`super::reproduce`].

use super::complete::outcomes;
use super::office::{Office, Opening};
use super::{App, AppError};
use crate::batch::outcome::Outcome;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::store::batches::{Batch, Tally};

/// Who is written into the audit log for what the command line does.
pub const ACTOR: &str = "cli";
/// The name of the newest batch.
const LAST: &str = "last";
/// Batches listed at once.
const LISTED_MAX: u32 = 100;
/// Batches named when an id fits several.
const NAMED: u32 = 5;

/// A batch with its counts.
#[derive(Debug)]
pub struct Listed {
    /// The batch.
    pub batch: Batch,
    /// How many of its records are in which state.
    pub tally: Tally,
}

impl App {
    /// The office of the workspace, beside whoever works there.
    pub async fn office_beside(&self) -> Result<Office, AppError> {
        self.office(None, Opening::Beside).await
    }

    /// The latest batches, newest first.
    pub async fn batches(&self, office: &Office) -> Result<Vec<Listed>, AppError> {
        let mut listed = Vec::new();
        for batch in office.store.batches(LISTED_MAX).await? {
            let tally = office.store.tally(&batch.id).await?;
            listed.push(Listed { batch, tally });
        }
        Ok(listed)
    }

    /// The batch whose id begins with `name`, or the newest for `last`.
    pub async fn batch(&self, office: &Office, name: &str) -> Result<Listed, AppError> {
        let prefix = if name == LAST { String::new() } else { name.trim().to_uppercase() };
        let mut found = office.store.batches_like(&prefix, NAMED).await?;
        if found.len() > 1 && name != LAST && found.iter().all(|batch| batch.id != prefix) {
            let ids = found.iter().map(|batch| batch.id.as_str()).collect::<Vec<_>>().join(", ");
            return Err(AppError::Input(vec![
                Diagnostic::error("batch-ambiguous", say!("nhiều lô có mã bắt đầu như vậy", "several batches have such an id"))
                    .with_value(name)
                    .remedy(say!("ghi thêm ký tự của mã: {ids}", "give more of the id: {ids}")),
            ]));
        }
        if found.is_empty() || (prefix.is_empty() && name != LAST) {
            return Err(AppError::Input(vec![
                Diagnostic::error("batch-unknown", say!("không có lô này", "there is no such batch"))
                    .with_value(name)
                    .remedy(say!("xem “vanthu batch list”", "see `vanthu batch list`")),
            ]));
        }
        let batch = found.swap_remove(0);
        let tally = office.store.tally(&batch.id).await?;
        Ok(Listed { batch, tally })
    }

    /// Every record of a batch as it stands, in the order of the list.
    pub async fn records(&self, office: &Office, batch: &str) -> Result<Vec<Outcome>, AppError> {
        let mut all: Vec<Outcome> = outcomes(office, batch).await?.into_iter().map(|(outcome, _)| outcome).collect();
        all.sort_by_key(|outcome| outcome.number);
        Ok(all)
    }

    /// Holds a running batch: what is under way is brought home, nothing more is begun.
    pub async fn pause(&self, office: &Office, batch: &Batch, reason: &str, actor: &str) -> Result<(), AppError> {
        office.store.pause(&batch.id, reason, actor).await.map_err(|error| refused(error, batch))
    }

    /// Lets a held batch go on.
    pub async fn resume(&self, office: &Office, batch: &Batch, actor: &str) -> Result<(), AppError> {
        office.store.resume(&batch.id, actor).await.map_err(|error| refused(error, batch))
    }

    /// Gives a batch up: what was made stays, the rest is cancelled and its numbers are void.
    pub async fn cancel(&self, office: &Office, batch: &Batch, reason: &str, actor: &str) -> Result<(), AppError> {
        office.store.cancel(&batch.id, reason, actor).await.map_err(|error| refused(error, batch))
    }

    /// Makes exactly the failed records wait again; how many there are.
    pub async fn retry(&self, office: &Office, batch: &Batch, actor: &str) -> Result<u64, AppError> {
        office.store.retry(&batch.id, actor).await.map_err(|error| refused(error, batch))
    }
}

/// A step that the batch's state does not allow is the asker's affair, not the machine's.
fn refused(error: crate::store::StoreError, batch: &Batch) -> AppError {
    match error {
        crate::store::StoreError::Refused { .. } => {
            let state = batch.state.text();
            AppError::Input(vec![
                Diagnostic::error(
                    "batch-state",
                    crate::language::Text {
                        vi: format!("lô này đang ở trạng thái “{}”, không làm việc đó được", state.vi),
                        en: format!("the batch is {}; that cannot be done", state.en),
                    },
                )
                .with_value(&batch.id),
            ])
        }
        other => other.into(),
    }
}
