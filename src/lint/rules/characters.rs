//! Rules of the characters and fonts of any document, certificates included (annex I, I.4: Unicode by TCVN 6909:2001).

use crate::diagnostic::Severity;
use crate::language::Text;
use crate::say;

use super::page::is_legacy;
use super::{Facts, Places, Rule, of_text};
use crate::lint::finding::quoted;
use crate::lint::ink::{Oddity, OddityKind};

const CLAUSE: &str = "NĐ 30/2020, PL I, I.4; TCVN 6909:2001";

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    of_text(
        "char-eth",
        CLAUSE,
        "Chữ Đ, đ là U+0110, U+0111, không phải Ð, ð của tiếng Băng Đảo",
        "Đ and đ are U+0110 and U+0111, not the Icelandic Ð and ð",
        Severity::Error,
        char_eth,
    ),
    of_text(
        "char-soft-hyphen",
        CLAUSE,
        "Văn bản không có dấu nối mềm (U+00AD)",
        "The text has no soft hyphen (U+00AD)",
        Severity::Error,
        char_soft_hyphen,
    ),
    of_text(
        "char-invisible",
        CLAUSE,
        "Văn bản không có ký tự vô hình",
        "The text has no invisible characters",
        Severity::Warning,
        char_invisible,
    ),
    of_text("char-nfc", CLAUSE, "Chữ có dấu dùng mã dựng sẵn (NFC)", "Accented letters are precomposed (NFC)", Severity::Error, char_nfc),
    of_text(
        "char-notdef",
        CLAUSE,
        "Phông chữ có đủ ký tự của văn bản",
        "The font has every character of the text",
        Severity::Error,
        char_notdef,
    ),
    of_text(
        "char-unmapped",
        CLAUSE,
        "Chữ trong tệp tra cứu, sao chép được",
        "The text can be searched and copied",
        Severity::Warning,
        char_unmapped,
    ),
    of_text(
        "font-embedded",
        "NĐ 30/2020, PL I, I.4; ISO 19005",
        "Phông chữ được nhúng vào tệp",
        "Fonts are embedded in the file",
        Severity::Error,
        font_embedded,
    ),
    of_text(
        "font-legacy",
        CLAUSE,
        "Văn bản dùng phông chữ Unicode, không dùng bảng mã cũ (TCVN3, VNI, VPS)",
        "The text is in Unicode fonts, not in TCVN3, VNI or VPS",
        Severity::Error,
        font_legacy,
    ),
];

fn oddities<'a>(facts: &'a Facts<'_>, kind: OddityKind) -> impl Iterator<Item = &'a Oddity> {
    facts.document.pages.iter().flat_map(|page| &page.oddities).filter(move |oddity| oddity.kind == kind)
}

/// The characters of `text` as code points.
fn code_points(text: &str) -> Text {
    let codes: Vec<String> = text.chars().map(|c| format!("U+{:04X}", u32::from(c))).collect();
    let codes = codes.join(" ");
    Text { vi: codes.clone(), en: codes }
}

fn char_eth(facts: &Facts<'_>, places: &mut Places) {
    for oddity in oddities(facts, OddityKind::Eth) {
        let is_capital = oddity.text.contains(['Ð', 'Ɖ']);
        places.add_all(&oddity.areas, oddity.count, code_points(&oddity.text), code_points(if is_capital { "Đ" } else { "đ" }));
    }
}

fn char_soft_hyphen(facts: &Facts<'_>, places: &mut Places) {
    for oddity in oddities(facts, OddityKind::SoftHyphen) {
        places.add_all(&oddity.areas, oddity.count, code_points("\u{ad}"), say!("không có, hoặc dấu - (U+002D)", "nothing, or - (U+002D)"));
    }
}

fn char_invisible(facts: &Facts<'_>, places: &mut Places) {
    for oddity in oddities(facts, OddityKind::ZeroWidth) {
        places.add_all(&oddity.areas, oddity.count, code_points(&oddity.text), say!("không có", "none"));
    }
}

fn char_nfc(facts: &Facts<'_>, places: &mut Places) {
    for oddity in oddities(facts, OddityKind::Decomposed) {
        let found = quoted(&oddity.text);
        let found = Text { vi: format!("{} (tổ hợp)", found.vi), en: format!("{} (decomposed)", found.en) };
        places.add_all(&oddity.areas, oddity.count, found, say!("NFC (dựng sẵn)", "NFC (precomposed)"));
    }
}

fn char_notdef(facts: &Facts<'_>, places: &mut Places) {
    for oddity in oddities(facts, OddityKind::Notdef) {
        let found = if oddity.text.is_empty() { say!("ô trống", "an empty box") } else { quoted(&oddity.text) };
        places.add_all(&oddity.areas, oddity.count, found, say!("một ký tự của phông chữ", "a character of the font"));
    }
}

fn char_unmapped(facts: &Facts<'_>, places: &mut Places) {
    // Signs without a character are common in drawings; only text that cannot be read at all is a finding.
    let printed: usize = facts.document.pages.iter().map(|page| page.printed).sum();
    let unmapped: Vec<&Oddity> = oddities(facts, OddityKind::Unmapped).collect();
    let count: usize = unmapped.iter().map(|oddity| oddity.count).sum();
    if count * 50 > printed {
        let areas: Vec<_> = unmapped.iter().flat_map(|oddity| &oddity.areas).copied().collect();
        let found = say!("ký tự không rõ mã", "characters without a code");
        places.add_all(&areas, count, found, say!("mã Unicode", "their Unicode codes"));
    }
}

fn font_embedded(facts: &Facts<'_>, places: &mut Places) {
    for font in facts.document.fonts.iter().filter(|font| !font.embedded && font.first.page > 0) {
        let name = &font.name;
        places.add(font.first, say!("“{name}” không nhúng", "“{name}” is not embedded"), say!("nhúng", "embedded"));
    }
}

fn font_legacy(facts: &Facts<'_>, places: &mut Places) {
    for font in facts.document.fonts.iter().filter(|font| is_legacy(&font.name.to_lowercase()) && font.first.page > 0) {
        places.add(font.first, quoted(&font.name), quoted("Times New Roman"));
    }
}
