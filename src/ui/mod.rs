//! The app's window: a service map with its traffic, golden signals, a timeline, and forms for everything that can be
//! done to the fleet.
//!
//! ```text
//!  worker (own thread) ── snapshots, events ──► app ──► panels ──► asks ──► app ── commands ──► worker
//! ```
//!
//! It holds no simulation state and changes none except by sending actions. What is drawn comes from the newest snapshot;
//! colours only from `theme`, words only from `text`. To add a panel, see `panels`; a setting, `settings`; a key, `keys`.

pub mod app;
mod author;
mod comparing;
mod fonts;
mod format;
mod icons;
mod keys;
pub mod link;
mod map;
mod panels;
#[expect(clippy::disallowed_types, reason = "names session files by the wall clock; nothing in a run depends on it")]
mod session;
pub mod settings;
pub mod state;
mod teaching;
pub mod text;
mod theme;
mod widgets;
#[expect(clippy::disallowed_types, reason = "paces simulated time by this machine's clock; how far a slice goes changes nothing in the run")]
pub mod worker;

use std::path::PathBuf;

use eframe::egui;

use self::app::App;
use self::settings::Settings;

/// The app in `ctx`, with real sessions on a thread of their own and its data in `folder`; what [`run`] opens a window on.
pub fn start(ctx: &egui::Context, folder: PathBuf, settings: Settings) -> std::io::Result<App> {
    let (link, end) = link::pair();
    let opener = session::opener(folder.clone());
    let repaint = ctx.clone();
    std::thread::Builder::new().name("simulation".to_owned()).spawn(move || worker::run(&end, &opener, &|| repaint.request_repaint()))?;
    Ok(App::new(ctx, link, session::sources(folder.clone()), Some(folder), settings))
}

/// Opens the window, on a scenario or session file if one is given, and returns when it is closed.
pub fn run(path: Option<PathBuf>) -> anyhow::Result<()> {
    let folder = crate::learner::data_folder();
    let (settings, problem) = Settings::load(&folder);
    let viewport =
        egui::ViewportBuilder::default().with_title("Fleetlab").with_app_id("fleetlab").with_inner_size([1_440.0, 900.0]).with_min_inner_size([960.0, 600.0]);
    let options = eframe::NativeOptions { viewport, centered: true, persist_window: false, ..eframe::NativeOptions::default() };
    let create = move |creation: &eframe::CreationContext<'_>| {
        let mut app = start(&creation.egui_ctx, folder, settings)?;
        if let Some(path) = path {
            app.open_path(&path);
        }
        if let Some(problem) = problem {
            app.warn_of_settings(&problem);
        }
        Ok(Box::new(app) as Box<dyn eframe::App>)
    };
    eframe::run_native("Fleetlab", options, Box::new(create)).map_err(|error| anyhow::anyhow!("the window could not be opened: {error}"))
}
