//! Builds from beginning to end. What the tests share is here; `times` has exact lengths, `courses` what follows from what.

mod courses;
mod times;

use super::cache::{Before, CacheConfig, CacheMode, CacheType};
use super::cost::CostModel;
use super::findings::{Failure, Finding, Findings, Met, NothingWrong, Suspect, Suspects};
use super::machine::ComputeType;
use super::plan::BuildPlan;
use super::project::{Project, Touched};
use super::spec::{Artifact, Artifacts, Buildspec, Cache, Env, OnFailure, Phase, Phases, Version};
use super::timeline::{PhaseType, Status, Timeline};
use crate::delivery::change::DefectKind;
use crate::delivery::check::{Suite, SuiteKind};
use crate::rng::Stream;
use crate::units::{Bytes, Ratio, SimSpan, SimTime};

/// Commands that contain one of these texts fail.
struct Fails(&'static [&'static str]);

impl Findings for Fails {
    fn meet(&mut self, command: &Met<'_>) -> Finding {
        let fails = self.0.iter().any(|text| command.text.contains(text));
        Finding { failure: fails.then(|| Failure { message: "it failed".to_owned(), exit: 7, after: Ratio::ONE }), ..Finding::default() }
    }
}

fn phase(commands: &[&str]) -> Phase {
    Phase { commands: commands.iter().map(|&text| text.to_owned()).collect(), ..Phase::default() }
}

/// A specification whose `build` runs these commands.
fn spec(commands: &[&str]) -> Buildspec {
    Buildspec { phases: Phases { build: Some(phase(commands)), ..Phases::default() }, ..Buildspec::default() }
}

/// A build on a small privileged machine, with everything at its default and no variation.
struct Setting {
    spec: Buildspec,
    project: Project,
    model: CostModel,
    machine: ComputeType,
    privileged: bool,
    cache: CacheConfig,
    before: Before,
    touched: Touched,
    shard: Option<(u32, u32)>,
}

impl Setting {
    fn of(spec: Buildspec) -> Self {
        Self {
            spec,
            project: Project::default(),
            model: CostModel::default().without_variation(),
            machine: ComputeType::Small,
            privileged: true,
            cache: CacheConfig::default(),
            before: Before::default(),
            touched: Touched::SOURCES,
            shard: None,
        }
    }

    fn run(&self, findings: &mut dyn Findings) -> Timeline {
        self.build(1, findings)
    }

    fn build(&self, build: u64, findings: &mut dyn Findings) -> Timeline {
        self.plan(build).timeline(findings)
    }

    fn plan(&self, build: u64) -> BuildPlan<'_> {
        BuildPlan {
            spec: &self.spec,
            project: &self.project,
            model: &self.model,
            machine: self.machine,
            privileged: self.privileged,
            cache: &self.cache,
            before: self.before,
            touched: self.touched,
            variables: vec![("STAGE".to_owned(), "beta".to_owned())],
            shard: self.shard,
            stream: Stream::root(1).child(7),
            build,
            submitted: SimTime::from_secs(1_000),
            waits: SimSpan::ZERO,
        }
    }
}

/// Each phase with its status and its length [ms].
fn lengths(timeline: &Timeline) -> Vec<(&'static str, &'static str, u64)> {
    let millis = |begin: SimTime, end: SimTime| end.since(begin).nanos() / 1_000_000;
    timeline.phases.iter().map(|record| (record.phase.name(), record.status.name(), millis(record.begin, record.end))).collect()
}

/// The texts of the programs that ran, in order.
fn programs(timeline: &Timeline) -> Vec<String> {
    timeline.phases.iter().flat_map(|phase| &phase.commands).flat_map(|command| &command.steps).map(|step| step.text.clone()).collect()
}

fn ran(commands: &[&str], fails: &'static [&'static str]) -> (Vec<String>, Status) {
    let timeline = Setting::of(spec(commands)).run(&mut Fails(fails));
    (programs(&timeline), timeline.status)
}

/// `npm ci`, unit tests, an image built and pushed: the usual build of a small service.
fn service() -> Setting {
    let mut setting = Setting::of(Buildspec {
        phases: Phases {
            install: Some(Phase { runtime_versions: [("nodejs".to_owned(), "20".to_owned())].into(), ..Phase::default() }),
            pre_build: Some(phase(&["npm ci", "docker login -u x"])),
            build: Some(phase(&["npm test", "docker build -t app ."])),
            post_build: Some(phase(&["docker push app"])),
        },
        artifacts: Some(Artifacts { main: Artifact { files: vec!["imagedefinitions.json".to_owned()], ..Artifact::default() }, ..Artifacts::default() }),
        cache: Some(Cache { paths: vec!["/cache/.npm/**/*".to_owned()], ..Cache::default() }),
        ..Buildspec::default()
    });
    // Round figures, so that every time can be worked out by hand.
    setting.project = Project {
        lines: 30_000,
        dependencies: 300,
        package: Bytes::new(400_000),
        repository: Bytes::new(60_000_000),
        base_image: Bytes::new(120_000_000),
        dependency_layer: Bytes::new(60_000_000),
        program_layer: Bytes::new(30_000_000),
        artifact: Bytes::new(40_000_000),
        suites: [(SuiteKind::Unit, Suite { tests: 100, mean: SimSpan::from_millis(200), spread: 0.0, ..Suite::default() })].into(),
        ..Project::default()
    };
    setting.cache =
        CacheConfig { r#type: CacheType::Local, modes: vec![CacheMode::LocalDockerLayerCache, CacheMode::LocalSourceCache, CacheMode::LocalCustomCache] };
    setting
}
