//! Deserialises a [`Node`] tree and reports *every* mistake in it, not just the first.
//!
//! serde stops at the first mistake, but here it comes with its path. So the mistake is reported, the tree repaired at
//! that path (a misspelt key is given the name that was meant, anything else is marked broken), and the tree read
//! again. What broke only because something else was broken is not reported. It knows no scenarios: any type that
//! derives `Deserialize` is read this way.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer as _, Unexpected, Visitor};

use super::diagnostic::{Code, Collector, Finding};
use super::tree::{Entry, Node, Segment, Value};
use crate::scenario::limits;
use crate::wording::{listed, nearest, shown};

/// Reads the tree as a `T`. Mistakes go to the collector; `None` only if there is nothing left to read.
pub(crate) fn read<T: DeserializeOwned>(tree: &mut Node, collector: &mut Collector) -> Option<T> {
    // Each round repairs one spot; silent repairs of consequences come on top of the reported mistakes.
    for _ in 0..limits::MISTAKES * 4 {
        match T::deserialize(Reader(tree)) {
            Ok(value) => return Some(value),
            Err(mistake) => {
                // What the whole file lacks cannot be mended, and what was written there may have been told already.
                let is_whole = mistake.path.is_empty() && matches!(mistake.what, What::MissingKey(_));
                repair(tree, mistake, collector);
                if is_whole {
                    return None;
                }
            }
        }
        if collector.is_full() {
            return None;
        }
    }
    None
}

/// A mistake and where it is.
#[derive(Debug)]
struct Mistake {
    what: What,
    /// Innermost segment first.
    path: Vec<Segment>,
}

#[derive(Debug)]
enum What {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    UnknownName {
        name: String,
        known: &'static [&'static str],
    },
    MissingKey(&'static str),
    /// Another kind of value, or another value, than expected.
    Unexpected {
        expected: String,
        found: String,
    },
    Wrong(String),
}

impl Mistake {
    fn new(what: What) -> Self {
        Self { what, path: Vec::new() }
    }
    fn inside(mut self, segment: Segment) -> Self {
        self.path.push(segment);
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}
impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Wrong(message.to_string()))
    }
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::Unexpected { expected: expectation(expected, &unexpected), found: found(&unexpected) })
    }
    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let found = format!("one of {length}");
        Self::new(What::Unexpected { expected: expectation(expected, &Unexpected::Seq), found })
    }
    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownName { name: name.to_owned(), known })
    }
    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey { key: key.to_owned(), known })
    }
    fn missing_field(key: &'static str) -> Self {
        Self::new(What::MissingKey(key))
    }
    fn duplicate_field(key: &'static str) -> Self {
        Self::new(What::Wrong(format!("`{key}` is written twice")))
    }
}

/// What serde's generated code expected, in the words of people who write TOML.
fn expectation(expected: &dyn Expected, instead: &Unexpected<'_>) -> String {
    let text = expected.to_string();
    let too_large = matches!(instead, Unexpected::Signed(1..) | Unexpected::Unsigned(_));
    match text.as_str() {
        "u8" | "u16" | "u32" | "u64" | "usize" if !too_large => "a whole number, 0 or more".to_owned(),
        "u8" => "a whole number up to 255".to_owned(),
        "u32" => "a whole number up to 4294967295".to_owned(),
        "u16" | "u64" | "usize" => "a smaller whole number".to_owned(),
        "i32" | "i64" => "a whole number".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "a table".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "string" => "a string".to_owned(),
        "a tuple of size 2" => "an array of two".to_owned(),
        _ if text.starts_with("struct ") => "a table".to_owned(),
        _ if text.starts_with("enum ") => "a name, or a table with one key".to_owned(),
        _ => text,
    }
}

/// What was there instead.
fn found(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Str(text) => format!("the string \"{}\"", shown(text)),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Float(number) if number.abs() >= 1e15 => format!("the number {number:e}"),
        // With its point, so that it does not look like the whole number that it is not.
        Unexpected::Float(number) => format!("the number {number:?}"),
        Unexpected::Bool(value) => format!("{value}"),
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "a table".to_owned(),
        Unexpected::Seq => "an array".to_owned(),
        other => other.to_string(),
    }
}

