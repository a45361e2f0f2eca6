//! How a team works: everything about its people that a scenario may set.
//!
//! Parameters stand beside the behaviour that they configure; this file composes them and holds those of people.

use std::collections::BTreeMap;

use super::branch::Branching;
use super::calendar::Calendar;
use super::change::{Defects, Work};
use crate::choice::params;
use crate::units::{Ratio, SimSpan};

params! {
    /// Reviews of changes before they are merged.
    pub struct Review {
        /// Reviewers who must agree, 0 to 3. Default 1.
        pub approvals: u32 = 1,
        /// Undisturbed time for every 100 changed lines. Default `"20m"` (chosen for Fleetlab: 300 lines an hour, the middle of the
        /// rates at which reviews still find things, `SmartBear`'s study at Cisco, 2006).
        pub effort: SimSpan = SimSpan::from_secs(20 * 60),
        /// Share of the defects in 200 lines that a reviewer finds; in longer changes the eye gives way, and a reviewer finds as
        /// many as in 200 lines and no more. Default 35 % (chosen for Fleetlab; code review removes 20 % to 35 % informally, and
        /// 45 % to 70 % as formal inspection, Jones 2011).
        pub finds: Ratio = Ratio::new(0.35),
    }
}

params! {
    /// What people do when production is hurt.
    pub struct Response {
        /// From an alarm until somebody is at it, in working time. Default `"5m"` (chosen for Fleetlab).
        pub acknowledge: SimSpan = SimSpan::from_secs(5 * 60),
        /// The same at night and at weekends. Default `"15m"` (chosen for Fleetlab).
        pub acknowledge_at_night: SimSpan = SimSpan::from_secs(15 * 60),
        /// Mean time until whoever is on call suspects something. Default `"15m"` (chosen for Fleetlab).
        pub diagnose: SimSpan = SimSpan::from_secs(15 * 60),
        /// Mean undisturbed time until the defect is found in the code, for each change that may have brought it. Default `"45m"`
        /// (chosen for Fleetlab).
        pub investigate: SimSpan = SimSpan::from_secs(45 * 60),
        /// How long people wait until they see whether a rollback or a fix helped; longer than alarms need to go back, or what
        /// helped is taken for useless. Default `"25m"` (chosen for Fleetlab).
        pub verify: SimSpan = SimSpan::from_secs(25 * 60),
        /// A deployment is suspected for this long after it ended. Default `"24h"` (chosen for Fleetlab).
        pub suspect: SimSpan = SimSpan::from_secs(86_400),
        /// Undisturbed time that it takes to write a fix. Default `"1h"` (chosen for Fleetlab).
        pub fix: SimSpan = SimSpan::from_secs(3_600),
        /// Share of failed requests after which a user writes to support. Default 0.1 % (chosen for Fleetlab).
        pub reports: Ratio = Ratio::new(0.001),
        /// How long one person is on call. Default `"168h"`, a week (chosen for Fleetlab).
        pub shift: SimSpan = SimSpan::from_secs(7 * 86_400),
    }
}

params! {
    /// A team: people, their hours, the work that comes, and how they go about it.
    pub struct Team {
        /// How many people, 1 to 200. Default 5 (chosen for Fleetlab).
        pub people: u32 = 5,
        /// When they work.
        pub calendar: Calendar = Calendar::default(),
        /// Share of working time that is left for tasks, 5 % to 100 %. Default 60 % (chosen for Fleetlab).
        pub focus: Ratio = Ratio::new(0.6),
        /// The work that comes.
        pub work: Work = Work::default(),
        /// The defects that people write.
        pub defects: Defects = Defects::default(),
        /// Share of changes that do not compile which people notice before they commit. Default 90 % (chosen for Fleetlab).
        pub local_checks: Ratio = Ratio::new(0.9),
        /// Reviews.
        pub review: Review = Review::default(),
        /// How branches are used. Default trunk-based (DORA's capability of that name).
        pub branching: Branching = Branching::default(),
        /// What happens when production is hurt.
        pub response: Response = Response::default(),
        /// Share of the work by service. Default: each service that a pipeline delivers gets the same (chosen for Fleetlab).
        pub services: BTreeMap<String, f64> = BTreeMap::new(),
    }
}

impl Team {
    /// Says what is impossible about it, if anything is.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=200).contains(&self.people) {
            return Err(format!("a team has 1 to 200 people, not {}", self.people));
        }
        if self.focus.get() < 0.05 {
            return Err(format!("with a focus of {} nothing is ever done; it is 5% to 100%", self.focus));
        }
        if self.review.approvals > 3 || self.review.approvals >= self.people {
            return Err(format!("{} people cannot give {} approvals: nobody reviews their own change, and 3 is the most", self.people, self.review.approvals));
        }
        if self.response.shift.nanos() < 3_600_000_000_000 {
            return Err(format!("a shift of {} is too short; people are on call for an hour or more", self.response.shift));
        }
        if let Some((name, weight)) = self.services.iter().find(|(_, weight)| !(0.0..=1e6).contains(*weight)) {
            return Err(format!("the share of `{name}` is {weight}; it is 0 to 1000000"));
        }
        if !self.services.is_empty() && self.services.values().all(|weight| *weight <= 0.0) {
            return Err("no service gets any of the work".to_owned());
        }
        self.calendar.check()?;
        self.work.check()?;
        self.defects.check()?;
        self.branching.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_possible_and_nonsense_is_not() {
        assert_eq!(Team::default().check(), Ok(()));
        for wrong in [
            "people = 0",
            "focus = '1%'",
            "people = 2\nreview = { approvals = 2 }",
            "response = { shift = '1m' }",
            "services = { a = -1.0 }",
            "services = { a = 0.0 }",
        ] {
            assert!(toml::from_str::<Team>(wrong).expect(wrong).check().is_err(), "{wrong}");
        }
        assert!(toml::from_str::<Team>("peple = 3").is_err());
    }
}
