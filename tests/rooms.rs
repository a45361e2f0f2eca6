//! Keeps the rooms of `src/` apart: who may use whom, that every file says what it is, that nothing lies unregistered.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the lowest to the highest. A room may use itself and those above it in this list; rooms on one line know
/// nothing of each other.
const ROOMS: &[&[&str]] = &[
    &["choice", "figures", "ids", "lang", "phrase", "rng", "units", "wording"],
    &["kernel"],
    &["telemetry"],
    &["insight"],
    &["delivery", "fleet"],
    &["scenario"],
    &["lab"],
    &["lesson"],
    &["content"],
    &["learner", "report"],
    &["cli", "ui"],
];

/// The lowest rooms build on each other in this order.
const FOUNDATION: &[(&str, &[&str])] =
    &[("choice", &["units"]), ("figures", &[]), ("ids", &[]), ("lang", &["phrase"]), ("phrase", &[]), ("rng", &[]), ("units", &[]), ("wording", &[])];

/// Folders in which each file is one thing of a kind: their `mod.rs` declares it, and where it has a list of names to
/// choose from (`true`) also takes it into that list. What is declared and not used the compiler reports by itself.
const REGISTRIES: &[(&str, bool)] = &[
    ("cli", false),
    ("delivery/branch", true),
    ("fleet/deploy", true),
    ("fleet/fault", true),
    ("insight/judge", false),
    ("kernel/balance", true),
    ("kernel/resilience", true),
    ("kernel/traffic", true),
    ("lesson/function", false),
    ("ui/panels", false),
];

/// Files longer than this are cut along their concepts. About 400 lines is the aim; this is where it is missed by far.
const LONGEST: usize = 1_000;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file under a folder, sorted.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the file is readable")
}

/// A file's path within `src/`, for messages.
fn shown(path: &Path) -> String {
    path.strip_prefix(source()).expect("it lies in src").display().to_string()
}

/// The room in which a file lies; `None` for `main.rs` and `lib.rs`, which put the rooms together.
fn room_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(source()).expect("it lies in src");
    let first = inside.components().next().expect("a file").as_os_str().to_string_lossy().into_owned();
    match first.as_str() {
        "main.rs" | "lib.rs" => None,
        name => Some(name.trim_end_matches(".rs").to_string()),
    }
}

fn height(room: &str) -> Option<usize> {
    ROOMS.iter().position(|level| level.contains(&room))
}

fn may_use(room: &str, other: &str) -> bool {
    if room == other {
        return true;
    }
    if let Some((_, allowed)) = FOUNDATION.iter().find(|(name, _)| *name == room) {
        return allowed.contains(&other);
    }
    match (height(room), height(other)) {
        (Some(from), Some(to)) => to < from,
        _ => false,
    }
}

/// The code of a line, without a comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// The rooms that a text names as `crate::room`, or in a group as `crate::{room::…, other::…}`.
fn rooms_used(text: &str) -> Vec<String> {
    let code: String = text.lines().map(code).collect::<Vec<_>>().join("\n");
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` in a macro is the same crate; `other_crate::` is not.
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            None => rooms.push(name(rest)),
            Some(group) => {
                let (mut depth, mut start) = (0, true);
                for (at, character) in group.char_indices() {
                    if start && depth == 0 && !character.is_whitespace() {
                        rooms.push(name(&group[at..]));
                        start = false;
                    }
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        _ => {}
                    }
                }
            }
        }
    }
    rooms.retain(|room| height(room).is_some());
    rooms
}

/// The code of a file, and the tests at its end; a file `tests.rs` is nothing but tests.
fn without_tests<'a>(path: &Path, text: &'a str) -> (&'a str, &'a str) {
    if path.file_stem().is_some_and(|stem| stem == "tests") {
        return ("", text);
    }
    text.split_at(text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len()))
}

#[test]
fn rooms_use_only_rooms_below_them() {
    let mut wrong = Vec::new();
    for path in rust_files(&source()) {
        let Some(room) = room_of(&path) else { continue };
        let text = read(&path);
        let (code, tests) = without_tests(&path, &text);
        // Worlds to try something on are best written as scenarios, whatever is tried.
        let tried = rooms_used(tests).into_iter().filter(|other| other != "content");
        for other in rooms_used(code).into_iter().chain(tried) {
            if !may_use(&room, &other) {
                wrong.push(format!("{}: {room} uses {other}", shown(&path)));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "rooms above are used:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_has_its_place() {
    let unknown: Vec<_> = rust_files(&source()).iter().filter_map(|path| room_of(path)).filter(|room| height(room).is_none()).collect();
    assert!(unknown.is_empty(), "give these rooms a place in ROOMS: {unknown:?}");
}

#[test]
fn every_file_says_what_it_is() {
    let folders = ["src", "tests", "benches"].map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    for path in folders.iter().filter(|folder| folder.exists()).flat_map(|folder| rust_files(folder)) {
        let text = read(&path);
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 20, "{}: the first line says what the file is, as `//! …`, not `{first}`", path.display());
    }
}

#[test]
fn every_file_is_registered_where_its_folder_lists_its_kind() {
    let mut missing = Vec::new();
    for (folder, has_list) in REGISTRIES {
        let folder = source().join(folder);
        let registry = read(&folder.join("mod.rs"));
        for entry in fs::read_dir(&folder).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            let is_module = path.extension().is_some_and(|extension| extension == "rs") || path.join("mod.rs").exists();
            if !is_module || name == "mod" {
                continue;
            }
            let is_tests = registry.contains(&format!("#[cfg(test)]\nmod {name};"));
            let is_listed = registry.contains(&format!("{name}::")) || registry.contains(&format!("pub mod {name};"));
            if !registry.contains(&format!("mod {name};")) || (*has_list && !is_tests && !is_listed) {
                missing.push(shown(&path));
            }
        }
    }
    assert!(missing.is_empty(), "registered nowhere: {missing:?}");
}

#[test]
fn files_are_cut_along_their_concepts() {
    let long: Vec<_> =
        rust_files(&source()).into_iter().map(|path| (read(&path).lines().count(), shown(&path))).filter(|(lines, _)| *lines > LONGEST).collect();
    assert!(long.is_empty(), "too long: {long:?}");
}

#[test]
fn the_check_itself_sees_what_is_wrong() {
    assert!(may_use("fleet", "kernel") && !may_use("kernel", "fleet"));
    assert!(!may_use("cli", "ui") && !may_use("insight", "fleet") && !may_use("units", "ids"));
    let text = "use crate::kernel::model::Model;\nuse crate::{fleet::{a, b}, ui};\n// crate::lab is only talked about\nfn f() { crate::cli::main(); other_crate::ui::x(); }";
    assert_eq!(rooms_used(text), ["kernel", "fleet", "ui", "cli"]);
    let file = "use crate::kernel::Row;\n\n#[cfg(test)]\nmod tests {\n    use crate::content::load;\n}\n";
    let (code, tests) = without_tests(Path::new("src/fleet/life.rs"), file);
    assert_eq!((rooms_used(code), rooms_used(tests)), (vec!["kernel".to_owned()], vec!["content".to_owned()]));
    assert!(without_tests(Path::new("src/fleet/tests.rs"), "use crate::content::load;").0.is_empty());
}
