//! How long builds take, worked out by hand.

use super::*;

#[test]
fn a_cold_build_takes_exactly_as_long_as_its_parts() {
    let timeline = service().run(&mut NothingWrong);
    // npm ci on two cores: 1.5 s + 300 × 0.03 core-s × (0.35 + 0.65 ÷ 2) + 120 MB ÷ 60 MB/s + 300 × 0.012 s.
    let npm_ci = 1.5 + 9.0 * 0.675 + 2.0 + 3.6;
    // Tests: 5 s + 100 × 0.2 s ÷ 2 cores.
    let tests = 15.0;
    // The image: 1 s; fetching and unpacking 120 MB; dependencies as npm ci, and packing 60 MB; compiling 20 core-s, a
    // third of them on one core, and packing 30 MB.
    let image = 1.0 + (2.0 + 2.0 + 1.0) + (npm_ci + 1.0) + (20.0 * (0.33 + 0.67 / 2.0) + 0.5);
    // 90 MB that were made anew, packed and sent at 40 MB/s.
    let push = 1.5 + 1.5 + 2.25;
    let millis = |seconds: f64| (seconds * 1e3).round() as u64;
    assert_eq!(
        lengths(&timeline),
        [
            ("SUBMITTED", "SUCCEEDED", 0),
            ("QUEUED", "SUCCEEDED", 1_000),
            ("PROVISIONING", "SUCCEEDED", 20_000),
            ("DOWNLOAD_SOURCE", "SUCCEEDED", 3_000),
            ("INSTALL", "SUCCEEDED", 2_000),
            ("PRE_BUILD", "SUCCEEDED", millis(npm_ci + 1.0)),
            ("BUILD", "SUCCEEDED", millis(tests + image)),
            ("POST_BUILD", "SUCCEEDED", millis(push)),
            ("UPLOAD_ARTIFACTS", "SUCCEEDED", 2_200),
            ("FINALIZING", "SUCCEEDED", 2_000),
            ("COMPLETED", "SUCCEEDED", 0),
        ]
    );
    assert_eq!((timeline.status, timeline.output()), (Status::Succeeded, Some(Bytes::new(40_000_000))));
    assert_eq!(timeline.phases[0].begin, SimTime::from_secs(1_000));
    assert!(timeline.phases.windows(2).all(|pair| pair[0].end == pair[1].begin), "nothing happens between phases");
}

#[test]
fn a_warm_build_saves_exactly_what_is_cached() {
    let mut setting = service();
    setting.before = Before { in_bucket: false, on_host: true };
    let timeline = setting.run(&mut NothingWrong);
    // 2 s and 2 % of 60 MB; npm ci unpacks everything again but fetches nothing.
    let npm_ci = 1.5 + 9.0 * 0.675;
    // Only the program's layer is made: 1 s, 20 core-s, 30 MB packed.
    let image = 1.0 + (20.0 * (0.33 + 0.67 / 2.0) + 0.5);
    let push = 0.5 + 1.5 + 0.75;
    let expected = [("DOWNLOAD_SOURCE", 2_020.0), ("PRE_BUILD", (npm_ci + 1.0) * 1e3), ("BUILD", (15.0 + image) * 1e3), ("POST_BUILD", push * 1e3)];
    let lengths = lengths(&timeline);
    for (name, millis) in expected {
        let found = lengths.iter().find(|(phase, ..)| *phase == name).map(|(.., millis)| *millis as f64);
        assert!(found.is_some_and(|found| (found - millis).abs() <= 1.0), "{name}: {found:?} ≠ {millis}");
    }
    // A change of the dependencies renews their layer and everything after it, and a twentieth of the packages.
    setting.touched = Touched { dependencies: true, ..Touched::SOURCES };
    assert!(setting.run(&mut NothingWrong).span() > timeline.span());
}

