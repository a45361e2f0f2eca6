//! Test runners. How long a suite takes is `check`'s business; here is which suite a runner runs.
//!
//! `codebuild-tests-run` gives each build of a `build-fanout` its part of the tests; every other runner runs them all. To
//! add a runner, add its line in [`RULES`].

use super::{Context, Family, Finds, Rule, Task, by_name, look_up, verbs};
use crate::delivery::build::cost::Work;
use crate::delivery::check::{MOST_RETRIES, SuiteKind};

pub(super) const FAMILY: Family = Family { name: "tests", recognise };

fn passed(context: &Context<'_>, kind: SuiteKind) -> Vec<String> {
    vec![format!("{} {kind} tests passed", context.suite(kind).1)]
}

pub(super) static UNIT: Task = Task::plain("unit tests", |context| context.suite(SuiteKind::Unit).0)
    .finding(&[Finds::Compiler, Finds::Suite(SuiteKind::Unit)])
    .saying(|context| passed(context, SuiteKind::Unit));
pub(super) static INTEGRATION: Task = Task::plain("integration tests", |context| context.suite(SuiteKind::Integration).0)
    .finding(&[Finds::Compiler, Finds::Suite(SuiteKind::Integration)])
    .saying(|context| passed(context, SuiteKind::Integration));
pub(super) static CONTRACT: Task = Task::plain("contract tests", |context| context.suite(SuiteKind::Contract).0)
    .finding(&[Finds::Compiler, Finds::Suite(SuiteKind::Contract)])
    .saying(|context| passed(context, SuiteKind::Contract));
/// Looking for files and dealing them takes two seconds.
static SHARD: Task = Task::plain("codebuild-tests-run", |context| context.suite_part(SuiteKind::Unit, context.shard).0.and(Work::on_one_core(2.0)))
    .finding(&[Finds::Compiler, Finds::Suite(SuiteKind::Unit)])
    .saying(|context| vec![format!("{} unit tests of this part passed", context.suite_part(SuiteKind::Unit, context.shard).1)]);
/// Environments are made first, with their packages.
static TOX: Task = Task::plain("tox", |context| context.suite(SuiteKind::Unit).0.and(Work::on_one_core(6.0).fetching(30e6)))
    .finding(&[Finds::Compiler, Finds::Suite(SuiteKind::Unit)])
    .saying(|context| passed(context, SuiteKind::Unit));
/// Turning results into a report.
static REPORT: Task = Task::plain("test report", |_| Work::on_one_core(2.0));

const RULES: &[Rule] = &[
    Rule("codebuild-tests-run", "*", &SHARD),
    Rule("jest|mocha|vitest|ava|jasmine|karma|tap|busted|bats|ctest|phpunit|pest|nunit3-console|xunit", "*", &UNIT),
    Rule("pytest|py.test|nosetests|nose2|unittest|trial|rspec|minitest|gotestsum|ginkgo", "*", &UNIT),
    Rule("go|dotnet|cargo|bazel|mix|swift|deno|bun|sbt|nx|flutter|rake|ng|react-scripts|gulp|grunt|turbo|lerna|manage.py", "test", &UNIT),
    Rule("dotnet", "vstest", &UNIT),
    Rule("cargo", "nextest", &UNIT),
    Rule("coverage", "run", &UNIT),
    Rule("python|python3", "manage.py test", &UNIT),
    Rule("behave|cucumber|cucumber-js|robot|cypress|playwright|protractor|testcafe|newman|taskcat|codecept|nightwatch", "*", &INTEGRATION),
    Rule("artillery|k6|jmeter|locust", "*", &INTEGRATION),
    Rule("pact|pact-broker|pact-verifier|dredd|schemathesis|buf", "*", &CONTRACT),
    Rule("coverage|codecov|coveralls|nyc|c8|allure|reportgenerator|junit2html|lcov|genhtml", "*", &REPORT),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    let program = *words.first()?;
    if matches!(program, "tox" | "nox" | "hatch") {
        // An environment's name tells what it is for, as `tox -e lint` does.
        let named = words.iter().position(|word| matches!(*word, "-e" | "-s")).and_then(|at| words.get(at + 1)).and_then(|name| by_name(name));
        return Some(named.unwrap_or(&TOX));
    }
    look_up(RULES, program, verbs(words))
}