/// Reports a mistake, unless it only follows from one that was reported, and makes the tree readable there.
fn repair(tree: &mut Node, mistake: Mistake, collector: &mut Collector) {
    let mut path = mistake.path;
    path.reverse();
    match mistake.what {
        What::UnknownKey { key, known } => {
            path.push(Segment::Key(key.clone()));
            let guess = nearest(&key, known.iter().copied());
            let finding = Finding::error(Code::UnknownKey, format!("unknown key `{}`", shown(&key))).label("no such key here");
            let finding = finding.suggest(guess, || listed(known.iter().copied()).map(|names| format!("the keys here are {names}")));
            collector.add(&tree.key_place_of(&path), finding);
            rename_or_break(tree, &path, guess);
        }
        What::UnknownName { name, known } => {
            let guess = nearest(&name, known.iter().copied());
            let finding = Finding::error(Code::UnknownChoice, format!("`{}` is not one of the alternatives here", shown(&name)));
            let finding = finding.suggest(guess, || listed(known.iter().copied()).map(|names| format!("write one of {names}")));
            // As a key of a table the name has a place of its own.
            let mut key_path = path.clone();
            key_path.push(Segment::Key(name.clone()));
            if tree.at(&key_path).is_some() {
                collector.add(&tree.key_place_of(&key_path), finding.label("not known here"));
                // Only a slip of the pen is put right and read on: what follows from a wrong guess would be no mistake.
                if guess.is_some_and(|guess| strsim::damerau_levenshtein(&name, guess) <= 1) {
                    rename_or_break(tree, &key_path, guess);
                } else {
                    tree.break_at(&path);
                }
            } else {
                collector.add(&tree.place_of(&path), finding.label("not known here"));
                tree.break_at(&path);
            }
        }
        What::MissingKey(key) => {
            let mut key_path = path.clone();
            key_path.push(Segment::Key(key.to_owned()));
            if !tree.is_broken_at(&key_path) {
                let place = if path.is_empty() { tree.place_of(&path) } else { tree.key_place_of(&path) };
                collector.add(&place, Finding::error(Code::MissingKey, format!("the key `{key}` is missing")).label(format!("needs `{key}`")));
            }
            tree.break_at(&path);
        }
        // What is left of a table or an array after its parts broke is wrong too; that was reported with the parts.
        What::Wrong(_) | What::Unexpected { .. } if tree.at(&path).is_some_and(Node::is_hollow) => tree.break_at(&path),
        What::Unexpected { expected, found } => {
            let what = match path.last() {
                Some(Segment::Key(key)) => format!("`{}`", shown(key)),
                Some(Segment::Index(_)) => "this".to_owned(),
                None => "the file".to_owned(),
            };
            let mut finding = Finding::error(Code::BadValue, format!("{what} must be {expected}, not {found}"));
            if expected.starts_with("a whole number") && matches!(tree.at(&path).map(|node| &node.value), Some(Value::Float(_))) {
                finding = finding.help("write digits alone, without a point or an exponent");
            }
            collector.add(&tree.place_of(&path), finding.label("not expected here"));
            tree.break_at(&path);
        }
        What::Wrong(message) => {
            // Messages of our own types say what is wrong, and after a semicolon what to write instead.
            let (message, help) = message.split_once("; ").map_or((message.as_str(), None), |(message, help)| (message, Some(help)));
            let mut finding = Finding::error(Code::BadValue, message);
            if let Some(help) = help {
                finding = finding.help(help);
            }
            collector.add(&tree.place_of(&path), finding);
            tree.break_at(&path);
        }
    }
}

/// Gives a misspelt key the name that was meant, if that one is not there already; else marks it broken.
fn rename_or_break(tree: &mut Node, path: &[Segment], guess: Option<&str>) {
    if let (Some(guess), Some((Segment::Key(key), parent))) = (guess, path.split_last())
        && tree.rename(parent, key, guess)
    {
        return;
    }
    tree.break_at(path);
}

/// A node as serde's source of values.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Node);

