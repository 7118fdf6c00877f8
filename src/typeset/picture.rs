//! Pictures of an organisation, looked at before any page needs them.
//!
//! Owns telling their kinds apart by content, their limits, and the proof that the page can draw them: they are decoded
//! by the very decoders that the page uses.

use typst::foundations::Bytes;
use typst::visualize::{ExchangeFormat, RasterImage, SvgImage};

use crate::language::Text;
use crate::say;

/// Largest picture, in pixels: an A3 page at 400 pixels per inch. Four bytes each are needed to draw it.
const PIXELS_MAX: u64 = 25_000_000;

/// A picture that pages can draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// `png`, `jpg` or `svg`.
    pub extension: &'static str,
    /// Has it a channel for transparency? Never known of an SVG.
    pub transparent: bool,
}

/// Why a picture cannot be used: code, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFault {
    /// The diagnostic's code.
    pub code: &'static str,
    /// What is wrong.
    pub message: Text,
    /// What to do.
    pub remedy: Text,
}

/// Looks at the whole picture.
pub fn inspect(bytes: &[u8]) -> Result<Picture, PictureFault> {
    let inspected = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        raster(bytes, ExchangeFormat::Png, "png", png_size(bytes))
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        raster(bytes, ExchangeFormat::Jpg, "jpg", jpeg_size(bytes))
    } else if looks_like_svg(bytes) {
        match SvgImage::new(Bytes::new(bytes.to_vec())) {
            Ok(_) => Ok(Picture { extension: "svg", transparent: false }),
            Err(_) => Err(broken()),
        }
    } else {
        Err(PictureFault {
            code: "picture-kind",
            message: say!("không phải hình PNG, JPEG hay SVG", "is not a PNG, JPEG or SVG picture"),
            remedy: say!("mở hình rồi lưu thành PNG, JPEG hoặc SVG", "open the picture and save it as PNG, JPEG or SVG"),
        })
    };
    // The decoders remember what they made; a page is drawn elsewhere.
    typst::comemo::evict(0);
    inspected
}

fn raster(bytes: &[u8], format: ExchangeFormat, extension: &'static str, size: Option<(u32, u32)>) -> Result<Picture, PictureFault> {
    let Some((width, height)) = size else { return Err(broken()) };
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        let limit = PIXELS_MAX / 1_000_000;
        return Err(PictureFault {
            code: "picture-too-large",
            message: say!(
                "hình {width} × {height} điểm ảnh, quá {limit} triệu điểm ảnh",
                "the picture has {width} × {height} pixels, more than {limit} million"
            ),
            remedy: say!("thu nhỏ hình; 2000 × 2000 điểm ảnh là đủ để in", "make it smaller; 2000 × 2000 pixels are enough to print"),
        });
    }
    let image = RasterImage::plain(Bytes::new(bytes.to_vec()), format).map_err(|_| broken())?;
    Ok(Picture { extension, transparent: image.dynamic().color().has_alpha() })
}

fn broken() -> PictureFault {
    PictureFault {
        code: "picture-broken",
        message: say!("hình hỏng, không đọc được", "the picture is damaged and cannot be read"),
        remedy: say!(
            "mở hình bằng chương trình xem ảnh rồi lưu lại, hoặc lấy lại bản gốc",
            "open it with an image viewer and save it again, or get the original"
        ),
    }
}

/// Width and height of a PNG, from the header that must come first (ISO/IEC 15948, 11.2.2).
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.get(12..24)?;
    let number = |at: usize| header.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    header.starts_with(b"IHDR").then_some(())?;
    Some((number(4)?, number(8)?))
}

/// Width and height of a JPEG, from its frame header (ITU-T T.81, B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let [0xFF, marker, high, low] = *bytes.get(at..at + 4)? else { return None };
        let is_frame = matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
        if is_frame {
            let sizes = bytes.get(at + 5..at + 9)?;
            let number = |at: usize| u32::from(u16::from_be_bytes([sizes[at], sizes[at + 1]]));
            return Some((number(2), number(0)));
        }
        // A marker may be preceded by fill bytes; others carry their length.
        at += if marker == 0xFF { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
}

/// Does it open like XML and hold an `svg` element near its begin?
fn looks_like_svg(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    text.starts_with(b"<") && text.windows(4).take(4096).any(|window| window == b"<svg")
}
