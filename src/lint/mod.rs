//! `vanthu lint`: does a finished PDF keep to Decree 30/2020/NĐ-CP?
//!
//! Owns the check of a PDF — ours, or one made by Word or LibreOffice — from its bytes alone: [`lint`] answers a
//! [`Report`] of [`Finding`]s, each with the clause, the place in millimetres, what is there and what should be;
//! [`picture`] draws them on the pages. It leaves files, terminal and exit codes to the edge.
//!
//! In reading order: [`read`] opens the file within its limits; `device` hears the drawing instructions, `font`
//! knows the fonts, `tint` the colour of a seal, `page` makes words and rows ([`ink`] are the facts); `merged` parts a
//! file of several documents; [`components`] finds the cells of the page; [`law`] holds the decree's numbers;
//! [`rules`] compare; [`finding`] words the outcome.

pub mod components;
mod device;
pub mod finding;
mod font;
pub mod ink;
pub mod law;
mod merged;
mod page;
pub mod picture;
pub mod read;
pub mod rules;
mod tint;

use crate::diagnostic::{Diagnostic, Place};
use crate::say;

pub use components::Kind;
pub use finding::{Finding, Judged, Report};
pub use law::{DECREE_30, Law};
pub use read::{Limits, LintError};

/// What the caller knows or wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What the documents of the file are; `None` lets the linter look. Default `None`.
    pub kind: Option<Kind>,
    /// May a degree or rank stand before the signatory's name? The heads of the education, health, science and armed
    /// forces sectors may rule so (annex I, II.7c). Default no.
    pub academic_title_allowed: bool,
    /// How much is read.
    pub limits: Limits,
}

/// Checks the PDF `bytes` against Decree 30/2020/NĐ-CP.
///
/// # Errors
///
/// When the file cannot be checked at all; see [`LintError`]. Departures from the decree are the report's.
pub fn lint(bytes: &[u8], options: &Options) -> Result<Report, LintError> {
    let document = read::read(bytes, options.limits)?;
    let pages = document.pages.iter().map(|page| (page.width_mm, page.height_mm)).collect();
    let (mut documents, mut findings) = (Vec::new(), Vec::new());
    let mut before = 0;
    for document in merged::part(document) {
        let kind = options.kind.unwrap_or_else(|| components::kind(&document));
        let parts = components::Components::recognise(&document);
        let facts = rules::Facts { document: &document, parts: &parts, law: &DECREE_30, options };
        findings.extend(rules::run(&facts, kind).into_iter().map(|finding| finding.after(before)));
        let type_name = parts.title.document_type.map(|found| found.name).filter(|_| kind == Kind::Administrative);
        documents.push(Judged { first_page: before + 1, pages: document.pages.len(), kind, type_name });
        before += document.pages.len();
    }
    Ok(Report { law: &DECREE_30, documents, pages, findings: finding::grouped(findings) })
}

impl LintError {
    /// Stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPdf => "pdf-not-pdf",
            Self::TooLarge { .. } => "pdf-too-large",
            Self::Encrypted => "pdf-encrypted",
            Self::Damaged => "pdf-damaged",
            Self::NoPages => "pdf-no-pages",
            Self::TooManyPages { .. } => "pdf-too-many-pages",
            Self::NoText { .. } => "pdf-no-text",
            Self::Unreadable => "pdf-unreadable",
            Self::TooComplex => "pdf-too-complex",
            Self::TimedOut { .. } => "pdf-timed-out",
        }
    }

    /// The failure for the person who gave `file`.
    pub fn to_diagnostic(&self, file: &str) -> Diagnostic {
        let (message, remedy) = match *self {
            Self::NotPdf => (
                say!("tệp không phải là PDF", "the file is not a PDF"),
                say!("xuất văn bản ra PDF rồi kiểm tra lại", "export the document as PDF, then check again"),
            ),
            Self::TooLarge { bytes, max } => (
                say!("tệp quá lớn: {bytes} byte, giới hạn {max} byte", "the file is too large: {bytes} bytes, the limit is {max}"),
                say!("giảm dung lượng hình ảnh trong tệp", "make the pictures in the file smaller"),
            ),
            Self::Encrypted => {
                (say!("tệp có mật khẩu", "the file is encrypted"), say!("lưu lại tệp không có mật khẩu", "save it without a password"))
            }
            Self::Damaged => {
                (say!("tệp PDF bị hỏng", "the PDF is damaged"), say!("xuất lại hoặc tải lại tệp", "export or download it again"))
            }
            Self::NoPages => {
                (say!("tệp PDF không có trang nào", "the PDF has no pages"), say!("xuất lại văn bản", "export the document again"))
            }
            Self::TooManyPages { pages, max } => (
                say!("tệp có {pages} trang, giới hạn {max} trang", "the file has {pages} pages, the limit is {max}"),
                say!("kiểm tra từng văn bản riêng", "check the documents one by one"),
            ),
            Self::NoText { scanned: true } => (
                say!("tệp chỉ có hình ảnh (bản quét), không có chữ để kiểm tra", "the file holds pictures only (a scan), no text to check"),
                say!("dùng tệp PDF xuất từ phần mềm soạn thảo", "use the PDF that the word processor exported"),
            ),
            Self::NoText { scanned: false } => {
                (say!("tệp không có chữ", "the file has no text"), say!("xuất lại văn bản", "export the document again"))
            }
            Self::Unreadable => (
                say!(
                    "chữ trong tệp chỉ là hình vẽ, tệp không cho biết là những chữ nào",
                    "the text of the file is drawings: the file does not tell which letters they are"
                ),
                say!(
                    "xuất lại PDF từ phần mềm soạn thảo, có nhúng phông chữ TrueType",
                    "export the PDF again from the word processor, with TrueType fonts embedded"
                ),
            ),
            Self::TooComplex => (
                say!("tệp quá phức tạp để kiểm tra", "the file is too complex to check"),
                say!("in lại ra PDF từ phần mềm soạn thảo", "print it to PDF again from the word processor"),
            ),
            Self::TimedOut { seconds } => (
                say!("không đọc xong tệp trong {seconds} giây", "the file could not be read within {seconds} s"),
                say!("kiểm tra tệp nhỏ hơn, hoặc tăng giới hạn thời gian", "check a smaller file, or raise the time limit"),
            ),
        };
        Diagnostic::error(self.code(), message).at(Place::File { file: file.to_owned() }).remedy(remedy)
    }
}