impl<'a> Reader<'a> {
    /// The entries that decide between alternatives. Where a scenario and what it extends choose different ones, the
    /// scenario's choice replaces the other instead of standing beside it.
    fn alternatives(entries: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
        let nearest_file = entries.iter().filter(|entry| !entry.node.is_broken()).map(|entry| entry.key_place.file).min();
        entries.iter().filter(move |entry| Some(entry.key_place.file) == nearest_file)
    }
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.0.value {
            Value::String(text) => visitor.visit_str(text),
            Value::Integer(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (_, Ok(number)) => visitor.visit_u64(number),
                _ => {
                    let expected = expectation(&visitor, &Unexpected::Unsigned(u64::MAX));
                    Err(Mistake::new(What::Unexpected { expected, found: format!("the number {number}") }))
                }
            },
            Value::Float(number) if number.is_finite() => visitor.visit_f64(*number),
            Value::Float(number) => {
                let found = if number.is_nan() { "nan" } else { "infinity" };
                Err(Mistake::new(What::Unexpected { expected: "a finite number".to_owned(), found: found.to_owned() }))
            }
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Datetime(text) => Err(de::Error::invalid_type(Unexpected::Other(&format!("the date {}", shown(text))), &visitor)),
            Value::Array(items) => visitor.visit_seq(Items { items: items.iter(), index: 0 }),
            Value::Table(entries) => visitor.visit_map(Fields { entries: Self::alternatives(entries), current: None }),
            Value::Null => visitor.visit_unit(),
            Value::Broken => Err(Mistake::new(What::Wrong("nothing readable here".to_owned()))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.0.value {
            Value::Table(entries) => visitor.visit_map(Fields { entries: entries.iter(), current: None }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _name: &'static str, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, Mistake> {
        match &self.0.value {
            // An array would be read as a struct by position, which nobody means.
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _name: &'static str, names: &'static [&'static str], visitor: V) -> Result<V::Value, Mistake> {
        match &self.0.value {
            Value::String(name) => visitor.visit_enum(IntoBareName(name)),
            Value::Table(entries) => {
                let mut live = Self::alternatives(entries).filter(|entry| !entry.node.is_broken());
                match (live.next(), live.next()) {
                    (Some(entry), None) => visitor.visit_enum(OneKey(entry)),
                    (Some(first), Some(second)) => Err(Mistake::new(What::Wrong(format!(
                        "`{}` and `{}` in one table; keep one, or write two tables",
                        shown(&first.key),
                        shown(&second.key)
                    )))),
                    _ => {
                        let names = listed(names.iter().copied()).unwrap_or_default();
                        Err(Mistake::new(What::Wrong(format!("a table without a key; write one of {names}"))))
                    }
                }
            }
            _ => Err(Mistake::new(What::Unexpected { expected: "a name, or a table with one key".to_owned(), found: self.0.kind().to_owned() })),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct identifier ignored_any
    }
}

/// The elements of an array, without the broken ones.
struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    index: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let Some(node) = self.items.by_ref().find(|item| !item.is_broken()) else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(node)).map(Some).map_err(|mistake| mistake.inside(Segment::Index(index)))
    }
}

/// The entries of a table, without the broken ones.
struct Fields<'a, I> {
    entries: I,
    current: Option<&'a Entry>,
}

impl<'de, 'a, I: Iterator<Item = &'a Entry>> de::MapAccess<'de> for Fields<'a, I> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        self.current = self.entries.by_ref().find(|entry| !entry.node.is_broken());
        match self.current {
            Some(entry) => seed.deserialize(bare(&entry.key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mistake> {
        let entry = self.current.take().ok_or_else(|| Mistake::new(What::Wrong("a value without a key".to_owned())))?;
        seed.deserialize(Reader(&entry.node)).map_err(|mistake| mistake.inside(Segment::Key(entry.key.clone())))
    }
}

fn bare(text: &str) -> StrDeserializer<'_, Mistake> {
    text.into_deserializer()
}

/// An alternative written as its bare name.
struct IntoBareName<'a>(&'a str);

impl<'de> de::EnumAccess<'de> for IntoBareName<'_> {
    type Error = Mistake;
    type Variant = NoContent;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, NoContent), Mistake> {
        seed.deserialize(bare(self.0)).map(|name| (name, NoContent(self.0.to_owned())))
    }
}

/// A bare name has no content; alternatives that need some say so.
struct NoContent(String);

impl NoContent {
    fn needs_table(&self) -> Mistake {
        Mistake::new(What::Wrong(format!("`{0}` needs a value; write it as a table: {{ {0} = … }}", shown(&self.0))))
    }
}

impl<'de> de::VariantAccess<'de> for NoContent {
    type Error = Mistake;

    fn unit_variant(self) -> Result<(), Mistake> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Mistake> {
        Err(self.needs_table())
    }
    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, _visitor: V) -> Result<V::Value, Mistake> {
        Err(self.needs_table())
    }
    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], _visitor: V) -> Result<V::Value, Mistake> {
        Err(self.needs_table())
    }
}

/// An alternative written as a table with one key.
struct OneKey<'a>(&'a Entry);

impl<'de, 'a> de::EnumAccess<'de> for OneKey<'a> {
    type Error = Mistake;
    type Variant = Content<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content<'a>), Mistake> {
        seed.deserialize(bare(&self.0.key)).map(|name| (name, Content(self.0)))
    }
}

struct Content<'a>(&'a Entry);

impl Content<'_> {
    fn inside(&self) -> impl FnOnce(Mistake) -> Mistake {
        let segment = Segment::Key(self.0.key.clone());
        |mistake| mistake.inside(segment)
    }
}

impl<'de> de::VariantAccess<'de> for Content<'_> {
    type Error = Mistake;

    fn unit_variant(self) -> Result<(), Mistake> {
        match &self.0.node.value {
            Value::Table(entries) if entries.is_empty() => Ok(()),
            _ => Err(Mistake::new(What::Wrong(format!("`{}` takes no value; write it as a bare name", shown(&self.0.key))))),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mistake> {
        seed.deserialize(Reader(&self.0.node)).map_err(self.inside())
    }
    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Mistake> {
        de::Deserializer::deserialize_any(Reader(&self.0.node), visitor).map_err(self.inside())
    }
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Mistake> {
        de::Deserializer::deserialize_struct(Reader(&self.0.node), "", fields, visitor).map_err(self.inside())
    }
}
