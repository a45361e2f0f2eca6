//! Rows: one compact record per attempt in flight, in a slab, with a cold half that only rare features touch.
//!
//! A row is the client's view of an attempt and the server's execution of it in one, because they begin together; when
//! the client gives up, the row is *detached* and only the server's half lives on. A row never has two pending events.
//! References between rows carry the low half of the other row's key, so that a reused slot is recognised.

/// No row, no instance.
pub(super) const NONE: u32 = u32::MAX;

/// What a row is doing. The last three cannot be waited for as callers; they stand together so that one comparison tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// A timer of the kernel itself, not an attempt.
    Timer,
    /// On the network towards the instance (scheduled).
    Travelling,
    /// In the instance's queue.
    Queued,
    /// Using a worker (scheduled).
    Working,
    /// Waiting for calls or branches.
    Waiting,
    /// In a sleep step (scheduled).
    Sleeping,
    /// On the network back to the client (scheduled).
    Returning,
    /// Lost on the way there, to be sent again (scheduled).
    LostThere,
    /// Lost on the way back, to be sent again (scheduled).
    LostBack,
    /// The client waits before it tries again (scheduled).
    BackingOff,
    /// The client waits for a connection.
    Pooled,
    /// Waiting for another request's fetch of the same key.
    Fetching,
    /// Its machine vanished; the client waits for nothing, until TCP gives up at `Cold::joined` (scheduled).
    Unanswered,
    /// Disposed of while an event was pending; freed when that fires.
    Dead,
    /// Not in use.
    Free,
}

/// Properties of a row, as bits.
pub(super) mod flag {
    /// The client gave up; nobody waits for the answer.
    pub(in crate::kernel) const DETACHED: u16 = 1;
    /// It holds a worker.
    pub(in crate::kernel) const WORKER: u16 = 1 << 1;
    /// Some part of the answer came from a fallback.
    pub(in crate::kernel) const DEGRADED: u16 = 1 << 2;
    /// A call that the answer needed failed.
    pub(in crate::kernel) const BROKEN: u16 = 1 << 3;
    /// The application will answer with an error.
    pub(in crate::kernel) const FAULTY: u16 = 1 << 4;
    /// Its spans are recorded.
    pub(in crate::kernel) const TRACED: u16 = 1 << 5;
    /// A branch of a fork: runs on its parent's instance and worker.
    pub(in crate::kernel) const TASK: u16 = 1 << 6;
    /// A health check.
    pub(in crate::kernel) const PROBE: u16 = 1 << 7;
    /// A message from a queue.
    pub(in crate::kernel) const MESSAGE: u16 = 1 << 8;
    /// It is the one that fetches a key for others.
    pub(in crate::kernel) const FETCHER: u16 = 1 << 9;
    /// It was a retry.
    pub(in crate::kernel) const RETRY: u16 = 1 << 10;
    /// It has a hedged twin.
    pub(in crate::kernel) const TWINNED: u16 = 1 << 11;
    /// It counts in the client's state towards the service (`Cold::client`).
    pub(in crate::kernel) const GUARDED: u16 = 1 << 12;
    /// It counts as an outstanding request of the load balancer.
    pub(in crate::kernel) const COUNTED: u16 = 1 << 13;
    /// It has a deadline of its own (`Cold::deadline`).
    pub(in crate::kernel) const DEADLINE: u16 = 1 << 14;

    /// Its answer travelled; `Cold::joined` is when it set out.
    pub(in crate::kernel) const RETURNED: u16 = 1 << 15;

    /// What a child takes over from its parent.
    pub(in crate::kernel) const INHERITED: u16 = TRACED;
}

/// The hot half of a row: one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Row {
    /// The key of its random stream; unique in the run.
    pub(super) key: u64,
    /// When the client sent it [ns].
    pub(super) sent: u64,
    /// When the instance received it [ns].
    pub(super) received: u64,
    /// How long it waited for workers [ns].
    pub(super) waited: f32,
    /// The row that waits for it.
    pub(super) parent: u32,
    /// The low half of the parent's key.
    pub(super) parent_tag: u32,
    /// The next row in whatever list it is in.
    pub(super) next: u32,
    /// Its instance.
    pub(super) instance: u32,
    /// The next operation of its script.
    pub(super) pc: u32,
    /// From where it was called.
    pub(super) site: u32,
    /// Whose request it belongs to.
    pub(super) user: u32,
    /// Children that it waits for.
    pub(super) pending: u16,
    /// [`flag`]s.
    pub(super) flags: u16,
    pub(super) state: State,
    /// Which attempt it is, the first being 0.
    pub(super) attempt: u8,
    /// How it ended: 0 well, 1 degraded, else 2 + the reason.
    pub(super) outcome: u8,
    /// A flaw of a version struck it or something that it called (`Cold::flaw`).
    pub(super) struck: bool,
}

