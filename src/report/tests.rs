//! Reports of a run that was fed by hand: what they say, and that every form says it.

use std::collections::BTreeMap;

use super::*;
use crate::delivery::pipelines::Pipelines;
use crate::ids::{EndpointId, InstanceId, ServiceId, VersionId, ZoneId};
use crate::kernel::outcome::{Outcome, Reason};
use crate::kernel::record::{Hop, Recorder as _, SourceGauge, View};
use crate::scenario::{Action, Scenario, Slo, TelemetryConfig, Text, TimedAction};
use crate::telemetry::ledger::{Deed, Event, Ledger};
use crate::telemetry::store::Store;
use crate::telemetry::testing::{chain, entry, gauge, hop};
use crate::units::{Ratio, SimSpan, SimTime};

fn scenario() -> Scenario {
    Scenario {
        name: "shop".into(),
        title: Text(BTreeMap::from([("en".into(), "A small <shop>".into()), ("vi".into(), "Một cửa hàng nhỏ".into())])),
        description: Text::default(),
        seed: 42,
        duration: SimSpan::from_secs(600),
        warm_up: SimSpan::from_secs(60),
        model: chain(3).0,
        fleet: Vec::new(),
        kinds: Vec::new(),
        alarms: Vec::new(),
        features: Vec::new(),
        composite_alarms: Vec::new(),
        slos: vec![
            Slo { name: "availability".into(), service: None, objective: Ratio::new(0.999), latency: None },
            Slo { name: "fast".into(), service: Some(ServiceId(2)), objective: Ratio::new(0.9), latency: Some(SimSpan::from_millis(100)) },
        ],
        timeline: Vec::new(),
        team: None,
        pipelines: Pipelines::default(),
        telemetry: TelemetryConfig::default(),
    }
}

/// Ten minutes of a shop: a fault makes the database slow from 3:00 to 5:00, a bad version of the cart comes at 7:00.
fn run(watch: impl Fn(&Store, &Ledger, &mut Watcher)) -> (Store, Ledger, Watcher) {
    let (model, sites) = chain(3);
    let (mut store, mut ledger, mut watcher) = (Store::new(&model, &sites, SimTime::from_secs(60)), Ledger::default(), Watcher::default());
    (0..3).for_each(|at| store.register_instance(InstanceId(at), VersionId(2 * at as u16)));
    for second in 1..=600_u64 {
        let at = SimTime::from_secs(second - 1);
        match second - 1 {
            180 => ledger.push(at, Event::FaultInjected { name: "slow".into(), kind: "latency", service: Some(ServiceId(2)), instances: vec![InstanceId(2)] }),
            300 => ledger.push(at, Event::FaultCleared { name: "slow".into() }),
            420 => {
                store.register_instance(InstanceId(3), VersionId(3));
                let (service, version, replaces) = (ServiceId(1), VersionId(3), VersionId(2));
                ledger.push(at, Event::DeploymentStarted { deployment: 1, service, version, replaces, strategy: "rolling", rolls_back: None });
                ledger.push(at, Event::Instance { instance: InstanceId(3), service, change: "started" });
            }
            450 => ledger.push(at, Event::DeploymentCompleted { deployment: 1 }),
            480 => ledger.push(at, Event::Scaled { service: ServiceId(0), from: 1, to: 2, by: "hpa" }),
            500 => ledger.push(at, Event::Acted { service: None, what: Deed::SetLoad { source: "users".into(), factor: "2".into() } }),
            _ => {}
        }
        let slow = (180..300).contains(&(second - 1));
        let bad = second > 420;
        let db = if slow { 250 } else { 5 };
        for _ in 0..20 {
            store.hops(&[hop(2, db, Outcome::Ok)]);
            let cart = if bad { InstanceId(3) } else { InstanceId(1) };
            store.hops(&[Hop { instance: cart, wait: 5e5, network: 1_000_000, ..hop(1, db + 10, Outcome::Ok) }, hop(0, db + 15, Outcome::Ok)]);
            store.entries(&[entry(db + 16, Outcome::Ok)]);
        }
        if bad {
            let failed = Outcome::Failed(Reason::ApplicationError);
            store.hops(&[Hop { instance: InstanceId(3), ..hop(1, 3, failed) }, hop(0, 8, Outcome::Failed(Reason::DependencyFailed))]);
            store.entries(&[entry(9, Outcome::Failed(Reason::DependencyFailed))]);
        }
        if slow {
            store.hops(&[
                Hop { view: View::Client, ..hop(2, 1_000, Outcome::Failed(Reason::Timeout)) },
                Hop { view: View::Server, ..hop(2, 1_200, Outcome::Ok) },
            ]);
        }
        // What instances hold follows from what was recorded above: requests times their seconds.
        let held = |millis: u64| 20.0 * millis as f64 / 1e3;
        let (cart, new_cart) = if bad { (0.0, held(db + 10) + 0.003) } else { (held(db + 10), 0.0) };
        let web = held(db + 15) + if bad { 0.008 } else { 0.0 };
        let (db_busy, db_held) = if slow { (3.9, held(db) + 1.2) } else { (0.1, held(db)) };
        let mut gauges = vec![gauge(0, 0.4, web), gauge(1, 0.3, cart), gauge(2, db_busy, db_held)];
        if bad {
            gauges.push(gauge(3, 0.3, new_cart));
        }
        let sent = 20 + u32::from(bad);
        let area = (web * 1e9) as u64;
        store.window(SimTime::from_secs(second), &gauges, &[SourceGauge { sent, under_way: 0, area }]);
        if second % 30 == 0 {
            watch(&store, &ledger, &mut watcher);
        }
    }
    (store, ledger, watcher)
}

