//! From drawing instructions to glyphs, lines and frames.
//!
//! Owns the [`Device`] that listens to the PDF interpreter and notes what reaches the paper, in millimetres from the
//! top-left corner. Grouping the glyphs into words and rows is `page`'s. Of pictures it decodes the small ones, for their
//! colour: a seal, a signature.

use std::panic;

use hayro::hayro_interpret::font::Glyph as PdfGlyph;
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::{BlendMode, ClipPath, Device, GlyphDrawMode, Image, Paint, PathDrawMode, SoftMask};
use hayro::vello_cpu::kurbo::{Affine, BezPath, PathEl, Point, Rect, Shape};

use super::font::FontTable;
use super::ink::{Area, Frame, Glyph, MM_PER_PT, Picture, Stroke};
use super::tint;

/// A stroke or a thin area shorter than this is no rule: a tick, a dash of a dotted line (mm).
const STROKE_MIN_MM: f64 = 2.0;
/// A filled area at most this high is a rule (mm). Underlines of large type stay below it.
const THICKNESS_MAX_MM: f64 = 1.2;
/// A path with more pieces than this is a drawing (an ornament, a chart), not a rule or a frame.
const PIECES_MAX: usize = 64;

/// Payload of the controlled unwinding that ends the interpretation of a page with too many instructions.
pub struct TooManyInstructions;

/// What one page shows.
pub struct Listener<'t> {
    pub fonts: &'t mut FontTable,
    page: usize,
    /// Drawing instructions still allowed.
    budget: usize,
    pub glyphs: Vec<Glyph>,
    pub strokes: Vec<Stroke>,
    /// Upright lines: (x, upper end, lower end).
    pub uprights: Vec<(f64, f64, f64)>,
    pub frames: Vec<Frame>,
    pub images: Vec<Picture>,
    /// Glyphs drawn invisibly, as the text layer of a scan is.
    pub hidden: usize,
}

impl<'t> Listener<'t> {
    /// A listener for `page` that hears at most `budget` instructions.
    pub fn new(fonts: &'t mut FontTable, page: usize, budget: usize) -> Self {
        Self {
            fonts,
            page,
            budget,
            glyphs: Vec::new(),
            strokes: Vec::new(),
            uprights: Vec::new(),
            frames: Vec::new(),
            images: Vec::new(),
            hidden: 0,
        }
    }

    fn spend(&mut self) {
        match self.budget.checked_sub(1) {
            Some(rest) => self.budget = rest,
            // The interpreter offers no way to stop; unwinding without the panic hook is the only one. The reader
            // catches it (see `read::page`).
            None => panic::resume_unwind(Box::new(TooManyInstructions)),
        }
    }

    /// A line from `a` to `b`.
    fn line(&mut self, a: Point, b: Point, thickness: f64, dashed: bool) {
        let (dx, dy) = ((b.x - a.x).abs(), (b.y - a.y).abs());
        if dy <= 0.1 && dx >= STROKE_MIN_MM {
            let y = (a.y + b.y) / 2.0;
            self.strokes.push(Stroke { x0: a.x.min(b.x), x1: a.x.max(b.x), y, thickness, dashed });
        } else if dx <= 0.1 && dy >= STROKE_MIN_MM {
            self.uprights.push(((a.x + b.x) / 2.0, a.y.min(b.y), a.y.max(b.y)));
        }
    }

    fn filled(&mut self, area: Rect) {
        let (w, h) = (area.width(), area.height());
        if h <= THICKNESS_MAX_MM && w >= STROKE_MIN_MM {
            let y = (area.y0 + area.y1) / 2.0;
            self.strokes.push(Stroke { x0: area.x0, x1: area.x1, y, thickness: h, dashed: false });
        } else if w <= THICKNESS_MAX_MM && h >= STROKE_MIN_MM {
            self.uprights.push(((area.x0 + area.x1) / 2.0, area.y0, area.y1));
        }
    }

    fn stroked(&mut self, path: &BezPath, thickness: f64, dashed: bool) {
        let (mut start, mut last) = (Point::ZERO, Point::ZERO);
        let mut lines: Vec<(Point, Point)> = Vec::new();
        for element in path.elements() {
            match *element {
                PathEl::MoveTo(point) => (start, last) = (point, point),
                PathEl::LineTo(point) => {
                    lines.push((last, point));
                    last = point;
                }
                PathEl::ClosePath => {
                    lines.push((last, start));
                    last = start;
                }
                // A curve is part of a drawing.
                PathEl::QuadTo(_, point) | PathEl::CurveTo(_, _, point) => last = point,
            }
        }
        lines.retain(|(a, b)| a.distance(*b) > 0.01);
        if let Some(frame) = rectangle(&lines) {
            self.frames.push(frame);
            return;
        }
        for (a, b) in lines {
            self.line(a, b, thickness, dashed);
        }
    }
}

