//! What a caller does around its calls, in words, and a form that changes the parts one reaches for first: timeout,
//! attempts and what caps them, circuit breaker, connections. The rest of a policy stays as it is.

use eframe::egui::{RichText, Ui};

use super::actions::{Form, form_frame_ui};
use crate::ids::{EndpointId, ServiceId};
use crate::kernel::model::{Model, Step};
use crate::kernel::resilience::CallPolicy;
use crate::kernel::resilience::budget::{Budget, Share};
use crate::kernel::resilience::pool::Pool;
use crate::kernel::resilience::retry::Retry;
use crate::lab::snapshot::{EdgeEnd, PolicyChange};
use crate::scenario::Action;
use crate::ui::state::{Ask, Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::widgets::params::{column, does_not_fit, grid, hinted_ui, named_ui};
use crate::ui::widgets::{button, label};
use crate::ui::{format, icons};
use crate::units::{Ratio, SimSpan};

/// The parts of a policy that can be edited, as typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PolicyFields {
    timeout: String,
    attempts: String,
    /// The most retries for each request, as a share; empty: no such budget.
    budget: String,
    breaker: bool,
    pool: String,
}

impl PolicyFields {
    fn of(policy: &CallPolicy) -> Self {
        Self {
            timeout: policy.timeout.map_or_else(String::new, |timeout| timeout.to_string()),
            attempts: policy.retry.as_ref().map_or(1, |retry| retry.attempts).to_string(),
            budget: share_of(policy).map_or_else(String::new, |share| share.ratio.to_string()),
            breaker: policy.breaker.is_some(),
            pool: policy.pool.as_ref().map_or_else(String::new, |pool| pool.size.to_string()),
        }
    }

    /// `policy` with these values in it; the error says what cannot be read.
    fn put_into(&self, lang: Lang, policy: &CallPolicy) -> Result<CallPolicy, String> {
        let (timeout, attempts, pool) = (self.timeout.trim(), self.attempts.trim(), self.pool.trim());
        let wrong = |key: &'static str, text: &str, example: &str| does_not_fit(lang, &lang.tr(key), text, example);
        let timeout = if timeout.is_empty() { None } else { Some(timeout.parse::<SimSpan>().map_err(|_in_english| wrong("policy.timeout", timeout, "1s"))?) };
        let attempts: u8 = attempts.parse().ok().filter(|attempts| (1..=20).contains(attempts)).ok_or_else(|| wrong("policy.attempts", attempts, "3"))?;
        let size: Option<u32> =
            if pool.is_empty() { None } else { Some(pool.parse().ok().filter(|size| *size > 0).ok_or_else(|| wrong("policy.pool", pool, "10"))?) };
        let typed = self.budget.trim().replace(',', ".");
        let ratio = if typed.is_empty() { None } else { Some(typed.parse::<Ratio>().map_err(|_in_english| wrong("policy.budget.share", &typed, "0.1"))?) };
        let retry = policy.retry.clone().unwrap_or_default();
        // A budget of another kind stays unless this one takes its place.
        let other = retry.budget.clone().filter(|budget| !matches!(budget, Budget::Share(_)));
        let budget = ratio.map(|ratio| Budget::Share(Share { ratio, ..share_of(policy).cloned().unwrap_or_default() })).or(other);
        Ok(CallPolicy {
            timeout,
            retry: (attempts > 1).then_some(Retry { attempts, budget, ..retry }),
            breaker: self.breaker.then(|| policy.breaker.clone().unwrap_or_default()),
            pool: size.map(|size| Pool { size, ..policy.pool.clone().unwrap_or_default() }),
            ..policy.clone()
        })
    }
}

/// The policy towards each endpoint that is called, as the scenario has it.
fn scripted(model: &Model, from: EdgeEnd, to: ServiceId) -> Vec<(EndpointId, CallPolicy)> {
    let collect = |steps: &[Step], found: &mut Vec<(EndpointId, CallPolicy)>| {
        Step::each(steps, &mut |step| {
            if let Step::Call(call) = step {
                found.push((call.endpoint, call.policy.clone()));
            }
        });
    };
    let mut found = Vec::new();
    match from {
        EdgeEnd::Service(service) => {
            model.endpoints.iter().filter(|endpoint| endpoint.service == service).for_each(|endpoint| collect(&endpoint.steps, &mut found));
            let replaced = model.versions.iter().filter(|version| version.service == service).flat_map(|version| &version.scripts);
            replaced.for_each(|(_, steps)| collect(steps, &mut found));
        }
        EdgeEnd::Source(source) => {
            if let Some(source) = model.sources.get(source.index()) {
                found.extend(source.mix.iter().map(|(endpoint, _)| (*endpoint, source.policy.clone())));
            }
        }
    }
    found.retain(|(endpoint, _)| model.endpoints.get(endpoint.index()).is_some_and(|endpoint| endpoint.service == to));
    let mut once: Vec<(EndpointId, CallPolicy)> = Vec::new();
    for (endpoint, policy) in found {
        if once.iter().all(|(known, _)| *known != endpoint) {
            once.push((endpoint, policy));
        }
    }
    once
}

