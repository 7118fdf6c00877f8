//! Making the documents of a batch: plan, accept, render, show, and what stands beside them.
//!
//! Owns the use-case of `vanthu run`. The same request into the same folder is the same batch: a killed run goes on where it
//! stopped, and what failed is tried again. A changed list is a new batch that keeps the documents it has in common.

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::office::{Office, Opening};
use super::supplement::{Kept, Supplement, is_own_corrections};
use super::{App, AppError, Prepared, close};
use crate::batch::entry::Entry;
use crate::batch::outcome::{Counts, Outcome, SET_ASIDE_FOLDER, Summary};
use crate::batch::outputs::{self, Extras};
use crate::batch::plan::PlanError;
use crate::batch::setting::{Setting, Surroundings};
use crate::batch::shelf::{Shelf, Standing};
use crate::batch::supplement::Earlier;
use crate::batch::{Planned, Progress, Request, run};
use crate::data::Selection;
use crate::diagnostic::any_error;
use crate::render_pool::Pool;
use crate::storage::{OutputFolder, hash_file};
use crate::store::batches::{Acceptance, NewBatch, NewRecord, Planning, Post};
use crate::template::hex;

/// Records read at once from the store.
const PAGE: u32 = 1_000;

/// Who watches a run, and may stop it.
#[derive(Clone, Copy)]
pub struct Watcher<'a> {
    /// Told of every step.
    pub progress: &'a dyn Progress,
    /// Told of what planning found, before anything renders.
    pub on_plan: &'a dyn Fn(&Planned),
    /// Turns true when the run is to end early.
    pub stop: &'a tokio::sync::watch::Receiver<bool>,
}

/// The end of a batch.
#[derive(Debug)]
pub struct Ran {
    /// What planning found.
    pub planned: Planned,
    /// What rendering came to; none when planning refused the batch.
    pub summary: Option<Summary>,
    /// Where everything is.
    pub output: PathBuf,
    /// Files made beside the documents.
    pub extras: Vec<&'static str>,
    /// What became of the messages, by the names of their states.
    pub posted: Vec<(String, u64)>,
}

impl Ran {
    /// Was everything made?
    pub fn is_complete(&self) -> bool {
        self.planned.rejected == 0
            && self.summary.as_ref().is_some_and(|summary| !summary.stopped && summary.counts.failed + summary.counts.quarantined == 0)
    }
}

impl App {
    /// Makes the documents of a batch.
    pub async fn run(&self, request: &Request, watcher: Watcher<'_>) -> Result<Ran, AppError> {
        let prepared = self.prepare(request)?;
        let folder = Arc::new(OutputFolder::open(&request.output)?);
        let office = self.office(Some(&request.output), Opening::ToWork).await?;
        let mut shelf = Shelf::open(&folder, &office.key_of(&request.output), &office.store).await?;
        let foreign = outputs::foreign(&shelf, is_own_corrections(request))?;
        if !foreign.is_empty() {
            return Err(foreign.into());
        }
        let pool = Arc::new(Pool::start(&self.pool_settings(), &prepared.template.page(), &prepared.fonts));
        let result = self.make(request, &prepared, &office, &mut shelf, &pool, watcher).await;
        close(pool).await;
        office.store.close().await;
        result
    }

