//! The editor of a build project: its `buildspec.yml` as text, its machine, what it keeps from build to build, and beside them
//! where the time of its latest build went.
//!
//! Mistakes are said as soon as they are made, with their lines; only what can be read is applied. What was typed is kept while
//! the editor is closed.

use std::collections::BTreeSet;

use eframe::egui::{ComboBox, Rect, RichText, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::seen::Seen;
use super::stage::line;
use crate::content::genuine::buildspec::{self, Mistake};
use crate::delivery::build::cache::{CacheConfig, CacheMode, CacheType};
use crate::delivery::build::machine::ComputeType;
use crate::delivery::builds::{Build, BuildStatus};
use crate::delivery::pipelines::{BuildProject, BuildspecFrom, ProjectUpdate};
use crate::scenario::Action;
use crate::ui::panels::asked::Asked;
use crate::ui::state::colors;
use crate::ui::theme::size;
use crate::ui::widgets::code::{Marks, code_ui};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// Highest list of mistakes [points].
const LIST: f32 = 110.0;
/// Width of the side with the latest build's phases, where there is little room and where there is much [points].
const SIDE: (f32, f32) = (180.0, 250.0);
/// From this width on they stand beside the text [points].
const BESIDE: f32 = 480.0;
/// From this width on there is much room [points].
const WIDE: f32 = 720.0;

/// What is edited of one project.
#[derive(Debug, Clone)]
pub(super) struct Editor {
    name: String,
    /// The project as it was when it was looked at last.
    running: BuildProject,
    /// What is edited. Its specification is the last that could be read.
    draft: BuildProject,
    /// The text, as it was typed.
    text: String,
    mistakes: Vec<Mistake>,
    /// What was asked for.
    pub(super) asked: Asked,
    /// The line that comes into view.
    wanted: Option<usize>,
}

/// What came of a frame of the editor.
pub(super) enum Answer {
    /// It stays open.
    Stays,
    /// It is left; what was edited is kept.
    Leaves,
    /// It asks for this.
    Asks(ProjectUpdate),
}

impl Editor {
    /// An editor of a project as it is.
    pub(super) fn new(name: &str, running: &BuildProject) -> Self {
        let (running, draft) = (running.clone(), running.clone());
        let mut editor =
            Self { name: name.to_owned(), text: draft.buildspec.text.clone(), running, draft, mistakes: Vec::new(), asked: Asked::default(), wanted: None };
        editor.read();
        editor
    }
    /// Whether there is something in it that builds do not go by.
    pub(super) fn is_changed(&self) -> bool {
        self.text != self.running.buildspec.text || self.update().is_some()
    }
    fn read(&mut self) {
        match buildspec::of_text(&self.text) {
            Ok((spec, warnings)) => (self.draft.buildspec, self.mistakes) = (spec, warnings),
            Err(mistakes) => self.mistakes = mistakes,
        }
    }
    fn is_broken(&self) -> bool {
        self.mistakes.iter().any(|mistake| !mistake.is_warning)
    }
    /// What differs from what builds go by, if anything does.
    fn update(&self) -> Option<ProjectUpdate> {
        let (new, old) = (&self.draft, &self.running);
        let update = ProjectUpdate {
            project: self.name.clone(),
            buildspec: (new.buildspec != old.buildspec).then(|| BuildspecFrom::Read(Box::new(new.buildspec.clone()))),
            compute_type: (new.compute_type != old.compute_type).then_some(new.compute_type),
            privileged: (new.privileged != old.privileged).then_some(new.privileged),
            cache: (new.cache != old.cache).then(|| new.cache.clone()),
        };
        let is_any = update.changed().next().is_some();
        is_any.then_some(update)
    }
}

/// Draws the editor.
pub(super) fn project_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) -> Answer {
    if let Some(running) = seen.all.projects.get(&editor.name).filter(|running| **running != editor.running) {
        // An untouched editor follows what builds go by.
        if editor.is_changed() && (editor.text != running.buildspec.text || editor.draft != *running) {
            editor.running = running.clone();
        } else {
            let name = editor.name.clone();
            *editor = Editor::new(&name, running);
        }
    }
    let answer = bar_ui(ui, seen, editor);
    settings_ui(ui, seen, editor);
    let rect = ui.available_rect_before_wrap();
    let beside = rect.width() > BESIDE;
    let side = match rect.width() {
        width if width > WIDE => SIDE.1,
        _ if beside => SIDE.0,
        _ => 0.0,
    };
    let left = Rect::from_min_max(rect.min, pos2(rect.right() - side, rect.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("buildspec"), |ui| {
        ui.set_clip_rect(left.expand(2.0).intersect(ui.clip_rect()));
        text_ui(ui, seen, editor);
    });
    if beside {
        let right = Rect::from_min_max(pos2(left.right() + 16.0, rect.top()), rect.max);
        ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("phases"), |ui| {
            ScrollArea::vertical().id_salt("phases").auto_shrink(false).show(ui, |ui| phases_ui(ui, seen, &editor.name));
        });
    }
    answer
}

