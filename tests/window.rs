//! The app by its accessible labels: everything that a person can do in the window, done as a person does it.

#[path = "support/window.rs"]
mod window;

use std::path::Path;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fleetlab::lab::snapshot::Snapshot;
use fleetlab::ui::link::Speed;
use fleetlab::ui::settings::{Settings, ThemeChoice};
use fleetlab::ui::text::Lang;
use fleetlab::units::SimTime;
use window::{Window, app, open_real, wait};

fn open_with(folder: &Path, settings: &Settings) -> Window {
    let settings = Settings { reduced_motion: true, ..settings.clone() };
    open_real(vec2(1_280.0, 800.0), folder.to_owned(), settings)
}

/// A window on Online Boutique, running.
fn boutique(folder: &Path) -> Window {
    let mut window = open_with(folder, &Settings::default());
    window.run_steps(2);
    click(&mut window, "Online Boutique");
    wait(&mut window, "the run", |window| snapshot(window).is_some_and(|snapshot| snapshot.now > SimTime::from_secs(1)));
    window
}

fn snapshot(window: &Window) -> Option<std::sync::Arc<Snapshot>> {
    app(window).snapshot()
}

/// Pauses, and waits until the simulation has said so itself.
fn pause(window: &mut Window) {
    // What was published last has to be drawn before it can be clicked.
    window.run_steps(2);
    click(window, "Pause");
    let mut before = None;
    let mut same = 0;
    wait(window, "the pause", |window| {
        let now = snapshot(window).map(|snapshot| snapshot.now);
        same = if now == before { same + 1 } else { 0 };
        before = now;
        same > 40 && app(window).status().is_some_and(|status| !status.playing)
    });
}

fn click(window: &mut Window, label: &str) {
    // What is below the fold has to be scrolled to.
    window.get_by_label(label).scroll_to_me();
    window.run_steps(3);
    window.get_by_label(label).click();
    window.run_steps(2);
}

#[test]
fn one_click_on_a_scenario_runs_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    assert!(window.query_by_label("frontend").is_some(), "the map shows the frontend");
    assert!(snapshot(&window).expect("a run").totals.requests > 0);
    pause(&mut window);
    let now = snapshot(&window).expect("a run").now;
    window.run_steps(10);
    assert_eq!(snapshot(&window).expect("a run").now, now);
}

#[test]
fn a_fault_is_injected_and_cleared_from_the_inspector() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    pause(&mut window);
    click(&mut window, "cartservice");
    click(&mut window, "Inject fault…");
    click(&mut window, "Inject latency into cartservice");
    wait(&mut window, "the fault", |window| snapshot(window).is_some_and(|snapshot| !snapshot.faults.is_empty()));
    let fault = snapshot(&window).expect("a run").faults[0].name.clone();
    window.run_steps(2);
    click(&mut window, &format!("Clear {fault}"));
    wait(&mut window, "its end", |window| snapshot(window).is_some_and(|snapshot| snapshot.faults.is_empty()));
}

#[test]
fn a_version_is_deployed_and_its_rollout_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    pause(&mut window);
    click(&mut window, "currencyservice");
    click(&mut window, "Deploy…");
    window.get_by_label_contains("Deploy v2 to currencyservice").click();
    wait(&mut window, "the deployment", |window| {
        let snapshot = snapshot(window).expect("a run");
        snapshot.marks.iter().any(|mark| mark.kind == fleetlab::lab::snapshot::MarkKind::Deploy)
    });
}

#[test]
fn a_service_is_scaled_and_the_change_can_be_undone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    let desired = |window: &Window| {
        let snapshot = snapshot(window).expect("a run");
        snapshot.services.iter().map(|service| service.desired).sum::<u32>()
    };
    let before = desired(&window);
    click(&mut window, "frontend");
    click(&mut window, "Scale…");
    click(&mut window, "×2");
    window.get_by_label_contains("Scale frontend from").click();
    wait(&mut window, "more instances", |window| desired(window) > before);
    wait(&mut window, "the offer to undo", |window| window.query_by_label("Undo").is_some());
    click(&mut window, "Undo");
    wait(&mut window, "as many as before", |window| desired(window) == before);
}

#[test]
fn the_capacity_of_a_service_is_set_from_the_inspector() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    let workers = |window: &Window, name: &str| {
        let scenario = fleetlab::content::load("online-boutique").expect("it is shipped").scenario;
        let at = scenario.model.services.iter().position(|service| service.name == name).expect("a service");
        snapshot(window).expect("a run").services[at].workers
    };
    click(&mut window, "frontend");
    click(&mut window, "Capacity…");
    enter(&mut window, "Workers", "none");
    assert!(window.query_by_label_contains("does not fit").is_some(), "it says what does not fit");
    enter(&mut window, "Workers", "77");
    enter(&mut window, "Places in queue", "12");
    window.get_by_role_and_label(Role::ComboBox, "Who is next").click();
    window.run_steps(3);
    click(&mut window, "LIFO (newest)");
    window.get_by_role_and_label(Role::Button, "Set the capacity of frontend").click();
    wait(&mut window, "as many workers", |window| workers(window, "frontend") == 77);
    // Whoever comes back sees what is in force, and changes only what they change.
    click(&mut window, "Capacity…");
    assert_eq!(window.get_by_role_and_label(Role::TextInput, "Places in queue").value().as_deref(), Some("12"));
    assert_eq!(window.get_by_role_and_label(Role::ComboBox, "Who is next").value().as_deref(), Some("LIFO (newest)"));
    enter(&mut window, "Workers", "78");
    window.get_by_role_and_label(Role::Button, "Set the capacity of frontend").click();
    wait(&mut window, "one more", |window| workers(window, "frontend") == 78);
    let state = snapshot(&window).expect("a run");
    let queue = state.services.iter().map(|service| &service.queue).find(|queue| queue.capacity == Some(12));
    assert_eq!(queue.map(|queue| queue.order), Some(fleetlab::kernel::model::QueueOrder::Lifo));
}

/// Something is refused; what the notice says.
fn refused(window: &mut Window) -> String {
    // While time stands still nothing moves under the pointer.
    pause(window);
    click(window, "cartservice");
    click(window, "Inject fault…");
    click(window, "Inject latency into cartservice");
    wait(window, "the offer to undo", |window| window.query_by_label("Undo").is_some());
    let fault = snapshot(window).expect("a run").faults[0].name.clone();
    // It is cleared, and then once more.
    click(window, &format!("Clear {fault}"));
    click(window, "Undo");
    let refused = format!("Refused: Clear {fault}");
    wait(window, "the refusal", |window| window.query_by_label(&refused).is_some());
    refused
}

#[test]
fn what_is_refused_is_said_and_can_be_dismissed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    let refused = refused(&mut window);
    // The newest is on top.
    window.get_all_by_label("Dismiss").next().expect("a way to dismiss it").click();
    wait(&mut window, "its end", |window| window.query_by_label(&refused).is_none());
}

#[test]
fn an_error_goes_by_itself_but_not_under_the_pointer_and_not_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    let refused = refused(&mut window);
    let place = window.get_by_label(&refused).rect().center();
    window.hover_at(place);
    // Steps of the harness are a quarter of a second.
    window.run_steps(80);
    assert!(window.query_by_label(&refused).is_some(), "it is being read");
    window.remove_cursor();
    window.run_steps(30);
    assert!(window.query_by_label(&refused).is_some(), "it stays for a while");
    window.run_steps(40);
    assert!(window.query_by_label(&refused).is_none());
}

