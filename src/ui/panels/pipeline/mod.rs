//! Pipelines: one as a graph with its executions and builds, all of them at a glance, and an editor for their declarations.
//!
//! It shows what a snapshot has of the delivery, and asks for everything as [`Action::Pipeline`]; it never changes a
//! pipeline itself. Where the scenario has no team it says what a pipeline is and which scenario has one. `tone` says how
//! states look, `graph`, `lanes`, `stage` and `transition` draw, `forms` ask, `editor` edits.

mod builds;
mod editor;
mod executions;
mod forms;
mod graph;
mod lanes;
mod overview;
mod project;
mod seen;
mod stage;
mod tone;
mod transition;

use std::collections::BTreeMap;

use eframe::egui::{Align, Frame, Layout, Margin, Response, RichText, Role, TextWrapMode, Ui, UiBuilder, WidgetInfo, vec2};

use self::editor::Editor;
use self::forms::{Answer, Form, Open};
use self::seen::{Barred, Seen};
use super::panes::PaneSpec;
use super::{delivery, inspector};
use crate::delivery::command::PipelineCommand;
use crate::delivery::look::{DeliveryLook, PipelineLook};
use crate::delivery::pipelines::ProjectUpdate;
use crate::ids::ServiceId;
use crate::scenario::{Action, Scenario};
use crate::telemetry::ledger::ExecutionNumber;
use crate::ui::panels::asked::Asked;
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::text::{Lang, Tense};
use crate::ui::theme::{self, size};
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, empty, label};
use crate::ui::{fonts, icons};

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.pipeline", icon: icons::PIPELINE, draw: pipeline_ui };

/// The scenario to which a scenario without a team sends whoever looks for a pipeline.
const EXAMPLE: &str = "first-pipeline";
/// Narrower than this the pipelines are a list to choose from instead of a column [points].
const NARROW: f32 = 620.0;
/// From here on executions and builds lie side by side [points].
const WIDE: f32 = 1_000.0;
/// Height that is kept for the tables [points].
const TABLES: f32 = 150.0;
/// Height that is kept for them while a log is read [points].
const LOG: f32 = 290.0;

/// What the panel remembers.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, Default)]
pub(crate) struct PipelineState {
    /// The service whose pipeline was shown last.
    shown: Option<ServiceId>,
    /// The form that is open.
    form: Option<Open>,
    /// Whether builds are listed instead of executions, where there is room for one of them.
    builds: bool,
    /// The execution that is looked at.
    execution: Option<ExecutionNumber>,
    /// Whether that execution was just chosen elsewhere, so that it comes into view.
    reveal_execution: bool,
    /// In PARALLEL mode, the execution whose stages are shown; else, or if it is not known any more, the newest.
    lane: Option<ExecutionNumber>,
    /// The build whose log is shown.
    build: Option<u32>,
    /// Whether that build was just chosen elsewhere, so that it comes into view.
    reveal_build: bool,
    /// Whether that build was just chosen, so that what went wrong in it comes into view.
    reveal_wrong: bool,
    /// Whether the panel fills the whole middle.
    fills: bool,
    /// Whether the declaration is being edited.
    editing: bool,
    /// The service that is to get its first pipeline.
    creating: Option<ServiceId>,
    /// Whether another pipeline is shown since the last frame.
    fresh: bool,
    /// What was edited and is not applied yet, by service.
    editors: BTreeMap<ServiceId, Editor>,
    /// The build project that is being edited.
    project: Option<String>,
    /// What was edited of build projects and is not applied yet, by name.
    projects: BTreeMap<String, project::Editor>,
}

