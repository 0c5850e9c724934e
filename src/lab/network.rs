//! The network between load and server, as a factor: loopback, or a link by a profile's name, by its
//! conditions, or both.
//!
//! ```text
//! loopback
//! 4g
//! delay=50ms,loss=2%
//! 4g,loss=1%,black_out=5s..15s
//! ```

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::error::unknown;
use crate::lab::values::{TIMES, number};
use crate::lab::written::{Written, combinations};
use crate::network::conditions::{BlackOut, LinkConditions, OneWay};

const RATES: [(&str, f64); 4] = [("bit", 1.0), ("kbit", 1e3), ("Mbit", 1e6), ("Gbit", 1e9)];
/// The same in which a rate is written.
const RATE_UNITS: [(u64, &str); 3] = [
    (1_000_000_000, "Gbit"),
    (1_000_000, "Mbit"),
    (1_000, "kbit"),
];
const MOST_DELAY: Duration = Duration::from_secs(10);
const MOST_LOSS_PERCENT: f64 = 50.0;
const MOST_BLACK_OUT: Duration = Duration::from_secs(86_400);
const MS: u64 = 1_000_000;

/// The keys, each for both ways; with `_up` or `_down` after it for one way.
const WAY_KEYS: [&str; 4] = ["delay", "jitter", "loss", "rate"];

/// What is between load and server.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Network {
    /// The loopback interface, which delays and loses nothing.
    Loopback,
    /// A link that the run makes. What was changed of a profile is in the conditions.
    Link(Option<Profile>, LinkConditions),
}

/// Conditions that have a name. A delay is that of one way. Where a source gives a round trip, each
/// way has half of it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
    strum::EnumIter,
)]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown::<Profile>)]
pub enum Profile {
    /// A switched network of a building: 100 Mbit/s (IEEE 802.3u) and 0.2 ms.
    Lan,
    /// A lecture hall full of phones. Half of the packets had a hop of more than 20 ms there and
    /// back on a campus (C. Pei et al., "WiFi can be the weakest link of round trip network latency
    /// in the wild", INFOCOM 2016). Rate and loss, of all clients together, are assumptions.
    WifiHall,
    /// WebPageTest's "4G": 9 Mbit/s, 170 ms there and back (connectivity.ini.sample).
    #[strum(serialize = "4g")]
    FourG,
    /// WebPageTest's "3G": 1.6 Mbit/s down, 768 kbit/s up, 300 ms there and back.
    #[strum(serialize = "3g")]
    ThreeG,
    /// A geostationary satellite: 279 ms up and down again at the edge of its view (RFC 2488,
    /// section 2). The rates are those of a household's contract.
    GeoSatellite,
    /// 200 ms there and back, which pings between data centres of both cities take. Light in a
    /// fibre along the great circle of 9,800 km would take 96 ms.
    SaoPauloFrankfurt,
}

impl Profile {
    fn conditions(self) -> LinkConditions {
        let delayed = |us: u64| OneWay {
            delay_ns: us * 1_000,
            ..OneWay::NONE
        };
        let rated = |us, rate| OneWay {
            rate_bit_s: Some(rate),
            ..delayed(us)
        };
        match self {
            Profile::Lan => LinkConditions::both(rated(200, 100_000_000)),
            Profile::WifiHall => LinkConditions::both(OneWay {
                jitter_ns: 10 * MS,
                loss_percent: 1.0,
                ..rated(10_000, 20_000_000)
            }),
            Profile::FourG => LinkConditions::both(rated(85_000, 9_000_000)),
            Profile::ThreeG => LinkConditions {
                up: rated(150_000, 768_000),
                down: rated(150_000, 1_600_000),
                ..LinkConditions::NONE
            },
            Profile::GeoSatellite => LinkConditions {
                up: rated(279_000, 3_000_000),
                down: rated(279_000, 25_000_000),
                ..LinkConditions::NONE
            },
            Profile::SaoPauloFrankfurt => LinkConditions::both(delayed(100_000)),
        }
    }
}

impl Network {
    /// The link that the run makes; `None` for loopback.
    pub fn link(&self) -> Option<&LinkConditions> {
        match self {
            Network::Loopback => None,
            Network::Link(_, conditions) => Some(conditions),
        }
    }

    /// Reads it from its parts: keys and values; without a value, a name.
    fn of_parts<'t>(parts: impl Iterator<Item = (&'t str, &'t str)>) -> Result<Self, String> {
        let (mut profile, mut conditions) = (None, LinkConditions::NONE);
        let mut parts = parts.peekable();
        if let Some((_, name)) = parts.next_if(|(key, _)| *key == "profile") {
            let named: Profile = name.parse().map_err(|error| {
                format!("{error}, or conditions such as delay=50ms,loss=2%, or loopback")
            })?;
            (profile, conditions) = (Some(named), named.conditions());
        }
        for (key, value) in parts {
            let (key, value) = (key.trim(), value.trim());
            set(&mut conditions, key, value).map_err(|why| format!("{key}: {why}"))?;
        }
        let jitters = |way: &OneWay| way.jitter_ns > way.delay_ns;
        match jitters(&conditions.up) || jitters(&conditions.down) {
            true => Err("jitter: it is above the delay; write at most that".to_owned()),
            false => Ok(Network::Link(profile, conditions)),
        }
    }
}

