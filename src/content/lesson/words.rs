//! The texts of a lesson against its plan: no key is missing and none is left over, what they quote is measured, and every
//! number with a unit that they say has a source.

use std::collections::{BTreeMap, BTreeSet};

use super::{report, within};
use crate::content::diagnostic::{Code, Collector, Finding};
use crate::content::tree::{At, Node, Segment};
use crate::lang::Lang;
use crate::lesson::facts;
use crate::lesson::plan::{Kind, Lesson, Prediction, RightAnswer, Step};
use crate::lesson::quote::quoted;
use crate::lesson::texts::{LessonTexts, Piece, StepTexts, pieces};
use crate::lesson::translation::{Lack, untranslated};
use crate::wording::{nearest, shown};

/// Checks the texts in one language.
pub(super) fn check(lesson: &Lesson, texts: &LessonTexts, tree: &Node, lang: Lang, collector: &mut Collector) {
    let mut words = Words { lesson, tree, lang, collector };
    words.wanted(&texts.title, &At::ROOT.key("title"), "the lesson has no title");
    words.wanted(&texts.summary, &At::ROOT.key("summary"), "what can somebody do who has finished it?");
    words.numbers(&texts.summary, &[Segment::Key("summary".to_owned())]);
    let steps = At::ROOT.key("step");
    words.same(texts.step.keys(), lesson.steps.iter().map(|step| step.id.as_str()), "step", &steps);
    for (at, step) in lesson.steps.iter().enumerate() {
        // Of two steps with one name, which is a mistake that is told, the texts are those of the first.
        let is_first = lesson.steps[..at].iter().all(|earlier| earlier.id != step.id);
        if let Some(texts) = texts.step.get(&step.id).filter(|_| is_first) {
            words.step(at, step, texts, &steps.key(&step.id));
        }
    }
}

/// What is said in one language is said in all of them. What must be there is looked at before; this is about what may be there.
pub(super) fn alike(lesson: &Lesson, trees: &BTreeMap<Lang, Node>, collector: &mut Collector) {
    let steps = At::ROOT.key("step");
    let mut languages = lesson.texts.iter();
    let Some((first, reference)) = languages.next() else { return };
    for (lang, texts) in languages {
        for (id, step) in &texts.step {
            let Some(other) = reference.step.get(id) else { continue };
            let mut differ = |key: &str, name: Option<&str>, here: bool, there: bool| {
                if here == there {
                    return;
                }
                let (has, lacks) = if here { (lang, first) } else { (first, lang) };
                let Some(tree) = trees.get(lacks) else { return };
                let path = steps.key(id);
                let path = path.key(key);
                let what = name.map_or_else(|| key.to_owned(), |name| format!("{key}.{name}"));
                let message = format!("step `{id}` has `{what}` in `{}`, and none in `{}`", has.code(), lacks.code());
                report(tree, &name.map_or(path, |name| path.key(name)), Finding::error(Code::MissingKey, message), collector);
            };
            differ("explain", None, !step.explain.is_empty(), !other.explain.is_empty());
            let options: BTreeSet<&String> = step.feedback.keys().chain(other.feedback.keys()).collect();
            for option in options {
                differ("feedback", Some(option), step.feedback.contains_key(option), other.feedback.contains_key(option));
            }
        }
    }
    for lacking in untranslated(&lesson.texts) {
        let Some(tree) = trees.get(&lacking.lang) else { continue };
        let mut path: Vec<Segment> = lacking.step.iter().flat_map(|id| ["step", id.as_str()]).map(|key| Segment::Key(key.to_owned())).collect();
        path.extend(segments(&lacking.key));
        let finding = match &lacking.lack {
            Lack::Copied(from) => Finding::warning(Code::Untranslated, format!("the same as in `{}`", from.code())).label("not translated"),
            Lack::NoMarks => Finding::warning(Code::Untranslated, "no letter of this is Vietnamese").label("not translated"),
            Lack::Quotes(..) => Finding::warning(Code::Untranslated, format!("`{}`: {}", lacking.key, lacking.lack)),
        };
        collector.add(&tree.place_of(&path), finding.help("a lesson is proved when both languages say the same"));
    }
}

