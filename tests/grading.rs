//! Grading: honest work gets its points, whatever was edited is refused and says why, and the table has every file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fleetlab::cli::{self, Streams};
use fleetlab::content::Lessons;
use fleetlab::lang::Lang;
use fleetlab::lesson::grade::{self, NotGraded, grade};
use fleetlab::lesson::plan::{Kind, Prediction, RightAnswer};
use fleetlab::lesson::work::{StepWork, Work};
use fleetlab::lesson::{Attempt, Lesson};
use fleetlab::report::Format;
use fleetlab::report::lesson::LessonReport;
use fleetlab::scenario::Action;
use fleetlab::units::SimSpan;

fn lesson() -> Arc<Lesson> {
    Arc::new(Lessons::load("02-queues").expect("it is shipped").lesson)
}

/// The work of somebody who does what the solution does, a little later than it, and answers everything rightly.
fn honest(lesson: &Arc<Lesson>, learner: &str) -> Work {
    honest_after(lesson, learner, SimSpan::from_millis(2_137))
}

/// The same, so much later.
fn honest_after(lesson: &Arc<Lesson>, learner: &str, late: SimSpan) -> Work {
    let mut work = Work::new(lesson, lesson.seed, learner);
    let mut attempt = Attempt::new(Arc::clone(lesson), lesson.seed).expect("it begins");
    loop {
        let step = attempt.step().clone();
        for deed in step.kind.task().map(|task| task.solution.clone()).unwrap_or_default() {
            attempt.advance_to(attempt.began() + deed.after + late).expect("it runs");
            attempt.act(deed.action).expect("it is allowed");
        }
        attempt.finish().expect("it runs");
        let view = attempt.view();
        let ended = view.ended.expect("the step is done");
        let answers = match &step.kind {
            Kind::Quiz(questions) => questions
                .iter()
                .map(|question| {
                    let right = match &question.answer {
                        RightAnswer::Option { answer, .. } => answer.clone(),
                        RightAnswer::Number { answer, .. } => answer.to_string(),
                    };
                    (question.id.clone(), right)
                })
                .collect(),
            _ => BTreeMap::new(),
        };
        let predicted = match &step.kind {
            Kind::Predict(Prediction::Option { answer, .. }) => answer.clone(),
            Kind::Predict(Prediction::Number(number)) => Some(number.answer.to_string()),
            _ => None,
        };
        work.steps.push(StepWork {
            step: step.id,
            predicted,
            confidence: 2,
            answers,
            actions: view.own,
            done: ended.at,
            digest: ended.digest,
            ..StepWork::default()
        });
        if !attempt.go_on().expect("it goes on") {
            return work.sealed();
        }
    }
}

fn task_at(lesson: &Lesson) -> usize {
    lesson.steps.iter().position(|step| step.kind.task().is_some()).expect("a task")
}

#[test]
fn honest_work_gets_all_points_and_help_costs() {
    let lesson = lesson();
    let work = honest(&lesson, "Linh");
    let all = grade(&lesson, &work).expect("graded");
    assert!(all.finished && all.most > 0);
    assert!(all.points >= all.most, "{} of {}", all.points, all.most);
    assert_eq!(all.came_true, all.predictions);
    let reference = grade::reference(&lesson, lesson.seed).expect("it runs");
    assert_eq!(reference.len(), lesson.steps.len());

    let at = task_at(&lesson);
    let mut helped = work.clone();
    helped.steps[at].hints = 2;
    let helped = grade(&lesson, &helped.sealed()).expect("graded");
    let cost: u32 = lesson.steps[at].kind.task().expect("a task").hints.iter().take(2).map(|hint| hint.cost).sum();
    assert_eq!(helped.points + cost, all.points);
    let mut shown = work;
    shown.steps[at].shown = true;
    assert_eq!(grade(&lesson, &shown.sealed()).expect("graded").steps[at].points, 0);
}

