//! The way of a change: from an item of work through code, review and merge to the trunk, and from there to the pipeline.
//!
//! What happens when production is hurt is in `response`, what a pipeline does in `line`.

use super::branch::{Branch, Branching, Release};
use super::change::{Defect, DefectKind, Item};
use super::history::{Change, release_branch};
use super::people::{PersonNumber, Task, Urgency};
use super::{Ask, Delivery, Due, Job};
use crate::ids::{FlawId, ServiceId};
use crate::rng::Stream;
use crate::telemetry::ledger::{ChangeNumber, Event};
use crate::units::{SimSpan, SimTime};

/// Lines beyond which a reviewer finds nothing more (reviews of 200 to 400 lines find most, `SmartBear`'s study at Cisco, 2006).
const REVIEWABLE: f64 = 200.0;
/// Working time to resolve a conflict in 100 lines (chosen for Fleetlab).
const RESOLVE: SimSpan = SimSpan::from_secs(3_600);
/// Most working time that a conflict takes.
const RESOLVE_MOST: SimSpan = SimSpan::from_secs(16 * 3_600);
/// Share of resolved conflicts that bring in a defect of logic (chosen for Fleetlab).
const BAD_MERGES: f64 = 0.1;
/// Undisturbed time to mend one defect that a review, a build or a stabilisation found (chosen for Fleetlab).
const MEND: SimSpan = SimSpan::from_secs(45 * 60);

impl Delivery {
    /// The change of a number.
    pub(super) fn change(&self, number: ChangeNumber) -> &Change {
        &self.changes[number as usize - 1]
    }
    pub(super) fn change_mut(&mut self, number: ChangeNumber) -> &mut Change {
        &mut self.changes[number as usize - 1]
    }
    /// A stream for people's doings, named by what it is about.
    pub(super) fn chance(&self, about: u64, of: u64) -> Stream {
        self.root.child(about).child(of)
    }
    /// Waits for a time.
    pub(super) fn wait(&mut self, at: SimTime, due: Due) {
        if at < SimTime::NEVER {
            self.agenda.entry(at.max(self.now)).or_default().push(due);
        }
    }
    pub(super) fn note(&mut self, event: Event) {
        self.asks.push(Ask::Note(event));
    }

    /// The next item of work comes in.
    pub(super) fn arrive(&mut self) {
        let item = self.source.item(self.next_item);
        self.next_item += 1;
        self.wait_for_work();
        self.pool(item);
    }

    /// Waits for the next item of work.
    pub(super) fn wait_for_work(&mut self) {
        let at = self.team.calendar.after(self.now, self.source.gap(self.next_item));
        self.wait(at, Due::Arrival);
    }

    /// Puts an item to those of its service; as many as a batch holds become a change.
    pub(super) fn pool(&mut self, item: Item) {
        let service = item.service;
        let waiting = self.pooled.entry(service).or_default();
        waiting.push(item);
        if waiting.len() >= self.team.work.batch as usize {
            let items = std::mem::take(waiting);
            let lines: u32 = items.iter().map(|item| item.lines).sum();
            let effort = self.team.work.effort_of(items.len(), lines, self.stale_flags);
            let defects = items.iter().flat_map(|item| item.defects.clone()).collect();
            let number = self.open(service, true, lines, defects, Vec::new());
            self.change_mut(number).items = items.iter().map(|item| item.number).collect();
            self.staff.ask(Task { what: Job::Code(number), urgency: Urgency::Planned, effort, by: None, not_by: None, any_hour: false });
        }
    }

    /// A new change; its defects are written into the truth.
    fn open(&mut self, service: ServiceId, planned: bool, lines: u32, defects: Vec<Defect>, fixes: Vec<FlawId>) -> ChangeNumber {
        let number = self.changes.len() as ChangeNumber + 1;
        for defect in &defects {
            self.note(Event::DefectWritten { flaw: defect.id, kind: defect.kind.name(), change: number });
        }
        self.changes.push(Change {
            number,
            service,
            items: Vec::new(),
            lines,
            defects,
            fixes,
            planned,
            urgent: !planned,
            emergency: false,
            author: None,
            opened: self.now,
            commit: None,
            base_lines: 0,
            approvals: 0,
            merged: None,
        });
        number
    }

