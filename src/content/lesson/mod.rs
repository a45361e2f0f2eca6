//! Lessons: a folder with `lesson.toml`, its texts in `en.toml` and `vi.toml`, and the scenarios and artifacts that it starts from.
//!
//! ```text
//!  lesson.toml ──► tree ──► raw (the file's types) ──► plan (scenarios loaded, actions and expressions checked) ─┐
//!  en.toml, vi.toml ──► tree ──► texts ──► words (the plan's keys, the values they quote, the numbers they say) ─┴─► Lesson
//! ```
//!
//! All mistakes of all its files are found at once. What a lesson does when it runs is not looked at here: that is proved
//! (`crate::lesson::proof`).

mod course;
mod plan;
mod raw;
mod shelf;
mod words;

pub(crate) use course::CoursesFile;
pub(crate) use raw::LessonFile;
pub use shelf::{LessonEntry, Lessons};

use std::collections::BTreeMap;

use super::diagnostic::{Code, Collector, Diagnostics, Finding};
use super::files::{Bytes, Folder};
use super::library::Library;
use super::lower::Scene;
use super::parse::{self, Described};
use super::read;
use super::source::Place;
use super::tree::{At, Node, Value};
use crate::lang::Lang;
use crate::lesson::Lesson;
use crate::lesson::texts::LessonTexts;
use crate::scenario::Scenario;
use crate::wording::{listed, nearest, shown};

/// The file with a lesson's structure.
pub(crate) const LESSON_FILE: &str = "lesson.toml";

/// A lesson that can be taught, and what is questionable about it.
#[derive(Debug, Clone)]
pub struct LoadedLesson {
    /// The lesson.
    pub lesson: Lesson,
    /// What is probably not meant.
    pub warnings: Diagnostics,
}

/// A scenario of a lesson: as it is written, and checked.
#[derive(Debug)]
struct Staged {
    described: Described,
    scenario: Scenario,
}

impl Staged {
    fn scene(&self) -> Scene<'_> {
        Scene { file: &self.described.file, tree: &self.described.tree, folders: &self.described.folders }
    }
}

/// Reads the lesson `name` from its folder. `lessons` are the names of the lessons that it may require.
pub(crate) fn lesson(name: &str, folder: &Folder, library: &Library, lessons: &[String]) -> Result<LoadedLesson, Diagnostics> {
    let mut collector = Collector::default();
    let lesson = checked(name, folder, library, lessons, &mut collector);
    let diagnostics = collector.finish();
    match lesson {
        Some(lesson) if !diagnostics.has_errors() => Ok(LoadedLesson { lesson, warnings: diagnostics }),
        _ => Err(diagnostics),
    }
}

fn checked(name: &str, folder: &Folder, library: &Library, lessons: &[String], collector: &mut Collector) -> Option<Lesson> {
    let mut tree = parse::tree(&file(name, LESSON_FILE, folder, collector)?, collector)?;
    // Scenarios first: what is wrong with them is told beside what is wrong with the lesson.
    let stages = stages(&tree, folder, library, collector);
    let read: Option<LessonFile> = read::read(&mut tree, collector);
    let mut lesson = read.and_then(|read| plan::lesson(name, &read, &tree, &stages, lessons, collector));
    let mut trees = BTreeMap::new();
    for (lang, _) in Lang::ALL {
        let Some(bytes) = file(name, &format!("{}.toml", lang.code()), folder, collector) else { continue };
        let Some(mut tree) = parse::tree(&bytes, collector) else { continue };
        let texts: Option<LessonTexts> = read::read(&mut tree, collector);
        if let (Some(lesson), Some(texts)) = (&mut lesson, texts) {
            words::check(lesson, &texts, &tree, lang, collector);
            lesson.texts.insert(lang, texts);
        }
        trees.insert(lang, tree);
    }
    if let Some(lesson) = &lesson {
        words::alike(lesson, &trees, collector);
        words::unsaid(lesson, &tree, collector);
    }
    lesson
}

/// A file of the lesson; that there is none is a mistake.
fn file(lesson: &str, name: &str, folder: &Folder, collector: &mut Collector) -> Option<Bytes> {
    match folder.data(name) {
        // Whoever looks at several lessons wants to know which one it is in.
        Ok(bytes) if bytes.name == name => Some(Bytes { name: format!("{lesson}/{name}"), ..bytes }),
        Ok(bytes) => Some(bytes),
        Err(problem) => {
            let file = collector.sources.add(&format!("{lesson}/{name}"), "");
            collector.add(&Place { file, range: 0..0 }, problem.into());
            None
        }
    }
}

/// The scenarios that the lesson names, by those names.
fn stages(tree: &Node, folder: &Folder, library: &Library, collector: &mut Collector) -> BTreeMap<String, Staged> {
    let mut named: Vec<(String, Place)> = Vec::new();
    let mut add = |node: Option<&Node>| {
        if let Some(Node { place, value: Value::String(name) }) = node {
            named.push((name.clone(), place.clone()));
        }
    };
    add(tree.get("scenario"));
    if let Some(Value::Array(steps)) = tree.get("step").map(|node| &node.value) {
        for step in steps {
            add(step.get("world").and_then(|world| world.get("scenario")));
        }
    }
    let mut stages = BTreeMap::new();
    for (name, place) in named {
        if stages.contains_key(&name) {
            continue;
        }
        if ["lesson", "en", "vi"].contains(&name.as_str()) {
            collector.add(&place, Finding::error(Code::BadName, format!("`{name}` is a file of the lesson, and no scenario")).label("not a scenario"));
            continue;
        }
        match library.base(&name, folder, false) {
            Ok(Some((file, beside))) => {
                if let Some((mut described, scenario)) = parse::staged(&name, &file, &beside, library, collector) {
                    // What a deed of the lesson names lies beside the lesson.
                    described.folders.add(tree.place.file, folder);
                    stages.insert(name, Staged { described, scenario });
                }
            }
            Ok(None) => {
                let known = library.names_near(folder);
                let known = || known.iter().map(String::as_str).filter(|name| !["lesson", "en", "vi"].contains(name));
                let finding = Finding::error(Code::UnknownName, format!("there is no scenario `{}`", shown(&name))).label("no such scenario");
                let others = || listed(known()).map(|names| format!("there are {names}"));
                collector.add(&place, finding.suggest(nearest(&name, known()), others));
            }
            Err(problem) => collector.add(&place, problem.into()),
        }
    }
    stages
}

/// Reports a finding about what is written at a path of a file.
fn report(tree: &Node, at: &At<'_>, finding: Finding, collector: &mut Collector) {
    let path = at.segments();
    let place = if at.is_on_key() { tree.key_place_of(&path) } else { tree.place_of(&path) };
    collector.add(&place, finding);
}

/// Where a stretch of a text lies in its file, if the text stands there as it is; else where the text begins.
fn within(place: &Place, text: &str, at: std::ops::Range<usize>, collector: &Collector) -> Place {
    let source = collector.sources.get(place.file).map_or("", |source| &*source.text);
    match source.get(place.range.clone()).and_then(|written| written.find(text)) {
        Some(start) => Place { file: place.file, range: place.range.start + start + at.start..place.range.start + start + at.end },
        None => place.clone(),
    }
}
