//! Checking a draft, and what it would come to: documents, pages, time, size, messages by domain, the relay's quota.
//!
//! Owns what is kept of a check with its draft. A check plans exactly as the batch will, numbers included, and keeps nothing
//! of the records.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::SemaphorePermit;

use super::{Asker, Chosen, Draft, Named, aside};
use crate::app::fit::{Fitted, Samples};
use crate::app::issued::{ISSUED, Identities};
use crate::app::office::Office;
use crate::app::turns::Turns;
use crate::app::{App, AppError, Prepared};
use crate::batch::entry::Entry;
use crate::batch::{Planned, Request};
use crate::config::mail::FOLDER_RELAY;
use crate::data::COMMON_SHEET;
use crate::diagnostic::{Diagnostic, Place, any_error};
use crate::say;
use crate::store::StoreError;

/// Rows up to which a draft is checked after each change by itself.
pub(super) const ROWS_AT_ONCE: u64 = 3_000;
/// Checks and previews at a time; more of them wait.
const AT_ONCE: usize = 2;
/// Domains that are named; the rest is counted together.
const DOMAINS_MAX: usize = 50;
/// The name of that rest.
const OTHER_DOMAINS: &str = "…";

/// Checks and previews take turns.
pub(super) static TURNS: Turns = Turns::new(AT_ONCE, 16, Duration::from_secs(10));

/// Which record is shown.
pub type Sample = Named;

/// What a check found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Checked {
    /// The revision that it was a check of.
    pub revision: u64,
    /// Records that would be made.
    pub accepted: u64,
    /// Records that cannot.
    pub rejected: u64,
    /// Everything found.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there were.
    pub unshown: u64,
    /// The sheet that was read.
    pub sheet: Option<String>,
    /// Row of the headings.
    pub heading_row: Option<u64>,
    /// Headings with their columns.
    pub columns: Vec<(String, u32)>,
    /// The first record that would be made.
    pub first: Option<Sample>,
    /// The one with the most text.
    pub longest: Option<Sample>,
    /// Messages by the recipients' domains.
    pub mails: BTreeMap<String, u64>,
    /// Records that would be made and sent to nobody.
    pub unaddressed: u64,
    /// Records that would be made and have addresses, all of them good, whether anything is sent or not.
    #[serde(default)]
    pub addressed: u64,
    /// Records that would be made and have an address that is none.
    #[serde(default)]
    pub misaddressed: u64,
    /// Numbers that would be taken: register, period, first, last.
    pub numbers: Vec<(String, String, i64, i64)>,
    /// What it would come to.
    pub estimate: Option<Estimate>,
    /// What setting its pages came to.
    #[serde(default)]
    pub fitted: Fitted,
    /// The sheets that fit equally well, when a person should say which one is the list.
    #[serde(default)]
    pub alike: Vec<String>,
    /// Rows that name another form of document than the template's.
    #[serde(default)]
    pub other_forms: u64,
}

/// What a draft would come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Documents.
    pub documents: u64,
    /// Pages of all of them.
    pub pages: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Time until all are made.
    pub seconds: f64,
    /// Messages.
    pub messages: u64,
    /// What the relay lets through.
    pub quota: Option<Quota>,
}

/// What a relay lets through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The relay; none when messages are left as files.
    pub relay: Option<String>,
    /// Messages in a minute.
    pub per_minute: Option<u32>,
    /// Messages in any 24 hours.
    pub per_day: Option<u32>,
    /// Sent in the last 24 hours.
    pub sent: u64,
    /// Minutes until the last message has left, by these limits.
    pub minutes: u64,
}

impl Checked {
    /// Can it become a batch? With `only_valid`, bad records are left out.
    pub fn is_ready(&self, only_valid: bool) -> bool {
        let file_wrong = self.rejected == 0 && any_error(&self.diagnostics);
        self.accepted > 0 && !file_wrong && (self.rejected == 0 || only_valid)
    }

    /// The sheet that was read; where the file was refused as a whole, the one that the findings stand in.
    pub(super) fn sheet_read(&self) -> Option<&str> {
        let found = self.diagnostics.iter().find_map(|diagnostic| match &diagnostic.place {
            Some(Place::Cell { sheet, .. }) if sheet != COMMON_SHEET => Some(sheet.as_str()),
            _ => None,
        });
        self.sheet.as_deref().or(found)
    }

