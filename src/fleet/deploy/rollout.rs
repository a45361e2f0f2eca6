//! What all deployments share: sizes, numbers, history, superseding, rolling back, and keeping the count in between.
//!
//! A service has a desired count and a stable version, the one whose deployment completed last. While a deployment is
//! under way its strategy decides; otherwise missing instances of the stable version are started and surplus ones are
//! stopped. It does not know how instances start or who gets requests.

use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::prelude::*;

use super::Strategy;
use super::driver::{Driver, HeaderRoute, Orders, Progress, Scene, Seen, Stand, Waiting, Way, Wishes};
use super::judging::{AnalysisLook, Judges, look_again};
use super::past::Past;
use super::releases::{Kept, Release, Releases, drop_kept, keep_fleet};
use super::trial::TestRun;
use super::trial::sending::{self, Sent, TestsDue};
use crate::fleet::agenda::Timetable;
use crate::fleet::alarm::Alarms;
use crate::fleet::desk::{Desk, Member, Roster};
use crate::fleet::instance::ServiceFleet;
use crate::fleet::life::{Changes, Life, News, Phase, Plan};
use crate::fleet::rotation::{Standing, Verdict};
use crate::fleet::schedule::Step;
use crate::ids::{InstanceId, ServiceId, UserHeaderId, VersionId};
use crate::kernel::command::Command;
use crate::telemetry::ledger::{AlarmState, Cause, DeploymentNumber, Event};
use crate::units::{Ratio, SimTime};

/// How many instances a service should have.
#[derive(Component, Debug)]
pub(in crate::fleet) struct Size {
    pub(in crate::fleet) desired: u32,
}

/// A deployment under way.
pub(in crate::fleet) struct Deployment {
    pub(in crate::fleet) number: DeploymentNumber,
    pub(in crate::fleet) version: VersionId,
    pub(in crate::fleet) strategy: Strategy,
    driver: Box<dyn Driver>,
    /// The analyses that it began.
    pub(super) judges: Judges,
    /// The test requests that it began, by the driver's keys.
    pub(super) tests: BTreeMap<u32, TestRun>,
    /// When the driver wants to be stepped again.
    pub(super) wakes: Option<SimTime>,
    /// What people asked of it since the last step.
    wishes: Wishes,
    /// When it began.
    pub(super) began: SimTime,
    /// Which way it goes through the service's history.
    way: Way,
    /// Whether it tries still.
    trying: Trying,
    /// How far it was after its latest step that did not end it, or when it gave up.
    reached: Progress,
    /// What was told of its progress last.
    told: Told,
    /// The version whose instances go.
    replaced: VersionId,
    /// The alarms that turn it back, by index.
    watched: BTreeSet<usize>,
    /// It takes another deployment back, and is not taken back itself.
    restores: bool,
    /// It replaces instances of its own version, too: the same version is deployed again.
    afresh: bool,
    /// What leads to the new version besides its share.
    routes: Laid,
    /// Instances of the new version that were found unhealthy, each counted once.
    unhealthy: BTreeSet<InstanceId>,
}

/// Whether a deployment tries to get to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trying {
    Yes,
    /// It has given up, and puts back what it changed.
    GaveUp,
    /// Nobody gets its version any more.
    Restored,
}

/// What the ledger says of a deployment's progress: its step, the share of its version, whether it waits for a person.
type Told = (Option<String>, Option<Ratio>, bool);

/// What leads to a new version besides its share of the traffic.
#[derive(Debug, Default)]
struct Laid {
    /// Some requests are copied to it.
    mirrors: bool,
    /// Some users are led to it by a header.
    leads: bool,
}

