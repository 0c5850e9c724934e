//! `[[fault]]` of a scenario, and `--fault`: what is done to each trial on purpose.
//!
//! ```toml
//! [[fault]]
//! do = "restart-server"
//! at = "10s"
//! for = "2s"
//! ```
//!
//! The same as text: `restart-server@10s:2s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Error as _, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::VariantNames;

use crate::error::did_you_mean;
use crate::lab::values::{Bytes, Span};
use crate::lab::written::{Written, read_one};
use crate::load::client_faults::EARLIEST;
use crate::record::fault::{ClientSubset, Fault, FaultKind};

/// Most faults of a trial.
const MOST: usize = 8;

const FORM: &str = "write DO@AT or DO@AT:FOR, such as restart-server@10s:2s or cut@5s,share=50%";

/// The faults of a trial, in the order of their times.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults([Option<ScenarioFault>; MOST]);

/// A fault as a scenario has it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFault {
    #[serde(rename = "do")]
    pub kind: FaultKind,
    /// When it begins, since the window opened.
    pub at: Span,
    /// How long it lasts. Without it, as long as this fault usually does.
    #[serde(default, rename = "for")]
    pub lasts: Option<Span>,
    /// The clients that it meets.
    #[serde(default)]
    pub share: Option<Share>,
    /// Which clients these are.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Whether a restarted server still has its messages.
    #[serde(default)]
    pub history: Option<History>,
    /// Bytes that a slow reader reads in a second.
    #[serde(default)]
    pub rate: Option<Bytes>,
}

/// What becomes of a restarted server's messages.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum History {
    #[default]
    Kept,
    Lost,
}

/// A share of the clients, from 0 to 1; in text a percentage.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(pub f64);

impl Written for Share {
    fn read(text: &str) -> Result<Self, String> {
        let share = match text.strip_suffix('%') {
            Some(percent) => percent
                .trim_end()
                .parse::<f64>()
                .map(|percent| percent / 100.0),
            None => text.parse(),
        };
        let share = share.ok().filter(|share| *share > 0.0 && *share <= 1.0);
        share.map(Share).ok_or_else(|| {
            format!("\"{text}\": write a share of the clients such as 10% or 0.1, up to 100%")
        })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * 1e6).round() / 1e4)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_one(deserializer)
    }
}

impl ScenarioFault {
    /// How long it lasts; `None`: to the trial's end.
    fn lasts(&self) -> Option<Duration> {
        use FaultKind::*;
        match (self.lasts, self.kind) {
            (Some(given), _) => Some(given.0),
            (None, KillServer) => Some(Duration::from_secs(1)),
            (None, StopServer | DeafLoad) => Some(Duration::from_secs(2)),
            (None, RestartServer | Cut | FlashCrowd) => Some(Duration::ZERO),
            (None, HalfOpen | SlowReaders) => None,
        }
    }

    /// The fault of a trial with so many clients, whose other random choices have this seed.
    pub fn planned(&self, clients: u32, seed: u64) -> Fault {
        let usual = match self.kind {
            FaultKind::SlowReaders => 0.1,
            _ => 1.0,
        };
        let share = self.share.map_or(usual, |share| share.0);
        Fault {
            kind: self.kind,
            at: self.at.0,
            lasts: self.lasts(),
            clients: ClientSubset::new(share, clients, self.seed.unwrap_or(seed)),
            bytes_per_s: self.rate.map_or(1_000, |rate| rate.0),
            keeps_history: self.keeps_history(),
        }
    }

    /// Whether the server hands its messages on to the next one.
    pub fn keeps_history(&self) -> bool {
        self.kind == FaultKind::RestartServer && self.history.unwrap_or_default() == History::Kept
    }

