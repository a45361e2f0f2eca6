//! Whatever engines are told, in whatever order: nobody is lost, nobody is where another one is, and all come home.

use proptest::prelude::*;

use super::super::definition::ExecutionMode;
use super::super::status::{ActionStatus, StageStatus};
use super::super::view::StageView;
use super::*;

/// Pipelines with everything that can be in one.
fn pipelines() -> impl Strategy<Value = Value> {
    let actions = prop::collection::vec((any::<bool>(), 1..4_u32), 1..4);
    let stage = (actions, 0..5_u8, 0..5_u8, 0..6_u8, any::<bool>());
    let mode = prop::sample::select(vec!["SUPERSEDED", "QUEUED", "PARALLEL"]);
    (mode, prop::collection::vec(stage, 1..4)).prop_map(|(mode, stages)| {
        let names: Vec<Vec<(String, u32)>> = (stages.iter())
            .map(|(actions, ..)| actions.iter().enumerate().map(|(n, (person, order))| (format!("{}{n}", if *person { "ok" } else { "do" }), *order)).collect())
            .collect();
        let lists: Vec<Vec<(&str, u32)>> = names.iter().map(|actions| actions.iter().map(|(name, order)| (name.as_str(), *order)).collect()).collect();
        let titles: Vec<String> = (0..lists.len()).map(|n| format!("Stage{n}")).collect();
        let mut all: Vec<Stage<'_>> = vec![("Source", &[("src", 1)])];
        all.extend(titles.iter().map(String::as_str).zip(lists.iter().map(Vec::as_slice)));
        let mut pipeline = declared(mode, &all);
        let back = if mode == "PARALLEL" { "RETRY" } else { "ROLLBACK" };
        for (n, (_, entry, success, failure, unknown)) in stages.iter().enumerate() {
            let stage = &mut pipeline["stages"][n + 1];
            match entry {
                1 => stage["beforeEntry"] = condition("FAIL", &["a", "b"]),
                2 => stage["beforeEntry"] = condition("SKIP", &["a"]),
                _ => {}
            }
            match success {
                1 => stage["onSuccess"] = condition("FAIL", &["c"]),
                2 if mode != "PARALLEL" => stage["onSuccess"] = condition("ROLLBACK", &["c", "d"]),
                _ => {}
            }
            match failure {
                1 => stage["onFailure"] = json!({ "result": back }),
                2 => stage["onFailure"] = json!({ "result": "RETRY", "retryConfiguration": { "retryMode": "ALL_ACTIONS" } }),
                3 if mode != "PARALLEL" => stage["onFailure"] = condition("ROLLBACK", &["e"]),
                _ => {}
            }
            if *unknown {
                // Sometimes put out, sometimes not.
                stage["actions"][0]["configuration"] = json!({ "X": "#{Of-src.CommitId}" });
            }
        }
        pipeline
    })
}

/// Something that an engine is told; the numbers choose among what there is.
type Told = (u8, usize, usize);

fn told(most: usize) -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec((0..45_u8, any::<usize>(), any::<usize>()), 0..most)
}

struct Fuzz {
    engine: Engine,
    now: SimTime,
    started: Vec<ExecutionId>,
    /// What was begun or asked and has neither ended nor been abandoned, by the engine's own words.
    actions: Vec<(ActionRunId, bool)>,
    rules: Vec<RuleRunId>,
}

impl Fuzz {
    fn take(&mut self, outcome: &Outcome) {
        // An action may begin and be abandoned in one outcome; effects come first and events have the end.
        for event in &outcome.events {
            match event {
                Event::ExecutionStarted { execution, .. } => self.started.push(*execution),
                Event::ActionBegan { run, .. } => self.actions.push((*run, false)),
                Event::ApprovalWaits { run, .. } => self.actions.iter_mut().filter(|(other, _)| other == run).for_each(|(_, person)| *person = true),
                Event::ActionEnded { run: Some(run), .. } => self.actions.retain(|(other, _)| other != run),
                _ => {}
            }
        }
        for effect in &outcome.effects {
            match effect {
                Effect::AskRule(ask) => self.rules.push(ask.rule),
                Effect::AbandonRule { rule } => self.rules.retain(|other| other != rule),
                _ => {}
            }
        }
    }

