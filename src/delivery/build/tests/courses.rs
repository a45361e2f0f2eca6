//! What follows from failures, from what a shell decides, and from what commands find.

use super::*;

/// What fails, `on-failure`, in which phase, what follows, and how the build ends.
type Case<'a> = (&'static [&'static str], Option<OnFailure>, PhaseType, &'a [&'a str], Status);

#[test]
fn failures_go_where_codebuild_sends_them() {
    let all = || {
        let mut spec = spec(&["make build"]);
        (spec.phases.install, spec.phases.pre_build, spec.phases.post_build) =
            (Some(phase(&["make setup"])), Some(phase(&["make lint"])), Some(phase(&["make publish"])));
        spec.artifacts = Some(Artifacts { main: Artifact { files: vec!["x".to_owned()], ..Artifact::default() }, ..Artifacts::default() });
        spec
    };
    let ends = ["FINALIZING", "COMPLETED"];
    let failing = |fails: &'static [&'static str], on_failure: Option<OnFailure>, at: PhaseType| {
        let mut spec = all();
        let phases = &mut spec.phases;
        let phase = match at {
            PhaseType::Install => &mut phases.install,
            PhaseType::PreBuild => &mut phases.pre_build,
            PhaseType::Build => &mut phases.build,
            _ => &mut phases.post_build,
        };
        phase.as_mut().expect("the phase").on_failure = on_failure;
        let timeline = Setting::of(spec).run(&mut Fails(fails));
        let after: Vec<&str> = timeline.phases.iter().skip_while(|record| record.phase != at).skip(1).map(|record| record.phase.name()).collect();
        (after, timeline.status, timeline.output().is_some())
    };
    let (abort, carry_on) = (Some(OnFailure::Abort), Some(OnFailure::Continue));
    let from_build = ["POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"];
    let cases: [Case<'_>; 8] = [
        (&["setup"], None, PhaseType::Install, &ends, Status::Failed),
        (&["lint"], None, PhaseType::PreBuild, &ends, Status::Failed),
        (&["make build"], None, PhaseType::Build, &from_build, Status::Failed),
        (&["make build"], abort.clone(), PhaseType::Build, &ends, Status::Failed),
        (&["make build"], carry_on.clone(), PhaseType::Build, &from_build, Status::Succeeded),
        (&["publish"], None, PhaseType::PostBuild, &from_build[1..], Status::Failed),
        (&["publish"], abort, PhaseType::PostBuild, &ends, Status::Failed),
        (&["lint"], carry_on, PhaseType::PreBuild, &["BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"], Status::Succeeded),
    ];
    for (fails, on_failure, at, expected, status) in cases {
        let found = failing(fails, on_failure.clone(), at);
        assert_eq!((&found.0[..], found.1), (expected, status), "{fails:?} {on_failure:?}");
        assert_eq!(found.2, status == Status::Succeeded, "a pipeline takes only what succeeded");
    }
}

#[test]
fn the_first_failure_ends_the_commands_but_finally_runs() {
    let mut spec = spec(&["make a", "make b", "make c"]);
    if let Some(build) = &mut spec.phases.build {
        build.finally = vec!["make clean".to_owned(), "make report".to_owned()];
    }
    let timeline = Setting::of(spec.clone()).run(&mut Fails(&["make b"]));
    assert_eq!(programs(&timeline), ["make a", "make b", "make clean", "make report"]);
    let build = timeline.phase(PhaseType::Build).expect("it ran");
    assert_eq!(build.message.as_deref(), Some("COMMAND_EXECUTION_ERROR Message: Error while executing command: make b. Reason: exit status 7"));
    assert_eq!(build.commands.iter().map(|command| (command.finally, command.exit)).collect::<Vec<_>>(), [(false, 0), (false, 7), (true, 0), (true, 0)]);
    let timeline = Setting::of(spec).run(&mut Fails(&["make clean"]));
    assert_eq!((programs(&timeline).len(), timeline.status), (4, Status::Failed), "a failure in finally fails the phase");
}

#[test]
fn a_phase_is_tried_again_as_often_as_it_may() {
    /// Fails so many times.
    struct Times(u32, &'static str);
    impl Findings for Times {
        fn meet(&mut self, _command: &Met<'_>) -> Finding {
            if self.0 == 0 {
                return Finding::default();
            }
            self.0 -= 1;
            Finding { failure: Some(Failure { message: self.1.to_owned(), exit: 1, after: Ratio::ONE }), ..Finding::default() }
        }
    }
    for (count, pattern, failures, attempts, status) in [
        (3, ".*", 2, 3, Status::Succeeded),
        (3, ".*", 9, 4, Status::Failed),
        (0, ".*", 9, 1, Status::Failed),
        (3, "exit status 1", 1, 2, Status::Succeeded),
        (3, ".*make.*exit status.*", 1, 2, Status::Succeeded),
        (3, "connection refused", 1, 1, Status::Failed),
    ] {
        let mut spec = spec(&["make a"]);
        if let Some(build) = &mut spec.phases.build {
            build.on_failure = Some(OnFailure::Retry { count, pattern: pattern.to_owned() });
        }
        let timeline = Setting::of(spec).run(&mut Times(failures, "no"));
        let build = timeline.phase(PhaseType::Build).expect("it ran");
        assert_eq!((build.attempts, timeline.status, build.commands.len() as u32), (attempts, status, attempts), "{count} {pattern} {failures}");
    }
}

#[test]
fn a_shell_decides_what_runs() {
    for (commands, fails, expected, status) in [
        (vec!["make a && make b || make c; make d"], &["make a"][..], vec!["make a", "make c", "make d"], Status::Succeeded),
        (vec!["make a && make b || make c"], &[], vec!["make a", "make b"], Status::Succeeded),
        (vec!["make a && make b", "make c"], &["make a"], vec!["make a"], Status::Failed),
        (vec!["make a\nmake b"], &["make a"], vec!["make a", "make b"], Status::Succeeded),
        (vec!["set -e\nmake a\nmake b"], &["make a"], vec!["set -e", "make a"], Status::Failed),
        (vec!["make a | tee log"], &["make a"], vec!["make a", "tee log"], Status::Succeeded),
        (vec!["set -o pipefail; make a | tee log"], &["make a"], vec!["set -o pipefail", "make a", "tee log"], Status::Failed),
        (vec!["make a || true"], &["make a"], vec!["make a"], Status::Succeeded),
        (vec!["! make a"], &["make a"], vec!["make a"], Status::Succeeded),
        (vec!["if make a; then make b; else make c; fi"], &["make a"], vec!["make a", "make c"], Status::Succeeded),
        (vec!["if grep -q x y; then make b; fi"], &[], vec!["grep -q x y", "make b"], Status::Succeeded),
        (vec!["if ! expr $A != $B; then exit 1; else make b; fi"], &[], vec!["expr $A != $B", "make b"], Status::Succeeded),
        (vec!["[ \"$STAGE\" = prod ] && make prod", "make b"], &[], vec![], Status::Failed),
        (vec!["if [ \"$STAGE\" = prod ]; then make prod; elif [ $STAGE == beta ]; then make beta; fi"], &[], vec!["make beta"], Status::Succeeded),
        (vec!["[ -f x ] || exit 1", "make b"], &[], vec!["make b"], Status::Succeeded),
        (vec!["for x in 1 2; do make a; done"], &[], vec!["make a", "make a"], Status::Succeeded),
        (vec!["for x in $(ls); do make a; done"], &[], vec!["make a", "make a", "make a"], Status::Succeeded),
        (vec!["go() { make a; }; go && go"], &[], vec!["make a", "make a"], Status::Succeeded),
        (vec!["X=$(make a)"], &["make a"], vec!["make a"], Status::Failed),
        (vec!["bash -c \"make a; exit 3\"", "make b"], &[], vec!["make a"], Status::Failed),
        (vec!["exit 0", "make b"], &[], vec!["make b"], Status::Succeeded),
        (vec!["make a & make b"], &["make a"], vec!["make a", "make b"], Status::Succeeded),
        (vec!["case $X in a) make a ;; *) make b ;; esac"], &[], vec!["make a"], Status::Succeeded),
    ] {
        let (found, result) = ran(&commands, fails);
        let found: Vec<&str> = found.iter().map(String::as_str).filter(|text| *text != "ls").collect();
        assert_eq!((found, result), (expected, status), "{commands:?}");
    }
}

#[test]
fn version_0_1_forgets_from_one_command_to_the_next() {
    for (version, expected) in [(Version::V0_2, vec!["make b"]), (Version::V0_1, vec![])] {
        let spec = Buildspec { version, ..spec(&["X=1", "if [ \"${X:-0}\" = 1 ]; then make b; fi"]) };
        assert_eq!(programs(&Setting::of(spec).run(&mut NothingWrong)), expected, "{version:?}");
    }
}

#[test]
fn who_asks_learns_whether_the_build_is_failing() {
    let mut spec = spec(&["make a"]);
    spec.phases.post_build = Some(phase(&["if [ \"$CODEBUILD_BUILD_SUCCEEDING\" -eq 1 ]; then make publish; else make notify; fi"]));
    assert_eq!(programs(&Setting::of(spec.clone()).run(&mut NothingWrong)), ["make a", "make publish"]);
    assert_eq!(programs(&Setting::of(spec).run(&mut Fails(&["make a"]))), ["make a", "make notify"]);
}

#[test]
fn without_privileged_mode_there_is_no_daemon() {
    let mut setting = service();
    setting.privileged = false;
    let timeline = setting.run(&mut NothingWrong);
    assert_eq!(timeline.status, Status::Failed);
    assert!(timeline.log.lines.iter().any(|line| line.text.starts_with("Cannot connect to the Docker daemon")));
    setting.privileged = true;
    setting.machine = ComputeType::Lambda4;
    assert_eq!(setting.run(&mut NothingWrong).status, Status::Failed);
}

#[test]
fn a_build_that_takes_too_long_is_stopped() {
    let mut setting = Setting::of(spec(&["sleep 10m", "make a"]));
    setting.model.timeout = SimSpan::from_secs(300);
    let timeline = setting.run(&mut NothingWrong);
    let names: Vec<(&str, &str)> = timeline.phases.iter().map(|record| (record.phase.name(), record.status.name())).collect();
    assert_eq!(names[6..], [("BUILD", "TIMED_OUT"), ("FINALIZING", "SUCCEEDED"), ("COMPLETED", "SUCCEEDED")]);
    assert_eq!(timeline.status, Status::TimedOut);
    assert_eq!(timeline.phases[6].end, timeline.phases[1].end + SimSpan::from_secs(300));
}

#[test]
fn logs_say_that_they_are_simulated_and_keep_secrets() {
    let mut setting =
        Setting::of(spec(&["echo stage $STAGE of $NAME, $TOKEN, ${X:-none}, $(date) > out", "echo stage $STAGE of $NAME, $TOKEN, ${X:-none}, $(date)"]));
    setting.spec.env = Env {
        variables: [("STAGE".to_owned(), "alpha".to_owned()), ("NAME".to_owned(), "shop".to_owned())].into(),
        parameter_store: [("TOKEN".to_owned(), "/app/token".to_owned())].into(),
        exported_variables: vec!["STAGE".to_owned(), "TOKEN".to_owned()],
        ..Env::default()
    };
    let timeline = setting.run(&mut NothingWrong);
    let lines: Vec<&str> = timeline.log.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines[0], "[Fleetlab] simulated log: no command was run");
    assert_eq!(lines.iter().filter(|line| **line == "stage beta of shop, ***, none, $(date)").count(), 1, "{lines:#?}");
    assert_eq!(timeline.exported["STAGE"].as_deref(), Some("beta"), "whoever starts the build wins over the file");
    assert_eq!(timeline.exported["TOKEN"], None);
    assert!(timeline.log.lines.is_sorted_by_key(|line| line.at));
}

#[test]
fn defects_are_found_where_somebody_looks() {
    let setting = service();
    let run = |kind, id| {
        let mut suspects =
            Suspects { root: Stream::root(1), project: Stream::root(1).child(7), build: 1, defects: vec![Suspect { id, kind }], found: Vec::new() };
        setting.run(&mut suspects)
    };
    let broken = run(DefectKind::DoesNotCompile, 0);
    // The compiler stops half-way, so the build fails sooner than it would succeed.
    assert_eq!(broken.status, Status::Failed);
    assert!(broken.span() < setting.run(&mut NothingWrong).span());
    // Half the code and more is covered, and under half of what is covered is noticed.
    let found = (0..1_000).filter(|&id| run(DefectKind::Logic, id).status == Status::Failed).count() as f64 / 1_000.0;
    let expected = 0.7 * 0.45;
    assert!((found - expected).abs() < 4.0 * (expected * (1.0 - expected) / 1_000.0_f64).sqrt(), "{found}");
    assert!((0..100).all(|id| run(DefectKind::OnlyUnderLoad, id).status == Status::Succeeded), "nobody looks");
}

#[test]
fn flakes_fail_good_builds_and_retries_cost_time_instead() {
    let mut setting = Setting::of(spec(&["npm test"]));
    let flaky = |retries| Suite { tests: 300, flake: Ratio::new(0.002), retries, spread: 0.0, ..Suite::default() };
    let mut failing = |retries| {
        setting.project.suites = [(SuiteKind::Unit, flaky(retries))].into();
        let runs = (0..2_000).map(|build| {
            let mut suspects = Suspects { root: Stream::root(1), project: Stream::root(1).child(7), build, defects: Vec::new(), found: Vec::new() };
            let timeline = setting.build(build, &mut suspects);
            (timeline.status == Status::Failed, timeline.span())
        });
        let (failed, spans): (Vec<bool>, Vec<SimSpan>) = runs.unzip();
        (failed.iter().filter(|failed| **failed).count() as f64 / 2_000.0, spans.iter().max() > spans.iter().min())
    };
    let (without, _) = failing(0);
    let expected = crate::delivery::check::flake::false_alarm(300, 0.002, 0);
    assert!((without - expected).abs() < 4.0 * (expected * (1.0 - expected) / 2_000.0_f64).sqrt(), "{without} ≠ {expected}");
    let (with, longer) = failing(1);
    assert!(with < 0.01 && longer, "{with}");
}

#[test]
fn endless_scripts_end() {
    for script in [
        "f() { f; f; }; f",
        "for a in 1 2 3 4 5 6 7 8 9; do for b in 1 2 3 4 5 6 7 8 9; do for c in 1 2 3 4 5 6 7 8 9; do for d in 1 2 3 4 5 6 7 8 9; do for e in 1 2 3 4 5 6 7 8 9; do ls; done; done; done; done; done",
    ] {
        let timeline = Setting::of(spec(&[script])).run(&mut NothingWrong);
        assert!(programs(&timeline).len() < 100, "{script}");
    }
}
