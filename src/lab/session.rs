//! A session: the kernel and the control plane on one clock, driven by the timeline and by people.
//!
//! Time moves to whatever comes first: what the control plane waits for, the next action of the timeline, or the time
//! asked for; the kernel pauses earlier when it has something to tell. At each such moment the order is always the same:
//! what the kernel told and what is due, until nothing is; then the timeline; then people. So stepping in any chunks
//! comes to the same as one jump.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::resolve::{ActionError, Resolved, resolve};
use super::view::{self, Overview};
use crate::delivery::command::NoPipeline;
use crate::delivery::{Ask, Delivery};
use crate::fleet::Fleet;
use crate::fleet::order::{Order, Refusal};
use crate::ids::{FeatureId, InstanceId, QueueId, ServiceId, VersionId, ZoneId};
use crate::insight::metric::Watched;
use crate::insight::query::Query;
use crate::insight::slo::{self, Standing};
use crate::kernel::command::{Command, InstanceView, Notice, Pause};
use crate::kernel::feature::Side;
use crate::kernel::model::Version;
use crate::kernel::{Kernel, MOST_UNDER_WAY, Sampling};
use crate::scenario::{Action, Scenario, Slo, TimedAction};
use crate::telemetry::ledger::{Deed, Ledger};
use crate::telemetry::store::Store;
use crate::units::{NANOS_PER_SEC, SimTime};

/// A scenario with a seed, running.
#[derive(Debug)]
pub struct Session {
    /// As it was given; what a session file holds.
    given: Arc<Scenario>,
    /// As it is now, with the versions that were built meanwhile.
    scenario: Arc<Scenario>,
    seed: u64,
    kernel: Kernel,
    fleet: Fleet,
    /// The team at work, if the scenario has one.
    delivery: Option<Delivery>,
    store: Store,
    /// How much of the timeline has happened.
    timeline: usize,
    /// What people did, in order.
    actions: Vec<TimedAction>,
    digest: Digest,
    checkpoints: Vec<Checkpoint>,
    overview: Overview,
    /// What readers were last given of delivery.
    pub(super) kept: view::Kept,
    /// What came of the features at a few moments, without and with each.
    looks: Vec<(SimTime, Vec<[Side; 2]>)>,
    /// Which services put messages into each queue.
    publishers: Vec<Vec<ServiceId>>,
    /// More is under way than the kernel can hold.
    exhausted: bool,
    /// The zone of each instance, those that are gone included.
    zones: Vec<ZoneId>,
    /// When each instance was created, those that are gone included.
    born: Vec<SimTime>,
}

/// A run that cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the run cannot go on at {:.1} s: more than {MOST_UNDER_WAY} requests and retries are under way, or more messages wait than a queue holds; \
     the load is far beyond what is served, so bound queues, retries or the load",
    .at.as_secs_f64()
)]
pub struct Exhausted {
    /// When it ended.
    pub at: SimTime,
}

/// The digest of a run at one of its moments, so that a replay can say where it went another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// When.
    pub at: SimTime,
    /// The digest then.
    pub digest: String,
}

/// Checkpoints in a whole scenario, about.
const CHECKPOINTS: u64 = 100;

/// Checkpoints from one look at the experiments to the next: twenty looks in a whole scenario, about.
const CHECKPOINTS_PER_LOOK: usize = 5;

/// When the next digest after `now` is kept.
pub(super) fn next_checkpoint(scenario: &Scenario, now: SimTime) -> SimTime {
    let every = (scenario.duration.nanos() / CHECKPOINTS).max(NANOS_PER_SEC);
    SimTime::from_nanos((now.nanos() / every).saturating_add(1).saturating_mul(every))
}

