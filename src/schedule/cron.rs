//! The five fields of a cron rule: what each allows, and the diagnostic of the field that is wrong.
//!
//! Owns the syntax. The parsing and matching of fields is croner's; which instants come of it is `recurrence`'s, because
//! working days, and slots that a change of clock swallows or repeats, are decided by day and time of day.

use croner::CronPattern;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{Date, Time, Weekday, time};

use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::say;

/// Name in Vietnamese and English, the characters beside `0-9 * / , -`, what is allowed, an example.
const FIELDS: [(&str, &str, &str, &str, &str); 5] = [
    ("phút", "minute", "", "0–59", "30"),
    ("giờ", "hour", "", "0–23", "8"),
    ("ngày trong tháng", "day of the month", "LW", "1–31, L, LW, 1W", "L"),
    ("tháng", "month", "ABCDEFGJLMNOPRSTUVY", "1–12, JAN–DEC", "12"),
    ("thứ trong tuần", "day of the week", "#LABDEFHIMNORSTUW", "0–7, SUN–SAT, 1#2, 5L", "1-5"),
];

/// Day of the month that stands for the last working day, and for the first.
const LAST_WORKING_DAY: &str = "LW";
const FIRST_WORKING_DAY: &str = "1W";

/// A day of the month that is found by counting working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkingDayOfMonth {
    /// `1W`: the first working day of the month.
    First,
    /// `LW`: the last working day of the month.
    Last,
}

/// A cron rule, read.
#[derive(Debug, Clone)]
pub struct Cron {
    pattern: CronPattern,
    fields: [String; 5],
    times: Vec<Time>,
    working_day_of_month: Option<WorkingDayOfMonth>,
}

impl Cron {
    /// Reads `text`; every field that is wrong gets its diagnostic.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let fields: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
        let fields: [String; 5] = fields.try_into().map_err(|fields: Vec<String>| vec![wrong_count(text, fields.len())])?;
        let problems: Vec<_> =
            (0..5).filter(|&index| !is_valid(index, &fields[index])).map(|index| wrong_field(index, &fields[index])).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let working_day_of_month = match fields[2].as_str() {
            LAST_WORKING_DAY => Some(WorkingDayOfMonth::Last),
            FIRST_WORKING_DAY => Some(WorkingDayOfMonth::First),
            _ => None,
        };
        let mut plain = fields.clone();
        match working_day_of_month {
            Some(WorkingDayOfMonth::Last) => plain[2] = "L".into(),
            Some(WorkingDayOfMonth::First) => plain[2] = "1".into(),
            None => {}
        }
        if working_day_of_month.is_some() && plain[4] != "*" {
            return Err(vec![
                Diagnostic::error(
                    "cron-working-day",
                    say!("LW và 1W đã định ngày; thứ trong tuần phải là *", "LW and 1W set the day; the day of the week must be *"),
                )
                .with_value(text),
            ]);
        }
        let pattern = parser().parse(&plain.join(" ")).map_err(|_| vec![wrong_count(text, 5)])?.pattern;
        let (hours, minutes) = (pattern.hours.values(), pattern.minutes.values());
        let times = hours.iter().flat_map(|&hour| minutes.iter().map(move |&minute| time(hour as i8, minute as i8, 0, 0))).collect();
        Ok(Self { pattern, fields, times, working_day_of_month })
    }

    /// The times of day at which it fires, ascending: at least one, at most 1,440.
    pub fn times(&self) -> &[Time] {
        &self.times
    }

    /// May it fire on a day of this month (1 to 12)?
    pub fn matches_month(&self, month: i8) -> bool {
        self.pattern.month_match(month.unsigned_abs().into()).unwrap_or(false)
    }

    /// Does it fire on `date`? As in every cron, a day of the month and a day of the week that are both given are
    /// alternatives.
    pub fn matches(&self, date: Date) -> bool {
        let weekday = match date.weekday() {
            Weekday::Monday => croner::Weekday::Monday,
            Weekday::Tuesday => croner::Weekday::Tuesday,
            Weekday::Wednesday => croner::Weekday::Wednesday,
            Weekday::Thursday => croner::Weekday::Thursday,
            Weekday::Friday => croner::Weekday::Friday,
            Weekday::Saturday => croner::Weekday::Saturday,
            Weekday::Sunday => croner::Weekday::Sunday,
        };
        let (month, day) = (date.month().unsigned_abs().into(), date.day().unsigned_abs().into());
        self.matches_month(date.month()) && self.pattern.day_match(date.year().into(), month, day, weekday).unwrap_or(false)
    }

    /// The working day of the month that the rule names, if it does.
    pub fn working_day_of_month(&self) -> Option<WorkingDayOfMonth> {
        self.working_day_of_month
    }

    /// The five fields as written, in capitals.
    pub(super) fn fields(&self) -> &[String; 5] {
        &self.fields
    }

    /// What the fields select without `L` and `#`.
    pub(super) fn pattern(&self) -> &CronPattern {
        &self.pattern
    }
}

