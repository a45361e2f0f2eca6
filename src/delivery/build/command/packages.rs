//! Packages: what a project depends on, and tools of the build environment.
//!
//! An installer resolves the list, fetches what its cache does not have, and unpacks. Which folders it keeps decides
//! whether a cache helps: `npm ci` throws `node_modules` away and unpacks everything again, so caching that folder does
//! nothing for it. To add a tool, add its [`Installer`] and its line in [`RULES`].

use super::compile::BUILD;
use super::deploy::PUBLISH;
use super::scan::SCAN;
use super::{Context, Family, Rule, Task, by_name, look_up, verbs};
use crate::delivery::build::cost::Work;

pub(super) const FAMILY: Family = Family { name: "packages", recognise };

/// How an installer works.
#[derive(Debug, Clone, Copy)]
struct Installer {
    /// Until it does something [s].
    startup: f64,
    /// Folders from which it takes what is there.
    folders: &'static [&'static str],
    /// Unpacking and linking of one package [core-s].
    unpacking: f64,
    /// Asking for one package [s]; several are asked for at the same time.
    asking: f64,
    /// Share of the unpacking that is done even for packages that are there [1].
    again: f64,
}

/// Thousands of small files: unpacking dominates.
const NPM_CI: Installer = Installer { startup: 1.5, folders: &[".npm"], unpacking: 0.03, asking: 0.012, again: 1.0 };
const NPM_INSTALL: Installer = Installer { folders: &["node_modules", ".npm"], again: 0.2, ..NPM_CI };
const YARN: Installer = Installer { folders: &["node_modules", ".yarn", ".cache/yarn"], unpacking: 0.025, again: 0.3, ..NPM_CI };
/// It links from one store instead of copying.
const PNPM: Installer = Installer { folders: &["node_modules", "pnpm"], unpacking: 0.012, again: 0.2, ..NPM_CI };
/// Wheels are few and large, and resolved one after the other.
const PIP: Installer = Installer { startup: 1.0, folders: &[".cache/pip", "pip", "venv", "site-packages"], unpacking: 0.05, asking: 0.05, again: 0.5 };
const POETRY: Installer = Installer { startup: 2.0, folders: &["pypoetry", "venv", ".cache/pip"], ..PIP };
const PIPENV: Installer = Installer { startup: 3.0, folders: &["pipenv", "venv", ".cache/pip"], ..PIP };
/// It starts a virtual machine, then asks for descriptions one after the other.
const MAVEN_REPOSITORY: Installer = Installer { startup: 2.5, folders: &[".m2"], unpacking: 0.002, asking: 0.05, again: 0.1 };
const GRADLE_HOME: Installer = Installer { startup: 6.0, folders: &[".gradle"], unpacking: 0.003, asking: 0.03, again: 0.1 };
const GO_MODULES: Installer = Installer { startup: 0.3, folders: &["pkg/mod", "go/pkg", "/go/", "vendor"], unpacking: 0.01, asking: 0.02, again: 0.0 };
const NUGET: Installer = Installer { startup: 2.0, folders: &[".nuget"], unpacking: 0.01, asking: 0.02, again: 0.1 };
const BUNDLER: Installer = Installer { startup: 1.5, folders: &["vendor/bundle", ".bundle", "gems"], unpacking: 0.05, asking: 0.02, again: 0.1 };
const COMPOSER: Installer = Installer { startup: 1.0, folders: &["vendor", ".composer"], unpacking: 0.02, asking: 0.01, again: 0.1 };
const CARGO_REGISTRY: Installer = Installer { startup: 0.5, folders: &[".cargo"], unpacking: 0.01, asking: 0.01, again: 0.0 };

