//! Making the documents of a batch: plan, accept, render, show, and what stands beside them.
//!
//! Owns the use-case of `vanthu run`. The same request into the same folder is the same batch: a killed run goes on where it
//! stopped, and what failed is tried again. A changed list is a new batch that keeps the documents it has in common.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::batches::ACTOR;
use super::complete::{Wanted, clear, corrections, outcomes, shown};
use super::error::{key_reused, register_moves};
use super::issued::Identities;
use super::office::{Office, Opening};
use super::record::new_record;
use super::supplement::{Kept, Supplement, is_own_corrections};
use super::{App, AppError, Prepared, close};
use crate::batch::entry::Entry;
use crate::batch::numbering::Numbering;
use crate::batch::outcome::{Counts, Held, Summary};
use crate::batch::outputs;
use crate::batch::plan::PlanError;
use crate::batch::setting::{Setting, Surroundings, VerifyTerms};
use crate::batch::shelf::Shelf;
use crate::batch::supplement::Earlier;
use crate::batch::{Planned, Progress, Request, run};
use crate::data::Selection;
use crate::diagnostic::{Diagnostic, any_error};
use crate::lifecycle::BatchState;
use crate::render_pool::Pool;
use crate::storage::{OutputFolder, hash_file};
use crate::store::batches::{Acceptance, NewBatch, Planning, Post};
use crate::store::{Store, StoreError};
use crate::template::hex;

/// Longest wait before looking again whether another process has completed a batch.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Times that a batch is planned when others take numbers of its register meanwhile.
const PLANS_MAX: u32 = 5;

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
    /// The batch, when it was only handed to the workers.
    pub submitted: Option<String>,
    /// Older unfinished batches of the folder, which were given up when this one was accepted.
    pub superseded: Vec<String>,
}

/// What is done with an accepted batch, and under which name it is known to whoever asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Submission<'a> {
    /// The submitter's key: the same key is the same batch.
    pub key: Option<&'a str>,
    /// Only plan and accept; workers render.
    pub only: bool,
    /// Who asks: `schedule:NAME`; the command line when absent.
    pub origin: Option<&'a str>,
    /// Leave the messages to a sender that runs beside.
    pub unsent: bool,
    /// The account whose the batch is.
    pub owner: Option<&'a str>,
    /// Records whose pages are known not to fit, by their numbers: they are refused like other faulty rows.
    pub unfit: Option<&'a BTreeMap<u64, Vec<Diagnostic>>>,
}

/// The batch of a request: what planning found, and what its records share.
struct Found {
    /// None when it was refused.
    batch: Option<String>,
    planned: Planned,
    setting: Setting,
    request: Request,
    /// Older unfinished batches that were given up for it just now.
    superseded: Vec<String>,
}

impl Ran {
    /// Was everything made?
    pub fn is_complete(&self) -> bool {
        self.planned.rejected == 0
            && self.summary.as_ref().map_or(self.submitted.is_some(), |summary| {
                !summary.stopped && summary.held.is_none() && summary.counts.failed + summary.counts.quarantined == 0
            })
    }
}

impl App {
    /// Makes the documents of a batch.
    pub async fn run(&self, request: &Request, watcher: Watcher<'_>) -> Result<Ran, AppError> {
        self.submit(request, Submission::default(), watcher).await
    }

    /// Makes the documents of a batch, or only accepts it for the workers to do.
    pub async fn submit(&self, request: &Request, submission: Submission<'_>, watcher: Watcher<'_>) -> Result<Ran, AppError> {
        let prepared = self.prepare_to_issue(request)?;
        let folder = Arc::new(OutputFolder::open(&request.output)?);
        let opening = if submission.only { Opening::Beside } else { Opening::ToWork };
        let office = self.office(Some(&request.output), opening).await?;
        let result = self.make_in(&office, request, &prepared, &folder, submission, watcher).await;
        office.store.close().await;
        result
    }

    /// As [`Self::submit`], in an office that is open already and stays so.
    pub(super) async fn submit_in(
        &self,
        office: &Office,
        request: &Request,
        submission: Submission<'_>,
        watcher: Watcher<'_>,
    ) -> Result<Ran, AppError> {
        let unfit = submission.unfit.cloned().unwrap_or_default();
        let prepared = Prepared { unfit, ..self.prepare_to_issue(request)? };
        let folder = Arc::new(OutputFolder::open(&request.output)?);
        self.make_in(office, request, &prepared, &folder, submission, watcher).await
    }

