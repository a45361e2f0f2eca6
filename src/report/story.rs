//! Tells a report: what matters first, the worst first, and how to read the numbers last.
//!
//! It turns data into words and tables; how those look is for `text`, `markdown` and `html`. It judges by thresholds that
//! are written here and explained in the notes.

use std::collections::BTreeMap;

use super::document::{Block, Cell, Document, Table, Tone, add};
use super::model::{EdgeReport, QueueReport, Report, ServiceReport, Traffic, VersionReport};
use crate::figures::{NONE, budget, clock, count, counted, dollars, millis, percent, rate, short, span};
use crate::insight::experiment::false_positive_rate;
use crate::lang::Lang;

mod goals;
mod happenings;
mod over_time;

/// From here on a share of failures is worth a look, and from there it is bad.
const ERRORS: (f64, f64) = (0.001, 0.01);
/// From here on a share of busy workers is worth a look, and from there it is bad.
const BUSY: (f64, f64) = (0.8, 0.95);
/// Edges that are listed; the JSON has all.
const EDGES: usize = 30;
/// A gap of Little's law beyond which the books are worth a look.
const LITTLE: f64 = 0.005;

/// The report as a document.
pub(super) fn tell(report: &Report) -> Document {
    let mut blocks = opening(report);
    goals::tell(report, &mut blocks);
    objectives(report, &mut blocks);
    users(report, &mut blocks);
    happenings::tell(report, &mut blocks);
    flags(report, &mut blocks);
    services(report, &mut blocks);
    versions(report, &mut blocks);
    edges(report, &mut blocks);
    queues(report, &mut blocks);
    delivery(report, &mut blocks);
    books(report, &mut blocks);
    notes(report, &mut blocks);
    Document { title: if report.title.is_empty() { report.scenario.clone() } else { report.title.clone() }, lang: Lang::En, blocks }
}

