//! `fleetlab open [PATH]`: opens the app, on a scenario or a session if one is given.

use std::path::PathBuf;

use super::{DONE, OpenWindow};

/// Opens the app.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fleetlab open online-boutique\n  fleetlab open scenarios/mine.toml\n  fleetlab open run.session.json")]
pub struct Args {
    /// A scenario (a file, or the name of a shipped one) or a session file
    path: Option<PathBuf>,
}

/// Opens the window, and returns the exit status when it is closed.
pub(super) fn run(args: Args, open: OpenWindow<'_>) -> anyhow::Result<u8> {
    open(args.path).map(|()| DONE)
}
