//! What the reader of `appspec.yml` promises: genuine files are read, and mistakes are found where they are.

use super::appspec::{AppSpec, read_one};
use super::testing::{corpus, read_as, said};
use crate::fleet::deploy::hooks::Platform;
use crate::units::SimSpan;

#[test]
fn genuine_files_are_read_without_an_error() {
    let (mut servers, mut managed, mut hooks) = (0, 0, 0);
    let files = corpus("appspec");
    for (name, text) in &files {
        let (spec, diagnostics) = read_as(text, read_one);
        assert!(!diagnostics.has_errors(), "{name}:\n{diagnostics}");
        let spec = spec.expect(name);
        hooks += spec.hooks().len();
        match spec {
            AppSpec::Server(_) => servers += 1,
            AppSpec::Managed(_) => managed += 1,
        }
    }
    if !files.is_empty() {
        assert!(servers >= 20 && managed >= 10 && hooks >= 50, "{servers} for instances, {managed} for others, {hooks} hooks");
    }
}

#[test]
fn hooks_are_taken_over_with_their_timeouts() {
    let text = "version: 0.0\nos: linux\nhooks:\n  ApplicationStart:\n    - location: a.sh\n      timeout: 300\n    - location: b.sh\n      timeout: \"60\"\n  AfterInstall:\n    - location: c.sh\n";
    let (spec, diagnostics) = read_as(text, read_one);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let spec = spec.expect("a file");
    let hooks: Vec<(String, Option<SimSpan>)> = spec.hooks().into_iter().map(|hook| (hook.at, hook.timeout)).collect();
    let (start, after) = ("ApplicationStart".to_owned(), "AfterInstall".to_owned());
    assert_eq!(hooks, [(start.clone(), Some(SimSpan::from_secs(300))), (start, Some(SimSpan::from_secs(60))), (after, None)]);
    let platform = spec.platform().expect("instances");
    assert!(spec.hooks().iter().all(|hook| hook.check(platform).is_ok()));
}

#[test]
fn yaml_and_json_say_the_same() {
    let yaml = "version: 0.0\nResources:\n  - fn:\n      Type: AWS::Lambda::Function\n      Properties: { Name: f, Alias: live, CurrentVersion: 1, TargetVersion: \"2\" }\nHooks:\n  - BeforeAllowTraffic: check\n";
    let json = r#"{"version": 0.0, "Resources": [{"fn": {"Type": "AWS::Lambda::Function", "Properties":
        {"Name": "f", "Alias": "live", "CurrentVersion": 1, "TargetVersion": "2"}}}], "Hooks": [{"BeforeAllowTraffic": "check"}]}"#;
    for text in [yaml, json] {
        let (spec, diagnostics) = read_as(text, read_one);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        let spec = spec.expect("a file");
        assert_eq!((spec.platform(), spec.hooks().len()), (Some(Platform::Lambda), 1));
    }
}

/// A file for an ECS service with these properties, and what follows.
fn ecs(properties: &str, rest: &str) -> String {
    format!("version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties: {properties}\n{rest}")
}

const FINE: &str = "{ TaskDefinition: t, LoadBalancerInfo: { ContainerName: web, ContainerPort: 80 } }";

