//! What can be wrong with a declaration, in words.

use serde::Serialize;
use thiserror::Error;

use super::super::definition::{Category, ConditionResult, Owner};
use super::super::limits;

/// What is wrong with a declaration: one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Not enough of something.
    #[error("{count} {what}; there must be at least {least}")]
    TooFew {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there must be.
        least: usize,
    },
    /// Too much of something.
    #[error("{count} {what}; the service takes {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// Nothing where something must be.
    #[error("the {what} is empty")]
    Empty {
        /// What it is.
        what: &'static str,
    },
    /// A text that is too long.
    #[error("the {what} has {count} characters; the service takes {most}")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// Its characters.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A character that a name cannot have.
    #[error("`{found}` cannot be in the name of {what}")]
    BadCharacter {
        /// The name of what.
        what: &'static str,
        /// The character.
        found: char,
        /// Which it can have besides letters and digits.
        allowed: &'static str,
    },
    /// A name with spaces around it.
    #[error("the name of {what} has spaces around it; taken for `{taken}`")]
    SpacesAround {
        /// The name of what.
        what: &'static str,
        /// Without them.
        taken: String,
    },
    /// A name that somebody still has to write.
    #[error("the name of {what} is still to be written")]
    LeftOpen {
        /// The name of what.
        what: &'static str,
    },
    /// The same name twice.
    #[error("two {what}s are called `{name}`")]
    Duplicate {
        /// Of what.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Something other than a source in the first stage.
    #[error("the first stage can have source actions only, and `{action}` is of category {category}")]
    NotSource {
        /// The action.
        action: String,
        /// What it is.
        category: Category,
    },
    /// A source in a later stage.
    #[error("only the first stage can have source actions, and `{action}` is one")]
    SourceLater {
        /// The action.
        action: String,
    },
    /// A run order that cannot be.
    #[error("run order {found} is not between 1 and {}", limits::RUN_ORDER)]
    RunOrder {
        /// What is written.
        found: u32,
    },
    /// A time limit that cannot be.
    #[error("a time limit of {found} minutes is not between {} and {}", limits::SHORTEST_TIMEOUT, limits::LONGEST_TIMEOUT)]
    Timeout {
        /// What is written.
        found: u32,
    },
    /// A time limit on something else than an approval.
    #[error("only an approval can have a time limit of its own")]
    TimeoutNotAllowed,
    /// A provider that does not exist.
    #[error("no provider `{provider}` for {category} actions of the owner {owner}")]
    UnknownProvider {
        /// What is written.
        provider: String,
        /// The category.
        category: Category,
        /// The owner.
        owner: Owner,
        /// Those that exist.
        known: Vec<&'static str>,
    },
    /// A provider that is known by another spelling.
    #[error("the provider `{written}` is called `{taken}`, and is taken for it")]
    OddProvider {
        /// What is written.
        written: String,
        /// What it is called.
        taken: &'static str,
    },
    /// A provider of rules that does not exist.
    #[error("no rule provider `{provider}`")]
    UnknownRule {
        /// What is written.
        provider: String,
        /// Those that exist.
        known: Vec<&'static str>,
    },
    /// A configuration without a key that its provider needs.
    #[error("`{provider}` needs `{key}` in its configuration")]
    MissingConfiguration {
        /// The provider.
        provider: String,
        /// The key.
        key: &'static str,
    },
    /// A value of a configuration that makes no sense.
    #[error("{problem}")]
    BadValue {
        /// One sentence without a full stop.
        problem: String,
    },
    /// A rule about an alarm that does not exist.
    #[error("no alarm is called `{name}`")]
    UnknownAlarm {
        /// What is written.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// Commands missing.
    #[error("`{provider}` needs `commands`")]
    MissingCommands {
        /// The provider.
        provider: String,
    },
    /// Too few or too many artifacts to read.
    #[error("`{provider}` takes {least} to {most} input artifacts, not {found}")]
    Inputs {
        /// The provider.
        provider: String,
        /// At least so many.
        least: usize,
        /// At most so many.
        most: usize,
        /// So many there are.
        found: usize,
    },
    /// Too few or too many artifacts made.
    #[error("`{provider}` makes {least} to {most} output artifacts, not {found}")]
    Outputs {
        /// The provider.
        provider: String,
        /// At least so many.
        least: usize,
        /// At most so many.
        most: usize,
        /// So many there are.
        found: usize,
    },
    /// Artifacts to read, for who reads none.
    #[error("`{provider}` reads no artifacts")]
    NoInputs {
        /// The provider.
        provider: String,
    },
    /// Artifacts made, by who makes none.
    #[error("`{provider}` makes no artifacts")]
    NoOutputs {
        /// The provider.
        provider: String,
    },
    /// An artifact that two actions make.
    #[error("two actions make the artifact `{name}`: `{first}` and `{second}`")]
    ArtifactTwice {
        /// The artifact.
        name: String,
        /// The one action.
        first: String,
        /// The other.
        second: String,
    },
    /// An artifact that nothing makes.
    #[error("no action makes the artifact `{name}`")]
    UnknownArtifact {
        /// The artifact.
        name: String,
        /// Those that are made.
        known: Vec<String>,
    },
    /// An artifact that is made later.
    #[error("the artifact `{name}` is used before `{producer}` makes it")]
    ArtifactTooEarly {
        /// The artifact.
        name: String,
        /// The action that makes it.
        producer: String,
    },
    /// Actions that wait for one another.
    #[error("the artifact `{name}` comes from `{producer}`, which itself needs what `{consumer}` makes")]
    ArtifactCycle {
        /// The artifact.
        name: String,
        /// The action that makes it.
        producer: String,
        /// The action that uses it.
        consumer: String,
    },
    /// Both ways to say where artifacts are kept.
    #[error("`artifactStore` and `artifactStores` are both there; the service takes one of them")]
    BothArtifactStores,
    /// A result that a condition of this kind cannot have.
    #[error("{result} cannot be the result of `{condition}`")]
    ResultNotAllowed {
        /// The kind of condition.
        condition: &'static str,
        /// What is written.
        result: ConditionResult,
        /// What can be.
        allowed: &'static [ConditionResult],
    },
    /// A rollback where executions run beside one another.
    #[error("a pipeline in PARALLEL mode cannot roll a stage back")]
    RollbackInParallel,
    /// A rollback of the first stage.
    #[error("a stage of sources cannot be rolled back")]
    RollbackOfSources,
    /// What to retry without a retry.
    #[error("`retryConfiguration` says what to retry, and the result is not RETRY")]
    NoRetry,
    /// A feature of the newer type.
    #[error("{what} needs a pipeline of type V2")]
    NeedsV2 {
        /// The feature.
        what: String,
        /// Whether the pipeline says that it is of type V1.
        said: bool,
    },
    /// A trigger on something else than a source action.
    #[error("no source action is called `{name}`")]
    UnknownSource {
        /// What is written.
        name: String,
        /// The source actions.
        known: Vec<String>,
    },
    /// A namespace that the service keeps for itself.
    #[error("the namespace `{name}` belongs to the service")]
    ReservedNamespace {
        /// It.
        name: String,
    },
    /// A variable that does not exist.
    #[error("no variable `#{{{reference}}}`")]
    UnknownVariable {
        /// What is written, without the braces.
        reference: String,
        /// What could be.
        known: Vec<String>,
    },
    /// A variable of an action that runs later.
    #[error("`#{{{reference}}}` is used before `{producer}` puts it out")]
    VariableTooEarly {
        /// What is written, without the braces.
        reference: String,
        /// The action.
        producer: String,
    },
}

impl Reason {
    /// Whether the pipeline can run all the same, and is taken for what was probably meant.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::SpacesAround { .. } | Self::LeftOpen { .. } | Self::OddProvider { .. } | Self::NoRetry => true,
            Self::NeedsV2 { said, .. } => !said,
            _ => false,
        }
    }

    /// The name that is wrong, and those of which one was perhaps meant.
    pub fn candidates(&self) -> Option<(&str, Vec<&str>)> {
        match self {
            Self::UnknownProvider { provider, known, .. } | Self::UnknownRule { provider, known } => Some((provider, known.clone())),
            Self::UnknownAlarm { name, known } | Self::UnknownArtifact { name, known } | Self::UnknownSource { name, known } => Some((name, texts(known))),
            Self::UnknownVariable { reference, known } => Some((reference, texts(known))),
            _ => None,
        }
    }

    /// What to do about it, where the sentence itself does not say.
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::BadCharacter { allowed, .. } => format!("letters, digits and {allowed} are allowed"),
            Self::LeftOpen { .. } => "write a name instead of the `<…>`".to_owned(),
            Self::ArtifactTooEarly { producer, .. } => format!("give this action a higher run order than `{producer}`, or move it to a later stage"),
            Self::VariableTooEarly { producer, .. } => format!("let `{producer}` run first"),
            Self::ResultNotAllowed { allowed, .. } => {
                let words: Vec<String> = allowed.iter().map(ToString::to_string).collect();
                format!("write {}", words.join(" or "))
            }
            Self::NeedsV2 { .. } => "write pipeline type V2".to_owned(),
            Self::NotSource { .. } => "move it to a later stage".to_owned(),
            Self::SourceLater { .. } => "move it to the first stage".to_owned(),
            Self::NoRetry => "write the result RETRY, or leave the retry configuration out".to_owned(),
            _ => return None,
        };
        Some(text)
    }
}

fn texts(known: &[String]) -> Vec<&str> {
    known.iter().map(String::as_str).collect()
}
