//! What versions really are: worse than the one that they replace, the same, or something else.
//!
//! This is the truth of the scenario, which no simulated tool reads. It serves to grade: a rollback of a version that is
//! the same is false, and one of a version that is worse is right.

use std::collections::BTreeSet;

use crate::ids::{ServiceId, VersionId};
use crate::kernel::model::{Behaviour, Model, Version};
use crate::scenario::{Action, Scenario};
use crate::units::SimTime;

/// What a version is, measured by the one that it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It behaves exactly alike: same behaviour, same scripts.
    Same,
    /// It fails more often, is slower, leaks, does not start, fails its checks, or somebody does not understand its schema.
    Worse,
    /// It is different, and the description does not say whether for the worse: another script, or faster.
    Other,
}

/// A version that the timeline deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// When.
    pub at: SimTime,
    /// The service.
    pub service: ServiceId,
    /// The version.
    pub version: VersionId,
    /// What it is, measured by the first version of its service.
    pub nature: Nature,
}

/// What a version is, measured by another one of its service.
pub(super) fn nature(model: &Model, version: VersionId, replaced: VersionId) -> Nature {
    let (new, old) = (&model.versions[version.index()], &model.versions[replaced.index()]);
    // A flaw that the replaced version had, too, is no news; one that hurts nobody is no harm.
    let brings_flaws = new.flaws.iter().any(|flaw| flaw.behaviour != Behaviour::default() && !old.flaws.contains(flaw));
    if brings_flaws {
        return Nature::Worse;
    }
    if new.behaviour == old.behaviour && scripts(new) == scripts(old) {
        return Nature::Same;
    }
    let (after, before) = (&new.behaviour, &old.behaviour);
    let worse = after.error_rate > before.error_rate
        || after.health_error_rate > before.health_error_rate
        || after.latency_factor > before.latency_factor
        || after.memory_leak > before.memory_leak
        || after.startup_failure > before.startup_failure
        || clashes(model, new) > clashes(model, old);
    if worse { Nature::Worse } else { Nature::Other }
}

/// The scripts that a version replaces, in the order of their endpoints.
fn scripts(version: &Version) -> Vec<&(crate::ids::EndpointId, Vec<crate::kernel::model::Step>)> {
    let mut scripts: Vec<_> = version.scripts.iter().collect();
    scripts.sort_by_key(|(endpoint, _)| *endpoint);
    scripts
}

/// First versions of services with which a version cannot talk, in either direction.
fn clashes(model: &Model, version: &Version) -> usize {
    let firsts = model.services.iter().filter_map(|service| model.versions.get(service.versions.first()?.index()));
    firsts.filter(|other| other.service != version.service && (version.clashes_with(other) || other.clashes_with(version))).count()
}

/// What the timeline deploys, in order of time. Entries whose names are not known are left out.
pub(super) fn releases(scenario: &Scenario) -> Vec<Release> {
    let model = &scenario.model;
    let release = |at: SimTime, of: &str, name: &str| {
        let index = model.services.iter().position(|service| service.name == of)?;
        let versions = &model.services[index].versions;
        let version = *versions.iter().find(|version| model.versions[version.index()].name == name)?;
        Some(Release { at, service: ServiceId::from_index(index), version, nature: nature(model, version, *versions.first()?) })
    };
    let deployed = scenario.timeline.iter().filter_map(|timed| match &timed.action {
        Action::Deploy { service, version, .. } => release(timed.at, service, version),
        _ => None,
    });
    deployed.collect()
}

/// The scenario with every version that it deploys and that is worse made like the first one of its service; `None` if it
/// deploys no such version. Nobody goes back from what does no harm, so rollbacks of those services on the timeline are
/// left out, too.
pub(super) fn harmless(scenario: &Scenario) -> Option<Scenario> {
    let worse: Vec<Release> = releases(scenario).into_iter().filter(|release| release.nature == Nature::Worse).collect();
    if worse.is_empty() {
        return None;
    }
    let mut twin = scenario.clone();
    for release in &worse {
        let first = twin.model.services[release.service.index()].versions[0];
        let Version { behaviour, scripts, .. } = twin.model.versions[first.index()].clone();
        let version = &mut twin.model.versions[release.version.index()];
        (version.behaviour, version.scripts) = (behaviour, scripts);
    }
    let mended: BTreeSet<&str> = worse.iter().map(|release| scenario.model.services[release.service.index()].name.as_str()).collect();
    twin.timeline.retain(|timed| !matches!(&timed.action, Action::RollBack { service } if mended.contains(service.as_str())));
    Some(twin)
}
