//! What the window and the simulation's thread say to each other: commands one way, snapshots and events the other.
//!
//! The window never waits: commands go through a channel, and the newest snapshot lies in a slot that is only locked to
//! copy a pointer. It knows neither how the simulation runs (that is `worker`) nor what is drawn.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::lab::snapshot::{Interest, MarkKind, Snapshot};
use crate::lesson::Lesson;
use crate::lesson::Recalled;
use crate::lesson::view::LessonView;
use crate::lesson::work::Work;
use crate::phrase::Sentence;
use crate::scenario::{Action, Scenario, TimedAction};
use crate::units::SimTime;

/// How fast simulated time runs against real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// This many simulated seconds per real second.
    Times(u32),
    /// As fast as the machine can.
    Max,
}

impl Speed {
    /// The speeds of the top bar, in the order of their keys 1–6.
    pub const ALL: [Self; 6] = [Self::Times(1), Self::Times(10), Self::Times(60), Self::Times(600), Self::Times(3_600), Self::Max];
}

/// What a run goes on until.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// This time.
    Time(SimTime),
    /// The share of failed users' requests is above this [0…1].
    Errors(f64),
    /// The users' 99th percentile of latency is above this [ms].
    Latency(f64),
    /// A deployment ends, well or badly.
    DeploymentEnds,
    /// Anything happens: a deployment, a fault, a scaling, a crash.
    NextEvent,
}

impl Goal {
    /// Whether it is reached, given where it started.
    pub(crate) fn is_reached(&self, snapshot: &Snapshot, marks_at_start: usize) -> bool {
        let fresh = || snapshot.marks.get(marks_at_start..).unwrap_or_default().iter();
        match *self {
            Self::Time(at) => snapshot.now >= at,
            Self::Errors(share) => snapshot.entry.error_ratio > share,
            Self::Latency(ms) => snapshot.entry.p99_ms.is_some_and(|p99| p99 > ms),
            Self::DeploymentEnds => fresh().any(|mark| matches!(mark.kind, MarkKind::DeployDone | MarkKind::DeployFailed)),
            Self::NextEvent => fresh().next().is_some(),
        }
    }
}

/// A world to open.
#[derive(Debug, Clone)]
pub struct Opening {
    /// What runs.
    pub scenario: Arc<Scenario>,
    /// With which seed.
    pub seed: u64,
    /// Actions of an earlier session, repeated at their times.
    pub actions: Vec<TimedAction>,
    /// How far the earlier session had come; the run goes there first.
    pub until: SimTime,
    /// The lesson of which this is a step, if it is one; it says what runs.
    pub lesson: Option<Lecture>,
}

/// A step of a lesson to begin with.
#[derive(Debug, Clone)]
pub struct Lecture {
    /// The lesson.
    pub lesson: Arc<Lesson>,
    /// The number of the step.
    pub step: usize,
    /// What the learner measured in steps before.
    pub recalled: Recalled,
    /// Whether the steps before were done as the reference does, and nothing by the learner.
    pub as_reference: bool,
    /// What was done in the steps before, if it is to be done again: a lesson that was left.
    pub work: Option<Arc<Work>>,
}

/// How a lesson that is open goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LessonCommand {
    /// The prediction is made; time may run.
    Run,
    /// To the next step, in the same world.
    Next,
    /// Back to the beginning of the step.
    Rewind,
    /// This step as if it had been done the way its solution does it.
    Finish,
    /// Back to the beginning of the step, from where the solution plays itself.
    Solution,
}

/// Said by the window.
#[derive(Debug, Clone)]
pub enum Command {
    /// Leaves the world that runs and opens another.
    Open(Box<Opening>),
    /// Lets time run.
    Play,
    /// Stops it.
    Pause,
    /// Sets how fast it runs.
    Speed(Speed),
    /// Runs as fast as possible until the goal, then stops.
    Until(Goal),
    /// Leaves the world that runs, and opens it again at an earlier time, with what had been done by then.
    Fork(SimTime),
    /// Moves the lesson that is open on.
    Lesson(LessonCommand),
    /// Does something to the world, now.
    Act(Box<Action>),
    /// Says what is looked at.
    Interest(Interest),
}

/// Said by the simulation.
#[derive(Debug, Clone)]
pub enum Event {
    /// The world refused an action.
    Refused {
        /// What was asked.
        action: Box<Action>,
        /// Why not.
        why: Sentence,
    },
    /// The action was done.
    Done(Box<Action>),
    /// The goal was reached.
    Reached(Goal),
    /// The scenario ended before the goal.
    NotReached(Goal),
    /// The simulation broke; this world is gone. What was done is in the session file.
    Broke(String),
    /// The session could not be saved.
    NotSaved(String),
}

/// How the run stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunStatus {
    /// Whether time runs.
    pub playing: bool,
    /// How fast it should.
    pub speed: Speed,
    /// What it runs until.
    pub goal: Option<Goal>,
    /// Whether the scenario has ended.
    pub over: bool,
    /// Whether the machine cannot keep up with the speed asked for.
    pub behind: bool,
}

impl Default for RunStatus {
    fn default() -> Self {
        Self { playing: false, speed: Speed::Times(60), goal: None, over: false, behind: false }
    }
}

/// The newest that the simulation has published.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// Counts publications, so that a reader knows whether it has seen this one.
    pub number: u64,
    /// Counts the worlds opened, so that no reader takes one for another.
    pub world: u64,
    /// The snapshot; `None` until the first world is open.
    pub snapshot: Option<Arc<Snapshot>>,
    /// How the run stands.
    pub status: RunStatus,
    /// How the lesson stands of which this is a step, if it is one.
    pub lesson: Option<Arc<LessonView>>,
}

/// The window's end.
#[derive(Debug)]
pub struct Link {
    commands: Sender<Command>,
    events: Receiver<Event>,
    slot: Arc<Mutex<Published>>,
}

/// The simulation's end.
#[derive(Debug)]
pub struct SimEnd {
    /// Commands to follow.
    pub commands: Receiver<Command>,
    /// Where events go.
    pub events: Sender<Event>,
    slot: Arc<Mutex<Published>>,
}

/// The two ends of a new link.
pub fn pair() -> (Link, SimEnd) {
    let (command_sender, command_receiver) = channel();
    let (event_sender, event_receiver) = channel();
    let slot = Arc::new(Mutex::new(Published::default()));
    (Link { commands: command_sender, events: event_receiver, slot: Arc::clone(&slot) }, SimEnd { commands: command_receiver, events: event_sender, slot })
}

impl Link {
    /// Says something to the simulation; false if its thread is gone.
    pub fn send(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }
    /// What the simulation said since the last call.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.try_iter()
    }
    /// The newest that it published.
    pub fn latest(&self) -> Published {
        // A poisoned slot still holds a whole value: it is only ever replaced, never changed in place.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SimEnd {
    /// Publishes; the number is set here.
    pub fn publish(&self, mut published: Published) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        published.number = slot.number + 1;
        *slot = published;
    }
}