    async fn make(
        &self,
        request: &Request,
        prepared: &Prepared,
        office: &Office,
        shelf: &mut Shelf,
        pool: &Arc<Pool>,
        watcher: Watcher<'_>,
    ) -> Result<Ran, AppError> {
        let (setting, contents) = Setting::freeze(Surroundings {
            template: &prepared.template,
            organisation: &prepared.organisation,
            options: &prepared.options,
            stock: &prepared.stock,
            standard: request.standard,
            fonts: &prepared.fonts,
            data_file: request.data.display().to_string(),
            data_sha256: hash_file(&request.data)?.unwrap_or_default(),
            mail: prepared.mail.clone(),
        });
        let digest = request_digest(request, &setting);
        let corrected = is_own_corrections(request);
        let latest = office.store.latest_batch_of(shelf.key()).await?;
        let (batch, planned, setting, request) = match latest {
            Some(batch) if batch.request_digest == digest => {
                let kept = Kept::of(&batch)?;
                (watcher.on_plan)(&kept.planned);
                office.store.retry(&batch.id).await?;
                let request = if corrected { kept.request } else { request.clone() };
                (Some(batch.id), kept.planned, kept.setting, request)
            }
            latest => {
                let supplement = Supplement::of(request, prepared, &setting, office, shelf, latest).await?;
                let (earlier, setting, request) = match supplement {
                    Some(Supplement { earlier, setting, request }) => (Some(earlier), setting, request),
                    None => (None, setting, request.clone()),
                };
                office.store.keep_content(&contents).await?;
                let new = self.new_batch(&request, &setting, digest, shelf.key())?;
                let planning = office.store.plan(new).await?.map_err(|_| AppError::Damaged { what: "key" })?;
                let (batch, planned) = self.accept(&request, prepared, earlier.as_ref(), planning, watcher.on_plan).await?;
                (batch, planned, setting, request)
            }
        };
        let setting = Arc::new(setting);
        let output = request.output.clone();
        let mut extras = Extras::new(shelf, &office.store, &office.objects);
        // A clerk's own workbook stands until its rows are made.
        if !corrected && planned.can_be_corrected() {
            outputs::rejected(&mut extras, &planned, batch.as_deref()).await?;
        }
        let beside = extras.made();
        let Some(batch) = batch else { return Ok(Ran { planned, summary: None, output, extras: beside, posted: Vec::new() }) };
        let mut summary = self.render(&batch, office, &setting, shelf, pool, watcher).await?;
        if summary.stopped {
            return Ok(Ran { planned, summary: Some(summary), output, extras: beside, posted: Vec::new() });
        }
        let mut all = std::mem::take(&mut summary.outcomes);
        all.extend(planned.rejected_rows.iter().map(Outcome::of_rejected));
        all.sort_by_key(|outcome| outcome.number);
        let mut extras = Extras::going_on(shelf, &office.store, &office.objects, beside);
        self.beside(&mut extras, &request, &setting, &all).await?;
        if corrected {
            extras.set_corrected_aside().await?;
            if planned.can_be_corrected() {
                outputs::rejected(&mut extras, &planned, Some(&batch)).await?;
            }
        }
        let extras = extras.finish().await?;
        summary.outcomes = all.into_iter().filter(|outcome| !outcome.rejected).collect();
        let posted = if request.mail.as_ref().is_some_and(|mail| !mail.hold) {
            self.send(office, watcher.stop, true).await?;
            office.store.delivery_tally(Some(&batch)).await?
        } else {
            Vec::new()
        };
        Ok(Ran { planned, summary: Some(summary), output, extras, posted })
    }

    /// Renders what waits, shows every document of the batch in its folder, and sets aside what it no longer names.
    async fn render(
        &self,
        id: &str,
        office: &Office,
        setting: &Arc<Setting>,
        shelf: &mut Shelf,
        pool: &Arc<Pool>,
        watcher: Watcher<'_>,
    ) -> Result<Summary, AppError> {
        let batch = office.store.batch(id).await?;
        let before = outcomes(office, id).await?;
        let planned: std::collections::HashSet<&str> = before.iter().map(|(outcome, file)| file_of(outcome, file)).collect();
        let wanted = |placed: &crate::store::documents::Placed| placed.document.is_none() || planned.contains(placed.file.as_str());
        let set_aside = shelf.clear(&office.store, SET_ASIDE_FOLDER, &wanted).await.map_err(run::RunError::from)?;
        let there: std::collections::HashSet<u64> =
            before.iter().filter(|(outcome, _)| outcome.made.is_some()).map(|(outcome, _)| outcome.number).collect();
        let counts = Counts { accepted: batch.accepted, kept: there.len() as u64, ..Counts::default() };
        let owner = office.store.new_owner().await?;
        let ended = run::run(run::Run {
            store: &office.store,
            objects: &office.objects,
            batch: id,
            setting,
            pool,
            shelf: Some(shelf),
            owner: &owner,
            counts,
            progress: watcher.progress,
            stop: watcher.stop,
        })
        .await?;
        if !ended.stopped {
            office.store.finish(id).await?;
        }
        let mut summary = Summary { batch: id.to_owned(), set_aside, stopped: ended.stopped, times: ended.times, ..Summary::default() };
        summary.counts.accepted = batch.accepted;
        for (mut outcome, _) in outcomes(office, id).await? {
            show(&mut outcome, office, shelf).await?;
            outcome.kept |= there.contains(&outcome.number);
            match outcome.state() {
                "made" if outcome.kept => summary.counts.kept += 1,
                "made" => summary.counts.made += 1,
                "quarantined" => summary.counts.quarantined += 1,
                _ if ended.stopped && outcome.reasons.is_empty() => continue,
                _ => summary.counts.failed += 1,
            }
            summary.outcomes.push(outcome);
        }
        shelf.folder().sync()?;
        assert!(summary.stopped || summary.counts.reconcile(), "the counts of a finished run reconcile: {:?}", summary.counts);
        Ok(summary)
    }

    /// What stands beside the documents.
    async fn beside(&self, extras: &mut Extras<'_>, request: &Request, setting: &Setting, all: &[Outcome]) -> Result<(), AppError> {
        let any = all.iter().any(|outcome| outcome.made.is_some());
        if request.merge && any {
            outputs::merged(extras, all).await?;
        }
        if request.zip && any {
            outputs::archive(extras, all).await?;
        }
        outputs::manifest(extras, setting, all).await?;
        Ok(outputs::report(extras, all, self.language).await?)
    }

