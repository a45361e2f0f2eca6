//! Changes: what a team's work brings into a service, and the defects that hide in it.
//!
//! Work comes as *items*, numbered through the run; an item's service, size and defects are a pure function of the seed
//! and its number, whatever the branching model, the pipeline or the strategy are. So two ways of delivering are compared
//! on the same work. A defect that reaches production is a [`Flaw`] of the version that has it: it hurts those whom its
//! behaviour hurts, and nobody else. It knows no people and no branches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::params;
use crate::ids::{FlawId, ServiceId};
use crate::kernel::dist::{Distribution, MeanCv};
use crate::kernel::model::{Behaviour, Expectation, Flaw};
use crate::rng::{Stream, purpose};
use crate::units::{Bytes, PerSecond, Ratio, SimSpan};

/// A kind of defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DefectKind {
    /// The code does not compile, or the image does not build.
    DoesNotCompile,
    /// Wrong results or errors in code that every request may take.
    Logic,
    /// Errors where two services or a service and its data meet.
    Integration,
    /// It works, and takes longer.
    PerformanceRegression,
    /// Every request leaves memory behind.
    MemoryLeak,
    /// A setting that is wrong in production: it does not start, or answers errors.
    Configuration,
    /// It does not understand what a neighbour speaks.
    SchemaIncompatible,
    /// Somebody could break in; users notice nothing.
    Vulnerability,
    /// It is slow and fails only while the instance is busy.
    OnlyUnderLoad,
    /// It fails for a few users, always the same.
    OnlyForSomeUsers,
    /// It fails once the process has run for a while.
    AppearsLater,
}

impl DefectKind {
    /// All kinds, in order.
    pub const ALL: [Self; 11] = [
        Self::DoesNotCompile,
        Self::Logic,
        Self::Integration,
        Self::PerformanceRegression,
        Self::MemoryLeak,
        Self::Configuration,
        Self::SchemaIncompatible,
        Self::Vulnerability,
        Self::OnlyUnderLoad,
        Self::OnlyForSomeUsers,
        Self::AppearsLater,
    ];

    /// The name as written in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DoesNotCompile => "does-not-compile",
            Self::Logic => "logic",
            Self::Integration => "integration",
            Self::PerformanceRegression => "performance-regression",
            Self::MemoryLeak => "memory-leak",
            Self::Configuration => "configuration",
            Self::SchemaIncompatible => "schema-incompatible",
            Self::Vulnerability => "vulnerability",
            Self::OnlyUnderLoad => "only-under-load",
            Self::OnlyForSomeUsers => "only-for-some-users",
            Self::AppearsLater => "appears-later",
        }
    }

    /// Its key among the numbers of defects.
    const fn key(self) -> &'static str {
        match self {
            Self::DoesNotCompile => "does_not_compile",
            Self::Logic => "logic",
            Self::Integration => "integration",
            Self::PerformanceRegression => "performance_regression",
            Self::MemoryLeak => "memory_leak",
            Self::Configuration => "configuration",
            Self::SchemaIncompatible => "schema_incompatible",
            Self::Vulnerability => "vulnerability",
            Self::OnlyUnderLoad => "only_under_load",
            Self::OnlyForSomeUsers => "only_for_some_users",
            Self::AppearsLater => "appears_later",
        }
    }
}

impl std::fmt::Display for DefectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

params! {
    /// How many defects of each kind people write, per 1,000 changed lines, before anybody looks.
    ///
    /// Together about 20 per 1,000 lines; 10 to 50 are reported for code in industry before review and test (`McConnell`, *Code
    /// Complete*, 2nd ed. 2004). How they divide into kinds is chosen for Fleetlab.
    pub struct Defects {
        /// Code that does not compile. Default 6 (chosen for Fleetlab).
        pub does_not_compile: f64 = 6.0,
        /// Logic. Default 6 (chosen for Fleetlab).
        pub logic: f64 = 6.0,
        /// Integration. Default 2.5 (chosen for Fleetlab).
        pub integration: f64 = 2.5,
        /// Performance regressions. Default 1 (chosen for Fleetlab).
        pub performance_regression: f64 = 1.0,
        /// Memory leaks. Default 0.4 (chosen for Fleetlab).
        pub memory_leak: f64 = 0.4,
        /// Configuration. Default 1.2 (chosen for Fleetlab).
        pub configuration: f64 = 1.2,
        /// Schema incompatible with a neighbour. Default 0.4 (chosen for Fleetlab).
        pub schema_incompatible: f64 = 0.4,
        /// Vulnerabilities. Default 0.6 (chosen for Fleetlab).
        pub vulnerability: f64 = 0.6,
        /// Only under load. Default 0.4 (chosen for Fleetlab).
        pub only_under_load: f64 = 0.4,
        /// Only for some users. Default 0.8 (chosen for Fleetlab).
        pub only_for_some_users: f64 = 0.8,
        /// Appears after a while. Default 0.4 (chosen for Fleetlab).
        pub appears_later: f64 = 0.4,
    }
}

