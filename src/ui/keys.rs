//! The keyboard: what each key does, for the app and for the help that lists it.
//!
//! Keys do nothing while a text field has the focus. To add one, add it here and to [`KEYS`].

use eframe::egui::{Context, Key, Modifiers, Popup};

use super::link::Speed;
use super::state::{Ask, Overlay, Page, Selection, Shell};
use crate::ids::ServiceId;

/// The keys as the help lists them, and the key of what they do.
pub(crate) const KEYS: [(&str, &str); 9] = [
    ("Space", "key.space"),
    ("1 – 6", "key.speeds"),
    ("Ctrl K", "key.palette"),
    ("↑ ↓", "key.select"),
    ("Esc", "key.escape"),
    ("F", "key.fit"),
    ("H", "key.home"),
    ("?", "key.help"),
    ("Tab", "key.tab"),
];

/// Follows the keys of this frame.
pub(crate) fn follow(ctx: &Context, shell: &mut Shell) {
    if ctx.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::K)) {
        shell.ask(Ask::Toggle(Overlay::Palette));
    }
    if ctx.text_edit_focused() || shell.overlay.is_some() {
        return;
    }
    let pressed = |key: Key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if ctx.input(|input| input.key_pressed(Key::Questionmark)) || pressed(Key::F1) {
        shell.ask(Ask::Toggle(Overlay::Help));
    }
    if pressed(Key::H) {
        shell.ask(Ask::Go(Page::Home));
    }
    let focused = shell.focused;
    let Some(run) = shell.run.as_ref().filter(|_| shell.page == Page::Fleet) else { return };
    let count = run.snapshot.services.len();
    let selected = run.selected_service();
    // A button that has the focus keeps the space bar for itself.
    if ctx.memory(|memory| memory.focused().is_none()) && pressed(Key::Space) {
        shell.ask(Ask::PlayPause);
    }
    for (key, speed) in [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6].into_iter().zip(Speed::ALL) {
        if pressed(key) {
            shell.ask(Ask::Speed(speed));
        }
    }
    if pressed(Key::F) {
        shell.ask(Ask::FitMap);
    }
    // Esc closes what lies on top, and only that: a list, then the focus, then a form, then the selection.
    let on_top = Popup::is_any_open(ctx) || ctx.any_popup_open() || focused;
    if !on_top && pressed(Key::Escape) {
        shell.ask(Ask::Close);
    }
    let step = if pressed(Key::ArrowDown) {
        Some(1)
    } else if pressed(Key::ArrowUp) {
        Some(count.saturating_sub(1))
    } else {
        None
    };
    if let Some(step) = step
        && count > 0
    {
        let next = selected.map_or(if step == 1 { 0 } else { count - 1 }, |service| (service.index() + step) % count);
        shell.ask(Ask::Select(Selection::Service(ServiceId::from_index(next))));
    }
}
