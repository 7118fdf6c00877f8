//! A record that planning accepted, ready to be kept and rendered.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use super::addressed::Addresses;
use crate::diagnostic::Place;
use crate::message::letter::Addressed;
use crate::proof::Proof;
use crate::store::registers::Claim;

/// A record that is ready to render.
#[derive(Debug, Clone)]
pub struct Entry {
    /// One-based number in the list.
    pub number: u64,
    /// A name a person recognises it by.
    pub label: String,
    /// File name with extension.
    pub file: String,
    /// Title inside the PDF.
    pub title: String,
    /// The document's own date.
    pub date: Option<Date>,
    /// Text of the QR code.
    pub qr: Option<String>,
    /// SHA-256 of everything that decides the document's bytes.
    pub digest: String,
    /// What makes it the same record in a later list: the digest of its contract's key.
    pub identity: Option<String>,
    /// Where the record, under the empty name, and each of its fields stand in the data file, for what the page finds.
    pub places: BTreeMap<String, Place>,
    /// What it says to its recipients, when it is sent.
    pub mail: Option<Addressed>,
    /// How its addresses look, whether anything is sent or not.
    pub addresses: Addresses,
    /// The number that it takes in a register.
    pub claim: Option<Claim>,
    /// What its document bears, when it can be verified.
    pub proof: Option<Proof>,
    /// Its own part of the virtual JSON file: `du_lieu` and `loi_van`. The rest is the batch's.
    pub content: Value,
}
