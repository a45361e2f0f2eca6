//! Files that mean harm: each ends in a clear answer, soon, without a panic and without filling the memory.

use std::path::Path;

use fleetlab::content::{self, Diagnostics};

use super::{each, read};

/// Writes bytes into a file of a fresh folder and loads it.
fn load_bytes(bytes: &[u8]) -> Result<content::Loaded, Diagnostics> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hostile.toml");
    std::fs::write(&path, bytes).expect("write");
    content::load(&path.to_string_lossy())
}

#[track_caller]
fn refused(path: &Path) -> String {
    let found = content::load(&path.to_string_lossy()).expect_err("it must be refused");
    found.to_string()
}

#[test]
fn ten_megabytes_are_refused_unread() {
    let found = load_bytes(&vec![b'#'; 10_000_000]).expect_err("too large");
    assert!(found.is_unreadable());
    assert!(found.to_string().contains("larger than 1024 KiB"), "{found}");
    // The same from the app's editor, which has no file.
    assert!(read(&"#".repeat(10_000_000)).expect_err("too large").is_unreadable());
}

#[test]
fn deep_nesting_of_every_kind_is_refused() {
    let dots = vec!["a"; 50_000].join(".");
    for source in [
        format!("a = {}", "[".repeat(200_000)),
        format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("a = {}", "[{a=".repeat(100_000)),
        "[".repeat(500_000),
        format!("{dots} = 1"),
        format!("[{dots}]"),
        format!("[[{dots}]]"),
        format!("[{0}]\n{0} = {1}{2}", ["a"; 60].join("."), "[".repeat(60), "]".repeat(60)),
    ] {
        let found = read(&source).expect_err("too deep");
        let said = found.to_string();
        assert!(said.contains("nested more than 64 deep") || said.contains("error"), "{said}");
    }
    let steps = format!("{}{{ work = '1ms' }}{}", "{ repeat = { times = 1, steps = [".repeat(30), "] } }".repeat(30));
    let found = read(&format!("format_version = 1\nservices.a.endpoints.x.steps = [{steps}]")).expect_err("too deep");
    assert!(found.to_string().contains("nested more than 64 deep"), "{found}");
}

#[test]
fn nothing_but_mistakes_ends_soon() {
    for source in
        ["]".repeat(1_000_000), "=\n".repeat(500_000), "\"".repeat(1_000_000), "a = \"\\q\n".repeat(100_000), "[a]\n".repeat(200_000), "'''".repeat(300_000)]
    {
        let found = read(&source).expect_err("no scenario");
        assert!(found.len() <= 100);
        assert!(found.to_string().len() < 200_000, "what is said is bounded too");
    }
}

#[test]
fn more_of_everything_than_anybody_needs_is_refused() {
    let services = each(30_000, |n| format!("[services.s{n}]\n"));
    let unknown = each(80_000, |n| format!("k{n}=1\n"));
    let zones: Vec<String> = (0..50_000).map(|n| format!("'z{n}'")).collect();
    let faults = "[[faults]]\nat='1s'\nkind='crash'\nservice='a'\n".repeat(15_000);
    for (what, source) in [
        ("services", services),
        ("keys", unknown),
        ("zones", format!("zones = [{}]", zones.join(","))),
        ("faults", faults),
        ("instances", "[services.a]\ninstances = 1000000000000\nendpoints.x.steps = []".to_owned()),
        ("a rate", "[services.a.endpoints]\nx.steps = []\n[traffic.u]\nto = 'a.x'\nrate = '1000000000000/s'".to_owned()),
        ("a long line", format!("x = \"{}\"", "y".repeat(1_000_000))),
        ("a long name", format!("[services.\"{}\".endpoints]\nx.steps = [{{ call = 'b' }}]", "y".repeat(500_000))),
        ("loops", format!("services.a.endpoints.x.steps = [{}{{ work = '0s' }}{}]", "{repeat={times=1000,steps=[".repeat(12), "]}}".repeat(12))),
        ("copies", format!("services.a.endpoints.x.steps = [{}{{ work = '0s' }}{}]", "{parallel={times=10000,steps=[".repeat(12), "]}}".repeat(12))),
    ] {
        let found = read(&format!("format_version = 1\n{source}"));
        let found = found.map(|loaded| loaded.scenario.name).expect_err(what);
        assert!(found.to_string().len() < 200_000, "{what}: what is said is bounded too");
    }
}

/// Each endpoint calls the next: deep for a recursive walk, and harmless.
#[test]
fn a_chain_of_ten_thousand_calls_is_no_problem() {
    let endpoints = each(10_000, |n| format!("e{n}.steps = [{{ call = 'a.e{}' }}]\n", n + 1));
    let source = format!("format_version = 1\n[services.a.endpoints]\n{endpoints}e10000.steps = []\n[traffic.u]\nto = 'a.e0'\nrate = '1/s'");
    assert!(read(&source).is_ok());
}

