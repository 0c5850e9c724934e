//! How far a run repeats, as people write it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How far a run repeats beyond its `repeats`, written `off` or `10%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    Off,
    /// Until each difference is resolved, or is shown to be smaller than so many percent.
    Below(f64),
}

impl Until {
    /// The relative difference that is small: 0.1 for `10%`.
    pub fn bound(self) -> Option<f64> {
        match self {
            Until::Off => None,
            Until::Below(percent) => Some(percent / 100.0),
        }
    }
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Until::Off);
        }
        let percent = text.strip_suffix('%').map(str::trim_end);
        let percent = percent.and_then(|percent| percent.parse::<f64>().ok());
        match percent.filter(|percent| (0.1..=100.0).contains(percent)) {
            Some(percent) => Ok(Until::Below(percent)),
            None => Err(format!(
                "\"{text}\": write 0.1% to 100%, such as 10%, or off"
            )),
        }
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Until::Off => f.write_str("off"),
            Until::Below(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for Until {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Until {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
