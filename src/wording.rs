//! Words for diagnostics: showing names that strangers wrote, guessing which one was meant, listing what there is.

/// Names longer than this [characters] are nobody's slip of the pen.
const LONGEST: usize = 100;

/// A text from a file as it may be shown in a sentence: one line, no control characters, not too long.
pub(crate) fn shown(text: &str) -> String {
    let mut cut: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        cut.push('…');
    }
    cut
}

/// The known name that was probably meant, if one is near enough.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length > LONGEST {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' ', '.'], "_");
    let wanted = plain(name);
    let most = (length / 3).max(1);
    let mut best: Option<((usize, bool), &str)> = None;
    for candidate in known {
        if candidate.chars().count().abs_diff(length) > most {
            continue;
        }
        let plain = plain(candidate);
        // Of two that are equally near, the one that begins alike: few people miss the first letter.
        let rank = (strsim::damerau_levenshtein(&wanted, &plain), plain.chars().next() != wanted.chars().next());
        if rank.0 <= most && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The names that there are, for a help text; at most a dozen.
pub(crate) fn listed<'a>(known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known = known.into_iter();
    let names: Vec<String> = known.by_ref().take(12).map(|name| format!("`{}`", shown(name))).collect();
    if names.is_empty() {
        return None;
    }
    let more = if known.next().is_some() { ", …" } else { "" };
    Some(format!("{}{more}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_only_when_it_is_near() {
        let known = ["orders", "payments", "round-robin", "least_outstanding"];
        assert_eq!(nearest("ordrs", known), Some("orders"));
        assert_eq!(nearest("Orders", known), Some("orders"));
        assert_eq!(nearest("round_robin", known), Some("round-robin"));
        assert_eq!(nearest("shipping", known), None);
        assert_eq!(nearest("wb", ["db", "web"]), Some("web"), "begins alike");
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
    }

    #[test]
    fn texts_from_files_cannot_write_to_the_terminal() {
        assert_eq!(shown("a\x1b[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 61);
    }
}
