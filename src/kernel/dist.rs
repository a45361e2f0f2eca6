//! Distributions of times: what a step's work, a sleep, a network hop or a think time is drawn from.
//!
//! Transcendental functions come from `libm`, not from the platform: its results differ in the last bit between machines,
//! and a run must not.
//!
//! [`Distribution`] is what people write; [`Sampler`] is the same thing prepared for drawing millions of times. To add a
//! distribution, add it to both enums here, to `Distribution::mean_nanos` and to `Sampler::new`.

use std::borrow::Cow;
use std::fmt;

use rand_distr::{Distribution as _, Exp1, Gamma, StandardNormal};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::rng::Stream;
use crate::units::SimSpan;

/// A distribution of times, as written in a scenario. A bare duration is that duration every time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// Always the same time.
    Fixed(SimSpan),
    /// Exponential with this mean: memoryless, coefficient of variation 1.
    Exponential(SimSpan),
    /// Uniform between two times.
    Uniform(Uniform),
    /// Lognormal: skewed with a moderate tail, the usual fit for service times.
    Lognormal(MeanCv),
    /// Gamma (Erlang where 1/cv² is whole): less variable than exponential for cv < 1.
    Gamma(MeanCv),
    /// Pareto: a power-law tail.
    Pareto(Pareto),
    /// One of several distributions, by weight.
    Mixture(Vec<Component>),
    /// Measured quantiles, joined by straight lines.
    Empirical(Empirical),
}

/// Parameters of a uniform distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The shortest time.
    pub min: SimSpan,
    /// The longest time.
    pub max: SimSpan,
}

/// A mean and a coefficient of variation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeanCv {
    /// The mean.
    pub mean: SimSpan,
    /// The coefficient of variation, standard deviation ÷ mean [1], 0.01 to 100. Default 1 (the exponential's).
    #[serde(default = "one", deserialize_with = "read_cv")]
    pub cv: f64,
}

fn check_cv(cv: f64) -> Result<(), String> {
    if (0.01..=100.0).contains(&cv) { Ok(()) } else { Err(format!("`cv` is {cv}; write 0.01 to 100, or use a fixed time")) }
}

/// Checked by itself, so that a wrong mean beside it does not hide it.
fn read_cv<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let cv = f64::deserialize(deserializer)?;
    check_cv(cv).map(|()| cv).map_err(de::Error::custom)
}

/// Parameters of a Pareto distribution: P(X > x) = (scale/x)^shape.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pareto {
    /// The shortest time.
    pub scale: SimSpan,
    /// The tail index [1]; the mean is infinite at 1 and below.
    pub shape: f64,
    /// Where the tail is cut off (the law is conditioned on X ≤ max). Default: not cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<SimSpan>,
}

/// One component of a mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its weight relative to the others.
    pub weight: f64,
    /// Its distribution.
    pub of: Distribution,
}

/// Measured quantiles: pairs of cumulative probability and time, both rising.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empirical {
    /// `[[0.0, "1ms"], [0.5, "3ms"], [1.0, "40ms"]]`; the first probability is 0 and the last is 1.
    pub quantiles: Vec<(f64, SimSpan)>,
}

const fn one() -> f64 {
    1.0
}

/// The tagged form, which serde derives; the bare duration is added by hand.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Tagged {
    Fixed(SimSpan),
    Exponential(SimSpan),
    Uniform(Uniform),
    Lognormal(MeanCv),
    Gamma(MeanCv),
    Pareto(Pareto),
    Mixture(Vec<Component>),
    Empirical(Empirical),
}

