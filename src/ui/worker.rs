//! The simulation's own thread: it follows commands, runs time forward at the speed asked for, and publishes snapshots.
//!
//! It publishes at most thirty times a second and asks the window to repaint when it did. A panic inside the simulation
//! ends that world, not the app. It knows no widget; what it runs is anything that is a [`World`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::link::{Command, Event, Goal, LessonCommand, Opening, Published, RunStatus, SimEnd, Speed};
use crate::lab::snapshot::{Interest, Snapshot};
use crate::lesson::view::LessonView;
use crate::phrase::Sentence;
use crate::scenario::{Action, TimedAction};
use crate::units::{SimSpan, SimTime};

/// From one publication to the next, at least.
const PUBLISH_EVERY: Duration = Duration::from_millis(33);
/// How long a slice of simulation should take, so that commands are followed promptly.
const SLICE: Duration = Duration::from_millis(12);
/// Simulated time from one look at the real clock to the next, at most: quiet hours take no time, and what comes after
/// them may.
const PIECE: SimSpan = SimSpan::from_secs(60);
/// From one save of the session to the next while nothing is done to it.
const SAVE_EVERY: Duration = Duration::from_secs(10);

/// What the worker runs.
pub trait World {
    /// The simulated time.
    fn now(&self) -> SimTime;
    /// Whether the scenario has ended.
    fn is_over(&self) -> bool;
    /// Runs until `to`, or the end of the scenario if that is earlier; the error says why it cannot go on.
    fn advance_to(&mut self, to: SimTime) -> Result<(), String>;
    /// Does something to the world; the error says why not.
    fn act(&mut self, action: Action) -> Result<(), Sentence>;
    /// What was done to the world, in order.
    fn actions(&self) -> Vec<TimedAction>;
    /// What a reader sees.
    fn snapshot(&mut self, interest: &Interest) -> Snapshot;
    /// Writes the session down, if sessions of this world are kept.
    fn save(&mut self) -> Result<(), String>;
    /// Whether time may not run yet, because something is asked first.
    fn holds(&self) -> bool {
        false
    }
    /// How the lesson stands of which this is a step, if it is one.
    fn lesson(&self) -> Option<LessonView> {
        None
    }
    /// Moves the lesson on, if this is one; the error says why it cannot.
    fn teach(&mut self, command: LessonCommand) -> Result<(), String> {
        Err(format!("this is no lesson, so there is no {command:?}"))
    }
}

/// Opens a world.
pub type Opener = Box<dyn Fn(&Opening) -> Result<Box<dyn World>, String> + Send>;

/// Follows commands until the window's end of the link is gone. `notify` is called after each publication or event.
pub fn run(end: &SimEnd, open: &Opener, notify: &dyn Fn()) {
    let mut worker = Worker::new(end, open, notify);
    while worker.turn() {}
    if let Some(Err(message)) = worker.world.as_mut().map(|world| world.save()) {
        // The window is gone, so nobody is left to show this to but the terminal.
        eprintln!("fleetlab: the session could not be saved: {message}");
    }
}

struct Worker<'a> {
    end: &'a SimEnd,
    open: &'a Opener,
    notify: &'a dyn Fn(),
    world: Option<Box<dyn World>>,
    /// What the world was opened with.
    opened: Option<Opening>,
    number: u64,
    status: RunStatus,
    interest: Interest,
    /// Actions of an earlier session that are still to be repeated.
    replay: VecDeque<TimedAction>,
    /// Marks that existed when the goal was set.
    marks_at_goal: usize,
    /// Simulated seconds per real second that the machine manages, estimated from the last slices.
    capacity: f64,
    /// Real time up to which simulated time has been accounted for.
    clock: Instant,
    /// Simulated seconds owed at the current speed.
    owed: f64,
    published: Instant,
    saved: Instant,
    unsaved: bool,
    dirty: bool,
    last: Option<Arc<Snapshot>>,
    /// Where simulated time was at an earlier real time, to measure the speed.
    measured: (Instant, SimTime, f64),
}