#[test]
fn mistakes_are_found_where_they_are() {
    let server = |rest: &str| format!("version: 0.0\nos: linux\n{rest}");
    let table: &[(&str, String, &[&str])] = &[
        ("another version", "version: 1.0\nos: linux\n".to_owned(), &["1:10 error: there is no version 1 of this file (write 0.0)"]),
        ("no version", "os: linux\n".to_owned(), &["1:1 error: the key `version` is missing"]),
        ("another system", "version: 0.0\nos: linus\n".to_owned(), &["2:5 error: `linus` is not one of the alternatives here (did you mean `linux`?)"]),
        ("no system", "version: 0.0\nfiles: []\n".to_owned(), &["1:1 error: the key `os` is missing"]),
        ("a misspelt section", server("permisions: []\n"), &["3:1 error: unknown key `permisions` (did you mean `permissions`?)"]),
        ("files that are none", server("files: everything\n"), &["3:8 error: `files` must be an array, not the string \"everything\""]),
        ("a file to nowhere", server("files:\n  - source: /\n"), &["4:5 error: the key `destination` is missing"]),
        ("a script without a place", server("hooks:\n  AfterInstall:\n    - timeout: 5\n      runas: root\n"), &["5:7 error: the key `location` is missing"]),
        (
            "times that are none",
            server("hooks:\n  AfterInstall:\n    - { location: a, timeout: 0 }\n    - { location: b, timeout: 5m }\n"),
            &["5:31 error: `0` is not a time in seconds, 1 or more", "6:31 error: `5m` is not a time in seconds, 1 or more"],
        ),
        (
            "a mode that is none",
            server("permissions:\n  - { object: /a, mode: 698 }\n"),
            &["4:25 error: `698` is not a mode (write one to four digits from 0 to 7, such as 644)"],
        ),
        (
            "an object of no type",
            server("permissions:\n  - { object: /a, type: [folder] }\n"),
            &["4:26 error: `folder` is not one of the alternatives here (write one of `file`, `directory`)"],
        ),
        ("permissions on Windows", "version: 0.0\nos: windows\npermissions: [{ object: a }]\n".to_owned(), &["3:1 error: permissions are for Linux only"]),
        (
            "files that are there already",
            server("file_exists_behavior: OVERWRIT\n"),
            &["3:23 error: `OVERWRIT` is not one of the alternatives here (did you mean `OVERWRITE`?)"],
        ),
        (
            "a resource of no type",
            ecs(FINE, "").replace("ECS::Service", "ECS::Servise"),
            &["4:13 error: `AWS::ECS::Servise` is not one of the alternatives here (did you mean `AWS::ECS::Service`?)"],
        ),
        (
            "a service without its parts",
            ecs("{ PlatformVersion: LATEST }", ""),
            &["5:7 error: the key `TaskDefinition` is missing", "5:7 error: the key `LoadBalancerInfo` is missing"],
        ),
        (
            "a port that is none",
            ecs("{ TaskDefinition: t, LoadBalancerInfo: { ContainerName: web, ContainerPort: 70000 } }", ""),
            &["5:95 error: `70000` is not a port, 1 to 65535"],
        ),
        (
            "a function's property of a service",
            ecs("{ TaskDefinition: t, Alias: live, LoadBalancerInfo: { ContainerName: web, ContainerPort: 80 } }", ""),
            &["5:40 error: an ECS service has no `Alias`"],
        ),
        (
            "an event of ECS that there is not",
            ecs(FINE, "Hooks:\n  - AfterAllowTestTrafic: f\n  - ValidateService: g\n"),
            &[
                "7:5 error: `AfterAllowTestTrafic` is no event at which a function runs (did you mean `AfterAllowTestTraffic`?)",
                "8:5 error: `ValidateService` is no event at which a function runs (functions run at `BeforeInstall`, `AfterInstall`, `AfterAllowTestTraffic`, `BeforeAllowTraffic`, `AfterAllowTraffic`)",
            ],
        ),
        ("nothing to deploy to", "version: 0.0\nResources: []\n".to_owned(), &["2:1 error: nothing is deployed to"]),
        ("broken syntax", "version: 0.0\nos: [\n".to_owned(), &[]),
    ];
    let mut wrong = Vec::new();
    for (what, text, expected) in table {
        let (_, diagnostics) = read_as(text, read_one);
        assert!(diagnostics.has_errors(), "{what}");
        let errors: Vec<String> = said(&diagnostics).into_iter().filter(|line| line.contains(" error: ")).collect();
        if !expected.is_empty() && errors != *expected {
            wrong.push((what, errors));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_tolerated_is_a_warning() {
    let server = |rest: &str| format!("version: 0.0\nos: linux\n{rest}");
    let table: &[(&str, String, &str)] = &[
        (
            "an event that there is not",
            server("hooks:\n  AfterInstal:\n    - location: a.sh\n"),
            "4:3 warning: `AfterInstal` is no event at which scripts run (did you mean `AfterInstall`?)",
        ),
        (
            "an event without scripts of its own",
            server("hooks:\n  Install:\n    - location: a.sh\n"),
            "4:3 warning: `Install` is no event at which scripts run",
        ),
        ("a blank", server("files:\n  - source:\n    destination: /x\n"), "4:5 warning: `source` is blank"),
        (
            "a placeholder",
            server("hooks:\n  AfterInstall:\n    - location: a\n      timeout: timeout-in-seconds\n"),
            "6:16 warning: `timeout-in-seconds` is a placeholder",
        ),
        (
            "more than an hour",
            server("hooks:\n  AfterInstall:\n    - { location: a, timeout: 4000 }\n"),
            "5:31 warning: an event ends after 3600 seconds, whatever is written here",
        ),
        (
            "more than an hour together",
            server("hooks:\n  AfterInstall:\n    - { location: a, timeout: 2000 }\n    - { location: b, timeout: 2000 }\n"),
            "4:3 warning: the scripts of `AfterInstall` may take 4000 seconds together (an event ends after 3600 seconds)",
        ),
        ("a quoted version", "version: \"0.0\"\nos: linux\n".to_owned(), "1:10 warning: the agent wants a number here, not a text"),
        ("a key that nothing reads", server("files:\n  - { source: a, destination: b, overwrite: true }\n"), "4:34 warning: `overwrite` has no effect"),
        (
            "a port to be filled in",
            ecs("{ TaskDefinition: t, LoadBalancerInfo: { ContainerName: web, ContainerPort: <PORT> } }", ""),
            "5:95 warning: `<PORT>` is a placeholder",
        ),
        ("a hook without a function", ecs(FINE, "Hooks:\n  - AfterInstall: \"\"\n"), "7:5 warning: `AfterInstall` names no function"),
        ("a second document", server("---\nversion: 0.0\n"), "4:1 warning: only the first document of the file is read"),
    ];
    for (what, text, expected) in table {
        let (_, diagnostics) = read_as(text, read_one);
        let lines = said(&diagnostics);
        assert!(!diagnostics.has_errors() && lines.iter().any(|line| line.starts_with(expected)), "{what}: {lines:#?}");
    }
}
