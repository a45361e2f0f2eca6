//! From what is written to a checked [`Buildspec`]: what is missing, out of range, or contradicts itself.
//!
//! Knows the rules of the CodeBuild user guide. To check something new, add it where its key is used.

use std::collections::BTreeMap;

use super::raw::{self, Ordered, Texts, YesNo};
use crate::content::diagnostic::{Code, Collector, Finding};
use crate::content::tree::{At, Node};
use crate::delivery::build::spec::{
    Artifact, Artifacts, Buildspec, Cache, CacheAction, Env, MOST_COMMAND_CHARS, MOST_COMMANDS, MOST_ENTRIES, MOST_FALLBACK_KEYS, MOST_RETRIES, OnFailure,
    Phase, Phases, Proxy, Report, ReportFormat, SecretReference, Shell, Version,
};
use crate::wording::{listed, nearest, shown};

/// Report groups of a project, as the user guide has it.
const MOST_REPORT_GROUPS: usize = 5;
/// Tries of a phase if nothing is said, as the user guide has it.
const USUAL_RETRIES: u32 = 3;

/// What every check needs.
pub(super) struct Lower<'a> {
    pub(super) tree: &'a Node,
    pub(super) collector: &'a mut Collector,
}

/// Checks a file. With errors in the collector, what is returned is not whole.
pub(super) fn lower(file: &raw::File, tree: &Node, collector: &mut Collector) -> Buildspec {
    let mut lower = Lower { tree, collector };
    let root = At::ROOT;
    Buildspec {
        version: lower.version(file.version.as_deref()),
        run_as: file.run_as.clone(),
        env: file.env.as_ref().map(|env| lower.env(env, &root.key("env"))).unwrap_or_default(),
        proxy: file.proxy.as_ref().map(|proxy| Proxy { upload_artifacts: yes(proxy.upload_artifacts), logs: yes(proxy.logs) }).unwrap_or_default(),
        batch: file.batch.as_ref().and_then(|batch| lower.batch(batch, &root.key("batch"))),
        phases: lower.phases(file.phases.as_ref()),
        reports: lower.reports(file.reports.as_ref()),
        artifacts: file.artifacts.as_ref().map(|artifacts| lower.artifacts(artifacts, &root.key("artifacts"))),
        cache: file.cache.as_ref().map(|cache| lower.cache(cache, &root.key("cache"))),
    }
}

/// What a missing `yes` or `no` means: no.
pub(super) fn yes(value: Option<YesNo>) -> bool {
    value.is_some_and(|value| value.0)
}

