//! Names and lengths of texts.

use std::collections::BTreeSet;

use super::super::limits;
use super::{Checker, Path, Reason, is_open};

/// What the names of pipelines, stages, actions and rules can have besides letters and digits (API).
const NAME: &str = "`.`, `@`, `-` and `_`";
/// What the names of variables and namespaces can have besides letters and digits (API).
const VARIABLE: &str = "`@`, `-` and `_`";
/// What the names of artifacts can have besides letters and digits (API).
const ARTIFACT: &str = "`-` and `_`";

impl Checker<'_> {
    /// The name of a pipeline, a stage, an action or a rule.
    pub(super) fn name(&mut self, path: &Path, what: &'static str, name: &str) {
        let article = match what {
            "action" => "an action",
            "stage" => "a stage",
            "rule" => "a rule",
            _ => "a pipeline",
        };
        self.word(path, article, name, limits::NAME, NAME);
    }

    pub(super) fn variable_name(&mut self, path: &Path, name: &str) {
        self.word(path, "a variable", name, limits::VARIABLE_NAME, VARIABLE);
    }

    pub(super) fn namespace_name(&mut self, path: &Path, name: &str) {
        self.word(path, "a namespace", name, limits::NAME, VARIABLE);
    }

    pub(super) fn artifact_name(&mut self, path: &Path, name: &str) {
        self.word(path, "an artifact", name, limits::NAME, ARTIFACT);
    }

    fn word(&mut self, path: &Path, what: &'static str, name: &str, most: usize, allowed: &'static str) {
        if is_open(name) {
            return;
        }
        let trimmed = name.trim();
        if trimmed.is_empty() {
            return self.add(path, Reason::Empty { what: "name" });
        }
        let count = name.chars().count();
        if count > most {
            return self.add(path, Reason::TooLong { what: "name", count, most });
        }
        if trimmed.starts_with('<') && trimmed.ends_with('>') {
            return self.add(path, Reason::LeftOpen { what });
        }
        // The list of what is allowed has the very characters.
        let fits = |c: char| c.is_ascii_alphanumeric() || (c.is_ascii_punctuation() && c != '`' && c != ',' && allowed.contains(&format!("`{c}`")));
        if let Some(found) = trimmed.chars().find(|&c| !fits(c)) {
            self.add(path, Reason::BadCharacter { what, found, allowed });
        } else if trimmed.len() < name.len() {
            self.add(path, Reason::SpacesAround { what, taken: trimmed.to_owned() });
        }
    }

    /// The length of a text.
    pub(super) fn length(&mut self, path: &Path, what: &'static str, text: &str, least: usize, most: usize) {
        let count = text.chars().count();
        if count < least {
            self.add(path, Reason::Empty { what });
        } else if count > most {
            self.add(path, Reason::TooLong { what, count, most });
        }
    }

    /// That no two in a list have the same name.
    pub(super) fn unique<'n>(&mut self, list: &Path, what: &'static str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for (n, name) in names.enumerate() {
            if !seen.insert(name) {
                self.add(&list.index(n).field("name"), Reason::Duplicate { what, name: name.to_owned() });
            }
        }
    }
}
