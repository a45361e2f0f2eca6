//! What commands do: a registry that recognises them, one family of tools a file.
//!
//! A family looks at the words of a command and says which [`Task`] it is: what it costs, what it prints in substance, and
//! what kinds of checks it makes. What merely starts another command is looked through (`sudo`, `time`, `npx`,
//! `python -m`, `poetry run` …). A project's own scripts, npm scripts and make targets are recognised by their names where
//! those say what they do (`test`, `lint`, `build.sh`); what is not recognised takes `CostModel::unknown_command`. No
//! command is ever run.
//!
//! Each figure stands beside the task that uses it and is chosen for Fleetlab unless a source is named: what matters is
//! which part of a build is long, and why, not the second. To add a tool, add it to its family; to add a family, a file
//! with its tasks and tests, and its line in [`FAMILIES`].

mod compile;
mod deploy;
mod docker;
mod lint;
mod packages;
mod scan;
mod shell;
mod tests;

pub(super) use tests::retries;

use super::cache::Hits;
use super::cost::{CostModel, Work};
use super::machine::ComputeType;
use super::project::{Project, Touched};
use crate::delivery::check::{SuiteKind, shard};
use crate::rng::Stream;
use crate::rng::purpose;
use crate::units::SimSpan;

/// The families, in the order in which they are asked.
const FAMILIES: [Family; 8] = [docker::FAMILY, packages::FAMILY, compile::FAMILY, tests::FAMILY, lint::FAMILY, scan::FAMILY, deploy::FAMILY, shell::FAMILY];

/// A line of a family's table: programs, their verbs, and the task that they are. Alternatives are separated by `|`; a verb
/// may be two words, and `*` stands for whatever comes. The first line that fits counts.
struct Rule(&'static str, &'static str, &'static Task);

/// The task of a program and its verb by a table.
fn look_up(rules: &'static [Rule], program: &str, (verb, next): (&str, &str)) -> Option<&'static Task> {
    let is_verb = |known: &str| known == "*" || known == verb || known.split_once(' ') == Some((verb, next));
    let fits = |rule: &&Rule| rule.0.split('|').any(|known| known == program) && rule.1.split('|').any(is_verb);
    rules.iter().find(fits).map(|rule| rule.2)
}

/// The first two words of a command that are no options; empty where there are none.
fn verbs<'a>(words: &[&'a str]) -> (&'a str, &'a str) {
    let mut plain = words.iter().skip(1).filter(|word| !word.starts_with('-')).copied();
    (plain.next().unwrap_or_default(), plain.next().unwrap_or_default())
}

/// A family of tools.
struct Family {
    /// What it is called, for tests and messages.
    name: &'static str,
    /// Which task a command is. The first word is a program's name without its folder.
    recognise: fn(&[&str]) -> Option<&'static Task>,
}

/// What a command does.
#[derive(Debug)]
pub struct Task {
    /// What it is called; the tool and its verb.
    pub name: &'static str,
    /// What it can find wrong with a change.
    pub finds: &'static [Finds],
    /// What it costs.
    pub work: fn(&Context<'_>) -> Work,
    /// What it prints when all is well, in substance; a few lines.
    pub says: fn(&Context<'_>) -> Vec<String>,
    /// Whether its status says something about the world rather than whether it worked, as `test` and `grep` do. Nobody
    /// knows that status in advance.
    pub asks: bool,
    /// Whether it needs a Docker daemon, which only a privileged build has.
    pub daemon: bool,
}

/// What a command can find wrong with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finds {
    /// It compiles or loads the program.
    Compiler,
    /// It runs a suite of this kind.
    Suite(SuiteKind),
}

/// A command in its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The cost model.
    pub model: &'a CostModel,
    /// What is built.
    pub project: &'a Project,
    /// On what.
    pub machine: ComputeType,
    /// What was found in caches.
    pub hits: &'a Hits,
    /// What changed since they were filled.
    pub touched: Touched,
    /// Which of how many executors this build is, where tests are split.
    pub shard: Option<(u32, u32)>,
    /// The project's own stream, of which its tests' times are drawn.
    pub stream: Stream,
    /// How often this task ran before in this build.
    pub repeat: u32,
    /// The words of the command, what starts it left out.
    pub words: &'a [&'a str],
}

