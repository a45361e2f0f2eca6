//! A lesson that is being written: read again when a file of its folder changes, proved on a thread of its own, and what the
//! author does in a step written as a solution.
//!
//! A broken edit changes nothing that runs: the last good version stays, and what is wrong is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::lesson::proof::{self, Proof};
use crate::lesson::{Lesson, plan};
use crate::scenario::TimedAction;
use crate::units::SimTime;

/// Seeds of a proof in the window, as on the command line.
const SEEDS: u64 = 5;

/// The lesson's folder while it is written.
pub(crate) struct Author {
    /// The folder, as it was given.
    pub(crate) folder: PathBuf,
    /// What is wrong with it as it is now; the lesson that runs is the last one that was right.
    pub(crate) mistakes: Option<String>,
    /// What is probably not meant in the version that runs; empty if nothing is.
    pub(crate) warnings: String,
    /// What the last proof said.
    pub(crate) proof: Option<Proof>,
    proving: Option<Receiver<Proof>>,
    changes: Receiver<()>,
    /// Watches as long as it lives; `None`: this machine cannot, and the author reads it again by hand.
    _watcher: Option<RecommendedWatcher>,
}

impl Author {
    /// Begins to watch a lesson's folder. `wake` is called when something has changed.
    pub(crate) fn new(folder: &Path, warnings: String, wake: impl Fn() + Send + 'static) -> Self {
        let (changed, changes) = channel();
        let watcher = watch(folder, changed, wake);
        Self { folder: folder.to_owned(), mistakes: None, warnings, proof: None, proving: None, changes, _watcher: watcher }
    }

    /// The files were read, and are right but for these warnings. What was proved was what stood there before, words included.
    pub(crate) fn read(&mut self, warnings: String) {
        (self.mistakes, self.warnings, self.proof) = (None, warnings, None);
    }

    /// Whether a file changed since this was asked last.
    pub(crate) fn has_changed(&self) -> bool {
        self.changes.try_iter().count() > 0
    }

    /// Proves the lesson on a thread of its own.
    pub(crate) fn prove(&mut self, lesson: &Arc<Lesson>, wake: impl Fn() + Send + 'static) {
        let (done, proving) = channel();
        let lesson = Arc::clone(lesson);
        let run = move || {
            let proof = proof::prove(&lesson, SEEDS, &|| {});
            // Whoever closed the lesson meanwhile does not want to know.
            let _ = done.send(proof);
            wake();
        };
        self.proof = None;
        // Without a thread nothing is proved, and the button is there again.
        self.proving = thread::Builder::new().name("proof".to_owned()).spawn(run).is_ok().then_some(proving);
    }

    /// Whether a proof is under way; takes over what it came to.
    pub(crate) fn is_proving(&mut self) -> bool {
        if let Some(proof) = self.proving.as_ref().and_then(|proving| proving.try_recv().ok()) {
            self.proof = Some(proof);
            self.proving = None;
        }
        self.proving.is_some()
    }
}

fn watch(folder: &Path, changed: Sender<()>, wake: impl Fn() + Send + 'static) -> Option<RecommendedWatcher> {
    let tell = move |event: notify::Result<notify::Event>| {
        let matters = event.is_ok_and(|event| matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)));
        if matters && changed.send(()).is_ok() {
            wake();
        }
    };
    let mut watcher = notify::recommended_watcher(tell).ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}

/// What was done in a step, as the `solution` of its file.
pub(crate) fn solution(own: &[TimedAction], began: SimTime) -> String {
    let line = |timed: &TimedAction| {
        let action = toml::Value::try_from(timed.action.as_written()).map(|value| value.to_string()).unwrap_or_default();
        let after = timed.at.since(began);
        let after = if after.nanos() == 0 { String::new() } else { format!("after = \"{after}\", ") };
        format!("    {{ {after}do = {action} }},\n")
    };
    format!("solution = [\n{}]\n", own.iter().map(line).collect::<String>())
}

/// Where the same step is in another edition of the lesson: by its name, else by its number.
pub(crate) fn same_step(old: &Lesson, at: usize, new: &Lesson) -> usize {
    let id = old.steps.get(at).map(|step: &plan::Step| step.id.as_str());
    new.steps.iter().position(|step| Some(step.id.as_str()) == id).unwrap_or_else(|| at.min(new.steps.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::pipelines::{BuildspecFrom, ProjectUpdate};
    use crate::scenario::Action;

    #[test]
    fn what_an_author_did_is_written_as_a_solution() {
        let own = [
            TimedAction { at: SimTime::from_secs(60), action: Action::Scale { service: "shop".to_owned(), instances: 2 } },
            TimedAction { at: SimTime::from_secs(90), action: Action::RollBack { service: "shop".to_owned() } },
        ];
        let text = solution(&own, SimTime::from_secs(60));
        let read: toml::Table = text.parse().expect("it is TOML");
        let deeds = read["solution"].as_array().expect("a list");
        assert_eq!(deeds.len(), 2);
        assert_eq!(deeds[0]["do"]["scale"]["instances"].as_integer(), Some(2));
        assert_eq!(deeds[1]["after"].as_str(), Some("30s"));
        let spec = BuildspecFrom::Read(Box::default());
        let update = ProjectUpdate { project: "shop-build".to_owned(), buildspec: Some(spec), ..ProjectUpdate::default() };
        let text = solution(&[TimedAction { at: SimTime::ZERO, action: Action::UpdateProject(update) }], SimTime::ZERO);
        let read: toml::Table = text.parse().expect("it is TOML");
        assert!(read["solution"][0]["do"]["update-project"]["buildspec"].as_str().is_some_and(|text| text.contains("- npm ci\n")), "{text}");
    }
}
