//! One small bad file per kind of mistake, and exactly what is said about it.

use fleetlab::content::{Code, Severity};

use super::{each, read, said};

/// A scenario that is right, with something added.
fn with(extra: &str) -> String {
    format!(
        r#"format_version = 1
[services.web.endpoints.home]
steps = [{{ work = "4ms" }}, {{ call = "db.query" }}]
[services.db]
workers = 20
endpoints.query.steps = [{{ work = "6ms" }}]
[traffic.users]
to = "web.home"
rate = "120/s"
{extra}"#
    )
}

/// A scenario that is right, with one spot changed.
fn but(right: &str, wrong: &str) -> String {
    let source = with("");
    assert!(source.contains(right), "{right} is not in the scenario");
    source.replacen(right, wrong, 1)
}

#[test]
fn the_scenario_that_the_others_are_made_from_is_right() {
    assert_eq!(said(&with("")), "");
}

macro_rules! said {
    ($($(#[$doc:meta])* $name:ident: $source:expr;)+) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), said(($source).as_ref()));
        }
    )+};
}

said! {
    alarm_out_of_bounds: but("[traffic.users]", "[alarms.slow]\nservice = \"wbe\"\nperiod = \"90s\"\nmetric = { latency = { quantile = 99.0 } }\n[alarms.late]\nnew_version = true\nevaluation_periods = 3\ndatapoints_to_alarm = 4\n[alarms.long]\nperiod = \"1h\"\nevaluation_periods = 200\n[traffic.users]");
    deployment_that_cannot_be: but("workers = 20", "workers = 20\ndeployment = { codedeploy = { config = \"ECSCanary10Percent6Minutes\", alarms = { names = [\"erorrs\"] } } }\nhealth = \"alb\"");
    canary_out_of_range: but("workers = 20", "workers = 20\ndeployment = { canary = { percent = \"200%\", bake = \"3d\" } }");
    schemas_that_cannot_be: with("[services.db.versions]\nv2 = { schema = [] }\nv3 = { schema = [2, 0, 2] }\nv4 = { schema = 0 }\n[services.web.versions]\nv2 = { expects = { db = [7] } }");
    schemas_of_another_kind: with("[services.db.versions]\nv2 = { schema = \"two\" }");
    composite_alarms_that_cannot_be: with("[alarms.errors]\n[composite_alarms]\nerrors.rule = 'TRUE'\nunknown.rule = 'ALARM(erorrs) OR OK(\"nobody\")'\nbroken.rule = 'ALARM(errors) AND'\nodd.rule = 'ALARM(errors) XOR TRUE'\none.rule = 'ALARM(two)'\ntwo.rule = 'NOT OK(one)'\nalone.rule = 'TRUE'\nalone.actions_suppressor_wait_period = '1m'\nheld.rule = 'TRUE'\nheld.actions_suppressor = 'eror'");
    syntax: but("\"4ms\" }", "\"4ms\" ");
    syntax_of_a_value: but("workers = 20", "workers = twenty");
    duplicate_key: but("workers = 20", "workers = 20\nworkers = 30");
    /// The keys of the second table are not reported one by one.
    duplicate_service: with("[services.db]\nworkers = 3\nendpoints.query.steps = []");
    duplicate_zone: but("format_version = 1", "format_version = 1\nzones = ['a', 'b', 'a']");
    duplicate_fault: with("[[faults]]\nname = 'x'\nat = '1m'\nkind = 'latency'\nservice = 'db'\n[[faults]]\nname = 'x'\nat = '2m'\nkind = 'latency'\nservice = 'db'");
    service_and_source_with_one_name: but("[traffic.users]", "[traffic.web]");
    unknown_key: but("workers", "wokers");
    unknown_key_far_from_any: but("workers", "colour");
    /// A misspelt table is read under the name that was meant, so that nothing in it is missing.
    misspelt_table: but("[services.db]", "[servces.db]");
    missing_key: with("[queues.mail]\nconcurrency = 3");
    missing_format_version: but("format_version = 1", "");
    other_format_version: but("format_version = 1", "format_version = 2");
    wrong_type: but("workers = 20", "workers = 'twenty'");
    negative_count: but("workers = 20", "workers = -20");
    zero_workers: but("workers = 20", "workers = 0");
    fraction: but("workers = 20", "workers = 2.5");
    not_a_number: but("workers = 20", "cpu_limit = nan");
    whole_number_as_a_float: with("policy.retry.attempts = 1e9");
    wrong_format_version_hides_nothing: but("format_version = 1", "format_version = 'one'").replace("db.query", "dv.query");
    overflow: but("workers = 20", "workers = 100000000000000000000000000");
    bad_duration: but("\"6ms\"", "\"6 parsecs\"");
    duration_without_unit: but("\"6ms\"", "6");
    negative_duration: but("\"6ms\"", "\"-6ms\"");
    too_long_a_duration: but("\"6ms\"", "\"1e30h\"");
    bad_rate: but("120/s", "120");
    too_high_a_rate: but("120/s", "1e12/s");
    bad_probability: but("{ work = \"4ms\" }", "{ probability = { p = 1.5, then = [] } }");
    bad_size: but("workers = 20", "memory = '64 MBytes'");
    bad_distribution: but("\"6ms\"", "{ lognormal = { mean = '6ms', cv = -1 } }");
    both_parameters_of_a_distribution: but("\"6ms\"", "{ lognormal = { mean = '-6ms', cv = -1 } }");
    uniform_upside_down: but("\"6ms\"", "{ uniform = { min = '6ms', max = '2ms' } }");
    unknown_distribution: but("\"6ms\"", "{ exponental = '6ms' }");
    unknown_step: but("{ work = \"4ms\" }", "{ wrok = \"4ms\" }");
    two_steps_in_one_table: but("{ work = \"4ms\" }", "{ work = \"4ms\", sleep = \"1ms\" }");
    empty_step: but("{ work = \"4ms\" }", "{}");
    unknown_alternative: but("workers = 20", "balancer = 'round-robbin'");
    unknown_parameter: but("workers = 20", "balancer = { power-of-two = { choises = 3 } }");
    parameter_out_of_range: but("workers = 20", "balancer = { power-of-two = { choices = 99 } }");
    unknown_service: but("db.query", "dv.query");
    unknown_endpoint: but("db.query", "db.qeury");
    service_instead_of_endpoint: but("db.query", "db");
    unknown_version: with("[[timeline]]\nat = '1m'\ndo = { deploy = { service = 'db', version = 'v2' } }");
    unknown_queue: but("{ work = \"4ms\" }", "{ publish = 'mail' }");
    unknown_cache: but("{ work = \"4ms\" }", "{ cache = { name = 'prices' } }");
    unknown_zone: but("workers = 20", "zones = ['zone-b']");
    unknown_instance_type: but("workers = 20", "instance_type = 'm5.larg'");
    unknown_source: with("[[timeline]]\nat = '1m'\ndo = { set-load = { source = 'user', factor = 2 } }");
    unknown_action: with("[[timeline]]\nat = '1m'\ndo = { redeploy = { service = 'db' } }");
    unknown_fault: with("[[faults]]\nat = '1m'\nkind = 'crsh'\nservice = 'db'");
    fault_to_clear_does_not_exist: with("[[timeline]]\nat = '1m'\ndo = { clear = { fault = 'crash-db' } }");
    fault_without_service: with("[[faults]]\nat = '1m'\nkind = 'crash'");
    fault_that_lasts_no_time: with("[[faults]]\nat = '1m'\nkind = 'crash'\nservice = 'db'\nduration = '0s'");
    unknown_caller_of_a_partition: with("[[faults]]\nat = '1m'\nkind = { partition = { from = 'wbe' } }\nservice = 'db'");
    call_cycle: but("endpoints.query.steps = [{ work = \"6ms\" }]", "endpoints.query.steps = [{ call = 'web.home' }]");
    endless_messages: but("endpoints.query.steps = [{ work = \"6ms\" }]", "endpoints.query.steps = [{ publish = 'again' }]")
        + "[queues.again]\nconsumer = 'db.query'";
    messages_that_cause_more_messages: with("[queues.again]\nconsumer = 'db.query'")
        .replace("steps = [{ work = \"6ms\" }]", "steps = [{ repeat = { times = 2, steps = [{ probability = { p = 0.7, then = [{ publish = 'again' }] } }] } }]");
    users_who_are_refused_at_once: but("rate = \"120/s\"", "users = 1000\nthink = '0s'").replace("steps = [{ work = \"4ms\" }, ", "steps = [")
        .replace("workers = 20", "queue.capacity = 0");
    retries_of_nothing: with("policy.retry.attempts = 0");
    timeout_of_nothing: with("policy.timeout = '0s'");
    backoff_upside_down: with("policy.retry.backoff = { base = '10s', cap = '1s' }");
    weights_of_a_mix: but("to = \"web.home\"", "mix = { \"web.home\" = 0, \"web.hoem\" = 1 }");
    two_targets: but("to = \"web.home\"", "to = \"web.home\"\nmix = { \"web.home\" = 1 }");
    two_ways_of_arriving: but("rate = \"120/s\"", "rate = \"120/s\"\nusers = 5");
    no_way_of_arriving: but("rate = \"120/s\"", "");
    key_of_another_way: but("rate = \"120/s\"", "rate = \"120/s\"\nthink = '1s'");
    shape_out_of_range: with("shapes = [{ spike = { factor = -3 } }, { burst = { every = '1s', lasts = '5s' } }]");
    objective_of_everything: with("[slos.all]\nobjective = 1.0");
    warm_up_longer_than_the_run: but("format_version = 1", "format_version = 1\nduration = '5m'\nwarm_up = '5m'");
    unknown_first_version: but("workers = 20", "version = 'blu'\nversions.blue = {}");
    rollout_that_cannot_move: but("workers = 20", "deployment = { rolling-update = { max_surge = 0, max_unavailable = 0 } }");
    rollout_with_a_share_for_pods: but("workers = 20", "deployment = { rolling-update = { max_surge = 0.25, max_unavailable = '120%' } }");
    health_check_out_of_range: but("workers = 20", "health_check = { alb = { interval = '1s', healthy_threshold = 1 } }");
    autoscaling_upside_down: but("workers = 20", "autoscaling = { hpa = { min = 5, max = 2 } }");
    memory_limit_below_rest: but("workers = 20", "memory_limit = '32MiB'");
    language_that_is_not_spoken: but("format_version = 1", "format_version = 1\ntitle.fr = 'Bonjour'");
    name_with_a_dot: with("[services.\"a.b\"]\nendpoints.x.steps = []");
    no_service: "format_version = 1";
    service_without_endpoint: with("[services.empty]");

    warns_of_an_unreachable_service: with("[services.lonely]\nendpoints.x.steps = []");
    warns_of_overload: but("workers = 20", "workers = 1").replace("120/s", "500/s");
    warns_of_a_load_that_leaves_nothing_to_spare: but("workers = 20", "workers = 1").replace("120/s", "100/s").replace("6ms", "10ms");
    warns_of_overload_by_cpu: but("workers = 20", "workers = 20\ncpu_limit = 0.5");
    warns_of_missing_traffic: but("[traffic.users]\nto = \"web.home\"\nrate = \"120/s\"", "");
    warns_of_what_happens_after_the_end: with("[[timeline]]\nat = '1h'\ndo = { restart = { service = 'db' } }");
    warns_of_an_unused_policy: with("[services.db.calls.web]\ntimeout = '1s'");
    warns_of_an_unused_queue_and_cache: with("[queues.mail]\nconsumer = 'db.query'\n[services.db.caches.rows]");
    warns_of_expiry_without_timeout: but("workers = 20", "queue = { drop_expired = '5ms' }");
    expects_what_is_not: with("[services.web.versions.v1]\n[services.web.versions.v2]\nschema = 0\nexpects = { bd = [1], db = [], web = [0] }");
    /// Either way of calling counts: the web calls the database, and the users call the web.
    warns_of_a_partition_without_effect: with(
        "[[faults]]\nat = '1m'\nkind = { partition = { from = 'users' } }\nservice = 'db'\n\
         [[faults]]\nat = '1m'\nkind = { partition = { from = 'db' } }\nservice = 'web'\n\
         [[faults]]\nat = '1m'\nkind = { partition = { from = 'web' } }\nservice = 'db'\n\
         [[faults]]\nat = '1m'\nkind = { partition = { from = 'users' } }\nservice = 'web'",
    );
    warns_of_a_schema_that_nobody_speaks: with("[services.web.versions.v1]\nexpects = { db = [2, 3] }");
    warns_of_a_fault_without_effect: with("[[faults]]\nat = '1m'\nkind = 'io-slowness'\nservice = 'db'");

    warns_of_a_fault_that_picks_no_instance: with(
        "[[faults]]\nat = '1m'\nkind = 'latency'\nservice = 'db'\nselector = { fixed-percent = { value = 50 } }\n\
         [[timeline]]\nat = '2m'\ndo = { restart = { service = 'db', selector = { random-max-percent = { value = 99 } } } }"
    );

    too_many_instances: but("workers = 20", "instances = 1000000000000");
    too_many_instances_together: (0..3).fold(with(""), |text, n| format!("{text}[services.s{n}]\ninstances = 9999\nendpoints.x.steps = []\n"));
    too_many_requests: but("format_version = 1", "format_version = 1\nduration = '3650d'").replace("120/s", "1000000/s");
    too_many_steps: but("{ work = \"4ms\" }", "{ parallel = { times = 9999, steps = [{ parallel = { times = 9999, steps = [{ work = \"4ms\" }] } }] } }");
    too_many_calls: but("{ call = \"db.query\" }", "{ repeat = { times = 1000, steps = [{ repeat = { times = 1000, steps = [{ call = \"db.query\" }] } }] } }");
    too_many_repeats: but("{ work = \"4ms\" }", "{ repeat = { times = [5, 3000], steps = [] } }");
    too_many_cache_keys: with("[services.db.caches.rows]\nkeys = 2000000");
}

