//! A measuring rod: the second reference workload as one would write it in an afternoon, without any feature.
//!
//! A binary heap of events, rows in a vector, final latencies and nothing else. It shares no code with the simulator, on
//! purpose: its speed is what the same work costs when nobody asks any question of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What each service calls, stage by stage; the calls of one stage run in parallel.
const STAGES: [&[&[usize]]; 10] = [&[&[1, 2]], &[&[3], &[4]], &[&[5, 6]], &[], &[&[7]], &[], &[&[8], &[9]], &[], &[], &[]];
const INSTANCES: usize = 4;
const WORKERS: usize = 8;
const MEAN_S: f64 = 0.005;
const NOBODY: usize = usize::MAX;

struct Job {
    service: usize,
    instance: usize,
    parent: usize,
    stage: usize,
    pending: usize,
    start: f64,
}

struct Instance {
    busy: usize,
    waiting: VecDeque<usize>,
}

/// The workload under way.
pub(crate) struct Plain {
    now: f64,
    sequence: u64,
    /// Time (as ordered bits), order of scheduling, and the job whose own work ends, or nobody for an arrival.
    events: BinaryHeap<Reverse<(u64, u64, usize)>>,
    jobs: Vec<Job>,
    free: Vec<usize>,
    instances: Vec<Vec<Instance>>,
    turn: [usize; 10],
    random: u64,
    latencies: Vec<f64>,
    hops: u64,
}

impl Plain {
    /// Runs `requests` requests at `rate` [1/s]; returns the service calls executed and the mean latency [ms].
    pub(crate) fn run(requests: u64, rate: f64, seed: u64) -> (u64, f64) {
        let instances = (0..10).map(|_| (0..INSTANCES).map(|_| Instance { busy: 0, waiting: VecDeque::new() }).collect()).collect();
        let mut plain = Self {
            now: 0.0,
            sequence: 0,
            events: BinaryHeap::new(),
            jobs: Vec::new(),
            free: Vec::new(),
            instances,
            turn: [0; 10],
            random: seed | 1,
            latencies: Vec::new(),
            hops: 0,
        };
        let gap = plain.exponential(1.0 / rate);
        plain.schedule(gap, NOBODY);
        let mut left = requests;
        while let Some(Reverse((time, _, job))) = plain.events.pop() {
            plain.now = f64::from_bits(time);
            if job != NOBODY {
                plain.go_on(job);
                continue;
            }
            left -= 1;
            if left > 0 {
                let gap = plain.exponential(1.0 / rate);
                plain.schedule(gap, NOBODY);
            }
            plain.send(0, NOBODY);
        }
        (plain.hops, plain.latencies.iter().sum::<f64>() / plain.latencies.len() as f64 * 1e3)
    }

    /// By inversion, from a xorshift generator.
    fn exponential(&mut self, mean: f64) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        -(1.0 - (self.random >> 11) as f64 / (1_u64 << 53) as f64).ln() * mean
    }

    fn schedule(&mut self, after: f64, job: usize) {
        self.sequence += 1;
        // Positive floats order like their bits.
        self.events.push(Reverse(((self.now + after).to_bits(), self.sequence, job)));
    }

    fn send(&mut self, service: usize, parent: usize) {
        let instance = self.turn[service];
        self.turn[service] = (instance + 1) % INSTANCES;
        let job = Job { service, instance, parent, stage: 0, pending: 0, start: self.now };
        let id = if let Some(id) = self.free.pop() {
            self.jobs[id] = job;
            id
        } else {
            self.jobs.push(job);
            self.jobs.len() - 1
        };
        let station = &mut self.instances[service][instance];
        if station.busy < WORKERS {
            station.busy += 1;
            self.work(id);
        } else {
            station.waiting.push_back(id);
        }
    }

    fn work(&mut self, id: usize) {
        let time = self.exponential(MEAN_S);
        self.schedule(time, id);
    }

    fn go_on(&mut self, id: usize) {
        let (service, stage) = (self.jobs[id].service, self.jobs[id].stage);
        if let Some(calls) = STAGES[service].get(stage) {
            self.jobs[id].stage += 1;
            self.jobs[id].pending = calls.len();
            for &call in *calls {
                self.send(call, id);
            }
            return;
        }
        self.hops += 1;
        let Job { instance, parent, start, .. } = self.jobs[id];
        let station = &mut self.instances[service][instance];
        match station.waiting.pop_front() {
            Some(next) => self.work(next),
            None => station.busy -= 1,
        }
        self.free.push(id);
        if parent == NOBODY {
            self.latencies.push(self.now - start);
            return;
        }
        self.jobs[parent].pending -= 1;
        if self.jobs[parent].pending == 0 {
            self.go_on(parent);
        }
    }
}
