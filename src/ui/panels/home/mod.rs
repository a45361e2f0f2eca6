//! The first page: what can be run, what was run before, and a file to be opened. One click runs one.

mod learn;

use std::path::PathBuf;

use eframe::egui::{Align2, Label, Rect, RichText, ScrollArea, Sense, TextEdit, Ui, pos2, vec2};

use crate::learner;
use crate::ui::state::{Ask, Group, Learning, LessonEntry, LibraryEntry, RecentSession, Shell, colors};
use crate::ui::text::{self, Lang};
use crate::ui::theme::{self, RADIUS, size};
use crate::ui::widgets::{button, empty, label};
use crate::ui::{fonts, format, icons};

/// Width of the column of content [points].
const COLUMN: f32 = 1_080.0;

/// Draws it.
pub(crate) fn home_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = (ui.available_width() - 64.0).min(COLUMN);
        let margin = (ui.available_width() - width) / 2.0;
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.add_space(40.0);
                ui.label(RichText::new(lang.tr("home.title")).font(fonts::semibold(size::DISPLAY)));
                label::secondary(ui, lang.tr("home.about"));
                ui.add_space(16.0);
                tools_ui(ui, shell, width);
                ui.add_space(8.0);
                due_ui(ui, shell, shell.lang());
                recent_ui(ui, shell, width);
                learn::courses_ui(ui, shell);
                let lessons = lessons_ui(ui, shell, width);
                learn::skills_ui(ui, shell);
                library_ui(ui, shell, width, lessons);
                ui.add_space(40.0);
            });
        });
    });
}

fn tools_ui(ui: &mut Ui, shell: &mut Shell, width: f32) {
    let lang = shell.lang();
    ui.horizontal(|ui| {
        let hint = format!("{}  {}", icons::SEARCH, lang.tr("home.search"));
        let search = TextEdit::singleline(&mut shell.search).hint_text(hint).desired_width(width * 0.42).margin(vec2(10.0, 6.0));
        ui.add(search).accessible_name(lang.tr("home.search"));
        ui.add_space(16.0);
        let path = TextEdit::singleline(&mut shell.path).hint_text(lang.tr("home.path").as_ref()).desired_width(width * 0.3).margin(vec2(10.0, 6.0));
        let field = ui.add(path).accessible_name(lang.tr("home.path"));
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
        let ready = !shell.path.trim().is_empty();
        let clicked = ui.add_enabled_ui(ready, |ui| button::plain(ui, icons::OPEN, &lang.tr("home.open")).clicked()).inner;
        if ready && (clicked || entered) {
            shell.ask(Ask::OpenFile(PathBuf::from(shell.path.trim())));
        }
    });
}

/// Rows of sessions that are seen at once; the others are scrolled to.
const RECENT_ROWS: f32 = 3.0;
/// Height of a row [points].
const RECENT_ROW: f32 = 30.0;

/// The sessions of the past, those in which something was done first.
fn recent_ui(ui: &mut Ui, shell: &mut Shell, width: f32) {
    let lang = shell.lang();
    let wanted = shell.search.to_lowercase();
    let title_of = |session: &RecentSession| {
        let title = session.title.get(lang.code());
        if title.is_empty() { session.scenario.clone() } else { title.to_owned() }
    };
    let mut found: Vec<(&RecentSession, String)> = shell.recent.iter().map(|session| (session, title_of(session))).collect();
    found.retain(|(session, title)| {
        let text = format!("{title} {}", session.scenario).to_lowercase();
        wanted.split_whitespace().all(|word| text.contains(word))
    });
    if found.is_empty() {
        return;
    }
    // The order of time is kept within both parts.
    found.sort_by_key(|(session, _)| session.actions == 0);
    ui.add_space(12.0);
    label::section(ui, lang.with("home.recent", &[("count", &found.len().to_string())]));
    let palette = colors(ui);
    let mut opened = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let list = ScrollArea::vertical().id_salt("recent").max_height(RECENT_ROWS * RECENT_ROW).min_scrolled_height(RECENT_ROWS * RECENT_ROW);
        list.auto_shrink([false, true]).show_rows(ui, RECENT_ROW, found.len(), |ui, rows| {
            for (session, title) in &found[rows] {
                let response = button::row(ui, RECENT_ROW, title, false);
                let (rect, y) = (response.rect, response.rect.center().y);
                let acted = session.actions > 0;
                let lit = response.hovered() || response.has_focus();
                let ink = if acted { palette.text } else { palette.secondary };
                let icon = if lit { icons::PLAY } else { icons::RECENT };
                let icon_ink = if lit || acted { palette.accent } else { palette.secondary };
                ui.painter().text(pos2(rect.left() + 10.0, y), Align2::LEFT_CENTER, icon, fonts::regular(size::TITLE), icon_ink);
                let split = (width * 0.3).min(300.0);
                let mut job = eframe::egui::text::LayoutJob::simple_singleline(title.clone(), fonts::medium(size::BODY), ink);
                job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(split - 44.0);
                let galley = ui.painter().layout_job(job);
                ui.painter().galley(pos2(rect.left() + 36.0, y - galley.size().y / 2.0), galley, ink);
                let time = format::moment(lang, session.until, session.end);
                let about =
                    lang.with("home.session", &[("time", &time), ("actions", &lang.counted("actions", session.actions)), ("seed", &session.seed.to_string())]);
                ui.painter().text(pos2(rect.left() + split, y), Align2::LEFT_CENTER, about, fonts::regular(size::BODY - 1.0), palette.secondary);
                if response.clicked() {
                    opened = Some(session.path.clone());
                }
            }
        });
    });
    if let Some(path) = opened {
        shell.ask(Ask::OpenFile(path));
    }
}

