//! Tells a comparison in its language: what was compared, one table of all measures, what a sweep found, and what follows.

use super::super::document::{Block, Cell, Document, Table, Tone};
use super::super::interval::{Interval, Intervals};
use super::model::{CellReport, Comparison, DifferenceReport, MeasureReport, ShareReport, SweepReport, ValueReport};
use crate::figures::{NONE, clock, count, percent, span};
use crate::lab::compare::quantity::{difference as difference_text, size};
use crate::lab::compare::{Measure, Unit};
use crate::lang::Lang;

/// The widest table of a terminal [characters]; strategies that do not fit go into another table.
const WIDTH: usize = 124;
/// Room for a mean and for a difference with its interval [characters].
const COLUMNS: (usize, usize) = (12, 24);
/// The comparison as a document.
pub(in super::super) fn tell(comparison: &Comparison) -> Document {
    let lang = comparison.language;
    let mut blocks = opening(comparison);
    variants(comparison, &mut blocks);
    measures(comparison, &mut blocks);
    if let Some(sweep) = &comparison.sweep {
        tell_sweep(sweep, lang, &mut blocks);
    }
    if !comparison.conclusions.is_empty() {
        blocks.push(heading(lang, "report.compare.follows"));
        blocks.push(Block::Items(comparison.conclusions.clone()));
    }
    notes(comparison, &mut blocks);
    let title = if comparison.title.is_empty() { &comparison.scenario } else { &comparison.title };
    Document { title: lang.with("report.compare.title", &[("title", title)]), lang, blocks }
}

fn heading(lang: Lang, key: &'static str) -> Block {
    Block::Heading(lang.tr(key).into_owned())
}

/// The releases in words: `currencyservice v2-bad at 10:00`.
fn releases(comparison: &Comparison) -> String {
    let lang = comparison.language;
    let nature = |nature: &str| match nature {
        "worse" => lang.tr("report.compare.worse").into_owned(),
        "same" => lang.tr("report.compare.same").into_owned(),
        _ => String::new(),
    };
    let release = |release: &super::model::ReleaseReport| {
        let (time, nature) = (clock(release.at_s), nature(&release.nature));
        let values = [("service", release.service.as_str()), ("version", &release.version), ("time", &time), ("nature", &nature)];
        lang.with("report.compare.release", &values)
    };
    let mut told: Vec<String> = comparison.releases.iter().map(release).collect();
    told.extend(comparison.team.then(|| lang.tr("report.compare.team").into_owned()));
    told.join("; ")
}

