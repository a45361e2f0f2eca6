//! Delivery: deployments, and DORA's metrics of them.

use super::{Asked, Function, Param};
use crate::insight::deployments::{Deployment, Status, deployments};
use crate::insight::dora::{self, Dora, Period};
use crate::insight::judge::Measured;
use crate::lesson::kind::Kind;
use crate::units::SimSpan;

const fn of_service(name: &'static str, needs: usize, about: &'static str, ask: fn(&Asked<'_>) -> Measured) -> Function {
    Function { name, params: &[Param::Service], needs, about, gives: Kind::Number, ask }
}

/// What is asked of delivery.
pub(super) const FUNCTIONS: &[Function] = &[
    of_service("deployments", 0, "deployments that ended, rollbacks included", |asked| Measured::Number(f64::from(metrics(asked).deployments))),
    of_service("rollbacks", 0, "deployments that ended and rolled another one back", |asked| Measured::Number(f64::from(metrics(asked).rollbacks))),
    of_service("failed_deployments", 0, "deployments that failed, were rolled back or caused an incident", |asked| {
        Measured::Number(f64::from(metrics(asked).failed))
    }),
    Function {
        name: "deployment",
        params: &[Param::Service],
        needs: 1,
        about: "how the latest deployment stands: `in-progress`, `completed`, `failed`, `superseded` or `none`",
        gives: Kind::OneOf(&["in-progress", "completed", "failed", "superseded", "none"]),
        ask: |asked| {
            let service = asked.service();
            let all = deployments(asked.session.ledger());
            let latest = all.iter().rev().find(|deployment| Some(deployment.service) == service && deployment.rolls_back.is_none());
            Measured::Text(latest.map_or("none", status).to_owned())
        },
    },
    of_service("deployment_frequency", 0, "deployments per day", |asked| metrics(asked).per_day.into()),
    of_service("change_lead_time", 0, "median time from a change's commit to production [s]", |asked| seconds(metrics(asked).lead_time)),
    of_service("change_fail_rate", 0, "share of deployments that needed intervention, 0…1", |asked| metrics(asked).change_fail_rate.into()).share(),
    of_service("recovery_time", 0, "median time from the beginning of a failed deployment to its remedy [s]", |asked| seconds(metrics(asked).recovery)),
    of_service("rework_rate", 0, "share of deployments that were not planned, 0…1", |asked| metrics(asked).rework_rate.into()).share(),
];

fn metrics(asked: &Asked<'_>) -> Dora {
    dora::metrics(&deployments(asked.session.ledger()), asked.service(), Period::until(asked.session.now()))
}

fn seconds(span: Option<SimSpan>) -> Measured {
    span.map(SimSpan::as_secs_f64).into()
}

const fn status(deployment: &Deployment) -> &'static str {
    match deployment.status {
        Status::InProgress => "in-progress",
        Status::Completed => "completed",
        Status::Failed(_) => "failed",
        Status::Superseded(_) => "superseded",
    }
}
