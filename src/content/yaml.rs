//! YAML, and with it JSON, as trees with places: one tree for each document of a file.
//!
//! The syntax is a library's business; here its events become a [`Node`], so that [`super::read`] can deserialise any
//! type from it and report every mistake at its place. Scalars follow YAML 1.2's core schema. Anchors, aliases and merge
//! keys (`<<`) are resolved within a bound, so that nobody writes a small file that becomes a large tree. A local tag
//! becomes a table with one key, as `CloudFormation` has it: `!Ref x` is `{ Ref: x }`, `!Sub x` is `{ "Fn::Sub": x }`. It
//! knows nothing of what the files mean.

use std::collections::BTreeMap;
use std::fmt;
use std::mem::take;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::diagnostic::{Code, Collector, Finding};
use super::source::Place;
use super::tree::{Entry, Node, Value};
use crate::scenario::limits;
use crate::wording::shown;

/// A scalar of any kind as text: genuine files write `version: 0.2` and mean a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scalar(pub(crate) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyScalar;
        impl Visitor<'_> for AnyScalar {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
        }
        deserializer.deserialize_any(AnyScalar)
    }
}

/// Parses YAML or JSON, the file at index `file` of the collector's sources. A mistake of syntax goes to the collector,
/// and so does what is too much; the documents before it are returned. `None` if there is no document at all.
pub(crate) fn parse(file: usize, text: &str, collector: &mut Collector) -> Option<Vec<Node>> {
    let options = granit_parser::options! { block_nesting_limit: limits::NESTING, flow_nesting_limit: limits::NESTING };
    let mut builder = Builder { file, text, collector, open: Vec::new(), anchors: BTreeMap::new(), documents: Vec::new(), nodes: 0, full: false };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.take(event, span),
            Err(mistake) => {
                builder.report(&mistake);
                break;
            }
        }
        if builder.full {
            break;
        }
    }
    let documents = builder.documents;
    if documents.is_empty() {
        if !collector.has_errors() {
            collector.add(&Place { file, range: 0..0 }, Finding::error(Code::Syntax, "the file is empty"));
        }
        return None;
    }
    Some(documents)
}

/// A list or a mapping whose end has not come yet.
struct Open {
    start: usize,
    anchor: usize,
    tag: Option<String>,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Mapping { entries: Vec<Entry>, next: Next },
}

/// What comes next in a mapping.
#[derive(Default)]
enum Next {
    /// A key.
    #[default]
    Key,
    /// The value of this key.
    Value(String, Place),
    /// The value of a key that was refused.
    Refused,
}

struct Builder<'a> {
    file: usize,
    text: &'a str,
    collector: &'a mut Collector,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    documents: Vec<Node>,
    /// Nodes so far, those that aliases repeat included.
    nodes: usize,
    full: bool,
}

