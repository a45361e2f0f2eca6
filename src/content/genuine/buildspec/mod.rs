//! `buildspec.yml`: the build specification of CodeBuild, versions 0.2 and 0.1.
//!
//! The format is that of the CodeBuild user guide, chapters "Build specification reference" and "Batch build buildspec
//! reference". All mistakes are reported at once. What CodeBuild would read past is a warning, not an error: keys of other
//! tools, an empty `commands`, the `type` of an artifact. In version 0.1 each command has a shell of its own; everything
//! else is as in 0.2. Its old names `environment_variables` and `plaintext` are refused with their new names, because
//! version 0.2 knows no variables under them.
//!
//! Knows the file and not how long a build takes. A new key is a field in `raw` and its use in `lower`.

mod batch;
mod lower;
mod raw;

#[cfg(test)]
use crate::content::diagnostic::Diagnostics;
use crate::content::diagnostic::{Code, Collector, Finding, Severity};
use crate::content::source::Place;
use crate::content::tree::{Entry, Node, Value};
use crate::content::{read, yaml};
use crate::delivery::build::spec::Buildspec;
use crate::delivery::pipelines::BuildspecOf;
use crate::scenario::limits;
use crate::wording::{nearest, shown};

/// Reads a build specification from text; mistakes are reported in `file_name`. Beside it come warnings.
#[cfg(test)]
pub(crate) fn buildspec(file_name: &str, text: &str) -> Result<(Buildspec, Diagnostics), Diagnostics> {
    let mut collector = Collector::default();
    let file = collector.sources.add(file_name, text);
    let spec = read_from(file, text, &mut collector);
    let diagnostics = collector.finish();
    match spec {
        Some(spec) if !diagnostics.has_errors() => Ok((spec, diagnostics)),
        _ => Err(diagnostics),
    }
}

/// One thing that is wrong with a specification that stands in no file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The line of the text, counted from 1.
    pub(crate) line: usize,
    /// What is wrong, and what to do about it.
    pub(crate) what: String,
    /// Whether the text can be used nevertheless.
    pub(crate) is_warning: bool,
}

/// Reads a specification from text that somebody types or that stands in another file. With it come warnings; if it cannot be
/// used, everything that is wrong with it.
pub(crate) fn of_text(text: &str) -> Result<(BuildspecOf, Vec<Mistake>), Vec<Mistake>> {
    let mut collector = Collector::default();
    let file = collector.sources.add("buildspec.yml", text);
    let spec = read_from(file, text, &mut collector);
    let diagnostics = collector.finish();
    let has_errors = diagnostics.has_errors();
    let mistakes = diagnostics.iter().map(|diagnostic| Mistake {
        line: diagnostic.line,
        what: diagnostic.help.as_ref().map_or_else(|| diagnostic.message.clone(), |help| format!("{}: {help}", diagnostic.message)),
        is_warning: diagnostic.severity == Severity::Warning,
    });
    let mistakes = mistakes.collect();
    match spec {
        Some(spec) if !has_errors => Ok((BuildspecOf { spec, text: text.to_owned() }, mistakes)),
        _ => Err(mistakes),
    }
}

/// Reads the file at index `file` of the collector's sources. With errors in the collector, what is returned is not whole.
pub(crate) fn read_from(file: usize, text: &str, collector: &mut Collector) -> Option<Buildspec> {
    if text.len() as u64 > limits::FILE_BYTES {
        let finding = Finding::error(Code::TooMuch, format!("the file has {} bytes; the largest that is read has {}", text.len(), limits::FILE_BYTES));
        collector.add(&Place { file, range: 0..0 }, finding);
        return None;
    }
    let mut documents = yaml::parse(file, text, collector)?.into_iter();
    let mut tree = documents.next()?;
    if let Some(second) = documents.next() {
        collector.add(&second.place, Finding::warning(Code::Unused, "a build specification is one document; this one is ignored").label("a second document"));
    }
    as_written(&mut tree, text);
    without_strangers(&mut tree, collector);
    let is_table = matches!(tree.value, Value::Table(_));
    let raw: raw::File = read::read(&mut tree, collector)?;
    // What is no mapping at all has no missing keys either.
    is_table.then(|| lower::lower(&raw, &tree, collector))
}

/// Gives plain scalars the text that stands in the file. CodeBuild reads every scalar as text, so that `3.10` is a version
/// and not a number.
fn as_written(node: &mut Node, text: &str) {
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| as_written(item, text)),
        Value::Table(entries) => entries.iter_mut().for_each(|entry| as_written(&mut entry.node, text)),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
            let written = text.get(node.place.range.clone()).unwrap_or_default();
            // Behind an alias stands the alias's name.
            let known = if written.starts_with('*') || written.is_empty() { None } else { Some(written.to_owned()) };
            node.value = Value::String(known.unwrap_or_else(|| match &node.value {
                Value::Integer(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Boolean(value) => value.to_string(),
                _ => String::new(),
            }));
        }
        _ => {}
    }
}

/// Takes out the top-level keys that are not CodeBuild's, and says what becomes of them. What looks like a slip of the pen
/// stays, so that it is reported with the key that was meant.
fn without_strangers(tree: &mut Node, collector: &mut Collector) {
    let Value::Table(entries) = &mut tree.value else { return };
    entries.retain(|entry| {
        let name = entry.key.as_str();
        if raw::KEYS.contains(&name) || name != "containers" && nearest(name, raw::KEYS).is_some() {
            return true;
        }
        let finding = match name {
            "environment_variables" => renamed(entry),
            "containers" => Finding::error(Code::UnknownKey, "`containers` is not a key of a build specification")
                .label("no such key")
                .help("phases and artifacts stand at the top level"),
            "secondary-artifacts" => ignored(name).help("it belongs into `artifacts`"),
            "finally" | "commands" | "install" | "pre_build" | "build" | "post_build" => {
                Finding::error(Code::UnknownKey, format!("`{name}` stands at the top level")).label("out of place").help("it belongs into `phases`")
            }
            "eb_codebuild_settings" => ignored(name).help("Elastic Beanstalk reads it"),
            _ => ignored(name),
        };
        collector.add(&entry.key_place, finding);
        false
    });
}

fn renamed(entry: &Entry) -> Finding {
    let finding = Finding::error(Code::UnknownKey, "`environment_variables` is now called `env`").label("not read any more");
    match entry.node.get("plaintext") {
        Some(_) => finding.help("write `env:` with `variables:` in place of `plaintext:`"),
        None => finding.help("write `env:` with `variables:` in it"),
    }
}

fn ignored(name: &str) -> Finding {
    Finding::warning(Code::Unused, format!("CodeBuild ignores `{}`", shown(name))).label("not CodeBuild's")
}

#[cfg(test)]
mod tests;