impl<'a> Device<'a> for Listener<'_> {
    fn draw_path(&mut self, path: &BezPath, transform: Affine, paint: &Paint<'a>, mode: &PathDrawMode) {
        self.spend();
        if path.elements().len() > PIECES_MAX || is_pale(paint) {
            return;
        }
        let path = transform * path;
        match mode {
            PathDrawMode::Fill(_) => {
                // Word joins several rules in one fill: each sub-path is a rule of its own.
                for part in sub_paths(&path) {
                    self.filled(part.bounding_box());
                }
            }
            PathDrawMode::Stroke(stroke) => {
                let scale = transform.determinant().abs().sqrt();
                let thickness = f64::from(stroke.line_width) * scale;
                self.stroked(&path, thickness, !stroke.dash_array.is_empty());
            }
        }
    }

    fn draw_glyph(&mut self, glyph: &PdfGlyph<'a>, transform: Affine, glyph_transform: Affine, paint: &Paint<'a>, mode: &GlyphDrawMode) {
        self.spend();
        if matches!(mode, GlyphDrawMode::Invisible) {
            self.hidden += 1;
            return;
        }
        // A glyph that is filled and stroked comes twice: the stroke makes it bold.
        if matches!(mode, GlyphDrawMode::Stroke(_))
            && let Some(last) = self.glyphs.last_mut()
        {
            let origin = transform * glyph_transform * Point::ZERO;
            if (origin.x - last.x).abs() < 0.01 && (origin.y - last.baseline).abs() < 0.01 {
                last.bold = true;
                return;
            }
        }
        let [a, b, c, d, x, baseline] = (transform * glyph_transform).as_coeffs();
        // Turned text is decoration (a watermark, the head of a table): no component of the page is turned.
        if b.abs() > 0.02 * a.abs() || a <= 0.0 {
            return;
        }
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(text)) => text,
            None => String::new(),
        };
        let (index, units, notdef) = match glyph {
            PdfGlyph::Outline(outline) => {
                (self.fonts.index(outline), f64::from(outline.advance_width().unwrap_or(500.0)), outline.glyph_id().to_u32() == 0)
            }
            PdfGlyph::Type3(_) => (self.fonts.type3(), 500.0, false),
        };
        let font = &mut self.fonts.fonts[index];
        let size = d.hypot(c) * 1000.0 / MM_PER_PT;
        let is_letter = text.chars().any(char::is_alphanumeric);
        font.letters += usize::from(is_letter);
        if font.first.page == 0 && is_letter {
            font.first = area(self.page, x, baseline, a * units, size);
        }
        self.glyphs.push(Glyph {
            text,
            x,
            width: a * units,
            baseline,
            size,
            font: index,
            colour: colour(paint),
            bold: font.bold,
            // The second axis leans when a program slants an upright face.
            italic: font.italic || (c / d).abs() > 0.1,
            notdef: notdef && font.embedded,
        });
    }

    fn draw_image(&mut self, image: Image<'a, '_>, transform: Affine) {
        self.spend();
        let size = Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height()));
        let area = transform.transform_rect_bbox(size);
        let frame = Frame { x: area.x0, y: area.y0, w: area.width(), h: area.height() };
        let colour = if self.images.len() < tint::PICTURES_MAX { tint::of(&image, frame) } else { None };
        self.images.push(Picture { frame, colour });
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {
        self.spend();
    }
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.spend();
    }
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// The box of a glyph, with the ascent and descent of Times New Roman.
pub fn area(page: usize, x: f64, baseline: f64, width: f64, size: f64) -> Area {
    let em = size * MM_PER_PT;
    Area { page, x_mm: x, y_mm: baseline - 0.891 * em, w_mm: width, h_mm: 1.107 * em }
}

/// The frame that four lines along the axes make.
fn rectangle(lines: &[(Point, Point)]) -> Option<Frame> {
    if lines.len() != 4 || lines[0].0.distance(lines[3].1) > 0.1 {
        return None;
    }
    let along_axis = |(a, b): &(Point, Point)| (a.x - b.x).abs() < 0.05 || (a.y - b.y).abs() < 0.05;
    if !lines.iter().all(along_axis) {
        return None;
    }
    let area = lines.iter().fold(Rect::from_points(lines[0].0, lines[0].1), |area, (a, b)| area.union_pt(*a).union_pt(*b));
    (area.width() > STROKE_MIN_MM && area.height() > STROKE_MIN_MM).then_some(Frame {
        x: area.x0,
        y: area.y0,
        w: area.width(),
        h: area.height(),
    })
}

fn sub_paths(path: &BezPath) -> Vec<BezPath> {
    let mut parts: Vec<BezPath> = Vec::new();
    for element in path.elements() {
        if matches!(element, PathEl::MoveTo(_)) || parts.is_empty() {
            parts.push(BezPath::new());
        }
        if let Some(part) = parts.last_mut() {
            // A sub-path has to begin with a move; a damaged one is left out.
            if !part.elements().is_empty() || matches!(element, PathEl::MoveTo(_)) {
                part.push(*element);
            }
        }
    }
    parts.retain(|part| part.elements().len() > 1);
    parts
}

fn colour(paint: &Paint<'_>) -> [u8; 3] {
    match paint {
        Paint::Color(colour) => {
            let [r, g, b, _] = colour.to_rgba().to_rgba8();
            [r, g, b]
        }
        Paint::Pattern(_) => [0, 0, 0],
    }
}

/// Nearly white: nothing that a reader sees on white paper.
fn is_pale(paint: &Paint<'_>) -> bool {
    colour(paint).iter().all(|part| *part > 235)
}
