//! `fleetlab compare`, as somebody at a terminal meets it.

use fleetlab::cli::{self, DONE, Streams, UNUSABLE};
use serde_json::Value;

/// Runs the program; returns the status, standard output and standard error.
fn fleetlab(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err, colour: false, progress: false };
    let status = cli::run(std::iter::once("fleetlab").chain(args.iter().copied()), Box::new(|_| Ok(())), &mut streams);
    (status, String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

fn compare(args: &[&str]) -> Value {
    let (status, out, err) = fleetlab(&[&["compare"], args, &["--format", "json"]].concat());
    assert_eq!(status, DONE, "{err}");
    let mut comparison: Value = serde_json::from_str(&out).expect("only the comparison goes to standard output");
    comparison["wall_s"] = Value::Null;
    comparison
}

/// The values of a measure under a strategy, by seed.
fn values(comparison: &Value, world: &str, measure: &str, label: &str) -> Vec<Option<f64>> {
    let measures = comparison[world].as_array().expect("measures");
    let measure = measures.iter().find(|row| row["measure"] == measure).unwrap_or_else(|| panic!("{measure} in {comparison}"));
    let value = measure["variants"].as_array().expect("variants").iter().find(|value| value["label"] == label).unwrap_or_else(|| panic!("{label}"));
    value["values"].as_array().expect("values").iter().map(Value::as_f64).collect()
}

fn conclusions(comparison: &Value) -> String {
    comparison["conclusions"].as_array().expect("sentences").iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn two_identical_strategies_differ_by_exactly_zero() {
    let comparison = compare(&["bad-release", "--with", "canary", "--with", "canary", "--seeds", "2", "--until", "13m"]);
    for measure in comparison["as_it_is"].as_array().into_iter().chain(comparison["harmless"].as_array()).flatten() {
        let value = &measure["variants"][1];
        assert_eq!(value["label"], "canary (2)");
        if !value["mean"].is_null() {
            let difference = &value["difference"];
            let zero = ["mean", "low", "high"].iter().all(|key| difference[key].as_f64() == Some(0.0));
            assert!(zero && difference["excludes_zero"] == false && difference["pairs"].as_u64() >= Some(1), "{measure}");
        }
    }
    assert!(conclusions(&comparison).contains("every difference is exactly zero"));
}

#[test]
fn a_canary_hurts_fewer_users_than_all_at_once_and_says_so() {
    let comparison = compare(&["bad-release", "--with", "all-at-once", "--with", "canary", "--seeds", "3", "--until", "13m"]);
    let hurt = |label| values(&comparison, "as_it_is", "users hurt", label);
    assert!(hurt("canary").iter().zip(hurt("all-at-once")).all(|(canary, all)| *canary < all.map(|all| all / 50.0)), "{comparison}");
    let said = conclusions(&comparison);
    assert!(said.contains("`canary` compared with `all-at-once`, in 3 of 3 seeds, hurts fewer users"), "{said}");
    assert!(said.contains("turned back without anybody's doing under `all-at-once` in 0, under `canary` in 3"), "{said}");
    let notes = comparison["variants"][0]["notes"][0].as_str().expect("a note");
    assert!(notes.contains("cannot watch any"), "{notes}");
    assert!(comparison["variants"][1]["notes"][0].as_str().is_some_and(|note| note.contains("`new-version-errors`")));
}

/// The three shipped scenarios are the three strategies of one comparison: the same seed comes to the same.
#[test]
fn a_comparison_comes_to_what_the_shipped_scenarios_tell() {
    let comparison = compare(&["bad-release", "--with", "rolling", "--with", "blue-green", "--with", "canary", "--seeds", "1"]);
    let failed = ["rolling", "blue-green", "canary"].map(|label| values(&comparison, "as_it_is", "failed requests", label)[0]);
    assert_eq!(failed, [Some(5_350.0), Some(315.0), Some(1.0)]);
    assert!(comparison["as_it_is"][0]["variants"][1]["difference"]["low"].is_null(), "one seed has no interval");
}

/// With little traffic the answer is another one.
#[test]
fn with_little_traffic_blue_green_finds_out_sooner_and_is_not_deceived() {
    let comparison = compare(&["bad-release-thin", "--with", "blue-green", "--with", "canary", "--seeds", "20"]);
    let said = conclusions(&comparison);
    for says in ["hurts fewer users", "is found out later", "needs more instance-hours", "turns back more good versions"] {
        assert!(said.contains(says), "{says}: {said}");
    }
    let turned_back = |label| values(&comparison, "harmless", "false rollbacks", label).into_iter().flatten().sum::<f64>();
    assert!(turned_back("blue-green") == 0.0 && (2.0..=8.0).contains(&turned_back("canary")), "about every fifth: {}", turned_back("canary"));
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let with = ["bad-release-thin", "--with", "blue-green", "--with", "canary", "--sweep", "canary.weight=5%,50%", "--seeds", "4"];
    let on = |jobs| compare(&[&with[..], &["--jobs", jobs]].concat());
    assert_eq!(on("1"), on("3"));
}

#[test]
fn a_sweep_tells_how_often_and_how_late_what_is_bad_is_found() {
    let sweep = ["--sweep", "canary.weight=5%,50%", "--sweep", "canary.duration=5m,10m", "--seeds", "6"];
    let comparison = compare(&[&["bad-release-thin"], &sweep[..]].concat());
    assert_eq!(comparison["variants"].as_array().map(Vec::len), Some(0));
    let cells = comparison["sweep"]["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 4);
    assert_eq!(cells[1]["values"], serde_json::json!(["5%", "10m"]));
    let late = |cell: &Value| cell["detect_s"].as_f64().expect("found");
    assert!(late(&cells[1]) > 1.5 * late(&cells[3]), "half of the traffic shows it sooner than a twentieth: {comparison}");
    for cell in cells {
        assert_eq!((cell["detected"]["trials"].as_u64(), cell["false_rollbacks"]["trials"].as_u64()), (Some(6), Some(6)));
        assert!(cell["detected"]["low"].as_f64() < Some(1.0), "six of six is no certainty");
    }
    let text = fleetlab(&[&["compare", "bad-release-thin"], &sweep[..]].concat()).1;
    assert!(text.contains("canary.weight \\ canary.duration") && text.contains("How often a harmless one was turned back"), "{text}");
}

#[test]
fn every_form_is_written_where_it_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("cmp").display().to_string();
    let args =
        ["compare", "bad-release-thin", "--with", "linear", "--with", "mine: canary = { percent = \"20%\" }", "--seeds", "2", "--format", "text,json,md,html"];
    let (status, printed, err) = fleetlab(&[&args[..], &["-o", &out]].concat());
    assert_eq!((status, printed.as_str()), (DONE, ""), "{err}");
    for (ending, begins) in [("txt", "A bad release, with little traffic"), ("json", "{"), ("md", "# A bad release"), ("html", "<!doctype html>")] {
        let text = std::fs::read_to_string(folder.path().join(format!("cmp.{ending}"))).expect("written");
        assert!(text.starts_with(begins) && text.contains("mine"), "{ending}: {text}");
    }
}

#[test]
fn the_report_is_written_in_the_language_that_is_asked_for() {
    let args = ["compare", "bad-release-thin", "--with", "blue-green", "--with", "canary", "--seeds", "2", "--lang", "vi"];
    for (format, says) in [("text", "Cách đọc\n────────"), ("md", "## Cách đọc"), ("html", "<html lang=\"vi\">")] {
        let (status, out, err) = fleetlab(&[&args[..], &["--format", format]].concat());
        assert_eq!(status, DONE, "{err}");
        assert!(out.contains(says) && out.contains("người dùng gặp lỗi") && !out.contains("users hurt"), "{format}: {out}");
    }
}

#[test]
fn with_a_team_lead_time_is_compared_and_without_one_it_is_said_why_not() {
    let team = compare(&["month-startup", "--with", "rolling", "--with", "canary", "--seeds", "1", "--until", "30h"]);
    let lead_time = |label| values(&team, "as_it_is", "lead time", label)[0].expect("changes reached production");
    assert!(lead_time("canary") > lead_time("rolling"), "{team}");
    assert!(team["unknown"].as_object().is_some_and(serde_json::Map::is_empty));
    let nobody = compare(&["bad-release-thin", "--with", "rolling", "--with", "canary", "--seeds", "1"]);
    assert_eq!(values(&nobody, "as_it_is", "lead time", "canary"), [None]);
    assert!(nobody["unknown"]["lead time"].as_str().is_some_and(|why| why.contains("the scenario has no team")));
}

#[test]
fn wrong_use_is_refused_with_status_two() {
    let with = |text| vec!["bad-release", "--with", text];
    let sweep = |text| vec!["bad-release", "--sweep", text];
    for (args, says) in [
        (vec!["bad-release"], "--with"),
        (with("canry"), "did you mean `canary`"),
        (with("canary = { percnt = \"5%\" }"), "percent"),
        (with("canary = { percent = \"150%\" }"), "150%"),
        (with("CodeDeployDefault.ECSCanary10Percent7Minutes"), "did you mean"),
        (with("canary = { alarms = { names = [\"none\"] } }"), "none"),
        (vec!["mm1", "--with", "canary"], "deploys nothing"),
        (vec!["bad-release", "--with", "canary", "--seeds", "0"], "1 to 1000"),
        (vec!["bad-release", "--with", "canary", "--seeds", "1000000000000"], "1 to 1000"),
        (vec!["bad-release", "--with", "canary", "--seed", "18446744073709551615"], "there are no 20 seeds"),
        (vec!["bad-release", "--with", "canary", "--until", "5m"], "first deployment is at 10m"),
        (vec!["bad-release", "--with", "a: canary", "--with", "a: linear"], "two strategies are called `a`"),
        (vec!["bad-release", "--with", "canary", "--jobs", "0"], "--jobs"),
        (vec!["bad-release", "--with", "canary", "--lang", "fr"], "[possible values: en, vi]"),
        (vec!["no-such-thing", "--with", "canary"], "no scenario"),
        (sweep("canary.wieght=1%"), "did you mean `canary.weight`"),
        (sweep("canary.weight=1%,1%"), "twice"),
        (sweep("canary.weight=lots"), "lots"),
        (sweep("weight=1%"), "canary.percent"),
        (vec!["bad-release", "--sweep", "canary.weight=1%", "--sweep", "canary.percent=5%"], "same parameter"),
        (vec!["bad-release", "--sweep", "canary.weight=1%", "--sweep", "linear.step=5%"], "one strategy"),
        (vec!["deploy-under-load", "--sweep", "canary.weight=1%"], "nothing to find"),
    ] {
        let (status, out, err) = fleetlab(&[vec!["compare"], args.clone()].concat());
        assert!(status == UNUSABLE && out.is_empty() && err.contains(says), "{args:?} ended with {status} and said: {err}");
    }
}