/// What can be done with the project as a whole.
fn bar_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) -> Answer {
    let lang = seen.lang;
    let mut answer = Answer::Stays;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
        if button::icon(ui, icons::BACK, &lang.tr("pipeline.editor.leave"), false).clicked() {
            answer = Answer::Leaves;
        }
        label::explained(label::title(ui, lang.with("pipeline.project.title", &[("project", &editor.name)])), lang, "buildspec");
        let update = editor.update().filter(|_| !editor.is_broken() && seen.barred.project.is_none());
        let why_not = if let Some(why) = &seen.barred.project {
            why.as_str().into()
        } else if editor.is_broken() {
            lang.tr("pipeline.editor.apply.errors")
        } else {
            lang.tr("pipeline.project.same")
        };
        let apply = ui.add_enabled_ui(update.is_some(), |ui| button::primary(ui, icons::CHECK, &lang.tr("pipeline.editor.apply"))).inner;
        let clicked = apply.on_hover_text(lang.tr("pipeline.project.apply.about")).on_disabled_hover_text(why_not).clicked();
        if let Some(update) = update.filter(|_| clicked) {
            editor.asked.ask(&Action::UpdateProject(update.clone()));
            answer = Answer::Asks(update);
        }
        let back = button::plain_if(ui, editor.is_changed(), icons::RESTART, &lang.tr("pipeline.project.running"));
        if back.on_hover_text(lang.tr("pipeline.project.running.about")).clicked() {
            let (name, running) = (editor.name.clone(), editor.running.clone());
            *editor = Editor::new(&name, &running);
        }
    });
    if let Some(refusal) = editor.asked.why() {
        label::wrong(ui, refusal);
    }
    answer
}

/// The machine, Docker, and the cache.
fn settings_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) {
    let lang = seen.lang;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
        let title = lang.tr("pipeline.project.machine");
        label::caption(ui, title.as_ref());
        let machine = &mut editor.draft.compute_type;
        let cores = |machine: ComputeType| format!("{} · {} vCPU", machine.name(), machine.cores());
        let combo = ComboBox::from_id_salt("machine").selected_text(cores(*machine)).width(240.0).show_ui(ui, |ui| {
            for other in ComputeType::names().filter_map(ComputeType::named) {
                ui.selectable_value(machine, other, cores(other));
            }
        });
        combo.response.accessible_name(title.as_ref());
        ui.checkbox(&mut editor.draft.privileged, lang.tr("pipeline.project.docker")).on_hover_text(lang.tr("pipeline.project.docker.about"));
        ui.add_space(8.0);
        let title = lang.tr("pipeline.project.cache");
        label::explained(label::caption(ui, title.as_ref()), lang, "build-cache");
        let cache = &mut editor.draft.cache;
        let word = |kind: CacheType| match kind {
            CacheType::NoCache => "NO_CACHE",
            CacheType::S3 => "S3",
            CacheType::Local => "LOCAL",
        };
        let before = cache.r#type;
        let combo = ComboBox::from_id_salt("cache").selected_text(word(cache.r#type)).width(96.0).show_ui(ui, |ui| {
            for kind in [CacheType::NoCache, CacheType::S3, CacheType::Local] {
                ui.selectable_value(&mut cache.r#type, kind, word(kind)).on_hover_text(lang.tr(match kind {
                    CacheType::NoCache => "pipeline.project.cache.none",
                    CacheType::S3 => "pipeline.project.cache.s3",
                    CacheType::Local => "pipeline.project.cache.local",
                }));
            }
        });
        combo.response.accessible_name(title.as_ref());
        if cache.r#type == CacheType::Local {
            if before != CacheType::Local {
                cache.modes = vec![CacheMode::LocalDockerLayerCache, CacheMode::LocalSourceCache, CacheMode::LocalCustomCache];
            }
            modes_ui(ui, seen, cache);
        } else {
            cache.modes.clear();
        }
    });
}

