//! Names that do not fit, shortened so that they can still be told apart: `post-storage-mongodb` becomes `post…mongodb`.

use std::collections::BTreeSet;

/// Each name in at most `most` characters, no two alike if there is any way. What fits stays as it is; of the others the
/// middle goes, and the word `service` at the end before anything else.
pub(crate) fn shortened(names: &[&str], most: usize) -> Vec<String> {
    let most = most.max(3);
    let fits = |name: &str| name.chars().count() <= most;
    let mut taken: BTreeSet<String> = names.iter().filter(|name| fits(name)).map(|name| (*name).to_owned()).collect();
    let shorten = |name: &&str| {
        if fits(name) {
            return (*name).to_owned();
        }
        let candidates = candidates(name, most);
        let chosen = candidates.iter().find(|candidate| !taken.contains(*candidate)).unwrap_or(&candidates[0]).clone();
        taken.insert(chosen.clone());
        chosen
    };
    names.iter().map(shorten).collect()
}

/// Ways to write a name in `most` characters, best first; there is at least one.
fn candidates(name: &str, most: usize) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(rest) = name.strip_suffix("service") {
        all.push(format!("{}…", rest.trim_end_matches(['-', '_', ' '])));
    }
    let words: Vec<&str> = name.split(['-', '_', ' ']).collect();
    if let [first, .., last] = words[..] {
        all.push(format!("{first}…{last}"));
    }
    all.retain(|candidate| candidate.chars().count() <= most);
    let letters: Vec<char> = name.chars().collect();
    let keep = most - 1;
    // The last word whole, after what there is room for of the start.
    let last = words.last().map_or(0, |word| word.chars().count());
    let best = if words.len() > 1 && keep >= last + 2 { keep - last } else { keep * 3 / 5 };
    // Otherwise a little more of the start than of the end, then ever further from that.
    let mut heads: Vec<usize> = (0..=keep).collect();
    heads.sort_by_key(|head| head.abs_diff(best));
    all.extend(heads.into_iter().map(|head| letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - (keep - head)..]).collect()));
    all
}

/// A name in two lines at the separator that makes the longer one shortest.
pub(super) fn halves(name: &str) -> Option<(&str, &str)> {
    let cuts = name.char_indices().filter(|(_, letter)| matches!(letter, '-' | '_' | ' ')).map(|(at, letter)| name.split_at(at + letter.len_utf8()));
    cuts.min_by_key(|(one, other)| one.len().max(other.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_alike_can_be_told_apart() {
        let names = ["post-storage-service", "post-storage-mongodb", "post-storage-memcached", "user-timeline-mongodb", "user-mongodb", "user-timeline-redis"];
        for most in [8, 9, 10, 12, 14] {
            let short = shortened(&names, most);
            assert_eq!(short.iter().collect::<BTreeSet<_>>().len(), names.len(), "{short:?}");
            assert!(short.iter().all(|name| name.chars().count() <= most), "{short:?}");
        }
        assert_eq!(shortened(&names, 12)[..2], ["post…service", "post…mongodb"]);
        assert_eq!(shortened(&["mongodb-attractions", "mongodb-rate"], 14), ["mo…attractions", "mongodb-rate"]);
    }

    #[test]
    fn what_every_service_is_called_goes_first() {
        assert_eq!(shortened(&["recommendationservice", "cart"], 16), ["recommendation…", "cart"]);
        assert_eq!(shortened(&["Đặt-hàng-trực-tuyến"], 12), ["Đặt…tuyến"]);
    }

    #[test]
    fn a_name_is_broken_where_its_words_part() {
        assert_eq!(halves("user-timeline-mongodb"), Some(("user-timeline-", "mongodb")));
        assert_eq!(halves("frontend"), None);
    }
}
