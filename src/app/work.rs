//! A worker: works on whatever batch has work, beside any number of others, any of which may die.
//!
//! Owns the loop: the running batches in turns, each with its page from the store, its records under leases; then, for
//! whoever comes first, its completion. What goes wrong with one batch never stops the others: it is put off and tried again,
//! and held with the reason when that does not help, so that nothing is lost and no number void for a fault of the machine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::complete::stored;
use super::office::Office;
use super::{App, AppError, close};
use crate::batch::outcome::Counts;
use crate::batch::outputs::OutputError;
use crate::batch::setting::Setting;
use crate::batch::shelf::Notes;
use crate::batch::turns::{Fault, Turns};
use crate::batch::{Progress, RunError, run};
use crate::language::Text;
use crate::lifecycle::BatchState;
use crate::render_pool::Pool;
use crate::storage::StorageError;
use crate::store::StoreError;
use crate::store::batches::Batch;
use crate::store::waking::Topic;

/// Time between two looks for work when there is none.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Time before another try when the store or a disk was away.
const WAIT: Duration = Duration::from_secs(5);
/// How long a batch is worked on while others wait. Setting up the next one's page takes a fraction of it.
const TURN: Duration = Duration::from_secs(3);
/// Time before another look at a batch that is finished and whose files cannot be put into its folder.
const COMPLETION_AGAIN: Duration = Duration::from_secs(60);

/// How a worker works.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// Ends when nothing waits any more, instead of waiting for the next batch.
    pub until_idle: bool,
    /// Told of the counts of the batch under way.
    pub progress: &'a dyn Progress,
    /// Told of what happens, for people: batch and event.
    pub on_event: &'a dyn Fn(&str, &Event),
    /// Turns true when the worker is to stop; its records are given back.
    pub stop: &'a tokio::sync::watch::Receiver<bool>,
}

/// What a look at every batch came to.
enum Looked {
    /// There was something to do.
    Worked,
    /// Batches run, and others have their records.
    OthersWork,
    /// No batch runs.
    NothingLeft,
}

/// What happens to a batch in a worker's hands.
#[derive(Debug)]
pub enum Event {
    /// Work on it begins.
    Begun,
    /// Everything stands in its output folder.
    Completed,
    /// It cannot be worked on here, or not be completed: why. It was held, or waits for a person.
    Held(Text),
    /// Something was away or failed; it is tried again.
    Away(Text),
}

impl App {
    /// Works until it is stopped, or until nothing waits.
    pub async fn work(&self, office: &Office, work: Work<'_>) -> Result<(), AppError> {
        let owner = office.store.new_owner().await?;
        let (_rescuing, _tidying) = (office.rescuing(), office.tidying());
        let mut waiting = office.store.waiting(&[Topic::Batch]);
        let mut failed = false;
        let mut turns = Turns::default();
        loop {
            if *work.stop.borrow() {
                return Ok(());
            }
            // What a try that failed had in its hands: renewed under the same name, it would wait for ever.
            let free = if failed { office.store.give_back(&owner).await.map(|_| ()) } else { Ok(()) };
            let looked = match free {
                Ok(()) => self.work_once(office, &owner, &mut turns, work).await,
                Err(error) => Err(error.into()),
            };
            failed = looked.is_err();
            let wait = match looked {
                Ok(Looked::Worked) => continue,
                Ok(Looked::NothingLeft) if work.until_idle => return Ok(()),
                Ok(Looked::NothingLeft | Looked::OthersWork) => LOOK_AGAIN,
                Err(error) if error.is_transient() => {
                    (work.on_event)("", &Event::Away(error.describe()));
                    WAIT
                }
                Err(error) => return Err(error),
            };
            waiting.rest(&mut work.stop.clone(), wait).await;
        }
    }