    /// Does it tell of people for whom a document stands already?
    pub fn already_issued(&self) -> Option<&Diagnostic> {
        self.diagnostics.iter().find(|diagnostic| diagnostic.code == ISSUED)
    }

    /// How many findings stop a record or the whole.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    fn of(planned: Planned, tally: Tally) -> Self {
        Self {
            accepted: planned.accepted,
            rejected: planned.rejected,
            diagnostics: planned.diagnostics.into_iter().map(for_a_page).collect(),
            unshown: planned.unshown,
            sheet: planned.sheet,
            heading_row: planned.heading_row,
            alike: planned.alike,
            other_forms: planned.other_forms,
            columns: planned.headings.into_iter().zip(0..).collect(),
            first: tally.first,
            longest: tally.longest.map(|(_, sample)| sample),
            mails: tally.mails,
            unaddressed: tally.unaddressed,
            addressed: tally.addressed,
            misaddressed: tally.misaddressed,
            numbers: tally.numbers.into_iter().map(|((register, period), (first, last))| (register, period, first, last)).collect(),
            ..Self::default()
        }
    }

    fn refused(diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics: diagnostics.into_iter().map(for_a_page).collect(), ..Self::default() }
    }
}

/// A finding whose remedy is a step on the page, where the command line has an option.
pub fn for_a_page(diagnostic: Diagnostic) -> Diagnostic {
    let is_of_the_command_line = diagnostic.remedy.as_ref().is_some_and(|remedy| remedy.vi.contains("--"));
    let remedy = match diagnostic.code.as_ref() {
        "sheets-unread" | "sheet-missing" | "sheet-unfit" if is_of_the_command_line => {
            say!("nếu cần trang khác, chọn trang đó phía trên bảng", "if another one is meant, choose it above the table")
        }
        "common-missing" if matches!(diagnostic.place, Some(Place::File { .. })) => say!(
            "điền ở bước Tùy chọn, hoặc ghi vào trang tính “Chung” rồi nộp lại tệp",
            "fill it in at the step Options, or write it into the sheet “Chung” and hand the file in again"
        ),
        "number-given" => say!(
            "xóa ô này; muốn giữ số riêng thì chọn “Không lấy số của sổ” ở bước Tùy chọn",
            "clear the cell; to keep numbers of your own, choose no register at the step Options"
        ),
        _ if is_of_the_command_line => return Diagnostic { remedy: None, ..diagnostic },
        _ => return diagnostic,
    };
    diagnostic.remedy(remedy)
}

/// What is counted of the records while they pass.
#[derive(Default)]
struct Tally {
    first: Option<Sample>,
    longest: Option<(usize, Sample)>,
    mails: BTreeMap<String, u64>,
    unaddressed: u64,
    addressed: u64,
    misaddressed: u64,
    numbers: BTreeMap<(String, String), (i64, i64)>,
}

/// What planning a draft came to.
struct Looked {
    planned: Planned,
    tally: Tally,
    samples: Samples,
    identities: Identities,
}

impl Tally {
    /// Counts a record; the length of its text.
    fn count(&mut self, entry: &Entry, is_sent: bool) -> usize {
        let sample = || Sample { number: entry.number, label: entry.label.clone() };
        self.first.get_or_insert_with(sample);
        if let Some(claim) = &entry.claim {
            let taken = self.numbers.entry((claim.register.clone(), claim.period.clone())).or_insert((claim.number, claim.number));
            *taken = (taken.0.min(claim.number), taken.1.max(claim.number));
        }
        let length = entry.content.to_string().len();
        if self.longest.as_ref().is_none_or(|(longest, _)| length > *longest) {
            self.longest = Some((length, sample()));
        }
        self.misaddressed += u64::from(entry.addresses.bad > 0);
        self.addressed += u64::from(entry.addresses.bad == 0 && entry.addresses.good > 0);
        let to = entry.mail.iter().flat_map(|mail| &mail.to);
        let mut any = false;
        for address in to {
            any = true;
            let domain = address.rsplit_once('@').map_or(OTHER_DOMAINS, |(_, domain)| domain).to_lowercase();
            let named = self.mails.len() < DOMAINS_MAX || self.mails.contains_key(&domain);
            *self.mails.entry(if named { domain } else { OTHER_DOMAINS.to_owned() }).or_default() += 1;
        }
        self.unaddressed += u64::from(is_sent && !any);
        length
    }
}

