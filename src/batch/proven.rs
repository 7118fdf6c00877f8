//! The proof of a record's document: which facts are signed, and what makes two documents the same certificate.
//!
//! Owns the identity. The code covers what the certificate says, not how it looks: the print on stock, the picture for the
//! screen and the same record set anew by a later version bear one code.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::proof::{Facts, Issuer, Proof};
use crate::template::Template;
use crate::template::words::Filled;

/// The field of a document's number, for templates that do not say what is signed.
const NUMBER: &str = "so";

/// What is known of a record when its proof is made.
pub struct Proven<'a> {
    /// The template.
    pub template: &'a Template,
    /// The organisation as templates see it.
    pub organisation: &'a Value,
    /// The complete record.
    pub record: &'a Map<String, Value>,
    /// Its words.
    pub filled: &'a Filled,
    /// A name a person recognises it by.
    pub label: &'a str,
    /// Its own part of the virtual JSON file.
    pub content: &'a Value,
}

impl Proven<'_> {
    /// The proof by `issuer`, when the document bears a QR code.
    pub fn proof(&self, issuer: &Issuer) -> Option<Proof> {
        self.filled.qr.as_ref()?;
        Some(issuer.prove(&self.identity(), self.facts()))
    }

    fn facts(&self) -> Facts {
        let Self { template, organisation, record, filled, label, .. } = self;
        let [title, number, holder] = filled.statement.clone().unwrap_or_else(|| {
            let number = record.get(NUMBER).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let number = number.filter(|text| text != "null").unwrap_or_default();
            [template.contract.title.clone(), number, (*label).to_owned()]
        });
        let date = record.get("ngay").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let issuer = organisation["ten"].as_str().unwrap_or_default().to_owned();
        let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Facts { title: one_line(title), number: one_line(number), date, issuer: one_line(issuer), holder: one_line(holder) }
    }

    fn identity(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let issuer = self.organisation["ten"].as_str().unwrap_or_default();
        for part in [&self.template.manifest.name, issuer, &self.content.to_string()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }
}
