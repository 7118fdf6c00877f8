//! Records from JSON documents and JSON Lines.
//!
//! Owns the mapping of JSON values to the fields of the contract, nested tables included. The reading of the text is
//! [`super::json_text`]'s, the meaning of a scalar [`super::convert`]'s.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::cell::{Cell, Flow};
use super::common::Common;
use super::convert::Converter;
use super::encoding::{self, TextEncoding};
use super::headings;
use super::json_text::{Fault, Json, Parser, TOO_DEEP};
use super::limits::Limits;
use super::notices::Notices;
use super::places::{Places, escape};
use super::transcript::Form;
use super::{Context, Emit, Row, unreadable};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::template::contract::{Field, Kind};
use crate::vietnamese::number;

/// Reads one document: an array of records, or one record.
pub(super) fn read_document(
    context: &Context<'_>,
    path: &Path,
    common: &Common,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<u64, Vec<Diagnostic>> {
    let mut count = 0;
    let take: &mut dyn FnMut(Option<u64>, Json) -> Flow = &mut |number, record| {
        count += 1;
        let places = Places::json(context.file.clone(), prefix(number));
        record_row(context, count, record, places, common, notices, emit);
        Flow::Continue(())
    };
    each_record(path, &context.file, context.limits, take).map_err(|problem| vec![problem])?;
    Ok(count)
}

/// Reads one record from each line; a broken line is that record's error only.
pub(super) fn read_lines(
    context: &Context<'_>,
    path: &Path,
    common: &Common,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<u64, Vec<Diagnostic>> {
    let mut records = Kept { context, form: Form::Lines, common, notices, emit, number: 0 };
    each_line(path, &context.file, context.limits, &mut |line, text| records.take(line, text)).map_err(|problem| vec![problem])?;
    records.end()
}

/// Hands over the records of a document, each with its one-based number; none for a document that is one record.
pub(super) fn each_record(
    path: &Path,
    file: &str,
    limits: &Limits,
    take: &mut dyn FnMut(Option<u64>, Json) -> Flow,
) -> Result<(), Diagnostic> {
    let mut text = String::new();
    open(path, file).and_then(|mut input| input.read_to_string(&mut text).map_err(|error| unreadable(&error)))?;
    let mut parser = Parser::new(&text, limits.json_depth_max);
    let fault = |fault: Fault| fault_in(file, &text, fault);
    if parser.peek().is_none() {
        return Err(empty());
    }
    if !parser.take(b'[') {
        let record = parser.value().map_err(fault)?;
        parser.end().map_err(fault)?;
        let _ = take(None, record);
        return Ok(());
    }
    let mut number = 0;
    let mut more = !parser.take(b']');
    while more {
        let record = parser.item(&number.to_string()).map_err(fault)?;
        number += 1;
        if number > limits.rows_max {
            return Err(too_many(limits));
        }
        if take(Some(number), record).is_break() {
            return Ok(());
        }
        more = parser.another(b']').map_err(fault)?;
    }
    parser.end().map_err(fault)?;
    if number == 0 { Err(empty()) } else { Ok(()) }
}

/// Hands over the lines of a file that hold something, each with its one-based number.
pub(super) fn each_line(path: &Path, file: &str, limits: &Limits, take: &mut dyn FnMut(u64, &str) -> Flow) -> Result<(), Diagnostic> {
    let mut input = BufReader::new(open(path, file)?);
    let (mut line, mut number) = (0_u64, 0_u64);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes).map_err(|error| unreadable(&error))? == 0 {
            return if number == 0 { Err(empty()) } else { Ok(()) };
        }
        line += 1;
        let text = String::from_utf8_lossy(bytes.trim_ascii_end());
        if text.trim().is_empty() {
            continue;
        }
        number += 1;
        if number > limits.rows_max {
            return Err(too_many(limits));
        }
        if take(line, &text).is_break() {
            return Ok(());
        }
    }
}

/// Records that come one by one as texts: lines, or the rows of a transcript.
pub(super) struct Kept<'a, 'c> {
    pub(super) context: &'a Context<'c>,
    pub(super) form: Form,
    pub(super) common: &'a Common,
    pub(super) notices: &'a mut Notices,
    pub(super) emit: Emit<'a>,
    /// Records taken.
    pub(super) number: u64,
}

impl Kept<'_, '_> {
    /// Takes the record that stood at `at`: its line, or its one-based number in the document.
    pub(super) fn take(&mut self, at: u64, text: &str) -> Flow {
        let Self { context, form, common, notices, emit, number } = self;
        *number += 1;
        let places = match form {
            Form::Lines => Places::json_line(context.file.clone(), at),
            Form::Record => Places::json(context.file.clone(), prefix(None)),
            _ => Places::json(context.file.clone(), prefix(Some(at))),
        };
        let mut parser = Parser::new(text, context.limits.json_depth_max);
        match parser.value().and_then(|record| parser.end().map(|()| record)) {
            Ok(record) => record_row(context, *number, record, places, common, notices, *emit),
            Err(fault) => {
                let problem = Diagnostic::error(fault.code, fault.message)
                    .at(places.of(""))
                    .remedy(say!("sửa dòng này thành một đối tượng JSON trọn vẹn", "make this line one complete JSON object"));
                emit(refused_row(context, *number, places, problem, notices));
            }
        }
        Flow::Continue(())
    }

