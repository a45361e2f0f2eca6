//! A session as its users see it: what happens by itself, what can be done to it, and what a snapshot shows.

mod support;

use fleetlab::fleet::instance::InstanceState;
use fleetlab::lab::snapshot::{EdgeEnd, Health, Interest, MarkKind};
use fleetlab::lab::{ActionError, Session};
use fleetlab::telemetry::ledger::Event;
use fleetlab::units::SimSpan;
use support::{action, read, secs};

const SHOP: &str = r#"
format_version = 1
duration = "10m"

[services.web]
instances = 3
workers = 8
endpoints.home.steps = [ { work = "4ms" }, { call = "db.query" }, { publish = "mail" } ]
calls.db = { timeout = "200ms", retry = { attempts = 2 } }
versions.v1 = {}
versions.v2 = { error_rate = 0.5 }
deployment = "all-at-once"

[services.db]
workers = 10
endpoints.query.steps = [ { work = { exponential = "10ms" } } ]

[services.mailer]
endpoints.send.steps = [ { work = "1ms" } ]

[queues.mail]
consumer = "mailer.send"

[traffic.users]
to = "web.home"
rate = "200/s"

[slos.answers]
objective = 0.99

[[timeline]]
at = "2m"
do = { inject = { fault = { kind = 'dependency-outage', service = 'db', duration = '30s' } } }
"#;

fn started() -> Session {
    Session::new(read(SHOP), 1)
}

#[test]
fn a_snapshot_shows_the_fleet_and_its_traffic() {
    let mut session = started();
    session.advance_to(secs(60));
    let snapshot = session.snapshot(&Interest { service: Some(fleetlab::ids::ServiceId(0)), history: None });
    assert_eq!((snapshot.now, snapshot.end), (secs(60), secs(600)));
    let web = &snapshot.services[0];
    assert!((web.signals.rate - 200.0).abs() < 30.0, "{:?}", web.signals);
    assert_eq!((web.health, web.desired, web.instances.len(), web.stable.as_str()), (Health::Ok, 3, 3, "v1"));
    assert!(web.instances.iter().all(|instance| instance.state == InstanceState::Healthy && !instance.faulted));
    // 200/s × 4 ms over three instances is a quarter of a core each.
    assert!(web.instances.iter().all(|instance| (instance.cpu - 0.267).abs() < 0.08), "{:?}", web.instances);
    let edge = |from, to: usize| snapshot.edges.iter().find(|edge| edge.from == from && edge.to.index() == to).expect("an edge");
    let (users, web_end) = (EdgeEnd::Source(fleetlab::ids::SourceId(0)), EdgeEnd::Service(fleetlab::ids::ServiceId(0)));
    assert!((edge(users, 0).rate - 200.0).abs() < 30.0);
    assert!(edge(web_end, 1).p99_ms.is_some_and(|p99| (25.0..90.0).contains(&p99)));
    assert!((edge(web_end, 2).rate - 200.0).abs() < 30.0, "the queue is drawn as an edge from who publishes to who consumes");
    assert!((snapshot.sources[0].rate - 200.0).abs() < 30.0);
    assert_eq!(snapshot.charts.total.len(), 60);
    assert_eq!(snapshot.charts.versions.len(), 2);
    assert!(snapshot.slos[0].achieved.is_some_and(|achieved| achieved > 0.99) && snapshot.slos[0].budget_left > 0.0);
    assert_eq!(snapshot.overview.len(), 60);
    assert!(snapshot.totals.requests > 11_000 && snapshot.totals.hops > 2 * snapshot.totals.requests);
    assert!(snapshot.marks.is_empty(), "{:?}", snapshot.marks);
}

#[test]
fn an_outage_on_the_timeline_is_seen_and_ends() {
    let mut session = started();
    session.advance_to(secs(140));
    let during = session.snapshot(&Interest::default());
    let db = &during.services[1];
    assert_eq!((db.health, db.signals.error_ratio > 0.99), (Health::Failing, true), "{:?} {:?}", db.why, db.signals);
    assert_eq!(db.reasons.first().map(|(reason, _)| *reason), Some("connection-refused"));
    assert!(db.instances[0].faulted && db.instances[0].state == InstanceState::Crashed);
    assert_eq!(during.faults.len(), 1);
    assert_eq!(during.faults[0].until, Some(secs(150)));
    session.advance_to(secs(200));
    let after = session.snapshot(&Interest::default());
    assert_eq!(after.services[1].health, Health::Ok, "{:?}", after.services[1].why);
    assert!(after.faults.is_empty());
    let kinds: Vec<MarkKind> = after.marks.iter().map(|mark| mark.kind).collect();
    assert_eq!(kinds, [MarkKind::Fault, MarkKind::Instance, MarkKind::FaultCleared, MarkKind::Instance]);
}

