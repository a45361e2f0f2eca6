//! Who calls whom: calls in a circle, and how much work one request can cause.
//!
//! Looks at every script that can run, those of later versions included. Walks without recursion over endpoints: a
//! stranger's file may chain thousands of them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diagnostic::{Code, Finding};
use super::super::tree::{At, Segment};
use super::Lower;
use super::service::Services;
use crate::ids::{EndpointId, QueueId};
use crate::kernel::model::{MessageQueue, Step};
use crate::scenario::limits;
use crate::wording::shown;

/// A place in a script that leads somewhere else.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The endpoint whose script it is.
    pub(crate) from: EndpointId,
    /// Where it leads.
    pub(crate) to: Target,
    /// Where it is written.
    pub(crate) path: Vec<Segment>,
}

/// Where a script leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// It calls an endpoint.
    Endpoint(EndpointId),
    /// It puts a message into a queue.
    Queue(QueueId),
}

/// All scripts by endpoint: its own, and those of versions that replace it.
pub(crate) fn scripts(services: &Services) -> Vec<Vec<&[Step]>> {
    let mut scripts: Vec<Vec<&[Step]>> = services.endpoints.iter().map(|endpoint| vec![endpoint.steps.as_slice()]).collect();
    for version in &services.versions {
        for (endpoint, steps) in &version.scripts {
            scripts[endpoint.index()].push(steps);
        }
    }
    scripts
}

/// The most that one run of a script can cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Most {
    calls: u64,
    steps: u64,
}

impl Most {
    fn plus(self, other: Self) -> Self {
        Self { calls: self.calls.saturating_add(other.calls), steps: self.steps.saturating_add(other.steps) }
    }
    fn times(self, n: u64) -> Self {
        Self { calls: self.calls.saturating_mul(n), steps: self.steps.saturating_mul(n) }
    }
    fn or(self, other: Self) -> Self {
        Self { calls: self.calls.max(other.calls), steps: self.steps.max(other.steps) }
    }
}

fn most(steps: &[Step], below: &[Most]) -> Most {
    steps.iter().map(|step| most_of(step, below).plus(Most { calls: 0, steps: 1 })).fold(Most::default(), Most::plus)
}

fn most_of(step: &Step, below: &[Most]) -> Most {
    match step {
        Step::Call(call) => below[call.endpoint.index()].plus(Most { calls: 1, steps: 0 }),
        Step::Parallel(branches) => branches.iter().map(|branch| most(branch, below)).fold(Most::default(), Most::plus),
        Step::Probability { then, otherwise, .. } | Step::Feature { then, otherwise, .. } => most(then, below).or(most(otherwise, below)),
        Step::Repeat { max, steps, .. } => most(steps, below).times(u64::from(*max)),
        Step::Cache { on_miss, .. } => most(on_miss, below),
        Step::Work(_) | Step::Io(_) | Step::Sleep(_) | Step::Publish(_) | Step::Fail(_) => Most::default(),
    }
}

