//! `fleetlab completions SHELL`: prints what a shell needs to complete commands and options.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, DONE, Streams};

/// Prints the completions of a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fleetlab completions bash > ~/.local/share/bash-completion/completions/fleetlab\n  fleetlab completions fish > ~/.config/fish/completions/fleetlab.fish"
)]
pub struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    // The generator panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fleetlab", &mut script);
    streams.out.write_all(&script)?;
    Ok(DONE)
}
