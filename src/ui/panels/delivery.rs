//! What the panels of delivery share: what is looked at in them, how they name things, and links from one to another.
//!
//! A link selects the thing that it names, and brings the panel to the front that shows it. It draws no panel of its own.
//! To add something that can be linked to, add a [`Target`] and where it leads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use eframe::egui::{Response, RichText, TextWrapMode, Ui};

use super::asked::Asked;
use super::dora::{Metric, Scoped};
use super::panes::PaneSpec;
use crate::delivery::change::DefectKind;
use crate::ids::{FlawId, ServiceId, VersionId};
use crate::insight::deployments::{Deployment, Status};
use crate::insight::dora::bands::Year;
use crate::lab::snapshot::Health;
use crate::telemetry::ledger::{ChangeNumber, DeploymentNumber, ExecutionNumber};
use crate::ui::state::{Ask, Run, Selection, Shell};
use crate::ui::text::{Lang, humanised};
use crate::ui::widgets::{button, empty, label};
use crate::ui::{fonts, icons};

/// What the panels of delivery remember.
#[derive(Debug)]
pub(crate) struct DeliveryState {
    /// Whose metrics are shown; `None`: the whole fleet's.
    pub(super) scope: Option<ServiceId>,
    /// The year by whose levels metrics are graded. Default 2024, the last one with levels.
    pub(super) year: Year,
    /// Whether what really happened is shown beside what the tools say.
    pub(super) truth: bool,
    /// The metric whose records are listed.
    pub(super) metric: Metric,
    /// Whether the records were just asked for, so that they come into view.
    pub(super) reveal: bool,
    /// The metrics that were worked out last.
    pub(super) scoped: Option<Scoped>,
    /// The commit that is looked at, by its name.
    pub(super) commit: Option<String>,
    /// Whether that commit was just chosen elsewhere, so that it comes into view.
    pub(super) reveal_commit: bool,
    /// The deployment that is looked at.
    pub(super) deployment: Option<DeploymentNumber>,
    /// What was asked of it last.
    pub(crate) asked: Asked,
    /// The service whose next deployment is to be looked at, and the newest there was when it was asked for.
    pub(super) next: Option<(ServiceId, DeploymentNumber)>,
    /// The failed request that is walked back: its flaw, and which of the flaw's requests.
    pub(super) walk: Option<(FlawId, usize)>,
    /// The share that is being chosen for a flag, by its place: the share that it had when choosing began, and the chosen one.
    pub(super) flags: BTreeMap<usize, (f64, f64)>,
}

impl Default for DeliveryState {
    fn default() -> Self {
        Self {
            scope: None,
            year: Year::Y2024,
            truth: false,
            metric: Metric::ChangeFail,
            reveal: false,
            scoped: None,
            commit: None,
            reveal_commit: false,
            deployment: None,
            asked: Asked::default(),
            next: None,
            walk: None,
            flags: BTreeMap::new(),
        }
    }
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// What users get, in the inspector.
    Users,
    /// A service, on the map and in the inspector.
    Service(ServiceId),
    /// An instance, in the inspector.
    Instance(ServiceId, u32),
    /// A deployment.
    Deployment(DeploymentNumber),
    /// A commit, by its name.
    Commit(String),
    /// A service's pipeline, and in it an execution and a build.
    Pipeline {
        /// The service.
        service: ServiceId,
        /// The execution.
        execution: Option<ExecutionNumber>,
        /// The build.
        build: Option<u32>,
    },
    /// The team, and what it does about incidents.
    Team,
    /// A failed request and where it came from.
    Walk(FlawId, usize),
}

/// Goes where a link leads.
pub(super) fn go(shell: &mut Shell, target: Target) {
    let Some(run) = shell.run.as_mut() else { return };
    match target {
        Target::Users => shell.ask(Ask::Select(Selection::Fleet)),
        Target::Service(service) => shell.ask(Ask::Select(Selection::Service(service))),
        Target::Instance(service, number) => shell.ask(Ask::Select(Selection::Instance(service, number))),
        Target::Deployment(number) => {
            run.delivery.deployment = Some(number);
            let service = run.snapshot.dora.deployments.iter().find(|deployment| deployment.number == number).map(|deployment| deployment.service);
            if let Some(service) = service {
                shell.ask(Ask::Select(Selection::Service(service)));
            }
            shell.ask(Ask::Show(super::deployments::PANE.title));
        }
        Target::Commit(sha) => {
            run.delivery.commit = Some(sha);
            run.delivery.reveal_commit = true;
            shell.ask(Ask::Show(super::commits::PANE.title));
        }
        Target::Pipeline { service, execution, build } => {
            // The log of a build that is too old to be known has nothing to show.
            let builds = run.snapshot.delivery.as_ref().map_or(&[][..], |look| &look.builds);
            let build = build.filter(|build| builds.iter().any(|known| known.number == *build));
            run.pipeline.show(service, execution, build);
            shell.ask(Ask::Select(Selection::Service(service)));
            shell.ask(Ask::Show("pane.pipeline"));
        }
        Target::Team => shell.ask(Ask::Show(super::team::PANE.title)),
        Target::Walk(flaw, request) => {
            run.delivery.walk = Some((flaw, request));
            run.delivery.truth = true;
            shell.ask(Ask::Show(super::dora::PANE.title));
        }
    }
}