    /// Completes what is finished, and gives one running batch its turn.
    async fn work_once(&self, office: &Office, owner: &str, turns: &mut Turns, work: Work<'_>) -> Result<Looked, AppError> {
        let (mut worked, mut waits) = (false, false);
        let uncompleted = office.store.uncompleted_batches().await?;
        let running = office.store.running_batches().await?;
        turns.keep(&uncompleted.iter().chain(&running).map(|batch| batch.id.as_str()).collect());
        for batch in &uncompleted {
            if turns.is_put_off(&batch.id, Instant::now()) {
                waits |= turns.is_tried_again(&batch.id);
                continue;
            }
            match self.complete_claimed(office, &batch.id, owner, work).await {
                Ok(tried) => worked |= tried,
                Err(error) if concerns_all(&error) => return Err(error),
                Err(error) => waits |= completion_failed(&batch.id, &error, turns, work),
            }
        }
        let lists = running.iter().map(|batch| (batch.id.as_str(), batch.accepted));
        let chosen = turns.next(lists, Instant::now()).and_then(|id| running.iter().find(|batch| batch.id == id));
        if let Some(batch) = chosen.filter(|_| !*work.stop.borrow()) {
            let put_off = turns.put_off(Instant::now());
            match self.work_on(office, batch, owner, Some(run::Turn { length: TURN, put_off: &put_off }), work).await {
                Ok(()) => {
                    turns.worked(&batch.id);
                    worked = true;
                }
                Err(error) if concerns_all(&error) => return Err(error),
                Err(error) => {
                    self.work_failed(office, owner, batch, &error, turns, work).await?;
                    worked = true;
                }
            }
        }
        Ok(match worked {
            true => Looked::Worked,
            false if running.is_empty() && !waits => Looked::NothingLeft,
            false => Looked::OthersWork,
        })
    }

