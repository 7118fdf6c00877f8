//! The pages with the findings drawn on them, as PNG, for people.
//!
//! Owns the drawing: a page as the renderer sees it, a frame around each finding (red for an error, orange for a
//! warning) and its number in the report, counted from 1. What was found is the report's.

use std::panic::{self, AssertUnwindSafe};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{RenderCache, RenderSettings};
use tiny_skia::{Color, Paint, PathBuilder, PixmapMut, Rect, Stroke, Transform};

use crate::diagnostic::Severity;

use super::finding::{Finding, Report};
use super::ink::{Area, MM_PER_PT};

/// Pixels per millimetre: 4 is about 100 dpi.
const SCALE: f32 = 4.0;
/// A page larger than this in one direction is scaled down (pixels).
const PIXELS_MAX: f32 = 4_000.0;

/// One page as a picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// One-based page.
    pub page: usize,
    /// The picture file.
    pub png: Vec<u8>,
}

/// Pictures of the pages that have findings, in order. A page that cannot be drawn is left out.
pub fn draw(bytes: &[u8], report: &Report) -> Vec<Picture> {
    // The report exists, so the file was read once; the renderer decodes more of it, pictures for one.
    panic::catch_unwind(AssertUnwindSafe(|| pages(bytes, report))).unwrap_or_default()
}

fn pages(bytes: &[u8], report: &Report) -> Vec<Picture> {
    let Ok(pdf) = Pdf::new(bytes.to_vec()) else {
        return Vec::new();
    };
    let cache = RenderCache::new();
    let settings = InterpreterSettings::default();
    let mut pictures = Vec::new();
    for (index, page) in pdf.pages().iter().enumerate() {
        let numbered = report.findings.iter().enumerate();
        let marks: Vec<(usize, &Finding, Area)> = numbered
            .flat_map(|(number, finding)| finding.places.iter().map(move |area| (number, finding, *area)))
            .filter(|(_, _, area)| area.page == index + 1)
            .collect();
        if marks.is_empty() {
            continue;
        }
        let (width, height) = page.render_dimensions();
        let scale = (SCALE * MM_PER_PT as f32).min(PIXELS_MAX / width.max(height).max(1.0));
        let view = RenderSettings { x_scale: scale, y_scale: scale, bg_color: WHITE, ..RenderSettings::default() };
        let mut pixmap = hayro::render(page, &cache, &settings, &view);
        let (w, h) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
        let pixels = pixmap.data_as_u8_slice_mut();
        let Some(mut canvas) = PixmapMut::from_bytes(pixels, w, h) else {
            continue;
        };
        let mut labels = Vec::new();
        for (number, finding, area) in marks {
            mark(&mut canvas, finding, area, number + 1, scale / MM_PER_PT as f32, &mut labels);
        }
        if let Ok(png) = canvas.as_ref().encode_png() {
            pictures.push(Picture { page: index + 1, png });
        }
    }
    pictures
}

/// Draws a frame around `area`, a place of `finding`, and its number left of it, beside the numbers in `labels` that stand there already.
fn mark(canvas: &mut PixmapMut<'_>, finding: &Finding, area: Area, number: usize, scale: f32, labels: &mut Vec<(f32, f32, f32)>) {
    let [x, y, w, h] = [area.x_mm, area.y_mm, area.w_mm, area.h_mm].map(|mm| mm as f32 * scale);
    let mut paint = Paint::default();
    paint.set_color(match finding.severity {
        Severity::Error => Color::from_rgba8(214, 0, 0, 255),
        Severity::Warning | Severity::Notice => Color::from_rgba8(230, 120, 0, 255),
    });
    paint.anti_alias = true;
    let margin = 0.8 * scale;
    if let Some(frame) = Rect::from_xywh(x - margin, y - margin, w.max(1.0) + 2.0 * margin, h.max(1.0) + 2.0 * margin) {
        let path = PathBuilder::from_rect(frame);
        let stroke = Stroke { width: 0.35 * scale, ..Stroke::default() };
        canvas.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
    }
    let size = 2.6 * scale;
    let digits = number.to_string();
    let wide = digits.len() as f32 * 0.75 * size;
    // Left of the frame, or inside it where the page ends.
    let mut left = (x - margin - wide).max(0.5 * scale);
    let mut top = (y - margin).max(0.5 * scale);
    let meets = |left: f32, top: f32, (x, y, w): (f32, f32, f32)| (y - top).abs() < size && left < x + w && x < left + wide;
    // Several findings of one place: their numbers stand in a row to the left, then below. The labels are few.
    while let Some(label) = labels.iter().copied().find(|label| meets(left, top, *label)) {
        left = label.0 - wide - 0.3 * size;
        if left < 0.5 * scale {
            (left, top) = ((x - margin - wide).max(0.5 * scale), top + 1.2 * size);
        }
    }
    labels.push((left, top, wide));
    // White on the finding's colour: it reads over text too.
    let pad = 0.2 * size;
    if let Some(plate) = Rect::from_xywh(left - pad, top - pad, wide + pad, size + 2.0 * pad) {
        canvas.fill_rect(plate, &paint, Transform::identity(), None);
    }
    paint.set_color(Color::WHITE);
    for (at, digit) in digits.bytes().enumerate() {
        if let Some(path) = figure(digit, left + at as f32 * 0.75 * size, top, size) {
            let stroke = Stroke { width: 0.16 * size, ..Stroke::default() };
            canvas.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }
}

/// A figure in seven strokes, as on a calculator: no font is needed and it reads well at any size.
fn figure(digit: u8, x: f32, y: f32, size: f32) -> Option<tiny_skia::Path> {
    // Bits: top, upper right, lower right, bottom, lower left, upper left, middle.
    const FIGURES: [u8; 10] = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
    let bits = *FIGURES.get(usize::from(digit.checked_sub(b'0')?))?;
    let (w, h) = (0.5 * size, size);
    let corners = [
        ((0.0, 0.0), (w, 0.0)),
        ((w, 0.0), (w, h / 2.0)),
        ((w, h / 2.0), (w, h)),
        ((0.0, h), (w, h)),
        ((0.0, h / 2.0), (0.0, h)),
        ((0.0, 0.0), (0.0, h / 2.0)),
        ((0.0, h / 2.0), (w, h / 2.0)),
    ];
    let mut path = PathBuilder::new();
    for (at, (from, to)) in corners.into_iter().enumerate() {
        if bits & (1 << at) != 0 {
            path.move_to(x + from.0, y + from.1);
            path.line_to(x + to.0, y + to.1);
        }
    }
    path.finish()
}
