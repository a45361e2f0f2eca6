//! Both readers of pipelines on genuine files, and on wrong ones with what is said about them.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::diagnostic::{Collector, Diagnostics};
use super::{codepipeline, codepipeline_cfn};
use crate::delivery::pipeline::check::Checked;
use crate::delivery::pipeline::definition::{ExecutionMode, Pipeline, PipelineFile};

/// The genuine files of a kind, beside the checkout; `None`, and a line that says so, if they are not there.
fn corpus(kind: &str) -> Option<Vec<(String, String)>> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(kind);
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: no genuine files at {}", folder.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    Some(paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("a text"))).collect())
}

fn json(text: &str) -> (Option<PipelineFile>, Diagnostics) {
    let mut collector = Collector::default();
    let file = collector.sources.add("p.json", text);
    (codepipeline::read_file(file, text, None, &mut collector), collector.finish())
}

fn template(text: &str) -> (Option<Vec<Pipeline>>, Diagnostics) {
    let mut collector = Collector::default();
    let file = collector.sources.add("t.yml", text);
    let read = codepipeline_cfn::read(file, text, None, &mut collector);
    (read.map(|resources| resources.into_iter().map(|resource| resource.pipeline).collect()), collector.finish())
}

fn lines(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.iter().map(ToString::to_string).collect()
}

#[test]
fn genuine_declarations_are_read_without_an_error_and_written_back_as_they_are() {
    let Some(files) = corpus("codepipeline") else { return };
    assert!(!files.is_empty());
    for (name, text) in files {
        let (read, said) = json(&text);
        assert!(!said.has_errors(), "{name}:\n{said}");
        let read = read.expect("a pipeline");
        assert!(Checked::new(read.pipeline.clone()).is_ok(), "{name}");
        let written = serde_json::to_value(&read).expect("JSON");
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), "{name}");
        for line in lines(&said) {
            println!("{name}: {line}");
        }
    }
}

#[test]
fn genuine_templates_are_read_without_an_error() {
    let Some(files) = corpus("codepipeline-cfn") else { return };
    let mut pipelines = 0;
    for (name, text) in files {
        let (read, said) = template(&text);
        assert!(!said.has_errors(), "{name}:\n{said}");
        let read = read.expect("a template");
        assert!(!read.is_empty(), "{name} has a pipeline");
        for pipeline in read {
            pipelines += 1;
            assert!(Checked::new(pipeline.clone()).is_ok(), "{name}");
            // As the service's JSON it is the same pipeline.
            let (again, said) = json(&serde_json::to_string(&pipeline).expect("JSON"));
            assert!(!said.has_errors(), "{name}:\n{said}");
            let mut again = again.expect("a pipeline").pipeline;
            for (stage, was) in again.stages.iter_mut().zip(&pipeline.stages) {
                stage.inbound_disabled.clone_from(&was.inbound_disabled);
            }
            assert_eq!(again, pipeline, "{name}");
        }
        for line in lines(&said) {
            println!("{name}: {line}");
        }
    }
    assert!(pipelines >= 24, "{pipelines} pipelines");
}

/// A small pipeline; `EXTRA` stands where tests put something.
const SMALL: &str = r#"{
  "pipeline": {
    "name": "shop",
    "stages": [
      { "name": "Source", "actions": [
        { "name": "Code", "actionTypeId": { "category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1" },
          "configuration": { "RepositoryName": "shop", "BranchName": "main" },
          "outputArtifacts": [{ "name": "code" }] }] },
      { "name": "Build", "actions": [
        { "name": "Make", "actionTypeId": { "category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1" },
          "configuration": { "ProjectName": "shop" },
          "inputArtifacts": [{ "name": "code" }], "outputArtifacts": [{ "name": "app" }], "runOrder": 1 }] }
    ]
  }
}"#;

/// What is said when a piece of the small pipeline is another one.
#[track_caller]
fn wrong(from: &str, to: &str, expected: &[&str]) {
    assert!(SMALL.contains(from), "{from}");
    let (_, said) = json(&SMALL.replacen(from, to, 1));
    assert_eq!(lines(&said), expected, "{to}");
}

