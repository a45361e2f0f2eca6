//! The app: it draws the frame around the panels, and answers what they ask for.
//!
//! It owns the window's end of the link to the simulation and the folder of settings and sessions. What can be opened,
//! and how, is given to it ([`Sources`]), so that tests bring their own.

mod hand_in;
mod heard;
mod lessons;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{self, CentralPanel, Panel, Stroke, Ui};

use super::comparing::Job;
use super::link::{Command, Event, LessonCommand, Link, Opening, Speed};
use super::map::MapView;
use super::panels::signals::ChartState;
use super::panels::{help, home, inspector, lesson, palette, panes, rail, settings as settings_panel, timeline, top_bar};
use super::settings::{Settings, ThemeChoice};
use super::state::{Ask, CALM, LessonEntry, Level, LibraryEntry, Offer, Overlay, Page, RecentSession, Run, Selection, Shell};
use super::text::Lang;
use super::widgets::{empty, notice};
use super::{format, icons, keys, theme};
use crate::content::pack::ENDING;
use crate::lab::compare::Plan;
use crate::lab::snapshot::Interest;
use crate::learner::Learner;
use crate::lesson::Lesson;
use crate::lesson::course::Course;
use crate::lesson::plan::Look;
use crate::scenario::Scenario;
use crate::units::SimTime;

/// From one frame to the next while something flows on the map.
const FRAME: Duration = Duration::from_millis(33);

/// Installs fonts and themes into a context.
pub fn install_look(ctx: &egui::Context) {
    theme::install(ctx);
}

/// Opens something by its name, or says why not.
pub type Open<T> = Box<dyn Fn(&T) -> Result<Opening, String>>;

/// What is in a pack, or why it cannot be opened.
pub type OpenPack = Box<dyn Fn(&Path) -> Result<Packed, String>>;

/// What is in a pack.
#[derive(Debug, Default)]
pub struct Packed {
    /// Its lessons.
    pub lessons: Vec<LessonEntry>,
    /// Its courses.
    pub courses: Vec<Course>,
    /// Its scenarios.
    pub scenarios: Vec<LibraryEntry>,
}

/// Loads a lesson by its name or path, or says what is wrong with it.
pub type OpenLesson = Box<dyn Fn(&str) -> Result<OpenedLesson, String>>;

/// A lesson as it was read.
pub struct OpenedLesson {
    /// The lesson.
    pub lesson: Arc<Lesson>,
    /// What is probably not meant in its files; empty if nothing is.
    pub warnings: String,
}

/// Where scenarios and sessions come from.
pub struct Sources {
    /// What can be run.
    pub library: Vec<LibraryEntry>,
    /// Opens an entry of the library by name.
    pub open: Open<str>,
    /// The lessons, in their order.
    pub lessons: Vec<LessonEntry>,
    /// Lessons in an order, with times.
    pub courses: Vec<Course>,
    /// Opens a pack: its lessons, its courses and its scenarios.
    pub open_pack: OpenPack,
    /// Opens a lesson by name, or one of a folder by its path.
    pub open_lesson: OpenLesson,
    /// Opens a scenario or session file.
    pub open_file: Open<Path>,
    /// The sessions of the past, newest first.
    pub recent: Box<dyn Fn() -> Vec<RecentSession>>,
}

/// The app.
pub struct App {
    /// To draw again when a thread has something to show.
    ctx: egui::Context,
    shell: Shell,
    link: Link,
    sources: Sources,
    /// Where settings are kept; `None` keeps none.
    folder: Option<PathBuf>,
    /// What was sent to the simulation last, to send only changes.
    interest: Interest,
    /// The scenario that was opened last, until its first snapshot is there.
    pending: Option<(Arc<Scenario>, u64)>,
    /// The docked panels of the run that is run again, which it keeps.
    tiles: Option<egui_tiles::Tree<panes::Pane>>,
    /// The number of the world that was asked for last.
    world: u64,
    /// Where a lesson points whose world is not there yet.
    look_next: Option<Look>,
    applied: Option<Settings>,
}