impl Builder<'_> {
    fn place(&self, span: Span) -> Place {
        let range = span.byte_range().unwrap_or(0..0);
        let end = self.text.len();
        Place { file: self.file, range: range.start.min(end)..range.end.min(end) }
    }

    fn take(&mut self, event: Event<'_>, span: Span) {
        let place = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = Node { value: scalar(&text, style, tag.as_deref()), place };
                let node = self.tagged(node, tag.as_deref().and_then(local_name));
                self.finish(node, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                let tag = tag.as_deref().and_then(local_name);
                self.open.push(Open { start: place.range.start, anchor, tag, inside: Inside::List(Vec::new()) });
            }
            Event::MappingStart(_, anchor, tag) => {
                let tag = tag.as_deref().and_then(local_name);
                self.open.push(Open { start: place.range.start, anchor, tag, inside: Inside::Mapping { entries: Vec::new(), next: Next::Key } });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                if let Some(node) = self.anchors.get(&anchor) {
                    let node = Node { place, ..node.clone() };
                    self.nodes += size(&node);
                    self.finish(node, 0);
                } else {
                    self.collector.add(&place, Finding::error(Code::Cycle, "an alias inside of what it stands for").label("here"));
                    self.finish(Node { place, value: Value::Broken }, 0);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self) {
        let Some(Open { start, anchor, tag, inside }) = self.open.pop() else { return };
        let (value, end) = match inside {
            Inside::List(items) => {
                let end = items.first().map_or(start + 1, |item| item.place.range.end);
                (Value::Array(items), end)
            }
            Inside::Mapping { entries, .. } => {
                let end = entries.first().map_or(start + 1, |entry| entry.key_place.range.end);
                (Value::Table(self.merged(entries)), end)
            }
        };
        let end = end.clamp(start, self.text.len());
        let node = Node { place: Place { file: self.file, range: start..end }, value };
        let node = self.tagged(node, tag);
        self.finish(node, anchor);
    }

    /// A complete node goes to where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) {
        self.nodes += 1;
        if self.nodes > limits::YAML_NODES {
            self.full = true;
            let finding = Finding::error(Code::TooMuch, format!("the file has more than {} values, those that aliases repeat included", limits::YAML_NODES));
            self.collector.add(&node.place, finding.label("here"));
            return;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.documents.push(node),
            Some(Inside::List(items)) => items.push(node),
            Some(Inside::Mapping { next: next @ Next::Key, .. }) => {
                let name = match &node.value {
                    Value::String(text) => Some(text.clone()),
                    Value::Integer(number) => Some(number.to_string()),
                    Value::Float(number) => Some(number.to_string()),
                    Value::Boolean(value) => Some(value.to_string()),
                    Value::Null => Some("null".to_owned()),
                    _ => None,
                };
                if name.is_none() {
                    let finding = Finding::error(Code::BadValue, format!("a key is a word, not {}", node.kind()));
                    self.collector.add(&node.place, finding.label("not a key"));
                }
                *next = name.map_or(Next::Refused, |name| Next::Value(name, node.place));
            }
            Some(Inside::Mapping { entries, next }) => {
                let Next::Value(name, key_place) = take(next) else { return };
                // A merge key may be there more than once; any other key says two things then.
                if let Some(first) = entries.iter().find(|entry| entry.key == name && name != "<<") {
                    let finding = Finding::error(Code::Duplicate, format!("`{}` is there twice", shown(&name))).label("again");
                    self.collector.add(&key_place, finding.related(first.key_place.clone(), "first here"));
                    return;
                }
                entries.push(Entry { key: name, key_place, node });
            }
        }
    }

    /// Lays what `<<` refers to under a mapping's own keys.
    fn merged(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        if !entries.iter().any(|entry| entry.key == "<<") {
            return entries;
        }
        let (merges, mut own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| entry.key == "<<");
        for merge in merges {
            let sources = match merge.node.value {
                Value::Array(items) => items,
                value => vec![Node { place: merge.node.place, value }],
            };
            for source in sources {
                let Value::Table(inherited) = source.value else {
                    self.collector.add(&source.place, Finding::error(Code::BadValue, "`<<` takes a mapping or a list of mappings").label("not one"));
                    continue;
                };
                for entry in inherited {
                    if own.iter().all(|known| known.key != entry.key) {
                        own.push(entry);
                    }
                }
            }
        }
        own
    }

    fn tagged(&mut self, node: Node, tag: Option<String>) -> Node {
        let Some(key) = tag else { return node };
        self.nodes += 1;
        let place = node.place.clone();
        Node { place: place.clone(), value: Value::Table(vec![Entry { key, key_place: place, node }]) }
    }

    fn report(&mut self, mistake: &ScanError) {
        let at = mistake.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let end = self.text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        let mut finding = Finding::error(Code::Syntax, mistake.info());
        if self.text[..at].lines().next_back().is_some_and(|line| line.starts_with('\t')) {
            finding = finding.help("YAML is indented with spaces, never with tabs");
        }
        self.collector.add(&Place { file: self.file, range: at..end }, finding.label("here"));
    }
}

/// How many nodes there are in one.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Table(entries) => 1 + entries.iter().map(|entry| size(&entry.node)).sum::<usize>(),
        _ => 1,
    }
}

/// The key that a local tag stands for.
fn local_name(tag: &Tag) -> Option<String> {
    match (tag.handle(), tag.suffix()) {
        ("!", "") => None,
        ("!", name @ ("Ref" | "Condition")) => Some(name.to_owned()),
        ("!", name) => Some(format!("Fn::{name}")),
        _ => None,
    }
}

