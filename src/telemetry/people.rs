//! Which users met something: one bit per user, on pages that exist only where a bit is set.
//!
//! Users are counted once, however often they met it. A source's users are numbered from 0; ten million of them, the most
//! that a source may have, take 1.25 MB if all are in the set, and a set that nobody is in takes nothing. It knows
//! neither sources nor what was met.

/// Words of 64 bits on a page: 4,096 users, half a kilobyte.
const WORDS: usize = 64;
/// Users on a page.
const USERS_PER_PAGE: usize = WORDS * 64;

/// A set of users.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    pages: Vec<Option<Box<[u64; WORDS]>>>,
    count: u64,
}

impl People {
    /// Puts a user into the set.
    pub(super) fn insert(&mut self, user: u32) {
        let (page, within) = (user as usize / USERS_PER_PAGE, user as usize % USERS_PER_PAGE);
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let words = self.pages[page].get_or_insert_with(|| Box::new([0; WORDS]));
        let (word, bit) = (&mut words[within / 64], 1 << (within % 64));
        self.count += u64::from(*word & bit == 0);
        *word |= bit;
    }
    /// How many users are in it.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }
    /// Empties it.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_counts_once_wherever_the_number_lies() {
        let mut people = People::default();
        for user in [0, 63, 64, 4_095, 4_096, 9_999_999, u32::MAX, 64, 0] {
            people.insert(user);
        }
        assert_eq!(people.count(), 7);
        assert_eq!(people.pages.iter().flatten().count(), 4, "only pages with somebody on them exist");
        people.clear();
        assert_eq!((people.count(), people.pages.len()), (0, 0));
    }
}
