//! Faults and actions on the timeline: their targets exist, and their numbers make sense.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diagnostic::{Code, Finding};
use super::super::tree::At;
use super::Lower;
use crate::delivery::command::PipelineCommand;
use crate::delivery::pipeline::check::check;
use crate::fleet::fault::{Fault, FaultKind, Selector};
use crate::scenario::limits;
use crate::scenario::{Action, TimedAction};
use crate::units::SimTime;
use crate::wording::{nearest, shown};

/// From when until when a fault is in force; without an end it lasts.
type InForce = (SimTime, Option<SimTime>);

/// The names of faults so far, and what ends them.
#[derive(Debug, Default)]
pub(crate) struct FaultNames {
    taken: BTreeMap<String, Vec<InForce>>,
    /// How often a name was given, so that a thousand faults of one kind do not each search for theirs.
    given: BTreeMap<String, u32>,
    /// When names are cleared, in order.
    cleared: BTreeMap<String, BTreeSet<SimTime>>,
}

impl FaultNames {
    /// Learns when faults are cleared.
    pub(crate) fn expect(&mut self, actions: &[TimedAction]) {
        for timed in actions {
            if let Action::Clear { fault } = &timed.action {
                self.cleared.entry(fault.clone()).or_default().insert(timed.at);
            }
        }
    }

    /// From when until when a fault with this name is in force.
    fn in_force(&self, name: &str, fault: &Fault, at: SimTime) -> InForce {
        let runs_out = match fault.duration {
            // A crash without a duration is over at once.
            None => matches!(fault.kind, FaultKind::Crash(_)).then_some(at),
            Some(duration) => Some(at + duration),
        };
        let cleared = self.cleared.get(name).and_then(|times| times.range(at..).next()).copied();
        (at, runs_out.into_iter().chain(cleared).min())
    }

    /// Takes a name that the author chose; `false` if another fault has it at the same time.
    fn take(&mut self, name: &str, fault: &Fault, at: SimTime) -> bool {
        let (from, until) = self.in_force(name, fault, at);
        let before = |end: Option<SimTime>, start: SimTime| end.is_some_and(|end| end < start);
        let others = self.taken.entry(name.to_owned()).or_default();
        let alone = others.iter().all(|(start, end)| before(*end, from) || before(until, *start));
        others.push((from, until));
        alone
    }

    /// A name that no other fault has: the plain one, or with a number behind it.
    fn free(&mut self, plain: &str, fault: &Fault, at: SimTime) -> String {
        loop {
            let given = self.given.entry(plain.to_owned()).or_default();
            *given += 1;
            let name = if *given == 1 { plain.to_owned() } else { format!("{plain}-{given}") };
            if !self.taken.contains_key(&name) {
                let in_force = self.in_force(&name, fault, at);
                self.taken.insert(name.clone(), vec![in_force]);
                return name;
            }
        }
    }
}

