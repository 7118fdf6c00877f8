//! Rules of cells 1 and 2: Quốc hiệu, Tiêu ngữ, the names of the bodies (annex I, II.1, II.2).

use crate::language::Text;
use crate::say;
use crate::vietnamese::tone;

use super::{Facts, Places, Rule, custom, of_head, style};
use crate::lint::components::key;
use crate::lint::finding::{absent, measure, quoted};
use crate::lint::ink::{Area, Line, Stroke};
use crate::lint::law::Range;

/// A rule as long as its words may be off by this much (mm).
const SAME_LENGTH_TOLERANCE_MM: f64 = 0.5;
/// Centring may be off by this much (mm).
const CENTRE_TOLERANCE_MM: f64 = 2.0;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    of_head("quoc-hieu-present", "NĐ 30/2020, PL I, II.1a", "Văn bản có Quốc hiệu", "The document bears the Quốc hiệu", quoc_hieu_present),
    of_head("quoc-hieu-wrap", "NĐ 30/2020, PL I, II.1a", "Quốc hiệu nằm trên một dòng", "The Quốc hiệu stands on one line", quoc_hieu_wrap),
    of_head("quoc-hieu-text", "NĐ 30/2020, PL I, II.1a", "Quốc hiệu viết bằng chữ in hoa", "The Quốc hiệu is in capitals", quoc_hieu_text),
    of_head("quoc-hieu-size", "NĐ 30/2020, PL I, II.1a", "Quốc hiệu cỡ chữ 12–13", "The Quốc hiệu is 12–13 pt", quoc_hieu_size),
    of_head(
        "quoc-hieu-style",
        "NĐ 30/2020, PL I, II.1a",
        "Quốc hiệu kiểu chữ đứng, đậm",
        "The Quốc hiệu is upright and bold",
        quoc_hieu_style,
    ),
    of_head(
        "quoc-hieu-place",
        "NĐ 30/2020, PL I, II.1a",
        "Quốc hiệu ở phía trên, bên phải trang đầu",
        "The Quốc hiệu stands at the top right of page 1",
        quoc_hieu_place,
    ),
    of_head(
        "tieu-ngu-present",
        "NĐ 30/2020, PL I, II.1b",
        "Dưới Quốc hiệu có Tiêu ngữ",
        "The Tiêu ngữ stands under the Quốc hiệu",
        tieu_ngu_present,
    ),
    of_head(
        "tieu-ngu-text",
        "NĐ 30/2020, PL I, II.1b",
        "Tiêu ngữ: chữ cái đầu của các cụm từ viết hoa, giữa các cụm từ có gạch nối (-), có cách chữ",
        "The Tiêu ngữ has a capital on each phrase, and a hyphen-minus with spaces between the phrases",
        tieu_ngu_text,
    ),
    of_head("tieu-ngu-size", "NĐ 30/2020, PL I, II.1b", "Tiêu ngữ cỡ chữ 13–14", "The Tiêu ngữ is 13–14 pt", tieu_ngu_size),
    of_head("tieu-ngu-style", "NĐ 30/2020, PL I, II.1b", "Tiêu ngữ kiểu chữ đứng, đậm", "The Tiêu ngữ is upright and bold", tieu_ngu_style),
    of_head(
        "tieu-ngu-place",
        "NĐ 30/2020, PL I, II.1b",
        "Tiêu ngữ canh giữa dưới Quốc hiệu",
        "The Tiêu ngữ is centred under the Quốc hiệu",
        tieu_ngu_place,
    ),
    of_head(
        "tieu-ngu-rule",
        "NĐ 30/2020, PL I, II.1b",
        "Dưới Tiêu ngữ có đường kẻ nét liền dài bằng dòng chữ",
        "Under the Tiêu ngữ a solid rule is as long as the words",
        tieu_ngu_rule,
    ),
    of_head(
        "co-quan-present",
        "NĐ 30/2020, PL I, II.2",
        "Văn bản có tên cơ quan, tổ chức ban hành",
        "The document names the issuing body",
        co_quan_present,
    ),
    of_head(
        "co-quan-caps",
        "NĐ 30/2020, PL I, II.2b",
        "Tên cơ quan viết bằng chữ in hoa",
        "The names of the bodies are in capitals",
        co_quan_caps,
    ),
    of_head("co-quan-size", "NĐ 30/2020, PL I, II.2b", "Tên cơ quan cỡ chữ 12–13", "The names of the bodies are 12–13 pt", co_quan_size),
    of_head(
        "co-quan-style",
        "NĐ 30/2020, PL I, II.2b",
        "Tên cơ quan ban hành kiểu chữ đứng, đậm",
        "The issuing body is upright and bold",
        co_quan_style,
    ),
    custom(
        "co-quan-superior",
        "NĐ 30/2020, PL I, II.2b",
        "Tên cơ quan chủ quản không đậm",
        "The superior body is not bold",
        co_quan_superior,
    ),
    of_head(
        "co-quan-rule",
        "NĐ 30/2020, PL I, II.2b",
        "Dưới tên cơ quan có đường kẻ nét liền dài 1/3–1/2 dòng chữ, đặt cân đối",
        "Under the body's name a solid rule of 1/3–1/2 of its length is centred",
        co_quan_rule,
    ),
];

