//! A whole lesson in the window, by its accessible labels, in each language: told, predicted, done, helped, asked.

#[path = "support/window.rs"]
mod window;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, OutputCommand, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fleetlab::cli::{self, Streams};
use fleetlab::content::Lessons;
use fleetlab::learner;
use fleetlab::lesson::Work;
use fleetlab::lesson::grade::grade;
use fleetlab::lesson::plan::{Kind, RightAnswer};
use fleetlab::lesson::progress::{Deed, Event, Progress};
use fleetlab::lesson::proof::prove;
use fleetlab::lesson::texts::StepTexts;
use fleetlab::ui::app::App;
use fleetlab::ui::settings::Settings;
use fleetlab::ui::text::Lang;
use window::{Window, open_real, wait};

/// What the window says in a language.
struct Words {
    next: &'static str,
    finish: &'static str,
    predict: &'static str,
    wrong: &'static str,
    right: &'static str,
    apply: &'static str,
    hints: [&'static str; 3],
    check: &'static str,
    end: &'static str,
    went: &'static str,
    name: &'static str,
    report: &'static str,
    written: &'static str,
    close: &'static str,
    without: &'static str,
    over: &'static str,
    lessons: &'static str,
    begun: &'static str,
    not_yet: &'static str,
}

const EN: Words = Words {
    next: "Next",
    finish: "Finish",
    predict: "Predict and run",
    wrong: "Not this time",
    right: "Right",
    apply: "Do it",
    hints: ["Hint", "Hint (costs 1)", "Hint (costs 2)"],
    check: "Check the answers",
    end: "You have finished this lesson",
    went: "How it went: 6 of 9 points",
    name: "Your name",
    report: "Write a report",
    written: "The report is written",
    close: "Close the lesson",
    without: "this step is to be done without set-load",
    over: "Start over",
    lessons: "Lessons",
    begun: "begun",
    not_yet: "not yet",
};

const VI: Words = Words {
    next: "Tiếp",
    finish: "Hoàn thành",
    predict: "Dự đoán rồi chạy",
    wrong: "Lần này chưa đúng",
    right: "Đúng",
    apply: "Thực hiện",
    hints: ["Gợi ý", "Gợi ý (mất 1 điểm)", "Gợi ý (mất 2 điểm)"],
    check: "Kiểm tra câu trả lời",
    end: "Bạn đã hoàn thành bài học này",
    went: "Kết quả: 6 trên 9 điểm",
    name: "Tên bạn",
    report: "Viết báo cáo",
    written: "Đã viết báo cáo",
    close: "Đóng bài học",
    without: "bước này phải làm mà không dùng set-load",
    over: "Làm lại",
    lessons: "Bài học",
    begun: "đang học",
    not_yet: "chưa học",
};

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).scroll_to_me();
    window.run_steps(3);
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// Clicks a button of whose name a text speaks, too.
fn press(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).scroll_to_me();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, label).click();
    window.run_steps(3);
}

fn is_enabled(window: &Window, label: &str) -> bool {
    window.query_by_label(label).is_some_and(|node| !node.accesskit_node().is_disabled())
}

/// Runs as fast as the machine can until the way on is open.
fn until_done(window: &mut Window, next: &str) {
    window.key_press(Key::Num6);
    wait(window, next, |window| is_enabled(window, next));
    // The lesson scrolls to what came of it.
    window.run_steps(5);
}

