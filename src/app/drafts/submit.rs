//! From a draft to its batch, with an approver in between where one is required.
//!
//! Owns who may say yes, and that one draft is one batch however often it is submitted: the draft is the batch's key.

use std::sync::Arc;
use std::time::Duration;

use super::{Asker, Draft, aside};
use crate::app::make::{Submission, Watcher};
use crate::app::office::Office;
use crate::app::schedules::Unwatched;
use crate::app::turns::Turns;
use crate::app::{App, AppError};
use crate::diagnostic::Diagnostic;
use crate::lifecycle::DraftState;
use crate::say;
use crate::store::StoreError;
use crate::store::drafts::{REJECT, WITHDRAW};

/// One at a time: two that plan under one key would forget each other's records.
static SUBMITTING: Turns = Turns::new(1, 16, Duration::from_secs(60));

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It is this batch.
    Batch(String),
    /// It waits for an approver.
    Waiting,
}

impl App {
    /// Makes a draft a batch, or asks for approval where it is required. Submitted again, it is the same batch.
    pub async fn submit_draft(&self, office: &Arc<Office>, asker: Asker<'_>, id: &str, revision: u64) -> Result<Submitted, AppError> {
        let draft = self.draft(office, asker, id).await?;
        match (draft.state, &draft.batch) {
            (DraftState::Submitted, Some(batch)) => return Ok(Submitted::Batch(batch.clone())),
            (DraftState::Waiting, _) if self.needs_approval() => return Ok(Submitted::Waiting),
            (DraftState::Open, _) => {}
            (DraftState::Rejected, _) => return Err(returned(&draft)),
            (state, _) => return Err(refused(id, state)),
        }
        seen(&draft, revision)?;
        let draft = self.ready(office, asker, draft).await?;
        if self.needs_approval() {
            office.store.step_draft(draft.act(asker, revision, "draft.ask"), DraftState::Waiting, false, "").await?;
            return Ok(Submitted::Waiting);
        }
        self.begin_batch(office, asker, &draft, false).await.map(Submitted::Batch)
    }

    /// Says yes to a draft of somebody else: it becomes a batch.
    pub async fn approve_draft(&self, office: &Arc<Office>, asker: Asker<'_>, id: &str, revision: u64) -> Result<String, AppError> {
        let draft = self.draft(office, asker, id).await?;
        match (draft.state, &draft.batch) {
            (DraftState::Submitted, Some(batch)) => return Ok(batch.clone()),
            (DraftState::Waiting, _) => {}
            (state, _) => return Err(refused(id, state)),
        }
        seen(&draft, revision)?;
        self.not_ones_own(office, &draft, asker).await?;
        self.begin_batch(office, asker, &draft, true).await
    }

