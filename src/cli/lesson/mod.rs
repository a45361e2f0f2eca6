//! `fleetlab lesson list|show|prove`: the lessons, what one says, and the proof that they work.

mod courses;
mod list;
mod prove;
mod show;

use std::path::Path;

use clap::{Subcommand, ValueEnum as _};

use super::{DONE, FAILED, Streams, UNUSABLE};
use crate::content::{Diagnostics, Lessons, LoadedLesson};
use crate::lang::Lang;

/// Lists lessons, shows them, proves that they work.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab lesson list --lang vi
  fleetlab lesson show 10-canary
  fleetlab lesson prove
  fleetlab lesson prove lessons/my-lesson --seeds 20";

#[derive(Debug, Subcommand)]
enum What {
    /// List the lessons in their order
    List(list::Args),
    /// List the courses, with their timetables
    Courses(courses::Args),
    /// Show what a lesson says, with its goals and its solution
    Show(show::Args),
    /// Prove that lessons work: who does nothing fails, who does what the solution does passes
    Prove(prove::Args),
}

/// Does what the arguments ask for. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    match &args.what {
        What::List(args) => list::run(args, streams),
        What::Courses(args) => courses::run(args, streams),
        What::Show(args) => show::run(args, streams),
        What::Prove(args) => prove::run(args, streams),
    }
}

/// The language that an argument names.
fn lang(text: &str) -> Result<Lang, String> {
    Lang::from_str(text, true)
}

/// Loads a lesson by name or path. What is wrong with it is told, and the exit status comes back instead.
fn load(path_or_name: &str, streams: &mut Streams<'_>) -> anyhow::Result<Result<LoadedLesson, u8>> {
    told(Lessons::load(path_or_name), streams)
}

fn told(loaded: Result<LoadedLesson, Diagnostics>, streams: &mut Streams<'_>) -> anyhow::Result<Result<LoadedLesson, u8>> {
    match loaded {
        Ok(loaded) => {
            streams.err.write_all(loaded.warnings.render(streams.colour).as_bytes())?;
            Ok(Ok(loaded))
        }
        Err(found) => {
            streams.err.write_all(found.render(streams.colour).as_bytes())?;
            Ok(Err(if found.is_unreadable() { UNUSABLE } else { FAILED }))
        }
    }
}

/// What arguments name: shipped lessons, lessons on disk, or folders of lessons; nothing: all shipped ones.
fn named(given: &[String]) -> Vec<String> {
    if given.is_empty() {
        return Lessons::names();
    }
    let one = |name: &String| {
        let inside = Lessons::in_folder(Path::new(name));
        // A folder without lessons is refused by the loader, which says so.
        if inside.is_empty() { vec![name.clone()] } else { inside.iter().map(|path| path.display().to_string()).collect() }
    };
    given.iter().flat_map(one).collect()
}

/// The worse of two exit statuses.
const fn worse(one: u8, other: u8) -> u8 {
    if one > other { one } else { other }
}

const _: () = assert!(DONE < FAILED && FAILED < UNUSABLE, "a higher status is worse");
