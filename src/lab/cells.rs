//! The cells of a scenario: every combination of its factors' values.
//!
//! A factor that concerns one transport makes no further cells for the others.

use std::time::Duration;

use crate::client::config::ClientConfig;
use crate::client::http::Headers;
use crate::feed::MAX_BATCH_BYTES;
use crate::lab::factors::{
    Bytes, Factor, Faults, Network, PollInterval, Reconnect, Span, Switch, Until, factors,
};
use crate::lab::proxy::Proxy;
use crate::lab::scenario::Scenario;
use crate::load::protocol::Workload;
use crate::load::schedule::{Pacing, lead_in};
use crate::load::timeline::{Phase, PhaseLengths, Timeline};
use crate::results::{NetworkName, TrialRow};
use crate::transport::Transport;

/// Bytes that the JSON of a message has beside its text, about.
const ENVELOPE_BYTES: f64 = 120.0;

/// Clients for each subscriber of a probe, and most subscribers of a probe.
const CLIENTS_PER_PROBE: u32 = 80;
const MAX_PROBES: u32 = 8;

/// Repetitions from which on an A/A pair is measured.
const AA_REPEATS: u32 = 3;

/// What starting and ending the processes of a trial takes, about.
const PROCESSES: Duration = Duration::from_millis(300);

/// One combination of factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Counted from 1.
    pub number: u32,
    pub factors: Factors,
    /// The cell that this one repeats (an A/A pair).
    pub aa_of: Option<u32>,
}

/// The loops of the enumeration, the outermost first: factors of all transports, the transports,
/// factors of one transport.
#[derive(Clone, Copy, PartialEq)]
enum Loop {
    Shared,
    Transports,
    Own,
}

/// Whether a factor concerns a transport; `only` is empty where it concerns all.
fn is_concerned(only: &[Transport], transport: Transport) -> bool {
    only.is_empty() || only.contains(&transport)
}

fn loop_of(key: &str, only: &[Transport]) -> Loop {
    match key {
        "transports" => Loop::Transports,
        _ if only.is_empty() => Loop::Shared,
        _ => Loop::Own,
    }
}

/// The type of one value of a factor.
macro_rules! one {
    ($list:ident < $of:ident >) => {
        $of
    };
    ($single:ident) => {
        $single
    };
}

