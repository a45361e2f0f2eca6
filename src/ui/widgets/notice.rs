//! What the app says: what worked goes away soon, what failed a little later, what asks for something stays until it is
//! answered. None goes away under the pointer. They lie over the map, never over the charts.

use eframe::egui::{self, Align2, Id, Label, RichText, Ui, vec2};

use crate::ui::icons;
use crate::ui::state::{Level, Page, Shell, colors};
use crate::ui::theme::{self, size};
use crate::ui::{fonts, widgets::button};

/// How long a notice stays [s].
const fn stays(level: Level) -> f64 {
    match level {
        Level::Done | Level::Info => 5.0,
        Level::Failed => 12.0,
        Level::Question => f64::INFINITY,
    }
}

/// From the top of the window to the first notice: the bar and the tabs of the panels [points].
const TOP: f32 = 92.0;
/// How many are shown at once; the rest wait, none is dropped.
const SHOWN: usize = 4;

/// Draws the notices at the top right, beside what covers `right` points there.
pub(crate) fn notices_ui(ui: &mut Ui, shell: &mut Shell, right: f32) {
    let now = ui.input(|input| input.time);
    shell.notices.retain(|notice| notice.since.is_none_or(|since| now - since < stays(notice.level)));
    if shell.notices.is_empty() {
        return;
    }
    let palette = colors(ui);
    let lang = shell.lang();
    let mut dismissed = None;
    let mut taken = None;
    // On the first page the top is where one types.
    let (align, offset) = if shell.page == Page::Home { (Align2::RIGHT_BOTTOM, vec2(-12.0, -12.0)) } else { (Align2::RIGHT_TOP, vec2(-right - 12.0, TOP)) };
    egui::Area::new(Id::unique("notices")).order(egui::Order::Foreground).anchor(align, offset).show(ui.ctx(), |ui| {
        ui.set_max_width(480.0);
        for (at, notice) in shell.notices.iter_mut().enumerate().take(SHOWN) {
            notice.since.get_or_insert(now);
            let (glyph, color) = match notice.level {
                Level::Done => (icons::CHECK, palette.ok_text),
                Level::Info | Level::Question => (icons::INFO, palette.accent),
                Level::Failed => (icons::FAILING, palette.failing_text),
            };
            // A diagnostic points at columns with a caret: that needs its line breaks, and letters of one width.
            let diagnostic = notice.detail.contains('\n');
            let width = if diagnostic { 456.0 } else { 336.0 };
            let drawn = egui::Frame::popup(ui.style()).inner_margin(12).show(ui, |ui| {
                ui.set_width(width);
                ui.horizontal_top(|ui| {
                    ui.label(RichText::new(glyph).font(fonts::regular(size::TITLE)).color(color));
                    ui.vertical(|ui| {
                        ui.set_width(width - 76.0);
                        ui.spacing_mut().item_spacing.y = 4.0;
                        ui.add(Label::new(RichText::new(&notice.title).font(fonts::medium(size::BODY))).wrap());
                        if diagnostic {
                            diagnostic_ui(ui, &notice.detail);
                        } else if !notice.detail.is_empty() {
                            ui.add(Label::new(RichText::new(&notice.detail).color(palette.secondary)).wrap());
                        }
                        if let Some(offer) = &notice.offer
                            && button::plain(ui, offer.icon, &offer.text).clicked()
                        {
                            taken = Some(at);
                        }
                    });
                    if button::sized_icon(ui, icons::CLOSE, &lang.tr("dismiss"), false, 22.0).clicked() {
                        dismissed = Some(at);
                    }
                });
            });
            if drawn.response.contains_pointer() {
                notice.since = Some(now);
            }
        }
        if shell.notices.len() > SHOWN {
            let more = (shell.notices.len() - SHOWN).to_string();
            ui.label(RichText::new(lang.with("notices.more", &[("count", &more)])).color(theme::palette(ui.visuals()).secondary));
        }
    });
    if let Some(at) = taken
        && let Some(offer) = shell.notices.remove(at).offer
    {
        shell.ask(offer.ask);
    } else if let Some(at) = dismissed {
        shell.notices.remove(at);
    }
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(500));
}

/// Lines as they are, in letters of one width, on a ground of their own.
pub(crate) fn diagnostic_ui(ui: &mut Ui, text: &str) {
    let palette = colors(ui);
    egui::Frame::new().fill(palette.ground).corner_radius(4).inner_margin(8).show(ui, |ui| {
        egui::ScrollArea::both().max_height(180.0).auto_shrink([false, true]).show(ui, |ui| {
            let text = RichText::new(text.trim_end()).font(fonts::mono(size::SMALL)).color(palette.secondary);
            ui.add(Label::new(text).extend());
        });
    });
}
