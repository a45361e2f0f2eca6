//! Kayenta's judge at work on a deployment: one sample a minute of each metric from both versions, compared at the end.
//!
//! The canary is compared with the version that it replaces, as that runs at the same time. Kayenta's advice is a *baseline*
//! instead, a fleet of the old version that is as young as the canary's; shares go by version here, so that the old version
//! has one share and one fleet, and a canary that is only cold looks slow. What is compared is what the versions' instances
//! did in each step; a step without a request has no latency, and its sample is missing. It knows no strategies and no store:
//! who has the telemetry answers.

use crate::choice::params;
use crate::insight::judge::Measured;
use crate::insight::judge::analysis::{Phase, Provider};
use crate::insight::judge::kayenta::{Class, Direction, Kayenta, MetricConfig, NanStrategy, Samples, Verdict};
use crate::insight::query::Query;
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

/// Most samples that a side may have.
const MOST_SAMPLES: u64 = 10_000;

params! {
    /// A metric that is compared.
    pub struct CanaryMetric {
        /// What is measured: `latency-p50` or another quantile, `error-rate`, `success-rate`, `requests`. No default.
        pub query: String = String::new(),
        /// How it is judged.
        pub config: MetricConfig = MetricConfig::default(),
    }
}

params! {
    /// Kayenta: the new version is compared with the old one while both have traffic, and everything is shifted only if it passes.
    pub struct CanaryAnalysis {
        /// What is compared. Default: the 95th percentile of latency and the share of errors, where a rise is bad (chosen for
        /// Fleetlab; Kayenta has none).
        pub metrics: Vec<CanaryMetric> = usual_metrics(),
        /// Time from one sample to the next. Default `"1m"` (Kayenta).
        pub step: SimSpan = SimSpan::from_secs(60),
        /// After how long it is judged for the first time, and again; a score below `marginal` fails at once, and the last one
        /// has to be `pass` (Spinnaker). Default: it is judged once, when the time of the canary is over.
        pub interval: Option<SimSpan> = None,
        /// Scores, and what each group counts for.
        pub judge: Kayenta = Kayenta::default(),
    }
}

fn usual_metrics() -> Vec<CanaryMetric> {
    let rise = MetricConfig { direction: Direction::Increase, ..MetricConfig::default() };
    vec![
        CanaryMetric { query: "latency-p95".to_owned(), config: rise.clone() },
        CanaryMetric { query: "error-rate".to_owned(), config: MetricConfig { nan_strategy: NanStrategy::Replace, ..rise } },
    ]
}

impl CanaryAnalysis {
    /// Says what is impossible about it if the canary is watched for so long, if anything is.
    pub(super) fn check(&self, watched_for: SimSpan) -> Result<(), String> {
        if self.metrics.is_empty() {
            return Err("`kayenta` compares no metric".to_owned());
        }
        for metric in &self.metrics {
            if Query::of(KIND, &metric.query).is_none() {
                return Err(format!("`{}` is no query; there are `latency-p95` (any quantile), `error-rate`, `success-rate` and `requests`", metric.query));
            }
            metric.config.check()?;
        }
        if self.step < SimSpan::from_secs(1) {
            return Err(format!("the `step` of `kayenta` is {}; it is 1s or more", self.step));
        }
        let samples = self.samples(watched_for);
        if samples == 0 || samples > MOST_SAMPLES {
            return Err(format!("the canary is watched for {watched_for}, which is {samples} samples of {}; there are 1 to {MOST_SAMPLES}", self.step));
        }
        if let Some(interval) = self.interval.filter(|interval| *interval < self.step) {
            return Err(format!("the `interval` of `kayenta` is {interval}, shorter than its `step` of {}", self.step));
        }
        self.judge.check()
    }

    fn samples(&self, watched_for: SimSpan) -> u64 {
        watched_for.nanos() / self.step.nanos().max(1)
    }
}

/// The kind of provider that is asked.
const KIND: &str = "kayenta";

/// Which version a sample is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that is replaced.
    Control,
    /// The one that is deployed.
    Canary,
}

