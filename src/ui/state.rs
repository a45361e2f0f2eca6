//! What the window remembers between frames: settings, the page, the run that is shown, selections, forms, notices.
//!
//! Panels read it and ask for things ([`Ask`]); the app answers after the frame. It holds no simulation state, only the
//! newest snapshot. To add something that panels may ask for, add a variant to [`Ask`] and its answer in `app`.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use eframe::egui;

use super::format;
use super::link::{Goal, LessonCommand, RunStatus, Speed};
use super::map::MapView;
use super::panels::compare::CompareState;
use super::panels::delivery::DeliveryState;
use super::panels::inspector::InspectorState;
use super::panels::lesson::LessonState;
use super::panels::palette::PaletteState;
use super::panels::panes::Pane;
use super::panels::pipeline::PipelineState;
use super::panels::signals::ChartState;
use super::settings::Settings;
use super::text::Lang;
use super::theme::{self, Palette};
use crate::ids::{ServiceId, SourceId};
use crate::lab::compare::Plan;
use crate::lab::snapshot::{EdgeEnd, Snapshot};
use crate::learner::Learner;
use crate::lesson::attempt::Forbidden;
use crate::lesson::course::Course;
use crate::lesson::plan::Look;
use crate::lesson::progress::Deed;
use crate::scenario::{Action, Scenario, Text};
use crate::units::{SimSpan, SimTime};

/// So long after its end a run does not begin again by the button and the key that paused it until then [s].
pub(crate) const CALM: f64 = 1.5;

/// A scenario that can be opened.
#[derive(Debug, Clone)]
pub struct LibraryEntry {
    /// Its name, by which it is loaded.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// What it is and what to try.
    pub description: Text,
    /// What kind of scenario it is, for the heading under which it is listed.
    pub group: Group,
}

/// A lesson that can be opened.
#[derive(Debug, Clone)]
pub struct LessonEntry {
    /// Its name, by which it is loaded: with the pack that it is in.
    pub name: String,
    /// Its name alone, by which progress and courses know it.
    pub id: String,
    /// The pack that it came in, if it did.
    pub pack: Option<String>,
    /// Its title.
    pub title: Text,
    /// What somebody can do who has finished it.
    pub summary: Text,
    /// How long it takes, about [min].
    pub minutes: u32,
    /// Rows of the syllabus that it teaches.
    pub topics: Vec<String>,
    /// Lessons that come before it.
    pub requires: Vec<String>,
}

/// The headings of the list of scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Whole applications.
    Application,
    /// One thing to look at: a published phenomenon, a queue whose exact answer is known.
    Experiment,
}

/// A session of the past that can be opened again.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentSession {
    /// Its file.
    pub path: PathBuf,
    /// The scenario's name.
    pub scenario: String,
    /// Its title.
    pub title: Text,
    /// The seed.
    pub seed: u64,
    /// How far it had come.
    pub until: SimTime,
    /// When its scenario ends.
    pub end: SimTime,
    /// How many actions were done.
    pub actions: usize,
}

/// What a panel may ask for.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// Opens a scenario of the library.
    OpenScenario(String),
    /// Opens a scenario or session file.
    OpenFile(PathBuf),
    /// Goes to a page.
    Go(Page),
    /// Lets time run, or stops it.
    PlayPause,
    /// Sets the speed.
    Speed(Speed),
    /// Runs until something.
    Until(Goal),
    /// Goes back to an earlier time, in a session of its own.
    Fork(SimTime),
    /// Does something to the world.
    Act(Box<Action>),
    /// Starts the scenario again, with this seed.
    Again(u64),
    /// Selects something.
    Select(Selection),
    /// Closes the form that is open; without one, selects the whole fleet.
    Close,
    /// Charts this much of the past.
    History(Option<SimSpan>),
    /// Changes the settings.
    Settings(Settings),
    /// Opens or closes something that lies over the window.
    Toggle(Overlay),
    /// Shows the whole map.
    FitMap,
    /// Compares strategies.
    Compare(Box<Plan>),
    /// Stops the comparison that runs.
    StopComparing,
    /// Brings a docked panel to the front, by the key of its title.
    Show(&'static str),
    /// Something about lessons.
    Learn(Learning),
}