#[test]
fn what_is_skipped_or_shown_is_done_by_the_reference_and_gives_no_points() {
    let lesson = lesson();
    let at = task_at(&lesson);
    let mut work = honest(&lesson, "Linh");
    work.steps[at] = StepWork { step: work.steps[at].step.clone(), skipped: true, ..StepWork::default() };
    // Whoever skips a step goes on in the reference's world, which is another one than their own.
    let own_world = |at: usize| lesson.steps.get(at).is_none_or(|step| step.world.is_some());
    let until = (at + 1..=lesson.steps.len()).find(|at| own_world(*at)).expect("the end is one");
    work.steps.truncate(at + 1);
    let graded = grade(&lesson, &work.sealed()).expect("graded");
    assert!(graded.steps[at].skipped && graded.steps[at].points == 0 && until > at);
}

#[test]
fn forged_work_is_refused_and_says_why() {
    let lesson = lesson();
    let work = honest(&lesson, "Linh");
    let at = task_at(&lesson);
    // Whoever edits the file breaks the seal.
    let edits: [fn(&mut Work, usize); 5] = [
        |work, _| work.learner = "Minh".to_owned(),
        |work, at| work.steps[at].hints = 0xFF,
        |work, at| work.steps[at].actions.clear(),
        |work, _| work.seed += 1,
        |work, _| work.steps.last_mut().expect("a step").answers.insert("x".to_owned(), "y".to_owned()).map_or((), drop),
    ];
    for (n, edit) in edits.iter().enumerate() {
        let mut forged = work.clone();
        edit(&mut forged, at);
        assert_eq!(grade(&lesson, &forged), Err(NotGraded::Seal), "edit {n}");
    }
    // Whoever seals it again does not get by the run.
    let resealed = |edit: &dyn Fn(&mut Work)| {
        let mut forged = work.clone();
        edit(&mut forged);
        grade(&lesson, &forged.sealed()).expect_err("refused")
    };
    assert!(matches!(resealed(&|work| work.steps[at].actions.clear()), NotGraded::NotDone { .. } | NotGraded::Diverged { .. }));
    assert!(matches!(resealed(&|work| work.steps[at].digest = "0".repeat(16)), NotGraded::Diverged { .. }));
    assert!(matches!(resealed(&|work| work.seed += 1), NotGraded::NotDone { .. } | NotGraded::DoneThen { .. } | NotGraded::Diverged { .. }));
    assert!(matches!(resealed(&|work| work.steps[at].done = fleetlab::units::SimTime::from_secs(1)), NotGraded::DoneThen { .. } | NotGraded::Time { .. }));
    assert!(matches!(resealed(&|work| work.edition.clear()), NotGraded::Edition));
    assert!(matches!(resealed(&|work| work.format_version = 9), NotGraded::Version { version: 9, .. }));
    assert!(matches!(resealed(&|work| work.steps.swap(0, 1)), NotGraded::Steps { number: 1, .. }));
    let cheat = |work: &mut Work| {
        let mut first = work.steps[at].actions[0].clone();
        first.action = Action::SetLoad { source: "visitors".to_owned(), factor: Some(0.0), rate: None };
        work.steps[at].actions.insert(0, first);
    };
    assert!(matches!(resealed(&cheat), NotGraded::Refused { .. }), "{:?}", resealed(&cheat));
    let many = |work: &mut Work| work.steps[at].actions = vec![work.steps[at].actions[0].clone(); 5_000];
    assert!(matches!(resealed(&many), NotGraded::TooMuch { actions: 5_000, .. }));
}

