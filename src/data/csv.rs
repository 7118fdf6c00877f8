//! Delimited text: records of cells with their lines, in bounded memory.
//!
//! Owns [`Records`] and the choice of the delimiter. The `csv` crate is not used because it accepts a quote that is
//! never closed, which swallows the rest of the list, and does not bound a record; both are what clerks' files get
//! wrong. Encodings are [`super::encoding`]'s work; headings and ragged rows are [`super::table`]'s.

use std::io::{self, BufRead, BufReader, Read};

use super::limits::Limits;

/// Delimiters that programs write; the semicolon first, being Excel's own in a Vietnamese Windows.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];
/// Records looked at to choose the delimiter.
const SAMPLE_RECORDS: usize = 20;

/// What ends the reading of a text file.
#[derive(Debug)]
pub(super) enum Malformed {
    /// A quoted cell that began on this line never ends.
    UnclosedQuote { line: u64 },
    /// A line with more cells than any list has.
    TooManyCells { line: u64 },
    /// A character that no text holds.
    Nul { line: u64 },
    /// The file could not be read further.
    Io(io::Error),
}

/// Reads records from UTF-8 text.
pub(super) struct Records<R> {
    input: BufReader<R>,
    delimiter: u8,
    line: u64,
    cells_max: usize,
    cell_bytes_max: usize,
    /// The last byte was a carriage return, so that a line feed now belongs to it.
    after_return: bool,
}

/// Where in a cell the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted { opened: u64 },
    AfterQuote { opened: u64 },
}

impl<R: Read> Records<R> {
    /// Records of `input`, separated by `delimiter`; its first line is called `line`.
    pub(super) fn new(input: R, delimiter: u8, line: u64, limits: &Limits) -> Self {
        Self {
            input: BufReader::with_capacity(65_536, input),
            delimiter,
            line,
            cells_max: limits.columns_max as usize,
            // Four bytes hold any character, so a cell cut here is still longer than the limit and reported as such.
            cell_bytes_max: limits.cell_chars_max.saturating_mul(4).saturating_add(4),
            after_return: false,
        }
    }

    /// The next record and the line where it begins. Lines that hold nothing are skipped.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Vec<String>)>, Malformed> {
        loop {
            let start = self.line;
            let Some(cells) = self.record()? else { return Ok(None) };
            if cells.len() > 1 || cells.iter().any(|cell| !cell.is_empty()) {
                // A record may begin with line breaks only inside quotes, so its first line is where reading began.
                return Ok(Some((start, cells)));
            }
        }
    }

    fn record(&mut self) -> Result<Option<Vec<String>>, Malformed> {
        let mut cells = Vec::new();
        let mut cell = Vec::new();
        let mut state = State::Start;
        let mut started = false;
        loop {
            let buffer = self.input.fill_buf().map_err(Malformed::Io)?;
            if buffer.is_empty() {
                if let State::Quoted { opened } = state {
                    return Err(Malformed::UnclosedQuote { line: opened });
                }
                if started {
                    cells.push(text(cell));
                }
                return Ok(started.then_some(cells));
            }
            let mut used = 0;
            let mut ended = false;
            for &byte in buffer {
                used += 1;
                if std::mem::take(&mut self.after_return) && byte == b'\n' {
                    continue;
                }
                started = true;
                let line_break = matches!(byte, b'\n' | b'\r');
                if line_break {
                    self.line += 1;
                    self.after_return = byte == b'\r';
                }
                match state {
                    State::Quoted { opened } if byte == b'"' => {
                        state = State::AfterQuote { opened };
                        continue;
                    }
                    State::Quoted { opened } => {
                        // Cells of many lines are short; a long one has swallowed the rest of the list.
                        if cell.len() >= self.cell_bytes_max && self.line > opened {
                            return Err(Malformed::UnclosedQuote { line: opened });
                        }
                        if byte == b'\r' {
                            cell.push(b'\n');
                            continue;
                        }
                    }
                    _ if line_break => {
                        ended = true;
                        break;
                    }
                    _ if byte == self.delimiter => {
                        if cells.len() + 1 >= self.cells_max {
                            return Err(Malformed::TooManyCells { line: self.line });
                        }
                        cells.push(text(std::mem::take(&mut cell)));
                        state = State::Start;
                        continue;
                    }
                    State::Start if byte == b'"' => {
                        state = State::Quoted { opened: self.line };
                        continue;
                    }
                    State::AfterQuote { opened } if byte == b'"' => {
                        // A doubled quote is one quote, and the cell goes on.
                        state = State::Quoted { opened };
                    }
                    State::Start | State::Plain | State::AfterQuote { .. } => state = State::Plain,
                }
                if byte == 0 {
                    return Err(Malformed::Nul { line: self.line });
                }
                if cell.len() < self.cell_bytes_max {
                    cell.push(byte);
                }
            }
            self.input.consume(used);
            if ended {
                cells.push(text(cell));
                return Ok(Some(cells));
            }
        }
    }
}

/// The bytes are UTF-8 by contract, but a cell may have been cut at its limit.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Excel's own first line `sep=;`, and the bytes it takes.
pub(super) fn declared_delimiter(sample: &str) -> Option<(u8, usize)> {
    let line = sample.lines().next()?;
    let declared = line.strip_prefix("sep=").or_else(|| line.strip_prefix("SEP="))?;
    let delimiter = *declared.as_bytes().first()?;
    let rest = &sample[line.len()..];
    let line_break = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
    (delimiter.is_ascii_punctuation() || delimiter == b'\t').then_some((delimiter, line.len() + line_break))
}

/// The delimiter that makes most sense of the beginning of a file: the one that cuts out most headings which the
/// contract knows, then the one that gives most records the same number of cells.
pub(super) fn choose_delimiter(sample: &str, limits: &Limits, known: &dyn Fn(&str) -> bool) -> u8 {
    let score = |delimiter: u8| {
        let mut records = Records::new(sample.as_bytes(), delimiter, 1, limits);
        let mut sizes: Vec<usize> = Vec::new();
        let mut headings = 0;
        // A sample cut inside quotes ends in an error; what came before still counts.
        while let Ok(Some((_, cells))) = records.next() {
            headings = headings.max(cells.iter().filter(|cell| known(cell)).count());
            sizes.push(cells.len());
            if sizes.len() == SAMPLE_RECORDS {
                break;
            }
        }
        let usual = |size: &usize| sizes.iter().filter(|other| *other == size).count();
        let (alike, size) = sizes.iter().filter(|size| **size > 1).map(|size| (usual(size), *size)).max().unwrap_or_default();
        (headings, alike, size)
    };
    // `max_by_key` keeps the last of equals; reversed, the first delimiter wins.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}
