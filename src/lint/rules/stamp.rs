//! Rules of cells 10 and 11: stamps of secrecy and urgency, limits of circulation (annex I, III.2).

use crate::language::Text;
use crate::say;

use super::{Facts, Places, Rule, rule, size_is, style};
use crate::lint::components::key;
use crate::lint::finding::{absent, measure, size};
use crate::lint::ink::{Area, Line};

const CLAUSE: &str = "NĐ 30/2020, PL I, III.2b";
/// Drawn and measured boxes differ by their stroke (mm).
const BOX_TOLERANCE_MM: f64 = 0.7;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    rule(
        "stamp-style",
        CLAUSE,
        "Dấu chỉ mức độ khẩn, chỉ dẫn phạm vi lưu hành: in hoa, cỡ chữ 13–14, đứng, đậm",
        "A stamp of urgency or circulation is in capitals, 13–14 pt, upright, bold",
        stamp_style,
    ),
    rule(
        "stamp-box",
        CLAUSE,
        "Dấu có khung viền đơn; HỎA TỐC 30 × 8 mm, THƯỢNG KHẨN 40 × 8 mm, KHẨN 20 × 8 mm",
        "A stamp has a single box; HỎA TỐC 30 × 8 mm, THƯỢNG KHẨN 40 × 8 mm, KHẨN 20 × 8 mm",
        stamp_box,
    ),
    rule("stamp-colour", CLAUSE, "Dấu chỉ mức độ khẩn màu đỏ tươi", "An urgency stamp is bright red", stamp_colour),
    rule(
        "stamp-place",
        CLAUSE,
        "Dấu chỉ độ mật, mức độ khẩn ở bên trái, dưới số, ký hiệu, dấu độ mật ở trên; chỉ dẫn phạm vi lưu hành ở trên Quốc hiệu",
        "Secrecy and urgency stand at the left under the number, secrecy above; limits of circulation above the Quốc hiệu",
        stamp_place,
    ),
];

fn is_urgency(facts: &Facts<'_>, line: &Line) -> bool {
    facts.law.urgency.iter().any(|(name, ..)| key(name) == key(&line.text))
}

fn is_circulation(line: &Line) -> bool {
    matches!(key(&line.text).as_str(), "xem xong tra lai" | "luu hanh noi bo")
}

fn stamp_style(facts: &Facts<'_>, places: &mut Places) {
    // Stamps of secrecy are carved after the law on state secrets.
    for (line, _) in facts.parts.head.stamps.iter().filter(|(line, _)| is_urgency(facts, line) || is_circulation(line)) {
        let fits = size_is(line, facts.law.dau_khan) && line.is_bold() && line.is_upright() && line.is_capitals();
        if !fits {
            let (found, size) = (style(line), measure(line.size, "pt"));
            let found = Text { vi: format!("{}, {}", found.vi, size.vi), en: format!("{}, {}", found.en, size.en) };
            places.add(line.area(), found, say!("in hoa, cỡ 13–14 pt, đứng, đậm", "capitals, 13–14 pt, upright, bold"));
        }
    }
}

fn stamp_box(facts: &Facts<'_>, places: &mut Places) {
    for (line, frame) in &facts.parts.head.stamps {
        let law = facts.law.urgency.iter().find(|(name, ..)| key(name) == key(&line.text));
        let wanted = law.map_or_else(|| say!("khung viền đơn", "a single box"), |(_, w, h)| size(*w, *h));
        match (frame, law) {
            (None, _) => places.add(line.area(), absent(), wanted),
            (Some(frame), Some((_, w, h))) if (frame.w - w).abs() > BOX_TOLERANCE_MM || (frame.h - h).abs() > BOX_TOLERANCE_MM => {
                let area = Area { page: line.page, x_mm: frame.x, y_mm: frame.y, w_mm: frame.w, h_mm: frame.h };
                places.add(area, size(frame.w, frame.h), wanted);
            }
            _ => {}
        }
    }
}

fn stamp_colour(facts: &Facts<'_>, places: &mut Places) {
    for (line, _) in facts.parts.head.stamps.iter().filter(|(line, _)| is_urgency(facts, line)) {
        let [r, g, b] = line.colour;
        if r < 180 || g > 90 || b > 90 {
            let found = format!("#{r:02x}{g:02x}{b:02x}");
            places.add(line.area(), Text { vi: found.clone(), en: found }, say!("đỏ tươi", "bright red"));
        }
    }
}

fn stamp_place(facts: &Facts<'_>, places: &mut Places) {
    let head = &facts.parts.head;
    let (Some(upper), Some(number)) = (&head.quoc_hieu, &head.so_ky_hieu) else {
        return;
    };
    let urgency = head.stamps.iter().map(|(line, _)| line).find(|line| is_urgency(facts, line));
    for (line, _) in &head.stamps {
        if is_circulation(line) {
            if line.baseline > upper.baseline || line.centre() < upper.x0 {
                places.add(
                    line.area(),
                    say!("đặt sai chỗ", "elsewhere"),
                    say!("bên phải, trên Quốc hiệu", "at the right, above the Quốc hiệu"),
                );
            }
        } else if line.baseline < number.baseline || line.centre() > upper.x0 + 5.0 {
            places.add(line.area(), say!("đặt sai chỗ", "elsewhere"), say!("bên trái, dưới số, ký hiệu", "at the left, under the number"));
        } else if !is_urgency(facts, line) && urgency.is_some_and(|urgency| urgency.baseline < line.baseline - 1.0) {
            places.add(line.area(), say!("dưới dấu khẩn", "under the urgency stamp"), say!("trên dấu khẩn", "above the urgency stamp"));
        }
    }
}
