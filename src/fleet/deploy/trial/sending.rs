//! Sends the test requests of deployments, and takes their answers in.
//!
//! The kernel does not give up on them: a request without an answer by its time has failed (`trial`). Which instance is asked is
//! a matter of turns among the healthy ones of the new version.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;

use super::super::rollout::Rollout;
use super::TestRun;
use crate::fleet::agenda::Timetable;
use crate::fleet::desk::{Desk, Inbox, Member, Roster};
use crate::fleet::life::Life;
use crate::fleet::rotation::{Standing, Verdict};
use crate::ids::{EndpointId, InstanceId, ServiceId};
use crate::insight::judge::analysis::Phase;
use crate::kernel::command::{Command, Notice};
use crate::telemetry::ledger::DeploymentNumber;

/// A deployment whose test requests are due.
#[derive(Debug)]
pub(in crate::fleet::deploy) struct TestsDue(pub(in crate::fleet::deploy) ServiceId, pub(in crate::fleet::deploy) DeploymentNumber);

/// Requests without an answer.
#[derive(Resource, Debug, Default)]
pub(in crate::fleet::deploy) struct Sent {
    next: u64,
    under_way: BTreeMap<u64, (ServiceId, DeploymentNumber, u32)>,
}

/// Test users are numbered from the end, so that they are none of the traffic's.
fn test_user(number: u64) -> u32 {
    u32::MAX - (number % u64::from(u32::MAX / 2)) as u32
}

/// The endpoint that the next request of a test is for.
fn endpoint(run: &TestRun, known: &[(String, EndpointId)]) -> Option<EndpointId> {
    match run.test.endpoint() {
        Some(name) => known.iter().find(|(known, _)| known == name).map(|(_, endpoint)| *endpoint),
        None => known.get(run.sent as usize % known.len().max(1)).map(|(_, endpoint)| *endpoint),
    }
}

/// Takes answers in, and sends what is due.
pub(in crate::fleet::deploy) fn send(
    mut desk: Desk<'_>,
    inbox: Res<'_, Inbox>,
    mut sent: ResMut<'_, Sent>,
    mut table: ResMut<'_, Timetable<TestsDue>>,
    roster: Res<'_, Roster>,
    mut rollouts: Query<'_, '_, &mut Rollout>,
    instances: Query<'_, '_, (&Member, &Life, &Standing)>,
) {
    let now = desk.now();
    let mut wanted: Vec<(ServiceId, DeploymentNumber)> = table.take(now).into_iter().map(|TestsDue(service, number)| (service, number)).collect();
    for notice in &inbox.0 {
        let Notice::Tested { token, ok } = *notice else { continue };
        let Some((service, number, key)) = sent.under_way.remove(&token) else { continue };
        let Ok(mut rollout) = rollouts.get_mut(roster.service(service)) else { continue };
        let Some(deployment) = rollout.0.as_mut().filter(|deployment| deployment.number == number) else { continue };
        if let Some(run) = deployment.tests.get_mut(&key) {
            run.answered(now, token, ok);
            wanted.push((service, number));
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    for (service, number) in wanted {
        let Ok(mut rollout) = rollouts.get_mut(roster.service(service)) else { continue };
        let Some(deployment) = rollout.0.as_mut().filter(|deployment| deployment.number == number) else { continue };
        let is_fit = |member: &Member, life: &Life, standing: &Standing| life.up && standing.verdict == Verdict::Healthy && deployment.brings(member);
        let seen = roster.staying(service).filter_map(|member| roster.instance(member.id)).filter_map(|entity| instances.get(entity).ok());
        let fit: Vec<InstanceId> = seen.filter(|(member, life, standing)| is_fit(member, life, standing)).map(|(member, ..)| member.id).collect();
        let mut ended = false;
        for (key, run) in &mut deployment.tests {
            let was_running = run.tried().phase == Phase::Running;
            while run.step(now) {
                sent.next += 1;
                let token = sent.next;
                let known = &desk.facts.services[service.index()].endpoints;
                let target = match run.test.instance {
                    Some(one) => Some(Some(one).filter(|one| fit.contains(one))),
                    None if run.test.is_at_service() => None,
                    None => Some(fit.get(run.sent as usize % fit.len().max(1)).copied()),
                };
                let asked = endpoint(run, known);
                run.sends(now, token);
                match (asked, target) {
                    (Some(endpoint), None | Some(Some(_))) => {
                        sent.under_way.insert(token, (service, number, *key));
                        desk.send(Command::Test { endpoint, instance: target.flatten(), user: test_user(token), token });
                    }
                    // There is nobody to ask.
                    _ => run.answered(now, token, false),
                }
            }
            ended |= was_running && run.tried().phase != Phase::Running;
        }
        if ended {
            desk.touch(service);
        }
        if let Some(due) = deployment.tests.values().filter_map(TestRun::next_due).min() {
            table.set(&mut desk.agenda, due, TestsDue(service, number));
        }
    }
    // What is given up is not waited for.
    sent.under_way.retain(|_, (service, number, key)| {
        let rollout = rollouts.get(roster.service(*service)).ok().and_then(|rollout| rollout.0.as_ref());
        rollout.is_some_and(|deployment| deployment.number == *number && deployment.tests.contains_key(key))
    });
}
