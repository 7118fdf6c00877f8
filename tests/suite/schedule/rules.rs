//! What a rule says of itself, and what is said of a wrong one.

use std::sync::Arc;

use expect_test::expect;
use vanthu::diagnostic::Diagnostic;
use vanthu::language::Language;
use vanthu::schedule::Schedule;
use vanthu::schedule::holidays::{Calendar, CalendarSettings};
use vanthu::schedule::recurrence::WorkingDay;

use super::rule;

fn problems(toml: &str) -> String {
    let schedule: Schedule = toml::from_str(toml).unwrap();
    told(&schedule.problems("vanthu.toml", "tong-ket", &Arc::new(Calendar::default())))
}

fn told(problems: &[Diagnostic]) -> String {
    let lines = problems.iter().flat_map(|problem| [Language::Vietnamese, Language::English].map(|language| problem.describe(language)));
    lines.collect::<Vec<_>>().join("\n")
}

fn described(rules: &[(&str, WorkingDay)]) -> String {
    rules
        .iter()
        .map(|(cron, working_day)| {
            let text = rule(cron, *working_day).describe();
            format!("{cron}\n  {}\n  {}\n", text.vi, text.en)
        })
        .collect()
}

#[test]
fn a_rule_of_days_is_told_in_both_languages() {
    expect![[r#"
        0 8 LW 12 *
          8:00 ngày làm việc cuối cùng của tháng 12 hằng năm
          08:00 on the last working day of December every year
        30 7 1W * *
          7:30 ngày làm việc đầu tiên hằng tháng
          07:30 on the first working day of every month
        0 8 L * *
          8:00 ngày cuối cùng hằng tháng
          08:00 on the last day of every month
        0 8 20 12 *
          8:00 ngày 20 tháng 12 hằng năm, gặp ngày nghỉ thì lùi về ngày làm việc liền trước
          08:00 on day 20 of December every year, moved from a day off to the working day before
        0 8 1,15 * *
          8:00 các ngày 1 và 15 hằng tháng, gặp ngày nghỉ thì dời sang ngày làm việc kế tiếp
          08:00 on days 1 and 15 of every month, moved from a day off to the next working day
        0 8 1-5,L 1,2 *
          8:00 các ngày 1 đến 5 và ngày cuối cùng của tháng 1 và 2 hằng năm, bỏ qua nếu là ngày nghỉ
          08:00 on days 1 to 5 and on the last day of January and February every year, left out on a day off
        0 8 13 * 5
          8:00 ngày 13 hoặc thứ Sáu hằng tháng
          08:00 on day 13 or every Friday of every month
    "#]]
    .assert_eq(&described(&[
        ("0 8 LW 12 *", WorkingDay::Same),
        ("30 7 1W * *", WorkingDay::Same),
        ("0 8 L * *", WorkingDay::Same),
        ("0 8 20 12 *", WorkingDay::Previous),
        ("0 8 1,15 * *", WorkingDay::Next),
        ("0 8 1-5,L 1,2 *", WorkingDay::Only),
        ("0 8 13 * 5", WorkingDay::Same),
    ]));
}

#[test]
fn a_rule_of_weekdays_is_told_in_both_languages() {
    expect![[r#"
        0 8 * * *
          8:00 hằng ngày
          08:00 every day
        0 8 * * *
          8:00 các ngày làm việc
          08:00 every working day
        0 8 * 6-8 *
          8:00 mỗi ngày trong tháng 6 đến 8 hằng năm
          08:00 every day in June to August
        0 8 * * 1
          8:00 thứ Hai hằng tuần, gặp ngày nghỉ thì dời sang ngày làm việc kế tiếp
          08:00 every Monday, moved from a day off to the next working day
        0 8,14 * * MON-FRI
          8:00 và 14:00 thứ Hai đến thứ Sáu hằng tuần
          08:00 and 14:00 every Monday to Friday
        0 8 * 12 6,0
          8:00 Chủ nhật và thứ Bảy trong tháng 12 hằng năm
          08:00 every Sunday and Saturday in December
        0 8 * * 1#2
          8:00 thứ Hai thứ hai hằng tháng
          08:00 on the second Monday of every month
        0 8 * * FRIL,1#1
          8:00 thứ Sáu cuối cùng và thứ Hai đầu tiên hằng tháng
          08:00 on the last Friday and on the first Monday of every month
    "#]]
    .assert_eq(&described(&[
        ("0 8 * * *", WorkingDay::Same),
        ("0 8 * * *", WorkingDay::Only),
        ("0 8 * 6-8 *", WorkingDay::Same),
        ("0 8 * * 1", WorkingDay::Next),
        ("0 8,14 * * MON-FRI", WorkingDay::Same),
        ("0 8 * 12 6,0", WorkingDay::Same),
        ("0 8 * * 1#2", WorkingDay::Same),
        ("0 8 * * FRIL,1#1", WorkingDay::Same),
    ]));
}

#[test]
fn a_rule_of_many_times_is_told_in_both_languages() {
    expect![[r#"
        * * * * *
          mỗi phút hằng ngày
          every minute every day
        */15 * * * *
          mỗi 15 phút hằng ngày
          every 15 minutes every day
        */30 8-11,14 * * *
          mỗi 30 phút trong các giờ 8–11 và 14 hằng ngày
          every 30 minutes in the hours 08–11 and 14 every day
        5,35 * * * *
          phút 5 và 35 mỗi giờ hằng ngày
          minute 5 and 35 of every hour every day
        5,35 8-16 * * 1-5
          phút 5 và 35 trong các giờ 8–16 thứ Hai đến thứ Sáu hằng tuần
          minute 5 and 35 in the hours 08–16 every Monday to Friday
        */25 8-16 * * 7
          phút 0, 25 và 50 trong các giờ 8–16 Chủ nhật hằng tuần
          minute 0, 25 and 50 in the hours 08–16 every Sunday
    "#]]
    .assert_eq(&described(&[
        ("* * * * *", WorkingDay::Same),
        ("*/15 * * * *", WorkingDay::Same),
        ("*/30 8-11,14 * * *", WorkingDay::Same),
        ("5,35 * * * *", WorkingDay::Same),
        ("5,35 8-16 * * 1-5", WorkingDay::Same),
        ("*/25 8-16 * * 7", WorkingDay::Same),
    ]));
}

#[test]
fn every_wrong_field_of_a_cron_rule_is_named_with_what_it_takes() {
    expect![[r#"
        lỗi[cron-field] vanthu.toml [schedules.tong-ket]: “60” trường thứ 1 (phút) của cron sai: chỉ nhận 0–59, và *, a-b, a,b, */n
            cách sửa: ví dụ: 30
        error[cron-field] vanthu.toml [schedules.tong-ket]: “60” field 1 (minute) of the cron rule is wrong: it takes 0–59, and *, a-b, a,b, */n
            remedy: for example: 30
        lỗi[cron-field] vanthu.toml [schedules.tong-ket]: “24” trường thứ 2 (giờ) của cron sai: chỉ nhận 0–23, và *, a-b, a,b, */n
            cách sửa: ví dụ: 8
        error[cron-field] vanthu.toml [schedules.tong-ket]: “24” field 2 (hour) of the cron rule is wrong: it takes 0–23, and *, a-b, a,b, */n
            remedy: for example: 8
        lỗi[cron-field] vanthu.toml [schedules.tong-ket]: “32” trường thứ 3 (ngày trong tháng) của cron sai: chỉ nhận 1–31, L, LW, 1W, và *, a-b, a,b, */n
            cách sửa: ví dụ: L
        error[cron-field] vanthu.toml [schedules.tong-ket]: “32” field 3 (day of the month) of the cron rule is wrong: it takes 1–31, L, LW, 1W, and *, a-b, a,b, */n
            remedy: for example: L
        lỗi[cron-field] vanthu.toml [schedules.tong-ket]: “13” trường thứ 4 (tháng) của cron sai: chỉ nhận 1–12, JAN–DEC, và *, a-b, a,b, */n
            cách sửa: ví dụ: 12
        error[cron-field] vanthu.toml [schedules.tong-ket]: “13” field 4 (month) of the cron rule is wrong: it takes 1–12, JAN–DEC, and *, a-b, a,b, */n
            remedy: for example: 12
        lỗi[cron-field] vanthu.toml [schedules.tong-ket]: “8” trường thứ 5 (thứ trong tuần) của cron sai: chỉ nhận 0–7, SUN–SAT, 1#2, 5L, và *, a-b, a,b, */n
            cách sửa: ví dụ: 1-5
        error[cron-field] vanthu.toml [schedules.tong-ket]: “8” field 5 (day of the week) of the cron rule is wrong: it takes 0–7, SUN–SAT, 1#2, 5L, and *, a-b, a,b, */n
            remedy: for example: 1-5"#]].assert_eq(&problems("cron = '60 24 32 13 8'"));
}

#[test]
fn letters_where_they_mean_nothing_are_refused() {
    for cron in [
        "L 8 * * *",
        "0 8 15W * *",
        "0 8 ? * *",
        "0 8 * * +1",
        "0,,5 8 * * *",
        "0 8 * XYZ *",
        "@daily",
        "0 8 L-3 * *",
        "0 8 5-1 * *",
        "0 8 * * L",
        "0 8 * * 1-3#2",
        "0 8 * * 1#6",
    ] {
        assert!(!problems(&format!("cron = '{cron}'")).is_empty(), "{cron}");
    }
    expect![[r#"
        lỗi[cron-field] vanthu.toml [schedules.tong-ket]: “15W” trường thứ 3 (ngày trong tháng) của cron sai: chỉ nhận 1–31, L, LW, 1W, và *, a-b, a,b, */n
            cách sửa: dùng working_day = “next” hoặc “previous” để tránh ngày nghỉ, LW là ngày làm việc cuối tháng, 1W là ngày đầu
        error[cron-field] vanthu.toml [schedules.tong-ket]: “15W” field 3 (day of the month) of the cron rule is wrong: it takes 1–31, L, LW, 1W, and *, a-b, a,b, */n
            remedy: use working_day = `next` or `previous` to avoid days off; LW is the last working day of the month, 1W the first"#]].assert_eq(&problems("cron = '0 8 15W * *'"));
}

#[test]
fn seconds_are_refused_because_a_schedule_runs_at_most_once_a_minute() {
    expect![[r#"
        lỗi[cron-seconds] vanthu.toml [schedules.tong-ket]: “*/10 * * * * *” cron có 6 trường: giây không được dùng, lịch chạy nhiều nhất mỗi phút một lần
            cách sửa: ví dụ “0 8 L 12 *”: 8:00 ngày cuối tháng 12
        error[cron-seconds] vanthu.toml [schedules.tong-ket]: “*/10 * * * * *” the cron rule has 6 fields: seconds are not taken, a schedule runs at most once a minute
            remedy: for example `0 8 L 12 *`: 08:00 on the last day of December"#]].assert_eq(&problems("cron = '*/10 * * * * *'"));
    expect![[r#"
        lỗi[cron-fields] vanthu.toml [schedules.tong-ket]: “0 8” cron phải có 5 trường (phút giờ ngày tháng thứ), đang có 2
            cách sửa: ví dụ “0 8 L 12 *”: 8:00 ngày cuối tháng 12
        error[cron-fields] vanthu.toml [schedules.tong-ket]: “0 8” a cron rule has 5 fields (minute, hour, day, month, weekday), this has 2
            remedy: for example `0 8 L 12 *`: 08:00 on the last day of December"#]]
    .assert_eq(&problems("cron = '0 8'"));
}

#[test]
fn a_rule_that_never_fires_is_refused() {
    expect![[r#"
        lỗi[schedule-never] vanthu.toml [schedules.tong-ket]: “0 8 30 2 *” lịch không bao giờ chạy: không có ngày nào như thế
            cách sửa: xem lại ngày và tháng; L là ngày cuối tháng, kể cả tháng 2
        error[schedule-never] vanthu.toml [schedules.tong-ket]: “0 8 30 2 *” the schedule never runs: there is no such day
            remedy: look again at day and month; L is the last day of any month"#]]
    .assert_eq(&problems("cron = '0 8 30 2 *'"));
    expect![[r#"
        lỗi[schedule-never] vanthu.toml [schedules.tong-ket]: “0 8 1 1 *” lịch không bao giờ chạy: không có ngày nào như thế
            cách sửa: xem lại working_day = “only”, ngày và tháng
        error[schedule-never] vanthu.toml [schedules.tong-ket]: “0 8 1 1 *” the schedule never runs: there is no such day
            remedy: look again at working_day = `only`, day and month"#]]
    .assert_eq(&problems("cron = '0 8 1 1 *'\nworking_day = 'only'"));
    assert_eq!(problems("cron = '0 8 29 2 *'"), "");
    assert_eq!(problems("cron = '0 8 29 2 *'\nworking_day = 'only'"), "");
}

#[test]
fn an_unknown_zone_gets_the_nearest_name() {
    expect![[r#"
        lỗi[zone-unknown] vanthu.toml [schedules.tong-ket]: “Asia/Ho_Chi_Min” không có múi giờ này
            cách sửa: có phải “Asia/Ho_Chi_Minh”?
        error[zone-unknown] vanthu.toml [schedules.tong-ket]: “Asia/Ho_Chi_Min” there is no such time zone
            remedy: did you mean `Asia/Ho_Chi_Minh`?"#]]
    .assert_eq(&problems("cron = '0 8 * * *'\nzone = 'Asia/Ho_Chi_Min'"));
    expect![[r#"
        lỗi[zone-unknown] vanthu.toml [schedules.tong-ket]: “+07” không có múi giờ này
            cách sửa: dùng tên IANA, ví dụ Asia/Ho_Chi_Minh
        error[zone-unknown] vanthu.toml [schedules.tong-ket]: “+07” there is no such time zone
            remedy: use an IANA name, such as Asia/Ho_Chi_Minh"#]]
    .assert_eq(&problems("cron = '0 8 * * *'\nzone = '+07'"));
}

#[test]
fn all_that_is_wrong_with_a_schedule_is_said_at_once() {
    expect![[r#"
        lỗi[cron-field] vanthu.toml [schedules.tong-ket]: “61” trường thứ 1 (phút) của cron sai: chỉ nhận 0–59, và *, a-b, a,b, */n
            cách sửa: ví dụ: 30
        error[cron-field] vanthu.toml [schedules.tong-ket]: “61” field 1 (minute) of the cron rule is wrong: it takes 0–59, and *, a-b, a,b, */n
            remedy: for example: 30
        lỗi[zone-unknown] vanthu.toml [schedules.tong-ket]: “Hanoi” không có múi giờ này
            cách sửa: dùng tên IANA, ví dụ Asia/Ho_Chi_Minh
        error[zone-unknown] vanthu.toml [schedules.tong-ket]: “Hanoi” there is no such time zone
            remedy: use an IANA name, such as Asia/Ho_Chi_Minh
        lỗi[schedule-lateness] vanthu.toml [schedules.tong-ket]: “10” khoảng thời gian sai: từ 1 phút đến 365 ngày
            cách sửa: số và đơn vị m, h hoặc d, ví dụ 90m, 6h, 2d
        error[schedule-lateness] vanthu.toml [schedules.tong-ket]: “10” this is not a span of time from a minute to 365 days
            remedy: a number and m, h or d, such as 90m, 6h, 2d
        lỗi[schedule-misfire] vanthu.toml [schedules.tong-ket]: “0” misfire.run_all phải từ 1 đến 100
        error[schedule-misfire] vanthu.toml [schedules.tong-ket]: “0” misfire.run_all must be from 1 to 100"#]].assert_eq(&problems("cron = '61 8 * * *'\nzone = 'Hanoi'\nmisfire = { run_all = 0 }\nmax_lateness = '10'"));
}

#[test]
fn a_span_of_time_needs_its_unit() {
    for wrong in ["", "10", "10s", "0m", "-5m", "1.5h", "h", "366d", "99999999999999999999d", "6 h", "5phút"] {
        assert!(!problems(&format!("cron = '0 8 * * *'\nmax_lateness = '{wrong}'")).is_empty(), "{wrong}");
    }
    for right in ["1m", "90m", "6h", "365d"] {
        assert_eq!(problems(&format!("cron = '0 8 * * *'\nmax_lateness = '{right}'")), "");
    }
}

#[test]
fn an_unknown_key_of_a_schedule_is_refused() {
    let error = toml::from_str::<Schedule>("cron = '0 8 * * *'\ntimezone = 'Asia/Ho_Chi_Minh'").unwrap_err();
    expect!["unknown field `timezone`, expected one of `cron`, `zone`, `working_day`, `misfire`, `overlap`, `max_lateness`"]
        .assert_eq(error.message());
}

#[test]
fn a_working_day_of_the_month_goes_with_no_other_choice_of_day() {
    expect![[r#"
        lỗi[cron-working-day] vanthu.toml [schedules.tong-ket]: “0 8 LW * *” LW và 1W đã là ngày làm việc, không dùng cùng working_day
        error[cron-working-day] vanthu.toml [schedules.tong-ket]: “0 8 LW * *” LW and 1W are working days already and do not go with working_day"#]].assert_eq(&problems("cron = '0 8 LW * *'\nworking_day = 'next'"));
    expect![[r#"
        lỗi[cron-working-day] vanthu.toml [schedules.tong-ket]: “0 8 1W * 1” LW và 1W đã định ngày; thứ trong tuần phải là *
        error[cron-working-day] vanthu.toml [schedules.tong-ket]: “0 8 1W * 1” LW and 1W set the day; the day of the week must be *"#]]
    .assert_eq(&problems("cron = '0 8 1W * 1'"));
}

#[test]
fn a_calendar_that_contradicts_itself_is_refused() {
    let settings: CalendarSettings =
        toml::from_str("weekend = ['sat', 'son']\nextra_holidays = ['2026-08-31']\nextra_working_days = ['2026-08-31']").unwrap();
    expect![[r#"
        lỗi[calendar-weekday] vanthu.toml [calendar]: “son” weekend không nhận thứ này
            cách sửa: có phải “sun”?
        error[calendar-weekday] vanthu.toml [calendar]: “son” weekend has no such day
            remedy: did you mean `sun`?
        lỗi[calendar-day] vanthu.toml [calendar]: “2026-08-31” một ngày không thể vừa ở extra_holidays vừa ở extra_working_days
        error[calendar-day] vanthu.toml [calendar]: “2026-08-31” a day cannot be in extra_holidays and in extra_working_days"#]]
    .assert_eq(&told(&settings.problems("vanthu.toml")));
    let settings: CalendarSettings = toml::from_str("weekend = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']").unwrap();
    expect![[r#"
        lỗi[calendar-weekend] vanthu.toml [calendar]: weekend không được gồm cả bảy ngày
        error[calendar-weekend] vanthu.toml [calendar]: weekend may not hold all seven days"#]]
    .assert_eq(&told(&settings.problems("vanthu.toml")));
}
