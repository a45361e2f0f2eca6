//! `fleetlab pack FOLDER -o FILE`: puts lessons and scenarios into one file, for a USB stick.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::check::{self, CheckOptions};
use super::output::must_be_writable;
use super::{DONE, Streams};
use crate::content::Lessons;
use crate::content::pack::{ENDING, Pack};

/// Puts a lesson, or a folder with lessons and scenarios, into one file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder of a lesson, or one in which folders of lessons, scenarios (`*.toml`) and `courses.toml` lie
    folder: PathBuf,
    /// The file to write [default: the folder's name with `.fleetlab`]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab pack lessons/mine -o mine.fleetlab
  fleetlab pack my-course
  fleetlab open mine.fleetlab
  fleetlab check my-course.fleetlab/mine

What has mistakes is not packed. A pack is opened as it is and never unpacked onto the disk.";

/// What is checked before it is packed: the lessons of the folder, and its scenarios.
fn contents(folder: &Path) -> Vec<PathBuf> {
    let mut all = Lessons::in_folder(folder);
    if all.iter().any(|lesson| lesson == folder) {
        return all;
    }
    let entries = folder.read_dir().into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let is_scenario = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "toml") && path.file_name().is_some_and(|name| name != "courses.toml");
    let mut scenarios: Vec<PathBuf> = entries.filter(is_scenario).collect();
    scenarios.sort();
    all.append(&mut scenarios);
    all.extend(Some(folder.join("courses.toml")).filter(|courses| courses.is_file()));
    all
}

/// Packs. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    if !args.folder.is_dir() {
        bail!("`{}` is no folder", args.folder.display());
    }
    let output = match &args.output {
        Some(output) => output.clone(),
        None => PathBuf::from(args.folder.canonicalize()?.file_name().context("which name is the pack to have? Give it with -o")?).with_extension(ENDING),
    };
    if output.extension().is_none_or(|ending| ending != ENDING) {
        bail!("the name of a pack ends in `.{ENDING}`, and `{}` does not", output.display());
    }
    if contents(&args.folder).is_empty() {
        bail!("neither a lesson nor a scenario lies in `{0}`; give the folder in which they lie, such as `{0}/lessons`", args.folder.display());
    }
    must_be_writable(&output)?;
    let mut said = Vec::new();
    let checked = check::run(&contents(&args.folder), CheckOptions { colour: streams.colour, ..CheckOptions::default() }, &mut said, streams.err)?;
    if checked != DONE {
        writeln!(streams.err, "error: nothing was packed; mend what is listed above first")?;
        return Ok(checked);
    }
    let pack = Pack::of_folder(&args.folder)?;
    let bytes = pack.write()?;
    std::fs::write(&output, &bytes).with_context(|| format!("cannot write `{}`", output.display()))?;
    writeln!(streams.out, "{}: {} files, {} kB", output.display(), pack.len(), bytes.len().div_ceil(1000))?;
    Ok(DONE)
}