impl Written for Network {
    fn read(text: &str) -> Result<Self, String> {
        if text == "loopback" {
            return Ok(Network::Loopback);
        }
        let parts = text.split(',').map(str::trim);
        Network::of_parts(parts.map(|part| part.split_once('=').unwrap_or(("profile", part))))
    }

    fn of_table(table: toml::Table) -> Result<Vec<Self>, String> {
        let all = combinations(table)?.into_iter().map(|mut parts| {
            // The keys change what the profile says.
            parts.sort_by_key(|(key, _)| key != "profile");
            let parts = parts.iter();
            Network::of_parts(parts.map(|(key, value)| (key.as_str(), value.as_str())))
        });
        all.collect()
    }
}

/// Sets one key.
fn set(conditions: &mut LinkConditions, key: &str, value: &str) -> Result<(), String> {
    let (mut up, mut down) = (Some(&mut conditions.up), Some(&mut conditions.down));
    let name = match (key.strip_suffix("_up"), key.strip_suffix("_down")) {
        (Some(name), _) => {
            down = None;
            name
        }
        (_, Some(name)) => {
            up = None;
            name
        }
        _ => key,
    };
    let ways = up.into_iter().chain(down);
    match name {
        "delay" => {
            let delay_ns = time_ns(value, MOST_DELAY)?;
            ways.for_each(|way| way.delay_ns = delay_ns);
        }
        "jitter" => {
            let jitter_ns = time_ns(value, MOST_DELAY)?;
            ways.for_each(|way| way.jitter_ns = jitter_ns);
        }
        "loss" => {
            let loss_percent = percent(value)?;
            ways.for_each(|way| way.loss_percent = loss_percent);
        }
        "rate" => {
            let rate_bit_s = rate(value)?;
            ways.for_each(|way| way.rate_bit_s = rate_bit_s);
        }
        _ if key == "mtu" => conditions.mtu = mtu(value)?,
        _ if key == "black_out" => conditions.black_out = black_out(value)?,
        _ => {
            return Err(format!(
                "there is no such key: write {}, each also with _up or _down, mtu or black_out",
                WAY_KEYS.join(", ")
            ));
        }
    }
    Ok(())
}

fn time_ns(text: &str, most: Duration) -> Result<u64, String> {
    let seconds = number(text, &TIMES).filter(|s| (0.0..=most.as_secs_f64()).contains(s));
    let ns = seconds.map(|seconds| (seconds * 1e9).round() as u64);
    ns.ok_or_else(|| format!("\"{text}\": write a time from 0 to {most:?} such as 50ms"))
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.strip_suffix('%').unwrap_or(text);
    let value = percent.trim_end().parse().ok();
    let fits = |value: &f64| {
        (0.0..=MOST_LOSS_PERCENT).contains(value) && (text.ends_with('%') || *value == 0.0)
    };
    value
        .filter(fits)
        .ok_or_else(|| format!("\"{text}\": write a share from 0% to 50% such as 2%"))
}

fn rate(text: &str) -> Result<Option<u64>, String> {
    if text == "off" {
        return Ok(None);
    }
    let bits = number(text, &RATES).filter(|bits| (1e3..=1e10).contains(bits));
    let bits = bits.map(|bits| Some(bits.round() as u64));
    bits.ok_or_else(|| {
        format!("\"{text}\": write bits a second from 1kbit to 10Gbit such as 10Mbit, or off")
    })
}

fn mtu(text: &str) -> Result<u32, String> {
    let mtu = text.parse().ok().filter(|mtu| (576..=9_000).contains(mtu));
    mtu.ok_or_else(|| format!("\"{text}\": write bytes from 576 to 9000"))
}

fn black_out(text: &str) -> Result<Option<BlackOut>, String> {
    if text == "off" {
        return Ok(None);
    }
    let times = || {
        let (from, to) = text.split_once("..")?;
        let [from_ns, to_ns] = [from, to].map(|time| time_ns(time.trim(), MOST_BLACK_OUT).ok());
        let (from_ns, to_ns) = (from_ns?, to_ns?);
        (from_ns < to_ns).then_some(BlackOut { from_ns, to_ns })
    };
    let why = || {
        format!(
            "\"{text}\": write its beginning and end, counted from the window's, such as 5s..15s, \
             or off"
        )
    };
    times().map(Some).ok_or_else(why)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Network::Link(profile, conditions) = self else {
            return f.write_str("loopback");
        };
        let base = profile.map_or(LinkConditions::NONE, Profile::conditions);
        let mut parts: Vec<String> = profile.iter().map(Profile::to_string).collect();
        for key in WAY_KEYS {
            let [up, down] = [conditions.up, conditions.down].map(|way| value(&way, key));
            let [base_up, base_down] = [base.up, base.down].map(|way| value(&way, key));
            if (&up, &down) == (&base_up, &base_down) {
                continue;
            }
            if up == down {
                parts.push(format!("{key}={up}"));
                continue;
            }
            parts.extend((up != base_up).then(|| format!("{key}_up={up}")));
            parts.extend((down != base_down).then(|| format!("{key}_down={down}")));
        }
        if conditions.mtu != base.mtu {
            parts.push(format!("mtu={}", conditions.mtu));
        }
        if let Some(BlackOut { from_ns, to_ns }) = conditions.black_out {
            parts.push(format!(
                "black_out={}..{}",
                written(from_ns),
                written(to_ns)
            ));
        }
        if parts.is_empty() {
            parts.push("delay=0ms".to_owned());
        }
        f.write_str(&parts.join(","))
    }
}

