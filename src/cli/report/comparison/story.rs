//! Tells a comparison: what was compared, one table of all measures, what a sweep found, and what follows.

use super::super::document::{Block, Cell, Document, Table, Tone};
use super::super::interval::{Interval, Intervals};
use super::super::words::{NONE, clock, count, counted, percent, span};
use super::model::{CellReport, Comparison, DifferenceReport, MeasureReport, ShareReport, SweepReport, ValueReport};
use super::quantity::{signed, size, unit};
use crate::lab::compare::Unit;

/// The widest table of a terminal [characters]; strategies that do not fit go into another table.
const WIDTH: usize = 124;
/// Room for a mean and for a difference with its interval [characters].
const COLUMNS: (usize, usize) = (12, 24);
/// Measures that a harmless version says nothing new about.
const ONLY_HARMFUL: &[&str] = &["time to detect", "time to recover", "missed"];

/// The comparison as a document.
pub(in super::super) fn tell(comparison: &Comparison) -> Document {
    let mut blocks = opening(comparison);
    variants(comparison, &mut blocks);
    measures(comparison, &mut blocks);
    if let Some(sweep) = &comparison.sweep {
        tell_sweep(sweep, &mut blocks);
    }
    if !comparison.conclusions.is_empty() {
        blocks.push(Block::Heading("What follows".into()));
        blocks.push(Block::Items(comparison.conclusions.clone()));
    }
    notes(comparison, &mut blocks);
    let title = if comparison.title.is_empty() { &comparison.scenario } else { &comparison.title };
    Document { title: format!("{title} – deployment strategies compared"), blocks }
}

/// The releases in words: `currencyservice v2-bad at 10:00`.
fn releases(comparison: &Comparison) -> String {
    let natures = |nature: &str| match nature {
        "worse" => ", which is worse than what it replaces",
        "same" => ", which is the same as what it replaces",
        _ => "",
    };
    let told: Vec<String> = comparison
        .releases
        .iter()
        .map(|release| format!("`{}` `{}` at {}{}", release.service, release.version, clock(release.at_s), natures(&release.nature)))
        .collect();
    told.join("; ")
}

fn opening(comparison: &Comparison) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (done, asked) = (comparison.seeds.len(), comparison.seeds_asked.len());
    if comparison.interrupted {
        blocks.push(Block::Text(if comparison.variants.is_empty() {
            "Interrupted: everything below counts only the runs that were done.".into()
        } else {
            format!("Interrupted: {done} of {asked} seeds are done, and everything below counts only those.")
        }));
    }
    let seeds = match comparison.seeds_asked.as_slice() {
        [] => String::new(),
        [only] => format!("seed {only}"),
        [first, .., last] => format!("{asked} seeds, {first} to {last}"),
    };
    let wall = comparison.wall_s.map_or_else(String::new, |wall| format!(" It took {}.", span(wall)));
    blocks.push(Block::Text(format!(
        "Scenario {}: {}. Runs of {} on {seeds}; of a seed every strategy gets the same users, requests and service times, so what differs is its \
         doing.{wall}",
        comparison.scenario,
        releases(comparison),
        span(comparison.simulated_s)
    )));
    if !comparison.spoiled.is_empty() {
        let first = &comparison.spoiled[0];
        let lost = counted(comparison.spoiled.len() as u64, "run");
        blocks.push(Block::Text(format!(
            "{lost} came to no end, and their seeds are left out for all, beginning with `{}`, seed {}: {}.",
            first.label, first.seed, first.why
        )));
    }
    blocks
}

fn variants(comparison: &Comparison, blocks: &mut Vec<Block>) {
    // What holds for several is said once.
    let mut noted: Vec<(&str, Vec<String>)> = Vec::new();
    for variant in &comparison.variants {
        for note in &variant.notes {
            let label = format!("`{}`", variant.label);
            match noted.iter_mut().find(|(known, _)| known == note) {
                Some((_, labels)) => labels.push(label),
                None => noted.push((note, vec![label])),
            }
        }
    }
    let noted: Vec<String> = noted.into_iter().map(|(note, labels)| format!("{}: {note}.", labels.join(", "))).collect();
    if !noted.is_empty() {
        blocks.push(Block::Items(noted));
    }
}

