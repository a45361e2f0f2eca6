//! Traffic sources: when users' requests begin, and what they ask for.
//!
//! The n-th request of a source has the same user, target and key whatever the load does; only its time follows the
//! rate. Open-loop arrivals invert the integrated rate, so that a changed rate moves requests instead of redrawing them.

use super::model::{Arrivals, Model, Process};
use super::record::SourceGauge;
use super::timer::TimerKind;
use super::traffic::Profile;
use super::{Kernel, dist};
use crate::ids::SourceId;
use crate::rng::{Stream, purpose};
use crate::units::{NANOS_PER_SEC, PerSecond};

/// A closed-loop user's number: the seat in the low bits, and which person sits there in the others.
const SEAT_BITS: u32 = 20;
const PERSON_MASK: u32 = (1 << (32 - SEAT_BITS)) - 1;

/// A source, running.
#[derive(Debug)]
pub(super) struct Source {
    /// First of its clients' states in the kernel's table.
    pub(super) clients: u32,
    first_site: u32,
    /// Cumulative shares of the mix.
    mix: Vec<f64>,
    population: u32,
    stream: Stream,
    /// Requests begun so far.
    begun: u64,
    /// Requests under way, since `changed`; integrated over the window.
    under_way: u64,
    changed: u64,
    area: u64,
    /// Requests begun before this window.
    begun_before: u64,
    base_rate: f64,
    factor: f64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Open {
        profile: Profile,
        process: Process,
        /// When the pending arrival was last placed, and the exposure it then lacked.
        placed: (u64, f64),
        /// The timer of the pending arrival, if one is scheduled.
        timer: Option<u32>,
    },
    Counts {
        /// Start of each interval [ns] and requests in it, between two sentinels with none.
        counts: Vec<(u64, u64)>,
        process: Process,
        interval: usize,
        left: u64,
        /// Whether the pending timer is a request, not the very first look.
        is_due: bool,
    },
    Closed {
        users: u32,
        think: dist::Sampler,
        session: Option<f64>,
        /// Users that act or think now, by number.
        active: Vec<bool>,
        /// Requests of each user, and how often it was replaced by a new one.
        asked: Vec<u64>,
        person: Vec<u32>,
    },
}

impl Kernel {
    pub(super) fn open_sources(&mut self, model: &Model) {
        for (index, source) in model.sources.iter().enumerate() {
            let total: f64 = source.mix.iter().map(|(_, weight)| weight).sum();
            let mut sum = 0.0;
            let mix = source.mix.iter().map(|(_, weight)| {
                sum += weight / total;
                sum
            });
            let mix = mix.collect();
            let kind = match &source.arrivals {
                Arrivals::Open { rate, process, shapes } => {
                    Kind::Open { profile: Profile::new(rate.get(), shapes), process: *process, placed: (0, 0.0), timer: None }
                }
                Arrivals::Counts { counts, process } => {
                    let counts: Vec<(u64, u64)> = counts.iter().map(|(at, n)| (at.nanos(), *n)).collect();
                    let last = match counts.as_slice() {
                        [.., before, last] => last.0 + (last.0 - before.0),
                        [only] => only.0 + 60 * NANOS_PER_SEC,
                        [] => 0,
                    };
                    let first = counts.first().map_or(0, |(at, _)| *at);
                    let counts = std::iter::once((first, 0)).chain(counts).chain(std::iter::once((last, 0))).collect();
                    Kind::Counts { counts, process: *process, interval: 0, left: 0, is_due: false }
                }
                Arrivals::Closed { users, think, session } => Kind::Closed {
                    users: *users,
                    think: dist::Sampler::new(think),
                    session: *session,
                    active: Vec::new(),
                    asked: Vec::new(),
                    person: Vec::new(),
                },
            };
            let clients = self.clients.len() as u32;
            self.clients.extend(self.program.source_edges[index].iter().map(|_| super::guard::Client::new()));
            let base_rate = match &source.arrivals {
                Arrivals::Open { rate, .. } => rate.get(),
                _ => 1.0,
            };
            let stream = self.root.child(purpose::ARRIVAL).child(index as u64);
            let first_site = self.program.source_sites[index];
            self.sources.push(Source {
                clients,
                first_site,
                mix,
                population: source.population,
                stream,
                begun: 0,
                under_way: 0,
                changed: 0,
                area: 0,
                begun_before: 0,
                base_rate,
                factor: 1.0,
                kind,
            });
            match &self.sources[index].kind {
                Kind::Open { .. } => {
                    let exposure = self.sources[index].next_exposure();
                    self.place(index, exposure);
                }
                Kind::Counts { counts, .. } => {
                    let first = counts[0].0;
                    self.set_timer(first, TimerKind::Arrival, index as u32, 0);
                }
                Kind::Closed { .. } => self.fill_users(index),
            }
        }
    }

