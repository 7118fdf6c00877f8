//! Rules of the ladder of the body: phần to điểm (annex I, II.6đ).

use crate::language::Text;
use crate::say;
use crate::vietnamese::letters;

use super::{Facts, Places, Rule, SIZE_TOLERANCE_PT, rule, size_is, style};
use crate::lint::components::heading::{Heading, Level, is_roman};
use crate::lint::components::{is_centred, key};
use crate::lint::finding::{measure, number, quoted};
use crate::lint::ink::Line;

const CLAUSE: &str = "NĐ 30/2020, PL I, II.6đ";
/// Centring of a heading may be off by this much (mm): the text's edges are measured, not known.
const CENTRE_TOLERANCE_MM: f64 = 6.0;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    rule(
        "de-muc-style",
        CLAUSE,
        "Phần, Chương, Mục, Tiểu mục và tiêu đề: cỡ chữ 13–14, kiểu chữ đứng, đậm",
        "Phần, Chương, Mục, Tiểu mục and their titles are 13–14 pt, upright, bold",
        de_muc_style,
    ),
    rule(
        "de-muc-centre",
        CLAUSE,
        "Phần, Chương, Mục, Tiểu mục và tiêu đề đặt canh giữa",
        "Phần, Chương, Mục, Tiểu mục and their titles are centred",
        de_muc_centre,
    ),
    rule(
        "de-muc-caps",
        CLAUSE,
        "Tiêu đề của Phần, Chương, Mục, Tiểu mục in hoa, ở dòng dưới số thứ tự",
        "The title of a Phần, Chương, Mục or Tiểu mục is in capitals, on the line below its number",
        de_muc_caps,
    ),
    rule(
        "de-muc-number",
        CLAUSE,
        "Số của Phần, Chương là chữ số La Mã; của Mục, Tiểu mục là chữ số Ả Rập",
        "Phần and Chương are numbered in Roman figures, Mục and Tiểu mục in Arabic ones",
        de_muc_number,
    ),
    rule(
        "dieu-style",
        CLAUSE,
        "“Điều” và số thứ tự kiểu chữ đứng, đậm, cỡ bằng cỡ chữ nội dung",
        "“Điều” and its number are upright, bold, of the body's size",
        dieu_style,
    ),
    rule(
        "dieu-form",
        CLAUSE,
        "Sau “Điều” là số thứ tự bằng chữ số Ả Rập và dấu chấm",
        "Behind “Điều” stand an Arabic figure and a full stop",
        dieu_form,
    ),
    rule(
        "muc-la-ma-style",
        CLAUSE,
        "Tiêu đề “I.”, “II.” của văn bản không có điều: in hoa, cỡ chữ 13–14, đứng, đậm",
        "The titles “I.”, “II.” of a document without articles are in capitals, 13–14 pt, upright, bold",
        muc_la_ma_style,
    ),
    rule(
        "khoan-style",
        CLAUSE,
        "Khoản có tiêu đề: tiêu đề trên một dòng riêng, kiểu chữ đứng, đậm",
        "A khoản with a title has it on a line of its own, upright, bold",
        khoan_style,
    ),
    rule("diem-style", CLAUSE, "Điểm kiểu chữ đứng", "A điểm is upright", diem_style),
    rule(
        "diem-order",
        CLAUSE,
        "Thứ tự các điểm theo chữ cái tiếng Việt: a, b, c, d, đ, e, g, h, i, k, l, m, n, o, p, q, r, s, t, u, v, x, y",
        "The điểm go by Vietnamese letters: a, b, c, d, đ, e, g, h, i, k, l, m, n, o, p, q, r, s, t, u, v, x, y",
        diem_order,
    ),
    rule(
        "de-muc-indent",
        CLAUSE,
        "Điều, khoản, điểm lùi vào 1 cm hoặc 1,27 cm",
        "Điều, khoản and điểm are indented by 10 mm or 12.7 mm",
        de_muc_indent,
    ),
];

fn of<'a>(facts: &'a Facts<'_>, levels: &'static [Level]) -> impl Iterator<Item = &'a Heading> {
    facts.parts.headings.iter().filter(move |heading| levels.contains(&heading.level))
}

const DIVISIONS: &[Level] = &[Level::Phan, Level::Chuong, Level::Muc, Level::TieuMuc];

/// Lines of divisions and of their titles.
fn divisions<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Line> {
    of(facts, DIVISIONS).flat_map(|heading| heading.lines.iter().chain(&heading.title))
}

fn de_muc_style(facts: &Facts<'_>, places: &mut Places) {
    for line in divisions(facts) {
        if !size_is(line, facts.law.noi_dung) {
            places.size(line, facts.law.noi_dung);
        } else if !line.is_bold() || !line.is_upright() {
            places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
        }
    }
}

fn de_muc_centre(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    let Some((left, right)) = body.left.zip(body.right) else {
        return;
    };
    let middle = (left + right) / 2.0;
    for line in divisions(facts).filter(|line| !is_centred(line, middle, CENTRE_TOLERANCE_MM)) {
        places.add(line.area(), measure(line.centre(), "mm"), measure(middle, "mm"));
    }
}

fn de_muc_caps(facts: &Facts<'_>, places: &mut Places) {
    for line in of(facts, DIVISIONS).flat_map(|heading| &heading.title).filter(|line| !line.is_capitals()) {
        places.add(line.area(), quoted(&line.text), quoted(&line.text.to_uppercase()));
    }
}

