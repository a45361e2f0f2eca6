//! Why a deployment that a pipeline asked for was not begun, or is not waited for any more.
//!
//! A pipeline's action tells it in the reader's language ([`Why::NotDeployed`]), so each reason is a phrase. What the fleet
//! refuses, and why a deployment failed, are phrases of their own.
//!
//! [`Why::NotDeployed`]: super::pipeline::outcome::Why::NotDeployed

use crate::phrase::phrases;
use crate::telemetry::ledger::{ChangeNumber, DeploymentNumber};

phrases! {
    /// Why nothing came of a deployment.
    pub enum NotDeployed {
        /// What is wrong in production is in it, too, and nobody knows yet what would mend it.
        "held-back" => HeldBack = "held back: what was rolled back is still in it",
        /// What is wrong in production is in it, too, and its fix is not.
        "held-until" => HeldUntil {
            /// The fix.
            change: ChangeNumber,
        } = "held back until change {change} is in it",
        /// A stage cannot go back to what never was in production.
        "never-deployed" => NeverDeployed = "what it goes back to was never deployed",
        /// A stage cannot go back where nothing came before.
        "nothing-deployed" => NothingDeployed = "nothing was ever deployed",
        /// Another deployment of the service took over.
        "deployment-superseded" => Superseded {
            /// The newer one.
            by: DeploymentNumber,
        } = "superseded by deployment #{by}",
    }
}
