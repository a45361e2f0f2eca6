//! The repository: changes, the commit graph, and what is on each branch of each service.
//!
//! A commit knows its parents, so the graph can be drawn; a revision of a service knows which changes and which hidden defects
//! it holds, so a build of it can be walked back to the commits that did it. It decides nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::branch::Branch;
use super::change::{Defect, ItemNumber};
use super::people::PersonNumber;
use crate::ids::{FlawId, ServiceId};
use crate::rng::mix;
use crate::telemetry::ledger::{ChangeNumber, CommitNumber};
use crate::units::SimTime;

/// A change, from the first line to production.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Its number, counting from 1.
    pub number: ChangeNumber,
    /// The service that it changes.
    pub service: ServiceId,
    /// The items of work in it.
    pub items: Vec<ItemNumber>,
    /// Lines changed [1].
    pub lines: u32,
    /// What is still wrong with it. Truth: nobody knows.
    pub defects: Vec<Defect>,
    /// Defects that it removes from the service.
    pub fixes: Vec<FlawId>,
    /// Whether it is planned work; otherwise it mends something that users met.
    pub planned: bool,
    /// Whether it mends what is on its way to production already and cannot wait for a release.
    pub urgent: bool,
    /// Whether users are hurt until it is in production: it waits neither for office hours nor for a review.
    pub emergency: bool,
    /// Who writes it.
    pub author: Option<PersonNumber>,
    /// When it came up.
    pub opened: SimTime,
    /// Its latest commit, and when that was made.
    pub commit: Option<(CommitNumber, SimTime)>,
    /// Lines that others had merged into the service when its branch began.
    pub base_lines: u64,
    /// Reviews that said yes.
    pub approvals: u32,
    /// When it was merged.
    pub merged: Option<SimTime>,
}

/// What a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitKind {
    /// Somebody's work.
    Work,
    /// A change comes into a branch.
    Merge,
    /// A release branch begins or comes into a branch.
    Release,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Commit {
    /// Its number, in order of time, counting from 0.
    pub number: CommitNumber,
    /// As repositories show it: seven hexadecimal digits.
    pub sha: String,
    /// When it was made.
    pub at: SimTime,
    /// The branch on which it was made.
    pub branch: String,
    /// What it is.
    pub kind: CommitKind,
    /// What it follows: none for the first, two for a merge.
    pub parents: Vec<CommitNumber>,
    /// Who made it.
    pub author: Option<PersonNumber>,
    /// The change that it belongs to.
    pub change: Option<ChangeNumber>,
}

/// What a service is at a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// The commit.
    pub commit: CommitNumber,
    /// The changes in it, in the order in which they came in.
    pub changes: Vec<ChangeNumber>,
    /// What is wrong with it. Truth: nobody knows.
    pub defects: Vec<Defect>,
}

/// A service on a branch.
#[derive(Debug, Clone, Default)]
struct Tip {
    changes: Vec<ChangeNumber>,
    defects: Vec<Defect>,
    /// Lines merged so far.
    lines: u64,
}

impl Tip {
    fn take_in(&mut self, change: &Change) {
        self.changes.push(change.number);
        self.lines += u64::from(change.lines);
        self.defects.retain(|defect| !change.fixes.contains(&defect.id));
        self.defects.extend(change.defects.iter().cloned());
    }
}

/// The repository of a team.
#[derive(Debug, Clone)]
pub struct History {
    seed: u64,
    commits: Vec<Commit>,
    /// The latest commit of each branch that was ever made.
    heads: BTreeMap<String, CommitNumber>,
    tips: BTreeMap<(Branch, ServiceId), Tip>,
}

impl History {
    /// A repository with its first commit.
    pub fn new(seed: u64) -> Self {
        let mut history = Self { seed, commits: Vec::new(), heads: BTreeMap::new(), tips: BTreeMap::new() };
        let first = history.commit(SimTime::ZERO, Branch::Main.name(), CommitKind::Work, &[], None, None);
        history.heads.insert(Branch::Develop.name().to_owned(), first);
        history
    }

