//! The cost model: how long work takes on a machine.
//!
//! A command is [`Work`]: core-seconds, of which a share runs on one core only, bytes that are fetched and sent, and time
//! spent waiting for others. On n cores it takes, by Amdahl's law (1967),
//!
//! > waiting + core-seconds × (serial + (1 − serial) ÷ n) + bytes ÷ rate
//!
//! Memory does not matter: a build that does not fit fails in reality, and is not modelled. From run to run the cores' part
//! and the rest vary by a lognormal factor each with mean 1, drawn by project, build and command, so that a build takes the
//! same time whatever else happens. What a command's work is, its family in `command` knows. To add a parameter, add it
//! here with its default and where that comes from.

use crate::choice::params;
use crate::delivery::check::shard::lognormal;
use crate::rng::Stream;
use crate::units::{Bytes, SimSpan};

params! {
    /// What builds cost, apart from what each command does. All figures can be set.
    pub struct CostModel {
        /// What a machine fetches in a second. Default 60 MB (chosen for Fleetlab: the half gigabit of a small machine, which
        /// registries and mirrors seldom exceed).
        pub download: Bytes = Bytes::new(60_000_000),
        /// What a machine sends in a second. Default 40 MB (chosen for Fleetlab: images are compressed as they are sent).
        pub upload: Bytes = Bytes::new(40_000_000),
        /// Waiting in the queue when there is room for the build. Default 1 s (chosen for Fleetlab).
        pub queued: SimSpan = SimSpan::from_secs(1),
        /// Time until a machine is there and its image runs. Default 20 s (chosen for Fleetlab: CodeBuild's tutorial takes 90 s
        /// for a build whose commands take a few).
        pub provisioning: SimSpan = SimSpan::from_secs(20),
        /// The same on Lambda. Default 3 s (chosen for Fleetlab: a large image's cold start).
        pub provisioning_lambda: SimSpan = SimSpan::from_secs(3),
        /// Checking the project out, beside fetching it. Default 2 s (chosen for Fleetlab).
        pub checkout: SimSpan = SimSpan::from_secs(2),
        /// Share of the repository that is new since the last fetch [1], 0 to 1. Default 0.02 (chosen for Fleetlab).
        pub fetched_anew: f64 = 0.02,
        /// Switching to the version of one language. Default 2 s (chosen for Fleetlab: CodeBuild's images bring the versions).
        pub runtime_version: SimSpan = SimSpan::from_secs(2),
        /// Clearing up. Default 2 s (chosen for Fleetlab).
        pub finalizing: SimSpan = SimSpan::from_secs(2),
        /// Waiting of an upload of artifacts, beside sending. Default 1 s (chosen for Fleetlab).
        pub upload_artifacts: SimSpan = SimSpan::from_secs(1),
        /// What a command takes that nobody recognises, on one core. Default 5 s (chosen for Fleetlab: most are scripts of a
        /// project's own that prepare something; long ones should be named after what they do).
        pub unknown_command: SimSpan = SimSpan::from_secs(5),
        /// How often the body of a loop runs whose list only the shell knows [1]. Default 3 (chosen for Fleetlab).
        pub unknown_repeats: u32 = 3,
        /// Spread of the cores' part from run to run: standard deviation of the logarithm [1], 0 to 1. Default 0.08 (chosen for
        /// Fleetlab: neighbours on shared hosts).
        pub variation: f64 = 0.08,
        /// Spread of waiting and of transfers [1], 0 to 1. Default 0.25 (chosen for Fleetlab: registries differ more than cores).
        pub network_variation: f64 = 0.25,
        /// After how long a build is stopped. Default 60 min (CodeBuild).
        pub timeout: SimSpan = SimSpan::from_secs(3_600),
    }
}

impl CostModel {
    /// The same without any variation: every build of the same thing takes the same time.
    #[must_use]
    pub fn without_variation(self) -> Self {
        Self { variation: 0.0, network_variation: 0.0, ..self }
    }

    /// How long work takes on so many cores. `stream` names this run of this command.
    pub fn time(&self, work: &Work, cores: u32, stream: Stream) -> SimSpan {
        let busy = work.core_seconds * (work.serial + (1.0 - work.serial) / f64::from(cores.max(1)));
        let rate = |rate: Bytes| (rate.get() as f64).max(1.0);
        let rest = work.waiting + work.download / rate(self.download) + work.upload / rate(self.upload);
        SimSpan::from_secs_f64(busy * lognormal(stream.child(0), self.variation) + rest * lognormal(stream.child(1), self.network_variation))
    }
}

