//! A worker: works on whatever batch has work, beside any number of others, any of which may die.
//!
//! Owns the loop: the oldest running batch first, its page from the store, its records under leases; then, for whoever
//! comes first, its completion. A batch that cannot be worked on here is held with the reason, so that the loop goes on.

use std::sync::Arc;
use std::time::Duration;

use super::complete::stored;
use super::office::Office;
use super::{App, AppError, close};
use crate::batch::outcome::Counts;
use crate::batch::setting::Setting;
use crate::batch::{Progress, run};
use crate::language::Text;
use crate::lifecycle::BatchState;
use crate::render_pool::Pool;
use crate::say;
use crate::storage::StorageError;
use crate::store::batches::Batch;
use crate::store::waking::Topic;

/// Time between two looks for work when there is none.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Time before another try when the store or a disk was away.
const WAIT: Duration = Duration::from_secs(5);

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
    /// Something was away; it is tried again.
    Away(Text),
}

impl App {
    /// Works until it is stopped, or until nothing waits.
    pub async fn work(&self, office: &Office, work: Work<'_>) -> Result<(), AppError> {
        let owner = office.store.new_owner().await?;
        let (_rescuing, _tidying) = (office.rescuing(), office.tidying());
        let mut waiting = office.store.waiting(&[Topic::Batch]);
        let mut failed = false;
        loop {
            if *work.stop.borrow() {
                return Ok(());
            }
            // What a try that failed had in its hands: renewed under the same name, it would wait for ever.
            let free = if failed { office.store.give_back(&owner).await.map(|_| ()) } else { Ok(()) };
            let looked = match free {
                Ok(()) => self.work_once(office, &owner, work).await,
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

    /// Looks once at every batch.
    async fn work_once(&self, office: &Office, owner: &str, work: Work<'_>) -> Result<Looked, AppError> {
        let mut worked = false;
        for batch in office.store.uncompleted_batches().await? {
            worked |= self.complete_claimed(office, &batch.id, owner, work).await?;
        }
        for batch in office.store.running_batches().await? {
            if *work.stop.borrow() {
                break;
            }
            match self.work_on(office, &batch, owner, work).await {
                Ok(()) => worked = true,
                // A page that cannot be set here, or a setting that cannot be read, is no reason to leave the others undone.
                Err(error @ (AppError::Input(_) | AppError::Damaged { .. })) => {
                    let reason = reason_of(&error);
                    office.store.hold(&batch.id, &reason.vi).await?;
                    (work.on_event)(&batch.id, &Event::Held(reason));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(match worked {
            true => Looked::Worked,
            false if office.store.running_batches().await?.is_empty() => Looked::NothingLeft,
            false => Looked::OthersWork,
        })
    }

    async fn work_on(&self, office: &Office, batch: &Batch, owner: &str, work: Work<'_>) -> Result<(), AppError> {
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
        let pool = Arc::new(Pool::start(&self.pool_settings(), &setting.page(&office.store).await?, &fonts));
        let ended = run::run(run::Run {
            store: &office.store,
            objects: &office.objects,
            batch: &batch.id,
            setting: &setting,
            pool: &pool,
            shelf: None,
            owner,
            counts,
            progress: work.progress,
            stop: work.stop,
        })
        .await;
        close(pool).await;
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
        self.work_on(office, batch, &owner, work).await?;
        Ok(office.store.batch(&batch.id).await?.state)
    }
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
        AppError::Damaged { .. } => error.describe(),
        other => say!("{}", "{}", crate::diagnostic::chain(other)),
    }
}
