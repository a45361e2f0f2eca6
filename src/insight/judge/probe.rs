//! Synthetic probes: a made-up request at every interval, and a verdict from the last few answers.
//!
//! Unhealthy is what failed M of its newest N probes; healthy again is what passed some in a row. With M = N that is the
//! rule of Kubernetes (`periodSeconds`, `failureThreshold`, `successThreshold`), with M < N the one of an alarm on the
//! `SuccessPercent` of a `CloudWatch` Synthetics canary ("M out of N datapoints"). A change of state begins a new row: what led
//! to the last verdict does not count again. A probe without an answer within its timeout has failed. Sources: Kubernetes
//! documentation, "Configure Liveness, Readiness and Startup Probes"; CloudWatch User Guide, "Synthetic monitoring". It
//! knows times and answers, not what is asked.

use std::collections::VecDeque;

use crate::choice::params;
use crate::units::{SimSpan, SimTime};

/// Most results that a verdict may look back on.
const MOST_RESULTS: u32 = 1_000;

params! {
    /// Synthetic probes.
    pub struct Probe {
        /// How long after the beginning the first probe is sent. Default `"0s"` (Kubernetes).
        pub initial_delay: SimSpan = SimSpan::ZERO,
        /// Time from one probe to the next. Default `"10s"` (Kubernetes `periodSeconds`).
        pub interval: SimSpan = SimSpan::from_secs(10),
        /// How long an answer may take, at most `interval`. Default `"1s"` (Kubernetes `timeoutSeconds`).
        pub timeout: SimSpan = SimSpan::from_secs(1),
        /// M: failures among the newest `of` results that make it unhealthy. Default 3 (Kubernetes `failureThreshold`).
        pub failures: u32 = 3,
        /// N: how many of the newest results are looked at. Default: `failures`, so that they must be in a row (Kubernetes).
        pub of: Option<u32> = None,
        /// Successes in a row that make it healthy. Default 1 (Kubernetes `successThreshold`).
        pub successes: u32 = 1,
        /// Results after which what is healthy has passed. Default: it is never over.
        pub count: Option<u32> = None,
    }
}

impl Probe {
    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let of = self.of.unwrap_or(self.failures);
        if self.interval.is_zero() || self.timeout.is_zero() || self.timeout > self.interval {
            return Err(format!(
                "`timeout` is {} and `interval` {}; both are more than nothing, and an answer comes before the next probe",
                self.timeout, self.interval
            ));
        }
        if self.failures == 0 || self.successes == 0 || of < self.failures || of > MOST_RESULTS {
            return Err(format!(
                "`failures` is {} of {of} and `successes` {}; there is at least one of each, and at most {MOST_RESULTS}",
                self.failures, self.successes
            ));
        }
        Ok(())
    }
}

/// What is known of the target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// Too little yet.
    #[default]
    Unknown,
    /// It answers.
    Healthy,
    /// It does not.
    Unhealthy,
}

/// What is concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Probes go on.
    Running,
    /// Enough probes, and it is healthy.
    Passed,
    /// It was found unhealthy.
    Failed,
}

/// Probes at work.
#[derive(Debug, Clone)]
pub struct Probing {
    params: Probe,
    /// When the next probe is sent.
    next: SimTime,
    /// When the probe that is under way has failed.
    until: Option<SimTime>,
    /// Results since the last change of state, oldest first, as many as are looked at.
    results: VecDeque<bool>,
    /// Successes in a row.
    row: u32,
    state: State,
    passed: u32,
    failed: u32,
    /// Whether it was ever found unhealthy.
    ever_unhealthy: bool,
}

impl Probing {
    /// Begins at `now`.
    pub fn new(params: &Probe, now: SimTime) -> Self {
        let next = now + params.initial_delay;
        Self { params: params.clone(), next, until: None, results: VecDeque::new(), row: 0, state: State::Unknown, passed: 0, failed: 0, ever_unhealthy: false }
    }

    /// Goes on to `now`, with the answer to the probe under way if it came. Returns whether a probe is to be sent now. To be
    /// called at every answer and at [`Self::next_due`].
    pub fn step(&mut self, now: SimTime, answer: Option<bool>) -> bool {
        if let Some(until) = self.until {
            // An answer at the last instant is in time.
            if let Some(passed) = answer.filter(|_| now <= until) {
                self.take(passed);
            } else if now >= until {
                self.take(false);
            }
        }
        let sends = now >= self.next && self.until.is_none() && self.verdict() == Verdict::Running;
        if sends {
            self.until = Some(now + self.params.timeout);
            self.next += self.params.interval;
        }
        sends
    }

    /// Takes a result in.
    fn take(&mut self, passed: bool) {
        self.until = None;
        *(if passed { &mut self.passed } else { &mut self.failed }) += 1;
        self.row = if passed { self.row + 1 } else { 0 };
        self.results.push_back(passed);
        if self.results.len() > self.params.of.unwrap_or(self.params.failures) as usize {
            self.results.pop_front();
        }
        let failures = self.results.iter().filter(|passed| !**passed).count();
        let state = if passed && self.row >= self.params.successes && self.state != State::Healthy {
            State::Healthy
        } else if !passed && failures >= self.params.failures as usize {
            State::Unhealthy
        } else {
            self.state
        };
        if state != self.state {
            self.state = state;
            self.results.clear();
        }
        self.ever_unhealthy |= state == State::Unhealthy;
    }

    /// When something happens by itself: the next probe, or the end of the time for an answer.
    pub fn next_due(&self) -> Option<SimTime> {
        if self.verdict() == Verdict::Running { Some(self.until.unwrap_or(self.next)) } else { None }
    }

    /// What is known of the target.
    pub const fn state(&self) -> State {
        self.state
    }

