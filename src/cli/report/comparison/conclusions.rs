//! What follows from a comparison, in sentences: which strategy is better in what, and what that costs.
//!
//! Every sentence is made from numbers: a measure is mentioned for two strategies only if the 95 % interval of the
//! difference of their pairs leaves zero out, and all others are said to be no more than chance. Nothing here knows which
//! strategy ought to win.

use super::model::{CellReport, Comparison, MeasureReport, ShareReport, SweepReport, ValueReport};
use super::quantity::{signed, size, unit};
use crate::insight::paired::Paired;

/// Up to so many strategies are each compared with each; more only with the first one, or nobody would read it.
const EACH_WITH_EACH: usize = 4;

/// All sentences.
pub(super) fn of(comparison: &Comparison) -> Vec<String> {
    let mut sentences = Vec::new();
    sentences.extend(detection(comparison));
    let variants = comparison.variants.len();
    let baselines = if variants <= EACH_WITH_EACH { variants } else { 1 };
    for baseline in 0..baselines {
        for variant in baseline + 1..variants {
            sentences.extend(pair(comparison, baseline, variant));
        }
    }
    sentences.extend(comparison.sweep.as_ref().and_then(best_cell));
    sentences
}

/// Who was turned back by its own deployment how often.
fn detection(comparison: &Comparison) -> Option<String> {
    let seeds = comparison.seeds.len();
    let told: Vec<String> =
        comparison.variants.iter().filter_map(|variant| variant.turned_back.map(|count| format!("`{}` in {count}", variant.label))).collect();
    (!told.is_empty() && seeds > 0)
        .then(|| format!("Of {seeds} seed{}, the harmful version was turned back without anybody's doing under {}.", plural(seeds), told.join(", under ")))
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// What is said of a measure when there is less of it, and when there is more.
fn verbs(measure: &str) -> (String, String) {
    let both = |less: &str, more: &str| (less.to_owned(), more.to_owned());
    match measure {
        "users hurt" => both("hurts fewer users", "hurts more users"),
        "failed requests" => both("fails fewer requests", "fails more requests"),
        "time to detect" => both("is found out sooner", "is found out later"),
        "time to recover" => both("recovers sooner", "recovers later"),
        "missed" => both("lets fewer harmful versions stay", "lets more harmful versions stay"),
        "false rollbacks" => both("turns back fewer good versions", "turns back more good versions"),
        "instance-hours" => both("needs fewer instance-hours", "needs more instance-hours"),
        "cost" => both("costs less", "costs more"),
        "deployment time" => both("is through sooner", "takes longer"),
        other => match other.strip_prefix("budget burned: ") {
            Some(slo) => (format!("burns less of the budget of `{slo}`"), format!("burns more of the budget of `{slo}`")),
            None => (format!("has less {other}"), format!("has more {other}")),
        },
    }
}

/// Something in which two strategies differ by more than chance.
struct Finding {
    /// What one of them does.
    verb: String,
    /// By how much.
    numbers: String,
    /// Pairs that differ in this direction.
    agree: usize,
    /// Pairs in all.
    pairs: usize,
}

impl Finding {
    /// In how many seeds of how many, if that is the same for all.
    fn seeds<'a>(findings: impl Iterator<Item = &'a Self>) -> Option<(usize, usize)> {
        let mut all: Vec<(usize, usize)> = findings.map(|finding| (finding.agree, finding.pairs)).collect();
        all.dedup();
        if let [one] = all.as_slice() { Some(*one) } else { None }
    }
    /// `hurts fewer users (0.7 instead of 4,668, in 9 of 10 seeds)`; without the seeds where they were said before.
    fn tell(&self, said: bool) -> String {
        let seeds = if said { String::new() } else { format!(", in {} of {} seeds", self.agree, self.pairs) };
        format!("{} ({}{seeds})", self.verb, self.numbers)
    }
}

/// `, in 10 of 10 seeds,` before what holds in so many.
fn within(seeds: Option<(usize, usize)>) -> String {
    seeds.map_or_else(String::new, |(agree, pairs)| format!(", in {agree} of {pairs} seeds,"))
}

/// What differs between two strategies.
fn pair(comparison: &Comparison, baseline: usize, variant: usize) -> Vec<String> {
    let [one, other] = [variant, baseline].map(|at| &comparison.variants[at].label);
    if comparison.seeds.len() == 1 {
        return vec![format!("`{one}` and `{other}`: a single seed cannot tell a difference from chance; run more.")];
    }
    let differ = |measures: &[MeasureReport]| -> [Vec<Finding>; 2] {
        let mut sides = [Vec::new(), Vec::new()];
        for measure in measures {
            let (less, more) = verbs(&measure.measure);
            let Some((paired, means)) = paired(&measure.variants[variant], &measure.variants[baseline]) else { continue };
            if !paired.excludes_zero() {
                continue;
            }
            let (side, verb, agree) = if paired.mean < 0.0 { (0, less, paired.lower) } else { (1, more, paired.higher) };
            let unit = unit(&measure.unit);
            let [mean, instead] = means.map(|mean| size(unit, mean));
            let numbers = if mean == instead { signed(unit, paired.mean) } else { format!("{mean} instead of {instead}") };
            sides[side].push(Finding { verb, numbers, agree, pairs: paired.pairs });
        }
        sides
    };
    let mut sentences = Vec::new();
    match differ(&comparison.as_it_is) {
        [better, worse] if better.is_empty() && worse.is_empty() => {
            let exactly =
                comparison.as_it_is.iter().chain(&comparison.harmless).all(|measure| measure.variants[variant].values == measure.variants[baseline].values);
            let how = if exactly { "do not differ at all: every difference is exactly zero" } else { "do not differ by more than chance" };
            sentences.push(format!("`{one}` and `{other}` {how}."));
            if exactly {
                return sentences;
            }
        }
        [better, worse] => {
            let seeds = Finding::seeds(better.iter().chain(&worse));
            let of = |side: &[Finding]| and(&side.iter().map(|finding| finding.tell(seeds.is_some())).collect::<Vec<_>>());
            let whole = match (better.is_empty(), worse.is_empty()) {
                (true, _) => format!("{}, and is better in nothing", of(&worse)),
                (_, true) => format!("{}, and is worse in nothing", of(&better)),
                _ => format!("{}; but it {}", of(&better), of(&worse)),
            };
            sentences.push(format!("`{one}` compared with `{other}`{} {whole}.", within(seeds)));
        }
    }
    let [better, worse] = differ(&comparison.harmless);
    if !(better.is_empty() && worse.is_empty()) {
        let seeds = Finding::seeds(better.iter().chain(&worse));
        let told: Vec<String> = better.iter().chain(&worse).map(|finding| finding.tell(seeds.is_some())).collect();
        sentences.push(format!("With a harmless version `{one}` compared with `{other}`{} {}.", within(seeds), and(&told)));
    }
    sentences
}

