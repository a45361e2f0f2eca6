//! Delivery and its metrics, for a reader: worked out anew only when something has happened.

use std::sync::Arc;

use super::walk::Walks;
use crate::delivery::look::{DeliveryLook, Generation};
use crate::ids::{FlawId, ServiceId, VersionId};
use crate::insight::deployments::deployments;
use crate::insight::dora::{self, Period};
use crate::lab::Session;
use crate::lab::snapshot::{DoraSnapshot, FlawSnapshot};
use crate::units::{SimSpan, SimTime};

/// A day [ns].
const DAY: u64 = 86_400_000_000_000;
/// The window of the trend.
const WEEK: SimSpan = SimSpan::from_secs(7 * 86_400);

/// What was last worked out, and from what.
#[derive(Debug, Default)]
pub(in crate::lab) struct Kept {
    look: Option<(Generation, Arc<DeliveryLook>)>,
    dora: Option<(usize, u64, Arc<DoraSnapshot>)>,
    walks: Walks,
}

impl Session {
    /// Works out anew what has changed since the last time.
    pub(super) fn look_at_delivery(&mut self) {
        if let Some(delivery) = self.delivery() {
            let generation = delivery.generation(self.now());
            if self.kept.look.as_ref().is_none_or(|(known, _)| *known != generation) {
                let look = Arc::new(delivery.look(self.now()));
                self.kept.look = Some((generation, look));
            }
        }
        let (records, hour) = (self.ledger().truth().len(), self.now().nanos() / (DAY / 24));
        if self.kept.dora.as_ref().is_none_or(|(known, at, _)| (*known, *at) != (records, hour)) {
            let dora = Arc::new(self.work_out_dora());
            self.kept.dora = Some((records, hour, dora));
        }
        let dora = self.dora();
        let mut walks = std::mem::take(&mut self.kept.walks);
        walks.follow(self, &dora.deployments);
        self.kept.walks = walks;
    }

    pub(super) fn delivery_look(&self) -> Option<Arc<DeliveryLook>> {
        self.kept.look.as_ref().map(|(_, look)| Arc::clone(look))
    }

    pub(super) fn dora(&self) -> Arc<DoraSnapshot> {
        self.kept.dora.as_ref().map(|(_, _, dora)| Arc::clone(dora)).unwrap_or_default()
    }

    pub(super) fn flaws(&self) -> Arc<Vec<FlawSnapshot>> {
        self.kept.walks.flaws()
    }

    /// What DORA's metrics would be if every failure were put down to the deployment that brought it, of one service or of all.
    pub fn true_dora(&self, service: Option<ServiceId>) -> dora::truth::Truth {
        let versions = &self.scenario().model.versions;
        let flaws = |version: VersionId| {
            versions.get(version.index()).map_or_else(Vec::new, |version| version.flaws.iter().map(|flaw| flaw.id).collect::<Vec<FlawId>>())
        };
        dora::truth::truth(&deployments(self.ledger()), service, Period::until(self.now()), self.store().strikes(), flaws)
    }

    fn work_out_dora(&self) -> DoraSnapshot {
        let all = deployments(self.ledger());
        let period = Period::until(self.now());
        let model = &self.scenario().model;
        let fleet = dora::metrics(&all, None, period);
        let days = (1..=self.now().nanos() / DAY).map(|day| SimTime::from_nanos(day * DAY));
        DoraSnapshot {
            services: (0..model.services.len()).map(|at| dora::metrics(&all, Some(ServiceId::from_index(at)), period)).collect(),
            trend: days.map(|day| (day, dora::metrics(&all, None, Period::last(WEEK, day)))).collect(),
            restore: dora::time_to_restore(self.ledger(), None, period),
            grades: dora::quick_check::grade(&fleet, None),
            truth: self.true_dora(None),
            fleet,
            deployments: all,
            versions: model.versions.iter().map(|version| version.name.clone()).collect(),
        }
    }
}
