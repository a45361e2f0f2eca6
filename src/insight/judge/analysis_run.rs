//! An analysis at work: says when which metric is due, is told what was measured, and says in which phase it is.
//!
//! A pure state machine; measuring is somebody else's business, and so is what follows from the phase. Semantics are those
//! of `argoproj/argo-rollouts` (`analysis/analysis.go`, `utils/analysis/helpers.go`): limits are exceeded by *more* than
//! they allow, an error is tried again after ten seconds and does not count, a metric that ends badly ends the run, and
//! the run's phase is the worst of its metrics'. Left out: measurement retention, and measurements that take time.

use super::analysis::{Analysis, Metric, Phase, Provider, is_dry};
use super::functions::Measured;
use crate::units::{SimSpan, SimTime};

/// How long after an error a metric is measured again (Argo `DefaultErrorRetryInterval`).
pub const ERROR_RETRY: SimSpan = SimSpan::from_secs(10);

/// How a metric stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetricResult {
    /// Its phase.
    pub phase: Phase,
    /// Whether it decides nothing.
    pub dry_run: bool,
    /// Measurements that count: all but errors.
    pub count: u32,
    /// Measurements that were a success.
    pub successful: u32,
    /// Measurements that were a failure.
    pub failed: u32,
    /// Measurements that were neither.
    pub inconclusive: u32,
    /// Measurements that could not be taken.
    pub errors: u32,
    /// Errors since something could be measured.
    pub consecutive_errors: u32,
    /// Successes since something else was measured.
    pub consecutive_successes: u32,
    /// When and what was measured last, and what it said.
    pub last: Option<(SimTime, Result<Measured, String>, Phase)>,
    /// It was given out as due, and nothing came back yet.
    asked: bool,
}

/// An analysis at work.
#[derive(Debug, Clone)]
pub struct AnalysisRun {
    analysis: Analysis,
    begun: SimTime,
    results: Vec<MetricResult>,
    terminated: bool,
    /// Why it could not even begin.
    invalid: Option<String>,
}

impl AnalysisRun {
    /// Begins a run. What is impossible about the analysis makes it end at once, in `Error`.
    pub fn begin(analysis: &Analysis, now: SimTime) -> Self {
        let invalid = analysis.check().err();
        let analysis = analysis.resolved().unwrap_or_else(|_unresolved| analysis.clone());
        let dry = |metric: &Metric| analysis.dry_run.iter().any(|rule| is_dry(rule, &metric.name));
        let results = analysis.metrics.iter().map(|metric| MetricResult { dry_run: dry(metric), ..MetricResult::default() }).collect();
        Self { begun: now, results, terminated: false, invalid, analysis }
    }

    /// Its metrics and how each stands.
    pub fn metrics(&self) -> impl Iterator<Item = (&Metric, &MetricResult)> {
        self.analysis.metrics.iter().zip(&self.results)
    }

    /// When it began.
    pub fn begun(&self) -> SimTime {
        self.begun
    }

    /// No further measurements: it was ended, or a metric ended badly.
    fn is_ending(&self) -> bool {
        let bad = |result: &MetricResult| !result.dry_run && matches!(result.phase, Phase::Failed | Phase::Error | Phase::Inconclusive);
        self.terminated || self.invalid.is_some() || self.results.iter().any(bad)
    }

    /// When a metric is to be measured next.
    fn due_at(&self, metric: &Metric, result: &MetricResult) -> Option<SimTime> {
        if result.phase.is_over() || result.asked {
            return None;
        }
        match &result.last {
            None => Some(self.begun + metric.initial_delay),
            Some((at, _, Phase::Error)) => Some(*at + ERROR_RETRY),
            Some((at, ..)) => metric.interval.map(|interval| *at + interval),
        }
    }

    /// When one of its metrics is to be measured next; `None` if it is not.
    pub fn next_of(&self, metric: &Metric, result: &MetricResult) -> Option<SimTime> {
        if self.is_ending() { None } else { self.due_at(metric, result) }
    }