impl App {
    /// The app, with fonts and themes installed into `ctx`.
    pub fn new(ctx: &egui::Context, link: Link, sources: Sources, folder: Option<PathBuf>, settings: Settings) -> Self {
        theme::install(ctx);
        let recent = (sources.recent)();
        let mut shell = Shell::new(settings, sources.library.clone(), sources.lessons.clone(), recent);
        shell.courses.clone_from(&sources.courses);
        let (learner, problem) = Learner::open(folder.as_deref());
        shell.learner = learner;
        if let Some(problem) = problem {
            shell.notify(Level::Failed, move |lang| (lang.tr("learner.not-read").into_owned(), problem.clone()));
        }
        Self {
            ctx: ctx.clone(),
            shell,
            link,
            sources,
            folder,
            interest: Interest::default(),
            pending: None,
            tiles: None,
            world: 0,
            look_next: None,
            applied: None,
        }
    }

    /// Says that the settings could not be read.
    pub fn warn_of_settings(&mut self, detail: &str) {
        let detail = detail.to_owned();
        self.shell.notify(Level::Failed, move |lang| (lang.tr("settings.not-read").into_owned(), detail.clone()));
    }

    /// Opens a scenario or session file.
    pub fn open_file(&mut self, path: &Path) {
        match (self.sources.open_file)(path) {
            Ok(opening) => self.open(opening),
            Err(why) => {
                let what = path.display().to_string();
                self.shell.notify(Level::Failed, move |lang| (lang.with("open.failed", &[("what", &what)]), why.clone()));
            }
        }
    }

    /// Opens what was named on the command line: a file, a lesson's folder, or a scenario or lesson of the library.
    pub fn open_path(&mut self, path: &Path) {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        match path.to_str() {
            _ if ending == "jsonl" => self.import_progress(path),
            _ if ending == ENDING && path.is_file() => self.open_pack(path),
            Some(name) if path.is_dir() || (!path.exists() && self.shell.lessons.iter().any(|entry| entry.name == name)) => self.open_lesson(name),
            Some(name) if !path.exists() && self.shell.library.iter().any(|entry| entry.name == name) => self.open_scenario(name),
            _ => self.open_file(path),
        }
    }

    /// Opens a scenario of the library.
    pub fn open_scenario(&mut self, name: &str) {
        match (self.sources.open)(name) {
            Ok(opening) => self.open(opening),
            Err(why) => {
                let what = name.to_owned();
                self.shell.notify(Level::Failed, move |lang| (lang.with("open.failed", &[("what", &what)]), why.clone()));
            }
        }
    }

    fn open(&mut self, opening: Opening) {
        if opening.lesson.is_none() {
            self.shell.lesson = None;
        }
        self.look_next = None;
        self.pending = Some((Arc::clone(&opening.scenario), opening.seed));
        self.shell.opening = Some(opening.scenario.title.get(self.shell.lang().code()).to_owned());
        self.shell.run = None;
        self.shell.over_since = None;
        self.tiles = None;
        self.shell.page = Page::Fleet;
        self.shell.compare.dock();
        // What was said of another run is of no use in this one.
        self.shell.notices.clear();
        if opening.until > SimTime::ZERO {
            let (until, end) = (opening.until, SimTime::ZERO + opening.scenario.duration);
            self.shell.notify(Level::Info, move |lang| {
                (lang.with("open.replays", &[("time", &format::moment(lang, until, end))]), lang.tr("open.replays.about").into_owned())
            });
        }
        self.world += 1;
        self.interest = Interest { service: None, history: ChartState::default().history };
        self.link.send(Command::Open(Box::new(opening)));
        // However fast the last run went: in this one there shall be time to act.
        self.link.send(Command::Speed(Speed::Times(self.shell.settings.speed)));
        self.link.send(Command::Interest(self.interest.clone()));
        self.link.send(Command::Play);
    }

