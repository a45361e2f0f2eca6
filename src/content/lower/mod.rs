//! From the file as written to a checked scenario: names become ids, scripts are expanded, every number is looked at.
//!
//! Each mistake is reported where it is written, and lowering goes on, so that all are found at once; a scenario comes
//! out only if there was none. One file per part of a scenario. It knows no TOML syntax: it walks the values and names
//! their paths, and the tree knows the places.

mod alarms;
mod delivery;
mod flags;
mod graph;
mod hooks;
mod load;
mod loops;
mod names;
mod params;
mod policy;
mod review;
mod script;
mod service;
mod soonest;
mod timeline;
mod totals;
mod traffic;

use super::diagnostic::{Code, Collector, Finding};
use super::files::{Bytes, Folders, Refused};
use super::raw::{ActionsFile, ScenarioFile, StrategyFile};
use super::source::Place;
use super::tree::{At, Node};
use crate::fleet::deploy::Strategy;
use crate::ids::EndpointId;
use crate::kernel::model::Model;
use crate::scenario::limits;
use crate::scenario::{Scenario, Slo, Text, TimedAction};
use crate::units::SimSpan;
use crate::wording::shown;

use graph::Site;
use names::Names;
use review::World;
use service::Services;
use timeline::FaultNames;

/// What lowering works with.
pub(crate) struct Lower<'a> {
    pub(crate) file: &'a ScenarioFile,
    pub(crate) tree: &'a Node,
    pub(crate) folders: &'a Folders,
    pub(crate) collector: &'a mut Collector,
    pub(crate) names: Names<'a>,
    /// Every place so far in which a script leads elsewhere.
    pub(crate) sites: Vec<Site>,
    /// Steps of all scripts so far.
    steps: u64,
    /// Whether the script at hand is short enough to write out its parallel copies.
    writes_out: bool,
}

/// Checks the file and resolves it; `None` if anything is wrong with it.
pub(crate) fn lower(name: &str, file: &ScenarioFile, tree: &Node, folders: &Folders, collector: &mut Collector) -> Option<Scenario> {
    let mut lower = Lower { file, tree, folders, collector, names: Names::of(file), sites: Vec::new(), steps: 0, writes_out: true };
    if !lower.is_bounded() {
        return None;
    }
    lower.frame();
    let (features, plans) = lower.flags();
    let user_headers = lower.user_headers();
    let services = Services { features, ..lower.services() };
    let sources = lower.sources();
    let queues = lower.queues();
    let slos = lower.slos();
    let alarms = lower.alarms();
    let composite_alarms = lower.composite_alarms();
    let timeline = lower.timeline();
    let (team, pipelines) = lower.delivery();
    let order = lower.graph(&services, &queues);
    lower.totals(&services, &timeline);
    let order = order.filter(|_| !lower.collector.has_errors())?;
    lower.requests(&services, &sources, &timeline, &order);
    if lower.collector.has_errors() {
        return None;
    }
    lower.review(&World { services: &services, queues: &queues, sources: &sources, timeline: &timeline, order: &order });
    let mut title = file.title.clone();
    if title.0.is_empty() {
        title = Text([("en".to_owned(), name.to_owned())].into());
    }
    Some(Scenario {
        name: name.to_owned(),
        title,
        description: file.description.clone(),
        seed: file.seed,
        duration: file.duration,
        warm_up: file.warm_up,
        model: Model {
            zones: file.zones.clone(),
            network: file.network.clone(),
            services: services.list,
            endpoints: services.endpoints,
            versions: services.versions,
            caches: services.caches,
            queues,
            sources,
            features: services.features,
            user_headers,
        },
        fleet: services.fleet,
        kinds: services.kinds,
        slos,
        alarms,
        features: plans,
        composite_alarms,
        timeline,
        team,
        pipelines,
        telemetry: file.telemetry.clone(),
    })
}

/// A scenario as it is written.
pub(crate) struct Scene<'a> {
    pub(crate) file: &'a ScenarioFile,
    pub(crate) tree: &'a Node,
    pub(crate) folders: &'a Folders,
}

/// Looks at something of its own file with the names of a scenario.
fn within<'a>(scene: &Scene<'a>, tree: &'a Node, collector: &'a mut Collector) -> Lower<'a> {
    let names = Names::of(scene.file);
    Lower { file: scene.file, tree, folders: scene.folders, collector, names, sites: Vec::new(), steps: 0, writes_out: true }
}

/// Checks a strategy for a scenario that is known to be right, and reads what it names.
pub(crate) fn strategy(file: &StrategyFile, tree: &Node, collector: &mut Collector, scene: &Scene<'_>) -> Strategy {
    let (mut lower, at) = (within(scene, tree, collector), At::ROOT.key("deployment"));
    lower.check_strategy(&file.deployment, None, &at);
    lower.with_appspec(file.deployment.clone(), &at)
}

