//! A message that came back to a return path: a delivery report, a complaint, or an answer by a machine.
//!
//! Owns reading delivery status notifications (RFC 3464), complaints (RFC 5965) and the free-text bounces of servers that
//! know neither. Whose it is says the return path it was sent to and nothing else: names, subjects and quoted ids in the
//! report can be forged by anyone.

use mail_parser::{HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde::{Deserialize, Serialize};

use super::return_path::ReturnPaths;
use crate::delivery::reply::{Enhanced, TEXT_CHARS_MAX};
use crate::language::Text;
use crate::say;

/// Largest report that is read, in bytes; servers may return the whole message in it.
pub const REPORT_BYTES_MAX: usize = 256 * 1024;

/// What a report says of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It could not be delivered: `bounced`.
    Failed,
    /// It waits at a server on the way: a note.
    Delayed,
    /// It was delivered, relayed or expanded: a note.
    Delivered,
    /// The recipient, or their provider, complains: `complained`, and the address is suppressed.
    Complaint,
    /// A machine answers, such as a notice of absence: a note.
    AutoReply,
    /// Something else came to the return path: a note that a person should read.
    Unclear,
}

impl Said {
    /// Does it change the delivery's state?
    pub fn is_final(self) -> bool {
        matches!(self, Self::Failed | Self::Complaint)
    }
}

/// A report that is about one of our deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its own Message-ID, or a digest of its bytes when it has none: the key by which it counts once.
    pub id: String,
    /// The delivery whose return path it came to.
    pub delivery: String,
    /// What it says.
    pub said: Said,
    /// Status code, when one is given.
    pub status: Option<Enhanced>,
    /// The words of the server that refused, at most [`TEXT_CHARS_MAX`] characters.
    pub diagnostic: String,
}

impl Report {
    /// The report in a sentence.
    pub fn describe(&self) -> Text {
        let status = self.status.map(|status| format!(" ({status})")).unwrap_or_default();
        match self.said {
            Said::Failed => match self.status.map(|status| (status.subject, status.detail)) {
                Some((1, _)) => {
                    say!("thư bị trả lại{status}: địa chỉ người nhận không đúng", "returned{status}: the recipient's address is wrong")
                }
                Some((2, 2)) => say!("thư bị trả lại{status}: hộp thư người nhận đầy", "returned{status}: the recipient's mailbox is full"),
                Some((4, _)) => say!(
                    "thư bị trả lại{status}: không tới được máy chủ của người nhận",
                    "returned{status}: the recipient's server cannot be reached"
                ),
                Some((7, _)) => say!(
                    "thư bị trả lại{status}: máy chủ của người nhận không cho phép",
                    "returned{status}: the recipient's server does not allow it"
                ),
                _ => say!("thư bị trả lại{status}", "returned{status}"),
            },
            Said::Delayed => say!("thư đang chờ ở máy chủ trên đường{status}", "waiting at a server on the way{status}"),
            Said::Delivered => say!("máy chủ báo đã giao thư{status}", "a server reports delivery{status}"),
            Said::Complaint => say!(
                "người nhận báo thư rác; không gửi tiếp cho địa chỉ này",
                "the recipient complains; nothing more is sent to this address"
            ),
            Said::AutoReply => say!("máy của người nhận tự động trả lời", "an automatic answer of the recipient"),
            Said::Unclear => {
                say!("có thư gửi về địa chỉ báo lỗi, cần người xem", "something came to the return path, a person should read it")
            }
        }
    }
}

/// What a message in the bounce mailbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A report about one of our deliveries.
    Report(Report),
    /// Sent to no return path of ours, or to one whose MAC does not hold: never acted upon.
    Foreign,
    /// Not a message at all.
    Unreadable,
}

/// Reads a message of the bounce mailbox.
pub fn read(bytes: &[u8], paths: &ReturnPaths) -> Finding {
    let bytes = &bytes[..bytes.len().min(REPORT_BYTES_MAX)];
    let Some(message) = MessageParser::default().parse(bytes) else { return Finding::Unreadable };
    let Some(delivery) = delivery_of(&message, paths) else { return Finding::Foreign };
    let id = match message.message_id().filter(|id| !id.is_empty() && id.len() <= 250) {
        Some(id) => id.to_owned(),
        None => format!("sha256:{}", super::hex_digest(bytes)),
    };
    let (said, status, diagnostic) = meaning(&message);
    let diagnostic = diagnostic.split_whitespace().collect::<Vec<_>>().join(" ");
    let diagnostic = diagnostic.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
    Finding::Report(Report { id, delivery, said, status, diagnostic })
}

