//! Rules of cells 7 and 9b: who signs, nơi nhận (annex I, II.7 and II.9).

use crate::say;

use super::{Facts, Places, Rule, custom, of_head, rule, size_is, style};
use crate::lint::components::key;
use crate::lint::finding::{absent, measure, quoted};
use crate::lint::ink::{Area, Line};

/// Body lines that have to stand on the page of the signature.
const LINES_WITH_SIGNATURE: usize = 2;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    of_head(
        "chuc-vu-present",
        "NĐ 30/2020, PL I, II.7",
        "Cuối văn bản có quyền hạn, chức vụ của người ký",
        "The document ends with the authority and post of the signatory",
        chuc_vu_present,
    ),
    of_head(
        "chuc-vu-style",
        "NĐ 30/2020, PL I, II.7đ",
        "Quyền hạn, chức vụ in hoa, đứng, đậm",
        "Authority and post are in capitals, upright, bold",
        chuc_vu_style,
    ),
    of_head("chuc-vu-size", "NĐ 30/2020, PL I, II.7đ", "Quyền hạn, chức vụ cỡ chữ 13–14", "Authority and post are 13–14 pt", chuc_vu_size),
    of_head(
        "quyen-han-form",
        "NĐ 30/2020, PL I, II.7b",
        "Chữ viết tắt quyền hạn: TM., KT., TL., TUQ., Q.",
        "Authority is abbreviated TM., KT., TL., TUQ., Q.",
        quyen_han_form,
    ),
    of_head(
        "ho-ten-style",
        "NĐ 30/2020, PL I, II.7đ",
        "Họ tên người ký: chữ in thường, đứng, đậm, cỡ chữ 13–14",
        "The name is in small letters, upright, bold, 13–14 pt",
        ho_ten_style,
    ),
    of_head(
        "ho-ten-title",
        "NĐ 30/2020, PL I, II.7c",
        "Trước họ tên người ký không ghi học hàm, học vị và các danh hiệu danh dự khác",
        "No academic rank, degree or honour stands before the name",
        ho_ten_title,
    ),
    custom(
        "signature-alone",
        "NĐ 30/2020, PL I, II.7",
        "Phần ký không đứng một mình trên một trang: cùng trang có ít nhất hai dòng nội dung",
        "The signature does not stand alone on a page: at least two lines of the body go with it",
        signature_alone,
    ),
    rule("noi-nhan-present", "NĐ 30/2020, PL I, II.9", "Văn bản có nơi nhận", "The document has a list of recipients", noi_nhan_present),
    rule(
        "noi-nhan-style",
        "NĐ 30/2020, PL I, II.9d",
        "“Nơi nhận:” cỡ chữ 12, nghiêng, đậm, có dấu hai chấm",
        "“Nơi nhận:” is 12 pt, italic and bold, with a colon",
        noi_nhan_style,
    ),
    rule(
        "noi-nhan-size",
        "NĐ 30/2020, PL I, II.9d",
        "Các nơi nhận cỡ chữ 11, kiểu chữ đứng",
        "The recipients are 11 pt, upright",
        noi_nhan_size,
    ),
    rule(
        "noi-nhan-marks",
        "NĐ 30/2020, PL I, II.9d",
        "Mỗi nơi nhận một dòng, đầu dòng có dấu “-”, cuối dòng có dấu “;”, dòng cuối cùng có dấu “.”",
        "Each recipient begins with “-” and ends in “;”, the last in “.”",
        noi_nhan_marks,
    ),
    rule("noi-nhan-luu", "NĐ 30/2020, PL I, II.9d", "Dòng cuối cùng là “- Lưu: VT, …”", "The last line is “- Lưu: VT, …”", noi_nhan_luu),
    custom(
        "noi-nhan-nhu-tren",
        "NĐ 30/2020, PL III, mẫu 1.5",
        "Văn bản có “Kính gửi” thì nơi nhận đầu tiên là “- Như trên;”",
        "In a document with “Kính gửi” the first recipient is “- Như trên;”",
        noi_nhan_nhu_tren,
    ),
    rule(
        "noi-nhan-level",
        "NĐ 30/2020, PL I, II.9d",
        "“Nơi nhận:” ngang hàng với quyền hạn, chức vụ của người ký",
        "“Nơi nhận:” is level with the authority or post of the signatory",
        noi_nhan_level,
    ),
];

