//! The message of a record as its recipients will read it, before it goes; and how its document goes with it, while that can
//! still be changed.

use super::complete::stored;
use super::office::Office;
use super::{App, AppError};
use crate::diagnostic::Diagnostic;
use crate::message::letter::{Addressed, Attach, MailTerms};
use crate::say;
use crate::store::StoreError;
use crate::store::batches::Batch;

/// The message of a record.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The record's number in the list.
    pub number: u64,
    /// A name a person recognises.
    pub label: String,
    /// File name of its document.
    pub file: String,
    /// Is the document made?
    pub made: bool,
    /// Recipients, subject, text.
    pub addressed: Addressed,
    /// The records with a message beside it, in the order of printing.
    pub beside: (Option<u64>, Option<u64>),
}

/// The terms of a batch's messages; none when it has none.
pub(super) fn terms_of(batch: &Batch) -> Result<Option<MailTerms>, AppError> {
    let setting: serde_json::Value = stored(&batch.setting, "setting")?;
    Ok(serde_json::from_value(setting["mail"].clone()).ok())
}

impl App {
    /// The message of record `number` of a batch, or of the first that has one.
    pub async fn letter(&self, office: &Office, batch: &Batch, number: Option<u64>) -> Result<(Letter, MailTerms), AppError> {
        let terms = terms_of(batch)?.ok_or_else(|| none(batch))?;
        let position = match number {
            Some(number) => office.store.position(&batch.id, number).await?,
            None => office.store.mailed_beside(&batch.id, None).await?.1.map(|(position, _)| position).ok_or_else(|| none(batch))?,
        };
        let standing = office.store.standings(&batch.id, position, 1).await?.into_iter().next().ok_or_else(|| none(batch))?;
        let Some(mail) = &standing.mail else {
            return Err(AppError::Input(vec![
                Diagnostic::error(
                    "letter-none",
                    say!("mục này không có địa chỉ thư, nên không gửi cho ai", "this record has no address, so nothing is sent"),
                )
                .with_value(&standing.label),
            ]));
        };
        let (before, after) = office.store.mailed_beside(&batch.id, Some(position)).await?;
        let letter = Letter {
            number: standing.number,
            label: standing.label.clone(),
            file: standing.file.clone(),
            made: standing.document.is_some(),
            addressed: stored(mail, "mail")?,
            beside: (before.map(|(_, number)| number), after.map(|(_, number)| number)),
        };
        Ok((letter, terms))
    }

    /// Changes whether the documents of a batch go as files or as links, while its messages are held; false when they are not any
    /// more.
    pub async fn set_attach(&self, office: &Office, batch: &Batch, attach: Attach, actor: &str) -> Result<bool, AppError> {
        let mut setting: serde_json::Value = stored(&batch.setting, "setting")?;
        let terms = terms_of(batch)?.ok_or_else(|| none(batch))?;
        if attach == Attach::Link && self.links().is_none() {
            return Err(AppError::Input(vec![
                Diagnostic::error("attach-link", say!("chưa gửi được liên kết", "links cannot be sent yet"))
                    .remedy(say!("khai báo [service] url trong vanthu.toml", "declare [service] url in vanthu.toml")),
            ]));
        }
        setting["mail"] = serde_json::to_value(MailTerms { attach, ..terms }).map_err(|_| AppError::Damaged { what: "setting" })?;
        let changed = office.store.change_held_setting(&batch.id, &batch.setting, &setting.to_string()).await?;
        if changed {
            let how = if attach == Attach::Link { "link" } else { "file" };
            office.store.audit(actor, "batch.attach", &batch.id, how).await?;
        }
        Ok(changed)
    }
}

fn none(batch: &Batch) -> AppError {
    StoreError::Unknown { what: format!("messages of batch {}", batch.id) }.into()
}
