//! The judges of a deployment: what was measured, against which thresholds, and what that comes to.
//!
//! Analyses and checks are those of the strategy; alarms are watched beside it. It concludes nothing by itself.

use std::borrow::Cow;

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{Align, Color32, Label, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::steps::until;
use crate::fleet::alarm::Alarm;
use crate::fleet::deploy::EndedAlarm;
use crate::fleet::deploy::canary_analysis::Compared;
use crate::fleet::deploy::judging::AnalysisLook;
use crate::insight::alarm::AlarmState;
use crate::insight::judge::analysis::Phase;
use crate::insight::metric::{Datapoint, Metric};
use crate::lab::snapshot::Health;
use crate::ui::state::{Run, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::{label, status};
use crate::ui::{fonts, format};
use crate::units::{SimSpan, SimTime};

/// Draws the analyses; `over`: those of a deployment that has ended.
pub(super) fn analyses_ui(ui: &mut Ui, lang: Lang, now: SimTime, analyses: &[AnalysisLook], over: bool) {
    if analyses.is_empty() {
        return;
    }
    ui.add_space(6.0);
    let heading = label::section(ui, lang.tr("deployments.analyses"));
    label::explained(heading, lang, "analysis");
    for look in analyses {
        ui.add_space(2.0);
        analysis_ui(ui, lang, now, look, over);
    }
}

/// How an analysis stands: its shape, and its word. One that was under way when its deployment ended was stopped, and so was a comparison
/// that was passed by before it had a score: neither has come to anything.
fn standing(lang: Lang, look: &AnalysisLook, over: bool) -> (Health, Cow<'static, str>) {
    let stopped = || (Health::Unknown, lang.tr("deployments.analysis.stopped"));
    let unscored = look.compared.as_ref().is_some_and(|compared| compared.score.is_none());
    match (look.phase, look.compared.as_ref().and_then(|compared| compared.label)) {
        (Phase::Running | Phase::Pending, _) if over => stopped(),
        (Phase::Successful, _) if unscored => stopped(),
        (_, Some((label @ "Pass", _))) => (Health::Ok, label.into()),
        (_, Some((label @ "Nodata", _))) => (Health::Warning, label.into()),
        (_, Some((label, _))) => (Health::Failing, label.into()),
        (phase, None) => (health(phase), phase.name().into()),
    }
}

/// How a phase looks at a glance.
const fn health(phase: Phase) -> Health {
    match phase {
        Phase::Successful => Health::Ok,
        Phase::Running | Phase::Pending => Health::Unknown,
        Phase::Inconclusive | Phase::Error => Health::Warning,
        Phase::Failed => Health::Failing,
    }
}

/// A shape, a name, and a word at the right.
fn head_ui(ui: &mut Ui, name: &str, shape: Health, word: &str) -> Response {
    let palette = colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    status::shape(ui.painter(), rect.left_center() + vec2(9.0, 0.0), theme::SHAPE.x, shape, palette);
    let word = ui.painter().layout_no_wrap(word.to_owned(), fonts::mono(size::SMALL), palette.status_text(shape));
    let mut job = LayoutJob::simple_singleline(name.to_owned(), fonts::medium(size::BODY), palette.text);
    job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(rect.width() - word.size().x - 32.0);
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(rect.left_center() + vec2(24.0, -galley.size().y / 2.0), galley, palette.text);
    ui.painter().galley(rect.right_center() - vec2(word.size().x, word.size().y / 2.0), word, palette.text);
    response
}

/// Something below a head, indented as its name is.
fn below_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        ui.add_space(24.0);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            add(ui);
        });
    });
}

fn note_ui(ui: &mut Ui, text: impl Into<String>, color: Color32) {
    ui.add(Label::new(RichText::new(text).font(fonts::regular(size::SMALL)).color(color)).wrap());
}

