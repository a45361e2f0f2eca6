//! `fleetlab schema scenario`: prints the JSON Schema of a format, for editors that complete and check as one types.
//!
//! To add a format, add its name and where its schema comes from to [`FORMATS`].

use std::io::Write;

use anyhow::bail;
use schemars::Schema;

/// A format that has a schema: its name, and what makes the schema.
type Format = (&'static str, fn() -> Schema);

/// The formats that have a schema, sorted by name.
pub const FORMATS: &[Format] = &[("scenario", crate::content::scenario_schema)];

/// Prints the schema of a format. Returns the exit status, 0.
pub fn run(format: &str, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Some((_, schema)) = FORMATS.iter().find(|(name, _)| *name == format) else {
        let names: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
        bail!("there is no format `{format}`; there are: {}", names.join(", "));
    };
    serde_json::to_writer_pretty(&mut *out, &schema())?;
    writeln!(out)?;
    Ok(0)
}
