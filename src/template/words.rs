//! The wording of a template: Handlebars strings from `words.toml` and the manifest, filled per record.
//!
//! Owns compiling, the check of what the strings refer to, and filling them into plain strings. One registry per
//! context: wording and titles are plain text, file names have their own escape. Filled text is never filled again.

use std::collections::BTreeMap;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Context, Handlebars, RenderError, RenderErrorReason};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use super::BUILT_IN_WORDS;
use super::contract::{Contract, Field, Kind, source_place};
use super::manifest::{Manifest, line_and_column, toml_problem};
use super::{capitals, functions, words_fault};
use crate::diagnostic::{Diagnostic, nearest};
use crate::language::Text;
use crate::naming;
use crate::say;

/// Longest text that one string may fill to, in bytes.
const FILLED_BYTES_MAX: usize = 64 * 1024;

/// Names that the context holds beside the record's fields.
const AMBIENT: [&str; 2] = ["to_chuc", "tuy_chon"];

/// The compiled wording of one template.
pub struct Words {
    plain: Handlebars<'static>,
    file_name: Handlebars<'static>,
    names: Vec<String>,
    origins: BTreeMap<String, Origin>,
    has_qr: bool,
    has_statement: bool,
    /// What of the wording looks wrong and hinders nothing: capitals.
    pub notes: Vec<Diagnostic>,
}

/// Where a string stands in its file, to place its errors.
struct Origin {
    file: String,
    text: String,
    line: usize,
    column: usize,
}

/// What the wording makes of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The words by name, NFC.
    pub words: Map<String, Value>,
    /// Title inside the PDF.
    pub title: String,
    /// Text of the QR code.
    pub qr: Option<String>,
    /// Title, number and holder as they are signed, when the template says so itself.
    pub statement: Option<[String; 3]>,
}

const TITLE: &str = "output.title";
const FILE: &str = "output.file";
const QR: &str = "output.qr";
const STATEMENT: [&str; 3] = ["output.statement.title", "output.statement.number", "output.statement.holder"];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    words: BTreeMap<String, toml::Spanned<String>>,
}

/// The text of `built_in` with the values that `own` gives in place of its own: one file, with the comments of the first.
pub fn laid_over(built_in: &str, own: &str) -> Option<String> {
    let (below, above): (WordsFile, WordsFile) = (toml::from_str(built_in).ok()?, toml::from_str(own).ok()?);
    let mut places: Vec<_> = below.words.iter().filter_map(|(name, old)| Some((old.span(), above.words.get(name)?.span()))).collect();
    // From the end, so that the places before stay where they are.
    places.sort_by_key(|(old, _)| std::cmp::Reverse(old.start));
    let mut text = built_in.to_owned();
    for (old, new) in places {
        text.replace_range(old, &own[new]);
    }
    Some(text)
}

