//! The fixed set of functions that wording may call: numbers, money, dates, lists, letters.
//!
//! Owns their names and how they take JSON; the rules themselves are `vietnamese`'s. None reads a clock, a file or the
//! environment, and a null argument prints as nothing.

use handlebars::{Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson};
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::say;
use crate::vietnamese::{date, letters, money, number, unit};

/// What an argument should have been, in Vietnamese and in English.
type Wanted = (&'static str, &'static str);

type Body = fn(&[Value], &Map<String, Value>) -> Result<String, Wanted>;

/// Stands between the two languages of a refusal, because Handlebars carries one string.
pub(super) const LANGUAGES_APART: char = '\u{1f}';

/// Name, least number of arguments, body.
const FUNCTIONS: [(&str, usize, Body); 22] = [
    ("so", 1, |args, _| Ok(number::group(&digits(&args[0])?))),
    ("so_hai", 1, |args, _| Ok(number::pad_two(&digits(&args[0])?))),
    ("so_chu", 1, |args, options| number::in_words(&digits(&args[0])?, reading(options)).ok_or(("một số", "a number"))),
    ("tien", 1, |args, _| Ok(money::display(&digits(&args[0])?))),
    ("tien_chu", 1, |args, options| {
        let whole = options.get("chan").and_then(Value::as_bool).unwrap_or(false);
        money::in_words(&digits(&args[0])?, &reading(options), whole).ok_or(("một số tiền", "an amount of money"))
    }),
    ("ngay", 1, |args, _| Ok(date::long(day(&args[0])?))),
    ("ngay_so", 1, |args, _| Ok(date::short(day(&args[0])?))),
    ("ngay_chu", 1, |args, _| Ok(date::in_words(day(&args[0])?, false))),
    ("nam", 1, |args, _| Ok(day(&args[0])?.year().to_string())),
    ("thang", 1, |args, _| Ok(day(&args[0])?.month().to_string())),
    ("gio", 1, |args, _| {
        let (hour, minute) = date::parse_time(text(&args[0])?).ok_or(("một giờ, ví dụ 08:30", "a time such as 08:30"))?;
        Ok(date::time_long(hour, minute))
    }),
    ("hoa", 1, |args, _| Ok(letters::upper(&shown(&args[0])))),
    ("thuong", 1, |args, _| Ok(letters::lower(&shown(&args[0])))),
    ("hoa_dau", 1, |args, _| Ok(letters::capitalise(&shown(&args[0])))),
    ("noi", 1, join),
    ("la_ma", 1, |args, _| {
        let n = digits(&args[0])?.parse().map_err(|_| ("một số từ 1 đến 3999", "a number from 1 to 3999"))?;
        letters::roman(n).ok_or(("một số từ 1 đến 3999", "a number from 1 to 3999"))
    }),
    ("chu_cai", 1, |args, _| {
        let n = digits(&args[0])?.parse().map_err(|_| ("một số từ 1", "a number from 1"))?;
        Ok(letters::point_letter(n))
    }),
    ("phan_tram", 2, |args, _| {
        number::percent(&digits(&args[0])?, &digits(&args[1])?).ok_or(("hai số, số sau khác 0", "two numbers, the second not 0"))
    }),
    ("tang_giam", 2, |args, _| {
        number::change_in_words(&digits(&args[0])?, &digits(&args[1])?).ok_or(("hai số, số sau khác 0", "two numbers, the second not 0"))
    }),
    ("tong", 2, |args, _| {
        let column = text(&args[1])?;
        let mut total = "0".to_owned();
        for row in list(&args[0])? {
            if let Some(value) = row.get(column).filter(|value| !value.is_null()) {
                total = number::add(&total, &digits(value)?).ok_or(("các số cộng được", "numbers that can be added"))?;
            }
        }
        Ok(total)
    }),
    ("dem", 1, |args, _| {
        let rows = list(&args[0])?;
        let count = match (args.get(1), args.get(2)) {
            (Some(column), Some(wanted)) => {
                let column = text(column)?;
                rows.iter().filter(|row| row.get(column) == Some(wanted)).count()
            }
            _ => rows.len(),
        };
        Ok(count.to_string())
    }),
    ("ten_don_vi", 1, |args, _| Ok(unit::expand(&shown(&args[0])))),
];

type Operation = fn(&str, &str) -> Option<String>;

/// Sums and differences return numbers, so that they can be arguments of the others.
const ARITHMETIC: [(&str, Operation); 2] = [("cong", number::add), ("tru", number::subtract)];

/// Puts every function into `registry`.
pub(super) fn register(registry: &mut Handlebars<'static>) {
    for (name, arguments_min, body) in FUNCTIONS {
        registry.register_helper(name, Box::new(Function { name, arguments_min, body }));
    }
    for (name, operation) in ARITHMETIC {
        registry.register_helper(name, Box::new(Arithmetic { name, operation }));
    }
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.0).chain(ARITHMETIC.iter().map(|function| function.0))
}