fn whole_lesson(lang: Lang, words: &Words) {
    let lesson = Lessons::load("02-queues").expect("it is shipped").lesson;
    let texts = lesson.texts(lang).clone();
    let of = |step: &str| -> &StepTexts { &texts.step[step] };
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { language: lang, reduced_motion: true, ..Settings::default() };
    let mut window = open_real(vec2(1_280.0, 800.0), folder.path().to_owned(), settings);
    window.run_steps(3);
    click(&mut window, &format!("2. {}", texts.title));
    wait(&mut window, "the first step", |window| window.query_by_label(&of("half").title).is_some());
    // It runs by itself, and only then goes on.
    assert!(!is_enabled(&window, words.next), "the first step is not over when it begins");
    until_done(&mut window, words.next);

    // A wrong prediction is answered, and explained.
    click(&mut window, words.next);
    wait(&mut window, "the prediction", |window| window.query_by_label(&of("eighty").title).is_some());
    assert!(!is_enabled(&window, words.predict), "there is nothing to run before an answer is chosen");
    click(&mut window, &of("eighty").options["factor"]);
    click(&mut window, words.predict);
    until_done(&mut window, words.next);
    assert!(window.query_by_label_contains(words.wrong).is_some());
    assert!(window.query_by_label_contains(&of("eighty").feedback["factor"]).is_some());

    // A gap that is filled wrong is answered with why; started over and filled right, it reaches the goal.
    click(&mut window, words.next);
    wait(&mut window, "the gap", |window| window.query_by_label(&of("second").title).is_some());
    click(&mut window, "workers = 1");
    click(&mut window, words.apply);
    let why = of("second").misconceptions["same"].split('{').next().expect("its beginning").to_owned();
    wait(&mut window, "why it does not help", |window| window.query_by_label_contains(&why).is_some());
    click(&mut window, words.over);
    click(&mut window, "workers = 2");
    click(&mut window, words.apply);
    until_done(&mut window, words.next);

    // The hints lead to the action.
    click(&mut window, words.next);
    wait(&mut window, "the twist", |window| window.query_by_label(&of("slow").title).is_some());
    // What the step forbids is said where it would be done.
    click(&mut window, "shoppers");
    wait(&mut window, "what it is to be done without", |window| window.query_by_label_contains(words.without).is_some());
    for hint in words.hints {
        click(&mut window, hint);
    }
    click(&mut window, words.apply);
    until_done(&mut window, words.next);

    // The quiz: one right answer, one wrong one.
    click(&mut window, words.next);
    wait(&mut window, "the quiz", |window| window.query_by_label(&of("quiz").title).is_some());
    let Some(Kind::Quiz(questions)) = lesson.steps.last().map(|step| step.kind.clone()) else { panic!("it ends with a quiz") };
    for question in &questions {
        let said = &of("quiz").questions[&question.id];
        match &question.answer {
            RightAnswer::Option { options, answer } => {
                let wrong = options.iter().find(|option| *option != answer).expect("there are several");
                let chosen = if question.id == "why" { wrong } else { answer };
                click(&mut window, &said.options[chosen]);
            }
            RightAnswer::Number { answer, .. } => {
                click(&mut window, &said.ask);
                window.get_by_label(&said.ask).type_text(&answer.to_string());
                window.run_steps(3);
            }
        }
    }
    click(&mut window, words.check);
    assert_eq!(window.query_all_by_label_contains(words.wrong).count(), 1);
    assert!(window.query_all_by_label_contains(words.right).count() >= 2);
    click(&mut window, words.finish);
    wait(&mut window, "the end", |window| window.query_by_label(words.end).is_some());

    // What was done is run again, and is what the file to hand in comes to; beside the reference it stands in the window.
    let files: Vec<PathBuf> = fs::read_dir(folder.path().join("work")).expect("it is kept").filter_map(|entry| Some(entry.ok()?.path())).collect();
    let [file] = files.as_slice() else { panic!("one file: {files:?}") };
    let work: Work = serde_json::from_str(&fs::read_to_string(file).expect("it can be read")).expect("it is a work");
    let graded = grade(&Arc::new(lesson), &work).unwrap_or_else(|why| panic!("{why}"));
    assert!(graded.finished);
    // The first prediction counts, the three hints of the twist cost all its points, one question was answered wrong, and an
    // optional goal was reached.
    assert_eq!((graded.came_true, graded.predictions, graded.hints, graded.most - graded.points), (0, 1, 3, 3));
    wait(&mut window, "the points", |window| window.query_by_label_contains(words.went).is_some());

    // The report says who it is about, what is to be learnt and how it went, in the language of the window.
    window.get_by_role_and_label(Role::TextInput, words.name).focus();
    window.run_steps(3);
    window.get_by_role_and_label(Role::TextInput, words.name).type_text("Nguyễn Thị Linh");
    window.run_steps(3);
    click(&mut window, words.report);
    wait(&mut window, "the report", |window| window.query_by_label_contains(words.written).is_some());
    for ending in ["md", "html"] {
        let report = fs::read_to_string(file.with_extension(ending)).expect("it is written");
        for expected in ["Nguyễn Thị Linh", &texts.title, &of("slow").title, &of("quiz").title] {
            assert!(report.contains(expected), "the report in {ending} lacks `{expected}`:\n{report}");
        }
    }
    click(&mut window, words.close);
    wait(&mut window, "the first page", |window| window.query_by_label(words.lessons).is_some());
    // The map knows how far one is; a click on a field finds its lessons.
    assert!(window.query_by_label(&format!("M3 · Golden signals: {}", words.begun)).is_some(), "lesson 1 is about it, too");
    click(&mut window, &format!("D4 · Canary: {}", words.not_yet));
    let canary = Lessons::load("10-canary").expect("it is shipped").lesson.texts(lang).title.clone();
    assert!(window.query_by_label(&format!("10. {canary}")).is_some());
    assert!(window.query_by_label(&format!("2. {}", texts.title)).is_none());
}

