//! The way to production: changes and merges of a team, its pipelines, and its builds.

use super::{Asked, Function, Param};
use crate::delivery::Delivery;
use crate::delivery::build::timeline::Status;
use crate::delivery::builds::{Build, BuildStatus};
use crate::insight::judge::Measured;
use crate::lesson::kind::Kind;
use crate::telemetry::ledger::{Event, Progress};
use crate::units::SimSpan;

const fn of_service(name: &'static str, needs: usize, about: &'static str, ask: fn(&Asked<'_>) -> Measured) -> Function {
    Function { name, params: &[Param::Service], needs, about, gives: Kind::Number, ask }
}

/// What is asked of pipelines, and of what comes before them.
pub(super) const FUNCTIONS: &[Function] = &[
    of_service("changes", 0, "changes that were begun or wait to be", |asked| count(changes(asked).count())),
    of_service("merged_changes", 0, "changes that were merged", |asked| count(changes(asked).filter(|change| change.merged.is_some()).count())),
    of_service("change_size", 0, "median size of merged changes [lines]", |asked| {
        median(changes(asked).filter(|change| change.merged.is_some()).map(|change| f64::from(change.lines)).collect())
    }),
    of_service("merge_time", 0, "median time from when a change came up to its merge [s]", |asked| {
        median(changes(asked).filter_map(|change| Some(change.merged?.since(change.opened).as_secs_f64())).collect())
    }),
    Function {
        name: "merge_conflicts",
        params: &[],
        needs: 0,
        about: "merges that met a conflict",
        gives: Kind::Number,
        ask: |asked| asked.session.delivery().map_or(Measured::Nothing, |delivery| Measured::Number(f64::from(delivery.conflicts()))),
    },
    of_service("executions", 0, "executions of pipelines that began", |asked| executions(asked, |what| matches!(what, Progress::Started { .. }))),
    of_service("succeeded_executions", 0, "executions of pipelines that succeeded", |asked| executions(asked, |what| matches!(what, Progress::Succeeded))),
    of_service("failed_executions", 0, "executions of pipelines that failed", |asked| executions(asked, |what| matches!(what, Progress::Failed { .. }))),
    of_service("superseded_executions", 0, "executions of pipelines whose place a newer one took", |asked| {
        executions(asked, |what| matches!(what, Progress::Superseded { .. }))
    }),
    Function {
        name: "pipeline_actions",
        params: &[Param::Service, Param::Category],
        needs: 1,
        about: "actions in a service's pipeline, or those of a category such as `Test` or `Approval`; 0 if it has none",
        gives: Kind::Number,
        ask: |asked| {
            let category = asked.given(Param::Category);
            let pipeline = asked.session.delivery().zip(asked.service()).and_then(|(delivery, service)| delivery.pipeline(service));
            let actions = pipeline.into_iter().flat_map(|pipeline| &pipeline.stages).flat_map(|stage| &stage.actions);
            count(actions.filter(|action| category.is_none_or(|category| action.action_type_id.category.to_string() == category)).count())
        },
    },
    Function {
        name: "execution_mode",
        params: &[Param::Service],
        needs: 1,
        about: "execution mode of a service's pipeline: `SUPERSEDED`, `QUEUED` or `PARALLEL`; nothing if it has none",
        gives: Kind::OneOf(&["SUPERSEDED", "QUEUED", "PARALLEL"]),
        ask: |asked| {
            let pipeline = asked.session.delivery().zip(asked.service()).and_then(|(delivery, service)| delivery.pipeline(service));
            pipeline.map_or(Measured::Nothing, |pipeline| Measured::Text(pipeline.mode().to_string()))
        },
    },
    Function {
        name: "buildspec_commands",
        params: &[Param::Project, Param::Words],
        needs: 1,
        about: "commands in the buildspec of a project as it is now, or those that contain some words",
        gives: Kind::Number,
        ask: |asked| {
            let Some(project) = asked.session.delivery().zip(asked.given(Param::Project)).map(|(delivery, name)| delivery.project(name)) else {
                return Measured::Nothing;
            };
            let phases = &project.buildspec.spec.phases;
            let commands = phases.in_order().into_iter().flatten().flat_map(|phase| phase.commands.iter().chain(&phase.finally));
            count(commands.filter(|command| asked.given(Param::Words).is_none_or(|words| command.contains(words))).count())
        },
    },
    of_service("builds", 0, "builds that ended, test runs included", |asked| ended(asked, |(all, _)| all)),
    of_service("failed_builds", 0, "builds that failed, test runs included", |asked| ended(asked, |(_, failed)| failed)),
    Function {
        name: "build_time",
        params: &[Param::Project],
        needs: 1,
        about: "median time that builds of a project took that succeeded, without waiting for an agent [s]",
        gives: Kind::Number,
        ask: |asked| median(of_project(asked).filter_map(|build| Some(build.ends?.since(build.started?).as_secs_f64())).collect()),
    },
    Function {
        name: "last_build_time",
        params: &[Param::Project],
        needs: 1,
        about: "time that the latest build of a project took that succeeded, without waiting for an agent [s]",
        gives: Kind::Number,
        ask: |asked| of_project(asked).last().and_then(|build| Some(build.ends?.since(build.started?).as_secs_f64())).into(),
    },
    Function {
        name: "build_wait",
        params: &[],
        needs: 0,
        about: "mean time that builds waited for an agent [s]",
        gives: Kind::Number,
        ask: |asked| {
            let waits: Vec<f64> = builds(asked).filter_map(|build| Some(build.started?.since(build.submitted).as_secs_f64())).collect();
            if waits.is_empty() { Measured::Nothing } else { Measured::Number(waits.iter().sum::<f64>() / waits.len() as f64) }
        },
    },
    Function {
        name: "build_phase",
        params: &[Param::Project, Param::Phase],
        needs: 2,
        about: "time that a phase, such as `INSTALL` or `BUILD`, took in the latest build of a project that succeeded [s]",
        gives: Kind::Number,
        ask: |asked| {
            let name = asked.given(Param::Phase).unwrap_or_default();
            let last = of_project(asked).last();
            let phases = last.iter().flat_map(|build| &build.phases).filter(|(phase, status, ..)| phase.name() == name && *status == Status::Succeeded);
            let took = phases.fold(SimSpan::ZERO, |sum, (_, _, from, to)| sum + to.since(*from));
            last.map(|_| took.as_secs_f64()).into()
        },
    },
];

fn changes<'a>(asked: &Asked<'a>) -> impl Iterator<Item = &'a crate::delivery::history::Change> {
    let service = asked.service();
    let delivery = asked.session.delivery();
    delivery.into_iter().flat_map(Delivery::changes).filter(move |change| service.is_none_or(|service| change.service == service))
}

