//! Rules of the page: paper, margins, typeface, page numbers (annex I, part I, section I).

use crate::language::Text;
use crate::say;

use super::{Facts, Places, Rule, custom, of_page, size_is};
use crate::lint::components::Kind;
use crate::lint::finding::{absent, measure, quoted, size};
use crate::lint::ink::{Area, Document, Line, MM_PER_PT, Page};

/// Paper is cut, and programs round, to this (mm).
const PAPER_TOLERANCE_MM: f64 = 1.0;
/// Side bearings and rounding.
const MARGIN_TOLERANCE_MM: f64 = 0.7;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    of_page("paper-size", "NĐ 30/2020, PL I, I.1", "Khổ giấy là A4 (210 mm × 297 mm)", "The paper is A4 (210 mm × 297 mm)", paper_size),
    // A register is one table, and lies.
    Rule {
        kinds: &[Kind::Administrative, Kind::Party],
        ..of_page(
            "orientation",
            "NĐ 30/2020, PL I, I.2",
            "Văn bản trình bày theo chiều dài của khổ A4; chỉ trang có bảng biểu mới được xoay ngang",
            "The page is portrait; only pages with tables may be landscape",
            orientation,
        )
    },
    of_page("margin-top", "NĐ 30/2020, PL I, I.3", "Lề trên 20–25 mm", "The top margin is 20–25 mm", margin_top),
    of_page("margin-bottom", "NĐ 30/2020, PL I, I.3", "Lề dưới 20–25 mm", "The bottom margin is 20–25 mm", margin_bottom),
    of_page("margin-left", "NĐ 30/2020, PL I, I.3", "Lề trái 30–35 mm", "The left margin is 30–35 mm", margin_left),
    of_page("margin-right", "NĐ 30/2020, PL I, I.3", "Lề phải 15–20 mm", "The right margin is 15–20 mm", margin_right),
    of_page(
        "font-family",
        "NĐ 30/2020, PL I, I.4",
        "Phông chữ là Times New Roman (hoặc phông cùng kích thước chữ)",
        "The typeface is Times New Roman (or one of the same metrics)",
        font_family,
    ),
    of_page("text-colour", "NĐ 30/2020, PL I, I.4", "Chữ màu đen", "The text is black", text_colour),
    of_page(
        "folio-first-page",
        "NĐ 30/2020, PL I, I.7",
        "Trang thứ nhất không hiển thị số trang",
        "The first page shows no page number",
        folio_first_page,
    ),
    of_page(
        "folio-missing",
        "NĐ 30/2020, PL I, I.7",
        "Từ trang thứ hai có số trang",
        "From the second page on, pages are numbered",
        folio_missing,
    ),
    of_page(
        "folio-number",
        "NĐ 30/2020, PL I, I.7",
        "Số trang đánh liên tục từ 1 bằng chữ số Ả Rập; từng phụ lục đánh số riêng",
        "Pages count from 1 in Arabic figures, in each appendix anew",
        folio_number,
    ),
    of_page(
        "folio-place",
        "NĐ 30/2020, PL I, I.7",
        "Số trang đặt canh giữa theo chiều ngang trong phần lề trên",
        "The page number stands centred in the top margin",
        folio_place,
    ),
    of_page(
        "folio-size",
        "NĐ 30/2020, PL I, I.7",
        "Số trang cỡ chữ 13–14, kiểu chữ đứng",
        "The page number is 13–14 pt, upright",
        folio_size,
    ),
    custom("page-blank", "NĐ 30/2020, PL I, I.3", "Trang không để trống", "No page is left blank", page_blank),
];

fn show_paper(page: &Page) -> Text {
    size(page.width_mm, page.height_mm)
}

fn paper_size(facts: &Facts<'_>, places: &mut Places) {
    let (w, h) = facts.law.paper;
    for page in &facts.document.pages {
        let near = |a: f64, b: f64| (a - b).abs() <= PAPER_TOLERANCE_MM;
        let (short, long) = (page.width_mm.min(page.height_mm), page.width_mm.max(page.height_mm));
        if !(near(short, w) && near(long, h)) {
            places.add(Area::of_page(page), show_paper(page), say!("{w} × {h} mm", "{w} × {h} mm"));
        }
    }
}

fn orientation(facts: &Facts<'_>, places: &mut Places) {
    for page in facts.document.pages.iter().take(facts.parts.main_pages) {
        let is_turned = page.width_mm > page.height_mm + PAPER_TOLERANCE_MM;
        if is_turned && (page.number == 1 || page.tables.is_empty()) {
            places.add(Area::of_page(page), say!("ngang", "landscape"), say!("dọc", "portrait"));
        }
    }
}

/// Portrait pages of the main part; margins of a turned page turn with it.
fn upright_pages<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Page> {
    facts.document.pages.iter().take(facts.parts.main_pages).filter(|page| page.height_mm >= page.width_mm)
}

fn is_folio(facts: &Facts<'_>, line: &Line) -> bool {
    let folio = facts.parts.folios.get(line.page - 1).and_then(|folio| folio.line.as_ref());
    folio.is_some_and(|folio| folio.baseline == line.baseline)
}