impl Deployment {
    /// Whether an instance is one of those that the deployment brings.
    pub(in crate::fleet) fn brings(&self, member: &Member) -> bool {
        member.version == self.version && (!self.afresh || member.revision == self.number)
    }
    /// The version whose instances go.
    pub(super) const fn replaced(&self) -> VersionId {
        self.replaced
    }
    /// Whether one of these alarms concerns it.
    pub(in crate::fleet) fn watches(&self, changed: &[usize]) -> bool {
        changed.iter().any(|index| self.watched.contains(index))
    }
    /// The alarms that turn it back, by index.
    pub(in crate::fleet) fn watched(&self) -> impl Iterator<Item = usize> + '_ {
        self.watched.iter().copied()
    }
    /// How many instances of the new version failed so far.
    pub(in crate::fleet) fn failed(&self) -> u32 {
        self.driver.failed()
    }
    /// How far it is.
    pub(in crate::fleet) fn progress(&self) -> Progress {
        self.driver.progress()
    }
    /// How far it came: what is under way tells more than a driver that puts things back.
    pub(super) fn latest_progress(&self) -> Progress {
        let now = self.driver.progress();
        if self.trying != Trying::Yes || now.current.is_none() && self.reached.current.is_some() { self.reached.clone() } else { now }
    }
    /// Its analyses and test requests.
    pub(in crate::fleet) fn analyses(&self) -> Vec<AnalysisLook> {
        self.judges.look().into_iter().chain(self.tests.values().map(TestRun::look)).chain(self.judges.over()).collect()
    }
    /// Whether an instance gets no requests yet, whatever its health checks say.
    pub(in crate::fleet) fn withholds(&self, member: &Member) -> bool {
        self.brings(member) && self.driver.withholds(member.id)
    }
}

/// The deployment under way in a service, if one is.
#[derive(Component, Default)]
pub(in crate::fleet) struct Rollout(pub(in crate::fleet) Option<Deployment>);

/// The number of the latest deployment.
#[derive(Resource, Debug, Default)]
struct Numbers(DeploymentNumber);

/// Asked of this behaviour.
#[derive(Resource, Debug, Default)]
pub(in crate::fleet) struct DeployOrders {
    /// Versions to deploy, and how if not as the service's own strategy says.
    pub(in crate::fleet) deploy: Vec<(ServiceId, VersionId, Option<Strategy>)>,
    /// Services to roll back, and which deployment is undone and to which version if it is not the latest one.
    pub(in crate::fleet) roll_back: Vec<(ServiceId, Option<(DeploymentNumber, VersionId)>)>,
    /// Desired counts, and who wants them.
    pub(in crate::fleet) scale: Vec<(ServiceId, u32, &'static str)>,
    /// What people ask of deployments under way.
    pub(in crate::fleet) wishes: Vec<(ServiceId, Wish)>,
    /// Shares of the traffic by version.
    pub(in crate::fleet) weights: Vec<(ServiceId, Vec<(VersionId, f64)>)>,
}

/// What a person asks of a deployment under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// Go on: end the pause if it is paused, otherwise leave the current step.
    Promote,
    /// Go to the end without further pauses, analyses and steps.
    PromoteFull,
    /// Give up and go back.
    Abort,
    /// Stop where it is.
    Pause,
    /// Go on after a pause.
    Resume,
}

impl Wish {
    /// Its name as written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote-full",
            Self::Abort => "abort",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
    const fn enter(self, wishes: &mut Wishes) {
        match self {
            Self::Promote => wishes.promote = true,
            Self::PromoteFull => wishes.promote_full = true,
            Self::Abort => wishes.abort = true,
            Self::Pause => wishes.pause = true,
            Self::Resume => wishes.resume = true,
        }
    }
}

/// A deployment that wants to be stepped again.
#[derive(Debug)]
struct DeployDue(ServiceId, DeploymentNumber);

/// Adds this behaviour to the control plane.
pub(in crate::fleet) fn install(world: &mut World, schedule: &mut Schedule) {
    world.init_resource::<Numbers>();
    world.init_resource::<DeployOrders>();
    world.init_resource::<Sent>();
    world.init_resource::<Past>();
    world.insert_resource(Timetable::<DeployDue>::new());
    world.insert_resource(Timetable::<TestsDue>::new());
    schedule.add_systems((take_orders, sending::send, reconcile).chain().in_set(Step::Deploy));
}

type Services<'w, 's> = Query<'w, 's, (&'static Plan, &'static mut Size, &'static mut Releases, &'static mut Rollout)>;

