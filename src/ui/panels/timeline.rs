//! The timeline at the bottom: the whole run in one strip, what was answered and what failed, marks for what happened,
//! the current time. A click to the right of it runs there; a click to its left offers to go back, as a session of its own.

use eframe::egui::{Align, Align2, Key, Layout, Popup, Pos2, Rect, RectAlign, Response, Role, Sense, Shape, Ui, WidgetInfo, pos2, vec2};

use super::signals::HISTORIES;
use crate::lab::snapshot::{Mark, OverviewPoint};
use crate::ui::link::Goal;
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::theme;
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{label, status};
use crate::ui::{fonts, format};
use crate::units::{SimSpan, SimTime};

/// Height of the panel [points].
pub(crate) const HEIGHT: f32 = 104.0;
/// Width of what stands left of the strip [points].
const SIDE: f32 = 236.0;

/// Draws it.
pub(crate) fn timeline_ui(ui: &mut Ui, shell: &mut Shell) {
    let whole = ui.available_rect_before_wrap();
    let side = Rect::from_min_max(whole.min, pos2(whole.left() + SIDE, whole.bottom())).shrink2(vec2(12.0, 10.0));
    ui.scope_builder(eframe::egui::UiBuilder::new().max_rect(side).layout(Layout::top_down(Align::LEFT)), |ui| side_ui(ui, shell));
    let strip = Rect::from_min_max(pos2(whole.left() + SIDE, whole.top()), whole.max).shrink2(vec2(12.0, 8.0));
    strip_ui(ui, shell, strip);
}

fn side_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    ui.spacing_mut().item_spacing.y = 4.0;
    label::section(ui, lang.tr("timeline.charts"));
    let names: Vec<String> = HISTORIES
        .iter()
        .map(|(span, text)| if span.is_some() { lang.with("timeline.last", &[("span", text)]) } else { lang.tr("timeline.everything").into_owned() })
        .collect();
    let all = lang.tr("timeline.all");
    let segments: Vec<Segment<'_>> =
        HISTORIES.iter().zip(&names).map(|((span, text), name)| Segment { text: if span.is_some() { text } else { all.as_ref() }, name }).collect();
    let on = HISTORIES.iter().position(|(span, _)| *span == run.charts.history);
    let totals = run.snapshot.totals;
    let text = lang.with("timeline.totals", &[("requests", &format::whole(lang, totals.requests))]);
    let clicked = segmented(ui, &segments, on, 8.0);
    label::caption(ui, text);
    if let Some(at) = clicked {
        shell.ask(Ask::History(HISTORIES[at].0));
    }
}

/// Where on the strip a time lies.
fn x_of(strip: Rect, end: f64, time: f64) -> f32 {
    strip.left() + (time / end.max(1e-9)).clamp(0.0, 1.0) as f32 * strip.width()
}

fn strip_ui(ui: &mut Ui, shell: &mut Shell, strip: Rect) {
    let palette = colors(ui);
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    let snapshot = run.snapshot.clone();
    let end = snapshot.end.as_secs_f64().max(snapshot.now.as_secs_f64()).max(1.0);
    let now = snapshot.now.as_secs_f64();
    let marks_row = Rect::from_min_max(strip.min, pos2(strip.right(), strip.top() + 20.0));
    let chart = Rect::from_min_max(pos2(strip.left(), marks_row.bottom() + 2.0), pos2(strip.right(), strip.bottom() - 16.0));
    let response = ui.interact(strip, ui.scope_id().with("timeline"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, lang.tr("timeline.name")));
    let painter = ui.painter_at(strip.expand(4.0));
    painter.rect_filled(chart, 4.0, palette.ground);
    let now_x = x_of(chart, end, now);

    answered_and_failed(&painter, chart, end, &snapshot.overview, palette);
    // What has not happened yet.
    if now_x < chart.right() {
        painter.rect_filled(Rect::from_min_max(pos2(now_x, chart.top()), chart.max), 0.0, theme::faded(palette.raised, 0.6));
    }
    // Times below.
    let step = time_step(end, (strip.width() / 110.0).max(2.0));
    let mut tick = 0.0;
    while tick <= end + 1e-6 {
        let x = x_of(chart, end, tick);
        let align = if tick == 0.0 {
            Align2::LEFT_BOTTOM
        } else if x > chart.right() - 20.0 {
            Align2::RIGHT_BOTTOM
        } else {
            Align2::CENTER_BOTTOM
        };
        painter.vline(x, chart.bottom()..=chart.bottom() + 3.0, (1.0, palette.line));
        painter.text(
            pos2(x, strip.bottom() + 2.0),
            align,
            format::tick(lang, tick, SimTime::ZERO + SimSpan::from_secs_f64(end)),
            fonts::mono(10.0),
            palette.secondary,
        );
        tick += step;
    }

    let clicked_mark = marks_ui(ui, &painter, marks_row, chart, end, &snapshot.marks, lang);

    // The current time.
    painter.vline(now_x, marks_row.top() + 4.0..=chart.bottom(), (1.5, palette.accent));
    painter.circle_filled(pos2(now_x, chart.bottom()), 4.5, palette.accent);
    if let Some(Goal::Time(goal)) = run.status.goal {
        let x = x_of(chart, end, goal.as_secs_f64());
        painter.extend(Shape::dashed_line(&[pos2(x, chart.top()), pos2(x, chart.bottom())], (1.5, palette.accent), 3.0, 3.0));
    }
    if let Some(cursor) = run.charts.cursor {
        painter.vline(x_of(chart, end, cursor), chart.y_range(), (1.0, theme::faded(palette.secondary, 0.7)));
    }
    let selection = clicked_mark.and_then(|at| snapshot.marks[at].service).map(Selection::Service);
    if let Some(selection) = selection {
        shell.ask(Ask::Select(selection));
    } else if clicked_mark.is_none() {
        steer(ui, shell, &response, chart, end, now);
    }
}

