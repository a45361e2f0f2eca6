//! Deployment windows: the cron expressions of `DeploymentWindow` rules, on the simulation's clock.
//!
//! Fields, ranges and special characters are those of the user guide's page "DeploymentWindow": seconds, minutes, hours, day
//! of month, month, day of week and, if wanted, year. Seconds may be restricted as older editions of that page allow it. The
//! page does not say what two restricted days mean together, so one of the two must be `?` or `*`. The simulation's clock is
//! UTC and begins on Monday, 1 January 2024 (chosen for Fleetlab: a Monday, as working weeks begin on one). It knows no rules.

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use crate::units::{NANOS_PER_SEC, SimTime};

/// Monday, 1 January 2024, 00:00 UTC [s since 1970].
const EPOCH: i64 = 1_704_067_200;
/// Offsets of time zones are multiples of this [s], so a day begins and ends on one.
const QUARTER: i64 = 900;
/// Years that a window can name.
const YEARS: std::ops::RangeInclusive<u32> = 1970..=2199;
/// Names of months.
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// Names of days; a week begins on Sunday, which is 1.
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Why something is no window: one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWindow {
    /// A wrong number of fields.
    #[error("a window has 6 or 7 fields (seconds, minutes, hours, day of month, month, day of week, year), not {0}")]
    Fields(usize),
    /// A field that cannot be read.
    #[error("`{found}` cannot be {field}; it is {allowed}")]
    Field {
        /// What is written.
        found: String,
        /// Of what.
        field: &'static str,
        /// What can be written.
        allowed: &'static str,
    },
    /// Both days are restricted.
    #[error("day of month and day of week are both given; one of them must be `?`")]
    BothDays,
    /// No such zone.
    #[error("no time zone is called `{0}`; write a name such as Asia/Ho_Chi_Minh, or UTC+7")]
    Zone(String),
}

/// When deployments are allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    seconds: Field,
    minutes: Field,
    hours: Field,
    days: Vec<Day>,
    months: Field,
    weekdays: Vec<Day>,
    years: Field,
    zone: TimeZone,
}

/// Numbers that a field allows; `None`: all.
type Field = Option<Vec<u32>>;

/// Days that a field allows; those of an empty list are all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// This day of the month.
    OfMonth(u32),
    /// So many days before the last of the month (`L`, `L-3`).
    BeforeLast(u32),
    /// The weekday nearest to a day, in the same month (`15W`).
    NearestWeekday(u32),
    /// The last Monday to Friday of the month (`LW`).
    LastWeekday,
    /// This day of the week.
    OfWeek(u32),
    /// The last such day of the month (`6L`).
    LastOfWeek(u32),
    /// The nth such day of the month (`6#3`).
    NthOfWeek(u32, u32),
}

impl Window {
    /// Reads a cron expression, and the zone in whose time it is meant; UTC if none is named.
    pub fn parse(cron: &str, zone: Option<&str>) -> Result<Self, BadWindow> {
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let (&[seconds, minutes, hours, day, month, weekday], year) = match &fields[..] {
            [first @ .., year] if first.len() == 6 => (first.first_chunk().ok_or(BadWindow::Fields(7))?, *year),
            all => (all.first_chunk().filter(|_| all.len() == 6).ok_or(BadWindow::Fields(all.len()))?, "*"),
        };
        let days = days(day, "a day of the month", "1 to 31, a range, a list, steps, `?`, `*`, `L`, `L-3`, `15W` or `LW`", day_of_month)?;
        let weekdays = days_of(weekday)?;
        if !days.is_empty() && !weekdays.is_empty() {
            return Err(BadWindow::BothDays);
        }
        Ok(Self {
            seconds: numbers(seconds, "seconds", "0 to 59, a range, a list, steps or `*`", &(0..=59), &[])?,
            minutes: numbers(minutes, "minutes", "0 to 59, a range, a list, steps or `*`", &(0..=59), &[])?,
            hours: numbers(hours, "hours", "0 to 23, a range, a list, steps or `*`", &(0..=23), &[])?,
            days,
            months: numbers(month, "a month", "1 to 12 or JAN to DEC, a range, a list, steps or `*`", &(1..=12), &MONTHS)?,
            weekdays,
            years: numbers(year, "a year", "1970 to 2199, a range, a list, steps or `*`", &YEARS, &[])?,
            zone: time_zone(zone.unwrap_or("UTC"))?,
        })
    }