    /// When something is to be measured next; `None` if nothing is.
    pub fn next_due(&self) -> Option<SimTime> {
        if self.is_ending() {
            return None;
        }
        self.metrics().filter_map(|(metric, result)| self.due_at(metric, result)).min()
    }

    /// The metrics to measure now, by index, each with what to ask. Each is given out once.
    pub fn due(&mut self, now: SimTime) -> Vec<(usize, Provider)> {
        if self.is_ending() {
            return Vec::new();
        }
        let is_due = |(metric, result)| self.due_at(metric, result).is_some_and(|at| at <= now);
        let due: Vec<usize> = self.metrics().enumerate().filter(|(_, pair)| is_due(*pair)).map(|(index, _)| index).collect();
        due.into_iter()
            .map(|index| {
                self.results[index].asked = true;
                (index, self.analysis.metrics[index].provider.clone())
            })
            .collect()
    }

    /// Takes in what was measured. An answer to a metric that is over changes nothing.
    pub fn measured(&mut self, metric: usize, now: SimTime, value: Result<Measured, String>) {
        let (Some(asked), Some(result)) = (self.analysis.metrics.get(metric), self.results.get_mut(metric)) else { return };
        result.asked = false;
        if result.phase.is_over() || self.terminated {
            return;
        }
        let judged = value.as_ref().map_err(Clone::clone).and_then(|value| asked.judge(value));
        let (phase, value) = match judged {
            Ok(phase) => (phase, value),
            Err(error) => (Phase::Error, Err(error)),
        };
        match phase {
            Phase::Successful => result.successful += 1,
            Phase::Failed => result.failed += 1,
            Phase::Inconclusive => result.inconclusive += 1,
            _ => result.errors += 1,
        }
        result.consecutive_errors = if phase == Phase::Error { result.consecutive_errors + 1 } else { 0 };
        result.consecutive_successes = if phase == Phase::Successful { result.consecutive_successes + 1 } else { 0 };
        result.count += u32::from(phase != Phase::Error);
        result.last = Some((now, value, phase));
        result.phase = assess(asked, result);
        if self.is_ending() {
            self.end_the_rest();
        }
    }

    /// Ends the run: metrics that did not violate a limit by now count as successful.
    pub fn terminate(&mut self) {
        self.terminated = true;
        self.end_the_rest();
    }

    fn end_the_rest(&mut self) {
        for result in self.results.iter_mut().filter(|result| !result.phase.is_over()) {
            result.phase = Phase::Successful;
        }
    }

    /// How the run stands: the worst of what its metrics say, once all of them are over.
    pub fn phase(&self) -> Phase {
        if self.invalid.is_some() {
            return Phase::Error;
        }
        if self.results.iter().any(|result| !result.phase.is_over()) {
            return Phase::Running;
        }
        self.results.iter().filter(|result| !result.dry_run).map(|result| result.phase).max().unwrap_or(Phase::Successful)
    }

    /// Why it ended badly, in Argo's words.
    pub fn message(&self) -> Option<String> {
        if let Some(invalid) = &self.invalid {
            return Some(invalid.clone());
        }
        let phase = self.phase();
        let (metric, result) = self.metrics().find(|(_, result)| !result.dry_run && result.phase == phase)?;
        let why = violation(metric, result)?.1;
        let error = match &result.last {
            Some((_, Err(error), _)) => format!(": \"Error Message: {error}\""),
            _ => String::new(),
        };
        Some(format!("Metric \"{}\" assessed {phase} due to {why}{error}", metric.name))
    }
}

