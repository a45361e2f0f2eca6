//! Linters: they read the code, its formatting, or the files around it.
//!
//! To add one, add its line in [`RULES`].

use super::{Context, Family, Finds, Rule, Task, look_up, verbs};
use crate::delivery::build::cost::Work;
use crate::delivery::check::SuiteKind;

pub(super) const FAMILY: Family = Family { name: "lint", recognise };

fn read(context: &Context<'_>) -> Vec<String> {
    vec![format!("{} files without findings", context.suite(SuiteKind::Lint).1)]
}

pub(super) static LINT: Task = Task::plain("lint", |context| context.suite(SuiteKind::Lint).0).finding(&[Finds::Suite(SuiteKind::Lint)]).saying(read);
/// A handful of small files.
static FILES: Task = Task::plain("lint of files", |_| Work::on_one_core(1.5)).finding(&[Finds::Suite(SuiteKind::Lint)]);
/// It follows types, so it loads the whole program.
static TYPES: Task = Task::plain("type check", |context| Work::on_cores(f64::from(context.project.lines) / 2_000.0, 0.6)).finding(&[Finds::Compiler]);

const RULES: &[Rule] = &[
    Rule("eslint|tslint|standard|xo|biome|prettier|stylelint|commitlint", "*", &LINT),
    Rule("flake8|pylint|pycodestyle|pydocstyle|black|isort|ruff|autopep8|yapf|pre-commit", "*", &LINT),
    Rule("rubocop|reek|golint|golangci-lint|staticcheck|gofmt|goimports|revive|checkstyle|pmd|ktlint|detekt", "*", &LINT),
    Rule("phpcs|php-cs-fixer|clang-format|clang-tidy|cppcheck|cpplint|swiftlint|vale|codespell|addlicense|wwhrd|license-checker", "*", &LINT),
    Rule("go", "vet|fmt", &LINT),
    Rule("cargo", "clippy|fmt", &LINT),
    Rule("dotnet|mix", "format|credo", &LINT),
    Rule("terraform|terragrunt|tofu", "fmt", &LINT),
    Rule("ng|nx|react-scripts|gulp|grunt|next|turbo|lerna", "lint", &LINT),
    Rule("hadolint|shellcheck|yamllint|jsonlint|markdownlint|markdownlint-cli2|cfn-lint|tflint|actionlint|spectral|ansible-lint", "*", &FILES),
    Rule("xmllint|kubeval|kubeconform|promtool|cfn-guard|json_verify|helm-docs", "*", &FILES),
    Rule("terraform|terragrunt|tofu|packer|sam", "validate", &FILES),
    Rule("helm", "lint|template", &FILES),
    Rule("kustomize", "build", &FILES),
    Rule("mypy|pyright|pyre|flow|psalm|phpstan|sorbet|srb", "*", &TYPES),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    look_up(RULES, words.first()?, verbs(words))
}
