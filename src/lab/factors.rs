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

use serde::{Deserialize, Serialize};

use crate::client::http::Headers;
use crate::error::unknown;
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::transport::Transport;

pub use crate::lab::fault::Faults;
pub use crate::lab::network::Network;
pub use crate::lab::proxy::Proxy;
pub use crate::lab::reconnect::Reconnect;
pub use crate::lab::until::Until;
pub(super) use crate::lab::values::seconds;
pub use crate::lab::values::{Bytes, PollInterval, Span};
use crate::lab::written::check_within;
pub use crate::lab::written::{List, Written};

/// Most subscribers of a trial.
pub const MAX_CLIENTS: u32 = 1_000_000;
/// Most messages per second to each feed.
pub const MAX_RATE_HZ: f64 = 100_000.0;

/// The table. An entry is
///
/// ```text
/// /// Help of the flag in one line, without its default, which help adds; doc of the field
/// ///
/// /// More, for --help alone
/// key: type = default, flag Option(clap's attributes), range(from..=to, "unit"), column("name"),
///     only(Transport), tag("unit");
/// ```
///
/// The key is the TOML key and the field. `flag Vec` is a flag that may be repeated: its lists are
/// joined. `flag Option(skip)` means that only a file can set the factor. What follows the flag is
/// optional. A factor whose type is a [`List`] makes a cell of each value; `only` names the
/// transports that it concerns, and `tag` what follows a value in the name of a trial. The order is
/// that of `scenario.toml` and of the help, and of the cells.
macro_rules! factors {
    ($use:ident) => {
        $use! {
            /// Transports, separated by commas, or all
            transports: List<Transport> = List::from(Transport::CHOICES),
                flag Vec(long = "transport", value_name = "T,…", value_parser = parse_transports,
                    long_help = transports_help(), help_heading = headings::WHAT),
                column("transport");
            /// Subscribers over all feeds
            ///
            /// Several values, separated by commas, are measured one after the other, here and in
            /// the other lists. A search for capacity starts with one value. Example: --clients
            /// 100,5k
            clients: List<u32> = List::from([100]),
                flag Vec(long, value_name = "N,…", help_heading = headings::LOAD),
                range(1..=MAX_CLIENTS, "clients"), column("clients");
            /// What publishes
            ///
            /// monitoring: a few sensors publish, and all subscribers read. chat: the subscribers
            /// themselves publish.
            workload: List<Workload> = List::from([Workload::Monitoring]),
                flag Option(long, value_name = "monitoring|chat", hide_short_help = true,
                    help_heading = headings::LOAD),
                column("workload"), tag("");
            /// Feeds (rooms) of the clients
            ///
            /// The clients are spread over them, and each reads one.
            feeds: List<u32> = List::from([1]),
                flag Vec(long, value_name = "N,…", hide_short_help = true,
                    help_heading = headings::LOAD),
                range(1..=100_000, "feeds"), column("feeds"), tag("feeds");
            /// Messages a second per feed
            ///
            /// Example: --rate 0.1,1k for one in ten seconds, then a thousand a second
            rate_hz: List<f64> = List::from([1.0]),
                flag Vec(long = "rate", value_name = "HZ,…", allow_negative_numbers = true,
                    help_heading = headings::LOAD),
                range(0.0..=MAX_RATE_HZ, "messages a second"), column("rate_hz"), tag("hz");
            /// When messages are due
            ///
            /// constant: at equal distances. poisson: at random, with the same mean rate.
            schedule: List<Pacing> = List::from([Pacing::Constant]),
                flag Option(long, value_name = "constant|poisson", hide_short_help = true,
                    help_heading = headings::LOAD),
                column("schedule"), tag("");
            /// Bytes of text in a message
            ///
            /// 64 (bytes), 1kB (1,000 bytes) or 1KiB (1,024 bytes). Example: --payload 64,1KiB
            payload_bytes: List<Bytes> = List::from([Bytes(64)]),
                flag Vec(long = "payload", value_name = "BYTES,…", hide_short_help = true,
                    help_heading = headings::LOAD),
                range(Bytes(1)..=Bytes(60_000), "bytes of text"), column("payload_bytes"),
                tag("b");
            /// Pause between short polls
            ///
            /// It decides what short polling costs: with more than one message in an interval, an
            /// answer carries several at once. auto: the time of one message, but 100ms to 1s. As
            /// in all times, 1 is a second. Example: --poll-interval 200ms,1s
            poll_interval: List<PollInterval> = List::from([PollInterval::Auto]),
                flag Vec(long, value_name = "TIME,…", help_heading = headings::NETWORK),
                column("poll_interval_ms"), only(ShortPolling), tag("");
            /// Longest wait of one long poll
            ///
            /// The server answers a long poll as soon as there is a message, and without one after
            /// this time. Example: --hold 5s
            hold: List<Span> = List::from([Span(ClientConfig::DEFAULT.hold)]),
                flag Vec(long, value_name = "TIME,…", hide_short_help = true,
                    help_heading = headings::NETWORK),
                column("hold_ms"), only(LongPolling), tag("");
            /// off: every poll dials anew
            ///
            /// off: the polling transports open a connection for every exchange. Streams keep
            /// theirs.
            keep_alive: List<Switch> = List::from([Switch::On]),
                flag Option(long, value_name = "on|off", hide_short_help = true,
                    help_heading = headings::NETWORK),
                column("keep_alive"), only(ShortPolling, LongPolling), tag("-keep-alive");
            /// Header fields of a request
            ///
            /// minimal: those that the protocol requires. browser: those that a browser sends, but
            /// for an offer of compression.
            headers: List<Headers> = List::from([ClientConfig::DEFAULT.headers]),
                flag Option(long, value_name = "minimal|browser", hide_short_help = true,
                    help_heading = headings::NETWORK),
                column("headers"), tag("-headers");
            /// TLS at the trials' servers
            ///
            /// The server that a trial starts makes a certificate, and the load trusts it. --tls
            /// alone means on.
            tls: List<Switch> = List::from([Switch::Off]),
                flag Option(long, value_name = "on|off", num_args = 0..=1, require_equals = true,
                    default_missing_value = "on", help_heading = headings::NETWORK),
                column("tls"), tag("-tls");
            /// Fault of every trial, since its window opened
            ///
            /// restart-server, stop-server, kill-server, cut, half-open, slow-readers, flash-crowd
            /// or deaf-load, when, and for how long. Repeatable. Example: --fault
            /// restart-server@10s:2s --fault cut@20s,share=10%
            fault: Faults = Faults::default(),
                flag Vec(long, value_name = "DO@AT[:FOR]", hide_short_help = true,
                    help_heading = headings::NETWORK),
                column("fault");
            /// Proxy between load and server
            ///
            /// nginx, haproxy, caddy: configured for messages that come when they come.
            /// nginx-default, haproxy-default: as a distribution has them. nginx-buffer: as
            /// nginx-default, for a server that does not say X-Accel-Buffering: no. nginx-idle-5s:
            /// cuts what is silent for 5 s. nginx-cache: answers equal long polls with one answer
            /// of the server. The run starts the program, which must be installed, and ends it.
            /// Example: --proxy none,nginx
            proxy: List<Proxy> = List::from([Proxy::None]),
                flag Vec(long, value_name = "NAME,…", hide_short_help = true,
                    help_heading = headings::NETWORK),
                column("proxy"), tag("");
            /// Network between load and server; may be repeated
            ///
            /// loopback; a profile: lan, wifi-hall, 4g, 3g, geo-satellite, sao-paulo-frankfurt; or
            /// conditions: delay, jitter, loss and rate, each also with _up or _down, mtu, and
            /// black_out, counted from the window's beginning. A delay is that of one way. All
            /// clients share the link; publishers are beside the server. Examples: --network 4g,
            /// --network delay=50ms,loss=2%, --network 4g,rate=off,black_out=5s..15s
            network: List<Network> = List::from([Network::Loopback]),
                flag Vec(long, value_name = "NET", value_parser = List::<Network>::one,
                    hide_short_help = true, help_heading = headings::NETWORK),
                column("network"), tag("");
            /// Pauses of clients before they dial again
            ///
            /// jitter=TIME: the longest random time, added after the back-off. back_off=TIME: the
            /// first pause, doubled by each failure up to 2 s. silence=TIME: a server that has sent
            /// nothing for so long is taken for gone (off: never). usual: 100ms, 100ms, off.
            /// Repeatable. Example: --reconnect jitter=2s
            reconnect: List<Reconnect> = List::from([Reconnect::USUAL]),
                flag Vec(long, value_name = "KEY=TIME,…", value_parser = List::<Reconnect>::one,
                    hide_short_help = true, help_heading = headings::NETWORK),
                column("reconnect"), tag("");
            /// Time before the window, not recorded
            ///
            /// Messages are published in it as in the window, so that the window sees a steady
            /// state. Example: --warm-up 5s
            warm_up: Span = seconds(1),
                flag Option(long, value_name = "TIME", hide_short_help = true,
                    help_heading = headings::STATISTICS);
            /// Time in which messages are recorded
            ///
            /// 500ms, 10s or 10 (seconds). A message belongs to the window if it was due in it,
            /// whenever it arrives. Example: --window 30s
            window: Span = seconds(10),
                flag Option(long, value_name = "TIME", help_heading = headings::STATISTICS),
                column("window_s");
            /// Longest wait for late messages
            ///
            /// The trial ends as soon as all messages of the window are there. What has not come
            /// after this time is missed.
            drain: Span = seconds(10),
                flag Option(long, value_name = "TIME", hide_short_help = true,
                    help_heading = headings::STATISTICS);
            /// Pause between trials
            cool_down: Span = Span(Duration::from_millis(500)), flag Option(skip);
            /// Trials of each cell
            ///
            /// With 5 or more, differences have intervals that can tell them from noise. In a
            /// search for capacity: trials that must hold at its end. Example: --repeats 5
            repeats: u32 = 1,
                flag Option(long, value_name = "K", value_parser = u32::read,
                    help_heading = headings::STATISTICS),
                range(1..=1_000, "repeats"), column("trial");
            /// Repeat until differences are known
            ///
            /// Repeats until each difference between two transports in latency (p50, p99), bytes
            /// and server CPU is resolved (its interval excludes 0) or shown to be smaller than
            /// this; at least 8 times, or --repeats. Example: --until 10% --budget 10m
            until: Until = Until::Off,
                flag Option(long, value_name = "N%", help_heading = headings::STATISTICS);
            /// Longest time of a run with --until
            ///
            /// No round begins that would not end in it. What is not known then is named.
            budget: Span = seconds(1_200),
                flag Option(long, value_name = "TIME", help_heading = headings::STATISTICS,
                    hide_short_help = true);
            /// Seed of every random choice
            ///
            /// The same seed gives the same order of trials and the same random schedule.
            seed: u64 = 1,
                flag Option(long, value_name = "N", value_parser = u64::read,
                    hide_short_help = true, help_heading = headings::STATISTICS);
            /// Connections opened per second during ramp-up
            connect_rate_hz: f64 = 5_000.0, flag Option(skip),
                range(1.0..=100_000.0, "connections a second");
            /// Processes of the load
            ///
            /// The clients are spread over them. One process holds as many clients as it may open
            /// files.
            load_processes: u32 = 1,
                flag Option(long, value_name = "N", value_parser = u32::read,
                    hide_short_help = true, help_heading = headings::LOAD),
                range(1..=MAX_LOAD_PROCESSES, "load processes"), column("load_processes");
            /// off: no probe of the load's figures
            ///
            /// A probe is a few subscribers in a process of their own. It checks the figures of the
            /// clients' processes.
            probe: Switch = Switch::On,
                flag Option(long, value_name = "on|off", hide_short_help = true,
                    help_heading = headings::STATISTICS),
                column("probe_clients");
        }
    };
}
pub(crate) use factors;

