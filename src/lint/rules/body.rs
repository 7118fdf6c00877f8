//! Rules of cell 6: the body and căn cứ (annex I, II.6).

use crate::language::Text;
use crate::say;

use super::{Facts, Places, Rule, SIZE_TOLERANCE_PT, custom, rule, style};
use crate::lint::components::body::Paragraph;
use crate::lint::finding::{measure, number, quoted};
use crate::lint::ink::{Area, Line};

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    rule("body-size", "NĐ 30/2020, PL I, II.6e", "Nội dung cỡ chữ 13–14", "The body is 13–14 pt", body_size),
    rule("body-style", "NĐ 30/2020, PL I, II.6e", "Nội dung kiểu chữ đứng", "The body is upright", body_style),
    rule(
        "body-indent",
        "NĐ 30/2020, PL I, II.6e",
        "Chữ đầu dòng lùi vào 1 cm hoặc 1,27 cm",
        "First lines are indented by 10 mm or 12.7 mm",
        body_indent,
    ),
    custom("body-justified", "NĐ 30/2020, PL I, II.6e", "Nội dung canh đều cả hai lề", "The body is justified", body_justified),
    rule(
        "body-line-spacing",
        "NĐ 30/2020, PL I, II.6e",
        "Khoảng cách giữa các dòng từ dòng đơn đến 1,5 dòng",
        "Lines are set single to one and a half",
        body_line_spacing,
    ),
    rule(
        "body-paragraph-gap",
        "NĐ 30/2020, PL I, II.6e",
        "Khoảng cách giữa các đoạn văn tối thiểu là 6 pt",
        "The gap between paragraphs is at least 6 pt",
        body_paragraph_gap,
    ),
    rule("can-cu-style", "NĐ 30/2020, PL I, II.6a", "Căn cứ ban hành kiểu chữ nghiêng", "The grounds are italic", can_cu_style),
    rule(
        "can-cu-marks",
        "NĐ 30/2020, PL I, II.6a",
        "Sau mỗi căn cứ xuống dòng, cuối dòng có dấu “;”, dòng cuối cùng có dấu “.”",
        "Each ground ends in “;” and the last in “.”",
        can_cu_marks,
    ),
];

/// Where a finding about the body at large is shown: its first lines.
fn area(lines: &[Line]) -> Area {
    lines.iter().take(3).map(Line::area).reduce(Area::join).unwrap_or_default()
}

fn body_size(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    let range = facts.law.noi_dung;
    if !body.lines.is_empty() && !range.holds(body.size, SIZE_TOLERANCE_PT) {
        let first = body.lines.iter().find(|line| (line.size - body.size).abs() < 0.3);
        places.add(first.map_or_else(|| area(&body.lines), Line::area), measure(body.size, "pt"), range.show("pt"));
    }
}

fn body_style(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    let grounds = body.can_cu();
    let is_ground = |line: &Line| grounds.iter().flat_map(|one| &one.lines).any(|other| other == line);
    let lines: Vec<&Line> = body.lines.iter().filter(|line| !is_ground(line)).collect();
    let italic: Vec<&&Line> = lines.iter().filter(|line| line.is_italic()).collect();
    // A quotation may be italic; a body may not.
    if lines.len() >= 4 && italic.len() * 2 > lines.len() {
        places.add(italic[0].area(), style(italic[0]), say!("chữ đứng", "upright"));
    }
}

fn body_indent(facts: &Facts<'_>, places: &mut Places) {
    let Some(indent) = facts.parts.body.indent else {
        return;
    };
    if facts.law.indents.iter().all(|allowed| (indent - allowed).abs() > 0.8) {
        let [a, b] = facts.law.indents.map(number);
        let wanted = Text { vi: format!("{a} mm hoặc {} mm", b.replace('.', ",")), en: format!("{a} mm or {b} mm") };
        places.add(area(&facts.parts.body.lines), measure(indent, "mm"), wanted);
    }
}

fn body_justified(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    if body.full_lines >= 5 && body.flush_lines * 10 < body.full_lines * 6 {
        let (flush, full) = (body.flush_lines, body.full_lines);
        let found = say!("{flush} trong {full} dòng đầy chạm lề phải", "{flush} of {full} lines reach the right margin");
        places.add(area(&body.lines), found, say!("canh đều hai lề", "justified"));
    }
}

fn body_line_spacing(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    let Some(pitch) = body.pitch.filter(|_| body.size > 0.0) else {
        return;
    };
    let range = facts.law.line_pitch_em;
    // Word's "single" of other builds of the face is up to 0.03 em smaller.
    if !range.holds(pitch / body.size, 0.035) {
        let (from, to) = (measure(range.from * body.size, "pt"), measure(range.to * body.size, "pt"));
        let wanted = Text { vi: format!("{} – {}", from.vi, to.vi), en: format!("{} – {}", from.en, to.en) };
        places.add(area(&body.lines), measure(pitch, "pt"), wanted);
    }
}

fn body_paragraph_gap(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    if let Some(gap) = body.paragraph_gap
        && gap < facts.law.paragraph_gap - 0.6
    {
        let least = measure(facts.law.paragraph_gap, "pt");
        let wanted = Text { vi: format!("≥ {}", least.vi), en: format!("≥ {}", least.en) };
        places.add(area(&body.lines), measure(gap.max(0.0), "pt"), wanted);
    }
}

fn paragraph_area(paragraph: &Paragraph) -> Area {
    paragraph.lines.iter().map(Line::area).reduce(Area::join).unwrap_or_default()
}

fn can_cu_style(facts: &Facts<'_>, places: &mut Places) {
    for paragraph in facts.parts.body.can_cu() {
        if let Some(line) = paragraph.lines.iter().find(|line| !line.is_italic()) {
            places.add(paragraph_area(paragraph), style(line), say!("chữ nghiêng", "italic"));
        }
    }
}

fn can_cu_marks(facts: &Facts<'_>, places: &mut Places) {
    let grounds = facts.parts.body.can_cu();
    for (index, paragraph) in grounds.iter().enumerate() {
        let wanted = if index + 1 == grounds.len() { '.' } else { ';' };
        if !paragraph.text.trim_end().ends_with(wanted) {
            let last: Option<String> = paragraph.text.split_whitespace().next_back().map(str::to_owned);
            places.add(paragraph_area(paragraph), quoted(&last.unwrap_or_default()), quoted(&wanted.to_string()));
        }
    }
}
