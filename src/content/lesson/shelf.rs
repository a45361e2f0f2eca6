//! Where lessons are looked up by name, and in which order they come.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::Dir;

use super::{LESSON_FILE, LoadedLesson, course, lesson};
use crate::content::diagnostic::{Code, Collector, Diagnostics, Finding};
use crate::content::files::{Folder, LESSONS, Refused};
use crate::content::library::Library;
use crate::content::pack::Pack;
use crate::content::parse;
use crate::content::source::Place;
use crate::content::tree::{Node, Segment, Value};
use crate::lesson::course::Course;
use crate::scenario::limits;
use crate::wording::{listed, nearest, shown};

/// The lessons that are part of the program, and those that lie beside one on disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lessons;

/// A lesson of the list, whether or not it can be taught.
#[derive(Debug)]
pub struct LessonEntry {
    /// Its name.
    pub name: String,
    /// It, or what is wrong with it.
    pub loaded: Result<LoadedLesson, Diagnostics>,
}

/// Where lessons lie.
#[derive(Debug, Clone)]
enum Shelf {
    /// In a folder on disk.
    Disk(PathBuf),
    /// In the program.
    Embedded(&'static Dir<'static>),
    /// In a pack.
    Packed(Arc<Pack>),
}

impl Lessons {
    /// The shipped lessons, in their order.
    pub fn shipped() -> Vec<LessonEntry> {
        let shelf = Shelf::Embedded(&LESSONS);
        shelf.names().into_iter().map(|name| LessonEntry { loaded: shelf.load(&name), name }).collect()
    }

    /// The names of the shipped lessons, in their order.
    pub fn names() -> Vec<String> {
        Shelf::Embedded(&LESSONS).names()
    }

    /// Loads a lesson: a shipped one by its name, or a folder on disk by its path.
    pub fn load(path_or_name: &str) -> Result<LoadedLesson, Diagnostics> {
        let names = Self::names();
        let path = Path::new(path_or_name);
        if names.iter().any(|name| name == path_or_name) && !path_or_name.contains(['/', '\\']) {
            return Shelf::Embedded(&LESSONS).load(path_or_name);
        }
        match packed(path) {
            Some(Ok((shelf, name))) => return shelf.load(&name),
            Some(Err(problem)) => return Err(refused(path_or_name, Finding::error(Code::Unreadable, problem))),
            None => {}
        }
        if let Some((shelf, name)) = on_disk(path) {
            return shelf.load(&name);
        }
        let known = || names.iter().map(String::as_str);
        let finding = Finding::error(Code::Unreadable, format!("there is no lesson `{}`", shown(path_or_name)));
        let others = || listed(known()).map(|names| format!("there are {names}; a lesson of your own is given by the path of its folder"));
        Err(refused(path_or_name, finding.suggest(nearest(path_or_name, known()), others)))
    }

    /// The courses that are shipped.
    pub fn courses() -> Result<(Vec<Course>, Diagnostics), Diagnostics> {
        Shelf::Embedded(&LESSONS).courses(&Folder::Embedded(&LESSONS))
    }

    /// The courses of a folder with lessons, or of a pack; none if it has no `courses.toml`.
    pub fn courses_of(path: &Path) -> Result<(Vec<Course>, Diagnostics), Diagnostics> {
        if let Some((file, _)) = Pack::on_the_way(path) {
            let Ok(pack) = Pack::open(&file) else { return Ok((Vec::new(), Diagnostics::default())) };
            return Shelf::Packed(Arc::clone(&pack)).courses(&Folder::Packed(pack, String::new()));
        }
        let folder = path.canonicalize().map_or(Folder::Nowhere, Folder::Disk);
        Shelf::Disk(path.to_owned()).courses(&folder)
    }

    /// Whether a path is that of a lesson's folder, on disk or in a pack.
    pub fn is_lesson(path: &Path) -> bool {
        Self::in_folder(path).iter().any(|lesson| lesson == path)
    }

    /// Everything in a pack that can be opened by itself: its lessons, and its scenarios. `None` if the path is no pack that can be read.
    pub fn and_scenarios_of_pack(path: &Path) -> Option<Vec<PathBuf>> {
        let (file, _) = Pack::on_the_way(path).filter(|(_, inside)| inside.as_os_str().is_empty())?;
        let pack = Pack::open(&file).ok()?;
        let scenarios = pack.scenarios("").map(|name| format!("{name}.toml"));
        Some(pack.lessons().map(str::to_owned).chain(scenarios).map(|name| file.join(name)).collect())
    }

    /// The lessons in a folder on disk or in a pack: itself, if it is one, else those in it, in their order.
    pub fn in_folder(path: &Path) -> Vec<PathBuf> {
        if let Some((file, inside)) = Pack::on_the_way(path) {
            let Ok(pack) = Pack::open(&file) else { return Vec::new() };
            let lessons = pack.lessons().filter(|name| inside.as_os_str().is_empty() || inside == Path::new(name));
            return lessons.map(|name| file.join(name)).collect();
        }
        if path.join(LESSON_FILE).is_file() {
            return vec![path.to_owned()];
        }
        Shelf::Disk(path.to_owned()).names().into_iter().map(|name| path.join(name)).collect()
    }
}