fn last_page(facts: &Facts<'_>, left: bool) -> Area {
    let page = facts.parts.main_pages.max(1);
    let bottom = facts.parts.body.lines.iter().filter(|line| line.page == page).map(Line::bottom).fold(40.0, f64::max);
    Area { page, x_mm: if left { 30.0 } else { 105.0 }, y_mm: (bottom + 5.0).min(270.0), w_mm: 60.0, h_mm: 6.0 }
}

fn chuc_vu_present(facts: &Facts<'_>, places: &mut Places) {
    if facts.parts.end.signatories.is_empty() {
        places.add(last_page(facts, false), absent(), say!("chức vụ của người ký", "the post of the signatory"));
    }
}

fn chuc_vu_lines<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Line> {
    facts.parts.end.signatories.iter().flat_map(|one| &one.chuc_vu)
}

fn chuc_vu_style(facts: &Facts<'_>, places: &mut Places) {
    for line in chuc_vu_lines(facts) {
        if !line.is_capitals() {
            places.add(line.area(), quoted(&line.text), quoted(&line.text.to_uppercase()));
        } else if !line.is_bold() || !line.is_upright() {
            places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
        }
    }
}

fn chuc_vu_size(facts: &Facts<'_>, places: &mut Places) {
    for line in chuc_vu_lines(facts) {
        places.size(line, facts.law.chuc_vu);
    }
}

fn quyen_han_form(facts: &Facts<'_>, places: &mut Places) {
    const WRONG: [(&str, &str); 8] = [
        ("tm ", "TM."),
        ("kt ", "KT."),
        ("tl ", "TL."),
        ("tuq ", "TUQ."),
        ("t/m", "TM."),
        ("k/t", "KT."),
        ("t/l", "TL."),
        ("thay mat", "TM."),
    ];
    for line in chuc_vu_lines(facts) {
        if let Some((_, wanted)) = WRONG.iter().find(|(wrong, _)| key(&line.text).starts_with(wrong)) {
            places.add(line.area(), quoted(&line.text), quoted(wanted));
        }
    }
}

/// The names that are filled in: dots for the pen are none.
fn names<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Line> {
    let names = facts.parts.end.signatories.iter().filter_map(|one| one.ho_ten.as_ref());
    names.filter(|line| line.text.chars().any(char::is_alphabetic))
}

fn ho_ten_style(facts: &Facts<'_>, places: &mut Places) {
    for line in names(facts) {
        if line.is_capitals() {
            places.add(line.area(), quoted(&line.text), say!("chữ in thường", "small letters"));
        } else if !line.is_bold() || !line.is_upright() {
            places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
        } else {
            places.size(line, facts.law.chuc_vu);
        }
    }
}

fn ho_ten_title(facts: &Facts<'_>, places: &mut Places) {
    // Ranks of the armed forces are allowed; the heads of education, health and science are the caller's option.
    const TITLES: [&str; 19] = [
        "gs",
        "pgs",
        "ts",
        "ths",
        "bs",
        "ks",
        "ls",
        "cn",
        "ds",
        "ngnd",
        "ngut",
        "nsnd",
        "nsut",
        "giao su",
        "pho giao su",
        "tien si",
        "thac si",
        "bac si",
        "nha giao",
    ];
    if facts.options.academic_title_allowed {
        return;
    }
    for line in names(facts) {
        let words = key(&line.text);
        let title = TITLES.iter().find(|title| {
            words.strip_prefix(*title).is_some_and(|rest| {
                // "TS. Nguyễn …" or "Tiến sĩ Nguyễn …"; a family name such as "Tsần" goes on with a letter.
                rest.starts_with('.') || (title.contains(' ') && rest.starts_with(' ')) || (rest.starts_with(' ') && title.len() <= 4)
            })
        });
        if title.is_some() {
            let name = line.text.rsplit('.').next().unwrap_or(&line.text).trim();
            places.add(line.area(), quoted(&line.text), quoted(name));
        }
    }
}