#[test]
fn whatever_a_person_does_takes_effect() {
    let mut session = started();
    session.advance_to(secs(30));
    for deed in [
        "set-load = { source = 'users', factor = 0.5 }",
        "set-capacity = { service = 'web', workers = 2 }",
        "set-policy = { from = 'web', to = 'db.query', policy = { timeout = '1s' } }",
        "scale = { service = 'web', instances = 5 }",
        "shift-traffic = { service = 'web', weights = { v1 = 1.0 } }",
        "restart = { service = 'mailer' }",
    ] {
        session.act(action(deed)).unwrap_or_else(|error| panic!("{deed}: {error}"));
    }
    session.advance_to(secs(60));
    let snapshot = session.snapshot(&Interest::default());
    let web = &snapshot.services[0];
    assert!((web.signals.rate - 100.0).abs() < 20.0, "{:?}", web.signals);
    assert_eq!((web.workers, web.desired, web.instances.len()), (2, 5, 5));
    assert!((snapshot.sources[0].factor - 0.5).abs() < 1e-9);
    session.act(action("deploy = { service = 'web', version = 'v2' }")).expect("known");
    session.advance_to(secs(90));
    let snapshot = session.snapshot(&Interest::default());
    assert_eq!(snapshot.services[0].stable, "v2");
    assert!((snapshot.services[0].signals.error_ratio - 0.5).abs() < 0.1, "{:?}", snapshot.services[0].signals);
    session.act(action("roll-back = { service = 'web' }")).expect("there is something to go back to");
    session.advance_to(secs(110));
    assert_eq!(session.snapshot(&Interest::default()).services[0].stable, "v1");
    assert_eq!(session.actions().len(), 8);
}

#[test]
fn what_makes_no_sense_is_refused_with_the_nearest_name_and_changes_nothing() {
    let mut session = started();
    session.advance_to(secs(10));
    let before = session.digest();
    for (deed, expected) in [
        ("scale = { service = 'wbe', instances = 3 }", "did you mean `web`"),
        ("deploy = { service = 'web', version = 'v3' }", "no version named `v3`"),
        ("deploy = { service = 'web', version = 'v2', strategy = { rolling-update = { max_surge = 0, max_unavailable = 0 } } }", "no room"),
        ("set-policy = { from = 'usres', to = 'web', policy = {} }", "did you mean `users`"),
        ("set-policy = { from = 'users', to = 'web.hone', policy = {} }", "did you mean `home`"),
        ("flush-cache = { service = 'web', cache = 'pages' }", "no cache named `pages`"),
        ("roll-back = { service = 'web' }", "nothing to"),
        ("scale = { service = 'web', instances = 1000000 }", "10000"),
        ("set-load = { source = 'users', factor = -1.0 }", "0 to 1000"),
        ("shift-traffic = { service = 'web', weights = { v1 = 0.0 } }", "above zero"),
        ("inject = { fault = { kind = 'crash' } }", "needs the service"),
        ("inject = { fault = { kind = { zone-loss = { zone = 'zone-b' } } } }", "did you mean `zone-a`"),
        ("clear = { fault = 'nothing' }", "no fault named `nothing`"),
        ("set-capacity = { service = 'web', workers = 0 }", "1 to 100000"),
    ] {
        let error = session.act(action(deed)).expect_err(deed).to_string();
        assert!(error.contains(expected) || expected == "nothing to" && error.contains("no earlier version"), "{deed}: {error}");
    }
    assert_eq!(session.digest(), before);
    assert!(session.actions().is_empty());
}

#[test]
fn nothing_can_be_done_after_the_end() {
    let mut session = started();
    session.run();
    assert!(session.is_over());
    assert_eq!(session.now(), secs(600));
    assert_eq!(session.act(action("scale = { service = 'web', instances = 4 }")), Err(ActionError::Over));
}

#[test]
fn a_fault_of_the_same_name_is_refused_while_the_first_is_in_force() {
    let mut session = started();
    let inject = "inject = { fault = { name = 'slow', kind = 'latency', service = 'db' } }";
    session.act(action(inject)).expect("first");
    assert!(session.act(action(inject)).expect_err("second").to_string().contains("in force already"));
    session.act(action("clear = { fault = 'slow' }")).expect("in force");
    session.act(action(inject)).expect("free again");
    // Without a name each gets one of its own.
    for _ in 0..2 {
        session.act(action("inject = { fault = { kind = 'latency', service = 'db' } }")).expect("unnamed");
    }
    let names: Vec<String> = session.fleet().faults().into_iter().map(|fault| fault.name).collect();
    assert_eq!(names, ["slow", "latency-db", "latency-db-2"]);
}

