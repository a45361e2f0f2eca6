//! The dated price table: what one instance-hour costs, by instance type.
//!
//! The figures are in `assets/prices.toml`, with their date and source; nothing here knows one. To add an instance type,
//! add a line there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::units::Dollars;

/// The instance type of a service that names none: the smallest that Fargate offers.
pub(crate) const SMALLEST: &str = "fargate-0.25vcpu-0.5gb";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    as_of: String,
    region: String,
    fargate: Fargate,
    ec2: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fargate {
    vcpu_hour: f64,
    gb_hour: f64,
    sizes: BTreeMap<String, Size>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    vcpu: f64,
    gb: f64,
}

/// The price table.
#[derive(Debug)]
pub struct Prices {
    /// The day for which the prices were public, as `2025-06-30`.
    pub as_of: String,
    /// The region for which they hold.
    pub region: String,
    /// Price of an instance-hour by instance type.
    pub by_type: BTreeMap<String, Dollars>,
}

static PRICES: LazyLock<Prices> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../assets/prices.toml")).expect("the price table is part of the program, and a test reads it");
    let Fargate { vcpu_hour, gb_hour, sizes } = file.fargate;
    // To a thousandth of a cent, as the price pages state it.
    let task = |size: &Size| Dollars(((size.vcpu * vcpu_hour + size.gb * gb_hour) * 1e5).round() / 1e5);
    let mut by_type: BTreeMap<String, Dollars> = sizes.iter().map(|(name, size)| (name.clone(), task(size))).collect();
    by_type.extend(file.ec2.into_iter().map(|(name, price)| (name, Dollars(price))));
    Prices { as_of: file.as_of, region: file.region, by_type }
});

/// The price table.
pub fn prices() -> &'static Prices {
    &PRICES
}

/// The price of an instance-hour.
pub(crate) fn price_per_hour(instance_type: &str) -> Option<Dollars> {
    PRICES.by_type.get(instance_type).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_is_positive_and_the_default_type_has_one() {
        assert!(prices().by_type.values().all(|price| price.0 > 0.0 && price.0 < 100.0));
        assert!(price_per_hour(SMALLEST).is_some_and(|price| (price.0 - 0.01234).abs() < 1e-5));
        assert_eq!(price_per_hour("m5.large"), Some(Dollars(0.096)));
        assert_eq!(price_per_hour("m5.huge"), None);
    }

    #[test]
    fn a_bigger_task_costs_more() {
        let price = |name| price_per_hour(name).map(|price| price.0);
        assert!(price("fargate-1vcpu-2gb") < price("fargate-2vcpu-4gb"));
    }
}