impl Words {
    /// Compiles `text` of `words.toml` and the patterns of the manifest; every problem of every string is reported. Where
    /// `text` changes the words of a built-in template, those that it leaves out are taken from `built_in`.
    pub fn parse(
        folder: &str,
        text: &str,
        built_in: Option<&str>,
        manifest: &Manifest,
        contract: &Contract,
    ) -> Result<Self, Vec<Diagnostic>> {
        let file = format!("{folder}/words.toml");
        let read = |file: &str, text: &str| -> Result<WordsFile, Vec<Diagnostic>> {
            toml::from_str(text).map_err(|error| vec![toml_problem("words", file, text, &error)])
        };
        let parsed = read(&file, text)?;
        let mut words = Self {
            plain: registry(handlebars::no_escape),
            file_name: registry(naming::escape_part),
            names: Vec::new(),
            origins: BTreeMap::new(),
            has_qr: manifest.output.qr.is_some(),
            has_statement: manifest.output.statement.is_some(),
            notes: Vec::new(),
        };
        let mut problems = Vec::new();
        for (name, spanned) in &parsed.words {
            let (line, column) = content_start(text, spanned.span().start);
            let origin = Origin { file: file.clone(), text: text.to_owned(), line, column };
            words.notes.extend(capitals::of_wording(spanned.get_ref(), &|offset| {
                let (line, column) = line_and_column(spanned.get_ref(), offset);
                let (line, column) = origin.position(line, column);
                source_place(&origin.file, &origin.text, line, column)
            }));
            words.names.push(name.clone());
            words.compile(name, spanned.get_ref(), origin, contract, &mut problems);
        }
        if let Some(built_in) = built_in {
            let file = format!("{folder}/{BUILT_IN_WORDS}");
            let built_in_words = read(&file, built_in)?.words;
            for (name, spanned) in parsed.words.iter().filter(|(name, _)| !built_in_words.contains_key(*name)) {
                let (line, column) = content_start(text, spanned.span().start);
                let known = built_in_words.keys().map(String::as_str);
                let list = known.clone().collect::<Vec<_>>().join(", ");
                problems.push(
                    Diagnostic::error("words-unknown", say!("mẫu không có câu chữ “{name}”", "the template has no wording `{name}`"))
                        .at(source_place(&words.origins[name].file, text, line, column))
                        .remedy(match nearest(name, known) {
                            Some(near) => say!("có phải “{near}”?", "did you mean `{near}`?"),
                            None => say!("các câu chữ: {list}", "wordings: {list}"),
                        }),
                );
            }
            for (name, spanned) in built_in_words.iter().filter(|(name, _)| !parsed.words.contains_key(*name)) {
                let (line, column) = content_start(built_in, spanned.span().start);
                let origin = Origin { file: file.clone(), text: built_in.to_owned(), line, column };
                words.names.push(name.clone());
                words.compile(name, spanned.get_ref(), origin, contract, &mut problems);
            }
        }
        let manifest_file = format!("{folder}/template.toml");
        let statement = manifest.output.statement.as_ref();
        let [of_title, of_number, of_holder] = STATEMENT;
        let patterns = [
            (TITLE, Some(&manifest.output.title)),
            (FILE, Some(&manifest.output.file)),
            (QR, manifest.output.qr.as_ref()),
            (of_title, statement.map(|words| &words.title)),
            (of_number, statement.map(|words| &words.number)),
            (of_holder, statement.map(|words| &words.holder)),
        ];
        for (name, pattern) in patterns {
            if let Some(pattern) = pattern {
                let origin = Origin { file: manifest_file.clone(), text: pattern.clone(), line: 1, column: 1 };
                words.compile(name, pattern, origin, contract, &mut problems);
            }
        }
        if problems.is_empty() { Ok(words) } else { Err(problems) }
    }

    /// Replaces the file-name pattern by the user's own.
    pub fn set_file_pattern(&mut self, pattern: &str, contract: &Contract) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        if pattern.trim().is_empty() {
            return Err(vec![
                Diagnostic::error("name-empty", say!("mẫu tên tệp (--name) để trống", "the file-name pattern (--name) is empty")).remedy(
                    say!(
                        "ghi ít nhất một trường, ví dụ --name \"{{{{so}}}}-{{{{ho_ten}}}}\", hoặc bỏ --name để theo mẫu",
                        "write at least one field, such as --name \"{{{{so}}}}-{{{{ho_ten}}}}\", or leave --name out to follow the template"
                    ),
                ),
            ]);
        }
        let origin = Origin { file: "--name".into(), text: pattern.to_owned(), line: 1, column: 1 };
        self.compile(FILE, pattern, origin, contract, &mut problems);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Compiles strings of another file of the template, whose values are escaped by `escape`; [`Self::text`] fills them.
    pub(super) fn of_strings(
        file: &str,
        text: &str,
        strings: &[(&str, &toml::Spanned<String>)],
        escape: fn(&str) -> String,
        contract: &Contract,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut words = Self {
            plain: registry(escape),
            file_name: registry(naming::escape_part),
            names: Vec::new(),
            origins: BTreeMap::new(),
            has_qr: false,
            has_statement: false,
            notes: Vec::new(),
        };
        for (name, spanned) in strings {
            let (line, column) = content_start(text, spanned.span().start);
            let origin = Origin { file: file.to_owned(), text: text.to_owned(), line, column };
            words.compile(name, spanned.get_ref(), origin, contract, problems);
        }
        words
    }

    /// Fills the one string `name` of [`Self::of_strings`].
    pub(super) fn text(&self, name: &str, context: &Value) -> Result<String, Box<Diagnostic>> {
        let context = Context::wraps(context).map_err(|error| Box::new(self.render_problem(name, &error)))?;
        self.fill_one(&self.plain, name, &context)
    }

    /// Fills every string with `context`: the record's fields, `to_chuc`, `tuy_chon`.
    pub fn fill(&self, context: &Value) -> Result<Filled, Vec<Diagnostic>> {
        let context = match Context::wraps(context) {
            Ok(context) => context,
            Err(error) => return Err(vec![self.render_problem(TITLE, &error)]),
        };
        let mut problems = Vec::new();
        let mut fill = |name: &str| match self.fill_one(&self.plain, name, &context) {
            Ok(text) => text,
            Err(problem) => {
                problems.push(*problem);
                String::new()
            }
        };
        let words = self.names.iter().map(|name| (name.clone(), Value::String(fill(name)))).collect();
        let title = fill(TITLE).replace('\n', " ");
        let qr = self.has_qr.then(|| fill(QR));
        let statement = self.has_statement.then(|| STATEMENT.map(&mut fill));
        if problems.is_empty() { Ok(Filled { words, title, qr, statement }) } else { Err(problems) }
    }

