//! Keys of `vanthu.toml` out of the environment: `VANTHU_RENDER_WORKERS` stands in the place of `[render] workers`.
//!
//! Owns which variables are keys: every single value of every section that the program knows or the file names, its path in
//! capitals. What a variable says is checked as the file is; lists and secrets are not given so.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::Table;

use super::{Config, FILE_NAME};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;

/// How the names of our variables begin.
pub(super) const PREFIX: &str = "VANTHU_";

/// Keys of sections that are not there unless somebody wants them.
const OPTIONAL: [&str; 15] = [
    "verify.url",
    "verify.key_file",
    "verify.show_holder",
    "verify.per_minute",
    "verify.per_minute_in_all",
    "mail.bounces.host",
    "mail.bounces.port",
    "mail.bounces.tls",
    "mail.bounces.account",
    "mail.bounces.password_file",
    "mail.bounces.auth",
    "mail.bounces.ca_file",
    "mail.bounces.folder",
    "mail.bounces.delete",
    "mail.bounces.every_minutes",
];

/// The variable of each key of a `vanthu.toml` that says `table`.
pub(super) fn variables(table: &Table) -> BTreeMap<String, String> {
    let mut keys: Vec<String> = OPTIONAL.map(str::to_owned).into();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let said = serde_json::to_value(table).unwrap_or_default();
    // What the sections that the file names could say besides.
    let whole = Config::deserialized(table.clone()).ok().and_then(|config| serde_json::to_value(config).ok()).unwrap_or_default();
    for value in [&defaults, &said, &whole] {
        collect(String::new(), value, &mut keys);
    }
    keys.into_iter().map(|key| (name_of(&key), key)).collect()
}

fn name_of(key: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    PREFIX.chars().chain(key.chars().map(plain)).collect()
}

fn collect(path: String, value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                collect(if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, member, keys);
            }
        }
        Value::Array(_) => {}
        // Sections that are absent by themselves are no values.
        Value::Null if ["verify", "mail.bounces"].contains(&path.as_str()) => {}
        _ => keys.push(path),
    }
}

/// Puts what `environment` says over what the file says; the key of each variable that was heard.
pub(super) fn overlay(
    table: &mut Table,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let mut heard = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, key) in variables(table) {
        let Some(text) = environment(&name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { continue };
        let value = value_of(table, &key, &text);
        if put(table, &key, value).is_none() {
            let message = say!("{FILE_NAME} không có chỗ cho biến này", "{FILE_NAME} has no place for this variable");
            problems.push(Diagnostic::error("variable-value", message).with_value(&name).at(place(&name)));
        }
        heard.insert(key, name);
    }
    if problems.is_empty() { Ok(heard) } else { Err(problems) }
}

/// What is said of a configuration that only the environment has made wrong.
pub(super) fn wrong(heard: &BTreeMap<String, String>, error: &toml::de::Error) -> Vec<Diagnostic> {
    let error = error.message();
    let names = heard.values().map(String::as_str).collect::<Vec<_>>().join(", ");
    let message = say!("biến môi trường có giá trị không dùng được: {error}", "a variable of the environment cannot be used: {error}");
    vec![Diagnostic::error("variable-value", message).at(place(&names))]
}

fn place(name: &str) -> Place {
    Place::File { file: name.to_owned() }
}

/// The value that the key takes: text where it takes text, else what TOML reads.
fn value_of(said: &Table, key: &str, text: &str) -> toml::Value {
    // Alone, or where its section needs more, beside what the file says.
    let fits = |value: &toml::Value| {
        [Table::new(), said.clone()]
            .into_iter()
            .any(|mut table| put(&mut table, key, value.clone()).is_some() && Config::deserialized(table).is_ok())
    };
    let as_text = toml::Value::String(text.to_owned());
    let read = toml::from_str::<Table>(&format!("v = {text}")).ok().and_then(|mut table| table.remove("v"));
    match read {
        Some(read) if !fits(&as_text) && (fits(&read) || is_typed(key)) => read,
        _ => as_text,
    }
}

/// Keys of [`OPTIONAL`] that take no text: without the rest of their section they cannot be tried.
fn is_typed(key: &str) -> bool {
    ["port", "tls", "delete", "every_minutes", "per_minute", "per_minute_in_all"].contains(&key.rsplit('.').next().unwrap_or(key))
}

fn put(table: &mut Table, key: &str, value: toml::Value) -> Option<()> {
    let (sections, name) = match key.rsplit_once('.') {
        Some((sections, name)) => (sections.split('.').collect(), name),
        None => (Vec::new(), key),
    };
    let mut inner = table;
    for section in sections {
        inner = inner.entry(section).or_insert_with(|| toml::Value::Table(Table::new())).as_table_mut()?;
    }
    inner.insert(name.to_owned(), value);
    Some(())
}