impl Task {
    /// A task of a fixed time on one core [s] that finds and says nothing.
    const fn plain(name: &'static str, work: fn(&Context<'_>) -> Work) -> Self {
        Self { name, finds: &[], work, says: |_| Vec::new(), asks: false, daemon: false }
    }
    const fn saying(self, says: fn(&Context<'_>) -> Vec<String>) -> Self {
        Self { says, ..self }
    }
    const fn finding(self, finds: &'static [Finds]) -> Self {
        Self { finds, ..self }
    }
    const fn asking(self) -> Self {
        Self { asks: true, ..self }
    }
    const fn needing_daemon(self) -> Self {
        Self { daemon: true, ..self }
    }
}

impl Context<'_> {
    /// Whether the command has one of these words.
    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(word))
    }

    /// What running the project's suite of a kind costs, and how many tests that are.
    fn suite(&self, kind: SuiteKind) -> (Work, u32) {
        self.suite_part(kind, None)
    }

    /// The same for this executor's part of it.
    fn suite_part(&self, kind: SuiteKind, shard: Option<(u32, u32)>) -> (Work, u32) {
        let Some(suite) = self.project.suites.get(&kind) else { return (Work::on_one_core(1.0), 0) };
        let (index, executors) = shard.unwrap_or((0, 1));
        let times = shard::times(self.stream.child(purpose::TEST_TIME).child(kind as u64), suite);
        let hands = shard::deal(&times, suite.sharding, executors);
        let hand = hands.get(index as usize).map_or(&[][..], Vec::as_slice);
        let cores = if suite.parallel { self.machine.cores() } else { 1 };
        let time: SimSpan = suite.startup + shard::on_cores(hand.iter().map(|&test| times[test]), cores);
        // The time is already that of these cores.
        (Work::on_one_core(time.as_secs_f64()), hand.len() as u32)
    }
}

/// A command and what it is.
#[derive(Debug)]
pub struct Recognised<'a> {
    /// What it does.
    pub task: &'static Task,
    /// Its words, what starts it left out.
    pub words: Vec<&'a str>,
    /// The family that knows it.
    pub family: &'static str,
}

/// What a command does, if anybody knows.
pub fn recognise<'a>(words: &[&'a str]) -> Option<Recognised<'a>> {
    let mut words = words.to_vec();
    // Whoever starts somebody who starts somebody is looked through as well, within reason.
    for _ in 0..8 {
        let program = base_name(words.first()?);
        words[0] = program;
        let skipped = starts(&words);
        if skipped == 0 || skipped >= words.len() {
            break;
        }
        words.drain(..skipped);
    }
    let known = |words: &[&'a str]| FAMILIES.iter().find_map(|family| (family.recognise)(words).map(|task| (task, family.name)));
    if let Some((task, family)) = known(&words) {
        return Some(Recognised { task, words, family });
    }
    // A script of package.json is often called like the tool that it calls: `npm run cdk synth`.
    let script = match words[..] {
        ["npm" | "pnpm" | "yarn", "run" | "run-script", "--", _, ..] => 3,
        ["npm" | "pnpm" | "yarn", "run" | "run-script", _, ..] => 2,
        ["yarn" | "pnpm", _, ..] => 1,
        _ => return own_script(&words).map(|task| Recognised { task, words, family: "by name" }),
    };
    words.drain(..script);
    known(&words).map(|(task, family)| Recognised { task, words, family })
}

/// The task of everything that nobody recognises.
pub const UNKNOWN: Task = Task::plain("unknown", |context| Work::on_one_core(context.model.unknown_command.as_secs_f64()));

/// A program's name without its folder.
fn base_name(word: &str) -> &str {
    word.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(word)
}

/// How many words only start what comes after them; 0 for a command of its own.
fn starts(words: &[&str]) -> usize {
    let flags = |from: usize| words[from..].iter().take_while(|word| word.starts_with('-')).count();
    match words {
        // With an option it only asks whether there is such a command.
        ["command", option, ..] if option.starts_with('-') => 0,
        ["nice" | "xargs", "-n", _, ..] => 3,
        ["sudo" | "time" | "nohup" | "exec" | "command" | "xargs" | "nice" | "retry" | "npx" | "setsid" | "xvfb-run" | "dockerd-entrypoint.sh", ..] => {
            1 + flags(1)
        }
        ["env", rest @ ..] => 1 + rest.iter().take_while(|word| word.starts_with('-') || word.contains('=')).count(),
        // The time after which it gives up is a word of its own.
        ["timeout", ..] => 2 + flags(1),
        ["npm" | "pnpm" | "yarn", "exec" | "dlx", ..] => 2 + flags(2),
        ["poetry" | "pipenv" | "uv" | "hatch" | "pdm" | "rye", "run", ..] | ["bundle", "exec", ..] => 2,
        [python, "-m", ..] if python.starts_with("python") => 2,
        _ => 0,
    }
}

