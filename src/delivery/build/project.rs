//! What is built: its size as far as build times depend on it, and what a change touched.
//!
//! Numbers only; neither code nor commands. To add a figure: a parameter here with its default and reasoning, and its use
//! in a family of `command`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::params;
use crate::delivery::check::{Suite, SuiteKind};
use crate::units::Bytes;

/// In which order a Dockerfile adds what it needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LayerOrder {
    /// The list of dependencies is copied and installed before the sources: a change of the sources keeps what was installed.
    #[default]
    DependenciesFirst,
    /// Everything is copied at once, so that each change installs everything again.
    SourcesFirst,
}

params! {
    /// A project's size. The defaults are those of a middling service (chosen for Fleetlab).
    pub struct Project {
        /// Lines of code [1]. Default 20,000 (chosen for Fleetlab).
        pub lines: u32 = 20_000,
        /// Packages that it depends on, those that they depend on included [1]. Default 400 (a web service in JavaScript has
        /// several hundred, one in Java or Go a hundred).
        pub dependencies: u32 = 400,
        /// Mean size of a package. Default 250 kB (chosen for Fleetlab).
        pub package: Bytes = Bytes::new(250_000),
        /// Size of a full clone of its repository. Default 60 MB (chosen for Fleetlab).
        pub repository: Bytes = Bytes::new(60_000_000),
        /// Size of the image that it starts from, compressed. Default 120 MB (a slim image with a language's runtime).
        pub base_image: Bytes = Bytes::new(120_000_000),
        /// What its dependencies add to the image, compressed. Default 80 MB (chosen for Fleetlab).
        pub dependency_layer: Bytes = Bytes::new(80_000_000),
        /// What its own program adds to the image, compressed. Default 20 MB (chosen for Fleetlab).
        pub program_layer: Bytes = Bytes::new(20_000_000),
        /// The order of its Dockerfile. Default dependencies-first (Docker's documentation advises it).
        pub layer_order: LayerOrder = LayerOrder::DependenciesFirst,
        /// Size of what it leaves behind. Default 20 MB (chosen for Fleetlab).
        pub artifact: Bytes = Bytes::new(20_000_000),
        /// Resources of its infrastructure code [1]. Default 40 (chosen for Fleetlab).
        pub resources: u32 = 40,
        /// Its suites. Default the usual unit tests, and linting; a kind that is not there has nothing to run.
        pub suites: BTreeMap<SuiteKind, Suite> =
            [SuiteKind::Unit, SuiteKind::Lint].into_iter().map(|kind| (kind, Suite::usual(kind))).collect(),
    }
}

/// What changed since the build whose caches are there.
#[expect(clippy::struct_excessive_bools, reason = "each is asked for by itself, and all combinations occur")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Touched {
    /// Sources.
    pub sources: bool,
    /// The list of dependencies.
    pub dependencies: bool,
    /// The Dockerfile.
    pub dockerfile: bool,
    /// The image that it starts from.
    pub base_image: bool,
}

impl Touched {
    /// Sources alone: what most changes are.
    pub const SOURCES: Self = Self { sources: true, dependencies: false, dockerfile: false, base_image: false };
}
