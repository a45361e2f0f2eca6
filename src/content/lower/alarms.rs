//! Alarms: CloudWatch's bounds on their periods, and the services and deployments that they belong to.

use super::super::diagnostic::{Code, Finding};
use super::super::raw::CompositeAlarmFile;
use super::super::tree::At;
use super::Lower;
use crate::fleet::alarm::Alarm;
use crate::fleet::composite::CompositeAlarm;
use crate::fleet::deploy::Strategy;
use crate::insight::composite::{Rule, Suppressor, evaluation_order};
use crate::insight::metric::Metric;
use crate::units::SimSpan;
use crate::wording::{listed, nearest, shown};

const MINUTE: SimSpan = SimSpan::from_secs(60);
const HOUR: SimSpan = SimSpan::from_secs(3_600);
const DAY: SimSpan = SimSpan::from_secs(86_400);

impl Lower<'_> {
    pub(crate) fn alarms(&mut self) -> Vec<Alarm> {
        let all = At::ROOT.key("alarms");
        let mut alarms = Vec::new();
        for (name, alarm) in self.file.alarms.iter() {
            let at = all.key(name);
            self.check_name("alarm", name, &at, true);
            let service = alarm.service.as_ref().and_then(|service| self.service(service, &at.key("service")));
            if alarm.new_version && alarm.service.is_none() {
                let finding = Finding::error(Code::Impossible, "`new_version` needs the service that versions are deployed to");
                self.report(&at.key("new_version"), finding.label("whose new version?").help("name it with `service`"));
            }
            self.check_alarm_period(&at, alarm.period, alarm.evaluation_periods);
            let to_alarm = alarm.datapoints_to_alarm.unwrap_or(alarm.evaluation_periods);
            if alarm.datapoints_to_alarm.is_some() {
                self.check_count(&at.key("datapoints_to_alarm"), to_alarm.into(), 1, alarm.evaluation_periods.max(1).into());
            }
            self.check_metric(&alarm.metric, &at.key("metric"));
            alarms.push(Alarm {
                name: name.to_owned(),
                service,
                new_version: alarm.new_version,
                metric: alarm.metric.clone(),
                period: alarm.period,
                evaluation_periods: alarm.evaluation_periods,
                datapoints_to_alarm: to_alarm,
                missing: alarm.missing,
            });
        }
        alarms
    }

    fn check_alarm_period(&mut self, at: &At<'_>, period: SimSpan, periods: u32) {
        let whole_minutes = !period.is_zero() && period.nanos().is_multiple_of(MINUTE.nanos()) && period <= DAY;
        if !whole_minutes && ![10, 20, 30].map(SimSpan::from_secs).contains(&period) {
            let finding = Finding::error(Code::Impossible, format!("`period` is {period}"));
            self.report(&at.key("period"), finding.label("CloudWatch takes 10s, 20s, 30s and whole minutes up to a day"));
            return;
        }
        self.check_count(&at.key("evaluation_periods"), periods.into(), 1, 8_640);
        let most = if period >= HOUR { SimSpan::from_secs(7 * 86_400) } else { DAY };
        if period.nanos().saturating_mul(periods.into()) > most.nanos() {
            let finding = Finding::error(Code::Impossible, format!("{periods} periods of {period} are more than {most}"));
            self.report(&at.key("evaluation_periods"), finding.label("further back than CloudWatch looks"));
        }
    }

    fn check_metric(&mut self, metric: &Metric, at: &At<'_>) {
        let at = at.key(metric.name());
        match metric {
            Metric::ErrorRate(limit) => self.check_number(&at.key("above"), limit.above.get(), 0.0, 1.0),
            Metric::Saturation(limit) => self.check_number(&at.key("above"), limit.above.get(), 0.0, 1.0),
            Metric::Latency(limit) => self.check_number(&at.key("quantile"), limit.quantile, 0.5, 0.999),
            Metric::Requests(_) => {}
        }
    }

    /// Checks that the alarms that a strategy watches exist.
    pub(crate) fn check_watch(&mut self, strategy: &Strategy, at: &At<'_>) {
        let Some(watch) = strategy.watch() else { return };
        let parameters = at.key(strategy.name());
        let alarms = parameters.key("alarms");
        let names = alarms.key("names");
        for (index, name) in watch.names.iter().enumerate() {
            self.check_alarm(name, &names.index(index));
        }
    }

    /// Checks that there is an alarm of this name.
    pub(crate) fn check_alarm(&mut self, name: &str, at: &At<'_>) {
        let file = self.file;
        let known: Vec<&str> = file.alarms.iter().map(|(known, _)| known).chain(file.composite_alarms.iter().map(|(known, _)| known)).collect();
        if known.contains(&name) || self.is_broken(&["alarms", name]) || self.is_broken(&["composite_alarms", name]) {
            return;
        }
        let guess = nearest(name, known.iter().copied());
        self.unknown("alarm", name, at, guess, listed(known.iter().copied()).map(|names| format!("the alarms are {names}")));
    }

    /// Composite alarms: rules that can be read, about alarms that exist, and not in circles.
    pub(crate) fn composite_alarms(&mut self) -> Vec<CompositeAlarm> {
        let all = At::ROOT.key("composite_alarms");
        let file = self.file;
        let (mut alarms, mut rules) = (Vec::new(), Vec::new());
        for (name, alarm) in file.composite_alarms.iter() {
            let at = all.key(name);
            self.check_name("composite alarm", name, &at, true);
            if file.alarms.iter().any(|(known, _)| known == name) {
                let finding = Finding::error(Code::Duplicate, format!("`{}` is the name of an alarm already", shown(name)));
                self.report_key(&at, finding);
            }
            match Rule::parse(&alarm.rule) {
                Ok(rule) => {
                    for child in rule.children() {
                        self.check_alarm(child, &at.key("rule"));
                    }
                    rules.push((name, rule));
                }
                Err(problem) => {
                    let finding = Finding::error(Code::BadValue, format!("the rule cannot be read: {}", problem.wrong));
                    let around: String = alarm.rule[problem.at..].chars().take(20).collect();
                    let place = if around.is_empty() { "at its end".to_owned() } else { format!("at `{}`", shown(&around)) };
                    self.report(&at.key("rule"), finding.label(place));
                }
            }
            alarms.push(CompositeAlarm { name: name.to_owned(), rule: alarm.rule.clone(), suppressor: self.suppressor(alarm, &at) });
        }
        let (_, circular) = evaluation_order(&rules.iter().map(|(name, rule)| (*name, rule)).collect::<Vec<_>>());
        for index in circular {
            let (name, at) = (rules[index].0, all.key(rules[index].0));
            let finding = Finding::error(Code::Cycle, format!("`{}` depends on its own state", shown(name)));
            self.report(&at.key("rule"), finding.label("a circle").help("CloudWatch stops evaluating composite alarms that name each other in a circle"));
        }
        alarms
    }

    fn suppressor(&mut self, alarm: &CompositeAlarmFile, at: &At<'_>) -> Option<Suppressor> {
        let periods = [
            ("actions_suppressor_wait_period", alarm.actions_suppressor_wait_period),
            ("actions_suppressor_extension_period", alarm.actions_suppressor_extension_period),
        ];
        let Some(name) = &alarm.actions_suppressor else {
            for (key, _) in periods.iter().filter(|(_, period)| period.is_some()) {
                let finding = Finding::error(Code::MissingKey, format!("`{key}` needs the alarm that suppresses actions"));
                self.report_key(&at.key(key), finding.help("name it with `actions_suppressor`"));
            }
            return None;
        };
        self.check_alarm(name, &at.key("actions_suppressor"));
        let [wait_period, extension_period] = periods.map(|(_, period)| period);
        let usual = Suppressor::default();
        Some(Suppressor {
            alarm: name.clone(),
            wait_period: wait_period.unwrap_or(usual.wait_period),
            extension_period: extension_period.unwrap_or(usual.extension_period),
        })
    }
}