impl Lower<'_> {
    /// Reports something about a value.
    pub(super) fn report(&mut self, at: &At<'_>, finding: Finding) {
        self.collector.add(&self.tree.place_of(&at.segments()), finding);
    }

    /// Reports something about a key.
    pub(super) fn report_key(&mut self, at: &At<'_>, finding: Finding) {
        self.collector.add(&self.tree.key_place_of(&at.segments()), finding);
    }

    /// Reports a key that must be there, unless its value was wrong and is reported already.
    pub(super) fn missing(&mut self, at: &At<'_>, key: &str) {
        if self.tree.is_broken_at(&at.key(key).segments()) {
            return;
        }
        self.report_key(at, Finding::error(Code::MissingKey, format!("the key `{key}` is missing")).label(format!("needs `{key}`")));
    }

    /// Texts of a list, within bounds. What is empty is left out with a warning.
    pub(super) fn texts(&mut self, texts: Option<&Texts>, at: &At<'_>) -> Vec<String> {
        let Some(texts) = texts else { return Vec::new() };
        if texts.items.len() > MOST_ENTRIES {
            self.report_key(at, Finding::error(Code::TooMuch, format!("{} entries are more than the {MOST_ENTRIES} that are read", texts.items.len())));
            return Vec::new();
        }
        for (n, _) in texts.items.iter().enumerate().filter(|(_, item)| item.is_none()) {
            self.report(&at.index(n), Finding::warning(Code::Unused, "an empty entry is ignored").label("nothing here"));
        }
        texts.texts()
    }

    fn version(&mut self, version: Option<&str>) -> Version {
        match version.map(str::trim) {
            Some("0.2") => Version::V0_2,
            Some("0.1") => Version::V0_1,
            Some(other) => {
                let finding = Finding::error(Code::UnknownChoice, format!("version `{}` does not exist", shown(other))).label("not a version");
                self.report(&At::ROOT.key("version"), finding.help("write 0.2"));
                Version::V0_2
            }
            None => {
                if !self.tree.is_broken_at(&At::ROOT.key("version").segments()) {
                    self.report(&At::ROOT, Finding::error(Code::MissingKey, "the key `version` is missing").help("begin the file with `version: 0.2`"));
                }
                Version::V0_2
            }
        }
    }

    fn env(&mut self, env: &raw::Env, at: &At<'_>) -> Env {
        let shell = env.shell.as_deref().and_then(|shell| match shell {
            "bash" => Some(Shell::Bash),
            "/bin/sh" | "sh" => Some(Shell::Sh),
            "powershell.exe" => Some(Shell::PowerShell),
            "cmd.exe" => Some(Shell::Cmd),
            other => {
                let known = ["bash", "/bin/sh", "powershell.exe", "cmd.exe"];
                self.unknown_choice(other, known, &at.key("shell"));
                None
            }
        });
        let variables = self.variables(env.variables.as_ref(), &at.key("variables")).into_iter().collect();
        let parameters = env.parameter_store.as_ref().map_or(&[][..], |map| &map.0);
        let secrets = env.secrets_manager.as_ref().map_or(&[][..], |map| &map.0);
        for (key, entries) in [("parameter-store", parameters), ("secrets-manager", secrets)] {
            let at = at.key(key);
            self.bounded(entries.len(), &at);
            for (name, _) in entries {
                self.variable_name(name, &at.key(name));
            }
        }
        let secrets_manager = secrets.iter().map(|(name, text)| (name.clone(), self.secret(text, &at.key("secrets-manager").key(name)))).collect();
        let exported_at = at.key("exported-variables");
        let exported_variables = self.texts(env.exported_variables.as_ref(), &exported_at);
        for (n, name) in exported_variables.iter().enumerate().filter(|(_, name)| name.starts_with("AWS_")) {
            let finding = Finding::warning(Code::Unused, format!("`{}` is not exported: names that begin with AWS_ never are", shown(name)));
            self.report(&exported_at.index(n), finding.label("stays in the build"));
        }
        Env {
            shell,
            variables,
            parameter_store: parameters.iter().cloned().collect(),
            secrets_manager,
            exported_variables,
            git_credential_helper: yes(env.git_credential_helper),
        }
    }

    fn bounded(&mut self, count: usize, at: &At<'_>) {
        if count > MOST_ENTRIES {
            self.report_key(at, Finding::error(Code::TooMuch, format!("{count} entries are more than the {MOST_ENTRIES} that are read")));
        }
    }

    /// Plain variables in the order of the file; one without a value is empty.
    pub(super) fn variables(&mut self, variables: Option<&Ordered<Option<String>>>, at: &At<'_>) -> Vec<(String, String)> {
        let entries = variables.map_or(&[][..], |map| &map.0);
        self.bounded(entries.len(), at);
        for (name, _) in entries {
            self.variable_name(name, &at.key(name));
        }
        entries.iter().map(|(name, value)| (name.clone(), value.clone().unwrap_or_default())).collect()
    }

    pub(super) fn variable_name(&mut self, name: &str, at: &At<'_>) {
        if name.starts_with("CODEBUILD_") {
            let finding =
                Finding::warning(Code::BadName, format!("`{}` may be overwritten: names that begin with CODEBUILD_ are CodeBuild's own", shown(name)));
            self.report_key(at, finding.label("reserved"));
        }
    }

    /// `secret-id:json-key:version-stage:version-id`, where the id may be an ARN with colons of its own.
    fn secret(&mut self, text: &str, at: &At<'_>) -> SecretReference {
        let colons_of_id = if text.starts_with("arn:") { 6 } else { 0 };
        let end = text.match_indices(':').nth(colons_of_id).map_or(text.len(), |(at, _)| at);
        let (id, rest) = text.split_at(end);
        let mut parts = rest.split(':').skip(1).map(|part| Some(part.trim().to_owned()).filter(|part| !part.is_empty()));
        let mut next = || parts.next().flatten();
        let secret = SecretReference { secret_id: id.trim().to_owned(), json_key: next(), version_stage: next(), version_id: next() };
        if secret.secret_id.is_empty() || parts.next().is_some() {
            let finding = Finding::error(Code::BadValue, format!("`{}` does not name a secret", shown(text))).label("not a reference");
            self.report(at, finding.help("write secret-id:json-key:version-stage:version-id; all but the first may be left out"));
        } else if secret.version_stage.is_some() && secret.version_id.is_some() {
            self.report(at, Finding::error(Code::Impossible, "a version is named by its stage or by its id, not by both").label("one too many"));
        }
        secret
    }

    fn phases(&mut self, phases: Option<&raw::Phases>) -> Phases {
        let at = At::ROOT.key("phases");
        let Some(phases) = phases else {
            if self.tree.get("phases").is_some_and(|node| !node.is_broken()) {
                self.report_key(
                    &at,
                    Finding::error(Code::MissingKey, "`phases` is empty").label("needs a phase").help("name install, pre_build, build or post_build"),
                );
            } else if !self.tree.is_broken_at(&at.segments()) {
                self.report(&At::ROOT, Finding::error(Code::MissingKey, "the key `phases` is missing").help("without commands there is nothing to build"));
            }
            return Phases::default();
        };
        let mut phase = |phase: Option<&raw::Phase>, name: &str| {
            let at = at.key(name);
            if phase.is_none() && self.tree.at(&at.segments()).is_some_and(|node| !node.is_broken()) {
                self.report_key(&at, Finding::warning(Code::Unused, format!("`{name}` is empty")).label("nothing runs"));
            }
            phase.map(|phase| self.phase(phase, name, &at))
        };
        let [install, pre_build, build, post_build] = [
            phase(phases.install.as_ref(), "install"),
            phase(phases.pre_build.as_ref(), "pre_build"),
            phase(phases.build.as_ref(), "build"),
            phase(phases.post_build.as_ref(), "post_build"),
        ];
        Phases { install, pre_build, build, post_build }
    }

    fn phase(&mut self, phase: &raw::Phase, name: &str, at: &At<'_>) -> Phase {
        let versions = phase.runtime_versions.as_ref().map_or(&[][..], |map| &map.0);
        if name != "install" && phase.runtime_versions.is_some() {
            self.report_key(
                &at.key("runtime-versions"),
                Finding::warning(Code::Unused, "only `install` chooses versions; CodeBuild ignores these").label("ignored"),
            );
        } else if phase.runtime_versions.is_some() && versions.is_empty() {
            self.report_key(
                &at.key("runtime-versions"),
                Finding::error(Code::MissingKey, "`runtime-versions` needs a language and its version").label("names none"),
            );
        }
        self.bounded(versions.len(), &at.key("runtime-versions"));
        let commands = self.commands(phase.commands.as_ref(), &at.key("commands"));
        let finally = self.commands(phase.finally.as_ref(), &at.key("finally"));
        // A list of nothing but comments is empty; people leave it so.
        let none = phase.commands.as_ref().is_none_or(|texts| texts.items.iter().all(Option::is_none));
        if none && (name != "install" || phase.runtime_versions.is_none()) && !self.tree.is_broken_at(&at.key("commands").segments()) {
            self.report_key(at, Finding::warning(Code::Unused, format!("`{name}` has no commands")).label("nothing runs"));
        }
        Phase {
            run_as: phase.run_as.clone(),
            on_failure: phase.on_failure.as_deref().and_then(|text| self.on_failure(text, &at.key("on-failure"))),
            runtime_versions: if name == "install" { versions.iter().cloned().collect() } else { BTreeMap::new() },
            commands,
            finally,
        }
    }

    fn commands(&mut self, texts: Option<&Texts>, at: &At<'_>) -> Vec<String> {
        let Some(texts) = texts else { return Vec::new() };
        if !texts.listed {
            self.report(at, Finding::warning(Code::BadValue, "commands are a list; this is read as one command").label("begin it with `- `"));
        }
        if texts.items.len() > MOST_COMMANDS {
            self.report_key(at, Finding::error(Code::TooMuch, format!("{} commands are more than the {MOST_COMMANDS} that are read", texts.items.len())));
            return Vec::new();
        }
        for (n, item) in texts.items.iter().enumerate() {
            match item {
                None => self.report(&at.index(n), Finding::warning(Code::Unused, "an empty command is ignored").label("nothing here")),
                Some(text) if text.chars().count() > MOST_COMMAND_CHARS => {
                    let finding = Finding::error(Code::TooMuch, format!("a command has at most {MOST_COMMAND_CHARS} characters, not {}", text.chars().count()));
                    self.report(&at.index(n), finding.label("too long").help("put it into a script of its own"));
                }
                Some(_) => {}
            }
        }
        texts.texts()
    }

    /// `ABORT`, `CONTINUE`, `RETRY`, `RETRY-count`, `RETRY-regex` or `RETRY-count-regex`.
    fn on_failure(&mut self, text: &str, at: &At<'_>) -> Option<OnFailure> {
        let upper = text.trim().to_ascii_uppercase();
        match upper.as_str() {
            "ABORT" => return Some(OnFailure::Abort),
            "CONTINUE" => return Some(OnFailure::Continue),
            "RETRY" => return Some(OnFailure::Retry { count: USUAL_RETRIES, pattern: ".*".to_owned() }),
            _ => {}
        }
        let Some(rest) = upper.starts_with("RETRY-").then(|| &text.trim()["RETRY-".len()..]) else {
            self.unknown_choice(text, ["ABORT", "CONTINUE", "RETRY"], at);
            return None;
        };
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (count, rest) = match (rest[..digits].parse::<u64>(), &rest[digits..]) {
            (Ok(count), "") => (count, ".*"),
            (Ok(count), tail) if tail.starts_with('-') => (count, &tail[1..]),
            (Err(_), _) if digits > 0 => (u64::MAX, ".*"),
            _ => (u64::from(USUAL_RETRIES), rest),
        };
        if count > u64::from(MOST_RETRIES) {
            self.report(at, Finding::error(Code::Impossible, format!("a phase is tried again at most {MOST_RETRIES} times")).label("too often"));
            return None;
        }
        if rest.is_empty() {
            self.report(
                at,
                Finding::error(Code::BadValue, "`RETRY-` wants a number, a pattern, or both")
                    .label("says neither")
                    .help("write RETRY, RETRY-3 or RETRY-3-.*timed out.*"),
            );
            return None;
        }
        Some(OnFailure::Retry { count: count as u32, pattern: rest.to_owned() })
    }

    pub(super) fn unknown_choice<'n>(&mut self, text: &str, known: impl IntoIterator<Item = &'n str> + Clone, at: &At<'_>) {
        let finding = Finding::error(Code::UnknownChoice, format!("`{}` is not one of the alternatives here", shown(text))).label("not known here");
        let guess = nearest(text, known.clone());
        self.report(at, finding.suggest(guess, || listed(known).map(|names| format!("write one of {names}"))));
    }

    fn reports(&mut self, reports: Option<&Ordered<Option<raw::Report>>>) -> BTreeMap<String, Report> {
        let at = At::ROOT.key("reports");
        let mut checked = BTreeMap::new();
        let Some(reports) = reports else { return checked };
        if reports.0.len() > MOST_REPORT_GROUPS {
            let finding = Finding::error(Code::TooMuch, format!("a project has at most {MOST_REPORT_GROUPS} report groups, not {}", reports.0.len()));
            self.report_key(&at, finding);
        }
        for (name, report) in &reports.0 {
            let at = at.key(name);
            let Some(report) = report else {
                self.missing(&at, "files");
                continue;
            };
            let files = self.texts(report.files.as_ref(), &at.key("files"));
            if files.is_empty() {
                self.missing(&at, "files");
            }
            let file_format = report.file_format.as_deref().map_or(Some(ReportFormat::JunitXml), |name| {
                let found = ReportFormat::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, format)| *format);
                if found.is_none() {
                    self.unknown_choice(name, ReportFormat::ALL.map(|(known, _)| known), &at.key("file-format"));
                }
                found
            });
            let report = Report {
                files,
                base_directory: report.base_directory.clone(),
                discard_paths: yes(report.discard_paths),
                file_format: file_format.unwrap_or_default(),
            };
            checked.insert(name.clone(), report);
        }
        checked
    }

    fn artifacts(&mut self, artifacts: &raw::RawArtifacts, at: &At<'_>) -> Artifacts {
        if artifacts.r#type.is_some() {
            self.report_key(&at.key("type"), Finding::warning(Code::Unused, "CodeBuild ignores `type` since version 0.2").label("ignored"));
        }
        let files = self.texts(artifacts.files.as_ref(), &at.key("files"));
        if files.is_empty() && artifacts.secondary_artifacts.is_none() && !self.tree.is_broken_at(&at.key("secondary-artifacts").segments()) {
            self.missing(at, "files");
        }
        let main = Artifact {
            files,
            name: artifacts.name.clone(),
            discard_paths: yes(artifacts.discard_paths),
            base_directory: artifacts.base_directory.clone(),
            exclude_paths: self.texts(artifacts.exclude_paths.as_ref(), &at.key("exclude-paths")),
            enable_symlinks: yes(artifacts.enable_symlinks),
            s3_prefix: artifacts.s3_prefix.clone(),
        };
        let secondary_at = at.key("secondary-artifacts");
        let entries = artifacts.secondary_artifacts.as_ref().map_or(&[][..], |map| &map.0);
        self.bounded(entries.len(), &secondary_at);
        let mut secondary = BTreeMap::new();
        for (name, artifact) in entries {
            let at = secondary_at.key(name);
            let files = self.texts(artifact.as_ref().and_then(|artifact| artifact.files.as_ref()), &at.key("files"));
            if files.is_empty() {
                self.missing(&at, "files");
            }
            let Some(artifact) = artifact else { continue };
            let artifact = Artifact {
                files,
                name: artifact.name.clone(),
                discard_paths: yes(artifact.discard_paths),
                base_directory: artifact.base_directory.clone(),
                exclude_paths: self.texts(artifact.exclude_paths.as_ref(), &at.key("exclude-paths")),
                enable_symlinks: yes(artifact.enable_symlinks),
                s3_prefix: artifact.s3_prefix.clone(),
            };
            secondary.insert(name.clone(), artifact);
        }
        Artifacts { main, secondary }
    }

    fn cache(&mut self, cache: &raw::Cache, at: &At<'_>) -> Cache {
        let fallback_keys = self.texts(cache.fallback_keys.as_ref(), &at.key("fallback-keys"));
        if fallback_keys.len() > MOST_FALLBACK_KEYS {
            let finding = Finding::error(Code::TooMuch, format!("a cache has at most {MOST_FALLBACK_KEYS} fallback keys, not {}", fallback_keys.len()));
            self.report_key(&at.key("fallback-keys"), finding);
        }
        if cache.key.is_none() && !fallback_keys.is_empty() {
            self.report_key(&at.key("fallback-keys"), Finding::warning(Code::Unused, "without `key` CodeBuild ignores `fallback-keys`").label("ignored"));
        }
        let action = match cache.action.as_deref() {
            None => CacheAction::Both,
            Some("restore") => CacheAction::Restore,
            Some("save") => CacheAction::Save,
            Some(other) => {
                self.unknown_choice(other, ["restore", "save"], &at.key("action"));
                CacheAction::Both
            }
        };
        let paths = self.texts(cache.paths.as_ref(), &at.key("paths"));
        if paths.is_empty() {
            self.missing(at, "paths");
        }
        let fallback_keys = if cache.key.is_some() { fallback_keys } else { Vec::new() };
        Cache { key: cache.key.clone(), fallback_keys, action, paths }
    }
}
