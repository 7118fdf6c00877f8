//! Lists that programs hand in: one call that begins a draft, fills it and submits it; and batches as their owners see them.
//!
//! Owns the form of such a request. What becomes of it is the draft's way: where an approver is required, one is asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::drafts::{Asker, Draft, NewDraft, Submitted};
use super::office::Office;
use super::{App, AppError, fields};
use crate::access::Principal;
use crate::batch::request::MailRequest;
use crate::batch::{Order, Request};
use crate::diagnostic::Diagnostic;
use crate::lifecycle::DraftState;
use crate::say;
use crate::store::batches::{Batch, Tally};
use crate::store::records::Standing;
use crate::store::search::BatchFilter;
use crate::typeset::Standard;

/// What is asked for with a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Submission {
    /// Template.
    pub template: String,
    /// Organisation of the workspace.
    pub organisation: Option<String>,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Field → heading in the file, where they differ.
    pub columns: BTreeMap<String, String>,
    /// Values for all records.
    pub common: Map<String, Value>,
    /// Options of the template.
    pub options: BTreeMap<String, String>,
    /// `danh-sach` or `ten`.
    pub order: Option<String>,
    /// File-name pattern.
    pub name: Option<String>,
    /// Also one PDF of all pages.
    pub merge: bool,
    /// Also a ZIP of all documents.
    pub zip: bool,
    /// Pre-printed stock of the workspace.
    pub stock: Option<String>,
    /// Printer of the workspace.
    pub printer: Option<String>,
    /// Only what the stock lacks.
    pub overprint: bool,
    /// PDF standard.
    pub standard: Option<String>,
    /// Go on with the valid records when others are not.
    pub only_valid: bool,
    /// Leave out the rows that name another form of the template's own choice.
    pub own_form: bool,
    /// Register that gives the numbers; the empty name stands for none.
    pub register: Option<String>,
    /// Send the documents.
    pub mail: Option<MailRequest>,
}

/// A list that was handed in.
#[derive(Debug)]
pub struct Handed<'a> {
    /// What is asked for.
    pub submission: &'a Submission,
    /// The file.
    pub path: &'a Path,
    /// The file's name as its owner knows it.
    pub name: &'a str,
    /// The same key is the same draft, with the SHA-256 of everything that is handed in: another request under it is refused.
    pub key: Option<(String, String)>,
}

impl Submission {
    /// Reads a request.
    pub fn read(value: Value) -> Result<Self, Vec<Diagnostic>> {
        let submission: Self = fields::read(value, "request").map_err(|problem| vec![problem])?;
        if submission.template.is_empty() {
            return Err(vec![Diagnostic::error("template-missing", say!("chưa chọn mẫu", "no template is chosen"))]);
        }
        Ok(submission)
    }

    /// What a draft asks for, as a request would say it.
    pub fn of(request: &Request) -> Value {
        let order = match request.order {
            Order::List => "danh-sach",
            Order::Name => "ten",
        };
        json!({
            "template": request.template, "organisation": request.organisation, "sheet": request.sheet, "columns": request.columns,
            "common": request.common, "options": request.options, "order": order, "name": request.name, "merge": request.merge,
            "zip": request.zip, "stock": request.stock, "printer": request.printer, "overprint": request.overprint,
            "standard": request.standard.name(), "only_valid": request.only_valid, "own_form": request.own_form, "register": request.register, "mail": request.mail,
        })
    }

    fn request(&self) -> Result<Request, Vec<Diagnostic>> {
        let standard = self.standard.as_deref().map(Standard::parse).transpose().map_err(|problem| vec![problem])?;
        let order = self.order.as_deref().map(Order::parse).transpose().map_err(|problem| vec![problem])?;
        Ok(Request {
            template: self.template.clone(),
            sheet: self.sheet.clone(),
            organisation: self.organisation.clone(),
            columns: self.columns.clone(),
            common: self.common.clone(),
            options: self.options.clone(),
            order: order.unwrap_or_default(),
            name: self.name.clone(),
            merge: self.merge,
            zip: self.zip,
            stock: self.stock.clone(),
            printer: self.printer.clone(),
            overprint: self.overprint,
            standard: standard.unwrap_or_default(),
            only_valid: self.only_valid,
            own_form: self.own_form,
            mail: self.mail.clone(),
            register: self.register.clone(),
            ..Request::default()
        })
    }
}

impl App {
    /// Puts `options`, which are those of a submission, in the place of the options of a draft.
    pub async fn set_options(
        &self,
        office: &Arc<Office>,
        asker: Asker<'_>,
        id: &str,
        revision: u64,
        mut options: Map<String, Value>,
    ) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        options.insert("template".to_owned(), draft.template.into());
        let request = Submission::read(Value::Object(options))?.request()?;
        self.set_request(office, asker, id, revision, request).await
    }

    /// Makes a batch of a list, or a draft that waits for an approver; the draft's id.
    pub async fn hand_in(&self, office: &Arc<Office>, by: &Principal, handed: Handed<'_>) -> Result<(String, Submitted), AppError> {
        let Handed { submission, path, name, key } = handed;
        let request = submission.request()?;
        let organisation = self.own_organisation(submission.organisation.as_deref(), by)?;
        let asker = Asker { name: &by.name, organisation: by.organisation.as_deref() };
        let (key, key_digest) = key.unzip();
        let new = NewDraft { template: submission.template.clone(), organisation, key, key_digest };
        let draft = self.create_draft(office, asker, new).await?;
        match (draft.state, &draft.batch) {
            (DraftState::Submitted, Some(batch)) => return Ok((draft.id.clone(), Submitted::Batch(batch.clone()))),
            (DraftState::Waiting, _) => return Ok((draft.id, Submitted::Waiting)),
            _ => {}
        }
        let id = draft.id;
        let made = async {
            let draft = self.set_request(office, asker, &id, draft.revision, request).await?;
            let draft = self.upload(office, asker, &id, draft.revision, path, name).await?;
            self.submit_draft(office, asker, &id, draft.revision).await
        };
        match made.await {
            // Whoever sent it has been told what is wrong and sends another: nobody corrects this one by hand.
            Err(AppError::Input(problems)) => {
                self.discard_draft(office, &id).await?;
                Err(AppError::Input(problems))
            }
            made => Ok((id, made?)),
        }
    }

    /// Batches that `asker` sees, with their counts, the newest first: those before the batch `after`.
    pub async fn find_batches(
        &self,
        office: &Office,
        asker: &Principal,
        filter: BatchFilter<'_>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(Batch, Tally)>, AppError> {
        let filter = BatchFilter { organisation: asker.organisation.as_deref(), ..filter };
        let mut all = Vec::new();
        for batch in office.store.find_batches(&filter, after, limit).await? {
            let tally = office.store.tally(&batch.id).await?;
            all.push((batch, tally));
        }
        Ok(all)
    }

    /// Records of a batch from position `from` on, as they stand.
    pub async fn standings(&self, office: &Office, batch: &Batch, from: u64, limit: u32) -> Result<Vec<Standing>, AppError> {
        Ok(office.store.standings(&batch.id, from, limit).await?)
    }
}