fn opening(comparison: &Comparison) -> Vec<Block> {
    let lang = comparison.language;
    let mut blocks = Vec::new();
    let [done, asked] = [comparison.seeds.len(), comparison.seeds_asked.len()].map(|count| count.to_string());
    if comparison.interrupted {
        blocks.push(Block::Text(if comparison.variants.is_empty() {
            lang.tr("report.compare.interrupted.sweep").into_owned()
        } else {
            lang.with("report.compare.interrupted", &[("done", &done), ("asked", &asked)])
        }));
    }
    let seeds = match comparison.seeds_asked.as_slice() {
        [] => String::new(),
        [only] => lang.with("report.compare.seed", &[("seed", &only.to_string())]),
        [first, .., last] => lang.with("report.compare.seeds", &[("count", &asked), ("first", &first.to_string()), ("last", &last.to_string())]),
    };
    let took = comparison.wall_s.map_or_else(String::new, |wall| lang.with("report.compare.took", &[("time", &lang.figure(&span(wall)))]));
    let (releases, length) = (releases(comparison), lang.figure(&span(comparison.simulated_s)));
    let values = [("scenario", comparison.scenario.as_str()), ("releases", &releases), ("span", &length), ("seeds", &seeds), ("took", &took)];
    blocks.push(Block::Text(lang.with("report.compare.opening", &values)));
    if let Some(first) = comparison.spoiled.first() {
        let (runs, seed) = (lang.counted("runs", comparison.spoiled.len()), first.seed.to_string());
        let values = [("runs", runs.as_str()), ("label", &first.label), ("seed", &seed), ("why", &first.why)];
        blocks.push(Block::Text(lang.with("report.compare.spoiled", &values)));
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
    let lang = comparison.language;
    blocks.push(heading(lang, "report.compare.compared"));
    if comparison.harmless.is_empty() {
        world(comparison, &comparison.as_it_is, blocks);
        return;
    }
    let worse: Vec<String> = comparison.releases.iter().filter(|release| release.nature == "worse").map(|release| format!("`{}`", release.version)).collect();
    let subheading = |key| Block::Subheading(lang.with(key, &[("versions", &worse.join(", "))]));
    blocks.push(subheading("report.compare.as-it-is"));
    world(comparison, &comparison.as_it_is, blocks);
    blocks.push(subheading("report.compare.if-harmless"));
    // Measures that a harmless version says nothing new about.
    let nothing_new = [Measure::TimeToDetect, Measure::TimeToRecover, Measure::Missed, Measure::LeadTime].map(|measure| measure.name());
    let rest: Vec<MeasureReport> = comparison.harmless.iter().filter(|report| !nothing_new.contains(&report.measure)).cloned().collect();
    world(comparison, &rest, blocks);
}

/// The tables and pictures of one world.
fn world(comparison: &Comparison, measures: &[MeasureReport], blocks: &mut Vec<Block>) {
    // What no strategy knows is no line, unless it is said why.
    let told = |measure: &&MeasureReport| measure.variants.iter().any(|value| value.mean.is_some()) || comparison.unknown.contains_key(&measure.measure);
    let known: Vec<&MeasureReport> = measures.iter().filter(told).collect();
    let labels: Vec<&str> = comparison.variants.iter().map(|variant| variant.label.as_str()).collect();
    for part in parts(&labels) {
        blocks.push(Block::Table(table(comparison, &known, &labels, &part)));
    }
    let pictures: Vec<Intervals> = known.iter().filter_map(|measure| picture(comparison.language, measure, labels[0])).collect();
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

fn table(comparison: &Comparison, measures: &[&MeasureReport], labels: &[&str], part: &[usize]) -> Table {
    let lang = comparison.language;
    let seeds = comparison.seeds.len();
    let mut columns = vec![lang.tr("report.compare.mean").into_owned(), labels[0].to_owned()];
    for at in part {
        columns.extend([labels[*at].to_owned(), lang.tr("report.compare.difference").into_owned()]);
    }
    let row = |measure: &&MeasureReport| {
        let mut cells = vec![Cell::from(measure.title.clone()), mean(lang, measure, &measure.variants[0], seeds)];
        for at in part {
            let value = &measure.variants[*at];
            cells.extend([mean(lang, measure, value, seeds), difference(lang, measure, value)]);
        }
        cells
    };
    Table { columns, left: 1, last_left: false, rows: measures.iter().map(row).collect() }
}

/// `4,321`, or `60 s (7 of 10)` where not all seeds know it.
fn mean(lang: Lang, measure: &MeasureReport, value: &ValueReport, seeds: usize) -> Cell {
    let Some(mean) = value.mean else { return NONE.into() };
    let text = size(lang, Unit::of_name(&measure.unit), mean);
    if value.known as usize == seeds {
        return text.into();
    }
    lang.with("report.compare.known", &[("mean", &text), ("known", &value.known.to_string()), ("seeds", &seeds.to_string())]).into()
}

/// `-4,009 ± 105 *`.
fn difference(lang: Lang, measure: &MeasureReport, value: &ValueReport) -> Cell {
    let Some(difference) = &value.difference else { return NONE.into() };
    let tone = match difference {
        DifferenceReport { excludes_zero: false, .. } => Tone::Plain,
        DifferenceReport { mean, .. } if *mean < 0.0 => Tone::Good,
        DifferenceReport { .. } => Tone::Bad,
    };
    Cell::from(in_words(lang, measure, difference)).toned(tone)
}

fn in_words(lang: Lang, measure: &MeasureReport, difference: &DifferenceReport) -> String {
    let half_width = difference.high.map(|high| high - difference.mean);
    let text = difference_text(lang, Unit::of_name(&measure.unit), difference.mean, half_width);
    // Digits stay under digits where there is no star.
    let star = match half_width {
        None => "",
        Some(_) if difference.excludes_zero => " *",
        Some(_) => "  ",
    };
    text + star
}

/// The differences of a measure as a picture; `None` if there are none.
fn picture(lang: Lang, measure: &MeasureReport, baseline: &str) -> Option<Intervals> {
    let row = |value: &ValueReport| {
        let difference = value.difference?;
        let text = in_words(lang, measure, &difference).trim_end().to_owned();
        Some(Interval { name: value.label.clone(), mean: difference.mean, range: difference.low.zip(difference.high), text })
    };
    let rows: Vec<Interval> = measure.variants.iter().filter_map(row).collect();
    let title = || lang.with("report.compare.picture", &[("measure", &measure.title), ("baseline", baseline)]);
    (!rows.is_empty()).then(|| Intervals { title: title(), rows })
}

fn tell_sweep(sweep: &SweepReport, lang: Lang, blocks: &mut Vec<Block>) {
    let percent = |share: f64| lang.figure(&percent(Some(share)));
    blocks.push(heading(lang, "report.compare.power"));
    if let [rows, columns] = sweep.axes.as_slice() {
        type Value = fn(&CellReport) -> Option<ShareReport>;
        let maps: [(&'static str, Tone, Value); 2] =
            [("report.compare.found-map", Tone::Good, |cell| cell.detected), ("report.compare.vain-map", Tone::Bad, |cell| cell.false_rollbacks)];
        for (title, tone, value) in maps {
            let mut heads = vec![format!("{} \\ {}", rows.name, columns.name)];
            heads.extend(columns.values.iter().cloned());
            let row = |(at, name): (usize, &String)| {
                let cells = sweep.cells.iter().skip(at * columns.values.len()).take(columns.values.len());
                let filled = cells.map(|cell| match value(cell) {
                    None => NONE.into(),
                    Some(share) => Cell::from(percent(share.share)).toned(tone).filled((share.share * 100.0) as u8),
                });
                std::iter::once(Cell::from(name.clone())).chain(filled).collect()
            };
            blocks.push(Block::Subheading(lang.tr(title).into_owned()));
            blocks.push(Block::Table(Table { columns: heads, left: 1, last_left: false, rows: rows.values.iter().enumerate().map(row).collect() }));
        }
        blocks.push(Block::Subheading(lang.tr("report.compare.each-cell").into_owned()));
    }
    let mut columns: Vec<String> = sweep.axes.iter().map(|axis| axis.name.clone()).collect();
    let share_of = |key| [key, "report.compare.share", "report.compare.interval"].map(|key| lang.tr(key).into_owned());
    columns.extend(share_of("report.compare.found"));
    columns.extend([Measure::TimeToDetect, Measure::UsersHurt].map(|measure| measure.title(lang)));
    columns.extend(share_of("report.compare.in-vain"));
    let unfinished = sweep.cells.iter().any(|cell| cell.unfinished > 0);
    if unfinished {
        columns.push(lang.tr("report.compare.unfinished").into_owned());
    }
    let row = |cell: &CellReport| {
        let mut cells: Vec<Cell> = cell.values.iter().map(|value| value.clone().into()).collect();
        let share = |share: Option<ShareReport>| match share {
            None => [NONE.into(), NONE.into(), NONE.into()],
            Some(share) => [
                lang.with("report.compare.of", &[("hits", &count(share.hits.into())), ("trials", &count(share.trials.into()))]).into(),
                percent(share.share).into(),
                format!("{} … {}", percent(share.low), percent(share.high)).into(),
            ],
        };
        let mean = |unit: Unit, value: Option<f64>| value.map_or_else(|| NONE.into(), |value| Cell::from(size(lang, unit, value)));
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
    let lang = comparison.language;
    let tr = |key| lang.tr(key).into_owned();
    let mut items: Vec<String> = Vec::new();
    if let Some(baseline) = comparison.variants.first() {
        items.push(lang.with("report.compare.read.difference", &[("baseline", &baseline.label)]));
        items.extend(
            [
                "report.compare.read.users",
                "report.compare.read.detect",
                "report.compare.read.recover",
                "report.compare.read.missed",
                "report.compare.read.took",
            ]
            .map(tr),
        );
        items.push(match comparison.unknown.get(&Measure::LeadTime.name()) {
            Some(why) => lang.with("report.compare.read.no-lead-time", &[("why", why)]),
            None => tr("report.compare.read.lead-time"),
        });
    }
    if !comparison.harmless.is_empty() {
        items.push(tr("report.compare.read.harmless"));
    }
    if let Some(sweep) = &comparison.sweep {
        items.push(tr("report.compare.read.found"));
        if sweep.cells.iter().any(|cell| cell.unfinished > 0) {
            items.push(tr("report.compare.read.unfinished"));
        }
    }
    blocks.push(heading(lang, "report.compare.how-to-read"));
    blocks.push(Block::Items(items));
}
