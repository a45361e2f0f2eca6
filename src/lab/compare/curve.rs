//! What happened over time in one session of a comparison: what share of the users' requests failed, what share of a service's
//! traffic a new version had, and when deployments began and ended and alarms went off.
//!
//! It is what a team would see on its graphs, from the same windows as those, in at most a few hundred points.

use super::truth::Release;
use crate::lab::Session;
use crate::lab::snapshot::{ChartPoint, Interest, Mark, MarkKind};
use crate::units::SimSpan;

/// One point: the end of its window [s], and a share [0…1], NaN where there was no request.
pub type Point = (f64, f64);

/// A session over time.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    /// How long the window of a point is.
    pub window: SimSpan,
    /// Share of the users' requests that failed.
    pub errors: Vec<Point>,
    /// Share of its service's requests that reached the version that is shown; empty if there is no such version.
    pub share: Vec<Point>,
    /// Beginnings and ends of deployments, and alarms that went off, oldest first.
    pub marks: Vec<Mark>,
}

impl Curve {
    /// What happened in a session that has come to its end; `shown` is the release whose traffic is followed.
    pub(super) fn of(session: &Session, shown: Option<&Release>) -> Self {
        let users = session.charts(&Interest { service: None, history: None });
        let errors = users.total.iter().map(|point| (point.t, if point.rate > 0.0 { point.error_ratio } else { f64::NAN })).collect();
        let share = shown.map_or_else(Vec::new, |release| {
            let charts = session.charts(&Interest { service: Some(release.service), history: None });
            let name = &session.scenario().model.versions[release.version.index()].name;
            shares(&charts.versions, name)
        });
        let told = |mark: &Mark| matches!(mark.kind, MarkKind::Deploy | MarkKind::DeployDone | MarkKind::DeployFailed | MarkKind::Alarm);
        Self { window: users.window, errors, share, marks: session.marks().into_iter().filter(told).collect() }
    }
}

/// What share of all requests of the versions of a service each point of the version of that name had.
fn shares(versions: &[(String, Vec<ChartPoint>)], name: &str) -> Vec<Point> {
    let mut all: Vec<(f64, f64, f64)> = Vec::new();
    for (version, points) in versions {
        for point in points {
            let mine = if version == name { point.rate } else { 0.0 };
            // Points of one chart lie at the same times.
            match all.binary_search_by(|(t, ..)| t.total_cmp(&point.t)) {
                Ok(at) => (all[at].1, all[at].2) = (all[at].1 + mine, all[at].2 + point.rate),
                Err(at) => all.insert(at, (point.t, mine, point.rate)),
            }
        }
    }
    all.into_iter().map(|(t, mine, whole)| (t, if whole > 0.0 { mine / whole } else { f64::NAN })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_what_reached_any_version_at_that_time() {
        let points = |rates: &[(f64, f64)]| rates.iter().map(|&(t, rate)| ChartPoint { t, rate, ..ChartPoint::default() }).collect::<Vec<_>>();
        let versions = [("v1".to_owned(), points(&[(10.0, 8.0), (20.0, 6.0), (40.0, 0.0)])), ("v2".to_owned(), points(&[(20.0, 2.0), (30.0, 5.0)]))];
        let told = shares(&versions, "v2");
        assert_eq!(told[..3], [(10.0, 0.0), (20.0, 0.25), (30.0, 1.0)]);
        assert!(told[3].1.is_nan(), "nobody asked for anything");
    }
}
