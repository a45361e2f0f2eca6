//! What a build was: its phases and commands with their times, and its log.
//!
//! Plain data. Names of phases and states are CodeBuild's.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::units::{Bytes, SimSpan, SimTime};

/// Lines of one command in a log.
pub const LINES_PER_COMMAND: usize = 12;
/// Lines of a log.
pub const MOST_LINES: usize = 4_000;
/// Length of a line [characters].
pub const LINE_CHARS: usize = 400;

/// The phases of a build, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PhaseType {
    /// It was asked for.
    Submitted,
    /// It waits for room.
    Queued,
    /// A machine is made ready.
    Provisioning,
    /// The sources and caches are fetched.
    DownloadSource,
    /// The specification's `install`.
    Install,
    /// The specification's `pre_build`.
    PreBuild,
    /// The specification's `build`.
    Build,
    /// The specification's `post_build`.
    PostBuild,
    /// Artifacts, reports and caches are sent.
    UploadArtifacts,
    /// The machine is cleared up.
    Finalizing,
    /// It is over.
    Completed,
}

impl PhaseType {
    /// All, in their order.
    pub const ALL: [Self; 11] = [
        Self::Submitted,
        Self::Queued,
        Self::Provisioning,
        Self::DownloadSource,
        Self::Install,
        Self::PreBuild,
        Self::Build,
        Self::PostBuild,
        Self::UploadArtifacts,
        Self::Finalizing,
        Self::Completed,
    ];

    /// CodeBuild's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Queued => "QUEUED",
            Self::Provisioning => "PROVISIONING",
            Self::DownloadSource => "DOWNLOAD_SOURCE",
            Self::Install => "INSTALL",
            Self::PreBuild => "PRE_BUILD",
            Self::Build => "BUILD",
            Self::PostBuild => "POST_BUILD",
            Self::UploadArtifacts => "UPLOAD_ARTIFACTS",
            Self::Finalizing => "FINALIZING",
            Self::Completed => "COMPLETED",
        }
    }
}

impl fmt::Display for PhaseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Well.
    Succeeded,
    /// A command failed.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Somebody stopped it.
    Stopped,
}

impl Status {
    /// CodeBuild's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }
}

/// A build from beginning to end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// How it ended.
    pub status: Status,
    /// Its phases, those that were skipped left out.
    pub phases: Vec<PhaseRecord>,
    /// Its log.
    pub log: Log,
    /// What was sent to the artifact store; `None` if nothing was.
    pub uploaded: Option<Bytes>,
    /// Whether a cache was saved to the bucket.
    pub cache_saved: bool,
    /// Values of the exported variables; `None` where only the shell would know.
    pub exported: BTreeMap<String, Option<String>>,
}

/// A phase of a build.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseRecord {
    /// Which.
    pub phase: PhaseType,
    /// How it ended.
    pub status: Status,
    /// When it began.
    pub begin: SimTime,
    /// When it ended.
    pub end: SimTime,
    /// How often it was tried [1].
    pub attempts: u32,
    /// Why it failed, as CodeBuild says it.
    pub message: Option<String>,
    /// Its commands, those of earlier attempts included.
    pub commands: Vec<CommandRecord>,
}

/// A command of a phase: one entry of the specification.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandRecord {
    /// As it is written.
    pub text: String,
    /// Whether it is one of `finally`.
    pub finally: bool,
    /// When it began.
    pub begin: SimTime,
    /// When it ended.
    pub end: SimTime,
    /// Its status; 0 is success.
    pub exit: i32,
    /// The programs that it ran, at most [`LINES_PER_COMMAND`] of them.
    pub steps: Vec<StepRecord>,
}

/// A program that a command ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepRecord {
    /// As it is written.
    pub text: String,
    /// What it was taken for.
    pub task: &'static str,
    /// When it began.
    pub begin: SimTime,
    /// When it ended.
    pub end: SimTime,
    /// Its status; 0 is success.
    pub exit: i32,
}

/// A log. Its first line says that it is simulated.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Log {
    /// Its lines.
    pub lines: Vec<LogLine>,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// When it was written.
    pub at: SimTime,
    /// What it says; one line without control characters.
    pub text: String,
}

impl Timeline {
    /// A phase, if it came to it.
    pub fn phase(&self, phase: PhaseType) -> Option<&PhaseRecord> {
        self.phases.iter().find(|record| record.phase == phase)
    }
    /// When the build was over.
    pub fn end(&self) -> SimTime {
        self.phases.last().map_or(SimTime::ZERO, |record| record.end)
    }
    /// How long it took, waiting included.
    pub fn span(&self) -> SimSpan {
        self.phases.first().map_or(SimSpan::ZERO, |record| self.end().since(record.begin))
    }
    /// What a pipeline may use: the artifact of a build that succeeded. A build that failed uploads what it has, too, but a
    /// pipeline does not take it.
    pub fn output(&self) -> Option<Bytes> {
        self.uploaded.filter(|_| self.status == Status::Succeeded)
    }
}

impl Log {
    /// Adds a line, as far as there is room.
    pub fn add(&mut self, at: SimTime, text: &str) {
        match self.lines.len() {
            MOST_LINES.. => {}
            n if n + 1 == MOST_LINES => self.lines.push(LogLine { at, text: "… further lines are left out".to_owned() }),
            _ => self.lines.push(LogLine { at, text: one_line(text) }),
        }
    }
}

/// A text as one line that cannot write to a terminal, cut where it is too long.
pub(super) fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(LINE_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LINE_CHARS).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_bounded_and_harmless() {
        let mut log = Log::default();
        log.add(SimTime::ZERO, "a\x1b[31m\nb");
        log.add(SimTime::ZERO, &"x".repeat(1_000));
        assert_eq!(log.lines[0].text, "a [31m b");
        assert_eq!(log.lines[1].text.chars().count(), LINE_CHARS + 1);
        for _ in 0..2 * MOST_LINES {
            log.add(SimTime::ZERO, "x");
        }
        assert_eq!(log.lines.len(), MOST_LINES);
        assert_eq!(log.lines.last().map(|line| line.text.as_str()), Some("… further lines are left out"));
    }
}