    fn new_batch(&self, request: &Request, setting: &Setting, request_digest: String, output: &str) -> Result<NewBatch, AppError> {
        let json = |value: serde_json::Result<String>| value.map_err(|_| AppError::Damaged { what: "request" });
        Ok(NewBatch {
            key: None,
            request_digest,
            request: json(serde_json::to_string(request))?,
            setting: json(serde_json::to_string(setting))?,
            template: setting.template.clone(),
            output: output.to_owned(),
            origin: "cli".to_owned(),
            post: match &request.mail {
                None => Post::None,
                Some(mail) if mail.hold => Post::Held,
                Some(_) => Post::Pending,
            },
        })
    }

    /// Plans a new batch into the store. Without an id the batch was refused, and nothing of it was kept.
    async fn accept(
        &self,
        request: &Request,
        prepared: &Prepared,
        earlier: Option<&Earlier>,
        mut planning: Planning,
        on_plan: &dyn Fn(&Planned),
    ) -> Result<(Option<String>, Planned), AppError> {
        if let Some(earlier) = earlier {
            planning.adopt(&earlier.batch).await?;
        }
        let runtime = tokio::runtime::Handle::current();
        let carried = tokio::task::block_in_place(|| {
            self.plan(request, prepared, earlier, &mut |entry| runtime.block_on(planning.add(new_record(entry))))
        });
        let mut planned = match carried {
            Ok(planned) => planned,
            Err(error) => {
                planning.abandon().await?;
                return Err(error.into());
            }
        };
        on_plan(&planned);
        let file_wrong = planned.rejected == 0 && any_error(&planned.diagnostics);
        if file_wrong || (planned.rejected > 0 && !request.only_valid) || planned.accepted == 0 {
            planning.abandon().await?;
            return Ok((None, planned));
        }
        if let Some(earlier) = earlier {
            earlier.carry_over(&mut planned);
        }
        planning.arrange(&planned.order).await?;
        let id = planning.id().to_owned();
        let found = serde_json::to_string(&planned).map_err(|_| AppError::Damaged { what: "plan" })?;
        match planning.accept(&found, planned.rejected, &[]).await? {
            Acceptance::Accepted => Ok((Some(id), planned)),
            Acceptance::NumbersMoved => Err(AppError::Damaged { what: "numbers" }),
        }
    }

    pub(super) fn plan(
        &self,
        request: &Request,
        prepared: &Prepared,
        earlier: Option<&Earlier>,
        sink: &mut dyn FnMut(Entry) -> Result<(), crate::store::StoreError>,
    ) -> Result<Planned, PlanError> {
        let limits = self.workspace.config.limits.to_limits();
        let plan = crate::batch::Plan {
            template: &prepared.template,
            organisation: &prepared.organisation,
            options: &prepared.options,
            stock: &prepared.stock,
            order: prepared.order.as_ref(),
            mail: prepared.mail.as_ref(),
            earlier,
            coverages: &prepared.coverages,
            standard: request.standard,
            limits: &limits,
        };
        let selection = Selection { sheet: request.sheet.clone(), columns: request.columns.clone(), common: request.common.clone() };
        let mut planned = plan.carry_out(&request.data, &selection, sink)?;
        planned.diagnostics.splice(..0, prepared.warnings.iter().cloned());
        Ok(planned)
    }
}

/// SHA-256 of everything that decides which documents a request makes. What is made beside them does not count.
fn request_digest(request: &Request, setting: &Setting) -> String {
    let Request { sheet, columns, common, name, only_valid, order, .. } = request;
    let value = serde_json::json!([setting, sheet, columns, common, name, only_valid, order]);
    hex(&Sha256::digest(value.to_string().as_bytes()))
}

fn new_record(entry: Entry) -> NewRecord {
    NewRecord {
        number: entry.number,
        label: entry.label,
        file: entry.file,
        title: entry.title,
        date: entry.date.map(|date| date.to_string()),
        qr: entry.qr,
        digest: entry.digest,
        content: entry.content.to_string(),
        mail: entry.mail.map(|mail| serde_json::to_string(&mail).expect("a message is plain data")),
        identity: entry.identity,
        places: serde_json::to_string(&entry.places).expect("places are plain data"),
        claim: None,
    }
}

/// Every record of a batch as it stands, with its file name.
async fn outcomes(office: &Office, batch: &str) -> Result<Vec<(Outcome, String)>, AppError> {
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
            let problem = crate::batch::outcome::in_the_way(&document.file).of_record(outcome.number, &outcome.label);
            outcome.made = None;
            outcome.reasons.push(problem);
            Ok(())
        }
        Standing::Free | Standing::Ours => {
            let placed = crate::store::documents::Placed {
                file: document.file.clone(),
                document: Some(document.id.clone()),
                digest: outcome.digest.clone(),
                sha256: document.sha256.clone(),
            };
            office.store.place(shelf.key(), std::slice::from_ref(&placed)).await?;
            Ok(shelf.put(&office.objects, &document.object, placed)?)
        }
    }
}