impl PipelineState {
    /// Whether the panel is to fill the whole middle: an editor needs the room.
    pub(crate) fn fills(&self) -> bool {
        self.fills || self.editing || self.creating.is_some() || self.project.is_some()
    }
    /// Whether a log is read, which needs more room than usual.
    pub(crate) const fn reads_log(&self) -> bool {
        self.build.is_some()
    }
    /// Shows the pipeline of a service, and in it an execution and a build that were chosen elsewhere.
    pub(crate) fn show(&mut self, service: ServiceId, execution: Option<ExecutionNumber>, build: Option<u32>) {
        (self.creating, self.editing, self.form, self.project) = (None, false, None, None);
        self.fresh = self.fresh || self.shown != Some(service);
        self.shown = Some(service);
        (self.execution, self.lane, self.reveal_execution) = (execution, execution, execution.is_some());
        (self.build, self.reveal_build, self.reveal_wrong) = (build, build.is_some(), build.is_some());
        self.builds = build.is_some();
    }
    /// Looks at an execution, or no more at the one that is looked at.
    fn look_at(&mut self, number: ExecutionNumber) {
        self.builds = false;
        self.execution = if self.execution == Some(number) { None } else { Some(number) };
        self.lane = Some(number);
    }
    /// Closes the form that is open; whether one was.
    pub(crate) fn close_form(&mut self) -> bool {
        self.form.take().is_some()
    }
    /// The world refused an action; whether what asked for it is still there to say so.
    pub(crate) fn refused(&mut self, action: &Action, why: &str) -> bool {
        if self.form.as_mut().is_some_and(|form| form.asked.refused(action, why)) {
            return true;
        }
        let editing = self.editing || self.creating.is_some() || self.project.is_some();
        self.asked().any(|asked| asked.refused(action, why)) && editing
    }
    /// The world did an action: the form that asked for it has served its purpose.
    pub(crate) fn done(&mut self, action: &Action) {
        if self.form.as_ref().is_some_and(|form| form.asked.is_for(action)) {
            self.form = None;
        }
        for asked in self.asked() {
            asked.done(action);
        }
    }
    /// What the editors asked for.
    fn asked(&mut self) -> impl Iterator<Item = &mut Asked> {
        self.editors.values_mut().map(|editor| &mut editor.asked).chain(self.projects.values_mut().map(|editor| &mut editor.asked))
    }
    /// A service that was to get its first pipeline has it: it is shown as it runs, among the other panels again.
    fn follow_creation(&mut self, all: &DeliveryLook) {
        if let Some(service) = self.creating.filter(|service| all.pipelines.iter().any(|look| look.service == *service)) {
            self.editors.remove(&service);
            (self.creating, self.editing, self.fills) = (None, false, false);
        }
    }
    /// The pipeline to show: of the service that is selected, else the one shown last, else the first.
    fn follow(&mut self, selected: Option<ServiceId>, all: &DeliveryLook) -> usize {
        let of = |service: Option<ServiceId>| service.and_then(|service| all.pipelines.iter().position(|look| look.service == service));
        let at = of(selected).or_else(|| of(self.shown)).unwrap_or(0);
        let service = all.pipelines.get(at).map(|look| look.service);
        if self.shown != service {
            self.shown = service;
            self.fresh = true;
            (self.execution, self.lane, self.build) = (None, None, None);
            if self.form.as_ref().is_some_and(|form| Some(form.service) != service) {
                self.form = None;
            }
        }
        at
    }
}

/// What a part of the panel asks for.
enum Wish {
    /// Does something to the pipeline.
    Command(PipelineCommand),
    /// Opens a form.
    Form(Form),
    /// Looks at an execution.
    Execution(ExecutionNumber),
    /// Shows the stages as this execution has passed them.
    Lane(ExecutionNumber),
    /// Shows the log of a build.
    Build(u32),
    /// Says how the service is deployed from now on.
    Strategy,
    /// Edits a build project.
    Project(String),
    /// Changes a build project.
    UpdateProject(ProjectUpdate),
}

