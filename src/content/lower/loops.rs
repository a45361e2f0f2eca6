//! Messages that cause messages: a loop in which each message causes one more or more than one, on average, never comes
//! to rest, and fills the memory.
//!
//! A branching process: the expected number of messages that one message causes, queue by queue, is a matrix, and the
//! population dies out only if its spectral radius is below 1 (Harris 1963, "The Theory of Branching Processes").
//! Counted are the scripts of all versions, the largest where they differ; a lookup in a cache counts as a hit, and
//! deliveries that are repeated are left out, so that nothing is refused that could come to rest.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diagnostic::{Code, Finding};
use super::Lower;
use super::graph::{Target, scripts};
use super::service::Services;
use crate::kernel::model::{MessageQueue, Step};

/// Rounds after which a loop that is neither clearly growing nor clearly dying out is let pass.
const ROUNDS: usize = 500;
/// A loop this close to 1 is at 1: shares such as 0.1 are not exact.
const ROUNDING: f64 = 1e-9;

/// What leads where, and how often [1]: endpoints first, then queues.
struct Graph {
    edges: Vec<Vec<(usize, f64)>>,
    endpoints: usize,
    /// Each endpoint's place in an order in which it comes after all that it calls.
    ranks: Vec<usize>,
}

impl Graph {
    fn of(services: &Services, queues: &[MessageQueue], order: &[usize]) -> Self {
        let endpoints = services.endpoints.len();
        let node = |target: Target| match target {
            Target::Endpoint(endpoint) => endpoint.index(),
            Target::Queue(queue) => endpoints + queue.index(),
        };
        let mut edges = Vec::with_capacity(endpoints + queues.len());
        for alternatives in scripts(services) {
            let mut most: BTreeMap<usize, f64> = BTreeMap::new();
            for script in alternatives {
                let mut times = BTreeMap::new();
                expect(script, 1.0, &mut times);
                for (target, times) in times {
                    let most = most.entry(node(target)).or_default();
                    *most = most.max(times);
                }
            }
            edges.push(most.into_iter().filter(|(_, times)| *times > 0.0).collect());
        }
        edges.extend(queues.iter().map(|queue| vec![(queue.consumer.index(), 1.0)]));
        let mut ranks = vec![0; endpoints];
        order.iter().enumerate().for_each(|(rank, endpoint)| ranks[*endpoint] = rank);
        Self { edges, endpoints, ranks }
    }

    /// The groups of nodes that lead back to themselves: strongly connected components (Tarjan 1972), without recursion.
    fn loops(&self) -> Vec<Vec<usize>> {
        let count = self.edges.len();
        let (mut number, mut low, mut on_stack) = (vec![usize::MAX; count], vec![0; count], vec![false; count]);
        let (mut stack, mut loops, mut next) = (Vec::new(), Vec::new(), 0);
        for start in 0..count {
            if number[start] != usize::MAX {
                continue;
            }
            let mut way = vec![(start, 0)];
            while let Some(&(node, edge)) = way.last() {
                if edge == 0 {
                    (number[node], low[node], on_stack[node]) = (next, next, true);
                    next += 1;
                    stack.push(node);
                }
                if let Some(&(to, _)) = self.edges[node].get(edge) {
                    way.last_mut().expect("the node itself").1 += 1;
                    if number[to] == usize::MAX {
                        way.push((to, 0));
                    } else if on_stack[to] {
                        low[node] = low[node].min(number[to]);
                    }
                    continue;
                }
                way.pop();
                if let Some(&(above, _)) = way.last() {
                    low[above] = low[above].min(low[node]);
                }
                if low[node] == number[node] {
                    let first = stack.iter().rposition(|other| *other == node).expect("it is on the stack");
                    let group = stack.split_off(first);
                    for &node in &group {
                        on_stack[node] = false;
                    }
                    if group.len() > 1 {
                        loops.push(group);
                    }
                }
            }
        }
        loops
    }

