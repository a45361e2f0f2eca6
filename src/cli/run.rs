//! `fleetlab run SCENARIO`: simulates a scenario without a window and reports what happened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::drive::drive;
use super::output::{self, OutputArgs, must_be_writable};
use super::{DONE, FAILED, Streams, UNUSABLE};
use crate::content;
use crate::lab::Session;
use crate::lesson::{Goal, Names, Scope};
use crate::scenario::Scenario;
use crate::units::{SimSpan, SimTime};
use crate::wording::nearest;

/// Simulates a scenario and reports.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A scenario: a file, or the name of a shipped one
    scenario: String,
    /// Seed of every random stream [default: the scenario's]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Simulate until this time, such as 90s or 24h, also beyond the scenario's own end [default: the scenario's end]
    #[arg(long, value_name = "TIME")]
    until: Option<SimTime>,
    /// Also do what this TOML file says: [[timeline]] entries with `at` and `do`, as in a scenario
    #[arg(long, value_name = "FILE")]
    actions: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    /// Save the session to this file, to replay it or to open it in the app
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Require that this holds at the end, such as 'p99("users", "5m") < 300'; may be given several times
    #[arg(long = "goal", value_name = "GOAL")]
    goals: Vec<String>,
    /// End with status 1 if an objective of the scenario is missed
    #[arg(long)]
    require_slos: bool,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab run online-boutique
  fleetlab run scenarios/mine.toml --seed 7 --until 5m
  fleetlab run sock-shop --format json | jq .entry.latency_ms
  fleetlab run sock-shop --format text,json,html -o report
  fleetlab run sock-shop --actions incident.toml --save run.session.json
  fleetlab run bad-release-canary --goal 'failed(\"users\") < 10'

An actions file:
  [[timeline]]
  at = \"2m\"
  do = { scale = { service = \"carts\", instances = 4 } }";

/// Runs and reports. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let targets = args.output.targets()?;
    if let Some(path) = &args.save {
        must_be_writable(path)?;
    }
    let loaded = match content::load(&args.scenario) {
        Ok(loaded) => loaded,
        Err(found) => {
            streams.err.write_all(found.render(streams.colour).as_bytes())?;
            return Ok(UNUSABLE);
        }
    };
    streams.err.write_all(loaded.warnings.render(streams.colour).as_bytes())?;
    let mut actions = match &args.actions {
        None => Vec::new(),
        Some(path) => match content::actions(&args.scenario, path) {
            Ok(actions) => actions,
            Err(found) => {
                streams.err.write_all(found.render(streams.colour).as_bytes())?;
                return Ok(UNUSABLE);
            }
        },
    };
    actions.sort_by_key(|timed| timed.at);
    let Some(goals) = read_goals(&args.goals, &loaded.scenario, streams)? else { return Ok(UNUSABLE) };

    let mut scenario = loaded.scenario;
    let until = args.until.unwrap_or(SimTime::ZERO + scenario.duration);
    end_at(&mut scenario, until, streams)?;
    for late in actions.iter().filter(|timed| timed.at > until) {
        writeln!(streams.err, "warning: the action at {} never happens, because the run ends at {until}", late.at)?;
    }
    let seed = args.seed.unwrap_or(scenario.seed);
    let scenario = Arc::new(scenario);
    let mut driven = drive(|| Ok(Session::new(Arc::clone(&scenario), seed)), &actions, until, streams.progress)?;
    let mut report = driven.report();
    report.goals = goals.iter().map(|goal| goal.judge(&Scope::whole(&driven.session))).collect();
    if let Some(path) = &args.save {
        save(&mut driven.session, path)?;
        writeln!(streams.err, "wrote {}", path.display())?;
    }
    output::write(|format| format.render(&report), &targets, streams)?;
    let missed = report.slos.iter().filter(|slo| !slo.met).map(|slo| format!("`{}`", slo.name)).collect::<Vec<_>>();
    if args.require_slos && !missed.is_empty() {
        writeln!(streams.err, "missed: {}", missed.join(", "))?;
        return Ok(FAILED);
    }
    let failed = report.goals.iter().filter(|verdict| !verdict.held).map(|verdict| format!("`{}`", verdict.goal)).collect::<Vec<_>>();
    if !failed.is_empty() {
        writeln!(streams.err, "not reached: {}", failed.join(", "))?;
        return Ok(FAILED);
    }
    Ok(DONE)
}

/// Reads goals; what is wrong with each is said, and nothing is returned.
fn read_goals(texts: &[String], scenario: &Scenario, streams: &mut Streams<'_>) -> anyhow::Result<Option<Vec<Goal>>> {
    let read: Vec<_> = texts.iter().map(|text| Goal::read(text, &Names::of(scenario))).collect();
    for error in read.iter().filter_map(|goal| goal.as_ref().err()) {
        let meant = error.message.split('`').nth(1).and_then(|name| nearest(name, error.known.iter().map(String::as_str)));
        let help = meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        writeln!(streams.err, "error: --goal: {error}{help}")?;
    }
    Ok(read.into_iter().collect::<Result<_, _>>().ok())
}

/// Prepares a scenario for runs that end at `until`. A run beyond the scenario's end is one of a longer scenario: its
/// traffic goes on as it was.
pub(super) fn end_at(scenario: &mut Scenario, until: SimTime, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    if until == SimTime::ZERO {
        bail!("--until 0s leaves nothing to simulate");
    }
    scenario.duration = scenario.duration.max(until.since(SimTime::ZERO));
    if until <= SimTime::ZERO + scenario.warm_up {
        // A report of nothing helps nobody; what happens in the run does not depend on what is measured.
        writeln!(streams.err, "warning: the run ends within its warm-up of {}, so the warm-up is measured, too", scenario.warm_up)?;
        scenario.warm_up = SimSpan::ZERO;
    }
    Ok(())
}

/// Reads a text file of at most `most` bytes: it may come from a stranger.
pub(super) fn read_text(path: &Path, most: u64) -> anyhow::Result<String> {
    use std::io::Read as _;
    let shown = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("cannot read `{shown}`"))?;
    if !file.metadata().with_context(|| format!("cannot read `{shown}`"))?.is_file() {
        bail!("`{shown}` is not a file");
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read `{shown}`"))?;
    if bytes.len() as u64 > most {
        bail!("`{shown}` is larger than {most} bytes");
    }
    String::from_utf8(bytes).with_context(|| format!("`{shown}` is not UTF-8 text"))
}

fn save(session: &mut Session, path: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&session.save())? + "\n";
    std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}