#[test]
fn a_whole_lesson_in_english() {
    whole_lesson(Lang::En, &EN);
}

#[test]
fn a_whole_lesson_in_vietnamese() {
    whole_lesson(Lang::Vi, &VI);
}

#[test]
fn a_lesson_that_was_left_goes_on_where_it_was_and_can_be_begun_anew() {
    let lesson = Lessons::load("02-queues").expect("it is shipped").lesson;
    let titles: Vec<String> = lesson.steps.iter().map(|step| lesson.texts(Lang::En).step[&step.id].title.clone()).collect();
    let card = format!("2. {}", lesson.texts(Lang::En).title);
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open_real(vec2(1_280.0, 800.0), folder.path().to_owned(), Settings { reduced_motion: true, ..Settings::default() });
    window.run_steps(3);
    click(&mut window, &card);
    wait(&mut window, "the first step", |window| window.query_by_label(&titles[0]).is_some());
    // In a step that runs by itself nothing can be done, and the buttons say so.
    assert!(window.query_by_label("Restart…").is_some() && !is_enabled(&window, "Restart…"));
    window.get_by_label("Restart…").hover();
    wait(&mut window, "why not", |window| window.query_by_label_contains("this step runs by itself").is_some());
    until_done(&mut window, EN.next);
    click(&mut window, EN.next);
    wait(&mut window, "the second step", |window| window.query_by_label(&titles[1]).is_some());
    click(&mut window, "Leave the lesson");
    wait(&mut window, "the first page", |window| window.query_by_label(&card).is_some());
    click(&mut window, &card);
    wait(&mut window, "the second step again", |window| window.query_by_label(&titles[1]).is_some());
    assert!(window.query_by_label(&titles[0]).is_none());
    click(&mut window, "Begin the lesson anew");
    wait(&mut window, "the first step again", |window| window.query_by_label(&titles[0]).is_some());
    // What does not come to the same any more is not gone on with: the lesson begins anew, and says so.
    click(&mut window, "Leave the lesson");
    wait(&mut window, "the first page", |window| window.query_by_label(&card).is_some());
    for entry in fs::read_dir(folder.path().join("work")).expect("it is kept") {
        let path = entry.expect("a file").path();
        let mut work: Work = serde_json::from_str(&fs::read_to_string(&path).expect("it can be read")).expect("it is a work");
        work.steps[0].digest = "another".to_owned();
        fs::write(&path, serde_json::to_string(&work.sealed()).expect("JSON")).expect("written");
    }
    click(&mut window, &card);
    wait(&mut window, "why it begins anew", |window| window.query_by_label_contains("cannot be run again").is_some());
    wait(&mut window, "the first step", |window| window.query_by_label(&titles[0]).is_some());
}