/// A field, and not the title beside it.
fn field<'a>(window: &'a Window, title: &'a str) -> Option<egui_kittest::Node<'a>> {
    window.query_by_role_and_label(Role::TextInput, title)
}

/// Replaces the text of a field.
fn enter(window: &mut Window, title: &str, text: &str) {
    field(window, title).expect("the field").focus();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(2);
    field(window, title).expect("the field").type_text(text);
    window.run_steps(2);
}

#[test]
fn a_refused_form_stays_open_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    click(&mut window, "cartservice");
    click(&mut window, "Inject fault…");
    enter(&mut window, "Duration", "two minutes");
    assert!(window.query_by_label_contains("“two minutes” does not fit").is_some(), "it says so in plain words");
    assert!(window.get_by_label("Inject latency into cartservice").accesskit_node().is_disabled(), "the button stays, and waits");
    enter(&mut window, "Duration", "0s");
    click(&mut window, "Inject latency into cartservice");
    wait(&mut window, "the refusal", |window| window.query_by_label_contains("the duration of the fault").is_some());
    enter(&mut window, "Duration", "30s");
    click(&mut window, "Inject latency into cartservice");
    wait(&mut window, "the fault", |window| snapshot(window).is_some_and(|snapshot| !snapshot.faults.is_empty()));
    window.run_steps(3);
    assert!(field(&window, "Duration").is_none(), "the form has served its purpose");
}

/// Does what the palette finds first for these words.
fn command(window: &mut Window, words: &str) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(3);
    window.event(eframe::egui::Event::Text(words.to_owned()));
    window.run_steps(3);
    window.key_press(Key::Enter);
    window.run_steps(4);
}

#[test]
fn a_zone_is_lost_as_the_form_offers_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    command(&mut window, "loss of a zone cartservice");
    assert!(window.query_by_label("Which instances").is_none(), "a zone is lost for everybody in it");
    window.get_all_by_label("loss of a zone").last().expect("the button").click();
    wait(&mut window, "the fault", |window| snapshot(window).is_some_and(|snapshot| snapshot.faults.iter().any(|fault| fault.kind == "zone-loss")));
}

#[test]
fn at_its_end_a_scenario_offers_to_run_again_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open_with(folder.path(), &Settings::default());
    let path = folder.path().join("short.toml");
    let text = include_str!("fixtures/mm1.toml").replace("\"10m\"", "\"20s\"").replace("\"1m\"", "\"1s\"");
    std::fs::write(&path, text).expect("written");
    window.run_steps(2);
    enter(&mut window, "Path of a scenario or session file", &path.display().to_string());
    click(&mut window, "Open file");
    wait(&mut window, "the run", |window| snapshot(window).is_some());
    window.key_press(Key::Num6);
    wait(&mut window, "the end", |window| app(window).status().is_some_and(|status| status.over));
    // Whoever presses now meant to pause.
    assert!(window.get_all_by_label("Run again").next().expect("the one on the bar").accesskit_node().is_disabled());
    window.key_press(Key::Space);
    window.run_steps(3);
    assert!(app(&window).status().is_some_and(|status| status.over), "it does not begin again by mistake");
    let notice = window.get_by_label("The scenario has ended").rect();
    for needed in ["server", "Show the whole map", "Timeline"] {
        let place = window.get_by_label(needed).rect();
        assert!(!place.intersects(notice.expand(12.0)), "the notice that says so lies over {needed}");
    }
    click(&mut window, "server");
    assert!(window.get_by_label("Inject fault…").accesskit_node().is_disabled());
    assert_eq!(window.get_all_by_label("Run again").count(), 2, "on the bar and in the notice");
    open_pane(&mut window, "Team");
    window.get_all_by_label("Run again").next().expect("the one on the bar").click();
    wait(&mut window, "the new run", |window| app(window).status().is_some_and(|status| !status.over && status.speed == Speed::Times(60)));
    assert!(window.query_by_label("The scenario has ended").is_none(), "what was said of the other run is gone");
    assert!(window.query_by_label("This scenario has no team").is_some(), "the same panel is open");
}

#[test]
fn esc_closes_only_what_lies_on_top() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    window.key_press(Key::ArrowDown);
    window.run_steps(3);
    click(&mut window, "Inject fault…");
    click(&mut window, "Run until…");
    assert!(window.query_by_label("something happens").is_some(), "the menu is open");
    let form = |window: &Window| field(window, "Duration").is_some();
    let menu = |window: &Window| window.query_by_label("something happens").is_some();
    let selected = |window: &Window| window.query_by_label("Inject fault…").is_some();
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(!menu(&window) && form(&window) && selected(&window));
    // What was pressed may have kept the focus, which lies on top, too.
    for _ in 0..2 {
        if form(&window) {
            window.key_press(Key::Escape);
            window.run_steps(3);
        }
    }
    assert!(!form(&window) && selected(&window));
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(!selected(&window));
}

#[test]
fn the_inspector_keeps_its_width_whatever_is_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    click(&mut window, "frontend");
    click(&mut window, "Scale…");
    let before = window.get_by_label("Inject fault…").rect().left();
    enter(&mut window, "Instances", "99999999999");
    window.run_steps(5);
    assert!((window.get_by_label("Inject fault…").rect().left() - before).abs() < 0.5);
    assert!(window.query_by_label_contains("A whole number from 1 to").is_some(), "and it says what it takes");
}

#[test]
fn an_instance_can_be_selected() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    pause(&mut window);
    click(&mut window, "frontend");
    let services = snapshot(&window).expect("a run").services.clone();
    let number = services.iter().flat_map(|service| &service.instances).map(|instance| instance.id).find(|id| {
        let label = format!("Instance {id} in rotation, v1");
        window.query_by_label(&label).is_some()
    });
    let number = number.expect("the frontend has instances");
    click(&mut window, &format!("Instance {number} in rotation, v1"));
    assert!(window.query_by_label(&format!("frontend #{number}")).is_some());
    click(&mut window, "Show frontend");
    assert!(window.query_by_label("Inject fault…").is_some());
}

#[test]
fn the_policy_of_an_edge_is_shown_and_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    click(&mut window, "checkoutservice");
    click(&mut window, "Calls");
    click(&mut window, "checkoutservice → cartservice");
    assert!(window.query_by_label("Call policy").is_some());
    click(&mut window, "Change policy…");
    enter(&mut window, "Timeout", "123ms");
    enter(&mut window, "Attempts", "4");
    click(&mut window, "Set policy of checkoutservice towards cartservice");
    wait(&mut window, "the change", |window| snapshot(window).is_some_and(|snapshot| !snapshot.policies.is_empty()));
    wait(&mut window, "the new policy in words", |window| {
        window.query_by_label("Waits 123 ms for an attempt").is_some() && window.query_by_label_contains("Tries 4 times").is_some()
    });
}

#[test]
fn the_keyboard_plays_pauses_sets_the_speed_and_selects() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    window.key_press(Key::Space);
    wait(&mut window, "the pause", |window| app(window).status().is_some_and(|status| !status.playing));
    window.key_press(Key::Num6);
    wait(&mut window, "the speed", |window| app(window).status().is_some_and(|status| status.speed == Speed::Max));
    window.key_press(Key::ArrowDown);
    window.run_steps(3);
    assert!(window.query_by_label("Inject fault…").is_some(), "a service is selected");
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(window.query_by_label("Inject fault…").is_none());
    window.key_press(Key::Questionmark);
    window.run_steps(3);
    assert!(window.query_by_label("Keys and shapes").is_some());
}

