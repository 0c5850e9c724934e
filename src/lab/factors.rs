//! The factors: everything that a scenario can vary, each declared once.
//!
//! [`factors!`] is the table. It calls the macro that it is given with all entries, so that each
//! user makes of them what it needs:
//!
//! * [`Scenario`](crate::lab::scenario::Scenario): fields, TOML keys, defaults, range checks;
//! * the flags of `wslab run`: name, value name, help, and what each sets;
//! * a test here: the column of `trials.csv` that holds the factor.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::unknown;
use crate::transport::Transport;

/// Most subscribers of a trial.
pub const MAX_CLIENTS: u32 = 1_000_000;
/// Most messages per second to each feed.
pub const MAX_RATE_HZ: f64 = 100_000.0;

/// The table. An entry is
///
/// ```text
/// /// Help of the flag, and doc of the field
/// key: type = default, flag Option(clap's attributes), range(from..=to, "unit"), column("name");
/// ```
///
/// The key is the TOML key and the field. `flag Vec` is a flag that may be repeated: its lists are
/// joined. `flag Option(skip)` means that only a file can set the factor.
/// `range` and `column` are optional. The order is that of `scenario.toml` and of the help.
macro_rules! factors {
    ($use:ident) => {
        $use! {
            /// Transports, separated by commas
            transports: List<Transport> = Transport::CHOICES.to_vec(),
                flag Vec(long = "transport", value_name = "T,…", value_parser = parse_transports,
                    help = transports_help()),
                column("transport");
            /// Subscribers over all feeds. Several numbers, separated by commas, are measured one
            /// after the other. A search for capacity starts with one number
            clients: List<u32> = vec![100],
                flag Vec(long, value_name = "N,…", value_parser = parse_list::<u32>),
                range(1..=MAX_CLIENTS, "clients"), column("clients");
            /// Publishers: a few sensors (monitoring), or the subscribers themselves (chat)
            workload: Workload = Workload::Monitoring,
                flag Option(long, value_name = "monitoring|chat"), column("workload");
            /// Feeds (rooms) over which the clients are spread
            feeds: u32 = 1, flag Option(long, value_name = "N"),
                range(1..=1_000, "feeds"), column("feeds");
            /// Messages per second published to each feed
            rate_hz: f64 = 1.0,
                flag Option(long = "rate", value_name = "HZ", allow_negative_numbers = true),
                range(0.0..=MAX_RATE_HZ, "messages a second"), column("rate_hz");
            /// When messages are due: at equal distances (constant), or at random (poisson)
            schedule: Pacing = Pacing::Constant,
                flag Option(long, value_name = "constant|poisson"), column("schedule");
            /// Bytes of text in a message
            payload_bytes: u32 = 64, flag Option(long = "payload", value_name = "BYTES"),
                range(1..=60_000, "bytes of text"), column("payload_bytes");
            /// Pause between short polls
            poll_interval: Span = Span(ClientConfig::DEFAULT.poll_interval),
                flag Option(long, value_name = "TIME"), column("poll_interval_ms");
            /// Longest wait of one long poll
            hold: Span = Span(ClientConfig::DEFAULT.hold),
                flag Option(long, value_name = "TIME"), column("hold_ms");
            /// off: the polling transports open a connection for every exchange
            keep_alive: Switch = Switch::On,
                flag Option(long, value_name = "on|off"), column("keep_alive");
            /// Header fields of a request: those that the protocol requires (minimal), or those
            /// that a browser sends (browser), but for an offer of compression
            headers: Headers = ClientConfig::DEFAULT.headers,
                flag Option(long, value_name = "minimal|browser"), column("headers");
            /// The servers that trials start speak TLS. Each makes a certificate, and the load
            /// trusts it
            tls: Switch = Switch::Off,
                flag Option(long, value_name = "on|off", num_args = 0..=1, require_equals = true,
                    default_missing_value = "on"),
                column("tls");
            /// Time before the window in which messages are published but not recorded
            warm_up: Span = seconds(1), flag Option(long, value_name = "TIME");
            /// Time in which messages are recorded
            window: Span = seconds(10), flag Option(long, value_name = "TIME"), column("window_s");
            /// Longest wait for late messages after the window
            drain: Span = seconds(10), flag Option(long, value_name = "TIME");
            /// Pause between trials
            cool_down: Span = Span(Duration::from_millis(500)), flag Option(skip);
            /// Trials of each cell. In a search for capacity: trials that must hold at its end
            repeats: u32 = 1, flag Option(long, value_name = "K"),
                range(1..=1_000, "repeats"), column("trial");
            /// Seed of every random choice
            seed: u64 = 1, flag Option(long, value_name = "N");
            /// Connections opened per second during ramp-up
            connect_rate_hz: f64 = 5_000.0, flag Option(skip),
                range(1.0..=100_000.0, "connections a second");
            /// Processes over which the clients are spread. One process holds as many clients as
            /// it may open files
            load_processes: u32 = 1, flag Option(long, value_name = "N"),
                range(1..=MAX_LOAD_PROCESSES, "load processes"), column("load_processes");
            /// off: no probe. A probe is a few subscribers in a process of their own. It checks
            /// the figures of the clients' processes
            probe: Switch = Switch::On,
                flag Option(long, value_name = "on|off"), column("probe_clients");
        }
    };
}
pub(crate) use factors;

