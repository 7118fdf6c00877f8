//! Days that are not worked in Viet Nam: weekends, public holidays, and the days given for them.
//!
//! Owns article 112 of the Labour Code 2019 (45/2019/QH14) as dates: 1 January; five days of Tết; the tenth of the third
//! lunar month; 30 April; 1 May; 2 September with the day before or after. Article 111(3): a holiday on a weekly day off
//! is given back on the next working day. The state announces each year which days Tết and the National Day take; the
//! usual choice is computed here, and `[calendar]` in the configuration corrects it, adds days that were decided later
//! and names the Saturdays worked in exchange.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Serialize};

use super::lunar::{LunarDate, LunarYear};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::Text;
use crate::say;

/// `[calendar]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarSettings {
    /// Weekly days off: `mon` to `sun`. Default: Saturday and Sunday.
    pub weekend: Vec<String>,
    /// Days off beside the computed ones, as `"2026-08-31"`.
    pub extra_holidays: Vec<Date>,
    /// Days that are worked although they are a weekend or a computed holiday.
    pub extra_working_days: Vec<Date>,
}

impl Default for CalendarSettings {
    fn default() -> Self {
        Self { weekend: vec!["sat".into(), "sun".into()], extra_holidays: Vec::new(), extra_working_days: Vec::new() }
    }
}

/// Names of weekdays in the configuration, Monday first.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl CalendarSettings {
    /// What is wrong with it. `file` is the configuration's.
    pub fn problems(&self, file: &str) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for name in self.weekend.iter().filter(|name| !WEEKDAYS.contains(&name.as_str())) {
            let known = WEEKDAYS.join(", ");
            let remedy = match nearest(name, WEEKDAYS) {
                Some(near) => say!("có phải “{near}”?", "did you mean `{near}`?"),
                None => say!("các tên: {known}", "the names: {known}"),
            };
            problems.push(
                Diagnostic::error("calendar-weekday", say!("weekend không nhận thứ này", "weekend has no such day"))
                    .with_value(name)
                    .remedy(remedy),
            );
        }
        if WEEKDAYS.iter().all(|day| self.weekend.iter().any(|name| name == day)) {
            let message = say!("weekend không được gồm cả bảy ngày", "weekend may not hold all seven days");
            problems.push(Diagnostic::error("calendar-weekend", message));
        }
        for day in self.extra_holidays.iter().filter(|day| self.extra_working_days.contains(day)) {
            let message = say!(
                "một ngày không thể vừa ở extra_holidays vừa ở extra_working_days",
                "a day cannot be in extra_holidays and in extra_working_days"
            );
            problems.push(Diagnostic::error("calendar-day", message).with_value(day.to_string()));
        }
        let place = Place::File { file: format!("{file} [calendar]") };
        problems.into_iter().map(|problem| problem.at(place.clone())).collect()
    }
}

/// A public holiday of article 112.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holiday {
    /// Tết Dương lịch.
    NewYear,
    /// Tết Âm lịch, five days.
    LunarNewYear,
    /// Giỗ Tổ Hùng Vương.
    HungKings,
    /// Ngày Chiến thắng.
    Victory,
    /// Ngày Quốc tế lao động.
    Labour,
    /// Quốc khánh, two days since 2021.
    National,
}

impl Holiday {
    /// Its name in the Labour Code.
    pub fn name(self) -> Text {
        match self {
            Self::NewYear => say!("Tết Dương lịch", "New Year's Day"),
            Self::LunarNewYear => say!("Tết Âm lịch", "Lunar New Year"),
            Self::HungKings => say!("Ngày Giỗ Tổ Hùng Vương", "Hùng Kings' Commemoration Day"),
            Self::Victory => say!("Ngày Chiến thắng", "Victory Day"),
            Self::Labour => say!("Ngày Quốc tế lao động", "International Labour Day"),
            Self::National => say!("Quốc khánh", "National Day"),
        }
    }
}

/// Why a day is not worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOff {
    /// A weekly day off.
    Weekend,
    /// A public holiday.
    Holiday(Holiday),
    /// The working day given for a holiday that fell on a weekly day off.
    Compensation(Holiday),
    /// Named in `extra_holidays`.
    Extra,
}

