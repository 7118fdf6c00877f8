//! Rules of cells 3 and 4: number, code, place and date (annex I, II.3 and II.4).
//!
//! Owns the reading of `Số: 05/BC-HKH` and of `Hà Nội, ngày 05 tháng 01 năm 2020`.

use crate::language::Text;
use crate::say;
use crate::vietnamese::type_code;

use super::{Facts, Places, Rule, custom, rule, size_is, style};
use crate::lint::components::key;
use crate::lint::finding::{absent, measure, quoted};
use crate::lint::ink::{Area, Line};

/// Two cells stand on one line when their baselines differ by less (mm).
const BASELINE_TOLERANCE_MM: f64 = 0.5;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    rule("so-present", "NĐ 30/2020, PL I, II.3", "Văn bản có dòng số, ký hiệu", "The document has a line for number and code", so_present),
    rule(
        "so-form",
        "NĐ 30/2020, PL I, II.3c",
        "“Số:” có dấu hai chấm; giữa số và ký hiệu là dấu “/”, giữa các nhóm chữ là dấu “-”, không cách chữ",
        "“Số:” has a colon; “/” parts number and code, “-” parts the groups, without spaces",
        so_form,
    ),
    rule(
        "so-padding",
        "NĐ 30/2020, PL I, II.3c",
        "Số nhỏ hơn 10 ghi thêm một số 0 phía trước",
        "A number below 10 has one leading zero",
        so_padding,
    ),
    rule("so-style", "NĐ 30/2020, PL I, II.3c", "Số, ký hiệu cỡ chữ 13, kiểu chữ đứng", "Number and code are 13 pt, upright", so_style),
    rule(
        "so-code",
        "NĐ 30/2020, PL I, II.3b; PL III",
        "Chữ viết tắt tên loại trong ký hiệu đúng bảng chữ viết tắt, đúng chữ hoa, chữ thường",
        "The type's code is that of annex III, capitals and small letters included",
        so_code,
    ),
    rule(
        "dia-danh-present",
        "NĐ 30/2020, PL I, II.4",
        "Văn bản có địa danh và thời gian ban hành",
        "The document has a place and a date",
        dia_danh_present,
    ),
    rule(
        "dia-danh-baseline",
        "NĐ 30/2020, PL I, II.4c",
        "Địa danh, thời gian cùng một dòng với số, ký hiệu",
        "Place and date stand on one line with number and code",
        dia_danh_baseline,
    ),
    rule(
        "dia-danh-form",
        "NĐ 30/2020, PL I, II.4c",
        "Sau địa danh có dấu phẩy, rồi ngày … tháng … năm …",
        "After the place a comma, then ngày … tháng … năm …",
        dia_danh_form,
    ),
    rule(
        "ngay-padding",
        "NĐ 30/2020, PL I, II.4b",
        "Ngày nhỏ hơn 10 ghi thêm số 0 phía trước",
        "A day below 10 has a leading zero",
        ngay_padding,
    ),
    rule(
        "thang-padding",
        "NĐ 30/2020, PL I, II.4b",
        "Chỉ tháng 1 và tháng 2 ghi thêm số 0 phía trước",
        "Only months 1 and 2 have a leading zero",
        thang_padding,
    ),
    rule("dia-danh-style", "NĐ 30/2020, PL I, II.4c", "Địa danh, thời gian kiểu chữ nghiêng", "Place and date are italic", dia_danh_style),
    rule("dia-danh-size", "NĐ 30/2020, PL I, II.4c", "Địa danh, thời gian cỡ chữ 13–14", "Place and date are 13–14 pt", dia_danh_size),
    custom(
        "date-in-text",
        "NĐ 30/2020, PL I, II.4b",
        "Ngày tháng trong văn bản viết như ở đầu văn bản: ngày dưới 10 và tháng 1, 2 có số 0, các tháng khác không",
        "Dates in the text are written as in the head: days below 10 and months 1 and 2 padded, no other month",
        date_in_text,
    ),
];

/// The parts of `Số: 05/BC-HKH`.
struct Number<'t> {
    has_colon: bool,
    /// Digits, where they are filled in.
    digits: Option<&'t str>,
    /// What stands behind the first slash.
    code: Option<&'t str>,
    has_spaces: bool,
}

