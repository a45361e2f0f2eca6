//! Where the nodes of the service map stand, and along which points its edges run.
//!
//! Users on the left, data stores on the right: a layered layout (Sugiyama, by `rust-sugiyama`). An edge over several
//! layers gets a small invisible node in each layer between, so that it runs around the nodes and not through them. Who
//! stands where ([`Skeleton`]) is computed once per scenario: nodes keep their place while a run goes on. How wide nodes
//! are and how far apart depends on the shape of the panel that shows them all. It knows no colours.

use std::collections::BTreeMap;

use eframe::egui::epaint::CubicBezierShape;
use eframe::egui::{Pos2, Rect, Stroke, Vec2, pos2, vec2};
use rust_sugiyama::configure::{Config, CrossingMinimization, RankingType};

/// Points of a curve between two lanes.
const STEPS: u32 = 10;
/// Smallest size of a node in the map's own units (points at zoom 1).
pub(crate) const NODE: Vec2 = vec2(176.0, 76.0);
/// Narrowest and widest node, and gap between layers: a tall map is stretched, since names are long; in a wide one nodes
/// are narrow, so that more of their height is left.
const WIDTHS: (f32, f32) = (112.0, 560.0);
const GAPS: (f32, f32) = (30.0, 240.0);
/// How much of a layer's width is its nodes.
const NODE_SHARE: f32 = 0.8;
/// How much further apart nodes may stand when there is height to spare.
const STRETCH: f32 = 1.8;
/// Between nodes of one layer.
const NODE_GAP: f32 = 14.0;
/// Room that a passing edge takes in a layer.
const LANE: f32 = 16.0;

/// Nodes and edges placed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// The centre of each node, in the order given.
    pub(crate) nodes: Vec<Pos2>,
    /// The points of each edge, in the order given, from its start to its end.
    pub(crate) edges: Vec<Vec<Pos2>>,
    /// The size of every node.
    pub(crate) node: Vec2,
    /// Everything.
    pub(crate) bounds: Rect,
}

/// Who stands in which layer and in which order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Skeleton {
    count: usize,
    /// The layer of each node, then of each stand-in for an edge that passes through a layer.
    layer: Vec<u32>,
    /// The vertical position of each.
    across: Vec<f32>,
    /// For each edge its start, its stand-ins, its end.
    chains: Vec<Vec<usize>>,
}

/// Orders `count` nodes joined by `edges` (pairs of indices; the caller first).
pub(crate) fn skeleton(count: usize, edges: &[(usize, usize)]) -> Skeleton {
    let layers = layers(count, edges);
    // Chains of stand-ins for the edges that pass through layers.
    let mut stand_ins = Vec::new();
    let mut chains: Vec<Vec<usize>> = Vec::with_capacity(edges.len());
    let mut links: Vec<(u32, u32)> = Vec::new();
    for &(from, to) in edges {
        let mut chain = vec![from];
        let (low, high) = (layers[from].min(layers[to]), layers[from].max(layers[to]));
        let backwards = layers[from] > layers[to];
        let between: Vec<u32> = if backwards { (low + 1..high).rev().collect() } else { (low + 1..high).collect() };
        for layer in between {
            chain.push(count + stand_ins.len());
            stand_ins.push(layer);
        }
        chain.push(to);
        for pair in chain.windows(2) {
            let (a, b) = (pair[0] as u32, pair[1] as u32);
            if a != b && layers.get(pair[0]).copied() != layers.get(pair[1]).copied() {
                links.push(if backwards { (b, a) } else { (a, b) });
            }
        }
        chains.push(chain);
    }
    let layer_of = |node: usize| if node < count { layers[node] } else { stand_ins[node - count] };
    let total = count + stand_ins.len();
    let order = order(total, count, &links);
    let across = spread(total, count, &order, &layer_of, &links);
    Skeleton { count, layer: (0..total).map(layer_of).collect(), across, chains }
}