#[test]
fn the_language_changes_in_the_middle_of_a_lesson_and_the_solution_plays_itself() {
    let lesson = Lessons::load("02-queues").expect("it is shipped").lesson;
    let title = |lang: Lang, step: &str| lesson.texts(lang).step[step].title.clone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open_real(vec2(1_280.0, 800.0), folder.path().to_owned(), Settings { reduced_motion: true, ..Settings::default() });
    window.run_steps(3);
    click(&mut window, &format!("2. {}", lesson.texts(Lang::En).title));
    wait(&mut window, "the first step", |window| window.query_by_label(&title(Lang::En, "half")).is_some());
    until_done(&mut window, EN.next);
    // The same step stands in the other language, as done as it was, and so do the buttons.
    window.get_by_label("Chuyển sang tiếng Việt").click();
    wait(&mut window, "the step in Vietnamese", |window| window.query_by_label(&title(Lang::Vi, "half")).is_some());
    assert!(is_enabled(&window, VI.next), "what was done stays done");
    window.get_by_label("Switch to English").click();
    wait(&mut window, "the step in English", |window| window.query_by_label(&title(Lang::En, "half")).is_some());
    // Up to the twist, whose solution plays itself and is told of in the file to hand in.
    click(&mut window, EN.next);
    for step in ["eighty", "second"] {
        wait(&mut window, "a step to skip", |window| window.query_by_label(&title(Lang::En, step)).is_some());
        click(&mut window, "Skip");
    }
    wait(&mut window, "the twist", |window| window.query_by_label(&title(Lang::En, "slow")).is_some());
    assert!(!is_enabled(&window, EN.next) && window.query_by_label("Show the solution").is_none(), "the hints come before the solution");
    for hint in EN.hints {
        click(&mut window, hint);
    }
    click(&mut window, "Show the solution");
    until_done(&mut window, EN.next);
    let desired = window.state().as_ref().and_then(App::snapshot).map(|snapshot| snapshot.services[0].desired);
    assert_eq!(desired, Some(2), "the solution is an action like any other");
    click(&mut window, EN.next);
    wait(&mut window, "the quiz", |window| window.query_by_label(&title(Lang::En, "quiz")).is_some());
    let file = fs::read_dir(folder.path().join("work")).expect("it is kept").next().expect("a file").expect("a file").path();
    let work: Work = serde_json::from_str(&fs::read_to_string(file).expect("it can be read")).expect("it is a work");
    let step = |id: &str| work.steps.iter().find(|step| step.step == id).expect("it was left").clone();
    assert!(step("slow").shown && step("slow").hints == 3 && step("second").skipped, "{work:?}");
}

#[test]
fn whoever_knows_a_lesson_passes_its_test_and_whoever_does_not_learns_it() {
    let lesson = Lessons::load("02-queues").expect("it is shipped").lesson;
    let texts = lesson.texts(Lang::En).clone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open_real(vec2(1_280.0, 800.0), folder.path().to_owned(), Settings { reduced_motion: true, ..Settings::default() });
    window.run_steps(3);
    let journal = || fs::read_to_string(folder.path().join("progress.jsonl")).unwrap_or_default();
    click(&mut window, &format!("2. {}", texts.title));
    for passes in [false, true] {
        wait(&mut window, "the first step", |window| window.query_by_label(&texts.step["half"].title).is_some());
        click(&mut window, "Take its test");
        wait(&mut window, "the task", |window| window.query_by_label(&texts.step["slow"].title).is_some());
        wait(&mut window, "its world", |window| window.query_by_label("Let it run").is_some());
        assert!(window.query_by_label_contains("Test · 1 of 2").is_some());
        assert!(window.query_by_label("Hint").is_none() && window.query_by_label("Skip").is_none(), "a test has no help");
        if window.query_by_label("Scale…").is_none() {
            click(&mut window, "checkout");
        }
        click(&mut window, "Scale…");
        click(&mut window, "×2");
        window.get_by_label_contains("Scale checkout from").click();
        window.run_steps(3);
        click(&mut window, "Let it run");
        until_done(&mut window, EN.next);
        click(&mut window, EN.next);
        wait(&mut window, "the questions", |window| window.query_by_label(&texts.step["quiz"].title).is_some());
        let Some(Kind::Quiz(questions)) = lesson.steps.last().map(|step| step.kind.clone()) else { panic!("it ends with a quiz") };
        for question in &questions {
            let said = &texts.step["quiz"].questions[&question.id];
            match &question.answer {
                RightAnswer::Option { options, answer } => {
                    let wrong = options.iter().find(|option| *option != answer).expect("there are several");
                    click(&mut window, &said.options[if passes { answer } else { wrong }]);
                }
                RightAnswer::Number { answer, .. } => {
                    click(&mut window, &said.ask);
                    window.get_by_label(&said.ask).type_text(&answer.to_string());
                    window.run_steps(3);
                }
            }
        }
        click(&mut window, EN.check);
        click(&mut window, EN.finish);
        if passes {
            wait(&mut window, "that it is passed", |window| window.query_by_label("You have passed the test of this lesson").is_some());
            assert!(journal().contains("\"finished\""), "{}", journal());
            wait(&mut window, "the points", |window| window.query_by_label_contains("How it went:").is_some());
        } else {
            wait(&mut window, "that it is not passed", |window| window.query_by_label("Not passed this time").is_some());
            assert!(!journal().contains("\"finished\""), "{}", journal());
            click(&mut window, "Begin the lesson");
        }
    }
}

