//! The command line: one file per command, and the reports.
//!
//! Results go to standard output, progress and diagnostics to standard error. The exit status is 0 when everything is
//! done, 1 when a check or a goal failed, 2 for wrong use or unreadable input. Every command but `open` works without a
//! display, and knows nothing of the window: whoever starts the program says how to open it.
//!
//! To add a command: a file with its arguments, its help with examples, and its `run`; a `mod` line, and a line in
//! [`Command`] and in [`execute`].

pub mod check;
pub mod compare;
pub mod completions;
mod drive;
pub mod grade;
mod interrupt;
pub mod lesson;
pub mod new;
pub mod open;
mod output;
pub mod pack;
pub mod progress;
pub mod replay;
pub mod run;
pub mod schema;

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Done.
pub const DONE: u8 = 0;
/// A check or a goal failed.
pub const FAILED: u8 = 1;
/// Wrong use, or input that cannot be read.
pub const UNUSABLE: u8 = 2;

/// Opens the window, on a file if one is given.
type OpenWindow<'a> = Box<dyn FnOnce(Option<PathBuf>) -> anyhow::Result<()> + 'a>;

/// Where a command writes to.
pub struct Streams<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Progress and diagnostics.
    pub err: &'a mut dyn Write,
    /// Whether diagnostics may be in colour.
    pub colour: bool,
    /// Whether somebody watches the progress.
    pub progress: bool,
}

/// Simulates a fleet of microservices under traffic, failures and deployments, and teaches DevOps on it.
///
/// Without a command it opens the app. Everything else works without a display.
#[derive(Debug, Parser)]
#[command(name = "fleetlab", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab                                   Open the app
  fleetlab run online-boutique               Simulate a shipped scenario and report
  fleetlab compare bad-release --with rolling --with canary   Which strategy hurts fewer users
  fleetlab check scenarios/mine.toml         Find every mistake in a file

Exit status: 0 done, 1 a check or goal failed, 2 wrong use or unreadable input.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Open the app, on a scenario, a lesson or a session
    Open(open::Args),
    /// Simulate a scenario without a window and report
    Run(run::Args),
    /// Run one change under several deployment strategies and compare them
    Compare(compare::Args),
    /// Find every mistake in scenarios, lessons and files of the trade
    Check(check::Args),
    /// List lessons, show them, prove that they work
    Lesson(lesson::Args),
    /// Write the commented beginning of a lesson or a scenario
    New(new::Args),
    /// Put lessons and scenarios into one file
    Pack(pack::Args),
    /// Run learners' work again and write a table of what it comes to
    Grade(grade::Args),
    /// Take a learner's progress along to another machine
    Progress(progress::Args),
    /// Run a saved session again and confirm that it comes to the same
    Replay(replay::Args),
    /// Print the JSON Schema of a file format
    Schema(schema::Args),
    /// Print the completions of a shell
    Completions(completions::Args),
}

/// Runs the program with the arguments of the process. `open` opens the window.
pub fn main(open: impl FnOnce(Option<PathBuf>) -> anyhow::Result<()>) -> ExitCode {
    let (out, err) = (io::stdout(), io::stderr());
    let terminal = err.is_terminal();
    let mut streams = Streams { out: &mut out.lock(), err: &mut err.lock(), colour: terminal && no_colour_unset(), progress: terminal };
    ExitCode::from(run(std::env::args_os(), Box::new(open), &mut streams))
}

/// Whether nobody asked for no colour (<https://no-color.org>).
fn no_colour_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Runs the program with these arguments, the first being its name. Returns the exit status.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, open: OpenWindow<'_>, streams: &mut Streams<'_>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(refusal) => {
            // Help and the version are asked for; everything else is wrong use.
            let wrong = refusal.use_stderr();
            let text = refusal.render();
            let to: &mut dyn Write = if wrong { streams.err } else { streams.out };
            let written = if streams.colour { write!(to, "{}", text.ansi()) } else { write!(to, "{text}") };
            return if wrong || written.is_err() { UNUSABLE } else { DONE };
        }
    };
    match execute(cli.command, open, streams) {
        Ok(status) => status,
        // Whoever read the output has seen enough: `fleetlab run … | head`.
        Err(error) if error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe)) => DONE,
        Err(error) => {
            // Nothing is left to tell it to if this cannot be written.
            let _ = writeln!(streams.err, "error: {error:#}");
            UNUSABLE
        }
    }
}

fn execute(command: Option<Command>, open: OpenWindow<'_>, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    match command {
        None => open::window(None, open),
        Some(Command::Open(args)) => open::run(args, open, streams),
        Some(Command::Run(args)) => run::run(&args, streams),
        Some(Command::Compare(args)) => compare::run(&args, streams),
        Some(Command::Check(args)) => check::execute(&args, streams),
        Some(Command::Lesson(args)) => lesson::run(&args, streams),
        Some(Command::New(args)) => new::run(&args, streams),
        Some(Command::Pack(args)) => pack::run(&args, streams),
        Some(Command::Grade(args)) => grade::run(&args, streams),
        Some(Command::Progress(args)) => progress::run(&args, streams),
        Some(Command::Replay(args)) => replay::run(&args, streams),
        Some(Command::Schema(args)) => schema::execute(&args, streams),
        Some(Command::Completions(args)) => completions::run(&args, streams),
    }
}

#[cfg(test)]
mod tests;