macro_rules! install {
    ($( $(#[$doc:meta])* $task:ident = $name:literal, $installer:ident; )+) => {
        $( $(#[$doc])* static $task: Task = Task::plain($name, |context| install(context, $installer)).saying(|context| installed(context, $installer)); )+
    };
}
install! {
    NPM_CI_TASK = "npm ci", NPM_CI;
    NPM_TASK = "npm install", NPM_INSTALL;
    YARN_TASK = "yarn install", YARN;
    PNPM_TASK = "pnpm install", PNPM;
    PIP_TASK = "pip install", PIP;
    POETRY_TASK = "poetry install", POETRY;
    PIPENV_TASK = "pipenv install", PIPENV;
    MAVEN_TASK = "mvn dependency", MAVEN_REPOSITORY;
    GRADLE_TASK = "gradle dependencies", GRADLE_HOME;
    GO_TASK = "go mod", GO_MODULES;
    NUGET_TASK = "dotnet restore", NUGET;
    BUNDLER_TASK = "bundle install", BUNDLER;
    COMPOSER_TASK = "composer install", COMPOSER;
    CARGO_TASK = "cargo fetch", CARGO_REGISTRY;
}

/// Lists of a distribution's packages: some 30 MB.
static APT_UPDATE: Task = Task::plain("apt-get update", |_| Work::on_one_core(2.0).fetching(30e6).and_waiting(1.0));
/// A package of a distribution and what it needs: 5 MB, and a second to set up.
static APT_INSTALL: Task =
    Task::plain("apt-get install", |context| Work::on_one_core(1.0 + named(context.words)).fetching(5e6 * named(context.words)).and_waiting(0.5))
        .saying(|context| vec![format!("{} packages set up", named(context.words))]);
/// Everything that a few months of updates bring.
static UPGRADE: Task = Task::plain("upgrade of packages", |_| Work::on_one_core(15.0).fetching(100e6).and_waiting(2.0));
/// Tools fetched by a script or a version manager: an archive of 60 MB.
pub(super) static TOOLS: Task = Task::plain("install tools", |_| Work::on_one_core(4.0).fetching(60e6).and_waiting(1.0));
/// Only asks or writes its own settings.
static ASK: Task = Task::plain("package manager", |_| Work::on_one_core(0.5));

const RULES: &[Rule] = &[
    Rule("npm", "ci|clean-install", &NPM_CI_TASK),
    Rule("npm", "install|i|add|update|rebuild|link|prune", &NPM_TASK),
    Rule("npm|pnpm|yarn|cargo|poetry", "publish", &PUBLISH),
    Rule("twine", "upload", &PUBLISH),
    Rule("gem", "push", &PUBLISH),
    Rule("dotnet", "nuget push", &PUBLISH),
    Rule("npm|pnpm|yarn", "audit", &SCAN),
    Rule("yarn", "|install|add", &YARN_TASK),
    Rule("pnpm", "install|i|add", &PNPM_TASK),
    Rule("npm|pnpm|yarn", "config|cache|set|global|workspaces|version|list|view|pack|exec|login|whoami|bin|root", &ASK),
    Rule("npm|pip|gem|poetry", "", &ASK),
    Rule("corepack|gem|pip|poetry|pipenv|bundle", "config|set|version|list|show|enable|cache|env|check|lock|export", &ASK),
    Rule("pip|uv", "install|download|wheel|pip|sync", &PIP_TASK),
    Rule("easy_install|conda", "*", &PIP_TASK),
    Rule("poetry", "install|add|update", &POETRY_TASK),
    Rule("poetry", "build", &BUILD),
    Rule("pipenv", "install|sync", &PIPENV_TASK),
    Rule("gradle|gradlew", "dependencies", &GRADLE_TASK),
    Rule("go", "get|mod|install", &GO_TASK),
    Rule("dep", "ensure", &GO_TASK),
    Rule("dotnet", "restore|tool", &NUGET_TASK),
    Rule("nuget", "restore", &NUGET_TASK),
    Rule("dotnet", "nuget|codeartifact-creds|new|add|sln|dev-certs", &ASK),
    Rule("bundle", "|install|update", &BUNDLER_TASK),
    Rule("gem", "install|update", &BUNDLER_TASK),
    Rule("composer", "install|update|require", &COMPOSER_TASK),
    Rule("cargo", "fetch|install|add", &CARGO_TASK),
    // With yum and its successor, `update` installs what is newer.
    Rule("yum|dnf", "update", &UPGRADE),
    Rule("apt-get|apt|apk|yum|dnf|microdnf", "update|makecache|clean", &APT_UPDATE),
    Rule("apt-get|apt|apk|yum|dnf|microdnf", "install|add|reinstall|groupinstall|localinstall", &APT_INSTALL),
    Rule("amazon-linux-extras|brew|choco|snap", "install", &APT_INSTALL),
    Rule("dpkg|rpm", "*", &APT_INSTALL),
    Rule("apt-get|apt|apk|yum|dnf", "upgrade|dist-upgrade", &UPGRADE),
    Rule("apt-get|apt|apk|yum|dnf|apt-key|add-apt-repository|yum-config-manager|amazon-linux-extras", "*", &ASK),
    Rule("goenv|nvm|n|pyenv|rbenv|tfenv|jenv|sdk|asdf|rustup|volta", "install|update|toolchain", &TOOLS),
    Rule("goenv|nvm|n|pyenv|rbenv|tfenv|jenv|sdk|asdf|rustup|volta", "*", &ASK),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    let program = *words.first()?;
    let (verb, next) = verbs(words);
    // `pip3`, `pip3.11` and their kin.
    let program = if program.starts_with("pip") && program[3..].starts_with(|c: char| c.is_ascii_digit()) { "pip" } else { program };
    match (program, verb) {
        ("npm" | "pnpm" | "yarn", "run" | "run-script") => by_name(next),
        ("npm" | "pnpm", "test" | "t" | "start") => by_name("test"),
        ("mvn" | "mvnw", goal) if goal.starts_with("dependency:") => Some(&MAVEN_TASK),
        // Whatever else follows is a script of package.json.
        ("yarn" | "pnpm", script) => look_up(RULES, program, (verb, next)).or_else(|| by_name(script)),
        _ => look_up(RULES, program, (verb, next)),
    }
}

/// Packages that are named on the command line, after the verb that installs them.
fn named(words: &[&str]) -> f64 {
    const VERBS: [&str; 9] = ["install", "i", "add", "get", "require", "reinstall", "groupinstall", "localinstall", "-i"];
    let mut rest = words.iter().copied().skip_while(|word| !VERBS.contains(word)).skip(1);
    let mut count = 0_u32;
    while let Some(word) = rest.next() {
        match word {
            // A list in a file is not a package, and its name is a word of its own.
            "-r" | "--requirement" | "-c" | "--constraint" => {
                rest.next();
            }
            _ if word.starts_with(['-', '.', '<', '>']) => {}
            _ => count += 1,
        }
    }
    f64::from(count)
}

/// How many packages a command installs, and the share of them that no cache has.
fn extent(context: &Context<'_>, installer: Installer) -> (f64, f64) {
    // A tool and what it needs: some eight packages that no cache of the project holds.
    match named(context.words) {
        0.0 => (f64::from(context.project.dependencies), context.hits.missing(installer.folders)),
        tools => (8.0 * tools, 1.0),
    }
}

fn install(context: &Context<'_>, installer: Installer) -> Work {
    let (packages, missing) = extent(context, installer);
    of(context, installer, packages, missing)
}

fn of(context: &Context<'_>, installer: Installer, packages: f64, missing: f64) -> Work {
    let unpacked = packages * (missing + (1.0 - missing) * installer.again);
    // Two thirds of unpacking is spread over cores; the rest is the file system's.
    Work::on_one_core(installer.startup)
        .and(Work::on_cores(unpacked * installer.unpacking, 0.35))
        .fetching(packages * missing * context.project.package.get() as f64)
        .and_waiting(packages * missing * installer.asking)
}

fn installed(context: &Context<'_>, installer: Installer) -> Vec<String> {
    let (packages, missing) = extent(context, installer);
    vec![format!("{} packages, {} of them fetched", packages as u64, (packages * missing).round() as u64)]
}

/// All dependencies with no cache at all, as inside of an image.
pub(super) fn everything(context: &Context<'_>) -> Work {
    of(context, NPM_CI, f64::from(context.project.dependencies), 1.0)
}

/// What Maven fetches before it compiles.
pub(super) fn maven(context: &Context<'_>) -> Work {
    of(context, MAVEN_REPOSITORY, f64::from(context.project.dependencies), context.hits.missing(MAVEN_REPOSITORY.folders))
}

/// What Gradle fetches before it compiles.
pub(super) fn gradle(context: &Context<'_>) -> Work {
    of(context, GRADLE_HOME, f64::from(context.project.dependencies), context.hits.missing(GRADLE_HOME.folders))
}

#[cfg(test)]
mod tests {
    use super::super::recognise;
    use super::named;

    #[test]
    fn installers_are_told_apart_by_their_verbs() {
        for (command, task) in [
            ("npm ci --prefer-offline", "npm ci"),
            ("npm install -g npm@6.4.1", "npm install"),
            ("yarn --frozen-lockfile", "yarn install"),
            ("yarn", "yarn install"),
            ("pnpm i", "pnpm install"),
            ("pip3.11 install -r requirements.txt", "pip install"),
            ("poetry install --no-root", "poetry install"),
            ("go mod download", "go mod"),
            ("dotnet restore x.sln", "dotnet restore"),
            ("bundle install --jobs 4", "bundle install"),
            ("apt-get -y update", "apt-get update"),
            ("yum update -y", "upgrade of packages"),
            ("yum install -y jq", "apt-get install"),
            ("mvn dependency:go-offline", "mvn dependency"),
            ("dotnet nuget push x", "publish"),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(recognise(&words).map(|found| found.task.name), Some(task), "{command}");
        }
    }

    #[test]
    fn packages_on_the_command_line_are_counted() {
        for (command, count) in [
            ("npm install", 0.0),
            ("npm install -g a b@1", 2.0),
            ("pip install -r requirements.txt", 0.0),
            ("pip install -e .", 0.0),
            ("apt-get -y install jq curl", 2.0),
            ("dotnet restore x.sln", 0.0),
            ("go get github.com/a/b", 1.0),
            ("go mod vendor", 0.0),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert!((named(&words) - count).abs() < 0.5, "{command}");
        }
    }
}
