//! Pages to bytes: PDF in a chosen standard, and PNG for previews.
//!
//! Owns the standards a user may ask for and the combinations that would claim more than they hold. Every input of the
//! file is fixed (date, identity, creator), so equal input gives equal bytes.

use jiff::civil::Date;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::diagnostic::{Diagnostic, nearest};
use crate::say;

/// The PDF standard of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Standard {
    /// PDF/A-2b: for the archive, smallest.
    #[default]
    #[serde(rename = "a-2b")]
    A2b,
    /// PDF/A-2u: the same with certain text.
    #[serde(rename = "a-2u")]
    A2u,
    /// PDF/A-2a: the same with structure.
    #[serde(rename = "a-2a")]
    A2a,
    /// PDF/A-3b.
    #[serde(rename = "a-3b")]
    A3b,
    /// PDF/A-1b, for old archives.
    #[serde(rename = "a-1b")]
    A1b,
    /// PDF/A-4 (PDF 2.0).
    #[serde(rename = "a-4")]
    A4,
    /// PDF/UA-1 with PDF/A-2a: accessible and for the archive.
    #[serde(rename = "ua-1")]
    Ua1,
    /// PDF 1.7 without a standard.
    #[serde(rename = "1.7")]
    Plain,
}

impl Standard {
    /// All of them, with the names users write.
    pub const ALL: [(&'static str, Self); 8] = [
        ("a-2b", Self::A2b),
        ("a-2u", Self::A2u),
        ("a-2a", Self::A2a),
        ("a-3b", Self::A3b),
        ("a-1b", Self::A1b),
        ("a-4", Self::A4),
        ("ua-1", Self::Ua1),
        ("1.7", Self::Plain),
    ];

    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self, Diagnostic> {
        let wanted = name.trim().to_ascii_lowercase();
        let wanted = wanted.strip_prefix("pdf/").unwrap_or(&wanted);
        Self::ALL.iter().find(|(known, _)| *known == wanted).map(|(_, standard)| *standard).ok_or_else(|| {
            let names = Self::ALL.map(|(known, _)| known).join(", ");
            let problem =
                Diagnostic::error("standard-unknown", say!("không có chuẩn PDF này", "is not a PDF standard known here")).with_value(name);
            match nearest(wanted, Self::ALL.iter().map(|(known, _)| *known)) {
                Some(near) => problem.remedy(say!("có phải “{near}”? Các chuẩn: {names}", "did you mean `{near}`? Known: {names}")),
                None => problem.remedy(say!("các chuẩn: {names}", "known: {names}")),
            }
        })
    }

    /// The name users write.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, standard)| *standard == self).map_or("a-2b", |(name, _)| name)
    }

    /// May pages show transparent pictures and colours? Only PDF/A-1 forbids them (ISO 19005-1, 6.4).
    pub fn allows_transparency(self) -> bool {
        self != Self::A1b
    }

    fn parts(self) -> &'static [PdfStandard] {
        match self {
            Self::A2b => &[PdfStandard::A_2b],
            Self::A2u => &[PdfStandard::A_2u],
            Self::A2a => &[PdfStandard::A_2a],
            Self::A3b => &[PdfStandard::A_3b],
            Self::A1b => &[PdfStandard::A_1b],
            Self::A4 => &[PdfStandard::A_4],
            Self::Ua1 => &[PdfStandard::A_2a, PdfStandard::Ua_1],
            Self::Plain => &[PdfStandard::V_1_7],
        }
    }

    /// Standards that promise a structure tree must have one; the others leave it out and are half the size.
    fn tagged(self) -> bool {
        matches!(self, Self::A2a | Self::Ua1 | Self::Plain)
    }
}

/// The document as PDF. `identity` names its content for the file's identifier, `date` is the document's own.
pub(super) fn pdf(
    document: &PagedDocument,
    standard: Standard,
    identity: &str,
    date: Date,
) -> Result<Vec<u8>, typst::ecow::EcoVec<typst::diag::SourceDiagnostic>> {
    let timestamp = Datetime::from_ymd_hms(i32::from(date.year()), date.month() as u8, date.day() as u8, 0, 0, 0)
        .and_then(|datetime| Timestamp::new_local(datetime, 7 * 60));
    let options = PdfOptions {
        ident: Smart::Custom(identity.to_owned()),
        creator: Smart::Custom(Some(concat!("vanthu ", env!("CARGO_PKG_VERSION")).to_owned())),
        timestamp,
        page_ranges: None,
        standards: PdfStandards::new(standard.parts()).expect("each named standard is a valid combination"),
        tagged: standard.tagged(),
        pretty: false,
    };
    typst_pdf::pdf(document, &options)
}

/// The pages as PNG at `pixels_per_inch`.
pub(super) fn png(document: &PagedDocument, pixels_per_inch: f64) -> Vec<Vec<u8>> {
    let options = typst_render::RenderOptions { pixel_per_pt: (pixels_per_inch / 72.0).into(), render_bleed: false };
    document.pages().iter().filter_map(|page| typst_render::render(page, &options).encode_png().ok()).collect()
}
