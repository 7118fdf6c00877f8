//! Links that open one document to whoever holds them, for a while.
//!
//! Owns the text of a link: which secret signed it, its own id, the document, when it ends, what it allows, and the
//! HMAC-SHA256 over all of these. Nothing of it can be changed without the secret; that it was taken back is the store's to
//! know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// The longest life of a link, in seconds.
pub const LIFE_MAX: i64 = 7 * 24 * 60 * 60;

/// What a link allows: fetching the PDF.
pub const SCOPE: &str = "pdf";

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The secret that signs it.
    pub key: String,
    /// Its own id.
    pub id: String,
    /// The document.
    pub document: String,
    /// When it ends, seconds since 1970.
    pub expires: i64,
}

/// Why a link opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It was not made here, or was changed.
    Forged,
    /// Its time is over.
    Expired,
}

impl Link {
    /// The signed text: letters, digits, `-`, `_` and `.` only.
    pub fn seal(&self, secret: &[u8]) -> String {
        format!("{}.{}", self.said(), URL_SAFE_NO_PAD.encode(self.tag(secret)))
    }

    /// What a text claims to say; not believed before [`Self::verify`] has been asked. None for what is no link at all.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (key, id, document, expires, scope) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_id = |part: &str| part.len() == 26 && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if parts.next().is_none() || parts.next().is_some() || scope != SCOPE || ![key, id, document].into_iter().all(is_id) {
            return None;
        }
        let expires = expires.parse().ok()?;
        Some(Self { key: key.to_owned(), id: id.to_owned(), document: document.to_owned(), expires })
    }

    /// Holds the text that this link was [read](Self::read) from against the secret and the time, seconds since 1970.
    pub fn verify(&self, text: &str, secret: &[u8], now: i64) -> Result<(), Fault> {
        if !super::token::equal(text.as_bytes(), self.seal(secret).as_bytes()) {
            return Err(Fault::Forged);
        }
        // One that lives too long was made by a clock, or a program, that is not to be trusted.
        if now >= self.expires || self.expires - now > LIFE_MAX {
            return Err(Fault::Expired);
        }
        Ok(())
    }

    fn said(&self) -> String {
        format!("{}.{}.{}.{}.{SCOPE}", self.key, self.id, self.document, self.expires)
    }

    fn tag(&self, secret: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), self.said().as_bytes())
    }
}
