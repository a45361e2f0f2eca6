//! What follows from a comparison, in sentences: which strategy is better in what, and what that costs.
//!
//! Every sentence is made from numbers: a measure is mentioned for two strategies only if the 95 % interval of the
//! difference of their pairs leaves zero out, and all others are said to be no more than chance. Nothing here knows which
//! strategy ought to win. The words are in `assets/i18n`, under `compare.less`, `compare.more` and `compare.said`.

use super::World;
use super::measure::Measure;
use super::outcome::{Cell, Outcome};
use super::plan::Sweep;
use super::quantity::{signed, size};
use crate::insight::paired::Paired;
use crate::insight::proportion::Proportion;
use crate::lang::Lang;

/// Up to so many strategies are each compared with each; more only with the first one, or nobody would read it.
const EACH_WITH_EACH: usize = 4;
/// Means that differ by this share of the larger one are worth more seeds.
const MUCH: f64 = 0.5;

/// All sentences, in a language. Names stand between back-ticks.
pub fn conclusions(outcome: &Outcome, lang: Lang) -> Vec<String> {
    let mut sentences = Vec::new();
    sentences.extend(detection(outcome, lang));
    let variants = outcome.plan().variants().len();
    let baselines = if variants <= EACH_WITH_EACH { variants } else { 1 };
    for baseline in 0..baselines {
        for variant in baseline + 1..variants {
            sentences.extend(pair(outcome, baseline, variant, lang));
        }
    }
    sentences.extend(outcome.plan().sweep().and_then(|sweep| best_cell(sweep, &outcome.cells(), lang)));
    sentences
}

/// Who was turned back by its own deployment how often.
fn detection(outcome: &Outcome, lang: Lang) -> Option<String> {
    let seeds = outcome.seeds().len();
    let told = outcome.plan().variants().iter().enumerate().filter_map(|(at, variant)| {
        let count = outcome.turned_back(at)?.to_string();
        Some(lang.with("compare.said.detected.under", &[("label", &variant.label), ("count", &count)]))
    });
    let told: Vec<String> = told.collect();
    let told = told.join(&lang.tr("compare.said.detected.next"));
    (!told.is_empty() && seeds > 0).then(|| lang.with("compare.said.detected", &[("seeds", &lang.counted("seeds", seeds)), ("told", &told)]))
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
    fn tell(&self, said: bool, lang: Lang) -> String {
        let seeds = if said { String::new() } else { format!(", {}", in_seeds(self.agree, self.pairs, lang)) };
        format!("{} ({}{seeds})", self.verb, self.numbers)
    }
}

/// `in 9 of 10 seeds`.
fn in_seeds(agree: usize, pairs: usize, lang: Lang) -> String {
    lang.with("compare.said.in-seeds", &[("agree", &agree.to_string()), ("pairs", &pairs.to_string())])
}

/// In what a strategy is better than another one in a world, and in what it is worse.
fn differ(outcome: &Outcome, world: World, baseline: usize, variant: usize, lang: Lang) -> [Vec<Finding>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    for measure in outcome.measures() {
        let Some((paired, means)) = paired(outcome, world, &measure, baseline, variant) else { continue };
        if !paired.excludes_zero() {
            continue;
        }
        let (side, way, agree) = if paired.mean < 0.0 { (0, "less", paired.lower) } else { (1, "more", paired.higher) };
        let unit = measure.unit();
        let [mean, instead] = means.map(|mean| size(lang, unit, mean));
        // What is sure and yet does not show in the means is said to be so slight, as in the table.
        let numbers = if mean == instead {
            lang.with("compare.said.slight", &[("difference", &signed(lang, unit, paired.mean))])
        } else {
            lang.with("compare.said.instead", &[("mean", &mean), ("instead", &instead)])
        };
        let slo = measure.slo().unwrap_or_default();
        let verb = lang.find_with(&format!("compare.{way}.{}", measure.key()), &[("slo", slo)]);
        sides[side].push(Finding { verb, numbers, agree, pairs: paired.pairs });
    }
    sides
}

