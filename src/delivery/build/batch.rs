//! One build as several: which ones a batch has, and when each begins.
//!
//! A list runs at the same time, a graph in the order of its arrows, a matrix once for each combination, a fan-out so many
//! times alike. Builds wait while too many of them run. Who depends on a build that failed never begins, unless that
//! failure is ignored; with `fast-fail` the first failure that is not ignored stops everything (CodeBuild). How a build
//! itself goes is `plan`'s business. To add a kind of batch, add it to `spec::Builds` and to [`expand`].

use super::spec::{Batch, Builds, Matrix, Member, MemberEnv};
use super::timeline::Status;
use crate::units::SimTime;

/// A build of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchBuild {
    /// Its name. Members of lists without one are called `build` and their number, those of a matrix after their values.
    pub identifier: String,
    /// Builds that must be over before, by their position.
    pub depend_on: Vec<usize>,
    /// Another specification to use, by its path.
    pub buildspec: Option<String>,
    /// What is different in its environment.
    pub env: MemberEnv,
    /// Whether it may fail without the batch failing.
    pub ignore_failure: bool,
    /// Which of how many executors it is, where tests are split.
    pub shard: Option<(u32, u32)>,
}

/// The builds of a batch, in the order of the file.
pub fn expand(batch: &Batch) -> Vec<BatchBuild> {
    match &batch.builds {
        Builds::List(members) | Builds::Graph(members) => members.iter().enumerate().map(|(n, member)| single(n, member)).collect(),
        Builds::Matrix(matrix) => combinations(matrix),
        Builds::Fanout { parallelism, ignore_failure } => (0..*parallelism)
            .map(|n| BatchBuild { identifier: format!("build{n}"), ignore_failure: *ignore_failure, shard: Some((n, *parallelism)), ..BatchBuild::default() })
            .collect(),
    }
}

fn single(n: usize, member: &Member) -> BatchBuild {
    BatchBuild {
        identifier: member.identifier.clone().unwrap_or_else(|| format!("build{n}")),
        depend_on: member.depend_on.clone(),
        buildspec: member.buildspec.clone(),
        env: member.env.clone(),
        ignore_failure: member.ignore_failure,
        shard: None,
    }
}

/// Every combination; what is written last changes fastest.
fn combinations(matrix: &Matrix) -> Vec<BatchBuild> {
    let mut builds = vec![BatchBuild { ignore_failure: matrix.ignore_failure, env: matrix.common.clone(), ..BatchBuild::default() }];
    let mut each = |values: usize, set: &dyn Fn(&mut BatchBuild, usize) -> String| {
        if values == 0 {
            return;
        }
        let multiplied = builds.iter().flat_map(|build| {
            (0..values).map(|value| {
                let mut build = build.clone();
                let name = set(&mut build, value);
                if !build.identifier.is_empty() {
                    build.identifier.push('/');
                }
                build.identifier.push_str(&name);
                build
            })
        });
        builds = multiplied.collect();
    };
    each(matrix.buildspecs.len(), &|build, n| {
        build.buildspec = Some(matrix.buildspecs[n].clone());
        matrix.buildspecs[n].clone()
    });
    each(matrix.compute_types.len(), &|build, n| {
        build.env.compute_type = Some(matrix.compute_types[n]);
        matrix.compute_types[n].name().to_owned()
    });
    each(matrix.images.len(), &|build, n| {
        build.env.image = Some(matrix.images[n].clone());
        matrix.images[n].clone()
    });
    for (name, values) in &matrix.variables {
        each(values.len(), &|build, n| {
            build.env.variables.push((name.clone(), values[n].clone()));
            format!("{name}={}", values[n])
        });
    }
    builds
}

/// What became of a build of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// When it began, and when it ended.
    pub span: Option<(SimTime, SimTime)>,
    /// How it ended; `Stopped` for one that never began, too.
    pub status: Status,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRun {
    /// Its builds, in the order of [`expand`].
    pub builds: Vec<Ran>,
    /// How it ended.
    pub status: Status,
    /// When it ended.
    pub end: SimTime,
}

