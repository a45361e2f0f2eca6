//! The event queue: a timing wheel whose bucket width adapts to the load.
//!
//! It orders handles by time and, at equal times, by order of scheduling; what a handle means is its owner's business.
//! Near events sit in buckets of a circular wheel (found by bit scans, kept sorted within a bucket), far ones in a heap
//! until the wheel reaches them. Each handle is scheduled at most once at a time.
//!
//! The width doubles when many events fall beyond the wheel and halves when buckets get crowded; both are functions of
//! the events alone, so a run stays reproducible. Order does not depend on the width at all, which the tests check.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Buckets in the wheel; a power of two.
const BUCKETS: usize = 1 << 14;
const MASK: usize = BUCKETS - 1;
const WORDS: usize = BUCKETS / 64;
const GROUPS: usize = WORDS / 64;
/// No handle.
const NIL: u32 = u32::MAX;
/// Scheduled events between two looks at the width.
const REVIEW: u32 = 1 << 15;
/// Narrowest and widest buckets, as powers of two of a nanosecond: 64 ns and about 9 minutes.
const SHIFTS: std::ops::RangeInclusive<u32> = 6..=39;

#[derive(Debug, Clone, Copy)]
struct Node {
    time: u64,
    next: u32,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    head: u32,
    tail: u32,
}

const EMPTY: Bucket = Bucket { head: NIL, tail: NIL };

/// A priority queue of handles.
#[derive(Debug)]
pub(super) struct Wheel {
    /// The bucket number (time ≫ shift) that the wheel has reached.
    current: u64,
    shift: u32,
    /// Events in buckets.
    near: usize,
    buckets: Box<[Bucket]>,
    /// One bit per bucket that holds anything, and one bit per word of those.
    bits: [u64; WORDS],
    groups: [u64; GROUPS],
    nodes: Vec<Node>,
    far: BinaryHeap<Reverse<(u64, u64, u32)>>,
    /// Bucket number of the first far event.
    far_bucket: u64,
    sequence: u64,
    /// Since the last review: events scheduled, of which far, and steps taken inside buckets.
    scheduled: u32,
    went_far: u32,
    walked: u32,
}

impl Wheel {
    pub(super) fn new() -> Self {
        Self {
            current: 0,
            shift: 13,
            near: 0,
            buckets: vec![EMPTY; BUCKETS].into_boxed_slice(),
            bits: [0; WORDS],
            groups: [0; GROUPS],
            nodes: Vec::new(),
            far: BinaryHeap::new(),
            far_bucket: u64::MAX,
            sequence: 0,
            scheduled: 0,
            went_far: 0,
            walked: 0,
        }
    }

    /// Makes room for handles below `handles`.
    pub(super) fn grow(&mut self, handles: usize) {
        self.nodes.resize(handles, Node { time: 0, next: NIL });
    }

    /// Schedules a handle that is not scheduled; `time` must not lie before the last popped one.
    #[inline]
    pub(super) fn schedule(&mut self, handle: u32, time: u64) {
        self.scheduled += 1;
        let number = time >> self.shift;
        if number.wrapping_sub(self.current) >= BUCKETS as u64 {
            self.schedule_far(handle, time);
        } else {
            self.insert(handle, time, number);
        }
    }

    #[inline]
    fn insert(&mut self, handle: u32, time: u64, number: u64) {
        let at = number as usize & MASK;
        let bucket = self.buckets[at];
        self.nodes[handle as usize] = Node { time, next: NIL };
        self.near += 1;
        if bucket.head == NIL {
            self.buckets[at] = Bucket { head: handle, tail: handle };
            self.bits[at >> 6] |= 1 << (at & 63);
            self.groups[at >> 12] |= 1 << ((at >> 6) & 63);
        } else if self.nodes[bucket.tail as usize].time <= time {
            self.nodes[bucket.tail as usize].next = handle;
            self.buckets[at].tail = handle;
        } else {
            self.insert_inside(handle, time, at);
        }
    }

    /// Inserts before the bucket's last event, after all that are not later.
    fn insert_inside(&mut self, handle: u32, time: u64, at: usize) {
        let head = self.buckets[at].head;
        if self.nodes[head as usize].time > time {
            self.nodes[handle as usize].next = head;
            self.buckets[at].head = handle;
            return;
        }
        let mut before = head;
        loop {
            self.walked += 1;
            let next = self.nodes[before as usize].next;
            if self.nodes[next as usize].time > time {
                self.nodes[handle as usize].next = next;
                self.nodes[before as usize].next = handle;
                return;
            }
            before = next;
        }
    }

    #[cold]
    fn schedule_far(&mut self, handle: u32, time: u64) {
        self.went_far += 1;
        self.sequence += 1;
        self.far.push(Reverse((time, self.sequence, handle)));
        self.far_bucket = self.far_bucket.min(time >> self.shift);
    }

    /// Moves far events that the wheel now covers into their buckets.
    #[cold]
    fn migrate(&mut self) {
        while let Some(&Reverse((time, _, handle))) = self.far.peek() {
            let number = time >> self.shift;
            if number - self.current >= BUCKETS as u64 {
                self.far_bucket = number;
                return;
            }
            self.far.pop();
            self.insert(handle, time, number);
        }
        self.far_bucket = u64::MAX;
    }

