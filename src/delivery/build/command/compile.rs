//! Compiling and packing the program, with the build tools that do everything from dependencies to tests.
//!
//! Compilers differ in how many lines a core gets through in a second and in how much of it one core does alone. To add
//! one, add its task and its line in [`RULES`].

use super::{Context, Family, Finds, Rule, Task, by_name, look_up, packages, verbs};
use crate::delivery::build::cost::Work;
use crate::delivery::check::SuiteKind::{Integration, Unit};

pub(super) const FAMILY: Family = Family { name: "compile", recognise };

/// A compiler that nobody knows more about: 1,500 lines in a core-second, a third of it on one core.
pub(super) fn program(context: &Context<'_>) -> Work {
    lines(context, 1_500.0, 0.33)
}

fn lines(context: &Context<'_>, per_core_second: f64, serial: f64) -> Work {
    Work::on_cores(f64::from(context.project.lines) / per_core_second, serial)
}

/// Packing what was compiled: an archiver on one core, 50 MB in a second.
fn pack(context: &Context<'_>) -> Work {
    Work::on_one_core(context.project.artifact.get() as f64 / 50e6)
}

fn compiled(context: &Context<'_>) -> Vec<String> {
    vec![format!("compiled {} lines", context.project.lines)]
}

fn compiled_and_tested(context: &Context<'_>) -> Vec<String> {
    vec![format!("compiled {} lines", context.project.lines), format!("{} unit tests passed", context.suite(Unit).1)]
}

pub(super) static BUILD: Task = Task::plain("build", |context| program(context).and(pack(context))).finding(&[Finds::Compiler]).saying(compiled);
/// The Java compiler is fast, but Maven builds one module after the other unless it is told otherwise.
static MAVEN_COMPILE: Task = Task::plain("mvn compile", maven_compile).finding(&[Finds::Compiler]).saying(compiled);
static MAVEN_PACKAGE_ONLY: Task =
    Task::plain("mvn package without tests", |context| maven_compile(context).and(pack(context))).finding(&[Finds::Compiler]).saying(compiled);
static MAVEN_TEST: Task = Task::plain("mvn test", |context| maven_compile(context).and(context.suite(Unit).0))
    .finding(&[Finds::Compiler, Finds::Suite(Unit)])
    .saying(compiled_and_tested);
static MAVEN_PACKAGE: Task = Task::plain("mvn package", |context| maven_compile(context).and(context.suite(Unit).0).and(pack(context)))
    .finding(&[Finds::Compiler, Finds::Suite(Unit)])
    .saying(compiled_and_tested);
static MAVEN_VERIFY: Task =
    Task::plain("mvn verify", |context| maven_compile(context).and(context.suite(Unit).0).and(pack(context)).and(context.suite(Integration).0))
        .finding(&[Finds::Compiler, Finds::Suite(Unit), Finds::Suite(Integration)])
        .saying(compiled_and_tested);
static MAVEN_OTHER: Task = Task::plain("mvn", |context| packages::maven(context).and(Work::on_one_core(2.0)));
/// It compiles modules side by side.
static GRADLE_ASSEMBLE: Task = Task::plain("gradle assemble", |context| gradle(context).and(pack(context))).finding(&[Finds::Compiler]).saying(compiled);
static GRADLE_BUILD: Task = Task::plain("gradle build", |context| gradle(context).and(context.suite(Unit).0).and(pack(context)))
    .finding(&[Finds::Compiler, Finds::Suite(Unit)])
    .saying(compiled_and_tested);
static GO_BUILD: Task =
    Task::plain("go build", |context| Work::on_one_core(0.5).and(lines(context, 4_000.0, 0.15))).finding(&[Finds::Compiler]).saying(compiled);
static DOTNET_BUILD: Task =
    Task::plain("dotnet build", |context| Work::on_one_core(3.0).and(lines(context, 3_000.0, 0.4))).finding(&[Finds::Compiler]).saying(compiled);
/// One process reads, checks and bundles.
static TYPESCRIPT: Task = Task::plain("tsc", |context| Work::on_one_core(2.0).and(lines(context, 1_500.0, 0.8))).finding(&[Finds::Compiler]).saying(compiled);
/// Dependencies are compiled, too: a second of a core for each.
static CARGO_BUILD: Task = Task::plain("cargo build", |context| {
    lines(context, 400.0, 0.3).and(Work::on_cores(f64::from(context.project.dependencies) * context.hits.missing(&["target"]), 0.2))
})
.finding(&[Finds::Compiler])
.saying(compiled);
/// Byte code only.
static PYTHON_BUILD: Task = Task::plain("python build", |context| Work::on_one_core(2.0).and(pack(context))).finding(&[Finds::Compiler]);

fn maven_compile(context: &Context<'_>) -> Work {
    packages::maven(context).and(lines(context, 2_000.0, 0.7))
}

fn gradle(context: &Context<'_>) -> Work {
    packages::gradle(context).and(lines(context, 2_000.0, 0.4))
}