#[test]
fn the_palette_finds_a_command_and_does_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(3);
    window.event(eframe::egui::Event::Text("show redis".to_owned()));
    window.run_steps(3);
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert!(window.query_by_label("Find a command (Ctrl K)").is_some(), "the palette is closed again");
    assert!(window.query_by_label("Inject fault…").is_some(), "the service is selected");
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(3);
    window.event(eframe::egui::Event::Text("3600".to_owned()));
    window.run_steps(3);
    window.key_press(Key::Enter);
    wait(&mut window, "the speed", |window| app(window).status().is_some_and(|status| status.speed == Speed::Times(3_600)));
}

#[test]
fn theme_and_language_change_at_once_and_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open_with(folder.path(), &Settings::default());
    window.run_steps(2);
    click(&mut window, "Switch to the light theme");
    click(&mut window, "Chuyển sang tiếng Việt");
    assert!(window.query_by_label("Chạy kịch bản nào?").is_some());
    let kept = std::fs::read_to_string(folder.path().join("settings.json")).expect("they are kept");
    let kept: Settings = serde_json::from_str(&kept).expect("they can be read");
    assert_eq!((kept.theme, kept.language), (ThemeChoice::Light, Lang::Vi));
}

#[test]
fn every_page_has_all_its_letters_in_vietnamese() {
    // The harness panics at a letter that no font has.
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open_with(folder.path(), &Settings { language: Lang::Vi, ..Settings::default() });
    window.run_steps(2);
    click(&mut window, "Online Boutique");
    wait(&mut window, "the run", |window| snapshot(window).is_some());
    click(&mut window, "cartservice");
    click(&mut window, "Gây sự cố…");
    click(&mut window, "Trợ giúp và phím tắt");
    window.key_press(Key::Escape);
    window.run_steps(3);
    click(&mut window, "Cài đặt");
    window.run_steps(2);
    assert!(window.query_by_label("Giảm chuyển động").is_some());
}

#[test]
fn a_session_is_journalled_and_can_be_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    click(&mut window, "frontend");
    click(&mut window, "Scale…");
    click(&mut window, "+1");
    window.get_by_label_contains("Scale frontend from").click();
    wait(&mut window, "the scaling", |window| window.query_by_label("Undo").is_some());
    pause(&mut window);
    // As if the machine had died now: nothing is closed, another window opens on the same data.
    let mut again = open_with(folder.path(), &Settings::default());
    again.run_steps(2);
    let found = again.get_all_by_label("Online Boutique").count();
    assert_eq!(found, 2, "the scenario and its session are offered");
    again.get_all_by_label("Online Boutique").next().expect("the session comes first").click();
    wait(&mut again, "the replay", |window| {
        app(window).status().is_some_and(|status| !status.playing && status.goal.is_none()) && snapshot(window).is_some_and(|s| s.now > SimTime::ZERO)
    });
    let (old, new) = (snapshot(&window).expect("a run"), snapshot(&again).expect("a run"));
    assert_eq!(new.now, old.now);
    assert_eq!(new.digest, old.digest, "it is the same run");
}

#[test]
fn a_file_that_is_no_scenario_is_refused_with_its_mistakes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.toml");
    std::fs::write(&path, "format_version = 1\n[services.a]\nendpionts = {}\n").expect("written");
    let mut window = open_with(folder.path(), &Settings::default());
    window.run_steps(2);
    window.get_by_label("Path of a scenario or session file").focus();
    window.run_steps(2);
    window.get_by_label("Path of a scenario or session file").type_text(&path.display().to_string());
    window.run_steps(2);
    click(&mut window, "Open file");
    window.run_steps(2);
    assert!(window.query_by_label_contains("Could not open").is_some());
    assert!(window.query_by_label_contains("endpionts").is_some(), "the mistake is named");
}

#[test]
fn a_click_on_the_past_goes_back_as_a_session_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    window.key_press(Key::Num4);
    wait(&mut window, "some minutes", |window| snapshot(window).is_some_and(|snapshot| snapshot.now > SimTime::from_secs(300)));
    pause(&mut window);
    let later = snapshot(&window).expect("a run").now;
    // A tenth of the strip from its left is a tenth of the half hour.
    let strip = window.get_by_label("Timeline").rect();
    let past = eframe::egui::pos2(strip.left() + strip.width() * 0.1, strip.center().y + 6.0);
    window.hover_at(past);
    window.run_steps(2);
    window.drag_at(past);
    window.run_steps(1);
    window.drop_at(past);
    window.run_steps(3);
    window.get_by_label_contains("and try something else").click();
    wait(&mut window, "the earlier time", |window| {
        let now = snapshot(window).map(|snapshot| snapshot.now);
        now.is_some_and(|now| now > SimTime::from_secs(150) && now < later) && app(window).status().is_some_and(|status| !status.playing)
    });
    let sessions = std::fs::read_dir(folder.path().join("sessions")).expect("sessions").count();
    assert_eq!(sessions, 2, "the session that was left is kept");
}

/// A window on a team's month, its pipelines in front and time standing still.
fn startup(folder: &Path) -> Window {
    delivered(folder, "A month at a startup")
}

/// A window on a scenario with a team, its pipelines in front and time standing still.
fn delivered(folder: &Path, title: &str) -> Window {
    let mut window = open_with(folder, &Settings::default());
    window.run_steps(2);
    // It is far down the list.
    window.get_by_label(title).scroll_to_me();
    window.run_steps(3);
    window.get_by_label(title).click();
    wait(&mut window, "the run", |window| snapshot(window).is_some_and(|snapshot| snapshot.delivery.is_some() && snapshot.now > SimTime::from_secs(1)));
    pause(&mut window);
    window.get_by_label_contains("Pipelines").click();
    window.run_steps(3);
    window
}

/// The first pipeline of the run.
fn pipeline(window: &Window) -> fleetlab::delivery::look::PipelineLook {
    let snapshot = snapshot(window).expect("a run");
    snapshot.delivery.as_ref().expect("a team").pipelines[0].clone()
}

fn press(window: &mut Window, label: &str) {
    // What is below the fold has to be scrolled to.
    window.get_by_role_and_label(Role::Button, label).scroll_to_me();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, label).click();
    window.run_steps(2);
}

#[test]
fn the_stages_of_a_pipeline_are_shown_as_it_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = startup(folder.path());
    assert!(window.query_by_label("Stage Build: Not run yet").is_some());
    press(&mut window, "Start execution");
    wait(&mut window, "the execution", |window| !pipeline(window).executions.is_empty());
    window.get_by_label("Play").click();
    wait(&mut window, "the build", |window| window.query_by_label_contains("Stage Build: In progress").is_some());
    assert!(window.query_by_label_contains("Stage Source: Succeeded, #1 ").is_some(), "with the execution and its commit");
    assert!(window.query_by_label_contains("Build / BuildAndUnitTest: In progress").is_some());
    assert!(window.query_by_label("1 of 3 agents busy, 0 waiting").is_some());
    pause(&mut window);
    click(&mut window, "Builds");
    click(&mut window, "Build 1 Build/BuildAndUnitTest In progress");
    assert!(window.query_by_label_contains("simulated log: no command was run").is_some(), "its log says what was done");
    assert!(window.query_by_label_contains("Phase complete").is_none(), "and nothing that is still to come");
    click(&mut window, "Executions");
    window.get_by_label_contains("Execution 1 In progress").click();
    window.run_steps(2);
    press(&mut window, "Stop…");
    press(&mut window, "Stop and abandon");
    wait(&mut window, "its end", |window| window.query_by_label_contains("Stage Build: Stopped").is_some());
}

