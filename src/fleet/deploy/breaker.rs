//! The ECS deployment circuit breaker: counts tasks of a deployment that fail, and gives up at a threshold.
//!
//! The threshold is clamp(ceil(share × desired), 3, 200): 3 for one task, 5 for 10, 13 for 25, 200 from 400 up. A task
//! that fails to start, dies before it is healthy or is found unhealthy counts; a task that becomes healthy sets the
//! count back (`resetOnHealthyTask`, on by default).

use crate::choice::params;
use crate::units::Ratio;

params! {
    /// ECS deployment circuit breaker: threshold = clamp(ceil(0.5 × desired), 3, 200) failed tasks.
    pub struct DeploymentBreaker {
        /// Whether the last completed deployment is restored. Default true.
        pub rollback: bool = true,
        /// Share of the desired count that may fail. Default 50 % (ECS).
        pub threshold: Ratio = Ratio::new(0.5),
    }
}

impl DeploymentBreaker {
    /// Failed tasks at which a deployment of `desired` tasks fails.
    pub fn failures_allowed(&self, desired: u32) -> u32 {
        // Rounded to nine digits first, because 0.55 × 20 is a little more than 11 in binary.
        let share = (self.threshold.get() * f64::from(desired) * 1e9).round() / 1e9;
        (share.ceil() as u32).clamp(3, 200)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_half_of_the_tasks_between_3_and_200() {
        let breaker = DeploymentBreaker::default();
        for (desired, threshold) in [(1, 3), (6, 3), (7, 4), (10, 5), (25, 13), (400, 200), (800, 200)] {
            assert_eq!(breaker.failures_allowed(desired), threshold, "desired {desired}");
        }
        let tighter = DeploymentBreaker { threshold: Ratio::new(0.55), ..DeploymentBreaker::default() };
        assert_eq!(tighter.failures_allowed(20), 11);
    }
}
