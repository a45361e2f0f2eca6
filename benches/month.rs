//! What a team at work costs: service calls per second of eight people who deliver Online Boutique at 20 requests/s, against
//! the kernel's own workloads.
//!
//! The team writes, builds, tests, deploys and mends through a working day and the night after it; the control plane must not
//! cost what it does not use. Run in turn with the workloads of the kernel's bench; the ratios are printed. Run with
//! `cargo bench --bench month`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use fleetlab::kernel::model::Arrivals;
use fleetlab::lab::Session;
use fleetlab::scenario::Scenario;
use fleetlab::units::{PerSecond, SimSpan, SimTime};

/// Requests of users per second in the month.
const RATE: f64 = 20.0;
/// Rounds in turn.
const ROUNDS: usize = 5;

fn shipped(name: &str, change: impl FnOnce(&mut Scenario)) -> Arc<Scenario> {
    let mut scenario = fleetlab::content::load(name).unwrap_or_else(|error| panic!("{name}: {error}")).scenario;
    change(&mut scenario);
    Arc::new(scenario)
}

fn at_rate(scenario: &mut Scenario) {
    if let Arrivals::Open { rate, shapes, .. } = &mut scenario.model.sources[0].arrivals {
        *rate = PerSecond::new(RATE);
        shapes.clear();
    }
}

/// The machine's clock.
#[expect(clippy::disallowed_types, reason = "a bench measures real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Service calls per second of real time, from two seconds on.
fn speed(scenario: &Arc<Scenario>, until: SimTime) -> f64 {
    let mut session = Session::new(Arc::clone(scenario), 1);
    session.advance_to(SimTime::from_secs(2));
    let hops = |session: &Session| session.store().run_counts().hops;
    let before = hops(&session);
    let start = now();
    session.advance_to(until);
    black_box(hops(&session) - before) as f64 / start.elapsed().as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ratios(_: &mut Criterion) {
    let team = shipped("month-startup", at_rate);
    let alone = shipped("online-boutique", |scenario| {
        scenario.duration = SimSpan::from_secs(2 * 86_400);
        at_rate(scenario);
    });
    let (boutique, loaded) = (shipped("online-boutique", |_| {}), shipped("yardstick-w2-loaded", |_| {}));
    let day = SimTime::from_secs(86_400);
    let mut found = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let ours = speed(&team, day);
        for (ratios, other) in found.iter_mut().zip([speed(&boutique, SimTime::from_secs(1_200)), speed(&loaded, SimTime::from_secs(100)), speed(&alone, day)])
        {
            ratios.push(ours / other);
        }
    }
    let [boutique, loaded, alone] = found.each_mut().map(|ratios| median(ratios));
    #[expect(clippy::print_stdout, reason = "the ratios are what this bench is for")]
    {
        println!("month: a day of eight people on Online Boutique at {RATE}/s, in service calls per second:");
        println!(
            "month: {boutique:.2} × Online Boutique as shipped, {loaded:.2} × w2 with timeout and retries, {alone:.2} × Online Boutique at the same rate without a team"
        );
    }
}

criterion_group!(benches, ratios);
criterion_main!(benches);
