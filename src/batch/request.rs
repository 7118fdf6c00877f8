//! What a user asks for: a batch file or the same on the command line.
//!
//! Owns the keys of `BATCH.toml` and what is missing from a request. Paths are relative to the batch file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Order;
use crate::diagnostic::{Diagnostic, Place};
use crate::message::letter::Attach;
use crate::template::manifest::toml_problem;
use crate::typeset::Standard;

/// One batch, ready to plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Template.
    pub template: String,
    /// Data file.
    pub data: PathBuf,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Organisation of the workspace.
    pub organisation: Option<String>,
    /// Field → heading in the file, where they differ.
    pub columns: BTreeMap<String, String>,
    /// Values for all records.
    pub common: Map<String, Value>,
    /// Options of the template.
    pub options: BTreeMap<String, String>,
    /// Order of the list.
    pub order: Order,
    /// Folder for the documents.
    pub output: PathBuf,
    /// File-name pattern, when not the template's own.
    pub name: Option<String>,
    /// Also one PDF of all pages, for the printer.
    pub merge: bool,
    /// Also a ZIP of all documents.
    pub zip: bool,
    /// Pre-printed stock of the workspace.
    pub stock: Option<String>,
    /// Printer of the workspace, whose offset the overprint takes.
    pub printer: Option<String>,
    /// On stock: the whole picture, or only what the stock lacks.
    pub overprint: bool,
    /// Standard of the PDFs.
    pub standard: Standard,
    /// Go on with the valid records when others are not.
    pub only_valid: bool,
    /// Leave out the rows that name another form of document than the template's.
    #[serde(default)]
    pub own_form: bool,
    /// Send the documents by mail.
    #[serde(default)]
    pub mail: Option<MailRequest>,
    /// Register that gives the numbers, when not the template's; the empty name stands for none.
    #[serde(default)]
    pub register: Option<String>,
}

/// `[mail]` of a batch file: how its documents are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailRequest {
    /// Relay of the workspace; the workspace's own choice when absent.
    pub relay: Option<String>,
    /// Several documents of one recipient go in one message.
    pub together: bool,
    /// Messages wait until `vanthu outbox send`.
    pub hold: bool,
    /// How the documents reach their recipients, when not as `[mail]` says.
    pub attach: Option<Attach>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchFile {
    template: String,
    organisation: Option<String>,
    output: Option<PathBuf>,
    name: Option<String>,
    order: Option<String>,
    #[serde(default)]
    merge: bool,
    #[serde(default)]
    zip: bool,
    standard: Option<String>,
    stock: Option<String>,
    printer: Option<String>,
    #[serde(default)]
    overprint: bool,
    #[serde(default)]
    only_valid: bool,
    #[serde(default)]
    own_form: bool,
    mail: Option<MailRequest>,
    register: Option<String>,
    data: DataPart,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    common: Map<String, Value>,
    #[serde(default)]
    options: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataPart {
    file: PathBuf,
    sheet: Option<String>,
}

impl Request {
    /// Reads a batch file.
    pub fn read(path: &Path) -> Result<Self, Vec<Diagnostic>> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            vec![
                Diagnostic::error(
                    "batch-unreadable",
                    crate::diagnostic::because(&error, "không đọc được tệp lô:", "the batch file cannot be read:"),
                )
                .at(Place::File { file: shown.clone() }),
            ]
        })?;
        let file: BatchFile = toml::from_str(&text).map_err(|error| vec![toml_problem("batch", &shown, &text, &error)])?;
        let standard = match file.standard.as_deref().map(Standard::parse) {
            None => Standard::default(),
            Some(Ok(standard)) => standard,
            Some(Err(problem)) => return Err(vec![problem.at(Place::File { file: shown })]),
        };
        let order = match file.order.as_deref().map(Order::parse) {
            None => Order::default(),
            Some(Ok(order)) => order,
            Some(Err(problem)) => return Err(vec![problem.at(Place::File { file: shown })]),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let output = file.output.unwrap_or_else(|| default_output(&file.template));
        Ok(Self {
            template: file.template,
            data: folder.join(file.data.file),
            sheet: file.data.sheet,
            organisation: file.organisation,
            columns: file.columns,
            common: file.common.into_iter().map(|(name, value)| (name, plain(value))).collect(),
            options: file.options,
            order,
            output: folder.join(output),
            name: file.name,
            merge: file.merge,
            zip: file.zip,
            stock: file.stock,
            printer: file.printer,
            overprint: file.overprint,
            standard,
            only_valid: file.only_valid,
            own_form: file.own_form,
            mail: file.mail,
            register: file.register,
        })
    }
}

/// Where documents go unless said: a folder of the template's own, so that two batches do not mix.
pub fn default_output(template: &str) -> PathBuf {
    Path::new("ket-qua").join(template)
}

/// A TOML value as JSON; TOML's own dates become their text.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut table) if table.len() == 1 && table.contains_key("$__toml_private_datetime") => {
            table.remove("$__toml_private_datetime").unwrap_or(Value::Null)
        }
        other => other,
    }
}