/// Begins a deployment; one that is under way is superseded.
fn begin(
    desk: &mut Desk<'_>,
    (numbers, past): (&mut Numbers, &mut Past),
    service: ServiceId,
    releases: &mut Releases,
    rollout: &mut Rollout,
    alarms: &Alarms,
    (version, strategy, undone): (VersionId, Strategy, Option<(DeploymentNumber, VersionId)>),
) {
    let rolls_back = undone.map(|(number, _)| number);
    numbers.0 += 1;
    let number = numbers.0;
    let afresh = rollout.0.is_none() && rolls_back.is_none() && version == releases.stable().1;
    let mut on_its_way = undone.map(|(_, version)| version);
    if let Some(mut superseded) = rollout.0.take() {
        end_routes(desk, service, &mut superseded);
        past.keep(&superseded, alarms, false);
        desk.note(Event::DeploymentSuperseded { deployment: superseded.number, by: number });
        on_its_way = Some(superseded.version);
    }
    let (_, stable) = releases.stable();
    desk.note(Event::DeploymentStarted { deployment: number, service, version, replaces: stable, strategy: strategy.name(), rolls_back });
    if !releases.weights.is_empty() {
        // Shares were set for the versions of the past; a strategy that wants shares sets its own.
        releases.weights.clear();
        desk.send(Command::SetWeights { service, weights: Vec::new() });
    }
    let driver = strategy.driver(rolls_back.is_some());
    // What goes back to the stable version replaces whatever was on its way.
    let replaced = on_its_way.filter(|_| version == stable).unwrap_or(stable);
    // A rollback is not turned back, and an alarm that is off already says nothing about what only begins now.
    let watch = strategy.watch().filter(|_| rolls_back.is_none()).map_or(&[][..], |watch| &watch.names);
    let watched = watch.iter().filter_map(|name| alarms.index_of(name)).filter(|index| alarms.state(*index) != AlarmState::Alarm).collect();
    let way = match undone {
        Some(_) if on_its_way.is_some() && version == stable => Way::ToStable,
        Some(_) => Way::Back { between: 0 },
        None => releases.way_to(version),
    };
    rollout.0 = Some(Deployment {
        number,
        version,
        strategy,
        driver,
        judges: Judges::default(),
        tests: BTreeMap::new(),
        wakes: None,
        wishes: Wishes::default(),
        began: desk.now(),
        way,
        trying: Trying::Yes,
        reached: Progress::default(),
        told: Told::default(),
        replaced,
        watched,
        restores: rolls_back.is_some(),
        afresh,
        routes: Laid::default(),
        unhealthy: BTreeSet::new(),
    });
    desk.touch(service);
}