/// A cell that is coloured from a first threshold on, and more so from a second.
fn judged(text: String, value: Option<f64>, (warning, bad): (f64, f64)) -> Cell {
    let tone = match value {
        Some(value) if value >= bad => Tone::Bad,
        Some(value) if value >= warning => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::from(text).toned(tone)
}

fn heads(columns: &[&str]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

/// `timeout 61 %, queue-full 39 %`: why requests failed, most first.
fn reasons(traffic: &Traffic) -> String {
    why(traffic.errors.iter())
}

/// The same of any counts by reason; a reason may occur more than once.
fn why<'a>(counts: impl Iterator<Item = (&'a String, &'a u64)>) -> String {
    let mut by_name: BTreeMap<&str, u64> = BTreeMap::new();
    counts.filter(|(_, count)| **count > 0).for_each(|(name, count)| *by_name.entry(name).or_default() += count);
    let mut all: Vec<_> = by_name.into_iter().collect();
    all.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    if let [(name, _)] = all.as_slice() {
        return (*name).to_string();
    }
    let failed = all.iter().map(|(_, count)| *count as f64).sum::<f64>();
    let told: Vec<_> = all.iter().take(3).map(|(name, count)| format!("{name} {}", percent(Some(*count as f64 / failed)))).collect();
    told.join(", ")
}

/// Share of answers in which something came from a fallback; `None` without answers.
fn degraded(traffic: &Traffic) -> Option<f64> {
    (traffic.goodput > 0).then(|| traffic.degraded as f64 / traffic.goodput as f64)
}

/// Puts a column of degraded answers before the last one, if there are any.
fn with_degraded(table: &mut Table, all: &[&Traffic]) {
    if all.iter().all(|traffic| traffic.degraded == 0) {
        return;
    }
    table.columns.insert(table.columns.len() - 1, "degraded".into());
    for (row, traffic) in table.rows.iter_mut().zip(all) {
        let share = degraded(traffic);
        row.insert(row.len() - 1, judged(percent(share), share, ERRORS));
    }
}

/// Puts a column of attempts that were dropped before the last one, if there are any.
fn with_dropped(table: &mut Table, all: &[&Traffic]) {
    if all.iter().all(|traffic| traffic.dropped == 0) {
        return;
    }
    table.columns.insert(table.columns.len() - 1, "dropped".into());
    for (row, traffic) in table.rows.iter_mut().zip(all) {
        let share = (traffic.requests > 0).then(|| traffic.dropped as f64 / traffic.requests as f64);
        row.insert(row.len() - 1, percent(share).into());
    }
}

fn opening(report: &Report) -> Vec<Block> {
    let warm_up = if report.warm_up_s > 0.0 { format!(", of which the first {} are left out as warm-up", span(report.warm_up_s)) } else { String::new() };
    let mut blocks: Vec<_> = about(report).map(Block::Text).into_iter().collect();
    blocks.push(Block::Text(format!("Scenario {}, seed {}: {} simulated{warm_up}.", report.scenario, report.seed, span(report.simulated_s))));
    let entry = &report.entry;
    if entry.requests == 0 {
        let sent = entry.sent.filter(|sent| *sent > 0).map_or_else(String::new, |sent| format!("Users asked {}. ", counted(sent, "time")));
        let text = format!("{sent}No request of a user ended in the time measured, so there is nothing to tell about latency or errors.");
        blocks.push(Block::Text(text));
        return blocks;
    }
    let latency = match (entry.latency_ms.p50, entry.latency_ms.p99) {
        (Some(p50), Some(p99)) => format!(" Half of the answers came within {}, 99 % within {}.", millis(Some(p50)), millis(Some(p99))),
        _ => String::new(),
    };
    let failed = match entry.failed {
        0 => String::new(),
        failed => format!(" {} failed, of {}: {}.", count(failed), counted(report.users_hurt, "user"), reasons(entry)),
    };
    let fallbacks = match entry.degraded {
        0 => String::new(),
        _ => format!(" {} of the answers ({}) were degraded: something in them came from a fallback.", count(entry.degraded), percent(degraded(entry))),
    };
    let (sent, waiting) = (entry.sent.unwrap_or(entry.requests), entry.under_way.unwrap_or(0));
    // A few are always under way when a run ends.
    let waited = if waiting == 0 || (waiting as f64) < 0.001 * sent as f64 { String::new() } else { format!(" {} still waited at the end.", count(waiting)) };
    let per_second = if report.measured_s > 0.0 { sent as f64 / report.measured_s } else { 0.0 };
    blocks.push(Block::Text(format!(
        "Users asked {} ({}) and were answered {}, {}.{waited}{latency}{fallbacks}{failed}",
        counted(sent, "time"),
        rate(per_second),
        counted(entry.goodput, "time"),
        percent(Some(entry.goodput as f64 / (entry.requests + waiting) as f64)),
    )));
    if report.over_time.len() > 1 {
        blocks.push(over_time::tell(report));
    }
    blocks
}

/// The first paragraph of the scenario's description, on one line; the rest is for who opens the scenario.
fn about(report: &Report) -> Option<String> {
    let first = report.description.trim().split("\n\n").next()?;
    let folded = first.split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then_some(folded)
}

fn objectives(report: &Report, blocks: &mut Vec<Block>) {
    if report.slos.is_empty() {
        return;
    }
    let rows = report.slos.iter().map(|slo| {
        let demand = match slo.latency_ms {
            Some(limit) => format!("{} within {}", percent(Some(slo.objective)), millis(Some(limit))),
            None => format!("{} answered", percent(Some(slo.objective))),
        };
        let verdict = match slo.achieved {
            None => Cell::from("no requests"),
            Some(_) if slo.met => Cell::from("met").toned(Tone::Good),
            Some(_) => Cell::from("missed").toned(Tone::Bad),
        };
        let whose = slo.service.clone().map_or_else(|| "users".into(), |service| format!("callers of {service}"));
        vec![slo.name.clone().into(), whose.into(), demand.into(), percent(slo.achieved).into(), budget(slo.budget_left).into(), verdict]
    });
    let columns = heads(&["objective", "of", "demands", "achieved", "budget left", "verdict"]);
    blocks.push(Block::Heading("Objectives".into()));
    blocks.push(Block::Table(Table { columns, left: 3, last_left: true, rows: rows.collect() }));
}

fn flags(report: &Report, blocks: &mut Vec<Block>) {
    if report.flags.is_empty() {
        return;
    }
    let rows = report.flags.iter().map(|flag| {
        let state = match &flag.killed_by {
            _ if flag.removed => Cell::from("removed from the code"),
            Some(alarm) => Cell::from(format!("turned off by `{alarm}` at {}", clock(flag.changed_at_s))).toned(Tone::Warning),
            None if flag.stale => Cell::from("stale: remove it from the code").toned(Tone::Warning),
            None => Cell::from(if flag.percentage > 0.0 { "on" } else { "off" }),
        };
        vec![flag.name.clone().into(), percent(Some(flag.percentage)).into(), count(flag.asked_with).into(), count(flag.asked_without).into(), state]
    });
    blocks.push(Block::Heading("Feature flags".into()));
    let columns = heads(&["flag", "users with it", "asked with", "asked without", "state"]);
    blocks.push(Block::Table(Table { columns, left: 1, last_left: true, rows: rows.collect() }));
    for (flag, experiment) in report.flags.iter().filter_map(|flag| Some((flag, flag.experiment.as_ref()?))) {
        let rate = |converted: u64, visits: u64| if visits == 0 { "no visit".to_owned() } else { format!("{:.2} %", 100.0 * converted as f64 / visits as f64) };
        let row = |name: &str, visits: u64, converted: u64| vec![name.into(), count(visits).into(), count(converted).into(), rate(converted, visits).into()];
        let rows =
            vec![row("without", experiment.visits_without, experiment.conversions_without), row("with", experiment.visits_with, experiment.conversions_with)];
        blocks.push(Block::Text(format!("A/B test of `{}`: visits of {} that convert.", flag.name, experiment.endpoint)));
        let columns = heads(&["variant", "visits", "conversions", "rate"]);
        blocks.push(Block::Table(Table { columns, left: 1, last_left: false, rows }));
        if let (Some(difference), Some(lower), Some(upper), Some(p)) = (experiment.difference, experiment.lower, experiment.upper, experiment.p_value) {
            let points = |share: f64| format!("{:+.2}", share * 100.0);
            let looked = match experiment.first_significant_look {
                Some(look) => format!("Look {look} of {} was the first to say \"significant\" at 5 %", experiment.looks),
                None => format!("None of {} looks along the way said \"significant\" at 5 %", experiment.looks),
            };
            let price = percent(Some(false_positive_rate(experiment.looks.max(1), 0.05)));
            blocks.push(Block::Text(format!(
                "Difference {} points, 95 % interval {} to {}; p = {p:.3} if this is the only look, {:.3} however often one looks. {looked}; so many looks say \
                 so in {price} of the tests that have no difference at all.",
                points(difference),
                points(lower),
                points(upper),
                experiment.always_valid_p_value,
            )));
        }
    }
}

fn users(report: &Report, blocks: &mut Vec<Block>) {
    let row = |name: &str, traffic: &Traffic| {
        vec![
            name.into(),
            count(traffic.requests).into(),
            rate(traffic.rate_per_s).into(),
            judged(percent(traffic.error_ratio), traffic.error_ratio, ERRORS),
            millis(traffic.latency_ms.mean).into(),
            millis(traffic.latency_ms.p50).into(),
            millis(traffic.latency_ms.p95).into(),
            millis(traffic.latency_ms.p99).into(),
            millis(traffic.latency_ms.p999).into(),
            reasons(traffic).into(),
        ]
    };
    let mut all = vec![("all", &report.entry)];
    for parts in [&report.sources, &report.endpoints].into_iter().filter(|parts| parts.len() > 1) {
        all.extend(parts.iter().map(|(name, traffic)| (name.as_str(), traffic)));
    }
    let columns = heads(&["", "requests", "rate", "failed", "mean", "p50", "p95", "p99", "p99.9", "why"]);
    let mut table = Table { columns, left: 1, last_left: true, rows: all.iter().map(|(name, traffic)| row(name, traffic)).collect() };
    with_degraded(&mut table, &all.iter().map(|(_, traffic)| *traffic).collect::<Vec<_>>());
    blocks.push(Block::Heading("What users got".into()));
    blocks.push(Block::Table(table));
}

/// How bad a service looks: what its callers saw fail weighs most, then how full it was.
fn badness(service: &ServiceReport) -> f64 {
    service.callers.error_ratio.unwrap_or(0.0).max(service.traffic.error_ratio.unwrap_or(0.0)) * 100.0 + service.traffic.utilisation.unwrap_or(0.0)
}

fn services(report: &Report, blocks: &mut Vec<Block>) {
    let mut all: Vec<_> = report.services.iter().collect();
    all.sort_by(|(a_name, a), (b_name, b)| badness(b).total_cmp(&badness(a)).then(a_name.cmp(b_name)));
    let abandoned = all.iter().any(|(_, service)| service.abandoned > 0);
    let row = |(name, service): (&String, &ServiceReport)| {
        let Traffic { latency_ms, wait_ms, .. } = &service.traffic;
        let told = if service.callers.failed > 0 { reasons(&service.callers) } else { reasons(&service.traffic) };
        let mut cells: Vec<Cell> = vec![
            name.clone().into(),
            service.instances.map_or_else(|| NONE.into(), short).into(),
            rate(service.traffic.rate_per_s).into(),
            judged(percent(service.callers.error_ratio), service.callers.error_ratio, ERRORS),
            millis(latency_ms.p50).into(),
            millis(latency_ms.p99).into(),
            millis(wait_ms.and_then(|wait| wait.p99)).into(),
            judged(percent(service.traffic.utilisation), service.traffic.utilisation, BUSY),
            service.traffic.in_system.map_or_else(|| NONE.into(), short).into(),
        ];
        if abandoned {
            let share = (service.traffic.requests > 0).then(|| service.abandoned as f64 / service.traffic.requests as f64);
            cells.push(judged(percent(share), share, ERRORS));
        }
        cells.push(told.into());
        cells
    };
    let mut columns = heads(&["service", "inst.", "rate", "failed", "p50", "p99", "wait p99", "busy", "held"]);
    columns.extend(abandoned.then(|| "for nothing".to_string()));
    columns.push("why".into());
    let callers: Vec<_> = all.iter().map(|(_, service)| &service.callers).collect();
    let mut table = Table { columns, left: 1, last_left: true, rows: all.into_iter().map(row).collect() };
    with_degraded(&mut table, &callers);
    blocks.push(Block::Heading("Services, the worst first".into()));
    blocks.push(Block::Table(table));
}

fn versions(report: &Report, blocks: &mut Vec<Block>) {
    let several = report.services.iter().filter(|(_, service)| service.versions.len() > 1);
    let rows: Vec<_> = several
        .flat_map(|(name, service)| {
            service.versions.iter().map(move |(version, VersionReport { traffic, callers })| {
                vec![
                    name.clone().into(),
                    version.clone().into(),
                    count(callers.requests).into(),
                    judged(percent(callers.error_ratio), callers.error_ratio, ERRORS),
                    millis(traffic.latency_ms.p50).into(),
                    millis(traffic.latency_ms.p99).into(),
                    why(traffic.errors.iter().filter(|(name, _)| *name != "abandoned").chain(&callers.given_up)).into(),
                ]
            })
        })
        .collect();
    if !rows.is_empty() {
        let columns = heads(&["service", "version", "requests", "failed", "p50", "p99", "why"]);
        blocks.push(Block::Heading("Versions compared".into()));
        blocks.push(Block::Table(Table { columns, left: 2, last_left: true, rows }));
    }
}

fn edges(report: &Report, blocks: &mut Vec<Block>) {
    let mut all: Vec<_> = report.edges.iter().filter(|edge| edge.traffic.requests > 0).collect();
    all.sort_by(|a, b| {
        let failing = |edge: &EdgeReport| edge.traffic.error_ratio.filter(|ratio| *ratio >= ERRORS.0).unwrap_or(0.0);
        failing(b).total_cmp(&failing(a)).then(b.traffic.requests.cmp(&a.traffic.requests))
    });
    if all.is_empty() {
        return;
    }
    let row = |edge: &&EdgeReport| {
        let traffic = &edge.traffic;
        let retries = edge.retries as f64 / traffic.requests as f64;
        vec![
            format!("{} → {}", edge.from, edge.to).into(),
            rate(traffic.rate_per_s).into(),
            judged(percent(traffic.error_ratio), traffic.error_ratio, ERRORS),
            judged(percent(Some(retries)), Some(retries), ERRORS),
            millis(traffic.latency_ms.mean).into(),
            millis(traffic.latency_ms.p50).into(),
            millis(traffic.latency_ms.p99).into(),
            reasons(traffic).into(),
        ]
    };
    let columns = heads(&["call", "attempts", "failed", "retries", "mean", "p50", "p99", "why"]);
    blocks.push(Block::Heading("Calls, as the callers saw them".into()));
    let mut table = Table { columns, left: 1, last_left: true, rows: all.iter().take(EDGES).map(row).collect() };
    let shown: Vec<&Traffic> = all.iter().take(EDGES).map(|edge| &edge.traffic).collect();
    with_dropped(&mut table, &shown);
    with_degraded(&mut table, &shown);
    blocks.push(Block::Table(table));
    if all.len() > EDGES {
        blocks.push(Block::Text(format!("And {} more, all in the JSON report.", all.len() - EDGES)));
    }
}

fn queues(report: &Report, blocks: &mut Vec<Block>) {
    if report.queues.is_empty() {
        return;
    }
    let row = |(name, queue): (&String, &QueueReport)| {
        let dead = queue.dead as f64 / (queue.published as f64).max(1.0);
        vec![
            name.clone().into(),
            count(queue.published).into(),
            count(queue.deleted).into(),
            count(queue.redelivered).into(),
            judged(count(queue.dead), Some(dead), ERRORS),
            count(queue.visible).into(),
            queue.oldest_s.map_or_else(|| NONE.into(), span).into(),
            count(queue.most_visible).into(),
            queue.mean_age_s.map_or_else(|| NONE.into(), |age| millis(Some(age * 1e3))).into(),
        ]
    };
    let columns = heads(&["queue", "published", "handled", "again", "dead", "waiting", "oldest", "most", "mean age"]);
    blocks.push(Block::Heading("Message queues".into()));
    blocks.push(Block::Table(Table { columns, left: 1, last_left: false, rows: report.queues.iter().map(row).collect() }));
}

fn delivery(report: &Report, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Delivery and cost".into()));
    if !report.deployments.is_empty() {
        let row = |deployment: &super::model::DeploymentReport| {
            let tone = match deployment.status.as_str() {
                "completed" if deployment.rolled_back_by.is_none() => Tone::Good,
                "failed" => Tone::Bad,
                _ => Tone::Warning,
            };
            let undone = deployment.rolled_back_by.map(|by| format!("rolled back by {by}"));
            let undoes = deployment.rolls_back.map(|undone| format!("rolls back {undone}"));
            let remarks: Vec<_> = [deployment.why.clone(), undone, undoes].into_iter().flatten().collect();
            vec![
                deployment.number.to_string().into(),
                deployment.service.clone().into(),
                format!("{} → {}", deployment.replaces, deployment.version).into(),
                deployment.strategy.clone().into(),
                clock(deployment.started_s).into(),
                deployment.ended_s.map_or_else(|| NONE.into(), |ended| span(ended - deployment.started_s)).into(),
                Cell::from(deployment.status.clone()).toned(tone),
                remarks.join(", ").into(),
            ]
        };
        let columns = heads(&["no.", "service", "version", "strategy", "started", "took", "status", "remarks"]);
        blocks.push(Block::Table(Table { columns, left: 4, last_left: true, rows: report.deployments.iter().map(row).collect() }));
        blocks.push(Block::Text(dora(report)));
    }
    let hourly = report.cost.dollars_per_hour.map_or_else(String::new, |hourly| format!(", {} an hour", dollars(hourly)));
    let each = report.cost.dollars_per_million_answers.map_or_else(String::new, |each| format!(", {} per million answers", dollars(each)));
    blocks.push(Block::Text(format!("The fleet cost {}{hourly}{each}.", dollars(report.cost.dollars))));
}

/// DORA's metrics in a few sentences, with what they count.
fn dora(report: &Report) -> String {
    let dora = &report.dora;
    let ended = counted(dora.metrics.deployments.into(), "deployment");
    let mut text = format!("DORA counts {ended} that ended in {}", span(report.simulated_s));
    if dora.rollbacks > 0 {
        add(&mut text, format_args!(", {} of them to roll back", count(dora.rollbacks.into())));
    }
    if dora.unfinished > 0 {
        add(&mut text, format_args!("; {} under way at the end {} not counted", dora.unfinished, if dora.unfinished == 1 { "is" } else { "are" }));
    }
    text.push('.');
    if dora.metrics.deployments > 0 {
        add(&mut text, format_args!(" {} needed intervention: change fail rate {}", count(dora.metrics.failed.into()), percent(dora.metrics.change_fail_rate)));
        if let Some(rework) = dora.metrics.deployment_rework_rate {
            add(&mut text, format_args!(", rework rate {}", percent(Some(rework))));
        }
        text.push('.');
    }
    if let Some(recovery) = dora.metrics.failed_deployment_recovery_time_s {
        add(&mut text, format_args!(" From the beginning of a failed deployment to the end of its remedy it took {} (median).", span(recovery)));
    }
    if let Some(lead_time) = dora.metrics.change_lead_time_s {
        add(&mut text, format_args!(" A change took {} from its commit to production (median).", span(lead_time)));
    }
    if let Some(flow) = &dora.flow {
        let [review, waiting, pipeline, deployment] = [flow.review_s, flow.waiting_s, flow.pipeline_s, flow.deployment_s].map(span);
        add(
            &mut text,
            format_args!(
                " On average that is {review} until it was merged, {waiting} until a pipeline took it up, {pipeline} of builds, tests and approvals, and {deployment} to deploy"
            ),
        );
        if let Some(batch) = dora.changes_per_deployment {
            add(&mut text, format_args!(", {} a deployment", counted(batch.round() as u64, "change")));
        }
        text.push('.');
    }
    if let (Some(mean), Some(median)) = (dora.time_to_restore_s.mean, dora.time_to_restore_s.median) {
        let incidents = counted(dora.incidents.into(), "incident");
        add(&mut text, format_args!(" {incidents} lasted {} on average and {} in the median (MTTR, as it was called).", span(mean), span(median)));
    }
    if !dora.truth.hurt.is_empty() {
        let (hurt, known) = (dora.truth.hurt.len(), dora.truth.known.len());
        add(&mut text, format_args!(" In truth {} hurt users, of which the team knows of {}.", counted(hurt as u64, "deployment"), count(known as u64)));
    }
    if dora.truth.defects_written > 0 {
        let truth = &dora.truth;
        let written = counted(truth.defects_written.into(), "defect");
        let (escaped, hurt) = (count(truth.defects_escaped.into()), count(truth.defects_hurt.into()));
        add(&mut text, format_args!(" People wrote {written} into what was delivered; reviews and tests missed {escaped}, and {hurt} of these hurt users."));
    }
    text
}

/// What the simulation says about itself.
fn books(report: &Report, blocks: &mut Vec<Block>) {
    let mut items = Vec::new();
    let gaps = || report.services.iter().filter_map(|(name, service)| service.little.and_then(|little| little.gap).map(|gap| (gap, name)));
    if let Some((gap, name)) = gaps().max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        let off = gaps().filter(|(gap, _)| *gap > LITTLE).count();
        let verdict = match off {
            0 => "holds".to_string(),
            1 => "is off by more than 0.5 % for one service: requests still under way at the end, or a short run".to_string(),
            off => format!("is off by more than 0.5 % for {off} services: requests still under way at the end, or a short run"),
        };
        items.push(format!("Little's law L = λW {verdict}; the largest gap is {}, at {name}.", percent(Some(gap))));
    }
    let warm_up = if report.warm_up_s > 0.0 { " (all of the run, warm-up included)" } else { "" };
    let mut run = format!("{} of users{warm_up} caused {}", counted(report.requests, "request"), counted(report.hops, "service call"));
    if let Some(wall) = report.wall_s.filter(|wall| *wall > 0.0) {
        add(
            &mut run,
            format_args!(
                ", simulated in {}: {} times as fast as real time, {} service calls a second",
                span(wall),
                short(report.simulated_s / wall),
                count((report.hops as f64 / wall) as u64)
            ),
        );
    }
    items.push(run + ".");
    items.push(format!("Digest {}: the same scenario, seed and actions give the same one on any machine.", report.digest));
    blocks.push(Block::Heading("The books".into()));
    blocks.push(Block::Items(items));
}

