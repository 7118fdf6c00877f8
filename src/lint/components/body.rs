//! Cell 6: the lines and paragraphs of the body, and căn cứ among them.
//!
//! Owns the measures of the text area: where full lines begin and end, how far first lines are indented, how far
//! baselines stand apart. Tables, folios, title and end are left out.

use crate::lint::ink::{Line, MM_PER_PT, Page};

use super::end::End;
use super::folio::Folio;
use super::foot::Foot;
use super::key;
use super::title::Title;

/// The body.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// Every line outside tables, in order.
    pub lines: Vec<Line>,
    /// Size of most characters, pt.
    pub size: f64,
    /// Left edge of the text area, mm, where enough lines show it.
    pub left: Option<f64>,
    /// Right edge of the text area, mm, likewise.
    pub right: Option<f64>,
    /// Full lines.
    pub full_lines: usize,
    /// How many of them reach the right edge.
    pub flush_lines: usize,
    /// The usual first-line indent, mm.
    pub indent: Option<f64>,
    /// The usual distance between baselines inside a paragraph, pt.
    pub pitch: Option<f64>,
    /// The usual gap between paragraphs, pt.
    pub paragraph_gap: Option<f64>,
    /// The paragraphs, cut by indents, short lines and gaps.
    pub paragraphs: Vec<Paragraph>,
}

