//! Schedules as values: the rule, the calendar it moves in, and what becomes of each slot. Pure: time is an argument.
//!
//! [`Schedule`] is `[schedules.NAME]` of the configuration. [`cron`] reads its fields, [`recurrence`] makes instants of
//! them, [`describe`](recurrence::Recurrence::describe) tells them; [`holidays`] and, below it, [`lunar`] know the working
//! days of Viet Nam; [`occurrence`] decides after a pause. Firing, storing and running are the scheduler's.

pub mod cron;
mod describe;
pub mod holidays;
pub mod lunar;
pub mod occurrence;
pub mod recurrence;

use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use holidays::Calendar;
use occurrence::{Misfire, Overlap, Policy, UNFINISHED_MAX};
use recurrence::{Recurrence, WorkingDay, ZONE_DEFAULT};

/// When a schedule fires and how it meets pauses: the timing part of `[schedules.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Five fields: minute, hour, day of the month, month, day of the week. Beside the usual forms: `L` the last day,
    /// `LW` the last and `1W` the first working day of the month, `1#2` the second Monday, `5L` the last Friday.
    pub cron: String,
    /// IANA name of the zone that the fields are read in.
    #[serde(default = "zone_default")]
    pub zone: String,
    /// What happens on days off: `same` (default), `next`, `previous`, `only`.
    #[serde(default)]
    pub working_day: WorkingDay,
    /// What happens to missed slots: `run_latest` (default), `skip`, `{ run_all = n }`.
    #[serde(default)]
    pub misfire: Misfire,
    /// What happens to a slot during a run: `skip` (default), `queue`.
    #[serde(default)]
    pub overlap: Overlap,
    /// Lateness above which a slot no longer runs, such as `90m`, `6h` or `2d`. Default: none.
    pub max_lateness: Option<String>,
}

fn zone_default() -> String {
    ZONE_DEFAULT.to_owned()
}

impl Schedule {
    /// The rule and the policy, or everything that is wrong with them. `name` is the schedule's, `file` the configuration's.
    pub fn read(&self, file: &str, name: &str, calendar: &Arc<Calendar>) -> Result<(Recurrence, Policy), Vec<Diagnostic>> {
        let rule = Recurrence::new(&self.cron, &self.zone, self.working_day, Arc::clone(calendar));
        let mut problems = Vec::new();
        let max_lateness = self.max_lateness.as_deref().and_then(|text| duration(text).map_err(|problem| problems.push(problem)).ok());
        if let Misfire::RunAll(most) = self.misfire
            && !(1..=UNFINISHED_MAX).contains(&(most as usize))
        {
            let message = say!("misfire.run_all phải từ 1 đến {UNFINISHED_MAX}", "misfire.run_all must be from 1 to {UNFINISHED_MAX}");
            problems.push(Diagnostic::error("schedule-misfire", message).with_value(most.to_string()));
        }
        match rule {
            Ok(rule) if problems.is_empty() => Ok((rule, Policy { misfire: self.misfire, overlap: self.overlap, max_lateness })),
            rule => {
                problems.splice(0..0, rule.err().into_iter().flatten());
                let place = Place::File { file: format!("{file} [schedules.{name}]") };
                Err(problems.into_iter().map(|problem| problem.at(place.clone())).collect())
            }
        }
    }

    /// What is wrong with it.
    pub fn problems(&self, file: &str, name: &str, calendar: &Arc<Calendar>) -> Vec<Diagnostic> {
        self.read(file, name, calendar).err().unwrap_or_default()
    }
}

/// A whole number of minutes, hours or days: at least a minute, the least a schedule can tell apart, at most a year.
fn duration(text: &str) -> Result<SignedDuration, Diagnostic> {
    let wrong = || {
        let message = say!("khoảng thời gian sai: từ 1 phút đến 365 ngày", "this is not a span of time from a minute to 365 days");
        let remedy = say!("số và đơn vị m, h hoặc d, ví dụ 90m, 6h, 2d", "a number and m, h or d, such as 90m, 6h, 2d");
        Diagnostic::error("schedule-lateness", message).with_value(text).remedy(remedy)
    };
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let minutes_each = match &text[digits.len()..] {
        "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        _ => return Err(wrong()),
    };
    digits
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(minutes_each))
        .filter(|minutes| (1..=365 * 24 * 60).contains(minutes))
        .map(SignedDuration::from_mins)
        .ok_or_else(wrong)
}
