//! Setting the pages of records before any of them is accepted: what does not fit is found while it can still be mended.
//!
//! Owns which records of a long list are set, and what is known of a page that was set before: a corrected cell sets one
//! page anew, not all of them. Nothing is signed or kept here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::record::claimed;
use super::{App, AppError, Prepared, close};
use crate::batch::entry::Entry;
use crate::batch::run::job;
use crate::batch::setting::{Setting, Surroundings};
use crate::diagnostic::Diagnostic;
use crate::render_pool::{Pool, Verdict};
use crate::template::hex;
use crate::typeset::Standard;
use crate::typeset::checks::in_users_file;

/// Accepted records up to which every page is set.
const ALL_MAX: usize = 2_000;
/// Of a longer list, the records with the most text that are set.
const LONGEST: usize = 200;
/// Pages that are remembered, over all lists.
const KNOWN_MAX: usize = 20_000;

/// What came of each page that was set, by everything that decides it.
static KNOWN: LazyLock<Mutex<HashMap<String, Known>>> = LazyLock::new(Mutex::default);

/// What came of a page.
#[derive(Debug, Clone, Default)]
struct Known {
    problems: Vec<Diagnostic>,
    pages: u64,
    bytes: u64,
    seconds: f64,
}

/// The accepted records whose pages will be set.
#[derive(Default)]
pub(super) struct Samples {
    kept: Vec<(usize, Entry)>,
    is_cut: bool,
}

impl Samples {
    /// Takes a record, with the length of its text.
    pub(super) fn take(&mut self, length: usize, entry: Entry) {
        self.kept.push((length, entry));
        let most = if self.is_cut { 2 * LONGEST } else { ALL_MAX };
        if self.kept.len() > most {
            self.is_cut = true;
            self.kept.sort_by_key(|(length, entry)| (Reverse(*length), entry.number));
            self.kept.truncate(LONGEST);
        }
    }
}

/// What setting pages came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Records that do not fit, by their numbers, with what is wrong.
    pub unfit: BTreeMap<u64, Vec<Diagnostic>>,
    /// Documents that were set and fit.
    pub documents: u64,
    /// Pages of those.
    pub pages: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Seconds of one processor that they took.
    pub seconds: f64,
}

impl Fitted {
    fn note(&mut self, entry: &Entry, known: &Known) {
        if known.problems.is_empty() {
            self.documents += 1;
            self.pages += known.pages;
            self.bytes += known.bytes;
            self.seconds += known.seconds;
            return;
        }
        let own =
            |one: &Diagnostic| in_users_file(one.clone(), &|field| entry.places.get(field).cloned()).of_record(entry.number, &entry.label);
        self.unfit.insert(entry.number, known.problems.iter().map(own).collect());
    }
}

impl Known {
    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Done(typeset) => Self {
                problems: Vec::new(),
                pages: u64::from(typeset.pages),
                bytes: typeset.pdf.len() as u64,
                seconds: (typeset.compile + typeset.export).as_secs_f64(),
            },
            Verdict::Failed(problems) => Self { problems, ..Self::default() },
            Verdict::Quarantined(problem) => Self { problems: vec![*problem], ..Self::default() },
        }
    }
}

impl App {
    /// Sets the pages of records, each as its batch would.
    pub(super) async fn fitted(&self, prepared: &Prepared, standard: Standard, samples: Samples) -> Result<Fitted, AppError> {
        let mut fitted = Fitted::default();
        if samples.kept.is_empty() {
            return Ok(fitted);
        }
        let setting = setting_of(prepared, standard);
        let shared = serde_json::to_string(&setting).map_err(|_| AppError::Damaged { what: "setting" })?;
        let shared = hex(&Sha256::digest(shared.as_bytes()));
        let mut waiting = Vec::new();
        for (_, entry) in samples.kept {
            let key = format!("{shared} {}", entry.digest);
            let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            match known {
                Some(known) => fitted.note(&entry, &known),
                None => waiting.push((key, entry)),
            }
        }
        if waiting.is_empty() {
            return Ok(fitted);
        }
        let mut settings = self.pool_settings();
        settings.workers = settings.workers.clamp(1, waiting.len());
        let at_once = 2 * settings.workers;
        let pool = Arc::new(Pool::start(&settings, &prepared.template.page(), &prepared.fonts));
        let (own, own_setting) = (&pool, &setting);
        let set = stream::iter(waiting)
            .map(|(key, entry)| async move {
                let known = match job(&claimed(&entry), own_setting) {
                    Ok(job) => own.render(job).await.map(Known::of),
                    Err(problem) => Ok(Known { problems: vec![problem], ..Known::default() }),
                };
                (key, entry, known)
            })
            .buffer_unordered(at_once)
            .collect::<Vec<_>>()
            .await;
        close(pool).await;
        for (key, entry, known) in set {
            let known = known?;
            fitted.note(&entry, &known);
            let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= KNOWN_MAX {
                all.clear();
            }
            all.insert(key, known);
        }
        Ok(fitted)
    }
}

/// What the pages of a request share, for looking at them.
pub(super) fn setting_of(prepared: &Prepared, standard: Standard) -> Setting {
    let surroundings = Surroundings {
        template: &prepared.template,
        organisation: &prepared.organisation,
        options: &prepared.options,
        stock: &prepared.stock,
        standard,
        fonts: &prepared.fonts,
        data_file: String::new(),
        data_sha256: String::new(),
        mail: None,
        verify: None,
    };
    Setting::freeze(surroundings).0
}