/// Facts are there to be said; what is measured may be said in words, as in "one in ten".
pub(super) fn unsaid(lesson: &Lesson, tree: &Node, collector: &mut Collector) {
    let is_said = |number: f64, unit: &str| {
        lesson.texts.iter().any(|(lang, texts)| {
            let sentences = texts.step.values().flat_map(StepTexts::sentences).map(|(_, text)| text);
            let mut numbers = sentences.chain([texts.summary.as_str()]).flat_map(|text| facts::said(text, *lang));
            numbers.any(|said| said.unit == unit && (said.number - number).abs() < 1e-9)
        })
    };
    let all = At::ROOT.key("facts");
    for fact in lesson.facts.iter().filter(|fact| fact.measured.is_none()) {
        if facts::number(&fact.text).is_some_and(|(number, unit)| !is_said(number, unit)) {
            let finding = Finding::warning(Code::Unused, format!("no text says `{}`", shown(&fact.text))).label("a fact for nothing");
            report(tree, &all.key(&fact.text).as_key(), finding, collector);
        }
    }
}

struct Words<'a> {
    lesson: &'a Lesson,
    tree: &'a Node,
    lang: Lang,
    collector: &'a mut Collector,
}

impl Words<'_> {
    fn report(&mut self, at: &At<'_>, finding: Finding) {
        report(self.tree, at, finding, self.collector);
    }

    fn step(&mut self, number: usize, step: &Step, texts: &StepTexts, at: &At<'_>) {
        self.wanted(&texts.title, &at.key("title"), "the step has no title");
        self.wanted(&texts.text, &at.key("text"), "the step says nothing");
        let task = step.kind.task();
        let asks = task.is_some() || matches!(step.kind, Kind::Predict(_));
        self.exactly(&texts.task, asks, &at.key("task"), "what is to be done, or predicted?");
        self.exactly(&texts.model, matches!(step.kind, Kind::Reflect), &at.key("model"), "what would a teacher say?");
        if matches!(step.kind, Kind::Predict(_)) {
            self.wanted(&texts.explain, &at.key("explain"), "why does it come so?");
        }
        let hints = task.map_or(0, |task| task.hints.len());
        if texts.hints.len() != hints {
            let finding = Finding::error(Code::MissingKey, format!("{} hints in words, and {hints} in the lesson", texts.hints.len()));
            self.report(&at.key("hints"), finding);
        }
        let goals = task.into_iter().flat_map(|task| &task.goals).map(|goal| goal.id.as_str());
        self.same(texts.goals.keys(), goals, "goal", &at.key("goals"));
        let misconceptions = task.into_iter().flat_map(|task| &task.misconceptions).map(|misconception| misconception.id.as_str());
        self.same(texts.misconceptions.keys(), misconceptions, "misconception", &at.key("misconceptions"));
        let (options, wrong): (Vec<&str>, Vec<&str>) = match &step.kind {
            Kind::Predict(Prediction::Option { options, answer }) => {
                let all: Vec<&str> = options.iter().map(|(id, _)| id.as_str()).collect();
                (all.clone(), all.into_iter().filter(|id| answer.as_deref() != Some(*id)).collect())
            }
            _ => (Vec::new(), Vec::new()),
        };
        self.same(texts.options.keys(), options.iter().copied(), "option", &at.key("options"));
        self.known(texts.feedback.keys(), &wrong, "option that is wrong", &at.key("feedback"));
        let questions: &[_] = if let Kind::Quiz(questions) = &step.kind { questions } else { &[] };
        self.same(texts.questions.keys(), questions.iter().map(|question| question.id.as_str()), "question", &at.key("questions"));
        for question in questions {
            let Some(texts) = texts.questions.get(&question.id) else { continue };
            let questions_at = at.key("questions");
            let at = questions_at.key(&question.id);
            let options: &[String] = if let RightAnswer::Option { options, .. } = &question.answer { options } else { &[] };
            self.same(texts.options.keys(), options.iter().map(String::as_str), "option", &at.key("options"));
        }
        for (key, text) in texts.sentences() {
            let mut path = at.segments();
            path.extend(segments(&key));
            self.quotes(number, text, &path);
            self.numbers(text, &path);
        }
    }

    /// What a text quotes is measured.
    fn quotes(&mut self, number: usize, text: &str, path: &[Segment]) {
        for piece in pieces(text) {
            let name = match piece {
                Piece::Quote(name) => name,
                Piece::Plain(plain) => {
                    self.open_braces(number, plain, path);
                    continue;
                }
            };
            if quoted(self.lesson, number, name).is_some() {
                continue;
            }
            let earlier = self.lesson.steps[..number].iter().flat_map(|step| step.values.iter().map(|value| format!("{}.{}", step.id, value.name)));
            let known: Vec<String> = self.lesson.steps[number].values.iter().map(|value| value.name.clone()).chain(earlier).collect();
            let finding = Finding::error(Code::UnknownName, format!("nothing measures `{}`", shown(name))).label("quoted here");
            let known = || known.iter().map(String::as_str);
            let others = || Some("values are declared in the step, in `lesson.toml`".to_owned());
            let place = self.tree.place_of(path);
            let start = text.find(&format!("{{{name}}}")).unwrap_or_default();
            let place = within(&place, text, start..start + name.len() + 2, self.collector);
            self.collector.add(&place, finding.suggest(nearest(name, known()), others));
        }
    }

    /// A value is quoted between two braces.
    fn open_braces(&mut self, number: usize, plain: &str, path: &[Segment]) {
        for (_, rest) in plain.match_indices('{').map(|(at, _)| plain.split_at(at + 1)) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.').unwrap_or(rest.len());
            let name = rest[..end].trim_end_matches('.');
            if quoted(self.lesson, number, name).is_some() {
                let finding = Finding::error(Code::BadName, format!("the brace before `{}` is not closed", shown(name)));
                self.collector.add(&self.tree.place_of(path), finding.help(format!("a value is quoted as `{{{name}}}`")));
            }
        }
    }

    /// Numbers with units have a source.
    fn numbers(&mut self, text: &str, path: &[Segment]) {
        for said in facts::said(text, self.lang) {
            let is_known = |fact: &str| facts::number(fact).is_some_and(|(number, unit)| unit == said.unit && (number - said.number).abs() < 1e-9);
            if self.lesson.facts.iter().any(|fact| is_known(&fact.text)) {
                continue;
            }
            let written = &text[said.at.clone()];
            let place = within(&self.tree.place_of(path), text, said.at.clone(), self.collector);
            let finding = Finding::error(Code::MissingKey, format!("where does `{}` come from?", shown(written))).label("a number without a source");
            let help = format!("declare \"{}\" among the `facts` of lesson.toml, or quote a value that the step measures", said.fact());
            self.collector.add(&place, finding.help(help));
        }
    }

    /// The keys that are written are those of the plan.
    fn same<'k, 'p>(&mut self, written: impl Iterator<Item = &'k String> + Clone, wanted: impl Iterator<Item = &'p str>, what: &str, at: &At<'_>) {
        let wanted: Vec<&str> = wanted.collect();
        for id in &wanted {
            if !written.clone().any(|other| other == id) {
                self.report(at, Finding::error(Code::MissingKey, format!("no words for the {what} `{id}`")));
            }
        }
        self.known(written, &wanted, what, at);
    }

    /// Nothing is written of what there is not.
    fn known<'k>(&mut self, written: impl Iterator<Item = &'k String>, known: &[&str], what: &str, at: &At<'_>) {
        for id in written.filter(|id| !known.contains(&id.as_str())) {
            let finding = Finding::error(Code::UnknownKey, format!("there is no {what} `{}`", shown(id)));
            let guess = nearest(id, known.iter().copied());
            self.report(&at.key(id).as_key(), finding.suggest(guess, || None));
        }
    }

    fn wanted(&mut self, text: &str, at: &At<'_>, question: &str) {
        if text.trim().is_empty() {
            self.report(at, Finding::error(Code::MissingKey, question).label(format!("needs `{}`", at.last_key())));
        }
    }

    /// A text that is there exactly if the step is of a kind.
    fn exactly(&mut self, text: &str, wanted: bool, at: &At<'_>, question: &str) {
        if wanted {
            self.wanted(text, at, question);
        } else if !text.is_empty() {
            let finding = Finding::error(Code::Unused, format!("a step of this kind has no `{}`", at.last_key()));
            self.report(&at.as_key(), finding);
        }
    }
}

/// The path of a sentence within its step: `goals.errors`, `hints[1]`.
fn segments(key: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in key.split('.') {
        let (name, index) = part.split_once('[').map_or((part, None), |(name, rest)| (name, rest.trim_end_matches(']').parse().ok()));
        segments.push(Segment::Key(name.to_owned()));
        segments.extend(index.map(Segment::Index));
    }
    segments
}
