//! The program: hands the arguments to the command line, which opens the window when it is asked to.

use std::process::ExitCode;

fn main() -> ExitCode {
    fleetlab::cli::main(fleetlab::ui::run)
}
