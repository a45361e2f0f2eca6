//! Where reports go: standard output, a file, or several files with one stem; shared by the commands that report.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::Streams;
use crate::report::Format;

/// In which form a report is wanted, and where.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct OutputArgs {
    /// Forms of the report, separated by commas; several need -o [default: by the ending of -o, else text]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMATS")]
    format: Vec<Format>,
    /// Write the report to this file, `-` being standard output; with several formats to files of this name with an ending
    /// for each
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl OutputArgs {
    /// Whether anything was asked for.
    pub(super) fn is_asked_for(&self) -> bool {
        !self.format.is_empty() || self.output.is_some()
    }

    /// The forms and where each goes, refused before anything is simulated for nothing.
    pub(super) fn targets(&self) -> anyhow::Result<Vec<(Format, Option<PathBuf>)>> {
        let mut formats = self.format.clone();
        formats.dedup();
        let Some(output) = self.output.as_ref().filter(|output| output.as_os_str() != "-") else {
            return match formats.as_slice() {
                [] => Ok(vec![(Format::Text, None)]),
                [one] => Ok(vec![(*one, None)]),
                _ => bail!("several formats need -o FILE, because only one of them can go to standard output"),
            };
        };
        must_be_writable(output)?;
        Ok(match formats.as_slice() {
            [] => vec![(by_ending(output), Some(output.clone()))],
            [one] => vec![(*one, Some(output.clone()))],
            several => several.iter().map(|format| (*format, Some(with_ending(output, *format)))).collect(),
        })
    }
}

/// A file cannot be written into a folder that does not exist, or where a folder is.
pub(super) fn must_be_writable(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        bail!("`{}` is a folder, not a file to write to", path.display());
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            bail!("there is no folder `{}` to write `{}` into", folder.display(), path.display())
        }
        _ => Ok(()),
    }
}

/// The form that a file's ending stands for; text for any other.
fn by_ending(path: &Path) -> Format {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    [Format::Json, Format::Md, Format::Html].into_iter().find(|format| format.extension() == ending).unwrap_or(Format::Text)
}

/// `out` and `out.md` both become `out.json`; a name with another ending keeps it before the new one.
fn with_ending(path: &Path, format: Format) -> PathBuf {
    let is_ours = path.extension().is_some_and(|ending| ["txt", "json", "md", "html"].iter().any(|known| ending == *known));
    if is_ours {
        return path.with_extension(format.extension());
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(format.extension());
    name.into()
}

/// Writes a report to where it is wanted; `render` makes each form of it.
pub(super) fn write(
    render: impl Fn(Format) -> Result<String, serde_json::Error>,
    targets: &[(Format, Option<PathBuf>)],
    streams: &mut Streams<'_>,
) -> anyhow::Result<()> {
    for (format, path) in targets {
        let text = render(*format)?;
        match path {
            None => streams.out.write_all(text.as_bytes())?,
            Some(path) => {
                std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
                writeln!(streams.err, "wrote {}", path.display())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(format: &[Format], output: Option<&str>) -> anyhow::Result<Vec<(Format, Option<PathBuf>)>> {
        OutputArgs { format: format.to_vec(), output: output.map(PathBuf::from) }.targets()
    }

    #[test]
    fn the_form_follows_from_the_ending_unless_it_is_given() {
        assert_eq!(targets(&[], None).expect("fine"), [(Format::Text, None)]);
        assert_eq!(targets(&[], Some("a.html")).expect("fine"), [(Format::Html, Some("a.html".into()))]);
        assert_eq!(targets(&[Format::Json], Some("a.html")).expect("fine"), [(Format::Json, Some("a.html".into()))]);
        assert_eq!(targets(&[], Some("a.log")).expect("fine"), [(Format::Text, Some("a.log".into()))]);
    }

    #[test]
    fn a_dash_is_standard_output() {
        assert_eq!(targets(&[], Some("-")).expect("fine"), [(Format::Text, None)]);
        assert_eq!(targets(&[Format::Md], Some("-")).expect("fine"), [(Format::Md, None)]);
        assert!(targets(&[Format::Md, Format::Json], Some("-")).is_err(), "two reports in one stream cannot be told apart");
    }

    #[test]
    fn several_forms_share_a_stem() {
        let both = [Format::Json, Format::Md];
        for (output, files) in [("out", ["out.json", "out.md"]), ("out.md", ["out.json", "out.md"]), ("v1.2", ["v1.2.json", "v1.2.md"])] {
            let paths: Vec<_> = targets(&both, Some(output)).expect("fine").into_iter().filter_map(|(_, path)| path).collect();
            assert_eq!(paths, files.map(PathBuf::from));
        }
        assert!(targets(&both, None).is_err());
    }

    #[test]
    fn what_cannot_be_written_is_refused_at_once() {
        let problem = |output| targets(&[], Some(output)).expect_err("refused").to_string();
        assert!(problem("no/such/folder/a.json").contains("no folder"));
        assert!(problem("src").contains("is a folder"));
    }
}