impl Defects {
    /// Defects of a kind per 1,000 changed lines.
    pub const fn per_1000_lines(&self, kind: DefectKind) -> f64 {
        match kind {
            DefectKind::DoesNotCompile => self.does_not_compile,
            DefectKind::Logic => self.logic,
            DefectKind::Integration => self.integration,
            DefectKind::PerformanceRegression => self.performance_regression,
            DefectKind::MemoryLeak => self.memory_leak,
            DefectKind::Configuration => self.configuration,
            DefectKind::SchemaIncompatible => self.schema_incompatible,
            DefectKind::Vulnerability => self.vulnerability,
            DefectKind::OnlyUnderLoad => self.only_under_load,
            DefectKind::OnlyForSomeUsers => self.only_for_some_users,
            DefectKind::AppearsLater => self.appears_later,
        }
    }

    /// Says what is impossible about it, each with its key.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let impossible = DefectKind::ALL.iter().filter(|kind| !(0.0..=1_000.0).contains(&self.per_1000_lines(**kind)));
        impossible.map(|kind| (kind.key(), format!("`{}` is {} per 1,000 lines; it is 0 to 1000", kind.key(), self.per_1000_lines(*kind)))).collect()
    }
}

params! {
    /// The work that comes to a team.
    pub struct Work {
        /// Items that come in, on average, while people work. Default `"0.5/h"` (chosen for Fleetlab: four a day).
        pub rate: PerSecond = PerSecond::new(0.5 / 3_600.0),
        /// Lines that an item changes: the mean [lines], 1 to 100000. Default 60 (chosen for Fleetlab; the median change at Google
        /// is 24 lines, Sadowski et al., ICSE-SEIP 2018).
        pub lines: f64 = 60.0,
        /// How much that varies: coefficient of variation, 0.01 to 10. Default 1.2 (chosen for Fleetlab).
        pub cv: f64 = 1.2,
        /// Items that people put into one change, 1 to 100. Default 1 (chosen for Fleetlab).
        pub batch: u32 = 1,
        /// Focused working time that an item takes: so much for every 100 lines, and half of that besides. Default `"4h"` (chosen
        /// for Fleetlab).
        pub effort: SimSpan = SimSpan::from_secs(4 * 3_600),
        /// Share of items in the backlog when the scenario begins, of two days' work. Default 1 (chosen for Fleetlab).
        pub backlog: Ratio = Ratio::ONE,
        /// By how much of that time each stale feature flag in the code makes an item take longer: another path to read and to
        /// test. Default 2 % (chosen for Fleetlab).
        pub stale_flag: Ratio = Ratio::new(0.02),
    }
}

impl Work {
    /// Says what is impossible about it, each with its key.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let numbers = [("lines", self.lines, 1.0, 100_000.0, ""), ("cv", self.cv, 0.01, 10.0, ""), ("batch", f64::from(self.batch), 1.0, 100.0, "")];
        // As people write it: items an hour.
        let rate = ("rate", (self.rate.get() * 3_600.0 * 1e6).round() / 1e6, 0.0, 360.0, "/h");
        let impossible = numbers.into_iter().chain([rate]).filter(|(_, value, least, most, _)| !(*least..=*most).contains(value));
        impossible.map(|(key, value, least, most, unit)| (key, format!("`{key}` is {value}{unit}; it is {least}{unit} to {most}{unit}"))).collect()
    }

    /// Focused working time for so many lines, in code with so many stale feature flags.
    pub fn effort_of(&self, items: usize, lines: u32, stale_flags: u32) -> SimSpan {
        let drag = 1.0 + self.stale_flag.get() * f64::from(stale_flags);
        SimSpan::from_secs_f64(self.effort.as_secs_f64() * (0.5 * items as f64 + f64::from(lines) / 100.0) * drag)
    }
}

/// Something wrong that hides in an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Defect {
    /// Its number in the run.
    pub id: FlawId,
    /// What kind it is.
    pub kind: DefectKind,
    /// What it does in production.
    pub behaviour: Behaviour,
}