impl<'a> Worker<'a> {
    fn new(end: &'a SimEnd, open: &'a Opener, notify: &'a dyn Fn()) -> Self {
        let now = Instant::now();
        Self {
            end,
            open,
            notify,
            world: None,
            opened: None,
            number: 0,
            status: RunStatus::default(),
            interest: Interest::default(),
            replay: VecDeque::new(),
            marks_at_goal: 0,
            capacity: 1_000.0,
            clock: now,
            owed: 0.0,
            published: now,
            saved: now,
            unsaved: false,
            dirty: false,
            last: None,
            measured: (now, SimTime::ZERO, 0.0),
        }
    }

    fn is_running(&self) -> bool {
        self.world.as_ref().is_some_and(|world| !world.holds()) && self.status.playing && !self.status.over
    }

    /// One turn: commands, a slice of simulation, a publication. False when the window is gone.
    fn turn(&mut self) -> bool {
        if !self.follow_commands() {
            return false;
        }
        if self.is_running() {
            self.run_slice();
        }
        self.publish_if_due();
        if self.unsaved && self.saved.elapsed() >= SAVE_EVERY {
            self.save();
        }
        true
    }

    fn follow_commands(&mut self) -> bool {
        // Idle, the thread sleeps until it is told something; running ahead of its clock, it sleeps a little.
        let wait = if !self.is_running() && !self.dirty {
            if self.unsaved { Some(SAVE_EVERY) } else { Some(Duration::from_hours(1)) }
        } else if self.is_running() && self.is_ahead() {
            Some(Duration::from_millis(4))
        } else if !self.is_running() {
            Some(PUBLISH_EVERY.saturating_sub(self.published.elapsed()))
        } else {
            None
        };
        if let Some(wait) = wait {
            match self.end.commands.recv_timeout(wait) {
                Ok(command) => self.follow(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        loop {
            match self.end.commands.try_recv() {
                Ok(command) => self.follow(command),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn follow(&mut self, command: Command) {
        self.dirty = true;
        match command {
            Command::Open(opening) => self.open_world(*opening),
            Command::Fork(at) => self.fork(at),
            Command::Play => {
                self.status.playing = true;
                self.restart_clock();
            }
            Command::Pause => {
                self.status.playing = false;
                self.status.goal = None;
                self.save();
            }
            Command::Speed(speed) => {
                self.status.speed = speed;
                self.restart_clock();
            }
            Command::Until(goal) => {
                self.status.goal = Some(goal);
                self.status.playing = true;
                self.marks_at_goal = self.last.as_ref().map_or(0, |snapshot| snapshot.marks.len());
                self.restart_clock();
            }
            Command::Act(action) => {
                // Whoever does something new has left the earlier session behind.
                self.replay.clear();
                self.act(*action);
            }
            Command::Lesson(command) => self.teach(command),
            Command::Interest(interest) => self.interest = interest,
        }
    }

    fn restart_clock(&mut self) {
        self.clock = Instant::now();
        self.owed = 0.0;
        self.status.behind = false;
        let now = self.world.as_ref().map_or(SimTime::ZERO, |world| world.now());
        self.measured = (self.clock, now, 0.0);
    }

    fn say(&self, event: Event) {
        // If nobody listens any more the next turn ends the thread.
        let _ = self.end.events.send(event);
        (self.notify)();
    }

    /// The world again from its start to `at`, as a session of its own: the one it leaves stays as it was saved.
    fn fork(&mut self, at: SimTime) {
        let Some(opened) = &self.opened else { return };
        let mut actions = self.world.as_ref().map_or_else(|| opened.actions.clone(), |world| world.actions());
        actions.retain(|timed| timed.at <= at);
        // Whoever leaves a lesson's step at an earlier time goes on without the lesson.
        self.open_world(Opening { actions, until: at, lesson: None, ..opened.clone() });
    }

    fn open_world(&mut self, opening: Opening) {
        if self.unsaved {
            self.save();
        }
        self.number += 1;
        self.world = None;
        self.last = None;
        self.status = RunStatus { speed: self.status.speed, ..RunStatus::default() };
        self.interest = Interest { service: None, ..self.interest.clone() };
        self.replay = opening.actions.iter().cloned().collect();
        match guarded(|| (self.open)(&opening)) {
            Ok(Ok(world)) => {
                self.world = Some(world);
                if opening.until > SimTime::ZERO {
                    self.status.goal = Some(Goal::Time(opening.until));
                    self.status.playing = true;
                } else {
                    // The session is on disk before anything happens in it.
                    self.save();
                }
            }
            Ok(Err(message)) | Err(message) => self.say(Event::Broke(message)),
        }
        self.opened = Some(opening);
        self.restart_clock();
        self.publish();
    }

    fn act(&mut self, action: Action) {
        let Some(world) = self.world.as_mut() else { return };
        match guarded(|| world.act(action.clone())) {
            Ok(Ok(())) => {
                self.save();
                // Whoever hears that it is done finds it in the newest snapshot, and can offer to undo it.
                self.publish();
                self.say(Event::Done(Box::new(action)));
            }
            Ok(Err(why)) => self.say(Event::Refused { action: Box::new(action), why }),
            Err(message) => self.broke(message),
        }
    }

    fn teach(&mut self, command: LessonCommand) {
        let Some(world) = self.world.as_mut() else { return };
        match guarded(|| world.teach(command)) {
            Ok(Ok(())) => {
                self.status.over = world.is_over();
                self.status.playing = command != LessonCommand::Rewind && !self.status.over;
                self.status.goal = None;
                self.replay.clear();
                self.restart_clock();
                self.save();
                self.publish();
            }
            Ok(Err(message)) | Err(message) => self.broke(message),
        }
    }

    fn broke(&mut self, message: String) {
        self.world = None;
        self.status.playing = false;
        self.status.goal = None;
        self.say(Event::Broke(message));
    }

    fn save(&mut self) {
        self.saved = Instant::now();
        self.unsaved = false;
        if let Some(world) = &mut self.world
            && let Err(message) = guarded(|| world.save()).and_then(|saved| saved)
        {
            self.say(Event::NotSaved(message));
        }
    }

    /// Whether simulated time is where it should be by now.
    fn is_ahead(&self) -> bool {
        match self.status.speed {
            Speed::Times(factor) if self.status.goal.is_none() => {
                self.owed + self.clock.elapsed().as_secs_f64() * f64::from(factor) < f64::from(factor) * 0.004
            }
            _ => false,
        }
    }

    fn run_slice(&mut self) {
        let most = self.capacity * SLICE.as_secs_f64();
        let mut span = most;
        if let (Speed::Times(factor), None) = (self.status.speed, self.status.goal) {
            self.owed += self.clock.elapsed().as_secs_f64() * f64::from(factor);
            span = self.owed.min(most);
            // What the machine cannot catch up with is dropped: a late window must not be followed by a rush.
            self.status.behind = self.owed > most * 8.0 + f64::from(factor) * 0.25;
            self.owed = (self.owed - span).min(f64::from(factor) * 0.25);
        }
        self.clock = Instant::now();
        let goal = self.status.goal;
        if goal.is_some_and(|goal| !matches!(goal, Goal::Time(_))) {
            // Conditions are looked at once per simulated second, the window of the telemetry.
            span = span.min(1.0);
        }
        let Some(world) = self.world.as_mut() else { return };
        let mut to = world.now() + SimSpan::from_secs_f64(span.max(1e-6));
        if let Some(Goal::Time(at)) = goal {
            to = to.min(at.max(world.now()));
        }
        // What was done in the earlier session happens again when it did.
        let repeated = self.replay.front().map(|timed| timed.at).filter(|at| *at <= to);
        if let Some(at) = repeated {
            to = at.max(world.now());
        }
        let from = world.now();
        loop {
            let piece = to.min(world.now() + PIECE);
            if let Err(message) = guarded(|| world.advance_to(piece)).and_then(|ran| ran) {
                self.broke(message);
                return;
            }
            if world.now() >= to || world.is_over() || self.clock.elapsed() >= SLICE {
                break;
            }
        }
        let advanced = world.now().since(from).as_secs_f64();
        if repeated.is_some()
            && world.now() >= to
            && let Some(timed) = self.replay.pop_front()
        {
            match guarded(|| world.act(timed.action.clone())) {
                Ok(Ok(())) => {}
                Ok(Err(why)) => self.say(Event::Refused { action: Box::new(timed.action), why }),
                Err(message) => {
                    self.broke(message);
                    return;
                }
            }
        }
        let Some(world) = self.world.as_ref() else { return };
        self.status.over = world.is_over();
        let took = self.clock.elapsed().as_secs_f64();
        if advanced > 0.0 {
            // A slow average that grows to no more than twice of what was seen to fit into a slice: short stretches in which
            // nothing happens say little about long ones, and a lucky slice must not freeze the next.
            let pace = advanced / took.max(1e-6);
            let shown = 2.0 * advanced / SLICE.as_secs_f64();
            let average = self.capacity * 0.7 + pace * 0.3;
            self.capacity = if pace > self.capacity { average.min(shown.max(self.capacity)) } else { average }.clamp(1e-4, 1e9);
        }
        self.unsaved = true;
        self.dirty = true;
        self.check_goal();
        if self.status.over {
            self.status.playing = false;
            self.save();
            self.publish();
        }
    }

    fn check_goal(&mut self) {
        let Some(goal) = self.status.goal else { return };
        let reached = match goal {
            Goal::Time(at) => self.world.as_ref().is_some_and(|world| world.now() >= at),
            _ => self.take_snapshot().is_some_and(|snapshot| goal.is_reached(&snapshot, self.marks_at_goal)),
        };
        if reached || self.status.over {
            self.status.goal = None;
            self.status.playing = false;
            self.save();
            self.say(if reached { Event::Reached(goal) } else { Event::NotReached(goal) });
            self.publish();
        }
    }

    fn take_snapshot(&mut self) -> Option<Arc<Snapshot>> {
        let world = self.world.as_mut()?;
        match guarded(|| world.snapshot(&self.interest)) {
            Ok(mut snapshot) => {
                snapshot.speed = self.measured.2;
                let snapshot = Arc::new(snapshot);
                self.last = Some(Arc::clone(&snapshot));
                Some(snapshot)
            }
            Err(message) => {
                self.broke(message);
                None
            }
        }
    }

    fn publish_if_due(&mut self) {
        if self.dirty && self.published.elapsed() >= PUBLISH_EVERY {
            self.publish();
        }
    }

    fn publish(&mut self) {
        let (since, from, _) = self.measured;
        let elapsed = since.elapsed().as_secs_f64();
        if let Some(world) = &self.world
            && elapsed >= 0.5
        {
            self.measured = (Instant::now(), world.now(), world.now().since(from).as_secs_f64() / elapsed);
        }
        let snapshot = if self.world.is_some() { self.take_snapshot() } else { self.last.clone() };
        let lesson = self.world.as_ref().and_then(|world| world.lesson()).map(Arc::new);
        self.end.publish(Published { number: 0, world: self.number, snapshot, status: self.status, lesson });
        self.published = Instant::now();
        self.dirty = false;
        (self.notify)();
    }
}

/// Runs `work`; a panic becomes an error with its message.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        payload
            .downcast_ref::<&str>()
            .map(|message| (*message).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "an error without a message".to_owned())
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests wait for a real thread")]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::ui::link::{self, Link};
    use crate::units::SimTime;

    /// A world in which nothing happens but time; it breaks at 100 s if it is told to.
    struct Clock {
        now: SimTime,
        breaks: bool,
        /// From when on a second of it takes a millisecond; before, nothing takes any time.
        slow: SimTime,
        acted: Vec<(SimTime, Action)>,
    }

    const END: SimTime = SimTime::from_secs(86_400);

    impl World for Clock {
        fn now(&self) -> SimTime {
            self.now
        }
        fn is_over(&self) -> bool {
            self.now >= END
        }
        fn advance_to(&mut self, to: SimTime) -> Result<(), String> {
            assert!(!self.breaks || to < SimTime::from_secs(100), "the axle broke");
            std::thread::sleep(Duration::from_nanos(to.since(self.slow.max(self.now)).nanos() / 1_000));
            self.now = to.min(END);
            Ok(())
        }
        fn act(&mut self, action: Action) -> Result<(), Sentence> {
            if let Action::Scale { instances: 0, .. } = action {
                return Err(Sentence { english: "a service has at least one instance".to_owned(), ..Sentence::default() });
            }
            self.acted.push((self.now, action));
            Ok(())
        }
        fn actions(&self) -> Vec<TimedAction> {
            self.acted.iter().map(|(at, action)| TimedAction { at: *at, action: action.clone() }).collect()
        }
        fn snapshot(&mut self, _: &Interest) -> Snapshot {
            // The actions and their times are told through the digest.
            let digest = self.acted.iter().map(|(at, _)| at.to_string()).collect::<Vec<_>>().join(",");
            Snapshot { now: self.now, end: END, digest, ..Snapshot::default() }
        }
        fn save(&mut self) -> Result<(), String> {
            Ok(())
        }
    }

    fn scenario() -> Arc<Scenario> {
        Arc::new(crate::content::load("mm1").expect("a scenario of the library").scenario)
    }

    fn start(breaks: bool) -> Link {
        start_clock(breaks, END)
    }

    fn start_clock(breaks: bool, slow: SimTime) -> Link {
        let (link, end) = link::pair();
        let open: Opener = Box::new(move |_| Ok(Box::new(Clock { now: SimTime::ZERO, breaks, slow, acted: Vec::new() }) as Box<dyn World>));
        std::thread::spawn(move || run(&end, &open, &|| {}));
        link
    }

    fn opening(actions: Vec<TimedAction>, until: SimTime) -> Command {
        Command::Open(Box::new(Opening { scenario: scenario(), seed: 1, actions, until, lesson: None }))
    }

    /// Waits until what is published is as wanted.
    fn wait(link: &Link, wanted: impl Fn(&Published) -> bool) -> Published {
        for _ in 0..2_000 {
            let latest = link.latest();
            if wanted(&latest) {
                return latest;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it did not come to what was wanted: {:?}", link.latest().status);
    }

    fn wait_for_event(link: &Link) -> Event {
        for _ in 0..2_000 {
            if let Some(event) = link.events().next() {
                return event;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("nothing was said");
    }

    fn now(published: &Published) -> SimTime {
        published.snapshot.as_ref().map_or(SimTime::ZERO, |snapshot| snapshot.now)
    }

    fn scale(instances: u32) -> Action {
        Action::Scale { service: "server".to_owned(), instances }
    }

    #[test]
    fn time_stands_until_it_is_let_run_and_again_when_it_is_stopped() {
        let link = start(false);
        link.send(opening(Vec::new(), SimTime::ZERO));
        assert_eq!(now(&wait(&link, |published| published.snapshot.is_some())), SimTime::ZERO);
        link.send(Command::Speed(Speed::Times(600)));
        link.send(Command::Play);
        wait(&link, |published| now(published) > SimTime::from_secs(2));
        link.send(Command::Pause);
        let stopped = now(&wait(&link, |published| !published.status.playing));
        std::thread::sleep(Duration::from_millis(80));
        assert_eq!(now(&link.latest()), stopped);
    }

    /// After a while in which nothing takes any time, the window is not left alone with a slice of days.
    #[test]
    fn quiet_time_does_not_make_busy_time_freeze() {
        let link = start_clock(false, SimTime::from_secs(3));
        link.send(opening(Vec::new(), SimTime::ZERO));
        link.send(Command::Speed(Speed::Times(10)));
        link.send(Command::Play);
        wait(&link, |published| now(published) > SimTime::from_secs(2));
        link.send(Command::Speed(Speed::Max));
        wait(&link, |published| now(published) > SimTime::from_secs(3));
        link.send(Command::Pause);
        let stopped = now(&wait(&link, |published| !published.status.playing));
        assert!(stopped < END, "nobody could stop it before {stopped}");
    }

    #[test]
    fn a_jump_stops_exactly_where_it_should() {
        let link = start(false);
        link.send(opening(Vec::new(), SimTime::ZERO));
        link.send(Command::Until(Goal::Time(SimTime::from_secs(123))));
        let published = wait(&link, |published| now(published) > SimTime::ZERO && !published.status.playing);
        assert_eq!(now(&published), SimTime::from_secs(123));
        assert!(matches!(wait_for_event(&link), Event::Reached(Goal::Time(_))));
    }

    #[test]
    fn a_goal_that_the_scenario_ends_before_is_reported_as_not_reached() {
        let link = start(false);
        link.send(opening(Vec::new(), SimTime::ZERO));
        link.send(Command::Until(Goal::NextEvent));
        assert!(wait(&link, |published| published.status.over).status.goal.is_none());
        assert!(matches!(wait_for_event(&link), Event::NotReached(Goal::NextEvent)));
    }

    #[test]
    fn what_the_world_refuses_is_said_with_the_reason() {
        let link = start(false);
        link.send(opening(Vec::new(), SimTime::ZERO));
        link.send(Command::Act(Box::new(scale(0))));
        let Event::Refused { why, .. } = wait_for_event(&link) else { panic!("it was not refused") };
        assert!(why.english.contains("at least one"));
        link.send(Command::Act(Box::new(scale(3))));
        assert!(matches!(wait_for_event(&link), Event::Done(_)));
    }

    #[test]
    fn a_panic_in_the_simulation_ends_the_world_and_not_the_thread() {
        let link = start(true);
        link.send(opening(Vec::new(), SimTime::ZERO));
        link.send(Command::Until(Goal::Time(SimTime::from_secs(200))));
        let Event::Broke(message) = wait_for_event(&link) else { panic!("it did not break") };
        assert!(message.contains("the axle broke"));
        link.send(opening(Vec::new(), SimTime::ZERO));
        assert_eq!(wait(&link, |published| published.world == 2 && published.snapshot.is_some()).status.goal, None);
    }

    #[test]
    fn an_earlier_session_is_repeated_at_its_own_times() {
        let link = start(false);
        let at = |secs: u64| TimedAction { at: SimTime::from_secs(secs), action: scale(2) };
        link.send(opening(vec![at(10), at(10), at(75)], SimTime::from_secs(90)));
        let published = wait(&link, |published| now(published) == SimTime::from_secs(90) && !published.status.playing);
        assert_eq!(published.snapshot.expect("it is there").digest, "10s,10s,75s");
    }

    #[test]
    fn a_fork_goes_back_and_forgets_what_was_done_later() {
        let link = start(false);
        link.send(opening(Vec::new(), SimTime::ZERO));
        for (until, instances) in [(10, 2), (50, 3)] {
            link.send(Command::Until(Goal::Time(SimTime::from_secs(until))));
            wait(&link, |published| now(published) == SimTime::from_secs(until) && !published.status.playing);
            link.send(Command::Act(Box::new(scale(instances))));
        }
        link.send(Command::Fork(SimTime::from_secs(30)));
        let published = wait(&link, |published| published.world == 2 && now(published) == SimTime::from_secs(30) && !published.status.playing);
        assert_eq!(published.snapshot.expect("it is there").digest, "10s");
    }
}