/// A comparison of the two versions: the latest samples, what they were classified as, and the score of all metrics.
fn comparison_ui(ui: &mut Ui, lang: Lang, now: SimTime, look: &AnalysisLook, compared: &Compared, over: bool) {
    let palette = colors(ui);
    let (shape, word) = standing(lang, look, over);
    let said = compared_texts(lang, &look.metric, compared);
    let spoken = [&[look.metric.as_str(), &word], said.iter().map(String::as_str).collect::<Vec<_>>().as_slice()].concat().join(", ");
    let head = head_ui(ui, &look.metric, shape, &word);
    head.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    head.on_hover_text(lang.tr("deployments.compared.about"));
    below_ui(ui, |ui| {
        for text in said {
            note_ui(ui, text, palette.text);
        }
        if let Some(left) = look.next.and_then(|next| until(now, next)) {
            note_ui(ui, lang.with("deployments.next", &[("left", &left)]), palette.secondary);
        }
    });
}

/// What a comparison comes to, line by line.
fn compared_texts(lang: Lang, metric: &str, compared: &Compared) -> Vec<String> {
    // Samples of latency are in seconds and those of rates are shares; people read milliseconds and per cent.
    let text = |value: f64| match metric {
        _ if !value.is_finite() => format::NOTHING.to_owned(),
        _ if metric.starts_with("latency") => format!("{} ms", format::localised(lang, &format!("{:.1}", value * 1e3))),
        "error-rate" | "success-rate" => format!("{} %", format::localised(lang, &format!("{:.2}", value * 1e2))),
        _ => format::localised(lang, &format!("{value:.2}")),
    };
    let number = text;
    let [canary, control] = compared.latest.map(number);
    let (taken, planned) = (compared.samples.0.to_string(), compared.samples.1.to_string());
    let mut texts = vec![lang.with("deployments.compared.latest", &[("canary", &canary), ("control", &control), ("taken", &taken), ("planned", &planned)])];
    if let Some((_, ratio)) = compared.label.filter(|(_, ratio)| ratio.is_finite()) {
        texts.push(lang.with("deployments.compared.ratio", &[("ratio", &format::localised(lang, &format!("{ratio:.3}")))]));
    }
    let score = |score: f64| format::localised(lang, &score.to_string());
    let [pass, marginal] = compared.wanted.map(score);
    texts.push(match compared.score {
        Some((got, class)) => lang.with("deployments.compared.score", &[("score", &score(got)), ("class", class), ("pass", &pass), ("marginal", &marginal)]),
        None => lang.with("deployments.compared.wanted", &[("pass", &pass), ("marginal", &marginal)]),
    });
    texts
}

fn analysis_ui(ui: &mut Ui, lang: Lang, now: SimTime, look: &AnalysisLook, over: bool) {
    if let Some(compared) = &look.compared {
        return comparison_ui(ui, lang, now, look, compared, over);
    }
    let (shape, word) = standing(lang, look, over);
    let palette = colors(ui);
    let counts = counts_text(lang, look);
    let last = last_text(lang, look);
    let spoken = [look.metric.as_str(), &word, &last, &counts].join(", ");
    let head = head_ui(ui, &look.metric, shape, &word);
    head.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    let query = if look.query.is_empty() { look.metric.clone() } else { look.query.clone() };
    head.on_hover_text(lang.with("deployments.analysis.asks", &[("query", &query)]));
    below_ui(ui, |ui| {
        let ink = look.last.as_ref().map_or(palette.secondary, |(_, phase)| palette.status_text(health(*phase)));
        note_ui(ui, &last, ink);
        for (key, condition) in ["deployments.analysis.good-if", "deployments.analysis.bad-if"].into_iter().zip(&look.conditions) {
            if let Some(condition) = condition {
                let format = |font, ink| TextFormat { valign: Align::Center, ..TextFormat::simple(font, ink) };
                let mut job = LayoutJob::default();
                job.append(&format!("{} ", lang.tr(key)), 0.0, format(fonts::regular(size::SMALL), palette.secondary));
                job.append(condition, 3.0, format(fonts::mono(size::SMALL), palette.text));
                ui.add(Label::new(job).wrap());
            }
        }
        counts_ui(ui, look, palette);
        note_ui(ui, &counts, palette.text);
        note_ui(ui, limits_text(lang, look), palette.secondary);
        if let Some(left) = look.next.and_then(|next| until(now, next)) {
            note_ui(ui, lang.with("deployments.next", &[("left", &left)]), palette.secondary);
        }
        if look.dry_run {
            note_ui(ui, lang.tr("deployments.analysis.dry-run"), palette.secondary);
        }
    });
}

