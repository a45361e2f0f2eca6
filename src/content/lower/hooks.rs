//! Life-cycle hooks and judges of deployments: what they ask must be there, and what a genuine `appspec.yml` says becomes hooks.

use super::super::diagnostic::{Code, Finding};
use super::super::genuine::appspec;
use super::super::parse::text;
use super::super::tree::At;
use super::Lower;
use crate::fleet::deploy::hooks::{Hook, Platform};
use crate::fleet::deploy::{CodeDeploy, Strategy};
use crate::ids::ServiceId;
use crate::scenario::limits;
use crate::wording::{listed, nearest, shown};

/// What people call a platform.
const fn words(platform: Platform) -> &'static str {
    match platform {
        Platform::InPlace { .. } | Platform::BlueGreen => "instances (EC2)",
        Platform::Ecs => "an ECS service",
        Platform::Lambda => "a Lambda function",
        Platform::EcsService { .. } => "an ECS service without CodeDeploy",
    }
}

impl Lower<'_> {
    /// Checks hooks, probes and comparisons of a strategy whose parameters are at `at`, for deployments of a service if that is known.
    pub(crate) fn check_judges(&mut self, strategy: &Strategy, of: Option<ServiceId>, at: &At<'_>) {
        if strategy.hooks().len() > limits::HOOKS {
            let finding = Finding::error(Code::TooMuch, format!("{} hooks; a deployment has at most {}", strategy.hooks().len(), limits::HOOKS));
            self.report(&at.key("hooks"), finding);
            return;
        }
        for problem in strategy.problems() {
            let key = at.key(problem.key);
            let finding = Finding::error(Code::Impossible, problem.why);
            match problem.index {
                Some(index) => self.report(&key.index(index), finding),
                None => self.report(&key, finding),
            }
        }
        let Some(service) = of else { return };
        let hooks = at.key("hooks");
        for (index, hook) in strategy.hooks().iter().enumerate() {
            if let Some(endpoint) = hook.check.as_ref().and_then(|trial| trial.endpoint.as_deref()) {
                self.check_tested(service, endpoint, &hooks.index(index).key("check").key("endpoint"));
            }
        }
        if let Some(endpoint) = strategy.probes().and_then(|probes| probes.endpoint.as_deref()) {
            self.check_tested(service, endpoint, &at.key("probes").key("endpoint"));
        }
    }

    /// Checks that a service has an endpoint which test requests ask.
    fn check_tested(&mut self, service: ServiceId, endpoint: &str, at: &At<'_>) {
        let known: Vec<&str> = self.names.endpoints[service.index()].keys().copied().collect();
        if known.contains(&endpoint) {
            return;
        }
        let name = self.service_name(service);
        if !self.is_broken(&["services", name, "endpoints", endpoint]) {
            let finding = Finding::error(Code::UnknownName, format!("`{name}` has no endpoint `{}`", shown(endpoint))).label("no such endpoint");
            let others = listed(known.iter().copied()).map(|names| format!("the endpoints of `{name}` are {names}"));
            self.report(at, finding.suggest(nearest(endpoint, known.iter().copied()), || others));
        }
    }

    /// A strategy with the hooks of its `appspec.yml`, if it names one.
    pub(crate) fn with_appspec(&mut self, strategy: Strategy, at: &At<'_>) -> Strategy {
        let Strategy::CodeDeploy(mut deployment) = strategy else { return strategy };
        if let Some(name) = deployment.appspec.take() {
            let at = at.key("codedeploy");
            if let Some(found) = self.appspec(&deployment, &name, &at.key("appspec")) {
                deployment.hooks = self.described(&found, &deployment.hooks, &name, &at.key("hooks"));
            }
        }
        Strategy::CodeDeploy(deployment)
    }

    /// The hooks of a file beside the scenario.
    fn appspec(&mut self, deployment: &CodeDeploy, name: &str, at: &At<'_>) -> Option<Vec<Hook>> {
        let bytes = match self.data(name, at) {
            Ok(bytes) => bytes,
            Err(refused) => {
                self.report(at, refused.into());
                return None;
            }
        };
        let (file, text) = text(&bytes, self.collector)?;
        let spec = appspec::read_one(file, &text, self.collector)?;
        let (wanted, found) = (words(deployment.platform()), spec.platform().map(words));
        if found.is_some_and(|found| found != wanted) {
            let found = found.unwrap_or_default();
            let finding = Finding::error(Code::Impossible, format!("`{}` is for {found}, and `{}` deploys to {wanted}", shown(name), deployment.config));
            self.report(at, finding.label("another platform"));
            return None;
        }
        Some(spec.hooks())
    }

    /// The hooks of a file, each as it is described: the first description at an event is that of the first hook there.
    fn described(&mut self, found: &[Hook], written: &[Hook], name: &str, at: &At<'_>) -> Vec<Hook> {
        let mut taken = vec![false; written.len()];
        let hooks = found.iter().map(|hook| {
            let Some(index) = (0..written.len()).find(|index| !taken[*index] && written[*index].at == hook.at) else { return hook.clone() };
            taken[index] = true;
            Hook { timeout: written[index].timeout.or(hook.timeout), ..written[index].clone() }
        });
        let hooks = hooks.collect();
        for (index, _) in taken.iter().enumerate().filter(|(_, taken)| !**taken) {
            let finding = Finding::error(Code::UnknownName, format!("`{}` has no such hook at `{}`", shown(name), shown(&written[index].at)));
            let events = listed(found.iter().map(|hook| hook.at.as_str()));
            self.report(
                &at.index(index),
                finding.label("describes a hook that is not there").suggest(None, || events.map(|events| format!("its hooks are at {events}"))),
            );
        }
        hooks
    }
}
