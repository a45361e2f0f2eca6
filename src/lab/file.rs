//! Session files: a run, written down so that it can be run again anywhere and comes to the same.
//!
//! A file holds everything that a run depends on: the scenario itself, the seed, and what people did when. It also holds
//! digests, by which a replay proves that it is the same run, or says from when on it is not.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::audit;
use super::resolve::ActionError;
use super::session::{Checkpoint, Session, next_checkpoint};
use crate::scenario::{Scenario, TimedAction};
use crate::units::SimTime;

/// The version of the session file format.
pub const FORMAT_VERSION: u32 = 1;

/// A run, written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionFile {
    /// The version of this format.
    pub format_version: u32,
    /// The scenario, whole.
    pub scenario: Scenario,
    /// The seed.
    pub seed: u64,
    /// What people did, in order of time.
    pub actions: Vec<TimedAction>,
    /// How far it ran.
    pub until: SimTime,
    /// The digest at the end.
    pub digest: String,
    /// Digests along the way.
    pub checkpoints: Vec<Checkpoint>,
}

/// Why a session could not be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The file is of another version.
    #[error("the session file has format version {0}; this program reads version {FORMAT_VERSION}")]
    Version(u32),
    /// The scenario in it cannot run.
    #[error("the scenario in the session file cannot run: {0}")]
    Scenario(String),
    /// The actions are not in order of time.
    #[error("the actions of the session are not in order of time: one at {0} comes too late in the list")]
    Order(SimTime),
    /// It is said to have run beyond the end of its scenario.
    #[error("the session is said to have run until {until}, but its scenario ends at {end}")]
    BeyondEnd {
        /// How far it is said to have run.
        until: SimTime,
        /// Where its scenario ends.
        end: SimTime,
    },
    /// It is said to have run further than its digests go.
    #[error("the session is said to have run until {until}, but digests were recorded only until {recorded}: the rest of it is missing")]
    BeyondRecord {
        /// How far it is said to have run.
        until: SimTime,
        /// How far the digests along the way go.
        recorded: SimTime,
    },
    /// An action lies after the end.
    #[error("the session did something at {at}, which is after its end at {until}")]
    AfterEnd {
        /// When the action was done.
        at: SimTime,
        /// How far it is said to have run.
        until: SimTime,
    },
    /// An action was refused.
    #[error("at {at} an action was refused that was accepted before: {error}")]
    Action {
        /// When.
        at: SimTime,
        /// Why.
        error: ActionError,
    },
    /// It came to something else.
    #[error("the replay differs from the session{}: the digest at {at} is {replayed}, it was {recorded}", since(*.same_until))]
    Diverged {
        /// The last moment at which both were the same, if any was kept.
        same_until: Option<SimTime>,
        /// The first moment at which they differ.
        at: SimTime,
        /// The digest in the file.
        recorded: String,
        /// The digest of the replay.
        replayed: String,
    },
}

fn since(same_until: Option<SimTime>) -> String {
    same_until.map_or_else(|| " from the start".to_owned(), |at| format!(" some time after {at}"))
}

/// A file claims no more than it recorded: its scenario lasts that long, and digests come at their intervals to the end.
fn within_record(file: &SessionFile) -> Result<(), ReplayError> {
    let (until, end) = (file.until, SimTime::ZERO + file.scenario.duration);
    if until > end {
        return Err(ReplayError::BeyondEnd { until, end });
    }
    let recorded = file.checkpoints.last().map_or(SimTime::ZERO, |checkpoint| checkpoint.at);
    if next_checkpoint(&file.scenario, recorded) <= until {
        return Err(ReplayError::BeyondRecord { until, recorded });
    }
    Ok(())
}

impl Session {
    /// Writes the run down, as far as it got.
    pub fn save(&mut self) -> SessionFile {
        SessionFile {
            format_version: FORMAT_VERSION,
            scenario: Scenario::clone(self.given()),
            seed: self.seed(),
            actions: self.actions().to_vec(),
            until: self.now(),
            digest: self.digest(),
            checkpoints: self.checkpoints().to_vec(),
        }
    }

    /// Prepares a session from a file without running it: the actions are to be done by whoever runs it. Checks everything
    /// that the simulation relies on, because files come from strangers.
    pub fn prepare(file: &SessionFile) -> Result<Self, ReplayError> {
        if file.format_version != FORMAT_VERSION {
            return Err(ReplayError::Version(file.format_version));
        }
        audit(&file.scenario).map_err(ReplayError::Scenario)?;
        within_record(file)?;
        let mut before = SimTime::ZERO;
        for timed in &file.actions {
            if timed.at < before {
                return Err(ReplayError::Order(timed.at));
            }
            if timed.at > file.until {
                return Err(ReplayError::AfterEnd { at: timed.at, until: file.until });
            }
            before = timed.at;
        }
        Ok(Self::new(Arc::new(file.scenario.clone()), file.seed))
    }

    /// Runs a session again up to `until` or to where it ended, without comparing.
    pub fn replay_until(file: &SessionFile, until: SimTime) -> Result<Self, ReplayError> {
        let mut session = Self::prepare(file)?;
        let until = until.min(file.until);
        for timed in file.actions.iter().filter(|timed| timed.at <= until) {
            session.advance_to(timed.at);
            session.act(timed.action.clone()).map_err(|error| ReplayError::Action { at: timed.at, error })?;
        }
        session.advance_to(until);
        Ok(session)
    }

    /// Runs a session again and confirms that it comes to the same.
    pub fn replay(file: &SessionFile) -> Result<Self, ReplayError> {
        let mut session = Self::replay_until(file, file.until)?;
        session.confirm(file)?;
        Ok(session)
    }

    /// Confirms that this run, as far as it got, is the one in the file: that it came by the same digests.
    pub fn confirm(&mut self, file: &SessionFile) -> Result<(), ReplayError> {
        let now = self.now();
        let end = Checkpoint { at: now, digest: self.digest() };
        let recorded_end = (now == file.until).then(|| Checkpoint { at: file.until, digest: file.digest.clone() });
        let recorded = file.checkpoints.iter().filter(|checkpoint| checkpoint.at <= now).cloned().chain(recorded_end);
        let mut same_until = None;
        for (recorded, replayed) in recorded.zip(self.checkpoints().iter().chain(std::iter::once(&end))) {
            if recorded != *replayed {
                return Err(ReplayError::Diverged { same_until, at: replayed.at, recorded: recorded.digest, replayed: replayed.digest.clone() });
            }
            same_until = Some(replayed.at);
        }
        Ok(())
    }
}