/// What test runners call the option that has failed tests tried again, and whether its number counts every attempt and not only
/// those after the first: mocha and Playwright (`--retries`), nextest (`--retries`), Vitest (`--retry`), pytest-rerunfailures
/// (`--reruns`), gotestsum (`--rerun-fails`), Maven Surefire (`rerunFailingTestsCount`), Bazel (`--flaky_test_attempts`) and `CTest`
/// (`--repeat until-pass:N`), as their manuals have it.
const RETRIES: &[(&str, bool)] = &[
    ("--retries", false),
    ("--retry", false),
    ("--reruns", false),
    ("--rerun-fails", false),
    ("-Dsurefire.rerunFailingTestsCount", false),
    ("-Dfailsafe.rerunFailingTestsCount", false),
    ("--flaky_test_attempts", true),
    ("until-pass", true),
];
/// What `--rerun-fails` means without a number (gotestsum's manual).
const GOTESTSUM: u32 = 5;

/// How often a command line has failed tests tried again; `None` if it says nothing of it. A number that is none counts as nothing.
pub(in crate::delivery::build) fn retries(words: &[&str]) -> Option<u32> {
    // What `codebuild-tests-run --test-command` runs is one word with spaces in it.
    let all: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    all.iter().enumerate().find_map(|(at, word)| {
        let (name, value) = word.split_once(['=', ':']).map_or((*word, None), |(name, value)| (name, Some(value)));
        let (_, attempts) = RETRIES.iter().find(|(known, _)| *known == name)?;
        let number = match value {
            Some(value) => value.parse().ok(),
            None if name == "--rerun-fails" => Some(GOTESTSUM),
            None => all.get(at + 1).and_then(|next| next.parse().ok()),
        };
        number.map(|number: u32| number.saturating_sub(u32::from(*attempts)).min(MOST_RETRIES))
    })
}

#[cfg(test)]
mod recognition {
    use super::super::recognise;
    use super::retries;

    #[test]
    fn runners_say_how_often_failed_tests_are_tried_again() {
        for (command, expected) in [
            ("npm test", None),
            ("npm test -- --retries 2", Some(2)),
            ("npx playwright test --retries=3", Some(3)),
            ("npx vitest run --retry=1", Some(1)),
            ("pytest --reruns 2 tests", Some(2)),
            ("gotestsum --rerun-fails --packages ./...", Some(5)),
            ("gotestsum --rerun-fails=2", Some(2)),
            ("mvn -B verify -Dsurefire.rerunFailingTestsCount=2", Some(2)),
            ("bazel test //... --flaky_test_attempts=3", Some(2)),
            ("ctest --repeat until-pass:3", Some(2)),
            ("npm test -- --retries 99", Some(10)),
            ("npm test -- --retries many", None),
        ] {
            assert_eq!(retries(&command.split_whitespace().collect::<Vec<_>>()), expected, "{command}");
        }
        assert_eq!(retries(&["codebuild-tests-run", "--test-command", "npx playwright test --retries 1"]), Some(1));
    }

    #[test]
    fn runners_are_told_apart() {
        for (command, task) in [
            ("go test -cover x_test.go", "unit tests"),
            ("dotnet test x -c Release", "unit tests"),
            ("npm test", "unit tests"),
            ("npm run test:integration", "integration tests"),
            ("yarn e2e", "integration tests"),
            ("tox -e release", "build"),
            ("tox --", "tox"),
            ("codebuild-tests-run --test-command 'npx jest'", "codebuild-tests-run"),
            ("npx cypress run", "integration tests"),
            ("pact-verifier --x", "contract tests"),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(recognise(&words).map(|found| found.task.name), Some(task), "{command}");
        }
    }
}
