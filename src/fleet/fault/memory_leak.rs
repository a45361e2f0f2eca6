//! Memory leak: memory grows with every request until the kernel kills the process at its limit.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::units::Bytes;

params! {
    /// Memory grows with every request until the kernel kills the process at its limit.
    pub struct MemoryLeak {
        /// Leaked by each request. Default `"64KiB"`.
        pub per_request: Bytes = Bytes::new(64 * 1024),
    }
}

impl Effect for MemoryLeak {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.leak(self.per_request.get());
    }
    /// The leak is in the code that every instance runs, later ones included; a restart only begins it anew.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_leaks() {
        let (fault, mut impact) = (MemoryLeak::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert_eq!(impact.modifiers.leak, 64 * 1024);
        assert!(fault.reaches_later());
    }
}
