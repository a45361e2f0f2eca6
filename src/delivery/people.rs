//! People and what keeps them busy: who takes which task, when it is done, and what an incident interrupts.
//!
//! A person does one task at a time, in working time and with the share of it that is left for tasks; whoever is on call is
//! also there at night, for incidents alone. Tasks wait in order of urgency and then of coming. It knows nothing of what
//! tasks are for: whoever asked for one is told when it is done.

use std::collections::BTreeMap;

use serde::Serialize;

use super::calendar::Calendar;
use crate::units::{SimSpan, SimTime};

/// A person, by their place in the team.
pub type PersonNumber = u16;
/// A task's number within a run.
pub type TaskNumber = u32;

/// How urgent a task is; the first in this list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Urgency {
    /// An incident: interrupts whatever the person on call does.
    Incident,
    /// Something that is broken for everybody: a broken build, a fix for production.
    Urgent,
    /// Others wait for it: reviews, approvals.
    Helping,
    /// Planned work.
    Planned,
}

/// Something to be done by a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Task<T> {
    /// What it is for.
    pub what: T,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Undisturbed time that it takes.
    pub effort: SimSpan,
    /// Who must do it; `None`: anybody.
    pub by: Option<PersonNumber>,
    /// Who must not do it: nobody reviews their own change.
    pub not_by: Option<PersonNumber>,
    /// Done at any hour, by whoever is on call.
    pub any_hour: bool,
}

/// A task that somebody is at.
#[derive(Debug, Clone)]
struct AtWork<T> {
    number: TaskNumber,
    task: Task<T>,
    since: SimTime,
    done: SimTime,
}

/// The people of a team and their tasks.
#[derive(Debug, Clone)]
pub struct Staff<T> {
    calendar: Calendar,
    /// Share of working time that goes into tasks, above 0 to 1.
    focus: f64,
    /// By person.
    desks: Vec<Option<AtWork<T>>>,
    /// By urgency and number.
    waiting: BTreeMap<(Urgency, TaskNumber), Task<T>>,
    next: TaskNumber,
    /// How long one person is on call.
    shift: SimSpan,
}

impl<T: Clone> Staff<T> {
    /// A team of `people`; `shift` is how long each is on call.
    pub fn new(people: u16, calendar: Calendar, focus: f64, shift: SimSpan) -> Self {
        Self { calendar, focus, desks: vec![None; usize::from(people)], waiting: BTreeMap::new(), next: 0, shift }
    }