/// Weekday (0: Sunday) and place in the month of `1#2`, `FRIL` or `5#L`; no place stands for the last.
pub(super) fn nth_weekday(element: &str) -> Option<(usize, Option<usize>)> {
    let (day, place) = element.split_once('#').or_else(|| Some((element.strip_suffix('L')?, "L")))?;
    let day = match WEEKDAY_CODES.iter().position(|code| *code == day) {
        Some(day) => day,
        None => day.parse().ok().filter(|day| *day <= 7)?,
    };
    let place = if place == "L" { None } else { Some(place.parse().ok().filter(|place| (1..=5).contains(place))?) };
    Some((day % 7, place))
}

const WEEKDAY_CODES: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build()
}

fn is_valid(index: usize, field: &str) -> bool {
    if index == 2 && [LAST_WORKING_DAY, FIRST_WORKING_DAY].contains(&field) {
        return true;
    }
    let letters = if index == 2 { "L" } else { FIELDS[index].2 };
    // croner passes over empty elements of a list, and reads some letters in more places than a person would expect.
    if field.split(',').any(str::is_empty) || !field.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c) || letters.contains(c)) {
        return false;
    }
    // Read with care for what the sentence about it says: `FRI#2`, `5L`, not a range of them.
    if index == 4 && field.split(',').any(|element| element.contains(['#', 'L']) && nth_weekday(element).is_none()) {
        return false;
    }
    let mut alone = ["*"; 5];
    alone[index] = field;
    parser().parse(&alone.join(" ")).is_ok()
}

fn wrong_field(index: usize, field: &str) -> Diagnostic {
    let (vi, en, _, allowed, example) = FIELDS[index];
    let number = index + 1;
    let message = say!(
        "trường thứ {number} ({vi}) của cron sai: chỉ nhận {allowed}, và *, a-b, a,b, */n",
        "field {number} ({en}) of the cron rule is wrong: it takes {allowed}, and *, a-b, a,b, */n"
    );
    let remedy = if index == 2 && field.contains('W') {
        say!(
            "dùng working_day = “next” hoặc “previous” để tránh ngày nghỉ, LW là ngày làm việc cuối tháng, 1W là ngày đầu",
            "use working_day = `next` or `previous` to avoid days off; LW is the last working day of the month, 1W the first"
        )
    } else {
        say!("ví dụ: {example}", "for example: {example}")
    };
    Diagnostic::error("cron-field", message).with_value(field).remedy(remedy)
}

fn wrong_count(text: &str, count: usize) -> Diagnostic {
    let example: Text = say!("ví dụ “0 8 L 12 *”: 8:00 ngày cuối tháng 12", "for example `0 8 L 12 *`: 08:00 on the last day of December");
    let message = if count == 6 {
        say!(
            "cron có 6 trường: giây không được dùng, lịch chạy nhiều nhất mỗi phút một lần",
            "the cron rule has 6 fields: seconds are not taken, a schedule runs at most once a minute"
        )
    } else {
        say!(
            "cron phải có 5 trường (phút giờ ngày tháng thứ), đang có {count}",
            "a cron rule has 5 fields (minute, hour, day, month, weekday), this has {count}"
        )
    };
    Diagnostic::error(if count == 6 { "cron-seconds" } else { "cron-fields" }, message).with_value(text).remedy(example)
}
