//! When a schedule fires: five cron fields in a time zone, moved off days that are not worked.
//!
//! Owns the slots. A rule chooses civil days and times of day; a day off may move or drop the day; the zone makes instants
//! of them. A slot in the hour that a clock skips fires right after it, once for all slots in it; a slot in the hour that
//! a clock repeats fires the first time only. So the slot of a civil time is the first instant at which a clock that
//! never goes back has reached it, which is what the tests' stepping oracle computes.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::cron::{Cron, WorkingDayOfMonth};
use super::holidays::Calendar;
use crate::diagnostic::{Diagnostic, nearest};
use crate::say;

/// The zone of schedules that name none.
pub const ZONE_DEFAULT: &str = "Asia/Ho_Chi_Minh";

/// Years after which a rule that found no day is said to have none. 29 February waits eight years across 2100; forty
/// meet every weekday on it.
const YEARS_SEARCHED: i16 = 40;

/// Days that a day off is moved at most; the longest holiday, Tết with both weekends, has nine.
const SHIFT_DAYS_MAX: usize = 31;

/// What happens to a day of the rule that is not worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkingDay {
    /// It fires all the same.
    #[default]
    Same,
    /// It moves to the next working day.
    Next,
    /// It moves to the working day before.
    Previous,
    /// It is dropped: the rule holds on working days only.
    Only,
}

/// A rule, ready to be asked.
#[derive(Debug, Clone)]
pub struct Recurrence {
    cron: Cron,
    working_day: WorkingDay,
    zone: TimeZone,
    calendar: Arc<Calendar>,
}

impl Recurrence {
    /// Reads a rule. Everything that is wrong with it is said: fields, zone, a rule that never fires.
    pub fn new(cron: &str, zone: &str, working_day: WorkingDay, calendar: Arc<Calendar>) -> Result<Self, Vec<Diagnostic>> {
        let read = (Cron::parse(cron), zone_named(zone));
        let (parsed, zone) = match read {
            (Ok(parsed), Ok(zone)) => (parsed, zone),
            (parsed, zone) => return Err(parsed.err().into_iter().flatten().chain(zone.err()).collect()),
        };
        let working_day = match parsed.working_day_of_month() {
            None => working_day,
            Some(_) if working_day != WorkingDay::Same => {
                let message = say!(
                    "LW và 1W đã là ngày làm việc, không dùng cùng working_day",
                    "LW and 1W are working days already and do not go with working_day"
                );
                return Err(vec![Diagnostic::error("cron-working-day", message).with_value(cron)]);
            }
            Some(WorkingDayOfMonth::First) => WorkingDay::Next,
            Some(WorkingDayOfMonth::Last) => WorkingDay::Previous,
        };
        let recurrence = Self { cron: parsed, working_day, zone, calendar };
        if recurrence.days_from(Date::constant(2024, 1, 1)).next().is_none() {
            let message = say!("lịch không bao giờ chạy: không có ngày nào như thế", "the schedule never runs: there is no such day");
            let remedy = if recurrence.working_day == WorkingDay::Only {
                say!("xem lại working_day = “only”, ngày và tháng", "look again at working_day = `only`, day and month")
            } else {
                say!(
                    "xem lại ngày và tháng; L là ngày cuối tháng, kể cả tháng 2",
                    "look again at day and month; L is the last day of any month"
                )
            };
            return Err(vec![Diagnostic::error("schedule-never", message).with_value(cron).remedy(remedy)]);
        }
        Ok(recurrence)
    }

