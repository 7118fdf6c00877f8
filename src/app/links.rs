//! Links to single documents: given, looked at, opened, taken back.
//!
//! Owns the use-cases. A link opens while it is signed here, its time is not over, it was not taken back, and its document
//! still stands. Everything else looks alike to whoever holds a text that opens nothing.

use super::office::Office;
use super::{App, AppError};
use crate::access::link::{Fault, LIFE_MAX, Link};
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::store::StoreError;
use crate::store::links::LinkRow;
use crate::store::search::Found;

/// The page of a link, before its text.
pub const PATH: &str = "/l/";

/// The state in which a document may be fetched.
const STORED: &str = "stored";

/// A link that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its id, for taking it back.
    pub id: String,
    /// Path with the signed text; the site's own address stands before it.
    pub path: String,
    /// When it ends, milliseconds since 1970.
    pub expires_at: i64,
}

/// What a link opens, or why it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// This document.
    Document {
        /// The link.
        link: Link,
        /// The document.
        document: Box<Found>,
    },
    /// Nothing any more: its time is over, it was taken back, or its document was.
    Over,
    /// Nothing, and never did.
    Unknown,
}

impl App {
    /// Makes a link to a document that stands; it lives for `seconds`.
    pub async fn give_link(&self, office: &Office, document: &str, seconds: i64, actor: &str) -> Result<Given, AppError> {
        if !(60..=LIFE_MAX).contains(&seconds) {
            return Err(AppError::Input(vec![
                Diagnostic::error("link-life", say!("liên kết sống từ 1 phút đến 7 ngày", "a link lives from one minute to seven days"))
                    .with_value(seconds.to_string()),
            ]));
        }
        let found = office.store.found_document(document).await?;
        if found.state != STORED {
            return Err(StoreError::Refused { what: format!("document {document}"), state: found.state }.into());
        }
        let (id, key, now) = (office.store.new_id().await?, office.store.link_key().await?, office.store.now().await?);
        let link = Link { key: key.id.clone(), id, document: document.to_owned(), expires: now / 1_000 + seconds };
        let expires_at = link.expires * 1_000;
        office.store.add_link(&link.id, document, expires_at, actor).await?;
        Ok(Given { path: format!("{PATH}{}", link.seal(&key.secret)), id: link.id, expires_at })
    }

    /// What the text of a link opens now.
    pub async fn look_at_link(&self, office: &Office, text: &str) -> Result<Opened, AppError> {
        let Some(link) = Link::read(text) else { return Ok(Opened::Unknown) };
        let Some(key) = office.store.link_key_of(&link.key).await? else { return Ok(Opened::Unknown) };
        match link.verify(text, &key.secret, office.store.now().await? / 1_000) {
            Err(Fault::Forged) => return Ok(Opened::Unknown),
            Err(Fault::Expired) => return Ok(Opened::Over),
            Ok(()) => {}
        }
        match office.store.link(&link.id).await? {
            Some(row) if row.revoked_at.is_none() => {}
            _ => return Ok(Opened::Over),
        }
        match office.store.found_document(&link.document).await {
            Ok(document) if document.state == STORED => Ok(Opened::Document { link, document: Box::new(document) }),
            Ok(_) | Err(StoreError::Unknown { .. }) => Ok(Opened::Over),
            Err(error) => Err(error.into()),
        }
    }

    /// The file that a link opens, with the fetch noted; none when it opens nothing (any more).
    pub async fn open_link(&self, office: &Office, text: &str) -> Result<Option<(Found, Vec<u8>)>, AppError> {
        let Opened::Document { link, document } = self.look_at_link(office, text).await? else { return Ok(None) };
        let bytes = self.document_bytes(office, &document).await?;
        office.store.open_link(&link.id, &document.id).await?;
        Ok(Some((*document, bytes)))
    }

    /// The links of a document, the newest first.
    pub async fn links_of(&self, office: &Office, document: &str) -> Result<Vec<LinkRow>, AppError> {
        Ok(office.store.links_of(document).await?)
    }

    /// Takes one link of a document back, or all; how many.
    pub async fn revoke_links(&self, office: &Office, document: &str, id: Option<&str>, actor: &str) -> Result<u64, AppError> {
        Ok(office.store.revoke_links(document, id, actor).await?)
    }
}