#[test]
fn a_transition_is_disabled_with_a_reason_and_enabled_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = startup(folder.path());
    press(&mut window, "Disable transition into Deploy");
    assert!(window.get_by_role_and_label(Role::Button, "Disable transition").accesskit_node().is_disabled(), "not without a reason");
    enter(&mut window, "Reason", "the fair is on");
    press(&mut window, "Disable transition");
    wait(&mut window, "the transition", |window| !pipeline(window).stages[3].transition.enabled);
    assert_eq!(pipeline(&window).stages[3].transition.disabled_reason.as_deref(), Some("the fair is on"));
    window.run_steps(3);
    assert!(field(&window, "Reason").is_none(), "the form has served its purpose");
    press(&mut window, "Enable transition into Deploy");
    wait(&mut window, "the way to be free again", |window| pipeline(window).stages[3].transition.enabled);
}

#[test]
fn a_pipeline_is_made_from_nothing_and_applied() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = startup(folder.path());
    press(&mut window, "Edit…");
    assert!(window.get_by_label("Apply").accesskit_node().is_disabled(), "nothing is changed yet");
    press(&mut window, "Start over");
    for category in ["Build", "Test"] {
        press(&mut window, "Add stage");
        press(&mut window, category);
    }
    assert!(window.query_by_label_contains("No mistakes").is_some());
    press(&mut window, "Apply");
    wait(&mut window, "the new pipeline", |window| pipeline(window).definition.name == "frontend-pipeline");
    let names: Vec<String> = pipeline(&window).stages.into_iter().map(|stage| stage.name).collect();
    assert_eq!(names, ["Source", "Build", "Test", "Deploy"]);
    press(&mut window, "Back to the running pipeline");
    assert!(window.query_by_label("Stage Test: Not run yet").is_some());
}

#[test]
fn a_build_project_is_edited_as_text_and_by_its_switches() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = startup(folder.path());
    let is_privileged = |window: &Window| snapshot(window).expect("a run").delivery.as_ref().expect("a team").projects["boutique-build"].privileged;
    assert!(is_privileged(&window));
    press(&mut window, "Buildspec, machine and cache of build project boutique-build");
    assert!(window.query_by_label("Build project boutique-build").is_some());
    let is_ready = |window: &Window| !window.get_by_label("Apply").accesskit_node().is_disabled();
    assert!(!is_ready(&window), "nothing is changed yet");
    window.get_by_label("Docker").click();
    window.run_steps(2);
    press(&mut window, "Apply");
    wait(&mut window, "the change", |window| !is_privileged(window));
    window.run_steps(3);
    assert!(!is_ready(&window), "this is what builds go by now");
    // What is broken cannot be applied, says where, and can be given up.
    let text = |window: &Window| window.get_by_label("buildspec.yml").value().expect("a text");
    let good = text(&window);
    window.get_by_label("buildspec.yml").focus();
    window.run_steps(2);
    window.get_by_label("buildspec.yml").type_text("oops");
    window.run_steps(3);
    assert_ne!(text(&window), good);
    assert!(window.get_all_by_label_contains("Line ").count() >= 1 && !is_ready(&window));
    press(&mut window, "What builds go by");
    assert_eq!(text(&window), good);
    press(&mut window, "Back to the running pipeline");
    assert!(window.query_by_label("Stage Build: Not run yet").is_some());
}

#[test]
fn a_broken_text_keeps_the_last_good_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = startup(folder.path());
    press(&mut window, "Edit…");
    let text = |window: &Window| window.get_by_label("Definition as JSON").value().expect("a text");
    let good = text(&window);
    window.get_by_label("Definition as JSON").focus();
    window.run_steps(2);
    window.get_by_label("Definition as JSON").type_text("oops");
    window.run_steps(3);
    assert_ne!(text(&window), good);
    assert!(window.get_all_by_label_contains("cannot be read").count() >= 1, "it says where and why");
    assert!(window.get_by_label("Apply").accesskit_node().is_disabled());
    let stage = window.get_by_role_and_label(Role::TextInput, "Name of stage 2").value();
    assert_eq!(stage.as_deref(), Some("Build"), "the form shows what was good last");
    press(&mut window, "Back to the last good version");
    assert_eq!(text(&window), good);
    // The form changes the text, too.
    enter(&mut window, "Name of stage 2", "Compile");
    assert!(text(&window).contains("\"name\": \"Compile\""));
    enter(&mut window, "Name of stage 2", "Comp ile");
    assert!(window.get_all_by_label_contains("cannot be in the name of a stage").count() >= 1, "a mistake is said at once");
    assert!(window.get_by_label("Apply").accesskit_node().is_disabled());
}

#[test]
fn stages_and_actions_are_moved_and_removed_in_the_form_and_the_definition_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = startup(folder.path());
    press(&mut window, "Edit…");
    let text = |window: &Window| window.get_by_label("Definition as JSON").value().expect("a text");
    let at = |text: &str, name: &str| text.find(&format!("\"name\": \"{name}\"")).unwrap_or(usize::MAX);
    let good = text(&window);
    assert!(at(&good, "Test") < at(&good, "Deploy") && window.get_by_label("Move Deploy down").accesskit_node().is_disabled());
    press(&mut window, "Move Test down");
    let moved = text(&window);
    assert!(at(&moved, "Deploy") < at(&moved, "Test"), "the definition follows the form");
    press(&mut window, "Move Test up");
    assert_eq!(text(&window), good);
    // What is left makes no pipeline that could run: the form says so, and it is not applied.
    press(&mut window, "Remove action Integration");
    assert!(at(&text(&window), "Integration") == usize::MAX && window.get_by_label("Apply").accesskit_node().is_disabled());
    press(&mut window, "Remove stage Test");
    assert_eq!(at(&text(&window), "Test"), usize::MAX);
    assert!(!window.get_by_label("Apply").accesskit_node().is_disabled(), "without the tests it is a pipeline again");
    press(&mut window, "Apply");
    wait(&mut window, "the change", |window| {
        pipeline(window).stages.iter().map(|stage| stage.name.clone()).collect::<Vec<_>>() == ["Source", "Build", "Deploy"]
    });
}

#[test]
fn where_nothing_is_delivered_the_panel_says_how_to_get_a_pipeline() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    pause(&mut window);
    window.get_by_label_contains("Pipelines").click();
    window.run_steps(3);
    click(&mut window, "Open “Your first pipeline”");
    wait(&mut window, "the team", |window| snapshot(window).is_some_and(|snapshot| snapshot.delivery.is_some()));
}

