//! The app in a test harness: a window of a given size, found by accessible labels.

#![allow(dead_code, unreachable_pub, reason = "each program that includes this file uses a part of it")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "waits for the simulation's thread, for real")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui::{self, Vec2};
use egui_kittest::{Harness, HarnessBuilder};
use fleetlab::ui::app::{App, install_look};
use fleetlab::ui::settings::Settings;

/// A window; the app is made with the first frame.
pub type Window = Harness<'static, Option<App>>;

/// Opens a window of `size` on the app that `make` makes.
pub fn open(size: Vec2, builder: HarnessBuilder<Option<App>>, make: impl FnOnce(&egui::Context) -> App + 'static) -> Window {
    let mut make = Some(make);
    builder
        .with_size(size)
        // The frame's own margin in a harness is none of the app's.
        .with_context_setup(|ctx| {
            install_look(ctx);
            ctx.all_styles_mut(|style| style.animation_time = 0.0);
        })
        .build_ui_state(
            move |ui, app: &mut Option<App>| {
                if app.is_none() {
                    *app = make.take().map(|make| make(ui.ctx()));
                }
                let whole = ui.ctx().content_rect();
                ui.scope_builder(egui::UiBuilder::new().max_rect(whole), |ui| {
                    ui.set_clip_rect(whole);
                    if let Some(app) = app {
                        app.logic(ui.ctx());
                        app.frame_ui(ui);
                    }
                });
            },
            None,
        )
}

/// A window on real sessions, with its data in `folder`.
pub fn open_real(size: Vec2, folder: PathBuf, settings: Settings) -> Window {
    open(size, Harness::builder(), move |ctx| fleetlab::ui::start(ctx, folder, settings).expect("the simulation's thread starts"))
}

/// Draws frames until `done`, for at most a minute; says what was waited for if it does not come.
#[track_caller]
pub fn wait(window: &mut Window, what: &str, mut done: impl FnMut(&Window) -> bool) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(1) {
        window.run_steps(1);
        if done(window) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("waited for a minute, but {what} did not come");
}

/// The app.
pub fn app(window: &Window) -> &App {
    window.state().as_ref().expect("the app is made with the first frame")
}
