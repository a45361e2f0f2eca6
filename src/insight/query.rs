//! What a provider's query asks for, as far as it can be told: success or error rate, a quantile of latency, requests.
//!
//! Genuine analyses ask Prometheus, `CloudWatch` and others in their own languages. Those are not evaluated; a query is
//! recognised by the words in it, and answered with the metric that it is about. Fleetlab's own short queries are the names
//! `success-rate`, `error-rate`, `latency-p99` (any quantile, in seconds) and `requests`. What is not recognised is an error
//! of the measurement, as it would be with a wrong query. To recognise more, extend [`Query::of`].

use crate::insight::golden::Subject;
use crate::insight::judge::Measured;
use crate::insight::metric::Watched;
use crate::telemetry::store::Store;
use crate::telemetry::whole;
use crate::units::{SimSpan, SimTime};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ask {
    /// Share of requests answered, 0…1.
    SuccessRate,
    /// Share of requests that failed, 0…1.
    ErrorRate,
    /// A quantile of latency, times this many per second.
    Latency {
        /// Which quantile, 0…1.
        quantile: f64,
        /// 1 for seconds, 1000 for milliseconds.
        per_second: f64,
    },
    /// Requests per second.
    Requests,
}

/// A query, understood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Query {
    /// What is asked for.
    pub ask: Ask,
    /// Over how much time.
    pub window: SimSpan,
    /// Whether the provider answers with a list of one number, as Prometheus does.
    pub is_list: bool,
}

/// The usual window where a query names none (chosen for Fleetlab).
const USUAL: SimSpan = SimSpan::from_secs(60);

impl Query {
    /// What a query asks for, if that can be told.
    pub fn of(kind: &str, query: &str) -> Option<Self> {
        let text = query.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let window = text.split('[').skip(1).find_map(|rest| rest.split_once(']')?.0.split(':').next()?.parse::<SimSpan>().ok()).unwrap_or(USUAL);
        let milliseconds = has(&["milliseconds", "_ms", "latency_ms"]);
        let quantile = || {
            let named = text.split("quantile(").nth(1).and_then(|rest| rest.split([',', ')']).next()).and_then(|number| number.trim().parse::<f64>().ok());
            let short =
                text.split(['-', ' ', '_', '.']).find_map(|word| word.strip_prefix('p')?.parse::<f64>().ok().filter(|percent| (1.0..1e4).contains(percent)));
            let short = short.map(|percent| if percent < 100.0 { percent / 100.0 } else { percent / libm::pow(10.0, libm::floor(libm::log10(percent)) + 1.0) });
            named.or(short).filter(|quantile| (0.0..1.0).contains(quantile)).unwrap_or(0.99)
        };
        // A ratio over what did not fail is a success rate, a ratio over what failed an error rate.
        let but_errors = has(&["!~\"5", "!~\"(5", "!=\"5", "!~\"[4-5]", "!~\"[45]", "!~'5", "status!~", "response_code!~", "grpc_code=\"ok\"", "success"]);
        let errors = has(&["=~\"5", "=~\"(5", "=\"5", "=~\"[4-5]", "error", "5xx", "fail", "grpc_code!="]);
        let ask = if has(&["latency", "duration", "quantile", "response_time", "request-duration"]) {
            Ask::Latency { quantile: quantile(), per_second: if milliseconds { 1_000.0 } else { 1.0 } }
        } else if but_errors {
            Ask::SuccessRate
        } else if errors {
            Ask::ErrorRate
        } else if has(&["request", "rps", "http_", "traffic"]) {
            Ask::Requests
        } else {
            return None;
        };
        Some(Self {
            ask,
            window,
            is_list: kind == "prometheus" && !matches!(query, "success-rate" | "error-rate" | "requests") && !query.starts_with("latency-"),
        })
    }

    /// The number at `now`; `None` without requests.
    pub fn number(&self, store: &Store, of: Watched, now: SimTime) -> Option<f64> {
        let (servers, clients) = match of {
            Watched::Users => (Subject::Users(None), Subject::Users(None)),
            Watched::Service(service) => (Subject::Service(service), Subject::Callers(service)),
            Watched::Version(version) => (Subject::Version(version), Subject::Version(version)),
        };
        let window = |subject: Subject| whole(subject.windows(store, now - self.window, now).iter().map(AsRef::as_ref));
        let failed = || {
            let counts = window(clients)?.counts;
            let (all, failed) = if matches!(of, Watched::Version(_)) { counts.as_callers_saw() } else { (counts.requests - counts.dropped, counts.failed()) };
            (all > 0).then(|| failed as f64 / all as f64)
        };
        match self.ask {
            Ask::SuccessRate => failed().map(|share| 1.0 - share),
            Ask::ErrorRate => failed(),
            Ask::Latency { quantile, per_second } => window(servers)?.latency.quantile(quantile).map(|nanos| nanos / 1e9 * per_second),
            Ask::Requests => window(clients).map(|window| window.per_second(window.counts.requests)),
        }
    }

    /// The number as its provider answers it.
    pub fn answer(&self, number: Option<f64>) -> Measured {
        match number {
            Some(number) if self.is_list => Measured::from(vec![number]),
            None if self.is_list => Measured::List(Vec::new()),
            number => Measured::from(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genuine_queries_are_recognised_by_their_words() {
        let success = "sum(irate(istio_requests_total{reporter=\"source\",destination_service=~\"x\",response_code!~\"5.*\"}[5m])) / sum(irate(istio_requests_total{}[5m]))";
        let query = Query::of("prometheus", success).expect("recognised");
        assert_eq!((query.ask, query.window, query.is_list), (Ask::SuccessRate, SimSpan::from_secs(300), true));
        let errors = "sum(rate(http_requests_total{status=~\"5.*\"}[1m])) / sum(rate(http_requests_total[1m]))";
        assert_eq!(Query::of("prometheus", errors).map(|query| query.ask), Some(Ask::ErrorRate));
        let latency = "histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[2m])) by (le))";
        assert_eq!(Query::of("prometheus", latency).map(|query| query.ask), Some(Ask::Latency { quantile: 0.95, per_second: 1.0 }));
        assert_eq!(Query::of("prometheus", "up"), None);
    }

    #[test]
    fn short_queries_are_fleetlabs_own() {
        let of = |query: &str| Query::of("prometheus", query).map(|query| (query.ask, query.is_list));
        assert_eq!(of("error-rate"), Some((Ask::ErrorRate, false)));
        assert_eq!(of("success-rate"), Some((Ask::SuccessRate, false)));
        assert_eq!(of("latency-p99"), Some((Ask::Latency { quantile: 0.99, per_second: 1.0 }, false)));
        assert_eq!(of("latency-p999"), Some((Ask::Latency { quantile: 0.999, per_second: 1.0 }, false)));
        assert_eq!(of("requests"), Some((Ask::Requests, false)));
    }

    #[test]
    fn prometheus_answers_with_a_list_and_nothing_with_an_empty_one() {
        let query = Query::of("prometheus", "sum(rate(http_requests_total[1m]))").expect("recognised");
        assert_eq!((query.answer(Some(2.0)), query.answer(None)), (Measured::from(vec![2.0]), Measured::List(Vec::new())));
    }
}
