//! What Kayenta's judge promises: the vectors of its sources, how scores add up, and how much it misses.

use rand_distr::StandardNormal;

use super::kayenta::{
    Class, Direction, EffectSize, GroupScore, Kayenta, Label, Measure, MetricConfig, MetricResult, NanStrategy, OutlierStrategy, Outliers, Reason, Samples,
    Verdict,
};
use crate::rng::Stream;

const CONTROL: [f64; 15] = [10.0, 11.0, 9.0, 12.0, 10.0, 11.0, 10.0, 9.0, 13.0, 10.0, 11.0, 12.0, 10.0, 9.0, 11.0];

/// Judges one metric.
fn one(config: &MetricConfig, control: &[f64], experiment: &[f64]) -> MetricResult {
    let verdict = Kayenta::default().judge(&[Samples { name: "latency", config, control, experiment }]);
    verdict.metrics[0].clone()
}

/// The baseline times a factor.
fn times(factor: f64) -> [f64; 15] {
    CONTROL.map(|value| value * factor)
}

#[test]
fn the_reference_vectors_are_classified_with_their_intervals() {
    let config = MetricConfig::default();
    for (factor, label, lower, upper) in [(1.5, Label::High, 4.0, 6.5), (1.1, Label::Pass, 0.0, 2.1), (0.6, Label::Low, -5.0, -3.4)] {
        let result = one(&config, &CONTROL, &times(factor));
        let shift = result.shift.expect("compared");
        assert_eq!(result.label, label, "{factor}");
        assert!((shift.lower - lower).abs() < 1e-12 && (shift.upper - upper).abs() < 1e-12, "{factor}: {shift:?}");
        assert!((result.ratio - factor).abs() < 1e-12);
    }
    assert!((one(&config, &CONTROL, &times(1.5)).shift.expect("compared").estimate - 5.0).abs() < 1e-12);
}

#[test]
fn only_the_bad_direction_counts() {
    for (direction, rise, fall) in
        [(Direction::Increase, Label::High, Label::Pass), (Direction::Decrease, Label::Pass, Label::Low), (Direction::Either, Label::High, Label::Low)]
    {
        let config = MetricConfig { direction, ..MetricConfig::default() };
        assert_eq!((one(&config, &CONTROL, &times(1.5)).label, one(&config, &CONTROL, &times(0.6)).label), (rise, fall), "{direction:?}");
    }
}

#[test]
fn the_order_of_identical_data_does_not_matter_and_constant_data_is_compared() {
    let config = MetricConfig::default();
    let mut reversed = CONTROL;
    reversed.reverse();
    assert_eq!(one(&config, &CONTROL, &reversed).label, Label::Pass);
    assert_eq!(one(&config, &[0.0; 15], &[0.0; 9]).label, Label::Pass, "one value in all");
    assert_eq!(one(&config, &[10.0; 15], &[10.5; 15]).label, Label::High, "without any noise half a unit is sure");
    assert_eq!(one(&config, &[0.0; 15], &[5.0; 15]).label, Label::High, "the ratio cannot be computed and is not asked for");
}

#[test]
fn missing_data_is_no_result_unless_it_must_be_there() {
    let gone = [f64::NAN; 3];
    let config = |nan_strategy, must_have_data, critical| MetricConfig { nan_strategy, critical, must_have_data, ..MetricConfig::default() };
    for (config, label, critical) in [
        (config(NanStrategy::Remove, false, false), Label::Nodata, false),
        (config(NanStrategy::Remove, true, false), Label::NodataFailMetric, false),
        (config(NanStrategy::Remove, true, true), Label::Nodata, true),
        (config(NanStrategy::Remove, false, true), Label::Nodata, true),
    ] {
        let result = one(&config, &CONTROL, &gone);
        assert_eq!((result.label, result.critical), (label, critical), "{config:?}");
    }
    // What is replaced by zero is data, except where there is not even a missing sample.
    let replace = config(NanStrategy::Replace, false, true);
    assert_eq!(one(&replace, &CONTROL, &[f64::NAN; 15]).label, Label::Low);
    assert_eq!(one(&replace, &CONTROL, &[]).label, Label::Pass);
    let holes: Vec<f64> = times(1.5).into_iter().chain([f64::NAN; 5]).collect();
    assert_eq!(one(&MetricConfig::default(), &CONTROL, &holes).label, Label::High, "holes are left out");
}

