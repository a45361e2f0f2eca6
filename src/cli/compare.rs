//! `fleetlab compare SCENARIO --with A --with B`: the same change, users and traffic under several deployment strategies.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, anyhow, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{self, OutputArgs};
use super::{DONE, FAILED, Streams, UNUSABLE, interrupt};
use crate::content::{self, Diagnostics};
use crate::fleet::deploy::Strategy;
use crate::lab::compare::{self, Axis, Plan, Progress, Sweep, Variant};
use crate::lang::Lang;
use crate::report::comparison::Comparison;
use crate::scenario::Scenario;
use crate::scenario::limits;
use crate::units::SimTime;

#[expect(clippy::disallowed_types, reason = "says how long a comparison took on this machine; nothing in it depends on it")]
type Clock = std::time::Instant;

/// Runs one change under several deployment strategies and compares them, seed by seed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A scenario whose timeline deploys something: a file, or the name of a shipped one
    scenario: String,
    /// A strategy, once for each: its name, a table with its parameters, or a configuration of CodeDeploy; `label: ` may
    /// stand before it. The first one is what the others are compared with. Without `alarms` it watches those of the
    /// strategy that it takes the place of
    #[arg(long = "with", value_name = "STRATEGY")]
    with: Vec<String>,
    /// How many seeds to run each strategy on
    #[arg(long, value_name = "N", default_value_t = 20)]
    seeds: usize,
    /// The first seed; the others follow it [default: the scenario's]
    #[arg(long, value_name = "FIRST")]
    seed: Option<u64>,
    /// A parameter and its values, such as canary.weight=1%,5%; several make every combination. Tells how often the harmful
    /// version is turned back, and how often a harmless one
    #[arg(long, value_name = "KEY=V1,V2")]
    sweep: Vec<String>,
    /// End every run at this time, also beyond the scenario's own end [default: the scenario's end]
    #[arg(long, value_name = "TIME")]
    until: Option<SimTime>,
    /// The language of the report
    #[arg(long, value_enum, value_name = "LANGUAGE", default_value_t = Lang::En)]
    lang: Lang,
    #[command(flatten)]
    output: OutputArgs,
    /// Runs at once; the result does not depend on it [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab compare bad-release --with rolling --with blue-green --with canary
  fleetlab compare bad-release --with 'quick: canary = { percent = \"20%\", canary_bake = \"2m\" }' --with canary
  fleetlab compare bad-release --with CodeDeployDefault.ECSCanary10Percent5Minutes --with all-at-once --seeds 50
  fleetlab compare bad-release --with blue-green --with canary --lang vi --format html -o compared
  fleetlab compare bad-release --sweep canary.weight=1%,5%,25% --sweep canary.duration=2m,10m --format text,html -o sweep

Ctrl-C ends it early with the seeds that are done, and with status 1.";

/// Compares. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let targets = args.output.targets()?;
    let loaded = match content::load(&args.scenario) {
        Ok(loaded) => loaded,
        Err(found) => return refuse(&found, streams),
    };
    streams.err.write_all(loaded.warnings.render(streams.colour).as_bytes())?;
    let scenario = loaded.scenario;
    let mut variants = Vec::new();
    for text in &args.with {
        match content::strategy(&args.scenario, text) {
            Ok(named) => variants.push(named),
            Err(found) => return refuse(&found, streams),
        }
    }
    let variants = compare::labelled(variants);
    let own: Vec<&Strategy> = scenario.fleet.iter().map(|plan| &plan.strategy).collect();
    let sweep = match sweep(&args.scenario, &args.sweep, &variants, &own)? {
        Ok(sweep) => sweep,
        Err(found) => return refuse(&found, streams),
    };
    let plan = plan(args, scenario, variants, sweep, streams)?;
    let threads = args.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    compare(
        plan,
        threads,
        args.lang,
        interrupt::flag(),
        |comparison, streams| output::write(|format| format.render_comparison(comparison), &targets, streams),
        streams,
    )
}

fn refuse(found: &Diagnostics, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    streams.err.write_all(found.render(streams.colour).as_bytes())?;
    Ok(UNUSABLE)
}

