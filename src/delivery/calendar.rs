//! Working time: which hours of which days people work, and when so much work is done.
//!
//! Simulated time begins on a Monday at midnight. A calendar knows no people and no tasks; holidays are left out.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::choice::params;
use crate::units::{NANOS_PER_SEC, SimSpan, SimTime};

/// A day [ns].
pub const DAY: u64 = 86_400 * NANOS_PER_SEC;
const MINUTE: u64 = 60 * NANOS_PER_SEC;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// The days of the week, in order.
const WEEK: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

impl Day {
    /// The day on which a moment falls.
    pub const fn of(at: SimTime) -> Self {
        WEEK[(at.nanos() / DAY % 7) as usize]
    }
}

/// A time of day, in whole minutes after midnight: `"09:30"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// A time of day.
    pub const fn new(hour: u16, minute: u16) -> Self {
        Self(hour * 60 + minute)
    }
    /// Since midnight [ns].
    const fn nanos(self) -> u64 {
        self.0 as u64 * MINUTE
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            let in_day = minute < 60 && (hour < 24 || (hour == 24 && minute == 0));
            in_day.then(|| Self::new(hour, minute))
        };
        read().ok_or_else(|| "this is no time of day; write it as \"09:30\", up to \"24:00\"".to_owned())
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for TimeOfDay {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeOfDay".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([01]?[0-9]|2[0-4]):[0-5][0-9]$", "description": "A time of day, \"09:30\"." })
    }
}

params! {
    /// When people work.
    pub struct Calendar {
        /// Days of the week. Default Monday to Friday (chosen for Fleetlab).
        pub days: Vec<Day> = vec![Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri],
        /// When a working day begins. Default `"09:00"` (chosen for Fleetlab).
        pub from: TimeOfDay = TimeOfDay::new(9, 0),
        /// When it ends. Default `"17:00"` (chosen for Fleetlab).
        pub to: TimeOfDay = TimeOfDay::new(17, 0),
    }
}

impl Calendar {
    /// Says what is impossible about it, if anything is.
    pub fn check(&self) -> Result<(), String> {
        if self.days.is_empty() {
            return Err("nobody ever works; name at least one day".to_owned());
        }
        if self.to.0 < self.from.0 + 30 {
            return Err(format!("work from {} to {} leaves less than half an hour a day", self.from, self.to));
        }
        Ok(())
    }

    /// Working time of a day [ns].
    fn day_length(&self) -> u64 {
        self.to.nanos() - self.from.nanos()
    }

    /// How long a working day is.
    pub fn working_day(&self) -> SimSpan {
        SimSpan::from_nanos(self.day_length())
    }

    /// How many days of a week are worked.
    pub fn days_a_week(&self) -> usize {
        WEEK.iter().filter(|day| self.days.contains(day)).count()
    }

    /// Whether people work at a moment.
    pub fn is_open(&self, at: SimTime) -> bool {
        let clock = at.nanos() % DAY;
        self.days.contains(&Day::of(at)) && (self.from.nanos()..self.to.nanos()).contains(&clock)
    }

    /// The first moment from `at` on in which people work.
    pub fn next_open(&self, at: SimTime) -> SimTime {
        if self.is_open(at) {
            return at;
        }
        let today = at.nanos() - at.nanos() % DAY;
        let starts = (0..=7).map(|day| SimTime::from_nanos(today + day * DAY + self.from.nanos()));
        starts.into_iter().find(|start| *start > at && self.days.contains(&Day::of(*start))).unwrap_or(SimTime::NEVER)
    }

    /// When work that takes `work` of working time and begins at `at` is done.
    pub fn after(&self, at: SimTime, work: SimSpan) -> SimTime {
        let mut now = self.next_open(at);
        let mut left = work.nanos();
        loop {
            let closes = now.nanos() - now.nanos() % DAY + self.to.nanos();
            if now.nanos().saturating_add(left) <= closes {
                return SimTime::from_nanos(now.nanos() + left);
            }
            left -= closes - now.nanos();
            now = self.next_open(SimTime::from_nanos(closes));
        }
    }

    /// Working time between two moments.
    pub fn between(&self, from: SimTime, to: SimTime) -> SimSpan {
        let mut total = 0;
        let mut midnight = from.nanos() - from.nanos() % DAY;
        while midnight < to.nanos() {
            if self.days.contains(&Day::of(SimTime::from_nanos(midnight))) {
                let opens = (midnight + self.from.nanos()).max(from.nanos());
                let closes = (midnight + self.to.nanos()).min(to.nanos());
                total += closes.saturating_sub(opens);
            }
            midnight += DAY;
        }
        SimSpan::from_nanos(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u64, hour: u64, minute: u64) -> SimTime {
        SimTime::from_secs(day * 86_400 + hour * 3_600 + minute * 60)
    }

    #[test]
    fn work_goes_on_the_next_morning_and_after_the_weekend() {
        let calendar = Calendar::default();
        let hours = |hours: u64| SimSpan::from_secs(hours * 3_600);
        assert_eq!(calendar.after(at(0, 9, 0), hours(8)), at(0, 17, 0));
        assert_eq!(calendar.after(at(0, 16, 0), hours(2)), at(1, 10, 0));
        assert_eq!(calendar.after(at(4, 16, 0), hours(2)), at(7, 10, 0), "Friday to Monday");
        assert_eq!(calendar.after(at(5, 12, 0), hours(0)), at(7, 9, 0), "a Saturday's task waits for Monday");
        assert_eq!(calendar.after(at(0, 3, 0), hours(40)), at(4, 17, 0), "a week");
        assert_eq!(calendar.next_open(at(4, 17, 0)), at(7, 9, 0));
    }

    #[test]
    fn working_time_between_two_moments_leaves_nights_and_weekends_out() {
        let calendar = Calendar::default();
        assert_eq!(calendar.between(at(0, 0, 0), at(7, 0, 0)), SimSpan::from_secs(40 * 3_600));
        assert_eq!(calendar.between(at(4, 16, 0), at(7, 10, 0)), SimSpan::from_secs(2 * 3_600));
        assert_eq!(calendar.between(at(1, 10, 0), at(1, 10, 30)), SimSpan::from_secs(1_800));
        for (begin, work) in [(at(0, 11, 13), 100), (at(3, 2, 0), 12_345), (at(4, 16, 59), 400_000)] {
            let done = calendar.after(begin, SimSpan::from_secs(work));
            assert_eq!(calendar.between(begin, done), SimSpan::from_secs(work), "there and back");
        }
    }

    #[test]
    fn impossible_hours_are_refused() {
        assert!(Calendar { days: Vec::new(), ..Calendar::default() }.check().is_err());
        assert!(Calendar { to: TimeOfDay::new(9, 10), ..Calendar::default() }.check().is_err());
        assert!("25:00".parse::<TimeOfDay>().is_err() && "9".parse::<TimeOfDay>().is_err());
        assert_eq!("24:00".parse::<TimeOfDay>().map(|time| time.to_string()), Ok("24:00".to_owned()));
    }
}