/// The pairs of two strategies' values, and the means of both over the seeds that know both.
fn paired(one: &ValueReport, other: &ValueReport) -> Option<(Paired, [f64; 2])> {
    let known: Vec<(f64, f64)> = one.values.iter().zip(&other.values).filter_map(|(one, other)| Some(((*one)?, (*other)?))).collect();
    let paired = Paired::between(known.iter().copied())?;
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / known.len() as f64;
    Some((paired, [mean(&mut known.iter().map(|(one, _)| *one)), mean(&mut known.iter().map(|(_, other)| *other))]))
}

/// `a`, `a and b`, `a, b and c`.
fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The combination of a sweep that tells good from bad best: most often right with both the bad and the good version. Only
/// if it is better than the worst one by more than chance: their Wilson intervals do not overlap.
fn best_cell(sweep: &SweepReport) -> Option<String> {
    let known: Vec<(&CellReport, ShareReport, ShareReport)> =
        sweep.cells.iter().filter_map(|cell| Some((cell, cell.detected?, cell.false_rollbacks?))).collect();
    let right = |(_, detected, in_vain): &(&CellReport, ShareReport, ShareReport)| detected.share - in_vain.share;
    // Of several that are alike the first one, on both ends.
    let best = known.iter().rev().max_by(|one, other| right(one).total_cmp(&right(other)))?;
    let worst = known.iter().min_by(|one, other| right(one).total_cmp(&right(other)))?;
    let overlap = |one: ShareReport, other: ShareReport| one.low <= other.high && other.low <= one.high;
    let named = |cell: &CellReport| {
        let words: Vec<String> = sweep.axes.iter().zip(&cell.values).map(|(axis, value)| format!("{}={value}", axis.name)).collect();
        format!("`{}`", words.join(" "))
    };
    let counts = |(_, detected, in_vain): &(&CellReport, ShareReport, ShareReport)| {
        format!("{} of {} found, {} of {} turned back in vain", detected.hits, detected.trials, in_vain.hits, in_vain.trials)
    };
    let combinations = known.len();
    Some(if combinations == 1 {
        format!("{}: {}.", named(best.0), counts(best))
    } else if overlap(best.1, worst.1) && overlap(best.2, worst.2) {
        format!(
            "None of {combinations} combinations tells a harmful version from a harmless one better than the others by more than chance: {} with {}, {} with {}.",
            counts(best),
            named(best.0),
            counts(worst),
            named(worst.0)
        )
    } else {
        let alike = known.iter().filter(|cell| (right(cell) - right(best)).abs() < 1e-9).count() - 1;
        let more = if alike > 0 { format!(" (and {alike} more)") } else { String::new() };
        format!(
            "Of {combinations} combinations, {}{more} tells a harmful version from a harmless one best ({}), {} worst ({}).",
            named(best.0),
            counts(best),
            named(worst.0),
            counts(worst)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report::comparison::model::AxisReport;
    use crate::insight::proportion::Proportion;

    fn sweep(in_vain: [usize; 3]) -> SweepReport {
        let share = |hits| {
            let share = Proportion::of(hits, 20).expect("trials");
            Some(ShareReport { hits: share.hits as u32, trials: 20, share: share.share, low: share.low, high: share.high })
        };
        let cell = |(at, hits): (usize, usize)| CellReport {
            values: vec![format!("{at}%")],
            detected: share(20),
            false_rollbacks: share(hits),
            ..CellReport::default()
        };
        SweepReport { axes: vec![AxisReport { name: "canary.weight".into(), values: Vec::new() }], cells: in_vain.into_iter().enumerate().map(cell).collect() }
    }

    #[test]
    fn the_best_combination_is_named_only_if_it_is_better_than_chance() {
        let said = best_cell(&sweep([12, 1, 1])).expect("a sentence");
        assert!(said.contains("`canary.weight=1%` (and 1 more)") && said.contains("`canary.weight=0%` worst (20 of 20 found, 12 of 20"), "{said}");
        let said = best_cell(&sweep([3, 1, 0])).expect("a sentence");
        assert!(said.starts_with("None of 3 combinations"), "{said}");
    }
}