    /// The first bucket at or after `from`, circularly; the wheel must not be empty.
    #[inline]
    fn next_bucket(&self, from: usize) -> usize {
        let word = from >> 6;
        let here = self.bits[word] & (!0 << (from & 63));
        if here != 0 {
            return (word << 6) | here.trailing_zeros() as usize;
        }
        let group = word >> 6;
        // Words after this one in its group; shifting twice keeps the shift below 64.
        let rest = self.groups[group] & ((!0 << (word & 63)) << 1);
        let word = if rest == 0 {
            let mut group = (group + 1) % GROUPS;
            while self.groups[group] == 0 {
                group = (group + 1) % GROUPS;
            }
            (group << 6) | self.groups[group].trailing_zeros() as usize
        } else {
            (group << 6) | rest.trailing_zeros() as usize
        };
        (word << 6) | self.bits[word].trailing_zeros() as usize
    }

    /// Takes the first event, unless it is later than `until`.
    #[inline]
    pub(super) fn pop(&mut self, until: u64) -> Option<(u64, u32)> {
        if self.scheduled >= REVIEW {
            self.review();
        }
        if self.near == 0 {
            // Only far events are left: jump to the first one.
            let &Reverse((time, _, _)) = self.far.peek()?;
            if time > until {
                return None;
            }
            self.current = time >> self.shift;
            self.migrate();
        }
        let from = self.current as usize & MASK;
        let at = self.next_bucket(from);
        let handle = self.buckets[at].head;
        let Node { time, next } = self.nodes[handle as usize];
        if time > until {
            return None;
        }
        self.current += (at.wrapping_sub(from) & MASK) as u64;
        self.buckets[at].head = next;
        if next == NIL {
            self.buckets[at].tail = NIL;
            self.bits[at >> 6] &= !(1 << (at & 63));
            if self.bits[at >> 6] == 0 {
                self.groups[at >> 12] &= !(1 << ((at >> 6) & 63));
            }
        }
        self.near -= 1;
        if self.current + BUCKETS as u64 > self.far_bucket {
            self.migrate();
        }
        Some((time, handle))
    }

    /// Adapts the width of the buckets to the events since the last review.
    #[cold]
    fn review(&mut self) {
        let (scheduled, far, walked) = (self.scheduled, self.went_far, self.walked);
        (self.scheduled, self.went_far, self.walked) = (0, 0, 0);
        if far > scheduled / 16 && self.shift < *SHIFTS.end() {
            self.rebuild(self.shift + 1);
        } else if walked > scheduled && far < scheduled / 256 && self.shift > *SHIFTS.start() {
            self.rebuild(self.shift - 1);
        }
    }

    /// Re-inserts everything with another width; order is kept because events are taken out in order.
    fn rebuild(&mut self, shift: u32) {
        let mut events = Vec::with_capacity(self.near);
        let mut at = self.current as usize & MASK;
        while self.near > 0 {
            at = self.next_bucket(at);
            let mut handle = self.buckets[at].head;
            while handle != NIL {
                let Node { time, next } = self.nodes[handle as usize];
                events.push((time, handle));
                self.near -= 1;
                handle = next;
            }
            self.buckets[at] = EMPTY;
            self.bits[at >> 6] &= !(1 << (at & 63));
            if self.bits[at >> 6] == 0 {
                self.groups[at >> 12] &= !(1 << ((at >> 6) & 63));
            }
        }
        // What is far stays behind what is near only if the near events enter first; all of them are earlier or were
        // scheduled into the wheel's reach, and far events of equal time were scheduled before they came within reach.
        let far = std::mem::take(&mut self.far).into_sorted_vec();
        let reached = self.current << self.shift;
        self.shift = shift;
        self.current = reached >> shift;
        self.far_bucket = u64::MAX;
        let far = far.into_iter().rev().map(|Reverse((time, _, handle))| (time, handle));
        for (time, handle) in events.into_iter().chain(far) {
            self.schedule(handle, time);
        }
        (self.scheduled, self.went_far, self.walked) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use super::*;
    use crate::rng::Stream;

    /// Against a plain heap keyed by (time, order of scheduling), under delays from nanoseconds to days.
    #[test]
    fn the_order_is_that_of_a_heap_whatever_the_width() {
        for (seed, scale) in [(1, 1e2), (2, 1e5), (3, 1e8), (4, 1e12)] {
            let mut stream = Stream::root(seed);
            let mut wheel = Wheel::new();
            let handles = 3_000;
            wheel.grow(handles as usize);
            let mut heap = BinaryHeap::new();
            let mut sequence = 0_u64;
            let delay = |stream: &mut Stream| {
                let u = stream.uniform();
                // A third of the delays are equal, so that ties are common.
                if u < 0.33 { (scale * 3.0) as u64 } else { (scale * u.powi(8) * 100.0) as u64 }
            };
            for handle in 0..handles {
                let time = delay(&mut stream);
                wheel.schedule(handle, time);
                sequence += 1;
                heap.push(Reverse((time, sequence, handle)));
            }
            for _ in 0..300_000 {
                let Reverse((time, _, handle)) = heap.pop().expect("every handle is scheduled again");
                assert_eq!(wheel.pop(u64::MAX), Some((time, handle)));
                let again = time + delay(&mut stream);
                wheel.schedule(handle, again);
                sequence += 1;
                heap.push(Reverse((again, sequence, handle)));
            }
        }
    }

    #[test]
    fn nothing_later_than_the_limit_is_taken() {
        let mut wheel = Wheel::new();
        wheel.grow(2);
        wheel.schedule(0, 50);
        wheel.schedule(1, 1 << 50);
        assert_eq!(wheel.pop(49), None);
        assert_eq!(wheel.pop(50), Some((50, 0)));
        assert_eq!(wheel.pop(1 << 49), None);
        // An event before the far one can still be scheduled after a refused pop.
        wheel.schedule(0, 60);
        assert_eq!(wheel.pop(u64::MAX), Some((60, 0)));
        assert_eq!(wheel.pop(u64::MAX), Some((1 << 50, 1)));
        assert_eq!(wheel.pop(u64::MAX), None);
    }
}
