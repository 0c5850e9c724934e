//! Values as people write them, alike on flags and in files: `5k`, `1.5M`, `5_000`, `1KiB`, `10s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::lab::written::{Written, read_one};

/// What follows a number, and by how much it multiplies.
pub(super) type Units = [(&'static str, f64)];

const THOUSANDS: [(&str, f64); 5] = [("", 1.0), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9)];
const SIZES: [(&str, f64); 9] = [
    ("", 1.0),
    ("B", 1.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1_024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];
/// The units in which a size is written for people.
const BINARY_SIZES: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
pub(super) const TIMES: [(&str, f64); 5] = [
    ("", 1.0),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3_600.0),
];

/// A decimal number with one of these units after it. `_` may stand between digits.
pub(super) fn number(text: &str, units: &Units) -> Option<f64> {
    let end = text.find(|c: char| c.is_alphabetic());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let number = number.trim_end();
    let (_, factor) = units.iter().find(|(known, _)| *known == unit)?;
    let digits = number.strip_prefix('-').unwrap_or(number);
    let fits = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let is_number = digits.chars().all(fits)
        && ends(digits.chars().next())
        && ends(digits.chars().next_back())
        && !["__", "_.", "._"]
            .iter()
            .any(|wrong| digits.contains(wrong));
    let value: f64 = number.replace('_', "").parse().ok()?;
    is_number.then_some(value * factor)
}

/// A whole number with one of these units after it.
fn whole(text: &str, units: &Units) -> Option<u64> {
    let value = number(text, units)?;
    let near = value.round();
    // 2.3 × 1,000 is not 2,300 in binary.
    let is_whole = (value - near).abs() < 1e-6 && (0.0..=1e15).contains(&near);
    is_whole.then_some(near as u64)
}

/// A whole number in the largest of these units that divides it.
fn brief(value: u64, units: &[(&str, u64)]) -> String {
    let mut units = units.iter().filter(|(_, size)| value >= *size);
    match units.find(|(_, size)| value.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{}{unit}", value / size),
        None => value.to_string(),
    }
}

fn no_count(text: &str) -> String {
    format!("\"{text}\": write a whole number such as 100, 5k or 1M")
}

impl Written for u64 {
    fn read(text: &str) -> Result<Self, String> {
        let exact = text.parse().ok();
        exact
            .or_else(|| whole(text, &THOUSANDS))
            .ok_or_else(|| no_count(text))
    }
}

impl Written for u32 {
    fn read(text: &str) -> Result<Self, String> {
        let count = whole(text, &THOUSANDS).ok_or_else(|| no_count(text))?;
        count.try_into().map_err(|_| format!("{text} is too large"))
    }

    fn brief(&self) -> String {
        brief((*self).into(), &[("M", 1_000_000), ("k", 1_000)])
    }
}

impl Written for f64 {
    fn read(text: &str) -> Result<Self, String> {
        let number = number(text, &THOUSANDS);
        number.ok_or_else(|| format!("\"{text}\": write a number such as 0.5, 20 or 1.5k"))
    }
}

/// A size in bytes, written `100`, `1kB` (1,000) or `1KiB` (1,024).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Written for Bytes {
    fn read(text: &str) -> Result<Self, String> {
        whole(text, &SIZES).map(Bytes).ok_or_else(|| {
            format!("\"{text}\": write bytes such as 100, 1kB (1,000 bytes) or 1KiB (1,024 bytes)")
        })
    }

    fn brief(&self) -> String {
        brief(self.0, &BINARY_SIZES)
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Bytes::read(text)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_one(deserializer)
    }
}

/// A length of time from 1 ms to 1 day, written `500ms`, `10s`, `1m`; a number alone is seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

pub(super) const fn seconds(seconds: u64) -> Span {
    Span(Duration::from_secs(seconds))
}

impl Written for Span {
    fn read(text: &str) -> Result<Self, String> {
        let decimal = number(text, &TIMES).and_then(|s| Duration::try_from_secs_f64(s).ok());
        let span = decimal.or_else(|| humantime::parse_duration(text).ok());
        let range = Duration::from_millis(1)..=Duration::from_secs(86_400);
        let advice = "write a time such as 500ms, 10s or 1m";
        let span = span.ok_or_else(|| format!("\"{text}\": {advice}"))?;
        if !range.contains(&span) {
            return Err(format!("{text} is not between 1ms and 1 day: {advice}"));
        }
        Ok(Span(span))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Span::read(text)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_one(deserializer)
    }
}

/// The pause between short polls: a time, or `auto`, which follows the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PollInterval {
    Auto,
    Every(Span),
}

impl PollInterval {
    /// Shortest and longest pause that `auto` chooses.
    const SHORTEST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(1);

    /// The pause beside so many messages a second. `auto` is the time of one message, so that a
    /// poll finds one; shorter pauses than a page would choose and longer ones than a reader would
    /// wait are left out.
    pub fn at(self, rate_hz: f64) -> Span {
        match self {
            PollInterval::Every(span) => span,
            PollInterval::Auto => {
                let message_s = (1.0 / rate_hz).min(Self::LONGEST.as_secs_f64());
                Span(Duration::from_secs_f64(message_s).max(Self::SHORTEST))
            }
        }
    }
}

