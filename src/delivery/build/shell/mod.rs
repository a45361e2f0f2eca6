//! Walks through the commands of a build as a shell would, without running any: which ones run, how long each takes, how
//! each ends.
//!
//! What a shell decides is decided as far as it can be known: `&&`, `||`, `;` and pipes by the status of what ran before,
//! `if` and `[ … ]` where every value is known, `set -e` and `set -o pipefail`. Of a block's lines only the last one's
//! status counts, and of a pipe only the last command's, as in a genuine shell: a test that fails before `| tee` does not
//! fail the build. Where only a real shell would know, the walk takes the way on which nothing gives up: an unknown
//! condition holds unless what follows from it is `exit 1`; the first arm of a `case` is taken; `while` and `until` run
//! once, `for` as often as it has words, or `CostModel::unknown_repeats` times. What a command finds wrong, [`Findings`]
//! says.
//!
//! Here are the ways through a script; `simple` has single commands.

mod simple;

use std::collections::BTreeMap;

use super::cache::Hits;
use super::findings::Findings;
use super::plan::BuildPlan;
use super::script::{self, Node};
use super::timeline::{LINES_PER_COMMAND, Log, PhaseType, StepRecord};
use crate::rng::Stream;
use crate::units::SimTime;

/// Programs that one build may run (chosen for Fleetlab: a loop within a loop is a thousand).
const MOST_STEPS: u64 = 20_000;
/// How deep functions and substitutions call each other.
const MOST_CALLS: u32 = 12;

/// What a variable has.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// This.
    Known(String),
    /// Something that is never shown.
    Secret,
    /// Something that only a real shell would know.
    Unknown,
}

/// Why a walk stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The script ends itself, with this status.
    Exit(i32),
    /// The build takes longer than it may.
    Timeout,
}

/// How something ended, and whether that is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcome {
    status: i32,
    certain: bool,
}

impl Outcome {
    const SUCCESS: Self = Self { status: 0, certain: true };

    const fn of(status: i32) -> Self {
        Self { status, certain: true }
    }
}

/// A shell and what it remembers.
pub(super) struct Shell<'a> {
    plan: &'a BuildPlan<'a>,
    findings: &'a mut dyn Findings,
    hits: &'a Hits,
    /// Where the build is now.
    pub(super) now: SimTime,
    /// When it is stopped.
    deadline: SimTime,
    /// The phase that it is in.
    pub(super) phase: PhaseType,
    /// Names the command for its draws.
    pub(super) stream: Stream,
    /// The log.
    pub(super) log: Log,
    /// The programs of the command that is being walked through.
    pub(super) steps: Vec<StepRecord>,
    pub(super) variables: BTreeMap<String, Value>,
    functions: BTreeMap<String, Node>,
    exit_on_error: bool,
    pipe_fail: bool,
    /// How often each task ran.
    repeats: BTreeMap<&'static str, u32>,
    /// Programs that ran in the whole build.
    ran: u64,
    /// Lines that this command may still write.
    lines_left: usize,
    /// Programs that this command ran.
    steps_of_command: u64,
    calls: u32,
    /// Conditions that are being decided: a failure is an answer there.
    deciding: u32,
    /// The status of the last command.
    last: i32,
}

impl<'a> Shell<'a> {
    pub(super) fn new(plan: &'a BuildPlan<'a>, findings: &'a mut dyn Findings, hits: &'a Hits, now: SimTime, deadline: SimTime) -> Self {
        Self {
            plan,
            findings,
            hits,
            now,
            deadline,
            phase: PhaseType::Install,
            stream: Stream::from_key(0),
            log: Log::default(),
            steps: Vec::new(),
            variables: BTreeMap::new(),
            functions: BTreeMap::new(),
            exit_on_error: false,
            pipe_fail: false,
            repeats: BTreeMap::new(),
            ran: 0,
            lines_left: 0,
            steps_of_command: 0,
            calls: 0,
            deciding: 0,
            last: 0,
        }
    }

    /// Forgets what a shell remembers, except for these variables: the next command has a shell of its own.
    pub(super) fn renew(&mut self, variables: BTreeMap<String, Value>) {
        self.variables = variables;
        self.functions.clear();
        (self.exit_on_error, self.pipe_fail) = (false, false);
    }

