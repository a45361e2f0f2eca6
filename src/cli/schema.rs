//! `fleetlab schema FORMAT`: prints the JSON Schema of a format, for editors that complete and check as one types.
//!
//! To add a format, add its name and where its schema comes from to [`FORMATS`].

use std::io::Write;

use anyhow::bail;
use clap::builder::PossibleValuesParser;
use schemars::Schema;

use super::Streams;

/// A format that has a schema: its name, and what makes the schema.
type Format = (&'static str, fn() -> Schema);

/// The formats that have a schema, sorted by name.
pub const FORMATS: &[Format] = &[
    ("comparison", || schemars::schema_for!(crate::report::comparison::Comparison)),
    ("courses", crate::content::courses_schema),
    ("lesson", crate::content::lesson_schema),
    ("lesson-texts", || schemars::schema_for!(crate::lesson::texts::LessonTexts)),
    ("report", || schemars::schema_for!(crate::report::model::Report)),
    ("scenario", crate::content::scenario_schema),
    ("session", || schemars::schema_for!(crate::lab::SessionFile)),
    ("work", || schemars::schema_for!(crate::lesson::Work)),
];

/// Prints the JSON Schema of a format.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fleetlab schema scenario > scenario.schema.json\n  fleetlab schema report")]
pub struct Args {
    /// Which format
    #[arg(value_parser = PossibleValuesParser::new(FORMATS.iter().map(|(name, _)| *name)))]
    format: String,
}

/// Prints the schema that the arguments name. Returns the exit status.
pub(super) fn execute(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    run(&args.format, streams.out)
}

/// Prints the schema of a format. Returns the exit status, 0.
pub fn run(format: &str, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Some((_, schema)) = FORMATS.iter().find(|(name, _)| *name == format) else {
        let names: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
        bail!("there is no format `{format}`; there are: {}", names.join(", "));
    };
    // As text first: a reader that closes the pipe is then told apart from a schema that cannot be written.
    writeln!(out, "{}", serde_json::to_string_pretty(&schema())?)?;
    Ok(0)
}
