//! Health checks: Application Load Balancer target checks and Kubernetes probes.

use crate::choice::{choice, params};
use crate::units::SimSpan;

choice! {
    /// Who checks an instance's health, and by which rules.
    pub enum HealthCheck {
        /// An Application Load Balancer's target group: unhealthy targets leave the rotation, and all stay in it when
        /// all are unhealthy (fail-open).
        "alb" => Alb(Alb),
        /// Kubernetes probes: readiness takes an instance out of rotation, liveness restarts it.
        "kubernetes" => Kubernetes(Kubernetes),
    }
}

params! {
    /// Target group health check (Elastic Load Balancing API defaults).
    pub struct Alb {
        /// From one check to the next, 5 s to 300 s. Default `"30s"`.
        pub interval: SimSpan = SimSpan::from_secs(30),
        /// How long an answer may take. Default `"5s"`.
        pub timeout: SimSpan = SimSpan::from_secs(5),
        /// Successes in a row that make an unhealthy target healthy, 2 to 10. Default 5. A new target needs one.
        pub healthy_threshold: u32 = 5,
        /// Failures in a row that make a target unhealthy, 2 to 10. Default 2.
        pub unhealthy_threshold: u32 = 2,
        /// Below this many healthy targets traffic goes to all of them (fail-open). Default 1.
        pub minimum_healthy: u32 = 1,
        /// A target that turned healthy gets a share that rises linearly for this long, 30 s to 900 s. Default `"0s"`: off.
        pub slow_start: SimSpan = SimSpan::ZERO,
    }
}

params! {
    /// One Kubernetes probe (core/v1 defaults).
    pub struct Probe {
        /// Wait before the first probe. Default `"0s"`.
        pub initial_delay: SimSpan = SimSpan::ZERO,
        /// From one probe to the next. Default `"10s"`.
        pub period: SimSpan = SimSpan::from_secs(10),
        /// How long an answer may take. Default `"1s"`.
        pub timeout: SimSpan = SimSpan::from_secs(1),
        /// Successes in a row that count as success. Default 1 (must be 1 for liveness and start-up).
        pub success_threshold: u32 = 1,
        /// Failures in a row that count as failure. Default 3.
        pub failure_threshold: u32 = 3,
    }
}

params! {
    /// Kubernetes probes; each is off unless written.
    pub struct Kubernetes {
        /// Takes the instance out of rotation while it fails. Default: none: in rotation as soon as it runs.
        pub readiness: Option<Probe> = None,
        /// Restarts the instance when it fails. Default: none.
        pub liveness: Option<Probe> = None,
        /// Suspends the other two until it succeeds. Default: none.
        pub startup: Option<Probe> = None,
    }
}
