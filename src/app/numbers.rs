//! Registers as pages and programs see them: only one's own, a line found among many, the printed book as bytes.
//!
//! Owns whose a register is. One that names no organisation is everybody's, as the book of an office that several bodies share.

use super::office::Office;
use super::registers::Series;
use super::{App, AppError};
use crate::access::Principal;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::store::StoreError;
use crate::store::registers::{Entry, EntryState, Particulars};

/// The longest text of a line that is entered by hand, in characters.
const TEXT_MAX: usize = 500;
/// Years that a register may have.
const YEARS: std::ops::RangeInclusive<i16> = 1945..=2100;

impl App {
    /// Every register that `asker` sees, with its periods, the latest first.
    pub async fn registers_seen(&self, office: &Office, asker: &Principal) -> Result<Vec<Series>, AppError> {
        let mut all = self.registers(office).await?;
        all.retain(|series| series.register.organisation.is_none() || asker.sees(series.register.organisation.as_deref()));
        Ok(all)
    }

    /// One period of a register that `asker` sees; the present one when none is named.
    pub async fn series_seen(&self, office: &Office, asker: &Principal, name: &str, period: Option<&str>) -> Result<Series, AppError> {
        let unknown = || AppError::Store(StoreError::Unknown { what: format!("register {name}") });
        let register = self.workspace.config.registers.get(name).ok_or_else(unknown)?;
        if register.organisation.is_some() && !asker.sees(register.organisation.as_deref()) {
            return Err(unknown());
        }
        let Some(period) = period else { return self.series(office, name, None).await };
        let year = period.parse::<i16>().ok().filter(|year| YEARS.contains(year));
        let fits = if register.is_yearly() { year.is_some_and(|year| year.to_string() == period) } else { register.period(0) == period };
        if !fits {
            return Err(unknown());
        }
        self.series(office, name, Some(year.unwrap_or_default())).await
    }

    /// The periods of a register, the latest first; that of `series` among them.
    pub async fn periods(&self, office: &Office, series: &Series) -> Result<Vec<String>, AppError> {
        let mut periods: Vec<String> = office.store.periods(&series.register.key).await?.into_iter().map(|(period, _)| period).collect();
        if !periods.contains(&series.period) {
            periods.insert(0, series.period.clone());
        }
        Ok(periods)
    }

    /// Lines of a series that hold `words` in any spelling, the highest number first, below number `below`.
    pub async fn find_entries(
        &self,
        office: &Office,
        series: &Series,
        words: &str,
        state: Option<EntryState>,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, AppError> {
        Ok(office.store.find_entries(&series.register.key, &series.period, words, state, below, limit).await?)
    }
}

/// What is wrong with a line that is entered by hand.
pub(super) fn particulars_problems(particulars: &Particulars) -> Vec<Diagnostic> {
    let Particulars { code, date, subject, signatory, recipient, keeper, copies, note } = particulars;
    let mut problems = Vec::new();
    if date.parse::<jiff::civil::Date>().is_err() {
        problems.push(
            Diagnostic::error("date-not-real", say!("không phải ngày có thật", "is not a real date"))
                .with_value(date)
                .remedy(say!("ghi ngày/tháng/năm, ví dụ 27/12/2019", "write day/month/year, such as 27/12/2019")),
        );
    }
    if subject.trim().is_empty() {
        problems.push(Diagnostic::error("subject-missing", say!("chưa ghi tên loại và trích yếu", "kind and summary are missing")));
    }
    for text in [code, subject, signatory, recipient, keeper, note] {
        if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) {
            let message = say!(
                "dài quá {TEXT_MAX} ký tự hoặc có ký tự điều khiển",
                "is longer than {TEXT_MAX} characters or holds control characters"
            );
            problems.push(Diagnostic::error("text-unfit", message).with_value(text));
        }
    }
    if !(1..=10_000).contains(copies) {
        problems.push(
            Diagnostic::error("copies", say!("số bản phải từ 1 đến 10000", "copies must be from 1 to 10000"))
                .with_value(copies.to_string()),
        );
    }
    problems
}