/// Text that leads somewhere.
pub(super) fn link_ui(ui: &mut Ui, text: impl Into<String>, about: &str) -> Response {
    let response = ui.link(RichText::new(text).font(fonts::regular(crate::ui::theme::size::BODY)));
    if about.is_empty() { response } else { response.on_hover_text(about) }
}

/// The check box that shows the truth beside what tools say.
pub(super) fn truth_ui(ui: &mut Ui, lang: Lang, truth: &mut bool) {
    ui.scope(|ui| {
        // Where it does not fit beside what is there it goes to the next line, as a whole.
        ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
        let response = button::check(ui, truth, lang.tr("delivery.truth").as_ref());
        label::explained(response, lang, "truth");
    });
}

/// What a panel of delivery says where the scenario has no team: what it would show, and where there is one.
pub(super) fn no_team_ui(ui: &mut Ui, shell: &mut Shell, pane: &PaneSpec, about: &'static str) {
    const EXAMPLE: &str = "month-startup";
    let lang = shell.lang();
    let known = shell.library.iter().find(|entry| entry.name == EXAMPLE);
    let text = known.map(|entry| lang.with("palette.open-scenario", &[("title", entry.title.get(lang.code()))]));
    let action = text.as_deref().map(|text| (icons::PLAY, text));
    if empty::empty(ui, pane.icon, &lang.tr("delivery.no-team"), &lang.tr(about), action) {
        shell.ask(Ask::OpenScenario(EXAMPLE.to_owned()));
    }
}

/// The name of a version.
pub(super) fn version_name(run: &Run, version: VersionId) -> &str {
    run.snapshot.dora.versions.get(version.index()).map_or("", String::as_str)
}

/// The deployment of a number.
pub(super) fn deployment_of(run: &Run, number: DeploymentNumber) -> Option<&Deployment> {
    run.snapshot.dora.deployments.iter().find(|deployment| deployment.number == number)
}

/// A person, by their place in the team.
pub(super) fn person(lang: Lang, number: u16) -> String {
    lang.with("delivery.person", &[("number", &(number + 1).to_string())])
}

/// A change.
pub(super) fn change(lang: Lang, number: ChangeNumber) -> String {
    lang.with("delivery.change", &[("number", &number.to_string())])
}

/// A deployment.
pub(super) fn deployment(lang: Lang, number: DeploymentNumber) -> String {
    lang.with("delivery.deployment", &[("number", &number.to_string())])
}

/// A kind of defect.
pub(super) fn defect(lang: Lang, kind: DefectKind) -> Cow<'static, str> {
    lang.find(&format!("defect.{}", kind.name())).unwrap_or_else(|| humanised(kind.name()).into())
}

/// A strategy, by its name in files.
pub(crate) fn strategy(lang: Lang, name: &str) -> Cow<'static, str> {
    lang.find(&format!("strategy.{name}.name")).unwrap_or_else(|| humanised(name).into())
}

/// How a deployment stands, at a glance: what needed intervention has failed, whatever it said at first.
pub(super) fn outcome_health(deployment: &Deployment) -> Health {
    match deployment.status {
        _ if deployment.needed_intervention() => Health::Failing,
        Status::Completed => Health::Ok,
        Status::InProgress if deployment.stalled.is_none() => Health::Unknown,
        Status::InProgress | Status::Superseded(_) | Status::Failed(_) => Health::Warning,
    }
}

/// How a deployment stands, and why.
pub(super) fn outcome(lang: Lang, deployment: &Deployment) -> String {
    let mut text = match &deployment.status {
        Status::InProgress => match &deployment.stalled {
            Some(why) => lang.with("outcome.stalled", &[("why", &lang.say_plainly(&why.sentence()))]),
            None => lang.tr("outcome.in-progress").into_owned(),
        },
        Status::Completed => lang.tr("outcome.completed").into_owned(),
        Status::Failed(why) => lang.with("outcome.failed", &[("why", &lang.say_plainly(&why.sentence()))]),
        Status::Superseded(by) => lang.with("outcome.superseded", &[("by", &by.to_string())]),
    };
    if let Some(by) = deployment.rolled_back_by {
        text = lang.with("outcome.undone", &[("outcome", &text), ("by", &by.to_string())]);
    }
    if let Some(undone) = deployment.rolls_back {
        text = lang.with("outcome.rollback", &[("outcome", &text), ("of", &undone.to_string())]);
    }
    text
}