fn notes(report: &Report, blocks: &mut Vec<Block>) {
    let mut items = vec![
        "What users got counts whole requests after all their retries, from when the user meant to send.".to_string(),
        "failed: share of requests without an answer. For services it is what their callers saw, so it holds requests that never reached an instance.".into(),
        "mean, p50 … p99.9: latency of answers only; half, … 99.9 % of them took at most this long (quantiles within 0.8 %).".into(),
        "For services latency runs from an instance's receipt of a request to its answer; for calls the network is added.".into(),
        "wait p99: time in the instance's queue before a worker took the request up.".into(),
        "busy: share of workers in use, on average; a worker that waits for a call is in use. held: requests in the service at once, on average.".into(),
        "inst.: instances running, on average.".into(),
    ];
    if !report.happenings.is_empty() {
        items.push(
            "What happened: before is the last minute before it; during is all the time it lasted, or its first minute if it is done in a moment; after is \
             the minute from its end; later is the last minute before the next thing began or ended, or before the end of the run."
                .into(),
        );
        items.push(
            "Users and the service it is about are always told, other services only if a signal moved beyond chance: failures by half a point and three \
             standard errors, latency by a tenth and out of its 99.7 % confidence range, busy by five points. p50 stands for p99 where fewer than 1,000 \
             answers would make that one chance."
                .into(),
        );
    }
    if report.entry.degraded > 0 || report.services.values().any(|service| service.callers.degraded > 0) {
        items.push("degraded: share of answers in which something came from a fallback or was left out.".into());
    }
    if report.services.values().any(|service| service.abandoned > 0) {
        items.push("for nothing: share of requests that were served well after their caller had stopped waiting.".into());
    }
    if report.edges.iter().any(|edge| edge.traffic.dropped > 0) {
        items.push("dropped: share of attempts that were of no use any more before they ended, because another copy had answered or nobody waited.".into());
    }
    if !report.queues.is_empty() {
        items.push(
            "Message queues, over the whole run: again, received more than once; dead, given up after too many receives; most, the longest backlog; mean age, \
             from publication to deletion."
                .into(),
        );
    }
    if report.slos.iter().any(|slo| slo.budget_left.is_some()) {
        items.push(
            "budget left: share of the requests that an objective allows to be bad and that were not. 3 × overspent: four times as many were bad as it allows."
                .into(),
        );
    }
    if !report.faults.is_empty() {
        items.push("Faults are told as they were injected; the simulated team's tools see only their effects.".into());
    }
    blocks.push(Block::Heading("How to read this".into()));
    blocks.push(Block::Items(items));
}
