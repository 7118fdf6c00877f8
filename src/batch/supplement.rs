//! Corrected rows that come back to the batch which had refused them.
//!
//! Owns what planning must know of the rest of the list: file names that are taken, people who are there, the order, and the
//! numbers that the rows had. The batch that is planned so has all records of the list; what stands already is kept.

use std::collections::HashSet;

use serde_json::Value;

use super::order::{Key, NameOrder};
use super::planned::{Planned, Rejected};
use crate::data::Original;
use crate::store::{Store, StoreError};

/// Records read at once from the store.
const PAGE: u32 = 1_000;

/// The batch that corrected rows complete.
#[derive(Debug)]
pub struct Earlier {
    /// Its id.
    pub batch: String,
    planned: Planned,
    records: Vec<Known>,
}

/// What is kept in memory of an accepted record.
#[derive(Debug)]
struct Known {
    number: u64,
    file: String,
    identity: Option<String>,
    key: Option<Key>,
}

impl Earlier {
    /// Reads the records of `batch`, of which `planned` tells what planning had found.
    pub async fn read(store: &Store, batch: &str, planned: Planned, order: Option<&NameOrder>) -> Result<Self, StoreError> {
        let mut records: Vec<Known> = Vec::new();
        loop {
            let from = records.last().map_or(0, |record| record.number + 1);
            let page = store.listed(batch, from, PAGE).await?;
            if page.is_empty() {
                return Ok(Self { batch: batch.to_owned(), planned, records });
            }
            for listed in page {
                let content: Value = serde_json::from_str(&listed.content).unwrap_or_default();
                let record = content["du_lieu"].as_object();
                let key = order.zip(record).map(|(order, record)| order.key(record));
                records.push(Known { number: listed.number, file: listed.file, identity: listed.identity, key });
            }
        }
    }

    /// The sorting keys of its records with their numbers.
    pub fn keys(&self) -> impl Iterator<Item = (Option<Key>, u64)> + '_ {
        self.records.iter().map(|record| (record.key.clone(), record.number))
    }

    /// File names without extension.
    pub fn stems(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|record| record.file.trim_end_matches(".pdf"))
    }

    /// What makes its records the same in another list, with their numbers.
    pub fn identities(&self) -> impl Iterator<Item = (&str, u64)> {
        self.records.iter().filter_map(|record| Some((record.identity.as_deref()?, record.number)))
    }

    /// The numbers that its refused rows may have back.
    pub fn numbers(&self) -> Numbers {
        let refused: HashSet<u64> = self.planned.rejected_rows.iter().map(|row| row.number).collect();
        let last = refused.iter().copied().chain(self.records.last().map(|record| record.number)).max().unwrap_or_default();
        Numbers { refused, last }
    }

    /// Adds to what planning the corrected rows found what is true of the rest: its records, and its refused rows that did not
    /// come back.
    pub fn carry_over(&self, planned: &mut Planned) {
        planned.accepted += self.records.len() as u64;
        let back: HashSet<u64> = planned.order.iter().copied().chain(planned.rejected_rows.iter().map(|row| row.number)).collect();
        for row in self.planned.rejected_rows.iter().filter(|row| !back.contains(&row.number)) {
            let original = if row.original.is_empty() { Vec::new() } else { self.under(&planned.headings, row) };
            planned.rejected_rows.push(Rejected { original, ..row.clone() });
            planned.rejected += 1;
        }
        planned.rejected_rows.sort_by_key(|row| row.number);
    }

    /// The cells of a row under `headings`, which the clerk may have put into another order.
    fn under(&self, headings: &[String], row: &Rejected) -> Vec<Original> {
        let cell = |heading: &String| {
            let column = self.planned.headings.iter().position(|known| known == heading)?;
            row.original.get(column).cloned()
        };
        headings.iter().map(|heading| cell(heading).unwrap_or_else(|| Original::Text(String::new()))).collect()
    }
}

/// Gives each corrected row the number that it has in the list.
#[derive(Debug)]
pub struct Numbers {
    refused: HashSet<u64>,
    last: u64,
}

impl Numbers {
    /// The number of a row that says it was `listed`; a row that was added, or copied, comes after all others.
    pub fn of(&mut self, listed: Option<u64>) -> u64 {
        if let Some(number) = listed.filter(|number| self.refused.remove(number)) {
            return number;
        }
        self.last += 1;
        self.last
    }
}
