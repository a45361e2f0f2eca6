//! From a file to a checked scenario: text, syntax, `extends`, and the order in which mistakes are looked for.

use toml::de::DeTable;

use super::brackets;
use super::diagnostic::{Code, Collector, Diagnostics, Finding};
use super::files::{Bytes, Folder, Folders};
use super::library::Library;
use super::lower::{self, Scene};
use super::raw::{ActionsFile, ScenarioFile, StrategyFile};
use super::source::Place;
use super::tree::{Node, Segment, TooDeep, Value};
use super::{Loaded, read};
use crate::fleet::deploy::Strategy;
use crate::scenario::{Scenario, TimedAction, limits};
use crate::wording::{listed, nearest, shown};

/// Reads the scenario `name` from a file that lies in `folder`.
pub(crate) fn scenario(name: &str, file: &Bytes, folder: &Folder, library: &Library) -> Result<Loaded, Diagnostics> {
    let mut collector = Collector::default();
    let scenario = checked(name, file, folder, library, &mut collector);
    let diagnostics = collector.finish();
    match scenario {
        Some(scenario) if !diagnostics.has_errors() => Ok(Loaded { scenario, warnings: diagnostics }),
        _ => Err(diagnostics),
    }
}

fn checked(name: &str, file: &Bytes, folder: &Folder, library: &Library, collector: &mut Collector) -> Option<Scenario> {
    let Described { file, tree, folders } = described(name, file, folder, library, collector)?;
    lower::lower(name, &file, &tree, &folders, collector)
}

/// Whether a file says that it extends another scenario.
pub(crate) fn extends_another(file: &Bytes) -> bool {
    tree(file, &mut Collector::default()).is_some_and(|tree| tree.get("extends").is_some())
}

/// What a scenario's file and those that it extends say together, where, and in which folders they lie.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) file: ScenarioFile,
    pub(crate) tree: Node,
    pub(crate) folders: Folders,
}

fn described(name: &str, file: &Bytes, folder: &Folder, library: &Library, collector: &mut Collector) -> Option<Described> {
    let own = tree(file, collector)?;
    let mut chain = Chain { library, extended: vec![name.to_owned()], folders: Folders::default() };
    let mut tree = chain.extend(own, folder, collector);
    let file = read::read(&mut tree, collector)?;
    Some(Described { file, tree, folders: chain.folders })
}

/// A scenario as it is written and checked, for whoever looks at something else of its own file with its names.
pub(crate) fn staged(name: &str, file: &Bytes, folder: &Folder, library: &Library, collector: &mut Collector) -> Option<(Described, Scenario)> {
    let described = described(name, file, folder, library, collector)?;
    let scenario = lower::lower(name, &described.file, &described.tree, &described.folders, collector)?;
    Some((described, scenario))
}

/// Reads actions on the scenario `name`.
pub(crate) fn actions(actions: &Bytes, name: &str, scenario: &Bytes, folder: &Folder, library: &Library) -> Result<Vec<TimedAction>, Diagnostics> {
    // What is wrong with the scenario was said when it was loaded.
    let mut said = Collector::default();
    let Some(scene) = described(name, scenario, folder, library, &mut said) else { return Err(said.finish()) };
    let mut collector = Collector::default();
    let actions = tree(actions, &mut collector).and_then(|mut tree| {
        let file: ActionsFile = read::read(&mut tree, &mut collector)?;
        Some(lower::actions(&file, &tree, &mut collector, &Scene { file: &scene.file, tree: &scene.tree, folders: &scene.folders }))
    });
    let diagnostics = collector.finish();
    match actions {
        Some(actions) if !diagnostics.has_errors() => Ok(actions),
        _ => Err(diagnostics),
    }
}

/// Reads a strategy for deployments of the scenario `name`.
pub(crate) fn strategy(strategy: &Bytes, name: &str, scenario: &Bytes, folder: &Folder, library: &Library) -> Result<Strategy, Diagnostics> {
    // What is wrong with the scenario was said when it was loaded.
    let mut said = Collector::default();
    let Some(scene) = described(name, scenario, folder, library, &mut said) else { return Err(said.finish()) };
    let mut collector = Collector::default();
    let strategy = tree(strategy, &mut collector).and_then(|mut tree| {
        let file: StrategyFile = read::read(&mut tree, &mut collector)?;
        Some(lower::strategy(&file, &tree, &mut collector, &Scene { file: &scene.file, tree: &scene.tree, folders: &scene.folders }))
    });
    let diagnostics = collector.finish();
    match strategy {
        Some(strategy) if !diagnostics.has_errors() => Ok(strategy),
        _ => Err(diagnostics),
    }
}

