//! Feature flags: which users have a feature, and what comes of it.
//!
//! A flag puts all users in an order of its own and gives the feature to the first `percentage` of them. So a user keeps it
//! while the percentage grows, loses it only when the percentage falls below that user's place, and meets the same side of
//! the flag in every service and in every version. It knows no fleet: who turns a flag, and when, is decided elsewhere.

use super::Kernel;
use super::model::{Experiment, FeatureFlag};
use crate::ids::{EndpointId, FeatureId};
use crate::rng::{Stream, purpose};

/// A user's place in a flag's order [0…1): the user has the feature while the place is below the flag's percentage.
pub fn place(user: u32, feature: FeatureId) -> f64 {
    Stream::from_key(u64::from(user)).child(purpose::FEATURE).child(u64::from(feature.0)).uniform()
}

/// What came of one side of a flag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    /// How often a script asked the flag and went this way.
    pub asked: u64,
    /// Visits of the experiment's endpoint that ended.
    pub shown: u64,
    /// Of which failed.
    pub failed: u64,
    /// Of which converted.
    pub converted: u64,
}

/// A flag at work.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) percentage: f64,
    experiment: Option<Experiment>,
    /// Without the feature, and with it.
    pub(super) sides: [Side; 2],
}

impl Feature {
    pub(super) fn new(flag: &FeatureFlag) -> Self {
        Self { percentage: flag.percentage.get(), experiment: flag.experiment, sides: [Side::default(); 2] }
    }
}

impl Kernel {
    /// Whether a user has a feature now.
    #[inline]
    fn has_feature(&self, feature: u16, user: u32) -> bool {
        let percentage = self.features[usize::from(feature)].percentage;
        percentage > 0.0 && place(user, FeatureId(feature)) < percentage
    }

    /// A script asks a flag for its user.
    #[inline]
    pub(super) fn ask_feature(&mut self, feature: u16, user: u32) -> bool {
        let has = self.has_feature(feature, user);
        self.features[usize::from(feature)].sides[usize::from(has)].asked += 1;
        has
    }

    /// A user's request ended: a visit, for the experiments that look at its endpoint.
    pub(super) fn visited(&mut self, endpoint: EndpointId, user: u32, key: u64, answered: bool) {
        for feature in 0..self.features.len() {
            let Some(experiment) = self.features[feature].experiment.filter(|experiment| experiment.endpoint == endpoint) else { continue };
            let has = self.has_feature(feature as u16, user);
            let chance = if has { experiment.on } else { experiment.off };
            let converts = answered && Stream::from_key(key).child(purpose::FEATURE << 32 | feature as u64).chance(chance.get());
            let side = &mut self.features[feature].sides[usize::from(has)];
            side.shown += 1;
            side.failed += u64::from(!answered);
            side.converted += u64::from(converts);
        }
    }

    /// What came of a flag so far: without the feature, and with it.
    pub fn sides(&self, feature: FeatureId) -> [Side; 2] {
        self.features[feature.index()].sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_only_adds_users_and_flags_choose_independently() {
        let with = |feature: u16, percentage: f64| (0..100_000).filter(move |user| place(*user, FeatureId(feature)) < percentage);
        let (small, large): (Vec<u32>, Vec<u32>) = (with(0, 0.05).collect(), with(0, 0.25).collect());
        // Four standard errors of a share of 100,000.
        assert!((small.len() as f64 - 5_000.0).abs() < 4.0 * (100_000.0_f64 * 0.05 * 0.95).sqrt(), "{}", small.len());
        assert!((large.len() as f64 - 25_000.0).abs() < 4.0 * (100_000.0_f64 * 0.25 * 0.75).sqrt(), "{}", large.len());
        assert!(small.iter().all(|user| large.contains(user)));
        let both = with(1, 0.25).filter(|user| large.contains(user)).count() as f64;
        assert!((both - 6_250.0).abs() < 4.0 * (100_000.0_f64 * 0.0625 * 0.9375).sqrt(), "another flag reaches others: {both}");
    }
}