/// Takes in what people, the timeline and the autoscalers want.
fn take_orders(
    mut desk: Desk<'_>,
    mut orders: ResMut<'_, DeployOrders>,
    (mut numbers, mut past): (ResMut<'_, Numbers>, ResMut<'_, Past>),
    mut changes: ResMut<'_, Changes>,
    (roster, alarms): (Res<'_, Roster>, Res<'_, Alarms>),
    mut services: Services<'_, '_>,
) {
    let DeployOrders { deploy, roll_back, scale, wishes, weights } = std::mem::take(&mut *orders);
    for (service, wish) in wishes {
        let Ok((_, _, _, mut rollout)) = services.get_mut(roster.service(service)) else { continue };
        if let Some(deployment) = &mut rollout.0 {
            wish.enter(&mut deployment.wishes);
            desk.touch(service);
        }
    }
    for (service, to, by) in scale {
        let Ok((_, mut size, ..)) = services.get_mut(roster.service(service)) else { continue };
        if size.desired != to {
            desk.note(Event::Scaled { service, from: size.desired, to, by });
            size.desired = to;
            desk.touch(service);
        }
    }
    for (service, weights) in weights {
        let Ok((_, _, mut releases, _)) = services.get_mut(roster.service(service)) else { continue };
        releases.weights.clone_from(&weights);
        desk.send(Command::SetWeights { service, weights });
    }
    for (service, version, strategy) in deploy {
        let Ok((plan, _, mut releases, mut rollout)) = services.get_mut(roster.service(service)) else { continue };
        let strategy = strategy.unwrap_or_else(|| plan.0.strategy.clone());
        let superseded = rollout.0.as_ref();
        changes.stop.extend(roster.staying(service).filter(|member| superseded.is_some_and(|it| it.withholds(member))).map(|member| member.id));
        if let Some(over) = rollout.0.take_if(|deployment| deployment.driver.took_over()) {
            // All users have it: it ends here, and what it kept in case of need goes.
            changes.stop.extend(roster.staying(service).filter(|member| !over.brings(member) && member.version != version).map(|member| member.id));
            past.keep(&over, &alarms, true);
            desk.note(Event::DeploymentCompleted { deployment: over.number });
            releases.completed.push(Release { number: over.number, version: over.version, strategy: Some(over.strategy) });
        }
        changes.stop.extend(drop_kept(&mut releases, &roster, service, version));
        begin(&mut desk, (&mut numbers, &mut past), service, &mut releases, &mut rollout, &alarms, (version, strategy, None));
    }
    for (service, undo) in roll_back {
        let Ok((plan, _, mut releases, mut rollout)) = services.get_mut(roster.service(service)) else { continue };
        let (completed, stable) = releases.stable();
        let under_way = rollout.0.take();
        if let Some(deployment) = &under_way {
            past.keep(deployment, &alarms, false);
            desk.note(Event::DeploymentFailed { deployment: deployment.number, why: Cause::RolledBack });
            changes.stop.extend(roster.staying(service).filter(|member| deployment.withholds(member)).map(|member| member.id));
        }
        // The way back is the way it came, not the service's habit.
        let habit = || releases.completed.last().and_then(|release| release.strategy.clone()).unwrap_or_else(|| plan.0.strategy.clone());
        let (undone, version, strategy) = match (undo, under_way) {
            (Some((number, to)), Some(deployment)) if deployment.number != number => ((number, deployment.version), to, deployment.strategy),
            (_, Some(deployment)) => ((deployment.number, deployment.version), stable, deployment.strategy),
            (Some((number, to)), None) => ((number, stable), to, habit()),
            (None, None) => match releases.previous() {
                Some(previous) => ((completed, stable), previous, habit()),
                None => continue,
            },
        };
        changes.stop.extend(drop_kept(&mut releases, &roster, service, version));
        begin(&mut desk, (&mut numbers, &mut past), service, &mut releases, &mut rollout, &alarms, (version, strategy, Some(undone)));
    }
}

/// Copies a share of the requests to the new version, and leads users to it by their headers, where that changes.
fn lay_routes(desk: &mut Desk<'_>, service: ServiceId, deployment: &mut Deployment, mirror: Option<Ratio>, headers: Option<&[HeaderRoute]>) {
    let version = deployment.version;
    if let Some(share) = mirror {
        deployment.routes.mirrors = share > Ratio::ZERO;
        desk.send(Command::SetMirror { service, version, share });
    }
    if let Some(routes) = headers {
        let headers: Vec<UserHeaderId> = routes.iter().flat_map(|route| route.led(&desk.facts.user_headers)).collect();
        deployment.routes.leads = !headers.is_empty();
        desk.send(Command::SetHeaderRoute { service, version, headers });
    }
}

/// Routes end with the deployment that made them.
fn end_routes(desk: &mut Desk<'_>, service: ServiceId, deployment: &mut Deployment) {
    let version = deployment.version;
    if std::mem::take(&mut deployment.routes.mirrors) {
        desk.send(Command::SetMirror { service, version, share: Ratio::ZERO });
    }
    if std::mem::take(&mut deployment.routes.leads) {
        desk.send(Command::SetHeaderRoute { service, version, headers: Vec::new() });
    }
}

/// An instance, as strategies see it.
pub(super) fn see(member: &Member, life: &Life, standing: &Standing) -> Seen {
    let up_since = life.up.then_some(life.up_since);
    let healthy_since = up_since.filter(|_| standing.verdict == Verdict::Healthy).map(|up| up.max(standing.since));
    let failed = standing.verdict == Verdict::Unhealthy || life.phase == Phase::Crashed;
    Seen { id: member.id, version: member.version, zone: member.zone, up_since, healthy_since, failed }
}

