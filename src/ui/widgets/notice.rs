//! What the app says: what worked goes away by itself, what failed stays until it is dismissed.

use eframe::egui::{self, Align2, Id, Label, RichText, Ui, vec2};

use crate::ui::icons;
use crate::ui::state::{Ask, Level, Shell, colors};
use crate::ui::theme::{self, size};
use crate::ui::{fonts, widgets::button};

/// How long a notice that goes away by itself stays [s].
const STAYS: f64 = 5.0;
/// How many are shown at once; the rest wait, none is dropped.
const SHOWN: usize = 4;

/// Draws the notices over the lower right of the map.
pub(crate) fn notices_ui(ui: &mut Ui, shell: &mut Shell, bottom: f32, right: f32) {
    let now = ui.input(|input| input.time);
    shell.notices.retain(|notice| notice.level == Level::Failed || notice.since.is_none_or(|since| now - since < STAYS));
    if shell.notices.is_empty() {
        return;
    }
    let palette = colors(ui);
    let lang = shell.lang();
    let mut dismissed = None;
    let mut undone = None;
    egui::Area::new(Id::unique("notices")).order(egui::Order::Foreground).anchor(Align2::RIGHT_BOTTOM, vec2(-right - 12.0, -bottom - 12.0)).show(
        ui.ctx(),
        |ui| {
            ui.set_max_width(360.0);
            for (at, notice) in shell.notices.iter_mut().enumerate().take(SHOWN) {
                notice.since.get_or_insert(now);
                let (glyph, color) = match notice.level {
                    Level::Done => (icons::CHECK, palette.ok_text),
                    Level::Info => (icons::INFO, palette.accent),
                    Level::Failed => (icons::FAILING, palette.failing_text),
                };
                egui::Frame::popup(ui.style()).inner_margin(12).show(ui, |ui| {
                    ui.set_width(336.0);
                    ui.horizontal_top(|ui| {
                        ui.label(RichText::new(glyph).font(fonts::regular(size::TITLE)).color(color));
                        ui.vertical(|ui| {
                            ui.set_width(260.0);
                            ui.spacing_mut().item_spacing.y = 4.0;
                            ui.add(Label::new(RichText::new(&notice.title).font(fonts::medium(size::BODY))).wrap());
                            if !notice.detail.is_empty() {
                                ui.add(Label::new(RichText::new(&notice.detail).color(palette.secondary)).wrap());
                            }
                            if notice.undo.is_some() && button::plain(ui, icons::ROLL_BACK, &lang.tr("undo")).clicked() {
                                undone = Some(at);
                            }
                        });
                        if button::sized_icon(ui, icons::CLOSE, &lang.tr("dismiss"), false, 22.0).clicked() {
                            dismissed = Some(at);
                        }
                    });
                });
            }
            if shell.notices.len() > SHOWN {
                let more = (shell.notices.len() - SHOWN).to_string();
                ui.label(RichText::new(lang.with("notices.more", &[("count", &more)])).color(theme::palette(ui.visuals()).secondary));
            }
        },
    );
    if let Some(at) = undone
        && let Some(action) = shell.notices[at].undo.take()
    {
        shell.notices.remove(at);
        shell.ask(Ask::Act(action));
    } else if let Some(at) = dismissed {
        shell.notices.remove(at);
    }
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(500));
}
