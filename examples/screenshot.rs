//! Makes the picture of the README: Online Boutique in the app, eleven minutes into its fault, drawn without a screen.
//!
//! `cargo run --example screenshot [-- assets/screenshot.png]`. It needs a graphics adapter; a software one will do.

#[path = "../tests/support/window.rs"]
mod window;

use eframe::egui::{Key, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use fleetlab::ui::settings::Settings;
use fleetlab::units::SimTime;

/// When the picture is taken.
const MOMENT: SimTime = SimTime::from_secs(11 * 60);

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "assets/screenshot.png".to_owned());
    let folder = tempfile::tempdir()?;
    let data = folder.path().to_owned();
    let make = move |ctx: &eframe::egui::Context| fleetlab::ui::start(ctx, data, Settings::default()).expect("the simulation's thread starts");
    let mut window = window::open(vec2(1_920.0, 1_080.0), Harness::builder().wgpu(), make);
    window.run_steps(2);
    // It stands below the lessons.
    window.get_by_label("Online Boutique").scroll_to_me();
    window.run_steps(5);
    window.get_by_label("Online Boutique").click();
    let now = |window: &window::Window| window::app(window).snapshot().map_or(SimTime::ZERO, |snapshot| snapshot.now);
    window::wait(&mut window, "the run", |window| now(window) > SimTime::ZERO);
    window.get_by_label("productcatalogservice").click();
    window.key_press(Key::Num4);
    window::wait(&mut window, "the moment", |window| now(window) >= MOMENT);
    window.remove_cursor();
    window.run_steps(20);
    let picture = window.render().map_err(|error| anyhow::anyhow!("{error}"))?;
    picture.save(&path)?;
    Ok(())
}
