//! Every bound that content has to keep, in one place, each with its reason.
//!
//! Files come from strangers: whatever they ask for, reading them ends soon, in little memory, with a scenario or with a
//! clear answer. Bounds of single quantities (durations, rates, sizes) live with their types in `crate::units`.
//! To add a bound, add a constant here and name it where it is enforced.

use crate::units::SimSpan;

/// Size of a scenario file [B]. The largest shipped scenario has about 30 kB.
pub const FILE_BYTES: u64 = 1 << 20;
/// How far after the first mistake of syntax a file is looked at [B].
pub const SYNTAX_BYTES: usize = 64 << 10;
/// Tables and arrays inside each other. A script of ten nested branches needs about thirty.
pub const NESTING: usize = 64;
/// Values in a YAML or JSON file, those that aliases repeat included. The largest genuine pipeline has a few thousand.
pub const YAML_NODES: usize = 200_000;
/// Mistakes reported for one scenario; after that a person stops reading anyway.
pub const MISTAKES: usize = 100;
/// Length of a name [characters].
pub const NAME_CHARS: usize = 100;
/// Scenarios of a folder that are listed.
pub const LISTED: usize = 1_000;
/// Scenarios that extend one another in a row.
pub const EXTENDS: usize = 8;

/// Availability zones.
pub const ZONES: usize = 26;
/// Services.
pub const SERVICES: usize = 1_000;
/// Endpoints of all services together.
pub const ENDPOINTS: usize = 20_000;
/// Versions of all services together.
pub const VERSIONS: usize = 20_000;
/// Caches of all services together.
pub const CACHES: usize = 10_000;
/// Keys of all caches together, counting one copy per instance where every instance has its own [1].
pub const CACHE_KEYS: u64 = 20_000_000;
/// Keys of one cache.
pub const KEYS_PER_CACHE: u32 = 1_000_000;
/// Message queues.
pub const QUEUES: usize = 1_000;
/// Life-cycle hooks of a deployment.
pub const HOOKS: usize = 100;
/// Alarms.
pub const ALARMS: usize = 1_000;
/// Values of headers that users send.
pub const USER_HEADERS: usize = 1_000;
/// Feature flags.
pub const FLAGS: usize = 1_000;
/// Traffic sources.
pub const SOURCES: usize = 1_000;
/// Pairs of a client and a service that it calls.
pub const EDGES: usize = 60_000;
/// Instances of one service.
pub const INSTANCES_PER_SERVICE: u32 = 10_000;
/// Instances of all services together.
pub const INSTANCES: u64 = 20_000;
/// Requests that one instance serves at once.
pub const WORKERS: u32 = 100_000;
/// Places in one instance's queue.
pub const QUEUE_CAPACITY: u32 = 10_000_000;

/// Number of a schema that a version speaks [1].
pub const SCHEMA: u32 = 1_000_000;

/// Steps of one script after `parallel = { times = … }` is expanded.
pub const STEPS_PER_SCRIPT: u64 = 10_000;
/// Steps of all scripts together after expansion.
pub const STEPS: u64 = 200_000;
/// Times that a `repeat` runs its steps.
pub const REPEATS: u32 = 1_000;
/// Calls that one request may cause at most, over all services.
pub const CALLS_PER_REQUEST: u64 = 100_000;
/// Steps that one request may run at most, over all services and repeats.
pub const STEPS_PER_REQUEST: u64 = 1_000_000;
/// Shortest time between two things that happen again and again (pauses, bursts, restarts, redeliveries): anything
/// shorter is a loop that hardly lets simulated time pass.
pub const SHORTEST_PERIOD: SimSpan = SimSpan::from_millis(10);
/// Shortest mean think time; less counts as this much. A user who is refused at once and does not think would ask again
/// at the same instant, for ever.
pub const SHORTEST_THINK: SimSpan = SimSpan::from_nanos(1_000);
/// Shortest mean time from one request of a closed-loop user to the next where the answer can be an instant refusal: a
/// thousand such users then ask a million times a second, which is as much as anybody waits for.
pub const SHORTEST_ROUND: SimSpan = SimSpan::from_millis(1);
/// Users of a traffic source, and its population.
pub const USERS: u32 = 10_000_000;
/// Requests that a scenario's traffic may send over its whole duration. W2 runs 10 million; a month of a small shop
/// has a billion.
pub const REQUESTS: f64 = 1e11;
/// Shapes of one traffic source.
pub const SHAPES: usize = 64;
/// Factor of a shape or a load change [1].
pub const FACTOR: f64 = 1_000.0;
/// Size of a file of counts [B].
pub const COUNTS_BYTES: u64 = 1 << 20;
/// Rows of a file of counts.
pub const COUNTS_ROWS: usize = 100_000;
/// Strategies that are compared with each other. A table of more than a dozen is read by nobody.
pub const VARIANTS: usize = 12;
/// Seeds of a comparison. A difference of a tenth of a standard deviation shows from about 400 pairs on.
pub const SEEDS: usize = 1_000;
/// Combinations of a sweep: a map of 20 by 20.
pub const SWEEP_CELLS: usize = 400;
/// Sessions of one comparison. At a second each they take a day of one core.
pub const SESSIONS: usize = 100_000;
/// Entries of the timeline, faults included.
pub const TIMELINE: usize = 10_000;
/// Steps of a lesson; a learner has minutes for all of them.
pub const LESSON_STEPS: usize = 30;
/// How long a world of a lesson runs: a quarter, as in the case studies.
pub const LESSON_TIME: SimSpan = SimSpan::from_secs(100 * 24 * 3600);

/// The size of a pack's file [B].
pub const PACK_BYTES: u64 = 16 << 20;
/// What a pack may unpack to [B].
pub const PACK_UNPACKED_BYTES: u64 = 64 << 20;
/// Files in a pack.
pub const PACK_FILES: usize = 1_000;
