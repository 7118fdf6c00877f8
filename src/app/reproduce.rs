//! Making an old document again from what was kept with its batch, and holding the bytes against those that were made.
//!
//! Owns the comparison. The page comes from the store by its hashes, whatever the workspace's templates and organisation say
//! today; only the fonts must still be there, for their bytes are not kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::complete::stored;
use super::office::Office;
use super::{App, AppError, close, views};
use crate::batch::outcome::Outcome;
use crate::batch::run::job;
use crate::batch::setting::Setting;
use crate::diagnostic::Diagnostic;
use crate::render_pool::{Pool, Verdict};
use crate::say;
use crate::storage::hash_bytes;
use crate::store::batches::Batch;

/// Documents written or compared at once.
const GROUP: usize = 100;

/// One document that was made again.
#[derive(Debug)]
pub struct Reproduced {
    /// Its record.
    pub number: u64,
    /// A name a person recognises.
    pub label: String,
    /// SHA-256 of the bytes as they were made at first.
    pub sha256: String,
    /// SHA-256 of the bytes now; none when it cannot be made any more.
    pub again: Option<String>,
    /// Where it was written, when that was asked for.
    pub file: Option<PathBuf>,
    /// Why it cannot be made.
    pub reasons: Vec<Diagnostic>,
}

impl Reproduced {
    /// Are the bytes the same?
    pub fn is_equal(&self) -> bool {
        self.again.as_ref() == Some(&self.sha256)
    }
}

impl App {
    /// Makes the documents of a batch again, or that of one record; with `out` they are written there. What hinders equal
    /// bytes without hindering the making comes as warnings.
    pub async fn reproduce(
        &self,
        office: &Office,
        batch: &Batch,
        record: Option<u64>,
        out: Option<&Path>,
    ) -> Result<(Vec<Reproduced>, Vec<Diagnostic>), AppError> {
        let setting: Setting = stored(&batch.setting, "setting")?;
        let fonts = self.catalog.fonts()?;
        let changed = setting.changed_fonts(&fonts);
        if !changed.is_empty() {
            return Err(fonts_changed(&changed).into());
        }
        let mut wanted = self.records(office, &batch.id).await?;
        wanted.retain(|outcome| outcome.made.is_some() && record.is_none_or(|number| outcome.number == number));
        if wanted.is_empty() {
            return Err(AppError::Input(vec![nothing_made(record)]));
        }
        let pool = Arc::new(Pool::start(&self.pool_settings(), &setting.page(&office.store).await?, &fonts));
        let result = self.make_again(office, batch, &setting, &pool, wanted, out).await;
        close(pool).await;
        Ok((result?, another_program(&setting).into_iter().collect()))
    }

    async fn make_again(
        &self,
        office: &Office,
        batch: &Batch,
        setting: &Setting,
        pool: &Arc<Pool>,
        wanted: Vec<Outcome>,
        out: Option<&Path>,
    ) -> Result<Vec<Reproduced>, AppError> {
        let mut all = Vec::new();
        for group in wanted.chunks(GROUP) {
            let mut files = Vec::new();
            for outcome in group {
                let Some(made) = &outcome.made else { continue };
                let record = office.store.record(&batch.id, outcome.number).await?;
                let verdict = match job(&record, setting) {
                    Ok(job) => pool.render(job).await?,
                    Err(problem) => Verdict::Failed(vec![problem]),
                };
                let (again, reasons) = match verdict {
                    Verdict::Done(typeset) => {
                        let again = hash_bytes(&typeset.pdf);
                        files.push((made.file.clone(), typeset.pdf));
                        (Some(again), Vec::new())
                    }
                    Verdict::Failed(problems) => (None, problems),
                    Verdict::Quarantined(problem) => (None, vec![*problem]),
                };
                let file = out.filter(|_| again.is_some()).map(|folder| folder.join(&made.file));
                let (number, label) = (outcome.number, outcome.label.clone());
                let reasons = reasons.into_iter().map(|reason| reason.of_record(number, &label)).collect();
                all.push(Reproduced { number, label, sha256: made.sha256.clone(), again, file, reasons });
            }
            if let Some(folder) = out {
                views::write(folder, &files)?;
            }
        }
        Ok(all)
    }
}

fn nothing_made(record: Option<u64>) -> Diagnostic {
    match record {
        Some(number) => Diagnostic::error(
            "document-unknown",
            say!("bản ghi {number} của lô này không có văn bản", "record {number} of this batch has no document"),
        ),
        None => Diagnostic::error("document-unknown", say!("lô này không có văn bản nào", "this batch has no document")),
    }
}

fn another_program(setting: &Setting) -> Option<Diagnostic> {
    let (then, now) = (&setting.program, env!("CARGO_PKG_VERSION"));
    (then != now).then(|| {
        Diagnostic::warning(
            "program-changed",
            say!(
                "lô do vanthu {then} làm, nay là {now}: văn bản có thể khác từng byte",
                "the batch was made by vanthu {then}, this is {now}: the bytes may differ"
            ),
        )
        .remedy(say!("dùng bản {then} nếu cần đúng từng byte", "use version {then} where the very bytes are needed"))
    })
}

/// Fonts that are gone or are others than those of the batch.
pub(super) fn fonts_changed(fonts: &[String]) -> Vec<Diagnostic> {
    fonts
        .iter()
        .map(|font| {
            Diagnostic::error(
                "font-changed",
                say!("phông “{font}” không còn như khi lập lô này", "the font `{font}` is not what it was when the batch was planned"),
            )
            .remedy(say!("chép lại đúng tệp phông cũ vào phong-chu/", "put the old font file back into phong-chu/"))
        })
        .collect()
}
