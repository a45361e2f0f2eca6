//! The fonts: Be Vietnam Pro for text (it covers Vietnamese), `JetBrains` Mono for numbers, Phosphor for icons.
//!
//! All three are embedded, so that the app looks the same on every machine, without a network. Nothing else knows font
//! files; others name a family through the functions here. To add a weight, put its file into `assets/fonts` and a line
//! into `FILES`.

use std::sync::Arc;

use eframe::egui::{FontData, FontDefinitions, FontFamily, FontId, FontTweak};

/// Name and content of each embedded font.
const FILES: [(&str, &[u8]); 5] = [
    ("regular", include_bytes!("../../assets/fonts/BeVietnamPro_400Regular.ttf")),
    ("medium", include_bytes!("../../assets/fonts/BeVietnamPro_500Medium.ttf")),
    ("semibold", include_bytes!("../../assets/fonts/BeVietnamPro_600SemiBold.ttf")),
    ("mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
    ("icons", include_bytes!("../../assets/fonts/Phosphor.ttf")),
];

/// The definitions to install into a context. Every family ends in the icons, so that an icon may stand in any text.
pub(crate) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in FILES {
        // Icons sit on the baseline of their own grid: lowered a little they are centred on the x-height of the text.
        let tweak = if name == "icons" { FontTweak { y_offset_factor: 0.08, scale: 1.1, ..FontTweak::default() } } else { FontTweak::default() };
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes).tweak(tweak)));
    }
    let stack = |first: &str, second: &str| vec![first.to_owned(), second.to_owned(), "icons".to_owned()];
    fonts.families.insert(FontFamily::Proportional, stack("regular", "mono"));
    fonts.families.insert(FontFamily::Monospace, stack("mono", "regular"));
    fonts.families.insert(FontFamily::Name("medium".into()), stack("medium", "mono"));
    fonts.families.insert(FontFamily::Name("semibold".into()), stack("semibold", "mono"));
    fonts
}

/// Running text at `size` [points].
pub(crate) fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Slightly emphasised text at `size` [points].
pub(crate) fn medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("medium".into()))
}

/// Names and headings at `size` [points].
pub(crate) fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("semibold".into()))
}

/// Numbers at `size` [points]: every digit is as wide as the others, so columns align and values do not jump.
pub(crate) fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}
