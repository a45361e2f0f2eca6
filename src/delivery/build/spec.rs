//! A build specification, checked: what to run in which phase, what to keep, and how one build becomes several.
//!
//! It is CodeBuild's buildspec without its file: names resolved, alternatives chosen, bounds kept. Commands are text that
//! `script` splits and `command` recognises. Files are the business of `content`; it builds this and nothing else does.
//! Field names are CodeBuild's. To add one: a field here with its default and source, and its key in
//! `content/genuine/buildspec`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::machine::ComputeType;

/// Builds of one batch, as CodeBuild's quota has it.
pub const MOST_BUILDS: usize = 100;
/// Commands of one phase (chosen for Fleetlab; the longest genuine phase has some thirty).
pub const MOST_COMMANDS: usize = 1_000;
/// Characters of one command, scripts of several lines included (chosen for Fleetlab; genuine ones stay below 3,000).
pub const MOST_COMMAND_CHARS: usize = 32_768;
/// Variables of one kind, paths of one list, reports and artifacts (chosen for Fleetlab).
pub const MOST_ENTRIES: usize = 500;
/// Keys to try when a cache is not found under its own, as CodeBuild's documentation has it.
pub const MOST_FALLBACK_KEYS: usize = 5;
/// Tries of a phase that fails, as CodeBuild's documentation of `on-failure` has it.
pub const MOST_RETRIES: u32 = 100;

/// A build specification.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Buildspec {
    /// Which rules hold for the shell.
    pub version: Version,
    /// The Linux user who runs every command. Default root.
    pub run_as: Option<String>,
    /// Variables and the shell.
    pub env: Env,
    /// What goes through an explicit proxy.
    pub proxy: Proxy,
    /// How one build becomes several; `None` is a single build.
    pub batch: Option<Batch>,
    /// `install`, `pre_build`, `build` and `post_build`, where there are any.
    pub phases: Phases,
    /// Test reports, by the name or ARN of their group.
    pub reports: BTreeMap<String, Report>,
    /// What the build leaves behind.
    pub artifacts: Option<Artifacts>,
    /// Which files are kept from build to build; nothing unless the project has a cache.
    pub cache: Option<Cache>,
}

/// The version of the format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Version {
    /// Every command runs in a shell of its own: directories and variables are forgotten from one to the next.
    V0_1,
    /// All commands run in one shell.
    #[default]
    V0_2,
}

/// The environment of the commands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Env {
    /// The shell. Default the image's own, on Linux `sh`.
    pub shell: Option<Shell>,
    /// Plain variables.
    pub variables: BTreeMap<String, String>,
    /// Variables from Systems Manager's Parameter Store, and the parameter of each. Never shown in logs.
    pub parameter_store: BTreeMap<String, String>,
    /// Variables from Secrets Manager, and the secret of each. Never shown in logs.
    pub secrets_manager: BTreeMap<String, SecretReference>,
    /// Variables that later stages of a pipeline may read.
    pub exported_variables: Vec<String>,
    /// Whether CodeBuild answers when Git asks for credentials. Default false (CodeBuild).
    pub git_credential_helper: bool,
}

/// A shell that CodeBuild offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shell {
    /// `bash`
    Bash,
    /// `/bin/sh`
    Sh,
    /// `powershell.exe`
    PowerShell,
    /// `cmd.exe`
    Cmd,
}

/// Which secret a variable comes from: `secret-id:json-key:version-stage:version-id`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretReference {
    /// Name or ARN of the secret.
    pub secret_id: String,
    /// Which of its values; the whole secret if `None`.
    pub json_key: Option<String>,
    /// Which of its versions, by label. Default `AWSCURRENT` (CodeBuild), unless there is an id.
    pub version_stage: Option<String>,
    /// Which of its versions, by id.
    pub version_id: Option<String>,
}

/// What goes through an explicit proxy. Both default to false (CodeBuild).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// Whether artifacts do.
    pub upload_artifacts: bool,
    /// Whether logs do.
    pub logs: bool,
}

