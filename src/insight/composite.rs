//! Composite alarms as Amazon CloudWatch has them: a rule over the states of other alarms, and actions that a suppressor
//! alarm holds back.
//!
//! A composite alarm is in `ALARM` while its rule holds and `OK` otherwise; `INSUFFICIENT_DATA` it is only until it is first
//! evaluated. Sources: CloudWatch API, `PutCompositeAlarm` (functions, limits); CloudWatch User Guide, "Creating a composite
//! alarm", whose six examples of action suppression are the tests of [`Actions`]. `NOT` binds tighter than `AND`, and `AND`
//! tighter than `OR`, as everywhere; the documentation does not say. Words of the rule may be written in any case, because
//! the documentation itself writes `FALSE` and `False`. It knows names and states, not who looks after them.

use std::collections::BTreeMap;

use super::alarm::AlarmState;
use crate::choice::params;
use crate::units::{SimSpan, SimTime};

/// Most alarms that a rule may name (`PutCompositeAlarm`).
pub const CHILDREN: usize = 100;
/// Most elements of a rule: child alarms, `TRUE` and `FALSE`, and parentheses (`PutCompositeAlarm`); each parenthesis
/// counts by itself, those behind `ALARM`, `OK` and `INSUFFICIENT_DATA` do not.
pub const ELEMENTS: usize = 500;
/// Longest rule [characters] (`PutCompositeAlarm`).
pub const CHARACTERS: usize = 10_240;

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A parenthesis is never closed.
    #[error("this parenthesis is not closed")]
    Unclosed,
    /// A quotation mark is never closed.
    #[error("this quotation mark is not closed")]
    Unquoted,
    /// A name is empty.
    #[error("an alarm's name is missing")]
    NoName,
    /// Too many alarms.
    #[error("a rule names at most {CHILDREN} alarms")]
    TooManyChildren,
    /// Too many elements.
    #[error("a rule has at most {ELEMENTS} elements: alarms, `TRUE`, `FALSE` and parentheses")]
    TooManyElements,
    /// Too long.
    #[error("a rule has at most {CHARACTERS} characters")]
    TooLong,
}

/// A rule that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {wrong}", at + 1)]
pub struct RuleError {
    /// The byte of the rule at which it goes wrong.
    pub at: usize,
    /// Why.
    pub wrong: Wrong,
}

/// An `AlarmRule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    expression: Expression,
    children: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    Constant(bool),
    /// The child at an index is in a state.
    Is(usize, AlarmState),
    Not(Box<Expression>),
    /// All of them.
    And(Vec<Expression>),
    /// One of them.
    Or(Vec<Expression>),
}

impl Rule {
    /// Reads a rule such as `ALARM("errors") AND NOT ALARM(deploying)`.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.chars().count() > CHARACTERS {
            return Err(RuleError { at: 0, wrong: Wrong::TooLong });
        }
        let mut parser = Parser { text, at: 0, elements: 0, children: Vec::new(), known: BTreeMap::new() };
        let expression = parser.or()?;
        parser.skip_space();
        if parser.at < text.len() {
            return Err(parser.expected("`AND`, `OR` or the end"));
        }
        Ok(Self { expression, children: parser.children })
    }

    /// The alarms that it names, each once, in the order of the rule; an ARN by the name in it.
    pub fn children(&self) -> &[String] {
        &self.children
    }

    /// The state that follows from the children's.
    pub fn evaluate(&self, mut state_of: impl FnMut(&str) -> AlarmState) -> AlarmState {
        let states: Vec<AlarmState> = self.children.iter().map(|name| state_of(name)).collect();
        if self.expression.holds(&states) { AlarmState::Alarm } else { AlarmState::Ok }
    }
}

impl Expression {
    fn holds(&self, states: &[AlarmState]) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Is(child, state) => states[*child] == *state,
            Self::Not(inner) => !inner.holds(states),
            Self::And(all) => all.iter().all(|inner| inner.holds(states)),
            Self::Or(any) => any.iter().any(|inner| inner.holds(states)),
        }
    }
}