    /// How many records there were.
    pub(super) fn end(self) -> Result<u64, Vec<Diagnostic>> {
        if self.number == 0 { Err(vec![empty()]) } else { Ok(self.number) }
    }
}

/// The pointer to the record of that one-based number, or to the only one.
fn prefix(number: Option<u64>) -> String {
    number.map(|number| format!("/{}", number - 1)).unwrap_or_default()
}

fn open(path: &Path, file: &str) -> Result<encoding::Utf8Text, Diagnostic> {
    match encoding::survey(path, file)? {
        TextEncoding::EightBit(_) => {
            Err(Diagnostic::error("utf8-invalid", say!("tệp JSON không phải UTF-8", "the JSON file is not UTF-8"))
                .remedy(say!("lưu lại tệp bằng UTF-8", "save the file as UTF-8")))
        }
        encoding => encoding::open(path, encoding).map_err(|error| unreadable(&error)),
    }
}

fn empty() -> Diagnostic {
    Diagnostic::error("data-empty", say!("không có bản ghi nào", "has no record"))
}

fn too_many(limits: &Limits) -> Diagnostic {
    let most = number::group(&limits.rows_max.to_string());
    Diagnostic::error("rows-too-many", say!("có hơn {most} bản ghi", "has more than {most} records"))
        .remedy(say!("chia thành nhiều tệp", "split it into several files"))
}

/// A fault of the document as a diagnostic: at its pointer when it has one, else at its line, shown when that is short.
fn fault_in(file: &str, text: &str, fault: Fault) -> Diagnostic {
    const EXCERPT_MAX: usize = 120;
    let file = file.to_owned();
    let before = &text[..fault.at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let excerpt = text.lines().nth(line - 1).unwrap_or_default();
    let place = match fault.pointer {
        Some(pointer) => Place::Pointer { file, pointer },
        None if excerpt.chars().nth(EXCERPT_MAX).is_none() => {
            Place::Source { file, line: line as u32, column: column as u32, excerpt: excerpt.to_owned() }
        }
        None => Place::Line { file, line: line as u64, column: None },
    };
    let problem = Diagnostic::error(fault.code, fault.message).at(place);
    if fault.code != TOO_DEEP {
        return problem;
    }
    problem.remedy(say!(
        "ghi mỗi bản ghi là một đối tượng {{ … }} có các trường của mẫu; xem “vanthu template show”",
        "write each record as an object {{ … }} with the fields of the template; see `vanthu template show`"
    ))
}

/// A record that could not be read at all.
fn refused_row(context: &Context<'_>, number: u64, places: Places, problem: Diagnostic, notices: &mut Notices) -> Row {
    let mut diagnostics = vec![problem];
    notices.cap(&mut diagnostics, context.limits.errors_max);
    let record = context.contract.fields.iter().map(|field| (field.name.clone(), Value::Null)).collect();
    Row { number, listed: None, record, places, diagnostics, refused: vec![String::new()], original: Vec::new() }
}

fn record_row(context: &Context<'_>, number: u64, record: Json, places: Places, common: &Common, notices: &mut Notices, emit: Emit<'_>) {
    let Json::Object(members) = record else {
        let problem =
            Diagnostic::error("record-not-object", say!("bản ghi không phải đối tượng {{…}}", "the record is not an object {{…}}"))
                .at(places.of(""));
        emit(refused_row(context, number, places, problem, notices));
        return;
    };
    let place_of = |pointer: &str| places.of(pointer);
    let mut filler = Filler { context, notices, place_of: &place_of, refused: Vec::new(), diagnostics: Vec::new() };
    let values = filler.object(&context.contract.fields, members, "");
    let Filler { mut refused, mut diagnostics, .. } = filler;
    refused.extend(common.refused_pointers().filter(|pointer| !values.contains_key(&pointer[1..])));
    let record = common.complete(&context.contract.fields, values, &refused);
    notices.cap(&mut diagnostics, context.limits.errors_max);
    emit(Row { number, listed: None, record, places, diagnostics, refused, original: Vec::new() });
}

/// Values given with the request rather than in a file go the same way.
pub(super) fn from_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(number.to_string()),
        Value::String(text) => Json::Text(text.clone()),
        Value::Array(items) => Json::Array(items.iter().map(from_value).collect()),
        Value::Object(members) => Json::Object(members.iter().map(|(name, value)| (name.clone(), from_value(value))).collect()),
    }
}

