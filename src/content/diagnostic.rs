//! Diagnostics: what is wrong with a file, where, what was expected, and what was probably meant.
//!
//! A diagnostic is plain data, so that the app shows it as a list and an editor as squiggles; [`Diagnostics::render`]
//! draws it for a terminal with the line and a caret. It knows nothing of scenarios. To report something new, build a
//! [`Finding`] where it is found; its code belongs into the list at [`Code`].

use std::fmt::{self, Write as _};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::source::{Place, Sources};
use crate::scenario::limits;
use crate::wording::shown;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing is loaded.
    Error,
    /// It is loaded, and is probably not what was meant.
    Warning,
}

/// What kind of mistake it is; stable, for tools that filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The file cannot be read at all.
    Unreadable,
    /// It is not TOML.
    Syntax,
    /// The same name twice.
    Duplicate,
    /// A key that does not exist.
    UnknownKey,
    /// A key that must be written.
    MissingKey,
    /// A value of the wrong kind, or one that its type refuses.
    BadValue,
    /// A number, time or share outside its range, or settings that contradict each other.
    Impossible,
    /// A word that is not one of the alternatives.
    UnknownChoice,
    /// A name that nothing has.
    UnknownName,
    /// A name that cannot be one.
    BadName,
    /// Calls or messages in a circle.
    Cycle,
    /// More than the simulation takes.
    TooMuch,
    /// Something that nothing reaches or uses.
    Unused,
    /// More load than capacity.
    Overload,
    /// Something on the timeline that never happens.
    NeverHappens,
    /// A text that does not say in one language what it says in another.
    Untranslated,
    /// Help that a learner would look for and not find.
    Helpless,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind it is.
    pub code: Code,
    /// The file's name as it was given.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column [characters], counted from 1.
    pub column: usize,
    /// The first byte of the spot in the file.
    pub start: usize,
    /// The byte after the spot.
    pub end: usize,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What stands at the spot or was expected there; short, possibly empty.
    pub label: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Other spots that explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    #[serde(skip)]
    file_index: usize,
}

/// Another spot that explains a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// The file's name.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column [characters], counted from 1.
    pub column: usize,
    /// What is there.
    pub label: String,
    #[serde(skip)]
    place: Place,
}

impl fmt::Display for Diagnostic {
    /// One line: `file:line:column: error: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}:{}: {severity}: {}", self.file, self.line, self.column, self.message)
    }
}

/// Everything that is wrong with a scenario's files, in the order of the files.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    /// Mistakes beyond [`limits::MISTAKES`].
    left_out: usize,
    sources: Sources,
}

impl Diagnostics {
    /// Each diagnostic, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }
    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
    /// Whether anything keeps the scenario from being loaded.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error)
    }
    /// Whether a file could not be read at all, as opposed to being wrong.
    pub fn is_unreadable(&self) -> bool {
        self.items.iter().any(|item| item.code == Code::Unreadable)
    }
    /// How many errors and warnings there are.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.items.iter().filter(|item| item.severity == Severity::Error).count();
        (errors, self.items.len() - errors)
    }
    /// How many mistakes were found beyond those that are listed.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Draws each diagnostic with its line, a caret under the spot and what to do; in colour for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut drawn = String::new();
        for item in &self.items {
            drawn.push_str(&renderer.render(&[self.group(item)]));
            drawn.push_str("\n\n");
        }
        if self.left_out > 0 {
            // Writing into a string cannot fail.
            let _ = writeln!(drawn, "… and {} more", self.left_out);
        }
        drawn
    }

    fn group<'a>(&'a self, item: &'a Diagnostic) -> Group<'a> {
        let level = match item.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = level.primary_title(&item.message).elements(std::iter::empty::<Snippet<'_, annotate_snippets::Annotation<'_>>>());
        let place = Place { file: item.file_index, range: item.start..item.end };
        group = self.annotate(group, &place, AnnotationKind::Primary, &item.label);
        for related in &item.related {
            group = self.annotate(group, &related.place, AnnotationKind::Context, &related.label);
        }
        match &item.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        }
    }

    fn annotate<'a>(&'a self, group: Group<'a>, place: &Place, kind: AnnotationKind, label: &'a str) -> Group<'a> {
        let Some(source) = self.sources.get(place.file) else { return group };
        // Only the line itself is handed over: a renderer that looks at a whole hostile file takes its time.
        let start = floor_boundary(&source.text, place.range.start);
        let line_start = source.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = source.text[start..].find('\n').map_or(source.text.len(), |newline| start + newline);
        let end = floor_boundary(&source.text, place.range.end).clamp(start, line_end);
        let (line, _) = source.line_column(start);
        let mut annotation = kind.span(start - line_start..end - line_start);
        if !label.is_empty() {
            annotation = annotation.label(label);
        }
        group.element(Snippet::source(&source.text[line_start..line_end]).path(&source.name).line_start(line).annotation(annotation))
    }
}

/// The last character boundary at or before a byte.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

