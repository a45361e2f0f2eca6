//! What became of a commit: its change, the builds of it, the versions that have it, and the deployments that brought them.

use eframe::egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};

use super::BranchKind;
use crate::delivery::builds::{Build, BuildStatus};
use crate::delivery::history::Commit;
use crate::delivery::look::{ArtifactLook, ChangeLook, ChangeStage, DeliveryLook};
use crate::lab::snapshot::Health;
use crate::ui::panels::delivery::{Target, change, defect, deployment, deployment_of, go, link_ui, outcome, outcome_health, person, version_name};
use crate::ui::state::{Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{button, label, status};
use crate::ui::{fonts, format, icons};

/// The key of a stage's name.
const fn stage(stage: ChangeStage) -> &'static str {
    match stage {
        ChangeStage::Waiting => "stage.waiting",
        ChangeStage::InProgress => "stage.in-progress",
        ChangeStage::InReview => "stage.in-review",
        ChangeStage::Merged => "stage.merged",
        ChangeStage::Deployed => "stage.deployed",
    }
}

/// The versions that were made from a commit, or that were the first with its change.
fn versions<'a>(look: &'a DeliveryLook, commit: &Commit) -> Vec<&'a ArtifactLook> {
    let has = |artifact: &&ArtifactLook| artifact.commit == commit.sha || commit.change.is_some_and(|change| artifact.changes.contains(&change));
    look.artifacts.iter().filter(has).collect()
}

/// The builds of a commit: of executions that ran it, and of those that made a version with it.
fn builds<'a>(look: &'a DeliveryLook, commit: &Commit, versions: &[&ArtifactLook]) -> Vec<&'a Build> {
    let ran = look.pipelines.iter().flat_map(|pipeline| &pipeline.executions).filter(|(_, view)| view.revisions.values().any(|sha| *sha == commit.sha));
    let executions: Vec<u32> = ran.map(|(number, _)| *number).chain(versions.iter().map(|version| version.execution)).collect();
    look.builds.iter().filter(|build| executions.contains(&build.execution)).collect()
}

const fn build_health(status: BuildStatus) -> (Health, &'static str) {
    match status {
        BuildStatus::Queued => (Health::Unknown, "build.queued"),
        BuildStatus::InProgress => (Health::Unknown, "build.in-progress"),
        BuildStatus::Succeeded => (Health::Ok, "build.succeeded"),
        BuildStatus::Failed => (Health::Failing, "build.failed"),
        BuildStatus::Stopped => (Health::Warning, "build.stopped"),
    }
}

/// Draws it; `commit` is `None` if the commit that is looked at is older than those that are kept.
pub(super) fn detail_ui(ui: &mut Ui, shell: &mut Shell, look: &DeliveryLook, commit: Option<&Commit>) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    let mut target = None;
    let mut close = false;
    ScrollArea::vertical().id_salt("commit detail").auto_shrink(false).show(ui, |ui| {
        ui.horizontal(|ui| {
            let sha = run.delivery.commit.clone().unwrap_or_default();
            ui.label(RichText::new(format!("{}  {sha}", icons::COMMITS)).font(fonts::mono(size::TITLE)));
            close = button::sized_icon(ui, icons::CLOSE, &lang.tr("commits.close"), false, 22.0).clicked();
        });
        let Some(commit) = commit else {
            label::secondary(ui, lang.tr("commits.too-old"));
            return;
        };
        label::secondary(ui, lang.with("commits.made", &[("branch", &commit.branch), ("time", &run.moment(lang, commit.at))]));
        if BranchKind::of(&commit.branch) == BranchKind::Main && commit.change.is_none() {
            label::secondary(ui, lang.tr("commits.no-change"));
        }
        if let Some(known) = commit.change.and_then(|number| look.changes.iter().find(|known| known.number == number)) {
            target = change_ui(ui, lang, run, known);
        }
        let versions = versions(look, commit);
        let builds = builds(look, commit, &versions);
        let clicked = walk_ui(ui, lang, run, &builds, &versions);
        target = target.take().or(clicked);
    });
    if close && let Some(run) = shell.run.as_mut() {
        run.delivery.commit = None;
    }
    if let Some(target) = target {
        go(shell, target);
    }
}