/// A service, as the strategy of its deployment sees it. Takes what people asked for since the last look.
fn look(now: SimTime, desired: u32, plan: &ServiceFleet, deployment: &mut Deployment, news: &News, everybody: Vec<(&Member, &Life, &Standing)>) -> Scene {
    let mut scene = Scene {
        now,
        desired,
        replaced: deployment.replaced,
        deployed: deployment.version,
        checked: plan.health.is_some(),
        restart_after: plan.restart_after,
        way: deployment.way,
        verdicts: deployment.judges.verdicts(),
        compared: deployment.judges.compared(),
        tried: deployment.tests.iter().map(|(key, run)| (*key, run.tried())).collect(),
        wishes: std::mem::take(&mut deployment.wishes),
        ..Scene::default()
    };
    for (member, life, standing) in everybody {
        let seen = see(member, life, standing);
        if !deployment.brings(member) {
            scene.old.push(seen);
            continue;
        }
        scene.new.push(seen);
        let found_unhealthy = standing.verdict == Verdict::Unhealthy && deployment.unhealthy.insert(member.id);
        if found_unhealthy || news.fallen.contains(&member.id) {
            scene.failures.push(member.id);
        }
    }
    scene
}

/// Lays routes, and begins and ends analyses and test requests, as a strategy orders; the other orders are handed back.
fn follow_judges(desk: &mut Desk<'_>, table: &mut Timetable<TestsDue>, service: ServiceId, deployment: &mut Deployment, orders: Orders) -> Orders {
    let now = desk.now();
    lay_routes(desk, service, deployment, orders.mirror, orders.headers.as_deref());
    if !matches!(orders.stand, Stand::Running) {
        end_routes(desk, service, deployment);
    }
    deployment.judges.follow(&orders.begin, &orders.compare, &orders.end, now);
    deployment.judges.open(orders.open);
    for key in &orders.end {
        let over = deployment.tests.remove(key);
        deployment.judges.keep(over.iter().map(TestRun::look));
    }
    for (key, test) in &orders.tests {
        deployment.tests.insert(*key, TestRun::begin(test, now));
        table.set(&mut desk.agenda, now, TestsDue(service, deployment.number));
    }
    if orders.releases {
        desk.attention.rotation.insert(service);
    }
    orders
}