fn de_muc_number(facts: &Facts<'_>, places: &mut Places) {
    for heading in of(facts, DIVISIONS) {
        let is_roman_level = matches!(heading.level, Level::Phan | Level::Chuong);
        // "Phần thứ nhất" is the older manner, and no figure.
        let is_word = key(&heading.number).starts_with("thu ");
        let is_right =
            if is_roman_level { is_roman(&heading.number) || is_word } else { heading.number.chars().all(|c| c.is_ascii_digit()) };
        if let Some(line) = heading.lines.first().filter(|_| !is_right) {
            let wanted =
                if is_roman_level { say!("chữ số La Mã", "a Roman figure") } else { say!("chữ số Ả Rập", "an Arabic figure") };
            places.add(line.area(), quoted(&heading.number), wanted);
        }
    }
}

/// How many letters and figures of `line` are bold.
fn bold_letters(line: &Line) -> f64 {
    line.bold * line.text.chars().filter(|c| c.is_alphanumeric()).count() as f64
}

fn dieu_style(facts: &Facts<'_>, places: &mut Places) {
    for heading in of(facts, &[Level::Dieu]) {
        let Some(line) = heading.lines.first() else {
            continue;
        };
        // In a decision the text runs on behind "Điều 1.".
        let label = 4 + heading.number.chars().count();
        let is_bold = if heading.is_title() { line.is_bold() } else { bold_letters(line) > label as f64 - 1.5 };
        if (line.size - facts.parts.body.size).abs() > SIZE_TOLERANCE_PT + 0.1 {
            places.add(line.area(), measure(line.size, "pt"), measure(facts.parts.body.size, "pt"));
        } else if !is_bold || !line.is_upright() {
            places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
        }
    }
}

fn dieu_form(facts: &Facts<'_>, places: &mut Places) {
    for heading in of(facts, &[Level::Dieu]) {
        let is_arabic = heading.number.chars().all(|c| c.is_ascii_digit());
        if let Some(line) = heading.lines.first().filter(|_| !is_arabic || heading.mark != ".") {
            let found = format!("Điều {}{}", heading.number, heading.mark);
            let wanted = if is_arabic { format!("Điều {}.", heading.number) } else { "Điều 1.".to_owned() };
            places.add(line.area(), quoted(&found), quoted(&wanted));
        }
    }
}

fn muc_la_ma_style(facts: &Facts<'_>, places: &mut Places) {
    for heading in of(facts, &[Level::LaMa]).filter(|heading| heading.is_title()) {
        for line in &heading.lines {
            if !line.is_capitals() {
                places.add(line.area(), quoted(&line.text), quoted(&line.text.to_uppercase()));
            } else if !size_is(line, facts.law.noi_dung) {
                places.size(line, facts.law.noi_dung);
            } else if !line.is_bold() || !line.is_upright() {
                places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
            }
        }
    }
}

fn khoan_style(facts: &Facts<'_>, places: &mut Places) {
    for heading in of(facts, &[Level::Khoan]).filter(|heading| heading.is_title()) {
        if let Some(line) = heading.lines.iter().find(|line| !line.is_bold() || !line.is_upright()) {
            places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
        }
    }
}

fn diem_style(facts: &Facts<'_>, places: &mut Places) {
    for heading in of(facts, &[Level::Diem]) {
        if let Some(line) = heading.lines.first().filter(|line| !line.is_upright()) {
            places.add(line.area(), style(line), say!("chữ đứng", "upright"));
        }
    }
}

fn diem_order(facts: &Facts<'_>, places: &mut Places) {
    let mut expected = 0;
    for heading in &facts.parts.headings {
        if heading.level != Level::Diem {
            expected = 0;
            continue;
        }
        // A list begins at a; what begins elsewhere goes on behind a text, or is quoted.
        let at = (1..=23).find(|at| letters::point_letter(*at) == heading.number);
        if heading.number == "a" {
            expected = 1;
        }
        if expected == 0 {
            expected = at.unwrap_or(1);
        }
        let wanted = letters::point_letter(expected);
        if let Some(line) = heading.lines.first().filter(|_| wanted != heading.number) {
            places.add(line.area(), quoted(&format!("{})", heading.number)), quoted(&format!("{wanted})")));
            // One letter left out is one mistake.
            expected = at.unwrap_or(expected);
        }
        expected += 1;
    }
}

fn de_muc_indent(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    let Some(left) = body.left else {
        return;
    };
    let [a, b] = facts.law.indents.map(number);
    for heading in of(facts, &[Level::Dieu, Level::Khoan, Level::Diem]) {
        let Some(line) = heading.lines.first() else {
            continue;
        };
        let indent = line.x0 - left;
        // Where the whole body has another indent, that is one finding of the body.
        let is_usual = body.indent.is_some_and(|usual| (usual - indent).abs() < 0.8);
        if !is_usual && facts.law.indents.iter().all(|allowed| (indent - allowed).abs() > 1.0) {
            let wanted = Text { vi: format!("{a} mm hoặc {} mm", b.replace('.', ",")), en: format!("{a} mm or {b} mm") };
            places.add(line.area(), measure(indent, "mm"), wanted);
        }
    }
}