/// The corner where a missing component should stand.
fn corner(facts: &Facts<'_>, right: bool) -> Area {
    let width = facts.document.pages.first().map_or(210.0, |page| page.width_mm);
    let x = if right { width / 2.0 } else { 30.0 };
    Area { page: 1, x_mm: x, y_mm: 20.0, w_mm: width / 2.0 - 30.0, h_mm: 12.0 }
}

/// Equal but for where the tone stands (HÒA, HOÀ) and for look-alikes that have a rule of their own.
pub fn same_words(found: &str, wanted: &str) -> bool {
    let clean = |text: &str| tone::normalise_for_key(&text.replace(['Ð', 'Ɖ'], "Đ").replace(['ð', 'ɖ'], "đ"));
    clean(found) == clean(wanted)
}

fn quoc_hieu_present(facts: &Facts<'_>, places: &mut Places) {
    if facts.parts.head.quoc_hieu.is_none() {
        places.add(corner(facts, true), absent(), quoted(facts.law.quoc_hieu_text));
    }
}

fn quoc_hieu_wrap(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = facts.parts.head.quoc_hieu.as_ref().filter(|_| facts.parts.head.quoc_hieu_wraps) {
        places.add(line.area(), quoted(&line.text), quoted(facts.law.quoc_hieu_text));
    }
}

fn quoc_hieu_text(facts: &Facts<'_>, places: &mut Places) {
    let wanted = facts.law.quoc_hieu_text;
    let line = facts.parts.head.quoc_hieu.as_ref().filter(|_| !facts.parts.head.quoc_hieu_wraps);
    if let Some(line) = line.filter(|line| !same_words(&line.text, wanted)) {
        places.add(line.area(), quoted(&line.text), quoted(wanted));
    }
}

fn quoc_hieu_size(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = &facts.parts.head.quoc_hieu {
        places.size(line, facts.law.quoc_hieu);
    }
}

fn bold_upright(line: Option<&Line>, places: &mut Places) {
    if let Some(line) = line.filter(|line| !line.is_bold() || !line.is_upright()) {
        places.add(line.area(), style(line), say!("chữ đứng, đậm", "upright, bold"));
    }
}

fn quoc_hieu_style(facts: &Facts<'_>, places: &mut Places) {
    bold_upright(facts.parts.head.quoc_hieu.as_ref(), places);
}

fn quoc_hieu_place(facts: &Facts<'_>, places: &mut Places) {
    let (Some(line), Some(page)) = (&facts.parts.head.quoc_hieu, facts.document.pages.first()) else {
        return;
    };
    if line.centre() < page.width_mm / 2.0 || line.baseline > 60.0 {
        let found = measure(line.centre(), "mm");
        places.add(line.area(), found, say!("nửa bên phải, đầu trang", "the right half, at the top"));
    }
}

fn tieu_ngu_present(facts: &Facts<'_>, places: &mut Places) {
    if facts.parts.head.tieu_ngu.is_none() {
        places.add(corner(facts, true), absent(), quoted(facts.law.tieu_ngu_text));
    }
}

fn tieu_ngu_text(facts: &Facts<'_>, places: &mut Places) {
    let wanted = facts.law.tieu_ngu_text;
    if let Some(line) = facts.parts.head.tieu_ngu.as_ref().filter(|line| !same_words(&line.text, wanted)) {
        let dash = line.text.chars().find(|c| "–—−‐‑".contains(*c));
        let code = dash.map(|c| format!(" (U+{:04X})", u32::from(c))).unwrap_or_default();
        let found = quoted(&line.text);
        let found = Text { vi: found.vi + &code, en: found.en + &code };
        places.add(line.area(), found, quoted(wanted));
    }
}

fn tieu_ngu_size(facts: &Facts<'_>, places: &mut Places) {
    if let Some(line) = &facts.parts.head.tieu_ngu {
        places.size(line, facts.law.tieu_ngu);
    }
}

fn tieu_ngu_style(facts: &Facts<'_>, places: &mut Places) {
    bold_upright(facts.parts.head.tieu_ngu.as_ref(), places);
}

fn tieu_ngu_place(facts: &Facts<'_>, places: &mut Places) {
    let head = &facts.parts.head;
    if let (Some(upper), Some(line)) = (&head.quoc_hieu, &head.tieu_ngu)
        && !head.quoc_hieu_wraps
        && ((upper.centre() - line.centre()).abs() > CENTRE_TOLERANCE_MM || line.baseline - upper.baseline > 12.0)
    {
        places.add(line.area(), measure(line.centre(), "mm"), measure(upper.centre(), "mm"));
    }
}

