//! Little's law as a check of the books: requests held on average equal the rate of requests times the time each spends.
//!
//! L is integrated from the number of requests that instances hold, moment by moment; λW is the sum of the time that
//! each request spent there over the time measured. The two are counted in different ways at different places, and on
//! any run whose beginning and end do not matter they agree, whatever the distributions (Little 1961). What is refused
//! at the door spends no time and changes neither.

use crate::telemetry::store::Totals;

/// Both sides of Little's law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Little {
    /// Requests held, on average: L.
    pub in_system: f64,
    /// Requests admitted [1/s]: λ.
    pub rate: f64,
    /// Mean time from receipt to answer, failures included [s]: W.
    pub sojourn: f64,
}

impl Little {
    /// λW.
    pub const fn rate_times_sojourn(&self) -> f64 {
        self.rate * self.sojourn
    }
    /// How far apart the two sides are, relative to L [1]; `None` while nothing is held.
    pub fn gap(&self) -> Option<f64> {
        (self.in_system > 0.0).then(|| (self.rate_times_sojourn() - self.in_system).abs() / self.in_system)
    }
}

/// Both sides for a service's or an instance's totals; `None` without requests.
pub fn little(totals: &Totals) -> Option<Little> {
    let counts = &totals.counts;
    let in_system = totals.average(totals.load.in_system_area)?;
    if counts.admitted == 0 {
        return None;
    }
    let sojourn = (counts.latency_sum + counts.failed_latency_sum) as f64 / 1e9 / counts.admitted as f64;
    Some(Little { in_system, rate: totals.per_second(counts.admitted), sojourn })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ServiceId;
    use crate::kernel::outcome::{Outcome, Reason};
    use crate::kernel::record::Recorder as _;
    use crate::telemetry::testing::{gauge, hop, store};
    use crate::units::SimTime;

    #[test]
    fn both_sides_agree_when_the_books_are_right_and_not_when_they_are_wrong() {
        for (held, agree) in [(4.0, true), (5.0, false)] {
            let mut store = store(1, SimTime::ZERO);
            for second in 1..=10 {
                // 20 requests of 150 ms and 10 failures of 100 ms a second: λW = 4.
                store.hops(&[hop(0, 150, Outcome::Ok); 20]);
                store.hops(&[hop(0, 100, Outcome::Failed(Reason::Reset)); 10]);
                store.hops(&[hop(0, 0, Outcome::Failed(Reason::QueueFull)); 7]);
                store.window(SimTime::from_secs(second), &[gauge(0, 4.0, held)], &[]);
            }
            let little = little(&store.service_totals(ServiceId(0))).expect("requests");
            assert!((little.rate - 30.0).abs() < 1e-9);
            assert!((little.rate_times_sojourn() - 4.0).abs() < 1e-9);
            assert_eq!(little.gap().expect("requests") < 0.005, agree);
        }
    }
}
