//! A scanner of XML tags over a stream of bytes, for the look into a workbook before it is opened.
//!
//! Owns [`TagScanner`]: tags with their attributes and the raw text between them, bounded, without namespaces, and
//! [`unescape`]. It is no parser: reading the cells is calamine's work; this sees what calamine does not tell (hidden
//! rows, fonts, the true extent of a sheet, a DTD), mostly while the archive guard counts bytes anyway.

/// Longest tag taken seriously; a workbook's own tags stay below one kilobyte.
const TAG_BYTES_MAX: usize = 65_536;

/// What made a scan stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hostile {
    /// A document type definition: entities are of no use in a workbook.
    Doctype,
    /// A tag longer than any program writes.
    LongTag,
}

/// A piece of a document.
pub(super) enum Event<'a> {
    /// A start or end tag.
    Tag(Tag<'a>),
    /// Text as it stands, entities and all; a long one comes in several pieces.
    Text(&'a [u8]),
}

/// Feeds on pieces of a document and calls back for each start or end tag.
#[derive(Debug, Default)]
pub(super) struct TagScanner {
    tag: Vec<u8>,
    inside: bool,
    quote: Option<u8>,
}

impl TagScanner {
    /// Scans `bytes`; `seen` gets each tag without its angle brackets.
    pub(super) fn feed(&mut self, bytes: &[u8], seen: &mut dyn FnMut(Tag<'_>)) -> Result<(), Hostile> {
        self.feed_events(bytes, &mut |event| {
            if let Event::Tag(tag) = event {
                seen(tag);
            }
        })
    }

    /// Scans `bytes`; `seen` gets each tag, and the text before and after it.
    pub(super) fn feed_events(&mut self, bytes: &[u8], seen: &mut impl FnMut(Event<'_>)) -> Result<(), Hostile> {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            if !self.inside {
                // Text between tags is most of a sheet: skip it in one go.
                let at = rest.iter().position(|byte| *byte == b'<');
                seen(Event::Text(&rest[..at.unwrap_or(rest.len())]));
                let Some(at) = at else { return Ok(()) };
                rest = &rest[at + 1..];
                self.inside = true;
                self.quote = None;
                self.tag.clear();
                continue;
            }
            rest = &rest[1..];
            match (self.quote, byte) {
                (Some(quote), _) if byte == quote => self.quote = None,
                // A quote has a meaning in tags only, not in comments or processing instructions.
                (None, b'"' | b'\'') if !matches!(self.tag.first(), Some(b'!' | b'?')) => self.quote = Some(byte),
                (None, b'>') => {
                    self.inside = false;
                    seen(Event::Tag(Tag(&self.tag)));
                    continue;
                }
                _ => {}
            }
            if self.tag.len() >= TAG_BYTES_MAX {
                return Err(Hostile::LongTag);
            }
            self.tag.push(byte);
            if self.tag == b"!DOCTYPE" {
                return Err(Hostile::Doctype);
            }
        }
        Ok(())
    }
}

/// The inside of one tag.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a>(&'a [u8]);

impl<'a> Tag<'a> {
    /// The element's name with its prefix; an end tag's begins with `/`.
    pub(super) fn name(self) -> &'a [u8] {
        let end = self.0.iter().skip(1).position(|byte| byte.is_ascii_whitespace() || *byte == b'/');
        end.map_or(self.0, |end| &self.0[..=end])
    }

    /// The element's name without its prefix.
    pub(super) fn local_name(self) -> &'a [u8] {
        let name = self.name();
        name.iter().rposition(|byte| *byte == b':').map_or(name, |at| &name[at + 1..])
    }

    /// The element's name without its prefix, of its start or its end alike.
    pub(super) fn element(self) -> &'a [u8] {
        let name = self.local_name();
        name.strip_prefix(b"/").unwrap_or(name)
    }

    /// Is it an end tag?
    pub(super) fn is_end(self) -> bool {
        self.0.starts_with(b"/")
    }

    /// Does the tag close itself?
    pub(super) fn is_empty(self) -> bool {
        self.0.ends_with(b"/")
    }

    /// The raw value of the attribute called `name`, prefix included.
    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        let mut rest = &self.0[self.name().len()..];
        loop {
            let start = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
            rest = &rest[start..];
            let equals = rest.iter().position(|byte| *byte == b'=')?;
            let found = rest[..equals].trim_ascii();
            rest = rest[equals + 1..].trim_ascii_start();
            let quote = *rest.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
            let end = rest[1..].iter().position(|byte| *byte == quote)?;
            let value = &rest[1..=end];
            rest = &rest[end + 2..];
            if found == name.as_bytes() {
                return std::str::from_utf8(value).ok();
            }
        }
    }

    /// The attribute called `name` as a count; one when it is absent or no number.
    pub(super) fn count(self, name: &str) -> u64 {
        self.attribute(name).and_then(|value| value.parse().ok()).unwrap_or(1)
    }
}

/// `text` with the five entities of XML and numeric references replaced; what is none of them stays.
pub(super) fn unescape(text: &str) -> String {
    const REFERENCE_BYTES_MAX: usize = 10;
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, referred(&rest[1..end])?))) {
            Some((end, c)) => {
                result.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                result.push('&');
                rest = &rest[1..];
            }
        }
    }
    result + rest
}

fn referred(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        _ => {
            let number = name.strip_prefix('#')?;
            char::from_u32(match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            })?
        }
    })
}
