//! Scenario files: what is read, and what is said about what cannot be.

use fleetlab::content::{self, Folder};

const SMALLEST: &str = r#"
format_version = 1
description.en = "One web server and a database."
description.vi = "Một máy chủ web và một cơ sở dữ liệu."
duration = "10m"

[services.web.endpoints.home]
steps = [ { work = { exponential = "4ms" } }, { call = "db.query" } ]

[services.db]
kind = "database"
workers = 20
endpoints.query.steps = [ { work = { lognormal = { mean = "6ms", cv = 0.8 } } } ]

[traffic.users]
to = "web.home"
rate = "120/s"
"#;

#[test]
fn the_smallest_scenario_loads() {
    let loaded = content::read_str("small", "small.toml", SMALLEST, &Folder::Nowhere).unwrap_or_else(|found| panic!("{found}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let scenario = loaded.scenario;
    let services: Vec<&str> = scenario.model.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(services, ["web", "db"]);
    assert_eq!(scenario.model.endpoints.len(), 2);
    assert_eq!(scenario.model.services[1].server.workers, 20);
}