    /// A change that mends what users met comes before all planned work.
    pub(super) fn open_fix(&mut self, service: ServiceId, fixes: Vec<FlawId>, urgency: Urgency) -> ChangeNumber {
        let number = self.open(service, false, 10, Vec::new(), fixes);
        let effort = self.team.response.fix;
        let any_hour = urgency == Urgency::Incident;
        self.change_mut(number).emergency = any_hour;
        self.staff.ask(Task { what: Job::Code(number), urgency, effort, by: None, not_by: None, any_hour });
        number
    }

    /// Somebody begins to write a change: its branch begins.
    pub(super) fn begin_code(&mut self, number: ChangeNumber, person: PersonNumber) {
        let (service, feature, begun) = {
            let change = self.change(number);
            (change.service, !change.urgent, change.author.is_some())
        };
        if !begun {
            let base_lines = self.history.lines_of(self.team.branching.home(feature), service);
            let change = self.change_mut(number);
            change.author = Some(person);
            change.base_lines = base_lines;
        }
    }

    /// A change is written, or mended: it is committed and goes to review.
    pub(super) fn coded(&mut self, number: ChangeNumber) {
        let local = self.team.local_checks.get();
        let noticed: Vec<FlawId> = {
            let compiles = |defect: &&Defect| defect.kind == DefectKind::DoesNotCompile && self.chance(1, u64::from(defect.id.0)).uniform() < local;
            self.change(number).defects.iter().filter(compiles).map(|defect| defect.id).collect()
        };
        self.change_mut(number).defects.retain(|defect| !noticed.contains(&defect.id));
        self.commit(number);
        // What ends an outage is merged first, and read afterwards.
        if self.team.review.approvals == 0 || self.change(number).emergency {
            self.try_merge(number);
        } else {
            self.ask_review(number, 1.0);
        }
    }

    fn commit(&mut self, number: ChangeNumber) {
        let (now, change) = (self.now, self.change(number));
        let (service, planned, feature, author) = (change.service, change.planned, !change.urgent, change.author);
        let own = self.team.branching.branch_name(number, feature);
        let commit = self.history.work(now, &own, self.team.branching.home(feature), author, number);
        self.change_mut(number).commit = Some((commit, now));
        self.note(Event::Committed { change: number, commit, service, planned });
    }

    /// Asks somebody else to look at `share` of a change.
    fn ask_review(&mut self, number: ChangeNumber, share: f64) {
        let change = self.change(number);
        let effort = self.team.review.effort.as_secs_f64() * f64::from(change.lines) / 100.0 * share;
        let urgency = if change.planned { Urgency::Helping } else { Urgency::Urgent };
        let task =
            Task { what: Job::Review(number), urgency, effort: SimSpan::from_secs_f64(effort.max(300.0)), by: None, not_by: change.author, any_hour: false };
        self.staff.ask(task);
    }

    /// A review is done: what was found goes back to the author, or the change is a step nearer to its merge.
    pub(super) fn reviewed(&mut self, number: ChangeNumber, reviewer: PersonNumber) {
        let change = self.change(number);
        let finds = self.team.review.finds.get() * (REVIEWABLE / f64::from(change.lines.max(1))).min(1.0);
        // The same reviewer sees the same things, however often.
        let seen = |defect: &&Defect| self.chance(2, u64::from(defect.id.0)).child(u64::from(reviewer)).uniform() < finds;
        let found: Vec<FlawId> = change.defects.iter().filter(seen).map(|defect| defect.id).collect();
        if found.is_empty() {
            let wanted = self.team.review.approvals;
            let change = self.change_mut(number);
            change.approvals += 1;
            if change.approvals >= wanted {
                self.try_merge(number);
            } else {
                self.ask_review(number, 1.0);
            }
            return;
        }
        self.change_mut(number).defects.retain(|defect| !found.contains(&defect.id));
        self.ask_rework(number, found.len());
    }