impl Written for PollInterval {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(PollInterval::Auto),
            time => Span::read(time)
                .map(PollInterval::Every)
                .map_err(|why| format!("{why}; or auto")),
        }
    }
}

impl fmt::Display for PollInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PollInterval::Auto => f.write_str("auto"),
            PollInterval::Every(span) => span.fmt(f),
        }
    }
}

impl Serialize for PollInterval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::written::List;

    #[test]
    fn counts_and_rates_are_read_as_people_write_them() {
        for (text, count) in [
            ("100", 100),
            ("5k", 5_000),
            ("5K", 5_000),
            ("1.5k", 1_500),
            ("2.3k", 2_300),
            ("1M", 1_000_000),
            ("5_000", 5_000),
            ("1.0", 1),
        ] {
            assert_eq!(u32::read(text), Ok(count), "{text}");
        }
        for text in [
            "", "k", "1.5", "1.2345k", "-1", "5m", "5kB", "1e3", "5__0", "_5", "5_", "5G", "inf",
            "1 000", "0x10", "1.5.1", "١",
        ] {
            assert!(u32::read(text).is_err(), "{text}");
        }
        assert_eq!(f64::read("0.5"), Ok(0.5));
        assert_eq!(f64::read("1.5k"), Ok(1_500.0));
        assert_eq!(f64::read("-1"), Ok(-1.0), "its range says what is wrong");
        for text in ["nan", "inf", ".5", "5.", "1,5", "4hz"] {
            assert!(f64::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_say_whether_they_count_by_1000_or_by_1024() {
        for (text, bytes) in [
            ("64", 64),
            ("64B", 64),
            ("1kB", 1_000),
            ("1KB", 1_000),
            ("1KiB", 1_024),
            ("1.5KiB", 1_536),
            ("2 MiB", 2_097_152),
            ("1GB", 1_000_000_000),
        ] {
            assert_eq!(Bytes::read(text), Ok(Bytes(bytes)), "{text}");
        }
        for text in ["1k", "1K", "1kb", "1kib", "0.5B", "-1B", "one"] {
            let error = Bytes::read(text).unwrap_err();
            assert!(error.contains("1kB (1,000 bytes)"), "{error}");
        }
    }

    #[test]
    fn what_is_written_briefly_reads_as_it_was() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1k"),
            (1_500, "1500"),
            (15_000, "15k"),
            (2_000_000, "2M"),
        ] {
            assert_eq!(count.brief(), text);
            assert_eq!(u32::read(text), Ok(count));
        }
        for (bytes, text) in [
            (64, "64"),
            (60_000, "60000"),
            (1_024, "1KiB"),
            (65_536, "64KiB"),
            (268_435_456, "256MiB"),
            (1 << 40, "1024GiB"),
        ] {
            assert_eq!(Bytes(bytes).brief(), text);
            assert_eq!(Bytes::read(text), Ok(Bytes(bytes)));
        }
    }

    #[test]
    fn a_time_without_a_unit_is_in_seconds() {
        for (text, ms) in [
            ("10", 10_000),
            ("0.5", 500),
            ("1.5s", 1_500),
            ("500ms", 500),
            ("1m", 60_000),
            ("1m 30s", 90_000),
            ("1day", 86_400_000),
        ] {
            assert_eq!(
                Span::read(text),
                Ok(Span(Duration::from_millis(ms))),
                "{text}"
            );
        }
        for text in ["", "0", "-5s", "0.1ms", "25h", "10 parsecs", "5M"] {
            assert!(
                Span::read(text).unwrap_err().contains("500ms, 10s or 1m"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_poll_interval_that_follows_the_rate_finds_one_message_a_poll() {
        let auto = |rate_hz| PollInterval::Auto.at(rate_hz).0.as_millis();
        for (rate_hz, ms) in [
            (0.0, 1_000),
            (0.1, 1_000),
            (1.0, 1_000),
            (4.0, 250),
            (10.0, 100),
            (500.0, 100),
        ] {
            assert_eq!(auto(rate_hz), ms, "{rate_hz}");
        }
        let given = PollInterval::read("2").unwrap();
        assert_eq!(given.at(10.0), seconds(2));
        assert!(PollInterval::read("soon").unwrap_err().ends_with("or auto"));
    }

    #[test]
    fn lists_are_in_growing_order_and_hold_no_value_twice() {
        let list = |text: &str| text.parse::<List<u32>>();
        assert_eq!(list("3, 1,3"), Ok(List::from([1, 3])));
        assert_eq!(list("1k,1000"), Ok(List::from([1_000])));
        assert_eq!(list("3,1").unwrap().to_string(), "1,3");
        for wrong in ["", "3,", ",3", "1;2"] {
            assert!(list(wrong).is_err(), "{wrong}");
        }
    }
}
