//! Dates and times: written as the decree writes them, read as clerks type them.

use jiff::civil::Date;
use proptest::prelude::*;
use vanthu::vietnamese::date::{self, DateError};

/// The day of that year, month and day.
fn on(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

#[test]
fn dates_are_padded_as_the_decree_pads_them() {
    for (day, long, short) in [
        (on(2020, 1, 5), "ngày 05 tháng 01 năm 2020", "05/01/2020"),
        (on(2020, 2, 29), "ngày 29 tháng 02 năm 2020", "29/02/2020"),
        (on(2020, 3, 5), "ngày 05 tháng 3 năm 2020", "05/3/2020"),
        (on(2019, 6, 29), "ngày 29 tháng 6 năm 2019", "29/6/2019"),
        (on(2025, 12, 15), "ngày 15 tháng 12 năm 2025", "15/12/2025"),
        (on(2026, 10, 1), "ngày 01 tháng 10 năm 2026", "01/10/2026"),
    ] {
        assert_eq!(date::long(day), long);
        assert_eq!(date::short(day), short);
    }
}

#[test]
fn dates_are_read_aloud() {
    for (day, words) in [
        (on(2020, 3, 5), "ngày năm tháng ba năm hai nghìn không trăm hai mươi"),
        (on(2026, 11, 22), "ngày hai mươi hai tháng mười một năm hai nghìn không trăm hai mươi sáu"),
        (on(2024, 4, 24), "ngày hai mươi tư tháng tư năm hai nghìn không trăm hai mươi tư"),
    ] {
        assert_eq!(date::in_words(day, false), words);
    }
    assert_eq!(date::in_words(on(2020, 4, 1), true), "ngày một tháng Tư năm hai nghìn không trăm hai mươi");
}

#[test]
fn dates_are_read_day_first_in_every_form() {
    for typed in [
        "5/3/2020",
        "05/03/2020",
        "05-03-2020",
        "5.3.2020",
        " 5 / 3 / 2020 ",
        "ngày 05 tháng 3 năm 2020",
        "Ngày 5 tháng 03 năm 2020",
        "2020-03-05",
        "2020/03/05",
        "2020-03-05 00:00:00",
        "2020-03-05T00:00:00",
    ] {
        assert_eq!(date::parse(typed), Ok(on(2020, 3, 5)), "{typed}");
    }
}

#[test]
fn dates_typed_wrongly_are_refused_for_the_right_reason() {
    let no_such_day = |day, month, year| DateError::NoSuchDay { day, month, year };
    for (typed, error) in [
        ("", DateError::NotADate),
        ("hôm nay", DateError::NotADate),
        ("5/3", DateError::NotADate),
        ("5/3-2020", DateError::NotADate),
        ("5/3/20200", DateError::NotADate),
        ("5/3/+202", DateError::NotADate),
        ("44000", DateError::NotADate),
        ("2020-03-05 08:30", DateError::NotADate),
        ("tháng 3 năm 2020 ngày 5", DateError::NotADate),
        ("31/02/2026", no_such_day(31, 2, 2026)),
        ("29/02/2025", no_such_day(29, 2, 2025)),
        ("0/5/2026", no_such_day(0, 5, 2026)),
        ("25/25/2026", no_such_day(25, 25, 2026)),
        ("03/25/2020", DateError::MonthFirst { suggestion: on(2020, 3, 25) }),
        ("05/13/2026", DateError::MonthFirst { suggestion: on(2026, 5, 13) }),
        ("02/30/2020", no_such_day(2, 30, 2020)),
        ("5/3/20", DateError::TwoDigitYear { year: 20 }),
        ("5/3/2569", DateError::YearOutOfRange { year: 2569, suggestion: Some(on(2026, 3, 5)) }),
        ("5/3/1820", DateError::YearOutOfRange { year: 1820, suggestion: None }),
        ("5/3/9999", DateError::YearOutOfRange { year: 9999, suggestion: None }),
    ] {
        assert_eq!(date::parse(typed), Err(error), "{typed}");
    }
}

#[test]
fn times_are_read_and_written() {
    for typed in ["8h30", "08:30", "8:30", "8 giờ 30", "08 giờ 30 phút", "8g30", "08:30:00"] {
        assert_eq!(date::parse_time(typed), Some((8, 30)), "{typed}");
    }
    assert_eq!(date::parse_time("14h"), Some((14, 0)));
    assert_eq!(date::parse_time("8 giờ"), Some((8, 0)));
    for typed in ["24:00", "8:60", "8", "8:", "sáng", "-8:30", "8h30h"] {
        assert_eq!(date::parse_time(typed), None, "{typed}");
    }
    assert_eq!(date::time_long(8, 30), "08 giờ 30 phút");
    assert_eq!(date::time_long(14, 0), "14 giờ 00 phút");
}

fn any_date() -> impl Strategy<Value = Date> {
    (1900_i16..=2199, 1_i8..=12, 1_i8..=31).prop_filter_map("the day exists", |(y, m, d)| Date::new(y, m, d).ok())
}

proptest! {
    #[test]
    fn dates_written_are_read_back(day in any_date()) {
        prop_assert_eq!(date::parse(&date::long(day)), Ok(day));
        prop_assert_eq!(date::parse(&date::short(day)), Ok(day));
        prop_assert_eq!(date::parse(&day.to_string()), Ok(day));
    }

    #[test]
    fn times_written_are_read_back(hour in 0_u8..24, minute in 0_u8..60) {
        prop_assert_eq!(date::parse_time(&date::time_long(hour, minute)), Some((hour, minute)));
    }

    #[test]
    fn parsing_never_panics(text in "[0-9/.:hg \\-a-zđ]{0,12}|\\PC{0,12}") {
        let _ = date::parse(&text);
        let _ = date::parse_time(&text);
    }
}