    /// What happens before a frame is drawn: news from the simulation, settings, keys.
    pub fn logic(&mut self, ctx: &egui::Context) {
        self.apply_settings(ctx);
        let events: Vec<Event> = self.link.events().collect();
        for event in events {
            self.hear(event);
        }
        self.shell.compare.look();
        // Files that are dropped on the window are opened.
        let dropped: Vec<PathBuf> = ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if let Some(path) = dropped.first() {
            self.open_path(path);
        }
        let latest = self.link.latest();
        let mut ended = None;
        if latest.world == self.world
            && let (Some(view), Some(state)) = (&latest.lesson, self.shell.lesson.as_mut())
            && !state.finished
        {
            state.view = Arc::clone(view);
            state.taken_up = false;
        }
        self.look_after_lesson();
        if latest.world == self.world
            && let Some(snapshot) = latest.snapshot
        {
            if let Some(run) = self.shell.run.as_mut() {
                if run.number != latest.number {
                    if !run.map.fits(&snapshot.edges) {
                        run.map = map_of(&run.scenario, &snapshot);
                    }
                    ended = (latest.status.over && !run.status.over).then_some(run.seed);
                    run.snapshot = snapshot;
                    run.number = latest.number;
                    run.status = latest.status;
                }
            } else if let Some((scenario, seed)) = self.pending.take() {
                let map = map_of(&scenario, &snapshot);
                self.shell.opening = None;
                self.shell.run = Some(Run {
                    scenario,
                    seed,
                    snapshot,
                    number: latest.number,
                    status: latest.status,
                    selection: Selection::default(),
                    map,
                    charts: ChartState::default(),
                    delivery: super::panels::delivery::DeliveryState::default(),
                    inspector: inspector::InspectorState::default(),
                    pipeline: super::panels::pipeline::PipelineState::default(),
                    tiles: Some(self.tiles.take().unwrap_or_else(panes::arrangement)),
                });
                if let Some(look) = self.look_next.take() {
                    self.look(&look);
                }
            }
        }
        // At the end of a lesson's step the lesson says what comes next.
        if let Some(seed) = ended.filter(|_| self.shell.lesson.is_none()) {
            self.shell.over_since = Some(ctx.input(|input| input.time));
            // When it can begin again, the button shows it.
            ctx.request_repaint_after(Duration::from_secs_f64(CALM));
            let offer = Offer { icon: icons::RESTART, text: "play.again", ask: Ask::Again(seed) };
            let words = |lang: Lang| (lang.tr("clock.over").into_owned(), lang.tr("over.about").into_owned());
            self.shell.offer(Level::Question, words, Some(offer));
        }
        keys::follow(ctx, &mut self.shell);
        if let Some(run) = self.shell.run.as_mut() {
            run.charts.begin_frame();
            if run.status.playing && !self.shell.settings.reduced_motion && self.shell.page == Page::Fleet {
                self.shell.flow += f64::from(ctx.input(|input| input.stable_dt).min(0.1));
                ctx.request_repaint_after(FRAME);
            }
        }
    }

