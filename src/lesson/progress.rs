//! What a learner did, as a journal of events: which lessons are finished, and what is to be asked again and when.
//!
//! A line is an event in JSON, and lines are only ever added, so that a program that is killed loses at most the line that it was
//! writing; that line is left out when the journal is read. What follows from the events is computed each time. It knows no file and
//! no clock: whoever keeps the journal says when things happened [Unix s].
//!
//! Reviews are spaced: a question of a finished lesson comes again after 1, 3, 7 and 21 days, each time that it was answered right, and
//! after a day when it was not. Longer gaps keep longer (Cepeda et al. 2008), and being asked teaches more than reading again
//! (Adesope et al. 2017).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the journal's format, which its first line says.
pub const FORMAT_VERSION: u32 = 1;
/// Days until a question comes again, by how often in a row it was answered right when it came.
pub const REVIEW_DAYS: [u64; 4] = [1, 3, 7, 21];
const DAY: u64 = 24 * 3600;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format_version: u32,
}

/// Something that a learner did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When [Unix s].
    pub at: u64,
    /// The lesson.
    pub lesson: String,
    /// What.
    pub what: Deed,
}

/// What a learner did in a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// Predicted what a step would come to.
    Predicted {
        /// The step.
        step: String,
        /// The prediction: an option's name, or a number.
        said: String,
        /// How sure, 1 to 3.
        confidence: u8,
        /// Whether it came true; nothing where there is no right and wrong.
        right: Option<bool>,
    },
    /// Did a step.
    Done {
        /// The step.
        step: String,
        /// Hints that were read.
        hints: u32,
        /// Whether the solution was watched.
        shown: bool,
    },
    /// Answered a question, in the lesson or when it came again.
    Answered {
        /// The question.
        question: String,
        /// The answer.
        said: String,
        /// Whether it was right.
        right: bool,
    },
    /// Wrote what they think.
    Reflected {
        /// The step.
        step: String,
        /// The text.
        text: String,
    },
    /// Took the lesson's test. Whoever passed it has finished the lesson, which stands beside it.
    Tested {
        /// Whether it was passed.
        passed: bool,
    },
    /// Finished the lesson.
    Finished {},
}

/// Questions of a lesson that are due again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The lesson.
    pub lesson: String,
    /// Its questions.
    pub questions: Vec<String>,
}

/// A journal that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadJournal {
    /// It is of another version.
    #[error("the journal of progress has format version {0}; this program reads version {FORMAT_VERSION}")]
    Version(u32),
    /// Its first line does not say what it is.
    #[error("this is no journal of progress: its first line does not say its version")]
    Head,
}

/// What a learner did so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    events: Vec<Event>,
}

impl Progress {
    /// The first line of a new journal.
    pub fn head() -> String {
        line(&Head { format_version: FORMAT_VERSION })
    }

    /// The whole journal.
    pub fn journal(&self) -> String {
        std::iter::once(Self::head()).chain(self.events.iter().map(Self::line)).collect()
    }

    /// The line of an event.
    pub fn line(event: &Event) -> String {
        line(event)
    }

    /// Reads a journal. Lines that are no events are left out, as the one is that was being written when the program was killed;
    /// how many comes with it.
    pub fn read(text: &str) -> Result<(Self, usize), BadJournal> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let Some(first) = lines.next() else { return Ok((Self::default(), 0)) };
        let head: Head = serde_json::from_str(first).map_err(|_no_head| BadJournal::Head)?;
        if head.format_version != FORMAT_VERSION {
            return Err(BadJournal::Version(head.format_version));
        }
        let (mut events, mut lost) = (Vec::new(), 0);
        for line in lines {
            match serde_json::from_str(line) {
                Ok(event) => events.push(event),
                Err(_) => lost += 1,
            }
        }
        Ok((Self { events }, lost))
    }

    /// What was done, in the order of the journal.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Something more was done.
    pub fn add(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Takes over what another journal has and this one does not; what came of it is what is to be added to this one.
    pub fn merge(&mut self, other: &Self) -> Vec<Event> {
        let fresh: Vec<Event> = other.events.iter().filter(|event| !self.events.contains(event)).cloned().collect();
        self.events.extend(fresh.iter().cloned());
        self.events.sort_by_key(|event| event.at);
        fresh
    }

    /// When a lesson was finished first; `None` if it was not yet.
    pub fn finished(&self, lesson: &str) -> Option<u64> {
        self.events.iter().filter(|event| event.lesson == lesson && event.what == Deed::Finished {}).map(|event| event.at).min()
    }

    /// Whether a lesson was begun: anything was done in it.
    pub fn is_begun(&self, lesson: &str) -> bool {
        self.events.iter().any(|event| event.lesson == lesson)
    }

    /// What is to be asked again by now, in the order of the lessons' names.
    pub fn due(&self, now: u64) -> Vec<Due> {
        let mut due: Vec<Due> = Vec::new();
        for (lesson, question, _) in self.coming().filter(|(.., at)| *at <= now) {
            match due.last_mut().filter(|due| due.lesson == lesson) {
                Some(due) => due.questions.push(question.to_owned()),
                None => due.push(Due { lesson: lesson.to_owned(), questions: vec![question.to_owned()] }),
            }
        }
        due
    }

    /// When something of a lesson is to be asked again that is not yet due; `None` if nothing is.
    pub fn next_due(&self, lesson: &str, now: u64) -> Option<u64> {
        self.coming().filter(|(of, _, at)| *of == lesson && *at > now).map(|(.., at)| at).min()
    }

    /// The questions of finished lessons that come again, each with its lesson, and when.
    fn coming(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        let mut answers: BTreeMap<(&str, &str), Vec<(u64, bool)>> = BTreeMap::new();
        for event in &self.events {
            if let Deed::Answered { question, right, .. } = &event.what {
                answers.entry((&event.lesson, question)).or_default().push((event.at, *right));
            }
        }
        let of = |((lesson, question), answers): ((_, _), Vec<(u64, bool)>)| Some((lesson, question, due_at(&answers)?));
        answers.into_iter().filter_map(of).filter(|(lesson, ..)| self.finished(lesson).is_some())
    }
}

