//! What is said about the metrics: the Quick Check beside the industry, MTTR beside today's term, and how numbers are gamed.

use eframe::egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Metric, Scoped};
use crate::insight::dora::quick_check::INDUSTRY_2025;
use crate::ui::state::{Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::label;
use crate::ui::{fonts, format};

/// A score with one decimal.
fn score(lang: Lang, grade: Option<f64>) -> String {
    grade.map_or_else(|| format::NOTHING.to_owned(), |grade| format::localised(lang, &format!("{grade:.1}")))
}

/// The Quick Check: each metric from 0 to 10 as a bar, with the industry's mean of 2025 as a mark, and the means.
pub(super) fn quick_check_ui(ui: &mut Ui, lang: Lang, scoped: &Scoped) {
    let palette = colors(ui);
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        let title = label::section(ui, lang.tr("dora.quick-check"));
        label::explained(title, lang, "dora-quick-check");
        label::caption(ui, lang.tr("dora.quick-check.industry"));
    });
    for (metric, industry) in Metric::ALL.into_iter().zip(INDUSTRY_2025) {
        let grade = metric.grade(&scoped.grades);
        let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), 19.0), Sense::hover());
        let painter = ui.painter_at(row);
        let name = lang.tr(metric.title());
        let names = (row.width() * 0.46).min(190.0);
        let mut job = eframe::egui::text::LayoutJob::simple_singleline(name.to_string(), fonts::regular(size::SMALL), palette.secondary);
        job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(names - 8.0);
        let galley = painter.layout_job(job);
        painter.galley(pos2(row.left(), row.center().y - galley.size().y / 2.0), galley, palette.secondary);
        let bar = Rect::from_min_max(pos2(row.left() + names, row.center().y - 4.0), pos2(row.right() - 34.0, row.center().y + 4.0));
        let place = |grade: f64| bar.left() + (grade / 10.0) as f32 * bar.width();
        painter.rect_filled(bar, 3.0, palette.raised);
        if let Some(grade) = grade {
            painter.rect_filled(Rect::from_min_max(bar.min, pos2(place(grade), bar.bottom())), 3.0, theme::mixed(palette.info, palette.panel, 0.75));
        }
        painter.vline(place(industry), bar.y_range().expand(3.0), (2.0, palette.text));
        painter.text(pos2(row.right(), row.center().y), Align2::RIGHT_CENTER, score(lang, grade), fonts::mono(size::SMALL), palette.text);
        let words = lang.with("dora.score", &[("metric", &name), ("score", &score(lang, grade)), ("industry", &score(lang, Some(industry)))]);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        response.on_hover_text(words);
    }
    let means = lang.with(
        "dora.means",
        &[
            ("throughput", &score(lang, scoped.grades.throughput)),
            ("stability", &score(lang, scoped.grades.stability)),
            ("overall", &score(lang, scoped.grades.overall)),
        ],
    );
    let text = label::caption(ui, means);
    label::explained(text, lang, "dora-quick-check");
}

/// MTTR as it was, and with the truth what the numbers hide.
pub(super) fn notes_ui(ui: &mut Ui, shell: &Shell, scoped: &Scoped) {
    let lang = shell.lang();
    let palette = colors(ui);
    let heading = label::section(ui, lang.tr("dora.mttr"));
    label::explained(heading, lang, "dora-mttr");
    let span = |span: Option<crate::units::SimSpan>| span.map_or_else(|| format::NOTHING.to_owned(), |span| format::span(lang, span));
    let restore = &scoped.restore;
    if restore.incidents == 0 {
        label::secondary(ui, lang.tr("dora.mttr.none"));
    } else {
        let values = [
            ("mean", span(restore.mean)),
            ("median", span(restore.median)),
            ("incidents", lang.counted("incidents", restore.incidents as usize)),
            ("recovery", span(scoped.dora.recovery)),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ui.add(eframe::egui::Label::new(lang.with("dora.mttr.values", &values)).wrap());
    }
    label::secondary(ui, lang.tr("dora.mttr.why"));
    if !shell.run.as_ref().is_some_and(|run| run.delivery.truth) {
        return;
    }
    ui.add_space(8.0);
    let heading = label::section(ui, lang.tr("dora.gaming"));
    label::explained(heading, lang, "dora-gaming");
    for (text, bad) in gaming(lang, scoped) {
        ui.add(eframe::egui::Label::new(eframe::egui::RichText::new(text).color(if bad { palette.failing_text } else { palette.text })).wrap());
    }
}

/// Ways of looking better than one is, as far as they show here; and whether each is something to worry about.
fn gaming(lang: Lang, scoped: &Scoped) -> Vec<(String, bool)> {
    let dora = &scoped.dora;
    let say = |key: &'static str, count: usize, of: usize| lang.with_count(key, count, &[("count", &count.to_string()), ("of", &of.to_string())]);
    let uncounted = scoped.hurt.len() - scoped.known.len().min(scoped.hurt.len());
    let (empty, deployments) = (dora.empty as usize, dora.deployments as usize);
    let mut all = vec![
        (say("dora.gaming.empty", empty, deployments), empty > 0),
        (say("dora.gaming.uncounted", uncounted, scoped.hurt.len()), uncounted > 0),
        (say("dora.gaming.innocent", scoped.innocent.len(), deployments), !scoped.innocent.is_empty()),
    ];
    if !scoped.spared.is_empty() {
        all.push((say("dora.spared", scoped.spared.len(), deployments), false));
    }
    if let Some(batch) = dora.batch {
        // A median may lie between two numbers, and is then about several.
        let several = if (batch - 1.0).abs() < 1e-9 { 1 } else { 2 };
        all.insert(1, (lang.with_count("dora.gaming.batch", several, &[("count", &format::count(lang, batch))]), batch < 1.0));
    }
    if dora.unfinished > 0 {
        all.push((say("dora.gaming.unfinished", dora.unfinished as usize, deployments), false));
    }
    all
}
