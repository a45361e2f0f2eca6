//! DORA's Quick Check: each metric as a number from 0 to 10, and their means.
//!
//! As the site computes it: the six answers to a question count 0, 2, 4, 6, 8, 10; a percentage counts 10 − percent ÷ 10. The
//! overall score is the mean of the five (of four before 2025, when there was no rework rate); throughput is the mean of lead
//! time, frequency and recovery, stability that of the two rates. What is not known is left out of the means.

use super::Dora;
use crate::units::SimSpan;

/// Scores from 0 to 10.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Grades {
    /// Change lead time.
    pub lead_time: Option<f64>,
    /// Deployment frequency.
    pub frequency: Option<f64>,
    /// Failed deployment recovery time.
    pub recovery: Option<f64>,
    /// Change fail rate.
    pub change_fail: Option<f64>,
    /// Deployment rework rate.
    pub rework: Option<f64>,
    /// The mean of lead time, frequency and recovery.
    pub throughput: Option<f64>,
    /// The mean of the two rates.
    pub stability: Option<f64>,
    /// The mean of all that are known.
    pub overall: Option<f64>,
}

/// What the whole industry answered in 2025: lead time 5.5, frequency 4.8, recovery 7.4, change fail 19 %, rework 22 %.
pub const INDUSTRY_2025: [f64; 5] = [5.5, 4.8, 7.4, 8.1, 7.8];

const DAY: f64 = 86_400.0;
/// Longest times for the answers from best to worst [s]: an hour, a day, a week, a month, half a year, and longer.
const TIMES: [f64; 5] = [3_600.0, DAY, 7.0 * DAY, 365.25 * DAY / 12.0, 365.25 * DAY / 2.0];

/// A time's answer: under an hour 10, under a day 8, under a week 6, under a month 4, under half a year 2, else 0.
fn time(span: SimSpan) -> f64 {
    let worse = TIMES.iter().filter(|most| span.as_secs_f64() >= **most).count();
    10.0 - 2.0 * worse as f64
}

/// A frequency's answer: more than hourly ("on demand") 10, daily 8, weekly 6, monthly 4, half-yearly 2, else 0.
fn frequency(per_day: f64) -> f64 {
    if per_day <= 0.0 { 0.0 } else { time(SimSpan::from_secs_f64((DAY / per_day - 1e-6).max(0.0))) }
}

fn mean(of: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = of.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// The scores of a team; `per_day` replaces the frequency where another way of counting is wanted.
pub fn grade(dora: &Dora, per_day: Option<f64>) -> Grades {
    let rate = |share: Option<f64>| share.map(|share| 10.0 - share * 10.0);
    let (lead_time, frequency) = (dora.lead_time.map(time), per_day.or(dora.per_day).map(frequency));
    let (recovery, change_fail, rework) = (dora.recovery.map(time), rate(dora.change_fail_rate), rate(dora.rework_rate));
    Grades {
        lead_time,
        frequency,
        recovery,
        change_fail,
        rework,
        throughput: mean(&[lead_time, frequency, recovery]),
        stability: mean(&[change_fail, rework]),
        overall: mean(&[lead_time, frequency, recovery, change_fail, rework]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_answers_count_in_steps_of_two() {
        let hours = |hours: u64| SimSpan::from_secs(hours * 3_600);
        let scores = [0, 2, 30, 24 * 10, 24 * 90, 24 * 200].map(|hour| time(hours(hour)));
        assert!(scores.iter().zip([10.0, 8.0, 6.0, 4.0, 2.0, 0.0]).all(|(score, expected)| (score - expected).abs() < 1e-12), "{scores:?}");
        let scores = [30.0, 3.0, 0.714, 0.1, 0.01, 0.001].map(frequency);
        assert!(scores.iter().zip([10.0, 8.0, 6.0, 4.0, 2.0, 0.0]).all(|(score, expected)| (score - expected).abs() < 1e-12), "{scores:?}");
        assert!((frequency(1.0) - 8.0).abs() < 1e-12, "once a day is daily");
    }

    #[test]
    fn means_are_over_what_is_known() {
        let dora = Dora { per_day: Some(3.0), change_fail_rate: Some(0.1), ..Dora::default() };
        let grades = grade(&dora, None);
        assert_eq!((grades.throughput, grades.stability, grades.overall), (Some(8.0), Some(9.0), Some(8.5)));
        assert_eq!(grade(&Dora::default(), None), Grades::default());
    }
}