    /// The file name of a record, without extension, safe on every system.
    pub fn file_name(&self, context: &Value) -> Result<String, Vec<Diagnostic>> {
        let context = Context::wraps(context).map_err(|error| vec![self.render_problem(FILE, &error)])?;
        let raw = self.fill_one(&self.file_name, FILE, &context).map_err(|problem| vec![*problem])?;
        Ok(naming::file_stem(&raw))
    }

    fn compile(&mut self, name: &str, source: &str, origin: Origin, contract: &Contract, problems: &mut Vec<Diagnostic>) {
        let registry = if name == FILE { &mut self.file_name } else { &mut self.plain };
        match handlebars::Template::compile_with_name(source, name.to_owned()) {
            Ok(template) => {
                let mut check = Check { contract, registry, problems: Vec::new() };
                check.elements(&template, false, false);
                for (position, problem) in std::mem::take(&mut check.problems) {
                    let (line, column) = origin.position(position.0, position.1);
                    problems.push(problem.at(source_place(&origin.file, &origin.text, line, column)));
                }
                registry.register_template(name, template);
            }
            Err(error) => {
                let fault = words_fault::of_syntax(source, error.reason(), error.pos().unwrap_or((1, 1)));
                let (line, column) = origin.position(fault.position.0, fault.position.1);
                let message = Text {
                    vi: format!("câu chữ “{name}”: {}", fault.message.vi),
                    en: format!("wording `{name}`: {}", fault.message.en),
                };
                problems.push(
                    Diagnostic::error("words-syntax", message)
                        .at(source_place(&origin.file, &origin.text, line, column))
                        .remedy(fault.remedy),
                );
            }
        }
        self.origins.insert(name.to_owned(), origin);
    }

    fn fill_one(&self, registry: &Handlebars<'static>, name: &str, context: &Context) -> Result<String, Box<Diagnostic>> {
        let mut out = Bounded(Vec::new());
        registry.render_with_context_to_write(name, context, &mut out).map_err(|error| Box::new(self.render_problem(name, &error)))?;
        let text = String::from_utf8_lossy(&out.0);
        let trimmed = text.trim();
        Ok(if trimmed.is_ascii() { trimmed.to_owned() } else { trimmed.nfc().collect() })
    }

    fn render_problem(&self, name: &str, error: &RenderError) -> Diagnostic {
        let message = match error.reason() {
            RenderErrorReason::MissingVariable(path) => {
                let path = path.clone().unwrap_or_default();
                say!("câu chữ “{name}” dùng “{path}” mà bản ghi không có", "wording `{name}` uses `{path}`, which the record lacks")
            }
            RenderErrorReason::IOError(_) => {
                say!("câu chữ “{name}” dài quá {} KiB", "wording `{name}` is longer than {} KiB", FILLED_BYTES_MAX / 1024)
            }
            reason => words_fault::of_filling(name, reason),
        };
        let diagnostic = Diagnostic::error("words-fill", message);
        match (self.origins.get(name), error.line_no, error.column_no) {
            (Some(origin), Some(line), Some(column)) => {
                let (line, column) = origin.position(line, column);
                diagnostic.at(source_place(&origin.file, &origin.text, line, column))
            }
            (Some(origin), ..) => diagnostic.at(source_place(&origin.file, &origin.text, origin.line, origin.column)),
            _ => diagnostic,
        }
    }
}

impl Origin {
    /// A one-based position inside the string, as a position in the file.
    fn position(&self, line: usize, column: usize) -> (usize, usize) {
        if line <= 1 { (self.line, self.column + column.saturating_sub(1)) } else { (self.line + line - 1, column) }
    }
}

/// Where the content of a TOML string begins: after its quotes, and after the newline that a `"""` string drops.
fn content_start(text: &str, start: usize) -> (usize, usize) {
    let rest = text.get(start..).unwrap_or_default();
    let quotes = if rest.starts_with("\"\"\"") || rest.starts_with("'''") { 3 } else { 1 };
    let (line, column) = line_and_column(text, start);
    if quotes == 3 && rest[3..].trim_start_matches('\r').starts_with('\n') { (line + 1, 1) } else { (line, column + quotes) }
}

fn registry(escape: fn(&str) -> String) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(escape);
    for name in ["log", "raw"] {
        registry.unregister_helper(name);
    }
    functions::register(&mut registry);
    registry
}