/// A diagnostic being built.
#[derive(Debug)]
#[must_use]
pub(crate) struct Finding {
    severity: Severity,
    code: Code,
    message: String,
    label: String,
    help: Option<String>,
    related: Vec<(Place, String)>,
}

impl Finding {
    /// Something that keeps the scenario from being loaded.
    pub(crate) fn error(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), label: String::new(), help: None, related: Vec::new() }
    }
    /// Something that is probably not what was meant.
    pub(crate) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }
    /// What stands at the spot or was expected there.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
    /// What to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// "did you mean", or the list of what there is, if that helps.
    pub(crate) fn suggest(self, guess: Option<&str>, otherwise: impl FnOnce() -> Option<String>) -> Self {
        match guess {
            Some(guess) => self.help(format!("did you mean `{}`?", shown(guess))),
            None => match otherwise() {
                Some(help) => self.help(help),
                None => self,
            },
        }
    }
    /// Another spot that explains it.
    pub(crate) fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

/// Collects findings while files are read.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    /// The files read so far.
    pub(crate) sources: Sources,
    items: Vec<Diagnostic>,
    left_out: usize,
    /// Where syntax goes wrong first, per file: what is defined from there on may be lost.
    lost_from: Vec<Place>,
    /// Whether a whole file of definitions is lost.
    lost_everything: bool,
    /// Places about which nothing more is said.
    silent: Vec<Place>,
}

impl Collector {
    /// Adds a finding at a place; the same finding at the same place counts once.
    pub(crate) fn add(&mut self, place: &Place, finding: Finding) {
        let start = place.range.start;
        if self.silent.iter().any(|silent| silent.file == place.file && silent.range.contains(&start)) {
            return;
        }
        let repeated = self.items.iter().any(|item| item.start == start && item.file_index == place.file && item.message == finding.message);
        if repeated {
            return;
        }
        if self.items.len() >= limits::MISTAKES {
            self.left_out += 1;
            return;
        }
        let (file, line, column) = self.locate(place);
        let related = finding.related.into_iter().map(|(place, label)| {
            let (file, line, column) = self.locate(&place);
            Related { file, line, column, label, place }
        });
        let related = related.collect();
        self.items.push(Diagnostic {
            severity: finding.severity,
            code: finding.code,
            file,
            line,
            column,
            start,
            end: place.range.end,
            message: finding.message,
            label: finding.label,
            help: finding.help,
            related,
            file_index: place.file,
        });
    }

    /// Remembers that definitions may be lost from a place on, because the syntax is wrong there.
    pub(crate) fn lose_from(&mut self, place: Place) {
        self.lost_from.push(place);
    }

    /// Says nothing more about a place: what is found there follows from what was said.
    pub(crate) fn silence(&mut self, place: Place) {
        self.silent.push(place);
    }

    /// Remembers that a file with definitions could not be read at all.
    pub(crate) fn lose_everything(&mut self) {
        self.lost_everything = true;
    }

    /// Whether a name that nothing seems to have may be one whose definition was lost to wrong syntax: it stands after
    /// the mistake where names are defined, followed by a dot, a bracket or an equals sign.
    pub(crate) fn may_be_lost(&self, name: &str) -> bool {
        let in_text = |text: &str| {
            text.match_indices(name).any(|(at, _)| {
                let before = text[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || "[.{,".contains(c));
                let after = text[at + name.len()..].trim_start_matches(' ');
                before && (after.is_empty() || after.starts_with(['.', ']', '=', '\n', '\r']))
            })
        };
        let line_start = |text: &str, at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.lost_everything
            || self.lost_from.iter().any(|place| {
                let text = self.sources.get(place.file).map_or("", |source| &*source.text);
                !name.is_empty() && in_text(&text[line_start(text, floor_boundary(text, place.range.start))..])
            })
    }

    fn locate(&self, place: &Place) -> (String, usize, usize) {
        let Some(source) = self.sources.get(place.file) else { return (String::new(), 1, 1) };
        let (line, column) = source.line_column(place.range.start);
        (source.name.clone(), line, column)
    }

    /// Whether anything found so far keeps the scenario from being loaded.
    pub(crate) fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error)
    }

    /// Whether a mistake of this kind was found.
    pub(crate) fn has(&self, code: Code) -> bool {
        self.items.iter().any(|item| item.code == code)
    }

    /// Whether as many mistakes as are ever shown were found, so that looking further is of no use.
    pub(crate) fn is_full(&self) -> bool {
        self.items.len() >= limits::MISTAKES
    }

    /// Everything that was found, in the order of the files.
    pub(crate) fn finish(mut self) -> Diagnostics {
        // Where syntax is wrong, something is always missing; that is no second mistake.
        if self.lost_everything || !self.lost_from.is_empty() {
            self.items.retain(|item| item.code != Code::MissingKey);
        }
        self.items.sort_by_key(|item| (item.file_index, item.start, item.severity));
        Diagnostics { items: self.items, left_out: self.left_out, sources: self.sources }
    }
}
