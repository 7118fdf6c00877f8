//! A message as it is frozen in the outbox, so that every attempt repeats the same bytes.
//!
//! Owns that value and composing it with the delivery's id and the documents. The words were filled when the record was
//! planned; nothing is filled here.

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use super::address::Address;
pub use super::compose::Link;
use super::compose::{Attachment, Composed, Enclosure, Letter, Mailbox, compose};
use crate::diagnostic::Diagnostic;

/// What a record says to its recipients: filled when it is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// The recipients, each with a message of their own.
    pub to: Vec<String>,
    /// The name beside the address.
    pub to_name: Option<String>,
    /// Subject, plain text.
    pub subject: String,
    /// Plain body.
    pub plain: String,
    /// HTML body.
    pub html: Option<String>,
}

/// How a document reaches its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attach {
    /// As a file; as a link when the message would be too large for the relay.
    #[default]
    Auto,
    /// As a file, or not at all.
    Attach,
    /// As a link.
    Link,
}

/// What a message carries.
#[derive(Debug, Clone)]
pub enum Carried<'a> {
    /// Names with contents, all PDF.
    Files(&'a [(String, Vec<u8>)]),
    /// Links, and the last day on which they answer.
    Links(&'a [Link], civil::Date),
}

/// Who messages of a batch are from, and how they go: kept with the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailTerms {
    /// The relay.
    pub relay: String,
    /// Address that messages are from.
    pub from: String,
    /// Name beside it.
    pub from_name: String,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<String>,
    /// Several documents of one recipient go in one message.
    pub together: bool,
    /// Files or links.
    #[serde(default)]
    pub attach: Attach,
    /// How long a message may wait, in milliseconds.
    pub life: i64,
}

/// Everything that decides a message's bytes but its id and its documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// When it was made, milliseconds since 1970.
    pub date: i64,
    /// Address that it is from.
    pub from: String,
    /// Name beside it.
    pub from_name: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// The one recipient.
    pub to: String,
    /// The name beside it.
    pub to_name: Option<String>,
    /// Subject, plain text.
    pub subject: String,
    /// Plain body.
    pub plain: String,
    /// HTML body.
    pub html: Option<String>,
    /// Files or links.
    #[serde(default)]
    pub attach: Attach,
}

impl Frozen {
    /// The message to `to`, dated `date`.
    pub fn of(terms: &MailTerms, addressed: &Addressed, to: &str, date: i64) -> Self {
        Self {
            date,
            from: terms.from.clone(),
            from_name: terms.from_name.clone(),
            reply_to: terms.reply_to.clone(),
            to: to.to_owned(),
            to_name: addressed.to_name.clone(),
            subject: addressed.subject.clone(),
            plain: addressed.plain.clone(),
            html: addressed.html.clone(),
            attach: terms.attach,
        }
    }

    /// The message's bytes.
    pub fn compose(&self, id: &str, carried: &Carried<'_>) -> Result<Composed, Vec<Diagnostic>> {
        let address = |text: &str| Address::parse(text).map_err(|problem| vec![*problem]);
        let from = Mailbox { name: Some(self.from_name.clone()).filter(|name| !name.is_empty()), address: address(&self.from)? };
        let reply_to = self.reply_to.as_deref().map(address).transpose()?.map(|address| Mailbox { name: None, address });
        let to = Mailbox { name: self.to_name.clone(), address: address(&self.to)? };
        let files = if let Carried::Files(files) = carried { *files } else { &[] };
        let attachments: Vec<Attachment<'_>> =
            files.iter().map(|(name, bytes)| Attachment { name, media_type: "application/pdf", bytes }).collect();
        compose(&Letter {
            id,
            date: Timestamp::from_millisecond(self.date).unwrap_or_default(),
            from: &from,
            reply_to: reply_to.as_ref(),
            to: &to,
            subject: &self.subject,
            plain: &self.plain,
            html: self.html.as_deref(),
            enclosure: match carried {
                Carried::Files(_) => Enclosure::Files(&attachments),
                Carried::Links(links, valid_until) => Enclosure::Links { links, valid_until: *valid_until },
            },
        })
    }
}