/// The latest value, and what it counts as.
fn last_text(lang: Lang, look: &AnalysisLook) -> String {
    match &look.last {
        None => lang.tr("deployments.analysis.nothing").into_owned(),
        Some((value, phase)) => {
            let value = if value.parse::<f64>().is_ok() { format::localised(lang, value) } else { value.clone() };
            let key = match phase {
                Phase::Successful => "deployments.analysis.good",
                Phase::Failed => "deployments.analysis.bad",
                Phase::Inconclusive => "deployments.analysis.inconclusive",
                Phase::Error | Phase::Running | Phase::Pending => "deployments.analysis.error",
            };
            lang.with(key, &[("value", &value)])
        }
    }
}

/// How many measurements said what, of how many.
fn counts_text(lang: Lang, look: &AnalysisLook) -> String {
    let [good, bad, neither, errors] = look.counts.map(|count| count.to_string());
    let mut text = lang.with("deployments.analysis.counts", &[("good", &good), ("bad", &bad), ("neither", &neither), ("errors", &errors)]);
    if let Some(planned) = look.planned {
        let taken: u32 = look.counts[..3].iter().sum();
        text.push_str(&lang.with("deployments.analysis.planned", &[("taken", &taken.to_string()), ("planned", &planned.to_string())]));
    }
    text
}

/// How many may be bad.
fn limits_text(lang: Lang, look: &AnalysisLook) -> String {
    if look.failure_limit < 0 {
        return lang.tr("deployments.analysis.no-limit").into_owned();
    }
    let [bad, neither, errors] = [look.failure_limit.to_string(), look.inconclusive_limit.to_string(), look.error_limit.to_string()];
    lang.with("deployments.analysis.limits", &[("bad", &bad), ("neither", &neither), ("errors", &errors)])
}

/// The measurements as a bar: good, bad, neither, errors, and those to come.
fn counts_ui(ui: &mut Ui, look: &AnalysisLook, palette: &Palette) {
    let taken: u32 = look.counts.iter().sum();
    let whole = look.planned.unwrap_or(0).max(taken).max(1);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, palette.raised);
    let inks = [palette.ok, palette.failing, palette.warning, palette.unknown];
    let mut x = rect.left();
    for (count, ink) in look.counts.into_iter().zip(inks) {
        let width = rect.width() * count as f32 / whole as f32;
        if count > 0 {
            // A hairline between them, so that colour is not all that parts them.
            ui.painter().rect_filled(Rect::from_min_size(rect.min + vec2(x - rect.left(), 0.0), vec2((width - 1.0).max(1.0), 5.0)), 1.0, ink);
        }
        x += width;
    }
}

/// Draws the alarms that turn a deployment back: state, latest datapoint, threshold. `judged` by something else, it needs none.
pub(super) fn alarms_ui(ui: &mut Ui, lang: Lang, run: &Run, watched: &[String], judged: bool) {
    if watched.is_empty() && judged {
        return;
    }
    let palette = colors(ui);
    ui.add_space(6.0);
    let heading = label::section(ui, lang.tr("deployments.alarms"));
    label::explained(heading, lang, "alarm");
    if watched.is_empty() {
        label::secondary(ui, lang.tr("deployments.alarms.none"));
    }
    for name in watched {
        let state = run.snapshot.alarms.iter().find(|alarm| alarm.name == *name);
        let alarm = run.scenario.alarms.iter().find(|alarm| alarm.name == *name);
        if let (Some(state), Some(alarm)) = (state, alarm) {
            alarm_ui(ui, lang, run, (state.state, state.latest), alarm);
            if let Some(left) = until(run.snapshot.now, next_end(run.snapshot.now, alarm.period)) {
                below_ui(ui, |ui| note_ui(ui, lang.with("deployments.next", &[("left", &left)]), palette.secondary));
            }
        }
    }
}

