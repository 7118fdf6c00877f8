//! Rules of cells 12, 13 and 14: the drafter's code, the address, the organisation's signing line (annex I, III).

use crate::language::Text;
use crate::say;

use super::{Facts, Places, Rule, rule, size_is, style};
use crate::lint::finding::{absent, measure};
use crate::lint::ink::Line;
use crate::lint::law::Range;

/// The rule of the address may hang over the text by the stroke of its cell (mm).
const RULE_TOLERANCE_MM: f64 = 3.0;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    rule(
        "ky-so-style",
        "NĐ 30/2020, PL I, III.1d",
        "Thông tin ký số của cơ quan ở góc trên bên phải: cỡ chữ 10, kiểu chữ đứng, màu đen",
        "The line of the organisation's signature in the top right corner is 10 pt, upright, black",
        ky_so_style,
    ),
    rule(
        "nguoi-soan-style",
        "NĐ 30/2020, PL I, III.3",
        "Ký hiệu người soạn thảo và số lượng bản: cỡ chữ 11, kiểu chữ đứng",
        "The drafter's code and the number of copies are 11 pt, upright",
        nguoi_soan_style,
    ),
    rule(
        "dia-chi-style",
        "NĐ 30/2020, PL I, III.4",
        "Địa chỉ cơ quan ở cuối trang thứ nhất: cỡ chữ 11–12, kiểu chữ đứng",
        "The address at the foot of page 1 is 11–12 pt, upright",
        dia_chi_style,
    ),
    rule(
        "dia-chi-rule",
        "NĐ 30/2020, PL I, III.4",
        "Trên địa chỉ có đường kẻ nét liền dài hết chiều ngang của vùng trình bày văn bản",
        "Above the address a solid rule is as wide as the text",
        dia_chi_rule,
    ),
    rule(
        "dia-chi-page",
        "NĐ 30/2020, PL I, III.4",
        "Địa chỉ cơ quan chỉ ở trang thứ nhất",
        "The address stands on page 1 only",
        dia_chi_page,
    ),
];

fn small(line: &Line, range: Range, places: &mut Places) {
    if !size_is(line, range) {
        places.size(line, range);
    } else if !line.is_upright() {
        places.add(line.area(), style(line), say!("chữ đứng", "upright"));
    }
}

fn ky_so_style(facts: &Facts<'_>, places: &mut Places) {
    for line in &facts.parts.foot.signing {
        let [r, g, b] = line.colour;
        if line.colour.iter().any(|part| *part > 64) {
            let found = format!("#{r:02x}{g:02x}{b:02x}");
            places.add(line.area(), Text { vi: found.clone(), en: found }, say!("màu đen", "black"));
        } else {
            small(line, facts.law.ky_so, places);
        }
    }
}

fn nguoi_soan_style(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = &facts.parts.foot.drafter {
        small(line, facts.law.nguoi_soan, places);
    }
}

fn dia_chi_style(facts: &Facts<'_>, places: &mut Places) {
    for line in &facts.parts.foot.address {
        small(line, facts.law.dia_chi, places);
    }
}

fn dia_chi_rule(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = facts.parts.foot.address.first() else {
        return;
    };
    let body = &facts.parts.body;
    let width = body.left.zip(body.right).map(|(left, right)| right - left);
    let wanted = width.map_or_else(|| say!("hết chiều ngang", "the width of the text"), |width| measure(width, "mm"));
    match facts.parts.foot.address_rule {
        None => places.add(line.area(), absent(), wanted),
        Some(rule) if rule.dashed => places.add(rule.area(line.page), say!("nét đứt", "dashed"), say!("nét liền", "solid")),
        Some(rule) => {
            if width.is_some_and(|width| (rule.length() - width).abs() > RULE_TOLERANCE_MM) {
                places.add(rule.area(line.page), measure(rule.length(), "mm"), wanted);
            }
        }
    }
}

fn dia_chi_page(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = facts.parts.foot.address.first().filter(|line| line.page > 1) {
        let page = line.page;
        places.add(line.area(), say!("trang {page}", "page {page}"), say!("trang 1", "page 1"));
    }
}
