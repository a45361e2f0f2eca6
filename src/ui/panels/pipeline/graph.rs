//! The pipeline as a graph: stages from left to right, joined by their transitions.
//!
//! Here is only where things are; `stage` draws a stage and `transition` what lies between two.

use std::collections::BTreeMap;

use eframe::egui::{Align, Rect, ScrollArea, Sense, Ui, pos2, vec2};

use super::seen::Seen;
use super::tone::{self, Tone};
use super::{Wish, stage, transition};
use crate::delivery::pipeline::view::{ActionView, StageView};

/// Narrowest and widest card of a stage [points].
const CARD: (f32, f32) = (138.0, 280.0);
/// Between two stages, where there is little room and where there is much [points].
const GAP: (f32, f32) = (48.0, 92.0);
/// A card where the stages do not fit and are scrolled [points].
const SCROLLED: (f32, f32) = (150.0, 56.0);
/// Height of the head of a card [points].
pub(super) const HEAD: f32 = 62.0;
/// Height of an action [points].
pub(super) const ACTION: f32 = 54.0;
/// Between actions of the same run order [points].
pub(super) const BETWEEN: f32 = 4.0;
/// Height of the caption above the actions of a run order [points].
pub(super) const ORDER: f32 = 18.0;
/// Height of the foot of a card, which has its buttons [points].
pub(super) const FOOT: f32 = 38.0;

/// The actions of a stage by run order, the first to run first.
pub(super) fn by_order(stage: &StageView) -> Vec<(u32, Vec<&ActionView>)> {
    let mut orders: BTreeMap<u32, Vec<&ActionView>> = BTreeMap::new();
    for action in &stage.actions {
        orders.entry(action.run_order).or_default().push(action);
    }
    orders.into_iter().collect()
}

/// The width of a card and of what is between two.
fn widths(available: f32, stages: usize) -> (f32, f32) {
    let (count, gaps) = (stages as f32, stages.saturating_sub(1) as f32);
    for gap in [GAP.1, GAP.0] {
        let card = (available - gaps * gap) / count;
        if card >= if gap > GAP.0 { CARD.0 * 1.2 } else { CARD.0 } {
            return (card.min(CARD.1), gap);
        }
    }
    SCROLLED
}

/// The height of a card.
fn height(stage: &StageView) -> f32 {
    let orders = by_order(stage);
    let captions = if stage.actions.len() > 1 { orders.len() as f32 * ORDER } else { 0.0 };
    HEAD + captions + stage.actions.len() as f32 * (ACTION + BETWEEN) + FOOT
}

/// Draws it, at most `most` points high; what does not fit is scrolled to. With `bring` the stage in which something goes
/// on, or went wrong, is brought into view.
pub(super) fn graph_ui(ui: &mut Ui, seen: &Seen<'_>, most: f32, bring: bool, wishes: &mut Vec<Wish>) {
    let stages = seen.stages();
    let (card, gap) = widths(ui.available_width(), stages.len());
    let tallest = stages.iter().map(height).fold(HEAD + FOOT, f32::max);
    let busy = |stage: &StageView| matches!(tone::of_stage(stage).0, Tone::Running | Tone::Approval | Tone::Failed);
    let wanted = stages.iter().rposition(busy).filter(|_| bring);
    let wide = card * stages.len() as f32 + gap * stages.len().saturating_sub(1) as f32;
    ScrollArea::both().id_salt(("graph", seen.look.service)).max_height(most).auto_shrink([false, true]).show(ui, |ui| {
        // The bar of a graph that is scrolled lies below it.
        let (whole, _) = ui.allocate_exact_size(vec2(wide, tallest + 10.0), Sense::hover());
        for (at, stage) in stages.iter().enumerate() {
            let left = whole.left() + at as f32 * (card + gap);
            if at > 0 {
                let between = Rect::from_min_max(pos2(left - gap, whole.top()), pos2(left, whole.top() + tallest));
                transition::transition_ui(ui, seen, stage, between, wishes);
            }
            let rect = Rect::from_min_size(pos2(left, whole.top()), vec2(card, height(stage)));
            stage::stage_ui(ui, seen, stage, at, rect, wishes);
            if wanted == Some(at) {
                let top = Rect::from_min_size(rect.min, vec2(rect.width(), HEAD));
                ui.scroll_to_rect(top, Some(Align::Center));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_stages_fill_the_room_and_many_are_scrolled() {
        let about = |(card, gap): (f32, f32)| (card.round() as i32, gap.round() as i32);
        assert_eq!(about(widths(1_250.0, 4)), (244, 92));
        assert_eq!(about(widths(3_000.0, 4)), (280, 92), "no card is wider than it can be read");
        assert_eq!(about(widths(716.0, 4)), (143, 48), "four fit into the smallest window");
        assert_eq!(about(widths(716.0, 8)), about(SCROLLED));
    }
}
