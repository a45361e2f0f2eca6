//! A whole lesson in the window, by its accessible labels, in each language: told, predicted, done, helped, asked.

#[path = "support/window.rs"]
mod window;

use eframe::egui::{Key, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fleetlab::content::Lessons;
use fleetlab::lesson::plan::{Kind, RightAnswer};
use fleetlab::lesson::texts::StepTexts;
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
    close: &'static str,
    over: &'static str,
    lessons: &'static str,
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
    close: "Close the lesson",
    over: "Start over",
    lessons: "Lessons",
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
    close: "Đóng bài học",
    over: "Làm lại",
    lessons: "Bài học",
};

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).scroll_to_me();
    window.run_steps(3);
    window.get_by_label(label).click();
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
    click(&mut window, &texts.title);
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
    click(&mut window, words.close);
    wait(&mut window, "the first page", |window| window.query_by_label(words.lessons).is_some());
}

#[test]
fn a_whole_lesson_in_english() {
    whole_lesson(Lang::En, &EN);
}

#[test]
fn a_whole_lesson_in_vietnamese() {
    whole_lesson(Lang::Vi, &VI);
}
