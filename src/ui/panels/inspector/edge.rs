//! The calls from one service (or traffic source) to another, as the caller sees them.

use eframe::egui::{RichText, Ui};

use super::{Number, heading_ui, numbers_ui, rule_ui};
use crate::ids::ServiceId;
use crate::lab::snapshot::EdgeEnd;
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::widgets::{button, label};
use crate::ui::{format, icons};

/// Draws it.
pub(super) fn edge_ui(ui: &mut Ui, shell: &mut Shell, from: EdgeEnd, to: ServiceId) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Some(run) = shell.run.as_ref() else { return };
    let (caller, target) = (run.end_name(from).to_owned(), run.service_name(to).to_owned());
    let Some(edge) = run.snapshot.edges.iter().find(|edge| edge.from == from && edge.to == to).copied() else { return };
    ui.horizontal(|ui| heading_ui(ui, icons::TRAFFIC, &format!("{caller} → {target}")));
    label::secondary(ui, lang.with("edge.about", &[("caller", &caller), ("called", &target)]));
    if edge.breaker_open {
        let text = ui.label(RichText::new(format!("{}  {}", icons::BROKEN, lang.tr("edge.breaker-open"))).color(palette.failing_text));
        label::explained(text, lang, "breaker");
    }
    let (attempts, errors, retries) = (lang.tr("edge.attempts"), lang.tr("signal.errors"), lang.tr("edge.retries"));
    let share = if edge.rate > 0.0 { format::percent(lang, edge.error_ratio) } else { format::NOTHING.to_owned() };
    let failing = if edge.error_ratio >= 0.01 { palette.failing_text } else { palette.text };
    numbers_ui(
        ui,
        lang,
        2,
        &[
            Number { caption: &attempts, term: "traffic", value: format::rate(lang, edge.rate), color: palette.text },
            Number { caption: "p99", term: "p99", value: format::millis_or_nothing(lang, edge.p99_ms), color: palette.text },
            Number { caption: &errors, term: "errors", value: share, color: failing },
            Number { caption: &retries, term: "retries", value: format::percent(lang, edge.retry_ratio), color: palette.text },
        ],
    );
    rule_ui(ui);
    super::policy::policy_ui(ui, shell, from, to);
    rule_ui(ui);
    let mut asked = None;
    ui.horizontal_wrapped(|ui| {
        for (name, selection) in [
            (
                &caller,
                match from {
                    EdgeEnd::Service(service) => Selection::Service(service),
                    EdgeEnd::Source(source) => Selection::Source(source),
                },
            ),
            (&target, Selection::Service(to)),
        ] {
            if button::plain(ui, icons::TARGET, &lang.with("palette.select", &[("service", name)])).clicked() {
                asked = Some(selection);
            }
        }
    });
    if let Some(selection) = asked {
        shell.ask(Ask::Select(selection));
    }
}
