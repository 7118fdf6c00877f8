//! The views: Handlebars templates from the binary, strict, escaped, with the few functions that pages need.
//!
//! Owns the registry and its functions. A view that names what its data do not have is an error, never a gap.
//!
//! `{{t "vi" "en"}}` words in place, `{name}` inside filled from `name=value`; `{{chu x}}` a sentence that exists in both
//! languages; `{{ngay ms}}` date and time in Viet Nam, with `gon=true` the date alone; `{{so n}}` a grouped number;
//! `{{co n}}` a size; `{{state "batch" s}}` and `{{tone "batch" s}}` words and tone of a state, for a batch with `failed=n`;
//! `{{asset "vanthu.css"}}` the address of an asset.

use handlebars::{Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_embed::Embed;
use serde_json::Value;

use super::{assets, words};
use crate::language::{Language, Text};
use crate::vietnamese::number;

#[derive(Embed)]
#[folder = "src/server/views/"]
struct Files;

/// The filled registry.
pub struct Views {
    registry: Handlebars<'static>,
}

/// A view could not be filled: which line, and what it named. Nothing of the data is in it.
#[derive(Debug)]
pub struct ViewError {
    /// One-based line; 0 when it is not known.
    pub line: usize,
    /// The name that the data do not have.
    pub field: String,
}

type Function = fn(&Call<'_, '_>) -> Result<String, RenderError>;

const FUNCTIONS: [(&str, Function); 9] = [
    ("t", in_place),
    ("chu", sentence),
    ("ngay", time),
    ("so", grouped),
    ("co", size),
    ("state", state_words),
    ("tone", state_tone),
    ("action", action),
    ("asset", asset),
];

impl Views {
    /// Reads every view. One that cannot be read is a bug that the first start shows.
    pub fn new() -> Self {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        for path in Files::iter() {
            let file = Files::get(&path).map(|file| file.data).unwrap_or_default();
            let name = path.trim_end_matches(".hbs").trim_start_matches('_');
            // An argument of a partial hides fields of its name everywhere inside; lists have titles of their own.
            let text = String::from_utf8_lossy(&file).replace("{{#> layout title=", "{{#> layout page_title=");
            registry.register_template_string(name, text).unwrap_or_else(|error| panic!("the view {name}: {error}"));
        }
        for (name, function) in FUNCTIONS {
            registry.register_helper(name, Box::new(Own(function)));
        }
        Self { registry }
    }

    /// The names of all views.
    pub fn names(&self) -> Vec<&str> {
        self.registry.get_templates().keys().map(String::as_str).collect()
    }

    /// Fills a view.
    pub fn render(&self, view: &str, data: &Value) -> Result<String, ViewError> {
        self.registry.render(view, data).map_err(|error| ViewError {
            line: error.line_no.unwrap_or(0),
            field: match error.reason() {
                RenderErrorReason::MissingVariable(Some(path)) => path.clone(),
                RenderErrorReason::TemplateNotFound(name) | RenderErrorReason::PartialNotFound(name) => name.clone(),
                RenderErrorReason::Other(words) => words.clone(),
                _ => String::new(),
            },
        })
    }
}

impl Default for Views {
    fn default() -> Self {
        Self::new()
    }
}

struct Own(Function);

/// A call of a function, with the language of the page.
struct Call<'a, 'rc> {
    helper: &'a Helper<'rc>,
    language: Language,
}

impl HelperDef for Own {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let english = context.data().pointer("/frame/english").and_then(Value::as_bool).unwrap_or(false);
        let language = if english { Language::English } else { Language::Vietnamese };
        let missing = helper.params().iter().chain(helper.hash().values()).find(|value| value.is_value_missing());
        if let Some(missing) = missing {
            return Err(RenderErrorReason::MissingVariable(missing.relative_path().cloned()).into());
        }
        let text = (self.0)(&Call { helper, language })?;
        Ok(ScopedJson::Derived(Value::String(text)))
    }
}

impl Call<'_, '_> {
    fn value(&self, index: usize) -> Result<&Value, RenderError> {
        self.helper
            .param(index)
            .map(|parameter| parameter.value())
            .ok_or_else(|| RenderErrorReason::Other(format!("{} needs another value", self.helper.name())).into())
    }

