//! Capital letters of prose, held against Decree 30, Phụ lục II: warnings with a suggestion, never a change.
//!
//! Owns which text is prose: the fields that a contract marks `"x-prose": "text"` (whole sentences) or `"phrase"` (part of
//! a sentence that the wording completes), and the wording itself. Names of people and units are not prose.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::vietnamese::capitals::{self, Finding, Rule};
use crate::vietnamese::letters;

/// Warnings of one field; a text full of faults is wrong as a whole.
const FIELD_FINDINGS_MAX: usize = 5;

/// What looks wrong in the prose of `record`, of which `schema` is the contract. Values common to the whole batch are judged
/// with its first record only.
pub fn problems(schema: &Value, record: &Map<String, Value>, is_first: bool, place_of: &dyn Fn(&str) -> Place) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    object(schema, record, "", is_first, place_of, &mut found);
    found
}

fn object(
    schema: &Value,
    record: &Map<String, Value>,
    pointer: &str,
    is_first: bool,
    place_of: &dyn Fn(&str) -> Place,
    found: &mut Vec<Diagnostic>,
) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, property) in properties {
        let is_common = property.get("x-scope").and_then(Value::as_str) == Some("common");
        let Some(value) = record.get(name).filter(|_| is_first || !is_common) else { continue };
        let at = format!("{pointer}/{name}");
        let prose = property.get("x-prose").and_then(Value::as_str);
        match (prose, value) {
            (Some(prose), Value::String(text)) => found.extend(in_field(text, prose == "phrase").map(|problem| problem.at(place_of(&at)))),
            (Some(prose), Value::Array(items)) => {
                for (index, text) in items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_str()?))) {
                    let place = || place_of(&format!("{at}/{index}"));
                    found.extend(in_field(text, prose == "phrase").map(|problem| problem.at(place())));
                }
            }
            (None, Value::Array(rows)) => {
                let Some(items) = property.get("items") else { continue };
                for (index, row) in rows.iter().enumerate() {
                    if let Some(row) = row.as_object() {
                        object(items, row, &format!("{at}/{index}"), is_first, place_of, found);
                    }
                }
            }
            _ => {}
        }
    }
}

fn in_field(text: &str, is_phrase: bool) -> impl Iterator<Item = Diagnostic> {
    let findings = if is_phrase { in_phrase(text) } else { capitals::check(text) };
    findings.into_iter().take(FIELD_FINDINGS_MAX).map(|finding| warning(&text[finding.range.clone()], &finding))
}

/// The findings in part of a sentence: it may begin with either letter, and a line end only says where a title breaks.
fn in_phrase(text: &str) -> Vec<Finding> {
    let start = text.len() - text.trim_start().len();
    let mut findings = capitals::check(&text.replace('\n', " "));
    findings.retain(|finding| {
        let only_first_letter = letters::capitalise(&finding.suggestion) == letters::capitalise(&text[finding.range.clone()]);
        !(finding.range.start == start && only_first_letter)
    });
    findings
}

/// What looks wrong in the wording `source`: its words between the expressions. The place of a finding is made from its
/// byte in the source.
pub(super) fn of_wording(source: &str, place_of: &dyn Fn(usize) -> Place) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let end = source[at..].find("{{").map_or(source.len(), |offset| at + offset);
        let piece = &source[at..end];
        found.extend(
            in_phrase(piece).iter().map(|finding| warning(&piece[finding.range.clone()], finding).at(place_of(at + finding.range.start))),
        );
        at = source[end..].find("}}").map_or(source.len(), |offset| end + offset + 2);
        // Three braces close an expression that keeps its signs.
        at += source[at..].bytes().take_while(|byte| *byte == b'}').count();
    }
    found
}

fn warning(written: &str, finding: &Finding) -> Diagnostic {
    let suggestion = &finding.suggestion;
    let clause = match finding.rule {
        Rule::SentenceStart => "mục I",
        Rule::SetName => "các mục III–V",
        Rule::UnitWithNumber => "mục III.1b",
        Rule::CitedPart => "mục V.7",
        Rule::Weekday => "mục V.8c",
    };
    let section = clause.replace("các mục", "parts").replace("mục", "part");
    Diagnostic::warning(
        "capitals",
        say!(
            "chữ hoa chưa đúng Phụ lục II Nghị định 30/2020/NĐ-CP ({clause})",
            "capitals differ from Phụ lục II of Decree 30/2020/NĐ-CP ({section})"
        ),
    )
    .with_value(written)
    .remedy(say!("viết “{suggestion}”", "write “{suggestion}”"))
}
