//! Lessons: every shipped one is proved, what is wrong with one is found where it is, and a proof can fail.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fleetlab::content::{Lessons, LoadedLesson};
use fleetlab::lesson::proof::{Rule, prove};

/// The files of the shipped lesson that is broken in these tests.
const LESSON: &str = "02-queues";

#[test]
fn every_shipped_lesson_is_proved() {
    let lessons = Lessons::shipped();
    assert!(!lessons.is_empty());
    for entry in lessons {
        let LoadedLesson { lesson, warnings } = entry.loaded.unwrap_or_else(|found| panic!("{}:\n{found}", entry.name));
        assert!(warnings.is_empty(), "{}:\n{warnings}", entry.name);
        let proof = prove(&Arc::new(lesson), 1, &|| {});
        assert!(proof.holds(), "{}: {:#?}", entry.name, proof.findings);
    }
}

/// A copy of the shipped lesson in which some texts are others, loaded.
fn altered(changes: &[(&str, &str, &str)]) -> Result<LoadedLesson, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let lesson = folder.path().join(LESSON);
    fs::create_dir(&lesson).expect("a folder");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons").join(LESSON);
    for entry in fs::read_dir(&shipped).expect("it is shipped") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut text = fs::read_to_string(&path).expect("a text");
        for (file, from, to) in changes {
            if *file == name {
                assert!(text.contains(from), "{file} has no `{from}`");
                text = text.replacen(from, to, 1);
            }
        }
        fs::write(lesson.join(name), text).expect("it can be written");
    }
    Lessons::load(&lesson.display().to_string()).map_err(|found| found.to_string())
}

#[test]
fn what_is_wrong_with_a_lesson_is_found_where_it_is() {
    let toml = "lesson.toml";
    for (changes, expected) in [
        (vec![(toml, "minutes = 10", "minuts = 10")], "lesson.toml:4:1"),
        (vec![(toml, "minutes = 10", "minutes = 0")], "0 is not between 1 and 60"),
        (vec![(toml, "scenario = \"one-worker\"", "scenario = \"one-workr\"")], "did you mean `one-worker`?"),
        (vec![(toml, "requires = []", "requires = [\"02-queues\"]")], "a lesson cannot come before itself"),
        (vec![(toml, "requires = []", "requires = [\"02-ques\"]")], "there is no lesson `02-ques`"),
        (vec![(toml, "requires = []", "requires = []\ntest = [\"slo\"]")], "did you mean `slow`?"),
        (vec![(toml, "requires = []", "requires = []\ntest = [\"half\"]")], "nothing can be passed in `half`, a step of kind `show`"),
        (vec![(toml, "requires = []", "requires = []\ntest = [\"quiz\", \"slow\"]")], "`slow` does not come after the step before it"),
        (vec![(toml, "show = {}", "")], "what does the step ask of the learner?"),
        (vec![(toml, "show = {}", "show = {}\nreflect = {}")], "a step is of one kind"),
        (vec![(toml, "lasts = \"10m\"", "")], "needs time"),
        (vec![(toml, "saturation(\\\"checkout\\\", \\\"step\\\")\", unit", "saturaton(\\\"checkout\\\", \\\"step\\\")\", unit")], "did you mean `saturation`?"),
        (vec![(toml, "options = [\"1\", \"2\", \"8\"]", "options = [\"1\", \"8\"]")], "none of the options is what the action has in its gap"),
        (vec![(toml, "options = [\"1\", \"2\", \"8\"]", "options = [\"1\", \"2\", \"2\"]")], "`2` is there already"),
        (vec![(toml, "options = [\"1\", \"2\", \"8\"]", "options = [\"1\", \"2\", \"banana\"]")], "`banana` is no value for the gap"),
        (vec![(toml, "unit = \"ms\", tolerance = 1 }", "unit = \"ms\", tolerance = -1.0 }")], "a tolerance is 0 or more"),
        (vec![(toml, "gap = \"set-capacity.workers\"", "gap = \"set-capacity.worker\"")], "nothing in the action is at `set-capacity.worker`"),
        (vec![(toml, "disabled = [\"set-load\"", "disabled = [\"set-lode\"")], "did you mean `set-load`?"),
        (vec![(toml, "answer = \"more\"", "answer = \"most\"")], "there is no option `most`"),
        (vec![(toml, "source = \"shoppers\", rate = \"80/s\"", "source = \"shopper\", rate = \"80/s\"")], "did you mean `shoppers`?"),
        (vec![(toml, "panel = \"map\", service = \"checkout\" }\nshow", "panel = \"map\", service = \"chekout\" }\nshow")], "did you mean `checkout`?"),
        (vec![("one-worker.toml", "to = \"checkout.pay\"", "to = \"checkout.pai\"")], "did you mean `checkout.pay`?"),
        (vec![("en.toml", "{mean.theory} | {mean}", "{maen} | {mean}")], "nothing measures `maen`"),
        (vec![("en.toml", "{mean.theory} | {mean}", "{mean.theory} | {mean")], "the brace before `mean` is not closed"),
        (vec![("vi.toml", "10 ms", "11 ms")], "where does `11 ms` come from?"),
        (vec![("vi.toml", "83 thay vì 100 request", "83 thay vì 101 request")], "declare \"101 requests\" among the `facts`"),
        (vec![("vi.toml", "options.more = ", "options.mor = ")], "no words for the option `more`"),
        (vec![("vi.toml", "feedback.same = ", "feedback.more = ")], "there is no option that is wrong `more`"),
        (vec![("vi.toml", "goals.thrifty = ", "#")], "no words for the goal `thrifty`"),
        (vec![("en.toml", "[step.quiz]", "[step.quizz]")], "no words for the step `quiz`"),
    ] {
        let found = altered(&changes).map(|loaded| loaded.lesson.name).expect_err(&format!("{changes:?}"));
        assert!(found.contains(expected), "{changes:?} is not answered with `{expected}`:\n{found}");
    }
}