#[test]
fn an_effect_must_be_as_large_as_allowed() {
    let by = |measure, allowed_increase, critical_increase| MetricConfig {
        critical: true,
        effect_size: EffectSize { measure, allowed_increase, critical_increase, ..EffectSize::default() },
        ..MetricConfig::default()
    };
    let results = |config: &MetricConfig| {
        let result = one(config, &CONTROL, &times(1.5));
        (result.label, result.critical)
    };
    assert_eq!(results(&by(Measure::MeanRatio, None, None)), (Label::High, true));
    assert_eq!(results(&by(Measure::MeanRatio, Some(1.5), Some(1.6))), (Label::High, false), "high, but not critically so");
    assert_eq!(results(&by(Measure::MeanRatio, Some(1.51), None)), (Label::Pass, false));
    // In every pair the canary has the larger value; a little less and it does not.
    assert_eq!(results(&by(Measure::Cles, Some(1.0), Some(1.0))), (Label::High, true));
    let nearly = times(1.35);
    assert_eq!(one(&by(Measure::Cles, Some(0.95), None), &CONTROL, &nearly).label, Label::High);
    assert_eq!(one(&by(Measure::Cles, Some(1.0), None), &CONTROL, &nearly).label, Label::Pass);
}

#[test]
fn outliers_stay_unless_they_are_removed() {
    // The first 99 % of 200 samples lie between 9 and 12; two are far out.
    let steady: Vec<f64> = (0..200).map(|n| f64::from(9 + n % 4)).collect();
    let mut spiky = steady.clone();
    (spiky[17], spiky[101]) = (1e9, 2e9);
    let ratio = |strategy| one(&MetricConfig { outliers: Outliers { strategy, factor: 3.0 }, ..MetricConfig::default() }, &steady, &spiky).ratio;
    assert!(ratio(OutlierStrategy::Keep) > 1e6);
    assert!((ratio(OutlierStrategy::Remove) - 1.0).abs() < 0.01);
    // Of fifteen samples the largest lies above the 99th percentile, so the quartiles decide about it.
    let mut few = CONTROL;
    few[3] = 1_000.0;
    let config = MetricConfig { outliers: Outliers { strategy: OutlierStrategy::Remove, factor: 3.0 }, ..MetricConfig::default() };
    assert!((one(&config, &CONTROL, &few).ratio - 1.0).abs() < 0.02);
    // 14 is not three quartile ranges (3 × 1) above the upper quartile, 11; nothing goes.
    few[3] = 14.0;
    assert!((one(&config, &CONTROL, &few).ratio - 160.0 / 158.0).abs() < 1e-12);
}

/// A verdict over metrics with these labels, groups and criticality.
fn scored(judge: &Kayenta, metrics: &[(Label, &[&str], bool)]) -> Verdict {
    let configs: Vec<MetricConfig> = metrics
        .iter()
        .map(|(label, groups, critical)| MetricConfig {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            critical: *critical,
            must_have_data: *label == Label::NodataFailMetric,
            ..MetricConfig::default()
        })
        .collect();
    let (high, low) = (times(1.5), times(0.6));
    let samples: Vec<Samples<'_>> = metrics
        .iter()
        .zip(&configs)
        .map(|((label, ..), config)| {
            let experiment: &[f64] = match label {
                Label::Pass => &CONTROL,
                Label::High => &high,
                Label::Low => &low,
                Label::Nodata | Label::NodataFailMetric => &[],
            };
            Samples { name: "a metric", config, control: &CONTROL, experiment }
        })
        .collect();
    let verdict = judge.judge(&samples);
    assert!(verdict.metrics.iter().zip(metrics).all(|(result, (label, ..))| result.label == *label), "{verdict:?}");
    verdict
}