impl From<Tagged> for Distribution {
    fn from(tagged: Tagged) -> Self {
        match tagged {
            Tagged::Fixed(span) => Self::Fixed(span),
            Tagged::Exponential(mean) => Self::Exponential(mean),
            Tagged::Uniform(params) => Self::Uniform(params),
            Tagged::Lognormal(params) => Self::Lognormal(params),
            Tagged::Gamma(params) => Self::Gamma(params),
            Tagged::Pareto(params) => Self::Pareto(params),
            Tagged::Mixture(parts) => Self::Mixture(parts),
            Tagged::Empirical(table) => Self::Empirical(table),
        }
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Distribution;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"5ms\", or a distribution such as { exponential = \"5ms\" }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Distribution, E> {
                text.parse().map(Distribution::Fixed).map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Distribution, A::Error> {
                let distribution = Tagged::deserialize(de::value::MapAccessDeserializer::new(map))?.into();
                Distribution::check(&distribution).map_err(de::Error::custom)?;
                Ok(distribution)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Distribution {
    fn schema_name() -> Cow<'static, str> {
        "Distribution".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let tagged = Tagged::json_schema(generator);
        let fixed = generator.subschema_for::<SimSpan>();
        json_schema!({ "anyOf": [fixed, tagged] })
    }
}

impl Distribution {
    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Uniform(Uniform { min, max }) if min > max => Err(format!("`min` ({min}) is above `max` ({max})")),
            Self::Fixed(_) | Self::Exponential(_) | Self::Uniform(_) => Ok(()),
            Self::Lognormal(MeanCv { mean, cv }) | Self::Gamma(MeanCv { mean, cv }) => {
                if mean.is_zero() {
                    Err("`mean` is zero; use a fixed \"0s\"".to_owned())
                } else {
                    check_cv(*cv)
                }
            }
            Self::Pareto(Pareto { scale, shape, max }) => {
                if scale.is_zero() {
                    Err("`scale` is zero; a Pareto time starts above zero".to_owned())
                } else if !(0.1..=100.0).contains(shape) {
                    Err(format!("`shape` is {shape}; write 0.1 to 100"))
                } else if max.is_some_and(|max| max <= *scale) {
                    Err("`max` is not above `scale`".to_owned())
                } else {
                    Ok(())
                }
            }
            Self::Mixture(parts) => {
                if parts.is_empty() || parts.len() > 64 {
                    return Err(format!("a mixture has 1 to 64 components, this one has {}", parts.len()));
                }
                for part in parts {
                    if !(part.weight.is_finite() && part.weight > 0.0) {
                        return Err(format!("the weight {} is not a positive number", part.weight));
                    }
                    if matches!(part.of, Self::Mixture(_)) {
                        return Err("a mixture inside a mixture; write its components here".to_owned());
                    }
                    part.of.check()?;
                }
                Ok(())
            }
            Self::Empirical(Empirical { quantiles }) => {
                let rising = quantiles.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
                let whole = quantiles.first().is_some_and(|q| q.0 == 0.0) && quantiles.last().is_some_and(|q| (q.0 - 1.0).abs() < 1e-12);
                if !(2..=1_000).contains(&quantiles.len()) || !rising || !whole {
                    Err("quantiles rise from probability 0 to probability 1 (2 to 1000 points), with times that never fall".to_owned())
                } else {
                    Ok(())
                }
            }
        }
    }

    /// The mean [ns]; infinite for a Pareto law of shape 1 or less that is not cut.
    pub fn mean_nanos(&self) -> f64 {
        match self {
            Self::Fixed(mean) | Self::Exponential(mean) | Self::Lognormal(MeanCv { mean, .. }) | Self::Gamma(MeanCv { mean, .. }) => mean.nanos() as f64,
            Self::Uniform(Uniform { min, max }) => f64::midpoint(min.nanos() as f64, max.nanos() as f64),
            Self::Pareto(Pareto { scale, shape, max }) => {
                let (low, a) = (scale.nanos() as f64, *shape);
                match max {
                    None if a <= 1.0 => f64::INFINITY,
                    None => a * low / (a - 1.0),
                    Some(max) => {
                        let high = max.nanos() as f64;
                        let kept = 1.0 - (low / high).powf(a);
                        if (a - 1.0).abs() < 1e-9 { low * (high / low).ln() / kept } else { a * low / (a - 1.0) * (1.0 - (low / high).powf(a - 1.0)) / kept }
                    }
                }
            }
            Self::Mixture(parts) => {
                let total: f64 = parts.iter().map(|part| part.weight).sum();
                parts.iter().map(|part| part.weight / total * part.of.mean_nanos()).sum()
            }
            Self::Empirical(Empirical { quantiles }) => {
                quantiles.windows(2).map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1.nanos() as f64, pair[1].1.nanos() as f64)).sum()
            }
        }
    }
}

impl Distribution {
    /// One draw, for those who draw seldom (start-up times); who draws millions keeps a prepared `Sampler`.
    pub fn draw(&self, stream: &mut Stream) -> SimSpan {
        SimSpan::from_nanos(Sampler::new(self).sample(stream).round() as u64)
    }
}

/// A distribution prepared for drawing [ns].
#[derive(Debug, Clone)]
pub(super) enum Sampler {
    Fixed(f64),
    Exponential(f64),
    Uniform(f64, f64),
    /// Mean and standard deviation of the logarithm.
    Lognormal(f64, f64),
    Gamma(Gamma<f64>),
    /// Scale, -1/shape, and how much of the law lies below the cut.
    Pareto(f64, f64, f64),
    /// Cumulative weights and their samplers.
    Mixture(Box<[(f64, Sampler)]>),
    Empirical(Box<[(f64, f64)]>),
}

impl Sampler {
    /// Prepares a checked distribution.
    pub(super) fn new(distribution: &Distribution) -> Self {
        match distribution {
            Distribution::Fixed(span) => Self::Fixed(span.nanos() as f64),
            Distribution::Exponential(mean) => Self::Exponential(mean.nanos() as f64),
            Distribution::Uniform(Uniform { min, max }) => Self::Uniform(min.nanos() as f64, (max.nanos() - min.nanos()) as f64),
            Distribution::Lognormal(MeanCv { mean, cv }) => {
                let variance = libm::log(1.0 + cv * cv);
                Self::Lognormal(libm::log(mean.nanos() as f64) - variance / 2.0, variance.sqrt())
            }
            Distribution::Gamma(MeanCv { mean, cv }) => {
                let shape = 1.0 / (cv * cv);
                // `check` bounds mean and cv, which bounds shape and scale to what Gamma accepts.
                Gamma::new(shape, mean.nanos() as f64 / shape).map_or(Self::Fixed(mean.nanos() as f64), Self::Gamma)
            }
            Distribution::Pareto(Pareto { scale, shape, max }) => {
                let scale = scale.nanos() as f64;
                let kept = max.map_or(1.0, |max| 1.0 - libm::pow(scale / max.nanos() as f64, *shape));
                Self::Pareto(scale, -1.0 / shape, kept)
            }
            Distribution::Mixture(parts) => {
                let total: f64 = parts.iter().map(|part| part.weight).sum();
                let mut sum = 0.0;
                let cumulative = parts.iter().map(|part| {
                    sum += part.weight / total;
                    (sum, Self::new(&part.of))
                });
                Self::Mixture(cumulative.collect())
            }
            Distribution::Empirical(Empirical { quantiles }) => Self::Empirical(quantiles.iter().map(|(p, span)| (*p, span.nanos() as f64)).collect()),
        }
    }