/// The delivery whose return path the message was sent to. Servers write the envelope's recipient in one of these headers.
fn delivery_of(message: &Message<'_>, paths: &ReturnPaths) -> Option<String> {
    const RECIPIENT: [&str; 5] = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To"];
    message
        .headers_raw()
        .filter(|(name, _)| RECIPIENT.iter().any(|known| known.eq_ignore_ascii_case(name)))
        .flat_map(|(_, value)| value.split([' ', '\t', '\r', '\n', ',', ';', '<', '>', '"']))
        .filter(|word| word.contains('@'))
        .find_map(|word| paths.delivery_of(word))
}

fn meaning(message: &Message<'_>) -> (Said, Option<Enhanced>, String) {
    if let Some(part) = part_of(message, "feedback-report") {
        let fields = fields(&text_of(part));
        return (Said::Complaint, None, value(&fields, "feedback-type").to_owned());
    }
    if let Some(part) = part_of(message, "delivery-status").or_else(|| part_of(message, "global-delivery-status")) {
        return status_report(&text_of(part));
    }
    let automatic = message.header("Auto-Submitted").and_then(HeaderValue::as_text).unwrap_or("no").to_ascii_lowercase();
    let from = message.from().and_then(|from| from.first()?.address()).unwrap_or_default().to_ascii_lowercase();
    let by_server = from.is_empty() || from.starts_with("mailer-daemon") || from.starts_with("postmaster");
    let body = message.body_text(0).unwrap_or_default();
    if by_server && let Some((line, status)) = refusing_line(&body) {
        let said = if status.is_some_and(|status| status.class == 4) { Said::Delayed } else { Said::Failed };
        return (said, status, line);
    }
    let subject = message.subject().unwrap_or_default().to_owned();
    (if automatic.starts_with("auto-") { Said::AutoReply } else { Said::Unclear }, None, subject)
}

/// The worst of the recipients of a delivery status: there is one, but a list may have expanded it.
fn status_report(text: &str) -> (Said, Option<Enhanced>, String) {
    let unfolded = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
    let recipients = unfolded.split("\n\n").map(fields).filter(|fields| fields.iter().any(|(name, _)| name == "action"));
    let read = recipients.map(|fields| {
        let said = match value(&fields, "action").to_ascii_lowercase().as_str() {
            "failed" => Said::Failed,
            "delayed" => Said::Delayed,
            "delivered" | "relayed" | "expanded" => Said::Delivered,
            _ => Said::Unclear,
        };
        let diagnostic = value(&fields, "diagnostic-code");
        let words = diagnostic.split_once(';').map_or(diagnostic, |(_, words)| words).trim();
        (said, Enhanced::at_start(value(&fields, "status")), words.to_owned())
    });
    let weight = |said: Said| [Said::Delivered, Said::Unclear, Said::Delayed, Said::Failed].iter().position(|known| *known == said);
    read.max_by_key(|(said, ..)| weight(*said)).unwrap_or((Said::Unclear, None, String::new()))
}

/// The first line of a free-text bounce that holds a refusing SMTP code or an enhanced status.
fn refusing_line(body: &str) -> Option<(String, Option<Enhanced>)> {
    body.lines().take(400).find_map(|line| {
        let words = || line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).filter(|word| !word.is_empty());
        let status = words().find_map(|word| Enhanced::at_start(word).filter(|status| status.class > 2 && word.len() >= 5));
        let coded = words().any(|word| word.len() == 3 && matches!(word.as_bytes(), [b'5', b'0'..=b'5', b'0'..=b'9']));
        (status.is_some() || coded).then(|| (line.trim().trim_start_matches('>').trim().to_owned(), status))
    })
}

fn part_of<'m>(message: &'m Message<'m>, subtype: &str) -> Option<&'m MessagePart<'m>> {
    message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message") && kind.subtype().is_some_and(|own| own.eq_ignore_ascii_case(subtype))
        })
    })
}

fn text_of(part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Message(inner) => String::from_utf8_lossy(inner.raw_message()).into_owned(),
        _ => String::from_utf8_lossy(part.contents()).into_owned(),
    }
}

/// Name and value of each line `Name: value`, names in lower case.
fn fields(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

fn value<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}
