//! `latency.hlog` and `timeline.hlog`: delivery latencies in ns as HdrHistogram logs, with one tag
//! a transport and trial. A line is tag, start and length in seconds, greatest value, and the
//! histogram:
//!
//! ```text
//! #wslab: delivery latency in ns
//! Tag=sse-1000-t2,12.981,12.470,3569663.000,HISTFAAAATZ4nC2O…
//! ```
//!
//! In `latency.hlog` a line is the window of a trial, and starts count from the run's beginning. In
//! `timeline.hlog` a line is a second of a trial, and starts count from the trial's beginning.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use crate::results::TrialRow;

/// The first line of both files.
pub const LATENCY_LOG_HEAD: &str = "#wslab: delivery latency in ns\n";

/// The delivery latencies of a period, ns.
#[derive(Clone, Debug)]
pub struct LatencyInterval {
    pub start: Duration,
    pub length: Duration,
    pub histogram: Histogram<u64>,
}

/// The delivery latencies of a trial, as far as they were recorded.
#[derive(Clone, Debug)]
pub struct TrialLatency {
    pub cell: u32,
    pub trial: u32,
    /// Of its window.
    pub window: Histogram<u64>,
    /// Of each second in which something was delivered, in all phases; none in older runs.
    pub seconds: Vec<LatencyInterval>,
}

/// The lines of intervals that have one tag.
pub fn latency_log(tag: &str, intervals: &[LatencyInterval]) -> anyhow::Result<Vec<u8>> {
    let (mut log, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    let mut writer = IntervalLogWriterBuilder::new().begin_log_with(&mut log, &mut serializer)?;
    let tag = Tag::new(tag).context("a tag has no commas, spaces or line ends")?;
    for one in intervals {
        writer
            .write_histogram(&one.histogram, one.start, one.length, Some(tag))
            .map_err(|error| anyhow!("a latency log: {error:?}"))?;
    }
    Ok(log)
}

/// The latencies of trials from both files of a folder, and what of them cannot be read. A trial
/// whose latencies are not there is left out.
pub fn read_latencies(folder: &Path, trials: &[TrialRow]) -> (Vec<TrialLatency>, Vec<String>) {
    let (windows, mut wrong) = read(&folder.join("latency.hlog"));
    let (seconds, of_seconds) = read(&folder.join("timeline.hlog"));
    wrong.extend(of_seconds);
    let mut windows: Vec<_> = windows.into_iter().map(Some).collect();
    let found = trials.iter().filter_map(|row| {
        let is_of = |one: &Option<(String, LatencyInterval)>| {
            one.as_ref()
                .is_some_and(|(tag, one)| is_of(row, tag, &one.histogram))
        };
        let (tag, window) = windows.iter_mut().find(|one| is_of(one))?.take()?;
        let seconds = seconds.iter().filter(|(of, _)| *of == tag);
        Some(TrialLatency {
            cell: row.cell,
            trial: row.trial,
            window: window.histogram,
            seconds: seconds.map(|(_, second)| second.clone()).collect(),
        })
    });
    (found.collect(), wrong)
}

/// Whether latencies are those of a trial. Tags do not have the number of the cell, but the
/// greatest latency is hardly that of two trials.
fn is_of(row: &TrialRow, tag: &str, latencies: &Histogram<u64>) -> bool {
    let begins = format!("{}-{}-", row.transport, row.clients);
    let greatest_us = latencies.max() as f64 / 1e3;
    tag.starts_with(&begins)
        && tag.ends_with(&format!("-t{}", row.trial))
        && row
            .latency_max_us
            .is_some_and(|us| (us - greatest_us).abs() < 0.001)
}

/// The tagged intervals of a log, and where it cannot be read. A file that is not there has none.
fn read(path: &Path) -> (Vec<(String, LatencyInterval)>, Vec<String>) {
    let (mut intervals, mut wrong) = (Vec::new(), Vec::new());
    let Ok(log) = std::fs::read(path) else {
        return (intervals, wrong);
    };
    // A line that is no interval is taken for a comment, so each is read by itself.
    let lines = log.split_inclusive(|byte| *byte == b'\n').enumerate();
    for (at, line) in lines.filter(|(_, line)| !line.starts_with(b"#")) {
        let read = match IntervalLogIterator::new(line).next() {
            Some(Ok(LogEntry::Interval(interval))) => tagged(&interval),
            _ => None,
        };
        if read.is_none() {
            let (path, line) = (path.display(), at + 1);
            let why = format!("{path} is not as wslab wrote it: line {line} has no histogram");
            wrong.push(why);
        }
        intervals.extend(read);
    }
    (intervals, wrong)
}

fn tagged(interval: &IntervalLogHistogram) -> Option<(String, LatencyInterval)> {
    let bytes = BASE64_STANDARD.decode(interval.encoded_histogram()).ok()?;
    let read = LatencyInterval {
        start: interval.start_timestamp(),
        length: interval.duration(),
        histogram: Deserializer::new().deserialize(&mut &bytes[..]).ok()?,
    };
    Some((interval.tag()?.as_str().to_owned(), read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::histogram;
    use crate::transport::Transport;

    fn interval(at_s: u64, ns: &[u64]) -> LatencyInterval {
        let mut latencies = histogram::exact();
        ns.iter().for_each(|ns| latencies.record(*ns).unwrap());
        LatencyInterval {
            start: Duration::from_secs(at_s),
            length: Duration::from_secs(1),
            histogram: latencies,
        }
    }

    fn row(cell: u32, latency_max_us: f64) -> TrialRow {
        TrialRow {
            cell,
            trial: 1,
            transport: Transport::Sse,
            clients: 10,
            latency_max_us: Some(latency_max_us),
            ..TrialRow::default()
        }
    }

    #[test]
    fn each_trial_finds_its_latencies_and_a_line_that_is_cut_off_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name, logs: &[(&str, LatencyInterval)]| {
            let mut text = LATENCY_LOG_HEAD.as_bytes().to_vec();
            for (tag, one) in logs {
                text.extend(latency_log(tag, std::slice::from_ref(one)).unwrap());
            }
            std::fs::write(folder.path().join(name), &text).unwrap();
            text
        };
        let (fast, slow) = (interval(3, &[1_000]), interval(9, &[5_000, 6_000]));
        let max_us = [&fast, &slow].map(|one| one.histogram.max() as f64 / 1e3);
        let log = write(
            "latency.hlog",
            &[("sse-10-1hz-t1", fast), ("sse-10-2hz-t1", slow)],
        );
        write("timeline.hlog", &[("sse-10-2hz-t1", interval(1, &[7_000]))]);
        // The row of the first trial was lost.
        let (found, wrong) = read_latencies(folder.path(), &[row(2, max_us[1]), row(3, 1.5)]);
        assert_eq!((found.len(), wrong), (1, Vec::<String>::new()));
        assert_eq!((found[0].cell, found[0].window.len()), (2, 2));
        assert_eq!(found[0].seconds.len(), 1);
        assert_eq!(found[0].seconds[0].start, Duration::from_secs(1));

        std::fs::write(folder.path().join("latency.hlog"), &log[..log.len() - 20]).unwrap();
        let (found, wrong) = read_latencies(folder.path(), &[row(1, max_us[0])]);
        assert_eq!(found.len(), 1);
        let said = "latency.hlog is not as wslab wrote it: line 3 has no histogram";
        assert!(wrong.len() == 1 && wrong[0].ends_with(said), "{wrong:?}");
        assert!(
            read_latencies(&folder.path().join("none"), &[])
                .0
                .is_empty()
        );
    }
}