impl App {
    /// Checks a draft as it stands, and keeps what was found with it.
    pub async fn check_draft(&self, office: &Arc<Office>, asker: Asker<'_>, id: &str) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        if draft.file.is_none() {
            return Ok(draft);
        }
        let data = self.table_file(office, &draft).await?;
        let turn = TURNS.take().await?;
        let checked = self.checked(office, &draft, data, turn).await?;
        let checked = Checked { revision: draft.revision, ..checked };
        self.keep(office, &draft, checked).await
    }

    async fn keep(&self, office: &Office, draft: &Draft, checked: Checked) -> Result<Draft, AppError> {
        let json = serde_json::to_string(&checked).map_err(|_| AppError::Damaged { what: "check" })?;
        office.store.keep_check(&draft.id, checked.revision, &json).await?;
        Ok(Draft { checked: Some(checked), ..draft.clone() })
    }

    /// Plans the draft, sets its pages, and plans it again without the records that do not fit: numbers and counts are of those
    /// that would be made.
    async fn checked(
        &self,
        office: &Arc<Office>,
        draft: &Draft,
        data: PathBuf,
        turn: SemaphorePermit<'static>,
    ) -> Result<Checked, AppError> {
        let request = Arc::new(self.request_of(office, draft, data));
        let (app, beside, own) = (self.clone(), Arc::clone(office), Arc::clone(&request));
        let first = aside(move || {
            let prepared = app.prepare(&own)?;
            let looked = app.looked(&beside, &own, &prepared)?;
            // The place is free when the work is done, also when nobody waits for it any more.
            Ok((Box::new(prepared), looked, turn))
        });
        let (mut prepared, Looked { mut planned, mut tally, samples, identities }, _turn) = match first.await {
            Ok(first) => first,
            Err(AppError::Input(found)) => return Ok(Checked::refused(found)),
            Err(error) => return Err(error),
        };
        let fitted = self.fitted(&prepared, request.standard, samples).await?;
        let issued = self.issued_warning(office, &request, &prepared, &identities).await?;
        if !fitted.unfit.is_empty() {
            prepared.unfit = fitted.unfit.clone();
            let (app, beside) = (self.clone(), Arc::clone(office));
            Looked { planned, tally, .. } = aside(move || app.looked(&beside, &request, &prepared)).await?;
        }
        planned.diagnostics.splice(..0, issued);
        Ok(Checked { fitted, ..Checked::of(planned, tally) })
    }

    fn looked(&self, office: &Office, request: &Request, prepared: &Prepared) -> Result<Looked, AppError> {
        let (mut tally, mut samples, mut identities) = (Tally::default(), Samples::default(), Identities::default());
        let is_sent = request.mail.is_some();
        let planned = self.pass(office, request, prepared, &mut |entry| {
            let length = tally.count(&entry, is_sent);
            identities.take(prepared, &entry);
            samples.take(length, entry);
            Ok(())
        })?;
        Ok(Looked { planned, tally, samples, identities })
    }

    /// Plans a request as its batch would, and keeps nothing. Waits for the store: only on a thread that may.
    pub(super) fn pass(
        &self,
        office: &Office,
        request: &Request,
        prepared: &Prepared,
        sink: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
    ) -> Result<Planned, AppError> {
        let runtime = tokio::runtime::Handle::current();
        let store = &office.store;
        let output = office.key_of(&request.output);
        let load = |period: &str| {
            let register = prepared.register.as_ref().map(|register| register.key.as_str()).unwrap_or_default();
            runtime.block_on(async { Ok((store.last_number(register, period).await?, store.numbers_of(register, period, &output).await?)) })
        };
        let mut numbering = self.numbering(prepared, &output, &load)?;
        if let Some(numbering) = &mut numbering
            && prepared.order.is_some()
        {
            let order = self.plan(request, prepared, None, Some(&mut *numbering), &mut |_| Ok(()))?.order;
            numbering.in_order(&order);
        }
        Ok(self.plan(request, prepared, None, numbering.as_mut(), sink)?)
    }

    /// What a checked draft would come to: what its pages came to when all were set, else what its first and its longest record
    /// come to.
    pub async fn estimate(&self, office: &Arc<Office>, asker: Asker<'_>, id: &str) -> Result<Estimate, AppError> {
        let draft = match self.draft(office, asker, id).await? {
            draft if draft.current_check().is_some() => draft,
            _ => self.check_draft(office, asker, id).await?,
        };
        let Some(checked) = draft.current_check() else { return Ok(Estimate::default()) };
        if let Some(estimate) = &checked.estimate {
            let mut estimate = estimate.clone();
            // What others send meanwhile uses the quota, too.
            if draft.request.mail.is_some() {
                estimate.quota = Some(self.quota(office, &draft, estimate.messages).await?);
            }
            return Ok(estimate);
        }
        let documents = checked.accepted;
        let mut estimate = Estimate { documents, messages: checked.mails.values().sum(), ..Estimate::default() };
        let workers = self.pool_settings().workers.max(1) as f64;
        let fitted = &checked.fitted;
        if documents > 0 && fitted.documents == documents {
            estimate.pages = fitted.pages;
            estimate.bytes = fitted.bytes;
            estimate.seconds = START.as_secs_f64() + (fitted.seconds + documents as f64 * COMMIT.as_secs_f64()) / workers;
        } else if documents > 0 {
            let mut drawn = Vec::new();
            for chosen in [Chosen::First, Chosen::Longest] {
                drawn.push(self.draft_preview(office, asker, id, chosen, None).await?);
            }
            let count = drawn.len() as u64;
            let mean = |of: &dyn Fn(&super::Preview) -> u64| (drawn.iter().map(of).sum::<u64>() * documents).div_ceil(count);
            estimate.pages = mean(&|drawn| drawn.pages_drawn);
            estimate.bytes = mean(&|drawn| drawn.pdf.len() as u64);
            // The first one bears the cost of cold caches, which each worker pays once.
            let (cold, warm) = (drawn[0].took.as_secs_f64(), drawn[1].took.as_secs_f64());
            estimate.seconds = START.as_secs_f64() + cold + documents.saturating_sub(1) as f64 * (warm + COMMIT.as_secs_f64()) / workers;
        }
        if draft.request.mail.is_some() {
            estimate.quota = Some(self.quota(office, &draft, estimate.messages).await?);
        }
        let checked = Checked { estimate: Some(estimate.clone()), ..checked.clone() };
        self.keep(office, &draft, checked).await?;
        Ok(estimate)
    }

    async fn quota(&self, office: &Office, draft: &Draft, messages: u64) -> Result<Quota, AppError> {
        let current = self.workspace.current();
        let config = &current.mail;
        let name = config.relay_name(draft.request.mail.as_ref().and_then(|mail| mail.relay.as_deref()))?;
        let Some(relay) = config.relays.get(&name).filter(|_| name != FOLDER_RELAY) else { return Ok(Quota::default()) };
        let rate = relay.rate();
        let sent = office.store.sent_in_a_day(&name).await?;
        let by_minute = rate.per_minute.map_or(0, |most| messages.div_ceil(u64::from(most.max(1))));
        let by_day = rate.per_day.map_or(0, |most| {
            let today = u64::from(most).saturating_sub(sent);
            messages.saturating_sub(today).div_ceil(u64::from(most.max(1))) * 24 * 60
        });
        Ok(Quota { relay: Some(name), per_minute: rate.per_minute, per_day: rate.per_day, sent, minutes: by_minute.max(by_day) })
    }
}

/// Until workers are ready (measured).
const START: Duration = Duration::from_millis(600);
/// What keeping a document costs beside drawing it (measured: a commit and two syncs for a group of them).
const COMMIT: Duration = Duration::from_millis(2);