/// Which limit a metric exceeded, if it did.
fn violation(metric: &Metric, result: &MetricResult) -> Option<(Phase, String)> {
    if result.consecutive_errors > metric.consecutive_error_limit {
        let why = format!("consecutiveErrors ({}) > consecutiveErrorLimit ({})", result.consecutive_errors, metric.consecutive_error_limit);
        return Some((Phase::Error, why));
    }
    if result.inconclusive > metric.inconclusive_limit {
        return Some((Phase::Inconclusive, format!("inconclusive ({}) > inconclusiveLimit ({})", result.inconclusive, metric.inconclusive_limit)));
    }
    if metric.failure_limit >= 0 && i64::from(result.failed) > i64::from(metric.failure_limit) {
        return Some((Phase::Failed, format!("failed ({}) > failureLimit ({})", result.failed, metric.failure_limit)));
    }
    let wanted = metric.consecutive_success_limit;
    let reached = metric.effective_count().is_some_and(|count| result.count >= count);
    if wanted > 0 && result.consecutive_successes < wanted && reached {
        // Both limits leave it open; with the failure limit off, only the successes could have decided.
        let phase = if metric.failure_limit < 0 { Phase::Failed } else { Phase::Inconclusive };
        return Some((phase, format!("consecutiveSuccesses ({}) < consecutiveSuccessLimit ({wanted})", result.consecutive_successes)));
    }
    None
}

/// The phase of a metric after a measurement.
fn assess(metric: &Metric, result: &MetricResult) -> Phase {
    if let Some((phase, _)) = violation(metric, result) {
        return phase;
    }
    let enough_successes = metric.consecutive_success_limit > 0 && result.consecutive_successes >= metric.consecutive_success_limit;
    let reached = metric.effective_count().is_some_and(|count| result.count >= count);
    if enough_successes || reached { Phase::Successful } else { Phase::Running }
}

