//! `CloudFormation`'s intrinsic functions, where nobody can work them out: a readable text takes the place of each.
//!
//! `!Ref Bucket` becomes `${Bucket}`, `!GetAtt Role.Arn` `${Role.Arn}`, `!Sub` its own text, `!Join` the joined text, and
//! others `${Name:…}`. Where whole tables or lists depend on a condition (`!If`), it is taken to hold; `AWS::NoValue`
//! takes away what it stands for. A function that `CloudFormation` does not have is refused. It knows no resources.

use super::super::diagnostic::{Code, Collector, Finding};
use super::super::tree::{Node, Value};
use crate::wording::{nearest, shown};

/// `CloudFormation`'s functions, as short tags name them (template reference, "Intrinsic functions").
const KNOWN: [&str; 23] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
];

/// Replaces every function in a tree. What is left is plain values.
pub(super) fn resolve(node: &mut Node, collector: &mut Collector) {
    if !resolved(node, collector) {
        node.value = Value::Null;
    }
}

/// Replaces every function in a tree; `false` if it stands for nothing at all.
fn resolved(node: &mut Node, collector: &mut Collector) -> bool {
    if let Some((name, argument)) = function(node) {
        if !KNOWN.contains(&name) && !name.starts_with("ForEach::") {
            let finding = Finding::error(Code::UnknownChoice, format!("CloudFormation has no function `{}`", shown(name))).label("not known");
            collector.add(&node.place, finding.suggest(nearest(name, KNOWN.iter().copied()), || None));
            node.value = Value::Broken;
            return true;
        }
        if name == "Ref" && matches!(&argument.value, Value::String(text) if text == "AWS::NoValue") {
            return false;
        }
        if name == "If"
            && let Some(chosen) = alternative(node, collector)
        {
            *node = Node { place: node.place.clone(), ..chosen };
            return resolved(node, collector);
        }
        node.value = Value::String(text(node));
        return true;
    }
    match &mut node.value {
        Value::Table(entries) => entries.retain_mut(|entry| resolved(&mut entry.node, collector)),
        Value::Array(items) => items.retain_mut(|item| resolved(item, collector)),
        _ => {}
    }
    true
}

/// The function that a node is, if it is one: its name without `Fn::`, and its argument.
fn function(node: &Node) -> Option<(&str, &Node)> {
    let Value::Table(entries) = &node.value else { return None };
    let [entry] = entries.as_slice() else { return None };
    match entry.key.as_str() {
        "Ref" => Some(("Ref", &entry.node)),
        key => key.strip_prefix("Fn::").map(|name| (name, &entry.node)),
    }
}

/// What an `!If` of tables, of lists or of something and nothing is taken for; `None` for one of texts.
fn alternative(node: &Node, collector: &mut Collector) -> Option<Node> {
    let (_, argument) = function(node)?;
    let Value::Array(parts) = &argument.value else { return None };
    let [condition, yes, no] = parts.as_slice() else { return None };
    let is_nothing =
        |node: &Node| matches!(function(node), Some(("Ref", argument)) if matches!(&argument.value, Value::String(text) if text == "AWS::NoValue"));
    let is_structure = |node: &Node| match function(node) {
        Some((name, _)) => name == "If",
        None => matches!(node.value, Value::Table(_) | Value::Array(_)),
    };
    match (is_nothing(yes), is_nothing(no)) {
        (_, true) => Some(yes.clone()),
        (true, false) => Some(no.clone()),
        (false, false) if is_structure(yes) || is_structure(no) => {
            let what = format!("read as if the condition `{}` held", shown(&text(condition)));
            collector.add(&node.place, Finding::warning(Code::Unused, what).label("the other alternative is left out"));
            Some(yes.clone())
        }
        (false, false) => None,
    }
}

/// A node as a readable text.
fn text(node: &Node) -> String {
    let Some((name, argument)) = function(node) else {
        return match &node.value {
            Value::String(text) | Value::Datetime(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(value) => value.to_string(),
            Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
            Value::Table(_) | Value::Null | Value::Broken => "…".to_owned(),
        };
    };
    let parts = match &argument.value {
        Value::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(argument),
    };
    match (name, parts) {
        ("Ref", _) => format!("${{{}}}", text(argument)),
        ("GetAtt" | "FindInMap", _) => format!("${{{}}}", parts.iter().map(text).collect::<Vec<_>>().join(".")),
        ("Sub", [first, ..]) => text(first),
        ("Join", [between, Node { value: Value::Array(items), .. }]) => items.iter().map(text).collect::<Vec<_>>().join(&text(between)),
        ("If", [condition, ..]) => format!("${{If:{}}}", text(condition)),
        _ => format!("${{{name}:{}}}", text(argument)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{read, yaml};
    use super::*;

    /// A document with its functions replaced, as JSON, and what is said.
    fn replaced(text: &str) -> (serde_json::Value, Vec<String>) {
        let mut collector = Collector::default();
        let file = collector.sources.add("t.yml", text);
        let mut tree = yaml::parse(file, text, &mut collector).and_then(|documents| documents.into_iter().next()).expect("a document");
        resolve(&mut tree, &mut collector);
        let value = read::read(&mut tree, &mut collector).expect("plain values");
        (value, collector.finish().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn functions_become_readable_texts() {
        for (function, expected) in [
            ("!Ref Bucket", "${Bucket}"),
            ("!GetAtt Role.Arn", "${Role.Arn}"),
            ("!GetAtt [Role, Arn]", "${Role.Arn}"),
            ("!Sub 'a-${B}'", "a-${B}"),
            ("!Sub ['a-${B}', {B: c}]", "a-${B}"),
            ("!Join ['-', [!Ref A, b, 1]]", "${A}-b-1"),
            ("!Join ['-', !Ref List]", "${Join:-,${List}}"),
            ("!ImportValue {Fn::Sub: '${Stack}-Name'}", "${ImportValue:${Stack}-Name}"),
            ("!FindInMap [Map, !Ref A, Key]", "${Map.${A}.Key}"),
            ("!If [Prod, a, b]", "${If:Prod}"),
            ("!If [Prod, !Ref A, !Ref 'AWS::NoValue']", "${A}"),
            ("!If [Prod, !Ref 'AWS::NoValue', b]", "b"),
            ("!Select [0, !GetAZs '']", "${Select:0,${GetAZs:}}"),
        ] {
            let (value, said) = replaced(&format!("x: {function}\n"));
            assert_eq!((value, said), (serde_json::json!({ "x": expected }), vec![]), "{function}");
        }
    }

    #[test]
    fn alternatives_of_tables_are_taken_to_hold_and_nothing_is_taken_away() {
        let text = "l:\n  - !If [C, {a: 1}, {a: 2}]\n  - !If [D, {b: !Ref X}, !Ref 'AWS::NoValue']\n  - !Ref AWS::NoValue\nk: !Ref AWS::NoValue\n";
        let (value, said) = replaced(text);
        assert_eq!(value, serde_json::json!({ "l": [{ "a": 1 }, { "b": "${X}" }] }));
        assert_eq!(said, ["t.yml:2:9: warning: read as if the condition `C` held"]);
    }

    #[test]
    fn a_function_that_there_is_not_is_refused() {
        let mut collector = Collector::default();
        let file = collector.sources.add("t.yml", "name: !Reff Branch");
        let mut tree = yaml::parse(file, "name: !Reff Branch", &mut collector).and_then(|documents| documents.into_iter().next()).expect("a document");
        resolve(&mut tree, &mut collector);
        let said = collector.finish().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert!(said.contains("no function `Reff`"), "{said}");
    }
}
