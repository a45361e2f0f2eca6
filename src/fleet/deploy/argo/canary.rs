//! The canary of Argo Rollouts: steps that set weights, wait, measure and route, and the way back from each.
//!
//! Without traffic routing the share of instances approximates the weight; with it the weight is exact, and the new
//! version is scaled to its weight unless `setCanaryScale` says otherwise. That is a trap: weight 90 on a tenth of the
//! instances is possible, and so is overload. An abort sets the weight to zero at once and takes the new version's
//! instances away after a delay. Behaviour is that of `argoproj/argo-rollouts` (`rollout/canary.go`,
//! `trafficrouting.go`, `pause.go`, `sync.go`); the arithmetic is in `replicas`, the steps in `steps`.
//!
//! It knows counts, times and verdicts; who measures, routes and starts instances is others' business. Left out: the
//! instances of experiments, what plugins do, ping-pong services, and revision limits.

use super::common::DELAY;
use super::driver::Driver;
use super::int_or_percent::IntOrPercent;
use super::rollout::CanaryRun;
use super::steps::{ReplicaProgressThreshold, Step};
use crate::choice::params;
use crate::insight::judge::analysis::Analysis;
use crate::units::SimSpan;

params! {
    /// An analysis that runs while the steps do.
    pub struct Background {
        /// What is measured.
        pub analysis: Analysis = Analysis::default(),
        /// The step before which it begins, counted from 0. Default 0 (Argo).
        pub starting_step: u32 = 0,
    }
}

params! {
    /// Argo Rollouts' canary.
    pub struct ArgoCanary {
        /// The steps; without any it is a rolling update. Default: none (Argo).
        pub steps: Vec<Step> = Vec::new(),
        /// Whether a mesh or an ingress shares the traffic out; otherwise the number of instances does. Default false.
        pub traffic_routing: bool = false,
        /// What a weight is out of. Default 100 (Argo `maxTrafficWeight`).
        pub max_traffic_weight: u32 = 100,
        /// Instances above the desired count, without traffic routing. Default `"25%"` (Argo).
        pub max_surge: IntOrPercent = IntOrPercent::Percent(25),
        /// Instances that may be missing, without traffic routing. Default `"25%"` (Argo).
        pub max_unavailable: IntOrPercent = IntOrPercent::Percent(25),
        /// How long an instance must be healthy before it counts as available. Default `"0s"` (Argo `minReadySeconds`).
        pub min_ready: SimSpan = SimSpan::ZERO,
        /// How long the old version's instances stay after the last step, with traffic routing. Default `"30s"` (Argo).
        pub scale_down_delay: SimSpan = DELAY,
        /// How long the new version's instances stay after an abort, with traffic routing; `"0s"` is for ever. Default 30 s,
        /// and no time at all with `dynamic_stable_scale` (Argo).
        pub abort_scale_down_delay: Option<SimSpan> = None,
        /// With traffic routing, scales the old version down as the weight grows. Default false (Argo).
        pub dynamic_stable_scale: bool = false,
        /// The fewest instances of a version that has any, with traffic routing. Default 1 (Argo).
        pub min_pods_per_replica_set: u32 = 1,
        /// After this long without progress the rollout is reported as stuck. Default `"10m"` (Argo).
        pub progress_deadline: SimSpan = SimSpan::from_secs(600),
        /// Whether it is then aborted. Default false (Argo).
        pub progress_deadline_abort: bool = false,
        /// Going back over fewer releases than this skips the steps. Default: never (Argo).
        pub rollback_window: Option<u32> = None,
        /// How many available instances are enough to go on from a step. Default: all (Argo).
        pub replica_progress_threshold: Option<ReplicaProgressThreshold> = None,
        /// An analysis that runs while the steps do; it aborts the rollout when it fails. Default: none.
        pub analysis: Option<Background> = None,
    }
}

impl ArgoCanary {
    /// Says what is impossible about the parameters, if anything is.
    pub(in crate::fleet::deploy) fn check(&self) -> Result<(), String> {
        if self.max_surge.is_zero() && self.max_unavailable.is_zero() {
            return Err("`max_surge` and `max_unavailable` are both 0, which leaves no room to replace anything".to_owned());
        }
        if matches!(self.max_unavailable, IntOrPercent::Percent(101..)) {
            return Err(format!("`max_unavailable` is {}; no more than 100% can be missing", self.max_unavailable));
        }
        if self.max_traffic_weight == 0 || (self.max_traffic_weight != 100 && !self.traffic_routing) {
            return Err("`max_traffic_weight` is at least 1, and other than 100 only with `traffic_routing`".to_owned());
        }
        if self.dynamic_stable_scale && !self.traffic_routing {
            return Err("`dynamic_stable_scale` needs `traffic_routing`".to_owned());
        }
        if self.progress_deadline <= self.min_ready {
            return Err("`progress_deadline` must be longer than `min_ready`".to_owned());
        }
        for (index, step) in self.steps.iter().enumerate() {
            step.check(self.traffic_routing, self.max_traffic_weight).map_err(|why| format!("step {}: {why}", index + 1))?;
        }
        self.analysis.as_ref().map_or(Ok(()), |background| background.analysis.check())
    }

