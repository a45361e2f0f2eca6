//! Ctrl-C during long work: the first one asks it to finish with what it has, the second one ends the program.
//!
//! It knows nothing of the work: whoever works looks at the flag.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The status of a program that Ctrl-C ended: 128 + SIGINT, as shells have it.
const ENDED: i32 = 130;

/// Whether somebody pressed Ctrl-C since the program began. Before the first call Ctrl-C ends the program, as usual.
pub(super) fn flag() -> &'static AtomicBool {
    static PRESSED: AtomicBool = AtomicBool::new(false);
    static WATCHING: OnceLock<bool> = OnceLock::new();
    // Where no handler can be installed, Ctrl-C goes on ending the program, which is not worth a failure.
    WATCHING.get_or_init(|| {
        ctrlc::set_handler(|| {
            if PRESSED.swap(true, Ordering::Relaxed) {
                std::process::exit(ENDED);
            }
        })
        .is_ok()
    });
    &PRESSED
}
