//! What a cell means for a field of the contract: text made clean, dates, choices, yes and no.
//!
//! Owns [`Converter`] and the wording of what a clerk wrote wrongly. Numbers are in [`super::numbers`]; the rules of
//! Vietnamese dates and text are [`crate::vietnamese`]'s; patterns and ranges are checked later, by the contract's
//! schema, and an empty cell is null here even when the field is required, for the same reason.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::cell::{Cell, UNCALCULATED, digits_of};
use super::headings;
use super::limits::Limits;
use super::notices::Notices;
use super::numbers;
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::say;
use crate::template::contract::{Field, Kind};
use crate::vietnamese::date::{self, DateError};
use crate::vietnamese::letters;
use crate::vietnamese::normalise::{self, Note, Removed};

/// Converts the cells of one place.
pub(super) struct Converter<'a> {
    pub(super) limits: &'a Limits,
    pub(super) notices: &'a mut Notices,
    /// The place of the cell.
    pub(super) place: &'a dyn Fn() -> Place,
}

impl Converter<'_> {
    /// The value of `cell` for `field`; null for an empty cell.
    pub(super) fn convert(&mut self, field: &Field, cell: &Cell) -> Result<Value, Diagnostic> {
        let value = match cell {
            Cell::Empty => Ok(Value::Null),
            Cell::Error(_) => Err(Diagnostic::error(
                "cell-error",
                say!("là lỗi của công thức, không phải dữ liệu", "is the error of a formula, not data"),
            )
            .remedy(say!("sửa công thức, hoặc ghi thẳng giá trị vào ô", "mend the formula, or write the value itself"))),
            Cell::Uncalculated => Err(Diagnostic::error(
                "formula-uncalculated",
                say!(
                    "ô “{}” là công thức chưa được tính nên không có giá trị",
                    "the cell “{}” is a formula that was never calculated and has no value",
                    field.title
                ),
            )
            .remedy(say!("mở tệp bằng Excel rồi lưu lại", "open the file in Excel and save it again"))),
            Cell::Text(text) if text.trim() == UNCALCULATED => Err(Diagnostic::error(
                "formula-uncalculated",
                say!("ô “{}” vốn là công thức chưa có giá trị", "the cell “{}” was a formula without a value", field.title),
            )
            .remedy(say!("ghi thẳng giá trị vào ô", "write the value itself"))),
            _ => match &field.kind {
                Kind::Text => self.text(field, cell).map(text_or_null),
                Kind::Email => self.email(field, cell),
                Kind::Date => self.date(cell),
                Kind::Integer => numbers::integer(cell),
                Kind::Decimal => numbers::decimal(cell),
                Kind::Money => numbers::money(cell),
                Kind::Boolean => boolean(cell),
                Kind::List => self.list(field, cell),
                Kind::Table(_) => Err(Diagnostic::error(
                    "table-expected",
                    say!("“{}” là một bảng, không ghi được trong một ô", "“{}” is a table and does not fit a cell", field.title),
                )),
            },
        };
        value.map_err(|problem| {
            let problem = problem.at((self.place)());
            if matches!(cell, Cell::Uncalculated) {
                return problem;
            }
            match recognisable(cell) {
                shown if shown.is_empty() => problem,
                shown => problem.with_value(shown),
            }
        })
    }

    /// Text of a cell, made clean and within the lengths.
    fn text(&mut self, field: &Field, cell: &Cell) -> Result<String, Diagnostic> {
        let text = match cell {
            Cell::Text(text) => self.clean(text)?,
            Cell::Number(number) => {
                numbers::check_digits(*number)?;
                digits_of(*number).replace('.', ",")
            }
            Cell::Date { .. } => {
                let shown = cell.shown();
                let (place, title) = (self.place, &field.title);
                self.notices.once(title, "text-is-date", || {
                    Diagnostic::warning(
                        "text-is-date",
                        say!(
                            "là ô kiểu ngày trong cột chữ “{title}”; đọc đúng như hiện ra",
                            "is a date in the text column “{title}”; read as shown"
                        ),
                    )
                    .at(place())
                    .with_value(&shown)
                    .remedy(say!(
                        "nếu không phải ngày (ví dụ số 5/12), đổi ô sang kiểu Văn bản (Text) rồi ghi lại",
                        "if it is no date (such as the number 5/12), format the cell as Text and write it again"
                    ))
                });
                shown
            }
            other => other.shown(),
        };
        if !field.choices.is_empty() && !text.is_empty() {
            return choose(field, &text);
        }
        if let Some(word) = unreadable_word(&text) {
            let word = word.to_owned();
            return Err(Diagnostic::error(
                "text-unreadable",
                say!(
                    "có ký hiệu lạ giữa chữ (“{word}”), không rõ theo bảng mã nào",
                    "has signs inside a word (“{word}”), in no encoding that can be told"
                ),
            )
            .with_value(&text)
            .remedy(say!(
                "chữ gõ bằng phông cũ (.VnTime, VNI…): đổi sang Unicode rồi dán lại, hoặc gõ lại ô này",
                "typed in an old font (.VnTime, VNI…): convert it to Unicode and paste it again, or type this cell anew"
            )));
        }
        let length = text.chars().count();
        match field.length_max {
            Some(most) if length > most => Err(too_long(&field.title, length, most)),
            _ => Ok(text),
        }
    }

    fn clean(&mut self, text: &str) -> Result<String, Diagnostic> {
        let (length, most) = (text.chars().count(), self.limits.cell_chars_max);
        if length > most {
            // Not cleaned first: what is refused need not be normalised.
            let marks = longest_run_of_marks(text);
            return Err(if marks > self.limits.marks_max { too_many_marks(self.limits) } else { cell_too_long(most) });
        }
        let cleaned = normalise::clean(text);
        for note in &cleaned.notes {
            match note {
                Note::TooManyMarks { max_run } if *max_run > self.limits.marks_max => {
                    return Err(too_many_marks(self.limits));
                }
                Note::Lost { .. } => return Err(lost()),
                Note::Removed { what, .. } => {
                    let place = self.place;
                    self.notices.once(kind_of(*what), "characters-removed", || {
                        Diagnostic::notice("characters-removed", removed(*what)).at(place())
                    });
                }
                Note::Eth { .. } => {
                    let (place, shown) = (self.place, &cleaned.text);
                    self.notices.once("", "eth-replaced", || {
                        Diagnostic::notice(
                            "eth-replaced",
                            say!("có chữ Ð của tiếng nước ngoài; đã thay bằng Đ", "held the foreign letter Ð; replaced by Đ"),
                        )
                        .at(place())
                        .with_value(shown)
                    });
                }
                // Spaces and composition change nothing that a person could see.
                Note::Spaces { .. } | Note::Recomposed | Note::TooManyMarks { .. } => {}
            }
        }
        Ok(cleaned.text)
    }

    fn email(&mut self, field: &Field, cell: &Cell) -> Result<Value, Diagnostic> {
        let text = self.text(field, cell)?;
        if text.is_empty() || is_email(&text) {
            return Ok(text_or_null(text));
        }
        Err(Diagnostic::error("email-malformed", say!("không phải một địa chỉ thư điện tử", "is not an e-mail address")).remedy(say!(
            "ghi đúng một địa chỉ, chữ không dấu, ví dụ nguyenvana@example.vn",
            "write exactly one address in plain letters, such as nguyenvana@example.vn"
        )))
    }

    fn date(&mut self, cell: &Cell) -> Result<Value, Diagnostic> {
        let text = match cell {
            Cell::Text(text) => self.clean(text)?,
            // Through the same reader, so that a cell of 29/02/1900 or of the year 2569 is refused like typed text.
            Cell::Date { year, month, day, .. } => format!("{day:02}/{month:02}/{year:04}"),
            Cell::Number(number) => return Err(date_is_number(*number)),
            _ => return Err(date_problem(&DateError::NotADate)),
        };
        match date::parse(&text) {
            Ok(date) => Ok(Value::String(date.to_string())),
            Err(error) => Err(date_problem(&error)),
        }
    }

    fn list(&mut self, field: &Field, cell: &Cell) -> Result<Value, Diagnostic> {
        let text = match cell {
            Cell::Text(text) => text.clone(),
            other => other.shown(),
        };
        let mut items = Vec::new();
        for part in text.split([';', '\n']) {
            let part = self.text(field, &Cell::text(part))?;
            if !part.is_empty() {
                items.push(Value::String(part));
            }
        }
        Ok(Value::Array(items))
    }
}

