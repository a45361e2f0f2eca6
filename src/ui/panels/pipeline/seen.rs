//! One pipeline as the panel sees it now: names for executions, times, and reasons in the reader's language.
//!
//! It reads a snapshot and changes nothing.

use super::tone::{self, Tone};
use crate::delivery::builds::{Build, BuildStatus};
use crate::delivery::look::{DeliveryLook, PipelineLook};
use crate::delivery::pipeline::outcome::{ExecutionId, Why};
use crate::delivery::pipeline::status::ExecutionStatus;
use crate::delivery::pipeline::view::{ExecutionView, StageView};
use crate::telemetry::ledger::ExecutionNumber;
use crate::ui::format;
use crate::ui::text::Lang;
use crate::units::SimTime;

/// What the parts of the panel draw.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The language.
    pub(super) lang: Lang,
    /// The simulated time.
    pub(super) now: SimTime,
    /// When the run ends.
    pub(super) end: SimTime,
    /// The service's name.
    pub(super) service: &'a str,
    /// Its pipeline.
    pub(super) look: &'a PipelineLook,
    /// Everything that is delivered.
    pub(super) all: &'a DeliveryLook,
    /// In PARALLEL mode, the execution whose stages are shown.
    pub(super) lane: Option<ExecutionNumber>,
    /// What cannot be done now, and why.
    pub(super) barred: &'a Barred,
}

/// Why things cannot be done now, in words; `None` for what can.
#[derive(Debug, Clone, Default)]
pub(super) struct Barred {
    /// Something to a pipeline.
    pub(super) pipeline: Option<String>,
    /// Something to a build project.
    pub(super) project: Option<String>,
    /// Another strategy.
    pub(super) strategy: Option<String>,
}

impl<'a> Seen<'a> {
    /// The stages that are shown: as they stand, or as the execution has passed them that is looked at.
    pub(super) fn stages(&self) -> &'a [StageView] {
        let lane = self.lane.and_then(|lane| self.look.lanes.iter().find(|(number, _)| *number == lane));
        lane.map_or(&self.look.stages, |(_, stages)| stages)
    }

    /// An execution, if it is among those that are known here.
    pub(super) fn execution(&self, id: ExecutionId) -> Option<&'a (ExecutionNumber, ExecutionView)> {
        self.look.executions.iter().find(|(_, view)| view.id == id)
    }

    /// `#12`.
    pub(super) fn number(&self, id: ExecutionId) -> String {
        self.execution(id).map_or_else(|| format::NOTHING.to_owned(), |(number, _)| format!("#{number}"))
    }

    /// `#12 3fa9c1e`.
    pub(super) fn label(&self, id: ExecutionId) -> String {
        self.execution(id).map_or_else(|| format::NOTHING.to_owned(), |(number, view)| format!("#{number} {}", revision(view)))
    }

    /// A time of the run.
    pub(super) fn moment(&self, at: SimTime) -> String {
        format::moment(self.lang, at, self.end)
    }

    /// How long ago something began, or nothing.
    pub(super) fn ago(&self, since: Option<SimTime>) -> String {
        since.map_or_else(String::new, |since| format::axis_time(self.now.since(since).as_secs_f64()))
    }

    /// A reason in words. Executions are named by their number in the run.
    pub(super) fn why(&self, why: &Why) -> String {
        if let Why::SupersededBy { execution } = why
            && let Some((number, _)) = self.look.executions.iter().find(|(_, view)| view.id.to_string() == *execution)
        {
            return self.lang.say(&Why::SupersededBy { execution: format!("#{number}") }.sentence());
        }
        self.lang.say_plainly(&why.sentence())
    }

    /// Why nothing is deployed although the pipeline could: in a few words, and in full.
    pub(super) fn held(&self) -> (String, String) {
        let lang = self.lang;
        let open = self.all.incidents.iter().rev().find(|incident| incident.service == Some(self.look.service) && incident.resolved.is_none());
        let Some(incident) = open else { return (lang.tr("pipeline.held").into_owned(), lang.tr("pipeline.held.about").into_owned()) };
        let number = incident.number.to_string();
        let why = lang.say_plainly(&incident.why.sentence());
        let awaits = match incident.fix {
            Some(fix) => lang.with("pipeline.held.fix", &[("change", &fix.to_string())]),
            None => lang.tr("pipeline.held.no-fix").into_owned(),
        };
        let about = lang.with("pipeline.held.for.about", &[("number", &number), ("why", &why), ("awaits", &awaits)]);
        (lang.with("pipeline.held.for", &[("number", &number)]), about)
    }

    /// The newest build of an action for an execution.
    pub(super) fn build(&self, stage: &str, action: &str, execution: ExecutionId) -> Option<&'a Build> {
        let (number, _) = self.execution(execution)?;
        let named = format!("{stage}/{action}");
        self.all.builds.iter().rev().find(|build| build.service == self.look.service && build.execution == *number && build.action == named)
    }

    /// Where an execution went wrong, and why; with the build whose log says more.
    pub(super) fn failure(&self, number: ExecutionNumber, view: &ExecutionView) -> (Option<String>, Option<u32>) {
        let lanes = self.look.lanes.iter().filter(|(lane, _)| *lane == number).flat_map(|(_, stages)| stages);
        let ours = |stage: &&StageView| stage.latest.as_ref().is_some_and(|latest| latest.execution == view.id);
        let build =
            self.all.builds.iter().rev().find(|build| build.service == self.look.service && build.execution == number && build.status == BuildStatus::Failed);
        let failed = lanes.chain(&self.look.stages).filter(ours).find_map(|stage| {
            let action = stage.actions.iter().find(|action| tone::of_action(action).0 == Tone::Failed)?;
            let why = action.why.as_ref().map(|why| self.why(why)).or_else(|| build.and_then(|build| build.failed.clone()));
            Some((format!("{}/{}", stage.name, action.name), why))
        });
        let failed = failed.or_else(|| build.map(|build| (build.action.clone(), build.failed.clone())));
        let text = failed.map(|(action, why)| match why {
            Some(why) => self.lang.with("pipeline.failed.because", &[("action", &action), ("why", &why.replace('`', ""))]),
            None => self.lang.with("pipeline.failed.at", &[("action", &action)]),
        });
        (text, build.map(|build| build.number))
    }

    /// Executions whose place was taken by a newer one while they waited in front of a stage, the newest first.
    pub(super) fn superseded(&self, stage: &'a str) -> impl Iterator<Item = &'a (ExecutionNumber, ExecutionView)> {
        let of = move |(_, view): &&(ExecutionNumber, ExecutionView)| view.status == ExecutionStatus::Superseded && view.stage == stage;
        self.look.executions.iter().filter(of)
    }

    /// Executions that are on their way.
    pub(super) fn active(&self) -> usize {
        active(self.look)
    }
}

/// Executions of a pipeline that are on their way.
pub(super) fn active(look: &PipelineLook) -> usize {
    look.executions.iter().filter(|(_, view)| view.status.is_active()).count()
}

/// The revision that an execution carries: its commit.
pub(super) fn revision(view: &ExecutionView) -> &str {
    view.revisions.values().next().map_or(view.trigger_detail.as_str(), String::as_str)
}
