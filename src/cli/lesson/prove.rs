//! `fleetlab lesson prove`: the proof of lessons, a line each, with every rule that one breaks.

use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{DONE, FAILED, Streams, load, named, worse};
use crate::lesson::proof::{self, Finding, Proof};

/// Proves that lessons work.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Lessons: names of shipped ones, folders of lessons, or folders of folders [default: all shipped]
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// On how many seeds: the lesson's own, and those after it
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  fleetlab lesson prove
  fleetlab lesson prove 10-canary --seeds 20
  fleetlab lesson prove lessons/my-lesson --json

A lesson is proved on each seed: nothing is reached when a step begins, who does nothing does not reach it,
the solution and each alternative do, who acts on a misconception does not and is told so, hints can be
followed, predictions come true, theory and numbers in texts agree with the run. Both languages are complete.

Ends with status 1 if a lesson breaks a rule or has mistakes, with 2 if one cannot be read.";

/// Proves. Returns the exit status.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let mut status = DONE;
    let mut proofs: Vec<Proof> = Vec::new();
    for name in named(&args.lessons) {
        let lesson = match load(&name, streams)? {
            Ok(loaded) => Arc::new(loaded.lesson),
            Err(found) => {
                status = worse(status, found);
                continue;
            }
        };
        let bar = bar(streams.progress, &lesson.name, proof::trials(&lesson) as u64 * args.seeds);
        let proof = proof::prove(&lesson, args.seeds, &|| bar.inc(1));
        bar.finish_and_clear();
        if !proof.holds() {
            status = worse(status, FAILED);
        }
        if !args.json {
            tell(&proof, streams)?;
        }
        proofs.push(proof);
    }
    if args.json {
        writeln!(streams.out, "{}", serde_json::to_string_pretty(&proofs)?)?;
    }
    Ok(status)
}

/// A line for a lesson that holds, and what is wrong with one that does not.
fn tell(proof: &Proof, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    let count = proof.seeds.len();
    let seeds = if count == 1 { "1 seed".to_owned() } else { format!("{count} seeds") };
    if proof.holds() {
        writeln!(streams.out, "{}: proved, {} trials on {seeds}", proof.lesson, proof.tried)?;
        return Ok(());
    }
    writeln!(streams.out, "{}: not proved", proof.lesson)?;
    for (finding, seeds) in alike(&proof.findings) {
        let place = finding.step.as_ref().map_or_else(|| "the lesson".to_owned(), |step| format!("step `{step}`"));
        let seeds = match seeds.first() {
            None => String::new(),
            Some(_) if seeds.len() == count => ", on every seed".to_owned(),
            Some(first) => format!(", on {} of {count} seeds, such as {first}", seeds.len()),
        };
        writeln!(streams.out, "  {place}{seeds}: {}", finding.what)?;
        writeln!(streams.out, "    rule: {}", finding.rule.about())?;
    }
    Ok(())
}

/// Findings that say the same but for what was measured, with the seeds on which they show; none if it shows without a run.
fn alike(findings: &[Finding]) -> Vec<(&Finding, Vec<u64>)> {
    // Numbers differ from seed to seed; what is wrong is the same.
    let bare = |what: &str| {
        what.split(": measured").next().unwrap_or_default().chars().filter(|letter| !letter.is_ascii_digit() && *letter != '.').collect::<String>()
    };
    let kind = |finding: &Finding| (finding.step.clone(), finding.rule, bare(&finding.what));
    let mut groups: Vec<(&Finding, Vec<u64>)> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|(first, seeds)| !seeds.is_empty() && kind(first) == kind(finding)) {
            Some((_, seeds)) => seeds.extend(finding.seed),
            None => groups.push((finding, finding.seed.into_iter().collect())),
        }
    }
    groups
}

/// A progress bar on standard error, if somebody watches.
fn bar(watched: bool, name: &str, trials: u64) -> ProgressBar {
    if !watched {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len} trials, {elapsed}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(trials), ProgressDrawTarget::stderr()).with_style(style.progress_chars("━╸─"));
    bar.set_message(name.to_owned());
    bar
}
