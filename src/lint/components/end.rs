//! Cells 7 and 9b: who signs, and nơi nhận.
//!
//! Owns finding them at the end of the main part. The right column is searched from the end for the words by which
//! signatories are known; the left one for "Nơi nhận".

use crate::lint::ink::{Line, Page};

use super::key;
use super::title::Title;

/// Words with which the authority or the post of a signatory begins.
const POSTS: [&str; 45] = [
    "tm.",
    "tm ",
    "kt.",
    "kt ",
    "tl.",
    "tl ",
    "tuq.",
    "tuq ",
    "q.",
    "t/m",
    "k/t",
    "t/l",
    "chu tich",
    "pho chu tich",
    "giam doc",
    "pho giam doc",
    "tong giam doc",
    "truong ",
    "pho truong",
    "chanh ",
    "pho chanh",
    "bo truong",
    "thu truong",
    "cuc truong",
    "vu truong",
    "vien truong",
    "hieu truong",
    "pho hieu truong",
    "bi thu",
    "pho bi thu",
    "chu toa",
    "chu tri",
    "thu ky",
    "tong thu ky",
    "hoi truong",
    "chi hoi truong",
    "pho chi hoi",
    "nguoi ",
    "dai dien",
    "thu tuong",
    "tong bien tap",
    "cum truong",
    "cum pho",
    "pho cum",
    "to truong",
];
/// Lines of one signatory follow each other at most this far (mm).
const PITCH_MAX_MM: f64 = 9.0;
/// The name stands at most this far below the post (mm): room for a signature and a seal.
const NAME_MAX_MM: f64 = 70.0;

/// One signatory.
#[derive(Debug, Clone, Default)]
pub struct Signatory {
    /// Quyền hạn and chức vụ, line by line.
    pub chuc_vu: Vec<Line>,
    /// Họ và tên.
    pub ho_ten: Option<Line>,
}

/// One entry of nơi nhận, its wrapped lines joined.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The whole entry.
    pub text: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// The end of the document.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// From left to right: a biên bản has two.
    pub signatories: Vec<Signatory>,
    /// The line "Nơi nhận:".
    pub noi_nhan: Option<Line>,
    /// Its entries.
    pub recipients: Vec<Recipient>,
    /// Cell 12 below them.
    pub drafter: Option<Line>,
    /// Zero-based page and the height where the end begins.
    pub start: Option<(usize, f64)>,
}

/// Finds the end in `pages`, the main part.
pub fn find(pages: &[Page], title: &Title) -> End {
    let mut end = End::default();
    let header = pages.iter().rev().find_map(|page| {
        let lines = page.rows.iter().rev().flat_map(|row| &row.lines);
        lines.into_iter().find(|line| key(&line.text).starts_with("noi nhan") && line.text.chars().count() < 20)
    });
    for page in pages.iter().rev() {
        end.signatories = signatories(page, title, header.filter(|line| line.page == page.number));
        if !end.signatories.is_empty() {
            break;
        }
    }
    if let Some(header) = header {
        end.noi_nhan = Some(header.clone());
        (end.recipients, end.drafter) = recipients(&pages[header.page - 1], header);
    }
    let starts = end.signatories.iter().filter_map(|one| one.chuc_vu.first()).chain(&end.noi_nhan);
    end.start = starts.map(|line| (line.page - 1, line.baseline - 1.0)).min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    end
}

/// Does `text` begin with the authority or post of a signatory?
pub fn is_post(text: &str) -> bool {
    let words = key(text);
    POSTS.iter().any(|post| {
        words.strip_prefix(post).is_some_and(|rest| !post.ends_with(char::is_alphanumeric) || !rest.starts_with(char::is_alphanumeric))
    })
}

