//! The top bar: what runs, whether and how fast time runs, what time it is, how the objectives stand.

use eframe::egui::{Align, Button, Label, Layout, Popup, RichText, Sense, TextStyle, Ui, vec2};

use crate::lab::snapshot::{Health, SloSnapshot};
use crate::ui::link::{Goal, RunStatus, Speed};
use crate::ui::settings::{Settings, ThemeChoice};
use crate::ui::state::{Ask, Overlay, Page, Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, label, status};
use crate::ui::{fonts, format, icons};
use crate::units::SimTime;

/// What a speed is called.
pub(crate) fn speed_text(lang: Lang, speed: Speed) -> String {
    match speed {
        Speed::Times(factor) => format!("{factor}×"),
        Speed::Max => lang.tr("speed.max").into_owned(),
    }
}

/// What the button that plays does: its icon and the key of its name.
pub(crate) const fn play(status: RunStatus) -> (&'static str, &'static str) {
    if status.over {
        (icons::RESTART, "play.again")
    } else if status.playing {
        (icons::PAUSE, "play.pause")
    } else {
        (icons::PLAY, "play.play")
    }
}

/// What a goal of a run that lasts until `end` is called.
pub(crate) fn goal_text(lang: Lang, goal: Goal, end: SimTime) -> String {
    match goal {
        Goal::Time(at) => lang.with("goal.time", &[("time", &format::moment(lang, at, end))]),
        Goal::Errors(share) => lang.with("goal.errors", &[("share", &format::percent(lang, share))]),
        Goal::Latency(ms) => lang.with("goal.latency", &[("latency", &format::millis(lang, ms))]),
        Goal::DeploymentEnds => lang.tr("goal.deployment").into_owned(),
        Goal::NextEvent => lang.tr("goal.event").into_owned(),
    }
}

/// The goals offered, besides a time.
pub(crate) const GOALS: [Goal; 5] = [Goal::NextEvent, Goal::DeploymentEnds, Goal::Errors(0.01), Goal::Errors(0.1), Goal::Latency(1_000.0)];

/// How an objective stands, as a status.
pub(crate) fn slo_health(slo: &SloSnapshot) -> Health {
    match slo.achieved {
        None => Health::Unknown,
        Some(_) if slo.budget_left <= 0.0 => Health::Failing,
        Some(_) if slo.budget_left < 0.25 => Health::Warning,
        Some(_) => Health::Ok,
    }
}

/// Draws it.
pub(crate) fn top_bar_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let palette = colors(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.add_space(14.0);
        let logo = Label::new(RichText::new(lang.tr("app.name")).font(fonts::semibold(size::TITLE))).sense(Sense::click());
        if ui.add(logo).on_hover_text(lang.tr("rail.home")).clicked() {
            shell.ask(Ask::Go(Page::Home));
        }
        if shell.run.is_some() && shell.page == Page::Fleet {
            run_ui(ui, shell);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.add_space(8.0);
            let dark = ui.visuals().dark_mode;
            let (icon, name, theme) =
                if dark { (icons::LIGHT, "theme.to-light", ThemeChoice::Light) } else { (icons::DARK, "theme.to-dark", ThemeChoice::Dark) };
            if button::icon(ui, icon, &lang.tr(name), false).clicked() {
                shell.ask(Ask::Settings(Settings { theme, ..shell.settings.clone() }));
            }
            let other = if lang == Lang::En { Lang::Vi } else { Lang::En };
            // The language that one gets.
            let code = RichText::new(other.code().to_uppercase()).font(fonts::medium(size::BODY - 1.0)).color(palette.secondary);
            let language = ui.add(Button::new(code).frame(false).min_size(vec2(28.0, 28.0)));
            language.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Button, true, lang.tr("language.switch")));
            if language.on_hover_text(lang.tr("language.switch")).clicked() {
                shell.ask(Ask::Settings(Settings { language: other, ..shell.settings.clone() }));
            }
            if button::icon(ui, icons::SEARCH, &lang.tr("palette.open"), shell.overlay == Some(Overlay::Palette)).clicked() {
                shell.ask(Ask::Toggle(Overlay::Palette));
            }
            if let Some(run) = &shell.run
                && shell.page == Page::Fleet
            {
                slo_ui(ui, run, lang);
                clock_ui(ui, run, lang);
            }
        });
    });
}