    fn pick<T: Copy>(list: &[T], n: usize) -> Option<T> {
        if list.is_empty() { None } else { Some(list[n % list.len()]) }
    }

    fn tell(&mut self, (what, one, two): Told) {
        let now = self.now;
        let stages: Vec<String> = self.engine.stages().into_iter().map(|stage| stage.name).collect();
        let stage = stages[one % stages.len()].as_str();
        // Half of the time somebody who is or was there, else anybody.
        let here = self.engine.stages()[one % stages.len()].latest.as_ref().map(|latest| latest.execution).filter(|_| two.is_multiple_of(2));
        let execution = here.or_else(|| Self::pick(&self.started, two)).unwrap_or(ExecutionId(1));
        let outcome = match what {
            0..=3 => self.engine.start(now, Start::manually()).map(|(_, outcome)| outcome),
            4..=13 | 30..=43 | 45.. => match Self::pick(&self.actions, one) {
                Some((run, true)) => self.engine.decide_approval(now, run, !two.is_multiple_of(9), ""),
                Some((run, false)) if two.is_multiple_of(9) => self.engine.finish(now, run, ActionResult::Failed { why: None }),
                Some((run, false)) => {
                    let variables = if two % 9 == 1 { BTreeMap::new() } else { BTreeMap::from([("CommitId".to_owned(), "c".to_owned())]) };
                    self.engine.finish(now, run, ActionResult::Succeeded { summary: String::new(), variables, artifacts: BTreeMap::new() })
                }
                None => return,
            },
            14..=17 | 26..=29 => match Self::pick(&self.rules, one) {
                Some(rule) => {
                    self.rules.retain(|other| *other != rule);
                    let summary = String::new();
                    let answer = match two % 7 {
                        0 => Answer::Failed { summary },
                        1 => Answer::Errored { summary },
                        _ => Answer::Succeeded { summary },
                    };
                    self.engine.answer(now, rule, answer)
                }
                None => return,
            },
            18 if two.is_multiple_of(3) => self.engine.disable_transition(now, stage, "x"),
            18..=20 => self.engine.enable_transition(now, stage),
            21 => self.engine.stop(now, execution, two.is_multiple_of(3), ""),
            22 | 44 => self.engine.retry(now, execution, stage, if what == 22 { RetryMode::AllActions } else { RetryMode::FailedActions }),
            23 => self.engine.roll_back(now, stage, two.is_multiple_of(5).then_some(execution)).map(|(_, outcome)| outcome),
            24 => {
                self.engine.override_condition(now, execution, stage, if two.is_multiple_of(3) { ConditionType::BeforeEntry } else { ConditionType::OnSuccess })
            }
            25 => {
                self.now += SimSpan::from_secs(one as u64 % 100_000);
                Ok(self.engine.due(self.now))
            }
        };
        if let Ok(outcome) = outcome {
            self.take(&outcome);
        }
    }

