//! Links in the place of attachments, for documents that a relay would refuse by their size.
//!
//! Owns when a message becomes one with links, how long they live, and their addresses: each document of a delivery has one
//! link, the same on every attempt, so that a second copy of the message is that message.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use super::SenderError;
use crate::access::link::Link;
use crate::message::letter::Link as LinkTo;
use crate::schedule::recurrence::ZONE_DEFAULT;
use crate::store::Store;
use crate::store::records::Made;

/// Whole days on which a link answers after that of its making.
const DAYS: i64 = 6;
/// Who gives the links, in the audit log.
const ACTOR: &str = "sender";
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Where links lead.
#[derive(Debug, Clone)]
pub struct Links {
    /// The office's address and the path of its links: `https://vanthu.hoi.vn/l/`.
    pub prefix: String,
}

impl Links {
    /// The links to the documents of `delivery`, which end at `until` (milliseconds since 1970).
    pub async fn of(&self, store: &Store, delivery: &str, documents: &[(Made, String)], until: i64) -> Result<Vec<LinkTo>, SenderError> {
        let key = store.link_key().await?;
        let mut links = Vec::new();
        for (position, (document, name)) in documents.iter().enumerate() {
            let id = id_of(delivery, position);
            if store.link(&id).await?.is_none() {
                store.add_link(&id, &document.id, until, ACTOR).await?;
            }
            let link = Link { key: key.id.clone(), id, document: document.id.clone(), expires: until / 1_000 };
            links.push(LinkTo { name: name.clone(), url: format!("{}{}", self.prefix, link.seal(&key.secret)) });
        }
        Ok(links)
    }
}

/// When links that are made now end: with the last of their days in Viet Nam, milliseconds since 1970.
pub fn end_of_links(now: i64) -> i64 {
    let zone = TimeZone::get(ZONE_DEFAULT).unwrap_or(TimeZone::UTC);
    let end = || {
        let last = Timestamp::from_millisecond(now).ok()?.to_zoned(zone).date().checked_add(DAYS.days()).ok()?;
        last.at(23, 59, 59, 0).in_tz(ZONE_DEFAULT).ok().map(|end| end.timestamp().as_millisecond())
    };
    end().unwrap_or(now + DAYS * DAY)
}

/// The day that a letter names for links that end at `until`.
pub fn last_day(until: i64) -> Date {
    let zone = TimeZone::get(ZONE_DEFAULT).unwrap_or(TimeZone::UTC);
    Timestamp::from_millisecond(until).unwrap_or_default().to_zoned(zone).date()
}

fn id_of(delivery: &str, position: usize) -> String {
    let digest = Sha256::digest(format!("{delivery} {position}").as_bytes());
    digest.iter().take(13).map(|byte| format!("{byte:02X}")).collect()
}
