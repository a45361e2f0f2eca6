//! dev only
use eframe::egui;
use egui_kittest::{Harness, kittest::Queryable};
use fleetlab::ui::{
    app::{App, Sources},
    link::{self, Command, Opening, Published, RunStatus, Speed},
    settings::{Settings, ThemeChoice},
    state::{Group, LibraryEntry},
    text::Lang,
};
use std::sync::Arc;
#[path = "../tests/support/demo.rs"]
mod demo;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let get = |name: &str| args.iter().find_map(|arg| arg.strip_prefix(name)).map(str::to_owned);
    let size: Vec<f32> = get("size=").unwrap_or("1280x800".into()).split('x').map(|n| n.parse().unwrap()).collect();
    let seconds: u64 = get("t=").map_or(500, |t| t.parse().unwrap());
    let out = get("out=").unwrap_or("/tmp/shot.png".into());
    let scenario = if has("large") { demo::large(64) } else { demo::scenario(&get("scenario=").unwrap_or("online-boutique".into())) };
    let each = if has("large") { 14 } else { 3 };
    let settings = Settings {
        theme: if has("light") { ThemeChoice::Light } else { ThemeChoice::Dark },
        language: if has("vi") { Lang::Vi } else { Lang::En },
        ..Settings::default()
    };
    let (link, end) = link::pair();
    let sc = scenario.clone();
    let library = fleetlab::content::library()
        .into_iter()
        .map(|e| LibraryEntry {
            name: e.name,
            title: e.title,
            description: e.description,
            group: if e.services >= 7 && e.happenings > 0 { Group::Application } else { Group::Experiment },
        })
        .collect();
    let sources = Sources {
        library,
        open: Box::new(move |_| Ok(Opening { scenario: sc.clone(), seed: 42, actions: vec![], until: fleetlab::units::SimTime::ZERO })),
        open_file: Box::new(|_| Err("no".into())),
        recent: Box::new(Vec::new),
    };
    let mut app = None;
    let mut link = Some(link);
    let mut sources = Some(sources);
    let mut settings = Some(settings);
    let mut harness = Harness::builder()
        .with_size(egui::vec2(size[0], size[1]))
        .with_max_steps(40)
        .wgpu()
        .with_context_setup(fleetlab::ui::app::install_look)
        .build_ui_state(
            move |ui, app: &mut Option<App>| {
                let app = app.get_or_insert_with(|| App::new(ui.ctx(), link.take().unwrap(), sources.take().unwrap(), None, settings.take().unwrap()));
                app.logic(ui.ctx());
                app.frame_ui(ui);
            },
            app.take(),
        );
    let mut interest = fleetlab::lab::snapshot::Interest::default();
    let mut world = 0;
    let mut pump = |harness: &mut Harness<'_, Option<App>>| {
        for command in end.commands.try_iter() {
            match command {
                Command::Open(_) => world += 1,
                Command::Interest(i) => interest = i,
                other => eprintln!("command {other:?}"),
            }
        }
        if world > 0 {
            let snapshot = demo::snapshot(&scenario, seconds, &interest, each);
            end.publish(Published {
                number: 0,
                world,
                snapshot: Some(Arc::new(snapshot)),
                status: RunStatus { playing: true, speed: Speed::Times(60), ..RunStatus::default() },
            });
        }
        harness.run_steps(4);
    };
    harness.run_steps(3);
    if !has("home") {
        harness.state_mut().as_mut().unwrap().open_scenario("x");
        pump(&mut harness);
        pump(&mut harness);
    }
    for arg in &args {
        if let Some(label) = arg.strip_prefix("click=") {
            harness.get_all_by_label(label).next().unwrap_or_else(|| panic!("no {label}")).click();
            harness.run_steps(2);
            pump(&mut harness);
            pump(&mut harness);
        }
        if let Some(place) = arg.strip_prefix("hover=") {
            let p: Vec<f32> = place.split('x').map(|n| n.parse().unwrap()).collect();
            harness.hover_at(egui::pos2(p[0], p[1]));
            harness.run_steps(30);
        }
        if let Some(text) = arg.strip_prefix("type=") {
            harness.event(egui::Event::Text(text.into()));
            harness.run_steps(3);
        }
        if arg == "ctrlk" {
            harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
            harness.run_steps(3);
        }
        if arg == "?" {
            harness.key_press(egui::Key::Questionmark);
            harness.run_steps(3);
        }
    }
    harness.run_steps(8);
    harness.render().unwrap().save(&out).unwrap();
    println!("{out}");
}