    /// Messages that one message in the loop causes, on average over the long run [1]; `None` if that is below 1.
    fn growth(&self, group: &[usize]) -> Option<f64> {
        let mut group = group.to_vec();
        group.sort_by_key(|node| self.ranks.get(*node).copied().unwrap_or(usize::MAX));
        let inside: BTreeMap<usize, usize> = group.iter().enumerate().map(|(at, node)| (*node, at)).collect();
        let queues: Vec<usize> = (0..group.len()).filter(|at| group[*at] >= self.endpoints).collect();
        let mut messages = vec![1.0; queues.len()];
        for _ in 0..ROUNDS {
            let mut visits = vec![0.0; group.len()];
            for (queue, messages) in queues.iter().zip(&messages) {
                let (consumer, _) = self.edges[group[*queue]][0];
                visits[inside[&consumer]] += messages;
            }
            // Callers come after what they call.
            for at in (0..group.len()).rev().filter(|at| group[*at] < self.endpoints) {
                for (to, times) in &self.edges[group[at]] {
                    if let Some(to) = inside.get(to) {
                        visits[*to] += visits[at] * times;
                    }
                }
            }
            // The spectral radius lies between the least and the greatest ratio (Collatz and Wielandt).
            let ratios = || queues.iter().zip(&messages).map(|(queue, before)| visits[*queue] / before);
            let (least, greatest) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
            if greatest < 1.0 - ROUNDING {
                return None;
            }
            if least >= 1.0 - ROUNDING && greatest - least < 0.005 * least {
                return Some(f64::midpoint(least, greatest));
            }
            // What was there is added, so that a loop of several queues does not just turn.
            let total: f64 = queues.iter().zip(&messages).map(|(queue, before)| visits[*queue] + before).sum();
            for (queue, before) in queues.iter().zip(&mut messages) {
                *before = (*before + visits[*queue]) / total;
            }
        }
        None
    }
}

/// Adds how often a script calls and publishes, on average, if it is run `times` times. Returns how often its end is reached.
fn expect(steps: &[Step], times: f64, found: &mut BTreeMap<Target, f64>) -> f64 {
    let mut times = times;
    for step in steps {
        match step {
            Step::Call(call) => *found.entry(Target::Endpoint(call.endpoint)).or_default() += times,
            Step::Publish(queue) => *found.entry(Target::Queue(*queue)).or_default() += times,
            Step::Parallel(branches) => branches.iter().for_each(|branch| _ = expect(branch, times, found)),
            Step::Probability { p, then, otherwise } => {
                times = expect(then, times * p.get(), found) + expect(otherwise, times * (1.0 - p.get()), found);
            }
            // The percentage may be set to anything later: what is more in either branch counts.
            Step::Feature { then, otherwise, .. } => {
                let mut without = found.clone();
                times = expect(then, times, found).max(expect(otherwise, times, &mut without));
                for (target, count) in without {
                    let most = found.entry(target).or_default();
                    *most = most.max(count);
                }
            }
            Step::Repeat { min, max, steps } => {
                expect(steps, times * f64::midpoint(f64::from(*min), f64::from(*max)), found);
            }
            Step::Fail(p) => times *= 1.0 - p.get(),
            Step::Work(_) | Step::Io(_) | Step::Sleep(_) | Step::Cache { .. } => {}
        }
    }
    times
}

