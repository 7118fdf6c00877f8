//! Rules of cells 5a, 5b and 9a: tên loại, trích yếu, kính gửi (annex I, II.5 and II.9).

use crate::say;

use super::{Facts, Places, Rule, of_head, rule, style};
use crate::lint::components::{is_centred, key};
use crate::lint::finding::{absent, measure, quoted};
use crate::lint::ink::{Area, Line, MM_PER_PT};

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    of_head(
        "ten-loai-present",
        "NĐ 30/2020, PL I, II.5",
        "Văn bản có tên loại; công văn có dòng “V/v”",
        "The document names its type; a công văn has a V/v line",
        ten_loai_present,
    ),
    of_head(
        "ten-loai-style",
        "NĐ 30/2020, PL I, II.5b",
        "Tên loại in hoa, đứng, đậm",
        "The type is in capitals, upright, bold",
        ten_loai_style,
    ),
    of_head("ten-loai-size", "NĐ 30/2020, PL I, II.5b", "Tên loại cỡ chữ 13–14", "The type is 13–14 pt", ten_loai_size),
    of_head(
        "ten-loai-centre",
        "NĐ 30/2020, PL I, II.5b",
        "Tên loại và trích yếu đặt canh giữa",
        "Type and subject are centred",
        ten_loai_centre,
    ),
    of_head("trich-yeu-style", "NĐ 30/2020, PL I, II.5b", "Trích yếu đứng, đậm", "The subject is upright and bold", trich_yeu_style),
    of_head("trich-yeu-size", "NĐ 30/2020, PL I, II.5b", "Trích yếu cỡ chữ 13–14", "The subject is 13–14 pt", trich_yeu_size),
    of_head(
        "trich-yeu-rule",
        "NĐ 30/2020, PL I, II.5b",
        "Dưới trích yếu có đường kẻ nét liền dài 1/3–1/2 dòng chữ, đặt cân đối",
        "Under the subject a solid rule of 1/3–1/2 of its length is centred",
        trich_yeu_rule,
    ),
    rule(
        "trich-yeu-cong-van",
        "NĐ 30/2020, PL I, II.5b",
        "Trích yếu công văn: “V/v …”, cỡ chữ 12–13, kiểu chữ đứng",
        "The subject of a công văn: “V/v …”, 12–13 pt, upright",
        trich_yeu_cong_van,
    ),
    rule(
        "trich-yeu-cong-van-gap",
        "NĐ 30/2020, PL I, II.5b",
        "Trích yếu công văn cách dòng số, ký hiệu 6 pt",
        "The subject of a công văn stands 6 pt below the number",
        trich_yeu_cong_van_gap,
    ),
    rule(
        "trich-yeu-cong-van-centre",
        "NĐ 30/2020, PL I, II.5b",
        "Trích yếu công văn canh giữa dưới số, ký hiệu",
        "The subject of a công văn is centred under the number",
        trich_yeu_cong_van_centre,
    ),
    rule(
        "kinh-gui-style",
        "NĐ 30/2020, PL I, II.9d",
        "“Kính gửi:” cỡ chữ 13–14, kiểu chữ đứng",
        "“Kính gửi:” is 13–14 pt, upright",
        kinh_gui_style,
    ),
    rule(
        "kinh-gui-marks",
        "NĐ 30/2020, PL I, II.9d",
        "Sau “Kính gửi” có dấu hai chấm; từ hai nơi trở lên: mỗi nơi một dòng, gạch đầu dòng, cuối dòng có dấu “;”, dòng cuối có dấu “.”",
        "“Kính gửi” has a colon; two addressees or more: one a line with a dash, each ending in “;”, the last in “.”",
        kinh_gui_marks,
    ),
    rule(
        "kinh-gui-dashes",
        "NĐ 30/2020, PL I, II.9d",
        "Gạch đầu dòng của các nơi kính gửi thẳng hàng với nhau dưới dấu hai chấm",
        "The dashes of the addressees stand in one column under the colon",
        kinh_gui_dashes,
    ),
];

fn ten_loai_present(facts: &Facts<'_>, places: &mut Places) {
    if facts.parts.title.line.is_none() && facts.parts.head.trich_yeu_cong_van.is_empty() {
        let y = facts.parts.head.bottom + 5.0;
        let area = Area { page: 1, x_mm: 60.0, y_mm: y, w_mm: 100.0, h_mm: 8.0 };
        places.add(area, absent(), say!("tên loại văn bản, hoặc “V/v …”", "the type of the document, or “V/v …”"));
    }
}

fn ten_loai_style(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = &facts.parts.title.line else {
        return;
    };
    if !line.is_capitals() {
        places.add(line.area(), quoted(&line.text), quoted(&line.text.to_uppercase()));
    } else if !line.is_bold() || !line.is_upright() {
        places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
    }
}

fn ten_loai_size(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = &facts.parts.title.line {
        places.size(line, facts.law.ten_loai);
    }
}

fn ten_loai_centre(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    let (Some(line), Some(left), Some(right)) = (&facts.parts.title.line, body.left, body.right) else {
        return;
    };
    // Lines that are not justified put the right edge too far left: allow for that.
    let middle = (left + right) / 2.0;
    if !is_centred(line, middle, 5.0) {
        let (found, wanted) = (line.centre(), middle);
        places.add(line.area(), measure(found, "mm"), measure(wanted, "mm"));
    }
}

