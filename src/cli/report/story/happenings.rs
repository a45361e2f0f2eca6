//! What happened, in order of time, with the signals before, during and after.

use super::super::document::{Block, Cell, Table, Tone};
use super::super::model::{Happening, Movement, Report, Signals};
use super::super::words::{NONE, clock, millis, percent, rate};
use super::heads;

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
const P99: Signal = Signal { name: "p99", value: |s| s.p99_ms, write: millis, worse: |before, now| now > before * 1.25 };
const BUSY: Signal = Signal { name: "busy", value: |s| s.saturation, write: percent, worse: |before, now| now > before + 0.15 && now > 0.8 };

/// Tells what happened.
pub(super) fn tell(report: &Report, blocks: &mut Vec<Block>) {
    if report.happenings.is_empty() && report.log.is_empty() {
        return;
    }
    blocks.push(Block::Heading("What happened".into()));
    for happening in report.happenings.iter().take(MOST) {
        blocks.push(Block::Subheading(title(happening)));
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
    add(&mut rows, "users", &happening.users, &[RATE, FAILED, P99], false);
    if let (Some(name), Some(target)) = (&happening.service, &happening.target) {
        add(&mut rows, name, target, &[RATE, FAILED, P99, BUSY], false);
    }
    for (name, movement) in &happening.moved {
        add(&mut rows, name, movement, &[FAILED, P99, BUSY], true);
    }
    Table { columns: heads(&["", "", "before", "during", "after"]), left: 2, last_left: false, rows }
}

/// Whether a signal changed enough to be worth a line: by a tenth, or by half a point of a share.
fn moved(before: Option<f64>, during: Option<f64>) -> bool {
    match (before, during) {
        (Some(before), Some(during)) => (during - before).abs() > (before.abs() * 0.1).max(0.005),
        (before, during) => before.is_some() != during.is_some(),
    }
}

/// Adds a row per signal of one subject; signals that never had a value are left out, and if so wished those that did
/// not move.
fn add(rows: &mut Vec<Vec<Cell>>, subject: &str, movement: &Movement, signals: &[Signal], only_moved: bool) {
    let mut first = true;
    for signal in signals {
        let [before, during, after] = [movement.before, movement.during, movement.after].map(|signals| signals.as_ref().and_then(signal.value));
        if (before.is_none() && during.is_none() && after.is_none()) || (only_moved && !moved(before, during)) {
            continue;
        }
        let cell = |value: Option<f64>| {
            let worse = matches!((before, value), (Some(before), Some(now)) if (signal.worse)(before, now));
            Cell::from((signal.write)(value)).toned(if worse { Tone::Bad } else { Tone::Plain })
        };
        rows.push(vec![if first { subject.into() } else { Cell::default() }, signal.name.into(), cell(before), cell(during), cell(after)]);
        first = false;
    }
}