/// What is or was done to a pipeline, in words.
pub(crate) fn command_text(lang: Lang, service: &str, command: &PipelineCommand, tense: Tense) -> String {
    let (wanted, done) = match command {
        PipelineCommand::Approve { approved: true, .. } => ("want.pipeline.approve", "did.pipeline.approve"),
        PipelineCommand::Approve { .. } => ("want.pipeline.reject", "did.pipeline.reject"),
        PipelineCommand::DisableTransition { .. } => ("want.pipeline.disable", "did.pipeline.disable"),
        PipelineCommand::EnableTransition { .. } => ("want.pipeline.enable", "did.pipeline.enable"),
        PipelineCommand::Start {} => ("want.pipeline.start", "did.pipeline.start"),
        PipelineCommand::Stop { .. } => ("want.pipeline.stop", "did.pipeline.stop"),
        PipelineCommand::RetryStage { .. } => ("want.pipeline.retry", "did.pipeline.retry"),
        PipelineCommand::RollBackStage { .. } => ("want.pipeline.roll-back", "did.pipeline.roll-back"),
        PipelineCommand::OverrideCondition { .. } => ("want.pipeline.override", "did.pipeline.override"),
        PipelineCommand::Create { .. } => ("want.pipeline.create", "did.pipeline.create"),
        PipelineCommand::Update { .. } => ("want.pipeline.update", "did.pipeline.update"),
    };
    let key = tense.of(wanted, done);
    let about = match command {
        PipelineCommand::Approve { stage, .. }
        | PipelineCommand::DisableTransition { stage, .. }
        | PipelineCommand::EnableTransition { stage }
        | PipelineCommand::RetryStage { stage, .. }
        | PipelineCommand::RollBackStage { stage }
        | PipelineCommand::OverrideCondition { stage, .. } => lang.with(key, &[("stage", stage)]),
        PipelineCommand::Stop { execution, .. } => lang.with(key, &[("execution", &execution.to_string())]),
        PipelineCommand::Start {} | PipelineCommand::Create { .. } | PipelineCommand::Update { .. } => lang.tr(key).into_owned(),
    };
    lang.with("did.pipeline", &[("service", service), ("what", &about)])
}

/// A small button whose accessible name says more than its text.
fn small(ui: &mut Ui, icon: &str, text: &str, name: &str) -> Response {
    let label = RichText::new(format!("{icon} {text}")).font(fonts::medium(size::SMALL + 1.0));
    ui.spacing_mut().button_padding = vec2(7.0, 3.0);
    let response = ui.add(eframe::egui::Button::new(label).min_size(vec2(0.0, 26.0)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), name));
    response.on_hover_text(name)
}

fn name_of(scenario: &Scenario, service: ServiceId) -> String {
    scenario.model.services.get(service.index()).map_or_else(String::new, |service| service.name.clone())
}