#[test]
fn a_learner_builds_the_first_pipeline_and_chooses_a_strategy() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = delivered(folder.path(), "Your first pipeline");
    assert!(window.query_by_label("No service has a pipeline yet").is_some());
    let build = "Build a pipeline for frontend";
    window.get_all_by_role_and_label(Role::Button, build).last().expect("a button").click();
    window.run_steps(3);
    for category in ["Build", "Test"] {
        press(&mut window, "Add stage");
        press(&mut window, category);
    }
    assert!(window.query_by_label_contains("No mistakes").is_some());
    press(&mut window, "Create pipeline");
    wait(&mut window, "the pipeline", |window| snapshot(window).is_some_and(|snapshot| !snapshot.delivery.as_ref().expect("a team").pipelines.is_empty()));
    let names: Vec<String> = pipeline(&window).stages.into_iter().map(|stage| stage.name).collect();
    assert_eq!(names, ["Source", "Build", "Test", "Deploy"]);
    assert_eq!(pipeline(&window).definition.stages[3].actions[0].input_artifacts[0].name, "BuildOutput", "what was built is deployed");
    assert_eq!(pipeline(&window).executions.len(), 1, "it has begun");
    window.run_steps(3);
    assert!(window.query_by_label("Stage Build: Not run yet").is_some(), "it is shown as it runs");
    assert!(window.query_by_label("Build a pipeline for checkoutservice").is_some(), "the other service is still without one");
    // How its versions replace one another.
    press(&mut window, "Strategy: all at once");
    window.get_by_role_and_label(Role::ComboBox, "Strategy").click();
    window.run_steps(3);
    click(&mut window, "canary");
    let own = |window: &Window| snapshot(window).expect("a run").services[0].strategy.name();
    assert_eq!(own(&window), "all-at-once", "nothing is asked for yet");
    press(&mut window, "From now on: canary");
    wait(&mut window, "the strategy", |window| own(window) == "canary");
    window.run_steps(3);
    assert!(window.query_by_label("Strategy: canary").is_some());
    let file = std::fs::read_dir(folder.path().join("sessions")).expect("sessions").next().expect("one").expect("a file").path();
    drop(window);
    let journal: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).expect("a session")).expect("it can be read");
    let actions = journal["actions"].as_array().expect("actions");
    assert!(actions[0]["do"]["pipeline"]["command"]["create"].is_object() && actions[1]["do"]["set-strategy"].is_object(), "{actions:?}");
}

/// A window on a small team after three days of work, paused.
fn team(folder: &Path, settings: &Settings) -> Window {
    let mut window = open_with(folder, settings);
    std::fs::write(folder.join("team-pipeline.json"), include_str!("fixtures/team-pipeline.json")).expect("written");
    let path = folder.join("team.toml");
    let text = include_str!("fixtures/team.toml").replace("\"5d\"", "\"60h\"");
    std::fs::write(&path, text).expect("written");
    window.run_steps(2);
    enter(&mut window, "Path of a scenario or session file", &path.display().to_string());
    click(&mut window, "Open file");
    wait(&mut window, "the run", |window| snapshot(window).is_some());
    window.key_press(Key::Num6);
    wait(&mut window, "the end", |window| app(window).status().is_some_and(|status| status.over));
    window.run_steps(3);
    click(&mut window, "Dismiss");
    window
}

/// A tab of the docked panels.
fn open_pane(window: &mut Window, name: &str) {
    command(window, &format!("show {name}"));
    window.run_steps(3);
}

#[test]
fn the_five_metrics_open_to_their_records_and_the_truth_stands_beside_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = team(folder.path(), &Settings::default());
    let dora = snapshot(&window).expect("a run").dora.clone();
    assert!(dora.fleet.deployments > 5 && !dora.truth.hurt.is_empty(), "{:?}", dora.fleet);
    open_pane(&mut window, "DORA");
    for metric in ["Change lead time", "Deployment frequency", "Failed deployment recovery time", "Change fail rate", "Deployment rework rate"] {
        assert!(window.query_all_by_role(Role::Button).any(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with(metric))), "{metric}");
    }
    window.get_by_label_contains("Deployment frequency, ").click();
    window.run_steps(4);
    let behind = format!("Behind it: {} deployments that ended, rollbacks included", dora.fleet.deployments);
    assert!(window.query_by_label(&behind).is_some());
    assert!(window.query_by_label("How numbers look better than they are").is_none(), "no tool shows the truth");
    click(&mut window, "What really happened");
    assert!(window.query_by_label("How numbers look better than they are").is_some());
    // Another year, another level; and one service alone.
    click(&mut window, "Levels of the 2019 report");
    assert!(window.query_all_by_label_contains("in 2019").next().is_some());
    let row = window.query_all_by_role(Role::Row).find(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with("deployment #")));
    row.expect("a record").click();
    window.run_steps(4);
    assert!(window.query_by_label("Versions that run now").is_some(), "a record opens the deployment");
    assert!(window.query_by_label("Inject fault…").is_some(), "and its service is selected");
}

/// The last link of a name.
fn follow(window: &mut Window, name: &str) {
    window.query_all_by_role_and_label(Role::Link, name).last().expect(name).scroll_to_me();
    window.run_steps(3);
    window.query_all_by_role_and_label(Role::Link, name).last().expect(name).click();
    window.run_steps(4);
}

#[test]
fn a_failed_request_is_walked_back_from_link_to_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = team(folder.path(), &Settings::default());
    let snapshot = snapshot(&window).expect("a run");
    let worst = snapshot.flaws.iter().max_by_key(|flaw| flaw.failed).expect("something hurt users").clone();
    let request = worst.requests[0].clone();
    open_pane(&mut window, "DORA");
    click(&mut window, "What really happened");
    // The table has a scroll area of its own: its heading brings it into view.
    window.get_by_label("From a failed request back to its cause").scroll_to_me();
    window.run_steps(3);
    window.get_by_label_contains(&format!(", {} failed requests", worst.failed)).click();
    window.run_steps(4);
    let commit = request.commit.expect("its commit");
    let change = worst.origin.expect("its change").change;
    for text in [format!("shop #{}", request.hurt.instance.0), format!("deployment #{}", request.deployment.expect("its deployment"))] {
        assert!(window.query_all_by_role_and_label(Role::Link, &text).next().is_some(), "{text}");
    }
    let (build, execution) = (request.build.expect("its build"), request.execution.expect("its execution"));
    follow(&mut window, &format!("build #{build}, execution #{execution}"));
    assert!(window.query_by_label_contains(&format!("Build {build} · ")).is_some(), "the log of the build is open");
    press(&mut window, "Executions");
    assert!(window.query_by_label_contains(&format!("Execution #{execution}")).is_some(), "and its execution is looked at");
    open_pane(&mut window, "DORA");
    follow(&mut window, &commit);
    assert!(window.query_by_label("Versions and their deployments").is_some(), "the commit is shown");
    open_pane(&mut window, "DORA");
    follow(&mut window, &format!("change {change}"));
    assert!(window.query_by_label("Hidden defects").is_some());
    let said =
        window.get_all_by_label_contains("users' requests fail").find_map(|node| node.accesskit_node().label().filter(|label| label.starts_with("made ")));
    let digits: String = said.expect("what it did to users").chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, worst.failed.to_string());
}

