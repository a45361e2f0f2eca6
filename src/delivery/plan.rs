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
        /// Mean undisturbed time until the defect is found in the code if one change may have brought it, and as long again for
        /// each halving of several (`git bisect`). Default `"45m"` (chosen for Fleetlab).
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
    /// Says everything that is impossible about it, each with the keys that lead to where it is written.
    pub fn problems(&self) -> Vec<(Vec<&str>, String)> {
        let mut all: Vec<(Vec<&str>, String)> = Vec::new();
        let people_are_possible = (1..=200).contains(&self.people);
        if !people_are_possible {
            all.push((vec!["people"], format!("a team has 1 to 200 people, not {}", self.people)));
        }
        if self.focus.get() < 0.05 {
            all.push((vec!["focus"], format!("with a focus of {} nothing is ever done; it is 5% to 100%", self.focus)));
        }
        let approvals = self.review.approvals;
        if approvals > 3 {
            all.push((vec!["review", "approvals"], format!("a change gets 0 to 3 approvals, not {approvals}")));
        } else if people_are_possible && approvals >= self.people {
            let why = format!("{} people cannot give {approvals} approvals: nobody reviews their own change", self.people);
            all.push((vec!["review", "approvals"], why));
        }
        if self.response.shift.nanos() < 3_600_000_000_000 {
            let why = format!("a shift of {} is too short; people are on call for an hour or more", self.response.shift);
            all.push((vec!["response", "shift"], why));
        }
        let impossible = self.services.iter().filter(|(_, weight)| !(0.0..=1e6).contains(*weight));
        all.extend(impossible.map(|(name, weight)| (vec!["services", name.as_str()], format!("the share of `{name}` is {weight}; it is 0 to 1000000"))));
        if !self.services.is_empty() && self.services.values().all(|weight| *weight == 0.0) {
            all.push((vec!["services"], "no service gets any of the work".to_owned()));
        }
        all.extend(self.calendar.check().err().map(|why| (vec!["calendar"], why)));
        all.extend(self.work.problems().into_iter().map(|(key, why)| (vec!["work", key], why)));
        all.extend(self.defects.problems().into_iter().map(|(key, why)| (vec!["defects", key], why)));
        all.extend(self.branching.check().err().map(|why| (vec!["branching"], why)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_possible_and_nonsense_is_not() {
        assert_eq!(Team::default().problems(), []);
        for wrong in [
            "people = 0",
            "focus = '1%'",
            "people = 2\nreview = { approvals = 2 }",
            "response = { shift = '1m' }",
            "services = { a = -1.0 }",
            "services = { a = 0.0 }",
        ] {
            assert_eq!(toml::from_str::<Team>(wrong).expect(wrong).problems().len(), 1, "{wrong}");
        }
        let several = toml::from_str::<Team>("people = 0\nfocus = '1%'\nreview = { approvals = 9 }\nwork = { rate = '1000/h', batch = 0 }").expect("a team");
        let found = several.problems();
        let places: Vec<String> = found.iter().map(|(place, _)| place.join(".")).collect();
        assert_eq!(places, ["people", "focus", "review.approvals", "work.batch", "work.rate"]);
        assert!(found[4].1.contains("1000/h; it is 0/h to 360/h"), "{found:?}");
        assert!(toml::from_str::<Team>("peple = 3").is_err());
    }
}