/// A value of one way as it is read.
fn value(way: &OneWay, key: &str) -> String {
    match key {
        "delay" => written(way.delay_ns),
        "jitter" => written(way.jitter_ns),
        "loss" => format!("{}%", way.loss_percent),
        _ => match way.rate_bit_s {
            None => "off".to_owned(),
            Some(rate) => {
                let mut units = RATE_UNITS.iter();
                match units.find(|(bits, _)| rate.is_multiple_of(*bits)) {
                    Some((bits, unit)) => format!("{}{unit}", rate / bits),
                    None => format!("{rate}bit"),
                }
            }
        },
    }
}

/// A time as it is read.
fn written(ns: u64) -> String {
    match ns >= 1_000 * MS && ns.is_multiple_of(1_000 * MS) {
        true => format!("{}s", ns / (1_000 * MS)),
        false => format!("{}ms", ns as f64 / MS as f64),
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;
    use crate::lab::written::List;

    #[test]
    fn what_is_written_reads_as_the_same_network() {
        for text in [
            "loopback",
            "4g",
            "4g,loss=1%",
            "3g,rate_up=1Mbit",
            "3g,rate=off",
            "delay=50ms,loss=2%",
            "delay=0ms",
            "delay_up=0.5ms,jitter_up=0.5ms,loss_down=0.1%,rate=1500kbit,mtu=576",
            "geo-satellite,delay=2s,black_out=5s..15500ms",
        ] {
            let network = Network::read(text).unwrap();
            assert_eq!(network.to_string(), text);
            assert_eq!(Network::read(&network.to_string()), Ok(network));
        }
        for profile in Profile::iter() {
            let network = Network::Link(Some(profile), profile.conditions());
            assert_eq!(Network::read(&profile.to_string()), Ok(network));
        }
    }

    #[test]
    fn a_key_of_both_ways_sets_both_and_one_of_a_way_changes_it() {
        let link = |text| *Network::read(text).unwrap().link().unwrap();
        let both = link("delay=50ms,rate=10Mbit");
        assert_eq!((both.up, both.down), (both.down, both.up));
        assert_eq!(both.up.rate_bit_s, Some(10_000_000));
        let one = link("delay = 50ms, delay_up = 5ms");
        assert_eq!((one.up.delay_ns, one.down.delay_ns), (5 * MS, 50 * MS));
        assert_eq!(
            link("delay=1").up.delay_ns,
            1_000 * MS,
            "seconds, as everywhere"
        );
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (text, says) in [
            (
                "5g",
                "lan, wifi-hall, 4g, 3g, geo-satellite or sao-paulo-frankfurt",
            ),
            ("", "or conditions such as delay=50ms,loss=2%, or loopback"),
            (
                "delay=fast",
                "delay: \"fast\": write a time from 0 to 10s such as 50ms",
            ),
            ("delay=-1ms", "write a time from 0"),
            (
                "latency=5ms",
                "write delay, jitter, loss, rate, each also with _up or _down",
            ),
            ("delay=5ms,jitter=6ms", "jitter: it is above the delay"),
            ("loss=2", "such as 2%"),
            ("loss=60%", "from 0% to 50%"),
            ("rate=10", "such as 10Mbit"),
            ("mtu=100", "from 576 to 9000"),
            ("black_out=5s", "such as 5s..15s"),
            ("black_out=5s..5s", "such as 5s..15s"),
            ("mtu_up=1000", "no such key"),
        ] {
            let error = Network::read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_table_has_the_keys_and_its_lists_multiply() {
        #[derive(serde::Deserialize)]
        struct Keys {
            network: List<Network>,
        }
        let texts = |text: &str| {
            let keys: Keys = toml::from_str(text).unwrap();
            keys.network
                .iter()
                .map(Network::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            texts("[network]\ndelay = \"50ms\"\nloss = [\"0%\", \"2%\"]"),
            ["delay=50ms", "delay=50ms,loss=2%"]
        );
        assert_eq!(
            texts("[network]\ndelay = \"50ms\"\nprofile = \"4g\""),
            ["4g,delay=50ms"]
        );
        assert_eq!(
            texts("network = [\"loopback\", \"4g\"]"),
            ["loopback", "4g"]
        );
    }
}