/// What may be asked for about lessons.
#[derive(Debug, Clone)]
pub(crate) enum Learning {
    /// Opens a lesson.
    Open(String),
    /// Opens a lesson at its beginning, although it was begun before.
    Anew(String),
    /// Takes the test of the lesson that is open.
    Test,
    /// Leaves the lesson; its world goes on.
    Leave,
    /// Moves the lesson on within its world.
    Command(LessonCommand),
    /// Goes on to the lesson's next step.
    Next,
    /// Goes on to the lesson's next step without having done this one.
    Skip,
    /// Goes to a step of a lesson that is being written.
    JumpTo(usize),
    /// Proves the lesson that is being written.
    Prove,
    /// Reads the lesson that is being written again.
    Reload,
    /// Says what the learner is called.
    Named(String),
    /// Writes a report of the lesson that is finished.
    WriteReport,
    /// Writes all that was learnt into one file.
    ExportProgress,
    /// Goes where a lesson points.
    Look(Look),
    /// Lets time run, if it does not.
    LetRun,
    /// Lets time run in a step that begins again by itself, whatever is known of whether it was over.
    Watch,
    /// Keeps what the learner did in a lesson.
    Record(String, Deed),
    /// Asks the questions of a lesson that are due again.
    Review(String),
    /// Closes them.
    CloseReview,
}

impl From<Learning> for Ask {
    fn from(learning: Learning) -> Self {
        Self::Learn(learning)
    }
}

/// A page of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// What can be run.
    Home,
    /// The run.
    Fleet,
}

/// What may lie over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// Settings.
    Settings,
    /// Keys and how to read the window.
    Help,
    /// The command palette.
    Palette,
}

/// What the inspector shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum Selection {
    /// The whole fleet, as its users see it.
    #[default]
    Fleet,
    /// A service.
    Service(ServiceId),
    /// An instance of a service, by its number.
    Instance(ServiceId, u32),
    /// A traffic source.
    Source(SourceId),
    /// The calls from one to another.
    Edge(EdgeEnd, ServiceId),
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// It worked; goes away by itself.
    Done,
    /// Worth knowing; goes away by itself.
    Info,
    /// It failed; stays longer, and as long as the pointer is on it.
    Failed,
    /// It offers what to do next; stays until that is done or dismissed, or another run opens.
    Question,
}

/// Something to do about a notice.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// The icon of its button.
    pub(crate) icon: &'static str,
    /// The key of what the button says.
    pub(crate) text: &'static str,
    /// What it does.
    pub(crate) ask: Ask,
}

/// What happened, and why or what to do next, in any language: the window may change its own while they are read.
#[derive(Clone)]
pub(crate) struct Words(Rc<dyn Fn(Lang) -> (String, String)>);

impl Words {
    /// The title and the rest.
    pub(crate) fn of(&self, lang: Lang) -> (String, String) {
        (self.0)(lang)
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.of(Lang::En).fmt(f)
    }
}

/// Something the app says.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// How much it matters.
    pub(crate) level: Level,
    /// What it says.
    pub(crate) words: Words,
    /// What can be done about it, if anything.
    pub(crate) offer: Option<Offer>,
    /// When it was first drawn, or last under the pointer [s of the window's clock].
    pub(crate) since: Option<f64>,
}

/// The run that is shown.
pub(crate) struct Run {
    /// The scenario.
    pub(crate) scenario: Arc<Scenario>,
    /// Its seed.
    pub(crate) seed: u64,
    /// The newest snapshot.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The number of the publication it came with.
    pub(crate) number: u64,
    /// How the run stands.
    pub(crate) status: RunStatus,
    /// What is selected.
    pub(crate) selection: Selection,
    /// The map.
    pub(crate) map: MapView,
    /// The charts.
    pub(crate) charts: ChartState,
    /// What the panels of delivery remember.
    pub(crate) delivery: DeliveryState,
    /// The inspector.
    pub(crate) inspector: InspectorState,
    /// The pipelines.
    pub(crate) pipeline: PipelineState,
    /// The docked panels; taken out while they are drawn.
    pub(crate) tiles: Option<egui_tiles::Tree<Pane>>,
}

impl Run {
    /// A time of the run, as it is written everywhere.
    pub(crate) fn moment(&self, lang: Lang, at: SimTime) -> String {
        format::moment(lang, at, self.snapshot.end)
    }
    /// The name of a service.
    pub(crate) fn service_name(&self, service: ServiceId) -> &str {
        self.scenario.model.services.get(service.index()).map_or("", |service| service.name.as_str())
    }
    /// The name of what an edge starts at.
    pub(crate) fn end_name(&self, end: EdgeEnd) -> &str {
        match end {
            EdgeEnd::Service(service) => self.service_name(service),
            EdgeEnd::Source(source) => self.scenario.model.sources.get(source.index()).map_or("", |source| source.name.as_str()),
        }
    }
    /// The names of the versions of a service, in order.
    pub(crate) fn version_names(&self, service: ServiceId) -> Vec<&str> {
        let model = &self.scenario.model;
        let versions = model.services.get(service.index()).map_or(&[][..], |service| &service.versions);
        versions.iter().filter_map(|version| model.versions.get(version.index())).map(|version| version.name.as_str()).collect()
    }
    /// The service that is selected.
    pub(crate) fn selected_service(&self) -> Option<ServiceId> {
        match self.selection {
            Selection::Service(service) | Selection::Instance(service, _) | Selection::Edge(_, service) => Some(service),
            Selection::Fleet | Selection::Source(_) => None,
        }
    }
}