/// The budget of a policy that is a share of requests, if it has one.
fn share_of(policy: &CallPolicy) -> Option<&Share> {
    match &policy.retry.as_ref()?.budget {
        Some(Budget::Share(share)) => Some(share),
        _ => None,
    }
}

/// The policies in force: how `service.endpoint` is written, and the policy towards it.
fn in_force(model: &Model, changes: &[PolicyChange], caller: &str, from: EdgeEnd, to: ServiceId) -> Vec<(String, CallPolicy)> {
    let called = model.services.get(to.index()).map_or("", |service| service.name.as_str());
    let mut policies: Vec<(String, CallPolicy)> =
        scripted(model, from, to).into_iter().map(|(endpoint, policy)| (format!("{called}.{}", model.endpoints[endpoint.index()].name), policy)).collect();
    for change in changes.iter().filter(|change| change.from == caller) {
        for (name, policy) in &mut policies {
            if change.to == called || change.to == *name {
                policy.clone_from(&change.policy);
            }
        }
    }
    policies
}

/// What a policy does, a line each.
fn in_words(lang: Lang, policy: &CallPolicy) -> Vec<String> {
    let span = |span: SimSpan| format::millis(lang, span.as_millis_f64());
    let mut lines = vec![match policy.timeout {
        Some(timeout) => lang.with("policy.waits", &[("timeout", &span(timeout))]),
        None => lang.tr("policy.waits-for-ever").into_owned(),
    }];
    lines.push(match &policy.retry {
        Some(retry) => {
            let attempts = retry.attempts.to_string();
            lang.with(if retry.backoff.is_some() { "policy.retries-later" } else { "policy.retries" }, &[("attempts", &attempts)])
        }
        None => lang.tr("policy.tries-once").into_owned(),
    });
    if let Some(breaker) = &policy.breaker {
        let values = [("share", &*format::percent(lang, breaker.failure_rate.get())), ("calls", &*breaker.window.to_string()), ("open", &*span(breaker.open))];
        lines.push(lang.with("policy.breaks", &values));
    }
    if let Some(pool) = &policy.pool {
        lines.push(lang.with("policy.pools", &[("size", &pool.size.to_string()), ("wait", &span(pool.acquire_timeout))]));
    }
    let also = [
        (policy.retry.as_ref().is_some_and(|retry| retry.budget.is_some()), "policy.budget"),
        (policy.hedge.is_some(), "policy.hedge"),
        (policy.bulkhead.is_some(), "policy.bulkhead"),
        (policy.rate_limit.is_some(), "policy.rate-limit"),
        (policy.throttle.is_some(), "policy.throttle"),
        (policy.fallback, "policy.fallback"),
        (policy.optional, "policy.optional"),
        (policy.propagate_deadline, "policy.deadline"),
        (policy.cancel, "policy.cancel"),
    ];
    let also: Vec<_> = also.into_iter().filter(|(on, _)| *on).map(|(_, key)| lang.tr(key)).collect();
    if !also.is_empty() {
        lines.push(lang.with("policy.also", &[("what", &also.join(", "))]));
    }
    lines
}

/// Draws the policies of an edge and the form to change them.
pub(super) fn policy_ui(ui: &mut Ui, shell: &mut Shell, from: EdgeEnd, to: ServiceId) {
    let lang = shell.lang();
    let why_not = shell.why_not("set-policy");
    let Some(run) = shell.run.as_mut() else { return };
    let (caller, called) = (run.end_name(from).to_owned(), run.service_name(to).to_owned());
    let policies = in_force(&run.scenario.model, &run.snapshot.policies, &caller, from, to);
    label::section(ui, lang.tr("policy.title"));
    let Some((_, first)) = policies.first().cloned() else {
        label::secondary(ui, lang.tr("policy.none"));
        return;
    };
    let alike = policies.iter().all(|(_, policy)| *policy == first);
    for (name, policy) in policies.iter().take(if alike { 1 } else { policies.len() }) {
        if !alike {
            ui.label(RichText::new(name).monospace());
        }
        for line in in_words(lang, policy) {
            ui.horizontal_top(|ui| {
                ui.label(RichText::new("·").color(colors(ui).secondary));
                label::secondary(ui, line);
            });
        }
    }
    let mut asked = Vec::new();
    change_ui(ui, lang, why_not, run, &policies, alike, (&caller, &called), &mut asked);
    for action in asked {
        shell.ask(Ask::Act(Box::new(action)));
    }
}

