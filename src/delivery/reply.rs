//! A reply of an SMTP server, kept as it was said.
//!
//! Owns reading the bytes of one reply (RFC 5321 §4.2), its enhanced status code (RFC 3463) and its queue id, and the
//! steps of a conversation. Bytes that are no reply are an error value, never guessed at.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::Text;
use crate::say;

/// Longest text that is kept of a reply, in characters.
pub const TEXT_CHARS_MAX: usize = 500;

/// Most bytes that one reply may have.
pub const REPLY_BYTES_MAX: usize = 64 * 1024;

/// Most lines that one reply may have.
pub const REPLY_LINES_MAX: usize = 100;

/// A step of the conversation, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Finding the address and connecting.
    Connect,
    /// The 220 of the server.
    Greeting,
    /// `EHLO`, before and after TLS.
    Ehlo,
    /// `STARTTLS` and the handshake.
    StartTls,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    MailFrom,
    /// `RCPT TO`.
    RcptTo,
    /// `DATA`, up to its 354.
    Data,
    /// The message itself, up to the instant before the final dot.
    Body,
    /// The final dot and the reply to it.
    Dot,
    /// `RSET` between two messages.
    Reset,
}

impl Phase {
    /// The step as operators know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::Body => "body",
            Self::Dot => "final dot",
            Self::Reset => "RSET",
        }
    }

    /// The step in both languages.
    pub fn describe(self) -> Text {
        match self {
            Self::Connect => say!("kết nối", "connecting"),
            Self::Greeting => say!("chờ lời chào", "the greeting"),
            Self::Body => say!("gửi nội dung thư", "the body"),
            Self::Dot => say!("dấu chấm cuối", "the final dot"),
            other => say!("lệnh {}", "{}", other.name()),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An enhanced status code of RFC 3463: `5.1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Enhanced {
    /// 2 success, 4 later, 5 never.
    pub class: u16,
    /// What it is about: address, mailbox, system, network, protocol, content, policy.
    pub subject: u16,
    /// The detail within the subject.
    pub detail: u16,
}

impl Enhanced {
    /// Reads `5.1.1` at the start of `text`; what follows must not continue the number.
    pub fn at_start(text: &str) -> Option<Self> {
        let word = text.split(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
        let mut numbers = word.split('.');
        let class = numbers.next().filter(|class| matches!(*class, "2" | "4" | "5"))?.parse().ok()?;
        let mut number = || numbers.next().filter(|digits| (1..=3).contains(&digits.len()))?.parse().ok();
        let (subject, detail) = (number()?, number()?);
        numbers.next().is_none().then_some(Self { class, subject, detail })
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// One whole reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The enhanced status code, when the server gives one.
    pub enhanced: Option<Enhanced>,
    /// The text of all lines, verbatim but for the codes, joined by blanks; at most [`TEXT_CHARS_MAX`] characters,
    /// controls shown as `␣`.
    pub text: String,
}

/// Why bytes are not one reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ReplyError {
    /// The bytes end before the reply does.
    #[error("the reply is incomplete")]
    Incomplete,
    /// A line does not begin with three digits, or the codes of the lines differ.
    #[error("this is not an SMTP reply")]
    Garbage,
    /// More follows than was asked for: from here on, answers could be taken for those to other questions.
    #[error("the server answers more than it was asked")]
    OutOfStep,
    /// Over [`REPLY_BYTES_MAX`] or [`REPLY_LINES_MAX`].
    #[error("the reply is longer than 64 KiB or 100 lines")]
    TooLong,
}

impl Reply {
    /// A reply from its parts, as the store keeps them.
    pub fn new(code: u16, text: &str) -> Self {
        Self { code, enhanced: Enhanced::at_start(text), text: shown(text) }
    }

    /// Reads exactly one reply.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReplyError> {
        Ok(Self::from_lines(&lines(bytes)?))
    }

    fn from_lines((code, lines): &(u16, Vec<String>)) -> Self {
        let enhanced = lines.iter().find_map(|line| Enhanced::at_start(line)).filter(|enhanced| enhanced.class == code / 100);
        Self { code: *code, enhanced, text: shown(&lines.join(" ")) }
    }

    /// 2xx.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3xx: the server waits for more.
    pub fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// The id under which the server queued the message, when its text says so in one of the usual ways.
    pub fn queue_id(&self) -> Option<&str> {
        let words: Vec<&str> = self.text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        let after = |marks: &[&str]| {
            words.windows(marks.len() + 1).find_map(|window| {
                let same = window.iter().zip(marks).all(|(word, mark)| word.eq_ignore_ascii_case(mark));
                same.then(|| window[marks.len()])
            })
        };
        // Postfix, OpenSMTPD and Stalwart, Sendmail, Exim, Gmail, in this order.
        let found = after(&["queued", "as"])
            .or_else(|| after(&["queued", "with", "id"]))
            .or_else(|| words.iter().find_map(|word| word.strip_prefix("id=")))
            .or_else(|| {
                words.iter().position(|word| word.eq_ignore_ascii_case("message")).and_then(|at| at.checked_sub(1)).map(|at| words[at])
            })
            .or_else(|| words.iter().position(|word| *word == "-").and_then(|at| at.checked_sub(1)).map(|at| words[at]))?;
        let id = found.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        (id.len() >= 5 && id.chars().any(|c| c.is_ascii_digit())).then_some(id)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// The code and the text of each line of exactly one reply.
pub fn lines(bytes: &[u8]) -> Result<(u16, Vec<String>), ReplyError> {
    if bytes.len() > REPLY_BYTES_MAX {
        return Err(ReplyError::TooLong);
    }
    let mut found: Option<u16> = None;
    let mut texts = Vec::new();
    let mut rest = bytes;
    loop {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            // Three digits may still become a reply; anything else never will.
            let begins_well = rest.iter().take(3).all(u8::is_ascii_digit);
            return Err(if begins_well { ReplyError::Incomplete } else { ReplyError::Garbage });
        };
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (digits, text) = line.split_at_checked(3).ok_or(ReplyError::Garbage)?;
        let [first @ b'2'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9'] = *digits else { return Err(ReplyError::Garbage) };
        let code = [first, second, third].iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        if *found.get_or_insert(code) != code {
            return Err(ReplyError::Garbage);
        }
        let last = match text.first() {
            None | Some(b' ') => true,
            Some(b'-') => false,
            Some(_) => return Err(ReplyError::Garbage),
        };
        texts.push(String::from_utf8_lossy(text.get(1..).unwrap_or_default()).into_owned());
        if texts.len() > REPLY_LINES_MAX {
            return Err(ReplyError::TooLong);
        }
        if last {
            return if after.is_empty() { Ok((code, texts)) } else { Err(ReplyError::OutOfStep) };
        }
        rest = after;
    }
}

fn shown(text: &str) -> String {
    text.trim().chars().take(TEXT_CHARS_MAX).map(|c| if c.is_control() { '␣' } else { c }).collect()
}