#[cfg(test)]
mod tests {
    use super::super::analysis::Argument;
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime::from_secs(secs)
    }

    fn metric() -> Metric {
        Metric { success_condition: "result >= 1".parse().ok(), ..Metric::new("m", "up") }
    }

    fn every(secs: u64, count: Option<u32>) -> Metric {
        Metric { interval: Some(SimSpan::from_secs(secs)), count, ..metric() }
    }

    fn of(metric: Metric) -> Analysis {
        Analysis { metrics: vec![metric], ..Analysis::default() }
    }

    /// What a letter stands for: a success, a failure, a value that meets no condition, an error.
    fn value(letter: char) -> Result<Measured, String> {
        match letter {
            's' => Ok(Measured::Number(1.0)),
            'f' => Ok(Measured::Number(0.0)),
            'i' => Ok(Measured::Number(0.5)),
            _ => Err("no answer".to_owned()),
        }
    }

    /// Runs one metric on these answers; gives the times of its measurements [s] and the phase at the end.
    fn played(metric: Metric, answers: &str) -> (Vec<u64>, Phase) {
        let mut run = AnalysisRun::begin(&of(metric), at(100));
        let mut times = Vec::new();
        for letter in answers.chars() {
            let Some(due) = run.next_due() else { break };
            assert_eq!(run.due(due).len(), 1);
            assert!(run.due(due).is_empty(), "given out once");
            times.push(due.nanos() / 1_000_000_000 - 100);
            run.measured(0, due, value(letter));
        }
        (times, run.phase())
    }

    #[test]
    fn count_and_interval_say_when_measurements_are_taken() {
        use Phase::{Running, Successful};
        for (metric, answers, times, phase) in [
            (metric(), "s", vec![0], Successful),
            (Metric { count: Some(0), ..metric() }, "s", vec![0], Successful),
            (every(60, Some(3)), "ssss", vec![0, 60, 120], Successful),
            (every(60, None), "ssss", vec![0, 60, 120, 180], Running),
            (every(60, Some(0)), "ss", vec![0, 60], Running),
            (Metric { initial_delay: SimSpan::from_secs(30), ..every(60, Some(2)) }, "ss", vec![30, 90], Successful),
            // Errors are tried again after ten seconds, whatever the interval, and do not count.
            (every(60, Some(2)), "sees", vec![0, 60, 70, 80], Successful),
            (Metric { count: Some(1), ..metric() }, "es", vec![0, 10], Successful),
        ] {
            assert_eq!(played(metric.clone(), answers), (times, phase), "{metric:?} {answers}");
        }
    }

    #[test]
    fn limits_are_exceeded_by_more_than_they_allow() {
        use Phase::{Error, Failed, Inconclusive, Running, Successful};
        let both = || Metric { success_condition: "result == 1".parse().ok(), failure_condition: "result == 0".parse().ok(), ..every(1, Some(9)) };
        for (metric, answers, measurements, phase) in [
            (every(1, Some(9)), "f", 1, Failed),
            (Metric { failure_limit: 2, ..every(1, Some(9)) }, "fsf", 3, Running),
            (Metric { failure_limit: 2, ..every(1, Some(9)) }, "fsfsfsss", 5, Failed),
            (Metric { failure_limit: 3, ..every(1, Some(3)) }, "fff", 3, Successful),
            (both(), "i", 1, Inconclusive),
            (Metric { inconclusive_limit: 1, ..both() }, "isis", 3, Inconclusive),
            (Metric { failure_limit: 1, ..both() }, "fsf", 3, Failed),
            (every(1, None), "eeee", 4, Running),
            (every(1, None), "eeeee", 5, Error),
            (every(1, None), "eeeeseeee", 9, Running),
            (Metric { consecutive_error_limit: 0, ..every(1, None) }, "se", 2, Error),
        ] {
            let (times, got) = played(metric.clone(), answers);
            assert_eq!((times.len(), got), (measurements, phase), "{metric:?} {answers}");
        }
    }

    #[test]
    fn successes_in_a_row_end_a_metric_early() {
        use Phase::{Failed, Inconclusive, Running, Successful};
        let wants = |failure_limit, count| Metric { consecutive_success_limit: 3, failure_limit, ..every(1, count) };
        for (metric, answers, measurements, phase) in [
            (wants(-1, None), "sfsssss", 5, Successful),
            (wants(-1, None), "ffffffff", 8, Running),
            (wants(0, None), "sfsss", 2, Failed),
            (wants(2, Some(5)), "ssfss", 5, Inconclusive),
            (wants(2, Some(5)), "sfsss", 5, Successful),
            (wants(2, Some(9)), "sffsfss", 5, Failed),
            (wants(-1, Some(4)), "ssfs", 4, Failed),
            // An error breaks the row.
            (wants(-1, None), "ssesss", 6, Successful),
        ] {
            let (times, got) = played(metric.clone(), answers);
            assert_eq!((times.len(), got), (measurements, phase), "{metric:?} {answers}");
        }
    }

    #[test]
    fn one_condition_or_both_say_what_a_value_is() {
        let with = |success: Option<&str>, failure: Option<&str>| Metric {
            success_condition: success.map(|text| text.parse().expect("a condition")),
            failure_condition: failure.map(|text| text.parse().expect("a condition")),
            ..metric()
        };
        let (good, bad) = (Some("result > 9"), Some("result < 1"));
        for (metric, value, phase) in [
            (with(None, None), 5.0, Phase::Successful),
            (with(good, None), 10.0, Phase::Successful),
            (with(good, None), 5.0, Phase::Failed),
            (with(None, bad), 5.0, Phase::Successful),
            (with(None, bad), 0.0, Phase::Failed),
            (with(good, bad), 10.0, Phase::Successful),
            (with(good, bad), 5.0, Phase::Inconclusive),
            (with(good, bad), 0.0, Phase::Failed),
            (with(Some("true"), Some("true")), 0.0, Phase::Failed),
        ] {
            let mut run = AnalysisRun::begin(&of(metric.clone()), at(0));
            run.due(at(0));
            run.measured(0, at(0), Ok(value.into()));
            assert_eq!(run.phase(), phase, "{metric:?} {value}");
        }
    }

    #[test]
    fn ended_early_is_successful_unless_a_limit_was_violated() {
        let mut run = AnalysisRun::begin(&of(Metric { failure_limit: 1, ..every(60, None) }), at(0));
        run.due(at(0));
        run.measured(0, at(0), value('f'));
        assert_eq!(run.phase(), Phase::Running);
        run.terminate();
        assert_eq!((run.phase(), run.next_due()), (Phase::Successful, None));
        let mut unmeasured = AnalysisRun::begin(&of(every(60, None)), at(0));
        unmeasured.due(at(0));
        unmeasured.terminate();
        unmeasured.measured(0, at(1), value('f'));
        assert_eq!(unmeasured.phase(), Phase::Successful, "an answer that comes too late changes nothing");
        let mut failed = AnalysisRun::begin(&of(every(60, None)), at(0));
        failed.due(at(0));
        failed.measured(0, at(0), value('f'));
        failed.terminate();
        assert_eq!(failed.phase(), Phase::Failed);
    }

    fn two(dry_run: &[&str]) -> Analysis {
        let other = Metric { name: "other".to_owned(), ..every(60, None) };
        Analysis { metrics: vec![every(60, Some(2)), other], dry_run: dry_run.iter().map(|name| (*name).to_owned()).collect(), args: Vec::new() }
    }

    #[test]
    fn the_worst_metric_decides_and_ends_the_others() {
        let mut run = AnalysisRun::begin(&two(&[]), at(0));
        assert_eq!(run.due(at(0)).len(), 2);
        run.measured(0, at(0), value('s'));
        assert_eq!(run.phase(), Phase::Running);
        run.measured(1, at(0), value('f'));
        assert_eq!((run.phase(), run.next_due()), (Phase::Failed, None));
        assert_eq!(run.message().as_deref(), Some("Metric \"other\" assessed Failed due to failed (1) > failureLimit (0)"));
        assert_eq!(run.metrics().map(|(_, result)| result.phase).collect::<Vec<_>>(), [Phase::Successful, Phase::Failed]);
        assert!([Phase::Successful, Phase::Inconclusive, Phase::Error, Phase::Failed].is_sorted());
    }

    #[test]
    fn a_dry_run_never_decides() {
        let mut run = AnalysisRun::begin(&two(&["other"]), at(0));
        run.due(at(0));
        run.measured(1, at(0), value('f'));
        assert_eq!((run.phase(), run.next_due()), (Phase::Running, None), "the first is asked, the other is over");
        run.measured(0, at(0), value('s'));
        run.due(at(60));
        run.measured(0, at(60), value('s'));
        assert_eq!(run.phase(), Phase::Successful);
        let mut all = AnalysisRun::begin(&two(&["*"]), at(0));
        all.due(at(0));
        all.measured(0, at(0), value('f'));
        all.measured(1, at(0), value('f'));
        assert_eq!((all.phase(), all.message()), (Phase::Successful, None));
    }

    #[test]
    fn a_condition_that_cannot_be_answered_is_an_error() {
        let metric = Metric { success_condition: "result[0] > 1".parse().ok(), consecutive_error_limit: 0, ..metric() };
        let mut run = AnalysisRun::begin(&of(metric), at(0));
        run.due(at(0));
        run.measured(0, at(0), Ok(Vec::new().into()));
        assert_eq!(run.phase(), Phase::Error);
        let message = run.message().expect("a reason");
        assert!(message.contains("consecutiveErrors (1) > consecutiveErrorLimit (0)") && message.contains("index 0"), "{message}");
    }

    #[test]
    fn what_cannot_be_ends_at_once() {
        let run = AnalysisRun::begin(&Analysis::default(), at(0));
        assert_eq!((run.phase(), run.next_due(), run.message().as_deref()), (Phase::Error, None, Some("an analysis without metrics")));
    }

    #[test]
    fn arguments_stand_in_queries_and_conditions() {
        let mut metric = Metric::new("m", "up{job=\"{{ args.job }}\"} > {{args.least}}");
        metric.success_condition = "result > {{args.least}}".parse().ok();
        let mut analysis = of(metric);
        assert_eq!(analysis.missing_args(), ["job", "least"]);
        assert_eq!(AnalysisRun::begin(&analysis, at(0)).phase(), Phase::Error);
        let argument = |name: &str, value: &str| Argument { name: name.to_owned(), value: Some(value.to_owned()) };
        analysis.args = vec![argument("job", "web"), argument("least", "2")];
        let mut run = AnalysisRun::begin(&analysis, at(0));
        assert_eq!(run.due(at(0))[0].1.query, "up{job=\"web\"} > 2");
        run.measured(0, at(0), Ok(2.5.into()));
        assert_eq!(run.phase(), Phase::Successful);
    }
}