/// Every mistake is found in one go, each at its line and column, and nothing is said that only follows from another.
#[test]
fn all_mistakes_are_reported_at_once() {
    let source = r#"format_version = 1
duration = "10 minutes"
[services.web]
wokers = 3
balancer = { power-of-two = { choices = 99 } }
endpoints.home.steps = [
  { work = { exponential = "4ms" } },
  { call = "db.qery" },
  { cal = "db.query" },
]
[services.db]
kind = "databse"
workers = -1
endpoints.query.steps = [{ call = "order.x" }]
[services.order]
endpoints.x.steps = [{ call = "db.query" }]
[services.order]
instances = 3
[traffic.users]
to = "web.hme"
rate = "5"
"#;
    let found = read(source).expect_err("it is full of mistakes");
    let places: Vec<(usize, usize, Code)> = found.iter().map(|found| (found.line, found.column, found.code)).collect();
    let expected = [
        (2, 12, Code::BadValue),
        (4, 1, Code::UnknownKey),
        (5, 41, Code::Impossible),
        (8, 12, Code::UnknownName),
        (9, 5, Code::UnknownChoice),
        (12, 8, Code::UnknownChoice),
        (13, 11, Code::BadValue),
        (16, 31, Code::Cycle),
        (17, 11, Code::Duplicate),
        (20, 6, Code::UnknownName),
        (21, 8, Code::BadValue),
    ];
    assert_eq!(places, expected, "{found}");
}