    /// Schedules the pending open-loop arrival, which still lacks `exposure`.
    fn place(&mut self, index: usize, exposure: f64) {
        let now = self.now;
        let Kind::Open { profile, placed, timer, .. } = &mut self.sources[index].kind else { return };
        let at = if profile.is_constant() && profile.rate > 0.0 {
            now.saturating_add((exposure / profile.rate * 1e9) as u64)
        } else {
            profile.after_exposure(now, exposure)
        };
        *placed = (now, exposure);
        *timer = None;
        if at != u64::MAX {
            let id = self.set_timer(at, TimerKind::Arrival, index as u32, 0);
            if let Kind::Open { timer, .. } = &mut self.sources[index].kind {
                *timer = Some(id);
            }
        }
    }

    /// A source's next request begins.
    pub(super) fn arrival(&mut self, timer: u32, index: u32) {
        let at = index as usize;
        let now = self.now;
        let source = &mut self.sources[at];
        match &mut source.kind {
            Kind::Open { profile, placed, .. } if profile.is_constant() && profile.rate > 0.0 => {
                let rate = profile.rate;
                *placed = (now, 0.0);
                source.begun += 1;
                let n = source.begun - 1;
                let exposure = source.next_exposure();
                if let Kind::Open { placed, .. } = &mut source.kind {
                    *placed = (now, exposure);
                }
                self.wheel.schedule(timer, now.saturating_add((exposure / rate * 1e9) as u64));
                self.begin_request(at, n);
            }
            Kind::Open { .. } => {
                self.rows.free(timer);
                source.begun += 1;
                let n = source.begun - 1;
                let exposure = source.next_exposure();
                self.place(at, exposure);
                self.begin_request(at, n);
            }
            Kind::Counts { .. } => self.counted(timer, at),
            Kind::Closed { .. } => unreachable!("closed-loop users have timers of their own"),
        }
    }

    /// A source with counts: the request that is due, and when the next one is.
    fn counted(&mut self, timer: u32, at: usize) {
        let now = self.now;
        let source = &mut self.sources[at];
        let (n, factor) = (source.begun, source.factor);
        let mut stream = source.stream.child(n);
        let Kind::Counts { counts, process, interval, left, is_due } = &mut source.kind else { return };
        let due = std::mem::replace(is_due, false);
        if due {
            *left -= 1;
            source.begun += 1;
        }
        loop {
            if *left > 0 {
                let (start, end) = (now.max(counts[*interval].0), counts[*interval + 1].0);
                let share = match process {
                    // The first of k sorted uniform times on what is left of the interval.
                    Process::Poisson => 1.0 - libm::pow(1.0 - stream.uniform(), 1.0 / *left as f64),
                    Process::Fixed => 1.0 / (*left as f64 + 1.0),
                };
                *is_due = true;
                self.wheel.schedule(timer, start + (end.saturating_sub(start) as f64 * share) as u64);
                break;
            }
            // The entry before the first interval is a sentinel of no length.
            *interval += 1;
            if *interval + 1 >= counts.len() {
                self.rows.free(timer);
                break;
            }
            *left = (counts[*interval].1 as f64 * factor).round() as u64;
        }
        if due {
            self.begin_request(at, n);
        }
    }

    /// Sends a source's n-th request.
    fn begin_request(&mut self, at: usize, n: u64) {
        let source = &self.sources[at];
        let stream = self.root.child(purpose::REQUEST).child(at as u64).child(n);
        let mut choice = stream.child(purpose::MIX);
        let site = source.first_site + source.pick(&mut choice);
        let user = choice.below(source.population);
        self.sources[at].enter(self.now);
        self.enter(site, stream.key(), user);
    }

    /// Starts users until as many act as the load asks for.
    fn fill_users(&mut self, index: usize) {
        let source = &mut self.sources[index];
        let factor = source.factor;
        let Kind::Closed { users, think, active, asked, person, .. } = &mut source.kind else { return };
        let wanted = (f64::from(*users) * factor).round() as usize;
        if active.len() < wanted {
            active.resize(wanted, false);
            asked.resize(wanted, 0);
            person.resize(wanted, 0);
        }
        let mut starts = Vec::new();
        for (user, is_active) in active.iter_mut().enumerate().take(wanted) {
            if !*is_active {
                *is_active = true;
                // Nobody begins at the same moment: the first think time is already under way.
                let mut stream = source.stream.child(purpose::THINK << 32 | user as u64);
                starts.push((user as u32, (think.sample(&mut stream) * stream.uniform()) as u64));
            }
        }
        for (user, wait) in starts {
            self.set_timer(self.now + wait, TimerKind::User, index as u32, user);
        }
    }