impl Skeleton {
    /// Places everything such that it fills `room` [points] well when all of it is shown at no more than `most` zoom.
    pub(crate) fn placed(&self, room: Vec2, most: f32) -> Layout {
        if self.count == 0 {
            return Layout { nodes: Vec::new(), edges: Vec::new(), node: NODE, bounds: Rect::from_min_size(Pos2::ZERO, NODE) };
        }
        let (low, high) = self.across.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &y| (low.min(y), high.max(y)));
        let height = high - low + NODE.y;
        let layers = self.layer.iter().max().map_or(1, |last| last + 1) as f32;
        let zoom = (room.y / height).min(most);
        // The width of a layer and its gap if the height alone decided how large everything is.
        let pitch = room.x / zoom / layers;
        let node = vec2((pitch * NODE_SHARE).min(pitch - GAPS.0).clamp(WIDTHS.0, WIDTHS.1), NODE.y);
        let gap = (pitch - node.x).clamp(GAPS.0, GAPS.1);
        let width = node.x * layers + gap * (layers - 1.0);
        let zoom = zoom.min(room.x / width);
        let stretch = if high > low { ((room.y / zoom - NODE.y) / (high - low)).clamp(1.0, STRETCH) } else { 1.0 };
        let positions: Vec<Pos2> = self.across.iter().zip(&self.layer).map(|(&y, &layer)| pos2(layer as f32 * (node.x + gap), (y * stretch).round())).collect();
        let nodes = positions[..self.count].to_vec();
        let edges = self.chains.iter().map(|chain| route(chain, node, gap, &positions)).collect();
        let bounds = nodes.iter().fold(Rect::NOTHING, |rect, &at| rect.union(Rect::from_center_size(at, node)));
        Layout { nodes, edges, node, bounds }
    }
}

/// The layer of each node: one more than its furthest caller's. Calls in a circle are followed once.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<u32> {
    let mut callees: Vec<Vec<usize>> = vec![Vec::new(); count];
    for &(from, to) in edges {
        if from != to {
            callees[from].push(to);
        }
    }
    // Depth-first, leaving out the edges that close a circle.
    let mut state = vec![0_u8; count];
    let mut finished = Vec::with_capacity(count);
    let mut forward: Vec<Vec<usize>> = vec![Vec::new(); count];
    for root in 0..count {
        let mut stack = vec![(root, 0)];
        if state[root] != 0 {
            continue;
        }
        state[root] = 1;
        while let Some((node, next)) = stack.pop() {
            if let Some(&callee) = callees[node].get(next) {
                stack.push((node, next + 1));
                if state[callee] != 1 {
                    forward[node].push(callee);
                }
                if state[callee] == 0 {
                    state[callee] = 1;
                    stack.push((callee, 0));
                }
            } else {
                state[node] = 2;
                finished.push(node);
            }
        }
    }
    let mut layer = vec![0_u32; count];
    for &node in finished.iter().rev() {
        for &callee in &forward[node] {
            layer[callee] = layer[callee].max(layer[node] + 1);
        }
    }
    layer
}

/// The vertical position that the layout library gives to each node; only the order within a layer is used of it.
fn order(total: usize, count: usize, links: &[(u32, u32)]) -> Vec<f64> {
    let height = |node: usize| f64::from(if node < count { NODE.y + NODE_GAP } else { LANE });
    let vertices: Vec<(u32, (f64, f64))> = (0..total).map(|node| (node as u32, (height(node), 10.0))).collect();
    let config = Config {
        dummy_vertices: false,
        ranking_type: RankingType::Up,
        c_minimization: CrossingMinimization::Barycenter,
        transpose: total <= 400,
        vertex_spacing: 10.0,
        ..Config::default()
    };
    let mut across = vec![0.0; total];
    // The library lays connected parts out separately: they are stacked, in the order of their first node.
    let mut parts = rust_sugiyama::from_vertices_and_edges(&vertices, links, &config);
    parts.sort_by_key(|(nodes, ..)| nodes.iter().map(|(node, _)| *node).min());
    let mut offset = 0.0;
    for (nodes, ..) in parts {
        let least = nodes.iter().map(|(_, (x, _))| *x).fold(f64::INFINITY, f64::min);
        let most = nodes.iter().map(|(_, (x, _))| *x).fold(f64::NEG_INFINITY, f64::max);
        for (node, (x, _)) in nodes {
            across[node] = x - least + offset;
        }
        offset += most - least + 200.0;
    }
    across
}

