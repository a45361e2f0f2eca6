//! Mistakes in a pipeline as diagnostics: from a path in the declaration to a place in the file.
//!
//! Where a part of the file could not be read, what is missing because of it is no second mistake.

use super::super::diagnostic::{Code, Collector, Finding};
use super::super::tree::{Node, Segment, Value};
use crate::delivery::pipeline::check::{Mistake, Path, Reason, Step};
use crate::wording::{listed, nearest, shown};

/// How a format spells the keys of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As the service's JSON does: `actionTypeId`.
    Json,
    /// As `CloudFormation` does: `ActionTypeId`.
    CloudFormation,
}

impl Spelling {
    fn key(self, name: &str) -> String {
        let mut letters = name.chars();
        match (self, letters.next()) {
            (Self::CloudFormation, Some(first)) => first.to_ascii_uppercase().to_string() + letters.as_str(),
            _ => name.to_owned(),
        }
    }

    /// A sentence in which keys are spelt so.
    fn sentence(self, text: String) -> String {
        if self == Self::Json {
            return text;
        }
        let keys = ["artifactStore", "artifactStores", "beforeEntry", "commands", "onFailure", "onSuccess", "retryConfiguration"];
        keys.iter().fold(text, |text, key| text.replace(&format!("`{key}`"), &format!("`{}`", self.key(key))))
    }
}

/// Reports mistakes in a pipeline that is declared at `base` of a tree.
pub(super) fn report(mistakes: &[Mistake], tree: &Node, base: &[Segment], spelling: Spelling, collector: &mut Collector) {
    let damaged = tree.at(base).is_none_or(has_broken);
    for mistake in mistakes {
        let path = segments(&mistake.path, base, spelling);
        let whole_gone = tree.is_broken_at(&path);
        if whole_gone || damaged && follows(&mistake.reason) {
            continue;
        }
        let parent_end = path.len().saturating_sub(1);
        let is_key = matches!(path.last(), Some(Segment::Key(_)));
        if is_key && tree.at(&path).is_none() && is_absence(&mistake.reason) {
            let Some(Segment::Key(key)) = path.last() else { continue };
            let parent = &path[..parent_end];
            let place = if parent.is_empty() { tree.place_of(parent) } else { tree.key_place_of(parent) };
            collector.add(&place, Finding::error(Code::MissingKey, format!("the key `{key}` is missing")).label(format!("needs `{key}`")));
            continue;
        }
        let place = if is_key && is_about_key(&mistake.reason) { tree.key_place_of(&path) } else { tree.place_of(&path) };
        collector.add(&place, finding(mistake, spelling));
    }
}

fn finding(mistake: &Mistake, spelling: Spelling) -> Finding {
    let reason = &mistake.reason;
    let text = spelling.sentence(shown_long(&reason.to_string()));
    let finding = if mistake.is_warning() { Finding::warning(code(reason), text) } else { Finding::error(code(reason), text) };
    let finding = finding.label(label(reason));
    if let Some((name, known)) = reason.candidates() {
        let others = || listed(known.iter().copied()).map(|names| format!("there is {names}"));
        return finding.suggest(nearest(name, known.iter().copied()), others);
    }
    match reason.help() {
        Some(help) => finding.help(spelling.sentence(help)),
        None => finding,
    }
}

/// A sentence as it may be shown: no control characters, not too long.
fn shown_long(text: &str) -> String {
    // Names within the sentence may be a stranger's; `shown` cuts at 60 characters, which is too early for a sentence.
    text.chars().take(300).map(|c| if c.is_control() { '�' } else { c }).collect()
}

fn segments(path: &Path, base: &[Segment], spelling: Spelling) -> Vec<Segment> {
    let steps = path.0.iter().map(|step| match step {
        Step::Field(name) => Segment::Key(spelling.key(name)),
        Step::Key(name) => Segment::Key(name.clone()),
        Step::Index(index) => Segment::Index(*index),
    });
    base.iter().cloned().chain(steps).collect()
}

/// Whether anything in here could not be read.
fn has_broken(node: &Node) -> bool {
    match &node.value {
        Value::Broken => true,
        Value::Array(items) => items.iter().any(has_broken),
        Value::Table(entries) => entries.iter().any(|entry| has_broken(&entry.node)),
        _ => false,
    }
}

/// Whether a mistake may only follow from something that could not be read.
fn follows(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::TooFew { .. }
            | Reason::MissingConfiguration { .. }
            | Reason::MissingCommands { .. }
            | Reason::Inputs { .. }
            | Reason::Outputs { .. }
            | Reason::UnknownArtifact { .. }
            | Reason::UnknownVariable { .. }
            | Reason::UnknownSource { .. }
            | Reason::NeedsV2 { .. }
            | Reason::NoRetry
    )
}

/// Whether it says that nothing is there.
fn is_absence(reason: &Reason) -> bool {
    matches!(reason, Reason::Empty { .. } | Reason::TooFew { .. })
}

/// Whether it is about all of a table or a list rather than about one value.
fn is_about_key(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::TooFew { .. }
            | Reason::TooMany { .. }
            | Reason::MissingConfiguration { .. }
            | Reason::Inputs { .. }
            | Reason::Outputs { .. }
            | Reason::BothArtifactStores
            | Reason::NoRetry
            | Reason::NeedsV2 { .. }
    )
}

fn code(reason: &Reason) -> Code {
    match reason {
        Reason::TooMany { .. } | Reason::TooLong { .. } => Code::TooMuch,
        Reason::BadCharacter { .. } | Reason::SpacesAround { .. } | Reason::LeftOpen { .. } | Reason::ReservedNamespace { .. } => Code::BadName,
        Reason::BadValue { .. } | Reason::Empty { .. } => Code::BadValue,
        Reason::Duplicate { .. } | Reason::ArtifactTwice { .. } => Code::Duplicate,
        Reason::UnknownProvider { .. } | Reason::OddProvider { .. } | Reason::UnknownRule { .. } | Reason::ResultNotAllowed { .. } => Code::UnknownChoice,
        Reason::MissingConfiguration { .. } | Reason::MissingCommands { .. } => Code::MissingKey,
        Reason::UnknownAlarm { .. } | Reason::UnknownArtifact { .. } | Reason::UnknownSource { .. } | Reason::UnknownVariable { .. } => Code::UnknownName,
        Reason::ArtifactCycle { .. } => Code::Cycle,
        Reason::NoRetry => Code::Unused,
        _ => Code::Impossible,
    }
}

/// What stands at the spot.
fn label(reason: &Reason) -> String {
    match reason {
        Reason::Duplicate { .. } | Reason::ArtifactTwice { .. } => "again".to_owned(),
        Reason::UnknownProvider { .. } | Reason::UnknownRule { .. } => "no such provider".to_owned(),
        Reason::OddProvider { taken, .. } => format!("taken for `{taken}`"),
        Reason::SpacesAround { taken, .. } => format!("taken for `{}`", shown(taken)),
        Reason::UnknownAlarm { .. } => "no such alarm".to_owned(),
        Reason::UnknownArtifact { .. } => "no such artifact".to_owned(),
        Reason::ArtifactTooEarly { .. } | Reason::VariableTooEarly { .. } => "too early".to_owned(),
        Reason::ArtifactCycle { .. } => "a circle".to_owned(),
        Reason::MissingConfiguration { key, .. } => format!("needs `{key}`"),
        Reason::UnknownVariable { .. } => "no such variable".to_owned(),
        Reason::UnknownSource { .. } => "no such source action".to_owned(),
        _ => String::new(),
    }
}