    /// All commits, in order of time.
    pub fn commits(&self) -> &[Commit] {
        &self.commits
    }
    /// A commit.
    pub fn get(&self, commit: CommitNumber) -> &Commit {
        &self.commits[commit as usize]
    }
    /// The latest commit of a branch; of `main` if there is no such branch yet.
    pub fn head(&self, branch: &str) -> CommitNumber {
        self.heads.get(branch).or_else(|| self.heads.get(Branch::Main.name())).copied().unwrap_or_default()
    }
    /// Lines that were merged into a service on a branch.
    pub fn lines_of(&self, branch: Branch, service: ServiceId) -> u64 {
        self.tips.get(&(branch, service)).map_or(0, |tip| tip.lines)
    }

    /// Makes a commit that follows `parents`.
    fn commit(
        &mut self,
        at: SimTime,
        branch: &str,
        kind: CommitKind,
        parents: &[CommitNumber],
        author: Option<PersonNumber>,
        change: Option<ChangeNumber>,
    ) -> CommitNumber {
        let number = self.commits.len() as CommitNumber;
        let sha = format!("{:07x}", mix(self.seed ^ mix(u64::from(number))) >> 36);
        self.commits.push(Commit { number, sha, at, branch: branch.to_owned(), kind, parents: parents.to_vec(), author, change });
        self.heads.insert(branch.to_owned(), number);
        number
    }

    /// Somebody commits on a change's own branch, which begins at the head of `from` if it is new.
    pub fn work(&mut self, at: SimTime, branch: &str, from: Branch, author: Option<PersonNumber>, change: ChangeNumber) -> CommitNumber {
        let parent = self.heads.get(branch).copied().unwrap_or_else(|| self.head(from.name()));
        self.commit(at, branch, CommitKind::Work, &[parent], author, Some(change))
    }

    /// A change comes into a branch.
    pub fn merge(&mut self, at: SimTime, change: &Change, own: &str, into: Branch) -> CommitNumber {
        let parents = [self.head(into.name()), self.head(own)];
        let commit = self.commit(at, into.name(), CommitKind::Merge, &parents, change.author, Some(change.number));
        self.tips.entry((into, change.service)).or_default().take_in(change);
        commit
    }

    /// What is on `develop` becomes a release branch.
    pub fn cut_release(&mut self, at: SimTime, number: u32) -> (CommitNumber, BTreeMap<ServiceId, Revision>) {
        let parent = self.head(Branch::Develop.name());
        let commit = self.commit(at, &release_branch(number), CommitKind::Release, &[parent], None, None);
        let tips = self.tips.iter().filter(|((branch, _), _)| *branch == Branch::Develop);
        let content = tips.map(|((_, service), tip)| (*service, Revision { commit, changes: tip.changes.clone(), defects: tip.defects.clone() }));
        (commit, content.collect())
    }

    /// A release branch comes into `main`; returns the services that it changes there.
    pub fn merge_release(&mut self, at: SimTime, number: u32, content: &BTreeMap<ServiceId, Revision>, changes: &[Change]) -> Vec<ServiceId> {
        let own = release_branch(number);
        let parents = [self.head(Branch::Main.name()), self.head(&own)];
        self.commit(at, Branch::Main.name(), CommitKind::Release, &parents, None, None);
        let back = [self.head(Branch::Develop.name()), self.head(&own)];
        self.commit(at, Branch::Develop.name(), CommitKind::Release, &back, None, None);
        let mut changed = Vec::new();
        for (service, revision) in content {
            let tip = self.tips.entry((Branch::Main, *service)).or_default();
            let new: Vec<ChangeNumber> = revision.changes.iter().copied().filter(|change| !tip.changes.contains(change)).collect();
            if new.is_empty() {
                continue;
            }
            // What is on `main` already, hotfixes included, stays; what is new brings its defects, less those that were mended.
            let brought = |defect: &&Defect| !tip.defects.iter().any(|known| known.id == defect.id);
            let mended: Vec<FlawId> =
                tip.changes.iter().chain(&new).filter_map(|change| changes.get(*change as usize - 1)).flat_map(|change| change.fixes.clone()).collect();
            let defects: Vec<Defect> = revision.defects.iter().filter(brought).filter(|defect| !mended.contains(&defect.id)).cloned().collect();
            tip.defects.retain(|defect| !mended.contains(&defect.id));
            tip.lines += new.iter().filter_map(|change| changes.get(*change as usize - 1)).map(|change| u64::from(change.lines)).sum::<u64>();
            tip.defects.extend(defects);
            tip.changes.extend(new);
            changed.push(*service);
        }
        changed
    }

