//! The first phase: read every row, check every row, and only then accept.
//!
//! Owns the order of the checks (conversion, contract, wording, fonts, file names, duplicates) and the collection of
//! everything wrong. Nothing renders here.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::addressed;
use super::entry::Entry;
use super::forms::Forms;
use super::numbering::{Numbering, Proposed};
use super::order::NameOrder;
use super::planned::{Planned, Rejected};
use super::proven::Proven;
use super::supplement::Earlier;
use crate::data::{self, Limits, Row, Selection, Summary};
use crate::diagnostic::{Diagnostic, Place, any_error};
use crate::language::Text;
use crate::message::letter::MailTerms;
use crate::naming::Names;
use crate::proof::Issuer;
use crate::say;
use crate::store::StoreError;
use crate::template::contract::Kind;
use crate::template::{Template, hex};
use crate::template::{capitals, document_code};
use crate::typeset::Standard;
use crate::typeset::fonts::Coverages;
use crate::vietnamese::letters;

/// Everything that planning needs beside the data.
pub struct Plan<'a> {
    /// The template, with the user's file-name pattern.
    pub template: &'a Template,
    /// The organisation as templates see it.
    pub organisation: &'a Value,
    /// The template's options, complete.
    pub options: &'a BTreeMap<String, String>,
    /// The pre-printed stock as templates see it, or null.
    pub stock: &'a Value,
    /// The order of names, when the batch asks for it.
    pub order: Option<&'a NameOrder>,
    /// How the documents are sent, when they are.
    pub mail: Option<&'a MailTerms>,
    /// Who signs what its documents say, when they can be verified.
    pub issuer: Option<&'a Issuer>,
    /// The batch that these records complete, when they are its corrected rows.
    pub earlier: Option<&'a Earlier>,
    /// Records whose pages were set already and do not fit, by their numbers, with what was found.
    pub unfit: &'a BTreeMap<u64, Vec<Diagnostic>>,
    /// Leave out the rows that name another form of document than the template's.
    pub own_form: bool,
    /// What the fonts cover.
    pub coverages: &'a Coverages,
    /// The standard of the PDFs.
    pub standard: Standard,
    /// Limits on the data file.
    pub limits: &'a Limits,
}

/// Planning stopped.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The data file as a whole cannot be used: what is wrong with it, then with the rows that could be read.
    #[error("the data file cannot be used")]
    Data(Vec<Diagnostic>),
    /// The store does not take a record.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Plan<'_> {
    /// Reads `data_file` and checks every row; accepted records go to `sink`, in the order of the list. With `numbering`
    /// each takes a number.
    pub fn carry_out(
        &self,
        data_file: &Path,
        selection: &Selection,
        numbering: Option<&mut Numbering<'_>>,
        sink: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
    ) -> Result<Planned, PlanError> {
        let mut failure = None;
        let mut keys = Vec::new();
        let mut planned = Planned::default();
        let mut names = Names::default();
        let mut seen = HashMap::new();
        let mut numbers = self.earlier.map(Earlier::numbers);
        if let Some(earlier) = self.earlier {
            keys.extend(earlier.keys());
            earlier.stems().for_each(|stem| drop(names.claim(stem)));
            seen.extend(earlier.identities().map(|(identity, number)| (identity.to_owned(), First { number, line: None })));
        }
        let mut checks = Checks { plan: self, families: self.families(), numbering };
        let mut told = HashSet::new();
        let forms = Forms::of(&self.template.contract);
        let fonts = checks.unknown_families();
        if !fonts.is_empty() {
            return Err(PlanError::Data(fonts));
        }
        let read = data::read(data_file, &self.template.contract, selection, self.limits, &mut |mut row| {
            if failure.is_some() {
                return;
            }
            if let Some(numbers) = &mut numbers {
                row.number = numbers.of(row.listed);
            }
            let other = forms.named_by(&row);
            if other.is_some() {
                planned.other_forms += 1;
                if self.own_form {
                    return;
                }
            }
            let (mut diagnostics, accepted) = checks.row(&row, &mut names, &mut seen);
            diagnostics.extend(other.map(|(field, form)| forms.told(field, form, &row).of_record(row.number, checks.label(&row.record))));
            failure = checks.numbering.as_mut().and_then(|numbering| numbering.failure());
            if failure.is_some() {
                return;
            }
            if let Some(entry) = accepted {
                planned.accepted += 1;
                if self.order.is_some() || self.earlier.is_some() {
                    keys.push((self.order.map(|order| order.key(&row.record)), row.number));
                }
                failure = sink(entry).err();
            } else if any_error(&diagnostics) {
                planned.rejected += 1;
                let label = checks.label(&row.record);
                planned.rejected_rows.push(Rejected {
                    number: row.number,
                    label,
                    original: row.original.clone(),
                    diagnostics: diagnostics.clone(),
                });
            }
            planned.note(once_if_common(diagnostics, &row, &mut told));
        });
        if let Some(error) = failure {
            return Err(error.into());
        }
        let rows = std::mem::take(&mut planned.diagnostics);
        let Summary { headings, heading_row, sheet, alike, common, notices, .. } = match read {
            Ok(summary) => summary,
            Err(problems) => {
                planned.note(problems);
                planned.note(rows);
                return Err(PlanError::Data(planned.everything()));
            }
        };
        planned.headings = headings;
        planned.heading_row = heading_row;
        planned.sheet = sheet;
        planned.alike = alike;
        planned.common = common;
        planned.note(self.template.words.notes.clone());
        planned.note(notices);
        planned.note(rows);
        // Records alike stay as in the list.
        keys.sort();
        planned.order = keys.into_iter().map(|(_, number)| number).collect();
        Ok(planned)
    }

    /// Font families by field or word; the empty name stands for all others.
    fn families(&self) -> BTreeMap<String, Vec<String>> {
        let fonts = &self.template.manifest.fonts;
        let mut families = fonts.fields.clone();
        families.insert(String::new(), fonts.text.clone());
        families
    }
}

