//! Alarms with the rules of Amazon CloudWatch: M of N datapoints, four ways to treat missing ones.
//!
//! Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data". An alarm looks at a few more
//! periods than it evaluates, so that single gaps are filled from the past; with enough real datapoints the newest N
//! count, and only a lack of them is filled as `missing` says. It knows neither metrics nor what follows from a state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::telemetry::ledger::AlarmState;

/// What a missing datapoint counts as (`TreatMissingData`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Nothing is known: without any datapoint the state is `INSUFFICIENT_DATA`. CloudWatch's default.
    #[default]
    Missing,
    /// The state stays as it is.
    Ignore,
    /// It breaches the threshold.
    Breaching,
    /// It does not breach the threshold.
    NotBreaching,
}

/// Which datapoints make an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// N: datapoints that are evaluated (`EvaluationPeriods`).
    pub periods: usize,
    /// M: how many of them must breach (`DatapointsToAlarm`), 1 to N.
    pub to_alarm: usize,
    /// What missing ones count as.
    pub missing: Missing,
}

impl Rule {
    /// How many of the newest periods are looked at. CloudWatch says only that they are more than N; its documentation
    /// shows five for three.
    pub const fn range(&self) -> usize {
        self.periods + 2
    }

    /// The state that follows from the newest periods, oldest first: whether each breached, `None` where it is missing.
    pub fn evaluate(&self, points: &[Option<bool>], current: AlarmState) -> AlarmState {
        let points = &points[points.len().saturating_sub(self.range())..];
        let known: Vec<bool> = points.iter().flatten().copied().collect();
        let verdict = |breaching: usize| if breaching >= self.to_alarm { AlarmState::Alarm } else { AlarmState::Ok };
        let breaching = known.iter().rev().take(self.periods).filter(|breaches| **breaches).count();
        let Some(lacking) = self.periods.checked_sub(known.len()).filter(|lacking| *lacking > 0) else { return verdict(breaching) };
        match self.missing {
            Missing::Breaching => verdict(breaching + lacking),
            Missing::NotBreaching => verdict(breaching),
            Missing::Missing | Missing::Ignore if breaching >= self.to_alarm => AlarmState::Alarm,
            Missing::Missing if known.is_empty() => AlarmState::InsufficientData,
            Missing::Ignore if known.is_empty() => current,
            Missing::Missing | Missing::Ignore if breaching < known.len() => AlarmState::Ok,
            // Only breaching datapoints, too few of them: whether that is an alarm shows when the oldest has had its time.
            Missing::Missing => {
                let oldest = points.iter().position(Option::is_some).map_or(0, |at| points.len() - at);
                if oldest >= self.to_alarm { AlarmState::Alarm } else { current }
            }
            Missing::Ignore => current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the CloudWatch User Guide: `X` breaches, `0` does not, `-` is missing; the newest is on the right.
    #[test]
    fn all_forty_cells_of_the_documentation_come_out() {
        use AlarmState::{Alarm, InsufficientData, Ok};
        // `None` means that the state stays.
        let (ok, alarm, nothing, keep) = (Some(Ok), Some(Alarm), Some(InsufficientData), None);
        let table = [
            (3, "0-X-X", [ok, ok, ok, ok]),
            (3, "0----", [ok, ok, ok, ok]),
            (3, "-----", [nothing, keep, alarm, ok]),
            (3, "0XX-X", [alarm; 4]),
            (3, "--X--", [alarm, keep, alarm, ok]),
            (2, "0-X-X", [alarm; 4]),
            (2, "00X0X", [alarm; 4]),
            (2, "0-X--", [ok, ok, alarm, ok]),
            (2, "----0", [ok, ok, alarm, ok]),
            (2, "---X-", [alarm, keep, alarm, ok]),
        ];
        let ways = [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
        for (to_alarm, points, expected) in table {
            let points: Vec<Option<bool>> = points.chars().map(|point| (point != '-').then_some(point == 'X')).collect();
            for (missing, expected) in ways.into_iter().zip(expected) {
                for current in [Ok, Alarm, InsufficientData] {
                    let state = Rule { periods: 3, to_alarm, missing }.evaluate(&points, current);
                    assert_eq!(state, expected.unwrap_or(current), "{to_alarm} of 3, {missing:?}, {points:?}, from {current:?}");
                }
            }
        }
    }

    #[test]
    fn one_of_one_follows_the_newest_datapoint() {
        let rule = Rule { periods: 1, to_alarm: 1, missing: Missing::Missing };
        assert_eq!(rule.evaluate(&[Some(true), Some(false)], AlarmState::Alarm), AlarmState::Ok);
        assert_eq!(rule.evaluate(&[Some(false), Some(true)], AlarmState::Ok), AlarmState::Alarm);
        assert_eq!(rule.evaluate(&[Some(true), None, None, None], AlarmState::Ok), AlarmState::InsufficientData, "what is older than the range is forgotten");
    }
}
