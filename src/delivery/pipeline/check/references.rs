//! References to variables: what they name exists, and is put out before it is used.
//!
//! Which variables an action puts out is its provider's business, and those of builds and functions are anybody's: only
//! the namespace is looked at.

use std::collections::BTreeMap;

use super::super::limits;
use super::super::variables::{self, EXECUTION_ID, PIPELINE, SERVICE};
use super::{Checker, Path, Reason, is_open};

/// A namespace: the action that fills it, and when it is its turn.
struct Filled<'a> {
    action: &'a str,
    turn: (usize, u32),
}

impl Checker<'_> {
    pub(super) fn references(&mut self) {
        let pipeline = self.pipeline;
        let mut namespaces: BTreeMap<&str, Filled<'_>> = BTreeMap::new();
        let stages = || pipeline.stages.iter().enumerate().map(|(at, stage)| (at, stage, Path::default().field("stages").index(at)));
        for (at, stage, path) in stages() {
            for (n, action) in stage.actions.iter().enumerate() {
                let Some(namespace) = action.namespace.as_deref() else { continue };
                let filled = Filled { action: &action.name, turn: (at, action.run_order) };
                if namespaces.contains_key(namespace) {
                    let path = path.field("actions").index(n).field("namespace");
                    self.add(&path, Reason::Duplicate { what: "namespace", name: namespace.to_owned() });
                } else {
                    namespaces.insert(namespace, filled);
                }
            }
        }
        for (at, stage, path) in stages() {
            for (n, action) in stage.actions.iter().enumerate() {
                let (path, turn) = (path.field("actions").index(n), (at, action.run_order));
                for (key, value) in &action.configuration {
                    self.text(&path.field("configuration").key(key), value, turn, &namespaces);
                }
                for (n, command) in action.commands.iter().enumerate() {
                    self.text(&path.field("commands").index(n), command, turn, &namespaces);
                }
                for (n, variable) in action.environment_variables.iter().enumerate() {
                    self.text(&path.field("environmentVariables").index(n).field("value"), &variable.value, turn, &namespaces);
                }
            }
            for (rules, after) in super::conditions::rules(stage, &path) {
                let turn = (at, if after { u32::MAX } else { 0 });
                for (path, rule) in rules {
                    for (key, value) in &rule.configuration {
                        self.text(&path.field("configuration").key(key), value, turn, &namespaces);
                    }
                    for (n, command) in rule.commands.iter().enumerate() {
                        self.text(&path.field("commands").index(n), command, turn, &namespaces);
                    }
                }
            }
        }
    }

    /// A text that is used when it is the turn of `turn`.
    fn text(&mut self, path: &Path, text: &str, turn: (usize, u32), namespaces: &BTreeMap<&str, Filled<'_>>) {
        let declared = &self.pipeline.variables[..self.pipeline.variables.len().min(limits::VARIABLES)];
        for reference in variables::references(text) {
            if self.is_full() {
                return;
            }
            let written = format!("{}.{}", reference.namespace, reference.name);
            let exists = match reference.namespace {
                SERVICE => reference.name == EXECUTION_ID,
                PIPELINE => declared.iter().any(|variable| variable.name == reference.name || is_open(&variable.name)),
                namespace => match namespaces.get(namespace) {
                    Some(filled) if filled.turn < turn => true,
                    Some(filled) => {
                        self.add(path, Reason::VariableTooEarly { reference: written, producer: filled.action.to_owned() });
                        continue;
                    }
                    None => namespaces.keys().any(|name| is_open(name)),
                },
            };
            if !exists {
                let own = declared.iter().map(|variable| format!("{PIPELINE}.{}", variable.name));
                let others = namespaces.keys().take(limits::MISTAKES).map(|namespace| format!("{namespace}.{}", reference.name));
                let known = own.chain(others).chain([format!("{SERVICE}.{EXECUTION_ID}")]).collect();
                self.add(path, Reason::UnknownVariable { reference: written, known });
            }
        }
    }
}