impl Defect {
    /// As a flaw of a version.
    pub fn flaw(&self) -> Flaw {
        Flaw { id: self.id, behaviour: self.behaviour.clone() }
    }
    /// Whether users could notice it in production.
    pub fn hurts(&self) -> bool {
        self.kind != DefectKind::Vulnerability
    }
}

/// The number of an item of work.
pub type ItemNumber = u32;

/// An item of work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Its number.
    pub number: ItemNumber,
    /// The service that it changes.
    pub service: ServiceId,
    /// Lines changed [1].
    pub lines: u32,
    /// What is wrong with it.
    pub defects: Vec<Defect>,
}

/// Most defects in one item; numbers of defects are handed out in blocks of so many.
const DEFECTS_PER_ITEM: u32 = 64;

/// Where items come from.
#[derive(Debug, Clone)]
pub struct Source {
    root: Stream,
    work: Work,
    defects: Defects,
    /// The services, by their share of the work.
    services: Vec<(ServiceId, f64)>,
    /// Which services each service calls.
    neighbours: Vec<Vec<ServiceId>>,
    lines: Distribution,
}

impl Source {
    /// Items for these services, with their weights; `neighbours` are the services that each one calls.
    pub fn new(seed: u64, work: &Work, defects: &Defects, services: Vec<(ServiceId, f64)>, neighbours: Vec<Vec<ServiceId>>) -> Self {
        // A line is drawn as a microsecond, so that the distribution of times serves for it.
        let mean = SimSpan::from_secs_f64(work.lines * 1e-6);
        let lines = Distribution::Lognormal(MeanCv { mean, cv: work.cv });
        Self { root: Stream::root(seed).child(purpose::WORK), work: work.clone(), defects: defects.clone(), services, neighbours, lines }
    }

    /// The time from one item's coming to the next one's, in working time.
    pub fn gap(&self, number: ItemNumber) -> SimSpan {
        let rate = self.work.rate.get();
        if rate <= 0.0 {
            return SimSpan::from_nanos(u64::MAX / 4);
        }
        let uniform = self.root.child(u64::from(number)).child(0).uniform();
        SimSpan::from_secs_f64(-libm::log(1.0 - uniform) / rate)
    }

    /// An item of work.
    pub fn item(&self, number: ItemNumber) -> Item {
        let stream = self.root.child(u64::from(number));
        let service = self.pick(stream.child(1).uniform());
        let lines = (self.lines.draw(&mut stream.child(2)).nanos() as f64 / 1_000.0).clamp(1.0, 100_000.0) as u32;
        let mut defects = Vec::new();
        for (n, kind) in DefectKind::ALL.into_iter().enumerate() {
            let mean = self.defects.per_1000_lines(kind) * f64::from(lines) / 1_000.0;
            let draws = stream.child(10 + n as u64);
            for _ in 0..poisson(mean, &mut draws.child(0)) {
                let at = defects.len() as u32;
                if at < DEFECTS_PER_ITEM {
                    let id = FlawId(number * DEFECTS_PER_ITEM + at);
                    defects.push(self.defect(id, kind, service, draws.child(1 + u64::from(at))));
                }
            }
        }
        Item { number, service, lines, defects }
    }

    /// A defect that people bring in besides: by merging, or by mending in a hurry. `number` tells such defects apart.
    pub fn accident(&self, number: u32, kind: DefectKind, service: ServiceId) -> Defect {
        let id = FlawId(u32::MAX / 2 + number);
        self.defect(id, kind, service, self.root.child(u64::from(u32::MAX) + u64::from(number)))
    }

    fn pick(&self, uniform: f64) -> ServiceId {
        let total: f64 = self.services.iter().map(|(_, weight)| weight).sum();
        let mut left = uniform * total;
        for (service, weight) in &self.services {
            if left < *weight {
                return *service;
            }
            left -= weight;
        }
        self.services.last().map_or(ServiceId(0), |(service, _)| *service)
    }