/// What is broken is not unknown: names of things whose definition has a mistake are not reported again.
#[test]
fn a_name_whose_definition_is_wrong_is_not_unknown() {
    for source in [
        but("endpoints.query.steps = [{ work = \"6ms\" }]", "endpoints.query.steps = 5"),
        but("endpoints.query.steps = [{ work = \"6ms\" }]", "endpoints.query = 5"),
        but("endpoints.query.steps = [{ work = \"6ms\" }]", "endpoints = 5"),
        with("[queues.mail]\n[services.x]\nendpoints.y.steps = [{ publish = 'mail' }]"),
    ] {
        let found = read(&source).expect_err("a mistake");
        assert_eq!(found.iter().filter(|found| found.severity == Severity::Error).count(), 1, "{found}");
    }
}

/// A service whose header has a mistake of syntax is not unknown where it is called, but a name that is nowhere is.
#[test]
fn names_lost_to_wrong_syntax_are_not_unknown() {
    let found = read(&but("[services.db]", "[services.db").replace("to = \"web.home\"", "to = \"web.homw\"")).expect_err("a mistake");
    let codes: Vec<Code> = found.iter().map(|found| found.code).collect();
    assert!(codes.contains(&Code::Syntax), "{found}");
    let unknown: Vec<&str> = found.iter().filter(|found| found.code == Code::UnknownName).map(|found| found.message.as_str()).collect();
    assert_eq!(unknown, ["`web` has no endpoint `homw`"], "{found}");
}