    /// A defect is no longer in a service on a branch, because it was mended before it was released.
    pub fn mend(&mut self, branch: Branch, service: ServiceId, defect: FlawId) {
        if let Some(tip) = self.tips.get_mut(&(branch, service)) {
            tip.defects.retain(|known| known.id != defect);
        }
    }

    /// What a service is now on `main`.
    pub fn revision(&self, service: ServiceId) -> Revision {
        let commit = self.head(Branch::Main.name());
        match self.tips.get(&(Branch::Main, service)) {
            Some(tip) => Revision { commit, changes: tip.changes.clone(), defects: tip.defects.clone() },
            None => Revision { commit, changes: Vec::new(), defects: Vec::new() },
        }
    }
}

/// The name of a release branch.
pub fn release_branch(number: u32) -> String {
    format!("release/{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::change::DefectKind;
    use crate::kernel::model::Behaviour;

    fn change(number: ChangeNumber, defects: &[u32], fixes: &[u32]) -> Change {
        let defect = |id: &u32| Defect { id: FlawId(*id), kind: DefectKind::Logic, behaviour: Behaviour::default() };
        Change {
            number,
            service: ServiceId(0),
            items: Vec::new(),
            lines: 50,
            defects: defects.iter().map(defect).collect(),
            fixes: fixes.iter().map(|id| FlawId(*id)).collect(),
            planned: true,
            urgent: false,
            author: Some(0),
            opened: SimTime::ZERO,
            commit: None,
            base_lines: 0,
            emergency: false,
            approvals: 0,
            merged: None,
        }
    }
    fn ids(revision: &Revision) -> Vec<u32> {
        revision.defects.iter().map(|defect| defect.id.0).collect()
    }

    #[test]
    fn a_revision_has_the_defects_of_its_changes_less_those_that_were_mended() {
        let mut history = History::new(1);
        let at = SimTime::from_secs(1);
        history.work(at, "change/1", Branch::Main, Some(0), 1);
        history.merge(at, &change(1, &[10, 11], &[]), "change/1", Branch::Main);
        let before = history.revision(ServiceId(0));
        history.work(at, "change/2", Branch::Main, Some(0), 2);
        history.merge(at, &change(2, &[], &[10]), "change/2", Branch::Main);
        let after = history.revision(ServiceId(0));
        assert_eq!((ids(&before), ids(&after), after.changes.clone()), (vec![10, 11], vec![11], vec![1, 2]));
        assert_eq!(history.get(after.commit).parents, [before.commit, 3]);
        assert_eq!(history.lines_of(Branch::Main, ServiceId(0)), 100);
    }

    #[test]
    fn a_release_brings_everything_at_once_and_a_hotfix_survives_it() {
        let mut history = History::new(1);
        let at = SimTime::from_secs(1);
        let mut changes = vec![change(1, &[10], &[]), change(2, &[20], &[])];
        for change in &changes {
            history.merge(at, change, "feature", Branch::Develop);
        }
        let (_, first) = history.cut_release(at, 1);
        assert_eq!(history.revision(ServiceId(0)).changes, [] as [u32; 0], "nothing of it is on main yet");
        assert_eq!(history.merge_release(at, 1, &first, &changes), [ServiceId(0)]);
        // A hotfix on main, before the next release that was cut without it.
        let (_, second) = {
            changes.push(change(3, &[30], &[]));
            history.merge(at, &changes[2], "feature", Branch::Develop);
            history.cut_release(at, 2)
        };
        changes.push(change(4, &[], &[10]));
        history.merge(at, &changes[3], "hotfix/4", Branch::Main);
        assert_eq!(ids(&history.revision(ServiceId(0))), [20]);
        assert_eq!(history.merge_release(at, 2, &second, &changes), [ServiceId(0)]);
        assert_eq!(ids(&history.revision(ServiceId(0))), [20, 30], "what was mended stays mended");
        let (_, third) = history.cut_release(at, 3);
        assert_eq!(history.merge_release(at, 3, &third, &changes), [], "nothing new, nothing to deploy");
    }

    #[test]
    fn commits_have_names_of_their_own() {
        let mut history = History::new(1);
        for n in 0..1_000 {
            history.work(SimTime::ZERO, &format!("change/{n}"), Branch::Main, None, n);
        }
        let names: std::collections::BTreeSet<_> = history.commits().iter().map(|commit| commit.sha.clone()).collect();
        assert_eq!(names.len(), 1_001);
        assert!(names.iter().all(|name| name.len() == 7));
    }
}
