//! A message as bytes: headers, a plain and an HTML body, the document or a link to it.
//!
//! Owns the MIME form. The same [`Letter`] gives the same bytes, so that a second copy of a message is that message: id,
//! date and boundaries come from the caller or from the id. Every byte is 7-bit unless an address itself is not.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use lettre::message::header::{ContentTransferEncoding, ContentType, Date, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox as LettreMailbox, Message, MultiPart, SinglePart};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::address::{Address, is_control};
use crate::diagnostic::Diagnostic;
use crate::say;

/// Longest subject and longest display name, in characters.
const HEADER_CHARS_MAX: usize = 400;

/// Longest ASCII form of a file's name, in characters: its line stays below 78.
const ASCII_NAME_CHARS_MAX: usize = 60;

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name that is shown, if any.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

/// A file of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment<'a> {
    /// The name that the recipient sees, with its extension.
    pub name: &'a str,
    /// Its media type: `application/pdf`.
    pub media_type: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// Where a document waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The file's name.
    pub name: String,
    /// An `https` address.
    pub url: String,
}

/// The document itself, or where it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enclosure<'a> {
    /// Files inside the message; none is right for a plain notice.
    Files(&'a [Attachment<'a>]),
    /// Links, for documents that the relay would refuse by their size.
    Links {
        /// One for each document.
        links: &'a [Link],
        /// The last day on which they answer.
        valid_until: civil::Date,
    },
}

/// All that decides the bytes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter<'a> {
    /// The delivery's id: letters and digits.
    pub id: &'a str,
    /// When the message was made; repeated on every attempt.
    pub date: Timestamp,
    /// Who it is from; the domain of its address is that of the Message-ID.
    pub from: &'a Mailbox,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<&'a Mailbox>,
    /// The one recipient.
    pub to: &'a Mailbox,
    /// Subject, plain text.
    pub subject: &'a str,
    /// Plain body.
    pub plain: &'a str,
    /// HTML body, a fragment or a whole page.
    pub html: Option<&'a str>,
    /// The document.
    pub enclosure: Enclosure<'a>,
}

/// A finished message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// With its angle brackets.
    pub message_id: String,
    /// The message with CRLF line ends, before dot-stuffing.
    pub bytes: Vec<u8>,
}

/// Builds the message, or says everything that must not reach a header.
pub fn compose(letter: &Letter<'_>) -> Result<Composed, Vec<Diagnostic>> {
    let problems = problems_of(letter);
    if !problems.is_empty() {
        return Err(problems);
    }
    let message_id = message_id(letter.id, letter.from.address.domain());
    let (plain, html) = bodies(letter);
    let text = |content_type: ContentType, text: &str| {
        SinglePart::builder().header(content_type).body(encoded(crlf(text), ContentTransferEncoding::QuotedPrintable))
    };
    let boundary = |number: u8| boundary(letter.id, number);
    let words = match html {
        Some(html) => Words::Both(
            MultiPart::alternative()
                .boundary(boundary(1))
                .singlepart(text(ContentType::TEXT_PLAIN, &plain))
                .singlepart(text(ContentType::TEXT_HTML, &html)),
        ),
        None => Words::Plain(text(ContentType::TEXT_PLAIN, &plain)),
    };
    let mut builder = Message::builder()
        .header(date_header(letter.date))
        .from(lettre_mailbox(letter.from))
        .to(lettre_mailbox(letter.to))
        .subject(letter.subject.trim().nfc().collect::<String>())
        .message_id(Some(message_id.clone()))
        // RFC 3834: tells vacation programs not to answer.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()));
    if let Some(reply_to) = letter.reply_to {
        builder = builder.reply_to(lettre_mailbox(reply_to));
    }
    let files = match &letter.enclosure {
        Enclosure::Files(files) => *files,
        Enclosure::Links { .. } => &[],
    };
    let message = if files.is_empty() {
        match words {
            Words::Both(alternative) => builder.multipart(alternative),
            Words::Plain(part) => builder.singlepart(part),
        }
    } else {
        let mixed = MultiPart::mixed().boundary(boundary(0));
        let mixed = match words {
            Words::Both(alternative) => mixed.multipart(alternative),
            Words::Plain(part) => mixed.singlepart(part),
        };
        builder.multipart(files.iter().fold(mixed, |mixed, file| mixed.singlepart(file_part(file))))
    };
    message.map(|message| Composed { message_id, bytes: message.formatted() }).map_err(|error| {
        vec![Diagnostic::error("mail-compose", say!("không lập được thư: {error}", "the message cannot be made: {error}"))]
    })
}

