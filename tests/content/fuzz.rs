//! Whatever the bytes, reading ends with a scenario or with diagnostics whose positions lie in the file.

use fleetlab::content::{self, Diagnostics, Folder};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SEEDS: [&str; 2] = [include_str!("../fixtures/shop.toml"), include_str!("../fixtures/mm1.toml")];

/// Reads a text and looks at everything that comes back.
fn survives(text: &str) {
    let check = |found: &Diagnostics| {
        for one in found {
            // The pieces may make it extend a shipped scenario, and mistakes then point into that one.
            let inside = one.end <= text.len() || one.file != "fuzz.toml";
            assert!(inside && one.start <= one.end && one.line >= 1 && one.column >= 1, "{one:?}");
            assert!(!one.message.is_empty());
        }
        let _ = found.render(true);
    };
    match content::read_str("fuzz", "fuzz.toml", text, &Folder::Nowhere) {
        Ok(loaded) => {
            check(&loaded.warnings);
            keeps_its_promises(&loaded.scenario);
        }
        Err(found) => {
            assert!(found.has_errors());
            check(&found);
        }
    }
}

/// What the model promises to the kernel at its fields.
fn keeps_its_promises(scenario: &fleetlab::scenario::Scenario) {
    let model = &scenario.model;
    assert!(!model.zones.is_empty());
    assert_eq!((model.services.len(), model.services.len()), (scenario.fleet.len(), scenario.kinds.len()));
    for service in &model.services {
        assert!(!service.versions.is_empty() && !service.endpoints.is_empty() && service.server.workers > 0);
    }
    for source in &model.sources {
        assert!(
            !source.mix.is_empty()
                && source.population > 0
                && source.mix.iter().all(|(endpoint, weight)| *weight > 0.0 && endpoint.index() < model.endpoints.len())
        );
    }
    assert!(scenario.fleet.iter().all(|fleet| !fleet.zones.is_empty()));
    assert!(scenario.timeline.is_sorted_by_key(|timed| timed.at));
}

/// Pieces that mean something, so that mutations reach deep.
fn pieces() -> impl Strategy<Value = String> {
    let known = select(vec![
        "[services.web]",
        "[services.web.endpoints.home]",
        "[traffic.u]",
        "[[faults]]",
        "[[timeline]]",
        "steps = [",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\n",
        "\"",
        "'",
        "'''",
        "\\u0000",
        "call = \"web.home\"",
        "work = \"1ms\"",
        "extends = \"shop\"",
        "extends = \"mm1\"",
        "-1",
        "1e400",
        "nan",
        "inf",
        "0",
        "99999999999999999999",
        "\"0s\"",
        "\"-5ms\"",
        "\"1e30h\"",
        "true",
        "1979-05-27",
        "parallel",
        "repeat",
        "times",
        "probability",
        "versions.v2 = {}",
        "version = \"v2\"",
        "\u{feff}",
        "\u{202e}",
        "🦀",
        "#",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

/// A few cases on every run; `PROPTEST_CASES=5000 cargo test --test content fuzz` looks longer.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { 96 };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_ends(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fuzz.toml");
        std::fs::write(&path, bytes).expect("write");
        if let Err(found) = content::load(&path.to_string_lossy()) {
            let _ = found.render(false);
        }
    }

    #[test]
    fn any_soup_of_pieces_ends(pieces in prop::collection::vec(pieces(), 0..60)) {
        survives(&pieces.concat());
    }

    #[test]
    fn a_right_file_with_pieces_put_in_ends(seed in select(SEEDS.to_vec()), edits in prop::collection::vec((any::<Index>(), pieces()), 1..8)) {
        let mut text = seed.to_owned();
        for (at, piece) in edits {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            text.insert_str(at, &piece);
        }
        survives(&text);
    }

    #[test]
    fn a_right_file_with_lines_lost_repeated_and_moved_ends(seed in select(SEEDS.to_vec()), edits in prop::collection::vec((any::<Index>(), any::<Index>(), 0..3_u8), 1..12)) {
        let mut lines: Vec<&str> = seed.lines().collect();
        for (from, to, edit) in edits {
            let (from, to) = (from.index(lines.len()), to.index(lines.len()));
            match edit {
                0 if lines.len() > 1 => drop(lines.remove(from)),
                1 => lines.insert(to, lines[from]),
                _ => lines.swap(from, to),
            }
        }
        survives(&lines.join("\n"));
    }

    /// Numbers are replaced by impossible ones: either refused, or harmless.
    #[test]
    fn a_right_file_with_other_numbers_ends(at in any::<Index>(), number in select(vec!["-1", "0", "nan", "inf", "1e308", "4294967296", "0.5", "\"\"", "[]", "{}", "false"])) {
        let seed = SEEDS[0];
        let numbers: Vec<(usize, &str)> = seed.match_indices(|c: char| c.is_ascii_digit()).collect();
        let (start, _) = numbers[at.index(numbers.len())];
        let end = seed[start..].find(|c: char| !c.is_ascii_digit()).map_or(seed.len(), |length| start + length);
        survives(&format!("{}{number}{}", &seed[..start], &seed[end..]));
    }
}
