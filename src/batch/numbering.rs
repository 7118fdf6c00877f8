//! Numbers from a register while a list is planned: who takes which, where it stands, what the register is to say.
//!
//! Owns the counting. It goes on from the last number that the store knows, in the order of the list or of the names; a
//! person of an earlier list into the same folder keeps the number. Acceptance compares, so nothing is taken here.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Map, Value};

use crate::config::register::{Register, RegisterKind};
use crate::data::Row;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::store::StoreError;
use crate::store::registers::{Claim, Particulars, Series};
use crate::template::contract::{Contract, Kind};
use crate::template::words::Filled;

/// The annotation of the field that takes a register's number.
const ANNOTATION: &str = "x-register-number";
/// The field of a document's date.
const DATE: &str = "ngay";

/// What the store knows of a period: its last number, and the numbers that an output folder's records hold by identity.
pub type Known = (i64, HashMap<String, Vec<i64>>);

/// The numbering of one batch.
pub struct Numbering<'a> {
    register: &'a Register,
    kind: String,
    field: String,
    is_text: bool,
    date_is_required: bool,
    output: String,
    load: &'a dyn Fn(&str) -> Result<Known, StoreError>,
    series: BTreeMap<String, Running>,
    given: Vec<(u64, String, Option<String>)>,
    fixed: Option<HashMap<u64, Proposed>>,
    failure: Option<StoreError>,
}

struct Running {
    seen: i64,
    last: i64,
    held: HashMap<String, VecDeque<i64>>,
}

/// A number that a row would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The period.
    pub period: String,
    /// The number.
    pub number: i64,
    /// Its record had it in an earlier list.
    pub carried: bool,
}

/// The field of `contract` that takes a register's number.
pub fn number_field(contract: &Contract) -> Option<&str> {
    let is_marked = |name: &str| contract.schema["properties"][name][ANNOTATION].as_bool().unwrap_or_default();
    contract.fields.iter().map(|field| field.name.as_str()).find(|name| is_marked(name))
}

impl<'a> Numbering<'a> {
    /// Numbers for the documents of a folder that the store knows as `output`.
    pub fn new(
        register: &'a Register,
        template: &str,
        contract: &Contract,
        output: &str,
        load: &'a dyn Fn(&str) -> Result<Known, StoreError>,
    ) -> Result<Self, Diagnostic> {
        let field = number_field(contract).and_then(|name| contract.field(name)).ok_or_else(|| {
            Diagnostic::error(
                "register-field",
                say!("mẫu “{template}” không có trường nào nhận số của sổ", "template `{template}` has no field for a register's number"),
            )
            .remedy(say!(
                "đánh dấu trường số bằng \"{ANNOTATION}\": true trong contract.json",
                "mark the field of the number with \"{ANNOTATION}\": true in contract.json"
            ))
        })?;
        Ok(Self {
            register,
            kind: contract.title.clone(),
            field: field.name.clone(),
            is_text: field.kind == Kind::Text,
            date_is_required: contract.field(DATE).is_some_and(|field| field.required),
            output: output.to_owned(),
            load,
            series: BTreeMap::new(),
            given: Vec::new(),
            fixed: None,
            failure: None,
        })
    }

    /// The number that `row` would take. It is taken once the row is [`Self::taken`].
    pub fn propose(&mut self, row: &Row, identity: Option<&str>) -> Result<Option<Proposed>, Diagnostic> {
        let given = &row.record[&self.field];
        if !given.is_null() {
            let title = &self.register.key;
            let value = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
            return Err(Diagnostic::error(
                "number-given",
                say!("số do sổ “{title}” cấp, danh sách không được ghi sẵn", "the register `{title}` gives the number; the list must not"),
            )
            .at(row.places.of(&format!("/{}", self.field)))
            .with_value(value)
            .remedy(say!(
                "xóa ô này; giữ số riêng thì chạy với --register \"\"",
                "clear the cell; to keep numbers of your own, run with --register \"\""
            )));
        }
        let Some(period) = self.period(row)? else { return Ok(None) };
        if let Some(fixed) = self.fixed.as_ref().and_then(|fixed| fixed.get(&row.number)) {
            return Ok(Some(fixed.clone()));
        }
        Ok(self.next(&period, identity))
    }

    /// The record with its number.
    pub fn placed(&self, record: &Map<String, Value>, proposed: &Proposed) -> Map<String, Value> {
        let mut record = record.clone();
        let number = if self.is_text { Value::String(two_digits(proposed.number)) } else { proposed.number.into() };
        record.insert(self.field.clone(), number);
        record
    }

    /// The row is accepted, and its number with it; what the register is to say of it.
    pub fn taken(
        &mut self,
        row: u64,
        identity: Option<&str>,
        proposed: Proposed,
        record: &Map<String, Value>,
        filled: &Filled,
        organisation: &Value,
    ) -> Claim {
        let Proposed { period, number, carried } = proposed;
        if self.fixed.is_none() {
            self.given.push((row, period.clone(), identity.map(str::to_owned)));
            self.advance(&period, identity);
        }
        let particulars = self.particulars(number, record, filled, organisation);
        Claim { register: self.register.key.clone(), period, number, carried, output: self.output.clone(), particulars }
    }