/// Long lists end, and say that there is more.
#[test]
fn a_hundred_mistakes_are_enough() {
    let many = each(500, |n| format!("[services.s{n}]\nwokers = 1\nendpoints.x.steps = []\n"));
    let found = read(&with(&many)).expect_err("many mistakes");
    assert_eq!(found.len(), 100);
}

/// The app and editors take diagnostics as data.
#[test]
fn a_diagnostic_is_data_too() {
    let found = read(&but("db.query", "db.qeury")).expect_err("a mistake");
    let json = serde_json::to_value(found.iter().next().expect("one")).expect("JSON");
    assert_eq!(json["severity"], "error");
    assert_eq!(json["code"], "unknown-name");
    assert_eq!((json["line"].as_u64(), json["column"].as_u64()), (Some(3), Some(37)));
    assert_eq!(json["help"], "did you mean `db.query`?");
    let spot = &but("db.query", "db.qeury")[json["start"].as_u64().expect("start") as usize..json["end"].as_u64().expect("end") as usize];
    assert_eq!(spot, "\"db.qeury\"");
}

/// How often a warning says that a service is overloaded.
fn overloads(source: &str) -> usize {
    let loaded = read(source).unwrap_or_else(|found| panic!("{source}:\n{found}"));
    loaded.warnings.iter().filter(|found| found.code == Code::Overload).count()
}

