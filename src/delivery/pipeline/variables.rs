//! Variables: `#{namespace.name}` in a configuration, found and filled in.
//!
//! Three kinds ("Variables reference" of the user guide): those of the pipeline (`#{variables.name}`), those that an
//! action with a namespace put out, and `#{codepipeline.PipelineExecutionId}`. Anything else with `#{` is plain text: a
//! shell may mean something by it. It knows nothing of who asks. To add a kind, add it to [`Namespaces`].

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use super::limits;

/// Namespace of the pipeline's own variables.
pub const PIPELINE: &str = "variables";
/// Namespace of what the service itself provides.
pub const SERVICE: &str = "codepipeline";
/// What the service itself provides.
pub const EXECUTION_ID: &str = "PipelineExecutionId";

/// Length of the longest reference [B].
const LONGEST: usize = 4 + limits::NAME + limits::VARIABLE_NAME;

/// `#{namespace.name}` in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference<'a> {
    /// What is before the dot.
    pub namespace: &'a str,
    /// What is behind it.
    pub name: &'a str,
    /// Where it is in the text [B].
    pub range: Range<usize>,
}

/// The references in a text, in order.
pub fn references(text: &str) -> impl Iterator<Item = Reference<'_>> {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'-' | b'_'));
    text.match_indices("#{").filter_map(move |(start, _)| {
        let length = text[start..].bytes().take(LONGEST).position(|byte| byte == b'}')?;
        let (namespace, name) = text[start + 2..start + length].split_once('.')?;
        (word(namespace) && word(name)).then(|| Reference { namespace, name, range: start..start + length + 1 })
    })
}

/// What references can stand for while an action begins.
#[derive(Debug, Clone, Copy)]
pub struct Namespaces<'a> {
    /// The execution's id.
    pub execution: &'a str,
    /// The pipeline's variables.
    pub pipeline: &'a BTreeMap<String, String>,
    /// What actions put out so far, by namespace.
    pub outputs: &'a BTreeMap<String, BTreeMap<String, String>>,
}

/// Why a text cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// Nothing has this name.
    Unknown(String),
    /// It gets too long.
    TooLong,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(reference) => f.write_str(reference),
            Self::TooLong => write!(f, "more than {} characters", limits::RESOLVED),
        }
    }
}

impl Namespaces<'_> {
    fn value(&self, reference: &Reference<'_>) -> Option<&str> {
        match reference.namespace {
            SERVICE => (reference.name == EXECUTION_ID).then_some(self.execution),
            PIPELINE => self.pipeline.get(reference.name).map(String::as_str),
            namespace => self.outputs.get(namespace)?.get(reference.name).map(String::as_str),
        }
    }

    /// A text with its references filled in.
    pub fn resolve(&self, text: &str) -> Result<String, Unresolved> {
        let mut resolved = String::new();
        let mut done = 0;
        for reference in references(text) {
            let value = self.value(&reference).ok_or_else(|| Unresolved::Unknown(text[reference.range.clone()].to_owned()))?;
            resolved += &text[done..reference.range.start];
            resolved += value;
            done = reference.range.end;
            if resolved.len() > limits::RESOLVED {
                return Err(Unresolved::TooLong);
            }
        }
        resolved += &text[done..];
        Ok(resolved)
    }

    /// A configuration with its references filled in.
    pub fn resolve_all(&self, configuration: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Unresolved> {
        configuration.iter().map(|(key, value)| Ok((key.clone(), self.resolve(value)?))).collect()
    }

    /// Commands with their references filled in.
    pub fn resolve_each(&self, commands: &[String]) -> Result<Vec<String>, Unresolved> {
        commands.iter().map(|command| self.resolve(command)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_in_and_other_text_is_left_alone() {
        let pipeline = BTreeMap::from([("level".to_owned(), "beta".to_owned())]);
        let outputs = BTreeMap::from([("Src".to_owned(), BTreeMap::from([("CommitId".to_owned(), "abc".to_owned())]))]);
        let namespaces = Namespaces { execution: "id-1", pipeline: &pipeline, outputs: &outputs };
        for (text, expected) in [
            ("plain", Ok("plain")),
            ("#{variables.level}", Ok("beta")),
            ("a #{Src.CommitId}, #{codepipeline.PipelineExecutionId}!", Ok("a abc, id-1!")),
            ("#{x} #{} #{a b.c} #{.c} ${Src.CommitId} #{open.", Ok("#{x} #{} #{a b.c} #{.c} ${Src.CommitId} #{open.")),
            ("#{Src.Branch}", Err("#{Src.Branch}")),
            ("x #{codepipeline.Name}", Err("#{codepipeline.Name}")),
        ] {
            assert_eq!(namespaces.resolve(text), expected.map(str::to_owned).map_err(|reference| Unresolved::Unknown(reference.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_long_value_repeated_often_is_refused() {
        let pipeline = BTreeMap::from([("x".to_owned(), "y".repeat(1_000))]);
        let namespaces = Namespaces { execution: "", pipeline: &pipeline, outputs: &BTreeMap::new() };
        assert_eq!(namespaces.resolve(&"#{variables.x}".repeat(70)), Err(Unresolved::TooLong));
    }
}