/// The change of the commit, and with the truth what is wrong with it.
fn change_ui(ui: &mut Ui, lang: Lang, run: &Run, known: &ChangeLook) -> Option<Target> {
    let palette = colors(ui);
    let mut target = None;
    ui.add_space(6.0);
    let heading = label::section(ui, change(lang, known.number));
    label::explained(heading, lang, "change");
    Grid::new("change").num_columns(2).spacing(vec2(16.0, 2.0)).min_row_height(20.0).show(ui, |ui| {
        let row = |ui: &mut Ui, what: &'static str, text: &str| {
            ui.label(RichText::new(lang.tr(what)).color(palette.secondary));
            ui.label(text);
            ui.end_row();
        };
        ui.label(RichText::new(lang.tr("events.service")).color(palette.secondary));
        if link_ui(ui, run.service_name(known.service), "").clicked() {
            target = Some(Target::Service(known.service));
        }
        ui.end_row();
        row(ui, "commits.lines", &format::whole(lang, u64::from(known.lines)));
        row(ui, "commits.kind", &lang.tr(if known.planned { "dora.planned" } else { "dora.unplanned" }));
        row(ui, "commits.author", &known.author.map_or_else(|| format::NOTHING.to_owned(), |author| person(lang, author)));
        row(ui, "commits.stage", &lang.tr(stage(known.stage)));
    });
    if run.delivery.truth {
        ui.add_space(6.0);
        let heading = label::section(ui, lang.tr("commits.defects"));
        label::explained(heading, lang, "truth");
        if known.defects.is_empty() {
            label::secondary(ui, lang.tr("commits.defects.none"));
        }
        for (flaw, kind) in &known.defects {
            let hurt = run.snapshot.flaws.iter().find(|known| known.flaw == *flaw);
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(icons::DEFECT).color(palette.failing_text));
                ui.label(defect(lang, *kind));
                if let Some(hurt) = hurt {
                    let text = lang.with("commits.defects.hurt", &[("failed", &format::whole(lang, hurt.failed))]);
                    if link_ui(ui, text, &lang.tr("walk.goes")).clicked() {
                        target = Some(Target::Walk(*flaw, 0));
                    }
                } else {
                    label::caption(ui, lang.tr("commits.defects.harmless"));
                }
            });
        }
    }
    target
}

/// The way on: builds, versions, deployments.
fn walk_ui(ui: &mut Ui, lang: Lang, run: &Run, builds: &[&Build], versions: &[&ArtifactLook]) -> Option<Target> {
    let palette = colors(ui);
    let mut target = None;
    let heading = |ui: &mut Ui, key: &'static str, term: &'static str| {
        ui.add_space(6.0);
        let text = label::section(ui, lang.tr(key));
        label::explained(text, lang, term);
    };
    heading(ui, "commits.builds", "build");
    if builds.is_empty() {
        label::secondary(ui, lang.tr("commits.builds.none"));
    }
    for build in builds {
        let (health, word) = build_health(build.status);
        ui.horizontal_wrapped(|ui| {
            let (place, _) = ui.allocate_exact_size(vec2(10.0, 18.0), eframe::egui::Sense::hover());
            status::shape(ui.painter(), place.center(), theme::SHAPE.x, health, palette);
            let name = lang.with("delivery.build", &[("number", &build.number.to_string())]);
            if link_ui(ui, name, &lang.tr("walk.goes")).clicked() {
                target = Some(Target::Pipeline { service: build.service, execution: Some(build.execution), build: Some(build.number) });
            }
            let took = build.started.zip(build.ends).map_or_else(String::new, |(from, to)| format!(", {}", format::span(lang, to.since(from))));
            label::caption(ui, format!("{}, {}{took}", build.project, lang.tr(word)));
            if let Some(why) = &build.failed {
                ui.add(Label::new(RichText::new(why).color(palette.failing_text)).wrap());
            }
        });
    }
    heading(ui, "commits.versions", "artifact");
    if versions.is_empty() {
        label::secondary(ui, lang.tr("commits.versions.none"));
    }
    for artifact in versions {
        let stable = run.snapshot.services.get(artifact.service.index()).is_some_and(|service| service.stable == artifact.commit);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(icons::DEPLOYMENTS).color(palette.secondary));
            ui.label(RichText::new(version_name(run, artifact.version)).font(fonts::mono(size::BODY - 1.0)));
            label::caption(ui, run.service_name(artifact.service));
            if stable {
                ui.label(RichText::new(format!("{} {}", icons::DEPLOY, lang.tr("commits.production"))).color(palette.ok_text));
            }
        });
        for number in &artifact.deployments {
            let Some(of) = deployment_of(run, *number) else { continue };
            ui.horizontal_wrapped(|ui| {
                ui.add_space(18.0);
                let (place, _) = ui.allocate_exact_size(vec2(10.0, 18.0), eframe::egui::Sense::hover());
                status::shape(ui.painter(), place.center(), theme::SHAPE.x, outcome_health(of), palette);
                if link_ui(ui, deployment(lang, *number), &lang.tr("walk.goes")).clicked() {
                    target = Some(Target::Deployment(*number));
                }
                label::caption(ui, format!("{}, {}", run.moment(lang, of.started), outcome(lang, of)));
            });
        }
    }
    target
}