/// The beginning of a cell without stacked marks and invisible characters, which would spoil the line it is shown in.
fn recognisable(cell: &Cell) -> String {
    const SHOWN_MAX: usize = 200;
    let start: String = cell.shown().chars().take(SHOWN_MAX).collect();
    let visible = |c: &char| {
        !is_combining_mark(*c)
            && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    start.nfc().filter(visible).collect()
}

fn text_or_null(text: String) -> Value {
    if text.is_empty() { Value::Null } else { Value::String(text) }
}

/// The allowed value that `text` means: the same letters, or the same without case and diacritics if only one is so.
fn choose(field: &Field, text: &str) -> Result<String, Diagnostic> {
    if let Some(choice) = field.choices.iter().find(|choice| *choice == text) {
        return Ok(choice.clone());
    }
    let folded = letters::fold(text);
    let mut alike = field.choices.iter().filter(|choice| letters::fold(choice) == folded);
    if let (Some(choice), None) = (alike.next(), alike.next()) {
        return Ok(choice.clone());
    }
    let allowed = field.choices.join("”, “");
    let problem = Diagnostic::error(
        "choice-unknown",
        say!("không nằm trong các giá trị cho phép của “{}”", "is not one of the values allowed for “{}”", field.title),
    );
    Err(problem.remedy(match headings::nearest_folded(text, field.choices.iter().map(String::as_str)) {
        Some(near) => say!("có phải “{near}”? chỉ được ghi: “{allowed}”", "is it “{near}”? allowed: “{allowed}”"),
        None => say!("chỉ được ghi: “{allowed}”", "allowed: “{allowed}”"),
    }))
}

fn boolean(cell: &Cell) -> Result<Value, Diagnostic> {
    let word = match cell {
        Cell::Bool(value) => return Ok(Value::Bool(*value)),
        Cell::Digits(text) | Cell::Text(text) => letters::fold(text),
        other => other.shown(),
    };
    match word.as_str() {
        "co" | "x" | "1" | "true" | "dung" | "yes" | "v" | "✓" | "✔" => Ok(Value::Bool(true)),
        "khong" | "0" | "false" | "sai" | "no" | "-" => Ok(Value::Bool(false)),
        _ => Err(Diagnostic::error("boolean-unclear", say!("không rõ là có hay không", "is neither yes nor no"))
            .remedy(say!("ghi “Có” hoặc “Không”", "write “Có” (yes) or “Không” (no)"))),
    }
}

/// One address of the plain form that every mail server takes: no quotes, no literals, no other scripts.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_ok = (1..=64).contains(&local.len())
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b)));
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    local_ok
        && text.len() <= 254
        && labels.len() >= 2
        && labels.iter().all(|label| label_ok(label))
        && labels.last().is_some_and(|top| top.len() >= 2 && top.bytes().any(|b| b.is_ascii_alphabetic()))
}

