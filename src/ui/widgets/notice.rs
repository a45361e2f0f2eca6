//! What the app says: what worked goes away soon, what failed a little later, what asks for something stays until it is
//! answered. None goes away or moves while the pointer is on one. Beside a run they have a place of their own, at the bottom of
//! the inspector's column, which gives way: they lie over nothing.

use eframe::egui::{self, Align2, Id, Label, Rect, RichText, ScrollArea, Ui, UiBuilder, pos2, vec2};

use crate::ui::icons;
use crate::ui::state::{Level, Shell, colors};
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

/// How many are shown at once; the rest wait, none is dropped.
const SHOWN: usize = 4;
/// So much of a column they take at most.
const MOST: f32 = 0.6;

/// Forgets what has been said for long enough; whether anything is left to say.
fn has_any(ui: &Ui, shell: &mut Shell) -> bool {
    let now = ui.input(|input| input.time);
    shell.notices.retain(|notice| notice.since.is_none_or(|since| now - since < stays(notice.level)));
    !shell.notices.is_empty()
}

/// Draws the notices over the bottom right corner of a page without a run: its top is where one types.
pub(crate) fn notices_ui(ui: &Ui, shell: &mut Shell) {
    if !has_any(ui, shell) {
        return;
    }
    let area = egui::Area::new(Id::unique("notices")).order(egui::Order::Foreground).anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -12.0));
    area.show(ui.ctx(), |ui| {
        ui.set_max_width(480.0);
        list_ui(ui, shell, None);
    });
}

/// Where the height that the notices took in the last frame is kept.
fn height_id() -> Id {
    Id::unique("height of the notices")
}

/// What the notices leave of a column.
pub(crate) fn rest_of(ui: &Ui, shell: &mut Shell, column: Rect) -> Rect {
    let taken = if has_any(ui, shell) { ui.data(|data| data.get_temp::<f32>(height_id())).unwrap_or(0.0) } else { 0.0 };
    column.with_max_y(column.bottom() - taken)
}

/// Draws the notices at the bottom of a column, below its `rest`.
pub(crate) fn docked_ui(ui: &mut Ui, shell: &mut Shell, column: Rect, rest: Rect) {
    if shell.notices.is_empty() {
        ui.data_mut(|data| data.remove::<f32>(height_id()));
        return;
    }
    let palette = colors(ui);
    let most = column.height() * MOST;
    let place = Rect::from_min_size(pos2(column.left() + 1.0, rest.bottom()), vec2(column.width() - 1.0, most));
    let mut inner = ui.new_child(UiBuilder::new().id_salt("notices").max_rect(place));
    inner.set_clip_rect(place.intersect(column).intersect(ui.clip_rect()));
    inner.painter().hline(place.x_range(), place.top() + 0.5, (1.0, palette.line));
    ScrollArea::vertical().max_height(most).auto_shrink([false, true]).show(&mut inner, |ui| {
        egui::Frame::new().inner_margin(12).show(ui, |ui| {
            let width = ui.available_width();
            list_ui(ui, shell, Some(width));
        });
    });
    let taken = inner.min_rect().height();
    if (taken - (column.bottom() - rest.bottom())).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(height_id(), taken));
        // Drawn again at once, so that nothing is seen, or clicked, where it does not stay.
        ui.ctx().request_discard("the notices' height");
    }
}

/// The notices, the newest on top, so that it moves none of those below; each as wide as it likes or `within` a column [points].
fn list_ui(ui: &mut Ui, shell: &mut Shell, within: Option<f32>) {
    let now = ui.input(|input| input.time);
    let palette = colors(ui);
    let lang = shell.lang();
    let mut dismissed = None;
    let mut taken = None;
    let mut pointed = false;
    if shell.notices.len() > SHOWN {
        let more = (shell.notices.len() - SHOWN).to_string();
        ui.label(RichText::new(lang.with("notices.more", &[("count", &more)])).color(palette.secondary));
    }
    for (at, notice) in shell.notices.iter_mut().take(SHOWN).enumerate().rev() {
        notice.since.get_or_insert(now);
        let (glyph, color) = match notice.level {
            Level::Done => (icons::CHECK, palette.ok_text),
            Level::Info | Level::Question => (icons::INFO, palette.accent),
            Level::Failed => (icons::FAILING, palette.failing_text),
        };
        // A diagnostic points at columns with a caret: that needs its line breaks, and letters of one width.
        let (title, detail) = notice.words.of(lang);
        let diagnostic = detail.contains('\n');
        let frame = match within {
            Some(_) => egui::Frame::new().fill(palette.raised).corner_radius(theme::RADIUS).inner_margin(10),
            None => egui::Frame::popup(ui.style()).inner_margin(12),
        };
        let width = within.map_or(if diagnostic { 456.0 } else { 336.0 }, |width| width - 20.0);
        // Its own identity: what is pressed stays the same thing when another notice comes above it.
        let own = UiBuilder::new().scope_id(Id::unique(("notice", at)));
        let show = |ui: &mut Ui| {
            frame.show(ui, |ui| {
                ui.set_width(width);
                ui.horizontal_top(|ui| {
                    ui.label(RichText::new(glyph).font(fonts::regular(size::TITLE)).color(color));
                    ui.vertical(|ui| {
                        ui.set_width(width - 64.0);
                        ui.spacing_mut().item_spacing.y = 4.0;
                        ui.add(Label::new(RichText::new(&title).font(fonts::medium(size::BODY))).wrap());
                        if diagnostic {
                            diagnostic_ui(ui, &detail);
                        } else if !detail.is_empty() {
                            ui.add(Label::new(RichText::new(&detail).color(palette.secondary)).wrap());
                        }
                        if let Some(offer) = &notice.offer
                            && button::plain(ui, offer.icon, &lang.tr(offer.text)).clicked()
                        {
                            taken = Some(at);
                        }
                    });
                    if button::sized_icon(ui, icons::CLOSE, &lang.tr("dismiss"), false, 22.0).clicked() {
                        dismissed = Some(at);
                    }
                });
            })
        };
        let drawn = ui.scope_builder(own, show).inner;
        pointed |= drawn.response.contains_pointer();
    }
    if pointed {
        shell.notices.iter_mut().take(SHOWN).for_each(|notice| notice.since = Some(now));
    }
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