    /// Walks through one entry of a specification. Its status, unless the build's time is up.
    pub(super) fn entry(&mut self, text: &str) -> Result<i32, Stop> {
        (self.steps, self.lines_left, self.steps_of_command, self.calls, self.deciding) = (Vec::new(), LINES_PER_COMMAND, 0, 0, 0);
        match self.walk(&script::parse(text)) {
            Ok(outcome) => Ok(outcome.status),
            Err(Stop::Exit(status)) => Ok(status),
            Err(Stop::Timeout) => Err(Stop::Timeout),
        }
    }

    fn walk(&mut self, node: &Node) -> Result<Outcome, Stop> {
        let outcome = match node {
            Node::Simple(simple) => self.simple(simple)?,
            Node::Sequence(nodes) => {
                let mut outcome = Outcome::SUCCESS;
                for node in nodes {
                    outcome = self.walk(node)?;
                }
                outcome
            }
            Node::And(first, second) => match self.decide(first)? {
                Outcome { certain: true, status: 0 } => self.walk(second)?,
                Outcome { certain: false, .. } if !second.gives_up() => self.walk(second)?,
                Outcome { certain: false, .. } => Outcome::SUCCESS,
                failed => return Ok(failed),
            },
            Node::Or(first, second) => match self.decide(first)? {
                Outcome { certain: true, status } if status != 0 => self.walk(second)?,
                _ => Outcome::SUCCESS,
            },
            Node::Not(node) => {
                let outcome = self.decide(node)?;
                if outcome.certain { Outcome::of(i32::from(outcome.status == 0)) } else { outcome }
            }
            Node::Pipe(nodes) => self.pipe(nodes)?,
            Node::Background(node) => {
                let from = self.now;
                self.walk(node)?;
                self.now = from;
                Outcome::SUCCESS
            }
            Node::If(arms, otherwise) => return self.choose(arms, otherwise.as_deref()),
            Node::Loop(repeated) => {
                let times = match &repeated.condition {
                    Some(condition) => {
                        self.decide(condition)?;
                        1
                    }
                    None => repeated.items.unwrap_or(self.plan.model.unknown_repeats),
                };
                let mut outcome = Outcome::SUCCESS;
                for _ in 0..times {
                    outcome = self.walk(&repeated.body)?;
                }
                return Ok(outcome);
            }
            Node::Case(arms) => match arms.iter().find(|arm| !arm.gives_up()) {
                Some(arm) => self.walk(arm)?,
                None => Outcome::SUCCESS,
            },
            Node::Function(name, body) => {
                self.functions.insert(name.clone(), (**body).clone());
                Outcome::SUCCESS
            }
        };
        self.last = outcome.status;
        let fails = outcome.certain && outcome.status != 0;
        if fails && self.exit_on_error && self.deciding == 0 { Err(Stop::Exit(outcome.status)) } else { Ok(outcome) }
    }

    /// Walks through a condition: its failure is an answer and ends nothing.
    fn decide(&mut self, node: &Node) -> Result<Outcome, Stop> {
        self.deciding += 1;
        let outcome = self.walk(node);
        self.deciding -= 1;
        outcome
    }

    fn choose(&mut self, arms: &[(Node, Node)], otherwise: Option<&Node>) -> Result<Outcome, Stop> {
        let mut doubtful = false;
        for (condition, body) in arms {
            match self.decide(condition)? {
                Outcome { certain: true, status: 0 } => return self.walk(body),
                Outcome { certain: true, .. } => {}
                Outcome { certain: false, .. } if !body.gives_up() => return self.walk(body),
                Outcome { certain: false, .. } => doubtful = true,
            }
        }
        match otherwise {
            Some(body) if !(doubtful && body.gives_up()) => self.walk(body),
            _ => Ok(Outcome::SUCCESS),
        }
    }

    /// All begin together; it ends with the last to end.
    fn pipe(&mut self, nodes: &[Node]) -> Result<Outcome, Stop> {
        let from = self.now;
        let mut end = from;
        let (mut outcome, mut failed) = (Outcome::SUCCESS, None);
        for node in nodes {
            self.now = from;
            // What fails in a pipe fails nothing but itself.
            outcome = match self.decide(node) {
                Err(Stop::Exit(status)) => Outcome::of(status),
                result => result?,
            };
            if outcome.certain && outcome.status != 0 {
                failed = Some(outcome);
            }
            end = end.max(self.now);
        }
        self.now = end;
        Ok(if self.pipe_fail { failed.unwrap_or(outcome) } else { outcome })
    }
}