fn read(text: &str) -> Number<'_> {
    let rest = text.char_indices().nth(2).map_or("", |(at, _)| &text[at..]);
    let has_colon = rest.trim_start().starts_with(':');
    let rest = rest.trim_start().trim_start_matches(':').trim_start();
    let (number, code) = match rest.split_once('/') {
        Some((number, code)) => (number, Some(code)),
        None => (rest, None),
    };
    let digits = number.trim().trim_matches(['.', '…', '_', ' ']);
    let digits = (!digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())).then_some(digits);
    // The room that is left for the pen is no space between number and slash.
    let has_spaces =
        (digits.is_some() && number.ends_with(' ')) || code.is_some_and(|code| code.trim().contains(' ') || code.starts_with(' '));
    Number { has_colon, digits, code: code.map(str::trim), has_spaces }
}

fn number<'a>(facts: &'a Facts<'_>) -> Option<(&'a Line, Number<'a>)> {
    facts.parts.head.so_ky_hieu.as_ref().map(|line| (line, read(&line.text)))
}

fn so_present(facts: &Facts<'_>, places: &mut Places) {
    if facts.parts.head.so_ky_hieu.is_none() {
        places.add(Area { page: 1, x_mm: 30.0, y_mm: 35.0, w_mm: 60.0, h_mm: 6.0 }, absent(), quoted("Số: …/…-…"));
    }
}

fn so_form(facts: &Facts<'_>, places: &mut Places) {
    let Some((line, number)) = number(facts) else {
        return;
    };
    let dashed = number.code.is_some_and(|code| code.contains(['–', '—', '−']));
    if !number.has_colon || number.code.is_none() || number.has_spaces || dashed {
        let code: String = number.code.unwrap_or("…").replace(['–', '—', '−'], "-").split_whitespace().collect();
        let digits = number.digits.unwrap_or("…");
        places.add(line.area(), quoted(&line.text), quoted(&format!("Số: {digits}/{code}")));
    }
}

fn so_padding(facts: &Facts<'_>, places: &mut Places) {
    let Some((line, Number { digits: Some(digits), .. })) = number(facts) else {
        return;
    };
    let bare = digits.trim_start_matches('0');
    let wanted = if bare.len() < 2 { format!("0{bare}") } else { bare.to_owned() };
    if digits != wanted {
        places.add(line.area(), quoted(digits), quoted(&wanted));
    }
}

fn so_style(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = &facts.parts.head.so_ky_hieu else {
        return;
    };
    if !size_is(line, facts.law.so_ky_hieu) {
        places.size(line, facts.law.so_ky_hieu);
    } else if !line.is_upright() || !line.is_light() {
        places.add(line.area(), style(line), say!("chữ đứng, không đậm", "upright, not bold"));
    }
}

fn so_code(facts: &Facts<'_>, places: &mut Places) {
    let Some((line, Number { code: Some(code), .. })) = number(facts) else {
        return;
    };
    // Look-alikes of Đ have a rule of their own; "12/2026/NQ-HĐND" carries the year before the code.
    let code = code.replace(['Ð', 'Ɖ'], "Đ").replace(['ð', 'ɖ'], "đ").replace(['–', '—', '−'], "-");
    let code = code.rsplit('/').next().unwrap_or(&code);
    let group = code.split('-').next().unwrap_or(code).trim();
    let wanted = match facts.parts.title.document_type.and_then(|found| found.code) {
        Some(wanted) => Some(same(wanted)),
        None if facts.parts.title.line.is_some() => by_case(group),
        // Công văn and thư công have no code of their own; CV is the commonest invention.
        None if key(group) == "cv" || type_code::by_code(group).is_some() && !facts.parts.head.trich_yeu_cong_van.is_empty() => {
            Some(say!("công văn không có chữ viết tắt tên loại", "a công văn has no type code"))
        }
        None => by_case(group),
    };
    if let Some(wanted) = wanted.filter(|wanted| wanted.vi != group) {
        places.add(line.area(), quoted(group), wanted);
    }
}

/// The code that `group` means when only its case is wrong.
fn by_case(group: &str) -> Option<Text> {
    let meant = type_code::TYPES.iter().filter_map(|found| found.code).find(|code| code.to_lowercase() == group.to_lowercase());
    meant.map(same)
}

fn same(text: &str) -> Text {
    Text { vi: text.to_owned(), en: text.to_owned() }
}

/// Day and month of a date in words, where they are filled in.
struct Date<'t> {
    day: Option<&'t str>,
    month: Option<&'t str>,
}

