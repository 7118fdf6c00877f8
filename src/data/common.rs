//! Values that are the same for every record of a batch: from the request and from the sheet “Chung”.
//!
//! Owns [`Common`] and who wins: a record's own value, then the request's, then the sheet's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Context;
use super::cell::SourceRow;
use super::convert::Converter;
use super::font_text::FontText;
use super::headings;
use super::json::{Filler, from_value};
use super::legacy_text::{self, Finding};
use super::notices::Notices;
use super::original::Original;
use super::places::Layout;
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::say;
use crate::template::contract::{Field, Kind, Scope};

/// Name of the sheet of common values.
pub const COMMON_SHEET: &str = "Chung";

/// Headings above the names and values of that sheet.
const TOP: [&str; 4] = ["Mục", "Nội dung", "Tên mục", "Thông tin"];

/// The common values of a batch.
#[derive(Debug, Default)]
pub(super) struct Common {
    values: Map<String, Value>,
    /// The sheet as written: names and values.
    pub(super) written: Vec<(String, Original)>,
    /// Where each value stands, or would: in the sheet, else with the file as a whole.
    pub(super) places: Arc<BTreeMap<String, Place>>,
    /// What is wrong with the values; it concerns every record.
    pub(super) problems: Vec<Diagnostic>,
    /// Fields whose value was given, only badly.
    refused: BTreeSet<String>,
}

impl Common {
    /// The values that came with the request.
    pub(super) fn from_selection(context: &Context<'_>, notices: &mut Notices) -> Self {
        let members = context.selection.common.iter().map(|(name, value)| (name.clone(), from_value(value))).collect();
        let place = |_: &str| Place::File { file: context.file.to_string() };
        let mut filler = Filler { context, notices, place_of: &place, refused: Vec::new(), diagnostics: Vec::new() };
        let values = filler.object(&context.contract.fields, members, "");
        let Filler { refused, diagnostics, .. } = filler;
        let is_common = |field: &&Field| field.scope == Scope::Common || values.get(&field.name).is_some_and(|value| !value.is_null());
        let places = context.contract.fields.iter().filter(is_common).map(|field| (field.name.clone(), place(&field.name))).collect();
        let problems = refused.iter().zip(diagnostics).map(|(pointer, problem)| named(context, pointer, problem)).collect();
        let refused = refused.iter().filter_map(|pointer| pointer.split('/').nth(1)).map(str::to_owned).collect();
        Self { values, places: Arc::new(places), problems, refused, written: Vec::new() }
    }

    /// Is there a value for `field`?
    pub(super) fn has(&self, field: &Field) -> bool {
        self.values.get(&field.name).is_some_and(|value| !value.is_null())
    }

    /// The record of `values`: every field in its order, absent ones from the common values or null. A field in
    /// `refused` (a pointer) stays null, because its own value was given, only badly.
    pub(super) fn complete(&self, fields: &[Field], mut values: Map<String, Value>, refused: &[String]) -> Map<String, Value> {
        let value = |field: &Field| {
            let own = values.remove(&field.name).unwrap_or_default();
            let is_refused = || refused.iter().any(|pointer| pointer.strip_prefix('/').is_some_and(|name| name == field.name));
            match own {
                Value::Null if !is_refused() => self.values.get(&field.name).cloned().unwrap_or_default(),
                own => own,
            }
        };
        let mut value = value;
        fields.iter().map(|field| (field.name.clone(), value(field))).collect()
    }

    /// Adds the sheet of common values: a name in the first column, its value in the second.
    pub(super) fn add_sheet(&mut self, context: &Context<'_>, sheet: &str, rows: &[SourceRow], notices: &mut Notices) {
        let layout = Layout { file: context.file.clone(), sheet: Some(sheet.into()), columns: Vec::new() };
        let fields = &context.contract.fields;
        let decoder = legacy_decoder(rows);
        let given: BTreeSet<String> = fields.iter().filter(|field| self.has(field)).map(|field| field.name.clone()).collect();
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        for (position, row) in rows.iter().enumerate() {
            let name = legacy_text::heading_of(row, 0, None, |text| headings::find_field(text, fields).is_some());
            if name.trim().is_empty() || (position == 0 && TOP.iter().any(|top| headings::key(top) == headings::key(&name))) {
                continue;
            }
            let decoder = decoder.filter(|_| !row.is_settled(1));
            let cell = decoder.map_or_else(|| row.cell(1).clone(), |decoder| row.cell(1).decoded(decoder));
            self.written.push((name.clone(), Original::of(&cell)));
            let name_place = layout.place(row.number, Some((0, "")));
            let Some(field) = headings::find_field(&name, fields).map(|index| &fields[index]) else {
                notices.add(unknown(&name, fields).at(name_place).with_value(&name));
                continue;
            };
            let place = layout.place(row.number, Some((1, "")));
            if let Some(first) = places.insert(field.name.clone(), place.clone()) {
                self.problems.push(duplicate(field, &first).at(name_place));
                continue;
            }
            let at = || place.clone();
            if let Some(told) = row.font(1) {
                tell_font(field, told, &row.cell(1).shown(), &place, notices);
            }
            let mut converter = Converter { limits: context.limits, notices, place: &at };
            match converter.convert(field, &cell) {
                Ok(value) => {
                    if !self.has(field) {
                        self.values.insert(field.name.clone(), value);
                    }
                }
                Err(problem) => {
                    self.problems.push(problem);
                    self.refused.insert(field.name.clone());
                }
            }
        }
        // What came with the request wins, so its place is the one to name.
        for (name, place) in self.places.iter() {
            if given.contains(name) || !places.contains_key(name) {
                places.insert(name.clone(), place.clone());
            }
        }
        self.places = Arc::new(places);
    }