/// Answered requests as an area, failed ones on top of them.
fn answered_and_failed(painter: &eframe::egui::Painter, chart: Rect, end: f64, points: &[OverviewPoint], palette: &theme::Palette) {
    let most = points.iter().map(|point| point.goodput + point.failed).fold(0.0, f64::max);
    if most <= 0.0 || points.is_empty() {
        return;
    }
    let height = |value: f64| (value / most) as f32 * (chart.height() - 4.0);
    let mut mesh = eframe::egui::Mesh::default();
    let mut bar = |from: f32, to: f32, low: f32, high: f32, color| {
        mesh.add_colored_rect(Rect::from_min_max(pos2(from, chart.bottom() - high), pos2(to, chart.bottom() - low)), color);
    };
    let good = theme::mixed(palette.series[0], palette.ground, 0.55);
    // No more bars than pixels: a bar shows the mean of what it covers.
    let chunk = points.len().div_ceil(chart.width().max(1.0) as usize).max(1);
    let mut from = chart.left();
    let mut line = Vec::with_capacity(points.len() / chunk + 1);
    for part in points.chunks(chunk) {
        let count = part.len() as f64;
        let to = x_of(chart, end, part[part.len() - 1].t);
        let goodput = height(part.iter().map(|point| point.goodput).sum::<f64>() / count);
        let failed = height(part.iter().map(|point| point.failed).sum::<f64>() / count);
        bar(from, to, 0.0, goodput, theme::mixed(palette.series[0], palette.ground, 0.25));
        if failed > 0.0 {
            bar(from, to, goodput, goodput + failed.max(1.0), palette.failing);
        }
        line.push(pos2(f32::midpoint(from, to), chart.bottom() - goodput));
        from = to;
    }
    painter.add(Shape::mesh(mesh));
    painter.line(line, (1.0, good));
}

/// Draws the marks, those that lie on each other as one; returns the mark that was clicked.
fn marks_ui(ui: &Ui, painter: &eframe::egui::Painter, row: Rect, chart: Rect, end: f64, marks: &[Mark], lang: crate::ui::text::Lang) -> Option<usize> {
    let palette = colors(ui);
    let mut clicked = None;
    let mut at = 0;
    while at < marks.len() {
        let x = x_of(row, end, marks[at].at.as_secs_f64());
        // A mark and the count beside it need this much room before the next one.
        let group = marks[at..].iter().take_while(|mark| x_of(row, end, mark.at.as_secs_f64()) - x < 22.0).count();
        let center = pos2(x, row.center().y);
        painter.vline(x, center.y + 6.0..=chart.bottom(), (1.0, theme::faded(status::mark_color(marks[at].kind, palette), 0.4)));
        // The gravest of the group is shown.
        let shown = marks[at..at + group].iter().min_by_key(|mark| gravity(mark)).unwrap_or(&marks[at]);
        status::mark(painter, center, 10.0, shown.kind, palette);
        if group > 1 {
            let count = if group > 99 { "99+".to_owned() } else { group.to_string() };
            painter.text(pos2(x + 7.0, row.top() + 4.0), Align2::LEFT_CENTER, count, fonts::regular(9.0), palette.secondary);
        }
        let response = ui.interact(Rect::from_center_size(center, vec2(14.0, 18.0)), ui.scope_id().with(("mark", at)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, lang.say(&shown.what)));
        if response.clicked() {
            clicked = Some(at);
        }
        response.on_hover_ui(|ui| {
            ui.set_max_width(360.0);
            for mark in marks[at..at + group].iter().take(8) {
                ui.horizontal(|ui| {
                    let (place, _) = ui.allocate_exact_size(vec2(12.0, 16.0), Sense::hover());
                    status::mark(ui.painter(), place.center(), 9.0, mark.kind, palette);
                    label::caption(ui, format::moment(lang, mark.at, SimTime::ZERO + SimSpan::from_secs_f64(end)));
                    ui.label(lang.say(&mark.what));
                });
            }
            if group > 8 {
                label::caption(ui, lang.with("notices.more", &[("count", &(group - 8).to_string())]));
            }
        });
        at += group;
    }
    clicked
}