/// What is to be asked again, a button for each lesson.
fn due_ui(ui: &mut Ui, shell: &mut Shell, lang: Lang) {
    let due = shell.learner.progress().due(learner::now());
    let due: Vec<(String, String)> = { due.into_iter() }
        .filter_map(|due| {
            let entry = shell.lessons.iter().find(|entry| entry.id == due.lesson)?;
            let count = lang.counted("questions", due.questions.len());
            Some((due.lesson, format!("{} · {count}", entry.title.get(lang.code()))))
        })
        .collect();
    if due.is_empty() {
        return;
    }
    ui.add_space(12.0);
    label::section(ui, lang.tr("home.due"));
    ui.horizontal_wrapped(|ui| {
        for (name, text) in due {
            if button::plain(ui, icons::RECENT, &text).clicked() {
                shell.ask(Learning::Review(name));
            }
        }
    });
}

/// The lessons, in their order; whether there are any.
fn lessons_ui(ui: &mut Ui, shell: &mut Shell, width: f32) -> bool {
    let lang = shell.lang();
    let wanted = shell.search.to_lowercase();
    let matching = |entry: &&LessonEntry| {
        let text = format!("{} {} {}", entry.name, entry.title.get(lang.code()), format_args!("{} {}", entry.summary.get(lang.code()), entry.topics.join(" ")))
            .to_lowercase();
        wanted.split_whitespace().all(|word| text.contains(word))
    };
    let found: Vec<&LessonEntry> = shell.lessons.iter().filter(matching).collect();
    if found.is_empty() {
        return false;
    }
    ui.add_space(12.0);
    label::section(ui, lang.tr("home.lessons"));
    let columns = if width > 900.0 { 3.0 } else { 2.0 };
    let gap = 12.0;
    let card = ((width - gap * (columns - 1.0)) / columns).floor();
    let mut opened = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(gap, gap);
        ui.horizontal_wrapped(|ui| {
            for entry in found {
                let progress = shell.learner.progress();
                let (icon, state) = if progress.finished(&entry.id).is_some() {
                    (icons::DONE, format!("{} · ", lang.tr("home.finished")))
                } else if progress.is_begun(&entry.id) {
                    (icons::LESSON, format!("{} · ", lang.tr("home.begun")))
                } else {
                    (icons::LESSON, String::new())
                };
                let minutes = lang.with("home.minutes", &[("minutes", &entry.minutes.to_string())]);
                let pack = entry.pack.as_ref().map_or_else(String::new, |pack| format!("{pack} · "));
                let about = format!("{state}{minutes} · {pack}{}", entry.summary.get(lang.code()));
                if card_ui(ui, icon, &numbered(entry, lang), &about, card, 104.0) {
                    opened = Some(entry.name.clone());
                }
            }
        });
    });
    if let Some(name) = opened {
        shell.ask(Learning::Open(name));
    }
    true
}

/// The title of a lesson, after the number that its name begins with.
fn numbered(entry: &LessonEntry, lang: Lang) -> String {
    let title = entry.title.get(lang.code());
    match entry.id.split_once('-').and_then(|(number, _)| number.parse::<u32>().ok()) {
        Some(number) => format!("{number}. {title}"),
        None => title.to_owned(),
    }
}

fn matches(entry: &LibraryEntry, lang: Lang, wanted: &str) -> bool {
    let text = format!("{} {} {} {}", entry.name, entry.title.get(lang.code()), entry.title.get("en"), entry.description.get(lang.code())).to_lowercase();
    wanted.split_whitespace().all(|word| text.contains(word))
}