/// When a question comes again; `None` if it has come often enough. Whoever repeats a lesson before it is due answers it too soon to show that it
/// was kept.
fn due_at(answers: &[(u64, bool)]) -> Option<u64> {
    let (first, _) = answers.first()?;
    let (mut level, mut at) = (0, first + REVIEW_DAYS[0] * DAY);
    for (answered, right) in answers.iter().skip(1).copied() {
        if answered < at {
            continue;
        }
        level = if right { level + 1 } else { 0 };
        at = answered + REVIEW_DAYS.get(level)? * DAY;
    }
    Some(at)
}

fn line<T: Serialize>(value: &T) -> String {
    // Plain structures of numbers and texts have a JSON form.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: u64, what: Deed) -> Event {
        Event { at, lesson: "02-queues".to_owned(), what }
    }

    fn answered(at: u64, right: bool) -> Event {
        event(at, Deed::Answered { question: "ninety".to_owned(), said: "100".to_owned(), right })
    }

    fn due_days(events: &[Event]) -> Option<u64> {
        let progress = Progress { events: events.to_vec() };
        (0..200).find(|day| !progress.due(day * DAY).is_empty())
    }

    #[test]
    fn questions_come_again_after_one_three_seven_and_twenty_one_days() {
        let mut events = vec![answered(0, false), event(0, Deed::Finished {})];
        for day in [1, 4, 11, 32] {
            assert_eq!(due_days(&events), Some(day));
            events.push(answered(day * DAY, true));
        }
        assert_eq!(due_days(&events), None, "it has come often enough");
        let progress = Progress { events: events[..3].to_vec() };
        assert_eq!(progress.next_due("02-queues", DAY), Some(4 * DAY));
        assert_eq!((progress.next_due("02-queues", 4 * DAY), progress.next_due("03-other", DAY)), (None, None));
    }

    #[test]
    fn a_wrong_answer_brings_it_back_the_next_day_and_one_too_soon_counts_for_nothing() {
        let mut events = vec![answered(0, true), event(0, Deed::Finished {}), answered(DAY / 2, true)];
        assert_eq!(due_days(&events), Some(1));
        events.extend([answered(DAY, true), answered(4 * DAY, false)]);
        assert_eq!(due_days(&events), Some(5));
    }

    #[test]
    fn nothing_of_a_lesson_that_is_not_finished_is_asked_again() {
        assert_eq!(due_days(&[answered(0, true)]), None);
    }

    #[test]
    fn a_journal_that_was_cut_anywhere_loses_one_line_at_most() {
        let events =
            [answered(1, true), event(2, Deed::Reflected { step: "why".to_owned(), text: "vì hàng đợi\n\"dài\"".to_owned() }), event(3, Deed::Finished {})];
        let whole: String = std::iter::once(Progress::head()).chain(events.iter().map(Progress::line)).collect();
        for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let cut = &whole[..end];
            let complete = cut.matches('\n').count().saturating_sub(1);
            match Progress::read(cut) {
                Ok((read, _)) => {
                    assert!(read.events().len() >= complete, "{cut}");
                    assert_eq!(read.events(), &events[..read.events().len()]);
                }
                // Not even the first line is there.
                Err(problem) => assert!(!cut.contains('\n'), "{problem}: {cut}"),
            }
        }
        assert_eq!(Progress::read("{\"format_version\":2}\n"), Err(BadJournal::Version(2)));
    }

    #[test]
    fn journals_of_two_machines_become_one() {
        let mut here = Progress { events: vec![answered(1, true), event(5, Deed::Finished {})] };
        let there = Progress { events: vec![answered(1, true), answered(3, false)] };
        assert_eq!(here.merge(&there), [answered(3, false)]);
        assert_eq!(here.events(), [answered(1, true), answered(3, false), event(5, Deed::Finished {})]);
        assert!(here.merge(&there).is_empty());
    }
}