fn trich_yeu_style(facts: &Facts<'_>, places: &mut Places) {
    for line in facts.parts.title.trich_yeu.iter().filter(|line| !line.is_bold() || !line.is_upright()) {
        places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
    }
}

fn trich_yeu_size(facts: &Facts<'_>, places: &mut Places) {
    for line in &facts.parts.title.trich_yeu {
        places.size(line, facts.law.trich_yeu);
    }
}

fn trich_yeu_rule(facts: &Facts<'_>, places: &mut Places) {
    let title = &facts.parts.title;
    let Some(last) = title.trich_yeu.last() else {
        return;
    };
    // The sample of a biên bản (1.9) has no rule, though a rule there is no fault.
    if title.rule.is_none() && title.has_code("BB") {
        return;
    }
    let longest = title.trich_yeu.iter().map(Line::width).fold(0.0, f64::max);
    super::head::short_rule(title.rule, last, longest, facts.law.short_rule, places);
}

fn trich_yeu_cong_van(facts: &Facts<'_>, places: &mut Places) {
    for (index, line) in facts.parts.head.trich_yeu_cong_van.iter().enumerate() {
        if index == 0 && !line.text.starts_with("V/v") {
            places.add(line.area(), quoted(&line.text), quoted("V/v …"));
        }
        places.size(line, facts.law.trich_yeu_cong_van);
        if !line.is_upright() || !line.is_light() {
            places.add(line.area(), style(line), say!("chữ đứng, không đậm", "upright, not bold"));
        }
    }
}

/// Room between two lines as line boxes measure it: Word's single spacing adds half a point, centring in a cell another.
const GAP_TOLERANCE_PT: f64 = 2.2;
/// Both are centred in one cell; a number that waits for the pen may lean by the width of a figure (mm).
const CELL_CENTRE_TOLERANCE_MM: f64 = 4.0;

fn trich_yeu_cong_van_gap(facts: &Facts<'_>, places: &mut Places) {
    let head = &facts.parts.head;
    if let (Some(number), Some(line)) = (&head.so_ky_hieu, head.trich_yeu_cong_van.first()) {
        let gap = (line.top() - number.bottom()) / MM_PER_PT;
        let wanted = facts.law.trich_yeu_cong_van_gap;
        if (gap - wanted).abs() > GAP_TOLERANCE_PT {
            places.add(line.area(), measure(gap, "pt"), measure(wanted, "pt"));
        }
    }
}

fn trich_yeu_cong_van_centre(facts: &Facts<'_>, places: &mut Places) {
    let head = &facts.parts.head;
    let Some(number) = &head.so_ky_hieu else {
        return;
    };
    for line in head.trich_yeu_cong_van.iter().filter(|line| !is_centred(line, number.centre(), CELL_CENTRE_TOLERANCE_MM)) {
        places.add(line.area(), measure(line.centre(), "mm"), measure(number.centre(), "mm"));
    }
}

fn kinh_gui_dashes(facts: &Facts<'_>, places: &mut Places) {
    let title = &facts.parts.title;
    let Some(line) = title.kinh_gui.as_ref().filter(|line| line.text.trim_end().ends_with(':')) else {
        return;
    };
    // The colon is the last quarter of an em of its line.
    let colon = line.x1 - 0.28 * line.size * MM_PER_PT;
    for entry in title.addressees.iter().filter(|entry| entry.text.starts_with(['-', '–', '—'])) {
        if (entry.x0 - colon).abs() > 2.5 {
            places.add(entry.area(), measure(entry.x0, "mm"), measure(colon, "mm"));
        }
    }
}

fn kinh_gui_style(facts: &Facts<'_>, places: &mut Places) {
    for line in facts.parts.title.kinh_gui.iter().chain(&facts.parts.title.addressees) {
        places.size(line, facts.law.noi_dung);
        if !line.is_upright() {
            places.add(line.area(), style(line), say!("chữ đứng", "upright"));
        }
    }
}

fn kinh_gui_marks(facts: &Facts<'_>, places: &mut Places) {
    let title = &facts.parts.title;
    let Some(line) = &title.kinh_gui else {
        return;
    };
    if !key(&line.text).starts_with("kinh gui:") {
        places.add(line.area(), quoted(&line.text), quoted("Kính gửi:"));
    }
    if !line.text.trim_end().ends_with(':') {
        return;
    }
    // Entries that wrap: a line that does not begin with a dash goes on with the one above.
    let lines = &title.addressees;
    let ends: Vec<usize> =
        (0..lines.len()).filter(|at| lines.get(at + 1).is_none_or(|next| next.text.starts_with(['-', '–', '—']))).collect();
    for at in &ends {
        let wanted = if Some(at) == ends.last() { '.' } else { ';' };
        if !lines[*at].text.ends_with(wanted) {
            let end: String = lines[*at].text.chars().rev().take(20).collect::<Vec<_>>().into_iter().rev().collect();
            places.add(lines[*at].area(), quoted(&end), quoted(&wanted.to_string()));
        }
    }
}
