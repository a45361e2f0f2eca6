//! Certificate expiry: from the moment it expires, every new call to the service fails.
//!
//! Connections are not modelled one by one, so each call counts as one with a TLS handshake of its own, whether its client
//! keeps a pool or not: in truth connections that are open already live on until they are closed. What is being served
//! when the certificate expires is still answered. Health checks notice nothing: neither the kubelet nor an Application
//! Load Balancer verifies the certificate of what it checks.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::kernel::outcome::Reason;

params! {
    /// From the moment it expires, every new call to the service fails, pooled connections included.
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
