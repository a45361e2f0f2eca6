//! Goals that a run was to reach: which assertions hold, what was measured, and how far that is from what is wanted.

use super::super::document::{Block, Cell, Table, Tone};
use super::super::model::Report;
use super::heads;
use crate::figures::{NONE, short};
use crate::insight::judge::Measured;
use crate::lesson::Assertion;

/// Tells the goals, if there are any.
pub(super) fn tell(report: &Report, blocks: &mut Vec<Block>) {
    if report.goals.is_empty() {
        return;
    }
    let rows = report.goals.iter().flat_map(|verdict| &verdict.assertions).map(|assertion| {
        let holds = if assertion.held { Cell::from("holds").toned(Tone::Good) } else { Cell::from("does not hold").toned(Tone::Bad) };
        vec![Cell::from(format!("`{}`", assertion.text)), holds, value(&assertion.measured).into(), value(&assertion.wanted).into(), rest(assertion).into()]
    });
    blocks.push(Block::Heading("Goals".into()));
    let columns = heads(&["assertion", "verdict", "measured", "wanted", "distance"]);
    blocks.push(Block::Table(Table { columns, left: 2, last_left: true, rows: rows.collect() }));
}

fn value(value: &Measured) -> String {
    match value {
        Measured::Number(number) => short(*number),
        Measured::Text(text) => text.clone(),
        Measured::Boolean(value) => value.to_string(),
        Measured::Nothing | Measured::List(_) | Measured::Map(_) => NONE.to_owned(),
    }
}

/// How far it is, or why nobody can say.
fn rest(assertion: &Assertion) -> String {
    match (&assertion.problem, assertion.distance) {
        (Some(problem), _) => problem.clone(),
        (None, Some(distance)) => short(distance),
        (None, None) => NONE.to_owned(),
    }
}
