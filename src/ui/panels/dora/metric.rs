//! DORA's five metrics as the panel shows them: names, values in words, why one is unknown, level and grade.
//!
//! To add a metric, add a variant and its answers here; the panel lists [`Metric::ALL`].

use crate::insight::dora::Dora;
use crate::insight::dora::bands::{Level, Levels};
use crate::insight::dora::quick_check::Grades;
use crate::ui::format;
use crate::ui::text::Lang;
use crate::units::SimSpan;

/// One of the five.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Change lead time.
    LeadTime,
    /// Deployment frequency.
    Frequency,
    /// Failed deployment recovery time.
    Recovery,
    /// Change fail rate.
    ChangeFail,
    /// Deployment rework rate.
    Rework,
}

impl Metric {
    /// All of them: throughput first, then instability, in the order of the Quick Check.
    pub(super) const ALL: [Self; 5] = [Self::LeadTime, Self::Frequency, Self::Recovery, Self::ChangeFail, Self::Rework];
    /// How many of them are throughput; the rest is instability.
    pub(super) const THROUGHPUT: usize = 3;

    /// The key of its definition; that of its name begins the same way.
    pub(super) const fn term(self) -> &'static str {
        match self {
            Self::LeadTime => "dora-lead-time",
            Self::Frequency => "dora-frequency",
            Self::Recovery => "dora-recovery",
            Self::ChangeFail => "dora-change-fail",
            Self::Rework => "dora-rework",
        }
    }
    /// The key of its name.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::LeadTime => "dora.lead-time",
            Self::Frequency => "dora.frequency",
            Self::Recovery => "dora.recovery",
            Self::ChangeFail => "dora.change-fail",
            Self::Rework => "dora.rework",
        }
    }
    /// The key of what its records are.
    pub(super) const fn records(self) -> &'static str {
        match self {
            Self::LeadTime => "dora.records.lead-time",
            Self::Frequency => "dora.records.frequency",
            Self::Recovery => "dora.records.recovery",
            Self::ChangeFail => "dora.records.change-fail",
            Self::Rework => "dora.records.rework",
        }
    }
    /// Its value as it is charted: hours, deployments a day, or a share [0…1].
    pub(super) fn value(self, dora: &Dora) -> Option<f64> {
        let hours = |span: Option<SimSpan>| span.map(|span| span.as_secs_f64() / 3_600.0);
        match self {
            Self::LeadTime => hours(dora.lead_time),
            Self::Frequency => dora.per_day,
            Self::Recovery => hours(dora.recovery),
            Self::ChangeFail => dora.change_fail_rate,
            Self::Rework => dora.rework_rate,
        }
    }
    /// A value in words.
    pub(super) fn text(self, lang: Lang, value: f64) -> String {
        match self {
            Self::LeadTime | Self::Recovery => format::span(lang, SimSpan::from_secs_f64(value.max(0.0) * 3_600.0)),
            Self::Frequency => lang.with("dora.per-day", &[("count", &format::count(lang, value))]),
            Self::ChangeFail | Self::Rework => format::percent(lang, value),
        }
    }
    /// Why it is not known: the key of the sentence. The English of each is what reports say.
    pub(super) const fn unknown(self, dora: &Dora) -> &'static str {
        match self {
            Self::LeadTime => "dora.why.lead-time-needs",
            Self::Recovery if dora.failed == 0 => "dora.why.nothing-failed",
            Self::Recovery => "dora.why.recovery-needs",
            Self::Frequency | Self::ChangeFail => "dora.why.nothing-ended",
            Self::Rework if dora.deployments == 0 => "dora.why.nothing-ended",
            Self::Rework => "dora.why.rework-needs",
        }
    }
    /// Its level; the rework rate never had levels.
    pub(super) const fn level(self, levels: Levels) -> Option<Level> {
        match self {
            Self::LeadTime => levels.lead_time,
            Self::Frequency => levels.frequency,
            Self::Recovery => levels.recovery,
            Self::ChangeFail => levels.change_fail,
            Self::Rework => None,
        }
    }
    /// Its score of the Quick Check [0…10].
    pub(super) const fn grade(self, grades: &Grades) -> Option<f64> {
        match self {
            Self::LeadTime => grades.lead_time,
            Self::Frequency => grades.frequency,
            Self::Recovery => grades.recovery,
            Self::ChangeFail => grades.change_fail,
            Self::Rework => grades.rework,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::dora;

    /// The sentences that say why a metric is unknown, with the English that reports use.
    const UNKNOWN: [(&str, &str); 5] = [
        ("dora.why.lead-time-needs", dora::LEAD_TIME_NEEDS),
        ("dora.why.nothing-ended", dora::NOTHING_ENDED),
        ("dora.why.nothing-failed", dora::NOTHING_FAILED),
        ("dora.why.recovery-needs", dora::RECOVERY_NEEDS),
        ("dora.why.rework-needs", dora::REWORK_NEEDS),
    ];

    #[test]
    fn why_a_metric_is_unknown_is_said_in_the_words_of_the_reports() {
        for (key, english) in UNKNOWN {
            assert_eq!(Lang::En.tr(key), english);
            assert_ne!(Lang::Vi.tr(key), english, "`{key}` in vi.yml");
        }
        for metric in Metric::ALL {
            for dora in [Dora::default(), Dora { deployments: 3, failed: 1, ..Dora::default() }] {
                assert!(UNKNOWN.iter().any(|(key, _)| *key == metric.unknown(&dora)), "{metric:?}");
            }
        }
    }

    #[test]
    fn every_metric_has_a_name_a_definition_and_a_source_in_both_languages() {
        for metric in Metric::ALL {
            for lang in [Lang::En, Lang::Vi] {
                for key in [metric.title().to_owned(), metric.records().to_owned(), format!("term.{}", metric.term()), format!("term.{}.source", metric.term())]
                {
                    assert!(lang.find(&key).is_some(), "`{key}` in {lang:?}");
                }
            }
        }
    }
}
