//! The repository: the commit graph with a lane per branch, and what became of the commit that is looked at.
//!
//! It draws the newest commits that a snapshot has, the newest on top. Where lanes lie is worked out in `graph`, what became
//! of a commit in `detail`. Commits that production runs are marked with the services that run them.

mod detail;
mod graph;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use eframe::egui::{Align2, Color32, Frame, Margin, Painter, Pos2, Rect, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};

use self::graph::{BranchKind, Edge, layout};
use super::delivery::{change, no_team_ui, person, truth_ui};
use super::panes::PaneSpec;
use crate::delivery::history::{Commit, CommitKind};
use crate::delivery::look::DeliveryLook;
use crate::ids::ServiceId;
use crate::ui::state::{Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};
use crate::units::SimTime;

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.commits", icon: icons::COMMITS, draw: commits_ui };

/// Height of a commit's row [points].
const ROW: f32 = 24.0;
/// Width of a lane [points].
const LANE: f32 = 12.0;
/// Lanes drawn at most; further branches share the last one.
const LANES: usize = 10;
/// From this width on the commit that is looked at stands beside the graph [points].
const BESIDE: f32 = 620.0;

/// The colour of a kind of branch.
const fn color(kind: BranchKind, palette: &Palette) -> Color32 {
    match kind {
        BranchKind::Main => palette.info,
        BranchKind::Develop => palette.series[3],
        BranchKind::Release => palette.series[1],
        BranchKind::Work => palette.series[2],
        BranchKind::Fix => palette.failing,
    }
}

/// Paints a commit: each kind of branch has its own shape, and a merge is a ring.
fn dot(painter: &Painter, center: Pos2, kind: BranchKind, merge: bool, palette: &Palette) {
    let color = color(kind, palette);
    let r = 4.5;
    let (fill, stroke) = if merge { (palette.panel, Stroke::new(2.0, color)) } else { (color, Stroke::NONE) };
    let polygon = |points: Vec<Pos2>| Shape::convex_polygon(points, fill, stroke);
    match kind {
        BranchKind::Main => {
            painter.circle(center, r, fill, stroke);
        }
        BranchKind::Develop => {
            painter.add(polygon(vec![center - vec2(0.0, r + 1.0), center + vec2(r + 1.0, 0.0), center + vec2(0.0, r + 1.0), center - vec2(r + 1.0, 0.0)]));
        }
        BranchKind::Release => {
            painter.rect(Rect::from_center_size(center, vec2(r, r) * 1.8), 1.0, fill, stroke, StrokeKind::Middle);
        }
        BranchKind::Work => {
            painter.circle(center, r - 1.0, fill, stroke);
        }
        BranchKind::Fix => {
            painter.add(polygon(vec![center + vec2(0.0, -r - 0.5), center + vec2(r + 0.5, r * 0.8), center + vec2(-r - 0.5, r * 0.8)]));
        }
    }
}

fn commits_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(look) = shell.run.as_ref().and_then(|run| run.snapshot.delivery.clone()) else {
        no_team_ui(ui, shell, &PANE, "commits.none");
        return;
    };
    Frame::new().inner_margin(Margin { left: 12, right: 4, top: 8, bottom: 0 }).show(ui, |ui| {
        let Some(run) = shell.run.as_mut() else { return };
        ui.horizontal_wrapped(|ui| {
            legend_ui(ui, lang, &look);
            truth_ui(ui, lang, &mut run.delivery.truth);
        });
        let rect = ui.available_rect_before_wrap();
        let chosen = run.delivery.commit.as_ref().and_then(|sha| look.commits.iter().find(|commit| commit.sha == *sha)).cloned();
        let known = run.delivery.commit.is_some();
        let (graph, aside) = if !known {
            (rect, None)
        } else if rect.width() >= BESIDE {
            let split = rect.right() - (rect.width() * 0.38).clamp(250.0, 360.0);
            (rect.with_max_x(split - 12.0), Some(rect.with_min_x(split)))
        } else {
            let split = rect.top() + rect.height() * 0.5;
            (rect.with_max_y(split - 4.0), Some(rect.with_min_y(split)))
        };
        let mut child = ui.new_child(UiBuilder::new().id_salt("graph").max_rect(graph));
        child.set_clip_rect(graph.intersect(ui.clip_rect()));
        let reveal = std::mem::take(&mut run.delivery.reveal_commit);
        if let Some(sha) = graph_ui(&mut child, lang, run, &look, reveal) {
            run.delivery.commit = if run.delivery.commit.as_ref() == Some(&sha) { None } else { Some(sha) };
        }
        if let Some(aside) = aside {
            let palette = colors(ui);
            if aside.left() > rect.left() {
                ui.painter().vline(aside.left() - 6.0, aside.y_range(), (1.0, palette.line));
            } else {
                ui.painter().hline(aside.x_range(), aside.top() - 2.0, (1.0, palette.line));
            }
            let mut child = ui.new_child(UiBuilder::new().id_salt("commit").max_rect(aside));
            child.set_clip_rect(aside.intersect(ui.clip_rect()));
            detail::detail_ui(&mut child, shell, &look, chosen.as_ref());
        }
        ui.allocate_rect(rect, Sense::hover());
    });
}

