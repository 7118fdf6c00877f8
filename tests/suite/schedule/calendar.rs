//! The lunar calendar of Viet Nam and its days off.

use expect_test::expect;
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use vanthu::language::Language;
use vanthu::schedule::holidays::{Calendar, CalendarSettings, DayOff, Holiday};
use vanthu::schedule::lunar::{LunarDate, LunarYear, YEAR_MAX, YEAR_MIN, margin_seconds};

/// Every day from `from` up to, not including, `to`.
fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    from.series(1.day()).take_while(move |day| *day < to)
}

#[test]
fn tet_falls_on_the_days_that_were_printed() {
    let printed = [
        date(1969, 2, 16),
        date(1976, 1, 31),
        date(1985, 1, 21),
        date(1995, 1, 31),
        date(2000, 2, 5),
        date(2007, 2, 17),
        date(2015, 2, 19),
        date(2016, 2, 8),
        date(2017, 1, 28),
        date(2018, 2, 16),
        date(2019, 2, 5),
        date(2020, 1, 25),
        date(2021, 2, 12),
        date(2022, 2, 1),
        date(2023, 1, 22),
        date(2024, 2, 10),
        date(2025, 1, 29),
        date(2026, 2, 17),
        date(2027, 2, 6),
        date(2028, 1, 26),
        date(2029, 2, 13),
        date(2030, 2, 2),
        date(2031, 1, 23),
        date(2032, 2, 11),
        date(2033, 1, 31),
        date(2034, 2, 19),
        date(2035, 2, 8),
    ];
    for day in printed {
        assert_eq!(LunarYear::of(day.year()).unwrap().new_year(), day);
        assert_eq!(LunarDate::of(day), Some(LunarDate::new(day.year(), 1, 1)));
    }
}

#[test]
fn leap_months_stand_where_viet_nam_puts_them() {
    let leap: Vec<(i16, u8)> = (1975..=2050).filter_map(|year| Some((year, LunarYear::of(year)?.leap_month()?))).collect();
    assert_eq!(
        leap,
        [
            (1976, 8),
            (1979, 6),
            (1982, 4),
            // China's was the tenth month of 1984: the winter solstice fell on the day after the new moon there.
            (1985, 2),
            // China's was the sixth.
            (1987, 7),
            (1990, 5),
            (1993, 3),
            (1995, 8),
            (1998, 5),
            (2001, 4),
            (2004, 2),
            (2006, 7),
            (2009, 5),
            (2012, 4),
            (2014, 9),
            (2017, 6),
            (2020, 4),
            (2023, 2),
            (2025, 6),
            (2028, 5),
            (2031, 3),
            (2033, 11),
            (2036, 6),
            (2039, 5),
            (2042, 2),
            (2044, 7),
            (2047, 5),
            (2050, 3)
        ]
    );
}

#[test]
fn every_day_from_1975_to_2100_goes_to_the_lunar_calendar_and_back() {
    let mut before: Option<LunarDate> = None;
    for day in days(date(1975, 1, 1), date(2101, 1, 1)) {
        let lunar = LunarDate::of(day).unwrap();
        assert_eq!(lunar.to_solar(), Some(day), "{lunar:?}");
        if let Some(before) = before {
            let next_day = LunarDate { day: before.day + 1, ..before };
            assert!(lunar == next_day || (lunar.day == 1 && before.day >= 29), "{before:?} is followed by {lunar:?}");
        }
        before = Some(lunar);
    }
}

#[test]
fn every_lunar_year_follows_the_one_before_without_a_gap() {
    for year in YEAR_MIN..YEAR_MAX {
        let lunar = LunarYear::of(year).unwrap();
        let last = lunar.months.last().unwrap();
        assert_eq!(last.first.saturating_add(last.days.days()), LunarYear::of(year + 1).unwrap().new_year(), "{year}");
        assert!(lunar.months.iter().all(|month| (29..=30).contains(&month.days)), "{year}");
        let numbers: Vec<u8> = lunar.months.iter().filter(|month| !month.leap).map(|month| month.number).collect();
        assert_eq!(numbers, (1..=12).collect::<Vec<u8>>(), "{year}");
    }
}