fn library_ui(ui: &mut Ui, shell: &mut Shell, width: f32, lessons: bool) {
    let lang = shell.lang();
    let wanted = shell.search.to_lowercase();
    let mut opened = None;
    let mut found = lessons;
    for (group, heading) in [(Group::Application, "home.applications"), (Group::Experiment, "home.experiments")] {
        let entries: Vec<&LibraryEntry> = shell.library.iter().filter(|entry| entry.group == group && matches(entry, lang, &wanted)).collect();
        if entries.is_empty() {
            continue;
        }
        found = true;
        ui.add_space(12.0);
        label::section(ui, lang.tr(heading));
        let columns = if width > 900.0 { 3.0 } else { 2.0 };
        let gap = 12.0;
        ui.scope(|ui| {
            if group == Group::Experiment {
                ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
                for entry in entries {
                    if row_ui(ui, entry.title.get(lang.code()), &about(entry, lang), width) {
                        opened = Some(entry.name.clone());
                    }
                }
                return;
            }
            let card = ((width - gap * (columns - 1.0)) / columns).floor();
            ui.spacing_mut().item_spacing = vec2(gap, gap);
            ui.horizontal_wrapped(|ui| {
                for entry in entries {
                    if card_ui(ui, icons::MAP, entry.title.get(lang.code()), &about(entry, lang), card, 104.0) {
                        opened = Some(entry.name.clone());
                    }
                }
            });
        });
    }
    if !found {
        let (title, about) = if shell.library.is_empty() { ("home.none", "home.none.about") } else { ("home.not-found", "home.not-found.about") };
        let action = (!wanted.is_empty()).then(|| lang.tr("home.clear-search"));
        if empty::empty(ui, icons::SEARCH, &lang.tr(title), &lang.tr(about), action.as_deref().map(|text| (icons::CLOSE, text))) {
            shell.search.clear();
        }
    }
    if let Some(name) = opened {
        shell.ask(Ask::OpenScenario(name));
    }
}

/// The first paragraph of what a scenario is.
fn about(entry: &LibraryEntry, lang: Lang) -> String {
    text::paragraphs(entry.description.get(lang.code())).into_iter().next().unwrap_or_default()
}

/// A row that runs something when it is clicked.
fn row_ui(ui: &mut Ui, title: &str, about: &str, width: f32) -> bool {
    let palette = colors(ui);
    let response = button::row(ui, 32.0, title, false);
    let rect = response.rect;
    let lit = response.hovered() || response.has_focus();
    let split = (width * 0.3).min(300.0);
    let y = rect.center().y;
    if !lit {
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, theme::faded(palette.line, 0.6)));
    }
    let icon = if lit { icons::PLAY } else { icons::TRAFFIC };
    ui.painter().text(
        pos2(rect.left() + 10.0, y),
        Align2::LEFT_CENTER,
        icon,
        fonts::regular(size::TITLE),
        if lit { palette.accent } else { palette.secondary },
    );
    let line = |text: &str, font, color, room: f32| {
        let mut job = eframe::egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
        job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(room);
        ui.painter().layout_job(job)
    };
    let name = line(title, fonts::medium(size::BODY), palette.text, split - 44.0);
    ui.painter().galley(pos2(rect.left() + 36.0, y - name.size().y / 2.0), name, palette.text);
    let text = line(about, fonts::regular(size::BODY - 1.0), palette.secondary, rect.width() - split - 12.0);
    ui.painter().galley(pos2(rect.left() + split, y - text.size().y / 2.0), text, palette.secondary);
    response
        .on_hover_ui(|ui| {
            ui.set_max_width(420.0);
            ui.add(Label::new(RichText::new(about).color(theme::palette(ui.visuals()).secondary)).wrap());
        })
        .clicked()
}

/// A card that runs something when it is clicked.
fn card_ui(ui: &mut Ui, icon: &str, title: &str, about: &str, width: f32, height: f32) -> bool {
    let palette = colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let lit = response.hovered() || response.has_focus();
    let line = if lit { palette.accent } else { palette.line };
    ui.painter().rect(rect, RADIUS + 2, if lit { palette.raised } else { palette.panel }, (1.0, line), eframe::egui::StrokeKind::Inside);
    let pad = 14.0;
    let ink = if lit { palette.accent } else { palette.secondary };
    ui.painter().text(pos2(rect.left() + pad, rect.top() + 23.0), Align2::LEFT_CENTER, icon, fonts::regular(size::TITLE + 1.0), ink);
    if lit {
        ui.painter().text(pos2(rect.right() - pad, rect.top() + 23.0), Align2::RIGHT_CENTER, icons::PLAY, fonts::regular(size::BODY), palette.accent);
    }
    let mut heading = eframe::egui::text::LayoutJob::simple_singleline(title.to_owned(), fonts::semibold(size::BODY), palette.text);
    heading.wrap = eframe::egui::text::TextWrapping::truncate_at_width(width - 2.0 * pad - 44.0);
    let heading = ui.painter().layout_job(heading);
    ui.painter().galley(pos2(rect.left() + pad + 24.0, rect.top() + 23.0 - heading.size().y / 2.0), heading, palette.text);
    let mut body = eframe::egui::text::LayoutJob::simple(about.to_owned(), fonts::regular(size::BODY - 1.0), palette.secondary, width - 2.0 * pad);
    body.wrap.max_rows = ((height - 44.0) / 17.0).floor().max(1.0) as usize;
    body.wrap.break_anywhere = false;
    let body = ui.painter().layout_job(body);
    let clip = Rect::from_min_max(rect.min, rect.max - vec2(pad, 6.0));
    ui.painter_at(clip).galley(pos2(rect.left() + pad, rect.top() + 40.0), body, palette.secondary);
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Button, true, title));
    response
        .on_hover_ui(|ui| {
            ui.set_max_width(360.0);
            ui.label(RichText::new(title).font(fonts::semibold(size::BODY)));
            ui.add(Label::new(RichText::new(about).color(theme::palette(ui.visuals()).secondary)).wrap());
        })
        .clicked()
}
