//! Completing a batch: its documents into the output folder, and what stands beside them.
//!
//! Owns the one way from a finished batch to a finished folder, for `run` and for workers alike. Everything here may be done
//! again: what stands there already is left, what is missing is put there.

use std::collections::HashSet;
use std::sync::Arc;

use super::office::Office;
use super::{App, AppError};
use crate::batch::outcome::{Outcome, SET_ASIDE_FOLDER, in_the_way};
use crate::batch::outputs::{self, Extras};
use crate::batch::setting::Setting;
use crate::batch::shelf::{Shelf, Standing};
use crate::batch::{Planned, Request, RunError};
use crate::storage::OutputFolder;
use crate::store::batches::Batch;
use crate::store::documents::Placed;

/// Records read at once from the store.
const PAGE: u32 = 1_000;

/// Which of the optional files are made beside the documents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// One PDF of all pages.
    pub merge: bool,
    /// A ZIP of all documents.
    pub zip: bool,
    /// The data were the folder's own correction workbook, which is set aside now that its rows are made.
    pub corrected: bool,
}

impl App {
    /// Completes a finished batch that this process did not render alone. The caller holds its completion.
    pub(super) async fn complete(&self, office: &Office, batch: &Batch) -> Result<(), AppError> {
        let request: Request = stored(&batch.request, "request")?;
        let setting: Setting = stored(&batch.setting, "setting")?;
        let planned: Planned = stored(&batch.plan, "plan")?;
        let folder = Arc::new(OutputFolder::open(&office.folder_of(&batch.output))?);
        let mut shelf = Shelf::open(&folder, &batch.output, &office.store).await?;
        let foreign = outputs::foreign(&shelf, false)?;
        if !foreign.is_empty() {
            return Err(foreign.into());
        }
        clear(office, &mut shelf, &outcomes(office, &batch.id).await?).await?;
        let outcomes = shown(office, &batch.id, &mut shelf).await?;
        let made = corrections(office, &mut shelf, &planned, Some(&batch.id)).await?;
        let wanted = Wanted { merge: request.merge, zip: request.zip, corrected: false };
        self.beside(wanted, office, &mut shelf, &setting, outcomes, (&planned, &batch.id), made).await?;
        Ok(())
    }

    /// What stands beside the documents; `outcomes` are those of the accepted records.
    #[allow(clippy::too_many_arguments, reason = "each is another thing that the files are made of")]
    pub(super) async fn beside(
        &self,
        wanted: Wanted,
        office: &Office,
        shelf: &mut Shelf,
        setting: &Setting,
        mut outcomes: Vec<Outcome>,
        (planned, batch): (&Planned, &str),
        made: Vec<&'static str>,
    ) -> Result<(Vec<Outcome>, Vec<&'static str>), AppError> {
        outcomes.extend(planned.rejected_rows.iter().map(Outcome::of_rejected));
        outcomes.sort_by_key(|outcome| outcome.number);
        let any = outcomes.iter().any(|outcome| outcome.standing().is_some());
        let mut extras = Extras::going_on(shelf, &office.store, &office.objects, made);
        if wanted.merge && any {
            outputs::merged(&mut extras, &outcomes).await?;
        }
        if wanted.zip && any {
            outputs::archive(&mut extras, &outcomes).await?;
        }
        outputs::manifest(&mut extras, setting, &outcomes).await?;
        outputs::report(&mut extras, &outcomes, self.language).await?;
        if wanted.corrected {
            extras.set_corrected_aside().await?;
            if planned.can_be_corrected() {
                outputs::rejected(&mut extras, planned, Some(batch)).await?;
            }
        }
        let made = extras.finish().await?;
        shelf.settle(&office.store).await?;
        outcomes.retain(|outcome| !outcome.rejected);
        Ok((outcomes, made))
    }
}

/// The workbook of refused rows, when there are any; the files made.
pub(super) async fn corrections(
    office: &Office,
    shelf: &mut Shelf,
    planned: &Planned,
    batch: Option<&str>,
) -> Result<Vec<&'static str>, AppError> {
    let mut extras = Extras::new(shelf, &office.store, &office.objects);
    if planned.can_be_corrected() {
        outputs::rejected(&mut extras, planned, batch).await?;
    }
    Ok(extras.made())
}

/// Sets aside the documents that the batch no longer names; their file names.
pub(super) async fn clear(office: &Office, shelf: &mut Shelf, all: &[(Outcome, String)]) -> Result<Vec<String>, AppError> {
    let planned: HashSet<&str> = all.iter().map(|(outcome, file)| file_of(outcome, file)).collect();
    let wanted = |placed: &Placed| placed.document.is_none() || planned.contains(placed.file.as_str());
    Ok(shelf.clear(&office.store, SET_ASIDE_FOLDER, &wanted).await.map_err(RunError::from)?)
}

/// Every record of a batch with its document in the folder.
pub(super) async fn shown(office: &Office, batch: &str, shelf: &mut Shelf) -> Result<Vec<Outcome>, AppError> {
    let mut all = Vec::new();
    for (mut outcome, _) in outcomes(office, batch).await? {
        show(&mut outcome, office, shelf).await?;
        all.push(outcome);
    }
    shelf.folder().sync()?;
    Ok(all)
}

/// Every record of a batch as it stands, with its file name.
pub(super) async fn outcomes(office: &Office, batch: &str) -> Result<Vec<(Outcome, String)>, AppError> {
    let mut all = Vec::new();
    loop {
        let from = all.last().map_or(0, |(outcome, _): &(Outcome, String)| outcome.position + 1);
        let page = office.store.standings(batch, from, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(|standing| {
            let file = standing.file.clone();
            (Outcome::of(standing), file)
        }));
    }
}

/// What the store keeps of a batch as JSON.
pub(super) fn stored<T: serde::de::DeserializeOwned>(json: &str, what: &'static str) -> Result<T, AppError> {
    serde_json::from_str(json).map_err(|_| AppError::Damaged { what })
}

fn file_of<'a>(outcome: &'a Outcome, file: &'a str) -> &'a str {
    outcome.made.as_ref().map_or(file, |document| document.file.as_str())
}

/// Puts a finished document into the folder where a killed run did not come to it; something foreign there is said.
async fn show(outcome: &mut Outcome, office: &Office, shelf: &mut Shelf) -> Result<(), AppError> {
    let Some(document) = &outcome.made else { return Ok(()) };
    if shelf.has_put(&document.file) {
        return Ok(());
    }
    match shelf.standing(&document.file, &outcome.digest)? {
        Standing::Same(_) => Ok(()),
        Standing::Foreign => {
            let problem = in_the_way(&document.file).of_record(outcome.number, &outcome.label);
            outcome.made = None;
            outcome.reasons.push(problem);
            Ok(())
        }
        Standing::Free | Standing::Ours => {
            let placed = Placed {
                file: document.file.clone(),
                document: Some(document.id.clone()),
                digest: outcome.digest.clone(),
                sha256: document.sha256.clone(),
                before: String::new(),
            };
            office.store.place(shelf.key(), std::slice::from_ref(&placed)).await?;
            Ok(shelf.put(&office.objects, &document.object, placed)?)
        }
    }
}