/// A new lesson in a folder.
fn new_lesson(folder: &Path) -> PathBuf {
    let path = folder.join("busy");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = &mut Streams { out: &mut out, err: &mut err, colour: false, progress: false };
    let status = cli::run(["fleetlab", "new", "lesson", &path.display().to_string()], Box::new(|_| Ok(())), streams);
    assert_eq!(status, 0);
    path
}

/// A window on a new lesson that is being written, and its folder.
fn writing(folder: &Path) -> (PathBuf, Window) {
    let path = new_lesson(folder);
    let mut window = open_real(vec2(1_280.0, 800.0), folder.join("data"), Settings { reduced_motion: true, ..Settings::default() });
    window.run_steps(3);
    window.state_mut().as_mut().expect("the app").open_path(&path);
    wait(&mut window, "the lesson", |window| window.query_by_label("Nearly full").is_some());
    (path, window)
}

#[test]
fn an_author_sees_what_is_wrong_while_the_last_good_version_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, mut window) = writing(folder.path());
    assert!(window.query_by_label("You are writing this lesson").is_some());
    // A broken edit is told, and nothing is lost.
    let good = fs::read_to_string(path.join("lesson.toml")).expect("it is there");
    fs::write(path.join("lesson.toml"), good.replace("minutes = 5", "minutes = 0")).expect("written");
    wait(&mut window, "the mistake", |window| window.query_by_label_contains("0 is not between 1 and 60").is_some());
    assert!(window.query_by_label("Nearly full").is_some(), "the last good version goes on");
    // It is mended, with another title.
    let texts = fs::read_to_string(path.join("en.toml")).expect("it is there");
    fs::write(path.join("en.toml"), texts.replace("Nearly full", "Almost full")).expect("written");
    fs::write(path.join("lesson.toml"), good).expect("written");
    wait(&mut window, "the new title", |window| window.query_by_label("Almost full").is_some());
    assert!(window.query_by_label_contains("0 is not between").is_none());
    // The proof runs in the window, too.
    // What is not translated is told while it is written, and the lesson can be tried all the same.
    let vietnamese = fs::read_to_string(path.join("vi.toml")).expect("it is there");
    fs::write(path.join("vi.toml"), vietnamese.replace("{mean} mới", "50 mới")).expect("written");
    wait(&mut window, "the warning", |window| window.query_by_label_contains("it does not quote `{mean}`, as it does in `en`").is_some());
    fs::write(path.join("vi.toml"), vietnamese).expect("written");
    wait(&mut window, "no warning", |window| window.query_by_label_contains("it does not quote").is_none());
    click(&mut window, "Prove");
    wait(&mut window, "the proof", |window| window.query_by_label("Proved: 25 trials on 5 seeds").is_some());
    // It was a proof of other words.
    let texts = fs::read_to_string(path.join("en.toml")).expect("it is there");
    fs::write(path.join("en.toml"), texts.replace("Almost full", "Quite full")).expect("written");
    wait(&mut window, "the next title", |window| window.query_by_label("Quite full").is_some());
    assert!(window.query_by_label_contains("Proved:").is_none());
}

