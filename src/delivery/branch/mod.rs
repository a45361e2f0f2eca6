//! Branching models: where a change goes when it is ready, and when what was merged is released.
//!
//! A model is parameters and a few decisions; people, reviews, builds and deployments are the same under all of them. To add
//! a model: a file with its parameters, its decisions and its tests, and its lines in the lists below.

mod gitflow;
mod trunk;

pub use gitflow::{GitFlow, Release, ReleaseStep};
pub use trunk::TrunkBased;

use serde::Serialize;

use crate::choice::choice;

choice! {
    /// How branches are used.
    pub enum Branching {
        /// Driessen's model of 2010: feature, develop, release, hotfix.
        "gitflow" => GitFlow(GitFlow),
        /// Short branches, merged into the trunk every day.
        "trunk-based" => TrunkBased(TrunkBased),
    }
}

impl Default for Branching {
    fn default() -> Self {
        Self::TrunkBased(TrunkBased::default())
    }
}

/// A branch that lives for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Branch {
    /// What production runs, or will run next: `main`, in older texts `master`.
    Main,
    /// What the next release will be.
    Develop,
}

impl Branch {
    /// Its name in a repository.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Develop => "develop",
        }
    }
}

impl Branching {
    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::GitFlow(model) => model.check(),
            Self::TrunkBased(model) => model.check(),
        }
    }

    /// Where a change branches off and is merged back to: a feature, or what cannot wait for a release.
    pub const fn home(&self, feature: bool) -> Branch {
        match self {
            Self::GitFlow(_) if feature => Branch::Develop,
            Self::GitFlow(_) | Self::TrunkBased(_) => Branch::Main,
        }
    }

    /// The name of a change's own branch.
    pub fn branch_name(&self, change: u32, feature: bool) -> String {
        match (self, feature) {
            (Self::GitFlow(_), true) => format!("feature/{change}"),
            (Self::GitFlow(_), false) => format!("hotfix/{change}"),
            (Self::TrunkBased(_), true) => format!("change/{change}"),
            (Self::TrunkBased(_), false) => format!("fix/{change}"),
        }
    }

    /// Whether what is merged into a branch is also merged into another one.
    pub const fn also_into(&self, into: Branch) -> Option<Branch> {
        match (self, into) {
            (Self::GitFlow(_), Branch::Main) => Some(Branch::Develop),
            _ => None,
        }
    }

    /// Probability that a merge conflicts, given what others merged into the same service since the branch began: pairs of
    /// 100 lines of one's own with 100 lines of theirs. Each pair touches the same spot with a probability of the model's;
    /// so it grows with overlap and, because others go on merging, with age.
    pub fn conflict(&self, own_lines: u32, their_lines: u32) -> f64 {
        let each = match self {
            Self::GitFlow(model) => model.conflict.get(),
            Self::TrunkBased(model) => model.conflict.get(),
        };
        let pairs = f64::from(own_lines) / 100.0 * f64::from(their_lines) / 100.0;
        1.0 - libm::pow(1.0 - each, pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_grow_with_size_and_with_what_others_merged_meanwhile() {
        let trunk = Branching::default();
        assert!(trunk.conflict(60, 0).abs() < 1e-12, "nobody else merged");
        assert!((trunk.conflict(100, 100) - 0.02).abs() < 1e-12);
        let daily = trunk.conflict(60, 200);
        let weekly = trunk.conflict(600, 2_000);
        assert!(daily < 0.03 && weekly > 0.9, "{daily} {weekly}");
    }

    #[test]
    fn gitflow_merges_features_into_develop_and_hotfixes_into_both() {
        let (gitflow, trunk) = (Branching::GitFlow(GitFlow::default()), Branching::default());
        assert_eq!((gitflow.home(true), gitflow.home(false)), (Branch::Develop, Branch::Main));
        assert_eq!(gitflow.also_into(Branch::Main), Some(Branch::Develop));
        assert_eq!((trunk.home(true), trunk.home(false), trunk.also_into(Branch::Main)), (Branch::Main, Branch::Main, None));
        assert_eq!((gitflow.branch_name(7, true), gitflow.branch_name(8, false)), ("feature/7".to_owned(), "hotfix/8".to_owned()));
    }
}