fn date_problem(error: &DateError) -> Diagnostic {
    match error {
        DateError::NotADate => Diagnostic::error("date-not-a-date", say!("không phải ngày", "is not a date"))
            .remedy(say!("ghi ngày/tháng/năm, ví dụ 05/3/2020", "write day/month/year, such as 05/3/2020")),
        DateError::NoSuchDay { day, month, year } => {
            Diagnostic::error("date-not-real", say!("không phải ngày có thật", "is not a real date"))
                .remedy(no_such_day(*day, *month, *year))
        }
        DateError::MonthFirst { suggestion } => {
            let date = date::short(*suggestion);
            Diagnostic::error("date-month-first", say!("có vẻ ghi tháng trước ngày", "seems to have the month before the day"))
                .remedy(say!("nếu là ngày {date}, ghi lại đúng như vậy", "if it is {date} (day/month/year), write it so"))
        }
        DateError::TwoDigitYear { .. } => {
            Diagnostic::error("date-two-digit-year", say!("ghi năm chỉ có hai chữ số", "has a year of two digits"))
                .remedy(say!("ghi đủ bốn chữ số của năm, ví dụ 05/3/2020", "write all four digits of the year, such as 05/3/2020"))
        }
        DateError::YearOutOfRange { year, suggestion } => {
            let problem = Diagnostic::error(
                "date-year-out-of-range",
                say!("có năm {year} nằm ngoài khoảng 1900–2199", "has the year {year}, outside 1900–2199"),
            );
            problem.remedy(match suggestion.map(date::short) {
                Some(date) => {
                    say!("nếu là Phật lịch, ghi dương lịch: {date}", "if it is of the Buddhist calendar, write {date}")
                }
                None => say!("kiểm tra lại năm; ghi ngày/tháng/năm", "check the year; write day/month/year"),
            })
        }
    }
}

fn no_such_day(day: u8, month: u8, year: i16) -> Text {
    if !(1..=12).contains(&month) {
        return say!("một năm chỉ có 12 tháng; ghi ngày/tháng/năm", "a year has 12 months; write day/month/year");
    }
    let days =
        i8::try_from(month).ok().and_then(|month| jiff::civil::Date::new(year, month, 1).ok()).map_or(31, |first| first.days_in_month());
    if day == 0 {
        return say!("ngày bắt đầu từ 01; ghi ngày/tháng/năm", "days begin with 01; write day/month/year");
    }
    say!(
        "tháng {month:02} năm {year} chỉ có {days} ngày; ghi ngày/tháng/năm",
        "month {month:02} of {year} has {days} days; write day/month/year"
    )
}

