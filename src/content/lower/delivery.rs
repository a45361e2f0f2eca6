//! The team and its pipelines: that the services exist, the declarations can be read, and the numbers make sense.

use std::collections::BTreeMap;

use super::super::diagnostic::{Code, Finding};
use super::super::genuine::{buildspec, kinds};
use super::super::parse::text;
use super::super::tree::{At, Node};
use super::Lower;
use crate::delivery::pipelines::{BuildProject, BuildspecFrom, BuildspecOf, LineSpec, Pipelines, ProjectUpdate};
use crate::delivery::plan::Team;
use crate::wording::{listed, nearest, shown};

impl Lower<'_> {
    /// The team, if there is one, with its pipelines.
    pub(crate) fn delivery(&mut self) -> (Option<Team>, Pipelines) {
        let file = self.file;
        if let Some(team) = &file.team {
            let at = At::ROOT.key("team");
            for (place, problem) in team.problems() {
                let finding = Finding::error(Code::Impossible, problem);
                match place[..] {
                    [block, key] => self.report(&at.key(block).key(key), finding),
                    [key] => self.report(&at.key(key), finding),
                    _ => self.report(&at, finding),
                }
            }
            let services = at.key("services");
            for name in team.services.keys() {
                self.service(name, &services.key(name).as_key());
            }
            // An empty list is meant: whoever plays builds them.
            let to_be_built = self.tree.get("pipelines").is_some();
            if file.pipelines.is_empty() && !to_be_built {
                let finding = Finding::error(Code::MissingKey, "a team without a pipeline delivers nothing").label("needs `[[pipelines]]`");
                let help = "write `[[pipelines]]` with `definition` and `services`, or `pipelines = []` if they are to be built while it runs";
                self.report_key(&at, finding.help(help));
            } else if file.pipelines.is_empty() && team.services.is_empty() {
                let finding = Finding::error(Code::MissingKey, "nothing says which services the team works on").label("needs `services`");
                self.report_key(&at, finding.help("write `[team.services]` with a weight for each service"));
            }
        } else if !file.pipelines.is_empty() {
            let finding = Finding::warning(Code::Unused, "nothing ever goes through these pipelines, because there is no `[team]`");
            self.report_key(&At::ROOT.key("pipelines"), finding);
        }
        let all = At::ROOT.key("build_projects");
        let mut projects = BTreeMap::new();
        for (name, project) in &file.build_projects {
            let at = all.key(name);
            let buildspec = project.buildspec.as_ref().map(|file| self.buildspec(file, &at.key("buildspec")));
            let project = BuildProject {
                buildspec: buildspec.flatten().unwrap_or_default(),
                compute_type: project.compute_type,
                privileged: project.privileged,
                cache: project.cache.clone(),
                source: project.source.clone(),
                new_dependencies: project.new_dependencies,
            };
            if let Err(problem) = project.check() {
                self.report(&at, Finding::error(Code::Impossible, problem));
            }
            projects.insert(name.clone(), project);
        }
        self.check_count(&At::ROOT.key("build_agents"), file.build_agents.into(), 1, 1_000);
        let lines = self.lines();
        (file.team.clone(), Pipelines { lines, projects, agents: file.build_agents })
    }

    fn buildspec(&mut self, name: &str, at: &At<'_>) -> Option<BuildspecOf> {
        match self.data(name, at) {
            Err(refused) => {
                self.report(at, refused.into());
                None
            }
            Ok(bytes) => {
                let (source, text) = text(&bytes, self.collector)?;
                buildspec::read_from(source, &text, self.collector).map(|spec| BuildspecOf { spec, text })
            }
        }
    }

    /// Checks a change of a build project and reads the specification that it names.
    pub(super) fn update_project(&mut self, update: &mut ProjectUpdate, at: &At<'_>) {
        let project = at.key("project");
        if self.file.team.is_none() {
            let finding = Finding::error(Code::Impossible, "nothing is ever built here, because there is no `[team]`").label("no builds");
            self.report(&project, finding);
        }
        self.check_project(Some(&update.project), &project);
        if update.changed().next().is_none() {
            let finding = Finding::error(Code::MissingKey, format!("what changes in `{}`?", shown(&update.project)));
            self.report_key(at, finding.label("needs `buildspec`, `compute_type`, `privileged` or `cache`"));
        }
        let Some(BuildspecFrom::Written(written)) = &update.buildspec else { return };
        let place = at.key("buildspec");
        let spec = if written.contains('\n') { self.buildspec_text(written, &place) } else { self.buildspec(written, &place) };
        update.buildspec = Some(BuildspecFrom::Read(Box::new(spec.unwrap_or_default())));
    }

    /// A specification that stands in the file itself. What is wrong with it is said with the line within it.
    fn buildspec_text(&mut self, text: &str, at: &At<'_>) -> Option<BuildspecOf> {
        match buildspec::of_text(text) {
            Ok((spec, _)) => Some(spec),
            Err(mistakes) => {
                for mistake in mistakes.into_iter().filter(|mistake| !mistake.is_warning) {
                    self.report(at, Finding::error(Code::BadValue, format!("line {} of the build specification: {}", mistake.line, mistake.what)));
                }
                None
            }
        }
    }

    fn lines(&mut self) -> Vec<LineSpec> {
        let all = At::ROOT.key("pipelines");
        let file = self.file;
        // Also those that could not be read: what is wrong with them is said where they are.
        let alarms: Vec<&str> = ["alarms", "composite_alarms"].iter().filter_map(|key| self.tree.get(key)).flat_map(Node::keys).collect();
        let mut lines = Vec::new();
        let mut delivered: Vec<&str> = Vec::new();
        for (index, line) in file.pipelines.iter().enumerate() {
            let at = all.index(index);
            let services = at.key("services");
            for (n, name) in line.services.iter().enumerate() {
                self.service(name, &services.index(n));
                if delivered.contains(&name.as_str()) {
                    self.report(&services.index(n), Finding::error(Code::Duplicate, format!("`{}` is delivered by another pipeline already", shown(name))));
                }
                delivered.push(name);
            }
            if line.services.is_empty() {
                self.report(&services, Finding::error(Code::Impossible, "a pipeline that delivers no service"));
            }
            let definition = at.key("definition");
            match self.data(&line.definition, &definition) {
                Err(refused) => self.report(&definition, refused.into()),
                Ok(bytes) => {
                    let Some((source, text)) = text(&bytes, self.collector) else { continue };
                    let Some(pipeline) = kinds::pipeline(&line.definition, source, &text, &alarms, self.collector) else { continue };
                    for action in pipeline.stages.iter().flat_map(|stage| &stage.actions) {
                        self.check_project(action.configuration.get("ProjectName"), &definition);
                    }
                    lines.push(LineSpec { definition: pipeline, services: line.services.clone() });
                }
            }
        }
        lines
    }

    /// A build project that nobody described has the defaults; one that was misspelt probably has not what was meant.
    fn check_project(&mut self, name: Option<&String>, at: &At<'_>) {
        let file = self.file;
        let Some(name) = name else { return };
        if file.build_projects.is_empty() || file.build_projects.contains_key(name) {
            return;
        }
        let known = || file.build_projects.keys().map(String::as_str);
        let finding = Finding::warning(Code::UnknownName, format!("the build project `{}` is not described, so it has the defaults", shown(name)));
        self.report(at, finding.suggest(nearest(name, known()), || listed(known()).map(|names| format!("described are {names}"))));
    }
}