/// The kinds of branches that there are, with shape and colour.
fn legend_ui(ui: &mut Ui, lang: Lang, look: &DeliveryLook) {
    let palette = colors(ui);
    for kind in BranchKind::ALL.into_iter().filter(|kind| look.commits.iter().any(|commit| BranchKind::of(&commit.branch) == *kind)) {
        let (place, _) = ui.allocate_exact_size(vec2(12.0, 16.0), Sense::hover());
        dot(ui.painter(), place.center(), kind, false, palette);
        label::caption(ui, lang.tr(kind.key()));
    }
    let (place, _) = ui.allocate_exact_size(vec2(12.0, 16.0), Sense::hover());
    dot(ui.painter(), place.center(), BranchKind::Main, true, palette);
    let merge = label::caption(ui, lang.tr("branch.merge"));
    label::explained(merge, lang, "merge");
    let service = label::caption(ui, format!("{} {}", icons::DEPLOY, lang.tr("commits.production")));
    label::explained(service, lang, "commit-production");
    ui.add_space(8.0);
}

/// Which services run which commit in production.
fn production(run: &Run) -> BTreeMap<&str, Vec<ServiceId>> {
    let mut all: BTreeMap<&str, Vec<ServiceId>> = BTreeMap::new();
    for (at, service) in run.snapshot.services.iter().enumerate() {
        all.entry(service.stable.as_str()).or_default().push(ServiceId::from_index(at));
    }
    all
}

/// The graph; returns the name of the commit that was clicked.
fn graph_ui(ui: &mut Ui, lang: Lang, run: &Run, look: &DeliveryLook, reveal: bool) -> Option<String> {
    let palette = colors(ui);
    let graph = layout(&look.commits);
    let lanes = graph.width.min(LANES);
    let production = production(run);
    let now = run.snapshot.now;
    let count = look.commits.len();
    let at = |place: usize| &look.commits[count - 1 - place];
    let chosen = run.delivery.commit.as_deref();
    let mut area = ScrollArea::vertical().id_salt("commits").auto_shrink(false);
    if let Some(place) = (0..count).find(|place| reveal && chosen == Some(at(*place).sha.as_str())) {
        area = area.vertical_scroll_offset((place as f32 * ROW - ui.available_height() / 2.0).max(0.0));
    }
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    area.show_rows(ui, ROW, count, |ui, rows| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let first = rows.start;
        let top = ui.cursor().top();
        let left = ui.max_rect().left();
        let mut dots = Vec::new();
        for place in rows.clone() {
            let commit = at(place);
            let response = button::row(ui, ROW, &row_name(lang, run, look, commit, &production, now), chosen == Some(commit.sha.as_str()));
            row_ui(ui, lang, run, look, commit, response.rect.with_min_x(left + lanes as f32 * LANE + 10.0), &production, now);
            if response.clicked() {
                clicked = Some(commit.sha.clone());
            }
            dots.push((place, commit));
        }
        let x = |lane: usize| left + 4.0 + LANE * (lane.min(LANES - 1) as f32 + 0.5);
        let y = |place: usize| top + (place as f32 - first as f32 + 0.5) * ROW;
        let painter = ui.painter_at(ui.clip_rect());
        for edge in graph.edges.iter().filter(|edge| edge.from < rows.end && edge.to + 1 > first) {
            edge_ui(&painter, edge, look, &x, &y, palette);
        }
        for (place, commit) in dots {
            dot(&painter, pos2(x(graph.lanes[place]), y(place)), BranchKind::of(&commit.branch), commit.kind != CommitKind::Work, palette);
        }
    });
    clicked
}

/// A line from a commit to one that it follows. It runs along the outer lane of the two, and bends where it leaves it.
fn edge_ui(painter: &Painter, edge: &Edge, look: &DeliveryLook, x: &dyn Fn(usize) -> f32, y: &dyn Fn(usize) -> f32, palette: &Palette) {
    let outer = if edge.to_lane > edge.from_lane { edge.to } else { edge.from };
    let count = look.commits.len();
    let kind = BranchKind::of(&look.commits[count - 1 - outer.min(count - 1)].branch);
    let stroke = Stroke::new(1.5, theme::mixed(color(kind, palette), palette.panel, 0.7));
    let (start, end) = (pos2(x(edge.from_lane), y(edge.from)), pos2(x(edge.to_lane), y(edge.to)));
    let bend = ROW * 0.8;
    let points = match edge.to_lane.cmp(&edge.from_lane) {
        Ordering::Equal => vec![start, end],
        Ordering::Greater => vec![start, pos2(end.x, (start.y + bend).min(end.y)), end],
        Ordering::Less => vec![start, pos2(start.x, (end.y - bend).max(start.y)), end],
    };
    painter.add(Shape::line(points, stroke));
}

