//! The inspector at the right: what is selected, in detail, and what can be done to it.
//!
//! One file for each kind of selection, and one for the forms of actions. Actions go out as [`Ask::Act`]; what the world
//! answers comes back as a notice.

mod actions;
mod edge;
mod fleet;
mod instance;
mod policy;
mod service;
mod source;
mod strategy;

pub(crate) use actions::{Form, Forms};

use eframe::egui::{RichText, ScrollArea, Sense, Ui, vec2};

use crate::ids::ServiceId;
use crate::lab::snapshot::Signals;
use crate::scenario::Action;
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{Palette, size};
use crate::ui::widgets::label;
use crate::ui::{fonts, format};

/// Narrowest and widest [points].
pub(crate) const WIDTHS: (f32, f32) = (304.0, 520.0);

/// What the inspector remembers.
#[derive(Debug, Clone, Default)]
pub(crate) struct InspectorState {
    /// The tab of a service.
    tab: service::Tab,
    /// What is being filled in.
    forms: Forms,
    /// Whether the whole description of the scenario is shown, not only its first paragraph.
    whole_text: bool,
    /// A form to open once the selection asked for is there.
    wanted: Option<Form>,
}

impl InspectorState {
    /// Opens a form as soon as the selection asked for with it is made.
    pub(crate) fn open_after_selection(&mut self, form: Form) {
        self.wanted = Some(form);
    }
    /// Closes the form that is open, if one is; whether one was.
    pub(crate) fn close_form(&mut self) -> bool {
        self.forms.close_open()
    }
    /// The world refused an action; whether the form that asked for it is still there to say so.
    pub(crate) fn refused(&mut self, action: &Action, why: &str) -> bool {
        self.forms.asked.refused(action, why)
    }
    /// The world did an action: the form that asked for it has served its purpose.
    pub(crate) fn done(&mut self, action: &Action) {
        self.forms.done(action);
    }
    /// Something else was selected.
    pub(crate) fn selection_changed(&mut self) {
        self.forms.close();
        if let Some(form) = self.wanted.take() {
            self.forms.open(form);
        }
    }
}

/// Selects a service and opens the form that says how it is deployed from now on.
pub(crate) fn show_strategy(shell: &mut Shell, service: ServiceId) {
    if let Some(run) = shell.run.as_mut() {
        run.inspector.open_after_selection(Form::Strategy);
    }
    shell.ask(Ask::Select(Selection::Service(service)));
}

/// Draws it.
pub(crate) fn inspector_ui(ui: &mut Ui, shell: &mut Shell) {
    let Some(selection) = shell.run.as_ref().map(|run| run.selection) else { return };
    ScrollArea::vertical().id_salt(("inspector", selection)).auto_shrink(false).show(ui, |ui| {
        eframe::egui::Frame::new().inner_margin(eframe::egui::Margin { left: 16, right: 16, top: 14, bottom: 16 }).show(ui, |ui| match selection {
            Selection::Fleet => fleet::fleet_ui(ui, shell),
            Selection::Service(service) => service::service_ui(ui, shell, service),
            Selection::Instance(service, number) => instance::instance_ui(ui, shell, service, number),
            Selection::Source(source) => source::source_ui(ui, shell, source),
            Selection::Edge(from, to) => edge::edge_ui(ui, shell, from, to),
        });
    });
}

/// A name with its icon.
fn heading_ui(ui: &mut Ui, icon: &str, name: &str) {
    let palette = colors(ui);
    ui.label(RichText::new(icon).font(fonts::regular(size::HEADING)).color(palette.secondary));
    ui.add(eframe::egui::Label::new(RichText::new(name).font(fonts::semibold(size::HEADING - 2.0))).truncate());
}

/// One number with its caption.
struct Number<'a> {
    caption: &'a str,
    term: &'a str,
    value: String,
    color: eframe::egui::Color32,
}

/// Numbers side by side, in a grid of `columns`.
fn numbers_ui(ui: &mut Ui, lang: Lang, columns: usize, numbers: &[Number<'_>]) {
    let width = ui.available_width() / columns as f32;
    // Long numbers are written smaller before they run into each other.
    let fits = |font: &eframe::egui::FontId| {
        let wide = |number: &Number<'_>| ui.painter().layout_no_wrap(number.value.clone(), font.clone(), number.color).size().x;
        numbers.iter().all(|number| wide(number) + 6.0 <= width)
    };
    let font = [size::TITLE, size::BODY, size::BODY - 1.5].map(fonts::mono).into_iter().find(fits).unwrap_or(fonts::mono(size::SMALL));
    for row in numbers.chunks(columns) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
        for (at, number) in row.iter().enumerate() {
            let cell = eframe::egui::Rect::from_min_size(rect.min + vec2(width * at as f32, 0.0), vec2(width, 40.0));
            let palette = colors(ui);
            let painter = ui.painter_at(cell);
            painter.text(cell.min, eframe::egui::Align2::LEFT_TOP, number.caption, fonts::regular(size::SMALL), palette.secondary);
            painter.text(cell.min + vec2(0.0, 16.0), eframe::egui::Align2::LEFT_TOP, &number.value, font.clone(), number.color);
            let response = ui.interact(cell, ui.scope_id().with(("number", number.caption)), Sense::hover());
            response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Label, true, format!("{} {}", number.caption, number.value)));
            label::explained(response, lang, number.term);
        }
    }
}

/// The golden signals as numbers.
fn signals_ui(ui: &mut Ui, lang: Lang, signals: &Signals, saturated: bool) {
    let palette: &Palette = colors(ui);
    let failing = if signals.error_ratio >= 0.01 {
        palette.failing_text
    } else if signals.error_ratio >= 0.001 {
        palette.warning_text
    } else {
        palette.text
    };
    let (rate, errors, saturation) = (lang.tr("signal.rate"), lang.tr("signal.errors"), lang.tr("signal.saturation"));
    let share = if signals.rate > 0.0 { format::percent(lang, signals.error_ratio) } else { format::NOTHING.to_owned() };
    let mut numbers = vec![
        Number { caption: &rate, term: "traffic", value: format::rate(lang, signals.rate), color: palette.text },
        Number { caption: "p99", term: "p99", value: format::millis_or_nothing(lang, signals.p99_ms), color: palette.text },
        Number { caption: &errors, term: "errors", value: share, color: failing },
    ];
    if saturated {
        let color = match signals.saturation {
            s if s > 0.95 => palette.failing_text,
            s if s > 0.8 => palette.warning_text,
            _ => palette.text,
        };
        numbers.push(Number { caption: &saturation, term: "saturation", value: format::percent(lang, signals.saturation), color });
        numbers_ui(ui, lang, 4, &numbers);
    } else {
        numbers_ui(ui, lang, 3, &numbers);
    }
}

/// A thin line between parts.
fn rule_ui(ui: &mut Ui) {
    ui.add_space(4.0);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, (1.0, colors(ui).line));
    ui.add_space(4.0);
}