    fn ask_rework(&mut self, number: ChangeNumber, found: usize) {
        let change = self.change(number);
        let urgency = if change.planned { Urgency::Helping } else { Urgency::Urgent };
        let effort = SimSpan::from_nanos(MEND.nanos() * found as u64);
        self.staff.ask(Task { what: Job::Rework(number), urgency, effort, by: change.author, not_by: None, any_hour: false });
    }

    /// What was found is mended: a new commit, and a look at what is new in it.
    pub(super) fn reworked(&mut self, number: ChangeNumber) {
        self.commit(number);
        if self.team.review.approvals == 0 { self.try_merge(number) } else { self.ask_review(number, 0.3) }
    }

    /// Merges a change, unless somebody else's lines are in the way.
    fn try_merge(&mut self, number: ChangeNumber) {
        let change = self.change(number);
        let home = self.team.branching.home(!change.urgent);
        let theirs = self.history.lines_of(home, change.service).saturating_sub(change.base_lines);
        let p = self.team.branching.conflict(change.lines, u32::try_from(theirs).unwrap_or(u32::MAX));
        if self.chance(3, u64::from(number)).chance(p) {
            let effort = SimSpan::from_secs_f64(RESOLVE.as_secs_f64() * (f64::from(change.lines) / 100.0).max(0.25)).min(RESOLVE_MOST);
            let urgency = if change.planned { Urgency::Helping } else { Urgency::Urgent };
            let by = change.author;
            self.conflicts += 1;
            self.staff.ask(Task { what: Job::Resolve(number), urgency, effort, by, not_by: None, any_hour: false });
        } else {
            self.merge(number);
        }
    }

    /// A conflict is resolved, now and then wrongly.
    pub(super) fn resolved(&mut self, number: ChangeNumber) {
        if self.chance(4, u64::from(number)).chance(BAD_MERGES) {
            let service = self.change(number).service;
            let defect = self.source.accident(self.accidents, DefectKind::Logic, service);
            self.accidents += 1;
            self.note(Event::DefectWritten { flaw: defect.id, kind: defect.kind.name(), change: number });
            self.change_mut(number).defects.push(defect);
        }
        self.merge(number);
    }

    fn merge(&mut self, number: ChangeNumber) {
        let now = self.now;
        self.change_mut(number).merged = Some(now);
        let change = self.change(number).clone();
        let own = self.team.branching.branch_name(number, !change.urgent);
        let home = self.team.branching.home(!change.urgent);
        for into in std::iter::once(home).chain(self.team.branching.also_into(home)) {
            let commit = self.history.merge(now, &change, &own, into);
            self.note(Event::Merged { change: number, commit, into: into.name() });
        }
        match home {
            Branch::Main => self.trigger(change.service),
            Branch::Develop => self.integrate(&change),
        }
    }

    /// What does not compile stops everybody on `develop`, and is mended at once.
    fn integrate(&mut self, change: &Change) {
        for defect in change.defects.iter().filter(|defect| defect.kind == DefectKind::DoesNotCompile) {
            let what = Job::Stabilise { service: change.service, defect: defect.id };
            self.staff.ask(Task { what, urgency: Urgency::Urgent, effort: MEND, by: change.author, not_by: None, any_hour: false });
        }
    }

    /// The main branch of a service is new: its pipeline, if it has one, takes it from there.
    pub(super) fn trigger(&mut self, service: ServiceId) {
        // Whoever has waited for a fix may go on, once it is in.
        let revision = self.history.revision(service);
        if let Some(production) = self.production.get_mut(&service)
            && production.held_for.is_some_and(|fix| revision.changes.contains(&fix))
        {
            production.held_for = None;
        }
        let sha = self.history.get(revision.commit).sha.clone();
        self.line.trigger(self.now, service, revision, &sha);
    }