/// The pack in which a lesson lies, and its name there; the pack itself stands for its only one. `None` if there is no pack on the way.
fn packed(path: &Path) -> Option<Result<(Shelf, String), String>> {
    let (file, inside) = Pack::on_the_way(path)?;
    let pack = match Pack::open(&file) {
        Ok(pack) => pack,
        Err(Refused::Name(problem) | Refused::Reading(problem)) => return Some(Err(problem)),
    };
    let names: Vec<String> = pack.lessons().map(str::to_owned).collect();
    let wanted = inside.to_string_lossy().into_owned();
    let name = match names.as_slice() {
        [only] if wanted.is_empty() => only.clone(),
        _ if names.contains(&wanted) => wanted,
        [] => return Some(Err(format!("there is no lesson in `{}`", file.display()))),
        _ => return Some(Err(format!("which lesson of `{}`? Write it behind a `/`; it has `{}`", file.display(), names.join("`, `")))),
    };
    Some(Ok((Shelf::Packed(pack), name)))
}

/// What a person asked for by name or path cannot be read.
fn refused(name: &str, finding: Finding) -> Diagnostics {
    let mut collector = Collector::default();
    let file = collector.sources.add(name, "");
    collector.add(&Place { file, range: 0..0 }, finding);
    collector.finish()
}

/// The shelf on which a folder lies, and its name there, if it is a lesson's.
fn on_disk(path: &Path) -> Option<(Shelf, String)> {
    let folder = if path.file_name().is_some_and(|name| name == LESSON_FILE) { path.parent()? } else { path };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let folder = folder.canonicalize().ok().filter(|folder| folder.join(LESSON_FILE).is_file())?;
    let name = folder.file_name()?.to_string_lossy().into_owned();
    Some((Shelf::Disk(folder.parent()?.to_owned()), name))
}

impl Shelf {
    /// The lessons on it, in their order, which is that of their names.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Disk(folder) => {
                let entries = folder.read_dir().into_iter().flatten().filter_map(Result::ok);
                let lessons = entries.filter(|entry| entry.path().join(LESSON_FILE).is_file());
                lessons.filter_map(|entry| entry.file_name().into_string().ok()).take(limits::LISTED).collect()
            }
            Self::Embedded(dir) => {
                let lessons = dir.dirs().filter(|lesson| lesson.get_file(lesson.path().join(LESSON_FILE)).is_some());
                lessons.filter_map(|lesson| lesson.path().file_name()?.to_str().map(str::to_owned)).collect()
            }
            Self::Packed(pack) => pack.lessons().map(str::to_owned).collect(),
        };
        names.sort();
        names
    }

    fn folder(&self, name: &str) -> Folder {
        match self {
            Self::Disk(folder) => folder.join(name).canonicalize().map_or(Folder::Nowhere, Folder::Disk),
            Self::Embedded(dir) => dir.get_dir(dir.path().join(name)).map_or(Folder::Nowhere, Folder::Embedded),
            Self::Packed(pack) => Folder::Packed(Arc::clone(pack), name.to_owned()),
        }
    }

    fn load(&self, name: &str) -> Result<LoadedLesson, Diagnostics> {
        let mut names = self.names();
        names.extend(Lessons::names());
        names.sort();
        names.dedup();
        let loaded = lesson(name, &self.folder(name), &Library::shipped(), &names)?;
        match self.circle(name) {
            None => Ok(loaded),
            Some(circle) => Err(circle),
        }
    }

    /// The courses that lie beside the lessons.
    fn courses(&self, folder: &Folder) -> Result<(Vec<Course>, Diagnostics), Diagnostics> {
        let names = self.names().into_iter().chain(Lessons::names());
        course::courses(folder, &names.map(|name| (name.clone(), self.requires(&name))).collect())
    }

    /// What is wrong with the order if a lesson, by way of others, comes before itself.
    fn circle(&self, name: &str) -> Option<Diagnostics> {
        let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::from([(name.to_owned(), vec![name.to_owned()])]);
        let mut open = vec![name.to_owned()];
        while let Some(here) = open.pop() {
            for required in self.requires(&here) {
                let way: Vec<String> = ways[&here].iter().cloned().chain([required.clone()]).collect();
                if required == name {
                    return Some(self.refuse_circle(name, &way));
                }
                if !ways.contains_key(&required) {
                    ways.insert(required.clone(), way);
                    open.push(required);
                }
            }
        }
        None
    }

    fn refuse_circle(&self, name: &str, way: &[String]) -> Diagnostics {
        let mut collector = Collector::default();
        let way = way.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(" → ");
        let finding = Finding::error(Code::Cycle, format!("lessons require each other in a circle: {way}"));
        let tree = self.tree(name, &mut collector);
        let place = tree.map_or(Place { file: 0, range: 0..0 }, |tree| tree.place_of(&[Segment::Key("requires".to_owned())]));
        collector.add(&place, finding.label("leads back"));
        collector.finish()
    }

    /// The lessons that come before one, as far as its file can be read.
    fn requires(&self, name: &str) -> Vec<String> {
        let Some(tree) = self.tree(name, &mut Collector::default()) else { return Vec::new() };
        let Some(Value::Array(names)) = tree.get("requires").map(|node| &node.value) else { return Vec::new() };
        let text = |node: &Node| if let Value::String(name) = &node.value { Some(name.clone()) } else { None };
        names.iter().filter_map(text).collect()
    }

    fn tree(&self, name: &str, collector: &mut Collector) -> Option<Node> {
        let file = self.folder(name).data(LESSON_FILE).or_else(|_| Shelf::Embedded(&LESSONS).folder(name).data(LESSON_FILE)).ok()?;
        parse::tree(&file, collector)
    }
}
