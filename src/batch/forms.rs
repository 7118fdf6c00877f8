//! Forms of document that one list may mix: giấy khen and bằng khen stand in the same table of a decision.
//!
//! Owns telling from a row that it is meant for another template: a value that is one of the forms of the contract's own
//! choice of forms, but not the template's.

use serde_json::Value;

use crate::data::Row;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::template::contract::Contract;
use crate::vietnamese::letters;

/// The form that a template makes, and the others that its lists may name.
pub(super) struct Forms<'a> {
    own: &'a str,
    others: Vec<(String, &'a str)>,
}

impl<'a> Forms<'a> {
    /// Those of a contract: the choices of the field that has its title among them.
    pub(super) fn of(contract: &'a Contract) -> Self {
        let own = contract.title.as_str();
        let choices = contract.fields.iter().map(|field| &field.choices).find(|choices| choices.iter().any(|choice| choice == own));
        let others =
            choices.into_iter().flatten().filter(|choice| *choice != own).map(|choice| (folded(choice), choice.as_str())).collect();
        Self { own, others }
    }

    /// The field of a row that names another form, with that form. What all rows share says nothing of one.
    pub(super) fn named_by<'r>(&self, row: &'r Row) -> Option<(&'r str, &'a str)> {
        if self.others.is_empty() {
            return None;
        }
        row.record.iter().find_map(|(field, value)| {
            let Value::String(text) = value else { return None };
            let text = folded(text);
            let (_, form) = self.others.iter().find(|(other, _)| *other == text)?;
            (!row.places.is_common(&row.places.of(&format!("/{field}")))).then_some((field.as_str(), *form))
        })
    }

    /// What is said of such a row.
    pub(super) fn told(&self, field: &str, form: &str, row: &Row) -> Diagnostic {
        let own = self.own;
        Diagnostic::warning(
            "form-other",
            say!("dòng này ghi {form}, mẫu đang làm là {own}", "this row says {form}, the template makes {own}"),
        )
        .at(row.places.of(&format!("/{field}")))
        .remedy(say!("bỏ dòng này rồi làm riêng bằng mẫu {form}", "leave the row out and make it with the template {form}"))
    }
}

fn folded(text: &str) -> String {
    letters::fold(&letters::lower(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
}