    /// What must always hold.
    fn check(&self) {
        let engine = &self.engine;
        let mode = engine.pipeline().get().mode();
        let views: BTreeMap<ExecutionId, _> = engine.executions().map(|view| (view.id, view)).collect();
        assert_eq!(views.keys().copied().collect::<Vec<_>>(), self.started, "nobody is lost");
        let stages = engine.stages();
        let mut waiting: Vec<ExecutionId> = stages.iter().flat_map(|stage| stage.inbound.clone()).collect();
        let mut inside: Vec<(usize, ExecutionId)> = Vec::new();
        for id in &self.started {
            let own = engine.stages_of(*id).expect("it is remembered");
            let active = |stage: &StageView| stage.latest.as_ref().is_some_and(|latest| latest.status.is_active());
            inside.extend(own.iter().enumerate().filter(|(_, stage)| active(stage)).map(|(at, _)| (at, *id)));
        }
        for (at, stage) in stages.iter().enumerate() {
            let within = inside.iter().filter(|(other, _)| *other == at).count();
            match mode {
                ExecutionMode::Parallel => {}
                ExecutionMode::Superseded | ExecutionMode::Queued => assert!(within <= 1, "one execution is in a stage: {inside:?}"),
            }
            if mode == ExecutionMode::Superseded {
                assert!(stage.inbound.len() <= 1, "one waits in front");
            }
            if mode == ExecutionMode::Queued {
                let standard = stage.inbound.clone();
                assert!(standard.is_sorted(), "they wait in order: {standard:?}");
            }
            let free = mode == ExecutionMode::Parallel || within == 0;
            assert!(stage.inbound.is_empty() || !free || !stage.transition.enabled, "nobody waits for nothing");
        }
        // Who is on its way is in exactly one place, and who is not is in none.
        waiting.extend(inside.iter().map(|(_, id)| *id));
        waiting.sort_unstable();
        let active: Vec<ExecutionId> = views.values().filter(|view| view.status.is_active()).map(|view| view.id).collect();
        assert_eq!(waiting, active);
        // What the engine says is under way is what it waits for.
        let mut under_way: Vec<ActionRunId> = Vec::new();
        for (at, id) in &inside {
            let stage = &engine.stages_of(*id).expect("it is remembered")[*at];
            let running = stage.actions.iter().filter(|action| action.status == Some(ActionStatus::InProgress));
            let runs: Vec<ActionRunId> = running.filter_map(|action| action.run).collect();
            let asked = stage.conditions.iter().any(|condition| condition.status == super::super::status::ConditionStatus::InProgress);
            assert!(!runs.is_empty() || asked, "something keeps {} in {}", id.0, stage.name);
            let is_stopping = stage.latest.as_ref().is_some_and(|latest| latest.status == StageStatus::Stopping);
            assert!(!is_stopping || !asked);
            under_way.extend(runs);
        }
        under_way.sort_unstable();
        let mut begun: Vec<ActionRunId> = self.actions.iter().map(|(run, _)| *run).collect();
        begun.sort_unstable();
        assert_eq!(under_way, begun);
        assert_eq!(engine.next_due().is_some(), !begun.is_empty() || !self.rules.is_empty(), "everything under way has a time limit");
    }

    /// Lets everything come to its end.
    fn come_home(&mut self) {
        for stage in self.engine.stages().into_iter().skip(1) {
            let outcome = self.engine.enable_transition(self.now, &stage.name).expect("there is such a stage");
            self.take(&outcome);
        }
        for _ in 0..10_000 {
            if self.actions.is_empty() && self.rules.is_empty() {
                break;
            }
            self.tell((4, 0, 2));
            self.tell((14, 0, 2));
        }
        self.check();
        assert!(self.engine.executions().all(|view| !view.status.is_active()), "all come home");
        assert_eq!(self.engine.next_due(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_lost_and_one_execution_at_most_is_in_a_stage(pipeline in pipelines(), told in told(250)) {
        let mut fuzz = Fuzz { engine: Engine::new(checked(pipeline)), now: SimTime::from_secs(0), started: Vec::new(), actions: Vec::new(), rules: Vec::new() };
        for one in told {
            fuzz.tell(one);
            fuzz.check();
        }
        fuzz.come_home();
    }

    #[test]
    fn equal_calls_give_equal_answers(pipeline in pipelines(), told in told(100)) {
        let new = || Fuzz { engine: Engine::new(checked(pipeline.clone())), now: SimTime::from_secs(0), started: Vec::new(), actions: Vec::new(), rules: Vec::new() };
        let (mut one, mut other) = (new(), new());
        for told in told {
            one.tell(told);
            other.tell(told);
            prop_assert_eq!(&one.engine, &other.engine);
        }
    }
}
