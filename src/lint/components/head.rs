//! Cells 1–4, 5b, 10 and 11: the head of the first page.
//!
//! Owns the split into a left and a right cell. The Quốc hiệu is the anchor: what stands left of it belongs to the
//! organisation, what stands below it to place and date.

use crate::lint::ink::{Frame, Line, Page, Row, Stroke};

use super::{key, sequence};

const QUOC_HIEU: [&str; 8] = ["cong", "hoa", "xa", "hoi", "chu", "nghia", "viet", "nam"];
/// The head ends at the latest here below the Quốc hiệu (mm): a long name of the body and three lines of V/v.
const HEIGHT_MAX_MM: f64 = 65.0;
const STAMPS: [&str; 8] = ["hoa toc", "thuong khan", "khan", "mat", "toi mat", "tuyet mat", "xem xong tra lai", "luu hanh noi bo"];

/// The head.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Cell 1, first line.
    pub quoc_hieu: Option<Line>,
    /// Does it run over more than one line?
    pub quoc_hieu_wraps: bool,
    /// Cell 1, second line.
    pub tieu_ngu: Option<Line>,
    /// The rule under it.
    pub tieu_ngu_rule: Option<Stroke>,
    /// Cell 2: the superior body, if any, and the issuing body.
    pub co_quan: Vec<Line>,
    /// The rule under them.
    pub co_quan_rule: Option<Stroke>,
    /// Cell 3.
    pub so_ky_hieu: Option<Line>,
    /// Cell 4.
    pub dia_danh: Option<Line>,
    /// Cell 5b: the V/v lines of a công văn.
    pub trich_yeu_cong_van: Vec<Line>,
    /// Cells 10 and 11 with their frames.
    pub stamps: Vec<(Line, Option<Frame>)>,
    /// Lowest baseline of the head, mm.
    pub bottom: f64,
}

/// Finds the head on the first page.
pub fn find(page: &Page) -> Head {
    let mut head = Head::default();
    let anchor = page.rows.iter().find_map(|row| sequence(&row.words, &QUOC_HIEU, 4).map(|(from, length)| (row, from, length)));
    let motto = page.rows.iter().find_map(|row| sequence(&row.words, &["doc", "lap"], 2).map(|(from, _)| (row, from)));
    if let Some((row, from, length)) = anchor {
        head.quoc_hieu = Line::from_words(page.number, &row.words[from..from + length]);
        head.quoc_hieu_wraps = length < QUOC_HIEU.len();
    }
    if let Some((row, from)) = motto {
        let to = row.words.iter().position(|word| key(&word.text).starts_with("phuc"));
        let to = to.filter(|to| *to > from).unwrap_or(row.words.len() - 1);
        head.tieu_ngu = Line::from_words(page.number, &row.words[from..=to]);
    }
    let Some(upper) = head.quoc_hieu.as_ref().or(head.tieu_ngu.as_ref()).cloned() else {
        head.bottom = find_cells(&mut head, page, 100.0, 0.0, 70.0, &[]);
        return head;
    };
    // Without Quốc hiệu the motto is the anchor; it is about 15 mm narrower on each side.
    let split = if head.quoc_hieu.is_some() { upper.x0 } else { upper.x0 - 15.0 };
    let taken = [anchor.map(|(row, from, _)| (row, from)), motto];
    head.bottom = find_cells(&mut head, page, split, upper.baseline - 3.0, upper.baseline + HEIGHT_MAX_MM, &taken);
    let lowest = head.tieu_ngu.as_ref().map_or(upper.baseline, |line| line.baseline);
    head.bottom = head.bottom.max(lowest);
    if let Some(line) = &head.tieu_ngu {
        head.tieu_ngu_rule = rule_below(page, line, 6.0, 0.4);
    }
    if let Some(line) = head.co_quan.last() {
        head.co_quan_rule = rule_below(page, line, 6.0, 0.0).filter(|rule| rule.x1 < split + 3.0);
    }
    head
}

