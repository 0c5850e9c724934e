//! Histograms of nanoseconds, and their form in JSON: HdrHistogram's V2 format in base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use serde::de::Error;
use serde::{Deserialize, Deserializer as Source, Serializer as Sink};

/// Longest time that a histogram holds, ns: one hour. A longer one counts as one hour.
const MAX_NS: u64 = 3_600_000_000_000;

/// An empty histogram of three significant digits: 270 KB.
pub fn exact() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_NS, 3).expect("the bounds are in order")
}

/// An empty histogram of two significant digits: 34 KB.
pub fn coarse() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_NS, 2).expect("the bounds are in order")
}

/// The same counts with one significant digit: 5 KB.
pub fn rough(exact: &Histogram<u64>) -> Histogram<u64> {
    let mut rough = Histogram::new_with_bounds(1, MAX_NS, 1).expect("the bounds are in order");
    rough.add(exact).expect("the bounds are the same");
    rough
}

/// For `#[serde(with = "histogram")]`.
pub fn serialize<S: Sink>(histogram: &Histogram<u64>, sink: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    V2Serializer::new()
        .serialize(histogram, &mut bytes)
        .expect("a Vec takes all");
    sink.serialize_str(&BASE64_STANDARD.encode(bytes))
}

/// For `#[serde(with = "histogram")]`.
pub fn deserialize<'de, D: Source<'de>>(source: D) -> Result<Histogram<u64>, D::Error> {
    let text = String::deserialize(source)?;
    let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
    Deserializer::new()
        .deserialize(&mut &bytes[..])
        .map_err(|error| D::Error::custom(format!("not a histogram: {error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, Deserialize)]
    struct Line(#[serde(with = "super")] Histogram<u64>);

    #[test]
    fn histograms_survive_json_and_garbage_is_refused() {
        for mut histogram in [exact(), coarse()] {
            (1..10_000).for_each(|n| histogram.record(n * 1_000).unwrap());
            let line = serde_json::to_string(&Line(histogram.clone())).unwrap();
            let back: Line = serde_json::from_str(&line).unwrap();
            assert_eq!(back.0, histogram);
        }
        assert!(serde_json::from_str::<Line>("\"AAAA\"").is_err());
    }
}