#[test]
fn an_author_goes_to_any_step_and_copies_what_they_did_as_its_solution() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, mut window) = writing(folder.path());
    window.get_by_role_and_label(Role::ComboBox, "Step").click();
    window.run_steps(3);
    click(&mut window, "2. faster (solve)");
    wait(&mut window, "the second step", |window| window.query_by_label("Your turn").is_some());
    assert!(window.query_by_label("What you did in this step, as its solution:").is_none(), "nothing was done yet");
    for hint in EN.hints {
        click(&mut window, hint);
    }
    click(&mut window, EN.apply);
    wait(&mut window, "what was done", |window| window.query_by_label("What you did in this step, as its solution:").is_some());
    window.get_by_label("Copy").click();
    window.step();
    let copied = window.output().platform_output.commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("it is in the clipboard");
    // What was copied is a solution that the proof accepts, in the place of the one in the file.
    let file = fs::read_to_string(path.join("lesson.toml")).expect("it is there");
    let start = file.find("solution = ").expect("it has one");
    let end = start + file[start..].find('\n').expect("a line") + 1;
    fs::write(path.join("lesson.toml"), format!("{}{copied}{}", &file[..start], &file[end..])).expect("written");
    let lesson = Lessons::load(&path.display().to_string()).unwrap_or_else(|found| panic!("{found}\n{copied}")).lesson;
    let proof = prove(&Arc::new(lesson), 2, &|| {});
    assert!(proof.holds(), "{copied}\n{:#?}", proof.findings);
}

#[test]
fn questions_come_again_days_later_until_they_are_kept() {
    const DAY: u64 = 24 * 3_600;
    let lesson = Lessons::load("02-queues").expect("it is shipped").lesson;
    let texts = lesson.texts(Lang::En).clone();
    let quiz = &texts.step["quiz"].questions;
    let now = learner::now();
    let event = |what: Deed, ago: u64| Progress::line(&Event { at: now - ago, lesson: "02-queues".to_owned(), what });
    let answered = |question: &str, right: bool| Deed::Answered { question: question.to_owned(), said: "something".to_owned(), right };
    // One question was answered right two days ago, one just now, one never.
    let journal = [Progress::head(), event(answered("why", true), 2 * DAY), event(Deed::Finished {}, 2 * DAY), event(answered("reserve", true), 60)];
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("progress.jsonl"), journal.concat()).expect("written");
    let mut window = open_real(vec2(1_280.0, 800.0), folder.path().to_owned(), Settings { reduced_motion: true, ..Settings::default() });
    window.run_steps(3);
    assert!(window.query_by_label("Due again").is_some());
    click(&mut window, &format!("{} · 1 question", texts.title));
    wait(&mut window, "the question", |window| window.query_by_label_contains(&quiz["why"].ask).is_some());
    assert!(window.query_by_label_contains(&quiz["reserve"].ask).is_none(), "it is not due yet");
    assert!(!is_enabled(&window, EN.check), "nothing is answered yet");
    click(&mut window, &quiz["why"].options["waiting"]);
    click(&mut window, EN.check);
    wait(&mut window, "when the next one comes", |window| window.query_by_label("The next questions of this lesson come tomorrow.").is_some());
    window.get_all_by_label("Close").last().expect("the button below").click();
    wait(&mut window, "nothing is due any more", |window| window.query_by_label("Due again").is_none());
    // It is in the journal, and comes again in three days.
    let kept = fs::read_to_string(folder.path().join("progress.jsonl")).expect("it is kept");
    let (progress, _) = Progress::read(&kept).expect("a journal");
    assert!(progress.due(now + 60).is_empty());
    let due = progress.due(now + 3 * DAY + 600);
    assert!(due.len() == 1 && due[0].questions.contains(&"why".to_owned()), "{due:?}");
}

