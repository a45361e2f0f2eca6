//! A learner's progress survives a kill at any moment: whatever was said to be kept is there afterwards.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use fleetlab::learner::Learner;
use fleetlab::lesson::progress::Deed;

/// Where the program that is killed keeps its progress.
const FOLDER: &str = "FLEETLAB_TEST_FOLDER";

/// The program that is killed: answers questions for ever, and says of each that it is kept. It is no test of its own.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (mut learner, _) = Learner::open(Some(&folder));
    let begins = learner.progress().events().len();
    for n in begins.. {
        let what = Deed::Answered { question: format!("q{n}"), said: "vì hàng đợi dài".to_owned(), right: n % 2 == 0 };
        learner.record("02-queues", what).expect("it is kept");
        // A line of its own, whatever the harness has written before.
        println!("\nkept {n}");
        std::io::stdout().flush().expect("heard");
    }
}

#[test]
fn nothing_that_was_kept_is_lost_when_it_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut kept = 0;
    for round in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its words")).lines();
        let said = |line: &str| line.strip_prefix("kept ").and_then(|number| number.parse::<usize>().ok());
        // It has begun; then some moment later it dies, each time another.
        let first = lines.by_ref().map_while(Result::ok).find_map(|line| said(&line)).expect("it keeps something");
        kept = kept.max(first + 1);
        #[expect(clippy::disallowed_methods, reason = "another process is killed at a moment of the wall clock")]
        std::thread::sleep(Duration::from_micros(round * round * 137 % 9_000));
        child.kill().expect("killed");
        child.wait().expect("it is gone");
        kept = lines.map_while(Result::ok).filter_map(|line| said(&line)).fold(kept, |most, number| most.max(number + 1));
        let (learner, problem) = Learner::open(Some(folder.path()));
        assert_eq!(problem, None);
        let events = learner.progress().events();
        assert!(events.len() >= kept, "{} of {kept} after round {round}", events.len());
        for (n, event) in events.iter().enumerate().take(kept) {
            assert!(matches!(&event.what, Deed::Answered { question, .. } if *question == format!("q{n}")), "{n}: {event:?}");
        }
    }
    assert!(kept >= 12);
}
