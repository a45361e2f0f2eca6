//! Daily: a sinusoid over the day, with its peak at a chosen hour; the mean over a day is the base rate.

use crate::choice::params;
use crate::units::{Ratio, SimSpan};

params! {
    /// A day with a peak and a quiet night.
    pub struct Daily {
        /// Time of day of the peak. Default `"20h"`: the evening peak of a shop.
        pub peak: SimSpan = SimSpan::from_secs(20 * 3_600),
        /// How far the rate swings about its mean (0 to 1). Default 0.6: the peak is 1.6×, the trough 0.4× the mean.
        pub swing: Ratio = Ratio::new(0.6),
        /// Time of day at which the simulation starts. Default `"0s"`: midnight.
        pub starts_at: SimSpan = SimSpan::ZERO,
    }
}