/// Vertical positions: layers are columns; within a column nodes keep their order, stay apart, and lie near their neighbours.
fn spread(total: usize, count: usize, order: &[f64], layer_of: &dyn Fn(usize) -> u32, links: &[(u32, u32)]) -> Vec<f32> {
    let mut columns: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for node in 0..total {
        columns.entry(layer_of(node)).or_default().push(node);
    }
    for column in columns.values_mut() {
        column.sort_by(|&a, &b| order[a].total_cmp(&order[b]).then(a.cmp(&b)));
    }
    let half = |node: usize| if node < count { f32::midpoint(NODE.y, NODE_GAP) } else { LANE / 2.0 };
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); total];
    for &(a, b) in links {
        neighbours[a as usize].push(b as usize);
        neighbours[b as usize].push(a as usize);
    }
    let mut y = vec![0.0_f32; total];
    for column in columns.values() {
        let mut at = 0.0;
        for &node in column {
            y[node] = at + half(node);
            at += 2.0 * half(node);
        }
        for &node in column {
            y[node] -= at / 2.0;
        }
    }
    // Each column in turn moves towards the mean of its neighbours and is then pushed apart again, in its order.
    for round in 0..24 {
        let columns: Vec<&Vec<usize>> = if round % 2 == 0 { columns.values().collect() } else { columns.values().rev().collect() };
        for column in columns {
            let wanted: Vec<f32> = column
                .iter()
                .map(|&node| {
                    let near = &neighbours[node];
                    if near.is_empty() { y[node] } else { near.iter().map(|&other| y[other]).sum::<f32>() / near.len() as f32 }
                })
                .collect();
            let placed = apart(&wanted, &column.iter().map(|&node| half(node)).collect::<Vec<_>>());
            for (&node, at) in column.iter().zip(placed) {
                y[node] = at;
            }
        }
    }
    y
}

/// Positions nearest to `wanted` (least squares) such that neighbours keep the sum of their half sizes: the pool
/// adjacent violators algorithm on the positions less the room that the ones before take.
fn apart(wanted: &[f32], half: &[f32]) -> Vec<f32> {
    let mut offsets = Vec::with_capacity(wanted.len());
    let mut offset = 0.0;
    for at in 0..wanted.len() {
        if at > 0 {
            offset += half[at - 1] + half[at];
        }
        offsets.push(offset);
    }
    // Blocks of (sum, count): the mean of a block is where its members are, before their offsets are added back.
    let mut blocks: Vec<(f32, usize)> = Vec::new();
    for (at, &want) in wanted.iter().enumerate() {
        blocks.push((want - offsets[at], 1));
        while let [.., (sum_a, n_a), (sum_b, n_b)] = blocks[..]
            && sum_a / n_a as f32 > sum_b / n_b as f32
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push((sum_a + sum_b, n_a + n_b));
        }
    }
    let means = blocks.iter().flat_map(|&(sum, n)| std::iter::repeat_n(sum / n as f32, n));
    means.zip(&offsets).map(|(mean, offset)| mean + offset).collect()
}

/// The points of an edge: out of the right side of its start, through its lanes, into the left side of its end.
fn route(chain: &[usize], size: Vec2, gap: f32, positions: &[Pos2]) -> Vec<Pos2> {
    let (first, last) = (chain[0], chain[chain.len() - 1]);
    let (start, end) = (positions[first], positions[last]);
    if first == last {
        // A call of itself: a loop above the node.
        let top = start - vec2(0.0, size.y / 2.0);
        return vec![top + vec2(-28.0, 0.0), top + vec2(-28.0, -22.0), top + vec2(28.0, -22.0), top + vec2(28.0, 0.0)];
    }
    let half = vec2(size.x / 2.0, 0.0);
    let (out, into) = if end.x > start.x {
        (start + half, end - half)
    } else if end.x < start.x {
        (start - half, end + half)
    } else {
        (start + half, end + half)
    };
    let mut points = vec![out];
    for &node in &chain[1..chain.len() - 1] {
        let at = positions[node];
        let across = vec2(size.x / 2.0 * (end.x - start.x).signum(), 0.0);
        // Straight through the column, so that the edge stays in its lane.
        points.push(at - across);
        points.push(at + across);
    }
    points.push(into);
    smooth(&points, gap, (start.x - end.x).abs() < 0.5)
}

