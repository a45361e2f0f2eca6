//! `fleetlab progress export|import`: a learner's progress as one file, to take along to another machine.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use super::output::must_be_writable;
use super::run::read_text;
use super::{DONE, Streams};
use crate::learner::{self, Learner};
use crate::lesson::progress::Progress;

/// The largest journal that is read [B]: years of lessons.
const LARGEST: u64 = 64 << 20;

/// Takes a learner's progress along: exports it, or takes over what another machine has.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab progress export progress.jsonl
  fleetlab progress import progress.jsonl

Importing adds what is not known here yet and takes nothing away.";

#[derive(Debug, Subcommand)]
enum What {
    /// Write all that was answered and finished into one file
    Export {
        /// The file to write
        file: PathBuf,
    },
    /// Add what another machine's file has
    Import {
        /// A file that `export` wrote
        file: PathBuf,
    },
}

/// Exports or imports. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let folder = learner::data_folder();
    let (mut learner, problem) = Learner::open(Some(&folder));
    if let Some(problem) = problem {
        writeln!(streams.err, "warning: {problem}")?;
    }
    match &args.what {
        What::Export { file } => {
            must_be_writable(file)?;
            let count = learner.progress().events().len();
            std::fs::write(file, learner.progress().journal()).with_context(|| format!("cannot write `{}`", file.display()))?;
            writeln!(streams.out, "{}: {count} answers and steps", file.display())?;
        }
        What::Import { file } => {
            let text = read_text(file, LARGEST)?;
            let (other, lost) = Progress::read(&text).with_context(|| format!("`{}` cannot be imported", file.display()))?;
            let added = learner.import(&other).with_context(|| format!("the progress in `{}` cannot be written", folder.display()))?;
            writeln!(streams.out, "{added} of {} answers and steps were new here", other.events().len())?;
            if lost > 0 {
                writeln!(streams.err, "warning: {lost} lines could not be read and were left out")?;
            }
        }
    }
    Ok(DONE)
}
