//! Mistakes of Handlebars in the user's language: what its parser and its filling refuse, in sentences of our own.
//!
//! Owns the search for what an author most often gets wrong (a tag or a block left open), because the parser itself only
//! names the grammar rules that it hoped for. Reasons without a sentence here keep their original in parentheses.

use handlebars::{RenderErrorReason, TemplateErrorReason};

use super::functions;
use crate::diagnostic::nearest;
use crate::language::Text;
use crate::say;

/// A syntax error: the one-based line and column inside the string, what is wrong, what to do.
pub(super) struct Fault {
    pub(super) position: (usize, usize),
    pub(super) message: Text,
    pub(super) remedy: Text,
}

/// Explains why `source` does not compile. `position` is where the parser gave up.
pub(super) fn of_syntax(source: &str, reason: &TemplateErrorReason, position: (usize, usize)) -> Fault {
    if let Some(fault) = unbalanced(source) {
        return fault;
    }
    let message = match reason {
        TemplateErrorReason::InvalidSyntax(_) => say!(
            "không đọc được chỗ này: giữa {{{{ và }}}} phải là một tên trường, hoặc một hàm và các tham số của nó",
            "this cannot be read: between {{{{ and }}}} stands a field, or a function with its arguments"
        ),
        TemplateErrorReason::InvalidParam(parameter) => {
            say!("tham số “{parameter}” không hợp lệ", "`{parameter}` is not a valid argument")
        }
        TemplateErrorReason::NestedSubexpression => {
            say!("không được lồng hàm trong hàm ở đây", "a function cannot stand inside a function here")
        }
        other => say!("sai cú pháp ({other})", "syntax error ({other})"),
    };
    Fault { position, message, remedy: of_shape() }
}

fn of_shape() -> Text {
    say!("viết như {{{{ho_ten}}}} hoặc {{{{ngay ngay_ky}}}}", "write it like {{{{ho_ten}}}} or {{{{ngay ngay_ky}}}}")
}

/// The first tag or block that is opened and not closed, or closed and not opened.
fn unbalanced(source: &str) -> Option<Fault> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    while let Some(start) = source[at..].find("{{").map(|found| at + found) {
        // A tag ends at its own braces; another opening before them means that the first was never closed.
        let inside = start + 2;
        let end = source[inside..].find("}}").map(|found| inside + found);
        let rest = source[inside..].trim_start_matches('{');
        let next = rest.find("{{").map(|found| source.len() - rest.len() + found);
        let Some(end) = end.filter(|end| next.is_none_or(|next| *end < next)) else {
            return Some(Fault {
                position: position(source, start),
                message: say!("“{{{{” mở ở đây mà không có “}}}}” đóng", "the `{{{{` here has no closing `}}}}`"),
                remedy: say!("thêm }}}} ngay sau tên trường", "put }}}} right after the field's name"),
            });
        };
        let tag = source[inside..end].trim_matches(['~', ' ', '{', '}']);
        if tag.is_empty() {
            return Some(Fault {
                position: position(source, start),
                message: say!("giữa {{{{ và }}}} không có gì", "there is nothing between {{{{ and }}}}"),
                remedy: of_shape(),
            });
        }
        let name = |rest: &'static str| tag.strip_prefix(rest).map(|tag| tag.split_whitespace().next().unwrap_or_default());
        if let Some(name) = name("#") {
            open.push((name, start));
        } else if let Some(name) = name("/") {
            match open.pop() {
                Some((opened, _)) if opened == name => {}
                Some((opened, _)) => {
                    return Some(Fault {
                        position: position(source, start),
                        message: say!(
                            "{{{{#{opened}}}}} đang mở mà ở đây lại đóng {{{{/{name}}}}}",
                            "{{{{#{opened}}}}} is open, but {{{{/{name}}}}} closes here"
                        ),
                        remedy: say!("viết {{{{/{opened}}}}} ở đây", "write {{{{/{opened}}}}} here"),
                    });
                }
                None => {
                    return Some(Fault {
                        position: position(source, start),
                        message: say!("{{{{/{name}}}}} đóng một khối chưa mở", "{{{{/{name}}}}} closes a block that was never opened"),
                        remedy: say!(
                            "xóa {{{{/{name}}}}}, hoặc thêm {{{{#{name} …}}}} ở trước",
                            "delete {{{{/{name}}}}}, or put {{{{#{name} …}}}} before it"
                        ),
                    });
                }
            }
        }
        at = end + 2;
    }
    let (opened, start) = open.pop()?;
    Some(Fault {
        position: position(source, start),
        message: say!("khối {{{{#{opened}}}}} mở ở đây mà không được đóng", "the block {{{{#{opened}}}}} opened here is never closed"),
        remedy: say!("thêm {{{{/{opened}}}}} vào cuối khối", "put {{{{/{opened}}}}} at the end of the block"),
    })
}

/// One-based line and column, in characters.
fn position(source: &str, offset: usize) -> (usize, usize) {
    let before = &source[..offset];
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

/// Why wording `name` cannot be filled, beyond what a missing field or a limit explains.
pub(super) fn of_filling(name: &str, reason: &RenderErrorReason) -> Text {
    match reason {
        RenderErrorReason::Other(text) if text.contains(functions::LANGUAGES_APART) => {
            let (vi, en) = text.split_once(functions::LANGUAGES_APART).unwrap_or_default();
            Text { vi: format!("câu chữ “{name}”: {vi}"), en: format!("wording `{name}`: {en}") }
        }
        RenderErrorReason::HelperNotFound(function) => match nearest(function, functions::names()) {
            Some(near) => say!(
                "câu chữ “{name}” gọi hàm “{function}” không có; có phải “{near}”?",
                "wording `{name}` calls `{function}`, which does not exist; did you mean `{near}`?"
            ),
            None => say!("câu chữ “{name}” gọi hàm “{function}” không có", "wording `{name}` calls `{function}`, which does not exist"),
        },
        RenderErrorReason::ParamNotFoundForIndex(function, index) => {
            let number = index + 1;
            say!(
                "câu chữ “{name}”: hàm “{function}” thiếu tham số thứ {number}",
                "wording `{name}`: function `{function}` lacks argument {number}"
            )
        }
        RenderErrorReason::ParamNotFoundForName(function, parameter) => say!(
            "câu chữ “{name}”: hàm “{function}” thiếu tham số “{parameter}”",
            "wording `{name}`: function `{function}` lacks the argument `{parameter}`"
        ),
        RenderErrorReason::ParamTypeMismatchForName(function, parameter, _)
        | RenderErrorReason::HashTypeMismatchForName(function, parameter, _) => say!(
            "câu chữ “{name}”: tham số “{parameter}” của hàm “{function}” không đúng kiểu",
            "wording `{name}`: argument `{parameter}` of function `{function}` has the wrong type"
        ),
        RenderErrorReason::InvalidParamType(_) => {
            say!("câu chữ “{name}”: một tham số không đúng kiểu", "wording `{name}`: an argument has the wrong type")
        }
        RenderErrorReason::InvalidJsonPath(path) | RenderErrorReason::InvalidJsonIndex(path) => {
            say!("câu chữ “{name}”: “{path}” không chỉ vào giá trị nào", "wording `{name}`: `{path}` leads to no value")
        }
        other => say!("câu chữ “{name}” không điền được ({other})", "wording `{name}` cannot be filled ({other})"),
    }
}