#[test]
fn days_that_the_lunar_calendar_lacks_are_refused() {
    assert_eq!(LunarDate::new(2025, 12, 30).to_solar(), None, "the year of the Snake ends on the 29th");
    assert_eq!(LunarDate { leap: true, ..LunarDate::new(2026, 6, 1) }.to_solar(), None, "2026 has no leap month");
    assert_eq!(LunarDate::new(2026, 13, 1).to_solar(), None);
    assert_eq!(LunarDate::new(2026, 1, 0).to_solar(), None);
    assert_eq!(LunarDate::new(YEAR_MIN - 1, 1, 1).to_solar(), None);
    assert_eq!(LunarDate::of(date(1968, 1, 28)), None);
    assert_eq!(LunarDate::of(date(2102, 1, 1)), None);
}

#[test]
fn no_month_until_2070_hangs_on_a_minute_of_astronomy() {
    // The formulas are good to half a minute, and an ephemeris with full series agrees on every month up to 2076.
    let close: Vec<(i16, u32)> =
        (YEAR_MIN..=2070).map(|year| (year, margin_seconds(year).round() as u32)).filter(|(_, margin)| *margin < 90).collect();
    expect!["[(1998, 86), (2054, 45)]"].assert_eq(&format!("{close:?}"));
}

fn off(calendar: &Calendar, year: i16) -> String {
    calendar
        .holidays(year)
        .into_iter()
        .map(|(day, why)| {
            let (name, given) = match why {
                DayOff::Holiday(holiday) => (holiday.name(), ""),
                DayOff::Compensation(holiday) => (holiday.name(), " (bù)"),
                DayOff::Weekend | DayOff::Extra => unreachable!("a list of holidays holds neither"),
            };
            format!("{} {}{given}\n", day.strftime("%a %d/%m"), name.in_language(Language::Vietnamese))
        })
        .collect()
}

