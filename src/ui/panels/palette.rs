//! The command palette: everything that can be done, found by typing a few letters of it.
//!
//! Entries are made from what there is: scenarios, services and their versions, faults, speeds, goals, settings.

use eframe::egui::{Align2, Id, Key, Modal, ScrollArea, TextEdit, Ui, pos2, vec2};

use super::inspector::Form;
use super::panes::DELIVERY;
use super::top_bar::{GOALS, goal_text, play, speed_text};
use crate::fleet::fault::FaultKind;
use crate::ids::ServiceId;
use crate::scenario::Action;
use crate::ui::link::Speed;
use crate::ui::settings::{Settings, ThemeChoice};
use crate::ui::state::{Ask, Overlay, Page, Selection, Shell, colors};
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Height of the list of what was found [points].
const LIST: f32 = 360.0;

/// What the palette remembers.
#[derive(Debug, Clone, Default)]
pub(crate) struct PaletteState {
    /// What was typed.
    query: String,
    /// Which of the found entries is marked.
    marked: usize,
}

impl PaletteState {
    /// Starts anew.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Something that can be done.
struct Entry {
    icon: &'static str,
    text: String,
    /// Further words by which it is found.
    hidden: String,
    does: Does,
}

enum Does {
    Asks(Vec<Ask>),
    /// Selects a service and opens a form of the inspector for it.
    Form(ServiceId, Form),
}

fn entries(shell: &Shell) -> Vec<Entry> {
    let lang = shell.lang();
    let mut all = Vec::new();
    let mut add = |icon, text: String, hidden: &str, asks: Vec<Ask>| all.push(Entry { icon, text, hidden: hidden.to_lowercase(), does: Does::Asks(asks) });
    if let Some(run) = &shell.run {
        let (icon, name) = play(run.status);
        add(icon, lang.tr(name).into_owned(), "play pause again", vec![Ask::PlayPause]);
        for speed in Speed::ALL {
            add(icons::CLOCK, lang.with("palette.speed", &[("speed", &speed_text(lang, speed))]), "speed", vec![Ask::Speed(speed)]);
        }
        for goal in GOALS.into_iter().filter(|_| !run.status.over) {
            add(icons::UNTIL, lang.with("palette.until", &[("goal", &goal_text(lang, goal, run.snapshot.end))]), "run until", vec![Ask::Until(goal)]);
        }
        add(icons::FIT, lang.tr("map.fit").into_owned(), "fit map", vec![Ask::FitMap]);
        for pane in DELIVERY {
            let text = lang.with("palette.show", &[("panel", &lang.tr(pane.title))]);
            add(pane.icon, text, "show panel", vec![Ask::Show(pane.title)]);
        }
        add(icons::MAP, lang.tr("rail.fleet").into_owned(), "map fleet", vec![Ask::Go(Page::Fleet)]);
        add(icons::RESTART, lang.with("palette.again", &[("seed", &run.seed.to_string())]), "again restart seed", vec![Ask::Again(run.seed)]);
        let next = run.seed.wrapping_add(1);
        add(icons::RESTART, lang.with("palette.again", &[("seed", &next.to_string())]), "again restart seed", vec![Ask::Again(next)]);
        for fault in run.snapshot.faults.iter().filter(|_| !run.status.over) {
            let text = lang.with("fault.clear", &[("fault", &fault.name)]);
            add(icons::CHECK, text, "clear fault", vec![Ask::Act(Box::new(Action::Clear { fault: fault.name.clone() }))]);
        }
    }
    add(icons::HOME, lang.tr("rail.home").into_owned(), "home scenarios", vec![Ask::Go(Page::Home)]);
    add(icons::SETTINGS, lang.tr("rail.settings").into_owned(), "settings", vec![Ask::Toggle(Overlay::Palette), Ask::Toggle(Overlay::Settings)]);
    add(icons::HELP, lang.tr("rail.help").into_owned(), "help keys", vec![Ask::Toggle(Overlay::Palette), Ask::Toggle(Overlay::Help)]);
    for (theme, key) in [(ThemeChoice::Dark, "theme.to-dark"), (ThemeChoice::Light, "theme.to-light")] {
        let settings = Settings { theme, ..shell.settings.clone() };
        add(icons::DARK, lang.tr(key).into_owned(), "theme", vec![Ask::Settings(settings)]);
    }
    for (language, name) in Lang::ALL {
        let settings = Settings { language, ..shell.settings.clone() };
        add(icons::LANGUAGE, lang.with("palette.language", &[("language", name)]), "language", vec![Ask::Settings(settings)]);
    }
    for entry in &shell.library {
        let text = lang.with("palette.open-scenario", &[("title", entry.title.get(lang.code()))]);
        add(icons::PLAY, text, &entry.name, vec![Ask::OpenScenario(entry.name.clone())]);
    }
    if let Some(run) = &shell.run {
        for (at, service) in run.scenario.model.services.iter().enumerate() {
            let id = ServiceId::from_index(at);
            all.push(Entry {
                icon: icons::TARGET,
                text: lang.with("palette.select", &[("service", &service.name)]),
                hidden: "select".to_owned(),
                does: Does::Asks(vec![Ask::Select(Selection::Service(id))]),
            });
            if run.status.over {
                continue;
            }
            for (icon, key, form) in [
                (icons::DEPLOY, "palette.deploy", Form::Deploy),
                (icons::STRATEGY, "palette.strategy", Form::Strategy),
                (icons::SCALE, "palette.scale", Form::Scale),
                (icons::SATURATION, "palette.capacity", Form::Capacity),
                (icons::RESTART, "palette.restart", Form::Restart),
            ] {
                all.push(Entry { icon, text: lang.with(key, &[("service", &service.name)]), hidden: String::new(), does: Does::Form(id, form) });
            }
            for kind in FaultKind::NAMES {
                let name = lang.find(&format!("fault.{kind}.name")).map_or_else(|| humanised(kind), std::borrow::Cow::into_owned);
                let text = lang.with("palette.inject", &[("fault", &name), ("service", &service.name)]);
                all.push(Entry { icon: icons::FAULT, text, hidden: (*kind).to_owned(), does: Does::Form(id, Form::Fault(kind)) });
            }
        }
    }
    all
}

/// How well an entry fits what was typed; lower is better, `None` does not fit.
fn score(entry: &Entry, words: &[String]) -> Option<usize> {
    let text = entry.text.to_lowercase();
    let mut sum = 0;
    for word in words {
        sum += match text.find(word.as_str()) {
            Some(0) => 0,
            Some(at) if text[..at].ends_with(' ') => 1,
            Some(_) => 3,
            None if entry.hidden.contains(word.as_str()) => 4,
            None => return None,
        };
    }
    Some(sum)
}

/// Draws it over the window.
pub(crate) fn palette_ui(ui: &Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let all = entries(shell);
    let words: Vec<String> = shell.palette.query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut found: Vec<(usize, &Entry)> = all.iter().filter_map(|entry| score(entry, &words).map(|score| (score, entry))).collect();
    found.sort_by_key(|(score, _)| *score);
    let (down, up, enter) = ui.ctx().input_mut(|input| {
        let mut pressed = |key| input.consume_key(eframe::egui::Modifiers::NONE, key);
        (pressed(Key::ArrowDown), pressed(Key::ArrowUp), pressed(Key::Enter))
    });
    let state = &mut shell.palette;
    if down {
        state.marked += 1;
    }
    if up {
        state.marked = state.marked.saturating_sub(1);
    }
    state.marked = state.marked.min(found.len().saturating_sub(1));
    let area = Modal::default_area(Id::unique("palette")).anchor(Align2::CENTER_TOP, vec2(0.0, 96.0));
    let frame = eframe::egui::Frame::popup(ui.style()).inner_margin(12);
    let mut chosen = None;
    let modal = Modal::new(Id::unique("palette")).area(area).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(560.0);
        let hint = format!("{}  {}", icons::SEARCH, lang.tr("palette.hint"));
        let field = TextEdit::singleline(&mut state.query).hint_text(hint).desired_width(f32::INFINITY).margin(vec2(10.0, 8.0));
        let response = ui.add(field).accessible_name(lang.tr("palette.hint"));
        response.request_focus();
        if response.changed() {
            state.marked = 0;
        }
        if found.is_empty() {
            label::secondary(ui, lang.tr("palette.nothing"));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let palette = colors(ui);
        // As high as always, whatever was found the last time.
        ScrollArea::vertical().max_height(LIST).min_scrolled_height(LIST).auto_shrink(false).show_rows(ui, 30.0, found.len(), |ui, rows| {
            for at in rows {
                let (_, entry) = found[at];
                let row = button::row(ui, 30.0, &entry.text, at == state.marked);
                let y = row.rect.center().y;
                ui.painter().text(pos2(row.rect.left() + 10.0, y), Align2::LEFT_CENTER, entry.icon, fonts::regular(size::TITLE), palette.secondary);
                ui.painter().text(pos2(row.rect.left() + 36.0, y), Align2::LEFT_CENTER, &entry.text, fonts::regular(size::BODY), palette.text);
                if (down || up) && at == state.marked {
                    row.scroll_to_me(None);
                }
                if row.clicked() {
                    chosen = Some(at);
                }
            }
        });
    });
    if enter && !found.is_empty() {
        chosen = Some(state.marked);
    }
    let closing = modal.should_close();
    let done = chosen.map(|at| match &found[at].1.does {
        Does::Asks(asks) => (asks.clone(), None),
        Does::Form(service, form) => (vec![Ask::Go(Page::Fleet), Ask::Select(Selection::Service(*service))], Some((*service, *form))),
    });
    if let Some((asks, form)) = done {
        let closes_itself = asks.iter().any(|ask| matches!(ask, Ask::Toggle(Overlay::Palette)));
        for ask in asks {
            shell.ask(ask);
        }
        if let (Some((_, form)), Some(run)) = (form, shell.run.as_mut()) {
            run.inspector.open_after_selection(form);
        }
        if !closes_itself {
            shell.ask(Ask::Toggle(Overlay::Palette));
        }
    } else if closing {
        shell.ask(Ask::Toggle(Overlay::Palette));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str, hidden: &str) -> Entry {
        Entry { icon: "", text: text.to_owned(), hidden: hidden.to_owned(), does: Does::Asks(Vec::new()) }
    }

    #[test]
    fn words_are_found_in_any_order_and_starts_of_words_come_first() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(score(&entry("Inject latency into cart", ""), &words("cart lat")).is_some());
        assert!(score(&entry("Deploy to cart", ""), &words("latency")).is_none());
        assert!(score(&entry("Cart", ""), &words("ca")) < score(&entry("Vacation", ""), &words("ca")));
        assert!(score(&entry("Tải lại", "restart"), &words("restart")).is_some());
    }
}