    /// What does not fit together. The times are checked with those of the others.
    fn check(&self) -> Result<(), String> {
        let kind = self.kind;
        if self.at.0 < EARLIEST {
            let earliest = Span(EARLIEST);
            return Err(format!("{self}: the earliest fault is at {earliest}"));
        }
        if kind == FaultKind::Cut && self.lasts.is_some() {
            return Err(format!("{self}: a cut takes no time; leave :FOR out"));
        }
        for (is_given, key, is_of) in [
            (self.share.is_some(), "share", kind.is_of_clients()),
            (self.seed.is_some(), "seed", kind.is_of_clients()),
            (
                self.history.is_some(),
                "history",
                kind == FaultKind::RestartServer,
            ),
            (self.rate.is_some(), "rate", kind == FaultKind::SlowReaders),
        ] {
            if is_given && !is_of {
                return Err(format!("{self}: {kind} has no {key}; leave it out"));
            }
        }
        Ok(())
    }
}

impl FromStr for ScenarioFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, keys) = text.split_once(',').unwrap_or((text, ""));
        let (kind, times) = what.split_once('@').ok_or(format!("\"{text}\": {FORM}"))?;
        let (at, lasts) = match times.split_once(':') {
            Some((at, lasts)) => (at, Some(Span::read(lasts)?)),
            None => (times, None),
        };
        let kind = kind.parse().map_err(|_| {
            let near = did_you_mean(kind, FaultKind::VARIANTS.iter().copied());
            let known = FaultKind::VARIANTS.join(", ");
            format!("\"{kind}\" is no fault{near}: write one of {known}")
        })?;
        let mut fault = ScenarioFault {
            kind,
            at: Span::read(at)?,
            lasts,
            share: None,
            seed: None,
            history: None,
            rate: None,
        };
        for pair in keys.split(',').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("share", share)) => fault.share = Some(Share::read(share)?),
                Some(("seed", seed)) => fault.seed = Some(u64::read(seed)?),
                Some(("rate", rate)) => fault.rate = Some(Bytes::read(rate)?),
                Some(("history", history)) => {
                    let read = history.parse();
                    fault.history = Some(read.map_err(|_| {
                        format!("\"{history}\": write history=kept or history=lost")
                    })?);
                }
                _ => {
                    return Err(format!(
                        "\"{pair}\": write share=, seed=, history= or rate="
                    ));
                }
            }
        }
        Ok(fault)
    }
}

impl fmt::Display for ScenarioFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compact = |span: Span| span.to_string().replace(' ', "");
        write!(f, "{}@{}", self.kind, compact(self.at))?;
        if let Some(lasts) = self.lasts {
            write!(f, ":{}", compact(lasts))?;
        }
        let keys = [
            ("share", self.share.map(|share| share.to_string())),
            ("seed", self.seed.map(|seed| seed.to_string())),
            ("history", self.history.map(|history| history.to_string())),
            ("rate", self.rate.map(|rate| rate.to_string())),
        ];
        for (key, value) in keys {
            if let Some(value) = value {
                write!(f, ",{key}={value}")?;
            }
        }
        Ok(())
    }
}

impl Faults {
    pub fn iter(&self) -> impl Iterator<Item = &ScenarioFault> {
        self.0.iter().flatten()
    }

    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// The faults in the order of their times.
    fn of(mut faults: Vec<ScenarioFault>) -> Result<Self, String> {
        if faults.len() > MOST {
            return Err(format!(
                "{} faults: a trial has at most {MOST}",
                faults.len()
            ));
        }
        faults.sort_by_key(|fault| fault.at);
        let mut sorted = Faults::default();
        sorted
            .0
            .iter_mut()
            .zip(faults)
            .for_each(|(place, fault)| *place = Some(fault));
        Ok(sorted)
    }

    /// These faults and others.
    pub fn and(&self, others: &Faults) -> Result<Self, String> {
        Faults::of(self.iter().chain(others.iter()).copied().collect())
    }

