//! The wording of the message that carries a document: subject and bodies from `mail.toml`.
//!
//! Owns that file's form and the escape of each body: none for plain text, HTML for HTML, one line for the subject. The
//! strings follow the rules of [`super::words`]: known fields only, strict, never filled again.

use serde::Deserialize;
use serde_json::Value;

use super::contract::Contract;
use super::manifest::toml_problem;
use super::words::Words;
use crate::diagnostic::Diagnostic;

/// The file in a template's folder; a template without it cannot be sent by mail.
pub const FILE_NAME: &str = "mail.toml";

const SUBJECT: &str = "mail.subject";
const PLAIN: &str = "mail.plain";
const HTML: &str = "mail.html";

/// The compiled wording of a message.
pub struct MailWords {
    text: Words,
    html: Option<Words>,
}

/// What the wording makes of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledMail {
    /// Subject, one line.
    pub subject: String,
    /// Plain body.
    pub plain: String,
    /// HTML body, if the template has one.
    pub html: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailFile {
    mail: MailTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailTable {
    subject: toml::Spanned<String>,
    plain: toml::Spanned<String>,
    html: Option<toml::Spanned<String>>,
}

impl MailWords {
    /// Compiles `text` of the `mail.toml` in `folder`; every problem of every string is reported.
    pub fn parse(folder: &str, text: &str, contract: &Contract) -> Result<Self, Vec<Diagnostic>> {
        let file = format!("{folder}/{FILE_NAME}");
        let MailFile { mail } = toml::from_str(text).map_err(|error| vec![toml_problem("mail", &file, text, &error)])?;
        let mut problems = Vec::new();
        let plain = [(SUBJECT, &mail.subject), (PLAIN, &mail.plain)];
        let words = Self {
            text: Words::of_strings(&file, text, &plain, handlebars::no_escape, contract, &mut problems),
            html: mail
                .html
                .as_ref()
                .map(|html| Words::of_strings(&file, text, &[(HTML, html)], handlebars::html_escape, contract, &mut problems)),
        };
        if problems.is_empty() { Ok(words) } else { Err(problems) }
    }

    /// Fills subject and bodies with `context`: the record's fields, `to_chuc`, `tuy_chon`.
    pub fn fill(&self, context: &Value) -> Result<FilledMail, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut fill = |words: &Words, name: &str| {
            words.text(name, context).unwrap_or_else(|problem| {
                problems.push(*problem);
                String::new()
            })
        };
        let subject = fill(&self.text, SUBJECT).split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = fill(&self.text, PLAIN);
        let html = self.html.as_ref().map(|html| fill(html, HTML));
        if problems.is_empty() { Ok(FilledMail { subject, plain, html }) } else { Err(problems) }
    }
}
