//! Rules of appendices (annex I, III.1). That each counts its pages anew is a rule of the page.

use crate::say;
use crate::vietnamese::letters;

use super::{Facts, Places, Rule, rule, size_is, style};
use crate::lint::components::{is_centred, key};
use crate::lint::finding::{absent, quoted};
use crate::lint::ink::{Area, Line};

const CLAUSE: &str = "NĐ 30/2020, PL I, III.1";
/// Centred in the text, which stands 5 to 10 mm right of the paper's middle (mm).
const CENTRE_TOLERANCE_MM: f64 = 8.0;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    rule(
        "phu-luc-style",
        CLAUSE,
        "“Phụ lục” và số thứ tự trên một dòng riêng, canh giữa, chữ in thường, cỡ chữ 14, đứng, đậm",
        "“Phụ lục” and its number stand on a line of their own, centred, in sentence case, 14 pt, upright, bold",
        phu_luc_style,
    ),
    rule(
        "phu-luc-number",
        CLAUSE,
        "Từ hai phụ lục trở lên: đánh số bằng chữ số La Mã, theo thứ tự",
        "Two appendices or more are numbered in order, in Roman figures",
        phu_luc_number,
    ),
    rule(
        "phu-luc-title",
        CLAUSE,
        "Tên phụ lục canh giữa, in hoa, cỡ chữ 13–14, đứng, đậm",
        "The title of an appendix is centred, in capitals, 13–14 pt, upright, bold",
        phu_luc_title,
    ),
    rule(
        "phu-luc-kem-theo",
        CLAUSE,
        "Dưới tên phụ lục có dòng “(Kèm theo …)”, canh giữa, cỡ chữ 13–14, kiểu chữ nghiêng",
        "Under the title stands “(Kèm theo …)”, centred, 13–14 pt, italic",
        phu_luc_kem_theo,
    ),
];

fn centred(facts: &Facts<'_>, line: &Line) -> bool {
    let width = facts.document.pages.get(line.page - 1).map_or(210.0, |page| page.width_mm);
    is_centred(line, width / 2.0 + 5.0, CENTRE_TOLERANCE_MM)
}

fn phu_luc_style(facts: &Facts<'_>, places: &mut Places) {
    for line in facts.parts.appendices.iter().filter_map(|one| one.heading.as_ref()) {
        if !size_is(line, facts.law.phu_luc) {
            places.size(line, facts.law.phu_luc);
        } else if !line.text.starts_with("Phụ lục") {
            let number: String = line.text.chars().skip(7).collect();
            places.add(line.area(), quoted(&line.text), quoted(&format!("Phụ lục{number}")));
        } else if !line.is_bold() || !line.is_upright() {
            places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
        } else if !centred(facts, line) {
            places.add(line.area(), say!("lệch khỏi giữa trang", "off the middle"), say!("canh giữa", "centred"));
        }
    }
}

fn phu_luc_number(facts: &Facts<'_>, places: &mut Places) {
    let named: Vec<_> = facts.parts.appendices.iter().filter(|one| one.heading.is_some()).collect();
    for (index, one) in named.iter().enumerate() {
        let wanted = letters::roman(index as u32 + 1).unwrap_or_default();
        let found = one.number().map(|number| number.trim_end_matches(['.', ':']));
        // A single one needs no number, but what it has is Roman.
        let is_right = found.map_or(named.len() < 2, |number| number == wanted);
        if let Some(line) = one.heading.as_ref().filter(|_| !is_right) {
            places.add(line.area(), quoted(&line.text), quoted(&format!("Phụ lục {wanted}")));
        }
    }
}

fn phu_luc_title(facts: &Facts<'_>, places: &mut Places) {
    for one in &facts.parts.appendices {
        if let Some(heading) = one.heading.as_ref().filter(|_| one.title.is_empty()) {
            places.add(heading.area(), absent(), say!("tên phụ lục", "the title of the appendix"));
        }
        for line in &one.title {
            if !line.is_capitals() {
                places.add(line.area(), quoted(&line.text), quoted(&line.text.to_uppercase()));
            } else if !size_is(line, facts.law.ten_phu_luc) {
                places.size(line, facts.law.ten_phu_luc);
            } else if !line.is_bold() || !line.is_upright() {
                places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
            } else if !centred(facts, line) {
                places.add(line.area(), say!("lệch khỏi giữa trang", "off the middle"), say!("canh giữa", "centred"));
            }
        }
    }
}

fn phu_luc_kem_theo(facts: &Facts<'_>, places: &mut Places) {
    for one in &facts.parts.appendices {
        let last = one.title.last().or(one.heading.as_ref());
        if let Some(line) = last.filter(|_| one.reference.is_empty()) {
            let area = Area { y_mm: line.bottom() + 1.0, ..line.area() };
            places.add(area, absent(), quoted("(Kèm theo …)"));
        }
        for line in &one.reference {
            if !size_is(line, facts.law.kem_theo) {
                places.size(line, facts.law.kem_theo);
            } else if !line.is_italic() {
                places.add(line.area(), style(line), say!("chữ nghiêng", "italic"));
            } else if !centred(facts, line) && key(&line.text).starts_with("(kem theo") {
                places.add(line.area(), say!("lệch khỏi giữa trang", "off the middle"), say!("canh giữa", "centred"));
            }
        }
    }
}
