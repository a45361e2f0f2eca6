//! Mistakes in words, in the reader's language: what is wrong and what to do about it.

use eframe::egui::{Label, RichText, Ui};
use serde_json::Value;

use super::draft::Found;
use crate::delivery::pipeline::check::{Mistake, Reason};
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::{fonts, icons};

/// A sentence of the translations with the values of a mistake; `None` if they do not have it.
fn translated(lang: Lang, reason: &Reason, part: &str) -> Option<String> {
    let (key, values) = match serde_json::to_value(reason).ok()? {
        Value::String(key) => (key, Value::Null),
        Value::Object(object) => object.into_iter().next()?,
        _ => return None,
    };
    let mut text = lang.find(&format!("mistake.{key}{part}"))?.into_owned();
    for (name, value) in values.as_object().into_iter().flatten() {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        };
        text = text.replace(&format!("%{{{name}}}"), &value);
    }
    Some(text)
}

/// A mistake in words: what is wrong, and what to do about it.
pub(super) fn sentence(lang: Lang, mistake: &Mistake) -> String {
    let reason = &mistake.reason;
    let what = translated(lang, reason, "").unwrap_or_else(|| reason.to_string());
    let help = reason.help().map(|help| translated(lang, reason, ".help").unwrap_or(help)).or_else(|| {
        let (_, known) = reason.candidates()?;
        (!known.is_empty()).then(|| lang.with("pipeline.editor.known", &[("known", &known.join(", "))]))
    });
    help.map_or_else(|| what.clone(), |help| format!("{what}: {help}"))
}

/// Draws the mistakes of a place in the form: those on `path` itself and, if `within`, on everything in it.
pub(super) fn mistakes_ui(ui: &mut Ui, lang: Lang, found: &[Found], path: &str, within: bool) {
    let palette = colors(ui);
    for found in found.iter().filter(|found| found.path == path || within && is_within(&found.path, path)) {
        let (glyph, color) = if found.mistake.is_warning() { (icons::WARNING, palette.warning_text) } else { (icons::FAILING, palette.failing_text) };
        let text = RichText::new(format!("{glyph}  {}", sentence(lang, &found.mistake))).color(color).font(fonts::regular(size::SMALL + 1.0));
        ui.add(Label::new(text).wrap());
    }
}

/// Whether a path leads into another.
pub(super) fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::pipeline::check::Path;
    use crate::delivery::pipeline::definition::{Category, ConditionResult, Owner};

    #[test]
    fn a_mistake_is_said_in_both_languages_with_its_values() {
        let reason = Reason::TooFew { what: "stages", count: 1, least: 2 };
        let mistake = Mistake { path: Path::default(), reason };
        assert_eq!(sentence(Lang::En, &mistake), "1 stages; there must be at least 2");
        let vietnamese = sentence(Lang::Vi, &mistake);
        assert!(vietnamese.contains('1') && vietnamese.contains('2') && vietnamese != sentence(Lang::En, &mistake), "{vietnamese}");
    }

    /// One of each.
    fn reasons() -> Vec<Reason> {
        let text = || "x".to_owned();
        let known = || vec![text()];
        vec![
            Reason::TooFew { what: "stages", count: 1, least: 2 },
            Reason::TooMany { what: "stages", count: 51, most: 50 },
            Reason::Empty { what: "name" },
            Reason::TooLong { what: "name", count: 101, most: 100 },
            Reason::BadCharacter { what: "stage", found: ' ', allowed: "`.`" },
            Reason::SpacesAround { what: "stage", taken: text() },
            Reason::LeftOpen { what: "stage" },
            Reason::Duplicate { what: "stage", name: text() },
            Reason::NotSource { action: text(), category: Category::Build },
            Reason::SourceLater { action: text() },
            Reason::RunOrder { found: 0 },
            Reason::Timeout { found: 1 },
            Reason::TimeoutNotAllowed,
            Reason::UnknownProvider { provider: text(), category: Category::Build, owner: Owner::Aws, known: vec!["y"] },
            Reason::OddProvider { written: text(), taken: "y" },
            Reason::UnknownRule { provider: text(), known: vec!["y"] },
            Reason::MissingConfiguration { provider: text(), key: "y" },
            Reason::MissingCommands { provider: text() },
            Reason::Inputs { provider: text(), least: 1, most: 5, found: 0 },
            Reason::Outputs { provider: text(), least: 1, most: 5, found: 0 },
            Reason::NoInputs { provider: text() },
            Reason::NoOutputs { provider: text() },
            Reason::ArtifactTwice { name: text(), first: text(), second: text() },
            Reason::UnknownArtifact { name: text(), known: known() },
            Reason::ArtifactTooEarly { name: text(), producer: text() },
            Reason::ArtifactCycle { name: text(), producer: text(), consumer: text() },
            Reason::BothArtifactStores,
            Reason::ResultNotAllowed { condition: "onSuccess", result: ConditionResult::Skip, allowed: &[ConditionResult::Fail] },
            Reason::RollbackInParallel,
            Reason::RollbackOfSources,
            Reason::NoRetry,
            Reason::NeedsV2 { what: text(), said: true },
            Reason::UnknownSource { name: text(), known: known() },
            Reason::ReservedNamespace { name: text() },
            Reason::UnknownVariable { reference: text(), known: known() },
            Reason::VariableTooEarly { reference: text(), producer: text() },
        ]
    }

    #[test]
    fn every_mistake_is_said_in_both_languages_and_in_english_as_the_reports_say_it() {
        for reason in reasons() {
            assert_eq!(translated(Lang::En, &reason, ""), Some(reason.to_string()));
            let vietnamese = translated(Lang::Vi, &reason, "").unwrap_or_else(|| panic!("{reason:?} in vi.yml"));
            assert!(!vietnamese.contains("%{") && vietnamese != reason.to_string(), "{vietnamese}");
            if reason.help().is_some() {
                let help = translated(Lang::Vi, &reason, ".help").unwrap_or_else(|| panic!("the help of {reason:?} in vi.yml"));
                assert!(!help.contains("%{"), "{help}");
            }
        }
    }

    #[test]
    fn a_path_leads_into_what_it_begins_with() {
        assert!(is_within("stages[1].actions[0].name", "stages[1]"));
        assert!(!is_within("stages[12].name", "stages[1]"));
    }
}
