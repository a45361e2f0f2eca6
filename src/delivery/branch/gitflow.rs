//! `GitFlow` (Driessen 2010): features are merged into `develop`; a release branch is cut from it, stabilised, and merged into
//! `main` and back; hotfixes branch off `main` and go into both.
//!
//! Everything between two releases goes to production together: the batch is as large as the cadence is slow. (Driessen's
//! note of 2020 advises against the model for software that is delivered continuously.)

use serde::Serialize;

use super::super::calendar::{Calendar, DAY};
use crate::choice::params;
use crate::units::{Ratio, SimSpan, SimTime};

params! {
    /// `GitFlow`.
    pub struct GitFlow {
        /// From one release branch to the next, at least a day. Default `"336h"`, two weeks (chosen for Fleetlab).
        pub release_every: SimSpan = SimSpan::from_secs(14 * 86_400),
        /// How long a release branch is tested before it is merged, in working time. Default `"24h"`, three days (chosen for
        /// Fleetlab).
        pub stabilise: SimSpan = SimSpan::from_secs(24 * 3_600),
        /// Share of the defects in a release that its stabilisation finds. Default 50 % (chosen for Fleetlab; manual system test
        /// removes 25 % to 55 %, Jones 2011).
        pub finds: Ratio = Ratio::new(0.5),
        /// Probability that 100 lines of a change conflict with 100 lines that somebody else merged into the same service
        /// meanwhile. Default 2 % (chosen for Fleetlab).
        pub conflict: Ratio = Ratio::new(0.02),
    }
}

impl GitFlow {
    /// Says what is impossible about the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.release_every.nanos() < DAY {
            return Err(format!("`release_every` is {}; a release branch is cut once a day at most", self.release_every));
        }
        Ok(())
    }

    /// When the release branch number `number`, counting from 1, is cut.
    pub fn cut_at(&self, number: u32, calendar: &Calendar) -> SimTime {
        calendar.next_open(SimTime::from_nanos(self.release_every.nanos().saturating_mul(u64::from(number))))
    }
}

/// Where a release stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseStep {
    /// It is tested until then, and what is found is mended.
    Stabilising {
        /// When the time is over.
        until: SimTime,
    },
    /// It was merged into `main`.
    Merged,
}

/// A release branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Release {
    /// Its number, counting from 1.
    pub number: u32,
    /// When it was cut.
    pub cut: SimTime,
    /// Where it stands.
    pub step: ReleaseStep,
    /// Fixes that it still waits for.
    pub fixes_left: u32,
}

impl Release {
    /// A release that is cut now.
    pub fn new(number: u32, now: SimTime, model: &GitFlow, calendar: &Calendar) -> Self {
        Self { number, cut: now, step: ReleaseStep::Stabilising { until: calendar.after(now, model.stabilise) }, fixes_left: 0 }
    }
    /// Whether it may be merged.
    pub fn is_stable(&self, now: SimTime) -> bool {
        matches!(self.step, ReleaseStep::Stabilising { until } if now >= until) && self.fixes_left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_cut_every_two_weeks_and_stabilised_for_three_days() {
        let (model, calendar) = (GitFlow::default(), Calendar::default());
        let cut = model.cut_at(1, &calendar);
        assert_eq!(cut, SimTime::from_secs(14 * 86_400 + 9 * 3_600), "a Monday morning");
        let mut release = Release::new(1, cut, &model, &calendar);
        let thursday = SimTime::from_secs(17 * 86_400);
        assert!(!release.is_stable(SimTime::from_secs(16 * 86_400)) && release.is_stable(thursday));
        release.fixes_left = 1;
        assert!(!release.is_stable(thursday), "it waits for its fixes");
    }

    #[test]
    fn a_cadence_below_a_day_is_refused() {
        assert!(GitFlow { release_every: SimSpan::from_secs(3_600), ..GitFlow::default() }.check().is_err());
    }
}
