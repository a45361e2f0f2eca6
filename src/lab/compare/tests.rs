//! Small comparisons: what is applied to which deployment, what is measured, and that threads and interruptions show in
//! nothing but how much there is.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::content::{Folder, read_str};
use crate::fleet::deploy::Strategy;
use crate::lab::snapshot::MarkKind;
use crate::lang::Lang;
use crate::scenario::limits;
use crate::scenario::{Action, Scenario};
use crate::units::SimTime;

/// A web shop whose release fails for half of the requests; the alarm looks at the new version.
const SHOP: &str = r#"
format_version = 1
duration = "12m"
slos.availability.objective = "99%"
[services.web]
instances = 2
workers = 32
start_up = "5s"
deployment = { rolling = { alarms = { names = ["new-errors"] } } }
endpoints.get.steps = [{ work = "5ms" }]
versions.v1 = {}
versions.bad = { error_rate = "50%" }
versions.same = {}
versions.faster = { latency_factor = 0.5 }
[alarms.new-errors]
service = "web"
new_version = true
metric = { error-rate = { above = "20%" } }
[traffic.users]
to = "web.get"
rate = "20/s"
population = 500
[[timeline]]
at = "1m"
do = { deploy = { service = "web", version = "bad" } }
[[timeline]]
at = "9m"
do = { roll-back = { service = "web" } }
"#;

fn scenario(text: &str) -> Scenario {
    read_str("shop", "shop.toml", text, &Folder::Nowhere).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario
}

fn strategy(json: &str) -> Strategy {
    serde_json::from_str(json).expect("a strategy")
}

fn variant(label: &str, json: &str) -> Variant {
    Variant { label: label.to_owned(), strategy: strategy(json) }
}