/// What a local cache holds. One without any mode holds nothing, which is why a new one begins with them all.
fn modes_ui(ui: &mut Ui, seen: &Seen<'_>, cache: &mut CacheConfig) {
    const ALL: [(CacheMode, &str); 3] = [
        (CacheMode::LocalSourceCache, "pipeline.project.mode.source"),
        (CacheMode::LocalDockerLayerCache, "pipeline.project.mode.layers"),
        (CacheMode::LocalCustomCache, "pipeline.project.mode.custom"),
    ];
    for (mode, key) in ALL {
        let mut on = cache.modes.contains(&mode);
        if ui.checkbox(&mut on, seen.lang.tr(key)).changed() {
            cache.modes.retain(|other| *other != mode);
            if on {
                cache.modes.push(mode);
            }
            cache.modes.sort();
        }
    }
}

/// The text, and below it what is wrong with it.
fn text_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) {
    let palette = colors(ui);
    let lang = seen.lang;
    let count = editor.mistakes.len();
    let list = if count == 0 { 28.0 } else { (4.0 + count as f32 * 22.0).min(LIST) };
    let lines =
        |warnings: bool| -> BTreeSet<usize> { editor.mistakes.iter().filter(|mistake| mistake.is_warning == warnings).map(|mistake| mistake.line).collect() };
    let marks = Marks { wrong: lines(false), odd: lines(true), wanted: editor.wanted };
    editor.wanted = None;
    let height = ui.available_height() - list - 10.0;
    if code_ui(ui, &mut editor.text, &lang.tr("pipeline.project.text"), &marks, height) {
        editor.read();
    }
    if editor.mistakes.is_empty() {
        ui.label(RichText::new(format!("{}  {}", icons::CHECK, lang.tr("pipeline.editor.fine"))).color(palette.ok_text));
        return;
    }
    ScrollArea::vertical().id_salt("mistakes").max_height(LIST).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for mistake in &editor.mistakes {
            let (glyph, color) = if mistake.is_warning { (icons::WARNING, palette.warning_text) } else { (icons::FAILING, palette.failing_text) };
            let text = lang.with("pipeline.editor.at-line", &[("line", &mistake.line.to_string()), ("what", &mistake.what)]);
            let response = button::row(ui, 20.0, &text, false);
            let rect = response.rect.shrink2(vec2(6.0, 0.0));
            line(ui.painter(), rect.left_center(), rect.width(), &format!("{glyph}  {text}"), fonts::regular(size::SMALL + 1.0), color);
            if response.on_hover_text(text).clicked() {
                editor.wanted = Some(mistake.line);
            }
        }
    });
}

