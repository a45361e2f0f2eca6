//! `fleetlab lesson courses`: the courses that are there, with their timetables.

use std::path::PathBuf;

use super::{DONE, FAILED, Streams, lang};
use crate::content::Lessons;
use crate::lang::Lang;

/// Lists courses with their timetables.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fleetlab lesson courses --lang vi\n  fleetlab lesson courses my-course.fleetlab")]
pub(super) struct Args {
    /// A folder with lessons and a `courses.toml`, or a pack [default: the shipped courses]
    path: Option<PathBuf>,
    /// The language of the titles
    #[arg(long, value_parser = lang, default_value = "en")]
    lang: Lang,
}

/// Lists. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let found = args.path.as_deref().map_or_else(Lessons::courses, Lessons::courses_of);
    let courses = match found {
        Ok((courses, warnings)) => {
            streams.err.write_all(warnings.render(streams.colour).as_bytes())?;
            courses
        }
        Err(found) => {
            streams.err.write_all(found.render(streams.colour).as_bytes())?;
            return Ok(FAILED);
        }
    };
    let folder = args.path.as_ref().map(|path| path.display().to_string());
    for course in courses {
        writeln!(streams.out, "{} ({} min): {}", course.title.get(args.lang.code()), course.minutes(), course.summary.get(args.lang.code()))?;
        for (at, item) in course.timetable() {
            let title = match &item.lesson {
                None => item.title.get(args.lang.code()).to_owned(),
                Some(name) => {
                    let own = folder.as_ref().map(|folder| format!("{folder}/{name}"));
                    let loaded = own.and_then(|path| Lessons::load(&path).ok()).or_else(|| Lessons::load(name).ok());
                    loaded.map_or_else(|| name.clone(), |loaded| format!("{name}  {}", loaded.lesson.texts(args.lang).title))
                }
            };
            writeln!(streams.out, "  {:>2}:{:02}  {:>3} min  {title}", at / 60, at % 60, item.minutes)?;
        }
    }
    Ok(DONE)
}