/// The phases that hold commands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// For packages that the build environment lacks.
    pub install: Option<Phase>,
    /// Before the build: logging in, fetching dependencies.
    pub pre_build: Option<Phase>,
    /// The build itself.
    pub build: Option<Phase>,
    /// After the build, also after one that failed: packing, pushing.
    pub post_build: Option<Phase>,
}

/// One phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// The Linux user who runs this phase's commands; before the build's own.
    pub run_as: Option<String>,
    /// What follows from a failure; `None` is the usual transition (see `plan`).
    pub on_failure: Option<OnFailure>,
    /// Languages and their versions; only `install` has any.
    pub runtime_versions: BTreeMap<String, String>,
    /// Commands, one after the other until one fails.
    pub commands: Vec<String>,
    /// Commands that run after them in any case.
    pub finally: Vec<String>,
}

/// What follows from the failure of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    /// The build ends.
    Abort,
    /// The next phase runs.
    Continue,
    /// The phase is tried again.
    Retry {
        /// How often at most [1], 0 to 100. Default 3 (CodeBuild).
        count: u32,
        /// Which failures, as a regular expression over the message. Default `.*` (CodeBuild).
        pattern: String,
    },
}

/// A test report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Where its raw files lie.
    pub files: Vec<String>,
    /// What they are relative to.
    pub base_directory: Option<String>,
    /// Whether their folders are forgotten. Default false (CodeBuild).
    pub discard_paths: bool,
    /// Their format.
    pub file_format: ReportFormat,
}

/// Formats of reports that CodeBuild reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportFormat {
    /// Cucumber JSON.
    CucumberJson,
    /// `JUnit` XML; what CodeBuild expects if nothing is said.
    #[default]
    JunitXml,
    /// `NUnit` XML.
    NunitXml,
    /// `NUnit` 3 XML.
    Nunit3Xml,
    /// `TestNG` XML.
    TestngXml,
    /// Visual Studio TRX.
    VisualStudioTrx,
    /// Clover XML (coverage).
    CloverXml,
    /// Cobertura XML (coverage).
    CoberturaXml,
    /// `JaCoCo` XML (coverage).
    JacocoXml,
    /// `SimpleCov` JSON (coverage).
    SimpleCov,
}

impl ReportFormat {
    /// Every format and its name, in the order of CodeBuild's documentation. Case does not matter in files.
    pub const ALL: [(&'static str, Self); 10] = [
        ("CUCUMBERJSON", Self::CucumberJson),
        ("JUNITXML", Self::JunitXml),
        ("NUNITXML", Self::NunitXml),
        ("NUNIT3XML", Self::Nunit3Xml),
        ("TESTNGXML", Self::TestngXml),
        ("VISUALSTUDIOTRX", Self::VisualStudioTrx),
        ("CLOVERXML", Self::CloverXml),
        ("COBERTURAXML", Self::CoberturaXml),
        ("JACOCOXML", Self::JacocoXml),
        ("SIMPLECOV", Self::SimpleCov),
    ];

    /// Whether it says what was covered rather than what passed.
    pub const fn is_coverage(self) -> bool {
        matches!(self, Self::CloverXml | Self::CoberturaXml | Self::JacocoXml | Self::SimpleCov)
    }
}

/// What a build leaves behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifacts {
    /// Files of the main artifact.
    pub main: Artifact,
    /// Further artifacts by their identifiers.
    pub secondary: BTreeMap<String, Artifact>,
}

/// One artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where its files lie; patterns with `*` and `**`.
    pub files: Vec<String>,
    /// Its name, which the shell expands at build time.
    pub name: Option<String>,
    /// Whether folders are forgotten. Default false (CodeBuild).
    pub discard_paths: bool,
    /// What its files are relative to.
    pub base_directory: Option<String>,
    /// Files that are left out.
    pub exclude_paths: Vec<String>,
    /// Whether links within it stay links in a ZIP file. Default false (CodeBuild).
    pub enable_symlinks: bool,
    /// Prefix of its place in the bucket.
    pub s3_prefix: Option<String>,
}