fn signature_alone(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = facts.parts.end.signatories.last().and_then(|one| one.chuc_vu.first()) else {
        return;
    };
    if line.page == 1 {
        return;
    }
    let page = &facts.document.pages[line.page - 1];
    let body = facts.parts.body.lines.iter().filter(|other| other.page == line.page).count();
    let table = page.rows.iter().filter(|row| page.in_table(row.whole.baseline)).count();
    let count = body + table;
    if count < LINES_WITH_SIGNATURE {
        let found = say!("{count} dòng nội dung", "{count} lines of the body");
        places.add(line.area(), found, say!("từ hai dòng trở lên", "two or more"));
    }
}

fn noi_nhan_present(facts: &Facts<'_>, places: &mut Places) {
    if facts.parts.end.noi_nhan.is_none() {
        places.add(last_page(facts, true), absent(), quoted("Nơi nhận:"));
    }
}

fn noi_nhan_style(facts: &Facts<'_>, places: &mut Places) {
    let Some(line) = &facts.parts.end.noi_nhan else {
        return;
    };
    if line.text.trim() != "Nơi nhận:" {
        places.add(line.area(), quoted(&line.text), quoted("Nơi nhận:"));
    } else if !size_is(line, facts.law.noi_nhan) {
        places.size(line, facts.law.noi_nhan);
    } else if !line.is_bold() || !line.is_italic() {
        places.add(line.area(), style(line), say!("chữ nghiêng, đậm", "italic, bold"));
    }
}

fn noi_nhan_size(facts: &Facts<'_>, places: &mut Places) {
    for line in facts.parts.end.recipients.iter().flat_map(|one| &one.lines) {
        if !size_is(line, facts.law.noi_nhan_muc) {
            places.add(line.area(), measure(line.size, "pt"), facts.law.noi_nhan_muc.show("pt"));
        } else if !line.is_upright() {
            places.add(line.area(), style(line), say!("chữ đứng", "upright"));
        }
    }
}

fn noi_nhan_marks(facts: &Facts<'_>, places: &mut Places) {
    let recipients = &facts.parts.end.recipients;
    for (index, one) in recipients.iter().enumerate() {
        let mark = if index + 1 == recipients.len() { '.' } else { ';' };
        let text = one.text.trim();
        let Some(line) = one.lines.last() else {
            continue;
        };
        if !text.ends_with(mark) || !text.starts_with('-') {
            let words = text.trim_start_matches(['-', '–', '—', '+', '•', '*', ' ']).trim_end_matches([';', '.', ',', ' ']);
            places.add(line.area(), quoted(text), quoted(&format!("- {words}{mark}")));
        }
    }
}

fn noi_nhan_luu(facts: &Facts<'_>, places: &mut Places) {
    let recipients = &facts.parts.end.recipients;
    let (Some(header), last) = (&facts.parts.end.noi_nhan, recipients.last()) else {
        return;
    };
    // "- Lưu: VT.", "- Lưu: VT, HC (2)."
    let words = last.map(|one| key(&one.text)).unwrap_or_default();
    let words = words.trim_start_matches(['-', ' ']).strip_prefix("luu:").map(|rest| rest.trim_start().to_owned()).unwrap_or_default();
    let is_kept = words.strip_prefix("vt").is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    if !is_kept {
        let line = last.and_then(|one| one.lines.first()).unwrap_or(header);
        places.add(line.area(), last.map_or_else(absent, |one| quoted(&one.text)), quoted("- Lưu: VT, …"));
    }
}

fn noi_nhan_nhu_tren(facts: &Facts<'_>, places: &mut Places) {
    let (Some(_), Some(first)) = (&facts.parts.title.kinh_gui, facts.parts.end.recipients.first()) else {
        return;
    };
    if let Some(line) = first.lines.first().filter(|_| !key(&first.text).contains("nhu tren")) {
        places.add(line.area(), quoted(&first.text), quoted("- Như trên;"));
    }
}

fn noi_nhan_level(facts: &Facts<'_>, places: &mut Places) {
    // With two signatories nơi nhận stands under the secretary (sample 1.9).
    let [one] = facts.parts.end.signatories.as_slice() else {
        return;
    };
    let (Some(header), Some(first), Some(last)) = (&facts.parts.end.noi_nhan, one.chuc_vu.first(), one.chuc_vu.last()) else {
        return;
    };
    let is_level = header.page == first.page && header.baseline > first.baseline - 4.0 && header.baseline < last.baseline + 4.0;
    if !is_level {
        let found = measure(header.baseline - first.baseline, "mm");
        places.add(header.area(), found, say!("ngang hàng", "level"));
    }
}