/// What differs much between the means of two strategies, and yet may be chance.
fn unsettled(outcome: &Outcome, baseline: usize, variant: usize, lang: Lang) -> Vec<String> {
    let told = |measure: &Measure| {
        let (paired, [mean, instead]) = paired(outcome, World::AsItIs, measure, baseline, variant)?;
        let much = (mean - instead).abs() >= MUCH * mean.abs().max(instead.abs());
        let name = measure.title(lang);
        let [mean, instead] = [mean, instead].map(|mean| size(lang, measure.unit(), mean));
        (much && mean != instead && !paired.excludes_zero())
            .then(|| format!("{name} ({})", lang.with("compare.said.instead", &[("mean", &mean), ("instead", &instead)])))
    };
    outcome.measures().iter().filter_map(told).collect()
}

/// What differs between two strategies.
fn pair(outcome: &Outcome, baseline: usize, variant: usize, lang: Lang) -> Vec<String> {
    let labels = [variant, baseline].map(|at| outcome.plan().variants()[at].label.as_str());
    let say = |key: &'static str, more: &[(&str, &str)]| {
        let mut values = vec![("one", labels[0]), ("other", labels[1])];
        values.extend(more);
        lang.with(key, &values)
    };
    if outcome.seeds().len() == 1 {
        return vec![say("compare.said.single", &[])];
    }
    let within = |seeds: Option<(usize, usize)>| {
        seeds.map_or_else(String::new, |(agree, pairs)| lang.with("compare.said.within", &[("seeds", &in_seeds(agree, pairs, lang))]))
    };
    let mut sentences = Vec::new();
    let [better, worse] = differ(outcome, World::AsItIs, baseline, variant, lang);
    if better.is_empty() && worse.is_empty() {
        if alike(outcome, baseline, variant) {
            return vec![say("compare.said.identical", &[])];
        }
        sentences.push(say("compare.said.chance", &[]));
    } else {
        let seeds = Finding::seeds(better.iter().chain(&worse));
        let of = |side: &[Finding]| lang.and(&side.iter().map(|finding| finding.tell(seeds.is_some(), lang)).collect::<Vec<_>>());
        let key = match (better.is_empty(), worse.is_empty()) {
            (true, _) => "compare.said.only-worse",
            (_, true) => "compare.said.only-better",
            _ => "compare.said.both",
        };
        sentences.push(say(key, &[("within", &within(seeds)), ("better", &of(&better)), ("worse", &of(&worse))]));
    }
    let unsettled = unsettled(outcome, baseline, variant, lang);
    if !unsettled.is_empty() {
        sentences.push(say("compare.said.unsettled", &[("seeds", &lang.counted("seeds", outcome.seeds().len())), ("told", &lang.and(&unsettled))]));
    }
    let [better, worse] = differ(outcome, World::Harmless, baseline, variant, lang);
    if !(better.is_empty() && worse.is_empty()) {
        let seeds = Finding::seeds(better.iter().chain(&worse));
        let told: Vec<String> = better.iter().chain(&worse).map(|finding| finding.tell(seeds.is_some(), lang)).collect();
        sentences.push(say("compare.said.harmless", &[("within", &within(seeds)), ("told", &lang.and(&told))]));
    }
    sentences
}

/// Whether nothing at all differs between two strategies.
fn alike(outcome: &Outcome, baseline: usize, variant: usize) -> bool {
    let values = |of: usize, world: World, measure: &Measure| outcome.values(of, world, measure);
    let worlds = [World::AsItIs, World::Harmless];
    outcome.measures().iter().all(|measure| worlds.iter().all(|world| values(variant, *world, measure) == values(baseline, *world, measure)))
}

/// The pairs of two strategies' values, and the means of both over the seeds that know both.
fn paired(outcome: &Outcome, world: World, measure: &Measure, baseline: usize, variant: usize) -> Option<(Paired, [f64; 2])> {
    let [one, other] = [variant, baseline].map(|at| outcome.values(at, world, measure));
    let known: Vec<(f64, f64)> = one.iter().zip(&other).filter_map(|(one, other)| Some(((*one)?, (*other)?))).collect();
    let paired = Paired::between(known.iter().copied())?;
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / known.len() as f64;
    Some((paired, [mean(&mut known.iter().map(|(one, _)| *one)), mean(&mut known.iter().map(|(_, other)| *other))]))
}

