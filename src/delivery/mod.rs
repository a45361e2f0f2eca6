//! Delivery: a team that writes changes, a pipeline that builds, tests and deploys them, and what people do when production
//! is hurt.
//!
//! It reads the ledger's visible part as a team reads its tools, and asks for things: a version, a deployment, a rollback,
//! a record. It knows no requests and no instances. What a defect does to users is the kernel's business, what a strategy
//! does about it the fleet's; whatever is good or bad about a way of working comes out of the two. Nothing polls: whoever
//! waits for a time says so.
//!
//! Unlike the fleet it is no ECS: its things are few, live long, and each is reached from one place, so plain tables by
//! number are simpler to follow.
//!
//! | file | what it holds |
//! |---|---|
//! | `plan` | what a scenario may set about a team |
//! | `calendar`, `people` | working time; who does what when |
//! | `change`, `history` | items of work and their defects; changes, commits, branches |
//! | `branch/` | branching models, one a file |
//! | `work`, `response` | the ways of a change to the trunk, and of an incident to its end |
//! | `line` | pipelines at work: builds, tests, approvals, deployments |
//! | `not_deployed` | why nothing came of a deployment that a pipeline asked for |
//! | `gates` | rules of conditions, answered from alarms, clock and variables |

pub mod branch;
pub mod build;
pub mod builds;
pub mod calendar;
pub mod change;
pub mod check;
pub mod command;
mod dependence;
mod gates;
pub mod history;
pub mod incident;
mod line;
pub mod look;
pub mod not_deployed;
pub mod people;
pub mod pipeline;
pub mod pipelines;
pub mod plan;
mod response;
mod symptom;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::branch::Release;
use self::change::{Item, ItemNumber, Source};
use self::history::{Change, History, Revision};
use self::incident::Incident;
use self::line::{Line, Told};
use self::not_deployed::NotDeployed;
use self::people::Staff;
use self::pipeline::outcome::{ActionRunId, ExecutionId};
use self::pipelines::Pipelines;
use self::plan::Team;
use crate::ids::{FlawId, ServiceId, VersionId};
use crate::kernel::model::{Flaw, Model};
use crate::phrase::Sentence;
use crate::rng::{Stream, purpose};
use crate::telemetry::ledger::{ChangeNumber, DeploymentNumber, Event, ExecutionNumber, Ledger};
use crate::telemetry::store::Store;
use crate::units::{SimSpan, SimTime};

/// So often somebody tries a stage again with an execution, where nothing in the changes is to blame.
const MOST_RETRIES: u32 = 3;

/// What delivery asks of the world.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// A version that is like the service's first one, with these flaws. Ids are handed out densely.
    AddVersion {
        /// The service.
        service: ServiceId,
        /// The version's name.
        name: String,
        /// What is wrong with it.
        flaws: Vec<Flaw>,
    },
    /// A deployment, by the service's own strategy.
    Deploy {
        /// The service.
        service: ServiceId,
        /// The version.
        version: VersionId,
    },
    /// A rollback.
    RollBack(ServiceId),
    /// Take one deployment of a service back, to the version that it replaced.
    Undo {
        /// The service.
        service: ServiceId,
        /// The deployment.
        deployment: DeploymentNumber,
        /// The version that it replaced.
        to: VersionId,
    },
    /// A record in the ledger.
    Note(Event),
}

/// What a person can be busy with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Writes a change.
    Code(ChangeNumber),
    /// Mends what a review or a build found in a change.
    Rework(ChangeNumber),
    /// Reviews a change.
    Review(ChangeNumber),
    /// Resolves a merge conflict.
    Resolve(ChangeNumber),
    /// Mends a defect that the stabilisation of a release found.
    Stabilise {
        /// The service.
        service: ServiceId,
        /// The defect.
        defect: FlawId,
    },
    /// Decides about an execution that waits for approval.
    Approve {
        /// The service whose pipeline waits.
        service: ServiceId,
        /// The action run.
        run: ActionRunId,
    },
    /// Looks for a suspect.
    Diagnose(u32),
    /// Looks for the defect in the code.
    Investigate {
        /// The incident.
        incident: u32,
        /// The service to which nothing is deployed until it is found, if one is held back.
        held: Option<ServiceId>,
    },
}

