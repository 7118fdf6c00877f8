//! The same people twice: documents that stand already for the records of a list.
//!
//! Owns what is asked of the store and how it is told. Two records are the same when the fields of their contract's key are,
//! which for a certificate includes the decision; a document that was revoked or replaced stands no longer, and what the same
//! output folder holds is the same batch again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::office::DATABASE_FILE;
use super::{App, AppError, Prepared};
use crate::app::office::{Office, Opening};
use crate::batch::Request;
use crate::batch::entry::Entry;
use crate::diagnostic::{Diagnostic, Severity};
use crate::say;
use crate::store::{Store, StoreError};
use crate::template::contract::Scope;

/// The code of what is told.
pub const ISSUED: &str = "already-issued";
/// People, and values that they share, that are named.
const NAMED_MAX: usize = 3;

/// The records of a list by what makes them the same as others.
#[derive(Default)]
pub(super) struct Identities {
    /// The label of each, and the values that it shares with its list.
    of: BTreeMap<String, (String, Option<String>)>,
}

impl Identities {
    /// Remembers a record.
    pub(super) fn take(&mut self, prepared: &Prepared, entry: &Entry) {
        let Some(identity) = &entry.identity else { return };
        let contract = &prepared.template.contract;
        let shared = contract.duplicate_key.iter().filter_map(|name| contract.field(name)).find(|field| field.scope == Scope::Common);
        let shared = shared.and_then(|field| match &entry.content["du_lieu"][&field.name] {
            Value::String(text) => Some(format!("{} {text}", lower_first(&field.title))),
            _ => None,
        });
        self.of.insert(identity.clone(), (entry.label.clone(), shared));
    }

    /// What is to be said of those for whom a document stands; none when there is none.
    pub(super) async fn told(&self, prepared: &Prepared, store: &Store, folder: &str) -> Result<Option<Diagnostic>, StoreError> {
        let wanted: Vec<String> = self.of.keys().cloned().collect();
        let organisation = prepared.organisation_key.as_deref();
        let standing = store.standing(&prepared.template.manifest.name, organisation, folder, &wanted).await?;
        let found: BTreeSet<&String> = standing.iter().map(|one| &one.identity).collect();
        if found.is_empty() {
            return Ok(None);
        }
        let all: Vec<&(String, Option<String>)> = found.iter().filter_map(|identity| self.of.get(*identity)).collect();
        let some = |mut texts: Vec<&str>| {
            texts.sort_unstable();
            texts.dedup();
            let more = if texts.len() > NAMED_MAX { ", …" } else { "" };
            texts.truncate(NAMED_MAX);
            texts.join(", ") + more
        };
        let shared = some(all.iter().filter_map(|(_, shared)| shared.as_deref()).collect());
        let names = some(all.iter().map(|(label, _)| label.as_str()).collect());
        let numbers = standing.iter().filter_map(|one| one.number);
        let count = found.len();
        let title = &prepared.template.manifest.title;
        let (by_vi, by_en) = if shared.is_empty() { Default::default() } else { (format!(" theo {shared}"), format!(" for {shared}")) };
        let (of_vi, of_en) = match (numbers.clone().min(), numbers.max()) {
            (Some(first), Some(last)) if first == last => (format!(" (số {first})"), format!(" (number {first})")),
            (Some(first), Some(last)) => (format!(" (số {first}–{last})"), format!(" (numbers {first}–{last})")),
            _ => Default::default(),
        };
        let (vi, en) = (&title.vi, &title.en);
        let message = say!(
            "{count} người đã có {vi} còn hiệu lực{by_vi}{of_vi}: {names}",
            "{count} of them have a valid document “{en}” already{by_en}{of_en}: {names}"
        );
        Ok(Some(Diagnostic::warning(ISSUED, message).remedy(say!(
            "nếu là nộp nhầm lần nữa thì đừng làm; muốn cấp lại thì thu hồi văn bản cũ trước",
            "if the list was handed in by mistake, do not make it; to issue anew, revoke the old documents first"
        ))))
    }
}

impl App {
    /// What stands already, for a look at a request that opens no office of its own and changes none.
    pub(super) async fn issued_before(&self, request: &Request, prepared: &Prepared, identities: &Identities) -> Option<Diagnostic> {
        let folder = self.workspace.folder.as_deref()?;
        let has_store = folder.join(DATABASE_FILE).exists() || self.workspace.config.store.url(folder).is_ok_and(|url| url.is_some());
        if !has_store {
            return None;
        }
        // A check is worth having while the store is away.
        let office = self.office(Some(&request.output), Opening::Beside).await.ok()?;
        let told = identities.told(prepared, &office.store, &office.key_of(&request.output)).await;
        office.store.close().await;
        told.ok().flatten()
    }

    /// As a note of a run, which goes on.
    pub(super) async fn issued_note(
        &self,
        prepared: &Prepared,
        store: &Store,
        folder: &str,
        identities: &Identities,
    ) -> Result<Option<Diagnostic>, AppError> {
        let told = identities.told(prepared, store, folder).await?;
        Ok(told.map(|told| Diagnostic { severity: Severity::Notice, ..told }))
    }

    /// As a warning of a draft, which a person must have seen.
    pub(super) async fn issued_warning(
        &self,
        office: &Office,
        request: &Request,
        prepared: &Prepared,
        identities: &Identities,
    ) -> Result<Option<Diagnostic>, AppError> {
        identities.told(prepared, &office.store, &office.key_of(&request.output)).await.map_err(AppError::from)
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
