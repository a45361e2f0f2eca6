//! From text to a checked scenario: parsing, `extends`, and the order in which mistakes are looked for.

use toml::de::DeTable;

use super::diagnostic::{Code, Collector, Diagnostics, Finding, nearest, shown};
use super::files::Folder;
use super::library::Library;
use super::lower;
use super::raw::ScenarioFile;
use super::source::Place;
use super::tree::{Node, Segment, TooDeep, Value};
use super::{Loaded, limits, read};

/// Reads the scenario `name` from the text of `file_name`.
pub(crate) fn scenario(name: &str, file_name: &str, text: &str, folder: &Folder, library: &Library) -> Result<Loaded, Diagnostics> {
    let mut collector = Collector::default();
    let scenario = checked(name, file_name, text, folder, library, &mut collector);
    let diagnostics = collector.finish();
    match scenario {
        Some(scenario) if !diagnostics.has_errors() => Ok(Loaded { scenario, warnings: diagnostics }),
        _ => Err(diagnostics),
    }
}

fn checked(name: &str, file_name: &str, text: &str, folder: &Folder, library: &Library, collector: &mut Collector) -> Option<crate::scenario::Scenario> {
    let mut chain = vec![name.to_owned()];
    let mut tree = tree(file_name, text, collector)?;
    let mut folder = folder.clone();
    if let Some(base) = base(&tree, &mut folder, library, &mut chain, collector) {
        let own = std::mem::replace(&mut tree, base);
        tree.merge(own);
    }
    let file: ScenarioFile = read::read(&mut tree, collector)?;
    lower::lower(name, &file, &tree, &folder, collector)
}

/// Parses one file. Mistakes of syntax are reported, and what could be understood is returned.
fn tree(file_name: &str, text: &str, collector: &mut Collector) -> Option<Node> {
    let file = collector.sources.add(file_name, text);
    if text.len() as u64 > limits::FILE_BYTES {
        let finding = Finding::error(Code::TooMuch, format!("the file has {} bytes; a scenario has at most {}", text.len(), limits::FILE_BYTES));
        collector.add(&Place { file, range: 0..0 }, finding);
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        if collector.is_full() {
            break;
        }
        let range = error.span().unwrap_or(0..0);
        let message = error.message();
        let finding = if message == "duplicate key" {
            let key = text.get(range.clone()).unwrap_or_default();
            Finding::error(Code::Duplicate, format!("`{}` is defined twice", shown(key)))
                .label("the second time")
                .help("give it another name, or merge the two")
        } else {
            Finding::error(Code::Syntax, shown_syntax(message))
        };
        collector.add(&Place { file, range }, finding);
    }
    let (tree, too_deep) = Node::from_toml(file, table.into_inner());
    if let Some(TooDeep(place)) = too_deep {
        let finding = Finding::error(Code::TooMuch, format!("tables and arrays are nested more than {} deep", limits::NESTING));
        collector.add(&place, finding.label("here"));
    }
    Some(tree)
}

fn shown_syntax(message: &str) -> String {
    if message.contains("recurs") { format!("tables and arrays are nested more than {} deep", limits::NESTING) } else { message.to_owned() }
}

/// The merged tree of everything that a scenario extends.
fn base(tree: &Node, folder: &mut Folder, library: &Library, chain: &mut Vec<String>, collector: &mut Collector) -> Option<Node> {
    let node = tree.get("extends")?;
    // A value of another kind is reported when the file is read.
    let Value::String(name) = &node.value else { return None };
    let place = tree.place_of(&[Segment::Key("extends".to_owned())]);
    if chain.contains(name) && chain.last() != Some(name) || chain.iter().skip(1).any(|known| known == name) {
        let circle = chain.iter().chain([name]).map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(" → ");
        collector.add(&place, Finding::error(Code::Cycle, format!("scenarios extend each other in a circle: {circle}")).label("leads back"));
        return None;
    }
    if chain.len() > limits::EXTENDS {
        collector.add(&place, Finding::error(Code::TooMuch, format!("more than {} scenarios extend one another", limits::EXTENDS)));
        return None;
    }
    let own = chain.last() == Some(name);
    let found = match library.base(name, folder, own) {
        Ok(Some(found)) => found,
        Ok(None) => {
            let known = library.names_near(folder);
            let finding = Finding::error(Code::UnknownName, format!("there is no scenario `{}` to extend", shown(name))).label("no such scenario");
            let guess = nearest(name, known.iter().map(String::as_str));
            collector
                .add(&place, finding.suggest(guess, || super::diagnostic::listed(known.iter().map(String::as_str)).map(|names| format!("there are {names}"))));
            return None;
        }
        Err(problem) => {
            collector.add(&place, Finding::error(Code::Unreadable, problem));
            return None;
        }
    };
    let (file_name, text, base_folder) = found;
    chain.push(name.clone());
    let mut under = self::tree(&file_name, &text, collector)?;
    let mut under_folder = base_folder;
    if let Some(further) = base(&under, &mut under_folder, library, chain, collector) {
        let own = std::mem::replace(&mut under, further);
        under.merge(own);
    }
    Some(under)
}
