//! Alarms: CloudWatch's bounds on their periods, and the services and deployments that they belong to.

use super::super::diagnostic::{Code, Finding};
use super::super::tree::At;
use super::super::wording::{listed, nearest};
use super::Lower;
use crate::fleet::alarm::Alarm;
use crate::fleet::deploy::Strategy;
use crate::insight::metric::Metric;
use crate::units::SimSpan;

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
        let file = self.file;
        let parameters = at.key(strategy.name());
        let alarms = parameters.key("alarms");
        let names = alarms.key("names");
        for (index, name) in watch.names.iter().enumerate() {
            if file.alarms.iter().any(|(known, _)| known == name) || self.is_broken(&["alarms", name]) {
                continue;
            }
            let known: Vec<&str> = file.alarms.iter().map(|(known, _)| known).collect();
            self.unknown(
                "alarm",
                name,
                &names.index(index),
                nearest(name, known.iter().copied()),
                listed(known.iter().copied()).map(|names| format!("the alarms are {names}")),
            );
        }
    }
}
