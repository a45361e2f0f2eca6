//! What a right file becomes.

use fleetlab::content::{self, Library};
use fleetlab::fleet::fault::FaultKind;
use fleetlab::kernel::model::{Arrivals, Step};
use fleetlab::scenario::{Action, Scenario};
use fleetlab::units::{SimSpan, SimTime};

use super::{fixture, load, read, said};

fn endpoint<'a>(scenario: &'a Scenario, name: &str) -> &'a [Step] {
    let found = scenario.model.endpoints.iter().find(|endpoint| {
        let service = &scenario.model.services[endpoint.service.index()].name;
        format!("{service}.{}", endpoint.name) == name
    });
    &found.unwrap_or_else(|| panic!("no endpoint {name}")).steps
}

fn without_description(text: &str) -> String {
    text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n")
}

/// The example that the guide begins with is a whole scenario, fits in 20 lines, and is right.
#[test]
fn the_example_of_the_guide_loads_without_a_warning() {
    let guide = include_str!("../../scenarios/README.md");
    let example = guide.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("the guide has an example");
    assert!(without_description(example).lines().count() <= 20, "a small scenario is small");
    assert_eq!(said(example), "");
    let scenario = read(example).expect("it loads").scenario;
    let services: Vec<&str> = scenario.model.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(services, ["web", "db"], "services stay in the order of the file");
    assert_eq!(scenario.duration, SimSpan::from_secs(600));
    assert_eq!(scenario.seed, 42);
    assert_eq!(scenario.title.get("en"), "test");
    assert_eq!(scenario.description.get("vi"), "Một máy chủ web và một cơ sở dữ liệu.");
}

#[test]
fn everything_that_a_scenario_can_have_loads() {
    let loaded = load(&fixture("shop.toml"));
    assert_eq!(loaded.warnings.to_string(), "");
    let scenario = loaded.scenario;
    assert_eq!(scenario.name, "shop");
    let model = &scenario.model;
    assert_eq!((model.services.len(), model.endpoints.len(), model.versions.len()), (3, 5, 5));
    assert_eq!((model.queues.len(), model.caches.len(), model.sources.len()), (1, 1, 2));
    assert!(matches!(model.sources[1].arrivals, Arrivals::Closed { users: 20, .. }));
    assert_eq!(model.sources[1].population, 20, "a closed loop's users are its population");
    assert_eq!(scenario.fleet[1].restart_after, None);
    assert!((scenario.fleet[0].price_per_hour.0 - 0.024_685).abs() < 1e-5, "half a vCPU and 1 GB on Fargate");
    assert_eq!(model.services[0].versions.len(), 3);
    assert_eq!(model.versions[model.services[0].versions[0].index()].name, "v1", "the initial version comes first");
}

#[test]
fn a_policy_comes_from_the_call_else_the_endpoint_else_the_service() {
    let scenario = load(&fixture("shop.toml")).scenario;
    let timeouts: Vec<Option<SimSpan>> =
        endpoint(&scenario, "web.buy").iter().filter_map(|step| if let Step::Call(call) = step { Some(call.policy.timeout) } else { None }).collect();
    assert_eq!(timeouts, [Some(SimSpan::from_secs(2)), Some(SimSpan::from_secs(1))]);
    let Step::Cache { on_miss, .. } = &endpoint(&scenario, "web.home")[1] else { panic!("the second step is a lookup") };
    let Step::Call(call) = &on_miss[0] else { panic!("a miss calls") };
    assert_eq!(call.policy.timeout, Some(SimSpan::from_millis(500)));
    assert!(call.policy.breaker.is_some());
}

#[test]
fn parallel_copies_are_written_out_in_a_version_that_replaces_a_script() {
    let scenario = load(&fixture("shop.toml")).scenario;
    let v3 = scenario.model.versions.iter().find(|version| version.name == "v3").expect("v3");
    let (replaced, steps) = &v3.scripts[0];
    assert_eq!(scenario.model.endpoints[replaced.index()].name, "home");
    assert!(matches!(&steps[1], Step::Parallel(branches) if branches.len() == 3 && branches[0] == branches[2]));
}

#[test]
fn faults_and_actions_make_one_timeline_in_order_of_time() {
    let scenario = load(&fixture("shop.toml")).scenario;
    let times: Vec<SimTime> = scenario.timeline.iter().map(|timed| timed.at).collect();
    assert!(times.is_sorted() && times.len() == 5, "{times:?}");
    let names: Vec<(&str, Option<&str>)> = scenario
        .timeline
        .iter()
        .filter_map(|timed| if let Action::Inject { fault } = &timed.action { Some((fault.kind.name(), fault.name.as_deref())) } else { None })
        .collect();
    assert_eq!(names, [("latency", Some("latency-stock")), ("zone-loss", Some("zone-loss-zone-b"))], "a fault without a name gets one");
    assert!(matches!(&scenario.timeline[2].action, Action::Inject { fault } if matches!(fault.kind, FaultKind::Latency(_))));
}

