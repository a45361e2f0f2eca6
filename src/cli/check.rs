//! `fleetlab check PATH…`: reports every mistake in scenario files, in lessons, and in files of the trade (buildspec, appspec,
//! pipelines, manifests).
//!
//! A folder with a `lesson.toml` is a lesson, and one with such folders is all of them. Any other folder means every `.toml` file
//! in it, or, if it has none, every genuine file. Diagnostics go to standard error, one line per file to standard output; as
//! JSON everything goes to standard output, for editors and scripts. It knows nothing of what a mistake is.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Streams;
use crate::content::genuine::kinds;
use crate::content::{Diagnostics, Lessons, Library, Loaded, LoadedLesson};

/// Finds every mistake in scenarios, lessons, buildspecs, appspecs, pipelines and manifests.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files, folders, or names of shipped scenarios
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print JSON, for editors and scripts
    #[arg(long)]
    json: bool,
    /// Count warnings as mistakes
    #[arg(long)]
    strict: bool,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab check scenarios/mine.toml
  fleetlab check scenarios lessons
  fleetlab check online-boutique --strict --json
  fleetlab check buildspec.yml pipeline.json rollout.yaml

Ends with status 1 if a file has mistakes (with --strict also if there are warnings, as on purpose in a
few shipped scenarios that teach overload), with 2 if one cannot be read.";

/// Checks what the arguments name. Returns the exit status.
pub(super) fn execute(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    run(&args.paths, CheckOptions { colour: streams.colour, json: args.json, strict: args.strict }, streams.out, streams.err)
}

/// What `check` may be asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Draws in colour.
    pub colour: bool,
    /// Prints JSON instead of text: one array with an object per file.
    pub json: bool,
    /// Counts warnings as failures.
    pub strict: bool,
}

/// One file's result, as JSON.
#[derive(Debug, Serialize)]
struct FileResult<'a> {
    path: String,
    ok: bool,
    diagnostics: Vec<&'a crate::content::Diagnostic>,
}

/// Checks scenarios given by path, folder or name of a shipped one. Returns the exit status: 0 all can run, 1 one has
/// mistakes, 2 one cannot be read.
pub fn run(paths: &[PathBuf], options: CheckOptions, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
    let library = Library::shipped();
    let mut status = 0;
    let mut results = Vec::new();
    for path in expand(paths) {
        let name = path.display().to_string();
        let (line, diagnostics) = if kinds::is_genuine(&path) && path.is_file() {
            let (kind, found) = kinds::check(&name, std::fs::read(&path).unwrap_or_default());
            (kind.map_or_else(String::new, |kind| kind.name().to_owned()), found)
        } else if path.file_name().is_some_and(|file| file == "courses.toml") {
            match Lessons::courses_of(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))) {
                Ok((courses, warnings)) => (count(courses.len(), "course"), warnings),
                Err(found) => (String::new(), found),
            }
        } else if Lessons::is_lesson(&path) {
            match Lessons::load(&name) {
                Ok(loaded) => (lesson_summary(&loaded), loaded.warnings),
                Err(found) => (String::new(), found),
            }
        } else {
            match library.load(&name) {
                Ok(loaded) => (summary(&loaded), loaded.warnings),
                Err(found) => (String::new(), found),
            }
        };
        let (errors, warnings) = diagnostics.counts();
        let verdict = if diagnostics.is_unreadable() { 2 } else { u8::from(errors > 0 || options.strict && warnings > 0) };
        status = status.max(verdict);
        if !options.json {
            err.write_all(diagnostics.render(options.colour).as_bytes())?;
            match (errors, warnings) {
                (0, 0) => writeln!(out, "{name}: ok, {line}")?,
                (0, _) => writeln!(out, "{name}: ok, {line}; {}", count(warnings, "warning"))?,
                (_, 0) => writeln!(out, "{name}: {}", count(errors + diagnostics.left_out(), "error"))?,
                (_, _) => writeln!(out, "{name}: {}, {}", count(errors + diagnostics.left_out(), "error"), count(warnings, "warning"))?,
            }
        }
        results.push((name, verdict == 0, diagnostics));
    }
    if options.json {
        let files = results.iter().map(|(path, ok, diagnostics)| FileResult { path: path.clone(), ok: *ok, diagnostics: listed(diagnostics) });
        writeln!(out, "{}", serde_json::to_string_pretty(&files.collect::<Vec<_>>())?)?;
    }
    Ok(status)
}

fn listed(diagnostics: &Diagnostics) -> Vec<&crate::content::Diagnostic> {
    diagnostics.iter().collect()
}

/// A folder becomes the scenarios in it, sorted; anything else stays what it is.
fn expand(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        if let Some(inside) = Lessons::and_scenarios_of_pack(path) {
            files.extend(inside);
            continue;
        }
        let lessons = if path.is_dir() { Lessons::in_folder(path) } else { Vec::new() };
        if !lessons.is_empty() {
            files.extend(lessons);
            files.extend(Some(path.join("courses.toml")).filter(|courses| courses.is_file()));
            continue;
        }
        let entries = path.is_dir().then(|| path.read_dir().into_iter().flatten().filter_map(Result::ok));
        let mut scenarios: Vec<PathBuf> = entries.into_iter().flatten().map(|entry| entry.path()).filter(|path| is_toml(path)).collect();
        if scenarios.is_empty() && path.is_dir() {
            let all = path.read_dir().into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
            scenarios = all.filter(|path| kinds::is_genuine(path)).collect();
        }
        scenarios.sort();
        // A folder without scenarios is reported as such by the loader, which cannot read it.
        if scenarios.is_empty() {
            files.push(path.clone());
        } else {
            files.append(&mut scenarios);
        }
    }
    files
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

fn lesson_summary(loaded: &LoadedLesson) -> String {
    let lesson = &loaded.lesson;
    format!("a lesson with {}, in {}", count(lesson.steps.len(), "step"), count(lesson.texts.len(), "language"))
}

fn summary(loaded: &Loaded) -> String {
    let model = &loaded.scenario.model;
    let instances: u32 = loaded.scenario.fleet.iter().map(|fleet| fleet.instances).sum();
    format!("{} with {}, {}", count(model.services.len(), "service"), count(instances as usize, "instance"), count(model.endpoints.len(), "endpoint"))
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