    /// A build or a test found something: the pipeline stands until it is mended.
    pub(super) fn build_found(&mut self, service: ServiceId, defects: &[FlawId]) {
        let new: Vec<FlawId> = defects.iter().copied().filter(|defect| self.known.insert(*defect)).collect();
        let Some(first) = new.first() else { return };
        // Whoever wrote it mends it; nobody outside the team has met it, so the fix is part of the planned work.
        let author = self.changes.iter().find(|change| change.defects.iter().any(|defect| defect.id == *first)).and_then(|change| change.author);
        let number = self.open(service, true, 10, Vec::new(), new.clone());
        // Pipelines build `main`: what is found there goes the way of a hotfix.
        self.change_mut(number).urgent = true;
        let effort = SimSpan::from_nanos(MEND.nanos() * new.len() as u64);
        self.staff.ask(Task { what: Job::Code(number), urgency: Urgency::Urgent, effort, by: author, not_by: None, any_hour: false });
    }

    /// Waits until the next release branch is cut, if the model has release branches.
    pub(super) fn wait_for_release(&mut self) {
        if let Branching::GitFlow(model) = &self.team.branching {
            let at = model.cut_at(self.releases + 1, &self.team.calendar);
            self.wait(at, Due::CutRelease);
        }
    }

    /// Cuts a release branch and tests it.
    pub(super) fn cut_release(&mut self) {
        let Branching::GitFlow(model) = self.team.branching.clone() else { return };
        self.releases += 1;
        self.wait_for_release();
        if self.release.is_some() {
            // The one before is not stable yet; what is ready waits for the next.
            return;
        }
        let (_, content) = self.history.cut_release(self.now, self.releases);
        let mut release = Release::new(self.releases, self.now, &model, &self.team.calendar);
        for (service, revision) in &content {
            let on_main = self.history.revision(*service);
            for defect in revision.defects.iter().filter(|defect| !on_main.defects.contains(defect)) {
                if self.known.contains(&defect.id) || !self.chance(5, u64::from(defect.id.0)).chance(model.finds.get()) {
                    continue;
                }
                self.known.insert(defect.id);
                release.fixes_left += 1;
                let what = Job::Stabilise { service: *service, defect: defect.id };
                self.staff.ask(Task { what, urgency: Urgency::Urgent, effort: MEND, by: None, not_by: None, any_hour: false });
            }
        }
        if let super::branch::ReleaseStep::Stabilising { until } = release.step {
            self.wait(until, Due::ReleaseTested);
        }
        self.release = Some((release, content));
    }

    /// A defect on `develop`, and on the release branch if there is one, is mended.
    pub(super) fn stabilised(&mut self, service: ServiceId, defect: FlawId, person: PersonNumber) {
        self.history.mend(Branch::Develop, service, defect);
        let now = self.now;
        if let Some((release, content)) = &mut self.release
            && let Some(revision) = content.get_mut(&service)
            && revision.defects.iter().any(|known| known.id == defect)
        {
            revision.defects.retain(|known| known.id != defect);
            release.fixes_left = release.fixes_left.saturating_sub(1);
            let branch = release_branch(release.number);
            let change = revision.changes.last().copied().unwrap_or_default();
            self.history.work(now, &branch, Branch::Develop, Some(person), change);
        }
        self.try_release();
    }

    /// Merges the release if it is stable.
    pub(super) fn try_release(&mut self) {
        if !self.release.as_ref().is_some_and(|(release, _)| release.is_stable(self.now)) {
            return;
        }
        if let Some((release, content)) = self.release.take() {
            for service in self.history.merge_release(self.now, release.number, &content, &self.changes) {
                self.trigger(service);
            }
        }
    }
}