/// A comparison under way.
#[derive(Debug, Clone)]
pub(super) struct CanaryRun {
    analysis: CanaryAnalysis,
    begun: SimTime,
    /// Samples of each side in all.
    planned: u64,
    /// Samples of each side so far.
    taken: u64,
    /// By metric; what is missing is NaN.
    control: Vec<Vec<f64>>,
    canary: Vec<Vec<f64>>,
    /// Answers that are still to come for the newest sample.
    open: usize,
    verdict: Option<Verdict>,
    phase: Phase,
}

/// A comparison, for people to watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The latest sample of the canary and of the control; NaN if it is missing.
    pub latest: [f64; 2],
    /// Samples so far, and in all.
    pub samples: (u64, u64),
    /// What the metric was classified as, and the canary's mean over the control's, once it was judged.
    pub label: Option<(&'static str, f64)>,
    /// The whole canary's score and class, once it was judged.
    pub score: Option<(f64, &'static str)>,
    /// The score that is needed, and the one below which it fails at once.
    pub wanted: [f64; 2],
}

impl CanaryRun {
    /// Begins at `now`, for so long.
    pub(super) fn begin(analysis: &CanaryAnalysis, watched_for: SimSpan, now: SimTime) -> Self {
        let none = vec![Vec::new(); analysis.metrics.len()];
        let planned = analysis.samples(watched_for);
        Self { analysis: analysis.clone(), begun: now, planned, taken: 0, control: none.clone(), canary: none, open: 0, verdict: None, phase: Phase::Running }
    }

    /// How it stands.
    pub(super) const fn phase(&self) -> Phase {
        self.phase
    }

    /// When the next sample is taken.
    pub(super) fn next_due(&self) -> Option<SimTime> {
        let is_over = self.phase != Phase::Running || self.taken >= self.planned;
        (!is_over).then(|| self.begun + SimSpan::from_nanos(self.analysis.step.nanos() * (self.taken + 1)))
    }

    /// What is to be measured now, by metric and side.
    pub(super) fn due(&mut self, now: SimTime) -> Vec<(usize, Side, Provider)> {
        if self.next_due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.taken += 1;
        for samples in self.control.iter_mut().chain(&mut self.canary) {
            samples.push(f64::NAN);
        }
        let provider = |metric: &CanaryMetric| Provider { kind: KIND.to_owned(), query: format!("{} [{}]", metric.query, self.analysis.step) };
        let both = |(index, metric)| [Side::Control, Side::Canary].map(|side| (index, side, provider(metric)));
        let wanted: Vec<_> = self.analysis.metrics.iter().enumerate().flat_map(both).collect();
        self.open = wanted.len();
        wanted
    }

    /// Takes an answer in; with the last one of a sample it may be judged.
    pub(super) fn measured(&mut self, metric: usize, side: Side, value: &Result<Measured, String>) {
        let samples = match side {
            Side::Control => &mut self.control,
            Side::Canary => &mut self.canary,
        };
        if let (Some(last), Ok(Measured::Number(number))) = (samples.get_mut(metric).and_then(|samples| samples.last_mut()), value) {
            *last = *number;
        }
        self.open = self.open.saturating_sub(1);
        let every = self.analysis.interval.map_or(self.planned, |interval| (interval.nanos() / self.analysis.step.nanos().max(1)).max(1));
        let is_last = self.taken >= self.planned;
        if self.open == 0 && self.phase == Phase::Running && (is_last || self.taken.is_multiple_of(every)) {
            self.judge(is_last);
        }
    }

    fn judge(&mut self, is_last: bool) {
        let sides = self.control.iter().zip(&self.canary);
        let samples: Vec<Samples<'_>> = self
            .analysis
            .metrics
            .iter()
            .zip(sides)
            .map(|(metric, (control, canary))| Samples { name: &metric.query, config: &metric.config, control, experiment: canary })
            .collect();
        let verdict = self.analysis.judge.judge(&samples);
        self.phase = match (verdict.class, is_last) {
            (Class::Pass, true) => Phase::Successful,
            (Class::Fail, _) | (Class::Marginal, true) => Phase::Failed,
            (Class::Pass | Class::Marginal, false) => Phase::Running,
        };
        self.verdict = Some(verdict);
    }

    /// Why it failed, once it was judged.
    pub(super) fn why(&self) -> Option<Cause> {
        let verdict = self.verdict.as_ref()?;
        Some(Cause::Kayenta { score: verdict.score.to_string(), pass: self.analysis.judge.pass.to_string(), class: verdict.class.name() })
    }

    /// Each metric, to look at: its name, what is asked, and how it compares.
    pub(super) fn look(&self) -> impl Iterator<Item = (String, Phase, Compared)> + '_ {
        let last = |samples: &[f64]| samples.last().copied().unwrap_or(f64::NAN);
        self.analysis.metrics.iter().enumerate().map(move |(at, metric)| {
            let result = self.verdict.as_ref().and_then(|verdict| verdict.metrics.get(at));
            let compared = Compared {
                latest: [last(&self.canary[at]), last(&self.control[at])],
                samples: (self.taken, self.planned),
                label: result.map(|result| (result.label.name(), result.ratio)),
                score: self.verdict.as_ref().map(|verdict| (verdict.score, verdict.class.name())),
                wanted: [self.analysis.judge.pass, self.analysis.judge.marginal],
            };
            (metric.query.clone(), self.phase, compared)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a comparison of minutes whose samples are `canary(minute)` and `control(minute)`; when it ended [min], and how.
    fn run(analysis: &CanaryAnalysis, minutes: u64, canary: impl Fn(u64) -> f64, control: impl Fn(u64) -> f64) -> (u64, Phase) {
        let mut run = CanaryRun::begin(analysis, SimSpan::from_secs(minutes * 60), SimTime::from_secs(90));
        let mut minute = 0;
        while let Some(due) = run.next_due() {
            minute += 1;
            assert_eq!(due, SimTime::from_secs(90 + minute * 60));
            for (metric, side, provider) in run.due(due) {
                assert!(provider.query.ends_with("[1m]"), "{}", provider.query);
                let value = if side == Side::Canary { canary(minute) } else { control(minute) };
                run.measured(metric, side, &Ok(Measured::Number(value)));
            }
        }
        (minute, run.phase())
    }

    fn latency(interval: Option<u64>) -> CanaryAnalysis {
        let metrics = vec![CanaryMetric { query: "latency-p50".to_owned(), ..CanaryMetric::default() }];
        CanaryAnalysis { metrics, interval: interval.map(|minutes| SimSpan::from_secs(minutes * 60)), ..CanaryAnalysis::default() }
    }

    #[test]
    fn a_canary_like_its_control_passes_at_the_end_and_a_slow_one_fails() {
        let wavy = |minute: u64| 1.0 + (minute * 7 % 5) as f64 / 10.0;
        assert_eq!(run(&latency(None), 15, wavy, |minute| wavy(minute + 2)), (15, Phase::Successful));
        assert_eq!(run(&latency(None), 15, |minute| wavy(minute) * 2.0, wavy), (15, Phase::Failed));
        assert_eq!(run(&latency(Some(5)), 15, |minute| wavy(minute) * 2.0, wavy), (5, Phase::Failed), "the first judgement is enough");
        assert_eq!(run(&latency(Some(5)), 15, wavy, |minute| wavy(minute + 2)), (15, Phase::Successful), "only the last one promotes");
    }

    #[test]
    fn without_samples_it_does_not_pass() {
        assert_eq!(run(&latency(None), 10, |_| f64::NAN, |_| 1.0), (10, Phase::Failed));
    }

    #[test]
    fn impossible_comparisons_are_refused() {
        let hour = SimSpan::from_secs(3_600);
        assert_eq!(CanaryAnalysis::default().check(hour), Ok(()));
        let wrong = |change: &dyn Fn(&mut CanaryAnalysis)| {
            let mut analysis = CanaryAnalysis::default();
            change(&mut analysis);
            analysis.check(hour).expect_err("it is impossible")
        };
        assert!(wrong(&|it| it.metrics.clear()).contains("no metric"));
        assert!(wrong(&|it| it.metrics[0].query = "weather".to_owned()).contains("`weather` is no query"));
        assert!(wrong(&|it| it.step = SimSpan::from_secs(3_601)).contains("0 samples"));
        assert!(wrong(&|it| it.interval = Some(SimSpan::from_secs(30))).contains("shorter than its `step`"));
        assert!(wrong(&|it| it.judge.pass = 10.0).contains("`pass` is 10"));
    }
}