fn facts<'a>(scenario: &'a Scenario, store: &'a Store, ledger: &'a Ledger) -> Facts<'a> {
    Facts {
        scenario,
        seed: 42,
        now: store.now(),
        digest: "0123456789abcdef",
        events: Some(123_456),
        store,
        ledger,
        overdue: &[],
        queues: &[],
        zones: &[ZoneId(0); 4],
        flags: &[],
        ended: &[],
        actions: &[],
        cost: 0.0137,
        wall_s: Some(0.25),
    }
}

fn report() -> Report {
    let scenario = scenario();
    let (store, ledger, watcher) = run(|store, ledger, watcher| watcher.observe(&facts(&scenario, store, ledger)));
    Report::new(&facts(&scenario, &store, &ledger), watcher)
}

#[test]
fn a_report_counts_what_happened_after_the_warm_up() {
    let report = report();
    assert_eq!((report.requests, report.entry.requests, report.entry.goodput), (20 * 600 + 180, 20 * 540 + 180, 20 * 540));
    assert_eq!(report.entry.errors, BTreeMap::from([("dependency-failed".to_string(), 180)]));
    let db = &report.services["db"];
    assert_eq!((db.abandoned, db.callers.errors["timeout"]), (120, 120));
    assert_eq!(report.services["cart"].versions.keys().collect::<Vec<_>>(), ["v1", "v2"]);
    assert_eq!(report.services["cart"].traffic.wait_ms.and_then(|wait| wait.wait_probability).map(|p| p > 0.97), Some(true));
    assert_eq!(report.slos.iter().map(|slo| slo.met).collect::<Vec<_>>(), [false, false]);
    let gaps = report.services.values().map(|service| service.little.and_then(|little| little.gap).expect("requests"));
    assert!(gaps.into_iter().all(|gap| gap < 1e-6), "the books were written to agree");
}

#[test]
fn a_services_books_add_up_and_work_for_nothing_is_an_error() {
    let report = report();
    let db = &report.services["db"].traffic;
    assert_eq!((db.failed, db.errors["abandoned"]), (120, 120), "answers that came after the caller's timeout");
    assert!(db.error_ratio.is_some_and(|ratio| ratio > 0.01));
    let versions = report.services.values().flat_map(|service| service.versions.values().map(|version| &version.traffic));
    for traffic in report.services.values().map(|service| &service.traffic).chain(versions) {
        assert_eq!(traffic.requests, traffic.goodput + traffic.failed);
        assert_eq!(traffic.errors.values().sum::<u64>(), traffic.failed);
    }
    let db = &report.services["db"].versions["v1"].callers;
    assert_eq!((db.requests, db.failed, db.given_up["timeout"]), (20 * 540 + 120, 120, 120), "what they gave up is a failure of the version");
}

