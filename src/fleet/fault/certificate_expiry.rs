//! Certificate expiry: from the moment it expires, every new connection to the service fails.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::kernel::outcome::Reason;

params! {
    /// From the moment it expires, every new connection to the service fails.
    pub struct CertificateExpiry {}
}

impl Effect for CertificateExpiry {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.refuse(Reason::CertificateExpired);
    }
    /// The certificate belongs to the service: instances started later present it, too.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_connections_are_refused_for_the_certificate() {
        let (fault, mut impact) = (CertificateExpiry::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert_eq!(impact.modifiers.refuse, Some(Reason::CertificateExpired));
        assert!(fault.reaches_later());
    }
}