/// Draws the alarms that turned a deployment back, or would have, as they stood when it ended.
pub(super) fn ended_alarms_ui(ui: &mut Ui, lang: Lang, run: &Run, watched: &[EndedAlarm]) {
    if watched.is_empty() {
        return;
    }
    ui.add_space(6.0);
    let heading = label::section(ui, lang.tr("deployments.alarms.ended"));
    label::explained(heading, lang, "alarm");
    for look in watched {
        if let Some(alarm) = run.scenario.alarms.get(look.index) {
            alarm_ui(ui, lang, run, (look.state, look.latest), alarm);
        } else {
            // A composite alarm has no datapoints of its own.
            let name = run.scenario.alarm_names().nth(look.index).unwrap_or_default();
            head_ui(ui, name, alarm_health(look.state), look.state.name());
        }
    }
}

/// How an alarm's state looks at a glance.
const fn alarm_health(state: AlarmState) -> Health {
    match state {
        AlarmState::Ok => Health::Ok,
        AlarmState::Alarm => Health::Failing,
        AlarmState::InsufficientData => Health::Unknown,
    }
}

/// An alarm with its state and latest datapoint.
fn alarm_ui(ui: &mut Ui, lang: Lang, run: &Run, (state, latest): (AlarmState, Option<Datapoint>), alarm: &Alarm) {
    let palette = colors(ui);
    let shape = alarm_health(state);
    let rule = rule_text(lang, run, alarm);
    let last = match latest {
        Some(point) => lang.with("deployments.alarm.last", &[("value", &value_text(lang, &alarm.metric, point.value))]),
        None => lang.tr("deployments.alarm.nothing").into_owned(),
    };
    let head = head_ui(ui, &alarm.name, shape, state.name());
    let spoken = [alarm.name.as_str(), state.name(), &last].join(", ");
    head.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    below_ui(ui, |ui| {
        note_ui(ui, rule, palette.secondary);
        gauge_ui(ui, latest.map(|point| (point.value, point.breaches)), threshold(&alarm.metric), palette);
        let ink = if latest.is_some_and(|point| point.breaches) { palette.failing_text } else { palette.text };
        note_ui(ui, last, ink);
    });
}

/// When the period that `now` lies in ends.
fn next_end(now: SimTime, period: SimSpan) -> SimTime {
    let period = period.nanos().max(1);
    SimTime::from_nanos((now.nanos() / period + 1).saturating_mul(period))
}

/// Where it begins to be too much, in the unit of its datapoints.
fn threshold(metric: &Metric) -> f64 {
    match metric {
        Metric::ErrorRate(limit) => limit.above.get(),
        Metric::Latency(limit) => limit.above.as_millis_f64(),
        Metric::Requests(limit) => limit.below.get(),
        Metric::Saturation(limit) => limit.above.get(),
    }
}

/// A datapoint of a metric.
fn value_text(lang: Lang, metric: &Metric, value: f64) -> String {
    match metric {
        Metric::ErrorRate(_) | Metric::Saturation(_) => format::percent(lang, value),
        Metric::Latency(_) => format::millis(lang, value),
        Metric::Requests(_) => format::rate(lang, value),
    }
}