/// The help of the flag that [`parse_transports`] reads.
pub fn transports_help() -> String {
    let names = Transport::choice_names();
    format!(
        "Transports, separated by commas: {names}; or all\n\nExample: --transport sse,websocket"
    )
}

/// Reads a list of transports, in which `all` stands for all of [`Transport::CHOICES`].
pub fn parse_transports(text: &str) -> Result<List<Transport>, String> {
    let words = text.split(',').map(|word| match word {
        "all" => Ok(List::from(Transport::CHOICES)),
        one => one.parse(),
    });
    let lists = words.collect::<Result<Vec<_>, _>>();
    let lists = lists.map_err(|error| format!("{error}, or all"))?;
    List::join(&lists).ok_or_else(transports_help)
}

/// Checks every value of a factor, and names the range where one is outside.
pub(super) fn check_range<F: Factor<Value: Written + fmt::Display>>(
    factor: &F,
    range: RangeInclusive<F::Value>,
    unit: &str,
) -> Result<(), String> {
    let mut values = factor.values().iter();
    values.try_for_each(|value| check_within(value, &range, unit))
}

/// A factor's value, or its values: at least one.
pub(super) trait Factor {
    type Value: Copy;

    fn values(&self) -> &[Self::Value];
}

impl<T: Copy> Factor for List<T> {
    type Value = T;

    fn values(&self) -> &[T] {
        self
    }
}

macro_rules! single {
    ($($type:ty),+) => {
        $(impl Factor for $type {
            type Value = $type;

            fn values(&self) -> &[$type] {
                std::slice::from_ref(self)
            }
        })+
    };
}
single!(u32, u64, f64, Span, Switch, Until, Faults);

/// Words that are values of lists.
macro_rules! words {
    ($($type:ty),+) => {
        $(impl Written for $type {
            fn read(text: &str) -> Result<Self, String> {
                text.parse()
            }
        })+
    };
}
words!(Switch, Workload, Pacing, Headers, Transport);

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
        ($($(#[$doc:meta])+ $key:ident: $type:ident $(<$of:ident>)? = $default:expr,
            flag $given:ident($($flag:tt)+)
            $(, range($range:expr, $unit:literal))? $(, column($column:literal))?
            $(, only($($only:ident),+))? $(, tag($tag:literal))?;)+) => {
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
        assert_eq!(
            parse_transports("ws,sse"),
            parse_transports("sse,websocket")
        );
        assert_eq!(parse_transports("all"), Ok(List::from(Transport::CHOICES)));
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
