//! The ladder of the body: phần, chương, mục, tiểu mục, điều, "I.", khoản, điểm (annex I, II.6đ).
//!
//! Owns telling a heading from a paragraph that only begins like one: "Điều 5 của Luật …" is a citation, "Điều 5." a
//! heading.

use crate::lint::ink::Line;

use super::body::{Body, Paragraph};
use super::key;

/// The steps of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// "Phần I", the title below.
    Phan,
    /// "Chương I", the title below.
    Chuong,
    /// "Mục 1", the title below.
    Muc,
    /// "Tiểu mục 1", the title below.
    TieuMuc,
    /// "Điều 1."
    Dieu,
    /// "I. TITLE", where there are no điều.
    LaMa,
    /// "1."
    Khoan,
    /// "a)"
    Diem,
}

/// A heading, or a numbered paragraph.
#[derive(Debug, Clone)]
pub struct Heading {
    /// Its step.
    pub level: Level,
    /// Its number as written.
    pub number: String,
    /// What stands behind the number: `.`, `:`, `)`; empty on a line of its own.
    pub mark: String,
    /// The whole paragraph.
    pub text: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The lines of the title below it: of phần, chương, mục and tiểu mục.
    pub title: Vec<Line>,
}

impl Heading {
    /// Is it a title, not the beginning of a paragraph?
    pub fn is_title(&self) -> bool {
        let text = self.text.trim_end();
        self.lines.len() <= 3 && !text.ends_with(['.', ';', ':', ',', '?', '!', '…', '/', ')', '”']) && text.len() > self.number.len() + 2
    }
}

/// Finds the headings among the paragraphs of `body`.
pub fn find(body: &Body) -> Vec<Heading> {
    let paragraphs = &body.paragraphs;
    let mut found = Vec::new();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let Some((level, number, mark)) = read(&paragraph.text) else {
            continue;
        };
        let mut heading = Heading { level, number, mark, text: paragraph.text.clone(), lines: paragraph.lines.clone(), title: Vec::new() };
        if matches!(level, Level::Phan | Level::Chuong | Level::Muc | Level::TieuMuc) {
            heading.title = title(&paragraphs[at + 1..], body);
        }
        found.push(heading);
    }
    found
}

/// The centred lines below: at most three.
fn title(below: &[Paragraph], body: &Body) -> Vec<Line> {
    let left = body.left.unwrap_or(30.0);
    let lines = below.iter().flat_map(|paragraph| &paragraph.lines);
    let is_part = |line: &&Line| line.x0 > left + 14.0 && read(&line.text).is_none() && line.page > 0;
    lines.take_while(is_part).take(3).cloned().collect()
}

/// Step, number and mark of a paragraph that begins like a heading.
fn read(text: &str) -> Option<(Level, String, String)> {
    let words: Vec<&str> = text.split_whitespace().take(4).collect();
    let count = text.split_whitespace().count();
    let first = *words.first()?;
    // With its capital: "mục 3 của …" goes on with a sentence.
    let own_line = |level: Level, from: usize| {
        let is_short = count == from + 1 || (count == from + 2 && key(words.get(from)?) == "thu");
        let number = words.get(from..)?.join(" ");
        is_short.then(|| (level, number.trim_end_matches(['.', ':']).to_owned(), String::new()))
    };
    match first {
        "Phần" | "PHẦN" => return own_line(Level::Phan, 1),
        "Chương" | "CHƯƠNG" => return own_line(Level::Chuong, 1),
        "Mục" | "MỤC" => return own_line(Level::Muc, 1),
        "Tiểu" | "TIỂU" if words.get(1).is_some_and(|word| key(word) == "muc") => return own_line(Level::TieuMuc, 2),
        "Điều" | "ĐIỀU" | "Ðiều" => {
            let (number, mark) = numbered(words.get(1)?, ['.', ':'])?;
            let is_number = number.chars().all(|c| c.is_ascii_digit()) || is_roman(&number);
            return (is_number && mark.len() == 1).then_some((Level::Dieu, number, mark));
        }
        _ => {}
    }
    if let Some((number, mark)) = numbered(first, ['.', '.'])
        && count > 1
    {
        if is_roman(&number) {
            return Some((Level::LaMa, number, mark));
        }
        if number.len() <= 2 && number.chars().all(|c| c.is_ascii_digit()) {
            return Some((Level::Khoan, number, mark));
        }
    }
    let letter = first.strip_suffix(')').filter(|letter| letter.chars().count() == 1 && letter.chars().all(char::is_lowercase))?;
    (count > 1).then(|| (Level::Diem, letter.to_owned(), ")".to_owned()))
}

/// `1.` as number and mark.
fn numbered(word: &str, marks: [char; 2]) -> Option<(String, String)> {
    let number = word.trim_end_matches(marks);
    (!number.is_empty() && number.len() < word.len()).then(|| (number.to_owned(), word[number.len()..].to_owned()))
}

/// Roman numerals as headings use them; C, D and M would be initials.
pub fn is_roman(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, 'I' | 'V' | 'X'))
}
