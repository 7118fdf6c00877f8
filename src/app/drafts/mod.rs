//! Drafts: a template, a table that was handed in, options; checked, corrected and looked at until they become a batch.
//!
//! Owns the value that pages and the API work with, who may see it, and beginning it. `table` takes files in and shows and
//! corrects their cells, `check` finds what is wrong and what it would cost, `preview` draws a record as it will print,
//! `submit` makes it a batch, with an approver where one is required, `clear` forgets those that nobody came back to.

mod check;
mod clear;
mod given;
mod located;
mod preview;
mod shown;
mod submit;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use check::{Checked, Estimate, Quota, Sample, for_a_page};
pub use located::Wrong;
pub use preview::{Chosen, Preview};
pub use shown::{Cell, Column, Missing, Page, Row, Sheet, Shown};
pub use submit::Submitted;
pub use table::Correction;

use super::complete::stored;
use super::office::Office;
use super::{App, AppError};
use crate::batch::Request;
use crate::data::transcript::{Form, Line};
use crate::lifecycle::DraftState;
use crate::schedule::recurrence::ZONE_DEFAULT;
use crate::store::StoreError;
use crate::store::drafts::{self as kept, Act, DraftFilter};

/// Folder of the tables of drafts, in the office.
const TABLES_FOLDER: &str = "du-lieu/ban-nhap";
/// Folder of the documents, in the office.
const OUTPUT_FOLDER: &str = "ket-qua";
/// Characters of a draft's id in the name of its folder.
const ID_SHOWN: usize = 6;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The account.
    pub name: &'a str,
    /// The only organisation whose drafts are theirs to see; every one when absent.
    pub organisation: Option<&'a str>,
}

/// A draft that is about to be begun.
#[derive(Debug, Clone, Default)]
pub struct NewDraft {
    /// Template.
    pub template: String,
    /// The organisation in whose name it is made; the asker's, or the workspace's own, when absent.
    pub organisation: Option<String>,
    /// The submitter's key: the same key is the same draft.
    pub key: Option<String>,
    /// SHA-256 of everything that was handed in under the key, where it came at once.
    pub key_digest: Option<String>,
}

/// The file that a draft's table came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub form: Form,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// A draft as it stands.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// The account whose it is.
    pub owner: String,
    /// The organisation in whose name it is made.
    pub organisation: Option<String>,
    /// Template.
    pub template: String,
    /// How far it has come.
    pub state: DraftState,
    /// Grows with every change; who changes it names the one that they saw.
    pub revision: u64,
    /// The file that its table came from.
    pub file: Option<Upload>,
    /// What is asked for; data and output are the office's to choose.
    pub request: Request,
    /// What the last check found; it may be of an older revision.
    pub checked: Option<Checked>,
    /// The batch that it became.
    pub batch: Option<String>,
    /// Who said yes or no.
    pub decided_by: Option<String>,
    /// Why not.
    pub reason: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub changed_at: i64,
    upload: i64,
    table_revision: u64,
}

impl Draft {
    fn of(draft: kept::Draft) -> Result<Self, AppError> {
        let request: Request = stored(&draft.request, "draft")?;
        let file = match (&draft.head, draft.file_sha256) {
            (Some(head), Some(sha256)) => match Line::parse(head) {
                Some(Line::Head(head)) => Some(Upload { name: head.file, form: head.form, sha256 }),
                _ => return Err(AppError::Damaged { what: "draft" }),
            },
            _ => None,
        };
        let checked = draft.checked.as_deref().map(|checked| stored(checked, "check")).transpose()?;
        Ok(Self {
            id: draft.id,
            owner: draft.owner,
            organisation: draft.organisation,
            template: draft.template,
            state: draft.state,
            revision: draft.revision,
            file,
            request,
            checked,
            batch: draft.batch,
            decided_by: draft.decided_by,
            reason: draft.reason,
            created_at: draft.created_at,
            changed_at: draft.changed_at,
            upload: draft.upload,
            table_revision: draft.table_revision,
        })
    }

    /// May its owner still change it?
    pub fn is_open(&self) -> bool {
        matches!(self.state, DraftState::Open | DraftState::Rejected)
    }

    /// What the check of this very revision found.
    pub fn current_check(&self) -> Option<&Checked> {
        self.checked.as_ref().filter(|checked| checked.revision == self.revision)
    }

    /// Can it become a batch as it stands?
    pub fn is_ready(&self) -> bool {
        self.current_check().is_some_and(|checked| checked.is_ready(self.request.only_valid))
    }

    fn act<'a>(&'a self, asker: Asker<'a>, revision: u64, action: &'a str) -> Act<'a> {
        Act { draft: &self.id, revision, actor: asker.name, action }
    }

    /// The folder of its documents: template, day, and the end of its id.
    fn output(&self, office: &Office) -> PathBuf {
        let day = Timestamp::from_millisecond(self.created_at).ok().and_then(|at| at.in_tz(ZONE_DEFAULT).ok());
        let day = day.map(|day| day.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
        let id = self.id[self.id.len().saturating_sub(ID_SHOWN)..].to_lowercase();
        office.root().join(OUTPUT_FOLDER).join(format!("{}-{day}-{id}", self.template))
    }
}