/// A project's own script, by what its name says: `./scripts/run-tests.sh`, `python deploy.py`.
fn own_script(words: &[&str]) -> Option<&'static Task> {
    const INTERPRETERS: [&str; 11] = ["sh", "bash", "zsh", "python", "python3", "python2", "node", "ts-node", "ruby", "perl", "php"];
    const ENDINGS: [&str; 9] = [".sh", ".bash", ".bsh", ".py", ".js", ".ts", ".rb", ".pl", ".php"];
    let is_script = |word: &&&str| ENDINGS.iter().any(|ending| word.ends_with(ending));
    let script = match words.first()? {
        interpreter if INTERPRETERS.contains(interpreter) => words[1..].iter().find(|word| !word.starts_with('-'))?,
        program => Some(program).filter(is_script)?,
    };
    let name = base_name(script);
    by_name(name.rsplit_once('.').map_or(name, |(name, _)| name))
}

/// What a script, a target or a step of this name does, as far as names tell.
fn by_name(name: &str) -> Option<&'static Task> {
    let name = name.to_ascii_lowercase();
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let says = |words: &[&str]| parts.iter().any(|part| words.contains(part));
    // From the most telling to the least: `test-lint` lints, `install-test-runner` installs, `build-e2e` builds.
    let rules: [(&[&str], &Task); 11] = [
        (&["lint", "format", "fmt", "style", "prettier", "eslint", "validate", "validation", "check", "conditions"], &lint::LINT),
        (&["audit", "scan", "security", "secrets"], &scan::SCAN),
        (&["clean"], &shell::FILES),
        (&["contract", "contracts", "pact"], &tests::CONTRACT),
        (&["install", "setup", "bootstrap", "deps", "dependencies", "prepare", "init", "pip"], &packages::TOOLS),
        (
            &["build", "compile", "codebuild", "bundle", "dist", "all", "generic", "rpm", "deb", "release", "package", "assemble", "proto", "generate"],
            &compile::BUILD,
        ),
        (&["e2e", "integ", "integration", "acceptance", "functional", "smoke", "system"], &tests::INTEGRATION),
        (&["test", "tests", "unit", "spec", "ci", "coverage"], &tests::UNIT),
        (&["deploy", "promote", "rollout"], &deploy::DEPLOY),
        (&["publish", "push", "upload", "replicate", "sign"], &deploy::PUBLISH),
        (&["config", "configure", "env", "update", "appspec"], &shell::TEXT),
    ];
    rules.into_iter().find(|(words, _)| says(words)).map(|(_, task)| task)
}

#[cfg(test)]
mod recognition {
    use super::*;

    fn name(command: &str) -> Option<&'static str> {
        recognise(&command.split_whitespace().collect::<Vec<_>>()).map(|found| found.task.name)
    }

    #[test]
    fn what_starts_a_command_is_looked_through() {
        for (command, task) in [
            ("sudo -E apt-get install -y jq", "apt-get install"),
            ("nohup /usr/local/bin/dockerd --host=unix", "dockerd"),
            ("env A=1 B=2 npm ci", "npm ci"),
            ("timeout 15 docker pull alpine", "docker pull"),
            ("xargs -n 1 docker push", "docker push"),
            ("command -v docker", "question"),
            ("npx --yes eslint .", "lint"),
            ("python3 -m pytest -q", "unit tests"),
            ("poetry run pytest", "unit tests"),
            ("bundle exec rspec", "unit tests"),
            ("dockerd-entrypoint.sh run-e2e.sh 3.7.4", "integration tests"),
        ] {
            assert_eq!(name(command), Some(task), "{command}");
        }
    }

    #[test]
    fn own_scripts_are_known_by_telling_names_only() {
        for (command, task) in [
            ("./integration-test.bsh", Some("integration tests")),
            ("bash -e ./scripts/deploy.sh prod", Some("deploy")),
            ("node produce-config.js -g test", Some("text")),
            ("./build.sh", Some("build")),
            ("sh scripts/install_test_runner.sh", Some("install tools")),
            ("./frobnicate.sh", None),
            ("python x.py", None),
            ("frobnicate --test", None),
        ] {
            assert_eq!(name(command), task, "{command}");
        }
    }

    #[test]
    fn odd_commands_are_not_known_rather_than_wrong() {
        for command in ["", "sudo", "env", "timeout", "npx", "/", "-", "python -m"] {
            let _nothing_breaks = name(command);
        }
        assert_eq!(name("sudo"), None);
    }

    #[test]
    fn families_have_different_names() {
        let names: std::collections::BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
        assert_eq!(names.len(), FAMILIES.len());
    }
}