#[test]
fn the_team_its_commits_and_its_deployments_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = team(folder.path(), &Settings::default());
    let look = snapshot(&window).expect("a run").delivery.clone().expect("a team");
    open_pane(&mut window, "Team");
    for text in ["4 people", "Changes by stage"] {
        assert!(window.query_by_label(text).is_some(), "{text}");
    }
    assert!(window.query_by_label_contains("person 1, ").is_some());
    let open = look.incidents.iter().filter(|incident| incident.is_open()).count();
    assert!(window.query_by_label(&format!("Incidents: {open} open of {}", look.incidents.len())).is_some());
    open_pane(&mut window, "Commits");
    let newest = look.commits.last().expect("a commit").sha.clone();
    // What was deployed is a mark on the timeline, too, by the same name.
    let is_row = |node: &egui_kittest::Node<'_>| node.accesskit_node().label().is_some_and(|label| label.starts_with(&newest));
    window.query_all_by_label_contains(&newest).find(is_row).expect("its row").click();
    window.run_steps(3);
    assert!(window.query_by_label("Builds").is_some());
    click(&mut window, "Close the commit");
    assert!(window.query_by_label("Builds").is_none());
    open_pane(&mut window, "Deployments");
    assert!(window.query_by_label("Versions that run now").is_some());
}

#[test]
fn an_event_leads_to_what_it_is_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = team(folder.path(), &Settings::default());
    window.get_by_label_contains("  Events").click();
    window.run_steps(3);
    let row = window.query_all_by_role(Role::Row).find(|node| node.accesskit_node().label().is_some_and(|label| label.ends_with(" deployed")));
    row.expect("a deployment that ended").click();
    window.run_steps(4);
    assert!(window.query_by_label("Versions that run now").is_some(), "the deployment is shown");
    assert!(window.query_by_label("Inject fault…").is_some(), "and its service is selected");
}

#[test]
fn without_a_team_the_panels_say_what_they_would_show() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    pause(&mut window);
    for name in ["Team", "Commits"] {
        open_pane(&mut window, name);
        assert!(window.query_by_label("This scenario has no team").is_some(), "{name}");
        assert!(window.query_by_label("Open A month at a startup").is_some());
    }
    open_pane(&mut window, "DORA");
    assert!(window.query_all_by_label_contains("no deployment ended").next().is_some(), "a tile says why it is empty");
    open_pane(&mut window, "Deployments");
    assert!(window.query_by_label("Nothing was deployed yet").is_some());
}

#[test]
fn the_panels_of_delivery_speak_vietnamese() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { language: Lang::Vi, theme: ThemeChoice::Light, ..Settings::default() };
    let mut window = open_with(folder.path(), &settings);
    window.run_steps(2);
    click(&mut window, "Online Boutique");
    wait(&mut window, "the run", |window| snapshot(window).is_some_and(|snapshot| snapshot.now > SimTime::from_secs(1)));
    open_pane(&mut window, "DORA");
    assert!(window.query_all_by_label_contains("chưa lần deploy nào kết thúc").next().is_some());
}

/// A window on two canaries under way, the one of `stock` with a tenth of the traffic; time stands still.
fn canaries(folder: &Path, settings: &Settings) -> Window {
    let mut window = open_with(folder, settings);
    let path = folder.join("judged.toml");
    std::fs::write(&path, include_str!("fixtures/judged.toml")).expect("written");
    window.run_steps(2);
    enter(&mut window, "Path of a scenario or session file", &path.display().to_string());
    click(&mut window, "Open file");
    wait(&mut window, "both canaries", |window| {
        let canary = |service: usize| snapshot(window).is_some_and(|snapshot| snapshot.services[service].deployment.is_some());
        canary(WEB) && canary(STOCK) && rollout(window, STOCK).progress.current == Some(1)
    });
    pause(&mut window);
    window
}

/// The services of the canaries, in the scenario's order.
const WEB: usize = 0;
const STOCK: usize = 1;

/// The deployment under way of a service.
fn rollout(window: &Window, service: usize) -> fleetlab::lab::snapshot::DeploymentSnapshot {
    snapshot(window).expect("a run").services[service].deployment.clone().expect("a deployment under way")
}

/// The deployment of a service is looked at.
fn look_at(window: &mut Window, service: &str) {
    open_pane(window, "Deployments");
    let row = window.query_all_by_role(Role::Row).find(|node| node.accesskit_node().label().is_some_and(|label| label.contains(&format!(", {service}, "))));
    row.expect("its row").click();
    window.run_steps(4);
}

#[test]
fn a_canary_is_paused_resumed_promoted_and_aborted_and_that_is_in_the_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = canaries(folder.path(), &Settings::default());
    look_at(&mut window, "stock");
    for step in ["Step 1 of 5, Scale up: done", "Step 2 of 5, 10 % of the traffic: under way", "Step 3 of 5, 100 % of the traffic: to come"] {
        assert!(window.query_by_label(step).is_some(), "{step}");
    }
    assert!(window.query_by_label_contains(" left of this step").is_some(), "what is waited for, and how long");
    assert!(window.query_by_label_contains("new-stock-errors, ").is_some(), "the alarm that watches it");
    assert!(window.query_by_label_contains("error rate above 5 % in 1 of 1 periods").is_some(), "and its threshold");
    assert!(window.query_by_role_and_label(Role::Button, "Resume deployment").is_none(), "it is not paused");
    press(&mut window, "Pause deployment");
    wait(&mut window, "the pause", |window| rollout(window, STOCK).progress.phase == "Paused");
    window.run_steps(2);
    assert!(window.query_by_label("Waits for a person").is_some());
    press(&mut window, "Resume deployment");
    wait(&mut window, "the end of the pause", |window| rollout(window, STOCK).progress.phase == "Progressing");
    press(&mut window, "Promote");
    wait(&mut window, "all of the traffic", |window| rollout(window, STOCK).progress.weight.is_some_and(|weight| weight.get() > 0.99));
    window.run_steps(2);
    assert!(window.query_by_label("Step 4 of 5, Bake: under way").is_some());
    assert!(window.get_by_role_and_label(Role::Button, "Promote fully").accesskit_node().is_disabled(), "nothing is left to leave out");
    press(&mut window, "Abort deployment");
    // The way back itself takes no time: what shows that time goes on is the time.
    let stood = snapshot(&window).expect("a run").now;
    window.get_by_label("Play").click();
    wait(&mut window, "time to go on", |window| snapshot(window).is_some_and(|snapshot| snapshot.now > stood));
    wait(&mut window, "the way back", |window| {
        let snapshot = snapshot(window).expect("a run");
        let stock = &snapshot.services[STOCK];
        stock.deployment.is_none() && stock.stable == "v1" && stock.versions[1].instances == 0 && stock.versions[0].instances == 3
    });
    pause(&mut window);
    assert!(window.query_all_by_label_contains("aborted").next().is_some(), "and why it failed");
    let sessions = folder.path().join("sessions");
    let file = std::fs::read_dir(sessions).expect("sessions").next().expect("one").expect("readable").path();
    let journal: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).expect("a session")).expect("it can be read");
    let wishes: Vec<&str> = journal["actions"].as_array().expect("actions").iter().filter_map(|action| action["do"]["steer"]["wish"].as_str()).collect();
    assert_eq!(wishes, ["pause", "resume", "promote", "abort"]);
}

