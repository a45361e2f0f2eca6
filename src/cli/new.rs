//! `fleetlab new lesson|scenario NAME`: the commented beginning of one, which checks and proves as it is.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use super::{DONE, Streams};

/// Writes the commented beginning of a lesson or a scenario.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab new lesson lessons/slow-checkout
  fleetlab new scenario scenarios/my-shop
  fleetlab open lessons/slow-checkout        Open it; it is read again whenever a file of it changes";

#[derive(Debug, Subcommand)]
enum What {
    /// A folder with a lesson of two steps in both languages, and its world
    Lesson {
        /// The folder to make; its name is the lesson's
        name: PathBuf,
    },
    /// A file with a scenario of two services, a fault and an objective
    Scenario {
        /// The file to write, with or without `.toml`; its name is the scenario's
        name: PathBuf,
    },
}

/// The files of a new lesson.
const LESSON: [(&str, &str); 4] = [
    ("lesson.toml", include_str!("../../assets/templates/lesson/lesson.toml")),
    ("en.toml", include_str!("../../assets/templates/lesson/en.toml")),
    ("vi.toml", include_str!("../../assets/templates/lesson/vi.toml")),
    ("world.toml", include_str!("../../assets/templates/lesson/world.toml")),
];
const SCENARIO: &str = include_str!("../../assets/templates/scenario.toml");

/// Writes. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    match &args.what {
        What::Lesson { name } => {
            plain(name)?;
            if name.exists() {
                bail!("`{}` is there already; nothing was written", name.display());
            }
            std::fs::create_dir_all(name).with_context(|| format!("cannot make the folder `{}`", name.display()))?;
            for (file, text) in LESSON {
                write(&name.join(file), text)?;
            }
            let shown = name.display();
            writeln!(streams.out, "{shown}: {} files", LESSON.len())?;
            writeln!(streams.err, "next: fleetlab check {shown} · fleetlab lesson prove {shown} · fleetlab open {shown}")?;
        }
        What::Scenario { name } => {
            plain(name)?;
            let path = if name.extension().is_some_and(|ending| ending == "toml") { name.clone() } else { PathBuf::from(format!("{}.toml", name.display())) };
            if path.exists() {
                bail!("`{}` is there already; nothing was written", path.display());
            }
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
            }
            write(&path, SCENARIO)?;
            let shown = path.display();
            writeln!(streams.out, "{shown}")?;
            writeln!(streams.err, "next: fleetlab check {shown} · fleetlab run {shown} · fleetlab open {shown}")?;
        }
    }
    Ok(DONE)
}

/// The last part of a path is a name that packs and other machines can hold.
fn plain(path: &Path) -> anyhow::Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) && !name.starts_with(['.', '-']);
    if is_plain { Ok(()) } else { bail!("`{name}` is no good name; write letters, digits and `-`, such as `slow-checkout`") }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}