/// What an attendee does, with nothing but what the window offers: predictions, the forms of the inspector, the quiz, a rule in their own words.
#[test]
fn lesson_eleven_is_finished_in_vietnamese_by_hand() {
    let lesson = Lessons::load("11-canary-or-blue-green").expect("it is shipped").lesson;
    let texts = lesson.texts(Lang::Vi).clone();
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { language: Lang::Vi, reduced_motion: true, ..Settings::default() };
    let mut window = open_real(vec2(1_280.0, 800.0), folder.path().to_owned(), settings);
    window.run_steps(3);
    click(&mut window, &format!("11. {}", texts.title));
    for (step, answer) in [("bluegreen", None), ("canary", Some("hundredth")), ("night-bluegreen", None), ("night-canary", Some("through"))] {
        let texts = &texts.step[step];
        wait(&mut window, step, |window| window.query_by_label(&texts.title).is_some());
        if let Some(answer) = answer {
            click(&mut window, &texts.options[answer]);
            click(&mut window, VI.predict);
        }
        until_done(&mut window, VI.next);
        assert!(answer.is_none() || window.query_all_by_label_contains(VI.right).next().is_some(), "{step}");
        assert!(window.query_all_by_label_contains(VI.wrong).next().is_none(), "{step}");
        click(&mut window, VI.next);
    }
    // The strategy is the service's own from now on, and watches the alarm without being told to.
    let rare = &texts.step["rare"];
    wait(&mut window, "the task", |window| window.query_by_label(&rare.title).is_some());
    press(&mut window, "Chiến lược…");
    window.get_by_role_and_label(Role::ComboBox, "Chiến lược").click();
    window.run_steps(3);
    click(&mut window, "blue/green");
    click(&mut window, "Từ giờ: blue/green");
    let service = lesson.steps[4].scenario.model.services.iter().position(|service| service.name == "currencyservice").expect("it is there");
    wait(&mut window, "the strategy", |window| {
        let snapshot = window.state().as_ref().and_then(App::snapshot);
        snapshot.is_some_and(|snapshot| snapshot.services[service].strategy.name() == "blue-green")
    });
    press(&mut window, "Deploy…");
    window.get_by_role_and_label(Role::ComboBox, "Phiên bản").click();
    window.run_steps(3);
    press(&mut window, "v3");
    click(&mut window, "Deploy v3 lên currencyservice, blue/green");
    // Until now the clock stood, so that one could read.
    press(&mut window, "Cho chạy");
    until_done(&mut window, VI.next);
    click(&mut window, VI.next);

    // The quiz, and the rule.
    let quiz = &texts.step["quiz"];
    wait(&mut window, "the quiz", |window| window.query_by_label(&quiz.title).is_some());
    let Some(Kind::Quiz(questions)) = lesson.steps.iter().find(|step| step.id == "quiz").map(|step| step.kind.clone()) else { panic!("a quiz") };
    for question in &questions {
        let said = &quiz.questions[&question.id];
        match &question.answer {
            RightAnswer::Option { answer, .. } => click(&mut window, &said.options[answer]),
            RightAnswer::Number { answer, .. } => {
                click(&mut window, &said.ask);
                window.get_by_label(&said.ask).type_text(&answer.to_string().replace('.', ","));
                window.run_steps(3);
            }
        }
    }
    click(&mut window, VI.check);
    assert!(window.query_all_by_label_contains(VI.wrong).next().is_none());
    click(&mut window, VI.next);
    wait(&mut window, "the rule", |window| window.query_by_label(&texts.step["rule"].title).is_some());
    assert!(!is_enabled(&window, "So với câu trả lời của người dạy"), "nothing is written yet");
    window.get_by_role_and_label(Role::MultilineTextInput, "Câu trả lời của bạn").focus();
    window.run_steps(3);
    window.get_by_role_and_label(Role::MultilineTextInput, "Câu trả lời của bạn").type_text("Traffic dày: canary. Traffic thưa hoặc lỗi hiếm: blue/green.");
    window.run_steps(3);
    click(&mut window, "So với câu trả lời của người dạy");
    click(&mut window, VI.finish);
    wait(&mut window, "the end", |window| window.query_by_label(VI.end).is_some());
    let file = fs::read_dir(folder.path().join("work")).expect("it is kept").find_map(|entry| Some(entry.ok()?.path())).expect("a file");
    let work: Work = serde_json::from_str(&fs::read_to_string(file).expect("it can be read")).expect("it is a work");
    let graded = grade(&Arc::new(lesson), &work).unwrap_or_else(|why| panic!("{why}"));
    assert!(graded.finished && graded.points >= graded.most, "{graded:?}");
    assert_eq!((graded.came_true, graded.predictions, graded.hints), (2, 2, 0));
}