fn pipeline_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let barred = Barred { pipeline: shell.why_not("pipeline"), project: shell.why_not("update-project"), strategy: shell.why_not("set-strategy") };
    let Some(run) = shell.run.as_mut() else { return };
    let (snapshot, scenario) = (run.snapshot.clone(), run.scenario.clone());
    let Some(all) = snapshot.delivery.as_deref() else {
        empty_ui(ui, shell);
        return;
    };
    let bare = without_pipeline(&scenario, all);
    let selected = run.selected_service();
    // Taken out while it is drawn, so that the rest of the window can be asked.
    let mut state = std::mem::take(&mut run.pipeline);
    state.follow_creation(all);
    let at = state.follow(selected, all);
    let name = |service: ServiceId| name_of(&scenario, service);
    // A pipeline that does not run yet has no stages to look at, only its draft.
    let draft = state.creating.map(|service| PipelineLook {
        service,
        definition: editor::smallest(&name(service), &scenario),
        stages: Vec::new(),
        lanes: Vec::new(),
        executions: Vec::new(),
        held: false,
    });
    let look = draft.as_ref().or_else(|| all.pipelines.get(at));
    let service = look.map(|look| name(look.service)).unwrap_or_default();
    let lane = look.and_then(|look| {
        let chosen = state.lane.filter(|lane| look.lanes.iter().any(|(number, _)| number == lane));
        chosen.or(look.lanes.first().map(|(number, _)| *number))
    });
    let seen = look.map(|look| Seen { lang, now: snapshot.now, end: snapshot.end, service: &service, look, all, lane, barred: &barred });
    let own = look.and_then(|look| snapshot.services.get(look.service.index())).map(|state| state.strategy.name());
    let shown = overview::Shown { all, bare: &bare, at: if draft.is_some() { None } else { Some(at) }, creating: state.creating };
    let mut wishes = Vec::new();
    let mut chosen = None;
    Frame::new().inner_margin(Margin { left: 12, right: 8, top: 8, bottom: 8 }).show(ui, |ui| {
        let rect = ui.available_rect_before_wrap();
        let narrow = rect.width() < NARROW;
        let column = if narrow {
            0.0
        } else if rect.width() < 1_100.0 {
            148.0
        } else {
            208.0
        };
        if !narrow {
            let left = eframe::egui::Rect::from_min_size(rect.min, vec2(column, rect.height()));
            ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("overview"), |ui| chosen = overview::overview_ui(ui, lang, &shown, &name));
            ui.painter().vline(left.right() + 6.0, rect.y_range(), (1.0, colors(ui).line));
        }
        let right = eframe::egui::Rect::from_min_max(rect.min + vec2(if narrow { 0.0 } else { column + 16.0 }, 0.0), rect.max);
        ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("pipeline"), |ui| {
            ui.set_clip_rect(right.expand(4.0).intersect(ui.clip_rect()));
            ui.spacing_mut().item_spacing.y = 6.0;
            if narrow {
                chosen = chosen.or(overview::chooser_ui(ui, lang, &shown, &name));
            }
            match &seen {
                None => chosen = chosen.or(none_yet_ui(ui, lang, &bare, &name)),
                Some(seen) if state.editing || state.creating.is_some() => {
                    let fresh = state.creating.is_some();
                    let editor = state.editors.entry(seen.look.service).or_insert_with(|| Editor::new(&seen.look.definition, fresh));
                    match editor::editor_ui(ui, seen, editor, &scenario) {
                        editor::Answer::Stays => {}
                        editor::Answer::Leaves => (state.editing, state.creating) = (false, None),
                        editor::Answer::Asks(command) => wishes.push(Wish::Command(command)),
                    }
                }
                Some(seen) if let Some((name, project)) = state.project.as_ref().and_then(|name| seen.all.projects.get_key_value(name)) => {
                    let editor = state.projects.entry(name.clone()).or_insert_with(|| project::Editor::new(name, project));
                    match project::project_ui(ui, seen, editor) {
                        project::Answer::Stays => {}
                        project::Answer::Leaves => state.project = None,
                        project::Answer::Asks(update) => wishes.push(Wish::UpdateProject(update)),
                    }
                }
                Some(seen) => view_ui(ui, seen, own, &mut state, &mut wishes),
            }
        });
    });
    if let Some(chosen) = chosen {
        choose(shell, &mut state, all, &chosen);
    }
    let strategy_of = answer(shell, &mut state, look.map(|look| look.service), &service, wishes);
    if let Some(run) = shell.run.as_mut() {
        run.pipeline = state;
    }
    if let Some(service) = strategy_of {
        inspector::show_strategy(shell, service);
    }
}

/// Does what the parts of the panel ask for; returns the service whose strategy is to be shown.
fn answer(shell: &mut Shell, state: &mut PipelineState, shown: Option<ServiceId>, service: &str, wishes: Vec<Wish>) -> Option<ServiceId> {
    let mut strategy_of = None;
    for wish in wishes {
        match wish {
            Wish::Command(command) => shell.ask(Ask::Act(Box::new(Action::Pipeline { service: service.to_owned(), command }))),
            Wish::Form(form) => state.form = shown.map(|service| Open::new(form, service)),
            Wish::Execution(number) => state.look_at(number),
            Wish::Lane(number) => (state.lane, state.form) = (Some(number), None),
            Wish::Build(number) => {
                (state.builds, state.build) = (true, Some(number));
                (state.reveal_build, state.reveal_wrong) = (true, true);
            }
            Wish::Project(name) => state.project = Some(name),
            Wish::UpdateProject(update) => shell.ask(Ask::Act(Box::new(Action::UpdateProject(update)))),
            Wish::Strategy => strategy_of = shown,
        }
    }
    strategy_of
}