/// The diagnostics of a row; what is wrong with a common value concerns all records and is told with the first of them.
fn once_if_common(diagnostics: Vec<Diagnostic>, row: &Row, told: &mut HashSet<(String, Place)>) -> Vec<Diagnostic> {
    let unsaid = |mut diagnostic: Diagnostic| match &diagnostic.place {
        Some(place) if row.places.is_common(place) => {
            let is_first = told.insert((diagnostic.code.to_string(), place.clone()));
            diagnostic.record = None;
            is_first.then_some(diagnostic)
        }
        _ => Some(diagnostic),
    };
    diagnostics.into_iter().filter_map(unsaid).collect()
}

/// Where a record stood first, by the hash of its key.
type Seen = HashMap<String, First>;

/// The first of equal records.
#[derive(Debug, Clone, Copy)]
struct First {
    number: u64,
    /// Row of the sheet or line of the file, where records have one.
    line: Option<u64>,
}

impl First {
    fn repeated(self) -> Text {
        let Self { number, line } = self;
        match line {
            Some(line) => say!("trùng với bản ghi {number} (dòng {line})", "repeats record {number} (row {line})"),
            None => say!("trùng với bản ghi {number}", "repeats record {number}"),
        }
    }
}

fn line_of(place: &Place) -> Option<u64> {
    match place {
        Place::Cell { row, .. } => Some(u64::from(*row)),
        Place::Line { line, .. } => Some(*line),
        _ => None,
    }
}

struct Checks<'a, 'n> {
    plan: &'a Plan<'a>,
    families: BTreeMap<String, Vec<String>>,
    numbering: Option<&'a mut Numbering<'n>>,
}

