//! Cells 5a and 9a: tên loại, trích yếu with its rule, kính gửi.
//!
//! Owns finding them below the head. A công văn has no tên loại; its V/v is the head's.

use crate::lint::ink::{Line, Page, Stroke};
use crate::vietnamese::type_code::{DocumentType, TYPES};

use super::head::Head;
use super::{is_centred, key};

/// The title of the document.
#[derive(Debug, Clone, Default)]
pub struct Title {
    /// Tên loại.
    pub line: Option<Line>,
    /// The type it names, where it is one of the 29.
    pub document_type: Option<&'static DocumentType>,
    /// Trích yếu, its lines.
    pub trich_yeu: Vec<Line>,
    /// The rule under it.
    pub rule: Option<Stroke>,
    /// "Kính gửi:" with what stands on its line.
    pub kinh_gui: Option<Line>,
    /// The lines of the addressees below it.
    pub addressees: Vec<Line>,
    /// Lowest baseline of all this, mm; the head's where nothing was found.
    pub bottom: f64,
}

impl Title {
    /// Is it a document of the type with this code?
    pub fn has_code(&self, code: &str) -> bool {
        self.document_type.is_some_and(|found| found.code == Some(code))
    }
}

/// Finds the title on the first page, below `head`.
pub fn find(page: &Page, head: &Head) -> Title {
    let mut title = Title { bottom: head.bottom, ..Title::default() };
    // The text area is 5 to 10 mm right of the paper's middle.
    let middle = page.width_mm / 2.0 + 5.0;
    let rows: Vec<&Line> =
        page.rows.iter().filter(|row| row.lines.len() == 1 && row.whole.baseline > head.bottom + 0.5).map(|row| &row.whole).collect();
    let first = rows.iter().take(6).position(|line| {
        is_centred(line, middle, 10.0)
            && line.x0 > 45.0
            && (line.is_capitals() || line.is_bold())
            && (type_of(&line.text).is_some() || (head.trich_yeu_cong_van.is_empty() && line.is_capitals()))
    });
    if let Some(at) = first {
        let line = rows[at];
        title.document_type = type_of(&line.text);
        title.line = Some(line.clone());
        title.bottom = line.baseline;
        find_trich_yeu(page, line, &rows[at + 1..], &mut title);
    }
    find_addressees(&rows, &mut title);
    title
}

/// The type whose name begins `text`, the longest of them.
fn type_of(text: &str) -> Option<&'static DocumentType> {
    let words = key(text);
    let begins = |name: &str| words.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    TYPES.iter().filter(|found| found.code.is_some() && begins(&key(found.name))).max_by_key(|found| found.name.len())
}

fn find_trich_yeu(page: &Page, line: &Line, below: &[&Line], title: &mut Title) {
    let is_short = |rule: &&Stroke| rule.length() < 120.0 && (rule.centre() - line.centre()).abs() < 10.0;
    let mut last = line;
    for next in below {
        let ruled = page.strokes.iter().filter(is_short).any(|rule| rule.y > last.baseline && rule.y < next.top() + 0.5);
        let pitch = next.baseline - last.baseline;
        let belongs = !ruled
            && is_centred(next, line.centre(), 5.0)
            && pitch < 10.0
            && next.x0 > line.centre() - 75.0
            // The authority of a decision and "QUYẾT ĐỊNH:" are in capitals, trích yếu is not.
            && !next.is_capitals()
            && !key(&next.text).starts_with("kinh gui")
            && (next.is_bold() || (pitch < 7.5 && next.x0 > 45.0));
        if !belongs {
            break;
        }
        title.trich_yeu.push((*next).clone());
        last = next;
    }
    title.bottom = last.baseline;
    title.rule = page.strokes.iter().filter(is_short).find(|rule| rule.y > last.baseline - 0.3 && rule.y < last.baseline + 8.0).copied();
}

fn find_addressees(rows: &[&Line], title: &mut Title) {
    let Some(at) = rows.iter().position(|line| key(&line.text).starts_with("kinh gui")) else {
        return;
    };
    let line = rows[at];
    title.bottom = title.bottom.max(line.baseline);
    title.kinh_gui = Some(line.clone());
    let mut last = line;
    let is_list = line.text.trim_end().ends_with(':');
    for next in &rows[at + 1..] {
        // An addressee list hangs under the colon, each entry with a dash; the body begins further left.
        let indent = title.addressees.first().map_or(line.x0 + 12.0, |first| first.x0 - 1.0);
        let begins = next.text.starts_with(['-', '–', '—', '+']);
        let belongs = next.baseline - last.baseline < 10.0
            && if is_list { begins || (!title.addressees.is_empty() && next.x0 >= indent) } else { next.x0 > line.x0 + 12.0 };
        if !belongs {
            break;
        }
        title.addressees.push((*next).clone());
        title.bottom = title.bottom.max(next.baseline);
        last = next;
    }
}