    /// Whether deployments are allowed at this moment.
    pub fn is_open(&self, at: SimTime) -> bool {
        let at = self.local(second(at));
        self.has_hour(&at) && allows(self.minutes.as_ref(), at.minute() as u32) && allows(self.seconds.as_ref(), at.second() as u32)
    }

    /// The first moment from `from` to `until` at which deployments are allowed; `None` if there is none.
    pub fn opens(&self, from: SimTime, until: SimTime) -> Option<SimTime> {
        if self.is_open(from) {
            return Some(from);
        }
        let (mut at, end) = (second(from) + 1, second(until));
        while at <= end {
            let local = self.local(at);
            at += if !self.has_hour(&local) {
                QUARTER - at.rem_euclid(QUARTER)
            } else if !allows(self.minutes.as_ref(), local.minute() as u32) {
                60 - at.rem_euclid(60)
            } else if allows(self.seconds.as_ref(), local.second() as u32) {
                return Some(SimTime::from_secs((at - EPOCH) as u64));
            } else {
                1
            };
        }
        None
    }

    fn local(&self, second: i64) -> Zoned {
        // Simulated time ends long before the last second that can be written.
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone())
    }

    /// Whether the day and the hour are right.
    fn has_hour(&self, at: &Zoned) -> bool {
        let date = at.date();
        allows(self.hours.as_ref(), at.hour() as u32)
            && allows(self.months.as_ref(), date.month() as u32)
            && allows(self.years.as_ref(), date.year() as u32)
            && (self.days.is_empty() || self.days.iter().any(|day| day.is(date)))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(|day| day.is(date)))
    }
}

impl Day {
    fn is(self, date: Date) -> bool {
        let (day, last) = (date.day() as u32, date.days_in_month() as u32);
        let weekday = date.weekday().to_sunday_one_offset() as u32;
        match self {
            Self::OfMonth(wanted) => day == wanted,
            Self::BeforeLast(before) => day + before == last,
            Self::NearestWeekday(wanted) => wanted <= last && day == nearest_weekday(date, wanted, last),
            Self::LastWeekday => day == nearest_weekday(date, last, last),
            Self::OfWeek(wanted) => weekday == wanted,
            Self::LastOfWeek(wanted) => weekday == wanted && day + 7 > last,
            Self::NthOfWeek(wanted, n) => weekday == wanted && day.div_ceil(7) == n,
        }
    }
}

/// The Monday to Friday nearest to a day of the month that `date` is in, without leaving that month.
fn nearest_weekday(date: Date, day: u32, last: u32) -> u32 {
    let Ok(of) = Date::new(date.year(), date.month(), day as i8) else { return 0 };
    match of.weekday() {
        Weekday::Saturday if day == 1 => 3,
        Weekday::Saturday => day - 1,
        Weekday::Sunday if day == last => day - 2,
        Weekday::Sunday => day + 1,
        _ => day,
    }
}

/// The whole second of a moment [s since 1970].
fn second(at: SimTime) -> i64 {
    EPOCH + (at.nanos() / NANOS_PER_SEC) as i64
}

fn allows(field: Option<&Vec<u32>>, number: u32) -> bool {
    field.is_none_or(|numbers| numbers.contains(&number))
}

/// A number, or the place of a name in a list that begins at 1.
fn number(text: &str, names: &[&str]) -> Option<u32> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text)).map(|at| at as u32 + 1);
    named.or_else(|| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?)
}

/// One part of a list: a number, a range, or steps through either.
fn span(text: &str, range: &std::ops::RangeInclusive<u32>, names: &[&str]) -> Option<Vec<u32>> {
    let (of, step) = match text.split_once('/') {
        Some((of, step)) => (of, Some(number(step, &[]).filter(|step| *step > 0)?)),
        None => (text, None),
    };
    let (from, to) = match of.split_once('-') {
        Some((from, to)) => (number(from, names)?, number(to, names)?),
        None if of == "*" => (*range.start(), *range.end()),
        None => (number(of, names)?, if step.is_some() { *range.end() } else { number(of, names)? }),
    };
    (range.contains(&from) && range.contains(&to)).then_some(())?;
    // `FRI-MON` goes over the end of the week.
    let all: Vec<u32> = if from <= to { (from..=to).collect() } else { (from..=*range.end()).chain(*range.start()..=to).collect() };
    Some(all.into_iter().step_by(step.unwrap_or(1) as usize).collect())
}

