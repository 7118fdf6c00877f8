//! What the file of a draft itself says of the values that all its documents share.
//!
//! Owns finding them before a check can: a sheet “Chung” that lacks one value refuses the file, and what it has is in force all
//! the same.

use std::collections::BTreeMap;

use super::Draft;
use crate::app::office::Office;
use crate::app::{App, AppError};
use crate::data::transcript::{Line, Row};
use crate::data::{COMMON_SHEET, field_named};
use crate::store::draft_rows::Window;
use crate::template::contract::{Contract, Shape};

/// Rows of the sheet of common values that are read; no template has as many.
const ROWS_MAX: u32 = 500;

impl App {
    /// By the names of fields: what the sheet of common values says; of a JSON file that is one record, what the record says.
    pub async fn given_values(&self, office: &Office, draft: &Draft, contract: &Contract) -> Result<BTreeMap<String, String>, AppError> {
        let Some(file) = &draft.file else { return Ok(BTreeMap::new()) };
        let is_record = file.form.is_json() && contract.shape() == Shape::Form;
        let mut given = BTreeMap::new();
        for sheet in office.store.draft_sheets(&draft.id, draft.upload).await? {
            let is_common = matches!(Line::parse(&sheet.content), Some(Line::Sheet(line)) if line.name == COMMON_SHEET);
            if !is_common && !is_record {
                continue;
            }
            let limit = if is_record { 1 } else { ROWS_MAX };
            let rows = office.store.draft_rows(&draft.id, draft.upload, sheet.sheet, Window::From(0), limit).await?;
            for row in rows.iter().filter_map(|row| Row::parse(&row.content)) {
                let values: Vec<(usize, String)> = if is_record {
                    (0..contract.fields.len()).map(|field| (field, row.shown_field(&contract.fields, field).0)).collect()
                } else {
                    field_named(&row.shown(0), &contract.fields).map(|field| (field, row.shown(1))).into_iter().collect()
                };
                for (field, value) in values.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
                    given.entry(contract.fields[field].name.clone()).or_insert_with(|| value.trim().to_owned());
                }
            }
        }
        Ok(given)
    }
}
