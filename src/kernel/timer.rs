//! Timers: events that are not attempts, and lists of equal waits that need only one event for all.

use std::collections::VecDeque;

use super::row::{Row, State, flag};
use super::{Kernel, NONE};
use crate::units::NANOS_PER_SEC;

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum TimerKind {
    /// A telemetry window ends.
    Window,
    /// A source's next request.
    Arrival,
    /// A closed-loop user has thought.
    User,
    /// The first entry of a list expires.
    Fifo,
    /// A pause begins.
    Gc,
    /// A deadline that was passed on, or a health check's.
    Deadline,
}

const KINDS: [TimerKind; 6] = [TimerKind::Window, TimerKind::Arrival, TimerKind::User, TimerKind::Fifo, TimerKind::Gc, TimerKind::Deadline];

/// What happens when an entry of a list expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FifoKind {
    /// The client gives up.
    Timeout,
    /// A copy is sent.
    Hedge,
    /// No connection became free in time.
    Acquire,
    /// A message becomes visible again, in the queue with this index.
    Visibility(u16),
}

/// Waits of equal length: they expire in the order in which they began, so only the first needs an event.
#[derive(Debug)]
pub(super) struct Fifo {
    pub(super) kind: FifoKind,
    pub(super) span: u64,
    /// When it expires, the row, and the low half of its key.
    entries: VecDeque<(u64, u32, u32)>,
    armed: bool,
}

impl Kernel {
    /// Schedules a timer.
    pub(super) fn set_timer(&mut self, at: u64, kind: TimerKind, what: u32, tag: u32) -> u32 {
        let id = self.take_row();
        self.rows.hot[id as usize] = Row { state: State::Timer, outcome: kind as u8, parent: what, parent_tag: tag, ..Row::FREE };
        self.wheel.schedule(id, at);
        id
    }

    pub(super) fn fire_timer(&mut self, id: u32) {
        let row = self.rows.hot[id as usize];
        let kind = KINDS[usize::from(row.outcome)];
        match kind {
            TimerKind::Window => {
                self.window_due = true;
                self.wheel.schedule(id, self.now + NANOS_PER_SEC);
            }
            TimerKind::Arrival => self.arrival(id, row.parent),
            TimerKind::Fifo => self.fire_fifo(id, row.parent as usize),
            TimerKind::User => {
                self.rows.free(id);
                self.user_acts(row.parent, row.parent_tag);
            }
            TimerKind::Gc => self.pause(id, row.parent, row.parent_tag),
            TimerKind::Deadline => {
                self.rows.free(id);
                if self.waits(row.parent, row.parent_tag) {
                    self.expire(row.parent);
                }
            }
        }
    }

    /// Whether the client still waits for this attempt.
    #[inline]
    fn waits(&self, id: u32, tag: u32) -> bool {
        let row = &self.rows.hot[id as usize];
        row.tag() == tag && !row.has(flag::DETACHED)
    }

    /// The list for waits of this kind and length.
    pub(super) fn fifo(&mut self, kind: FifoKind, span: u64) -> u16 {
        let known = self.fifos.iter().position(|fifo| fifo.kind == kind && fifo.span == span);
        let index = known.unwrap_or_else(|| {
            self.fifos.push(Fifo { kind, span, entries: VecDeque::new(), armed: false });
            self.fifos.len() - 1
        });
        index as u16
    }

    /// Starts a wait for a row.
    #[inline]
    pub(super) fn wait_in(&mut self, index: u16, id: u32, tag: u32) {
        let fifo = &mut self.fifos[index as usize];
        let at = self.now + fifo.span;
        // Most waits end long before they expire: clearing the front here keeps the list as short as what is in flight.
        while fifo.kind == FifoKind::Timeout
            && let Some(&(_, first, first_tag)) = fifo.entries.front()
        {
            let row = &self.rows.hot[first as usize];
            if row.tag() == first_tag && !row.has(flag::DETACHED) {
                break;
            }
            fifo.entries.pop_front();
        }
        fifo.entries.push_back((at, id, tag));
        if !fifo.armed {
            fifo.armed = true;
            self.set_timer(at, TimerKind::Fifo, u32::from(index), NONE);
        }
    }

    fn fire_fifo(&mut self, timer: u32, index: usize) {
        loop {
            let fifo = &mut self.fifos[index];
            let Some(&(at, id, tag)) = fifo.entries.front() else {
                fifo.armed = false;
                self.rows.free(timer);
                return;
            };
            let kind = fifo.kind;
            let pending = match kind {
                FifoKind::Timeout | FifoKind::Hedge => {
                    let row = &self.rows.hot[id as usize];
                    row.tag() == tag && !row.has(flag::DETACHED)
                }
                FifoKind::Acquire => {
                    let row = &self.rows.hot[id as usize];
                    row.tag() == tag && row.state == State::Pooled && !row.has(flag::DETACHED)
                }
                FifoKind::Visibility(_) => true,
            };
            if pending && at > self.now {
                self.wheel.schedule(timer, at);
                return;
            }
            fifo.entries.pop_front();
            if pending {
                match kind {
                    FifoKind::Timeout => self.expire(id),
                    FifoKind::Hedge => self.hedge(id),
                    FifoKind::Acquire => self.give_up_pool(id),
                    FifoKind::Visibility(queue) => self.reappear(queue, id, tag),
                }
                self.settle();
            }
        }
    }
}