/// Which days are worked.
#[derive(Debug, Clone)]
pub struct Calendar {
    weekend: [bool; 7],
    extra_holidays: BTreeSet<Date>,
    extra_working_days: BTreeSet<Date>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::new(&CalendarSettings::default())
    }
}

impl Calendar {
    /// The calendar of `settings`, whose problems were looked at before; unknown names of weekdays count for nothing.
    pub fn new(settings: &CalendarSettings) -> Self {
        Self {
            weekend: WEEKDAYS.map(|day| settings.weekend.iter().any(|name| name == day)),
            extra_holidays: settings.extra_holidays.iter().copied().collect(),
            extra_working_days: settings.extra_working_days.iter().copied().collect(),
        }
    }

    /// Is `day` worked?
    pub fn is_working_day(&self, day: Date) -> bool {
        self.day_off(day).is_none()
    }

    /// Why `day` is not worked; none when it is.
    pub fn day_off(&self, day: Date) -> Option<DayOff> {
        if self.extra_working_days.contains(&day) {
            None
        } else if self.extra_holidays.contains(&day) {
            Some(DayOff::Extra)
        } else if let Some((_, why)) = self.holidays(day.year()).into_iter().find(|(date, _)| *date == day) {
            Some(why)
        } else {
            self.is_weekend(day).then_some(DayOff::Weekend)
        }
    }

    /// The holidays of `year` and the days given for them, ascending. Outside the years of the lunar calendar, only those
    /// of the solar one.
    pub fn holidays(&self, year: i16) -> Vec<(Date, DayOff)> {
        let statutory = statutory(year);
        let mut days: Vec<(Date, DayOff)> = statutory.iter().map(|(day, holiday)| (*day, DayOff::Holiday(*holiday))).collect();
        for (day, holiday) in statutory {
            if self.is_weekend(day) {
                let taken =
                    |day: &Date| self.is_weekend(*day) || self.extra_holidays.contains(day) || days.iter().any(|(date, _)| date == day);
                // Seven weekly days off are refused by `problems`; the bound keeps even such a calendar finite.
                let given = std::iter::successors(day.tomorrow().ok(), |day| day.tomorrow().ok()).take(60).find(|day| !taken(day));
                days.extend(given.map(|given| (given, DayOff::Compensation(holiday))));
            }
        }
        days.sort_by_key(|(day, _)| *day);
        days
    }

    fn is_weekend(&self, day: Date) -> bool {
        self.weekend[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())]
    }
}

/// The days of article 112 in `year`, ascending.
fn statutory(year: i16) -> Vec<(Date, Holiday)> {
    let mut days = vec![(date(year, 1, 1), Holiday::NewYear), (date(year, 4, 30), Holiday::Victory), (date(year, 5, 1), Holiday::Labour)];
    let national = date(year, 9, 2);
    days.push((national, Holiday::National));
    // The code of 2019 holds from 2021; its predecessor gave one day.
    if year >= 2021 {
        days.push((beside_national_day(national), Holiday::National));
    }
    if let Some(lunar) = LunarYear::of(year) {
        let first = lunar.new_year();
        let before = days_before_new_year(first.weekday());
        days.extend((0..5).map(|offset| (first.saturating_add((offset - before).days()), Holiday::LunarNewYear)));
    }
    days.extend(LunarDate::new(year, 3, 10).to_solar().map(|day| (day, Holiday::HungKings)));
    days.sort_by_key(|(day, _)| *day);
    // The tenth of the third lunar month can fall on 30 April (2096); the list keeps one of a date.
    days.dedup_by_key(|(day, _)| *day);
    days
}

/// Days of Tết that lie in the old year. Announced were two and three, except that a Tuesday took one and four, which
/// fills the working week: so in every year from 2016 to 2026.
fn days_before_new_year(weekday: Weekday) -> i32 {
    if weekday == Weekday::Tuesday { 1 } else { 2 }
}

/// The second day of the National Day: the one that lengthens a weekend. So announced from 2021 to 2026.
fn beside_national_day(national: Date) -> Date {
    match national.weekday() {
        Weekday::Monday | Weekday::Thursday | Weekday::Sunday => national.saturating_add(1.day()),
        _ => national.saturating_sub(1.day()),
    }
}
