//! `fleetlab replay SESSION`: runs a saved session again and confirms that it comes to the same.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::drive::drive;
use super::output::{self, OutputArgs};
use super::run::read_text;
use super::{DONE, FAILED, Streams};
use crate::lab::{Session, SessionFile};
use crate::units::SimTime;

/// The largest session file that is read [B]: a scenario at its bounds and a day of actions fit many times.
const LARGEST: u64 = 64 << 20;

/// Replays a session and confirms its digest.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A session file, as `run --save` and the app write it
    session: PathBuf,
    /// Replay only until this time; confirms what was recorded up to there
    #[arg(long, value_name = "TIME")]
    until: Option<SimTime>,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab replay run.session.json
  fleetlab replay run.session.json --until 3m --format text

Ends with status 1 if the replay comes to anything else than what was recorded.";

/// Replays. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let targets = if args.output.is_asked_for() { args.output.targets()? } else { Vec::new() };
    let text = read_text(&args.session, LARGEST)?;
    let file: SessionFile = serde_json::from_str(&text).with_context(|| format!("`{}` is not a session file", args.session.display()))?;
    let until = args.until.unwrap_or(file.until);
    if until > file.until {
        bail!("the session was recorded until {}, so there is nothing to compare with until {until}; `fleetlab run` simulates further", file.until);
    }
    let mut driven = drive(|| Ok(Session::prepare(&file)?), &file.actions, until, streams.progress)?;
    let confirmed = driven.session.confirm(&file);
    if !targets.is_empty() {
        let report = driven.report();
        output::write(|format| format.render(&report), &targets, streams)?;
    }
    match confirmed {
        Ok(()) => {
            // The verdict is the result, unless a report was asked for.
            let to = if targets.is_empty() { &mut *streams.out } else { &mut *streams.err };
            let whole = if until < file.until { "so far" } else { "to the end" };
            writeln!(to, "confirmed: the replay is the same {whole}, digest {} at {until}", driven.session.digest())?;
            Ok(DONE)
        }
        Err(difference) => {
            writeln!(streams.err, "error: {difference}")?;
            Ok(FAILED)
        }
    }
}