/// Which files are kept from build to build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cache {
    /// Under which name, exactly; the shell expands it. Without one there is a single copy that every build renews.
    pub key: Option<String>,
    /// Beginnings of names to try in turn when there is nothing under `key`; at most five.
    pub fallback_keys: Vec<String>,
    /// Whether only one half is done. Default both (CodeBuild).
    pub action: CacheAction,
    /// Which files.
    pub paths: Vec<String>,
}

/// Which half of caching is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CacheAction {
    /// Fetch before, save after.
    #[default]
    Both,
    /// `restore`: fetch only.
    Restore,
    /// `save`: save only.
    Save,
}

/// One build as several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Whether the builds that run are stopped when one fails. Default false (CodeBuild).
    pub fast_fail: bool,
    /// Which builds.
    pub builds: Builds,
}

/// Which builds a batch has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Builds {
    /// `build-list`: all at the same time.
    List(Vec<Member>),
    /// `build-graph`: some after others; without circles.
    Graph(Vec<Member>),
    /// `build-matrix`: one for each combination.
    Matrix(Matrix),
    /// `build-fanout`: so many alike, each with its part of the tests.
    Fanout {
        /// How many [1], at least 1.
        parallelism: u32,
        /// Whether one may fail without the batch failing. Default false (CodeBuild).
        ignore_failure: bool,
    },
}

/// A build of a list or a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name; graphs need one.
    pub identifier: Option<String>,
    /// Another specification to use, by its path.
    pub buildspec: Option<String>,
    /// Whether a person may look into the running build. Default false (CodeBuild).
    pub debug_session: bool,
    /// Members that must be over before, by their position.
    pub depend_on: Vec<usize>,
    /// What is different in its environment.
    pub env: MemberEnv,
    /// Whether it may fail without the batch failing. Default false (CodeBuild).
    pub ignore_failure: bool,
}

/// What is different in the environment of one build of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberEnv {
    /// Its machine.
    pub compute_type: Option<ComputeType>,
    /// The fleet of reserved machines that it runs on.
    pub fleet: Option<String>,
    /// Its image.
    pub image: Option<String>,
    /// Whether it may run a Docker daemon.
    pub privileged_mode: Option<bool>,
    /// Its kind of environment, such as `LINUX_CONTAINER`.
    pub environment_type: Option<String>,
    /// Its variables, on top of the specification's, in the order of the file.
    pub variables: Vec<(String, String)>,
}

/// Builds for each combination of what is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// Whether one may fail without the batch failing. Default false (CodeBuild).
    pub ignore_failure: bool,
    /// Whether a person may look into the running builds. Default false (CodeBuild).
    pub debug_session: bool,
    /// What all have in common.
    pub common: MemberEnv,
    /// Specifications to combine.
    pub buildspecs: Vec<String>,
    /// Machines to combine.
    pub compute_types: Vec<ComputeType>,
    /// Images to combine.
    pub images: Vec<String>,
    /// Values of each variable to combine, in the order of the file.
    pub variables: Vec<(String, Vec<String>)>,
}

impl Matrix {
    /// How many builds it makes.
    pub fn size(&self) -> usize {
        let lists = [self.buildspecs.len(), self.compute_types.len(), self.images.len()];
        lists.into_iter().chain(self.variables.iter().map(|(_, values)| values.len())).map(|n| n.max(1)).fold(1, usize::saturating_mul)
    }
}

impl Phases {
    /// The phases in the order in which they run.
    pub fn in_order(&self) -> [Option<&Phase>; 4] {
        [self.install.as_ref(), self.pre_build.as_ref(), self.build.as_ref(), self.post_build.as_ref()]
    }
}
