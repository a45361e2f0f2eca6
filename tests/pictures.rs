//! A few pictures of the window, in both themes and both languages, compared with those in `tests/snapshots`.
//!
//! They are drawn from made-up snapshots, so that they depend on the drawing alone. A machine without any graphics adapter
//! (not even a software one) skips them, unless `FLEETLAB_PICTURES=1` makes them compulsory. After a change that was
//! meant, look at the new pictures and keep them with `UPDATE_SNAPSHOTS=1`.

#[path = "support/demo.rs"]
mod demo;
#[path = "support/window.rs"]
mod window;

use std::panic::catch_unwind;
use std::sync::Arc;

use eframe::egui::vec2;
use egui_kittest::kittest::Queryable as _;
use egui_kittest::wgpu::WgpuTestRenderer;
use egui_kittest::{Harness, SnapshotOptions};
use fleetlab::lab::snapshot::Interest;
use fleetlab::ui::app::{App, Sources};
use fleetlab::ui::link::{self, Command, Link, Opening, Published, RunStatus, SimEnd};
use fleetlab::ui::settings::{Settings, ThemeChoice};
use fleetlab::ui::state::{Group, LibraryEntry};
use fleetlab::ui::text::Lang;
use fleetlab::units::SimTime;
use window::Window;

/// The renderer, if this machine has one.
fn renderer() -> Option<WgpuTestRenderer> {
    let renderer = catch_unwind(WgpuTestRenderer::new).ok();
    assert!(renderer.is_some() || std::env::var_os("FLEETLAB_PICTURES").is_none(), "FLEETLAB_PICTURES is set, but there is no graphics adapter");
    renderer
}

fn sources() -> Sources {
    let entry = |name: &str, group| {
        let scenario = demo::scenario(name);
        LibraryEntry { name: name.to_owned(), title: scenario.title.clone(), description: scenario.description.clone(), group }
    };
    let open = |name: &str| Ok(Opening { scenario: demo::scenario(name), seed: 42, actions: Vec::new(), until: SimTime::ZERO, lesson: None });
    Sources {
        courses: Vec::new(),
        open_pack: Box::new(|_| Err(String::new())),
        library: vec![entry("online-boutique", Group::Application), entry("sock-shop", Group::Application), entry("mm1", Group::Experiment)],
        open: Box::new(open),
        lessons: Vec::new(),
        open_lesson: Box::new(|_: &str| Err("no lessons here".to_owned())),
        open_file: Box::new(|_| Err(String::new())),
        recent: Box::new(Vec::new),
    }
}

/// A window that shows a made-up snapshot; `None` without a renderer.
struct Picture {
    window: Window,
    end: SimEnd,
    interest: Interest,
}

impl Picture {
    fn new(theme: ThemeChoice, language: Lang) -> Option<Self> {
        let renderer = renderer()?;
        let (link, end): (Link, SimEnd) = link::pair();
        let settings = Settings { theme, language, reduced_motion: true, ..Settings::default() };
        let builder = Harness::builder().renderer(renderer);
        let window = window::open(vec2(1_280.0, 800.0), builder, move |ctx| App::new(ctx, link, sources(), None, settings));
        Some(Self { window, end, interest: Interest::default() })
    }

    fn open(&mut self) {
        self.window.run_steps(2);
        self.window.get_by_label("Online Boutique").click();
        self.feed();
    }

    /// Publishes what was asked for, until the window has settled.
    fn feed(&mut self) {
        let scenario = demo::scenario("online-boutique");
        for _ in 0..3 {
            self.window.run_steps(2);
            for command in self.end.commands.try_iter() {
                if let Command::Interest(interest) = command {
                    self.interest = interest;
                }
            }
            let snapshot = Arc::new(demo::snapshot(&scenario, 500, &self.interest, 3));
            self.end.publish(Published { number: 0, world: 1, snapshot: Some(snapshot), status: RunStatus::default(), lesson: None });
        }
        self.window.remove_cursor();
        self.window.run_steps(3);
    }

    fn keep(&mut self, name: &str) {
        // Software renderers of different versions round the edges of a few glyphs differently.
        self.window.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(60));
    }
}

#[test]
fn home_dark() {
    let Some(mut picture) = Picture::new(ThemeChoice::Dark, Lang::En) else { return };
    picture.window.run_steps(3);
    picture.keep("home_dark");
}

#[test]
fn fleet_dark() {
    let Some(mut picture) = Picture::new(ThemeChoice::Dark, Lang::En) else { return };
    picture.open();
    picture.keep("fleet_dark");
}

#[test]
fn service_with_a_fault_form_light_vietnamese() {
    let Some(mut picture) = Picture::new(ThemeChoice::Light, Lang::Vi) else { return };
    picture.open();
    picture.window.get_by_label("recommendationservice").click();
    picture.feed();
    picture.window.get_by_label("Gây sự cố…").click();
    picture.feed();
    picture.keep("service_light_vi");
}

#[test]
fn rollout_by_version_dark() {
    let Some(mut picture) = Picture::new(ThemeChoice::Dark, Lang::En) else { return };
    picture.open();
    picture.window.get_by_label("cartservice").click();
    picture.feed();
    picture.window.get_by_label("Versions").click();
    picture.feed();
    picture.keep("rollout_dark");
}