fn measures(comparison: &Comparison, blocks: &mut Vec<Block>) {
    if comparison.variants.is_empty() || comparison.seeds.is_empty() {
        return;
    }
    blocks.push(Block::Heading("Compared".into()));
    if comparison.harmless.is_empty() {
        world(comparison, &comparison.as_it_is, blocks);
        return;
    }
    let worse: Vec<String> = comparison.releases.iter().filter(|release| release.nature == "worse").map(|release| format!("`{}`", release.version)).collect();
    blocks.push(Block::Subheading(format!("With {} as it is", worse.join(", "))));
    world(comparison, &comparison.as_it_is, blocks);
    blocks.push(Block::Subheading(format!("If {} were harmless", worse.join(", "))));
    let rest: Vec<MeasureReport> = comparison.harmless.iter().filter(|measure| !ONLY_HARMFUL.contains(&measure.measure.as_str())).cloned().collect();
    world(comparison, &rest, blocks);
}

/// The tables and pictures of one world.
fn world(comparison: &Comparison, measures: &[MeasureReport], blocks: &mut Vec<Block>) {
    // What no strategy knows is no line.
    let known: Vec<&MeasureReport> = measures.iter().filter(|measure| measure.variants.iter().any(|value| value.mean.is_some())).collect();
    let labels: Vec<&str> = comparison.variants.iter().map(|variant| variant.label.as_str()).collect();
    for part in parts(&labels) {
        blocks.push(Block::Table(table(comparison.seeds.len(), &known, &labels, &part)));
    }
    let pictures: Vec<Intervals> = known.iter().filter_map(|measure| picture(measure, labels[0])).collect();
    if !pictures.is_empty() {
        blocks.push(Block::Intervals(pictures));
    }
}

/// Which of the strategies after the first fit beside it into one table.
fn parts(labels: &[&str]) -> Vec<Vec<usize>> {
    let wide = |label: &str| label.chars().count().max(COLUMNS.0) + 2;
    let start = 28 + labels.first().map_or(0, |label| wide(label));
    let mut parts = vec![Vec::new()];
    let mut used = start;
    for (at, label) in labels.iter().enumerate().skip(1) {
        let more = wide(label) + COLUMNS.1 + 2;
        if used + more > WIDTH && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(Vec::new());
            used = start;
        }
        used += more;
        if let Some(part) = parts.last_mut() {
            part.push(at);
        }
    }
    parts
}

fn table(seeds: usize, measures: &[&MeasureReport], labels: &[&str], part: &[usize]) -> Table {
    let mut columns = vec!["mean per run".to_owned(), labels[0].to_owned()];
    for at in part {
        columns.extend([labels[*at].to_owned(), "difference".to_owned()]);
    }
    let row = |measure: &&MeasureReport| {
        let mut cells = vec![Cell::from(measure.measure.clone()), mean(measure, &measure.variants[0], seeds)];
        for at in part {
            let value = &measure.variants[*at];
            cells.extend([mean(measure, value, seeds), difference(measure, value)]);
        }
        cells
    };
    Table { columns, left: 1, last_left: false, rows: measures.iter().map(row).collect() }
}

/// `4,321`, or `60 s (7 of 10)` where not all seeds know it.
fn mean(measure: &MeasureReport, value: &ValueReport, seeds: usize) -> Cell {
    let Some(mean) = value.mean else { return NONE.into() };
    let text = size(unit(&measure.unit), mean);
    if value.known as usize == seeds { text.into() } else { format!("{text} ({} of {seeds})", value.known).into() }
}

/// `-4,009 ± 105 *`.
fn difference(measure: &MeasureReport, value: &ValueReport) -> Cell {
    let Some(difference) = &value.difference else { return NONE.into() };
    let tone = match difference {
        DifferenceReport { excludes_zero: false, .. } => Tone::Plain,
        DifferenceReport { mean, .. } if *mean < 0.0 => Tone::Good,
        DifferenceReport { .. } => Tone::Bad,
    };
    Cell::from(in_words(measure, difference)).toned(tone)
}

fn in_words(measure: &MeasureReport, difference: &DifferenceReport) -> String {
    let unit = unit(&measure.unit);
    let mean = signed(unit, difference.mean);
    // Digits stay under digits where there is no star.
    let star = if difference.excludes_zero { " *" } else { "  " };
    match difference.high {
        None => format!("{mean} (interval n/a)"),
        Some(high) if high.total_cmp(&difference.mean).is_eq() => format!("{mean}{star}"),
        Some(high) => format!("{mean} ± {}{star}", size(unit, high - difference.mean)),
    }
}

/// The differences of a measure as a picture; `None` if there are none.
fn picture(measure: &MeasureReport, baseline: &str) -> Option<Intervals> {
    let row = |value: &ValueReport| {
        let difference = value.difference?;
        let text = in_words(measure, &difference).trim_end().to_owned();
        Some(Interval { name: value.label.clone(), mean: difference.mean, range: difference.low.zip(difference.high), text })
    };
    let rows: Vec<Interval> = measure.variants.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| Intervals { title: format!("{}, difference to {baseline}", measure.measure), rows })
}