/// Where the time of the latest build went that is over.
fn phases_ui(ui: &mut Ui, seen: &Seen<'_>, project: &str) {
    let palette = colors(ui);
    let lang = seen.lang;
    label::section(ui, lang.tr("pipeline.project.latest"));
    let of = |build: &&Build| build.project == project && matches!(build.status, BuildStatus::Succeeded | BuildStatus::Failed);
    let Some(build) = seen.all.builds.iter().rev().find(of) else {
        label::secondary(ui, lang.tr("pipeline.project.latest.none"));
        return;
    };
    let seconds = |from: crate::units::SimTime, to: crate::units::SimTime| to.since(from).as_secs_f64();
    let whole = build.started.zip(build.ends).map_or(0.0, |(started, ends)| seconds(started, ends));
    let (tone, word) = super::tone::of_build(build);
    let wait = build.started.map_or(0.0, |started| seconds(build.submitted, started));
    let summary = format!("#{} · {} · {}", build.number, lang.tr(word), format::axis_time(whole));
    ui.label(RichText::new(summary).color(tone.text(palette)).font(fonts::medium(size::BODY)));
    if wait >= 1.0 {
        label::caption(ui, lang.with("pipeline.project.waited", &[("time", &format::axis_time(wait))]));
    }
    ui.add_space(4.0);
    let phases: Vec<_> =
        build.phases.iter().map(|(phase, status, begin, end)| (phase, status, seconds(*begin, *end))).filter(|(.., took)| *took >= 0.5).collect();
    let longest = phases.iter().map(|(.., took)| *took).fold(1.0, f64::max);
    for (phase, status, took) in phases {
        let good = *status == crate::delivery::build::timeline::Status::Succeeded;
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width() - 8.0, 30.0), eframe::egui::Sense::hover());
        let spoken = format!("{phase}: {}", format::axis_time(took));
        response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Label, true, &spoken));
        let ink = if good { palette.text } else { palette.failing_text };
        line(ui.painter(), pos2(rect.left(), rect.top() + 8.0), rect.width() - 60.0, phase.name(), fonts::mono(size::SMALL), ink);
        ui.painter().text(
            pos2(rect.right(), rect.top() + 8.0),
            eframe::egui::Align2::RIGHT_CENTER,
            format::axis_time(took),
            fonts::regular(size::SMALL),
            palette.secondary,
        );
        let bar = Rect::from_min_size(pos2(rect.left(), rect.top() + 17.0), vec2(rect.width(), 6.0));
        ui.painter().rect_filled(bar, 3.0, palette.ground);
        let filled = Rect::from_min_size(bar.min, vec2(bar.width() * (took / longest) as f32, bar.height()));
        ui.painter().rect_filled(filled, 3.0, if good { palette.accent } else { palette.failing });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::pipelines::BuildspecOf;

    #[test]
    fn what_is_typed_becomes_an_update_of_what_differs_and_a_broken_text_none() {
        let project = BuildProject::default();
        let mut editor = Editor::new("build", &project);
        assert!(!editor.is_changed() && !editor.is_broken() && editor.update().is_none(), "the default's text is its specification");
        editor.draft.compute_type = ComputeType::Large;
        editor.text = editor.text.replace("npm ci", "npm ci --prefer-offline");
        editor.read();
        let update = editor.update().expect("two things differ");
        assert_eq!(update.changed().collect::<Vec<_>>(), ["buildspec", "compute_type"]);
        let Some(BuildspecFrom::Read(read)) = &update.buildspec else { panic!("it was read") };
        assert!(read.text.contains("--prefer-offline"));
        editor.text.push_str("phasez:\n  - x\n  y");
        editor.read();
        assert!(editor.is_broken() && editor.is_changed());
        assert!(editor.draft.buildspec.text.contains("--prefer-offline"), "the last good one stays");
    }

    #[test]
    fn the_text_of_the_default_specification_says_what_it_is() {
        let BuildspecOf { spec, text } = BuildspecOf::default();
        let (read, mistakes) = buildspec::of_text(&text).expect("it can be read");
        assert_eq!((read.spec, mistakes), (spec, Vec::new()));
    }
}