/// Everything that the window remembers.
pub(crate) struct Shell {
    /// What a person set.
    pub(crate) settings: Settings,
    /// The page.
    pub(crate) page: Page,
    /// What lies over the window.
    pub(crate) overlay: Option<Overlay>,
    /// What can be opened.
    pub(crate) library: Vec<LibraryEntry>,
    /// The lessons, in their order.
    pub(crate) lessons: Vec<LessonEntry>,
    /// Lessons in an order, with times.
    pub(crate) courses: Vec<Course>,
    /// The lesson that is open.
    pub(crate) lesson: Option<LessonState>,
    /// The questions that have come again.
    pub(crate) review: Option<LessonState>,
    /// What the learner did so far.
    pub(crate) learner: Learner,
    /// What was opened before, newest first.
    pub(crate) recent: Vec<RecentSession>,
    /// What is searched for on the first page.
    pub(crate) search: String,
    /// The file to be opened, as typed.
    pub(crate) path: String,
    /// The command palette.
    pub(crate) palette: PaletteState,
    /// What the app says, oldest first.
    pub(crate) notices: Vec<Notice>,
    /// Strategies side by side; it outlives the run, for it may take longer.
    pub(crate) compare: CompareState,
    /// The run that is shown.
    pub(crate) run: Option<Run>,
    /// A scenario that was asked for and is not there yet.
    pub(crate) opening: Option<String>,
    /// When the run that is shown ended, if that was seen [s of the window's clock].
    pub(crate) over_since: Option<f64>,
    /// The clock of what flows on the map [s]: it runs while time runs.
    pub(crate) flow: f64,
    /// Whether something had the keyboard's focus in the last frame: Esc only takes it away then.
    pub(crate) focused: bool,
    asks: Vec<Ask>,
}

impl Shell {
    pub(crate) fn new(settings: Settings, library: Vec<LibraryEntry>, lessons: Vec<LessonEntry>, recent: Vec<RecentSession>) -> Self {
        Self {
            settings,
            page: Page::Home,
            overlay: None,
            library,
            lessons,
            courses: Vec::new(),
            lesson: None,
            review: None,
            learner: Learner::default(),
            recent,
            search: String::new(),
            path: String::new(),
            palette: PaletteState::default(),
            notices: Vec::new(),
            compare: CompareState::default(),
            run: None,
            opening: None,
            over_since: None,
            flow: 0.0,
            focused: false,
            asks: Vec::new(),
        }
    }
    /// The language.
    pub(crate) fn lang(&self) -> Lang {
        self.settings.language
    }
    /// Asks the app for something; it is done after this frame.
    pub(crate) fn ask(&mut self, ask: impl Into<Ask>) {
        self.asks.push(ask.into());
    }
    /// What was asked for.
    pub(crate) fn take_asks(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.asks)
    }
    /// Says something.
    pub(crate) fn notify(&mut self, level: Level, words: impl Fn(Lang) -> (String, String) + 'static) {
        self.offer(level, words, None);
    }
    /// Says something, and what can be done about it.
    pub(crate) fn offer(&mut self, level: Level, words: impl Fn(Lang) -> (String, String) + 'static, offer: Option<Offer>) {
        self.notices.push(Notice { level, words: Words(Rc::new(words)), offer, since: None });
    }
    /// Whether the scenario that is shown has ended, so that nothing can be done to it.
    pub(crate) fn is_over(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.status.over)
    }
    /// Why nothing of a kind ([`Action::name`]) can be done now, in words; `None` if it can.
    pub(crate) fn why_not(&self, kind: &'static str) -> Option<String> {
        let lang = self.lang();
        let lesson = self.lesson.as_ref().filter(|lesson| !lesson.finished);
        let Some(step) = lesson.and_then(|lesson| lesson.lesson.steps.get(lesson.view.step)) else {
            return self.is_over().then(|| lang.tr("over.about").into_owned());
        };
        let over = self.is_over().then_some(Forbidden::Over);
        step.forbids(kind).or(over).map(|forbidden| lang.say_plainly(&forbidden.sentence()))
    }
    /// Whether it has only just ended, at a time of the window's clock [s]: whoever presses the button or the key that plays
    /// and pauses meant to pause, and not to begin again.
    pub(crate) fn is_just_over(&self, now: f64) -> bool {
        self.is_over() && self.over_since.is_some_and(|since| now - since < CALM)
    }
}

/// The colours in force.
pub(crate) fn colors(ui: &egui::Ui) -> &'static Palette {
    theme::palette(ui.visuals())
}