#[test]
fn the_evidence_of_an_analysis_is_shown_against_its_thresholds() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = canaries(folder.path(), &Settings::default());
    look_at(&mut window, "web");
    window.get_by_label("Play").click();
    wait(&mut window, "a measurement", |window| {
        rollout(window, WEB).analyses.iter().all(|metric| metric.counts[0] >= 1) && rollout(window, WEB).analyses.len() == 2
    });
    pause(&mut window);
    window.run_steps(2);
    assert!(window.query_by_label("Step 3 of 7, analysis: 2 metrics: under way").is_some());
    let good = rollout(&window, WEB).analyses[0].counts[0];
    let spoken = format!("success-rate, Running, last 1.0000: good, {good} good, 0 bad, 0 inconclusive, 0 errors; {good} of 10 measured");
    assert!(window.query_by_label(&spoken).is_some(), "{spoken}");
    for text in ["good if result >= 0.95", "bad if result < 0.9", "allowed: 1 bad, 0 inconclusive, 4 errors in a row"] {
        assert!(window.query_by_label(text).is_some(), "{text}");
    }
    press(&mut window, "Promote fully");
    wait(&mut window, "the end of the judging", |window| rollout(window, WEB).analyses.iter().all(|metric| metric.next.is_none()));
    // What was measured can still be looked at.
    assert_eq!(rollout(&window, WEB).analyses.len(), 2);
}

#[test]
fn what_cannot_be_steered_is_only_rolled_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    pause(&mut window);
    click(&mut window, "currencyservice");
    click(&mut window, "Deploy…");
    window.get_by_label_contains("Deploy v2 to currencyservice").click();
    wait(&mut window, "the deployment", |window| snapshot(window).expect("a run").services.iter().any(|service| service.deployment.is_some()));
    open_pane(&mut window, "Deployments");
    for order in ["Promote", "Promote fully", "Pause deployment", "Abort deployment"] {
        assert!(window.get_by_role_and_label(Role::Button, order).accesskit_node().is_disabled(), "{order}");
    }
    let back = window.query_all_by_role_and_label(Role::Button, "Roll back currencyservice").last().expect("the way back");
    assert!(!back.accesskit_node().is_disabled());
    back.click();
    wait(&mut window, "the way back", |window| snapshot(window).expect("a run").dora.deployments.len() == 2);
}

#[test]
fn a_flag_is_ramped_killed_and_removed_and_its_experiment_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open_with(folder.path(), &Settings::default());
    window.run_steps(2);
    window.get_by_label("Dark launch").scroll_to_me();
    window.run_steps(3);
    click(&mut window, "Dark launch");
    wait(&mut window, "the run", |window| snapshot(window).is_some_and(|snapshot| snapshot.now > SimTime::from_secs(1)));
    pause(&mut window);
    open_pane(&mut window, "Flags");
    assert!(window.query_by_label("3 feature flags").is_some());
    let share = |window: &Window, at: usize| snapshot(window).expect("a run").flags[at].percentage.get();
    assert!(share(&window, 0).abs() < 1e-9);
    // Each flag has its own row of buttons; the first one is that of the dark launch.
    window.get_all_by_role_and_label(Role::Button, "25 %").next().expect("a step of the ramp").click();
    wait(&mut window, "a quarter", |window| (share(window, 0) - 0.25).abs() < 1e-9);
    window.run_steps(2);
    assert!(window.query_by_label("on for 25 % of the users").is_some());
    window.get_all_by_role_and_label(Role::Button, "Kill").next().expect("the kill switch").click();
    wait(&mut window, "nobody", |window| share(window, 0).abs() < 1e-9);
    window.run_steps(2);
    window.get_all_by_role_and_label(Role::Button, "Remove").next().expect("the clean-up").click();
    wait(&mut window, "the clean-up", |window| snapshot(window).expect("a run").flags[0].removed);
    window.run_steps(2);
    assert!(window.query_by_label("removed from the code, for good at 0 %").is_some());
    // What is refused is said: only some users have the second one.
    assert!(window.get_all_by_role_and_label(Role::Button, "Remove").next().expect("the second flag's").accesskit_node().is_disabled());
    window.key_press(Key::Num6);
    window.get_by_label("Play").click();
    wait(&mut window, "both variants", |window| {
        let experiment = snapshot(window).and_then(|snapshot| snapshot.flags[1].experiment.clone());
        experiment.is_some_and(|experiment| experiment.looks.len() > 2)
    });
    pause(&mut window);
    assert!(window.query_by_label("A/B test: visits of web.checkout").is_some());
    assert!(window.query_by_label_contains("% interval ").is_some(), "the difference with its interval");
    assert!(
        window
            .query_by_label_contains("of tests with no difference at all")
            .or_else(|| window.query_by_label_contains("Of tests with no difference at all"))
            .is_some()
    );
    let file = std::fs::read_dir(folder.path().join("sessions")).expect("sessions").next().expect("one").expect("readable").path();
    let journal: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).expect("a session")).expect("it can be read");
    let actions = journal["actions"].as_array().expect("actions");
    let set: Vec<&serde_json::Value> = actions.iter().filter_map(|action| action["do"]["set-flag"].get("percentage")).collect();
    assert_eq!(set, ["0.25", "0"], "{actions:?}");
    assert!(actions.iter().any(|action| action["do"]["remove-flag"]["flag"] == "new-recommendations"));
}

#[test]
fn without_flags_the_panel_says_what_they_are_and_opens_some() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = boutique(folder.path());
    pause(&mut window);
    open_pane(&mut window, "Flags");
    assert!(window.query_by_label("No feature flags").is_some());
    click(&mut window, "Open “Dark launch”");
    wait(&mut window, "the dark launch", |window| snapshot(window).is_some_and(|snapshot| !snapshot.flags.is_empty()));
}

/// A window on a shop whose bad release can be compared quickly, with the panel in front; `edit` changes the shop.
fn comparable(folder: &Path, settings: &Settings, panel: &str, edit: impl Fn(&str) -> String) -> Window {
    let mut window = open_with(folder, settings);
    let path = folder.join("compared.toml");
    std::fs::write(&path, edit(include_str!("fixtures/compared.toml"))).expect("written");
    window.run_steps(2);
    let (field, open) = match settings.language {
        Lang::En => ("Path of a scenario or session file", "Open file"),
        Lang::Vi => ("Đường dẫn tệp kịch bản hoặc phiên", "Mở tệp"),
    };
    enter(&mut window, field, &path.display().to_string());
    click(&mut window, open);
    wait(&mut window, "the run", |window| snapshot(window).is_some());
    open_pane(&mut window, panel);
    window
}

fn tick(window: &mut Window, strategy: &str) {
    window.get_by_role_and_label(Role::CheckBox, strategy).click();
    window.run_steps(2);
}

/// Whatever is said that contains a text.
fn labels(window: &Window, text: &str) -> Vec<String> {
    let said = window.query_all_by_label_contains(text);
    said.filter_map(|node| node.accesskit_node().label().or_else(|| node.accesskit_node().value())).collect()
}

/// Two strategies are chosen, one of them in words, and compared; `quick` is a canary that this shop has time for.
fn compare(window: &mut Window, run: &str) {
    for strategy in ["rolling (ECS)", "blue/green", "canary"] {
        tick(window, strategy);
    }
    let all = if window.query_by_label("all at once").is_some() { "all at once" } else { "tất cả cùng lúc" };
    tick(window, all);
    let field = if window.query_by_label("Strategy with parameters").is_some() { "Strategy with parameters" } else { "Chiến lược kèm tham số" };
    enter(window, field, "quick: canary = { percent = \"10%\", canary_bake = \"1m\", bake = \"30s\" }");
    window.key_press(Key::Enter);
    window.run_steps(3);
    press(window, run);
}