/// What a commit is about: its change, or what it does to branches.
fn subject(lang: Lang, look: &DeliveryLook, commit: &Commit) -> (String, bool) {
    let known = commit.change.and_then(|number| look.changes.iter().find(|known| known.number == number));
    let what = commit.change.filter(|number| *number > 0).map_or_else(String::new, |number| change(lang, number));
    let text = match commit.kind {
        CommitKind::Work if what.is_empty() => lang.tr("commits.first").into_owned(),
        CommitKind::Work => what,
        CommitKind::Merge => lang.with("commits.merge", &[("what", &what), ("branch", &commit.branch)]),
        CommitKind::Release => lang.with("commits.release", &[("branch", &commit.branch)]),
    };
    (text, known.is_some_and(|known| !known.planned))
}

fn row_name(lang: Lang, run: &Run, look: &DeliveryLook, commit: &Commit, production: &BTreeMap<&str, Vec<ServiceId>>, now: SimTime) -> String {
    let mut words = vec![commit.sha.clone(), subject(lang, look, commit).0, commit.branch.clone()];
    if let Some(author) = commit.author {
        words.push(person(lang, author));
    }
    words.push(lang.with("commits.age", &[("age", &format::span(lang, now.since(commit.at)))]));
    if let Some(services) = production.get(commit.sha.as_str()) {
        let names: Vec<&str> = services.iter().map(|service| run.service_name(*service)).collect();
        words.push(lang.with("commits.runs", &[("services", &names.join(", "))]));
    }
    words.join(", ")
}

/// What stands beside the graph: name, subject, service, who runs it, author, age.
#[expect(clippy::too_many_arguments, reason = "everything that a row says")]
fn row_ui(ui: &Ui, lang: Lang, run: &Run, look: &DeliveryLook, commit: &Commit, rect: Rect, production: &BTreeMap<&str, Vec<ServiceId>>, now: SimTime) {
    let palette = colors(ui);
    let painter = ui.painter_at(rect);
    let y = rect.center().y;
    let sha = painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, &commit.sha, fonts::mono(size::BODY - 1.0), palette.secondary);
    let age =
        painter.text(pos2(rect.right() - 8.0, y), Align2::RIGHT_CENTER, format::span(lang, now.since(commit.at)), fonts::mono(size::SMALL), palette.secondary);
    let mut right = age.left().min(rect.right() - 56.0) - 8.0;
    if let Some(author) = commit.author.filter(|_| rect.width() > 300.0) {
        let who =
            painter.text(pos2(right, y), Align2::RIGHT_CENTER, format!("{} {}", icons::PERSON, author + 1), fonts::regular(size::SMALL), palette.secondary);
        right = who.left().min(right - 30.0) - 10.0;
    }
    let mut left = sha.right() + 12.0;
    let mut write = |text: &str, color: Color32| {
        let mut job = eframe::egui::text::LayoutJob::simple_singleline(text.to_owned(), fonts::regular(size::BODY - 1.0), color);
        job.wrap = eframe::egui::text::TextWrapping::truncate_at_width((right - left).max(1.0));
        let galley = painter.layout_job(job);
        let width = galley.size().x;
        if right - left > 16.0 {
            painter.galley(pos2(left, y - galley.size().y / 2.0), galley, color);
        }
        left += width + 8.0;
    };
    let (text, unplanned) = subject(lang, look, commit);
    write(&text, if unplanned { palette.warning_text } else { palette.text });
    if let Some(services) = production.get(commit.sha.as_str()) {
        let names: Vec<&str> = services.iter().map(|service| run.service_name(*service)).collect();
        write(&format!("{} {}", icons::DEPLOY, names.join(", ")), palette.ok_text);
    } else if let Some(known) = commit.change.and_then(|number| look.changes.iter().find(|known| known.number == number)) {
        write(run.service_name(known.service), palette.secondary);
    }
    let defects = commit.change.and_then(|number| look.changes.iter().find(|known| known.number == number)).map_or(0, |known| known.defects.len());
    if run.delivery.truth && defects > 0 && commit.kind == CommitKind::Work {
        write(&format!("{} {defects}", icons::DEFECT), palette.failing_text);
    }
}