/// A paragraph.
#[derive(Debug, Clone)]
pub struct Paragraph {
    /// The whole text.
    pub text: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

impl Body {
    /// The run of căn cứ: italic clauses before the operative part, "Theo đề nghị của …" the last.
    pub fn can_cu(&self) -> &[Paragraph] {
        let starts = |paragraph: &Paragraph, words: &[&str]| words.iter().any(|word| key(&paragraph.text).starts_with(word));
        let Some(from) = self.paragraphs.iter().position(|one| starts(one, &["can cu "])) else {
            return &[];
        };
        let length = self.paragraphs[from..]
            .iter()
            .take_while(|one| starts(one, &["can cu ", "theo de nghi ", "xet de nghi ", "xet to trinh "]))
            .count();
        let run = &self.paragraphs[from..from + length];
        // "Căn cứ kế hoạch …, Hội báo cáo như sau:" opens an ordinary paragraph.
        let is_run = length > 1 || run[0].text.ends_with(';') || run[0].lines.iter().all(Line::is_italic);
        if is_run { run } else { &[] }
    }
}

/// Finds the body in `pages`, the main part.
pub fn find(pages: &[Page], title: &Title, end: &End, folios: &[Folio], foot: &Foot) -> Body {
    let (end_page, end_y) = end.start.unwrap_or((usize::MAX, 0.0));
    let mut body = Body::default();
    for (index, page) in pages.iter().enumerate().take_while(|(index, _)| *index <= end_page) {
        let from = if index == 0 { title.bottom + 0.5 } else { 0.0 };
        let to = foot.top_on(page.number).unwrap_or(page.height_mm);
        let folio = folios.get(index).and_then(|folio| folio.line.as_ref()).map(|line| line.baseline);
        let lines = page.rows.iter().map(|row| &row.whole).filter(|line| {
            line.baseline > from
                && line.baseline < to
                && !(index == end_page && line.baseline >= end_y)
                && Some(line.baseline) != folio
                && !page.in_table(line.baseline)
        });
        body.lines.extend(lines.cloned());
    }
    measure(&mut body, end);
    body
}

fn measure(body: &mut Body, end: &End) {
    let Some(size) = most(body.lines.iter().map(|line| (line.size, line.text.chars().count())), 0.1) else {
        return;
    };
    body.size = size;
    // Dotted lines to write on are no text, though they show where the text begins.
    let printed = || body.lines.iter().filter(|line| (line.size - size).abs() < 0.3);
    let lines: Vec<&Line> = printed().filter(|line| has_letters(line)).collect();
    body.left = least_supported(printed().map(|line| line.x0).collect());
    // Where every paragraph is one indented line, only nơi nhận shows the margin. Otherwise it does not count: Word
    // hangs its table out a little.
    if let (Some(left), Some(header)) = (body.left, &end.noi_nhan)
        && (8.0..16.0).contains(&(left - header.x0))
    {
        body.left = Some(header.x0);
    }
    let Some(left) = body.left else {
        return;
    };
    let is_flush_left = |line: &Line| (line.x0 - left).abs() < 1.5;
    // A line is full when the next one goes on with the paragraph.
    let pairs = || lines.windows(2).filter(|pair| is_flush_left(pair[1]));
    let full: Vec<f64> = pairs().map(|pair| pair[0].x1).collect();
    // Short lines at the left edge are a list or a form: they show no right edge.
    body.right = least_supported(full.iter().map(|x| -x).collect()).map(|x| -x).filter(|right| right - left > 100.0);
    if let Some(right) = body.right {
        body.full_lines = full.len();
        body.flush_lines = full.iter().filter(|x| (*x - right).abs() < 1.0).count();
    }
    let same_page = |pair: &&[&Line]| pair[0].page == pair[1].page;
    let pitches = pairs().filter(same_page).map(|pair| ((pair[1].baseline - pair[0].baseline) / MM_PER_PT, 1));
    body.pitch = most(pitches, 0.3);
    let indents = lines.iter().map(|line| line.x0 - left).filter(|indent| (3.0..30.0).contains(indent));
    body.indent = most(indents.map(|indent| (indent, 1)), 0.4);
    split(body, left);
    if body.indent.is_none() && body.paragraphs.len() > 3 {
        body.indent = Some(0.0);
    }
    let gaps = body.paragraphs.windows(2).filter_map(|pair| {
        let (above, below) = (pair[0].lines.last()?, pair[1].lines.first()?);
        // Headings have their own spacing.
        let plain = above.page == below.page && [above, below].iter().all(|line| !line.is_bold() && has_letters(line));
        let pitch = body.pitch.unwrap_or(1.15 * size);
        let gap = (below.baseline - above.baseline) / MM_PER_PT - pitch;
        // A table or a picture may stand between.
        (plain && gap < 30.0).then_some((gap, 1))
    });
    body.paragraph_gap = most(gaps.collect::<Vec<_>>().into_iter(), 0.4);
}

fn has_letters(line: &Line) -> bool {
    line.text.chars().any(char::is_alphanumeric)
}

/// Cuts the lines into paragraphs.
fn split(body: &mut Body, left: f64) {
    let right = body.right.unwrap_or(190.0);
    for line in &body.lines {
        let goes_on = body.paragraphs.last().and_then(|open| open.lines.last()).is_some_and(|above| {
            let near =
                above.page != line.page || (line.baseline - above.baseline) / MM_PER_PT < body.pitch.unwrap_or(1.2 * line.size) + 2.5;
            near && (line.x0 - left).abs() < 1.5 && above.x1 > right - 22.0 && above.is_bold() == line.is_bold()
        });
        match body.paragraphs.last_mut() {
            Some(open) if goes_on => {
                open.text = format!("{} {}", open.text, line.text);
                open.lines.push(line.clone());
            }
            _ => body.paragraphs.push(Paragraph { text: line.text.clone(), lines: vec![line.clone()] }),
        }
    }
}

/// The value with the most weight, values nearer than `width` taken together.
fn most(values: impl Iterator<Item = (f64, usize)>, width: f64) -> Option<f64> {
    let mut values: Vec<(f64, usize)> = values.collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut from, mut to, mut weight) = (0, 0, 0);
    let mut best: Option<(usize, f64)> = None;
    for (value, _) in &values {
        while to < values.len() && values[to].0 <= value + width {
            weight += values[to].1;
            to += 1;
        }
        while values[from].0 < value - width {
            weight -= values[from].1;
            from += 1;
        }
        if best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, *value));
        }
    }
    best.map(|(_, value)| value)
}

/// The least value that at least two lines share; one line may hang out.
fn least_supported(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.windows(2).find(|pair| pair[1] - pair[0] < 0.8).map(|pair| pair[0])
}