    /// What a defect of a kind does. How bad they are spreads widely, because they do; the ranges are chosen for Fleetlab.
    fn defect(&self, id: FlawId, kind: DefectKind, service: ServiceId, stream: Stream) -> Defect {
        let mut draw = stream;
        // Evenly on a logarithmic scale.
        let mut between = |least: f64, most: f64| least * libm::pow(most / least, draw.uniform());
        let plain = Behaviour::default();
        let neighbours = self.neighbours.get(service.index()).map_or(&[][..], Vec::as_slice);
        let behaviour = match kind {
            DefectKind::DoesNotCompile => Behaviour { startup_failure: Ratio::ONE, ..plain },
            DefectKind::Vulnerability => plain,
            DefectKind::Logic => Behaviour { error_rate: Ratio::new(between(0.002, 0.3)), ..plain },
            DefectKind::Integration => Behaviour { error_rate: Ratio::new(between(0.02, 0.6)), ..plain },
            DefectKind::PerformanceRegression => Behaviour { latency_factor: between(1.3, 5.0), ..plain },
            DefectKind::MemoryLeak => Behaviour { memory_leak: Bytes::new(between(4_096.0, 262_144.0) as u64), ..plain },
            DefectKind::Configuration if between(1.0, 4.0) < 2.0 => Behaviour { startup_failure: Ratio::ONE, ..plain },
            DefectKind::Configuration => Behaviour { error_rate: Ratio::new(between(0.1, 1.0)), ..plain },
            DefectKind::SchemaIncompatible if neighbours.is_empty() => Behaviour { error_rate: Ratio::new(between(0.05, 0.6)), ..plain },
            DefectKind::SchemaIncompatible => {
                let at = (between(1.0, 2.0) - 1.0) * neighbours.len() as f64;
                let service = neighbours[(at as usize).min(neighbours.len() - 1)];
                Behaviour { expects: vec![Expectation { service, schemas: Vec::new() }], ..plain }
            }
            DefectKind::OnlyUnderLoad => {
                Behaviour { latency_factor: between(2.0, 6.0), error_rate: Ratio::new(between(0.02, 0.4)), above_load: Ratio::new(0.6), ..plain }
            }
            DefectKind::OnlyForSomeUsers => Behaviour { error_rate: Ratio::new(between(0.3, 1.0)), users: Ratio::new(between(0.002, 0.05)), ..plain },
            DefectKind::AppearsLater => {
                let after = SimSpan::from_secs_f64(between(1_800.0, 86_400.0));
                Behaviour { error_rate: Ratio::new(between(0.02, 0.5)), after, ..plain }
            }
        };
        Defect { id, kind, behaviour }
    }
}

/// A Poisson variate, by counting exponential gaps; means here are far below 100.
fn poisson(mean: f64, stream: &mut Stream) -> u32 {
    let (mut count, mut left) = (0, mean);
    loop {
        left += libm::log(1.0 - stream.uniform());
        if left < 0.0 || count >= DEFECTS_PER_ITEM {
            return count;
        }
        count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(seed: u64) -> Source {
        let services = vec![(ServiceId(0), 3.0), (ServiceId(1), 1.0)];
        Source::new(seed, &Work::default(), &Defects::default(), services, vec![vec![ServiceId(1)], Vec::new()])
    }

    #[test]
    fn an_item_is_the_same_however_often_and_in_which_order_it_is_asked_for() {
        let (one, other) = (source(7), source(7));
        let ahead = one.item(40);
        for number in 0..40 {
            let _ = one.item(number);
        }
        assert_eq!(ahead, other.item(40));
        assert_ne!(source(8).item(40), ahead);
    }

    #[test]
    fn sizes_services_and_defects_come_as_often_as_they_should() {
        let source = source(1);
        let items: Vec<Item> = (0..20_000).map(|number| source.item(number)).collect();
        let lines: f64 = items.iter().map(|item| f64::from(item.lines)).sum();
        // Standard error of the mean: 60 × 1.2 / √20000 = 0.51; whole lines are rounded down by half a line.
        assert!((lines / 20_000.0 - 59.5).abs() < 4.0 * 0.51, "{}", lines / 20_000.0);
        let first = items.iter().filter(|item| item.service == ServiceId(0)).count() as f64 / 20_000.0;
        assert!((first - 0.75).abs() < 4.0 * 0.0031, "{first}");
        for kind in DefectKind::ALL {
            let found = items.iter().flat_map(|item| &item.defects).filter(|defect| defect.kind == kind).count() as f64;
            let expected = Defects::default().per_1000_lines(kind) * lines / 1_000.0;
            assert!((found - expected).abs() < 4.0 * expected.sqrt(), "{}: {found} of {expected}", kind.name());
        }
    }

    #[test]
    fn every_kind_but_a_vulnerability_does_something() {
        let source = source(3);
        for kind in DefectKind::ALL {
            for service in [ServiceId(0), ServiceId(1)] {
                let defect = source.accident(1, kind, service);
                assert_eq!(defect.behaviour != Behaviour::default(), defect.hurts(), "{}", kind.name());
            }
        }
        assert_ne!(source.accident(1, DefectKind::Logic, ServiceId(0)), source.accident(2, DefectKind::Logic, ServiceId(0)));
    }

    #[test]
    fn names_are_those_of_files() {
        for kind in DefectKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.name());
        }
    }
}
