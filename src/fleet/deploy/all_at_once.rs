//! All at once: the old instances stop, and the new ones start in the same moment.
//!
//! The outage lasts as long as an instance takes to start, which is the lesson. (Kubernetes calls it `Recreate`;
//! `CodeDeploy`'s `AllAtOnce` replaces in place to the same effect.)

use super::driver::{Driver, Orders, Scene, Stand};
use crate::choice::params;

params! {
    /// Every instance is replaced at once: the old ones stop, the new ones start.
    pub struct AllAtOnce {}
}

impl AllAtOnce {
    /// Carries a deployment out.
    #[expect(clippy::unused_self, reason = "it has no parameters yet, and is called like the other strategies")]
    pub(super) fn driver(&self, _restores: bool) -> Box<dyn Driver> {
        Box::new(AtOnce {})
    }
}

#[derive(Debug)]
struct AtOnce {}

impl Driver for AtOnce {
    fn step(&mut self, scene: &Scene) -> Orders {
        let healthy = scene.new.iter().filter(|seen| seen.healthy_since.is_some()).count() as u32;
        let surplus = (scene.new.len() as u32).saturating_sub(scene.desired) as usize;
        let mut stop: Vec<_> = scene.old.iter().map(|seen| seen.id).collect();
        stop.extend(super::driver::choose(&scene.new, surplus));
        Orders {
            start: scene.desired.saturating_sub(scene.new.len() as u32),
            stop,
            stand: if scene.old.is_empty() && healthy >= scene.desired { Stand::Completed } else { Stand::Running },
            ..Orders::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::testing::{healthy, starting};
    use super::*;

    #[test]
    fn everything_old_stops_and_everything_new_starts_in_one_step() {
        let mut driver = AllAtOnce {}.driver(false);
        let orders = driver.step(&Scene { desired: 4, old: healthy(0, 4, 0), ..Scene::default() });
        assert_eq!((orders.start, orders.stop.len(), orders.stand), (4, 4, Stand::Running));
        let orders = driver.step(&Scene { desired: 4, new: starting(4, 4), ..Scene::default() });
        assert_eq!((orders.start, orders.stop.len(), orders.stand), (0, 0, Stand::Running));
        let orders = driver.step(&Scene { desired: 4, new: healthy(4, 4, 0), ..Scene::default() });
        assert_eq!(orders.stand, Stand::Completed);
    }
}
