//! Words of the window: what it does with texts beyond looking them up, which is [`Lang`]'s.

pub use crate::lang::Lang;

/// How an action is spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tense {
    /// It is asked for.
    Wanted,
    /// It was done.
    Done,
}

impl Tense {
    /// Which of two keys says it so.
    pub(crate) const fn of(self, wanted: &'static str, done: &'static str) -> &'static str {
        match self {
            Self::Wanted => wanted,
            Self::Done => done,
        }
    }
}

/// The paragraphs of a text whose lines were broken by hand, without the marks of Markdown's code and emphasis: a label
/// has one font.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    let joined = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ").replace(['`', '*'], "");
    text.split("\n\n").map(joined).filter(|part| !part.is_empty()).collect()
}

/// `cpu-starvation` or `max_surge` as words: `Cpu starvation`, for names that no translation knows yet.
pub(crate) fn humanised(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::command::NoPipeline;
    use crate::delivery::not_deployed::NotDeployed;
    use crate::delivery::pipeline::outcome::Why as PipelineWhy;
    use crate::fleet::deploy::Strategy;
    use crate::fleet::fault::{FaultKind, Selector};
    use crate::fleet::order::Refusal;
    use crate::kernel::outcome::Reason;
    use crate::lab::{Refused, Said, Why};
    use crate::lesson::attempt::Forbidden;
    use crate::lesson::not_graded::{NotGraded, Unread};
    use crate::telemetry::ledger::{Cause, Deed, Progress, Trouble};

    /// The keys and texts of a translation file.
    fn entries(file: &str) -> Vec<(&str, &str)> {
        file.lines().filter(|line| !line.starts_with(['#', '_']) && line.contains(": ")).filter_map(|line| line.split_once(": ")).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_placeholders() {
        let en = entries(include_str!("../../assets/i18n/en.yml"));
        let vi = entries(include_str!("../../assets/i18n/vi.yml"));
        for (one, other, missing_in) in [(&en, &vi, "vi"), (&vi, &en, "en")] {
            for (key, text) in one {
                let Some((_, translated)) = other.iter().find(|(k, _)| k == key) else {
                    panic!("`{key}` is missing in {missing_in}.yml");
                };
                let holes = |text: &str| text.matches("%{").count();
                assert_eq!(holes(text), holes(translated), "placeholders of `{key}`");
            }
        }
        assert!(en.len() > 100, "the file was read");
    }

    #[test]
    fn a_text_is_folded_into_paragraphs_without_its_marks() {
        let text = "Look at `db`:\nit *only* waits.\n\nThen look\nagain.";
        assert_eq!(paragraphs(text), ["Look at db: it only waits.", "Then look again."]);
    }

    #[test]
    fn whatever_the_simulation_says_is_said_in_both_languages() {
        for (key, english) in [
            Cause::ENGLISH,
            Deed::ENGLISH,
            Refusal::ENGLISH,
            Refused::ENGLISH,
            Said::ENGLISH,
            Why::ENGLISH,
            Progress::ENGLISH,
            Trouble::ENGLISH,
            NoPipeline::ENGLISH,
            PipelineWhy::ENGLISH,
            NotDeployed::ENGLISH,
            Forbidden::ENGLISH,
            NotGraded::ENGLISH,
            Unread::ENGLISH,
        ]
        .concat()
        {
            let key = format!("said.{key}");
            assert_eq!(Lang::En.find(&key).map(|text| text.replace("%{", "{")).as_deref(), Some(english), "`{key}` in en.yml");
            let vietnamese = Lang::Vi.find(&key).unwrap_or_else(|| panic!("`{key}` is missing in vi.yml"));
            for name in english.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name) {
                assert!(vietnamese.contains(&format!("%{{{name}}}")), "`{name}` in `{key}` of vi.yml");
            }
        }
        let said = Said::Failed { version: "v2".to_owned(), why: Cause::CircuitBreaker { failed: 3, threshold: 3 } }.sentence();
        assert_eq!(Lang::En.say(&said), "v2 failed: circuit breaker: 3 tasks failed, threshold 3");
        let deploys = Said::Deploys { version: "v2".to_owned(), strategy: "all-at-once" }.sentence();
        assert_eq!((Lang::En.say(&deploys), Lang::Vi.say(&deploys)), ("deploy v2, all at once".into(), "deploy v2, tất cả cùng lúc".into()));
        let held = PipelineWhy::NotDeployed { why: NotDeployed::HeldUntil { change: 12 }.sentence() }.sentence();
        assert_eq!((Lang::En.say(&held), held.to_string()), ("held back until change 12 is in it".to_owned(), "held back until change 12 is in it".to_owned()));
        assert_eq!(Lang::Vi.say(&held), "đang giữ lại: phải chờ change 12");
        let measured = Why::Errors { percent: "18.4".to_owned() }.sentence();
        assert!(Lang::Vi.say(&measured).contains("18,4 %"), "{}", Lang::Vi.say(&measured));
        assert!(Lang::Vi.say(&said).contains("3 task"), "{}", Lang::Vi.say(&said));
    }

    #[test]
    fn one_thing_is_not_several() {
        assert_eq!([0, 1, 2].map(|count| Lang::En.counted("actions", count)), ["0 actions", "1 action", "2 actions"]);
        assert_eq!(Lang::Vi.counted("actions", 1), "1 thao tác");
        let records = |count: usize| Lang::En.with_count("dora.records.rework", count, &[("count", &count.to_string())]);
        assert_eq!([1, 2].map(records), ["Behind it: 1 unplanned deployment", "Behind it: 2 unplanned deployments"]);
    }

    #[test]
    fn everything_that_can_be_chosen_has_a_name_and_an_explanation() {
        for (group, names) in [("fault", FaultKind::NAMES), ("selector", Selector::NAMES), ("strategy", Strategy::NAMES)] {
            for name in names {
                for part in ["name", "about"] {
                    for (lang, _) in Lang::ALL {
                        let key = format!("{group}.{name}.{part}");
                        assert!(lang.find(&key).is_some(), "`{key}` in {}", lang.code());
                    }
                }
            }
        }
        for reason in Reason::ALL {
            assert!(Lang::En.find(&format!("reason.{}", reason.name())).is_some(), "reason.{}", reason.name());
        }
    }
}