impl Lower<'_> {
    /// Reports loops of messages that never come to rest.
    /// `order` lists endpoints such that each comes after all that it calls.
    pub(crate) fn message_loops(&mut self, services: &Services, queues: &[MessageQueue], order: &[usize]) {
        let graph = Graph::of(services, queues, order);
        for group in graph.loops() {
            let Some(growth) = graph.growth(&group) else { continue };
            let inside: BTreeSet<usize> = group.into_iter().collect();
            let is_inside = |node: usize| inside.contains(&node);
            let closing = self
                .sites
                .iter()
                .find(|site| is_inside(site.from.index()) && matches!(site.to, Target::Queue(queue) if is_inside(graph.endpoints + queue.index())));
            let Some(closing) = closing else { continue };
            let Target::Queue(queue) = closing.to else { continue };
            let place = self.tree.place_of(&closing.path);
            let consumer = self.full_name(services, queues[queue.index()].consumer.index());
            let causes = if growth <= 1.0 + ROUNDING {
                format!("every message to `{consumer}` causes another one, for ever")
            } else {
                let others = (growth * 100.0).round() / 100.0;
                match inside.iter().filter(|node| **node >= graph.endpoints).count() {
                    1 => format!("every message to `{consumer}` causes {others} others on average, and those cause more"),
                    queues => format!("messages to `{consumer}` come back as ever more through {queues} queues, {others} for one at each on average"),
                }
            };
            let finding = Finding::error(Code::Cycle, causes).label("leads back to the same consumer");
            self.collector.add(&place, finding.help("publish with a lower probability, so that a message causes less than one other on average"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Endpoints 0… lead to queues and endpoints as given; queue n is consumed by `consumers[n]`.
    fn growth(edges: &[&[(usize, f64)]], consumers: &[usize]) -> Vec<Option<f64>> {
        let mut all: Vec<Vec<(usize, f64)>> = edges.iter().map(|edges| edges.to_vec()).collect();
        all.extend(consumers.iter().map(|consumer| vec![(*consumer, 1.0)]));
        // Here each endpoint calls those with a higher number.
        let ranks = (0..edges.len()).rev().collect();
        let graph = Graph { edges: all, endpoints: edges.len(), ranks };
        graph.loops().iter().map(|group| graph.growth(group)).collect()
    }

    fn about(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 0.01)
    }

    #[test]
    fn one_queue_grows_by_what_its_consumer_publishes() {
        assert!(about(growth(&[&[(1, 1.4)]], &[0])[0], 1.4));
        assert!(about(growth(&[&[(1, 1.0)]], &[0])[0], 1.0));
        assert_eq!(growth(&[&[(1, 0.999)]], &[0]), [None]);
        assert!(growth(&[&[]], &[0]).is_empty());
    }

    #[test]
    fn calls_pass_messages_on() {
        // 0 calls 1 twice, which publishes 0.7 messages that come back to 0.
        assert!(about(growth(&[&[(1, 2.0)], &[(2, 0.7)]], &[0])[0], 1.4));
    }

    /// Through two queues a message comes back as 1.5, which is √1.5 for each step.
    #[test]
    fn several_queues_grow_by_the_geometric_mean() {
        assert!(about(growth(&[&[(3, 1.5)], &[(2, 1.0)]], &[0, 1])[0], 1.5_f64.sqrt()));
        assert_eq!(growth(&[&[(3, 3.0)], &[(2, 0.3)]], &[0, 1]), [None]);
    }

    /// [[0.5, 0.4], [0.4, 0.5]] has the spectral radius 0.9, and with 0.6 it has 1.1.
    #[test]
    fn loops_that_share_a_queue_count_together() {
        assert_eq!(growth(&[&[(2, 0.5), (3, 0.4)], &[(2, 0.4), (3, 0.5)]], &[0, 1]), [None]);
        assert!(about(growth(&[&[(2, 0.5), (3, 0.6)], &[(2, 0.6), (3, 0.5)]], &[0, 1])[0], 1.1));
    }

    #[test]
    fn a_chain_of_any_length_does_not_exhaust_the_stack() {
        let mut edges: Vec<Vec<(usize, f64)>> = (0..100_000).map(|n| vec![(n + 1, 1.0)]).collect();
        edges.push(vec![(100_001, 0.5)]);
        edges.push(vec![(0, 1.0)]);
        let graph = Graph { edges, endpoints: 100_001, ranks: Vec::new() };
        assert_eq!(graph.loops().len(), 1);
    }
}
