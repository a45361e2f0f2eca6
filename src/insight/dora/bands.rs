//! The levels of the State of DevOps reports, by year: what a team of that level reported.
//!
//! They are clusters of answers to a survey, found anew each year, and no targets: their edges moved, their number changed
//! (three in 2022), and in 2024 the medium cluster had a lower change fail rate than the high one. So a metric is put to the
//! level whose answer it gives, and no order is assumed. There was no report in 2020; since 2025 there are no levels.

use super::Dora;
use crate::units::SimSpan;

/// A year with levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Year {
    /// 2019.
    Y2019,
    /// 2021.
    Y2021,
    /// 2022; three levels.
    Y2022,
    /// 2023.
    Y2023,
    /// 2024.
    Y2024,
}

impl Year {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Y2019, Self::Y2021, Self::Y2022, Self::Y2023, Self::Y2024];

    /// The number of the year.
    pub const fn number(self) -> u16 {
        match self {
            Self::Y2019 => 2019,
            Self::Y2021 => 2021,
            Self::Y2022 => 2022,
            Self::Y2023 => 2023,
            Self::Y2024 => 2024,
        }
    }
    /// The year of a number.
    pub fn of(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|year| year.number() == number)
    }
}

/// A level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The best of a year.
    Elite,
    /// The second; the best of 2022.
    High,
    /// The third.
    Medium,
    /// The last.
    Low,
}

impl Level {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Elite => "elite",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;
const WEEK: f64 = 7.0 * DAY;
/// A month, as a twelfth of a year [s].
const MONTH: f64 = 365.25 * DAY / 12.0;
const HALF_YEAR: f64 = 6.0 * MONTH;
const NEVER: f64 = f64::INFINITY;

/// What a level answered: the longest that each may be; the change fail rate as the most that it may be.
#[derive(Debug, Clone, Copy)]
struct Answers {
    level: Level,
    /// Time from one deployment to the next [s]; 0 stands for "on demand", several a day.
    between: f64,
    /// Lead time [s].
    lead_time: f64,
    /// Time to restore, from 2023 on failed deployment recovery time [s].
    recovery: f64,
    /// Change fail rate [%].
    change_fail: f64,
}

const fn answers(level: Level, between: f64, lead_time: f64, recovery: f64, change_fail: f64) -> Answers {
    Answers { level, between, lead_time, recovery, change_fail }
}

/// "On demand" is several deployments a day: less than a day from one to the next.
const ON_DEMAND: f64 = DAY - 1.0;

const fn table(year: Year) -> &'static [Answers] {
    match year {
        Year::Y2019 => {
            const {
                &[
                    answers(Level::Elite, ON_DEMAND, DAY, HOUR, 15.0),
                    answers(Level::High, WEEK, WEEK, DAY, 15.0),
                    answers(Level::Medium, MONTH, MONTH, DAY, 15.0),
                    answers(Level::Low, NEVER, NEVER, NEVER, 100.0),
                ]
            }
        }
        Year::Y2021 => {
            const {
                &[
                    answers(Level::Elite, ON_DEMAND, HOUR, HOUR, 15.0),
                    answers(Level::High, MONTH, WEEK, DAY, 30.0),
                    answers(Level::Medium, HALF_YEAR, HALF_YEAR, WEEK, 30.0),
                    answers(Level::Low, NEVER, NEVER, NEVER, 100.0),
                ]
            }
        }
        Year::Y2022 => {
            const {
                &[
                    answers(Level::High, ON_DEMAND, WEEK, DAY, 15.0),
                    answers(Level::Medium, MONTH, MONTH, WEEK, 30.0),
                    answers(Level::Low, NEVER, NEVER, NEVER, 100.0),
                ]
            }
        }
        Year::Y2023 => {
            const {
                &[
                    answers(Level::Elite, ON_DEMAND, DAY, HOUR, 5.0),
                    answers(Level::High, WEEK, WEEK, DAY, 10.0),
                    answers(Level::Medium, MONTH, MONTH, WEEK, 15.0),
                    answers(Level::Low, NEVER, NEVER, NEVER, 100.0),
                ]
            }
        }
        Year::Y2024 => {
            const {
                &[
                    answers(Level::Elite, ON_DEMAND, DAY, HOUR, 5.0),
                    answers(Level::High, WEEK, WEEK, DAY, 20.0),
                    answers(Level::Medium, MONTH, MONTH, DAY, 10.0),
                    answers(Level::Low, NEVER, NEVER, NEVER, 100.0),
                ]
            }
        }
    }
}