/// The text of a file. What is not UTF-8 is reported where it is.
pub(crate) fn text(file: &Bytes, collector: &mut Collector) -> Option<(usize, String)> {
    match std::str::from_utf8(&file.bytes) {
        Ok(text) => Some((collector.sources.add(&file.name, text), text.to_owned())),
        Err(error) => {
            let at = error.valid_up_to();
            let shown = String::from_utf8_lossy(&file.bytes);
            let width = shown[at..].chars().next().map_or(0, char::len_utf8);
            let index = collector.sources.add(&file.name, &shown);
            let finding = Finding::error(Code::Unreadable, "the file is not UTF-8 text").label("no character").help("save the file as UTF-8");
            collector.add(&Place { file: index, range: at..at + width }, finding);
            None
        }
    }
}

/// Parses one file. Mistakes of syntax are reported, and what could be understood is returned.
pub(crate) fn tree(file: &Bytes, collector: &mut Collector) -> Option<Node> {
    if file.bytes.len() as u64 > limits::FILE_BYTES {
        let index = collector.sources.add(&file.name, "");
        let finding = Finding::error(Code::Unreadable, format!("the file has {} bytes; a scenario has at most {}", file.bytes.len(), limits::FILE_BYTES));
        collector.add(&Place { file: index, range: 0..0 }, finding);
        return None;
    }
    let (file, text) = text(file, collector)?;
    let (table, mistakes, end) = match DeTable::parse(&text) {
        Ok(table) => (table, Vec::new(), text.len()),
        Err(first) => {
            // The parser keeps every mistake in memory, so that a file of nothing but mistakes would fill it. Far after
            // the first one nothing is looked at.
            let far = first.span().map_or(0, |span| span.start).saturating_add(limits::SYNTAX_BYTES);
            let end = if far < text.len() { text.floor_char_boundary(far) } else { text.len() };
            let (table, mut mistakes) = DeTable::parse_recoverable(&text[..end]);
            // Where the text was cut off, mistakes are ours.
            mistakes.retain(|mistake| end == text.len() || mistake.span().is_some_and(|span| span.start < end));
            (table, mistakes, end)
        }
    };
    let (tree, too_deep) = Node::from_toml(file, table.into_inner());
    report_syntax(file, &text[..end], &mistakes, collector);
    if let Some(TooDeep(place)) = too_deep {
        let finding = Finding::error(Code::TooMuch, format!("tables and arrays are nested more than {} deep", limits::NESTING));
        collector.add(&place, finding.label("here"));
    }
    Some(tree)
}

fn report_syntax(file: usize, text: &str, mistakes: &[toml::de::Error], collector: &mut Collector) {
    // An array or inline table that is never closed swallows what follows, and every line of it is a mistake.
    let open = brackets::unclosed(text);
    // After a table that is defined twice its keys are defined twice too, which is no news.
    let mut repeated_until = 0;
    for mistake in mistakes.iter().take(limits::MISTAKES) {
        let range = mistake.span().unwrap_or(0..0);
        let place = Place { file, range: range.clone() };
        if mistake.message() == "duplicate key" {
            if range.start >= repeated_until {
                repeated_until = report_duplicate(text, &place, collector);
            }
            continue;
        }
        let (code, message, help) = explain(mistake.message(), text.get(range.clone()).unwrap_or_default());
        let mut finding = Finding::error(code, message);
        if let Some(help) = help {
            finding = finding.help(help);
        }
        let swallowed = open.filter(|open| open.value <= range.start);
        if let Some(open) = swallowed {
            finding = finding.related(Place { file, range: open.bracket..open.bracket + 1 }, "opened here, and not closed");
        }
        collector.add(&place, finding);
        collector.lose_from(place);
        if swallowed.is_some() {
            collector.silence(Place { file, range: range.start..usize::MAX });
        } else {
            collector.silence(Place { file, range: range.start..range.end.max(range.start + 1) });
        }
    }
}