impl Session {
    /// Prepares a scenario; its first fleet is up, and nothing has happened yet.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        Self::with_registration_order(scenario, seed, 0)
    }

    /// The same with the control plane's behaviours installed in another order, to prove that the order does not matter.
    pub fn with_registration_order(scenario: Arc<Scenario>, seed: u64, shuffle: u64) -> Self {
        let sampling = Sampling { reservoir: scenario.telemetry.reservoir, fixed_rate: scenario.telemetry.fixed_rate.get() };
        let kernel = Kernel::new(&scenario.model, seed, sampling);
        let store = Store::new(&scenario.model, kernel.sites(), SimTime::ZERO + scenario.warm_up);
        let mut fleet = Fleet::with_order(&scenario.model, &scenario.fleet, (&scenario.alarms, &scenario.composite_alarms), seed, shuffle);
        fleet.plan_features(&scenario.model.features, &scenario.features);
        let publishers = view::publishers(&scenario.model);
        let delivery = scenario.team.as_ref().map(|team| Delivery::new(team, &scenario.pipelines, &scenario.model, scenario.alarm_names(), seed));
        let mut session = Self {
            given: Arc::clone(&scenario),
            scenario,
            seed,
            kernel,
            fleet,
            delivery,
            store,
            timeline: 0,
            actions: Vec::new(),
            digest: Digest::default(),
            checkpoints: Vec::new(),
            overview: Overview::default(),
            kept: view::Kept::default(),
            looks: Vec::new(),
            publishers,
            exhausted: false,
            zones: Vec::new(),
            born: Vec::new(),
        };
        session.settle();
        session.follow_timeline();
        session
    }

    /// The scenario, with the versions that were built meanwhile.
    pub const fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }
    /// The scenario as it was given.
    pub const fn given(&self) -> &Arc<Scenario> {
        &self.given
    }
    /// The team at work, if the scenario has one.
    pub const fn delivery(&self) -> Option<&Delivery> {
        self.delivery.as_ref()
    }
    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }
    /// The simulated time.
    pub const fn now(&self) -> SimTime {
        self.kernel.now()
    }
    /// Where the scenario ends.
    pub fn end(&self) -> SimTime {
        SimTime::ZERO + self.scenario.duration
    }
    /// Whether the scenario has ended.
    pub fn is_over(&self) -> bool {
        self.now() >= self.end() || self.exhausted
    }
    /// Why the run ended before its end, if it did.
    pub fn failure(&self) -> Option<Exhausted> {
        self.exhausted.then(|| Exhausted { at: self.now() })
    }
    /// What was recorded.
    pub const fn store(&self) -> &Store {
        &self.store
    }
    /// What happened in delivery and operations.
    pub fn ledger(&self) -> &Ledger {
        self.fleet.ledger()
    }
    /// The control plane, to look at.
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }
    /// The data plane, to look at.
    pub const fn kernel(&self) -> &Kernel {
        &self.kernel
    }
    /// What can be seen of an instance.
    pub fn view(&self, instance: InstanceId) -> InstanceView {
        self.kernel.view(instance)
    }
    /// What people did, in order.
    pub fn actions(&self) -> &[TimedAction] {
        &self.actions
    }
    /// What came of each feature at a few moments, without and with it.
    pub fn looks(&self) -> &[(SimTime, Vec<[Side; 2]>)] {
        &self.looks
    }
    /// The zone of each instance that there ever was, by its number.
    pub fn zones(&self) -> &[ZoneId] {
        &self.zones
    }
    /// When an instance was created; `None` if there never was one of that number.
    pub(super) fn born(&self, instance: InstanceId) -> Option<SimTime> {
        self.born.get(instance.index()).copied()
    }
    /// The whole run, coarsely.
    pub(super) const fn overview(&self) -> &Overview {
        &self.overview
    }
    /// Which services put messages into a queue.
    pub(super) fn publishers(&self, queue: QueueId) -> &[ServiceId] {
        &self.publishers[queue.index()]
    }
    /// How an objective stands, requests that are waited for in vain included.
    pub fn standing(&self, slo: &Slo) -> Standing {
        slo::standing(&self.store, slo, self.overdue(slo))
    }
    /// Requests that have been waited for longer than an objective allows.
    pub fn overdue(&self, slo: &Slo) -> u64 {
        self.kernel.waiting_longer_than(slo::patience(slo), slo.service)
    }
    /// Digests along the way.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// Runs until `until`, but not beyond the end of the scenario.
    pub fn advance_to(&mut self, until: SimTime) {
        let until = until.min(self.end());
        while self.now() < until && !self.exhausted {
            let checkpoint = next_checkpoint(&self.scenario, self.now());
            let target = until.min(checkpoint);
            self.advance(target);
            self.kernel.flush(&mut self.store);
            self.overview.follow(&self.store, &self.kernel, self.scenario.model.sources.len());
            if target == checkpoint {
                let digest = self.digest();
                self.checkpoints.push(Checkpoint { at: target, digest });
                self.look_at_features(target);
            }
        }
    }

    /// Remembers what came of the features so far, at one in five checkpoints.
    fn look_at_features(&mut self, at: SimTime) {
        let features = self.scenario.model.features.len();
        if features > 0 && self.checkpoints.len().is_multiple_of(CHECKPOINTS_PER_LOOK) {
            let sides = (0..features).map(|feature| self.kernel.sides(FeatureId::from_index(feature)));
            self.looks.push((at, sides.collect()));
        }
    }

    /// Runs until `until`, with everything that happens at that very time.
    fn advance(&mut self, until: SimTime) {
        loop {
            let planned = self.scenario.timeline.get(self.timeline).map(|timed| timed.at);
            let delivery = self.delivery.as_ref().and_then(Delivery::next_due);
            let stop = self.fleet.next_due().into_iter().chain(planned).chain(delivery).fold(until, SimTime::min);
            let pause = self.kernel.run_until(stop, &mut self.store);
            self.settle();
            // After a notice the kernel has not yet done everything that happens at this time.
            if pause == Pause::Reached {
                self.follow_timeline();
            }
            if self.exhausted || (pause == Pause::Reached && self.now() >= until) {
                return;
            }
        }
    }

    /// Runs to the end of the scenario.
    pub fn run(&mut self) {
        self.advance_to(self.end());
    }

    /// Does something, now.
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        if self.is_over() {
            return Err(ActionError::Over);
        }
        self.carry_out(&action)?;
        self.actions.push(TimedAction { at: self.now(), action });
        Ok(())
    }

    /// Runs the control plane until neither it nor the kernel has anything to do at this moment.
    fn settle(&mut self) {
        loop {
            let now = self.now();
            let notices = self.kernel.take_notices();
            self.exhausted |= notices.contains(&Notice::Exhausted);
            if notices.is_empty() && self.fleet.next_due().is_none_or(|due| due > now) {
                if self.deliver() {
                    continue;
                }
                return;
            }
            self.run_fleet(notices);
        }
    }

    /// Lets the team go on, if there is something for it now; whether there was.
    fn deliver(&mut self) -> bool {
        let now = self.now();
        let Some(delivery) = &mut self.delivery else { return false };
        let stale = (0..self.scenario.model.features.len()).filter(|feature| self.fleet.is_stale(FeatureId::from_index(*feature), now));
        delivery.see_stale_flags(stale.count() as u32);
        if delivery.next_due().is_none_or(|due| due > now) && !delivery.is_behind(self.fleet.ledger()) {
            return false;
        }
        let asks = delivery.run(now, self.fleet.ledger(), &self.store);
        for ask in asks {
            self.follow_ask(now, ask);
        }
        true
    }

    /// Does what the team asks for.
    fn follow_ask(&mut self, now: SimTime, ask: Ask) {
        match ask {
            Ask::Note(event) => self.fleet.record(now, event),
            Ask::AddVersion { service, name, flaws } => {
                let scenario = Arc::make_mut(&mut self.scenario);
                let like = scenario.model.services[service.index()].versions[0];
                let version = Version { name, flaws: flaws.clone(), ..scenario.model.versions[like.index()].clone() };
                let id = VersionId::from_index(scenario.model.versions.len());
                self.fleet.add_version(&version);
                self.store.register_version(id, service);
                self.kernel.apply(Command::AddVersion { like, flaws });
                scenario.model.versions.push(version);
                scenario.model.services[service.index()].versions.push(id);
            }
            Ask::Deploy { service, version } => {
                let order = Order::Deploy { service, version, strategy: None };
                match self.fleet.order(now, order) {
                    Ok(()) => self.run_fleet(Vec::new()),
                    Err(why) => {
                        let Some(delivery) = &mut self.delivery else { return };
                        match why {
                            Refusal::SameVersion { .. } => delivery.runs_already(service, version),
                            why => delivery.deployment_refused(service, version, why.sentence()),
                        }
                    }
                }
            }
            Ask::Undo { service, deployment, to } => match self.fleet.order(now, Order::Undo { service, deployment, to }) {
                Ok(()) => self.run_fleet(Vec::new()),
                Err(_) => {
                    if let Some(delivery) = &mut self.delivery {
                        delivery.undo_refused(deployment);
                    }
                }
            },
            Ask::RollBack(service) => match self.fleet.order(now, Order::RollBack(service)) {
                Ok(()) => self.run_fleet(Vec::new()),
                Err(why) => self.fleet.note(now, Some(service), Deed::LeftOut { why: why.to_string() }),
            },
        }
    }

    fn run_fleet(&mut self, notices: Vec<Notice>) {
        if !self.fleet.only_checks(self.kernel.now(), &notices) {
            self.measure();
        }
        let kernel = &self.kernel;
        let commands = self.fleet.run(kernel.now(), notices, |instance| kernel.view(instance));
        for command in commands {
            if let Command::AddInstance { instance, version, zone, .. } = command {
                self.store.register_instance(instance, version);
                self.zones.push(zone);
                self.born.push(self.kernel.now());
            }
            self.kernel.apply(command);
        }
    }

    /// Measures what alarms and analyses want to know now.
    fn measure(&mut self) {
        for due in self.fleet.datapoints_due(self.kernel.now()) {
            let point = due.of.and_then(|of| due.metric.datapoint(&self.store, of, due.from, due.to));
            self.fleet.measured(&due, point);
        }
        let now = self.kernel.now();
        for wanted in self.fleet.measurements_due(now) {
            let query = Query::of(&wanted.provider.kind, &wanted.provider.query);
            let answer = query.map(|query| query.answer(query.number(&self.store, Watched::Version(wanted.version), now)));
            let answer = answer.ok_or_else(|| format!("the query is not understood: {}", wanted.provider.query));
            self.fleet.answer(&wanted, now, answer);
        }
    }

    /// Carries out what the timeline has for now.
    fn follow_timeline(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        while let Some(timed) = scenario.timeline.get(self.timeline).filter(|timed| timed.at <= self.now()) {
            self.timeline += 1;
            if let Err(error) = self.carry_out(&timed.action) {
                // Whoever wrote the timeline could not know what people would do before; what does not fit is left out.
                let now = self.now();
                self.fleet.note(now, None, Deed::LeftOut { why: error.to_string() });
            }
        }
    }

    fn carry_out(&mut self, action: &Action) -> Result<(), ActionError> {
        let now = self.now();
        match resolve(&self.scenario, action)? {
            Resolved::Order(order) => {
                self.fleet.order(now, *order)?;
                self.run_fleet(Vec::new());
            }
            Resolved::Pipeline(service) => {
                let Action::Pipeline { service: name, command } = action else { return Ok(()) };
                let Some(delivery) = &mut self.delivery else { return Err(NoPipeline::NoTeam.into()) };
                delivery.command(now, service, name, command)?;
            }
            Resolved::Project => {
                let Action::UpdateProject(update) = action else { return Ok(()) };
                let Some(delivery) = &mut self.delivery else { return Err(NoPipeline::NoTeam.into()) };
                delivery.update_project(now, update)?;
                let what = update.changed().collect::<Vec<_>>().join(", ");
                self.fleet.note(now, None, Deed::UpdateProject { project: update.project.clone(), what });
            }
            Resolved::Direct { service, what, command } => {
                self.fleet.note(now, service, what);
                self.kernel.apply(*command);
            }
        }
        self.settle();
        Ok(())
    }

    /// A fingerprint of everything that happened so far, in hexadecimal: equal runs have equal digests.
    pub fn digest(&mut self) -> String {
        self.digest.of(&self.kernel, &self.fleet, &self.store)
    }
}
