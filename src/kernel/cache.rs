//! Cache lookups: keys with a popularity, entries that expire, misses that may wait for each other.
//!
//! A stampede is nothing that this file knows of: when a popular key expires, every request that misses it runs its
//! steps, unless misses are told to wait for the first one (single flight). If that one fails, so do they, as in Go's
//! `singleflight` and in Caffeine's loading caches; if it is cancelled or dies, the first of them takes its place.

use std::collections::BTreeMap;

use rand_distr::{Distribution as _, Zipf};

use super::row::{NONE, State, flag};
use super::{Kernel, model};
use crate::rng::{Stream, purpose};

/// A cache, shared by a service or one per instance.
#[derive(Debug)]
pub(super) struct Cache {
    params: model::Cache,
    popularity: Option<Zipf<f64>>,
    /// By instance; a shared cache has one, under [`NONE`].
    scopes: BTreeMap<u32, Scope>,
}

/// The entries of one cache.
#[derive(Debug)]
struct Scope {
    /// When each key's entry expires [ns]; 0 if there is none.
    expiry: Vec<u64>,
    /// How long the last fetch of each key took [ns], for early refresh.
    cost: Vec<f32>,
    /// Keys being fetched, and the rows that wait for each.
    fetching: BTreeMap<u32, Vec<(u32, u32)>>,
}

impl Cache {
    pub(super) fn new(params: &model::Cache) -> Self {
        let popularity = if params.zipf > 0.0 { Zipf::new(f64::from(params.keys), params.zipf).ok() } else { None };
        Self { params: params.clone(), popularity, scopes: BTreeMap::new() }
    }

    /// The entries that a request on this instance sees, made when first needed.
    fn scope(&mut self, instance: u32, now: u64, root: Stream, index: u16) -> &mut Scope {
        let name = if self.params.per_instance { instance } else { NONE };
        let (params, keys) = (&self.params, self.params.keys as usize);
        self.scopes.entry(name).or_insert_with(|| {
            let mut stream = root.child(purpose::STEP).child(u64::from(index));
            // A warm cache was filled over the last time to live, so its entries do not expire together. A new instance's
            // own cache is empty.
            let warm = params.warm && !(params.per_instance && now > 0);
            let expiry = (0..keys).map(|_| if warm { 1 + (stream.uniform() * params.ttl.nanos() as f64) as u64 } else { 0 }).collect();
            Scope { expiry, cost: if params.early_refresh.is_some() { vec![0.0; keys] } else { Vec::new() }, fetching: BTreeMap::new() }
        })
    }

    /// Forgets every entry.
    pub(super) fn flush(&mut self) {
        for scope in self.scopes.values_mut() {
            scope.expiry.fill(0);
        }
    }

    /// An instance starts anew: a cache of its own is empty.
    pub(super) fn restart(&mut self, instance: u32, now: u64) {
        if self.params.per_instance
            && now > 0
            && let Some(scope) = self.scopes.get_mut(&instance)
        {
            scope.expiry.fill(0);
            scope.fetching.clear();
        }
    }
}

impl Kernel {
    /// Looks a key up. `true`: the request goes on, at the hit's place or with the steps of a miss; `false`: it waits.
    pub(super) fn look_up(&mut self, id: u32, index: u16, hit: u32) -> bool {
        let row = self.rows.hot[id as usize];
        let mut stream = Stream::from_key(row.key).at(purpose::STEP << 32 | u64::from(row.pc));
        let (now, root) = (self.now, self.root);
        let cache = &mut self.caches[usize::from(index)];
        let key = match &cache.popularity {
            Some(zipf) => zipf.sample(&mut stream) as u32 - 1,
            None => stream.below(cache.params.keys),
        }
        .min(cache.params.keys - 1);
        let (single_flight, beta) = (cache.params.single_flight, cache.params.early_refresh);
        let scope = cache.scope(row.instance, now, root, index);
        let expiry = scope.expiry[key as usize];
        let early = beta.map_or(0.0, |beta| f64::from(scope.cost[key as usize]) * beta * -libm::log(1.0 - stream.uniform()));
        if now as f64 + early < expiry as f64 {
            self.rows.hot[id as usize].pc = hit;
            return true;
        }
        if single_flight {
            if let Some(waiting) = scope.fetching.get_mut(&key) {
                if now < expiry {
                    // Somebody refreshes it early; the old entry still serves.
                    self.rows.hot[id as usize].pc = hit;
                    return true;
                }
                waiting.push((id, row.tag()));
                let row = &mut self.rows.hot[id as usize];
                row.state = State::Fetching;
                self.lend_worker(id);
                return false;
            }
            scope.fetching.insert(key, Vec::new());
            self.rows.hot[id as usize].flags |= flag::FETCHER;
        }
        let cold = &mut self.rows.cold[id as usize];
        (cold.item, cold.cache, cold.joined) = (key, u32::from(index), now);
        self.rows.hot[id as usize].pc = row.pc + 1;
        true
    }

    /// The steps of a miss are done: the entry is new, and whoever waited for it goes on.
    pub(super) fn fill(&mut self, id: u32, index: u16) {
        let (row, cold) = (self.rows.hot[id as usize], self.rows.cold[id as usize]);
        let (now, root) = (self.now, self.root);
        let cache = &mut self.caches[usize::from(index)];
        let ttl = cache.params.ttl.nanos();
        let scope = cache.scope(row.instance, now, root, index);
        scope.expiry[cold.item as usize] = now + ttl;
        if let Some(cost) = scope.cost.get_mut(cold.item as usize) {
            *cost = (now - cold.joined.min(now)) as f32;
        }
        if row.has(flag::FETCHER) {
            self.rows.hot[id as usize].flags &= !flag::FETCHER;
            // They look again, and find it.
            self.wake_fetching(row.instance, index, cold.item, 0);
        }
    }

    /// Whoever fetched a key for others failed, and so does everybody who waited for it.
    pub(super) fn fetch_failed(&mut self, id: u32) {
        self.leave_fetch(id, flag::BROKEN);
    }

    /// Whoever fetched a key for others was cancelled or died: the first of them to look again fetches it.
    pub(super) fn fetch_abandoned(&mut self, id: u32) {
        self.leave_fetch(id, 0);
    }

    fn leave_fetch(&mut self, id: u32, flags: u16) {
        self.rows.hot[id as usize].flags &= !flag::FETCHER;
        let (row, cold) = (self.rows.hot[id as usize], self.rows.cold[id as usize]);
        self.wake_fetching(row.instance, cold.cache as u16, cold.item, flags);
    }

    /// Lets those go on who wait for a key, with further flags.
    fn wake_fetching(&mut self, instance: u32, index: u16, key: u32, flags: u16) {
        let (now, root) = (self.now, self.root);
        let waiting = self.caches[usize::from(index)].scope(instance, now, root, index).fetching.remove(&key).unwrap_or_default();
        // The list of what goes on is taken from its end: the first who waited goes first.
        for (id, tag) in waiting.into_iter().rev() {
            let row = &mut self.rows.hot[id as usize];
            if row.tag() == tag && row.state == State::Fetching {
                row.state = State::Waiting;
                row.flags |= flags;
                self.ready.push(id);
            }
        }
    }
}
