//! A rule as a sentence in both languages, for the person who is about to save it.
//!
//! Owns the wording only; what the words stand for is `cron`'s and `recurrence`'s.

use jiff::civil::Time;

use super::cron::{Cron, WorkingDayOfMonth, nth_weekday};
use super::recurrence::{Recurrence, WorkingDay};
use crate::language::Text;
use crate::say;

/// Times of day that are named one by one; more are told by their fields.
const TIMES_NAMED_MAX: usize = 6;

const WEEKDAYS: [(&str, &str); 7] = [
    ("Chủ nhật", "Sunday"),
    ("thứ Hai", "Monday"),
    ("thứ Ba", "Tuesday"),
    ("thứ Tư", "Wednesday"),
    ("thứ Năm", "Thursday"),
    ("thứ Sáu", "Friday"),
    ("thứ Bảy", "Saturday"),
];

const ORDINALS: [(&str, &str); 5] =
    [("đầu tiên", "first"), ("thứ hai", "second"), ("thứ ba", "third"), ("thứ tư", "fourth"), ("thứ năm", "fifth")];

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

impl Recurrence {
    /// Such as “8:00 ngày làm việc cuối cùng của tháng 12 hằng năm”, `08:00 on the last working day of December every year`.
    pub fn describe(&self) -> Text {
        let cron = self.cron();
        let [time, day, exception] = [times(cron), days(cron, self.working_day()), exception(cron, self.working_day())];
        Text { vi: format!("{} {}{}", time.vi, day.vi, exception.vi), en: format!("{} {}{}", time.en, day.en, exception.en) }
    }
}

fn times(cron: &Cron) -> Text {
    let named = cron.times();
    if named.len() <= TIMES_NAMED_MAX {
        let vi = |time: &Time| format!("{}:{:02}", time.hour(), time.minute());
        let en = |time: &Time| format!("{:02}:{:02}", time.hour(), time.minute());
        return Text { vi: list(named.iter().map(vi).collect(), "và"), en: list(named.iter().map(en).collect(), "and") };
    }
    let [minute, hour, ..] = cron.fields();
    let hours = cron.pattern().hours.values();
    let minutes: Vec<String> = cron.pattern().minutes.values().iter().map(u16::to_string).collect();
    let (minutes_vi, minutes_en) = (list(minutes.clone(), "và"), list(minutes, "and"));
    let within = if hours.len() == 24 {
        Text::default()
    } else {
        let (vi, en) = (runs(&hours, |hour| format!("{hour}"), "–", "và"), runs(&hours, |hour| format!("{hour:02}"), "–", "and"));
        say!(" trong các giờ {vi}", " in the hours {en}")
    };
    // A step that does not divide the hour starts anew in each: it is told by its minutes.
    let step = minute.strip_prefix("*/").filter(|step| step.parse::<u32>().is_ok_and(|step| step > 0 && 60 % step == 0));
    let every = match step.or((minute == "*").then_some("1")) {
        Some("1") => say!("mỗi phút", "every minute"),
        Some(step) => say!("mỗi {step} phút", "every {step} minutes"),
        None if hour == "*" => return say!("phút {minutes_vi} mỗi giờ", "minute {minutes_en} of every hour"),
        None => say!("phút {minutes_vi}", "minute {minutes_en}"),
    };
    Text { vi: every.vi + &within.vi, en: every.en + &within.en }
}

fn days(cron: &Cron, working_day: WorkingDay) -> Text {
    let [_, _, day, _, weekday] = cron.fields();
    let months = months(cron);
    let of_months = |day: Text| match &months {
        None => Text { vi: format!("{} hằng tháng", day.vi), en: format!("{} of every month", day.en) },
        Some(months) => {
            Text { vi: format!("{} của {} hằng năm", day.vi, months.vi), en: format!("{} of {} every year", day.en, months.en) }
        }
    };
    let in_months = |vi: &str, en: &str, all_vi: &str| match &months {
        None => Text { vi: format!("{vi}{all_vi}"), en: en.to_owned() },
        Some(months) => Text { vi: format!("{vi} trong {} hằng năm", months.vi), en: format!("{en} in {}", months.en) },
    };
    if let Some(which) = cron.working_day_of_month() {
        return of_months(match which {
            WorkingDayOfMonth::First => say!("ngày làm việc đầu tiên", "on the first working day"),
            WorkingDayOfMonth::Last => say!("ngày làm việc cuối cùng", "on the last working day"),
        });
    }
    match (day == "*", weekday == "*") {
        (true, true) if working_day == WorkingDay::Only => in_months("các ngày làm việc", "every working day", ""),
        (true, true) => in_months(if months.is_some() { "mỗi ngày" } else { "hằng ngày" }, "every day", ""),
        (false, true) if !day.contains('L') => {
            let day = days_of_month(cron);
            match &months {
                None => of_months(day),
                Some(months) => {
                    Text { vi: format!("{} {} hằng năm", day.vi, months.vi), en: format!("{} of {} every year", day.en, months.en) }
                }
            }
        }
        (false, true) => of_months(days_of_month(cron)),
        (true, false) if weekday.contains(['#', 'L']) => of_months(weekdays(cron)),
        (true, false) => {
            let days = weekdays(cron);
            in_months(&days.vi, &days.en, " hằng tuần")
        }
        (false, false) => {
            let (days, weekdays) = (days_of_month(cron), weekdays(cron));
            of_months(Text { vi: format!("{} hoặc {}", days.vi, weekdays.vi), en: format!("{} or {}", days.en, weekdays.en) })
        }
    }
}