/// The code block of `lessons/README.md` that follows a text.
fn block_after(text: &str) -> String {
    let readme = include_str!("../lessons/README.md");
    let after = &readme[readme.find(text).expect("the text") + text.len()..];
    let start = after.find("```toml\n").expect("a block") + "```toml\n".len();
    let end = after[start..].find("```").expect("its end");
    after[start..start + end].to_owned()
}

#[test]
fn the_lesson_that_teaches_authors_is_proved() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("mine");
    fs::create_dir(&mine).expect("a folder");
    fs::write(mine.join("lesson.toml"), block_after("`lessons/mine/lesson.toml`")).expect("written");
    for lang in ["en", "vi"] {
        fs::write(mine.join(format!("{lang}.toml")), block_after(&format!("`lessons/mine/{lang}.toml`"))).expect("written");
    }
    let loaded = Lessons::load(&mine.display().to_string()).unwrap_or_else(|found| panic!("{found}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let proof = prove(&Arc::new(loaded.lesson), 3, &|| {});
    assert!(proof.holds(), "{:#?}", proof.findings);
}

#[test]
fn what_is_not_translated_yet_is_told_and_refused_by_the_proof() {
    let (en, vi) = (
        "summary = \"You can say why p99 jumps",
        "summary = \"Bạn giải thích được vì sao p99 nhảy vọt từ lâu trước khi server đầy, và biết phải làm gì trước khi chuyện đó xảy ra",
    );
    let copied = "summary = \"You can say why p99 jumps long before a server is full, and what to do about it before it does";
    for (changes, file, expected) in [
        (vec![("vi.toml", vi, copied), ("en.toml", en, "summary = \"You know why p99 jumps")], "02-queues/vi.toml:", "no letter of this is Vietnamese"),
        (vec![("vi.toml", vi, copied)], "02-queues/vi.toml:", "the same as in `en`"),
        (vec![("vi.toml", "{mean.theory} | {mean}", "{mean.theory} | 50")], "02-queues/vi.toml:", "it does not quote `{mean}`, as it does in `en`"),
        (vec![("en.toml", "{mean.theory} | {mean}", "{mean.theory} | 50")], "02-queues/en.toml:", "it does not quote `{mean}`, as it does in `vi`"),
    ] {
        let loaded = altered(&changes).unwrap_or_else(|found| panic!("{changes:?}:\n{found}"));
        let told = loaded.warnings.to_string();
        assert!(told.contains(expected) && told.contains(file), "{changes:?} is not answered with `{expected}` in {file}\n{told}");
        let proof = prove(&Arc::new(loaded.lesson), 1, &|| {});
        let refused = proof.findings.iter().any(|finding| finding.rule == Rule::BothLanguages && finding.seed.is_none());
        assert!(refused, "{changes:?}: {:#?}", proof.findings);
    }
}

#[test]
fn a_fact_that_no_text_says_is_remarked() {
    let loaded = altered(&[("lesson.toml", "[facts]\n", "[facts]\n\"17 days\" = { source = \"nothing\" }\n")]).unwrap_or_else(|found| panic!("{found}"));
    let told = loaded.warnings.to_string();
    assert!(told.contains("no text says `17 days`") && told.contains("02-queues/lesson.toml:"), "{told}");
}

#[test]
fn a_task_without_its_three_hints_is_remarked() {
    let changes = [
        ("lesson.toml", ", { cost = 2, do = { scale = { service = \"checkout\", instances = 2 } } }]", "]"),
        ("en.toml", "  \"A second instance.\",\n", ""),
        ("vi.toml", "  \"Thêm một instance thứ hai.\",\n", ""),
    ];
    let loaded = altered(&changes).unwrap_or_else(|found| panic!("{found}"));
    let told = loaded.warnings.to_string();
    assert!(told.contains("2 hints; there are three levels") && told.contains("02-queues/lesson.toml:") && told.contains("panel = \"inspector\""), "{told}");
}

#[test]
fn one_mistake_is_told_once() {
    let toml = "lesson.toml";
    for change in [
        (toml, "p99(\\\"users\\\", \\\"2m\\\") < 120 &&", "p99(\\\"usres\\\", \\\"2m\\\") < 120 &&"),
        (toml, "id = \"second\"", "id = \"eighty\""),
        (toml, "lasts = \"10m\"", "lasts = \"ten minutes\""),
    ] {
        let found = altered(&[change]).map(|loaded| loaded.lesson.name).expect_err("a mistake");
        let count = found.matches("error:").count() + found.matches("error[").count();
        let most = if change.1.starts_with("id") { 4 } else { 1 };
        assert!((1..=most).contains(&count), "{change:?}: {count}\n{found}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let changes = [("lesson.toml", "minutes = 10", "minutes = 0"), ("one-worker.toml", "workers = 1", "workers = 0"), ("vi.toml", "10 ms", "11 ms")];
    let found = altered(&changes).map(|loaded| loaded.lesson.name).expect_err("it has three mistakes");
    for file in ["lesson.toml:", "one-worker.toml:"] {
        assert!(found.contains(file), "{file}\n{found}");
    }
}

#[test]
fn a_proof_names_the_rule_that_a_lesson_breaks() {
    let toml = "lesson.toml";
    let solution = "solution = [{ after = \"3m\", do = { scale = { service = \"checkout\", instances = 2 } } }]";
    for (changes, rule) in [
        (vec![(toml, solution, "solution = [{ do = { scale = { service = \"checkout\", instances = 1 } } }]")], Rule::SolutionPasses),
        (
            vec![(
                toml,
                "[[{ after = \"3m\", do = { set-capacity = { service = \"checkout\", workers = 2 }",
                "[[{ after = \"3m\", do = { set-capacity = { service = \"checkout\", workers = 1 }",
            )],
            Rule::AlternativePasses,
        ),
        (
            vec![(
                toml,
                "goals.fast = { holds = \"p99(\\\"users\\\", \\\"2m\\\") < 120\", hold",
                "goals.fast = { holds = \"p99(\\\"users\\\", \\\"2m\\\") < 100000\", hold",
            )],
            Rule::NotReachedYet,
        ),
        (
            vec![
                (toml, "cpu-starvation = { stolen = \"16.6%\" }", "cpu-starvation = { stolen = \"0%\" }"),
                (toml, "rate = \"80/s\" } } }] }", "rate = \"40/s\" } } }] }"),
                (toml, "p99(\\\"users\\\", \\\"2m\\\") < 120\", hold", "now() > 200 && p99(\\\"users\\\", \\\"2m\\\") < 120\", hold"),
            ],
            Rule::UntouchedFails,
        ),
        (vec![(toml, "acted(\\\"restart\\\") > 0 &&", "acted(\\\"restart\\\") > 1 &&")], Rule::MisconceptionFails),
        (
            vec![(toml, "acted(\\\"restart\\\") > 0 && saturation(\\\"checkout\\\", \\\"10m\\\") > 0.85", "acted(\\\"scale\\\") > 0")],
            Rule::MisconceptionIsMistaken,
        ),
        (vec![(toml, "disabled = [\"set-load\"", "disabled = [\"scale\"")], Rule::NothingForbidden),
        (vec![(toml, "disabled = [\"set-load\"", "disabled = [\"scale\"")], Rule::HintIsLegal),
        (
            vec![
                (toml, "answer = \"more\"", "answer = \"factor\""),
                ("en.toml", "feedback.factor", "feedback.more"),
                ("vi.toml", "feedback.factor", "feedback.more"),
            ],
            Rule::PredictionComesTrue,
        ),
        (vec![(toml, "number = \"1000 / (100 - 50)\"", "number = \"1000 / (100 - 80)\"")], Rule::TheoryHolds),
        (
            vec![(toml, "\"50 %\" = { source = \"50/s of 100/s\", step = \"half\"", "\"50 %\" = { source = \"50/s of 100/s\", step = \"eighty\"")],
            Rule::NumberHolds,
        ),
    ] {
        let loaded = altered(&changes).unwrap_or_else(|found| panic!("{changes:?}:\n{found}"));
        let proof = prove(&Arc::new(loaded.lesson), 1, &|| {});
        assert!(proof.findings.iter().any(|finding| finding.rule == rule), "{rule:?} is not found: {:#?}", proof.findings);
    }
}