fn ended(asked: &Asked<'_>, which: fn((u64, u64)) -> u64) -> Measured {
    asked.session.delivery().map_or(Measured::Nothing, |delivery| Measured::Number(which(delivery.ended_builds(asked.service())) as f64))
}

fn builds<'a>(asked: &Asked<'a>) -> impl Iterator<Item = &'a Build> {
    let service = asked.service();
    let delivery = asked.session.delivery();
    delivery.into_iter().flat_map(Delivery::builds).filter(move |build| service.is_none_or(|service| build.service == service))
}

/// The builds of the project asked for that succeeded, the oldest first.
fn of_project<'a>(asked: &Asked<'a>) -> impl Iterator<Item = &'a Build> {
    let project = asked.given(Param::Project).unwrap_or_default().to_owned();
    let delivery = asked.session.delivery();
    let builds = delivery.into_iter().flat_map(Delivery::builds);
    builds.filter(move |build| build.project == project && build.status == BuildStatus::Succeeded)
}

fn executions(asked: &Asked<'_>, counts: fn(&Progress) -> bool) -> Measured {
    let of = asked.service();
    let events = asked.session.ledger().visible().map(|record| &record.event);
    let counted = |event: &&Event| matches!(event, Event::Pipeline { service, what, .. } if of.is_none_or(|of| *service == of) && counts(what));
    count(events.filter(counted).count())
}

const fn count(number: usize) -> Measured {
    Measured::Number(number as f64)
}

/// The middle value; nothing without any.
fn median(mut values: Vec<f64>) -> Measured {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => Measured::Nothing,
        count if count % 2 == 1 => Measured::Number(values[middle]),
        _ => Measured::Number(f64::midpoint(values[middle - 1], values[middle])),
    }
}