fn run(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = &mut Streams { out: &mut out, err: &mut err, colour: false, progress: false };
    let status = cli::run(std::iter::once("fleetlab").chain(args.iter().copied()), Box::new(|_| Ok(())), streams);
    (status, String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_folder_becomes_a_table_with_every_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let lesson = lesson();
    let linh = honest(&lesson, "Linh");
    let copied = Work { learner: "Minh".to_owned(), ..linh.clone() }.sealed();
    let mut forged = linh.clone();
    forged.learner = "Nam".to_owned();
    // Both did at once what is to be done: time stands then, and nobody copied.
    let [prompt, other] = ["Oanh", "Phuc"].map(|learner| honest_after(&lesson, learner, SimSpan::ZERO));
    for (name, work) in
        [("linh.json", &linh), ("minh.json", &copied), ("nam.json", &forged), ("oanh.json", &prompt), ("phuc.json", &other), ("quynh.json", &other)]
    {
        fs::write(at(name), serde_json::to_string(work).expect("JSON")).expect("written");
    }
    fs::write(at("other.json"), "{}").expect("written");
    let (csv, html) = (at("grades.csv"), at("grades.html"));
    let (status, _, err) = run(&["grade", &shown(folder.path()), "--csv", &shown(&csv), "-o", &shown(&html)]);
    assert_eq!(status, 1, "{err}");
    let csv = fs::read_to_string(csv).expect("a table");
    assert_eq!(csv.lines().count(), 8, "{csv}");
    assert!(csv.starts_with('\u{feff}'), "spreadsheets know its letters");
    let line = |name: &str| csv.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("linh.json").contains("the same actions at the same moments as minh.json"), "{csv}");
    assert!(!line("oanh.json").contains("phuc.json"), "{csv}");
    assert!(line("phuc.json").contains("quynh.json"), "the same file was handed in twice: {csv}");
    assert!(line("nam.json").contains("its seal does not belong to it"), "{csv}");
    assert!(line("other.json").contains("refused"), "{csv}");
    let html = fs::read_to_string(html).expect("a page");
    assert!(html.contains("Linh") && html.contains("minh.json"), "{html}");
    let (_, table, _) = run(&["grade", &shown(folder.path()), "--lang", "vi", "--csv", "-"]);
    assert!(table.contains("tệp đã bị sửa sau khi ghi") && !table.contains("its seal"), "{table}");
}

#[cfg(unix)]
#[test]
fn what_lies_behind_a_link_is_not_given_away_in_a_pack() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| shown(&folder.path().join(name));
    assert_eq!(run(&["new", "lesson", &at("mine")]).0, 0);
    fs::write(at("secret.txt"), "a secret").expect("written");
    std::os::unix::fs::symlink(at("secret.txt"), at("mine/link.toml")).expect("linked");
    let (status, _, err) = run(&["pack", &at("mine"), "-o", &at("mine.fleetlab")]);
    assert!(status != 0 && err.contains("is a link"), "{err}");
    assert!(!folder.path().join("mine.fleetlab").exists());
}

#[test]
fn a_new_lesson_checks_proves_packs_and_is_opened_from_the_pack() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| shown(&folder.path().join(name));
    assert_eq!(run(&["new", "lesson", &at("busy")]).0, 0);
    assert_eq!(run(&["new", "lesson", &at("busy")]).0, 2, "nothing is written over");
    assert_eq!(run(&["new", "scenario", &at("shop")]).0, 0);
    let (status, out, err) = run(&["check", &at("busy"), &at("shop.toml")]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("shop.toml: ok") && !out.contains("warning"), "{out}{err}");
    let (status, out, err) = run(&["lesson", "prove", &at("busy"), "--seeds", "5"]);
    assert_eq!(status, 0, "{out}{err}");
    let pack = at("all.fleetlab");
    let (status, out, err) = run(&["pack", &shown(folder.path()), "-o", &pack]);
    assert_eq!(status, 0, "{out}{err}");
    let (status, out, err) = run(&["check", &pack]);
    assert_eq!((status, out.lines().count()), (0, 2), "{out}{err}");
    assert_eq!(run(&["lesson", "show", &format!("{pack}/busy"), "--lang", "vi"]).0, 0);
    assert_eq!(run(&["run", &format!("{pack}/shop")]).0, 0);
    assert_eq!(run(&["lesson", "show", &format!("{pack}/nothing")]).0, 2);
    // What has mistakes is not packed.
    let broken = fs::read_to_string(at("busy/lesson.toml")).expect("it is there").replace("minutes = 5", "minutes = 0");
    fs::write(at("busy/lesson.toml"), broken).expect("written");
    let (status, _, err) = run(&["pack", &at("busy"), "-o", &at("broken.fleetlab")]);
    assert_eq!(status, 1, "{err}");
    assert!(err.contains("nothing was packed") && !Path::new(&at("broken.fleetlab")).exists());
}