/// Several values of one factor: each makes a cell. An alias, since clap would read a `Vec` in a
/// flag's type as a flag that may be repeated.
pub type List<T> = Vec<T>;

/// All values of several lists, as one sorted list.
pub fn join<T: Ord + Clone>(lists: &[List<T>]) -> List<T> {
    sorted(lists.concat())
}

/// Reads `1,2,3`, in any order and with repetitions, as a sorted list.
pub fn parse_list<T: Ord + FromStr<Err: fmt::Display>>(text: &str) -> Result<List<T>, String> {
    let values = text.split(',').map(str::parse).collect::<Result<_, _>>();
    values
        .map(sorted)
        .map_err(|error: T::Err| error.to_string())
}

/// The help of the flag that [`parse_transports`] reads.
pub fn transports_help() -> String {
    let names = Transport::choice_names();
    format!("Transports, separated by commas: {names}; or all")
}

/// Reads a list of transports, in which `all` stands for all of [`Transport::CHOICES`].
pub fn parse_transports(text: &str) -> Result<List<Transport>, String> {
    let read = |word| match word {
        "all" => Ok(Transport::CHOICES.to_vec()),
        one => one.parse().map(|transport| vec![transport]),
    };
    let transports = text.split(',').map(read).collect::<Result<Vec<_>, _>>();
    transports
        .map(|transports| join(&transports))
        .map_err(|error| format!("{error}, or all"))
}

fn sorted<T: Ord>(mut values: List<T>) -> List<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Checks every value of a factor, and names the range where one is outside.
pub(super) fn check_range<T: PartialOrd + fmt::Display>(
    values: &(impl Values<T> + ?Sized),
    range: RangeInclusive<T>,
    unit: &str,
) -> Result<(), String> {
    let (from, to) = (range.start(), range.end());
    match values.values().iter().find(|value| !range.contains(value)) {
        Some(value) => Err(format!("{value} {unit} is not between {from} and {to}")),
        None => Ok(()),
    }
}

/// A factor's value, or its values.
pub(super) trait Values<T> {
    fn values(&self) -> &[T];
}

impl Values<u32> for u32 {
    fn values(&self) -> &[u32] {
        std::slice::from_ref(self)
    }
}

impl Values<f64> for f64 {
    fn values(&self) -> &[f64] {
        std::slice::from_ref(self)
    }
}

impl<T> Values<T> for List<T> {
    fn values(&self) -> &[T] {
        self
    }
}

/// A length of time from 1 ms to 1 day, written `500ms`, `10s`, `1m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

pub(super) const fn seconds(seconds: u64) -> Span {
    Span(Duration::from_secs(seconds))
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = |why: String| format!("{why}; write a time such as 500ms, 10s or 1m");
        let span = humantime::parse_duration(text).map_err(|error| advice(error.to_string()))?;
        let range = Duration::from_millis(1)..=Duration::from_secs(86_400);
        if !range.contains(&span) {
            return Err(advice(format!("{text} is not between 1ms and 1 day")));
        }
        Ok(Span(span))
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
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<Switch>)]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    pub const fn is_on(self) -> bool {
        matches!(self, Switch::On)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::METRICS;

    macro_rules! columns {
        ($($(#[$doc:meta])+ $key:ident: $type:ty = $default:expr, flag $given:ident($($flag:tt)+)
            $(, range($range:expr, $unit:literal))? $(, column($column:literal))?;)+) => {
            [$($((stringify!($key), $column),)?)+]
        };
    }

    #[test]
    fn factors_and_columns_name_each_other() {
        let factors = factors!(columns);
        for (key, column) in factors {
            let known = METRICS.iter().any(|metric| metric.name == column);
            assert!(known, "{key}: no column {column}");
        }
        // An A/A pair is no factor that a scenario varies.
        let asked = METRICS.iter().filter(|metric| metric.is_factor());
        for metric in asked.filter(|metric| metric.name != "aa_of") {
            let known = factors.iter().any(|(_, column)| *column == metric.name);
            assert!(known, "{}: no factor has this column", metric.name);
        }
    }

    #[test]
    fn lists_are_sorted_and_their_words_checked() {
        assert_eq!(parse_list::<u32>("3,1,3"), Ok(vec![1, 3]));
        assert!(parse_list::<u32>("3,").is_err());
        assert_eq!(
            parse_transports("ws,sse"),
            parse_transports("sse,websocket")
        );
        assert_eq!(parse_transports("all"), Ok(Transport::CHOICES.to_vec()));
        let unknown = parse_transports("sse,pigeon").unwrap_err();
        assert!(unknown.ends_with("raw-tcp, or all"), "{unknown}");
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        assert_eq!("off".parse(), Ok(Switch::Off));
        assert_eq!(Switch::On.to_string(), "on");
        let error = "maybe".parse::<Switch>().unwrap_err();
        assert_eq!(error, "unknown value \"maybe\": write on or off");
    }
}
