//! Experiments: what came of a feature for those who have it and for those who have not.

use super::{Asked, Function, Param};
use crate::insight::judge::Measured;
use crate::lab::snapshot::ExperimentSnapshot;
use crate::lesson::kind::Kind;

const fn of_flag(name: &'static str, about: &'static str, ask: fn(&Asked<'_>) -> Measured) -> Function {
    Function { name, params: &[Param::Flag], needs: 1, about, gives: Kind::Number, ask }
}

/// What is asked of experiments.
pub(super) const FUNCTIONS: &[Function] = &[
    of_flag("visits_off", "visits of an experiment without the feature", |asked| arm(asked, 0, |arm| Some(arm.0))),
    of_flag("visits_on", "visits of an experiment with the feature", |asked| arm(asked, 1, |arm| Some(arm.0))),
    of_flag("conversion_off", "share of visits without the feature that converted, 0…1", |asked| arm(asked, 0, |arm| share(arm.0, arm.1))).share(),
    of_flag("conversion_on", "share of visits with the feature that converted, 0…1", |asked| arm(asked, 1, |arm| share(arm.0, arm.1))).share(),
    of_flag("p_value", "p-value of an experiment's difference, were it looked at only now, 0…1", |asked| {
        experiment(asked).and_then(|experiment| experiment.now).map(|now| now.p_value).into()
    })
    .share(),
    of_flag("lift_from", "lower end of the 95 % interval of an experiment's difference, in points of share, -1…1", |asked| {
        experiment(asked).and_then(|experiment| experiment.now).map(|now| now.lower).into()
    }),
    of_flag("lift_to", "upper end of the 95 % interval of an experiment's difference, in points of share, -1…1", |asked| {
        experiment(asked).and_then(|experiment| experiment.now).map(|now| now.upper).into()
    }),
    of_flag("looks", "looks that were taken at an experiment so far", |asked| experiment(asked).map(|experiment| experiment.looks.len() as f64).into()),
    of_flag("significant_looks", "looks at an experiment whose p-value was below 0.05", |asked| {
        let below = |experiment: ExperimentSnapshot| experiment.looks.iter().filter(|look| look.p_value.is_some_and(|p| p < 0.05)).count();
        experiment(asked).map(|experiment| below(experiment) as f64).into()
    }),
    of_flag("always_valid_p", "p-value of an experiment's difference that holds however often one looks, 0…1", |asked| {
        experiment(asked).map(|experiment| experiment.always_valid).into()
    })
    .share(),
    of_flag("failed_on", "share of visits with the feature that failed, 0…1", |asked| failed(asked, 1)).share(),
    of_flag("failed_off", "share of visits without the feature that failed, 0…1", |asked| failed(asked, 0)).share(),
];

fn experiment(asked: &Asked<'_>) -> Option<ExperimentSnapshot> {
    let at = asked.flag()?;
    asked.session.flags().into_iter().nth(at.index())?.experiment
}

fn arm(asked: &Asked<'_>, side: usize, of: fn((f64, f64)) -> Option<f64>) -> Measured {
    let arms = experiment(asked).map(|experiment| experiment.arms);
    arms.and_then(|arms| of((arms[side].shown as f64, arms[side].converted as f64))).into()
}

fn share(shown: f64, converted: f64) -> Option<f64> {
    (shown > 0.0).then(|| converted / shown)
}

fn failed(asked: &Asked<'_>, side: usize) -> Measured {
    let Some(flag) = asked.flag() else { return Measured::Nothing };
    let side = asked.session.kernel().sides(flag)[side];
    share(side.shown as f64, side.failed as f64).into()
}