#[test]
fn the_holidays_of_2026_are_those_that_were_announced() {
    expect![[r#"
        Thu 01/01 Tết Dương lịch
        Mon 16/02 Tết Âm lịch
        Tue 17/02 Tết Âm lịch
        Wed 18/02 Tết Âm lịch
        Thu 19/02 Tết Âm lịch
        Fri 20/02 Tết Âm lịch
        Sun 26/04 Ngày Giỗ Tổ Hùng Vương
        Mon 27/04 Ngày Giỗ Tổ Hùng Vương (bù)
        Thu 30/04 Ngày Chiến thắng
        Fri 01/05 Ngày Quốc tế lao động
        Tue 01/09 Quốc khánh
        Wed 02/09 Quốc khánh
    "#]]
    .assert_eq(&off(&Calendar::default(), 2026));
}

#[test]
fn the_holidays_of_2023_give_back_two_days_after_labour_day() {
    expect![[r#"
        Sun 01/01 Tết Dương lịch
        Mon 02/01 Tết Dương lịch (bù)
        Fri 20/01 Tết Âm lịch
        Sat 21/01 Tết Âm lịch
        Sun 22/01 Tết Âm lịch
        Mon 23/01 Tết Âm lịch
        Tue 24/01 Tết Âm lịch
        Wed 25/01 Tết Âm lịch (bù)
        Thu 26/01 Tết Âm lịch (bù)
        Sat 29/04 Ngày Giỗ Tổ Hùng Vương
        Sun 30/04 Ngày Chiến thắng
        Mon 01/05 Ngày Quốc tế lao động
        Tue 02/05 Ngày Giỗ Tổ Hùng Vương (bù)
        Wed 03/05 Ngày Chiến thắng (bù)
        Fri 01/09 Quốc khánh
        Sat 02/09 Quốc khánh
        Mon 04/09 Quốc khánh (bù)
    "#]]
    .assert_eq(&off(&Calendar::default(), 2023));
}

#[test]
fn tet_takes_the_days_that_were_announced_for_it() {
    // First and last day off of each announcement, without the weekends around it.
    let announced = [
        (date(2020, 1, 23), date(2020, 1, 29)),
        (date(2021, 2, 10), date(2021, 2, 16)),
        (date(2022, 1, 31), date(2022, 2, 4)),
        (date(2023, 1, 20), date(2023, 1, 26)),
        (date(2024, 2, 8), date(2024, 2, 14)),
        (date(2025, 1, 27), date(2025, 1, 31)),
        (date(2026, 2, 16), date(2026, 2, 20)),
    ];
    let calendar = Calendar::default();
    for (first, last) in announced {
        let days: Vec<Date> = calendar
            .holidays(first.year())
            .into_iter()
            .filter(|(_, why)| matches!(why, DayOff::Holiday(Holiday::LunarNewYear) | DayOff::Compensation(Holiday::LunarNewYear)))
            .map(|(day, _)| day)
            .collect();
        assert_eq!((days[0], *days.last().unwrap()), (first, last));
        assert!(self::days(first, last).all(|day| !calendar.is_working_day(day)));
    }
}

#[test]
fn the_national_day_takes_the_neighbour_that_was_announced() {
    let neighbours: Vec<(i16, Vec<String>)> = (2020..=2026)
        .map(|year| {
            let days = Calendar::default().holidays(year).into_iter().filter(|(_, why)| *why == DayOff::Holiday(Holiday::National));
            (year, days.map(|(day, _)| day.strftime("%d/%m").to_string()).collect())
        })
        .collect();
    let expected = [(2020, ["02/09"].as_slice())].into_iter().chain(
        [2021, 2022, 2023, 2024, 2025, 2026]
            .into_iter()
            .map(|year| (year, if [2021, 2024].contains(&year) { ["02/09", "03/09"].as_slice() } else { ["01/09", "02/09"].as_slice() })),
    );
    assert_eq!(neighbours, expected.map(|(year, days)| (year, days.iter().map(|day| (*day).to_owned()).collect())).collect::<Vec<_>>());
}

#[test]
fn the_hung_kings_day_is_the_tenth_of_the_third_month() {
    let expected = [
        date(2020, 4, 2),
        date(2021, 4, 21),
        date(2022, 4, 10),
        date(2023, 4, 29),
        date(2024, 4, 18),
        date(2025, 4, 7),
        date(2026, 4, 26),
        date(2027, 4, 16),
        date(2028, 4, 4),
        date(2029, 4, 23),
        date(2030, 4, 12),
    ];
    for day in expected {
        assert_eq!(Calendar::default().day_off(day), Some(DayOff::Holiday(Holiday::HungKings)));
    }
}

#[test]
fn every_year_gives_each_holiday_that_falls_on_a_weekend_a_working_day_back() {
    let calendar = Calendar::default();
    for year in 2021..=2035 {
        let weekdays_off = days(date(year, 1, 1), date(year + 1, 1, 1))
            .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !calendar.is_working_day(*day))
            .count();
        assert_eq!(weekdays_off, 11, "{year}: article 112 gives eleven days");
        for fixed in [date(year, 1, 1), date(year, 4, 30), date(year, 5, 1), date(year, 9, 2)] {
            assert!(!calendar.is_working_day(fixed));
        }
        let tet = LunarYear::of(year).unwrap().new_year();
        assert!(days(tet.saturating_sub(1.day()), tet.saturating_add(3.days())).all(|day| !calendar.is_working_day(day)), "{year}");
    }
}

#[test]
fn the_configuration_corrects_what_the_state_decided_otherwise() {
    // 2026: Monday 31 August was exchanged for Saturday 22 August.
    let settings: CalendarSettings = toml::from_str("extra_holidays = ['2026-08-31']\nextra_working_days = ['2026-08-22']").unwrap();
    assert_eq!(settings.problems("vanthu.toml"), []);
    let calendar = Calendar::new(&settings);
    assert!(calendar.is_working_day(date(2026, 8, 22)));
    assert_eq!(calendar.day_off(date(2026, 8, 31)), Some(DayOff::Extra));
    let week: Vec<Date> = days(date(2026, 8, 29), date(2026, 9, 3)).filter(|day| calendar.is_working_day(*day)).collect();
    assert_eq!(week, []);
}

#[test]
fn an_office_that_works_on_saturday_gets_no_day_for_a_saturday_holiday() {
    let calendar = Calendar::new(&toml::from_str("weekend = ['sun']").unwrap());
    // 1 January 2022 was a Saturday.
    assert_eq!(calendar.day_off(date(2022, 1, 1)), Some(DayOff::Holiday(Holiday::NewYear)));
    assert!(calendar.is_working_day(date(2022, 1, 3)));
    assert!(calendar.is_working_day(date(2022, 1, 8)));
    assert_eq!(Calendar::default().day_off(date(2022, 1, 3)), Some(DayOff::Compensation(Holiday::NewYear)));
    assert_eq!(Calendar::default().day_off(date(2022, 1, 8)), Some(DayOff::Weekend));
}