/// Sorts the rows between `top` and `bottom` into the cells; answers the lowest baseline used.
fn find_cells(head: &mut Head, page: &Page, split: f64, top: f64, bottom: f64, taken: &[Option<(&Row, usize)>]) -> f64 {
    let mut lowest = top;
    // Once the number stands there, only V/v and stamps follow on the left.
    let (mut numbered, mut subject) = (false, false);
    for row in page.rows.iter().filter(|row| row.whole.baseline < bottom) {
        let start = taken.iter().flatten().find(|(other, _)| std::ptr::eq(*other, row)).map(|(_, from)| *from);
        let pieces: Vec<Line> = match start {
            Some(from) => Line::from_words(page.number, &row.words[..from]).into_iter().collect(),
            None => cells(row, split, page.number),
        };
        if start.is_none() && row.whole.baseline > top && ends_head(row, split, numbered, page) {
            break;
        }
        for line in pieces {
            let words = key(&line.text);
            if STAMPS.contains(&words.as_str()) {
                lowest = lowest.max(line.baseline);
                let frame = frame_around(page, &line);
                head.stamps.push((line, frame));
                continue;
            }
            if line.baseline < top {
                continue;
            }
            if is_number(&line.text) {
                // Wherever it stands: where it should stand is not this function's question.
                lowest = lowest.max(line.baseline);
                numbered = true;
                head.so_ky_hieu.get_or_insert(line);
            } else if is_date(&words) && line.centre() > split - 10.0 {
                lowest = lowest.max(line.baseline);
                head.dia_danh.get_or_insert(line);
            } else if line.centre() < split {
                lowest = lowest.max(line.baseline);
                if words.starts_with("v/v") || words.starts_with("ve viec") || subject {
                    subject = true;
                    head.trich_yeu_cong_van.push(line);
                } else if !numbered {
                    head.co_quan.push(line);
                }
            }
        }
    }
    lowest
}

/// The left cell's words as one line — the room for a number parts them — and the lines of the right cell.
fn cells(row: &Row, split: f64, page: usize) -> Vec<Line> {
    let is_right = |line: &&Line| line.centre() >= split || (is_date(&key(&line.text)) && line.centre() > split - 10.0);
    let right: Vec<Line> = row.lines.iter().filter(is_right).cloned().collect();
    let border = right.first().map_or(f64::INFINITY, |line| line.x0);
    let words = row.words.iter().take_while(|word| word.x0 < border).cloned().collect::<Vec<_>>();
    Line::from_words(page, &words).into_iter().chain(right).collect()
}

/// `Số: …`. With its accent: the name of a body may begin with SỞ.
fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix("Số").or_else(|| text.strip_prefix("SỐ"));
    rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)) || key(text).starts_with("so:")
}

fn is_date(words: &str) -> bool {
    words.contains("ngay ") || (words.contains("ngay") && words.contains("thang"))
}

/// Does the head end before `row`? At a line that runs over both cells, or at one that stands in the middle.
fn ends_head(row: &Row, split: f64, numbered: bool, page: &Page) -> bool {
    let Some(line) = row.lines.first().filter(|_| row.lines.len() == 1) else {
        return false;
    };
    let words = key(&line.text);
    if words.starts_with("kinh gui") {
        return true;
    }
    let is_head = is_number(&line.text) || words.starts_with("v/v") || words.contains("ngay ");
    let spans = line.x0 < split - 5.0 && line.x1 > split + 12.0;
    let in_middle = line.x0 > 45.0 && (line.centre() - page.width_mm / 2.0 - 5.0).abs() < 12.0;
    (spans || in_middle) && (numbered || !is_head)
}

/// The nearest rule under `line`, at most `reach` mm below its baseline, that lies under at least `share` of it.
pub fn rule_below(page: &Page, line: &Line, reach: f64, share: f64) -> Option<Stroke> {
    let overlap = |rule: &Stroke| rule.x1.min(line.x1) - rule.x0.max(line.x0);
    page.strokes
        .iter()
        .filter(|rule| rule.y > line.baseline - 0.3 && rule.y < line.baseline + reach)
        .filter(|rule| overlap(rule) > share * line.width() && overlap(rule) > 0.0)
        .min_by(|a, b| a.y.total_cmp(&b.y))
        .copied()
}

/// The frame around `line`: a drawn rectangle, or a rule above and one below of the same length.
fn frame_around(page: &Page, line: &Line) -> Option<Frame> {
    let middle = line.baseline - 0.3 * (line.bottom() - line.top());
    let holds =
        |frame: &&Frame| frame.y < middle && frame.y + frame.h > middle && frame.x <= line.x0 + 1.0 && frame.x + frame.w >= line.x1 - 1.0;
    let around = |rule: &&Stroke| rule.x0 <= line.x0 && rule.x1 >= line.x1;
    page.frames.iter().find(holds).copied().or_else(|| {
        let above = page.strokes.iter().filter(around).rfind(|rule| rule.y < middle && rule.y > middle - 12.0)?;
        let below = page.strokes.iter().filter(around).find(|rule| rule.y > middle && rule.y < middle + 12.0)?;
        let same = (above.length() - below.length()).abs() < 0.5;
        same.then_some(Frame { x: above.x0, y: above.y, w: above.length(), h: below.y - above.y })
    })
}