    /// The next time [ns]; the stream moves on.
    #[inline]
    pub(super) fn sample(&self, stream: &mut Stream) -> f64 {
        match self {
            Self::Exponential(mean) => {
                let unit: f64 = Exp1.sample(stream);
                unit * mean
            }
            Self::Fixed(nanos) => *nanos,
            _ => self.sample_other(stream),
        }
    }

    /// The laws that are drawn less often, kept out of the hot path.
    fn sample_other(&self, stream: &mut Stream) -> f64 {
        match self {
            Self::Fixed(nanos) => *nanos,
            Self::Exponential(mean) => {
                let unit: f64 = Exp1.sample(stream);
                unit * mean
            }
            Self::Uniform(min, width) => min + width * stream.uniform(),
            Self::Lognormal(mu, sigma) => {
                let normal: f64 = StandardNormal.sample(stream);
                libm::exp(mu + sigma * normal)
            }
            Self::Gamma(gamma) => gamma.sample(stream),
            Self::Pareto(scale, exponent, kept) => scale * libm::pow(1.0 - kept * stream.uniform(), *exponent),
            Self::Mixture(parts) => {
                let u = stream.uniform();
                let at = parts.iter().position(|(sum, _)| u < *sum).unwrap_or(parts.len() - 1);
                parts[at].1.sample(stream)
            }
            Self::Empirical(points) => {
                let u = stream.uniform();
                let at = points.partition_point(|(p, _)| *p <= u).clamp(1, points.len() - 1);
                let ((p0, t0), (p1, t1)) = (points[at - 1], points[at]);
                t0 + (t1 - t0) * (u - p0) / (p1 - p0)
            }
        }
    }
}

/// An exponential time of mean 1.
#[inline]
pub(super) fn unit_exponential(stream: &mut Stream) -> f64 {
    Exp1.sample(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Distribution, String> {
        #[derive(Deserialize)]
        struct File {
            d: Distribution,
        }
        toml::from_str::<File>(&format!("d = {toml}")).map(|file| file.d).map_err(|error| error.message().to_owned())
    }

    /// Each law's sample mean agrees with the mean it claims; the tolerance is four standard errors of the widest law.
    #[test]
    fn samples_have_the_mean_that_the_law_states() {
        for text in [
            "'10ms'",
            "{ exponential = '10ms' }",
            "{ uniform = { min = '2ms', max = '10ms' } }",
            "{ lognormal = { mean = '10ms', cv = 1.5 } }",
            "{ gamma = { mean = '10ms', cv = 0.5 } }",
            "{ gamma = { mean = '10ms', cv = 2.0 } }",
            "{ pareto = { scale = '10ms', shape = 3.0 } }",
            "{ pareto = { scale = '10ms', shape = 0.9553, max = '69ms' } }",
            "{ mixture = [ { weight = 95, of = '5ms' }, { weight = 5, of = '105ms' } ] }",
            "{ empirical = { quantiles = [ [0, '1ms'], [0.5, '3ms'], [1, '40ms'] ] } }",
        ] {
            let law = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let sampler = Sampler::new(&law);
            let n = 400_000_u64;
            let root = Stream::root(5);
            let mean = (0..n).map(|i| sampler.sample(&mut root.child(i))).sum::<f64>() / n as f64;
            let expected = law.mean_nanos();
            assert!((mean / expected - 1.0).abs() < 0.012, "{text}: {mean} instead of {expected}");
        }
    }

    #[test]
    fn impossible_parameters_are_refused() {
        for text in [
            "{ uniform = { min = '2ms', max = '1ms' } }",
            "{ lognormal = { mean = '0s' } }",
            "{ lognormal = { mean = '1ms', cv = -1 } }",
            "{ lognormal = { mean = '1ms', cv = nan } }",
            "{ pareto = { scale = '1ms', shape = 0 } }",
            "{ pareto = { scale = '2ms', shape = 1, max = '1ms' } }",
            "{ mixture = [] }",
            "{ empirical = { quantiles = [ [0, '1ms'] ] } }",
            "{ normal = '1ms' }",
            "'5 parsecs'",
        ] {
            assert!(read(text).is_err(), "{text} was read");
        }
    }
}