/// Shows the pipeline that was chosen, or begins the one of a service that has none.
fn choose(shell: &mut Shell, state: &mut PipelineState, all: &DeliveryLook, chosen: &overview::Chosen) {
    let service = match chosen {
        overview::Chosen::Pipeline(at) => {
            (state.creating, state.project) = (None, None);
            all.pipelines.get(*at).map(|look| look.service)
        }
        overview::Chosen::Bare(service) => {
            state.creating = Some(*service);
            Some(*service)
        }
    };
    if let Some(service) = service {
        shell.ask(Ask::Select(Selection::Service(service)));
    }
}

/// The services that the team works on and that no pipeline delivers.
fn without_pipeline(scenario: &Scenario, all: &DeliveryLook) -> Vec<ServiceId> {
    let worked = |name: &str| scenario.team.as_ref().is_some_and(|team| team.services.contains_key(name));
    let services = scenario.model.services.iter().enumerate().filter(|(_, service)| worked(&service.name));
    services.map(|(at, _)| ServiceId::from_index(at)).filter(|service| all.pipelines.iter().all(|look| look.service != *service)).collect()
}

/// What stands here while no service has a pipeline: which could have one.
fn none_yet_ui(ui: &mut Ui, lang: Lang, bare: &[ServiceId], name: &dyn Fn(ServiceId) -> String) -> Option<overview::Chosen> {
    let palette = colors(ui);
    let mut chosen = None;
    ui.vertical_centered(|ui| {
        ui.add_space(24.0);
        ui.label(RichText::new(icons::PIPELINE).font(fonts::regular(size::DISPLAY)).color(palette.faint));
        ui.label(RichText::new(lang.tr("pipeline.none-yet")).font(fonts::semibold(size::BODY)));
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(420.0));
            ui.label(RichText::new(lang.tr("pipeline.none-yet.about")).color(palette.secondary));
        });
        ui.add_space(8.0);
        for service in bare {
            if button::plain(ui, icons::PLUS, &lang.with("pipeline.create.for", &[("service", &name(*service))])).clicked() {
                chosen = Some(overview::Chosen::Bare(*service));
            }
        }
    });
    chosen
}

/// What stands here where nobody delivers anything.
fn empty_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let title = shell.library.iter().find(|entry| entry.name == EXAMPLE).map(|entry| entry.title.get(lang.code()).to_owned());
    let open = title.map(|title| lang.with("pipeline.none.open", &[("title", &title)]));
    if empty::empty(ui, icons::PIPELINE, &lang.tr("pipeline.none"), &lang.tr("pipeline.none.about"), open.as_deref().map(|open| (icons::PLAY, open))) {
        shell.ask(Ask::OpenScenario(EXAMPLE.to_owned()));
    }
}

/// The pipeline as it runs.
fn view_ui(ui: &mut Ui, seen: &Seen<'_>, own: Option<&str>, state: &mut PipelineState, wishes: &mut Vec<Wish>) {
    header_ui(ui, seen, own, state, wishes);
    lanes::lanes_ui(ui, seen, wishes);
    let form = if state.form.is_some() { 56.0 } else { 0.0 };
    let tables = if state.build.is_some() { LOG } else { TABLES };
    graph::graph_ui(ui, seen, (ui.available_height() - tables - form).max(150.0), std::mem::take(&mut state.fresh), wishes);
    if let Some(open) = state.form.as_mut() {
        match forms::form_ui(ui, seen, open) {
            Answer::Stays => {}
            Answer::Closed => state.form = None,
            Answer::Asks(command) => wishes.push(Wish::Command(command)),
        }
    }
    tables_ui(ui, seen, state, wishes);
}

