//! A command line that cannot be understood, said in Vietnamese.
//!
//! Owns the sentences for clap's kinds of error; what clap itself says stands for English and for rarer kinds.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The error in Vietnamese; `None` when clap's own words must do.
pub fn explain(error: &Error) -> Option<String> {
    let argument = context(error, ContextKind::InvalidArg);
    let value = context(error, ContextKind::InvalidValue);
    let head = match error.kind() {
        ErrorKind::InvalidSubcommand => format!("không có lệnh “{}”", context(error, ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => "còn thiếu lệnh".to_owned(),
        ErrorKind::UnknownArgument => format!("không có tùy chọn “{argument}”"),
        ErrorKind::MissingRequiredArgument => format!("còn thiếu: {argument}"),
        ErrorKind::ArgumentConflict => format!("“{argument}” không đi cùng {}", context(error, ContextKind::PriorArg)),
        ErrorKind::InvalidValue if value.is_empty() => format!("“{argument}” cần một giá trị"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("“{value}” không hợp lệ cho “{argument}”"),
        ErrorKind::TooManyValues => format!("thừa “{value}”"),
        _ => return None,
    };
    let suggestion = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .map(|kind| context(error, kind))
        .find(|text| !text.is_empty());
    let valid = context(error, ContextKind::ValidValue);
    let mut text = format!("lỗi[usage] {head}\n");
    if let Some(suggestion) = suggestion {
        text.push_str(&format!("    cách sửa: có phải “{suggestion}”?\n"));
    } else if !valid.is_empty() {
        text.push_str(&format!("    cách sửa: chọn một trong: {valid}\n"));
    }
    text.push_str("    xem hướng dẫn: thêm --help\n");
    Some(text)
}

fn context(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}
