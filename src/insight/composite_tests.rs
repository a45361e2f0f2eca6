//! What composite alarms promise: rules as CloudWatch reads them, and actions at the times of its six examples.

use super::alarm::AlarmState::{self, Alarm, InsufficientData, Ok as Fine};
use super::composite::{Actions, Rule, RuleError, SuppressedBy, Suppressor, Wrong, evaluation_order};
use crate::units::{SimSpan, SimTime};

/// The state that a rule gives when these alarms are in `ALARM`, those beginning with `?` have no data, and all else is well.
fn state(rule: &str, alarmed: &[&str]) -> AlarmState {
    let rule = Rule::parse(rule).expect(rule);
    rule.evaluate(|name| match name {
        _ if alarmed.contains(&name) => Alarm,
        _ if name.starts_with('?') => InsufficientData,
        _ => Fine,
    })
}

#[test]
fn rules_are_read_as_they_are_written() {
    // The rule, what is in ALARM, and whether the composite alarm is.
    let table: &[(&str, &[&str], bool)] = &[
        ("ALARM(CPUUtilizationTooHigh) AND ALARM(DiskReadOpsTooHigh)", &["CPUUtilizationTooHigh"], false),
        ("ALARM(CPUUtilizationTooHigh) AND ALARM(DiskReadOpsTooHigh)", &["CPUUtilizationTooHigh", "DiskReadOpsTooHigh"], true),
        ("ALARM(cpu) AND NOT ALARM(deploying)", &["cpu"], true),
        ("ALARM(cpu) AND NOT ALARM(deploying)", &["cpu", "deploying"], false),
        ("(ALARM(cpu) OR ALARM(disk)) AND OK(network)", &["disk"], true),
        ("(ALARM(cpu) OR ALARM(disk)) AND OK(network)", &["disk", "network"], false),
        ("ALARM(\"a name with (parentheses) AND words\")", &["a name with (parentheses) AND words"], true),
        ("ALARM( error rate )", &["error rate"], true),
        (r#"ALARM("say \"when\" \\ now")"#, &[r#"say "when" \ now"#], true),
        ("ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors)", &["errors"], true),
        ("INSUFFICIENT_DATA(\"?x\") AND NOT OK(\"?x\")", &[], true),
        ("TRUE", &[], true),
        ("FALSE", &[], false),
        ("False or not (True and Alarm(x))", &[], true),
        ("ALARM(a) OR ALARM(b) AND ALARM(c)", &["a"], true),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(c)", &["a"], false),
        ("NOT ALARM(a) OR ALARM(b)", &["a", "b"], true),
        ("NOT NOT NOT ALARM(a)", &["a"], false),
        ("\n ALARM ( a )\n  AND(ALARM(b))", &["a", "b"], true),
        ("NOT(ALARM(a))AND(TRUE)", &[], true),
    ];
    for (rule, alarmed, expected) in table {
        assert_eq!(state(rule, alarmed), if *expected { Alarm } else { Fine }, "{rule} with {alarmed:?}");
    }
    let rule = Rule::parse("ALARM(b) OR OK(a) OR ALARM(\"b\")").expect("a rule");
    assert_eq!(rule.children(), ["b", "a"]);
}

#[test]
fn mistakes_have_a_place_and_a_reason() {
    let table = [
        ("", 0, "expected `ALARM(…)`, `OK(…)`, `INSUFFICIENT_DATA(…)`, `TRUE`, `FALSE`, `NOT` or `(`, found the end"),
        ("ALARM(a) AND", 12, "expected `ALARM(…)`, `OK(…)`, `INSUFFICIENT_DATA(…)`, `TRUE`, `FALSE`, `NOT` or `(`, found the end"),
        ("ALARM(a) ALARM(b)", 9, "expected `AND`, `OR` or the end, found `ALARM`"),
        ("ALARM(a) XOR ALARM(b)", 9, "expected `AND`, `OR` or the end, found `XOR`"),
        ("ALARM(a) && ALARM(b)", 9, "expected `AND`, `OR` or the end, found `&`"),
        ("ALARMS(a)", 0, "expected `ALARM(…)`, `OK(…)`, `INSUFFICIENT_DATA(…)`, `TRUE`, `FALSE`, `NOT` or `(`, found `ALARMS`"),
        ("ALARM a", 6, "expected `(` and an alarm's name, found `a`"),
        ("ALARM(a", 5, "this parenthesis is not closed"),
        ("(ALARM(a) OR TRUE", 0, "this parenthesis is not closed"),
        ("(ALARM(a) TRUE)", 10, "expected `AND`, `OR` or `)`, found `TRUE`"),
        ("ALARM(\"a)", 6, "this quotation mark is not closed"),
        ("ALARM(\"a\" b)", 10, "expected `)`, found `b`"),
        ("OK()", 3, "an alarm's name is missing"),
        ("OK(\"\")", 3, "an alarm's name is missing"),
        ("ALARM(a))", 8, "expected `AND`, `OR` or the end, found `)`"),
    ];
    for (rule, at, message) in table {
        let error = Rule::parse(rule).expect_err(rule);
        assert_eq!((error.at, error.wrong.to_string().as_str()), (at, message), "{rule}");
    }
    assert_eq!(Rule::parse("ALARM(a) ALARM(b)").expect_err("wrong").to_string(), "at character 10: expected `AND`, `OR` or the end, found `ALARM`");
}

#[test]
fn rules_are_bounded() {
    let joined = |element: &dyn Fn(usize) -> String, count: usize| (0..count).map(element).collect::<Vec<_>>().join(" OR ");
    let wrong = |rule: &str| Rule::parse(rule).map_err(|RuleError { wrong, .. }| wrong).err();
    let distinct = |n: usize| format!("ALARM(a{n})");
    assert_eq!(wrong(&joined(&distinct, 100)), None);
    assert_eq!(wrong(&joined(&distinct, 101)), Some(Wrong::TooManyChildren));
    let same = |_: usize| "OK(a)".to_owned();
    assert_eq!(wrong(&joined(&same, 500)), None, "one alarm five hundred times");
    assert_eq!(wrong(&joined(&same, 501)), Some(Wrong::TooManyElements));
    assert_eq!(wrong(&format!("{}TRUE{}", "(".repeat(249), ")".repeat(249))), None);
    assert_eq!(wrong(&format!("{}TRUE{}", "(".repeat(250), ")".repeat(250))), Some(Wrong::TooManyElements));
    assert_eq!(wrong(&format!("{}TRUE", "NOT ".repeat(2_500))), None, "what only negates does not nest");
    assert_eq!(wrong(&format!("TRUE{}", " ".repeat(10_240))), Some(Wrong::TooLong));
}

#[test]
fn composites_of_composites_come_after_what_they_name() {
    let rule = |text: &str| Rule::parse(text).expect(text);
    let (top, middle, leaf) = (rule("ALARM(middle) OR ALARM(cpu)"), rule("OK(leaf)"), rule("ALARM(cpu)"));
    let (one, two, behind) = (rule("ALARM(two)"), rule("ALARM(one)"), rule("ALARM(one)"));
    let all = [("top", &top), ("middle", &middle), ("one", &one), ("leaf", &leaf), ("two", &two), ("behind", &behind)];
    assert_eq!(evaluation_order(&all), (vec![3, 1, 0], vec![2, 4, 5]), "a circle and what depends on it is not evaluated");
}

/// What happens at a time [s]: the composite's and the suppressor's new states.
type Happening = (u64, AlarmState, AlarmState);

/// An example of the User Guide: its name, what happens, and which actions are taken when.
type Example<'a> = (&'a str, &'a [Happening], &'a [(u64, AlarmState)]);