/// Label, groups and criticality of each metric.
type Metrics<'a> = &'a [(Label, &'a [&'a str], bool)];

#[test]
fn groups_add_up_to_the_score() {
    use Label::{High, Low, Nodata, NodataFailMetric, Pass};
    let plain = Kayenta::default();
    let weights = |weights: &[(&str, f64)]| Kayenta {
        group_weights: weights.iter().map(|(group, weight)| ((*group).to_owned(), *weight)).collect(),
        ..Kayenta::default()
    };
    let halves = weights(&[("one", 50.0), ("two", 50.0)]);
    let table: &[(&str, &Kayenta, Metrics<'_>, f64)] = &[
        ("one pass", &plain, &[(Pass, &["one"], false)], 100.0),
        ("one failure", &plain, &[(High, &["one"], false)], 0.0),
        ("no data alone", &plain, &[(Nodata, &["one"], false)], 0.0),
        ("a group without data counts as passed", &plain, &[(Pass, &["one"], false), (Pass, &["one"], false), (Nodata, &["two"], false)], 100.0),
        ("half", &plain, &[(Pass, &["one"], false), (High, &["one"], false)], 50.0),
        ("a third, rounded", &plain, &[(Pass, &["one"], false), (High, &["one"], false), (Low, &["one"], false)], 33.33),
        ("weights", &weights(&[("one", 75.0), ("two", 25.0)]), &[(Pass, &["one"], false), (Pass, &["one"], false), (High, &["two"], false)], 75.0),
        ("a quarter", &halves, &[(Pass, &["one"], false), (High, &["one"], false), (High, &["two"], false)], 25.0),
        ("no data does not count in its group", &halves, &[(Pass, &["one"], false), (Nodata, &["one"], false), (High, &["two"], false)], 50.0),
        ("required data does", &halves, &[(Pass, &["one"], false), (NodataFailMetric, &["one"], false), (Pass, &["two"], false)], 75.0),
        ("a critical failure", &plain, &[(Pass, &["one"], false), (High, &["one"], true)], 0.0),
        ("a critical pass", &plain, &[(Low, &["one"], false), (Pass, &["one"], true)], 50.0),
        ("critical without data", &plain, &[(Pass, &["one"], false), (Nodata, &["one"], true)], 0.0),
        ("half without data", &plain, &[(Pass, &["one"], false), (Nodata, &["two"], false)], 0.0),
        ("the rest shares what is left", &weights(&[("one", 40.0)]), &[(High, &["one"], false), (Pass, &["two"], false), (High, &["three"], false)], 30.0),
        ("a metric of two groups counts in both", &halves, &[(High, &["one", "two"], false), (Pass, &["one"], false), (Pass, &["one"], false)], 33.33),
    ];
    for (what, judge, metrics, score) in table {
        let verdict = scored(judge, metrics);
        assert!((verdict.score - score).abs() < 1e-9, "{what}: {verdict:?}");
    }
    let verdict = scored(&plain, &[(Pass, &["one"], false), (High, &["one"], true)]);
    assert_eq!((verdict.class, verdict.reason), (Class::Fail, Some(Reason::CriticalMetric { name: "a metric".to_owned() })));
    assert_eq!(verdict.groups, [GroupScore { name: "one".to_owned(), score: 50.0, no_data: false }], "the groups' scores are shown all the same");
    let verdict = scored(&plain, &[(Pass, &["one"], false), (Nodata, &["two"], false)]);
    assert_eq!(verdict.reason.map(|reason| reason.to_string()), Some("1 of 2 metrics have no data".to_owned()));
}

#[test]
fn thresholds_decide_and_a_muted_metric_has_no_say() {
    let judge = Kayenta { pass: 100.0, marginal: 50.0, ..Kayenta::default() };
    let class = |metrics: &[(Label, &[&str], bool)]| scored(&judge, metrics).class;
    assert_eq!(class(&[(Label::Pass, &["one"], false)]), Class::Pass);
    assert_eq!(class(&[(Label::Pass, &["one"], false), (Label::High, &["one"], false)]), Class::Marginal);
    assert_eq!(class(&[(Label::Pass, &["one"], false), (Label::High, &["one"], false), (Label::Low, &["one"], false)]), Class::Fail);
    let (loud, muted) = (MetricConfig::default(), MetricConfig { muted: true, critical: true, ..MetricConfig::default() });
    let high = times(1.5);
    let verdict = judge.judge(&[
        Samples { name: "errors", config: &loud, control: &CONTROL, experiment: &CONTROL },
        Samples { name: "latency", config: &muted, control: &CONTROL, experiment: &high },
    ]);
    assert_eq!((verdict.class, verdict.metrics[1].label), (Class::Pass, Label::High), "it is classified and not scored");
    assert_eq!(judge.judge(&[]).class, Class::Fail, "nothing was shown to be good");
}

#[test]
fn impossible_parameters_are_refused() {
    assert_eq!(Kayenta::default().check(), Ok(()));
    assert!(Kayenta { pass: 101.0, ..Kayenta::default() }.check().is_err());
    assert!(Kayenta { pass: 50.0, marginal: 75.0, ..Kayenta::default() }.check().is_err());
    let weights = |weight| Kayenta { group_weights: [("one".to_owned(), 60.0), ("two".to_owned(), weight)].into(), ..Kayenta::default() };
    assert!(weights(40.0).check().is_ok() && weights(41.0).check().is_err_and(|message| message.contains("101")) && weights(-1.0).check().is_err());
    let factor = |factor| MetricConfig { outliers: Outliers { factor, ..Outliers::default() }, ..MetricConfig::default() };
    assert!(factor(1.5).check().is_ok() && factor(0.0).check().is_err() && factor(f64::NAN).check().is_err());
}

/// Times a canary of lognormal samples (sigma 0.3) that is slower by `factor` is classified High, of `rounds`.
fn caught(factor: f64, samples: u64, rounds: u64) -> f64 {
    let config = MetricConfig { direction: Direction::Increase, ..MetricConfig::default() };
    let root = Stream::root(2_026).child(factor.to_bits()).child(samples);
    let draw = |stream: Stream, factor: f64| -> Vec<f64> {
        let mut stream = stream;
        (0..samples)
            .map(|_| <StandardNormal as rand_distr::Distribution<f64>>::sample(&StandardNormal, &mut stream))
            .map(|z| factor * (0.3 * z).exp())
            .collect()
    };
    let high = (0..rounds)
        .filter(|round| {
            let stream = root.child(*round);
            one(&config, &draw(stream.child(0), 1.0), &draw(stream.child(1), factor)).label == Label::High
        })
        .count();
    high as f64 / rounds as f64
}

/// The power that was computed for the truth table with an independent program, in whole percent: fifteen one-minute
/// samples miss a 20 % regression 19 times in 20. The tolerance is four standard errors of the share that is estimated
/// here, and half a percent for the rounding of the figure.
#[test]
fn few_samples_miss_a_fifth_and_seldom_cry_wolf() {
    const ROUNDS: u64 = 2_000;
    for (factor, samples, share) in [(1.2, 15, 0.05), (1.2, 30, 0.21), (1.2, 60, 0.54), (1.5, 15, 0.56), (1.5, 30, 0.95), (1.5, 60, 1.0)] {
        let found = caught(factor, samples, ROUNDS);
        let error = (share * (1.0 - share) / ROUNDS as f64).sqrt();
        assert!((found - share).abs() <= 4.0 * error + 0.005, "×{factor}, {samples} samples: {found}, expected {share}");
    }
    for samples in [15, 30, 60] {
        let found = caught(1.0, samples, ROUNDS);
        assert!(found <= 0.003 + 4.0 * (0.003 * 0.997 / ROUNDS as f64).sqrt(), "{samples} samples: {found} cries of wolf");
    }
}