/// Checks actions on a scenario that is known to be right.
pub(crate) fn actions(file: &ActionsFile, tree: &Node, collector: &mut Collector, scene: &Scene<'_>) -> Vec<TimedAction> {
    let mut lowered = within(scene, tree, collector);
    if file.timeline.len() > limits::TIMELINE {
        let finding = Finding::error(Code::TooMuch, format!("{} timeline entries; the simulation takes {}", file.timeline.len(), limits::TIMELINE));
        lowered.report(&At::ROOT.key("timeline"), finding);
        return Vec::new();
    }
    let mut names = FaultNames::default();
    names.expect(&file.timeline);
    // What is wrong with the scenario's own timeline was said when it was loaded.
    let mut said = Collector::default();
    within(scene, scene.tree, &mut said).timeline_named(&mut names);
    lowered.actions(&file.timeline, &mut names)
}

/// Checks something that is done, written at a spot of another file, on a scenario that is known to be right. `cleared` gets the
/// names of faults that it clears; the names that it gives to faults come back in it.
pub(crate) fn deed(timed: &mut TimedAction, at: &At<'_>, tree: &Node, collector: &mut Collector, scene: &Scene<'_>, cleared: &mut Vec<(String, Place)>) {
    let mut names = FaultNames::default();
    // What is wrong with the scenario's own timeline was said when it was loaded.
    let mut said = Collector::default();
    within(scene, scene.tree, &mut said).timeline_named(&mut names);
    within(scene, tree, collector).action(timed, &mut names, cleared, at);
}