    /// Draws a frame and answers what its panels asked for.
    pub fn frame_ui(&mut self, ui: &mut Ui) {
        let palette = theme::palette(ui.visuals());
        let hairline = Stroke::new(1.0, palette.line);
        let shell = &mut self.shell;
        ui.painter().rect_filled(ui.max_rect(), 0.0, palette.ground);
        let frame = theme::filled(palette.panel, 0);
        Panel::top("top bar").exact_size(48.0).frame(frame).show_separator_line(false).show(ui, |ui| {
            let rect = ui.max_rect();
            top_bar::top_bar_ui(ui, shell);
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, hairline);
        });
        Panel::left("rail").exact_size(48.0).frame(frame).show_separator_line(false).resizable(false).show(ui, |ui| {
            let rect = ui.max_rect();
            rail::rail_ui(ui, shell);
            ui.painter().vline(rect.right() - 0.5, rect.y_range(), hairline);
        });
        let fleet = shell.page == Page::Fleet && shell.run.is_some();
        if fleet {
            Panel::bottom("timeline").exact_size(timeline::HEIGHT).frame(frame).show_separator_line(false).resizable(false).show(ui, |ui| {
                let rect = ui.max_rect();
                timeline::timeline_ui(ui, shell);
                ui.painter().hline(rect.x_range(), rect.top() + 0.5, hairline);
            });
            let wide = ui.max_rect().width() > 1_500.0;
            if shell.lesson.is_some() {
                let panel = Panel::left("lesson").default_size(if wide { 420.0 } else { 348.0 }).size_range(lesson::WIDTHS.0..=lesson::WIDTHS.1);
                panel.frame(frame).show_separator_line(false).show(ui, |ui| {
                    let rect = ui.max_rect();
                    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect));
                    inner.set_clip_rect(rect.intersect(ui.clip_rect()));
                    lesson::lesson_ui(&mut inner, shell);
                    ui.allocate_rect(rect, egui::Sense::hover());
                    ui.painter().vline(rect.right() - 0.5, rect.y_range(), hairline);
                });
            }
            let width = if wide {
                400.0
            } else if shell.lesson.is_some() {
                300.0
            } else {
                332.0
            };
            let panel = Panel::right("inspector").default_size(width).size_range(inspector::WIDTHS.0..=inspector::WIDTHS.1);
            panel.frame(frame).show_separator_line(false).show(ui, |ui| {
                let rect = ui.max_rect();
                // Its width is what a person made it, however wide its contents would like to be.
                let rest = notice::rest_of(ui, shell, rect);
                let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rest));
                inner.set_clip_rect(rest.intersect(ui.clip_rect()));
                inspector::inspector_ui(&mut inner, shell);
                notice::docked_ui(ui, shell, rect, rest);
                ui.allocate_rect(rect, egui::Sense::hover());
                ui.painter().vline(rect.left() + 0.5, rect.y_range(), hairline);
            });
        }
        let back = if fleet { palette.panel } else { palette.ground };
        CentralPanel::default().frame(theme::filled(back, 0)).show(ui, |ui| match shell.page {
            Page::Home => home::home_ui(ui, shell),
            Page::Fleet if shell.run.is_some() => panes::panes_ui(ui, shell),
            Page::Fleet => waiting_ui(ui, shell),
        });
        if !fleet {
            notice::notices_ui(ui, shell);
        }
        lesson::review::review_ui(ui, shell);
        match shell.overlay {
            Some(Overlay::Settings) => settings_panel::settings_ui(ui, shell),
            Some(Overlay::Help) => help::help_ui(ui, shell),
            Some(Overlay::Palette) => palette::palette_ui(ui, shell),
            None => {}
        }
        self.shell.focused = ui.memory(|memory| memory.focused().is_some());
        for ask in self.shell.take_asks() {
            self.answer(ask, ui.ctx());
        }
    }

    fn apply_settings(&mut self, ctx: &egui::Context) {
        let settings = &self.shell.settings;
        if self.applied.as_ref() == Some(settings) {
            return;
        }
        ctx.set_theme(match settings.theme {
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
            ThemeChoice::System => egui::ThemePreference::System,
        });
        if (ctx.zoom_factor() - settings.scale).abs() > 1e-3 {
            ctx.set_zoom_factor(settings.scale);
        }
        let time = if settings.reduced_motion { 0.0 } else { 0.14 };
        ctx.all_styles_mut(|style| style.animation_time = time);
        self.applied = Some(settings.clone());
    }

    /// When the run that is shown ends.
    fn end(&self) -> SimTime {
        self.shell.run.as_ref().map_or(SimTime::ZERO, |run| run.snapshot.end)
    }

    fn compare(&mut self, plan: Plan, ctx: &egui::Context) {
        let repaint = ctx.clone();
        match Job::start(plan, move || repaint.request_repaint()) {
            Ok(job) => self.shell.compare.begun(job),
            Err(error) => {
                let why = error.to_string();
                self.shell.notify(Level::Failed, move |lang| (lang.with("compare.refused.start", &[("why", &why)]), String::new()));
            }
        }
    }

    /// Lets time run, or stops it; what has ended begins again.
    fn play_or_pause(&mut self, ctx: &egui::Context) {
        let is_over = self.shell.is_over();
        if let Some(lesson) = self.shell.lesson.as_mut().filter(|_| is_over) {
            lesson.start_over();
            self.link.send(Command::Lesson(LessonCommand::Rewind));
        } else if let Some(run) = self.shell.run.as_ref().filter(|run| run.status.over) {
            let seed = run.seed;
            if !self.shell.is_just_over(ctx.input(|input| input.time)) {
                self.answer(Ask::Again(seed), ctx);
            }
        } else if let Some(run) = self.shell.run.as_mut() {
            let playing = !run.status.playing;
            // Shown at once; the simulation's own word follows.
            run.status.playing = playing;
            self.link.send(if playing { Command::Play } else { Command::Pause });
        }
    }

    fn answer(&mut self, ask: Ask, ctx: &egui::Context) {
        match ask {
            Ask::OpenScenario(name) => self.open_scenario(&name),
            Ask::OpenFile(path) => self.open_path(&path),
            Ask::Learn(ask) => self.teach(ask),
            Ask::Go(page) => {
                if page == Page::Home {
                    self.shell.recent = (self.sources.recent)();
                }
                self.shell.page = page;
            }
            Ask::PlayPause => self.play_or_pause(ctx),
            Ask::Speed(speed) => {
                if let Some(run) = self.shell.run.as_mut() {
                    run.status.speed = speed;
                }
                self.link.send(Command::Speed(speed));
            }
            Ask::Until(goal) => {
                self.link.send(Command::Until(goal));
            }
            Ask::Fork(at) => {
                self.shell.lesson = None;
                self.world += 1;
                self.shell.notices.clear();
                self.link.send(Command::Fork(at));
                self.link.send(Command::Interest(self.interest.clone()));
                self.tell_of_fork(at);
            }
            Ask::Act(action) => {
                if !self.link.send(Command::Act(action)) {
                    self.shell.notify(Level::Failed, |lang| (lang.tr("sim.broke").into_owned(), lang.tr("sim.gone").into_owned()));
                }
            }
            Ask::Again(seed) => {
                if let Some((scenario, tiles)) = self.shell.run.as_mut().map(|run| (Arc::clone(&run.scenario), run.tiles.take())) {
                    self.open(Opening { scenario, seed, actions: Vec::new(), until: SimTime::ZERO, lesson: None });
                    // It is the same scenario: what one looked at is looked at again.
                    self.tiles = tiles;
                }
            }
            Ask::Select(selection) => {
                if let Some(run) = self.shell.run.as_mut() {
                    run.selection = selection;
                    run.inspector.selection_changed();
                    self.interest.service = run.selected_service();
                    self.link.send(Command::Interest(self.interest.clone()));
                }
            }
            Ask::Close => {
                if !self.shell.run.as_mut().is_some_and(|run| run.inspector.close_form() || run.pipeline.close_form()) {
                    self.answer(Ask::Select(Selection::Fleet), ctx);
                }
            }
            Ask::History(history) => {
                if let Some(run) = self.shell.run.as_mut() {
                    run.charts.history = history;
                    self.interest.history = history;
                    self.link.send(Command::Interest(self.interest.clone()));
                }
            }
            Ask::Settings(settings) => {
                self.shell.settings = settings;
                if let Some(folder) = &self.folder
                    && let Err(error) = self.shell.settings.save(folder)
                {
                    let why = error.to_string();
                    self.shell.notify(Level::Failed, move |lang| (lang.tr("settings.not-saved").into_owned(), why.clone()));
                }
            }
            Ask::Toggle(overlay) => {
                self.shell.palette.reset();
                self.shell.overlay = if self.shell.overlay == Some(overlay) { None } else { Some(overlay) };
            }
            Ask::Show(title) => {
                self.shell.page = Page::Fleet;
                self.shell.compare.dock();
                if let Some(tree) = self.shell.run.as_mut().and_then(|run| run.tiles.as_mut()) {
                    panes::show(tree, title);
                }
            }
            Ask::Compare(plan) => self.compare(*plan, ctx),
            Ask::StopComparing => self.shell.compare.stop(),
            Ask::FitMap => {
                if let Some(run) = self.shell.run.as_mut() {
                    run.map.fit();
                }
            }
        }
        ctx.request_repaint();
    }

    /// The newest snapshot of the run that is shown.
    pub fn snapshot(&self) -> Option<Arc<crate::lab::snapshot::Snapshot>> {
        self.shell.run.as_ref().map(|run| Arc::clone(&run.snapshot))
    }

    /// How the run that is shown stands.
    pub fn status(&self) -> Option<super::link::RunStatus> {
        self.shell.run.as_ref().map(|run| run.status)
    }
}

fn map_of(scenario: &Scenario, snapshot: &crate::lab::snapshot::Snapshot) -> MapView {
    let kind = |at: usize| scenario.kinds.get(at).copied().unwrap_or_default();
    let services = scenario.model.services.iter().enumerate().map(|(at, service)| (service.name.clone(), kind(at)));
    MapView::new(services, scenario.model.sources.iter().map(|source| source.name.clone()), &snapshot.edges)
}

/// The page of a run that is not there: it is being opened, or it broke.
fn waiting_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    ui.add_space(ui.available_height() * 0.3);
    if let Some(title) = &shell.opening {
        ui.vertical_centered(|ui| {
            ui.spinner();
            ui.label(lang.with("opening", &[("title", title)]));
        });
    } else if empty::empty(ui, icons::WARNING, &lang.tr("run.none"), &lang.tr("run.none.about"), Some((icons::HOME, &lang.tr("rail.home")))) {
        shell.ask(Ask::Go(Page::Home));
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        Self::logic(self, ctx);
    }
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.frame_ui(ui);
    }
    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::palette(visuals).ground.to_normalized_gamma_f32()
    }
    fn persist_egui_memory(&self) -> bool {
        false
    }
}