/// Nine thousand faults without a name each get one, and as many actions find theirs.
#[test]
fn a_long_timeline_is_no_problem() {
    let faults = "[[faults]]\nat='1s'\nkind='crash'\nservice='a'\n".repeat(9_000);
    let clears = each(9_000, |n| format!("[[timeline]]\nat='2s'\ndo={{clear={{fault='crash-a-{}'}}}}\n", n + 1));
    let source = format!("format_version = 1\nservices.a.endpoints.x.steps = []\n[traffic.u]\nto = 'a.x'\nrate = '1/s'\n{faults}{clears}");
    let found = read(&source).expect_err("the first has no number");
    assert_eq!(found.len(), 1, "{found}");
}

/// Each endpoint calls the next twice: 2³⁰ calls.
#[test]
fn calls_that_double_at_each_hop_are_refused() {
    let endpoints = each(30, |n| format!("e{n}.steps = [{{ call = 'a.e{0}' }}, {{ call = 'a.e{0}' }}]\n", n + 1));
    let source = format!("format_version = 1\n[services.a.endpoints]\n{endpoints}e30.steps = []\n[traffic.u]\nto = 'a.e0'\nrate = '1/s'");
    let found = read(&source).expect_err("too many calls");
    assert!(found.to_string().contains("one request of `a.e"), "{found}");
}

#[test]
fn text_that_is_not_utf8_is_pointed_at() {
    let found = load_bytes(b"format_version = 1\ntitle.en = \"caf\xe9\"\n").expect_err("Latin-1");
    let first = found.iter().next().expect("a diagnostic");
    assert_eq!((first.line, first.column), (2, 16), "{found}");
    assert!(found.is_unreadable());
    assert!(load_bytes(&[0xff; 1_000]).is_err());
    assert!(load_bytes(b"\xef\xbb\xbfformat_version = 1\n").is_err_and(|found| !found.is_unreadable()), "a byte-order mark is fine, the rest is missing");
    assert!(load_bytes(b"\0\0\0\0").is_err());
}

/// Nothing from a file reaches the terminal as a control sequence.
#[test]
fn escape_sequences_are_shown_and_not_obeyed() {
    let found = read("format_version = 1\n\"\\u001b[31mred\" = 1\n[services.\"\\u001b]0;x\\u0007\"]\nendpoints.x.steps = []").expect_err("odd names");
    assert!(!found.to_string().contains('\x1b') && !found.to_string().contains('\x07'), "{found:?}");
    let raw = load_bytes(b"format_version = 1\ntitle.en = 5 # \x1b[2J\n").expect_err("a control character");
    assert!(!raw.to_string().contains('\x1b'), "{raw:?}");
}

#[test]
fn other_files_are_read_only_beside_the_scenario() {
    let outer = tempfile::tempdir().expect("a folder");
    let folder = outer.path().join("scenarios");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(outer.path().join("secret.toml"), "format_version = 1\nsecret = \"s3cr3t\"").expect("write");
    std::fs::write(outer.path().join("secret.csv"), "s3cr3t,1").expect("write");
    let secret = outer.path().join("secret");
    for name in ["../secret", "..", "./x", "sub/x", "a\\\\b", "/etc/passwd", &secret.to_string_lossy()] {
        let path = folder.join("a.toml");
        std::fs::write(&path, format!("format_version = 1\nextends = \"{name}\"")).expect("write");
        let said = refused(&path);
        assert!(said.contains("is not the name of a file beside the scenario") && !said.contains("s3cr3t"), "{name}: {said}");
        let counts = include_str!("../fixtures/mm1.toml").replace("rate = \"100/s\"", &format!("counts = \"{name}\""));
        std::fs::write(&path, counts).expect("write");
        assert!(refused(&path).contains("is not the name of a file beside the scenario"), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_the_folder_are_refused() {
    use std::os::unix::fs::symlink;
    let outer = tempfile::tempdir().expect("a folder");
    let folder = outer.path().join("scenarios");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(outer.path().join("secret.toml"), "secret = \"s3cr3t\"").expect("write");
    std::fs::write(outer.path().join("secret.csv"), "s3cr3t,1").expect("write");
    std::fs::write(folder.join("inside.toml"), include_str!("../fixtures/mm1.toml")).expect("write");
    symlink(outer.path().join("secret.toml"), folder.join("link.toml")).expect("link");
    symlink(outer.path().join("secret.csv"), folder.join("link.csv")).expect("link");
    symlink("inside.toml", folder.join("friend.toml")).expect("link");
    symlink("loop.toml", folder.join("loop.toml")).expect("link");

    std::fs::write(folder.join("a.toml"), "format_version = 1\nextends = \"link\"").expect("write");
    std::fs::write(folder.join("b.toml"), include_str!("../fixtures/mm1.toml").replace("rate = \"100/s\"", "counts = \"link.csv\"")).expect("write");
    for name in ["link.toml", "a.toml", "b.toml"] {
        let said = refused(&folder.join(name));
        assert!(said.contains("leads out of its folder") && !said.contains("s3cr3t"), "{name}: {said}");
    }
    refused(&folder.join("loop.toml"));
    assert!(content::load(&folder.join("friend.toml").to_string_lossy()).is_ok(), "a link inside the folder is fine");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(refused(folder.path()).contains("is not a file"));
    assert!(refused(&folder.path().join("missing.toml")).contains("cannot be read"));
    assert!(refused(Path::new("/dev/zero/x.toml")).contains("cannot be read"));
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_not_waited_for() {
    assert!(refused(Path::new("/dev/zero")).contains("is not a file"));
}