/// The combination of a sweep that tells good from bad best: most often right with both the bad and the good version. Only
/// if it is better than the worst one by more than chance: the interval of the difference leaves zero out.
fn best_cell(sweep: &Sweep, cells: &[Cell], lang: Lang) -> Option<String> {
    let known: Vec<(usize, Proportion, Proportion)> =
        cells.iter().enumerate().filter_map(|(at, cell)| Some((at, cell.detected?, cell.false_rollbacks?))).collect();
    let right = |(_, detected, in_vain): &(usize, Proportion, Proportion)| detected.share - in_vain.share;
    // Of several that are alike the first one, on both ends.
    let best = known.iter().rev().max_by(|one, other| right(one).total_cmp(&right(other)))?;
    let worst = known.iter().min_by(|one, other| right(one).total_cmp(&right(other)))?;
    let alike = |one: Proportion, other: Proportion| {
        let (low, high) = one.less(&other);
        low <= 0.0 && high >= 0.0
    };
    let named = |cell: usize| {
        let words: Vec<String> = sweep.axes.iter().zip(sweep.values(cell)).map(|(axis, value)| format!("{}={value}", axis.name)).collect();
        format!("`{}`", words.join(" "))
    };
    let counts = |(_, detected, in_vain): &(usize, Proportion, Proportion)| {
        let numbers = [detected.hits, detected.trials, in_vain.hits, in_vain.trials].map(|number| number.to_string());
        lang.with("compare.said.cell", &[("found", &numbers[0]), ("harmful", &numbers[1]), ("vain", &numbers[2]), ("harmless", &numbers[3])])
    };
    let (best_name, best_counts, worst_name, worst_counts) = (named(best.0), counts(best), named(worst.0), counts(worst));
    let combinations = known.len().to_string();
    let values =
        [("combinations", combinations.as_str()), ("best", &best_name), ("best_counts", &best_counts), ("worst", &worst_name), ("worst_counts", &worst_counts)];
    if known.len() == 1 {
        return Some(format!("{best_name}: {best_counts}."));
    }
    if right(best) <= right(worst) {
        return Some(lang.with("compare.said.same-cells", &values));
    }
    if alike(best.1, worst.1) && alike(best.2, worst.2) {
        return Some(lang.with("compare.said.no-best-cell", &values));
    }
    let alike = known.iter().filter(|cell| (right(cell) - right(best)).abs() < 1e-9).count() - 1;
    let more = if alike > 0 { lang.with("compare.said.more-cells", &[("count", &alike.to_string())]) } else { String::new() };
    Some(lang.with("compare.said.best-cell", &[&values[..], &[("more", more.as_str())]].concat()))
}

#[cfg(test)]
mod tests {
    use super::super::plan::Axis;
    use super::*;
    use crate::fleet::deploy::Strategy;

    fn said(in_vain: [usize; 3], lang: Lang) -> String {
        let cell =
            |hits: usize| Cell { detected: Proportion::of(20, 20), false_rollbacks: Proportion::of(hits, 20), users_hurt: None, detect_s: None, unfinished: 0 };
        let values = ["0%", "1%", "2%"].map(str::to_owned).to_vec();
        let sweep = Sweep { axes: vec![Axis { name: "canary.weight".into(), values }], cells: vec![Strategy::default(); 3] };
        best_cell(&sweep, &in_vain.map(cell), lang).expect("a sentence")
    }

    #[test]
    fn the_best_combination_is_named_only_if_it_is_better_than_chance() {
        let better = said([12, 1, 1], Lang::En);
        assert!(better.contains("`canary.weight=1%` (and 1 more)") && better.contains("`canary.weight=0%` worst (20 of 20 found, 12 of 20"), "{better}");
        assert!(said([3, 1, 0], Lang::En).starts_with("None of 3 combinations"));
        assert!(said([1, 1, 1], Lang::En).starts_with("All 3 combinations tell a harmful version from a harmless one alike"), "{}", said([1, 1, 1], Lang::En));
        assert!(said([12, 1, 1], Lang::Vi).contains("`canary.weight=1%` (và 1 tổ hợp khác)"), "{}", said([12, 1, 1], Lang::Vi));
    }
}
