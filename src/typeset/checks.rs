//! Looks at what was drawn: missing glyphs, text outside the page's area, problems that the page itself reports.
//!
//! Owns the checks on finished frames. They are errors: a document that fails one is never published.

use typst::foundations::{Label, Repr, Selector, Value};
use typst::introspection::{Introspector, MetadataElem};
use typst::layout::{Frame, FrameItem, Point, Transform};
use typst::utils::PicoStr;
use typst_layout::PagedDocument;

use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::say;
use crate::template::manifest::TextArea;

/// The label under which a page reports problems to the host.
const REPORT_LABEL: &str = "vanthu-loi";

/// Stands for the record as the page sees it, in places that only the coordinator can find in the user's own file.
const RECORD_FILE: &str = "record.json";

/// Text that does not fit.
const OVERFLOW: &str = "overflow";

/// Puts what a page found about a field of its record where that value stands in the user's file. `of` finds the place of a
/// field, and that of the whole record for an empty name. A report about something else, such as the organisation, has
/// none; text that does not fit belongs at least to its record.
pub fn in_users_file(mut found: Diagnostic, of: &dyn Fn(&str) -> Option<Place>) -> Diagnostic {
    let field = match &found.place {
        Some(Place::Pointer { file, pointer }) if file == RECORD_FILE => Some(pointer.trim_start_matches('/').to_owned()),
        None => None,
        Some(_) => return found,
    };
    let of_field = field.filter(|field| !field.is_empty()).and_then(|field| of(&field));
    let of_record = || if found.code == OVERFLOW { of("") } else { None };
    found.place = of_field.or_else(of_record);
    found
}

/// Findings shown for one document; the rest are counted.
const FINDINGS_MAX: usize = 20;

/// A rounding allowance, in points.
const TOLERANCE_PT: f64 = 0.5;

const MM_PER_PT: f64 = 25.4 / 72.0;

/// Every problem of the finished pages.
pub(super) fn inspect(document: &PagedDocument, area: &TextArea, pages_max: u32) -> Vec<Diagnostic> {
    let mut found = reported(document);
    let pages = document.pages().len();
    if pages > pages_max as usize {
        found.push(
            Diagnostic::error(
                "too-many-pages",
                say!(
                    "văn bản dài {pages} trang, mẫu cho tối đa {pages_max}",
                    "the document has {pages} pages, the template allows {pages_max}"
                ),
            )
            .remedy(say!("rút gọn nội dung, hoặc dùng mẫu nhiều trang", "shorten the content, or use a template for longer documents")),
        );
    }
    for (index, page) in document.pages().iter().enumerate() {
        let size = page.frame.size();
        let mut walk = Walk {
            page: index + 1,
            left: area.left / MM_PER_PT - TOLERANCE_PT,
            top: area.top / MM_PER_PT - TOLERANCE_PT,
            right: size.x.to_pt() - area.right / MM_PER_PT + TOLERANCE_PT,
            bottom: size.y.to_pt() - area.bottom / MM_PER_PT + TOLERANCE_PT,
            found: &mut found,
        };
        walk.frame(&page.frame, Transform::identity());
        if found.len() >= FINDINGS_MAX {
            break;
        }
    }
    found.truncate(FINDINGS_MAX);
    found
}

struct Walk<'a> {
    page: usize,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    found: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn frame(&mut self, frame: &Frame, transform: Transform) {
        for (position, item) in frame.items() {
            if self.found.len() >= FINDINGS_MAX {
                return;
            }
            let here = transform.pre_concat(Transform::translate(position.x, position.y));
            match item {
                FrameItem::Group(group) => self.frame(&group.frame, here.pre_concat(group.transform)),
                FrameItem::Text(text) => {
                    self.glyphs(text);
                    self.area(text, here);
                }
                _ => {}
            }
        }
    }

    fn glyphs(&mut self, text: &typst::text::TextItem) {
        for glyph in text.glyphs.iter().filter(|glyph| glyph.id == 0) {
            let missing = text.text.get(glyph.range()).unwrap_or_default();
            let points = missing.chars().map(|c| format!("U+{:04X}", c as u32)).collect::<Vec<_>>().join(" ");
            let page = self.page;
            let family = &text.font.font().info().family;
            self.push(
                Diagnostic::error(
                    "glyph-missing",
                    say!(
                        "phông “{family}” không có ký tự này ({points}), trang {page}",
                        "font “{family}” has no glyph for this ({points}), page {page}"
                    ),
                )
                .with_value(missing)
                .remedy(say!("thay ký tự, hoặc dùng phông có ký tự này", "replace the character, or use a font that has it")),
            );
        }
    }

    fn area(&mut self, text: &typst::text::TextItem, here: Transform) {
        if text.text.trim().is_empty() {
            return;
        }
        let width = text.width();
        let rise = -text.size * 0.7;
        let fall = text.size * 0.2;
        let zero = typst::layout::Abs::zero();
        let corners = [Point::new(zero, rise), Point::new(width, rise), Point::new(zero, fall), Point::new(width, fall)];
        let outside = corners.iter().any(|corner| {
            let point = corner.transform(here);
            let (x, y) = (point.x.to_pt(), point.y.to_pt());
            x < self.left || x > self.right || y < self.top || y > self.bottom
        });
        if outside {
            let page = self.page;
            self.push(
                Diagnostic::error(
                    OVERFLOW,
                    say!("chữ tràn ra ngoài vùng in, trang {page}", "text runs out of the printing area, page {page}"),
                )
                .with_value(text.text.as_str())
                .remedy(say!("rút gọn hoặc chia nhỏ nội dung này", "shorten or split this content")),
            );
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }
}

/// What the page itself found: `#metadata((ma:, truong:, vi:, en:)) <vanthu-loi>`; `truong` is a field of the record.
fn reported(document: &PagedDocument) -> Vec<Diagnostic> {
    let Some(label) = Label::new(PicoStr::intern(REPORT_LABEL)) else { return Vec::new() };
    let mut found: Vec<Diagnostic> = Vec::new();
    for element in document.introspector().query(&Selector::Label(label)) {
        let Some(metadata) = element.to_packed::<MetadataElem>() else { continue };
        let diagnostic = match &metadata.value {
            Value::Dict(report) => {
                let text = |key: &str| report.get(key).ok().and_then(|value| value.clone().cast::<String>().ok());
                let vi = text("vi").unwrap_or_default();
                let en = text("en").unwrap_or_else(|| vi.clone());
                let report = if text("ma").as_deref() == Some("tran") {
                    Diagnostic::error(OVERFLOW, Text { vi, en })
                        .remedy(say!("rút gọn hoặc viết tắt nội dung này", "shorten or abbreviate this content"))
                } else {
                    Diagnostic::error("page-report", Text { vi, en })
                };
                match text("truong") {
                    Some(field) => report.at(Place::Pointer { file: RECORD_FILE.into(), pointer: format!("/{field}") }),
                    None => report,
                }
            }
            other => {
                let shown = other.repr();
                Diagnostic::error("page-report", say!("{shown}", "{shown}"))
            }
        };
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }
    found
}
