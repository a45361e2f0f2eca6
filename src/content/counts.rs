//! Files of counts: how many requests arrive in each interval, as CSV with two columns.
//!
//! The first column is the start of an interval in seconds, the second the number of requests in it. A first line that
//! does not begin with a number is a heading. Mistakes are reported in the file itself, with their line.

use super::diagnostic::{Code, Collector, Finding};
use super::source::Place;
use crate::scenario::limits;
use crate::units::{SimSpan, SimTime};
use crate::wording::shown;

/// Reads the counts; `None` if anything is wrong, which is reported.
/// `file` is its index among the sources.
pub(crate) fn read(file: usize, text: &str, collector: &mut Collector) -> Option<Vec<(SimTime, u64)>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut counts: Vec<(SimTime, u64)> = Vec::new();
    let mut mistakes = 0;
    let mut wrong = |start: usize, finding: Finding, collector: &mut Collector| {
        let end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        collector.add(&Place { file, range: start..end }, finding);
        mistakes += 1;
    };
    let mut record = csv::StringRecord::new();
    let mut first = true;
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Err(error) => {
                let start = error.position().map_or(0, |position| position.byte() as usize).min(text.len());
                wrong(start, Finding::error(Code::Syntax, format!("not CSV: {}", shown(&error.to_string()))), collector);
                break;
            }
            Ok(true) => {}
        }
        let start = record.position().map_or(0, |position| position.byte() as usize).min(text.len());
        let heading = std::mem::take(&mut first) && record.get(0).is_some_and(|cell| cell.starts_with(|c: char| c.is_alphabetic()));
        if heading {
            continue;
        }
        if counts.len() >= limits::COUNTS_ROWS {
            let finding = Finding::error(Code::TooMuch, format!("more than {} rows", limits::COUNTS_ROWS));
            wrong(start, finding, collector);
            break;
        }
        match row(&record, counts.last().map(|(at, _)| *at)) {
            Ok(entry) => counts.push(entry),
            Err(problem) => {
                let finding = Finding::error(Code::BadValue, problem).label("expected `seconds,requests`");
                wrong(start, finding, collector);
                if collector.is_full() {
                    break;
                }
            }
        }
    }
    if counts.is_empty() {
        wrong(0, Finding::error(Code::MissingKey, "no counts").label("expected rows of `seconds,requests`"), collector);
    }
    (mistakes == 0).then_some(counts)
}

fn row(record: &csv::StringRecord, previous: Option<SimTime>) -> Result<(SimTime, u64), String> {
    let (Some(at), Some(requests), None) = (record.get(0), record.get(1), record.get(2)) else {
        let columns = if record.len() == 1 { "1 column".to_owned() } else { format!("{} columns", record.len()) };
        return Err(format!("{columns} instead of two"));
    };
    let longest = SimSpan::LONGEST.as_secs_f64();
    let seconds: f64 =
        at.parse().ok().filter(|seconds| (0.0..=longest).contains(seconds)).ok_or_else(|| format!("`{}` is not a time in seconds", shown(at)))?;
    let requests: u64 = requests
        .parse()
        .ok()
        .filter(|requests| *requests <= limits::REQUESTS as u64)
        .ok_or_else(|| format!("`{}` is not a number of requests: a whole number, at most {:e}", shown(requests), limits::REQUESTS))?;
    let at = SimTime::ZERO + SimSpan::from_secs_f64(seconds);
    if previous.is_some_and(|previous| previous >= at) {
        return Err(format!("the interval at {seconds} s does not begin after the one before"));
    }
    Ok((at, requests))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Vec<(u64, u64)>, String> {
        let mut collector = Collector::default();
        let file = collector.sources.add("load.csv", text);
        let counts = read(file, text, &mut collector);
        let found = collector.finish();
        match counts {
            Some(counts) if found.is_empty() => Ok(counts.into_iter().map(|(at, n)| (at.nanos() / 1_000_000_000, n)).collect()),
            _ => Err(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        }
    }

    #[test]
    fn counts_read_with_and_without_a_heading() {
        assert_eq!(check("seconds,requests\n0,10\n60, 20\n"), Ok(vec![(0, 10), (60, 20)]));
        assert_eq!(check("# from the balancer's log\n0,10\n60,20"), Ok(vec![(0, 10), (60, 20)]));
    }

    #[test]
    fn every_wrong_row_is_reported_with_its_line() {
        let found = check("0,10\n60,-1\n50,2\n120\n-5,1\n1e300,1\nnan,1\n180,4\n");
        let lines = found.expect_err("five rows are wrong");
        for line in ["load.csv:2:1", "load.csv:4:1", "load.csv:5:1", "load.csv:6:1", "load.csv:7:1"] {
            assert!(lines.contains(line), "{line} is not in\n{lines}");
        }
        assert!(lines.contains("1 column instead of two"), "{lines}");
        assert!(check("0,1000000000000").is_err_and(|text| text.contains("at most 1e11")));
        assert!(check("").is_err());
        assert!(check("5,1\n5,1").is_err_and(|text| text.contains("does not begin after")));
    }
}