    /// Checks that each can be done, in a window of this length.
    pub(super) fn check(&self, window: Span) -> Result<(), String> {
        let mut before: Option<&ScenarioFault> = None;
        for fault in self.iter() {
            fault.check()?;
            let ends = fault.at.0 + fault.lasts().unwrap_or_default();
            if ends >= window.0 {
                return Err(format!(
                    "{fault}: it ends after the window of {window}; write a longer window or an \
                     earlier time"
                ));
            }
            if let Some(before) = before {
                let free = before.lasts().map(|lasts| before.at.0 + lasts);
                if free.is_none_or(|free| fault.at.0 <= free) {
                    return Err(format!(
                        "{fault} begins before {before} is over; write it later, or give the \
                         earlier one a :FOR"
                    ));
                }
            }
            before = Some(fault);
        }
        Ok(())
    }
}

/// Several are separated by spaces.
impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Faults::default());
        }
        let faults = text.split_whitespace().map(str::parse);
        let faults = faults.collect::<Result<Vec<_>, String>>()?;
        match faults.is_empty() {
            true => Err(format!("\"{text}\": {FORM}, or none")),
            false => Faults::of(faults),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.iter().map(ToString::to_string).collect();
        match texts.is_empty() {
            true => f.write_str("none"),
            false => f.write_str(&texts.join(" ")),
        }
    }
}

impl Serialize for Faults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Faults {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTables;

        impl<'de> Visitor<'de> for TextOrTables {
            type Value = Faults;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tables [[fault]] with do and at, or a text such as cut@5s")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Faults, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, tables: A) -> Result<Faults, A::Error> {
                let tables = Vec::deserialize(SeqAccessDeserializer::new(tables))?;
                Faults::of(tables).map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(TextOrTables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_written() {
        for text in [
            "none",
            "restart-server@10s",
            "restart-server@10s:2s,history=lost",
            "cut@5s,share=12.5%,seed=7 stop-server@8s:500ms",
            "slow-readers@5s:10s,share=10%,rate=2000",
        ] {
            let faults: Faults = text.parse().unwrap();
            assert_eq!(faults.to_string(), text);
        }
        let unsorted: Faults = "cut@9s cut@5s".parse().unwrap();
        assert_eq!(unsorted.to_string(), "cut@5s cut@9s");
    }

    #[test]
    fn a_wrong_fault_is_answered_with_a_right_one() {
        for (text, part) in [
            ("", "restart-server@10s:2s"),
            ("cut", "DO@AT"),
            ("restart@5s", "did you mean restart-server"),
            ("cut@soon", "500ms, 10s or 1m"),
            ("cut@5s,share=120%", "up to 100%"),
            ("cut@5s,part=1", "share="),
            (
                "restart-server@5s,history=half",
                "history=kept or history=lost",
            ),
        ] {
            let error = text.parse::<Faults>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        let window = Span(Duration::from_secs(10));
        for (text, part) in [
            ("cut@100ms", "earliest"),
            ("cut@5s:1s", "takes no time"),
            ("cut@5s,rate=1kB", "cut has no rate"),
            ("stop-server@5s,share=10%", "stop-server has no share"),
            ("stop-server@9s", "after the window of 10s"),
            (
                "stop-server@5s:3s cut@7s",
                "begins before stop-server@5s:3s is over",
            ),
            ("half-open@5s cut@7s", "give the earlier one a :FOR"),
        ] {
            let faults: Faults = text.parse().unwrap();
            let error = faults.check(window).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn tables_and_texts_are_the_same() {
        #[derive(Deserialize)]
        struct File {
            fault: Faults,
        }
        let tables = "[[fault]]\ndo = \"cut\"\nat = \"5s\"\nshare = 0.5\nseed = 3\n\
                      [[fault]]\ndo = \"restart-server\"\nat = 8\nfor = \"1s\"\nhistory = \"lost\"";
        let file: File = toml::from_str(tables).unwrap();
        let text = "cut@5s,share=50%,seed=3 restart-server@8s:1s,history=lost";
        assert_eq!(file.fault.to_string(), text);
        let file: File = toml::from_str(&format!("fault = \"{text}\"")).unwrap();
        assert_eq!(file.fault, text.parse().unwrap());
        let error = toml::from_str::<File>("[[fault]]\ndo = \"cut\"\nwhen = 1").err();
        assert!(error.unwrap().to_string().contains("unknown field"));
    }
}