#[test]
fn a_small_declaration_is_right() {
    let (read, said) = json(SMALL);
    assert_eq!(lines(&said), [""; 0]);
    assert_eq!(read.expect("a pipeline").pipeline.stages.len(), 2);
    // Alone, and as YAML.
    let alone = SMALL.replacen("\"pipeline\": {", "", 1);
    let (read, said) = json(&alone[..alone.len() - 1]);
    assert!(said.is_empty() && read.is_some(), "{said}");
}

#[test]
fn what_is_no_declaration_is_said_to_be_none() {
    for (text, expected) in [
        ("", "p.json:1:1: error: the file is empty"),
        ("[1, 2]", "p.json:1:1: error: a pipeline must be a table, not an array"),
        ("{\"a\": 1}", "p.json:1:1: error: the key `pipeline` is missing"),
        ("{\"pipeline\": 5}", "p.json:1:1: error: `pipeline` must be a table, not an integer"),
    ] {
        let (read, said) = json(text);
        assert_eq!(lines(&said), [expected], "{text}");
        assert!(read.is_none());
    }
    let (_, said) = json("{\"pipeline\": {\n  \"name\": \"x\",\n  \"stages\": [}\n}");
    assert!(lines(&said)[0].starts_with("p.json:3:13: error: "), "{said}");
    let (_, said) = json("---\npipeline: {name: x, stages: []}\n---\na: 1\n");
    assert!(lines(&said).contains(&"p.json:4:1: error: a second document; a file declares one pipeline".to_owned()), "{said}");
}

#[test]
fn every_mistake_has_its_line_and_column() {
    wrong("\"name\": \"shop\",\n", "", &["p.json:2:3: error: the key `name` is missing"]);
    wrong("\"shop\",\n    \"stages\"", "\"shop\",\n    \"stges\"", &["p.json:4:5: error: unknown key `stges`"]);
    wrong("\"runOrder\": 1", "\"runOrder\": 1000", &["p.json:12:103: error: run order 1000 is not between 1 and 999"]);
    wrong("\"runOrder\": 1", "\"runOrder\": -1", &["p.json:12:103: error: `runOrder` must be a whole number, 0 or more, not the number -1"]);
    wrong("\"runOrder\": 1", "\"runOrder\": 1e300", &["p.json:12:103: error: `runOrder` must be a whole number, 0 or more, not the number 1e300"]);
    wrong("\"provider\": \"CodeBuild\"", "\"provider\": \"CodeBiuld\"", &["p.json:10:94: error: no provider `CodeBiuld` for Build actions of the owner AWS"]);
    wrong("\"name\": \"Build\"", "\"name\": \"Source\"", &["p.json:9:17: error: two stages are called `Source`"]);
    wrong("\"name\": \"Make\"", "\"name\": \"Ma ke\"", &["p.json:10:19: error: ` ` cannot be in the name of an action"]);
    wrong("[{ \"name\": \"code\" }], \"out", "[{ \"name\": \"coed\" }], \"out", &["p.json:12:40: error: no action makes the artifact `coed`"]);
    wrong(
        "[{ \"name\": \"code\" }], \"out",
        "[{ \"name\": \"app\" }], \"out",
        &["p.json:12:40: error: the artifact `app` comes from `Make`, which itself needs what `Make` makes"],
    );
    wrong("\"ProjectName\": \"shop\"", "\"ProjectNam\": \"shop\"", &["p.json:11:11: error: `CodeBuild` needs `ProjectName` in its configuration"]);
    wrong("\"category\": \"Build\"", "\"category\": \"Biuld\"", &["p.json:10:57: error: `Biuld` is not one of the alternatives here"]);
    wrong("{ \"name\": \"Build\", ", "{ ", &["p.json:9:7: error: the key `name` is missing"]);
}

#[test]
fn a_pipeline_without_stages_or_with_one_is_refused_once() {
    let (_, said) = json("{\"pipeline\": {\"name\": \"x\"}}");
    assert_eq!(lines(&said), ["p.json:1:2: error: the key `stages` is missing"]);
    let (_, said) = json("{\"pipeline\": {\"name\": \"x\", \"stages\": []}}");
    assert_eq!(lines(&said), ["p.json:1:28: error: 0 stages; there must be at least 2"]);
    let (_, said) = json("{\"pipeline\": {\"name\": \"x\", \"stages\": \"none\"}}");
    assert_eq!(lines(&said), ["p.json:1:38: error: `stages` must be an array, not the string \"none\""]);
}