#[test]
fn what_the_timeline_cannot_do_is_left_out_and_said() {
    let source = format!("{SHOP}\n[[timeline]]\nat = '1m'\ndo = {{ roll-back = {{ service = 'web' }} }}\n");
    let mut session = Session::new(read(&source), 1);
    session.advance_to(secs(61));
    let said = session
        .ledger()
        .truth()
        .iter()
        .any(|record| matches!(&record.event, Event::Acted { what, .. } if what.to_string().contains("left out of the timeline")));
    assert!(said);
}

#[test]
fn the_truth_is_kept_apart_from_what_a_team_sees() {
    let mut session = started();
    session.advance_to(secs(130));
    assert!(session.ledger().truth().iter().any(|record| matches!(record.event, Event::FaultInjected { .. })));
    assert!(!session.ledger().visible().any(|record| matches!(record.event, Event::FaultInjected { .. })));
}

#[test]
fn the_cost_is_that_of_the_instance_hours() {
    let source = SHOP
        .replace("[services.web]\n", "[services.web]\nprice = 3.6\n")
        .replace("[services.db]\n", "[services.db]\nprice = 0\n")
        .replace("[services.mailer]\n", "[services.mailer]\nprice = 0\n");
    let mut session = Session::new(read(&source), 1);
    session.advance_to(secs(100));
    session.act(action("scale = { service = 'web', instances = 5 }")).expect("known");
    session.advance_to(secs(100) + SimSpan::from_secs(200));
    // 3 × 300 s and 2 × 200 s at a tenth of a cent per second.
    assert!((session.fleet().cost(session.now()).0 - 1.3).abs() < 1e-9, "{}", session.fleet().cost(session.now()).0);
}

#[test]
fn every_failed_request_is_walked_back_to_the_change_that_did_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/team.toml");
    let loaded = match fleetlab::content::load(path) {
        Ok(loaded) => loaded,
        Err(diagnostics) => panic!("{}", diagnostics.render(false)),
    };
    let mut session = Session::new(std::sync::Arc::new(loaded.scenario), 7);
    // In steps, as a reader sees it: what is walked back is kept from one look to the next.
    for day in 1..=3 {
        session.advance_to(secs(day * 86_400));
        session.snapshot(&Interest::default());
    }
    let snapshot = session.snapshot(&Interest::default());
    let (model, dora) = (&session.scenario().model, &snapshot.dora);
    let look = snapshot.delivery.as_ref().expect("a team");
    assert!(!snapshot.flaws.is_empty(), "something hurt users in three days");
    let total: u64 = snapshot.flaws.iter().map(|flaw| flaw.failed).sum();
    assert_eq!(total, session.store().strikes().iter().map(|(_, damage)| damage.failed).sum::<u64>());
    for flaw in snapshot.flaws.iter() {
        let origin = flaw.origin.as_ref().expect("a change brought it");
        let written = session.ledger().truth().iter().any(
            |record| matches!(&record.event, Event::DefectWritten { flaw: of, change, kind } if *of == flaw.flaw && *change == origin.change && *kind == origin.kind.name()),
        );
        assert!(written, "the ledger says who wrote {:?}", flaw.flaw);
        let first = flaw.introduced.expect("a deployment brought it");
        assert!(dora.truth.hurt.contains(&first), "and by the truth it hurt users");
        assert!(!flaw.requests.is_empty());
        for request in &flaw.requests {
            let version = &model.versions[request.version.index()];
            assert!(version.flaws.iter().any(|known| known.id == flaw.flaw), "the version on the instance has the flaw");
            assert_eq!(session.store().version_of(request.hurt.instance), Some(request.version));
            let deployment = dora.deployments.iter().find(|deployment| Some(deployment.number) == request.deployment).expect("its deployment");
            assert_eq!((deployment.version, deployment.service), (request.version, request.service));
            assert!(deployment.started <= request.hurt.ended && deployment.number >= first);
            let artifact = look.artifacts.iter().find(|artifact| artifact.version == request.version).expect("a build made it");
            assert_eq!((Some(artifact.execution), artifact.build, Some(&artifact.commit)), (request.execution, request.build, request.commit.as_ref()));
            let build = look.builds.iter().find(|build| Some(build.number) == request.build).expect("its build");
            assert_eq!((build.execution, build.project.as_str(), build.failed.as_ref()), (artifact.execution, "boutique-build", None));
            let commit = look.commits.iter().find(|commit| Some(&commit.sha) == request.commit.as_ref()).expect("its commit");
            assert_eq!(commit.branch, "main");
            let merged = session
                .ledger()
                .truth()
                .iter()
                .any(|record| matches!(&record.event, Event::Merged { change, commit: at, .. } if *change == origin.change && *at <= commit.number));
            assert!(merged, "the change was merged by the commit that the version was built from");
        }
    }
}
