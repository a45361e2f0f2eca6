//! The test of a lesson: which of its steps somebody does who knows it already.

use super::Planner;
use crate::content::diagnostic::{Code, Finding};
use crate::content::tree::At;
use crate::lesson::plan::{Kind, Prediction, Step};
use crate::wording::shown;

impl Planner<'_> {
    /// The numbers of the steps of the test.
    pub(super) fn test(&mut self, steps: &[Step]) -> Vec<usize> {
        let Some(named) = &self.file.test else { return usual(steps) };
        let mut test: Vec<usize> = Vec::new();
        for (nth, name) in named.iter().enumerate() {
            let spot = At::ROOT.key("test");
            let spot = spot.index(nth);
            let Some(at) = steps.iter().position(|step| step.id == *name) else {
                self.one_of(name, steps.iter().map(|step| step.id.as_str()), "step", &spot);
                continue;
            };
            let kind = &steps[at].kind;
            if !can_be_tested(kind) {
                let finding = Finding::error(Code::Impossible, format!("nothing can be passed in `{}`, a step of kind `{}`", shown(name), kind.name()));
                self.report(&spot, finding.help("a test is made of tasks, quizzes, and predictions of an option or a number"));
            } else if test.last().is_some_and(|last| *last >= at) {
                self.report(&spot, Finding::error(Code::Impossible, format!("`{}` does not come after the step before it", shown(name))));
            } else {
                test.push(at);
            }
        }
        test
    }
}

/// Whether there is right and wrong in a step.
const fn can_be_tested(kind: &Kind) -> bool {
    match kind {
        Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) | Kind::Quiz(_) | Kind::Predict(Prediction::Option { .. } | Prediction::Number(_)) => true,
        Kind::Predict(Prediction::Curve { .. }) | Kind::Show | Kind::Reflect => false,
    }
}

/// The last step in which something is to be reached, and the quizzes.
fn usual(steps: &[Step]) -> Vec<usize> {
    let task = steps.iter().rposition(|step| step.kind.task().is_some());
    let is_asked = |at: usize, step: &Step| Some(at) == task || matches!(step.kind, Kind::Quiz(_));
    steps.iter().enumerate().filter(|(at, step)| is_asked(*at, step)).map(|(at, _)| at).collect()
}