#[expect(clippy::too_many_arguments, reason = "a form over one edge needs all that is known of it")]
fn change_ui(
    ui: &mut Ui,
    lang: Lang,
    why_not: Option<String>,
    run: &mut Run,
    policies: &[(String, CallPolicy)],
    alike: bool,
    (caller, called): (&str, &str),
    asked: &mut Vec<Action>,
) {
    let forms = &mut run.inspector.forms;
    let open = forms.is_open(Form::Policy);
    let barred = why_not.is_some();
    let response = button::plain_if(ui, !barred, icons::TARGET, &lang.tr("policy.change"));
    if response.on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
        if !open {
            forms.policy = PolicyFields::of(&policies[0].1);
        }
        forms.show(if open { None } else { Some(Form::Policy) });
    }
    if !open || barred {
        return;
    }
    form_frame_ui(ui, |ui| {
        let fields = &mut forms.policy;
        let column = column(ui);
        grid("policy", column).show(ui, |ui| {
            let texts = [
                ("policy.timeout", &mut fields.timeout),
                ("policy.attempts", &mut fields.attempts),
                ("policy.budget.share", &mut fields.budget),
                ("policy.pool", &mut fields.pool),
            ];
            for (key, text) in texts {
                let title = lang.tr(key);
                named_ui(ui, &title, column);
                hinted_ui(ui, &title, text, "", column);
                ui.end_row();
            }
            let title = lang.tr("param.circuit_breaker");
            named_ui(ui, &title, column);
            ui.visuals_mut().widgets.inactive.bg_stroke.color = colors(ui).secondary;
            button::check(ui, &mut fields.breaker, "").accessible_name(title.as_ref());
            ui.reset_style();
            ui.end_row();
        });
        label::caption(ui, lang.tr("policy.empty"));
        let changed: Result<Vec<CallPolicy>, String> = policies.iter().map(|(_, policy)| fields.put_into(lang, policy)).collect();
        match changed {
            Ok(changed) => {
                let same = changed.iter().zip(policies).all(|(new, (_, old))| new == old);
                let text = lang.with("policy.do", &[("caller", caller), ("called", called)]);
                if ui.add_enabled_ui(!same, |ui| button::primary(ui, icons::CHECK, &text).clicked()).inner {
                    let action = |to: &str, policy: &CallPolicy| Action::SetPolicy { from: caller.to_owned(), to: to.to_owned(), policy: policy.clone() };
                    if alike {
                        asked.push(action(called, &changed[0]));
                    } else {
                        asked.extend(policies.iter().zip(&changed).map(|((name, _), policy)| action(name, policy)));
                    }
                    if let Some(last) = asked.last() {
                        forms.asked.ask(last);
                    }
                }
            }
            Err(why) => _ = label::wrong(ui, &why),
        }
        if let Some(refusal) = forms.asked.why() {
            label::wrong(ui, refusal);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::resilience::breaker::Breaker;

    #[test]
    fn the_form_changes_what_it_shows_and_leaves_the_rest() {
        let breaker = Breaker { window: 20, ..Breaker::default() };
        let policy = CallPolicy { breaker: Some(breaker), fallback: true, timeout: Some(SimSpan::from_secs(1)), ..CallPolicy::default() };
        let fields = PolicyFields::of(&policy);
        assert_eq!(fields.put_into(Lang::En, &policy).as_ref(), Ok(&policy), "nothing was changed");
        let fields = PolicyFields { timeout: String::new(), attempts: "4".to_owned(), pool: "8".to_owned(), ..fields };
        let changed = fields.put_into(Lang::En, &policy).expect("it can be read");
        assert_eq!((changed.timeout, changed.retry.map(|retry| retry.attempts), changed.pool.map(|pool| pool.size)), (None, Some(4), Some(8)));
        assert!(changed.fallback && changed.breaker.is_some_and(|breaker| breaker.window == 20));
        let fields = PolicyFields { attempts: "0".to_owned(), ..PolicyFields::of(&policy) };
        assert_eq!(fields.put_into(Lang::En, &policy).expect_err("none"), "Attempts: “0” does not fit. An example: 3");
    }

    #[test]
    fn what_was_changed_last_is_in_force() {
        let scenario = crate::content::load("online-boutique").expect("a scenario of the library").scenario;
        let id = |name: &str| {
            let at = scenario.model.services.iter().position(|service| service.name == name).expect("a service");
            ServiceId::from_index(at)
        };
        let policies = |changes: &[PolicyChange]| {
            in_force(&scenario.model, changes, "frontend", EdgeEnd::Service(id("frontend")), id("cartservice")).into_iter().map(|(_, policy)| policy.timeout)
        };
        assert!(policies(&[]).count() > 0, "the frontend calls the cart");
        let to = |secs: u64| PolicyChange {
            from: "frontend".to_owned(),
            to: "cartservice".to_owned(),
            policy: CallPolicy { timeout: Some(SimSpan::from_secs(secs)), ..CallPolicy::default() },
        };
        assert!(policies(&[to(3), to(7)]).all(|timeout| timeout == Some(SimSpan::from_secs(7))));
    }
}