    /// The first slot after `instant`; none within forty years only for rules of days off yet to be declared.
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        self.after(instant).next()
    }

    /// The slots after `instant`, ascending, each once.
    pub fn after(&self, instant: Timestamp) -> impl Iterator<Item = Timestamp> {
        let mut last = instant;
        self.days_from(self.zone.to_datetime(instant).date())
            .flat_map(move |day| self.cron.times().iter().filter_map(move |time| self.instant_of(day.to_datetime(*time))))
            .filter(move |slot| {
                let later = *slot > last;
                last = last.max(*slot);
                later
            })
    }

    /// The day of the fields from which a day off moved `slot`; none when it stands on its own day.
    pub fn moved_from(&self, slot: Timestamp) -> Option<Date> {
        let day = self.zone.to_datetime(slot).date();
        if matches!(self.working_day, WorkingDay::Same | WorkingDay::Only) || self.cron.matches(day) {
            return None;
        }
        let from = day.saturating_sub((SHIFT_DAYS_MAX as i32).days());
        self.rule_days(from)
            .take_while(|rule_day| *rule_day <= day.saturating_add((SHIFT_DAYS_MAX as i32).days()))
            .find(|rule_day| self.moved(*rule_day) == Some(day))
    }

    /// The zone it is read in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(super) fn cron(&self) -> &Cron {
        &self.cron
    }

    pub(super) fn working_day(&self) -> WorkingDay {
        self.working_day
    }

    /// The days on which it fires, from `from` on, ascending, each once.
    fn days_from(&self, from: Date) -> impl Iterator<Item = Date> {
        // A day off before `from` may be moved to `from` or later; moving keeps the order of days.
        let start = if self.working_day == WorkingDay::Next { from.saturating_sub((SHIFT_DAYS_MAX as i32).days()) } else { from };
        let mut last = None;
        self.rule_days(start).filter_map(|day| self.moved(day)).filter(move |day| {
            let fresh = *day >= from && last.is_none_or(|last| *day > last);
            last = last.max(Some(*day));
            fresh
        })
    }

    /// The days that the fields choose, before days off are looked at.
    fn rule_days(&self, from: Date) -> impl Iterator<Item = Date> {
        let end = from.saturating_add(YEARS_SEARCHED.years());
        let mut next = Some(from);
        std::iter::from_fn(move || {
            loop {
                let day = next.filter(|day| *day <= end)?;
                if self.cron.matches_month(day.month()) {
                    next = day.tomorrow().ok();
                    if self.cron.matches(day) {
                        return Some(day);
                    }
                } else {
                    next = day.last_of_month().tomorrow().ok();
                }
            }
        })
    }

    fn moved(&self, day: Date) -> Option<Date> {
        let worked = |day: &Date| self.calendar.is_working_day(*day);
        let successor: fn(&Date) -> Option<Date> = match self.working_day {
            WorkingDay::Same => return Some(day),
            WorkingDay::Only => return Some(day).filter(worked),
            WorkingDay::Next => |day| day.tomorrow().ok(),
            WorkingDay::Previous => |day| day.yesterday().ok(),
        };
        std::iter::successors(Some(day), successor).take(SHIFT_DAYS_MAX).find(worked)
    }

    /// The first instant at which the zone's clock has reached `civil`.
    fn instant_of(&self, civil: DateTime) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok(),
            // Under the later offset the skipped time would lie before the change, which is thus the next one from there.
            AmbiguousOffset::Gap { after, .. } => Some(self.zone.following(after.to_timestamp(civil).ok()?).next()?.timestamp()),
        }
    }
}

/// The zone of that IANA name, from the data inside the program, so that no machine's own data changes a schedule.
fn zone_named(name: &str) -> Result<TimeZone, Diagnostic> {
    let zones = TimeZoneDatabase::bundled();
    zones.get(name).map_err(|_| {
        let known: Vec<String> = zones.available().map(|zone| zone.as_str().to_owned()).collect();
        let remedy = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => say!("có phải “{near}”?", "did you mean `{near}`?"),
            None => say!("dùng tên IANA, ví dụ {ZONE_DEFAULT}", "use an IANA name, such as {ZONE_DEFAULT}"),
        };
        Diagnostic::error("zone-unknown", say!("không có múi giờ này", "there is no such time zone")).with_value(name).remedy(remedy)
    })
}