/// Runs a batch: at most `room` builds at the same time, in the order of the file as soon as each may. `build` says when a
/// build that begins at a time is over, and how.
pub fn run(builds: &[BatchBuild], fast_fail: bool, room: u32, begin: SimTime, mut build: impl FnMut(usize, SimTime) -> (SimTime, Status)) -> BatchRun {
    let mut ran = vec![Ran { span: None, status: Status::Stopped }; builds.len()];
    let mut over = vec![false; builds.len()];
    let mut waiting: Vec<usize> = (0..builds.len()).collect();
    // Who runs, and how each will end.
    let mut running: Vec<(SimTime, usize, Status)> = Vec::new();
    let (mut now, mut failed) = (begin, false);
    loop {
        let (mut still_waiting, mut lost_any) = (Vec::new(), false);
        for n in waiting {
            let lost = builds[n].depend_on.iter().any(|&other| over[other] && ran[other].status != Status::Succeeded && !builds[other].ignore_failure);
            if lost {
                (over[n], lost_any) = (true, true);
            } else if (running.len() as u32) < room.max(1) && builds[n].depend_on.iter().all(|&other| over[other]) {
                let (end, status) = build(n, now);
                running.push((end.max(now), n, status));
                ran[n].span = Some((now, end.max(now)));
            } else {
                still_waiting.push(n);
            }
        }
        waiting = still_waiting;
        // The next to end; of several at once, the first of the file.
        let Some(next) = running.iter().enumerate().min_by_key(|(_, (end, n, _))| (*end, *n)).map(|(at, _)| at) else {
            // Nobody runs: who was lost a moment ago may lose others.
            if lost_any {
                continue;
            }
            break;
        };
        let (end, n, status) = running.swap_remove(next);
        now = end;
        over[n] = true;
        ran[n].status = status;
        if status != Status::Succeeded && !builds[n].ignore_failure {
            failed = true;
            if fast_fail {
                for (_, other, _) in running {
                    ran[other].span = ran[other].span.map(|(begin, _)| (begin, now));
                }
                break;
            }
        }
    }
    BatchRun { builds: ran, status: if failed { Status::Failed } else { Status::Succeeded }, end: now }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::build::machine::ComputeType;

    fn graph(arrows: &[&[usize]]) -> Vec<BatchBuild> {
        arrows.iter().map(|depend_on| BatchBuild { depend_on: depend_on.to_vec(), ..BatchBuild::default() }).collect()
    }

    fn secs(secs: u64) -> SimTime {
        SimTime::from_secs(secs)
    }

    /// Runs builds of these lengths [s], of which these fail. Begins and ends [s], and the batch's end.
    fn times(builds: &[BatchBuild], lengths: &[u64], fails: &[usize], fast_fail: bool, room: u32) -> (Vec<Option<(u64, u64)>>, Status, u64) {
        let status = |n| if fails.contains(&n) { Status::Failed } else { Status::Succeeded };
        let run = run(builds, fast_fail, room, secs(10), |n, begin| (begin + crate::units::SimSpan::from_secs(lengths[n]), status(n)));
        let whole = |time: SimTime| time.as_secs_f64() as u64;
        (run.builds.iter().map(|ran| ran.span.map(|(begin, end)| (whole(begin), whole(end)))).collect(), run.status, whole(run.end))
    }

    #[test]
    fn a_list_runs_together_as_far_as_there_is_room() {
        let builds = graph(&[&[], &[], &[]]);
        assert_eq!(times(&builds, &[5, 9, 4], &[], false, 10), (vec![Some((10, 15)), Some((10, 19)), Some((10, 14))], Status::Succeeded, 19));
        assert_eq!(times(&builds, &[5, 9, 4], &[], false, 1), (vec![Some((10, 15)), Some((15, 24)), Some((24, 28))], Status::Succeeded, 28));
        assert_eq!(times(&builds, &[5, 9, 4], &[], false, 2).0, vec![Some((10, 15)), Some((10, 19)), Some((15, 19))]);
    }

    #[test]
    fn a_graph_waits_for_what_it_depends_on() {
        // A diamond: 0, then 1 and 2, then 3.
        let builds = graph(&[&[], &[0], &[0], &[1, 2]]);
        assert_eq!(
            times(&builds, &[5, 9, 4, 1], &[], false, 10),
            (vec![Some((10, 15)), Some((15, 24)), Some((15, 19)), Some((24, 25))], Status::Succeeded, 25)
        );
    }

    #[test]
    fn a_failure_takes_along_who_depends_on_it_and_no_one_else() {
        let mut builds = graph(&[&[], &[0], &[1], &[]]);
        let (spans, status, end) = times(&builds, &[5, 5, 5, 30], &[0], false, 10);
        assert_eq!((spans, status, end), (vec![Some((10, 15)), None, None, Some((10, 40))], Status::Failed, 40));
        builds[0].ignore_failure = true;
        let (spans, status, _) = times(&builds, &[5, 5, 5, 30], &[0], false, 10);
        assert_eq!((spans[2], status), (Some((20, 25)), Status::Succeeded));
    }

    #[test]
    fn who_is_lost_loses_others_even_when_nobody_runs_any_more() {
        // In the order of the file the dependants come first.
        let builds = graph(&[&[1], &[2], &[]]);
        assert_eq!(times(&builds, &[1, 1, 5], &[2], false, 10), (vec![None, None, Some((10, 15))], Status::Failed, 15));
    }

    #[test]
    fn fast_fail_stops_whatever_runs() {
        let builds = graph(&[&[], &[], &[0]]);
        assert_eq!(times(&builds, &[5, 30, 5], &[0], true, 10), (vec![Some((10, 15)), Some((10, 15)), None], Status::Failed, 15));
        assert_eq!(times(&builds, &[5, 30, 5], &[0], false, 10).2, 40);
    }

    #[test]
    fn a_matrix_has_every_combination_and_names_it() {
        let matrix = Matrix {
            compute_types: vec![ComputeType::Small, ComputeType::Large],
            images: vec!["a:1".to_owned()],
            variables: vec![("X".to_owned(), vec!["1".to_owned(), "2".to_owned(), "3".to_owned()])],
            common: MemberEnv { privileged_mode: Some(true), ..MemberEnv::default() },
            ..Matrix::default()
        };
        assert_eq!(matrix.size(), 6);
        let builds = expand(&Batch { fast_fail: false, builds: Builds::Matrix(matrix) });
        let names: Vec<&str> = builds.iter().map(|build| build.identifier.as_str()).collect();
        assert_eq!(names[..2], ["BUILD_GENERAL1_SMALL/a:1/X=1", "BUILD_GENERAL1_SMALL/a:1/X=2"]);
        assert_eq!(names.len(), 6);
        assert_eq!(builds[5].env.variables, [("X".to_owned(), "3".to_owned())]);
        assert_eq!((builds[5].env.compute_type, builds[5].env.privileged_mode), (Some(ComputeType::Large), Some(true)));
    }

    #[test]
    fn a_fan_out_gives_each_build_its_part() {
        let builds = expand(&Batch { fast_fail: false, builds: Builds::Fanout { parallelism: 3, ignore_failure: true } });
        assert_eq!(builds.iter().map(|build| build.shard).collect::<Vec<_>>(), [Some((0, 3)), Some((1, 3)), Some((2, 3))]);
        assert!(builds.iter().all(|build| build.ignore_failure));
    }
}