/// What a scalar says by the core schema.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = tag.is_some_and(|tag| tag.handle() == "!" && tag.suffix().is_empty() || tag.is_yaml_core_schema() && tag.suffix() == "str");
    if style != ScalarStyle::Plain || is_text {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Boolean(true),
        "false" | "False" | "FALSE" => return Value::Boolean(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A number by the core schema, if it is one. Identifiers such as account numbers keep their leading zeros.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = |text: &str, radix| i128::from_str_radix(text, radix).ok().map(Value::Integer);
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        return whole(hexadecimal, 16);
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return whole(octal, 8);
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        return if leading_zero { None } else { whole(text, 10) };
    }
    // What is left are points and exponents; Rust reads them as YAML means them.
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if plain { text.parse().ok().map(Value::Float) } else { None }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap as Map;
    use std::fmt::Write;

    use serde::Deserialize;

    use super::super::read::read;
    use super::*;

    /// The documents of a text as JSON, and what is said about it.
    fn parsed(text: &str) -> (Vec<serde_json::Value>, Vec<String>) {
        let mut collector = Collector::default();
        let file = collector.sources.add("x.yml", text);
        let documents = parse(file, text, &mut collector).unwrap_or_default();
        let json = documents.into_iter().filter_map(|mut node| read::<serde_json::Value>(&mut node, &mut collector)).collect();
        (json, collector.finish().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let (documents, said) = parsed("a: 1\nb: 0.2\nc: yes\nd: true\ne: ~\nf:\ng: '1'\nh: 0x1F\ni: 007\nj: 1e3\nk: -5\nl: !!str 12\nm: 1.2.3\nn: 2024-01-01");
        assert_eq!(said, [""; 0]);
        let expected = serde_json::json!({
            "a": 1, "b": 0.2, "c": "yes", "d": true, "e": null, "f": null, "g": "1", "h": 31, "i": "007", "j": 1000.0, "k": -5, "l": "12",
            "m": "1.2.3", "n": "2024-01-01"
        });
        assert_eq!(documents, [expected]);
    }

    #[test]
    fn json_is_yaml_and_documents_come_one_after_the_other() {
        let (documents, said) = parsed("---\na: [1, {b: c}]\n---\n{\"x\": {\"y\": [true, null]}}\n");
        assert_eq!(said, [""; 0]);
        assert_eq!(documents, [serde_json::json!({ "a": [1, { "b": "c" }] }), serde_json::json!({ "x": { "y": [true, null] } })]);
    }

    #[test]
    fn anchors_merge_keys_and_local_tags_are_resolved() {
        let (documents, said) = parsed("base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\nname: !Ref Stage\nlist: !Split [',', !Sub '${A}']\nif: !Condition C");
        assert_eq!(said, [""; 0]);
        let expected = serde_json::json!({
            "base": { "x": 1, "y": 2 }, "more": { "y": 3, "x": 1 }, "name": { "Ref": "Stage" },
            "list": { "Fn::Split": [",", { "Fn::Sub": "${A}" }] }, "if": { "Condition": "C" }
        });
        assert_eq!(documents, [expected]);
    }

    #[test]
    fn mistakes_have_line_and_column() {
        assert_eq!(parsed("a: 1\na: 2\n").1, ["x.yml:2:1: error: `a` is there twice"]);
        assert_eq!(parsed("").1, ["x.yml:1:1: error: the file is empty"]);
        assert_eq!(parsed("a: *b\n").1.len(), 1);
        let (_, said) = parsed("a:\n  - b\n c: d\n");
        assert!(said.len() == 1 && said[0].starts_with("x.yml:3:"), "{said:?}");
        let (_, said) = parsed("[a, b]: 1\n");
        assert_eq!(said, ["x.yml:1:1: error: a key is a word, not an array"]);
    }

    #[test]
    fn a_small_file_does_not_become_a_large_tree() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let below = level - 1;
            let tenfold = vec![format!("*a{below}"); 10].join(", ");
            writeln!(bomb, "a{level}: &a{level} [{tenfold}]").unwrap();
        }
        let (_, said) = parsed(&bomb);
        assert!(said.len() == 1 && said[0].contains("more than"), "{said:?}");
        let (_, said) = parsed(&"[".repeat(10_000));
        assert_eq!(said.len(), 1, "{said:?}");
    }

    #[test]
    fn all_mistakes_of_a_typed_file_are_found_at_once() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct File {
            version: Scalar,
            #[serde(default)]
            phases: Map<String, Phase>,
        }
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct Phase {
            commands: Option<Vec<String>>,
        }
        let text = "version: 0.2\nphases:\n  build:\n    comands:\n      - make\n  install:\n    commands: 3\n";
        let mut collector = Collector::default();
        let file = collector.sources.add("x.yml", text);
        let mut nodes = parse(file, text, &mut collector).expect("a document");
        let read: Option<File> = read(&mut nodes[0], &mut collector);
        assert_eq!(read.map(|file| file.version), Some(Scalar("0.2".to_owned())));
        let said: Vec<String> = collector.finish().iter().map(ToString::to_string).collect();
        assert_eq!(said, ["x.yml:4:5: error: unknown key `comands`", "x.yml:7:15: error: `commands` must be an array, not the number 3"]);
    }
}