fn tieu_ngu_rule(facts: &Facts<'_>, places: &mut Places) {
    let head = &facts.parts.head;
    let Some(line) = &head.tieu_ngu else {
        return;
    };
    let wanted = measure(line.width(), "mm");
    match head.tieu_ngu_rule {
        None => places.add(line.area(), absent(), wanted),
        Some(rule) if rule.dashed => places.add(rule.area(1), say!("nét đứt", "dashed"), say!("nét liền", "solid")),
        Some(rule) => {
            let is_same = (rule.length() - line.width()).abs() <= SAME_LENGTH_TOLERANCE_MM
                && (rule.centre() - line.centre()).abs() <= SAME_LENGTH_TOLERANCE_MM;
            if !is_same {
                places.add(rule.area(1), measure(rule.length(), "mm"), wanted);
            }
        }
    }
}

fn co_quan_present(facts: &Facts<'_>, places: &mut Places) {
    // With the Quốc hiệu on the wrong side there is no left cell to look in; that is `quoc-hieu-place`'s finding.
    let width = facts.document.pages.first().map_or(0.0, |page| page.width_mm);
    let is_misplaced = facts.parts.head.quoc_hieu.as_ref().is_some_and(|line| line.centre() < width / 2.0);
    if facts.parts.head.co_quan.is_empty() && !is_misplaced {
        places.add(corner(facts, false), absent(), say!("tên cơ quan ban hành", "the name of the issuing body"));
    }
}

fn co_quan_caps(facts: &Facts<'_>, places: &mut Places) {
    for line in facts.parts.head.co_quan.iter().filter(|line| !line.is_capitals()) {
        places.add(line.area(), quoted(&line.text), quoted(&line.text.to_uppercase()));
    }
}

fn co_quan_size(facts: &Facts<'_>, places: &mut Places) {
    for line in &facts.parts.head.co_quan {
        places.size(line, facts.law.co_quan);
    }
}

fn co_quan_style(facts: &Facts<'_>, places: &mut Places) {
    // The issuing body stands last; the superior above it is light.
    bold_upright(facts.parts.head.co_quan.last(), places);
}

fn co_quan_superior(facts: &Facts<'_>, places: &mut Places) {
    const SUPERIORS: [&str; 6] = ["uy ban nhan dan", "ubnd", "so ", "bo ", "tong ", "dai hoc "];
    const BODIES: [&str; 13] =
        ["hoi ", "so ", "ban ", "uy ban", "truong ", "phong ", "cong ty", "trung tam", "vien ", "cuc ", "chi cuc", "van phong", "dai hoc"];
    let begins = |line: &Line, words: &[&str]| words.iter().any(|word| key(&line.text).starts_with(word));
    // A bold name over two lines is one body; two names, both bold, are a superior in the wrong style.
    let lines = &facts.parts.head.co_quan;
    if let [first, rest @ ..] = lines.as_slice()
        && first.is_bold()
        && begins(first, &SUPERIORS)
        && rest.iter().any(|line| line.is_bold() && begins(line, &BODIES))
    {
        places.add(first.area(), style(first), say!("chữ đứng, không đậm", "upright, not bold"));
    }
}

fn co_quan_rule(facts: &Facts<'_>, places: &mut Places) {
    let head = &facts.parts.head;
    let Some(last) = head.co_quan.last() else {
        return;
    };
    let share = facts.law.short_rule;
    // Where the name wraps, the last line counts, or the longest: the decree does not say.
    let bold = head.co_quan.iter().filter(|line| line.is_bold()).map(Line::width).fold(last.width(), f64::max);
    short_rule(head.co_quan_rule, last, bold, share, places);
}

/// A short rule under `line`, 1/3–1/2 of the line or of `longest`, centred.
pub fn short_rule(rule: Option<Stroke>, line: &Line, longest: f64, share: Range, places: &mut Places) {
    let wanted = {
        let (from, to) = (measure(share.from * line.width(), "mm"), measure(share.to * line.width(), "mm"));
        Text { vi: format!("{} – {}", from.vi, to.vi), en: format!("{} – {}", from.en, to.en) }
    };
    match rule {
        None => places.add(line.area(), absent(), wanted),
        Some(rule) if rule.dashed => places.add(rule.area(line.page), say!("nét đứt", "dashed"), say!("nét liền", "solid")),
        Some(rule) => {
            let fits = |width: f64| share.holds(rule.length() / width.max(1.0), 1.0 / width.max(1.0));
            if !(fits(line.width()) || fits(longest)) {
                places.add(rule.area(line.page), measure(rule.length(), "mm"), wanted);
            } else if (rule.centre() - line.centre()).abs() > CENTRE_TOLERANCE_MM {
                places.add(rule.area(line.page), measure(rule.centre(), "mm"), measure(line.centre(), "mm"));
            }
        }
    }
}
