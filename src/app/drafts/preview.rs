//! A record of a draft as it will print.
//!
//! Owns the choice of the record. It is planned, framed and drawn as the batch will do it, in a worker process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::check::{Checked, Sample, TURNS};
use super::{Asker, Draft, aside};
use crate::app::fit::setting_of;
use crate::app::office::Office;
use crate::app::record::claimed;
use crate::app::{App, AppError, Prepared, close};
use crate::batch::entry::Entry;
use crate::batch::run::job;
use crate::diagnostic::{Diagnostic, Place};
use crate::render_pool::{Pool, Verdict};
use crate::say;
use crate::store::StoreError;
use crate::typeset::Job;
use crate::typeset::checks::in_users_file;

/// Which record is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// The first.
    First,
    /// The one with the most text.
    Longest,
    /// The one of that number in the list.
    Record(u64),
    /// The one in that row of the sheet, or on that line.
    Row(u64),
}

/// A record as it will print.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Its number in the list.
    pub number: u64,
    /// The valid records beside it in the list.
    pub beside: (Option<u64>, Option<u64>),
    /// A name a person recognises.
    pub label: String,
    /// File name that its document will have.
    pub file: String,
    /// The document.
    pub pdf: Vec<u8>,
    /// Its pages as PNG, when they were asked for.
    pub images: Vec<Vec<u8>>,
    /// Its pages.
    pub pages_drawn: u64,
    /// What should be looked at.
    pub warnings: Vec<Diagnostic>,
    /// What its recipients will be told: addresses, subject, plain text.
    pub mail: Option<crate::message::letter::Addressed>,
    /// How long drawing took.
    pub took: Duration,
}

/// A record that is ready to be drawn.
struct Framed {
    entry: Entry,
    beside: (Option<u64>, Option<u64>),
    prepared: Box<Prepared>,
    job: Job,
}

impl App {
    /// Draws one record of a draft; with `pixels_per_inch`, its pages as pictures, too.
    pub async fn draft_preview(
        &self,
        office: &Arc<Office>,
        asker: Asker<'_>,
        id: &str,
        chosen: Chosen,
        pixels_per_inch: Option<f64>,
    ) -> Result<Preview, AppError> {
        let draft = self.draft(office, asker, id).await?;
        if draft.file.is_none() {
            let problem = Diagnostic::error("file-missing", say!("bản soạn chưa có danh sách", "the draft has no list yet"));
            return Err(vec![problem.remedy(say!("gửi tệp danh sách lên trước", "hand its file in first"))].into());
        }
        let data = self.table_file(office, &draft).await?;
        let turn = TURNS.take().await?;
        // The first and the longest of those that can be made; which they are, the check knows.
        let sample = |of: fn(&Checked) -> Option<&Sample>| {
            let sample = draft.current_check().and_then(of);
            sample.map_or(Chosen::First, |sample| Chosen::Record(sample.number))
        };
        let chosen = match chosen {
            Chosen::First => sample(|checked| checked.first.as_ref()),
            Chosen::Longest => sample(|checked| checked.longest.as_ref()),
            chosen => chosen,
        };
        let (app, beside) = (self.clone(), Arc::clone(office));
        let (framed, _turn) = aside(move || app.framed(&beside, &draft, data, &chosen).map(|framed| (framed, turn))).await?;
        let Framed { entry, beside, prepared, job } = framed;
        let mut settings = self.pool_settings();
        settings.workers = 1;
        let pool = Arc::new(Pool::start(&settings, &prepared.template.page(), &prepared.fonts));
        let verdict = pool.render(Job { pixels_per_inch, ..job }).await;
        close(pool).await;
        let found = |found: Vec<Diagnostic>| -> Vec<Diagnostic> {
            let own = |one| in_users_file(one, &|field| entry.places.get(field).cloned()).of_record(entry.number, &entry.label);
            found.into_iter().map(own).collect()
        };
        match verdict? {
            Verdict::Done(typeset) => Ok(Preview {
                number: entry.number,
                beside,
                label: entry.label.clone(),
                file: entry.file.clone(),
                pages_drawn: u64::from(typeset.pages),
                took: typeset.compile + typeset.export,
                warnings: found(typeset.warnings.clone()),
                mail: entry.mail.clone(),
                images: typeset.images,
                pdf: typeset.pdf,
            }),
            Verdict::Failed(problems) => Err(found(problems).into()),
            Verdict::Quarantined(problem) => Err(found(vec![*problem]).into()),
        }
    }

    /// The chosen record, planned and framed. Waits for the store: only on a thread that may.
    fn framed(&self, office: &Office, draft: &Draft, data: PathBuf, chosen: &Chosen) -> Result<Framed, AppError> {
        let request = self.request_of(office, draft, data);
        let prepared = self.prepare(&request)?;
        let (mut found, mut before, mut after) = (None, None, None);
        let passed = self.pass(office, &request, &prepared, &mut |entry| {
            if found.is_some() {
                after = Some(entry.number);
                // Enough: the rest need not be checked.
                return Err(StoreError::Unknown { what: String::new() });
            }
            let is_it = match chosen {
                Chosen::First | Chosen::Longest => true,
                Chosen::Record(number) => entry.number == *number,
                Chosen::Row(row) => row_of(&entry) == Some(*row),
            };
            if is_it {
                found = Some(entry);
            } else {
                before = Some(entry.number);
            }
            Ok(())
        });
        let Some(entry) = found else {
            return match passed {
                Err(error) => Err(error),
                Ok(planned) => Err(why_not(planned.diagnostics, chosen).into()),
            };
        };
        let setting = setting_of(&prepared, request.standard);
        let job = job(&claimed(&entry), &setting).map_err(|problem| vec![problem])?;
        Ok(Framed { entry, beside: (before, after), prepared: Box::new(prepared), job })
    }
}

fn row_of(entry: &Entry) -> Option<u64> {
    match entry.places.get("")? {
        Place::Cell { row, .. } => Some(u64::from(*row)),
        Place::Line { line, .. } => Some(*line),
        Place::Pointer { pointer, .. } => pointer.split('/').nth(1)?.parse::<u64>().ok().map(|index| index + 1),
        _ => None,
    }
}

/// What is wrong with the chosen record; when it is not known which that is, that there is none to look at.
fn why_not(found: Vec<Diagnostic>, chosen: &Chosen) -> Vec<Diagnostic> {
    let is_own = |one: &Diagnostic| match (chosen, &one.record, &one.place) {
        (Chosen::Record(number), Some((own, _)), _) => own == number,
        (Chosen::Row(row), _, Some(Place::Cell { row: own, .. })) => u64::from(*own) == *row,
        (Chosen::Row(row), _, Some(Place::Line { line, .. })) => line == row,
        _ => false,
    };
    let own: Vec<Diagnostic> = found.into_iter().filter(|one| one.is_error() && is_own(one)).collect();
    if own.is_empty() { nothing_to_draw() } else { own }
}

fn nothing_to_draw() -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("preview-none", say!("không có bản ghi hợp lệ nào ở đây để xem thử", "there is no valid record here to look at"))
            .remedy(say!("sửa các ô báo lỗi trước", "correct the cells with errors first")),
    ]
}