/// What a command has to do. Its parts add up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// What cores do in all [core-s].
    pub core_seconds: f64,
    /// Share of it that one core does alone [1], 0…1.
    pub serial: f64,
    /// Bytes that are fetched [B].
    pub download: f64,
    /// Bytes that are sent [B].
    pub upload: f64,
    /// Waiting for others [s].
    pub waiting: f64,
}

impl Work {
    /// Work on one core [s].
    pub const fn on_one_core(seconds: f64) -> Self {
        Self { core_seconds: seconds, serial: 1.0, download: 0.0, upload: 0.0, waiting: 0.0 }
    }
    /// Work on all cores [core-s], of which this share is serial.
    pub const fn on_cores(core_seconds: f64, serial: f64) -> Self {
        Self { core_seconds, serial, download: 0.0, upload: 0.0, waiting: 0.0 }
    }
    /// Waiting for somebody else [s].
    pub const fn waiting(seconds: f64) -> Self {
        Self { core_seconds: 0.0, serial: 1.0, download: 0.0, upload: 0.0, waiting: seconds }
    }
    /// The same, and fetching so much [B].
    #[must_use]
    pub const fn fetching(self, bytes: f64) -> Self {
        Self { download: self.download + bytes, ..self }
    }
    /// The same, and sending so much [B].
    #[must_use]
    pub const fn sending(self, bytes: f64) -> Self {
        Self { upload: self.upload + bytes, ..self }
    }
    /// The same, and waiting so much longer [s].
    #[must_use]
    pub const fn and_waiting(self, seconds: f64) -> Self {
        Self { waiting: self.waiting + seconds, ..self }
    }
    /// This and then that. The serial share is such that both together take as long as one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let core_seconds = self.core_seconds + other.core_seconds;
        let serial = self.core_seconds * self.serial + other.core_seconds * other.serial;
        Self {
            core_seconds,
            serial: if core_seconds > 0.0 { serial / core_seconds } else { 1.0 },
            download: self.download + other.download,
            upload: self.upload + other.upload,
            waiting: self.waiting + other.waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_help_as_amdahl_says() {
        let model = CostModel::default().without_variation();
        let work = Work::on_cores(120.0, 0.25);
        for (cores, seconds) in [(1, 120.0), (2, 75.0), (8, 41.25), (72, 31.25)] {
            let time = model.time(&work, cores, Stream::root(1)).as_secs_f64();
            assert!((time - seconds).abs() < 1e-6, "{cores} cores: {time}");
        }
    }

    #[test]
    fn bytes_and_waiting_do_not_care_for_cores() {
        let model = CostModel::default().without_variation();
        let work = Work::waiting(2.0).fetching(120e6).sending(40e6);
        for cores in [1, 64] {
            assert_eq!(model.time(&work, cores, Stream::root(1)), SimSpan::from_secs(5));
        }
    }

    #[test]
    fn work_adds_up_whatever_the_machine() {
        let model = CostModel::default().without_variation();
        let (a, b) = (Work::on_cores(30.0, 0.1).fetching(6e7), Work::on_one_core(10.0).and_waiting(1.0));
        for cores in [1, 2, 8] {
            let time = |work: &Work| model.time(work, cores, Stream::root(1)).as_secs_f64();
            assert!((time(&a.and(b)) - time(&a) - time(&b)).abs() < 1e-6);
        }
        assert!((Work::waiting(1.0).and(Work::waiting(2.0)).waiting - 3.0).abs() < 1e-12);
    }

    #[test]
    fn runs_vary_around_the_time_without_variation() {
        let (model, work, n) = (CostModel::default(), Work::on_cores(100.0, 0.5).and_waiting(50.0), 20_000_u64);
        let plain = model.clone().without_variation().time(&work, 2, Stream::root(1)).as_secs_f64();
        let mean = (0..n).map(|run| model.time(&work, 2, Stream::root(1).child(run)).as_secs_f64()).sum::<f64>() / n as f64;
        // Variances of the two parts: (75 s)²·(exp 0.08² − 1) and (50 s)²·(exp 0.25² − 1).
        let error = ((75.0_f64.powi(2) * 0.08_f64.powi(2).exp_m1() + 50.0_f64.powi(2) * 0.25_f64.powi(2).exp_m1()) / n as f64).sqrt();
        assert!((mean - plain).abs() < 4.0 * error, "{mean} ≠ {plain} ± {error}");
    }
}
