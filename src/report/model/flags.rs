//! Feature flags and A/B tests in the report.

use schemars::JsonSchema;
use serde::Serialize;

/// One feature flag.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct FlagReport {
    /// Its name.
    pub name: String,
    /// Share of users who had the feature at the end, 0…1.
    pub percentage: f64,
    /// When it was changed last [s]; 0 if never.
    pub changed_at_s: f64,
    /// The alarm that turned it off, if that was its last change.
    pub killed_by: Option<String>,
    /// Whether nobody had changed it for so long that its code should be cleaned up.
    pub stale: bool,
    /// Whether its code was cleaned up.
    pub removed: bool,
    /// How often scripts asked it for users who had the feature.
    pub asked_with: u64,
    /// How often scripts asked it for users who had not.
    pub asked_without: u64,
    /// Its A/B test, if it has one.
    pub experiment: Option<ExperimentReport>,
}

/// An A/B test, warm-up included.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ExperimentReport {
    /// Whose requests are its visits, as `service.endpoint`.
    pub endpoint: String,
    /// Visits of users without the feature.
    pub visits_without: u64,
    /// Of which converted.
    pub conversions_without: u64,
    /// Visits of users with the feature.
    pub visits_with: u64,
    /// Of which converted.
    pub conversions_with: u64,
    /// By how much the conversion rate is higher with the feature; null while one side had no visit.
    pub difference: Option<f64>,
    /// Lower end of the 95 % confidence interval of that (two proportions, unpooled); null as above.
    pub lower: Option<f64>,
    /// Upper end of it; null as above.
    pub upper: Option<f64>,
    /// p-value of the pooled two-proportion z-test, right if this was the only look; null as above.
    pub p_value: Option<f64>,
    /// The p-value that may be looked at whenever one likes (mixture sequential probability ratio test).
    pub always_valid_p_value: f64,
    /// How often it was looked at along the way.
    pub looks: u32,
    /// The first of these looks at which the z-test said "significant" at 5 %, counting from 1; null if none did.
    pub first_significant_look: Option<u32>,
}
