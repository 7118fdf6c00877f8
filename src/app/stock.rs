//! Changing the stock of an office from a page: sheets, what they carry already, where each field stands.
//!
//! Owns what becomes of these forms in `vanthu.toml`; whether a field lies on its sheet is the configuration's to say.

use toml_edit::{Array, Item, Table};

use super::configure::{key_problem, set_text, table};
use super::office::Office;
use super::{App, AppError};
use crate::access::Principal;
use crate::config::rewrite::set;
use crate::config::stock::StockField;
use crate::diagnostic::Diagnostic;
use crate::say;

/// A sheet of stock, as a form gives it.
#[derive(Debug, Clone, Default)]
pub struct SheetForm {
    /// Name for people.
    pub title: String,
    /// Width in millimetres.
    pub width_mm: f64,
    /// Height in millimetres.
    pub height_mm: f64,
    /// What it carries already.
    pub preprinted: Vec<String>,
}

impl App {
    /// Changes a kind of stock, or adds it.
    pub async fn save_stock(
        &self,
        office: &Office,
        version: &str,
        key: &str,
        form: &SheetForm,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        if let Some(problem) = key_problem(key).filter(|_| !self.configuration().stocks.contains_key(key)) {
            return Err(vec![problem].into());
        }
        self.reconfigure(office, version, actor, &format!("stocks.{key}"), |document| {
            let own = table(document.as_table_mut(), &["stocks", key]);
            set_text(own, "title", &form.title);
            set_number(own, "width_mm", Some(form.width_mm));
            set_number(own, "height_mm", Some(form.height_mm));
            let there = own.get("preprinted").and_then(Item::as_array);
            let wanted = form.preprinted.iter().map(String::as_str);
            if !there.is_some_and(|there| there.iter().map(|part| part.as_str().unwrap_or_default()).eq(wanted.clone())) {
                set(own, "preprinted", Array::from_iter(wanted));
            }
        })
        .await
    }

    /// Forgets a kind of stock with all its fields.
    pub async fn remove_stock(&self, office: &Office, version: &str, key: &str, actor: &Principal) -> Result<bool, AppError> {
        self.reconfigure(office, version, actor, &format!("stocks.{key}"), |document| {
            if let Some(stocks) = document.get_mut("stocks").and_then(Item::as_table_like_mut) {
                stocks.remove(key);
            }
        })
        .await
    }

    /// Changes where a field stands on a stock and how it looks, or adds it; what is not given follows the template.
    pub async fn save_stock_field(
        &self,
        office: &Office,
        version: &str,
        key: &str,
        name: &str,
        field: &StockField,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        if let Some(font) = &field.font
            && let Some(problem) = self.font_problem(font)?
        {
            return Err(vec![problem].into());
        }
        self.reconfigure(office, version, actor, &format!("stocks.{key}.fields.{name}"), |document| {
            let own = table(document.as_table_mut(), &["stocks", key, "fields", name]);
            for (name, number) in [
                ("x", field.x),
                ("y", field.y),
                ("width", field.width),
                ("height", field.height),
                ("size", field.size),
                ("min_size", field.min_size),
            ] {
                set_number(own, name, number);
            }
            for (name, text) in [("font", &field.font), ("align", &field.align), ("style", &field.style), ("colour", &field.colour)] {
                set_text(own, name, text.as_deref().unwrap_or_default());
            }
            match field.visible {
                Some(false) => set(own, "visible", false),
                _ => drop(own.remove("visible")),
            }
        })
        .await
    }

    /// What is wrong with the name of a font; nothing when there is one.
    pub fn font_problem(&self, font: &str) -> Result<Option<Diagnostic>, AppError> {
        let faces = self.fonts()?;
        if faces.iter().any(|face| face.family == font) {
            return Ok(None);
        }
        let mut families: Vec<&str> = faces.iter().map(|face| face.family.as_str()).collect();
        families.sort_unstable();
        families.dedup();
        let known = families.join(", ");
        let problem = Diagnostic::error("font-unknown", say!("không có phông “{font}”", "there is no font “{font}”"));
        Ok(Some(problem.remedy(say!("các phông: {known}", "fonts: {known}"))))
    }

    /// Lets a field follow the template again.
    pub async fn remove_stock_field(
        &self,
        office: &Office,
        version: &str,
        key: &str,
        name: &str,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        self.reconfigure(office, version, actor, &format!("stocks.{key}.fields.{name}"), |document| {
            let stock = document.get_mut("stocks").and_then(|stocks| stocks.get_mut(key));
            if let Some(fields) = stock.and_then(|stock| stock.get_mut("fields")).and_then(Item::as_table_like_mut) {
                fields.remove(name);
            }
        })
        .await
    }
}

/// A number as it stands there stays as it was written.
fn set_number(own: &mut Table, name: &str, number: Option<f64>) {
    let Some(number) = number else {
        own.remove(name);
        return;
    };
    let there = own.get(name).and_then(|item| item.as_float().or_else(|| item.as_integer().map(|whole| whole as f64)));
    if there != Some(number) {
        set(own, name, number);
    }
}
