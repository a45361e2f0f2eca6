//! What happened, in order of time, with the signals before, during and after.

use super::super::document::{Block, Cell, Table, Tone};
use super::super::model::{Happening, Movement, Report, Signals};
use super::heads;
use crate::figures::{NONE, clock, millis, percent, rate};
use crate::insight::significance::{ENOUGH_FOR_P50, ENOUGH_FOR_P99};

/// Columns that may have nothing to say.
const AFTER: usize = 4;
const LATER: usize = 5;

/// Happenings that are told in full; the JSON has all.
const MOST: usize = 20;
/// Lines of the log that are told; the JSON has all.
const LOG: usize = 30;

/// One signal: its name, how to read it from a set of signals, how to write it, and from which step on a rise is bad.
struct Signal {
    name: &'static str,
    value: fn(&Signals) -> Option<f64>,
    write: fn(Option<f64>) -> String,
    worse: fn(f64, f64) -> bool,
}

const RATE: Signal =
    Signal { name: "answered", value: |s| Some(s.goodput_per_s), write: |v| v.map_or_else(|| NONE.into(), rate), worse: |before, now| now < before * 0.9 };
const FAILED: Signal = Signal { name: "failed", value: |s| s.error_ratio, write: percent, worse: |before, now| now > before + 0.005 };
const LATENCY: Signal = Signal { name: "p99", value: |s| s.p99_ms, write: millis, worse: |before, now| now > before * 1.25 };
/// Stands for the 99th percentile where too few answers would make that one chance.
const MEDIAN: Signal = Signal { name: "p50", value: |s| s.p50_ms.filter(|_| s.answers >= ENOUGH_FOR_P50), ..LATENCY };
const BUSY: Signal = Signal { name: "busy", value: |s| s.saturation, write: percent, worse: |before, now| now > before + 0.15 && now > 0.8 };

/// Tells what happened.
pub(super) fn tell(report: &Report, blocks: &mut Vec<Block>) {
    if report.happenings.is_empty() && report.log.is_empty() {
        return;
    }
    blocks.push(Block::Heading("What happened".into()));
    for (at, happening) in report.happenings.iter().take(MOST).enumerate() {
        blocks.push(Block::Subheading(format!("{}. {}", at + 1, title(happening))));
        blocks.push(Block::Table(table(happening)));
    }
    if report.happenings.len() > MOST {
        blocks.push(Block::Text(format!("And {} more happenings, all in the JSON report.", report.happenings.len() - MOST)));
    }
    if !report.log.is_empty() {
        let line = |line: &super::super::model::LogLine| {
            let when = if line.times > 1 { format!("{}–{}", clock(line.at_s), clock(line.until_s)) } else { clock(line.at_s) };
            let times = if line.times > 1 { format!(", {} times", line.times) } else { String::new() };
            format!("{when} {}{}{times}", line.service.as_ref().map_or_else(String::new, |name| format!("{name}: ")), line.what)
        };
        blocks.push(Block::Subheading("The fleet's log".into()));
        let mut items: Vec<_> = report.log.iter().take(LOG).map(line).collect();
        if report.log.len() > LOG {
            items.push(format!("and {} lines more, all in the JSON report", report.log.len() - LOG));
        }
        blocks.push(Block::Items(items));
    }
}

fn title(happening: &Happening) -> String {
    let when = match happening.until_s {
        Some(until) if until > happening.at_s => format!("{}–{}", clock(happening.at_s), clock(until)),
        None if happening.kind != "action" => format!("{}–…", clock(happening.at_s)),
        _ => clock(happening.at_s),
    };
    let hidden = if happening.visible { "" } else { "fault: " };
    format!("{when}  {hidden}{}", happening.what)
}

fn table(happening: &Happening) -> Table {
    let mut rows = Vec::new();
    add(&mut rows, "users", &happening.users, &[RATE, FAILED, LATENCY], false);
    if let (Some(name), Some(target)) = (&happening.service, &happening.target) {
        add(&mut rows, name, target, &[RATE, FAILED, LATENCY, BUSY], false);
    }
    for (name, movement) in &happening.moved {
        add(&mut rows, name, movement, &[FAILED, LATENCY, BUSY], true);
    }
    // What does not last has a first minute, and nothing after it but later.
    let lasts = happening.kind != "action";
    let heads = heads(&["", "", "before", if lasts { "during" } else { "first minute" }, "after", "later"]);
    let mut table = Table { columns: heads, left: 2, last_left: false, rows };
    for column in [LATER, AFTER] {
        if (column == AFTER && !lasts) || table.rows.iter().all(|row| row[column].text == NONE) {
            table.columns.remove(column);
            table.rows.iter_mut().for_each(|row| drop(row.remove(column)));
        }
    }
    table
}

/// Adds a row per signal of one subject; signals that never had a value are left out, and if so wished those that did
/// not move beyond chance.
fn add(rows: &mut Vec<Vec<Cell>>, subject: &str, movement: &Movement, signals: &[Signal], only_moved: bool) {
    let mut first = true;
    let all = || [&movement.before, &movement.during, &movement.after, &movement.later].map(Option::as_ref);
    for signal in signals {
        let signal = if signal.name == LATENCY.name && few_answers(movement) { &MEDIAN } else { signal };
        let values = all().map(|signals| signals.and_then(signal.value));
        if values.iter().all(Option::is_none) || (only_moved && !movement.moved.iter().any(|moved| moved == signal.name)) {
            continue;
        }
        let before = values[0];
        let cell = |value: Option<f64>| {
            let worse = matches!((before, value), (Some(before), Some(now)) if (signal.worse)(before, now));
            Cell::from((signal.write)(value)).toned(if worse { Tone::Bad } else { Tone::Plain })
        };
        let mut row = vec![if first { subject.into() } else { Cell::default() }, signal.name.into()];
        row.extend(values.map(cell));
        rows.push(row);
        first = false;
    }
}

/// Whether a 99th percentile would be chance at some time that is told.
fn few_answers(movement: &Movement) -> bool {
    let all = [&movement.before, &movement.during, &movement.after, &movement.later];
    all.into_iter().flatten().any(|signals| signals.p99_ms.is_some() && signals.answers < ENOUGH_FOR_P99)
}
