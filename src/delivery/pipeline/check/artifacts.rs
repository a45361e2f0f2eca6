//! Artifacts: each is made once, and before it is used.
//!
//! "Before" is: in an earlier stage, or in the same stage with a lower run order. An artifact that its user's own
//! products lead to is a circle, which no order of actions mends.

use std::collections::{BTreeMap, BTreeSet};

use super::super::definition::Action;
use super::super::limits;
use super::{Checker, Path, Reason, is_open};

/// An action and where it is.
#[derive(Clone, Copy)]
struct Placed<'a> {
    stage: usize,
    index: usize,
    action: &'a Action,
}

impl Placed<'_> {
    fn turn(&self) -> (usize, u32) {
        (self.stage, self.action.run_order)
    }
    fn path(&self) -> Path {
        Path::default().field("stages").index(self.stage).field("actions").index(self.index)
    }
}

impl Checker<'_> {
    pub(super) fn artifacts(&mut self) {
        let placed: Vec<Placed<'_>> = (self.pipeline.stages.iter().enumerate())
            .flat_map(|(stage, declared)| declared.actions.iter().enumerate().map(move |(index, action)| Placed { stage, index, action }))
            .collect();
        let makers = self.makers(&placed);
        let open = makers.keys().any(|name| is_open(name));
        for user in &placed {
            for (n, input) in user.action.input_artifacts.iter().enumerate() {
                let at = user.path().field("inputArtifacts").index(n).field("name");
                self.artifact_name(&at, &input.name);
                self.input(&at, &input.name, user.turn(), Some(user.action), &makers, open);
            }
        }
        for (stage, declared) in self.pipeline.stages.iter().enumerate() {
            let path = Path::default().field("stages").index(stage);
            for (rules, after) in super::conditions::rules(declared, &path) {
                for (at, rule) in rules {
                    for (n, input) in rule.input_artifacts.iter().enumerate() {
                        let at = at.field("inputArtifacts").index(n).field("name");
                        self.artifact_name(&at, &input.name);
                        let turn = (stage, if after { u32::MAX } else { 0 });
                        self.input(&at, &input.name, turn, None, &makers, open);
                    }
                }
            }
        }
    }

    /// Which action makes each artifact.
    fn makers<'a>(&mut self, placed: &[Placed<'a>]) -> BTreeMap<&'a str, Placed<'a>> {
        let mut makers: BTreeMap<&str, Placed<'a>> = BTreeMap::new();
        for maker in placed {
            for (n, output) in maker.action.output_artifacts.iter().enumerate() {
                let at = maker.path().field("outputArtifacts").index(n).field("name");
                self.artifact_name(&at, &output.name);
                let name = output.name.trim();
                if let Some(first) = makers.get(name) {
                    let (first, second) = (first.action.name.clone(), maker.action.name.clone());
                    self.add(&at, Reason::ArtifactTwice { name: name.to_owned(), first, second });
                } else {
                    makers.insert(name, *maker);
                }
            }
        }
        makers
    }

    /// An artifact used when it is the turn of `turn`, by an action or by a rule.
    fn input(&mut self, at: &Path, name: &str, turn: (usize, u32), user: Option<&Action>, makers: &BTreeMap<&str, Placed<'_>>, open: bool) {
        let name = name.trim();
        if name.is_empty() || self.is_full() {
            return;
        }
        let Some(maker) = makers.get(name) else {
            // A name that is filled in later may be any other.
            if !open && !is_open(name) {
                let known = makers.keys().take(limits::MISTAKES).map(|&name| name.to_owned()).collect();
                self.add(at, Reason::UnknownArtifact { name: name.to_owned(), known });
            }
            return;
        };
        if maker.turn() < turn {
            return;
        }
        let (name, producer) = (name.to_owned(), maker.action.name.clone());
        match user {
            Some(user) if needs(maker.action, user, makers) => {
                self.add(at, Reason::ArtifactCycle { name, producer, consumer: user.name.clone() });
            }
            _ => self.add(at, Reason::ArtifactTooEarly { name, producer }),
        }
    }
}

/// Whether `one` is `other`, or needs something that `other` makes, directly or through others.
fn needs(one: &Action, other: &Action, makers: &BTreeMap<&str, Placed<'_>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut left = vec![one];
    while let Some(action) = left.pop() {
        if std::ptr::eq(action, other) {
            return true;
        }
        for input in &action.input_artifacts {
            if let Some(maker) = makers.get(input.name.trim())
                && seen.insert((maker.stage, maker.index))
            {
                left.push(maker.action);
            }
        }
    }
    false
}
