//! The verdict on a service at a glance.
//!
//! | verdict | when |
//! |---|---|
//! | failing | 5 % of its requests fail, or none of its instances is healthy though some are wanted |
//! | warning | 1 % fail; fewer instances are healthy than wanted (during a deployment: fewer than half); workers are 90 % busy; more requests wait than can be served at once |
//! | unknown | no requests lately, and none of the above |
//! | ok | otherwise |
//!
//! The shares are chosen for a glance, not for paging: objectives (`insight::slo`) say what users were promised. It judges
//! by what tools can see, never by the faults that were injected.

use crate::lab::snapshot::{Health, Signals};
use crate::phrase::phrases;

phrases! {
    /// Why a service is not well.
    pub enum Why {
        /// Nothing serves.
        "none-healthy" => NoneHealthy {
            /// How many should.
            desired: u32,
        } = "none of {desired} instances is healthy",
        /// Requests fail.
        "errors" => Errors {
            /// Share of requests [%].
            percent: String,
        } = "{percent} % of requests fail",
        /// Instances are missing.
        "few-healthy" => FewHealthy {
            /// How many serve.
            healthy: u32,
            /// How many should.
            desired: u32,
        } = "{healthy} of {desired} instances are healthy",
        /// Requests queue.
        "waiting" => Waiting {
            /// How many.
            queued: u32,
            /// Workers of all instances together.
            workers: u32,
        } = "{queued} requests wait for {workers} workers",
        /// Workers are nearly all busy.
        "busy" => Busy {
            /// Share of workers [%].
            percent: String,
        } = "workers are {percent} % busy",
    }
}

/// Share of failed requests from which a service fails.
const FAILING_ERRORS: f64 = 0.05;
/// Share of failed requests from which one should look.
const WARNING_ERRORS: f64 = 0.01;
/// Share of busy workers from which one should look.
const WARNING_SATURATION: f64 = 0.9;

/// What the verdict is based on.
pub(super) struct Facts {
    pub(super) signals: Signals,
    pub(super) desired: u32,
    pub(super) healthy: u32,
    pub(super) deploying: bool,
    pub(super) queued: u32,
    /// Workers of all instances together.
    pub(super) workers: u32,
}

/// The verdict, and why.
pub(super) fn verdict(facts: &Facts) -> (Health, Option<Why>) {
    let Facts { signals, desired, healthy, deploying, queued, workers } = *facts;
    let errors = || Some(Why::Errors { percent: format!("{:.1}", signals.error_ratio * 100.0) });
    let short = if deploying { healthy * 2 < desired } else { healthy < desired };
    if desired > 0 && healthy == 0 {
        (Health::Failing, Some(Why::NoneHealthy { desired }))
    } else if signals.error_ratio >= FAILING_ERRORS {
        (Health::Failing, errors())
    } else if signals.error_ratio >= WARNING_ERRORS {
        (Health::Warning, errors())
    } else if short {
        (Health::Warning, Some(Why::FewHealthy { healthy, desired }))
    } else if queued > workers {
        (Health::Warning, Some(Why::Waiting { queued, workers }))
    } else if signals.saturation >= WARNING_SATURATION {
        (Health::Warning, Some(Why::Busy { percent: format!("{:.0}", signals.saturation * 100.0) }))
    } else if signals.rate > 0.0 {
        (Health::Ok, None)
    } else {
        (Health::Unknown, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let signals = Signals { rate: 100.0, goodput: 100.0, saturation: 0.5, ..Signals::default() };
        Facts { signals, desired: 4, healthy: 4, deploying: false, queued: 0, workers: 16 }
    }

    #[test]
    fn the_verdict_follows_errors_then_instances_then_load() {
        let base = facts;
        let with_errors = |error_ratio| Facts { signals: Signals { error_ratio, ..base().signals }, ..base() };
        assert_eq!(verdict(&base()).0, Health::Ok);
        assert_eq!(verdict(&with_errors(0.02)), (Health::Warning, Some(Why::Errors { percent: "2.0".to_owned() })));
        assert_eq!(verdict(&with_errors(0.2)).0, Health::Failing);
        assert_eq!(verdict(&Facts { healthy: 3, ..base() }), (Health::Warning, Some(Why::FewHealthy { healthy: 3, desired: 4 })));
        assert_eq!(verdict(&Facts { healthy: 3, deploying: true, ..base() }).0, Health::Ok, "that is what a rolling deployment looks like");
        assert_eq!(verdict(&Facts { healthy: 0, ..base() }).0, Health::Failing);
        assert_eq!(verdict(&Facts { queued: 17, ..base() }).0, Health::Warning);
        assert_eq!(verdict(&Facts { signals: Signals { saturation: 0.95, ..base().signals }, ..base() }).0, Health::Warning);
        assert_eq!(verdict(&Facts { signals: Signals::default(), ..base() }).0, Health::Unknown);
        assert_eq!(verdict(&Facts { signals: Signals::default(), desired: 0, healthy: 0, ..base() }).0, Health::Unknown, "scaled to nothing on purpose");
    }
}