/// Reads a rule from left to right.
struct Parser<'a> {
    text: &'a str,
    /// The byte that is next.
    at: usize,
    elements: usize,
    children: Vec<String>,
    /// The index of each child.
    known: BTreeMap<String, usize>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// The word that is next, without taking it; empty if none is.
    fn word(&mut self) -> &'a str {
        self.skip_space();
        let rest = self.rest();
        &rest[..rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())]
    }

    /// Takes the word if it is next.
    fn take(&mut self, word: &str) -> bool {
        let found = self.word().eq_ignore_ascii_case(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Takes a parenthesis or quotation mark if it is next.
    fn take_mark(&mut self, mark: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(mark);
        self.at += usize::from(found);
        found
    }

    fn expected(&mut self, expected: &'static str) -> RuleError {
        let word = self.word();
        let found = match (word, self.rest().chars().next()) {
            ("", None) => "the end".to_owned(),
            ("", Some(c)) => format!("`{c}`"),
            (word, _) => format!("`{}`", word.chars().take(40).collect::<String>()),
        };
        RuleError { at: self.at, wrong: Wrong::Expected { expected, found } }
    }

    /// Counts an element that begins at a byte.
    fn count(&mut self, at: usize) -> Result<(), RuleError> {
        self.elements += 1;
        if self.elements > ELEMENTS { Err(RuleError { at, wrong: Wrong::TooManyElements }) } else { Ok(()) }
    }

    fn or(&mut self) -> Result<Expression, RuleError> {
        let mut any = vec![self.and()?];
        while self.take("OR") {
            any.push(self.and()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expression::Or(any) })
    }

    fn and(&mut self) -> Result<Expression, RuleError> {
        let mut all = vec![self.not()?];
        while self.take("AND") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    fn not(&mut self) -> Result<Expression, RuleError> {
        // A loop, so that a thousand of them do not nest a thousand calls.
        let mut negated = false;
        while self.take("NOT") {
            negated = !negated;
        }
        let inner = self.element()?;
        Ok(if negated { Expression::Not(Box::new(inner)) } else { inner })
    }

    fn element(&mut self) -> Result<Expression, RuleError> {
        self.skip_space();
        let at = self.at;
        if self.take_mark('(') {
            self.count(at)?;
            let inner = self.or()?;
            let end = self.at;
            if !self.take_mark(')') {
                // At the end the opening one is to blame, elsewhere what stands in its place.
                return Err(if self.rest().is_empty() { RuleError { at, wrong: Wrong::Unclosed } } else { self.expected("`AND`, `OR` or `)`") });
            }
            self.count(end)?;
            return Ok(inner);
        }
        for value in [true, false] {
            if self.take(if value { "TRUE" } else { "FALSE" }) {
                self.count(at)?;
                return Ok(Expression::Constant(value));
            }
        }
        for state in [AlarmState::Alarm, AlarmState::Ok, AlarmState::InsufficientData] {
            if self.take(state.name()) {
                self.count(at)?;
                return Ok(Expression::Is(self.child()?, state));
            }
        }
        Err(self.expected("`ALARM(…)`, `OK(…)`, `INSUFFICIENT_DATA(…)`, `TRUE`, `FALSE`, `NOT` or `(`"))
    }

    /// The name in its parentheses, as the index of a child.
    fn child(&mut self) -> Result<usize, RuleError> {
        self.skip_space();
        let open = self.at;
        if !self.take_mark('(') {
            return Err(self.expected("`(` and an alarm's name"));
        }
        self.skip_space();
        let at = self.at;
        let name = if self.take_mark('"') { self.quoted(at)? } else { self.bare(open)? };
        if !self.take_mark(')') {
            return Err(if self.rest().is_empty() { RuleError { at: open, wrong: Wrong::Unclosed } } else { self.expected("`)`") });
        }
        // An ARN names an alarm, too: arn:aws:cloudwatch:region:account:alarm:name.
        let name = match name.split_once(":alarm:") {
            Some((arn, name)) if arn.starts_with("arn:") => name.to_owned(),
            _ => name,
        };
        if name.is_empty() {
            return Err(RuleError { at, wrong: Wrong::NoName });
        }
        let next = self.children.len();
        let child = *self.known.entry(name.clone()).or_insert(next);
        if child == next {
            if next == CHILDREN {
                return Err(RuleError { at, wrong: Wrong::TooManyChildren });
            }
            self.children.push(name);
        }
        Ok(child)
    }

    /// A name up to the closing quotation mark; a backslash takes the next character as it is.
    fn quoted(&mut self, open: usize) -> Result<String, RuleError> {
        let mut name = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    return Ok(name);
                }
                '\\' => name.extend(characters.next().map(|(_, character)| character)),
                _ => name.push(character),
            }
        }
        Err(RuleError { at: open, wrong: Wrong::Unquoted })
    }

    /// A name up to the closing parenthesis.
    fn bare(&mut self, open: usize) -> Result<String, RuleError> {
        let Some(end) = self.rest().find(')') else { return Err(RuleError { at: open, wrong: Wrong::Unclosed }) };
        let name = self.rest()[..end].trim_end().to_owned();
        self.at += end;
        Ok(name)
    }
}

