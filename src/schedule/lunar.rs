//! The lunar calendar of Viet Nam, computed: which day of which lunar month a date is, and back.
//!
//! Owns the astronomy that the calendar rests on and the rule that makes months of it. A month begins on the day of the
//! new moon in Viet Nam's time (UTC+7); the month that holds the winter solstice is the eleventh; between two eleventh
//! months that are thirteen months apart, the first month without a principal solar term is the leap one. New moons follow
//! Meeus, *Astronomical Algorithms* (2nd ed.), chapter 49; the sun's longitude follows chapter 25 with the largest terms
//! of VSOP87. China computes the same with UTC+8, which is why Tết sometimes differs by a day, and once by a month (1985).

use std::sync::OnceLock;

use jiff::ToSpan as _;
use jiff::civil::Date;

/// First lunar year that is known here: Viet Nam's calendar has counted in UTC+7 since 1968 (decision 121/CP of 1967).
pub const YEAR_MIN: i16 = 1968;
/// Last lunar year that is known here; beyond it the length of the day is too uncertain.
pub const YEAR_MAX: i16 = 2100;

/// A date of the lunar calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LunarDate {
    /// The lunar year, named by the solar year in which it begins.
    pub year: i16,
    /// 1 to 12; 1 is tháng Giêng, 12 tháng Chạp.
    pub month: u8,
    /// Is it the second, inserted month of this number (tháng nhuận)?
    pub leap: bool,
    /// 1 to 30.
    pub day: u8,
}

impl LunarDate {
    /// A day of an ordinary month.
    pub const fn new(year: i16, month: u8, day: u8) -> Self {
        Self { year, month, leap: false, day }
    }

    /// The lunar date of `date`; `None` outside the years [`YEAR_MIN`] to [`YEAR_MAX`].
    pub fn of(date: Date) -> Option<Self> {
        let year = [date.year(), date.year() - 1].into_iter().filter_map(LunarYear::of).find(|year| year.new_year() <= date)?;
        let month = year.months.iter().rev().find(|month| month.first <= date)?;
        let day = i8::try_from((date - month.first).get_days()).ok()? + 1;
        (day <= month.days).then_some(Self { year: year.year, month: month.number, leap: month.leap, day: day.unsigned_abs() })
    }

    /// The solar date; `None` when the calendar has no such day.
    pub fn to_solar(self) -> Option<Date> {
        let year = LunarYear::of(self.year)?;
        let month = year.months.iter().find(|month| month.number == self.month && month.leap == self.leap)?;
        let day = i8::try_from(self.day).ok().filter(|day| (1..=month.days).contains(day))?;
        month.first.checked_add(i32::from(day - 1).days()).ok()
    }
}

/// One month of a lunar year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LunarMonth {
    /// 1 to 12.
    pub number: u8,
    /// Inserted after the month of the same number.
    pub leap: bool,
    /// Its first day.
    pub first: Date,
    /// 29 or 30.
    pub days: i8,
}

/// A lunar year, from tháng Giêng to tháng Chạp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LunarYear {
    /// The solar year in which it begins.
    pub year: i16,
    /// 12 months, or 13 with the leap month at its place.
    pub months: Vec<LunarMonth>,
}

impl LunarYear {
    /// The lunar year that begins in the solar `year`; computed once and kept. `None` outside [`YEAR_MIN`] to [`YEAR_MAX`].
    pub fn of(year: i16) -> Option<&'static Self> {
        const COUNT: usize = (YEAR_MAX - YEAR_MIN + 1) as usize;
        static YEARS: [OnceLock<LunarYear>; COUNT] = [const { OnceLock::new() }; COUNT];
        let index = usize::try_from(year.checked_sub(YEAR_MIN)?).ok()?;
        Some(YEARS.get(index)?.get_or_init(|| Self::compute(year)))
    }

    /// Mùng 1 Tết.
    pub fn new_year(&self) -> Date {
        self.months[0].first
    }

    /// The number of the leap month, if the year has one.
    pub fn leap_month(&self) -> Option<u8> {
        self.months.iter().find(|month| month.leap).map(|month| month.number)
    }

    fn compute(year: i16) -> Self {
        // Months 1 to 10 belong to the sui that ends with the eleventh month of `year`, 11 and 12 to the next one.
        let mut months = months_of_sui(year);
        months.retain(|month| month.number <= 10);
        months.extend(months_of_sui(year + 1).into_iter().filter(|month| month.number >= 11));
        Self { year, months }
    }
}