/// What time brings.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Due {
    /// The next item of work comes in.
    Arrival,
    /// Whoever is on call answers.
    Page(u32),
    /// Whether what was done about an incident helped.
    Check(u32),
    /// Whether the service map shows by now what an open incident is about.
    Look(u32),
    /// A release branch is cut.
    CutRelease,
    /// A release may be stable.
    ReleaseTested,
    /// Reports by users are read.
    Triage,
    /// A stage that failed for nothing is tried again.
    Retry(ServiceId, ExecutionId, String),
}

/// A version of a service that the pipeline built.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The version.
    pub version: VersionId,
    /// Its service.
    pub service: ServiceId,
    /// What is in it.
    pub revision: Arc<Revision>,
    /// Whether it holds planned work.
    pub planned: bool,
    /// The execution that built it.
    pub execution: ExecutionNumber,
    /// The build that made it; `None` if its pipeline builds nothing.
    pub build: Option<u32>,
}

/// A deployment that delivery follows.
#[derive(Debug, Clone, Copy)]
struct Deployed {
    service: ServiceId,
    version: VersionId,
    replaces: VersionId,
    rolls_back: Option<DeploymentNumber>,
    started: SimTime,
    ended: Option<SimTime>,
    completed: bool,
    /// A rollback of it was ordered.
    undone: bool,
}

/// What a team sees of a service in production.
#[derive(Debug, Clone, Default)]
struct Production {
    /// The version that runs; `None` is the first fleet's.
    version: Option<VersionId>,
    /// Changes that were in a version whose deployment completed.
    shipped: BTreeSet<ChangeNumber>,
    /// No deployments until this change is in: what would be deployed has the defect that was just rolled back.
    held_for: Option<ChangeNumber>,
}

/// A team at work.
#[derive(Debug)]
pub struct Delivery {
    team: Team,
    root: Stream,
    source: Source,
    /// Services without which users are not answered.
    vital: BTreeSet<ServiceId>,
    staff: Staff<Job>,
    history: History,
    changes: Vec<Change>,
    /// Items that wait to become changes, by service.
    pooled: BTreeMap<ServiceId, Vec<Item>>,
    next_item: ItemNumber,
    release: Option<(Release, BTreeMap<ServiceId, Revision>)>,
    releases: u32,
    incidents: Vec<Incident>,
    artifacts: BTreeMap<VersionId, Artifact>,
    deployments: BTreeMap<DeploymentNumber, Deployed>,
    production: BTreeMap<ServiceId, Production>,
    line: Line,
    /// Alarms that are off.
    alarms_off: BTreeMap<String, Option<ServiceId>>,
    /// Failed requests by flaw that were read about already.
    read_reports: BTreeMap<FlawId, u64>,
    /// Defects that the team knows of.
    known: BTreeSet<FlawId>,
    accidents: u32,
    /// Merges that met a conflict.
    conflicts: u32,
    /// Flags in the code that nobody needs any more.
    stale_flags: u32,
    agenda: BTreeMap<SimTime, Vec<Due>>,
    /// How much of the ledger was read.
    read: usize,
    next_version: u16,
    asks: Vec<Ask>,
    now: SimTime,
    /// How often it ran.
    runs: u64,
}

