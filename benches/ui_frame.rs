//! The CPU time of one frame (layout and tessellation) of the app, against the demo frame of `egui_demo_lib`.
//!
//! Both are drawn at 1920×1080 in the same process. The app gets a new snapshot with every frame, as it would with the
//! simulation at its highest speed on a slow screen. Ratios hold on a noisy machine: frames of both are taken in turn and
//! their medians compared.

#![expect(clippy::disallowed_types, reason = "measures this machine")]
#![allow(clippy::print_stdout, missing_docs, reason = "a bench prints what it found")]

#[path = "../tests/support/demo.rs"]
mod demo;

use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use eframe::egui::{self, RawInput, Rect, pos2, vec2};
use fleetlab::lab::snapshot::{Interest, Snapshot};
use fleetlab::scenario::Scenario;
use fleetlab::ui::app::{App, Sources};
use fleetlab::ui::link::{self, Command, Opening, Published, RunStatus, SimEnd, Speed};
use fleetlab::ui::settings::Settings;
use fleetlab::units::{SimSpan, SimTime};

fn input(frame: u64) -> RawInput {
    RawInput { screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1_920.0, 1_080.0))), time: Some(frame as f64 / 60.0), ..RawInput::default() }
}

/// Something that draws frames.
struct Frames {
    ctx: egui::Context,
    number: u64,
    draw: Box<dyn FnMut(&mut egui::Ui)>,
}

impl Frames {
    fn new(ctx: egui::Context, draw: Box<dyn FnMut(&mut egui::Ui)>) -> Self {
        let mut frames = Self { ctx, number: 0, draw };
        // Fonts, layouts and caches are there before anything is measured.
        for _ in 0..30 {
            frames.frame();
        }
        frames
    }

    fn frame(&mut self) {
        self.number += 1;
        let mut output = self.ctx.run_ui(input(self.number), |ui| (self.draw)(ui));
        let shapes = std::mem::take(&mut output.shapes);
        std::hint::black_box(self.ctx.tessellate(shapes, output.pixels_per_point));
        output.textures_delta.clear();
    }
}

fn demo_frames() -> Frames {
    let mut windows = egui_demo_lib::DemoWindows::default();
    Frames::new(egui::Context::default(), Box::new(move |ui| windows.ui(ui)))
}

fn app_frames(scenario: &Arc<Scenario>, instances: usize) -> Frames {
    let ctx = egui::Context::default();
    let (link, end) = link::pair();
    let opened = Arc::clone(scenario);
    let open = move |_: &str| Ok(Opening { scenario: Arc::clone(&opened), seed: 42, actions: Vec::new(), until: SimTime::ZERO, lesson: None });
    let sources = Sources {
        library: Vec::new(),
        courses: Vec::new(),
        open_pack: Box::new(|_| Err(String::new())),
        lessons: Vec::new(),
        open: Box::new(open),
        open_lesson: Box::new(|_: &str| Err("no lessons here".to_owned())),
        open_file: Box::new(|_| Err(String::new())),
        recent: Box::new(Vec::new),
    };
    let mut app = App::new(&ctx, link, sources, None, Settings::default());
    app.open_scenario(&scenario.name);
    let interest = Interest { service: None, history: Some(SimSpan::from_secs(900)) };
    let snapshots: Vec<Arc<Snapshot>> = (0..16).map(|n| Arc::new(demo::snapshot(scenario, 500 + n, &interest, instances))).collect();
    let mut next = 0;
    Frames::new(
        ctx,
        Box::new(move |ui| {
            next += 1;
            feed(&end, &snapshots[next % snapshots.len()]);
            app.logic(ui.ctx());
            app.frame_ui(ui);
        }),
    )
}

fn feed(end: &SimEnd, snapshot: &Arc<Snapshot>) {
    while let Ok(command) = end.commands.try_recv() {
        assert!(!matches!(command, Command::Act(_)), "nobody acts in a bench");
    }
    let status = RunStatus { playing: true, speed: Speed::Max, ..RunStatus::default() };
    end.publish(Published { number: 0, world: 1, snapshot: Some(Arc::clone(snapshot)), status, lesson: None });
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Frames of both in turn; the ratio of their medians.
fn ratio(ours: &mut Frames, theirs: &mut Frames) -> (f64, f64, f64) {
    let time = |frames: &mut Frames| {
        let start = Instant::now();
        frames.frame();
        start.elapsed().as_secs_f64() * 1e3
    };
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..300 {
        times.0.push(time(ours));
        times.1.push(time(theirs));
    }
    let (ours, theirs) = (median(times.0), median(times.1));
    (ours, theirs, ours / theirs)
}

fn frames(criterion: &mut Criterion) {
    let mut demo_frame = demo_frames();
    let mut boutique = app_frames(&demo::scenario("online-boutique"), 3);
    let mut large = app_frames(&demo::large(64), 14);
    let mut group = criterion.benchmark_group("ui_frame");
    group.bench_function("egui demo", |bencher| bencher.iter(|| demo_frame.frame()));
    group.bench_function("Online Boutique", |bencher| bencher.iter(|| boutique.frame()));
    group.bench_function("64 services, 1,000 instances", |bencher| bencher.iter(|| large.frame()));
    group.finish();
    for (name, frames, most) in [("Online Boutique", &mut boutique, 2.0), ("64 services, 1,000 instances", &mut large, 4.0)] {
        let (ours, theirs, ratio) = ratio(frames, &mut demo_frame);
        println!("ui_frame: {name}: {ratio:.2} × the egui demo frame ({ours:.3} ms to {theirs:.3} ms; the budget is {most} ×)");
    }
}

criterion_group!(benches, frames);
criterion_main!(benches);
