//! Feature flags, the alarms that turn them off and the endpoints of their experiments; headers that tell users apart.

use super::super::diagnostic::{Code, Finding};
use super::super::tree::At;
use super::Lower;
use crate::fleet::features::FeaturePlan;
use crate::kernel::model::{Experiment, FeatureFlag, UserHeader};
use crate::scenario::limits;
use crate::wording::shown;

impl Lower<'_> {
    pub(crate) fn user_headers(&mut self) -> Vec<UserHeader> {
        let all = At::ROOT.key("user_headers");
        let file = self.file;
        let count: usize = file.user_headers.values().map(std::collections::BTreeMap::len).sum();
        if count > limits::USER_HEADERS {
            self.report(&all, Finding::error(Code::TooMuch, format!("{count} headers; the simulation takes {}", limits::USER_HEADERS)));
            return Vec::new();
        }
        for name in file.user_headers.keys() {
            let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || !name.chars().all(token) {
                let finding = Finding::error(Code::BadValue, format!("`{}` is no name of a header", shown(name)));
                self.report_key(&all.key(name), finding.label("letters, digits and `-`, as HTTP has it"));
            }
        }
        let each = |(name, values): (&String, &std::collections::BTreeMap<String, crate::units::Ratio>)| {
            let header = |(value, share): (&String, &crate::units::Ratio)| UserHeader { name: name.clone(), value: value.clone(), share: *share };
            values.iter().map(header).collect::<Vec<_>>()
        };
        file.user_headers.iter().flat_map(each).collect()
    }

    pub(crate) fn flags(&mut self) -> (Vec<FeatureFlag>, Vec<FeaturePlan>) {
        let all = At::ROOT.key("flags");
        let (mut flags, mut plans) = (Vec::new(), Vec::new());
        let file = self.file;
        for (name, flag) in file.flags.iter() {
            let at = all.key(name);
            self.check_name("flag", name, &at, true);
            for (n, alarm) in flag.kill_on.iter().enumerate() {
                self.check_alarm(alarm, &at.key("kill_on").index(n));
            }
            if flag.stale_after.is_zero() {
                let finding = Finding::error(Code::Impossible, "a flag that is stale at once");
                self.report(&at.key("stale_after"), finding.label("write more than 0s"));
            }
            let experiment = flag.experiment.as_ref().and_then(|experiment| {
                let at = at.key("experiment");
                let endpoint = self.endpoint(&experiment.endpoint, &at.key("endpoint"))?;
                if !file.traffic.iter().any(|(_, source)| source.asks_for(&experiment.endpoint)) {
                    let finding = Finding::error(Code::Impossible, "no user asks for this endpoint, so nobody visits it");
                    self.report(&at.key("endpoint"), finding.label("name an endpoint that a traffic source asks for"));
                }
                Some(Experiment { endpoint, off: experiment.off, on: experiment.on })
            });
            flags.push(FeatureFlag { name: name.to_owned(), percentage: flag.percentage, experiment });
            plans.push(FeaturePlan { kill_on: flag.kill_on.clone(), stale_after: flag.stale_after });
        }
        (flags, plans)
    }
}