    /// Says no to a draft of somebody else, with the reason.
    pub async fn reject_draft(&self, office: &Office, asker: Asker<'_>, id: &str, revision: u64, reason: &str) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        if draft.state != DraftState::Waiting {
            return Err(refused(id, draft.state));
        }
        self.not_ones_own(office, &draft, asker).await?;
        if reason.trim().is_empty() {
            return Err(AppError::Input(vec![
                Diagnostic::error("reason-missing", say!("chưa ghi lý do", "there is no reason"))
                    .remedy(say!("ghi điều cần sửa, để người soạn biết", "say what is to be changed, so that its owner knows")),
            ]));
        }
        office.store.step_draft(draft.act(asker, revision, REJECT), DraftState::Rejected, true, reason.trim()).await?;
        self.draft(office, asker, id).await
    }

    /// Takes a waiting draft back.
    pub async fn withdraw_draft(&self, office: &Office, asker: Asker<'_>, id: &str, revision: u64) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        if draft.state != DraftState::Waiting {
            return Err(refused(id, draft.state));
        }
        office.store.step_draft(draft.act(asker, revision, WITHDRAW), DraftState::Open, false, "").await?;
        self.draft(office, asker, id).await
    }

    /// May `asker` decide about a draft? Not its owner, and nobody who changed it or asked for approval since the last decision:
    /// otherwise one person could put in a list and approve it.
    pub async fn may_decide(&self, office: &Office, asker: Asker<'_>, draft: &Draft) -> Result<bool, AppError> {
        Ok(draft.owner != asker.name && office.store.draft_authors(&draft.id).await?.iter().all(|author| author != asker.name))
    }

    async fn not_ones_own(&self, office: &Office, draft: &Draft, asker: Asker<'_>) -> Result<(), AppError> {
        if self.may_decide(office, asker, draft).await? {
            return Ok(());
        }
        let message = if draft.owner == asker.name {
            say!("người soạn không tự duyệt được", "nobody approves what is their own")
        } else {
            say!("người đã sửa hoặc gửi duyệt thì không duyệt được", "nobody approves what they changed or asked approval for")
        };
        Err(AppError::Input(vec![
            Diagnostic::error("approval-own", message).remedy(say!("nhờ một người duyệt khác", "ask another approver")),
        ]))
    }

    /// The draft with a check of this very revision that lets it become a batch.
    async fn ready(&self, office: &Arc<Office>, asker: Asker<'_>, draft: Draft) -> Result<Draft, AppError> {
        if draft.file.is_none() {
            return Err(AppError::Input(vec![
                Diagnostic::error("draft-empty", say!("chưa có danh sách", "there is no list yet"))
                    .remedy(say!("chọn tệp danh sách rồi nộp", "choose the file of the list and hand it in")),
            ]));
        }
        let draft = if draft.current_check().is_some() { draft } else { self.check_draft(office, asker, &draft.id).await? };
        if draft.is_ready() {
            return Ok(draft);
        }
        Err(AppError::Input(draft.checked.map(|checked| checked.diagnostics).unwrap_or_default()))
    }

    async fn begin_batch(&self, office: &Arc<Office>, asker: Asker<'_>, draft: &Draft, decided: bool) -> Result<String, AppError> {
        let data = self.table_file(office, draft).await?;
        let request = self.request_of(office, draft, data);
        let unfit = draft.checked.as_ref().map(|checked| checked.fitted.unfit.clone()).unwrap_or_default();
        let alone = SUBMITTING.take().await?;
        let (app, beside, key, owner) = (self.clone(), Arc::clone(office), format!("draft:{}", draft.id), draft.owner.clone());
        let runtime = tokio::runtime::Handle::current();
        let ran = aside(move || {
            let _alone = alone;
            let (_stop, stopped) = tokio::sync::watch::channel(false);
            let watcher = Watcher { progress: &Unwatched, on_plan: &|_| {}, stop: &stopped };
            let submission =
                Submission { key: Some(&key), only: true, origin: Some("web"), unsent: true, owner: Some(&owner), unfit: Some(&unfit) };
            runtime.block_on(app.submit_in(&beside, &request, submission, watcher))
        })
        .await?;
        let Some(batch) = ran.submitted else { return Err(AppError::Input(ran.planned.diagnostics)) };
        let action = if decided { "draft.approve" } else { "draft.submit" };
        office.store.draft_became(draft.act(asker, draft.revision, action), &batch, decided).await?;
        Ok(batch)
    }
}

/// What was returned is asked for again once something of it was changed, which opens it.
fn returned(draft: &Draft) -> AppError {
    AppError::Input(vec![
        Diagnostic::error(
            "draft-returned",
            say!("bản soạn đã bị trả lại và chưa được sửa", "the draft was returned and has not been changed"),
        )
        .with_value(&draft.reason)
        .remedy(say!(
            "sửa danh sách hoặc tùy chọn theo lý do trả lại, rồi gửi duyệt lại",
            "change the list or the options as the reason says, then ask again"
        )),
    ])
}

fn refused(id: &str, state: DraftState) -> AppError {
    StoreError::Refused { what: format!("draft {id}"), state: state.to_string() }.into()
}

fn seen(draft: &Draft, revision: u64) -> Result<(), AppError> {
    if draft.revision == revision { Ok(()) } else { Err(StoreError::Stale { what: format!("draft {}", draft.id) }.into()) }
}
