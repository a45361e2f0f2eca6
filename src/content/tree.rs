//! The tree of a TOML or YAML file, each key and value with its place, and paths into it.
//!
//! A tree may be merged from several files (`extends`), so a place names its file. What could not be read is replaced by
//! [`Value::Broken`] and stays where it was: readers skip it, and whoever looks a name up can tell "misspelt" from
//! "defined, but its definition is wrong". It knows values and nothing of scenarios.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::Place;
use crate::scenario::limits;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it is written; for a table with a header, the header.
    pub(crate) place: Place,
    /// What is written.
    pub(crate) value: Value,
}

/// A key of a table, with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key is written.
    pub(crate) key_place: Place,
    /// The value.
    pub(crate) node: Node,
}

/// A value of TOML, YAML or JSON.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    String(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Datetime(String),
    Array(Vec<Node>),
    /// In the order of the file.
    Table(Vec<Entry>),
    /// YAML's and JSON's `null`, and a YAML key without a value.
    Null,
    /// Something was here that could not be read; its mistake is already reported.
    Broken,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(String),
    /// Counts elements that are not broken, as the deserialised array does.
    Index(usize),
}

/// A path into the tree, built on the stack while walking down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
    /// Whether the key is meant rather than its value.
    on_key: bool,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The whole file.
    pub(crate) const ROOT: At<'static> = At { parent: None, step: Step::Root, on_key: false };

    /// The value of `key` in here.
    pub(crate) fn key<'b>(&'b self, key: &'b str) -> At<'b>
    where
        'a: 'b,
    {
        At { parent: Some(self), step: Step::Key(key), on_key: false }
    }

    /// The element `index` in here.
    pub(crate) fn index<'b>(&'b self, index: usize) -> At<'b>
    where
        'a: 'b,
    {
        At { parent: Some(self), step: Step::Index(index), on_key: false }
    }

    /// The key here, where it says something by itself rather than through its value.
    pub(crate) const fn as_key(self) -> Self {
        Self { on_key: true, ..self }
    }

    /// Whether the key is meant rather than its value.
    pub(crate) const fn is_on_key(&self) -> bool {
        self.on_key
    }

    /// The last key on the way, as people would call the spot.
    pub(crate) fn last_key(&self) -> String {
        let key = self.segments().into_iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key),
            Segment::Index(_) => None,
        });
        key.unwrap_or_default()
    }

    /// The same path, owned.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut here = Some(self);
        while let Some(at) = here {
            match at.step {
                Step::Root => {}
                Step::Key(key) => segments.push(Segment::Key(key.to_owned())),
                Step::Index(index) => segments.push(Segment::Index(index)),
            }
            here = at.parent;
        }
        segments.reverse();
        segments
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, segment) in self.segments().iter().enumerate() {
            match segment {
                Segment::Key(key) if n == 0 => write!(f, "{key}")?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A place at which the file nests too deeply.
#[derive(Debug, Clone)]
pub(crate) struct TooDeep(pub(crate) Place);

impl Node {
    /// Takes over a parsed file. Below [`limits::NESTING`] levels everything is broken, and the first such place is told.
    pub(crate) fn from_toml(file: usize, table: DeTable<'_>) -> (Self, Option<TooDeep>) {
        let mut too_deep = None;
        let value = Value::Table(convert_table(file, table, 1, &mut too_deep));
        (Self { place: Place { file, range: 0..0 }, value }, too_deep)
    }

    /// The live value of `key`, if this is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The keys of a table, whether or not what they hold could be read.
    pub(crate) fn keys(&self) -> Vec<&str> {
        match &self.value {
            Value::Table(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    fn child(&self, segment: &Segment) -> Option<&Self> {
        match (segment, &self.value) {
            (Segment::Key(key), _) => self.get(key),
            (Segment::Index(index), Value::Array(items)) => items.iter().filter(|item| !item.is_broken()).nth(*index),
            (Segment::Index(_), _) => None,
        }
    }

    /// Whether its mistake is already reported.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.value, Value::Broken)
    }

    /// Whether it is a table of which nothing but broken entries is left, or an array that lost an element.
    pub(crate) fn is_hollow(&self) -> bool {
        match &self.value {
            Value::Table(entries) => !entries.is_empty() && entries.iter().all(|entry| entry.node.is_broken()),
            Value::Array(items) => items.iter().any(Self::is_broken),
            _ => false,
        }
    }

    /// The node at a path.
    pub(crate) fn at(&self, path: &[Segment]) -> Option<&Self> {
        path.iter().try_fold(self, |node, segment| node.child(segment))
    }

    /// The place of the node at a path, or of the nearest node above it that is written in the file.
    pub(crate) fn place_of(&self, path: &[Segment]) -> Place {
        let mut here = self;
        let mut place = self.place.clone();
        for segment in path {
            let Some(next) = here.child(segment) else { break };
            here = next;
            if !here.place.range.is_empty() {
                place = here.place.clone();
            }
        }
        place
    }

    /// The place of the key at a path (of the value, for an element of an array).
    pub(crate) fn key_place_of(&self, path: &[Segment]) -> Place {
        let Some((Segment::Key(key), parent)) = path.split_last() else { return self.place_of(path) };
        match self.at(parent).and_then(|node| node.entry(key)) {
            Some(entry) => entry.key_place.clone(),
            None => self.place_of(path),
        }
    }

    /// Whether something on the way to a path, or what it leads to, is broken.
    pub(crate) fn is_broken_at(&self, path: &[Segment]) -> bool {
        let mut here = self;
        for segment in path {
            let Some(next) = here.child(segment) else { break };
            if next.is_broken() {
                return true;
            }
            here = next;
        }
        false
    }

    /// Marks what is at a path as broken. The root itself cannot be broken; its content is dropped.
    pub(crate) fn break_at(&mut self, path: &[Segment]) {
        if let Some(node) = self.at_mut(path) {
            node.value = if path.is_empty() { Value::Table(Vec::new()) } else { Value::Broken };
        }
    }

    fn at_mut(&mut self, path: &[Segment]) -> Option<&mut Self> {
        path.iter().try_fold(self, |node, segment| match (segment, &mut node.value) {
            (Segment::Key(key), Value::Table(entries)) => entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node),
            (Segment::Index(index), Value::Array(items)) => items.iter_mut().filter(|item| !item.is_broken()).nth(*index),
            _ => None,
        })
    }

    /// Gives the key `from` of the table at `parent` the name `to`. If that name is taken, two tables are put together,
    /// and anything else stays as it is.
    pub(crate) fn rename(&mut self, parent: &[Segment], from: &str, to: &str) -> bool {
        let Some(Value::Table(entries)) = self.at_mut(parent).map(|node| &mut node.value) else { return false };
        let Some(misspelt) = entries.iter().position(|entry| entry.key == from) else { return false };
        let is_table = |entry: &Entry| matches!(entry.node.value, Value::Table(_));
        match entries.iter().position(|entry| entry.key == to) {
            None => to.clone_into(&mut entries[misspelt].key),
            Some(taken) if is_table(&entries[taken]) && is_table(&entries[misspelt]) => {
                // An empty table stays behind under the wrong name, broken, so that positions of others do not move.
                let node = std::mem::replace(&mut entries[misspelt].node.value, Value::Broken);
                let place = entries[taken].node.place.clone();
                entries[taken].node.merge(Self { place, value: node });
            }
            Some(_) => return false,
        }
        true
    }

    /// Lays `over` on this: tables merge key by key, everything else is replaced.
    pub(crate) fn merge(&mut self, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Table(under), Value::Table(entries)) => {
                let known: BTreeMap<String, usize> = under.iter().enumerate().map(|(n, entry)| (entry.key.clone(), n)).collect();
                for entry in entries {
                    match known.get(&entry.key) {
                        Some(&n) => {
                            under[n].key_place = entry.key_place;
                            under[n].node.merge(entry.node);
                        }
                        None => under.push(entry),
                    }
                }
                self.place = over.place;
            }
            (_, value) => *self = Self { place: over.place, value },
        }
    }

    /// What kind of value it is, for "expected …, found …".
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::String(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "a boolean",
            Value::Datetime(_) => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
            Value::Null => "null",
            Value::Broken => "nothing",
        }
    }
}

fn convert_table(file: usize, table: DeTable<'_>, depth: usize, too_deep: &mut Option<TooDeep>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            key_place: Place { file, range: key.span() },
            key: key.into_inner().into_owned(),
            node: convert(file, value, depth + 1, too_deep),
        })
        .collect();
    // The parser moves a table to the end when its header follows those of its children; people count from the top.
    entries.sort_by_key(|entry| entry.key_place.range.start);
    entries
}

fn convert(file: usize, value: Spanned<DeValue<'_>>, depth: usize, too_deep: &mut Option<TooDeep>) -> Node {
    let place = Place { file, range: value.span() };
    let value = match value.into_inner() {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).map_or(Value::Float(f64::INFINITY), Value::Integer),
        // Only digits, signs, `inf` and `nan` reach this point, and Rust reads them as TOML means them.
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(datetime) => Value::Datetime(datetime.to_string()),
        DeValue::Array(_) | DeValue::Table(_) if depth > limits::NESTING => {
            too_deep.get_or_insert_with(|| TooDeep(place.clone()));
            Value::Broken
        }
        DeValue::Array(items) => Value::Array(items.into_iter().map(|item| convert(file, item, depth + 1, too_deep)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(file, table, depth, too_deep)),
    };
    Node { place, value }
}