/// Turns JSON members into the values of fields.
pub(super) struct Filler<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) notices: &'a mut Notices,
    /// Place of a pointer into the record.
    pub(super) place_of: &'a dyn Fn(&str) -> Place,
    /// Pointers of the values refused.
    pub(super) refused: Vec<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Filler<'_> {
    /// The values of `fields` found among `members`; `pointer` leads to the object.
    pub(super) fn object(&mut self, fields: &[Field], members: Vec<(String, Json)>, pointer: &str) -> Map<String, Value> {
        let mut values = Map::new();
        for (name, json) in members {
            let Some(field) = headings::find_field(&name, fields).map(|index| &fields[index]) else {
                self.unknown(fields, &name, pointer);
                continue;
            };
            let at = format!("{pointer}/{}", escape(&field.name));
            if values.contains_key(&field.name) {
                let title = &field.title;
                self.refuse(
                    &at,
                    Diagnostic::error(
                        "key-duplicate",
                        say!("“{title}” được ghi hai lần dưới hai tên", "“{title}” is given twice under two names"),
                    ),
                );
                continue;
            }
            let value = self.value(field, json, &at);
            values.insert(field.name.clone(), value);
        }
        values
    }

    fn value(&mut self, field: &Field, json: Json, at: &str) -> Value {
        match (&field.kind, json) {
            (_, Json::Null) => Value::Null,
            (Kind::Table(fields), Json::Array(items)) => Value::Array(self.table(field, fields, items, at)),
            (Kind::Table(_), _) => self.wrong_type(field, at),
            (Kind::List, Json::Array(items)) => {
                let mut list = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    let at = format!("{at}/{index}");
                    match self.scalar(&Field { kind: Kind::Text, ..field.clone() }, item, &at) {
                        Value::Null => {}
                        value => list.push(value),
                    }
                }
                Value::Array(list)
            }
            (_, json) => self.scalar(field, json, at),
        }
    }

    fn table(&mut self, field: &Field, fields: &[Field], items: Vec<Json>, at: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let at = format!("{at}/{index}");
            let row = match item {
                Json::Object(members) => self.object(fields, members, &at),
                _ => {
                    self.wrong_type(field, &at);
                    Map::new()
                }
            };
            rows.push(Value::Object(complete(fields, row)));
        }
        rows
    }

    fn scalar(&mut self, field: &Field, json: Json, at: &str) -> Value {
        let cell = match json {
            Json::Null => Cell::Empty,
            Json::Bool(value) if field.kind == Kind::Boolean => Cell::Bool(value),
            Json::Number(token) if field.kind != Kind::Date => Cell::Digits(token),
            Json::Text(text) => Cell::text(text),
            _ => return self.wrong_type(field, at),
        };
        let place = || (self.place_of)(at);
        let mut converter = Converter { limits: self.context.limits, notices: self.notices, place: &place };
        match converter.convert(field, &cell) {
            Ok(value) => value,
            Err(problem) => {
                self.refuse(at, problem);
                Value::Null
            }
        }
    }

    fn wrong_type(&mut self, field: &Field, at: &str) -> Value {
        let title = &field.title;
        let (vi, en) = match field.kind {
            Kind::Table(_) => ("một mảng các đối tượng [{…}, {…}]", "an array of objects [{…}, {…}]"),
            Kind::List => ("một mảng chuỗi [\"…\", \"…\"]", "an array of strings [\"…\", \"…\"]"),
            Kind::Integer | Kind::Decimal | Kind::Money => ("một số", "a number"),
            Kind::Boolean => ("true hoặc false", "true or false"),
            Kind::Date => ("một ngày, ví dụ \"2020-03-05\"", "a date, such as \"2020-03-05\""),
            Kind::Text | Kind::Email => ("một chuỗi \"…\"", "a string \"…\""),
        };
        self.refuse(at, Diagnostic::error("json-type", say!("“{title}” phải là {vi}", "“{title}” must be {en}")));
        Value::Null
    }

    fn refuse(&mut self, at: &str, problem: Diagnostic) {
        self.refused.push(at.to_owned());
        self.diagnostics.push(if problem.place.is_some() { problem } else { problem.at((self.place_of)(at)) });
    }

    fn unknown(&mut self, fields: &[Field], name: &str, pointer: &str) {
        let place = (self.place_of)(&format!("{pointer}/{}", escape(name)));
        self.notices.once(name, "key-unknown", || {
            let problem = Diagnostic::warning(
                "key-unknown",
                say!("là trường mà mẫu không dùng; bị bỏ qua", "is a name that the template does not use; ignored"),
            )
            .at(place)
            .with_value(name);
            match crate::diagnostic::nearest(name, fields.iter().map(|field| field.name.as_str())) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "is it “{near}”?")),
                None => problem,
            }
        });
    }
}

/// `values` in the order of the fields, with null for what is absent.
pub(super) fn complete(fields: &[Field], mut values: Map<String, Value>) -> Map<String, Value> {
    fields.iter().map(|field| (field.name.clone(), values.remove(&field.name).unwrap_or_default())).collect()
}
