//! Who a record's document goes to, and with which words.
//!
//! Owns reading the addresses of a record, one recipient each, and filling its message once, when the record is planned, so
//! that every mistake is told before anything is made.

use serde_json::{Map, Value};

use crate::data::Row;
use crate::diagnostic::{Diagnostic, Severity, any_error};
use crate::message::address::Address;
use crate::message::letter::{Addressed, Carried, Frozen, MailTerms};
use crate::say;
use crate::template::Template;

/// The fields that hold addresses (`x-mail` in the contract).
pub fn fields(template: &Template) -> Vec<String> {
    let properties = template.contract.schema.get("properties").and_then(Value::as_object);
    let is_mail = |property: &Value| property.get("x-mail").and_then(Value::as_bool).unwrap_or_default();
    properties.into_iter().flatten().filter(|(_, property)| is_mail(property)).map(|(name, _)| name.clone()).collect()
}

/// How many addresses of a record are good, and how many are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Messages can be sent there.
    pub good: u32,
    /// What is written there is no address.
    pub bad: u32,
}

/// The addresses of a record, with what is wrong with those that are none.
fn read(template: &Template, row: &Row, record: &Map<String, Value>) -> (Vec<Address>, Vec<Diagnostic>) {
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for field in fields(template) {
        let (given, is_list) = match record.get(&field) {
            Some(Value::String(text)) => (vec![text.as_str()], false),
            Some(Value::Array(items)) => (items.iter().filter_map(Value::as_str).collect(), true),
            _ => continue,
        };
        for (index, text) in given.into_iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let pointer = if is_list { format!("/{field}/{index}") } else { format!("/{field}") };
            match Address::parse(text) {
                Ok(address) => good.push(address),
                Err(problem) => problems.push((*problem).at(row.places.of(&pointer))),
            }
        }
    }
    (good, problems)
}

/// What is to be said of a record's addresses while nothing is sent: a wrong one hinders no document.
pub fn looked_at(template: &Template, row: &Row, record: &Map<String, Value>) -> (Addresses, Vec<Diagnostic>) {
    let (good, problems) = read(template, row, record);
    let addresses = Addresses { good: good.len() as u32, bad: problems.len() as u32 };
    (addresses, problems.into_iter().map(|problem| Diagnostic { severity: Severity::Warning, ..problem }).collect())
}

/// What a record says to its recipients; none for one without an address, which is a warning. All problems at once.
pub fn addressed(
    template: &Template,
    terms: &MailTerms,
    row: &Row,
    record: &Map<String, Value>,
    context: &Value,
    label: &str,
) -> Result<(Option<Addressed>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let Some(words) = &template.mail else { return Ok((None, Vec::new())) };
    let (good, problems) = read(template, row, record);
    let to: Vec<String> = good.iter().map(Address::to_string).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    if to.is_empty() {
        let pointer = fields(template).first().map(|field| format!("/{field}")).unwrap_or_default();
        let warning = Diagnostic::warning(
            "mail-missing",
            say!("không có địa chỉ thư: văn bản này không được gửi", "no address: this document is not sent"),
        )
        .at(row.places.of(&pointer))
        .remedy(say!("điền địa chỉ, hoặc đưa văn bản tận tay", "fill in an address, or hand the document over"));
        return Ok((None, vec![warning]));
    }
    let filled = words.fill(context)?;
    // One recipient's own name; a report that goes to several has none.
    let to_name = (to.len() == 1 && !label.is_empty() && !template.contract.duplicate_key.is_empty()).then(|| label.to_owned());
    let addressed = Addressed { to, to_name, subject: filled.subject, plain: filled.plain, html: filled.html };
    // What must not reach a header is found now, not when the message is sent.
    let trial = Frozen::of(terms, &addressed, &addressed.to[0], 0).compose("0", &Carried::Files(&[]));
    if let Err(found) = trial {
        let found: Vec<Diagnostic> =
            found.into_iter().map(|problem| if problem.place.is_none() { problem.at(row.places.of("")) } else { problem }).collect();
        if any_error(&found) {
            return Err(found);
        }
    }
    Ok((Some(addressed), Vec::new()))
}
