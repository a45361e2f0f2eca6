//! `fleetlab open [PATH]`: opens the app, on a scenario, a lesson or a session if one is given.
//!
//! It knows nothing of the window but that opening it may fail, and says in one sentence why.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use super::{DONE, OpenWindow, Streams, UNUSABLE};
use crate::content::{self, Lessons, Library};

/// Opens the app.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fleetlab open online-boutique\n  fleetlab open scenarios/mine.toml\n  fleetlab open 02-queues\n  fleetlab open lessons/mine\n  fleetlab open run.session.json"
)]
pub struct Args {
    /// A scenario or a lesson (a file or folder, or the name of a shipped one), or a session file
    path: Option<PathBuf>,
}

/// Opens the window on what the arguments name, and returns the exit status when it is closed.
pub(super) fn run(args: Args, open: OpenWindow<'_>, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    // A wrong name is the user's to mend, so it is told before a missing display, which may not be.
    if let Some(path) = args.path.as_deref().filter(|path| !path.exists()) {
        let name = path.display().to_string();
        if is_a_file_name(path) {
            bail!("there is no file `{name}`");
        }
        if !Library::shipped().names().contains(&name) && !Lessons::names().contains(&name) {
            if let Err(found) = content::load(&name) {
                streams.err.write_all(found.render(streams.colour).as_bytes())?;
            }
            return Ok(UNUSABLE);
        }
    }
    window(args.path, open)
}

/// Whether it can only be a file, not the name of a shipped scenario.
fn is_a_file_name(path: &Path) -> bool {
    path.extension().is_some() || path.components().count() > 1
}

/// Opens the window, and returns the exit status when it is closed.
pub(super) fn window(path: Option<PathBuf>, open: OpenWindow<'_>) -> anyhow::Result<u8> {
    open(path).map(|()| DONE).map_err(|error| anyhow!(sentence(&format!("{error:#}"))))
}

/// What a windowing library says, without the places in its own source; nothing else is changed.
fn sentence(problem: &str) -> String {
    let is_place = |part: &str| part.contains(".rs:") || part.starts_with("winit ");
    if !problem.split(": ").any(is_place) {
        return problem.to_owned();
    }
    let told: Vec<_> = problem.split(": ").filter(|part| !is_place(part)).collect();
    format!("{}; opening the app needs a display, every other command works without one", told.join(": ").trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_display_is_told_without_places_in_a_library() {
        let winit = "the window could not be opened: winit EventLoopError: os error at /home/x/winit-0.30.13/src/linux/mod.rs:765: neither WAYLAND_DISPLAY nor DISPLAY is set.";
        let told = "the window could not be opened: neither WAYLAND_DISPLAY nor DISPLAY is set; opening the app needs a display, every other command works without one";
        assert_eq!(sentence(winit), told);
        assert_eq!(sentence("the settings cannot be read: no room"), "the settings cannot be read: no room");
    }
}
