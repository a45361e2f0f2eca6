//! How fast the simulation runs: service calls per second on the reference workloads, with full telemetry.
//!
//! Everything is measured through a session, as the app and the command line run it: one-second windows, histograms,
//! sampled spans, the control plane. At the end the second reference workload, with a timeout of 1 s and two retries on
//! every call, is run in turn with a plain loop of the same workload, and the ratio of service calls per second is
//! printed; that ratio holds on a noisy machine, absolute times do not. Run with `cargo bench --bench kernel`.

#[path = "../tests/support/digests.rs"]
mod digests;
#[path = "support/plain.rs"]
mod plain;

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fleetlab::lab::Session;
use fleetlab::scenario::Scenario;
use fleetlab::units::SimTime;

use plain::Plain;

fn shipped(name: &str) -> Arc<Scenario> {
    Arc::new(fleetlab::content::load(name).unwrap_or_else(|error| panic!("{name}: {error}")).scenario)
}

/// 64 services in four layers of 16, 1,000 instances, 100,000 requests/s that make eight calls each on average.
fn thousand_instances() -> Arc<Scenario> {
    let mut toml = String::from("format_version = 1\nduration = \"1m\"\n");
    for service in 0..64 {
        let (layer, column) = (service / 16, service % 16);
        let instances = if service < 40 { 16 } else { 15 };
        let mut steps = String::from("{ work = { exponential = \"1ms\" } }");
        if layer < 3 {
            let next = (layer + 1) * 16;
            let (left, right) = (next + column, next + (column + 5) % 16);
            let _ = write!(steps, ", {{ call = \"s{left}.get\" }}, {{ probability = {{ p = 0.4, then = [{{ call = \"s{right}.get\" }}] }} }}");
        }
        let _ = write!(toml, "[services.s{service}]\ninstances = {instances}\nworkers = 16\nworker_model = \"async\"\nendpoints.get.steps = [{steps}]\n");
        for called in 0..64 {
            if layer < 3 && (called == (layer + 1) * 16 + column || called == (layer + 1) * 16 + (column + 5) % 16) {
                let _ = writeln!(toml, "calls.s{called} = {{ timeout = \"1s\", retry = {{ attempts = 3 }} }}");
            }
        }
    }
    toml.push_str("[traffic.users]\nrate = \"100000/s\"\n[traffic.users.mix]\n");
    for service in 0..16 {
        let _ = writeln!(toml, "\"s{service}.get\" = 1");
    }
    let folder = fleetlab::content::Folder::Nowhere;
    let loaded = fleetlab::content::read_str("thousand", "thousand.toml", &toml, &folder).unwrap_or_else(|error| panic!("{error}"));
    Arc::new(loaded.scenario)
}

/// A session that has run for two seconds, so that its tables have grown.
fn warm(scenario: &Arc<Scenario>) -> Session {
    let mut session = Session::new(Arc::clone(scenario), 1);
    session.advance_to(SimTime::from_secs(2));
    session
}

/// Service calls executed by a session so far.
fn hops(session: &Session) -> u64 {
    session.store().run_counts().hops
}

fn workloads(criterion: &mut Criterion) {
    // An optimised build must come to the same runs as the tests do.
    digests::check();
    let mut group = criterion.benchmark_group("kernel");
    for (name, scenario, seconds) in [
        ("w1", shipped("yardstick-w1"), 2_000),
        ("w2", shipped("yardstick-w2"), 20),
        ("w2 with timeout and retries", shipped("yardstick-w2-loaded"), 20),
        ("Online Boutique", shipped("online-boutique"), 30),
        ("1,000 instances", thousand_instances(), 1),
    ] {
        let end = SimTime::from_secs(2 + seconds);
        let mut trial = warm(&scenario);
        let before = hops(&trial);
        trial.advance_to(end);
        group.throughput(Throughput::Elements(hops(&trial) - before));
        group.sample_size(10);
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || warm(&scenario),
                |mut session| {
                    session.advance_to(end);
                    black_box(hops(&session))
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// The machine's clock.
#[expect(clippy::disallowed_types, reason = "a bench measures real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Service calls per second of one run of a session.
fn speed(scenario: &Arc<Scenario>, seconds: u64) -> f64 {
    let mut session = warm(scenario);
    let before = hops(&session);
    let start = now();
    session.advance_to(SimTime::from_secs(2 + seconds));
    (hops(&session) - before) as f64 / start.elapsed().as_secs_f64()
}

/// Ours and the plain loop in turn; prints the median of the ratios, and how the cost per call grows with the fleet.
fn ratios(_: &mut Criterion) {
    let (loaded, large) = (shipped("yardstick-w2-loaded"), thousand_instances());
    let (mut against_plain, mut growth) = (Vec::new(), Vec::new());
    for round in 0..9 {
        let start = now();
        let (calls, _) = black_box(Plain::run(100_000, 1_000.0, round + 1));
        let plain = calls as f64 / start.elapsed().as_secs_f64();
        let ours = speed(&loaded, 100);
        against_plain.push(ours / plain);
        growth.push(ours / speed(&large, 2));
    }
    #[expect(clippy::print_stdout, reason = "the ratios are what this bench is for")]
    {
        println!("kernel: w2 with timeout, retries and full telemetry: {:.2} × the plain loop, in service calls per second", median(against_plain));
        println!("kernel: cost per service call on 1,000 instances: {:.2} × that on ten services", median(growth));
    }
}

criterion_group!(benches, workloads, ratios);
criterion_main!(benches);
