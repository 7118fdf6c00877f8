//! One record to one document: compile, check, export, and keep the memo cache small.
//!
//! Owns [`Typesetter`], which holds one template's world for ever and sets one record at a time, and the translation of
//! Typst's diagnostics. It must be called from a plain thread that is its own one-thread rayon pool: the PDF exporter
//! yields to its pool, and foreign jobs on the same stack overflow it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use typst::WorldExt;
use typst::diag::{Severity as TypstSeverity, SourceDiagnostic, Warned};
use typst_layout::PagedDocument;

use super::checks;
use super::engine_messages;
use super::export::{self, Standard};
use super::fonts::Fonts;
use super::world::{RecordWorld, Shared, name_of};
use crate::diagnostic::{Diagnostic, Place};
use crate::template::Files;
use crate::template::manifest::TextArea;

/// Documents between two sweeps of the memo cache, and the sweeps an entry survives. Found by measuring: more often
/// costs speed, more rarely costs memory.
const SWEEP_EVERY: u32 = 16;
const SWEEP_AGE: usize = 2;

/// A date for documents that have none of their own; a file must carry one, and the clock would change its bytes.
const UNDATED: Date = jiff::civil::date(2000, 1, 1);

/// One record to set.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Job {
    /// The bytes of `/record.json`.
    #[serde(skip)]
    pub record: Vec<u8>,
    /// Title inside the PDF.
    pub title: String,
    /// Author inside the PDF: the organisation.
    pub author: String,
    /// A name for the content, for the file's identifier.
    pub identity: String,
    /// The document's own date.
    pub date: Option<Date>,
    /// The standard.
    pub standard: Standard,
    /// Also as PNG, at this resolution.
    pub pixels_per_inch: Option<f64>,
}

/// A finished document.
#[derive(Debug, Clone)]
pub struct Typeset {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// Its pages as PNG, when asked for.
    pub images: Vec<Vec<u8>>,
    /// Number of pages.
    pub pages: u32,
    /// Time for layout and checks.
    pub compile: Duration,
    /// Time for the PDF.
    pub export: Duration,
    /// What a person should know though it stops nothing.
    pub warnings: Vec<Diagnostic>,
}

/// What a finished document must keep to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Text outside this area is an error.
    pub text_area: TextArea,
    /// Most pages.
    pub pages_max: u32,
}

/// Sets the documents of one template.
pub struct Typesetter {
    shared: Arc<Shared>,
    limits: Limits,
    since_sweep: u32,
}

impl Typesetter {
    /// Takes the files that the page may read, the fonts of the template, and the families for text that names none.
    pub fn new(limits: Limits, main_source: &str, files: Files, fonts: Fonts, text_families: &[String]) -> Self {
        Self { shared: Arc::new(Shared::new(main_source, files, fonts, text_families)), limits, since_sweep: 0 }
    }

    /// Sets one record. Every problem is reported, and nothing is returned for a document that has one.
    pub fn set(&mut self, job: &Job) -> Result<Typeset, Vec<Diagnostic>> {
        let result = self.set_unswept(job);
        self.since_sweep += 1;
        if self.since_sweep >= SWEEP_EVERY {
            self.since_sweep = 0;
            typst::comemo::evict(SWEEP_AGE);
        }
        result
    }

    fn set_unswept(&self, job: &Job) -> Result<Typeset, Vec<Diagnostic>> {
        let started = Instant::now();
        let world = self.shared.with_record(job.record.clone());
        let Warned { output, warnings } = typst::compile::<PagedDocument>(&world);
        let mut document = output.map_err(|errors| translate(&world, &errors))?;
        let (mut fatal, warnings): (Vec<_>, Vec<_>) = translate(&world, &warnings).into_iter().partition(Diagnostic::is_error);
        fatal.extend(checks::inspect(&document, &self.limits.text_area, self.limits.pages_max));
        if !fatal.is_empty() {
            return Err(fatal);
        }
        let info = document.info_mut();
        info.title = Some(job.title.as_str().into());
        info.author = vec![job.author.as_str().into()];
        let compile = started.elapsed();
        let started = Instant::now();
        let pdf = export::pdf(&document, job.standard, &job.identity, job.date.unwrap_or(UNDATED))
            .map_err(|errors| translate(&world, &errors))?;
        let export = started.elapsed();
        let images = job.pixels_per_inch.map(|resolution| export::png(&document, resolution)).unwrap_or_default();
        Ok(Typeset { pdf, images, pages: document.pages().len() as u32, compile, export, warnings })
    }
}

/// Warnings of Typst that mean a wrong page.
const FATAL_WARNINGS: [&str; 2] = ["unknown font family", "did not converge"];

fn translate<'a>(world: &RecordWorld, diagnostics: impl IntoIterator<Item = &'a SourceDiagnostic>) -> Vec<Diagnostic> {
    diagnostics.into_iter().map(|diagnostic| translate_one(world, diagnostic)).collect()
}

fn translate_one(world: &RecordWorld, diagnostic: &SourceDiagnostic) -> Diagnostic {
    let text = diagnostic.message.as_str();
    if let Some(refused) = engine_messages::explain(text) {
        return match place_of(world, diagnostic) {
            Some(place) => refused.at(place),
            None => refused,
        };
    }
    let (message, remedy) = engine_messages::of_page(text, diagnostic.hints.first().map(|hint| hint.v.as_str()));
    let fatal = diagnostic.severity == TypstSeverity::Error || FATAL_WARNINGS.iter().any(|known| text.contains(known));
    let code = if text.starts_with("unknown font family") { "font-unknown" } else { "page" };
    let mut translated = if fatal { Diagnostic::error(code, message) } else { Diagnostic::warning(code, message) };
    if let Some(place) = place_of(world, diagnostic) {
        translated = translated.at(place);
    }
    if let Some(remedy) = remedy {
        translated = translated.remedy(remedy);
    }
    translated
}

/// Where the problem stands: its own span, or the nearest call that has one.
fn place_of(world: &RecordWorld, diagnostic: &SourceDiagnostic) -> Option<Place> {
    use typst::World;
    let spans = std::iter::once(diagnostic.span).chain(diagnostic.trace.iter().map(|point| point.span.into()));
    for span in spans {
        let (Some(id), Some(range)) = (span.id(), world.range(span)) else { continue };
        let Ok(source) = world.source(id) else { continue };
        let Some((line, column)) = source.lines().byte_to_line_column(range.start) else { continue };
        let excerpt = source.text().lines().nth(line).unwrap_or_default().chars().take(160).collect();
        return Some(Place::Source { file: name_of(id), line: line as u32 + 1, column: column as u32 + 1, excerpt });
    }
    None
}