fn margin_top(facts: &Facts<'_>, places: &mut Places) {
    let firsts = upright_pages(facts).filter_map(|page| {
        let lines = page.rows.iter().map(|row| &row.whole);
        // Cell 14: the details of a digital signature stand in the corner, in 10 pt.
        lines.filter(|line| !is_folio(facts, line)).find(|line| line.size > 10.5)
    });
    // The head is set solid, later pages may begin with the space above a paragraph.
    let Some(first) = firsts.min_by(|a, b| a.top().total_cmp(&b.top())) else {
        return;
    };
    let range = facts.law.margin_top;
    if first.top() < range.from - MARGIN_TOLERANCE_MM || first.top() > range.to + 2.5 {
        places.add(first.area(), measure(first.top(), "mm"), range.show("mm"));
    }
}

fn margin_bottom(facts: &Facts<'_>, places: &mut Places) {
    let range = facts.law.margin_bottom;
    let foot = &facts.parts.foot;
    for page in upright_pages(facts) {
        let lines = page.rows.iter().map(|row| &row.whole).filter(|line| !is_folio(facts, line) && !foot.address.contains(line));
        let Some(last) = lines.max_by(|a, b| a.baseline.total_cmp(&b.baseline)) else {
            continue;
        };
        let margin = page.height_mm - last.bottom();
        if margin < range.from - MARGIN_TOLERANCE_MM || leaves_room(facts, page, margin) {
            places.add(last.area(), measure(margin, "mm"), range.show("mm"));
        }
    }
}

/// Does `page` end too early, `margin` above its edge? A short page says nothing about its margin, unless a paragraph
/// goes on on the next page: it would have filled the room. Two lines may be kept together with the rest.
fn leaves_room(facts: &Facts<'_>, page: &Page, margin: f64) -> bool {
    let body = &facts.parts.body;
    let goes_on = body.paragraphs.iter().any(|paragraph| {
        let is_on = |number: usize| paragraph.lines.iter().any(|line| line.page == number);
        is_on(page.number) && is_on(page.number + 1)
    });
    let has_address = facts.parts.foot.top_on(page.number).is_some();
    let pitch = body.pitch.unwrap_or(1.5 * body.size) * MM_PER_PT;
    goes_on && !has_address && margin > facts.law.margin_bottom.to + 2.0 * pitch + MARGIN_TOLERANCE_MM
}

/// A strip of the first body page for findings about its sides.
fn side(facts: &Facts<'_>, x: f64) -> Area {
    let page = facts.parts.body.lines.first().map_or(1, |line| line.page);
    let lines = facts.parts.body.lines.iter().filter(|line| line.page == page);
    let area = lines.map(Line::area).reduce(Area::join).unwrap_or_default();
    Area { page, x_mm: x - 1.0, w_mm: 2.0, ..area }
}

/// Is the first page turned? Its margins turn with it.
fn is_turned(facts: &Facts<'_>) -> bool {
    facts.document.pages.first().is_some_and(|page| page.width_mm > page.height_mm)
}

fn margin_left(facts: &Facts<'_>, places: &mut Places) {
    let range = facts.law.margin_left;
    if let Some(left) = facts.parts.body.left.filter(|_| !is_turned(facts))
        && !range.holds(left, MARGIN_TOLERANCE_MM)
    {
        places.add(side(facts, left), measure(left, "mm"), range.show("mm"));
    }
}

fn margin_right(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    let range = facts.law.margin_right;
    let (Some(right), Some(page)) = (body.right.filter(|_| !is_turned(facts)), facts.document.pages.first()) else {
        return;
    };
    let margin = page.width_mm - right;
    // Lines that are not justified end before the margin: then only a margin too small is certain.
    let is_flush = body.full_lines >= 3 && body.flush_lines * 10 >= body.full_lines * 6;
    if margin < range.from - MARGIN_TOLERANCE_MM || (is_flush && margin > range.to + MARGIN_TOLERANCE_MM) {
        places.add(side(facts, right), measure(margin, "mm"), range.show("mm"));
    }
}

/// Times New Roman and the faces cut to its widths.
const TIMES: [&str; 7] = ["times", "liberationserif", "tinos", "termes", "nimbusrom", "liberation serif", "timesnewroman"];

fn font_family(facts: &Facts<'_>, places: &mut Places) {
    let document: &Document = facts.document;
    let all: usize = document.fonts.iter().map(|font| font.letters).sum();
    for (index, font) in document.fonts.iter().enumerate() {
        let name = font.name.to_lowercase();
        let is_times = TIMES.iter().any(|times| name.contains(times)) || name.is_empty();
        // A face for signs that Times lacks, or for a chart, is no fault of the text. Fonts of the days before
        // Unicode have a finding of their own.
        if is_times || font.first.page == 0 || font.letters * 20 <= all || is_legacy(&name) {
            continue;
        }
        let blocks = blocks(document, index);
        let areas = if blocks.is_empty() { vec![font.first] } else { blocks };
        places.add_all(&areas, areas.len(), quoted(&font.name), quoted("Times New Roman"));
    }
}