impl Lower<'_> {
    /// Faults and actions in order of time; at equal times faults come first, then the order of the file counts.
    pub(crate) fn timeline(&mut self) -> Vec<TimedAction> {
        self.timeline_named(&mut FaultNames::default())
    }

    /// The same, and the names that the faults get.
    pub(crate) fn timeline_named(&mut self, names: &mut FaultNames) -> Vec<TimedAction> {
        names.expect(&self.file.timeline);
        let mut timeline = Vec::new();
        let faults = At::ROOT.key("faults");
        for (n, timed) in self.file.faults.iter().enumerate() {
            let at = faults.index(n);
            let mut fault = timed.fault();
            self.fault(&mut fault, timed.at, names, &at);
            self.check_at(timed.at, &at);
            timeline.push(TimedAction { at: timed.at, action: Action::Inject { fault } });
        }
        for (n, timed) in self.file.timeline.iter().enumerate() {
            self.check_at(timed.at, &At::ROOT.key("timeline").index(n));
        }
        timeline.extend(self.actions(&self.file.timeline, names));
        timeline.sort_by_key(|timed| timed.at);
        timeline
    }

    /// The entries of a `timeline`, checked, in the order of the file. `names` are those of faults that are not in it.
    pub(crate) fn actions(&mut self, written: &[TimedAction], names: &mut FaultNames) -> Vec<TimedAction> {
        let all = At::ROOT.key("timeline");
        let mut actions = written.to_vec();
        let mut cleared = Vec::new();
        for (n, timed) in actions.iter_mut().enumerate() {
            let at = all.index(n);
            self.action(timed, names, &mut cleared, &at.key("do"));
        }
        for (name, place) in cleared {
            if !names.taken.contains_key(&name) {
                let finding = Finding::error(Code::UnknownName, format!("no fault is called `{}`", shown(&name))).label("nothing to clear");
                let guess = nearest(&name, names.taken.keys().map(String::as_str)).map(str::to_owned);
                self.collector.add(&place, finding.suggest(guess.as_deref(), || None));
            }
        }
        actions
    }

    fn check_at(&mut self, at: SimTime, place: &At<'_>) {
        let end = self.file.duration;
        if at.since(SimTime::ZERO) >= end {
            let finding = Finding::warning(Code::NeverHappens, format!("this happens at {at}, when the scenario is over"));
            self.report(&place.key("at"), finding.label(format!("the scenario ends at {end}")));
        }
    }

    /// Checks a fault and gives it a name that no other has at the time.
    fn fault(&mut self, fault: &mut Fault, begins: SimTime, names: &mut FaultNames, at: &At<'_>) {
        if let Some(service) = &fault.service {
            self.service(service, &at.key("service"));
        } else if !matches!(fault.kind, FaultKind::ZoneLoss(_)) && !self.has_broken(&at.key("service")) {
            let finding = Finding::error(Code::MissingKey, format!("the fault `{}` needs a service", fault.kind.name()));
            self.report(&at.key("kind"), finding.label("needs `service` beside it"));
        }
        if let Some(duration) = fault.duration {
            self.check_not_zero(&at.key("duration"), duration);
        }
        self.fault_kind(&fault.kind, at);
        self.selector(&fault.selector, &at.key("selector"));
        if let Some(name) = &fault.name {
            self.check_name("fault", name, &at.key("name"), true);
            if !names.take(name, fault, begins) {
                let finding = Finding::error(Code::Duplicate, format!("another fault is called `{}` at the same time", shown(name)));
                let finding = finding.label("choose another name").help("a name is free again once the fault that had it is over or cleared");
                self.report(&at.key("name"), finding);
            }
        } else {
            let target = match (&fault.service, &fault.kind) {
                (Some(service), _) => service.as_str(),
                (None, FaultKind::ZoneLoss(loss)) => loss.zone.as_str(),
                (None, _) => "",
            };
            fault.name = Some(names.free(&format!("{}-{target}", fault.kind.name()), fault, begins));
        }
    }

    fn fault_kind(&mut self, kind: &FaultKind, at: &At<'_>) {
        let at = at.key("kind");
        let at = at.key(kind.name());
        match kind {
            FaultKind::CpuStarvation(starvation) => self.check_number(&at.key("stolen"), starvation.stolen.get(), 0.0, 0.99),
            FaultKind::GcStorm(storm) => self.check_pauses(storm.every, storm.pause, &at),
            FaultKind::IoSlowness(slowness) => self.check_number(&at.key("factor"), slowness.factor, 1.0, 10_000.0),
            FaultKind::RestartLoop(restarts) => self.check_period(&at.key("after"), restarts.after),
            FaultKind::Partition(partition) => {
                if let Some(from) = &partition.from {
                    self.check_caller(from, &at.key("from"));
                }
            }
            FaultKind::ZoneLoss(loss) if loss.zone.is_empty() => {
                self.report(&at, Finding::error(Code::MissingKey, "which zone is lost?").label("needs `{ zone-loss = { zone = \"…\" } }`"));
            }
            FaultKind::ZoneLoss(loss) => {
                self.zone(&loss.zone, &at.key("zone"));
            }
            FaultKind::BadConfiguration(_)
            | FaultKind::CertificateExpiry(_)
            | FaultKind::Crash(_)
            | FaultKind::DependencyOutage(_)
            | FaultKind::ErrorResponses(_)
            | FaultKind::Latency(_)
            | FaultKind::MemoryLeak(_)
            | FaultKind::PacketLoss(_)
            | FaultKind::PoolExhaustion(_) => {}
        }
    }

    fn selector(&mut self, selector: &Selector, at: &At<'_>) {
        let at = at.key(selector.name());
        let value = at.key("value");
        match selector {
            Selector::One(_) | Selector::All(_) => {}
            Selector::Fixed(fixed) => self.check_count(&value, fixed.value.into(), 1, limits::INSTANCES_PER_SERVICE.into()),
            Selector::FixedPercent(percent) => self.check_number(&value, percent.value, 0.0, 100.0),
            Selector::RandomMaxPercent(percent) => self.check_number(&value, percent.value, 0.0, 100.0),
        }
    }

    pub(super) fn action(&mut self, timed: &mut TimedAction, names: &mut FaultNames, cleared: &mut Vec<(String, super::super::source::Place)>, at: &At<'_>) {
        let kind = timed.action.name();
        let at = at.key(kind);
        let service_at = at.key("service");
        match &mut timed.action {
            Action::Deploy { service, version, strategy } => {
                let service = self.service(service, &service_at);
                if let Some(service) = service {
                    self.version(service, version, &at.key("version"));
                }
                if let Some(strategy) = strategy {
                    let at = at.key("strategy");
                    self.check_strategy(strategy, service, &at);
                    *strategy = self.with_appspec(strategy.clone(), &at);
                }
            }
            Action::RollBack { service } => {
                self.service(service, &service_at);
            }
            Action::SetStrategy { service, strategy } => {
                let service = self.service(service, &service_at);
                let at = at.key("strategy");
                self.check_strategy(strategy, service, &at);
                *strategy = self.with_appspec(strategy.clone(), &at);
            }
            Action::Scale { service, instances } => {
                self.service(service, &service_at);
                self.check_count(&at.key("instances"), (*instances).into(), 0, limits::INSTANCES_PER_SERVICE.into());
            }
            Action::Restart { service, selector, .. } => {
                self.service(service, &service_at);
                self.selector(selector, &at.key("selector"));
            }
            Action::SetPolicy { from, to, policy } => {
                self.check_caller(from, &at.key("from"));
                self.check_target(to, &at.key("to"));
                self.check_policy(policy, &at.key("policy"));
            }
            Action::SetCapacity { service, workers, queue } => {
                self.service(service, &service_at);
                if let Some(workers) = workers {
                    self.check_count(&at.key("workers"), (*workers).into(), 1, limits::WORKERS.into());
                }
                if let Some(queue) = queue {
                    self.check_queue(queue, &at.key("queue"));
                }
            }
            Action::ShiftTraffic { service, weights } => {
                if let Some(service) = self.service(service, &service_at) {
                    let weights_at = at.key("weights");
                    for (version, weight) in weights.iter() {
                        let at = weights_at.key(version);
                        self.version(service, version, &at.as_key());
                        if !(*weight >= 0.0 && weight.is_finite()) {
                            let finding = Finding::error(Code::Impossible, format!("the weight {weight} of `{}` is negative", shown(version)));
                            self.report(&at, finding.label("write 0 or more"));
                        }
                    }
                    if weights.values().all(|weight| *weight <= 0.0) {
                        let finding = Finding::error(Code::Impossible, "no version gets any traffic").label("needs a weight above 0");
                        self.report(&weights_at, finding);
                    }
                }
            }
            Action::Inject { fault } => self.fault(fault, timed.at, names, &at.key("fault")),
            Action::Clear { fault } => {
                let place = self.tree.place_of(&at.key("fault").segments());
                cleared.push((fault.clone(), place));
            }
            Action::SetLoad { source, factor, rate } => {
                self.source(source, &at.key("source"));
                if let Some(factor) = factor {
                    self.check_number(&at.key("factor"), *factor, 0.0, limits::FACTOR);
                }
                if factor.is_none() && rate.is_none() {
                    self.report(&at, Finding::error(Code::MissingKey, "the load changes to what?").label("needs `factor` or `rate`"));
                }
            }
            Action::Steer { service, .. } => {
                self.service(service, &at.key("service"));
            }
            Action::Pipeline { service, command } => {
                self.service(service, &at.key("service"));
                if let PipelineCommand::Create { definition } | PipelineCommand::Update { definition } = command {
                    for mistake in check(definition).into_iter().filter(|mistake| !mistake.is_warning()) {
                        self.report(&at.key("command"), Finding::error(Code::Impossible, mistake.reason.to_string()));
                    }
                }
            }
            Action::UpdateProject(update) => self.update_project(update, &at),
            Action::SetFlag { flag, .. } | Action::RemoveFlag { flag } => {
                self.flag(flag, &at.key("flag"));
            }
            Action::FlushCache { service, cache } => {
                if let Some(service) = self.service(service, &service_at) {
                    self.cache(service, cache, &at.key("cache"));
                }
            }
        }
    }
}
