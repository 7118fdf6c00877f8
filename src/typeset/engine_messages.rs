//! What Typst and its exporter say, in the user's language.
//!
//! Owns the sentences for a PDF standard's refusals and for the faults that authors of templates meet most, found by what
//! Typst says in English. What has no sentence here is shown as Typst says it, for it speaks to those who write pages.

use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::say;

/// Begin of the exporter's refusals: the standards, then this.
const PREFIX_END: &str = " error: ";

/// What the exporter says, what is wrong in Vietnamese and English, and what to do.
const KNOWN: [(&str, [&str; 2], [&str; 2]); 12] = [
    (
        "the image contains transparency",
        ["hình có phần trong suốt", "the picture has transparent parts"],
        [
            "chọn chuẩn a-2b (--standard a-2b), hoặc thay bằng hình nền trắng dạng JPEG",
            "choose standard a-2b (--standard a-2b), or take a picture on white ground as JPEG",
        ],
    ),
    (
        "transparency",
        ["trang dùng màu trong suốt", "the page uses transparent colours"],
        [
            "chọn chuẩn a-2b (--standard a-2b), hoặc bỏ màu trong suốt ở trang mẫu",
            "choose standard a-2b (--standard a-2b), or use no transparent colours on the template's page",
        ],
    ),
    (
        "smooth scaling",
        ["hình được làm mượt khi phóng", "a picture is smoothed when scaled"],
        ["ghi scaling: \"pixelated\" cho hình ở trang mẫu", "set scaling: \"pixelated\" for the picture on the template's page"],
    ),
    (
        "missing alt text",
        ["hình hoặc công thức chưa có lời tả", "a picture or formula has no alternative text"],
        ["thêm alt: \"…\" cho hình ở trang mẫu", "add alt: \"…\" to the picture on the template's page"],
    ),
    (
        "could not be displayed with",
        ["phông không vẽ được một ký tự", "a font cannot draw a character"],
        ["thay ký tự, hoặc dùng phông có ký tự này", "replace the character, or use a font that has it"],
    ),
    (
        "codepoint",
        ["có ký tự mà chuẩn không cho phép", "there is a character that the standard forbids"],
        [
            "thay ký tự lạ (mã riêng của phông) bằng ký tự Unicode thường",
            "replace private characters of a font by ordinary ones of Unicode",
        ],
    ),
    (
        "was not mapped to a code point",
        ["có chữ không quy về được ký tự Unicode", "some text cannot be traced to Unicode characters"],
        ["dùng phông khác cho chữ này", "use another font for this text"],
    ),
    (
        "too restrictive",
        ["giấy phép của phông cấm nhúng vào PDF", "the font's licence forbids embedding it"],
        ["dùng phông khác", "use another font"],
    ),
    (
        "longer than 8191 elements",
        ["một dòng chữ quá dài", "one line of text is too long"],
        ["chia nhỏ nội dung, hoặc chọn chuẩn a-2b", "split the content, or choose standard a-2b"],
    ),
    (
        "missing document title",
        ["văn bản chưa có tên (title)", "the document has no title"],
        ["ghi output.title trong template.toml của mẫu", "set output.title in the template's template.toml"],
    ),
    (
        "attached file",
        ["chuẩn này không cho đính kèm tệp", "this standard allows no attached files"],
        ["chọn chuẩn a-3b", "choose standard a-3b"],
    ),
    (
        "embedding PDFs",
        ["chuẩn này không cho lồng PDF", "this standard allows no embedded PDF"],
        ["đổi PDF đó thành hình SVG hoặc PNG", "make that PDF an SVG or PNG picture"],
    ),
];

/// A fault of a page: its message, and what to do where more than the message can be said. `hint` is Typst's own.
pub(super) fn of_page(text: &str, hint: Option<&str>) -> (Text, Option<Text>) {
    let between = |start: &str, end: &str| Some(text.split_once(start)?.1.split(end).next().unwrap_or_default());
    if let Some(reason) = text.strip_prefix("panicked with: ") {
        return (say!("trang mẫu tự dừng: {reason}", "the page stops by itself: {reason}"), None);
    }
    if let Some(path) = between("file not found (searched at ", ")") {
        return (
            say!("mẫu không có tệp “{path}”", "the template has no file `{path}`"),
            Some(say!(
                "chép tệp đó vào thư mục của mẫu, hoặc sửa tên ở dòng này; trang chỉ đọc được tệp của mẫu và của the-thuc",
                "put the file into the template's folder, or correct its name here; a page reads its own files and those of the-thuc only"
            )),
        );
    }
    if text.contains("would escape the project root") || text.starts_with("package not found") {
        return (
            say!("trang mẫu đọc ra ngoài thư mục của mẫu", "the page reaches outside its template"),
            Some(say!("chỉ dùng tệp của mẫu và của the-thuc", "use files of the template and of the-thuc only")),
        );
    }
    if let Some(family) = between("unknown font family: ", "\n") {
        return (
            say!("không có phông “{family}”", "there is no font “{family}”"),
            Some(say!(
                "chép tệp phông vào phong-chu/ và ghi tên phông vào [fonts] trong template.toml, hoặc chọn phông khác",
                "put the font file into phong-chu/ and its name into [fonts] of template.toml, or choose another font"
            )),
        );
    }
    if text.contains("did not converge") {
        return (
            say!("trang mẫu không ổn định sau năm lần dàn: {text}", "the page does not settle in five attempts: {text}"),
            Some(say!(
                "đừng để một giá trị phụ thuộc vào chính kết quả của nó (state, counter, query)",
                "do not let a value depend on its own outcome (state, counter, query)"
            )),
        );
    }
    (say!("trang mẫu (page.typ) báo: {text}", "the page reports: {text}"), hint.map(|hint| say!("Typst: {hint}", "{hint}")))
}

/// The exporter's refusal as a diagnostic without place; `None` when `text` is something else.
pub(super) fn explain(text: &str) -> Option<Diagnostic> {
    let (standards, reason) = text.split_once(PREFIX_END).filter(|(standards, _)| standards.starts_with("PDF/"))?;
    let known = KNOWN.iter().find(|(said, ..)| reason.contains(said));
    let message = match known {
        Some((_, [vi, en], _)) => say!("không theo được chuẩn {standards}: {vi}", "cannot keep to {standards}: {en}"),
        None => say!("không theo được chuẩn {standards} ({reason})", "cannot keep to {standards} ({reason})"),
    };
    let diagnostic = Diagnostic::error("standard", message);
    Some(match known {
        Some((_, _, [vi, en])) => diagnostic.remedy(Text { vi: (*vi).into(), en: (*en).into() }),
        None => diagnostic,
    })
}