/// Where whole lines are set in the font `index`, lines below each other taken together.
fn blocks(document: &Document, index: usize) -> Vec<Area> {
    let mut blocks: Vec<Area> = Vec::new();
    let lines = document.pages.iter().flat_map(|page| &page.rows).flat_map(|row| &row.lines);
    for area in lines.filter(|line| line.font == index).map(Line::area) {
        match blocks.last_mut() {
            Some(last) if last.page == area.page && area.y_mm - (last.y_mm + last.h_mm) < 4.0 => *last = last.join(area),
            _ => blocks.push(area),
        }
    }
    blocks
}

/// Fonts with their own encoding: `.VnTime`, `VNI-Times`.
pub fn is_legacy(lower: &str) -> bool {
    lower.starts_with(".vn") || lower.starts_with("vni-") || lower.starts_with("vni ") || lower.starts_with("vps ")
}

fn text_colour(facts: &Facts<'_>, places: &mut Places) {
    let stamps: Vec<&Line> = facts.parts.head.stamps.iter().map(|(line, _)| line).collect();
    let is_dark = |colour: [u8; 3]| colour.iter().all(|part| *part < 64);
    for page in facts.document.pages.iter().take(facts.parts.main_pages) {
        let rows = page.rows.iter().filter(|row| !page.in_table(row.whole.baseline));
        let line = rows
            .flat_map(|row| &row.lines)
            .find(|line| !is_dark(line.colour) && !stamps.iter().any(|stamp| stamp.page == line.page && stamp.baseline == line.baseline));
        if let Some(line) = line {
            let [r, g, b] = line.colour;
            let colour = format!("#{r:02x}{g:02x}{b:02x}");
            places.add(line.area(), Text { vi: colour.clone(), en: colour }, say!("màu đen", "black"));
        }
    }
}

fn folio_first_page(facts: &Facts<'_>, places: &mut Places) {
    for folio in facts.parts.folios.iter().filter(|folio| folio.expected == 1) {
        if let Some(line) = &folio.line {
            places.add(line.area(), quoted(&line.text), absent());
        }
    }
}

fn folio_missing(facts: &Facts<'_>, places: &mut Places) {
    for (page, folio) in facts.document.pages.iter().zip(&facts.parts.folios) {
        if folio.expected > 1 && folio.line.is_none() {
            let x = page.width_mm / 2.0;
            let area = Area { page: page.number, x_mm: x - 5.0, y_mm: 8.0, w_mm: 10.0, h_mm: 8.0 };
            places.add(area, absent(), quoted(&folio.expected.to_string()));
        }
    }
}

fn folio_number(facts: &Facts<'_>, places: &mut Places) {
    for folio in facts.parts.folios.iter().filter(|folio| folio.expected > 1) {
        let wanted = folio.expected.to_string();
        if let Some(line) = folio.line.as_ref().filter(|line| line.text != wanted) {
            places.add(line.area(), quoted(&line.text), quoted(&wanted));
        }
    }
}

fn folio_place(facts: &Facts<'_>, places: &mut Places) {
    let body = &facts.parts.body;
    for folio in facts.parts.folios.iter().filter(|folio| folio.expected > 1) {
        let Some(line) = &folio.line else {
            continue;
        };
        let page = &facts.document.pages[line.page - 1];
        // In the middle of the text, or of the paper.
        let text_middle = body.left.zip(body.right).map(|(left, right)| (left + right) / 2.0);
        let middles = [Some(page.width_mm / 2.0), text_middle.or(Some(page.width_mm / 2.0 + 5.0))];
        let is_centred = middles.iter().flatten().any(|middle| (line.centre() - middle).abs() <= 3.5);
        let is_between = text_middle.is_some_and(|middle| {
            let paper = page.width_mm / 2.0;
            line.centre() > paper.min(middle) && line.centre() < paper.max(middle)
        });
        if !folio.at_top || !(is_centred || is_between) {
            let (x, y) = (measure(line.centre(), "mm"), measure(line.baseline, "mm"));
            let found = Text {
                vi: format!("tâm cách trái {}, cách trên {}", x.vi, y.vi),
                en: format!("centre {} from the left, {} from the top", x.en, y.en),
            };
            places.add(line.area(), found, say!("giữa trang, trong lề trên", "centred, in the top margin"));
        }
    }
}

fn folio_size(facts: &Facts<'_>, places: &mut Places) {
    for line in facts.parts.folios.iter().filter(|folio| folio.expected > 1).filter_map(|folio| folio.line.as_ref()) {
        if !size_is(line, facts.law.so_trang) || !line.is_upright() {
            places.add(line.area(), measure(line.size, "pt"), facts.law.so_trang.show("pt"));
        }
    }
}

fn page_blank(facts: &Facts<'_>, places: &mut Places) {
    for page in facts.document.pages.iter().filter(|page| page.number > 1) {
        let has_text = page.rows.iter().any(|row| !is_folio(facts, &row.whole));
        if !has_text && page.images.is_empty() && page.tables.is_empty() {
            places.add(Area::of_page(page), absent(), say!("có nội dung", "content"));
        }
    }
}
