//! Hedged attempts: copies of one call that run at the same time, in a ring; the first answer wins.
//!
//! An attempt that has no copy is in no ring. Whoever ends without an answer leaves the ring, and the call goes on as
//! long as one is left; the winner sets the others loose.

use super::Kernel;
use super::client::Launch;
use super::row::{NONE, flag};
use crate::rng::mix;

impl Kernel {
    /// Sends a copy of a slow attempt.
    pub(super) fn hedge(&mut self, id: u32) {
        let (row, cold) = (self.rows.hot[id as usize], self.rows.cold[id as usize]);
        let Some(hedge) = self.program.sites[row.site as usize].policy.hedge.clone() else { return };
        if cold.copies >= hedge.copies || (row.parent != NONE && self.rows.live(row.parent, row.parent_tag).is_none()) {
            return;
        }
        let key = mix(row.key ^ 0x4845_4447_4521);
        let deadline = self.caller_deadline(&row);
        let copy = self.launch(Launch {
            site: row.site,
            key,
            parent: row.parent,
            parent_tag: row.parent_tag,
            user: row.user,
            // A copy that is refused at once must not end the call: the first attempt still runs.
            flags: (row.flags & flag::INHERITED) | flag::TWINNED,
            attempt: row.attempt,
            intended: cold.intended,
            deadline,
            backoff: cold.backoff,
            trace: cold.trace,
        });
        if self.rows.hot[copy as usize].key != key {
            return;
        }
        // Into the ring of twins, behind the first attempt.
        let (next, next_tag) = if row.has(flag::TWINNED) { (cold.twin, cold.twin_tag) } else { (id, row.tag()) };
        let copies = cold.copies + 1;
        let state = &mut self.rows.cold[copy as usize];
        (state.twin, state.twin_tag, state.copies) = (next, next_tag, copies);
        let state = &mut self.rows.cold[id as usize];
        (state.twin, state.twin_tag, state.copies) = (copy, key as u32, hedge.copies);
        self.rows.hot[id as usize].flags |= flag::TWINNED;
    }

    /// Takes an attempt out of its ring of twins; whether it was the last one.
    pub(super) fn leave_twins(&mut self, id: u32) -> bool {
        let row = self.rows.hot[id as usize];
        if !row.has(flag::TWINNED) {
            return true;
        }
        let cold = self.rows.cold[id as usize];
        if cold.twin == id {
            // A copy that has not joined the ring yet: the first attempt lives.
            return false;
        }
        let mut before = cold.twin;
        while self.rows.cold[before as usize].twin != id {
            before = self.rows.cold[before as usize].twin;
        }
        let state = &mut self.rows.cold[before as usize];
        (state.twin, state.twin_tag) = (cold.twin, cold.twin_tag);
        if cold.twin == before {
            // One is left: it stands alone again, but sends no further copies.
            self.rows.hot[before as usize].flags &= !flag::TWINNED;
        }
        false
    }

    /// The first answer won: nobody waits for the others.
    pub(super) fn drop_twins(&mut self, winner: u32) {
        let first = self.rows.cold[winner as usize];
        let cancel = self.program.sites[self.rows.hot[winner as usize].site as usize].policy.hedge.as_ref().is_some_and(|hedge| hedge.cancel_loser);
        let (mut id, mut tag) = (first.twin, first.twin_tag);
        while id != winner && self.rows.is_same(id, tag) {
            let next = self.rows.cold[id as usize];
            self.record_dropped(id);
            self.leave_guard(id, true, self.now - self.rows.hot[id as usize].sent);
            self.rows.hot[id as usize].flags |= flag::DETACHED;
            if cancel {
                self.cancel(id);
            }
            (id, tag) = (next.twin, next.twin_tag);
        }
    }
}