    /// All analyses that it may begin.
    pub(in crate::fleet::deploy) fn analyses(&self) -> Vec<&Analysis> {
        let of_steps = self.steps.iter().flat_map(|step| match step {
            Step::Analysis(analysis) => vec![analysis],
            Step::Experiment(experiment) => experiment.analyses.iter().map(|inner| &inner.analysis).collect(),
            _ => Vec::new(),
        });
        of_steps.chain(self.analysis.as_ref().map(|background| &background.analysis)).collect()
    }

    /// Carries a deployment out. `restores` marks a rollback; where nothing more is known about it, it skips the steps.
    pub(in crate::fleet::deploy) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        Box::new(CanaryRun::new(self.clone(), restores))
    }
}

#[cfg(test)]
mod tests {
    use super::super::steps::{SetCanaryScale, SetMirrorRoute};
    use super::super::testing::{basic, for_ever, one, pause, replicas, routed, secs};
    use super::*;
    use crate::insight::judge::analysis::Metric;

    #[test]
    fn it_is_written_in_toml() {
        let text = "
            traffic_routing = true
            scale_down_delay = '1m'
            steps = [
                { set_canary_scale = { replicas = 1 } },
                { set_weight = 20 },
                { pause = { duration = '10m' } },
                { pause = {} },
                { set_header_route = { name = 'a', match = [{ header_name = 'x', header_value = { exact = '1' } }] } },
                { set_mirror_route = { name = 'm', percentage = 35, match = [{ method = { exact = 'GET' } }] } },
                { replica_progress_threshold = { type = 'Percent', value = 90 } },
                { experiment = { duration = '1h', templates = [{ name = 'baseline', spec_ref = 'stable' }] } },
                { plugin = { name = 'p' } },
                { analysis = { metrics = [{ name = 'e', provider = { query = 'q' }, success_condition = 'result < 1' }] } },
            ]
            [analysis]
            starting_step = 2
            [analysis.analysis]
            metrics = [{ name = 'e', interval = '1m', provider = { query = 'q' }, failure_condition = 'result > 1' }]
        ";
        let read: ArgoCanary = toml::from_str(text).expect("a canary");
        assert_eq!((read.check(), read.steps.len(), read.steps[3].clone()), (Ok(()), 10, for_ever()));
        let again: ArgoCanary = toml::from_str(&toml::to_string(&read).expect("TOML")).expect("the same");
        assert_eq!(again, read);
        assert!(toml::from_str::<ArgoCanary>("steps = [{ set_wait = 1 }]").is_err());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let forever = || {
            let mut analysis = one();
            analysis.metrics[0] = Metric { interval: Some(secs(1)), ..Metric::new("m", "q") };
            analysis
        };
        for (params, message) in [
            (ArgoCanary { max_surge: IntOrPercent::Pods(0), max_unavailable: IntOrPercent::Percent(0), ..ArgoCanary::default() }, "both 0"),
            (ArgoCanary { max_unavailable: IntOrPercent::Percent(101), ..ArgoCanary::default() }, "100%"),
            (basic(vec![pause(1), Step::SetWeight(101)]), "step 2: `set_weight` is 101"),
            (basic(vec![replicas(1)]), "step 1: `set_canary_scale` needs `traffic_routing`"),
            (routed(vec![Step::SetCanaryScale(SetCanaryScale::default())]), "takes one of"),
            (basic(vec![Step::SetMirrorRoute(SetMirrorRoute::default())]), "`set_mirror_route` needs"),
            (routed(vec![Step::Analysis(forever())]), "runs for ever"),
            (ArgoCanary { max_traffic_weight: 1_000, ..ArgoCanary::default() }, "max_traffic_weight"),
            (ArgoCanary { dynamic_stable_scale: true, ..ArgoCanary::default() }, "dynamic_stable_scale"),
            (ArgoCanary { progress_deadline: secs(5), min_ready: secs(5), ..ArgoCanary::default() }, "progress_deadline"),
            (ArgoCanary { analysis: Some(Background::default()), ..ArgoCanary::default() }, "without metrics"),
        ] {
            let error = params.check().expect_err(message);
            assert!(error.contains(message), "{error}");
        }
        assert_eq!(ArgoCanary { analysis: Some(Background { analysis: forever(), starting_step: 0 }), ..ArgoCanary::default() }.check(), Ok(()));
    }
}