/// A curve through the points that leaves and enters each of them horizontally.
fn smooth(points: &[Pos2], gap: f32, same_column: bool) -> Vec<Pos2> {
    let mut curve = vec![points[0]];
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if (a.y - b.y).abs() < 0.5 && !same_column {
            curve.push(b);
            continue;
        }
        let reach = if same_column { gap * 0.6 } else { (b.x - a.x) * 0.5 };
        let (c, d) = if same_column { (a + vec2(reach, 0.0), b + vec2(reach, 0.0)) } else { (a + vec2(reach, 0.0), b - vec2(reach, 0.0)) };
        let bezier = CubicBezierShape::from_points_stroke([a, c, d, b], false, crate::ui::theme::CLEAR, Stroke::NONE);
        curve.extend((1..=STEPS).map(|step| bezier.sample(step as f32 / STEPS as f32)));
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(count: usize, edges: &[(usize, usize)]) -> Layout {
        skeleton(count, edges).placed(vec2(860.0, 400.0), 1.0)
    }

    /// Users → frontend → three services → a shared database, and a frontend that also calls the database itself.
    const SHOP: &[(usize, usize)] = &[(0, 1), (1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5), (1, 5)];

    #[test]
    fn callers_stand_left_of_what_they_call() {
        let layout = place(6, SHOP);
        for &(from, to) in SHOP {
            assert!(layout.nodes[from].x + layout.node.x <= layout.nodes[to].x, "{from} → {to}");
        }
    }

    #[test]
    fn nodes_do_not_overlap() {
        let layout = place(6, SHOP);
        for a in 0..6 {
            for b in a + 1..6 {
                let (one, other) = (Rect::from_center_size(layout.nodes[a], layout.node), Rect::from_center_size(layout.nodes[b], layout.node));
                assert!(!one.intersects(other), "{a} and {b}");
            }
        }
    }

    #[test]
    fn an_edge_over_a_layer_runs_around_its_nodes() {
        let layout = place(6, SHOP);
        let long = &layout.edges[7];
        for (node, at) in layout.nodes.iter().enumerate().filter(|(node, _)| ![1, 5].contains(node)) {
            let body = Rect::from_center_size(*at, layout.node);
            assert!(long.iter().all(|point| !body.contains(*point)), "the edge runs through node {node}");
        }
    }

    #[test]
    fn the_same_scenario_is_always_placed_alike() {
        let edges: Vec<(usize, usize)> = (0..60).flat_map(|node| [(node / 3, node + 1), (node / 5, node + 1)]).filter(|(a, b)| a != b).collect();
        let first = place(61, &edges);
        for _ in 0..8 {
            assert_eq!(place(61, &edges), first);
        }
    }

    #[test]
    fn circles_calls_of_itself_and_nothing_at_all_are_placed() {
        assert_eq!(place(3, &[(0, 1), (1, 2), (2, 0)]).nodes.len(), 3);
        assert_eq!(place(1, &[(0, 0)]).edges[0].len(), 4);
        assert!(place(0, &[]).nodes.is_empty());
        assert_eq!(place(2, &[]).nodes.len(), 2);
    }

    #[test]
    fn the_room_is_used_whatever_the_shape_of_the_graph() {
        // What is shown of everything at once: ten layers of one or two, and two layers of one and ten.
        let wide: Vec<(usize, usize)> = (0..9).map(|at| (at, at + 1)).chain([(0, 10), (4, 11)]).collect();
        let tall: Vec<(usize, usize)> = (1..11).map(|at| (0, at)).collect();
        let room = vec2(860.0, 400.0);
        for (count, edges) in [(12, &wide), (11, &tall)] {
            let layout = skeleton(count, edges).placed(room, 1.0);
            let zoom = (room / layout.bounds.size()).min_elem();
            let node = layout.node * zoom;
            assert!(node.x >= 60.0 && node.y >= 27.0, "a node of {node:?} has no room for its name and rate");
        }
    }
}