fn numbers(text: &str, field: &'static str, allowed: &'static str, range: &std::ops::RangeInclusive<u32>, names: &[&str]) -> Result<Field, BadWindow> {
    if text == "*" {
        return Ok(None);
    }
    let all: Option<Vec<Vec<u32>>> = text.split(',').map(|part| span(part, range, names)).collect();
    all.map(|all| Some(all.concat())).ok_or_else(|| BadWindow::Field { found: text.to_owned(), field, allowed })
}

fn days(text: &str, field: &'static str, allowed: &'static str, one: impl Fn(&str) -> Option<Vec<Day>>) -> Result<Vec<Day>, BadWindow> {
    if text == "*" || text == "?" {
        return Ok(Vec::new());
    }
    let all: Option<Vec<Vec<Day>>> = text.split(',').map(one).collect();
    all.map(|all| all.concat()).ok_or_else(|| BadWindow::Field { found: text.to_owned(), field, allowed })
}

fn day_of_month(text: &str) -> Option<Vec<Day>> {
    let day = |text: &str| number(text, &[]).filter(|day| (1..=31).contains(day));
    if text == "LW" {
        return Some(vec![Day::LastWeekday]);
    }
    if let Some(before) = text.strip_prefix('L') {
        let before = if before.is_empty() { Some(0) } else { number(before.strip_prefix('-')?, &[]).filter(|before| *before <= 30) };
        return before.map(|before| vec![Day::BeforeLast(before)]);
    }
    match text.strip_suffix('W') {
        Some(near) => day(near).map(|day| vec![Day::NearestWeekday(day)]),
        None => span(text, &(1..=31), &[]).map(|days| days.into_iter().map(Day::OfMonth).collect()),
    }
}

fn days_of(week: &str) -> Result<Vec<Day>, BadWindow> {
    let day = |text: &str| number(text, &DAYS).filter(|day| (1..=7).contains(day));
    let one = |text: &str| {
        if text == "L" {
            return Some(vec![Day::OfWeek(7)]);
        }
        if let Some((of, n)) = text.split_once('#') {
            return number(n, &[]).filter(|n| (1..=5).contains(n)).and_then(|n| Some(vec![Day::NthOfWeek(day(of)?, n)]));
        }
        match text.strip_suffix('L') {
            Some(of) => day(of).map(|day| vec![Day::LastOfWeek(day)]),
            None => span(text, &(1..=7), &DAYS).map(|days| days.into_iter().map(Day::OfWeek).collect()),
        }
    };
    days(week, "a day of the week", "1 to 7 or SUN to SAT, a range, a list, steps, `?`, `*`, `L`, `6L` or `6#3`", one)
}