    /// Puts a batch off that cannot be worked on now, or holds it: a page that cannot be set here, a setting that cannot be
    /// read, a disk that stays full are no reason to leave the others undone.
    async fn work_failed(
        &self,
        office: &Office,
        owner: &str,
        batch: &Batch,
        error: &AppError,
        turns: &mut Turns,
        work: Work<'_>,
    ) -> Result<(), AppError> {
        // Somebody else, or a later try, need not wait for the leases to run out.
        office.store.give_back(owner).await?;
        let reason = reason_of(error);
        let again = fault_of(error).and_then(|fault| turns.failed(&batch.id, fault, Instant::now()));
        if again.is_some() {
            (work.on_event)(&batch.id, &Event::Away(reason));
            return Ok(());
        }
        match office.store.hold(&batch.id, &reason.vi).await {
            Ok(()) => (work.on_event)(&batch.id, &Event::Held(reason)),
            // It was held, given up or ended by somebody meanwhile.
            Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn work_on(
        &self,
        office: &Office,
        batch: &Batch,
        owner: &str,
        turn: Option<run::Turn<'_>>,
        work: Work<'_>,
    ) -> Result<(), AppError> {
        let setting: Arc<Setting> = Arc::new(stored(&batch.setting, "setting")?);
        let fonts = self.catalog.fonts()?;
        let changed = setting.changed_fonts(&fonts);
        if !changed.is_empty() {
            return Err(super::reproduce::fonts_changed(&changed).into());
        }
        (work.on_event)(&batch.id, &Event::Begun);
        let tally = office.store.tally(&batch.id).await?;
        let counts = Counts {
            accepted: batch.accepted,
            kept: tally.stored,
            failed: tally.failed,
            quarantined: tally.quarantined,
            ..Counts::default()
        };
        // What an earlier list of the folder made, and this one still names, is not made and sent a second time.
        let notes = Notes::read(&office.folder_of(&batch.output), &batch.output, &office.store).await?;
        let pool = Arc::new(Pool::start(&self.pool_settings(), &setting.page(&office.store).await?, &fonts));
        let ended = run::run(run::Run {
            store: &office.store,
            objects: &office.objects,
            batch: &batch.id,
            setting: &setting,
            pool: &pool,
            output: run::Output::Seen(notes),
            turn,
            owner,
            counts,
            progress: work.progress,
            stop: work.stop,
        })
        .await;
        close(pool).await;
        // A turn that ends because others wait may have made the last record.
        if !ended?.stopped && office.store.finish(&batch.id).await? {
            self.complete_claimed(office, &batch.id, owner, work).await?;
        }
        Ok(())
    }

    /// Completes a finished batch, unless somebody else does; true when it was this process's to try.
    async fn complete_claimed(&self, office: &Office, id: &str, owner: &str, work: Work<'_>) -> Result<bool, AppError> {
        if !office.store.claim_completion(id, owner, false).await? {
            return Ok(false);
        }
        let _beating = run::Beating::start(&office.store, owner);
        let batch = office.store.batch(id).await?;
        match self.complete(office, &batch).await {
            Ok(()) => {
                if office.store.completed(id, owner).await? {
                    (work.on_event)(id, &Event::Completed);
                }
                Ok(true)
            }
            // `vanthu run` holds the folder, and completes the batch itself.
            Err(AppError::Storage(StorageError::Busy { .. })) => {
                office.store.give_back_completion(id, owner).await?;
                Ok(false)
            }
            // A file in the way. The lease is left to lapse, so that it is looked at again, but not at once.
            Err(error @ (AppError::Input(_) | AppError::Damaged { .. })) => {
                (work.on_event)(id, &Event::Held(reason_of(&error)));
                Ok(false)
            }
            Err(error) => {
                office.store.give_back_completion(id, owner).await?;
                Err(error)
            }
        }
    }

    /// Works on one batch in this process until it is completed or held; its state then.
    pub async fn work_on_one(&self, office: &Office, batch: &Batch, work: Work<'_>) -> Result<BatchState, AppError> {
        let owner = office.store.new_owner().await?;
        let _rescuing = office.rescuing();
        self.work_on(office, batch, &owner, None, work).await?;
        Ok(office.store.batch(&batch.id).await?.state)
    }
}

/// Does a failure concern every batch, and not only the one that was worked on?
fn concerns_all(error: &AppError) -> bool {
    // The database is away. Of what it refuses for good, the next batch may have nothing.
    store_error(error).is_some_and(StoreError::is_transient)
}

fn store_error(error: &AppError) -> Option<&StoreError> {
    match error {
        AppError::Store(error) | AppError::Run(RunError::Store(error)) | AppError::Output(OutputError::Store(error)) => Some(error),
        _ => None,
    }
}

/// What is tried again after a while; none where that would change nothing.
fn fault_of(error: &AppError) -> Option<Fault> {
    if let Some(StoreError::Unknown { .. } | StoreError::Unexpected { .. }) = store_error(error) {
        return None;
    }
    match error {
        AppError::Input(_) | AppError::Damaged { .. } => None,
        AppError::Run(RunError::Pool(_) | RunError::Task) | AppError::Pool(_) => Some(Fault::Render),
        _ => Some(Fault::Storage),
    }
}

/// Puts the completion of a batch off; true while it is tried again soon.
fn completion_failed(id: &str, error: &AppError, turns: &mut Turns, work: Work<'_>) -> bool {
    let reason = reason_of(error);
    let again = fault_of(error).and_then(|fault| turns.failed(id, fault, Instant::now()));
    if again.is_some() {
        (work.on_event)(id, &Event::Away(reason));
        return true;
    }
    turns.leave(id, COMPLETION_AGAIN, Instant::now());
    (work.on_event)(id, &Event::Held(reason));
    false
}

fn reason_of(error: &AppError) -> Text {
    match error {
        AppError::Input(diagnostics) => {
            let join = |sentence: &dyn Fn(&crate::diagnostic::Diagnostic) -> String| {
                diagnostics.iter().map(sentence).collect::<Vec<_>>().join("; ")
            };
            let vi = join(&|diagnostic| diagnostic.message.vi.clone());
            Text { vi, en: join(&|diagnostic| diagnostic.message.en.clone()) }
        }
        other => other.describe(),
    }
}
