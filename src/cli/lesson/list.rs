//! `fleetlab lesson list`: the shipped lessons in their order.

use super::{DONE, Streams, lang, load, named, worse};
use crate::lang::Lang;

/// Lists the lessons in their order.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fleetlab lesson list\n  fleetlab lesson list --lang vi\n  fleetlab lesson list my-course.fleetlab")]
pub(super) struct Args {
    /// Lessons: names of shipped ones, folders of lessons, folders of folders, or packs [default: all shipped]
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// The language of the titles
    #[arg(long, value_parser = lang, default_value = "en")]
    lang: Lang,
}

/// Lists. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let mut status = DONE;
    for name in named(&args.lessons) {
        match load(&name, streams)? {
            Ok(loaded) => {
                let lesson = &loaded.lesson;
                let texts = lesson.texts(args.lang);
                writeln!(streams.out, "{:<24} {:>3} min  {:<14} {}", lesson.name, lesson.minutes, lesson.topics.join(" "), texts.title)?;
            }
            Err(found) => status = worse(status, found),
        }
    }
    Ok(status)
}
