//! What is read, what is refused, and where each mistake is reported.

use super::buildspec;
use crate::delivery::build::machine::ComputeType;
use crate::delivery::build::spec::{Builds, Buildspec, CacheAction, OnFailure, ReportFormat, SecretReference, Shell, Version};

fn read(text: &str) -> Buildspec {
    match buildspec("buildspec.yml", text) {
        Ok((spec, warnings)) => {
            assert!(warnings.is_empty(), "{warnings}");
            spec
        }
        Err(diagnostics) => panic!("{diagnostics}"),
    }
}

/// What is said about a text, a line each, helps included.
fn said(text: &str) -> Vec<String> {
    let diagnostics = match buildspec("b.yml", text) {
        Ok((_, warnings)) => warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics.iter().map(|item| format!("{item}{}", item.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default())).collect()
}

const BUILD: &str = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n";

#[test]
fn every_documented_key_is_read() {
    let spec = read(
        r#"
version: 0.2
run-as: builder
env:
  shell: bash
  variables: { A: "1", EMPTY: , FLAG: True, ACCOUNT: 012345678910 }
  parameter-store: { P: /app/p }
  secrets-manager:
    S: app/secret:key
    T: "arn:aws:secretsmanager:eu-west-1:012345678910:secret:x-AbCdEf:json:AWSPREVIOUS"
  exported-variables: [A]
  git-credential-helper: yes
proxy: { upload-artifacts: yes, logs: no }
phases:
  install:
    run-as: root
    on-failure: ABORT
    runtime-versions: { python: 3.10, nodejs: 18.x, java: corretto17 }
    commands: [pip install x]
    finally: [echo done]
  build:
    on-failure: RETRY-5-.*timed out.*
    commands:
      - |
        make &&
        make test
  post_build:
    on-failure: CONTINUE
    commands: [echo]
reports:
  unit: { files: ["**/*.xml"], base-directory: out, discard-paths: yes, file-format: JunitXml }
  coverage: { files: c.xml, file-format: COBERTURAXML }
artifacts:
  files: [a, "b/**/*"]
  name: app-$(date +%Y)
  discard-paths: yes
  base-directory: out
  exclude-paths: ["**/.*"]
  enable-symlinks: yes
  s3-prefix: p
  secondary-artifacts:
    docs: { files: [docs/*], name: d }
cache:
  key: npm-$(codebuild-hash-files package-lock.json)
  fallback-keys: [npm-]
  action: restore
  paths: [/cache/.npm/**/*]
"#,
    );
    assert_eq!((spec.version, spec.run_as.as_deref(), spec.env.shell), (Version::V0_2, Some("builder"), Some(Shell::Bash)));
    let variable = |name: &str| spec.env.variables.get(name).map(String::as_str);
    assert_eq!([variable("A"), variable("EMPTY"), variable("FLAG"), variable("ACCOUNT")], [Some("1"), Some(""), Some("True"), Some("012345678910")]);
    let secret = |id: &str, key: &str, stage: Option<&str>| SecretReference {
        secret_id: id.to_owned(),
        json_key: Some(key.to_owned()),
        version_stage: stage.map(str::to_owned),
        version_id: None,
    };
    assert_eq!(spec.env.secrets_manager["S"], secret("app/secret", "key", None));
    assert_eq!(spec.env.secrets_manager["T"], secret("arn:aws:secretsmanager:eu-west-1:012345678910:secret:x-AbCdEf", "json", Some("AWSPREVIOUS")));
    assert!(spec.env.git_credential_helper && spec.proxy.upload_artifacts && !spec.proxy.logs);
    let install = spec.phases.install.expect("install");
    assert_eq!(install.runtime_versions["python"], "3.10", "a version is text, not a number");
    assert_eq!((install.run_as.as_deref(), install.on_failure, install.finally), (Some("root"), Some(OnFailure::Abort), vec!["echo done".to_owned()]));
    let build = spec.phases.build.expect("build");
    assert_eq!(build.on_failure, Some(OnFailure::Retry { count: 5, pattern: ".*timed out.*".to_owned() }));
    assert_eq!(build.commands, ["make &&\nmake test\n"]);
    assert_eq!((spec.reports["unit"].file_format, spec.reports["coverage"].file_format), (ReportFormat::JunitXml, ReportFormat::CoberturaXml));
    let artifacts = spec.artifacts.expect("artifacts");
    assert!(artifacts.main.discard_paths && artifacts.main.enable_symlinks);
    assert_eq!((artifacts.main.files.len(), artifacts.secondary["docs"].name.as_deref()), (2, Some("d")));
    let cache = spec.cache.expect("cache");
    assert_eq!((cache.fallback_keys.len(), cache.action), (1, CacheAction::Restore));
}

#[test]
fn every_kind_of_batch_is_read() {
    let batch = |text: &str| read(&format!("{BUILD}batch:\n  fast-fail: true\n{text}")).batch.expect("a batch");
    let list = batch(
        "  build-list:\n    - identifier: small\n      env: { compute-type: BUILD_GENERAL1_SMALL, variables: { A: 1 } }\n      ignore-failure: true\n    - buildspec: other.yml\n",
    );
    let Builds::List(members) = &list.builds else { panic!("{list:?}") };
    assert!(list.fast_fail && members[0].ignore_failure && members[1].identifier.is_none());
    assert_eq!((members[0].env.compute_type, &members[0].env.variables[..]), (Some(ComputeType::Small), &[("A".to_owned(), "1".to_owned())][..]));
    let graph = batch(
        "  build-graph:\n    - identifier: b\n      depend-on: [a]\n    - identifier: a\n      debug-session: yes\n      env: { compute-type: ARM_LAMBDA_1GB }\n",
    );
    let Builds::Graph(members) = &graph.builds else { panic!("{graph:?}") };
    assert_eq!((&members[0].depend_on[..], members[1].env.compute_type), (&[1][..], Some(ComputeType::Lambda1)));
    let matrix = batch(
        "  build-matrix:\n    static:\n      ignore-failure: false\n      env: { type: LINUX_CONTAINER, privileged-mode: true }\n    dynamic:\n      env:\n        image: [a:1, b:2]\n        variables:\n          X: [1, 2, 3]\n",
    );
    let Builds::Matrix(matrix) = &matrix.builds else { panic!("{matrix:?}") };
    assert_eq!((matrix.size(), matrix.common.privileged_mode), (6, Some(true)));
    let fanout = batch("  build-fanout:\n    parallelism: 5\n    ignore-failure: false\n");
    assert_eq!(fanout.builds, Builds::Fanout { parallelism: 5, ignore_failure: false });
}

#[test]
fn ways_to_fail_are_read_as_documented() {
    let on_failure = |text: &str| {
        read(&format!("version: 0.2\nphases:\n  build:\n    on-failure: {text}\n    commands: [a]\n")).phases.build.and_then(|phase| phase.on_failure)
    };
    let retry = |count, pattern: &str| Some(OnFailure::Retry { count, pattern: pattern.to_owned() });
    for (text, expected) in [
        ("ABORT", Some(OnFailure::Abort)),
        ("continue", Some(OnFailure::Continue)),
        ("RETRY", retry(3, ".*")),
        ("RETRY-8", retry(8, ".*")),
        ("RETRY-0", retry(0, ".*")),
        ("RETRY-invalid+", retry(3, "invalid+")),
        ("Retry-3-.*connection timed out.*", retry(3, ".*connection timed out.*")),
        ("RETRY-8x", retry(3, "8x")),
    ] {
        assert_eq!(on_failure(text), expected, "{text}");
    }
}

#[test]
fn what_codebuild_reads_past_is_a_warning() {
    for (text, expected) in [
        ("version: 0.2\nphases:\n  build:\n    commands:\n", vec!["b.yml:3:3: warning: `build` has no commands"]),
        ("version: 0.2\nphases:\n  install:\n  build:\n    commands: [a]\n", vec!["b.yml:3:3: warning: `install` is empty"]),
        ("version: 0.2\nphases:\n  build:\n    commands: make all\n", vec!["b.yml:4:15: warning: commands are a list; this is read as one command"]),
        ("version: 0.2\nphases:\n  build:\n    commands:\n      - a\n      -\n", vec!["b.yml:5:7: warning: an empty command is ignored"]),
        (
            "version: 0.2\nphases:\n  build:\n    runtime-versions: { go: 1 }\n    commands: [a]\neb_codebuild_settings: { Image: x }\n",
            vec![
                "b.yml:4:5: warning: only `install` chooses versions; CodeBuild ignores these",
                "b.yml:6:1: warning: CodeBuild ignores `eb_codebuild_settings` (Elastic Beanstalk reads it)",
            ],
        ),
        (
            "version: 0.1\nphases:\n  build:\n    commands: [a]\nartifacts:\n  type: zip\n  files: x\n",
            vec!["b.yml:6:3: warning: CodeBuild ignores `type` since version 0.2"],
        ),
        (
            "version: 0.2\nenv:\n  variables: { CODEBUILD_X: 1 }\n  exported-variables: [AWS_X]\nphases:\n  build:\n    commands: [a]\n",
            vec![
                "b.yml:3:16: warning: `CODEBUILD_X` may be overwritten: names that begin with CODEBUILD_ are CodeBuild's own",
                "b.yml:4:24: warning: `AWS_X` is not exported: names that begin with AWS_ never are",
            ],
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: [a]\ncache:\n  fallback-keys: [x]\n  paths: [y]\n",
            vec!["b.yml:6:3: warning: without `key` CodeBuild ignores `fallback-keys`"],
        ),
    ] {
        assert!(buildspec("b.yml", text).is_ok(), "{text}");
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_refused_with_its_place_and_reason() {
    for (text, expected) in [
        ("phases:\n  build:\n    commands: [a]\n", vec!["b.yml:1:1: error: the key `version` is missing (begin the file with `version: 0.2`)"]),
        ("version: 0.3\nphases:\n  build:\n    commands: [a]\n", vec!["b.yml:1:10: error: version `0.3` does not exist (write 0.2)"]),
        ("version: 0.2\n", vec!["b.yml:1:1: error: the key `phases` is missing (without commands there is nothing to build)"]),
        ("version: 0.2\nphases:\n", vec!["b.yml:2:1: error: `phases` is empty (name install, pre_build, build or post_build)"]),
        (
            "version: 0.2\nphases:\n  prebuild:\n    commands: [a]\n  deploy:\n    commands: [a]\n",
            vec![
                "b.yml:3:3: error: unknown key `prebuild` (did you mean `pre_build`?)",
                "b.yml:5:3: error: unknown key `deploy` (the keys here are `install`, `pre_build`, `build`, `post_build`)",
            ],
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - echo a: b\n      - [x]\n      - c\n",
            vec![
                "b.yml:5:9: error: this must be a text, not a mapping (where it holds a colon and a space, put all of it in quotes)",
                "b.yml:6:9: error: this must be a text, not an array",
            ],
        ),
        ("version: 0.2\nphases:\n  build:\n    commands:\n      a: b\n", vec!["b.yml:5:7: error: `commands` must be a list of texts, not a table"]),
        (
            "version: 0.2\nbuild:\n  commands: [a]\n",
            vec![
                "b.yml:1:1: error: the key `phases` is missing (without commands there is nothing to build)",
                "b.yml:2:1: error: `build` stands at the top level (it belongs into `phases`)",
            ],
        ),
        ("version: 0.2\nphase:\n  build:\n    commands: [a]\n", vec!["b.yml:2:1: error: unknown key `phase` (did you mean `phases`?)"]),
        (
            "version: 0.2\nphases:\n  build:\n    on-failure: STOP\n    commands: [a]\n",
            vec!["b.yml:4:17: error: `STOP` is not one of the alternatives here (write one of `ABORT`, `CONTINUE`, `RETRY`)"],
        ),
        (
            "version: 0.2\nphases:\n  build:\n    on-failure: RETRY-101\n    commands: [a]\n",
            vec!["b.yml:4:17: error: a phase is tried again at most 100 times"],
        ),
        (
            "version: 0.2\nphases:\n  build:\n    on-failure: RETRY-99999999999999999999\n    commands: [a]\n",
            vec!["b.yml:4:17: error: a phase is tried again at most 100 times"],
        ),
        ("just text", vec!["b.yml:1:1: error: the file must be a table, not the string \"just text\""]),
        ("", vec!["b.yml:1:1: error: the file is empty"]),
    ] {
        assert!(buildspec("b.yml", text).is_err(), "{text}");
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn wrong_parts_beside_the_phases_are_refused() {
    for (text, expected) in [
        ("artifacts:\n  name: x\n", vec!["b.yml:6:1: error: the key `files` is missing"]),
        ("artifacts:\n  secondary-artifacts:\n    a: { name: x }\n", vec!["b.yml:8:5: error: the key `files` is missing"]),
        ("artifacts:\n  files: [a]\n  discard-paths: maybe\n", vec!["b.yml:8:18: error: `maybe` is neither yes nor no (write yes or no)"]),
        (
            "cache:\n  action: keep\n",
            vec![
                "b.yml:6:1: error: the key `paths` is missing",
                "b.yml:7:11: error: `keep` is not one of the alternatives here (write one of `restore`, `save`)",
            ],
        ),
        ("cache:\n  key: k\n  fallback-keys: [a, b, c, d, e, f]\n  paths: [x]\n", vec!["b.yml:8:3: error: a cache has at most 5 fallback keys, not 6"]),
        (
            "reports:\n  r:\n    file-format: JUNITXLM\n",
            vec![
                "b.yml:7:3: error: the key `files` is missing",
                "b.yml:8:18: error: `JUNITXLM` is not one of the alternatives here (did you mean `JUNITXML`?)",
            ],
        ),
        (
            "env:\n  shell: fish\n",
            vec!["b.yml:7:10: error: `fish` is not one of the alternatives here (write one of `bash`, `/bin/sh`, `powershell.exe`, `cmd.exe`)"],
        ),
        ("env:\n  variables:\n    A: { b: c }\n", vec!["b.yml:8:8: error: `A` must be a string, not a table"]),
        ("env:\n  secrets-manager: { A: \"s:k:stage:id\" }\n", vec!["b.yml:7:25: error: a version is named by its stage or by its id, not by both"]),
        (
            "env:\n  secrets-manager: { A: \"s:k:::x\" }\n",
            vec!["b.yml:7:25: error: `s:k:::x` does not name a secret (write secret-id:json-key:version-stage:version-id; all but the first may be left out)"],
        ),
        (
            "batch:\n  fast-fail: true\n",
            vec!["b.yml:6:1: error: a batch needs builds (write one of `build-list`, `build-graph`, `build-matrix`, `build-fanout`)"],
        ),
        (
            "batch:\n  build-list: [{ identifier: a }]\n  build-matrix: { dynamic: { env: { image: [a, b] } } }\n",
            vec!["b.yml:8:3: error: a batch has `build-list` or `build-matrix`, not both"],
        ),
        ("batch:\n  build-graph:\n    - identifier: a\n    - identifier: a\n", vec!["b.yml:9:19: error: two builds are called `a`"]),
        ("batch:\n  build-graph:\n    - depend-on: [a]\n    - identifier: a\n", vec!["b.yml:8:7: error: the key `identifier` is missing"]),
        (
            "batch:\n  build-graph:\n    - identifier: test\n      depend-on: [biuld]\n    - identifier: build\n",
            vec!["b.yml:9:19: error: no build is called `biuld` (did you mean `build`?)"],
        ),
        (
            "batch:\n  build-graph:\n    - { identifier: z, depend-on: [a] }\n    - { identifier: a, depend-on: [b] }\n    - { identifier: b, depend-on: [c] }\n    - { identifier: c, depend-on: [a] }\n",
            vec!["b.yml:9:35: error: builds wait for each other: `a` waits for `b` waits for `c` waits for `a`"],
        ),
        ("batch:\n  build-graph:\n    - { identifier: a, depend-on: [a] }\n", vec!["b.yml:8:35: error: builds wait for each other: `a` waits for `a`"]),
        (
            "batch:\n  build-list:\n    - { identifier: a, depend-on: [b] }\n",
            vec!["b.yml:8:24: error: a list has no `depend-on`: its builds begin together (use `build-graph`)"],
        ),
        (
            "batch:\n  build-list:\n    - env: { compute-type: BUILD_GENERAL1_SMAL }\n",
            vec!["b.yml:8:28: error: `BUILD_GENERAL1_SMAL` is not one of the alternatives here (did you mean `BUILD_GENERAL1_SMALL`?)"],
        ),
        ("batch:\n  build-fanout: { parallelism: 0 }\n", vec!["b.yml:7:32: error: `parallelism` is at least 1"]),
        ("batch:\n  build-fanout: { parallelism: 1000000000 }\n", vec!["b.yml:7:19: error: 1000000000 builds are more than the 100 that a batch may have"]),
        ("batch:\n  build-fanout: { parallelism: many }\n", vec!["b.yml:7:32: error: `many` is not a number of builds"]),
    ] {
        let text = format!("{BUILD}{text}");
        assert!(buildspec("b.yml", &text).is_err(), "{text}");
        assert_eq!(said(&text), expected, "{text}");
    }
}

#[test]
fn absurd_sizes_end_soon_and_clearly() {
    let many = |count: usize, line: &str| format!("version: 0.2\nphases:\n  build:\n    commands:\n{}", line.repeat(count));
    assert_eq!(said(&many(1_001, "      - a\n")), ["b.yml:4:5: error: 1001 commands are more than the 1000 that are read"]);
    let long = format!("version: 0.2\nphases:\n  build:\n    commands:\n      - echo {}\n", "x".repeat(40_000));
    assert_eq!(said(&long), ["b.yml:5:9: error: a command has at most 32768 characters, not 40005 (put it into a script of its own)"]);
    let values = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let matrix = format!(
        "{BUILD}batch:\n  build-matrix:\n    dynamic:\n      env:\n        variables:\n          A: [{0}]\n          B: [{0}]\n          C: [{0}]\n          D: [{0}]\n",
        values(400)
    );
    assert_eq!(said(&matrix), ["b.yml:7:3: error: 25600000000 builds are more than the 100 that a batch may have"]);
    let huge = format!("# {}\n{BUILD}", "x".repeat(2 << 20));
    assert!(said(&huge)[0].starts_with("b.yml:1:1: error: the file has "), "{:?}", said(&huge)[0].chars().take(80).collect::<String>());
    let deep = format!("{BUILD}cache: {}", "[".repeat(10_000));
    assert!(buildspec("b.yml", &deep).is_err());
}

#[test]
fn json_is_read_as_well() {
    assert_eq!(
        read(r#"{"version": "0.2", "phases": {"build": {"commands": ["make"]}}}"#).phases.build.map(|phase| phase.commands),
        Some(vec!["make".to_owned()])
    );
}

proptest::proptest! {
    #[test]
    fn no_file_is_too_strange(lines in proptest::collection::vec("[ ]{0,6}(- )?(version|phases|build|commands|batch|build-graph|depend-on|identifier|env|files|x)?(: )?[a-z0-9.\\[\\]{}*&|>'\"]{0,6}", 0..12)) {
        let _whatever = buildspec("b.yml", &lines.join("\n"));
    }
}

/// The genuine files of a kind, by name; nothing where they are not beside the checkout.
fn corpus(kind: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(kind);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no genuine files at {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<(String, String)> =
        entries.filter_map(Result::ok).filter_map(|entry| Some((entry.file_name().into_string().ok()?, std::fs::read_to_string(entry.path()).ok()?))).collect();
    files.sort();
    files
}

#[test]
fn genuine_files_are_read() {
    let mut warnings = Vec::new();
    for (name, text) in corpus("buildspec") {
        match buildspec(&name, &text) {
            Ok((_, said)) => warnings.extend(said.iter().map(ToString::to_string)),
            Err(diagnostics) => panic!("{diagnostics}"),
        }
    }
    println!("{}", warnings.join("\n"));
}

#[test]
fn genuine_files_that_are_wrong_are_refused_where_they_are() {
    let expected = [
        (
            "aws-samples__aws-serverless-samfarm__api__buildspec.yml",
            vec![
                "1:1: error: the key `phases` is missing",
                "1:10: error: version `0.0` does not exist",
                "2:1: error: `environment_variables` is now called `env`",
                "6:1: error: `containers` is not a key of a build specification",
            ],
        ),
        (
            "aws-samples__codepipeline-nested-cfn__cfn-nested-repo__buildspec.yml",
            vec!["3:1: error: `environment_variables` is now called `env`", "22:7: warning: commands are a list; this is read as one command"],
        ),
        ("aws-samples__codepipeline-nested-cfn__validate-resources__buildspec.yml", vec!["3:1: error: `environment_variables` is now called `env`"]),
    ];
    for (name, text) in corpus("bad-buildspec") {
        let diagnostics = buildspec("", &text).expect_err(&name);
        let said: Vec<String> = diagnostics.iter().map(|item| item.to_string().trim_start_matches(':').to_owned()).collect();
        match expected.iter().find(|(known, _)| *known == name) {
            Some((_, expected)) => assert_eq!(&said, expected, "{name}"),
            None => println!("{name}: {said:?}"),
        }
    }
}

/// How many commands there are, how many are recognised, and which are not.
#[derive(Default)]
struct Tally {
    all: usize,
    known: usize,
    unknown: Vec<String>,
}

impl Tally {
    /// Counts the programs of a script, those in substitutions included. Whether all of them are known.
    fn count(&mut self, script: &str, depth: u32) -> bool {
        let mut whole = true;
        let mut inner = Vec::new();
        crate::delivery::build::script::parse(script).each_simple(&mut |simple| {
            inner.extend(simple.substitutions().map(str::to_owned));
            let words: Vec<String> = simple.words.iter().map(crate::delivery::build::script::Word::written).collect();
            let plain: Vec<&str> = words.iter().map(String::as_str).collect();
            // Setting a variable, or running what another command prints, starts no program of its own.
            if plain.is_empty() || plain[0].starts_with("$(") {
                return;
            }
            self.all += 1;
            if crate::delivery::build::command::recognise(&plain).is_some() {
                self.known += 1;
            } else {
                whole = false;
                self.unknown.push(plain.join(" "));
            }
        });
        depth == 0 || inner.iter().fold(whole, |whole, script| self.count(script, depth - 1) && whole)
    }

    fn share(&self) -> f64 {
        self.known as f64 / self.all as f64
    }
}

#[test]
fn most_genuine_commands_are_recognised() {
    let (mut programs, mut lines, mut whole_lines) = (Tally::default(), 0, 0);
    for (name, text) in corpus("buildspec") {
        let Ok((spec, _)) = buildspec(&name, &text) else { panic!("{name} is not read") };
        for command in spec.phases.in_order().into_iter().flatten().flat_map(|phase| phase.commands.iter().chain(&phase.finally)) {
            lines += 1;
            whole_lines += usize::from(programs.count(command, 4));
        }
    }
    if lines == 0 {
        return;
    }
    let share = whole_lines as f64 / lines as f64;
    println!(
        "{whole_lines} of {lines} command lines are recognised as a whole ({:.1} %), and {} of {} programs ({:.1} %); not:\n  {}",
        100.0 * share,
        programs.known,
        programs.all,
        100.0 * programs.share(),
        programs.unknown.join("\n  ")
    );
    assert!(share >= 0.85 && programs.share() >= 0.85);
}

#[test]
fn genuine_builds_in_which_nothing_is_wrong_succeed() {
    use crate::delivery::build::cache::{Before, CacheConfig};
    use crate::delivery::build::cost::CostModel;
    use crate::delivery::build::findings::NothingWrong;
    use crate::delivery::build::plan::BuildPlan;
    use crate::delivery::build::project::{Project, Touched};
    use crate::delivery::build::timeline::{MOST_LINES, Status};
    let (model, project, cache) = (CostModel::default(), Project::default(), CacheConfig::default());
    for (name, text) in corpus("buildspec") {
        let Ok((spec, _)) = buildspec(&name, &text) else { panic!("{name} is not read") };
        let plan = BuildPlan {
            spec: &spec,
            project: &project,
            model: &model,
            machine: ComputeType::Small,
            privileged: true,
            cache: &cache,
            before: Before::default(),
            touched: Touched::SOURCES,
            variables: Vec::new(),
            shard: None,
            stream: crate::rng::Stream::root(1),
            build: 1,
            submitted: crate::units::SimTime::ZERO,
            waits: crate::units::SimSpan::ZERO,
        };
        let timeline = plan.timeline(&mut NothingWrong);
        println!("{:>7.1} s  {name}", timeline.span().as_secs_f64());
        assert_eq!(timeline.status, Status::Succeeded, "{name}: {:#?}", timeline.phases.iter().filter_map(|phase| phase.message.as_ref()).collect::<Vec<_>>());
        // Provisioning alone takes twenty seconds, less or more.
        assert!(timeline.span().as_secs_f64() > model.provisioning.as_secs_f64() / 2.0 && timeline.log.lines.len() < MOST_LINES, "{name}");
    }
}