/// Steps at every happening and whenever a period ends; returns when which state's actions were taken.
fn run(wait: u64, extension: u64, happenings: &[Happening]) -> Vec<(u64, AlarmState)> {
    let suppressor = Suppressor { alarm: "maintenance".to_owned(), wait_period: SimSpan::from_secs(wait), extension_period: SimSpan::from_secs(extension) };
    let mut actions = Actions::new(Some(&suppressor));
    // The alarm has been OK for long.
    assert_eq!(actions.step(SimTime::ZERO, Fine, Alarm), None);
    actions.step(SimTime::ZERO, Fine, Fine);
    if let Some(due) = actions.next_due() {
        actions.step(due, Fine, Fine);
    }
    let mut taken = Vec::new();
    let (mut composite, mut suppressed_by) = (Fine, Fine);
    for at in 100..200 {
        if let Some((_, new, suppressor)) = happenings.iter().find(|(when, ..)| when + 100 == at) {
            (composite, suppressed_by) = (*new, *suppressor);
        } else if actions.next_due() != Some(SimTime::from_secs(at)) {
            continue;
        }
        taken.extend(actions.step(SimTime::from_secs(at), composite, suppressed_by).map(|state| (at - 100, state)));
    }
    taken
}

/// The examples of the User Guide, with a wait of 2 and an extension of 3 time units. In example 6 the guide lets the
/// extension end at t8 rather than t9; it is discarded at t7 either way.
#[test]
fn actions_come_when_the_six_examples_of_the_user_guide_say() {
    let examples: [Example<'_>; 6] = [
        ("1: after the wait", &[(2, Alarm, Fine)], &[(4, Alarm)]),
        ("2: the suppressor comes in time", &[(2, Alarm, Fine), (3, Alarm, Alarm)], &[]),
        ("3: a change while waiting", &[(2, Alarm, Fine), (3, Fine, Fine)], &[(5, Fine)]),
        ("4: the suppressor is there already", &[(1, Fine, Alarm), (2, Alarm, Alarm)], &[]),
        ("5: after the extension", &[(2, Alarm, Fine), (3, Alarm, Alarm), (6, Alarm, Fine)], &[(9, Alarm)]),
        ("6: a change in the extension", &[(2, Alarm, Fine), (3, Alarm, Alarm), (6, Alarm, Fine), (7, Fine, Fine)], &[(9, Fine)]),
    ];
    for (example, happenings, taken) in examples {
        assert_eq!(run(2, 3, happenings), taken, "{example}");
    }
}