fn run_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let palette = colors(ui);
    let wide = ui.ctx().content_rect().width() > 1_500.0;
    let Some(run) = &shell.run else { return };
    let status = run.status;
    ui.add_space(4.0);
    let title = run.scenario.title.get(lang.code());
    let title = if title.is_empty() { run.scenario.name.as_str() } else { title };
    let text = lang.with("bar.run", &[("title", title), ("seed", &run.seed.to_string())]);
    let width = if wide { 360.0 } else { 196.0 };
    ui.allocate_ui_with_layout(vec2(width, 28.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        let font = TextStyle::Body.resolve(ui.style());
        let measured = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font.clone(), palette.secondary).size().x;
        let seed = lang.with("bar.run", &[("title", ""), ("seed", &run.seed.to_string())]);
        let (fits, room) = (measured(&text) <= width, (width - measured(&seed) - 1.0).max(24.0));
        if fits {
            ui.add(Label::new(RichText::new(&text).color(palette.secondary)).truncate()).on_hover_text(&text);
            return;
        }
        // A title can be guessed from its beginning, a seed cannot.
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.scope(|ui| {
            ui.set_max_width(room);
            ui.add(Label::new(RichText::new(title).color(palette.secondary)).truncate()).on_hover_text(&text);
        });
        ui.add(Label::new(RichText::new(seed).color(palette.secondary)).extend()).on_hover_text(&text);
    });

    let (icon, name) = play(status);
    let possible = !shell.is_just_over(ui.input(|input| input.time));
    let response = ui.add_enabled_ui(possible, |ui| button::icon(ui, icon, &lang.tr(name), !status.playing)).inner;
    let response = response.on_disabled_hover_text(lang.tr("clock.over"));
    let response = if status.over { response.on_hover_text(lang.with("play.again.about", &[("seed", &run.seed.to_string())])) } else { response };
    if response.clicked() {
        shell.ask(Ask::PlayPause);
    }
    let texts = Speed::ALL.map(|speed| speed_text(lang, speed));
    let names: Vec<String> = texts.iter().enumerate().map(|(at, text)| lang.with("speed.name", &[("speed", text), ("key", &(at + 1).to_string())])).collect();
    let segments: Vec<Segment<'_>> = texts.iter().zip(&names).map(|(text, name)| Segment { text, name }).collect();
    let on = Speed::ALL.iter().position(|&speed| speed == status.speed);
    if let Some(at) = segmented(ui, &segments, on, if wide { 9.0 } else { 7.0 }) {
        shell.ask(Ask::Speed(Speed::ALL[at]));
    }

    let until = ui.add_enabled_ui(!status.over, |ui| button::icon(ui, icons::UNTIL, &lang.tr("until.open"), status.goal.is_some())).inner;
    let until = until.on_disabled_hover_text(lang.tr("over.about"));
    Popup::menu(&until).show(|ui| {
        ui.set_min_width(240.0);
        label::section(ui, lang.tr("until.title"));
        for goal in GOALS {
            if ui.button(goal_text(lang, goal, SimTime::ZERO)).clicked() {
                shell.ask(Ask::Until(goal));
            }
        }
    });
}

fn clock_ui(ui: &mut Ui, run: &Run, lang: Lang) {
    let palette = colors(ui);
    let (day, time) = format::clock(run.snapshot.now);
    let text = if run.snapshot.end.nanos() > 86_400_000_000_000 { format!("{} {time}", lang.with("clock.day", &[("day", &day.to_string())])) } else { time };
    let hint = if run.status.over {
        lang.tr("clock.over").into_owned()
    } else if let Some(goal) = run.status.goal {
        lang.with("clock.until", &[("goal", &goal_text(lang, goal, run.snapshot.end))])
    } else if run.status.behind {
        lang.with("clock.behind", &[("speed", &format::count(lang, run.snapshot.speed))])
    } else if run.status.playing {
        lang.with("clock.running", &[("speed", &format::count(lang, run.snapshot.speed))])
    } else {
        lang.tr("clock.paused").into_owned()
    };
    ui.add_space(12.0);
    let color = if run.status.playing { palette.text } else { palette.secondary };
    let response = ui.add(Label::new(RichText::new(text).font(fonts::mono(size::TITLE)).color(color)).sense(Sense::hover()));
    if run.status.behind {
        ui.label(RichText::new(icons::WARNING).color(palette.warning_text)).on_hover_text(&hint);
    }
    response.on_hover_text(hint);
    ui.add_space(4.0);
}

fn slo_ui(ui: &mut Ui, run: &Run, lang: Lang) {
    let palette = colors(ui);
    let Some(slo) = run.snapshot.slos.first() else { return };
    let health = slo_health(slo);
    let text = format!("SLO {}", slo.achieved.map_or_else(|| format::NOTHING.to_owned(), |value| format::percent(lang, value)));
    let galley = ui.painter().layout_no_wrap(text.clone(), fonts::medium(size::BODY - 1.0), palette.status_text(health));
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 30.0, 26.0), Sense::hover());
    ui.painter().rect_filled(rect, 13.0, crate::ui::theme::mixed(palette.status(health), palette.panel, 0.14));
    status::shape(ui.painter(), rect.left_center() + vec2(13.0, 0.0), 8.0, health, palette);
    ui.painter().galley(rect.left_center() + vec2(21.0, -galley.size().y / 2.0), galley, palette.text);
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Label, true, &text));
    response.on_hover_ui(|ui| {
        for slo in &run.snapshot.slos {
            ui.label(RichText::new(&slo.name).font(fonts::semibold(size::BODY)));
            let achieved = slo.achieved.map_or_else(|| format::NOTHING.to_owned(), |value| format::percent(lang, value));
            let values =
                [("achieved", achieved.as_str()), ("objective", &format::percent(lang, slo.objective)), ("budget", &format::budget(lang, slo.budget_left))];
            label::secondary(ui, lang.with("slo.stands", &values));
        }
        label::definition(ui, lang, "slo");
    });
}