/// The level of each metric in a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// Of the deployment frequency.
    pub frequency: Option<Level>,
    /// Of the change lead time.
    pub lead_time: Option<Level>,
    /// Of the recovery time.
    pub recovery: Option<Level>,
    /// Of the change fail rate.
    pub change_fail: Option<Level>,
}

/// The tightest answer that a value gives; where two levels gave the same, the better one.
fn level(year: Year, value: f64, answer: impl Fn(&Answers) -> f64) -> Option<Level> {
    let fits = table(year).iter().filter(|answers| value <= answer(answers));
    fits.min_by(|a, b| answer(a).total_cmp(&answer(b)).then(a.level.cmp(&b.level))).map(|answers| answers.level)
}

/// Where a team's metrics stood among the answers of a year.
pub fn levels(dora: &Dora, year: Year) -> Levels {
    let seconds = |span: Option<SimSpan>| span.map(SimSpan::as_secs_f64);
    let between = dora.per_day.filter(|rate| *rate > 0.0).map(|rate| DAY / rate);
    Levels {
        frequency: between.and_then(|value| level(year, value, |answers| answers.between)),
        lead_time: seconds(dora.lead_time).and_then(|value| level(year, value, |answers| answers.lead_time)),
        recovery: seconds(dora.recovery).and_then(|value| level(year, value, |answers| answers.recovery)),
        change_fail: dora.change_fail_rate.and_then(|rate| level(year, rate * 100.0, |answers| answers.change_fail)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(per_day: f64, lead_hours: u64, recovery_hours: u64, fail: f64) -> Dora {
        let hours = |hours: u64| Some(SimSpan::from_secs(hours * 3_600));
        Dora { per_day: Some(per_day), lead_time: hours(lead_hours), recovery: hours(recovery_hours), change_fail_rate: Some(fail), ..Dora::default() }
    }
    fn names(levels: Levels) -> [&'static str; 4] {
        [levels.frequency, levels.lead_time, levels.recovery, levels.change_fail].map(|level| level.map_or("-", Level::name))
    }

    #[test]
    fn the_same_team_is_graded_by_the_answers_of_its_year() {
        let team = team(0.714, 30, 2, 0.15);
        assert_eq!(names(levels(&team, Year::Y2019)), ["high", "high", "high", "elite"]);
        assert_eq!(names(levels(&team, Year::Y2021)), ["high", "high", "high", "elite"]);
        assert_eq!(names(levels(&team, Year::Y2022)), ["medium", "high", "high", "high"]);
        assert_eq!(names(levels(&team, Year::Y2023)), ["high", "high", "high", "medium"]);
        assert_eq!(names(levels(&team, Year::Y2024)), ["high", "high", "high", "high"]);
    }

    #[test]
    fn a_lower_fail_rate_is_not_always_a_better_level() {
        assert_eq!(names(levels(&team(3.0, 1, 1, 0.09), Year::Y2024))[3], "medium", "the medium cluster of 2024 failed less often than the high one");
        assert_eq!(names(levels(&team(3.0, 1, 1, 0.18), Year::Y2024)), ["elite", "elite", "elite", "high"]);
    }

    #[test]
    fn what_is_not_known_has_no_level() {
        assert_eq!(levels(&Dora::default(), Year::Y2023), Levels::default());
        assert_eq!((Year::of(2020), Year::of(2024)), (None, Some(Year::Y2024)));
    }
}