impl Lower<'_> {
    /// Reports calls in a circle, messages that never come to an end, and requests that cause too much. Returns the
    /// endpoints in such an order that each comes after all that it calls, if there is one.
    pub(crate) fn graph(&mut self, services: &Services, queues: &[MessageQueue]) -> Option<Vec<EndpointId>> {
        let count = services.endpoints.len();
        let mut calls: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
        let mut edges = BTreeSet::new();
        for site in &self.sites {
            if let Target::Endpoint(to) = site.to {
                calls[site.from.index()].insert(to.index());
                edges.insert((services.endpoints[site.from.index()].service, services.endpoints[to.index()].service));
            }
        }
        if edges.len() > limits::EDGES {
            let finding = Finding::error(Code::TooMuch, format!("{} pairs of services call each other; the simulation takes {}", edges.len(), limits::EDGES));
            self.report(&At::ROOT.key("services"), finding);
        }
        let (order, circles) = walk(&calls);
        for circle in &circles {
            self.report_circle(services, circle);
        }
        if !circles.is_empty() {
            return None;
        }
        self.message_loops(services, queues, &order);
        let scripts = scripts(services);
        let mut totals = vec![Most::default(); count];
        for &endpoint in &order {
            totals[endpoint] = scripts[endpoint].iter().map(|steps| most(steps, &totals)).fold(Most::default(), Most::or);
        }
        // Only the first endpoint from below that goes too far: everything that calls it does too.
        let too_much =
            order.iter().find(|endpoint| totals[**endpoint].calls > limits::CALLS_PER_REQUEST || totals[**endpoint].steps > limits::STEPS_PER_REQUEST);
        if let Some(&endpoint) = too_much {
            let Most { calls, steps } = totals[endpoint];
            let (what, most) = if calls > limits::CALLS_PER_REQUEST {
                (format!("{} calls", saturated(calls)), limits::CALLS_PER_REQUEST)
            } else {
                (format!("{} steps", saturated(steps)), limits::STEPS_PER_REQUEST)
            };
            let finding = Finding::error(Code::TooMuch, format!("one request of `{}` can cause {what}", self.full_name(services, endpoint)));
            self.at_endpoint(services, endpoint, finding.label(format!("the simulation takes {most}")));
        }
        Some(order.into_iter().map(EndpointId::from_index).collect())
    }

    fn report_circle(&mut self, services: &Services, circle: &[usize]) {
        let names: Vec<String> = circle.iter().chain(circle.first()).map(|endpoint| format!("`{}`", shown(&self.full_name(services, *endpoint)))).collect();
        let last = EndpointId::from_index(circle[circle.len() - 1]);
        let first = Target::Endpoint(EndpointId::from_index(circle[0]));
        let path = self.sites.iter().find(|site| site.from == last && site.to == first).map(|site| site.path.clone()).unwrap_or_default();
        let place = self.tree.place_of(&path);
        let finding = Finding::error(Code::Cycle, format!("calls in a circle: {}", names.join(" → ")));
        let finding = finding.label("closes the circle").help("let the answer come back along the calls, or put a message into a queue");
        self.collector.add(&place, finding);
    }

    /// `service.endpoint`.
    pub(crate) fn full_name(&self, services: &Services, endpoint: usize) -> String {
        let endpoint = &services.endpoints[endpoint];
        format!("{}.{}", self.service_name(endpoint.service), endpoint.name)
    }

    fn at_endpoint(&mut self, services: &Services, endpoint: usize, finding: Finding) {
        let endpoint = &services.endpoints[endpoint];
        let (services, service) = (At::ROOT.key("services"), self.service_name(endpoint.service));
        let (service, key) = (services.key(service), endpoint.name.as_str());
        let endpoints = service.key("endpoints");
        self.report_key(&endpoints.key(key), finding);
    }
}

/// A count that stopped at the largest number there is says so.
pub(crate) fn saturated(count: u64) -> String {
    if count == u64::MAX { "more than 1e19".to_owned() } else { count.to_string() }
}

/// Depth first through a graph: the nodes in the order in which they are finished, and a circle for each edge that leads
/// back onto the way.
fn walk(edges: &[BTreeSet<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnTheWay,
        Done,
    }
    let mut marks = vec![Mark::New; edges.len()];
    let (mut order, mut circles) = (Vec::new(), BTreeMap::new());
    for start in 0..edges.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::OnTheWay;
        let mut way = vec![(start, edges[start].iter())];
        while let Some((node, next)) = way.last_mut() {
            match next.next() {
                Some(&to) if marks[to] == Mark::New => {
                    marks[to] = Mark::OnTheWay;
                    way.push((to, edges[to].iter()));
                }
                Some(&to) if marks[to] == Mark::OnTheWay && circles.len() < limits::MISTAKES => {
                    let from = way.iter().position(|(node, _)| *node == to).unwrap_or(0);
                    let circle: Vec<usize> = way[from..].iter().map(|(node, _)| *node).collect();
                    let members: BTreeSet<usize> = circle.iter().copied().collect();
                    circles.entry(members).or_insert(circle);
                }
                Some(_) => {}
                None => {
                    marks[*node] = Mark::Done;
                    order.push(*node);
                    way.pop();
                }
            }
        }
    }
    (order, circles.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(usize, usize)], nodes: usize) -> Vec<BTreeSet<usize>> {
        let mut graph = vec![BTreeSet::new(); nodes];
        for (from, to) in edges {
            graph[*from].insert(*to);
        }
        graph
    }

    #[test]
    fn what_is_called_comes_first() {
        let (order, circles) = walk(&graph(&[(0, 1), (1, 2), (0, 2), (3, 0)], 4));
        assert!(circles.is_empty());
        let position = |node| order.iter().position(|other| *other == node);
        assert!(position(2) < position(1) && position(1) < position(0) && position(0) < position(3));
    }

    #[test]
    fn each_circle_is_found_once() {
        let (_, circles) = walk(&graph(&[(0, 1), (1, 2), (2, 0), (3, 3), (4, 0)], 5));
        assert_eq!(circles, [vec![0, 1, 2], vec![3]]);
    }

    #[test]
    fn a_chain_of_any_length_does_not_exhaust_the_stack() {
        let edges: Vec<(usize, usize)> = (0..200_000).map(|n| (n, n + 1)).collect();
        let (order, _) = walk(&graph(&edges, 200_001));
        assert_eq!(order.first(), Some(&200_000));
    }
}
