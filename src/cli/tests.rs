//! The command line as somebody at a terminal meets it: what goes where, and which status it ends with.

use super::*;

/// Runs the program; returns the status, standard output and standard error.
fn fleetlab(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err, colour: false, progress: false };
    let args = std::iter::once("fleetlab").chain(args.iter().copied());
    let status = run(args, Box::new(|path| anyhow::bail!("the window was opened on {path:?}")), &mut streams);
    (status, String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

#[test]
fn alone_it_opens_the_window() {
    let (status, out, err) = fleetlab(&[]);
    assert_eq!((status, out.as_str(), err.as_str()), (UNUSABLE, "", "error: the window was opened on None\n"));
    assert!(fleetlab(&["open", "mm1"]).2.contains("Some(\"mm1\")"));
    assert!(fleetlab(&["open", "src/lib.rs"]).2.contains("Some(\"src/lib.rs\")"));
    for (missing, says) in [("a.toml", "no file `a.toml`"), ("no/such", "no file `no/such`"), ("sock-shp", "did you mean `sock-shop`")] {
        let (status, _, err) = fleetlab(&["open", missing]);
        assert!(status == UNUSABLE && err.contains(says) && !err.contains("window"), "what is missing is told before the window is tried: {err}");
    }
}

#[test]
fn help_is_a_result_and_wrong_use_is_not() {
    for command in [&["--help"][..], &["open", "--help"], &["completions", "-h"], &["--version"]] {
        let (status, out, err) = fleetlab(command);
        assert_eq!((status, err.as_str()), (DONE, ""), "{command:?}");
        assert!(!out.is_empty());
    }
    for command in [&["fly"][..], &["completions", "tcsh"], &["open", "a", "b"]] {
        let (status, out, err) = fleetlab(command);
        assert_eq!((status, out.as_str()), (UNUSABLE, ""), "{command:?}");
        assert!(!err.is_empty());
    }
}

#[test]
fn every_command_has_help_with_examples() {
    use clap::CommandFactory as _;
    Cli::command().debug_assert();
    for command in Cli::command().get_subcommands() {
        let help = fleetlab(&[command.get_name(), "--help"]).1;
        assert!(help.contains("Examples:") && help.contains(&format!("fleetlab {}", command.get_name())), "{help}");
    }
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (status, out, _) = fleetlab(&["completions", shell]);
        assert_eq!(status, DONE);
        assert!(out.contains("completions") && out.contains("open"), "{shell}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut err = Vec::new();
    let mut streams = Streams { out: &mut Gone, err: &mut err, colour: false, progress: false };
    assert_eq!(run(["fleetlab", "completions", "bash"], Box::new(|_| Ok(())), &mut streams), DONE);
    assert!(err.is_empty());
}

/// A scenario of two services, thirty seconds long, with an objective that its fault makes it miss.
const SHOP: &str = r#"
format_version = 1
title.en = "Two services"
description.en = "A web server and a database."
duration = "30s"

[services.web.endpoints.home]
steps = [ { work = { exponential = "4ms" } }, { call = "db.query" } ]

[services.db.endpoints.query]
steps = [ { work = { exponential = "6ms" } } ]

[services.db.versions.v1]
[services.db.versions.v2]
error_rate = 0.5

[traffic.users]
to = "web.home"
rate = "50/s"

[slos.availability]
objective = 0.999

[[faults]]
at = "10s"
kind = { error-responses = { error_rate = 0.2 } }
service = "db"
duration = "5s"
"#;

/// A folder with the scenario in it.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("shop.toml"), SHOP).expect("written");
    folder
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

#[test]
fn a_run_reports_in_every_form_it_is_asked_for() {
    let folder = shop();
    let (status, out, err) = fleetlab(&["run", &path(&folder, "shop.toml"), "--format", "text,json,md,html", "-o", &path(&folder, "out")]);
    assert_eq!((status, out.as_str()), (DONE, ""), "{err}");
    for (file, beginning) in [("out.txt", "Two services\n"), ("out.json", "{"), ("out.md", "# Two services"), ("out.html", "<!doctype html>")] {
        let text = std::fs::read_to_string(folder.path().join(file)).expect("written");
        assert!(text.starts_with(beginning), "{file}: {text}");
    }
    let (status, out, err) = fleetlab(&["run", &path(&folder, "shop.toml"), "--format", "json"]);
    assert_eq!((status, err.as_str()), (DONE, ""));
    let report: serde_json::Value = serde_json::from_str(&out).expect("only the report goes to standard output");
    assert_eq!((report["scenario"].as_str(), report["simulated_s"].as_f64(), report["seed"].as_u64()), (Some("shop"), Some(30.0), Some(42)));
    assert_eq!(report["faults"][0]["kind"], "error-responses");
    assert!(report["services"]["db"]["errors"]["application-error"].as_u64().is_some_and(|count| count > 10));
}

#[test]
fn a_dash_writes_the_report_to_standard_output() {
    let folder = shop();
    let (status, out, err) = fleetlab(&["run", &path(&folder, "shop.toml"), "--format", "json", "-o", "-"]);
    assert_eq!((status, err.as_str()), (DONE, ""));
    assert!(out.starts_with('{'), "{out}");
}

#[test]
fn a_missed_objective_fails_a_run_only_when_asked() {
    let folder = shop();
    let scenario = path(&folder, "shop.toml");
    assert_eq!(fleetlab(&["run", &scenario]).0, DONE);
    let (status, _, err) = fleetlab(&["run", &scenario, "--require-slos"]);
    assert_eq!((status, err.as_str()), (FAILED, "missed: `availability`\n"));
    assert_eq!(fleetlab(&["run", &scenario, "--require-slos", "--until", "5s"]).0, DONE, "the fault comes later");
}

#[test]
fn a_saved_session_with_actions_replays_to_the_same() {
    let folder = shop();
    let actions = "[[timeline]]\nat = \"20s\"\ndo = { deploy = { service = \"db\", version = \"v2\" } }\n[[timeline]]\nat = \"12s\"\ndo = { scale = { service = \"web\", instances = 2 } }\n";
    std::fs::write(folder.path().join("actions.toml"), actions).expect("written");
    let session = path(&folder, "a.session.json");
    let run = ["run", &path(&folder, "shop.toml"), "--seed", "7", "--actions", &path(&folder, "actions.toml"), "--save", &session, "--format", "json"];
    let (status, out, err) = fleetlab(&run);
    assert_eq!(status, DONE, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((report["deployments"][0]["version"].as_str(), report["seed"].as_u64()), (Some("v2"), Some(7)));
    let digest = report["digest"].as_str().expect("a digest");

    let (status, out, err) = fleetlab(&["replay", &session]);
    assert_eq!(status, DONE, "{err}");
    assert_eq!(out, format!("confirmed: the replay is the same to the end, digest {digest} at 30s\n"));
    let (status, out, _) = fleetlab(&["replay", &session, "--until", "15s"]);
    assert!(status == DONE && out.contains("the same so far"), "{out}");

    let (status, _, err) = fleetlab(&["replay", &session, "--until", "40s"]);
    assert!(status == UNUSABLE && err.contains("recorded until 30s"), "{status}: {err}");

    let text = std::fs::read_to_string(&session).expect("written");
    for (until, says) in [("31s", "its scenario ends at 30s"), ("15s", "did something at 20s, which is after its end at 15s")] {
        std::fs::write(&session, text.replace("\"until\": \"30s\"", &format!("\"until\": \"{until}\""))).expect("written");
        let (status, _, err) = fleetlab(&["replay", &session]);
        assert!(status == UNUSABLE && err.contains(says), "{status}: {err}");
    }
    std::fs::write(&session, text.replace("\"version\": \"v2\"", "\"version\": \"v1\"")).expect("written");
    let (status, _, err) = fleetlab(&["replay", &session]);
    assert!(status == FAILED && err.contains("differs from the session"), "{status}: {err}");
    std::fs::write(&session, text.replace("\"instances\": 2", "\"instances\": 3")).expect("written");
    let (status, _, err) = fleetlab(&["replay", &session]);
    assert!(status == FAILED && err.contains("some time after"), "it says since when: {err}");
}

#[test]
fn a_session_that_claims_more_than_it_recorded_is_refused() {
    let folder = shop();
    let session = path(&folder, "a.session.json");
    assert_eq!(fleetlab(&["run", &path(&folder, "shop.toml"), "--until", "15s", "--save", &session]).0, DONE);
    assert_eq!(fleetlab(&["replay", &session]).0, DONE);
    let text = std::fs::read_to_string(&session).expect("written");
    std::fs::write(&session, text.replace("\"until\": \"15s\"", "\"until\": \"25s\"")).expect("written");
    let (status, _, err) = fleetlab(&["replay", &session]);
    assert!(status == UNUSABLE && err.contains("until 25s, but digests were recorded only until 15s"), "{status}: {err}");
}

#[test]
fn unreadable_input_ends_with_status_two_and_says_why() {
    let folder = shop();
    let scenario = path(&folder, "shop.toml");
    std::fs::write(folder.path().join("bad.toml"), "[[timeline]]\nat = \"5s\"\ndo = { scale = { servise = \"web\" } }\n").expect("written");
    std::fs::write(folder.path().join("nobody.toml"), "[[timeline]]\nat = \"5s\"\ndo = { scale = { service = \"wep\", instances = 2 } }\n").expect("written");
    std::fs::write(folder.path().join("broken.toml"), "format_version = 1\nduration = \"-5s\"\n").expect("written");
    std::fs::write(folder.path().join("empty.json"), "{}").expect("written");
    for (args, says) in [
        (vec!["run", "no-such-scenario"], "no scenario"),
        (vec!["run", "no/such/file.toml"], "cannot be read"),
        (vec!["run", &path(&folder, "broken.toml")], "negative"),
        (vec!["run", &scenario, "--until", "-5s"], "unexpected argument"),
        (vec!["run", &scenario, "--until", "0s"], "nothing to simulate"),
        (vec!["run", &scenario, "--format", "pdf"], "possible values"),
        (vec!["run", &scenario, "--format", "json,md"], "need -o"),
        (vec!["run", &scenario, "-o", "no/such/folder/x.json"], "no folder"),
        (vec!["run", &scenario, "--actions", &path(&folder, "bad.toml")], "servise"),
        (vec!["run", &scenario, "--actions", &path(&folder, "nobody.toml")], "did you mean `web`"),
        (vec!["run", &scenario, "--actions", "missing.toml"], "cannot be read"),
        (vec!["replay", &scenario], "not a session file"),
        (vec!["replay", &path(&folder, "empty.json")], "not a session file"),
        (vec!["replay", "missing.json"], "cannot read"),
        (vec!["check", "missing.toml"], "cannot be read"),
        (vec!["check"], "required"),
        (vec!["schema", "poem"], "possible values"),
    ] {
        let (status, out, err) = fleetlab(&args);
        assert!(status == UNUSABLE && err.contains(says), "{args:?} ended with {status} and said: {err}");
        assert!(!err.contains("panicked") && (out.is_empty() || args[0] == "check"), "{args:?}: {out}");
    }
}

/// A file of actions is read as a scenario is: every mistake at once, where it is, and with what was probably meant.
#[test]
fn every_mistake_in_an_actions_file_is_reported_where_it_is() {
    let folder = shop();
    let actions = r#"[[timeline]]
at = "5s"
do = { scal = { service = "web", instances = 2 } }
[[timeline]]
at = "6s"
do = { deploy = { service = "db", version = "v9" } }
[[timeline]]
at = "7 parsecs"
do = { restart = { service = "wbe" } }
[[timeline]]
at = "8s"
do = { set-load = { source = "users", factor = 1e300 } }
[[timeline]]
at = "9s"
do = { clear = { fault = "latency-db" } }
[[timeline]]
at = "10s"
do = { scale = { service = "web", instances = 20000 } }
[[timeline]]
at = "11s"
do = { set-policy = { from = "web", to = "db.qeury", policy = { timeout = "0s" } } }
"#;
    std::fs::write(folder.path().join("actions.toml"), actions).expect("written");
    let (status, _, err) = fleetlab(&["run", &path(&folder, "shop.toml"), "--actions", &path(&folder, "actions.toml")]);
    assert_eq!(status, UNUSABLE);
    for place in ["3:8", "6:45", "8:6", "12:48", "15:26", "18:47", "21:42", "21:75"] {
        assert!(err.contains(&format!("actions.toml:{place}")), "{place} is not in\n{err}");
    }
    for says in
        ["did you mean `scale`", "unknown version `v9`", "is not a duration", "must be 0 to 1000, not 1e300", "no fault is called", "must be 0 to 10000"]
    {
        assert!(err.contains(says), "{says} is not in\n{err}");
    }
    assert!(!err.contains("shop.toml"), "the scenario is right: {err}");
}

#[test]
fn check_tells_mistakes_from_what_runs() {
    let folder = shop();
    let (status, out, err) = fleetlab(&["check", &path(&folder, "shop.toml")]);
    assert!(status == DONE && out.contains("ok"), "{out}{err}");
    std::fs::write(folder.path().join("broken.toml"), SHOP.replace("db.query", "db.qeury")).expect("written");
    let (status, _, err) = fleetlab(&["check", &folder.path().display().to_string()]);
    assert!(status == FAILED && err.contains("qeury"), "{err}");
}

#[test]
fn every_format_has_a_schema_that_its_files_keep_to() {
    let folder = shop();
    let session = path(&folder, "a.session.json");
    let (_, report, _) = fleetlab(&["run", &path(&folder, "shop.toml"), "--save", &session, "--format", "json"]);
    let session = std::fs::read_to_string(&session).expect("written");
    for (format, instance) in [("report", report), ("session", session)] {
        let (status, schema, _) = fleetlab(&["schema", format]);
        assert_eq!(status, DONE);
        let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
        let instance: serde_json::Value = serde_json::from_str(&instance).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let wrong: Vec<_> = validator.iter_errors(&instance).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{format}: {wrong:#?}");
    }
}

#[test]
fn a_run_that_ends_within_its_warm_up_is_measured_from_the_start() {
    let (status, out, err) = fleetlab(&["run", "mm1", "--until", "5s", "--format", "json"]);
    assert_eq!(status, DONE);
    assert!(err.contains("ends within its warm-up"), "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).expect("a report");
    assert_eq!(report["measured_s"], 5.0);
    let (rate, held) = (report["entry"]["rate_per_s"].as_f64(), report["entry"]["in_system"].as_f64());
    assert!(rate.is_some_and(|rate| rate > 50.0) && held.is_some_and(|held| held > 0.5), "{rate:?} {held:?}");
}

#[test]
fn a_report_counts_what_was_sent_and_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("over.toml");
    let scenario = "format_version = 1\nduration = \"1m\"\nslos.answered.objective = \"99%\"\nslos.fast = { objective = \"99%\", latency = \"1s\" }
[services.web]\nendpoints.get.steps = [{ call = \"db.get\" }]\n[services.db]\nworkers = 1\nendpoints.get.steps = [{ work = \"20ms\" }, { publish = \"jobs\" }]
[services.job]\nworkers = 1\nendpoints.do.steps = [{ work = \"100ms\" }]\n[queues.jobs]\nconsumer = \"job.do\"\nconcurrency = 1
[traffic.users]\nto = \"web.get\"\nrate = \"100/s\"\nprocess = \"fixed\"\n";
    std::fs::write(&path, scenario).expect("written");
    let path = path.display().to_string();
    let (status, out, err) = fleetlab(&["run", &path, "--format", "json"]);
    assert_eq!(status, DONE, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).expect("a report");
    let number = |pointer: &str| report.pointer(pointer).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{pointer} in {out}"));
    assert!((number("/entry/sent") - 6_000.0).abs() <= 1.0 && (number("/entry/requests") - 2_999.0).abs() <= 2.0);
    assert!((number("/entry/sent") - number("/entry/requests") - number("/entry/under_way")).abs() < 0.5);
    assert!((number("/entry/in_system") / number("/services/web/in_system") - 1.0).abs() < 0.01, "users are in the system as long as their requests are");
    assert!(number("/queues/jobs/published") > 2_990.0 && number("/queues/jobs/visible") > 2_000.0 && number("/queues/jobs/oldest_s") > 20.0);
    let (_, text, _) = fleetlab(&["run", &path]);
    assert!(text.contains("Users asked 6,000 times") || text.contains("Users asked 5,999 times"), "{text}");
    assert!(text.contains("still waited at the end") && text.contains("Message queues"), "{text}");
    assert_eq!(fleetlab(&["run", &path, "--require-slos"]).0, FAILED, "nobody who waits for seconds is content");
}

#[test]
fn a_goal_decides_the_exit_status_and_is_told_with_what_was_measured() {
    let run = |goal: &str| fleetlab(&["run", "mm1", "--until", "60s", "--format", "text", "--goal", goal]);
    let (status, out, _) = run("rate(\"users\") > 1 && now() == 60");
    assert_eq!(status, DONE);
    assert!(out.contains("Goals") && out.contains("now() == 60") && out.contains("holds"), "{out}");
    let (status, out, err) = run("p99(\"users\", \"30s\") < 0.001");
    assert_eq!(status, FAILED);
    assert!(out.contains("does not hold") && err.contains("not reached: `p99"), "{out}{err}");
    let (status, out, err) = run("p99(\"servre\") < 1");
    assert_eq!((status, out.as_str()), (UNUSABLE, ""), "nothing ran");
    assert!(err.contains("`servre`") && err.contains("did you mean `server`?"), "{err}");
}
