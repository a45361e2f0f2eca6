//! What a person set: theme, language, motion, size. Kept as JSON in the app's data folder.
//!
//! It also knows where that folder is. A settings file that cannot be read is put aside, never overwritten silently. To
//! add a setting, add a field with a default and a row in `panels/settings.rs`.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::text::Lang;
use crate::learner::write_whole;

/// Which theme is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// Dark.
    #[default]
    Dark,
    /// Light.
    Light,
    /// As the system is.
    System,
}

/// What a person set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The theme.
    pub theme: ThemeChoice,
    /// The language.
    pub language: Lang,
    /// Whether nothing moves that need not.
    pub reduced_motion: bool,
    /// Factor on the size of everything [1], 0.75 to 2.
    pub scale: f32,
    /// What the learner is called, for what they hand in.
    pub learner: String,
    /// Simulated seconds per real second with which a run begins.
    pub speed: u32,
}

/// The speeds with which a run may begin: at more than these it is over before anything can be done.
pub(crate) const START_SPEEDS: [u32; 4] = [1, 10, 60, 600];

impl Default for Settings {
    fn default() -> Self {
        Self { theme: ThemeChoice::default(), language: Lang::default(), reduced_motion: false, scale: 1.0, learner: String::new(), speed: 60 }
    }
}

impl Settings {
    /// Reads the settings of the data folder; the defaults if there are none yet. The message says what was wrong with a
    /// file that could not be read, which is then kept beside as `settings.json.bad`.
    pub(crate) fn load(folder: &Path) -> (Self, Option<String>) {
        let path = folder.join("settings.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Self::default(), None),
            Err(error) => return (Self::default(), Some(format!("{}: {error}", path.display()))),
        };
        match serde_json::from_str::<Self>(&text) {
            Ok(mut settings) => {
                settings.scale = if settings.scale.is_finite() { settings.scale.clamp(0.75, 2.0) } else { 1.0 };
                settings.speed = if START_SPEEDS.contains(&settings.speed) { settings.speed } else { 60 };
                (settings, None)
            }
            Err(error) => {
                let kept = std::fs::rename(&path, path.with_extension("json.bad")).is_ok();
                let note = if kept { " (kept as settings.json.bad)" } else { "" };
                (Self::default(), Some(format!("{}: {error}{note}", path.display())))
            }
        }
    }

    /// Writes the settings into the data folder.
    pub(crate) fn save(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        write_whole(&folder.join("settings.json"), &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_a_restart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings { theme: ThemeChoice::Light, language: Lang::Vi, reduced_motion: true, scale: 1.25, learner: "Linh".to_owned(), speed: 10 };
        settings.save(folder.path()).expect("saved");
        assert_eq!(Settings::load(folder.path()), (settings, None));
    }

    #[test]
    fn a_broken_settings_file_is_reported_and_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("settings.json"), "{ nonsense").expect("written");
        let (settings, note) = Settings::load(folder.path());
        assert_eq!(settings, Settings::default());
        assert!(note.is_some_and(|note| note.contains("settings.json")));
        assert!(folder.path().join("settings.json.bad").exists());
    }

    #[test]
    fn no_settings_yet_is_no_mistake() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(Settings::load(folder.path()), (Settings::default(), None));
    }
}
