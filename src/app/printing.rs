//! The documents of a batch for the paper at hand: with the picture of the stock, or only what the stock lacks.
//!
//! Owns drawing them anew from what was kept with the batch, with the other version of the stock, into one PDF for the printer.
//! The documents themselves stay what they are.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use super::complete::stored;
use super::office::Office;
use super::turns::Turns;
use super::watch::{HandedOut, none_stands, open};
use super::{App, AppError, close};
use crate::access::Principal;
use crate::batch::Request;
use crate::batch::merge::Merge;
use crate::batch::outputs::OutputError;
use crate::batch::run::job;
use crate::batch::setting::Setting;
use crate::diagnostic::Diagnostic;
use crate::render_pool::{Pool, Verdict};
use crate::say;
use crate::storage::StorageError;
use crate::store::StoreError;
use crate::store::batches::Batch;
use crate::store::records::Standing;

/// Documents drawn for one file, at most: a request waits for it.
const DOCUMENTS_MAX: u64 = 2_000;
/// Records read at once.
const PAGE: u32 = 500;
/// What the file for the stock, and the one with its picture, are called in the audit log.
const OVERPRINT: &str = "in-phoi.pdf";
const FULL: &str = "day-du.pdf";
/// The template of the calibration sheet.
const CALIBRATION: &str = "to-can-chinh";
/// Fineness of pictures that nobody looks at.
const PIXELS_PER_INCH: f64 = 36.0;

/// One such file is drawn at a time.
static TURNS: Turns = Turns::new(1, 4, Duration::from_secs(10));

impl App {
    /// The sheet on which is measured how far a printer misses, as a PDF.
    pub async fn calibration_sheet(&self) -> Result<Vec<u8>, AppError> {
        let request = Request { template: CALIBRATION.to_owned(), ..Request::default() };
        let made = self.preview(&request, PIXELS_PER_INCH).await?;
        made.into_iter().next().map(|(_, typeset)| typeset.pdf).ok_or(AppError::Damaged { what: "calibration sheet" })
    }

    /// For `asker`, with the fetch noted, one PDF of the documents of a batch that still stand: with `overprint` only what the
    /// stock lacks, moved by the offset of `printer`; else everything.
    pub async fn printed(
        &self,
        office: &Office,
        asker: &Principal,
        batch: &Batch,
        overprint: bool,
        printer: Option<&str>,
    ) -> Result<HandedOut, AppError> {
        let request: Request = stored(&batch.request, "request")?;
        let Some(stock) = &request.stock else {
            return Err(StoreError::Unknown { what: format!("stock of batch {}", batch.id) }.into());
        };
        if batch.accepted > DOCUMENTS_MAX {
            return Err(AppError::Input(vec![
                Diagnostic::error(
                    "print-too-many",
                    say!(
                        "lô có hơn {DOCUMENTS_MAX} văn bản, quá nhiều cho một tệp in",
                        "the batch has more than {DOCUMENTS_MAX} documents"
                    ),
                )
                .remedy(say!("chia danh sách thành nhiều lô", "split the list into several batches")),
            ]));
        }
        let stock = self.workspace.stock(stock)?;
        let printer = printer.map(|name| self.workspace.printer(name)).transpose()?.unwrap_or_default();
        let mut setting: Setting = stored(&batch.setting, "setting")?;
        let (value, files) = stock.for_templates(self.workspace.folder.as_deref(), printer, overprint, setting.standard)?;
        setting.stock = value;
        let mut page = setting.page(&office.store).await?;
        page.files.extend(files);
        let fonts = self.catalog.fonts()?;
        let scratch = self.scratch(office, "in").await?;
        let _turn = TURNS.take().await?;
        let settings = self.pool_settings();
        let ahead = settings.workers.max(1) * 2;
        let pool = Arc::new(Pool::start(&settings, &page, &fonts));
        let result = self.draw_all(office, batch, &setting, &pool, ahead, &scratch).await;
        close(pool).await;
        let opened = result.and_then(|()| open(&scratch));
        // Open files outlive their names.
        let _ = std::fs::remove_file(&scratch);
        let opened = opened?;
        self.note_fetch(office, asker, batch, if overprint { OVERPRINT } else { FULL }).await?;
        Ok(opened)
    }

    async fn draw_all(
        &self,
        office: &Office,
        batch: &Batch,
        setting: &Setting,
        pool: &Arc<Pool>,
        ahead: usize,
        path: &std::path::Path,
    ) -> Result<(), AppError> {
        let output = BufWriter::new(File::create(path).map_err(StorageError::write(path))?);
        let mut merge = Merge::new(output).map_err(OutputError::from)?;
        let mut from = 0;
        let (mut problems, mut any) = (Vec::new(), false);
        loop {
            let standings = office.store.standings(&batch.id, from, PAGE).await?;
            let Some(last) = standings.last() else { break };
            from = last.position + 1;
            let mut jobs = Vec::new();
            for standing in standings.into_iter().filter(Standing::stands) {
                let record = office.store.record(&batch.id, standing.number).await?;
                let job = job(&record, setting).map_err(|problem| vec![problem])?;
                let pool = Arc::clone(pool);
                any = true;
                jobs.push(async move { (standing.number, standing.label, standing.file, pool.render(job).await) });
            }
            let mut drawn = stream::iter(jobs).buffered(ahead);
            while let Some((number, label, file, verdict)) = drawn.next().await {
                match verdict? {
                    Verdict::Done(typeset) => merge.add(&file, &typeset.pdf).map_err(OutputError::from)?,
                    Verdict::Failed(found) => problems.extend(found.into_iter().map(|problem| problem.of_record(number, &label))),
                    Verdict::Quarantined(problem) => problems.push((*problem).of_record(number, &label)),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        if !any {
            return Err(none_stands());
        }
        merge.finish().map_err(OutputError::from)?.flush().map_err(StorageError::write(path))?;
        Ok(())
    }
}