#[test]
fn degraded_answers_are_told() {
    let scenario = scenario();
    let (mut store, ledger, watcher) = run(|_, _, _| {});
    assert!(!Format::Text.render(&Report::new(&facts(&scenario, &store, &ledger), Watcher::default())).expect("renders").contains("degraded"));
    store.entries(&[entry(5, Outcome::Degraded)]);
    store.hops(&[hop(1, 5, Outcome::Degraded)]);
    store.window(SimTime::from_secs(601), &[], &[]);
    let report = Report::new(&facts(&scenario, &store, &ledger), watcher);
    for format in [Format::Text, Format::Md, Format::Html] {
        let text = format.render(&report).expect("renders");
        assert!(
            text.contains("1 of the answers (<0.01 %) were degraded")
                || text.contains("1 of the answers (&lt;0.01 %)")
                || text.contains("1 of the answers (\\<0.01 %)"),
            "{text}"
        );
        assert_eq!(text.matches("degraded").count(), 5, "the first paragraph, users, services, calls and the notes: {text}");
    }
}

#[test]
fn a_fault_is_told_with_what_moved() {
    let report = report();
    let fault = report.happenings.iter().find(|happening| happening.kind == "fault").expect("a fault was injected");
    assert_eq!((fault.what.as_str(), fault.at_s, fault.until_s, fault.visible), ("latency on db (1 instance)", 180.0, Some(300.0), false));
    let p99 = |signals: Option<model::Signals>| signals.and_then(|signals| signals.p99_ms).map_or(0.0, f64::round);
    assert_eq!([fault.users.before, fault.users.during, fault.users.after].map(p99).map(|ms| ms as u32), [21, 265, 21]);
    let db = fault.target.as_ref().expect("it is about the database");
    assert_eq!(db.moved, ["failed", "p50", "p99", "busy"]);
    assert_eq!(p99(fault.users.later) as u32, 21, "the last minute before the deployment");
    assert!(db.during.and_then(|during| during.error_ratio).is_some_and(|ratio| ratio > 0.04));
    assert_eq!(db.during.and_then(|during| during.saturation), Some(0.975));
    assert!(fault.moved.iter().any(|(name, _)| name == "cart"));
    assert_eq!(report.faults[0].ended_s, Some(300.0));
}

#[test]
fn the_ledger_is_told_with_names_and_instances_with_their_zone() {
    let report = report();
    let told: Vec<_> = report.ledger.iter().map(|record| (record.event.as_str(), record.service.as_deref(), record.visible, record.text.as_str())).collect();
    assert_eq!(
        told,
        [
            ("fault-injected", Some("db"), false, "slow: latency on db (1 instance)"),
            ("fault-cleared", None, false, "slow is over"),
            ("deployment-started", Some("cart"), true, "deployment 1: cart v1 → v2 (rolling)"),
            ("instance-started", Some("cart"), true, "instance 3 started"),
            ("deployment-completed", Some("cart"), true, "deployment 1 completed"),
            ("scaled", Some("web"), true, "scaled 1 → 2 by hpa"),
            ("action", None, true, "set the load of `users` to 2 times"),
        ]
    );
    let started = &report.ledger[3];
    assert_eq!((started.at_s, started.instance, started.version.as_deref()), (420.0, Some(3), Some("v2")));
    let completed = &report.ledger[4];
    assert_eq!((completed.deployment, completed.version.as_deref(), report.ledger_left_out), (Some(1), Some("v2"), 0));
    assert!(report.instances.iter().all(|instance| instance.zone.as_deref() == Some("zone-a")));
}