    /// Gives the numbers anew, in the order of `rows`, to those that were taken so far; the next reading finds them.
    pub fn in_order(&mut self, rows: &[u64]) {
        let given: HashMap<u64, (String, Option<String>)> =
            self.given.drain(..).map(|(row, period, identity)| (row, (period, identity))).collect();
        self.series.clear();
        let mut fixed = HashMap::new();
        for row in rows {
            let Some((period, identity)) = given.get(row) else { continue };
            if let Some(proposed) = self.next(period, identity.as_deref()) {
                self.advance(period, identity.as_deref());
                fixed.insert(*row, proposed);
            }
        }
        self.fixed = Some(fixed);
    }

    /// How far each series moves on.
    pub fn series(&self) -> Vec<Series> {
        let register = &self.register.key;
        self.series
            .iter()
            .map(|(period, running)| Series { register: register.clone(), period: period.clone(), seen: running.seen, last: running.last })
            .collect()
    }

    /// Why the store could not be asked, if it could not.
    pub fn failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    fn period(&self, row: &Row) -> Result<Option<String>, Diagnostic> {
        let date = row.record[DATE].as_str().and_then(|text| text.parse::<jiff::civil::Date>().ok());
        match date {
            Some(date) => Ok(Some(self.register.period(date.year()))),
            None if !self.register.is_yearly() => Ok(Some(self.register.period(0))),
            // Said already, as a fault of the date itself.
            None if self.date_is_required || row.refused.iter().any(|pointer| pointer.is_empty() || pointer == "/ngay") => Ok(None),
            None => Err(Diagnostic::error(
                "register-date",
                say!("chưa có ngày nên chưa biết số thuộc năm nào", "without a date the number's year is not known"),
            )
            .at(row.places.of("/ngay"))
            .remedy(say!("ghi ngày của văn bản", "give the document's date"))),
        }
    }

    fn running(&mut self, period: &str) -> Option<&mut Running> {
        if !self.series.contains_key(period) {
            match (self.load)(period) {
                Ok((seen, held)) => {
                    let held = held.into_iter().map(|(identity, numbers)| (identity, numbers.into())).collect();
                    self.series.insert(period.to_owned(), Running { seen, last: seen, held });
                }
                Err(error) => {
                    self.failure.get_or_insert(error);
                }
            }
        }
        self.series.get_mut(period)
    }

    fn next(&mut self, period: &str, identity: Option<&str>) -> Option<Proposed> {
        let floor = self.register.first - 1;
        let running = self.running(period)?;
        let carried = identity.and_then(|identity| running.held.get(identity)).and_then(|numbers| numbers.front().copied());
        let number = carried.unwrap_or(running.last.max(floor) + 1);
        Some(Proposed { period: period.to_owned(), number, carried: carried.is_some() })
    }

    fn advance(&mut self, period: &str, identity: Option<&str>) {
        let floor = self.register.first - 1;
        let Some(running) = self.running(period) else { return };
        if identity.and_then(|identity| running.held.get_mut(identity)).and_then(VecDeque::pop_front).is_none() {
            running.last = running.last.max(floor) + 1;
        }
    }

    fn particulars(&self, number: i64, record: &Map<String, Value>, filled: &Filled, organisation: &Value) -> Particulars {
        let text = |name: &str| shown(record.get(name));
        let first = |names: &[&str]| names.iter().map(|name| text(name)).find(|text| !text.is_empty()).unwrap_or_default();
        let word = |name: &str| shown(filled.words.get(name));
        let two = two_digits(number);
        let code = match (word("ky_hieu"), organisation["kieu"].as_str()) {
            (code, _) if code.is_empty() => two,
            // The Party's form, 12-QĐ/ĐU.
            (code, Some("dang")) => format!("{two}-{}", code.replacen('-', "/", 1)),
            (code, _) => format!("{two}/{code}"),
        };
        let subject = match (word("ten_loai"), word("trich_yeu")) {
            (_, summary) if summary.is_empty() => filled.title.clone(),
            // A công văn bears no name of its kind on the page; its register does.
            (kind, summary) if kind.is_empty() => format!("{} {summary}", self.kind),
            (kind, summary) => format!("{kind} {summary}"),
        };
        let signatory = match first(&["ho_ten_ky", "nguoi_ky"]) {
            name if name.is_empty() => shown(organisation["nguoi_ky"].get(0).and_then(|person| person.get("ho_ten"))),
            name => name,
        };
        let person = [text("ho_ten"), text("don_vi")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let recipient = match (self.register.kind(), first(&["kinh_gui", "noi_nhan"])) {
            (RegisterKind::Outgoing, bodies) if !bodies.is_empty() && person.is_empty() => bodies,
            _ => person,
        };
        Particulars {
            code,
            date: text(DATE),
            subject: one_line(&subject),
            signatory: one_line(&signatory),
            recipient: one_line(&recipient),
            keeper: self.register.keeper.clone(),
            copies: 1,
            note: String::new(),
        }
    }
}

/// As document numbers are written: 5 is 05.
pub fn two_digits(number: i64) -> String {
    format!("{number:02}")
}

fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