fn signatories(page: &Page, title: &Title, header: Option<&Line>) -> Vec<Signatory> {
    let width = page.width_mm;
    let below = if page.number == 1 { title.bottom } else { 0.0 };
    let in_right = |line: &&Line| line.x0 > 0.38 * width && line.centre() > 0.57 * width;
    let in_left = |line: &&Line| line.centre() < 0.45 * width;
    let lines =
        || page.rows.iter().filter(|row| row.whole.baseline > below + 3.0 && !page.in_table(row.whole.baseline)).flat_map(|row| &row.lines);
    // A post that no list knows: bold capitals, level with "Nơi nhận:" or with a post in the left column.
    let is_written_like_a_post = |line: &Line| line.is_capitals() && line.is_bold() && is_short(line);
    let is_level = |line: &Line| {
        is_written_like_a_post(line)
            && (header.is_some_and(|header| (line.baseline - header.baseline).abs() < 7.0)
                || lines().filter(in_left).any(|left| (left.baseline - line.baseline).abs() < 2.0 && is_written_like_a_post(left)))
    };
    // The last group of posts in the right column.
    let posts: Vec<&Line> = lines().filter(in_right).filter(|line| (is_post(&line.text) || is_level(line)) && is_short(line)).collect();
    let Some(mut first) = posts.last().copied() else {
        return Vec::new();
    };
    for post in posts.iter().rev().skip(1) {
        if first.baseline - post.baseline > PITCH_MAX_MM {
            break;
        }
        first = post;
    }
    let right = signatory(first, lines().filter(in_right));
    let partner = lines().filter(in_left).find(|line| {
        (line.baseline - first.baseline).abs() < 2.0 && is_short(line) && (is_post(&line.text) || is_written_like_a_post(line))
    });
    let mut found: Vec<Signatory> = partner.map(|line| signatory(line, lines().filter(in_left))).into_iter().collect();
    found.push(right);
    found
}

fn is_short(line: &Line) -> bool {
    line.text.chars().count() <= 70 && !line.text.ends_with([';', ',', '.'])
}

fn signatory<'l>(first: &Line, column: impl Iterator<Item = &'l Line>) -> Signatory {
    let mut found = Signatory { chuc_vu: vec![first.clone()], ho_ten: None };
    let mut last = first.baseline;
    for line in column.filter(|line| line.baseline > first.baseline + 0.5) {
        let pitch = line.baseline - last;
        let is_part = pitch <= PITCH_MAX_MM && (is_post(&line.text) || line.is_capitals());
        if key(&line.text).starts_with("noi nhan") || line.text.starts_with('-') {
            break;
        }
        if is_part && found.ho_ten.is_none() {
            found.chuc_vu.push(line.clone());
            last = line.baseline;
        } else if line.text.starts_with('(') {
            // "(Ký, ghi rõ họ tên)" stands between post and name.
            last = line.baseline;
        } else if pitch < NAME_MAX_MM {
            // The last line of the column is the name: a seal's caption or a note may stand above it.
            found.ho_ten = Some(line.clone());
            break;
        } else {
            break;
        }
    }
    found
}

fn recipients(page: &Page, header: &Line) -> (Vec<Recipient>, Option<Line>) {
    let mut recipients: Vec<Recipient> = Vec::new();
    let mut last = header.baseline;
    let column = page.rows.iter().flat_map(|row| &row.lines).filter(|line| {
        line.baseline > header.baseline + 0.5 && line.x0 > header.x0 - 5.0 && line.x0 < header.x0 + 18.0 && line.x1 < header.x0 + 100.0
    });
    for line in column {
        if is_drafter(&line.text) {
            return (recipients, Some(line.clone()));
        }
        if line.baseline - last > PITCH_MAX_MM {
            break;
        }
        last = line.baseline;
        match recipients.last_mut() {
            Some(open) if !starts_entry(&line.text) => {
                open.text = format!("{} {}", open.text, line.text);
                open.lines.push(line.clone());
            }
            _ => recipients.push(Recipient { text: line.text.clone(), lines: vec![line.clone()] }),
        }
    }
    (recipients, None)
}

/// Cell 12 under the list: the drafter's code and the number of copies, `PL.(300)`.
fn is_drafter(text: &str) -> bool {
    let Some((code, copies)) = text.split_once('(') else {
        return false;
    };
    let code = code.trim_end_matches(['.', ' ']);
    let copies = copies.trim_end_matches([')', '.', ' ']);
    (1..=8).contains(&code.chars().count())
        && code.chars().all(char::is_uppercase)
        && !copies.is_empty()
        && copies.chars().all(|c| c.is_ascii_digit())
}

fn starts_entry(text: &str) -> bool {
    text.starts_with(['-', '–', '—', '+', '•', '*'])
}
