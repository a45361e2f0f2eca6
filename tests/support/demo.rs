//! Made-up snapshots, to draw the window from without running a simulation: pictures and frame times must not depend on it.
//!
//! Only tests and benches use it. The numbers are plausible, nothing more.

#![allow(dead_code, unreachable_pub, reason = "each program that includes this file uses a part of it")]
#![allow(clippy::too_many_lines, reason = "a made-up world, thing by thing")]

use std::sync::Arc;

use fleetlab::fleet::instance::InstanceState;
use fleetlab::ids::{ServiceId, SourceId};
use fleetlab::kernel::model::Step;
use fleetlab::lab::Why;
use fleetlab::lab::snapshot::{
    ChartPoint, Charts, DeploymentSnapshot, EdgeEnd, EdgeSnapshot, FaultSnapshot, Health, InstanceSnapshot, Interest, Mark, MarkKind, OverviewPoint,
    ServiceSnapshot, Signals, SloSnapshot, Snapshot, SourceSnapshot, Totals, VersionSnapshot,
};
use fleetlab::phrase::Sentence;
use fleetlab::scenario::Scenario;
use fleetlab::units::{SimSpan, SimTime};

/// A number of 0…1 that is always the same for the same arguments.
fn noise(a: usize, b: usize) -> f64 {
    let mut x = (a as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (b as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 29;
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

fn calls(steps: &[Step], out: &mut Vec<fleetlab::ids::EndpointId>) {
    for step in steps {
        match step {
            Step::Call(call) => out.push(call.endpoint),
            Step::Parallel(branches) => branches.iter().for_each(|branch| calls(branch, out)),
            Step::Probability { then, otherwise, .. } | Step::Feature { then, otherwise, .. } => {
                calls(then, out);
                calls(otherwise, out);
            }
            Step::Repeat { steps, .. } => calls(steps, out),
            Step::Cache { on_miss, .. } => calls(on_miss, out),
            Step::Work(_) | Step::Io(_) | Step::Sleep(_) | Step::Publish(_) | Step::Fail(_) => {}
        }
    }
}

/// The pairs of caller and called service in a scenario's scripts.
fn edges(scenario: &Scenario) -> Vec<(EdgeEnd, ServiceId)> {
    let model = &scenario.model;
    let mut pairs = Vec::new();
    for (at, source) in model.sources.iter().enumerate() {
        for (endpoint, _) in &source.mix {
            pairs.push((EdgeEnd::Source(SourceId::from_index(at)), model.endpoints[endpoint.index()].service));
        }
    }
    for endpoint in &model.endpoints {
        let mut called = Vec::new();
        calls(&endpoint.steps, &mut called);
        pairs.extend(called.into_iter().map(|to| (EdgeEnd::Service(endpoint.service), model.endpoints[to.index()].service)));
    }
    let mut unique = Vec::new();
    for pair in pairs {
        if !unique.contains(&pair) {
            unique.push(pair);
        }
    }
    unique
}

fn signals(rate: f64, p50: f64, errors: f64, saturation: f64) -> Signals {
    Signals { rate, goodput: rate * (1.0 - errors), error_ratio: errors, p50_ms: Some(p50), p99_ms: Some(p50 * (4.0 + errors * 30.0)), saturation }
}

/// A snapshot of `scenario` at `seconds`: one service failing since 300 s, one being deployed to since 420 s.
pub fn snapshot(scenario: &Scenario, seconds: u64, interest: &Interest, instances_each: usize) -> Snapshot {
    let model = &scenario.model;
    let count = model.services.len();
    let failing = (seconds >= 300).then_some(count / 2);
    let deploying = (seconds >= 420 && count > 2).then_some(count / 3);
    let services = (0..count)
        .map(|at| {
            let is_failing = failing == Some(at);
            let errors = if is_failing {
                0.184
            } else if noise(at, 5) > 0.8 {
                0.0021
            } else {
                noise(at, 1) * 0.0004
            };
            let saturation = if is_failing { 0.97 } else { 0.15 + noise(at, 2) * 0.6 };
            let rate = 12.0 + noise(at, 3) * 480.0;
            let instances = instances_each.max(1) + if instances_each > 3 { at % 5 } else { at % 3 };
            let is_deploying = deploying == Some(at);
            ServiceSnapshot {
                strategy: fleetlab::fleet::deploy::Strategy::default(),
                previous: None,
                queue: fleetlab::kernel::model::Queue::default(),
                signals: signals(rate, 3.0 + noise(at, 4) * 40.0, errors, saturation),
                health: if is_failing {
                    Health::Failing
                } else if errors > 0.001 {
                    Health::Warning
                } else {
                    Health::Ok
                },
                why: is_failing.then(|| Why::Errors { percent: "18.4".to_owned() }.sentence()),
                instances: (0..instances)
                    .map(|i| InstanceSnapshot {
                        id: (at * 100 + i) as u32,
                        state: match (is_failing, is_deploying, i) {
                            (true, _, 0) => InstanceState::Crashed,
                            (true, _, 1) => InstanceState::Unhealthy,
                            (_, true, i) if i + 1 == instances => InstanceState::Starting,
                            (_, true, 0) => InstanceState::Draining,
                            _ => InstanceState::Healthy,
                        },
                        version: u16::from(is_deploying && i >= instances / 2),
                        zone: (i % model.zones.len().max(1)) as u8,
                        busy: (noise(at, i + 10) * 16.0) as u32,
                        queued: if is_failing { 40 + i as u32 } else { 0 },
                        cpu: noise(at, i + 20) * 0.9,
                        memory: (64 + i as u64 * 7) << 20,
                        faulted: is_failing && i < 2,
                    })
                    .collect(),
                desired: instances as u32,
                versions: ["v1", "v2"]
                    .iter()
                    .take(if is_deploying { 2 } else { 1 })
                    .enumerate()
                    .map(|(v, name)| VersionSnapshot {
                        name: (*name).to_owned(),
                        instances: instances as u32 / 2,
                        share: None,
                        signals: signals(rate / 2.0, 8.0 + v as f64 * 6.0, errors, saturation),
                    })
                    .collect(),
                stable: "v1".to_owned(),
                deployment: is_deploying.then(|| DeploymentSnapshot {
                    number: 1,
                    version: "v2".to_owned(),
                    strategy: "rolling".to_owned(),
                    done: instances as u32 / 2,
                    wanted: instances as u32,
                    failed: 0,
                    ..DeploymentSnapshot::default()
                }),
                queued: if is_failing { 212 } else { 0 },
                workers: 16,
                reasons: if is_failing { vec![("timeout", 61.2), ("queue-full", 14.0), ("dependency-failed", 3.5)] } else { Vec::new() },
            }
        })
        .collect();
    let edges = edges(scenario)
        .into_iter()
        .enumerate()
        .map(|(at, (from, to))| {
            let bad = failing == Some(to.index());
            EdgeSnapshot {
                from,
                to,
                rate: 10_f64.powf(0.4 + noise(at, 31) * 2.8),
                error_ratio: if bad { 0.21 } else { 0.0 },
                p99_ms: Some(20.0 + noise(at, 32) * 90.0),
                breaker_open: bad && at % 2 == 1,
                retry_ratio: if bad { 0.35 } else { 0.002 },
            }
        })
        .collect();
    let point = |t: u64, scale: f64, shift: f64| {
        let wave = (t as f64 / 90.0).sin() * 0.12 + noise(t as usize, 7) * 0.07;
        let broken = (300..540).contains(&t);
        let rate = 400.0 * (1.0 + wave) * scale;
        let error_ratio = if broken { 0.05 + noise(t as usize, 8) * 0.03 } else { noise(t as usize, 9) * 0.0008 };
        let p50 = (11.0 + noise(t as usize, 10) * 2.0 + if broken { 9.0 } else { 0.0 }) * shift;
        ChartPoint {
            t: t as f64,
            rate,
            goodput: rate * (1.0 - error_ratio),
            error_ratio,
            p50_ms: p50,
            p90_ms: p50 * 2.6,
            p99_ms: p50 * if broken { 34.0 } else { 6.0 },
            saturation: (0.42 + wave + if broken { 0.4 } else { 0.0 }).min(1.0),
            queued: if broken { 40.0 } else { 0.0 },
        }
    };
    let history = interest.history.map_or(seconds, |history| (history.as_secs_f64() as u64).min(seconds));
    let from = seconds - history;
    let total: Vec<ChartPoint> = (from..=seconds)
        .map(|t| {
            if (100..112).contains(&t) {
                ChartPoint { t: t as f64, error_ratio: f64::NAN, p50_ms: f64::NAN, p90_ms: f64::NAN, p99_ms: f64::NAN, ..ChartPoint::default() }
            } else {
                point(t, 1.0, 1.0)
            }
        })
        .collect();
    let by_version = interest.service.is_some_and(|service| deploying == Some(service.index()));
    let versions = if by_version {
        vec![
            ("v1".to_owned(), (from..=seconds).map(|t| point(t, 0.5, 1.0)).collect()),
            ("v2".to_owned(), (from.max(420)..=seconds).map(|t| point(t, 0.5, 1.9)).collect()),
        ]
    } else {
        Vec::new()
    };
    let all_marks = [
        (60, MarkKind::Scale, Some(0), "scaled from 2 to 3"),
        (300, MarkKind::Fault, failing, "latency injected"),
        (318, MarkKind::Instance, failing, "instance crashed"),
        (324, MarkKind::Instance, failing, "instance restarted"),
        (420, MarkKind::Deploy, deploying, "deployment of v2 began"),
        (540, MarkKind::FaultCleared, failing, "latency cleared"),
        (610, MarkKind::DeployDone, deploying, "deployment of v2 completed"),
    ];
    Snapshot {
        ended: Vec::new(),
        now: SimTime::from_secs(seconds),
        end: SimTime::ZERO + scenario.duration.max(SimSpan::from_secs(900)),
        speed: 60.0,
        delivery: None,
        dora: std::sync::Arc::default(),
        flaws: std::sync::Arc::default(),
        flags: Vec::new(),
        digest: "4f1c09be77a2d310".to_owned(),
        entry: signals(412.0, 24.0, if failing.is_some() { 0.031 } else { 0.0002 }, 0.0),
        services,
        edges,
        sources: model.sources.iter().map(|source| SourceSnapshot { name: source.name.clone(), rate: 412.0, factor: 1.0 }).collect(),
        charts: Charts { service: interest.service, window: SimSpan::from_secs(1), total, versions },
        overview: (0..=seconds / 5).map(|n| point(n * 5, 1.0, 1.0)).map(|p| OverviewPoint { t: p.t, goodput: p.goodput, failed: p.rate - p.goodput }).collect(),
        marks: all_marks
            .into_iter()
            .filter(|(at, ..)| *at <= seconds)
            .map(|(at, kind, service, label)| Mark {
                at: SimTime::from_secs(at),
                kind,
                service: service.map(ServiceId::from_index),
                about: None,
                what: Sentence { english: label.to_owned(), ..Sentence::default() },
            })
            .collect(),
        faults: failing
            .map(|at| FaultSnapshot {
                name: "latency-1".to_owned(),
                kind: "latency",
                service: Some(ServiceId::from_index(at)),
                until: Some(SimTime::from_secs(540)),
            })
            .into_iter()
            .collect(),
        policies: Vec::new(),
        alarms: Vec::new(),
        slos: vec![SloSnapshot {
            name: "users".to_owned(),
            objective: 0.999,
            achieved: Some(if failing.is_some() { 0.9962 } else { 0.9997 }),
            budget_left: if failing.is_some() { -2.8 } else { 0.7 },
        }],
        cost: 0.184,
        totals: Totals { requests: seconds * 412, answered: seconds * 410, hops: seconds * 3_900, events: seconds * 30_000 },
    }
}

/// A scenario of the library.
pub fn scenario(name: &str) -> Arc<Scenario> {
    Arc::new(fleetlab::content::load(name).expect("a scenario of the library").scenario)
}

/// Online Boutique blown up to `services` services that call each other in layers.
pub fn large(services: usize) -> Arc<Scenario> {
    let base = fleetlab::content::load("online-boutique").expect("a scenario of the library").scenario;
    let mut scenario = base.clone();
    "large".clone_into(&mut scenario.name);
    scenario.title.0.insert("en".to_owned(), format!("{services} services"));
    let (model, first) = (&mut scenario.model, base.model.services[0].clone());
    model.endpoints.truncate(0);
    model.services.clear();
    scenario.fleet = vec![base.fleet[0].clone(); services];
    scenario.kinds = (0..services).map(|at| base.kinds[at % base.kinds.len()]).collect();
    let call = |to: usize| {
        Step::Call(fleetlab::kernel::model::Call {
            endpoint: fleetlab::ids::EndpointId::from_index(to),
            policy: fleetlab::kernel::resilience::CallPolicy::default(),
        })
    };
    for at in 0..services {
        let name = format!("{}-{:02}", base.model.services[at % base.model.services.len()].name, at);
        model.services.push(fleetlab::kernel::model::Service { name, endpoints: vec![fleetlab::ids::EndpointId::from_index(at)], ..first.clone() });
        let called = [at * 2 + 1, at * 2 + 2, at + 9];
        let steps = called.into_iter().enumerate().filter(|&(n, to)| to < services && (n < 2 || at % 3 == 0)).map(|(_, to)| call(to)).collect();
        model.endpoints.push(fleetlab::kernel::model::Endpoint { service: ServiceId::from_index(at), name: "serve".to_owned(), steps });
    }
    for source in &mut model.sources {
        source.mix = vec![(fleetlab::ids::EndpointId::from_index(0), 1.0)];
    }
    Arc::new(scenario)
}