/// Steps the deployment of every service in which something changed, and keeps the count of the others.
fn reconcile(
    mut desk: Desk<'_>,
    mut changes: ResMut<'_, Changes>,
    (mut numbers, mut past): (ResMut<'_, Numbers>, ResMut<'_, Past>),
    (mut table, mut tests): (ResMut<'_, Timetable<DeployDue>>, ResMut<'_, Timetable<TestsDue>>),
    (news, roster, alarms): (Res<'_, News>, Res<'_, Roster>, Res<'_, Alarms>),
    mut services: Services<'_, '_>,
    instances: Query<'_, '_, (&Member, &Life, &Standing)>,
) {
    let now = desk.now();
    let mut wanted = std::mem::take(&mut desk.attention.fleet);
    for DeployDue(service, number) in table.take(now) {
        let Ok((_, _, releases, rollout)) = services.get(roster.service(service)) else { continue };
        let is_over = releases.kept_until().is_some_and(|until| until <= now);
        if is_over || rollout.0.as_ref().is_some_and(|deployment| deployment.number == number) {
            wanted.insert(service);
        }
    }
    for service in wanted {
        let Ok((plan, size, mut releases, mut rollout)) = services.get_mut(roster.service(service)) else { continue };
        let everybody: Vec<(&Member, &Life, &Standing)> =
            roster.staying(service).filter_map(|member| roster.instance(member.id)).filter_map(|entity| instances.get(entity).ok()).collect();
        let Some(deployment) = &mut rollout.0 else {
            keep_fleet(&mut desk, &mut changes, service, size.desired, &mut releases, &everybody);
            continue;
        };
        let scene = look(now, size.desired, &plan.0, deployment, &news, everybody);
        let gone_off = deployment.watched.iter().find(|index| alarms.state(**index) == AlarmState::Alarm);
        let orders = match gone_off {
            Some(index) => {
                let restore = deployment.strategy.watch().is_some_and(|watch| watch.rollback);
                let why = Cause::Alarm { name: alarms.name(*index).to_owned() };
                Orders { stand: Stand::Failed { why, restore }, ..Orders::default() }
            }
            None => deployment.driver.step(&scene),
        };
        let (number, version) = (deployment.number, deployment.version);
        let judged = follow_judges(&mut desk, &mut tests, service, deployment, orders);
        let Orders { start, start_old, stop, weights, wake, report, aborted, stand, keep_old, .. } = judged;
        deployment.wakes = wake;
        let wake = look_again(&deployment.judges, wake, now);
        let gave_up = deployment.trying != Trying::Yes;
        let unseen = scene.new.is_empty() || weights.iter().flatten().any(|(of, share)| *of == version && *share <= 0.0);
        give_up(&mut desk, deployment, aborted, unseen);
        if stand == Stand::Running {
            tell(&mut desk, deployment);
        }
        if start_old > 0 {
            changes.start.push((service, deployment.replaced, releases.stable().0, start_old));
        }
        if let Some(weights) = weights {
            releases.weights.clone_from(&weights);
            desk.send(Command::SetWeights { service, weights });
        }
        if let Some(why) = report {
            desk.note(Event::DeploymentStalled { deployment: number, why });
        }
        if let Some(at) = wake {
            table.set(&mut desk.agenda, at, DeployDue(service, number));
        }
        changes.stop.extend(stop);
        match stand {
            Stand::Running if start > 0 => changes.start.push((service, version, number, start)),
            Stand::Running => {}
            Stand::Completed => {
                desk.note(Event::DeploymentCompleted { deployment: number });
                let completed = rollout.0.take();
                if let Some(deployment) = &completed {
                    past.keep(deployment, &alarms, true);
                }
                let strategy = completed.map(|deployment| deployment.strategy);
                releases.completed.push(Release { number, version, strategy });
                releases.kept = keep_old.map(|until| {
                    table.set(&mut desk.agenda, until, DeployDue(service, number));
                    Kept { until, instances: scene.old.iter().map(|seen| seen.id).collect() }
                });
                desk.touch(service);
            }
            Stand::Failed { why, restore } => {
                if !gave_up {
                    desk.note(Event::DeploymentFailed { deployment: number, why });
                }
                let failed = rollout.0.take();
                if let Some(deployment) = &failed {
                    past.keep(deployment, &alarms, false);
                }
                // What never became healthy is of no use to anybody, and nobody may meet what was not let in.
                let withheld = |seen: &Seen| failed.as_ref().is_some_and(|failed| failed.driver.withholds(seen.id));
                changes.stop.extend(scene.new.iter().filter(|seen| seen.healthy_since.is_none() || withheld(seen)).map(|seen| seen.id));
                desk.touch(service);
                if let Some(failed) = failed.filter(|failed| restore && !failed.restores) {
                    let (_, stable) = releases.stable();
                    begin(
                        &mut desk,
                        (&mut numbers, &mut past),
                        service,
                        &mut releases,
                        &mut rollout,
                        &alarms,
                        (stable, failed.strategy, Some((number, version))),
                    );
                }
            }
        }
    }
}

/// Writes down that a deployment gives up, and that nobody gets its version any more.
fn give_up(desk: &mut Desk<'_>, deployment: &mut Deployment, aborted: Option<Cause>, unseen: bool) {
    if let Some(why) = aborted.filter(|_| deployment.trying == Trying::Yes) {
        deployment.trying = Trying::GaveUp;
        desk.note(Event::DeploymentFailed { deployment: deployment.number, why });
    }
    if deployment.trying == Trying::GaveUp && unseen {
        deployment.trying = Trying::Restored;
        desk.note(Event::DeploymentRestored { deployment: deployment.number });
    }
}

/// Keeps how far a deployment is, and writes it down if that changed.
fn tell(desk: &mut Desk<'_>, deployment: &mut Deployment) {
    let progress = deployment.driver.progress();
    let step = progress.current.and_then(|at| progress.steps.get(at)).map(|(name, _)| name.clone());
    let told = (step, progress.weight, matches!(progress.waiting, Some(Waiting::Person | Waiting::Approval)));
    if deployment.trying == Trying::Yes {
        deployment.reached = progress;
    }
    if told != deployment.told {
        deployment.told = told.clone();
        let (step, share, waits) = told;
        desk.note(Event::DeploymentStepped { deployment: deployment.number, step, share, waits });
    }
}
