//! Genuine files to try readers on: they lie beside the checkout, not in it, and may be absent.

use std::path::Path;

use crate::content::diagnostic::{Collector, Diagnostics};

/// The files of a kind, by name; nothing, and a line that says so, where there are none.
pub(super) fn corpus(kind: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(kind);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there are no genuine files of {kind} at {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<(String, String)> =
        entries.filter_map(Result::ok).filter_map(|entry| Some((entry.file_name().into_string().ok()?, std::fs::read_to_string(entry.path()).ok()?))).collect();
    files.sort();
    files
}

/// What a reader makes of a text, and what it says about it.
pub(super) fn read_as<T>(text: &str, read: impl FnOnce(usize, &str, &mut Collector) -> T) -> (T, Diagnostics) {
    let mut collector = Collector::default();
    let file = collector.sources.add("file.yml", text);
    let made = read(file, text, &mut collector);
    (made, collector.finish())
}

/// Each diagnostic in a line: `line:column severity: message (help)`.
pub(super) fn said(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics
        .iter()
        .map(|item| {
            let severity = if item.severity == crate::content::diagnostic::Severity::Error { "error" } else { "warning" };
            let help = item.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{}:{} {severity}: {}{help}", item.line, item.column, item.message)
        })
        .collect()
}