/// A message that causes less than one other comes to rest, however many queues the loop goes through.
#[test]
fn loops_of_messages_that_come_to_rest_are_fine() {
    let script = |p: f64| format!("steps = [{{ repeat = {{ times = 2, steps = [{{ probability = {{ p = {p}, then = [{{ publish = 'again' }}] }} }}] }} }}]");
    let looping = |p: f64| with("[queues.again]\nconsumer = 'db.query'").replace("steps = [{ work = \"6ms\" }]", &script(p));
    assert_eq!(said(&looping(0.49)), "");
    assert!(said(&looping(0.5)).contains("causes another one, for ever"));
    assert!(said(&looping(0.7)).contains("causes 1.4 others on average"));
    // A lookup that publishes on a miss is not counted: entries live for a while.
    let cached = with("[queues.again]\nconsumer = 'db.query'\n[services.db.caches.rows]")
        .replace("steps = [{ work = \"6ms\" }]", "steps = [{ cache = { name = 'rows', miss = [{ publish = 'again' }] } }]");
    assert_eq!(said(&cached), "");
}

/// The estimate is a lower bound: nothing that a policy keeps away from a service counts as its load.
#[test]
fn what_a_policy_holds_back_is_no_overload() {
    let busy = but("workers = 20", "workers = 1").replace("120/s", "500/s");
    assert_eq!(overloads(&busy), 1, "500/s of 6 ms are 3 workers");
    let guarded = |policy: &str| overloads(&format!("{busy}\n[services.web.calls.db]\n{policy}"));
    for (policy, expected) in [
        ("rate_limit.rate = '100/s'", 0),
        ("rate_limit.rate = '200/s'", 1),
        ("bulkhead.max_concurrent = 1", 0),
        ("bulkhead.max_concurrent = 2", 1),
        ("pool.size = 1", 0),
        ("pool.size = 5", 1),
        ("throttle = {}", 0),
        ("timeout = '1ms'", 1),
        ("timeout = '1ms'\ncancel = true", 0),
        ("timeout = '1s'\ncancel = true", 1),
    ] {
        assert_eq!(guarded(policy), expected, "{policy}");
    }
    let limit_of_users = busy.clone() + "policy.rate_limit.rate = '100/s'";
    assert_eq!(overloads(&limit_of_users), 0);
    // Who cannot keep up calls no more often than it gets to.
    let behind = but("workers = 20", "workers = 1")
        .replace("120/s", "500/s")
        .replace("[services.web.endpoints.home]", "[services.web]\nworkers = 1\n[services.web.endpoints.home]");
    let found = read(&behind).expect("it loads").warnings;
    let overloaded: Vec<&str> = found.iter().filter(|found| found.code == Code::Overload).map(|found| found.message.as_str()).collect();
    assert!(matches!(overloaded[..], [web] if web.starts_with("`web`")), "{overloaded:?}");
}

