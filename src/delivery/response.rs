//! What people do when production is hurt: who is woken, what is suspected, what is rolled back, what is mended.
//!
//! People see what tools show: alarms, deployments, reports of users. Only somebody who investigates for long enough finds
//! what is there to be found.

use super::incident::{Incident, Step};
use super::people::{Task, Urgency};
use super::symptom;
use super::{Ask, Delivery, Deployed, Due, Job};
use crate::ids::{FlawId, ServiceId, VersionId};
use crate::telemetry::ledger::{AlarmState, Cause, ChangeNumber, DeploymentNumber, Event, IncidentNumber, Trouble};
use crate::telemetry::store::Store;
use crate::telemetry::strikes::Strikes;
use crate::units::{SimSpan, SimTime};

/// An alarm that came and went by itself so many times, the last time included, is looked into.
const RECURRING: usize = 3;
/// What still hurt users so long before an incident may be behind it.
const LATELY: SimSpan = SimSpan::from_secs(3_600);
/// Within this time.
const RECURRING_WITHIN: SimSpan = SimSpan::from_secs(86_400);
/// A service is compared with what it was before a deployment that began no longer ago.
const COMPARED: SimSpan = SimSpan::from_secs(86_400);
/// When reports of users are read: so long after the first of the day came to work.
const READING: SimSpan = SimSpan::from_secs(3_600);

impl Delivery {
    fn incident(&mut self, number: IncidentNumber) -> &mut Incident {
        &mut self.incidents[number as usize - 1]
    }

    fn open_incident(&mut self, service: Option<ServiceId>, why: Trouble, pages: bool) -> IncidentNumber {
        let number = self.incidents.len() as IncidentNumber + 1;
        self.incidents.push(Incident::new(number, service, self.now, why.clone(), pages));
        self.note(Event::IncidentOpened { incident: number, service, why });
        number
    }

    fn resolve(&mut self, number: IncidentNumber) {
        let now = self.now;
        let incident = self.incident(number);
        if !incident.is_open() {
            return;
        }
        incident.resolved = Some(now);
        incident.step = Step::Resolved;
        let (cause, remedy) = (incident.cause, incident.remedy);
        self.note(Event::IncidentResolved { incident: number, cause, remedy });
        // Who looks for the defect goes on: what was rolled back must not come again.
        self.staff.drop_tasks(|job| *job == Job::Diagnose(number));
    }

    /// An alarm changed its state.
    pub(super) fn alarm(&mut self, name: &str, service: Option<ServiceId>, to: AlarmState) {
        if to != AlarmState::Alarm {
            self.alarms_off.remove(name);
            let over: Vec<IncidentNumber> = self
                .incidents
                .iter()
                .filter(|incident| incident.is_open() && incident.alarms.iter().any(|alarm| alarm == name))
                .map(|incident| incident.number)
                .collect();
            for number in over {
                let quiet = !self.incident(number).alarms.clone().iter().any(|alarm| self.alarms_off.contains_key(alarm));
                // While a rollback or a fix is on its way nobody declares the end; while nothing was done it ended by itself.
                let incident = self.incident(number);
                let acting = matches!(incident.step, Step::RollingBack | Step::Fixing);
                if quiet && !acting {
                    self.resolve(number);
                    self.look_into_what_recurs(number);
                }
            }
            return;
        }
        self.alarms_off.insert(name.to_owned(), service);
        // What goes off together belongs together, unless something was deployed since: that is another story.
        let open = self.incidents.iter().rposition(|incident| incident.is_open() && incident.pages);
        if let Some(open) = open
            && !self.is_news(&self.incidents[open], service)
        {
            let open = &mut self.incidents[open];
            if !open.alarms.iter().any(|alarm| alarm == name) {
                open.alarms.push(name.to_owned());
            }
            if open.service.is_none() {
                open.service = service;
            }
            return;
        }
        let number = self.open_incident(service, Trouble::Alarm { name: name.to_owned() }, true);
        self.incident(number).alarms.push(name.to_owned());
        let response = &self.team.response;
        let after = if self.team.calendar.is_open(self.now) { response.acknowledge } else { response.acknowledge_at_night };
        self.wait(self.now + after, Due::Page(number));
    }

