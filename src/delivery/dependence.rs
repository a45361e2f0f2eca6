//! Who needs whom: which services each one calls, and without which users are not answered. It reads scripts, and nothing that happened.

use std::collections::BTreeSet;

use crate::ids::{EndpointId, ServiceId};
use crate::kernel::model::{Call, Model, Step};

/// Every call that steps may make.
fn calls(steps: &[Step], found: &mut impl FnMut(&Call)) {
    Step::each(steps, &mut |step| {
        if let Step::Call(call) = step {
            found(call);
        }
    });
}

/// Which services each service calls, in order.
pub(super) fn neighbours(model: &Model) -> Vec<Vec<ServiceId>> {
    let mut all = vec![BTreeSet::new(); model.services.len()];
    for endpoint in &model.endpoints {
        let own = &mut all[endpoint.service.index()];
        calls(&endpoint.steps, &mut |call| _ = own.insert(model.endpoints[call.endpoint.index()].service));
    }
    all.into_iter().map(|found| found.into_iter().collect()).collect()
}

/// The services without which some users are not answered: those that they ask, and those called from there whose failure is neither
/// ignored nor answered by a fallback. Whoever is on call knows them.
pub(super) fn vital(model: &Model) -> BTreeSet<ServiceId> {
    let mut known: BTreeSet<EndpointId> = BTreeSet::new();
    let mut next: Vec<EndpointId> = model.sources.iter().flat_map(|source| source.mix.iter().map(|(endpoint, _)| *endpoint)).collect();
    while let Some(endpoint) = next.pop() {
        if known.insert(endpoint) {
            let mut needed = |call: &Call| {
                if !call.policy.optional && !call.policy.fallback {
                    next.push(call.endpoint);
                }
            };
            calls(&model.endpoints[endpoint.index()].steps, &mut needed);
        }
    }
    known.into_iter().map(|endpoint| model.endpoints[endpoint.index()].service).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_answered_without_advertisements_and_not_without_a_catalogue() {
        let model = crate::content::load("online-boutique").expect("it is shipped").scenario.model.clone();
        let vital = vital(&model);
        let is_vital = |name: &str| {
            let at = model.services.iter().position(|service| service.name == name).expect(name);
            vital.contains(&ServiceId::from_index(at))
        };
        for name in ["frontend", "productcatalogservice", "cartservice", "redis-cart", "checkoutservice", "paymentservice"] {
            assert!(is_vital(name), "{name}");
        }
        for name in ["adservice", "emailservice"] {
            assert!(!is_vital(name), "{name}");
        }
    }
}