macro_rules! cells {
    ($($(#[$doc:meta])+ $key:ident: $type:ident $(<$of:ident>)? = $default:expr,
        flag $given:ident($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?
        $(, only($($only:ident),+))? $(, tag($tag:literal))?;)+) => {
        /// One value of every factor.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct Factors {
            $($(#[$doc])+ pub $key: one!($type $(<$of>)?),)+
        }

        /// Whether a factor concerns a transport.
        pub(super) fn concerns(key: &str, transport: Transport) -> bool {
            $(if key == stringify!($key) {
                return is_concerned(&[$($(Transport::$only),+)?], transport);
            })+
            true
        }

        impl Scenario {
            /// The first value of every factor.
            pub fn first(&self) -> Factors {
                Factors { $($key: self.$key.values()[0],)+ }
            }

            /// Each of `all` with every value of the factors of a loop that concern its transport.
            fn vary(&self, mut all: Vec<Factors>, which: Loop) -> Vec<Factors> {
                $(
                    let only: &[Transport] = &[$($(Transport::$only),+)?];
                    if loop_of(stringify!($key), only) == which {
                        let values = self.$key.values();
                        let each = all.into_iter().flat_map(|one| {
                            let concerned = is_concerned(only, one.transport());
                            let most = if concerned { values.len() } else { 1 };
                            let values = values[..most].iter();
                            values.map(move |value| {
                                let mut next = one;
                                next.$key = *value;
                                next
                            })
                        });
                        all = each.collect();
                    }
                )+
                all
            }

            /// How many cells there are, without an A/A pair.
            pub(super) fn cell_count(&self) -> u64 {
                let of = |transport: &Transport| {
                    let mut cells = 1_u64;
                    $(
                        let only: &[Transport] = &[$($(Transport::$only),+)?];
                        let each = loop_of(stringify!($key), only) != Loop::Transports;
                        if is_concerned(only, *transport) && each {
                            cells = cells.saturating_mul(self.$key.values().len() as u64);
                        }
                    )+
                    cells
                };
                self.transports.iter().map(of).fold(0, u64::saturating_add)
            }

            /// A factor, beside the transport, that has several values.
            pub fn varied(&self) -> Option<&'static str> {
                let several = [$((stringify!($key), self.$key.values().len() > 1),)+];
                let mut several = several.into_iter().filter(|(key, _)| *key != "transports");
                several.find(|(_, several)| *several).map(|(key, _)| key)
            }

            /// What names a cell beside transport and clients: `-10hz` where there are several
            /// rates.
            pub fn tag(&self, factors: &Factors) -> String {
                let mut tag = String::new();
                $(
                    let only: &[Transport] = &[$($(Transport::$only),+)?];
                    let unit: &[&str] = &[$($tag)?];
                    if let [unit] = unit
                        && self.$key.values().len() > 1
                        && is_concerned(only, factors.transport())
                    {
                        tag.push_str(&format!("-{}{unit}", factors.$key).replace(' ', "").replace(',', "+"));
                    }
                )+
                tag
            }
        }
    };
}
factors!(cells);

impl Scenario {
    /// Every combination of the factors' values.
    pub(super) fn matrix(&self) -> Vec<Factors> {
        let loops = [Loop::Shared, Loop::Transports, Loop::Own].into_iter();
        loops.fold(vec![self.first()], |all, which| self.vary(all, which))
    }

    /// The cells of the matrix that `only` and `skip` keep.
    ///
    /// From [`AA_REPEATS`] repetitions on, the last cell that is not the baseline's comes twice (an
    /// A/A pair). A difference between the two is noise.
    pub fn cells(&self) -> Vec<Cell> {
        let all = self.matrix().into_iter().filter(|cell| self.keeps(cell));
        let cell = |(factors, number)| Cell {
            number,
            factors,
            aa_of: None,
        };
        let mut cells: Vec<Cell> = all.zip(1..).map(cell).collect();
        let mut choices = cells.iter().rev();
        let choice = choices.find(|cell| cell.factors.transport() != Transport::BASELINE);
        if let Some(&repeated) = choice.or(cells.last())
            && self.least_rounds() >= AA_REPEATS
        {
            cells.push(Cell {
                number: cells.len() as u32 + 1,
                aa_of: Some(repeated.number),
                ..repeated
            });
        }
        cells
    }
}

impl Cell {
    /// A row of `trials.csv` that says what is asked for, and nothing else.
    pub fn row(&self) -> TrialRow {
        let factors = &self.factors;
        let transport = factors.transport();
        let is = |one| transport == one;
        let ms = |span: Span| span.0.as_secs_f64() * 1e3;
        TrialRow {
            cell: self.number,
            transport,
            workload: factors.workload.to_string(),
            clients: factors.clients,
            feeds: factors.feeds,
            rate_hz: factors.rate_hz,
            payload_bytes: factors.payload_bytes.0 as u32,
            tls: factors.tls.is_on(),
            poll_interval_ms: is(Transport::ShortPolling).then(|| ms(factors.poll_interval())),
            hold_ms: is(Transport::LongPolling).then(|| ms(factors.hold)),
            keep_alive: transport.polls().then(|| factors.keep_alive.to_string()),
            headers: Some(factors.headers.to_string()),
            proxy: factors.proxy.program().map(|_| factors.proxy.to_string()),
            network: NetworkName(factors.network.to_string()),
            schedule: factors.schedule.to_string(),
            window_s: factors.window.0.as_secs_f64(),
            aa_of: self.aa_of,
            reconnect: Some(factors.reconnect)
                .filter(|reconnect| *reconnect != Reconnect::USUAL)
                .map(|reconnect| reconnect.to_string()),
            fault: (!factors.fault.is_empty()).then(|| factors.fault.to_string()),
            ..TrialRow::default()
        }
    }
}

impl Factors {
    pub fn transport(&self) -> Transport {
        self.transports
    }

    /// The pause between short polls.
    pub fn poll_interval(&self) -> Span {
        self.poll_interval.at(self.rate_hz)
    }

    /// How long messages are published before the window without a pause.
    pub(super) fn lead_in(&self) -> Duration {
        let interval = self.poll_interval().0;
        lead_in(self.transport(), self.schedule, self.rate_hz, interval)
    }

    /// How long a trial takes, about, with the pause before the next one: where no message is
    /// missed, since a drain ends with the last message.
    pub fn length(&self) -> Duration {
        let drain = match self.transport() {
            Transport::ShortPolling => self.poll_interval().0,
            _ => Duration::ZERO,
        };
        let lengths = PhaseLengths {
            ramp_up: Duration::from_secs_f64(f64::from(self.clients) / self.connect_rate_hz),
            warm_up: self.warm_up.0 + self.lead_in(),
            window: self.window.0,
            drain,
        };
        let timeline = Timeline::planned(0, lengths);
        let phases = Duration::from_nanos(timeline.end_ns(Phase::Drain));
        PROCESSES + phases + self.cool_down.0
    }

    /// The highest rate that the transport can carry, in messages per second to each feed. What
    /// comes between two short polls must fit into one answer.
    pub fn max_rate_hz(&self) -> f64 {
        let each_bytes = self.payload_bytes.0 as f64 + ENVELOPE_BYTES;
        match self.transport() {
            Transport::ShortPolling => {
                MAX_BATCH_BYTES as f64 / each_bytes / self.poll_interval().0.as_secs_f64()
            }
            _ => f64::INFINITY,
        }
    }

    /// Deliveries that a window is to have.
    pub fn deliveries(&self) -> f64 {
        let messages = (self.rate_hz * self.window.0.as_secs_f64()).floor();
        messages * f64::from(self.clients)
    }

    /// The settings of every subscriber.
    pub fn client(&self) -> ClientConfig {
        ClientConfig {
            poll_interval: self.poll_interval().0,
            hold: self.hold.0,
            keep_alive: self.keep_alive.is_on(),
            headers: self.headers,
            reconnect: self.reconnect.0,
        }
    }

    /// Messages that our own server must keep of each feed so that a reader in time misses none:
    /// what is published in two poll intervals, or in two seconds.
    pub fn history(&self) -> u64 {
        let longest = self.poll_interval().0.max(Duration::from_secs(1));
        ((2.0 * self.rate_hz * longest.as_secs_f64()) as u64).clamp(1_000, 1_000_000)
    }

    /// Subscribers of the probe: enough to see typical latencies, too few to be a load.
    pub fn probes(&self) -> u32 {
        match self.probe {
            Switch::On => (self.clients / CLIENTS_PER_PROBE).clamp(1, MAX_PROBES),
            Switch::Off => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells of every transport with two numbers of clients.
    const CELLS: usize = 2 * Transport::CHOICES.len();

    #[test]
    fn every_repetition_has_every_cell_in_an_order_of_its_own() {
        let orders = |seed, repeats| {
            let scenario = Scenario {
                seed,
                repeats,
                clients: [1, 2].into(),
                ..Scenario::default()
            };
            let trials = scenario.trials();
            trials.chunks(CELLS).map(<[_]>::to_vec).collect::<Vec<_>>()
        };
        let once = orders(1, 1);
        assert!(
            once[0].iter().map(|(_, cell)| cell.number).is_sorted(),
            "alone, as it is written"
        );
        let rounds = orders(1, 2);
        for (round, trial) in rounds.iter().zip(1..) {
            assert!(round.iter().all(|(number, _)| *number == trial));
            let mut numbers: Vec<_> = round.iter().map(|(_, cell)| cell.number).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (1..=CELLS as u32).collect::<Vec<_>>());
        }
        let cells = |round: usize| rounds[round].iter().map(|(_, cell)| cell.number).collect();
        let (first, second): (Vec<_>, Vec<_>) = (cells(0), cells(1));
        assert_ne!(first, second);
        assert_eq!(rounds, orders(1, 2), "the same seed, the same order");
        assert_ne!(rounds, orders(2, 2));
    }

    #[test]
    fn cells_are_every_transport_with_every_number_of_clients() {
        let scenario = Scenario {
            clients: [1, 2].into(),
            ..Scenario::default()
        };
        let cells = scenario.cells();
        assert_eq!(cells.len(), CELLS);
        let repeated = Scenario {
            repeats: 3,
            ..scenario.clone()
        }
        .cells();
        let numbers = repeated.iter().map(|cell| cell.number);
        assert!(numbers.eq(1..=CELLS as u32 + 1));
        let twin = Cell {
            number: CELLS as u32 + 1,
            aa_of: Some(CELLS as u32),
            ..repeated[CELLS - 1]
        };
        assert_eq!(repeated[CELLS..], [twin], "an A/A pair");
        let middle = cells[CELLS / 2];
        assert_eq!(middle.number, CELLS as u32 / 2 + 1);
        let (transport, clients) = (middle.factors.transport(), middle.factors.clients);
        assert_eq!((transport, clients), (Transport::ShortPolling, 2));
    }

    /// The cells of a scenario, as the names of their trials.
    fn tags(scenario: &Scenario) -> Vec<String> {
        let cells = scenario.cells().into_iter();
        let tag = |cell: Cell| {
            format!(
                "{}{}",
                cell.factors.transport(),
                scenario.tag(&cell.factors)
            )
        };
        cells.map(tag).collect()
    }

    #[test]
    fn a_factor_of_one_transport_makes_no_cells_of_the_others() {
        let mut scenario = Scenario {
            poll_interval: "1s,200ms".parse().unwrap(),
            ..Scenario::default()
        };
        let expected = [
            "short-polling-200ms",
            "short-polling-1s",
            "long-polling",
            "sse",
            "ndjson",
            "websocket",
        ];
        assert_eq!(tags(&scenario), expected);
        assert_eq!(scenario.trial_count(), 6);
        scenario.transports = [Transport::Sse].into();
        assert_eq!(tags(&scenario), ["sse"]);
    }

    #[test]
    fn every_numeric_factor_takes_a_list_and_the_transports_of_a_setting_stay_together() {
        let scenario = Scenario {
            transports: [Transport::ShortPolling, Transport::Sse].into(),
            rate_hz: "0.5,4".parse().unwrap(),
            payload_bytes: "64,1KiB".parse().unwrap(),
            poll_interval: "500ms,1500ms".parse().unwrap(),
            repeats: 3,
            ..Scenario::default()
        };
        let tags = tags(&scenario);
        let begins = [
            "short-polling-0.5hz-64b-500ms",
            "short-polling-0.5hz-64b-1s500ms",
            "sse-0.5hz-64b",
            "short-polling-0.5hz-1024b-500ms",
        ];
        assert_eq!(tags[..4], begins);
        // The last one again, as an A/A pair.
        assert_eq!(tags[11..], ["sse-4hz-1024b", "sse-4hz-1024b"]);
        assert_eq!(scenario.trials().len() as u64, scenario.trial_count());
        assert_eq!(scenario.varied(), Some("rate_hz"));
    }

    #[test]
    fn a_trial_takes_its_phases_and_its_processes() {
        for (transport, clients, window, ms) in [
            (
                Transport::Sse,
                5_000,
                "10s",
                300 + 1_000 + 1_000 + 300 + 10_000 + 500,
            ),
            (Transport::Sse, 5, "1s", 300 + 1 + 1_000 + 300 + 1_000 + 500),
            (
                Transport::ShortPolling,
                5,
                "1s",
                // It has two messages, which come before the window too.
                300 + 1 + 1_000 + 3_000 + 300 + 1_000 + 2_000 + 500,
            ),
        ] {
            let factors = Factors {
                transports: transport,
                clients,
                window: window.parse().unwrap(),
                poll_interval: PollInterval::Every("2s".parse().unwrap()),
                ..Scenario::default().first()
            };
            assert_eq!(factors.length().as_millis(), ms, "{transport}, {clients}");
        }
    }

    #[test]
    fn lists_that_multiply_are_counted_without_making_their_cells() {
        let many: Vec<String> = (1..=2_000).map(|n| n.to_string()).collect();
        let many = many.join(",");
        let scenario = Scenario {
            clients: many.parse().unwrap(),
            rate_hz: many.parse().unwrap(),
            payload_bytes: many.parse().unwrap(),
            ..Scenario::default()
        };
        assert_eq!(scenario.trial_count(), 5 * 8_000_000_000);
        assert!(scenario.check().is_err());
    }
}