#[test]
fn what_was_done_has_its_object() {
    let mut scenario = scenario();
    let loss = r#"{ "kind": { "zone-loss": { "zone": "zone-b" } } }"#;
    let fault = serde_json::from_str(loss).expect("a fault");
    scenario.timeline.push(TimedAction { at: SimTime::from_secs(5), action: Action::Inject { fault } });
    let (store, mut ledger, _) = run(|_, _, _| {});
    ledger
        .push(SimTime::from_secs(600), Event::FaultInjected { name: "zone-loss".into(), kind: "zone-loss", service: None, instances: vec![InstanceId(1); 3] });
    ledger.push(SimTime::from_secs(600), Event::Acted { service: Some(ServiceId(1)), what: Deed::Restart { picked: 1, all: 2 } });
    ledger.push(SimTime::from_secs(600), Event::Acted { service: Some(ServiceId(1)), what: Deed::ShiftTraffic { shares: "v1 9, v2 1".into() } });
    let report = Report::new(&facts(&scenario, &store, &ledger), Watcher::default());
    let told: Vec<_> = report.happenings.iter().rev().take(3).map(|happening| happening.what.as_str()).collect();
    assert_eq!(told, ["shift the traffic of `cart`: v1 9, v2 1", "restart 1 of 2 instances of `cart`", "zone-loss of zone-b (3 instances)"]);
}

#[test]
fn failing_open_is_told_in_words() {
    assert_eq!(tell::instance(Some(InstanceId(3)), "out-of-memory"), "instance 3 out of memory");
    assert_eq!(tell::instance(None, "fail-open"), "no target is healthy, so traffic goes to all of them (fail open)");
}

#[test]
fn a_cure_that_takes_longer_than_a_minute_shows_later() {
    let report = report();
    let action = report.happenings.last().expect("the load was set at 8:20");
    assert!(action.users.after.is_none() && action.users.later.is_some(), "9:20 to 10:00");
    let text = Format::Text.render(&report).expect("renders");
    let table = text.split("08:20").nth(1).and_then(|rest| rest.split("The fleet's log").next()).expect("a table");
    assert!(table.contains("before  first minute    later") && !table.contains("after"), "{table}");
}

#[test]
fn a_bad_deployment_is_told_with_its_effect() {
    let report = report();
    let deployment = report.happenings.iter().find(|happening| happening.kind == "deployment").expect("there was one");
    assert_eq!(deployment.what, "deployment 1: cart v1 → v2 (rolling), completed");
    let errors = |signals: Option<model::Signals>| signals.and_then(|signals| signals.error_ratio).expect("requests");
    assert!(errors(deployment.users.before) == 0.0 && errors(deployment.users.during) > 0.04);
    assert_eq!((report.dora.metrics.deployments, report.dora.metrics.change_fail_rate, report.dora.metrics.change_lead_time_s), (1, Some(0.0), None));
    assert_eq!((report.dora.unknown.len(), report.dora.metrics.deployment_rework_rate), (2, Some(0.0)));
}

#[test]
fn signals_are_the_same_however_often_a_run_is_observed() {
    let scenario = scenario();
    let often = report();
    let (store, ledger, watcher) = run(|_, _, _| {});
    let once = Report::new(&facts(&scenario, &store, &ledger), watcher);
    let last = |report: &Report| report.happenings.last().map(|happening| (happening.what.clone(), happening.users.clone()));
    assert_eq!(last(&often), last(&once), "recent windows are still fine");
}

#[test]
fn a_run_without_requests_says_so_and_has_no_numbers_that_are_not_numbers() {
    let scenario = scenario();
    let (model, sites) = chain(3);
    let (store, ledger) = (Store::new(&model, &sites, SimTime::ZERO), Ledger::default());
    let report = Report::new(&facts(&scenario, &store, &ledger), Watcher::default());
    let text = Format::Text.render(&report).expect("renders");
    assert!(text.contains("No request of a user ended"), "{text}");
    for format in [Format::Text, Format::Md, Format::Html, Format::Json] {
        let rendered = format.render(&report).expect("renders");
        assert!(!rendered.contains("NaN") && !rendered.contains("inf\"") && !rendered.contains(" inf "), "{rendered}");
    }
}