    /// Required common values that neither the request nor the sheet nor a column of `given` has.
    pub(super) fn missing(&self, fields: &[Field], given: &[(String, u32, String)], file: &str, has_sheets: bool) -> Vec<Diagnostic> {
        self.lacking(fields, given)
            .filter(|field| !self.refused.contains(&field.name))
            .map(|field| (field, self.places.get(&field.name).filter(|place| !matches!(place, Place::File { .. }))))
            .map(|(field, place)| missing(field, place.cloned(), file, has_sheets))
            .collect()
    }

    /// Pointers of the values that no record can have, which is said once and not for each of them.
    pub(super) fn absent(&self, fields: &[Field], given: &[(String, u32, String)]) -> Vec<String> {
        let refused = self.refused.iter().filter(|name| !given.iter().any(|(given, ..)| given == *name));
        let names: BTreeSet<&String> = self.lacking(fields, given).map(|field| &field.name).chain(refused).collect();
        names.into_iter().map(|name| format!("/{name}")).collect()
    }

    /// Pointers of the values that were given, only badly.
    pub(super) fn refused_pointers(&self) -> impl Iterator<Item = String> {
        self.refused.iter().map(|name| format!("/{name}"))
    }

    fn lacking<'a>(&self, fields: &'a [Field], given: &[(String, u32, String)]) -> impl Iterator<Item = &'a Field> {
        fields
            .iter()
            .filter(|field| field.required && field.scope == Scope::Common && !matches!(field.kind, Kind::Table(_)))
            .filter(|field| !self.has(field) && !given.iter().any(|(name, ..)| *name == field.name))
    }
}

/// A value of the request has no place in a file, so its name goes into the message.
fn named(context: &Context<'_>, pointer: &str, mut problem: Diagnostic) -> Diagnostic {
    let name = pointer.split('/').nth(1).unwrap_or_default();
    let title = context.contract.field(name).map_or(name, |field| field.title.as_str());
    let Text { vi, en } = &problem.message;
    problem.message = say!("(giá trị chung “{title}”) {vi}", "(common value “{title}”) {en}");
    problem
}

fn legacy_decoder(rows: &[SourceRow]) -> Option<legacy_text::Decoder> {
    let texts: Vec<String> = rows.iter().filter(|row| !row.is_settled(1)).map(|row| row.cell(1).shown()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    match legacy_text::examine(&texts) {
        Finding::Legacy(encoding) => Some(legacy_text::Decoder(encoding)),
        Finding::Unicode | Finding::Perhaps(_) => None,
    }
}

/// Tells that the font decided how a value was read.
fn tell_font(field: &Field, told: &FontText, after: &str, place: &Place, notices: &mut Notices) {
    let title = &field.title;
    let what = say!("giá trị chung “{title}”", "the common value “{title}”");
    let converted = legacy_text::converted_by_font(&what, told, after);
    let doubtful = told.doubtful.then(|| legacy_text::doubtful(told, after));
    converted.into_iter().chain(doubtful).for_each(|notice| notices.add(notice.at(place.clone())));
}

fn missing(field: &Field, place: Option<Place>, file: &str, has_sheets: bool) -> Diagnostic {
    let title = &field.title;
    let problem = Diagnostic::error("common-missing", say!("thiếu giá trị chung “{title}”", "the common value “{title}” is missing"));
    let remedy = match (&place, has_sheets) {
        (Some(_), _) => say!("ghi giá trị vào ô này", "write the value into this cell"),
        (None, true) => say!(
            "thêm trang tính “{COMMON_SHEET}” có dòng “{title}” và giá trị ở ô bên cạnh",
            "add a sheet “{COMMON_SHEET}” with a row “{title}” and the value in the next cell"
        ),
        (None, false) => {
            say!("ghi thêm khi chạy, hoặc thêm cột “{title}”", "give it with the request, or add a column “{title}”")
        }
    };
    problem.at(place.unwrap_or_else(|| Place::File { file: file.to_owned() })).remedy(remedy)
}

fn duplicate(field: &Field, first: &Place) -> Diagnostic {
    let title = &field.title;
    let (vi, en) = (first.describe(crate::language::Language::Vietnamese), first.describe(crate::language::Language::English));
    Diagnostic::error("heading-duplicate", say!("“{title}” đã được ghi ở {vi}", "“{title}” was already given at {en}"))
        .remedy(say!("xoá một trong hai dòng", "delete one of the two rows"))
}

fn unknown(name: &str, fields: &[Field]) -> Diagnostic {
    let problem = Diagnostic::warning(
        "heading-unknown",
        say!("là mục mà mẫu không dùng; bị bỏ qua", "is a name that the template does not use; ignored"),
    );
    match crate::diagnostic::nearest(name, fields.iter().map(|field| field.title.as_str())) {
        Some(near) => problem.remedy(say!("có phải “{near}”?", "is it “{near}”?")),
        None => problem,
    }
}
