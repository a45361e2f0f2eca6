//! What a command finds wrong with the change that is built: asked of somebody else, for each command that runs.
//!
//! A build does not know what is wrong with its change. Each time a command runs that could find something, the build asks
//! its [`Findings`]. [`Suspects`] is the usual answer: the defects of a change against the project's suites, by `check`.

use super::command::{Finds, Task};
use super::project::Project;
use super::timeline::PhaseType;
use crate::delivery::change::DefectKind;
use crate::delivery::check::detect::{self, Verdict};
use crate::delivery::check::flake;
use crate::rng::purpose;
use crate::rng::{Stream, mix};
use crate::units::{Ratio, SimSpan};

/// Answers what a command finds.
pub trait Findings {
    /// A command runs; what does it find?
    fn meet(&mut self, command: &Met<'_>) -> Finding;
}

/// A command that runs.
#[derive(Debug, Clone, Copy)]
pub struct Met<'a> {
    /// In which phase.
    pub phase: PhaseType,
    /// As it is written.
    pub text: &'a str,
    /// What it does.
    pub task: &'static Task,
    /// The project that is built.
    pub project: &'a Project,
    /// How many commands ran before in this build; the same command again has another number.
    pub number: u64,
    /// Which of how many executors it is, where it runs only its part of the tests.
    pub shard: Option<(u32, u32)>,
    /// How often its command line has tests tried again that fail; `None`: as the suite has it.
    pub retries: Option<u32>,
}

/// What a command finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Finding {
    /// Why it fails; `None` if all is well.
    pub failure: Option<Failure>,
    /// How much longer it takes, as where failed tests are tried again.
    pub extra: SimSpan,
    /// What else it prints.
    pub lines: Vec<String>,
}

/// Why a command fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What it prints.
    pub message: String,
    /// Its status.
    pub exit: i32,
    /// After which share of its time.
    pub after: Ratio,
}

/// Nothing is ever wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingWrong;

impl Findings for NothingWrong {
    fn meet(&mut self, _command: &Met<'_>) -> Finding {
        Finding::default()
    }
}

/// A defect that a change may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspect {
    /// Who it is, for as long as it exists.
    pub id: u64,
    /// What it is.
    pub kind: DefectKind,
}

/// A change's defects against the project's suites.
#[derive(Debug, Clone)]
pub struct Suspects {
    /// The run's root stream: the same suite finds the same defect in every build.
    pub root: Stream,
    /// The project's own stream, of which flakes are drawn.
    pub project: Stream,
    /// Which build it is; flakes are drawn anew for each.
    pub build: u64,
    /// What is wrong with the change.
    pub defects: Vec<Suspect>,
    /// Those that were found so far, each once.
    pub found: Vec<u64>,
}

/// Where in a compilation a mistake is met on average (chosen for Fleetlab).
const COMPILER_STOPS_AFTER: f64 = 0.5;

impl Suspects {
    fn remember(&mut self, found: Vec<u64>) {
        for id in found {
            if !self.found.contains(&id) {
                self.found.push(id);
            }
        }
    }
}

impl Findings for Suspects {
    fn meet(&mut self, command: &Met<'_>) -> Finding {
        let mut finding = Finding::default();
        for finds in command.task.finds {
            if finding.failure.is_some() {
                break;
            }
            match *finds {
                Finds::Compiler => {
                    let broken: Vec<u64> = self.defects.iter().filter(|defect| defect.kind == DefectKind::DoesNotCompile).map(|defect| defect.id).collect();
                    finding.failure = (!broken.is_empty()).then(|| Failure {
                        message: "error: the program does not compile".to_owned(),
                        exit: 1,
                        after: Ratio::new(COMPILER_STOPS_AFTER),
                    });
                    self.remember(broken);
                }
                Finds::Suite(kind) => {
                    let Some(suite) = command.project.suites.get(&kind) else { continue };
                    let (index, executors) = command.shard.unwrap_or((0, 1));
                    let here = |id: u64| mix(id) % u64::from(executors.max(1)) == u64::from(index);
                    let found: Vec<u64> = self
                        .defects
                        .iter()
                        .filter(|defect| detect::verdict(self.root, kind, suite, defect.id, defect.kind) == Verdict::Found && here(defect.id))
                        .map(|defect| defect.id)
                        .collect();
                    let part = crate::delivery::check::Suite {
                        tests: (suite.tests + executors.max(1) - 1 - index) / executors.max(1),
                        retries: command.retries.unwrap_or(suite.retries),
                        ..suite.clone()
                    };
                    let stream = self.project.child(purpose::FLAKE).child(kind as u64).child(self.build);
                    let flaky = flake::run(stream, &part, command.number);
                    if flaky.retried > 0 {
                        finding.extra = finding.extra + SimSpan::from_nanos(suite.mean.nanos().saturating_mul(u64::from(flaky.retried)));
                        finding.lines.push(match flaky.failed.len() {
                            1 => "1 test was tried again".to_owned(),
                            several => format!("{several} tests were tried again"),
                        });
                    }
                    let failing = found.len() + flaky.still_failing.len();
                    self.remember(found);
                    if failing > 0 {
                        let what = match (kind.runs_code(), failing) {
                            (true, 1) => "test failed",
                            (true, _) => "tests failed",
                            (false, 1) => "finding",
                            (false, _) => "findings",
                        };
                        finding.failure = Some(Failure { message: format!("{kind}: {failing} {what}"), exit: 1, after: Ratio::ONE });
                    }
                }
            }
        }
        finding
    }
}