    async fn make_in(
        &self,
        office: &Office,
        request: &Request,
        prepared: &Prepared,
        folder: &Arc<OutputFolder>,
        submission: Submission<'_>,
        watcher: Watcher<'_>,
    ) -> Result<Ran, AppError> {
        let mut shelf = Shelf::open(folder, &office.key_of(&request.output), &office.store).await?;
        let foreign = outputs::foreign(&shelf, is_own_corrections(request))?;
        if !foreign.is_empty() {
            return Err(foreign.into());
        }
        // Started while the rows are read: it takes a while to become ready.
        let start = || Arc::new(Pool::start(&self.pool_settings(), &prepared.template.page(), &prepared.fonts));
        let pool = (!submission.only).then(start);
        let result = self.make(request, prepared, submission, office, &mut shelf, pool.as_ref(), watcher).await;
        if let Some(pool) = pool {
            close(pool).await;
        }
        result
    }

    #[allow(clippy::too_many_arguments, reason = "each is another thing that a batch is made with")]
    async fn make(
        &self,
        request: &Request,
        prepared: &Prepared,
        submission: Submission<'_>,
        office: &Office,
        shelf: &mut Shelf,
        pool: Option<&Arc<Pool>>,
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
            verify: prepared.issuer.as_ref().map(VerifyTerms::from),
        });
        office.store.keep_content(&contents).await?;
        let corrected = is_own_corrections(request);
        let found = self.find_or_accept(request, prepared, submission, office, setting, shelf, watcher.on_plan).await?;
        let Found { batch, planned, setting, request, superseded } = found;
        let setting = Arc::new(setting);
        let output = request.output.clone();
        // A clerk's own workbook stands until its rows are made.
        let extras = if corrected { Vec::new() } else { corrections(office, shelf, &planned, batch.as_deref()).await? };
        let ran = |planned, summary, extras| Ran { planned, summary, output, extras, posted: Vec::new(), submitted: None, superseded };
        let Some(batch) = batch else {
            shelf.settle(&office.store).await?;
            return Ok(ran(planned, None, extras));
        };
        let Some(pool) = pool else { return Ok(Ran { submitted: Some(batch), ..ran(planned, None, extras) }) };
        let owner = office.take_over(shelf.folder()).await?;
        let mut summary = self.render(&batch, office, &setting, shelf, pool, &owner, watcher).await?;
        if summary.stopped || summary.held.is_some() {
            return Ok(ran(planned, Some(summary), extras));
        }
        while !office.store.claim_completion(&batch, &owner, true).await? {
            if office.store.batch(&batch).await?.state != BatchState::Finished {
                return Ok(ran(planned, Some(summary), extras));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let beating = run::Beating::start(&office.store, &owner);
        let all = std::mem::take(&mut summary.outcomes);
        let wanted = Wanted { merge: request.merge, zip: request.zip, corrected };
        let (all, extras) = self.beside(wanted, office, shelf, &setting, all, (&planned, &batch), extras).await?;
        office.store.completed(&batch, &owner).await?;
        drop(beating);
        summary.outcomes = all;
        let posted = if !submission.unsent && request.mail.as_ref().is_some_and(|mail| !mail.hold) {
            self.send(office, watcher.stop, true).await?;
            office.store.delivery_tally(Some(&batch)).await?
        } else {
            Vec::new()
        };
        Ok(Ran { posted, ..ran(planned, Some(summary), extras) })
    }

    /// The batch that this request is already, or a new one. Without an id it was refused, and nothing of it was kept.
    #[allow(clippy::too_many_arguments, reason = "each is another thing that a batch is made of")]
    async fn find_or_accept(
        &self,
        request: &Request,
        prepared: &Prepared,
        submission: Submission<'_>,
        office: &Office,
        setting: Setting,
        shelf: &Shelf,
        on_plan: &dyn Fn(&Planned),
    ) -> Result<Found, AppError> {
        let output = shelf.key();
        let digest = request_digest(request, prepared, &setting);
        let latest = office.store.latest_batch_of(output).await?;
        let same = latest.as_ref().filter(|batch| submission.key.is_none() && batch.request_digest == digest).cloned();
        let supplement = match &same {
            Some(_) => None,
            None => Supplement::of(request, prepared, &setting, office, shelf, latest).await?,
        };
        let (earlier, setting, request) = match supplement {
            Some(Supplement { earlier, setting, request }) => (Some(earlier), setting, request),
            None => (None, setting, request.clone()),
        };
        let new = self.new_batch(&request, submission, &setting, digest, output, prepared)?;
        let mut found = same;
        if found.is_none() {
            // Whoever holds the folder plans for it: what another left in planning never counted.
            office.store.forget_planning_of(output).await?;
        }
        let mut tries = 0..PLANS_MAX;
        while found.is_none() {
            let Some(nth) = tries.next() else { return Err(register_moves()) };
            match office.store.plan(new.clone()).await {
                Ok(Ok(planning)) => {
                    let told = |planned: &Planned| {
                        if nth == 0 {
                            on_plan(planned)
                        }
                    };
                    let accepted = self.accept(&request, prepared, earlier.as_ref(), &office.store, planning, output, &told).await?;
                    if let Some((batch, planned)) = accepted {
                        let superseded = office.store.superseded_by(batch.as_deref().unwrap_or_default()).await?;
                        return Ok(Found { batch, planned, setting, request, superseded });
                    }
                }
                Ok(Err(batch)) if batch.output == output => found = Some(batch),
                Ok(Err(batch)) => return Err(key_reused(&batch.key.unwrap_or_default())),
                Err(StoreError::KeyReused { key }) => return Err(key_reused(&key)),
                Err(error) => return Err(error.into()),
            }
        }
        let Some(batch) = found else { return Err(AppError::Damaged { what: "key" }) };
        let kept = Kept::of(&batch)?;
        on_plan(&kept.planned);
        // A key only names the batch; and what a person holds, a person lets go on.
        if submission.key.is_none() && !matches!(batch.state, BatchState::Paused | BatchState::Cancelled) {
            office.store.retry(&batch.id, submission.origin.unwrap_or(ACTOR)).await?;
        }
        let request = if is_own_corrections(&request) { kept.request } else { request };
        Ok(Found { batch: Some(batch.id), planned: kept.planned, setting: kept.setting, request, superseded: Vec::new() })
    }

    /// Renders what waits, shows every document of the batch in its folder, and sets aside what it no longer names.
    #[allow(clippy::too_many_arguments, reason = "each is another thing that a batch is rendered with")]
    async fn render(
        &self,
        id: &str,
        office: &Office,
        setting: &Arc<Setting>,
        shelf: &mut Shelf,
        pool: &Arc<Pool>,
        owner: &str,
        watcher: Watcher<'_>,
    ) -> Result<Summary, AppError> {
        let batch = office.store.batch(id).await?;
        let before = outcomes(office, id).await?;
        let set_aside = clear(office, shelf, &before).await?;
        let there: HashSet<u64> = before.iter().filter(|(outcome, _)| outcome.made.is_some()).map(|(outcome, _)| outcome.number).collect();
        // Long lists: what was needed of it is in `there`.
        drop(before);
        let counts = Counts { accepted: batch.accepted, kept: there.len() as u64, ..Counts::default() };
        let rescuing = office.rescuing();
        let ended = run::run(run::Run {
            store: &office.store,
            objects: &office.objects,
            batch: id,
            setting,
            pool,
            output: run::Output::Held(shelf),
            turn: None,
            owner,
            counts,
            progress: watcher.progress,
            stop: watcher.stop,
        })
        .await?;
        drop(rescuing);
        let mut held = None;
        if !ended.stopped {
            office.store.finish(id).await?;
            let batch = office.store.batch(id).await?;
            held = (batch.state != BatchState::Finished).then(|| Held { state: batch.state, reason: batch.reason.unwrap_or_default() });
        }
        let mut summary = Summary { batch: id.to_owned(), set_aside, stopped: ended.stopped, times: ended.times, ..Summary::default() };
        summary.counts.accepted = batch.accepted;
        for mut outcome in shown(office, id, shelf).await? {
            outcome.kept |= there.contains(&outcome.number);
            match outcome.state() {
                "made" if outcome.kept => summary.counts.kept += 1,
                "made" => summary.counts.made += 1,
                "quarantined" => summary.counts.quarantined += 1,
                _ if (ended.stopped || held.is_some()) && outcome.reasons.is_empty() => continue,
                _ => summary.counts.failed += 1,
            }
            summary.outcomes.push(outcome);
        }
        summary.held = held;
        let is_whole = !summary.stopped && summary.held.is_none();
        assert!(!is_whole || summary.counts.reconcile(), "the counts of a finished run reconcile: {:?}", summary.counts);
        Ok(summary)
    }

    fn new_batch(
        &self,
        request: &Request,
        submission: Submission<'_>,
        setting: &Setting,
        request_digest: String,
        output: &str,
        prepared: &Prepared,
    ) -> Result<NewBatch, AppError> {
        let json = |value: serde_json::Result<String>| value.map_err(|_| AppError::Damaged { what: "request" });
        Ok(NewBatch {
            key: submission.key.map(str::to_owned),
            request_digest,
            request: json(serde_json::to_string(request))?,
            setting: json(serde_json::to_string(setting))?,
            template: setting.template.clone(),
            output: output.to_owned(),
            origin: submission.origin.unwrap_or(ACTOR).to_owned(),
            post: match &request.mail {
                None => Post::None,
                Some(mail) if mail.hold => Post::Held,
                Some(_) => Post::Pending,
            },
            owner: submission.owner.map(str::to_owned),
            organisation: prepared.organisation_key.clone(),
        })
    }

    /// Plans a new batch into the store; none when somebody else took numbers of its register meanwhile. Without an id the
    /// batch was refused, and nothing of it was kept.
    #[allow(clippy::too_many_arguments, reason = "each is another thing that a batch is made of")]
    async fn accept(
        &self,
        request: &Request,
        prepared: &Prepared,
        earlier: Option<&Earlier>,
        store: &Store,
        mut planning: Planning,
        output: &str,
        on_plan: &dyn Fn(&Planned),
    ) -> Result<Option<(Option<String>, Planned)>, AppError> {
        if let Some(earlier) = earlier {
            planning.adopt(&earlier.batch).await?;
        }
        let runtime = tokio::runtime::Handle::current();
        let load = |period: &str| {
            let register = prepared.register.as_ref().map(|register| register.key.as_str()).unwrap_or_default();
            runtime.block_on(async { Ok((store.last_number(register, period).await?, store.numbers_of(register, period, output).await?)) })
        };
        let mut numbering = self.numbering(prepared, output, &load)?;
        let mut identities = Identities::default();
        let carried = tokio::task::block_in_place(|| {
            if let Some(numbering) = &mut numbering
                && prepared.order.is_some()
            {
                // The order of the names is known when all are read; the numbers follow it, and the words the numbers.
                let order = self.plan(request, prepared, earlier, Some(&mut *numbering), &mut |_| Ok(()))?.order;
                numbering.in_order(&order);
            }
            self.plan(request, prepared, earlier, numbering.as_mut(), &mut |entry| {
                identities.take(prepared, &entry);
                runtime.block_on(planning.add(new_record(entry)))
            })
        });
        let mut planned = match carried {
            Ok(planned) => planned,
            Err(error) => {
                planning.abandon().await?;
                return Err(error.into());
            }
        };
        let issued = self.issued_note(prepared, store, output, &identities).await?;
        planned.diagnostics.splice(..0, issued);
        on_plan(&planned);
        let file_wrong = planned.rejected == 0 && any_error(&planned.diagnostics);
        if file_wrong || (planned.rejected > 0 && !request.only_valid) || planned.accepted == 0 {
            planning.abandon().await?;
            return Ok(Some((None, planned)));
        }
        if let Some(earlier) = earlier {
            earlier.carry_over(&mut planned);
        }
        planning.arrange(&planned.order).await?;
        let id = planning.id().to_owned();
        if let Err(problems) = super::verification::before_acceptance(prepared, store, &id, earlier).await {
            planning.abandon().await?;
            return Err(problems);
        }
        let found = serde_json::to_string(&planned).map_err(|_| AppError::Damaged { what: "plan" })?;
        let series = numbering.map(|numbering| numbering.series()).unwrap_or_default();
        match planning.accept(&found, planned.rejected, &series).await? {
            Acceptance::Accepted => Ok(Some((Some(id), planned))),
            Acceptance::NumbersMoved => Ok(None),
        }
    }

    pub(super) fn plan(
        &self,
        request: &Request,
        prepared: &Prepared,
        earlier: Option<&Earlier>,
        numbering: Option<&mut Numbering<'_>>,
        sink: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
    ) -> Result<Planned, PlanError> {
        let limits = self.workspace.config.limits.to_limits();
        let plan = crate::batch::Plan {
            template: &prepared.template,
            organisation: &prepared.organisation,
            options: &prepared.options,
            stock: &prepared.stock,
            order: prepared.order.as_ref(),
            mail: prepared.mail.as_ref(),
            issuer: prepared.issuer.as_ref(),
            earlier,
            unfit: &prepared.unfit,
            own_form: request.own_form,
            coverages: &prepared.coverages,
            standard: request.standard,
            limits: &limits,
        };
        let selection = Selection { sheet: request.sheet.clone(), columns: request.columns.clone(), common: request.common.clone() };
        let mut planned = plan.carry_out(&request.data, &selection, numbering, sink)?;
        planned.diagnostics.splice(..0, prepared.warnings.iter().cloned());
        Ok(planned)
    }
}

/// SHA-256 of everything that decides which documents a request makes. What is made beside them does not count.
fn request_digest(request: &Request, prepared: &Prepared, setting: &Setting) -> String {
    let Request { sheet, columns, common, name, only_valid, own_form, order, .. } = request;
    let register = prepared.register.as_ref().map(|register| &register.key);
    let value = serde_json::json!([setting, sheet, columns, common, name, only_valid, own_form, order, register]);
    hex(&Sha256::digest(value.to_string().as_bytes()))
}