fn plan(args: &Args, mut scenario: Scenario, variants: Vec<Variant>, sweep: Option<Sweep>, streams: &mut Streams<'_>) -> anyhow::Result<Plan> {
    let until = args.until.unwrap_or(SimTime::ZERO + scenario.duration);
    super::run::end_at(&mut scenario, until, streams)?;
    if args.seeds > limits::SEEDS {
        // Before a list of them is made.
        return Err(compare::PlanError::Seeds(args.seeds).into());
    }
    let first = args.seed.unwrap_or(scenario.seed);
    let seeds: Option<Vec<u64>> = (0..args.seeds as u64).map(|n| first.checked_add(n)).collect();
    let seeds = seeds.with_context(|| format!("after the seed {first} there are no {} seeds", args.seeds))?;
    Ok(Plan::new(scenario, variants, sweep, seeds, until)?)
}

/// Runs a plan and reports what came of it, also if it was interrupted. Returns the exit status.
fn compare(
    plan: Plan,
    threads: usize,
    lang: Lang,
    cancel: &AtomicBool,
    write: impl FnOnce(&Comparison, &mut Streams<'_>) -> anyhow::Result<()>,
    streams: &mut Streams<'_>,
) -> anyhow::Result<u8> {
    let clock = Clock::now();
    let bar = bar(streams.progress);
    let outcome = compare::run(plan, threads, cancel, &|progress| show(&bar, progress));
    bar.finish_and_clear();
    if outcome.is_empty() {
        if outcome.interrupted() {
            writeln!(streams.err, "interrupted before a single seed was done")?;
            return Ok(FAILED);
        }
        let why = outcome.spoiled().first().map_or_else(|| anyhow!("nothing was measured"), |spoiled| spoiled.why.into());
        return Err(why.context("no seed came to its end under every strategy"));
    }
    let comparison = Comparison::new(&outcome, Some(clock.elapsed().as_secs_f64()), lang);
    write(&comparison, streams)?;
    if outcome.interrupted() {
        writeln!(streams.err, "interrupted: the report counts only what was done")?;
        return Ok(FAILED);
    }
    Ok(DONE)
}

/// The combinations of the swept parameters. They change the first compared strategy of that name, or else the scenario's `own`
/// one, or else its defaults.
fn sweep(scenario: &str, written: &[String], variants: &[Variant], own: &[&Strategy]) -> anyhow::Result<Result<Option<Sweep>, Diagnostics>> {
    let mut axes: Vec<(Axis, content::Parameter)> = Vec::new();
    for text in written {
        let (name, values) = text.split_once('=').with_context(|| format!("--sweep {text}: write a parameter and its values, as in canary.weight=1%,5%"))?;
        let parameter = content::parameter(name).map_err(|why| anyhow!("--sweep {text}: {why}"))?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            bail!("--sweep {text}: a value is missing; write them between commas, as in canary.weight=1%,5%");
        }
        if let Some(twice) = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value)) {
            bail!("--sweep {text}: the value {} is there twice", twice.1);
        }
        if let Some((other, _)) = axes.iter().find(|(_, known)| known.strategy != parameter.strategy) {
            bail!("--sweep {text}: a sweep is about one strategy, and `{}` is about another one", other.name);
        }
        if let Some((other, _)) = axes.iter().find(|(_, known)| known.key == parameter.key) {
            bail!("--sweep {text}: `{}` sweeps the same parameter already", other.name);
        }
        axes.push((Axis { name: name.trim().to_owned(), values }, parameter));
    }
    let Some((_, parameter)) = axes.first() else { return Ok(Ok(None)) };
    let count = axes.iter().fold(1_usize, |count, (axis, _)| count.saturating_mul(axis.values.len()));
    if count > limits::SWEEP_CELLS {
        return Err(compare::PlanError::Cells(count).into());
    }
    let known = variants.iter().map(|variant| &variant.strategy).chain(own.iter().copied());
    let base = match known.into_iter().find(|strategy| strategy.name() == parameter.strategy) {
        Some(strategy) => strategy.clone(),
        None => serde_json::from_value(serde_json::Value::from(parameter.strategy))?,
    };
    let keys: Vec<String> = axes.iter().map(|(_, parameter)| parameter.key.clone()).collect();
    let mut sweep = Sweep { axes: axes.into_iter().map(|(axis, _)| axis).collect(), cells: Vec::new() };
    for cell in 0..count {
        let values: Vec<(&str, &str)> = keys.iter().map(String::as_str).zip(sweep.values(cell)).collect();
        match content::vary(scenario, &base, &values) {
            Ok(strategy) => sweep.cells.push(strategy),
            Err(found) => return Ok(Err(found)),
        }
    }
    Ok(Ok(Some(sweep)))
}