#[test]
fn periods_hold_back_what_was_asked_for_and_nothing_else() {
    assert_eq!(run(2, 3, &[(2, Alarm, Fine), (6, Alarm, Alarm), (8, Alarm, Fine)]), [(4, Alarm)], "what was taken is not taken again");
    assert_eq!(run(2, 3, &[(2, Alarm, Alarm), (4, Alarm, Fine), (6, Alarm, Alarm), (8, Alarm, Fine)]), [(11, Alarm)], "the suppressor comes back");
    assert_eq!(run(2, 3, &[(2, Alarm, Alarm), (4, Fine, Alarm), (6, Fine, Fine)]), [(9, Fine)], "the state of the end counts");
    assert_eq!(run(2, 3, &[(2, Alarm, Fine), (4, Alarm, Alarm)]), [], "the last instant of a period counts");
    assert_eq!(run(0, 0, &[(2, Alarm, Fine), (3, Alarm, Alarm), (4, Fine, Alarm), (6, Fine, Fine)]), [(2, Alarm), (6, Fine)], "periods may be nothing");
    assert_eq!(run(2, 3, &[(2, Alarm, Alarm), (4, Alarm, InsufficientData)]), [(7, Alarm)], "only ALARM suppresses");
}

#[test]
fn without_a_suppressor_every_change_acts_at_once() {
    let mut actions = Actions::new(None);
    let mut step = |at, state| actions.step(SimTime::from_secs(at), state, Fine);
    assert_eq!([step(0, Fine), step(1, Fine), step(2, Alarm), step(3, Alarm), step(4, Fine)], [Some(Fine), None, Some(Alarm), None, Some(Fine)]);
    assert_eq!(actions.next_due(), None);
}

#[test]
fn who_holds_the_actions_back_is_told() {
    let mut actions = Actions::new(Some(&Suppressor::default()));
    assert_eq!(actions.suppressed_by(), None);
    actions.step(SimTime::from_secs(10), Alarm, Fine);
    let until = SimTime::from_secs(70);
    assert_eq!((actions.suppressed_by(), actions.next_due()), (Some(SuppressedBy::WaitPeriod { until }), Some(until)));
    actions.step(SimTime::from_secs(20), Alarm, Alarm);
    assert_eq!((actions.suppressed_by(), actions.next_due()), (Some(SuppressedBy::Alarm), None));
    actions.step(SimTime::from_secs(30), Alarm, Fine);
    assert_eq!(actions.suppressed_by(), Some(SuppressedBy::ExtensionPeriod { until: SimTime::from_secs(90) }));
    assert_eq!(actions.step(SimTime::from_secs(90), Alarm, Fine), Some(Alarm));
    assert_eq!(actions.suppressed_by(), None);
}
