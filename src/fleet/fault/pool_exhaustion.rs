//! Connection-pool exhaustion: leaked connections leave fewer for the calls to the service.
//!
//! It acts in the client processes that hold pools towards the service: each loses the leaked share of those connections
//! that lead to the selected instances. With one of four instances selected and everything leaked, every client is left
//! with three quarters of its pool, rounded down. What leaked stays lost until the fault is over, whatever becomes of
//! the instances meanwhile.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::units::Ratio;

params! {
    /// Leaked connections leave fewer for the calls to the service.
    pub struct PoolExhaustion {
        /// Share of the connections to the selected instances that each client loses. Default 1.
        pub leaked: Ratio = Ratio::ONE,
    }
}

impl Effect for PoolExhaustion {
    fn act(&self, _: Aim, _: &mut Impact) {}
    fn leaks_pool(&self) -> f64 {
        self.leaked.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_lose_their_connections_and_instances_lose_nothing() {
        let (fault, mut impact) = (PoolExhaustion::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!(!impact.is_felt());
        assert!((fault.leaks_pool() - 1.0).abs() < 1e-12);
    }
}