    /// A closed-loop user has thought and asks.
    pub(super) fn user_acts(&mut self, index: u32, user: u32) {
        let at = index as usize;
        let source = &mut self.sources[at];
        let factor = source.factor;
        let Kind::Closed { users, active, asked, person, .. } = &mut source.kind else { return };
        if f64::from(user) >= (f64::from(*users) * factor).round() {
            // The load was lowered: this user does not come back.
            active[user as usize] = false;
            return;
        }
        let n = asked[user as usize];
        asked[user as usize] += 1;
        source.begun += 1;
        let user = user | (person[user as usize] & PERSON_MASK) << SEAT_BITS;
        let source = &self.sources[at];
        let stream = self.root.child(purpose::REQUEST).child(at as u64).child(u64::from(user) << 32 ^ n);
        let mut choice = stream.child(purpose::MIX);
        let site = source.first_site + source.pick(&mut choice);
        self.sources[at].enter(self.now);
        self.enter(site, stream.key(), user);
    }

    /// A user got an answer; a closed-loop one thinks about the next request.
    pub(super) fn user_answered(&mut self, source: SourceId, user: u32) {
        let source_state = &mut self.sources[source.index()];
        source_state.leave(self.now);
        let stream = source_state.stream;
        let user = user & ((1 << SEAT_BITS) - 1);
        let Kind::Closed { think, session, asked, person, .. } = &mut source_state.kind else { return };
        let n = asked[user as usize];
        let mut stream = stream.child(purpose::THINK << 32 | u64::from(user)).child(n + 1);
        let wait = think.sample(&mut stream) as u64;
        if session.is_some_and(|mean| stream.chance(1.0 / mean.max(1.0))) {
            // This user leaves and another one comes.
            person[user as usize] += 1;
        }
        self.set_timer(self.now + wait, TimerKind::User, u32::from(source.0), user);
    }

    /// Changes a source's load.
    pub(super) fn set_load(&mut self, source: SourceId, factor: f64, rate: Option<PerSecond>) {
        let index = source.index();
        let now = self.now;
        let source = &mut self.sources[index];
        source.factor = factor;
        if let Some(rate) = rate {
            source.base_rate = rate.get();
        }
        let rate = source.base_rate * factor;
        match &mut source.kind {
            Kind::Open { profile, placed, timer, .. } => {
                let left = (placed.1 - profile.exposure(placed.0, now)).max(0.0);
                profile.rate = rate;
                if let Some(timer) = timer.take() {
                    self.dispose(timer);
                }
                self.place(index, left);
            }
            Kind::Counts { .. } => {}
            Kind::Closed { .. } => self.fill_users(index),
        }
    }

    /// What can be seen of a source.
    pub fn source(&self, source: SourceId) -> SourceView {
        let source = &self.sources[source.index()];
        SourceView { begun: source.begun, under_way: source.under_way, factor: source.factor }
    }
}

/// What can be seen of a traffic source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceView {
    /// Requests that its users sent so far.
    pub begun: u64,
    /// Of which are neither answered nor failed yet.
    pub under_way: u64,
    /// The factor on its load [1].
    pub factor: f64,
}

impl Source {
    fn integrate(&mut self, now: u64) {
        self.area += self.under_way * (now - self.changed);
        self.changed = now;
    }

    fn enter(&mut self, now: u64) {
        self.integrate(now);
        self.under_way += 1;
    }

    fn leave(&mut self, now: u64) {
        self.integrate(now);
        self.under_way -= 1;
    }

    /// What it did since the last window; starts a new one.
    pub(super) fn gauge(&mut self, now: u64) -> SourceGauge {
        self.integrate(now);
        let sent = (self.begun - std::mem::replace(&mut self.begun_before, self.begun)) as u32;
        SourceGauge { sent, under_way: self.under_way, area: std::mem::take(&mut self.area) }
    }

    /// The exposure between this arrival and the one before.
    fn next_exposure(&self) -> f64 {
        match &self.kind {
            Kind::Open { process: Process::Fixed, .. } => 1.0,
            _ => dist::unit_exponential(&mut self.stream.child(self.begun)),
        }
    }

    /// Which entry of the mix.
    fn pick(&self, stream: &mut Stream) -> u32 {
        if self.mix.len() == 1 {
            return 0;
        }
        let u = stream.uniform();
        self.mix.iter().position(|sum| u < *sum).unwrap_or(self.mix.len() - 1) as u32
    }
}