#[test]
fn counts_come_from_a_file_beside_the_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = include_str!("../fixtures/mm1.toml").replace("rate = \"100/s\"", "counts = \"load.csv\"");
    let path = folder.path().join("mm1.toml");
    std::fs::write(&path, scenario).expect("write");
    std::fs::write(folder.path().join("load.csv"), "start,requests\n0,100\n60,300\n").expect("write");
    let loaded = load(&path.to_string_lossy());
    let Arrivals::Counts { counts, .. } = &loaded.scenario.model.sources[0].arrivals else { panic!("counts") };
    assert_eq!(counts, &[(SimTime::ZERO, 100), (SimTime::from_secs(60), 300)]);

    std::fs::write(folder.path().join("load.csv"), "0,100\n60,many\n").expect("write");
    let found = content::load(&path.to_string_lossy()).expect_err("not a number");
    let first = found.iter().next().expect("a diagnostic");
    assert!(first.file.ends_with("load.csv"), "{found}");
    assert_eq!((first.line, first.column), (2, 1));
}

/// What ships, loads; a warning in one is meant by its author (overload, mostly) and is allowed.
#[test]
fn every_shipped_scenario_loads() {
    let library = Library::shipped();
    for name in library.names() {
        if let Err(found) = library.load(&name) {
            panic!("{name}:\n{found}");
        }
    }
    assert_eq!(content::library().len(), library.names().len());
}

#[test]
fn a_folder_comes_before_what_ships() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mine.toml"), include_str!("../fixtures/mm1.toml")).expect("write");
    std::fs::write(folder.path().join("broken.toml"), "format_version = ").expect("write");
    let library = Library::with_folder(folder.path()).expect("the folder is there");
    assert_eq!(library.load("mine").expect("it loads").scenario.name, "mine");
    let listed: Vec<String> = library.entries().into_iter().map(|entry| entry.name).collect();
    assert!(listed.contains(&"mine".to_owned()) && !listed.contains(&"broken".to_owned()));
}

#[test]
fn a_misspelt_scenario_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("checkout.toml"), include_str!("../fixtures/mm1.toml")).expect("write");
    let library = Library::with_folder(folder.path()).expect("the folder is there");
    let found = library.load("chekout").expect_err("there is none");
    assert!(found.is_unreadable());
    assert_eq!(found.iter().next().and_then(|found| found.help.as_deref()), Some("did you mean `checkout`?"));
}

/// Writing only the bad version must not make it the one that runs from the start.
#[test]
fn the_first_version_is_v1_unless_another_one_is_named() {
    let versions = |keys: &str| {
        let source = format!("format_version = 1\n[services.a]\n{keys}\nendpoints.x.steps = []\n[traffic.t]\nto = 'a.x'\nrate = '1/s'");
        let model = read(&source).unwrap_or_else(|found| panic!("{keys}:\n{found}")).scenario.model;
        let name = |version: &fleetlab::ids::VersionId| model.versions[version.index()].name.clone();
        (model.services[0].versions.iter().map(name).collect::<Vec<_>>(), model.versions.clone())
    };
    for (keys, expected) in [
        ("", vec!["v1"]),
        ("version = 'v1'", vec!["v1"]),
        ("versions.v2.error_rate = 0.5", vec!["v1", "v2"]),
        ("version = 'v1'\nversions.v2.error_rate = 0.5", vec!["v1", "v2"]),
        ("versions.stable = {}\nversions.canary = {}", vec!["v1", "stable", "canary"]),
        ("version = 'canary'\nversions.stable = {}\nversions.canary = {}", vec!["canary", "stable"]),
        ("versions.v2 = {}\nversions.v1 = {}", vec!["v1", "v2"]),
        ("version = 'v2'\nversions.v2 = {}", vec!["v2"]),
    ] {
        assert_eq!(versions(keys).0, expected, "{keys}");
    }
    let (_, all) = versions("versions.v1.latency_factor = 2\nversions.v2 = {}");
    assert!((all[0].behaviour.latency_factor - 2.0).abs() < 1e-9, "a `v1` that is written is the one that runs");
    assert_eq!(all.len(), 2);
}