/// The Message-ID of the delivery `id`: fixed when the delivery is accepted.
pub fn message_id(id: &str, domain: &str) -> String {
    format!("<{id}@{domain}>")
}

/// Largest file that a message of `message_bytes` can carry beside its words: Base64 in lines grows by 78/57.
pub fn file_bytes_max(message_bytes: u64) -> u64 {
    const WORDS_BYTES: u64 = 64 * 1024;
    (u128::from(message_bytes.saturating_sub(WORDS_BYTES)) * 57 / 78) as u64
}

enum Words {
    Both(MultiPart),
    Plain(SinglePart),
}

fn problems_of(letter: &Letter<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut check = |what: (&str, &str), text: &str| {
        let (vi, en) = what;
        if text.chars().any(is_control) {
            problems.push(
                Diagnostic::error(
                    "header-control",
                    say!("{vi} có ký tự xuống dòng hoặc điều khiển", "{en} holds a line break or a control character"),
                )
                .with_value(text)
                .remedy(say!("ghi trên một dòng", "write it on one line")),
            );
        } else if text.chars().count() > HEADER_CHARS_MAX {
            problems.push(
                Diagnostic::error(
                    "header-long",
                    say!("{vi} dài quá {HEADER_CHARS_MAX} ký tự", "{en} is longer than {HEADER_CHARS_MAX} characters"),
                )
                .with_value(text)
                .remedy(say!("viết ngắn lại", "shorten it")),
            );
        }
    };
    check(("tiêu đề thư", "the subject"), letter.subject);
    let names = [
        (("tên người gửi", "the sender's name"), Some(letter.from)),
        (("tên nơi nhận trả lời", "the name for answers"), letter.reply_to),
        (("tên người nhận", "the recipient's name"), Some(letter.to)),
    ];
    for (what, mailbox) in names {
        check(what, mailbox.and_then(|mailbox| mailbox.name.as_deref()).unwrap_or_default());
    }
    match &letter.enclosure {
        Enclosure::Files(files) => {
            for file in *files {
                check(("tên tệp đính kèm", "the attachment's name"), file.name);
            }
            let unknown =
                files.iter().filter(|file| ContentType::parse(file.media_type).is_err() || file.media_type.chars().any(is_control));
            problems.extend(unknown.map(|file| {
                Diagnostic::error("media-type", say!("loại tệp không đúng", "this is no media type")).with_value(file.media_type)
            }));
        }
        Enclosure::Links { links, .. } => {
            for link in *links {
                check(("tên tệp", "the file's name"), &link.name);
            }
            let is_fit = |url: &str| {
                url.starts_with("https://") && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"'`{}|\\^".contains(&byte))
            };
            problems.extend(links.iter().filter(|link| !is_fit(&link.url)).map(|link| {
                Diagnostic::error("link-form", say!("liên kết phải là địa chỉ https", "the link must be an https address"))
                    .with_value(&link.url)
                    .remedy(say!("khai báo địa chỉ công khai bắt đầu bằng https://", "declare a public address that begins with https://"))
            }));
        }
    }
    if letter.subject.trim().is_empty() {
        problems.push(Diagnostic::error("subject-empty", say!("thư không có tiêu đề", "the message has no subject")));
    }
    if letter.id.is_empty() || !letter.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        problems.push(Diagnostic::error("mail-id", say!("mã thư không đúng", "this is no id of a delivery")).with_value(letter.id));
    }
    problems
}

/// Both bodies, with the links where there are some.
fn bodies(letter: &Letter<'_>) -> (String, Option<String>) {
    let Enclosure::Links { links, valid_until } = &letter.enclosure else {
        return (letter.plain.to_owned(), letter.html.map(str::to_owned));
    };
    let day = valid_until.strftime("%d/%m/%Y");
    let head = if links.len() > 1 {
        format!("Do các tệp lớn, xin tải từng tệp tại địa chỉ của nó (đến hết ngày {day}):")
    } else {
        format!("Do tệp lớn, xin tải tại địa chỉ sau (đến hết ngày {day}):")
    };
    let lines: String = links.iter().map(|link| format!("\n“{}”\n{}\n", link.name, link.url)).collect();
    let plain = format!("{}\n\n{head}\n{lines}", letter.plain.trim_end());
    let html = letter.html.map(|html| {
        let escape = handlebars::html_escape;
        let items = links.iter().map(|link| format!("<li><a href=\"{}\">{}</a></li>", escape(&link.url), escape(&link.name)));
        let list = format!("<p>{head}</p>\n<ul>{}</ul>\n", items.collect::<String>());
        match html.rfind("</body>") {
            Some(end) => format!("{}{list}{}", &html[..end], &html[end..]),
            None => format!("{html}\n{list}"),
        }
    });
    (plain, html)
}