/// Ten thousandths of everything that is simulated.
const BAR: f64 = 10_000.0;

/// A progress bar on standard error, if somebody watches.
fn bar(wanted: bool) -> ProgressBar {
    let target = if wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(BAR as u64), target);
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {eta} left").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("━╸─"))
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_message(format!("{} of {} runs", progress.done, progress.sessions));
    bar.set_position((progress.share * BAR) as u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::deploy::Strategy;

    #[test]
    fn a_sweep_has_every_combination_and_starts_from_what_is_compared() {
        let canary = content::strategy("bad-release", "canary = { bake = \"1m\" }").map(|named| named.strategy).unwrap_or_default();
        let compared = [Variant { label: "canary".into(), strategy: canary }];
        let written = ["canary.weight=1%,25%".to_owned(), "canary.duration=5m,15m,60m".to_owned()];
        let sweep = sweep("bad-release", &written, &compared, &[]).expect("right").expect("right").expect("a sweep");
        assert_eq!((sweep.cells.len(), sweep.values(1), sweep.values(5)), (6, vec!["1%", "15m"], vec!["25%", "60m"]));
        let Strategy::Canary(last) = &sweep.cells[5] else { panic!("a canary") };
        assert_eq!((last.percent.get(), last.canary_bake.to_string(), last.bake.to_string()), (0.25, "1h".into(), "1m".into()));
    }

    #[test]
    fn contradictory_sweeps_are_refused() {
        for (written, says) in [
            (&["canary.weight"][..], "write a parameter and its values"),
            (&["canary.weight="], "a value is missing"),
            (&["canary.weight=1%,,5%"], "a value is missing"),
            (&["canary.weight=1%,5%,1%"], "there twice"),
            (&["canary.weight=1%", "canary.percent=5%"], "`canary.weight` sweeps the same parameter"),
            (&["canary.weight=1%", "linear.step=5%"], "about one strategy"),
            (&["canary.wieght=1%"], "did you mean `canary.weight`"),
        ] {
            let written: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
            let problem = sweep("bad-release", &written, &[], &[]).expect_err(&written[0]).to_string();
            assert!(problem.contains(says), "{problem}");
        }
        let values: Vec<String> = (1..=21).map(|n| n.to_string() + "%").collect();
        let wide = ["percent", "bake"].map(|key| format!("canary.{key}={}", values.join(",")));
        assert!(sweep("bad-release", &wide, &[], &[]).expect_err("too many").to_string().contains("441 combinations"));
        let bad = sweep("bad-release", &["canary.weight=0%".to_owned()], &[], &[]).expect("read").expect_err("out of range");
        assert!(bad.render(false).contains("must be 0.001 to 1"));
    }

    #[test]
    fn what_an_interruption_leaves_is_reported_with_status_one() {
        let loaded = content::load("bad-release-thin").map(|loaded| loaded.scenario);
        let scenario = loaded.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let variants = ["canary", "linear"].map(|name| Variant { label: name.into(), strategy: serde_json::from_value(name.into()).expect("a strategy") });
        let plan = Plan::new(scenario, variants.to_vec(), None, vec![1, 2, 3], SimTime::from_secs(900)).expect("it can run");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut streams = Streams { out: &mut out, err: &mut err, colour: false, progress: false };
        let status = compare(plan.clone(), 2, Lang::En, &AtomicBool::new(true), |_, _| panic!("there is nothing to report"), &mut streams);
        assert_eq!((status.expect("it ends"), String::from_utf8_lossy(&err).as_ref()), (FAILED, "interrupted before a single seed was done\n"));
        let mut streams = Streams { out: &mut out, err: &mut err, colour: false, progress: false };
        let mut seeds = 0;
        let report = |comparison: &Comparison, _: &mut Streams<'_>| {
            seeds = comparison.seeds.len();
            Ok(())
        };
        assert_eq!(compare(plan, 2, Lang::En, &AtomicBool::new(false), report, &mut streams).expect("it ends"), DONE);
        assert_eq!(seeds, 3);
    }
}
