//! How far a batch is: a bar on a terminal, plain lines elsewhere, nothing with `--json`.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::batch::{Counts, Progress};
use crate::language::Language;
use crate::say;

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows the counts of a run on stderr.
pub struct Meter {
    language: Language,
    kind: Kind,
}

enum Kind {
    Bar(ProgressBar),
    Lines(Mutex<Instant>),
    Silent,
}

impl Meter {
    /// A meter that suits stderr.
    pub fn new(language: Language, silent: bool) -> Self {
        let kind = if silent {
            Kind::Silent
        } else if std::io::stderr().is_terminal() {
            Kind::Bar(bar(language))
        } else {
            Kind::Lines(Mutex::new(Instant::now()))
        };
        Self { language, kind }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Meter {
    fn update(&self, counts: &Counts) {
        match &self.kind {
            Kind::Silent => {}
            Kind::Bar(bar) => {
                bar.set_length(counts.accepted);
                bar.set_position(counts.ended());
            }
            Kind::Lines(last) => {
                let Ok(mut last) = last.lock() else { return };
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    let (ended, accepted) = (counts.ended(), counts.accepted);
                    let line = say!("… {ended}/{accepted} văn bản", "… {ended}/{accepted} documents");
                    eprintln!("{}", line.in_language(self.language));
                }
            }
        }
    }
}

fn bar(language: Language) -> ProgressBar {
    let template = say!(
        "{{bar:40}} {{pos}}/{{len}} văn bản, {{per_sec}}, còn {{eta}}",
        "{{bar:40}} {{pos}}/{{len}} documents, {{per_sec}}, {{eta}} left"
    );
    let style = ProgressStyle::with_template(template.in_language(language)).unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style.with_key("per_sec", move |state: &indicatif::ProgressState, text: &mut dyn std::fmt::Write| {
        let unit = say!("văn bản/giây", "documents/s");
        let _ = write!(text, "{:.0} {}", state.per_sec(), unit.in_language(language));
    });
    ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10)).with_style(style)
}
