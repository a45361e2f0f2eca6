//! Questions of a finished lesson that come again, over the window.

use std::sync::Arc;

use eframe::egui::{Align, Id, Layout, Modal, ScrollArea, Ui};

use super::{LessonState, quiz};
use crate::learner;
use crate::lesson::Lesson;
use crate::lesson::plan::Kind;
use crate::lesson::view::LessonView;
use crate::ui::icons;
use crate::ui::state::{Learning, Shell};
use crate::ui::widgets::{button, label};

/// Height that the questions leave to their window's head, what comes after them, and the edge of the screen.
const AROUND: f32 = 240.0;

/// The questions of a lesson that are due, as a lesson of one step.
pub(crate) fn of(lesson: &Lesson, due: &[String]) -> Option<LessonState> {
    let quiz = lesson.steps.iter().find(|step| matches!(step.kind, Kind::Quiz(_)))?;
    let mut only = quiz.clone();
    if let Kind::Quiz(questions) = &mut only.kind {
        questions.retain(|question| due.contains(&question.id));
        if questions.is_empty() {
            return None;
        }
    }
    let lesson = Lesson { steps: vec![only], test: Vec::new(), ..lesson.clone() };
    let seed = lesson.seed;
    Some(LessonState { view: Arc::new(LessonView::default()), ..LessonState::new(Arc::new(lesson), seed, "") })
}

/// Draws it.
pub(crate) fn review_ui(ui: &Ui, shell: &mut Shell) {
    let Some(mut review) = shell.review.take() else { return };
    let lang = shell.lang();
    let texts = review.step_texts(lang);
    let modal = Modal::new(Id::unique("review")).frame(eframe::egui::Frame::popup(ui.style()).inner_margin(20)).show(ui.ctx(), |ui| {
        ui.set_width(520.0);
        let closed = ui
            .horizontal(|ui| {
                label::title(ui, &review.texts(lang).title);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| button::icon(ui, icons::CLOSE, &lang.tr("close"), false).clicked()).inner
            })
            .inner;
        ui.add_space(8.0);
        // A window over the others is as high as it was before; the questions say how high it has to be.
        let most = (ui.ctx().content_rect().height() - AROUND).max(120.0);
        ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| quiz::quiz_ui(ui, shell, &mut review, &texts));
        closed || (review.answer().given && over_ui(ui, shell, &review.lesson.name))
    });
    if modal.should_close() || modal.inner {
        shell.ask(Learning::CloseReview);
    }
    shell.review = Some(review);
}

/// When the questions come again; whether the way back was taken.
fn over_ui(ui: &mut Ui, shell: &Shell, lesson: &str) -> bool {
    let lang = shell.lang();
    let now = learner::now();
    let text = match shell.learner.progress().next_due(lesson, now) {
        Some(at) => {
            let days = (at - now).div_ceil(24 * 3600) as usize;
            lang.with_count("review.again", days, &[("days", &days.to_string())])
        }
        None => lang.tr("review.never").into_owned(),
    };
    label::caption(ui, text);
    ui.add_space(6.0);
    button::primary(ui, icons::CHECK, &lang.tr("close")).clicked()
}