/// The months from the eleventh of `year - 1` up to, not including, the eleventh of `year`. A leap eleventh or twelfth
/// month at the start belongs to the same numbers.
fn months_of_sui(year: i16) -> Vec<LunarMonth> {
    let start = lunation_of_solstice(year - 1);
    let end = lunation_of_solstice(year);
    let leap_at = if end - start == 13 { (start + 1..end).find(|&lunation| !holds_principal_term(lunation)) } else { None };
    let mut number = 11;
    let mut months = Vec::with_capacity(13);
    for lunation in start..end {
        let leap = leap_at == Some(lunation);
        if lunation != start && !leap {
            number = number % 12 + 1;
        }
        let (first, next) = (first_day(lunation), first_day(lunation + 1));
        months.push(LunarMonth { number, leap, first: date_of(first), days: (next - first) as i8 });
    }
    months
}

/// The lunation whose month holds the winter solstice of the solar `year`.
fn lunation_of_solstice(year: i16) -> i64 {
    // Day number of 31 December; the solstice is ten days earlier, so the new moon sought is this one or the one before.
    let year_end = 2_451_545 + (f64::from(year - 1999) * 365.2425) as i64 - 1;
    let mut lunation = ((year_end as f64 - NEW_MOON_EPOCH) / SYNODIC_MONTH) as i64 + 1;
    while first_day(lunation) > year_end || term_at_start_of(first_day(lunation)) >= WINTER_SOLSTICE {
        lunation -= 1;
    }
    lunation
}

/// The principal terms are the multiples of 30° of the sun's longitude; the solstice is the ninth, 270°.
const WINTER_SOLSTICE: u8 = 9;

/// Does the month of `lunation` hold a principal term?
fn holds_principal_term(lunation: i64) -> bool {
    term_at_start_of(first_day(lunation)) != term_at_start_of(first_day(lunation + 1))
}

/// The twelfth of the ecliptic in which the sun stands when the day numbered `day` begins in Viet Nam.
fn term_at_start_of(day: i64) -> u8 {
    let midnight = day as f64 - 0.5 - HOURS_AHEAD / 24.0;
    (solar_longitude(midnight + delta_t_days(midnight)) / 30.0) as u8
}

/// Hours that Viet Nam is ahead of UTC.
const HOURS_AHEAD: f64 = 7.0;

/// Julian day number of the local day on which the new moon of `lunation` falls.
fn first_day(lunation: i64) -> i64 {
    let dynamical = new_moon(lunation);
    (dynamical - delta_t_days(dynamical) + HOURS_AHEAD / 24.0 + 0.5).floor() as i64
}

fn date_of(julian_day_number: i64) -> Date {
    const J2000: i64 = 2_451_545;
    let epoch = Date::constant(2000, 1, 1);
    // Every lunation that is asked for lies within two centuries of the epoch.
    epoch.saturating_add((julian_day_number - J2000).days())
}

const NEW_MOON_EPOCH: f64 = 2_451_550.097_66;
const SYNODIC_MONTH: f64 = 29.530_588_861;

/// The sines of chapter 49 for a new moon: coefficient in days, power of E, multiples of M, M′, F.
#[rustfmt::skip]
const NEW_MOON_TERMS: [(f64, i32, f64, f64, f64); 24] = [
    (-0.40720, 0, 0.0, 1.0, 0.0), (0.17241, 1, 1.0, 0.0, 0.0), (0.01608, 0, 0.0, 2.0, 0.0), (0.01039, 0, 0.0, 0.0, 2.0),
    (0.00739, 1, -1.0, 1.0, 0.0), (-0.00514, 1, 1.0, 1.0, 0.0), (0.00208, 2, 2.0, 0.0, 0.0), (-0.00111, 0, 0.0, 1.0, -2.0),
    (-0.00057, 0, 0.0, 1.0, 2.0), (0.00056, 1, 1.0, 2.0, 0.0), (-0.00042, 0, 0.0, 3.0, 0.0), (0.00042, 1, 1.0, 0.0, 2.0),
    (0.00038, 1, 1.0, 0.0, -2.0), (-0.00024, 1, -1.0, 2.0, 0.0), (-0.00007, 0, 2.0, 1.0, 0.0), (0.00004, 0, 0.0, 2.0, -2.0),
    (0.00004, 0, 3.0, 0.0, 0.0), (0.00003, 0, 1.0, 1.0, -2.0), (0.00003, 0, 0.0, 2.0, 2.0), (-0.00003, 0, 1.0, 1.0, 2.0),
    (0.00003, 0, -1.0, 1.0, 2.0), (-0.00002, 0, -1.0, 1.0, -2.0), (-0.00002, 0, 1.0, 3.0, 0.0), (0.00002, 0, 0.0, 4.0, 0.0),
];

