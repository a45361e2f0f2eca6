//! The machines that builds run on.
//!
//! Figures are CodeBuild's, for Linux on demand. Nothing here knows prices or how long anything takes. To add a machine,
//! add a line to the table of [`ComputeType`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Bytes;

/// CodeBuild's compute types. In files they have CodeBuild's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ComputeType {
    /// 2 vCPU.
    #[default]
    #[serde(rename = "BUILD_GENERAL1_SMALL")]
    Small,
    /// 4 vCPU.
    #[serde(rename = "BUILD_GENERAL1_MEDIUM")]
    Medium,
    /// 8 vCPU.
    #[serde(rename = "BUILD_GENERAL1_LARGE")]
    Large,
    /// 36 vCPU.
    #[serde(rename = "BUILD_GENERAL1_XLARGE")]
    XLarge,
    /// 72 vCPU.
    #[serde(rename = "BUILD_GENERAL1_2XLARGE")]
    XxLarge,
    /// Lambda with 1 GB; like all of Lambda it has no Docker daemon and no cache of its own.
    #[serde(rename = "BUILD_LAMBDA_1GB")]
    Lambda1,
    /// Lambda with 2 GB.
    #[serde(rename = "BUILD_LAMBDA_2GB")]
    Lambda2,
    /// Lambda with 4 GB.
    #[serde(rename = "BUILD_LAMBDA_4GB")]
    Lambda4,
    /// Lambda with 8 GB.
    #[serde(rename = "BUILD_LAMBDA_8GB")]
    Lambda8,
    /// Lambda with 10 GB.
    #[serde(rename = "BUILD_LAMBDA_10GB")]
    Lambda10,
}

impl ComputeType {
    /// Every type with its name, vCPU and memory [GiB]. vCPU and memory of the general types: `ComputeType` of the CodeBuild
    /// API reference. Lambda's vCPU: AWS Lambda gives one for each 1,769 MB, rounded up here.
    const TABLE: [(Self, &'static str, u32, u64); 10] = [
        (Self::Small, "BUILD_GENERAL1_SMALL", 2, 4),
        (Self::Medium, "BUILD_GENERAL1_MEDIUM", 4, 8),
        (Self::Large, "BUILD_GENERAL1_LARGE", 8, 16),
        (Self::XLarge, "BUILD_GENERAL1_XLARGE", 36, 72),
        (Self::XxLarge, "BUILD_GENERAL1_2XLARGE", 72, 144),
        (Self::Lambda1, "BUILD_LAMBDA_1GB", 1, 1),
        (Self::Lambda2, "BUILD_LAMBDA_2GB", 2, 2),
        (Self::Lambda4, "BUILD_LAMBDA_4GB", 3, 4),
        (Self::Lambda8, "BUILD_LAMBDA_8GB", 5, 8),
        (Self::Lambda10, "BUILD_LAMBDA_10GB", 6, 10),
    ];

    /// The names, smallest first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::TABLE.iter().map(|row| row.1)
    }
    /// The type of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
    /// Its name.
    pub const fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }
    /// Its cores [vCPU].
    pub const fn cores(self) -> u32 {
        Self::TABLE[self as usize].2
    }
    /// Its memory.
    pub const fn memory(self) -> Bytes {
        Bytes::from_mib(Self::TABLE[self as usize].3 << 10)
    }
    /// Whether builds on it may keep a cache on their host: not the largest, and not Lambda (CodeBuild's user guide).
    pub const fn has_local_cache(self) -> bool {
        matches!(self, Self::Small | Self::Medium | Self::Large | Self::XLarge)
    }
    /// Whether builds on it can run a Docker daemon.
    pub const fn has_docker(self) -> bool {
        matches!(self, Self::Small | Self::Medium | Self::Large | Self::XLarge | Self::XxLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_types_and_has_their_names() {
        for (n, row) in ComputeType::TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, n);
            assert_eq!(ComputeType::named(row.1), Some(row.0));
            assert_eq!(serde_json::to_string(&row.0).expect("a name"), format!("\"{}\"", row.1));
        }
        assert_eq!((ComputeType::Small.cores(), ComputeType::XxLarge.memory()), (2, Bytes::from_mib(144 * 1024)));
        assert_eq!(ComputeType::named("BUILD_GENERAL1_HUGE"), None);
    }
}