impl Checks<'_, '_> {
    /// All checks of one row; the entry is there when it is accepted.
    fn row(&mut self, row: &Row, names: &mut Names, seen: &mut Seen) -> (Vec<Diagnostic>, Option<Entry>) {
        let template = self.plan.template;
        let label = self.label(&row.record);
        let mut diagnostics = row.diagnostics.clone();
        let identity = self.identity(row);
        let mut record = Cow::Borrowed(&row.record);
        let mut number = None;
        if let Some(numbering) = &mut self.numbering {
            match numbering.propose(row, identity.as_deref()) {
                Ok(proposed) => number = proposed,
                Err(problem) => diagnostics.push(problem),
            }
            if let Some(proposed) = &number {
                record = Cow::Owned(numbering.placed(&row.record, proposed));
            }
        }
        diagnostics.extend(template.contract.problems(&record, &row.refused, &|pointer| row.places.of(pointer)));
        diagnostics.extend(template.contract.remarks(&record, &|pointer| row.places.of(pointer)));
        diagnostics.extend(document_code::problems(template.manifest.code.as_deref(), &record, &|pointer| row.places.of(pointer)));
        diagnostics.extend(capitals::problems(&template.contract.schema, &record, row.number == 1, &|pointer| row.places.of(pointer)));
        for (name, value) in record.iter() {
            self.glyphs(name, &format!("/{name}"), value, row, &mut diagnostics);
        }
        diagnostics.extend(self.plan.unfit.get(&row.number).into_iter().flatten().cloned());
        let mut entry = None;
        // A value may be refused without an error of its own, when the error is one of the whole file.
        if !any_error(&diagnostics) && row.refused.is_empty() {
            match self.entry(row, &record, &label, identity, number) {
                Ok((made, found)) => {
                    diagnostics.extend(found);
                    entry = Some(made);
                }
                Err(found) => diagnostics.extend(found),
            }
        }
        if any_error(&diagnostics) {
            entry = None;
        }
        if let Some(first) = self.duplicate_of(row, seen) {
            diagnostics.push(
                Diagnostic::warning("duplicate", first.repeated())
                    .at(row.places.of(&self.key_pointer()))
                    .remedy(say!("xóa một dòng nếu là cùng một người", "delete one of the rows if it is the same person")),
            );
        }
        if let Some(entry) = &mut entry {
            let stem = entry.file.trim_end_matches(".pdf").to_owned();
            entry.file = format!("{}.pdf", names.claim(&stem));
        }
        for diagnostic in &mut diagnostics {
            diagnostic.record = Some((row.number, label.clone()));
        }
        (diagnostics, entry)
    }