    /// How many people there are.
    pub fn people(&self) -> u16 {
        self.desks.len() as u16
    }
    /// When they work.
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }
    /// Who is on call.
    pub fn on_call(&self, now: SimTime) -> PersonNumber {
        (now.nanos() / self.shift.nanos().max(1) % self.desks.len().max(1) as u64) as PersonNumber
    }
    /// What a person is at, and since when.
    pub fn at(&self, person: PersonNumber) -> Option<(&T, SimTime)> {
        self.desks.get(usize::from(person))?.as_ref().map(|work| (&work.task.what, work.since))
    }
    /// Whether a person is at their task at `now`: in working time, or at any hour for what cannot wait.
    pub fn is_working(&self, person: PersonNumber, now: SimTime) -> bool {
        let desk = self.desks.get(usize::from(person)).and_then(Option::as_ref);
        desk.is_some_and(|work| work.task.any_hour || self.calendar.is_open(now))
    }
    /// Tasks that wait for somebody.
    pub fn waiting(&self) -> impl Iterator<Item = &Task<T>> {
        self.waiting.values()
    }

    /// Whether such a task waits or is being worked on.
    pub fn has(&self, wanted: impl Fn(&T) -> bool) -> bool {
        self.waiting.values().any(|task| wanted(&task.what)) || self.desks.iter().flatten().any(|work| wanted(&work.task.what))
    }

    /// Puts a task on the list.
    pub fn ask(&mut self, task: Task<T>) -> TaskNumber {
        let number = self.next;
        self.next += 1;
        self.waiting.insert((task.urgency, number), task);
        number
    }

    /// Takes back tasks that are of no use any more, those that somebody is at included.
    pub fn drop_tasks(&mut self, useless: impl Fn(&T) -> bool) {
        self.waiting.retain(|_, task| !useless(&task.what));
        for desk in &mut self.desks {
            if desk.as_ref().is_some_and(|work| useless(&work.task.what)) {
                *desk = None;
            }
        }
    }

    /// When the next task is done or somebody idle comes to work.
    pub fn next_due(&self, now: SimTime) -> Option<SimTime> {
        let done = self.desks.iter().flatten().map(|work| work.done).min();
        // Somebody who is idle while something waits that only the clock keeps back.
        let idle = !self.waiting.is_empty() && self.desks.iter().any(Option::is_none) && !self.calendar.is_open(now);
        let opens = idle.then(|| self.calendar.next_open(now));
        done.into_iter().chain(opens).min()
    }

    /// Takes what is done, with who did it.
    pub fn done(&mut self, now: SimTime) -> Vec<(PersonNumber, T)> {
        let mut done = Vec::new();
        for (person, desk) in self.desks.iter_mut().enumerate() {
            if let Some(work) = desk.take_if(|work| work.done <= now) {
                done.push((person as PersonNumber, work.task.what));
            }
        }
        done
    }

    /// Hands waiting tasks to whoever can take them; returns who began what.
    pub fn assign(&mut self, now: SimTime) -> Vec<(PersonNumber, T)> {
        let mut begun = Vec::new();
        let open = self.calendar.is_open(now);
        let on_call = self.on_call(now);
        let keys: Vec<_> = self.waiting.keys().copied().collect();
        for key in keys {
            let Some(task) = self.waiting.get(&key) else { continue };
            if !open && !task.any_hour {
                continue;
            }
            let suits = |person: PersonNumber| task.by.is_none_or(|by| by == person) && task.not_by != Some(person);
            let free = |person: &PersonNumber| self.desks[usize::from(*person)].is_none() && suits(*person);
            let interrupts = task.urgency == Urgency::Incident;
            let busy_with_less = self.desks[usize::from(on_call)].as_ref().is_some_and(|work| work.task.urgency > Urgency::Incident);
            let who = if task.any_hour {
                // Whoever is on call answers; in working time somebody idle helps if that one is at an incident already.
                let helper = (0..self.people()).find(|person| open && free(person));
                Some(on_call).filter(|person| free(person) || (interrupts && busy_with_less)).or(helper)
            } else {
                (0..self.people()).find(free)
            };
            if let Some(person) = who
                && let Some(task) = self.waiting.remove(&key)
            {
                self.interrupt(person, now);
                let done = self.finish_time(now, &task);
                begun.push((person, task.what.clone()));
                self.desks[usize::from(person)] = Some(AtWork { number: key.1, task, since: now, done });
            }
        }
        begun
    }

    /// When a task that begins now is done. An incident gets all of a person's time, whatever the hour.
    fn finish_time(&self, now: SimTime, task: &Task<T>) -> SimTime {
        if task.any_hour {
            return now + task.effort;
        }
        self.calendar.after(now, SimSpan::from_secs_f64(task.effort.as_secs_f64() / self.focus))
    }

    /// Lays aside what a person is at; what was done of it stays done.
    fn interrupt(&mut self, person: PersonNumber, now: SimTime) {
        let Some(work) = self.desks[usize::from(person)].take() else { return };
        let AtWork { number, mut task, since, .. } = work;
        let worked = if task.any_hour { now.since(since).as_secs_f64() } else { self.calendar.between(since, now).as_secs_f64() * self.focus };
        task.effort = SimSpan::from_secs_f64((task.effort.as_secs_f64() - worked).max(0.0));
        task.by = Some(person);
        self.waiting.insert((task.urgency, number), task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    fn staff(people: u16) -> Staff<&'static str> {
        Staff::new(people, Calendar::default(), 0.5, SimSpan::from_secs(7 * 86_400))
    }
    fn task(what: &'static str, hours: u64) -> Task<&'static str> {
        Task { what, urgency: Urgency::Planned, effort: SimSpan::from_secs(hours * HOUR), by: None, not_by: None, any_hour: false }
    }
    fn at(hours: u64) -> SimTime {
        SimTime::from_secs(hours * HOUR)
    }

    #[test]
    fn half_of_the_day_goes_into_tasks_and_nights_into_none() {
        let mut staff = staff(1);
        staff.ask(task("code", 6));
        assert_eq!(staff.assign(at(3)), []);
        assert_eq!(staff.next_due(at(3)), Some(at(9)), "somebody comes to work");
        assert_eq!(staff.assign(at(9)), [(0, "code")]);
        // Six hours at half focus are twelve hours of work: all of Monday and half of Tuesday.
        assert_eq!(staff.next_due(at(9)), Some(at(24 + 13)));
        assert_eq!(staff.done(at(24 + 13)), [(0, "code")]);
    }

    #[test]
    fn urgent_tasks_come_first_and_nobody_reviews_their_own() {
        let mut staff = staff(2);
        staff.ask(task("plan", 1));
        staff.ask(Task { urgency: Urgency::Helping, not_by: Some(0), ..task("review", 1) });
        staff.ask(Task { urgency: Urgency::Urgent, by: Some(1), ..task("fix", 1) });
        assert_eq!(staff.assign(at(9)), [(1, "fix"), (0, "plan")], "the review waits for the second person");
        assert_eq!(staff.done(at(11)).len(), 2);
        assert_eq!(staff.assign(at(11)), [(1, "review")]);
    }

    #[test]
    fn an_incident_at_night_wakes_who_is_on_call_and_what_it_interrupts_goes_on_later() {
        let mut staff = staff(2);
        staff.ask(task("code", 4));
        assert_eq!(staff.assign(at(9)), [(0, "code")]);
        staff.ask(Task { urgency: Urgency::Incident, any_hour: true, ..task("incident", 1) });
        assert_eq!(staff.assign(at(13)), [(0, "incident")], "person 0 is on call in the first week");
        assert!(staff.is_working(0, at(13)) && !staff.is_working(1, at(13)), "person 1 has nothing to do");
        assert_eq!(staff.done(at(14)), [(0, "incident")]);
        assert_eq!(staff.assign(at(14)), [(0, "code")]);
        // Two of four hours were done by 13:00; the other two take four hours from 14:00 on, of which three are left today.
        assert_eq!(staff.next_due(at(14)), Some(at(24 + 10)));
        assert!(!staff.is_working(0, at(19)), "who is on call sleeps, too, unless something wakes them");
        staff.ask(Task { urgency: Urgency::Incident, any_hour: true, ..task("at night", 1) });
        assert_eq!(staff.assign(at(20)), [(0, "at night")]);
        assert!(staff.is_working(0, at(20)));
        assert_eq!(staff.on_call(at(7 * 24)), 1);
    }

    #[test]
    fn tasks_can_be_taken_back() {
        let mut staff = staff(1);
        staff.ask(task("code", 4));
        staff.ask(task("more", 4));
        staff.assign(at(9));
        staff.drop_tasks(|what| *what == "code");
        assert_eq!((staff.at(0), staff.waiting().count()), (None, 1));
    }
}