#[test]
fn all_mistakes_of_a_file_are_found_at_once_and_their_consequences_are_not() {
    let text = SMALL.replacen("\"shop\",", "\"a shop\",", 1).replacen("\"CodeBuild\"", "\"Jenkins\"", 1).replacen("\"runOrder\": 1", "\"runOrder\": 0", 1);
    let (_, said) = json(&text);
    assert_eq!(
        lines(&said),
        [
            "p.json:3:13: error: ` ` cannot be in the name of a pipeline",
            "p.json:10:94: error: no provider `Jenkins` for Build actions of the owner AWS",
            "p.json:12:103: error: run order 0 is not between 1 and 999",
        ]
    );
    // The source cannot be read, so that nobody knows what makes `code`.
    let text = SMALL.replacen("\"owner\": \"AWS\"", "\"owner\": \"Amazon\"", 1).replacen("\"name\": \"Make\"", "\"name\": \"Ma/ke\"", 1);
    let (_, said) = json(&text);
    assert_eq!(
        lines(&said),
        ["p.json:6:76: error: `Amazon` is not one of the alternatives here", "p.json:10:19: error: `/` cannot be in the name of an action"]
    );
}

#[test]
fn a_diagnostic_shows_the_line_and_what_was_probably_meant() {
    let (_, said) = json(&SMALL.replacen("\"CodeBuild\"", "\"CodeBiuld\"", 1));
    let drawn = said.render(false);
    assert!(drawn.contains("did you mean `CodeBuild`?") && drawn.contains("no such provider"), "{drawn}");
    let (_, said) = json(&SMALL.replacen("[{ \"name\": \"code\" }], \"out", "[{ \"name\": \"coed\" }], \"out", 1));
    assert!(said.render(false).contains("did you mean `code`?"), "{said}");
}

#[test]
fn an_odd_spelling_of_a_provider_is_taken_for_the_right_one() {
    wrong(
        "\"provider\": \"CodeBuild\"",
        "\"provider\": \"AWS CodeBuild\"",
        &["p.json:10:94: warning: the provider `AWS CodeBuild` is called `CodeBuild`, and is taken for it"],
    );
}

const TEMPLATE: &str = "\
Parameters:
  Project: {Type: String}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Pipe:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: !GetAtt Role.Arn
      PipelineType: V2
      ExecutionMode: QUEUED
      ArtifactStores:
        - Region: eu-west-1
          ArtifactStore: {Type: S3, Location: !Ref Bucket}
      DisableInboundStageTransitions:
        - StageName: Build
          Reason: freeze
      Stages:
        - Name: Source
          Actions:
            - Name: Code
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: 1}
              Configuration: {RepositoryName: !Sub '${Project}-repo', BranchName: main, PollForSourceChanges: false}
              OutputArtifacts: [{Name: code}]
              RunOrder: '1'
        - Name: Build
          OnFailure:
            Result: ROLLBACK
          Actions:
            - Name: Make
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration:
                ProjectName: !Ref Project
              InputArtifacts:
                - Name: code
              RoleArn: !If [Cross, !Ref Role, !Ref 'AWS::NoValue']
";

#[test]
fn a_template_is_read_with_readable_texts_in_the_place_of_functions() {
    let (read, said) = template(TEMPLATE);
    assert_eq!(lines(&said), [""; 0]);
    let [pipeline] = &read.expect("a template")[..] else { panic!("one pipeline") };
    assert_eq!((pipeline.name.as_str(), pipeline.mode()), ("Pipe", ExecutionMode::Queued));
    assert_eq!(pipeline.artifact_stores.as_ref().map(|stores| stores["eu-west-1"].location.as_str()), Some("${Bucket}"));
    let [source, build] = &pipeline.stages[..] else { panic!("two stages") };
    assert_eq!(source.actions[0].configuration["RepositoryName"], "${Project}-repo");
    assert_eq!(source.actions[0].configuration["PollForSourceChanges"], "false");
    assert_eq!((source.actions[0].run_order, source.actions[0].action_type_id.version.as_str()), (1, "1"));
    assert_eq!((build.inbound_disabled.as_deref(), build.actions[0].role_arn.as_deref()), (Some("freeze"), Some("${Role}")));
    assert_eq!(template("Resources: {A: {Type: 'AWS::S3::Bucket'}}").0, Some(vec![]));
}