    /// Fills the wording, checks the fonts, makes the virtual JSON file.
    fn entry(
        &mut self,
        row: &Row,
        record: &Map<String, Value>,
        label: &str,
        identity: Option<String>,
        number: Option<Proposed>,
    ) -> Result<(Entry, Vec<Diagnostic>), Vec<Diagnostic>> {
        let Plan { template, organisation, options, stock, standard, .. } = self.plan;
        let mut found = Vec::new();
        let mut record = template.contract.complete(record);
        if let Some(order) = self.plan.order {
            order.sort_tables(&mut record);
        }
        let context = template.context(&record, organisation, options);
        let filled = template.words.fill(&context)?;
        let (addresses, doubts) = addressed::looked_at(template, row, &record);
        let (mail, noted) = match self.plan.mail {
            Some(terms) => addressed::addressed(template, terms, row, &record, &context, label)?,
            None => (None, doubts),
        };
        // Where a document is sent is no part of it.
        for field in addressed::fields(template) {
            record.insert(field, Value::Null);
        }
        let stem = template.words.file_name(&context)?;
        for (name, value) in &filled.words {
            if found.is_empty() {
                self.glyphs(name, "", value, row, &mut found);
            }
        }
        let date = record.get("ngay").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let mut content = json!({ "du_lieu": &record, "loi_van": filled.words });
        let proven = Proven { template, organisation, record: &record, filled: &filled, label, content: &content };
        let proof = self.plan.issuer.and_then(|issuer| proven.proof(issuer));
        if let Some(proof) = &proof {
            content["kiem_tra"] = proof.on_page();
        }
        let qr = proof.as_ref().map(|proof| proof.qr.clone()).or_else(|| filled.qr.clone());
        let shared = json!([organisation, options, stock]);
        let digest = {
            let mut hash = Sha256::new();
            let parts = [
                env!("CARGO_PKG_VERSION"),
                &template.digest,
                standard.name(),
                &filled.title,
                qr.as_deref().unwrap_or_default(),
                &content.to_string(),
                &shared.to_string(),
            ];
            for part in parts {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
            hex(&hash.finalize())
        };
        found.extend(noted);
        let claim = match (&mut self.numbering, number) {
            (Some(numbering), Some(proposed)) if !any_error(&found) => {
                Some(numbering.taken(row.number, identity.as_deref(), proposed, &record, &filled, organisation))
            }
            _ => None,
        };
        let entry = Entry {
            number: row.number,
            label: label.to_owned(),
            file: format!("{stem}.pdf"),
            title: filled.title,
            date,
            qr,
            digest,
            claim,
            proof,
            identity,
            places: std::iter::once((String::new(), row.places.of("")))
                .chain(record.keys().map(|field| (field.clone(), row.places.of(&format!("/{field}")))))
                .collect(),
            mail,
            addresses,
            content,
        };
        Ok((entry, found))
    }

    /// A character that the template's fonts lack is found here, before anything is printed.
    fn glyphs(&self, name: &str, pointer: &str, value: &Value, row: &Row, found: &mut Vec<Diagnostic>) {
        match value {
            Value::String(text) => {
                let families = self.families.get(name).or_else(|| self.families.get("")).map(Vec::as_slice).unwrap_or_default();
                if let Some(missing) = self.plan.coverages.first_missing(text, families) {
                    let point = format!("U+{:04X}", missing as u32);
                    let family = families.join(", ");
                    found.push(
                        Diagnostic::error(
                            "glyph-not-covered",
                            say!(
                                "ký tự “{missing}” ({point}) không có trong phông của mẫu ({family})",
                                "character “{missing}” ({point}) is not in the template's fonts ({family})"
                            ),
                        )
                        .at(row.places.of(pointer))
                        .with_value(text)
                        .remedy(say!("thay ký tự này bằng chữ thường dùng", "replace the character by an ordinary one")),
                    );
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.glyphs(name, &format!("{pointer}/{index}"), item, row, found);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    self.glyphs(key, &format!("{pointer}/{key}"), member, row, found);
                }
            }
            _ => {}
        }
    }

    fn unknown_families(&self) -> Vec<Diagnostic> {
        let mut missing: Vec<&String> = self.families.values().flatten().filter(|family| !self.plan.coverages.has_family(family)).collect();
        missing.sort();
        missing.dedup();
        let template = &self.plan.template.manifest.name;
        missing
            .into_iter()
            .map(|family| {
                Diagnostic::error(
                    "font-unknown",
                    say!(
                        "mẫu “{template}” cần phông “{family}” mà chưa có",
                        "template `{template}` needs the font “{family}”, which is missing"
                    ),
                )
                .remedy(say!(
                    "chép tệp phông vào thư mục phong-chu/, hoặc sửa [fonts] của mẫu",
                    "put the font file into phong-chu/, or change the template's [fonts]"
                ))
            })
            .collect()
    }

    fn duplicate_of(&self, row: &Row, seen: &mut Seen) -> Option<First> {
        match seen.entry(self.identity(row)?) {
            std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(First { number: row.number, line: line_of(&row.places.of("")) });
                None
            }
        }
    }

    /// What makes a record the same in another list: the fields of the contract's key. None where one of them is not known.
    fn identity(&self, row: &Row) -> Option<String> {
        let key = &self.plan.template.contract.duplicate_key;
        let is_known = |name: &String| !row.refused.iter().any(|pointer| pointer.is_empty() || pointer[1..] == **name);
        let first_is_given = key.first().is_some_and(|name| row.record.get(name).is_some_and(|value| !value.is_null()));
        if !first_is_given || !key.iter().all(is_known) {
            return None;
        }
        let mut hash = Sha256::new();
        for name in key {
            let text = match row.record.get(name) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            // Case and spacing do not make another person; tone marks do.
            hash.update(letters::lower(&text.split_whitespace().collect::<Vec<_>>().join(" ")).as_bytes());
            hash.update([0]);
        }
        Some(hex(&hash.finalize()))
    }

    fn key_pointer(&self) -> String {
        self.plan.template.contract.duplicate_key.first().map(|name| format!("/{name}")).unwrap_or_default()
    }

    /// The first of the duplicate key's fields, or the first text that is a record's own.
    fn label(&self, record: &Map<String, Value>) -> String {
        let contract = &self.plan.template.contract;
        let of_key = contract.duplicate_key.iter().map(String::as_str);
        let of_text = contract.fields.iter().filter(|field| field.kind == Kind::Text).map(|field| field.name.as_str());
        let shown = |name: &str| match record.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        };
        of_key.chain(of_text).map(shown).find(|text| !text.is_empty()).unwrap_or_default()
    }
}
