//! The `batch` of a build specification: one kind of batch, names that exist, no circles.
//!
//! Knows the rules of the user guide's "Batch build buildspec reference". To check something new, add it where its key is
//! used.

use super::lower::{Lower, yes};
use super::raw::{self, Member as RawMember, MemberEnv as RawEnv};
use crate::content::diagnostic::{Code, Finding};
use crate::content::tree::At;
use crate::delivery::build::machine::ComputeType;
use crate::delivery::build::spec::{Batch, Builds, MOST_BUILDS, Matrix, Member, MemberEnv};
use crate::wording::{listed, nearest, shown};

impl Lower<'_> {
    pub(super) fn batch(&mut self, batch: &raw::Batch, at: &At<'_>) -> Option<Batch> {
        let kinds = [
            ("build-list", batch.build_list.is_some()),
            ("build-graph", batch.build_graph.is_some()),
            ("build-matrix", batch.build_matrix.is_some()),
            ("build-fanout", batch.build_fanout.is_some()),
        ];
        let mut there = kinds.iter().filter(|(_, there)| *there).map(|(name, _)| *name);
        let Some(first) = there.next() else {
            let broken = kinds.iter().any(|(name, _)| self.tree.is_broken_at(&at.key(name).segments()));
            if !broken {
                let finding = Finding::error(Code::MissingKey, "a batch needs builds").label("names none");
                self.report_key(at, finding.help("write one of `build-list`, `build-graph`, `build-matrix`, `build-fanout`"));
            }
            return None;
        };
        for other in there {
            let place = self.tree.key_place_of(&at.key(first).segments());
            let finding = Finding::error(Code::Impossible, format!("a batch has `{first}` or `{other}`, not both")).label("one too many");
            self.report_key(&at.key(other), finding.related(place, "the other"));
        }
        let builds = if let Some(list) = &batch.build_list {
            Builds::List(self.members(list, false, &at.key("build-list")))
        } else if let Some(graph) = &batch.build_graph {
            Builds::Graph(self.members(graph, true, &at.key("build-graph")))
        } else if let Some(matrix) = &batch.build_matrix {
            Builds::Matrix(self.matrix(matrix, &at.key("build-matrix")))
        } else {
            let fanout = batch.build_fanout.as_ref()?;
            let parallelism = self.parallelism(fanout, &at.key("build-fanout"))?;
            Builds::Fanout { parallelism, ignore_failure: yes(fanout.ignore_failure) }
        };
        Some(Batch { fast_fail: yes(batch.fast_fail), builds })
    }

    fn too_many(&mut self, builds: usize, at: &At<'_>) {
        if builds > MOST_BUILDS {
            let finding = Finding::error(Code::TooMuch, format!("{builds} builds are more than the {MOST_BUILDS} that a batch may have"));
            self.report_key(at, finding.label("too many"));
        }
    }

    fn members(&mut self, members: &[RawMember], graph: bool, at: &At<'_>) -> Vec<Member> {
        if members.is_empty() {
            self.report_key(at, Finding::error(Code::MissingKey, "a batch needs builds").label("names none"));
        }
        self.too_many(members.len(), at);
        let names: Vec<Option<&str>> = members.iter().map(|member| member.identifier.as_deref()).collect();
        for (n, name) in names.iter().enumerate() {
            let at = at.index(n);
            match name {
                Some("") => self.report(&at.key("identifier"), Finding::error(Code::BadName, "an identifier is not empty").label("no name")),
                Some(name) => {
                    if let Some(first) = names[..n].iter().position(|other| other == &Some(*name)) {
                        let base = At::ROOT.key("batch");
                        let list = base.key(if graph { "build-graph" } else { "build-list" });
                        let place = self.tree.place_of(&list.index(first).key("identifier").segments());
                        let finding = Finding::error(Code::Duplicate, format!("two builds are called `{}`", shown(name))).label("again");
                        self.report(&at.key("identifier"), finding.related(place, "first here"));
                    }
                }
                None if graph && !self.tree.is_broken_at(&at.key("identifier").segments()) => {
                    self.report(&at, Finding::error(Code::MissingKey, "the key `identifier` is missing").label("needs `identifier`"));
                }
                None => {}
            }
        }
        let mut checked = Vec::new();
        for (n, member) in members.iter().enumerate() {
            let at = at.index(n);
            let depend_on_at = at.key("depend-on");
            if !graph && member.depend_on.is_some() {
                let finding = Finding::error(Code::UnknownKey, "a list has no `depend-on`: its builds begin together").label("no such key here");
                self.report_key(&depend_on_at, finding.help("use `build-graph`"));
            }
            let mut depend_on = Vec::new();
            for (k, name) in self.texts(member.depend_on.as_ref(), &depend_on_at).iter().enumerate() {
                match names.iter().position(|known| *known == Some(name)) {
                    Some(other) if graph => depend_on.push(other),
                    _ if !graph => {}
                    _ => {
                        let known = || names.iter().flatten().copied();
                        let finding = Finding::error(Code::UnknownName, format!("no build is called `{}`", shown(name))).label("nobody has this name");
                        let finding = finding.suggest(nearest(name, known()), || listed(known()).map(|names| format!("the builds are {names}")));
                        self.report(&depend_on_at.index(k), finding);
                    }
                }
            }
            checked.push(Member {
                identifier: member.identifier.clone(),
                buildspec: member.buildspec.clone(),
                debug_session: yes(member.debug_session),
                depend_on,
                env: member.env.as_ref().map(|env| self.member_env(env, &at.key("env"))).unwrap_or_default(),
                ignore_failure: yes(member.ignore_failure),
            });
        }
        if let Some(circle) = circle(&checked) {
            let name = |n: &usize| format!("`{}`", shown(checked[*n].identifier.as_deref().unwrap_or_default()));
            let path: Vec<String> = circle.iter().chain(circle.first()).map(name).collect();
            let finding = Finding::error(Code::Cycle, format!("builds wait for each other: {}", path.join(" waits for "))).label("in a circle");
            self.report(&at.index(circle[0]).key("depend-on"), finding);
        }
        checked
    }

    fn member_env(&mut self, env: &RawEnv, at: &At<'_>) -> MemberEnv {
        if env.compute_type.is_some() && env.fleet.is_some() {
            let finding = Finding::error(Code::Impossible, "a build runs on a `compute-type` or on a `fleet`, not on both").label("one too many");
            self.report_key(&at.key("fleet"), finding);
        }
        MemberEnv {
            compute_type: env.compute_type.as_deref().and_then(|name| self.compute_type(name, &at.key("compute-type"))),
            fleet: env.fleet.clone(),
            image: env.image.clone(),
            privileged_mode: env.privileged_mode.map(|value| value.0),
            environment_type: env.r#type.clone(),
            variables: self.variables(env.variables.as_ref(), &at.key("variables")),
        }
    }

    fn compute_type(&mut self, name: &str, at: &At<'_>) -> Option<ComputeType> {
        // The user guide calls Lambda's types by their environment as well: ARM_LAMBDA_1GB.
        let plain = ["ARM_", "LINUX_"].iter().find_map(|prefix| name.strip_prefix(prefix)).map_or_else(|| name.to_owned(), |rest| format!("BUILD_{rest}"));
        let found = ComputeType::named(&plain);
        if found.is_none() {
            self.unknown_choice(name, ComputeType::names().collect::<Vec<_>>(), at);
        }
        found
    }

    fn matrix(&mut self, matrix: &raw::Matrix, at: &At<'_>) -> Matrix {
        let mut checked = Matrix::default();
        if let Some(common) = &matrix.r#static {
            let at = at.key("static");
            (checked.ignore_failure, checked.debug_session) = (yes(common.ignore_failure), yes(common.debug_session));
            checked.common = common.env.as_ref().map(|env| self.member_env(env, &at.key("env"))).unwrap_or_default();
        }
        if let Some(dynamic) = &matrix.dynamic {
            let at = at.key("dynamic");
            checked.buildspecs = self.texts(dynamic.buildspec.as_ref(), &at.key("buildspec"));
            if let Some(env) = &dynamic.env {
                let at = at.key("env");
                let types_at = at.key("compute-type");
                for (n, name) in self.texts(env.compute_type.as_ref(), &types_at).iter().enumerate() {
                    checked.compute_types.extend(self.compute_type(name, &types_at.index(n)));
                }
                checked.images = self.texts(env.image.as_ref(), &at.key("image"));
                let variables_at = at.key("variables");
                for (name, values) in env.variables.as_ref().map_or(&[][..], |map| &map.0) {
                    let at = variables_at.key(name);
                    self.variable_name(name, &at);
                    let values = self.texts(Some(values), &at);
                    checked.variables.push((name.clone(), values));
                }
            }
        }
        let size = checked.size();
        if size == 1 {
            self.report_key(
                at,
                Finding::warning(Code::Unused, "this matrix has one combination").label("a single build").help("list several values under `dynamic`"),
            );
        }
        self.too_many(size, at);
        checked
    }

    fn parallelism(&mut self, fanout: &raw::Fanout, at: &At<'_>) -> Option<u32> {
        let Some(text) = &fanout.parallelism else {
            self.missing(at, "parallelism");
            return None;
        };
        match text.parse::<u64>() {
            Ok(0) => self.report(&at.key("parallelism"), Finding::error(Code::Impossible, "`parallelism` is at least 1").label("no build at all")),
            Ok(builds) if builds > MOST_BUILDS as u64 => self.too_many(usize::try_from(builds).unwrap_or(usize::MAX), &at.key("parallelism")),
            Ok(builds) => return Some(builds as u32),
            Err(_) => self.report(
                &at.key("parallelism"),
                Finding::error(Code::BadValue, format!("`{}` is not a number of builds", shown(text))).label("write digits alone"),
            ),
        }
        None
    }
}

/// Builds that wait for each other in a circle, if there are any, in the order in which they wait.
fn circle(members: &[Member]) -> Option<Vec<usize>> {
    // Whoever waits for nobody that is left is taken away; who stays is in a circle or waits for one.
    let mut left: Vec<bool> = vec![true; members.len()];
    while let Some(free) = (0..members.len()).find(|&n| left[n] && members[n].depend_on.iter().all(|&other| !left[other])) {
        left[free] = false;
    }
    let start = left.iter().position(|&left| left)?;
    let mut path = vec![start];
    loop {
        let here = *path.last()?;
        let next = *members[here].depend_on.iter().find(|&&other| left[other])?;
        if let Some(first) = path.iter().position(|&n| n == next) {
            return Some(path.split_off(first));
        }
        path.push(next);
    }
}