impl Lower<'_> {
    /// Reports a finding about what is written at a path.
    pub(crate) fn report(&mut self, at: &At<'_>, finding: Finding) {
        let path = at.segments();
        let place = if at.is_on_key() { self.tree.key_place_of(&path) } else { self.tree.place_of(&path) };
        self.collector.add(&place, finding);
    }

    /// The file that is named at a spot: a neighbour of the file in which the name stands.
    fn data(&self, name: &str, at: &At<'_>) -> Result<Bytes, Refused> {
        self.folders.data(name, &self.tree.place_of(&at.segments()))
    }

    /// Reports a finding about a key itself rather than its value.
    pub(crate) fn report_key(&mut self, at: &At<'_>, finding: Finding) {
        self.report(&at.as_key(), finding);
    }

    /// Whether there is not too much of anything; else that is reported, and looking closer would take too long.
    fn is_bounded(&mut self) -> bool {
        let file = self.file;
        let endpoints = self.names.endpoints.iter().map(std::collections::BTreeMap::len).sum();
        let versions = self.names.versions.iter().map(std::collections::BTreeMap::len).sum();
        let caches = self.names.caches.iter().map(std::collections::BTreeMap::len).sum();
        for (what, key, count, most) in [
            ("zones", "zones", file.zones.len(), limits::ZONES),
            ("services", "services", file.services.len(), limits::SERVICES),
            ("endpoints", "services", endpoints, limits::ENDPOINTS),
            ("versions", "services", versions, limits::VERSIONS),
            ("caches", "services", caches, limits::CACHES),
            ("queues", "queues", file.queues.len(), limits::QUEUES),
            ("traffic sources", "traffic", file.traffic.len(), limits::SOURCES),
            ("alarms", "alarms", file.alarms.len(), limits::ALARMS),
            ("flags", "flags", file.flags.len(), limits::FLAGS),
            ("composite alarms", "composite_alarms", file.composite_alarms.len(), limits::ALARMS),
            ("faults", "faults", file.faults.len(), limits::TIMELINE),
            ("timeline entries", "timeline", file.timeline.len(), limits::TIMELINE),
        ] {
            if count > most {
                self.report(&At::ROOT.key(key), Finding::error(Code::TooMuch, format!("{count} {what}; the simulation takes {most}")));
            }
        }
        !self.collector.has(Code::TooMuch)
    }

    /// The top level.
    fn frame(&mut self) {
        let file = self.file;
        if self.tree.get("format_version").is_none() {
            let finding = Finding::error(Code::MissingKey, "the key `format_version` is missing").label("needs `format_version`");
            self.report(&At::ROOT, finding.help("write `format_version = 1`"));
        }
        if file.format_version != 1 {
            let finding = Finding::error(Code::BadValue, format!("format version {} is not known", file.format_version));
            self.report(&At::ROOT.key("format_version"), finding.label("write 1").help("this program reads version 1; a newer one may read this file"));
        }
        if file.duration.is_zero() {
            self.report(&At::ROOT.key("duration"), Finding::error(Code::Impossible, "a scenario that lasts no time").label("write more than 0s"));
        } else if file.warm_up >= file.duration {
            let finding = Finding::error(Code::Impossible, format!("the warm-up ({}) leaves nothing of the duration ({})", file.warm_up, file.duration));
            self.report(&At::ROOT.key("warm_up"), finding.label("must be shorter than `duration`"));
        }
        for (text, key) in [(&file.title, "title"), (&file.description, "description")] {
            for language in text.0.keys().filter(|language| !matches!(language.as_str(), "en" | "vi")) {
                let finding = Finding::error(Code::UnknownKey, format!("`{}` is not a language of Fleetlab", shown(language)));
                self.report_key(&At::ROOT.key(key).key(language), finding.label("write `en` or `vi`"));
            }
        }
        let zones = At::ROOT.key("zones");
        if file.zones.is_empty() {
            self.report(&zones, Finding::error(Code::Impossible, "no availability zone").label("write at least one"));
        }
        for (n, zone) in file.zones.iter().enumerate() {
            self.check_name("zone", zone, &zones.index(n), false);
            if file.zones[..n].contains(zone) {
                self.report(&zones.index(n), Finding::error(Code::Duplicate, format!("the zone `{}` is written twice", shown(zone))));
            }
        }
    }

    /// Names appear in reports, on the map and in `service.endpoint`; they are short, printable, and dots separate them.
    pub(crate) fn check_name(&mut self, what: &str, name: &str, at: &At<'_>, dots: bool) {
        let problem = if name.is_empty() {
            "is empty"
        } else if name.chars().count() > limits::NAME_CHARS {
            "is longer than 100 characters"
        } else if name.trim() != name {
            "begins or ends with a space"
        } else if name.chars().any(char::is_control) {
            "contains a control character"
        } else if !dots && name.contains('.') {
            "contains a dot, which separates a service from its endpoint"
        } else {
            return;
        };
        self.report_key(at, Finding::error(Code::BadName, format!("the name `{}` of a {what} {problem}", shown(name))));
    }

    /// Reports a value outside its range.
    pub(crate) fn out_of_range(&mut self, at: &At<'_>, value: impl std::fmt::Display, range: std::fmt::Arguments<'_>) {
        let finding = Finding::error(Code::Impossible, format!("`{}` {range}, not {value}", at.last_key()));
        self.report(at, finding.label(range.to_string()));
    }

    /// Reports a whole number outside its range.
    pub(crate) fn check_count(&mut self, at: &At<'_>, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            self.out_of_range(at, value, format_args!("must be {least} to {most}"));
        }
    }

    /// Reports a number outside its range.
    pub(crate) fn check_number(&mut self, at: &At<'_>, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            let written = if value.abs() >= 1e15 { format!("{value:e}") } else { value.to_string() };
            self.out_of_range(at, written, format_args!("must be {least} to {most}"));
        }
    }

    /// Reports a time that must not be zero.
    pub(crate) fn check_not_zero(&mut self, at: &At<'_>, value: SimSpan) {
        if value.is_zero() {
            self.out_of_range(at, value, format_args!("must be more than 0s"));
        }
    }

    /// Reports a period so short that hardly any time would pass between two rounds.
    pub(crate) fn check_period(&mut self, at: &At<'_>, value: SimSpan) {
        if value < limits::SHORTEST_PERIOD {
            self.out_of_range(at, value, format_args!("must be at least {}", limits::SHORTEST_PERIOD));
        }
    }

    fn queues(&mut self) -> Vec<crate::kernel::model::MessageQueue> {
        let all = At::ROOT.key("queues");
        let mut queues = Vec::new();
        for (name, queue) in self.file.queues.iter() {
            let at = all.key(name);
            self.check_name("queue", name, &at, true);
            self.check_count(&at.key("concurrency"), queue.concurrency.into(), 1, limits::WORKERS.into());
            self.check_period(&at.key("visibility_timeout"), queue.visibility_timeout);
            if let Some(receives) = queue.max_receives {
                self.check_count(&at.key("max_receives"), receives.into(), 1, 1_000);
            }
            let consumer = self.endpoint(&queue.consumer, &at.key("consumer")).unwrap_or(EndpointId(0));
            queues.push(crate::kernel::model::MessageQueue {
                name: name.to_owned(),
                consumer,
                concurrency: queue.concurrency,
                visibility_timeout: queue.visibility_timeout,
                max_receives: queue.max_receives,
            });
        }
        queues
    }

    fn slos(&mut self) -> Vec<Slo> {
        let all = At::ROOT.key("slos");
        let mut slos = Vec::new();
        for (name, slo) in self.file.slos.iter() {
            let at = all.key(name);
            self.check_name("objective", name, &at, true);
            let objective = slo.objective.get();
            if objective <= 0.0 || objective >= 1.0 {
                let finding = Finding::error(Code::Impossible, format!("`objective` must be above 0% and below 100%, not {}%", objective * 100.0));
                self.report(&at.key("objective"), finding.label("leaves no error budget to speak of").help("write a share such as \"99.9%\""));
            }
            if let Some(latency) = slo.latency {
                self.check_not_zero(&at.key("latency"), latency);
            }
            let service = slo.service.as_ref().and_then(|service| self.service(service, &at.key("service")));
            slos.push(Slo { name: name.to_owned(), service, objective: slo.objective, latency: slo.latency });
        }
        slos
    }
}