/// Every `ngày … tháng …` in `text`.
fn dates(text: &str) -> Vec<Date<'_>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let digits = |word: &'_ str| -> bool { !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if key(word) != "ngay" || words.get(at + 2).is_none_or(|word| key(word) != "thang") {
            continue;
        }
        let day = words.get(at + 1).copied().filter(|word| digits(word));
        let month = words.get(at + 3).map(|word| word.trim_end_matches([',', '.', ';', ')'])).filter(|word| digits(word));
        found.push(Date { day, month });
    }
    found
}

fn day_wanted(day: &str) -> Option<String> {
    let bare = day.trim_start_matches('0');
    let wanted = format!("{bare:0>2}");
    (wanted != day && bare.len() <= 2).then_some(wanted)
}

fn month_wanted(month: &str) -> Option<String> {
    let bare = month.trim_start_matches('0');
    let wanted = if matches!(bare, "1" | "2") { format!("0{bare}") } else { bare.to_owned() };
    (wanted != month && bare.len() <= 2).then_some(wanted)
}

fn dia_danh_present(facts: &Facts<'_>, places: &mut Places) {
    // A biên bản has no such line (sample 1.9): its date stands in the closing words.
    if facts.parts.head.dia_danh.is_none() && !facts.parts.title.has_code("BB") {
        let area = Area { page: 1, x_mm: 100.0, y_mm: 35.0, w_mm: 90.0, h_mm: 6.0 };
        places.add(area, absent(), quoted("…, ngày … tháng … năm …"));
    }
}

fn dia_danh_baseline(facts: &Facts<'_>, places: &mut Places) {
    if let (Some(number), Some(date)) = (&facts.parts.head.so_ky_hieu, &facts.parts.head.dia_danh)
        && (number.baseline - date.baseline).abs() > BASELINE_TOLERANCE_MM
    {
        let difference = (number.baseline - date.baseline).abs();
        let found = measure(difference, "mm");
        let found = Text { vi: format!("lệch {}", found.vi), en: format!("{} apart", found.en) };
        places.add(date.area(), found, say!("cùng một dòng", "the same line"));
    }
}

fn dia_danh_form(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = &facts.parts.head.dia_danh else {
        return;
    };
    let words = key(&line.text);
    let place = words.split("ngay").next().unwrap_or_default().trim_end();
    let is_whole = words.contains("thang") && words.contains("nam");
    let begins_well = line.text.chars().next().is_some_and(|c| !c.is_lowercase());
    if !place.ends_with(',') || place.len() < 2 || !is_whole || !begins_well {
        places.add(line.area(), quoted(&line.text), quoted("Địa danh, ngày … tháng … năm …"));
    }
}

fn ngay_padding(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = &facts.parts.head.dia_danh else {
        return;
    };
    for day in dates(&line.text).into_iter().filter_map(|date| date.day) {
        if let Some(wanted) = day_wanted(day) {
            places.add(line.area(), quoted(&format!("ngày {day}")), quoted(&format!("ngày {wanted}")));
        }
    }
}

fn thang_padding(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = &facts.parts.head.dia_danh else {
        return;
    };
    for month in dates(&line.text).into_iter().filter_map(|date| date.month) {
        if let Some(wanted) = month_wanted(month) {
            places.add(line.area(), quoted(&format!("tháng {month}")), quoted(&format!("tháng {wanted}")));
        }
    }
}

fn dia_danh_style(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = facts.parts.head.dia_danh.as_ref().filter(|line| !line.is_italic() || !line.is_light()) {
        places.add(line.area(), style(line), say!("chữ nghiêng, không đậm", "italic, not bold"));
    }
}

fn dia_danh_size(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = &facts.parts.head.dia_danh {
        places.size(line, facts.law.dia_danh);
    }
}

fn date_in_text(facts: &Facts<'_>, places: &mut Places) {
    for paragraph in &facts.parts.body.paragraphs {
        for date in dates(&paragraph.text) {
            let day = date.day.and_then(|day| Some((day, day_wanted(day)?)));
            let month = date.month.and_then(|month| Some((month, month_wanted(month)?)));
            let wrong = day.map(|(found, wanted)| ("ngày", found, wanted)).or(month.map(|(found, wanted)| ("tháng", found, wanted)));
            let (Some((word, found, wanted)), Some(first)) = (wrong, paragraph.lines.first()) else {
                continue;
            };
            let found = format!("{word} {found}");
            let line = paragraph.lines.iter().find(|line| line.text.contains(&found)).unwrap_or(first);
            places.add(line.area(), quoted(&found), quoted(&format!("{word} {wanted}")));
        }
    }
}
