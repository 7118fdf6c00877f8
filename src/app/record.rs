//! A planned record as the store keeps it, and as a worker is given it.
//!
//! Owns the two forms, so that what is looked at before the start is set like what the batch makes.

use crate::batch::entry::Entry;
use crate::store::batches::NewRecord;
use crate::store::records::Claimed;

/// The record as the store takes it.
pub(super) fn new_record(entry: Entry) -> NewRecord {
    NewRecord {
        number: entry.number,
        label: entry.label,
        file: entry.file,
        title: entry.title,
        date: entry.date.map(|date| date.to_string()),
        qr: entry.qr,
        digest: entry.digest,
        content: entry.content.to_string(),
        mail: entry.mail.map(|mail| serde_json::to_string(&mail).expect("a message is plain data")),
        identity: entry.identity,
        places: serde_json::to_string(&entry.places).expect("places are plain data"),
        claim: entry.claim,
        proof: entry.proof.map(super::verification::new_proof),
    }
}

/// The record as a worker would be given it.
pub(super) fn claimed(entry: &Entry) -> Claimed {
    let record = new_record(entry.clone());
    Claimed {
        batch: String::new(),
        number: record.number,
        position: 0,
        epoch: 0,
        attempts: 1,
        claimed_at: 0,
        label: record.label,
        file: record.file,
        title: record.title,
        date: record.date,
        qr: record.qr,
        digest: record.digest,
        content: record.content,
        places: record.places,
    }
}