    /// Whether an alarm that goes off while an incident is open tells of a deployment that the incident does not know: what is
    /// suspected there was found already, and this one was begun since. What brings the fix is not suspected.
    fn is_news(&self, incident: &Incident, service: Option<ServiceId>) -> bool {
        if matches!(incident.step, Step::Waiting | Step::Diagnosing) {
            return false;
        }
        let Some((suspect, deployed)) = self.suspect(service, &incident.cleared) else { return false };
        let fixes = incident.fix.is_some_and(|fix| self.artifacts.get(&deployed.version).is_some_and(|artifact| artifact.revision.changes.contains(&fix)));
        Some(suspect) > incident.cause.max(incident.remedy) && !fixes
    }

    /// Whoever is on call begins to look.
    pub(super) fn page(&mut self, number: IncidentNumber) {
        if self.incident(number).is_open() && self.incident(number).step == Step::Waiting {
            self.incident(number).step = Step::Diagnosing;
            let effort = self.takes(self.team.response.diagnose, 10, u64::from(number));
            self.staff.ask(Task { what: Job::Diagnose(number), urgency: Urgency::Incident, effort, by: None, not_by: None, any_hour: true });
        }
    }

    /// A time around a mean, exponentially spread but at least a third of it.
    fn takes(&self, mean: SimSpan, about: u64, of: u64) -> SimSpan {
        let spread = -libm::log(1.0 - self.chance(about, of).uniform());
        SimSpan::from_secs_f64(mean.as_secs_f64() * (1.0 + 2.0 * spread) / 3.0)
    }

    /// The deployment that people suspect: the latest one that may have to do with it.
    fn suspect(&self, service: Option<ServiceId>, cleared: &[VersionId]) -> Option<(DeploymentNumber, Deployed)> {
        let fits = |deployed: &Deployed| service.is_none_or(|service| deployed.service == service) && deployed.rolls_back.is_none() && !deployed.undone;
        let live = |deployed: &Deployed| (deployed.completed || deployed.ended.is_none()) && !cleared.contains(&deployed.version);
        self.deployments
            .iter()
            .rev()
            .find(|(_, deployed)| fits(deployed) && live(deployed) && self.is_recent(deployed))
            .map(|(number, deployed)| (*number, *deployed))
    }

    /// The service that the service map points to, and the deployment that brought what it runs: its version answers with most
    /// errors of its own, or nobody reaches it, or it and its neighbour do not understand each other since. What users need comes
    /// before what they can do without; of either, what was rolled back already (`tried`) comes last.
    fn where_it_hurts(&self, store: &Store, tried: &[ServiceId]) -> Option<(ServiceId, DeploymentNumber, Deployed)> {
        let newest = |service: ServiceId| {
            let brought = |deployed: &Deployed| deployed.service == service && (deployed.completed || deployed.ended.is_none()) && !deployed.undone;
            let (number, deployed) = self.deployments.iter().rev().find(|(_, deployed)| brought(deployed))?;
            // After a rollback what runs is what an earlier deployment brought.
            let first = |one: &Deployed| brought(one) && one.version == deployed.version && one.rolls_back.is_none();
            let earlier = deployed.rolls_back.and_then(|_| self.deployments.iter().rev().find(|(_, one)| first(one)));
            let (number, deployed) = earlier.unwrap_or((number, deployed));
            Some((service, *number, *deployed))
        };
        let own = self.production.keys().filter_map(|service| newest(*service));
        let own = own.filter_map(|found| Some((found.0, symptom::own_errors(store, found.2.version, self.now)?, found)));
        let unreachable = symptom::unreachable(store, self.now).filter_map(|(service, share)| Some((service, share, newest(service)?)));
        let pairs = symptom::misunderstandings(store, self.now).filter_map(|(caller, called, share)| {
            let changed = newest(caller).into_iter().chain(newest(called)).max_by_key(|(_, number, _)| *number)?;
            Some((called, share, changed))
        });
        let matters = |where_: ServiceId, found: &(ServiceId, DeploymentNumber, Deployed)| (self.vital.contains(&where_), !tried.contains(&found.0));
        let all = own.chain(unreachable).chain(pairs);
        all.max_by(|one, other| matters(one.0, &one.2).cmp(&matters(other.0, &other.2)).then(one.1.total_cmp(&other.1))).map(|(.., found)| found)
    }