/// The order in which composite alarms are evaluated, so that each comes after those that it names: their indices, and
/// those that name each other in a circle or depend on such, which CloudWatch stops evaluating.
pub fn evaluation_order(composites: &[(&str, &Rule)]) -> (Vec<usize>, Vec<usize>) {
    let index: BTreeMap<&str, usize> = composites.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
    let (mut order, mut left): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..composites.len()).collect());
    let mut done = vec![false; composites.len()];
    loop {
        let ready = |at: &usize| composites[*at].1.children().iter().all(|child| index.get(child.as_str()).is_none_or(|child| done[*child]));
        let (now, later): (Vec<usize>, Vec<usize>) = left.iter().partition(|at| ready(at));
        if now.is_empty() {
            return (order, later);
        }
        for at in &now {
            done[*at] = true;
        }
        order.extend(now);
        left = later;
    }
}

params! {
    /// An alarm that holds a composite alarm's actions back (`ActionsSuppressor`).
    pub struct Suppressor {
        /// `ActionsSuppressor`: the alarm's name. No default; must be written.
        pub alarm: String = String::new(),
        /// `ActionsSuppressorWaitPeriod`: how long actions wait for the suppressor to go into `ALARM`. Default `"1m"` (what
        /// the CloudWatch User Guide recommends).
        pub wait_period: SimSpan = SimSpan::from_secs(60),
        /// `ActionsSuppressorExtensionPeriod`: how long actions wait after it has left `ALARM`. Default `"1m"` (what the
        /// CloudWatch User Guide recommends).
        pub extension_period: SimSpan = SimSpan::from_secs(60),
    }
}

/// What holds the actions back (`ActionsSuppressedBy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressedBy {
    /// The suppressor is in `ALARM`.
    Alarm,
    /// The suppressor may still go into `ALARM`.
    WaitPeriod {
        /// Until when.
        until: SimTime,
    },
    /// The suppressor has left `ALARM` not long ago.
    ExtensionPeriod {
        /// Until when.
        until: SimTime,
    },
}

/// When a composite alarm takes its actions.
///
/// Every change of its state asks for actions. Without a suppressor they follow at once. With one they are held back while
/// it is in `ALARM`, for the wait period after the change, and for the extension period after the suppressor has left
/// `ALARM`; a further change discards a period that runs and begins a new wait. What is taken in the end are the actions of
/// the state in which the alarm then is. What changes at the very end of a period still counts as within it.
#[derive(Debug, Clone)]
pub struct Actions {
    /// Wait and extension, if there is a suppressor.
    periods: Option<(SimSpan, SimSpan)>,
    state: AlarmState,
    /// Whether the suppressor is in `ALARM`.
    suppressing: bool,
    /// What holds actions back; `None`: none are asked for.
    held: Option<SuppressedBy>,
}

impl Actions {
    /// Of an alarm that was just created, so that its state is `INSUFFICIENT_DATA`.
    pub fn new(suppressor: Option<&Suppressor>) -> Self {
        let periods = suppressor.map(|suppressor| (suppressor.wait_period, suppressor.extension_period));
        Self { periods, state: AlarmState::InsufficientData, suppressing: false, held: None }
    }

    /// Takes in the states of the composite alarm and of its suppressor at `now`; returns the state whose actions are taken
    /// now, if any are. To be called at every change and at [`Self::next_due`].
    pub fn step(&mut self, now: SimTime, composite: AlarmState, suppressor: AlarmState) -> Option<AlarmState> {
        debug_assert!(self.next_due().is_none_or(|due| now <= due), "whoever has alarms steps them when they are due");
        let changed = std::mem::replace(&mut self.state, composite) != composite;
        let Some((wait, extension)) = self.periods else { return changed.then_some(composite) };
        let suppressing = suppressor == AlarmState::Alarm;
        let released = std::mem::replace(&mut self.suppressing, suppressing) && !suppressing;
        if changed || self.held.is_some() {
            self.held = if suppressing {
                Some(SuppressedBy::Alarm)
            } else if changed {
                Some(SuppressedBy::WaitPeriod { until: now + wait })
            } else if released {
                Some(SuppressedBy::ExtensionPeriod { until: now + extension })
            } else {
                self.held
            };
        }
        let over = self.next_due().is_some_and(|due| now >= due);
        if over {
            self.held = None;
        }
        over.then_some(composite)
    }

    /// When a period ends and [`Self::step`] must be called even if nothing changes.
    pub const fn next_due(&self) -> Option<SimTime> {
        match self.held {
            Some(SuppressedBy::WaitPeriod { until } | SuppressedBy::ExtensionPeriod { until }) => Some(until),
            Some(SuppressedBy::Alarm) | None => None,
        }
    }

    /// What holds actions back that were asked for.
    pub const fn suppressed_by(&self) -> Option<SuppressedBy> {
        self.held
    }
}
