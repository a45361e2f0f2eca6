//! Caches: what a build finds again of the builds before it.
//!
//! | cache | kept where | holds | lost when |
//! |---|---|---|---|
//! | none | | | always |
//! | S3 | a bucket, for all hosts | the paths of the specification | its key changes and no fallback key fits |
//! | local, source | the host | the repository | the build runs on another host |
//! | local, docker layers | the host | layers of images | likewise; and from the first changed instruction on |
//! | local, custom | the host | the paths of the specification | likewise |
//!
//! A host that never built the project has no local cache, so the first build of an agent is always cold. Layers follow
//! Docker's rule: the first instruction that differs is a miss, and so is everything after it. A cached list of
//! dependencies that changed a little is fetched a little. The largest machines and Lambda keep no local cache (CodeBuild).
//! Nothing here knows commands; those ask what is missing. To add a kind of cache, add it to [`CacheMode`] and to
//! [`Hits::of`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::ComputeType;
use super::project::{LayerOrder, Project, Touched};
use super::spec::{self, CacheAction};

/// Share of the dependencies that a change of their list brings anew (chosen for Fleetlab: an update renews a package and
/// a few that it needs).
pub const RENEWED: f64 = 0.05;

/// CodeBuild's types of cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CacheType {
    /// Nothing is kept. CodeBuild's default.
    #[default]
    NoCache,
    /// In a bucket.
    S3,
    /// On the host.
    Local,
}

/// CodeBuild's modes of the local cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CacheMode {
    /// Layers of images.
    LocalDockerLayerCache,
    /// The repository.
    LocalSourceCache,
    /// The paths of the specification.
    LocalCustomCache,
}

/// A project's cache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Where it is.
    pub r#type: CacheType,
    /// What a local one holds.
    pub modes: Vec<CacheMode>,
}

/// What earlier builds left behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    /// Whether a build saved its cache to the bucket.
    pub in_bucket: bool,
    /// Whether this host built the project before.
    pub on_host: bool,
}

/// What a build finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hits {
    /// Whether the repository is there and only what is new must be fetched.
    pub source: bool,
    /// Which folders of dependencies are there; `None` is whatever the language uses.
    paths: Option<Vec<String>>,
    /// Share of the dependencies that is missing from them [1], 0…1.
    missing: f64,
    /// Layers of the image.
    pub layers: Layers,
    /// Whether what is found must be fetched from the bucket first.
    pub from_bucket: bool,
    /// Whether it is saved to the bucket afterwards.
    pub to_bucket: bool,
}

/// Which layers of an image are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layers {
    /// The image that it starts from.
    pub base: bool,
    /// The dependencies.
    pub dependencies: bool,
    /// The program itself.
    pub program: bool,
}

impl Layers {
    /// Which of the layers that are somewhere are still good after a change.
    pub const fn after(touched: Touched, order: LayerOrder) -> Self {
        let base = !touched.base_image;
        let before_sources = base && !touched.dockerfile && !touched.dependencies;
        let dependencies = before_sources && (matches!(order, LayerOrder::DependenciesFirst) || !touched.sources);
        Self { base, dependencies, program: dependencies && !touched.sources }
    }
}

impl Hits {
    /// Nothing at all.
    pub fn cold() -> Self {
        Self { missing: 1.0, ..Self::default() }
    }