/// The planets' sines of chapter 49: coefficient in days, phase in degrees, degrees a lunation.
#[rustfmt::skip]
const PLANET_TERMS: [(f64, f64, f64); 14] = [
    (0.000325, 299.77, 0.107408), (0.000165, 251.88, 0.016321), (0.000164, 251.83, 26.651886), (0.000126, 349.42, 36.412478),
    (0.000110, 84.66, 18.206239), (0.000062, 141.74, 53.303771), (0.000060, 207.14, 2.453732), (0.000056, 154.84, 7.306860),
    (0.000047, 34.52, 27.261239), (0.000042, 207.19, 0.121824), (0.000040, 291.34, 1.844379), (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099), (0.000023, 331.55, 3.592518),
];

/// Julian ephemeris day of the new moon numbered `lunation` (0: 6 January 2000); within seconds for the years kept here.
fn new_moon(lunation: i64) -> f64 {
    let k = lunation as f64;
    let t = k / 1236.85;
    let eccentricity = 1.0 - 0.002516 * t - 0.0000074 * t * t;
    let sun = (2.5534 + 29.105_356_70 * k - 0.0000014 * t * t).to_radians();
    let moon = (201.5643 + 385.816_935_28 * k + 0.0107582 * t * t).to_radians();
    let latitude = (160.7108 + 390.670_502_84 * k - 0.0016118 * t * t).to_radians();
    let node = (124.7746 - 1.563_755_88 * k + 0.0020672 * t * t).to_radians();
    let mut day = NEW_MOON_EPOCH + SYNODIC_MONTH * k + 0.00015437 * t * t - 0.00017 * node.sin();
    for (coefficient, power, m, m1, f) in NEW_MOON_TERMS {
        day += coefficient * eccentricity.powi(power) * (m * sun + m1 * moon + f * latitude).sin();
    }
    for (coefficient, phase, rate) in PLANET_TERMS {
        day += coefficient * (phase + rate * k).to_radians().sin();
    }
    day
}

/// The earth's heliocentric longitude after VSOP87: amplitude in 1e-8 rad, phase, radians a thousand years.
#[rustfmt::skip]
const EARTH_TERMS: [(f64, f64, f64); 33] = [
    (3_341_656.0, 4.669_256_8, 6_283.075_85), (34_894.0, 4.6261, 12566.1517), (3497.0, 2.7441, 5753.3849),
    (3418.0, 2.8289, 3.5231), (3136.0, 3.6277, 77713.7715), (2676.0, 4.4181, 7860.4194), (2343.0, 6.1352, 3930.2097),
    (1324.0, 0.7425, 11506.7698), (1273.0, 2.0371, 529.6910), (1199.0, 1.1096, 1577.3435), (990.0, 5.233, 5884.927),
    (902.0, 2.045, 26.298), (857.0, 3.508, 398.149), (780.0, 1.179, 5223.694), (753.0, 2.533, 5507.553),
    (505.0, 4.583, 18849.228), (492.0, 4.205, 775.523), (357.0, 2.920, 0.067), (317.0, 5.849, 11790.629),
    (284.0, 1.899, 796.298), (271.0, 0.315, 10977.079), (243.0, 0.345, 5486.778), (206.0, 4.806, 2544.314),
    (205.0, 1.869, 5573.143), (202.0, 2.458, 6069.777), (156.0, 0.833, 213.299), (132.0, 3.411, 2942.463),
    (126.0, 1.083, 20.775), (115.0, 0.645, 0.980), (103.0, 0.636, 4694.003), (102.0, 0.976, 15720.839),
    (102.0, 4.267, 7.114), (99.0, 6.21, 2146.17),
];