/// What is said when a piece of the template is another one.
#[track_caller]
fn wrong_template(from: &str, to: &str, expected: &[&str]) {
    assert!(TEMPLATE.contains(from), "{from}");
    let (_, said) = template(&TEMPLATE.replacen(from, to, 1));
    assert_eq!(lines(&said), expected, "{to}");
}

#[test]
fn mistakes_in_templates_are_told_in_their_own_spelling() {
    wrong_template("      Stages:\n", "      Stges:\n", &["t.yml:18:7: error: unknown key `Stges`"]);
    wrong_template(
        "RunOrder: '1'",
        "RunOrder: first",
        &["t.yml:25:25: error: `RunOrder` must be a whole number of at most ten digits, not the string \"first\""],
    );
    wrong_template("RunOrder: '1'", "RunOrder: 5000", &["t.yml:25:25: error: run order 5000 is not between 1 and 999"]);
    wrong_template("- Name: code\n", "- Name: coed\n", &["t.yml:35:25: error: no action makes the artifact `coed`"]);
    wrong_template("            Result: ROLLBACK", "            Result: FAIL", &["t.yml:28:21: error: FAIL cannot be the result of `OnFailure`"]);
    wrong_template("ProjectName: !Ref", "Project: !Ref", &["t.yml:32:15: error: `CodeBuild` needs `ProjectName` in its configuration"]);
    wrong_template("StageName: Build", "StageName: Biuld", &["t.yml:16:22: error: no stage is called `Biuld`"]);
    wrong_template("StageName: Build", "StageName: Source", &["t.yml:16:22: error: nothing leads into the first stage that could be disabled"]);
    wrong_template("ExecutionMode: QUEUED", "ExecutionMode: PARALLEL", &["t.yml:28:21: error: a pipeline in PARALLEL mode cannot roll a stage back"]);
    wrong_template(
        "PipelineType: V2",
        "PipelineType: V1",
        &["t.yml:11:7: error: execution mode QUEUED needs a pipeline of type V2", "t.yml:27:11: error: a condition needs a pipeline of type V2"],
    );
    wrong_template("    Properties:\n", "    Properties: [1]\n    X:\n", &["t.yml:8:17: error: `Properties` must be a table, not an array"]);
}

#[test]
fn what_is_no_template_is_said_to_be_none() {
    for (text, expected) in [
        ("a: 1\n", "t.yml:1:1: error: the key `Resources` is missing"),
        ("Resources: 5\n", "t.yml:1:12: error: `Resources` must be a table, not an integer"),
        ("Resources:\n  P:\n    Type: AWS::CodePipeline::Pipeline\n", "t.yml:2:3: error: the key `Properties` is missing"),
        ("Resources:\n  P:\n    Type: AWS::CodePipeline::Pipeline\n    Properties: {Name: x}\n", "t.yml:4:17: error: the key `Stages` is missing"),
        ("Resources: {P: [}\n", "t.yml:1:16: error: "),
    ] {
        let (_, said) = template(text);
        let said = lines(&said);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{text}: {said:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_answered_and_never_panic(at in 0..SMALL.len(), cut in 0..40_usize, insert in "[\\[\\]{}:,\"a-z0-9 \n!&*-]{0,6}") {
        for text in [SMALL, TEMPLATE] {
            let at = at.min(text.len());
            let end = (at + cut).min(text.len());
            let damaged = format!("{}{insert}{}", &text[..at], &text[end..]);
            let (read, said) = json(&damaged);
            proptest::prop_assert!(read.is_none_or(|read| said.has_errors() || Checked::new(read.pipeline).is_ok()));
            let (read, said) = template(&damaged);
            proptest::prop_assert!(read.is_none_or(|read| said.has_errors() || read.into_iter().all(|pipeline| Checked::new(pipeline).is_ok())));
        }
    }
}