#[test]
fn strategies_are_compared_side_by_side_with_their_differences_and_what_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = comparable(folder.path(), &Settings::default(), "Compare", str::to_owned);
    assert!(window.query_by_label_contains("Results appear here").is_some());
    compare(&mut window, "Run comparison");
    wait(&mut window, "the results", |window| window.query_by_label_contains("A shop to compare · 20 seeds, 42 to 61").is_some());
    window.run_steps(3);
    // Over time: what happened under each.
    let lane = labels(&window, "quick: 00:01:00");
    assert!(lane.iter().any(|lane| lane.contains("deploy bad, canary") && lane.contains("alarm new-errors") && lane.contains("bad failed")), "{lane:?}");
    assert!(labels(&window, "all-at-once: ").iter().any(|lane| lane.contains("bad deployed") && !lane.contains("failed")));
    assert!(window.query_by_label("traffic on bad").is_some() && window.query_by_label("users' requests that fail").is_some());
    // In numbers: the canary hurts fewer, the other one is through sooner.
    let row = |window: &Window, measure: &str| {
        let rows = window.query_all_by_role(Role::Row).filter_map(|node| node.accesskit_node().label());
        rows.into_iter().find(|row| row.starts_with(measure)).unwrap_or_else(|| panic!("no row {measure}"))
    };
    let hurt = row(&window, "users hurt: ");
    assert!(hurt.contains("quick ") && hurt.contains("± ") && hurt.contains("better than all-at-once, best of all"), "{hurt}");
    for measure in [
        "failed requests",
        "budget burned: availability",
        "time to detect",
        "time to recover",
        "false rollbacks",
        "instance-hours",
        "cost",
        "lead time: all-at-once –",
    ] {
        row(&window, measure);
    }
    assert!(window.query_by_label_contains("Lead time is not known").is_some(), "and why");
    // In words.
    assert!(!labels(&window, "hurts fewer users (").is_empty() && !labels(&window, "lets fewer harmful versions stay").is_empty());
    click(&mut window, "If bad were harmless");
    let time = row(&window, "deployment time: ");
    assert!(time.contains("worse than all-at-once"), "{time}");
    assert!(!labels(&window, "quick: 00:01:00").iter().any(|lane| lane.contains("alarm")), "nobody notices a harmless version");
    // With another scenario they are still there, and say that they are not its.
    assert!(window.query_by_label_contains("another scenario than the one that is open").is_none());
    command(&mut window, "open online-boutique");
    wait(&mut window, "the other run", |window| snapshot(window).is_some_and(|snapshot| snapshot.services.len() > 5));
    open_pane(&mut window, "Compare");
    assert!(window.query_by_label_contains("another scenario than the one that is open, “Online Boutique”").is_some());
}

#[test]
fn a_comparison_that_is_cancelled_keeps_what_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let busy = |text: &str| text.replace("\"20/s\"", "\"400/s\"").replace("\"6m\"", "\"20m\"");
    let mut window = comparable(folder.path(), &Settings::default(), "Compare", busy);
    compare(&mut window, "Run comparison");
    // Two strategies and their twins make four runs a seed.
    let done = |window: &Window| labels(window, " of 80 runs").first().and_then(|text| text.split(' ').next()?.parse::<u32>().ok());
    wait(&mut window, "the first seed", |window| done(window).is_some_and(|done| done >= 4));
    assert!(snapshot(&window).is_some() && window.query_by_label("Pause").is_some(), "the simulation that is shown goes on");
    press(&mut window, "Cancel");
    wait(&mut window, "the results", |window| window.query_by_label_contains("seeds are done, and everything here counts only those").is_some());
    let said = labels(&window, "Cancelled: ").first().cloned().expect("how many");
    let kept: u32 = said.split(' ').nth(2).or_else(|| said.split(' ').nth(1)).and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{said}"));
    assert!((1..20).contains(&kept), "{said}");
    assert!(window.query_by_label("Run comparison").is_some(), "another one can be run");
    assert!(window.query_all_by_role(Role::Row).any(|node| node.accesskit_node().label().is_some_and(|row| row.starts_with("users hurt: "))));
}

#[test]
fn what_is_wrong_with_a_written_strategy_is_said_in_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = comparable(folder.path(), &Settings::default(), "Compare", str::to_owned);
    let add = |window: &mut Window, text: &str| {
        enter(window, "Strategy with parameters", text);
        press(window, "Add");
    };
    for (text, says) in [
        ("canry", "did you mean `canary`"),
        ("canary = { percent = \"150%\" }", "150%"),
        ("canary = { alarms = { names = [\"new-erors\"] } }", "did you mean `new-errors`"),
        ("CodeDeployDefault.ECSCanary10Percent6Minutes", "did you mean"),
    ] {
        add(&mut window, text);
        assert!(!labels(&window, says).is_empty(), "{text}");
        assert_eq!(field(&window, "Strategy with parameters").and_then(|field| field.value()).as_deref(), Some(text), "it can be mended");
        assert!(window.query_by_label(&format!("Remove {text}")).is_none());
    }
    add(&mut window, "CodeDeployDefault.ECSCanary10Percent5Minutes");
    assert!(labels(&window, "did you mean").is_empty());
    press(&mut window, "Remove CodeDeployDefault.ECSCanary10Percent5Minutes");
    // One alone is no comparison, and two of one name cannot be told apart.
    for strategy in ["rolling (ECS)", "blue/green"] {
        tick(&mut window, strategy);
    }
    assert!(window.get_by_label("Run comparison").accesskit_node().is_disabled() && window.query_by_label("Choose 2 to 12 strategies.").is_some());
    add(&mut window, "canary: linear");
    add(&mut window, "canary: all-at-once");
    press(&mut window, "Run comparison");
    assert!(window.query_by_label_contains("Two strategies are called “canary”").is_some());
}

#[test]
fn where_nothing_is_deployed_the_panel_says_so_and_opens_what_deploys() {
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = |text: &str| text.split("[[timeline]]").next().expect("text").to_owned();
    let mut window = comparable(folder.path(), &Settings::default(), "Compare", nothing);
    assert!(window.query_by_label("This scenario deploys nothing").is_some() && window.query_by_label("Run comparison").is_none());
    click(&mut window, "Open “A bad release: rolling”");
    wait(&mut window, "the release", |window| snapshot(window).is_some_and(|snapshot| snapshot.services.len() > 5));
    open_pane(&mut window, "Compare");
    assert!(window.query_by_label("Run comparison").is_some());
}

#[test]
fn a_comparison_speaks_vietnamese() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { language: Lang::Vi, theme: ThemeChoice::Light, ..Settings::default() };
    let mut window = comparable(folder.path(), &settings, "So sánh", str::to_owned);
    compare(&mut window, "Chạy so sánh");
    wait(&mut window, "the results", |window| window.query_by_label_contains("Cửa hàng để so sánh · 20 seed, từ 42 đến 61").is_some());
    window.run_steps(3);
    assert!(!labels(&window, "có ít người dùng gặp lỗi hơn (").is_empty() && !labels(&window, "người dùng gặp lỗi: all-at-once").is_empty());
    assert!(labels(&window, "hurts fewer").is_empty() && labels(&window, "compare.").is_empty());
}