/// A writer that refuses to grow past the limit.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > FILLED_BYTES_MAX {
            return Err(std::io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Walks a compiled string and reports what it may not use.
struct Check<'a> {
    contract: &'a Contract,
    registry: &'a Handlebars<'static>,
    problems: Vec<((usize, usize), Diagnostic)>,
}

/// Helpers that Handlebars itself brings and the wording may use.
const BUILT_IN: [&str; 14] = ["if", "unless", "each", "with", "lookup", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not"];

impl Check<'_> {
    /// `inner`: inside `each` or `with`, where the names of table columns are known too; `named`: inside a block with
    /// parameters of its own, whose names cannot be known here.
    fn elements(&mut self, template: &handlebars::Template, inner: bool, named: bool) {
        for (index, element) in template.elements.iter().enumerate() {
            let position = template.mapping.get(index).map_or((1, 1), |mapping| (mapping.0, mapping.1));
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(expression) => self.expression(expression, position, inner, named),
                TemplateElement::HelperBlock(block) => {
                    self.expression(block, position, inner, named);
                    let name = name_of(&block.name);
                    let opens = matches!(name.as_str(), "each" | "with");
                    let named = named || block.block_param.is_some();
                    for body in [&block.template, &block.inverse].into_iter().flatten() {
                        self.elements(body, inner || opens, named);
                    }
                }
                _ => self.problems.push((
                    position,
                    Diagnostic::error(
                        "words-forbidden",
                        say!(
                            "câu chữ không được dùng {{{{{{ }}}}}}, {{{{> }}}} hay {{{{* }}}}",
                            "wording may not use {{{{{{ }}}}}}, {{{{> }}}} or {{{{* }}}}"
                        ),
                    )
                    .remedy(say!("chỉ dùng {{{{tên_trường}}}} và các hàm có sẵn", "use {{{{field}}}} and the given functions only")),
                )),
            }
        }
    }

    fn expression(&mut self, expression: &HelperTemplate, position: (usize, usize), inner: bool, named: bool) {
        let name = name_of(&expression.name);
        let bare = !expression.block && expression.params.is_empty() && expression.hash.is_empty();
        if bare {
            self.parameter(&expression.name, position, inner, named);
            return;
        }
        if !BUILT_IN.contains(&name.as_str())
            && self.registry.get_template(&name).is_none()
            && !functions::is_function(&name)
            && name != "len"
        {
            let mut problem = Diagnostic::error("words-function", say!("không có hàm “{name}”", "there is no function `{name}`"));
            if let Some(near) = nearest(&name, functions::names().chain(BUILT_IN)) {
                problem = problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?"));
            }
            self.problems.push((position, problem));
        }
        for parameter in expression.params.iter().chain(expression.hash.values()) {
            self.parameter(parameter, position, inner, named);
        }
    }

    fn parameter(&mut self, parameter: &Parameter, position: (usize, usize), inner: bool, named: bool) {
        match parameter {
            Parameter::Subexpression(sub) => {
                if let TemplateElement::Expression(expression) = sub.as_element() {
                    self.expression(expression, position, inner, named);
                }
            }
            Parameter::Name(_) | Parameter::Path(_) => {
                let path = name_of(parameter);
                let root = path.trim_start_matches("../").split(['.', '/', '[']).next().unwrap_or_default();
                if named || root.is_empty() || root == "this" || root.starts_with('@') {
                    return;
                }
                let known = self.known(inner);
                if !known.contains(&root) {
                    let mut problem =
                        Diagnostic::error("words-field", say!("không có trường “{root}” trong mẫu", "the template has no field `{root}`"));
                    problem = match nearest(root, known.iter().copied()) {
                        Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                        None => {
                            let list = known.join(", ");
                            problem.remedy(say!("các trường có thể dùng: {list}", "known fields: {list}"))
                        }
                    };
                    self.problems.push((position, problem));
                }
            }
            _ => {}
        }
    }

    fn known(&self, inner: bool) -> Vec<&str> {
        let mut known: Vec<&str> = self.contract.fields.iter().map(|field| field.name.as_str()).collect();
        known.extend(AMBIENT);
        if inner {
            let tables = self.contract.fields.iter().filter_map(|field: &Field| match &field.kind {
                Kind::Table(fields) => Some(fields),
                _ => None,
            });
            known.extend(tables.flatten().map(|field| field.name.as_str()));
            known.extend(["ten", "ho_ten", "quyen_han"]);
        }
        known
    }
}

fn name_of(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Name(name) => name.clone(),
        Parameter::Path(handlebars::Path::Relative((_, raw)) | handlebars::Path::Local((_, _, raw))) => raw.clone(),
        _ => String::new(),
    }
}