fn header_ui(ui: &mut Ui, seen: &Seen<'_>, own: Option<&str>, state: &mut PipelineState, wishes: &mut Vec<Wish>) {
    let palette = colors(ui);
    let lang = seen.lang;
    let definition = &seen.look.definition;
    let row = vec2(ui.available_width(), theme::ROW);
    // From the right: the buttons keep their size, and the names are cut where they meet them.
    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
        let (glyph, key) = if state.fills { (icons::SHRINK, "pipeline.shrink") } else { (icons::GROW, "pipeline.grow") };
        if button::icon(ui, glyph, &lang.tr(key), state.fills).clicked() {
            state.fills = !state.fills;
        }
        let edited = state.editors.get(&seen.look.service).is_some_and(Editor::is_changed);
        if let Some(own) = own {
            let word = delivery::strategy(lang, own);
            let why_not = seen.barred.strategy.as_deref();
            let response = button::plain_if(ui, why_not.is_none(), icons::STRATEGY, &word);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, why_not.is_none(), lang.with("pipeline.strategy", &[("strategy", &word)])));
            let response = response.on_hover_text(lang.with("pipeline.strategy.about", &[("strategy", &word), ("service", seen.service)]));
            if response.on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
                wishes.push(Wish::Strategy);
            }
        }
        if button::plain(ui, icons::EDIT, &lang.tr(if edited { "pipeline.edit.on" } else { "pipeline.edit" })).clicked() {
            state.editing = true;
        }
        let why_not = seen.barred.pipeline.as_deref();
        let start = button::plain_if(ui, why_not.is_none(), icons::PLAY, &lang.tr("pipeline.start"));
        if start.on_hover_text(lang.tr("pipeline.start.about")).on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
            wishes.push(Wish::Command(PipelineCommand::Start {}));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
            label::title(ui, seen.service);
            if seen.look.held {
                let (what, about) = seen.held();
                ui.label(RichText::new(format!("{} {what}", icons::LOCK)).color(palette.warning_text)).on_hover_text(about);
            }
            let mode = definition.mode().to_string();
            let about = lang.with("pipeline.named", &[("pipeline", &definition.name), ("mode", &mode)]);
            label::explained(ui.label(RichText::new(about).color(palette.secondary)), lang, "execution-mode");
        });
    });
}

/// Executions and builds, side by side where there is room.
fn tables_ui(ui: &mut Ui, seen: &Seen<'_>, state: &mut PipelineState, wishes: &mut Vec<Wish>) {
    let lang = seen.lang;
    let wide = ui.available_width() >= WIDE;
    let names = [lang.tr("pipeline.executions"), lang.tr("pipeline.builds")];
    if wide {
        let rect = ui.available_rect_before_wrap();
        // Lines of a log are longer than those of a table.
        let x = rect.left() + rect.width() * if state.build.is_some() { 0.35 } else { 0.5 };
        let halves = [
            eframe::egui::Rect::from_min_max(rect.min, eframe::egui::pos2(x - 10.0, rect.bottom())),
            eframe::egui::Rect::from_min_max(eframe::egui::pos2(x + 10.0, rect.top()), rect.max),
        ];
        ui.scope_builder(UiBuilder::new().max_rect(halves[0]).id_salt("executions"), |ui| {
            // As high as the heading beside it.
            ui.horizontal(|ui| label::section(ui, names[0].as_ref()));
            executions::executions_ui(ui, seen, state, ui.available_height(), wishes);
        });
        ui.scope_builder(UiBuilder::new().max_rect(halves[1]).id_salt("builds"), |ui| {
            ui.horizontal(|ui| {
                label::section(ui, names[1].as_ref());
                label::explained(label::caption(ui, builds::agents(seen)), lang, "build-agent");
                builds::projects_ui(ui, seen, state, wishes);
            });
            builds::builds_ui(ui, seen, state, ui.available_height());
        });
        return;
    }
    ui.horizontal(|ui| {
        let segments: Vec<Segment<'_>> = names.iter().map(|name| Segment { text: name, name }).collect();
        if let Some(at) = segmented(ui, &segments, Some(usize::from(state.builds)), 10.0) {
            state.builds = at == 1;
        }
        label::explained(label::caption(ui, builds::agents(seen)), lang, "build-agent");
        builds::projects_ui(ui, seen, state, wishes);
        if seen.active() > 0 && ui.available_width() > 120.0 {
            label::caption(ui, lang.counted("executions", seen.active()));
        }
    });
    if state.builds {
        builds::builds_ui(ui, seen, state, ui.available_height());
    } else {
        executions::executions_ui(ui, seen, state, ui.available_height(), wishes);
    }
}