/// The same, multiplied by the time in thousands of years.
#[rustfmt::skip]
const EARTH_TERMS_BY_TIME: [(f64, f64, f64); 6] = [
    (206_059.0, 2.678_235, 6_283.075_85), (4303.0, 2.6351, 12566.1517), (425.0, 1.590, 3.523), (119.0, 5.796, 26.298),
    (109.0, 2.966, 1577.344), (93.0, 2.59, 18849.23),
];

/// Apparent longitude of the sun in degrees, 0 to 360, at the Julian ephemeris day `day`; within 3″, a minute of time.
fn solar_longitude(day: f64) -> f64 {
    let t = (day - 2_451_545.0) / 365_250.0;
    let series = |terms: &[(f64, f64, f64)]| terms.iter().map(|(a, b, c)| a * (b + c * t).cos()).sum::<f64>();
    let earth = 175_347_046.0
        + series(&EARTH_TERMS)
        + (628_331_966_747.0 + series(&EARTH_TERMS_BY_TIME)) * t
        + (52_919.0 + 8720.0 * (1.0721 + 6283.0758 * t).cos()) * t * t;
    let geometric = (earth * 1e-8).to_degrees() + 180.0;

    let century = t * 10.0;
    let node = (125.04452 - 1934.136261 * century).to_radians();
    let mean_sun = (280.4665 + 36000.7698 * century).to_radians();
    let mean_moon = (218.3165 + 481_267.881_3 * century).to_radians();
    let anomaly = (357.52911 + 35999.05029 * century).to_radians();
    let nutation = -17.20 * node.sin() - 1.32 * (2.0 * mean_sun).sin() - 0.23 * (2.0 * mean_moon).sin() + 0.21 * (2.0 * node).sin();
    let aberration = -20.4898 * (1.0 + 0.0167 * anomaly.cos());
    let to_fk5 = -0.09033;
    (geometric + (nutation + aberration + to_fk5) / 3600.0).rem_euclid(360.0)
}

/// Terrestrial minus universal time in seconds at the start of each decade from 1960: measured up to 2020, then continued
/// by three seconds a decade. Three months begin within a minute of midnight and hang on that guess: the eleventh of 2072,
/// the tenth of 2077 and the ninth of 2085.
const DELTA_T: [f64; 16] = [33.2, 40.2, 50.5, 56.9, 63.8, 66.1, 69.4, 72.0, 75.0, 78.0, 81.0, 84.0, 87.0, 90.0, 93.0, 96.0];

fn delta_t_days(day: f64) -> f64 {
    let decades = ((day - 2_436_934.5) / 3652.5).clamp(0.0, (DELTA_T.len() - 2) as f64);
    let before = decades as usize;
    let part = decades - before as f64;
    (DELTA_T[before] + part * (DELTA_T[before + 1] - DELTA_T[before])) / 86_400.0
}

/// Seconds between Viet Nam's midnight and the nearest instant on which the months of the lunar `year` depend: a new moon,
/// or a principal term in the winter-to-winter span that carries a leap month. For judging the accuracy that is needed.
pub fn margin_seconds(year: i16) -> f64 {
    let from_midnight = |dynamical: f64| {
        let local = (dynamical - delta_t_days(dynamical) + HOURS_AHEAD / 24.0 + 0.5).rem_euclid(1.0);
        local.min(1.0 - local) * 86_400.0
    };
    let (start, end) = (lunation_of_solstice(year - 1), lunation_of_solstice(year));
    let mut margin = (start..=end).map(|lunation| from_midnight(new_moon(lunation))).fold(f64::MAX, f64::min);
    for lunation in start..=end {
        let midnight = first_day(lunation) as f64 - 0.5 - HOURS_AHEAD / 24.0;
        let longitude = solar_longitude(midnight + delta_t_days(midnight)).rem_euclid(30.0);
        // The sun takes a day for 0.9856°.
        margin = margin.min(longitude.min(30.0 - longitude) / 0.9856 * 86_400.0);
    }
    margin
}