#[test]
fn users_without_think_time_are_fine_where_everybody_waits() {
    let patient = but("rate = \"120/s\"", "users = 1000\nthink = '0s'");
    assert_eq!(said(&patient), "");
    for refusing in [
        patient.replace("workers = 20", "queue.capacity = 0").replace("steps = [{ work = \"4ms\" }, ", "steps = ["),
        patient.clone() + "\npolicy.bulkhead = {}",
        patient.clone() + "\n[[faults]]\nat = '1m'\nkind = 'crash'\nservice = 'web'",
    ] {
        assert!(said(&refusing).contains("without end"), "{refusing}");
    }
    let working = patient.replace("workers = 20", "queue.capacity = 0");
    assert_eq!(said(&working), "", "4 ms of work before the call that is refused");
}

/// What grows by itself or by hand may have enough instances by then.
#[test]
fn a_selector_is_only_questioned_where_the_number_of_instances_is_known() {
    let fault = "\n[[faults]]\nat = '1m'\nkind = 'latency'\nservice = 'db'\nselector = { fixed-percent = { value = 50 } }";
    assert!(said(&with(fault)).contains("50 % of 1 rounds down to no instance"));
    assert_eq!(said(&(but("workers = 20", "workers = 20\ninstances = 2") + fault)), "");
    assert_eq!(said(&(but("workers = 20", "workers = 20\nautoscaling = 'hpa'") + fault)), "");
    assert_eq!(said(&(with(fault) + "\n[[timeline]]\nat = '30s'\ndo = { scale = { service = 'db', instances = 2 } }")), "");
}

/// The name of a fault that is over is free again, in whatever order the file has them.
#[test]
fn a_fault_may_have_the_name_of_one_that_is_over() {
    let fault = |at: &str, rest: &str| format!("\n[[faults]]\nname = 'x'\nat = '{at}'\nkind = 'latency'\nservice = 'db'\n{rest}");
    let clear = |at: &str| format!("\n[[timeline]]\nat = '{at}'\ndo = {{ clear = {{ fault = 'x' }} }}");
    let lasting = |at: &str| fault(at, "duration = '30s'");
    for fine in [
        lasting("1m") + &lasting("2m"),
        lasting("2m") + &lasting("1m"),
        lasting("1m") + &fault("2m", ""),
        fault("1m", "") + &fault("3m", "") + &clear("2m"),
        fault("1m", "duration = '10m'") + &fault("3m", "") + &clear("2m"),
    ] {
        assert_eq!(said(&with(&fine)), "", "{fine}");
    }
    for wrong in [
        lasting("1m") + &lasting("80s"),
        fault("1m", "") + &fault("3m", ""),
        fault("2m", "") + &lasting("1m") + &lasting("3m"),
        fault("1m", "") + &fault("3m", "") + &clear("4m"),
        lasting("1m") + &lasting("90s"),
    ] {
        let found = read(&with(&wrong)).expect_err(&wrong);
        assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), [Code::Duplicate], "{wrong}\n{found}");
    }
}
