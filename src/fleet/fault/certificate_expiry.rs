//! Certificate expiry: from the moment it expires, every new connection to the service fails.

use crate::choice::params;

params! {
    /// From the moment it expires, every new connection to the service fails.
    pub struct CertificateExpiry {}
}