/// Runs `work` on a thread that may wait, and gives what came of it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, AppError> + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Run(crate::batch::RunError::Task))?
}

impl App {
    /// Begins a draft; the same key is the same draft.
    pub async fn create_draft(&self, office: &Office, asker: Asker<'_>, new: NewDraft) -> Result<Draft, AppError> {
        let NewDraft { template, organisation, key, key_digest } = new;
        self.template(&template)?;
        let organisation = match asker.organisation {
            Some(own) if organisation.as_deref().is_none_or(|wanted| wanted == own) => Some(own.to_owned()),
            // Another's organisation is as one that there is not.
            Some(_) => return Err(StoreError::Unknown { what: format!("organisation {}", organisation.unwrap_or_default()) }.into()),
            None => Some(self.workspace.organisation(organisation.as_deref())?.key).filter(|key| !key.is_empty()),
        };
        let request = Request { template: template.clone(), organisation: organisation.clone(), ..Request::default() };
        let request = serde_json::to_string(&request).map_err(|_| AppError::Damaged { what: "draft" })?;
        let new = kept::NewDraft { key, key_digest, owner: asker.name.to_owned(), organisation, template, request };
        Draft::of(office.store.begin_draft(&new).await?)
    }

    /// One draft, for who may see it.
    pub async fn draft(&self, office: &Office, asker: Asker<'_>, id: &str) -> Result<Draft, AppError> {
        let draft = Draft::of(office.store.draft(id).await?)?;
        match asker.organisation {
            Some(own) if draft.organisation.as_deref() != Some(own) => Err(StoreError::Unknown { what: format!("draft {id}") }.into()),
            _ => Ok(draft),
        }
    }

    /// The drafts in any of `states`, last changed first, those before the draft `before`; with `own`, only the asker's.
    pub async fn drafts(
        &self,
        office: &Office,
        asker: Asker<'_>,
        (own, states): (bool, &[DraftState]),
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Draft>, AppError> {
        let before = match before {
            Some(id) => Some(office.store.draft(id).await?),
            None => None,
        };
        let filter = DraftFilter { organisation: asker.organisation, owner: own.then_some(asker.name), states };
        office.store.drafts(&filter, before.as_ref(), limit).await?.into_iter().map(Draft::of).collect()
    }

    /// Deletes a draft, which is noted; one that waits for an approver or became a batch stays.
    pub async fn delete_draft(&self, office: &Office, asker: Asker<'_>, id: &str) -> Result<(), AppError> {
        let draft = self.draft(office, asker, id).await?;
        if !self.discard_draft(office, id).await? {
            return Err(StoreError::Refused { what: format!("draft {id}"), state: draft.state.name().to_owned() }.into());
        }
        let file = draft.file.map(|file| file.name).unwrap_or_default();
        Ok(office.store.audit(asker.name, "draft.delete", id, &file).await?)
    }

    /// Takes a draft away with its table; false when it waits for an approver or is a batch.
    pub(crate) async fn discard_draft(&self, office: &Office, id: &str) -> Result<bool, AppError> {
        if !office.store.discard_draft(id).await? {
            return Ok(false);
        }
        // What a crash leaves of it is nobody's; a table of no draft does no harm.
        let _ = tokio::fs::remove_dir_all(office.root().join(TABLES_FOLDER).join(id)).await;
        Ok(true)
    }

    /// Changes what a draft asks for. Its template and its organisation stay, and so does where its documents go.
    pub async fn set_request(
        &self,
        office: &Arc<Office>,
        asker: Asker<'_>,
        id: &str,
        revision: u64,
        request: Request,
    ) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        let request = Request {
            template: draft.template.clone(),
            organisation: draft.organisation.clone(),
            data: PathBuf::new(),
            output: PathBuf::new(),
            ..request
        };
        let request = serde_json::to_string(&request).map_err(|_| AppError::Damaged { what: "draft" })?;
        office.store.change_draft(draft.act(asker, revision, "draft.options"), &request).await?;
        self.settled(office, asker, id).await
    }

    /// The draft after a change, checked again where that does not take long and others do not take long before it.
    async fn settled(&self, office: &Arc<Office>, asker: Asker<'_>, id: &str) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        let rows: u64 = office.store.draft_sheets(id, draft.upload).await?.iter().map(|sheet| sheet.rows).sum();
        if draft.file.is_none() || rows > check::ROWS_AT_ONCE {
            return Ok(draft);
        }
        match self.check_draft(office, asker, id).await {
            // The change is kept; looking at it can wait.
            Err(AppError::Busy) => Ok(draft),
            checked => checked,
        }
    }

    /// The request of a draft with its data at `data`.
    fn request_of(&self, office: &Office, draft: &Draft, data: PathBuf) -> Request {
        Request { data, output: draft.output(office), ..draft.request.clone() }
    }
}

/// Something of a record that a message names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// One-based number in the list.
    pub number: u64,
    /// A name a person recognises.
    pub label: String,
}