fn tell_sweep(sweep: &SweepReport, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Power".into()));
    if let [rows, columns] = sweep.axes.as_slice() {
        type Value = fn(&CellReport) -> Option<ShareReport>;
        let maps: [(&str, Tone, Value); 2] = [
            ("How often the harmful version was found", Tone::Good, |cell| cell.detected),
            ("How often a harmless one was turned back", Tone::Bad, |cell| cell.false_rollbacks),
        ];
        for (title, tone, value) in maps {
            let mut heads = vec![format!("{} \\ {}", rows.name, columns.name)];
            heads.extend(columns.values.iter().cloned());
            let row = |(at, name): (usize, &String)| {
                let cells = sweep.cells.iter().skip(at * columns.values.len()).take(columns.values.len());
                let filled = cells.map(|cell| match value(cell) {
                    None => NONE.into(),
                    Some(share) => Cell::from(percent(Some(share.share))).toned(tone).filled((share.share * 100.0) as u8),
                });
                std::iter::once(Cell::from(name.clone())).chain(filled).collect()
            };
            blocks.push(Block::Subheading(title.into()));
            blocks.push(Block::Table(Table { columns: heads, left: 1, last_left: false, rows: rows.values.iter().enumerate().map(row).collect() }));
        }
        blocks.push(Block::Subheading("Each combination".into()));
    }
    let mut columns: Vec<String> = sweep.axes.iter().map(|axis| axis.name.clone()).collect();
    columns.extend(["found", "share", "95 % interval", "time to detect", "users hurt", "in vain", "share", "95 % interval"].map(str::to_owned));
    let unfinished = sweep.cells.iter().any(|cell| cell.unfinished > 0);
    if unfinished {
        columns.push("unfinished".into());
    }
    let row = |cell: &CellReport| {
        let mut cells: Vec<Cell> = cell.values.iter().map(|value| value.clone().into()).collect();
        let share = |share: Option<ShareReport>| match share {
            None => [NONE.into(), NONE.into(), NONE.into()],
            Some(share) => [
                format!("{} of {}", count(share.hits.into()), count(share.trials.into())).into(),
                percent(Some(share.share)).into(),
                format!("{} … {}", percent(Some(share.low)), percent(Some(share.high))).into(),
            ],
        };
        let mean = |unit: Unit, value: Option<f64>| value.map_or_else(|| NONE.into(), |value| Cell::from(size(unit, value)));
        cells.extend(share(cell.detected));
        cells.extend([mean(Unit::Seconds, cell.detect_s), mean(Unit::Count, cell.users_hurt)]);
        cells.extend(share(cell.false_rollbacks));
        if unfinished {
            cells.push(count(cell.unfinished.into()).into());
        }
        cells
    };
    blocks.push(Block::Table(Table { columns, left: sweep.axes.len(), last_left: false, rows: sweep.cells.iter().map(row).collect() }));
}

fn notes(comparison: &Comparison, blocks: &mut Vec<Block>) {
    let mut items: Vec<String> = Vec::new();
    if !comparison.variants.is_empty() {
        let baseline = &comparison.variants[0].label;
        items.extend([
            format!(
                "difference: to `{baseline}`, the mean over the pairs of a seed, ± half of its 95 % confidence interval (Student's t). * marks intervals that \
                 leave zero out: more than chance. Less is better in every line. (7 of 10): only so many runs know it."
            ),
            "users hurt: different users with at least one failed request. budget burned: share of the requests that an objective allows to be bad.".into(),
            "time to detect: from the start of the harmful deployment until an alarm goes off or the deployment fails by itself; – if nothing told of it.".into(),
            "time to recover: from that start until its rollback was completed, or until nobody reached the version any more.".into(),
            "missed: harmful versions that were deployed and stayed. false rollbacks: harmless ones that were turned back.".into(),
            "deployment time: from start to completion, of deployments that completed. Lead time would begin with the commit, and there is no team yet to make one.".into(),
        ]);
    }
    if !comparison.harmless.is_empty() {
        items
            .push("If it were harmless: the same seeds with a version that behaves like the one it replaces, and nobody who goes back from it by hand.".into());
    }
    if let Some(sweep) = &comparison.sweep {
        items.push(
            "found: the harmful version was turned back by its own deployment, not by a person, at whatever stage; time to detect and users hurt say how \
             late. in vain: a harmless version was turned back. Intervals are Wilson's, 95 %."
                .into(),
        );
        if sweep.cells.iter().any(|cell| cell.unfinished > 0) {
            items.push("unfinished: runs that ended while the deployment was under way, so nothing was decided; --until makes them longer.".into());
        }
    }
    blocks.push(Block::Heading("How to read this".into()));
    blocks.push(Block::Items(items));
}