    /// What is concluded. Only probes of a given count end.
    pub fn verdict(&self) -> Verdict {
        match self.params.count {
            Some(_) if self.ever_unhealthy => Verdict::Failed,
            Some(count) if self.passed + self.failed >= count && self.state == State::Healthy => Verdict::Passed,
            _ => Verdict::Running,
        }
    }

    /// Passed probes of all [%] (`SuccessPercent`); `None` without any result.
    pub fn success_percent(&self) -> Option<f64> {
        let all = self.passed + self.failed;
        (all > 0).then(|| f64::from(self.passed) / f64::from(all) * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probes a target whose answers take `latency` [ms] and are given by the time [s] at which the probe was sent; `None` is
    /// no answer. Returns when its state changed [ms], until `until` [s].
    fn changes(params: &Probe, latency: u64, until: u64, answers: impl Fn(u64) -> Option<bool>) -> Vec<(u64, State)> {
        let mut probing = Probing::new(params, SimTime::ZERO);
        let (mut coming, mut changes, mut state) = (None::<(SimTime, bool)>, Vec::new(), State::Unknown);
        while let Some(due) = probing.next_due() {
            let now = coming.map_or(due, |(at, _)| at.min(due));
            if now > SimTime::from_secs(until) {
                break;
            }
            let answer = coming.take_if(|(at, _)| *at == now).map(|(_, passed)| passed);
            if probing.step(now, answer) {
                let sent = now.nanos() / 1_000_000_000;
                coming = answers(sent).map(|passed| (now + SimSpan::from_millis(latency), passed));
            }
            if probing.state() != state {
                state = probing.state();
                changes.push((now.nanos() / 1_000_000, state));
            }
        }
        changes
    }

    #[test]
    fn three_failures_in_a_row_are_needed_and_one_success_is_enough() {
        // It fails from 25 s to 65 s: probes at 30, 40, 50 and 60 s do not get an answer, and each takes a second to know.
        let changed = changes(&Probe::default(), 20, 120, |at| (!(25..65).contains(&at)).then_some(true));
        assert_eq!(changed, [(20, State::Healthy), (51_000, State::Unhealthy), (70_020, State::Healthy)]);
        // Two in a row are not three, however often.
        let changed = changes(&Probe::default(), 20, 300, |at| Some(at % 30 == 0));
        assert_eq!(changed, [(20, State::Healthy)]);
    }

    #[test]
    fn m_of_n_need_not_be_in_a_row() {
        let params = Probe { failures: 3, of: Some(5), ..Probe::default() };
        // Fails at 10, 30 and 50 s: three of the newest five.
        let changed = changes(&params, 20, 55, |at| Some(![10, 30, 50].contains(&at)));
        assert_eq!(changed, [(20, State::Healthy), (50_020, State::Unhealthy)]);
        // Fails at 10, 40 and 70 s: never three of five.
        assert_eq!(changes(&params, 20, 100, |at| Some(![10, 40, 70].contains(&at))), [(20, State::Healthy)]);
    }

    #[test]
    fn what_led_to_a_verdict_does_not_count_again() {
        let params = Probe { failures: 2, of: Some(4), ..Probe::default() };
        // Unhealthy at 10 s, healthy at 20 s; the failure at 30 s is the first of a new row.
        let changed = changes(&params, 20, 45, |at| Some(![0, 10, 30].contains(&at)));
        assert_eq!(changed, [(10_020, State::Unhealthy), (20_020, State::Healthy)]);
    }

    #[test]
    fn late_answers_are_failures() {
        let changed = |latency| changes(&Probe { failures: 1, ..Probe::default() }, latency, 5, |_| Some(true));
        assert_eq!(changed(1_000), [(1_000, State::Healthy)], "at the last instant");
        assert_eq!(changed(1_001), [(1_000, State::Unhealthy)]);
    }

    #[test]
    fn the_first_probe_waits_and_several_successes_may_be_asked_for() {
        let params = Probe { initial_delay: SimSpan::from_secs(15), successes: 3, ..Probe::default() };
        assert_eq!(changes(&params, 20, 100, |_| Some(true)), [(35_020, State::Healthy)]);
        assert_eq!(changes(&params, 20, 100, |at| Some(at != 25)), [(55_020, State::Healthy)], "in a row");
    }

    #[test]
    fn probes_of_a_count_end_in_a_verdict() {
        let params = Probe { count: Some(5), ..Probe::default() };
        let run = |answers: &dyn Fn(u64) -> bool| {
            let mut probing = Probing::new(&params, SimTime::ZERO);
            let mut last = SimTime::ZERO;
            while let Some(due) = probing.next_due() {
                last = due;
                if probing.step(due, None) {
                    probing.step(due, Some(answers(due.nanos() / 1_000_000_000)));
                }
            }
            (last.nanos() / 1_000_000_000, probing.verdict(), probing.success_percent())
        };
        assert_eq!(run(&|_| true), (40, Verdict::Passed, Some(100.0)));
        assert_eq!(run(&|at| at < 10), (30, Verdict::Failed, Some(25.0)));
        assert_eq!(run(&|at| at != 40), (40, Verdict::Passed, Some(80.0)), "one failure does not make it unhealthy");
        assert_eq!(Probing::new(&params, SimTime::ZERO).success_percent(), None);
    }

    #[test]
    fn impossible_parameters_are_refused() {
        assert_eq!(Probe::default().check(), Ok(()));
        for wrong in [
            Probe { interval: SimSpan::ZERO, ..Probe::default() },
            Probe { timeout: SimSpan::from_secs(11), ..Probe::default() },
            Probe { failures: 0, ..Probe::default() },
            Probe { successes: 0, ..Probe::default() },
            Probe { of: Some(2), ..Probe::default() },
            Probe { of: Some(1_001), ..Probe::default() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
