//! Documents after they are made: finding one among all, its history, its bytes.
//!
//! Owns the use-cases behind `/van-ban` and `/api/v1/documents`. A principal that is bound to an organisation finds its
//! documents only; another's does not exist for it.

use std::path::Path;

use super::office::Office;
use super::{App, AppError};
use crate::access::Principal;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::storage::{StorageError, hash_bytes};
use crate::store::StoreError;
use crate::store::audit::Line;
use crate::store::deliveries::Posted;
use crate::store::links::LinkRow;
use crate::store::registers::Entry;
use crate::store::search::{DocumentFilter, Found, Page};

/// Documents of a page, at most.
pub const PAGE_MAX: u32 = 200;
/// Documents counted; above, a list says “more than”.
pub const COUNTED_MAX: u32 = 10_000;
/// Lines of the history, at most.
const HISTORY_MAX: u32 = 200;

/// A page of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The newest first.
    pub documents: Vec<Found>,
    /// There are older ones after the last of them.
    pub older: bool,
    /// There are newer ones before the first of them.
    pub newer: bool,
    /// How many fit in all, counted up to [`COUNTED_MAX`] and one.
    pub count: u64,
}

/// Everything that is known of a document.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The document.
    pub document: Found,
    /// Its line in a register, with the register's key.
    pub entry: Option<(String, Entry)>,
    /// Messages that carried it, the newest first.
    pub deliveries: Vec<Posted>,
    /// Links to it, the newest first.
    pub links: Vec<LinkRow>,
    /// What was done to it, the newest first.
    pub acts: Vec<Line>,
}

impl App {
    /// One page of the documents that fit `filter` and that `asker` sees.
    pub async fn find_documents(
        &self,
        office: &Office,
        asker: &Principal,
        filter: &DocumentFilter,
        page: &Page,
        limit: u32,
    ) -> Result<Listing, AppError> {
        let filter = match &asker.organisation {
            Some(own) if filter.organisation.as_ref().is_some_and(|wanted| wanted != own) => {
                return Ok(Listing { documents: Vec::new(), older: false, newer: false, count: 0 });
            }
            Some(own) => DocumentFilter { organisation: Some(own.clone()), ..filter.clone() },
            None => filter.clone(),
        };
        let limit = limit.clamp(1, PAGE_MAX);
        let (found, count) = tokio::try_join!(
            office.store.find_documents(&filter, page, limit + 1),
            office.store.count_documents(&filter, COUNTED_MAX + 1)
        )?;
        let mut documents = found;
        let more = documents.len() > limit as usize;
        let (older, newer) = match page {
            Page::First => (more, false),
            Page::After(_) => (more, true),
            Page::Before(_) => (true, more),
        };
        if more {
            // The one too many is the farthest from where the page begins.
            if matches!(page, Page::Before(_)) {
                documents.remove(0)
            } else {
                documents.remove(limit as usize)
            };
        }
        Ok(Listing { documents, older, newer, count })
    }

    /// A document that `asker` sees.
    pub async fn document(&self, office: &Office, asker: &Principal, id: &str) -> Result<Found, AppError> {
        let found = match office.store.found_document(id).await {
            Ok(found) if asker.sees(found.organisation.as_deref()) => found,
            Ok(_) => return Err(StoreError::Unknown { what: format!("document {id}") }.into()),
            Err(error) => return Err(error.into()),
        };
        Ok(found)
    }

    /// The document of a record, if there is one that `asker` sees.
    pub async fn document_of_record(
        &self,
        office: &Office,
        asker: &Principal,
        batch: &str,
        record: u64,
    ) -> Result<Option<Found>, AppError> {
        let found = office.store.document_of_record(batch, record).await?;
        Ok(found.filter(|found| asker.sees(found.organisation.as_deref())))
    }

    /// Everything that is known of a document that `asker` sees.
    pub async fn dossier(&self, office: &Office, asker: &Principal, id: &str) -> Result<Dossier, AppError> {
        let document = self.document(office, asker, id).await?;
        let entry = office.store.entry_of(&document.batch, document.record).await?;
        let deliveries = office.store.deliveries_with(id, HISTORY_MAX).await?;
        let links = office.store.links_of(id).await?;
        // A certificate is taken back and replaced under its code, whichever of its files somebody looks at.
        let code = office.store.code_of_document(id).await?;
        let acts = office.store.audit_of(id, code.as_deref(), HISTORY_MAX).await?;
        Ok(Dossier { document, entry, deliveries, links, acts })
    }

    /// The bytes of a document for `asker`, with the fetch noted.
    pub async fn fetch_document(&self, office: &Office, asker: &Principal, document: &Found) -> Result<Vec<u8>, AppError> {
        let bytes = self.document_bytes(office, document).await?;
        office.store.audit(&asker.name, "document.fetch", &document.id, "").await?;
        Ok(bytes)
    }

    /// The bytes of a document, held against its hash: what is not what was made is not given out.
    pub async fn document_bytes(&self, office: &Office, document: &Found) -> Result<Vec<u8>, AppError> {
        let path = office.objects.path(&document.object);
        let sha256 = document.sha256.clone();
        tokio::task::spawn_blocking(move || whole(&path, &sha256)).await.map_err(|_| AppError::Damaged { what: "document" })?
    }
}

/// The bytes at `path`, if they are those that were made.
pub(super) fn whole(path: &Path, sha256: &str) -> Result<Vec<u8>, AppError> {
    let bytes = std::fs::read(path).map_err(StorageError::read(path))?;
    if hash_bytes(&bytes) == sha256 { Ok(bytes) } else { Err(AppError::Damaged { what: "document" }) }
}

/// What is wrong with a day of a filter, if anything; `name` is the filter's.
pub fn day_problem(name: &str, day: &str) -> Option<Diagnostic> {
    let is_day = day.len() == 10 && day.parse::<jiff::civil::Date>().is_ok();
    let message = say!("{name}: không phải ngày theo dạng năm-tháng-ngày", "{name}: is no day of the form year-month-day");
    (!is_day)
        .then(|| Diagnostic::error("date-not-real", message).with_value(day).remedy(say!("ví dụ 2026-05-19", "for example 2026-05-19")))
}