fn gravity(mark: &Mark) -> u8 {
    use crate::lab::snapshot::MarkKind;
    match mark.kind {
        MarkKind::Fault | MarkKind::Incident => 0,
        MarkKind::DeployFailed | MarkKind::Alarm => 1,
        MarkKind::Deploy => 2,
        MarkKind::Instance => 3,
        MarkKind::DeployDone => 4,
        MarkKind::FaultCleared | MarkKind::IncidentOver => 5,
        MarkKind::Scale | MarkKind::Pipeline => 6,
        MarkKind::Action => 7,
    }
}

/// A click runs to its time; the arrow keys, when the strip has the focus, run a little further.
fn steer(ui: &Ui, shell: &mut Shell, response: &Response, chart: Rect, end: f64, now: f64) {
    let palette = colors(ui);
    let lang = shell.lang();
    if let Some(pointer) = response.hover_pos() {
        let share = f64::from(((pointer.x - chart.left()) / chart.width()).clamp(0.0, 1.0));
        let time = share * end;
        let at = SimTime::ZERO + SimSpan::from_secs_f64(time);
        let future = time > now;
        let color = if future { palette.accent } else { palette.secondary };
        ui.painter_at(chart).vline(pointer.x, chart.y_range(), (1.0, theme::faded(color, 0.8)));
        let text = lang
            .with(if future { "timeline.jump" } else { "timeline.back" }, &[("time", &format::moment(lang, at, SimTime::ZERO + SimSpan::from_secs_f64(end)))]);
        response.clone().on_hover_text_at_pointer(text);
        if response.clicked() && future {
            shell.ask(Ask::Until(Goal::Time(at)));
        } else if response.clicked() {
            offer_back(ui, shell, response, at);
        }
    }
    back_ui(shell, response, |at| pos2(x_of(chart, end, at.as_secs_f64()), chart.top()));
    if response.has_focus() {
        super::super::widgets::button::focus_ring(ui, response);
        let step = time_step(end, 40.0);
        if ui.input(|input| input.key_pressed(Key::ArrowRight)) {
            shell.ask(Ask::Until(Goal::Time(SimTime::ZERO + SimSpan::from_secs_f64(now + step))));
        }
        if ui.input(|input| input.key_pressed(Key::ArrowLeft)) && now > 0.0 {
            offer_back(ui, shell, response, SimTime::ZERO + SimSpan::from_secs_f64((now - step).max(0.0)));
        }
    }
}

/// Asks whether to go back to `at`: nothing is lost by it, but what is on the screen goes.
fn offer_back(ui: &Ui, shell: &mut Shell, response: &Response, at: SimTime) {
    if let Some(run) = &mut shell.run {
        run.charts.back = Some(at);
        Popup::open_id(ui.ctx(), Popup::default_response_id(response));
    }
}

fn back_ui(shell: &mut Shell, response: &Response, place: impl Fn(SimTime) -> Pos2) {
    let lang = shell.lang();
    let Some((at, time)) = shell.run.as_ref().and_then(|run| run.charts.back.map(|at| (at, run.moment(lang, at)))) else { return };
    let clicked = Popup::from_response(response).open_memory(None).at_position(place(at)).align(RectAlign::TOP_START).show(|ui| {
        ui.set_max_width(300.0);
        label::secondary(ui, lang.tr("fork.about"));
        ui.button(lang.with("fork.do", &[("time", &time)])).clicked()
    });
    if clicked.is_some_and(|shown| shown.inner) {
        shell.ask(Ask::Fork(at));
    }
}

/// A round step of time such that about `wanted` of them fit [s].
fn time_step(end: f64, wanted: f32) -> f64 {
    const STEPS: [f64; 17] =
        [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 604_800.0];
    let rough = end / f64::from(wanted);
    STEPS.into_iter().find(|step| *step >= rough).unwrap_or(rough)
}