fn exception(cron: &Cron, working_day: WorkingDay) -> Text {
    let [_, _, day, _, weekday] = cron.fields();
    match working_day {
        _ if cron.working_day_of_month().is_some() => Text::default(),
        WorkingDay::Same => Text::default(),
        WorkingDay::Only if day == "*" && weekday == "*" => Text::default(),
        WorkingDay::Only => say!(", bỏ qua nếu là ngày nghỉ", ", left out on a day off"),
        WorkingDay::Next => say!(", gặp ngày nghỉ thì dời sang ngày làm việc kế tiếp", ", moved from a day off to the next working day"),
        WorkingDay::Previous => {
            say!(", gặp ngày nghỉ thì lùi về ngày làm việc liền trước", ", moved from a day off to the working day before")
        }
    }
}

fn months(cron: &Cron) -> Option<Text> {
    let months = cron.pattern().months.values();
    (months.len() < 12).then(|| Text {
        vi: format!("tháng {}", runs(&months, |month| month.to_string(), " đến ", "và")),
        en: runs(&months, |month| MONTHS.get(usize::from(month) - 1).copied().unwrap_or_default().to_owned(), " to ", "and"),
    })
}

fn days_of_month(cron: &Cron) -> Text {
    let days = cron.pattern().days.values();
    let mut said = Vec::new();
    if !days.is_empty() {
        let (vi, en) = (runs(&days, |day| day.to_string(), " đến ", "và"), runs(&days, |day| day.to_string(), " to ", "and"));
        said.push(if days.len() == 1 { say!("ngày {vi}", "on day {en}") } else { say!("các ngày {vi}", "on days {en}") });
    }
    if cron.fields()[2].contains('L') {
        said.push(say!("ngày cuối cùng", "on the last day"));
    }
    joined(said)
}

fn weekdays(cron: &Cron) -> Text {
    let mut said = Vec::new();
    let plain = cron.pattern().days_of_week.values();
    if !plain.is_empty() {
        let name = |day: u16| WEEKDAYS.get(usize::from(day)).copied().unwrap_or_default();
        let (vi, en) =
            (runs(&plain, |day| name(day).0.to_owned(), " đến ", "và"), runs(&plain, |day| name(day).1.to_owned(), " to ", "and"));
        said.push(say!("{vi}", "every {en}"));
    }
    for (day, place) in cron.fields()[4].split(',').filter_map(nth_weekday) {
        let (day_vi, day_en) = WEEKDAYS[day];
        let (place_vi, place_en) = place.map_or(("cuối cùng", "last"), |place| ORDINALS[place - 1]);
        said.push(say!("{day_vi} {place_vi}", "on the {place_en} {day_en}"));
    }
    joined(said)
}

fn joined(said: Vec<Text>) -> Text {
    let (vi, en) = said.into_iter().map(|text| (text.vi, text.en)).unzip();
    Text { vi: list(vi, "và"), en: list(en, "and") }
}

/// `a, b và c`.
fn list(mut items: Vec<String>, and: &str) -> String {
    match items.pop() {
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} {and} {last}", items.join(", ")),
        None => String::new(),
    }
}

/// Numbers as a list in which three and more in a row are a range.
fn runs(numbers: &[u16], name: impl Fn(u16) -> String, to: &str, and: &str) -> String {
    let mut items = Vec::new();
    for run in numbers.chunk_by(|before, after| before + 1 == *after) {
        match run {
            [first, _, .., last] if run.len() >= 3 => items.push(format!("{}{to}{}", name(*first), name(*last))),
            _ => items.extend(run.iter().map(|number| name(*number))),
        }
    }
    list(items, and)
}