/// The cold half of a row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cold {
    /// When the user meant to send it [ns].
    pub(super) intended: u64,
    /// When the client stops waiting [ns].
    pub(super) deadline: u64,
    /// The previous backoff [ns].
    pub(super) backoff: u64,
    /// When it joined the queue it is in, or asked for a connection [ns].
    pub(super) joined: u64,
    /// Pause time of its instance when its work began [ns].
    pub(super) paused: u64,
    /// The client's state towards the called service.
    pub(super) client: u32,
    /// The next of its hedged twins, circularly, and the low half of that one's key.
    pub(super) twin: u32,
    pub(super) twin_tag: u32,
    /// Copies sent so far.
    pub(super) copies: u8,
    /// Transmissions lost so far.
    pub(super) lost: u8,
    /// It holds a connection of its client's pool.
    pub(super) connected: bool,
    /// The number of its trace.
    pub(super) trace: u32,
    /// The message that it consumes, and its queue; the ticket is in `client`.
    pub(super) message: u32,
    pub(super) queue: u16,
    /// The key that it looks up.
    pub(super) item: u32,
    /// The cache of that key.
    pub(super) cache: u32,
    /// The flaw that struck it last, and on which instance; of use only if the row says so.
    pub(super) flaw: u32,
    pub(super) struck_at: u32,
}

impl State {
    /// Whether an event is pending for a row in this state.
    pub(super) const fn is_scheduled(self) -> bool {
        matches!(
            self,
            Self::Travelling
                | Self::Working
                | Self::Sleeping
                | Self::Returning
                | Self::LostThere
                | Self::LostBack
                | Self::Unanswered
                | Self::BackingOff
                | Self::Timer
                | Self::Dead
        )
    }
}

impl Row {
    pub(super) const FREE: Self = Self {
        key: 0,
        sent: 0,
        received: 0,
        waited: 0.0,
        parent: NONE,
        parent_tag: 0,
        next: NONE,
        instance: NONE,
        pc: 0,
        site: 0,
        user: 0,
        pending: 0,
        flags: 0,
        state: State::Free,
        attempt: 0,
        outcome: 0,
        struck: false,
    };

    /// The low half of its key, by which references recognise it.
    #[inline]
    pub(super) const fn tag(&self) -> u32 {
        self.key as u32
    }
    #[inline]
    pub(super) const fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}

/// All rows.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) hot: Vec<Row>,
    pub(super) cold: Vec<Cold>,
    free: u32,
}

impl Rows {
    pub(super) const fn new() -> Self {
        Self { hot: Vec::new(), cold: Vec::new(), free: NONE }
    }

    /// Takes a free slot; `None` if there is none and [`Rows::grow`] is needed.
    #[inline]
    pub(super) fn take(&mut self) -> Option<u32> {
        let id = self.free;
        if id == NONE {
            return None;
        }
        self.free = self.hot[id as usize].next;
        Some(id)
    }

    /// Doubles the number of slots; returns how many there are now.
    #[cold]
    pub(super) fn grow(&mut self) -> usize {
        let old = self.hot.len();
        let new = (old * 2).max(256);
        self.hot.resize(new, Row::FREE);
        self.cold.resize(new, Cold::default());
        for id in (old..new).rev() {
            self.hot[id].next = self.free;
            self.free = id as u32;
        }
        new
    }

    /// Gives a slot back.
    #[inline]
    pub(super) fn free(&mut self, id: u32) {
        let row = &mut self.hot[id as usize];
        row.key = 0;
        row.state = State::Free;
        row.next = self.free;
        self.free = id;
    }

    /// The calling row, if it is still the one that the reference meant and its process lives.
    #[inline]
    pub(super) fn live(&self, id: u32, tag: u32) -> Option<&Row> {
        let row = self.hot.get(id as usize)?;
        (row.tag() == tag && !matches!(row.state, State::Free | State::Dead | State::Unanswered)).then_some(row)
    }

    /// Whether a row is still the one that the reference meant, whatever became of its server.
    pub(super) fn is_same(&self, id: u32, tag: u32) -> bool {
        let row = &self.hot[id as usize];
        row.tag() == tag && !matches!(row.state, State::Free | State::Dead)
    }
}