/// A number in the range of serial days is most likely a date that lost its format.
fn date_is_number(number: f64) -> Diagnostic {
    let problem = Diagnostic::error("date-is-number", say!("là một số, không phải ngày", "is a number, not a date"));
    let serial = (number.fract() == 0.0 && (20_000.0..80_000.0).contains(&number)).then_some(number as i64);
    let date = serial.and_then(|days| jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok());
    problem.remedy(match date.map(date::short) {
        Some(date) => say!(
            "có phải ngày {date}? định dạng ô kiểu Ngày (Date), hoặc ghi ngày/tháng/năm",
            "is it {date} (day/month/year)? format the cell as Date, or write day/month/year"
        ),
        None => say!(
            "định dạng ô kiểu Ngày (Date), hoặc ghi ngày/tháng/năm, ví dụ 05/3/2020",
            "format the cell as Date, or write day/month/year, such as 05/3/2020"
        ),
    })
}

fn too_long(title: &str, length: usize, most: usize) -> Diagnostic {
    Diagnostic::error(
        "text-too-long",
        say!("dài {length} ký tự, “{title}” chỉ được {most}", "has {length} characters, “{title}” may have {most}"),
    )
    .remedy(say!("viết ngắn lại", "write it shorter"))
}

/// How long it is, is not said: a reader may have cut it already.
fn cell_too_long(most: usize) -> Diagnostic {
    Diagnostic::error(
        "cell-too-long",
        say!("dài quá {most} ký tự, giới hạn của một ô", "has more than {most} characters, the limit of a cell"),
    )
    .remedy(say!("kiểm tra xem có dán nhầm vào ô này không", "check whether something was pasted here by mistake"))
}

fn too_many_marks(limits: &Limits) -> Diagnostic {
    let most = limits.marks_max;
    Diagnostic::error(
        "marks-too-many",
        say!("có hơn {most} dấu chồng lên một chữ, không phải chữ viết", "has more than {most} marks on one letter, which is no writing"),
    )
    .remedy(say!("xoá ô và gõ lại", "clear the cell and type it again"))
}

fn lost() -> Diagnostic {
    Diagnostic::error(
        "character-lost",
        say!(
            "có ký tự � : chữ ở đó đã mất trước khi tệp đến đây",
            "holds the character �: the letter there was lost before the file came here"
        ),
    )
    .remedy(say!("gõ lại ô này theo bản gốc", "type this cell again from the original"))
}

fn removed(what: Removed) -> Text {
    match what {
        Removed::SoftHyphen => say!("có dấu nối mềm không nhìn thấy; đã bỏ", "held invisible soft hyphens; removed"),
        Removed::ZeroWidth => {
            say!("có ký tự rộng bằng không, không nhìn thấy; đã bỏ", "held invisible zero-width characters; removed")
        }
        Removed::BidiControl => {
            say!("có ký tự đảo chiều viết, không nhìn thấy; đã bỏ", "held invisible controls of writing direction; removed")
        }
        Removed::Control => say!("có ký tự điều khiển; đã bỏ", "held control characters; removed"),
        Removed::Noncharacter => say!("có mã không phải ký tự; đã bỏ", "held codes that are no characters; removed"),
    }
}

fn kind_of(what: Removed) -> &'static str {
    match what {
        Removed::SoftHyphen => "soft-hyphen",
        Removed::ZeroWidth => "zero-width",
        Removed::BidiControl => "bidi",
        Removed::Control => "control",
        Removed::Noncharacter => "noncharacter",
    }
}

fn longest_run_of_marks(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if is_combining_mark(c) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The first word with a Latin-1 sign between its letters, as text in an old encoding shows: `n¨m`, `q¶x`. No writing does
/// that; what was left of it by the recognition of encodings cannot be read.
fn unreadable_word(text: &str) -> Option<&str> {
    if text.is_ascii() {
        return None;
    }
    let is_sign = |c: char| matches!(c, '\u{A1}'..='\u{A9}' | '\u{AB}' | '\u{AC}' | '\u{AE}'..='\u{B1}' | '\u{B4}'..='\u{B6}' | '\u{B8}' | '\u{BB}' | '\u{BF}');
    text.split_whitespace().find(|word| {
        let letters: Vec<char> = word.chars().collect();
        letters.windows(3).any(|three| three[0].is_alphabetic() && is_sign(three[1]) && three[2].is_alphabetic())
    })
}
