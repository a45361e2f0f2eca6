//! `fleetlab grade FOLDER`: runs learners' work again, and writes a table of what it comes to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rayon::prelude::*;

use super::output::{self, OutputArgs};
use super::run::read_text;
use super::{DONE, FAILED, Streams};
use crate::content::Lessons;
use crate::lab::{Session, SessionFile};
use crate::lang::Lang;
use crate::lesson::grade::Grade;
use crate::lesson::not_graded::Unread;
use crate::lesson::{Lesson, Work, grade};
use crate::report::grades::{self, Graded, Grades};
use crate::scenario::TimedAction;
use crate::units::NANOS_PER_SEC;
use crate::wording::shown;

/// The largest file that is read [B]: a lesson with a thousand actions in every step fits.
const LARGEST: u64 = 16 << 20;
/// The longest name of a learner [characters].
const LONGEST_NAME: usize = 200;
/// Files of a folder that are read; a lecture hall has fewer seats.
const MOST: usize = 2_000;

/// Grades learners' work: runs it again, and counts what comes out the same.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A folder with learners' files (`*.json`), or one such file
    path: PathBuf,
    /// Lessons that are not shipped: a folder with lessons, or a pack
    #[arg(long, value_name = "PATH")]
    lessons: Option<PathBuf>,
    /// Also write a table for a spreadsheet to this file, `-` being standard output
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// The language of the table
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab grade returned
  fleetlab grade returned --csv grades.csv -o grades.html
  fleetlab grade returned --lessons my-course.fleetlab

Every action is done again at its time, and each world has to come to the digest that was written down. What was edited
is refused and says why. Sessions of scenarios are replayed; their goals are listed by `fleetlab replay -o`.

Ends with status 1 if anything was refused.";

/// Grades. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let targets = args.output.targets()?;
    if let Some(csv) = args.csv.as_ref().filter(|csv| csv.as_os_str() != "-") {
        output::must_be_writable(csv)?;
    }
    let files = files(&args.path)?;
    let own = args.lessons.as_deref().map(Lessons::in_folder).unwrap_or_default();
    if let Some(folder) = args.lessons.as_ref().filter(|_| own.is_empty()) {
        bail!("there is no lesson in `{}`", folder.display());
    }
    let mut works: Vec<(Graded, Option<Work>)> = files.par_iter().map(|file| graded(file, &own, args.lang)).collect();
    for at in 0..works.len() {
        let same = same_as(&works, at);
        works[at].0.same_as = same;
    }
    let grades = Grades { language: args.lang, works: works.into_iter().map(|(graded, _)| graded).collect() };
    output::write(|format| format.render_grades(&grades), &targets, streams)?;
    if let Some(path) = &args.csv {
        let text = grades::csv(&grades)?;
        if path.as_os_str() == "-" {
            streams.out.write_all(text.as_bytes())?;
        } else {
            std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
            writeln!(streams.err, "wrote {}", path.display())?;
        }
    }
    Ok(if grades.works.iter().any(|work| work.refused.is_some()) { FAILED } else { DONE })
}

/// The files to grade, sorted by name.
fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = path.read_dir().with_context(|| format!("cannot read `{}`", path.display()))?;
    let is_json = |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_json).take(MOST + 1).collect();
    files.sort();
    match files.len() {
        0 => bail!("there is no file of a learner (`*.json`) in `{}`", path.display()),
        count if count > MOST => bail!("`{}` has more than {MOST} files", path.display()),
        _ => Ok(files),
    }
}

/// One file, graded or refused.
fn graded(path: &Path, own: &[PathBuf], lang: Lang) -> (Graded, Option<Work>) {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match read(path, own) {
        Ok((grade, work)) => (Graded { file, grade: Some(grade), refused: None, same_as: Vec::new() }, Some(work)),
        Err(why) => (Graded { file, grade: None, refused: Some(lang.say(&why.sentence())), same_as: Vec::new() }, None),
    }
}

fn read(path: &Path, own: &[PathBuf]) -> Result<(Grade, Work), Unread> {
    let text = read_text(path, LARGEST).map_err(|problem| Unread::Unreadable { why: format!("{problem:#}") })?;
    let work: Work = match serde_json::from_str(&text) {
        Ok(work) => work,
        Err(problem) => return Err(session(&text).unwrap_or_else(|| Unread::Other { why: problem.to_string() })),
    };
    let lesson = lesson(&work.lesson, own)?;
    if work.learner.chars().count() > LONGEST_NAME || work.learner.chars().any(char::is_control) {
        return Err(Unread::Name { most: LONGEST_NAME });
    }
    match grade::grade(&lesson, &work) {
        Ok(grade) => Ok((grade, work)),
        Err(why) => Err(Unread::NotGraded { why: why.sentence(), learner: shown(&work.learner), lesson: shown(&work.lesson) }),
    }
}

/// What a file is that is no work on a lesson, if it is a session of a scenario.
fn session(text: &str) -> Option<Unread> {
    let session: SessionFile = serde_json::from_str(text).ok()?;
    let scenario = session.scenario.name.clone();
    Some(match Session::replay(&session) {
        Ok(_) => Unread::Session { scenario },
        Err(problem) => Unread::SessionChanged { scenario, why: problem.to_string() },
    })
}

/// A lesson by its name: one's own before a shipped one.
fn lesson(name: &str, own: &[PathBuf]) -> Result<Arc<Lesson>, Unread> {
    let path = own.iter().find(|path| path.file_name().is_some_and(|file| file.to_string_lossy() == name));
    let path = match path {
        Some(path) => path.display().to_string(),
        // A name in a file is no path.
        None if Lessons::names().iter().any(|known| known == name) => name.to_owned(),
        None => return Err(Unread::NoLesson { lesson: shown(name) }),
    };
    Lessons::load(&path).map(|loaded| Arc::new(loaded.lesson)).map_err(|_mistakes| Unread::BadLesson { lesson: shown(name) })
}

/// Actions at moments that chance does not repeat: while time stands a step's first moment is everybody's, and only hands on a
/// running clock leave others. So many make a work somebody's own.
const OWN: usize = 2;

/// The files of others in which the same was done at the same moments; what anybody does at a step's first moment is no copying. A file
/// that was handed in twice names itself.
fn same_as(works: &[(Graded, Option<Work>)], at: usize) -> Vec<String> {
    let deeds = |work: &Work| work.steps.iter().map(|step| step.actions.clone()).collect::<Vec<_>>();
    let is_odd = |timed: &&TimedAction| !timed.at.nanos().is_multiple_of(NANOS_PER_SEC);
    let odd = |work: &Work| work.steps.iter().flat_map(|step| &step.actions).filter(is_odd).count();
    let Some(work) = works[at].1.as_ref() else { return Vec::new() };
    let own = odd(work) >= OWN;
    let others = works.iter().enumerate().filter(|(other, _)| *other != at);
    let same = others.filter(|(_, (_, other))| {
        let copied = |other: &Work| own && other.lesson == work.lesson && other.learner != work.learner && deeds(other) == deeds(work);
        other.as_ref().is_some_and(|other| other == work || copied(other))
    });
    same.map(|(_, (graded, _))| graded.file.clone()).collect()
}