    /// The deployment since which a service is slow by itself, the slowest first. Load makes slow, too: it is believed only until
    /// a rollback did not help.
    fn where_it_is_slow(&self, store: &Store, cleared: &[VersionId]) -> Option<(DeploymentNumber, Deployed)> {
        let latest = |service: &ServiceId| {
            let brought = |deployed: &Deployed| deployed.service == *service && (deployed.completed || deployed.ended.is_none());
            let (number, deployed) = self.deployments.iter().rev().find(|(_, deployed)| brought(deployed))?;
            let may = !deployed.undone && deployed.rolls_back.is_none() && !cleared.contains(&deployed.version);
            (may && self.now.since(deployed.started) <= COMPARED).then_some((*number, *deployed))
        };
        let slow =
            |found: (DeploymentNumber, Deployed)| Some((symptom::own_slowness(store, found.1.version, found.1.replaces, found.1.started, self.now)?, found));
        self.production.keys().filter_map(latest).filter_map(slow).max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, found)| found)
    }

    /// Whoever is on call has looked: what the service map points to is rolled back, for its errors or else because it is slow, or
    /// else the latest deployment if it is recent; anything else is investigated.
    pub(super) fn diagnosed(&mut self, number: IncidentNumber, store: &Store) {
        if !self.incident(number).is_open() {
            return;
        }
        let Incident { service, cleared, tried, .. } = self.incident(number).clone();
        let hurts = self.where_it_hurts(store, &tried);
        self.incident(number).seen = hurts.is_some();
        let suspect = match hurts {
            Some((service, deployment, deployed)) => {
                self.incident(number).service = Some(service);
                deployed.rolls_back.is_none().then_some((deployment, deployed))
            }
            // Users' alarms name no service, and a service may suffer from its neighbour: the latest change anywhere comes next.
            None => self.where_it_is_slow(store, &cleared).or_else(|| self.suspect(service, &cleared)).or_else(|| self.suspect(None, &cleared)),
        };
        if let Some((deployment, deployed)) = suspect {
            self.take_back(number, deployment, deployed);
        } else {
            self.investigate(number, Urgency::Incident);
            self.look_later(number);
        }
    }

    fn look_later(&mut self, number: IncidentNumber) {
        let at = self.now + self.team.response.verify;
        self.incident(number).look = Some(at);
        self.wait(at, Due::Look(number));
    }

    fn take_back(&mut self, number: IncidentNumber, deployment: DeploymentNumber, deployed: Deployed) {
        let incident = self.incident(number);
        (incident.cause, incident.step) = (Some(deployment), Step::RollingBack);
        incident.tried.push(deployed.service);
        if let Some(deployed) = self.deployments.get_mut(&deployment) {
            deployed.undone = true;
        }
        self.asks.push(Ask::Undo { service: deployed.service, deployment, to: deployed.replaces });
        self.hold(deployed.service, number);
    }

    /// While a defect is looked for or mended and alarms are still off, whoever is on call keeps an eye on the service map: what
    /// has become bad meanwhile is rolled back.
    pub(super) fn look_again(&mut self, number: IncidentNumber, store: &Store) {
        let now = self.now;
        let incident = self.incident(number);
        if !incident.is_open() || !matches!(incident.step, Step::Investigating | Step::Fixing) || incident.look != Some(now) {
            return;
        }
        let is_off = self.incidents[number as usize - 1].alarms.iter().any(|alarm| self.alarms_off.contains_key(alarm));
        match self.where_it_hurts(store, &self.incidents[number as usize - 1].tried) {
            Some((service, deployment, deployed)) if is_off && deployed.rolls_back.is_none() => {
                let incident = self.incident(number);
                (incident.service, incident.seen) = (Some(service), true);
                self.take_back(number, deployment, deployed);
            }
            _ => self.look_later(number),
        }
    }

    /// Whether a deployment ended so lately that it can be rolled back without a thought.
    fn is_recent(&self, deployed: &Deployed) -> bool {
        deployed.ended.is_none_or(|ended| self.now.since(ended) <= self.team.response.suspect)
    }

    /// What was just rolled back must not come again: nothing is deployed to the service until it is mended.
    fn hold(&mut self, service: ServiceId, number: IncidentNumber) {
        self.production.entry(service).or_default().held_for = Some(u32::MAX);
        // People halve what may have done it until one change is left, as `git bisect` does.
        let halvings = libm::log2(self.unshipped(service).max(1) as f64);
        let effort = self.takes(self.team.response.investigate, 11, u64::from(number));
        let effort = SimSpan::from_secs_f64(effort.as_secs_f64() * (1.0 + halvings));
        let what = Job::Investigate { incident: number, held: Some(service) };
        self.staff.ask(Task { what, urgency: Urgency::Urgent, effort, by: None, not_by: None, any_hour: false });
    }

    /// Nothing speaks against deploying the service any more.
    fn release(&mut self, service: ServiceId) {
        if let Some(production) = self.production.get_mut(&service)
            && production.held_for.take().is_some()
        {
            self.trigger(service);
        }
    }

    /// How many changes the latest deployment of a service brought: so many may have done it.
    fn unshipped(&self, service: ServiceId) -> u64 {
        let latest = self.artifacts.values().rev().find(|artifact| artifact.service == service);
        let shipped = self.production.get(&service).map(|production| &production.shipped);
        latest.map_or(1, |artifact| artifact.revision.changes.iter().filter(|change| shipped.is_none_or(|shipped| !shipped.contains(change))).count() as u64)
    }

    fn investigate(&mut self, number: IncidentNumber, urgency: Urgency) {
        self.incident(number).step = Step::Investigating;
        self.look_into(number, urgency);
    }

    /// Somebody looks for what is behind an incident.
    fn look_into(&mut self, number: IncidentNumber, urgency: Urgency) {
        let effort = self.takes(self.team.response.investigate, 12, u64::from(number));
        let any_hour = urgency == Urgency::Incident;
        self.staff.ask(Task { what: Job::Investigate { incident: number, held: None }, urgency, effort, by: None, not_by: None, any_hour });
    }

    /// An alarm that comes and goes by itself: whoever is called for nothing again and again looks into it.
    fn look_into_what_recurs(&mut self, number: IncidentNumber) {
        let by_itself = |incident: &&Incident| incident.cause.is_none() && incident.remedy.is_none() && incident.fix.is_none();
        let alike = |incident: &&Incident| incident.alarms.iter().any(|alarm| self.incidents[number as usize - 1].alarms.contains(alarm));
        let lately = |incident: &&Incident| self.now.since(incident.opened) <= RECURRING_WITHIN;
        let over = |incident: &&Incident| !incident.is_open() && by_itself(incident) && alike(incident);
        let before: Vec<IncidentNumber> = self.incidents.iter().rev().take_while(lately).filter(over).map(|incident| incident.number).collect();
        let looks = |job: &Job| matches!(job, Job::Investigate { incident, held: None } if before.contains(incident));
        if before.len() >= RECURRING && !self.staff.has(looks) {
            // Users meet it at night and at weekends, too.
            self.look_into(number, Urgency::Incident);
        }
    }

    /// Somebody has looked into the code for long enough: what hurts is found, and a fix is on its way. `held` is the service
    /// to which nothing is deployed until then.
    pub(super) fn investigated(&mut self, number: IncidentNumber, held: Option<ServiceId>, strikes: &Strikes) {
        let incident = self.incident(number).clone();
        let is_held = |service: ServiceId| self.production.get(&service).is_some_and(|production| production.held_for == Some(u32::MAX));
        // Somebody else was faster.
        if held.map_or(incident.fix.is_some(), |service| !is_held(service)) {
            return;
        }
        let blamed = || incident.cause.and_then(|cause| self.deployments.get(&cause)).map(|deployed| deployed.service);
        let service = held.or_else(blamed).or(incident.service);
        let began = incident.cause.and_then(|cause| self.deployments.get(&cause)).map(|deployed| deployed.started);
        let since = began.map_or(incident.opened, |began| began.min(incident.opened)) - LATELY;
        let found = self.culprit(service, since, strikes);
        // Nothing in its code is to blame: another service is, or the world, which is waited for.
        if let Some(innocent) = service.filter(|service| found.is_none_or(|(found, _)| found != *service)) {
            self.release(innocent);
        }
        let Some((service, flaw)) = found else { return };
        // While users are hurt it cannot wait; where a rollback has helped already it is written by day.
        let hurts = incident.pages && held.is_none();
        let urgency = if hurts { Urgency::Incident } else { Urgency::Urgent };
        let fix = match self.fix_of(flaw) {
            Some(fix) => {
                if hurts {
                    self.hurry(fix);
                }
                fix
            }
            None => self.open_fix(service, vec![flaw], urgency),
        };
        self.known.insert(flaw);
        let incident = self.incident(number);
        incident.fix = Some(fix);
        incident.defects = vec![flaw];
        if incident.step == Step::Investigating {
            incident.step = Step::Fixing;
        }
        // What waits for another fix goes on waiting for that one.
        let production = self.production.entry(service).or_default();
        if production.held_for == Some(u32::MAX) {
            production.held_for = Some(fix);
        }
    }

    /// The change that mends a defect, once somebody is to write it.
    fn fix_of(&self, flaw: FlawId) -> Option<ChangeNumber> {
        self.changes.iter().rev().find(|change| change.fixes.contains(&flaw)).map(|change| change.number)
    }

    /// What was to be written some time is needed now.
    fn hurry(&mut self, fix: ChangeNumber) {
        self.change_mut(fix).emergency = true;
        let waits = |task: &&Task<Job>| task.what == Job::Code(fix) && task.urgency > Urgency::Incident;
        let task = self.staff.waiting().find(waits).cloned();
        if let Some(task) = task {
            self.staff.drop_tasks(|job| *job == task.what);
            self.staff.ask(Task { urgency: Urgency::Incident, any_hour: true, ..task });
        }
    }

    /// The defect behind an incident: what hurt users most since it began, of the service that is suspected or else of any. A
    /// defect that is known already counts as long as its fix is not in.
    fn culprit(&self, service: Option<ServiceId>, since: SimTime, strikes: &Strikes) -> Option<(ServiceId, FlawId)> {
        let open = |flaw: FlawId| !self.known.contains(&flaw) || self.fix_of(flaw).is_some();
        let worst = |wanted: Option<ServiceId>, since: SimTime| {
            let services = self.production.keys().copied().filter(move |known| wanted.is_none_or(|wanted| wanted == *known));
            let found = services.flat_map(|service| self.history.revision(service).defects.into_iter().map(move |defect| (service, defect.id)));
            found
                .filter(|(_, flaw)| open(*flaw))
                .filter_map(|(service, flaw)| strikes.of(flaw).filter(|damage| damage.last >= since).map(|damage| (damage.failed, service, flaw)))
                .max_by_key(|(failed, _, flaw)| (*failed, std::cmp::Reverse(*flaw)))
                .map(|(_, service, flaw)| (service, flaw))
        };
        let hidden = |service: ServiceId| {
            // What keeps a process from starting strikes no request, and is in its log for anybody to read.
            let defects = self.history.revision(service).defects;
            defects.into_iter().find(|defect| defect.behaviour.startup_failure.get() > 0.0 && open(defect.id)).map(|defect| (service, defect.id))
        };
        let blamed = service.and_then(|service| worst(Some(service), since).or_else(|| hidden(service)));
        blamed.or_else(|| worst(None, since)).or_else(|| service.and_then(|service| worst(Some(service), SimTime::ZERO)))
    }

    /// A deployment that turned back by itself: users were spared the rest, and somebody must find out why.
    pub(super) fn turned_back(&mut self, deployment: DeploymentNumber, service: ServiceId, why: &Cause) {
        if *why == Cause::RolledBack {
            return;
        }
        // The alarm that turned it back has opened an incident already.
        let named = |incident: &Incident| matches!(why, Cause::Alarm { name } if incident.alarms.contains(name));
        // Whatever else judged it: an alarm of the same service that went off meanwhile tells of the same thing.
        let began = self.deployments.get(&deployment).map(|deployed| deployed.started);
        let meanwhile =
            |incident: &Incident| incident.service == Some(service) && incident.cause.is_none() && began.is_some_and(|began| incident.opened >= began);
        let same = |incident: &&Incident| incident.is_open() && (named(incident) || meanwhile(incident));
        let open = self.incidents.iter().rev().find(same).map(|incident| incident.number);
        let number = open.unwrap_or_else(|| self.open_incident(Some(service), Trouble::TurnedBack { deployment }, false));
        if let Some(deployed) = self.deployments.get_mut(&deployment) {
            deployed.undone = true;
        }
        let incident = self.incident(number);
        (incident.cause, incident.step, incident.seen) = (Some(deployment), Step::RollingBack, true);
        self.hold(service, number);
    }

    /// A pipeline rolls back what it deployed: as after a deployment that turned back, somebody must find out why.
    pub(super) fn went_back(&mut self, deployment: DeploymentNumber, service: ServiceId) {
        let concerns = |incident: &&Incident| incident.is_open() && !incident.alarms.is_empty() && incident.service.is_none_or(|of| of == service);
        let open = self.incidents.iter().rev().find(concerns).map(|incident| incident.number);
        let number = open.unwrap_or_else(|| self.open_incident(Some(service), Trouble::TurnedBack { deployment }, false));
        if let Some(deployed) = self.deployments.get_mut(&deployment) {
            deployed.undone = true;
        }
        let incident = self.incident(number);
        (incident.cause, incident.step) = (Some(deployment), Step::RollingBack);
        self.hold(service, number);
    }

    /// A pipeline waits no longer for a deployment: it is as good as stalled.
    pub(super) fn given_up(&mut self, service: ServiceId, version: VersionId) {
        let waits = |deployed: &Deployed| deployed.service == service && deployed.version == version && deployed.ended.is_none();
        if let Some(deployment) = self.deployments.iter().rev().find(|(_, deployed)| waits(deployed)).map(|(number, _)| *number) {
            self.stalled(deployment);
        }
    }

    /// A deployment makes no progress: somebody sees it in the pipeline, and goes back.
    pub(super) fn stalled(&mut self, deployment: DeploymentNumber) {
        let Some(deployed) = self.deployments.get_mut(&deployment) else { return };
        if deployed.undone || deployed.rolls_back.is_some() || !self.artifacts.contains_key(&deployed.version) {
            return;
        }
        deployed.undone = true;
        let (service, to) = (deployed.service, deployed.replaces);
        let number = self.open_incident(Some(service), Trouble::TurnedBack { deployment }, false);
        let incident = self.incident(number);
        (incident.cause, incident.step) = (Some(deployment), Step::RollingBack);
        self.asks.push(Ask::Undo { service, deployment, to });
        self.hold(service, number);
    }

    /// Incidents that wait until a deployment is taken back.
    fn waiting_for(&self, undone: DeploymentNumber) -> Vec<IncidentNumber> {
        let waits = |incident: &&Incident| incident.is_open() && incident.step == Step::RollingBack && incident.cause == Some(undone);
        self.incidents.iter().filter(waits).map(|incident| incident.number).collect()
    }

    /// A deployment cannot be taken back: whoever was to do it looks for the defect instead.
    pub fn undo_refused(&mut self, deployment: DeploymentNumber) {
        // Whoever looks for what is held back goes on: nothing else lets the service go.
        for number in self.waiting_for(deployment) {
            let urgency = if self.incident(number).pages { Urgency::Incident } else { Urgency::Urgent };
            self.investigate(number, urgency);
        }
    }

    /// A rollback did not get to its end: what it was to mend is looked at again.
    pub(super) fn rollback_lost(&mut self, rollback: Deployed) {
        for number in rollback.rolls_back.map(|undone| self.waiting_for(undone)).unwrap_or_default() {
            self.incident(number).step = Step::Waiting;
            self.page(number);
        }
    }

    /// A deployment that gave up has put back what it changed, without a rollback.
    pub(super) fn restored(&mut self, deployment: DeploymentNumber) {
        for number in self.waiting_for(deployment) {
            self.helped(number, deployment);
        }
    }

    /// What an incident waited for is done: it is over, or whether its alarms go quiet is waited for.
    fn helped(&mut self, number: IncidentNumber, remedy: DeploymentNumber) {
        self.incident(number).remedy = Some(remedy);
        if self.incident(number).alarms.is_empty() {
            self.resolve(number);
        } else {
            self.wait(self.now + self.team.response.verify, Due::Check(number));
        }
    }

    /// A deployment was completed: a rollback or a fix that an incident waits for may have ended it.
    pub(super) fn remedied(&mut self, deployment: DeploymentNumber, deployed: Deployed) {
        let of: Vec<IncidentNumber> = self
            .incidents
            .iter()
            .filter(|incident| incident.is_open())
            .filter(|incident| match incident.step {
                Step::RollingBack => deployed.rolls_back.is_some() && deployed.rolls_back == incident.cause,
                Step::Fixing => {
                    incident.fix.is_some_and(|fix| self.artifacts.get(&deployed.version).is_some_and(|artifact| artifact.revision.changes.contains(&fix)))
                }
                _ => false,
            })
            .map(|incident| incident.number)
            .collect();
        for number in of {
            self.helped(number, deployment);
        }
    }

    /// Whether what was done helped.
    pub(super) fn check(&mut self, number: IncidentNumber) {
        let incident = self.incident(number).clone();
        if !incident.is_open() || incident.remedy.is_none() {
            return;
        }
        if !incident.alarms.iter().any(|alarm| self.alarms_off.contains_key(alarm)) {
            self.resolve(number);
            return;
        }
        // It was not that one, or not that one alone: the search goes on. What nothing but its date spoke against is cleared.
        let incident = self.incident(number);
        let wrong = incident.cause.take().filter(|_| !incident.seen);
        incident.remedy = None;
        incident.fix = None;
        if let Some(deployed) = wrong.and_then(|wrong| self.deployments.get(&wrong).copied()) {
            self.incident(number).cleared.push(deployed.version);
            self.staff.drop_tasks(|job| *job == Job::Investigate { incident: number, held: Some(deployed.service) });
            self.release(deployed.service);
        }
        self.incident(number).step = Step::Waiting;
        self.page(number);
    }

    /// Waits until reports of users are read next.
    pub(super) fn wait_for_reports(&mut self) {
        let tomorrow = SimTime::from_nanos((self.now.nanos() / super::calendar::DAY + 1) * super::calendar::DAY);
        let at = self.team.calendar.next_open(tomorrow) + READING;
        self.wait(at, Due::Triage);
    }

    /// Reports of users are read: a defect that few users meet, and no alarm sees, is found this way.
    pub(super) fn read_reports(&mut self, strikes: &Strikes) {
        self.wait_for_reports();
        let mut mended = Vec::new();
        for (flaw, damage) in strikes.iter() {
            let before = self.read_reports.insert(flaw, damage.failed).unwrap_or(0);
            let mean = (damage.failed - before) as f64 * self.team.response.reports.get();
            let silent = libm::exp(-mean);
            let wrote = mean > 0.0 && self.chance(13, u64::from(flaw.0)).child(self.now.nanos()).uniform() > silent;
            if wrote && !self.known.contains(&flaw) {
                mended.push((flaw, mean.round().max(1.0) as u32));
            }
        }
        for (flaw, count) in mended {
            let home = self.production.keys().copied().find(|service| self.history.revision(*service).defects.iter().any(|defect| defect.id == flaw));
            let Some(service) = home else { continue };
            let number = self.open_incident(Some(service), Trouble::Reports { count }, false);
            self.known.insert(flaw);
            let fix = self.open_fix(service, vec![flaw], Urgency::Urgent);
            let cause = self.brought_by(service, flaw);
            let incident = self.incident(number);
            (incident.step, incident.fix, incident.cause) = (Step::Fixing, Some(fix), cause);
            incident.defects.push(flaw);
        }
    }

    /// The deployment that brought a defect to production: what the fix's author finds in the history.
    fn brought_by(&self, service: ServiceId, flaw: FlawId) -> Option<DeploymentNumber> {
        let has = |deployed: &Deployed| {
            self.artifacts.get(&deployed.version).is_some_and(|artifact| artifact.revision.defects.iter().any(|defect| defect.id == flaw))
        };
        self.deployments.iter().find(|(_, deployed)| deployed.service == service && deployed.rolls_back.is_none() && has(deployed)).map(|(number, _)| *number)
    }
}
