//! `extends`: tables merge, the rest replaces, and mistakes point into the file where they are.

use std::path::PathBuf;

use fleetlab::content::{self, Diagnostics, Loaded};
use fleetlab::kernel::balance::Balancer;
use fleetlab::kernel::model::Arrivals;
use tempfile::TempDir;

use super::{fixture, load};

/// Writes files into a folder and loads the first.
fn load_from(files: &[(&str, &str)]) -> (TempDir, Result<Loaded, Diagnostics>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("write");
    }
    let first: PathBuf = folder.path().join(files[0].0);
    let loaded = content::load(&first.to_string_lossy());
    (folder, loaded)
}

const BASE: &str = include_str!("../fixtures/mm1.toml");

#[test]
fn tables_merge_key_by_key_and_arrays_replace() {
    let base = load(&fixture("shop.toml")).scenario;
    let busy = load(&fixture("shop-busy.toml")).scenario;
    assert_eq!(busy.name, "shop-busy");
    assert_eq!(busy.title.get("en"), "The shop on a busy day");
    assert_eq!(busy.fleet[0].instances, 6);
    assert_eq!(busy.fleet[0].autoscaling, base.fleet[0].autoscaling, "what is not named stays");
    assert_eq!(busy.model.services[1].server.queue.capacity, Some(50));
    assert_eq!(busy.model.services[1].server.queue.order, base.model.services[1].server.queue.order);
    assert!(busy.timeline.is_empty());
    assert_eq!(busy.model.endpoints, base.model.endpoints);
}

/// The base picks another balancer with a table of its own; the two tables must not end up beside each other.
#[test]
fn another_alternative_replaces_the_inherited_one() {
    let busy = load(&fixture("shop-busy.toml")).scenario;
    assert!(matches!(busy.model.services[0].balancer, Balancer::Random(_)));
    let own = "format_version = 1\nextends = 'base'\n[services.server]\nbalancer = { peak-ewma = { decay = '5s' } }\nendpoints.get.steps = [{ work = '1ms' }]";
    let base = BASE.replace("workers = 1", "workers = 1\nbalancer = { power-of-two = { stale = '1s' } }");
    let (_folder, loaded) = load_from(&[("own.toml", own), ("base.toml", &base)]);
    let scenario = loaded.unwrap_or_else(|found| panic!("{found}")).scenario;
    assert!(matches!(scenario.model.services[0].balancer, Balancer::PeakEwma(_)));
}

#[test]
fn another_way_of_arriving_replaces_the_inherited_one() {
    let own = "format_version = 1\nextends = 'base'\ntraffic.users = { users = 5, think = '1s' }";
    let (_folder, loaded) = load_from(&[("own.toml", own), ("base.toml", BASE)]);
    let scenario = loaded.unwrap_or_else(|found| panic!("{found}")).scenario;
    assert!(matches!(scenario.model.sources[0].arrivals, Arrivals::Closed { users: 5, .. }));
}

#[test]
fn a_mistake_in_the_base_points_into_the_base() {
    let base = BASE.replace("workers = 1", "wrkers = 1");
    let own = "format_version = 1\nextends = 'base'\nservices.server.instances = -1";
    let (_folder, loaded) = load_from(&[("own.toml", own), ("base.toml", &base)]);
    let found = loaded.expect_err("both are wrong");
    let places: Vec<(bool, usize, &str)> = found.iter().map(|found| (found.file.ends_with("base.toml"), found.line, found.message.as_str())).collect();
    assert_eq!(places, [(false, 3, "`instances` must be a whole number, 0 or more, not the number -1"), (true, 6, "unknown key `wrkers`")]);
}

#[test]
fn circles_and_chains_that_are_too_long_are_refused() {
    let extend = |name: &str| format!("format_version = 1\nextends = '{name}'\n");
    let (_folder, loaded) = load_from(&[("a.toml", &extend("b")), ("b.toml", &extend("c")), ("c.toml", &extend("a"))]);
    let found = loaded.expect_err("a circle").to_string();
    assert!(found.contains("`a` → `b` → `c` → `a`"), "{found}");
    assert!(!found.contains("no service"), "what the circle keeps from being read is not missing:\n{found}");

    let (_folder, loaded) = load_from(&[("a.toml", &extend("a"))]);
    assert!(loaded.expect_err("itself").to_string().contains("cannot extend itself"));

    let names: Vec<String> = (0..20).map(|n| format!("s{n}.toml")).collect();
    let texts: Vec<String> = (0..20).map(|n| extend(&format!("s{}", n + 1))).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let (_folder, loaded) = load_from(&files);
    assert!(loaded.expect_err("too long").to_string().contains("more than 8 scenarios"));
}

#[test]
fn an_unknown_base_is_named_and_nothing_else_is_said() {
    let own = "format_version = 1\nextends = 'bsae'\nslos.x = { service = 'server' }";
    let (_folder, loaded) = load_from(&[("own.toml", own), ("base.toml", BASE)]);
    let found = loaded.expect_err("there is none");
    assert_eq!(found.len(), 1, "{found}");
    assert_eq!(found.iter().next().and_then(|found| found.help.as_deref()), Some("did you mean `base`?"));
}

#[test]
fn a_file_name_says_which_scenario_is_meant() {
    let (_folder, loaded) = load_from(&[("mine.toml", "format_version = 1\nextends = 'parent.toml'"), ("parent.toml", BASE)]);
    let found = loaded.expect_err("no scenario is called `parent.toml`").to_string();
    assert!(found.contains("did you mean `parent`?"), "{found}");
}

#[test]
fn what_the_extended_one_names_lies_beside_it() {
    let (_folder, loaded) = load_from(&[("mine.toml", "format_version = 1\nextends = 'month-startup'\nteam.people = 9")]);
    let scenario = loaded.expect("the pipeline of the shipped scenario is shipped with it").scenario;
    assert_eq!(scenario.pipelines.lines[0].definition.name, "boutique");
    // What the extending one names lies beside that one.
    let own = "format_version = 1\nextends = 'month-startup'\nbuild_projects.boutique-build.buildspec = 'startup-buildspec.yml'";
    let (_folder, loaded) = load_from(&[("mine.toml", own)]);
    let said = loaded.expect_err("there is no such file in this folder").to_string();
    assert!(said.contains("mine.toml:3") && said.contains("startup-buildspec.yml"), "{said}");
}