fn file_part(file: &Attachment<'_>) -> SinglePart {
    let fallback = ascii_name(file.name);
    let content_type = format!("{}; name=\"{fallback}\"", file.media_type);
    // The media type was parsed before; the name adds nothing that could spoil it.
    let content_type = ContentType::parse(&content_type).unwrap_or(ContentType::TEXT_PLAIN);
    SinglePart::builder()
        .header(content_type)
        .header(Disposition::attachment(file.name, &fallback))
        .body(encoded(file.bytes.to_vec(), ContentTransferEncoding::Base64))
}

/// `Content-Disposition: attachment` with the name twice: plain ASCII for old readers, RFC 2231 for all others.
#[derive(Debug, Clone)]
struct Disposition(String);

impl Disposition {
    fn attachment(name: &str, fallback: &str) -> Self {
        let mut value = String::from("attachment");
        if fallback != name {
            // First, since some readers keep the first of the two.
            for (number, piece) in rfc2231_pieces(name).iter().enumerate() {
                let charset = if number == 0 { "utf-8''" } else { "" };
                value.push_str(&format!(";\r\n filename*{number}*={charset}{piece}"));
            }
        }
        value.push_str(&format!(";\r\n filename=\"{fallback}\""));
        Self(value)
    }
}

impl Header for Disposition {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(value.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        // Percent-encoded and folded above: nothing of the name is left that a header could understand.
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
    }
}

/// `name` percent-encoded, in pieces that keep a line below 78 characters and cut no encoded byte.
fn rfc2231_pieces(name: &str) -> Vec<String> {
    const PIECE_CHARS_MAX: usize = 54;
    let mut pieces = vec![String::new()];
    for byte in name.nfc().collect::<String>().bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let encoded = if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        if pieces.last().is_some_and(|piece| piece.len() + encoded.len() > PIECE_CHARS_MAX) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(&encoded);
        }
    }
    pieces
}

/// `name` without marks, safe between quotes, shortened before its extension.
fn ascii_name(name: &str) -> String {
    let plain = |text: &str| -> Vec<char> {
        let bare = text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
        bare.map(|c| match c {
            'đ' => 'd',
            'Đ' => 'D',
            c if c.is_ascii_alphanumeric() || " ._-()".contains(c) => c,
            _ => '-',
        })
        .collect()
    };
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let extension: String = plain(extension).into_iter().take(8).collect();
    let stem: String = plain(stem).into_iter().take(ASCII_NAME_CHARS_MAX - 1 - extension.len()).collect();
    let stem = stem.trim_end();
    if extension.is_empty() { stem.to_owned() } else { format!("{stem}.{extension}") }
}

/// A body in the encoding that we choose: quoted-printable and Base64 never hold `=_`, so no boundary can stand in them.
fn encoded(bytes: Vec<u8>, encoding: ContentTransferEncoding) -> Body {
    // Both encodings take any bytes; the other arm keeps the message whole all the same.
    Body::new_with_encoding(bytes, encoding).unwrap_or_else(Body::new)
}

/// Every line end as CRLF: a bare CR or LF would be a second way to end a line (SMTP smuggling).
fn crlf(text: &str) -> Vec<u8> {
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    if !text.ends_with("\r\n") {
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn boundary(id: &str, number: u8) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let digits: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("=_{digits}_{number}")
}

fn date_header(date: Timestamp) -> Date {
    let text = date.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    // The form is the one that the header itself writes; years outside it do not occur in a delivery.
    <Date as Header>::parse(&text).unwrap_or_else(|_| Date::new(std::time::UNIX_EPOCH))
}

fn lettre_mailbox(mailbox: &Mailbox) -> LettreMailbox {
    // The parser of `Address` is the stricter one.
    let address = lettre::Address::new_dangerous(mailbox.address.local(), mailbox.address.domain());
    let name = mailbox.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    LettreMailbox::new(name.map(|name| name.nfc().collect()), address)
}