/// Is there a function called `name`?
pub(super) fn is_function(name: &str) -> bool {
    names().any(|known| known == name)
}

struct Function {
    name: &'static str,
    arguments_min: usize,
    body: Body,
}

struct Arithmetic {
    name: &'static str,
    operation: Operation,
}

impl HelperDef for Function {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc handlebars::Context,
        scope: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        // `{{so}}` alone is the record's field “so”; only with an argument is it the function.
        if helper.params().is_empty() {
            return match scope.evaluate(context, self.name)? {
                ScopedJson::Missing => Err(RenderErrorReason::MissingVariable(Some(self.name.to_owned())).into()),
                field => Ok(ScopedJson::Derived(field.as_json().clone())),
            };
        }
        let arguments = arguments(self.name, self.arguments_min, helper)?;
        if arguments[0].is_null() {
            return Ok(ScopedJson::Derived(Value::String(String::new())));
        }
        // The organisation's manner of reading, then what this call says otherwise.
        let organisation = context.data().pointer("/to_chuc/cach_doc").and_then(Value::as_object);
        let mut options = organisation.cloned().unwrap_or_default();
        options.extend(helper.hash().iter().map(|(name, value)| ((*name).to_owned(), value.value().clone())));
        (self.body)(&arguments, &options)
            .map(|text| ScopedJson::Derived(Value::String(text)))
            .map_err(|wanted| refuse(self.name, wanted, &arguments))
    }
}

impl HelperDef for Arithmetic {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc handlebars::Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let arguments = arguments(self.name, 2, helper)?;
        let (a, b) = (digits(&arguments[0]), digits(&arguments[1]));
        match (a, b) {
            (Ok(a), Ok(b)) => (self.operation)(&a, &b),
            _ => None,
        }
        .map(|text| ScopedJson::Derived(Value::String(text)))
        .ok_or_else(|| refuse(self.name, ("hai số", "two numbers"), &arguments))
    }
}

fn arguments(name: &'static str, least: usize, helper: &Helper<'_>) -> Result<Vec<Value>, RenderError> {
    let mut arguments = Vec::new();
    for parameter in helper.params() {
        if parameter.is_value_missing() {
            return Err(RenderErrorReason::MissingVariable(parameter.relative_path().cloned()).into());
        }
        arguments.push(parameter.value().clone());
    }
    if arguments.len() < least {
        return Err(RenderErrorReason::ParamNotFoundForIndex(name, arguments.len()).into());
    }
    Ok(arguments)
}

fn refuse(name: &str, wanted: Wanted, arguments: &[Value]) -> RenderError {
    let given = arguments.iter().map(shown).collect::<Vec<_>>().join(", ");
    let (vi, en) = wanted;
    let text = say!("hàm “{name}” cần {vi}, nhưng nhận “{given}”", "function `{name}` takes {en}, but was given “{given}”");
    RenderErrorReason::Other(format!("{}{LANGUAGES_APART}{}", text.vi, text.en)).into()
}

fn join(args: &[Value], options: &Map<String, Value>) -> Result<String, Wanted> {
    let column = options.get("truong").and_then(Value::as_str);
    let between = options.get("ngan").and_then(Value::as_str).unwrap_or(", ");
    let last = options.get("cuoi").and_then(Value::as_str).unwrap_or(between);
    let items: Vec<String> = list(&args[0])?
        .iter()
        .map(|item| match column {
            Some(column) => item.get(column).map(shown).unwrap_or_default(),
            None => shown(item),
        })
        .filter(|item| !item.is_empty())
        .collect();
    Ok(match items.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{}{last}{end}", rest.join(between)),
    })
}

/// The manner of reading numbers: `le`, `ngan`, `bon`, `ti` ask for the second form of each.
fn reading(options: &Map<String, Value>) -> number::Reading {
    let asked = |name: &str| options.get(name).and_then(Value::as_bool).unwrap_or(false);
    number::Reading {
        linh_le: if asked("le") { number::ZeroTen::Le } else { number::ZeroTen::Linh },
        nghin_ngan: if asked("ngan") { number::Thousand::Ngan } else { number::Thousand::Nghin },
        tu_bon: if asked("bon") { number::Four::Bon } else { number::Four::Tu },
        ty_ti: if asked("ti") { number::Billion::Ti } else { number::Billion::Ty },
    }
}

/// A number as its canonical decimal string.
fn digits(value: &Value) -> Result<String, Wanted> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) if is_canonical(text) => Ok(text.clone()),
        _ => Err(("một số", "a number")),
    }
}

fn is_canonical(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

fn day(value: &Value) -> Result<Date, Wanted> {
    text(value)?.parse().map_err(|_| ("một ngày", "a date"))
}

fn text(value: &Value) -> Result<&str, Wanted> {
    value.as_str().ok_or(("chữ", "text"))
}

fn list(value: &Value) -> Result<&[Value], Wanted> {
    match value {
        Value::Array(items) => Ok(items),
        _ => Err(("một danh sách", "a list")),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