/// What it watches, and when it goes off.
fn rule_text(lang: Lang, run: &Run, alarm: &Alarm) -> String {
    let service = alarm.service.map(|service| run.service_name(service));
    let of = match service {
        Some(service) if alarm.new_version => lang.with("alarm.new-version", &[("service", service)]),
        Some(service) => service.to_owned(),
        None => lang.tr("users").into_owned(),
    };
    let limit = value_text(lang, &alarm.metric, threshold(&alarm.metric));
    let key = match &alarm.metric {
        Metric::ErrorRate(_) => "deployments.alarm.error-rate",
        Metric::Latency(_) => "deployments.alarm.latency",
        Metric::Requests(_) => "deployments.alarm.requests",
        Metric::Saturation(_) => "deployments.alarm.saturation",
    };
    let quantile = match &alarm.metric {
        Metric::Latency(latency) => format!("p{}", (latency.quantile * 1_000.0).round() / 10.0),
        _ => String::new(),
    };
    let what = lang.with(key, &[("limit", &limit), ("quantile", &quantile)]);
    let (needed, all) = (alarm.datapoints_to_alarm.to_string(), alarm.evaluation_periods.to_string());
    lang.with("deployments.alarm.rule", &[("of", &of), ("what", &what), ("needed", &needed), ("all", &all), ("period", &format::span(lang, alarm.period))])
}

/// A value as a bar, with a mark at the threshold.
fn gauge_ui(ui: &mut Ui, value: Option<(f64, bool)>, threshold: f64, palette: &Palette) {
    /// Where the threshold stands.
    const AT: f32 = 0.6;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 8.0), Sense::hover());
    let bar = rect.shrink2(vec2(0.0, 1.5));
    ui.painter().rect_filled(bar, 2.0, palette.raised);
    if let Some((value, breaches)) = value
        && threshold > 0.0
    {
        let width = bar.width() * ((value / threshold) as f32 * AT).clamp(0.0, 1.0);
        ui.painter().rect_filled(Rect::from_min_size(bar.min, vec2(width, bar.height())), 2.0, if breaches { palette.failing } else { palette.ok });
    }
    ui.painter().vline(rect.left() + rect.width() * AT, rect.y_range(), (1.5, palette.text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_says_what_was_measured_against_which_limits() {
        let mut look = AnalysisLook {
            metric: "success-rate".to_owned(),
            planned: Some(10),
            last: Some(("0.9312".to_owned(), Phase::Failed)),
            counts: [3, 1, 0, 2],
            failure_limit: 1,
            error_limit: 4,
            ..AnalysisLook::default()
        };
        assert_eq!(last_text(Lang::En, &look), "last 0.9312: bad");
        assert_eq!(last_text(Lang::Vi, &look), "gần nhất 0,9312: xấu");
        assert_eq!(counts_text(Lang::En, &look), "3 good, 1 bad, 0 inconclusive, 2 errors; 4 of 10 measured");
        assert_eq!(limits_text(Lang::En, &look), "allowed: 1 bad, 0 inconclusive, 4 errors in a row");
        (look.failure_limit, look.last, look.planned) = (-1, None, None);
        assert_eq!(last_text(Lang::En, &look), "nothing measured yet");
        assert_eq!(counts_text(Lang::En, &look), "3 good, 1 bad, 0 inconclusive, 2 errors");
        assert_eq!(limits_text(Lang::En, &look), "any number may be bad");
    }

    #[test]
    fn a_comparison_says_its_samples_and_its_score() {
        let mut compared = Compared { latest: [0.012, f64::NAN], samples: (3, 15), label: None, score: None, wanted: [95.0, 75.0] };
        assert_eq!(
            compared_texts(Lang::En, "latency-p95", &compared),
            ["latest: canary 12.0 ms, control –: 3 of 15 samples", "needs 95; below 75 it fails at once"]
        );
        (compared.latest[1], compared.label, compared.score) = (0.01, Some(("High", 1.2)), Some((50.0, "Fail")));
        let said = compared_texts(Lang::Vi, "latency-p95", &compared);
        assert!(said[0].contains("12,0 ms") && said[1].contains("1,200") && said[2].contains("50") && said[2].contains("Fail"), "{said:?}");
    }

    #[test]
    fn a_period_ends_after_now() {
        let minute = SimSpan::from_secs(60);
        assert_eq!(next_end(SimTime::from_secs(59), minute), SimTime::from_secs(60));
        assert_eq!(next_end(SimTime::from_secs(60), minute), SimTime::from_secs(120));
    }
}