#[test]
fn a_cache_in_a_bucket_is_fetched_and_saved() {
    let mut setting = service();
    setting.cache = CacheConfig { r#type: CacheType::S3, modes: Vec::new() };
    let cold = setting.run(&mut NothingWrong);
    assert!(cold.cache_saved);
    setting.before = Before { in_bucket: true, on_host: false };
    let warm = setting.run(&mut NothingWrong);
    let length = |timeline: &Timeline, phase| timeline.phase(phase).map_or(0.0, |record| record.end.since(record.begin).as_secs_f64());
    // 120 MB come with the sources instead of from the registry; both ways they are saved again.
    assert!((length(&warm, PhaseType::DownloadSource) - length(&cold, PhaseType::DownloadSource) - 2.0).abs() < 1e-6);
    assert!((length(&cold, PhaseType::PreBuild) - length(&warm, PhaseType::PreBuild) - 5.6).abs() < 1e-6);
    assert!((length(&warm, PhaseType::UploadArtifacts) - (1.2 + 160.0 / 40.0)).abs() < 1e-6);
    assert!(!setting.run(&mut Fails(&["npm test"])).cache_saved, "a build that fails saves none");
}

#[test]
fn the_same_build_takes_the_same_time_and_another_one_a_little_different() {
    let mut setting = service();
    setting.model = CostModel::default();
    let span = |build| setting.build(build, &mut NothingWrong).span().as_secs_f64();
    assert_eq!(span(1).to_bits(), span(1).to_bits());
    let spans: Vec<f64> = (0..200).map(span).collect();
    let mean = spans.iter().sum::<f64>() / 200.0;
    let sd = (spans.iter().map(|span| (span - mean).powi(2)).sum::<f64>() / 200.0).sqrt();
    assert!((0.01..0.2).contains(&(sd / mean)), "{sd} of {mean}");
}

#[test]
fn a_larger_machine_helps_only_where_work_is_parallel() {
    let of = |machine| {
        let mut setting = service();
        setting.machine = machine;
        setting.run(&mut NothingWrong).span().as_secs_f64()
    };
    let (small, large, huge) = (of(ComputeType::Small), of(ComputeType::Large), of(ComputeType::XxLarge));
    assert!(small > large && large > huge);
    // Thirty-six times the cores save less than half of the time: waiting and transfers stay.
    assert!(huge > small / 2.0, "{small} {large} {huge}");
}

#[test]
fn each_executor_of_a_fan_out_runs_its_part() {
    let mut setting = Setting::of(spec(&["codebuild-tests-run --test-command 'npx jest'"]));
    setting.project.suites = [(SuiteKind::Unit, Suite { tests: 400, spread: 0.0, mean: SimSpan::from_secs(1), ..Suite::default() })].into();
    let length = |setting: &Setting| setting.run(&mut NothingWrong).phase(PhaseType::Build).map(|record| record.end.since(record.begin).as_secs_f64());
    // 5 s and 2 s to begin with; 400 s on two cores, alone or among four.
    assert_eq!(length(&setting), Some(207.0));
    setting.shard = Some((2, 4));
    assert_eq!(length(&setting), Some(57.0));
}

#[test]
fn a_batch_runs_its_members_with_what_is_their_own() {
    use crate::delivery::build::batch::{expand, run};
    use crate::delivery::build::spec::{Batch, Builds, Member, MemberEnv};
    let setting = Setting::of(spec(&["if [ \"$KIND\" = slow ]; then sleep 60; fi", "make build"]));
    let member = |name: &str, compute_type, depend_on: &[usize]| Member {
        identifier: Some(name.to_owned()),
        depend_on: depend_on.to_vec(),
        env: MemberEnv { compute_type: Some(compute_type), variables: vec![("KIND".to_owned(), name.to_owned())], ..MemberEnv::default() },
        ..Member::default()
    };
    let members = vec![member("quick", ComputeType::Large, &[]), member("slow", ComputeType::Small, &[0])];
    let builds = expand(&Batch { fast_fail: false, builds: Builds::Graph(members) });
    let mut timelines = Vec::new();
    let batch = run(&builds, false, 10, SimTime::from_secs(50), |n, begin| {
        let timeline = setting.plan(1).of_batch(n, &builds[n], begin).timeline(&mut NothingWrong);
        let over = (timeline.end(), timeline.status);
        timelines.push(timeline);
        over
    });
    assert_eq!((programs(&timelines[0]), programs(&timelines[1])), (vec!["make build".to_owned()], vec!["sleep 60".to_owned(), "make build".to_owned()]));
    // 13.3 core-s of compiling, a third of them on one core, on eight cores and on two; and a minute of sleep.
    let compiling = |cores: f64| 20_000.0 / 1_500.0 * (0.33 + 0.67 / cores);
    let difference = timelines[1].span().as_secs_f64() - timelines[0].span().as_secs_f64();
    assert!((difference - (60.0 + compiling(2.0) - compiling(8.0))).abs() < 1e-6, "{difference}");
    assert_eq!(batch.builds[1].span.map(|span| span.0), batch.builds[0].span.map(|span| span.1), "one begins when the other is over");
    assert_eq!((batch.end, batch.status), (timelines[1].end(), Status::Succeeded));
}