#[test]
fn courses_are_checked_and_listed() {
    let (status, out, err) = run(&["lesson", "courses", "--lang", "vi"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("13:30") && out.contains("11-canary-or-blue-green"), "{out}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("courses.toml");
    let course = |items: &str| format!("format_version = 1\n[[course]]\nid = \"x\"\ntitle = {{ en = \"X\", vi = \"X\" }}\n{items}");
    let item = |name: &str| format!("[[course.item]]\nlesson = \"{name}\"\nminutes = 10\n");
    for (text, expected) in [
        (course(&item("02-ques")), "did you mean `02-queues`?"),
        (course(&(item("10-canary") + &item("09-blue-green"))), "which it requires"),
        (course("[[course.item]]\nminutes = 10\n"), "a text in `en` is missing"),
        (course("starts = \"25:00\"\n"), "no time of day"),
        (course(&item("02-queues").replace("10", "0")), "0 is not between"),
    ] {
        fs::write(&file, &text).expect("written");
        let (status, _, err) = run(&["check", &shown(&file)]);
        assert_eq!(status, 1, "{text}\n{err}");
        assert!(err.contains(expected), "{expected}\n{err}");
    }
}

#[test]
fn a_test_stands_for_its_lesson_if_everything_is_right_and_nobody_helped() {
    let lesson = lesson();
    // Each step of the test begins a world of its own or goes on in one that the reference left.
    let [task, quiz] = lesson.test.as_slice() else { panic!("a task and a quiz: {:?}", lesson.test) };
    let mut work = Work::new(&lesson, lesson.seed, "Linh");
    work.test = true;
    work.leave_to_reference(&lesson, *task);
    work.steps.extend(honest(&lesson, "Linh").steps.into_iter().skip(*task));
    let passed = grade(&lesson, &work.clone().sealed()).expect("graded");
    assert_eq!((passed.test, passed.finished), (Some(true), true));
    assert!(passed.points >= passed.most && passed.most > 0, "only what belongs to the test counts: {} of {}", passed.points, passed.most);
    let spoilt = |spoil: &dyn Fn(&mut Work)| {
        let mut work = work.clone();
        spoil(&mut work);
        let graded = grade(&lesson, &work.sealed()).expect("graded");
        (graded.test, graded.finished)
    };
    assert_eq!(spoilt(&|work| work.steps[*task].hints = 1), (Some(false), false));
    assert_eq!(spoilt(&|work| work.steps[*task].shown = true), (Some(false), false));
    assert_eq!(spoilt(&|work| _ = work.steps[*quiz].answers.pop_first()), (Some(false), false));
    assert_eq!(spoilt(&|work| work.steps.truncate(*quiz)), (Some(false), false));
    // It is no test unless it was taken as one: whoever skips steps has gone through the lesson, and has their points only.
    assert_eq!(spoilt(&|work| work.test = false), (None, true));
}

#[test]
fn a_report_says_which_questions_to_look_at_again() {
    let lesson = lesson();
    let mut work = honest(&lesson, "Linh");
    let said = work.steps.last_mut().expect("the quiz");
    let (question, _) = said.answers.pop_first().expect("a question");
    let step = lesson.steps.last().expect("the quiz");
    let Kind::Quiz(questions) = &step.kind else { panic!("it ends with a quiz") };
    let asked = questions.iter().find(|asked| asked.id == question).expect("it");
    let wrong = match &asked.answer {
        RightAnswer::Option { options, answer } => options.iter().find(|option| *option != answer).expect("several").clone(),
        RightAnswer::Number { answer, .. } => (answer * 7.0 + 1.0).to_string(),
    };
    said.answers.insert(question.clone(), wrong);
    let graded = grade(&lesson, &work.sealed()).expect("graded");
    assert_eq!(graded.steps.last().expect("the quiz").wrong.keys().collect::<Vec<_>>(), [&question]);
    for lang in [Lang::En, Lang::Vi] {
        let report = LessonReport::new(&lesson, graded.clone(), Vec::new(), lang);
        let text = Format::Md.render_lesson(&report).expect("a report");
        let ask = &lesson.texts(lang).step[&step.id].questions[&question].ask;
        assert!(text.contains(ask.split_whitespace().next().expect("a word")), "{text}");
        assert!(text.contains(if lang == Lang::En { "Questions to look at again" } else { "Những câu hỏi nên xem lại" }), "{text}");
    }
}