/// A zone by its name in the time zone database, or by its distance from UTC.
fn time_zone(name: &str) -> Result<TimeZone, BadWindow> {
    let distance = name.strip_prefix("UTC").or_else(|| name.strip_prefix("GMT")).filter(|distance| !distance.is_empty());
    let fixed = distance.and_then(|distance| {
        let sign = match distance.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            _ => return None,
        };
        let (hours, minutes) = distance[1..].split_once(':').unwrap_or((&distance[1..], "0"));
        let (hours, minutes) = (number(hours, &[]).filter(|hours| *hours <= 18)?, number(minutes, &[]).filter(|minutes| minutes % 15 == 0 && *minutes < 60)?);
        Offset::from_seconds(sign * (hours * 3_600 + minutes * 60) as i32).ok().map(TimeZone::fixed)
    });
    let known = || if name == "Z" { Some(TimeZone::UTC) } else { TimeZone::get(name).ok() };
    fixed.or_else(known).ok_or_else(|| BadWindow::Zone(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;

    fn at(day: u64, hour: u64, minute: u64) -> SimTime {
        SimTime::from_secs(day * DAY + hour * HOUR + minute * 60)
    }

    fn window(cron: &str) -> Window {
        Window::parse(cron, None).unwrap_or_else(|wrong| panic!("{cron}: {wrong}"))
    }

    /// Days of the first year, counted from 0, on which a window is open at noon.
    fn noons(cron: &str, days: u64) -> Vec<u64> {
        let window = window(cron);
        (0..days).filter(|day| window.is_open(at(*day, 12, 0))).collect()
    }

    #[test]
    fn office_hours_are_open_from_monday_to_friday() {
        let office = window("* * 9-16 ? * MON-FRI *");
        for (day, hour, minute, open) in
            [(0, 8, 59, false), (0, 9, 0, true), (4, 16, 59, true), (4, 17, 0, false), (5, 12, 0, false), (6, 12, 0, false), (7, 9, 0, true)]
        {
            assert_eq!(office.is_open(at(day, hour, minute)), open, "day {day}, {hour}:{minute}");
        }
        assert_eq!(office.opens(at(4, 16, 30), at(9, 0, 0)), Some(at(4, 16, 30)), "it is open");
        assert_eq!(office.opens(at(4, 17, 0), at(9, 0, 0)), Some(at(7, 9, 0)), "on Monday again");
        assert_eq!(office.opens(at(4, 17, 0), at(7, 8, 0)), None);
    }

    #[test]
    fn days_are_told_in_all_the_ways_of_the_guide() {
        // The first month begins on a Monday and has 31 days; the second one has 29, a Thursday being the last.
        assert_eq!(noons("* * * 10-12 * ?", 31), [9, 10, 11]);
        assert_eq!(noons("* * * 1,15 * ?", 60), [0, 14, 31, 45]);
        assert_eq!(noons("* * * 1/10 JAN ?", 60), [0, 10, 20, 30]);
        assert_eq!(noons("* * * L * ?", 60), [30, 59]);
        assert_eq!(noons("* * * L-3 1 ?", 60), [27]);
        assert_eq!(noons("* * * 6W,14W JAN ?", 31), [4, 14], "the 6th is a Saturday, the 14th a Sunday");
        assert_eq!(noons("* * * LW * ?", 60), [30, 59]);
        assert_eq!(noons("* * * ? 1 6#3", 31), [18], "the third Friday");
        assert_eq!(noons("* * * ? 1 FRIL", 31), [25], "the last Friday");
        assert_eq!(noons("* * * ? * L", 14), [5, 12], "Saturdays");
        assert_eq!(noons("* * * ? * SAT-MON", 8), [0, 5, 6, 7]);
        assert_eq!(noons("* * * ? * 2,4", 7), [0, 2]);
        assert_eq!(noons("* * * * * ? 2025", 400).first(), Some(&366), "2024 has a day more");
    }

    #[test]
    fn minutes_and_seconds_open_for_moments() {
        let quarters = window("0 0/15 * * * ?");
        assert!(quarters.is_open(SimTime::from_secs(900)) && !quarters.is_open(SimTime::from_secs(901)));
        assert_eq!(quarters.opens(SimTime::from_secs(901), at(1, 0, 0)), Some(SimTime::from_secs(1_800)));
        assert_eq!(window("30 * * * * *").opens(SimTime::from_secs(31), at(1, 0, 0)), Some(SimTime::from_secs(90)));
    }

    #[test]
    fn zones_shift_a_window_and_know_summer_time() {
        let nine = |zone: &str| Window::parse("* * 9 * * ?", Some(zone)).unwrap_or_else(|wrong| panic!("{wrong}"));
        for zone in ["Asia/Ho_Chi_Minh", "UTC+7", "UTC+07:00", "GMT+7"] {
            assert_eq!(nine(zone).opens(at(0, 0, 0), at(1, 0, 0)), Some(at(0, 2, 0)), "{zone}");
        }
        let berlin = nine("Europe/Berlin");
        assert!(berlin.is_open(at(0, 8, 0)) && berlin.is_open(at(120, 7, 0)), "an hour earlier in summer");
        assert_eq!(nine("UTC-3:30").opens(at(0, 0, 0), at(1, 0, 0)), Some(at(0, 12, 30)));
    }

    #[test]
    fn what_is_no_window_is_said() {
        for (cron, said) in [
            ("* * 9-17 ? *", "6 or 7 fields"),
            ("* * 9-24 ? * *", "`9-24` cannot be hours"),
            ("* 60 * ? * *", "`60` cannot be minutes"),
            ("* * * 32 * ?", "`32` cannot be a day of the month"),
            ("* * * ? * MOON", "`MOON` cannot be a day of the week"),
            ("* * * ? * 6#6", "`6#6`"),
            ("* * * ? 0-11 *", "`0-11` cannot be a month"),
            ("* */0 * ? * *", "`*/0`"),
            ("* * * 1 * MON", "both given"),
            ("* * * ? * * 1969", "`1969` cannot be a year"),
        ] {
            let wrong = Window::parse(cron, None).expect_err(cron).to_string();
            assert!(wrong.contains(said), "{cron}: {wrong}");
        }
        for zone in ["Mars/Olympus", "UTC+25", "UTC7", ""] {
            assert!(Window::parse("* * * * * ?", Some(zone)).is_err_and(|wrong| wrong.to_string().contains("no time zone")), "{zone}");
        }
    }
}
