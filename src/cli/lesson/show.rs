//! `fleetlab lesson show`: what a lesson says, step by step, with its goals, for whoever prepares a class.

use std::fmt::Write as _;

use super::{DONE, Streams, lang, load};
use crate::lang::Lang;
use crate::lesson::plan::{Deed, Kind, Lesson, Prediction, RightAnswer, Step};

/// Shows what a lesson says, with its goals and its solution.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fleetlab lesson show 10-canary\n  fleetlab lesson show lessons/my-lesson --lang vi --solutions")]
pub(super) struct Args {
    /// A lesson: its name, or the path of its folder
    lesson: String,
    /// The language
    #[arg(long, value_parser = lang, default_value = "en")]
    lang: Lang,
    /// Also show solutions and right answers
    #[arg(long)]
    solutions: bool,
}

/// Shows, as Markdown. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    match load(&args.lesson, streams)? {
        Ok(loaded) => {
            streams.out.write_all(document(&loaded.lesson, args.lang, args.solutions).as_bytes())?;
            Ok(DONE)
        }
        Err(status) => Ok(status),
    }
}

/// A lesson as Markdown. What is measured stands in braces, as in its files.
fn document(lesson: &Lesson, lang: Lang, solutions: bool) -> String {
    let texts = lesson.texts(lang);
    let mut out = format!("# {}\n\n{}\n", texts.title, texts.summary.trim());
    let facts = [("topics", &lesson.topics), ("requires", &lesson.requires), ("sources", &lesson.sources)];
    let _ = write!(out, "\n{}", lang.with("home.minutes", &[("minutes", &lesson.minutes.to_string())]));
    for (what, list) in facts.into_iter().filter(|(_, list)| !list.is_empty()) {
        let _ = write!(out, " · {}: {}", word(lang, what), list.join(", "));
    }
    out.push('\n');
    if !lesson.test.is_empty() {
        let steps: Vec<&str> = lesson.test.iter().filter_map(|at| lesson.steps.get(*at)).map(|step| step.id.as_str()).collect();
        let _ = writeln!(out, "\n{}: `{}`", word(lang, "test"), steps.join("`, `"));
    }
    for (number, step) in lesson.steps.iter().enumerate() {
        step_of(&mut out, lesson, lang, number, step, solutions);
    }
    out
}

fn step_of(out: &mut String, lesson: &Lesson, lang: Lang, number: usize, step: &Step, solutions: bool) {
    let empty = crate::lesson::texts::StepTexts::default();
    let texts = lesson.texts(lang).step.get(&step.id).unwrap_or(&empty);
    let _ = writeln!(out, "\n## {}. {} ({})\n\n{}", number + 1, texts.title, step.kind.name(), texts.text.trim());
    if !texts.task.is_empty() {
        let _ = writeln!(out, "\n**{}**", texts.task.trim());
    }
    if let Some(task) = step.kind.task() {
        out.push('\n');
        for goal in &task.goals {
            let say = texts.goals.get(&goal.id).map_or("", String::as_str);
            let optional = if goal.optional { format!(" ({})", word(lang, "optional")) } else { String::new() };
            let _ = writeln!(out, "- {say}{optional}: `{}`", goal.holds);
        }
        if solutions {
            deeds(out, lang, "solution", &task.solution);
            for way in &task.alternatives {
                deeds(out, lang, "or", way);
            }
        }
    }
    match &step.kind {
        Kind::Predict(Prediction::Option { options, answer }) => {
            out.push('\n');
            for (id, _) in options {
                let right = if solutions && answer.as_ref() == Some(id) { " ✓" } else { "" };
                let _ = writeln!(out, "- {}{right}", texts.options.get(id).map_or(id.as_str(), String::as_str));
            }
        }
        Kind::Predict(Prediction::Number(number)) if solutions => {
            let _ = writeln!(out, "\n{}: {} {}", word(lang, "answer"), lang.figure(&number.answer.to_string()), number.unit);
        }
        Kind::Quiz(questions) => {
            for question in questions {
                let Some(texts) = texts.questions.get(&question.id) else { continue };
                let _ = writeln!(out, "\n{}", texts.ask.trim());
                match &question.answer {
                    RightAnswer::Option { options, answer } => {
                        for id in options {
                            let right = if solutions && id == answer { " ✓" } else { "" };
                            let _ = writeln!(out, "- {}{right}", texts.options.get(id).map_or(id.as_str(), String::as_str));
                        }
                    }
                    RightAnswer::Number { answer, unit, .. } if solutions => {
                        let _ = writeln!(out, "{}: {} {unit}", word(lang, "answer"), lang.figure(&answer.to_string()));
                    }
                    RightAnswer::Number { .. } => {}
                }
            }
        }
        Kind::Predict(_) | Kind::Show | Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) | Kind::Reflect => {}
    }
    if solutions && !texts.explain.is_empty() {
        let _ = writeln!(out, "\n{}", texts.explain.trim());
    }
}

fn word(lang: Lang, name: &str) -> String {
    lang.find(&format!("lesson.show.{name}")).unwrap_or_default().into_owned()
}

fn deeds(out: &mut String, lang: Lang, what: &str, deeds: &[Deed]) {
    let _ = writeln!(out, "\n{}:", word(lang, what));
    for deed in deeds {
        let action = serde_json::to_string(&deed.action.as_written()).unwrap_or_default();
        let _ = writeln!(out, "- {}: `{action}`", lang.with("lesson.show.after", &[("after", &deed.after.to_string())]));
    }
}