#[test]
fn the_json_report_keeps_to_its_schema_and_has_what_is_promised() {
    let json: serde_json::Value = serde_json::from_str(&Format::Json.render(&report()).expect("renders")).expect("is JSON");
    let schema = serde_json::to_value(schemars::schema_for!(Report)).expect("is JSON");
    let validator = jsonschema::validator_for(&schema).expect("is a schema");
    let wrong: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for key in ["format_version", "scenario", "seed", "simulated_s", "wall_s", "digest", "requests", "hops", "events", "deployments", "incidents", "dora"] {
        assert!(json.get(key).is_some(), "{key} is missing");
    }
    for part in [&json["entry"], &json["services"]["db"]] {
        for key in ["requests", "goodput", "errors", "latency_ms", "wait_ms", "in_system", "utilisation"] {
            assert!(part.get(key).is_some(), "{key} is missing");
        }
        for key in ["mean", "p50", "p90", "p95", "p99", "p999"] {
            assert!(part["latency_ms"][key].is_number(), "{key} is missing");
        }
    }
    assert!(json["services"]["db"]["wait_ms"]["wait_probability"].is_number());
    assert_eq!(json["incidents"], serde_json::json!([]), "nobody works there");
}

#[test]
fn names_between_back_ticks_are_code() {
    let report = report();
    assert!(Format::Md.render(&report).expect("renders").contains("the load of `users` to"));
    assert!(Format::Html.render(&report).expect("renders").contains("the load of <code>users</code> to"));
}

#[test]
fn a_short_run_has_a_scale_and_counts_in_the_singular() {
    let scenario = scenario();
    let (model, sites) = chain(3);
    let (mut store, ledger) = (Store::new(&model, &sites, SimTime::ZERO), Ledger::default());
    store.entries(&[entry(5, Outcome::Ok)]);
    for second in 1..=3 {
        store.window(SimTime::from_secs(second), &[], &[SourceGauge { sent: u32::from(second == 1), ..SourceGauge::default() }]);
    }
    let text = Format::Text.render(&Report::new(&facts(&scenario, &store, &ledger), Watcher::default())).expect("renders");
    assert!(text.contains("Users asked 1 time (0.333/s) and were answered 1 time, 100 %"), "{text}");
    assert!(text.contains("00:00–00:03") && text.contains("1 request of users caused 0 service calls"), "{text}");
}

#[test]
fn names_from_strangers_do_not_become_markup() {
    let report = report();
    assert!(!Format::Html.render(&report).expect("renders").contains("<shop>"));
    assert!(Format::Md.render(&report).expect("renders").contains("A small \\<shop\\>"));
}

#[test]
fn the_html_report_draws_what_happened_and_loads_nothing() {
    let report = report();
    let html = Format::Html.render(&report).expect("renders");
    assert_eq!((html.matches("<figure>").count(), html.matches("role=\"img\"").count()), (2, 2));
    assert!(html.contains("<title>03:00 latency on db (1 instance)</title>"), "{html}");
    assert!(html.contains("answered up to 20/s, failed up to 1/s"), "what it shows is also said");
    for loads in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!html.contains(loads), "{loads}");
    }
}

#[test]
fn the_first_paragraph_of_the_description_opens_the_report() {
    let report = Report { description: "A shop\nwith a `cart`.\n\nAt 3:00 it slows down.\n".into(), ..report() };
    for (format, says) in
        [(Format::Text, "A shop with a `cart`.\n"), (Format::Md, "A shop with a `cart`.\n"), (Format::Html, "<p>A shop with a <code>cart</code>.</p>")]
    {
        let text = format.render(&report).expect("renders");
        assert!(text.contains(says) && !text.contains("slows down"), "{text}");
    }
}

#[test]
fn the_text_report() {
    insta::assert_snapshot!(Format::Text.render(&report()).expect("renders"));
}

#[test]
fn the_markdown_report() {
    insta::assert_snapshot!(Format::Md.render(&report()).expect("renders"));
}

#[test]
fn endpoints_are_named_with_their_service() {
    let scenario = scenario();
    let (model, sites) = chain(3);
    let (store, ledger) = (Store::new(&model, &sites, SimTime::ZERO), Ledger::default());
    assert_eq!(facts(&scenario, &store, &ledger).endpoint(EndpointId(1)), "cart.view");
}