    fn text(&self, index: usize) -> Result<&str, RenderError> {
        self.value(index)?.as_str().ok_or_else(|| RenderErrorReason::Other(format!("{} needs a text", self.helper.name())).into())
    }
}

fn in_place(call: &Call<'_, '_>) -> Result<String, RenderError> {
    let mut text = call.text(if call.language == Language::English { 1 } else { 0 })?.to_owned();
    for (name, value) in call.helper.hash() {
        let shown = match value.value() {
            Value::String(text) => text.clone(),
            Value::Number(number) => group(&number.to_string(), call.language),
            other => other.to_string(),
        };
        text = text.replace(&format!("{{{name}}}"), &shown);
    }
    Ok(text)
}

fn sentence(call: &Call<'_, '_>) -> Result<String, RenderError> {
    let value = call.value(0)?;
    let key = if call.language == Language::English { "en" } else { "vi" };
    match (value.as_str(), value.get(key).and_then(Value::as_str)) {
        (Some(text), _) | (None, Some(text)) => Ok(text.to_owned()),
        (None, None) => Err(RenderErrorReason::Other("chu needs a sentence in both languages".to_owned()).into()),
    }
}

fn time(call: &Call<'_, '_>) -> Result<String, RenderError> {
    let value = call.value(0)?;
    if value.is_null() {
        return Ok("–".to_owned());
    }
    let at = value.as_i64().and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    let Some(at) = at else { return Err(RenderErrorReason::Other("ngay needs milliseconds".to_owned()).into()) };
    let zone = TimeZone::get(crate::schedule::recurrence::ZONE_DEFAULT).unwrap_or(TimeZone::UTC);
    let date_only = call.helper.hash_get("gon").is_some_and(|value| value.value() == &Value::Bool(true));
    Ok(at.to_zoned(zone).strftime(if date_only { "%d/%m/%Y" } else { "%H:%M %d/%m/%Y" }).to_string())
}

fn group(digits: &str, language: Language) -> String {
    let vietnamese = number::group(digits);
    match language {
        Language::Vietnamese => vietnamese,
        Language::English => vietnamese
            .chars()
            .map(|c| {
                if c == '.' {
                    ','
                } else if c == ',' {
                    '.'
                } else {
                    c
                }
            })
            .collect(),
    }
}

fn grouped(call: &Call<'_, '_>) -> Result<String, RenderError> {
    match call.value(0)? {
        Value::Null => Ok("–".to_owned()),
        Value::Number(number) => Ok(group(&number.to_string(), call.language)),
        other => Ok(group(other.as_str().unwrap_or_default(), call.language)),
    }
}

fn size(call: &Call<'_, '_>) -> Result<String, RenderError> {
    let mut amount = call.value(0)?.as_f64().unwrap_or(0.0);
    let mut unit = "byte";
    for next in ["KB", "MB", "GB"] {
        if amount < 1024.0 {
            break;
        }
        (amount, unit) = (amount / 1024.0, next);
    }
    let digits = if unit == "byte" || amount >= 100.0 { format!("{amount:.0}") } else { format!("{amount:.1}") };
    Ok(format!("{}\u{a0}{unit}", group(&digits, call.language)))
}

fn known_state(call: &Call<'_, '_>) -> Result<(Text, &'static str), RenderError> {
    let (kind, state) = (call.text(0)?, call.text(1)?);
    let failed = call.helper.hash_get("failed").and_then(|failed| failed.value().as_u64()).unwrap_or(0);
    let known = if kind == "batch" { words::batch_state(state, failed) } else { words::state(kind, state) };
    known.ok_or_else(|| RenderErrorReason::Other(format!("{kind} has no state of that name")).into())
}

fn state_words(call: &Call<'_, '_>) -> Result<String, RenderError> {
    Ok(known_state(call)?.0.in_language(call.language).to_owned())
}

fn state_tone(call: &Call<'_, '_>) -> Result<String, RenderError> {
    Ok(known_state(call)?.1.to_owned())
}

fn action(call: &Call<'_, '_>) -> Result<String, RenderError> {
    Ok(words::action(call.text(0)?).in_language(call.language).to_owned())
}

fn asset(call: &Call<'_, '_>) -> Result<String, RenderError> {
    Ok(assets::address(call.text(0)?))
}
