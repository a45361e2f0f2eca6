//! Traffic sources: what they ask for, and how requests arrive.

use super::super::counts;
use super::super::diagnostic::{Code, Finding};
use super::super::parse;
use super::super::raw::SourceFile;
use super::super::tree::At;
use super::Lower;
use crate::ids::EndpointId;
use crate::kernel::dist::Distribution;
use crate::kernel::model::{Arrivals, Source};
use crate::kernel::traffic::Shape;
use crate::scenario::limits;
use crate::units::{PerSecond, SimSpan};
use crate::wording::shown;

/// Think time of a closed loop that states none: TPC-W's mean of 7 s.
const THINK: SimSpan = SimSpan::from_secs(7);
/// Users of a source that does not say how many it has.
const POPULATION: u32 = 10_000;

impl Lower<'_> {
    pub(crate) fn sources(&mut self) -> Vec<Source> {
        let all = At::ROOT.key("traffic");
        let mut sources = Vec::new();
        for (name, source) in self.file.traffic.iter() {
            let at = all.key(name);
            self.check_name("traffic source", name, &at, true);
            if self.names.services.contains_key(name) {
                let finding = Finding::error(Code::Duplicate, format!("`{}` is the name of a service and of a traffic source", shown(name)));
                let service = self.tree.key_place_of(&At::ROOT.key("services").key(name).segments());
                self.report_key(&at, finding.label("choose another name").related(service, "the service"));
            }
            let mix = self.mix(source, &at);
            let arrivals = self.arrivals(source, &at);
            self.check_policy(&source.policy, &at.key("policy"));
            let implied = if let Some(Arrivals::Closed { users, .. }) = arrivals { users } else { POPULATION };
            let population = source.population.unwrap_or(implied);
            self.check_count(&at.key("population"), population.into(), 1, limits::USERS.into());
            let arrivals = arrivals.unwrap_or(Arrivals::Open { rate: PerSecond::default(), process: source.process, shapes: Vec::new() });
            sources.push(Source { name: name.to_owned(), mix, arrivals, population, policy: source.policy.clone() });
        }
        sources
    }

    fn mix(&mut self, source: &SourceFile, at: &At<'_>) -> Vec<(EndpointId, f64)> {
        let (to, mix) = (at.key("to"), at.key("mix"));
        let mut asked = Vec::new();
        match (&source.to, source.mix.is_empty()) {
            (Some(_), false) if self.is_inherited(&to, &mix) => {}
            (Some(_), false) => {
                let finding = Finding::error(Code::Impossible, "`to` and `mix` both say what is asked for");
                self.report_key(&mix, finding.label("keep one of them"));
            }
            (None, true) if !self.has_broken(&to) && !self.has_broken(&mix) => {
                let finding = Finding::error(Code::MissingKey, "the traffic asks for nothing").label("needs `to` or `mix`");
                self.report_key(at, finding.help("write `to = \"service.endpoint\"`"));
            }
            _ => {}
        }
        // A scenario's own choice replaces the one that it inherited.
        let to_wins = source.mix.is_empty() || self.is_inherited(&mix, &to);
        if let Some(target) = source.to.as_ref().filter(|_| to_wins) {
            asked.extend(self.endpoint(target, &to).map(|endpoint| (endpoint, 1.0)));
            return asked;
        }
        for (target, weight) in source.mix.iter() {
            let at = mix.key(target);
            if !(*weight > 0.0 && weight.is_finite()) {
                let finding = Finding::error(Code::Impossible, format!("the weight {weight} of `{}` is not a positive number", shown(target)));
                self.report(&at, finding.label("write more than 0"));
            }
            asked.extend(self.endpoint(target, &at.as_key()).map(|endpoint| (endpoint, *weight)));
        }
        asked
    }

    /// Whether the first of two contradicting keys comes from an extended scenario and the second does not.
    pub(crate) fn is_inherited(&self, first: &At<'_>, second: &At<'_>) -> bool {
        self.tree.key_place_of(&first.segments()).file > self.tree.key_place_of(&second.segments()).file
    }

    fn arrivals(&mut self, source: &SourceFile, at: &At<'_>) -> Option<Arrivals> {
        let ways = [("rate", source.rate.is_some()), ("counts", source.counts.is_some()), ("users", source.users.is_some())];
        let written: Vec<&str> = ways.iter().filter(|(_, written)| *written).map(|(key, _)| *key).collect();
        let nearest_file = written.iter().map(|key| self.tree.key_place_of(&at.key(key).segments()).file).min();
        let chosen: Vec<&str> = written.iter().copied().filter(|key| Some(self.tree.key_place_of(&at.key(key).segments()).file) == nearest_file).collect();
        match chosen[..] {
            [] => {
                if !ways.iter().any(|(key, _)| self.has_broken(&at.key(key))) {
                    let finding = Finding::error(Code::MissingKey, "the traffic does not say how much it is").label("needs `rate`, `counts` or `users`");
                    self.report_key(at, finding.help("write `rate = \"100/s\"`"));
                }
                return None;
            }
            [_] => {}
            [first, second, ..] => {
                let finding = Finding::error(Code::Impossible, format!("`{first}` and `{second}` both say how requests arrive"));
                self.report_key(&at.key(second), finding.label("keep one of them"));
                return None;
            }
        }
        self.check_idle_keys(source, chosen[0], at);
        match chosen[0] {
            "rate" => {
                self.check_shapes(&source.shapes, &at.key("shapes"));
                Some(Arrivals::Open { rate: source.rate?, process: source.process, shapes: source.shapes.clone() })
            }
            "counts" => {
                let counts = self.counts(source.counts.as_ref()?, &at.key("counts"))?;
                Some(Arrivals::Counts { counts, process: source.process })
            }
            _ => {
                let users = source.users?;
                self.check_count(&at.key("users"), users.into(), 1, limits::USERS.into());
                if let Some(session) = source.session {
                    self.check_number(&at.key("session"), session, 1.0, 1e9);
                }
                let mut think = source.think.clone().unwrap_or(Distribution::Exponential(THINK));
                if think.mean_nanos() < limits::SHORTEST_THINK.nanos() as f64 {
                    think = Distribution::Fixed(limits::SHORTEST_THINK);
                }
                Some(Arrivals::Closed { users, think, session: source.session })
            }
        }
    }

    /// Keys that belong to another way of arriving say that something else was meant.
    fn check_idle_keys(&mut self, source: &SourceFile, chosen: &str, at: &At<'_>) {
        let idle = [("shapes", !source.shapes.is_empty(), "rate"), ("think", source.think.is_some(), "users"), ("session", source.session.is_some(), "users")];
        for (key, written, belongs_to) in idle {
            let key_at = at.key(key);
            if written && chosen != belongs_to && !self.is_inherited(&key_at, &at.key(chosen)) {
                let finding = Finding::error(Code::Impossible, format!("`{key}` has no meaning with `{chosen}`"));
                self.report_key(&key_at, finding.label(format!("belongs to `{belongs_to}`")));
            }
        }
    }

    fn check_shapes(&mut self, shapes: &[Shape], at: &At<'_>) {
        if shapes.len() > limits::SHAPES {
            self.report(at, Finding::error(Code::TooMuch, format!("{} shapes; the simulation takes {}", shapes.len(), limits::SHAPES)));
        }
        for (n, shape) in shapes.iter().enumerate() {
            let at = at.index(n);
            let at = at.key(shape.name());
            match shape {
                Shape::Constant(_) | Shape::Daily(_) => {}
                Shape::Burst(burst) => {
                    self.check_period(&at.key("every"), burst.every);
                    self.check_number(&at.key("factor"), burst.factor, 0.0, limits::FACTOR);
                    if burst.lasts > burst.every {
                        let finding = Finding::error(Code::Impossible, format!("a burst of {} every {} never ends", burst.lasts, burst.every));
                        self.report(&at.key("lasts"), finding.label("must not be longer than `every`"));
                    }
                }
                Shape::Ramp(ramp) => {
                    self.check_number(&at.key("from"), ramp.from, 0.0, limits::FACTOR);
                    self.check_number(&at.key("to"), ramp.to, 0.0, limits::FACTOR);
                }
                Shape::Spike(spike) => self.check_number(&at.key("factor"), spike.factor, 0.0, limits::FACTOR),
                Shape::Steps(steps) => {
                    let levels = at.key("levels");
                    for (n, level) in steps.levels.iter().enumerate() {
                        self.check_number(&levels.index(n).key("factor"), level.factor, 0.0, limits::FACTOR);
                        if n > 0 && steps.levels[n - 1].at >= level.at {
                            let finding = Finding::error(Code::Impossible, "the levels are not in order of time").label("must be later than the one before");
                            self.report(&levels.index(n).key("at"), finding);
                        }
                    }
                }
            }
        }
    }

    fn counts(&mut self, name: &str, at: &At<'_>) -> Option<Vec<(crate::units::SimTime, u64)>> {
        let place = self.tree.place_of(&at.segments());
        match self.data(name, at) {
            Ok(bytes) => {
                let (file, text) = parse::text(&bytes, self.collector)?;
                counts::read(file, &text, self.collector)
            }
            Err(problem) => {
                self.collector.add(&place, problem.into());
                None
            }
        }
    }
}