const RULES: &[Rule] = &[
    Rule("go", "build|generate|run", &GO_BUILD),
    Rule("gox|goreleaser|protoc", "*", &GO_BUILD),
    Rule("dotnet", "build|publish|pack|msbuild|lambda|run", &DOTNET_BUILD),
    Rule("msbuild", "*", &DOTNET_BUILD),
    Rule("cargo", "build|check|rustc|lambda", &CARGO_BUILD),
    Rule("tsc|webpack|rollup|vite|esbuild|parcel|ng|next|nest|gulp|grunt|babel|nx|turbo|lerna|hugo|gatsby|jekyll|react-scripts", "*", &TYPESCRIPT),
    Rule("gcc|g++|clang|cmake|ninja|javac|rustc|swift|xcodebuild|mix|stack|cabal", "*", &BUILD),
    Rule("build|py_compile|compileall|cython|pyinstaller|shiv", "*", &PYTHON_BUILD),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    let program = *words.first()?;
    let (verb, next) = verbs(words);
    match program {
        "mvn" | "mvnw" => Some(maven(words)),
        "gradle" | "gradlew" => Some(gradle_task(words)),
        "ant" | "sbt" | "bazel" | "bazelisk" | "buck" | "pants" => by_name(verb).or(Some(&BUILD)),
        // What a target does, its name tells; the default target builds.
        "make" | "gmake" | "just" | "task" | "rake" | "invoke" | "fab" => {
            let targets = words[1..].iter().filter(|word| !word.starts_with('-') && !word.contains('=') && !word.contains('/'));
            let known = targets.clone().find_map(|target| by_name(target));
            known.or(if targets.count() == 0 { Some(&BUILD) } else { None })
        }
        "python" | "python3" if verb == "setup.py" => {
            if next.contains("test") {
                by_name("test")
            } else {
                Some(&PYTHON_BUILD)
            }
        }
        // Front-end tools do much more than building.
        _ if matches!(verb, "test" | "lint") => None,
        _ => look_up(RULES, program, (verb, next)),
    }
}

fn maven(words: &[&str]) -> &'static Task {
    let skips = words.iter().any(|word| word.starts_with("-DskipTests") || word.starts_with("-Dmaven.test.skip"));
    let goals: Vec<&str> = words[1..].iter().copied().filter(|word| !word.starts_with('-')).collect();
    let reaches = |phases: &[&str]| goals.iter().any(|goal| phases.contains(goal));
    if goals.iter().any(|goal| goal.starts_with("sonar:")) {
        &super::scan::ANALYSIS
    } else if goals.iter().any(|goal| goal.contains("dependency-check")) {
        &super::scan::SCAN
    } else if goals.iter().any(|goal| goal.starts_with("checkstyle:") || goal.starts_with("spotless:")) {
        &super::lint::LINT
    } else if reaches(&["verify", "install", "deploy", "integration-test"]) {
        if skips { &MAVEN_PACKAGE_ONLY } else { &MAVEN_VERIFY }
    } else if reaches(&["package"]) {
        if skips { &MAVEN_PACKAGE_ONLY } else { &MAVEN_PACKAGE }
    } else if reaches(&["test"]) {
        &MAVEN_TEST
    } else if reaches(&["compile", "test-compile", "process-classes"]) || goals.iter().any(|goal| goal.starts_with("jib:") || goal.starts_with("spring-boot:"))
    {
        &MAVEN_COMPILE
    } else {
        &MAVEN_OTHER
    }
}

fn gradle_task(words: &[&str]) -> &'static Task {
    let tasks: Vec<&str> = words[1..].iter().copied().filter(|word| !word.starts_with('-')).map(|word| word.rsplit(':').next().unwrap_or(word)).collect();
    let skips = words.windows(2).any(|pair| matches!(pair, ["-x" | "--exclude-task", "test"]));
    if tasks.iter().any(|task| matches!(*task, "build" | "check") && !skips) {
        &GRADLE_BUILD
    } else if tasks.iter().any(|task| task.to_ascii_lowercase().contains("integration")) {
        &super::tests::INTEGRATION
    } else if tasks.iter().any(|task| task.starts_with("test") && !skips) {
        &GRADLE_BUILD
    } else {
        &GRADLE_ASSEMBLE
    }
}

#[cfg(test)]
mod tests {
    use super::super::recognise;

    #[test]
    fn goals_and_targets_say_what_is_done() {
        for (command, task) in [
            ("mvn clean verify install", "mvn verify"),
            ("./mvnw -B package -DskipTests", "mvn package without tests"),
            ("mvn package -Pdocker -Ddocker.tag=x", "mvn package"),
            ("mvn compile -Dgpg.skip=true", "mvn compile"),
            ("mvn --version", "mvn"),
            ("./gradlew assembleDebug", "gradle assemble"),
            ("gradle :app:build", "gradle build"),
            ("gradle build -x test", "gradle assemble"),
            ("go build x.go", "go build"),
            ("make", "build"),
            ("make -C ./x/y docker-release TARGET_OS=windows", "build"),
            ("make integ-test", "integration tests"),
            ("make build-e2e", "build"),
            ("python setup.py sdist bdist_wheel", "python build"),
            ("dotnet publish x -c Release", "dotnet build"),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(recognise(&words).map(|found| found.task.name), Some(task), "{command}");
        }
    }
}