impl Delivery {
    /// A team whose pipelines deliver the services of a model, and who have alarms of these names. Nothing has happened yet.
    pub fn new<'a>(team: &Team, pipelines: &Pipelines, model: &Model, alarms: impl IntoIterator<Item = &'a str>, seed: u64) -> Self {
        let named = |name: &str| model.services.iter().position(|service| service.name == name).map(ServiceId::from_index);
        let delivered: BTreeSet<ServiceId> = pipelines.services().filter_map(named).collect();
        let weighed: Vec<(ServiceId, f64)> = if team.services.is_empty() {
            delivered.iter().map(|service| (*service, 1.0)).collect()
        } else {
            team.services.iter().filter_map(|(name, weight)| Some((named(name)?, *weight))).collect()
        };
        let source = Source::new(seed, &team.work, &team.defects, weighed, dependence::neighbours(model));
        let staff = Staff::new(team.people as u16, team.calendar.clone(), team.focus.get(), team.response.shift);
        let mut delivery = Self {
            root: Stream::root(seed).child(purpose::PEOPLE),
            source,
            vital: dependence::vital(model),
            staff,
            history: History::new(seed),
            changes: Vec::new(),
            pooled: BTreeMap::new(),
            next_item: 0,
            release: None,
            releases: 0,
            incidents: Vec::new(),
            artifacts: BTreeMap::new(),
            deployments: BTreeMap::new(),
            production: delivered.iter().map(|service| (*service, Production::default())).collect(),
            line: Line::new(pipelines, model, alarms, seed),
            alarms_off: BTreeMap::new(),
            read_reports: BTreeMap::new(),
            known: BTreeSet::new(),
            accidents: 0,
            conflicts: 0,
            stale_flags: 0,
            agenda: BTreeMap::new(),
            read: 0,
            next_version: model.versions.len() as u16,
            asks: Vec::new(),
            now: SimTime::ZERO,
            runs: 0,
            team: team.clone(),
        };
        // The backlog of the first morning: what two days would bring.
        let working_day = team.calendar.working_day().as_secs_f64();
        let ahead = team.work.backlog.get() * 2.0 * working_day * team.work.rate.get();
        for _ in 0..ahead.round() as u32 {
            let item = delivery.source.item(delivery.next_item);
            delivery.next_item += 1;
            delivery.pool(item);
        }
        delivery.wait_for_work();
        delivery.wait_for_release();
        delivery.wait_for_reports();
        delivery
    }

    /// All changes, in order.
    pub fn changes(&self) -> &[history::Change] {
        &self.changes
    }
    /// Merges that met a conflict.
    pub const fn conflicts(&self) -> u32 {
        self.conflicts
    }
    /// The declaration of a service's pipeline, if it has one.
    pub fn pipeline(&self, service: ServiceId) -> Option<&pipeline::definition::Pipeline> {
        self.line.engine(service).map(|engine| engine.pipeline().get())
    }
    /// Builds, the oldest first; of many the newest.
    pub fn builds(&self) -> impl Iterator<Item = &builds::Build> {
        self.line.farm().builds()
    }

    /// How many builds of a service, or of all, ended by themselves, and how many of those failed.
    pub fn ended_builds(&self, service: Option<ServiceId>) -> (u64, u64) {
        self.line.farm().ended(service)
    }

    /// When it must run next, if nothing happens before.
    pub fn next_due(&self) -> Option<SimTime> {
        let agenda = self.agenda.first_key_value().map(|(at, _)| *at);
        let unread = (!self.asks.is_empty()).then_some(self.now);
        [agenda, self.staff.next_due(self.now), self.line.next_due(), unread].into_iter().flatten().min()
    }

    /// Whether the ledger has something that it has not read.
    pub fn is_behind(&self, ledger: &Ledger) -> bool {
        self.read < ledger.truth().len()
    }

    /// So many flags are in the code that nobody needs any more.
    pub const fn see_stale_flags(&mut self, flags: u32) {
        self.stale_flags = flags;
    }

    /// Reads what is new in the ledger, does what is due at `now`, and says what is to be done.
    pub fn run(&mut self, now: SimTime, ledger: &Ledger, store: &Store) -> Vec<Ask> {
        self.now = now;
        self.runs += 1;
        let records = ledger.truth();
        while let Some(record) = records.get(self.read) {
            self.read += 1;
            if record.event.is_visible() {
                self.read_record(record.at, &record.event);
            }
        }
        while let Some(first) = self.agenda.first_entry().filter(|entry| *entry.key() <= now) {
            for due in first.remove() {
                self.due(due, store);
            }
        }
        self.line.due(now);
        self.follow_line();
        for (person, job) in self.staff.done(now) {
            self.done(person, &job, store);
        }
        self.follow_line();
        for (person, job) in self.staff.assign(now) {
            if let Job::Code(change) = job {
                self.begin_code(change, person);
            }
        }
        std::mem::take(&mut self.asks)
    }

    fn due(&mut self, due: Due, store: &Store) {
        match due {
            Due::Arrival => self.arrive(),
            Due::Page(incident) => self.page(incident),
            Due::Check(incident) => self.check(incident),
            Due::Look(incident) => self.look_again(incident, store),
            Due::CutRelease => self.cut_release(),
            Due::ReleaseTested => self.try_release(),
            Due::Triage => self.read_reports(store.strikes()),
            Due::Retry(service, execution, stage) => self.line.retry(self.now, service, execution, &stage),
        }
    }

    fn done(&mut self, person: u16, job: &Job, store: &Store) {
        match *job {
            Job::Code(change) => self.coded(change),
            Job::Rework(change) => self.reworked(change),
            Job::Review(change) => self.reviewed(change, person),
            Job::Resolve(change) => self.resolved(change),
            Job::Stabilise { service, defect } => self.stabilised(service, defect, person),
            Job::Approve { service, run } => self.line.approve(self.now, service, run),
            Job::Diagnose(incident) => self.diagnosed(incident, store),
            Job::Investigate { incident, held } => self.investigated(incident, held, store.strikes()),
        }
    }

    /// What the tools say.
    fn read_record(&mut self, at: SimTime, event: &Event) {
        match event {
            Event::AlarmChanged { name, service, to, suppressed, .. } => {
                // A suppressor keeps people from being told; whoever looks at the state sees it.
                if !suppressed {
                    self.alarm(name, *service, *to);
                }
                self.line.alarm(self.now, name, *to);
            }
            Event::AlarmActions { name, state } => self.alarm(name, None, *state),
            Event::DeploymentStarted { deployment, service, version, replaces, rolls_back, .. } => {
                let deployed = Deployed {
                    service: *service,
                    version: *version,
                    replaces: *replaces,
                    rolls_back: *rolls_back,
                    started: at,
                    ended: None,
                    completed: false,
                    undone: false,
                };
                if let Some(undone) = rolls_back.and_then(|undone| self.deployments.get_mut(&undone)) {
                    undone.undone = true;
                }
                self.deployments.insert(*deployment, deployed);
            }
            Event::DeploymentCompleted { deployment } => {
                let Some(deployed) = self.deployments.get_mut(deployment) else { return };
                (deployed.ended, deployed.completed) = (Some(at), true);
                let deployed = *deployed;
                if let Some(artifact) = self.artifacts.get(&deployed.version) {
                    let production = self.production.entry(deployed.service).or_default();
                    production.version = Some(deployed.version);
                    production.shipped.extend(&artifact.revision.changes);
                } else if let Some(production) = self.production.get_mut(&deployed.service) {
                    production.version = None;
                }
                // A pipeline may have asked for a rollback as well as for a deployment.
                self.line.deployment_ended(self.now, deployed.service, deployed.version, None);
                self.remedied(*deployment, deployed);
            }
            Event::DeploymentFailed { deployment, why } => {
                let Some(deployed) = self.deployments.get_mut(deployment) else { return };
                deployed.ended = Some(at);
                let deployed = *deployed;
                self.line.deployment_ended(self.now, deployed.service, deployed.version, Some(why.sentence()));
                if self.artifacts.contains_key(&deployed.version) {
                    self.turned_back(*deployment, deployed.service, why);
                }
                self.rollback_lost(deployed);
            }
            Event::DeploymentRestored { deployment } => self.restored(*deployment),
            Event::DeploymentStalled { deployment, .. } => self.stalled(*deployment),
            Event::DeploymentSuperseded { deployment, by } => {
                let Some(deployed) = self.deployments.get_mut(deployment) else { return };
                deployed.ended = Some(at);
                let deployed = *deployed;
                self.line.deployment_ended(self.now, deployed.service, deployed.version, Some(NotDeployed::Superseded { by: *by }.sentence()));
                self.rollback_lost(deployed);
            }
            _ => {}
        }
    }

    /// What the pipelines say.
    fn follow_line(&mut self) {
        for told in self.line.take() {
            match told {
                Told::Note(event) => self.note(event),
                Told::Found { service, defects } => self.build_found(service, &defects),
                Told::Flaked { service, execution, stage } => {
                    // Somebody looks at it, shrugs and presses the button, until it is clear that chance has no part in it.
                    if self.line.retried_by_hand(service, execution, &stage) >= MOST_RETRIES {
                        continue;
                    }
                    let at = self.team.calendar.after(self.now, SimSpan::from_secs(600));
                    self.wait(at, Due::Retry(service, execution, stage));
                }
                Told::WantsApproval { service, run, effort } => {
                    let what = Job::Approve { service, run };
                    self.staff.ask(people::Task { what, urgency: people::Urgency::Helping, effort, by: None, not_by: None, any_hour: false });
                }
                Told::NoApproval { run } => self.staff.drop_tasks(|job| matches!(job, Job::Approve { run: of, .. } if *of == run)),
                Told::GaveUp { service, version } => self.given_up(service, version),
                Told::Deploy { service, execution, run, revision, artifacts } => self.deploy(service, execution, run, revision, &artifacts),
                Told::GoBack { service, run, revision } => self.go_back(service, run, &revision),
            }
        }
    }

    /// A pipeline wants a revision in production: its build becomes a version, and that is deployed.
    fn deploy(&mut self, service: ServiceId, execution: u32, run: ActionRunId, revision: Revision, artifacts: &[String]) {
        let shipped = self.production.get(&service).map(|production| &production.shipped);
        let is_new = |change: &ChangeNumber| shipped.is_none_or(|shipped| !shipped.contains(change));
        // What ends an outage goes out, whatever else is waited for.
        let ends_outage = revision.changes.iter().any(|change| is_new(change) && self.change(*change).emergency);
        let production = self.production.entry(service).or_default();
        if let Some(fix) = production.held_for.filter(|fix| !ends_outage && !revision.changes.contains(fix)) {
            let why = match fix {
                u32::MAX => NotDeployed::HeldBack,
                change => NotDeployed::HeldUntil { change },
            };
            self.line.refuse_deployment(self.now, service, run, &why);
            return self.follow_line();
        }
        let new: Vec<ChangeNumber> = revision.changes.iter().copied().filter(|change| !production.shipped.contains(change)).collect();
        let planned = new.is_empty() || new.iter().any(|change| self.change(*change).planned);
        let version = self.version_of(service, &revision).unwrap_or_else(|| {
            let version = VersionId(self.next_version);
            self.next_version += 1;
            let name = self.history.get(revision.commit).sha.clone();
            let flaws = revision.defects.iter().map(change::Defect::flaw).collect();
            self.asks.push(Ask::AddVersion { service, name, flaws });
            self.asks.push(Ask::Note(Event::Built { version, service, commit: revision.commit, execution, changes: new, planned }));
            let build = self.line.farm().made(execution, artifacts);
            self.artifacts.insert(version, Artifact { version, service, revision: Arc::new(revision), planned, execution, build });
            version
        });
        self.line.deploying(service, run, version);
        self.asks.push(Ask::Deploy { service, version });
    }

    /// The version that a revision was built as. The same changes are the same version, whatever else was merged into other
    /// services meanwhile.
    fn version_of(&self, service: ServiceId, revision: &Revision) -> Option<VersionId> {
        let same = |artifact: &&Artifact| {
            artifact.service == service && artifact.revision.changes == revision.changes && artifact.revision.defects == revision.defects
        };
        self.artifacts.values().find(same).map(|artifact| artifact.version)
    }

    /// A pipeline rolls its stage back: what an earlier execution brought is to run again, by a rollback of the deployment if
    /// that leads there, or by one more deployment.
    fn go_back(&mut self, service: ServiceId, run: ActionRunId, revision: &Revision) {
        let Some(version) = self.version_of(service, revision) else {
            self.line.refuse_deployment(self.now, service, run, &NotDeployed::NeverDeployed);
            return self.follow_line();
        };
        self.line.deploying(service, run, version);
        let of_service = || self.deployments.iter().rev().filter(|(_, deployed)| deployed.service == service && deployed.rolls_back.is_none());
        let Some((latest, deployed)) = of_service().next().map(|(number, deployed)| (*number, *deployed)) else {
            self.line.refuse_deployment(self.now, service, run, &NotDeployed::NothingDeployed);
            return self.follow_line();
        };
        let runs = self.production.get(&service).is_some_and(|production| production.version == Some(version));
        if deployed.undone || runs && deployed.ended.is_some() {
            // Somebody was faster, or the deployment turned back by itself, or it runs all the time.
            if runs {
                self.line.deployment_ended(self.now, service, version, None);
                self.follow_line();
            }
            return;
        }
        let before = of_service().skip(1).find(|(_, deployed)| deployed.completed && !deployed.undone).map(|(_, deployed)| deployed.version);
        self.went_back(latest, service);
        self.asks.push(if before == Some(version) { Ask::RollBack(service) } else { Ask::Deploy { service, version } });
    }

    /// What was to be deployed runs already, and a strategy that shares traffic out has nothing to share: a pipeline that is started again
    /// with the same revision goes on.
    pub fn runs_already(&mut self, service: ServiceId, version: VersionId) {
        self.line.deployment_ended(self.now, service, version, None);
    }

    /// A deployment that was asked for could not be begun.
    pub fn deployment_refused(&mut self, service: ServiceId, version: VersionId, why: Sentence) {
        self.line.deployment_ended(self.now, service, version, Some(why));
    }
}