    /// What a build finds.
    pub fn of(config: &CacheConfig, spec: Option<&spec::Cache>, machine: ComputeType, project: &Project, touched: Touched, before: Before) -> Self {
        let mut hits = Self::cold();
        let missing = if touched.dependencies { RENEWED } else { 0.0 };
        let paths = spec.map(|cache| cache.paths.clone());
        match config.r#type {
            CacheType::S3 => {
                let action = spec.map_or(CacheAction::Both, |cache| cache.action);
                // A key names one state of the dependencies: another state has another key, and no cache yet.
                let keyed = spec.is_some_and(|cache| cache.key.is_some());
                let found = before.in_bucket && (!keyed || !touched.dependencies || spec.is_some_and(|cache| !cache.fallback_keys.is_empty()));
                if found && action != CacheAction::Save {
                    (hits.paths, hits.missing, hits.from_bucket) = (paths, missing, true);
                }
                // What has a key is never renewed under it.
                hits.to_bucket = action != CacheAction::Restore && !(keyed && before.in_bucket && !touched.dependencies);
            }
            CacheType::Local if machine.has_local_cache() && before.on_host => {
                hits.source = config.modes.contains(&CacheMode::LocalSourceCache);
                if config.modes.contains(&CacheMode::LocalCustomCache)
                    && let Some(paths) = paths
                {
                    (hits.paths, hits.missing) = (Some(paths), missing);
                }
                if config.modes.contains(&CacheMode::LocalDockerLayerCache) {
                    hits.layers = Layers::after(touched, project.layer_order);
                }
            }
            CacheType::NoCache | CacheType::Local => {}
        }
        hits
    }

    /// The share of the dependencies that a tool must fetch which keeps them in one of these folders.
    pub fn missing(&self, folders: &[&str]) -> f64 {
        match &self.paths {
            // Whoever names no paths gets what is usual for the language (CodeBuild, best effort).
            None => self.missing,
            Some(paths) if paths.iter().any(|path| folders.iter().any(|folder| path.contains(folder))) => self.missing,
            Some(_) => 1.0,
        }
    }

    /// How much of the dependencies' size the bucket holds [1].
    pub fn kept(&self) -> f64 {
        1.0 - self.missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPENDENCIES: Touched = Touched { dependencies: true, ..Touched::SOURCES };

    fn local() -> CacheConfig {
        CacheConfig { r#type: CacheType::Local, modes: vec![CacheMode::LocalDockerLayerCache, CacheMode::LocalSourceCache, CacheMode::LocalCustomCache] }
    }

    fn spec(paths: &[&str]) -> spec::Cache {
        spec::Cache { paths: paths.iter().map(|&path| path.to_owned()).collect(), ..spec::Cache::default() }
    }

    fn hits(config: &CacheConfig, spec: &spec::Cache, touched: Touched, before: Before) -> Hits {
        Hits::of(config, Some(spec), ComputeType::Small, &Project::default(), touched, before)
    }

    #[test]
    fn the_first_build_on_a_host_finds_nothing() {
        let spec = spec(&["/cache/.m2/**/*"]);
        let first = hits(&local(), &spec, Touched::SOURCES, Before { in_bucket: true, on_host: false });
        assert_eq!(first, Hits::cold());
        let second = hits(&local(), &spec, Touched::SOURCES, Before { in_bucket: false, on_host: true });
        assert!(second.source && second.layers.dependencies && !second.layers.program);
        assert!(second.missing(&[".m2"]) < 1e-12);
        assert!(second.missing(&["node_modules"]) > 0.999, "a folder that is not among the paths");
    }

    #[test]
    fn machines_without_a_local_cache_are_always_cold() {
        for machine in [ComputeType::XxLarge, ComputeType::Lambda4] {
            let before = Before { in_bucket: false, on_host: true };
            assert_eq!(Hits::of(&local(), None, machine, &Project::default(), Touched::SOURCES, before), Hits::cold());
        }
    }

    #[test]
    fn the_bucket_serves_every_host_and_a_key_decides_what_it_serves() {
        let s3 = CacheConfig { r#type: CacheType::S3, modes: Vec::new() };
        let before = Before { in_bucket: true, on_host: false };
        let plain = spec(&["node_modules/**/*"]);
        let keyed = spec::Cache { key: Some("npm-$(codebuild-hash-files package-lock.json)".to_owned()), ..plain.clone() };
        let fallback = spec::Cache { fallback_keys: vec!["npm-".to_owned()], ..keyed.clone() };
        // (specification, touched, missing, fetched, saved)
        for (spec, touched, missing, fetched, saved) in [
            (&plain, Touched::SOURCES, 0.0, true, true),
            (&plain, DEPENDENCIES, RENEWED, true, true),
            (&keyed, Touched::SOURCES, 0.0, true, false),
            (&keyed, DEPENDENCIES, 1.0, false, true),
            (&fallback, DEPENDENCIES, RENEWED, true, true),
        ] {
            let hits = hits(&s3, spec, touched, before);
            assert_eq!((hits.missing(&["node_modules"]), hits.from_bucket, hits.to_bucket), (missing, fetched, saved), "{spec:?} {touched:?}");
        }
        let only = |action| hits(&s3, &spec::Cache { action, ..plain.clone() }, Touched::SOURCES, before);
        assert!(only(CacheAction::Restore).from_bucket && !only(CacheAction::Restore).to_bucket);
        assert!(!only(CacheAction::Save).from_bucket && only(CacheAction::Save).to_bucket);
    }

    #[test]
    fn layers_are_lost_from_the_first_change_on() {
        use LayerOrder::{DependenciesFirst, SourcesFirst};
        let dockerfile = Touched { dockerfile: true, ..Touched::default() };
        let base = Touched { base_image: true, ..Touched::default() };
        for (touched, order, expected) in [
            (Touched::default(), DependenciesFirst, (true, true, true)),
            (Touched::SOURCES, DependenciesFirst, (true, true, false)),
            (Touched::SOURCES, SourcesFirst, (true, false, false)),
            (DEPENDENCIES, DependenciesFirst, (true, false, false)),
            (dockerfile, DependenciesFirst, (true, false, false)),
            (base, DependenciesFirst, (false, false, false)),
        ] {
            let layers = Layers::after(touched, order);
            assert_eq!((layers.base, layers.dependencies, layers.program), expected, "{touched:?} {order:?}");
        }
    }
}
