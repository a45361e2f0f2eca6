//! Where commits stand in the graph: a lane for each branch, so that no two branches that live at once share one.
//!
//! Pure arithmetic on what the repository tells; it draws nothing.

use std::collections::BTreeMap;

use crate::delivery::history::Commit;
use crate::telemetry::ledger::CommitNumber;

/// What kind of branch a commit was made on: each has its own colour and shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BranchKind {
    /// `main`.
    Main,
    /// `develop`.
    Develop,
    /// `release/…`.
    Release,
    /// `feature/…` and `change/…`: planned work.
    Work,
    /// `hotfix/…` and `fix/…`: unplanned work.
    Fix,
}

impl BranchKind {
    /// All kinds, for the legend.
    pub(super) const ALL: [Self; 5] = [Self::Main, Self::Develop, Self::Release, Self::Work, Self::Fix];

    /// The kind of a branch by its name.
    pub(super) fn of(branch: &str) -> Self {
        match branch.split_once('/').map_or(branch, |(kind, _)| kind) {
            "main" => Self::Main,
            "develop" => Self::Develop,
            "release" => Self::Release,
            "hotfix" | "fix" => Self::Fix,
            _ => Self::Work,
        }
    }
    /// The key of its name.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Main => "branch.main",
            Self::Develop => "branch.develop",
            Self::Release => "branch.release",
            Self::Work => "branch.work",
            Self::Fix => "branch.fix",
        }
    }
}

/// From one commit to one that it follows, in places of the list; the newest commit is at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    /// The place of the later commit.
    pub(super) from: usize,
    /// The place of the earlier one; beyond the list if it is not in it.
    pub(super) to: usize,
    /// The lane of the later commit.
    pub(super) from_lane: usize,
    /// The lane of the earlier one.
    pub(super) to_lane: usize,
}

/// The graph of some commits.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    /// The lane of each commit, the newest first.
    pub(super) lanes: Vec<usize>,
    /// What joins them.
    pub(super) edges: Vec<Edge>,
    /// How many lanes there are.
    pub(super) width: usize,
}

/// Lays out commits that are given in order of time.
pub(super) fn layout(commits: &[Commit]) -> Graph {
    let index: BTreeMap<CommitNumber, usize> = commits.iter().enumerate().map(|(at, commit)| (commit.number, at)).collect();
    // The stretch of the list in which each branch needs a lane: from where it began to where it was merged, or to its end.
    let mut stretches: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, commit) in commits.iter().enumerate() {
        let began = commit.parents.first().and_then(|parent| index.get(parent)).copied().unwrap_or(at);
        let stretch = stretches.entry(&commit.branch).or_insert((began, at));
        stretch.1 = stretch.1.max(at);
        for parent in &commit.parents {
            if let Some(stretch) = index.get(parent).and_then(|parent| stretches.get_mut(commits[*parent].branch.as_str())) {
                stretch.1 = stretch.1.max(at);
            }
        }
    }
    let mut lanes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut free_from: Vec<usize> = Vec::new();
    // Branches that live for ever have the first lanes to themselves.
    for branch in ["main", "develop"] {
        if stretches.contains_key(branch) {
            lanes.insert(branch, free_from.len());
            free_from.push(usize::MAX);
        }
    }
    let mut others: Vec<(&str, (usize, usize))> = stretches.into_iter().filter(|(branch, _)| !lanes.contains_key(branch)).collect();
    others.sort_by_key(|(branch, (began, _))| (*began, *branch));
    for (branch, (began, ended)) in others {
        let lane = free_from.iter().position(|free| *free <= began).unwrap_or(free_from.len());
        if lane == free_from.len() {
            free_from.push(0);
        }
        free_from[lane] = ended;
        lanes.insert(branch, lane);
    }
    let lane = |commit: &Commit| lanes.get(commit.branch.as_str()).copied().unwrap_or(0);
    let place = |at: usize| commits.len() - 1 - at;
    let edges = commits.iter().enumerate().flat_map(|(at, commit)| commit.parents.iter().map(move |parent| (at, commit, *parent)));
    let edges = edges.map(|(at, commit, parent)| {
        let known = index.get(&parent).copied();
        let to_lane = known.map_or(lane(commit), |parent| lane(&commits[parent]));
        Edge { from: place(at), to: known.map_or(commits.len(), place), from_lane: lane(commit), to_lane }
    });
    Graph { edges: edges.collect(), lanes: commits.iter().rev().map(lane).collect(), width: free_from.len().max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::history::CommitKind;
    use crate::units::SimTime;

    fn commits(list: &[(&str, &[u32])]) -> Vec<Commit> {
        let commit = |(at, (branch, parents)): (usize, &(&str, &[u32]))| Commit {
            number: at as u32,
            sha: format!("{at:07x}"),
            at: SimTime::from_secs(at as u64),
            branch: (*branch).to_owned(),
            kind: CommitKind::Work,
            parents: parents.to_vec(),
            author: None,
            change: None,
        };
        list.iter().enumerate().map(commit).collect()
    }

    #[test]
    fn branches_that_live_at_once_have_lanes_of_their_own_and_later_ones_use_them_again() {
        let graph = layout(&commits(&[
            ("main", &[]),
            ("change/1", &[0]),
            ("change/2", &[0]),
            ("main", &[0, 1]),
            ("main", &[3, 2]),
            ("change/3", &[4]),
            ("main", &[4, 5]),
        ]));
        // The newest first.
        assert_eq!(graph.lanes, [0, 1, 0, 0, 2, 1, 0]);
        assert_eq!(graph.width, 3);
        assert!(graph.edges.contains(&Edge { from: 3, to: 5, from_lane: 0, to_lane: 1 }), "the merge of change 1");
    }

    #[test]
    fn what_a_commit_follows_may_be_older_than_the_list() {
        let mut list = commits(&[("main", &[]), ("develop", &[0]), ("feature/1", &[1])]);
        list.remove(0);
        let graph = layout(&list);
        assert_eq!(graph.lanes, [1, 0]);
        assert!(graph.edges.contains(&Edge { from: 1, to: 2, from_lane: 0, to_lane: 0 }), "it goes on below the list");
        assert!(layout(&[]).edges.is_empty());
    }

    #[test]
    fn the_kind_of_a_branch_is_in_its_name() {
        let kinds = ["main", "develop", "release/3", "feature/7", "change/7", "hotfix/8", "fix/8"].map(BranchKind::of);
        let expected = [BranchKind::Main, BranchKind::Develop, BranchKind::Release, BranchKind::Work, BranchKind::Work, BranchKind::Fix, BranchKind::Fix];
        assert_eq!(kinds, expected);
    }
}