/// The parser's message in the words of somebody who writes a scenario.
fn explain(message: &str, spot: &str) -> (Code, String, Option<&'static str>) {
    if message.contains("recurs") {
        return (Code::TooMuch, format!("tables and arrays are nested more than {} deep", limits::NESTING), None);
    }
    let is_word = spot.starts_with(char::is_alphabetic);
    if is_word && (message.starts_with("invalid boolean") || message.starts_with("string values must be quoted")) {
        return (Code::Syntax, format!("`{}` is no value", shown(spot)), Some("text stands in quotes; the words without are true, false, nan and inf"));
    }
    (Code::Syntax, message.to_owned(), None)
}

/// Reports a key or table that is defined a second time. Returns where what belongs to that table ends.
fn report_duplicate(text: &str, place: &Place, collector: &mut Collector) -> usize {
    let start = text.floor_char_boundary(place.range.start);
    let end = text.floor_char_boundary(place.range.end).max(start);
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let mut finding = Finding::error(Code::Duplicate, format!("`{}` is defined twice", shown(&text[start..end]))).label("the second time");
    // The parser does not tell where the first one is; it mostly looks the same.
    let same = text[line..end].trim_start();
    let followed = |at: usize| !text[at + same.len()..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let begins_line = |at: usize| text[..at].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
    if let Some((at, _)) = text[..line].match_indices(same).filter(|(at, _)| !same.is_empty() && begins_line(*at) && followed(*at)).last() {
        let key = at + same.len() - (end - start);
        finding = finding.related(Place { file: place.file, range: key..at + same.len() }, "the first time");
    }
    collector.add(place, finding.help("give it another name, or put the two together"));
    if same.starts_with('[') { text[end..].find("\n[").map_or(text.len(), |next| end + next) } else { 0 }
}

/// The scenarios that extend one another, the first one first.
struct Chain<'a> {
    library: &'a Library,
    extended: Vec<String>,
    folders: Folders,
}

impl Chain<'_> {
    /// Lays a tree on that of the scenario which it extends, if any, and that one on its own, and so on.
    fn extend(&mut self, own: Node, folder: &Folder, collector: &mut Collector) -> Node {
        self.folders.add(own.place.file, folder);
        let base = self.base(&own, folder, collector);
        let base = base.and_then(|(file, folder)| tree(&file, collector).map(|tree| self.extend(tree, &folder, collector)));
        if let Some(mut merged) = base {
            merged.merge(own);
            return merged;
        }
        if own.get("extends").is_some() {
            collector.lose_everything();
        }
        own
    }

    /// The file that a tree extends, and the folder in which that lies.
    fn base(&mut self, own: &Node, folder: &Folder, collector: &mut Collector) -> Option<(Bytes, Folder)> {
        // A value of another kind is reported when the file is read.
        let Value::String(name) = &own.get("extends")?.value else { return None };
        let place = own.place_of(&[Segment::Key("extends".to_owned())]);
        // A scenario may extend a shipped one of its own name, once; what it extends may not lead back.
        let is_itself = self.extended.last() == Some(name);
        if self.extended.iter().filter(|known| *known == name).count() > usize::from(is_itself && self.extended.len() == 1) {
            let circle = self.extended.iter().chain([name]).map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(" → ");
            collector.add(&place, Finding::error(Code::Cycle, format!("scenarios extend each other in a circle: {circle}")).label("leads back"));
            return None;
        }
        if self.extended.len() > limits::EXTENDS {
            collector.add(&place, Finding::error(Code::TooMuch, format!("more than {} scenarios extend one another", limits::EXTENDS)));
            return None;
        }
        match self.library.base(name, folder, is_itself) {
            Ok(Some(found)) => {
                self.extended.push(name.clone());
                Some(found)
            }
            Ok(None) if is_itself => {
                collector.add(&place, Finding::error(Code::Cycle, "a scenario cannot extend itself").label("its own name"));
                None
            }
            Ok(None) => {
                let known = self.library.names_near(folder);
                let known = known.iter().map(String::as_str).filter(|other| Some(*other) != self.extended.last().map(String::as_str));
                let finding = Finding::error(Code::UnknownName, format!("there is no scenario `{}` to extend", shown(name))).label("no such scenario");
                let others = || listed(known.clone()).map(|names| format!("there are {names}"));
                // A file's name is not a scenario's, but says which one is meant.
                let wanted = name.strip_suffix(".toml").unwrap_or(name);
                collector.add(&place, finding.suggest(nearest(wanted, known.clone()), others));
                None
            }
            Err(problem) => {
                collector.add(&place, problem.into());
                None
            }
        }
    }
}