fn three() -> Vec<Variant> {
    vec![
        variant("all-at-once", r#""all-at-once""#),
        variant("canary", r#"{"canary":{"percent":"10%","canary_bake":"3m","bake":"1m"}}"#),
        variant("blue-green", r#"{"blue-green":{"bake":"2m"}}"#),
    ]
}

fn plan(text: &str, variants: Vec<Variant>, seeds: u64) -> Result<Plan, PlanError> {
    let scenario = scenario(text);
    let until = SimTime::ZERO + scenario.duration;
    Plan::new(scenario, variants, None, (1..=seeds).collect(), until)
}

fn compare(text: &str, variants: Vec<Variant>, seeds: u64) -> Outcome {
    run(plan(text, variants, seeds).expect("it can run"), 2, &AtomicBool::new(false), &|_| {})
}

#[test]
fn a_strategy_takes_the_place_of_every_other_and_watches_what_that_watched() {
    let own = SHOP.replace("version = \"bad\" }", "version = \"bad\", strategy = { linear = { alarms = { names = [] } } } }");
    let applied = plan::apply(&scenario(&own), &strategy(r#""canary""#));
    let watched = |strategy: &Strategy| strategy.watch().map(|watch| watch.names.clone());
    assert_eq!((applied.fleet[0].strategy.name(), watched(&applied.fleet[0].strategy)), ("canary", Some(vec!["new-errors".to_owned()])));
    let Action::Deploy { strategy: Some(deployed), .. } = &applied.timeline[0].action else { panic!("it was written") };
    assert_eq!((deployed.name(), watched(deployed)), ("canary", Some(Vec::new())), "an empty list is a choice, too");
    let explicit = plan::apply(&scenario(SHOP), &strategy(r#"{"canary":{"alarms":{"names":[]}}}"#));
    assert_eq!(watched(&explicit.fleet[0].strategy), Some(Vec::new()));
    let update = plan::apply(&scenario(SHOP), &strategy(r#""rolling-update""#));
    assert_eq!(update.fleet[0].strategy, strategy(r#""rolling-update""#));
}

#[test]
fn a_variant_says_what_turns_it_back() {
    let deaf = variant("deaf", r#"{"canary":{"alarms":{"names":[]}}}"#);
    let variants = vec![variant("update", r#""rolling-update""#), variant("canary", r#""canary""#), deaf];
    let plan = plan(SHOP, variants, 1).expect("it can run");
    let notes: Vec<Vec<Note>> = plan.variants().iter().map(|variant| plan.notes(variant)).collect();
    assert_eq!(notes, [vec![Note::CannotWatch], vec![Note::Inherits(vec!["new-errors".into()])], vec![Note::WatchesNothing]]);
}

#[test]
fn versions_are_measured_by_what_they_replace() {
    let world = scenario(SHOP);
    let versions = &world.model.services[0].versions;
    let natures: Vec<Nature> = versions.iter().map(|version| truth::nature(&world.model, *version, versions[0])).collect();
    assert_eq!(natures, [Nature::Same, Nature::Worse, Nature::Same, Nature::Other]);
    let twin = truth::harmless(&world).expect("it has one that is worse");
    assert_eq!(twin.model.versions[1].behaviour, world.model.versions[0].behaviour);
    assert_eq!(twin.timeline.len(), 1, "nobody goes back from what does no harm");
    assert_eq!(truth::harmless(&twin), None);
    let schemas = SHOP.replace("versions.same = {}", "versions.same = { schema = 2 }").replace("version = \"bad\"", "version = \"same\"");
    assert_eq!(truth::releases(&scenario(&schemas))[0].nature, Nature::Other, "nobody minds the other schema");
}

#[test]
fn each_measure_is_what_it_says() {
    let outcome = compare(SHOP, three(), 2);
    let (as_it_is, twin) = (World::AsItIs, World::Harmless);
    let of = |variant, world| outcome.sessions(variant, world)[0].clone();
    // All at once: everybody meets it until somebody goes back, eight minutes later.
    let all = of(0, as_it_is);
    assert_eq!((all.detect_s, all.turned_back, all.missed), (None, Some(0), Some(0)));
    assert!(all.recover_s.is_some_and(|after| (480.0..=500.0).contains(&after)) && all.deployment_s.is_some_and(|took| took < 10.0), "{all:?}");
    assert!(all.users_hurt > 480 && all.users_hurt <= 500 && all.failed > 4_000, "{all:?}");
    assert!(all.burned[0].is_some_and(|burned| burned > 20.0), "{all:?}");
    // The canary begins at 1:05 and is judged at 2:00.
    let canary = of(1, as_it_is);
    assert_eq!((canary.detect_s, canary.recover_s, canary.turned_back, canary.missed), (Some(60.0), Some(60.0), Some(1), Some(0)));
    assert!(canary.users_hurt < 100 && canary.failed < 120 && canary.deployment_s.is_none(), "{canary:?}");
    let blue_green = of(2, as_it_is);
    assert!(canary.users_hurt * 3 < blue_green.users_hurt && blue_green.failed * 3 < all.failed, "{blue_green:?}");
    // The twin: nothing is turned back, and deployments take what they take.
    let took: Vec<Option<f64>> = (0..3).map(|variant| of(variant, twin).deployment_s).collect();
    assert_eq!((took[1], took[2]), (Some(245.0), Some(125.0)));
    assert!((0..3).all(|variant| of(variant, twin).false_rollbacks == Some(0) && of(variant, twin).missed.is_none()));
    assert!(of(1, twin).instance_hours > of(2, twin).instance_hours && of(2, twin).cost >= of(0, twin).cost);
}

#[test]
fn means_differ_by_the_mean_of_the_differences() {
    let outcome = compare(SHOP, three(), 3);
    let mean = |values: Vec<Option<f64>>| values.iter().flatten().sum::<f64>() / values.len() as f64;
    for measure in [Measure::UsersHurt, Measure::FailedRequests, Measure::Cost] {
        let means = [0, 1].map(|variant| mean(outcome.values(variant, World::AsItIs, &measure)));
        let paired = outcome.paired(1, 0, World::AsItIs, &measure).expect("pairs");
        assert!((means[1] - means[0] - paired.mean).abs() < 1e-9 && paired.pairs == 3, "{measure:?}");
    }
    assert_eq!(outcome.paired(1, 0, World::AsItIs, &Measure::TimeToDetect), None, "one of them never detects");
}

#[test]
fn a_missed_version_and_a_false_rollback_are_told() {
    let missed = SHOP.replace("[[timeline]]\nat = \"9m\"\ndo = { roll-back = { service = \"web\" } }\n", "");
    let outcome = compare(&missed, vec![variant("all", r#""all-at-once""#)], 1);
    let session = outcome.sessions(0, World::AsItIs)[0];
    assert_eq!((session.missed, session.recover_s, session.detect_s), (Some(1), None, None));
    // Every request of the shop fails now and then, and the alarm is too strict for that.
    let strict = SHOP.replace("[{ work = \"5ms\" }]", "[{ work = \"5ms\" }, { fail = 0.3 }]");
    let outcome = compare(&strict, vec![variant("blue-green", r#"{"blue-green":{"bake":"2m"}}"#)], 1);
    assert_eq!(outcome.sessions(0, World::Harmless)[0].false_rollbacks, Some(1));
}

#[test]
fn the_number_of_threads_shows_in_nothing() {
    let measured = |threads| {
        let outcome = run(plan(SHOP, three(), 2).expect("it can run"), threads, &AtomicBool::new(false), &|_| {});
        let all = (0..3).flat_map(|variant| [World::AsItIs, World::Harmless].map(|world| (variant, world)));
        all.map(|(variant, world)| outcome.sessions(variant, world).into_iter().cloned().collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    assert_eq!(measured(1), measured(5));
}

#[test]
fn an_interrupted_comparison_keeps_whole_seeds() {
    let (cancel, told) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Three variants and their twins make six sessions a seed; the flag is set when one seed is done.
    let outcome = run(plan(SHOP, three(), 4).expect("it can run"), 1, &cancel, &|progress| {
        told.store(progress.done, Ordering::Relaxed);
        assert_eq!(progress.sessions, 24);
        if progress.done == 7 {
            cancel.store(true, Ordering::Relaxed);
        }
    });
    assert!(outcome.interrupted() && !outcome.is_empty());
    assert_eq!((outcome.seeds(), outcome.sessions(2, World::Harmless).len(), told.load(Ordering::Relaxed)), (vec![1], 1, 7));
    let at_once = run(plan(SHOP, three(), 2).expect("it can run"), 2, &AtomicBool::new(true), &|_| {});
    assert!(at_once.interrupted() && at_once.is_empty());
}

#[test]
fn a_sweep_counts_what_is_found_and_what_is_turned_back_in_vain() {
    let weights = ["2%", "50%"];
    let cell = |weight: &str| strategy(&format!(r#"{{"canary":{{"percent":"{weight}","canary_bake":"2m","bake":"1m"}}}}"#));
    let axis = Axis { name: "canary.weight".into(), values: weights.map(str::to_owned).to_vec() };
    let sweep = Sweep { axes: vec![axis], cells: weights.iter().map(|weight| cell(weight)).collect() };
    assert_eq!([sweep.values(0), sweep.values(1)], [["2%"], ["50%"]]);
    let world = scenario(SHOP);
    let plan = Plan::new(world, Vec::new(), Some(sweep), vec![1, 2, 3], SimTime::from_secs(360)).expect("it can run");
    let outcome = run(plan, 2, &AtomicBool::new(false), &|_| {});
    let cells = outcome.cells();
    let share = |cell: &Cell| (cell.detected.map(|share| (share.hits, share.trials)), cell.false_rollbacks.map(|share| (share.hits, share.trials)));
    assert_eq!(share(&cells[1]), (Some((3, 3)), Some((0, 3))));
    assert_eq!(cells.len(), 2);
}

#[test]
fn what_makes_no_comparison_is_refused() {
    let refused = |text: &str, variants, seeds| plan(text, variants, seeds).expect_err("refused").to_string();
    let idle = SHOP.split("[[timeline]]").next().expect("text");
    assert!(refused(idle, three(), 3).contains("`shop` deploys nothing"));
    assert!(refused(SHOP, three(), 0).contains("1 to 1000"));
    assert!(refused(SHOP, Vec::new(), 3).contains("nothing to compare"));
    assert!(refused(SHOP, vec![three().remove(1); 2], 3).contains("two strategies are called `canary`"));
    assert!(refused(SHOP, vec![variant("a", r#""canary""#); 13], 3).contains("takes 12"));
    assert!(refused(SHOP, vec![variant("odd", r#"{"canary":{"percent":"0%"}}"#)], 3).contains("`odd` cannot work"));
    assert!(refused(SHOP, vec![variant("deaf", r#"{"canary":{"alarms":{"names":["nobody"]}}}"#)], 3).contains("`nobody`"));
    let early = Plan::new(scenario(SHOP), three(), None, vec![1], SimTime::from_secs(30)).expect_err("refused");
    assert!(early.to_string().contains("first deployment is at 1m, but the runs end at 30s"), "{early}");
    let fine = SHOP.replace("version = \"bad\"", "version = \"same\"");
    let sweep = Sweep { axes: Vec::new(), cells: vec![strategy(r#""canary""#)] };
    let nothing = Plan::new(scenario(&fine), Vec::new(), Some(sweep), vec![1], SimTime::from_secs(600)).expect_err("refused");
    assert!(nothing.to_string().contains("nothing to find"), "{nothing}");
}

#[test]
fn what_is_not_labelled_gets_a_label_of_its_own() {
    let named = |label: Option<&str>, derived: &str| Named { label: label.map(str::to_owned), derived: derived.to_owned(), strategy: Strategy::default() };
    let labels = |named| labelled(named).into_iter().map(|variant| variant.label).collect::<Vec<_>>();
    assert_eq!(
        labels(vec![named(None, "canary"), named(Some("canary (2)"), "canary"), named(None, "canary"), named(None, "linear")]),
        ["canary", "canary (2)", "canary (3)", "linear"]
    );
    assert!(labels(vec![named(None, &"x".repeat(500))])[0].chars().count() <= limits::NAME_CHARS);
}

#[test]
fn what_happened_over_time_is_kept_only_if_it_is_asked_for() {
    let plain = compare(SHOP, three(), 1);
    assert!(plain.curve(1, World::AsItIs, 1).is_none());
    let plan = plan(SHOP, three(), 2).expect("it can run").with_curves(1);
    let shown = plan.shown_release().copied();
    let outcome = run(plan, 2, &AtomicBool::new(false), &|_| {});
    assert!(shown.is_some_and(|release| release.nature == Nature::Worse) && outcome.curve(1, World::AsItIs, 2).is_none(), "only of the first seed");
    assert_eq!(outcome.sessions(1, World::AsItIs)[0], plain.sessions(1, World::AsItIs)[0], "looking changes nothing");
    // The canary takes a tenth of the traffic at 1:05 and is turned back at 2:00.
    let canary = outcome.curve(1, World::AsItIs, 1).expect("a curve");
    let between = |points: &[Point], from: f64, to: f64| {
        let inside: Vec<f64> = points.iter().filter(|(t, share)| *t > from && *t <= to && share.is_finite()).map(|(_, share)| *share).collect();
        inside.iter().sum::<f64>() / inside.len() as f64
    };
    assert!((0.06..0.14).contains(&between(&canary.share, 70.0, 115.0)), "{:?}", canary.share);
    assert!(between(&canary.share, 10.0, 60.0) < 1e-9 && between(&canary.share, 180.0, 700.0) < 1e-9);
    assert!((0.02..0.09).contains(&between(&canary.errors, 70.0, 115.0)) && between(&canary.errors, 180.0, 700.0) < 1e-9);
    let marks: Vec<(MarkKind, u64)> = canary.marks.iter().map(|mark| (mark.kind, mark.at.nanos() / 1_000_000_000)).collect();
    assert!(marks.contains(&(MarkKind::Deploy, 60)) && marks.contains(&(MarkKind::Alarm, 120)) && marks.contains(&(MarkKind::DeployFailed, 120)), "{marks:?}");
    let all = outcome.curve(0, World::AsItIs, 1).expect("a curve");
    assert!(between(&all.share, 120.0, 500.0) > 0.999 && between(&all.errors, 120.0, 500.0) > 0.4);
    // In the twin nobody notices anything, and everybody gets it in the end.
    let twin = outcome.curve(1, World::Harmless, 1).expect("a curve");
    assert!(between(&twin.share, 400.0, 700.0) > 0.999 && twin.marks.iter().all(|mark| mark.kind != MarkKind::Alarm));
    assert_eq!(canary.window, all.window, "one time axis");
}

#[test]
fn the_best_beats_every_other_one_by_more_than_chance() {
    let outcome = compare(SHOP, three(), 3);
    let best = |world, measure: &Measure| outcome.best(world, measure);
    assert_eq!(best(World::AsItIs, &Measure::UsersHurt), Some(1));
    assert_eq!(best(World::AsItIs, &Measure::FalseRollbacks), None, "nobody knows it");
    assert_eq!(best(World::AsItIs, &Measure::TimeToDetect), None, "two are alike, and one never detects");
    assert_eq!(best(World::Harmless, &Measure::DeploymentTime), Some(0));
    let single = compare(SHOP, vec![three().remove(0)], 2);
    assert_eq!(single.best(World::AsItIs, &Measure::UsersHurt), None, "there is nobody to beat");
}

#[test]
fn conclusions_are_drawn_in_the_readers_language() {
    let outcome = compare(SHOP, three(), 3);
    let said = |lang| conclusions(&outcome, lang).join("\n");
    let (english, vietnamese) = (said(Lang::En), said(Lang::Vi));
    assert!(english.starts_with("Of 3 seeds, a harmful version was turned back without anybody's doing under `all-at-once` in 0, under `canary` in 3"));
    assert!(english.contains("`canary` compared with `all-at-once`, in 3 of 3 seeds, hurts fewer users ("), "{english}");
    assert!(english.contains("; but it needs more instance-hours"), "{english}");
    assert!(vietnamese.starts_with("Trên 3 seed, phiên bản có hại tự bị rollback mà không cần ai can thiệp: với `all-at-once` 0 lần, với `canary` 3 lần"));
    assert!(vietnamese.contains("`canary`, so với `all-at-once`, ở 3/3 seed, có ít người dùng gặp lỗi hơn ("), "{vietnamese}");
    assert!(vietnamese.contains("; nhưng cần nhiều giờ instance hơn"), "{vietnamese}");
    assert_eq!(english.lines().count(), vietnamese.lines().count());
    // The same numbers, each written as the language does.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let sorted = |text: &str| {
        let mut digits: Vec<char> = digits(text).chars().collect();
        digits.sort_unstable();
        digits
    };
    assert_eq!(sorted(&english), sorted(&vietnamese));
}

#[test]
fn with_a_team_the_lead_time_comes_from_its_commits() {
    let scenario = crate::content::load("month-startup").map(|loaded| loaded.scenario);
    let scenario = scenario.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let variants = vec![variant("rolling", r#""rolling""#), variant("canary", r#""canary""#)];
    let plan = Plan::new(scenario, variants, None, vec![42], SimTime::from_secs(30 * 3_600)).expect("it can run");
    let notes = plan.notes(&plan.variants()[1]);
    assert!(matches!(&notes[..], [Note::Inherits(names)] if names.contains(&"frontend-canary".to_owned())), "{notes:?}");
    let outcome = run(plan, 2, &AtomicBool::new(false), &|_| {});
    let [rolling, canary] = [0, 1].map(|at| outcome.mean(at, World::AsItIs, &Measure::LeadTime).expect("changes reached production").0);
    assert!(rolling > 0.0 && canary > rolling + 600.0, "a canary's bake is part of the lead time: {rolling} s, {canary} s");
    let without = compare(SHOP, three(), 1);
    assert_eq!(without.mean(0, World::AsItIs, &Measure::LeadTime), None, "nobody commits");
    assert!(without.measures().contains(&Measure::LeadTime));
}
